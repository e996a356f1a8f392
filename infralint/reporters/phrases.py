"""What several reports say in the same words: the way of a stream, the stream itself, what could not be told."""

from __future__ import annotations

import shlex

from infralint.model import STRONG, Finding, Leg, Trace, Unknown
from infralint.text.lazy import lazy
from infralint.text.wording import listing, plural

_MARKS = lazy("`+")
MOST_STREAMS = 4
"""Further streams of a finding that are named."""


def unknown_message(unknown: Unknown) -> str:
    """What could not be told, why, and in how many more places for the same reason."""
    message = f"{unknown.name}: {unknown.why}" if unknown.name and unknown.places == 1 else unknown.why
    return message if unknown.places == 1 else f"{message} (here and in {plural(unknown.places - 1, 'more place')})"


def stream_phrase(finding: Finding) -> str:
    """The stream of a finding and why it is believed to be one, with the others that it is about; empty where there is none."""
    if finding.stream is None:
        return ""
    others = [str(stream) for stream in finding.provenance.streams]
    also = f"; also {listing(others, most=MOST_STREAMS)}" if others else ""
    return f"{finding.stream}, because {finding.stream.evidence.because}{also}"


def way_phrase(finding: Finding) -> str:
    """The way of a finding's stream (`browser → edge.conf location /api/ → app:3000`); empty where it has one hop."""
    trace = finding.provenance.trace
    return way_of(trace) if trace is not None and len(trace.legs) > 1 else ""


def trace_command(finding: Finding) -> str:
    """The command that shows the way of a finding's stream; empty where it has none."""
    trace = finding.provenance.trace
    if trace is None or not trace.legs:
        return ""
    request = trace.legs[0].inbound
    words = ["infralint", "trace", request.path]
    words += ["--host", request.host] if request.host else []
    words += ["--kind", "websocket"] if request.kind == "websocket" else []
    return shlex.join(words)


def way_of(trace: Trace) -> str:
    """A stream's way from the browser to where it ends; what rests on no firm link is `perhaps`."""
    return " → ".join(["browser", *map(_leg, trace.legs), *_end(trace)])


def fence(text: str) -> str:
    """Text as a Markdown block of code, whatever marks it holds."""
    longest = max(map(len, _MARKS.findall(text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}\n{text}\n{marks}"


def possible_phrases(finding: Finding) -> list[str]:
    """Why a stream may not come to the finding's hop, or may be none."""
    reasons = [f"only possible: {reason}" for reason in finding.provenance.reasons]
    return [*reasons, f"in doubt: {finding.provenance.doubt}"] if finding.provenance.doubt else reasons


def full_name(leg: Leg) -> str:
    """A hop with its node: `edge/nginx.conf location /api/`."""
    if leg.hop.name.startswith(leg.node):
        return leg.hop.name
    return f"{leg.node}{',' if leg.hop.name.startswith('the ') else ''} {leg.hop.name}"


def _leg(leg: Leg) -> str:
    name = full_name(leg)
    return name if leg.basis is None or leg.basis in STRONG else f"perhaps {name}"


def _end(trace: Trace) -> list[str]:
    """What stands behind the last hop, where something does."""
    if trace.end == "origin":
        return [] if trace.legs[-1].hop.origin else [trace.end_reason or "the application"]
    if trace.end == "unknown":
        return ["?"]
    return [trace.end_reason] if trace.end_reason else []
