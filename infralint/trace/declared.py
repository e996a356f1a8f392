"""Declared streams: where they may begin, and what is to be said of those that come nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from infralint.model import STRONG, Crossing, Hop, Match, Node, Request, Stream, Trace
from infralint.project.config import Settings
from infralint.trace.paths import samples
from infralint.trace.streams import declared_streams
from infralint.trace.topology import Topology


def find_starts(topology: Topology, stream: Stream) -> list[Node]:
    """The nodes that a stream may come to first: the entries; the others, where no entry takes it or surely answers it."""
    entries = topology.entry_nodes
    paths = samples(stream.path)
    for node in entries:
        for match in _matches_at(topology, node, stream, paths):
            if match.hop is not None or (match.answer is not None and match.certain):
                return entries
    entering = {id(node) for node in entries}
    return [node for node in topology.nodes if id(node) not in entering] or entries


def _matches_at(topology: Topology, node: Node, stream: Stream, paths: Sequence[str]) -> Iterator[Match]:
    """What becomes of a stream's requests, for these paths, at a node that they come to first."""
    for path in paths:
        yield from node.route(Request(stream.kind, path, stream.host, topology.entry_address(node)))


def find_unmet(
    settings: Settings, topology: Topology, crossed: Iterable[Crossing[Hop]]
) -> Iterator[tuple[Stream, str]]:
    """Declared streams that no hop of the project could serve: a path that is mistyped, or hops that are not here.

    Each with who answers instead (`edge/nginx.conf answers 404`), where one surely does.
    """
    met: dict[str, dict[int, Stream]] = {}
    for crossing in crossed:
        if crossing.stream.evidence.kind == "declared":
            met.setdefault(crossing.stream.path, {})[id(crossing.stream)] = crossing.stream
    for stream in declared_streams(settings):
        if stream not in met.get(stream.path, {}).values():
            paths = samples(stream.path)
            answers = (
                f"{node.name} answers {match.answer.value}"
                for node in topology.entry_nodes
                for match in _matches_at(topology, node, stream, paths)
                if match.answer is not None and match.certain
            )
            yield stream, next(answers, "")


def find_unserved(crossed: Iterable[Crossing[Hop]]) -> Iterator[tuple[Stream, str, bool]]:
    """Declared streams that a hop passes on and that no way of theirs leads to the origin, each with who answers
    (`inner/nginx.conf answers 404`), or how it goes round, and whether that is sure."""
    traces: dict[int, list[Trace]] = {}
    for crossing in crossed:
        if crossing.stream.evidence.kind == "declared":
            traces.setdefault(id(crossing.stream), []).append(crossing.trace)
    for ways in traces.values():
        if all(trace.is_dead_end for trace in ways):
            ending = ways[0].ending
            because = ending.answer.because if ending is not None and ending.answer is not None else ""
            reason = f"{ways[0].end_reason}: {because}" if because else ways[0].end_reason
            yield ways[0].stream, reason, all(trace.is_sure for trace in ways)


def find_untold(crossed: Iterable[Crossing[Hop]]) -> Iterator[tuple[Stream, str]]:
    """Declared streams that surely come to where it can't be told what becomes of them, each with the reason."""
    for crossing in crossed:
        trace, ending = crossing.trace, crossing.trace.ending
        if crossing.stream.evidence.kind != "declared" or trace.end != "unknown" or crossing.position:
            continue
        if ending is None or not trace.is_certain(len(trace.legs) - 1):
            continue
        if ending.basis is None:
            yield crossing.stream, ending.reasons[0]
        elif ending.basis in STRONG:
            yield crossing.stream, f"{ending.node} gets {ending.request.path}, and {ending.reasons[0]}"


def find_undialled(settings: Settings, topology: Topology, crossed: Iterable[Crossing[Hop]]) -> Iterator[Node]:
    """Nodes that no client comes to first, and that none of the ways that are known leads through, where streams are
    declared: what dials them stands elsewhere."""
    passed = {id(crossing.hop) for crossing in crossed}
    inner = [node for node in topology.nodes if node.inner and passed.isdisjoint(id(hop) for hop in node.hops)]
    yield from inner if declared_streams(settings) else ()


def find_lost(settings: Settings, topology: Topology) -> Iterator[tuple[Stream, str]]:
    """Declared streams that an entry may send where nobody can tell, each with the reason."""
    streams = declared_streams(settings)
    entries = topology.entry_nodes if streams else []
    for stream in streams:
        paths = samples(stream.path)
        for node in entries:
            for match in _matches_at(topology, node, stream, paths):
                if match.hop is None and match.answer is None and match.reasons:
                    yield stream, match.reasons[-1]
