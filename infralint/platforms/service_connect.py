"""ECS Service Connect: the proxy beside each task ends a response of HTTP after 15 s unless more is set; what is spoken as
plain TCP is only ended by silence.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TimeoutConfiguration.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from infralint.model import (
    SSE,
    UNLIMITED,
    WEBSOCKET,
    Address,
    Affinity,
    Clock,
    Known,
    Location,
    Match,
    Node,
    Request,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.managed_containers import ContainerHop

REQUEST_TIMEOUT = 15.0
"""Seconds for a whole response where the port speaks HTTP, HTTP/2 or gRPC and nothing else is set; 0 is no limit. AWS's
page names the setting, and not its default: https://github.com/aws/containers-roadmap/issues/1958."""
HTTP_IDLE = 300.0
"""Seconds of silence where the port speaks HTTP, HTTP/2 or gRPC and nothing else is set; 0 is no limit.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TimeoutConfiguration.html
"""
TCP_IDLE = 3600.0
"""Seconds of silence where the port mapping names no application protocol and nothing else is set; 0 is no limit.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TimeoutConfiguration.html
"""
HTTP_PROTOCOLS = frozenset({"http", "http2", "grpc"})
"""What `appProtocol` of a port mapping may be; without it, the proxy takes what flows for TCP.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
"""
_BALANCED = (
    "a load balancer reaches this port through its Service Connect proxy, of whose limits AWS speaks for calls between"
    " services alone"
)
_UNCALLED = "which service calls it through Service Connect can't be told"


class PortMapping(msgspec.Struct, frozen=True):
    """A named port of a container. protocol: "" where none is named. port: None where that can't be told."""

    protocol: Setting[str]
    port: int | None = None


def port_mapping(definitions: Any, name: str, where: Location) -> PortMapping:
    """The port mapping of a name in a task's container definitions: as AWS's API has them (with names in lower or in upper
    case), as their JSON, Unknown, or None where they are not here. where: the place that refers to it."""
    if isinstance(definitions, Unknown):
        return PortMapping(definitions)
    containers = container_definitions(definitions)
    mappings = [mapping for container in containers for mapping in _as_list(container.get("portmappings"))]
    for mapping in map(_small, mappings):
        if mapping.get("name") == name:
            return PortMapping(_protocol(mapping.get("appprotocol"), where), _number(mapping.get("containerport")))
    reason = f"the port mapping {name} of its task definition is not visible here"
    return PortMapping(Unknown(where, "appProtocol", reason))


def container_definitions(definitions: Any) -> list[dict[str, Any]]:
    """A task's containers, with names in lower case: as AWS's API has them, or as their JSON; none where they are not known."""
    if isinstance(definitions, str):
        try:
            definitions = json.loads(definitions)
        except ValueError:
            definitions = None
    return [_small(container) for container in definitions] if isinstance(definitions, list) else []


def _small(value: Any) -> dict[str, Any]:
    """A mapping with its names in lower case; empty for what is none."""
    return {str(key).lower(): member for key, member in value.items()} if isinstance(value, dict) else {}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()) else None


def _protocol(value: Any, where: Location) -> Setting[str]:
    if isinstance(value, Known | Unknown):
        return value
    name = str(value or "").lower()
    return Known(name, where, "appProtocol", "explicit" if name else "default", f"appProtocol: {name}" if name else "")


class TimeoutWords(msgspec.Struct, frozen=True, kw_only=True):
    """How its timeouts are written where it was read. block: what stands around them, `{line}` in it."""

    request: str
    idle: str
    block: str


class ConnectedPort(msgspec.Struct, frozen=True, kw_only=True):
    """A port of a service that others reach through Service Connect.

    protocol: `appProtocol` of its port mapping, "" for none. request, idle: the timeouts that are set, in seconds (0: no
    limit); None where nothing is. addresses: what its callers dial. balanced: what a load balancer that sends to this
    port calls the service; "" where none does. count: how many tasks run, where that is written.
    """

    name: str
    where: Location
    protocol: Setting[str]
    request: Setting[float] | None
    idle: Setting[float] | None
    addresses: tuple[Address, ...]
    words: TimeoutWords
    balanced: str = ""
    count: Setting[int] | None = None
    aliases: tuple[str, ...] = ()


class ServiceConnectHop(ContainerHop, frozen=True, kw_only=True):
    """The way through the proxy to the service's own container. is_balanced: a load balancer has chosen the task."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "Service Connect proxy"

    port: ConnectedPort
    is_balanced: bool = False

    @property
    def product(self) -> str:
        return "ECS Service Connect"

    def fix(self, setting: str, seconds: float = 0) -> str:
        words, seconds = self.port.words, max(seconds, 300)
        match setting:
            case "max_duration":
                return self._timeout(f"{words.request}{seconds:g}")
            case "idle_timeout":
                return self._timeout(f"{words.idle}{seconds:g}")
            case "keeps_affinity":
                return "let it be reached through a load balancer with stickiness: Service Connect has none"
        return ""

    def _timeout(self, line: str) -> str:
        is_begun = self.port.request is not None or self.port.idle is not None
        return line if is_begun else self.port.words.block.format(line=line)


class ServiceConnectNode(Node, kw_only=True, eq=False):
    """A port of a service: those who dial its name come through Service Connect, and what a load balancer sends may."""

    platform: ClassVar[str] = "aws"

    hops: tuple[ServiceConnectHop, ...] = ()

    def route(self, request: Request) -> list[Match]:
        called, *balanced = self.hops
        if request.to is not None:
            return [Match(called)]
        return [Match(hop, False, (_BALANCED,)) for hop in balanced] or [Match(called, False, (_UNCALLED,))]


def connected_node(port: ConnectedPort, **fields: Any) -> ServiceConnectNode:
    """A port as a node. fields: what its source knows of every hop."""
    hops = [_hop(port, _affinity(port), False, fields)]
    if port.balanced:
        hops.append(_hop(port, not_applicable("single", port.where), True, fields))
    return ServiceConnectNode(
        name=port.name,
        hops=tuple(hops),
        listens=port.addresses,
        known_as=frozenset(filter(None, [port.balanced])),
        environment=hops[0].environment,
        by_name_only=True,
        inner=True,
    )


def _hop(
    port: ConnectedPort, affinity: Setting[Affinity], is_balanced: bool, fields: dict[str, Any]
) -> ServiceConnectHop:
    return ServiceConnectHop(
        name=port.name,
        where=port.where,
        clocks=tuple(_clocks(port)),
        buffers_responses=not_applicable("never", port.where),
        forwards_upgrade=_upgrade(port),
        keeps_affinity=affinity,
        runtime=not_applicable("", port.where),
        aliases=port.aliases,
        assumable=not is_balanced,
        port=port,
        is_balanced=is_balanced,
        **fields,
    )


def _clocks(port: ConnectedPort) -> Iterator[Clock]:
    if not _is_plain(port):
        yield Clock("whole-response", _request_limit(port), SSE, "truncated")
    idle = _idle_limit(port)
    yield from silence_clocks(idle, SSE)
    yield Clock("between-bytes", idle, WEBSOCKET)


def _is_plain(port: ConnectedPort) -> bool:
    """Whether what flows is surely taken for TCP."""
    return isinstance(port.protocol, Known) and port.protocol.value not in HTTP_PROTOCOLS


def _request_limit(port: ConnectedPort) -> Setting[float]:
    if port.request is not None:
        return _or_none(port.request)
    if isinstance(port.protocol, Unknown):
        return port.protocol
    because = f"a port of `{port.protocol.written}` has a limit for each request"
    name = "Service Connect's request timeout"
    return Known(REQUEST_TIMEOUT, port.where, name, "default", because=because, related=port.protocol.related)


def _idle_limit(port: ConnectedPort) -> Setting[float]:
    if port.idle is not None:
        return _or_none(port.idle)
    if isinstance(port.protocol, Unknown):
        return port.protocol
    seconds = TCP_IDLE if _is_plain(port) else HTTP_IDLE
    return Known(seconds, port.where, "Service Connect's idle timeout", "default", related=port.protocol.related)


def _or_none(limit: Setting[float]) -> Setting[float]:
    """A timeout, of which 0 is none."""
    return limit.with_value(UNLIMITED) if isinstance(limit, Known) and limit.value == 0 else limit


def _upgrade(port: ConnectedPort) -> Setting[Upgrade]:
    if _is_plain(port):
        return not_applicable("forwarded", port.where)
    if isinstance(port.protocol, Unknown):
        return port.protocol
    why = f"AWS does not say whether its proxy opens WebSockets on a port of `{port.protocol.written}`"
    return Unknown(port.where, "WebSockets of Service Connect", why, "leave appProtocol out: what flows is TCP then")


def _affinity(port: ConnectedPort) -> Setting[Affinity]:
    because = "Service Connect gives each request to the next task in turn"
    is_single = isinstance(port.count, Known) and port.count.value == 1
    return Known("today" if is_single else "none", port.where, "Service Connect", "default", because=because)
