"""Entries of the cache on the disk: in the user's own folder, each whole at any moment, few enough, none taken on trust."""

from __future__ import annotations

import os
import stat
import sys
import time

from infralint import __version__

TYPE_CHECKING = False  # as in infralint/__init__.py: what tells a run again loads hardly anything
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 64 * 1024 * 1024
"""What all entries may take together; those that were used least lately go first."""
LARGEST = 8 * 1024 * 1024
"""Bytes of one entry; a longer report is worked out anew."""
_DIGEST = 32
"""Bytes at the beginning of an entry: the digest of the others."""
_ABANDONED = 3600
"""Seconds after which a file that never became an entry is deleted."""
OF_CODE = b"code"
"""How the keys of what is made of this program's own files begin."""
_MARKS = (".git", "infralint.yaml", "infralint.yml", ".infralint.yaml", "pyproject.toml")
_DECIDING = ("NO_COLOR", "SOURCE_DATE_EPOCH")
"""Environment variables that change a report, beside Terraform's."""


CACHE_NAME = "infralint"
"""Of the folder among those of the user's other programs."""


def find_folder() -> str | None:
    """The folder of the entries; None where there is to be none (an empty `INFRALINT_CACHE`, no folder of the user's own)."""
    given = os.environ.get("INFRALINT_CACHE")
    if given is not None:
        return os.path.abspath(given) if given else None
    if os.name != "posix":  # the time of a file's last change is not to be had
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, CACHE_NAME) if os.path.isabs(base) else None


def is_beside_projects(folder: str, arguments: Sequence[str]) -> bool:
    """Whether a folder lies outside all that the arguments can be about: what comes with a repository is not believed."""
    inside = f"{os.path.realpath(folder)}/"
    return not any(inside.startswith(f"{root.rstrip('/')}/") for root in _roots(arguments))


def _roots(arguments: Sequence[str]) -> Iterator[str]:
    """The folders that are given, and those above them that may be a project."""
    for path in (".", *arguments):
        full = os.path.realpath(path)
        if os.path.isdir(full):
            yield full
        while full != (above := os.path.dirname(full)):
            full = above
            if any(os.path.lexists(os.path.join(full, mark)) for mark in _MARKS):
                yield full


def key_of(arguments: Sequence[str]) -> bytes:
    """A digest of all that decides beside the disk."""
    environment = sorted((name, text) for name, text in os.environ.items() if _decides(name))
    parts: list[object] = [
        *_stamp(),
        list(arguments),
        os.getcwd(),
        environment,
        sys.stdout.isatty(),
        sys.stdout.encoding,
    ]
    return _digest(repr(parts).encode("utf-8", "surrogateescape"))


def key_of_project(root: str) -> bytes:
    """A digest of all that decides about what is known of a project's files, beside these files."""
    return _digest(repr(["glances", *_stamp(), root]).encode("utf-8", "surrogateescape"))


def key_of_code(name: str) -> bytes:
    """A digest of all that decides about what is made of this program's own files, marked as such."""
    return OF_CODE + _digest(repr(["code", *_stamp(), name]).encode("utf-8", "surrogateescape"))


def _decides(name: str) -> bool:
    return name in _DECIDING or name.startswith("TF_VAR_")


_code: list[object] = []
"""What tells this code from others, once it is asked for."""


def _stamp() -> tuple[object, ...]:
    """What tells this code, the packages that it may use, the interpreter and the system from others."""
    system = list(os.uname())[3:] if hasattr(os, "uname") else sys.platform
    if not _code:
        _code.extend(_describe_code())
    return __version__, _code, sys.version, system


def _describe_code() -> list[object]:
    found: list[object] = []
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    pending = [package, os.path.join(os.path.dirname(package), "checks")]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir():
                        pending += [] if entry.name == "__pycache__" else [entry.path]
                    else:
                        status = entry.stat()
                        found.append((entry.path, status.st_size, status.st_mtime_ns))
        except OSError:
            continue
    found.sort(key=repr)
    for folder in sys.path:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        found.append(sorted(name for name in names if name.endswith(("-info", ".pth", ".egg-link"))))
    return found


def load(folder: str, key: bytes) -> memoryview | None:
    """The content of the entry of a key, if there is one that is whole."""
    path = _path(folder, key)
    try:
        if not _is_ours(folder):
            return None
        with open(path, "rb") as file:
            entry = file.read(LARGEST + _DIGEST + 1)
    except OSError:
        return None
    content = memoryview(entry)[_DIGEST:]
    if entry[:_DIGEST] != _digest(content) or content[: len(key)] != key:
        _remove(path)  # it is damaged, or of something else
        return None
    return content[len(key) :]


def mark_used(folder: str, key: bytes) -> None:
    """Of entries that must go, this is one of the last."""
    try:
        os.utime(_path(folder, key))
    except OSError:
        return


def save(folder: str, key: bytes, content: bytes) -> None:
    """Write an entry down, in one step; where that can't be done, nothing is kept."""
    entry = key + content
    if len(entry) > LARGEST:
        return
    path = _path(folder, key)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _is_ours(folder):
            return
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(_digest(entry) + entry)
        os.replace(temporary, path)
        _shrink(folder)
    except OSError:
        _remove(temporary)


def _shrink(folder: str) -> None:
    """Delete what was not used lately where all of it is too much, and what never became an entry."""
    with os.scandir(folder) as listed:
        entries = [(status.st_mtime, status.st_size, entry.path) for entry in listed if (status := entry.stat())]
    left = sum(size for _, size, _ in entries)
    for used, size, path in sorted(entries):
        abandoned = "." in os.path.basename(path) and used < time.time() - _ABANDONED
        if abandoned or left > MOST_BYTES:
            _remove(path)
            left -= size


def _is_ours(folder: str) -> bool:
    """Whether nobody but the user can have written what is there."""
    found = os.stat(folder)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _path(folder: str, key: bytes) -> str:
    return os.path.join(folder, key.hex())


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _digest(content: bytes | memoryview) -> bytes:
    from _blake2 import blake2b  # as in hashlib, which loads OpenSSL

    return blake2b(content, digest_size=_DIGEST).digest()
