"""What a branch changes: findings on changed lines, and findings that were not there before."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property

import msgspec
from msgspec.structs import replace

from infralint.cache.recording import SKIPPED_FOLDERS
from infralint.engine.report import Report, with_fingerprints
from infralint.model import SEVERITIES, Finding, Location
from infralint.project import LARGEST, CantRead, Project
from infralint.project.config import Settings
from infralint.project.history import GITLINK, LINK, Blob, NoHistory, Repository, open_repository

__all__ = ["Before", "Changes", "NoHistory", "changes_since", "of_the_change"]

MOST_COMPARED = 1_000_000
"""Pairs of lines that are compared: where there are more, all lines between the first and the last that differ count."""
MOST_PAIRS = 10_000
"""Pairs of files among which renamed ones are looked for."""
LIKE = 0.5
"""The share of its content that a renamed file keeps at least, as git has it."""
_MOST_LINKS = 10


class Changes(msgspec.Struct):
    """A difference between a revision and now.

    lines: the changed ones of each file that is there now, as ranges. before: every changed file's
    old content, None for one that is new. renamed: new names, by the old ones.
    """

    lines: dict[str, list[range]] = {}
    before: dict[str, bytes | None] = {}
    renamed: dict[str, str] = {}

    def touch(self, path: str, first: int, last: int) -> bool:
        """Whether any line of a span (inclusive) was changed."""
        return any(span.start <= last and first < span.stop for span in self.lines.get(path, ()))


class Before(Project):
    """The project as it was: changed files with their old content, all others as they are; its settings of then."""

    def __init__(self, project: Project, changes: Changes, settings: Settings) -> None:
        super().__init__(project.root, settings, project.base, project.given)
        self.work, self.config_shown = project.work, project.config_shown
        self.look = project.look
        self.changes = changes
        self.now = project

    @cached_property
    def files(self) -> list[str]:
        was = self.changes.before
        there = {path for path in self.now.files if path not in was or was[path] is not None}
        return sorted(there | {path for path, content in was.items() if content is not None})

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        """A file's old content. Raises CantRead."""
        if path not in self.changes.before:
            return self.now.bytes(path, largest)
        content = self.changes.before[path]
        if content is None:
            raise CantRead("was not there")
        return content

    def is_there(self, path: str) -> bool:
        """Whether something lay at a path."""
        before = self.changes.before
        return before[path] is not None if path in before else self.now.is_there(path)


def changes_since(project: Project, revision: str) -> Changes:
    """What differs between the files as they are, tracked or not, and where their branch left a revision. Raises NoHistory."""
    with open_repository(project.root) as repository:
        start = repository.fork(repository.commit(revision))
        return _Comparison(project, repository, repository.files(start)).run()


class _Comparison(msgspec.Struct):
    """The files of a commit beside those of now. changed, gone: the blobs of files with other content now, or none."""

    project: Project
    repository: Repository
    was: dict[str, Blob]
    changed: dict[str, Blob] = {}
    gone: dict[str, Blob] = {}
    new: list[str] = []

    def run(self) -> Changes:
        self._sort()
        wanted = self.changed | self.gone
        blobs = {blob.name for blob in wanted.values() if blob.size <= LARGEST}
        known = dict(zip(sorted(blobs), self.repository.contents(sorted(blobs)), strict=True))
        old = {path: known.get(blob.name) for path, blob in wanted.items()}
        changes = Changes(before=old | dict.fromkeys(self.new))
        for path in self.changed:
            changes.lines[path] = changed_lines(old[path] or b"", self._now(path))
        for path in self.new:
            changes.lines[path] = [range(1, 1 << 30)]
        arrived = {path: self._now(path) for path in self.new}
        left = {path: content for path in self.gone if (content := old[path]) is not None}
        for path, target in renames(left, arrived):
            changes.renamed[path] = target
            changes.lines[target] = changed_lines(left[path], arrived[target])
        return changes

    def _sort(self) -> None:
        unknown: list[str] = []
        for path in self.project.files:
            blob = self._blob(path)
            if blob is None:
                unknown.append(path)
            elif not self._is_unchanged(path, blob):
                self.changed[path] = blob
        self.new += self._without_ignored(unknown)
        for path in self.was:
            if not os.path.lexists(self.project.root / path) and SKIPPED_FOLDERS.isdisjoint(path.split("/")):
                if (blob := self._blob(path)) is not None:
                    self.gone[path] = blob

    def _without_ignored(self, paths: Sequence[str]) -> list[str]:
        """Files that no commit has, but those that git leaves out: ignored ones, and those of other repositories."""
        root, tracked = self.project.root, self.repository.index() if paths else {}
        nested = {"": False} | {path: True for path, mode in tracked.items() if mode == GITLINK}

        def is_nested(folder: str) -> bool:
            if folder not in nested:
                nested[folder] = is_nested(posixpath.dirname(folder)) or os.path.lexists(root / folder / ".git")
            return nested[folder]

        mine = [path for path in paths if not is_nested(posixpath.dirname(path))]
        ignored = self.repository.find_ignored(path for path in mine if path not in tracked)
        return [path for path in mine if path not in ignored]

    def _blob(self, path: str) -> Blob | None:
        """What a path held, followed through links inside the commit."""
        for _ in range(_MOST_LINKS):
            blob = self.was.get(path)
            if blob is None or blob.mode != LINK:
                return blob
            [target] = self.repository.contents([blob.name])
            path = posixpath.normpath(
                posixpath.join(posixpath.dirname(path), target.decode("utf-8", "surrogateescape"))
            )
        return None

    def _is_unchanged(self, path: str, blob: Blob) -> bool:
        """Whether a file holds what it held; git may have written its line ends in another way."""
        try:
            content = self.project.bytes(path)
        except CantRead:
            return False
        return blob.name in (_name(content, blob.name), _name(content.replace(b"\r\n", b"\n"), blob.name))

    def _now(self, path: str) -> bytes:
        try:
            return self.project.bytes(path)
        except CantRead:
            return b""


def _name(content: bytes, like: str) -> str:
    """What git calls a content, in a repository that has such names. https://git-scm.com/book/en/v2/Git-Internals-Git-Objects"""
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def changed_lines(old: bytes, new: bytes) -> list[range]:
    """The lines of a new text that differ from an old one; where lines were only taken out, the one before them."""
    before, after = old.replace(b"\r\n", b"\n").split(b"\n"), new.replace(b"\r\n", b"\n").split(b"\n")
    start = _common(before, after)
    end = min(_common(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    if not before and not after:
        return []
    if len(before) * len(after) > MOST_COMPARED:
        return [range(start + 1, start + len(after) + 1)]
    codes = SequenceMatcher(None, before, after).get_opcodes()
    spans = [(start + first, start + last) for kind, _, _, first, last in codes if kind != "equal"]
    return [range(first + 1, last + 1) if last > first else range(max(first, 1), first + 1) for first, last in spans]


def _common(first: Sequence[bytes], second: Sequence[bytes]) -> int:
    """How many lines at the beginning of both are the same."""
    return next(
        (number for number, (line, other) in enumerate(zip(first, second, strict=False)) if line != other),
        min(len(first), len(second)),
    )


def renames(gone: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Files that went and files that came with half of the content or more in common: old and new path, likest first."""
    pairs = [(old, path) for old in gone for path in new if gone[old] and new[path]]
    if len(pairs) > MOST_PAIRS:
        pairs = [(old, path) for old, path in pairs if posixpath.basename(old) == posixpath.basename(path)][:MOST_PAIRS]
    lines = {path: Counter(content.split(b"\n")) for path, content in (*gone.items(), *new.items())}
    likeness = {pair: _likeness(lines[pair[0]], lines[pair[1]], gone[pair[0]], new[pair[1]]) for pair in pairs}
    taken: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: (-likeness[pair], pair)):
        if likeness[pair] >= LIKE and taken.isdisjoint(pair):
            taken.update(pair)
            yield pair


def _likeness(first: Counter[bytes], second: Counter[bytes], old: bytes, new: bytes) -> float:
    """How much of two texts is the same lines, as a share of the longer text."""
    return sum((len(line) + 1) * count for line, count in (first & second).items()) / (max(len(old), len(new)) + 1)


def of_the_change(now: Report, earlier: Report, changes: Changes, project: Project) -> Report:
    """What a report says of changed lines, what it did not say before, and what is louder than it was."""
    loudness: dict[str, int] = {}
    for finding in with_fingerprints(earlier.findings, lambda shown: _now(project.path_of(shown), changes)):
        loudness[finding.provenance.fingerprint] = SEVERITIES.index(finding.severity)
    broken = {(problem.where.path, problem.message) for problem in earlier.unreadable}
    untold = {(unknown.where.path, unknown.name, unknown.why) for unknown in earlier.unknown}
    return replace(
        now,
        findings=[
            finding
            for finding in now.findings
            if SEVERITIES.index(finding.severity) < loudness.get(finding.provenance.fingerprint, len(SEVERITIES))
            or _is_changed(finding, changes, project)
        ],
        unreadable=[
            problem
            for problem in now.unreadable
            if (problem.where.path, problem.message) not in broken or _touches(problem.where, changes, project)
        ],
        unknown=[
            unknown
            for unknown in now.unknown
            if (unknown.where.path, unknown.name, unknown.why) not in untold
            or _touches(unknown.where, changes, project)
        ],
    )


def _now(path: str, changes: Changes) -> str:
    return changes.renamed.get(path, path)


def _is_changed(finding: Finding, changes: Changes, project: Project) -> bool:
    places = [finding.location, *(related.location for related in finding.related)]
    if finding.hop is not None:
        places.append(finding.hop.where)
    if finding.stream is not None and finding.stream.evidence.where is not None:
        places.append(finding.stream.evidence.where)
    return any(_touches(place, changes, project) for place in places)


def _touches(place: Location, changes: Changes, project: Project) -> bool:
    return changes.touch(project.path_of(place.path), place.line, max(place.line, place.end_line))
