"""What is shown of text that somebody else wrote."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yardstick import at_most

from infralint.text.display import hide_secrets, render_json, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ✓ é 日本", "plain ✓ é 日本"),
        ("a\x1b]0;title\x07", "a\\x1b]0;title\\x07"),
        ("two\r\nlines\tand a tab", "two\\r\\nlines\\tand a tab"),
        ("\u202etxt.exe\u2066\u200f", "\\u202etxt.exe\\u2066\\u200f"),
        ("next\x85line\u2028and\u2029more", "next\\x85line\\u2028and\\u2029more"),
        ("byte\udcff", "byte\\xff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("::error file=a::b", ":\\x3aerror file=a::b"),
        ("   ::warning::b", "   :\\x3awarning::b"),
        ("##[group]a, ##vso[task.x]b", "#\\x23[group]a, #\\x23vso[task.x]b"),
        ("# ## [::1]:80 std::vector ::1", "# ## [::1]:80 std::vector ::1"),
    ],
)
def test_what_would_steer_is_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_lines_where_there_may_be_several() -> None:
    assert visible_lines("a {\n\tb \x07;\n  ::error::c\n}") == "a {\n\tb \\x07;\n  :\\x3aerror::c\n}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("proxy_pass http://shop:s3cret@app/;", "proxy_pass http://shop:******@app/;"),
        ("redis://:s3cret@cache:6379/0", "redis://:******@cache:6379/0"),
        ("https://ghp_0123456789abcdef@github.com/x", "https://********************@github.com/x"),
        ("https://app/x?api_key=abc&page=2", "https://app/x?api_key=***&page=2"),
        ("leads to shop:s3cret@app:80", "leads to shop:******@app:80"),
        ("/hook?X-Amz-Signature=abcd", "/hook?X-Amz-Signature=****"),
    ],
)
def test_credentials_are_stars(text: str, shown: str) -> None:
    assert hide_secrets(text) == shown
    assert len(shown) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@github.com/a/b",
        "http://$user:$pass@app",
        "https://app/?token=$arg_token",
        "https://${var.user}:${var.password}@app",
        "a=b@c",
        "http://app:3000/@scope/pkg?page=2",
        "key=value; monkey",
        "path/x.conf:3:1: mailto:a@b.c",
        "P: {NoEcho: false, Default: hello}",
        "actions/checkout@v4, nginx:1.27.3@sha256:0a1b",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert hide_secrets(text) == text


@pytest.mark.parametrize(
    "piece", ["a", "://", "::a ", "&a-", "key=", "a:", "\n", "##[", "@", "?token", "NoEcho: ", "NoEcho: true "]
)
def test_time_grows_with_the_length_alone(piece: str) -> None:
    with at_most(200):
        visible(f"http://{piece * 50_000}=@")
        hide_secrets(f"http://{piece * 10_000}=@")


@given(st.text(max_size=30))
def test_nothing_steers(text: str) -> None:
    shown = visible(text)
    assert not {"Cc", "Zl", "Zp", "Cs"} & {unicodedata.category(character) for character in shown}
    assert not {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"} & set(
        map(unicodedata.bidirectional, shown)
    )
    assert "##[" not in shown


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda data: st.lists(data, max_size=3) | st.dictionaries(st.text(max_size=20), data, max_size=3),
)


@given(DATA | st.text(st.characters(categories=["Cs", "Ll", "Cf"]), max_size=5), st.booleans())
def test_json_with_escapes_is_the_same_json(data: object, ascii_only: bool) -> None:
    text = render_json(data, ascii_only)
    plain = json.dumps(data, indent=2)
    assert json.loads(text) == json.loads(plain)
    assert [len(line) - len(line.lstrip(" ")) for line in text.split("\n")] == [
        len(line) - len(line.lstrip(" ")) for line in plain.split("\n")
    ]
    assert "##[" not in text
    assert not ascii_only or text.isascii()
