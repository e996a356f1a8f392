"""What a Spring application's properties say of where it answers: the path before all of its routes, and the port.

https://docs.spring.io/spring-boot/appendix/application-properties/index.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infralint.sources.application.paths import ROOT, UNKNOWN, Path
from infralint.sources.application.program import ProjectModules
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlProblem, read_yaml

BASE_PATHS = frozenset({"server.servlet.contextpath", "spring.webflux.basepath"})
PORTS = frozenset({"server.port"})

_FILE = lazy(r"(?:^|/)application(?:-[\w-]+)?\.(?:properties|ya?ml)$")
_LINE = lazy(r"^[ \t]*([\w.\[\]-]+)[ \t]*[=:][ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)


def home_of(source: str) -> str:
    """The folder of the module that a source file belongs to."""
    return source.partition("src/main/")[0].rstrip("/") if "src/main/" in source else ""


def base_path(program: ProjectModules, folder: str) -> Path:
    """What stands before every route of the module in a folder; unknown where profiles differ in it, or the environment
    fills it in."""
    values = set(_values(program, folder, BASE_PATHS))
    if len(values) > 1 or any("${" in value or "@" in value for value in values):
        return UNKNOWN
    text = values.pop().strip("/") if values else ""
    return Path(f"/{text}") if text else ROOT


def ports(program: ProjectModules, folder: str) -> Iterator[int]:
    """The ports that the properties of an application in a folder name."""
    for value in _values(program, folder, PORTS):
        if value.isdecimal():
            yield whole_number(value)


def _values(program: ProjectModules, folder: str, keys: frozenset[str]) -> Iterator[str]:
    for home in ("src/main/resources", "src/main/resources/config", "config", ""):
        start = f"{folder}/{home}/".replace("//", "/").lstrip("/")
        for path in sorted(program.files):
            if path.startswith(start) and "/" not in path[len(start) :] and _FILE.search(path):
                yield from _values_of(path, program.content(path), keys)


def _values_of(path: str, content: bytes, keys: frozenset[str]) -> Iterator[str]:
    text = content.decode("utf-8", "replace")
    pairs = _LINE.findall(text) if path.endswith(".properties") else _flat(text)
    for key, value in pairs:
        if key.replace("-", "").lower() in keys:
            yield value


def _flat(text: str) -> Iterator[tuple[str, str]]:
    """The scalars of a YAML file by their dotted names; none where it does not parse."""
    try:
        pending = [("", document) for document in read_yaml(text, allow_duplicates=True)]
    except YamlProblem:
        return
    while pending:
        name, value = pending.pop()
        if value.text is not None and not value.is_null:
            yield name, value.text
        for key, member in (value.members or {}).items():
            pending.append((f"{name}.{key}" if name else key, member))
