"""Which of a project's files a container starts: those that its command names, where the image or a mount has them."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Sequence

import msgspec

from infralint.project import Project
from infralint.project.compose.service import ComposeService
from infralint.project.dockerfile import Dockerfile
from infralint.text.lazy import lazy
from infralint.text.paths import is_below

_SERVED = lazy(
    r"\b(?:uvicorn|gunicorn|hypercorn|daphne|granian|waitress-serve)(?:\.exe)?\s[^\n;&|]{0,1000}?(?<![\w./:@-])"
    r"([A-Za-z_]\w*(?:\.\w+)*)(?::[A-Za-z_]\w*|(?<=\.[aw]sgi))"
)
_RUN_AS_MODULE = lazy(r"\bpython[\d.]*\s+(?:-[A-Za-z]\s+)*-m\s+([A-Za-z_]\w*(?:\.\w+)*)")
_RUN_AS_FILE = lazy(
    r"\b(?:python[\d.]*|node|bun|deno|tsx|ts-node|ruby|php|(?:streamlit|chainlit|fastapi|bun|deno)\s+(?:run|dev))\s+"
    r"(?:-[\w-]++(?:=\S++)?\s++){0,20}+([\w./-]+\.(?:py|[cm]?[jt]s|rb|php))(?![\w.])"
)
_BUILT = lazy(r"(?>((?:[\w.-]+/)*?)(?:dist|build|lib|out)/).*\.[cm]?js$")
"""What a package's build made of its code, and where the package lies."""
_FOLDER = lazy(r"(?:--(?:app-dir|chdir|pythonpath|prefix|cwd)[ =]|\bcd\s+|\s-C\s+)([\w./-]+)")
_PACKAGE_SCRIPT = lazy(r"^\s*(?:npm|pnpm|yarn|bun)\b.*\b(?:start|serve|prod)\b")
_MOST_OF_SCRIPT = 64 * 1024


class _Place(msgspec.Struct, frozen=True):
    """A project file or folder (empty: its root), and where the container has it."""

    source: str
    target: str


def entry_files(project: Project, service: ComposeService, image: Dockerfile | None) -> frozenset[str]:
    """The project's files that a service starts, as project paths; none where its command does not tell.

    Scripts that it runs, and supervisord's settings, are read for what they start in turn.
    """
    places = list(_places(service, image))
    words = _words_of(service, image)
    folder = image.workdir if image is not None else "/"
    found = frozenset(_code_in(project, places, folder, shlex.join(words)))
    if found:
        return found
    texts = [_script(project, path) for word in words for path in _at(project, places, posixpath.join(folder, word))]
    return frozenset(path for text in texts for path in _code_in(project, places, folder, text))


def _words_of(service: ComposeService, image: Dockerfile | None) -> tuple[str, ...]:
    """What a container is started with: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact"""
    if image is None or service.entrypoint:
        return (*service.entrypoint, *service.command)
    return (*image.entrypoint, *(service.command or image.command))


def _places(service: ComposeService, image: Dockerfile | None) -> Iterator[_Place]:
    """Where the container has files of the project: mounts hide what the image has there."""
    yield from (_Place(mount.source, _inside(mount.target)) for mount in service.mounts)
    for copied in reversed(image.copied) if image is not None else ():
        yield from (_Place(source, _inside(copied.target)) for source in service.sources_of(copied))


def _inside(target: str) -> str:
    return posixpath.normpath(posixpath.join("/", target))


def _code_in(project: Project, places: Sequence[_Place], folder: str, text: str) -> Iterator[str]:
    """The project's files that command lines name, relative to a folder of the container or to one that they go into."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith(("#", ";")))
    for line in lines:
        folders = dict.fromkeys((folder, *(posixpath.join(folder, inside) for inside in _FOLDER.findall(line))))
        for names in _names_in(line):
            paths = (path for name in names for start in folders for path in _at(project, places, f"{start}/{name}"))
            known = next(paths, None) or _only_below(project, places, names)
            if known is not None:
                yield known
        if _PACKAGE_SCRIPT.match(line):
            inner = (path for start in folders for path in _at(project, places, f"{start}/package.json"))
            yield from (path for path in inner if "/" in path)


def _names_in(line: str) -> Iterator[tuple[str, ...]]:
    """What a command line starts, each as the names that its file may have."""
    for pattern in (_SERVED, _RUN_AS_MODULE):
        for module in pattern.findall(line):
            path = module.replace(".", "/")
            yield f"{path}.py", f"{path}/__init__.py", f"{path}/__main__.py"
    for path in _RUN_AS_FILE.findall(line):
        built = _BUILT.match(path)
        yield (path, f"{built[1] or ''}package.json") if built is not None else (path,)


def _at(project: Project, places: Sequence[_Place], path: str) -> Iterator[str]:
    """The project's files that the container has at a path of its own."""
    path = posixpath.normpath(path)
    for place in places:
        folder, name = posixpath.split(place.source)
        if path == place.target:
            names = [place.source]
        elif path.startswith(f"{place.target.rstrip('/')}/"):
            rest = path[len(place.target) :].strip("/")
            is_itself = rest == name or "*" in name
            names = [posixpath.join(place.source, rest), *([posixpath.join(folder, rest)] if is_itself else [])]
        else:
            continue
        yield from (name for name in names if name in project.file_set)


def _only_below(project: Project, places: Sequence[_Place], names: Sequence[str]) -> str | None:
    """The only file of one of the names that lies in any folder the container was given: Python looks for modules in
    more than one."""
    names = [name.removeprefix("./") for name in names if not name.startswith(("/", ".."))]
    found = {
        path
        for name in names
        for path in project.names.find_by_name(posixpath.basename(name))
        if path.endswith(f"/{name}") and any(is_below(path, place.source) for place in places)
    }
    return found.pop() if len(found) == 1 else None


def _script(project: Project, path: str) -> str:
    """The text of a script, or of settings of a program that starts others."""
    if not path.endswith((".sh", ".conf", ".ini")) and "." in posixpath.basename(path):
        return ""
    return project.text_or_nothing(path)[:_MOST_OF_SCRIPT]
