from __future__ import annotations

import math
from collections.abc import Iterator

from infralint import Finding, LanguageModelUse, Related, check, plural, seconds


@check(group="application")
def missing_client_timeout(use: LanguageModelUse) -> Iterator[Finding]:
    """A model is asked for a whole answer, and nothing says how long to wait for it."""
    if use.has_timeout is not False or use.waits is None or not use.waiting:
        return
    length = "for ever" if use.waits == math.inf else f"up to {seconds(use.waits)}"
    again = " for each of its tries" if use.retries and use.role == "client" else ""
    through = [place for place in use.waiting if place != use.where]
    calls = f", and {plural(len(through), 'call')} through it {_wait(len(through))}" if through else ""
    message = (
        f"{use.written} sets no timeout, so it waits {length}{again} when the model does not answer{calls}: whoever asked"
        " waits as long, and the requests behind it pile up. 30 s are enough for a call that does not stream"
    )
    related = tuple(Related("this call waits for the whole answer", place) for place in through[:4])
    yield Finding("warning", use.where, message, use.timeout, related)


def _wait(count: int) -> str:
    return "waits for a whole answer" if count == 1 else "wait for whole answers"
