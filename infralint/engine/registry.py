"""Checks: functions marked with `@check`, loaded from a folder by path; a name is written once."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
import typing
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache, cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar, overload

import msgspec

from infralint import PLATFORM_TYPES
from infralint.engine.time_limit import Endless, time_limit
from infralint.model import Crossing, Finding, Hop, Unknown
from infralint.text.lazy import lazy

Answer = Iterator[Finding | Unknown]
F = TypeVar("F", bound=Callable[[Any], Answer])

DEFAULT_GROUP = "default"
"""The group of the checks that run unless others are selected."""


class BrokenPack(Exception):
    """A check pack that can't be used: names the file and what is wrong with it."""


class Loaded(msgspec.Struct, frozen=True):
    """What a check's function says of itself: its first line, and the type that it is asked about."""

    name: str
    summary: str
    wants: type
    of_crossing: bool
    function: Callable[[Any], Answer]
    group: str = DEFAULT_GROUP


class Check:
    """A check: name (`short-idle-timeout`), its page's path, and the rest as soon as it is needed.

    group: the checks that run and are left out together. home: the module of the platform's type that it asks
    about, if its file could be left unloaded: a repository without Vercel pays nothing for the checks of Vercel.
    is_too_slow: it did not end on one input, and is asked about no other.
    """

    def __init__(
        self, name: str, page: Path, load: Callable[[], Loaded], group: str = DEFAULT_GROUP, home: str = ""
    ) -> None:
        self.name = name
        self.page = page
        self.group = group
        self.is_too_slow = False
        self._load = load
        self._home = home

    @cached_property
    def _loaded(self) -> Loaded:
        return self._load()

    @property
    def summary(self) -> str:
        return self._loaded.summary

    @cached_property
    def function(self) -> Callable[[Any], Answer]:
        return self._loaded.function

    @cached_property
    def is_of_a_user(self) -> bool:
        """Whether it comes from another pack than the built-in one."""
        return self.page.parent != built_in_folder()

    @property
    def is_about_streams(self) -> bool:
        """Whether it is asked about streams on hops, rather than about a platform's own items."""
        return self._loaded.of_crossing

    @property
    def subject(self) -> str:
        """The module that defines the type which it asks about."""
        return self._home or self._loaded.wants.__module__

    def asks_for_hops(self, kind: type[Hop]) -> bool:
        """Whether the engine calls this check with the crossings of such hops."""
        return self._is_at_home(kind) and self._loaded.of_crossing and issubclass(kind, self._loaded.wants)

    def asks_for_items(self, kind: type) -> bool:
        """Whether the engine calls this check with such things of a platform's own."""
        return self._is_at_home(kind) and not self._loaded.of_crossing and issubclass(kind, self._loaded.wants)

    def _is_at_home(self, kind: type) -> bool:
        return not self._home or any(base.__module__ == self._home for base in kind.__mro__)


@overload
def check(function: F) -> F: ...


@overload
def check(*, group: str) -> Callable[[F], F]: ...


def check(function: F | None = None, *, group: str = DEFAULT_GROUP) -> F | Callable[[F], F]:
    """Mark a function as a check: its name is the check's, its first line the summary, its parameter's type what it is about.

    group: the checks of another group than the default one run only where they are selected.
    """

    def mark(function: F) -> F:
        function.__infralint_check__ = group  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)


def load_checks(folder: Path) -> list[Check]:
    """The checks of a pack, by name. Raises BrokenPack for a folder or file that can't be used."""
    if not os.path.isdir(folder):  # Path.is_dir() raises for names that no folder can have
        raise BrokenPack(f"{folder}: no such folder of checks")
    files = _files_of(folder)
    if not files:
        raise BrokenPack(f"{folder}: holds no check (a file NAME.py with a function marked @check)")
    is_built_in = folder == built_in_folder()
    found = [check for path in files for check in (is_built_in and _defer(path)) or _checks_of(path)]
    return sorted(found, key=lambda check: check.name)


def _files_of(folder: Path) -> list[Path]:
    """The files of a pack that hold checks, in order."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [folder / name for name in names if name.endswith(".py") and not name.startswith("_")]


@cache
def built_in_folder() -> Path:
    """Where the built-in pack lies: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "checks"
    return inside if inside.is_dir() else package.parent / "checks"


def built_in_names() -> list[str]:
    """The names of the built-in checks, each from its file."""
    return [_name_of_check(path.stem) for path in _files_of(built_in_folder())]


_BUILT_IN_TYPES = PLATFORM_TYPES | {"Hop": "infralint.model.node", "Ignore": "infralint.engine.ignores"}
"""What our own checks ask about -> the module that defines it; they are loaded where there is some of it."""
_ASKS = lazy(r"^@check(?:\(group=\"(\w+)\"\))?\ndef (\w+)\(\w+: (?:Crossing\[)?(\w+)\]?\)", re.MULTILINE)


def _defer(path: Path) -> list[Check]:
    """The check of a file of ours that says, at a glance, what it is about; none: load it to know."""
    found = _ASKS.findall(path.read_text(encoding="utf-8"))
    home = _BUILT_IN_TYPES.get(found[0][2], "") if len(found) == 1 else ""
    if not home:
        return []
    group, name, _ = found[0]
    page = path.with_suffix(".md")
    return [Check(_name_of_check(name), page, lambda: _load_file(path)[0], group or DEFAULT_GROUP, home)]


def _checks_of(path: Path) -> list[Check]:
    page = path.with_suffix(".md")
    return [Check(loaded.name, page, lambda loaded=loaded: loaded, loaded.group) for loaded in _load_file(path)]  # type: ignore[misc]


def _name_of_check(function: str) -> str:
    return function.replace("_", "-")


class SourceLoader(SourceFileLoader):
    """Loads what a file says now, and keeps no bytecode of it.

    Python takes bytecode for that of a file whose size is the same and whose time is the same second, as after an edit
    of one digit: https://docs.python.org/3/reference/import.html#pyc-invalidation
    """

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _load_file(path: Path) -> list[Loaded]:
    # Named by its full path, so that packs never meet, and dropped from sys.modules: nothing imports it by name.
    name = f"infralint_checks_{abs(hash(os.path.abspath(path)))}_{path.stem}"
    is_built_in = path.parent == built_in_folder()
    loader = None if is_built_in else SourceLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise BrokenPack(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with nullcontext() if is_built_in else time_limit():
            spec.loader.exec_module(module)
        marked = [value for value in vars(module).values() if getattr(value, "__infralint_check__", False)]
        checks = [_describe(function, path) for function in marked if function.__module__ == name]
    except (BrokenPack, KeyboardInterrupt):
        raise
    except Endless as error:
        raise BrokenPack(f"{path}: {error}") from error
    except BaseException as error:  # a test's `skip()`, too, which is no Exception, must not end the run
        raise BrokenPack(f"{path}: {type(error).__name__}: {error}") from error
    finally:
        del sys.modules[name]
    if not checks:
        raise BrokenPack(f"{path}: no function marked @check")
    return checks


def _describe(function: Callable[[Any], Answer], path: Path) -> Loaded:
    name = _name_of_check(function.__name__)
    parameters = list(inspect.signature(function).parameters)
    if len(parameters) != 1:
        raise BrokenPack(f"{path}: check {name} must take one argument, a crossing or a platform's item")
    annotation = typing.get_type_hints(function).get(parameters[0])
    if annotation is None:
        raise BrokenPack(f"{path}: the argument of check {name} needs a type, such as Crossing[Hop]")
    of_crossing = typing.get_origin(annotation) is Crossing or annotation is Crossing
    arguments = typing.get_args(annotation)
    wants = (arguments[0] if arguments else Hop) if of_crossing else annotation
    summary = (inspect.getdoc(function) or "").partition("\n")[0]
    return Loaded(name, summary, wants, of_crossing, function, getattr(function, "__infralint_check__", DEFAULT_GROUP))
