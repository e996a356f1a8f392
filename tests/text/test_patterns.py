"""Expressions that users wrote: what is found without a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralint.text.patterns import Unsearchable, compile_pattern, required_letters, search

PIECES = [
    "a",
    "b",
    "/",
    "A",
    "ab",
    ".",
    "\\.",
    "^",
    "$",
    "|",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?=",
    "(?<n>",
    "[ab]",
    "[^/]",
    "[",
    "]",
]
PIECES += [
    "?",
    "*",
    "+",
    "{0}",
    "{2}",
    "{,1}",
    "{",
    "}",
    "\\",
    "\\Q",
    "\\E",
    "\\d",
    "\\b",
    "#",
    " ",
    "(?x)",
    "(?!",
    "(*UTF8)",
    "\u017f",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text("abAB/.2# s\u017f", max_size=8),
    st.booleans(),
)
def test_a_text_without_the_letters_that_an_expression_needs_does_not_fit_it(
    pattern: str, text: str, ignore_case: bool
) -> None:
    try:
        found = compile_pattern(pattern, ignore_case).search(text)
    except Unsearchable:
        return
    assert (search(pattern, text, ignore_case) is None) == (found is None)


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        ("^/chat/sse", "/chat/sse"),
        (r"\.php$", ".php"),
        ("/api/v\\d+/chat(/x)?", "/api/v"),
        ("^/(a|b)/sse$", "/sse"),
        ("/[^/]+/events", "/events"),
        ("/chats?/", "/chat"),
        ("/a|/b", ""),
        ("(?i)/chat", ""),
        ("(?:/chat)", ""),
        (r"\Qab|c\E", ""),
        ("ab{0}", "a"),
    ],
)
def test_letters_that_an_expression_needs(pattern: str, letters: str) -> None:
    assert required_letters(pattern) == letters
