from __future__ import annotations

from collections.abc import Iterator

from infralint import Finding, Ignore, check


@check
def unexplained_ignore(ignore: Ignore) -> Iterator[Finding]:
    """An ignore gives no reason, so nobody can tell whether it still holds."""
    if not ignore.reason:
        yield Finding(
            "warning",
            ignore.where,
            f"`{ignore.written}` gives no reason",
            "reason: …" if ignore.accepted else f"{ignore.written} because …",
        )
