"""The JSON report, version 1: stable, one finding a hop, each with its stream's whole way."""

from __future__ import annotations

import json
from collections import Counter

from infralint import __version__
from infralint.engine.report import Report
from infralint.model import SEVERITIES, Finding, Trace
from infralint.reporters import Shown
from infralint.reporters.phrases import trace_command, unknown_message
from infralint.reporters.trace_data import Data, entry, hop_data, leg_data, location_data, stream_data, without_secrets
from infralint.text.display import escape_json


def render(report: Report, _shown: Shown) -> str:
    """The report as JSON text; characters that would steer a terminal are escapes, as JSON allows."""
    counts = Counter(finding.severity for finding in report.findings)
    data = {
        "version": 1,
        "infralint": __version__,
        "summary": {severity: counts[severity] for severity in SEVERITIES},
        "findings": [_finding(finding) for finding in report.findings],
        **({"fixed": [_finding(finding) for finding in report.fixed]} if report.fixed else {}),
        "unknown": [entry(unknown_message(unknown), unknown.where) for unknown in report.unknown],
        "unreadable": [entry(unreadable.message, unreadable.where) for unreadable in report.unreadable],
        "read": report.read,
        **({"unsupported": report.seen} if report.seen else {}),
        **({"gone": report.gone} if report.gone else {}),
    }
    return escape_json(json.dumps(without_secrets(data), indent=2, ensure_ascii=False))


def _finding(finding: Finding) -> Data:
    provenance = finding.provenance
    return {
        "check": finding.check,
        "severity": finding.severity,
        "message": finding.message,
        "fix": finding.fix,
        "location": location_data(finding.location),
        "hop": finding.hop and hop_data(finding.hop),
        "stream": finding.stream and stream_data(finding.stream),
        **({"streams": list(map(stream_data, provenance.streams))} if provenance.streams else {}),
        "trace": provenance.trace and _trace(provenance.trace, finding),
        "related": [entry(related.message, related.location) for related in finding.related],
        "fingerprint": provenance.fingerprint,
        **({"not_fixed": provenance.unfixed} if provenance.unfixed else {}),
    }


def _trace(trace: Trace, finding: Finding) -> Data:
    """position: the leg that the finding is about. certain, reasons: whether the stream surely comes there."""
    provenance = finding.provenance
    return {
        **({"environment": trace.environment} if trace.environment else {}),
        "position": provenance.position,
        "certain": provenance.certain,
        "reasons": list(provenance.reasons),
        **({"doubt": provenance.doubt} if provenance.doubt else {}),
        "legs": [leg_data(leg, trace, position) for position, leg in enumerate(trace.legs)],
        "command": trace_command(finding),
        "end": trace.end,
        "end_reason": trace.end_reason,
    }
