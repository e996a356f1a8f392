"""The JSON report, version 1: stable, one finding a hop, each with its stream's whole way."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

from infralint import __version__
from infralint.engine.report import Report
from infralint.model import (
    SEVERITIES,
    Clock,
    Finding,
    Hop,
    Known,
    Leg,
    Location,
    Request,
    Setting,
    Stream,
    Trace,
    Unknown,
)
from infralint.reporters import Shown
from infralint.reporters.phrases import unknown_message
from infralint.text.display import escape_json, hide_secrets

Data = dict[str, Any]


def render(report: Report, _shown: Shown) -> str:
    """The report as JSON text; characters that would steer a terminal are escapes, as JSON allows."""
    counts = Counter(finding.severity for finding in report.findings)
    data = {
        "version": 1,
        "infralint": __version__,
        "summary": {severity: counts[severity] for severity in SEVERITIES},
        "findings": [_finding(finding) for finding in report.findings],
        **({"fixed": [_finding(finding) for finding in report.fixed]} if report.fixed else {}),
        "unknown": [_entry(unknown_message(unknown), unknown.where) for unknown in report.unknown],
        "unreadable": [_entry(unreadable.message, unreadable.where) for unreadable in report.unreadable],
        "read": report.read,
        **({"unsupported": report.seen} if report.seen else {}),
        **({"gone": report.gone} if report.gone else {}),
    }
    return escape_json(json.dumps(_without_secrets(data), indent=2, ensure_ascii=False))


def _finding(finding: Finding) -> Data:
    provenance = finding.provenance
    return {
        "check": finding.check,
        "severity": finding.severity,
        "message": finding.message,
        "fix": finding.fix,
        "location": _location(finding.location),
        "hop": finding.hop and _hop(finding.hop),
        "stream": finding.stream and _stream(finding.stream),
        **({"streams": list(map(_stream, provenance.streams))} if provenance.streams else {}),
        "trace": provenance.trace and _trace(provenance.trace, finding),
        "related": [_entry(related.message, related.location) for related in finding.related],
        "fingerprint": provenance.fingerprint,
        **({"not_fixed": provenance.unfixed} if provenance.unfixed else {}),
    }


def _entry(message: str, where: Location) -> Data:
    return {"message": message, "location": _location(where)}


def _location(where: Location) -> Data:
    return {
        "path": where.path,
        "line": where.line,
        "column": where.column,
        "end_line": where.end_line,
        "end_column": where.end_column,
    }


def _hop(hop: Hop) -> Data:
    return {
        "platform": hop.platform,
        "kind": hop.kind,
        "name": hop.name,
        **({"hosts": list(hop.hosts)} if hop.hosts else {}),
        **({"environment": hop.environment} if hop.environment else {}),
        "location": _location(hop.where),
    }


def _stream(stream: Stream) -> Data:
    return {
        "kind": stream.kind,
        "path": stream.path,
        **({"host": stream.host} if stream.host else {}),
        "evidence": stream.evidence.kind,
        "because": stream.evidence.because,
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
        "legs": [_leg(leg, trace, position) for position, leg in enumerate(trace.legs)],
        "end": trace.end,
        "end_reason": trace.end_reason,
    }


def _leg(leg: Leg, trace: Trace, position: int) -> Data:
    """One hop of a way. link: on what ground it was found behind the one before; null for the first."""
    hop = leg.hop
    return {
        "node": leg.node,
        "hop": _hop(hop),
        "link": leg.basis,
        "request": _request(leg.inbound),
        "clocks": [_clock(clock) for clock in hop.clocks if trace.stream.kind in clock.kinds],
        "buffering": _setting(hop.buffering_of(leg.arriving, leg.inbound)),
        "upgrade": _setting(hop.upgrade_of(leg.inbound)),
        "affinity": _setting(hop.keeps_affinity),
        "certain": trace.is_certain(position),
        "reasons": list(trace.reasons(position)),
    }


def _request(request: Request) -> Data:
    """A request as it comes to a hop. upgrade: what is left of a WebSocket's handshake, where it is one."""
    handshake = {"upgrade": _setting(request.upgrade)} if request.kind == "websocket" else {}
    return {"host": request.host, "path": request.path, "http": _setting(request.http), **handshake}


def _clock(clock: Clock) -> Data:
    """A timeout. seconds: null where it is unlimited, or where `reason` says why it is unknown."""
    setting = _setting(clock.limit)
    value = setting.pop("value")
    return {"phase": clock.phase, "seconds": None if value == math.inf else value, "expiry": clock.expiry, **setting}


def _setting(setting: Setting[Any]) -> Data:
    """A setting that is known, by its own or by its platform's words; or the reason why it is not."""
    if isinstance(setting, Unknown):
        return {"value": None, "reason": setting.why, "location": _location(setting.where)}
    return {"value": setting.value, **_source(setting)}


def _source(setting: Known[Any]) -> Data:
    """Where a known setting comes from; nothing for what a platform does not have."""
    if not setting.name:
        return {}
    return {"name": setting.name, "origin": setting.origin, "location": _location(setting.where)}


def _without_secrets(data: Any) -> Any:
    """The same with stars for what looks like credentials in addresses."""
    if isinstance(data, str):
        return hide_secrets(data)
    if isinstance(data, dict):
        return {key: _without_secrets(value) for key, value in data.items()}
    return [_without_secrets(value) for value in data] if isinstance(data, list) else data
