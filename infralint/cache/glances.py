"""What earlier runs made of the files of a project, remembered for the next run over the same files.

One entry a project. Of each file it has what tells it from another (size, times of change, number on the disk), which
quick looks found nothing in it, so that it need not be read again, and what was parsed of it where that takes long; of each
folder the names in it. What is judged is never remembered. The key is this very code, the packages beside it, the interpreter
and the folder.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from infralint.cache import entries
from infralint.cache.recording import SETTLED, list_folder

if TYPE_CHECKING:
    from infralint.cache.recording import Entries

FEWEST = 500
"""Looks, texts and folders that must be new: for fewer, writing them down costs more than it saves."""
PART = 1000
"""Of how many files it is asked whether they are known, where a guess is enough."""
MOST_PARSED = 4 * 1024 * 1024
"""Bytes of what was parsed of one project's files; with the looks, these have to fit into an entry."""

Parsed = TypeVar("Parsed")
Made = TypeVar("Made")

_pack_state = struct.Struct("=4Q").pack
"""Of a file: size, time of change of the content and of all that is known of it (nanoseconds since 1970), number on the
disk. As bytes, which are read and compared several times as fast as the numbers."""


class KnownFile(msgspec.Struct, array_like=True, gc=False):
    """A file as it was, the looks that found nothing in it, a bit for each, and what was parsed of it."""

    state: bytes
    looks: int
    parsed: bytes = b""


_CURRENT = 1
"""Beside the bits of looks: the file is as this run found it. So each file is looked up once, in one index."""
_UNTOLD = KnownFile(b"", _CURRENT)
"""A file of which a change could go unnoticed."""


class KnownFolder(msgspec.Struct, array_like=True, gc=False):
    """A folder as it was, the names of the files in it and of the folders, each with a slash behind it."""

    state: bytes
    files: str
    inner: str


class KnownLooks(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of a project. names: of the looks, in the order of their bits. folders: by their absolute paths."""

    names: list[str]
    files: dict[str, KnownFile]
    folders: dict[str, KnownFolder] = {}


class Glances:
    """The looks at one project's files. folder: of the entries. root: of the project, absolute."""

    def __init__(self, folder: str, root: str) -> None:
        self._folder = folder
        self._above = _lead_to(root)
        self._key = entries.key_of_project(root)
        self._settled = time.time_ns() - SETTLED
        known = _decode(entries.load(folder, self._key), KnownLooks) or KnownLooks([], {})
        self._bits = {name: 2 << number for number, name in enumerate(known.names)}
        self._known = known.files
        self._known_folders = known.folders
        self._folders: dict[str, KnownFolder] = {}
        self._new = 0

    def recall(self, path: str, kind: type[Parsed]) -> Parsed | None:
        """What an earlier run parsed of a file that is still the same; None where there is nothing, or nothing of that kind."""
        return _decode(self._file(path).parsed, kind)

    def keep(self, path: str, parsed: object) -> None:
        """Remember what was parsed of a file, decided by its content alone."""
        file = self._file(path)
        if file is not _UNTOLD:
            with contextlib.suppress(UnicodeEncodeError):  # half of a character
                file.parsed = msgspec.msgpack.encode(parsed)
                self._new += 1

    def look(self, name: str, path: str, finds: Callable[[], bool]) -> bool:
        """Whether a look finds something in a file. finds: decides by the file's content and by nothing else."""
        file, bit = self._file(path), self._bit(name)
        if file.looks & bit:
            return False
        found = finds()
        if not found and file is not _UNTOLD:
            file.looks |= bit
            self._new += 1
        return found

    def sift(self, name: str, paths: Iterable[str], find: Callable[[list[str]], list[str]]) -> list[str]:
        """The files in which a look finds something, in their order. find: those of some files in which it does, as in `look`."""
        bit = self._bit(name)
        unknown = self._see(paths, bit)
        found = find([path for path, _ in unknown])
        if len(found) < len(unknown):
            hits = frozenset(found)
            for path, file in unknown:
                if file is not _UNTOLD and path not in hits:
                    file.looks |= bit
                    self._new += 1
        return found

    def _bit(self, name: str) -> int:
        return self._bits.get(name) or self._bits.setdefault(name, 2 << len(self._bits))

    def scan(self, root: str) -> Iterator[tuple[str, list[str], Entries, OSError | None]]:
        """As `recording.scan`, with the names of regular files; a folder is told again where its times of change tell that no
        name came or went since it was listed."""
        pending = [root]
        while pending:
            folder = pending.pop()
            try:
                found = os.lstat(folder)
                state = _pack_state(found.st_dev, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            except (OSError, ValueError, struct.error):  # there is none, or it was changed before 1970
                found, state = None, b""
            known = self._known_folders.get(folder)
            if known is not None and known.state == state:
                self._folders[folder] = known
                inside = folder if folder.endswith("/") else f"{folder}/"
                pending += [inside + name for name in known.inner.split("/")[:-1]]
                yield folder, known.files.split("/")[:-1], [], None
                continue
            files, inner, others, error = list_folder(folder)
            names = [entry.name for entry in files]
            is_told = found is not None and stat.S_ISDIR(found.st_mode) and self._is_settled(found)
            if is_told and not others and error is None:
                below = [path[path.rfind("/") + 1 :] for path in inner]
                self._folders[folder] = KnownFolder(state, _join(names), _join(below))
                self._new += 1
            pending += inner
            yield folder, names, others, error

    def guess_unknown(self, paths: Sequence[str]) -> int:
        """In how many files no look found nothing, as far as is remembered: of very many a part is asked, and none is looked at."""
        known, step = self._known, 1 + len(paths) // PART
        return step * sum(1 for path in paths[::step] if (file := known.get(path)) is None or file.looks <= _CURRENT)

    def _file(self, path: str) -> KnownFile:
        """A file as it is now, or _UNTOLD."""
        file = self._known.get(path)
        return file if file is not None and file.looks & _CURRENT else self._see((path,), 0)[0][1]

    def _see(self, paths: Iterable[str], bit: int) -> list[tuple[str, KnownFile]]:
        """Of many files those in which a look may find something, in their order, as they are now or were when they were looked
        at before: as `_file`. bit: of the look."""
        known, above = self._known, self._above
        lstat, pack_state = os.lstat, _pack_state
        unknown: list[tuple[str, KnownFile]] = []
        for path in paths:
            file = known.get(path)
            if file is None or not file.looks & _CURRENT:
                try:
                    found = lstat(above + path)
                    state = pack_state(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
                except (OSError, ValueError, struct.error):  # there is none, or it was changed before 1970
                    file = known[path] = _UNTOLD
                else:
                    if file is not None and file.state == state:
                        file.looks |= _CURRENT
                    else:
                        is_told = stat.S_ISREG(found.st_mode) and self._is_settled(found)
                        file = known[path] = KnownFile(state, _CURRENT) if is_told else _UNTOLD
            if not file.looks & bit:
                unknown.append((path, file))
        return unknown

    def _is_settled(self, found: os.stat_result) -> bool:
        """Whether something was left alone for so long that its times of change tell every later one."""
        return max(found.st_mtime_ns, found.st_ctime_ns) < self._settled

    def hand_over(self) -> KnownLooks:
        """What is known of the files that were looked at, for the process that this one works for."""
        return KnownLooks(list(self._bits), self._worth_keeping())

    def take_over(self, looks: KnownLooks) -> None:
        """What another process that works for this one knows of files."""
        bits = [self._bit(name) for name in looks.names]
        for path, other in looks.files.items():
            file = self._known.get(path)
            if file is None or not (file.looks & _CURRENT or file.state == other.state):
                file = self._known[path] = KnownFile(other.state, _CURRENT)
            if file.state == other.state:
                before = file.looks | _CURRENT, file.parsed
                file.looks |= _CURRENT | sum(bit for number, bit in enumerate(bits) if other.looks & 2 << number)
                file.parsed = file.parsed or other.parsed
                self._new += before != (file.looks, file.parsed)

    def _worth_keeping(self) -> dict[str, KnownFile]:
        """The files of which there is something to remember, as this run found them."""
        return {
            path: KnownFile(file.state, file.looks - _CURRENT, file.parsed)
            for path, file in self._known.items()
            if file.looks & _CURRENT and (file.looks > _CURRENT or file.parsed)
        }

    def save(self) -> None:
        """Write down what is known of the files that this run looked at, where much of it is new."""
        if self._new < FEWEST:
            return
        files = self._worth_keeping()
        left = MOST_PARSED
        for file in files.values():
            left -= len(file.parsed)
            if left < 0:
                file.parsed = b""
        with contextlib.suppress(UnicodeEncodeError):  # a name that is no UTF-8
            entries.save(
                self._folder, self._key, msgspec.msgpack.encode(KnownLooks(list(self._bits), files, self._folders))
            )


def _join(names: Iterable[str]) -> str:
    """Names with a slash behind each."""
    return "".join(f"{name}/" for name in names)


def _lead_to(root: str) -> str:
    """What leads from where this process stands to the files of a project: nothing where it stands there, as a hook does."""
    try:
        return "" if os.path.samefile(root, os.curdir) else f"{root}/"
    except OSError:
        return f"{root}/"


folder: str | None = None
"""Where entries may be kept in this process; None: nowhere."""
_opened: list[Glances] = []


def open_glances(root: str) -> Glances | None:
    """What is remembered of a project; None where nothing may be."""
    if folder is None:
        return None
    _opened.append(Glances(folder, root))
    return _opened[-1]


def remember(name: str, kind: Any, make: Callable[[], Made]) -> Made:
    """What is made of this program's own files alone. name: what it is. kind: its type, which msgspec reads again."""
    if folder is None:
        return make()
    key = entries.key_of_code(name)
    known: Made | None = _decode(entries.load(folder, key), kind)
    if known is not None:
        entries.mark_used(folder, key)
        return known
    made = make()
    entries.save(folder, key, msgspec.msgpack.encode(made))
    return made


def _decode(content: bytes | memoryview | None, kind: type[Parsed]) -> Parsed | None:
    """What was written down; None where there is nothing, or nothing of that kind."""
    if not content:
        return None
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None


def allow(place: str) -> None:
    """Looks may be remembered in a folder from now on."""
    global folder
    folder = place


def finish() -> None:
    """Write down what was looked at since `allow`, and remember nothing more."""
    global folder
    folder = None
    while _opened:
        _opened.pop().save()
