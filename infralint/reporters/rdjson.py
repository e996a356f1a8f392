"""Reviewdog's diagnostics, for comments in reviews on any forge: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.engine.pages import HOME, page_url
from infralint.engine.report import Report
from infralint.model import Finding, Location
from infralint.reporters import Shown
from infralint.reporters.lines import SourceLines
from infralint.reporters.phrases import places_of, stream_phrase, unknown_message, way_phrase
from infralint.text.display import hide_secrets, render_json, visible, visible_lines

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def render(report: Report, shown: Shown) -> str:
    """The report as one DiagnosticResult."""
    urls = {check.name: page_url(check.page) for check in shown.checks}
    lines = SourceLines(report.texts)
    found = [_diagnostic("unreadable", "ERROR", entry.message, entry.where, lines) for entry in report.unreadable]
    found += [_of_finding(finding, urls.get(finding.check, ""), lines) for finding in report.findings]
    for unknown in report.unknown:
        message = f"Could not tell {unknown_message(unknown)}"
        found.append(_diagnostic("could-not-tell", "INFO", message, unknown.where, lines))
    result = {"source": {"name": "infralint", "url": HOME}, "diagnostics": found}
    return render_json(result) + "\n"


def _of_finding(finding: Finding, url: str, lines: SourceLines) -> dict[str, Any]:
    entry = _diagnostic(finding.check, _SEVERITIES[finding.severity], finding.message, finding.location, lines)
    phrases = [("Stream", stream_phrase(finding)), ("Way", way_phrase(finding))]
    text = [entry["message"], *(visible(f"{title}: {phrase}") for title, phrase in phrases if phrase)]
    if finding.fix:
        text.append(f"Write:\n{visible_lines(finding.fix)}")
    entry["message"] = "\n".join(text)
    if url:
        entry["code"]["url"] = url
    related = [
        {"message": visible(place.message), "location": _location(place.location, lines)}
        for place in places_of(finding)
    ]
    suggestions = list(_suggestions(finding, lines))
    return (
        entry
        | ({"suggestions": suggestions} if suggestions else {})
        | ({"related_locations": related} if related else {})
    )


def _suggestions(finding: Finding, lines: SourceLines) -> Iterator[dict[str, Any]]:
    """What puts a finding right, where all of it stands in the finding's own file and tells no secret."""
    edits = finding.provenance.edits
    if all(edit.where.path == finding.location.path and hide_secrets(edit.text) == edit.text for edit in edits):
        for edit in edits:
            yield {"range": _range(edit.where, lines), "text": edit.text}


def _diagnostic(check: str, severity: str, message: str, where: Location, lines: SourceLines) -> dict[str, Any]:
    return {
        "message": visible(message),
        "location": _location(where, lines),
        "severity": severity,
        "code": {"value": check},
    }


def _location(where: Location, lines: SourceLines) -> dict[str, Any]:
    found: dict[str, Any] = {"path": visible(where.path)}
    if where.line:
        found["range"] = _range(where, lines)
    return found


def _range(where: Location, lines: SourceLines) -> dict[str, Any]:
    span = {"start": _position(where.path, where.line, where.column, lines)}
    if where.end_line:
        span["end"] = _position(where.path, where.end_line, where.end_column, lines)
    return span


def _position(path: str, line: int, column: int, lines: SourceLines) -> dict[str, int]:
    """Columns are counted in bytes of UTF-8."""
    if not column:
        return {"line": line}
    text = lines.line(path, line) or ""
    ahead = text[: column - 1]
    return {"line": line, "column": column + len(ahead.encode("utf-8", "replace")) - len(ahead)}
