"""Ports as compose writes them: `80`, or `8000-8002`."""

from __future__ import annotations

HIGHEST = 65535


def ports_in(text: str) -> range | None:
    """The ports that a text names; None for what names none.

    https://pkg.go.dev/github.com/docker/go-connections/nat#ParsePortRange
    """
    first, dash, last = text.partition("-")
    ends = [int(end) for end in (first, last if dash else first) if end.isascii() and end.isdecimal() and len(end) < 9]
    return range(ends[0], ends[1] + 1) if len(ends) == 2 and ends[0] <= ends[1] <= HIGHEST else None
