"""Where nodes run, as deployment files say: which services run them, what they are called there, on which ports they listen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from infralint.model import HOST_NETWORK, Address, Node, Service
from infralint.text.lazy import lazy
from infralint.trace.folders import ApplicationFolders, MountedFiles, RunProducts
from infralint.trace.links import NAMELESS

_SERVER = lazy(
    r"\b(?:uvicorn|gunicorn|hypercorn|daphne|granian|fastapi|flask|runserver|puma|unicorn|rails s\w*|(?:npm|pnpm|yarn|bun)(?: run)?"
    r" (?:start|dev|serve\w*|prod\w*)|next (?:start|dev)|java -jar|php-fpm|artisan serve)\b"
)
"""Commands that start the server of an application, and not one of its other programs."""


class Placement(msgspec.Struct, frozen=True, dict=True):
    """Where a node runs: what it is called there, where it listens, which services run it.

    ports: those that are written down; a node's own are all of them, those of its services and images need not be.
    """

    node: Node
    names: frozenset[str]
    ports: frozenset[int]
    services: tuple[Service, ...]

    @cached_property
    def groups(self) -> frozenset[str]:
        """The compose projects (or namespaces) within which its services see each other."""
        return frozenset(service.group for service in self.services)

    def is_service(self, name: str) -> bool:
        """Whether a service that runs it is called so: that is where its network leads, whoever answers to the name, too."""
        return name in self.services_by_name

    @cached_property
    def services_by_name(self) -> Mapping[str, Sequence[Service]]:
        """The services that run it, by the names under which they are dialled."""
        return _by_name(self.services)

    @cached_property
    def forwards(self) -> Mapping[tuple[str, int], int | None]:
        """Where it gets what comes to a port of a service by a name; None: at that very port."""
        found: dict[tuple[str, int], int | None] = {}
        for name, services in self.services_by_name.items():
            for port, target in (pair for service in services for pair in service.forwards):
                found.setdefault((name, port), target)
        return found

    def runs_another(self, name: str) -> bool:
        """Whether services of a name start another program than the server that one of its other services starts.

        One image may run as several: the server, workers, a second server of a framework's own.
        """
        named = self.services_by_name.get(name, ())
        is_other = bool(named and self._servers) and all(service.command for service in named)
        return is_other and self._servers.isdisjoint(map(id, named))

    @cached_property
    def _servers(self) -> frozenset[int]:
        """The services that start a server, by their identities."""
        return frozenset(id(service) for service in self.services if _SERVER.search(service.command))

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
        key = address.host.lower(), address.port or 0
        return Address(address.host, self.forwards[key]) if key in self.forwards else address


def _by_name(services: Iterable[Service]) -> Mapping[str, Sequence[Service]]:
    """Services by the names under which they are dialled."""
    found: dict[str, list[Service]] = {}
    for service in services:
        for name in {name.lower() for name in service.names}:
            found.setdefault(name, []).append(service)
    return found


class Placements:
    """Where the nodes of a project run."""

    def __init__(self, nodes: Sequence[Node], services: Sequence[Service]) -> None:
        self.nodes = nodes
        self.services = services
        self._ports: dict[int, Mapping[int, set[int]]] = {}

    @cached_property
    def all(self) -> list[Placement]:
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
        products = RunProducts(self.nodes)
        return {
            id(service): {
                id(node): node
                for node in (
                    *files.in_reach_of(service),
                    *self._folders.built_from(service),
                    *products.run_by(service),
                )
            }
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

    @cached_property
    def _by_node(self) -> dict[int, Placement]:
        return {id(place.node): place for place in self.all}

    @cached_property
    def _by_name(self) -> dict[str, list[Placement]]:
        found: dict[str, list[Placement]] = {}
        for place in self.all:
            for name in place.names:
                found.setdefault(name, []).append(place)
        return found

    @cached_property
    def _services_by_name(self) -> Mapping[str, Sequence[Service]]:
        return _by_name(self.services)

    def of(self, node: Node | None) -> Placement | None:
        """Where a node runs; None where it is none of these."""
        return self._by_node.get(id(node))

    def by_name(self, name: str) -> Sequence[Placement]:
        """What is called so where it runs. name: in lower case."""
        return self._by_name.get(name, ())

    def services_by_name(self, name: str) -> Sequence[Service]:
        """The services of a name, in lower case, whether or not what they run was read."""
        return self._services_by_name.get(name, ())

    def is_service(self, name: str) -> bool:
        """Whether a deployment file has a service of that name."""
        return name.lower() in self._services_by_name

    def runs_any(self, service: Service) -> bool:
        """Whether something that was read runs in a service."""
        return bool(self._running[id(service)])

    def services_of(self, node: Node) -> tuple[Service, ...]:
        return self._by_node[id(node)].services if id(node) in self._by_node else ()

    def groups_of(self, node: Node) -> frozenset[str]:
        place = self.of(node)
        return place.groups if place is not None else frozenset()

    def is_contained(self, front: Node) -> bool:
        """Whether a node runs in a container that has a network of its own, whose loopback leads nowhere else."""
        services = self.services_of(front)
        return bool(services) and not any(service.pod == HOST_NETWORK for service in services)

    def beside(self, front: Node) -> list[Placement]:
        """What runs in the containers of a node, and in others that share their network address."""
        services = self.services_of(front)
        keys = {id(service) for service in services} | {service.pod for service in services if service.pod}
        together = (place for key in keys for place in self._by_network.get(key, ()))
        return list({id(place): place for place in together}.values())

    @cached_property
    def _by_network(self) -> dict[int | str, list[Placement]]:
        """What runs in each service, by identity, and in each pod."""
        found: dict[int | str, list[Placement]] = {}
        for place in self.all:
            keys: set[int | str] = {id(service) for service in place.services}
            keys |= {service.pod for service in place.services if service.pod}
            for key in keys:
                found.setdefault(key, []).append(place)
        return found

    @cached_property
    def publishing_groups(self) -> frozenset[str]:
        """The compose projects of which something is published."""
        published = (place for place in self.all if place.is_reachable)
        return frozenset(group for place in published for group in place.groups)


def are_of_several_projects(places: Sequence[Placement]) -> bool:
    """Whether several nodes are meant by one name, or one port, of which each project that is deployed has its own."""
    groups = [place.groups for place in places if place.groups]
    return len(groups) > 1 and not frozenset.intersection(*groups)
