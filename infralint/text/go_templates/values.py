"""Values as Helm's templates see them: YAML's plain data, in which every text and number knows where it was written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from infralint.text.display import HOLE
from infralint.text.lazy import lazy
from infralint.text.yaml_places import DEEPEST, YamlProblem, YamlSpan, YamlValue


class NotEvaluated:
    """A value that can't be told, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return HOLE


class PlacedText(str):
    """A text. places: for each of its lines, where it was written (None: nowhere)."""

    places: Sequence[YamlSpan | None] = ()

    @classmethod
    def of(cls, text: str, places: Sequence[YamlSpan | None]) -> PlacedText:
        made = cls(text)
        made.places = places
        return made


class PlacedInteger(int):
    """A whole number, and where it was written."""

    places: Sequence[YamlSpan | None] = ()


class PlacedFloat(float):
    """A number, and where it was written."""

    places: Sequence[YamlSpan | None] = ()


class PlacedMapping(dict[str, Any]):
    """A mapping. keys_at: where each key was written."""

    def __init__(self, members: Mapping[str, Any] = {}) -> None:
        super().__init__(members)
        self.keys_at: dict[str, YamlSpan] = dict(getattr(members, "keys_at", {}))


class PlacedList(list[Any]):
    """A list. items_at: where each item was written."""

    items_at: Sequence[YamlSpan] = ()


MOST_PLAIN = 100_000
"""Values of one document, each as often as aliases name it; people write some thousand."""

_BOOLEANS = {
    **dict.fromkeys("true True TRUE yes Yes YES on On ON y Y".split(), True),
    **dict.fromkeys("false False FALSE no No NO off Off OFF n N".split(), False),
}
_INTEGER = lazy(r"[-+]?(?:0|[1-9][0-9_]*)")
_OTHER_INTEGER = lazy(r"[-+]?0(?:x[0-9a-fA-F_]+|o?[0-7_]+|b[01_]+)")
_FLOAT = lazy(r"[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?")
"""Without underscores, which stand for nothing. https://github.com/go-yaml/yaml/blob/v3/resolve.go"""
_SPECIAL = {
    ".inf": math.inf,
    ".Inf": math.inf,
    ".INF": math.inf,
    "+.inf": math.inf,
    "-.inf": -math.inf,
    ".nan": math.nan,
}


def plain_values(value: YamlValue) -> Any:
    """YAML's data, as YAML 1.1 reads it: https://yaml.org/type/. Raises YamlProblem where aliases stand for too much."""
    return _PlainReader().value(value)


class _PlainReader:
    """Makes data of one document: what several aliases stand for is made for each of them."""

    def __init__(self) -> None:
        self.left = MOST_PLAIN
        self.depth = 0

    def value(self, value: YamlValue) -> Any:
        self.left -= 1
        if self.left < 0 or self.depth > DEEPEST:
            why = "its aliases stand for more than it can hold"
            raise YamlProblem(why, value.line, value.span.column, is_content=True)
        self.depth += 1
        made = self._collection(value) if value.text is None else scalar(value)
        self.depth -= 1
        return made

    def _collection(self, value: YamlValue) -> Any:
        if value.members is not None:
            made = PlacedMapping({key: self.value(member) for key, member in value.members.items()})
            made.keys_at = dict(value.keys)
            return made
        items = PlacedList(self.value(item) for item in value.items or ())
        items.items_at = [item.span for item in value.items or ()]
        return items


def scalar(value: YamlValue) -> Any:
    """What a scalar means."""
    text = value.text or ""
    if value.quoted:
        return PlacedText.of(text, _lines_of(value, text))
    if value.is_null:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    number = number_in(text)
    if number is None:
        return PlacedText.of(text, [value.span])
    placed = PlacedInteger(number) if isinstance(number, int) else PlacedFloat(number)
    placed.places = [value.span]
    return placed


def _lines_of(value: YamlValue, text: str) -> list[YamlSpan | None]:
    """Where the lines of a text stand: those of a block begin on the line below its key."""
    count = text.count("\n") + 1
    if count == 1:
        return [value.span]
    return [YamlSpan(value.line + 1 + number, 1, 1) for number in range(count)]


def number_in(text: str) -> int | float | None:
    """The number that an unquoted text is; None for any other text."""
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", "")) if len(text) < 19 else float(text.replace("_", ""))
    if _OTHER_INTEGER.fullmatch(text):
        plain = text.replace("_", "").lower()
        try:
            number = int(plain, 0) if not re.fullmatch(r"[-+]?0[0-7]+", plain) else int(plain, 8)
        except ValueError:
            return None
        return number if -(1 << 63) <= number < 1 << 64 else None
    if text in _SPECIAL:
        return _SPECIAL[text]
    plain = text.replace("_", "")
    return float(plain) if not text.startswith("_") and _FLOAT.fullmatch(plain) else None


def places_of(value: object) -> Sequence[YamlSpan | None]:
    """Where a value was written, line by line; () where that is not known."""
    found: Sequence[YamlSpan | None] = getattr(value, "places", ())
    return found


def with_places(value: Any, places: Sequence[YamlSpan | None]) -> Any:
    """A text or number that was made of one whose place is known."""
    if not places or places_of(value) or isinstance(value, bool):
        return value
    if isinstance(value, str):
        lines = value.count("\n") + 1
        return PlacedText.of(value, list(places) if len(places) == lines else [places[0]] * lines)
    return value


def text_of_value(value: Any) -> str:
    """A value as `{{ value }}` writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{_inner(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(_inner, value)) + "]"
    return str(value)


def _inner(value: Any) -> str:
    return "<nil>" if value is None else text_of_value(value)


def float_text(value: float) -> str:
    """A number as Go's `%v` writes it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


_PLAIN = lazy(r"[A-Za-z0-9_./][\w./ +=@%~^()$&;,<>?*!|:\\-]*")
_LEADING = "-?:,[]{}#&*!|>'\"%@`"


class Dumped:
    """YAML that is written out of a value, with the place of each line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[YamlSpan | None] = []

    def text(self) -> PlacedText:
        return PlacedText.of("\n".join(self.lines), self.places)

    def add(self, line: str, place: YamlSpan | None) -> None:
        self.lines.append(line)
        self.places.append(place)


def dump_yaml(value: Any) -> PlacedText:
    """A value as Helm's `toYaml` writes it: sorted keys, no end of line behind the last."""
    dumped = Dumped()
    _dump(value, 0, dumped, "", None)
    return dumped.text()


def _dump(value: Any, depth: int, into: Dumped, lead: str, place: YamlSpan | None) -> None:
    """Write a value. lead: what stands before it on its line (a key, a dash)."""
    pad = "  " * depth
    if isinstance(value, Mapping) and value:
        if lead and not lead.endswith("- "):
            into.add(lead.rstrip(), place)
        keys_at = getattr(value, "keys_at", {})
        for number, key in enumerate(sorted(value, key=str)):
            head = lead if number == 0 and lead.endswith("- ") else pad
            member = value[key]
            at = keys_at.get(key) or next(iter(places_of(member)), None)
            inner = depth if isinstance(member, list | tuple) else depth + 1
            _dump(member, inner, into, f"{head}{_key(key)}: ", at)
        return
    if isinstance(value, list | tuple) and value:
        if lead and not lead.endswith("- "):
            into.add(lead.rstrip(), place)
        items_at = getattr(value, "items_at", ())
        for number, item in enumerate(value):
            head = lead if number == 0 and lead.endswith("- ") else pad
            at = items_at[number] if number < len(items_at) else None
            _dump(item, depth + 1, into, f"{head}- ", at)
        return
    _dump_scalar(value, depth, into, lead, place)


def _dump_scalar(value: Any, depth: int, into: Dumped, lead: str, place: YamlSpan | None) -> None:
    if isinstance(value, str) and "\n" in value:
        keep = (
            "|" if value.endswith("\n") and not value.endswith("\n\n") else "|-" if not value.endswith("\n") else "|+"
        )
        first = value.lstrip("\n")
        if first[:1] in (" ", "\t") or HOLE in lead:
            into.add(lead + _quote_text(value), place)
            return
        into.add(lead + keep, place)
        lines = value.split("\n")
        at = places_of(value)
        for number, line in enumerate(lines[:-1] if value.endswith("\n") else lines):
            into.add(f"{'  ' * max(depth, 1)}{line}" if line else "", at[number] if number < len(at) else place)
        return
    into.add(lead + _scalar_text(value), next(iter(places_of(value)), None) or place)


def _key(key: Any) -> str:
    return _scalar_text(key if isinstance(key, str) else text_of_value(key))


def _scalar_text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    if not isinstance(value, str):
        return text_of_value(value)
    text = str(value)
    ambiguous = text in _BOOLEANS or text in ("", "~", "null", "Null", "NULL") or number_in(text) is not None
    if ambiguous or text != text.strip() or ": " in text or " #" in text or text.endswith(":"):
        return _quote_text(text)
    if text[0] in _LEADING and not (text[0] in "-?:" and len(text) > 1 and text[1] != " "):
        return _quote_text(text)
    return text if _PLAIN.fullmatch(text) or text.isprintable() else _quote_text(text)


def _quote_text(text: str) -> str:
    if "\n" not in text and "\\" not in text and text.isprintable():
        return '"' + text.replace('"', '\\"') + '"'
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
