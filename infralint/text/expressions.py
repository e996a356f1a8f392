"""Short texts that a regular expression matches: what a declared `regex:` stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, product
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST = 8
"""Texts a regular expression: one for each way through its alternatives, up to so many."""
_CATEGORIES = {kinds.CATEGORY_DIGIT: "1", kinds.CATEGORY_SPACE: " "}


def matching(expression: str) -> list[str]:
    """Texts that an expression finds, the shortest that its repetitions allow; raises re.error."""
    return [text for text in islice(_all(parser.parse(expression)), MOST) if re.search(expression, text)]


def _all(items: Iterable[tuple[Any, Any]]) -> Iterable[str]:
    """Every combination of what the items stand for."""
    return ("".join(parts) for parts in product(*([*islice(_one(kind, value), MOST)] for kind, value in items)))


def _one(kind: Any, value: Any) -> Iterable[str]:
    if kind is kinds.LITERAL:
        return [chr(value)]
    if kind is kinds.IN:
        return [_member(value)]
    if kind in (kinds.ANY, kinds.NOT_LITERAL, kinds.CATEGORY):
        return [_CATEGORIES.get(value, "x")]
    if kind is kinds.SUBPATTERN:
        return _all(value[-1])
    if kind is kinds.BRANCH:
        return (text for branch in value[1] for text in _all(branch))
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        least, _, inner = value
        return (text * least for text in _all(inner)) if least else [""]
    return [""]


def _member(choices: list[tuple[Any, Any]]) -> str:
    """One character of a set such as `[12]`, `[a-z]`, `[^/]`."""
    kind, value = choices[0]
    if kind is kinds.NEGATE:
        excluded = {chr(one) for how, one in choices[1:] if how is kinds.LITERAL}
        return next(letter for letter in "xyz0" if letter not in excluded)
    if kind is kinds.RANGE:
        return chr(value[0])
    return chr(value) if kind is kinds.LITERAL else _CATEGORIES.get(value, "x")
