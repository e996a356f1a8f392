"""What a branch changes: findings on changed lines, and findings that were not there before."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from infralint.model import Finding, Location
from infralint.project import LARGEST, CantRead, Project

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


class NoHistory(Exception):
    """git has no answer: a sentence that says why."""


@dataclass
class Changes:
    """A difference between a revision and now.

    lines: the changed ones of each file that is there now, as ranges. before: every changed file's
    old content, None for one that is new.
    """

    lines: dict[str, list[range]] = field(default_factory=dict)
    before: dict[str, bytes | None] = field(default_factory=dict)

    def touch(self, path: str, first: int, last: int) -> bool:
        """Whether any line of a span (inclusive) was changed."""
        return any(span.start <= last and first < span.stop for span in self.lines.get(path, ()))


class Before(Project):
    """The project as it was: changed files with their old content, all others as they are."""

    def __init__(self, project: Project, changes: Changes) -> None:
        super().__init__(project.root, project.settings, project.base, project.given)
        self.work = project.work
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
    """What differs between a revision and the files as they are, tracked or not. Raises NoHistory."""
    revision = _commit(root, revision)
    diff = _git(
        root,
        "diff",
        "--unified=0",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--relative",
        revision,
        "--",
    )
    changes = Changes()
    path = None
    for line in diff.decode("utf-8", "replace").splitlines():
        if line.startswith("diff --git "):
            path = None
        elif line.startswith("+++ b/"):
            path = line[6:].rstrip("\t")
        elif path and (hunk := _HUNK.match(line)):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            changes.lines.setdefault(path, []).append(range(max(start, 1), start + max(count, 1)))
    for name in _names(root, "diff", "--name-only", "-z", "--no-renames", "--relative", revision, "--"):
        changes.before[name] = _content(root, revision, name)
    for name in _names(root, "ls-files", "--others", "--exclude-standard", "-z"):
        changes.lines[name] = [range(1, 1 << 30)]
        changes.before[name] = None
    return changes


def _commit(root: Path, revision: str) -> str:
    """The commit that a revision names; nothing that begins with a dash is taken for an option."""
    _git(root, "rev-parse", "--git-dir")
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except NoHistory as error:
        raise NoHistory(f"git knows no revision {revision}; in CI, fetch the history (fetch-depth: 0)") from error
    return found.decode().strip()


def of_the_change(
    findings: Iterable[Finding], earlier: Iterable[Finding], changes: Changes, project: Project
) -> list[Finding]:
    """Findings at changed lines, and those that the project did not have before."""
    known = {one.settled.fingerprint for one in earlier}
    return [one for one in findings if one.settled.fingerprint not in known or _touched(one, changes, project)]


def _touched(finding: Finding, changes: Changes, project: Project) -> bool:
    places = [finding.location, *(one.location for one in finding.related)]
    if finding.hop is not None:
        places.append(finding.hop.where)
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
