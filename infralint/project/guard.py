"""The net under every unit of work: what fails in it is one entry that names its input, and everything else goes on."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import PurePath

import msgspec

from infralint.model import Location, Unreadable


class Guard(msgspec.Struct):
    """Catches what nobody foresaw. caught: one entry a failure; traces: for `--verbose`, in the same order."""

    caught: list[Unreadable] = []
    traces: list[str] = []

    def around(self, where: Location, blame: str = "") -> AbstractContextManager[None]:
        """Run a unit of work on the input at `where`. blame: who failed, if it is not infralint itself (a check of a pack)."""
        return _Unit(self, where, blame)

    def catch(self, error: BaseException, where: Location, blame: str = "") -> None:
        """Note that a unit of work failed."""
        self.caught.append(Unreadable(describe_fault(error, blame), where))
        self.traces.append(_trace_text(error))


class _Unit(msgspec.Struct, gc=False):
    """A unit of work on the input at `where`: what fails in it is noted. blame: as for `Guard.around`."""

    guard: Guard
    where: Location
    blame: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        is_caught = isinstance(
            error, (Exception, SystemExit)
        )  # a check that calls sys.exit() would end the run as if clean
        if error is not None and is_caught:
            self.guard.catch(error, self.where, self.blame)
        return is_caught


def around(guard: Guard | None, where: Location) -> AbstractContextManager[None]:
    """A unit of work on the input at `where`, under a guard where there is one."""
    return guard.around(where) if guard is not None else nullcontext()


def describe_fault(error: BaseException, blame: str = "") -> str:
    """What to say of an error that nobody foresaw. blame: as for `around`."""
    what = f"{type(error).__name__}: {error}"[:200]
    code = fault_code(error)
    if blame:
        path, line = _origin(error)
        return f"{blame} ({path.name}, line {line}; `-v` shows the traceback): {what}"
    return f"a fault of infralint, please report it (code {code}): {what}"


def fault_code(error: BaseException) -> str:
    """A short code for where an error came from: the same for one fault, whatever the input (`run.188`)."""
    path, line = _origin(error)
    return f"{path.stem}.{line}"


def _origin(error: BaseException) -> tuple[PurePath, int]:
    """The file and the line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (PurePath(trace.tb_frame.f_code.co_filename), trace.tb_lineno) if trace is not None else (PurePath("?"), 0)


def _trace_text(error: BaseException) -> str:
    import traceback

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 2000))
    return "".join(traceback.format_exception(error, limit=-12))
