"""Whose stream it is: what a location says of one belongs to the location that nginx hands its requests to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from infralint.model import STRENGTH, Evidence, Hint
from infralint.sources.nginx import choose
from infralint.sources.nginx.choose import Place, VirtualServer
from infralint.sources.nginx.hops import NginxLocation
from infralint.text.expressions import matching
from infralint.text.stream_names import stream_name

if TYPE_CHECKING:
    from infralint.sources.nginx.build import BuiltLocation


def own_paths(place: Place) -> list[str]:
    """Paths that a location is written for: its pattern and one below it, or what its expression matches."""
    if place.modifier in ("~", "~*"):
        try:
            return [one for one in matching(place.pattern) if one.startswith("/")]
        except re.error:
            return []
    if place.modifier in ("=", "@"):
        return [place.pattern]
    return [place.pattern, f"{place.pattern.rstrip('/')}/x"]


def taker(server: VirtualServer, place: Place) -> Place | None:
    """The location that nginx chooses in a location's stead, for its own paths; None where it may choose this one.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#location
    """
    if place.modifier not in ("", "^~", "=") or place.open or any(one.open for one in server.places):
        return None
    chosen = [choose.choose_locations(server.places, path, not server.keeps_slashes) for path in own_paths(place)]
    first = chosen[0][0] if chosen[0] else None
    sure = all(found and found[0] is first and not first.held for found in chosen)
    return first if sure and first is not place else None


def told_by_name(place: Place) -> Hint | None:
    """What the path of a location says of a stream."""
    named = stream_name(place.pattern)
    if named is None:
        return None
    because = f"the path {place.pattern} says {named.word}"
    return Hint(named.kind, Evidence("name", because, place.tag.block.where), named.session)


def handed(hint: Hint, by: BuiltLocation) -> Hint:
    """A hint of one location, as it is told of the location that nginx sends its requests to."""
    because = re.sub(r" for it$", f" for {by.block.written}", hint.evidence.because)
    said = Evidence(hint.evidence.kind, f"{because}, and nginx sends {by.pattern} here", hint.evidence.where)
    path = hint.path or (by.pattern if by.pattern.startswith("/") else "")
    return replace(hint, evidence=said, path=path)


def joined(hop: NginxLocation, given: Sequence[Hint]) -> NginxLocation:
    """A location that carries what others hand to it; a name counts where it says nothing of its own."""
    own = hop.hints or any(stream_name(path) for path in hop.paths)
    heeded = [hint for hint in given if hint.evidence.certain or not own]
    found: dict[str, Hint] = {}
    for hint in sorted((*hop.hints, *heeded), key=lambda one: STRENGTH.index(one.evidence.kind)):
        if hint.evidence.certain or not any(one.evidence.certain for one in found.values()):
            found.setdefault(hint.kind, hint)
    return replace(hop, hints=tuple(found.values())) if heeded else hop


def silenced(hop: NginxLocation) -> NginxLocation:
    """A location that no request reaches: nothing says that a stream crosses it."""
    return replace(hop, hints=(), paths=(), assumable=False)


def every(places: Sequence[Place]) -> Iterator[Place]:
    """Locations with those nested in them."""
    for place in places:
        yield place
        yield from every(place.nested)
