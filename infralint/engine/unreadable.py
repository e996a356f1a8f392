"""What a run could not read, whoever asks: files, folders, and what a platform refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from infralint.engine.ignores import find_mistyped
from infralint.engine.registry import Check, built_in_names
from infralint.model import Reading, Unknown, Unreadable
from infralint.project import Project
from infralint.project.walking import LEADS_NOWHERE
from infralint.sources import OPTIONAL, UNMISTAKABLE
from infralint.trace.topology import Topology


def list_unreadable(
    project: Project,
    readings: Sequence[Reading],
    topology: Topology,
    checks: Sequence[Check],
    paths: Iterable[str],
    answers: Iterable[object] = (),
) -> list[Unreadable]:
    """What could not be read, or names nothing, each once, in the order of their places. paths: of files in which comments
    may ignore a check. answers: of the checks; what they or a hop refuse at a place that its file is refused for is told already."""
    files = list(_unreadable_files(project, readings))
    places = {entry.where for entry in files}
    refusals = chain.from_iterable(hop.refusals for reading in readings for hop in reading.hops)
    found = [
        *files,
        *(refusal for refusal in _refusals_among(chain(refusals, answers)) if refusal.where not in places),
        *_mistaken_names(project, topology),
        *find_mistyped(project, paths, [*built_in_names(), *(check.name for check in checks)]),
        *project.guard.caught,
    ]
    distinct = {(entry.where, entry.message): entry for entry in found}
    return sorted(distinct.values(), key=lambda entry: entry.where)


def _mistaken_names(project: Project, topology: Topology) -> Iterator[Unreadable]:
    """Names under `chains:` and `entry:` that stand for nothing."""
    if project.settings.chains or project.settings.entry:
        from infralint.engine.mistaken_names import mistaken_names

        yield from mistaken_names(project, topology)


def _unreadable_files(project: Project, readings: Sequence[Reading]) -> Iterator[Unreadable]:
    """What sources could not read, and what is no file though it is called like one."""
    for reading in readings:
        yield from reading.unreadable
    yield from project.unlisted_folders()
    for path, problem in sorted(project.unread.items()):
        yield project.unreadable(path, problem)
    yield from _no_files(project)


def _no_files(project: Project) -> Iterator[Unreadable]:
    """What has the name of a file that would be read, and is none: a link to nothing, a pipe."""
    for path, reason in project.tree.odd.items():
        if UNMISTAKABLE.search(path) and not (reason == LEADS_NOWHERE and OPTIONAL.search(path)):
            yield project.unreadable(path, reason)


def _refusals_among(answers: Iterable[object]) -> Iterator[Unreadable]:
    """What a platform refuses, also of a setting that no check of this run asks about."""
    for answer in answers:
        if isinstance(answer, Unknown) and answer.refused:
            yield Unreadable(answer.why, answer.where)
