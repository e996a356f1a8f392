"""What was asked for on the command line, as one object, and the options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from infralint.reporters import REPORTERS
from infralint.reporters.grouping import Grouping
from infralint.reporters.outputs import OUTPUT_HELP

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
Command = TypeVar("Command", bound=Callable[..., Any])


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a command that judges something; what a command does not have keeps its default."""

    format_: str = "text"
    outputs: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    strict: bool = False
    assume: str | None = None
    packs: tuple[Path, ...] = ()
    config: Path | None = None
    nginx_version: str | None = None
    tf_env: bool = False
    tf_vars: tuple[str, ...] = ()
    tf_var_files: tuple[str, ...] = ()
    color: str = "auto"
    baseline: Path | None = None
    no_baseline: bool = False
    no_ignores: bool = False
    changed_since: str | None = None
    fix: bool = False
    diff: bool = False
    quiet: bool = False
    group_by: Grouping = "cause"
    hide_suppressed: bool = False
    verbose: bool = False
    statistics: bool = False
    jobs: int | None = None
    no_cache: bool = False
    allow_empty: bool = False


class AuditOptions(Options, frozen=True, kw_only=True):
    """The options of an audit."""

    mask: bool = False
    against: Path | None = None
    against_snapshot: Path | None = None
    write_baseline: Path | None = None
    profile: str | None = None
    regions: tuple[str, ...] = ()
    all_regions: bool = False
    roles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    save: str | None = None
    endpoint_url: str | None = None
    iam_policy: bool = False
    kinds: tuple[str, ...] = ()
    evidence_days: int = 0
    organization: str = ""


def complete_check(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """The checks and groups that a word on the command line may become; after a comma, the next one."""
    from infralint.engine.registry import built_in_folder, load_checks

    before, comma, last = typed.rpartition(",")
    checks = load_checks(built_in_folder())
    names = [*(check.name for check in checks), *sorted({check.group for check in checks})]
    return [f"{before}{comma}{name}" for name in names if name.startswith(last)]


class ChecksFolder(click.Path):
    """A folder whose checks are run: an empty name, as of a variable that is not set, stands for none."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        if value == "":
            self.fail("an empty name is no folder; write `.` to run the checks of this one", parameter, context)
        return super().convert(value, parameter, context)


def packs_option(text: str) -> Callable[[Command], Command]:
    """Folders of the user's own checks."""
    return click.option("--checks", "packs", multiple=True, type=ChecksFolder(), metavar="DIR", help=text)


def color_option(text: str) -> Callable[[Command], Command]:
    return click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help=text)


def config_option(command: Command) -> Command:
    path = click.Path(path_type=Path, dir_okay=False)
    return click.option("--config", type=path, help="Use this infralint.yaml.")(command)


def terraform_options(command: Command) -> Command:
    """The options that give values to Terraform's variables."""
    return _with(
        command,
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
    )


def judging_options(command: Command) -> Command:
    """The options of every command that judges and reports: which checks, how loud, what to print."""
    return _with(
        command,
        click.option("--format", "format_", type=click.Choice(list(REPORTERS)), default="text", help="What to print."),
        click.option("--output", "outputs", multiple=True, metavar="[FORMAT=]PATH", help=OUTPUT_HELP),
        click.option(
            "--select",
            multiple=True,
            metavar="CHECK",
            shell_complete=complete_check,
            help="Run only these checks, or groups of checks (repeat, or separate by commas).",
        ),
        click.option(
            "--ignore",
            multiple=True,
            metavar="CHECK",
            shell_complete=complete_check,
            help="Leave these checks or groups out.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["error", "warning", "note", "never"]),
            help="Exit with 1 from this severity on.  [default: warning]",
        ),
        click.option("--strict", is_flag=True, help="Exit with 2 where something could not be told."),
        click.option(
            "--assume",
            type=click.Choice(["warning", "note", "off"]),
            help="How loud to be where nothing says what streams.",
        ),
        packs_option("Run a folder of your own checks, too."),
        config_option,
        color_option("Colours in text."),
        click.option(
            "--hide-suppressed",
            is_flag=True,
            help="Leave out of reports for machines what is ignored or in the baseline.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print a line a finding, no summary."),
        click.option(
            "--group-by",
            type=click.Choice(["cause", "hop", "check", "stream", "file"]),
            default="cause",
            help="What findings stand together for in text.",
        ),
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Name all that was read and all hops of a cause, and say why a way is only possible.",
        ),
        click.option("--statistics", is_flag=True, help="Count the findings of each check."),
    )


def _with(command: Command, *options: Callable[[Any], Any]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
