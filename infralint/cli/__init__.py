"""The command line: it fills one settings object, calls the engine and hands the report to a reporter."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from infralint import __version__
from infralint.reporters import REPORTERS
from infralint.reporters.outputs import OUTPUT_HELP

if TYPE_CHECKING:
    from infralint.engine.registry import Check
    from infralint.engine.report import Report
    from infralint.project import Project
    from infralint.project.work import Work
    from infralint.reporters import Shown
    from infralint.reporters.outputs import Output

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, message="infralint %(version)s")
def cli() -> None:
    """Will a token stream (SSE) or a WebSocket survive every hop between the browser and the model?"""


def _packs_option(text: str) -> Callable[[Any], Any]:
    """Folders of the user's own checks."""
    folder = click.Path(path_type=Path)
    return click.option("--checks", "packs", multiple=True, type=folder, metavar="DIR", help=text)


def _terraform_options(command: Any) -> Any:
    """The options that give values to Terraform's variables."""
    for option in (
        click.option("--tf-env", is_flag=True, help="Take Terraform's TF_VAR_ variables from the environment."),
        click.option(
            "--tf-var",
            "tf_vars",
            multiple=True,
            metavar="NAME=VALUE",
            help="A value for a Terraform variable, as -var.",
        ),
        click.option(
            "--tf-var-file",
            "tf_var_files",
            multiple=True,
            type=click.Path(exists=True, dir_okay=False),
            metavar="FILE",
            help="Values for Terraform's variables, as terraform's -var-file.",
        ),
    ):
        command = option(command)
    return command


@cli.command("check")
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--format", "format_", type=click.Choice(list(REPORTERS)), default="text", help="What to print.")
@click.option("--output", "outputs", multiple=True, metavar="[FORMAT=]PATH", help=OUTPUT_HELP)
@click.option("--select", multiple=True, metavar="CHECK", help="Run only these checks (repeat, or separate by commas).")
@click.option("--ignore", multiple=True, metavar="CHECK", help="Leave these checks out.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    help="Exit with 1 from this severity on.  [default: warning]",
)
@click.option("--strict", is_flag=True, help="Exit with 2 where something could not be told.")
@click.option(
    "--assume",
    type=click.Choice(["warning", "note", "off"]),
    help="How loud to be where nothing says what streams.  [default: warning]",
)
@_packs_option("Run a folder of your own checks, too.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Use this infralint.yaml.")
@click.option("--nginx-version", metavar="VERSION", help="The nginx that runs these files, such as 1.27.3.")
@_terraform_options
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours in text.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Report only what this file does not know.  [default: .infralint-baseline.json, where there is one]",
)
@click.option("--no-baseline", is_flag=True, help="Report what the baseline knows, too.")
@click.option("--no-ignores", is_flag=True, help="Heed no ignore comments and no `accept:` entries.")
@click.option("--changed-since", metavar="REV", help="Only what a change since this git revision touches or brings.")
@click.option("--fix", is_flag=True, help="Put right in the files what can safely be put right.")
@click.option("--diff", is_flag=True, help="Print what --fix would change as a patch, and change nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings alone, no summary.")
@click.option("-v", "--verbose", is_flag=True, help="Name every file that was read.")
@click.option("--statistics", is_flag=True, help="Count the findings of each check.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Work out Terraform roots in up to N processes.  [default: one a processor]",
)
@click.option("--allow-empty", is_flag=True, help="Exit with 0 where there is nothing to read, as hooks want it.")
def check_command(paths: tuple[str, ...], **options: Any) -> None:
    """Judge the configuration in PATHS (files, folders, or - for nginx on standard input; default: here).

    Exit status: 0 clean, 1 findings, 2 something could not be read or the call was wrong.
    """
    if options["diff"] and (options["fix"] or options["outputs"] or options["format_"] != "text"):
        _fail("--diff prints a patch alone: leave --fix, --output and --format out")
    wanted = _outputs(options)
    checks = _load(options["packs"])
    report = _lint_paths(paths or (".",), checks, options, any(one.format == "sarif" for one in wanted))
    ran = [one for one in checks if one.name in options.get("ran", ())]
    if not options["diff"]:
        _publish(report, wanted, _shown(ran, options), options["color"])
    sys.exit(_status(report, options))


@cli.command("init")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over an infralint.yaml that is there.")
def init_command(folder: Path, force: bool) -> None:
    """Write an infralint.yaml with the streams that FOLDER's project shows, and why. It asks nothing."""
    from infralint.engine.run import read
    from infralint.engine.starting import NAME, draft, entries, save
    from infralint.project import Project, find_root
    from infralint.project.config import Settings, find_config
    from infralint.text.wording import plural

    root = find_root(Path(os.path.abspath(folder)))
    target, there = root / NAME, find_config(root)
    if there is not None and not force:
        _fail(f"{os.path.relpath(there)} is there already; --force writes a new {NAME}")
    readings = read(Project(root, Settings()))
    found = entries(readings)
    try:
        save(draft(found), target, force)
    except OSError as error:
        _fail(f"{os.path.relpath(target)}: can't be written: {error.strerror}")
    for one in found:
        click.echo(f"{one.stream}: {one.why}")
    for problem in [one for reading in readings for one in reading.unreadable]:
        click.echo(f"infralint: {problem.where}: {problem.message}", err=True)
    click.echo(f"{os.path.relpath(target)}: {plural(len(found), 'stream')} found.")


@cli.command("baseline")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Use this infralint.yaml.")
@_packs_option("Run a folder of your own checks, too.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False),
    help="Write to this file.  [default: .infralint-baseline.json in the project's root]",
)
@_terraform_options
def baseline_command(folder: Path, output: str | None, **options: Any) -> None:
    """Write down what FOLDER's project has today, so that later runs report only what is new."""
    from infralint.engine.baseline import NAME, written
    from infralint.engine.run import lint
    from infralint.text.wording import plural

    options = {**_NO_OPTIONS, **options}
    checks = _load(options["packs"])
    [(project, _)] = _projects([str(folder)], options, [one.name for one in checks])
    report = lint(project, _chosen(checks, project.settings))
    if report.unreadable:
        _fail(*(f"{one.where}: {one.message}" for one in report.unreadable), "nothing was written: mend this first")
    target = Path(output or os.path.relpath(project.root / NAME))
    _write(written(report.findings, project), target)
    click.echo(f"{target}: {plural(len(report.findings), 'finding')} that later runs leave out.")


_NO_OPTIONS: dict[str, Any] = {"assume": None, "fail_on": None, "select": (), "ignore": (), "nginx_version": None}


@cli.command()
@click.argument("name", metavar="CHECK")
@_packs_option("Look in a folder of your own checks, too.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Else plain Markdown.")
def explain(name: str, packs: tuple[Path, ...], color: str) -> None:
    """Print the manual page of a check: laid out in a terminal, else its Markdown."""
    found = {one.name: one for one in _load(packs)}
    if name not in found:
        _fail(_unknown_check(name, list(found)))
    page = found[name].page
    text = page.read_text(encoding="utf-8").rstrip() if page.is_file() else found[name].summary
    if not _in_color(color):
        click.echo(text)
        return
    from shutil import get_terminal_size

    from infralint.cli.terminal import rendered

    click.echo(rendered(text, min(get_terminal_size().columns, 100)), nl=False, color=True)


@cli.command("checks")
@_packs_option("List a folder of your own checks, too.")
@click.option("--format", "format_", type=click.Choice(["text", "markdown"]), default="text", help="What to print.")
def checks_command(packs: tuple[Path, ...], format_: str) -> None:
    """List the checks."""
    found = _load(packs)
    if format_ == "markdown":
        from infralint.engine.pages import table

        click.echo(table(found))
        return
    width = max(len(one.name) for one in found)
    for one in found:
        click.echo(f"{one.name:<{width}}  {one.summary}")


def _outputs(options: dict[str, Any]) -> list[Output]:
    from infralint.reporters.outputs import BadOutput, outputs

    try:
        return outputs(options["format_"], options["outputs"])
    except BadOutput as error:
        _fail(f"--output: {error}")


def _lint_paths(
    paths: Sequence[str], checks: Sequence[Check], options: dict[str, Any], with_edits: bool = False
) -> Report:
    from infralint.engine.report import NOTHING, Report
    from infralint.engine.run import lint
    from infralint.model import Location, Unreadable
    from infralint.project.work import Lost

    report = Report()
    work = _work(options)
    asked = 0
    try:
        for project, given in _projects(paths, options, [one.name for one in checks]):
            project.work = work
            chosen = _chosen(checks, project.settings)
            options.setdefault("ran", set()).update(one.name for one in chosen)
            found = lint(project, chosen, not options.get("no_ignores"))
            found = _new_since(found, project, chosen, options)
            found = _beyond_baseline(found, project, options)
            found = found.touching(given, project.shown_path(project.root))
            if options.get("fix") or options.get("diff"):
                found = _fixed(found, project, chosen, options)
            elif with_edits:
                from infralint.fixing import proposed

                found = proposed(project, chosen, found, not options["no_ignores"])
            report = report.joined(found)
            options.setdefault("limits", []).append(project.settings.fail_on)
            asked += len(given)
    except Lost as error:
        _fail(str(error))
    if len(report.idle) == asked and not options["allow_empty"]:
        report.unreadable = [Unreadable(NOTHING, Location(path)) for path in report.idle]
        report.idle = []
    return report


def _work(options: dict[str, Any]) -> Work:
    from infralint.cli.progress import PATIENCE, Bar
    from infralint.project.work import Work

    bar = Bar(shown=sys.stderr.isatty() and not options["quiet"], patience=PATIENCE)
    return Work(options["jobs"] or 0, bar.tell)


def _fixed(report: Report, project: Any, checks: Sequence[Check], options: dict[str, Any]) -> Report:
    """Put right what can be, or print the patch that would; what is left to report."""
    from dataclasses import replace

    from infralint.fixing import fixes, patch, write
    from infralint.text.wording import plural

    done = fixes(project, checks, report, not options["no_ignores"])
    if options["fix"]:
        problems = write(done, project)
        return replace(report, unreadable=[*report.unreadable, *problems]) if problems else done.report
    click.echo(patch(done, project), nl=False)
    left = len(report.findings) - len(done.report.fixed)
    click.echo(
        f"Would fix {plural(len(done.report.fixed), 'finding')} of {project.root.name}, and leave {left}.", err=True
    )
    return report


def _new_since(report: Report, project: Any, checks: Sequence[Check], options: dict[str, Any]) -> Report:
    """Only what a change touches or brings, where a revision is given."""
    revision = options.get("changed_since")
    if revision is None:
        return report
    from infralint.engine.changes import Before, NoHistory, changes_since, of_the_change
    from infralint.engine.run import lint

    try:
        changes = changes_since(project.root, revision)
    except NoHistory as error:
        _fail(str(error))
    settings = _earlier_settings(project, changes.before, options)
    earlier = lint(Before(project, changes, settings), checks, not options["no_ignores"])
    return of_the_change(report, earlier, changes, project)


def _earlier_settings(project: Any, before: dict[str, bytes | None], options: dict[str, Any]) -> Any:
    """The settings that ruled before a change; its defaults where there were none, or none that can be read."""
    from infralint.project.config import CONFIG_NAMES, BadConfig, Settings, parse_settings

    names = (*CONFIG_NAMES, "pyproject.toml")
    if options["config"] or not any(name in before for name in names):
        return project.settings
    for name in names:
        there = project.root / name
        content = before[name] if name in before else there.read_bytes() if there.is_file() else None
        if content is not None and (name != "pyproject.toml" or b"[tool.infralint" in content):
            try:
                found = parse_settings(content.decode("utf-8-sig", "replace"), name)
            except BadConfig:
                break
            return _with_options(found, project.root, options)
    return _with_options(Settings(), project.root, options)


def _beyond_baseline(report: Report, project: Any, options: dict[str, Any]) -> Report:
    """Only what the baseline does not know; entries whose findings are no more are named."""
    from infralint.engine.baseline import NAME

    path = options.get("baseline") or project.root / NAME
    if options.get("no_baseline") or not (options.get("baseline") or path.is_file()):
        return report
    from dataclasses import replace

    from infralint.engine.baseline import BadBaseline, gone, load, new

    try:
        known = load(path)
    except BadBaseline as error:
        _fail(str(error))
    found = new(report.findings, known)
    ran = options["ran"]
    away = (
        [] if options.get("changed_since") else [str(one) for one in gone(report.findings, known) if one.check in ran]
    )
    return replace(report, findings=found, known=len(report.findings) - len(found), gone=away)


def _projects(paths: Sequence[str], options: dict[str, Any], names: Sequence[str]) -> list[Any]:
    """Projects, each with the given paths that lie in it, as shown paths."""
    from infralint.project import Project, StandardInput, find_root

    groups: dict[Path, list[Path]] = {}
    projects: list[Any] = []
    for path in paths:
        if path == "-":
            projects.append((StandardInput(sys.stdin.buffer.read(), _settings(Path.cwd(), options, names)), [""]))
            continue
        full = Path(os.path.abspath(path))
        if not full.exists():
            _fail(f"{path}: no such file or folder")
        if not full.is_file() and not full.is_dir():
            _fail(f"{path}: neither a file nor a folder")
        groups.setdefault(find_root(full), []).append(full)
    for root, given in groups.items():
        project = Project(root, _settings(root, options, names), given=[os.path.relpath(one, root) for one in given])
        project.config_shown = options["config_shown"]
        projects.append((project, _touched(project, given)))
    return projects


def _touched(project: Project, given: Sequence[Path]) -> list[str]:
    """What a report is about: the given paths, or everything where they rule everything."""
    from infralint.project.config import find_config

    if project.root in given or find_config(project.root) in given:
        return [""]
    return [project.shown_path(one) for one in given]


def _settings(root: Path, options: dict[str, Any], names: Sequence[str]) -> Any:
    from infralint.engine.ignores import near_miss
    from infralint.project.config import BadConfig, Settings, find_config, load_settings

    path = options["config"] or find_config(root)
    try:
        settings = (
            load_settings(path, os.path.relpath(path), None if options["config"] else root) if path else Settings()
        )
    except BadConfig as error:
        _fail(*(f"{one.where}: {one.message}" for one in error.errors))
    options["config_shown"] = os.path.relpath(path) if path else ""
    settings = _with_options(settings, root, options)
    for name in (*settings.select, *settings.ignore):
        if name not in names:
            _fail(_unknown_check(name, names))
    for name in [one.check for one in settings.accept]:
        if near := near_miss(name, names):
            _fail(f"{options['config_shown']}: accept: no check is called {name}; did you mean {near}?")
    return settings


def _with_options(settings: Any, root: Path, options: dict[str, Any]) -> Any:
    """Settings with what the command line says, which wins."""
    import msgspec

    from infralint.project.config import NginxSettings

    changes = {key: options[key] for key in ("assume", "fail_on") if options[key]}
    changes |= {key: _split(options[key]) for key in ("select", "ignore") if options[key]}
    if options["nginx_version"]:
        if not re.fullmatch(r"\d+\.\d+(\.\d+)?", options["nginx_version"]):
            _fail(f"--nginx-version {options['nginx_version']}: expected a version such as 1.27.3")
        changes["nginx"] = NginxSettings(version=options["nginx_version"], include_paths=settings.nginx.include_paths)
    if options["tf_var_files"] or options["tf_vars"] or options["tf_env"]:
        changes["terraform"] = _with_values(settings.terraform, root, options)
    return msgspec.structs.replace(settings, **changes)


def _with_values(terraform: Any, root: Path, options: dict[str, Any]) -> Any:
    """Terraform's settings with the values of --tf-var-file and --tf-var, which win."""
    import msgspec

    files = [os.path.relpath(path, root) for path in options["tf_var_files"]]
    pairs = [one.partition("=") for one in options["tf_vars"]]
    for name, equals, _ in pairs:
        if not name or not equals:
            _fail(f"--tf-var {name}: expected NAME=VALUE")
    variables = terraform.variables | {name: text for name, _, text in pairs}
    return msgspec.structs.replace(
        terraform,
        var_files=[*terraform.var_files, *files],
        variables=variables,
        environment=terraform.environment or options["tf_env"],
    )


def _split(values: Sequence[str]) -> list[str]:
    return [name for value in values for name in value.replace(",", " ").split()]


def _load(packs: Sequence[Path]) -> list[Check]:
    from infralint.engine.registry import BrokenPack, built_in_folder, load_checks

    try:
        found = [one for folder in (built_in_folder(), *packs) for one in load_checks(folder)]
    except BrokenPack as error:
        _fail(str(error))
    return sorted(found, key=lambda one: one.name)


def _chosen(checks: Sequence[Check], settings: Any) -> list[Check]:
    return [
        one
        for one in checks
        if (not settings.select or one.name in settings.select) and one.name not in settings.ignore
    ]


def _unknown_check(name: str, names: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, 1)
    return f"no check is called {name}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}")


def _shown(checks: Sequence[Check], options: dict[str, Any]) -> Shown:
    from infralint.reporters import Shown

    return Shown(tuple(checks), quiet=options["quiet"], verbose=options["verbose"], statistics=options["statistics"])


def _publish(
    report: Report, outputs: Sequence[Output], shown: Shown, color: str, edit: Callable[[str], str] = str
) -> None:
    """Write every report that was asked for. edit: a last hand on each text."""
    from dataclasses import replace

    from infralint.reporters import render

    problems = []
    for one in outputs:
        text = edit(render(one.format, report, replace(shown, color=_colored(one, color))))
        try:
            _put(text, one.path)
        except OSError as error:
            problems.append(f"{one.path}: can't be written: {error.strerror}")
    if problems:
        _fail(*problems)


def _colored(output: Output, choice: str) -> bool:
    return _in_color(choice) if output.path is None else choice == "always"


def _in_color(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _write(text: str, path: Path | None) -> None:
    """Print, or replace a file; one that can't be written ends the run."""
    try:
        _put(text, path)
    except OSError as error:
        _fail(f"{path}: can't be written: {error.strerror}")


def _put(text: str, path: Path | None) -> None:
    """Print, or replace a file. Raises OSError. Names that are no text lose what no text can hold."""
    text = text.encode(errors="replace").decode()
    if path is None:
        click.echo(text, nl=bool(text) and not text.endswith("\n"), color=True)
        return
    from infralint.text.writing import replace_file

    replace_file(path, text)


def _status(report: Report, options: dict[str, Any]) -> int:
    from infralint.engine.policy import exceeds

    if report.unreadable or (options["strict"] and report.unknown):
        return 2
    return int(any(exceeds(report.findings, limit) for limit in set(options["limits"])))


def _fail(*messages: str) -> NoReturn:
    for message in messages:
        click.echo(f"infralint: {message}", err=True)
    sys.exit(2)


from infralint.cli.audit import audit  # noqa: E402

cli.add_command(audit)
