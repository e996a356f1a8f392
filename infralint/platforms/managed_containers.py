"""Platforms that run a container and answer for it at a name of their own, with limits of their own for each response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    Affinity,
    Buffering,
    Clock,
    Forward,
    Hop,
    Location,
    Match,
    Node,
    Pool,
    Request,
    Setting,
    Upgrade,
    not_applicable,
)
from infralint.platforms.forwarding import set_by


class HighestLimit(msgspec.Struct, frozen=True):
    """How far a limit can be raised. most: seconds; line: what to write for so many, `{seconds}` in it; "" where nothing
    can be set."""

    most: float
    line: str = ""


class ManagedContainer(msgspec.Struct, frozen=True, kw_only=True):
    """A service of such a platform. product: what the vendor calls it. clocks: what it limits.

    highest: how far `max_duration` and `idle_timeout` can be raised. buffering: whether it holds responses back.
    """

    name: str
    where: Location
    product: str
    clocks: tuple[Clock, ...]
    forwards_upgrade: Setting[Upgrade]
    keeps_affinity: Setting[Affinity]
    highest: Mapping[str, HighestLimit]
    buffering: Setting[Buffering] | None = None
    buffering_advice: str = ""
    upgrade_advice: str = ""
    affinity_advice: str = ""
    names: tuple[str, ...] = ()


class ContainerHop(Hop, frozen=True, kw_only=True):
    """The way to a container that is reached in no other way."""

    @property
    def pool(self) -> Pool:
        """Its container, which no other name leads to."""
        return Pool(references=(f"the container of {self.name}",))

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        headers = request.headers_with(set_by(self.name, self.where))
        return (Forward(replace(request, to=None, upgrade=self.upgrade_out(request), headers=headers), self.pool),)


class ManagedContainerHop(ContainerHop, frozen=True, kw_only=True):
    """The way through such a platform to its container."""

    kind: ClassVar[str] = "container service"

    service: ManagedContainer

    @property
    def variant(self) -> str:
        return self.service.product

    @property
    def product(self) -> str:
        return self.service.product

    def fix(self, setting: str, seconds: float = 0) -> str:
        service = self.service
        match setting:
            case "max_duration" | "idle_timeout" if setting in service.highest:
                return self._raise_limit(setting, seconds, service.highest[setting])
            case "buffers_responses":
                return service.buffering_advice
            case "forwards_upgrade":
                without = f"take server-sent events, or run it where WebSockets are taken: {service.product} takes none"
                return service.upgrade_advice or without
            case "keeps_affinity":
                return service.affinity_advice
        return ""

    def _raise_limit(self, setting: str, seconds: float, limit: HighestLimit) -> str:
        product = self.service.product
        if limit.line:
            line = limit.line.format(seconds=f"{min(max(seconds, 300), limit.most):g}")
            return line if seconds <= limit.most else f"{line}  # the most there is: {_REMEDIES[setting]}"
        if setting == "idle_timeout":
            return f"send a ping more often than every {limit.most:g} s: nothing changes this limit of {product}"
        return f"run it where answers may take longer: {product} gives none more than {limit.most:g} s"


_REMEDIES = {"max_duration": "make the answers shorter", "idle_timeout": "send pings"}


class ManagedContainerNode(Node, kw_only=True, eq=False):
    """Such a service: all requests take the one way there is."""

    def route(self, request: Request) -> list[Match]:
        return [Match(hop) for hop in self.hops]


def container_node(service: ManagedContainer, **fields: Any) -> ManagedContainerNode:
    """A service as a node. fields: what its source knows of every hop."""
    hop = ManagedContainerHop(
        name=service.name,
        where=service.where,
        clocks=service.clocks,
        buffers_responses=service.buffering or not_applicable("never", service.where),
        forwards_upgrade=service.forwards_upgrade,
        keeps_affinity=service.keeps_affinity,
        runtime=not_applicable("", service.where),
        service=service,
        **fields,
    )
    return ManagedContainerNode(
        name=service.name,
        hops=(hop,),
        known_as=frozenset(service.names),
        environment=hop.environment,
        published=True,
    )
