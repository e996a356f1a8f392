"""Requests of a stream that may not come through a hop on its way, though nothing means to turn their clients away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infralint.model import Crossing, Hop, Trace, Unknown, is_linked
from infralint.trace.declared import is_named


def find_losses(crossed: Iterable[Crossing[Hop]]) -> Iterator[Unknown]:
    """What nobody can tell of the requests of streams."""
    traces = {id(crossing.trace): crossing.trace for crossing in crossed if not crossing.doubt}
    yield from dict.fromkeys(loss for trace in traces.values() for _, loss in losses_of(trace))


def losses_of(trace: Trace) -> Iterator[tuple[int, Unknown]]:
    """Why requests of a stream that surely exists may not come through a hop on its way, each with its position; of a hop
    that the stream is declared to go through they surely do."""
    stream = trace.stream
    if stream.evidence.kind not in ("declared", "source") or stream.handshake_only:
        return
    for position, leg in enumerate(trace.legs):
        loss = leg.match.loss
        if loss is not None and is_linked(trace.legs, *sorted((position, trace.anchor))):
            if not is_named(leg.hop, stream.hops):
                yield position, loss
