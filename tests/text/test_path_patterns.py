"""Path patterns match and are filled in as path-to-regexp 6 does."""

from __future__ import annotations

import contextlib

import pytest
from yardstick import at_most

from infralint.text.path_patterns import InvalidPathPattern, PatternMap, fill_path, match_path, parse_path
from infralint.text.patterns import Unsearchable, fresh_budget


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("/api/chat", "/api/chat", {}),
        ("/api/chat", "/api/chats", None),
        ("/api/:path*", "/api", {"path": ""}),
        ("/api/:path*", "/api/x/y", {"path": "x/y"}),
        ("/api/:path*", "/apix", None),
        ("/api/:path+", "/api", None),
        ("/api/:id", "/api/x/y", None),
        ("/:a?/b", "/b", {"a": ""}),
        ("/blog/:slug(\\d+)", "/blog/12", {"slug": "12"}),
        ("/blog/:slug(\\d+)", "/blog/x", None),
        ("/v:version(\\d+)/chat", "/v1/chat", {"version": "1"}),
        ("/:from-:to", "/a-b", {"from": "a", "to": "b"}),
        ("/(.*)", "/x/y", {"0": "x/y"}),
        ("/((?!api|_next/static).*)", "/chat", {"0": "chat"}),
        ("/((?!api|_next/static).*)", "/api/chat", None),
        ("/:path*{/}?", "/api/", {"path": "api"}),
        ("/files{/:name}?", "/files", {"name": ""}),
        ("/a\\:b", "/a:b", {}),
    ],
)
def test_a_pattern_takes_paths_with_their_parameters(pattern: str, path: str, values: dict[str, str] | None) -> None:
    assert match_path(pattern, path) == values


@pytest.mark.parametrize(
    ("pattern", "values", "path"),
    [
        ("/v1/:path*", {"path": "x/y"}, "/v1/x/y"),
        ("/v1/:path*", {}, "/v1"),
        ("/v1/:id", {}, None),
        ("/v1/:id(\\d+)/x", {"id": "7"}, "/v1/7/x"),
    ],
)
def test_a_pattern_is_filled_in(pattern: str, values: dict[str, str], path: str | None) -> None:
    assert fill_path(pattern, values) == path


@pytest.mark.parametrize(
    ("source", "destination", "inside", "outside"),
    [
        ("/api/:path*", "/v1/:path*", "/api/a/b", "/v1/a/b"),
        ("/api/:path*", "/:path*", "/api/a", "/a"),
        ("/api/chat", "/v1/completions", "/api/chat", "/v1/completions"),
        ("/u/:id/chat", "/users/:id/chat", "/u/7/chat", "/users/7/chat"),
    ],
)
def test_a_rewriting_is_followed_in_both_directions(source: str, destination: str, inside: str, outside: str) -> None:
    paths = PatternMap(source, destination)
    assert (paths.forward(inside), paths.inverse(outside)) == (outside, inside)
    assert paths.forward("/elsewhere") is None


def test_what_loses_a_parameter_has_no_way_back() -> None:
    assert PatternMap("/api/:kind/:path*", "/v1/:path*").inverse("/v1/a") is None


@pytest.mark.parametrize("pattern", ["/api/(.*", "/a{b", "/" + "a" * 3000])
def test_a_pattern_that_is_none_is_said(pattern: str) -> None:
    with pytest.raises(InvalidPathPattern):
        parse_path(pattern)


def test_no_pattern_takes_long() -> None:
    with at_most(200), fresh_budget():
        for length in range(20, 60):
            with contextlib.suppress(Unsearchable):
                match_path("/:a((?:x|xx)+y|x{99})", "/" + "x" * length)
