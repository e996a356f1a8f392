"""Values that contradict the `values.schema.json` of their chart, with which Helm does not install it.

https://helm.sh/docs/topics/charts/#schema-files
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infralint.text.display import HOLE
from infralint.text.go_templates.values import PlacedMapping
from infralint.text.wording import listing
from infralint.text.yaml_places import YamlSpan, YamlValue, has_holes

DEEPEST = 20
"""Objects within each other that are looked into."""


def contradictions(schema: YamlValue, values: PlacedMapping, path: str = "") -> Iterator[tuple[YamlSpan, str]]:
    """Where values are of another type than the schema wants, none of those that it lists, or not foreseen: the place of
    the key, and what is wrong. What other rules of a schema say is not looked at, nor what a reference leads to.

    https://json-schema.org/draft-07/json-schema-validation
    """
    if schema.get("$ref") is not None or path.count(".") >= DEEPEST:
        return
    known = schema.members_of("properties")
    is_closed = schema.text_of("additionalProperties") == "false" and schema.get("patternProperties") is None
    for key, value in values.items():
        place, name = values.keys_at.get(key), f"{path}{key}"
        wanted = known.get(key)
        if place is None or value is None:  # Helm takes keys away whose value is null
            continue
        if wanted is None:
            if is_closed and name != "global":
                yield place, f"`{name}` is no value that values.schema.json of the chart knows"
        elif wanted.get("$ref") is None:
            if why := _why_not(wanted, value):
                yield place, f"`{name}` {why} in values.schema.json of the chart"
            elif isinstance(value, PlacedMapping):
                yield from contradictions(wanted, value, f"{name}.")


def _why_not(schema: YamlValue, value: Any) -> str:
    """Why a schema does not take a value; empty where it does, or where that is not sure."""
    type_ = schema.get("type")
    types = [] if type_ is None else [item.text or "" for item in type_.items or (type_,)]
    kinds = _kinds(value)
    if types and kinds and not kinds.intersection(types):
        return f"is {_NAMES[min(kinds)]}, and has to be {listing([_NAMES.get(kind, kind) for kind in types], 'or')}"
    listed = schema.items_of("enum")
    if kinds == {"string"} and listed and all(item.quoted for item in listed):
        texts = [item.text or "" for item in listed]
        return "" if value in texts else f"is {value}, and has to be one of {listing(texts, 'or')}"
    return ""


_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "a text",
}


def _kinds(value: Any) -> frozenset[str]:
    """The types of JSON that a value may be of, YAML's `yes` of two; none where that is not sure."""
    match value:
        case bool():
            return frozenset({"boolean", "string"})
        case str():
            return frozenset() if has_holes(value) or "$" in value or HOLE in value else frozenset({"string"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"integer", "number"} if value.is_integer() else {"number"})
        case Mapping():
            return frozenset({"object"})
        case list():
            return frozenset({"array"})
    return frozenset()
