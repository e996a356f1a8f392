"""Azure Application Gateway: it waits for a backend's next byte, and collects answers unless it is told not to.

https://learn.microsoft.com/en-us/azure/application-gateway/use-server-sent-events,
https://learn.microsoft.com/en-us/azure/application-gateway/proxy-buffers,
https://learn.microsoft.com/en-us/azure/application-gateway/configuration-http-settings
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import msgspec

from infralint.model import (
    Affinity,
    Buffering,
    Location,
    Setting,
    Unknown,
    not_applicable,
)
from infralint.platforms.application_gateway import request_clocks
from infralint.platforms.routing import RoutedHop, RouteRule, are_general, hosts_of, paths_of

MOST_REQUEST_TIMEOUT = 86400.0
"""Seconds that can be set at most.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/application_gateway
"""


class BackendSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Backend settings of a gateway, with what its global configuration says. timeout: seconds of silence; buffered:
    whether responses are collected; sticky: whether a cookie keeps clients on their server; draining: seconds, None where
    that is off or not known."""

    name: str
    where: Location
    timeout: Setting[float]
    buffered: Setting[bool]
    sticky: Setting[bool]
    draining: Setting[float] | None = None


class GatewayHop(RoutedHop, frozen=True, kw_only=True):
    """The way through a gateway by one of its backend settings."""

    platform: ClassVar[str] = "azure"
    kind: ClassVar[str] = "load balancer"

    settings: BackendSettings

    @property
    def product(self) -> str:
        return "Application Gateway"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                return f"request_timeout = {min(max(seconds, 300), MOST_REQUEST_TIMEOUT):g}"
            case "buffers_responses":
                return "global {\n  request_buffering_enabled  = true\n  response_buffering_enabled = false\n}"
            case "keeps_affinity":
                return 'cookie_based_affinity = "Enabled"'
        return ""


def gateway_hop(
    settings: BackendSettings, rules: Sequence[RouteRule], apis: Collection[str], **fields: Any
) -> GatewayHop:
    """Backend settings behind some of a gateway's rules. apis: the `whole_apis` of all its rules; fields: what
    its source knows of every hop."""
    return GatewayHop(
        name=settings.name,
        where=settings.where,
        clocks=request_clocks(settings.timeout),
        buffers_responses=_buffering(settings),
        forwards_upgrade=not_applicable("forwarded", settings.where),
        keeps_affinity=_affinity(settings),
        runtime=not_applicable("", settings.where),
        hosts=hosts_of(rules),
        paths=paths_of(rules),
        assumable=are_general(rules, apis),
        rules=tuple(rules),
        grace=settings.draining,
        settings=settings,
        **fields,
    )


def _buffering(settings: BackendSettings) -> Setting[Buffering]:
    """https://learn.microsoft.com/en-us/azure/application-gateway/proxy-buffers"""
    buffered = settings.buffered
    if isinstance(buffered, Unknown):
        return buffered
    if not buffered.value:
        return buffered.with_value("never")
    words = f"`{buffered.written}`" if buffered.written else "nothing sets response_buffering_enabled to false"
    because = f"{words}, and then it collects all or parts of an answer before it sends it on"
    return buffered.with_value("unless-chunked", because)


def _affinity(settings: BackendSettings) -> Setting[Affinity]:
    sticky = settings.sticky
    if isinstance(sticky, Unknown):
        return sticky
    if sticky.value:
        return sticky.with_value("client")
    words = f"`{sticky.written}`" if sticky.written else "nothing sets cookie_based_affinity"
    return sticky.with_value("none", f"{words}, and any server of its pool takes the next request")
