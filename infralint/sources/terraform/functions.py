"""Terraform's functions. One that is not here gives a hole, never a guess.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any, cast

from infralint.sources.terraform.values import (
    LONGEST,
    EvaluationError,
    Hole,
    SetOf,
    Value,
    first_hole,
    is_lazy,
    kind_of,
    same,
    to_bool,
    to_number,
    to_text,
    type_and_value,
    whole,
)

Function = Callable[..., Value]


def call(name: str, arguments: list[Value]) -> Value:
    """What a function gives. Raises EvaluationError where Terraform would refuse."""
    if name in OPEN:
        function = OPEN[name]
    elif name in CLOSED:
        if found := next((hole for hole in map(first_hole, arguments) if hole), None):
            return found
        function = CLOSED[name]
    else:
        return Hole(f"infralint does not work out {name}()")
    try:
        return bounded(function(*arguments))
    except TypeError as error:
        raise EvaluationError(f"{name}() does not take these arguments") from error
    except (ValueError, OverflowError, AttributeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise EvaluationError(f"{name}() fails on these arguments") from error


def bounded(value: Value) -> Value:
    """The value, unless it is larger than a person would write."""
    if isinstance(value, str | list | dict) and len(value) > LONGEST:
        return Hole("it is too large to work out")
    return value


# Functions that look into collections which may hold holes


def _lookup(mapping: Value, key: Value, *default: Value) -> Value:
    if isinstance(mapping, Hole) or isinstance(key, Hole):
        return mapping if isinstance(mapping, Hole) else key
    if to_text(key) in mapping:
        return mapping[to_text(key)]
    if not default:
        raise EvaluationError("the map has no such key")
    return default[0]


def _merge(*maps: Value) -> Value:
    merged: dict[str, Value] = {}
    for one in maps:
        if isinstance(one, Hole):
            return one
        merged.update(one or {})
    return merged


def _concat(*lists: Value) -> Value:
    hole = next((one for one in lists if isinstance(one, Hole)), None)
    return hole or [item for one in lists for item in _items(one)]


def _items(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise EvaluationError(f"a list was expected, and this is {kind_of(value)}")
    return value


def _length(value: Value) -> Value:
    if isinstance(value, Hole) or is_lazy(value):
        return value if isinstance(value, Hole) else first_hole(value)
    return len(value)


def _keys(mapping: Value) -> Value:
    return mapping if isinstance(mapping, Hole) else sorted(mapping)


def _values(mapping: Value) -> Value:
    return mapping if isinstance(mapping, Hole) else [mapping[key] for key in sorted(mapping)]


def _element(items: Value, index: Value) -> Value:
    if isinstance(items, Hole) or isinstance(index, Hole):
        return items if isinstance(items, Hole) else index
    if not items:
        raise EvaluationError("element() of an empty list")
    return items[int(to_number(index)) % len(items)]


def _flatten(items: Value) -> Value:
    if isinstance(items, Hole):
        return items
    flat: list[Value] = []
    for item in _items(items):
        if isinstance(item, Hole):
            return item
        inner = _flatten(item) if isinstance(item, list) else [item]
        if isinstance(inner, Hole):
            return inner
        flat += inner
    return flat


def _one(items: Value) -> Value:
    if isinstance(items, Hole):
        return items
    if len(items) > 1:
        raise EvaluationError("one() of more than one")
    return items[0] if items else None


def _coalesce(*items: Value) -> Value:
    for item in items:
        if isinstance(item, Hole) or (item is not None and item != ""):
            return item
    raise EvaluationError("coalesce() finds nothing")


def _coalescelist(*lists: Value) -> Value:
    for one in lists:
        if isinstance(one, Hole) or one:
            return one
    raise EvaluationError("coalescelist() finds nothing")


def _join(separator: Value, *lists: Value) -> Value:
    items = _concat(*lists)
    if isinstance(items, Hole):
        return items
    if len(items) == 1 and isinstance(items[0], Hole):
        return items[0]  # join("", aws_lb.this.*.arn): the one reference stays one
    return first_hole([separator, items]) or to_text(separator).join(map(to_text, items))


def _zipmap(keys: Value, values: Value) -> Value:
    if hole := first_hole(keys) or (values if isinstance(values, Hole) else None):
        return hole
    return dict(zip(map(to_text, keys), values, strict=True))


def _tolist(value: Value) -> Value:
    return value if isinstance(value, Hole) else list(_items(value))


def _toset(value: Value) -> Value:
    return value if isinstance(value, Hole) else SetOf.of(_items(value))


def _tomap(value: Value) -> Value:
    if not isinstance(value, Hole | dict):
        raise EvaluationError(f"a map was expected, and this is {kind_of(value)}")
    return value


def _same(value: Value) -> Value:
    return value


def _slice(items: Value, start: Value, end: Value) -> Value:
    if hole := next((one for one in (items, start, end) if isinstance(one, Hole)), None):
        return hole
    if not 0 <= start <= end <= len(items):
        raise EvaluationError("slice() reaches beyond the list")
    return items[int(start) : int(end)]


def _reverse(items: Value) -> Value:
    return items if isinstance(items, Hole) else list(reversed(items))


def _optional_text(convert: Callable[[Value], Value]) -> Function:
    return lambda value: None if value is None else convert(value)


OPEN: Mapping[str, Function] = MappingProxyType(
    {
        "lookup": _lookup,
        "merge": _merge,
        "concat": _concat,
        "length": _length,
        "keys": _keys,
        "values": _values,
        "element": _element,
        "flatten": _flatten,
        "one": _one,
        "coalesce": _coalesce,
        "coalescelist": _coalescelist,
        "join": _join,
        "zipmap": _zipmap,
        "tolist": _tolist,
        "toset": _toset,
        "tomap": _tomap,
        "slice": _slice,
        "reverse": _reverse,
        "sensitive": _same,
        "nonsensitive": _same,
    }
)
"""Functions that are defined although part of what they are given is a hole."""


# Functions of known values


def _range(*bounds: Value) -> list[Value]:
    numbers = [to_number(bound) for bound in bounds]
    start, end = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else (1 if start <= end else -1)
    count = max(0, math.ceil((end - start) / step))
    if count > 1024:
        raise EvaluationError("range() gives at most 1024 numbers")
    return [whole(start + step * index) for index in range(count)]


def _distinct(items: Value) -> list[Value]:
    return list({type_and_value(item): item for item in _items(items)}.values())


def _contains(items: Value, value: Value) -> bool:
    return any(same(item, value) or (type(item) is not type(value) and _texts_agree(item, value)) for item in items)


def _texts_agree(left: Value, right: Value) -> bool:
    # contains(["1"], 1) converts the number to the list's type.
    simple = (str, int, float)
    both = isinstance(left, simple) and isinstance(right, simple)
    return both and not isinstance(left, bool) and not isinstance(right, bool) and to_text(left) == to_text(right)


def _index(items: Value, value: Value) -> int:
    for position, item in enumerate(items):
        if same(item, value):
            return position
    raise EvaluationError("the list has no such item")


def _substr(text: Value, offset: Value, length: Value) -> str:
    text, offset, length = to_text(text), int(to_number(offset)), int(to_number(length))
    start = offset if offset >= 0 else len(text) + offset
    return str(text[start:] if length < 0 else text[start : start + length])


def _format(pattern: Value, *values: Value) -> str:
    """printf with the verbs that people use; another is not worked out."""
    from re import sub

    waiting = list(values)

    def shown(found: Any) -> str:
        flags, verb = str(found[1]), str(found[2])
        if verb == "%":
            return "%"
        value = waiting.pop(0)
        if verb == "d":
            return ("%" + flags + "d") % int(to_number(value))
        if verb in "feg":
            return ("%" + flags + verb) % float(to_number(value))
        if verb == "t":
            return to_text(to_bool(value))
        if verb == "q":
            return json.dumps(to_text(value))
        if verb == "v" and not isinstance(value, str | int | float):
            return json.dumps(value)
        return ("%" + flags + "s") % to_text(value)

    text = sub(r"%([-+0 ]*\d*(?:\.\d+)?)([%dfegtqsv])", shown, to_text(pattern))
    if waiting:
        raise EvaluationError("format() has too many arguments")
    return text


def _formatlist(pattern: Value, *values: Value) -> list[Value]:
    length = max((len(value) for value in values if isinstance(value, list)), default=1)
    columns = [value if isinstance(value, list) else [value] * length for value in values]
    return [_format(pattern, *row) for row in zip(*columns, strict=True)]


def _replace(text: Value, old: Value, new: Value) -> Value:
    text, old, new = to_text(text), to_text(old), to_text(new)
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return _searched(old[1:-1], lambda pattern: pattern.sub(_python_group(new), text, timeout=1))
    return text.replace(old, new)


def _python_group(text: str) -> str:
    from re import sub

    return sub(r"\$\{?(\w+)\}?", r"\\g<\1>", text.replace("\\", "\\\\"))


def _regex(pattern: Value, text: Value) -> Value:
    def first(compiled: Any) -> Value:
        found = compiled.search(to_text(text), timeout=1)
        if not found:
            raise EvaluationError("the pattern matches nothing")
        return _captures(found)

    return _searched(to_text(pattern), first)


def _regexall(pattern: Value, text: Value) -> Value:
    return _searched(
        to_text(pattern), lambda compiled: [_captures(one) for one in compiled.finditer(to_text(text), timeout=1)]
    )


def _searched(pattern: str, search: Callable[[Any], Value]) -> Value:
    import regex

    try:
        return search(regex.compile(pattern))
    except TimeoutError:
        return Hole("a regular expression takes too long")
    except regex.error as error:
        raise EvaluationError("not a regular expression") from error


def _captures(found: Any) -> Value:
    if named := found.groupdict():
        return named
    return list(found.groups()) if found.groups() else found[0]


def _trim(text: Value, characters: Value) -> str:
    return to_text(text).strip(to_text(characters))


def _split(separator: Value, text: Value) -> list[str]:
    if not to_text(separator):
        return list(to_text(text))
    return to_text(text).split(to_text(separator))


def _setproduct(*sets: Value) -> list[Value]:
    if math.prod(len(one) for one in sets) > LONGEST:
        raise EvaluationError("setproduct() grows too large")
    return [list(row) for row in product(*sets)]


def _combined(keep: Callable[[Value, list[list[Value]]], bool]) -> Function:
    def combine(*sets: Value) -> Value:
        return SetOf.of([item for one in sets for item in one if keep(item, list(sets))])

    return combine


def _within(item: Value, items: list[Value]) -> bool:
    return any(same(item, other) for other in items)


def _parsed_json(text: Value) -> Value:
    return json.loads(to_text(text))


def _parsed_yaml(text: Value) -> Value:
    import yaml

    try:
        return _plain(yaml.load(to_text(text), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506
    except yaml.YAMLError as error:
        raise EvaluationError("not YAML") from error


def _plain(value: Value) -> Value:
    if isinstance(value, dict):
        return {to_text(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _written_json(value: Value) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _round(rounded: Callable[[float], int]) -> Function:
    return lambda value: rounded(to_number(value))


def _sum(items: Value) -> Value:
    if not items:
        raise EvaluationError("sum() of nothing")
    return whole(sum(map(to_number, items)))


def _decoded64(text: Value) -> str:
    try:
        return base64.b64decode(to_text(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise EvaluationError("not text in base64") from error


def _digest(name: str) -> Function:
    return lambda text: hashlib.new(name, to_text(text).encode(), usedforsecurity=False).hexdigest()


def _matchkeys(values: Value, keys: Value, wanted: Value) -> list[Value]:
    return [value for value, key in zip(values, keys, strict=True) if _within(key, wanted)]


def _transpose(mapping: Value) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key in sorted(mapping):
        for item in mapping[key]:
            found.setdefault(to_text(item), []).append(key)
    return found


def _chunklist(items: Value, size: Value) -> list[Value]:
    return [items[start : start + int(size)] for start in range(0, len(items), int(size))] if size else [items]


def _title(text: Value) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in to_text(text).split(" "))


def _indent(width: Value, text: Value) -> str:
    return to_text(text).replace("\n", "\n" + " " * int(width))


def _log(value: Value, base: Value) -> float:
    return cast(float, whole(math.log(to_number(value), to_number(base))))


def _text_function(function: Callable[[str], Value]) -> Function:
    return lambda text: function(to_text(text))


def _dirname(path: Value) -> str:
    return to_text(path).rpartition("/")[0] or "."


CLOSED: Mapping[str, Function] = MappingProxyType(
    {
        "abs": lambda value: abs(to_number(value)),
        "ceil": _round(math.ceil),
        "floor": _round(math.floor),
        "max": lambda *numbers: max(map(to_number, numbers)),
        "min": lambda *numbers: min(map(to_number, numbers)),
        "pow": lambda base, power: whole(float(to_number(base)) ** to_number(power)),
        "log": _log,
        "signum": lambda value: (to_number(value) > 0) - (to_number(value) < 0),
        "parseint": lambda text, base: int(to_text(text), int(base)),
        "sum": _sum,
        "range": _range,
        "tonumber": _optional_text(to_number),
        "tostring": _optional_text(to_text),
        "tobool": _optional_text(to_bool),
        "alltrue": lambda items: all(map(to_bool, items)),
        "anytrue": lambda items: any(map(to_bool, items)),
        "lower": _text_function(str.lower),
        "upper": _text_function(str.upper),
        "title": _title,
        "trimspace": _text_function(str.strip),
        "chomp": _text_function(lambda text: text.rstrip("\r\n")),
        "strrev": _text_function(lambda text: text[::-1]),
        "trim": _trim,
        "trimprefix": lambda text, part: to_text(text).removeprefix(to_text(part)),
        "trimsuffix": lambda text, part: to_text(text).removesuffix(to_text(part)),
        "startswith": lambda text, part: to_text(text).startswith(to_text(part)),
        "endswith": lambda text, part: to_text(text).endswith(to_text(part)),
        "strcontains": lambda text, part: to_text(part) in to_text(text),
        "split": _split,
        "substr": _substr,
        "replace": _replace,
        "regex": _regex,
        "regexall": _regexall,
        "indent": _indent,
        "format": _format,
        "formatlist": _formatlist,
        "contains": _contains,
        "index": _index,
        "distinct": _distinct,
        "compact": lambda items: [item for item in items if item not in (None, "")],
        "sort": lambda items: sorted(map(to_text, items)),
        "chunklist": _chunklist,
        "matchkeys": _matchkeys,
        "transpose": _transpose,
        "setproduct": _setproduct,
        "setunion": _combined(lambda *_: True),
        "setintersection": _combined(lambda item, sets: all(_within(item, one) for one in sets)),
        "setsubtract": _combined(lambda item, sets: _within(item, sets[0]) and not _within(item, sets[1])),
        "jsondecode": _parsed_json,
        "jsonencode": _written_json,
        "yamldecode": _parsed_yaml,
        "base64encode": _text_function(lambda text: base64.b64encode(text.encode()).decode()),
        "base64decode": _decoded64,
        "md5": _digest("md5"),
        "sha1": _digest("sha1"),
        "sha256": _digest("sha256"),
        "sha512": _digest("sha512"),
        "basename": lambda path: to_text(path).rstrip("/").rpartition("/")[2],
        "dirname": _dirname,
    }
)
"""Functions whose arguments must all be known."""
