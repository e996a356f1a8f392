"""What becomes of a stream on each of its ways: the checks are asked about every hop, and their answers are the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec
from msgspec.structs import replace

from infralint.engine.asking import ask_of_crossing
from infralint.engine.ignores import apply_ignores, find_addressing, ignores_of
from infralint.engine.mistaken_names import no_node
from infralint.engine.outcomes import REDIRECTS, TracedStream, TracedWay
from infralint.engine.registry import Check
from infralint.engine.report import lies_in_any, once_a_cause
from infralint.engine.unreadable import list_unreadable
from infralint.model import (
    SEVERITIES,
    STRENGTH,
    Crossing,
    Evidence,
    Finding,
    Hop,
    Location,
    Node,
    Reading,
    Stream,
    StreamKind,
    Trace,
    Unfollowed,
    Unknown,
    Unreadable,
    list_seen,
)
from infralint.project import Project
from infralint.project.needs import needs
from infralint.text.globs import matches_text
from infralint.text.suggestions import closest
from infralint.text.wording import listing
from infralint.trace.crossings import crossings, topology_of
from infralint.trace.losses import losses_of
from infralint.trace.lost_ports import lost_ports_of
from infralint.trace.topology import Topology
from infralint.trace.unreached import why_unreached
from infralint.trace.ways import ASKED, StreamWay, all_ways, way_identity, ways_of_path

MOST_LEGS = 3000
"""Of the ways of all streams that are shown together: some hundred pages."""
MOST_NAMED = 6
"""Hosts or paths that are named where a request meets none."""


def trace_ways(
    ways: Iterable[StreamWay], topology: Topology, checks: Sequence[Check], project: Project
) -> list[TracedWay]:
    """Each way with what the checks say of it."""
    return [_trace_way(way, topology, checks, project) for way in ways]


def _trace_way(way: StreamWay, topology: Topology, checks: Sequence[Check], project: Project) -> TracedWay:
    findings: list[Finding] = []
    unknown: list[tuple[int, Unknown]] = []
    for crossing in way.crossings():
        for answer in ask_of_crossing(checks, crossing, project.guard, lambda _: "warning"):
            if isinstance(answer, Finding):
                findings.append(answer)
            elif (crossing.position, answer) not in unknown:
                unknown.append((crossing.position, answer))
    if project.settings.streams is None and (unreached := why_unreached(topology, way.trace)) is not None:
        unknown.append((0, unreached))
    unknown += losses_of(way.trace)
    unknown += lost_ports_of(topology, way.trace)
    kept, suppressed = apply_ignores(
        findings, ignores_of(project, {path for finding in findings for path in _paths(finding)})
    )
    ignored = tuple(suppression.finding for suppression in suppressed)
    kept.sort(key=_loudness)
    return TracedWay(way, topology, tuple(kept), ignored, tuple(unknown))


def group_by_stream(ways: Iterable[TracedWay]) -> list[TracedStream]:
    """The ways by what a browser asks for, the worst stream first; evidence of the code makes what a name says needless."""
    groups: dict[object, list[TracedWay]] = {}
    for way in _without_second_readings(_without_weaker(list(ways))):
        groups.setdefault((way.stream.kind, *_first_request(way.trace)), []).append(way)
    streams = [_stream_of(group) for group in groups.values()]
    return sorted(streams, key=lambda stream: (stream.verdict.rank, stream.path, stream.host or "", stream.stream.kind))


def _stream_of(ways: Sequence[TracedWay]) -> TracedStream:
    """Ways of one request, the worst first: those that are known for several reasons are told once, on the best evidence."""
    ordered = sorted(ways, key=lambda way: (way.stream.handshake_only, STRENGTH.index(way.stream.evidence.kind)))
    together: dict[object, TracedWay] = {}
    for way in ordered:
        known = together.get(way_identity(way.trace))
        together[way_identity(way.trace)] = way if known is None else _join_ways(known, way)
    host, path = _first_request(ordered[0].trace)
    distinct = [way for way in together.values() if not _is_sent_to_https(way)] or list(together.values())
    return TracedStream(ordered[0].stream, host, path, tuple(sorted(distinct, key=lambda way: way.rank)))


def _join_ways(way: TracedWay, other: TracedWay) -> TracedWay:
    """One way with what was found on it for another reason, too: of what both say, the louder."""
    loudest: dict[object, Finding] = {}
    for finding in sorted((*way.findings, *other.findings), key=_loudness):
        loudest.setdefault((finding.check, finding.location, finding.provenance.position), finding)
    findings = sorted(loudest.values(), key=_loudness)
    unknown = tuple(dict.fromkeys((*way.unknown, *other.unknown)))
    return replace(way, findings=tuple(findings), unknown=unknown)


def _loudness(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), finding.provenance.position


def _is_sent_to_https(way: TracedWay) -> bool:
    """Whether a way ends where plain HTTP is sent to HTTPS, which asks the same anew."""
    ending = way.trace.ending
    if way.trace.legs or ending is None or ending.answer is None:
        return False
    code, _, target = ending.answer.value.partition(" ")
    return code in REDIRECTS and target.startswith("https://") and _path_in(target) in (ending.request.path, "/#{path}")


def _path_in(address: str) -> str:
    """The path of an address."""
    _, slash, path = address.removeprefix("https://").partition("/")
    return f"{slash}{path}".partition("?")[0].partition(":#{query}")[0]


def _without_second_readings(ways: Sequence[TracedWay]) -> list[TracedWay]:
    """The ways but those of code that is known by the platform that runs it, and that nothing else leads to."""
    run: set[str] = set()
    for way in ways:
        last = way.trace.legs[-1].hop if way.trace.legs else None
        if last is not None and last.origin and not last.of_code:
            run |= {last.where.path, way.stream.evidence.because}

    def is_read_twice(way: TracedWay) -> bool:
        if len(way.trace.legs) != 1 or not way.trace.legs[0].hop.of_code:
            return False
        return not run.isdisjoint((way.trace.legs[0].hop.where.path, way.stream.evidence.because))

    return [way for way in ways if not is_read_twice(way)]


def _first_request(trace: Trace) -> tuple[str | None, str]:
    """What the browser asks for: host and path, as a pattern where its route is known as one."""
    first = trace.legs[0].inbound if trace.legs else trace.ending.request if trace.ending else None
    if first is None:
        return trace.stream.host, trace.stream.path
    is_sighted_there = trace.anchor == 0 and trace.stream.path.startswith(("/", "**"))
    path = trace.stream.path if is_sighted_there else trace.stream_as_asked.path if trace.anchor else first.path
    return first.host or trace.stream.host, path


def _without_weaker(ways: Sequence[TracedWay]) -> list[TracedWay]:
    """The ways but those that only a hint of a hop speaks for, where a better known stream passes that hop, or where the
    application behind it is asked for the same as a stream of the other kind."""
    strong = [way for way in ways if way.stream.evidence.kind in ("declared", "source")]
    known: set[tuple[str, int]] = {(way.stream.kind, id(leg.hop)) for way in strong for leg in way.trace.legs}
    asked = {_first_request(way.trace) for way in strong}

    def is_weaker(way: TracedWay) -> bool:
        if way.stream.evidence.kind in ("declared", "source") or not way.trace.legs:
            return False
        if way.trace.ending is not None and way.trace.ending.is_silent and _first_request(way.trace) in asked:
            return True
        return (way.stream.kind, id(way.trace.legs[way.trace.anchor].hop)) in known

    return [way for way in ways if not is_weaker(way)]


def _paths(finding: Finding) -> Iterator[str]:
    """The files in which an ignore of a finding may stand."""
    yield finding.location.path
    if finding.hop is not None:
        yield finding.hop.where.path


class Question(msgspec.Struct, frozen=True):
    """What somebody wants to see. paths: of requests; none: every stream that is known. front: the node that they come
    to first, by name. places: shown paths, through one of which a known stream is to lead; none: all are wanted."""

    paths: tuple[str, ...] = ()
    host: str | None = None
    kind: StreamKind | None = None
    front: str = ""
    places: tuple[str, ...] = ()


class TraceReport(msgspec.Struct):
    """All that a run of `infralint trace` has to say.

    asked: paths were given; else these are all streams that are known. unknown, unreadable: of the whole project. seen:
    what stands here and is not read yet; unfollowed: what may hold a stream or a hop that is not seen, with why.
    elsewhere: how many known streams of the project pass none of the places that were asked about. left_out: how many
    do, none of them worse than the last that is here, and are too many to show.
    """

    streams: list[TracedStream] = []
    asked: bool = False
    unknown: list[Unknown] = []
    unreadable: list[Unreadable] = []
    seen: list[str] = []
    unfollowed: list[Unfollowed] = []
    elsewhere: int = 0
    left_out: int = 0

    @property
    def findings(self) -> list[Finding]:
        return [finding for stream in self.streams for finding in stream.findings]


class NoSuchNode(ValueError):
    """A name that no node has; says what is meant perhaps."""


def trace(project: Project, readings: Sequence[Reading], checks: Sequence[Check], question: Question) -> TraceReport:
    """The ways of what is asked for. Raises NoSuchNode."""
    settings = project.settings
    topology = topology_of(readings, settings)
    fronts, elsewhere, left_out = _fronts(topology, question.front), 0, 0
    if question.paths:
        ways = {
            path: ways_of_path(settings, topology, path, question.host, question.kind, fronts)
            for path in question.paths
        }
        traced = [way for found in ways.values() for way in trace_ways(found, topology, checks, project)]
        streams = group_by_stream(traced)
        streams += [_nobody(project, topology, path, question) for path, found in ways.items() if not found]
    else:
        streams = known_streams(project, topology, checks, crossings(settings, readings, topology))
        known = [stream for stream in streams if _is_wanted(stream, question, fronts)]
        streams = [stream for stream in known if _passes(stream, question.places)]
        elsewhere = len(known) - len(streams)
        shown = _count_shown(streams)
        streams, left_out = streams[:shown], len(streams) - shown
    paths = find_addressing(project, (path for reading in readings for path in reading.files))
    unreadable = list_unreadable(project, readings, topology, checks, paths)
    unknown = once_a_cause(unknown for reading in readings for unknown in reading.unknown)
    unfollowed = sorted({entry for reading in readings for entry in reading.unfollowed})
    places = question.places if not question.paths else ()
    return TraceReport(
        streams,
        bool(question.paths),
        [entry for entry in unknown if _lies_in(entry.where, places)],
        [entry for entry in unreadable if _lies_in(entry.where, places)],
        list_seen(readings),
        [entry for entry in unfollowed if _lies_in(entry.where, places)],
        elsewhere,
        left_out,
    )


def _count_shown(streams: Sequence[TracedStream]) -> int:
    """How many of some streams are shown: the first, and as many as have not too many legs together."""
    legs = accumulate(sum(len(way.trace.legs) for way in stream.ways) for stream in streams)
    return max(min(1, len(streams)), sum(count <= MOST_LEGS for count in legs))


def known_streams(
    project: Project,
    topology: Topology,
    checks: Sequence[Check],
    crossed: Sequence[Crossing[Hop]],
) -> list[TracedStream]:
    """Every stream that is known with its ways, the worst first. crossed: as they are judged."""
    return group_by_stream(trace_ways(all_ways(topology, project.settings, crossed), topology, checks, project))


def _fronts(topology: Topology, name: str) -> list[Node]:
    """The nodes of a name; none where none is asked for. Raises NoSuchNode."""
    found = topology.nodes_named(name) if name else []
    if name and not found:
        raise NoSuchNode(no_node(topology, name))
    return found


def _is_wanted(stream: TracedStream, question: Question, fronts: Sequence[Node]) -> bool:
    hops = {id(hop) for node in fronts for hop in node.hops}
    passes = not fronts or any(id(leg.hop) in hops for way in stream.ways for leg in way.trace.legs)
    fits = question.host is None or (stream.host or "").lower() == question.host.lower()
    return passes and fits and question.kind in (None, stream.stream.kind)


def _passes(stream: TracedStream, places: Sequence[str]) -> bool:
    """Whether a stream leads through what is written at one of some places; no place: through whatever."""
    hops = [leg.hop for way in stream.ways for leg in way.trace.legs]
    return any(_lies_in(hop.where, places) for hop in hops) or not places


def _lies_in(where: Location, places: Sequence[str]) -> bool:
    return not places or lies_in_any(where.path, places)


def _nobody(project: Project, topology: Topology, path: str, question: Question) -> TracedStream:
    """A request that no node takes."""
    silence, duration, heartbeat = needs(project.settings)
    evidence = Evidence("declared", ASKED)
    stream = Stream(question.kind or "sse", path, evidence, silence, duration, question.host, heartbeat=heartbeat)
    return TracedStream(stream, question.host, path, unserved=_why_unserved(topology, path, question.host))


def _why_unserved(topology: Topology, path: str, host: str | None) -> str:
    """What to say of a request that nothing takes: what is taken instead, the most alike first."""
    hops = [hop for node in topology.entry_nodes for hop in node.hops]
    hosts = sorted({name for hop in hops for name in hop.hosts})
    nothing = "nothing that was read here takes such a request"
    if host is not None and hosts and not any(matches_text(host, name) for name in hosts):
        near = closest(host, hosts)
        meant = f"did you mean {near}?" if near else f"there is {listing(hosts, most=MOST_NAMED)}"
        return f"{nothing}: no host is called {host}; {meant}"
    paths = sorted({known for hop in hops for known in hop.paths if known})
    near = closest(path, paths)
    if near:
        return f"{nothing}; did you mean {near}?"
    return f"{nothing}; there is {listing(paths, most=MOST_NAMED)}" if paths else nothing
