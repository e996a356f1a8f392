"""Envoy, as the gateways that run it set it up: how long a request may take, and how long it may be silent.

https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import msgspec

from infralint.model import (
    SSE,
    UNLIMITED,
    WEBSOCKET,
    Clock,
    Known,
    Location,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
)
from infralint.platforms.routing import RoutedHop
from infralint.text.durations import go_duration
from infralint.text.placeholders import has_placeholder


class GatewayProduct(msgspec.Struct, frozen=True):
    """A product that runs Envoy, or another proxy, behind these routes. request: seconds that a request may take where
    nothing is said (None: that is not known); silence: seconds that it may be silent; page: the vendor's word on it.
    """

    name: str
    request: float | None
    silence: float | None
    page: str


ENVOY_GATEWAY = GatewayProduct(
    "Envoy Gateway", 15, 300, "https://gateway.envoyproxy.io/latest/tasks/traffic/http-timeouts/"
)
AI_GATEWAY = GatewayProduct("Envoy AI Gateway", 60, 300, "https://github.com/defilantech/LLMKube/issues/734")
ISTIO = GatewayProduct(
    "Istio", UNLIMITED, UNLIMITED, "https://istio.io/latest/docs/tasks/traffic-management/request-timeouts/"
)
CONTOUR = GatewayProduct(
    "Contour", 15, 300, "https://projectcontour.io/docs/main/config/request-routing/#response-timeouts"
)
KGATEWAY = GatewayProduct("kgateway", 15, 300, "https://kgateway.dev/docs/latest/resiliency/timeouts/request/")
CLASSES: Mapping[str, GatewayProduct] = MappingProxyType(
    {
        "kgateway.dev/kgateway": KGATEWAY,
        "kgateway": KGATEWAY,
        "gateway.envoyproxy.io/gatewayclass-controller": ENVOY_GATEWAY,
        "istio.io/gateway-controller": ISTIO,
        "projectcontour.io/gateway-controller": CONTOUR,
        "contour": CONTOUR,
        "eg": ENVOY_GATEWAY,
        "envoy": ENVOY_GATEWAY,
        "envoy-gateway": ENVOY_GATEWAY,
        "istio": ISTIO,
        "istio-remote": ISTIO,
    }
)
"""`controllerName` of a GatewayClass, or the usual name of one -> the product."""


def duration(setting: Setting[str]) -> Setting[float]:
    """A time such as `1h30m` or `500ms`; 0 means without limit.

    https://gateway-api.sigs.k8s.io/geps/gep-2257/
    """
    if isinstance(setting, Unknown):
        return setting
    text = setting.value.strip()
    seconds = UNLIMITED if text == "infinity" else go_duration(text)
    if seconds is None:
        why, remedy = f"`{setting.written}` is no duration", "write 300s, or 0s for no limit"
        return Unknown(setting.where, setting.name, why, remedy, refused=not has_placeholder(text))
    return setting.with_value(seconds or UNLIMITED)


_WEBSOCKET_DOUBT = (
    "some versions of Envoy end an open WebSocket then, others only one that is not yet open, or none"
    " (envoyproxy/envoy, issues 20062 and 41068)"
)
"""Envoy's page has a route's timeout begin once the whole request is there, which that of a WebSocket never is; people met
open ones that it ended (https://github.com/envoyproxy/envoy/issues/20062, https://github.com/istio/istio/issues/17424,
https://github.com/kubeflow/kubeflow/issues/6124), and in 2025 nobody could any more; since then it is about the handshake:
https://github.com/envoyproxy/envoy/pull/41075
"""


def request_clocks(
    setting: Setting[str] | None, product: GatewayProduct, where: Location, name: str
) -> tuple[Clock, ...]:
    """The timeout of a whole request. name: what it is called where it would be set.

    What one that is set does to a WebSocket once that is open differs between versions.
    https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts#route-timeouts
    """
    if setting is not None:
        limit = duration(setting)
        return (
            Clock("whole-response", limit, SSE, "truncated"),
            Clock("connection", limit, WEBSOCKET, "reset", _WEBSOCKET_DOUBT),
        )
    if product.request is None:
        why = f"how long {product.name} lets a request take where nothing is said is not known"
        return (Clock("whole-response", Unknown(where, name, why, f"set {name}"), SSE),)
    return (Clock("whole-response", Known(product.request, where, name, "default"), SSE, "truncated"),)


def silence_clock(
    setting: Setting[str] | None, product: GatewayProduct, where: Location, name: str
) -> tuple[Clock, ...]:
    """How long a stream may be silent."""
    limit: Setting[float]
    if setting is not None:
        limit = duration(setting)
    elif product.silence is None:
        return ()
    else:
        limit = Known(product.silence, where, name, "default")
    return Clock("first-byte", limit, expiry="504"), Clock("between-bytes", limit, expiry="truncated")


_TRY_DOUBT = "Envoy gives up a try whose answer has not begun by then, and when the code sends its headers is not known"


def try_clock(setting: Setting[str] | None) -> tuple[Clock, ...]:
    """How long one try may take until the answer begins: it no longer counts once some of that was passed on.

    https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts#route-timeouts
    """
    return (Clock("first-byte", duration(setting), SSE, "504", _TRY_DOUBT),) if setting is not None else ()


class EnvoyRoute(RoutedHop, frozen=True, kw_only=True):
    """Rules of a route that an Envoy serves. It buffers nothing, and passes WebSockets on where that is enabled.

    run_by: the product that sets it up. timeout: what sets the timeout of a request here, as a line to write; idle: what
    sets that of silence.
    """

    platform: ClassVar[str] = "envoy"
    kind: ClassVar[str] = "route"

    run_by: str = ""
    timeout: str = ""
    idle: str = ""

    @property
    def product(self) -> str:
        return self.run_by or "this gateway"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "max_duration":
                return self.timeout
            case "idle_timeout":
                return self.idle.format(seconds=f"{max(seconds, 300):g}s")
            case "forwards_upgrade":
                return "enableWebsockets: true"
            case "first_byte":
                return "leave the timeout of a single try out for what streams, or send the headers at once"
        return ""


RESPONSE_TIMEOUT = "projectcontour.io/response-timeout"
WEBSOCKET_ROUTES = "projectcontour.io/websocket-routes"
"""Contour's annotations of an Ingress: https://projectcontour.io/docs/main/config/annotations/"""


class EnvoyIngress(EnvoyRoute, frozen=True, kw_only=True):
    """Paths of an Ingress that an Envoy serves. sockets: the paths that it opens WebSockets for, as written."""

    kind: ClassVar[str] = "Ingress"

    sockets: str = ""

    def fix(self, setting: str, seconds: float = 0) -> str:
        return RoutedHop.fix(self, setting, seconds)

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        if self.run_by != CONTOUR.name:
            return "", ""
        if setting == "max_duration":
            return RESPONSE_TIMEOUT, '"infinity"'
        if setting == "forwards_upgrade":
            return WEBSOCKET_ROUTES, f'"{",".join(filter(None, (self.sockets, *self.paths)))}"'
        return "", ""


def passed_upgrade(where: Location) -> Known[Upgrade]:
    """Handshakes go on without more."""
    return not_applicable("forwarded", where)
