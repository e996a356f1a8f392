"""Durations as programs that are written in Go take them."""

from __future__ import annotations

from infralint.text.lazy import lazy

_PART = lazy(r"([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 2**63 / 1e9
"""Seconds; Go counts nanoseconds in 64 bits."""


def go_duration(text: str) -> float | None:
    """Seconds of `300s`, `1h30m` or `0`; None for a text that is no duration, or a negative one.

    https://pkg.go.dev/time#ParseDuration
    """
    at, seconds = 0, 0.0
    while part := _PART.match(text, at):
        at = part.end()
        seconds += float(part[1]) * _SECONDS[part[2]]
    is_whole = at == len(text) > 0 and seconds < _LONGEST
    return seconds if is_whole or text == "0" else None
