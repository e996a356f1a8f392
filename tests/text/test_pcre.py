"""Expressions as PCRE takes them: what each matches, what is refused and in which words, and that none takes long.

The answers were given by libpcre2 10.42; `tests/bench/agree_pcre.py` asks it about random ones.
"""

from __future__ import annotations

import pytest
from yardstick import at_most

from infralint.text.expressions import LONGEST, examples, matching
from infralint.text.patterns import Invalid, TooSlow, Unsearchable, fresh_budget, search


@pytest.mark.parametrize(
    ("pattern", "found", "missed"),
    [
        (r"^/chat/\Qa.b\E$", ["/chat/a.b"], ["/chat/axb", r"/chat/\Qa.b\E"]),
        (r"^/\Qa.b", ["/a.b"], ["/axb"]),
        (r"^/(?'v'v\d)/(?P=v)$", ["/v1/v1"], ["/v1/v2"]),
        (r"^/(?<v>v\d)/\k{v}$", ["/v1/v1"], ["/v1/v2"]),
        (r"^/(v\d)/\g{-1}$", ["/v1/v1"], ["/v1/v2"]),
        (r"^/\x{61}\x62\o{143}\144$", [], []),
        (r"^/\x{61}\x62\o{143}\0$", ["/abc\0"], ["/abc"]),
        (r"^/a++b", ["/aab"], ["/aa"]),
        (r"^/a++ab", [], ["/aaab"]),
        (r"^/[[:alpha:]]+$", ["/abc"], ["/ab1", "/é"]),
        (r"^/[[:^digit:]]$", ["/a"], ["/1"]),
        (r"^/a\hb", ["/a b", "/a\tb"], ["/a\nb"]),
        (r"^/(?i:API)/v", ["/api/v", "/Api/v"], ["/api/V"]),
        (r"^/a(?i)b|c", ["/aB", "C"], ["/A"]),
        (r"(?x) ^ /a \  b  # what stands here is a comment", ["/a b"], ["/ab"]),
        (r"^/[a&&b]$", ["/&", "/a"], ["/c"]),
        (r"^/[a--b]$", [], []),
        (r"^/[]x]$", ["/]", "/x"], ["/y"]),
        (r"^/[[a]$", ["/[", "/a"], ["/b"]),
        (r"^/a[.]b[.]c$", ["/a.b.c"], ["/axbxc"]),
        (r"^/[:]a[:]$", ["/:a:"], ["/a"]),
        (r"^/a{,3}$", ["/a{,3}"], ["/aa"]),
        (r"^/\w+$", ["/abc_1"], ["/é"]),
        (r"^/a\Z", ["/a", "/a\n"], ["/ab"]),
        (r"^/a\z", ["/a"], ["/a\n"]),
        (r"^/(?|(a)|(b))\1$", ["/aa", "/bb"], ["/ab"]),
        (r"^(\((?:[^()]|(?1))*\))$", ["(a(b)c)"], ["(a(b)c"]),
        (r"(*UTF8)^/é$", ["/é"], ["/e"]),
    ],
)
def test_what_an_expression_matches(pattern: str, found: list[str], missed: list[str]) -> None:
    if not found and not missed:
        with pytest.raises(Unsearchable):
            search(pattern, "/")
    for text in found:
        assert search(pattern, text), text
    for text in missed:
        assert not search(pattern, text), text


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "missing closing parenthesis"),
        ("a)", "unmatched closing parenthesis"),
        ("[a", "missing terminating ] for character class"),
        ("a**", "quantifier does not follow a repeatable item"),
        ("a{2}{3}", "quantifier does not follow a repeatable item"),
        ("^*", "quantifier does not follow a repeatable item"),
        ("a{3,1}", "numbers out of order in {} quantifier"),
        ("a{65536}", "number too big in {} quantifier"),
        ("a{200000000}", "number too big in {} quantifier"),
        ("a{" + "9" * 50_000 + "}", "number too big in {} quantifier"),
        ("((a{9}){99}){99}", "regular expression is too large"),
        ("^/((((((a{9}){99}){99}){99}){99}){99})$", "regular expression is too large"),
        ("(ab){65535}", "regular expression is too large"),
        ("[b-a]", "range out of order in character class"),
        (r"[\d-z]", "invalid range in character class"),
        ("[:alpha:]", "POSIX named classes are supported only within a class"),
        ("[.a.]", "POSIX named classes are supported only within a class"),
        (r"\1", "reference to non-existent subpattern"),
        (r"\k<n>", "reference to non-existent subpattern"),
        ("(?<n>a)(?<n>b)", "two named subpatterns have the same name"),
        ("a\\", "\\ at end of pattern"),
        (r"\y", "unrecognized character follows \\"),
    ],
)
def test_what_pcre_refuses_is_said_in_its_words(pattern: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        search(pattern, "a")
    assert reason in str(refused.value)


@pytest.mark.parametrize("pattern", [r"(?C1)a", r"(?(1)a|b)", r"a\10", "(?U)a", "(" * 100 + "a" + ")" * 100, "[[.a.]]"])
def test_what_is_not_expressed_is_never_called_refused(pattern: str) -> None:
    with pytest.raises(Unsearchable) as unknown:
        search(pattern, "a")
    assert not isinstance(unknown.value, Invalid)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^/v[12]/chat", ["/v1/chat"]),
        ("^/(api|ws)/x{3}", ["/api/xxx", "/ws/xxx"]),
        (r"\.(php|html)$", [".php", ".html"]),
        (r"^/chat/\Qa.b\E", ["/chat/a.b"]),
        ("^/[^x-z]", ["/0"]),
        ("a{65535}", []),
        ("(", []),
    ],
)
def test_texts_that_an_expression_stands_for(pattern: str, texts: list[str]) -> None:
    assert matching(pattern) == texts
    assert all(len(text) <= LONGEST for text in texts)


def test_alternatives_in_a_long_row_are_not_all_combined() -> None:
    assert matching("^/" + "(?:(?:a|aa)+c|a{40})" * 400) == []


def test_one_budget_holds_for_all_expressions_of_a_run() -> None:
    text = "/" + "a" * 60
    with fresh_budget(0.2) as account:
        with at_most(200):
            for number in range(300):
                with pytest.raises(TooSlow):
                    search(f"^/(a|aa)+[{number}]$", text)
        assert account.spent < 1
    with fresh_budget():
        assert search("^/a", text)


def test_a_slow_expression_is_tried_once() -> None:
    with fresh_budget():
        for _ in range(500):
            with pytest.raises(TooSlow):
                search("^/(a|aa)+[!]$", "/" + "a" * 60)


def test_no_expression_is_slow_whose_letters_are_not_there() -> None:
    with fresh_budget() as account:
        assert search("^/(a|aa)+/b$", "/" + "a" * 60) is None
        assert not account.slow


def test_plain_expressions_cost_nothing() -> None:
    with fresh_budget(0.05) as account:
        for number in range(2000):
            assert search(r"^/v(\d+)/", f"/v{number}/chat")
        assert account.spent < account.seconds


def test_what_stands_for_no_text_in_time_is_told() -> None:
    with fresh_budget(), pytest.raises(TooSlow):
        examples("^/(?:(?:a|aa)+c|a{40})$")
