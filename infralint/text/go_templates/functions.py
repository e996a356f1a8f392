"""The functions of Go's templates, of sprig and of Helm, as far as manifests that matter here use them.

https://pkg.go.dev/text/template#hdr-Functions, https://masterminds.github.io/sprig/,
https://helm.sh/docs/chart_template_guide/function_list/
"""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infralint.text.go_templates.bounds import check_count, check_length
from infralint.text.go_templates.parsing import TemplateProblem
from infralint.text.go_templates.values import (
    NotEvaluated,
    PlacedList,
    PlacedMapping,
    PlacedText,
    dump_yaml,
    places_of,
    plain_values,
    text_of_value,
)
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.patterns import Unsearchable, compile_pattern, search, spend
from infralint.text.yaml_places import YamlProblem, read_yaml


def is_true(value: Any) -> bool:
    """What `if` takes for true: not false, 0, nothing, or what is empty."""
    return not (isinstance(value, NotEvaluated) or value is None or value is False or value == 0 or _is_empty(value))


def _is_empty(value: Any) -> bool:
    return isinstance(value, str | Mapping | list | tuple) and len(value) == 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else text_of_value(value)


# Text


def _quote(*values: Any) -> str:
    escaped = (
        _text(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        for value in values
        if value is not None
    )
    return " ".join(f'"{text}"' for text in escaped)


def _single_quote(*values: Any) -> str:
    return " ".join(f"'{_text(value)}'" for value in values if value is not None)


def _indent(width: Any, text: Any) -> str:
    return _with_lines(text, _pad_lines(width, text), 0)


def _indent_below(width: Any, text: Any) -> str:
    return _with_lines(text, "\n" + _pad_lines(width, text), 1)


def _pad_lines(width: Any, text: Any) -> str:
    pad = " " * min(int(width), 200)
    return pad + _replace("\n", f"\n{pad}", text)


def _replace(old: Any, new: Any, text: Any) -> str:
    before, after, whole = _text(old), _text(new), _text(text)
    check_length("", len(whole) + whole.count(before) * len(after))
    return whole.replace(before, after)


def _with_lines(before: Any, after: str, more: int) -> str:
    """A text with the lines of another one, and so many before them."""
    places = places_of(before)
    return PlacedText.of(after, [*[None] * more, *places]) if places else after


def _trim(text: Any) -> str:
    return _keep_lines(text, _text(text).lstrip(), _text(text).strip())


def _keep_lines(before: Any, after_start: str, after: str) -> str:
    places = places_of(before)
    if not places:
        return after
    skipped = _text(before)[: len(_text(before)) - len(after_start)].count("\n")
    return PlacedText.of(after, list(places)[skipped : skipped + after.count("\n") + 1])


def _trim_all(characters: Any, text: Any) -> str:
    return _text(text).strip(_text(characters))


def _trim_suffix(suffix: Any, text: Any) -> str:
    plain = _text(text).removesuffix(_text(suffix)) if suffix else _text(text)
    return _keep_lines(text, _text(text), plain)


def _trim_prefix(prefix: Any, text: Any) -> str:
    return _text(text).removeprefix(_text(prefix))


def _truncate(length: Any, text: Any) -> str:
    number = int(length)
    return _text(text)[:number] if number >= 0 else _text(text)[number:]


def _repeat(count: Any, text: Any) -> str:
    check_length("", int(count) * len(_text(text)))
    return _text(text) * int(count)


def _printf(form: Any, *values: Any) -> str:
    """`%s`, `%d`, `%v`, `%q`, `%t`, `%f`, with widths as C knows them: https://pkg.go.dev/fmt"""
    rest = iter(values)

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = next(rest, None)
        verb, flags = found["verb"], found["flags"]
        if verb == "q":
            return _quote(value)
        if verb in ("d", "x", "X", "o"):
            return f"%{flags}{verb}" % int(value if value is not None else 0)
        if verb in ("f", "e", "g"):
            return f"%{flags}{verb}" % float(value if value is not None else 0)
        plain = "%!s(<nil>)" if value is None and verb == "s" else "<nil>" if value is None else _text(value)
        return f"%{flags.replace('#', '').replace('+', '')}s" % plain

    return re.sub(r"%(?:%|(?P<flags>[-+ #0]*\d{0,3}(?:\.\d{0,3})?)(?P<verb>[a-zA-Z]))", fill, _text(form))


def _print(*values: Any) -> str:
    pieces: list[str] = []
    for before, value in zip((None, *values), values, strict=False):
        apart = pieces and not isinstance(before, str) and not isinstance(value, str)
        pieces.append((" " if apart else "") + ("<nil>" if value is None else _text(value)))
    return "".join(pieces)


def _split(separator: Any, text: Any) -> dict[str, Any]:
    return {f"_{number}": part for number, part in enumerate(_text(text).split(_text(separator)))}


def _split_list(separator: Any, text: Any) -> list[Any]:
    return list(_text(text)) if not separator else list(_text(text).split(_text(separator)))


def _join(separator: Any, values: Any) -> str:
    if not isinstance(values, list | tuple):
        return _text(values)
    between, texts = _text(separator), [_text(value) for value in values if value is not None]
    check_length("", len(between) * len(texts))
    return between.join(texts)


def _title(text: Any) -> str:
    return re.sub(r"\b\w", lambda found: found[0].upper(), _text(text))


def _words(text: Any) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", _text(text))


# Values


def _default(fallback: Any, value: Any = None) -> Any:
    return value if is_true(value) else fallback


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if is_true(value)), None)


def _ternary(yes: Any, no: Any, condition: Any) -> Any:
    return yes if condition is True else no


def _equal(first: Any, *others: Any) -> bool:
    return any(_is_same(first, other) for other in others)


def _is_same(first: Any, other: Any) -> bool:
    if isinstance(first, bool) != isinstance(other, bool):
        return False
    return bool(first == other)


def _compare(decide: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda first, other: bool(decide(first, other))


def _require(message: Any, value: Any) -> Any:
    """The value; where it is empty, what is given when the chart is installed: Helm installs none without it.

    https://helm.sh/docs/howto/charts_tips_and_tricks/#using-the-required-function
    """
    if value is None or value == "":
        return NotEvaluated(_text(message))
    return value


def _fail(message: Any) -> Any:
    raise TemplateProblem(_text(message))


def _kind(value: Any) -> str:
    if value is None:
        return "invalid"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Mapping):
        return "map"
    if isinstance(value, list | tuple):
        return "slice"
    return "float64" if places_of(value) or isinstance(value, float) else "int"


def _type(value: Any) -> str:
    kind = _kind(value)
    return {"map": "map[string]interface {}", "slice": "[]interface {}", "invalid": "<nil>"}.get(kind, kind)


# Numbers


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return value
    try:
        return float(_text(value) or 0)
    except ValueError:
        return 0


def _integer(value: Any) -> int:
    text = _text(value)
    if isinstance(value, str) and re.fullmatch(r"[-+]?0[0-7]+", text):
        return int(text, 8)
    return int(_number(value))


_HALF = 1 << 63
"""Go's whole numbers have 64 bits, and begin again at the other end."""


def _fold(step: Callable[[int, int], int]) -> Callable[..., int]:
    def fold_all(*values: Any) -> int:
        numbers = [_integer(value) for value in values]
        result = numbers[0]
        for number in numbers[1:]:
            result = (step(result, number) + _HALF) % (2 * _HALF) - _HALF
        return result

    return fold_all


def _divide(first: int, other: int) -> int:
    """Towards zero, as Go divides whole numbers."""
    whole = abs(first) // abs(other)
    return whole if (first < 0) == (other < 0) else -whole


def _remainder(first: int, other: int) -> int:
    return first - other * _divide(first, other)


def _until(count: Any) -> list[int]:
    return list(range(check_count(_integer(count))))


def _until_step(start: Any, stop: Any, step: Any) -> list[int]:
    numbers = range(_integer(start), _integer(stop), _integer(step))
    check_count(abs(numbers.stop - numbers.start) // abs(numbers.step))
    return list(numbers)


# Collections


def _mapping(*pairs: Any) -> PlacedMapping:
    made = PlacedMapping()
    for key, value in itertools.zip_longest(pairs[::2], pairs[1::2], fillvalue=""):
        made[_text(key)] = value
    return made


def _set(mapping: Any, key: Any, value: Any) -> Any:
    mapping[_text(key)] = value
    return mapping


def _unset(mapping: Any, key: Any) -> Any:
    mapping.pop(_text(key), None)
    return mapping


def _pick(mapping: Any, *keys: Any) -> PlacedMapping:
    return _chosen(mapping, [key for key in keys if key in mapping])


def _omit(mapping: Any, *keys: Any) -> PlacedMapping:
    return _chosen(mapping, [key for key in mapping if key not in keys])


def _chosen(mapping: Any, keys: Sequence[Any]) -> PlacedMapping:
    made = PlacedMapping({key: mapping[key] for key in keys})
    made.keys_at = dict(getattr(mapping, "keys_at", {}))
    return made


def _merge(target: Any, *others: Any) -> Any:
    for other in others:
        _merge_into(target, other or {}, False)
    return target


def _merge_over(target: Any, *others: Any) -> Any:
    for other in others:
        _merge_into(target, other or {}, True)
    return target


def _merge_into(target: Any, other: Mapping[str, Any], over: bool, depth: int = 0) -> None:
    """What one mapping has and another lacks (over: or has otherwise) comes into that one."""
    if depth > 60:
        raise TemplateProblem("is nested too deep")
    for key, value in other.items():
        known = target.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            _merge_into(known, value, over, depth + 1)
        elif key not in target or (over and is_true(value)) or (not over and not is_true(known)):
            target[key] = copy_deep(value)
            if (place := getattr(other, "keys_at", {}).get(key)) is not None and isinstance(target, PlacedMapping):
                target.keys_at[key] = place


def copy_deep(value: Any) -> Any:
    """A copy that shares no mapping and no list."""
    if isinstance(value, Mapping):
        made = PlacedMapping({key: copy_deep(member) for key, member in value.items()})
        made.keys_at = dict(getattr(value, "keys_at", {}))
        return made
    if isinstance(value, list | tuple):
        items = PlacedList(copy_deep(item) for item in value)
        items.items_at = getattr(value, "items_at", ())
        return items
    return value


def merge_values(target: PlacedMapping, over: Mapping[str, Any]) -> PlacedMapping:
    """Values with others laid over them, as Helm does with values files: a null takes a key away.

    https://helm.sh/docs/chart_template_guide/values_files/
    """
    merged: PlacedMapping = copy_deep(target)
    _lay_over(merged, over)
    return merged


def _lay_over(merged: PlacedMapping, over: Mapping[str, Any], depth: int = 0) -> None:
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(merged.get(key), Mapping) and isinstance(value, Mapping) and depth < 60:
            _lay_over(merged[key], value, depth + 1)
        else:
            merged[key] = copy_deep(value)
        if value is not None and (place := getattr(over, "keys_at", {}).get(key)) is not None:
            if not isinstance(value, Mapping):
                merged.keys_at[key] = place


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(_text(key))
        elif isinstance(value, list | tuple | str):
            value = value[int(key)]
        elif value is None:
            return None
    return value


def _dig(*arguments: Any) -> Any:
    *keys, fallback, mapping = arguments
    value = mapping
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return fallback
        value = value[key]
    return value


def _sublist(values: Any, *bounds: Any) -> Any:
    return values[slice(*(int(bound) for bound in bounds))]


def _keys(*mappings: Any) -> list[str]:
    return [key for mapping in mappings for key in mapping]


def _has(item: Any, values: Any) -> bool:
    return values is not None and any(_is_same(item, value) for value in values)


def _unique(values: Any) -> list[Any]:
    found: list[Any] = []
    if all(isinstance(value, str) for value in values):
        return list(dict.fromkeys(values))
    for value in values:
        check_count(len(found) * len(found) // 10)
        if not _has(value, found):
            found.append(value)
    return found


# Formats


def _from_yaml(text: Any) -> Any:
    try:
        documents = read_yaml(_text(text), allow_duplicates=True)
    except YamlProblem as problem:
        return PlacedMapping({"Error": problem.message})
    return plain_values(documents[0]) if documents else PlacedMapping()


def _from_json(text: Any) -> Any:
    try:
        return json.loads(_text(text))
    except ValueError as error:
        return PlacedMapping({"Error": str(error)})


def _to_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _to_pretty_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False)


def _encode(text: Any) -> str:
    return base64.b64encode(_text(text).encode()).decode()


def _decode(text: Any) -> str:
    return base64.b64decode(_text(text)).decode("utf-8", "replace")


def _digest(name: str) -> Callable[[Any], str]:
    def digest(text: Any) -> str:
        import hashlib

        return hashlib.new(name, _text(text).encode(), usedforsecurity=False).hexdigest()

    return digest


_RELATION = lazy(r"(?:(>=|<=|!=|=>|=<|[><=~^])\s*+)?v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?([-+][\w.+-]*)?")


def _semver_compare(constraint: Any, version: Any) -> bool:
    """https://github.com/Masterminds/semver#checking-version-constraints"""
    found = _RELATION.match(_text(version).strip())
    if found is None:
        raise TemplateProblem(f"`{version}` is no version")
    numbers = tuple(whole_number(part) if part and part.isdecimal() else 0 for part in found.groups()[1:4])
    return any(
        all(_meets(numbers, part) for part in _RELATION.finditer(group)) for group in _text(constraint).split("||")
    )


def _meets(version: tuple[int, ...], found: re.Match[str]) -> bool:
    relation = found[1] or "="
    given = [part for part in found.groups()[1:4] if part is not None]
    exact = [whole_number(part) for part in itertools.takewhile(str.isdecimal, given)]
    least = (*exact, 0, 0, 0)[:3]
    prefix = version[: len(exact)]
    match relation:
        case ">=" | "=>":
            return version >= least
        case "<=" | "=<":
            return prefix <= tuple(exact)
        case ">":
            return prefix > tuple(exact)
        case "<":
            return version < least
        case "!=":
            return prefix != tuple(exact)
        case "^":
            return version >= least and version[0] == least[0]
        case "~":
            return version >= least and version[: min(len(exact), 2)] == tuple(exact[:2])
    return prefix == tuple(exact)


def _semver(version: Any) -> PlacedMapping:
    found = _RELATION.match(_text(version).strip())
    numbers = (
        [whole_number(part) if part and part.isdecimal() else 0 for part in found.groups()[1:4]] if found else [0, 0, 0]
    )
    return PlacedMapping(dict(zip(("Major", "Minor", "Patch"), numbers, strict=True)))


def _matches(pattern: Any, text: Any) -> Any:
    try:
        return search(_text(pattern), _text(text)) is not None
    except Unsearchable:
        return NotEvaluated(f"whether `{pattern}` fits can't be told")


def _find(pattern: Any, text: Any) -> Any:
    try:
        found = search(_text(pattern), _text(text))
    except Unsearchable:
        return NotEvaluated(f"what `{pattern}` fits can't be told")
    return found[0] if found is not None else ""


def _replace_all(pattern: Any, text: Any, replacement: Any) -> Any:
    """https://pkg.go.dev/regexp#Regexp.ReplaceAllString"""
    whole, template = _text(text), _text(replacement)
    check_length("", (len(whole) + 1) * len(template))

    def replace_all(seconds: float) -> str:
        return str(expression.sub(lambda found: _expand(template, found), whole, timeout=seconds))

    try:
        expression = compile_pattern(_text(pattern))
        return spend(_text(pattern), replace_all)
    except Unsearchable:
        return NotEvaluated(f"what `{pattern}` makes of the text can't be told")


_REFERENCE = lazy(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def _expand(template: str, found: Any) -> str:
    """A replacement with what its references (`$1`, `${1}`, `${name}`) stand for: nothing, where there is no such group."""

    def stand_for(reference: re.Match[str]) -> str:
        name = reference[2] or reference[3]
        if reference[1]:
            return "$"
        known = found.re.groupindex.get(name) or (whole_number(name) if name.isdecimal() else None)
        return (found[known] or "") if known is not None and known <= found.re.groups else ""

    return _REFERENCE.sub(stand_for, template)


def _append(values: list[Any] | None, item: Any) -> list[Any]:
    return [*(values or []), item]


def _unknown(name: str) -> Callable[..., Any]:
    return lambda *_: NotEvaluated(f"`{name}` is only known when the chart is installed")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abbrev": lambda width, text: _text(text)[: int(width)],
    "add": _fold(lambda first, other: first + other),
    "add1": lambda value: _integer(value) + 1,
    "all": lambda *values: all(map(is_true, values)),
    "any": lambda *values: any(map(is_true, values)),
    "append": _append,
    "atoi": _integer,
    "b64dec": _decode,
    "b64enc": _encode,
    "base": lambda path: _text(path).rpartition("/")[2],
    "camelcase": lambda text: "".join(word.capitalize() for word in _words(text)),
    "cat": lambda *values: " ".join(map(_text, values)),
    "ceil": lambda value: float(math.ceil(_number(value))),
    "coalesce": _coalesce,
    "compact": lambda values: [value for value in values if is_true(value)],
    "concat": lambda *lists: [item for values in lists for item in values or []],
    "contains": lambda part, text: _text(part) in _text(text),
    "deepCopy": copy_deep,
    "default": _default,
    "dict": _mapping,
    "dig": _dig,
    "dir": lambda path: _text(path).rpartition("/")[0],
    "div": _fold(_divide),
    "empty": lambda value=None: not is_true(value),
    "eq": _equal,
    "fail": _fail,
    "first": lambda values: values[0] if values else None,
    "float64": _number,
    "floor": lambda value: float(math.floor(_number(value))),
    "fromJson": _from_json,
    "fromYaml": _from_yaml,
    "fromYamlArray": _from_yaml,
    "ge": _compare(lambda first, other: first >= other),
    "get": lambda mapping, key: mapping.get(_text(key), ""),
    "gt": _compare(lambda first, other: first > other),
    "has": _has,
    "hasKey": lambda mapping, key: _text(key) in (mapping or {}),
    "hasPrefix": lambda prefix, text: _text(text).startswith(_text(prefix)),
    "hasSuffix": lambda suffix, text: _text(text).endswith(_text(suffix)),
    "indent": _indent,
    "index": _index,
    "initial": lambda values: values[:-1],
    "int": _integer,
    "int64": _integer,
    "join": _join,
    "kebabcase": lambda text: "-".join(word.lower() for word in _words(text)),
    "keys": _keys,
    "kindIs": lambda kind, value: _kind(value) == kind,
    "kindOf": _kind,
    "last": lambda values: values[-1] if values else None,
    "le": _compare(lambda first, other: first <= other),
    "len": lambda value: len(value) if value is not None else 0,
    "list": lambda *values: list(values),
    "lookup": lambda *_: PlacedMapping(),
    "lower": lambda text: _text(text).lower(),
    "lt": _compare(lambda first, other: first < other),
    "max": lambda *values: max(map(_integer, values)),
    "merge": _merge,
    "mergeOverwrite": _merge_over,
    "min": lambda *values: min(map(_integer, values)),
    "mod": _fold(_remainder),
    "mul": _fold(lambda first, other: first * other),
    "ne": lambda first, other: not _is_same(first, other),
    "nindent": _indent_below,
    "nospace": lambda text: re.sub(r"\s", "", _text(text)),
    "not": lambda value: not is_true(value),
    "omit": _omit,
    "pick": _pick,
    "pluck": lambda key, *mappings: [mapping[key] for mapping in mappings if key in mapping],
    "prepend": lambda values, item: [item, *(values or [])],
    "print": _print,
    "printf": _printf,
    "println": lambda *values: " ".join(map(_text, values)) + "\n",
    "push": _append,
    "quote": _quote,
    "regexFind": _find,
    "regexMatch": _matches,
    "regexReplaceAll": _replace_all,
    "repeat": _repeat,
    "replace": _replace,
    "required": _require,
    "rest": lambda values: values[1:],
    "reverse": lambda values: list(reversed(values)),
    "round": lambda value, digits: round(_number(value), int(digits)),
    "semver": _semver,
    "semverCompare": _semver_compare,
    "seq": lambda *bounds: " ".join(map(str, range(1, check_count(_integer(bounds[-1])) + 1))),
    "set": _set,
    "sha1sum": _digest("sha1"),
    "sha256sum": _digest("sha256"),
    "slice": _sublist,
    "snakecase": lambda text: "_".join(word.lower() for word in _words(text)),
    "sortAlpha": lambda values: sorted(map(_text, values)),
    "split": _split,
    "splitList": _split_list,
    "squote": _single_quote,
    "sub": _fold(lambda first, other: first - other),
    "substr": lambda start, end, text: _text(text)[int(start) : int(end) if int(end) >= 0 else None],
    "ternary": _ternary,
    "title": _title,
    "toJson": _to_json,
    "toPrettyJson": _to_pretty_json,
    "toString": _text,
    "toStrings": lambda values: [_text(value) for value in values],
    "toYaml": dump_yaml,
    "toYamlPretty": dump_yaml,
    "toRawJson": _to_json,
    "trim": _trim,
    "trimAll": _trim_all,
    "trimPrefix": _trim_prefix,
    "trimSuffix": _trim_suffix,
    "trunc": _truncate,
    "tuple": lambda *values: list(values),
    "typeIs": lambda kind, value: _type(value) == kind,
    "typeOf": _type,
    "uniq": _unique,
    "unset": _unset,
    "until": _until,
    "untilStep": _until_step,
    "untitle": lambda text: _text(text)[:1].lower() + _text(text)[1:],
    "upper": lambda text: _text(text).upper(),
    "values": lambda *mappings: [value for mapping in mappings for value in mapping.values()],
    "without": lambda values, *items: [value for value in values if not _has(value, items)],
    **{
        name: _unknown(name)
        for name in (
            "ago buildCustomCert date dateInZone derivePassword env expandenv genCA genCAWithKey genPrivateKey"
            " genSelfSignedCert genSignedCert getHostByName htmlDate htpasswd now randAlpha randAlphaNum randAscii"
            " randBytes randInt randNumeric shuffle unixEpoch uuidv4 bcrypt encryptAES decryptAES"
        ).split()
    },
}
"""Name -> what it does."""
HANDED_ON = frozenset(
    "and coalesce default dict empty first get hasKey index kindIs kindOf last len list not required rest ternary tuple"
    " typeIs typeOf".split()
)
"""Functions that look at no more of a value than what it is, and what it holds first."""
REMADE = 1
"""Values of which a function makes others, or text, in the time of one step."""


def is_remade(name: str) -> bool:
    """Whether a function makes anew all that is within the values that it is given."""
    return name.startswith(("to", "from", "merge", "mustTo", "mustFrom", "mustMerge", "deepCopy", "mustDeepCopy"))


FUNCTIONS |= {
    f"must{name[:1].upper()}{name[1:]}": FUNCTIONS[name]
    for name in (
        "append first fromJson has initial last merge mergeOverwrite prepend push regexFind regexMatch regexReplaceAll rest"
        " reverse slice toJson toPrettyJson toYaml uniq without compact deepCopy dateModify"
    ).split()
    if name in FUNCTIONS
}
