from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Related, Unknown, check, seconds


@check
def short_idle_timeout(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop hangs up while the model is still thinking."""
    need = crossing.stream.longest_silence
    match crossing.hop.idle_timeout:
        case Unknown() as unknown:
            yield unknown
        case Known(0) as timeout:
            message = (
                f'`{timeout}` does not mean "for ever": {crossing.hop.name} answers every request with 504 at once'
            )
            yield Finding(
                "error", timeout, message, crossing.hop.fix("idle_timeout", need.seconds), setting="idle_timeout"
            )
        case Known(limit) as timeout if limit < need.seconds:
            severity = "error" if need.declared else "warning"
            fix = crossing.hop.fix("idle_timeout", need.seconds)
            yield Finding(severity, timeout, _message(crossing, timeout), fix, _chain(crossing), setting="idle_timeout")


def _message(crossing: Crossing[Hop], timeout: Known[float]) -> str:
    need = crossing.stream.longest_silence
    said = f"`{timeout.written}`" if timeout.written else f"nothing sets {timeout.name}"
    what = "a WebSocket" if crossing.stream.kind == "websocket" else "the stream"
    reason = "a model may think for"
    if need.declared or crossing.stream.kind == "websocket":
        reason = "it needs" if need.declared else "unless it pings it may be quiet for"
    filled = f" ({timeout.because})" if timeout.because else ""
    return (
        f"{crossing.hop.name} cuts {what} after {seconds(timeout.value)} of silence: {said}{filled}, and {reason}"
        f" {seconds(need.seconds)}. Raise it, or send a ping more often than that"
    )


def _chain(crossing: Crossing[Hop]) -> tuple[Related, ...]:
    """The idle timeouts of the stream's other hops that allow more, the shortest first."""
    others = [(hop.idle_timeout, hop) for hop in crossing.others]
    own = crossing.hop.idle_timeout
    longer = [
        (one, hop)
        for one, hop in others
        if isinstance(one, Known) and isinstance(own, Known) and one.written and one.value > own.value
    ]
    longer.sort(key=lambda pair: pair[0].value)
    return tuple(Related(f"{hop.name} allows {seconds(one.value)}", one.where) for one, hop in longer[:3])
