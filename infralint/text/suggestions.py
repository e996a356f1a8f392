"""What a mistyped word may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from heapq import nlargest

import msgspec

LIKELY = 0.6
"""How alike two words must be, of 1, to be named beside each other."""


CODE = "`{}`"
"""How a word is marked as the user's own."""
NEARLY = 0.85
"""How alike a mistyped word and the right one are, at least, where nobody asked for either."""
MOST_COMPARED = 20
"""Words that another one is compared with letter by letter: those of many that have the most letters in common with it."""
LONGEST = 200
"""Letters of a word that anybody mistypes."""


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
    """Words are compared beginning with those of the most letters in common, which bound how alike two words can be."""
    index = _index_letters(words)
    letters = index.letters_of(word)
    limits = ((_most_alike(letters, len(word), other), other.word) for other in index.words)
    likely = nlargest(MOST_COMPARED, (entry for entry in limits if entry[0] >= likeness))
    if not likely:
        return ""
    from difflib import SequenceMatcher  # most words are like none

    matcher = SequenceMatcher()
    matcher.set_seq2(word)
    best = (0.0, "")
    for limit, other in likely:
        if limit < best[0]:
            break
        matcher.set_seq1(other)
        if (ratio := matcher.ratio()) >= likeness:
            best = max(best, (ratio, other))
    return best[1]


class _IndexedWord(msgspec.Struct, frozen=True):
    """A word, its length, and a bit for each of its letters: another one where the letter occurs again."""

    word: str
    length: int
    letters: int


class _LetterIndex(msgspec.Struct, frozen=True):
    """Words, and the bit that stands for each occurrence of a letter."""

    words: list[_IndexedWord]
    bits: dict[tuple[str, int], int]

    def letters_of(self, word: str) -> int:
        """The letters of a word as bits; those that none of the words has are left out."""
        return sum(self.bits.get(occurrence, 0) for occurrence in _occurrences(word))


@lru_cache(maxsize=4)
def _index_letters(words: tuple[str, ...]) -> _LetterIndex:
    bits: dict[tuple[str, int], int] = {}
    entries = []
    for word in words:
        if len(word) <= LONGEST:
            letters = sum(bits.setdefault(occurrence, 1 << len(bits)) for occurrence in _occurrences(word))
            entries.append(_IndexedWord(word, len(word), letters))
    return _LetterIndex(entries, bits)


def _occurrences(word: str) -> Iterator[tuple[str, int]]:
    """The letters of a word, each with how often it came before."""
    count: dict[str, int] = {}
    for letter in word[:LONGEST]:
        count[letter] = count.get(letter, 0) + 1
        yield letter, count[letter]


def _most_alike(letters: int, length: int, other: _IndexedWord) -> float:
    """What the likeness of two words can't be more: as many letters as they have in common."""
    return 2 * (letters & other.letters).bit_count() / (length + other.length or 1)
