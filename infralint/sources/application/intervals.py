"""Code that writes to its client again and again, whatever happens: a timer, or a loop that sleeps between two writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.resolving import DEEPEST, ResolvedExpression, Resolver
from infralint.sources.application.syntax import Definition, SourceModule, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

TIMERS = frozenset({"setInterval"})
SHORTEST = 0.2
"""Seconds: a shorter pause is there for looks, between pieces that come from elsewhere."""
_WRITES = lazy(r"(?:^|[.>])(?:write|writeSSE|send|enqueue|ping|push|next|Fprintf?|Fprintln|SSEvent|Write|WriteString)$")
"""What sends something to a client, by its name."""
_PRESENCE = lazy(r"writable|closed|ended|finished|destroyed|aborted|readyState|connected", re.IGNORECASE)
"""Conditions that ask whether the client is still there."""
_PAUSE = lazy(r"(?:^|\.)(?:sleep|delay|setTimeout|Sleep)$")
_WAITS = lazy(
    r"(?<![A-Za-z])(?:get|wait|recv|receive|read|readline|join|acquire|listen|a?next|get_message|xread|b[lr]pop)\("
    r"|generate|complet|invoke|predict|infer|agent|llm|model|<-",
    re.IGNORECASE,
)
"""What a loop waits for besides its pause, for as long as that takes."""
_CALLS = ("call", "call_expression", "function_call_expression")
_WRITTEN = ("yield", "echo_statement")
"""Nodes that are a write by themselves."""
_LOOPS = {
    "python": ("while_statement", "for_statement"),
    "javascript": ("while_statement", "for_statement"),
    "go": ("for_statement",),
    "php": ("while_statement",),
}
_AROUND = frozenset(
    {
        "statement_list",
        "block",
        "statement_block",
        "compound_statement",
        "expression_statement",
        "await",
        "await_expression",
        "try_statement",
        "with_statement",
        "lexical_declaration",
    }
)
"""Nodes whose parts run whenever they do themselves, but for handlers of errors."""
_GO_UNITS = {
    "time.Nanosecond": 1.0,
    "time.Microsecond": 1e3,
    "time.Millisecond": 1e6,
    "time.Second": 1e9,
    "time.Minute": 60e9,
    "time.Hour": 3600e9,
}
"""Nanoseconds, as Go's durations count."""


def steady_interval(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    """Seconds between two writes of a function that writes whatever happens; None where that is not sure."""
    if module.language.name == "javascript":
        for call in module.calls(TIMERS):
            if definition.span.has(call.span) and len(call.positional) > 1:
                interval = resolver.number(module, call.positional[1])
                if interval and _writes(module, _body(module, call.positional[0])):
                    return interval / 1000
    loops = (loop for kind in _LOOPS.get(module.language.name, ()) for loop in definition.node.find_all(kind=kind))
    return next((pause for loop in loops if (pause := _pause_of(resolver, module, loop)) is not None), None)


def _body(module: SourceModule, callback: SgNode) -> SgNode | None:
    """What a callback runs: also that of a function that is given by its name."""
    if callback.kind() in module.language.identifiers:
        callback = next(
            (found.node for found in module.definitions_of(callback.text()) if found.kind == "function"), callback
        )
    return callback.field("body")


def _pause_of(resolver: Resolver, module: SourceModule, loop: SgNode) -> float | None:
    """Seconds between two writes of a loop; None where it may write less often."""
    body = loop.field("body")
    if body is None or _WAITS.search(body.text()) or not _is_counted(loop) or not _writes(module, body):
        return None
    pauses = [_seconds(resolver, module, node) for node in _always_run(body) if _is_call(node, _PAUSE)]
    if not pauses or None in pauses:
        return None
    pause = sum(pause or 0.0 for pause in pauses)
    return pause if pause >= SHORTEST else None


def _is_counted(loop: SgNode) -> bool:
    """Whether a loop goes on by itself: one over what is not known waits for that."""
    over = loop.field("right")
    return over is None or over.text().startswith(("range(", "count(", "itertools.count("))


def _writes(module: SourceModule, body: SgNode | None) -> bool:
    if body is None:
        return False
    for node in _always_run(body):
        if node.kind() in _WRITTEN or _is_call(node, _WRITES):
            return True
        called = node.field("function") if node.kind() in _CALLS else None
        if called is not None and called.kind() in module.language.identifiers:
            functions = (found.node for found in module.definitions_of(called.text()) if found.kind == "function")
            bodies = (function.field("body") for function in functions)
            if any(
                _is_call(inner, _WRITES) for inside in bodies if inside is not None for inner in _always_run(inside)
            ):
                return True
    return False


def _always_run(node: SgNode) -> Iterator[SgNode]:
    """The calls and `yield` that a piece of code comes to whatever happens, as long as its client is there."""
    kind = node.kind()
    if kind in _CALLS or kind in _WRITTEN:
        yield node
    elif kind == "new_expression":
        # new Promise((resolve) => setTimeout(resolve, 1000))
        yield from (call for call in node.find_all(kind="call_expression") if _is_call(call, _PAUSE))
    elif kind == "if_statement":
        condition, branch = node.field("condition"), node.field("consequence")
        if condition is not None and branch is not None and _PRESENCE.search(condition.text()):
            yield from _always_run(branch)
    elif kind in _AROUND:
        for child in node.children():
            if child.is_named():
                yield from _always_run(child)


def _is_call(node: SgNode, names: re.Pattern[str]) -> bool:
    called = node.field("function") if node.kind() in _CALLS else None
    return called is not None and names.search(called.text()) is not None


def _seconds(resolver: Resolver, module: SourceModule, pause: SgNode) -> float | None:
    """How long a pause is, by its only number."""
    arguments = pause.field("arguments")
    for argument in arguments.children() if arguments is not None else ():
        if not argument.is_named():
            continue
        if module.language.name == "go":
            return go_duration(resolver, module, argument)
        number = resolver.number(module, argument)
        if number is not None:
            return number / 1000 if module.language.name == "javascript" else number
    return None


def go_duration(resolver: Resolver, module: SourceModule, node: SgNode) -> float | None:
    """Seconds of a duration of Go: `30 * time.Second`, a constant, `(pongWait * 9) / 10`; None where it can't be told."""
    nanoseconds = _nanoseconds(resolver, module, node)
    return nanoseconds / 1e9 if nanoseconds is not None else None


def _nanoseconds(resolver: Resolver, module: SourceModule, node: SgNode, depth: int = 0) -> float | None:
    if depth > DEEPEST:
        return None
    if node.kind() == "parenthesized_expression":
        inner = next(iter(node.named_children()), None)
        return _nanoseconds(resolver, module, inner, depth + 1) if inner is not None else None
    if node.kind() == "binary_expression":
        return _calculate(resolver, module, node, depth)
    if node.text() in _GO_UNITS:
        return _GO_UNITS[node.text()]
    call = module.call_of(node)
    if call is not None and call.name == "Duration" and call.positional:
        return _nanoseconds(resolver, module, call.positional[0], depth + 1)
    number = resolver.number(module, node)
    if number is not None:
        return number
    meaning = resolver.meaning(module, node)
    if not isinstance(meaning, ResolvedExpression) or span_of(meaning.node) == span_of(node):
        return None
    return _nanoseconds(resolver, meaning.module, meaning.node, depth + 1)


def _calculate(resolver: Resolver, module: SourceModule, node: SgNode, depth: int) -> float | None:
    sides = node.field("left"), node.field("right")
    left, right = (_nanoseconds(resolver, module, side, depth + 1) if side is not None else None for side in sides)
    operator = node.field("operator")
    if left is None or right is None or operator is None:
        return None
    match operator.text():
        case "*":
            return left * right
        case "/" if right:
            return left / right
    return None
