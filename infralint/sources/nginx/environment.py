"""What fills the holes of envsubst templates: defaults that stand plainly in the project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from infralint.model import Known, Unknown
from infralint.project import Project
from infralint.project.compose import ComposeService, read_compose
from infralint.project.dockerfile import DOCKERFILES, stages_of
from infralint.project.variables import parse_env
from infralint.sources.nginx.templates import HOLE, environment_name
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.versions import is_around
from infralint.text.lazy import lazy

_REFERENCE = lazy(r"\$\{([A-Z_][A-Z0-9_]*)(?::?-([^${}]*))?\}|\$([A-Z_][A-Z0-9_]*)")
_DOT_ENV = (".env", "*.env", ".env.default*", ".env.example", ".env.sample")
_IN_SCRIPT = lazy(
    r"^[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)=[\"']?(?:\$\{\1:?[-=]([^${}\n]*)\}|([\w.:/-]+))[\"']?[ \t]*(?:#.*)?$"
    r"|^[ \t]*:[ \t]+[\"']?\$\{([A-Z_][A-Z0-9_]*):?=([^${}\n]*)\}[\"']?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
"""`export NAME="${NAME:-value}"`, `: ${NAME:=value}` and `NAME=value` in a shell script."""

Value = tuple[str, str, int]
"""A value as it is written, and the project file and line that says it."""

_NGINX = lazy(r"(?:^|/)(?:(?=[\w.-]*nginx)[\w.-]++|openresty|swag)(?::|@|$)")


class EnvironmentVariables:
    """Values of environment variables, as compose files, .env files, Dockerfiles and entrypoint scripts give them."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def fill(self, text: str, at: Directive) -> Known[str] | Unknown:
        """A text with its holes filled, or why they can't be."""
        holes = at.source.prepared.holes
        reasons: list[str] = []
        for mark in HOLE.findall(text):
            written = holes.get(mark, "")
            value = self._value(written, at)
            if value is None:
                why = f"`{at.written}` is only known once {written} is filled in"
                return Unknown(at.where, at.name, why, "render the template and check the result")
            text = text.replace(mark, value[0])
            reasons.append(f"{written} is {value[0]} by {value[1]}")
        return Known(text.strip().strip("\"'") if reasons else text, at.where, at.name, because="; ".join(reasons))

    def _value(self, written: str, at: Directive) -> tuple[str, str] | None:
        """The value of `${NAME}` and where it stands; None when nothing, or more than one thing, is said."""
        named = environment_name(written)
        if named is None:
            return None
        for given in self._sayings(named[0], at.source.path):
            values = [resolved for value in given for resolved in self._resolve(value)]
            if len({value for value, _, _ in values}) == 1 and "$" not in values[0][0]:
                value, path, line = values[0]
                return value, f"{self.project.show(path)}:{line}"
            if given:
                return None
        return (named[1], "its own default") if named[1] is not None else None

    def _sayings(self, name: str, path: str) -> Iterator[list[Value]]:
        """What is said of a variable, by those who are heard first: the service that runs this nginx, else images and
        .env files, else the script that renders the template."""
        mine = self._mine(path)
        set_there = [service.environment[name] for service in mine if name in service.environment]
        yield [(value.text, value.path, value.line) for value in set_there]
        written = self._in_env_files.get(name, [])
        given = {file for service in mine for file in service.env_files}
        yield [value for value in written if value[1] in given]
        around = [value for value in written if self._is_near(value[1], path, mine)]
        yield [*self._nearest(self._in_images.get(name, []), path), *self._nearest(around, path)]
        yield self._nearest(self._in_scripts.get(name, []), path)

    def _mine(self, path: str) -> list[ComposeService]:
        """The services that may run the nginx that reads a file: it is mounted or built there, or they are nginx, or nothing tells."""
        mounting = [service for service in self._services if service.mounts_file(path)]
        building = [service for service in self._services if service.context and service.builds_from(path)]
        return mounting or building or [service for service in self._services if _is_nginx(service)] or self._services

    def _is_near(self, file: str, path: str, mine: Sequence[ComposeService]) -> bool:
        """Whether a .env file lies around a file, or belongs to the compose file of its service."""
        folder = posixpath.dirname(file)
        return any(posixpath.dirname(service.path) == folder for service in mine) or is_around(folder, path)

    def _resolve(self, value: Value) -> Iterator[Value]:
        """A value that needs nothing more; `${X:-60s}` by what .env files say of X, and by its default. Unresolved: as it is."""
        text, path, line = value
        text = re.sub(r"(?<!\S)#.*$", "", text).strip().strip("\"'")
        found = _REFERENCE.fullmatch(text)
        if found is None:
            yield text, path, line
            return
        name, default = found[1] or found[3], found[2]
        beside = [
            other
            for other in self._in_env_files.get(name, [])
            if posixpath.dirname(other[1]) == posixpath.dirname(path)
        ]
        sure = [other for other in beside if posixpath.basename(other[1]) == ".env"]
        if default is not None and not sure:
            yield default, path, line
        yield from sure or beside
        if default is None and not beside:
            yield text, path, line

    @staticmethod
    def _nearest(values: list[Value], path: str) -> list[Value]:
        """What is said in the nearest folder around a file, else everything that is said."""
        near = [
            (posixpath.dirname(value[1]), value) for value in values if is_around(posixpath.dirname(value[1]), path)
        ]
        deepest = max((len(folder) for folder, _ in near), default=0)
        return [value for folder, value in near if len(folder) == deepest] or values

    @cached_property
    def _services(self) -> list[ComposeService]:
        return read_compose(self.project).services

    @cached_property
    def _in_images(self) -> dict[str, list[Value]]:
        """What stages of Dockerfiles say by ENV and ARG."""
        found: dict[str, list[Value]] = {}
        for path, text in self._texts(*DOCKERFILES):
            for stage in stages_of(text).values():
                for name, given in (stage.arguments | stage.environment).items():
                    if given.value and (given.value, path, given.line) not in found.setdefault(name, []):
                        found[name].append((given.value, path, given.line))
        return found

    @cached_property
    def _in_env_files(self) -> dict[str, list[Value]]:
        found: dict[str, list[Value]] = {}
        for path, text in self._texts(*_DOT_ENV):
            for assignment in parse_env(text):
                if assignment.value:
                    found.setdefault(assignment.name, []).append((assignment.value, path, assignment.line))
        return found

    @cached_property
    def _in_scripts(self) -> dict[str, list[Value]]:
        """What shell scripts that call envsubst set, or take where nothing is set."""
        found: dict[str, list[Value]] = {}
        for path, text in self._texts("*.sh"):
            for given in _IN_SCRIPT.finditer(text) if "envsubst" in text else ():
                name, value = given[1] or given[4], given[2] or given[3] or given[5]
                if value:
                    found.setdefault(name, []).append((value, path, text.count("\n", 0, given.start()) + 1))
        return found

    def _texts(self, *names: str) -> Iterator[tuple[str, str]]:
        """Files by their names that can be read, each with its text."""
        for path in self.project.files_named(*names):
            yield path, self.project.text_or_nothing(path)


def _is_nginx(service: ComposeService) -> bool:
    return (
        bool(service.image and _NGINX.search(service.image.text))
        or "nginx" in service.name
        or service.name == "openresty"
    )
