"""What a mistyped word may have meant."""

from __future__ import annotations

from collections.abc import Iterable

LIKELY = 0.6
"""How alike two words must be, of 1, to be named beside each other."""


def closest(word: str, words: Iterable[str], likeness: float = LIKELY) -> str:
    """The word that is most like another; empty where none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(words), 1, likeness)), "")
