"""Short texts that a regular expression matches: what a declared `regex:` stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product

from infralint.text import pcre
from infralint.text.patterns import Unsearchable, compile_pattern, search
from infralint.text.pcre import Anything, Branches, Item, LiteralCharacter, PatternGroup, Repeat

MOST = 8
"""Texts a regular expression: one for each way through its alternatives, up to so many."""
TRIES = 64
"""Combinations of what its parts stand for that are looked at for one alternative."""
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


def _texts(branches: Branches) -> Iterator[str]:
    """What each alternative stands for, shortest repetitions alone."""
    for items in branches:
        for parts in islice(product(*([*islice(_item_texts(item), MOST)] for item in items)), TRIES):
            if sum(map(len, parts)) <= LONGEST:
                yield "".join(parts)


def _item_texts(item: Item) -> Iterable[str]:
    match item:
        case LiteralCharacter(character):
            return [character]
        case Anything(_, example):
            return [example]
        case PatternGroup(_, branches):
            return _texts(branches)
        case Repeat(inner, least):
            return _repeat(inner, least)
        case _:
            return [""]


def _repeat(inner: Item, least: int) -> Iterator[str]:
    """An item as often as it must stand; none where that is too long."""
    if not least:
        yield ""
        return
    for text in _item_texts(inner):
        if len(text) * least <= LONGEST:
            yield text * least
