"""Items of a file by the places that they take up, to find those that are around another place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item")


class Place(Protocol):
    """A part of a text: characters from its start, the end exclusive."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


class NestedItems(Generic[Item]):
    """Items whose places never overlap but by lying one in the other, as nodes of a syntax tree do."""

    def __init__(self, items: Iterable[tuple[Place, Item]]) -> None:
        found = list(items)
        self._items = [item for _, item in found]
        order = sorted(range(len(found)), key=lambda number: (found[number][0].start, -found[number][0].end))
        self._numbers = order
        self._starts = [found[number][0].start for number in order]
        self._ends = [found[number][0].end for number in order]
        self._outer: list[int] = []
        for index, end in enumerate(self._ends):
            outer = index - 1
            while outer >= 0 and self._ends[outer] < end:
                outer = self._outer[outer]
            self._outer.append(outer)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def around(self, span: Place) -> list[Item]:
        """The items that a place lies in, in the order in which they were given."""
        found = []
        index = bisect_right(self._starts, span.start) - 1
        while index >= 0:
            if self._ends[index] >= span.end:
                found.append(self._numbers[index])
            index = self._outer[index]
        return [self._items[number] for number in sorted(found)]
