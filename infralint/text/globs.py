"""Wildcards over text, matched without going back more than one star: no pattern takes long."""

from __future__ import annotations


def is_like(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern whole: `*` stands for any characters (slashes, too), `?` for exactly one."""
    at = place = 0
    star = resumed = -1
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resumed = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            at, resumed = star + 1, resumed + 1
            place = resumed
        else:
            return False
    return all(letter == "*" for letter in pattern[at:])
