"""`Fn::ForEach` among resources: one resource for each member of a collection.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from infralint.text.yaml_places import YamlValue

MOST_ROUNDS = 500
"""Resources that CloudFormation takes in one template:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
MOST_VALUES = 100_000
"""Values in all that one loop makes."""
FOR_EACH = "Fn::ForEach::"


class CantExpand(ValueError):
    """Why a loop can't be worked out, as the end of a sentence."""


Collection = Callable[[YamlValue], Sequence[str] | None]
"""What a collection comes to; None where that can't be told."""


def expand(loop: YamlValue, collection: Collection) -> list[tuple[str, YamlValue]]:
    """The resources that a loop makes, by their logical ids. Raises CantExpand."""
    made = list(islice(_expand(loop, collection, [MOST_VALUES], 0), MOST_ROUNDS + 1))
    if len(made) > MOST_ROUNDS:
        raise CantExpand(f"it makes more than {MOST_ROUNDS} resources")
    return made


def _expand(loop: YamlValue, collection: Collection, left: list[int], depth: int) -> Iterator[tuple[str, YamlValue]]:
    """left: how many values may still be made."""
    parts = loop.items or []
    if len(parts) != 3 or parts[0].text is None or parts[2].members is None or depth > 5:
        raise CantExpand("it takes an identifier, a collection and what is repeated")
    members = collection(parts[1])
    if members is None:
        raise CantExpand("what it goes through is known where the stack is deployed")
    if len(members) > MOST_ROUNDS:
        raise CantExpand(f"it makes more than {MOST_ROUNDS} resources")
    for member in members:
        for key, body in parts[2].members.items():
            left[0] -= _size(body, left[0])
            if left[0] <= 0:
                raise CantExpand(f"it makes more than {MOST_VALUES} values")
            made = substitute(body, parts[0].text, member)
            if key.startswith(FOR_EACH):
                yield from _expand(made, collection, left, depth + 1)
            else:
                yield _in_text(key, parts[0].text, member), made


def _size(value: YamlValue, most: int) -> int:
    """How many values there are in a value, as far as there are no more than most."""
    count, pending = 0, [value]
    while pending and count < most:
        found = pending.pop()
        count += 1
        pending += (*(found.items or ()), *(found.members or {}).values())
    return count


def substitute(value: YamlValue, name: str, member: str) -> YamlValue:
    """A value in which a member stands for the loop's identifier."""
    if value.text is not None:
        if value.tag == "!Ref" and value.text == name:
            return YamlValue(value.span, text=member, quoted=True)
        text = _in_text(value.text, name, member)
        return YamlValue(value.span, text, None, None, value.keys, value.quoted, value.tag)
    if value.items is not None:
        items = [substitute(item, name, member) for item in value.items]
        return YamlValue(value.span, None, items, None, value.keys, value.quoted, value.tag)
    if value.members is None:
        return value
    if list(value.members) == ["Ref"] and value.members["Ref"].text == name:
        return YamlValue(value.span, text=member, quoted=True)
    pairs = [(_in_text(key, name, member), key, inner) for key, inner in value.members.items()]
    members = {made: substitute(inner, name, member) for made, _, inner in pairs}
    keys = {made: value.keys[key] for made, key, _ in pairs if key in value.keys}
    return YamlValue(value.span, None, None, members, keys, value.quoted, value.tag)


def _in_text(text: str, name: str, member: str) -> str:
    """`${Name}` is the member; `&{Name}` is it without what no logical id may have."""
    plain = re.sub(r"[^A-Za-z0-9]", "", member)
    return text.replace(f"${{{name}}}", member).replace(f"&{{{name}}}", plain)
