"""`--fix` and `--diff`: edits are tried in memory, kept if they put right what they should and nothing else, then written."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from infralint.engine.registry import Check
from infralint.engine.report import Report
from infralint.engine.run import judge, read
from infralint.model import CantFix, Edit, Finding, Hop, Known, Reading, Unreadable
from infralint.project import LARGEST, CantRead, Project, decode
from infralint.text.writing import prepare_file

SETTINGS = ("buffers_responses", "idle_timeout", "max_duration", "forwards_upgrade", "keeps_affinity", "runtime")
Key = tuple[str, ...]


class Edited(Project):
    """A project as it would be with some files changed. before: what stands in those files."""

    def __init__(self, project: Project, contents: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
        super().__init__(project.root, project.settings, project.base, project.given)
        self.config_shown, self.virtual, self.work = project.config_shown, project.virtual, project.work
        self.contents, self.before = contents, before
        self.now = project

    @cached_property
    def files(self) -> list[str]:
        return self.now.files

    def text(self, path: str) -> str:
        return decode(self.contents[path]) if path in self.contents else self.now.text(path)

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        return self.contents[path] if path in self.contents else self.now.bytes(path, largest)


@dataclass(frozen=True)
class Proposal:
    """What would put a finding right."""

    finding: Finding
    edits: frozenset[Edit]


@dataclass(frozen=True)
class Fixes:
    """What `--fix` does: the report of what is left and what is put right, and each file before and after."""

    report: Report
    before: dict[str, bytes]
    after: dict[str, bytes]


@dataclass(frozen=True)
class _State:
    """A project, perhaps edited, and what is said of it."""

    project: Project
    checks: Sequence[Check]
    ignoring: bool
    links: Mapping[str, list[str]]
    readings: list[Reading]
    report: Report

    @classmethod
    def of(cls, project: Project, checks: Sequence[Check], ignoring: bool, links: Mapping[str, list[str]]) -> _State:
        readings = read(project)
        return cls(project, checks, ignoring, links, readings, judge(project, readings, checks, ignoring))

    @property
    def hops(self) -> Iterator[Hop]:
        return (hop for reading in self.readings for hop in reading.hops)

    def subject(self, hop: Hop) -> tuple[object, ...]:
        """What a hop is, the same under every name that its file has."""
        names = self.links.get(os.path.realpath(self.project.root / self.project.path_of(hop.where.path)))
        return (names[0], hop.where.line, hop.where.column, hop.name, hop.environment) if names else _identity(hop)

    def edited(self, edits: Iterable[Edit]) -> _State:
        """What would be said with these edits. Raises CantFix."""
        files: dict[str, list[Edit]] = {}
        for one in edits:
            files.setdefault(_path_of(one, self.project), []).append(one)
        contents, before = _overlay(self.project)
        for path, changes in files.items():
            content = _as_judged(path, self.project)
            for name in self.links.get(os.path.realpath(self.project.root / path), [path]):
                before.setdefault(name, content)
                contents[name] = _changed(content, changes)
        start = self.project.now if isinstance(self.project, Edited) else self.project
        return _State.of(Edited(start, contents, before), self.checks, self.ignoring, self.links)


def _overlay(project: Project) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The changed files of a project as they would be, and as they are."""
    return (dict(project.contents), dict(project.before)) if isinstance(project, Edited) else ({}, {})


def _as_judged(path: str, project: Project) -> bytes:
    """A file's bytes, if they are still those that were judged. Raises CantFix."""
    content = project.bytes(path)
    if decode(content) != project.text(path):
        raise CantFix("the file changed while infralint was reading it")
    return content


def fixes(project: Project, checks: Sequence[Check], reported: Report, ignoring: bool = True) -> Fixes:
    """Put right what was reported, as far as that is safe. Nothing is written."""
    state = _State.of(project, checks, ignoring, _links(project))
    wanted = set(map(_key, reported.findings))
    refused: dict[Key, str] = {}
    while batch := _batch(list(_proposals(state, wanted, refused))):
        _, state = _working(state, batch, refused)
    left = [one for one in state.report.findings if _key(one) in wanted]
    unfixed = Counter(map(_key, left))
    report = replace(
        reported,
        findings=[replace(one, provenance=replace(one.provenance, unfixed=refused.get(_key(one), ""))) for one in left],
        fixed=[one for one in reported.findings if not unfixed[_key(one)]],
    )
    after, before = _overlay(state.project)
    return Fixes(report, before, after)


MOST_ROUNDS = 8
"""Of trying edits for a report: what did not come up until then is shown without them."""


def proposed(project: Project, checks: Sequence[Check], reported: Report, ignoring: bool = True) -> Report:
    """The report with the edits that put each finding right, for files as they are. Nothing is written."""
    state = _State.of(project, checks, ignoring, _links(project))
    wanted = set(map(_key, reported.findings))
    answered: dict[Key, str] = {}
    edits: dict[Key, tuple[Edit, ...]] = {}
    for _ in range(MOST_ROUNDS):
        batch = _batch(list(_proposals(state, wanted, answered)))
        if not batch:
            break
        for proposal in _working(state, batch, answered)[0]:
            edits[_key(proposal.finding)] = tuple(sorted(proposal.edits))
            answered[_key(proposal.finding)] = ""
    findings = [
        replace(one, provenance=replace(one.provenance, edits=edits.get(_key(one), ()))) for one in reported.findings
    ]
    return replace(reported, findings=findings)


def _proposals(state: _State, wanted: set[Key], refused: dict[Key, str]) -> Iterator[Proposal]:
    """Edits for each finding that is wanted and not refused, those in the midst of a hop first; notes are for reading."""
    for finding in reversed(state.report.findings):
        if finding.severity == "note":
            continue
        if _key(finding) in wanted and finding.setting and finding.hop and _key(finding) not in refused:
            try:
                yield Proposal(finding, _edits(finding, finding.hop, state))
            except CantFix as reason:
                refused[_key(finding)] = str(reason)


def _edits(finding: Finding, hop: Hop, state: _State) -> frozenset[Edit]:
    if finding.stream and finding.stream.evidence.kind == "assumed":
        raise CantFix("nothing says that a stream goes here; declare it in infralint.yaml")
    need = finding.stream.longest_silence.seconds if finding.stream else 0
    edits = frozenset(hop.edits(finding.setting, need))
    if any(one.where.path in state.report.texts for one in edits):
        raise CantFix("it was not read from a file of the project")
    if not edits:
        raise CantFix("there is nothing to change")
    return edits


def _batch(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Proposals that can be tried together: their edits are the same or lie apart, and one brings what is needed once."""
    taken: dict[str, set[Edit]] = {}
    once: set[str] = set()
    hops: set[int] = set()
    for proposal in proposals:
        new = {one for one in proposal.edits if one not in taken.get(one.where.path, ())}
        brought = {one.once for one in new if one.once}
        if brought & once or (new and id(proposal.finding.hop) in hops):
            continue
        if any(_meet(one, other) for one in new for other in taken.get(one.where.path, ())):
            continue
        hops.add(id(proposal.finding.hop))
        once |= brought
        for one in new:
            taken.setdefault(one.where.path, set()).add(one)
    return [one for one in proposals if all(edit in taken.get(edit.where.path, ()) for edit in one.edits)]


def _meet(one: Edit, other: Edit) -> bool:
    """Whether two edits touch the same characters, or insert at the same place."""
    a, b = one.where, other.where
    return (a.line, a.column) <= (b.end_line, b.end_column) and (b.line, b.column) <= (a.end_line, a.end_column)


def _working(state: _State, batch: list[Proposal], refused: dict[Key, str]) -> tuple[list[Proposal], _State]:
    """What works of a batch, and the project with it; what does not work alone is refused."""
    while batch:
        try:
            edited = state.edited(edit for proposal in batch for edit in proposal.edits)
            _verify(state, edited, batch)
        except (CantFix, CantRead) as reason:
            if len({proposal.edits for proposal in batch}) == 1:
                refused.update((_key(proposal.finding), str(reason)) for proposal in batch)
                break
            batch = _half(batch)
        else:
            return batch, edited
    return [], state


def _half(batch: Sequence[Proposal]) -> list[Proposal]:
    """The first half of the changes, and whoever else proposes them."""
    changes = list(dict.fromkeys(proposal.edits for proposal in batch))
    kept = set(changes[: len(changes) // 2])
    return [proposal for proposal in batch if proposal.edits in kept]


def _verify(before: _State, after: _State, batch: Sequence[Proposal]) -> None:
    """Raises CantFix unless exactly the batch is put right: no other hop changes, and nothing new is found."""
    if broken := [one for one in after.report.unreadable if one not in before.report.unreadable]:
        raise CantFix(f"the file would not read any more: {broken[0].message}")
    meant = {before.subject(proposal.finding.hop) for proposal in batch if proposal.finding.hop}
    old, new = list(before.hops), list(after.hops)
    if [_identity(one) for one in old] != [_identity(one) for one in new]:
        raise CantFix("it would change which hops there are")
    for hop, then in zip(old, new, strict=True):
        if _values(hop) != _values(then) and before.subject(hop) not in meant:
            raise CantFix(f"it would also change {hop.name} ({hop.where})")
    expected = Counter(map(_key, before.report.findings)) - Counter(_key(one.finding) for one in batch)
    found = Counter(map(_key, after.report.findings))
    if worse := [one for one in after.report.findings if found[_key(one)] > expected[_key(one)]]:
        raise CantFix(f"one edit would not be enough: {worse[0].message}")


def _identity(hop: Hop | None) -> tuple[str, ...]:
    return (hop.platform, hop.name, hop.scope, hop.environment, hop.where.path) if hop else ()


def _values(hop: Hop) -> list[object]:
    settings = [getattr(hop, name) for name in SETTINGS]
    return [one.value if isinstance(one, Known) else type(one) for one in settings]


def _key(finding: Finding) -> Key:
    """What a finding is about, whichever edits come before it."""
    name = finding.at.name if isinstance(finding.at, Known) else ""
    return finding.check, finding.location.path, *_identity(finding.hop), name, finding.setting


def _path_of(edit: Edit, project: Project) -> str:
    path = project.path_of(edit.where.path)
    if path not in project.file_set:
        raise CantFix(f"{edit.where.path} is not a file of the project")
    return path


def _links(project: Project) -> dict[str, list[str]]:
    """Files that links of the project lead to: every name that they have in it, their own first."""
    found: dict[str, list[str]] = {}
    for path in project.files:
        full = os.path.join(project.root, path)
        if os.path.islink(full):
            found.setdefault(os.path.realpath(full), []).append(path)
    root = os.path.realpath(project.root)
    own = {real: os.path.relpath(real, root).replace(os.sep, "/") for real in found}
    return {real: [*([own[real]] if own[real] in project.file_set else []), *names] for real, names in found.items()}


def _changed(content: bytes, edits: Sequence[Edit]) -> bytes:
    """A file's bytes with edits made, all others as they were. Raises CantFix."""
    text = decode(content)
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    codec = "utf-8" if mark + text.encode() == content else "latin-1"
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for one in sorted(set(edits), key=lambda one: one.where, reverse=True):
        start = starts[one.where.line - 1] + one.where.column - 1
        end = starts[one.where.end_line - 1] + one.where.end_column - 1
        text = text[:start] + one.text + text[end:]
    try:
        return mark + text.encode(codec)
    except UnicodeEncodeError as error:
        raise CantFix("the file's encoding can't hold the change") from error


def patch(done: Fixes, project: Project) -> bytes:
    """All changes as a unified diff that `git apply` takes where the user stands (or in the project's root)."""
    shown = {path: project.shown(path) for path in _real(done, project)}
    here = not any(name.startswith(("../", "/")) for name in shown.values())
    pieces = [_patch_of(shown[path] if here else path, done.before[path], done.after[path]) for path in sorted(shown)]
    return b"".join(pieces)


def _real(done: Fixes, project: Project) -> list[str]:
    """Changed files under one name each: their own, where a link leads to them."""
    names: dict[str, str] = {}
    for path in sorted(done.after, key=lambda path: (os.path.islink(project.root / path), path)):
        names.setdefault(os.path.realpath(project.root / path), path)
    return [path for path in names.values() if done.after[path] != done.before[path]]


def _patch_of(name: str, before: bytes, after: bytes) -> bytes:
    from difflib import diff_bytes, unified_diff

    tab = b"\t" if " " in name else b""
    old, new = (_quoted(side + os.fsencode(name)) + tab for side in (b"a/", b"b/"))
    lines = diff_bytes(unified_diff, _lines(before), _lines(after), old, new)
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)


def _quoted(name: bytes) -> bytes:
    """A name as git writes it: with C's escapes where it holds quotes, backslashes or control characters."""
    if not re.search(rb'[\x00-\x1f"\\\x7f]', name):
        return name
    return b'"' + re.sub(rb'[\x00-\x1f"\\\x7f]', lambda one: b"\\%03o" % one[0][0], name) + b'"'


def _lines(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def write(done: Fixes, project: Project) -> list[Unreadable]:
    """Replace the changed files, each at once, or none where one of them can't be: what stood in the way."""
    paths = _real(done, project)
    if problems := [problem for path in paths for problem in _obstacles(path, done, project)]:
        return problems
    prepared: dict[str, str] = {}
    try:
        for path in paths:
            prepared[path] = prepare_file(Path(os.path.realpath(project.root / path)), done.after[path])
        for path in paths:
            os.replace(prepared[path], os.path.realpath(project.root / path))
            del prepared[path]
        for path in project.tree.leftovers:
            (project.root / path).unlink(missing_ok=True)
    except OSError as error:
        left = [path for path in paths if path in prepared] or paths
        return [project.unreadable(path, f"can't be written: {error.strerror}") for path in left]
    finally:
        for temporary in prepared.values():
            Path(temporary).unlink(missing_ok=True)
    return []


def _obstacles(path: str, done: Fixes, project: Project) -> Iterator[Unreadable]:
    target = project.root / path
    try:
        changed = target.read_bytes() != done.before[path]
    except OSError:
        changed = True
    if changed:
        yield project.unreadable(path, "changed while infralint was reading it: nothing was written, run it again")
    elif not os.access(target, os.W_OK):
        yield project.unreadable(path, "is read-only: nothing was written")
