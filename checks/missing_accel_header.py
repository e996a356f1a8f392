from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from infralint import ApplicationRoute, Crossing, Finding, Known, Leg, check

EVENTS = "text/event-stream"
HEADER = "X-Accel-Buffering"


@check
def missing_accel_header(crossing: Crossing[ApplicationRoute]) -> Iterator[Finding]:
    """A route sends events without `X-Accel-Buffering: no`, so that one setting of a proxy is all that lets them pass."""
    hop = crossing.hop
    is_raw = (hop.content_type or "").startswith(EVENTS) and HEADER.lower() not in hop.headers
    if crossing.stream.kind == "websocket" or not is_raw or hop.names_accel:
        return
    if crossing.stream.evidence.kind == "name":
        return  # nobody here can change a product's code, or knows what it sends
    if not all(_passes(leg) for leg in crossing.in_front):
        return
    sure = [leg for at, leg in enumerate(crossing.in_front) if crossing.trace.is_certain(at) and _would_obey(leg)]
    for leg in sure[-1:]:
        switch = leg.hop.buffering_of(leg.arriving, leg.inbound)
        because = f" (`{switch.written}`)" if isinstance(switch, Known) and switch.written else ""
        message = (
            f"{hop.name} does not send `{HEADER}: no`: its events pass because {leg.hop.name} does not buffer"
            f"{because}, and are held back as soon as that is changed, or another nginx is put in front"
        )
        yield Finding("note", Known(None, hop.where, HEADER, "default"), message, f"{HEADER}: no")


def _passes(leg: Leg) -> bool:
    """Whether a hop surely does not hold the answer back; where it may, that is buffered-stream's to say."""
    buffering = leg.hop.buffering_of(leg.arriving, leg.inbound)
    return isinstance(buffering, Known) and buffering.value == "never"


def _would_obey(leg: Leg) -> bool:
    """Whether a hop does what the header says: with `yes` it would buffer."""
    asked = {**leg.arriving.headers, HEADER.lower(): Known("yes", leg.hop.where, HEADER)}
    buffering = leg.hop.buffering_of(replace(leg.arriving, headers=asked), leg.inbound)
    return isinstance(buffering, Known) and buffering.value != "never"
