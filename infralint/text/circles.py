"""Names that are made of each other in a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from infralint.text.wording import listing

MOST = 20
"""Circles that are named."""


def find_circles(uses: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """The first circles among names, each in the order in which they use each other, one at most that begins with a name.

    uses: what each is made of.
    """
    return islice(_circles(uses), MOST)


def say_through(circle: Sequence[str], form: str = "{}") -> str:
    """Through which others the first of a circle comes back, as the end of a sentence. form: how a name is written."""
    others = [form.replace("{}", other) for other in circle[1:]]
    return f" through {listing(others)}" if others else ""


def _circles(uses: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    done: set[str] = set()
    heads: set[str] = set()
    for first in sorted(uses):
        path: dict[str, int] = {}
        pending = [(first, 0)]
        while pending:
            name, depth = pending.pop()
            while len(path) > depth:
                path.popitem()
            if name in path:
                if name not in heads:
                    heads.add(name)
                    yield list(path)[path[name] :]
            elif name not in done:
                done.add(name)
                path[name] = depth
                pending += [(other, depth + 1) for other in sorted(uses[name], reverse=True) if other in uses]
