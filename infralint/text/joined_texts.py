"""Many texts as one, so that all in which a word stands are found by few looks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

MOST_JOINED = 4 * 1024 * 1024
"""Bytes of texts that are joined into one, and stay in memory."""


class JoinedTexts:
    """Texts by their paths: joined, as far as that is little to keep; the others are looked at one by one."""

    def __init__(self, paths: Sequence[str], text: Callable[[str], bytes]) -> None:
        self._paths = paths
        self._text = text
        pieces: list[bytes] = []
        self._starts: list[int] = []
        size = 0
        for path in paths:
            piece = text(path)
            if size + len(piece) > MOST_JOINED:
                break
            self._starts.append(size)
            pieces.append(piece)
            size += len(piece) + 1
        self._joined = b"\0".join(pieces)

    def holding(self, word: bytes) -> Iterator[str]:
        """The paths of the texts in which a word stands: one without the byte 0."""
        at = self._joined.find(word)
        while at >= 0:
            following = bisect_right(self._starts, at)
            yield self._paths[following - 1]
            at = self._joined.find(word, self._starts[following]) if following < len(self._starts) else -1
        yield from (path for path in self._paths[len(self._starts) :] if word in self._text(path))
