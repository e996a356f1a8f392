"""Phoenix's routers, and Plug's: which paths lead to which function of which controller.

https://hexdocs.pm/phoenix/routing.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.nesting import NestedItems
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.responses import HEADERS
from infralint.sources.application.syntax import HOLE, Call, SourceModule, SourceSpan, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_VERBS = frozenset("get post put patch delete options head match".split())
_FUNCTIONS = frozenset({"def", "defp"})
_ACTIONS = {
    "index": ("GET", ""),
    "create": ("POST", ""),
    "show": ("GET", "/:id"),
    "update": ("PATCH", "/:id"),
    "delete": ("DELETE", "/:id"),
}
"""What `resources` routes by itself and may stream."""
_DEEPEST = 10
"""Blocks in blocks of a router, and routers that are forwarded to, one in another."""
_MOST_CALLERS = 20
"""Functions of a controller on the way from its actions to where it answers."""
_OTHER_BRANCHES = frozenset({"else_block", "rescue_block", "catch_block", "after_block"})
_BRANCHES = _OTHER_BRANCHES | {"do_block", "stab_clause"}
_ROUTER = lazy(rb"(?:Phoenix|Plug)\.Router\b|,\s*:router\b")
_NAME = lazy(r"[a-z_]\w*[?!]?")


class ControllerRoute(msgspec.Struct, frozen=True):
    """A path, as Phoenix writes it, that a function answers. headers: those that matter to a stream and
    are surely set on the way there."""

    path: str
    methods: tuple[str, ...]
    file: str
    headers: dict[str, str] = {}


class _Table(msgspec.Struct):
    """The routes of a project's routers. forwards: by the name of a module, from where in which other it is reached."""

    actions: dict[tuple[str, str], list[tuple[str, ControllerRoute]]] = {}
    forwards: dict[str, list[tuple[str, str]]] = {}


class PhoenixRoutes:
    """The routes of the Phoenix applications of a project."""

    def __init__(self, program: ProjectModules, resolver: Resolver) -> None:
        self._program = program
        self._resolver = resolver
        self._spans: dict[tuple[str, frozenset[str]], NestedItems[Call]] = {}
        self._functions: dict[tuple[str, SourceSpan], tuple[str, dict[str, str]]] = {}
        self._calls: dict[tuple[str, str], list[SourceSpan]] = {}
        self._settings: dict[tuple[str, SourceSpan], list[tuple[str, str, list[_Branch]]]] = {}

    def of_place(self, module: SourceModule, span: SourceSpan) -> Iterator[ControllerRoute]:
        """The routes that a place in a controller, or in a block of Plug's router, answers."""
        owner = self._module_at(module, span)
        for block in self._around(module, _VERBS, span):
            if _block_of(block) is not None and block.positional:
                headers = self._headers(module, block, span)
                path = self._text(block, block.positional[0])
                for prefix in self._prefixes(owner, 0):
                    yield ControllerRoute(f"{prefix}/{path.strip('/')}", _methods_of(block), module.path, headers)
                return
        for name, headers in self._callers(module, span).items():
            for router, route in self._table.actions.get((owner, name), ()):
                for prefix in self._prefixes(router, 0):
                    yield ControllerRoute(f"{prefix}{route.path}", route.methods, route.file, headers)

    def _callers(self, module: SourceModule, span: SourceSpan) -> dict[str, dict[str, str]]:
        """The functions of a file by name that lead to a place, the one around it and those that call it, each with the
        headers that all ways from there to the place set."""
        found: dict[str, dict[str, str]] = {}
        waiting: list[tuple[SourceSpan, dict[str, str]]] = [(span, {})]
        for place, later in waiting:
            name, given = self._function_at(module, place)
            if not name or (name not in found and len(found) >= _MOST_CALLERS):
                continue
            headers = {**given, **later}
            common = dict(found.get(name, headers).items() & headers.items())
            if found.get(name) != common:
                found[name] = common
                waiting += [(use, common) for use in self._uses(module, name)]
        return found

    def _function_at(self, module: SourceModule, place: SourceSpan) -> tuple[str, dict[str, str]]:
        """The name of the function around a place, empty where there is none, and what it surely sets on its way there."""
        key = module.path, place
        if key not in self._functions:
            function = next(iter(self._around(module, _FUNCTIONS, place)), None)
            headers = self._headers(module, function, place) if function is not None else {}
            self._functions[key] = (_name_of(function) if function is not None else "", headers)
        return self._functions[key]

    def _uses(self, module: SourceModule, name: str) -> list[SourceSpan]:
        """Where a file calls a function of its own, or hands it on."""
        key = module.path, name
        if key not in self._calls:
            nodes = module.identifiers(name)[: _MOST_CALLERS * 2]
            self._calls[key] = [span_of(node) for node in nodes if _is_call(node)]
        return self._calls[key]

    def _headers(self, module: SourceModule, block: Call, place: SourceSpan) -> dict[str, str]:
        """What a function, or a block of a router, surely sets on its way to a place in it."""
        key = module.path, block.span
        if key not in self._settings:
            self._settings[key] = list(self._settings_in(module, block))
        found: dict[str, str] = {}
        for name, value, branches in self._settings[key]:
            if name not in found and all(_is_within(place, *branch) for branch in branches):
                found[name] = value
        return found

    def _settings_in(self, module: SourceModule, block: Call) -> Iterator[tuple[str, str, list[_Branch]]]:
        """Each header that matters to a stream which a function gives a value, and the branches that it does so in."""
        for call in module.calls(frozenset({"put_resp_header"})):
            if block.span.has(call.span) and len(call.positional) >= 2:
                name, value = (self._resolver.text(module, node) for node in call.positional[-2:])
                if name and name.lower() in HEADERS and value is not None and HOLE not in value:
                    yield name.lower(), value, list(_branches_around(call.node, block.span))

    def _around(self, module: SourceModule, names: frozenset[str], span: SourceSpan) -> list[Call]:
        """The calls of some names that a place lies in, the innermost first."""
        key = module.path, names
        if key not in self._spans:
            self._spans[key] = NestedItems((call.span, call) for call in module.calls(names))
        calls = list(self._spans[key].around(span))
        return sorted(calls, key=lambda call: call.span.end - call.span.start)

    def _module_at(self, module: SourceModule, span: SourceSpan) -> str:
        """The full name of the module of Elixir around a place."""
        outer = reversed(self._around(module, frozenset({"defmodule"}), span))
        return ".".join(call.positional[0].text() for call in outer if call.positional)

    @cached_property
    def _table(self) -> _Table:
        table = _Table({}, {})
        for path in self._program.sources:
            if path.endswith(".ex") and _ROUTER.search(self._program.content(path)):
                module = self._program.load(path)
                for call in module.calls(frozenset({"defmodule"})) if module is not None else ():
                    name = self._module_at(call.module, call.span)
                    self._read(table, name, call, "", "", 0)
        return table

    def _read(self, table: _Table, router: str, outer: Call, path: str, alias: str, depth: int) -> None:
        """Notes the routes of a block: path and alias are what the blocks around it put before them."""
        block = _block_of(outer)
        if depth > _DEEPEST:
            return
        for node in block.named_children() if block is not None else ():
            call = outer.module.call_of(node) if node.kind() == "call" else None
            if call is None or call.name == "defmodule":
                continue
            if call.name in _VERBS and len(call.positional) >= 3:
                self._note(table, router, call, path, alias)
            elif call.name == "forward" and len(call.positional) >= 2:
                target = _join(alias, call.positional[1].text())
                table.forwards.setdefault(target, []).append((router, self._below(call, path, call.positional[0])))
            elif call.name == "resources" and len(call.positional) >= 2:
                self._note_resources(table, router, call, path, alias, depth)
            elif call.name == "scope":
                given = call.named.get("path") or next((arg for arg in call.positional if arg.kind() == "string"), None)
                inner = call.named.get("alias") or next((arg for arg in call.positional if arg.kind() == "alias"), None)
                below = self._below(call, path, given) if given is not None or _is_computed(call) else path
                self._read(table, router, call, below, _join(alias, inner.text() if inner else ""), depth + 1)
            else:
                self._read(table, router, call, path, alias, depth + 1)

    def _note(self, table: _Table, router: str, call: Call, path: str, alias: str) -> None:
        """Notes `get "/chat", ChatController, :stream`."""
        first = 1 if call.name == "match" and len(call.positional) > 3 else 0
        written, controller, action = call.positional[first : first + 3]
        route = ControllerRoute(self._below(call, path, written), _methods_of(call), call.module.path)
        key = _join(alias, controller.text()), action.text().lstrip(":")
        table.actions.setdefault(key, []).append((router, route))

    def _note_resources(self, table: _Table, router: str, call: Call, path: str, alias: str, depth: int) -> None:
        below, controller = self._below(call, path, call.positional[0]), _join(alias, call.positional[1].text())
        only, omitted = (_atoms(call.named.get(name)) for name in ("only", "except"))
        single = call.named.get("singleton")
        for action, (method, tail) in _ACTIONS.items():
            if action in only if "only" in call.named else action not in omitted:
                shown = below + ("" if single is not None and single.text() == "true" else tail)
                route = ControllerRoute(shown, (method,), call.module.path)
                table.actions.setdefault((controller, action), []).append((router, route))
        self._read(table, router, call, f"{below}/:id", alias, depth + 1)

    def _prefixes(self, router: str, depth: int) -> Iterator[str]:
        """What stands before the routes of a router: from where others forward to it."""
        outer = self._table.forwards.get(router, []) if depth <= _DEEPEST else []
        for other, path in outer:
            for prefix in self._prefixes(other, depth + 1):
                yield f"{prefix}{path}"
        if not outer:
            yield "" if depth <= _DEEPEST else f"/{HOLE}"

    def _below(self, call: Call, path: str, written: SgNode | None) -> str:
        return f"{path}/{self._text(call, written).strip('/')}".rstrip("/")

    def _text(self, call: Call, node: SgNode | None) -> str:
        text = self._resolver.text(call.module, node)
        return HOLE if text is None else text


def _block_of(call: Call) -> SgNode | None:
    return next((child for child in call.node.named_children() if child.kind() == "do_block"), None)


def _is_call(node: SgNode) -> bool:
    """Whether an identifier names a function of its own module, called or captured: `answer(conn)`, `conn |> answer`,
    `__MODULE__.answer(conn)`, `&answer/2`. What is bound or read (`%{"answer" => answer}`) is a variable."""
    parent = node.parent()
    if parent is None:
        return False
    first = parent.named_children()[0]
    if parent.kind() == "call":
        return span_of(first) == span_of(node)
    if parent.kind() == "dot":
        return first.text() == "__MODULE__"
    operator, outer = parent.field("operator"), parent.parent()
    if operator is None or parent.kind() != "binary_operator":
        return False
    if operator.text() == "|>":
        return span_of(first) != span_of(node)
    return operator.text() == "/" and outer is not None and outer.text().startswith("&")


_Branch = tuple[SourceSpan, list[SourceSpan]]
"""What is only done sometimes, and the parts of it that belong to other branches: the `else` in an `if`'s block."""


def _branches_around(node: SgNode, block: SourceSpan) -> Iterator[_Branch]:
    """The branches of a function that a place in it is in."""
    inner = node
    for outer in node.ancestors():
        span = span_of(outer)
        if span == block:
            return
        if outer.kind() in _BRANCHES or _is_branch(outer):
            others = [span_of(child) for child in outer.named_children() if child.kind() in _OTHER_BRANCHES]
            if span_of(inner) not in others:
                yield span, others
        inner = outer


def _is_within(place: SourceSpan, branch: SourceSpan, others: list[SourceSpan]) -> bool:
    return branch.has(place) and not any(other.has(place) for other in others)


def _is_branch(node: SgNode) -> bool:
    """Whether a node is `do: …` or `else: …`, or a condition with what follows from it: `x && …`."""
    if node.kind() == "pair":
        return node.named_children()[0].text().strip(": ") in ("do", "else")
    operator = node.field("operator") if node.kind() == "binary_operator" else None
    return operator is not None and operator.text() in ("&&", "||", "and", "or")


def _is_computed(call: Call) -> bool:
    """Whether a block's path is an expression: `scope @base, TalkWeb do`."""
    return bool(call.positional) and call.positional[0].kind() not in ("string", "alias", "atom")


def _join(alias: str, name: str) -> str:
    return f"{alias}.{name}" if alias and name else alias or name


def _atoms(node: SgNode | None) -> frozenset[str]:
    return frozenset(re.findall(r":(\w+)", node.text())) if node is not None else frozenset()


def _methods_of(call: Call) -> tuple[str, ...]:
    return () if call.name == "match" else (call.name.upper(),)


def _name_of(function: Call) -> str:
    """What `def stream(conn, params) when …` defines."""
    found = _NAME.match(function.positional[0].text()) if function.positional else None
    return found[0] if found else ""
