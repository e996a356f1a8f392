"""What code of a user's pack may take of the processor before it is stopped: it is run inside of this process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 5.0
"""Of the processor's time, not the clock's: a pack may wait for somebody at a debugger's prompt."""
_AGAIN = 1.0


class Endless(BaseException):
    """Code was stopped. No Exception: a loop that catches all of those goes on."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise Endless in what does not end, wherever a signal can stop it: in the main thread, on systems that have timers."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, _AGAIN)
    try:
        yield
    except Endless as error:
        _leave_out_handler(error)
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Endless(f"it has not ended after {SECONDS:g} s of processor time, and was stopped")


def _leave_out_handler(error: Endless) -> None:
    """An error's traceback ends where code was stopped, not in what stopped it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        if trace.tb_next.tb_frame.f_code is _stop.__code__:
            trace.tb_next = None
        else:
            trace = trace.tb_next
