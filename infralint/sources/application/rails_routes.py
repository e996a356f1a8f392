"""Rails' `config/routes.rb`: which paths lead to which action of which controller.

https://guides.rubyonrails.org/routing.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.syntax import HOLE
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

CABLE = "ActionCable.server"
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "match"})
_ACTIONS = {
    "index": ("GET", "", False),
    "create": ("POST", "", False),
    "new": ("GET", "/new", False),
    "show": ("GET", "", True),
    "edit": ("GET", "/edit", True),
    "update": ("PATCH", "", True),
    "destroy": ("DELETE", "", True),
}
"""What `resources` routes by itself: the method, what follows the path, and whether one member is meant."""
_DEEPEST = 20
_LONGEST_NAME = 100
_MOST_ROUTES = 20_000
_CONTROLLER = lazy(r"(?P<base>(?:.*/)?)app/controllers/(?P<name>.+)_controller\.rb")


class ActionRoute(NamedTuple):
    """A path (as Rails writes it) that an action answers. controller: with its modules, as in `api/chats`."""

    controller: str
    action: str
    path: str
    methods: tuple[str, ...]
    file: str


class _Scope(msgspec.Struct, frozen=True):
    """What blocks around a line of routes add. resource: the path of the resources around; each: what tells one of them
    apart; place: what of it a path stands below."""

    path: str = ""
    module: str = ""
    controller: str = ""
    resource: str | None = None
    each: str = ""
    place: str = "nested"

    def base(self, place: str = "") -> str:
        """What a path is put behind: the members or the collection of the resources around."""
        if self.resource is None:
            return self.path
        place = place or self.place
        return self.resource if place in ("collection", "new") else f"{self.resource}{self.each}"


class _Line(NamedTuple):
    """One call: its texts (paths, names), its options, `path => target` pairs, its block; first: what stands before its
    options, where that is computed."""

    name: str
    texts: list[str]
    options: dict[str, SgNode]
    arrows: list[tuple[str, str]]
    block: SgNode | None
    first: str = ""

    @property
    def path(self) -> str:
        """What `path:`, or a first argument that is computed, puts before the routes of its block."""
        if "path" in self.options:
            return _text(self.options["path"]) or HOLE
        return HOLE if self.first and not self.texts else ""

    def option(self, name: str) -> str:
        return _text(self.options[name]) or "" if name in self.options else ""


class RailsRoutes:
    """The routes of every Rails application of a project, by the folder that it lies in."""

    def __init__(self, program: ProjectModules) -> None:
        self._program = program
        self._tables: dict[str, dict[tuple[str, str], list[ActionRoute]]] = {}
        self._concerns: dict[str, SgNode] = {}
        self._left = _MOST_ROUTES

    def of_action(self, path: str, action: str) -> list[ActionRoute]:
        """The routes that lead to an action of the controller in a file."""
        found = _CONTROLLER.fullmatch(path)
        return self._table(found["base"]).get((found["name"], action), []) if found is not None else []

    def of_cable(self, base: str) -> list[ActionRoute]:
        """Where the application in a folder mounts Action Cable."""
        return self._table(base).get((CABLE, ""), [])

    def _table(self, base: str) -> dict[tuple[str, str], list[ActionRoute]]:
        if base not in self._tables:
            table: dict[tuple[str, str], list[ActionRoute]] = {}
            path = f"{base}config/routes.rb"
            content = self._program.content(path) if path in self._program.files else b""
            outer = _Scope(f"/{HOLE}") if b"Engine.routes" in content else _Scope()  # an engine is mounted somewhere
            for route in self._read(base, path, outer, 0):
                table.setdefault((route.controller, route.action), []).append(route)
            self._tables[base] = table
        return self._tables[base]

    def _read(self, base: str, path: str, scope: _Scope, depth: int) -> Iterator[ActionRoute]:
        module = self._program.load(path) if path in self._program.files else None
        if module is not None and depth <= _DEEPEST:
            for route in self._lines(base, module.root, scope, depth):
                yield route._replace(file=route.file or path)

    def _lines(self, base: str, node: SgNode, scope: _Scope, depth: int) -> Iterator[ActionRoute]:
        """The routes of all lines in a block."""
        for child in node.children() if depth <= _DEEPEST else ():
            line = _line(child) if child.kind() in ("call", "identifier") else None
            if line is None:
                yield from self._lines(base, child, scope, depth + 1) if child.is_named() else ()
                continue
            for route in self._routes(base, line, scope, depth):
                self._left -= 1
                if self._left < 0:
                    return
                yield route

    def _routes(self, base: str, line: _Line, scope: _Scope, depth: int) -> Iterator[ActionRoute]:
        inner = scope
        match line.name:
            case "resources" | "resource":
                for name in line.texts:
                    yield from self._resources(base, line, name, scope, depth)
                return
            case "concern":
                if line.texts and line.block is not None:
                    self._concerns[line.texts[0]] = line.block
                return
            case "concerns":
                for name in line.texts:
                    yield from self._concern(base, name, scope, depth)
                return
            case "draw" if line.texts:
                yield from self._read(base, f"{base}config/routes/{line.texts[0]}.rb", scope, depth + 1)
                return
            case "root":
                yield from _target_routes(line, "/", line.option("to"), scope, ("GET",))
                return
            case "namespace" if line.texts:
                name = line.texts[0]
                inner = _within(scope, line.path or name, line.option("module") or name)
            case "mount" if CABLE in (line.options.keys() | {line.first}):
                at = line.options.get(CABLE, line.options.get("at"))
                path = (_text(at) or HOLE) if at is not None else "/"
                yield ActionRoute(CABLE, "", f"{scope.base()}/{path.strip('/')}", (), "")
                return
            case "scope":
                inner = _within(scope, "/".join(line.texts) or line.path, line.option("module"))
                inner = replace(inner, controller=line.option("controller") or inner.controller)
            case "controller" if line.texts:
                inner = replace(scope, controller=line.texts[0])
            case "member" | "collection":
                inner = replace(scope, place=line.name)
            case name if name in _VERBS:
                yield from _verb(line, scope)
        if line.block is not None:
            yield from self._lines(base, line.block, inner, depth + 1)

    def _resources(self, base: str, line: _Line, name: str, scope: _Scope, depth: int) -> Iterator[ActionRoute]:
        is_single = line.name == "resource"
        path = f"{scope.base()}/{(line.path or name).strip('/')}".rstrip("/")
        module = _join(scope.module, line.option("module"))
        controller = line.option("controller") or (f"{name}s" if is_single and not name.endswith("s") else name)
        inner = _Scope(scope.path, module, controller, path, "" if is_single else f"/:{line.option('param') or 'id'}")
        only = _names(line.options.get("only"))
        omitted = _names(line.options.get("except")) or frozenset({"index"} if is_single else ())
        for action, (method, tail, is_member) in _ACTIONS.items():
            if action in only if "only" in line.options else action not in omitted:
                shown = f"{path}{inner.each if is_member else ''}{tail}"
                methods = ("PATCH", "PUT") if action == "update" else (method,)
                yield ActionRoute(_join(module, controller), action, shown, methods, "")
        for concern in _names(line.options.get("concerns")):
            yield from self._concern(base, concern, inner, depth)
        if line.block is not None:
            yield from self._lines(base, line.block, inner, depth + 1)

    def _concern(self, base: str, name: str, scope: _Scope, depth: int) -> Iterator[ActionRoute]:
        if name in self._concerns:
            yield from self._lines(base, self._concerns[name], scope, depth + 1)


def _within(scope: _Scope, path: str, module: str) -> _Scope:
    below = f"{scope.base()}/{path.strip('/')}".rstrip("/")
    return _Scope(below, _join(scope.module, module), scope.controller)


def _verb(line: _Line, scope: _Scope) -> Iterator[ActionRoute]:
    """`get :stream, on: :member`, `post "/chat", to: "chats#create"`, `get "x" => "chats#x"`, `get "chats/stream"`."""
    methods = tuple(sorted(name.upper() for name in _names(line.options.get("via")))) if line.name == "match" else ()
    methods = methods or (() if line.name == "match" else (line.name.upper(),))
    base = scope.base(line.option("on"))
    target = line.option("to") or line.option("action")
    for path, target_there in (*((text, target) for text in line.texts), *line.arrows):
        yield from _target_routes(line, f"{base}/{path.strip('/')}", target_there or path, scope, methods)


def _target_routes(
    line: _Line, path: str, target: str, scope: _Scope, methods: tuple[str, ...]
) -> Iterator[ActionRoute]:
    controller, mark, action = target.strip("/").partition("#")
    if not mark:
        named = line.option("controller") or scope.controller
        folder, _, action = target.strip("/").rpartition("/")
        controller = named or folder
    if controller and action:
        yield ActionRoute(_join(scope.module, controller.strip("/")), action.replace("-", "_"), path, methods, "")


def _join(module: str, name: str) -> str:
    return "/".join(part for part in (module, name) if part)


def _line(node: SgNode) -> _Line | None:
    """A call that routes may be written with; None for another node."""
    called = node.field("method") if node.kind() == "call" else node
    if called is None:
        return None
    texts: list[str] = []
    options: dict[str, SgNode] = {}
    arrows: list[tuple[str, str]] = []
    first = ""
    given = node.field("arguments") if node.kind() == "call" else None
    for argument in given.children() if given is not None else ():
        key, value = (argument.field("key"), argument.field("value")) if argument.kind() == "pair" else (None, None)
        if key is not None and value is not None:
            if key.kind() == "string":
                arrows.append((_text(key) or "", _text(value) or ""))
            else:
                options[key.text().strip(":")] = value
        elif (text := _text(argument)) is not None:
            texts.append(text)
        elif argument.is_named() and argument.kind() != "nil":
            first = first or argument.text()[:_LONGEST_NAME]
    return _Line(called.text(), texts, options, arrows, node.field("block") if node.kind() == "call" else None, first)


def _text(node: SgNode) -> str | None:
    """What a symbol or a string says; None for what is computed."""
    if node.kind() in ("simple_symbol", "bare_symbol", "bare_string"):
        return node.text().lstrip(":").strip("\"'")
    is_plain = node.kind() == "string" and not any(child.kind() == "interpolation" for child in node.children())
    return node.text()[1:-1] if is_plain else None


def _names(node: SgNode | None) -> frozenset[str]:
    """The names in a list, or the one that stands alone."""
    if node is None:
        return frozenset()
    items = node.children() if node.kind() in ("array", "symbol_array", "string_array") else [node]
    return frozenset(text for item in items if (text := _text(item)) is not None)
