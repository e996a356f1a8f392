"""Cloudflare's proxy in front of a record: an answer may be silent for two minutes.

https://developers.cloudflare.com/fundamentals/reference/connection-limits/,
https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/
"""

from __future__ import annotations

from typing import Any, ClassVar

from infralint.model import SSE, Known, Location, Setting, not_applicable, silence_clocks
from infralint.platforms.routing import RoutedHop, RouteRule, RoutingNode

READ_TIMEOUT = 120.0
"""Seconds between two reads from the origin; it can be raised for Enterprise zones alone.

https://developers.cloudflare.com/fundamentals/reference/connection-limits/
"""


class ProxiedRecord(RoutedHop, frozen=True, kw_only=True):
    """The way through Cloudflare to what a proxied record points to."""

    platform: ClassVar[str] = "cloudflare"
    kind: ClassVar[str] = "proxied record"

    @property
    def product(self) -> str:
        return "Cloudflare"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "idle_timeout":
            return "send a ping more often than every 120 s, or raise the zone's proxy_read_timeout (Enterprise)"
        return ""


def record_node(
    name: str, where: Location, timeout: Setting[float] | None, rule: RouteRule, environment: str, **fields: Any
) -> RoutingNode:
    """A proxied record. timeout: seconds, None where nothing sets them. rule: the host, and what it points to. fields:
    what its source knows of every hop.

    Of WebSockets Cloudflare's pages say that they pass, and not for how long one may be silent.
    https://developers.cloudflare.com/network/websockets/
    """
    because = "Cloudflare answers 524 where its origin was silent for 120 s"
    limit = timeout or Known(READ_TIMEOUT, where, "proxy_read_timeout", "default", because=because)
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
