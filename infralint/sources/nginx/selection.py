"""Why nginx serves a request by this location and not by that one.

https://nginx.org/en/docs/http/request_processing.html
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from heapq import merge
from itertools import islice
from operator import itemgetter

from infralint.model import Location, Related, Request, Rival, Selection
from infralint.sources.nginx.blocks import NginxBlock
from infralint.sources.nginx.choose import (
    LocationEntry,
    Sockets,
    VirtualServer,
    choose_locations,
    is_surely_match,
    normalise_path,
)
from infralint.sources.nginx.processing import Processing, Run
from infralint.sources.nginx.tree import Directive

MOST_RIVALS = 8
"""Locations beside the chosen one that are named."""
_HANDING = ("try_files", "error_page", "rewrite", "return")


def explain_choice(processing: Processing, sockets: Sockets, block: NginxBlock, request: Request) -> Selection:
    """Why a request ends in a block: the server, the location, and what sends it on from there."""
    server: VirtualServer = block.server
    if block.place is None:
        return Selection()
    run = next((way.run for way in processing.ways(server, request) if way.block is block), None)
    path = normalise_path(request.path, not server.keeps_slashes)
    moved = _rewritten_by_server(server, run)
    asked = moved[0] if moved else path
    first = choose_locations(server.places, asked)[0].place
    steps = list(_server_step(sockets, server, request))
    if moved:
        steps.append(Related(f"`{moved[1].written}` of the server makes it {asked}", moved[1].where))
    if first is None or first is block.place:
        steps.append(Related(_reason(block.place, asked), _where(block.place)))
    else:
        steps += _sent_on(first, block.place, asked)
    if block.directive is not None and block.directive is not block.place.block.directive:
        steps.append(Related(f"`{block.directive.written}` rules it there", block.directive.where))
    return Selection(tuple(steps), tuple(_rivals(server, first or block.place, asked)))


def _rewritten_by_server(server: VirtualServer, run: Run | None) -> tuple[str, Directive] | None:
    """The path that a server's own rewrites leave, and the rewrite that did it."""
    if run is None or not run.rewritten or run.path is None or not server.block.runs_code:
        return None
    lines: Sequence[Directive] = server.block.level.by_name.get("rewrite", ())
    return (run.path, lines[0]) if lines and not run.block.runs_code else None


def _server_step(sockets: Sockets, server: VirtualServer, request: Request) -> Iterator[Related]:
    """Why this server is asked, where there are others."""
    directive = server.block.directive
    where = directive.where if directive is not None else Location("")
    reached = sockets.reached_servers(request.to)
    named = [name for name in server.names if name not in ("", "_")]
    name = f"server {' '.join(named[:2])}" if named else "the server without a name"
    if len(reached) < 2:
        return
    if request.host is None:
        yield Related(f"{name}: no host is given, so that any of {len(reached)} servers may be asked", where)
        return
    chosen = next((found for found in sockets.choose_servers(request.host, request.to) if found.server is server), None)
    if chosen is not None and chosen.by_name:
        yield Related(f"{name} has the name {request.host}", where)
    else:
        yield Related(f"{name} is the default one: no server_name is {request.host}", where)


def _where(place: LocationEntry) -> Location:
    where: Location = place.block.directive.where
    return where


def _reason(place: LocationEntry, path: str) -> str:
    """Why nginx chooses a location for a path."""
    written = f"`{place.block.written}`"
    match place.modifier:
        case "=":
            return f"{written} is exactly {path}"
        case "^~":
            return f"{written} is the longest prefix of {path}, and `^~` keeps expressions out"
        case "~" | "~*":
            return f"{written} is the first expression that {path} fits, and comes before plain prefixes"
        case "@":
            return f"{written} is named by what sends requests there"
    return f"{written} is the longest prefix of {path}"


def _sent_on(first: LocationEntry, place: LocationEntry, path: str) -> Iterator[Related]:
    """How a location hands a request to another one."""
    yield Related(_reason(first, path), _where(first))
    lines = [line for name in _HANDING for line in first.block.level.by_name.get(name, ())]
    naming = [line for line in lines if line.args and line.args[-1].startswith(place.pattern)]
    for line in (naming or lines)[:1]:
        yield Related(f"`{line.written}` hands it to `{place.block.written}`", line.where)


def _rivals(server: VirtualServer, chosen: LocationEntry, path: str) -> Iterator[Rival]:
    """The locations that fit the path, too, then those that nearly do: a reader might have thought that they take it."""
    places = _places_of(server)
    fitting = places.fitting(path)
    beaten = [place for place in fitting if place is not chosen and not any(inner is chosen for inner in place.walk())]
    for place in beaten[:MOST_RIVALS]:
        yield Rival(place.block.written, _where(place), _loss(place, chosen))
    passed_over = {id(chosen), *map(id, fitting)}
    missed = (place for place in places.near(path) if id(place) not in passed_over)
    for place in islice(missed, max(0, MOST_RIVALS - len(beaten))):
        yield Rival(place.block.written, _where(place), f"{path} does not fit it", False)


Numbered = tuple[int, LocationEntry]
"""A location and its number in the order of the file."""


class _Places:
    """The locations of a server that a path may choose, nested ones among them, by what is asked of them."""

    def __init__(self, server: VirtualServer) -> None:
        places = (place for top in server.places for place in top.walk() if place.modifier != "@")
        self.by_pattern: dict[str, list[Numbered]] = {}
        self.by_start: dict[tuple[str, ...], list[Numbered]] = {}
        self.expressions: list[Numbered] = []
        for entry in enumerate(places):
            if entry[1].is_expression:
                self.expressions.append(entry)
            else:
                self.by_pattern.setdefault(entry[1].pattern, []).append(entry)
                self.by_start.setdefault(_start_of(entry[1].pattern), []).append(entry)
        self.lengths = sorted(set(map(len, self.by_pattern)))

    def fitting(self, path: str) -> list[LocationEntry]:
        """Those that a path fits, in their order."""
        found = [
            entry for entry in self.expressions if is_surely_match(entry[1].pattern, path, entry[1].modifier == "~*")
        ]
        for length in self.lengths[: bisect_right(self.lengths, len(path))]:
            for entry in self.by_pattern.get(path[:length], ()):
                if entry[1].modifier != "=" or length == len(path):
                    found.append(entry)
        return [place for _, place in sorted(found, key=itemgetter(0))]

    def near(self, path: str) -> Iterator[LocationEntry]:
        """The expressions, and those that begin as a path does, in their order."""
        alike = self.by_start.get(_start_of(path), ())
        return (place for _, place in merge(self.expressions, alike, key=itemgetter(0)))


def _start_of(path: str) -> tuple[str, ...]:
    return tuple(path.split("/", 2)[:2])


@lru_cache(maxsize=64)
def _places_of(server: VirtualServer) -> _Places:
    return _Places(server)


def _loss(place: LocationEntry, chosen: LocationEntry) -> str:
    """Why a location that fits is not chosen."""
    if chosen.modifier == "=":
        return "an exact location comes first"
    if place.is_expression:
        if chosen.is_expression:
            return "nginx takes the first expression that fits, and it stands later"
        return "`^~` keeps expressions out"
    if chosen.is_expression:
        return "an expression that fits comes before plain prefixes"
    return "nginx takes the longest prefix"
