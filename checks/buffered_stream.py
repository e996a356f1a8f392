from __future__ import annotations

from collections.abc import Iterator

from infralint import Buffering, Crossing, Finding, Hop, Known, Severity, Unknown, check


@check
def buffered_stream(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop holds the answer back, so tokens arrive in lumps or all at once at the end."""
    if crossing.stream.kind == "websocket":
        return
    match crossing.buffering:
        case Unknown() as unknown:
            yield unknown
        case Known("always") as buffering:
            message = f"{crossing.hop.name} holds the stream back: {buffering.because}. Users see nothing, then everything at once"
            yield _finding("error", crossing, buffering, message)
        case Known("unless-chunked") as buffering:
            message = f"{crossing.hop.name} may hold the stream back: {buffering.because}"
            yield _finding("warning", crossing, buffering, message)


def _finding(severity: Severity, crossing: Crossing[Hop], buffering: Known[Buffering], message: str) -> Finding:
    fix = crossing.hop.fix("buffers_responses", crossing.stream.longest_silence.seconds)
    return Finding(severity, buffering, message, fix, buffering.related, setting="buffers_responses", effect="holds")
