"""Checks: functions marked with `@check`, loaded from a folder by path; a name is written once."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from infralint.model import Crossing, Finding, Hop, Unknown

Answer = Iterator[Finding | Unknown]
F = TypeVar("F", bound=Callable[[Any], Answer])

BUILT_IN = "the built-in pack"


class BrokenPack(Exception):
    """A check pack that can't be used: names the file and what is wrong with it."""


@dataclass(frozen=True)
class Check:
    """A check as loaded: name (`short-idle-timeout`), what it asks for, its page's path."""

    name: str
    summary: str
    wants: type
    of_crossing: bool
    function: Callable[[Any], Answer]
    page: Path

    def asks_for(self, item: object) -> bool:
        """Whether the engine calls this check with `item`, a crossing or a platform's own thing."""
        if isinstance(item, Crossing):
            return self.of_crossing and isinstance(item.hop, self.wants)
        return not self.of_crossing and isinstance(item, self.wants)


def check(function: F) -> F:
    """Mark a function as a check: its name is the check's, its first line the summary, its parameter's type what it is about."""
    function.__infralint_check__ = True  # type: ignore[attr-defined]
    return function


def load_checks(folder: Path) -> list[Check]:
    """The checks of a pack, by name. Raises BrokenPack for a folder or file that can't be used."""
    if not folder.is_dir():
        raise BrokenPack(f"{folder}: no such folder of checks")
    files = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    if not files:
        raise BrokenPack(f"{folder}: holds no check (a file NAME.py with a function marked @check)")
    found = [loaded for path in files for loaded in _load_file(path)]
    return sorted(found, key=lambda one: one.name)


def built_in_folder() -> Path:
    """Where the built-in pack lies: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "checks"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "checks"


def _load_file(path: Path) -> list[Check]:
    # Named by its full path, so that packs never meet, and dropped from sys.modules: nothing imports it by name.
    name = f"infralint_checks_{abs(hash(str(path.resolve())))}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BrokenPack(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        marked = [one for one in vars(module).values() if getattr(one, "__infralint_check__", False)]
        checks = [_describe(one, path) for one in marked if one.__module__ == name]
    except BrokenPack:
        raise
    except Exception as error:
        raise BrokenPack(f"{path}: {type(error).__name__}: {error}") from error
    finally:
        del sys.modules[name]
    if not checks:
        raise BrokenPack(f"{path}: no function marked @check")
    return checks


def _describe(function: Callable[[Any], Answer], path: Path) -> Check:
    name = function.__name__.replace("_", "-")
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
    return Check(name, summary, wants, of_crossing, function, path.with_suffix(".md"))
