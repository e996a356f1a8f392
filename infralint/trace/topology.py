"""Who listens where, under which names, and who dials whom. A link needs a basis; nothing else is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from infralint.model import STRONG, Address, Basis, Hop, Node, Pool, Service, Setting
from infralint.text.lazy import lazy
from infralint.text.paths import is_below

LOOPBACK = frozenset(
    "localhost ip6-localhost 127.0.0.1 ::1 [::1] 0.0.0.0 host.docker.internal gateway.docker.internal 172.17.0.1".split()
)
"""Names by which a process dials its own host; the last three lead from a container to the host it runs on."""
PRIVATE = lazy(
    r"(?:10|127)(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}"
    r"|[^.]+|.+\.(?:local|localdomain|internal|lan|home|svc|test|localhost)"
)
"""Hosts that only a private network knows: what they lead to may stand in the project."""
ANYWHERE = frozenset({"", "*", "0.0.0.0", "[::]", "::"})
"""Addresses on which a listener takes whatever reaches its host."""
NAMELESS = LOOPBACK | ANYWHERE | {"_"}
WEB = frozenset({80, 443})
"""Ports on which everything listens: they tell nothing apart."""


class Link(NamedTuple):
    """A node that is taken to stand behind a hop, and on what ground."""

    node: Node
    basis: Basis


class Dialler(NamedTuple):
    """A hop that sends requests to a node."""

    node: Node
    hop: Hop
    basis: Basis


@dataclass(frozen=True)
class Placement:
    """Where a node runs: what it is called there, where it listens, which services run it."""

    node: Node
    names: frozenset[str]
    ports: frozenset[int]
    services: tuple[Service, ...]

    @property
    def has_private_name(self) -> bool:
        """Whether it is known what it is called on its own network: then no other name means it."""
        return bool(self.services) or any("." not in name for name in self.names)

    @property
    def is_on_a_host(self) -> bool:
        """Whether it may be reached by whoever runs on the same host: a cloud's load balancer is on none."""
        return not self.node.listens or any(address.host in NAMELESS for address in self.node.listens)

    def answers_on(self, port: int | None) -> bool:
        """Whether something of it may listen on a port; where no port is written down, any may be its."""
        return port is None or not self.ports or port in self.ports


class Topology:
    """The nodes of a project by the names and addresses under which they are dialled."""

    def __init__(self, nodes: Sequence[Node], services: Sequence[Service]) -> None:
        self.nodes = nodes
        self.services = services
        self._targets: dict[int, frozenset[Address]] = {}

    def links(self, pool: Pool, front: Node) -> list[Link]:
        """The nodes that a pool leads to, from a hop of `front`."""
        named = [node for name in pool.references for node in self._by_reference.get(name, ())]
        found = [Link(node, "reference") for node in named if node is not front]
        for target in pool.targets:
            found += self.listening(target, front)
        if not found and not pool.targets and pool.references:
            found += self._only_other(front)
        together = {id(link.node): link for link in reversed(found) if is_together(link.node, front)}
        return list(together.values())[::-1]

    def listening(self, address: Address, front: Node) -> list[Link]:
        """The nodes that listen on an address that a hop of `front` dials."""
        host = address.host.lower().strip("[]") if address.host.count(":") > 1 else address.host.lower()
        if host.startswith("unix:"):
            return [Link(node, "same address") for node in self.nodes if address.host in _sockets(node)]
        if host in LOOPBACK:
            return self._on_this_host(address.port, front)
        named = [place for place in self._by_name.get(host, ()) if place.answers_on(address.port)]
        if named:
            return [Link(place.node, "same address") for place in named]
        return [] if host in self._by_name else self._unexplained(host, address.port, front)

    def applications_behind(self, hop: Hop, node: Node) -> list[Link]:
        """The applications that get all that a hop of `node` sends on; none where some of it may go elsewhere."""
        pool = hop.pool
        found = [self.links(Pool(targets=(target,)), node) for target in pool.targets]
        found += [self.links(Pool(references=pool.references), node)] if pool.references else []
        links = [link for group in found for link in group]
        alike = all(found) and all(link.node.folder is not None for link in links)
        return links if alike and not pool.reason else []

    def diallers(self, node: Node) -> Sequence[Dialler]:
        """The hops that send requests to a node."""
        return self._diallers.get(id(node), ())

    def is_entry(self, node: Node) -> bool:
        """Whether clients may come to a node first: nothing surely stands in front of it."""
        return not any(
            dialler.basis in STRONG and dialler.node is not node and dialler.node.environment == node.environment
            for dialler in self.diallers(node)
        )

    @cached_property
    def placements(self) -> list[Placement]:
        return [self._placed(node) for node in self.nodes]

    def _placed(self, node: Node) -> Placement:
        services = tuple(service for service in self.services if id(node) in self._running[id(service)])
        names = {name.lower() for name in node.known_as} | {
            name.lower() for service in services for name in service.names
        }
        ports = {address.port for address in node.listens if address.port is not None}
        if not ports:
            ports = {port for service in services for port in service.ports}
        return Placement(node, frozenset(names - NAMELESS), frozenset(ports), services)

    @cached_property
    def _running(self) -> dict[int, set[int]]:
        """Which nodes each service runs, by identity."""
        applications = [node for node in self.nodes if node.folder is not None]
        return {
            id(service): {id(node) for node in self.nodes if node.folder is None and mounts(service, node)}
            | {id(node) for node in built_from(service, applications)}
            for service in self.services
        }

    def replicas(self, pool: Pool) -> Setting[int] | None:
        """How many of what a pool dials by one name run, where a deployment file says so."""
        hosts = {target.host.lower() for target in pool.targets}
        named = [service for service in self.services if hosts & {name.lower() for name in service.names}]
        return named[0].replicas if len(hosts) == 1 and len(named) == 1 else None

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
        return frozenset(name.lower() for service in self.services for name in service.names)

    @cached_property
    def _diallers(self) -> dict[int, list[Dialler]]:
        found: dict[int, list[Dialler]] = {}
        for node in self.nodes:
            for hop in node.hops:
                for link in self.links(hop.pool, node):
                    found.setdefault(id(link.node), []).append(Dialler(node, hop, link.basis))
        return found

    def _on_this_host(self, port: int | None, front: Node) -> list[Link]:
        """Who listens on a port of the host (or container) that a node runs on."""
        if port is None:
            return []
        if any(address.port == port for address in front.listens):
            return [Link(front, "same address")]
        published = [
            Link(place.node, "same address")
            for place in self.placements
            if any(port in service.published for service in place.services)
        ]
        contained = any(place.services for place in self.placements if place.node is front)
        if published or contained:
            return published or self._only_application(port, front)
        outside = [place for place in self.placements if not place.services and place.node is not front]
        beside = [place for place in outside if port in place.ports and place.is_on_a_host]
        return (
            [Link(beside[0].node, "the only one")]
            if len(beside) == 1
            else self._only_application(port, front, placed=False)
        )

    def _unexplained(self, host: str, port: int | None, front: Node) -> list[Link]:
        """The one node that can be meant by a name which nothing explains."""
        if not PRIVATE.fullmatch(host):
            return []
        called = [place.node for place in self._applications if host == _folder_name(place.node)]
        if called or host in self._service_names:
            return [Link(called[0], "assumed")] if len(called) == 1 else []
        others = [place for place in self.placements if place.node is not front and not place.has_private_name]
        listening = [place.node for place in others if port in place.ports and port not in WEB]
        if len(listening) == 1:
            return [Link(listening[0], "the only one")]
        return [] if listening else self._only_application(port, front)

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
        every = [place for place in self.placements if place.node.folder is not None and place.node is not front]
        others = [place for place in every if not neighbours & {service.name for service in place.services}]
        candidates = [place for place in others if not place.services] or others
        fitting = [place for place in candidates if place.answers_on(port)]
        streaming = [place for place in fitting if place.node.hops]
        chosen = fitting if len(fitting) == 1 else streaming
        return chosen[0] if len(chosen) == 1 else None

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
        return not known and (host in LOOPBACK or bool(PRIVATE.fullmatch(host)))

    @cached_property
    def _applications(self) -> list[Placement]:
        return [place for place in self.placements if place.node.folder is not None and not place.services]

    def _only_other(self, front: Node) -> list[Link]:
        """Behind the only load balancer, whose targets the project does not name: its one proxy, else its one application."""
        alike = [node for node in self.nodes if node.environment == front.environment]
        if sum(_is_of_one_kind(node, front) for node in alike) != 1:
            return []
        others = [
            node for node in alike if node.folder is None and not node.by_name_only and not _is_of_one_kind(node, front)
        ]
        is_single = sum(_is_of_one_kind(node, front) for node in self.nodes) == 1
        if not others and (around := self._around(front)) is not None:
            return [Link(around, "assumed")]
        if not others and is_single and len({hop.pool.references for hop in front.hops}) == 1:
            alone = self._alone(None, front)
            others = [alone.node] if alone is not None and is_together(alone.node, front) else []
        return [Link(others[0], "the only one")] if len(others) == 1 else []


def mounts(service: Service, node: Node) -> bool:
    """Whether a service mounts or copies the files of a node."""
    return any(is_below(file, mounted) for mounted in service.files for file in node.files)


def built_from(service: Service, applications: Sequence[Node]) -> list[Node]:
    """The applications that a service's image is built from: that of its context, or those whose files it takes from there."""
    if service.context is None:
        return []
    context = service.context.strip("/").removeprefix(".")
    folders = {node.folder.strip("/"): node for node in applications if node.folder is not None}
    if context and context in folders:
        return [folders[context]]
    owners = dict.fromkeys(_owner(path, folders) for path in service.files if path.strip("/."))
    taken = [folders[owner] for owner in owners if owner is not None]
    if taken:
        return taken
    inside = [node for folder, node in folders.items() if is_below(folder, context)]
    around = _owner(context, folders)
    return inside or ([folders[around]] if around is not None else [])


def _owner(path: str, folders: Iterable[str]) -> str | None:
    """The deepest folder that holds a path, below the root; else the only one that lies in it; else the root's."""
    path = path.strip("/")
    holding = max((folder for folder in folders if is_below(path, folder)), key=len, default=None)
    if holding:
        return holding
    inside = [folder for folder in folders if folder and is_below(folder, path)]
    return inside[0] if len(inside) == 1 else holding


def is_together(node: Node, other: Node) -> bool:
    """Whether one way may lead through both: they belong to one environment, or one of them to none."""
    return node.environment == other.environment or "" in (node.environment, other.environment)


def _is_of_one_kind(node: Node, other: Node) -> bool:
    """Whether both are load balancers, or both nginx: the same thing may be read from code and from an account."""
    return not {hop.kind for hop in node.hops}.isdisjoint(hop.kind for hop in other.hops)


def _sockets(node: Node) -> Iterable[str]:
    return (address.host for address in node.listens if address.host.startswith("unix:"))


def _folder_name(node: Node) -> str:
    return (node.folder or "").rstrip("/").rpartition("/")[2].lower()
