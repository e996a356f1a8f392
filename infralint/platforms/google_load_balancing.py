"""Google Cloud's Application Load Balancers: a backend service allows an answer so many seconds in all.

https://docs.cloud.google.com/load-balancing/docs/https/request-distribution,
https://docs.cloud.google.com/load-balancing/docs/backend-service#timeout-setting,
https://docs.cloud.google.com/load-balancing/docs/l7-internal
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from infralint.model import (
    Affinity,
    Clock,
    Known,
    Location,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
)
from infralint.platforms.gateways import CLASSIC, GKE_TIMEOUT, google_clocks
from infralint.platforms.routing import RoutedHop, RouteRule, RoutingNode, are_general, hosts_of

BACKEND_TIMEOUT = GKE_TIMEOUT
"""Seconds that a backend service allows a whole answer unless more is set.

https://docs.cloud.google.com/load-balancing/docs/backend-service#timeout-setting
"""
MOST_SERVERLESS = 3600.0
"""Seconds that an answer of a serverless backend may take; `timeout_sec` does not apply to it.

https://docs.cloud.google.com/load-balancing/docs/backend-service#timeout-setting
"""
DRAINING = 300.0
"""Seconds of connection draining that Terraform's provider sets where nothing is written.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_backend_service
"""
INTERNAL_SCHEMES = frozenset({"INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"})
"""`load_balancing_scheme` of load balancers that no client of the internet reaches.

https://docs.cloud.google.com/load-balancing/docs/backend-service#backend_services
"""
HTTP_PROTOCOLS = frozenset({"HTTP", "HTTPS", "HTTP2", "GRPC", "H2C"})
SPOKEN: Mapping[str, str] = MappingProxyType({"HTTP2": "2", "GRPC": "2", "H2C": "2"})
AFFINITIES: Mapping[str, Affinity] = MappingProxyType(
    {
        "CLIENT_IP": "address",
        "CLIENT_IP_NO_DESTINATION": "address",
        "CLIENT_IP_PORT_PROTO": "address",
        "CLIENT_IP_PROTO": "address",
        "GENERATED_COOKIE": "client",
        "HEADER_FIELD": "client",
        "HTTP_COOKIE": "client",
        "NONE": "none",
        "STRONG_COOKIE_AFFINITY": "client",
    }
)
"""`session_affinity` -> what it keeps together.

https://docs.cloud.google.com/load-balancing/docs/backend-service#session_affinity
"""


class BackendService(msgspec.Struct, frozen=True, kw_only=True):
    """A backend service, as a URL map sends requests to it.

    timeout: seconds for a whole answer, of the service or of the route that says another. scheme: the
    `load_balancing_scheme`; None where nothing is written and the provider's version decides. serverless: what is behind
    runs on Cloud Run or the like, which has a timeout of its own. of_route: the timeout is set by a route. regional: it
    belongs to a region's load balancer.
    """

    name: str
    where: Location
    timeout: Setting[float]
    scheme: Setting[str] | None
    protocol: Setting[str]
    affinity: Setting[str]
    draining: Setting[float]
    serverless: bool = False
    of_route: bool = False
    regional: bool = False


class GoogleBackendHop(RoutedHop, frozen=True, kw_only=True):
    """The way through a Google load balancer to one of its backend services."""

    platform: ClassVar[str] = "google"
    kind: ClassVar[str] = "load balancer"

    backend: BackendService

    @property
    def product(self) -> str:
        return "Google's load balancer"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "max_duration" | "idle_timeout" if self.backend.serverless:
                return ""
            case "max_duration" | "idle_timeout":
                wanted = f"{max(seconds, 3600):g}"
                return f"timeout {{ seconds = {wanted} }}" if self.backend.of_route else f"timeout_sec = {wanted}"
            case "keeps_affinity":
                return 'session_affinity = "GENERATED_COOKIE"'
            case "forwards_upgrade":
                return 'protocol = "HTTP"'
        return ""


class UrlMapNode(RoutingNode, kw_only=True, eq=False, dict=True):
    """A URL map. order: its rules as they are asked, where they are not all compared by how exactly they name a path."""

    order: tuple[RouteRule, ...] = ()

    @cached_property
    def _ranked(self) -> list[tuple[RouteRule, RoutedHop]]:
        positions = {id(rule): position for position, rule in enumerate(self.order)}
        pairs = [(rule, hop) for hop in self.hops for rule in hop.rules]
        return sorted(pairs, key=lambda pair: positions.get(id(pair[0]), len(positions)))


def backend_hop(
    backend: BackendService, rules: Sequence[RouteRule], apis: Collection[str], **fields: Any
) -> GoogleBackendHop:
    """A backend service behind some of a URL map's rules. apis: the `whole_apis` of all its rules; fields: what its source knows of
    every hop."""
    return GoogleBackendHop(
        name=backend.name,
        where=backend.where,
        clocks=_clocks(backend),
        buffers_responses=not_applicable("never", backend.where),
        forwards_upgrade=_upgrade(backend),
        keeps_affinity=_affinity(backend),
        runtime=not_applicable("", backend.where),
        hosts=hosts_of(rules),
        paths=tuple(dict.fromkeys(_path_text(rule) for rule in rules)),
        assumable=are_general(rules, apis),
        rules=tuple(rules),
        http=_spoken(backend.protocol),
        grace=None if backend.serverless else backend.draining,
        backend=backend,
        **fields,
    )


def _path_text(rule: RouteRule) -> str:
    """A path as a URL map writes it."""
    return f"{rule.path.rstrip('/')}/*" if rule.kind == "prefix" else rule.path


def _clocks(backend: BackendService) -> tuple[Clock, ...]:
    """What the timeout measures; that of a serverless backend can't be set."""
    if backend.serverless:
        because = "a serverless backend's answer may take 60 min, whatever the backend service says"
        limit = Known(MOST_SERVERLESS, backend.where, "backend service timeout", "default", because=because)
        return google_clocks(limit, Known(CLASSIC, backend.where, "", "default"))
    scheme = backend.scheme if isinstance(backend.scheme, Known) else _unknown_life(backend)
    return google_clocks(backend.timeout, scheme, is_regional=backend.regional)


def _unknown_life(backend: BackendService) -> Unknown:
    if isinstance(backend.scheme, Unknown):
        return backend.scheme
    why = (
        "nothing sets load_balancing_scheme: with EXTERNAL, the default before version 8 of the provider, a WebSocket ends"
        " after timeout_sec even while data flows, and with EXTERNAL_MANAGED only when it is silent"
    )
    return Unknown(backend.where, "load_balancing_scheme", why, 'write load_balancing_scheme = "EXTERNAL_MANAGED"')


def _upgrade(backend: BackendService) -> Setting[Upgrade]:
    """https://docs.cloud.google.com/load-balancing/docs/https#websocket_support"""
    protocol = backend.protocol
    if isinstance(protocol, Unknown):
        return protocol
    if protocol.value not in SPOKEN:
        return protocol.with_value("forwarded")
    because = (
        f"`{protocol.written}` speaks HTTP/2 to the backend, and Google passes WebSockets on by HTTP and HTTPS only"
    )
    return protocol.with_value("dropped", because)


def _spoken(protocol: Setting[str]) -> Setting[str]:
    return protocol if isinstance(protocol, Unknown) else protocol.with_value(SPOKEN.get(protocol.value, "1.1"))


def _affinity(backend: BackendService) -> Setting[Affinity]:
    setting = backend.affinity
    if backend.serverless:
        return not_applicable("single", backend.where)
    if isinstance(setting, Unknown):
        return setting
    kept = AFFINITIES.get(setting.value)
    if kept is None:
        return Unknown(setting.where, setting.name, f"what `{setting.written}` keeps together is not known")
    words = f"`{setting.written}`" if setting.written else "nothing sets session_affinity"
    return setting.with_value(
        kept, f"{words}, and any of its backends takes the next request" if kept == "none" else ""
    )
