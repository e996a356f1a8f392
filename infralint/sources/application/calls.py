"""What rules ask of a call: its arguments by their keys, what it is chained to, the methods that it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from infralint.sources.application.languages import LISTS
from infralint.sources.application.rulebook import Key, Keys, RouteShape
from infralint.sources.application.syntax import Call, Definition, SourceModule, span_of, unwrap
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

DEEPEST = 10
"""Calls in a chain that are looked at."""

VERBS = frozenset("get post put patch delete head options".split())


def is_true(node: SgNode | None) -> bool:
    return node is not None and node.text() in ("True", "true")


_METHOD = lazy(r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(?:[\w.-]+(?=/))?")
_LAST_WORD = lazy(r"\w+(?![\w.:])")


def chained_calls(call: Call) -> Iterator[Call]:
    """A call and those that it is chained to: `Route::middleware(…)->prefix(…)->group(…)`, the last first."""
    link: Call | None = call
    while link is not None:
        yield link
        link = call.module.call_of(link.receiver) if link.receiver is not None else None


def link_before(call: Call, names: Collection[str]) -> Call | None:
    """The nearest of the calls that a call is chained to that has one of some names: `Path` in `r.Path("/x").HandlerFunc(h)`."""
    return next((link for link in islice(chained_calls(call), 1, DEEPEST) if link.name in names), None)


def calls_after(call: Call) -> Iterator[Call]:
    """The calls that are made on what a call makes, one after the other: `addEndpoint("/ws").setAllowedOrigins("*").withSockJS()`."""
    for outer in call.node.ancestors()[: 2 * DEEPEST]:
        link = call.module.call_of(outer)
        if link is not None and (link.receiver is None or not span_of(link.receiver).has(call.span)):
            return
        if link is not None:
            yield link


def last_name(node: SgNode | None) -> str:
    if node is None:
        return ""
    found = re.findall(r"[\w$]+", node.text()[-200:])
    return found[-1] if found else ""


def first_name(call: Call) -> str:
    """What a chain of calls of PHP begins with: `route` of `Route::prefix('x')->get('/y')`."""
    if call.node.kind() != "member_call_expression":
        return ""
    *_, first = islice(chained_calls(call), DEEPEST)
    return last_name(first.receiver).lower()


def _keys_in(keys: Keys | None) -> tuple[Key, ...]:
    return keys if isinstance(keys, tuple) else () if keys is None else (keys,)


def names_in(keys: Keys | None) -> list[str]:
    return [key for key in _keys_in(keys) if isinstance(key, str)]


def argument_of(call: Call, keys: Keys | None) -> SgNode | None:
    return next((node for wanted in _keys_in(keys) if (node := call.argument(wanted)) is not None), None)


def predicate_of(call: Call, shape: RouteShape) -> Call | None:
    """The call that holds the path of a route, where that is an argument of another: `GET("/x")` in `route(GET("/x"), h)`."""
    node = argument_of(call, shape.path) if shape.predicate else None
    inner = call.module.call_of(node) if node is not None else None
    return (
        next((link for link in chained_calls(inner) if link.name in shape.predicate), None)
        if inner is not None
        else None
    )


def path_argument(call: Call, shape: RouteShape) -> SgNode | None:
    """The path of a route as it is written."""
    if not shape.predicate:
        return argument_of(call, shape.path)
    predicate = predicate_of(call, shape)
    return predicate.argument(0) if predicate is not None else None


def chosen_arguments(call: Call, key: Keys, before: Keys | None) -> list[SgNode]:
    """The arguments that a key means; `rest`: all but the one of the path or prefix, where that is the first."""
    if key == "rest":
        taken = _keys_in(before)
        first = 1 if 0 in taken and call.positional and is_path_text(call.module, call.positional[0]) else 0
        keywords = [
            node for name, node in call.named.items() if name not in taken and call.module.language.name == "python"
        ]
        return [*call.positional[first:], *keywords]
    if key == "last":
        return call.positional[-1:]
    node = argument_of(call, key)
    return [node] if node is not None else []


def is_path_text(module: SourceModule, node: SgNode) -> bool:
    """Whether an argument is a path: a text, or a list of such."""
    plain = unwrap(node)
    if plain is None:
        return False
    if plain.kind() in ("array", "list"):
        return all(is_path_text(module, child) for child in plain.named_children())
    return plain.kind() in module.language.strings or plain.kind() in (
        "binary_expression",
        "binary_operator",
        "regex",
        "template_string",
    )


def first_item(node: SgNode) -> SgNode:
    """The first of a list of paths, the path of an object."""
    return next(iter(node.named_children()), node) if node.kind() in LISTS else node


def splats(call: Call) -> list[SgNode]:
    """The arguments that are handed on together: `**options`."""
    return [node for node in call.positional if node.kind() == "dictionary_splat"]


def is_of_client(place: Definition | None, clients: frozenset[str]) -> bool:
    """Whether a method is one of those by which a program asks another server. clients: what their classes are marked with."""
    if place is None or not clients:
        return False
    marks = place.module.marks(clients)
    return any(outer in marks for outer in place.around())


def without_method(text: str) -> str:
    """A path of Go's ServeMux without the method and host before it."""
    return _METHOD.sub("", text)


def method_in(text: str) -> str:
    """The method before a path of Go's ServeMux; empty where there is none."""
    found = _METHOD.match(text)
    return found[1] if found else ""


def methods_in(node: SgNode) -> tuple[str, ...]:
    """The methods that an expression lists: `["get", "post"]`, `{RequestMethod.GET}`; none, which means any, where one of
    its words is no method."""
    words = _LAST_WORD.findall(node.text().upper())
    found = [word.removeprefix("METHOD").removeprefix("_") for word in words]
    return tuple(found) if all(word.lower() in VERBS for word in found) else ()
