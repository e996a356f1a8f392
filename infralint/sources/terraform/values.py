"""Terraform's values as plain Python, plus holes: what can't be known before Terraform runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from infralint.model import Location
from infralint.sources.terraform.hcl import Call, Expression, ListOf, Literal, Name, ObjectOf

Value = Any
"""None, bool, int, float, str, list, SetOf, dict, Hole or Lazy."""

LONGEST = 1_000_000
"""Characters of text, or members of a collection: more was not written by a person."""


class EvaluationError(Exception):
    """An expression that Terraform would refuse."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that can't be known: why, where the cause stands, and what would make it known.

    of: the resource whose attribute it is, with the attribute's name, so that references can be followed.
    """

    why: str
    where: Location | None = None
    remedy: str = ""
    of: tuple[Lazy, str] | None = None


class Lazy(Protocol):
    """A resource or module: its attributes are worked out when asked for."""

    def attribute(self, name: str) -> Value: ...


class SetOf(list[Value]):
    """A set, in Terraform's order of iteration: texts sorted, each once."""

    @classmethod
    def of(cls, items: list[Value]) -> SetOf | Hole:
        if found := first_hole(items):
            return found
        unique = {type_and_value(item): item for item in items}
        try:
            return cls(sorted(unique.values()))
        except TypeError:
            return cls(unique.values())


def type_and_value(value: Value) -> object:
    """A key under which equal values meet; true and 1 are not equal."""
    return type(value).__name__ if isinstance(value, bool) else "", repr(value)


def is_lazy(value: Value) -> bool:
    return hasattr(value, "attribute")


def first_hole(value: Value) -> Hole | None:
    """A hole anywhere in a value."""
    if isinstance(value, Hole):
        return value
    if is_lazy(value):
        return Hole("it is known after Terraform has run")
    return next((found for found in map(first_hole, _members(value)) if found), None)


def _members(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def to_text(value: Value) -> str:
    """A value as a template shows it. Raises EvaluationError."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return format_number(value)
    raise EvaluationError(f"a text was expected, and this is {kind_of(value)}")


def format_number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def to_number(value: Value) -> int | float:
    """A number, or the one that a text spells. Raises EvaluationError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            try:
                return whole(float(value))
            except ValueError:
                pass
    raise EvaluationError(f"a number was expected, and this is {kind_of(value)}")


def whole(value: float) -> int | float:
    """Terraform knows one kind of number: 60.0 is 60."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def to_bool(value: Value) -> bool:
    """A boolean, or the one that a text spells. Raises EvaluationError."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false", "1", "0") and isinstance(value, str):
        return value in ("true", "1")
    raise EvaluationError(f"true or false was expected, and this is {kind_of(value)}")


def kind_of(value: Value) -> str:
    """What a value is, without showing it: it may be a secret."""
    names = {bool: "a boolean", str: "a text", dict: "an object", list: "a list", SetOf: "a set", type(None): "null"}
    return names.get(type(value), "a number")


def same(left: Value, right: Value) -> bool:
    """Terraform's ==: no conversion, a text never equals a number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


# Types of variables

_TO = {"string": to_text, "number": to_number, "bool": to_bool}


def converted(value: Value, wanted: Expression | None) -> Value:
    """A value as its variable's `type` takes it, optional attributes filled in. Raises EvaluationError."""
    if wanted is None or value is None or isinstance(value, Hole) or is_lazy(value):
        return value
    if isinstance(wanted, Literal):
        return _primitive(value, str(wanted.value))
    if isinstance(wanted, Name):
        return _primitive(value, wanted.name)
    return _complex(value, wanted) if isinstance(wanted, Call) else value


def _primitive(value: Value, name: str) -> Value:
    if name in _TO:
        return _TO[name](value)
    if name == "list":
        return _listed(value)
    return value


def _complex(value: Value, wanted: Call) -> Value:
    inner = wanted.arguments[0] if wanted.arguments else None
    if wanted.name == "object" and isinstance(inner, ObjectOf):
        return _object(value, inner)
    if wanted.name == "map":
        if not isinstance(value, dict):
            raise EvaluationError(f"a map was expected, and this is {kind_of(value)}")
        return {key: converted(one, inner) for key, one in value.items()}
    if wanted.name in ("list", "set"):
        items = [converted(one, inner) for one in _listed(value)]
        return SetOf.of(items) if wanted.name == "set" else items
    if wanted.name == "tuple" and isinstance(inner, ListOf):
        items = _listed(value)
        if len(items) != len(inner.items):
            raise EvaluationError("a tuple has the wrong length")
        return [converted(one, kind) for one, kind in zip(items, inner.items, strict=True)]
    return value


def _listed(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise EvaluationError(f"a list was expected, and this is {kind_of(value)}")
    return list(value)


def _object(value: Value, wanted: ObjectOf) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise EvaluationError(f"an object was expected, and this is {kind_of(value)}")
    return {
        str(key.value): _member(value, str(key.value), kind) for key, kind in wanted.items if isinstance(key, Literal)
    }


def _member(value: Mapping[str, Value], name: str, kind: Expression) -> Value:
    optional = isinstance(kind, Call) and kind.name == "optional"
    if not optional or not isinstance(kind, Call):
        if name not in value:
            raise EvaluationError(f"attribute {name} is missing")
        return converted(value[name], kind)
    given = value.get(name)
    if given is None and len(kind.arguments) > 1:
        given = constant(kind.arguments[1])
    return converted(given, kind.arguments[0] if kind.arguments else None)


def constant(expression: Expression) -> Value:
    """The value of an expression without references: defaults in types."""
    from infralint.sources.terraform.evaluate import evaluate_constant

    return evaluate_constant(expression)
