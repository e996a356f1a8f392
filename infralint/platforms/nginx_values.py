"""Values as nginx takes them: times, switches and words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from infralint.text.lazy import lazy

_TIME = lazy(r"([0-9]{0,19})(ms|[wdhms]| ) *")
_LONG_TIME = lazy(r"([0-9]{0,19})([yMwdhs]|m(?!s)| ) *")
_TIME_UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_LONG_TIME_UNITS = {"y": 31_536_000_000, "M": 2_592_000_000, **_TIME_UNITS}
_SIZE = lazy("([0-9]{1,15})([kKmMgG]?)")
_SIZE_UNITS = {"": 0, "k": 10, "m": 20, "g": 30}
SMALL_SIZE = lazy("[0-9]{1,15}[kKmM]?")
"""A size that nginx takes no gigabytes for: https://nginx.org/en/docs/syntax.html"""
NUMBER = lazy("[0-9]{1,18}")
_REST = lazy("[0-9]{0,19}")
_DIGITS = frozenset("0123456789")


class BadValue(ValueError):
    """A value that nginx would not take."""


@lru_cache(1024)
def time(text: str) -> float:
    """Seconds of an nginx time (`60`, `60s`, `1m30s`, `500ms`). Raises BadValue.

    Units shrink from left to right, and a number without one, in seconds, may end it. Times in milliseconds, as all
    timeouts are, know neither months nor years.
    https://nginx.org/en/docs/syntax.html, https://github.com/nginx/nginx/blob/master/src/core/ngx_parse.c
    """
    return _time(text, _TIME, _TIME_UNITS)


@lru_cache(1024)
def long_time(text: str) -> float:
    """Seconds of an nginx time that may have months and years, and no milliseconds: of caches and sessions. Raises BadValue.

    https://nginx.org/en/docs/syntax.html
    """
    return _time(text, _LONG_TIME, _LONG_TIME_UNITS)


def _time(text: str, parts: re.Pattern[str], units: Mapping[str, int]) -> float:
    milliseconds, smallest, at = 0, max(units.values()) + 1, 0
    while part := parts.match(text, at):
        at, scale = part.end(), units[part[2].strip() or "s"]
        if scale >= smallest:
            raise BadValue(text)
        smallest = scale if part[2].strip() else 0
        milliseconds += int(part[1] or 0) * scale
    rest = text[at:]
    if not _REST.fullmatch(rest) or _DIGITS.isdisjoint(text):
        raise BadValue(text)
    milliseconds += int(rest or 0) * 1000
    if milliseconds >= 1 << 63:
        raise BadValue(text)
    return milliseconds / 1000


def size(text: str) -> int:
    """Bytes of an nginx size (`1024`, `8k`, `1m`, `1g`). Raises BadValue.

    https://nginx.org/en/docs/syntax.html
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise BadValue(text)
    return int(found[1]) << _SIZE_UNITS[found[2].lower()]


def flag(text: str) -> bool:
    """`on` or `off` in any case. Raises BadValue."""
    if text.lower() not in ("on", "off"):
        raise BadValue(text)
    return text.lower() == "on"


def word(text: str) -> str:
    """A keyword, in lower case."""
    return text.lower()
