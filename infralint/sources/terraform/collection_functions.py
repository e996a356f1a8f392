"""Functions on lists, sets, maps and objects, and on values of any type.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from types import MappingProxyType

from infralint.sources.terraform.budget import LARGEST, NotWorkedOut
from infralint.sources.terraform.convert import common_type, convert
from infralint.sources.terraform.numeric import Number, as_count
from infralint.sources.terraform.signature import Signature, takes
from infralint.sources.terraform.text_functions import characters
from infralint.sources.terraform.types import (
    ANY,
    BOOL,
    LIST,
    MAP,
    NUMBER,
    SET,
    STRING,
    Type,
    list_of,
    map_of,
    tuple_of,
    unify,
)
from infralint.sources.terraform.values import (
    EvaluationError,
    Hole,
    ListValue,
    MapValue,
    ObjectValue,
    SetValue,
    TupleValue,
    Value,
    by_identity,
    first_hole,
    identity,
    is_lazy,
    kind_of,
    same,
    to_whole,
    type_of,
)


def _sequence(value: Value, sets: bool = True) -> TupleValue:
    """A list, tuple or (if those are taken) set. Raises EvaluationError."""
    if not isinstance(value, TupleValue) or (isinstance(value, SetValue) and not sets):
        raise EvaluationError(f"a list was expected, and this is {kind_of(value)}")
    return value


def _mapping(value: Value) -> ObjectValue:
    """A map or object. Raises EvaluationError."""
    if not isinstance(value, ObjectValue):
        raise EvaluationError(f"a map was expected, and this is {kind_of(value)}")
    return value


def _lookup(mapping: Value, key: Value, *default: Value) -> Value:
    found = _mapping(mapping)
    if len(default) > 1:
        raise EvaluationError("lookup() takes one default")
    if key in found:
        return found[key]
    if not default:
        raise EvaluationError("the map has no such key")
    return convert(default[0], found.element) if isinstance(found, MapValue) else default[0]


def _merge(*maps: Value) -> Value:
    """A map where all are maps of one type, else an object."""
    known = [_mapping(operand) for operand in maps if operand is not None]
    merged = {name: value for mapping in known for name, value in mapping.items()}
    types = {mapping.type for mapping in known}
    if len(types) == 1 and known and isinstance(known[0], MapValue) and len(known) == len(maps):
        return MapValue(merged, known[0].element)
    return ObjectValue(merged)


def _concat(*lists: Value) -> Value:
    parts = [_sequence(operand, sets=False) for operand in lists]
    items = [item for part in parts for item in part]
    if all(isinstance(part, ListValue) for part in parts):
        element = unify([part.element for part in parts if isinstance(part, ListValue)])
        element = unify([*map(type_of, items)]) if element == ANY else element
        # A list whose elements' type is open may hold what the others' type does not take.
        with suppress(EvaluationError):
            if element is not None:
                return ListValue([convert(item, element) for item in items], element)
    return TupleValue(items)


def _length(value: Value) -> Value:
    if is_lazy(value):
        return first_hole(value)
    if isinstance(value, str):
        return as_count(len(characters(value)))
    if not isinstance(value, TupleValue | ObjectValue):
        raise EvaluationError(f"{kind_of(value)} has no length")
    return as_count(len(value))


def _keys(value: Value) -> Value:
    keys = sorted(_mapping(value))
    return ListValue(keys, STRING) if isinstance(value, MapValue) else TupleValue(keys)


def _values(value: Value) -> Value:
    found = [member for _, member in _mapping(value).sorted_items()]
    return ListValue(found, value.element) if isinstance(value, MapValue) else TupleValue(found)


def _element(items: Value, index: Number) -> Value:
    found, number = _sequence(items, sets=False), to_whole(index)
    if number < 0:
        raise NotWorkedOut("versions of Terraform differ in what element() does with a negative index")
    if not found:
        raise EvaluationError("element() of an empty list")
    return found[number % len(found)]


def _flatten(items: Value) -> Value:
    flat: list[Value] = []
    for item in _sequence(items):
        if isinstance(item, Hole):
            return item
        inner = _flatten(item) if isinstance(item, TupleValue) else [item]
        if isinstance(inner, Hole):
            return inner
        flat += inner
        if len(flat) > LARGEST:
            raise NotWorkedOut("it is too large to work out")
    return TupleValue(flat)


def _one(items: Value) -> Value:
    found = _sequence(items)
    if len(found) > 1:
        raise EvaluationError("one() of more than one")
    return found[0] if found else None


def _coalesce(*items: Value) -> Value:
    wanted = unify([type_of(item) for item in items])
    if wanted is None:
        raise EvaluationError("the arguments of coalesce() have no type in common")
    for item in items:
        if isinstance(item, Hole):
            return item
        if item is not None and (given := convert(item, wanted)) != "":
            return given
    raise EvaluationError("coalesce() finds nothing")


def _coalescelist(*lists: Value) -> Value:
    if None in lists:
        raise NotWorkedOut("whether coalescelist() passes over this null depends on its type")
    for operand in lists:
        if not isinstance(operand, Hole):
            _sequence(operand, sets=False)
    found = next((operand for operand in lists if isinstance(operand, Hole) or operand), None)
    if found is None:
        raise EvaluationError("coalescelist() finds nothing")
    return found


def _zipmap(keys: ListValue, values: Value) -> Value:
    if keys.hole:
        return keys.hole
    listed = _sequence(values, sets=False)
    if len(keys) != len(listed) or None in keys:
        raise EvaluationError("zipmap() takes as many keys as values")
    pairs = zip(keys, listed, strict=True)
    return MapValue(pairs, listed.element) if isinstance(listed, ListValue) else ObjectValue(pairs)


def _slice(items: Value, start: Number, end: Number) -> Value:
    found, first, last = _sequence(items, sets=False), to_whole(start), to_whole(end)
    if not 0 <= first <= last <= len(found):
        raise EvaluationError("slice() reaches beyond the list")
    return _like(found, found[first:last])


def _reverse(items: Value) -> Value:
    return _like(_sequence(items), list(reversed(items)))


def _like(model: TupleValue, items: list[Value]) -> Value:
    """Items in a list, if they come from a list or set, else in a tuple."""
    return ListValue(items, model.element) if isinstance(model, ListValue) else TupleValue(items)


def _distinct(items: ListValue) -> ListValue:
    return ListValue(by_identity(items).values(), items.element)


def _contains(items: Value, value: Value) -> bool:
    return any(same(item, value) for item in _sequence(items))


def _index(items: Value, value: Value) -> Number:
    found = _sequence(items, sets=False)
    position = next((position for position, item in enumerate(found) if same(item, value)), None)
    if position is None:
        raise EvaluationError("the list has no such item")
    return as_count(position)


def _compact(items: ListValue) -> ListValue:
    return ListValue([item for item in items if item not in (None, "")], STRING)


def _sort(items: ListValue) -> ListValue:
    if None in items:
        raise EvaluationError("sort() does not take null")
    return ListValue(sorted(items, key=lambda text: text.encode("utf-8", "surrogatepass")), STRING)


def _chunklist(items: ListValue, size: Number) -> ListValue:
    width = to_whole(size)
    if width < 0:
        raise EvaluationError("chunklist() takes no negative size")
    starts = range(0, len(items), width) if width else ([0] if items else [])
    chunks = [ListValue(items[start : start + width] if width else items, items.element) for start in starts]
    return ListValue(chunks, list_of(items.element))


def _matchkeys(values: ListValue, keys: ListValue, wanted: ListValue) -> ListValue:
    if len(values) != len(keys):
        raise EvaluationError("matchkeys() takes as many keys as values")
    element = unify([keys.element, wanted.element])
    if element is None:
        raise EvaluationError("the keys and those that are searched have no type in common")
    searched = {identity(convert(key, element)) for key in wanted}
    pairs = zip(values, keys, strict=True)
    return ListValue([value for value, key in pairs if identity(convert(key, element)) in searched], values.element)


def _transpose(mapping: MapValue) -> MapValue:
    found: dict[str, list[str]] = {}
    for key, items in mapping.sorted_items():
        if items is None or None in items:
            raise EvaluationError("transpose() does not take null")
        for item in items:
            found.setdefault(item, []).append(key)
    return MapValue({key: ListValue(names, STRING) for key, names in found.items()}, list_of(STRING))


def _setproduct(*sets: Value) -> ListValue:
    if len(sets) < 2:
        raise EvaluationError("setproduct() takes at least two sets")
    if math.prod(len(_sequence(operand)) for operand in sets) * len(sets) > LARGEST:
        raise NotWorkedOut("it is too large to work out")
    elements = [common_type(operand) for operand in sets]
    columns = [[convert(item, element) for item in members] for members, element in zip(sets, elements, strict=True)]
    rows = [TupleValue(row) for row in product(*columns)]
    made = SetValue if all(isinstance(operand, SetValue) for operand in sets) else ListValue
    return made(rows, tuple_of(elements))


def _combine(keep: Callable[[object, Sequence[Mapping[object, Value]]], bool]) -> Callable[..., SetValue]:
    """A function of sets that takes all members of which something holds."""

    def combine(*sets: SetValue) -> SetValue:
        element = unify([operand.element for operand in sets if operand.element != ANY])
        if element is None:
            raise EvaluationError("the sets have no type in common")
        keyed = [by_identity(convert(item, element) for item in operand) for operand in sets]
        members = {key: item for mapping in reversed(keyed) for key, item in mapping.items() if keep(key, keyed)}
        return SetValue(members.values(), element)

    return combine


def _to(wanted: Type) -> Signature:
    return takes(lambda value: convert(value, wanted), ANY, nulls=(0,), holes="anywhere")


_TRUTHS = list_of(BOOL)

COLLECTION_FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "lookup": takes(_lookup, ANY, STRING, rest=ANY, nulls=(-1,), holes="inside"),
        "merge": takes(_merge, rest=ANY, nulls=(-1,), holes="inside"),
        "concat": takes(_concat, rest=ANY, least=1, holes="inside"),
        "length": takes(_length, ANY, holes="inside"),
        "keys": takes(_keys, ANY, holes="inside"),
        "values": takes(_values, ANY, holes="inside"),
        "element": takes(_element, ANY, NUMBER, holes="inside"),
        "flatten": takes(_flatten, ANY, holes="inside"),
        "one": takes(_one, ANY, holes="inside"),
        "coalesce": takes(_coalesce, rest=ANY, least=1, nulls=(-1,), holes="anywhere"),
        "coalescelist": takes(_coalescelist, rest=ANY, least=1, nulls=(-1,), holes="anywhere"),
        "zipmap": takes(_zipmap, list_of(STRING), ANY, holes="inside"),
        "slice": takes(_slice, ANY, NUMBER, NUMBER, holes="inside"),
        "reverse": takes(_reverse, ANY, holes="inside"),
        "sensitive": takes(lambda value: value, ANY, nulls=(0,), holes="anywhere"),
        "nonsensitive": takes(lambda value: value, ANY, nulls=(0,), holes="anywhere"),
        "tostring": _to(STRING),
        "tonumber": _to(NUMBER),
        "tobool": _to(BOOL),
        "tolist": _to(LIST),
        "toset": _to(SET),
        "tomap": _to(MAP),
        "alltrue": takes(lambda items: all(item is True for item in items), _TRUTHS),
        "anytrue": takes(lambda items: any(item is True for item in items), _TRUTHS),
        "distinct": takes(_distinct, LIST),
        "contains": takes(_contains, ANY, ANY),
        "index": takes(_index, ANY, ANY),
        "compact": takes(_compact, list_of(STRING)),
        "sort": takes(_sort, list_of(STRING)),
        "chunklist": takes(_chunklist, LIST, NUMBER),
        "matchkeys": takes(_matchkeys, LIST, LIST, LIST),
        "transpose": takes(_transpose, map_of(list_of(STRING))),
        "setproduct": takes(_setproduct, rest=ANY),
        "setunion": takes(_combine(lambda *_: True), SET, rest=SET),
        "setintersection": takes(_combine(lambda key, sets: all(key in operand for operand in sets)), SET, rest=SET),
        "setsubtract": takes(_combine(lambda key, sets: key in sets[0] and key not in sets[1]), SET, SET),
    }
)
