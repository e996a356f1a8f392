"""How numbers and lists read in messages."""

from __future__ import annotations

import math
from collections.abc import Sequence


def seconds(value: float) -> str:
    """A span as people say it: `60 s`, `10 min`, `24 h`, `7 days`; 0.5 -> `0.5 s`; infinity -> `no limit`."""
    if math.isinf(value):
        return "no limit"
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if value >= 2 * size and value % size == 0:
            return f"{value // size:g} {unit}"
    return f"{value:g} s"


def ping_interval(limit: float) -> str:
    """How often a ping has to come where that much silence (seconds) is allowed, so that one may be lost: 60 -> `30 s`."""
    half = limit / 2
    return seconds(math.floor(half) if half >= 1 else half)


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`, `2 entries`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{count} {noun}s"


def capitalize(text: str) -> str:
    """A sentence with a capital at its beginning; the rest stays as it is written."""
    return text[:1].upper() + text[1:]


def listing(items: Sequence[str], word: str = "and", most: int = 5) -> str:
    """`a, b and c`; a long list is cut: `a, b and 7 more`."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return f" {word} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else list(items))
