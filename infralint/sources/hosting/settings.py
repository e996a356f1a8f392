"""Values of such files as settings, each with the line that sets it."""

from __future__ import annotations

import math

from infralint.model import Known, Location, Node, Setting, Unfollowed, Unknown, Unreadable
from infralint.text.bad_text import BadText

Found = Node | Unfollowed | Unreadable
"""What a host's file stands for, or may, and what is wrong with one beside it."""
_LONGEST = 40
"""Characters of a value that a message shows."""


class Refused(BadText):
    """A file that its host does not take: what was expected, and where."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message, line, column, is_content=True)


def line_place(shown: str, text: str, line: int) -> Location:
    """What stands on a line of a text, without the space around it; the whole file for line 0."""
    if not line:
        return Location(shown)
    row = text.split("\n")[line - 1]
    start = len(row) - len(row.lstrip())
    return Location(shown, line, start + 1, line, len(row.rstrip()) + 1)


def quote(value: object) -> str:
    """A value as a message shows it."""
    text = str(value).lower() if isinstance(value, bool) else "null" if value is None else f"{value}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def number(value: object, where: Location, name: str, written: str) -> Setting[float]:
    """A number that is written down; what is no number can't be told."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unknown(where, name, f"`{written}`: {name} takes a number", refused=True)
    if not (0 <= value < _ENDLESS and math.isfinite(value)):
        why = f"`{written}`: {name} takes a number that is not negative, and not endless"
        return Unknown(where, name, why)
    return Known(float(value), where, name, "explicit", written)


_ENDLESS = 10**12


def count(value: object, where: Location, name: str, written: str) -> Setting[int]:
    """A whole number that is written down; 1 where nothing is."""
    if value is None:
        return Known(1, where, name, "default")
    found = number(value, where, name, written)
    if isinstance(found, Unknown):
        return found
    if not found.value.is_integer():
        return Unknown(where, name, f"`{written}`: {name} takes a whole number", refused=True)
    return found.with_value(int(found.value))
