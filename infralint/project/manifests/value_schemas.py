"""Values that contradict the `values.schema.json` of their chart, with which Helm does not install it.

https://helm.sh/docs/topics/charts/#schema-files
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infralint.text.display import HOLE
from infralint.text.go_templates.values import PlacedMapping
from infralint.text.patterns import Unsearchable, search
from infralint.text.wording import listing
from infralint.text.yaml_places import YamlSpan, YamlValue, has_holes

DEEPEST = 20
"""Objects within each other that are looked into."""


def contradictions(schema: YamlValue, values: PlacedMapping) -> Iterator[tuple[YamlSpan, str]]:
    """Where values are of another type than the schema wants, none of those that it lists or unlike its pattern, or not
    foreseen: the place of the key, and what is wrong. What other rules of a schema say is not looked at, nor what a
    reference to another file leads to.

    https://json-schema.org/draft-07/json-schema-validation
    """
    for part, inner, path in _objects(schema, values, schema, ""):
        known = part.members_of("properties")
        is_closed = part.text_of("additionalProperties") == "false" and part.get("patternProperties") is None
        for key, value in inner.items():
            place, name = inner.keys_at.get(key), f"{path}{key}"
            wanted = known.get(key)
            if place is None or value is None:  # Helm takes keys away whose value is null
                continue
            if wanted is None:
                if is_closed and name != "global":
                    yield place, f"`{name}` is no value that values.schema.json of the chart knows"
            elif (rule := _follow(wanted, schema)) is not None and (why := _why_not(rule, value)):
                yield place, f"`{name}` {why} in values.schema.json of the chart"


def missing_values(schema: YamlValue, values: PlacedMapping) -> Iterator[tuple[YamlSpan, str]]:
    """Values that a schema requires and nobody has set: where it says so, and their names."""
    for part, inner, path in _objects(schema, values, schema, ""):
        for item in part.items_of("required"):
            if item.text is not None and item.text not in inner:
                yield item.span, f"{path}{item.text}"


def _objects(
    schema: YamlValue, values: PlacedMapping, root: YamlValue, path: str
) -> Iterator[tuple[YamlValue, PlacedMapping, str]]:
    """Each object of the values with what its schema says, and with what its members' names begin."""
    followed = _follow(schema, root)
    if followed is None or path.count(".") >= DEEPEST:
        return
    yield followed, values, path
    known = followed.members_of("properties")
    for key, value in values.items():
        if isinstance(value, PlacedMapping) and key in known:
            yield from _objects(known[key], value, root, f"{path}{key}.")


def _follow(schema: YamlValue, root: YamlValue) -> YamlValue | None:
    """What a schema's reference leads to, itself where it is none; None for another file, or a reference that does not end."""
    for _ in range(DEEPEST):
        reference = schema.get("$ref")
        if reference is None:
            return schema
        first, *names = (reference.text or "").split("/")
        found = root.get(*(name.replace("~1", "/").replace("~0", "~") for name in names)) if first == "#" else None
        if found is None:
            return None
        schema = found
    return None


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
    pattern = schema.text_of("pattern")
    return (
        f"is {value}, and has to match {pattern}"
        if pattern and kinds == {"string"} and _differs(pattern, value)
        else ""
    )


def _differs(pattern: str, value: str) -> bool:
    """Whether a text matches a pattern nowhere, as far as that is sure."""
    try:
        return "\n" not in value and search(pattern, value) is None
    except Unsearchable:
        return False


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
