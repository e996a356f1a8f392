"""The JSON report, version 1: stable, one finding a hop."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from infralint.engine.report import Report
from infralint.model import Finding, Hop, Location, Stream, Unknown, Unreadable
from infralint.reporters import Shown
from infralint.text.wording import plural


def render(report: Report, _shown: Shown) -> str:
    """The report as JSON text."""
    counts = Counter(one.severity for one in report.findings)
    return json.dumps(
        {
            "version": 1,
            "summary": {severity: counts[severity] for severity in ("error", "warning", "note")},
            "findings": [finding(one) for one in report.findings],
            **({"fixed": [finding(one) for one in report.fixed]} if report.fixed else {}),
            "unknown": [_unknown(one) for one in report.unknown],
            "unreadable": [_unreadable(one) for one in report.unreadable],
            **({"unsupported": report.seen} if report.seen else {}),
            **({"gone": report.gone} if report.gone else {}),
        },
        indent=2,
        ensure_ascii=False,
    )


def finding(one: Finding) -> dict[str, Any]:
    """One finding as plain data."""
    return {
        "check": one.check,
        "severity": one.severity,
        "message": one.message,
        "fix": one.fix,
        "location": location(one.location),
        "hop": one.hop and _hop(one.hop),
        "stream": one.stream and _stream(one.stream),
        "related": [{"message": other.message, "location": location(other.location)} for other in one.related],
        "fingerprint": one.provenance.fingerprint,
        **({"not_fixed": one.provenance.unfixed} if one.provenance.unfixed else {}),
    }


def location(where: Location) -> dict[str, Any]:
    """A place as plain data."""
    return {
        "path": where.path,
        "line": where.line,
        "column": where.column,
        "end_line": where.end_line,
        "end_column": where.end_column,
    }


def _hop(hop: Hop) -> dict[str, Any]:
    environment = {"environment": hop.environment} if hop.environment else {}
    return {"platform": hop.platform, "name": hop.name, **environment, "location": location(hop.where)}


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "kind": stream.kind,
        "path": stream.path,
        "evidence": stream.evidence.kind,
        "because": stream.evidence.because,
    }


def _unknown(one: Unknown) -> dict[str, Any]:
    return {"message": unknown_message(one), "location": location(one.where)}


def unknown_message(one: Unknown) -> str:
    """What could not be told, why, and in how many more places for the same reason."""
    said = f"{one.name}: {one.why}" if one.name and one.places == 1 else one.why
    return said if one.places == 1 else f"{said} (here and in {plural(one.places - 1, 'more place')})"


def _unreadable(one: Unreadable) -> dict[str, Any]:
    return {"message": one.message, "location": location(one.where)}
