"""Holes of compose files, and the .env files that fill them."""

from __future__ import annotations

import pytest
from yardstick import at_most

from infralint.project.variables import LONGEST_VALUE, env_values, fill, parse_env

VALUES = {"A": "1", "EMPTY": "", "URL": "a:b"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("$A", "1"),
        ("x$A-y", "x1-y"),
        ("${A}0", "10"),
        ("${A:-2}", "1"),
        ("${EMPTY:-2}", "2"),
        ("${EMPTY-2}", ""),
        ("${B:-2}", "2"),
        ("${B-2}", "2"),
        ("${B:-}", ""),
        ("${B:-${A}}", "1"),
        ("${B:-${C:-3}}", "3"),
        ("${B:-a:${C:-3}:c}", "a:3:c"),
        ("${B:-{}}", "{}"),
        ("${A:?missing}", "1"),
        ("${A:+yes}", "yes"),
        ("${EMPTY:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("${URL}", "a:b"),
        ("5$", "5$"),
        ("$1", "$1"),
    ],
)
def test_what_is_known_is_filled_in(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


@pytest.mark.parametrize("text", ["$B", "${B}", "${B:?missing}", "${B:+yes}", "${B", "${}", "${B/a/b}", "${A A}"])
def test_what_is_not_known_stays_as_it_is_written(text: str) -> None:
    assert fill(text, VALUES) == text


def test_holes_in_holes_are_bounded() -> None:
    with at_most(100):
        assert fill("${B:-" * 20_000 + "}" * 20_000, {}).startswith("${B:-")
        assert fill("${B:-" * 20_000, {})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("A = 1", "1"),
        ("A=1 # one", "1"),
        ("A=1#one", "1#one"),
        ('A="1 # one" # two', "1 # one"),
        ("A='$B'", "$B"),
        ('A="say \\"yes\\""', 'say "yes"'),
        ("A=", ""),
        ("A=#", ""),
        ("A='1", "'1"),
    ],
)
def test_a_line_of_an_env_file(line: str, value: str) -> None:
    assert env_values(f"# first\n{line}\n") == {"A": value}
    assert [assignment.line for assignment in parse_env(f"# first\n{line}\n")] == [2]


def test_later_lines_are_filled_in_by_earlier_ones() -> None:
    assert env_values("A=1\nB=${A}2\nC='${A}'\nD=$LATER\nnonsense\n") == {
        "A": "1",
        "B": "12",
        "C": "${A}",
        "D": "$LATER",
    }


def test_values_that_double_with_each_line_end_somewhere() -> None:
    doubled = env_values("A=0123456789\n" + "A=${A}${A}\n" * 1000)["A"]
    assert len(doubled) < 2 * LONGEST_VALUE
    assert set(doubled) <= set("0123456789${A}")


def test_a_text_that_would_grow_too_long_stays_as_it_is_written() -> None:
    text = "${A}" * 1000
    assert fill(text, {"A": "x" * 1000}) == text
    assert fill("${A}${B}", {"A": "x" * (LONGEST_VALUE + 1), "B": "y"}) == "${A}y"
