"""Which files belong together: the project's root, its files, and reading them safely."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase, translate
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from infralint.model import Location, Unreadable
from infralint.project.config import CONFIG_NAMES, Settings
from infralint.project.guard import Guard
from infralint.project.work import Work

SKIPPED_FOLDERS = frozenset(
    "node_modules bower_components .git .hg .svn .venv venv __pycache__ .tox .nox .mypy_cache .pytest_cache"
    " .ruff_cache .next .nuxt .turbo .vercel .terraform .terragrunt-cache .serverless site-packages".split()
)
Result = TypeVar("Result")

LARGEST = 10 * 1024 * 1024
"""Bytes: a longer file was not written by hand."""


class CantRead(Exception):
    """A file whose text can't be had; says why, as the end of a sentence that begins with its name."""


class TooLarge(CantRead):
    """A file that nobody wrote by hand."""


class Project:
    """A folder whose files are judged together.

    root: absolute. settings: what its infralint.yaml says. base: what shown paths are relative to.
    given: paths (relative to the root) that the user named one by one. config_shown: where its
    settings stand, as the user would type it. work: how long work on it is done. guard: catches failures.
    """

    def __init__(self, root: Path, settings: Settings, base: Path | None = None, given: Iterable[str] = ()) -> None:
        self.root = root
        self.settings = settings
        self.base = base or Path.cwd()
        self.given = frozenset(given)
        self.config_shown = ""
        self.work = Work()
        self.guard = Guard()
        self.virtual: frozenset[str] = frozenset()
        self._texts: dict[str, str] = {}
        self._remembered: dict[str, Any] = {}

    @cached_property
    def files(self) -> list[str]:
        """Paths of all files that may be looked at, relative to the root, in one stable order."""
        excluded = tuple(self.settings.exclude)
        found = _walk(str(self.root))
        return sorted(path for path in found if not is_excluded(path, excluded)) if excluded else sorted(found)

    @cached_property
    def file_set(self) -> frozenset[str]:
        return frozenset(self.files)

    def named(self, *patterns: str) -> list[str]:
        """Files whose base name matches one of the globs."""
        matches = re.compile("|".join(map(translate, patterns))).match
        return [path for path, name in self._names if matches(name)]

    @cached_property
    def _names(self) -> list[tuple[str, str]]:
        return [(path, path.rpartition("/")[2]) for path in self.files]

    @cached_property
    def _above(self) -> str | None:
        """The folder where the user stands, relative to the root; None where that is not below it."""
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

    def shown(self, path: str) -> str:
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
        return "." if relative == self._above else self.shown(relative)

    def remembered(self, name: str, make: Callable[[], Result]) -> Result:
        """What `make` gives, worked out once: for what several sources read of one project."""
        if name not in self._remembered:
            self._remembered[name] = make()
        result: Result = self._remembered[name]
        return result

    def was_asked_about(self, path: str) -> bool:
        """Whether the user named a project path, or a folder below the root that holds it."""
        return any(path == given or (given != "." and path.startswith(f"{given}/")) for given in self.given)

    def text(self, path: str) -> str:
        """A file's text, without byte order mark, line ends kept. Raises CantRead."""
        if path not in self._texts:
            self._texts[path] = decode(self.bytes(path))
        return self._texts[path]

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        """A file's content. Raises CantRead, also for one that leads out of the project or is too large."""
        try:
            full = self._inside(path)
            size = os.stat(full).st_size
            if size > largest:
                raise TooLarge(f"is {size / 1048576:.0f} MB; such files are read up to {largest // 1048576} MB")
            with open(full, "rb") as file:
                return file.read()
        except (OSError, RuntimeError) as error:
            raise CantRead(f"can't be read: {getattr(error, 'strerror', None) or error}") from error

    def head(self, path: str, length: int = 65536) -> builtins.bytes:
        """The first bytes of a file, however large it is; none where even these can't be had."""
        try:
            with open(self._inside(path), "rb") as file:
                return file.read(length)
        except (OSError, RuntimeError, CantRead):
            return b""

    def _inside(self, path: str) -> str:
        """Where a file lies. The walk enters no linked folder, so only the file itself can lead out of the project."""
        full = os.path.join(self.root, path)
        if os.path.islink(full) and not Path(full).resolve().is_relative_to(self.root.resolve()):
            raise CantRead("is a link that leads out of the project; infralint does not follow it")
        return full

    def unreadable(self, path: str, why: object, line: int = 0, column: int = 0) -> Unreadable:
        return Unreadable(f"{why}", Location(self.shown(path), line, column))


class StandardInput(Project):
    """A project of one nginx file, handed over on standard input."""

    NAME = "<stdin>"

    def __init__(self, content: bytes, settings: Settings) -> None:
        super().__init__(Path.cwd(), settings, given=[self.NAME])
        self.files = [self.NAME]
        self.virtual = self.given
        self._content = content

    def shown(self, path: str) -> str:
        return path

    def shown_path(self, full: Path) -> str:
        return self.NAME

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        return self._content


def decode(content: bytes) -> str:
    """Text as nginx and Terraform would take it: UTF-8, else single bytes. Raises CantRead for binary data."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CantRead("is UTF-16, which no server reads; save it as UTF-8")
    if b"\0" in content[:65536]:
        raise CantRead("is binary, not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def find_root(path: Path) -> Path:
    """The project of a path: the nearest folder upwards with a configuration, else the git root, else the folder."""
    folder = path if path.is_dir() else path.parent
    for parent in (folder, *folder.parents):
        if any((parent / name).is_file() for name in CONFIG_NAMES) or _pyproject_configures(parent):
            return parent
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    return folder


def _pyproject_configures(folder: Path) -> bool:
    try:
        return b"[tool.infralint" in (folder / "pyproject.toml").read_bytes()
    except OSError:
        return False


def is_excluded(path: str, patterns: Iterable[str]) -> bool:
    """Whether a glob names the path or a folder above it (`examples`, `*.bak`, `deploy/old/**`)."""
    parts = path.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(
        fnmatchcase(one, pattern.rstrip("/"))
        or ("/" not in pattern.rstrip("/") and fnmatchcase(name, pattern.rstrip("/")))
        for pattern in patterns
        for one, name in zip(above, parts, strict=True)
    )


def _walk(root: str) -> Iterator[str]:
    """Regular files below root; folders behind links are not entered, so there are no loops and no way out."""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in SKIPPED_FOLDERS:
                            pending.append(f"{folder}{entry.name}/")
                    elif entry.is_file():
                        yield folder + entry.name
        except OSError:
            continue
