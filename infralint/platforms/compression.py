"""What compresses responses inside an application, and what that does to a stream: it is kept until there is enough of it.

Measured with an event every 0.3 s and a client that takes gzip, as every browser does: with what is listed here all of
them arrive together when the answer ends, unless one of the ways out is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from infralint.model import EVENT_STREAM, Known, Response
from infralint.text.lazy import lazy

Versions = tuple[int, ...]


class Compressor(msgspec.Struct, frozen=True):
    """A library that compresses what an application sends.

    called: how a message names it. holds: whether it compresses a type (empty: not known), and keeps its pieces back.
    fix: what to write instead. obeys_no_transform: `Cache-Control: no-transform` switches it off; encoded: so does this
    `Content-Encoding`.
    """

    called: str
    page: str
    holds: Callable[[str], bool]
    fix: str
    obeys_no_transform: bool = False
    encoded: frozenset[str] = frozenset()


_COMPRESSIBLE = lazy(r"text/|.+\+(?:json|text|xml)$|application/(?:json|stream\+json|javascript|xml)")
"""https://github.com/jshttp/compressible: what it says of the types that streams have; not `application/x-ndjson`."""
_PLAIN = frozenset({"text/plain", "text/html", "text/xml", "application/json"})
"""Of the types that Flask-Compress compresses unless told otherwise, those that streams have."""


def is_compressible(content_type: str) -> bool:
    """Whether Express's compression (Koa's, Next.js's) takes a type, given without its parameters."""
    return bool(_COMPRESSIBLE.match(content_type))


COMPRESSORS: Mapping[str, Compressor] = {
    "compression": Compressor(
        "the compression middleware",
        "https://github.com/expressjs/compression#server-sent-events",
        is_compressible,
        'res.setHeader("Cache-Control", "no-cache, no-transform");    // or call res.flush() after each write',
        obeys_no_transform=True,
    ),
    "koa-compress": Compressor(
        "koa-compress",
        "https://github.com/koajs/compress#readme",
        is_compressible,
        'ctx.set("Cache-Control", "no-cache, no-transform");    // or ctx.compress = false',
        obeys_no_transform=True,
    ),
    "starlette": Compressor(
        "GZipMiddleware",
        "https://www.starlette.io/middleware/#gzipmiddleware",
        bool,
        'headers={"Content-Encoding": "identity"}',
        encoded=frozenset({"identity"}),
    ),
    "django": Compressor(
        "GZipMiddleware",
        "https://docs.djangoproject.com/en/stable/ref/middleware/#module-django.middleware.gzip",
        bool,
        'response["Content-Encoding"] = "identity"',
        encoded=frozenset({"identity"}),
    ),
    "flask-compress": Compressor(
        "Flask-Compress",
        "https://github.com/colour-science/flask-compress#options",
        lambda content_type: content_type in _PLAIN,
        'response.headers["Content-Encoding"] = "identity"',
        encoded=frozenset({"identity"}),
    ),
    "tower-http": Compressor(
        "CompressionLayer",
        "https://docs.rs/tower-http/latest/tower_http/compression/predicate/struct.DefaultPredicate.html",
        EVENT_STREAM.__eq__,
        '.compress_when(DefaultPredicate::new().and(NotForContentType::new("text/event-stream")))    // or tower-http 0.5.2',
    ),
}
"""By the name that rules call them by."""

STARLETTE_SPARES_EVENTS: Versions = (0, 46)
"""https://www.starlette.io/release-notes/: `text/event-stream` is left alone."""
STARLETTE_FLUSHES: Versions = (1, 5)
"""From then on each piece of any stream is sent at once, compressed."""
FASTAPI_TAKES_IT: Versions = (0, 115, 10)
"""FastAPI before asks for a Starlette before 0.46."""
TOWER_HTTP_SPARES_EVENTS: Versions = (0, 5, 2)
"""https://github.com/tower-rs/tower-http/blob/main/tower-http/CHANGELOG.md: `text/event-stream` is left alone."""
DJANGO_FLUSHES: Versions = (6, 1)
"""https://docs.djangoproject.com/en/6.1/releases/6.1/: each piece of a stream is sent at once."""


def is_exempt(response: Response, identity: frozenset[str] = frozenset()) -> bool:
    """Whether Express's compression (Koa's, Next.js's) leaves a response alone, as far as is known."""
    content_type = media_type(response.content_type)
    return (
        is_encoded(response, identity)
        or is_untransformed(response)
        or bool(content_type and not is_compressible(content_type))
    )


def is_encoded(response: Response, identity: frozenset[str] = frozenset()) -> bool:
    """Whether a response says that it is encoded already. identity: words for "not" that count, too."""
    encoding = response.headers.get("content-encoding")
    if not isinstance(encoding, Known):
        return False
    word = encoding.value.strip().lower()
    return word in identity or word not in ("", "identity")


def is_untransformed(response: Response) -> bool:
    """Whether a response asks not to be transformed on its way: https://httpwg.org/specs/rfc9111.html#rfc.section.5.2.2.6"""
    control = response.headers.get("cache-control")
    return isinstance(control, Known) and "no-transform" in control.value.lower()


def media_type(content_type: str | None) -> str:
    """A content type without its parameters; empty where it is not known."""
    return (content_type or "").partition(";")[0].strip().lower()
