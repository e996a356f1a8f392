"""The look for expressions that go back over a text again and again finds one, and is silent about another."""

from __future__ import annotations

import random
import re

from .expressions import Written, collect, find_slow


def test_an_expression_that_goes_back_is_found() -> None:
    slow = find_slow(Written(re.compile(r"(\w+)="), "", "", frozenset({"search"})), random.Random(1))
    assert slow is not None
    assert slow.unit.isalnum() or "_" in slow.unit


def test_one_that_does_not_go_back_is_not() -> None:
    for pattern, method in ((r"(?<!\w)(\w++)=", "search"), (r"(\w+)=", "match")):
        assert find_slow(Written(re.compile(pattern), "", "", frozenset({method})), random.Random(1)) is None


def test_all_that_are_written_out_are_looked_at() -> None:
    assert len(collect()) > 500
