"""Which server and which location serve a request, as nginx chooses them.

https://nginx.org/en/docs/http/server_names.html, https://nginx.org/en/docs/http/ngx_http_core_module.html#location
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from infralint.text.patterns import Unsearchable, search

Modifier = Literal["", "=", "^~", "~", "~*", "@"]


class Place(msgspec.Struct, eq=False, dict=True):
    """A location: its modifier (`@` for a named one), its pattern, the locations nested in it.

    redirects: it proxies and ends in a slash, so nginx answers its path without the slash with 301.
    open: part of the pattern is only known once a template is rendered. held: the template conditions
    (block and branch) under which it is there; every: branches that such a block has, where one always holds.
    """

    modifier: Modifier
    pattern: str
    nested: list[Place] = []
    redirects: bool = False
    open: bool = False
    held: tuple[tuple[int, int], ...] = ()
    every: int = 0
    tag: Any = None


class Listener(msgspec.Struct, eq=False, dict=True):
    """One `listen`: address and port as one key, and whether it says default_server."""

    key: str
    default: bool = False


class VirtualServer(msgspec.Struct, eq=False, dict=True):
    """A server block: where it listens, its names as written, its locations.

    returns: what its own `return` answers before any location is chosen. rewrites: arguments of its
    own `rewrite`s, which come before that choice, too. own_slashes: it says
    `merge_slashes off`; keeps_slashes: that holds for its requests. own: its level, as that of a location.
    """

    listeners: list[Listener]
    names: list[str]
    places: list[Place] = []
    returns: str = ""
    rewrites: list[list[str]] = []
    own_slashes: bool = False
    keeps_slashes: bool = False
    tag: Any = None
    own: Any = None

    @property
    def anonymous(self) -> bool:
        """Whether it takes whatever nobody else does, rather than hosts of its own."""
        return all(name in ("", "_", "localhost", "default_server") or name.startswith("$") for name in self.names)


def normalised(path: str, merge_slashes: bool = True) -> str:
    """A request path as locations see it: no query, percent-decoded, slashes merged, dot segments resolved."""
    from urllib.parse import unquote

    path = unquote(path.partition("?")[0])
    if merge_slashes:
        path = re.sub(r"/{2,}", "/", path)
    segments: list[str] = []
    parts = path.split("/")[1:]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "..":
            segments = segments[:-1]
        elif part != ".":
            segments.append(part)
            continue
        if last:
            segments.append("")
    return "/" + "/".join(segments)


def choose_location(
    places: Sequence[Place], path: str, merge_slashes: bool = True, without: Sequence[Place] = ()
) -> Place | None:
    """The location that nginx chooses for a path; None where it has none (or redirects). without: locations left out."""
    return _find(places, normalised(path, merge_slashes), without)[1]


def choose_locations(places: Sequence[Place], path: str, merge_slashes: bool = True) -> list[Place]:
    """The location that nginx chooses; several where template conditions decide which of them are there."""
    found: list[Place] = []
    while (place := choose_location(places, path, merge_slashes, found)) is not None:
        found.append(place)
        if not place.held or _always(place, found):
            break
    return found


def _always(place: Place, found: Sequence[Place]) -> bool:
    """Whether one of the branches that place stands in holds, and in all of them a location was found."""
    block = place.held[0][0]
    branches = {one.held[0][1] for one in found if len(one.held) == 1 and one.held[0][0] == block}
    return 0 < place.every <= len(branches)


def _find(
    places: Sequence[Place], path: str, without: Sequence[Place]
) -> tuple[Literal["sure", "prefix", "none"], Place | None]:
    places = [one for one in places if one not in without] if without else places
    exact = next((one for one in places if one.modifier == "=" and one.pattern == path), None)
    if exact:
        return "sure", _nested(exact, path, without)
    prefixes = [one for one in places if one.modifier in ("", "^~", "=")]
    if any(one.redirects and one.pattern == f"{path}/" for one in prefixes) and path not in [
        one.pattern for one in prefixes
    ]:
        return "sure", None
    best = _longest(places, path)
    state: Literal["sure", "prefix", "none"] = "none"
    chosen: Place | None = None
    if best:
        state, inner = _find(best.nested, path, without)
        if state == "sure":
            return state, inner
        state, chosen = "prefix", inner or best
    if not (best and best.modifier == "^~"):
        for one in places:
            if one.modifier in ("~", "~*") and matches(one.pattern, path, one.modifier == "~*"):
                return "sure", _nested(one, path, without)
    return state, chosen


def _nested(place: Place, path: str, without: Sequence[Place]) -> Place:
    return _find(place.nested, path, without)[1] or place


def _longest(places: Iterable[Place], path: str) -> Place | None:
    fitting = [one for one in places if one.modifier in ("", "^~") and path.startswith(one.pattern)]
    return max(fitting, key=lambda one: len(one.pattern), default=None)


def choose_servers(servers: Sequence[VirtualServer], host: str) -> list[tuple[VirtualServer, bool]]:
    """For each socket, the server that answers for a host; true: chosen by its name."""
    chosen = [choose_server(group, host, key) for key, group in _sockets(servers).items()]
    unique = {id(server): (server, named) for server, named in chosen}
    for server, named in chosen:
        if named:
            unique[id(server)] = (server, True)
    return list(unique.values())


def _sockets(servers: Sequence[VirtualServer]) -> dict[str, list[VirtualServer]]:
    sockets: dict[str, list[VirtualServer]] = {}
    for server in servers:
        for listener in server.listeners:
            sockets.setdefault(listener.key, []).append(server)
    return sockets


def choose_server(group: Sequence[VirtualServer], host: str, key: str = "") -> tuple[VirtualServer, bool]:
    """The server of one socket that answers for a host, and whether its name says so."""
    host = host.lower().rstrip(".").partition(":")[0]
    ranked = [
        (rank, -index, server)
        for index, server in enumerate(group)
        for name in server.names
        if (rank := _name_rank(name, host)) is not None
    ]
    if ranked:
        return max(ranked, key=lambda one: one[:2])[2], True
    return default_server(group, key), False


def default_server(group: Sequence[VirtualServer], key: str) -> VirtualServer:
    """The server of one socket that answers for names nobody has: the one that says so, else the first."""
    return next((one for one in group if any(on.default and on.key == key for on in one.listeners)), group[0])


def settle_slashes(servers: Sequence[VirtualServer]) -> None:
    """A socket's default server decides about slashes, for nginx parses the path before it looks at the name."""
    decided = {key: default_server(group, key).own_slashes for key, group in _sockets(servers).items()}
    for server in servers:
        server.keeps_slashes = decided[server.listeners[0].key]


def _name_rank(name: str, host: str) -> tuple[int, int] | None:
    """How well a server name fits: exact, then the longest leading wildcard, the longest trailing one, a regex."""
    if name.startswith("~"):
        return (0, 0) if matches(name[1:], host, ignore_case=True) else None
    name = name.lower()
    if name == host or (name.startswith(".") and name[1:] == host):
        return 3, 0
    if name.startswith(("*.", ".")) and host.endswith(name.lstrip("*")):
        return 2, len(name.lstrip("*."))
    if name.endswith(".*") and host.startswith(name[:-1]):
        return 1, len(name)
    return None


def after_rewrites(server: VirtualServer, path: str) -> str | None:
    """The path by which a server chooses a location; None where one of its rewrites redirects the client.

    https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite
    """
    if not server.rewrites:
        return path
    path = normalised(path, not server.keeps_slashes)
    for pattern, replacement, *flags in server.rewrites:
        if matches(pattern, path):
            if {"redirect", "permanent"} & set(flags) or replacement.startswith(("http://", "https://", "$scheme")):
                return None
            path = rewritten(pattern, replacement.partition("?")[0], path)
            if flags:
                break
    return path


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether a PCRE expression is found in a text; one that is broken or takes too long is not (see `unsearchable`)."""
    try:
        return search(pattern, text, ignore_case) is not None
    except Unsearchable:
        return False


def rewritten(pattern: str, replacement: str, path: str) -> str:
    """The path that a rewrite makes of another."""
    try:
        found = search(pattern, path)
    except Unsearchable:
        found = None
    return re.sub(r"\$(\d)", lambda one: _captured(found, int(one[1])) if found else "", replacement)


def _captured(found: Any, number: int) -> str:
    """What a group took; nothing where there is no such group, as in nginx."""
    return (found[number] or "") if number <= found.re.groups else ""
