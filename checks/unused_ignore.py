from __future__ import annotations

from collections.abc import Iterator

from infralint import Finding, Ignore, check


@check
def unused_ignore(ignore: Ignore) -> Iterator[Finding]:
    """An ignore keeps nothing silent any more: it can go, before it hides something new."""
    if not ignore.used:
        yield Finding(
            "warning",
            ignore.where,
            f"`{ignore.written}` keeps nothing silent: take it out, before it hides something new",
        )
