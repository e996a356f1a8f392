"""Which services of a project reach each other, and by which names: https://docs.docker.com/compose/how-tos/networking/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infralint.model import HOST_NETWORK
from infralint.project.compose.service import ComposeService

DEFAULT_NETWORK = "default"
"""The network that compose makes for the services that name none."""


class Networks:
    """The networks and the names of all services of a project, looked up by their group."""

    def __init__(self, services: Sequence[ComposeService]) -> None:
        self._by_name = {(service.group, service.name): service for service in services}
        self._by_container = {
            (service.group, name): service for service in services for name in service.names - {service.name}
        }
        self._shared = {self._owner_key(service) for service in services if service.shares}

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
        return "/".join(key) if service.shares or key in self._shared else ""

    def names_of_networks(self, service: ComposeService) -> frozenset[str]:
        """The networks in which a service is known by its names, each by a name of its own in the whole project; none where
        that is not known. On the host's network, and on Docker's own bridge, nobody is known by a name.

        https://docs.docker.com/engine/network/drivers/bridge/#differences-between-user-defined-bridges-and-the-default-bridge
        """
        owner = self.owner(service)
        mode = owner.network_mode
        if owner.shares or "$" in mode:
            return frozenset()
        if mode in ("host", "none", "bridge", DEFAULT_NETWORK):
            return frozenset({f"{owner.group}/{owner.name} alone"})
        if mode:
            return frozenset({mode})
        return frozenset(self._whole_name(owner, name) for name in owner.networks or (DEFAULT_NETWORK,))

    def aliases(self, service: ComposeService) -> Iterator[tuple[str, str]]:
        """Names of a service that one of its networks knows, each with that network."""
        for network, names in self.owner(service).aliases.items():
            yield from ((name, self._whole_name(self.owner(service), network)) for name in names)

    def names_given(self, service: ComposeService) -> frozenset[str]:
        """Names that a service has from the one whose address it shares."""
        return self.owner(service).names if service.shares else frozenset()

    @staticmethod
    def _whole_name(service: ComposeService, network: str) -> str:
        return service.network_names.get(network, f"{service.group}/{network}")

    def _owner_key(self, service: ComposeService) -> tuple[str, str]:
        owner = self.owner(service)
        return service.group, service.shares if owner is service and service.shares else owner.name
