"""Where git keeps what it knows of a project, shown to git without what the repository itself configures.

git reads a repository's own `config` whatever its command line says, and with it each file that `include.path` names.
`GIT_COMMON_DIR` has it look for the configuration, and for all that working trees share, in a folder of ours that has
no more than links to the names and objects, and the few settings that say how these are written.
https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from infralint.project.walking import CantRead, read_file

SHARED = ("refs", "packed-refs", "logs", "shallow", "reftable")
"""What working trees have in common, beside objects."""
OF_THE_TREE = ("HEAD", "index", "logs")
"""What a working tree has for itself."""
SETTINGS = {"core": ("ignorecase", "precomposeunicode"), "extensions": ("objectformat", "refstorage")}
"""How names and objects are written. https://git-scm.com/docs/git-config"""
_LARGEST = 1 << 20
_HEADER = re.compile(r'\s*\[\s*([\w.-]+)\s*("[^"]*"\s*)?\]')
_SETTING = re.compile(r'\s*([A-Za-z][\w-]*)\s*=\s*"?(\w+)')
_USERS = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
"""Variables by which users name folders outside of the project themselves."""
_OF_A_REPOSITORY = (
    *_USERS,
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_CONFIG",
    "GIT_ATTR_SOURCE",
    *(f"GIT_{kind}_PATHSPECS" for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE")),
)


class NoHistory(Exception):
    """git has no answer: a sentence that says why."""


class GitFolder(msgspec.Struct, frozen=True):
    """A repository's places. top: of its working tree; private: what is of that tree alone; common: what trees share."""

    top: str
    private: str
    common: str

    @property
    def objects(self) -> str:
        return os.path.join(self.common, "objects")


@contextlib.contextmanager
def environment_for(root: Path) -> Iterator[Mapping[str, str]]:
    """The environment in which git answers about the repository that a folder lies in. Raises NoHistory."""
    import tempfile

    folder = find(root)
    refuse_what_leads_out(folder)
    settings = _settings(os.path.join(folder.common, "config"))
    try:
        view = tempfile.mkdtemp(prefix="infralint-")
    except OSError as error:
        raise NoHistory(f"no temporary folder can be made to ask git from: {error.strerror}") from error
    try:
        _fill(view, folder, settings)
        kept = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
        yield kept | {
            "GIT_DIR": folder.private,
            "GIT_COMMON_DIR": view,
            "GIT_WORK_TREE": folder.top,
            "GIT_OBJECT_DIRECTORY": folder.objects,
        }
    finally:
        shutil.rmtree(view, ignore_errors=True)


def find(root: Path) -> GitFolder:
    """The repository that a folder lies in, as git looks for it. Raises NoHistory where there is none."""
    start = os.path.realpath(root)
    for top in (start, *map(str, Path(start).parents)):
        path = os.path.join(top, ".git")
        if os.path.lexists(os.path.join(path, "HEAD")):
            return _folder(top, path)
        if os.path.isfile(path):
            return _folder(top, _target(path))
    if named := os.environ.get("GIT_DIR"):
        return _folder(os.path.realpath(os.environ.get("GIT_WORK_TREE") or start), named)
    raise NoHistory(f"{root} is not a git repository, and lies in none")


def _folder(top: str, path: str) -> GitFolder:
    """What a working tree has for itself lies in `worktrees/` of what it shares with others."""
    private = os.path.realpath(path)
    above = os.path.dirname(private)
    is_linked = os.path.basename(above) == "worktrees" and os.path.lexists(os.path.join(private, "commondir"))
    return GitFolder(top, private, os.path.dirname(above) if is_linked else private)


def _target(path: str) -> str:
    """Where a file called .git leads. https://git-scm.com/docs/gitrepository-layout"""
    words = _text(path, _LARGEST)
    if not words.startswith("gitdir:"):
        raise NoHistory(f"{path} does not say `gitdir:` and a folder")
    return os.path.join(os.path.dirname(path), words.removeprefix("gitdir:").strip())


def refuse_what_leads_out(folder: GitFolder) -> None:
    """Raise NoHistory where git would open what lies neither in the repository nor where users say themselves."""
    inside = [folder.top, *_folders_of_users()]
    if not _is_below(folder.private, inside) and not _knows_its_tree(folder):
        raise NoHistory(
            f"{os.path.join(folder.top, '.git')} leads to {folder.private}, outside of the project, where no working tree is "
            f"known to be here; infralint opens nothing there: set GIT_DIR to that folder if it is yours"
        )
    inside += [folder.private, folder.common]
    _refuse_shared_elsewhere(folder)
    pending = [os.path.join(folder.private, name) for name in OF_THE_TREE]
    pending += [os.path.join(folder.common, name) for name in (*SHARED, "config", "info/exclude")]
    _refuse_links([*pending, folder.objects], inside)
    _refuse_borrowed(folder.objects, inside)


def _folders_of_users() -> list[str]:
    values = [os.environ.get(name, "") for name in _USERS]
    return [os.path.realpath(path) for value in values for path in value.split(os.pathsep) if path]


def _is_below(path: str, folders: list[str]) -> bool:
    return any(f"{path}/".startswith(folder.rstrip("/") + "/") for folder in folders)


def _knows_its_tree(folder: GitFolder) -> bool:
    """Whether a git folder elsewhere says that its working tree is here: a linked one, or that of a submodule."""
    tree = os.path.join(folder.top, ".git")
    if folder.common != folder.private:
        return _folder_in(os.path.join(folder.private, "gitdir")) == tree
    try:
        outer = find(Path(folder.top).parent)
    except NoHistory:
        return False
    is_its_module = _is_below(folder.private, [os.path.join(outer.private, "modules")])
    return is_its_module and (_is_below(outer.private, [outer.top]) or _knows_its_tree(outer))


def _folder_in(path: str) -> str:
    """The folder that a file of git's names."""
    return os.path.realpath(os.path.join(os.path.dirname(path), _text(path).strip()))


def _refuse_shared_elsewhere(folder: GitFolder) -> None:
    """Raise NoHistory where names would be looked for in another folder than objects are."""
    path = os.path.join(folder.private, "commondir")
    if os.path.lexists(path) and (place := _folder_in(path)) != folder.common:
        raise NoHistory(f"{path} leads to {place}, outside of the project; infralint opens nothing there")


def _refuse_links(pending: list[str], inside: list[str]) -> None:
    """Raise NoHistory for a link that leads out, at these places or below them."""
    seen: set[str] = set()
    while pending:
        place = os.path.realpath(path := pending.pop())
        if not _is_below(place, inside):
            raise NoHistory(
                f"{path} is a link that leads to {place}, outside of the project; infralint opens nothing there"
            )
        if place in seen or not os.path.isdir(place):
            continue
        seen.add(place)
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            pending += [entry.path for entry in entries if entry.is_symlink() or entry.is_dir(follow_symlinks=False)]


def _refuse_borrowed(objects: str, inside: list[str]) -> None:
    """Raise NoHistory for objects of another repository. https://git-scm.com/docs/gitrepository-layout (alternates)"""
    pending, seen = [objects], set[str]()
    while pending:
        place = pending.pop()
        list_path = os.path.join(place, "info/alternates")
        if place in seen or not os.path.lexists(list_path):
            continue
        seen.add(place)
        for line in _text(list_path).splitlines():
            lender = os.path.realpath(os.path.join(place, line))
            if line.startswith('"') or not _is_below(lender, inside):
                raise NoHistory(
                    f"{list_path} borrows objects from {line}, outside of the project; infralint opens nothing there: "
                    "name that folder in GIT_ALTERNATE_OBJECT_DIRECTORIES if it is yours, or bring them here with "
                    "`git repack -a -d` and delete that file"
                )
            if line and not line.startswith("#"):
                pending.append(lender)
                _refuse_links([lender], inside)


def _settings(path: str) -> dict[str, dict[str, str]]:
    """Those of SETTINGS that a repository's configuration has, by section; what it includes is left alone, as git does."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in _text(path).splitlines() if os.path.lexists(path) else ():
        if header := _HEADER.match(line):
            section = "" if header[2] else header[1].lower()
            line = line[header.end() :]
        setting = _SETTING.match(line)
        if setting and setting[1].lower() in SETTINGS.get(section, ()):
            found.setdefault(section, {})[setting[1].lower()] = setting[2]
    return found


def _fill(view: str, folder: GitFolder, settings: Mapping[str, Mapping[str, str]]) -> None:
    os.mkdir(os.path.join(view, "info"))
    for name in (*SHARED, "info/exclude"):
        if os.path.lexists(os.path.join(folder.common, name)):
            os.symlink(os.path.join(folder.common, name), os.path.join(view, name))
    lines = [f"[core]\nrepositoryFormatVersion = {int('extensions' in settings)}\nbare = false\n"]
    for section, values in settings.items():
        lines += [f"[{section}]\n", *(f"{name} = {value}\n" for name, value in values.items())]
    Path(view, "config").write_text("".join(lines), encoding="utf-8")


def _text(path: str, largest: int = _LARGEST) -> str:
    try:
        return read_file(path, largest).decode("utf-8", "surrogateescape")
    except CantRead as error:
        raise NoHistory(f"{path} {error}") from error
