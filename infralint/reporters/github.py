"""GitHub's workflow commands: annotations in the changed files of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
A step shows ten annotations of each level, so what is said of several hops of a file is said once: of each file, for
only the changed ones show theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.engine.report import Report
from infralint.model import Finding, Location
from infralint.reporters import Shown
from infralint.reporters.grouping import group_alike, group_by, other_hops
from infralint.reporters.phrases import (
    environment_phrase,
    is_resource,
    places_of,
    stream_phrase,
    unknown_message,
    way_phrase,
    write_phrase,
)
from infralint.text.display import visible, visible_lines
from infralint.text.wording import listing

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, _shown: Shown) -> str:
    """The report as one workflow command a line."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for unreadable in report.unreadable:
        text = visible(f"{unreadable.where.path}: {unreadable.message}")
        yield _command("error", unreadable.where, "infralint: unreadable", text)
    files = [findings for group in group_alike(report.findings) for _, findings in group_by(group, "file")]
    for group in files:
        finding = group[0]
        yield _command(_LEVELS[finding.severity], finding.location, f"infralint: {finding.check}", _text(group))
    for unknown in report.unknown:
        lines = [visible(unknown_message(unknown)), visible(unknown.remedy)]
        yield _command("notice", unknown.where, "infralint: could not tell", "\n".join(filter(None, lines)))


def _text(group: list[Finding]) -> str:
    finding = group[0]
    lines = [finding.message]
    if is_resource(finding.location.path):
        lines.append(finding.location.path)
    if environments := environment_phrase(group):
        lines.append(environments)
    if others := other_hops(group):
        lines.append(f"the same at {listing(others)}")
    lines += [f"{related.location}: {related.message}" for related in places_of(finding)]
    if finding.hop is not None and finding.hop.where != finding.location:
        lines.append(f"applies to {finding.hop.name} ({finding.hop.where})")
    if stream := stream_phrase(finding):
        lines.append(f"stream: {stream}")
    if way := way_phrase(finding):
        lines.append(f"way: {way}")
    text = "\n".join(map(visible, lines))
    return f"{text}\n{visible(write_phrase(finding))}:\n{visible_lines(finding.fix)}" if finding.fix else text


def _command(level: str, where: Location | None, title: str, text: str) -> str:
    properties = {**(_place(where) if where else {}), "title": title}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {written}::{_data(text)}"


def _place(where: Location) -> dict[str, str]:
    if is_resource(where.path):
        return {}
    place = {"file": visible(where.path)}
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
