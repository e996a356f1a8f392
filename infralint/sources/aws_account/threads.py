"""Work side by side in threads that never hold up the end of the program."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def together(work: Callable[[T], None], jobs: Sequence[T], most: int) -> None:
    """Do jobs in up to `most` threads and wait; the first exception is raised here."""
    broken: list[BaseException] = []
    for thread in start_threads(work, jobs, most, broken):
        thread.join()
    if broken:
        raise broken[0]


def start_threads(
    work: Callable[[T], None], jobs: Sequence[T], most: int, broken: list[BaseException]
) -> list[threading.Thread]:
    """Daemon threads: a call that hangs must not hold up the report of an audit that was stopped."""
    queue: SimpleQueue[T] = SimpleQueue()
    for job in jobs:
        queue.put(job)

    def run() -> None:
        try:
            while not broken:
                work(queue.get_nowait())
        except Empty:
            return
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(most, len(jobs)))]
    for thread in threads:
        thread.start()
    return threads
