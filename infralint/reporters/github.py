"""GitHub's workflow commands: annotations in the changed files of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
A step shows ten annotations of each level, so what is said of several hops at one place is said once.
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.engine.report import Report
from infralint.model import Finding, Location
from infralint.reporters import Shown
from infralint.reporters.grouping import merged, message
from infralint.reporters.json import unknown_message

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, _shown: Shown) -> str:
    """The report as one workflow command a line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for one in report.unreadable:
        yield _command("error", one.where, "infralint: unreadable", f"{one.where.path}: {one.message}")
    for group in merged(report.findings):
        yield _command(_LEVELS[group[0].severity], group[0].location, f"infralint: {group[0].check}", _text(group))
    for unknown in report.unknown:
        said = "\n".join(filter(None, [unknown_message(unknown), unknown.remedy]))
        yield _command("notice", unknown.where, "infralint: could not tell", said)


def _text(group: list[Finding]) -> str:
    one = group[0]
    lines = [message(group), *(f"{related.location}: {related.message}" for related in one.related)]
    if one.hop is not None and one.hop.where != one.location:
        lines.append(f"rules {one.hop.name} ({one.hop.where})")
    if one.stream is not None:
        lines.append(f"stream: {one.stream}, because {one.stream.evidence.because}")
    if one.fix:
        lines += ["write:", one.fix]
    return "\n".join(lines)


def _command(level: str, where: Location | None, title: str, text: str) -> str:
    properties = {**(_place(where) if where else {}), "title": title}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {written}::{_data(text)}"


def _place(where: Location) -> dict[str, str]:
    place = {"file": where.path}
    if where.line:
        place |= {"line": str(where.line), "endLine": str(where.end_line or where.line)}
    # Columns are refused where the annotation spans lines.
    if where.column and where.end_line in (0, where.line):
        place["col"] = str(where.column)
        if where.end_column:
            place["endColumn"] = str(where.end_column)
    return place


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
