"""Traces as JSON, version 1: every stream with its verdict, its ways and every leg of them, as in the report of `check`."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from infralint import __version__
from infralint.engine.outcomes import StreamVerdict, TracedStream, TracedWay
from infralint.engine.tracing import TraceReport
from infralint.model import LENGTH, SILENCE, Ending, Finding, Known, Leg, Phase, Response, Setting
from infralint.reporters.json import (
    json_entry,
    json_leg,
    json_location,
    json_request,
    json_setting,
    json_stream,
    without_secrets,
)
from infralint.reporters.phrases import unknown_message
from infralint.reporters.trace_text import TraceShown
from infralint.text.display import render_json

Data = dict[str, Any]


def render(report: TraceReport, _shown: TraceShown) -> str:
    """The traces as JSON text; characters that would steer a terminal are escapes, as JSON allows."""
    data = {
        "version": 1,
        "infralint": __version__,
        "streams": [_stream(stream) for stream in report.streams],
        "unknown": [json_entry(unknown_message(unknown), unknown.where) for unknown in report.unknown],
        "unreadable": [json_entry(unreadable.message, unreadable.where) for unreadable in report.unreadable],
        "unsupported": report.seen,
        "unfollowed": [str(entry) for entry in report.unfollowed],
        "left_out": report.left_out,
    }
    return render_json(without_secrets(msgspec.to_builtins(data))) + "\n"


def _stream(stream: TracedStream) -> Data:
    """A stream. request: what the browser asks for. needs: seconds. way: which of the ways the verdict is about."""
    source = stream.stream
    verdict = stream.verdict
    index = stream.ways.index(stream.worst) if stream.worst is not None else None
    return {
        "stream": json_stream(source),
        "request": {"kind": source.kind, "host": stream.host, "path": stream.path},
        "needs": {
            "silence": source.longest_silence.seconds,
            "length": source.duration.seconds,
            "declared": source.longest_silence.declared,
            "heartbeat": source.heartbeat,
        },
        "verdict": {**_verdict(verdict), "way": index},
        "ways": [_way(way) for way in stream.ways],
    }


def _verdict(verdict: StreamVerdict) -> Data:
    """outcome: breaks, not served, may break, could not tell, flows. blamed: the position of the leg at fault."""
    finding = verdict.finding
    return {
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "blamed": verdict.position,
        "check": finding.check if finding is not None else None,
        "severity": finding.severity if finding is not None else None,
        "effect": verdict.effect,
    }


def _way(way: TracedWay) -> Data:
    """One way. smallest: the clocks that run out first, of silence and of length; null where none does."""
    trace = way.trace
    return {
        **({"environment": trace.environment} if trace.environment else {}),
        "certain": way.way.certain and all(trace.is_certain(at) for at in range(len(trace.legs))),
        "reasons": list(way.way.reasons),
        **({"doubt": way.way.doubt} if way.way.doubt else {}),
        "verdict": _verdict(way.verdict),
        "smallest": {"silence": _smallest(way, *SILENCE), "length": _smallest(way, *LENGTH)},
        "legs": [_leg(way, leg, position) for position, leg in enumerate(trace.legs)],
        "end": trace.end,
        "end_reason": trace.end_reason,
        **({"ending": _ending(trace.ending)} if trace.ending is not None else {}),
    }


def _smallest(way: TracedWay, *phases: Phase) -> Data | None:
    found = way.shortest(*phases)
    if found is None:
        return None
    position, limit = found
    setting: Data = msgspec.to_builtins(json_setting(limit))
    seconds = setting.pop("value")
    return {"position": position, "seconds": seconds, **setting}


def _leg(way: TracedWay, leg: Leg, position: int) -> Data:
    selection = way.selection(position)
    leaving = leg.hop.response_out(leg.arriving, leg.inbound)
    return {
        **msgspec.to_builtins(json_leg(leg, way.trace, position)),
        "chosen": [json_entry(step.message, step.location) for step in selection.steps],
        "beats": [
            {"name": rival.name, "reason": rival.reason, "fits": rival.fits, "location": json_location(rival.where)}
            for rival in selection.rivals
        ],
        "sends": json_request(leg.outbound.request) if leg.outbound is not None else None,
        "dials": [str(target) for target in leg.outbound.pool.targets] if leg.outbound is not None else [],
        "response": {"arriving": _response(leg.arriving), "leaving": _response(leaving)},
        "findings": [_finding(finding) for finding in way.findings_at(position)],
        "accepted": [_finding(finding) for finding in way.ignored if finding.provenance.position == position],
        "unknown": [json_entry(unknown_message(unknown), unknown.where) for unknown in way.unknown_at(position)],
    }


def _response(response: Response) -> Data:
    """framing: null where unknown; a header's value is null where it may be sent, and nobody knows."""
    return {
        "framing": _value(response.framing),
        "content_type": response.content_type,
        "headers": {name: _value(setting) for name, setting in response.headers.items()},
        "complete": response.complete,
    }


def _value(setting: Setting[str]) -> str | None:
    return setting.value if isinstance(setting, Known) else None


def _finding(finding: Finding) -> Data:
    limit = finding.at.value if isinstance(finding.at, Known) else None
    is_time = finding.effect == "cuts" and isinstance(limit, int | float) and math.isfinite(limit)
    return {
        "check": finding.check,
        "severity": finding.severity,
        "effect": finding.effect,
        **({"after": limit} if is_time else {}),
        "message": finding.message,
        "fix": finding.fix,
        "location": json_location(finding.location),
    }


def _ending(ending: Ending) -> Data:
    """The node at the end that serves the request by none of its hops. answer: null where it is not known."""
    answer = ending.answer
    return {
        "node": ending.node,
        "request": json_request(ending.request),
        "answer": {"text": answer.value, "written": answer.written, "location": json_location(answer.where)}
        if answer is not None
        else None,
        "link": ending.basis,
        "certain": ending.certain,
        "reasons": list(ending.reasons),
    }
