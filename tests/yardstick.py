"""A measure of time that a slow or a busy machine stretches as it stretches what is measured."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

ROUNDS = 20_000
"""So many that a yardstick takes about a sixtieth of a second on a common server."""


def yardstick() -> float:
    """Processor seconds that a fixed piece of work takes here and now."""
    start = time.process_time()
    words = {f"word{number}": number for number in range(ROUNDS)}
    text = " ".join(words)
    assert len([words[match[0]] for match in re.finditer(r"\w+", text)]) == ROUNDS
    return time.process_time() - start


@contextmanager
def at_most(yardsticks: float) -> Iterator[None]:
    """What is done inside takes at most so many times the processor seconds of the yardstick, the slower of two: right
    before and right after. What other tests left in memory is not looked through by the garbage collector meanwhile."""
    gc.freeze()
    try:
        before = yardstick()
        start = time.process_time()
        yield
        taken = time.process_time() - start
        limit = yardsticks * max(before, yardstick())
    finally:
        gc.unfreeze()
    assert taken < limit, f"took {taken:.2f} s of the processor, which is {taken / limit * yardsticks:.0f} yardsticks"
