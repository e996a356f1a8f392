"""Checkstyle's XML, which many CI systems and editors read: https://github.com/checkstyle/checkstyle."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from infralint.engine.report import Report
from infralint.model import Location
from infralint.reporters import Shown
from infralint.reporters.phrases import stream_phrase, unknown_message, way_phrase
from infralint.text.display import visible

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}


def render(report: Report, _shown: Shown) -> str:
    """The report as XML: a file each, an error each problem."""
    files: dict[str, list[str]] = {}
    for where, severity, check, message in _problems(report):
        files.setdefault(where.path, []).append(_error(where, severity, check, message))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<checkstyle version="10.0">']
    for path, errors in files.items():
        lines += [f"  <file name={quoteattr(visible(path))}>", *errors, "  </file>"]
    return "\n".join([*lines, "</checkstyle>\n"])


def _problems(report: Report) -> Iterator[tuple[Location, str, str, str]]:
    for unreadable in report.unreadable:
        yield unreadable.where, "error", "unreadable", unreadable.message
    for finding in report.findings:
        facts = [("Stream", stream_phrase(finding)), ("Way", way_phrase(finding)), ("Write", finding.fix)]
        lines = [finding.message, *(f"{title}: {fact}" for title, fact in facts if fact)]
        yield finding.location, _SEVERITIES[finding.severity], finding.check, "\n".join(lines)
    for unknown in report.unknown:
        yield unknown.where, "info", "could-not-tell", f"Could not tell {unknown_message(unknown)}"


def _error(where: Location, severity: str, check: str, message: str) -> str:
    column = f' column="{where.column}"' if where.column else ""
    text = quoteattr("\n".join(map(visible, message.split("\n"))), {"\n": "&#10;"})
    return (
        f'    <error line="{where.line or 1}"{column} severity="{severity}" message={text} source="infralint.{check}"/>'
    )
