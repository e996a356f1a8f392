"""Where streams may begin: the nodes that their clients come to first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from msgspec.structs import replace

from infralint.model import Address, Match, Need, Node, Request, Stream, Trace, is_chosen
from infralint.trace.paths import find_under, is_pattern, samples, stands_for, written_paths
from infralint.trace.topology import Topology
from infralint.trace.traces import FEW, PER_LEG, are_many, few_entries, traces_from, traces_through


def find_starts(topology: Topology, stream: Stream) -> list[Node]:
    """The nodes that a stream may come to first: the entries; the others, where no entry takes it or surely answers it.

    Where clients reach one that takes it, they come to none that a deployment keeps inside.
    """
    entries, paths = topology.entry_nodes, samples(stream.path)
    open_to_all = topology.open_entries
    if len(open_to_all) < len(entries) and any(
        match.hop is not None
        for node in few_entries(topology, open_to_all)
        for match in matches_at(topology, node, stream, paths)
    ):
        return open_to_all
    for node in few_entries(topology, entries):
        for match in matches_at(topology, node, stream, paths):
            if match.hop is not None or (match.answer is not None and match.certain):
                return entries
    return topology.inner_nodes or entries


def matches_at(topology: Topology, node: Node, stream: Stream, paths: Sequence[str]) -> Iterator[Match]:
    """What becomes of a stream's requests, for these paths, at a node that they come to first."""
    for path in paths:
        topology.hops_asked += 1
        yield from node.route(request_for(stream, path, topology.entry_address(node)))


def request_for(stream: Stream, path: str, to: Address | None = None) -> Request:
    """A stream's request for a path. to: where it arrives; None where nobody knows."""
    return Request(stream.kind, path, stream.host, to, methods=stream.methods)


def traces_entering(topology: Topology, stream: Stream, paths: Sequence[str], node: Node) -> list[list[Trace]]:
    """The ways of a stream's requests, for each of these paths, that come to a node first."""
    address = topology.entry_address(node)
    requests = [request_for(stream, path, address) for path in paths]
    return [[*map(_with_pings_of_origin, traces_from(topology, stream, node, request))] for request in requests]


def traces_of_named(
    topology: Topology, stream: Stream, node: Node, known: Sequence[Sequence[Trace]]
) -> Iterator[Trace]:
    """The ways of a declared stream that come to a node first, by the paths that some hop is written for and that its glob
    or expression stands for, too: `/v1/*` means `location = /v1/chat` as well. None that ends at code that streams nothing.
    known: the ways of other paths of it."""
    if not is_pattern(stream.path):
        return
    direct = find_under(stream.path, topology.written_paths(stream.kind))
    paths = dict.fromkeys(chain(direct, _paths_before(topology, stream, known)))
    for number, path in enumerate(paths):
        if number >= FEW and are_many(topology):
            topology.ways_left_out[node] = None
            return
        for traces in traces_entering(topology, stream, [path], node):
            yield from (trace for trace in traces if trace.ending is None or not trace.ending.is_silent)


def _paths_before(topology: Topology, stream: Stream, known: Sequence[Sequence[Trace]]) -> Iterator[str]:
    """The paths that clients ask for so that what is left of them, once a hop rewrote it, is one that a hop behind is written
    for: `/api/v1/chat`, where `location /api/` takes its own path away and `location = /v1/chat` stands behind it."""
    traces = [trace for traces in known for trace in traces if trace.legs]
    passed = {id(leg.hop) for trace in traces for leg in trace.legs}
    for behind in dict.fromkeys(node for trace in traces for node in _nodes_behind_rewrites(topology, trace)):
        for hop in (hop for hop in behind.hops if id(hop) not in passed and not are_many(topology)):
            for path in written_paths(hop):
                topology.hops_asked += PER_LEG
                for trace in traces_through(topology, stream, behind, hop, request_for(stream, path)):
                    asked = trace.legs[0].inbound.path
                    if stands_for(stream.path, asked):
                        yield asked


def _nodes_behind_rewrites(topology: Topology, trace: Trace) -> Iterator[Node]:
    """The nodes on a way that get another path than clients ask for."""
    asked = trace.legs[0].inbound.path
    nodes = [topology.node_of(leg.hop) for leg in trace.legs if leg.inbound.path != asked]
    if trace.ending is not None and trace.ending.request.path != asked:
        nodes.append(topology.node_called(trace.ending.node))
    yield from filter(None, nodes)


def _with_pings_of_origin(trace: Trace) -> Trace:
    """A way with the pings of the code that it ends at, the rarest where there are several: code that a name leads to, or
    that has the very route. That there is no other code is not enough, and what the user says of pings or silence counts
    before that.
    """
    stream, legs = trace.stream, trace.legs
    if stream.heartbeat is not None or stream.longest_silence.exact or not legs or not legs[-1].hop.origin:
        return trace
    origin = legs[-1].hop
    is_named = all(leg.basis != "the only one" for leg in legs) or any(path.strip("/*") for path in origin.paths)
    pings = [hint.heartbeat for hint in origin.hints if hint.kind == stream.kind and hint.heartbeat]
    if not pings or not is_named or not is_chosen(legs, 0, len(legs) - 1):
        return trace
    known = max(pings)
    return replace(trace, stream=replace(stream, longest_silence=Need(2 * known), heartbeat=known))
