"""Concrete paths of requests: what a declared path, a glob, an expression or a hop's own path stands for."""

from __future__ import annotations

import re

from infralint.model import Hint, Hop
from infralint.text.expressions import matching
from infralint.text.lazy import lazy


def concrete_paths(hop: Hop, hint: Hint | None = None) -> list[str]:
    """Paths of requests that a hop serves, or that a hint is about."""
    written = [hint.path] if hint is not None and hint.path else list(hop.paths[:1])
    return [path for text in written for path in _concrete(text)][:2]


_ROUTE_SEGMENT = lazy(r"/\[(\[)?(\.\.\.)?\w+\](?(1)\])(?=/|$)")
"""`/[id]`, `/[...rest]` or `/[[...rest]]` of a route that a folder names."""


_OF_EXPRESSIONS = frozenset("\\^$()|+[")


def _concrete(text: str) -> list[str]:
    if "/[" in text:
        text = _ROUTE_SEGMENT.sub(lambda segment: "/**" if segment[2] else "/*", text)
    if text.startswith("/") and _OF_EXPRESSIONS.isdisjoint(text):
        return samples(text)
    try:
        return [path for path in matching(text.lstrip("~* ")) if path.startswith("/")]
    except re.error:
        return []


def samples(path: str) -> list[str]:
    """Concrete paths that a declared path, glob or regular expression (after `~`) stands for."""
    if path.startswith("~"):
        found = [text for text in matching(path[1:]) if text.startswith("/")]
        return found or ["/"]
    if "*" not in path:
        return [path]
    filled = [re.sub(r"\*+", word, path) for word in ("x", "x/y" if path.endswith("**") else "z")]
    return [text if text.startswith("/") else f"/{text}" for text in dict.fromkeys(filled)]
