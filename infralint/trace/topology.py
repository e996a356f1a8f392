"""Who listens where, under which names, and who dials whom. A link needs a basis; nothing else is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, wraps
from itertools import pairwise
from typing import Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    STREAM_KINDS,
    STRONG,
    Address,
    Basis,
    Hop,
    Known,
    Node,
    Pool,
    Request,
    Service,
    Setting,
    StreamKind,
)
from infralint.text.globs import find_matching, is_glob
from infralint.text.lazy import lazy
from infralint.trace.guesses import Guesses
from infralint.trace.links import AROUND_CONTAINERS, LOOPBACK, Dialler, Link, host_of, is_socket, is_together
from infralint.trace.paths import written_paths
from infralint.trace.placements import Placement, Placements, are_of_several_projects

_CLASS = lazy(r"\\d|\\w|\[[^\]^]{0,200}?[0-9a-fA-F]-[^\]]{0,200}\]")


Numbered = tuple[int, Dialler]
"""A dialler with its place among those of its node."""


class Unheard(msgspec.Struct, frozen=True):
    """The addresses of a pool at which nothing that was read listens. apart, deaf: those of which a node has the name, that
    shares no network with who dials them, or that does not listen on their port; outside: all others."""

    apart: tuple[tuple[Address, Node], ...] = ()
    deaf: tuple[tuple[Address, Node], ...] = ()
    outside: tuple[Address, ...] = ()


Dialled = TypeVar("Dialled", Pool, Address)
Found = TypeVar("Found")


def _once(find: Callable[[Topology, Dialled, Node], Found]) -> Callable[[Topology, Dialled, Node], Found]:
    """What depends on what is dialled and by a hop of which node, worked out once for each."""

    @wraps(find)
    def look_up(topology: Topology, dialled: Dialled, front: Node) -> Found:
        key, known = (find, dialled, id(front)), topology._known
        if key not in known:
            known[key] = find(topology, dialled, front)
        found: Found = known[key]
        return found

    return look_up


class Topology:
    """The nodes of a project by the names and addresses under which they are dialled.

    chains: names of nodes that the user says to stand one behind the other, the client's side first. entries: names of
    those that the user says clients come to. hops_asked: how often a hop was asked what it does with a request, or whether
    it stands in front of another one; fronts_left_out: the nodes in front of which some were not, because so many had been,
    one for each stream; ways_left_out: those from which not all ways of a stream were followed; lists_left_out: by
    identity, lists of nodes of which few are asked.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        services: Sequence[Service],
        chains: Sequence[Sequence[str]] = (),
        entries: Sequence[str] = (),
    ) -> None:
        self.nodes = nodes
        self.placements = Placements(nodes, services)
        self.chains = chains
        self.entries = entries
        self.hops_asked = 0
        self.fronts_left_out: list[Node] = []
        self.ways_left_out: dict[Node, None] = {}
        self.lists_left_out: dict[int, Sequence[Node]] = {}
        self._entries: dict[int, bool] = {}
        self._entry_addresses: dict[int, Address | None] = {}
        self._applications_of: dict[tuple[int, bool], list[Link] | None] = {}
        self._known: dict[tuple[object, Pool | Address, int], Any] = {}
        self._written_paths: dict[StreamKind, Sequence[str]] = {}
        self._named: dict[str, list[Placement]] = {}
        self._own_diallers: dict[int, tuple[list[Numbered], dict[int, list[Numbered]]]] = {}

    @cached_property
    def guesses(self) -> Guesses:
        """What may be meant where nothing says which."""
        return Guesses(self.placements, self._declared_next)

    @_once
    def links(self, pool: Pool, front: Node) -> Sequence[Link]:
        """The nodes that a pool leads to, from a hop of `front`."""
        named = [node for name in pool.references for node in self._by_reference.get(name, ())]
        found = [Link(node, "reference") for node in named if node is not front]
        for target in pool.targets:
            found += [
                link if link.to is not None else replace(link, to=target) for link in self.listening(target, front)
            ]
        if not found and not pool.targets and pool.references:
            found += self.guesses.only_other(front)
        if not found and not pool.targets and pool.placeholder:
            found += self.guesses.filled_in(front)
        together = {(id(link.node), link.to): link for link in reversed(found) if is_together(link.node, front)}
        links = list(together.values())[::-1]
        if not self.chains or any(link.basis in STRONG for link in links):
            return links
        return self._declared_behind(pool, front) or links

    @_once
    def leads_to_copies(self, pool: Pool, front: Node) -> bool:
        """Whether all that a pool dials are copies of one proxy, none of which has a backend of its own beside it."""
        links = self.links(pool, front) if len(pool.targets) > 1 else []
        nodes = {id(link.node): link.node for link in links if link.basis in STRONG}
        if len(nodes) != 1 or {link.to for link in links} != set(pool.targets):
            return False
        [node] = nodes.values()
        backends = [target for hop in node.hops for target in hop.pool.targets]
        return node.folder is None and bool(backends) and not any(map(_is_beside, backends))

    def nodes_named(self, name: str) -> list[Node]:
        """The nodes that a name, a path, a tag or a glob of these stands for, in infralint.yaml or on the command line."""
        return [place.node for place in self._places_named(name)]

    def _places_named(self, name: str) -> list[Placement]:
        wanted = name.removeprefix("./")
        if wanted not in self._named:
            places = self._called.get(wanted, [])
            self._named[wanted] = places if places or not is_glob(wanted) else self._places_like(wanted)
        return self._named[wanted]

    def _places_like(self, pattern: str) -> list[Placement]:
        likely = {id(place) for name in find_matching(self._called, pattern) for place in self._called[name]}
        return [place for place in self.placements.all if id(place) in likely]

    @cached_property
    def names(self) -> list[str]:
        """What the nodes are called."""
        return list(dict.fromkeys(node.name for node in self.nodes))

    @cached_property
    def callings(self) -> list[str]:
        """All that the nodes may be called by, their names first, for who mistypes one."""
        others = sorted(calling for callings in self._callings.values() for calling in callings)
        return list(dict.fromkeys((*self.names, *others)))

    @cached_property
    def _callings(self) -> dict[int, frozenset[str]]:
        """All that each node may be called by."""
        return {id(place.node): frozenset(_callings(place)) for place in self.placements.all}

    @cached_property
    def _called(self) -> dict[str, list[Placement]]:
        """Who is called by each name."""
        found: dict[str, list[Placement]] = {}
        for place in self.placements.all:
            for calling in self._callings[id(place.node)]:
                found.setdefault(calling, []).append(place)
        return found

    @cached_property
    def _declared_next(self) -> dict[int, list[Placement]]:
        """What the user says to stand behind each node."""
        found: dict[int, list[Placement]] = {}
        for chain in self.chains:
            for name, behind in pairwise(chain):
                followers = self._places_named(behind)
                for node in self.nodes_named(name):
                    found.setdefault(id(node), []).extend(place for place in followers if place.node is not node)
        return found

    def _declared_behind(self, pool: Pool, front: Node) -> list[Link]:
        """What the user says to stand behind a node, unless another port is dialled than it listens on."""
        places = self._declared_next.get(id(front), ())
        ports = {target.port for target in pool.targets}
        fitting = [place for place in places if not ports or any(map(place.may_answer_on, ports))]
        return list({id(place.node): Link(place.node, "declared") for place in fitting}.values())

    def contradicted_chains(self) -> Iterator[tuple[int, int, Node, Node, Address]]:
        """Where one node is said to stand behind another one that dials none of the ports it listens on: number and
        position in `chains`, both nodes, and an address that is dialled instead."""
        for number, chain in enumerate(self.chains):
            for position, (name, behind) in enumerate(pairwise(chain)):
                for front in self.nodes_named(name):
                    pools = [hop.pool for hop in front.hops]
                    targets = [target for pool in pools for target in pool.targets]
                    followers = [place for place in self._places_named(behind) if place.node is not front]
                    linked = {id(link.node) for pool in pools for link in self.links(pool, front)}
                    is_linked = any(id(place.node) in linked for place in followers)
                    if all(pool.targets for pool in pools) and targets and not is_linked:
                        fits = any(place.may_answer_on(target.port) for place in followers for target in targets)
                        if followers and not fits:
                            yield number, position + 1, front, followers[0].node, targets[0]

    def repeated_in_chains(self) -> Iterator[tuple[int, int, str, Node]]:
        """Where the next name in a chain means the same node again: number and position in `chains`, the name before, the node."""
        for number, chain in enumerate(self.chains):
            for position, (name, behind) in enumerate(pairwise(chain)):
                nodes, followers = self.nodes_named(name), self.nodes_named(behind)
                if followers and {*map(id, followers)} == {*map(id, nodes)}:
                    yield number, position + 1, name, followers[0]

    @_once
    def listening(self, address: Address, front: Node) -> list[Link]:
        """The nodes that listen on an address that a hop of `front` dials."""
        return [link for link in self._find_listening(address, front) if is_together(link.node, front)]

    def _find_listening(self, address: Address, front: Node) -> list[Link]:
        address = self._through_extra_hosts(address, front)
        host = host_of(address)
        if is_socket(host):
            there = [Link(node, "same address") for node in self.nodes if address.host in _sockets(node)]
            return there or self.guesses.only_application(None, front)
        if host in LOOPBACK:
            return self._on_this_host(address, front)
        linked = dict(link for service in self.placements.services_of(front) for link in service.links).get(host, "")
        named = self.placements.by_name(linked.lower() or host)
        if not named:
            return self.guesses.by_name(host, address.port, front)
        near = [place for place in named if is_together(place.node, front)]
        near = [place for place in near if place.groups & self.placements.groups_of(front)] or near
        near = [place for place in near if place.is_service(linked.lower() or host)] or near
        seen = {id(place): "sees" if linked else self._see_each_other(place, front, host) for place in near}
        near = [place for place in near if seen[id(place)] != "apart"]
        listening = [place for place in near if place.agrees_with(address.port)]
        listening = listening or [place for place in near if place.may_answer_on(address.port)]
        several = are_of_several_projects(listening)
        return [
            Link(
                place.node,
                "assumed" if several or seen[id(place)] == "perhaps" or place.runs_another(host) else "same address",
                place.address_behind(address),
            )
            for place in listening
        ]

    def _through_extra_hosts(self, address: Address, front: Node) -> Address:
        """The address that a name stands for which only the services of a node know."""
        host = host_of(address)
        for service in self.placements.services_of(front):
            for name, target in service.extra_hosts:
                if name.lower() == host:
                    return Address("host.docker.internal" if target == "host-gateway" else target, address.port)
        return address

    @_once
    def unheard(self, pool: Pool, front: Node) -> Unheard:
        """The addresses of a pool that a hop of `front` dials in vain, or outside of the project."""
        apart: list[tuple[Address, Node]] = []
        deaf: list[tuple[Address, Node]] = []
        outside: list[Address] = []
        for target in pool.targets:
            if self.listening(target, front):
                continue
            if (node := self._find_apart(target, front)) is not None:
                apart.append((target, node))
            elif (node := self._find_deaf(target, front)) is not None:
                deaf.append((target, node))
            else:
                outside.append(target)
        return Unheard(tuple(apart), tuple(deaf), tuple(outside))

    def _find_apart(self, address: Address, front: Node) -> Node | None:
        """A node whose name a hop of `front` dials in vain: the two are services of one project that share no network."""
        around = self.placements.services_of(front)
        if not around:
            return None
        host = host_of(address)
        called = self.placements.services_by_name(host)
        if any(_knows(other, host, service) for service in called for other in around):
            return None
        places = self.placements.by_name(host)
        return next((place.node for place in places if self._see_each_other(place, front, host) == "apart"), None)

    def _find_deaf(self, address: Address, front: Node) -> Node | None:
        """A node whose name a hop of `front` dials in vain: nothing of what is called so may listen on the port."""
        if address.port is None:
            return None
        places = [place for place in self.placements.by_name(host_of(address)) if is_together(place.node, front)]
        deaf = bool(places) and not any(place.may_answer_on(address.port) for place in places)
        return places[0].node if deaf and all(place.services for place in places) else None

    def is_service(self, name: str) -> bool:
        """Whether a deployment file has a service of that name, whether or not what it runs was read."""
        return self.placements.is_service(name)

    def _see_each_other(self, place: Placement, front: Node, host: str) -> Literal["sees", "perhaps", "apart"]:
        """Whether a name of a node is known where another one runs: the two need a network in common that knows it.

        Services of two projects may also be started as one, by several `-f` of one command.
        https://docs.docker.com/compose/how-tos/networking/
        """
        others = self.placements.services_of(front)
        if not (place.services and others):
            return "sees"
        if any(_knows(other, host, mine) for mine in place.services for other in others):
            return "sees"
        return "apart" if len(place.groups | self.placements.groups_of(front)) == 1 else "perhaps"

    def applications_behind(self, hop: Hop, node: Node, guessing: bool = False) -> list[Link]:
        """The applications that get all that a hop of `node` sends on, through whatever proxies; none where some of it may
        go elsewhere. guessing: also where it is not sure what stands behind those proxies."""
        return self._find_behind(hop, node, guessing) or []

    def _find_behind(self, hop: Hop, node: Node, guessing: bool) -> list[Link] | None:
        pool, groups = hop.pool, self._links_by_target(hop.pool, node)
        if not groups or not all(groups) or pool.reason:
            return None
        found: list[Link] = []
        for link in (link for group in groups for link in group):
            behind = [link] if link.node.folder is not None else self._behind_node(link.node, guessing)
            if behind is None:
                return None
            found += [other if link.basis in STRONG else replace(other, basis=link.basis) for other in behind]
        return found

    @_once
    def _links_by_target(self, pool: Pool, front: Node) -> Sequence[Sequence[Link]]:
        """The links to each target of a pool, and to all that it refers to."""
        groups = [self.links(Pool(targets=(target,)), front) for target in pool.targets]
        groups += [self.links(Pool(references=pool.references), front)] if pool.references else []
        return groups

    def _behind_node(self, node: Node, guessing: bool) -> list[Link] | None:
        """The applications that get all that a proxy sends on; None where some of it goes elsewhere, or round in circles."""
        key = id(node), guessing
        if key not in self._applications_of:
            self._applications_of[key] = None
            groups = [self._find_behind(hop, node, guessing) for hop in node.hops]
            links = {id(link.node): link for group in groups for link in group or ()}.values()
            is_sure = all(group is not None for group in groups)
            if links and is_sure and (guessing or all(link.basis in STRONG for link in links)):
                self._applications_of[key] = [*links]
        return self._applications_of[key]

    def diallers(self, node: Node) -> Sequence[Dialler]:
        """The hops that send requests to a node."""
        return self._diallers.get(id(node), ())

    def diallers_of(self, node: Node, hop: Hop) -> Sequence[Dialler]:
        """The hops that send requests to a node, but for those of its own that dial an address at which another of its hops
        serves."""
        if id(node) not in self._own_diallers:
            self._own_diallers[id(node)] = self._sort_diallers(node)
        others, by_hop = self._own_diallers[id(node)]
        mine = by_hop.get(id(hop))
        if mine is None:
            return [dialler for _, dialler in others] if by_hop else self.diallers(node)
        return [dialler for _, dialler in sorted((*others, *mine), key=lambda entry: entry[0])]

    def _sort_diallers(self, node: Node) -> tuple[list[Numbered], dict[int, list[Numbered]]]:
        """The diallers of a node with their numbers: those of any of its hops, and its own ones for each hop that they may mean."""
        others: list[Numbered] = []
        by_hop: dict[int, list[Numbered]] = {}
        for entry in enumerate(self.diallers(node)):
            dialler = entry[1]
            is_own = dialler.node is node and dialler.to is not None
            meant = node.hops_at(dialler.to) if is_own and dialler.to is not None else None
            if meant is None:
                others.append(entry)
            for identity in meant or ():
                by_hop.setdefault(identity, []).append(entry)
        return others, by_hop

    def dialled_addresses(self, node: Node) -> Sequence[Address]:
        """The addresses at which others, or servers of its own, dial a node."""
        return self._dialled.get(id(node), ())

    @cached_property
    def _dialled(self) -> dict[int, tuple[Address, ...]]:
        return {
            identity: tuple(dict.fromkeys(dialler.to for dialler in diallers if dialler.to is not None))
            for identity, diallers in self._diallers.items()
        }

    def is_entry(self, node: Node) -> bool:
        """Whether clients may come to a node first: it is published, the user says so, or nothing surely stands in front
        of it."""
        if id(node) not in self._entries:
            self._entries[id(node)] = self._find_entry(node)
        return self._entries[id(node)]

    def _find_entry(self, node: Node) -> bool:
        if id(node) in self._declared_entries or self.is_published(node):
            return True
        if node.inner:
            return False
        return not any(
            dialler.basis in STRONG and dialler.node is not node and dialler.node.environment == node.environment
            for dialler in self.diallers(node)
        )

    def entry_address(self, node: Node) -> Address | None:
        """Where clients arrive at an entry, if that is one address: the port that a host publishes; None: anywhere."""
        if id(node) not in self._entry_addresses:
            self._entry_addresses[id(node)] = self._find_entry_address(node)
        return self._entry_addresses[id(node)]

    def _find_entry_address(self, node: Node) -> Address | None:
        if node.published or id(node) in self._declared_entries or (place := self.placements.of(node)) is None:
            return None
        published = {address for _, address in place.published_addresses}
        return published.pop() if len(published) == 1 else None

    def published_ports(self, node: Node) -> list[int]:
        """The ports of the host that lead to a node."""
        place = self.placements.of(node)
        return sorted({port for port, _ in place.published_addresses}) if place is not None else []

    @cached_property
    def entry_nodes(self) -> list[Node]:
        """The nodes that clients may come to first."""
        return [node for node in self.nodes if self.is_entry(node)]

    @cached_property
    def open_entries(self) -> list[Node]:
        """Those that no deployment keeps inside."""
        return [node for node in self.entry_nodes if not self.is_kept_inside(node)]

    @cached_property
    def inner_nodes(self) -> list[Node]:
        """The nodes that no client comes to first."""
        return [node for node in self.nodes if not self.is_entry(node)]

    def is_published(self, node: Node) -> bool:
        """Whether clients reach a node from outside, by an address of its own or a port of the host that leads to it."""
        place = self.placements.of(node)
        return node.published or (place is not None and place.is_reachable)

    def may_listen(self, node: Node, port: int | None) -> bool:
        """Whether what is written down of a node allows that it listens on a port."""
        place = self.placements.of(node)
        return place is None or place.agrees_with(port)

    def is_kept_inside(self, node: Node | None) -> bool:
        """Whether a deployment file places a node, and publishes others of its own and not this one."""
        place = self.placements.of(node)
        if node is None or place is None or not place.services or id(node) in self._declared_entries:
            return False
        return not self.is_published(node) and bool(place.groups & self.placements.publishing_groups)

    def begins_by_declaration(self, node: Node | None) -> bool:
        """Whether the user says that clients come to a node first, or puts it first in a chain."""
        return id(node) in self._declared_firsts

    @cached_property
    def _declared_firsts(self) -> frozenset[int]:
        heads = (id(node) for chain in self.chains for node in self.nodes_named(chain[0]))
        return self._declared_entries.union(heads)

    @cached_property
    def _declared_entries(self) -> frozenset[int]:
        return frozenset(id(node) for name in self.entries for node in self.nodes_named(name))

    def written_paths(self, kind: StreamKind) -> Sequence[str]:
        """Paths of requests that hops are written for, but for those of code that is known to stream nothing of a kind there,
        in the order of their characters."""
        if kind not in self._written_paths:
            hops = (
                hop
                for node in self.nodes
                for hop in node.hops
                if not (hop.origin and node.has_all(kind)) or any(hint.kind == kind for hint in hop.hints)
            )
            self._written_paths[kind] = sorted({path for hop in hops for path in written_paths(hop)})
        return self._written_paths[kind]

    def node_of(self, hop: Hop) -> Node | None:
        """The node that a hop leads through."""
        return self._by_hop.get(id(hop))

    def node_called(self, name: str) -> Node | None:
        """The node of that very name."""
        return next((node for node in self.nodes if node.name == name), None)

    @cached_property
    def _by_hop(self) -> dict[int, Node]:
        return {id(hop): node for node in self.nodes for hop in node.hops}

    @cached_property
    def hops_to_anywhere(self) -> list[Hop]:
        """The hops of entries of which a variable decides whom they send requests to: `proxy_pass http://$service/`."""
        return [hop for node in self.entry_nodes for hop in node.hops if _dials_whom_nobody_knows(hop)]

    @cached_property
    def tells_words_apart(self) -> bool:
        """Whether some hop is chosen by an expression that takes digits, or words of one form, and no others."""
        return any(_CLASS.search(path) for node in self.nodes for hop in node.hops for path in hop.paths)

    @_once
    def replicas(self, pool: Pool, front: Node) -> Setting[int] | None:
        """How many of what a hop of `front` dials by one name run, where a deployment file says so."""
        hosts = {host_of(target) for target in pool.targets}
        if len(hosts) != 1:
            return None
        named = self.placements.services_by_name(hosts.pop())
        named = [service for service in named if service.group in self.placements.groups_of(front)] or named
        pins = {service.pinned for service in named}
        pin = pins.pop() if len(pins) == 1 else None
        if isinstance(pin, Known) and self._is_one_client(front):
            pinned: Known[int] = pin.with_value(1)
            return pinned
        found = {service.replicas for service in named}
        return found.pop() if len(found) == 1 else None

    def _is_one_client(self, front: Node) -> bool:
        """Whether all that a node sends comes from one address of a cluster, so that a service can tell whose it is."""
        counts = [service.replicas for service in self.placements.services_of(front)]
        is_single = all(isinstance(count, Known) and count.value == 1 for count in counts)
        return not front.dials_pods and bool(counts) and is_single

    @cached_property
    def _by_reference(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.known_as:
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def _diallers(self) -> dict[int, list[Dialler]]:
        found: dict[int, list[Dialler]] = {}
        for node in self.nodes:
            for hop in node.hops:
                for link in self.links(hop.pool, node):
                    found.setdefault(id(link.node), []).append(Dialler(node, hop, link.basis, link.to))
        return found

    def _on_this_host(self, address: Address, front: Node) -> list[Link]:
        """Who listens on a port of the host (or container) that a node runs on."""
        port = address.port
        if port is None:
            return []
        contained = self.placements.is_contained(front)
        if not (contained and address.host.lower() in AROUND_CONTAINERS):
            if any(listened.port == port for listened in front.listens):
                return [Link(front, "same address")]
            if beside := self._in_one_network(port, front):
                return beside
            if contained:
                return self.guesses.only_application(port, front)
        published = self._near(self._published_on.get(port, []), front)
        if published or self.placements.services_of(front):
            return published or self.guesses.only_application(port, front)
        outside = [place for place in self.placements.all if not place.services and place.node is not front]
        near = [place for place in outside if port in place.ports and place.is_on_a_host]
        return (
            [Link(near[0].node, "the only one")]
            if len(near) == 1
            else self.guesses.only_application(port, front, placed=False)
        )

    def _near(self, links: list[Link], front: Node) -> list[Link]:
        """Those of several links that lead to what is deployed with a node; where none does, only one of them can be meant."""
        groups = self.placements.groups_of(front)
        links = [link for link in links if is_together(link.node, front)]
        near = [link for link in links if self.placements.groups_of(link.node) & groups] or links
        several = are_of_several_projects(
            [place for link in near if (place := self.placements.of(link.node)) is not None]
        )
        return [replace(link, basis="assumed") for link in near] if several else near

    @cached_property
    def _published_on(self) -> dict[int, list[Link]]:
        """Who gets what comes to each port of the host. Of what runs in one container, that which is known to listen on
        the port that it leads to."""
        leading: dict[tuple[int, Address], list[Placement]] = {}
        for place in self.placements.all:
            for port, address in place.published_addresses:
                leading.setdefault((port, address), []).append(place)
        found: dict[int, list[Link]] = {}
        for (port, address), places in leading.items():
            listening = [place for place in places if address.port in place.ports]
            basis: Basis = "same address" if listening or len(places) == 1 else "assumed"
            found.setdefault(port, []).extend(Link(place.node, basis, address) for place in listening or places)
        return found

    def _in_one_network(self, port: int, front: Node) -> list[Link]:
        """Who listens on a port in the container that a node runs in, or in others that share its network address."""
        beside = [place for place in self.placements.beside(front) if place.node is not front]
        listening = [place for place in beside if port in place.ports]
        possible = [] if listening else [place for place in beside if place.may_answer_on(port)]
        if len(listening) == 1:
            return [Link(listening[0].node, "same address")]
        return [Link(possible[0].node, "the only one")] if len(possible) == 1 else []


def _knows(service: Service, host: str, other: Service) -> bool:
    """Whether a service may dial another one by a name; where the networks of either are not known, it may."""
    if not (service.networks and other.networks):
        return True
    common = service.networks & other.networks
    knowing = {network for alias, network in other.aliases if alias.lower() == host}
    return bool(common & knowing if knowing and host != other.name.lower() else common)


def _dials_whom_nobody_knows(hop: Hop) -> bool:
    if hop.origin:
        return False
    asked = (Request(kind, "/", hop.only_host) for kind in sorted(STREAM_KINDS))
    pools = (forward.pool for request in asked for forward in hop.request_out(request))
    return any(pool.reason and not pool.targets and not pool.references for pool in pools)


def _callings(place: Placement) -> Iterator[str]:
    """All that a node may be called by: its names, its files, and what its hops are called."""
    node = place.node
    yield from (node.name, *node.known_as, *place.names, *node.files)
    if node.folder:
        yield node.folder.rstrip("/")
    for hop in node.hops:
        yield from (hop.name, hop.where.path, *hop.hosts, *hop.aliases)


def _is_beside(address: Address) -> bool:
    """Whether only programs beside reach an address: those of the same machine, or the same pod."""
    host = host_of(address)
    return host in LOOPBACK or is_socket(host)


def _sockets(node: Node) -> Iterable[str]:
    return (address.host for address in node.listens if is_socket(address.host))
