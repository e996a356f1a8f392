"""Which services of a project reach each other, and by which names: https://docs.docker.com/compose/how-tos/networking/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infralint.model import HOST_NETWORK
from infralint.project.compose.service import ComposeService

DEFAULT_NETWORK = "default"
"""The network that compose makes for the services that name none."""
BRIDGE = "bridge"
"""Docker's own network, which `network_mode: default` means, too."""


class Networks:
    """The networks and the names of all services of a project, looked up by their group."""

    def __init__(self, services: Sequence[ComposeService]) -> None:
        self._by_name = {(service.group, service.name): service for service in services}
        self._by_container = {
            (service.group, name): service for service in services for name in service.names - {service.name}
        }
        self._sharing: dict[tuple[str, str], list[ComposeService]] = {}
        self._links: dict[tuple[str, str], list[str]] = {}
        known = {service.name for service in services}
        for service in services:
            if service.shares:
                self._sharing.setdefault(self._owner_key(service), []).append(service)
            for alias, name in service.links.items():
                if alias not in known:
                    self._links.setdefault((service.group, name), []).append(alias)

    def owner(self, service: ComposeService) -> ComposeService:
        """The service whose network address a service has: mostly its own."""
        if not service.shares:
            return service
        key = service.group, service.shares
        return self._by_name.get(key) or self._by_container.get(key) or service

    def pod(self, service: ComposeService) -> str:
        """What stands for the one network address that a service shares with others; empty where it has its own."""
        owner = self.owner(service)
        if owner.is_on_the_host:
            return HOST_NETWORK
        key = self._owner_key(service)
        return "/".join(key) if service.shares or key in self._sharing else ""

    def names_of_networks(self, service: ComposeService) -> frozenset[str]:
        """The networks in which a service is known by its names; none where that is not known, or it is on the host's."""
        owner = self.owner(service)
        if owner.shares or owner.is_on_the_host:
            return frozenset()
        mode = owner.network_mode
        if mode == "none":
            return frozenset({f"none but {owner.name}'s own"})
        if mode:
            return frozenset() if "$" in mode else frozenset({BRIDGE if mode == DEFAULT_NETWORK else mode})
        return owner.networks or frozenset({DEFAULT_NETWORK})

    def names_given(self, service: ComposeService) -> Iterator[str]:
        """Names that a service has from others: by their links, and the names of the one whose address it shares."""
        yield from self._links.get((service.group, service.name), ())
        if service.shares:
            yield from self.owner(service).names

    def _owner_key(self, service: ComposeService) -> tuple[str, str]:
        owner = self.owner(service)
        return service.group, service.shares if owner is service and service.shares else owner.name
