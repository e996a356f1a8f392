"""Who listens where, under which names, and who dials whom. A link needs a basis; nothing else is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from infralint.model import HOST_NETWORK, STRONG, Address, Basis, Hop, Node, Pool, Service, Setting
from infralint.platforms.ports import DEFAULT_PORTS
from infralint.project.images import is_built_of
from infralint.text.globs import is_glob, matches_text
from infralint.text.lazy import lazy
from infralint.text.paths import is_below
from infralint.trace.folders import ApplicationFolders, MountedFiles

LOOPBACK = frozenset(
    "localhost ip6-localhost 127.0.0.1 ::1 [::1] 0.0.0.0 host.docker.internal gateway.docker.internal 172.17.0.1".split()
)
"""Names by which a process dials its own host; the last three lead from a container to the host it runs on."""
AROUND_CONTAINERS = frozenset({"host.docker.internal", "gateway.docker.internal", "172.17.0.1"})
"""Those of them that lead out of a container."""
PRIVATE = lazy(
    r"(?:10|127)(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}"
    r"|[^.]+|.+\.(?:local|localdomain|internal|lan|home|svc|test|localhost)"
)
"""Hosts that only a private network knows: what they lead to may stand in the project."""
ANYWHERE = frozenset({"", "*", "0.0.0.0", "[::]", "::"})
"""Addresses on which a listener takes whatever reaches its host."""
NAMELESS = LOOPBACK | ANYWHERE | {"_"}
_CLASS = lazy(r"\\d|\\w|\[[^\]^]*[0-9a-fA-F]-[^\]]*\]")


class Link(NamedTuple):
    """A node that is taken to stand behind a hop, and on what ground. to: where the request arrives there, as the node
    itself listens; None where no address says so."""

    node: Node
    basis: Basis
    to: Address | None = None


class Dialler(NamedTuple):
    """A hop that sends requests to a node. to: where they arrive."""

    node: Node
    hop: Hop
    basis: Basis
    to: Address | None = None


class Placement(msgspec.Struct, frozen=True):
    """Where a node runs: what it is called there, where it listens, which services run it.

    ports: those that are written down; a node's own are all of them, those of its services and images need not be.
    """

    node: Node
    names: frozenset[str]
    ports: frozenset[int]
    services: tuple[Service, ...]

    @property
    def groups(self) -> frozenset[str]:
        """The compose projects (or namespaces) within which its services see each other."""
        return frozenset(service.group for service in self.services)

    def is_service(self, name: str) -> bool:
        """Whether a service that runs it is called so: that is where its network leads, whoever answers to the name, too."""
        return any(name == called.lower() for service in self.services for called in service.names)

    @property
    def has_private_name(self) -> bool:
        """Whether it is known what it is called on its own network: then no other name means it."""
        return bool(self.services) or any("." not in name for name in self.names)

    @property
    def is_on_a_host(self) -> bool:
        """Whether it may be reached by whoever runs on the same host: a cloud's load balancer is on none."""
        return not self.node.listens or any(address.host in NAMELESS for address in self.node.listens)

    def agrees_with(self, port: int | None) -> bool:
        """Whether what is written down of it allows that it listens on a port; where no port is, any may be its."""
        return port is None or not self.ports or port in self.ports

    def may_answer_on(self, port: int | None) -> bool:
        """Whether something of it may listen on a port: what a service publishes, or an image exposes, is not all."""
        return self.agrees_with(port) or not any(address.port is not None for address in self.node.listens)

    @property
    def published_addresses(self) -> list[tuple[int, Address]]:
        """The ports of the host that lead to it, each with where it gets what comes there."""
        return [
            (published, Address(service.name, target))
            for service in self.services
            for published, target in service.published
            if self.may_answer_on(target)
        ]

    @property
    def is_reachable(self) -> bool:
        """Whether a port of its host leads to it from outside, or it has the host's own network."""
        local = {port for service in self.services for port in service.local_ports}
        ports = {port for port, _ in self.published_addresses}
        return bool(ports - local) or any(service.is_open or service.pod == HOST_NETWORK for service in self.services)

    def address_behind(self, address: Address) -> Address:
        """Where it gets what is sent to an address: the name of a service may lead to another port."""
        host = address.host.lower()
        ports = [
            target
            for service in self.services
            if any(host == name.lower() for name in service.names)
            for port, target in service.forwards
            if port == address.port
        ]
        return Address(address.host, ports[0]) if ports else address


class Topology:
    """The nodes of a project by the names and addresses under which they are dialled.

    chains: names of nodes that the user says to stand one behind the other, the client's side first. entries: names of
    those that the user says clients come to.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        services: Sequence[Service],
        chains: Sequence[Sequence[str]] = (),
        entries: Sequence[str] = (),
    ) -> None:
        self.nodes = nodes
        self.services = services
        self.chains = chains
        self.entries = entries
        self._ports: dict[int, Mapping[int, set[int]]] = {}
        self._entries: dict[int, bool] = {}
        self._entry_addresses: dict[int, Address | None] = {}
        self._targets: dict[int, frozenset[Address]] = {}
        self._applications_of: dict[tuple[int, bool], list[Link] | None] = {}
        self._links: dict[tuple[Pool, int], list[Link]] = {}
        self._listening: dict[tuple[Address, int], list[Link]] = {}

    def links(self, pool: Pool, front: Node) -> Sequence[Link]:
        """The nodes that a pool leads to, from a hop of `front`."""
        key = pool, id(front)
        if key not in self._links:
            self._links[key] = self._find_links(pool, front)
        return self._links[key]

    def _find_links(self, pool: Pool, front: Node) -> list[Link]:
        named = [node for name in pool.references for node in self._by_reference.get(name, ())]
        found = [Link(node, "reference") for node in named if node is not front]
        for target in pool.targets:
            found += [
                link if link.to is not None else link._replace(to=target) for link in self.listening(target, front)
            ]
        if not found and not pool.targets and pool.references:
            found += self._only_other(front)
        together = {(id(link.node), link.to): link for link in reversed(found) if is_together(link.node, front)}
        links = list(together.values())[::-1]
        if not self.chains or any(link.basis in STRONG for link in links):
            return links
        return self._declared_behind(pool, front) or links

    def nodes_named(self, name: str) -> list[Node]:
        """The nodes that a name, a path, a tag or a glob of these stands for, in infralint.yaml or on the command line."""
        wanted = name.removeprefix("./")
        exact = [place.node for place in self.placements if wanted in self._callings[id(place.node)]]
        if exact or not is_glob(wanted):
            return exact
        return [
            place.node
            for place in self.placements
            if any(matches_text(calling, wanted) for calling in self._callings[id(place.node)])
        ]

    @property
    def names(self) -> list[str]:
        """What the nodes are called."""
        return list(dict.fromkeys(node.name for node in self.nodes))

    @property
    def callings(self) -> list[str]:
        """All that the nodes may be called by, their names first, for who mistypes one."""
        others = sorted(calling for callings in self._callings.values() for calling in callings)
        return list(dict.fromkeys((*self.names, *others)))

    @cached_property
    def _callings(self) -> dict[int, frozenset[str]]:
        """All that each node may be called by."""
        return {id(place.node): frozenset(_callings(place)) for place in self.placements}

    @cached_property
    def _declared_next(self) -> dict[int, list[Placement]]:
        """What the user says to stand behind each node."""
        places = {id(place.node): place for place in self.placements}
        found: dict[int, list[Placement]] = {}
        for chain in self.chains:
            for name, behind in pairwise(chain):
                followers = [places[id(node)] for node in self.nodes_named(behind)]
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
        places = {id(place.node): place for place in self.placements}
        for number, chain in enumerate(self.chains):
            for position, (name, behind) in enumerate(pairwise(chain)):
                for front in self.nodes_named(name):
                    pools = [hop.pool for hop in front.hops]
                    targets = [target for pool in pools for target in pool.targets]
                    followers = [node for node in self.nodes_named(behind) if node is not front]
                    linked = {id(link.node) for pool in pools for link in self.links(pool, front)}
                    if all(pool.targets for pool in pools) and targets and linked.isdisjoint(map(id, followers)):
                        fits = any(
                            places[id(node)].may_answer_on(target.port) for node in followers for target in targets
                        )
                        if followers and not fits:
                            yield number, position + 1, front, followers[0], targets[0]

    def repeated_in_chains(self) -> Iterator[tuple[int, int, str, Node]]:
        """Where the next name in a chain means the same node again: number and position in `chains`, the name before, the node."""
        for number, chain in enumerate(self.chains):
            for position, (name, behind) in enumerate(pairwise(chain)):
                nodes, followers = self.nodes_named(name), self.nodes_named(behind)
                if followers and {*map(id, followers)} == {*map(id, nodes)}:
                    yield number, position + 1, name, followers[0]

    def listening(self, address: Address, front: Node) -> list[Link]:
        """The nodes that listen on an address that a hop of `front` dials."""
        key = address, id(front)
        if key not in self._listening:
            found = self._find_listening(address, front)
            self._listening[key] = [link for link in found if is_together(link.node, front)]
        return self._listening[key]

    def _find_listening(self, address: Address, front: Node) -> list[Link]:
        address = self._through_extra_hosts(address, front)
        host = _host_of(address)
        if _is_socket(host):
            there = [Link(node, "same address") for node in self.nodes if address.host in _sockets(node)]
            return there or self._only_application(None, front)
        if host in LOOPBACK:
            return self._on_this_host(address, front)
        linked = dict(link for service in self._services(front) for link in service.links).get(host, "")
        named = self._by_name.get(linked.lower() or host)
        if named is None:
            return self._unexplained_links(host, address.port, front)
        near = [place for place in named if is_together(place.node, front)]
        near = [place for place in near if place.groups & self._groups(front)] or near
        near = [place for place in near if place.is_service(linked.lower() or host)] or near
        seen = {id(place): "sees" if linked else self._see_each_other(place, front, host) for place in near}
        near = [place for place in near if seen[id(place)] != "apart"]
        listening = [place for place in near if place.agrees_with(address.port)]
        listening = listening or [place for place in near if place.may_answer_on(address.port)]
        several = _are_of_several_projects(listening)
        return [
            Link(
                place.node,
                "assumed" if several or seen[id(place)] == "perhaps" or _runs_another(place, host) else "same address",
                place.address_behind(address),
            )
            for place in listening
        ]

    def _through_extra_hosts(self, address: Address, front: Node) -> Address:
        """The address that a name stands for which only the services of a node know."""
        host = _host_of(address)
        for service in self._services(front):
            for name, target in service.extra_hosts:
                if name.lower() == host:
                    return Address("host.docker.internal" if target == "host-gateway" else target, address.port)
        return address

    def find_apart(self, address: Address, front: Node) -> Node | None:
        """A node whose name a hop of `front` dials in vain: the two are services of one project that share no network."""
        host = _host_of(address)
        called = self._services_by_name.get(host, ())
        if any(_knows(other, host, service) for service in called for other in self._services(front)):
            return None
        places = self._by_name.get(host, ())
        return next((place.node for place in places if self._see_each_other(place, front, host) == "apart"), None)

    def find_deaf(self, address: Address, front: Node) -> Node | None:
        """A node whose name a hop of `front` dials in vain: nothing of what is called so may listen on the port."""
        if address.port is None:
            return None
        places = [place for place in self._by_name.get(_host_of(address), ()) if is_together(place.node, front)]
        deaf = bool(places) and not any(place.may_answer_on(address.port) for place in places)
        return places[0].node if deaf and all(place.services for place in places) else None

    def is_service(self, name: str) -> bool:
        """Whether a deployment file has a service of that name, whether or not what it runs was read."""
        return name.lower() in self._services_by_name

    def _see_each_other(self, place: Placement, front: Node, host: str) -> Literal["sees", "perhaps", "apart"]:
        """Whether a name of a node is known where another one runs: the two need a network in common that knows it.

        Services of two projects may also be started as one, by several `-f` of one command.
        https://docs.docker.com/compose/how-tos/networking/
        """
        pairs = [(mine, other) for mine in place.services for other in self._services(front)]
        if not pairs or any(_knows(other, host, mine) for mine, other in pairs):
            return "sees"
        return "perhaps" if any(mine.group != other.group for mine, other in pairs) else "apart"

    def _services(self, node: Node) -> tuple[Service, ...]:
        return self._by_node[id(node)].services if id(node) in self._by_node else ()

    def _groups(self, front: Node) -> frozenset[str]:
        return frozenset(service.group for service in self._services(front))

    def applications_behind(self, hop: Hop, node: Node, guessing: bool = False) -> list[Link]:
        """The applications that get all that a hop of `node` sends on, through whatever proxies; none where some of it may
        go elsewhere. guessing: also where it is not sure what stands behind those proxies."""
        return self._find_behind(hop, node, guessing) or []

    def _find_behind(self, hop: Hop, node: Node, guessing: bool) -> list[Link] | None:
        pool = hop.pool
        groups = [self.links(Pool(targets=(target,)), node) for target in pool.targets]
        groups += [self.links(Pool(references=pool.references), node)] if pool.references else []
        if not groups or not all(groups) or pool.reason:
            return None
        found: list[Link] = []
        for link in (link for group in groups for link in group):
            behind = [link] if link.node.folder is not None else self._behind_node(link.node, guessing)
            if behind is None:
                return None
            found += [other if link.basis in STRONG else other._replace(basis=link.basis) for other in behind]
        return found

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
        if node.published or id(node) in self._declared_entries or id(node) not in self._by_node:
            return None
        published = {address for _, address in self._by_node[id(node)].published_addresses}
        return published.pop() if len(published) == 1 else None

    def published_ports(self, node: Node) -> list[int]:
        """The ports of the host that lead to a node."""
        place = self._by_node.get(id(node))
        return sorted({port for port, _ in place.published_addresses}) if place is not None else []

    @cached_property
    def entry_nodes(self) -> list[Node]:
        """The nodes that clients may come to first."""
        return [node for node in self.nodes if self.is_entry(node)]

    def is_published(self, node: Node) -> bool:
        """Whether clients reach a node from outside, by an address of its own or a port of the host that leads to it."""
        return node.published or (id(node) in self._by_node and self._by_node[id(node)].is_reachable)

    def may_listen(self, node: Node, port: int | None) -> bool:
        """Whether what is written down of a node allows that it listens on a port."""
        return id(node) not in self._by_node or self._by_node[id(node)].agrees_with(port)

    def is_kept_inside(self, node: Node | None) -> bool:
        """Whether a deployment file places a node, and publishes others of its own and not this one."""
        place = self._by_node.get(id(node))
        if node is None or place is None or not place.services or id(node) in self._declared_entries:
            return False
        return not self.is_published(node) and bool(place.groups & self._publishing_groups)

    @cached_property
    def _publishing_groups(self) -> frozenset[str]:
        """The compose projects of which something is published."""
        published = (place for place in self.placements if place.is_reachable)
        return frozenset(group for place in published for group in place.groups)

    @cached_property
    def _declared_entries(self) -> frozenset[int]:
        return frozenset(id(node) for name in self.entries for node in self.nodes_named(name))

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
    def tells_words_apart(self) -> bool:
        """Whether some hop is chosen by an expression that takes digits, or words of one form, and no others."""
        return any(_CLASS.search(path) for node in self.nodes for hop in node.hops for path in hop.paths)

    @cached_property
    def placements(self) -> list[Placement]:
        return [self._place_node(node) for node in self.nodes]

    def _place_node(self, node: Node) -> Placement:
        services = tuple(self._services_of.get(id(node), ()))
        names = {name.lower() for name in node.known_as} | {
            name.lower() for service in services for name in (*service.names, *service.containers)
        }
        names |= {address.host.strip("[]") for address in node.listens if not address.host.startswith("unix:")}
        ports = {address.port for address in node.listens if address.port is not None}
        if not ports:
            ports = {port for service in services for port in service.ports}
        elif node.folder is not None:
            ports |= {port for service in services for port in self._ports_of_nobody_else(service, node)}
        leading = {
            port for service in services for port, target in service.forwards if target is None or target in ports
        }
        return Placement(node, frozenset(names - NAMELESS), frozenset(ports | leading if ports else ()), services)

    def _ports_of_nobody_else(self, service: Service, node: Node) -> set[int]:
        """The ports of a service on which nothing else that its image may hold listens: how an application is started
        there may say another port than its code does."""
        listening = self._ports_beside(service)
        return {port for port in service.ports if listening.get(port, set()) <= {id(node)}}

    def _ports_beside(self, service: Service) -> Mapping[int, set[int]]:
        """The ports on which nodes listen that a service's image may hold, each with the nodes' identities."""
        if id(service) not in self._ports:
            running = self._running[id(service)]
            inside = self._folders.held_in(service.context) if service.context is not None else ()
            found: dict[int, set[int]] = {}
            for node in {id(node): node for node in (*inside, *running.values())}.values():
                for address in node.listens:
                    if address.port is not None:
                        found.setdefault(address.port, set()).add(id(node))
            self._ports[id(service)] = found
        return self._ports[id(service)]

    @cached_property
    def _folders(self) -> ApplicationFolders:
        return ApplicationFolders(self.nodes)

    @cached_property
    def _running(self) -> dict[int, dict[int, Node]]:
        """Which nodes each service runs, both by identity."""
        files = MountedFiles(node for node in self.nodes if node.folder is None)
        return {
            id(service): {id(node): node for node in (*files.in_reach_of(service), *self._folders.built_from(service))}
            for service in self.services
        }

    @cached_property
    def _services_of(self) -> dict[int, list[Service]]:
        """The services that run each node, by its identity."""
        found: dict[int, list[Service]] = {}
        for service in self.services:
            for identity in self._running[id(service)]:
                found.setdefault(identity, []).append(service)
        return found

    def replicas(self, pool: Pool, front: Node) -> Setting[int] | None:
        """How many of what a hop of `front` dials by one name run, where a deployment file says so."""
        hosts = {_host_of(target) for target in pool.targets}
        if len(hosts) != 1:
            return None
        named = self._services_by_name.get(hosts.pop(), [])
        named = [service for service in named if service.group in self._groups(front)] or named
        found = {service.replicas for service in named}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _services_by_name(self) -> dict[str, list[Service]]:
        found: dict[str, list[Service]] = {}
        for service in self.services:
            for name in {name.lower() for name in service.names}:
                found.setdefault(name, []).append(service)
        return found

    @cached_property
    def _by_node(self) -> dict[int, Placement]:
        return {id(place.node): place for place in self.placements}

    @cached_property
    def _by_name(self) -> dict[str, list[Placement]]:
        found: dict[str, list[Placement]] = {}
        for place in self.placements:
            for name in place.names:
                found.setdefault(name, []).append(place)
        return found

    @cached_property
    def _by_reference(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.known_as:
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def _service_names(self) -> frozenset[str]:
        return frozenset(self._services_by_name)

    @cached_property
    def _by_environment(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.environment, []).append(node)
        return found

    @cached_property
    def _by_kind(self) -> dict[str, dict[int, Node]]:
        """The nodes that have hops of a kind, by identity."""
        found: dict[str, dict[int, Node]] = {}
        for node in self.nodes:
            for hop in node.hops:
                found.setdefault(hop.kind, {})[id(node)] = node
        return found

    def _of_one_kind(self, front: Node) -> Mapping[int, Node]:
        """The nodes that are load balancers, or nginx, as `front` is, by identity: one may be read from code and from an account."""
        kinds = {hop.kind for hop in front.hops}
        if len(kinds) == 1:
            return self._by_kind.get(kinds.pop(), {})
        return {identity: node for kind in kinds for identity, node in self._by_kind.get(kind, {}).items()}

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
        contained = self._is_contained(front)
        if not (contained and address.host.lower() in AROUND_CONTAINERS):
            if any(listened.port == port for listened in front.listens):
                return [Link(front, "same address")]
            if beside := self._in_one_network(port, front):
                return beside
            if contained:
                return self._only_application(port, front)
        published = self._near(self._published_on.get(port, []), front)
        if published or self._services(front):
            return published or self._only_application(port, front)
        outside = [place for place in self.placements if not place.services and place.node is not front]
        near = [place for place in outside if port in place.ports and place.is_on_a_host]
        return (
            [Link(near[0].node, "the only one")]
            if len(near) == 1
            else self._only_application(port, front, placed=False)
        )

    def _near(self, links: list[Link], front: Node) -> list[Link]:
        """Those of several links that lead to what is deployed with a node; where none does, only one of them can be meant."""
        groups = self._groups(front)
        links = [link for link in links if is_together(link.node, front)]
        near = [link for link in links if self._groups(link.node) & groups] or links
        several = _are_of_several_projects([self._by_node[id(link.node)] for link in near])
        return [link._replace(basis="assumed") for link in near] if several else near

    @cached_property
    def _published_on(self) -> dict[int, list[Link]]:
        """Who gets what comes to each port of the host. Of what runs in one container, that which is known to listen on
        the port that it leads to."""
        leading: dict[tuple[int, Address], list[Placement]] = {}
        for place in self.placements:
            for port, address in place.published_addresses:
                leading.setdefault((port, address), []).append(place)
        found: dict[int, list[Link]] = {}
        for (port, address), places in leading.items():
            listening = [place for place in places if address.port in place.ports]
            basis: Basis = "same address" if listening or len(places) == 1 else "assumed"
            found.setdefault(port, []).extend(Link(place.node, basis, address) for place in listening or places)
        return found

    def _is_contained(self, front: Node) -> bool:
        """Whether a node runs in a container that has a network of its own, whose loopback leads nowhere else."""
        services = self._services(front)
        return bool(services) and not any(service.pod == HOST_NETWORK for service in services)

    def _in_one_network(self, port: int, front: Node) -> list[Link]:
        """Who listens on a port in the container that a node runs in, or in others that share its network address."""
        beside = [place for place in self._beside(front) if place.node is not front]
        listening = [place for place in beside if port in place.ports]
        possible = [] if listening else [place for place in beside if place.may_answer_on(port)]
        if len(listening) == 1:
            return [Link(listening[0].node, "same address")]
        return [Link(possible[0].node, "the only one")] if len(possible) == 1 else []

    def _beside(self, front: Node) -> list[Placement]:
        """What runs in the containers of a node, and in others that share their network address."""
        services = self._services(front)
        keys = {id(service) for service in services} | {service.pod for service in services if service.pod}
        together = (place for key in keys for place in self._by_network.get(key, ()))
        return list({id(place): place for place in together}.values())

    @cached_property
    def _by_network(self) -> dict[int | str, list[Placement]]:
        """What runs in each service, by identity, and in each pod."""
        found: dict[int | str, list[Placement]] = {}
        for place in self.placements:
            keys: set[int | str] = {id(service) for service in place.services}
            keys |= {service.pod for service in place.services if service.pod}
            for key in keys:
                found.setdefault(key, []).append(place)
        return found

    def _unexplained_links(self, host: str, port: int | None, front: Node) -> list[Link]:
        """The one node that can be meant by a name which nothing explains."""
        if not PRIVATE.fullmatch(host):
            return []
        called = [place.node for place in self._applications if host == _folder_name(place.node)]
        called = called or self._applications_of_image(host)
        if called or host in self._service_names:
            return [Link(called[0], "assumed")] if len(called) == 1 else []
        others = [
            place
            for place in self.placements
            if place.node is not front and not place.has_private_name and not place.node.by_name_only
        ]
        # Everything listens on these ports: they tell nothing apart.
        listening = [place.node for place in others if port in place.ports and port not in DEFAULT_PORTS]
        if len(listening) == 1:
            return [Link(listening[0], "the only one")]
        return [] if listening else self._only_application(port, front)

    def _applications_of_image(self, host: str) -> list[Node]:
        """The applications whose name is that of the image which a service runs, where nothing says what it is built from.

        Of several, as of the pages and the server of one, those that stream.
        """
        services = self._services_by_name.get(host, [])
        images = {service.image for service in services if service.image and service.context is None}
        programs = [
            place.node for place in self.placements if place.node.folder is not None and not place.node.known_as
        ]
        called = [
            node
            for node in programs
            if any(is_built_of(image, _folder_name(node)) or _is_part_of(node.name, image) for image in images)
        ]
        return called if len(called) < 2 else [node for node in called if node.hops]

    def _only_application(self, port: int | None, front: Node, placed: bool = True) -> list[Link]:
        """The one application that may listen there, if all that could be it is. placed: also where a deployment file places it."""
        alone = self._alone(port, front)
        if alone is None or (alone.services and not placed):
            return []
        others = self._unexplained_targets(front)
        told_apart = port in alone.ports and sum(target.port == port for target in others) == 1
        return [Link(alone.node, "the only one")] if len(others) < 2 or told_apart else []

    def _alone(self, port: int | None, front: Node) -> Placement | None:
        """The application that may be meant where nothing says which: the only one, or the only one that streams."""
        neighbours = {service.name for place in self.placements if place.node is front for service in place.services}
        every = [place for place in self._code_placements if place.node is not front]
        others = [place for place in every if not neighbours & {service.name for service in place.services}]
        candidates = [place for place in others if not place.services] or others
        fitting = [place for place in candidates if place.agrees_with(port)]
        streaming = [place for place in fitting if place.node.hops]
        chosen = fitting if len(fitting) == 1 else streaming
        return chosen[0] if len(chosen) == 1 else None

    @cached_property
    def _code_placements(self) -> list[Placement]:
        """The applications that may be meant where nothing else is there."""
        return [place for place in self.placements if place.node.folder is not None and not place.node.by_name_only]

    def _around(self, front: Node) -> Node | None:
        """The application in whose folder a node is written down, below the project's root."""
        places = {hop.where.path for hop in front.hops}
        holding = [
            node
            for node in self.nodes
            if node.folder
            and places
            and all(is_below(path, node.folder) for path in places)
            and is_together(node, front)
        ]
        return max(holding, key=lambda node: len(node.folder or ""), default=None)

    def _unexplained_targets(self, front: Node) -> frozenset[Address]:
        """The private addresses that a node dials, and that no name in the project explains."""
        if id(front) not in self._targets:
            pools = [hop.pool for hop in front.hops]
            self._targets[id(front)] = frozenset(
                target for pool in pools for target in pool.targets if self._is_unexplained(target.host.lower())
            )
        return self._targets[id(front)]

    def _is_unexplained(self, host: str) -> bool:
        known = host in self._by_name or host in self._service_names
        return not known and (host in LOOPBACK or _is_socket(host) or bool(PRIVATE.fullmatch(host)))

    @cached_property
    def _applications(self) -> list[Placement]:
        return [place for place in self.placements if place.node.folder is not None and not place.services]

    def _stands_before(self, node: Node, other: Node) -> bool:
        """Whether a node names another one outright as what it sends requests to, or the user says that it does."""
        if any(place.node is other for place in self._declared_next.get(id(node), ())):
            return True
        if any(not other.known_as.isdisjoint(hop.pool.references) for hop in node.hops):
            return True
        names = {target.host.lower() for hop in node.hops for target in hop.pool.targets}
        return any(place.node is other for name in names for place in self._by_name.get(name, ()))

    def _only_other(self, front: Node) -> list[Link]:
        """Behind the only load balancer, whose targets the project does not name: its one proxy, else its one application.

        A load balancer that is written once is one, in each of its environments.
        """
        alike = self._of_one_kind(front)
        near = self._by_environment[front.environment]
        if sum(id(node) in alike for node in near) != 1:
            around = self._around(front)
            beside = [node for node in alike.values() if node is not front and self._around(node) is around]
            return [Link(around, "assumed")] if around is not None and not beside else []
        others = [
            node
            for node in near
            if node.folder is None
            and not node.by_name_only
            and id(node) not in alike
            and not self._stands_before(node, front)
        ]
        is_single = all(_written_identity(node) == _written_identity(front) for node in alike.values())
        if not others and (around := self._around(front)) is not None:
            return [Link(around, "assumed")]
        if not others and is_single and len({hop.pool.references for hop in front.hops}) == 1:
            alone = self._alone(None, front)
            others = [alone.node] if alone is not None and is_together(alone.node, front) else []
        return [Link(others[0], "the only one")] if len(others) == 1 else []


def _knows(service: Service, host: str, other: Service) -> bool:
    """Whether a service may dial another one by a name; where the networks of either are not known, it may."""
    if not (service.networks and other.networks):
        return True
    common = service.networks & other.networks
    knowing = {network for alias, network in other.aliases if alias.lower() == host}
    return bool(common & knowing if knowing and host != other.name.lower() else common)


def _are_of_several_projects(places: Sequence[Placement]) -> bool:
    """Whether several nodes are meant by one name, or one port, of which each project that is deployed has its own."""
    groups = [place.groups for place in places if place.groups]
    return len(groups) > 1 and not frozenset.intersection(*groups)


def _callings(place: Placement) -> Iterator[str]:
    """All that a node may be called by: its names, its files, and what its hops are called."""
    node = place.node
    yield from (node.name, *node.known_as, *place.names, *node.files)
    if node.folder:
        yield node.folder.rstrip("/")
    for hop in node.hops:
        yield from (hop.name, hop.where.path, *hop.hosts, *hop.aliases)


_SERVER = lazy(
    r"\b(?:uvicorn|gunicorn|hypercorn|daphne|granian|fastapi|flask|runserver|puma|unicorn|rails s\w*|(?:npm|pnpm|yarn|bun)(?: run)?"
    r" (?:start|dev|serve\w*|prod\w*)|next (?:start|dev)|java -jar|php-fpm|artisan serve)\b"
)
"""Commands that start the server of an application, and not one of its other programs."""


def _runs_another(place: Placement, name: str) -> bool:
    """Whether services of a name start another program than the server that one of its other services starts.

    One image may run as several: the server, workers, a second server of a framework's own.
    """
    named = [service for service in place.services if name in {name.lower() for name in service.names}]
    others = [service for service in place.services if service not in named]
    is_other = bool(named) and all(service.command and not _SERVER.search(service.command) for service in named)
    return is_other and any(_SERVER.search(service.command) for service in others)


def is_together(node: Node, other: Node) -> bool:
    """Whether one way may lead through both: they belong to one environment, or one of them to none."""
    return node.environment == other.environment or "" in (node.environment, other.environment)


def _sockets(node: Node) -> Iterable[str]:
    return (address.host for address in node.listens if _is_socket(address.host))


def _host_of(address: Address) -> str:
    """The host of an address as names are looked up: a dot at its end only says that the name is whole."""
    if address.host.count(":") > 1:
        return address.host.lower().strip("[]")
    return address.host.lower() if _is_socket(address.host) else address.host.lower().removesuffix(".")


def _is_socket(host: str) -> bool:
    return host.startswith("unix:")


def _written_identity(node: Node) -> tuple[str, frozenset[str]]:
    """What tells apart two nodes from one node that stands in several environments."""
    return node.name, frozenset(hop.where.path for hop in node.hops)


def _folder_name(node: Node) -> str:
    return (node.folder or "").rstrip("/").rpartition("/")[2].lower()


def _is_part_of(name: str, image: str) -> bool:
    """Whether a program is called as an image, or as a part of what it holds: `chat-server` of `acme/chat`."""
    last = image.rpartition("/")[2].partition("@")[0].partition(":")[0].lower()
    return name.lower() == last or name.lower().startswith(f"{last}-")
