"""nginx-proxy: the nginx that it writes for containers with `VIRTUAL_HOST`.

Read in its template: https://github.com/nginx-proxy/nginx-proxy/blob/main/nginx.tmpl. Up to 1.4 that said
`proxy_buffering off`; since 1.5.0 it says nothing, so that nginx buffers
(https://github.com/nginx-proxy/nginx-proxy/commit/5c1db95551e5a5ac8ef412df082b042da54453ce).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from infralint.model import Known, Location, Setting, Unknown, Upgrade
from infralint.platforms import nginx
from infralint.platforms.ingress_nginx import NginxIngress, headers_in, typed_line
from infralint.platforms.nginx import GENEROUS, Facts, Header, Line, Version
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number

RUNS = Version((1, 29, 1), None, "1.29.1")
"""Some recent nginx: the template sets all that differs between versions."""
BUFFERS_SINCE = (1, 5)
"""The version from which on its template leaves buffering on."""
_TAG = lazy(r"v?(\d+)\.(\d+)")
_NEWEST = lazy(r"(?:latest|alpine|1|1-alpine|)")


def buffers_by_default(image: str) -> bool | None:
    """Whether an image's template leaves buffering on; None where its version can't be told.

    `jwilder/nginx-proxy` is where it was published before: a tag without a number may be of any age there.
    """
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    found = _TAG.match(tag)
    if found is not None:
        return (whole_number(found[1]), whole_number(found[2])) >= BUFFERS_SINCE
    is_current = image.removeprefix("docker.io/").startswith(("nginxproxy/", "ghcr.io/nginx-proxy/"))
    return True if name == "nginx-proxy" and is_current and _NEWEST.fullmatch(tag) else None


Directives = Mapping[str, Sequence[Line]]
"""Those of a name, in the order in which they stand."""


def directives_by_name(lines: Iterable[Line]) -> Directives:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.name, []).append(line)
    return found


class GeneratedSettings(msgspec.Struct, frozen=True):
    """What holds for a virtual host. location, server, http: directives of files that are mounted into it (`vhost.d`,
    `conf.d`, `proxy.conf`), the first that says anything counts; buffers: what the template does by itself."""

    where: Location
    location: Directives
    server: Directives
    http: Directives
    buffers: bool | None = None

    def lines(self, name: str) -> Sequence[Line]:
        """The directives of a name that hold: those of the innermost level that has any."""
        levels = (level.get(name) for level in (self.location, self.server, self.http))
        return next(filter(None, levels), [])

    def setting(self, name: str) -> Setting[Any] | None:
        """The value of a directive: as written, else as the template has it."""
        lines = self.lines(name)
        if lines:
            return typed_line(lines[-1], name)
        if name == "proxy_http_version":
            return Known("1.1", self.where, name, "default")
        if name != "proxy_buffering" or self.buffers:
            return None
        if self.buffers is None:
            why = "whether nginx-proxy buffers here depends on its version, which is not in the project (up to 1.4 it does not)"
            return Unknown(self.where, name, why, "name its image with a version in a compose file")
        return Known(False, self.where, name, "default")


def facts_of(settings: GeneratedSettings) -> Facts:
    return Facts("proxy", settings.where, RUNS, settings)


def upgrade_of(facts: Facts, replaces_headers: bool) -> Setting[Upgrade]:
    """The template passes the handshake on, unless a file of its own sets headers: these do away with the template's.

    replaces_headers: whether `proxy.conf` stands in for the template's headers.
    """
    headers = list(headers_in(facts.lines("proxy_set_header")))
    if not headers and not replaces_headers:
        headers = [
            Header("upgrade", Known("websocket", facts.where, "Upgrade", "default"), facts.where, "Upgrade $http_upgrade"),
            Header("connection", Known("upgrade", facts.where, "Connection", "default"), facts.where, "Connection $proxy_connection"),
        ]  # fmt: skip
    because = "a file that is mounted into nginx-proxy sets headers of its own, and so loses those of its template"
    where = headers[0].where if headers else facts.where
    lost: Known[Upgrade] = Known("dropped", where, "proxy_set_header", because=because)
    return nginx.forwards_upgrade(facts, headers, lambda _: lost)


class VirtualHost(NginxIngress, frozen=True, kw_only=True):
    """A host, or a path of one, that nginx-proxy serves. file: what adds directives to its location."""

    platform: ClassVar[str] = "nginx-proxy"
    kind: ClassVar[str] = "virtual host"

    file: str = ""

    @property
    def product(self) -> str:
        return "nginx-proxy"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                return f"proxy_read_timeout {max(seconds, GENEROUS):g}s;  # in {self.file}"
            case "connect_timeout":
                return f"proxy_connect_timeout 5s;  # in {self.file}"
            case "buffers_responses":
                return f"proxy_buffering off;  # in {self.file}"
            case "forwards_upgrade":
                return f"proxy_set_header Upgrade $http_upgrade;  # and the template's others, in {self.file}"
            case "keeps_affinity":
                return 'com.github.nginx-proxy.nginx-proxy.loadbalance: "ip_hash;"  # a label of the service'
        return ""
