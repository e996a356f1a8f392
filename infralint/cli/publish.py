"""Where a command's words go: reports, files, errors, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
from msgspec.structs import replace

from infralint.cache import recording
from infralint.cli.options import Options
from infralint.engine.policy import exceeds
from infralint.engine.registry import Check
from infralint.engine.report import Report
from infralint.project.walking import LEADS_OUT, leads_out
from infralint.reporters import Shown, render
from infralint.reporters.outputs import BadOutput, Output, parse_outputs
from infralint.text.display import visible
from infralint.text.writing import replace_file


def fail(*messages: str) -> NoReturn:
    """Say what is wrong with the call, and leave with 2."""
    for message in messages:
        say(f"infralint: {message}", err=True)
    sys.exit(2)


def say(line: str, err: bool = False) -> None:
    """Print a line that may hold names from judged files."""
    recording.spoil()
    click.echo(visible(line), err=err)


def wanted_outputs(options: Options) -> list[Output]:
    """What `--format` and all `--output`s ask for; a call that can't be meant ends the run."""
    try:
        return parse_outputs(options.format_, options.outputs)
    except BadOutput as error:
        fail(f"--output: {error}")


def shown_by(options: Options, checks: Sequence[Check]) -> Shown:
    """What reports may show, for the checks that were run."""
    return Shown(
        tuple(checks),
        quiet=options.quiet,
        verbose=options.verbose,
        statistics=options.statistics,
        time=_now(),
        fixing=options.fix,
        grouping=options.group_by,
        hides_suppressed=options.hide_suppressed,
    )


def _now() -> str:
    """This moment in UTC, to the second; SOURCE_DATE_EPOCH sets it, for reports that are to be the same every time.

    https://reproducible-builds.org/docs/source-date-epoch/
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def publish(
    report: Report, outputs: Iterable[Output], shown: Shown, color: str, edit: Callable[[str], str] = str
) -> None:
    """Write every report that was asked for; one that can't be written keeps no other back. edit: a last hand on each text.

    Where whoever reads what is printed goes away (`| head`), the run ends with status 1 and without a word.
    """
    problems = []
    unread = False
    for output in outputs:
        colored = is_colored(color) if output.path is None else color == "always"
        text = edit(render(output.format, report, replace(shown, color=colored)))
        try:
            _put(text, output.path)
        except BrokenPipeError:
            recording.give_up_printing()
            unread = True
        except OSError as error:
            problems.append(f"{output.path or 'the report'}: can't be written: {error.strerror}")
    if problems:
        fail(*problems)
    if unread:
        sys.exit(1)


def is_colored(choice: str) -> bool:
    """Whether what is printed has colours."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def write(text: str, path: Path) -> None:
    """Replace a file; one that can't be written ends the run."""
    try:
        _put(text, path)
    except OSError as error:
        fail(f"{path}: can't be written: {error.strerror}")


def refuse_way_out(path: Path, root: Path) -> None:
    """End the run where a file of a project is a link that leads out of it: nothing is written through such a one."""
    if leads_out(str(path), str(root)):
        fail(f"{os.path.relpath(path)}: {LEADS_OUT}; nothing was written")


def _put(text: str, path: Path | None) -> None:
    """Print, or replace a file. Raises OSError. Names that are no text lose what no text can hold."""
    text = text if text.isascii() else text.encode(errors="replace").decode()
    if path is None:
        text += "\n" if text and not text.endswith("\n") else ""
        recording.note_printed(text)
        click.echo(text, nl=False, color=True)
    else:
        replace_file(path, text)


def exit_status(report: Report, strict: bool, limits: Iterable[str]) -> int:
    """0: clean; 1: findings at or above a severity at which the run fails; 2: not all could be read (strict: or told)."""
    if report.unreadable or (strict and report.unknown):
        return 2
    return int(any(exceeds(report.findings, limit) for limit in set(limits)))
