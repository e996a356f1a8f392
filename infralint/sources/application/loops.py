"""Loops over lists that are written down: what an item is called in the body of each.

`for router in routers: app.include_router(router)`, `routes.forEach((route) => app.use(route.path, route.router))`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.languages import LISTS
from infralint.sources.application.syntax import SourceModule, SourceSpan, span_of
from infralint.text.javascript import LOOPS

if TYPE_CHECKING:
    from ast_grep_py import SgNode

MOST_LOOPS = 20
"""Loops over one list, and places in one loop that name an item, which are looked at."""

MOST_AROUND = 8
"""Nodes around a name of a loop among which that is."""

_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "array_pattern"})


class Iteration(msgspec.Struct, frozen=True):
    """One iteration of a loop. places: where its body names what was asked about; values: what the names of its body stand for,
    as they are written there."""

    places: tuple[SgNode, ...]
    values: Mapping[str, SgNode]


def find_iterations(module: SourceModule, use: SgNode) -> Iterator[Iteration]:
    """The iterations of loops over the list that an expression is an item of, or a part of an item."""
    for item, listing in _items_around(use):
        for pattern, body in islice(_loops_over(module, listing), MOST_LOOPS):
            values = _values(module, pattern, item)
            names = [name for name, value in values.items() if span_of(value) == span_of(use)]
            places = (node for name in names for node in _places(module, name, span_of(body)))
            if found := tuple(islice(places, MOST_LOOPS)):
                yield Iteration(found, values)


def items_of_name(node: SgNode) -> list[SgNode]:
    """What a name stands for in the loop around it over a list: `for path in ("/a", "/b"): app.add_api_route(path, …)`."""
    if node.kind() != "identifier":
        return []
    for outer in node.ancestors()[:MOST_AROUND]:
        left, right = (outer.field("left"), outer.field("right")) if outer.kind() in LOOPS else (None, None)
        if left is not None and right is not None and left.text() == node.text():
            return right.named_children() if right.kind() in LISTS else []
    return []


def _items_around(use: SgNode) -> Iterator[tuple[SgNode, SgNode]]:
    """Items that an expression is, or is directly within, each with its list."""
    item = use
    for outer in use.ancestors()[:3]:
        if outer.kind() in LISTS:
            yield item, outer
        elif outer.kind() not in ("pair", "object"):
            return
        item = outer


def _loops_over(module: SourceModule, listing: SgNode) -> Iterator[tuple[SgNode, SgNode]]:
    """What each loop over a list calls an item, and its body."""
    if loop := _loop_over(module, listing):
        yield loop
    holder = module.assignment_of(span_of(listing))
    if holder is not None and holder.value_span == span_of(listing):
        yield from filter(None, (_loop_over(module, node) for node in module.identifiers(holder.target)))


def _loop_over(module: SourceModule, node: SgNode) -> tuple[SgNode, SgNode] | None:
    """The loop that an expression is gone through by."""
    parent = node.parent()
    if parent is None:
        return None
    if parent.kind() in LOOPS:
        left, right, body = (parent.field(name) for name in ("left", "right", "body"))
        if left is not None and right is not None and body is not None and span_of(right) == span_of(node):
            return left, body
        return None
    member, outer = module.member(parent), parent.parent()
    call = module.call_of(outer) if outer is not None and member is not None and member[1] == "forEach" else None
    function = call.argument(0) if call is not None else None
    body = function.field("body") if function is not None else None
    if function is None or body is None:
        return None
    given = function.field("parameter") or next(iter(_parameters(function)), None)
    return (given, body) if given is not None else None


def _parameters(function: SgNode) -> list[SgNode]:
    parameters = function.field("parameters")
    found = parameters.named_children() if parameters is not None else []
    return [child.field("pattern") or child for child in found]


def _values(module: SourceModule, pattern: SgNode, item: SgNode) -> dict[str, SgNode]:
    """What the names of a loop stand for in the iteration of an item."""
    inner = item.named_children() if item.kind() in LISTS else []
    if pattern.kind() in _PATTERNS:
        return dict(zip((child.text() for child in pattern.named_children()), inner, strict=False))
    pairs = module.pairs(item) if item.kind() == "object" else {}
    if pattern.kind() == "object_pattern":
        return {key: value for key, value in pairs.items() if key in _names_of(pattern)}
    name = pattern.text()
    parts = {f"{name}.{key}": value for key, value in pairs.items()}
    return {name: item, **parts, **{f"{name}[{number}]": value for number, value in enumerate(inner)}}


def _names_of(pattern: SgNode) -> frozenset[str]:
    """The keys that `{ path, router }` takes under their own names."""
    return frozenset(child.text() for child in pattern.named_children())


def _places(module: SourceModule, name: str, body: SourceSpan) -> Iterator[SgNode]:
    """Where an expression stands within the body of a loop."""
    last = name.partition("[")[0].rpartition(".")[2]
    for node in module.identifiers_in(last, body):
        if last == name:
            yield node
        elif (parent := node.parent()) is not None and parent.text() == name:
            yield parent
