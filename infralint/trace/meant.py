"""Which of several entries a stream is meant for: what is called as its host, or what the user says that clients come to
first, before what takes whatever comes."""

from __future__ import annotations

from collections.abc import Sequence

from infralint.model import STRONG, Node, Trace
from infralint.text.globs import matches_text
from infralint.trace.topology import Topology


def is_meant(topology: Topology, trace: Trace) -> bool:
    """Whether the entry of a way speaks of the stream's very host or path, rather than taking whatever comes."""
    return is_of_its_host(topology, trace) or any(path.strip("/*^~= ") for path in trace.legs[0].hop.paths)


def is_of_its_host(topology: Topology, trace: Trace) -> bool:
    """Whether the entry of a way is called as the host that is asked for, by itself or by a DNS record."""
    host, node = trace.stream.host, entry_of(topology, trace)
    return host is not None and (
        host in trace.legs[0].hop.hosts or (node is not None and host.lower() in node.known_as)
    )


def meant_traces(topology: Topology, traces: Sequence[Trace]) -> list[Trace]:
    """The ways but those by entries that are not meant, where another one is called as the host that is asked for, or
    begins a chain or is an entry by what the user says: ways that end before any hop, and all of them where none is, stay."""
    named = [trace for trace in traces if trace.legs and is_of_its_host(topology, trace)]
    rivals = traces
    if not named:
        named = [trace for trace in traces if trace.legs and topology.begins_by_declaration(entry_of(topology, trace))]
        # What comes to the very code is a way of it, whatever else the user names.
        rivals = [trace for trace in traces if trace.legs and trace.end != "origin" and not is_meant(topology, trace)]
    nodes = list({id(node): node for trace in named if (node := entry_of(topology, trace)) is not None}.values())
    outdone = {
        id(trace)
        for trace in rivals
        if nodes and trace.legs and entry_of(topology, trace) not in nodes and _is_outdone(topology, trace, nodes)
    }
    return [trace for trace in traces if id(trace) not in outdone]


def entry_of(topology: Topology, trace: Trace) -> Node | None:
    """The node by which a way enters."""
    return topology.node_of(trace.legs[0].hop) if trace.legs else None


def _is_outdone(topology: Topology, trace: Trace, named: Sequence[Node]) -> bool:
    """Whether a way begins elsewhere than a request for its host does. named: the nodes that are called as the host, or that
    the user names.

    What takes whatever comes may still stand in front of those: not where clients reach one of them from outside by its
    name, not as a load balancer inside of a network that nothing links to them, and not where all that it dials stands
    elsewhere.
    """
    if is_of_its_host(topology, trace):
        return False
    if _is_of_other_hosts(trace):
        return True
    passed = [leg for leg in trace.legs if topology.node_of(leg.hop) in named]
    if _is_internal_balancer(topology, trace):
        return not any(leg.basis in STRONG for leg in passed)
    if passed:
        return False
    if any(node.published for node in named):
        return True
    return not any(_may_lead_to(topology, trace, node) for node in named)


def _is_of_other_hosts(trace: Trace) -> bool:
    """Whether the entry of a way is called otherwise than the host that is asked for."""
    host, names = trace.stream.host, trace.legs[0].hop.hosts
    return (
        host is not None
        and bool(names)
        and all(name[:1].isalnum() and "." in name and not matches_text(host.lower(), name.lower()) for name in names)
    )


def _is_internal_balancer(topology: Topology, trace: Trace) -> bool:
    node = entry_of(topology, trace)
    return node is not None and not node.published and trace.legs[0].hop.kind == "load balancer"


def _may_lead_to(topology: Topology, trace: Trace, node: Node) -> bool:
    """Whether what is sent on at the end of a way may arrive at a node."""
    sent = trace.legs[-1].outbound
    if trace.end == "origin" or sent is None:
        return False
    targets = sent.pool.targets
    return not targets or any(topology.may_listen(node, target.port) for target in targets)
