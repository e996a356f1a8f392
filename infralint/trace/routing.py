"""Which streams cross which hops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from infralint.model import CERTAIN_EVIDENCE, Crossing, Hop, Node, Reading, Stream
from infralint.project.config import Settings
from infralint.text.expressions import matching
from infralint.trace.streams import assumed_at, declared, hints_of, stream_at

Pair = tuple[Hop, bool]


def crossings(settings: Settings, readings: Sequence[Reading]) -> list[Crossing[Hop]]:
    """Every stream on every hop that could serve it."""
    tiers = [(reading.platform, tier) for reading in readings for tier in reading.nodes]
    found = [one for stream in declared(settings) for one in _chained(stream, _crossed(stream, tiers))]
    if settings.streams == []:
        return []
    hinted = [*_sighted([one for reading in readings for one in reading.streams], tiers), *_hinted(settings, tiers)]
    if settings.streams is not None:
        covered = {id(one.hop) for one in found}
        hinted = [one for one in hinted if one.stream.evidence.certain and id(one.hop) not in covered]
    found += hinted
    if settings.streams is None and settings.assume != "off":
        found += _assumed(settings, tiers, found)
    return found


def unmet(settings: Settings, readings: Sequence[Reading]) -> list[Stream]:
    """Declared streams that no hop of the project could serve: a path that is mistyped, or hops that are not here."""
    tiers = [(reading.platform, tier) for reading in readings for tier in reading.nodes]
    return [stream for stream in declared(settings) if tiers and not _crossed(stream, tiers)]


def _crossed(stream: Stream, tiers: Iterable[tuple[str, Node]]) -> list[Pair]:
    """The hops of a stream; what the user names for it is certain."""
    pairs = [pair for _, tier in tiers for pair in _through(stream, tier)]
    return [(hop, True) for hop, _ in pairs if _is_named(hop, stream.hops)] if stream.hops else pairs


def _through(stream: Stream, tier: Node) -> list[Pair]:
    """The hops of a tier that any request of the stream would reach; certain when all of them reach the same."""
    answers = [list(tier.serving(stream.kind, stream.host, path)) for path in samples(stream.path)]
    every = {id(hop): hop for answer in answers for hop, _ in answer}
    sure = [id(hop) for answer in answers for hop, certain in answer if certain]
    return [(hop, sure.count(key) == len(answers)) for key, hop in every.items()]


def _is_named(hop: Hop, names: Iterable[str]) -> bool:
    return any(fnmatchcase(own, name) for name in names for own in (hop.name, *hop.hosts, hop.where.path, *hop.aliases))


def _chained(stream: Stream, pairs: Sequence[Pair]) -> Iterator[Crossing[Hop]]:
    """A crossing a hop; hops of one platform stand side by side, those of others before or behind."""
    platforms = {hop.platform for hop, _ in pairs}
    others = {name: tuple(hop for hop, _ in pairs if hop.platform != name) for name in platforms}
    for hop, certain in pairs:
        yield Crossing(stream, hop, certain, (hop, *others[hop.platform]))


def _sighted(streams: Iterable[Stream], tiers: Sequence[tuple[str, Node]]) -> Iterator[Crossing[Hop]]:
    """Streams of application code on a platform's tier, if that leads to one backend; nothing says which of several it is."""
    for stream in streams:
        pairs = []
        for platform in dict.fromkeys(name for name, _ in tiers):
            serving = [tier for name, tier in tiers if name == platform and _through(stream, tier)]
            if len(serving) == 1 and _leads_one_way(serving[0]):
                pairs += [(hop, False) for hop, _ in _through(stream, serving[0])]
        yield from _chained(stream, pairs)


def _leads_one_way(tier: Node) -> bool:
    """Whether all that a tier passes on goes to one backend."""
    hops = list(tier.hops)
    alone = len(hops) == 1 or (len({hop.upstream for hop in hops}) == 1 and bool(hops[0].upstream))
    return alone and all(hop.kind != "function" for hop in hops)


def _hinted(settings: Settings, tiers: Sequence[tuple[str, Node]]) -> Iterator[Crossing[Hop]]:
    """Streams that hops give away: certain there, possible on every hop of another platform before or behind."""
    servers = [(name, tier) for name, tier in tiers if not any(hop.kind == "function" for hop in tier.hops)]
    for platform, tier in tiers:
        elsewhere = [(name, other) for name, other in servers if name != platform]
        for hop in tier.hops:
            for hint in hints_of(hop):
                stream = stream_at(settings, hop, hint)
                others = [(other, False) for other, _ in _crossed(stream, elsewhere if hop.kind != "function" else ())]
                yield from _chained(stream, [(hop, True), *others])


def _assumed(
    settings: Settings, tiers: Sequence[tuple[str, Node]], known: Sequence[Crossing[Hop]]
) -> Iterator[Crossing[Hop]]:
    """Catch-alls in scopes of which nothing better is known."""
    spoken = {
        one.hop.scope for one in known if one.stream.kind == "sse" and one.stream.evidence.kind in CERTAIN_EVIDENCE
    }
    named = {id(one.hop) for one in known if one.stream.kind == "sse"}
    for _, tier in tiers:
        for hop in tier.hops:
            if hop.assumable and hop.scope not in spoken and id(hop) not in named:
                yield Crossing(assumed_at(settings, hop), hop, True, (hop,))


def samples(path: str) -> list[str]:
    """Concrete paths that a declared path, glob or regular expression (after `~`) stands for."""
    if path.startswith("~"):
        found = [one for one in matching(path[1:]) if one.startswith("/")]
        return found or ["/"]
    if "*" not in path:
        return [path]
    filled = [re.sub(r"\*+", word, path) for word in ("x", "x/y" if path.endswith("**") else "z")]
    return [one if one.startswith("/") else f"/{one}" for one in dict.fromkeys(filled)]
