from __future__ import annotations

from collections.abc import Iterator

from infralint import SILENCE, ApplicationRoute, Crossing, Finding, Known, Related, check, seconds

LONG = 3600.0
"""Seconds: whoever lets a stream be silent for an hour has thought of it."""


@check
def missing_heartbeat(crossing: Crossing[ApplicationRoute]) -> Iterator[Finding]:
    """A route sends no heartbeat, so that the shortest idle timeout on its way decides how long an answer may pause."""
    hop, stream = crossing.hop, crossing.stream
    if stream.kind == "websocket" or stream.heartbeat or hop.names_pings:
        return
    if stream.evidence.kind == "name":
        return  # as for a product: nobody here can change its code, or knows what it sends
    clocks = crossing.trace.clocks(*SILENCE)
    limits = [limit for _, limit in clocks if isinstance(limit, Known)]
    if len(limits) < len(clocks) or not all(map(crossing.trace.is_certain, range(len(clocks)))):
        return
    position, shortest = clocks[0]
    # A shorter one is short-idle-timeout's to say.
    if not isinstance(shortest, Known) or not stream.longest_silence.seconds <= shortest.value < LONG:
        return
    cutter = crossing.trace.legs[position].hop
    message = (
        f"{hop.name} sends no heartbeat: {cutter.name} cuts it after {seconds(shortest.value)} of silence ({shortest.phrase}),"
        " the shortest timeout on its way. A comment line every 20 s keeps it open however long the model thinks"
    )
    related = (Related(f"{cutter.name} allows {seconds(shortest.value)}", shortest.where),)
    yield Finding("note", Known(None, hop.where, "heartbeat", "default"), message, r": ping\n\n", related)
