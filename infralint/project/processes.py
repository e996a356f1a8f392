"""Copies of this process that work for it: they know all that it knows, and what they come to is copied back."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

WATCH = 0.5
"""Seconds after which a process that works for another looks whether that is still there."""
_SIZE = 8
"""Bytes that tell how long a result is."""
_AT_ONCE = 1 << 20
"""Bytes that are taken from a pipe at once."""
_STOPS = (signal.SIGINT, signal.SIGTERM)


class Ended(Exception):
    """A process that works for this one ended before its work was done."""


_copied = False


def is_copy() -> bool:
    """Whether this process works for another."""
    return _copied


def is_copyable() -> bool:
    """Whether this process can be copied: on Linux, where no thread of it is in the middle of something, and once."""
    threading = sys.modules.get("threading")
    is_alone = threading is None or threading.active_count() == 1
    return sys.platform == "linux" and is_alone and not _copied


class Processes:
    """Processes at work, each a copy of this one that hands over results, one after the other."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._pipes: list[int] = []
        self._received: list[bytearray] = []
        import select

        self._poll = select.poll()
        self._open: dict[int, int] = {}

    def start(self, work: Callable[[], Iterable[object]]) -> None:
        """Begin work in one more process; its results can be asked for by its number, from 0 on. Raises OSError."""
        reading, writing = os.pipe()
        self._pipes.append(reading)
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            number = os.fork()
            if not number:
                _serve(work, writing, parent)
            self._numbers.append(number)
        finally:
            os.close(writing)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._open[reading] = len(self._received)
        self._received.append(bytearray())
        self._poll.register(reading)

    def next_result(self, number: int) -> Any:
        """The next result of a process. Raises Ended, also for a process that could not be had."""
        import pickle

        end = _SIZE + int.from_bytes(self._receive(number, _SIZE)[:_SIZE], "little")
        received = self._receive(number, end)
        result = pickle.loads(received[_SIZE:end])  # noqa: S301 - written by a copy of this process
        del received[:end]
        return result

    def _receive(self, number: int, size: int) -> bytearray:
        """What has come of a process, and is not yet taken: so many bytes at least. What comes of others is kept. Raises
        Ended."""
        while number >= len(self._received) or len(self._received[number]) < size:
            if number not in self._open.values():
                raise Ended
            for pipe, _ in self._poll.poll():
                part = os.read(pipe, _AT_ONCE)
                self._received[self._open[pipe]] += part
                if not part:
                    self._poll.unregister(pipe)
                    del self._open[pipe]
        return self._received[number]

    def stop(self) -> None:
        """End those that are still at work, and wait until they are gone."""
        for number in self._numbers:
            with suppress(ProcessLookupError):  # gone, and nobody's child: whoever started this process ignores SIGCHLD
                os.kill(number, signal.SIGKILL)
        for number in self._numbers:
            with suppress(ChildProcessError):
                os.waitpid(number, 0)
        for pipe in self._pipes:
            os.close(pipe)


@contextmanager
def copying() -> Iterator[Processes]:
    """Processes, all of which are gone at the end, however it comes."""
    group = Processes()
    try:
        yield group
    finally:
        group.stop()


def _serve(work: Callable[[], Iterable[object]], writing: int, parent: int) -> NoReturn:
    """Work for another process, as a copy of it, and leave without a word: what is not handed over it does itself."""
    global _copied
    _copied = True
    try:
        import pickle

        gc.freeze()  # what both share is not to be touched
        for name in _STOPS:
            signal.signal(name, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        signal.signal(signal.SIGALRM, lambda *_: None if os.getppid() == parent else os._exit(1))
        signal.setitimer(signal.ITIMER_REAL, WATCH, WATCH)
        with open(writing, "wb", closefd=False) as pipe:
            for result in work():
                content = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
                pipe.write(len(content).to_bytes(_SIZE, "little"))
                pipe.write(content)
                pipe.flush()
    finally:
        os._exit(0)
