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
    yield from _perhaps_ending(crossing)
    match crossing.length:
        case Unknown() as unknown:
            yield unknown
        case Known(limit) as clock if limit < need.seconds:
            severity = "error" if need.declared else "warning"
            fix = crossing.hop.fix("max_duration", need.seconds)
            yield Finding(
                severity, clock, _message(crossing, clock), fix, setting="max_duration", phases=LENGTH, effect="cuts"
            )


def _perhaps_ending(crossing: Crossing[Hop]) -> Iterator[Unknown]:
    """Clocks of which nobody can tell whether they run for such a stream, and that would end it."""
    kind, need = crossing.stream.kind, crossing.stream.duration
    for clock in crossing.hop.clocks:
        limit = clock.limit
        doubted = clock.doubt and clock.phase in LENGTH and kind in clock.kinds
        if doubted and isinstance(limit, Known) and limit.value < need.seconds:
            why = f"whether {limit.phrase} of {crossing.hop.name} ends the stream can't be told: {clock.doubt}"
            yield Unknown(limit.where, limit.name, why, crossing.hop.fix("max_duration", need.seconds))


def _message(crossing: Crossing[Hop], clock: Known[float]) -> str:
    need = crossing.stream.duration
    what = "a WebSocket" if crossing.stream.kind == "websocket" else "an answer"
    takes = "is declared to take" if need.declared else "may take"
    return (
        f"{crossing.hop.name} ends every {'connection' if crossing.stream.kind == 'websocket' else 'response'} after"
        f" {seconds(clock.value)}, even while data flows ({clock.phrase}): {what} {takes} {seconds(need.seconds)}, and what is"
        " longer stops in the middle. A ping does not help"
    )
