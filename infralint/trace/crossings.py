"""Which streams pass which hops: what was declared, what hops give away, what is assumed, each followed along its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec.structs import replace

from infralint.model import (
    NOWHERE,
    STRONG,
    Crossing,
    Hint,
    Hop,
    Known,
    Leg,
    Node,
    Reading,
    Request,
    Stream,
    Trace,
    is_linked,
)
from infralint.project.config import Settings
from infralint.project.guard import Guard, around
from infralint.text.stream_names import names_store
from infralint.trace.declared import DeclaredWays, follow_declared, is_about, is_named
from infralint.trace.doubts import Handshakes, Reach, Witness
from infralint.trace.meant import entry_of, is_meant, is_of_its_host, meant_traces
from infralint.trace.paths import concrete_paths, samples
from infralint.trace.programs import programs
from infralint.trace.starts import request_for, traces_entering
from infralint.trace.streams import assumed_at, declared_streams, hints_of, stream_at
from infralint.trace.topology import Topology
from infralint.trace.traces import few_entries, traces_through


def crossings(
    settings: Settings,
    readings: Sequence[Reading],
    topology: Topology | None = None,
    declared: Sequence[DeclaredWays] | None = None,
    guard: Guard | None = None,
) -> list[Crossing[Hop]]:
    """Every stream on every leg of its ways. topology: what was read, where it is linked already; declared: the ways of
    the declared streams, where they were followed already; guard: of each hop, and each stream."""
    topology = topology or topology_of(readings, settings)
    declared = follow_declared(settings, topology, guard) if declared is None else declared
    found = [crossing for ways in declared for crossing in _declared_crossings(topology, ways)]
    if settings.streams == []:
        return []
    hinted = [*_of_clients(topology, readings, guard), *_hinted_crossings(settings, topology, guard)]
    witness = Witness(topology, hinted, any("sse" in reading.mentions for reading in readings))
    hinted = list(_weigh_all(witness, topology, hinted, guard))
    if settings.streams is not None:
        hinted = list(_not_declared(settings, hinted, found))
    found += hinted
    if settings.streams is None and settings.assume != "off":
        found += _assumed_crossings(settings, topology, witness, found)
    return found


def _weigh_all(
    witness: Witness, topology: Topology, hinted: Sequence[Crossing[Hop]], guard: Guard | None
) -> Iterator[Crossing[Hop]]:
    """The crossings that the code does not know better, each with what speaks against it."""
    reach = Reach(topology)
    kept: list[Crossing[Hop]] = []
    for crossing in hinted:
        with around(guard, crossing.hop.where):
            if not witness.knows_better(crossing):
                kept.append(witness.weigh(crossing))
    handshakes = Handshakes(kept)
    for crossing in kept:
        with around(guard, crossing.hop.where):
            yield handshakes.weigh(reach.weigh(crossing))


def _not_declared(
    settings: Settings, hinted: Iterable[Crossing[Hop]], declared: Iterable[Crossing[Hop]]
) -> Iterator[Crossing[Hop]]:
    """What is certain beside the declared streams: other streams of the code; what a configuration says only of hops
    that none of those passes. What is declared for some hops is meant there alone."""
    streams: dict[int, list[Stream]] = {}
    for crossing in declared:
        streams.setdefault(id(crossing.hop), []).append(crossing.stream)
    limited = [stream for stream in declared_streams(settings) if stream.hops]
    for crossing in hinted:
        known, asked = streams.get(id(crossing.hop), []), crossing.trace.stream_as_asked
        is_new = not known and id(crossing.trace.legs[crossing.trace.anchor].hop) not in streams
        if crossing.stream.evidence.kind == "source":
            # A stream that is declared for its very code is meant on the whole way there.
            route = crossing.trace.legs[-1].hop
            elsewhere = (stream for stream in limited if not is_named(route, stream.hops))
            is_new = not any(
                stream.kind == asked.kind and is_about(stream, asked.path, asked.host)
                for stream in (*known, *elsewhere)
            )
        if crossing.stream.evidence.certain and is_new:
            yield crossing


def topology_of(readings: Sequence[Reading], settings: Settings | None = None) -> Topology:
    """Every node and service that was read, linked. settings: what the user says of chains and entries."""
    nodes = programs(node for reading in readings for node in reading.nodes)
    services = [service for reading in readings for service in reading.services]
    return Topology(nodes, services, settings.chains, settings.entries) if settings else Topology(nodes, services)


def _declared_crossings(topology: Topology, ways: DeclaredWays) -> list[Crossing[Hop]]:
    """A declared stream from every node that it may come to first."""
    entering = map(_cross, ways.entering, ways.named)
    found = _tell_apart(topology, list(entering), ways.complete)
    if not ways.stream.hops:
        return found
    return [replace(crossing, certain=True) for crossing in found if is_named(crossing.hop, ways.stream.hops)]


def _tell_apart(
    topology: Topology, entering: Iterable[Sequence[Crossing[Hop]]], complete: bool = True
) -> list[Crossing[Hop]]:
    """The crossings of all entries; where several take the stream, one that takes whatever comes may not be meant.

    An entry that stands behind another one on the stream's way is no other; nor is any other hop of it, unless clients
    reach it from outside. What speaks of the stream's host is meant before what speaks of its path. complete: all that may
    take it were asked.
    """
    taking = [crossings for crossings in entering if crossings]
    meant = {id(trace) for trace in meant_traces(topology, [crossings[0].trace for crossings in taking])}
    taking = [crossings for crossings in taking if id(crossings[0].trace) in meant]
    inner = {id(crossing.hop) for crossings in taking for crossing in crossings if crossing.position}
    behind = {id(node) for crossings in taking for node in _nodes_behind(topology, crossings)}
    first = [
        crossings
        for crossings in taking
        if id(crossings[0].trace.legs[0].hop) not in inner and id(entry_of(topology, crossings[0].trace)) not in behind
    ] or taking
    of_the_host = {id(crossings) for crossings in first if is_of_its_host(topology, crossings[0].trace)}
    sure = {id(crossings) for crossings in first} if len(first) == 1 else set()
    eligible = of_the_host or {id(crossings) for crossings in first}
    if not complete:
        sure, eligible = set(), set()
    return [
        crossing
        if id(crossings) in sure or (id(crossings) in eligible and is_meant(topology, crossing.trace))
        else replace(crossing, certain=False, reasons=(*crossing.reasons, OTHERS_TAKE_IT))
        for crossings in first
        for crossing in crossings
    ]


def _nodes_behind(topology: Topology, crossings: Sequence[Crossing[Hop]]) -> Iterator[Node]:
    """The nodes that a stream passes behind the one that it enters by, as far as no client reaches them from outside."""
    entry = entry_of(topology, crossings[0].trace)
    for crossing in crossings:
        node = topology.node_of(crossing.hop)
        if node is not None and node is not entry and not topology.is_published(node):
            yield node


OTHERS_TAKE_IT = "others here take such a request, too; `host:` or `hops:` of the declared stream say which is meant"


def _cross(found: Sequence[Sequence[Trace]], named: Sequence[Trace] = ()) -> list[Crossing[Hop]]:
    """What a stream passes that comes to a node first, by the traces of each of its paths; certain where every request of
    it would. named: those of paths that hops are written for; where other paths of it come to other hops, it need not mean
    these."""
    ways = [list(_each_hop_once(_on_legs(trace) for trace in traces if trace.legs)) for traces in found]
    sure = [{id(crossing.hop) for crossing in way if crossing.certain} for way in ways]
    together = list(_each_hop_once(ways))
    passed = {id(crossing.hop) for crossing in together}
    beside = _each_hop_once(_on_legs(trace) for trace in named if trace.legs)
    return [
        *(
            crossing if all(id(crossing.hop) in hops for hops in sure) else replace(crossing, certain=False)
            for crossing in together
        ),
        *(
            replace(crossing, certain=crossing.certain and not together)
            for crossing in beside
            if id(crossing.hop) not in passed
        ),
    ]


def _each_hop_once(groups: Iterable[Iterable[Crossing[Hop]]]) -> Iterator[Crossing[Hop]]:
    """One crossing a hop, and for each answer that may come back to it: a certain one before a possible one, one that is
    served before others, the longest way first."""
    every = list(chain.from_iterable(groups))
    if len(every) == 1:
        return iter(every)
    best: dict[object, Crossing[Hop]] = {}
    for crossing in every:
        key = id(crossing.hop), _answer_of(crossing.leg)
        known = best.get(key)
        if known is None or _weight(crossing) > _weight(known):
            best[key] = crossing
    return iter(best.values())


def _answer_of(leg: Leg) -> frozenset[tuple[str, str | None]]:
    """The headers of the response that comes back to a hop, as far as they are known."""
    headers = leg.arriving.headers.items()
    return frozenset((name, value.value if isinstance(value, Known) else None) for name, value in headers)


def _weight(crossing: Crossing[Hop]) -> tuple[bool, bool, int]:
    return crossing.certain, not crossing.trace.is_dead_end, len(crossing.trace.legs)


def _on_legs(trace: Trace) -> Iterator[Crossing[Hop]]:
    """A crossing a leg of a way."""
    for position, leg in enumerate(trace.legs):
        yield Crossing(trace.stream, leg.hop, trace.is_certain(position), trace, position, trace.reasons(position))


def _of_clients(topology: Topology, readings: Sequence[Reading], guard: Guard | None) -> Iterator[Crossing[Hop]]:
    """Streams that clients of the project open, from the proxies that they come to first."""
    apart = {id(node) for reading in readings if reading.apart for node in reading.nodes}
    passing = {id(node) for node in topology.nodes if node.folder is None or not all(hop.origin for hop in node.hops)}
    entries = [node for node in topology.entry_nodes if id(node) in passing]
    deployments = [[node for node in entries if (id(node) in apart) is is_apart] for is_apart in (False, True)]
    for stream in (stream for reading in readings for stream in reading.streams):
        if stream.path.startswith("**"):
            continue
        found: list[Crossing[Hop]] = []
        with around(guard, stream.evidence.where or NOWHERE):
            for proxies in deployments:
                found += _opened_through(topology, stream, proxies)
        yield from found


def _opened_through(topology: Topology, stream: Stream, proxies: Sequence[Node]) -> Iterator[Crossing[Hop]]:
    """A client's stream through the proxies that it may come to first."""
    paths = samples(stream.path)
    asked = proxies if stream.host is None else [node for node in proxies if stream.host in node.known_as]
    followed = few_entries(topology, asked)
    entering = (traces_entering(topology, stream, paths, node) for node in followed)
    found = _tell_apart(topology, [_cross(traces) for traces in entering], len(followed) == len(asked))
    yield from (crossing for crossing in found if len(asked) == 1 or is_meant(topology, crossing.trace))


def _hinted_crossings(settings: Settings, topology: Topology, guard: Guard | None) -> Iterator[Crossing[Hop]]:
    """Streams that hops give away: certain there, and carried along the ways that lead through them."""
    for node in topology.nodes:
        for hop in node.hops:
            found: list[Crossing[Hop]] = []
            with around(guard, hop.where):
                for hint in hints_of(hop):
                    found += _along(topology, stream_at(settings, hop, hint), node, hop, hint)
            yield from found


def _along(topology: Topology, stream: Stream, node: Node, hop: Hop, hint: Hint) -> Iterator[Crossing[Hop]]:
    """The crossings of a stream that was sighted at a hop.

    Headers that a handshake needs, and a name, speak of their own hop; a name also of what firmly stands
    before or behind it. What the configuration of a catch-all says is about some stream below it, which need not
    go on where anything else would: it speaks of what stands before.
    """
    if hint.path.startswith("**"):
        yield from _along_whatever_leads_there(topology, stream, node, hop)
        return
    for traces in _ways_of(topology, stream, node, hop, hint):
        found = list(_each_hop_once(_on_legs(trace) for trace in traces))
        crossing_of_hop = next(crossing for crossing in found if crossing.hop is hop)
        yield crossing_of_hop
        if stream.handshake_only:
            continue
        firm = stream.evidence.certain
        only_before = stream.evidence.kind == "config" and hop.assumable and not hint.path
        yield from (
            crossing
            for crossing in found
            if crossing is not crossing_of_hop
            and (firm or _is_firmly_linked(crossing))
            and not (only_before and crossing.position > crossing.trace.anchor)
        )


_PARAMETERS = ("x", "1", "0b3e1c52-8f6d-4c1f-9a57-2d8e4f6a7b90")
"""What may stand for a parameter of a path: a word, a number, a UUID."""


def _ways_of(topology: Topology, stream: Stream, node: Node, hop: Hop, hint: Hint) -> Iterator[list[Trace]]:
    """The ways of the requests that a hint stands for.

    Where locations tell words from numbers, a location that is written for one of them is written for this route:
    `/tasks/*/stream` passes `~ ^/tasks/[0-9]+/stream$`, and not the catch-all around it.
    """

    def ways(path: str) -> list[Trace]:
        return traces_through(topology, stream, node, hop, request_for(stream, path))

    paths = concrete_paths(hop, hint) or ["/"]
    if "*" in hint.path and "**" not in hint.path and topology.tells_words_apart:
        each = [ways(hint.path.replace("*", word)) for word in _PARAMETERS]
        yield min(each, key=lambda traces: sum(leg.hop.assumable for trace in traces for leg in trace.legs))
    else:
        yield from map(ways, paths)


def _along_whatever_leads_there(topology: Topology, stream: Stream, node: Node, hop: Hop) -> Iterator[Crossing[Hop]]:
    """A stream of which only the end of its path is known: past the hops that would lead that very path to its route,
    else past the hop that sends all to its node, if there is one; by itself where nothing dials its node."""
    found = [
        trace
        for path in samples(stream.path.removeprefix("**"))
        for trace in traces_through(topology, stream, node, hop, request_for(stream, path))
    ]
    fronts = {id(dialler.hop): dialler for dialler in topology.diallers(node)}
    traces = [trace for trace in found if trace.anchor or not fronts]
    if not traces and len(fronts) == 1:
        [front] = fronts.values()
        for path in concrete_paths(front.hop)[:1] or ["/"]:
            traces += traces_through(topology, stream, front.node, front.hop, request_for(stream, path))
    for crossing in _each_hop_once(_on_legs(trace) for trace in traces):
        yield replace(crossing, certain=False, reasons=(*crossing.reasons, "the whole path of the route is not known"))


def _is_firmly_linked(crossing: Crossing[Hop]) -> bool:
    return is_linked(crossing.trace.legs, *sorted((crossing.position, crossing.trace.anchor)))


def _assumed_crossings(
    settings: Settings, topology: Topology, witness: Witness, known: Sequence[Crossing[Hop]]
) -> Iterator[Crossing[Hop]]:
    """Catch-alls in scopes of which nothing better is known, unless what is behind them is known to stream nothing: its
    code was read, or it is named after a product that does not."""
    known_scopes = {
        crossing.hop.scope
        for crossing in known
        if crossing.stream.evidence.certain and not crossing.stream.handshake_only and _is_known_here(crossing)
    }
    named = {id(crossing.hop) for crossing in known if not crossing.stream.handshake_only}
    for node in topology.nodes:
        for hop in node.hops:
            if not hop.assumable or names_store(hop.upstream):
                continue
            if hop.scope not in known_scopes and id(hop) not in named:
                link = witness.against_any(hop, node)
                if link is not None and link.basis in STRONG:
                    continue
                stream = assumed_at(settings, hop)
                for path in concrete_paths(hop)[:1] or ["/"]:
                    traces = traces_through(topology, stream, node, hop, Request("sse", path, stream.host))
                    trace = max(traces, key=lambda trace: len(trace.legs))
                    yield Crossing(stream, hop, True, trace, trace.anchor, doubt=witness.doubt(hop, node))


def _is_known_here(crossing: Crossing[Hop]) -> bool:
    """Whether it is known what sends the stream, and not only that a client opens one."""
    return crossing.stream.evidence.kind != "source" or any(leg.hop.origin for leg in crossing.trace.legs)
