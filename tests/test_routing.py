"""Concrete paths for declared ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralint.text.expressions import matching
from infralint.trace.paths import samples


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/chat", ["/api/chat"]),
        ("/api/*", ["/api/x", "/api/z"]),
        ("/ws/**", ["/ws/x", "/ws/x/y"]),
        ("*/stream", ["/x/stream", "/z/stream"]),
        (r"~^/v[12]/chat$", ["/v1/chat"]),
        (r"~^/(api|ws)/[^/]+/stream", ["/api/x/stream", "/ws/x/stream"]),
        (r"~^/a\.b(?:/c)?$", ["/a.b"]),
        (r"~/x{2}\d+$", ["/xx1"]),
        (r"~(?i)chat$", ["/"]),
    ],
)
def test_samples_of_a_path(path: str, expected: list[str]) -> None:
    assert samples(path) == expected


@given(st.lists(st.sampled_from(["/", "a", "[a-z]", "(x|y)", r"\d", ".", "b*", "c+", "(?:d/)?", "[^/]"]), max_size=12))
def test_what_is_said_to_match_does(parts: list[str]) -> None:
    expression = "^/" + "".join(parts) + "$"
    found = matching(expression)
    assert found
    assert all(re.search(expression, text) for text in found)
