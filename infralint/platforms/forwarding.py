"""The request headers by which proxies tell those behind them who asked, how, and for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from infralint.model import Location, Setting, Unknown

FORWARDING = frozenset(
    {
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-forwarded-scheme",
        "x-forwarded-server",
        "x-original-forwarded-for",
        "x-real-ip",
        "x-request-id",
        "x-scheme",
    }
)
"""Those that no browser sends by itself: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers#proxies"""


@lru_cache(maxsize=4096)
def set_by(name: str, where: Location, headers: Collection[str] = FORWARDING) -> Mapping[str, Setting[str]]:
    """Headers that a hop sets to what is not known beforehand. name: what to call the hop."""
    return {header: Unknown(where, header, f"what {name} sends as {header} is not known") for header in headers}
