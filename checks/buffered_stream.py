from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Unknown, check


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
            yield Finding("error", buffering, message, _fix(crossing), buffering.related, setting="buffers_responses")
        case Known("unless-chunked") as buffering:
            message = f"{crossing.hop.name} may hold the stream back: {buffering.because}"
            yield Finding("warning", buffering, message, _fix(crossing), buffering.related, setting="buffers_responses")


def _fix(crossing: Crossing[Hop]) -> str:
    return crossing.hop.fix("buffers_responses", crossing.stream.longest_silence.seconds)
