"""Which files belong together: the project's root, its files, and reading them safely."""

from __future__ import annotations

import builtins
import codecs
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from infralint.cache.glances import Glances
from infralint.cache.recording import watch
from infralint.model import Location, Unknown, Unreadable
from infralint.project.config import CONFIG_NAMES, Settings, find_config, place_of
from infralint.project.guard import Guard
from infralint.project.names import FileNames
from infralint.project.walking import (
    LEADS_OUT,
    SKIPPED_NAMES,
    CantRead,
    TooLarge,
    Tree,
    leads_out,
    read_file,
    read_head,
    walk,
)
from infralint.project.work import Work
from infralint.text.bad_text import BadText
from infralint.text.globs import Exclusions
from infralint.text.lazy import lazy

__all__ = ["LARGEST", "CantRead", "Project", "StandardInput", "TooLarge", "decode", "find_root", "refuse_binary"]

Result = TypeVar("Result")

LARGEST = 10 * 1024 * 1024
"""Bytes: a longer file was not written by hand."""
MOST_KEPT = 8 * 1024 * 1024
"""Bytes of files that are kept for who looks at them next."""
AT_ONCE = 256 * 1024
"""Bytes of files that are searched together."""
FILE_COST = 200
"""Bytes that a file takes beside its content."""


class Project:
    """A folder whose files are judged together.

    root: absolute. settings: what its infralint.yaml says. base: what shown paths are relative to.
    given: paths (relative to the root) that the user named one by one. config_shown: where its
    settings stand, as the user would type it. work: how long work on it is done. guard: catches failures.
    unread: files that others build on, and that can't be read.
    look: what lies in a folder. glances: quick looks of earlier runs. subjects: modules of the types that the run's
    checks ask about, for sources that read more where somebody asks.
    """

    def __init__(self, root: Path, settings: Settings, base: Path | None = None, given: Iterable[str] = ()) -> None:
        self.root = root
        self.settings = settings
        self.base = base or Path.cwd()
        self.given = frozenset(given)
        self.config_shown = ""
        self.work = Work()
        self.guard = Guard()
        self.look: Callable[[str], Tree] = self._walk
        self.virtual: frozenset[str] = frozenset()
        self.subjects: frozenset[str] = frozenset()
        self.glances: Glances | None = None
        self.unread: dict[str, CantRead] = {}
        self._texts: dict[str, str] = {}
        self.marked: set[str] = set()
        """Files whose text begins with a byte order mark."""
        self._contents: dict[str, builtins.bytes] = {}
        self._room = MOST_KEPT
        self._remembered: dict[str, Any] = {}

    @property
    def config_name(self) -> str:
        """Where its settings stand, or would stand."""
        return self.config_shown or CONFIG_NAMES[0]

    @property
    def tree(self) -> Tree:
        """All that lies below the root and is not excluded."""
        return self._walked[0]

    @cached_property
    def _walked(self) -> tuple[Tree, Sequence[str]]:
        """What there is, and the patterns of `exclude:` that name none of it."""
        found, exclusions = self.look(str(self.root)), Exclusions(self.settings.exclude)
        if self.settings.exclude:
            found.leave_out(exclusions.covers, exclusions.covers_folder)
        return found, exclusions.unused

    def _walk(self, root: str) -> Tree:
        return walk(root, self.glances)

    @cached_property
    def files(self) -> list[str]:
        """Paths of all files that may be looked at, relative to the root, in one stable order."""
        return sorted(self.tree.files)

    def unlisted_folders(self) -> Iterator[Unreadable]:
        """Folders that can't be looked into: nothing is known of what lies there."""
        for folder, reason in sorted(self.tree.unlisted.items()):
            yield Unreadable(reason, Location(self.show(folder) if folder else self.shown_path(self.root)))

    def unused_exclusions(self) -> Iterator[Unknown]:
        """Patterns under `exclude:` that name nothing here; folders that are never entered need not be there."""
        for pattern in self._walked[1]:
            if pattern.strip("!/*.") not in SKIPPED_NAMES:
                where = self._place_of_exclusion(pattern)
                reason = f"`{pattern}` names no file or folder of the project, so it leaves nothing out"
                yield Unknown(
                    where, "exclude", reason, "correct the pattern (it is read as in .gitignore), or delete it"
                )

    def _place_of_exclusion(self, pattern: str) -> Location:
        exclude = self.settings.exclude
        key = f"$.exclude[{exclude.index(pattern)}]" if pattern in exclude else "$.exclude"
        return place_of(self.base / self.config_name, self.config_name, key)

    @property
    def file_set(self) -> frozenset[str]:
        return self.names.all

    @cached_property
    def names(self) -> FileNames:
        """The names of all files."""
        return FileNames(self.files)

    def files_named(self, *patterns: str) -> list[str]:
        """Files whose names match one of the globs, in order; what follows a last dot in a glob is all of an ending."""
        return self.names.find_named(*patterns)

    def files_ending(self, *endings: str) -> list[str]:
        """Files whose names end so after their last dot, in order."""
        return self.names.find_ending(*endings)

    @cached_property
    def _slashed_root(self) -> str:
        return os.path.join(self.root, "")

    @cached_property
    def _above(self) -> str | None:
        """The folder where the user stands, relative to the root; None where that is not below it."""
        watch(str(self.root))
        base, root = os.path.realpath(self.base), os.path.realpath(self.root)
        return os.path.relpath(base, root).replace(os.sep, "/") if f"{base}/".startswith(f"{root}/") else None

    @cached_property
    def _prefix(self) -> str:
        """What leads from where the user stands to the root."""
        if self._above == ".":
            return ""
        if self._above is not None:
            return "../" * (self._above.count("/") + 1)
        relative = os.path.relpath(self.root, self.base)
        return f"{self.root}/" if relative.startswith("..") else f"{relative}/"

    def show(self, path: str) -> str:
        """A project path as the user would type it, from where they stand."""
        if self._above not in (None, ".") and path.startswith(f"{self._above}/"):
            return path[len(str(self._above)) + 1 :]
        return self._prefix + path

    def path_of(self, shown: str) -> str:
        """The project path of a shown one."""
        if self._above not in (None, ".") and not shown.startswith("../"):
            return f"{self._above}/{shown}"
        return shown.removeprefix(self._prefix)

    def shown_path(self, full: Path) -> str:
        """An absolute path below the root, as the user would type it; `.` for all that is shown below here."""
        relative = full.relative_to(self.root).as_posix()
        if relative == ".":
            return self._prefix.rstrip("/") or "."
        return "." if relative == self._above else self.show(relative)

    def remember(self, name: str, make: Callable[[], Result]) -> Result:
        """What `make` gives, worked out once: for what several sources read of one project."""
        if name not in self._remembered:
            self._remembered[name] = make()
        result: Result = self._remembered[name]
        return result

    def remembers(self, name: str) -> bool:
        """Whether something was worked out under a name."""
        return name in self._remembered

    def was_asked_about(self, path: str) -> bool:
        """Whether the user named a project path, or a folder below the root that holds it."""
        return path in self.given or path.startswith(self._given_folders)

    @cached_property
    def _given_folders(self) -> tuple[str, ...]:
        """The paths that the user named below the root, as of folders: with a slash."""
        return tuple(f"{given}/" for given in self.given if given != ".")

    def text(self, path: str) -> str:
        """A file's text, without byte order mark, line ends kept. Raises CantRead."""
        if path not in self._texts:
            self._texts[path] = decode(whole := self.content(path))
            if whole.startswith(codecs.BOM_UTF8):
                self.marked.add(path)
            if (content := self._contents.pop(path, None)) is not None:
                self._room += len(content) + FILE_COST
        return self._texts[path]

    def text_or_nothing(self, path: str) -> str:
        """A file's text, empty where it can't be read: one that has to be read is then noted in `unread`."""
        try:
            return self.text(path)
        except CantRead as problem:
            if _HAS_TO_BE_READ.search(path):
                self.unread[path] = problem
            return ""

    def utf8_text(self, path: str) -> str:
        """The text of a file that may hold UTF-8 alone, as YAML does. Raises CantRead, also for other bytes."""
        content = None if path in self._texts else self.content(path)
        text = self.text(path)
        if not text.isascii():
            content = self.content(path) if content is None else content
            try:
                content.decode()
            except UnicodeDecodeError as error:
                line = content.count(b"\n", 0, error.start) + 1
                raise CantRead(
                    f"holds a byte that is not UTF-8 ({content[error.start]:#x}); save it as UTF-8", line
                ) from None
        return text

    def holds(self, path: str, word: str) -> bool:
        """Whether a word of small letters stands in a file, in whatever case; keeps no text for that. Raises CantRead."""
        text = self._texts.get(path)
        return word in text.lower() if text is not None else word.encode() in self.content(path).lower()

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        """A file's content. Raises CantRead, also for one that leads out of the project or is too large."""
        full, follow = self._inside(path)
        return read_file(full, largest, follow)

    def searchable(self, path: str, largest: int = LARGEST) -> builtins.bytes:
        """A file's content for a quick look at its words: UTF-16 as UTF-8, which `text` then refuses. Raises CantRead."""
        return _as_utf8(self.content(path, largest))

    def content(self, path: str, largest: int = LARGEST) -> builtins.bytes:
        """A file's content, as it was when it was first looked at, as far as there is room to keep it. Raises CantRead."""
        known = self._contents.get(path)
        if known is not None and len(known) <= largest:
            return known
        content = self.bytes(path, largest)
        if len(content) <= self._room:
            self._contents[path] = content
            self._room -= len(content) + FILE_COST
        return content

    def head(self, path: str, length: int = 65536) -> builtins.bytes:
        """The first bytes of a file, however large it is; none where even these can't be had."""
        if (known := self._contents.get(path)) is not None:
            return _as_utf8(known[:length])
        if (text := self._texts.get(path)) is not None:
            return text[:length].encode()[:length]
        try:
            full, follow = self._inside(path)
            return _as_utf8(read_head(full, length, follow))
        except CantRead:
            return b""

    def glance(self, name: str, path: str, finds: Callable[[], bool]) -> bool:
        """Whether a quick look finds something in a file; where it found nothing before, the file need not be read again.

        name: of the look. finds: decides by the file's bytes, and by nothing else that can differ.
        """
        return finds() if self.glances is None else self.glances.look(name, path, finds)

    def glance_at_all(
        self,
        name: str,
        paths: Iterable[str],
        finds: Callable[[str], bool],
        rules_out: Callable[[Sequence[builtins.bytes]], bool] | None = None,
    ) -> list[str]:
        """The files in which a quick look finds something, in their order: as `glance`, for many.

        rules_out: whether it finds nothing in any file of these contents (as `searchable` has them); quicker than to ask of each.
        """

        def find(unknown: Iterable[str]) -> list[str]:
            left = unknown if rules_out is None else self._not_ruled_out(unknown, rules_out)
            return [path for path in left if finds(path)]

        return find(paths) if self.glances is None else self.glances.sift(name, paths, find)

    def _not_ruled_out(
        self, paths: Iterable[str], rules_out: Callable[[Sequence[builtins.bytes]], bool]
    ) -> Iterator[str]:
        """The files that are left of many, of which some are ruled out together; those that can't be read are left."""
        batch: dict[str, builtins.bytes | None] = {}
        size = 0
        for path in paths:
            content = batch[path] = self._content_to_search(path)
            size += len(content or b"")
            if size >= AT_ONCE:
                yield from _left_of(batch, rules_out)
                batch, size = {}, 0
        yield from _left_of(batch, rules_out)

    def _content_to_search(self, path: str) -> builtins.bytes | None:
        """A file's content as UTF-8; None where it can't be had."""
        if (text := self._texts.get(path)) is not None:
            return text.encode()
        try:
            return self.searchable(path)
        except CantRead:
            return None

    def guess_unknown(self, paths: Sequence[str]) -> int:
        """Of about how many files no earlier run remembers that there was nothing in them, changed ones maybe left out."""
        return len(paths) if self.glances is None else self.glances.guess_unknown(paths)

    def recall(self, path: str, kind: type[Result]) -> Result | None:
        """What an earlier run parsed of a file that is the same since; None where nothing was kept."""
        return self.glances.recall(path, kind) if self.glances is not None else None

    def keep(self, path: str, parsed: object) -> None:
        """Keep what was parsed of a file for later runs. parsed: msgspec can write it down and read it again."""
        if self.glances is not None:
            self.glances.keep(path, parsed)

    @cached_property
    def _regular(self) -> frozenset[str]:
        """The files that are there themselves, and not as links."""
        return self.file_set - self.tree.links if self.tree.links else self.file_set

    def _inside(self, path: str) -> tuple[str, bool]:
        """Where a file lies, and whether a link is to be followed there. Raises CantRead.

        The walk enters no linked folder, so of what it found only links can lead out.
        """
        if "_walked" in self.__dict__:
            if path in self._regular:
                return self._slashed_root + path, False
            if path in self.tree.odd:
                raise CantRead(self.tree.odd[path])
        if "\0" in path:
            raise CantRead("has a name that no file can have")
        full = os.path.join(self.root, path)
        if leads_out(full, str(self.root)):
            raise CantRead(LEADS_OUT if os.path.islink(full) else "leads out of the project")
        return full, True

    def is_there(self, path: str) -> bool:
        """Whether something lies at a path, be it left out of what is judged."""
        if path in self.file_set:
            return True
        full = self._slashed_root + path
        watch(full)
        return os.path.lexists(full)

    def unreadable(self, path: str, why: object, line: int = 0, column: int = 0) -> Unreadable:
        """An entry about a file. why: a sentence that begins with its name, or what keeps it from being read."""
        if isinstance(why, BadText):
            return Unreadable(why.complaint(), Location(self.show(path), line or why.line, column or why.column))
        line = line or (why.line if isinstance(why, CantRead) else 0)
        return Unreadable(f"{why}", Location(self.show(path), line, column))


def _left_of(batch: Mapping[str, bytes | None], rules_out: Callable[[Sequence[bytes]], bool]) -> Iterable[str]:
    """The files of a batch that have to be asked one by one."""
    contents = [content for content in batch.values() if content is not None]
    if not rules_out(contents):
        return batch
    return [path for path, content in batch.items() if content is None]


_HAS_TO_BE_READ = lazy(r"(?:^|/)(?:\.env(?:\.[\w.-]+)?|(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?)$")
"""Files without which it is not known what runs: of variables, and of images."""


class StandardInput(Project):
    """A project of one file, handed over on standard input: Kubernetes manifests where it looks like these, else nginx."""

    NAME = "<stdin>"

    def __init__(self, content: bytes, settings: Settings) -> None:
        ending = "json" if content.lstrip()[:1] == b"{" else "yaml"
        self._path = f"{self.NAME}.{ending}" if looks_like_manifests(content) else self.NAME
        super().__init__(Path.cwd(), settings, given=[self._path])
        self._walked = Tree([self._path]), ()
        self.virtual = self.given
        self._content = content

    def show(self, path: str) -> str:
        return self.NAME if path == self._path else path

    def path_of(self, shown: str) -> str:
        return self._path if shown == self.NAME else shown

    def shown_path(self, full: Path) -> str:
        return self.NAME

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        return self._content


_OBJECT = (lazy(rb"(?m)^apiVersion[ \t]*:"), lazy(rb"(?m)^kind[ \t]*:"))
_JSON_OBJECT = (lazy(rb'"apiVersion"\s*:'), lazy(rb'"kind"\s*:'))


def looks_like_manifests(content: bytes) -> bool:
    """Whether a text says what every Kubernetes object does: in YAML at the beginning of a line."""
    keys = _JSON_OBJECT if content.lstrip()[:1] == b"{" else _OBJECT
    return all(key.search(content) for key in keys)


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""With what a text in UTF-16 begins."""


def _utf_16(content: bytes) -> str:
    """The UTF-16 that a text is in, empty for any other: it begins with a mark, or with two plain letters."""
    begin = content[:4]
    if begin.isascii() and b"\0" not in begin:  # most are
        return ""
    if begin[:2] in _UTF_16:
        return "utf-16"
    if b"\0" not in begin:
        return ""
    zeros = "".join("0" if byte == 0 else "a" for byte in begin)
    return {"a0a0": "utf-16-le", "0a0a": "utf-16-be"}.get(zeros, "")


def _as_utf8(content: bytes) -> bytes:
    encoding = _utf_16(content)
    return content.decode(encoding, "replace").encode(errors="replace") if encoding else content


def decode(content: bytes) -> str:
    """Text as nginx and Terraform would take it: UTF-8, else single bytes. Raises CantRead for binary data."""
    if _utf_16(content):
        raise CantRead("is UTF-16, and UTF-8 is expected; save it as UTF-8")
    refuse_binary(content[:65536])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def refuse_binary(content: bytes) -> None:
    """Raises CantRead for what is no text."""
    if content.startswith(b"\0GITCRYPT\0"):
        raise CantRead("is encrypted by git-crypt; unlock the repository, or leave the file out with `exclude:`")
    if content.startswith(b"PK\x03\x04"):
        raise CantRead("is an archive, not text; of a plan of Terraform, give what `terraform show -json` prints")
    if b"\0" in content:
        raise CantRead("is binary, not text")


def find_root(path: Path) -> Path:
    """The project of a path: the nearest folder upwards with a configuration, else the git root, else the folder.

    Above the path only regular files count: a pipe or a device that somebody put into `/tmp` rules nothing.
    """
    watch(str(path))
    folder = path if path.is_dir() else path.parent
    if find_config(folder) is not None:
        return folder
    for parent in folder.parents:
        if (config := find_config(parent)) is not None and config.is_file():
            return parent
    for parent in (folder, *folder.parents):
        watch(str(parent / ".git"))
        if (parent / ".git").exists():
            return parent
    return folder
