"""YAML as yamldecode() reads it: with rules of its own for words, numbers, keys, merges and tags.

https://github.com/zclconf/go-cty-yaml/blob/main/resolve.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.numeric import parse_number
from infralint.sources.terraform.values import EvaluationError, ObjectValue, TupleValue, Value, normal, to_text
from infralint.text.lazy import lazy

DEEPEST = 100
"""Levels of lists and maps."""

_WORDS: dict[str, bool | None] = {
    **{word: True for text in ("y", "yes", "true", "on") for word in (text, text.capitalize(), text.upper())},
    **{word: False for text in ("n", "no", "false", "off") for word in (text, text.capitalize(), text.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_NUMBER = lazy(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_BASED = lazy(r"0x([0-9a-fA-F]+)|0o([0-7]+)")
_DATE = lazy(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = lazy(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_NOT_FINITE = lazy(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MERGE = object()
"""The key `<<`."""


def parse_yaml(text: str) -> Value:
    """The value of one document. Raises EvaluationError, NotWorkedOut."""
    import yaml

    events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        return _Document(events).value()
    except (yaml.YAMLError, ValueError) as error:
        raise EvaluationError("it is not valid YAML") from error


class _Document:
    """The events of a parser to values; what has several aliases is one value."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.anchors: dict[str, Value] = {}

    def value(self) -> Value:
        """The only document's."""
        found = [event for event in (self._next(), self._next()) if type(event).__name__ == "DocumentStartEvent"]
        if not found:
            raise EvaluationError("there is no YAML in it")
        value = self._of(self._next(), 0)
        self._next()
        if type(self._next()).__name__ != "StreamEndEvent":
            raise EvaluationError("there are several YAML documents in it")
        return value

    def _next(self) -> Any:
        return next(self.events)

    def _of(self, event: Any, depth: int) -> Value:
        if depth > DEEPEST:
            raise NotWorkedOut("its YAML is nested too deeply")
        kind = type(event).__name__
        if kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise EvaluationError(f"nothing in its YAML is called {event.anchor}")
            return self.anchors[event.anchor]
        if kind == "ScalarEvent":
            value = _scalar(event)
        elif event.tag not in (None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"):
            raise EvaluationError(f"the YAML tag {event.tag} is not known")
        else:
            value = self._sequence(depth) if kind == "SequenceStartEvent" else self._mapping(depth)
        if event.anchor:
            self.anchors[event.anchor] = value
        return value

    def _sequence(self, depth: int) -> Value:
        return TupleValue([self._of(event, depth + 1) for event in self._until("SequenceEndEvent")])

    def _mapping(self, depth: int) -> Value:
        found: dict[str, Value] = {}
        for event in self._until("MappingEndEvent"):
            merges = type(event).__name__ == "ScalarEvent" and event.value == "<<" and not event.tag
            key = _MERGE if merges else self._of(event, depth + 1)
            value = self._of(self._next(), depth + 1)
            if key is not _MERGE:
                found[to_text(key)] = value
            elif isinstance(value, ObjectValue):
                found.update(value)
            else:
                raise EvaluationError("only a map can be merged in YAML")
        return ObjectValue(found)

    def _until(self, closing: str) -> Iterator[Any]:
        while type(event := self._next()).__name__ != closing:
            yield event


def _scalar(event: Any) -> Value:
    text, tag = str(event.value), str(event.tag or "").removeprefix("tag:yaml.org,2002:")
    if not tag:
        return _resolve(text) if event.implicit[0] else normal(text)
    if tag in ("str", "binary", "!"):
        return normal(text)
    if tag in ("int", "float", "bool", "null", "timestamp"):
        return normal(text) if event.style and tag == "int" else _tag_value(text, tag)
    raise EvaluationError(f"the YAML tag {tag} is not known")


def _resolve(text: str) -> Value:
    """What a text without quotes and tag is."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return parse_number(text)
    if found := _BASED.fullmatch(text):
        return int(found[1][:500], 16) if found[1] else int(found[2][:500], 8)
    if _NOT_FINITE.fullmatch(text):
        raise NotWorkedOut("a number that is not finite is not worked out")
    if _DATE.fullmatch(text):
        return f"{text}T00:00:00Z"
    if _TIME.fullmatch(text):
        raise NotWorkedOut("a time in YAML is not worked out")
    return normal(text)


_FITS: dict[str, tuple[str, ...]] = {
    "int": ("int",),
    "float": ("int", "Fraction"),
    "bool": ("bool",),
    "null": ("NoneType",),
    "timestamp": ("str",),
}


def _tag_value(text: str, tag: str) -> Value:
    value = None if tag == "null" else _resolve(text)
    if type(value).__name__ not in _FITS[tag]:
        raise EvaluationError(f"a text in its YAML does not fit the tag {tag}")
    return value
