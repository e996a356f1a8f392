"""Which server and location serve a request: what nginx's documentation and measurements say."""

from __future__ import annotations

import pytest
from yardstick import at_most

from infralint.sources.nginx.choose import (
    ListenAddress,
    LocationEntry,
    Sockets,
    VirtualServer,
    choose_locations,
    is_surely_match,
    normalise_path,
    plain_host,
)


def choose_location(given: list[LocationEntry], path: str) -> LocationEntry | None:
    """The location that nginx chooses for a path, if it is there and its expression can be matched with."""
    return choose_locations(given, path)[0].place


def places(*written: str) -> list[LocationEntry]:
    return [LocationEntry(*one.rpartition(" ")[::2]) for one in written]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("/", "/"),
        ("/api/x", "/api/"),
        ("/api/chat", "/api/chat"),
        ("/api/chat/x", "/api/chat"),
        ("/api/exact", "/api/exact"),
        ("/api/exact/x", "/api/"),
        ("/img/a.png", "/img/"),
        ("/b.png", r"\.png$"),
        ("/api/c.png", r"\.png$"),
        ("/api%2Fchat", "/api/chat"),
        ("/a//../api/./chat?x=/img/", "/api/chat"),
    ],
)
def test_exact_then_longest_prefix_unless_a_regex_matches(path: str, chosen: str) -> None:
    given = places(" /", " /api/", " /api/chat", "= /api/exact", "^~ /img/", r"~ \.png$", r"~* \.PNG$")
    place = choose_location(given, normalise_path(path))
    assert place is not None
    assert place.pattern == chosen


def test_only_the_longest_prefix_shields_from_regexes() -> None:
    place = choose_location(places("^~ /api/", " /api/chat/", "~ chat"), "/api/chat/x")
    assert place is not None
    assert place.modifier == "~"


def test_a_nested_regex_beats_top_level_ones_even_inside_a_shield() -> None:
    inner = LocationEntry("~", r"\.json$")
    outer = LocationEntry("^~", "/api/", [inner])
    assert choose_location([outer, *places("~ api")], "/api/x.json") is inner


def test_a_proxied_prefix_redirects_its_path_without_the_slash() -> None:
    assert choose_location([LocationEntry("", "/ws/", redirects=True), *places(" /")], "/ws") is None
    exact = LocationEntry("=", "/ws")
    assert choose_location([LocationEntry("", "/ws/", redirects=True), exact], "/ws") is exact


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.example.com", "www.example.com"),
        ("WWW.Example.com:8080", "www.example.com"),
        ("a.example.com", "*.example.com"),
        ("a.b.example.com", "*.b.example.com"),
        ("example.org", ".example.org"),
        ("mail.test", "mail.*"),
        ("www1.other.net", r"~^www\d\."),
        ("nobody.net", "default.local"),
    ],
)
def test_names_rank_exact_leading_trailing_regex_default(host: str, name: str) -> None:
    names = [
        "www.example.com",
        "*.example.com",
        "*.b.example.com",
        ".example.org",
        "mail.*",
        r"~^www\d\.",
        "default.local",
    ]
    servers = [VirtualServer([ListenAddress("*:80", one == "default.local")], [one]) for one in names]
    assert Sockets(servers).by_key["*:80"].choose(plain_host(host)).server.names == [name]


def test_a_hostile_expression_ends() -> None:
    with at_most(1000):
        assert not is_surely_match(r"^(a+)+$", "a" * 40 + "!")
        assert not is_surely_match(r"^(", "x")


@pytest.mark.parametrize(
    ("path", "seen"), [("/a/b/..", "/a/"), ("/a/.", "/a/"), ("//a///b", "/a/b"), ("/../x", "/x"), ("/", "/")]
)
def test_paths_are_normalised_as_nginx_does(path: str, seen: str) -> None:
    assert normalise_path(path) == seen


@pytest.mark.parametrize("modifier", ["", "^~", "="])
def test_a_location_of_its_own_is_served_without_the_slash(modifier: str) -> None:
    own = LocationEntry(modifier, "/ws")  # type: ignore[arg-type]
    assert choose_location([LocationEntry("", "/ws/", redirects=True), own], "/ws") is own
