"""Concrete paths of requests: what a declared path, a glob, an expression or a hop's own path stands for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from infralint.model import Hint, Hop
from infralint.text.expressions import matching
from infralint.text.globs import matches_text
from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, search

MOST_STARS = 10
"""Stars of a glob, at most, for which paths are looked for that hops are written for: nobody writes one with more."""


def concrete_paths(hop: Hop, hint: Hint | None = None) -> list[str]:
    """Paths of requests that a hop serves, or that a hint is about."""
    written = [hint.path] if hint is not None and hint.path else list(hop.paths[:1])
    return [path for text in written for path in _concrete(text)][:2]


def written_paths(hop: Hop) -> Iterator[str]:
    """Paths of requests that a hop serves, for each of those that it is written for."""
    for text in hop.paths:
        yield from _concrete(text)[:2]


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


def is_pattern(path: str) -> bool:
    """Whether a declared path stands for several: a glob, or a regular expression (after `~`)."""
    return path.startswith("~") or "*" in path


def stands_for(pattern: str, path: str) -> bool:
    """Whether a declared path, glob or regular expression (after `~`) stands for the path of a request."""
    if pattern.startswith("~"):
        try:
            return search(pattern[1:], path) is not None
        except Unsearchable:
            return False
    return pattern == path or matches_text(path, pattern)


def find_under(pattern: str, paths: Sequence[str]) -> Iterator[str]:
    """Paths that a glob or a regular expression stands for and that are some of these, or begin with one of them. paths:
    in the order of their characters."""
    literals = [] if pattern.startswith("~") else pattern.split("*")
    if len(literals) > MOST_STARS:
        return
    ends = ("", "x", *("x".join(("", *literals[number:])) for number in range(1, len(literals))))
    for path in _near(literals[0], paths) if literals else paths:
        found = next((path + end for end in ends if stands_for(pattern, path + end)), None)
        if found is not None:
            yield found


def _near(beginning: str, paths: Sequence[str]) -> Iterator[str]:
    """Those of sorted paths that begin with a text, or that it begins with."""
    lengths = sorted({len(path) for path in paths if len(path) < len(beginning)})
    shorter = ((bisect_left(paths, beginning[:length]), beginning[:length]) for length in lengths)
    yield from (path for at, path in shorter if paths[at : at + 1] == [path])
    yield from takewhile(lambda path: path.startswith(beginning), islice(paths, bisect_left(paths, beginning), None))
