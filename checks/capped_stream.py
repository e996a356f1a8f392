from __future__ import annotations

from collections.abc import Iterator

from infralint import LENGTH, Crossing, Finding, Hop, Known, Unknown, check, seconds


@check
def capped_stream(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop on the way ends every stream after a fixed time, however busy it is."""
    # How long a function may run is serverless-stream's to say.
    if crossing.hop.kind == "function" or crossing.stream.handshake_only:
        return
    need = crossing.stream.duration
    yield from crossing.perhaps_too_short(LENGTH, need.seconds, "max_duration")
    match crossing.length:
        case Unknown() as unknown:
            yield unknown
        case Known(limit) as clock if limit < need.seconds:
            severity = "error" if need.declared else "warning"
            fix = crossing.hop.fix("max_duration", need.seconds)
            yield Finding(
                severity, clock, _message(crossing, clock), fix, setting="max_duration", phases=LENGTH, effect="cuts"
            )


def _message(crossing: Crossing[Hop], clock: Known[float]) -> str:
    need = crossing.stream.duration
    what = "a WebSocket" if crossing.stream.kind == "websocket" else "an answer"
    takes = "is declared to take" if need.declared else "may take"
    return (
        f"{crossing.hop.name} ends every {'connection' if crossing.stream.kind == 'websocket' else 'response'} after"
        f" {seconds(clock.value)}, even while data flows ({clock.phrase}): {what} {takes} {seconds(need.seconds)}, and what is"
        " longer stops in the middle. A ping does not help"
    )
