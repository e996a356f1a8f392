"""Values of such files as settings, each with the line that sets it."""

from __future__ import annotations

from infralint.model import Known, Location, Setting, Unknown


def line_place(shown: str, text: str, line: int) -> Location:
    """What stands on a line of a text, without the space around it; the whole file for line 0."""
    if not line:
        return Location(shown)
    row = text.splitlines()[line - 1]
    start = len(row) - len(row.lstrip())
    return Location(shown, line, start + 1, line, len(row.rstrip()) + 1)


def number(value: object, where: Location, name: str, written: str) -> Setting[float]:
    """A number that is written down; what is no number can't be told."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unknown(where, name, f"`{written}`: {name} takes a number")
    return Known(float(value), where, name, "explicit", written)


def count(value: object, where: Location, name: str, written: str) -> Setting[int]:
    """A whole number that is written down; 1 where nothing is."""
    if value is None:
        return Known(1, where, name, "default")
    found = number(value, where, name, written)
    return found if isinstance(found, Unknown) else found.with_value(int(found.value))
