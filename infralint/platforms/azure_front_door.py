"""Azure Front Door: server-sent events that Microsoft does not vouch for, WebSockets for four hours, and an origin that has
to answer in time.

https://learn.microsoft.com/en-us/azure/frontdoor/standard-premium/websocket,
https://learn.microsoft.com/en-us/troubleshoot/azure/front-door/troubleshoot-issues
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from infralint.model import (
    SSE,
    WEBSOCKET,
    Buffering,
    Clock,
    Known,
    Location,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.routing import RoutedHop, RouteRule, are_general, hosts_of, paths_of

RESPONSE_TIMEOUT = 120.0
"""Seconds that an origin may take unless Terraform says more; the portal sets 30 s, 240 s are the most.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/cdn_frontdoor_profile
"""
MOST_RESPONSE_TIMEOUT = 240.0
"""Seconds that can be set at most.

https://learn.microsoft.com/en-us/troubleshoot/azure/front-door/troubleshoot-issues
"""
SOCKET_SILENCE = 300.0
"""Seconds of silence after which a WebSocket is closed; they can't be set.

https://learn.microsoft.com/en-us/azure/frontdoor/standard-premium/websocket
"""
SOCKET_TOTAL = 14_400.0
"""Seconds that a WebSocket may last; they can't be set.

https://learn.microsoft.com/en-us/azure/frontdoor/standard-premium/websocket
"""


_EVENTS = (
    "Microsoft's page says that Front Door does not support server-sent events, and a public measurement saw them pass"
    " (https://github.com/rukasakurai/azure-frontdoor-streaming-test)"
)
_REMEDY = (
    "measure it with `curl -N`, or have browsers ask the origin for the stream under a name that does not lead"
    " through Front Door"
)


class FrontDoorRoute(RoutedHop, frozen=True, kw_only=True):
    """A route of a Front Door endpoint."""

    platform: ClassVar[str] = "azure"
    kind: ClassVar[str] = "CDN route"

    @property
    def product(self) -> str:
        return "Front Door"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                return f"response_timeout_seconds = {min(max(seconds, RESPONSE_TIMEOUT), MOST_RESPONSE_TIMEOUT):g}"
            case "forwards_upgrade":
                return "a route of its own for the WebSocket, without `cache`"
        return ""


def front_door_route(
    name: str,
    where: Location,
    rules: Sequence[RouteRule],
    apis: Collection[str],
    timeout: Setting[float],
    cached: Setting[bool],
    **fields: Any,
) -> FrontDoorRoute:
    """A route. apis: the `whole_apis` of all routes of its endpoint. timeout: seconds. cached: whether it caches answers. fields:
    what its source knows of every hop."""
    buffering: Setting[Buffering] = Unknown(where, "server-sent events of Front Door", _EVENTS, _REMEDY)
    return FrontDoorRoute(
        name=name,
        where=where,
        clocks=(*silence_clocks(timeout, SSE), *_socket_clocks(where)),
        buffers_responses=buffering,
        forwards_upgrade=_upgrade(cached),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        hosts=hosts_of(rules),
        paths=paths_of(rules),
        assumable=are_general(rules, apis),
        rules=tuple(rules),
        **fields,
    )


def _socket_clocks(where: Location) -> tuple[Clock, ...]:
    silent = "Front Door closes a WebSocket that was silent for 5 min, and no setting changes that"
    long = "Front Door ends every WebSocket after 4 h, and no setting changes that"
    idle = Known(SOCKET_SILENCE, where, "Front Door's idle timeout", "default", because=silent)
    total = Known(SOCKET_TOTAL, where, "Front Door's limit for WebSockets", "default", because=long)
    return (*silence_clocks(idle, WEBSOCKET), Clock("connection", total, WEBSOCKET, "reset"))


def _upgrade(cached: Setting[bool]) -> Setting[Upgrade]:
    """https://learn.microsoft.com/en-us/azure/frontdoor/standard-premium/websocket"""
    if isinstance(cached, Unknown):
        return cached
    if cached.value:
        return cached.with_value("dropped", "a route with `cache` forwards no Upgrade header to the origin")
    return cached.with_value("forwarded")
