"""Long work: step by step, or several steps at once in processes; how far it is can be told."""

from __future__ import annotations

import copyreg
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from infralint.cache.recording import Noted, hand_over, spoil, take_over

Item = TypeVar("Item")
Result = TypeVar("Result")

FEWEST = 16
"""Steps that each process must get: for fewer, starting it costs more than it saves."""


def _restore_mapping(members: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(members)


def _reduce_mapping(mapping: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _restore_mapping, (dict(mapping),)


# What is handed between processes is copied by pickle, which knows no read-only mapping; many results hold one.
copyreg.pickle(MappingProxyType, _reduce_mapping)


def _silent(what: str, done: int, steps: int) -> None:
    """Tells nobody."""


class Lost(Exception):
    """A process that ended before its work was done; says what to do."""


class Work(msgspec.Struct, frozen=True):
    """How a run works.

    jobs: how many processes may work at once; 0: one a processor. tell: hears what is being done,
    how many steps of it are behind, and how many there are; at the end of it these are the same.
    """

    jobs: int = 0
    tell: Callable[[str, int, int], None] = _silent

    def steps(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items, one by one."""
        for number, item in enumerate(items):
            self.tell(what, number, len(items))
            yield item
        self.tell(what, len(items), len(items))

    def spread(self, what: str, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The function's results, in the order of the items.

        With several processes, function, items and results are copied between them: nothing that
        the function changes elsewhere is seen here. Raises Lost.
        """
        workers = min(self.jobs or _processors(), len(items) // FEWEST)
        if workers < 2:
            yield from map(function, self.steps(what, items))
            return
        from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
        from multiprocessing import get_context

        context = get_context("fork" if sys.platform == "linux" else None)
        if context.get_start_method() != "fork":  # another process would not know that anything is to be noted
            spoil()
        try:
            pool = ProcessPoolExecutor(workers, context, _hold, (function,))
        except (ImportError, NotImplementedError, OSError):  # no semaphores here, as on AWS Lambda
            yield from map(function, self.steps(what, items))
            return
        with pool:
            results = pool.map(_apply, items, chunksize=max(1, len(items) // (workers * 8)))
            try:
                for _ in self.steps(what, items):
                    result, noted = next(results)
                    take_over(noted)
                    yield result
            except BrokenExecutor as error:
                raise Lost(f"a process that worked on {what} ended early (out of memory?); try --jobs 1") from error

    def __reduce__(self) -> tuple[type[Work], tuple[int]]:
        """A copy in another process works alone and tells nobody."""
        return Work, (1,)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_held: list[Callable[[Any], Any]] = []


def _hold(function: Callable[[Any], Any]) -> None:
    _held[:] = [function]


def _apply(item: Any) -> tuple[Any, Noted]:
    return _held[0](item), hand_over()
