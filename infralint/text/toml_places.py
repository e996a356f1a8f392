"""TOML with the lines of its keys, so that what is wrong or decides can be shown.

https://toml.io/en/v1.0.0
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from infralint.text.bad_text import BadText
from infralint.text.lazy import lazy

_LINE = lazy(r"\bline (\d+), column (\d+)")
_HEADER = lazy(r"\s*+\[\[?+([^\]#]++)\]")
_KEY = lazy(r"\s*+([\w.\"'-]++)\s*+=")
DEEPEST = 200
"""Names that a key may be made of; people write some three."""


class BadToml(BadText):
    """A text that is no TOML."""

    language = "TOML"


class TomlDocument:
    """The tables of a text, and where their keys are written."""

    def __init__(self, text: str) -> None:
        self._lines = list(_keys(text))
        for line, key in self._lines:
            if len(key) > DEEPEST:
                raise BadToml("has a key of more names than infralint reads", line, is_content=True)
        self.tables = _parse(text)

    def line_of(self, *path: str) -> int:
        """The line of a key, or of the header of a table; 0 where it is written in a way that tells no line."""
        return next((line for line, key in self._lines if key == path), 0)

    def line_in(self, table: str, position: int, key: str) -> int:
        """The line of a key in one table of an array, or that of the table's header; 0 where no header begins it."""
        headers = self._headers.get(table, [])
        if position >= len(headers):
            return 0
        begin, end = headers[position], headers[position + 1] if position + 1 < len(headers) else len(self._lines)
        found = (line for line, name in self._lines[begin:end] if name == (table, key))
        return next(found, self._lines[begin][0])

    @cached_property
    def _headers(self) -> dict[str, list[int]]:
        """Where, among the lines, tables of an array of the root begin, by its name."""
        found: dict[str, list[int]] = {}
        for position, (_, key) in enumerate(self._lines):
            if len(key) == 1:
                found.setdefault(key[0], []).append(position)
        return found


def check_toml(text: str) -> None:
    """Raises BadToml for a text that is no TOML."""
    _parse(text)


def _parse(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        message = str(error).partition(" (at ")[0]
        raise BadToml(message, *(int(part) for part in place.groups()) if place else ()) from None
    except (RecursionError, ValueError):
        raise BadToml("says more than infralint reads", is_content=True) from None


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The lines that begin a table or give a key, each with the whole name of that."""
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if found := _HEADER.match(line):
            header = _parts(found[1])
            yield number, header
        elif found := _KEY.match(line):
            yield number, (*header, *_parts(found[1]))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
