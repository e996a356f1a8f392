"""Short texts that a regular expression matches: what a declared `regex:` stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from types import MappingProxyType

from infralint.text import pcre
from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, compile_pattern, search
from infralint.text.pcre import Anything, Branches, Item, LiteralCharacter, PatternGroup, Repeat

MOST = 8
"""Texts a regular expression: one for each way through its alternatives, up to so many."""
TRIES = 64
"""Combinations of what its parts stand for that are looked at for one alternative."""
NONE_TAKEN: Mapping[int, str] = MappingProxyType({})
_GROUP_NAME = lazy(r"\(\?P?<([A-Za-z_]\w*)>$")
LONGEST = 2000
"""Characters of a text: no request has a longer path."""


def matching(expression: str) -> list[str]:
    """Texts that an expression finds, the shortest that its repetitions allow; none where that can't be told."""
    try:
        return examples(expression)
    except Unsearchable:
        return []


def examples(expression: str) -> list[str]:
    """As `matching`; raises Unsearchable for what is no expression, can't be matched, or takes too long."""
    compile_pattern(expression)
    return [text for text in islice(_texts(pcre.parse(expression).branches), MOST) if search(expression, text)]


def texts_holding(expression: str, groups: Mapping[str, str]) -> list[str]:
    """Texts that an expression finds, with what some of its groups are to take, by number or name: `1`, `path`. None where
    there are none, or that can't be told."""
    try:
        compile_pattern(expression)
        branches = pcre.parse(expression).branches
        taken_by = {id(group): groups[key] for group, keys in _capturing(branches) for key in keys if key in groups}
        return [text for text in islice(_texts(branches, taken_by), MOST) if search(expression, text)]
    except Unsearchable:
        return []


def _capturing(branches: Branches) -> Iterator[tuple[PatternGroup, tuple[str, ...]]]:
    """The groups that take something, each with its number and its name, in the order of their parentheses."""
    number = 0
    pending = [item for items in reversed(branches) for item in reversed(items)]
    while pending:
        item = pending.pop()
        if isinstance(item, Repeat):
            pending.append(item.item)
        elif isinstance(item, PatternGroup):
            name = _GROUP_NAME.match(item.opening)
            if item.opening == "(" or name is not None:
                number += 1
                yield item, (str(number), *([name[1]] if name is not None else []))
            pending += [inner for items in reversed(item.branches) for inner in reversed(items)]


def _texts(branches: Branches, taken_by: Mapping[int, str] = NONE_TAKEN) -> Iterator[str]:
    """What each alternative stands for, shortest repetitions alone. taken_by: what groups are to take, by identity."""
    for items in branches:
        for parts in islice(product(*([*islice(_item_texts(item, taken_by), MOST)] for item in items)), TRIES):
            if sum(map(len, parts)) <= LONGEST:
                yield "".join(parts)


def _item_texts(item: Item, taken_by: Mapping[int, str]) -> Iterable[str]:
    match item:
        case LiteralCharacter(character):
            return [character]
        case Anything(_, example):
            return [example]
        case PatternGroup(_, branches):
            return [taken_by[id(item)]] if id(item) in taken_by else _texts(branches, taken_by)
        case Repeat(inner, least):
            return _repeat(inner, max(least, 1) if id(inner) in taken_by else least, taken_by)
        case _:
            return [""]


def _repeat(inner: Item, least: int, taken_by: Mapping[int, str]) -> Iterator[str]:
    """An item as often as it must stand; none where that is too long."""
    if not least:
        yield ""
        return
    for text in _item_texts(inner, taken_by):
        if len(text) * least <= LONGEST:
            yield text * least
