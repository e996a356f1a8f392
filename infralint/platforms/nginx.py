"""nginx in its own words: what a location's settings do to a stream, however they were written down.

Configuration files, and whatever else ends in an nginx (annotations of an ingress), bring settings by
the names of nginx's directives; one that is not set has nginx's default. Nothing here knows where they
came from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, Protocol

import msgspec
from msgspec.structs import replace

from infralint.model import (
    EVENT_STREAM,
    UNKNOWN_RESPONSE,
    Affinity,
    Buffering,
    Clock,
    Known,
    Location,
    Related,
    Request,
    Response,
    Setting,
    Unknown,
    Upgrade,
    silence_clocks,
)
from infralint.platforms import compression
from infralint.platforms.forwarding import FORWARDING
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.patterns import Unsearchable, search

Family = Literal["proxy", "fastcgi", "uwsgi", "scgi", "grpc", "stream"]
"""Which module proxies."""
CACHING_FAMILIES: tuple[Family, ...] = ("proxy", "fastcgi", "uwsgi", "scgi")
"""Those that buffer and cache."""

DOCS = "https://nginx.org/en/docs"
HTTP_1_1_SINCE = (1, 29, 7)
"""https://nginx.org/en/CHANGES: proxy_http_version is 1.1 by default."""
STICKY_SINCE = (1, 29, 6)
"""https://nginx.org/en/docs/http/ngx_http_upstream_module.html#sticky; before, it was NGINX Plus's."""
ACCEL = "x-accel-buffering"
REDIRECT = "x-accel-redirect"
GENEROUS = 300.0
"""Seconds: what people who ship streams settle on."""
NAME = "proxy_set_header Upgrade"


class Default(msgspec.Struct, frozen=True, gc=False):
    """What nginx takes where nothing is set, and the page that says so."""

    value: Any
    page: str


def _family(module: str) -> dict[str, Default]:
    page = f"{DOCS}/http/ngx_http_{module}_module.html"
    return {
        f"{module}_read_timeout": Default(60.0, f"{page}#{module}_read_timeout"),
        f"{module}_connect_timeout": Default(60.0, f"{page}#{module}_connect_timeout"),
        f"{module}_buffering": Default(True, f"{page}#{module}_buffering"),
        f"{module}_pass_request_headers": Default(True, f"{page}#{module}_pass_request_headers"),
        f"{module}_cache": Default("off", f"{page}#{module}_cache"),
    }


DEFAULTS: Mapping[str, Default] = MappingProxyType(
    {
        **{name: default for family in (*CACHING_FAMILIES, "grpc") for name, default in _family(family).items()},
        "proxy_method": Default("", f"{DOCS}/http/ngx_http_proxy_module.html#proxy_method"),
        "proxy_timeout": Default(600.0, f"{DOCS}/stream/ngx_stream_proxy_module.html#proxy_timeout"),
        "proxy_protocol": Default(False, f"{DOCS}/stream/ngx_stream_proxy_module.html#proxy_protocol"),
        "proxy_ssl": Default(False, f"{DOCS}/stream/ngx_stream_proxy_module.html#proxy_ssl"),
        "fastcgi_keep_conn": Default(False, f"{DOCS}/http/ngx_http_fastcgi_module.html#fastcgi_keep_conn"),
        "chunked_transfer_encoding": Default(True, f"{DOCS}/http/ngx_http_core_module.html#chunked_transfer_encoding"),
        "gzip": Default(False, f"{DOCS}/http/ngx_http_gzip_module.html#gzip"),
        "gzip_http_version": Default("1.1", f"{DOCS}/http/ngx_http_gzip_module.html#gzip_http_version"),
        "brotli": Default(False, "https://github.com/google/ngx_brotli#brotli"),
        "ssi": Default(False, f"{DOCS}/http/ngx_http_ssi_module.html#ssi"),
        "worker_shutdown_timeout": Default(math.inf, f"{DOCS}/ngx_core_module.html#worker_shutdown_timeout"),
    }
)
"""Every single-valued setting that is asked about. A flag is a bool, a time is in seconds, a word in lower case."""

ALWAYS_COMPRESSED = "text/html"
"""The type that gzip and brotli compress without being told."""
# https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass_header
CONSUMED = frozenset(f"x-accel-{name}" for name in ("buffering", "expires", "redirect", "limit-rate", "charset"))
"""Response headers that nginx obeys and does not pass on by itself."""
_BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/604.1",
)
"""What browsers call themselves, for `gzip_disable`."""


class Version(msgspec.Struct, frozen=True):
    """An nginx version, where that is said, and how to name it; (0, 0, 0): not known, taken as old.

    floating: the image whose tag says no number (`nginx:alpine`): pulled today or two years ago, it is
    either side of a change.
    """

    number: tuple[int, int, int] = (0, 0, 0)
    where: Location | None = None
    written: str = ""
    floating: str = ""

    @property
    def known(self) -> bool:
        return self.number > (0, 0, 0)

    @property
    def speaks_http_1_1(self) -> bool:
        """Whether it talks HTTP/1.1 to upstreams by default."""
        return self.number >= HTTP_1_1_SINCE

    @property
    def spoken(self) -> str:
        """How a message names it: `nginx 1.27 speaks`, or that it is not known."""
        if self.known:
            return f"nginx {self.written} speaks"
        if self.floating:
            return f"`{self.floating}` names no version: nginx before 1.29.7 speaks"
        return "nginx before 1.29.7 (no version is named here, so an old one is assumed) speaks"


Line = Known[tuple[str, ...]]
"""A directive that may stand several times: its arguments."""


class WrittenSettings(Protocol):
    """What was written for a location."""

    def setting(self, name: str) -> Setting[Any] | None:
        """The value of a directive that holds one; None where nothing sets it."""
        ...

    def lines(self, name: str) -> Sequence[Line] | Unknown:
        """The directives of a name that hold here, where several may."""
        ...


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What holds for one location: who proxies, which nginx it is, and what was set."""

    family: Family
    where: Location
    version: Version
    written: WrittenSettings

    def setting(self, name: str) -> Setting[Any]:
        """What a directive is set to, else nginx's default."""
        found = self.written.setting(name)
        return found if found is not None else Known(DEFAULTS[name].value, self.where, name, "default")

    def of_family(self, name: str) -> Setting[Any]:
        """The same for the family's own directive: `buffering` is `proxy_buffering` where proxy_pass hands on."""
        return self.setting(f"{self.family}_{name}")

    def lines(self, name: str) -> Sequence[Line]:
        """The lines of a name that are known to hold."""
        found = self.written.lines(name)
        return () if isinstance(found, Unknown) else found

    @property
    def http_version(self) -> Setting[str]:
        """What is spoken to the backend: `1.0`, `1.1`, `2`."""
        found = self.written.setting("proxy_http_version")
        if found is not None:
            return found
        value = "1.1" if self.version.speaks_http_1_1 else "1.0"
        return Known(value, self.where, "proxy_http_version", "default")

    @property
    def timeout_name(self) -> str:
        """What its idle timeout is called."""
        return "proxy_timeout" if self.family == "stream" else f"{self.family}_read_timeout"


def clocks(facts: Facts) -> tuple[Clock, ...]:
    """The timeouts of a location. One of 0 answers 504 at once; in `stream {}` it closes every connection."""
    idle = facts.setting(facts.timeout_name)
    if facts.family == "stream":
        return Clock("first-byte", idle), Clock("between-bytes", idle)
    return (*silence_clocks(idle), Clock("connect", facts.of_family("connect_timeout"), expiry="504"))


def buffering_of(
    facts: Facts, response: Response = UNKNOWN_RESPONSE, request: Request | None = None
) -> Setting[Buffering]:
    """When nginx holds back what its backend sends; request: the one that asked for it.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering; gRPC is never buffered.
    """
    if facts.family == "stream":
        return Known("never", facts.where, "", "default")
    if (elsewhere := _sent_elsewhere(facts, response)) is not None:
        return elsewhere
    if facts.family == "grpc":
        return Known("never", facts.where, "", "default")
    switch = _switch(facts, response)
    if isinstance(switch, Unknown):
        return switch
    if not switch.value:
        return switch.with_value("never")
    base = _buffering_of(facts, response, switch)
    if isinstance(base, Unknown) or base.value == "always":
        return base
    return _compression_hold(facts, response, request) or base


def _sent_elsewhere(facts: Facts, response: Response) -> Unknown | None:
    """Why it is another answer that comes to the client: nginx drops that of a backend which names a path of its own.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers
    """
    path = response.headers.get(REDIRECT)
    if path is None or _line_ignoring(facts, REDIRECT) is not None:
        return None
    written = f"X-Accel-Redirect: {path.value}" if isinstance(path, Known) else "X-Accel-Redirect"
    why = (
        f"the application answers with `{written}`: nginx drops what it sends, and serves that path of its own instead"
    )
    return Unknown(path.where, REDIRECT, why, "judge the location of that path: declare its stream in infralint.yaml")


def _switch(facts: Facts, response: Response) -> Setting[bool]:
    """Whether the location buffers this response, which may say so itself."""
    switch: Setting[bool] = facts.of_family("buffering")
    asked = response.header(ACCEL)
    if isinstance(facts.written.lines(f"{facts.family}_ignore_headers"), Unknown):
        return switch
    if _line_ignoring(facts, ACCEL) is not None:
        return switch
    if isinstance(asked, Unknown):
        holds = isinstance(switch, Known) and switch.value
        return asked if ACCEL in response.headers and holds else switch
    if asked is None or asked.value.lower() not in ("yes", "no"):
        return switch
    if asked.value.lower() == "no":
        return Known(False, asked.where, asked.name, written=f"X-Accel-Buffering: {asked.value}")
    cause = f"the response says `X-Accel-Buffering: {asked.value}`"
    related = (Related(cause, asked.where),) if asked.where.path else ()
    name = f"{facts.family}_buffering"
    return Known(True, facts.where, name, "default", because=cause, related=related)


def _line_ignoring(facts: Facts, header: str) -> Line | None:
    lines = facts.lines(f"{facts.family}_ignore_headers")
    return next((line for line in lines if header in (word.lower() for word in line.value)), None)


def _buffering_of(facts: Facts, response: Response, switch: Known[bool]) -> Setting[Buffering]:
    """When a location that buffers holds a response, compression aside."""
    why = f"`{switch.written}`" if switch.written else f"nothing sets {switch.name}, which is on by default"
    if switch.because and not switch.written:
        why = switch.because
    answer = _hold(facts, response, why)
    if isinstance(answer, Unknown):
        return answer
    value, because, related = answer
    if ignored := _line_ignoring(facts, ACCEL):
        because += f", and `{ignored.written}` makes nginx ignore the application's own `X-Accel-Buffering: no`"
        related = (*related, Related("the application's X-Accel-Buffering is ignored", ignored.where))
    return Known(value, switch.where, switch.name, switch.origin, switch.written, because, (*switch.related, *related))


Held = tuple[Buffering, str, tuple[Related, ...]]


def _hold(facts: Facts, response: Response, why: str) -> Held | Unknown:
    """When a buffering location holds an answer, why, and where that is written."""
    if facts.family == "fastcgi":
        kept = facts.setting("fastcgi_keep_conn")
        if isinstance(kept, Unknown):
            return kept
        if kept.value:
            return "never", f"with `{kept.written}` nginx passes every record on at once", ()
    if facts.family != "proxy":
        because = f"{why}, so nginx collects what {facts.family}_pass sends until a buffer is full or the answer ends"
        return "always", because, ()
    http = facts.http_version
    if isinstance(http, Unknown):
        return http
    return _held_over_1_0(facts, http, why) if http.value == "1.0" else _held_over_1_1(facts, http, response, why)


def _held_over_1_0(facts: Facts, http: Known[str], why: str) -> Held:
    """HTTP/1.0 knows no chunks: an answer ends with its connection, and is collected until then."""
    if http.origin != "default":
        because = f"{why}, and over HTTP/1.0 (`{http.written}`) nginx holds an answer until a buffer is full or the answer ends"
        return "always", because, (Related("HTTP/1.0 towards the backend", http.where),)
    version = facts.version
    related = (Related("the nginx version", version.where),) if version.where else ()
    if version.floating:
        because = (
            f"{why}, and {version.spoken} HTTP/1.0 to backends, and holds an answer until a buffer is full or the answer ends;"
            " later ones hold events larger than a buffer (4k or 8k) and answers that are not chunked"
        )
        return "unless-chunked", because, related
    because = f"{why}, and {version.spoken} HTTP/1.0 to backends, so it holds an answer until a buffer is full or the answer ends"
    return "always", because, related


_ENDINGS = {"close": "by closing the connection", "length": "where its Content-Length says"}


def _held_over_1_1(facts: Facts, http: Known[str], response: Response, why: str) -> Held:
    """Chunks that are smaller than a buffer pass; what is not chunked is collected."""
    framing = response.framing
    if isinstance(framing, Known) and framing.value in _ENDINGS:
        at = f" (`{framing.written}`)" if framing.written else ""
        because = (
            f"{why}, and what arrives here is not chunked but ends {_ENDINGS[framing.value]}{at}, so nginx holds it"
        )
        related = (Related("the response is not chunked", framing.where),) if framing.where.path else ()
        return "always", f"{because} until a buffer is full or the answer ends", related
    speaker = f"nginx {facts.version.written}, which speaks HTTP/1.1 to backends,"
    spoken = f"`{http.written}`" if http.written else speaker
    because = (
        f"{why}; with {spoken} small chunked events do pass, but an answer that is not chunked, or an event"
        " larger than a buffer (4k or 8k), is held back"
    )
    return "unless-chunked", because, ()


def _compression_hold(facts: Facts, response: Response, request: Request | None) -> Known[Buffering] | None:
    """Compression of the stream's type makes nginx hold what it would have passed on."""
    encoding = response.header("content-encoding")
    if (isinstance(encoding, Known) and encoding.value) or (request is not None and not request.compressible):
        return None
    kind = media_type(response.content_type)
    for name in ("gzip", "brotli"):
        at = _compresses(facts, name, kind, request)
        if at is not None:
            because = (
                f"{name} compresses {kind} (`{at.written}`), and with buffering on it sends nothing before its own"
                " buffer is full"
            )
            return Known("always", at.where, name, at.origin, at.written, because)
    return None


Caching = Literal["never", "unless-forbidden", "always"]
"""Whether a location keeps an answer and replays it: no; unless the backend forbids it; yes."""
_CACHED_METHODS = frozenset({"get", "head"})
_FORBIDS = lazy(r"\b(?:no-cache|no-store|private)\b")
_SHARED_AGE = lazy(r"\bs-maxage=(\d+)")
_AGE = lazy(r"\bmax-age=(\d+)")


def caching_of(facts: Facts, response: Response, methods: Sequence[str] = ()) -> Known[Caching] | None:
    """Whether a location keeps a response for later requests; None where it has no cache, or that can't be told.

    Only what is buffered is kept. methods: those by which the response is asked for; none where they are not known.
    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid
    """
    if facts.family in ("grpc", "stream"):
        return None
    zone, switch = facts.of_family("cache"), _switch(facts, response)
    if isinstance(zone, Unknown) or zone.value == "off" or "$" in zone.value or isinstance(switch, Unknown):
        return None
    kept = _CACHED_METHODS | _words(facts, f"{facts.family}_cache_methods").keys()
    asked = {method.lower() for method in methods}
    excluded = any(facts.lines(f"{facts.family}_{name}") for name in ("no_cache", "cache_bypass"))
    if not switch.value or excluded or (asked and not asked & kept):
        return replace(zone, value="never")
    valid = next(filter(_is_for_success, facts.lines(f"{facts.family}_cache_valid")), None)
    allowed = _is_allowed(facts, response)
    if allowed is False or (valid is None and not allowed):
        return replace(zone, value="never")
    because = f"`{zone.written}` with `{valid.written}`" if valid is not None else f"`{zone.written}`"
    related = (Related("answers are kept so long", valid.where),) if valid is not None else ()
    surely = bool(asked & kept) and (allowed is True or response.complete or _ignores_control(facts))
    caching: Caching = "always" if surely else "unless-forbidden"
    return Known(caching, zone.where, zone.name, zone.origin, zone.written, because, related)


def _is_for_success(valid: Line) -> bool:
    """Whether a line of `proxy_cache_valid` keeps answers of status 200 for any time."""
    *codes, time = valid.value or ("0",)
    return (not codes or not {"200", "any"}.isdisjoint(codes)) and bool(time.strip("0smhdwMy"))


def _ignores_control(facts: Facts) -> bool:
    return "cache-control" in _words(facts, f"{facts.family}_ignore_headers")


def _is_allowed(facts: Facts, response: Response) -> bool | None:
    """Whether the response itself says that it may be kept (True) or not (False)."""
    cookie = response.headers.get("set-cookie")
    if isinstance(cookie, Known) and "set-cookie" not in _words(facts, f"{facts.family}_ignore_headers"):
        return False
    control = response.headers.get("cache-control")
    if not isinstance(control, Known) or _ignores_control(facts):
        return None
    text = control.value.lower()
    if _FORBIDS.search(text):
        return False
    age = _SHARED_AGE.search(text) or _AGE.search(text)
    return whole_number(age[1]) > 0 if age is not None else None


def media_type(content_type: str | None) -> str:
    """A content type without its parameters, as nginx compares it; that of SSE where it is not known."""
    return compression.media_type(content_type) or EVENT_STREAM


def _compresses(facts: Facts, name: str, kind: str, request: Request | None) -> Known[Any] | None:
    """What has gzip or brotli compress a type; None where it does not, or that can't be told."""
    switch = facts.setting(name)
    if not (isinstance(switch, Known) and switch.value):
        return None
    if name == "gzip" and (_spares_every_browser(facts) or _is_below(facts.setting("gzip_http_version"), request)):
        return None
    if name == "gzip" and request is not None and request.via and not _compresses_for_proxies(facts):
        return None
    covering = [line for line in facts.lines(f"{name}_types") if {kind, "*"} & {word.lower() for word in line.value}]
    if covering:
        return covering[0]
    return switch if kind == ALWAYS_COMPRESSED else None


def _compresses_for_proxies(facts: Facts) -> bool:
    """Whether gzip may compress what a proxy asks for that says so: https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_proxied"""
    return any(line.value and tuple(line.value) != ("off",) for line in facts.lines("gzip_proxied"))


def _spares_every_browser(facts: Facts) -> bool:
    """Whether `gzip_disable` fits whatever browser asks; the usual `msie6` fits none of today.

    https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_disable
    """
    patterns = [word for line in facts.lines("gzip_disable") for word in line.value if word != "msie6"]
    try:
        return bool(patterns) and all(any(search(word, name, True) for word in patterns) for name in _BROWSERS)
    except Unsearchable:
        return False


def _is_below(least: Setting[str], request: Request | None) -> bool:
    """Whether a request speaks an older HTTP than gzip asks for."""
    spoken = request.http if request is not None else None
    return isinstance(least, Known) and isinstance(spoken, Known) and spoken.value < least.value


def response_out(facts: Facts, response: Response, request: Request, added: Mapping[str, Setting[str]]) -> Response:
    """What goes on towards the client. added: what `add_header` sends, by lower-case name.

    nginx keeps `X-Accel-…` to itself; `proxy_hide_header` keeps more, and `proxy_pass_header` none of what it names.
    """
    if facts.family == "stream":
        return response
    passed = {**response.headers, **_taken_out(facts, response)}
    headers = {**passed, **_heeded_headers(added, passed)}
    compressing = _compression_hold(facts, response, request)
    if compressing is not None:
        headers["content-encoding"] = Known(compressing.name, compressing.where, compressing.name)
    framing = _framing_out(facts, response, request, compressing is not None)
    return replace(response, headers=MappingProxyType(headers), framing=framing)


def _heeded_headers(
    added: Mapping[str, Setting[str]], passed: Mapping[str, Setting[str]]
) -> Mapping[str, Setting[str]]:
    """The added headers without an X-Accel-Buffering that says neither yes nor no, where the backend's goes on, too:
    both are sent, and whoever obeys the header heeds the last one that he understands."""
    word, backend = added.get(ACCEL), passed.get(ACCEL)
    is_alone = isinstance(backend, Known) and not backend.value
    if is_alone or not isinstance(word, Known) or word.value.lower() in ("yes", "no"):
        return added
    return {name: value for name, value in added.items() if name != ACCEL}


def _taken_out(facts: Facts, response: Response) -> dict[str, Setting[str]]:
    """Headers that surely do not go on: their value is empty."""
    hidden = (CONSUMED - _words(facts, f"{facts.family}_pass_header").keys()) | _hiding(facts).keys()
    return {
        name: Known("", facts.where, name, "default") for name in hidden if name in response.headers or name == ACCEL
    }


def _hiding(facts: Facts) -> dict[str, Line]:
    """The headers of answers that lines keep back; one that a line passes on is not, whichever stands nearer.

    https://github.com/nginx/nginx/blob/master/src/http/ngx_http_upstream.c, ngx_http_upstream_hide_headers_hash()
    """
    passed = _words(facts, f"{facts.family}_pass_header")
    hidden = _words(facts, f"{facts.family}_hide_header")
    return {name: line for name, line in hidden.items() if name not in passed}


def _words(facts: Facts, name: str) -> dict[str, Line]:
    """The lower-case arguments of all lines of a name, each with its line."""
    return {word.lower(): line for line in facts.lines(name) for word in line.value}


def _framing_out(facts: Facts, response: Response, request: Request, compressing: bool) -> Setting[Any]:
    """How the end of the answer is told to the client: chunk by chunk, unless that is off or HTTP/1.0 knows none."""
    framing, http = response.framing, request.http
    if isinstance(framing, Known) and framing.value == "length" and not compressing:
        return framing
    if isinstance(http, Unknown):
        return Unknown(http.where, "framing", http.why)
    if http.value.startswith("2"):
        return Known("h2", facts.where, "framing", "default")
    if http.value == "1.0":
        return Known("close", http.where, "framing", "default", http.written)
    chunked = facts.setting("chunked_transfer_encoding")
    if isinstance(chunked, Unknown):
        return chunked
    return replace(chunked, value="chunked" if chunked.value else "close")


class Header(msgspec.Struct, frozen=True, gc=False):
    """A header that a location sends to its backend. name: in lower case; value: what it is in a handshake."""

    name: str
    value: Setting[str]
    where: Location
    written: str


Absent = Callable[[str], Setting[Upgrade]]
"""What there is to say of a header of the handshake that is not sent."""


def forwards_upgrade(facts: Facts, headers: Sequence[Header], absent: Absent) -> Setting[Upgrade]:
    """Whether a WebSocket handshake reaches the backend whole, and over which HTTP.

    https://nginx.org/en/docs/http/websocket.html
    """
    if facts.family == "stream":
        return Known("forwarded", facts.where, "", "default")
    upgrade = _upgrade(headers, absent)
    if isinstance(upgrade, Unknown) or upgrade.value != "forwarded":
        return upgrade
    agreed = _connection(headers, absent)
    if isinstance(agreed, Unknown):
        return agreed
    if agreed.value != "forwarded":
        return replace(agreed, value="half")
    connection = next(header for header in headers if header.name == "connection")
    obstacle = _hidden(facts) or _key_lost(facts, headers) or _other_method(facts)
    return obstacle or _over_http(facts, connection)


def _drop_upgrade(at: Header | Known[Any], because: str, name: str = NAME) -> Known[Upgrade]:
    return Known("dropped", at.where, name, written=at.written, because=because)


def _upgrade(headers: Sequence[Header], absent: Absent) -> Setting[Upgrade]:
    found = [header for header in headers if header.name == "upgrade"]
    if not found:
        return absent("Upgrade")
    for header in found:
        if isinstance(header.value, Unknown):
            return header.value
    sent = [header for header in found if isinstance(header.value, Known) and header.value.value]
    if len(sent) > 1:
        both = f"`{sent[0].written}` and `{sent[1].written}` both send the header, and backends refuse a request that has it twice"
        return _drop_upgrade(sent[1], both)
    if any(isinstance(header.value, Known) and header.value.value.lower() == "websocket" for header in sent):
        return Known("forwarded", found[0].where, NAME, written=found[0].written)
    lost = f"`{found[0].written}` does not pass on what the browser asks for; the value is $http_upgrade"
    return _drop_upgrade(found[0], lost)


def _connection(headers: Sequence[Header], absent: Absent) -> Setting[Upgrade]:
    found = [header for header in headers if header.name == "connection"]
    if not found:
        return absent("Connection")
    known = [header.value.value for header in found if isinstance(header.value, Known)]
    if any("upgrade" in re.split(r"[\s,]+", value.lower()) for value in known):
        return Known("forwarded", found[0].where, NAME, written=found[0].written)
    for header in found:
        if isinstance(header.value, Unknown):
            return header.value
    return _drop_upgrade(found[-1], f"`{found[-1].written}` sends no `Connection: upgrade` to the backend")


_KEYS = ("sec-websocket-key", "sec-websocket-version")
_VERSION = "13"
"""https://www.rfc-editor.org/rfc/rfc6455#section-4.1; a key is never so short."""


def _key_lost(facts: Facts, headers: Sequence[Header]) -> Setting[Upgrade] | None:
    """The two headers without which no backend shakes hands: emptied, or not passed on with the rest."""
    for name in _KEYS:
        sent = [header for header in headers if header.name == name]
        emptied = next((header for header in sent if isinstance(header.value, Known) and not header.value.value), None)
        if emptied is not None:
            return _drop_upgrade(emptied, f"`{emptied.written}` takes out what every backend needs to shake hands")
        wrong = (header for header in sent if isinstance(header.value, Known) and header.value.value != _VERSION)
        other = next(wrong, None)
        if other is not None:
            return _drop_upgrade(
                other, f"`{other.written}` sends another text than the browser's, and the handshake fails"
            )
        passes = facts.setting("proxy_pass_request_headers")
        if isinstance(passes, Known) and not passes.value and not sent:
            return _drop_upgrade(passes, f"`{passes.written}` drops the Sec-WebSocket headers", passes.name)
    return None


def _hidden(facts: Facts) -> Known[Upgrade] | None:
    """A response header that browsers insist on, and that the location keeps back."""
    for name, line in _hiding(facts).items():
        if name in ("upgrade", "sec-websocket-accept"):
            return _drop_upgrade(
                line, f"`{line.written}` keeps back what a client needs to see in the answer 101", line.name
            )
    return None


def _other_method(facts: Facts) -> Known[Upgrade] | None:
    method = facts.setting("proxy_method")
    if isinstance(method, Known) and method.value not in ("", "get", "$request_method"):
        return _drop_upgrade(method, f"`{method.written}` turns the handshake's GET into another method", method.name)
    return None


def _over_http(facts: Facts, header: Header) -> Setting[Upgrade]:
    """The handshake needs HTTP/1.1 towards the backend."""
    http = facts.http_version
    if isinstance(http, Unknown):
        return http
    if http.value.startswith("2"):
        return _drop_upgrade(http, f"`{http.written}`: nginx opens no WebSocket over HTTP/2", http.name)
    if http.value != "1.0":
        if isinstance(header.value, Known) and header.value.origin == "default":
            return Known("forwarded", header.where, NAME, "default")
        return Known("forwarded", header.where, NAME, written=header.written)
    if http.origin != "default":
        because = f"`{http.written}`: HTTP/1.0 has no Upgrade"
        return Known("http/1.0", http.where, http.name, http.origin, http.written, because)
    because = f"nothing sets proxy_http_version, and {facts.version.spoken} HTTP/1.0 to backends, in which there is no Upgrade"
    because += "; later ones speak HTTP/1.1" if facts.version.floating else ""
    return Known("http/1.0", header.where, "proxy_http_version", "default", header.written, because)


def without_upgrade(family: Family, passed: Known[Any]) -> Setting[Upgrade]:
    """What becomes of a handshake where another protocol than HTTP leads on. passed: the `*_pass`."""
    if family in ("uwsgi", "scgi"):
        why = f"the application server behind {passed.name} decides whether a WebSocket opens"
        remedy = "put WebSocket routes behind proxy_pass, or leave them out of `streams:`"
        return Unknown(passed.where, passed.name, why, remedy)
    return replace(passed, value="dropped", because=f"nginx opens no WebSocket through {passed.name}")


_PER_CLIENT = lazy(r"\$(?:\{)?(?:cookie_|http_authorization|http_x_session|arg_|remote_user|http_mcp_session_id)")
_PER_REQUEST = lazy(r"\$(?:\{)?(?:remote_port|request_id|connection\b|msec|request_uri|uri\b|http_x_request_id|args\b)")
_BY_ADDRESS = lazy(
    r"\$(?:\{)?(?:remote_addr|binary_remote_addr|realip_remote_addr|proxy_protocol_addr|http_x_forwarded_for|http_x_real_ip)"
)
AFFINITY_METHODS = ("sticky", "hash", "ip_hash")


def affinity_by(method: Line, real_address: bool) -> Setting[Affinity]:
    """What `sticky`, `hash` or `ip_hash` keeps a client by. real_address: proxies in front are looked through.

    https://nginx.org/en/docs/http/ngx_http_upstream_module.html#hash
    """
    key = " ".join(method.value)
    if method.name == "hash" and _PER_REQUEST.search(key):
        because = f"`{method.written}` sends a client's requests to different servers"
        return Known("none", method.where, method.name, written=method.written, because=because)
    if method.name == "sticky" or (method.name == "hash" and _PER_CLIENT.search(key) and not _BY_ADDRESS.search(key)):
        return Known("client", method.where, method.name, written=method.written)
    if method.name == "ip_hash" or _BY_ADDRESS.search(key):
        forwarded = "x_forwarded_for" in key or "x_real_ip" in key
        kept: Affinity = "client" if real_address or forwarded else "address"
        return Known(kept, method.where, method.name, written=method.written)
    return Unknown(method.where, method.name, f"whether `{method.written}` is the same for all of a client's requests")


def affinity_by_header(kept: Known[Affinity], name: str, sent: Setting[str] | None) -> Setting[Affinity]:
    """What is left of affinity that goes by a request header. sent: what hops in front make of it; None: nothing.

    A hash of nothing is none: nginx takes the servers in turn then.
    """
    if isinstance(sent, Unknown) or (sent is not None and sent.value):
        return kept
    if sent is None and name not in FORWARDING:
        return kept
    if sent is None:
        why = (
            f"`{kept.written}` goes by the header {name}, which no hop in front of it here sets, and browsers send none"
        )
        return Unknown(kept.where, kept.name, why, f"let the hop in front set {name}, or take a cookie as the key")
    if kept.name == "hash":
        because = (
            f"`{kept.written}` goes by the header {name}, which does not arrive here, so that nginx goes round robin"
        )
        return kept.with_value("none", because)
    return kept.with_value("address")


def spread_over(upstream: Known[Any], servers: int, method: Line | None) -> Known[Affinity]:
    """What keeps a client on its server where nothing is said of that. method: `least_conn` and the like."""
    if servers < 2:
        return replace(upstream, value="single")
    how = f"`{method.written}`" if method else "round robin"
    because = f"{upstream.name} spreads requests over {servers} servers by {how}"
    return replace(upstream, value="none", because=because)


def generous(seconds: float) -> str:
    """A timeout that lasts so long at least, as nginx writes it."""
    return f"{math.ceil(max(seconds, GENEROUS)):d}s"


MAP = """\
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


def affinity_lines(upstream: str, backups: Sequence[str]) -> str:
    """What keeps a client on its server. backups: the servers that stand in for the others, as they are written."""
    return _AFFINITY.format(
        name=re.sub(r"\W+", "-", upstream).strip("-") or "backend",
        backup=_BACKUP.format(server=backups[0]) if backups else "",
    )
