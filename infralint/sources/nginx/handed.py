"""Whose stream it is: what a location says of one belongs to the location that nginx hands its requests to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from infralint.model import STRENGTH, Evidence, Hint, Location, Request, StreamKind, Unknown
from infralint.platforms.libraries import with_library
from infralint.sources.nginx.blocks import NginxBlock
from infralint.sources.nginx.choose import LocationEntry, VirtualServer, choose_locations
from infralint.sources.nginx.hints import find_declarations
from infralint.sources.nginx.hops import NginxLocation
from infralint.sources.nginx.processing import Answer, Processing
from infralint.sources.nginx.tree import Directive
from infralint.text.expressions import matching
from infralint.text.stream_names import stream_name


def sample_paths(place: LocationEntry) -> list[str]:
    """Paths that a location is written for: its pattern and one below it, or what its expression matches."""
    if place.is_expression:
        return [path for path in matching(place.pattern) if path.startswith("/")]
    if place.modifier in ("=", "@"):
        return [place.pattern]
    return [place.pattern, f"{place.pattern.rstrip('/')}/x"]


def overshadowing(server: VirtualServer, place: LocationEntry) -> LocationEntry | None:
    """The location that nginx chooses in a location's stead, for its own paths; None where it may choose this one.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#location
    """
    if place.modifier not in ("", "^~", "=") or place.is_open or server.open_places:
        return None
    chosen = [choose_locations(server.places, path)[0] for path in sample_paths(place)]
    first = chosen[0].place
    sure = all(choice.place is first and not choice.reasons for choice in chosen)
    return first if sure and first is not place else None


def hints_by_name(place: LocationEntry) -> Iterator[Hint]:
    """What the path of a location says of a stream."""
    named = stream_name(place.pattern)
    if named is not None:
        because = f"the path {place.pattern} says {named.word}"
        hint = Hint(named.kind, Evidence("name", because, place.block.directive.where))
        yield with_library(hint, named)


def hand_on(hint: Hint, place: LocationEntry) -> Hint:
    """A hint of one location, as it is told of the location that nginx sends its requests to."""
    because = hint.evidence.because
    if because.endswith(" for it"):
        because = f"{because.removesuffix('it')}{place.block.directive.written}"
    evidence = Evidence(hint.evidence.kind, f"{because}, and nginx sends {place.pattern} here", hint.evidence.where)
    path = hint.path or (place.pattern if place.pattern.startswith("/") else "")
    return replace(hint, evidence=evidence, path=path)


def join(hop: NginxLocation, given: Sequence[Hint]) -> NginxLocation:
    """A location that carries what others hand to it; a name counts where it says nothing of its own."""
    telling = any(not hint.handshake_only for hint in hop.hints) or any(stream_name(path) for path in hop.paths)
    heeded = [hint for hint in given if hint.evidence.certain or not telling]
    if not heeded:
        return hop
    found: list[Hint] = []
    for hint in sorted((*hop.hints, *heeded), key=lambda hint: STRENGTH.index(hint.evidence.kind)):
        alike = [other for other in found if other.kind == hint.kind]
        speaks = any(hint.handshake_only or not other.handshake_only for other in alike)
        certain = any(other.evidence.certain and not other.handshake_only for other in found)
        if not speaks and (hint.evidence.certain or not certain):
            found.append(hint)
    return replace(hop, hints=tuple(found))


def silence(hop: NginxLocation) -> NginxLocation:
    """A location that no request reaches: nothing says that a stream crosses it."""
    return replace(hop, hints=(), paths=(), assumable=False)


class Handed(msgspec.Struct, frozen=True):
    """What became of the hints of a server. heard: the places of comments that some location took. refused: streams that
    nginx answers by itself, each with what answers them."""

    hops: dict[int, NginxLocation]
    heard: set[Location]
    refused: list[tuple[Directive | None, Unknown]]


def hand_over(server: VirtualServer, processing: Processing) -> Handed:
    """Give what locations say of streams to those that nginx sends their requests to; hops by the identity of their block."""
    places = [place for top in server.places for place in top.walk()]
    expressions = any(place.is_expression for place in places)
    hops: dict[int, NginxLocation] = {}
    given: dict[int, list[Hint]] = {}
    silent: set[int] = set()
    heard: set[Location] = set()
    refused: list[tuple[Directive | None, Unknown]] = []
    closed: list[tuple[Directive | None, Unknown]] = []
    for place in places:
        block: NginxBlock = place.block
        hop = block.hop
        if isinstance(hop, NginxLocation):
            hops[id(block)] = hop
        other = overshadowing(server, place) if expressions else None
        closing = processing.find_closing(block) if hop is not None else None
        is_plain = closing is None and not block.runs_code and "try_files" not in block.level.by_name
        if hop is not None and other is None and is_plain:
            continue
        kinds = [kind for kind in _KINDS if hop is not None and other is None and _keeps(processing, place, kind)]
        if not kinds:
            silent.add(id(block))
        elif isinstance(hop, NginxLocation) and len(kinds) < len(_KINDS):
            hops[id(block)] = _narrow(hop, kinds)
        for hint in _telling(place):
            if hint.kind in kinds:
                continue
            ends = list(_ends(processing, other or place, place, hint.kind))
            if closing is not None and not ends:
                refused.append((closing.at, _describe_closed(place, hint.evidence.because, closing)))
            for end in ends:
                given.setdefault(id(end), []).append(hand_on(hint, place))
                heard |= {hint.evidence.where} if hint.evidence.where else set()
                if end.hop is not None and isinstance(end.hop, NginxLocation):
                    hops.setdefault(id(end), end.hop)
        if closing is not None and isinstance(hop, NginxLocation) and hop.assumable and not hop.hints:
            closed.append((closing.at, _describe_closed(place, "a catch-all is where a chat answer would go", closing)))
    changed = {key: join(hops[key], hints) for key, hints in given.items() if key in hops}
    changed |= {key: silence(hops[key]) for key in silent & hops.keys()}
    return Handed({**hops, **changed}, heard, [*refused, *closed])


def _describe_closed(place: LocationEntry, because: str, closing: Answer) -> Unknown:
    """A stream that is to be expected at a location that answers everything by itself."""
    location = place.block.directive
    why = f"{because}, and nginx answers {closing.code} to whatever comes here: {closing.because}"
    remedy = "let requests pass where a stream is meant to"
    if closing.at is not None and closing.at.name.endswith("_pass") and any("$" in word for word in closing.at.args):
        remedy = (
            "name the `resolver` that looks the name up (Docker's own is 127.0.0.11), or an `upstream` of that name"
        )
    remedy += ", or say `streams: []` in infralint.yaml"
    return Unknown(location.where, location.written, why, remedy)


_KINDS: tuple[StreamKind, ...] = ("sse", "websocket")


def _keeps(processing: Processing, place: LocationEntry, kind: StreamKind) -> bool:
    """Whether requests that come to a location may be handed on by it."""
    block: NginxBlock = place.block
    paths: Sequence[str | None] = [None] if place.modifier == "@" else sample_paths(place) or [None]
    return any(processing.hands_on(block, Request(kind, path or ""), path) for path in paths)


def _narrow(hop: NginxLocation, kinds: Sequence[StreamKind]) -> NginxLocation:
    """A hop that carries streams of some kinds alone."""
    hints = tuple(hint for hint in hop.hints if hint.kind in kinds)
    return replace(hop, hints=hints, assumable=hop.assumable and "sse" in kinds)


def _telling(place: LocationEntry) -> list[Hint]:
    """What a location says of a stream: all that its hop gives away, else its declarations or its name."""
    block: NginxBlock = place.block
    if block.directive is None or block.internal is not None:
        return []
    hints = list(block.hop.hints) if block.hop is not None else list(find_declarations(block.directive))
    return hints or list(hints_by_name(place))


def _ends(
    processing: Processing, chosen: LocationEntry, place: LocationEntry, kind: StreamKind
) -> Iterator[NginxBlock]:
    """The blocks where requests end that are made for one location and that nginx gives to another, or to itself."""
    found: dict[int, NginxBlock] = {}
    for path in sample_paths(place)[:2]:
        for way in processing.ways_from(chosen, Request(kind, path)):
            if way.block is not None:
                found[id(way.block)] = way.block
    return iter(found.values())
