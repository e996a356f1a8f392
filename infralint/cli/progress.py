"""How far a long run is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

import msgspec

WIDTH = 24
EVERY = 0.1
"""Seconds between two drawings."""
PATIENCE = 0.5
"""Seconds of a run that need no line."""


class Bar(msgspec.Struct):
    """A line that is drawn over itself. patience: seconds before it is drawn at all."""

    shown: bool
    patience: float = 0
    stream: TextIO = msgspec.field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _drawn: bool = False

    def __post_init__(self) -> None:
        self._next = self.clock() + self.patience

    def tell(self, what: str, done: int, steps: int) -> None:
        """Show how many steps of something are behind; once all are, the line goes away."""
        if done < steps:
            self.draw(f"{what}: {done} of {steps}", done, steps)
        else:
            self.clear()

    def draw(self, words: str, done: int, steps: int) -> None:
        """Show words beside the part that is done, not more than ten times a second."""
        now = self.clock()
        if not self.shown or now < self._next:
            return
        self._next = now + EVERY
        self._drawn = True
        filled = WIDTH * done // max(1, steps)
        self.stream.write(f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {words}\x1b[K")
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._drawn = False
            self.stream.write("\r\x1b[K")
            self.stream.flush()
