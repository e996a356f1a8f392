"""The projects of the given paths, with the settings that rule each: its own file's, then the command line's."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from infralint.cache.glances import open_glances
from infralint.cli.options import Options
from infralint.cli.publish import fail
from infralint.engine.ignores import near_miss
from infralint.engine.registry import DEFAULT_GROUP, BrokenPack, Check, built_in_folder, load_checks
from infralint.project import Project, StandardInput, find_root
from infralint.project.config import (
    BadConfig,
    NginxSettings,
    Settings,
    TerraformSettings,
    find_config,
    load_settings,
)
from infralint.project.loose import is_loose, look_around
from infralint.text.suggestions import closest
from infralint.text.wording import listing


class Asked(msgspec.Struct, frozen=True):
    """A project and what a report on it is about: shown paths, or `[""]` for everything."""

    project: Project
    paths: list[str]


def load_packs(packs: Sequence[Path]) -> list[Check]:
    """The built-in checks and the user's, by name; a pack that can't be used ends the run."""
    try:
        found = [check for folder in (built_in_folder(), *packs) for check in load_checks(folder)]
    except BrokenPack as error:
        fail(str(error))
    return sorted(found, key=lambda check: check.name)


def choose_checks(checks: Sequence[Check], settings: Settings) -> list[Check]:
    """The checks that settings let run, by their names or their groups; where they leave none, the run ends."""
    wanted = settings.select or [DEFAULT_GROUP]
    chosen = [check for check in checks if check.name in wanted or check.group in wanted]
    left = [check for check in chosen if check.name not in settings.ignore and check.group not in settings.ignore]
    if not left:
        fail(f"no check is left to run: `ignore` takes out all of {listing([check.name for check in chosen])}")
    return left


def selectable_names(checks: Sequence[Check]) -> list[str]:
    """What `select` and `ignore` may name: checks, and groups of them."""
    return [*(check.name for check in checks), *sorted({check.group for check in checks})]


def unknown_check(name: str, names: Sequence[str]) -> str:
    """What to say of a name that no check and no group has."""
    near = closest(name, names)
    return f"no check is called {name}; " + (f"did you mean {near}?" if near else f"there are {', '.join(names)}")


def asked_projects(paths: Sequence[str], options: Options, names: Sequence[str]) -> list[Asked]:
    """The projects of the given paths. names: of the checks and groups there are."""
    groups: dict[Path, list[Path]] = {}
    found: list[Asked] = []
    for path in paths:
        if path == "-":
            settings, _ = settings_for(Path.cwd(), options, names)
            found.append(Asked(StandardInput(sys.stdin.buffer.read(), settings), [""]))
            continue
        full = Path(os.path.abspath(path))
        if not os.path.exists(full):  # Path.exists() raises for names that no file can have
            fail(f"{path}: no such file or folder")
        if not full.is_file() and not full.is_dir():
            fail(f"{path}: neither a file nor a folder")
        groups.setdefault(find_root(full), []).append(full)
    for root, given in groups.items():
        settings, shown = settings_for(root, options, names)
        project = Project(root, settings, given=[os.path.relpath(path, root) for path in given])
        project.config_shown = shown
        if all(is_loose(path, root) for path in given):
            project.look = partial(look_around, paths=sorted(project.given))
        else:
            project.glances = open_glances(str(root))
        found.append(Asked(project, _reported_paths(project, given)))
    return found


def _reported_paths(project: Project, given: Sequence[Path]) -> list[str]:
    """What a report is about: the given paths, or everything where they rule everything."""
    if project.root in given or find_config(project.root) in given:
        return [""]
    return [project.shown_path(path) for path in given]


def settings_for(root: Path, options: Options, names: Sequence[str]) -> tuple[Settings, str]:
    """The settings that rule a project, and where they stand, as the user would type it (\"\": nowhere)."""
    path = options.config or find_config(root)
    shown = os.path.relpath(path) if path else ""
    try:
        settings = load_settings(path, shown, None if options.config else root) if path else Settings()
    except BadConfig as error:
        fail(*(f"{problem.where}: {problem.message}" for problem in error.errors))
    settings = with_options(settings, root, options)
    for name in (*settings.select, *settings.ignore):
        if name not in names:
            fail(unknown_check(name, names))
    for name in [accepted.check for accepted in settings.accept]:
        if near := near_miss(name, names):
            fail(f"{shown}: accept: no check is called {name}; did you mean {near}?")
    return settings, shown


def with_options(settings: Settings, root: Path, options: Options) -> Settings:
    """Settings with what the command line says, which wins."""
    changes: dict[str, object] = {}
    if options.assume:
        changes["assume"] = options.assume
    if options.fail_on:
        changes["fail_on"] = options.fail_on
    if options.select:
        changes["select"] = _split(options.select)
        if not changes["select"]:
            fail("--select names no check")
    if options.ignore:
        changes["ignore"] = _split(options.ignore)
    if options.nginx_version:
        if not re.fullmatch(r"[0-9]+\.[0-9]+(\.[0-9]+)?", options.nginx_version):
            fail(f"--nginx-version {options.nginx_version}: expected a version such as 1.27.3")
        changes["nginx"] = NginxSettings(version=options.nginx_version, include_paths=settings.nginx.include_paths)
    if options.tf_var_files or options.tf_vars or options.tf_env:
        changes["terraform"] = _with_values(settings.terraform, root, options)
    return msgspec.structs.replace(settings, **changes)


def _with_values(terraform: TerraformSettings, root: Path, options: Options) -> TerraformSettings:
    """Terraform's settings with the values of --tf-var-file and --tf-var, which win."""
    files = [os.path.relpath(path, root) for path in options.tf_var_files]
    pairs = [variable.partition("=") for variable in options.tf_vars]
    for name, equals, _ in pairs:
        if not name or not equals:
            fail(f"--tf-var {name}: expected NAME=VALUE")
    return msgspec.structs.replace(
        terraform,
        var_files=[*terraform.var_files, *files],
        variables=terraform.variables | {name: text for name, _, text in pairs},
        environment=terraform.environment or options.tf_env,
    )


def _split(values: Sequence[str]) -> list[str]:
    return [name for value in values for name in value.replace(",", " ").split()]
