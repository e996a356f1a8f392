"""Which routes a file registers, and the code that handles each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.calls import (
    argument_of,
    chosen_arguments,
    first_item,
    is_of_client,
    is_true,
    last_name,
    link_before,
    path_argument,
    without_method,
)
from infralint.sources.application.matching import RuleMatcher, mentions_any
from infralint.sources.application.nesting import NestedItems
from infralint.sources.application.rulebook import RouteShape, Rules
from infralint.sources.application.syntax import HOLE, Call, Definition, SourceModule, SourceSpan, span_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_DECLARING = frozenset({"java", "kotlin", "csharp"})
"""Languages in which the calls that bind a WebSocket have names of their own: what they are given is a path, also if it is
computed."""
_ROUTER_NAMES = frozenset("app router server api routes route fastify koa hono r mux group g v1".split())
"""What routers are called where it can't be told what an object is."""


class Registration(msgspec.Struct, frozen=True, eq=False):
    """A path that is bound to a handler: the call, and where its handler stands (spans of its file)."""

    rules: Rules
    shape: RouteShape
    call: Call
    handlers: tuple[SourceSpan, ...]
    decorated: Definition | None = None

    @property
    def size(self) -> int:
        return min((span.end - span.start for span in self.handlers), default=0)


class Registrations:
    """The routes that the files of a project register."""

    def __init__(self, matcher: RuleMatcher) -> None:
        self._matcher = matcher
        self._program = matcher.program
        self._resolver = matcher.resolver
        self._found: dict[str, list[Registration]] = {}
        self._handlers: dict[str, NestedItems[Registration]] = {}
        self._registered_at: dict[str, dict[SourceSpan, list[Registration]]] = {}

    def forget(self, path: str) -> None:
        """Lets go of a file."""
        self._found.pop(path, None)
        self._registered_at.pop(path, None)
        self._handlers.pop(path, None)

    def of(self, module: SourceModule) -> list[Registration]:
        """The routes that a file registers."""
        if module.path not in self._found:
            found = [
                registration
                for rules in self._matcher.rulebook.of(module)
                for registration in self._registrations_of(module, rules)
            ]
            self._found[module.path] = self._settle(found)
        return self._found[module.path]

    def _registrations_of(self, module: SourceModule, rules: Rules) -> Iterator[Registration]:
        names = frozenset(name for shape in rules.routes for name in shape.call)
        for call in module.calls(names) if names else ():
            for shape in rules.routes:
                if self._matcher.matches(call, shape, rules) and (found := self._registration(call, shape, rules)):
                    yield found
                    break

        if rules.tuples and any(shape.source and mentions_any(module, shape.source) for shape in rules.routes):
            yield from self._pairs(module, rules)

    def _pairs(self, module: SourceModule, rules: Rules) -> Iterator[Registration]:
        """Routes as pairs in a table: `(r"/ws", Handler)`."""
        for node in module.find({"kind": "tuple"}):
            items = node.named_children()
            is_path = len(items) >= 2 and items[0].kind() in ("string", "binary_operator")
            if is_path and items[1].kind() in ("identifier", "attribute"):
                call = Call(module, node, span_of(node), "", None, items[0], (items, {}))
                yield Registration(rules, RouteShape(call=(), scope="root"), call, (span_of(items[1]),))

    def _registration(self, call: Call, shape: RouteShape, rules: Rules) -> Registration | None:
        if shape.when and not is_true(call.argument(shape.when)):
            return None
        if shape.handler == "decorated":
            decorated = call.module.decorated_definition(call)
            if shape.scope == "class" and self._says_less(rules, shape, call, decorated):
                return None
            if decorated is not None:
                return Registration(rules, shape, call, (decorated.span,), decorated)
            handler = _decorated_by_call(call)
            return Registration(rules, shape, call, (span_of(handler),)) if handler is not None else None
        if not self._has_path(call, shape) or (shape.chained and link_before(call, shape.chained) is None):
            return None
        if shape.handler == "block":
            return Registration(rules, shape, call, (call.span,))
        if shape.handler == "callee":
            return Registration(rules, shape, call, (span_of(call.callee),))
        nodes = chosen_arguments(call, shape.handler, shape.path)
        return Registration(rules, shape, call, tuple(span_of(node) for node in nodes)) if nodes or shape.kind else None

    def _says_less(self, rules: Rules, shape: RouteShape, call: Call, decorated: Definition | None) -> bool:
        """Whether an annotation makes no route of its own: above a class, or without a path beside one that has it."""
        if decorated is None or decorated.kind == "class":
            return True
        if is_of_client(decorated, rules.clients):
            return True
        if not rules.absolute or argument_of(call, shape.path) is not None:
            return False
        beside = call.module.marks(frozenset(name for other in rules.classes for name in other.call))
        return any(other.positional for other in beside.get(decorated, ()))

    def _has_path(self, call: Call, shape: RouteShape) -> bool:
        """Whether the path of a route is one: `get("/x")`, and not `get(key)` of some cache."""
        if shape.path is None:
            return True
        node = path_argument(call, shape)
        if node is None:
            return bool(shape.default)
        text = self._resolver.text(call.module, node)
        if text == "" and call.module.language.name != "javascript":
            return True
        if text is not None and text.strip(HOLE):
            plain = without_method(text)
            if call.module.language.name == "javascript" and not plain.startswith(("/", "*", "(", HOLE)):
                return plain == "" or self._matcher.router_rules(call) is not None
            return not re.search(r"\s|://", plain)
        if node.kind() in ("array", "list"):
            return _is_path(self._resolver.text(call.module, first_item(node)))
        if node.kind() == "regex" or (shape.kind is not None and call.module.language.name in _DECLARING):
            return True
        return self._matcher.router_rules(call) is not None or last_name(call.receiver).lower() in _ROUTER_NAMES

    def _settle(self, found: list[Registration]) -> list[Registration]:
        """One registration a call: where several frameworks speak of it, the one whose objects it is called on."""
        by_call: dict[tuple[int, int], list[Registration]] = {}
        for registration in found:
            by_call.setdefault((registration.call.span.start, registration.call.span.end), []).append(registration)
        return [self._best(rivals) for rivals in by_call.values() if not self._is_middleware(rivals[0])]

    def _is_middleware(self, registration: Registration) -> bool:
        """Whether what one framework would take for a route goes on to those of another's application: `app.use("*", log)`."""
        call = registration.call
        if not any(call.name in rules.middleware for rules in self._matcher.rulebook.of(call.module)):
            return False
        router = self._matcher.router_rules(call)
        return router is not None and call.name in router.middleware and "next(" in call.node.text()

    def _best(self, rivals: list[Registration]) -> Registration:
        if len(rivals) == 1:
            return rivals[0]
        router = self._matcher.router_rules(rivals[0].call)
        for registration in rivals:
            if registration.rules is router:
                return registration
        for registration in rivals:
            if self._program.has_import_of(registration.call.module, registration.rules.packages):
                return registration
        return next((registration for registration in rivals if registration.shape.when), rivals[0])

    def first_at(self, module: SourceModule, span: SourceSpan) -> Registration | None:
        """The first of the routes whose handler a place lies in."""
        return next(iter(self.all_at(module, span)), None)

    def all_at(self, module: SourceModule, span: SourceSpan) -> list[Registration]:
        """The routes whose handler a place lies in, the innermost: several where one function has several decorators."""
        known = self._registered_at.setdefault(module.path, {})
        if span not in known:
            known[span] = self._find_registrations(module, span)
        return known[span]

    def _find_registrations(self, module: SourceModule, span: SourceSpan) -> list[Registration]:
        around = [
            registration
            for registration in self._handlers_of(module).around(span)
            if registration.decorated is not None or registration.call.span != span
        ]
        smallest = min((registration.size for registration in around), default=0)
        return [registration for registration in around if registration.size == smallest]

    def _handlers_of(self, module: SourceModule) -> NestedItems[Registration]:
        if module.path not in self._handlers:
            self._handlers[module.path] = NestedItems(
                (handler, registration) for registration in self.of(module) for handler in registration.handlers
            )
        return self._handlers[module.path]


def _is_path(text: str | None) -> bool:
    return text is not None and text.startswith(("/", "*"))


def _decorated_by_call(call: Call) -> SgNode | None:
    """What a decorator is called with, where it stands above nothing: `router.post("/chat")(chat)`."""
    parent = call.node.parent()
    outer = call.module.call_of(parent) if parent is not None and parent.kind() in call.module.language.calls else None
    return outer.argument(0) if outer is not None and span_of(outer.callee) == call.span else None
