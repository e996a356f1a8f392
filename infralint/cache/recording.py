"""What a run asks of the disk, noted before it is answered, so that a later run can tell whether every answer is the same."""

from __future__ import annotations

import marshal
import os
import stat
import sys
import time

TYPE_CHECKING = False  # as in infralint/__init__.py: what tells a run again loads hardly anything
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal

    Kind = Literal["tree", "names", "path"]
    Entries = list[os.DirEntry[str]]
    Listed = tuple[Entries, list[str], Entries, OSError | None]
    """Of a folder: its regular files, the paths of the folders in it that a walk enters, what else lies there but for other
    folders, and why it can't be listed."""
    Listing = tuple[str, Entries, Entries, OSError | None]
    """A folder, its regular files, what else lies there beside folders, and why it can't be listed."""

SKIPPED_FOLDERS = frozenset(
    "node_modules bower_components .git .hg .svn .venv venv __pycache__ .tox .nox .mypy_cache .pytest_cache"
    " .ruff_cache .eggs .next .nuxt .turbo .vercel .terraform .terragrunt-cache .serverless site-packages".split()
)
"""Folders that no walk enters."""
SETTLED = 2_000_000_000
"""Nanoseconds for which a file must have been left alone, so that its time of change tells every change: no clock of a
file system is coarser. https://git-scm.com/docs/racy-git"""


DiskQuestion = tuple["Kind", str]
"""What was asked of the disk: all below a folder, the names in a folder, or what is known of one path."""
DiskAnswer = tuple[bytes, int]
"""What the disk answered, as a digest, and when the latest of it changed, in nanoseconds since 1970."""


class Recording:
    """What a run has asked so far, and what it printed.

    spoiled: something decides that is not noted, so the run is not to be kept.
    """

    def __init__(self) -> None:
        self.began = time.time_ns()
        self.answers: dict[DiskQuestion, DiskAnswer] = {}
        self.printed: list[str] = []
        self.spoiled = False
        self._regular: set[str] = set()

    @property
    def is_settled(self) -> bool:
        """Whether all that was asked for had been left alone for a while before."""
        return all(newest < self.began - SETTLED for _, newest in self.answers.values())

    def ask(self, kind: Kind, path: str) -> None:
        """Note a question, unless it is answered by one that was asked before."""
        if (kind, path) not in self.answers and not (kind == "path" and path in self._regular):
            self.answers[kind, path] = answer(kind, path)

    def survey(self, root: str) -> Iterator[Listing]:
        """Note what lies below a folder, while it is walked through."""
        facts, newest = _describe(root)[0], 0
        try:
            for listing in scan(root):
                newest = max(newest, _survey(listing, facts, self._regular))
                yield listing
        finally:
            self.answers["tree", root] = _digest(facts), newest


_current: Recording | None = None


def start() -> Recording:
    """Note from now on what is asked."""
    global _current
    _current = Recording()
    return _current


def stop() -> None:
    """Note nothing any more."""
    global _current
    _current = None


def watch(path: str) -> None:
    """A path is about to be looked at or read."""
    if _current is not None and not _current.spoiled and "\0" not in path:
        _current.ask("path", path)


def watch_names(folder: str) -> None:
    """A folder is about to be listed."""
    if _current is not None and not _current.spoiled and "\0" not in folder:
        _current.ask("names", folder)


def watch_tree(root: str) -> Iterable[Listing] | None:
    """A folder, to be walked through, and what is found there read: as `scan`; None where nothing is noted of it (any more)."""
    if _current is None or _current.spoiled or ("tree", root) in _current.answers:
        return None
    return _current.survey(root)


def note_printed(text: str) -> None:
    """A report was printed."""
    if _current is not None:
        _current.printed.append(text)


def spoil() -> None:
    """This run depends on more than files, or does more than print: it is not to be told again."""
    if _current is not None:
        _current.spoiled = True


Noted = tuple[bool, dict[DiskQuestion, DiskAnswer]]


def give_up_printing() -> None:
    """Print nowhere from here on, and keep nothing: whoever reads has had enough, and nothing is to be said of it."""
    spoil()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def hand_over() -> Noted:
    """What this process noted since it last did so, for the process that it works for."""
    if _current is None:
        return False, {}
    noted, _current.answers = _current.answers, {}
    return _current.spoiled, noted


def take_over(noted: Noted) -> None:
    """What another process noted; what was asked first counts."""
    if _current is not None:
        spoiled, answers = noted
        _current.spoiled |= spoiled
        _current.answers = answers | _current.answers


def list_folder(folder: str) -> Listed:
    """What lies in a folder."""
    files, inner, others = [], [], []
    try:
        with os.scandir(folder) as listed:
            for entry in listed:
                if entry.is_file(follow_symlinks=False):  # most are
                    files.append(entry)
                elif not entry.is_dir(follow_symlinks=False):
                    others.append(entry)
                elif entry.name not in SKIPPED_FOLDERS:
                    inner.append(entry.path)
    except OSError as error:
        return [], [], [], error
    return files, inner, others, None


def scan(root: str) -> Iterator[Listing]:
    """All below a folder, but for what is never walked through.

    Folders behind links are not entered, so there are no loops and no way out.
    """
    pending = [root]
    while pending:
        folder = pending.pop()
        files, inner, others, error = list_folder(folder)
        pending += inner
        yield folder, files, others, error


def answer(kind: Kind, path: str) -> DiskAnswer:
    """What the disk answers now."""
    if kind == "tree":
        facts, regular = _describe(path)[0], set[str]()
        newest = max([_survey(listing, facts, regular) for listing in scan(path)])
        return _digest(facts), newest
    return _names(path) if kind == "names" else _path(path)


def _survey(listing: Listing, facts: list[object], regular: set[str]) -> int:
    """Add what can be known of a folder to the facts, and its regular files to these; when the latest changed."""
    folder, files, others, error = listing
    newest = 0
    facts.append(folder)
    if error is not None:
        facts.append(error.errno)
    for entry in (*files, *others):
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as gone:
            facts += (entry.name, gone.errno)
            continue
        if not stat.S_ISREG(found.st_mode):
            described, changed = _describe(entry.path)
            facts += (entry.name, *described)
            newest = max(newest, changed)
            continue
        modified, changed = found.st_mtime_ns, found.st_ctime_ns
        facts += (entry.name, found.st_mode, found.st_size, modified, changed, found.st_ino)
        if modified > newest or changed > newest:
            newest = max(modified, changed)
        regular.add(entry.path)
    return newest


def _names(folder: str) -> DiskAnswer:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        return _digest([error.errno]), 0
    return _digest([*_describe(folder)[0], *names]), 0


def _path(path: str) -> DiskAnswer:
    facts, newest = _describe(path)
    return _digest(facts), newest


def _describe(path: str) -> tuple[list[object], int]:
    """What can be known of a path without reading it, links followed and not, and when it last changed.

    A folder's own times are no part of it: names come and go that nobody asked for.
    """
    facts: list[object] = [os.path.realpath(path)]
    newest = 0
    for follows in (False, True):
        try:
            found = os.stat(path, follow_symlinks=follows)
        except OSError as error:
            facts.append(error.errno)
            break
        facts += [found.st_mode, found.st_dev, found.st_ino]
        if not stat.S_ISDIR(found.st_mode):
            facts += [found.st_size, found.st_mtime_ns, found.st_ctime_ns]
            newest = max(newest, found.st_mtime_ns, found.st_ctime_ns)
        if not stat.S_ISLNK(found.st_mode):
            break
    return facts, newest


def _digest(facts: list[object]) -> bytes:
    from _blake2 import blake2b  # as in hashlib, which loads OpenSSL

    return blake2b(marshal.dumps(facts, 2), digest_size=16).digest()  # the last format that is the same for equal facts
