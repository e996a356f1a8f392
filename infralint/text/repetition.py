"""Texts that say the same again and again: of such, parsers that recover from errors may try every reading."""

from __future__ import annotations

WINDOW = 2048
"""Bytes that are looked at together, every WINDOW / 2."""
RATIO = 10
"""How many times smaller a window becomes when it is packed, if it says the same again and again: of 41,808 source
files, 66 have one that becomes 8 times smaller."""


def is_repetitive(content: bytes) -> bool:
    """Whether some part of a text says the same again and again."""
    if len(content) < WINDOW:
        return False
    from zlib import compress

    starts = range(0, len(content) - WINDOW + 1, WINDOW // 2)
    return any(len(compress(content[start : start + WINDOW], 1)) * RATIO < WINDOW for start in starts)
