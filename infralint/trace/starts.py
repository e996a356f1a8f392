"""Where streams may begin: the nodes that their clients come to first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infralint.model import Match, Node, Request, Stream, Trace
from infralint.trace.paths import samples
from infralint.trace.topology import Topology
from infralint.trace.traces import traces_from


def find_starts(topology: Topology, stream: Stream) -> list[Node]:
    """The nodes that a stream may come to first: the entries; the others, where no entry takes it or surely answers it.

    Where clients reach one that takes it, they come to none that a deployment keeps inside.
    """
    entries, paths = topology.entry_nodes, samples(stream.path)
    open_to_all = [node for node in entries if not topology.is_kept_inside(node)]
    if len(open_to_all) < len(entries) and any(
        match.hop is not None for node in open_to_all for match in matches_at(topology, node, stream, paths)
    ):
        return open_to_all
    for node in entries:
        for match in matches_at(topology, node, stream, paths):
            if match.hop is not None or (match.answer is not None and match.certain):
                return entries
    entering = {id(node) for node in entries}
    return [node for node in topology.nodes if id(node) not in entering] or entries


def matches_at(topology: Topology, node: Node, stream: Stream, paths: Sequence[str]) -> Iterator[Match]:
    """What becomes of a stream's requests, for these paths, at a node that they come to first."""
    for path in paths:
        yield from node.route(Request(stream.kind, path, stream.host, topology.entry_address(node)))


def traces_entering(topology: Topology, stream: Stream, paths: Sequence[str], node: Node) -> list[list[Trace]]:
    """The ways of a stream's requests, for each of these paths, that come to a node first."""
    address = topology.entry_address(node)
    return [traces_from(topology, stream, node, Request(stream.kind, path, stream.host, address)) for path in paths]
