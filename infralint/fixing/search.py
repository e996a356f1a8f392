"""Edits are tried in memory, and kept if they put right what they should and nothing else."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter

import msgspec
from msgspec.structs import replace

from infralint.engine.registry import Check
from infralint.engine.report import Report
from infralint.engine.run import read_and_judge
from infralint.fixing.edited import EditedProject, change_content, names_of_linked
from infralint.model import CantFix, Edit, Finding, Hop, Known, Location, Reading
from infralint.project import CantRead, Project, decode

SETTINGS = ("buffers_responses", "idle_timeout", "max_duration", "forwards_upgrade", "keeps_affinity", "runtime")
"""The fields of a hop that no edit may change by the way."""
Key = tuple[str, ...]
"""What a finding is about, whichever edits come before it."""


class Proposal(msgspec.Struct, frozen=True):
    """What would put a finding right."""

    finding: Finding
    edits: frozenset[Edit]


class Fixes(msgspec.Struct, frozen=True):
    """What `--fix` does: what is reported before, what of that is left and what is put right, and each file before and
    after."""

    reported: Report
    report: Report
    before: dict[str, bytes]
    after: dict[str, bytes]


class Ruleset(msgspec.Struct, frozen=True):
    """By what a project is judged. ignoring: heed its ignores; with_ways: tell the whole way of each stream, too."""

    checks: Sequence[Check]
    ignoring: bool = True
    with_ways: bool = False


class State(msgspec.Struct, frozen=True):
    """A project, perhaps edited, and what is said of it."""

    project: Project
    rules: Ruleset
    links: Mapping[str, list[str]]
    readings: list[Reading]
    report: Report

    @classmethod
    def of(cls, project: Project, rules: Ruleset, links: Mapping[str, list[str]] | None = None) -> State:
        readings, report = read_and_judge(project, rules.checks, rules.ignoring, rules.with_ways)
        return cls(project, rules, names_of_linked(project) if links is None else links, readings, report)

    @property
    def hops(self) -> Iterator[Hop]:
        return (hop for reading in self.readings for hop in reading.hops)

    def subject(self, hop: Hop) -> tuple[object, ...]:
        """What a hop is, the same under every name that its file has."""
        if not self.links:
            return _identity(hop)
        names = self.links.get(os.path.realpath(self.project.root / self.project.path_of(hop.where.path)))
        return (names[0], hop.where.line, hop.where.column, hop.name, hop.environment) if names else _identity(hop)

    def with_edits(self, edits: Iterable[Edit]) -> State:
        """What would be said with these edits. Raises CantFix."""
        files: dict[str, list[Edit]] = {}
        for edit in edits:
            files.setdefault(_path_of(edit, self.project), []).append(edit)
        contents, before = _overlay(self.project)
        for path, changes in files.items():
            content = _as_judged(path, self.project)
            for name in self.links.get(os.path.realpath(self.project.root / path), [path]):
                before.setdefault(name, content)
                contents[name] = change_content(content, changes)
        start = self.project.now if isinstance(self.project, EditedProject) else self.project
        return State.of(EditedProject(start, contents, before), self.rules, self.links)


def _overlay(project: Project) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The changed files of a project as they would be, and as they are."""
    return (dict(project.contents), dict(project.before)) if isinstance(project, EditedProject) else ({}, {})


def _as_judged(path: str, project: Project) -> bytes:
    """A file's bytes, if they are still those that were judged. Raises CantFix."""
    content = project.bytes(path)
    if decode(content) != project.text(path):
        raise CantFix("the file changed while infralint was reading it")
    return content


Narrow = Callable[[Report, Project], Report]
"""Leaves of what is said of a project, perhaps with edits in it, what is to be reported."""


def find_fixes(project: Project, rules: Ruleset, narrow: Narrow) -> Fixes:
    """Put right what is reported, as far as that is safe, until a further call would change nothing. Nothing is written."""
    state, tries = State.of(project, rules), Tries()
    report = reported = narrow(state.report, project)
    heard, reasons = list(reported.findings), dict[Key, str]()
    while True:
        before, refused = state, dict[Key, str]()
        while batch := _batch(list(_proposals(state, set(map(_key, heard)), refused))):
            _, state = _working(state, batch, refused, tries)
        reasons |= {key: reason for key, reason in refused.items() if reason != UNTRIED or key not in reasons}
        if state is before:
            break
        known, report = set(map(_key, heard)), narrow(state.report, state.project)
        heard += [finding for finding in report.findings if _key(finding) not in known]
    left = set(map(_key, report.findings))
    report = replace(
        report,
        findings=[_with_reason(finding, reasons) for finding in report.findings],
        fixed=[finding for finding in heard if _key(finding) not in left],
    )
    after, old = _overlay(state.project)
    return Fixes(reported, report, old, after)


def _with_reason(finding: Finding, refused: Mapping[Key, str]) -> Finding:
    """A finding that is left, with the reason."""
    if finding.provenance.fixable:
        return finding
    reason = "a note asks for no change" if finding.severity == "note" else "no edit of one setting puts it right"
    return replace(finding, provenance=replace(finding.provenance, unfixed=refused.get(_key(finding), reason)))


MOST_ROUNDS = 8
"""Of trying edits for a report: what did not come up until then is shown without them."""


def propose_edits(project: Project, rules: Ruleset, narrow: Narrow) -> Report:
    """What is reported with the edits that put each finding right, for files as they are. Nothing is written."""
    state, tries = State.of(project, rules), Tries()
    reported = narrow(state.report, project)
    wanted = set(map(_key, reported.findings))
    answered: dict[Key, str] = {}
    edits: dict[Key, tuple[Edit, ...]] = {}
    for _ in range(MOST_ROUNDS):
        batch = _batch(list(_proposals(state, wanted, answered)))
        if not batch:
            break
        for proposal in _working(state, batch, answered, tries)[0]:
            edits[_key(proposal.finding)] = tuple(sorted(proposal.edits))
            answered[_key(proposal.finding)] = ""
    findings = [
        _with_reason(_with_edits(finding, edits.get(_key(finding), ())), answered) for finding in reported.findings
    ]
    return replace(reported, findings=findings)


def note_fixable(reported: Report) -> Report:
    """The report with what `--fix` would try: an edit is known, or the reason why there is none. Nothing is tried."""
    return replace(reported, findings=[_with_prospect(finding, reported) for finding in reported.findings])


def _with_prospect(finding: Finding, report: Report) -> Finding:
    refused: dict[Key, str] = {}
    if finding.severity != "note" and finding.setting and finding.hop is not None:
        try:
            _edits(finding, finding.hop, report)
        except CantFix as reason:
            refused[_key(finding)] = str(reason)
        else:
            return replace(finding, provenance=replace(finding.provenance, fixable=True))
    return _with_reason(finding, refused)


def _with_edits(finding: Finding, edits: tuple[Edit, ...]) -> Finding:
    return replace(finding, provenance=replace(finding.provenance, edits=edits, fixable=bool(edits)))


def _proposals(state: State, wanted: set[Key], refused: dict[Key, str]) -> Iterator[Proposal]:
    """Edits for each finding that is wanted and not refused, those in the midst of a hop first; a note asks for none."""
    for finding in reversed(state.report.findings):
        if finding.severity == "note":
            continue
        if _key(finding) in wanted and finding.setting and finding.hop and _key(finding) not in refused:
            try:
                yield Proposal(finding, _edits(finding, finding.hop, state.report))
            except CantFix as reason:
                refused[_key(finding)] = str(reason)


def _edits(finding: Finding, hop: Hop, report: Report) -> frozenset[Edit]:
    if finding.stream and finding.stream.evidence.kind == "assumed":
        raise CantFix("nothing says that a stream goes here; declare it in infralint.yaml")
    need = finding.stream.longest_silence.seconds if finding.stream else 0
    edits = frozenset(hop.edits(finding.setting, need))
    broken = {problem.where.path for problem in report.unreadable}
    if any(edit.where.path in broken for edit in edits):
        raise CantFix("the file can't be read as it stands; mend that first")
    if any(edit.where.path in report.texts for edit in edits):
        raise CantFix("it was not read from a file of the project")
    if not edits:
        raise CantFix("there is nothing to change")
    return edits


def _batch(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Proposals that can be tried together: their edits are the same or lie apart, and one brings what is needed once."""
    taken: dict[str, set[Edit]] = {}
    spans: dict[str, list[Span]] = {}
    once: set[str] = set()
    hops: set[int] = set()
    for proposal in proposals:
        new = {edit for edit in proposal.edits if edit not in taken.get(edit.where.path, ())}
        brought = {edit.once for edit in new if edit.once}
        if brought & once or (new and id(proposal.finding.hop) in hops):
            continue
        if any(_find_meeting(spans.get(edit.where.path, []), _span(edit)) for edit in new):
            continue
        hops.add(id(proposal.finding.hop))
        once |= brought
        for edit in new:
            taken.setdefault(edit.where.path, set()).add(edit)
            _add_span(spans.setdefault(edit.where.path, []), _span(edit))
    return [
        proposal for proposal in proposals if all(edit in taken.get(edit.where.path, ()) for edit in proposal.edits)
    ]


Span = tuple[tuple[int, int], tuple[int, int]]
"""Line and column of the first character that is touched, and of the one behind the last."""


def _span(edit: Edit) -> Span:
    where = edit.where
    return (where.line, where.column), (where.end_line, where.end_column)


def _find_meeting(spans: Sequence[Span], span: Span) -> range:
    """Which of the spans, none of which meets another, touch the same characters as this one, or insert at the same place."""
    return range(bisect_left(spans, span[0], key=itemgetter(1)), bisect_right(spans, span[1], key=itemgetter(0)))


def _add_span(spans: list[Span], span: Span) -> None:
    """Add a span to those that none meets another; those that it meets become one with it."""
    meeting = _find_meeting(spans, span)
    met = [span, *spans[meeting.start : meeting.stop]]
    spans[meeting.start : meeting.start + len(met) - 1] = [(min(met)[0], max(last for _, last in met))]


MOST_JUDGED = 6_000
"""Hops, and streams that pass one, that are judged again in a call to verify edits, where little was read."""
MOST_JUDGED_PER_KILOBYTE = 60
"""The same for each kilobyte of what was read, where that is more."""
UNTRIED = "so much had to be judged again for other edits that this one was not tried; give fewer paths at once"


class Tries(msgspec.Struct):
    """How much was judged again in a call."""

    judged: int = 0

    def may_judge(self, state: State) -> bool:
        """Whether as much as this once more may be judged. The first try may be had anyway."""
        again = state.report.hops + state.report.crossings
        self.judged += again
        return self.judged <= max(MOST_JUDGED, again) or self.judged <= _most_judged(state)


def _most_judged(state: State) -> int:
    """How much may be judged again, by what was read."""
    paths = {state.project.path_of(path) for paths in state.report.read.values() for path in paths}
    size = 0
    for path in paths & state.project.file_set:
        with suppress(CantRead):
            size += len(state.project.text(path))
    return size * MOST_JUDGED_PER_KILOBYTE // 1000


def _working(
    state: State, batch: list[Proposal], refused: dict[Key, str], tries: Tries
) -> tuple[list[Proposal], State]:
    """What works of a batch, and the project with it; what does not work alone is refused, and so is what can't be tried."""
    guessed = False
    while batch:
        if not tries.may_judge(state):
            refused.update((_key(proposal.finding), UNTRIED) for proposal in batch)
            break
        try:
            edited = state.with_edits(edit for proposal in batch for edit in proposal.edits)
            objections = list(_objections(state, edited, batch))
        except (CantFix, CantRead) as reason:
            objections = [Objection(str(reason))]
        if not objections:
            return batch, edited
        if len({proposal.edits for proposal in batch}) == 1:
            refused.update((_key(proposal.finding), objections[0].reason) for proposal in batch)
            break
        batch, guessed = _half(batch) if guessed else _without_suspects(batch, objections), True
    return [], state


def _without_suspects(batch: Sequence[Proposal], objections: Sequence[Objection]) -> list[Proposal]:
    """The changes that nothing seems to speak against: it is about other hops, and about none that stands behind one of
    theirs in its file. The first change alone, where something seems to speak against each."""
    hops = sorted({proposal.finding.hop.where for proposal in batch if proposal.finding.hop is not None})
    suspects: set[Location] = set()
    for objection in objections:
        if objection.hop is None:
            return _half(batch)
        before = bisect_right(hops, objection.hop.where)
        suspects.update(hops[max(0, before - 1) : before])
    suspected = {
        proposal.edits
        for proposal in batch
        if proposal.finding.hop is not None and proposal.finding.hop.where in suspects
    }
    rest = [proposal for proposal in batch if proposal.edits not in suspected]
    return rest or [proposal for proposal in batch if proposal.edits == batch[0].edits]


def _half(batch: Sequence[Proposal]) -> list[Proposal]:
    """The first half of the changes, and whoever else proposes them."""
    changes = list(dict.fromkeys(proposal.edits for proposal in batch))
    kept = set(changes[: len(changes) // 2])
    return [proposal for proposal in batch if proposal.edits in kept]


class Objection(msgspec.Struct, frozen=True):
    """Why edits are not what they should be. hop: the one that this is about as it was before, if it is about one."""

    reason: str
    hop: Hop | None = None


def _objections(before: State, after: State, batch: Sequence[Proposal]) -> Iterator[Objection]:
    """What speaks against a batch: other hops change, new problems are found, or not all is put right.

    A new note that tells of nothing done to a stream is none: what an answer depends on once it passes is worth knowing,
    and no reason to let it be held.
    """
    if broken := [problem for problem in after.report.unreadable if problem not in before.report.unreadable]:
        yield Objection(f"the file would not read any more: {broken[0].message}")
    meant = {before.subject(proposal.finding.hop) for proposal in batch if proposal.finding.hop}
    old, new = list(before.hops), list(after.hops)
    if list(map(_identity, old)) != list(map(_identity, new)):
        yield Objection("it would change which hops there are")
        return
    for hop, then in zip(old, new, strict=True):
        if _values(hop) != _values(then) and before.subject(hop) not in meant:
            yield Objection(f"it would also change {hop.name} ({hop.where})", hop)
    earlier = dict(zip(map(id, new), old, strict=True))
    expected = Counter(map(_key, before.report.findings)) - Counter(_key(proposal.finding) for proposal in batch)
    found = Counter(map(_key, after.report.findings))
    tried = {_key(proposal.finding) for proposal in batch}
    for finding in after.report.findings:
        is_heard = finding.severity != "note" or finding.effect is not None or _key(finding) in tried
        if is_heard and found[_key(finding)] > expected[_key(finding)]:
            yield Objection(f"one edit would not be enough: {finding.message}", earlier.get(id(finding.hop)))


def _identity(hop: Hop | None) -> tuple[str, ...]:
    return (hop.platform, hop.name, hop.scope, hop.environment, hop.where.path) if hop else ()


def _values(hop: Hop) -> list[object]:
    settings = [getattr(hop, name) for name in SETTINGS]
    return [setting.value if isinstance(setting, Known) else type(setting) for setting in settings]


def _key(finding: Finding) -> Key:
    """What a finding is about, whichever edits come before it."""
    name = finding.at.name if isinstance(finding.at, Known) else ""
    return finding.check, finding.location.path, *_identity(finding.hop), name, finding.setting


def _path_of(edit: Edit, project: Project) -> str:
    path = project.path_of(edit.where.path)
    if path not in project.file_set:
        raise CantFix(f"{edit.where.path} is not a file of the project")
    return path
