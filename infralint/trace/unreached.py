"""Routes of an application that stands behind proxies, and that none of these sends a request to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infralint.model import NOWHERE, STRONG, Crossing, Hop, Node, Request, Stream, Trace, Unknown
from infralint.text.wording import listing
from infralint.trace.paths import samples
from infralint.trace.starts import matches_at
from infralint.trace.topology import Topology
from infralint.trace.traces import few_entries

MOST_NAMED = 3
"""Paths, and hops, that are named."""


def find_unreached(topology: Topology, crossed: Iterable[Crossing[Hop]]) -> Iterator[Unknown]:
    """The applications that send streams where no client is known to come to them."""
    by_hop: dict[int, list[Crossing[Hop]]] = {}
    for crossing in crossed:
        by_hop.setdefault(id(crossing.hop), []).append(crossing)
    for node in topology.nodes:
        alone = [found[0].stream for hop in node.hops if _begin_there(found := by_hop.get(id(hop), []))]
        dialling = _dialling_elsewhere(topology, node) if alone else []
        if dialling:
            yield _describe(topology, node, alone, dialling)


def why_unreached(topology: Topology, trace: Trace) -> Unknown | None:
    """Why nobody can tell whether a stream comes to the code that sends it; None where it does, or other evidence speaks of it."""
    node = topology.node_of(trace.legs[0].hop) if trace.legs else None
    if node is None or trace.stream.evidence.kind != "source":
        return None
    dialling = _dialling_elsewhere(topology, node)
    return _describe(topology, node, [trace.stream], dialling) if dialling else None


def _dialling_elsewhere(topology: Topology, node: Node) -> list[Hop]:
    """What sends requests to an application that a deployment keeps inside, or may, where nothing surely does; none where
    clients may come to it first."""
    if node.folder is None or not topology.is_kept_inside(node):
        return []
    surely = [dialler.hop for dialler in topology.diallers(node) if dialler.basis in STRONG]
    return surely or topology.hops_to_anywhere


def _begin_there(found: list[Crossing[Hop]]) -> bool:
    """Whether streams begin their way at a route, and its code is what speaks of them."""
    return bool(found) and all(
        crossing.stream.evidence.kind == "source" and not crossing.position for crossing in found
    )


def _describe(topology: Topology, node: Node, streams: list[Stream], dialling: list[Hop]) -> Unknown:
    paths = listing(tuple(dict.fromkeys(stream.path for stream in streams)), most=MOST_NAMED)
    hops = listing(tuple(dict.fromkeys(f"{hop.name} ({hop.where})" for hop in dialling)), most=MOST_NAMED)
    otherwise = "gets other requests from" if topology.diallers(node) else "may get it by a variable of"
    why = f"nothing that was read sends {paths} to {node.name}, which publishes no port, and {otherwise} {hops}"
    reasons = (
        found for stream in streams for found in (*_redirects(topology, stream, dialling), *_slashes(stream, dialling))
    )
    answer = next(reasons, "")
    route = f"send {paths} there in a location of its own"
    if not topology.diallers(node):
        route = "declare under `streams:` the path that browsers ask for"
    remedy = f"{route}; if other clients than browsers ask for it, write `entry: [{node.name}]` into infralint.yaml"
    return Unknown(streams[0].evidence.where or NOWHERE, "streams", f"{why}{answer}", remedy)


def _redirects(topology: Topology, stream: Stream, dialling: list[Hop]) -> Iterator[str]:
    """Who sends clients elsewhere instead: `location /ws/` with a `proxy_pass` makes nginx redirect `/ws` to `/ws/`."""
    if stream.path.startswith("**"):
        return
    nodes = list(dict.fromkeys(filter(None, map(topology.node_of, dialling))))
    for node in few_entries(topology, nodes):
        for match in matches_at(topology, node, stream, samples(stream.path)):
            if match.answer is not None and match.answer.value.startswith("30"):
                follows = ", and no WebSocket follows it there" if stream.kind == "websocket" else ""
                yield f"; {node.name} answers {stream.path} with {match.answer.value}{follows}"


def _slashes(stream: Stream, dialling: list[Hop]) -> Iterator[str]:
    """Who puts one slash too many before the path: `location /api` with `proxy_pass http://app/;`."""
    doubled = f"/{stream.path}"
    for hop in dialling:
        for paths in hop.path_maps(Request(stream.kind, stream.path, hop.only_host)):
            asked = paths.inverse(doubled) if paths.inverse(stream.path) is None else None
            if asked is not None and "//" not in asked and paths.forward(asked) == doubled:
                yield f"; {hop.name} makes {doubled} of {asked}, one slash too many"
