"""nginx locations (and `stream {}` servers) as hops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal

from infralint.model import Buffering, Edit, Hop, Known, Location, Related, Response, Setting, Unknown
from infralint.sources.nginx.scopes import Scope, flag, time, word
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.versions import Version
from infralint.sources.nginx.websocket import during_handshake, headers_of

Family = Literal["proxy", "fastcgi", "uwsgi", "scgi", "grpc", "stream"]

PASSES: dict[str, Family] = {
    "proxy_pass": "proxy",
    "fastcgi_pass": "fastcgi",
    "uwsgi_pass": "uwsgi",
    "scgi_pass": "scgi",
    "grpc_pass": "grpc",
}

# https://nginx.org/en/docs/http/ngx_http_proxy_module.html and its siblings
DEFAULT_READ_TIMEOUT = 60.0
"""Seconds."""
# https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_timeout
DEFAULT_STREAM_TIMEOUT = 600.0
"""Seconds."""
GENEROUS = 300.0
"""Seconds: what people who ship streams settle on."""
SSE_TYPE = "text/event-stream"


def generous(seconds: float) -> str:
    """A timeout that lasts so long at least, as nginx writes it."""
    return f"{math.ceil(max(seconds, GENEROUS)):d}s"


@dataclass(frozen=True, kw_only=True, eq=False)
class NginxLocation(Hop):
    """A location that hands requests to a backend; checks about nginx alone may look at its directives.

    family: which module proxies. rules: what rules here. pass_directive: its `proxy_pass` or sibling.
    maps: the `map` blocks of its own nginx, by the variable they set; maps_elsewhere: the project's.
    backups: the backup servers of its upstream, as they are written.
    """

    platform: ClassVar[str] = "nginx"
    kind: ClassVar[str] = "location"

    family: Family
    rules: Scope
    pass_directive: Directive
    version: Version
    maps: Mapping[str, list[Directive]] = field(default_factory=dict)
    maps_elsewhere: Mapping[str, list[Directive]] = field(default_factory=dict)
    backups: tuple[str, ...] = ()

    def directive(self, name: str) -> Known[tuple[str, ...]] | Unknown | None:
        """The arguments of a directive that rules here; None where nothing sets it."""
        found = self.rules.find(name)
        if isinstance(found, Unknown):
            return found
        directives, here = found
        if not directives:
            return None
        one = directives[0]
        return Known(tuple(one.args), one.where, name, "explicit" if here else "inherited", one.written)

    def directives(self, name: str) -> list[Known[tuple[str, ...]]]:
        """Every directive of a name on the level that rules here (`add_header`, `proxy_set_header`)."""
        found = self.rules.find(name)
        if isinstance(found, Unknown):
            return []
        origin: Literal["explicit", "inherited"] = "explicit" if found[1] else "inherited"
        return [Known(tuple(one.args), one.where, name, origin, one.written) for one in found[0]]

    def buffering_of(self, response: Response) -> Setting[Buffering]:
        """Compression of the stream's type makes nginx hold what it would have passed on."""
        base = self.buffers_responses
        if isinstance(base, Unknown) or base.value in ("never", "always"):
            return base
        return self._compressed(response.content_type or SSE_TYPE) or base

    def _compressed(self, content_type: str) -> Known[Buffering] | None:
        for name in ("gzip", "brotli"):
            switch = self.rules.setting(name, False, self.where, flag)
            if not (isinstance(switch, Known) and switch.value):
                continue
            lists = self.directives(f"{name}_types")
            covering = [one for one in lists if {content_type.lower(), "*"} & {text.lower() for text in one.value}]
            if covering or content_type == "text/html":
                at = covering[0] if covering else switch
                why = (
                    f"{name} compresses {content_type} (`{at.written}`), and with buffering on it sends nothing"
                    " before its own buffer is full"
                )
                return Known("always", at.where, name, at.origin, at.written, why)
        return None

    def fix(self, setting: str, seconds: float = 0) -> str:
        """Lines for this location that are right on every nginx version."""
        if setting == "idle_timeout":
            return f"{self.timeout_name} {generous(seconds)};"
        if setting == "buffers_responses":
            return self._unbuffered(seconds)
        if setting == "forwards_upgrade":
            upgrade = self.forwards_upgrade
            over_1_0 = isinstance(upgrade, Known) and upgrade.value == "http/1.0"
            return "proxy_http_version 1.1;" if over_1_0 else self._handshake()
        if setting == "keeps_affinity":
            backup = _BACKUP.format(server=self.backups[0]) if self.backups else ""
            return _AFFINITY.format(name=self.upstream or "backend", backup=backup)
        return ""

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Changes to this very location; its fix asks for more than that only where a person should look."""
        from infralint.sources.nginx.edits import edits

        return edits(self, setting, seconds)

    def _unbuffered(self, seconds: float) -> str:
        lines = [f"{self.family}_buffering off;"]
        if self.family == "proxy" and (self.assumable or not self._sets("proxy_http_version", "1.1")):
            lines.insert(0, "proxy_http_version 1.1;")
        idle = self.idle_timeout
        if not (isinstance(idle, Known) and idle.value >= seconds):
            lines.append(f"{self.family}_read_timeout {generous(seconds)};")
        if self.ssi:
            lines.insert(0, "ssi off;    # an unbuffered answer must not pass through server-side includes")
        if self.assumable:
            own = "a location of the streaming path's own"
            if self.name.startswith("location ~"):
                own += " (`location ^~ /path`, for this expression comes before plain prefixes)"
            return "\n".join([f"# in {own}, beside its {self.pass_directive.name}", *lines])
        return "\n".join(lines)

    def _handshake(self) -> str:
        """What the handshake still lacks here: nginx takes a version once, and a header sent twice is refused by backends."""
        lines = [] if self._sets("proxy_http_version", "1.1") else ["proxy_http_version 1.1;"]
        headers, level = headers_of(self.rules)
        here = level is self.rules.nearest
        for name, value in (("Upgrade", "$http_upgrade"), ("Connection", "$connection_upgrade")):
            if not self._sets("proxy_set_header", name, value):
                lines.append(f"proxy_set_header {name} {value};")
        others = [one for one in headers if one.args and one.args[0].lower() not in ("upgrade", "connection")]
        lines += [] if here else [f"{one.written};" for one in others]
        if not any(one.args[0].lower() == "host" for one in others):
            lines.append("proxy_set_header Host $host;")
        mapped = during_handshake("$connection_upgrade", self.rules, dict(self.maps), set()) or ""
        return "\n".join(lines if mapped.lower() == "upgrade" else [*lines, "", _MAP])

    def _sets(self, name: str, *args: str) -> bool:
        """Whether this very location says just that already."""
        return any(one.args == [*args] for one in self.rules.nearest.by_name.get(name, ()))

    @property
    def timeout_name(self) -> str:
        """What its idle timeout is called."""
        return "proxy_timeout" if self.family == "stream" else f"{self.family}_read_timeout"

    @cached_property
    def shutdown_timeout(self) -> Setting[float]:
        """Seconds that connections outlive a reload; without limit unless `worker_shutdown_timeout` says so."""
        return self.rules.setting("worker_shutdown_timeout", math.inf, self.where, time)

    @cached_property
    def ssi(self) -> bool:
        """Whether server-side includes are on."""
        switch = self.rules.setting("ssi", False, self.where, flag)
        return isinstance(switch, Known) and switch.value


_MAP = """\
# once, beside the servers, in http {}:
map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
}"""
_AFFINITY = """\
upstream {name} {{
{backup}    ip_hash;    # or, where clients share addresses: hash $cookie_SESSION consistent;
    ...
}}"""
_BACKUP = """\
    # nginx takes no backup beside ip_hash or hash: leave `{server}` out,
    # or keep it, and write `sticky cookie srv_id;` (nginx 1.29.6 and later)
"""


def buffers_responses(scope: Scope, family: Family, version: Version, where: Location) -> Setting[Buffering]:
    """When nginx holds back what this family's backend sends.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering; gRPC is never buffered.
    """
    if family in ("grpc", "stream"):
        return Known("never", where, "", "default")
    switch = scope.setting(f"{family}_buffering", True, where, flag)
    if isinstance(switch, Unknown):
        return switch
    if not switch.value:
        return Known("never", switch.where, switch.name, switch.origin, switch.written, switch.because)
    said = f"`{switch.written}`" if switch.written else f"nothing sets {switch.name}, which is on by default"
    answer = _held(scope, family, version, where, said)
    if isinstance(answer, Unknown):
        return answer
    value, why, related = answer
    at = switch
    if ignored := _ignores_rescue(scope, family):
        why += f", and `{ignored.written}` takes the application's own `X-Accel-Buffering: no` out of play"
        related = (*related, Related("the application's X-Accel-Buffering is ignored", ignored.where))
    return Known(value, at.where, at.name, at.origin, at.written, why, related)


def _held(
    scope: Scope, family: Family, version: Version, where: Location, said: str
) -> tuple[Buffering, str, tuple[Related, ...]] | Unknown:
    """When a buffering location holds an answer, why, and where that is written."""
    kept = scope.setting("fastcgi_keep_conn", False, where, flag)
    if family == "fastcgi" and isinstance(kept, Known) and kept.value:
        return "never", f"with `{kept.written}` nginx passes every record on at once", ()
    if family != "proxy":
        return (
            "always",
            f"{said}, so nginx collects what {family}_pass sends until a buffer is full or the answer ends",
            (),
        )
    http = scope.setting("proxy_http_version", "1.1" if version.speaks_http_1_1 else "1.0", where, word)
    if isinstance(http, Unknown):
        return http
    if http.value != "1.0":
        spoken = f"`{http.written}`" if http.written else f"nginx {version.written}, which speaks HTTP/1.1 to backends,"
        why = (
            f"{said}; with {spoken} small chunked events do pass, but an answer that is not chunked, or an event"
            " larger than a buffer (4k or 8k), is held back"
        )
        return "unless-chunked", why, ()
    if http.origin != "default":
        why = f"{said}, and over HTTP/1.0 (`{http.written}`) nginx holds an answer until a buffer is full or it ends"
        return "always", why, (Related("HTTP/1.0 towards the backend", http.where),)
    spoken = version.spoken
    related = (Related("the nginx version", version.where),) if version.where else ()
    if version.floating:
        why = (
            f"{said}, and {spoken} HTTP/1.0 to backends, and holds an answer until a buffer is full or it ends; later"
            " ones hold events larger than a buffer (4k or 8k) and answers that are not chunked"
        )
        return "unless-chunked", why, related
    return (
        "always",
        f"{said}, and {spoken} HTTP/1.0 to backends, so it holds an answer until a buffer is full or it ends",
        related,
    )


def _ignores_rescue(scope: Scope, family: Family) -> Directive | None:
    found = scope.find(f"{family}_ignore_headers")
    if isinstance(found, Unknown):
        return None
    return next((one for one in found[0] if "x-accel-buffering" in (arg.lower() for arg in one.args)), None)


def idle_timeout(scope: Scope, family: Family, where: Location) -> Setting[float]:
    """Seconds of silence from the backend before nginx hangs up; 0 answers 504 at once."""
    if family == "stream":
        return scope.setting("proxy_timeout", DEFAULT_STREAM_TIMEOUT, where, time)
    return scope.setting(f"{family}_read_timeout", DEFAULT_READ_TIMEOUT, where, time)


def catch_all(modifier: str, pattern: str) -> bool:
    """Whether a location takes whatever an application serves, rather than one route of it."""
    if modifier in ("", "^~", "="):
        return pattern.rstrip("/") in ("", "/api", "/v1", "/api/v1", "/api/v2", "/backend", "/backend-api")
    from infralint.sources.nginx.choose import matches

    return matches(pattern, "/api/x", modifier == "~*") and not any(
        dot in pattern for dot in ("\\.(", "\\.php", "\\.js")
    )
