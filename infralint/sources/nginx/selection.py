"""Why nginx serves a request by this location and not by that one.

https://nginx.org/en/docs/http/request_processing.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    return Selection(tuple(steps), tuple(_rivals(server.places, first or block.place, asked)))


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


def _rivals(places: Sequence[LocationEntry], chosen: LocationEntry, path: str) -> Iterator[Rival]:
    """The locations that fit the path, too, then those that nearly do."""
    others = [place for top in places for place in top.walk() if place is not chosen and place.modifier != "@"]
    fitting = [place for place in others if _fits(place, path)]
    around = [place for place in fitting if any(inner is chosen for inner in place.walk())]
    beaten = [place for place in fitting if not any(place is outer for outer in around)]
    for place in beaten[:MOST_RIVALS]:
        yield Rival(place.block.written, _where(place), _loss(place, chosen))
    missed = [place for place in others if place not in fitting and _is_near(place, path)]
    for place in missed[: MOST_RIVALS - len(beaten)]:
        yield Rival(place.block.written, _where(place), f"{path} does not fit it", False)


def _fits(place: LocationEntry, path: str) -> bool:
    if place.is_expression:
        return is_surely_match(place.pattern, path, place.modifier == "~*")
    return path == place.pattern if place.modifier == "=" else path.startswith(place.pattern)


def _is_near(place: LocationEntry, path: str) -> bool:
    """Whether a reader might have thought that a location takes the path."""
    return place.is_expression or place.pattern.split("/")[:2] == path.split("/")[:2]


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
