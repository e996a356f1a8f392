"""The engine: sources, routing, checks and policy, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from infralint.model import Crossing, Finding, Hop, Location, Reading, Settled, Unknown, Unreadable
from infralint.policy import one_a_cause, weighed
from infralint.project import Project
from infralint.registry import Check
from infralint.routing import crossings
from infralint.sources import SOURCES


@dataclass
class Report:
    """All that a run has to say.

    read: files by platform. hops, assumed: how many. seen: what stands here and is not read yet.
    texts: what was read under names that are no files (standard input, dumps).
    """

    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    read: dict[str, list[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    hops: int = 0
    assumed: int = 0
    texts: dict[str, str] = field(default_factory=dict)

    def touching(self, paths: Sequence[str]) -> Report:
        """Only what touches one of the paths (files, or folders and all below)."""
        if "" in paths:
            return self
        return replace(
            self,
            findings=[one for one in self.findings if any(_below(place, paths) for place in _places(one))],
            unknown=[one for one in self.unknown if _below(one.where.path, paths)],
            unreadable=[one for one in self.unreadable if _below(one.where.path, paths)],
        )

    def joined(self, other: Report) -> Report:
        """Both reports in one, in a stable order."""
        return Report(
            findings=sorted(self.findings + other.findings, key=order),
            unknown=self.unknown + other.unknown,
            unreadable=self.unreadable + other.unreadable,
            read={name: self.read.get(name, []) + other.read.get(name, []) for name in {**self.read, **other.read}},
            seen=sorted({*self.seen, *other.seen}),
            hops=self.hops + other.hops,
            assumed=self.assumed + other.assumed,
            texts=self.texts | other.texts,
        )


class BrokenCheck(Exception):
    """A check that failed: names the check and what it was asked about."""


def lint(project: Project, checks: Sequence[Check]) -> Report:
    """Judge a project's files."""
    return judge(project, [source.read(project) for source in _wanted(project)], checks)


def _wanted(project: Project) -> Iterator[Any]:
    """The sources that have something to read here; the others are not even imported."""
    for module, names in SOURCES.items():
        matches = re.compile(names).search
        if any(matches(path) for path in project.files):
            yield import_module(module)


def judge(project: Project, readings: Sequence[Reading], checks: Sequence[Check]) -> Report:
    """Judge what sources have read."""
    crossed = crossings(project.settings, readings)
    items = [item for reading in readings for item in reading.items]
    findings: list[Finding] = []
    unknown = [one for reading in readings for one in reading.unknown]
    for check in checks:
        for answer in _answers(check, crossed, items, project):
            (unknown if isinstance(answer, Unknown) else findings).append(answer)  # type: ignore[arg-type]
    return Report(
        findings=sorted(one_a_cause(findings), key=order),
        unknown=_once_a_cause(unknown),
        unreadable=sorted(
            {(u.where, u.message): u for r in readings for u in r.unreadable}.values(), key=lambda u: u.where
        ),
        read={reading.platform: reading.files for reading in readings if reading.files},
        seen=sorted({one for reading in readings for one in reading.seen}),
        hops=sum(len(reading.hops) for reading in readings),
        texts={path: text for reading in readings for path, text in reading.texts.items()},
        assumed=len({id(one.hop) for one in crossed if one.stream.evidence.kind == "assumed"}),
    )


def _answers(
    check: Check, crossed: Iterable[Crossing[Hop]], items: Iterable[object], project: Project
) -> Iterator[Finding | Unknown]:
    for crossing in crossed:
        if check.asks_for(crossing):
            for answer in _asked(check, crossing, f"{crossing.hop.name} at {crossing.hop.where}"):
                yield (
                    answer
                    if isinstance(answer, Unknown)
                    else _settled(weighed(answer, crossing, project.settings), check, crossing)
                )
    for item in items:
        if check.asks_for(item):
            for answer in _asked(check, item, repr(item)[:200]):
                yield answer if isinstance(answer, Unknown) else replace(answer, settled=Settled(check=check.name))


def _asked(check: Check, item: Any, named: str) -> list[Finding | Unknown]:
    try:
        return list(check.function(item) or ())
    except Exception as error:
        raise BrokenCheck(f"check {check.name} failed on {named}: {type(error).__name__}: {error}") from error


def _settled(finding: Finding, check: Check, crossing: Crossing[Hop]) -> Finding:
    return replace(finding, settled=Settled(check=check.name, hop=crossing.hop, stream=crossing.stream))


def _once_a_cause(unknown: Iterable[Unknown]) -> list[Unknown]:
    """One missing include is one cause, however many places it decides."""
    causes: dict[str, dict[Location, Unknown]] = {}
    for one in sorted(unknown, key=lambda one: one.where):
        causes.setdefault(one.why, {}).setdefault(one.where, one)
    firsts = [replace(next(iter(places.values())), places=len(places)) for places in causes.values()]
    return sorted(firsts, key=lambda one: (one.where, one.why))


def order(finding: Finding) -> tuple[Location, str, str]:
    """Findings are listed by place, then check, then hop."""
    return finding.location, finding.check, finding.hop.name if finding.hop else ""


def _places(finding: Finding) -> set[str]:
    hop = {finding.hop.where.path} if finding.hop else set()
    return hop | {finding.location.path} | {related.location.path for related in finding.related}


def _below(path: str, paths: Iterable[str]) -> bool:
    """Whether a shown path is one of the given ones, or below it; `.` is all that needs no way up."""
    return any(
        path == one or path.startswith(f"{one.rstrip('/')}/") or (one == "." and not path.startswith(("../", "/")))
        for one in paths
    )
