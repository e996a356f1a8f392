"""How far a long run is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 24
EVERY = 0.1
"""Seconds between two drawings."""


@dataclass
class Bar:
    """A line that is drawn over itself. state: calls done, calls to do, seconds left."""

    state: Callable[[], tuple[int, int, float]]
    shown: bool
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    last: float = -EVERY

    def draw(self) -> None:
        """Show where things stand, not more than ten times a second."""
        now = self.clock()
        if not self.shown or now - self.last < EVERY:
            return
        self.last = now
        done, to_do, left = self.state()
        filled = WIDTH * done // max(1, done + to_do)
        bar = "#" * filled + "." * (WIDTH - filled)
        self.stream.write(f"\r[{bar}] {done} of {done + to_do} calls, {left:.0f} s left\x1b[K")
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
