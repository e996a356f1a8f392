"""Values as another type takes them, and what a variable's `type` says.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from infralint.sources.terraform.hcl import Expression, FunctionCall, ListOf, Literal, NameExpression, ObjectOf
from infralint.sources.terraform.types import (
    ANY,
    BOOL,
    NUMBER,
    PRIMITIVES,
    STRING,
    Type,
    list_of,
    map_of,
    object_of,
    set_of,
    tuple_of,
    unify,
)
from infralint.sources.terraform.values import (
    SIMPLE,
    EvaluationError,
    Hole,
    ListValue,
    MapValue,
    ObjectValue,
    SetValue,
    TupleValue,
    Value,
    is_lazy,
    kind_of,
    members,
    type_of,
)


def convert(value: Value, wanted: Type) -> Value:
    """A value as a type takes it. Raises EvaluationError."""
    if value is None or wanted.name == "any" or isinstance(value, Hole) or is_lazy(value):
        return value
    if wanted.name in SIMPLE:
        return SIMPLE[wanted.name](value)
    if wanted.name in ("list", "set"):
        return _sequence(value, wanted)
    if wanted.name == "map":
        return _map(value, wanted)
    return _object(value, wanted) if wanted.name == "object" else _tuple(value, wanted)


def common_type(value: Value) -> Type:
    """The type that the members of a collection share. Raises EvaluationError."""
    if isinstance(value, ListValue | MapValue):
        return value.element
    types = [type_of(member) for member in members(value)]
    found = unify(types)
    if found is None or _is_open_beside_structures(types):
        raise EvaluationError("its members have no type in common")
    return found


def _is_open_beside_structures(types: Sequence[Type]) -> bool:
    """Whether a collection of nothing, `tolist([])`, stands beside a tuple or an object of structures, `[["a"]]`."""
    structures = any(inner.name not in PRIMITIVES | {"any"} for kind in types for inner in kind.items)
    return structures and any(kind.of == ANY for kind in types)


def _sequence(value: Value, wanted: Type) -> Value:
    if not isinstance(value, TupleValue):
        raise EvaluationError(f"a {wanted.name} was expected, and this is {kind_of(value)}")
    element = wanted.element if wanted.element != ANY else common_type(value)
    items, element = _settle([convert(member, element) for member in value], element)
    return SetValue(items, element) if wanted.name == "set" else ListValue(items, element)


def _map(value: Value, wanted: Type) -> Value:
    if not isinstance(value, ObjectValue):
        raise EvaluationError(f"a map was expected, and this is {kind_of(value)}")
    element = wanted.element if wanted.element != ANY else common_type(value)
    items, element = _settle([convert(member, element) for member in value.values()], element)
    return MapValue(zip(value, items, strict=True), element)


def _settle(items: list[Value], element: Type) -> tuple[list[Value], Type]:
    """The members as one type, where the wanted one leaves part of it open (`list(map(any))`). Raises EvaluationError."""
    if not is_open(element):
        return items, element
    known = [found for found in map(type_of, items) if found.name != "any"]
    common = unify(known)
    if common is None:
        raise EvaluationError("its members have no type in common")
    return [convert(item, common) for item in items] if known else items, common


def is_open(element: Type) -> bool:
    """Whether part of a type is not known."""
    if element.name == "any":
        return True
    inner = (element.of,) if element.of else element.items
    return any(map(is_open, inner))


def _object(value: Value, wanted: Type) -> Value:
    if not isinstance(value, ObjectValue):
        raise EvaluationError(f"an object was expected, and this is {kind_of(value)}")
    return ObjectValue({name: _member(value, name, inner, wanted) for name, inner in wanted.attributes.items()})


def _member(value: ObjectValue, name: str, inner: Type, wanted: Type) -> Value:
    if name not in wanted.optional:
        if name not in value:
            raise EvaluationError(f"attribute {name} is missing")
        return convert(value[name], inner)
    given = value.get(name)
    return convert(wanted.optional[name] if given is None else given, inner)


def _tuple(value: Value, wanted: Type) -> Value:
    if not isinstance(value, TupleValue) or isinstance(value, SetValue):
        raise EvaluationError(f"a tuple was expected, and this is {kind_of(value)}")
    if len(value) != len(wanted.items):
        raise EvaluationError("a tuple has the wrong length")
    return TupleValue([convert(member, inner) for member, inner in zip(value, wanted.items, strict=True)])


# What `type` says

_NAMES = {
    "string": STRING,
    "number": NUMBER,
    "bool": BOOL,
    "any": ANY,
    "list": list_of(ANY),
    "map": map_of(ANY),
    "set": set_of(ANY),
}


class BadType(Exception):
    """A type that Terraform would refuse; says why."""


def declared_type(expression: Expression, constant: Callable[[Expression], Value]) -> Type:
    """The type that a variable's `type` names. constant: works out an optional attribute's default. Raises BadType."""
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return _type_named(expression.value, quoted=True)
    if isinstance(expression, NameExpression):
        return _type_named(expression.name, quoted=False)
    if isinstance(expression, FunctionCall) and len(expression.arguments) == 1:
        inner = expression.arguments[0]
        if expression.name in ("list", "set", "map"):
            return Type(expression.name, declared_type(inner, constant))
        if expression.name == "tuple" and isinstance(inner, ListOf):
            return tuple_of([declared_type(item, constant) for item in inner.items])
        if expression.name == "object" and isinstance(inner, ObjectOf):
            return _declared_object(inner, constant)
    raise BadType("is not a type")


def _type_named(name: str, quoted: bool) -> Type:
    """A type by its name; those of Terraform 0.11 are quoted, and a bare `set` was never one."""
    allowed = ("string", "list", "map") if quoted else ("string", "number", "bool", "any", "list", "map")
    if name not in allowed:
        raise BadType(f"{name} is not a type")
    return _NAMES[name]


def _declared_object(expression: ObjectOf, constant: Callable[[Expression], Value]) -> Type:
    attributes: dict[str, Type] = {}
    optional: dict[str, Value] = {}
    for key, kind in expression.items:
        if not isinstance(key, Literal):
            raise BadType("an object's type needs names of attributes")
        name = str(key.value)
        if name in attributes:
            raise BadType(f"names the attribute {name} twice")
        if isinstance(kind, FunctionCall) and kind.name == "optional" and 1 <= len(kind.arguments) <= 2:
            wanted = declared_type(kind.arguments[0], constant)
            optional[name] = constant(kind.arguments[1]) if len(kind.arguments) > 1 else None
            try:
                convert(optional[name], wanted)
            except EvaluationError as error:
                raise BadType(f"has a default for {name} that can't be: {error}") from error
            attributes[name] = wanted
        else:
            attributes[name] = declared_type(kind, constant)
    return object_of(attributes, optional)
