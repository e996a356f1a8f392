"""HAProxy as an Ingress controller: HAProxy Technologies' and the community's, which have their defaults in common.

https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md,
https://haproxy-ingress.github.io/docs/configuration/keys/#timeout. What the timeouts measure is shown by HAProxy 2.6
(tests/lab/test_proxies.py): `timeout server` the silence of an answer, `timeout tunnel` that of a WebSocket, and
`timeout client` cuts neither; the numbers are the documentation's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from infralint.model import SSE, WEBSOCKET, Affinity, Clock, Known, Location, Setting, Unknown, silence_clocks
from infralint.platforms.gateways import haproxy_time
from infralint.platforms.nginx import GENEROUS
from infralint.platforms.routing import RoutedHop

HAPROXY = "HAProxy's Ingress Controller"
HAPROXY_INGRESS = "HAProxy Ingress"
PREFIXES: Mapping[str, str] = {HAPROXY: "haproxy.org/", HAPROXY_INGRESS: "haproxy-ingress.github.io/"}
"""Product -> how its annotations begin."""
SERVER_TIMEOUT = 50.0
"""Seconds: `timeout-server`, which measures the silence of an answer."""
TUNNEL_TIMEOUT = 3600.0
"""Seconds: `timeout-tunnel`, which measures the silence of a WebSocket."""

Settings = Mapping[str, Setting[str]]


class HaproxySettings(msgspec.Struct, frozen=True):
    """What holds for a path of an Ingress. levels: annotations of the Service, then of the Ingress, by their whole names;
    config: the controller's ConfigMap; where: the Ingress.

    https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md: the Service's come first.
    """

    product: str
    levels: Sequence[Settings]
    config: Settings
    where: Location

    def setting_of(self, name: str) -> Setting[str] | None:
        """A key as it is set, at the nearest place that does."""
        called = PREFIXES[self.product] + name
        found = (level[called] for level in self.levels if called in level)
        return next(found, None) or self.config.get(name)

    def time(self, name: str, default: float) -> Setting[float]:
        """Seconds of a timeout."""
        found = self.setting_of(name)
        return haproxy_time(found) if found is not None else Known(default, self.where, self.name_of(name), "default")

    def name_of(self, name: str) -> str:
        return PREFIXES[self.product] + name

    def affinity(self) -> Setting[Affinity]:
        """A cookie of HAProxy's."""
        is_community = self.product == HAPROXY_INGRESS
        name = "affinity" if is_community else "cookie-persistence"
        found = self.setting_of(name)
        if isinstance(found, Unknown):
            return found
        if found is not None and (found.value.strip() == "cookie" if is_community else found.value.strip()):
            return found.with_value("client")
        return Known("single", self.where, self.name_of(name), "default")

    def clocks(self) -> tuple[Clock, ...]:
        return (
            *silence_clocks(self.time("timeout-server", SERVER_TIMEOUT), SSE),
            Clock("between-bytes", self.time("timeout-tunnel", TUNNEL_TIMEOUT), WEBSOCKET),
        )


class HaproxyIngress(RoutedHop, frozen=True, kw_only=True):
    """Paths of an Ingress that HAProxy serves: it buffers nothing, and opens WebSockets by itself. run_by: the product."""

    platform: ClassVar[str] = "haproxy-ingress"
    kind: ClassVar[str] = "Ingress"

    run_by: str = HAPROXY

    @property
    def product(self) -> str:
        return self.run_by

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting != "keeps_affinity":
            return super().fix(setting, seconds)
        prefix = PREFIXES[self.run_by]
        if self.run_by == HAPROXY_INGRESS:
            return f'{prefix}affinity: "cookie"'
        return f'{prefix}cookie-persistence: "SERVER"  # an annotation of the Service'

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        if setting != "idle_timeout":
            return "", ""
        return f"{PREFIXES[self.run_by]}timeout-server", f'"{max(seconds, GENEROUS):g}s"'
