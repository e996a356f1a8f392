"""TOML with the lines of its keys, so that what is wrong or decides can be shown.

https://toml.io/en/v1.0.0
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.text.lazy import lazy

_LINE = lazy(r"\bline (\d+), column (\d+)")
_HEADER = lazy(r"\s*\[\[?\s*([^\]#]+?)\s*\]\]?")
_KEY = lazy(r"\s*([\w.\"'-]+?)\s*=")


class BadToml(ValueError):
    """A text that is no TOML: what is wrong, and the 1-based line and column (0: not told)."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class TomlDocument:
    """The tables of a text, and where their keys are written."""

    def __init__(self, text: str) -> None:
        self.tables = _parse(text)
        self._lines = list(_keys(text))

    def table(self, *path: str) -> dict[str, Any]:
        """A table, or a table of a table; empty where it is not there."""
        found: Any = self.tables
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def tables_of(self, *path: str) -> list[dict[str, Any]]:
        """The tables of an array; empty where there is none."""
        *before, last = path
        found = self.table(*before).get(last)
        return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []

    def line_of(self, *path: str) -> int:
        """The line of a key, or of the header of a table; 0 where it is written in a way that tells no line."""
        return next(iter(self.lines_of(*path)), 0)

    def lines_of(self, *path: str) -> list[int]:
        """The lines of a key in each table of an array."""
        return [line for line, key in self._lines if key == path]


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
        raise BadToml("it says more than can be read") from None


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The lines that begin a table or give a key, each with the whole name of that."""
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            header = _parts(found[1])
            yield number, header
        elif found := _KEY.match(line):
            yield number, (*header, *_parts(found[1]))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
