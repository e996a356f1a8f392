"""Kong as an Ingress controller: an nginx that buffers answers unless a route says otherwise.

https://developer.konghq.com/kubernetes-ingress-controller/reference/annotations/; `response_buffering` of a route and
`read_timeout` of a service: https://developer.konghq.com/gateway/entities/route/,
https://developer.konghq.com/gateway/entities/service/. It opens WebSockets by itself. Nothing of it is run here: what
buffering and the timeout do is nginx's, the defaults are the documentation's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from infralint.model import Affinity, Known, Location, Setting, Unknown
from infralint.platforms.ingress_nginx import NginxIngress
from infralint.platforms.nginx import GENEROUS, Facts, Line, Version

PREFIX = "konghq.com/"
BUFFERING = f"{PREFIX}response-buffering"
READ_TIMEOUT = f"{PREFIX}read-timeout"
CONNECT_TIMEOUT = f"{PREFIX}connect-timeout"
POLICY = f"{PREFIX}upstream-policy"
OVERRIDE = f"{PREFIX}override"
TIMEOUT = 60.0
"""Seconds: each of a service's timeouts, which are written in milliseconds."""
RUNS = Version((1, 27, 1), None, "1.27.1")
"""The nginx of recent releases, which speaks HTTP/1.1 to services."""

Settings = Mapping[str, Setting[str]]


class KongSettings(msgspec.Struct, frozen=True):
    """What holds for a path of an Ingress. ingress, service: their annotations, by whole names. where: the Ingress."""

    ingress: Settings
    service: Settings
    where: Location

    def setting(self, name: str) -> Setting[Any] | None:
        """The value of a directive of the nginx below."""
        if name == "proxy_buffering":
            return self._buffering()
        if name in ("proxy_read_timeout", "proxy_connect_timeout"):
            return self._timeout(READ_TIMEOUT if name == "proxy_read_timeout" else CONNECT_TIMEOUT)
        return Known("1.1", self.where, name, "default") if name == "proxy_http_version" else None

    def lines(self, name: str) -> Sequence[Line] | Unknown:
        return ()

    def _override(self, name: str) -> Unknown | None:
        """A KongIngress may say something else, and is not read."""
        found = self.service.get(OVERRIDE) or self.ingress.get(OVERRIDE)
        if found is None:
            return None
        return Unknown(
            found.where, name, "a KongIngress, which is not read, decides it", f"write the annotation {name}"
        )

    def _buffering(self) -> Setting[bool]:
        found = self.ingress.get(BUFFERING) or self._override(BUFFERING)
        if isinstance(found, Unknown):
            return found
        if found is None or found.value.strip().lower() not in ("true", "false"):
            return Known(True, self.where, BUFFERING, "default")
        return found.with_value(found.value.strip().lower() == "true")

    def _timeout(self, name: str) -> Setting[float]:
        found = self.service.get(name) or self._override(name)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return Known(TIMEOUT, self.where, name, "default")
        text = found.value.strip()
        if not text.isdecimal() or len(text) > 12:
            why = f"`{found.written}` is no number of milliseconds"
            return Unknown(found.where, name, why, f'write {name}: "{GENEROUS * 1000:.0f}"')
        return found.with_value(int(text) / 1000)

    def affinity(self) -> Setting[Affinity]:
        """Only a policy of the upstream keeps a client on its pod."""
        found = self.service.get(POLICY) or self._override(POLICY)
        if found is not None:
            why = "a KongUpstreamPolicy, which is not read, says how it balances"
            return found if isinstance(found, Unknown) else Unknown(found.where, POLICY, why)
        return Known("single", self.where, POLICY, "default")


def facts_of(settings: KongSettings) -> Facts:
    """What holds for a path, in the words of the nginx below."""
    return Facts("proxy", settings.where, RUNS, settings)


class KongRoute(NginxIngress, frozen=True, kw_only=True):
    """Paths of an Ingress that Kong serves."""

    platform: ClassVar[str] = "kong"

    @property
    def product(self) -> str:
        return "Kong"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                milliseconds = max(seconds, GENEROUS) * 1000
                return f'{READ_TIMEOUT}: "{milliseconds:.0f}"  # in the annotations of the Service {self.upstream}'
            case "buffers_responses":
                return f'{BUFFERING}: "false"'
            case "keeps_affinity":
                return f"{POLICY}: sticky  # on the Service: a KongUpstreamPolicy with algorithm consistent-hashing"
        return ""

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        return (BUFFERING, '"false"') if setting == "buffers_responses" else ("", "")
