"""What may be meant where nothing says which: the only one of its kind. Each such link says that it rests on this alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from infralint.model import Address, Node, Service
from infralint.platforms.ports import DEFAULT_PORTS
from infralint.project.images import is_built_of, is_own_name
from infralint.text.paths import is_below
from infralint.trace.links import LOOPBACK, PRIVATE, Link, is_socket, is_together
from infralint.trace.placements import Placement, Placements


class Guesses:
    """Links that no address and no name says. followers: what the user says to stand behind each node, by identity."""

    def __init__(self, placements: Placements, followers: Mapping[int, Sequence[Placement]]) -> None:
        self._placements = placements
        self._followers = followers
        self._targets: dict[int, frozenset[Address]] = {}
        self._crowds: dict[tuple[str, frozenset[str]], bool] = {}

    def by_name(self, host: str, port: int | None, front: Node) -> list[Link]:
        """The one node that can be meant by a name which nothing explains."""
        if not PRIVATE.fullmatch(host):
            return []
        called = [place.node for place in self._applications if host == _folder_name(place.node)]
        called = called or self._applications_of_image(host)
        if called:
            return [Link(called[0], "assumed")] if len(called) == 1 else []
        if self._placements.is_service(host):
            return self._run_by_unexplained_service(host, port, front)
        others = [place for place in self._nameless if place.node is not front]
        # Everything listens on these ports: they tell nothing apart.
        listening = [place.node for place in others if port in place.ports and port not in DEFAULT_PORTS]
        if len(listening) == 1:
            return [Link(listening[0], "the only one")]
        return [] if listening else self.only_application(port, front)

    def _run_by_unexplained_service(self, host: str, port: int | None, front: Node) -> list[Link]:
        """The only application that nothing deploys, behind the only service whose image nothing explains."""
        services = self._placements.services_by_name(host)
        if len(self._unexplained_images) != 1 or not all(
            _image_of(service) in self._unexplained_images for service in services
        ):
            return []
        ports = {target for service in services for dialled, target in service.forwards if dialled == port}
        alone = self._alone(ports.pop() if len(ports) == 1 else None if ports else port, front)
        return [Link(alone.node, "the only one")] if alone is not None and not alone.services else []

    @cached_property
    def _unexplained_images(self) -> frozenset[str]:
        """The images that services run and that may be built of code which is here, though nothing says of which."""
        return frozenset(
            _image_of(service)
            for service in self._placements.services
            if service.context is None and not self._placements.runs_any(service) and is_own_name(service.image)
        )

    @cached_property
    def _nameless(self) -> list[Placement]:
        """What others may dial by a name that is not known."""
        return [place for place in self._placements.all if not place.has_private_name and not place.node.by_name_only]

    def _applications_of_image(self, host: str) -> list[Node]:
        """The applications whose name is that of the image which a service runs, where nothing says what it is built from.

        Of several, as of the pages and the server of one, those that stream.
        """
        services = self._placements.services_by_name(host)
        images = {service.image for service in services if service.image and service.context is None}
        programs = [
            place.node for place in self._placements.all if place.node.folder is not None and not place.node.known_as
        ]
        called = [
            node
            for node in programs
            if any(is_built_of(image, _folder_name(node)) or _is_part_of(node.name, image) for image in images)
        ]
        return called if len(called) < 2 else [node for node in called if node.hops]

    def only_application(self, port: int | None, front: Node, placed: bool = True) -> list[Link]:
        """The one application that may listen there, if all that could be it is. placed: also where a deployment file places it."""
        alone = self._alone(port, front)
        if alone is None or (alone.services and not placed):
            return []
        others = self._unexplained_targets(front)
        told_apart = port in alone.ports and sum(target.port == port for target in others) == 1
        return [Link(alone.node, "the only one")] if len(others) < 2 or told_apart else []

    def filled_in(self, front: Node) -> list[Link]:
        """The one application, where all that a node dials is one host that somebody fills in later."""
        pools = [hop.pool for hop in front.hops]
        if len({pool.placeholder for pool in pools if pool.placeholder}) != 1 or self._unexplained_targets(front):
            return []
        alone = self._alone(None, front)
        return [Link(alone.node, "the only one")] if alone is not None else []

    def _alone(self, port: int | None, front: Node) -> Placement | None:
        """The application that may be meant where nothing says which: the only one, or the only one that streams."""
        neighbours = {
            service.name for place in self._placements.all if place.node is front for service in place.services
        }
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
        return [
            place for place in self._placements.all if place.node.folder is not None and not place.node.by_name_only
        ]

    @cached_property
    def _nodes_in_folders(self) -> list[Node]:
        """The applications that lie below the project's root."""
        return [node for node in self._placements.nodes if node.folder]

    def _around(self, front: Node) -> Node | None:
        """The application in whose folder a node is written down, below the project's root."""
        places = {hop.where.path for hop in front.hops}
        holding = [
            node
            for node in self._nodes_in_folders
            if places and all(is_below(path, node.folder or "") for path in places) and is_together(node, front)
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
        known = bool(self._placements.by_name(host)) or self._placements.is_service(host)
        return not known and (host in LOOPBACK or is_socket(host) or bool(PRIVATE.fullmatch(host)))

    @cached_property
    def _applications(self) -> list[Placement]:
        return [place for place in self._placements.all if place.node.folder is not None and not place.services]

    def _stands_before(self, node: Node, other: Node) -> bool:
        """Whether a node names another one outright as what it sends requests to, or the user says that it does."""
        if any(place.node is other for place in self._followers.get(id(node), ())):
            return True
        if any(not other.known_as.isdisjoint(hop.pool.references) for hop in node.hops):
            return True
        names = {target.host.lower() for hop in node.hops for target in hop.pool.targets}
        return any(place.node is other for name in names for place in self._placements.by_name(name))

    def only_other(self, front: Node) -> list[Link]:
        """Behind the only load balancer, whose targets the project does not name: its one proxy, else its one application.

        A load balancer that is written once is one, in each of its environments.
        """
        alike = self._of_one_kind(front)
        near = self._by_environment[front.environment]
        if self._is_one_of_several(front):
            around = self._around(front)
            if around is None:
                return []
            beside = any(node is not front and self._around(node) is around for node in alike.values())
            return [] if beside else [Link(around, "assumed")]
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

    @cached_property
    def _by_kind(self) -> dict[str, dict[int, Node]]:
        """The nodes that have hops of a kind, by identity."""
        found: dict[str, dict[int, Node]] = {}
        for node in self._placements.nodes:
            for hop in node.hops:
                found.setdefault(hop.kind, {})[id(node)] = node
        return found

    def _is_one_of_several(self, front: Node) -> bool:
        """Whether its environment has other nodes of its kind."""
        kinds = frozenset(hop.kind for hop in front.hops)
        if (front.environment, kinds) not in self._crowds:
            alike = self._of_one_kind(front)
            there = sum(id(node) in alike for node in self._by_environment[front.environment])
            self._crowds[front.environment, kinds] = there != 1
        return self._crowds[front.environment, kinds]

    def _of_one_kind(self, front: Node) -> Mapping[int, Node]:
        """The nodes that are load balancers, or nginx, as `front` is, by identity: one may be read from code and from an account."""
        kinds = {hop.kind for hop in front.hops}
        if len(kinds) == 1:
            return self._by_kind.get(kinds.pop(), {})
        return {identity: node for kind in kinds for identity, node in self._by_kind.get(kind, {}).items()}

    @cached_property
    def _by_environment(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self._placements.nodes:
            found.setdefault(node.environment, []).append(node)
        return found


def _written_identity(node: Node) -> tuple[str, frozenset[str]]:
    """What tells apart two nodes from one node that stands in several environments."""
    return node.name, frozenset(hop.where.path for hop in node.hops)


def _image_of(service: Service) -> str:
    """What tells apart what services run: their image, or the name of one of which no image is here."""
    return service.image or service.name


def _folder_name(node: Node) -> str:
    return (node.folder or "").rstrip("/").rpartition("/")[2].lower()


def _is_part_of(name: str, image: str) -> bool:
    """Whether a program is called as an image, or as a part of what it holds: `chat-server` of `acme/chat`."""
    last = image.rpartition("/")[2].partition("@")[0].partition(":")[0].lower()
    return name.lower() == last or name.lower().startswith(f"{last}-")
