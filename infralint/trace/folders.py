"""Which nodes a service runs, by the folders that images are built from and the files that are mounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infralint.model import Location, Node, Service
from infralint.text.lazy import lazy
from infralint.text.paths import folders_around

_RUNS_WHAT_IS_MOUNTED = lazy(r"(?:^|/)php(?:-fpm)?(?::|$)")
"""Images of interpreters that need no command: https://hub.docker.com/_/php"""


class ApplicationFolders:
    """The applications of a project by the folders that they are written in; products that are run as they are lie in none."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._at: dict[str, list[Node]] = {}
        self._below: dict[str, list[str]] = {}
        self._with_files: dict[str, Node] = {}
        for node in nodes:
            if node.folder is not None and not node.by_name_only:
                self._with_files |= dict.fromkeys(node.files, node)
                self._at.setdefault(node.folder.strip("/"), []).append(node)
        for folder in self._at:
            for around in folders_around(folder):
                self._below.setdefault(around, []).append(folder)

    def built_from(self, service: Service) -> list[Node]:
        """The applications that a service runs: those of the files that it starts. Where these are not known, that of the
        context of its image, or those whose files it takes from there; where none is built, the one whose folder it mounts
        and runs a command of."""
        if started := self._started_by(service):
            return started
        if service.context is None and _RUNS_WHAT_IS_MOUNTED.search(service.image):
            around = (self._owner(path.strip("/")) for path in sorted(service.files))
            return [self._at[folder][-1] for folder in around if folder is not None][:1]
        if service.context is None:
            mounted = (_context(path) for path in service.files) if service.command else ()
            return [self._at[folder][-1] for folder in mounted if folder and folder in self._at][:1]
        context = _context(service.context)
        if context and context in self._at:
            return [self._at[context][-1]]
        owners = dict.fromkeys(self._owner(path.strip("/")) for path in service.files if path.strip("/."))
        taken = [owner for owner in owners if owner] or [owner for owner in owners if owner is not None]
        if not taken:
            outer = self._owner(context)
            taken = self._below.get(context, []) or ([outer] if outer is not None else [])
        return _without_libraries([self._at[folder][-1] for folder in taken])

    def _started_by(self, service: Service) -> list[Node]:
        """The applications of the files that a service starts."""
        found: dict[int, Node] = {}
        for path in sorted(service.entry_files):
            owner = self._owner(path)
            node = self._with_files.get(path) or (self._at[owner][-1] if owner is not None else None)
            if node is not None:
                found[id(node)] = node
        return list(found.values())

    def held_in(self, context: str) -> Iterator[Node]:
        """The applications of which a folder that an image is built from holds files."""
        context = _context(context)
        below = self._below.get(context, ())
        around = (folder for folder in folders_around(context) if folder in self._at and folder != context)
        for folder in (*below, *around):
            yield from self._at[folder]

    def _owner(self, path: str) -> str | None:
        """The deepest folder that holds a path, below the root; else the only one that lies in it; else the root's."""
        holding = next((folder for folder in folders_around(path) if folder in self._at), None)
        if holding:
            return holding
        inside = [folder for folder in self._below.get(path, ()) if folder]
        return inside[0] if len(inside) == 1 else holding


def _without_libraries(nodes: list[Node]) -> list[Node]:
    """Applications without those that neither listen nor serve, where others do: their code is part of the others."""
    return [node for node in nodes if node.hops or node.listens] or nodes


def _context(folder: str) -> str:
    folder = folder.strip("/")
    return "" if folder == "." else folder.removeprefix("./")


class MountedFiles:
    """The nodes of a project by the files that they are read from."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._below: dict[str, list[Node]] = {}
        for node in nodes:
            for folder in dict.fromkeys(around for file in node.files for around in folders_around(file)):
                self._below.setdefault(folder, []).append(node)

    def in_reach_of(self, service: Service) -> Iterator[Node]:
        """The nodes of whose files a service mounts or copies some; to mount the whole project is to use some of it."""
        for mounted in service.files:
            if mounted:
                folder = mounted.strip("/")
                yield from self._below.get("" if folder == "." else folder, ())


class RunProducts:
    """The products that services run as they are, by the places of these services."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._at: dict[Location, list[Node]] = {}
        self._placed: dict[Location, list[Node]] = {}
        for node in nodes:
            for where in node.runs_at:
                self._placed.setdefault(where, []).append(node)
            if node.folder is not None and node.by_name_only:
                for where in {hop.where for hop in node.hops}:
                    self._at.setdefault(where, []).append(node)

    def run_by(self, service: Service) -> list[Node]:
        """The products that a service is, and what its source says that it runs."""
        named = [node for node in self._at.get(service.where, ()) if service.name in node.known_as]
        return named + self._placed.get(service.where, [])
