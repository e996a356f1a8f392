"""Ways through ports of services that lead to ports on which nothing is known to listen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from infralint.model import Crossing, Hop, Leg, LostPort, Node, Trace, Unknown
from infralint.text.wording import listing
from infralint.trace.links import host_of
from infralint.trace.topology import Topology


def find_lost_ports(topology: Topology, crossed: Iterable[Crossing[Hop]]) -> Iterator[Unknown]:
    """What nobody can tell of the ports that streams pass."""
    traces = {id(crossing.trace): crossing.trace for crossing in crossed if not crossing.doubt}
    found = (unknown for trace in traces.values() for _, unknown in lost_ports_of(topology, trace))
    yield from dict.fromkeys(found)


def lost_ports_of(topology: Topology, trace: Trace) -> Iterator[tuple[int, Unknown]]:
    """The ports of services through which a way leads, and behind which nothing that was read surely listens, each with
    the position of the hop that dials it."""
    for position, (leg, behind) in enumerate(pairwise(trace.legs)):
        node = topology.node_of(behind.hop)
        if node is not None:
            for name, lost in _dialled_lost(topology, leg, node):
                yield position, _describe(name, lost, node)


def _dialled_lost(topology: Topology, leg: Leg, node: Node) -> Iterator[tuple[str, LostPort]]:
    """The lost ports of the services of a node that a hop dials, each with its service; where several services of one
    name lead to a node, one that finds its port is enough."""
    place = topology.placements.of(node)
    if leg.outbound is None or place is None or not any(service.lost for service in place.services):
        return
    listened = {str(address.port) for address in node.listens}
    for target in leg.outbound.pool.targets:
        services = place.services_by_name.get(host_of(target), ())
        lost = [(service.name, port) for service in services for port in service.lost if port.port == target.port]
        if len(lost) == len(services):
            yield from [(name, port) for name, port in lost[:1] if port.target not in listened]


def _describe(name: str, lost: LostPort, node: Node) -> Unknown:
    named = listing(tuple(map(str, lost.named)))
    write = f"write `targetPort: {lost.named[0]}`" if lost.named else "name that port under `ports:` of the container"
    if lost.target.isdecimal():
        why = f"Service {name} sends what comes to port {lost.port} on to port {lost.target}, and its pods name {named} alone"
        remedy = f"{write}, or name {lost.target} under `ports:` of the container that listens there"
        return Unknown(lost.where, "targetPort", f"{why}: whether {node.name} listens there is not known", remedy)
    why = f"Service {name} sends what comes to port {lost.port} on to a port called {lost.target}"
    nobody = f"no container of its pods has a port of that name, so that it leads nowhere and {node.name} gets nothing"
    return Unknown(lost.where, "targetPort", f"{why}, and {nobody}", write)
