from __future__ import annotations

from collections.abc import Iterator

from infralint import (
    EDGE_DURATION,
    EDGE_FIRST_BYTE,
    Crossing,
    Effect,
    Finding,
    Known,
    Severity,
    VercelFunction,
    check,
    seconds,
)


@check
def edge_stream_limits(crossing: Crossing[VercelFunction]) -> Iterator[Finding]:
    """A stream runs on Edge: 25 s to the first byte, 300 s in all, deprecated."""
    match crossing.hop.runtime:
        case Known("edge") as runtime:
            severity, message = _judge(crossing)
            effect: Effect = "refuses" if crossing.stream.kind == "websocket" else "cuts"
            yield Finding(severity, runtime, message, _fix(crossing), effect=effect)


def _judge(crossing: Crossing[VercelFunction]) -> tuple[Severity, str]:
    stream, hop = crossing.stream, crossing.hop
    silence, duration = stream.longest_silence, stream.duration
    if hop.policy == "require-node":
        severity: Severity = "error" if hop.proven else "warning"
        return severity, f"{hop.name} runs on Edge, and infralint.yaml requires Node.js (runtime_policy: require-node)"
    if stream.kind == "websocket":
        return (
            "warning",
            f"{hop.name} serves its WebSocket from Edge, where Vercel opens none: only Node.js and Python functions hold one",
        )
    if duration.declared and duration.seconds > EDGE_DURATION:
        consequence = f"the stream is declared to take {seconds(duration.seconds)}, and stops in the middle"
        return "warning", f"{hop.name} runs on Edge, which ends a response after {EDGE_DURATION:g} s: {consequence}"
    if silence.declared and silence.seconds > EDGE_FIRST_BYTE:
        consequence = f"the stream is declared to be silent for {seconds(silence.seconds)}, and users get a 504 instead"
        return (
            "warning",
            f"{hop.name} runs on Edge, which must send its first byte within {EDGE_FIRST_BYTE:g} s: {consequence}",
        )
    return "note", (
        f"{hop.name} runs on Edge, which Vercel has deprecated: its first byte must come within {EDGE_FIRST_BYTE:g} s and its"
        f" last within {EDGE_DURATION:g} s, while a Node.js function streams too and may run longer"
    )


def _fix(crossing: Crossing[VercelFunction]) -> str:
    hop = crossing.hop
    if hop.policy == "require-edge":
        return ""
    return hop.fix("runtime", crossing.stream.duration.seconds)
