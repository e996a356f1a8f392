"""Azure's Application Gateway, as its ingress controller (AGIC) sets it up.

https://learn.microsoft.com/azure/application-gateway/ingress-controller-annotations,
https://learn.microsoft.com/azure/application-gateway/use-server-sent-events: told by documentation alone.
"""

from __future__ import annotations

from typing import ClassVar

from infralint.model import Clock, Known, Location, Setting, Unknown, silence_clocks
from infralint.platforms.routing import RoutedHop
from infralint.text.numbers import whole_number

PREFIX = "appgw.ingress.kubernetes.io/"
REQUEST_TIMEOUT = f"{PREFIX}request-timeout"
AFFINITY = f"{PREFIX}cookie-based-affinity"
BACKEND_PREFIX = f"{PREFIX}backend-path-prefix"
DEFAULT_TIMEOUT = 30.0
"""Seconds: `request-timeout` where nothing is said."""


def request_timeout(setting: Setting[str] | None, where: Location) -> Setting[float]:
    """Seconds without a byte from the backend. setting: the annotation; where: the Ingress."""
    if setting is None:
        return Known(DEFAULT_TIMEOUT, where, REQUEST_TIMEOUT, "default")
    if isinstance(setting, Unknown):
        return setting
    text = setting.value.strip()
    if not (text.isascii() and text.isdecimal()):
        return Unknown(setting.where, setting.name, f"`{setting.written}` is no whole number of seconds")
    return setting.with_value(float(whole_number(text)))


def request_clocks(limit: Setting[float]) -> tuple[Clock, ...]:
    """The request timeout, which an event stream has to stay below between two events, and a WebSocket between two messages
    or pings.

    "The request timeout value in HTTP Settings also applies to the WebSocket session":
    https://learn.microsoft.com/azure/application-gateway/application-gateway-websocket. That it is about silence is told by
    users, whose pings keep WebSockets open: https://github.com/MicrosoftDocs/azure-docs/issues/49622,
    https://github.com/Azure/application-gateway-kubernetes-ingress/issues/491
    """
    return silence_clocks(limit)


def gateway_buffering(where: Location) -> Unknown:
    """Whether responses are buffered is said on the gateway, which is no object of a cluster.

    https://learn.microsoft.com/azure/application-gateway/proxy-buffers: on, unless it is switched off.
    """
    return Unknown(
        where,
        "enableResponseBuffering",
        "Application Gateway buffers responses unless its own `globalConfiguration` switches that off, which is not here",
        "set `enableResponseBuffering: false` in the globalConfiguration of the gateway",
    )


class ApplicationGatewayIngress(RoutedHop, frozen=True, kw_only=True):
    """Paths of an Ingress that an Application Gateway serves. It passes WebSockets on by itself.

    https://learn.microsoft.com/azure/application-gateway/application-gateway-websocket
    """

    platform: ClassVar[str] = "application-gateway"
    kind: ClassVar[str] = "Ingress"

    @property
    def product(self) -> str:
        return "Application Gateway"

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        match setting:
            case "idle_timeout":
                return REQUEST_TIMEOUT, f'"{max(seconds, 300):g}"'
            case "keeps_affinity":
                return AFFINITY, '"true"'
        return "", ""
