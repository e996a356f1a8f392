"""The engine: sources read, traces are made, checks are asked, policy decides how loud; one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from infralint.engine.asking import ask_all
from infralint.engine.ignores import Ignore, apply_ignores, find_addressing, ignores_of, near_miss
from infralint.engine.policy import Assumptions, merge_by_cause, soften_trials
from infralint.engine.reading import read
from infralint.engine.registry import Check, built_in_names
from infralint.engine.report import Judged, Report, once_a_cause, order, with_fingerprints
from infralint.engine.unreadable import list_unreadable
from infralint.model import (
    NOWHERE,
    Crossing,
    Finding,
    Hop,
    Location,
    Node,
    Reading,
    Stream,
    Unfollowed,
    Unknown,
    Unreadable,
    list_seen,
)
from infralint.project import Project
from infralint.project.config import place_of
from infralint.sources import PERHAPS, UNMISTAKABLE
from infralint.text.wording import listing
from infralint.trace.crossings import crossings, topology_of
from infralint.trace.declared import (
    DeclaredWays,
    find_astray,
    find_undialled,
    find_unmet,
    find_unserved,
    find_untold,
    follow_declared,
)
from infralint.trace.losses import find_losses
from infralint.trace.lost_ports import find_lost_ports
from infralint.trace.streams import declared_streams
from infralint.trace.topology import Topology
from infralint.trace.traces import FEW
from infralint.trace.unreached import find_unreached

if TYPE_CHECKING:
    from infralint.engine.outcomes import TracedStream


def lint(project: Project, checks: Sequence[Check], ignoring: bool = True, with_ways: bool = False) -> Report:
    """Judge a project's files. ignoring: heed its ignores. with_ways: tell the whole way of each stream, too."""
    return read_and_judge(project, checks, ignoring, with_ways)[1]


def read_and_judge(
    project: Project, checks: Sequence[Check], ignoring: bool = True, with_ways: bool = False
) -> tuple[list[Reading], Report]:
    """What sources make of a project's files, and what is said of that, as `lint` has it."""
    project.subjects = frozenset(check.subject for check in checks)
    readings = read(project)
    return readings, judge(project, readings, checks, ignoring, with_ways)


def judge(
    project: Project,
    readings: Sequence[Reading],
    checks: Sequence[Check],
    ignoring: bool = True,
    with_ways: bool = False,
) -> Report:
    """Judge what sources have read. with_ways: tell the whole way of each stream, too."""
    guard = project.guard
    topology = topology_of(readings, project.settings)
    declared = follow_declared(project.settings, topology, guard, Location(project.config_name))
    crossed = crossings(project.settings, readings, topology, declared, guard)
    items = [item for reading in readings for item in reading.items]
    assumptions = Assumptions(project, readings, crossed)
    answers = ask_all(checks, crossed, items, project, assumptions.loudness)
    files = {reading.platform: reading.files for reading in readings if reading.files}
    paths = find_addressing(project, (path for found in files.values() for path in found))
    ignores = ignores_of(project, paths) if ignoring else []
    findings = merge_by_cause(answer for answer in answers if isinstance(answer, Finding))
    kept, suppressed = apply_ignores(with_fingerprints(soften_trials(findings, project), project.path_of), ignores)
    kept += with_fingerprints(_of_ignores(checks, items, ignores, project), project.path_of)
    unsure = _doubts_of_ways(project, topology, readings, declared, crossed)
    streams: list[TracedStream] = []
    if with_ways:
        with guard.around(Location(project.shown_path(project.root))):
            streams = _known_streams(project, topology, checks, crossed)
    unreadable = list_unreadable(project, readings, topology, checks, paths, answers)
    return Report(
        findings=sorted(kept, key=order),
        suppressed=suppressed,
        projects=[Judged(project.shown_path(project.root), project.config_shown, project.settings)],
        unknown=once_a_cause([*unsure, *_list_unknown(project, readings, answers)]),
        unreadable=unreadable,
        traces=tuple(guard.traces),
        read=files,
        seen=list_seen(readings),
        unfollowed=_list_unfollowed(project, readings, unreadable),
        skipped=sorted({path for reading in readings for path in reading.skipped}),
        hops=sum(len(reading.hops) for reading in readings),
        crossings=len(crossed),
        texts={path: text for reading in readings for path, text in reading.texts.items()},
        origins={path: file for reading in readings for path, file in reading.origins.items()},
        assumed=len({id(crossing.hop) for crossing in crossed if crossing.stream.evidence.kind == "assumed"}),
        streams=streams,
    )


def _list_unknown(
    project: Project, readings: Sequence[Reading], answers: Sequence[Finding | Unknown]
) -> Iterator[Unknown]:
    """What could not be told of files, and of single hops."""
    yield from project.unused_exclusions()
    for reading in readings:
        yield from reading.unknown
    for answer in answers:
        if isinstance(answer, Unknown) and not answer.refused:
            yield answer


def _list_unfollowed(
    project: Project, readings: Sequence[Reading], unreadable: Sequence[Unreadable]
) -> list[Unfollowed]:
    """What could not be followed, but for files that are named as unreadable."""
    named = {entry.where.path for entry in unreadable}
    found = {*_perhaps_read(project), *(entry for reading in readings for entry in reading.unfollowed)}
    return sorted(entry for entry in found if entry.where.path not in named)


def _perhaps_read(project: Project) -> Iterator[Unfollowed]:
    """What may be meant as a manifest, a template or code, by its name, and is no file."""
    for path, reason in project.tree.odd.items():
        if PERHAPS.search(path) and not UNMISTAKABLE.search(path):
            yield Unfollowed(Location(project.show(path)), reason)


def _known_streams(
    project: Project, topology: Topology, checks: Sequence[Check], crossed: Sequence[Crossing[Hop]]
) -> list[TracedStream]:
    """The whole way of each stream; not loaded for reports that don't show it."""
    from infralint.engine.tracing import known_streams

    return known_streams(project, topology, checks, crossed)


def _unmet(
    project: Project, topology: Topology, declared: Sequence[DeclaredWays], crossed: Sequence[Crossing[Hop]]
) -> Iterator[Unknown]:
    untold = list(find_untold(topology, declared))
    where_of = _places_declared(project)
    for stream, answer in find_unmet(project.settings, topology, crossed, declared):
        if any(stream == other for other, _ in untold):
            continue
        why = f"the declared stream {stream.path} meets no hop that was read here"
        why += f": {answer}" if answer else ""
        otherwise = "check its path, host and hops for typing errors"
        yield Unknown(where_of(stream), "streams", why, _path_to_write(stream, crossed) or otherwise)
    for stream, often, reason in find_unserved(declared):
        why = f"the declared stream {stream.path} {often} to what could send it: {reason}"
        otherwise = "check its path, and what the hops on its way make of it"
        yield Unknown(where_of(stream), "streams", why, _path_to_write(stream, crossed) or otherwise)
    for stream, reason in untold:
        yield Unknown(
            where_of(stream), "streams", f"where the declared stream {stream.path} ends can't be told: {reason}"
        )
    for node in find_undialled(project.settings, topology, crossed):
        why = f"nothing that was read dials {node.name}: whether a declared stream passes it can't be told"
        yield Unknown(node.hops[0].where, "streams", why)


def _places_declared(project: Project) -> Callable[[Stream], Location]:
    """Where infralint.yaml declares each stream."""
    numbers: dict[tuple[str, str, str | None], int] = {}
    for number, stream in enumerate(declared_streams(project.settings)):
        numbers.setdefault((stream.kind, stream.path, stream.host), number)

    def place(stream: Stream) -> Location:
        number = numbers.get((stream.kind, stream.path, stream.host))
        key = "" if number is None else f"$.streams[{number}]"
        return place_of(project.base / project.config_name, project.config_name, key)

    return place


def _doubts_of_ways(
    project: Project,
    topology: Topology,
    readings: Sequence[Reading],
    declared: Sequence[DeclaredWays],
    crossed: Sequence[Crossing[Hop]],
) -> list[Unknown]:
    """What nobody can tell of whole streams: of those that are declared; where none is, of those that code sends."""
    found: list[Unknown] = []
    with project.guard.around(Location(project.shown_path(project.root))):
        found += _unmet(project, topology, declared, crossed)
        if project.settings.streams is None:
            found += find_unreached(topology, crossed)
            found += map(_describe_astray, find_astray(topology, readings))
        found += find_losses(crossed)
        found += find_lost_ports(topology, crossed)
        found += map(_describe_left_out, {id(node): node for node in topology.fronts_left_out}.values())
        found += _describe_unfollowed(topology)
    return found


def _describe_left_out(node: Node) -> Unknown:
    why = (
        f"so many hops send requests on to {node.name}, and so many streams pass it, that not all of their ways are"
        f" followed: of most streams, only those through the first {FEW} of these hops"
    )
    return Unknown(_place_of_node(node), "streams", why, _NAME_STREAMS)


def _place_of_node(node: Node) -> Location:
    """Where the first hop of a node stands, or the first file of one without hops."""
    places = (*(hop.where for hop in node.hops), *map(Location, sorted(node.files)))
    return next(iter(places), NOWHERE)


_NAME_STREAMS = (
    "name the streams that matter under `streams:` in infralint.yaml, with the `host:` they are asked for at"
)


def _describe_unfollowed(topology: Topology) -> Iterator[Unknown]:
    """What is to be said of nodes from which not all ways of all streams were followed."""
    nodes = list(topology.ways_left_out)
    for node in nodes[:1]:
        names = listing([node.name for node in nodes], most=3)
        why = (
            f"so many streams may take so many ways that not all of them are followed from {names}: what a stream meets"
            " on the others is not known"
        )
        yield Unknown(_place_of_node(node), "streams", why, _NAME_STREAMS)
    unasked = (node for node in topology.nodes if node.unasked)
    yield from (Unknown(_place_of_node(node), "streams", node.unasked, _NAME_STREAMS) for node in unasked)


def _describe_astray(astray: tuple[Stream, str]) -> Unknown:
    stream, reason = astray
    why = f"{stream.path} comes to nothing that streams, and {stream.evidence.because}: {reason}"
    remedy = "ask for the path that its code serves, or let the hops on its way keep, or take away, what differs"
    return Unknown(stream.evidence.where or NOWHERE, "streams", why, remedy)


def _path_to_write(stream: Stream, crossed: Iterable[Crossing[Hop]]) -> str:
    """What to write where a stream is declared by the path that only the application knows it by; empty elsewhere."""
    for crossing in crossed:
        found, asked = crossing.stream, crossing.trace.stream_as_asked
        if (found.kind, found.path) == (stream.kind, stream.path) and asked.path != stream.path:
            return f"write the path that browsers ask for: {asked.path}"
    return ""


def _of_ignores(
    checks: Sequence[Check], items: Sequence[object], ignores: Sequence[Ignore], project: Project
) -> list[Finding]:
    """What checks say of the ignores themselves, of those whose checks were run and had something to look at.

    `drift` has nothing where no account is compared with code.
    """
    known = built_in_names()
    ran = {check.name for check in checks if not _looks_at_nothing(check, items, ignores)}
    left_out = set(known) - ran
    judged = [
        ignore
        for ignore in ignores
        if left_out.isdisjoint(ignore.checks) and not any(near_miss(name, known) for name in ignore.checks)
    ]
    answers = ask_all(checks, (), judged, project, lambda _: "note")
    return [answer for answer in answers if isinstance(answer, Finding)]


def _looks_at_nothing(check: Check, items: Sequence[object], ignores: Sequence[Ignore]) -> bool:
    """Whether a check that an ignore names is about a platform's own items, and there are none of its kind."""
    is_named = any(check.name in ignore.checks for ignore in ignores)
    return (
        is_named
        and not check.is_about_streams
        and not any(check.asks_for_items(type(item)) for item in (*items, *ignores))
    )
