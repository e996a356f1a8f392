"""Numbers that somebody wrote, however long."""

from __future__ import annotations

MOST_DIGITS = 19
"""Digits of a number that is worked out: 64 bits hold no more."""


def whole_number(text: str) -> int:
    """The number that decimal digits spell, perhaps with a minus; a longer one is larger than all that are worked out.

    Python refuses to read numbers of some thousand digits: https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    """
    digits = text.removeprefix("-").lstrip("0")
    number = int(digits or 0) if len(digits) <= MOST_DIGITS else 10 ** (MOST_DIGITS + 1)
    return -number if text.startswith("-") else number
