"""What a project's folder holds, and reading it so that nothing hangs, leads out of the project, or fills the memory."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from infralint.cache.entries import CACHE_NAME, find_folder
from infralint.cache.recording import SKIPPED_FOLDERS, scan, watch, watch_tree
from infralint.text.writing import is_leftover

if TYPE_CHECKING:
    from infralint.cache.glances import Glances
    from infralint.cache.recording import Entries

SKIPPED_NAMES = frozenset(folder.strip(".") for folder in SKIPPED_FOLDERS)
LEADS_OUT = "is a link that leads out of the project; infralint does not follow it"
LEADS_NOWHERE = "is a link to nothing"
LOOPS = "is a link that leads back to itself"
NO_FILE = "is no regular file"
FOLDER = "is a folder, where a file was expected"


class CantRead(Exception):
    """A file whose text can't be had; says why, as the end of a sentence that begins with its name.

    line: the one at fault; 0: none is.
    """

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


class TooLarge(CantRead):
    """A file that nobody wrote by hand."""


class Tree(msgspec.Struct):
    """All that lies in a folder, by paths relative to it.

    files: regular ones, and links to such. links: the latter. odd: what has a name and is no file that can be read, with why.
    linked: links to folders, with the folder that each leads to; they are not entered. unlisted: folders that
    can't be listed, with why. leftovers: files of ours that never took the place of another.
    """

    files: list[str] = msgspec.field(default_factory=list)
    links: set[str] = msgspec.field(default_factory=set)
    odd: dict[str, str] = msgspec.field(default_factory=dict)
    linked: dict[str, str] = msgspec.field(default_factory=dict)
    unlisted: dict[str, str] = msgspec.field(default_factory=dict)
    leftovers: list[str] = msgspec.field(default_factory=list)

    def leave_out(self, covers: Callable[[str], bool], covers_folder: Callable[[str], bool]) -> None:
        """Take out the files, and the folders, that are excluded."""
        self.files = [path for path in self.files if not covers(path)]
        self.odd = {path: reason for path, reason in self.odd.items() if not covers(path)}
        self.linked = {path: target for path, target in self.linked.items() if not covers(path)}
        self.unlisted = {path: reason for path, reason in self.unlisted.items() if not covers_folder(path)}


_USUAL_CACHE = f"/.cache/{CACHE_NAME}"
"""How the path of the folder ends in which earlier runs remember what they found, where the user names no other."""


def walk(root: str, glances: Glances | None = None) -> Tree:
    """Look through a folder. Folders behind links are not entered, so there are no loops and no way out.

    glances: what earlier runs found there.
    """
    tree, ours = Tree(), find_folder()
    passed: tuple[str, ...] = ()
    start = len(root if root.endswith("/") else f"{root}/")

    def enter(listed: str, others: Entries, error: OSError | None) -> str | None:
        """What leads to the files of a folder, after all else that lies there was noted; None where these are nobody's."""
        nonlocal passed
        folder = f"{listed[start:]}/" if len(listed) > start else ""
        if folder and (listed.endswith(_USUAL_CACHE) or listed == ours):
            passed += (folder,)  # what earlier runs remember is nobody's configuration
        if folder.startswith(passed):
            return None
        if error is not None:
            tree.unlisted[folder.rstrip("/")] = f"can't be listed: {error.strerror}"
        for entry in others:
            if entry.is_symlink():
                _add_link(tree, root, folder + entry.name)
            else:
                tree.odd[folder + entry.name] = NO_FILE
        return folder

    watched = watch_tree(root)
    if watched is None and glances is not None:
        for listed, names, others, error in glances.scan(root):
            if (folder := enter(listed, others, error)) is not None:
                tree.files += [folder + name for name in names]
    else:  # a run that notes what it asked of the disk lists all folders anew
        for listed, files, others, error in scan(root) if watched is None else watched:
            if (folder := enter(listed, others, error)) is not None and files:
                tree.files += [folder + entry.name for entry in files]
    _set_leftovers_aside(tree)
    return tree


def _set_leftovers_aside(tree: Tree) -> None:
    if "/." not in "/" + "\0/".join(tree.files):
        return
    known = frozenset(tree.files)
    tree.leftovers = [path for path in tree.files if is_leftover(path, known)]
    tree.files = sorted(known.difference(tree.leftovers)) if tree.leftovers else tree.files


def _add_link(tree: Tree, root: str, path: str) -> None:
    full = os.path.join(root, path)
    try:
        mode = os.stat(full).st_mode
    except OSError as error:
        tree.odd[path] = LOOPS if error.errno == errno.ELOOP else LEADS_NOWHERE
        return
    if stat.S_ISREG(mode):
        tree.files.append(path)
        tree.links.add(path)
    elif not stat.S_ISDIR(mode):
        tree.odd[path] = NO_FILE
    elif leads_out(full, root):
        tree.odd[path] = LEADS_OUT
    else:
        tree.linked[path] = os.path.relpath(os.path.realpath(full), os.path.realpath(root)).replace(os.sep, "/")


def leads_out(full: str, root: str) -> bool:
    """Whether a path leads, by `..` or through links, out of a folder."""
    watch(full)
    watch(root)
    inside = os.path.realpath(root)
    return not f"{os.path.realpath(full)}/".startswith(inside.rstrip("/") + "/")


def read_file(full: str, largest: int, follow: bool = True) -> bytes:
    """A regular file's content: never waits for a pipe, never reads a device, never more than `largest` bytes.

    follow: also where the path is a link. Raises CantRead.
    """
    return _read(full, largest + 1, largest, follow)


def read_head(full: str, length: int, follow: bool = True) -> bytes:
    """The first bytes of a regular file, however large it is. Raises CantRead."""
    return _read(full, length, None, follow)


_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def _read(full: str, length: int, largest: int | None, follow: bool) -> bytes:
    watch(full)
    try:
        descriptor = os.open(full, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        raise CantRead(_reason(full, error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise CantRead(FOLDER if stat.S_ISDIR(status.st_mode) else NO_FILE)
        if largest is not None and status.st_size > largest:
            size, most = status.st_size / 1048576, largest // 1048576
            raise TooLarge(f"is {size:.0f} MB; such files are read up to {most} MB")
        return _content(descriptor, length, status.st_size)
    except OSError as error:
        raise CantRead(f"can't be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _content(descriptor: int, length: int, size: int) -> bytes:
    """What an open file holds, up to a length. size: what it is said to be; some of /proc say 0."""
    content = os.read(descriptor, min(length, size + 1))
    if content and len(content) == size:
        return content  # there was room for one byte more, or no more is wanted
    while len(content) < length and (more := os.read(descriptor, min(length - len(content), 65536))):
        content += more
    return content


def _reason(full: str, error: OSError | ValueError) -> str:
    """Why a file can't be opened."""
    if isinstance(error, ValueError):
        return f"can't be read: {error}"
    if error.errno == errno.ENOENT and os.path.islink(full):
        return LEADS_NOWHERE
    return {errno.ELOOP: LOOPS, errno.ENXIO: NO_FILE}.get(error.errno or 0, f"can't be read: {error.strerror}")
