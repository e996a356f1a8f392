"""Names that one can guess, and modules that keep to themselves: what STYLE asks for, read off the syntax tree."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = [*sorted((ROOT / "infralint").rglob("*.py")), *sorted((ROOT / "checks").glob("*.py"))]
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

RIDDLES = frozenset({"one", "ones", "own", "said", "told", "held", "taker"})
"""Pronouns and participles that say nothing of what they stand for: no variable, argument or field is called so."""
PARTICIPLES = frozenset(
    "told said held found given shown written known taken made sent seen kept built met heard".split()
)
VERBS = frozenset("need feed seed embed exceed proceed".split())
"""Words in -ed that are no participles."""


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a file gives to a variable, an argument or a field."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is read like a field, and named like one."""
    return any(
        isinstance(mark, ast.Name) and mark.id in ("property", "cached_property") for mark in function.decorator_list
    )


def participles(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Functions whose whole name is a participle (`told`, `rendered`): what do they do?"""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node):
            name = node.name.strip("_")
            if name in PARTICIPLES or (name.endswith("ed") and "_" not in name and name not in VERBS):
                yield node.lineno, node.name


def test_no_variable_is_a_riddle() -> None:
    found = [
        f"{path}:{line} {name}" for path, tree in TREES.items() for line, name in bound_names(tree) if name in RIDDLES
    ]
    assert found == []


def test_functions_are_verbs() -> None:
    found = [f"{path}:{line} {name}" for path, tree in TREES.items() for line, name in participles(tree)]
    assert found == []


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{path}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def private_imports(tree: ast.AST) -> Iterator[str]:
    """Private names of other modules that a file uses."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("infralint"):
            modules |= {alias.asname or alias.name for alias in node.names}
            names = (alias.name for alias in node.names)
            yield from (name for name in names if name.startswith("_") and name != "__version__")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            if node.attr.startswith("_") and not node.attr.startswith("__"):
                yield f"{node.value.id}.{node.attr}"


def test_what_is_private_stays_in_its_module() -> None:
    assert [f"{path}: {name}" for path, tree in TREES.items() for name in private_imports(tree)] == []


def test_every_package_is_shipped() -> None:
    packages = {".".join(path.relative_to(ROOT).parent.parts) for path in FILES if path.name == "__init__.py"}
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert {*shipped} == packages | {"infralint.checks"}
