"""Traefik: it passes answers on as they come, and WebSockets too, unless a middleware buffers or compresses.

https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/buffering/,
https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/compress/,
https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import msgspec

from infralint.model import (
    EVENT_STREAM,
    SSE,
    UNLIMITED,
    Clock,
    Compression,
    Known,
    Location,
    Request,
    Response,
    Setting,
    Unknown,
)
from infralint.platforms.compression import is_encoded, media_type
from infralint.platforms.routing import MOST_PAIRS, PathKind, RoutedHop
from infralint.text.durations import go_duration
from infralint.text.lazy import lazy
from infralint.text.placeholders import has_placeholder
from infralint.text.suggestions import hint

_MATCHER = lazy(r"(?:(!)\s*+)?\b(\w++)\(([^()]*+)\)")
_QUOTED = lazy(r"[`\"']([^`\"']*+)[`\"']")
_WHOLE_SECONDS = lazy("[0-9]{1,9}")


class TraefikRule(msgspec.Struct, frozen=True):
    """What a rule asks for: hosts (`""` for any), paths, and doubt: what else, so that it may or may not hold."""

    hosts: tuple[str, ...]
    paths: tuple[tuple[str, PathKind], ...]
    doubt: str


def parse_rule(written: str) -> TraefikRule:
    """`Host(`a`) && PathPrefix(`/x`)`; what is joined or asked in another way may or may not hold.

    https://doc.traefik.io/traefik/reference/routing-configuration/http/router/rules-and-priority/
    """
    hosts: tuple[str, ...] = ("",)
    paths: tuple[tuple[str, PathKind], ...] = (("/", "prefix"),)
    doubt = f"it depends on `{written}`" if _is_filled_in(written) else ""
    for negated, name, arguments in _MATCHER.findall(written):
        texts = _QUOTED.findall(arguments)
        if negated or name not in ("Host", "Path", "PathPrefix"):
            doubt = f"it depends on `{written}`"
        elif name == "Host":
            hosts = tuple(texts) or hosts
        else:
            paths = tuple((text, "exact" if name == "Path" else "prefix") for text in texts) or paths
    if len(hosts) * len(paths) > MOST_PAIRS:
        doubt = doubt or f"its path is one of the {len(paths)} that the rule names"
        paths = (("/", "prefix"),)
    if "||" in written and len(_MATCHER.findall(written)) > 1:
        doubt = doubt or f"it depends on `{written}`"
    return TraefikRule(hosts, paths, doubt)


_MATCHERS = frozenset(
    "alpn clientip header headerregexp headers headersregexp host hostheader hostregexp hostsni hostsniregexp method path"
    " pathprefix pathregexp query queryregexp".split()
)
"""Those of Traefik 2 and 3, in small letters: Traefik takes them in any."""
_WRITTEN_TEXT = r"`[^`]*+`|(?<!\\)\"(?:[^\"\\]|\\.)*+\""
_TEXT = lazy(_WRITTEN_TEXT, re.DOTALL)
_TOKEN = lazy(rf"\s*+(?:({_WRITTEN_TEXT})|(&&|\|\||[!(),])|([A-Za-z]\w*+)|(.))", re.DOTALL)


def _is_filled_in(rule: str) -> bool:
    """Whether parts of a rule beside its texts are filled in later."""
    return has_placeholder(_TEXT.sub("", rule))


def refused_rule(written: str, where: Location) -> Unknown | None:
    """A rule that Traefik can't read, so that there is no such router; None for any other."""
    if _is_filled_in(written):
        return None
    depth = 0
    why = ""
    for _, mark, name, other in _TOKEN.findall(written):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if other.strip():
            why = why or f"{other} can't stand there; texts stand in backticks"
        elif name and name.lower() not in _MATCHERS:
            why = why or f"there is no matcher {name}{hint(name, _SPELT)}"
        elif depth < 0:
            why = why or "a parenthesis is closed that was never opened"
    if depth > 0:
        why = why or "a parenthesis is never closed"
    shown = written if len(written) < 200 else f"{written[:80]}…"
    return Unknown(where, "rule", f"Traefik refuses the rule {shown}: {why}", refused=True) if why else None


_SPELT = ("Host", "HostRegexp", "Path", "PathPrefix", "PathRegexp", "Header", "Headers", "Method", "Query", "ClientIP")

Version = tuple[int, ...]
"""As far as it is written down: `v3.2` is (3, 2)."""
_VERSION = lazy(r"(?:\A|/)traefik:v?(\d{1,3}(?:\.\d{1,3}){0,2})(?![\d.])")


def version_of(image: str) -> Version:
    """Which Traefik an image is; () for another image, or one that does not say."""
    found = _VERSION.search(image)
    return tuple(map(int, found[1].split("."))) if found is not None else ()


_FLUSHES: Version = (3, 3, 4)
"""From then on a flush sends what there is: https://github.com/traefik/traefik/pull/11583. Before, Brotli and Zstandard, which
3.0 brought and browsers prefer, waited for `minResponseBodyBytes` (1024)."""
_SECOND_FLUSHES: Version = (2, 11)
"""Of the second series, which knows gzip alone: https://github.com/traefik/traefik/issues/11509"""


_SECOND_LIBRARY: Version = (2, 5)
"""Until then gzip's library did nothing for a flush before it had 1400 bytes:
https://github.com/traefik/traefik/issues/7882"""
_HEEDS_RESPONSES: Version = (2, 4, 3)
"""Until then `excludedContentTypes` were compared with the type of the request: https://github.com/traefik/traefik/commit/951d61bfcd44135bb2bb7a00a8ed890fb67e438e"""


def _newest(version: Version) -> Version:
    """The last release of a series: `v3.3` is 3.3.999; of no version, the first of all."""
    return (*version, *(999,) * (3 - len(version))) if version else ()


def compression_effect(version: Version) -> Compression:
    """What the middleware makes of a stream in a version; `v3` and `v3.3` are the last ones of their series."""
    newest = _newest(version)
    if (2,) <= newest < _SECOND_LIBRARY or (3,) <= newest < _FLUSHES:
        return "delays"
    return "may-delay" if newest < _SECOND_FLUSHES else "passes"


class CompressMiddleware(msgspec.Struct, frozen=True, kw_only=True):
    """A middleware that compresses answers. excluded, included: the content types that it spares, and those that it takes
    (none: nothing is said of them). version: of the Traefik that runs it."""

    name: str
    where: Location
    written: str
    excluded: frozenset[str] = frozenset()
    included: frozenset[str] = frozenset()
    version: Version = ()

    def spares(self, response: Response) -> bool:
        """Whether it leaves a stream as it is; one of an unknown type is taken for an event stream."""
        content_type = media_type(response.content_type) or EVENT_STREAM
        is_listed = not self.included or content_type in self.included
        is_excluded = content_type in self.excluded and self.heeds_responses
        return is_encoded(response, frozenset({"identity"})) or not is_listed or is_excluded

    @property
    def heeds_responses(self) -> bool:
        """Whether the types that it spares are those of answers; so it is taken to be where no version is named."""
        return not self.version or _newest(self.version) >= _HEEDS_RESPONSES

    def effect(self) -> Known[Compression]:
        """What it does to a stream that it compresses."""
        effect = compression_effect(self.version)
        named = ".".join(map(str, self.version)) or ("before 3.3.4" if effect == "may-delay" else "")
        because = f"{f'Traefik {named}'.strip()} compresses what passes the middleware {self.name}"
        if self.excluded and not self.heeds_responses:
            because += " (before 2.4.3, it compares excludedContentTypes with the type of the request alone)"
        return Known(effect, self.where, "compress", written=self.written, because=because)


class TraefikRoute(RoutedHop, frozen=True, kw_only=True):
    """A rule that Traefik serves: it streams and opens WebSockets by itself, unless a middleware buffers or compresses."""

    platform: ClassVar[str] = "traefik"
    kind: ClassVar[str] = "route"

    sticky: str = "sticky: { cookie: {} }  # on its service"
    compress: CompressMiddleware | None = None
    excluding: str = "compress: { excludedContentTypes: [text/event-stream] }"
    refusal: Unknown | None = None

    @property
    def product(self) -> str:
        return "Traefik"

    def compression_of(self, response: Response, request: Request) -> Setting[Compression]:
        if self.compress is None or not request.compressible or self.compress.spares(response):
            return super().compression_of(response, request)
        return self.compress.effect()

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "compress":
                is_heeded = self.compress is None or self.compress.heeds_responses
                return self.excluding if is_heeded else f"{self.excluding}  # with Traefik 2.4.3 or later"
            case "idle_timeout":
                return "forwardingTimeouts: { responseHeaderTimeout: 0s }  # of its ServersTransport"
            case "buffers_responses":
                return "leave the buffering middleware out of this route"
            case "max_duration":
                return "leave respondingTimeouts.writeTimeout of the entry point at 0"
            case "keeps_affinity":
                return self.sticky
        return ""


def follow_chains(names: Iterable[str], chained_by: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """The middlewares of these names, and those that chains among them name, each once.

    https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/chain/
    """
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            waiting += chained_by(name)


def buffered_by(where: Location, name: str, written: str) -> Known[str]:
    """What a middleware that buffers does: it reads an answer to its end before it sends any of it."""
    because = f"the middleware {name} buffers: Traefik reads the whole answer before it passes any of it on"
    return Known("always", where, "buffering", written=written, because=because)


def write_clock(limit: Setting[float]) -> Clock:
    """An entry point's `writeTimeout`, which ends answers, and not WebSockets: Go's server takes it off these."""
    return Clock("whole-response", limit, SSE, "truncated")


ARGUMENT = lazy(r"--([\w.-]+)=(.*)", re.DOTALL)
"""One of Traefik's own arguments, whose names know no case."""


def argument_clocks(arguments: Iterable[Known[str]], of_transports: bool = True) -> Iterator[Clock]:
    """The limits that Traefik's own arguments put on every answer. arguments: by their names in small letters.
    of_transports: also those towards backends that name no transport of their own."""
    for argument in arguments:
        name = argument.name
        if name.startswith("entrypoints.") and name.endswith(".transport.respondingtimeouts.writetimeout"):
            yield write_clock(timeout(argument))
        elif name == "serverstransport.forwardingtimeouts.responseheadertimeout" and of_transports:
            yield header_clock(timeout(argument))


def header_clock(limit: Setting[float]) -> Clock:
    """`responseHeaderTimeout` of a servers transport: how long the backend may think before it answers at all.

    https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/serverstransport/. `readTimeout` and
    `writeTimeout` beside it count for the experimental fast proxy alone; `idleConnTimeout` for connections without a request.
    """
    return Clock("first-byte", limit, SSE, "504")


def timeout(setting: Setting[str]) -> Setting[float]:
    """Seconds of a timeout of Traefik's, of which 0 is none."""
    if isinstance(setting, Unknown):
        return setting
    seconds = duration_seconds(setting.value)
    if seconds is None:
        return Unknown(
            setting.where, setting.name, f"`{setting.written}` is no duration", "write 300s, or 0s for no limit"
        )
    return setting.with_value(seconds or UNLIMITED)


def duration_seconds(text: str) -> float | None:
    """Seconds of a duration as Traefik takes it: a number without a unit is seconds. None for another text.

    https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/
    """
    plain = text.strip()
    return float(plain) if _WHOLE_SECONDS.fullmatch(plain) else go_duration(plain)
