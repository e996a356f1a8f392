"""What fills the holes of envsubst templates: defaults that stand plainly in the project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from infralint.lazy import lazy
from infralint.model import Known, Unknown
from infralint.project import CantRead, Project
from infralint.sources.nginx.templates import HOLE, environment_name
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.versions import is_around

_ASSIGNMENT = lazy(r"^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=(.*?)\s*$")
_COMPOSE = lazy(r"^\s*-?\s*[\"']?([A-Z_][A-Z0-9_]*)[\"']?\s*(?::\s+|=)(.*?)\s*$")
_ENV = lazy(r"^\s*(?:ENV|ARG)\s+([A-Z_][A-Z0-9_]*)[=\s](.*?)\s*$")
_PAIRS = lazy(r"\b([A-Z_][A-Z0-9_]*)=(\"[^\"\n]*\"|[^\s\\]+)")
_WITH_DEFAULT = lazy(r"\$\{[A-Z_][A-Z0-9_]*:?-([^${}]*)\}")
_PLACES = (
    (("*compose*.y*ml",), _COMPOSE),
    ((".env", "*.env", ".env.default*", ".env.example", ".env.sample"), _ASSIGNMENT),
    (("Dockerfile*", "*.Dockerfile", "Containerfile*"), _ENV),
)
Said = tuple[str, str, int]
"""A value, and the project file and line that says it."""


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
        said = self._nearest(self._said.get(named[0], []), at.source.path)
        if len({value for value, _, _ in said}) == 1:
            value, path, line = said[0]
            return value, f"{self.project.shown(path)}:{line}"
        return (named[1], "its own default") if not said and named[1] is not None else None

    @staticmethod
    def _nearest(said: list[Said], path: str) -> list[Said]:
        """What is said in the nearest folder around a file, else everything that is said."""
        near = [(posixpath.dirname(one[1]), one) for one in said if is_around(posixpath.dirname(one[1]), path)]
        deepest = max((len(folder) for folder, _ in near), default=0)
        return [one for folder, one in near if len(folder) == deepest] or said

    @cached_property
    def _said(self) -> dict[str, list[Said]]:
        found: dict[str, list[Said]] = {}
        for names, pattern in _PLACES:
            for path in self.project.named(*names):
                for name, value, line in self._lines(path, pattern):
                    found.setdefault(name, []).append((value, path, line))
        return found

    def _lines(self, path: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str, int]]:
        try:
            lines = self.project.text(path).splitlines()
        except CantRead:
            return
        for number, line in enumerate(lines, 1):
            found = pattern.match(line)
            pairs = (
                _PAIRS.findall(line) if pattern is _ENV and found and "=" in line else [found.groups()] if found else []
            )
            for name, text in pairs:
                if (value := _plain(text)) is not None:
                    yield name, value, number


def _plain(text: str) -> str | None:
    """A value that needs nothing more: quotes and comments off, `${X:-60s}` by its default; None if it refers on."""
    text = re.sub(r"\s+#.*$", "", text).strip().strip("\"'")
    if default := _WITH_DEFAULT.fullmatch(text):
        return default[1]
    return text if text and "$" not in text else None
