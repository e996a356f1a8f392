"""Where lines of manifests come from: those of all files that were read, numbered through, so that values of several
files can stand side by side in one document and each still knows its place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from infralint.model import Location
from infralint.text.yaml_places import YamlSpan

_SPARE = 64
"""Numbers that texts are given are multiples of it, so that most texts keep theirs when one before them grows a little."""
GENERATED = 0
"""The number of a line that nobody has written."""


class Piece(msgspec.Struct, frozen=True):
    """What begins at a column of a rendered line. where: its place; literal: it stands there just as it came out."""

    column: int
    where: Location
    literal: bool = False


Row = Sequence[Piece]
"""A rendered line: its pieces, the first first."""


class Sheet(msgspec.Struct, frozen=True):
    """One text. shown: its file, as the user would type it; line: its first line in there; rows: where each line comes
    from, and lines: what it says, for a text that was rendered."""

    shown: str
    line: int = 1
    rows: Sequence[Row] | None = None
    lines: Sequence[str] = ()


class Atlas:
    """All texts, each with the number that its first line has among all lines. next: the one of the next text."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._sheets: list[Sheet] = []
        self.next = GENERATED + 1

    def add(self, sheet: Sheet, lines: int) -> int:
        """Take in a text of so many lines: the number of its first one."""
        first = self.next
        self.next += (lines // _SPARE + 1) * _SPARE
        self._starts.append(first)
        self._sheets.append(sheet)
        return first

    def place(self, span: YamlSpan, end: YamlSpan | None = None) -> Location:
        """The place of what begins at a span, and ends with another one (itself, if none is given)."""
        index = max(bisect_right(self._starts, span.line) - 1, 0)
        sheet, offset = self._sheets[index], span.line - self._starts[index]
        if sheet.rows is not None:
            return _rendered_place(sheet, offset, span)
        line = sheet.line + offset
        last = end if end is not None and end.line == span.line else span
        return Location(sheet.shown, line, span.column, line, last.end_column)

    def text_of(self, line: int) -> str:
        """What a line of a rendered text says; empty for any other."""
        index = max(bisect_right(self._starts, line) - 1, 0)
        lines, offset = self._sheets[index].lines, line - self._starts[index]
        return lines[offset] if 0 <= offset < len(lines) else ""

    def line_in_file(self, line: int) -> int:
        """The line in its file of one of the lines that are numbered through; 0 for none."""
        index = bisect_right(self._starts, line) - 1
        return self._sheets[index].line + line - self._starts[index] if index >= 0 and line else 0

    def is_written(self, span: YamlSpan) -> bool:
        """Whether what stands at a span stands so in its file, and was not put together."""
        index = max(bisect_right(self._starts, span.line) - 1, 0)
        return bool(self._sheets) and self._sheets[index].rows is None


def _rendered_place(sheet: Sheet, offset: int, span: YamlSpan) -> Location:
    """Where a piece of a rendered line comes from: its very column in literal text, else all that made it."""
    row = sheet.rows[offset] if sheet.rows is not None and offset < len(sheet.rows) else ()
    if not row:
        return Location(sheet.shown)
    piece = row[max(bisect_right([piece.column for piece in row], span.column) - 1, 0)]
    if not piece.literal:
        return piece.where
    column = piece.where.column + span.column - piece.column
    return Location(
        piece.where.path, piece.where.line, column, piece.where.line, column + span.end_column - span.column
    )
