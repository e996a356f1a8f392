from __future__ import annotations

from collections.abc import Iterator

from infralint import SILENCE, Crossing, Finding, Hop, Known, Severity, Unknown, check, ping_interval, seconds


@check
def short_idle_timeout(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop hangs up while the model is still thinking."""
    yield from _connection_findings(crossing)
    if crossing.stream.handshake_only:
        return
    need = crossing.stream.longest_silence
    if not crossing.stream.heartbeat:  # an answer with pings begins early
        yield from crossing.perhaps_too_short(SILENCE, need.seconds, "first_byte")
    match crossing.silence:
        case Unknown() as unknown:
            yield unknown
        case Known(0) as timeout:
            message = f'`{timeout}` does not mean "for ever": {crossing.hop.name} {_refusal(crossing)}'
            yield Finding(
                "error", timeout, message, _fix(crossing), setting="idle_timeout", phases=SILENCE, effect="refuses"
            )
        case Known(limit) as timeout if limit < need.seconds:
            severity: Severity = "error" if need.declared else "warning"
            # A ping keeps it open, unless one is lost.
            if crossing.stream.heartbeat and crossing.stream.heartbeat < limit and not need.declared:
                severity = "note"
            message = _message(crossing, timeout)
            yield Finding(
                severity, timeout, message, _fix(crossing), setting="idle_timeout", phases=SILENCE, effect="cuts"
            )


def _fix(crossing: Crossing[Hop]) -> str:
    return crossing.hop.fix("idle_timeout", crossing.stream.longest_silence.seconds)


def _connection_findings(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """A limit of 0 for the connection to the backend is none: nobody is ever asked."""
    match crossing.hop.clock(crossing.stream.kind, "connect"):
        case Known(0) as timeout:
            message = (
                f'`{timeout}` does not mean "for ever": {crossing.hop.name} answers every request with 504 at once'
            )
            fix = crossing.hop.fix("connect_timeout")
            yield Finding("error", timeout, message, fix, setting="connect_timeout", effect="refuses")


def _refusal(crossing: Crossing[Hop]) -> str:
    """What users meet where no silence at all is allowed."""
    answers = any(clock.phase == "first-byte" and clock.expiry == "504" for clock in crossing.hop.clocks)
    return "answers every request with 504 at once" if answers else "closes every connection at once"


def _message(crossing: Crossing[Hop], timeout: Known[float]) -> str:
    need = crossing.stream.longest_silence
    setting = f"`{timeout.written}`" if timeout.written else f"nothing sets {timeout.name}"
    what = "a WebSocket" if crossing.stream.kind == "websocket" else "the stream"
    reason = f"a model may think for {seconds(need.seconds)}"
    if crossing.stream.heartbeat:
        who, every = crossing.stream.session or "its backend", seconds(crossing.stream.heartbeat)
        reason = f"{who} pings only every {every}"
        if timeout.value >= crossing.stream.heartbeat:
            reason = f"{who} pings every {every}, so that one lost ping is {seconds(need.seconds)} of silence"
    elif need.declared:
        reason = f"it is declared to be silent for {seconds(need.seconds)}"
    elif crossing.stream.kind == "websocket":
        reason = f"without pings it may be silent for {seconds(need.seconds)}"
    filled = f" ({timeout.because})" if timeout.because else ""
    return (
        f"{crossing.hop.name} cuts {what} after {seconds(timeout.value)} of silence: {setting}{filled}, and {reason}."
        f" Raise it, or send a ping at least every {ping_interval(timeout.value)}"
    )
