"""Platforms that run a container and answer for it at a name of their own: one limit for each response, whatever flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from msgspec.structs import replace

from infralint.model import (
    SSE,
    WEBSOCKET,
    Affinity,
    Clock,
    Forward,
    Hop,
    Known,
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


@dataclass(frozen=True, kw_only=True)
class ManagedContainer:
    """A service of such a platform. product: what the vendor calls it. limit: seconds for a whole response.

    is_fixed: nothing can be set to change the limit. longest: the most that can be set, in seconds. limit_advice: what
    to write for so many seconds, `{seconds}` in it. sockets_limited: a WebSocket ends after the limit, too.
    """

    name: str
    where: Location
    product: str
    limit: Setting[float]
    longest: float
    limit_advice: str
    forwards_upgrade: Setting[Upgrade]
    keeps_affinity: Setting[Affinity]
    sockets_limited: bool = True
    is_fixed: bool = False
    affinity_advice: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ManagedContainerHop(Hop):
    """The way through such a platform to its container."""

    kind: ClassVar[str] = "container service"

    service: ManagedContainer = field(hash=False)

    @property
    def variant(self) -> str:
        return self.service.product

    @property
    def pool(self) -> Pool:
        """Its container, which no other name leads to."""
        return Pool(references=(f"the container of {self.name}",))

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        upgrade = self.forwards_upgrade
        is_whole = isinstance(upgrade, Known) and upgrade.value == "forwarded"
        sent = replace(
            request,
            to=None,
            upgrade=request.upgrade if is_whole or request.kind != "websocket" else upgrade,
            headers=request.headers_with(set_by(self.name, self.where)),
        )
        return (Forward(sent, self.pool),)

    def fix(self, setting: str, seconds: float = 0) -> str:
        service = self.service
        match setting:
            case "max_duration" if service.is_fixed:
                return f"run it where answers may take longer: {service.product} gives none more than {service.longest:g} s"
            case "max_duration":
                line = service.limit_advice.format(seconds=f"{min(max(seconds, 300), service.longest):g}")
                return line if seconds <= service.longest else f"{line}  # the most there is: make the answers shorter"
            case "forwards_upgrade":
                return f"take server-sent events, or run it where WebSockets are taken: {service.product} takes none"
            case "keeps_affinity":
                return service.affinity_advice
        return ""


@dataclass(kw_only=True, eq=False)
class ManagedContainerNode(Node):
    """Such a service: all requests take the one way there is."""

    def route(self, request: Request) -> list[Match]:
        return [Match(hop) for hop in self.hops]


def container_node(service: ManagedContainer, **fields: Any) -> ManagedContainerNode:
    """A service as a node. fields: what its source knows of every hop."""
    kinds = SSE | WEBSOCKET if service.sockets_limited else SSE
    hop = ManagedContainerHop(
        name=service.name,
        where=service.where,
        clocks=(Clock("whole-response", service.limit, kinds, "truncated"),),
        buffers_responses=not_applicable("never", service.where),
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
