"""What a branch changes: findings on changed lines, and findings that were not there before."""

from __future__ import annotations

import codecs
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from infralint.engine.report import Report, identified
from infralint.model import SEVERITIES, Finding, Location
from infralint.project import LARGEST, CantRead, Project
from infralint.project.config import Settings

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


class NoHistory(Exception):
    """git has no answer: a sentence that says why."""


@dataclass
class Changes:
    """A difference between a revision and now.

    lines: the changed ones of each file that is there now, as ranges. before: every changed file's
    old content, None for one that is new. renamed: new names, by the old ones.
    """

    lines: dict[str, list[range]] = field(default_factory=dict)
    before: dict[str, bytes | None] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def touch(self, path: str, first: int, last: int) -> bool:
        """Whether any line of a span (inclusive) was changed."""
        return any(span.start <= last and first < span.stop for span in self.lines.get(path, ()))


class Before(Project):
    """The project as it was: changed files with their old content, all others as they are; its settings of then."""

    def __init__(self, project: Project, changes: Changes, settings: Settings) -> None:
        super().__init__(project.root, settings, project.base, project.given)
        self.work, self.config_shown = project.work, project.config_shown
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


def changes_since(root: Path, revision: str) -> Changes:
    """What differs between the files as they are, tracked or not, and where their branch left a revision. Raises NoHistory."""
    start = _fork(root, _commit(root, revision))
    options = ("--no-ext-diff", "--no-textconv", "--find-renames", "--relative", start, "--")
    changes = Changes()
    path = None
    plain = ("--unified=0", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
    for line in _git(root, "diff", *plain, *options).split(b"\n"):
        if line.startswith(b"diff --git "):
            path = None
        elif line.startswith((b"+++ b/", b'+++ "b/')):
            path = _unquoted(line[4:].rstrip(b"\t"))[2:]
        elif path and (hunk := _HUNK.match(line.decode("utf-8", "replace"))):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            changes.lines.setdefault(path, []).append(range(max(first, 1), first + max(count, 1)))
    for old, new in _pairs(root, *options):
        if old:
            changes.before[old] = _content(root, start, old)
        if new and new != old:
            changes.before[new] = None
        if old and new and new != old:
            changes.renamed[old] = new
    for name in _names(root, "ls-files", "--others", "--exclude-standard", "-z"):
        changes.lines[name] = [range(1, 1 << 30)]
        changes.before[name] = None
    return changes


def _pairs(root: Path, *options: str) -> Iterator[tuple[str, str]]:
    """Old and new name of every changed file; empty where it was not, or is not, there."""
    words = iter(_names(root, "diff", "--name-status", "-z", *options))
    for status in words:
        old = next(words)
        new = next(words) if status[0] in "RC" else old
        yield "" if status[0] in "AC" else old, "" if status[0] == "D" else new


def _unquoted(name: bytes) -> str:
    """A name as git writes it: in quotes with C's escapes where it holds odd characters."""
    if name.startswith(b'"'):
        name = codecs.escape_decode(name[1:-1])[0]
    return name.decode("utf-8", "surrogateescape")


def _fork(root: Path, revision: str) -> str:
    """The commit where this branch left a revision's; the revision itself where they share none that is here."""
    try:
        return _git(root, "merge-base", revision, "HEAD").decode().strip() or revision
    except NoHistory:
        return revision


def _commit(root: Path, revision: str) -> str:
    """The commit that a revision names; nothing that begins with a dash is taken for an option."""
    _git(root, "rev-parse", "--git-dir")
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except NoHistory as error:
        raise NoHistory(f"git knows no revision {revision}; in CI, fetch the history (fetch-depth: 0)") from error
    return found.decode().strip()


def of_the_change(now: Report, earlier: Report, changes: Changes, project: Project) -> Report:
    """What a report says of changed lines, what it did not say before, and what is louder than it was."""
    loudness: dict[str, int] = {}
    for one in identified(earlier.findings, lambda shown: _now(project.path_of(shown), changes)):
        loudness[one.provenance.fingerprint] = SEVERITIES.index(one.severity)
    broken = {(one.where.path, one.message) for one in earlier.unreadable}
    untold = {(one.where.path, one.name, one.why) for one in earlier.unknown}
    return replace(
        now,
        findings=[
            one
            for one in now.findings
            if SEVERITIES.index(one.severity) < loudness.get(one.provenance.fingerprint, len(SEVERITIES))
            or _touched(one, changes, project)
        ],
        unreadable=[
            one
            for one in now.unreadable
            if (one.where.path, one.message) not in broken or _touches(one.where, changes, project)
        ],
        unknown=[
            one
            for one in now.unknown
            if (one.where.path, one.name, one.why) not in untold or _touches(one.where, changes, project)
        ],
    )


def _now(path: str, changes: Changes) -> str:
    return changes.renamed.get(path, path)


def _touched(finding: Finding, changes: Changes, project: Project) -> bool:
    places = [finding.location, *(one.location for one in finding.related)]
    if finding.hop is not None:
        places.append(finding.hop.where)
    if finding.stream is not None and finding.stream.evidence.where is not None:
        places.append(finding.stream.evidence.where)
    return any(_touches(place, changes, project) for place in places)


def _touches(place: Location, changes: Changes, project: Project) -> bool:
    return changes.touch(project.path_of(place.path), place.line, max(place.line, place.end_line))


def _names(root: Path, *arguments: str) -> list[str]:
    return [name for name in _git(root, *arguments).decode("utf-8", "surrogateescape").split("\0") if name]


def _content(root: Path, revision: str, name: str) -> bytes | None:
    try:
        return _git(root, "show", "--no-textconv", f"{revision}:./{name}")
    except NoHistory:
        return None


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotepath=off", "-C", str(root), *arguments], capture_output=True, check=False
        )
    except OSError as error:
        raise NoHistory("git is not on this machine, and --changed-since asks it what changed") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoHistory(f"git {arguments[0]}: {said[0] if said else 'failed'}")
    return done.stdout
