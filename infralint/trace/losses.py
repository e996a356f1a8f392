"""Requests of a stream that a node on its way may answer by itself, though nothing means to turn their clients away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infralint.model import Crossing, Hop, Trace, Unknown


def find_losses(crossed: Iterable[Crossing[Hop]]) -> Iterator[Unknown]:
    """What nobody can tell of the requests of streams."""
    traces = {id(crossing.trace): crossing.trace for crossing in crossed if not crossing.doubt}
    yield from dict.fromkeys(loss for trace in traces.values() for _, loss in losses_of(trace))


def losses_of(trace: Trace) -> Iterator[tuple[int, Unknown]]:
    """Why requests of a stream that surely exists may not come through a hop on its way, each with its position."""
    if trace.stream.evidence.kind in ("declared", "source") and not trace.stream.handshake_only:
        for position, leg in enumerate(trace.legs):
            if leg.match.loss is not None:
                yield position, leg.match.loss
