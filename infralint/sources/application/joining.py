"""Where a router answers: prefixes joined over mounts, groups, parameters and files, from a route up to its application."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from infralint.sources.application.imports import is_within, required_module
from infralint.sources.application.languages import CONDITIONS, LISTS
from infralint.sources.application.laravel_paths import LaravelPaths
from infralint.sources.application.loops import find_iterations, items_of_name
from infralint.sources.application.method_uses import MethodUses
from infralint.sources.application.nest_paths import NestPaths
from infralint.sources.application.nesting import NestedItems
from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.rack_paths import RackPaths
from infralint.sources.application.resolving import (
    Instance,
    Meaning,
    Parameter,
    ResolvedExpression,
    Resolver,
    receiver_type,
)
from infralint.sources.application.rulebook import (
    CallPattern,
    Key,
    Keys,
    MountCall,
    Router,
    RouteShape,
    Rules,
    SubrouterCall,
)
from infralint.sources.application.spring_properties import SpringProperties, home_of
from infralint.sources.application.syntax import (
    HOLE,
    Assignment,
    Call,
    Definition,
    SourceModule,
    SourceSpan,
    span_of,
    unwrap,
)
from infralint.sources.application.uses import Uses
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

DEEPEST = 10
"""Mounts within mounts that are followed."""
MOST_HEADS = 200
"""Prefixes that one router answers under: mounts of mounts multiply."""
MOST_AROUND = 4
"""Nodes around a path of Django among which its list is."""
MOST_AROUND_URLS = 6
"""Nodes around the urls of a router of Django among which their list, or the path that includes them, is."""
PATH_CALLS = frozenset({"path", "re_path", "url"})
"""Django's functions that bind a path."""
MOST_BRANCHES = 4
"""Values that a variable is given in a function which are looked at, the last ones."""
MOST_STEPS = 2_000
"""Uses of routers that are followed to their mounts, in a project: a large one needs hundreds."""

_HANDED_AS = frozenset({"routes", "middleware", "router", "callback", "handler", "wsgi_app", "asgi_app", "fetch"})
"""Members by which a router is mounted: `app.use(router.routes())`, `DispatcherMiddleware(app.wsgi_app, …)`."""
_CALLABLES = (".wsgi_app", ".asgi_app")
"""What an application is called by its server as: what is put in its place is served from the root."""
_PREFIX_OPTIONS = frozenset({"prefix", "script_name", "base_path", "url_prefix"})
_PREFIXING = frozenset({"addPathPrefix", "setPathPrefixes"})
"""Spring's methods that put a path before controllers."""
_URL_LISTS = frozenset({"urlpatterns", "urlpatterns.extend"})
"""What takes the paths of a file of Django."""
_DECLARING = frozenset({"java", "kotlin", "csharp"})
"""Languages in which the calls that bind a WebSocket have names of their own: what they are given is a path, also if it is
computed."""
_ROUTER_NAMES = frozenset("app router server api routes route fastify koa hono r mux group g v1".split())
"""What routers are called where it can't be told what an object is."""
_CONTROLLER = lazy(r"@(?:[\w.]+\.)?(?:Rest)?Controller\b")


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


class PathVersion(msgspec.Struct, frozen=True):
    """A version that stands before a whole path: `/v1`. number: empty where none is given, a hole where it is computed.

    https://sanic.dev/en/guide/advanced/versioning.html
    """

    number: str = ""
    prefix: str = ""

    def over(self, outer: PathVersion) -> PathVersion:
        """This one where it is given, else another."""
        return PathVersion(self.number or outer.number, self.prefix or outer.prefix)

    @property
    def path(self) -> Path:
        number = self.number.strip("/").lstrip("v")
        return path_of(f"{self.prefix or '/v'}{number}", "angles") if number != HOLE else UNKNOWN


UNVERSIONED = PathVersion()


class Head(msgspec.Struct, frozen=True):
    """A prefix, and the file of the application that it begins at; empty where that is not known.

    prefixed: the last mount on its way gave it a prefix. version: what stands before the prefix; mounted: what the last
    mount said of that.
    """

    path: Path
    home: str = ""
    prefixed: bool = False
    version: PathVersion = UNVERSIONED
    mounted: PathVersion = UNVERSIONED

    def extend(self, tail: Path, prefixed: bool = False) -> Head:
        """What stands further in: below a path."""
        version = self.mounted.over(self.version)
        return Head(self.path.join(tail), self.home, prefixed, version)


NOWHERE = Head(UNKNOWN)


def _bound_heads(heads: Iterable[Head]) -> list[Head]:
    """Each prefix once; beyond the most that are kept, one stands for the others: unknown."""
    found = list(dict.fromkeys(heads))
    return [*found[:MOST_HEADS], NOWHERE] if len(found) > MOST_HEADS else found


class Rulebook:
    """The rules that hold in a project: by language."""

    def __init__(self, rules: Iterable[Rules]) -> None:
        self.rules = tuple(rules)

    @cached_property
    def known(self) -> dict[str, frozenset[str]]:
        """By language, the names of calls that make routers, groups and servers."""
        found: dict[str, set[str]] = {}
        for rules in self.rules:
            for shape in (*rules.routers, *rules.groups, *rules.sockets):
                found.setdefault(rules.language, set()).update(shape.call)
        return {language: frozenset(names) for language, names in found.items()}

    def of(self, module: SourceModule) -> Iterator[Rules]:
        return (rules for rules in self.rules if rules.language == module.language.name)


class Joiner:
    """Joins the routes of a project. cut: files with a router that is used in more places than are looked at."""

    def __init__(self, program: ProjectModules, rulebook: Rulebook) -> None:
        self.program = program
        self.rulebook = rulebook
        self.resolver = Resolver(program, rulebook.known)
        self.uses = Uses(program)
        self.methods = MethodUses(
            program, self.resolver, lambda module, span: self.registration_at(module, span) is not None
        )
        self._registrations: dict[str, list[Registration]] = {}
        self._handlers: dict[str, NestedItems[Registration]] = {}
        self._mounts: dict[str, NestedItems[tuple[Rules, MountCall, Call]]] = {}
        self._blocks_of: dict[str, list[tuple[int, int, Call]]] = {}
        self._chain_prefixes: dict[tuple[SourceModule, SourceSpan], Path] = {}
        self._registered_at: dict[str, dict[SourceSpan, list[Registration]]] = {}
        self._pending: set[object] = set()
        self._known_heads: dict[object, list[Head]] = {}
        self._following: set[tuple[str, SourceSpan]] = set()
        self._members_of_others: dict[tuple[str, SourceSpan], bool] = {}
        self._spring = SpringProperties(program)
        self._base_paths: dict[str, Path] = {}
        self._heads_of_urls: dict[str, list[Head]] = {}
        self._steps = 0
        self.cut: set[str] = set()

    def forget(self, path: str) -> None:
        """Lets go of a file that says nothing, so that its tree leaves memory."""
        self._registrations.pop(path, None)
        self._registered_at.pop(path, None)
        self._handlers.pop(path, None)
        self._mounts.pop(path, None)
        self._blocks_of.pop(path, None)
        self.program.forget(path)

    def matches(self, call: Call, shape: CallPattern, rules: Rules) -> bool:
        """Whether a call is what a rule speaks of: by its packages, and by what it is called on."""
        if call.name not in shape.call:
            return False
        if shape.receiver and not {_last_name(call.receiver).lower(), _first_name(call)} & {*shape.receiver}:
            return False
        return not shape.source or self._is_from(call, shape.source)

    def _is_from(self, call: Call, sources: tuple[str, ...]) -> bool:
        if package := required_module(call.callee if call.receiver is None else call.receiver):
            return is_within(package, sources)
        if required_module(call.node):
            return False
        imports = self.program.imports(call.module)
        first = re.match(r"[\w$@]+", call.full_name)
        imported = imports.get(first[0]) if first else None
        if imported is not None and call.receiver is not None and imported.name != "*" and imported.name != "default":
            full = f"{imported.specifier}.{imported.name}"
        else:
            full = imported.specifier if imported is not None else ""
        if imported is not None and is_within(full, sources):
            return True
        if imported is not None and imported.specifier.startswith((".", "@/", "~")):
            homes = self.program.imported_homes(call.module, imported)
            return any(_mentions(home, sources) for home, _ in homes)
        if call.receiver is None and imported is not None:
            return False
        if call.receiver is None and call.module.definitions_of(call.name):
            return False
        if call.module.language.name in ("go", "python", "javascript"):
            return self.program.has_import_of(call.module, sources)
        return _mentions(call.module, sources)

    def registrations(self, module: SourceModule) -> list[Registration]:
        """The routes that a file registers."""
        if module.path not in self._registrations:
            found = [
                registration
                for rules in self.rulebook.of(module)
                for registration in self._registrations_of(module, rules)
            ]
            self._registrations[module.path] = self._settle(found)
        return self._registrations[module.path]

    def _registrations_of(self, module: SourceModule, rules: Rules) -> Iterator[Registration]:
        names = frozenset(name for shape in rules.routes for name in shape.call)
        for call in module.calls(names) if names else ():
            for shape in rules.routes:
                if self.matches(call, shape, rules) and (found := self._registration(call, shape, rules)):
                    yield found
                    break

        if rules.tuples and any(shape.source and _mentions(module, shape.source) for shape in rules.routes):
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
        nodes = _chosen(call, shape.handler, shape.path)
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
        node = argument_of(call, shape.path)
        if node is None:
            return bool(shape.default)
        text = self.resolver.text(call.module, node)
        if text is not None and text.strip(HOLE):
            plain = without_method(text)
            if call.module.language.name == "javascript" and not plain.startswith(("/", "*", "(", HOLE)):
                return plain == "" or self.router_rules(call) is not None
            return not re.search(r"\s|://", plain)
        if node.kind() in ("array", "list"):
            return _is_path(self.resolver.text(call.module, _first_item(node)))
        if node.kind() == "regex" or (shape.kind is not None and call.module.language.name in _DECLARING):
            return True
        return self.router_rules(call) is not None or _last_name(call.receiver).lower() in _ROUTER_NAMES

    def _settle(self, found: list[Registration]) -> list[Registration]:
        """One registration a call: where several frameworks speak of it, the one whose objects it is called on."""
        by_call: dict[tuple[int, int], list[Registration]] = {}
        for registration in found:
            by_call.setdefault((registration.call.span.start, registration.call.span.end), []).append(registration)
        return [self._best(rivals) for rivals in by_call.values()]

    def _best(self, rivals: list[Registration]) -> Registration:
        if len(rivals) == 1:
            return rivals[0]
        router = self.router_rules(rivals[0].call)
        for registration in rivals:
            if registration.rules is router:
                return registration
        for registration in rivals:
            if self.program.has_import_of(registration.call.module, registration.rules.packages):
                return registration
        return next((registration for registration in rivals if registration.shape.when), rivals[0])

    def router_rules(self, call: Call) -> Rules | None:
        """The framework whose router a call is made on."""
        meaning = self.resolver.meaning(call.module, call.receiver) if call.receiver is not None else None
        for _ in range(DEEPEST):
            if not isinstance(meaning, Call):
                return None
            if found := self._router(meaning):
                return found[0]
            meaning = self.resolver.meaning(meaning.module, meaning.receiver) if meaning.receiver is not None else None
        return None

    def _router(self, call: Call) -> tuple[Rules, Router] | None:
        """The rule for a call that makes a router: one that names the package before one that holds for any."""
        found = None
        for rules in self.rulebook.of(call.module):
            for shape in rules.routers:
                if (found is None or shape.source) and self.matches(call, shape, rules):
                    if shape.source:
                        return rules, shape
                    found = rules, shape
        return found

    def _group(self, call: Call) -> tuple[Rules, SubrouterCall] | None:
        for rules in self.rulebook.of(call.module):
            for shape in rules.groups:
                if self.matches(call, shape, rules):
                    return rules, shape
        return None

    def is_of_group(self, call: Call) -> bool:
        """Whether a call is made on what another makes of a path: `router.route("/x").get(…)`."""
        outer = call.module.call_of(call.receiver) if call.receiver is not None else None
        return outer is not None and self._group(outer) is not None

    def registration_at(self, module: SourceModule, span: SourceSpan) -> Registration | None:
        """The first of the routes whose handler a place lies in."""
        return next(iter(self.registrations_at(module, span)), None)

    def registrations_at(self, module: SourceModule, span: SourceSpan) -> list[Registration]:
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
                (handler, registration)
                for registration in self.registrations(module)
                for handler in registration.handlers
            )
        return self._handlers[module.path]

    def heads(self, registration: Registration, tail: Path) -> list[Head]:
        """The prefixes that a route's router answers under. tail: the route's own path."""
        base = self._base_path(registration)
        heads = [self._with_version(registration, head) for head in self._heads_of_route(registration, tail)]
        return [Head(base.join(head.path), head.home) for head in heads] if base != ROOT else heads

    def _with_version(self, registration: Registration, head: Head) -> Head:
        """A prefix with the version before it that its routers, or the route itself, set."""
        shape, call = registration.shape, registration.call
        version = self._version(shape.versioned, call).over(head.mounted.over(head.version))
        return Head(version.path.join(head.path), head.home) if version.number else head

    def _version(self, versioned: bool, call: Call) -> PathVersion:
        """The version that a call is given."""
        number, prefix = (call.named.get(name) if versioned else None for name in ("version", "version_prefix"))
        return PathVersion(self._version_text(call.module, number), self._version_text(call.module, prefix))

    def _version_text(self, module: SourceModule, node: SgNode | None) -> str:
        if node is None or node.text() == "None":
            return ""
        number = self.resolver.number(module, node)
        return f"{number:g}" if number is not None else self.resolver.text(module, node) or HOLE

    def _base_path(self, registration: Registration) -> Path:
        """What the settings of an application put before all of its routes."""
        if not registration.rules.properties:
            return ROOT
        if self._is_prefixed_by_code(registration):
            return UNKNOWN
        home = home_of(registration.call.module.path)
        if home not in self._base_paths:
            self._base_paths[home] = self._spring.base_path(home)
        return self._base_paths[home]

    def _is_prefixed_by_code(self, registration: Registration) -> bool:
        """Whether code of Spring may put a prefix before a controller: before all, or those of an annotation that it has."""
        marks = self._prefixed_marks
        if not marks or "" in marks or registration.decorated is None:
            return bool(marks)
        marked = registration.call.module.marks(marks)
        return any(outer in marked for outer in registration.decorated.around())

    @cached_property
    def _prefixed_marks(self) -> frozenset[str]:
        """The annotations of controllers that code puts a prefix before, `addPathPrefix("/api", forAnnotation(Api.class))`;
        empty for all controllers. The code of one module may be that of another's program."""
        found: set[str] = set()
        for path in self.program.sources:
            if path.endswith((".java", ".kt")) and b"PathPrefix" in self.program.content(path):
                module = self.program.load(path)
                for call in module.calls(_PREFIXING) if module is not None else ():
                    text = call.positional[1].text() if len(call.positional) > 1 else ""
                    marks = set(re.findall(r"\b(\w++)(?:\.|::)class\b", text)) - {"RestController", "Controller"}
                    found |= marks or {""}
        return frozenset(found)

    def _heads_of_route(self, registration: Registration, tail: Path) -> list[Head]:
        call, scope = registration.call, registration.shape.scope
        outer = self._lexical(call)
        if scope == "root":
            return [Head(outer, call.module.path)]
        if scope == "class":
            return [Head(outer.join(path), call.module.path) for path in self._class_prefixes(registration, tail)]
        if scope == "rack":
            paths = self._rack.of_place(call.module, call.span)
            return [Head(path.join(outer), call.module.path) for path in paths]
        if scope == "value":
            return self._value_heads(call.module, call.span, 0) or [NOWHERE]
        if scope == "name" and registration.decorated is not None:
            return self._heads_of_name(registration, registration.decorated)
        if scope == "file":
            if "as_asgi(" in call.node.text():  # Channels' tables stand at the root, wherever urls are included
                return [Head(self._root_of_channels, call.module.path)]
            return self._file_heads(call)
        if call.receiver is None or self._is_package(call.module, call.receiver):
            return [Head(outer, call.module.path)]
        return self.heads_of(call.module, call.receiver, 0)

    def _heads_of_name(self, registration: Registration, decorated: Definition) -> list[Head]:
        """Where what a handler is called is mounted; for a method, its class, below the path that the class sets."""
        owner = decorated.owner if decorated.owner is not None and decorated.owner.kind == "class" else None
        uses = self.uses.of(registration.call.module, (owner or decorated).name)
        heads = [head for other, use in uses for head in self._use_heads(other, use, 0)]
        if owner is None:
            return heads or [NOWHERE]
        module = registration.call.module
        inside = (given for given in module.assignments if given.target == "path" and owner.span.has(given.span))
        given = next(inside, None)
        text = self.resolver.text(module, given.value) if given is not None else None
        prefix = path_of(text, registration.rules.style) if given is not None else ROOT
        return [head.extend(prefix) for head in heads or [NOWHERE]]

    def _is_package(self, module: SourceModule, node: SgNode) -> bool:
        """Whether a route is registered with a package's function: `http.HandleFunc`."""
        if module.language.name != "go" or node.text() not in self.program.imports(module):
            return False
        inner = module.definition_at(span_of(node))
        return inner is None or not any(
            node.text() in outer.parameters for outer in inner.around() if outer.kind == "function"
        )

    def _lexical(self, call: Call) -> Path:
        """What blocks around a call, and whoever loads its file, put before it, in languages whose routes are not called on
        anything."""
        module = call.module
        if module.language.name not in ("ruby", "php", "elixir", "kotlin"):
            return ROOT
        outer = (
            self._laravel.of_file(module.path) if "routes/" in module.path and module.path.endswith(".php") else ROOT
        )
        around = outer.join(self._prefix_of_blocks(module, call.span))
        link = module.call_of(call.receiver) if call.receiver is not None else None
        return around.join(self._chain_prefix(link)) if link is not None else around

    def _prefix_of_blocks(self, module: SourceModule, span: SourceSpan) -> Path:
        """What blocks around a place put before it, and the calls that it is chained to."""
        prefix = ROOT
        for start, end, outer in self._blocks(module):
            if start <= span.start and span.end <= end and outer.span != span:
                prefix = prefix.join(self._chain_prefix(outer))
        return prefix

    def _prefix_of_group(self, module: SourceModule, span: SourceSpan) -> Path:
        """What stands before the routes of a file that is loaded at a place."""
        chained = (outer for _, _, outer in self._blocks(module) if outer.span == span)
        return self._prefix_of_blocks(module, span).join(next((self._chain_prefix(outer) for outer in chained), ROOT))

    @cached_property
    def _laravel(self) -> LaravelPaths:
        return LaravelPaths(self.program, self.resolver, self._prefix_of_group)

    def _blocks(self, module: SourceModule) -> list[tuple[int, int, Call]]:
        """The calls that take a block of routes, each with where its arguments begin and where it ends."""
        if module.path not in self._blocks_of:
            names = frozenset(
                name for rules in self.rulebook.of(module) for shape in rules.groups for name in shape.call
            )
            self._blocks_of[module.path] = [
                (span_of(call.receiver).end if call.receiver is not None else call.span.start, call.span.end, call)
                for call in (module.calls(names) if names else ())
                if self._group(call)
            ]
        return self._blocks_of[module.path]

    def _chain_prefix(self, call: Call) -> Path:
        """What a call and those that it is chained to put before the routes within its block."""
        links = []
        prefix = ROOT
        for link in _chain(call):
            known = self._chain_prefixes.get((link.module, link.span))
            if known is not None:
                prefix = known
                break
            links.append(link)
        for link in reversed(links):
            prefix = prefix.join(self._block_prefix(link))
            self._chain_prefixes[link.module, link.span] = prefix
        return prefix

    def _block_prefix(self, call: Call) -> Path:
        """What a call in front of a block puts before the routes within."""
        found = self._group(call)
        node = call.named.get("prefix") or (argument_of(call, found[1].prefix) if found is not None else None)
        if found is None or node is None:
            return ROOT
        if node.kind() in ("simple_symbol", "atom"):
            return path_of(node.text().lstrip(":"), found[0].style)
        return path_of(self.resolver.text(call.module, node), found[0].style)

    def _class_prefixes(self, registration: Registration, tail: Path) -> list[Path]:
        """What annotations of the class around a method put before its path, which is the tail: several are several ways."""
        rules, decorated = registration.rules, registration.decorated
        if rules.absolute and (self._path_text(registration) or "").startswith(("/", "~/")):
            return [ROOT]
        owner = decorated.owner if decorated is not None else None
        while owner is not None and owner.kind != "class":
            owner = owner.owner
        names = frozenset(name for shape in rules.classes for name in shape.call)
        marks = registration.call.module.marks(names).get(owner, ()) if owner is not None and names else ()
        found = [path for call in marks for path in self._paths_of_mark(rules, call, decorated)] or [ROOT]
        if rules.properties and owner is not None and not marks and not self._is_controller(owner):
            return [UNKNOWN]
        if not rules.modules or owner is None or decorated is None:
            return found
        if not marks:  # those of a class that extends it
            return [UNKNOWN]
        of_method = registration.call.module.marks(frozenset({"Version"})).get(decorated, ())
        versions = [call.argument(0) for call in of_method] + [call.named.get("version") for call in marks]
        return self._nest.prefixes(owner, found, tail, [node for node in versions if node is not None])

    def _is_controller(self, owner: Definition) -> bool:
        """Whether Spring asks a class for routes itself, and not for those of what extends or implements it."""
        modifiers = (child for child in owner.node.named_children() if child.kind() == "modifiers")
        return any(_CONTROLLER.search(modifier.text()) for modifier in modifiers)

    def _path_text(self, registration: Registration) -> str | None:
        node = argument_of(registration.call, registration.shape.path)
        return self.resolver.text(registration.call.module, node) if node is not None else None

    def _paths_of_mark(self, rules: Rules, call: Call, action: Definition | None) -> Iterator[Path]:
        """The paths that an annotation of a class gives."""
        shape = next(shape for shape in rules.classes if call.name in shape.call)
        node = argument_of(call, shape.path)
        if node is None:
            yield ROOT
            return
        for item in node.named_children() if node.kind() in LISTS else [node]:
            yield path_of(named_by_action(self.resolver.text(call.module, item), action), rules.style)

    @cached_property
    def _rack(self) -> RackPaths:
        return RackPaths(self.program, self.resolver)

    @cached_property
    def _nest(self) -> NestPaths:
        return NestPaths(self.program, self.resolver, self.uses)

    def heads_of(self, module: SourceModule, node: SgNode | None, depth: int) -> list[Head]:
        """The prefixes that an expression, a router, answers under."""
        values = self._values_by_branch(module, node)
        if len(values) > 1 and depth <= DEEPEST:
            return [head for value in values for head in self.heads_of(module, value, depth + 1)]
        meaning = self.resolver.meaning(module, node)
        member = module.member(node) if node is not None and meaning is None else None
        if member is not None and member[1] in _HANDED_AS:
            return self.heads_of(module, member[0], depth + 1)
        return self.heads_of_meaning(meaning, depth)

    def _values_by_branch(self, module: SourceModule, node: SgNode | None) -> list[SgNode]:
        """What a variable of a function may have been set to, the last first: in branches, and before them."""
        if node is None or node.kind() != "identifier" or module.function_at(span_of(node)) is None:
            return []
        span, found = span_of(node), []
        for assignment in reversed(module.assignments_of(node.text(), span)[-MOST_BRANCHES:]):
            function = module.function_at(assignment.span)
            if assignment.span.has(span) or function is None or not function.span.has(span):
                continue
            found.append(assignment.value)
            if not _is_in_branch(assignment, function):
                break
        return found

    def heads_of_meaning(self, meaning: Meaning | None, depth: int) -> list[Head]:
        if depth > DEEPEST or meaning is None:
            return [NOWHERE]
        key, outermost = _key(meaning), not self._pending
        if key in self._pending or key in self._known_heads:
            return self._known_heads.get(key, [NOWHERE])
        self._pending.add(key)
        try:
            found = self._heads(meaning, depth)
        finally:
            self._pending.discard(key)
        found = _bound_heads(found)
        if outermost or NOWHERE not in found:
            self._known_heads[key] = found
        return found

    def _heads(self, meaning: Meaning, depth: int) -> list[Head]:
        match meaning:
            case SourceModule():
                return self.heads_of_meaning(self.resolver.default(meaning), depth + 1)
            case Call():
                return self._call_heads(meaning, depth)
            case Parameter():
                return self._parameter_heads(meaning, depth)
            case ResolvedExpression(module=module, node=node) if node.kind() == "conditional_expression":
                values = node.named_children()[::2]
                return [head for value in values for head in self.heads_of(module, value, depth + 1)]
        return [NOWHERE]

    def _call_heads(self, call: Call, depth: int) -> list[Head]:
        if found := self._router(call):
            rules, shape = found
            given = self._given_prefix(rules, shape, call)
            parent = argument_of(call, shape.parent)
            if parent is not None and parent.text() != "None":
                return [head.extend(given) for head in self.heads_of(call.module, parent, depth + 1)]
            mounted = self.mounts_of(call, depth)
            if not mounted and shape.application:
                return [Head(UNKNOWN if self._is_moved(call) else given, call.module.path)]
            version = self._version(shape.versioned, call)
            return [
                replace(
                    head.extend(ROOT if shape.replaced and head.prefixed else given),
                    version=head.mounted.over(version.over(head.version)),
                )
                for head in mounted or [NOWHERE]
            ]
        if (found_group := self._group(call)) and call.receiver is not None:
            given = self._given_prefix(*found_group, call)
            parents = self.heads_of(call.module, call.receiver, depth + 1)
            return [parent.extend(given) for parent in parents]
        if call.receiver is not None:
            return self.heads_of(call.module, call.receiver, depth + 1)
        return [NOWHERE]

    def _is_moved(self, call: Call) -> bool:
        """Whether what stands in place of an application's callable is given a prefix: middleware of the project may ask for it."""
        holder = call.module.assignment_of(call.span)
        placed = (
            call.module.call_of(other.value)
            for other in call.module.assignments
            if holder is not None and other.target in {f"{holder.target}{name}" for name in _CALLABLES}
        )
        return any(made is not None and made.named.keys() & _PREFIX_OPTIONS for made in placed)

    def _given_prefix(self, rules: Rules, shape: Router | SubrouterCall, call: Call) -> Path:
        """The prefix that a router or a group is given, or takes from its name."""
        node = argument_of(call, shape.prefix)
        if isinstance(shape, Router) and shape.nested:
            return self._prefix_of_nested(call)
        if node is not None and node.text() != "None":
            return path_of(self.resolver.text(call.module, node), rules.style)
        name = call.argument(shape.named)
        if name is not None:
            return path_of(self.resolver.text(call.module, name), rules.style)
        return self._set_prefix(rules, shape, call) if isinstance(shape, Router) and shape.setter else ROOT

    def _prefix_of_nested(self, call: Call, depth: int = 0) -> Path:
        """The prefix of a router whose paths are below an item of another router's: `NestedSimpleRouter(router, "rooms", …)`."""
        outer = self.resolver.meaning(call.module, call.argument(0))
        found = self._router(outer) if isinstance(outer, Call) and depth < DEEPEST else None
        above = (
            self._prefix_of_nested(outer, depth + 1) if found and found[1].nested and isinstance(outer, Call) else ROOT
        )
        return above.join(path_of(self.resolver.text(call.module, call.argument(1)), "regex")).join(Path("/*"))

    def _set_prefix(self, rules: Rules, shape: Router, call: Call) -> Path:
        """The prefix that a router is given later: `router.prefix("/api")`."""
        holder = call.module.assignment_of(call.span)
        for setting in call.module.calls(frozenset({shape.setter})):
            if holder is not None and setting.receiver is not None and setting.receiver.text() == holder.target:
                return path_of(self.resolver.text(call.module, setting.argument(0)), rules.style)
        return ROOT

    def mounts_of(self, call: Call, depth: int = 0) -> list[Head]:
        """Where the router that a call makes is mounted."""
        return self._value_heads(call.module, call.span, depth)

    def _value_heads(self, module: SourceModule, span: SourceSpan, depth: int) -> list[Head]:
        """Where the value of an expression ends up being mounted: right there, or through its names."""
        key = (module.path, span)
        if depth > DEEPEST or key in self._following:
            return []
        self._following.add(key)
        try:
            found = list(self._mount_at(module, span, depth)) or self._named_heads(module, span, depth)
        finally:
            self._following.discard(key)
        return _bound_heads(found)

    def _named_heads(self, module: SourceModule, span: SourceSpan, depth: int) -> list[Head]:
        """Where the names that a value goes by are mounted: its variable, then the function that returns it."""
        function = module.function_at(span)
        holder = module.assignment_of(span)
        found: list[Head] = []
        if holder is not None and holder.target.endswith(_CALLABLES):
            return []
        if holder is not None:
            name = holder.target.rpartition(".")[2]
            local = function is not None and "." not in holder.target and function.span.has(holder.span)
            uses = (
                self.uses.within(module, name, function)
                if local and function is not None
                else self.uses.of(module, name)
            )
            found = [
                head
                for other, use in uses
                if other is not module or not self._is_another(module, holder, use)
                for head in self._use_heads(other, use, depth)
            ]
            if not found and self.uses.is_cut(module, name):
                self.cut.add(module.path)
        elif function is None:
            found = [
                head for other, use in self.uses.of(module, "default") for head in self._use_heads(other, use, depth)
            ]
        while not found and function is not None:
            for name in self._function_names(function):
                found += [
                    head for other, use in self.uses.of(module, name) for head in self._use_heads(other, use, depth)
                ]
            outer = function.owner
            while outer is not None and outer.kind != "function":
                outer = outer.owner
            function = outer
        return found

    def _is_another(self, module: SourceModule, holder: Assignment, use: SgNode) -> bool:
        """Whether a name within its file stands for something else: for what it stood for before, or a member of another."""
        span = span_of(use)
        if holder.value_span.has(span):
            return True
        if "." in holder.target:
            return False
        key = (module.path, span)
        if key not in self._members_of_others:
            parent = use.parent()
            member = module.member(parent) if parent is not None else None
            self._members_of_others[key] = member is not None and span_of(member[0]) != span
        if not self._members_of_others[key]:
            return False
        around = module.definition_at(holder.span)
        return around is None or around.kind != "class"

    def _use_heads(self, module: SourceModule, use: SgNode, depth: int) -> list[Head]:
        """The prefixes that a use of a router's name puts it under."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            return [NOWHERE]
        span, parent = span_of(use), use.parent()
        if (
            parent is not None and parent.kind() == "list_splat"
        ):  # the grammar takes `[*router.urls]` for `(*router).urls`
            span, parent = span_of(parent), parent.parent()
        member = module.member(parent) if parent is not None else None
        if member is not None and span_of(member[0]) == span and member[1] not in _HANDED_AS:
            if parent is not None and module.language.name == "python" and member[1] in ("urls", "registry"):
                find = self._heads_of_urls_in if member[1] == "urls" else self._heads_of_registry
                return find(module, parent, depth)
            return list(self._mount_of_receiver(module, span, depth))
        if found := list(self._mount_at(module, span, depth)):
            return found
        if handed := self._handed_on(module, use, depth):
            return handed
        if looped := list(self._heads_in_loops(module, use, depth)):
            return looped
        holder = module.assignment_of(span)
        call = module.call_of(holder.value) if holder is not None else None
        if call is not None and span_of(call.callee).has(span):
            return self._value_heads(module, call.span, depth + 1)
        return []

    def _heads_in_loops(self, module: SourceModule, use: SgNode, depth: int) -> Iterator[Head]:
        """The prefixes that a loop puts a router of its list under: `for router in routers: app.include_router(router)`."""
        for iteration in find_iterations(module, use):
            for place in iteration.places:
                for rules, shape, call in self._innermost(module, span_of(place)):
                    written = argument_of(call, shape.prefix)
                    given = iteration.values.get(written.text()) if written is not None else None
                    if given is not None and span_of(given) != span_of(use):
                        prefixes = [path_of(self.resolver.text(module, given), rules.style)]
                    else:
                        prefixes = self._mount_prefixes(rules, shape, call, span_of(place))
                    parents = self._parents(shape, call, depth)
                    yield from (self._below(shape, call, head, prefix) for prefix in prefixes for head in parents)

    def _mount_of_receiver(self, module: SourceModule, span: SourceSpan, depth: int) -> Iterator[Head]:
        """The prefixes that a router is put under by a method of its own: `api.init_app(app)`."""
        for rules, shape, call in self.mounts(module).around(span):
            if shape.child == "receiver" and call.receiver is not None and span_of(call.receiver) == span:
                yield from self._mounted_heads(rules, shape, call, span, depth)

    def _handed_on(self, module: SourceModule, use: SgNode, depth: int) -> list[Head]:
        """A router that is an argument of one of the project's functions: where that mounts its parameter."""
        call, span = module.call_around(use), span_of(use)
        meaning = self.resolver.meaning(module, call.callee) if call is not None and depth <= DEEPEST else None
        if call is None or not isinstance(meaning, Definition) or meaning.kind != "function":
            return []
        names = [name for name in meaning.parameters if name not in ("self", "this", "cls")]
        index = next((at for at, node in enumerate(call.positional) if span_of(node) == span), None)
        if index is None or index >= len(names):
            return []
        mounts = [
            (*found, prefix)
            for home, inner in self.uses.within(meaning.module, names[index], meaning)
            for found in self._innermost(home, span_of(inner))
            for prefix in self._mount_prefixes(*found, span_of(inner))
        ]
        return [
            head
            for rules, shape, mount, prefix in mounts
            for head in self._through(rules, shape, mount, prefix, call, names, depth)
        ]

    def _through(
        self, rules: Rules, shape: MountCall, mount: Call, prefix: Path, call: Call, names: list[str], depth: int
    ) -> Iterator[Head]:
        """The prefixes of a mount within a function: below what this call of the function hands it."""
        handed = next((node for name in names_in(shape.prefix) if (node := call.argument(name)) is not None), None)
        if handed is not None and _splats(mount):  # what the function puts before it can't be told
            prefix = UNKNOWN.join(path_of(self.resolver.text(call.module, handed), rules.style))
        receiver = mount.receiver.text() if mount.receiver is not None and shape.parent is None else ""
        if receiver in names and names.index(receiver) < len(call.positional):
            parents = self.heads_of(call.module, call.positional[names.index(receiver)], depth + 1)
        else:
            parents = self._parents(shape, mount, depth + 1)
        yield from (self._below(shape, mount, head, prefix) for head in parents)

    def mounts(self, module: SourceModule) -> NestedItems[tuple[Rules, MountCall, Call]]:
        """The calls of a file that mount routers, by their places."""
        if module.path not in self._mounts:
            found = []
            for rules in self.rulebook.of(module):
                names = frozenset(name for shape in rules.mounts for name in shape.call)
                for call in module.calls(names) if names else ():
                    shape = next((shape for shape in rules.mounts if self.matches(call, shape, rules)), None)
                    if shape is not None:
                        places = [
                            call.span,
                            *(place for place, _ in self._table_of(shape, call) if not call.span.has(place)),
                        ]
                        found += [(place, (rules, shape, call)) for place in places]
            self._mounts[module.path] = NestedItems(found)
        return self._mounts[module.path]

    def _mount_at(self, module: SourceModule, span: SourceSpan, depth: int) -> Iterator[Head]:
        """The prefixes of mounts that a place is a child of."""
        for rules, shape, call in self._innermost(module, span):
            yield from self._mounted_heads(rules, shape, call, span, depth)

    def _mounted_heads(
        self, rules: Rules, shape: MountCall, call: Call, span: SourceSpan, depth: int
    ) -> Iterator[Head]:
        """The prefixes that a mount puts a place below, which is its child."""
        for prefix in self._mount_prefixes(rules, shape, call, span):
            yield from (self._below(shape, call, head, prefix) for head in self._parents(shape, call, depth))

    def _below(self, shape: MountCall, call: Call, head: Head, prefix: Path) -> Head:
        """What a mount makes of a prefix of what it mounts its routers on."""
        inside, version = (
            head.extend(prefix, shape.replaces and bool(prefix.text)),
            self._version(shape.versioned, call),
        )
        if shape.replaces:
            return replace(inside, mounted=version)
        return replace(inside, version=version.over(inside.version))

    def _parents(self, shape: MountCall, call: Call, depth: int) -> list[Head]:
        """The prefixes of what a mount puts its routers below."""
        if shape.parent == "self":
            return self.heads_of_meaning(call, depth + 1)
        if shape.parent == "value":
            nowhere = Head(ROOT, call.module.path) if shape.served else NOWHERE
            return self._value_heads(call.module, call.span, depth + 1) or [nowhere]
        parent = call.argument(shape.parent) if shape.parent is not None else call.receiver
        if parent is not None and self._is_package(call.module, parent):
            parent = None
        return self.heads_of(call.module, parent, depth + 1) if parent is not None else [Head(ROOT, call.module.path)]

    def _innermost(self, module: SourceModule, span: SourceSpan) -> list[tuple[Rules, MountCall, Call]]:
        around = [
            (rules, shape, call)
            for rules, shape, call in self.mounts(module).around(span)
            if self._is_child(module, shape, call, span)
        ]
        around.sort(key=lambda found: found[2].span.end - found[2].span.start)
        if len(around) > 1 and around[0][2].span == around[1][2].span:
            router = self.router_rules(around[0][2])
            around.sort(key=lambda found: found[0] is not router)
        return around[:1]

    def _is_child(self, module: SourceModule, shape: MountCall, call: Call, span: SourceSpan) -> bool:
        """Whether a place is one of the routers that a mount takes: none takes the one that it is called on."""
        receiver = span_of(call.receiver) if call.receiver is not None else None
        if receiver is not None and receiver.end - receiver.start == span.end - span.start:
            if module.text[receiver.start : receiver.end] == module.text[span.start : span.end]:
                return False
        children = _chosen(call, shape.child, shape.prefix)
        return any(span_of(child).has(span) and not _is_inner_function(child, span) for child in children) or any(
            place.has(span) for place, _ in self._table_of(shape, call)
        )

    def _table_of(self, shape: MountCall, call: Call) -> Iterator[tuple[SourceSpan, SgNode]]:
        """What a mount puts under the prefixes of a table, by its place in the file of the call: `{"/api": api}`."""
        node = argument_of(call, shape.table)
        table = self.resolver.meaning(call.module, node) if node is not None else None
        if isinstance(table, ResolvedExpression) and table.module is call.module:
            for pair in table.node.named_children():
                key, value = pair.field("key"), pair.field("value")
                if key is not None and value is not None:
                    yield span_of(value), key

    def _mount_prefixes(self, rules: Rules, shape: MountCall, call: Call, span: SourceSpan) -> list[Path]:
        """What a mount puts before a router that stands at a place: several where it is given a list."""
        for place, key in self._table_of(shape, call):
            if place.has(span):
                return [path_of(self.resolver.text(call.module, key), rules.style)]
        node = argument_of(call, shape.prefix)
        if node is None:
            return [self._option_prefix(rules, shape, call)]
        if items := node.named_children() if node.kind() in LISTS else items_of_name(node):
            return [path_of(self.resolver.text(call.module, item), rules.style) for item in items]
        text = self.resolver.text(call.module, node)
        if text is None and shape.child == "rest" and not _is_text(call.module, node):
            return [UNKNOWN if _names_path(node) and len(call.positional) > 1 else ROOT]
        return [path_of(text, rules.style)]

    def _option_prefix(self, rules: Rules, shape: MountCall, call: Call) -> Path:
        """The prefix of a mount that is written neither in its place nor as an option: it may be among options from elsewhere."""
        if shape.prefix is None:
            return ROOT
        if _splats(call):
            return self._spread_prefix(rules, shape, call)
        options = call.argument(shape.options)
        if options is None:
            return ROOT
        pairs = self.resolver.pairs(call.module, options)
        known = next((pairs[name] for name in names_in(shape.prefix) if name in pairs), None)
        if known is not None:
            return path_of(self.resolver.text(*known), rules.style)
        meaning = self.resolver.meaning(call.module, options)
        if isinstance(meaning, ResolvedExpression) and meaning.node.kind() == "object":
            spread = (child for child in meaning.node.named_children() if child.kind() == "spread_element")
            return UNKNOWN if any(not self._is_object(meaning.module, child) for child in spread) else ROOT
        return UNKNOWN

    def _is_object(self, module: SourceModule, spread: SgNode) -> bool:
        """Whether what is spread is an object of which all is known."""
        inner = next(iter(spread.named_children()), None)
        meaning = self.resolver.meaning(module, inner) if inner is not None else None
        return isinstance(meaning, ResolvedExpression) and meaning.node.kind() == "object"

    def _spread_prefix(self, rules: Rules, shape: MountCall, call: Call) -> Path:
        """The prefix among options that are spread into a mount: `include_router(router, **options)`."""
        for splat in _splats(call):
            inner = next(iter(splat.named_children()), None)
            pairs = self.resolver.pairs(call.module, inner)
            known = next((pairs[name] for name in names_in(shape.prefix) if name in pairs), None)
            text = self.resolver.text(*known) if known is not None else None
            if text is not None and HOLE not in text:
                return path_of(text, rules.style)
        return UNKNOWN

    def _parameter_heads(self, parameter: Parameter, depth: int) -> list[Head]:
        """What a function's callers hand it as a router: by calls, mounts, and as the function of a group."""
        definition = parameter.definition
        module = definition.module
        if inner := self._inline(definition):
            rules, group, call = inner
            given = self._given_prefix(rules, group, call)
            return [head.extend(given) for head in self.heads_of(module, call.receiver, depth + 1)]
        if found := list(self._mount_at(module, definition.span, depth)):
            return found
        is_whole_plugin = self._is_whole_plugin(definition)
        heads: list[Head] = []
        for other, use in self._uses_of_function(definition):
            heads += self._heads_of_argument(other, use, parameter, depth)
        if is_whole_plugin:
            heads = [NOWHERE if head.prefixed else head for head in heads]
        return list(dict.fromkeys(heads)) or [NOWHERE]

    def _uses_of_function(self, definition: Definition) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a function is named; a method of Go, on values of its type: `func (h *Chat) Register(r *mux.Router)`."""
        if owner := receiver_type(definition):
            yield from self.methods.of(definition, owner)
            return
        for name in self._function_names(definition):
            yield from self.uses.of(definition.module, name)

    def _is_whole_plugin(self, definition: Definition) -> bool:
        """Whether a function is a plugin of Fastify that prefixes do not hold for.

        https://github.com/fastify/fastify-plugin
        """
        wrapper = definition.module.call_around(definition.node)
        if wrapper is None or definition.module.language.name != "javascript":
            return False
        return self._is_from(wrapper, ("fastify-plugin",)) and wrapper.name in ("fp", "fastifyPlugin")

    def _function_names(self, definition: Definition) -> list[str]:
        if definition.name == "constructor" or definition.name == "__init__":
            return [definition.owner.name] if definition.owner is not None else []
        names = [definition.name] if definition.name else []
        if definition.owner is not None and definition.owner.kind == "variable" and definition.owner.name:
            names.append(definition.owner.name)
        return names or ["default"]

    def _inline(self, definition: Definition) -> tuple[Rules, SubrouterCall, Call] | None:
        """The group whose function this is: `r.Route("/x", func(r chi.Router) { … })`."""
        module = definition.module
        names = self.rulebook.known.get(module.language.name, frozenset())
        around = [
            call
            for call in module.calls(names)
            if call.span.has(definition.span) and any(span_of(node) == definition.span for node in call.positional)
        ]
        for call in reversed(around):
            if found := self._group(call):
                return (*found, call)
        return None

    def _heads_of_argument(self, module: SourceModule, use: SgNode, parameter: Parameter, depth: int) -> list[Head]:
        span = span_of(use)
        if found := list(self._mount_at(module, span, depth)):
            return found
        call = _call_with_callee(module, use)
        if call is None:
            return []
        index = parameter.index
        if parameter.definition.parameters[:1] in (["self"], ["this"], ["cls"]):
            index -= 1
        if module.language.name == "csharp" and parameter.index == 0 and call.receiver is not None:
            if len(call.positional) < len(parameter.definition.parameters):  # an extension method
                return self.heads_of(module, call.receiver, depth + 1)
        node = call.named.get(parameter.name) if module.language.name == "python" else None
        node = node or (call.positional[index] if 0 <= index < len(call.positional) else None)
        return self.heads_of(module, node, depth + 1) if node is not None else []

    def _file_heads(self, call: Call) -> list[Head]:
        """Django: where the list or the file that a path stands in is included; Channels' tables stand at the root."""
        if call.module.path.endswith("routing.py") or "URLRouter(" in call.module.text:
            return [Head(self._root_of_channels, call.module.path)]
        return self._heads_at(call.module, call.node, 0)

    @cached_property
    def _root_of_channels(self) -> Path:
        """What stands before the tables of Channels: nothing, unless one is put below a path: `path("x/", URLRouter(…))`."""
        for path in self.program.sources:
            if path.endswith(".py") and b"URLRouter(" in self.program.content(path):
                module = self.program.load(path)
                for call in module.calls(PATH_CALLS) if module is not None else ():
                    inner = call.module.call_of(call.argument(1))
                    if inner is not None and inner.name == "URLRouter":
                        return UNKNOWN
        return ROOT

    def _heads_at(self, module: SourceModule, node: SgNode, depth: int) -> list[Head]:
        """What is put before a path of Django by those that include the list that it stands in, else by those that include
        its file."""
        around = node.ancestors()[:MOST_AROUND]
        listing = next((outer for outer in around if outer.kind() in ("list", "tuple")), None)
        if any(outer.kind() == "call" and _is_by_language(outer) for outer in around):
            return [NOWHERE]
        place = _place_of_list(module, listing) if listing is not None else ""
        if place in self._includes:
            return self._join_includes(place, self._includes[place], depth) or [NOWHERE]
        return self._heads_of_includes(module, depth)

    def _heads_of_urls_in(self, module: SourceModule, node: SgNode, depth: int) -> list[Head]:
        """What Django puts before the paths that a router of REST framework, or an interface of Ninja, lists:
        `path("api/", include(router.urls))`, `urlpatterns = router.urls`.

        https://www.django-rest-framework.org/api-guide/routers/#using-include-with-routers
        """
        for outer in node.ancestors()[:MOST_AROUND_URLS]:
            if outer.kind() == "list":
                return self._heads_at(module, node, depth)
            if outer.kind() in ("assignment", "augmented_assignment", "call"):
                called = outer.field("left") or outer.field("function")
                if called is not None and called.text() in _URL_LISTS:
                    return self._heads_of_includes(module, depth)
            call = module.call_of(outer) if outer.kind() == "call" else None
            if call is not None and call.name in PATH_CALLS:
                prefix = self._django_prefix(call)
                return [head.extend(prefix) for head in self._heads_at(module, outer, depth)]
        return []

    def _heads_of_registry(self, module: SourceModule, node: SgNode, depth: int) -> list[Head]:
        """`router.registry.extend(other.registry)`: where the first of the two routers answers."""
        call = module.call_around(node)
        extended = call.receiver if call is not None and call.name == "extend" else None
        member = module.member(extended) if extended is not None and not span_of(extended).has(span_of(node)) else None
        return self.heads_of(module, member[0], depth + 1) if member is not None and member[1] == "registry" else []

    def _django_prefix(self, call: Call) -> Path:
        """The path that a call of Django's `path` or `re_path` begins with."""
        return path_of(self.resolver.text(call.module, call.argument(0)), "angles" if call.name == "path" else "regex")

    def _join_includes(self, included: str, includes: Iterable[tuple[Call, Path]], depth: int) -> list[Head]:
        """What is put before the paths of a file or a list of Django's; unknown where includes go round in circles, and where
        there are too many, one in another."""
        if depth > DEEPEST:
            return [NOWHERE]
        if included not in self._heads_of_urls:
            self._heads_of_urls[included] = [NOWHERE]
            self._heads_of_urls[included] = _bound_heads(
                head.extend(prefix)
                for call, prefix in includes
                for head in self._heads_at(call.module, call.node, depth + 1)
            )
        return self._heads_of_urls[included]

    def _heads_of_includes(self, module: SourceModule, depth: int) -> list[Head]:
        """What is put before the paths of a Django module by those that include it."""
        alone = [Head(ROOT, module.path)] if self._is_root(_import_name(module)) else [NOWHERE]
        return self._join_includes(module.path, self._includes_of(module), depth) or alone

    def _includes_of(self, module: SourceModule) -> Iterator[tuple[Call, Path]]:
        """The calls that include a Django module's paths, each with the path that it puts before them."""
        words = _import_name(module).split(".")
        for name in (module.path, *(".".join(words[start:]) for start in range(len(words)))):
            yield from ((call, prefix) for call, prefix in self._includes.get(name, ()) if call.module is not module)

    @cached_property
    def _includes(self) -> dict[str, list[tuple[Call, Path]]]:
        """The calls that include paths of Django: by the dotted name of a module as they write it, by its file, or by the
        place of a list."""
        found: dict[str, list[tuple[Call, Path]]] = {}
        for path in self.program.sources:
            if not path.endswith(("urls.py", "routing.py", "asgi.py", "router.py")):
                continue
            module = self.program.load(path) if b"include" in self.program.content(path) else None
            for call in module.calls(PATH_CALLS) if module is not None else ():
                for name in self._included_names(call):
                    found.setdefault(name, []).append((call, self._django_prefix(call)))
        return found

    def _included_names(self, call: Call) -> list[str]:
        """What a call of Django's `path` includes: a module's dotted name or file, or the places of lists."""
        included = call.module.call_of(call.argument(1))
        if included is None or included.name != "include" or not included.positional:
            return []
        target = included.positional[0]
        if target.kind() == "tuple" and target.named_children():
            target = target.named_children()[0]
        lists = list(_lists_in(target))
        text = self.resolver.text(call.module, target) if not lists else None
        if text is None:
            meaning = self.resolver.meaning(call.module, target)
            if isinstance(meaning, ResolvedExpression):
                return [_place_of_list(meaning.module, node) for node in lists or _lists_in(meaning.node)]
            return [meaning.path] if isinstance(meaning, SourceModule) else []
        return [text]

    def _is_root(self, dotted: str) -> bool:
        return any(dotted == name or dotted.endswith(f".{name}") for name in self._root_urls)

    @cached_property
    def _root_urls(self) -> frozenset[str]:
        """What settings call ROOT_URLCONF."""
        found = set()
        for path in self.program.sources:
            if path.endswith(".py") and "settings" in path:
                found |= set(re.findall(rb"ROOT_URLCONF\s*=\s*[\"']([\w.]+)[\"']", self.program.content(path)))
        return frozenset(name.decode() for name in found)


def _is_by_language(node: SgNode) -> bool:
    """Whether a call puts the language before paths, or not, as settings say.

    https://docs.djangoproject.com/en/stable/topics/i18n/translation/#language-prefix-in-url-patterns
    """
    called = node.field("function")
    return called is not None and called.text().endswith("i18n_patterns")


def _lists_in(node: SgNode) -> Iterator[SgNode]:
    """The lists that an expression joins: `[…] + ([…] if DEBUG else [])`."""
    pending = [node]
    while pending:
        found = pending.pop()
        if found.kind() in ("list", "tuple"):
            yield found
        elif found.kind() in ("binary_operator", "parenthesized_expression", "conditional_expression"):
            pending += found.named_children()


def _place_of_list(module: SourceModule, node: SgNode) -> str:
    return f"{module.path}:{span_of(node).start}"


def _import_name(module: SourceModule) -> str:
    """What Python calls a module, by its file."""
    return re.sub(r"(?:/__init__)?\.py$", "", module.path).replace("/", ".")


def is_of_client(place: Definition | None, clients: frozenset[str]) -> bool:
    """Whether a method is one of those by which a program asks another server. clients: what their classes are marked with."""
    if place is None or not clients:
        return False
    marks = place.module.marks(clients)
    return any(outer in marks for outer in place.around())


def _is_in_branch(assignment: Assignment, function: Definition) -> bool:
    """Whether a variable is set only if a condition holds, or does not."""
    for outer in assignment.name.ancestors():
        if outer.kind() in CONDITIONS:
            return True
        if span_of(outer) == function.span:
            break
    return False


def is_true(node: SgNode | None) -> bool:
    return node is not None and node.text() in ("True", "true")


def _is_path(text: str | None) -> bool:
    return text is not None and text.startswith(("/", "*"))


def _chain(call: Call) -> Iterator[Call]:
    """A call and those that it is chained to: `Route::middleware(…)->prefix(…)->group(…)`, the last first."""
    link: Call | None = call
    while link is not None:
        yield link
        link = call.module.call_of(link.receiver) if link.receiver is not None else None


def link_before(call: Call, names: Collection[str]) -> Call | None:
    """The nearest of the calls that a call is chained to that has one of some names: `Path` in `r.Path("/x").HandlerFunc(h)`."""
    return next((link for link in islice(_chain(call), 1, DEEPEST) if link.name in names), None)


def _splats(call: Call) -> list[SgNode]:
    """The arguments that are handed on together: `**options`."""
    return [node for node in call.positional if node.kind() == "dictionary_splat"]


def _mentions(module: SourceModule, sources: Iterable[str]) -> bool:
    return any(source in module.text for source in sources)


def _last_name(node: SgNode | None) -> str:
    if node is None:
        return ""
    found = re.findall(r"[\w$]+", node.text()[-200:])
    return found[-1] if found else ""


def _first_name(call: Call) -> str:
    """What a chain of calls of PHP begins with: `route` of `Route::prefix('x')->get('/y')`."""
    if call.node.kind() != "member_call_expression":
        return ""
    *_, first = islice(_chain(call), DEEPEST)
    return _last_name(first.receiver).lower()


def _keys_in(keys: Keys | None) -> tuple[Key, ...]:
    return keys if isinstance(keys, tuple) else () if keys is None else (keys,)


def names_in(keys: Keys | None) -> list[str]:
    return [key for key in _keys_in(keys) if isinstance(key, str)]


def argument_of(call: Call, keys: Keys | None) -> SgNode | None:
    return next((node for wanted in _keys_in(keys) if (node := call.argument(wanted)) is not None), None)


def _chosen(call: Call, key: Keys, before: Keys | None) -> list[SgNode]:
    """The arguments that a key means; `rest`: all but the one of the path or prefix, where that is the first."""
    if key == "rest":
        taken = _keys_in(before)
        first = 1 if 0 in taken and call.positional and _is_text(call.module, call.positional[0]) else 0
        keywords = [
            node for name, node in call.named.items() if name not in taken and call.module.language.name == "python"
        ]
        return [*call.positional[first:], *keywords]
    if key == "last":
        return call.positional[-1:]
    node = argument_of(call, key)
    return [node] if node is not None else []


def _is_text(module: SourceModule, node: SgNode) -> bool:
    """Whether an argument is a path: a text, or a list of such."""
    plain = unwrap(node)
    if plain is None:
        return False
    if plain.kind() in ("array", "list"):
        return all(_is_text(module, child) for child in plain.named_children())
    return plain.kind() in module.language.strings or plain.kind() in (
        "binary_expression",
        "binary_operator",
        "regex",
        "template_string",
    )


_PATH_NAME = lazy(r"path|prefix|base|root|mount|url|version|env\b", re.IGNORECASE)


def _names_path(node: SgNode) -> bool:
    """Whether a name, which stands where a path or a function may stand, speaks of a path: `config.apiPrefix`."""
    return node.kind() in ("identifier", "member_expression") and _PATH_NAME.search(node.text()) is not None


def _is_inner_function(child: SgNode, span: SourceSpan) -> bool:
    """Whether a place lies within a function that is an argument, and is not that function itself."""
    kind = child.kind()
    return ("function" in kind or kind in ("lambda", "func_literal")) and span_of(child) != span


def _first_item(node: SgNode) -> SgNode:
    """The first of a list of paths, the path of an object."""
    return next(iter(node.named_children()), node) if node.kind() in LISTS else node


def named_by_action(text: str | None, action: Definition | None) -> str | None:
    """`[controller]` and `[action]` in a path of ASP.NET: the class's name without `Controller`, the method's without `Async`.

    https://learn.microsoft.com/en-us/aspnet/core/mvc/controllers/routing#token-replacement-in-route-templates-controller-action-area
    """
    if not text or "[" not in text or action is None or action.owner is None:
        return text
    controller = action.owner.name.removesuffix("Controller").lower()
    method = (action.name.removesuffix("Async") or action.name).lower()
    return re.sub(r"\[(\w+)\]", r"{\1}", text.replace("[controller]", controller).replace("[action]", method))


def _key(meaning: Meaning) -> object:
    match meaning:
        case Call():
            return ("call", meaning.module.path, meaning.span)
        case Parameter():
            return ("parameter", meaning.definition.module.path, meaning.definition.span, meaning.index)
        case Instance():
            return ("instance", meaning.definition.module.path, meaning.definition.span)
        case Definition():
            return ("definition", meaning.module.path, meaning.span)
        case ResolvedExpression():
            return ("expression", meaning.module.path, span_of(meaning.node))
    return ("module", meaning.path)


def _call_with_callee(module: SourceModule, use: SgNode) -> Call | None:
    """The call of a function that is used: `register(app)`, `routes.register(app)`."""
    node: SgNode | None = use
    for _ in range(3):
        parent = node.parent() if node is not None else None
        if parent is None or node is None:
            return None
        call = module.call_of(parent) if parent.kind() in module.language.calls else None
        if call is not None and span_of(call.callee).has(span_of(node)):
            return call
        if module.member(parent) is None and parent.kind() not in ("parenthesized_expression", "await_expression"):
            return None
        node = parent
    return None


def _decorated_by_call(call: Call) -> SgNode | None:
    """What a decorator is called with, where it stands above nothing: `router.post("/chat")(chat)`."""
    parent = call.node.parent()
    outer = call.module.call_of(parent) if parent is not None and parent.kind() in call.module.language.calls else None
    return outer.argument(0) if outer is not None and span_of(outer.callee) == call.span else None


_METHOD = lazy(r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(?:[\w.-]+(?=/))?")


def without_method(text: str) -> str:
    """A path of Go's ServeMux without the method and host before it."""
    return _METHOD.sub("", text)


VERBS = frozenset("get post put patch delete head options".split())
_LAST_WORD = lazy(r"\w+(?![\w.:])")


def methods_in(node: SgNode) -> tuple[str, ...]:
    """The methods that an expression lists: `["get", "post"]`, `{RequestMethod.GET}`; none, which means any, where one of
    its words is no method."""
    words = _LAST_WORD.findall(node.text().upper())
    found = [word.removeprefix("METHOD").removeprefix("_") for word in words]
    return tuple(found) if all(word.lower() in VERBS for word in found) else ()


def method_in(text: str) -> str:
    """The method before a path of Go's ServeMux; empty where there is none."""
    found = _METHOD.match(text)
    return found[1] if found else ""
