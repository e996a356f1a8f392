"""Cloudflare's proxy in front of a record or at the other end of a tunnel: an answer may be silent for two minutes.

https://developers.cloudflare.com/fundamentals/reference/connection-limits/,
https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from infralint.model import SSE, Address, Buffering, Known, Location, Setting, not_applicable, silence_clocks
from infralint.platforms.routing import RoutedHop, RouteRule, RoutingNode, are_general, hosts_of, whole_apis

READ_TIMEOUT = 125.0
"""Seconds between two reads from the origin; it can be raised for Enterprise zones alone.

https://developers.cloudflare.com/fundamentals/reference/connection-limits/
"""


_LONGER_SILENCE = "send a ping more often than every 125 s, or raise the zone's proxy_read_timeout (Enterprise)"


class ProxiedRecord(RoutedHop, frozen=True, kw_only=True):
    """The way through Cloudflare to what a proxied record points to."""

    platform: ClassVar[str] = "cloudflare"
    kind: ClassVar[str] = "proxied record"

    @property
    def product(self) -> str:
        return "Cloudflare"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "idle_timeout":
            return _LONGER_SILENCE
        return ""


def record_node(
    name: str, where: Location, timeout: Setting[float] | None, rule: RouteRule, environment: str, **fields: Any
) -> RoutingNode:
    """A proxied record. timeout: seconds, None where nothing sets them. rule: the host, and what it points to. fields:
    what its source knows of every hop.

    Of WebSockets Cloudflare's pages say that they pass, and not for how long one may be silent.
    https://developers.cloudflare.com/network/websockets/
    """
    limit = timeout or _read_timeout(where)
    hop = ProxiedRecord(
        name=name,
        where=where,
        clocks=silence_clocks(limit, SSE),
        buffers_responses=not_applicable("never", where),
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        hosts=(rule.host,) if rule.host else (),
        rules=(rule,),
        environment=environment,
        **fields,
    )
    return RoutingNode(name=name, hops=(hop,), known_as=frozenset({name}), environment=environment, published=True)


def _read_timeout(where: Location) -> Known[float]:
    because = "Cloudflare answers 524 where its origin was silent for 125 s"
    return Known(READ_TIMEOUT, where, "proxy_read_timeout", "default", because=because)


# Tunnels


class TunnelHop(RoutedHop, frozen=True, kw_only=True):
    """The way through a Cloudflare Tunnel to the services that its `cloudflared` reaches."""

    platform: ClassVar[str] = "cloudflare"
    kind: ClassVar[str] = "tunnel"

    @property
    def product(self) -> str:
        return "Cloudflare Tunnel"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                return _LONGER_SILENCE
            case "buffers_responses":
                return "take a named tunnel: cloudflared tunnel create, or a tunnel of the dashboard and its token"
        return ""


def tunnel_node(
    name: str,
    where: Location,
    rules: Sequence[RouteRule],
    timeout: Setting[float] | None = None,
    buffering: Setting[Buffering] | None = None,
    paths: frozenset[str] = frozenset(),
    **fields: Any,
) -> RoutingNode:
    """A tunnel. rules: of its ingress, the first that fits counts. timeout: seconds, None where nothing sets them.
    buffering: where it holds answers back. paths: project files that it is written in. fields: what its source knows of
    every hop.

    `cloudflared` sends on at once what is an event stream, comes in chunks or has no length.
    https://github.com/cloudflare/cloudflared/blob/master/connection/connection.go
    """
    hosts = hosts_of(rules)
    hop = TunnelHop(
        name=name,
        where=where,
        clocks=silence_clocks(timeout or _read_timeout(where), SSE),
        buffers_responses=buffering or not_applicable("never", where),
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        hosts=hosts,
        paths=tuple(dict.fromkeys(rule.written or rule.path for rule in rules)),
        rules=tuple(rules),
        assumable=are_general(rules, whole_apis(rules)),
        **fields,
    )
    return RoutingNode(
        name=name,
        hops=(hop,),
        known_as=frozenset({name}),
        files=paths,
        environment=hop.environment,
        published=True,
        in_order=True,
    )


def quick_tunnel_node(name: str, where: Location, service: str, **fields: Any) -> RoutingNode:
    """A tunnel at a name below trycloudflare.com, which `cloudflared tunnel --url` opens. fields: what its source knows of
    every hop.

    https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/trycloudflare/
    """
    because = "a quick tunnel (trycloudflare.com) does not support server-sent events"
    buffering: Setting[Buffering] = Known("always", where, "quick tunnel", "default", because=because)
    return tunnel_node(name, where, [ingress_rule("", "", service, where)], buffering=buffering, **fields)


def ingress_rule(hostname: str, path: str, service: str, where: Location) -> RouteRule:
    """A rule of a tunnel's ingress. path: a regular expression that fits anywhere in the path. service: where it leads.

    https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/
    """
    rule = RouteRule(hostname.lower(), where=where)
    if _is_filled_in(hostname):
        rule = RouteRule(doubt=f"its hostname `{hostname}`", where=where)
    if _is_filled_in(service):
        return replace(rule, reason=f"`service: {service}` is filled in at deployment")
    if path:
        rule = replace(rule, path=path, kind="regex", anchoring="anywhere")
    address = _address_of(service)
    if address is not None:
        return replace(rule, targets=(address,))
    if service.startswith("http_status:") or service == "hello_world":
        answer = Known(service.removeprefix("http_status:"), where, "service", "explicit", f"service: {service}")
        return replace(rule, answer=answer)
    return replace(rule, reason=f"`service: {service}` is not followed")


def _is_filled_in(text: str) -> bool:
    return "{{" in text or "${" in text


_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def _address_of(service: str) -> Address | None:
    """Whom a service of HTTP dials; None for any other, and for what is no address."""
    try:
        parts = urlsplit(service)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return Address(parts.hostname, port or _PORTS[parts.scheme])
