"""Colours of a terminal, by what they mean."""

from __future__ import annotations

COLORS = {
    "error": "31;1",
    "warning": "33;1",
    "note": "36;1",
    "good": "32;1",
    "frame": "34",
    "bold": "1",
    "fix": "32",
    "dim": "2",
}


def paint(color: str, text: str, is_on: bool) -> str:
    """The text in a colour; as it is where there is none."""
    return f"\x1b[{COLORS[color]}m{text}\x1b[0m" if is_on and color and text else text
