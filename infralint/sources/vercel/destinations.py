"""Where a Next.js server sends a request on: the address of a rewrite, and what becomes of the path."""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace

from infralint.model import SAME_PATH, Address, PathMap, Pool, PrefixMap
from infralint.sources.vercel.texts import HOLE, PATH, QUERY, ResolvedText
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.path_patterns import PatternMap

_ADDRESS = lazy(r"(https?)://(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?([^?#]*)")
PORTS = {"http": 80, "https": 443}


class Destination(msgspec.Struct, frozen=True):
    """shown: as a user would write it. paths: None where what goes on can't be told."""

    shown: str
    pool: Pool
    paths: PathMap | None


class ConstantPath(msgspec.Struct, frozen=True):
    """Whatever path comes in, the same goes on."""

    path: str

    def forward(self, path: str) -> str | None:
        return self.path

    def inverse(self, path: str) -> str | None:
        return None


def rewritten_to(text: ResolvedText, source: str) -> Destination | None:
    """The destination of an entry of `rewrites()`; None for a path of the same server."""
    found = _ADDRESS.match(text.value)
    if found is None and not text.value.startswith(HOLE):
        return None
    path = _path_of(text.value)
    paths = PatternMap(source, path or "/") if HOLE not in path else None
    return Destination(_show(text), _pool(text), paths)


def sent_by_middleware(text: ResolvedText) -> Destination | None:
    """Where `NextResponse.rewrite(…)` leads; None for a path of the same server."""
    if text.value.startswith((PATH, "/")) or (text.holes[:1] and text.value.startswith(HOLE) and _is_same_server(text)):
        return None
    if not text.value.startswith((HOLE, "http://", "https://")):
        return None
    return Destination(_show(text), _pool(text), _carried_path(text))


def _is_same_server(text: ResolvedText) -> bool:
    """`new URL("/x", request.url)`: the server's own address."""
    return re.search(r"\bnextUrl\b|\b(?:req|request)\.url\b|^origin$", text.holes[0]) is not None


def _carried_path(text: ResolvedText) -> PathMap | None:
    path = _path_of(text.value).replace(QUERY, "")
    before, found, after = path.partition(PATH)
    if HOLE in path or after:
        return None
    if not found:
        return ConstantPath(before or "/")
    return PrefixMap(text.stripped, before.rstrip("/")) if before.rstrip("/") or text.stripped else SAME_PATH


def _path_of(value: str) -> str:
    """What stands behind the host; of an address that is unknown as a whole, behind that."""
    found = _ADDRESS.match(value)
    if found:
        return found[4]
    rest = re.sub(r"^https?://", "", value).lstrip(HOLE)
    return re.sub(r"^[^/\x01\x02]*", "", rest)


def _pool(text: ResolvedText) -> Pool:
    """Whom it dials. A default is what is known; the environment may say otherwise where it runs."""
    found = _ADDRESS.match(text.value)
    host = found[2] if found else HOLE
    if found is not None and (PATH in host or found[4].startswith(":")):
        return Pool(reason="its host depends on the path that is asked for")
    if found is None or not host or HOLE in host:
        words = f"`{text.holes[0]}`" if text.holes else "its address"
        return Pool(reason=f"{words} is only known where it runs")
    port = whole_number(found[3]) if found[3] else PORTS[found[1]]
    pool = Pool((Address(host.strip("[]"), port),))
    if text.defaulted:
        return replace(pool, reason=f"`{text.defaulted[0]}` may name another")
    return pool


def _show(text: ResolvedText) -> str:
    """With what is not known in the user's words."""
    holes = iter(text.holes)
    shown = re.sub(HOLE, lambda _: f"${{{next(holes, '…')}}}", text.value)
    return shown.replace(PATH, "").replace(QUERY, "")
