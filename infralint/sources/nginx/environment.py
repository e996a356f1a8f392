"""What fills the holes of envsubst templates: defaults that stand plainly in the project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from infralint.model import Known, Location, Unknown
from infralint.project import CantRead, Project
from infralint.sources.nginx.templates import HOLE, environment_name
from infralint.sources.nginx.tree import Directive

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=(.*?)\s*$")
_COMPOSE = re.compile(r"^\s*-?\s*[\"']?([A-Z_][A-Z0-9_]*)[\"']?\s*(?::\s+|=)(.*?)\s*$")
_ENV = re.compile(r"^\s*(?:ENV|ARG)\s+([A-Z_][A-Z0-9_]*)[=\s](.*?)\s*$")
_WITH_DEFAULT = re.compile(r"\$\{[A-Z_][A-Z0-9_]*:?-([^${}]*)\}")


class Environment:
    """Values of environment variables, as compose files, .env files and Dockerfiles of the project give them."""

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
        said = self._said.get(named[0], [])
        values = {value for value, _ in self._nearest(said, at.source.path)}
        if len(values) == 1:
            value, where = self._nearest(said, at.source.path)[0]
            return value, str(where)
        return (named[1], "its own default") if not said and named[1] is not None else None

    @staticmethod
    def _nearest(said: list[tuple[str, Location]], path: str) -> list[tuple[str, Location]]:
        """What is said in the folder nearest to a file, so that examples elsewhere do not speak for it."""

        def closeness(one: tuple[str, Location]) -> int:
            return len(posixpath.commonprefix([posixpath.dirname(one[1].path) + "/", path]))

        best = max(map(closeness, said), default=0)
        return [one for one in said if closeness(one) == best]

    @cached_property
    def _said(self) -> dict[str, list[tuple[str, Location]]]:
        found: dict[str, list[tuple[str, Location]]] = {}
        for name, value, where in (
            *self._lines("*compose*.y*ml", pattern=_COMPOSE),
            *self._env_files(),
            *self._dockerfiles(),
        ):
            found.setdefault(name, []).append((value, where))
        return found

    def _env_files(self) -> Iterator[tuple[str, str, Location]]:
        yield from self._lines(".env", "*.env", ".env.default*", ".env.example", ".env.sample", pattern=_ASSIGNMENT)

    def _dockerfiles(self) -> Iterator[tuple[str, str, Location]]:
        yield from self._lines("Dockerfile*", "*.Dockerfile", "Containerfile*", pattern=_ENV)

    def _lines(self, *names: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str, Location]]:
        for path in self.project.named(*names):
            try:
                lines = self.project.text(path).splitlines()
            except CantRead:
                continue
            for number, line in enumerate(lines, 1):
                if (found := pattern.match(line)) and (value := _plain(found[2])) is not None:
                    yield found[1], value, Location(self.project.shown(path), number)


def _plain(text: str) -> str | None:
    """A value that needs nothing more: quotes and comments off, `${X:-60s}` by its default; None if it refers on."""
    text = re.sub(r"\s+#.*$", "", text).strip().strip("\"'")
    if default := _WITH_DEFAULT.fullmatch(text):
        return default[1]
    return text if text and "$" not in text else None
