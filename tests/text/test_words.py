"""A search for many words finds a text exactly where one of them stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralint.text.words import WordSearch

PIECES = st.lists(
    st.sampled_from([b"a", b"b", b"S", b"SE", b"tream", b"(", b"[", b"\xff", b"\n"]), min_size=1, max_size=4
)
WORDS = st.lists(PIECES.map(b"".join), max_size=6)


@given(WORDS, st.lists(PIECES, max_size=6).map(lambda parts: b"".join(map(b"".join, parts))))
def test_it_finds_what_looking_for_each_word_finds(words: list[bytes], text: bytes) -> None:
    expected = any(word in text for word in words)
    assert WordSearch(words).finds_in(text) is expected
    assert WordSearch(words, stems=(b"tream", b"S")).finds_in(text) is expected


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (b"return new WebSocket(url)", True),
        (b"a rocket, a pocket and a WebSock", False),  # the stem alone is no word
        (b"const { useChat } = chat", True),
        (b"const { useCheat } = chat", False),
        (b"", False),
    ],
)
def test_a_stem_is_no_word_yet(text: bytes, is_found: bool) -> None:
    assert WordSearch([b"WebSocket(", b"useWebSocket", b"useChat"], stems=(b"ocket",)).finds_in(text) is is_found
