"""The whole ways of streams, for who wants to see them: of one path that is asked about, or of all that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec
from msgspec.structs import replace

from infralint.model import STRENGTH, Crossing, Evidence, Hint, Hop, Leg, Node, Stream, StreamKind, Trace
from infralint.project.config import Settings
from infralint.project.needs import needs
from infralint.trace.crossings import OTHERS_TAKE_IT
from infralint.trace.declared import is_about, is_named
from infralint.trace.meant import is_meant, meant_traces
from infralint.trace.paths import samples
from infralint.trace.starts import find_starts, traces_entering, traces_of_named
from infralint.trace.streams import declared_streams, hints_of, stream_at
from infralint.trace.topology import Topology
from infralint.trace.traces import few_entries

ASKED = "it was asked about"
ASK_FOR_ONE = "others here take such a request, too; --host or --from says which is meant"
KINDS: tuple[StreamKind, ...] = ("sse", "websocket")


class StreamWay(msgspec.Struct, frozen=True):
    """One way of a stream. certain: it is this way that is meant; reasons: why that is not sure. doubt: what speaks
    against there being a stream. judged: the positions of the legs that checks are asked about; None: all."""

    trace: Trace
    certain: bool = True
    reasons: tuple[str, ...] = ()
    doubt: str = ""
    judged: frozenset[int] | None = None

    @property
    def stream(self) -> Stream:
        return self.trace.stream

    def crossings(self) -> Iterator[Crossing[Hop]]:
        """The stream on each leg that is judged, as if there were no doubt that there is one: who looks at its way wants
        to know how it would fare."""
        for position, leg in enumerate(self.trace.legs):
            if self.judged is None or position in self.judged:
                certain = self.certain and self.trace.is_certain(position)
                reasons = (*self.reasons, *self.trace.reasons(position))
                yield Crossing(self.stream, leg.hop, certain, self.trace, position, reasons)


def ways_of_path(
    settings: Settings,
    topology: Topology,
    path: str,
    host: str | None = None,
    kind: StreamKind | None = None,
    fronts: Sequence[Node] = (),
) -> list[StreamWay]:
    """The ways of requests for a path. fronts: the nodes that it comes to first; none: those that clients come to.

    Declared streams keep what is declared of them; else what is known of the route itself decides its kind and needs.
    """
    streams = [
        replace(stream, path=path, host=host or stream.host)
        for stream in declared_streams(settings)
        if kind in (None, stream.kind) and is_about(stream, path, host)
    ]
    found = {kind: _sightings(topology, settings, path, host, kind, fronts) for kind in ([kind] if kind else KINDS)}
    streams = streams or list(_of_the_route(settings, found, path, host))
    return [way for stream in streams for way in ways_of_stream(topology, stream, fronts)]


def ways_of_stream(topology: Topology, stream: Stream, fronts: Sequence[Node] = ()) -> list[StreamWay]:
    """The ways of a stream from the nodes that clients come to; from whichever node serves it, where none of these does."""
    is_asked = stream.evidence.kind != "declared" or stream.evidence.because.startswith(ASKED)
    if fronts:
        return _meant(topology, _from_nodes(topology, stream, fronts), is_asked)
    traces = _from_nodes(topology, stream, find_starts(topology, stream))
    if stream.hops:
        named = [trace for trace in traces if any(is_named(leg.hop, stream.hops) for leg in trace.legs)]
        return [StreamWay(trace) for trace in _longest(named)]
    return _meant(topology, traces, is_asked)


def all_ways(topology: Topology, settings: Settings, crossings: Iterable[Crossing[Hop]]) -> list[StreamWay]:
    """The ways of every stream that is known. crossings: as they are judged."""
    ways = [way for stream in declared_streams(settings) for way in ways_of_stream(topology, stream)]
    declared = {stream.identity for stream in declared_streams(settings)}
    return ways + [way for way in _of_crossings(crossings) if way.stream.identity not in declared]


def _from_nodes(topology: Topology, stream: Stream, nodes: Sequence[Node]) -> list[Trace]:
    """The distinct ways from each of the nodes."""
    found: dict[object, Trace] = {}
    for node in few_entries(topology, nodes):
        entering = traces_entering(topology, stream, samples(stream.path), node)
        for trace in (*chain.from_iterable(entering), *traces_of_named(topology, stream, node, entering)):
            found.setdefault(way_identity(trace), trace)
    return list(found.values())


def way_identity(trace: Trace) -> object:
    """What tells one way from another: its hops, and where it ends."""
    ending = trace.ending
    answer = (ending.node, ending.answer and (ending.answer.value, ending.answer.where)) if ending else None
    return tuple(id(leg.hop) for leg in trace.legs), trace.end, answer


def _meant(topology: Topology, traces: Sequence[Trace], is_asked: bool) -> list[StreamWay]:
    """The ways that may be meant, those through a hop, where there are such; where several entries take the request, one
    that takes whatever comes need not be. is_asked: the path was asked about, and nobody declared it."""
    traces = meant_traces(topology, traces)
    traces = _longest([trace for trace in traces if trace.legs]) or traces
    entries = {trace.legs[0].node for trace in traces if trace.legs}
    return [
        StreamWay(trace)
        if len(entries) < 2 or not trace.legs or is_meant(topology, trace)
        else StreamWay(trace, False, (ASK_FOR_ONE if is_asked else OTHERS_TAKE_IT,))
        for trace in traces
    ]


Sighting = tuple[Leg, Hint]


def _sightings(
    topology: Topology, settings: Settings, path: str, host: str | None, kind: StreamKind, fronts: Sequence[Node]
) -> list[Sighting]:
    """What the hops give away that a request for a path would pass."""
    silence, duration, heartbeat = needs(settings)
    asked = Stream(kind, path, Evidence("declared", ASKED), silence, duration, host, heartbeat=heartbeat)
    legs = [leg for way in ways_of_stream(topology, asked, fronts) for leg in way.trace.legs]
    distinct = {id(leg.hop): leg for leg in legs}.values()
    return [
        (leg, hint)
        for leg in distinct
        for hint in hints_of(leg.hop)
        if hint.kind == kind and (leg.hop.origin or not hint.path or hint.path == leg.inbound.path)
    ]


def _of_the_route(
    settings: Settings, found: dict[StreamKind, list[Sighting]], path: str, host: str | None
) -> Iterator[Stream]:
    """The streams of a path: of each kind that something speaks of, else an SSE stream; what only a name says is asked."""
    spoken = [kind for kind, hints in found.items() if any(not hint.handshake_only for _, hint in hints)]
    for kind in spoken or ([*found] if len(found) == 1 else ["sse"]):
        best = min(found[kind], key=lambda sighting: _rank(sighting[1]), default=None)
        yield _asked_stream(settings, kind, best, path, host)


def _rank(hint: Hint) -> tuple[bool, int, bool]:
    return hint.handshake_only, STRENGTH.index(hint.evidence.kind), hint.heartbeat is None


def _asked_stream(settings: Settings, kind: StreamKind, best: Sighting | None, path: str, host: str | None) -> Stream:
    if best is None or best[1].handshake_only:
        silence, duration, heartbeat = needs(settings)
        sticky = settings.require_sticky
        return Stream(
            kind, path, Evidence("declared", ASKED), silence, duration, host, heartbeat=heartbeat, sticky=sticky
        )
    leg, hint = best
    stream = stream_at(settings, leg.hop, hint)
    evidence = hint.evidence if hint.evidence.certain else Evidence("declared", f"{ASKED}, and {hint.evidence.because}")
    return replace(stream, path=path, host=host, evidence=evidence)


def _of_crossings(crossings: Iterable[Crossing[Hop]]) -> Iterator[StreamWay]:
    """The ways that crossings lie on, the longest ones, each stream by itself."""
    streams: dict[int, list[Crossing[Hop]]] = {}
    for crossing in crossings:
        streams.setdefault(id(crossing.stream), []).append(crossing)
    for group in streams.values():
        passed = {id(crossing.hop): crossing for crossing in group}
        traces = {id(crossing.trace): crossing.trace for crossing in group}
        for trace in _longest(list(traces.values())):
            positions = frozenset(at for at, leg in enumerate(trace.legs) if id(leg.hop) in passed)
            sighted = passed.get(id(trace.legs[trace.anchor].hop), group[0])
            whole = all(passed[id(trace.legs[at].hop)].certain == trace.is_certain(at) for at in positions)
            reasons = () if whole else sighted.reasons
            yield StreamWay(trace, whole, reasons, sighted.doubt, positions)


def _longest(traces: Sequence[Trace]) -> list[Trace]:
    """The traces that are not the rest of another one, which begins further out."""
    kept: list[Trace] = []
    rests: set[tuple[int, ...]] = set()
    for trace in sorted(traces, key=lambda trace: -len(trace.legs)):
        hops = tuple(id(leg.hop) for leg in trace.legs)
        if hops not in rests:
            kept.append(trace)
            rests |= {hops[at:] for at in range(len(hops))}
    return kept
