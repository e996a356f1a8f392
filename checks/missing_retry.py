from __future__ import annotations

from collections.abc import Iterator

from infralint import Finding, LanguageModelUse, check


@check(group="application")
def missing_retry(use: LanguageModelUse) -> Iterator[Finding]:
    """A model is asked once: where it answers 429 or 503, the user gets an error."""
    if use.retries is not False:
        return
    if use.role == "request":
        message = (
            f"{use.written} asks {use.library} by itself and never asks again: where the provider answers 429 (too many"
            " requests) or 503, as happens every day, the user gets an error. Use the provider's SDK, which"
            " tries again, or do so on 429 and 5xx: later each time, and after the seconds of `Retry-After` where it is sent"
        )
        fix = ""
    else:
        message = (
            f"{use.written} never tries again: where the provider answers 429 (too many requests) or 503, as happens"
            " every day, the user gets an error"
        )
        fix = use.retry
    yield Finding("warning", use.where, message, fix)
