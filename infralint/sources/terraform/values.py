"""Terraform's values as Python's, plus holes: what can't be known before Terraform runs.

A collection knows how large it is and which hole is in it, so that neither has to be looked for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Protocol

import msgspec

from infralint.model import Location
from infralint.sources.terraform.budget import LARGEST, LONGEST, NotWorkedOut
from infralint.sources.terraform.numeric import Number, format_number, of_float, parse_number, to_float
from infralint.sources.terraform.types import ANY, BOOL, NUMBER, STRING, Type, object_of, tuple_of
from infralint.text.lazy import lazy

Value = Any
"""None, bool, int, Fraction, str, TupleValue, ListValue, SetValue, ObjectValue, MapValue, Hole or Lazy."""


class EvaluationError(Exception):
    """An expression that Terraform would refuse."""


class Hole(msgspec.Struct, frozen=True, gc=False):
    """A value that can't be known: why, where the cause stands, and what would make it known.

    of: the resource whose attribute it is, with the attribute's name, so that references can be
    followed. type: that of the value, where it is known all the same. is_refused: Terraform does not take what would make it.
    """

    why: str
    where: Location | None = None
    remedy: str = ""
    of: tuple[Lazy, str] | None = None
    type: Type = ANY
    is_refused: bool = False


class Lazy(Protocol):
    """A resource or module: its attributes are worked out when asked for."""

    def attribute(self, name: str) -> Value: ...


_AFTER = Hole("it is known after Terraform has run")


def is_lazy(value: Value) -> bool:
    return hasattr(value, "attribute")


def first_hole(value: Value) -> Hole | None:
    """A hole anywhere in a value."""
    if isinstance(value, Hole):
        return value
    if isinstance(value, TupleValue | ObjectValue):
        return value.hole
    return _AFTER if is_lazy(value) else None


def weight(value: Value) -> int:
    """How large a value is: its members and theirs, and its text."""
    if isinstance(value, TupleValue | ObjectValue):
        return value.weight
    return 1 + len(value) // 64 if isinstance(value, str) else 1


def _measure(members: Iterable[Value]) -> tuple[int, Hole | None]:
    total, hole = 1, None
    for member in members:
        total += weight(member)
        hole = hole or first_hole(member)
    if total > LARGEST:
        raise NotWorkedOut("it is too large to work out")
    return total, hole


class TupleValue(list[Value]):
    """A tuple, as `[…]` makes it: each member may be of a type of its own. Raises NotWorkedOut."""

    __slots__ = ("_type", "hole", "weight")

    def __init__(self, members: Iterable[Value] = ()) -> None:
        super().__init__(members)
        self.weight, self.hole = _measure(self)
        self._type: Type | None = None

    @property
    def type(self) -> Type:
        if self._type is None:
            self._type = self._worked_out_type()
        return self._type

    def _worked_out_type(self) -> Type:
        return tuple_of([type_of(member) for member in self])


class ListValue(TupleValue):
    """A list: all members are of one type."""

    __slots__ = ("element",)

    def __init__(self, members: Iterable[Value] = (), element: Type = ANY) -> None:
        super().__init__(members)
        self.element = element

    def _worked_out_type(self) -> Type:
        return Type("list", self.element)


class SetValue(ListValue):
    """A set, in Terraform's order of iteration."""

    __slots__ = ()

    def __init__(self, members: Iterable[Value] = (), element: Type = ANY) -> None:
        super().__init__(_sort_members(_unique(members)), element)

    def _worked_out_type(self) -> Type:
        return Type("set", self.element)


class ObjectValue(dict[str, Value]):
    """An object, as `{…}` makes it: each attribute may be of a type of its own. Raises NotWorkedOut."""

    __slots__ = ("_type", "hole", "weight")

    def __init__(self, members: Mapping[str, Value] | Iterable[tuple[str, Value]] = ()) -> None:
        super().__init__(members)
        self.weight, self.hole = _measure(self.values())
        self._type: Type | None = None

    @property
    def type(self) -> Type:
        if self._type is None:
            self._type = self._worked_out_type()
        return self._type

    def _worked_out_type(self) -> Type:
        return object_of({name: type_of(member) for name, member in self.items()})

    def sorted_items(self) -> list[tuple[str, Value]]:
        """In Terraform's order."""
        return sorted(self.items())


class MapValue(ObjectValue):
    """A map: all members are of one type."""

    __slots__ = ("element",)

    def __init__(self, members: Mapping[str, Value] | Iterable[tuple[str, Value]] = (), element: Type = ANY) -> None:
        super().__init__(members)
        self.element = element

    def _worked_out_type(self) -> Type:
        return Type("map", self.element)


def type_of(value: Value) -> Type:
    """A value's type; ANY for null, most holes and a resource."""
    if isinstance(value, TupleValue | ObjectValue | Hole):
        return value.type
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return STRING
    return NUMBER if isinstance(value, int | Fraction) else ANY


def kind_of(value: Value) -> str:
    """What a value is, without showing it: it may be a secret."""
    if value is None:
        return "null"
    name = type_of(value).name
    return {"string": "a text", "bool": "a boolean", "object": "an object"}.get(name, f"a {name}")


# Sets


def _unique(members: Iterable[Value]) -> list[Value]:
    """Each once. Raises NotWorkedOut for holes: two of them may be equal."""
    listed = list(members)
    if any(first_hole(member) for member in listed):
        raise NotWorkedOut("it is a set of values that are known after Terraform has run")
    return list(by_identity(listed).values())


def by_identity(members: Iterable[Value]) -> dict[object, Value]:
    """The first of each that are equal, by what identifies it."""
    found: dict[object, Value] = {}
    for member in members:
        found.setdefault(identity(member), member)
    return found


def identity(value: Value) -> object:
    """A key under which equal values meet; true and 1 are not equal."""
    if isinstance(value, TupleValue):
        return "[", *map(identity, value)
    if isinstance(value, ObjectValue):
        return "{", *((name, identity(member)) for name, member in value.sorted_items())
    return type_of(value).name, value


def _sort_members(members: list[Value]) -> list[Value]:
    """As Terraform goes through a set: nulls last, simple values in their order, others as they are told apart.

    https://github.com/zclconf/go-cty/blob/main/cty/set_internals.go
    """
    known = [member for member in members if member is not None]
    if all(isinstance(member, str) for member in known):
        known.sort(key=lambda text: text.encode("utf-8", "surrogatepass"))
    elif all(isinstance(member, int | Fraction) for member in known):
        known.sort()
    elif len(known) > 1:
        known.sort(key=_hash_text)
    return [*known, *([None] * (len(members) - len(known)))]


def _hash_text(value: Value) -> str:
    """The text by which members of a set are told apart. Raises NotWorkedOut."""
    if value is None:
        return "~"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, MapValue):
        return "{" + "".join(f"{_quote(key)}:{_hash_text(member)};" for key, member in value.sorted_items()) + "}"
    if isinstance(value, ObjectValue):
        return "<" + "".join(f"{_hash_text(member)};" for _, member in value.sorted_items()) + ">"
    if isinstance(value, ListValue):
        return "[" + "".join(f"{_hash_text(member)};" for member in value) + "]"
    if isinstance(value, TupleValue):
        return "<" + "".join(f"{_hash_text(member)};" for member in value) + ">"
    return f"{float(value):.10g}"


def _quote(text: str) -> str:
    if not text.isprintable():
        raise NotWorkedOut("the order of this set is not worked out")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# Equality


def same(left: Value, right: Value) -> bool:
    """Terraform's == of known values: no conversion; a text never equals a number, nor a tuple a list."""
    if left is None or right is None:
        return left is right
    if type_of(left).name != type_of(right).name:
        return False
    if isinstance(left, TupleValue):
        return len(left) == len(right) and _types_agree(left, right) and all(map(same, left, right))
    if isinstance(left, ObjectValue):
        return (
            left.keys() == right.keys()
            and _types_agree(left, right)
            and all(same(left[name], right[name]) for name in left)
        )
    return bool(left == right)


def _types_agree(left: Value, right: Value) -> bool:
    """Whether the types are equal, as far as they are known: a null may be of any."""
    return _agree(left.type, right.type)


def _agree(left: Type, right: Type) -> bool:
    if "any" in (left.name, right.name):
        return True
    return (
        left.name == right.name
        and left.names == right.names
        and len(left.items) == len(right.items)
        and all(map(_agree, left.items, right.items))
        and _agree(left.element, right.element)
    )


# Simple values


def bound(text: str) -> str:
    """A text, unless it is longer than a person would write. Raises NotWorkedOut."""
    if len(text) > LONGEST:
        raise NotWorkedOut("it is too large to work out")
    return text


_SURROGATES = lazy("[\ud800-\udfff]")


def normal(text: str) -> str:
    """As Terraform keeps text: https://unicode.org/reports/tr15, form C."""
    return text if text.isascii() else unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))


def to_text(value: Value) -> str:
    """A value as a template shows it. Raises EvaluationError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Fraction):
        return format_number(to_number(value))
    raise EvaluationError(f"a text was expected, and this is {kind_of(value)}")


def to_number(value: Value) -> Number:
    """A number, or the one that a text spells. Raises EvaluationError."""
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        return of_float(value)
    if isinstance(value, str):
        if (number := parse_number(value)) is not None:
            return number
        raise EvaluationError("a number was expected, and this is a text that spells none")
    raise EvaluationError(f"a number was expected, and this is {kind_of(value)}")


def to_whole(value: Value) -> int:
    """A number without decimals, small enough to count with. Raises EvaluationError."""
    number = to_number(value)
    if not isinstance(number, int):
        raise EvaluationError("a whole number was expected")
    if abs(number) >= 2**63:
        raise EvaluationError("a number that large can't be counted with")
    return number


def to_bool(value: Value) -> bool:
    """A boolean, or the one that a text spells. Raises EvaluationError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false", "1", "0"):
        return value in ("true", "1")
    raise EvaluationError(f"true or false was expected, and this is {kind_of(value)}")


def plain_number(value: Value) -> int | float:
    """A number as the platforms take it. Raises EvaluationError."""
    if isinstance(value, float):
        return value
    number = to_number(value)
    return int(number) if isinstance(number, int) and abs(number) < 2**63 else to_float(number)


def plain(value: Value) -> Value:
    """A value as the platforms take it: numbers that are not whole, or that are very large, are floats."""
    is_number = isinstance(value, int | Fraction) and not isinstance(value, bool)
    return plain_number(value) if is_number else value


SIMPLE: Mapping[str, Callable[[Value], Value]] = {"string": to_text, "number": to_number, "bool": to_bool}
"""Type -> what converts to it."""


def members(value: Value) -> Iterator[Value]:
    """The members of a collection."""
    if isinstance(value, ObjectValue):
        yield from value.values()
    elif isinstance(value, TupleValue):
        yield from value
