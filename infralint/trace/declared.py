"""What is to be said of declared streams that come nowhere, or where nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from infralint.model import NOWHERE, STRONG, Crossing, Hop, Known, Location, Node, Reading, Stream, Trace
from infralint.project.config import Settings
from infralint.project.guard import Guard, around
from infralint.text.globs import find_matching, matches_text
from infralint.text.suggestions import closest
from infralint.trace.paths import is_pattern, samples, stands_for
from infralint.trace.starts import find_starts, matches_at, traces_entering, traces_of_named
from infralint.trace.streams import declared_streams
from infralint.trace.topology import Topology
from infralint.trace.traces import are_many, few_entries


class DeclaredWays(msgspec.Struct, frozen=True):
    """The ways of a declared stream. entering: for each node that it may come to first, the traces of each of its paths;
    named: there, those of paths that hops are written for and that its glob or expression stands for, too.
    complete: none of these nodes, and no such path, was left out, because there are so many, and so many streams.
    """

    stream: Stream
    entering: Sequence[Sequence[Sequence[Trace]]]
    named: Sequence[Sequence[Trace]] = ()
    complete: bool = True

    @property
    def traces(self) -> list[Trace]:
        """Those through a hop, where there are such; where some path that hops are written for is served, none that ends
        without one: nobody need ask for those."""
        every = [trace for paths in self.entering for traces in paths for trace in traces]
        served = [trace for traces in self.named for trace in traces if trace.legs and trace.ending is None]
        if served:
            return [*(trace for trace in every if trace.legs and trace.ending is None), *served]
        return [trace for trace in every if trace.legs] or every


def follow_declared(
    settings: Settings, topology: Topology, guard: Guard | None = None, where: Location = NOWHERE
) -> list[DeclaredWays]:
    """The ways of each declared stream. guard: of each; where: they are declared."""
    found: list[DeclaredWays] = []
    for stream in declared_streams(settings):
        with around(guard, where):
            found.append(_follow(topology, stream, find_starts(topology, stream)))
    return found


def _follow(topology: Topology, stream: Stream, starts: Sequence[Node]) -> DeclaredWays:
    paths, asked = samples(stream.path), few_entries(topology, starts)
    entering = [traces_entering(topology, stream, paths, node) for node in asked]
    named = [list(traces_of_named(topology, stream, node, known)) for node, known in zip(asked, entering, strict=True)]
    is_whole = not (is_pattern(stream.path) and are_many(topology))
    return DeclaredWays(stream, entering, named, is_whole and len(asked) == len(starts))


def is_named(hop: Hop, names: Iterable[str]) -> bool:
    """Whether a hop is called by one of the names, as `hops:` of a declared stream may call it."""
    return any(matches_text(known_as, name) for name in names for known_as in _names_of(hop))


def _names_of(hop: Hop) -> tuple[str, ...]:
    return hop.name, *hop.hosts, hop.where.path, *hop.aliases


def _explain_names(stream: Stream, names: Sequence[str]) -> str:
    """What to say of `hops:` that name nothing; empty where one of them names a hop. names: what hops are called."""
    if not stream.hops or any(find_matching(names, pattern) for pattern in stream.hops):
        return ""
    near = closest(stream.hops[0], names)
    return f"nothing here is called {stream.hops[0]}" + (f"; did you mean {near}?" if near else "")


def is_about(stream: Stream, path: str, host: str | None) -> bool:
    """Whether a declared stream stands for a path."""
    if host is not None and stream.host is not None and host.lower() != stream.host.lower():
        return False
    return stands_for(stream.path, path)


def find_unmet(
    settings: Settings,
    topology: Topology,
    crossed: Iterable[Crossing[Hop]],
    declared: Iterable[DeclaredWays] = (),
) -> Iterator[tuple[Stream, str]]:
    """Declared streams that no hop of the project could serve: a path that is mistyped, or hops that are not here.

    declared: their ways; one that may meet a hop on ways that are not followed is none of these. Each with the name among
    its `hops:` that is nobody's, or who answers instead (`edge/nginx.conf answers 404`), where one surely does.
    """
    met = {crossing.stream.identity for crossing in crossed if crossing.stream.evidence.kind == "declared"}
    met |= {ways.stream.identity for ways in declared if not ways.complete}
    unmet = [stream for stream in declared_streams(settings) if stream.identity not in met]
    hops = (hop for node in topology.nodes for hop in node.hops) if any(stream.hops for stream in unmet) else ()
    names = sorted({name for hop in hops for name in _names_of(hop) if name})
    for stream in unmet:
        paths = samples(stream.path)
        answers = (
            _explain(f"{node.name} answers {match.answer.value}", match.answer)
            for node in few_entries(topology, topology.entry_nodes)
            for match in matches_at(topology, node, stream, paths)
            if match.answer is not None and match.certain
        )
        yield stream, _explain_names(stream, names) or next(answers, "")


def find_unserved(declared: Iterable[DeclaredWays]) -> Iterator[tuple[Stream, str, str]]:
    """Declared streams that a hop passes on and that do not come to what could send them, each with how often that is
    so (`never`), and who answers instead (`inner/nginx.conf answers 404`), or how it goes round."""
    for ways in declared:
        traces = [trace for trace in ways.traces if trace.legs]
        dead = [trace for trace in traces if trace.is_dead_end]
        if dead and len(dead) == len(traces):
            often = "never comes" if ways.complete and all(trace.is_sure for trace in dead) else "may never come"
            yield dead[0].stream, often, _how_it_ends(dead[0])
            continue
        served = {id(trace.legs[0].hop) for trace in traces if not trace.is_dead_end}
        for trace in dead:
            if trace.is_sure and id(trace.legs[0].hop) in served:
                yield trace.stream, "does not always come", _how_it_ends(trace)
                break


def _how_it_ends(trace: Trace) -> str:
    answer = trace.ending.answer if trace.ending is not None else None
    return _explain(trace.end_reason, answer) if answer is not None else trace.end_reason


def _explain(answers: str, answer: Known[str]) -> str:
    """What a node answers by itself, and why: the line that has it do so, where that says it all."""
    reason = answer.because or (f"`{answer.written}`" if answer.written else "")
    return f"{answers}: {reason}" if reason else answers


def find_untold(topology: Topology, declared: Iterable[DeclaredWays]) -> Iterator[tuple[Stream, str]]:
    """Declared streams that surely come to where it can't be told what becomes of them, each with the reasons."""
    for ways in declared:
        reasons = (_why_untold(trace) for trace in ways.traces if _is_open(trace, topology))
        for reason in dict.fromkeys(filter(None, reasons)):
            yield ways.stream, reason


def find_astray(topology: Topology, readings: Iterable[Reading]) -> Iterator[tuple[Stream, str]]:
    """Streams that clients of the project open, and all of whose ways surely come to code that streams nothing there, each
    with the reason."""
    for stream in (stream for reading in readings if not reading.apart for stream in reading.streams):
        if stream.path.startswith("**"):
            continue
        starts = find_starts(topology, stream)
        if stream.host is not None:
            starts = [node for node in starts if stream.host in node.known_as]
        ways = _follow(topology, stream, starts)
        reasons = [_why_untold(trace) if _ends_at_code(trace, topology) else "" for trace in ways.traces]
        if ways.complete and reasons and all(reasons):
            yield stream, reasons[0]


def _ends_at_code(trace: Trace, topology: Topology) -> bool:
    """Whether a way passes a hop, and ends at code that was read, and does not stream there."""
    return bool(trace.legs) and trace.end == "origin" and _is_open(trace, topology)


def _is_open(trace: Trace, topology: Topology) -> bool:
    """Whether a way ends where nobody can tell what comes of it: also at code that was read, and does not stream there."""
    if trace.end != "origin" or trace.ending is None:
        return trace.end == "unknown"
    node = topology.node_called(trace.ending.node)
    return node is not None and node.has_all(trace.stream.kind)


def _why_untold(trace: Trace) -> str:
    """Why it can't be told what becomes of a request on a way; empty where it need not take it, or nothing is to be said."""
    ending = trace.ending
    if ending is None or not trace.is_certain(len(trace.legs) - 1):
        return ""
    if not trace.legs:
        return ending.reasons[-1]
    if ending.basis is None:
        return ending.reasons[0]
    return f"{ending.node} gets {ending.request.path}, and {ending.reasons[0]}" if ending.basis in STRONG else ""


def find_undialled(settings: Settings, topology: Topology, crossed: Iterable[Crossing[Hop]]) -> Iterator[Node]:
    """Nodes that no client comes to first, and that none of the ways that are known leads through, where streams are
    declared: what dials them stands elsewhere."""
    passed = {id(crossing.hop) for crossing in crossed}
    inner = [node for node in topology.nodes if node.inner and passed.isdisjoint(id(hop) for hop in node.hops)]
    yield from inner if declared_streams(settings) else ()
