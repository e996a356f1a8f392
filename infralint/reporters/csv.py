"""A table for spreadsheets and auditors, a record a line: https://www.rfc-editor.org/rfc/rfc4180."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from infralint.engine.report import Report
from infralint.reporters import Shown
from infralint.reporters.records import Record, records_of
from infralint.text.display import visible, visible_lines

COLUMNS: dict[str, Callable[[Record], object]] = {
    "time": lambda record: record.time,
    "status": lambda record: record.status,
    "severity": lambda record: record.severity or "",
    "check": lambda record: record.check,
    "message": lambda record: record.message,
    "path": lambda record: record.location.path,
    "line": lambda record: record.location.line or "",
    "column": lambda record: record.location.column or "",
    "platform": lambda record: record.hop.platform if record.hop else "",
    "hop": lambda record: record.hop.name if record.hop else "",
    "environment": lambda record: record.hop.environment if record.hop else "",
    "stream": lambda record: record.stream,
    "because": lambda record: record.because,
    "account": lambda record: record.resource.account if record.resource else "",
    "region": lambda record: record.resource.region if record.resource else "",
    "resource": lambda record: record.resource.identity if record.resource else "",
    "type": lambda record: record.resource.type if record.resource else "",
    "tags": lambda record: _tags(record),
    "owner": lambda record: record.resource.owner if record.resource else "",
    "write": lambda record: record.fix,
    "reason": lambda record: record.reason,
    "manual": lambda record: record.url,
    "fingerprint": lambda record: record.fingerprint,
    "since": lambda record: record.since,
    "way": lambda record: record.way,
}
"""Columns in their order: new ones come at the end."""


def render(report: Report, shown: Shown) -> str:
    """The report as CSV with a line of names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for record in records_of(report, shown):
        writer.writerow([_cell(str(value_of(record))) for value_of in COLUMNS.values()])
    return text.getvalue()


def _tags(record: Record) -> str:
    tags = record.resource.tags if record.resource else {}
    return ";".join(f"{key}={value}" for key, value in sorted(tags.items()))


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection."""
    shown = visible_lines(text) if "\n" in text else visible(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\r")) else shown
