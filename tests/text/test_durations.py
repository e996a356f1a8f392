"""Durations as Go's time.ParseDuration takes them."""

from __future__ import annotations

import pytest

from infralint.text.durations import go_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("300s", 300),
        ("1h30m", 5400),
        ("1m1m", 120),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("1.s", 1),
        ("500ms", 0.5),
        ("100us", 0.0001),
        ("100µs", 0.0001),
        ("2562047h", 2562047 * 3600.0),
        *((text, None) for text in ("", "300", "s", ".s", "1d", "1 m", "1h 30m", "-5s", "nan", "2562048h", "١s")),
    ],
)
def test_a_duration_is_what_go_makes_of_it(text: str, seconds: float | None) -> None:
    assert go_duration(text) == pytest.approx(seconds)
