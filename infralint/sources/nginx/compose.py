"""Services of compose files, as far as they tell which nginx reads what, and with which environment.

https://docs.docker.com/reference/compose-file/services/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

import msgspec

from infralint.project import CantRead, Project
from infralint.text.lazy import lazy

COMPOSE = "*compose*.y*ml"
Value = tuple[str, str, int]
"""A value as it is written, and the project file and line that says it."""

_NGINX = lazy(r"(?:^|/)(?:[\w.-]*nginx[\w.-]*|openresty|swag)(?::|@|$)")


class Service(msgspec.Struct, frozen=True):
    """One service. path: its compose file. builds: where its image is built. mounts: folders and files that it sees."""

    path: str
    name: str
    nginx: bool
    builds: str | None
    mounts: tuple[str, ...]
    environment: dict[str, Value]
    env_files: tuple[str, ...]

    def shows(self, path: str) -> bool:
        """Whether a file is mounted into it."""
        return any(path == one or path.startswith(f"{one}/") for one in self.mounts)

    def holds(self, path: str) -> bool:
        """Whether a file lies where its image is built."""
        return bool(self.builds) and path.startswith(f"{self.builds}/")


def services(project: Project) -> list[Service]:
    """Every service of a project's compose files; what is no compose file is passed over."""
    return [one for path in project.named(COMPOSE) for one in _of_file(project, path)]


def _of_file(project: Project, path: str) -> Iterator[Service]:
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        root = yaml.compose(project.text(path), Loader=loader)
    except (CantRead, yaml.YAMLError, RecursionError):
        return
    for name, node in _pairs(_members(root).get("services")):
        yield _service(name, _members(node), path)


def _service(name: str, members: dict[str, Any], path: str) -> Service:
    folder = posixpath.dirname(path)
    image, build = _text(members.get("image")), members.get("build")
    context = _text(_members(build).get("context")) if _members(build) else _text(build)
    mounts = [_joined(folder, origin) for origin in map(_origin, _items(members.get("volumes"))) if origin]
    files = members.get("env_file")
    named = (
        [_text(files)] if _text(files) else [_text(_members(one).get("path")) or _text(one) for one in _items(files)]
    )
    return Service(
        path,
        name,
        bool(_NGINX.search(image)) or "nginx" in name or name == "openresty",
        _joined(folder, context) if context else None,
        tuple(mounts),
        dict(_environment(members.get("environment"), path)),
        tuple(_joined(folder, one) for one in named if one),
    )


def _environment(node: Any, path: str) -> Iterator[tuple[str, Value]]:
    """`NAME: value`, or a list of `NAME=value`."""
    for name, value in _pairs(node):
        yield name, (_text(value), path, value.start_mark.line + 1)
    for one in _items(node):
        name, equals, text = _text(one).partition("=")
        if equals:
            yield name, (text, path, one.start_mark.line + 1)


def _origin(node: Any) -> str:
    """The folder or file of the project that a volume shows: `./conf:/etc/nginx:ro`, or its long form."""
    text = _text(_members(node).get("source")) or _text(node).partition(":")[0]
    return text if text.startswith(".") or "/" in text.strip("/") else ""


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path)).removeprefix("./")


def _members(node: Any) -> dict[str, Any]:
    return dict(_pairs(node))


def _pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values of a mapping, what it merges in (`<<`) first."""
    if node is None or node.id != "mapping":
        return
    for key, value in node.value:
        if key.value == "<<":
            for one in [value] if value.id == "mapping" else _items(value):
                yield from _pairs(one)
    yield from ((str(key.value), value) for key, value in node.value if key.value != "<<")


def _items(node: Any) -> list[Any]:
    return list(node.value) if node is not None and node.id == "sequence" else []


def _text(node: Any) -> str:
    return str(node.value) if node is not None and node.id == "scalar" else ""
