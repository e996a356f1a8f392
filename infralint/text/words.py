"""Whether one of many words stands in a text, asked of very many texts that mostly hold none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from infralint.text.lazy import lazy

_BY_RARITY = rb"~^ZQX79J+@%8Y\56K3`4?WGVHz!j|&#qU<B2F1$M][0P*LOD>NARIC'xTEkS;w}{vby:,=_fh-g()./m" + rb'"updclinasorte '
"""Bytes, those that are rarest in code first; others are rarer still."""


class WordSearch:
    """Words of which one is enough. stems: what several words have in common, so that it is looked for once, and first.

    What stands around the rarest byte of a word is looked at only where that byte is: `re` skips to it many times as fast as
    to a longer text, and takes all words with it at once.
    """

    def __init__(self, words: Iterable[bytes], stems: Iterable[bytes] = ()) -> None:
        self._words = frozenset(words)
        self._stems = tuple(stems)

    @cached_property
    def _by_byte(self) -> list[tuple[int, re.Pattern[bytes], list[bytes]]]:
        """Bytes, what finds the stems around each, and the words that these may mean."""
        by_stem: dict[bytes, list[bytes]] = {stem: [] for stem in self._stems}
        for word in sorted(self._words):
            by_stem.setdefault(next((stem for stem in self._stems if stem in word), word), []).append(word)
        by_byte: dict[int, list[bytes]] = {}
        for stem in by_stem:
            by_byte.setdefault(min(stem, key=_BY_RARITY.find), []).append(stem)
        return [
            (byte, _find_around(bytes([byte]), stems), [word for stem in stems for word in by_stem[stem]])
            for byte, stems in by_byte.items()
        ]

    def finds_in(self, text: bytes) -> bool:
        """Whether a word stands in a text."""
        return any(
            byte in text and pattern.search(text) and any(word in text for word in words)
            for byte, pattern, words in self._by_byte
        )


def _find_around(byte: bytes, stems: Iterable[bytes]) -> re.Pattern[bytes]:
    """What finds texts that hold a byte, by the first such byte of each."""
    around = []
    for stem in stems:
        before, _, behind = stem.partition(byte)
        around.append((b"(?<=%b)" % re.escape(before + byte) if before else b"") + re.escape(behind))
    return lazy(b"%b(?:%b)" % (re.escape(byte), b"|".join(around)))
