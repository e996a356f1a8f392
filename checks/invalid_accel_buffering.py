from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Severity, check

HEADER = "x-accel-buffering"


@check
def invalid_accel_buffering(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """`X-Accel-Buffering` is sent with a value that nginx does not know, and does nothing."""
    is_heard = crossing.hop.origin or bool(crossing.in_front)
    if crossing.stream.kind == "websocket" or not is_heard:
        return
    header = crossing.sent.headers.get(HEADER)
    if not isinstance(header, Known) or header == crossing.leg.arriving.headers.get(HEADER):
        return
    if not header.value or header.value.lower() in ("yes", "no"):
        return
    severity: Severity = "warning" if _is_held(crossing) else "note"
    message = (
        f"{crossing.hop.name} sends `X-Accel-Buffering: {header.value}`, which does nothing: nginx knows `no` and `yes`"
        " alone, and buffers as if the header were not there"
    )
    yield Finding(severity, header, message, "X-Accel-Buffering: no")


def _is_held(crossing: Crossing[Hop]) -> bool:
    """Whether a hop in front buffers, which the header was to prevent."""
    buffering_in_front = (leg.hop.buffering_of(leg.arriving, leg.inbound) for leg in crossing.in_front)
    return any(isinstance(buffering, Known) and buffering.value != "never" for buffering in buffering_in_front)
