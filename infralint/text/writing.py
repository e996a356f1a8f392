"""Writing files so that nobody ever meets half of one, and knowing what a run that was killed has left behind."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Collection
from pathlib import Path

from infralint.text.lazy import lazy

ENDING = ".infralint"
"""Of files that are written beside the one whose place they are to take."""
JOURNAL = f".fix{ENDING}"
"""What a `--fix` of several files is about to replace, in the project's root while it does so."""

_UNPRINTED = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF])
_LEFT_BEFORE = lazy(r"\.(.+)\.(?=[a-z_]*\d)[a-z0-9_]{8}")
"""How such files were called before version 0.2."""


def is_of_printing(error: Exception) -> bool:
    """Whether what failed is that something was printed: the disk behind standard output is full, or gone."""
    return isinstance(error, OSError) and error.filename is None and error.errno in _UNPRINTED


def is_leftover(path: str, files: Collection[str]) -> bool:
    """Whether a file is one of ours that never took its place. files: what there is, for names that say less."""
    return path.rpartition("/")[2].startswith(".") and (is_ours(path) or older_target(path) in files)


def older_target(path: str) -> str:
    """The file whose place one was to take that is called as before version 0.2; empty for any other name."""
    folder, slash, name = path.rpartition("/")
    found = _LEFT_BEFORE.fullmatch(name)
    return f"{folder}{slash}{found[1]}" if found else ""


def is_ours(path: str) -> bool:
    """Whether nobody but infralint gives a file such a name."""
    name = path.rpartition("/")[2]
    return name.startswith(".") and name.endswith(ENDING)


def replace_file(target: Path, text: str) -> None:
    """Take the place of a file at once, with its owner and permissions. Raises OSError.

    A link stays, and what it leads to is replaced; a device or pipe is written to.
    """
    content = _encode(text)
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    target = Path(os.path.realpath(target))
    name = prepare_file(target, content)
    try:
        os.replace(name, target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def create_file(target: Path, text: str) -> None:
    """Make a new file at once. Raises OSError, also where there is one."""
    name = prepare_file(target, _encode(text))
    try:
        os.link(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def prepare_file(target: Path, content: bytes) -> str:
    """What is to take a file's place, written beside it with its owner and permissions: its name. Raises OSError."""
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=ENDING)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        _take_after(name, target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return name


def _encode(text: str) -> bytes:
    """Undecodable bytes of file names become `\\udcff`, which is also what JSON calls them."""
    return text.encode(errors="backslashreplace")


def _take_after(name: str, target: Path) -> None:
    """Give a file the owner and permissions of another, or those of a new file where there is none."""
    if not target.exists():
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        return
    found = target.stat()
    with contextlib.suppress(PermissionError):
        os.chown(name, found.st_uid, found.st_gid)
    os.chmod(name, found.st_mode & 0o7777)
