"""Which versions of a package an application may run: what its lock files pin (of Python and Rust), else what it asks for.

https://packaging.python.org/en/latest/specifications/version-specifiers/,
https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies,
https://python-poetry.org/docs/dependency-specification/,
https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from infralint.sources.application.manifests import Package
from infralint.text.lazy import lazy

LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "Cargo.lock")
_NUMBER = lazy(r"\d+(?:\.\d+)*")
_DEPENDENCIES = lazy(r'"\w*[dD]ependencies"\s*:\s*\{([^{}]*)\}')
"""What package.json asks for, and none of its scripts or exports."""
_CLAUSE = lazy(r"(===?|~=|<=|>=|<|>|\^|~)\s*v?(\d+(?:\.\d+)*)(\.\*)?")

Version = tuple[int, ...]


class Bounds(NamedTuple):
    """The least version, and the first that is too new; None where there is no such bound."""

    least: Version | None = None
    end: Version | None = None

    def is_below(self, version: Version) -> bool | None:
        """Whether all that is allowed is older than a version; None where some is and some is not."""
        if self.end is not None and self.end <= version:
            return True
        return False if self.least is not None and self.least >= version else None

    def has(self, version: Version) -> bool:
        return (self.least is None or self.least <= version) and (self.end is None or version < self.end)


def bounds_of(package: Package, files: Iterable[str], text: Callable[[str], bytes], name: str) -> Bounds:
    """The versions of a package that an application may run. text: a file's bytes."""
    known = frozenset(files)
    manifests = (path for path in package.manifests if path in known and not path.endswith(".lock"))
    given = (_asked_for_in(_content(text, path), name, posixpath.basename(path)) for path in manifests)
    asked = next((bounds for bounds in given if bounds is not None), Bounds())
    locks = (posixpath.join(package.folder, lock) for lock in LOCKS)
    for path in (path for path in locks if path in known):
        if pinned := _pinned_in(_content(text, path), name):
            meant = [version for version in pinned if asked.has(version)] or pinned
            return Bounds(min(meant), _exactly(max(meant)).end)
    return asked


def _content(text: Callable[[str], bytes], path: str) -> str:
    return text(path).decode("utf-8", "replace")


def _pinned_in(text: str, name: str) -> list[Version]:
    """The versions of a package that a lock file pins: several where other packages need another."""
    word = re.escape(name)
    found = re.finditer(
        rf'^name = "{word}"\s*\nversion = "(\d+(?:\.\d+)*)|"{word}": \{{[^{{}}]*"version": "==(\d+(?:\.\d+)*)',
        text,
        re.MULTILINE | re.IGNORECASE,
    )
    return [_version(pin[1] or pin[2]) for pin in found]


def _asked_for_in(text: str, name: str, manifest: str) -> Bounds | None:
    """What a manifest asks for, where it bounds the version at all."""
    if manifest == "package.json":
        pair = re.compile(rf'"{re.escape(name)}"\s*:\s*"([^"|]*)"')
        asked = (written for block in _DEPENDENCIES.findall(text) for written in pair.findall(block))
        given = (
            _exactly(_version(written)) if _NUMBER.fullmatch(written) else _narrow(_of_clauses(written))
            for written in asked
        )
        return next((bounds for bounds in given if bounds != Bounds()), None)
    word = re.escape(name).replace(r"\-", "[-_.]") + r"(?![\w.-])"
    lines = re.compile(
        rf"""^[ \t]*["']?{word}(?:\[[^\]\n]*\])?["']?[ \t]*(?:=[ \t]*(?:\{{[^}}\n]*version[ \t]*=[ \t]*)?["'])?([^\n;#"']*)"""
        rf"""|["']{word}(?:\[[^\]\n]*\])?[ \t]*([<>=~!^][^\n;"']*)["']""",
        re.MULTILINE | re.IGNORECASE,
    )
    for line in lines.finditer(text):
        written = (line[1] or line[2] or "").strip()
        if manifest == "Cargo.toml":  # a bare number is one with a caret
            written = f"^{written}" if _NUMBER.fullmatch(written) else re.sub(r"^=+", "==", written)
        found = _narrow(_of_clauses(written))
        if found != Bounds():
            return found
        if _NUMBER.fullmatch(written):
            return _exactly(_version(written))
    return None


def _of_clauses(written: str) -> Iterator[Bounds]:
    for operator, number, star in _CLAUSE.findall(written):
        version = _version(number)
        match operator:
            case "==" | "===":
                yield Bounds(version, _next(version)) if star else _exactly(version)
            case "~=":
                yield Bounds(version, _next(version[:-1] or version))
            case "~":
                yield Bounds(version, _next(version[:2]))
            case "^":
                first = next((at for at, part in enumerate(version) if part), len(version) - 1)
                yield Bounds(version, _next(version[: first + 1]))
            case "<":
                yield Bounds(None, version)
            case "<=":
                yield Bounds(None, (*version, 1))
            case _:
                yield Bounds(version)


def _narrow(bounds: Iterable[Bounds]) -> Bounds:
    """What all clauses together allow."""
    every = list(bounds)
    least = max((bound.least for bound in every if bound.least is not None), default=None)
    end = min((bound.end for bound in every if bound.end is not None), default=None)
    return Bounds(least, end)


def _exactly(version: Version) -> Bounds:
    return Bounds(version, (*version, 1))


def _next(version: Version) -> Version:
    return (*version[:-1], version[-1] + 1)


def _version(text: str) -> Version:
    return tuple(int(part[:9]) for part in text.split("."))
