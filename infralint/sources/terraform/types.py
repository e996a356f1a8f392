"""Terraform's types, and the type that several have in common.

https://developer.hashicorp.com/terraform/language/expressions/types
https://github.com/zclconf/go-cty/blob/main/docs/convert.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from infralint.sources.terraform.budget import NotWorkedOut


class Type(msgspec.Struct, frozen=True):
    """A type. of: that of a collection's members; items: those of a tuple, or of an object's attributes.

    names: an object's attributes, sorted. optional: those of them that may be left out, with the
    value that they then have.
    """

    name: str
    of: Type | None = None
    items: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()
    optional: Mapping[str, Any] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        """What tells types apart: not what their attributes are where they are left out."""
        return self.name, self.of, self.items, self.names

    @property
    def element(self) -> Type:
        return self.of or ANY

    @property
    def attributes(self) -> dict[str, Type]:
        return dict(zip(self.names, self.items, strict=True))


ANY = Type("any")
"""Not known: a null, a hole, or what an empty collection holds."""
STRING, NUMBER, BOOL = Type("string"), Type("number"), Type("bool")
LIST, SET, MAP = Type("list", ANY), Type("set", ANY), Type("map", ANY)

PRIMITIVES = frozenset({"string", "number", "bool"})
SEQUENCES = frozenset({"list", "set", "tuple"})


def list_of(element: Type) -> Type:
    return Type("list", element)


def set_of(element: Type) -> Type:
    return Type("set", element)


def map_of(element: Type) -> Type:
    return Type("map", element)


def tuple_of(items: Sequence[Type]) -> Type:
    return Type("tuple", items=tuple(items))


def object_of(attributes: Mapping[str, Type], optional: Mapping[str, Any] | None = None) -> Type:
    names = tuple(sorted(attributes))
    return Type("object", items=tuple(attributes[name] for name in names), names=names, optional=optional or {})


def unify(types: Sequence[Type]) -> Type | None:
    """The type that values of all these types can be converted to; None: there is none. Raises NotWorkedOut.

    https://github.com/zclconf/go-cty/blob/main/cty/convert/unify.go
    """
    types = list(dict.fromkeys(types))
    if len(types) < 2:
        return types[0] if types else ANY
    kinds = {member.name for member in types} - {"any"}
    if kinds in _ALIKE:
        return _unify_structures(types, kinds, any(member.name == "any" for member in types))
    if (mixed := _unify_mixed(types, kinds)) is not None:
        return mixed
    if {"object", "tuple"} <= kinds:
        return None
    wanted = [kind for kind in sorted(types, key=_preference) if kind.name != "any"]
    found = next((kind for kind in wanted if all(_converts(other, kind) for other in types)), None)
    if found is None and len(wanted) < len(types):
        raise NotWorkedOut("what these have in common is not worked out")
    return found


_ALIKE = ({"list"}, {"set"}, {"map"}, {"object"}, {"tuple"})


def _unify_structures(types: Sequence[Type], kinds: set[str], has_any: bool) -> Type | None:
    """What collections, objects or tuples have in common, member by member."""
    if has_any:
        return ANY
    if kinds == {"object"}:
        return _object(types)
    return _tuple(types) if kinds == {"tuple"} else _collection(kinds.pop(), [kind.element for kind in types])


def _unify_mixed(types: Sequence[Type], kinds: set[str]) -> Type | None:
    """Objects among maps are maps, and tuples among lists are lists."""
    known = [kind for kind in types if kind.name != "any"]
    if kinds == {"map", "object"}:
        return _collection("map", _member_types(known))
    return _collection("list", _member_types(known)) if kinds == {"list", "tuple"} else None


def _collection(name: str, elements: Sequence[Type]) -> Type | None:
    element = unify(elements)
    return None if element is None else Type(name, element)


def _member_types(types: Sequence[Type]) -> list[Type]:
    return [inner for kind in types for inner in ([kind.of] if kind.of else kind.items)]


def _object(types: Sequence[Type]) -> Type | None:
    if all(kind.names == types[0].names for kind in types):
        members = [unify(column) for column in zip(*(kind.items for kind in types), strict=True)]
        if None not in members:
            return Type("object", items=tuple(member for member in members if member), names=types[0].names)
    return _collection("map", _member_types(types))


def _tuple(types: Sequence[Type]) -> Type | None:
    if all(len(kind.items) == len(types[0].items) for kind in types):
        members = [unify(column) for column in zip(*(kind.items for kind in types), strict=True)]
        if None not in members:
            return tuple_of([member for member in members if member])
    return _collection("list", _member_types(types))


def may_be_alike(types: Sequence[Type]) -> bool:
    """Whether types may have one in common if what is open in them is known: never texts, sequences and maps together."""
    kinds = {kind.name for kind in types} - {"any"}
    return not kinds & PRIMITIVES and (kinds <= SEQUENCES or not kinds & SEQUENCES)


_ORDER = {"string": 0, "number": 1, "bool": 1, "list": 2, "map": 2, "tuple": 3, "object": 3, "set": 4, "any": 9}


def _preference(kind: Type) -> tuple[int, int]:
    return _ORDER[kind.name], 0 if kind.of is None else _preference(kind.of)[0]


def _converts(kind: Type, to: Type) -> bool:
    """Whether there is a conversion at all; whether it works out depends on the value."""
    if kind == to or "any" in (kind.name, to.name):
        return True
    if to.name in PRIMITIVES:
        return kind.name in PRIMITIVES and {kind.name, to.name} != {"number", "bool"}
    if to.name in ("list", "set"):
        return kind.name in SEQUENCES and all(_converts(inner, to.element) for inner in _member_types([kind]))
    if to.name == "map":
        return kind.name in ("map", "object") and all(_converts(inner, to.element) for inner in _member_types([kind]))
    if to.name == "object":
        if kind.name == "map":
            return all(_converts(kind.element, inner) for inner in to.items)
        return kind.name == "object" and set(to.names) <= set(kind.names)
    return kind.name == "tuple" and len(kind.items) == len(to.items)
