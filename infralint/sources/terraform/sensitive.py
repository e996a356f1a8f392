"""Sensitive variables: what comes from them is never printed, and names no instance.

https://developer.hashicorp.com/terraform/language/values/variables#sensitive
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

from infralint.sources.terraform.folders import Folder
from infralint.sources.terraform.hcl import (
    Attr,
    Block,
    Conditional,
    Expression,
    For,
    FunctionCall,
    Literal,
    NameExpression,
    ObjectOf,
    children,
    walk,
)

_SHOWING = frozenset({"nonsensitive", "issensitive"})
"""Functions whose answer may be shown, whatever they are given."""
_KEEPING = frozenset({"merge", "tomap", "try", "coalesce"})
"""Functions whose answer has the keys of what they are given."""

_MOST_PATHS = 1000
"""References followed with the path below them; from then on all that they hold counts."""


class CalledModule(Protocol):
    """An instance of a module, and the one that calls it."""

    @property
    def folder(self) -> Folder: ...
    @property
    def call(self) -> Block | None: ...
    @property
    def parent(self) -> CalledModule | None: ...


_Path: TypeAlias = tuple[str, ...] | None
"""The names below an expression, whose keys matter; None: all that it holds."""
_Step: TypeAlias = tuple[Expression, _Path, CalledModule]


def is_sensitive(block: Block) -> bool:
    """Whether a variable is marked so that its value is not shown."""
    attribute = block.attributes.get("sensitive")
    return attribute is not None and isinstance(attribute.value, Literal) and attribute.value.value is True


def references(expression: Expression) -> Iterator[tuple[str, str]]:
    """`var.x`, `local.y`, `module.z` … in an expression, as pairs."""
    for part in walk(expression):
        if isinstance(part, Attr) and isinstance(part.target, NameExpression):
            yield part.target.name, part.name


def sensitive_in_keys(expression: Expression, module: CalledModule) -> str:
    """A sensitive variable that for_each's keys come from, such as `var.key`: Terraform refuses it. Empty where none is.

    Sensitive values below keys that are none are taken.
    https://developer.hashicorp.com/terraform/language/meta-arguments/for_each#limitations-on-values-used-in-for_each
    """
    waiting: list[_Step] = [(expression, (), module)] if _may_be_sensitive(module) else []
    seen: set[tuple[int, str, str, _Path]] = set()
    while waiting:
        expression, path, module = waiting.pop()
        if isinstance(expression, Attr) and isinstance(expression.target, NameExpression):
            root, name = expression.target.name, expression.name
            path = path if len(seen) < _MOST_PATHS else None
            if (id(module), root, name, path) not in seen:
                seen.add((id(module), root, name, path))
                if root == "var" and name in module.folder.variables and is_sensitive(module.folder.variables[name]):
                    return f"var.{name}"
                waiting += _behind(root, name, path, module)
        elif path is None:
            waiting += ((part, below, module) for part, below in _parts(expression))
        else:
            waiting += ((part, below, module) for part, below in _parts_of_keys(expression, path))
    return ""


def _may_be_sensitive(module: CalledModule | None) -> bool:
    """Whether a module, or one above it, has sensitive variables at all."""
    while module is not None:
        if any(is_sensitive(block) for block in module.folder.variables.values()):
            return True
        module = module.parent
    return False


def _behind(root: str, name: str, path: _Path, module: CalledModule) -> Iterator[_Step]:
    """What a reference stands for."""
    if root == "local" and name in module.folder.locals:
        yield module.folder.locals[name].value, path, module
    elif root == "var" and module.call is not None and module.parent is not None and name in module.call.attributes:
        yield module.call.attributes[name].value, path, module.parent


def _parts_of_keys(expression: Expression, path: tuple[str, ...]) -> Iterator[tuple[Expression, _Path]]:
    """What gives the keys of what a path of names leads to."""
    match expression:
        case Attr(target=target, name=name):
            yield target, (name, *path)
        case ObjectOf(items=items):
            for key, value in items:
                word = _word(key)
                if word is None:
                    yield key, None
                if path and word in (path[0], None):
                    yield value, path[1:]
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            yield from ((condition, None), (then, path), (otherwise, path))
        case FunctionCall(name=name, arguments=arguments) if name in _KEEPING:
            yield from ((argument, path) for argument in arguments)
        case For() if not path and _gives_keys(expression):
            yield from _parts_of_for(expression)
        case _:
            yield from _parts(expression)


def _parts(expression: Expression) -> Iterator[tuple[Expression, _Path]]:
    """What gives whatever is in an expression."""
    match expression:
        case FunctionCall(name=name) if name in _SHOWING:
            return
        case FunctionCall(name="keys", arguments=arguments):
            yield from ((argument, ()) for argument in arguments)
        case For(key=None) if _gives_keys(expression):
            yield from _parts_of_for(expression)
        case _:
            yield from ((part, None) for part in children(expression))


def _parts_of_for(expression: For) -> Iterator[tuple[Expression, _Path]]:
    """What gives the keys of what `for` goes through, and which of them are left."""
    yield expression.collection, ()
    if expression.condition is not None:
        yield expression.condition, None


def _gives_keys(expression: For) -> bool:
    """Whether `for` gives just the keys of what it goes through."""
    given = expression.value if expression.key is None else expression.key
    return isinstance(given, NameExpression) and len(expression.names) == 2 and given.name == expression.names[0]


def _word(key: Expression) -> str | None:
    """A key as it is written; None where it has to be worked out."""
    if isinstance(key, NameExpression):
        return key.name
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else None
