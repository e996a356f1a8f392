"""What a Next.js server that the project runs itself (`next start`, standalone) does to a stream.

Measured with `next start` 16.4: what `NextResponse.rewrite()` and `rewrites()` pass on is compressed like its own
answers, and held for it, unless `Content-Encoding` or `no-transform` stands in the response; `headers()` of next.config
reaches its own answers and what its middleware rewrites, and not what `rewrites()` sends to another server; either is
cut after 30 s of silence. Route handlers of the app router are flushed after each piece.

https://nextjs.org/docs/app/api-reference/config/next-config-js/compress
https://nextjs.org/docs/app/api-reference/config/next-config-js/headers
https://nextjs.org/docs/app/api-reference/config/next-config-js/rewrites
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from infralint.model import NOWHERE, Compression, Framing, Known, Response, Setting, Unknown
from infralint.platforms.compression import is_exempt
from infralint.text.path_patterns import match_path
from infralint.text.patterns import Unsearchable

PROXY_TIMEOUT = 30.0
"""Seconds of silence: `experimental.proxyTimeout`, for `rewrites()` and middleware alike."""

CHUNKED: Known[Framing] = Known("chunked", NOWHERE, "Transfer-Encoding", "default")
"""How it frames what it streams, over HTTP/1.1."""

Stage = Literal["middleware", "beforeFiles", "afterFiles", "fallback"]
"""When a rewrite is looked at: before all routes, before static ones, before dynamic ones, after all."""


class PathCondition(Protocol):
    """Which paths a rewrite takes."""

    def takes(self, path: str) -> bool | None:
        """Whether it takes a concrete path; None where that can't be told."""
        ...

    def reasons(self, path: str) -> tuple[str, ...]:
        """Why that can't be told."""
        ...


class Patterns(msgspec.Struct, frozen=True):
    """Paths that match one of some patterns. reason: why one that does may still not be taken."""

    patterns: tuple[str, ...]
    reason: str = ""

    def takes(self, path: str) -> bool | None:
        try:
            found = any(match_path(pattern, path) is not None for pattern in self.patterns)
        except Unsearchable:
            return None
        return None if found and self.reason else found

    def reasons(self, path: str) -> tuple[str, ...]:
        if self.reason:
            return (self.reason,)
        return (f"whether `{self.patterns[0][:60]}` takes {path} can't be told",) if self.takes(path) is None else ()


class BelowBase(msgspec.Struct, frozen=True):
    """A condition on what follows `basePath`. base: None where it can't be told what that is."""

    base: str | None
    inner: PathCondition

    def takes(self, path: str) -> bool | None:
        if self.base is None:
            return None if any(self.inner.takes(tail) is not False for tail in _tails(path)) else False
        is_below = f"{path}/".startswith(f"{self.base}/")
        return self.inner.takes(path.removeprefix(self.base) or "/") if is_below else False

    def reasons(self, path: str) -> tuple[str, ...]:
        if self.base is None:
            return ("what `basePath` comes to can't be told",)
        return self.inner.reasons(path.removeprefix(self.base) or "/")


def _tails(path: str) -> Iterator[str]:
    """What a path may be below a base: itself, and what is left without its first segments."""
    yield from (path[at:] for at, character in enumerate(path) if character == "/")
    yield "/"


class HeaderRule(msgspec.Struct, frozen=True):
    """One entry of `headers()`. headers: by lower-case name. reason: why it may not hold for all requests to that path."""

    source: str
    headers: Mapping[str, Known[str]]
    reason: str = ""


def configured_headers(rules: Iterable[HeaderRule], path: str) -> dict[str, Setting[str]]:
    """The headers that `headers()` sends with an answer of a path; the last entry that sets one wins."""
    found: dict[str, Setting[str]] = {}
    for rule in rules:
        for name, value in rule.headers.items():
            doubt = rule.reason or _doubt(rule.source, path)
            if doubt is None:
                continue
            found[name] = Unknown(value.where, name, doubt) if doubt else value
    return found


def _doubt(source: str, path: str) -> str | None:
    """Why it can't be told whether a pattern takes a path, empty where it does; None where it does not."""
    try:
        return None if match_path(source, path) is None else ""
    except Unsearchable as error:
        return f"whether `{source}` takes {path} can't be told: it {error}"


def with_headers(response: Response, headers: Mapping[str, Setting[str]], complete: bool = True) -> Response:
    """A response with headers that it does not carry itself. complete: no others are added."""
    kept = {**headers, **response.headers}
    return replace(response, headers=kept, complete=response.complete and complete)


def compression(response: Response, compress: Setting[bool], unread: Unknown | None = None) -> Setting[Compression]:
    """What becomes of an answer that is not flushed. unread: headers that may be sent as well."""
    if is_exempt(response):
        return Known("passes", compress.where, "compress", "default")
    if isinstance(compress, Unknown):
        return compress
    doubts = (response.headers.get(name) for name in ("content-encoding", "cache-control"))
    doubt = next((header for header in doubts if isinstance(header, Unknown)), unread)
    if doubt is not None and compress.value:
        return doubt
    made: Compression = "holds" if compress.value else "passes"
    return Known(made, compress.where, compress.name, compress.origin, compress.written, related=compress.related)
