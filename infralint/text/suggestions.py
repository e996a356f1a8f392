"""What a mistyped word may have meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

LIKELY = 0.6
"""How alike two words must be, of 1, to be named beside each other."""


CODE = "`{}`"
"""How a word is marked as the user's own."""
NEARLY = 0.85
"""How alike a mistyped word and the right one are, at least, where nobody asked for either."""


def mistyped_for(word: str, words: Collection[str]) -> str:
    """The word that another one is mistyped for; empty for one of them, or that may be another still."""
    return "" if word in words else closest(word, words, NEARLY)


def closest(word: str, words: Iterable[str], likeness: float = LIKELY) -> str:
    """The word that is most like another; empty where none is."""
    return _closest(word, tuple(words), likeness)


def hint(word: str, words: Iterable[str], form: str = "{}") -> str:
    """The word that is most like another as the end of a sentence; empty where none is. form: how it is written there."""
    near = closest(word, words)
    return f"; did you mean {form.replace('{}', near)}?" if near else ""


@lru_cache(maxsize=1024)
def _closest(word: str, words: tuple[str, ...], likeness: float) -> str:
    near = [other for other in words if _most_alike(word, other, likeness) >= likeness]
    if not near:
        return ""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, near, 1, likeness)), "")


def _most_alike(word: str, other: str, likeness: float) -> float:
    """What likeness can't be more, by the lengths and, where these may do, by the letters alone."""
    both = len(word) + len(other)
    if not both:
        return 1
    by_length = 2 * min(len(word), len(other)) / both
    return 2 * (_letters(word) & _letters(other)).total() / both if by_length >= likeness else by_length


@lru_cache(maxsize=4096)
def _letters(word: str) -> Counter[str]:
    return Counter(word)
