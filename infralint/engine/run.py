"""The engine: sources, routing, checks and policy, one after the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from infralint.engine.ignores import Ignore, ignores_of, mistyped, near_miss, without_ignored
from infralint.engine.policy import one_a_cause, weighed
from infralint.engine.registry import Check, built_in_names
from infralint.model import Crossing, Finding, Hop, Known, Location, Provenance, Reading, Unknown, Unreadable
from infralint.project import Project
from infralint.sources import SOURCES
from infralint.trace.routing import crossings, unmet


@dataclass
class Report:
    """All that a run has to say.

    fixed: what was put right. read: files by platform. gone: entries of the baseline whose findings
    are no more. hops, assumed, ignored, known (to the baseline): how many. seen: what stands here and
    is not read yet. skipped: files that were passed over, with why. idle: given paths that hold
    nothing to read.
    texts: what was read under names that are no files (standard input, dumps); origins: the
    file that each of these came from.
    """

    findings: list[Finding] = field(default_factory=list)
    fixed: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    read: dict[str, list[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    hops: int = 0
    assumed: int = 0
    ignored: int = 0
    known: int = 0
    gone: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def touching(self, paths: Sequence[str], whole: str = ".") -> Report:
        """Only what touches one of the paths (files, or folders and all below). An empty one: everything, called `whole`."""
        if "" in paths:
            return self if self.read or self.unreadable else replace(self, idle=[whole])

        def given(path: str) -> bool:
            return _below(self.origins.get(path, path), paths)

        return replace(
            self,
            findings=[one for one in self.findings if any(map(given, _places(one)))],
            unknown=[one for one in self.unknown if given(one.where.path)],
            unreadable=[one for one in self.unreadable if given(one.where.path)],
            idle=[path for path in paths if not any(_below(one, [path]) for one in self._heard())],
        )

    def _heard(self) -> set[str]:
        """Files that were read, or could not be."""
        shown = {path for files in self.read.values() for path in files} | {one.where.path for one in self.unreadable}
        return {self.origins.get(path, path) for path in shown}

    def joined(self, other: Report) -> Report:
        """Both reports in one, in a stable order."""
        return Report(
            findings=sorted(self.findings + other.findings, key=order),
            fixed=self.fixed + other.fixed,
            unknown=self.unknown + other.unknown,
            unreadable=self.unreadable + other.unreadable,
            read={name: self.read.get(name, []) + other.read.get(name, []) for name in {**self.read, **other.read}},
            seen=sorted({*self.seen, *other.seen}),
            skipped=sorted({*self.skipped, *other.skipped}),
            idle=self.idle + other.idle,
            hops=self.hops + other.hops,
            assumed=self.assumed + other.assumed,
            ignored=self.ignored + other.ignored,
            known=self.known + other.known,
            gone=self.gone + other.gone,
            texts=self.texts | other.texts,
            origins=self.origins | other.origins,
        )


NOTHING = "holds nothing to read: nginx configuration, Terraform or a Vercel project was expected"


class BrokenCheck(Exception):
    """A check that failed: names the check and what it was asked about."""


def lint(project: Project, checks: Sequence[Check], ignoring: bool = True) -> Report:
    """Judge a project's files. ignoring: heed its ignores."""
    return judge(project, read(project), checks, ignoring)


def read(project: Project) -> list[Reading]:
    """What every source makes of a project."""
    return [source.read(project) for source in _wanted(project)]


def _wanted(project: Project) -> Iterator[Any]:
    """The sources that have something to read here; the others are not even imported."""
    for module, names in SOURCES.items():
        matches = re.compile(names).search
        if any(matches(path) for path in project.files):
            yield import_module(module)


def judge(project: Project, readings: Sequence[Reading], checks: Sequence[Check], ignoring: bool = True) -> Report:
    """Judge what sources have read."""
    crossed = crossings(project.settings, readings)
    items = [item for reading in readings for item in reading.items]
    answers = [answer for check in checks for answer in _answers(check, crossed, items, project)]
    read = {reading.platform: reading.files for reading in readings if reading.files}
    found = one_a_cause(one for one in answers if isinstance(one, Finding))
    paths = [path for files in read.values() for path in files]
    ignores = ignores_of(project, paths) if ignoring else []
    kept = without_ignored(found, ignores)
    kept += _of_ignores(checks, ignores, project)
    return Report(
        findings=identified(kept, project.path_of),
        unknown=_once_a_cause(
            [
                *_unmet(project, readings),
                *(one for reading in readings for one in reading.unknown),
                *(one for one in answers if isinstance(one, Unknown) and not one.refused),
            ]
        ),
        unreadable=_each_once(
            [
                *(one for reading in readings for one in reading.unreadable),
                *_refused(answers),
                *mistyped(project, paths, [*built_in_names(), *(check.name for check in checks)]),
            ]
        ),
        read=read,
        seen=sorted({one for reading in readings for one in reading.seen}),
        skipped=sorted({one for reading in readings for one in reading.skipped}),
        hops=sum(len(reading.hops) for reading in readings),
        texts={path: text for reading in readings for path, text in reading.texts.items()},
        origins={path: file for reading in readings for path, file in reading.origins.items()},
        assumed=len({id(one.hop) for one in crossed if one.stream.evidence.kind == "assumed"}),
        ignored=sum(len(one.used) for one in ignores),
    )


def _refused(answers: Iterable[Finding | Unknown]) -> Iterator[Unreadable]:
    for one in answers:
        if isinstance(one, Unknown) and one.refused:
            yield Unreadable(one.why, one.where)


def _each_once(unreadable: Iterable[Unreadable]) -> list[Unreadable]:
    return sorted({(one.where, one.message): one for one in unreadable}.values(), key=lambda one: one.where)


def _unmet(project: Project, readings: Sequence[Reading]) -> Iterator[Unknown]:
    where = Location(project.config_shown or "infralint.yaml")
    for stream in unmet(project.settings, readings):
        why = f"the declared stream {stream.path} meets no hop that was read here"
        yield Unknown(where, "streams", why, "check its path, host and hops for typing errors")


def _answers(
    check: Check, crossed: Iterable[Crossing[Hop]], items: Iterable[object], project: Project
) -> Iterator[Finding | Unknown]:
    for crossing in crossed:
        if check.asks_for(crossing):
            for answer in _asked(check, crossing, f"{crossing.hop.name} at {crossing.hop.where}"):
                yield (
                    answer
                    if isinstance(answer, Unknown)
                    else _with_provenance(weighed(answer, crossing, project.settings), check, crossing)
                )
    for item in items:
        if check.asks_for(item):
            for answer in _asked(check, item, repr(item)[:200]):
                yield (
                    answer if isinstance(answer, Unknown) else replace(answer, provenance=Provenance(check=check.name))
                )


def _of_ignores(checks: Sequence[Check], ignores: Sequence[Ignore], project: Project) -> list[Finding]:
    """What checks say of the ignores themselves, of those whose checks were run."""
    known = built_in_names()
    left_out = set(known) - {check.name for check in checks}
    judged = [
        one
        for one in ignores
        if left_out.isdisjoint(one.checks) and not any(near_miss(name, known) for name in one.checks)
    ]
    answers = [answer for check in checks for answer in _answers(check, (), judged, project)]
    return [one for one in answers if isinstance(one, Finding)]


def _asked(check: Check, item: Any, named: str) -> list[Finding | Unknown]:
    try:
        return list(check.function(item) or ())
    except Exception as error:
        raise BrokenCheck(f"check {check.name} failed on {named}: {type(error).__name__}: {error}") from error


def _with_provenance(finding: Finding, check: Check, crossing: Crossing[Hop]) -> Finding:
    """With where it came from; and a setting that came from elsewhere shows from where."""
    own = finding.at.related if isinstance(finding.at, Known) else ()
    related = (*finding.related, *(one for one in own if one not in finding.related))
    return replace(
        finding, related=related, provenance=Provenance(check=check.name, hop=crossing.hop, stream=crossing.stream)
    )


def identified(findings: Iterable[Finding], path_of: Callable[[str], str]) -> list[Finding]:
    """The findings, in order, with fingerprints: check, file, hop, kind of stream and setting (without a hop, the message).

    They stay the same while lines move and other files come and go. path_of: a shown path from the
    project's root.
    """
    seen: Counter[str] = Counter()
    result = []
    for one in sorted(findings, key=order):
        known = _known(one, path_of(one.location.path))
        seen[known] += 1
        print_ = _digest(known if seen[known] == 1 else f"{known}\0{seen[known]}")
        result.append(replace(one, provenance=replace(one.provenance, fingerprint=print_)))
    return result


def _known(finding: Finding, path: str) -> str:
    hop = (finding.hop.name, *finding.hop.hosts, finding.hop.environment) if finding.hop else (finding.message,)
    kind = finding.stream.kind if finding.stream else ""
    setting = finding.at.name if isinstance(finding.at, Known) else ""
    return "\0".join((finding.check, path, *hop, kind, setting))


def _digest(text: str) -> str:
    from hashlib import blake2b

    return blake2b(text.encode(errors="surrogateescape"), digest_size=8).hexdigest()


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
    """Files that a finding is about, or that decide what holds there."""
    places = {finding.location.path, *(related.location.path for related in finding.related)}
    if finding.hop is not None:
        places |= {finding.hop.where.path} | finding.hop.files
    if finding.stream is not None and finding.stream.evidence.where is not None:
        places.add(finding.stream.evidence.where.path)
    return places


def _below(path: str, paths: Iterable[str]) -> bool:
    """Whether a shown path is one of the given ones, or below it; `.` is all that needs no way up."""
    return any(
        path == one or path.startswith(f"{one.rstrip('/')}/") or (one == "." and not path.startswith(("../", "/")))
        for one in paths
    )
