"""Which server and which location serve a request, as nginx chooses them.

https://nginx.org/en/docs/http/server_names.html, https://nginx.org/en/docs/http/ngx_http_core_module.html#location
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property
from typing import Any, Literal, TypeVar

import msgspec

from infralint.model import Address
from infralint.text.patterns import Unsearchable, search

T = TypeVar("T")

Modifier = Literal["", "=", "^~", "~", "~*", "@"]
EVERYWHERE = frozenset({"", "*", "0.0.0.0", "[::]"})
"""Addresses of a `listen` that takes whatever reaches its port."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


MOST_CHOSEN = 1_024
"""Hosts and addresses of which it is remembered at once which servers answer there."""


class LocationEntry(msgspec.Struct, eq=False, dict=True):
    """A location: its modifier (`@` for a named one), its pattern, the locations nested in it.

    redirects: it proxies and ends in a slash, so nginx answers its path without the slash with 301.
    is_open: part of the pattern is only known once a template is rendered. conditions: the template conditions
    (block and branch) under which it is there; every: branches that such a block has, where one always holds.
    block: what it holds.
    """

    modifier: Modifier
    pattern: str
    nested: list[LocationEntry] = []
    redirects: bool = False
    is_open: bool = False
    conditions: tuple[tuple[int, int], ...] = ()
    every: int = 0
    block: Any = None

    @property
    def is_expression(self) -> bool:
        return self.modifier in ("~", "~*")

    def walk(self) -> Iterator[LocationEntry]:
        """This location and those nested in it."""
        yield self
        for place in self.nested:
            yield from place.walk()


class ListenAddress(msgspec.Struct, eq=False, dict=True):
    """One `listen`: address and port as one key, whether it says default_server, whether it speaks TLS, whether it
    expects the PROXY protocol, and whether it is for HTTP/2 without TLS."""

    key: str
    default: bool = False
    secure: bool = False
    proxied: bool = False
    is_http2_alone: bool = False

    @cached_property
    def address(self) -> Address:
        """Where it listens; port None where that is only known once a template is rendered."""
        if self.key.startswith("unix:"):
            return Address(self.key)
        host, _, port = self.key.rpartition(":")
        return Address(host, int(port) if port.isdigit() and port.isascii() and len(port) < 6 else None)

    @property
    def is_of_the_host(self) -> bool:
        """Whether nobody reaches it but what runs on its own host: a loopback address, or a unix socket."""
        return self.address.host in LOOPBACK or self.key.startswith("unix:")

    def takes(self, to: Address) -> bool:
        """Whether what is sent to an address may arrive here: a name may mean any address but the host's own."""
        mine = self.address
        if "unix:" in (mine.host[:5], to.host[:5]):
            return mine.host == to.host
        if None not in (to.port, mine.port) and to.port != mine.port:
            return False
        if mine.host in EVERYWHERE or mine.host == to.host or to.host in EVERYWHERE:
            return True
        return mine.host in LOOPBACK if to.host in LOOPBACK else not (mine.host in LOOPBACK or _is_number(to.host))


def _is_number(host: str) -> bool:
    return host.startswith("[") or not host.strip("0123456789.")


class VirtualServer(msgspec.Struct, eq=False, dict=True):
    """A server block: where it listens, its names as written, its locations.

    own_slashes: it says `merge_slashes off`; keeps_slashes: that holds for its requests. key: its name in
    the project. block: what it holds itself.
    """

    listeners: list[ListenAddress]
    names: list[str]
    places: list[LocationEntry] = []
    own_slashes: bool = False
    keeps_slashes: bool = False
    key: str = ""
    block: Any = None

    @property
    def anonymous(self) -> bool:
        """Whether it takes whatever nobody else does, rather than hosts of its own."""
        return all(name in ("", "_", "localhost", "default_server") or name.startswith("$") for name in self.names)

    @cached_property
    def expressions(self) -> tuple[str, ...]:
        """Its names that are expressions with groups, without their `~`."""
        return tuple(name[1:] for name in self.names if name.startswith("~") and "(" in name)

    @cached_property
    def is_plain(self) -> bool:
        """Whether every request ends in the location that its path chooses, and nothing is run on its way."""
        blocks = [self.block, *(place.block for top in self.places for place in top.walk())]
        return not any(block.diverts for block in blocks)

    @cached_property
    def rewrites(self) -> bool:
        """Whether the path that a location gets may be another one than was asked for."""
        blocks = [self.block, *(place.block for top in self.places for place in top.walk())]
        return any("rewrite" in block.level.by_name or block.inner for block in blocks)

    @cached_property
    def open_places(self) -> list[LocationEntry]:
        """Locations whose path is only known once a template is rendered."""
        return [place for place in self.places if place.is_open]

    def name_for(self, host: str) -> str | None:
        """Which of its names a host has: a plain one, then the longest with a wildcard, then the first expression."""
        return _best_named(((name, name) for name in self.names), host)

    def named_location(self, name: str) -> LocationEntry | None:
        return next((place for place in self.places if place.modifier == "@" and place.pattern == name), None)


def plain_host(host: str) -> str:
    """A Host header as server names are compared with it."""
    host = host.lower()
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.removesuffix(".")


def normalise_path(path: str, merge_slashes: bool = True) -> str:
    """A request path as locations see it: no query, percent-decoded, slashes merged, dot segments resolved."""
    path = path.partition("?")[0]
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    if merge_slashes and "//" in path:
        path = re.sub(r"/{2,}", "/", path)
    return _without_dots(path) if "/." in path or path[:1] != "/" else path


def _without_dots(path: str) -> str:
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


class LocationChoice(msgspec.Struct, frozen=True):
    """A location that nginx may choose; None: no location fits. redirect: the path that it sends the client to instead.

    reasons: why another one may be chosen.
    """

    place: LocationEntry | None
    redirect: str = ""
    reasons: tuple[str, ...] = ()


def choose_locations(places: Sequence[LocationEntry], path: str) -> list[LocationChoice]:
    """The location that nginx chooses for a path; several where templates, or expressions that we can't match with, decide.

    path: as `normalise_path` makes it, or as a rewrite left it.
    """
    choices: list[LocationChoice] = []
    found: list[LocationEntry] = []
    without: list[LocationEntry] = []
    reasons: list[str] = []
    while True:
        search_of = _Search(path, without)
        _, place = search_of.find(places)
        doubtful = search_of.doubtful
        if place is None:
            redirect = f"{path}/" if search_of.redirected else ""
            return [*choices, LocationChoice(None, redirect, tuple(reasons))]
        reasons += [reason for reason in search_of.reasons if reason not in reasons]
        choices.append(LocationChoice(place, "", (*_conditional(place), *reasons)))
        found.append(place)
        if doubtful:
            without.append(doubtful[0])
        elif place.conditions and not _always(place, found):
            without.append(place)
            reasons += _conditional(place)
        else:
            return choices


def _conditional(place: LocationEntry) -> tuple[str, ...]:
    if not place.conditions:
        return ()
    return (f"whether location {place.pattern} is there is only known once the template is rendered",)


def _always(place: LocationEntry, found: Sequence[LocationEntry]) -> bool:
    """Whether one of the branches that place stands in holds, and in all of them a location was found."""
    block = place.conditions[0][0]
    branches = {
        other.conditions[0][1] for other in found if len(other.conditions) == 1 and other.conditions[0][0] == block
    }
    return 0 < place.every <= len(branches)


class _Index:
    """Locations of one level by what is asked of them: exact ones, prefixes and their lengths, expressions in their order.

    redirecting: prefixes that nginx redirects to from their path without the slash.
    """

    def __init__(self, places: Sequence[LocationEntry]) -> None:
        self.exact: dict[str, LocationEntry] = {}
        self.prefixes: dict[str, LocationEntry] = {}
        self.expressions: list[LocationEntry] = []
        self.redirecting: set[str] = set()
        for place in places:
            if place.is_expression:
                self.expressions.append(place)
            elif place.modifier == "=":
                self.exact.setdefault(place.pattern, place)
            elif place.modifier in ("", "^~"):
                self.prefixes.setdefault(place.pattern, place)
            if place.redirects:
                self.redirecting.add(place.pattern)
        self.lengths = sorted({len(pattern) for pattern in self.prefixes}, reverse=True)

    def longest_prefix_of(self, path: str) -> LocationEntry | None:
        found = (self.prefixes.get(path[:length]) for length in self.lengths if length <= len(path))
        return next((place for place in found if place is not None), None)


_INDEXES: dict[int, tuple[Sequence[LocationEntry], _Index]] = {}
"""The indexes of the levels that were asked last, by the identity of their lists, which are kept so that it stays theirs."""
_MOST_INDEXES = 4096


def _index_of(places: Sequence[LocationEntry]) -> _Index:
    known = _INDEXES.get(id(places))
    if known is not None and known[0] is places:
        return known[1]
    if len(_INDEXES) >= _MOST_INDEXES:
        _INDEXES.clear()
    index = _Index(places)
    _INDEXES[id(places)] = (places, index)
    return index


class _Search:
    """One look through the locations. without: locations left out; doubtful: those taken to match, though we can't tell."""

    def __init__(self, path: str, without: Sequence[LocationEntry]) -> None:
        self.path = path
        self.without = without
        self.doubtful: list[LocationEntry] = []
        self.reasons: list[str] = []
        self.redirected = False

    def find(self, places: Sequence[LocationEntry]) -> tuple[Literal["sure", "prefix", "none"], LocationEntry | None]:
        path = self.path
        if self.without:
            places = [place for place in places if place not in self.without]
        index = _index_of(places)
        exact = index.exact.get(path)
        if exact:
            return "sure", self._nested_entry(exact)
        if self._is_redirected(index):
            self.redirected = True
            return "sure", None
        best = index.longest_prefix_of(path)
        state: Literal["sure", "prefix", "none"] = "none"
        chosen: LocationEntry | None = None
        if best:
            state, inner = self.find(best.nested)
            if state == "sure":
                return state, inner
            state, chosen = "prefix", inner or best
        if not (best and best.modifier == "^~"):
            for place in index.expressions:
                if self._matches(place):
                    return "sure", self._nested_entry(place)
        return state, chosen

    def _is_redirected(self, index: _Index) -> bool:
        """Whether the path is that of a proxied prefix without its slash, and has no location of its own."""
        if f"{self.path}/" not in index.redirecting:
            return False
        return self.path not in index.prefixes and self.path not in index.exact

    def _nested_entry(self, place: LocationEntry) -> LocationEntry | None:
        state, inner = self.find(place.nested) if place.nested else ("none", None)
        return None if state == "sure" and inner is None else inner or place

    def _matches(self, place: LocationEntry) -> bool:
        try:
            return is_match(place.pattern, self.path, place.modifier == "~*")
        except Unsearchable as error:
            self.doubtful.append(place)
            self.reasons.append(f"`location {place.modifier} {place.pattern}` {error}")
            return True


class Chosen(msgspec.Struct, frozen=True):
    """The server that answers on one socket. by_name: a name of it is the host."""

    server: VirtualServer
    by_name: bool


class Socket(msgspec.Struct, eq=False, dict=True):
    """The servers that listen on one address and port. exact: by their plain names; others: with wildcards and
    expressions, in their order. default: what answers for names that nobody has."""

    listener: ListenAddress
    default: VirtualServer
    servers: list[VirtualServer] = []
    exact: dict[str, VirtualServer] = {}
    others: list[tuple[str, VirtualServer]] = []

    def choose(self, host: str) -> Chosen:
        """The server that answers for a host, as names are compared with it: by its name, else the default one."""
        if host in self.exact:
            return Chosen(self.exact[host], True)
        named = _best_named(self.others, host)
        return Chosen(named, True) if named is not None else Chosen(self.default, False)

    @cached_property
    def listeners(self) -> list[ListenAddress]:
        """All that its servers say of it."""
        return [found for server in self.servers for found in server.listeners if found.key == self.listener.key]


def _servers_of(sockets: Iterable[Socket]) -> list[VirtualServer]:
    """The servers that listen on sockets, each once."""
    return list({id(server): server for socket in sockets for server in socket.servers}.values())


class Sockets:
    """Where the servers of one nginx listen, and which of them answers there. inner: ports that it dials itself."""

    def __init__(self, servers: Sequence[VirtualServer]) -> None:
        self.servers = servers
        self.inner: Set[int] = frozenset()
        self.by_key: dict[str, Socket] = {}
        self._by_port: dict[int | None, list[Socket]] = {}
        self._chosen: dict[tuple[str, Address | None], list[Chosen]] = {}
        for server in servers:
            for listener in server.listeners:
                self._add(server, listener)

    def _add(self, server: VirtualServer, listener: ListenAddress) -> None:
        socket = self.by_key.get(listener.key)
        if socket is None:
            socket = self.by_key[listener.key] = Socket(listener, server)
            self._by_port.setdefault(listener.address.port, []).append(socket)
        if listener.default:
            socket.default = server
        if server in socket.servers[-1:]:
            return
        socket.servers.append(server)
        for name in server.names:
            if name.startswith(("~", "*", ".")) or name.endswith(".*"):
                socket.others.append((name, server))
                # `.example.com` is example.com, too.
            if not name.startswith(("~", "*")):
                socket.exact.setdefault(name.removeprefix(".").lower(), server)

    def reached_by(self, to: Address | None) -> list[Socket]:
        """The sockets that an address may lead to: one of that very address comes before those of any.

        to: None for a browser, which reaches what the host keeps to itself only through something else on it.
        """
        if to is None:
            return self._of_browsers
        exact = self.by_key.get(f"{to.host}:{to.port}")
        if exact is not None:
            return [exact]
        is_bound = to.port is not None and not to.host.startswith("unix:")
        sockets = self._on_port(to.port) if is_bound else self.by_key.values()
        return [found for found in sockets if found.listener.takes(to)]

    @cached_property
    def _of_browsers(self) -> list[Socket]:
        sockets = list(self.by_key.values())
        outside = [found for found in sockets if not found.listener.is_of_the_host]
        return [found for found in outside if found.listener.address.port not in self.inner] or outside or sockets

    def _on_port(self, port: int | None) -> list[Socket]:
        """The sockets on a port, and those of which the port is not known, in their order."""
        known, open_ones = self._by_port.get(port, []), self._by_port.get(None, [])
        if not (known and open_ones):
            return known or open_ones
        wanted = {id(socket) for socket in (*known, *open_ones)}
        return [socket for socket in self.by_key.values() if id(socket) in wanted]

    def choose_servers(self, host: str, to: Address | None = None) -> list[Chosen]:
        """For each socket that a request may reach, the server that answers for its host."""
        host = plain_host(host)
        known = self._chosen.get((host, to))
        if known is None:
            unique: dict[int, Chosen] = {}
            for socket in self.reached_by(to):
                chosen = socket.choose(host)
                if chosen.by_name or id(chosen.server) not in unique:
                    unique[id(chosen.server)] = chosen
            if len(self._chosen) >= MOST_CHOSEN:
                self._chosen.clear()
            known = self._chosen[host, to] = list(unique.values())
        return known

    def reached_servers(self, to: Address | None) -> list[VirtualServer]:
        """The servers that listen where a request is sent to; None: where browsers come."""
        if to is None:
            return self._servers_of_browsers
        return _servers_of(self.reached_by(to))

    @cached_property
    def _servers_of_browsers(self) -> list[VirtualServer]:
        return _servers_of(self._of_browsers)

    def settle_slashes(self) -> None:
        """A socket's default server decides about slashes, for nginx parses the path before it looks at the name."""
        for server in self.servers:
            server.keeps_slashes = self.by_key[server.listeners[0].key].default.own_slashes


def _best_named(named: Iterable[tuple[str, T]], host: str) -> T | None:
    """What has the name that fits a host best; the first of several that fit it as well.

    https://nginx.org/en/docs/http/server_names.html
    """
    ranked = [
        (rank, -index, owner)
        for index, (name, owner) in enumerate(named)
        if (rank := _name_rank(name, host)) is not None
    ]
    return max(ranked, key=lambda entry: entry[:2])[2] if ranked else None


def _name_rank(name: str, host: str) -> tuple[int, int] | None:
    """How well a server name fits: exact, then the longest leading wildcard, the longest trailing one, a regex."""
    if name.startswith("~"):
        return (0, 0) if is_surely_match(name[1:], host, ignore_case=True) else None
    name = name.lower()
    if name == host or (name.startswith(".") and name[1:] == host):
        return 3, 0
    if name.startswith(("*.", ".")) and host.endswith(name.lstrip("*")):
        return 2, len(name.lstrip("*."))
    if name.endswith(".*") and host.startswith(name[:-1]):
        return 1, len(name)
    return None


def is_match(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether a PCRE expression is found in a text. Raises Unsearchable where that can't be told."""
    return search(pattern, text, ignore_case) is not None


def is_surely_match(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """The same, and no where that can't be told."""
    try:
        return is_match(pattern, text, ignore_case)
    except Unsearchable:
        return False
