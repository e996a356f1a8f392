"""Long work: step by step, or several steps at once in processes; how far it is can be told."""

from __future__ import annotations

import copyreg
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from infralint.cache.recording import Noted, hand_over, spoil, take_over
from infralint.project.processes import Ended, Processes, copying, is_copy, is_copyable

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


class Work(msgspec.Struct, frozen=True):
    """How a run works.

    jobs: how many processes may work at once; 0: one a processor. tell: hears what is being done,
    how many steps of it are behind, and how many there are; at the end of it these are the same.
    """

    jobs: int = 0
    tell: Callable[[str, int, int], None] = _silent

    def steps(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items, one by one."""
        tell = _silent if is_copy() else self.tell
        for number, item in enumerate(items):
            tell(what, number, len(items))
            yield item
        tell(what, len(items), len(items))

    def spread(self, what: str, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The function's results, in the order of the items.

        With several processes, function, items and results are copied between them: nothing that
        the function changes elsewhere is seen here. What a process that ends early leaves is done here.
        """
        workers = min(self.jobs or _processors(), len(items) // FEWEST)
        if workers < 2 or (sys.platform == "linux" and not is_copyable()):
            yield from map(function, self.steps(what, items))
            return
        results = _spread_over_copies if is_copyable() else _spread_over_others
        steps = self.steps(what, items)
        for result in results(workers, function, items):
            next(steps)
            yield result
        next(steps, None)

    @contextmanager
    def beside(self, function: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
        """Do something while this process does something else; calling what this gives waits for its result.

        As with `spread`, nothing that the function changes elsewhere is seen here, and without a second process it is
        done here, once its result is asked for.
        """
        if (self.jobs or _processors()) < 2 or not is_copyable():
            yield function
            return
        with copying() as group:
            try:
                group.start(lambda: [(function(), hand_over())])
            except OSError:
                yield function
            else:
                yield partial(_result_or_redo, group, function)

    def __reduce__(self) -> tuple[type[Work], tuple[int]]:
        """A copy in another process works alone and tells nobody."""
        return Work, (1,)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _result_or_redo(group: Processes, function: Callable[[], Result]) -> Result:
    """What another process came to, or what this comes to where that one ended early."""
    try:
        result: Result
        result, noted = group.next_result(0)
    except Ended:
        return function()
    take_over(noted)
    return result


def _spread_over_copies(workers: int, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The function's results, worked out in copies of this process."""
    size = max(1, len(items) // (workers * 8))
    parts = [items[start : start + size] for start in range(0, len(items), size)]

    def work_off(number: int) -> Iterator[tuple[list[Result], Noted]]:
        return (([function(item) for item in part], hand_over()) for part in parts[number::workers])

    with copying() as group:
        with suppress(OSError):
            for number in range(workers):
                group.start(partial(work_off, number))
        for number, part in enumerate(parts):
            try:
                results, noted = group.next_result(number % workers)
            except Ended:
                yield from map(function, part)
            else:
                take_over(noted)
                yield from results


def _spread_over_others(workers: int, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The function's results, worked out in processes that know nothing yet: where this one can't be copied."""
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
    from multiprocessing import get_context

    spoil()  # another process would not know that anything is to be noted
    done = 0
    try:
        with ProcessPoolExecutor(workers, get_context("spawn"), _hold, (function,)) as pool:
            for result in pool.map(_apply, items, chunksize=max(1, len(items) // (workers * 8))):
                done += 1
                yield result
    except (ImportError, NotImplementedError, OSError, BrokenExecutor):  # no semaphores here, or one ended early
        yield from map(function, items[done:])


_held: list[Callable[[Any], Any]] = []


def _hold(function: Callable[[Any], Any]) -> None:
    _held[:] = [function]


def _apply(item: Any) -> Any:
    return _held[0](item)
