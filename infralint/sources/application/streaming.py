"""Where code streams, and which routes that reaches: from a response that streams backwards to the path it answers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from infralint.model import StreamKind
from infralint.platforms.libraries import Library
from infralint.sources.application.beego_handlers import BeegoHandlers
from infralint.sources.application.bodies import is_piped, is_repeated, is_stream
from infralint.sources.application.calls import argument_of, is_of_client, is_true
from infralint.sources.application.file_routes import FileRoute, file_route, find_place
from infralint.sources.application.heartbeats import heartbeat_in
from infralint.sources.application.imports import ImportedName, is_within
from infralint.sources.application.joining import Joiner
from infralint.sources.application.named_handlers import NamedHandlers
from infralint.sources.application.paths import path_of
from infralint.sources.application.phoenix_routes import PhoenixRoutes
from infralint.sources.application.program import BY_CLASS
from infralint.sources.application.rails_routes import RailsRoutes
from infralint.sources.application.registrations import Registration
from infralint.sources.application.resolving import receiver_type
from infralint.sources.application.responses import (
    HEADERS,
    event_stream_places,
    headers_in,
    heeded_value,
    is_file,
    is_read_at_once,
    sends_file,
    shorten,
    speaks_of_files,
)
from infralint.sources.application.rulebook import (
    FileShape,
    Key,
    Mark,
    RouteShape,
    Rules,
    SocketShape,
    StreamShape,
)
from infralint.sources.application.syntax import Call, Definition, SourceModule, SourceSpan, name_node, span_of, unwrap
from infralint.sources.application.viewsets import Action, Viewsets
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_WORD = lazy(r"\w+")
DEEPEST = 6
"""Calls of functions that are followed from a response to its route."""
WEAK_DEPTH = 2
"""The same, where only the way of writing says that it streams."""
MOST_SIGHTINGS = 300
"""Places in one file at which it streams."""
MOST_STEPS = 1_000
"""Uses that are followed from all responses of a project: a large one needs hundreds."""


class Sighting(msgspec.Struct, frozen=True, eq=False):
    """Where code streams. says: what it does there, as a sentence without its subject. weak: by how it writes alone.
    declared: by what a handler is declared to return alone. vague: so, and nothing says that this is no file. member: what of
    it handles requests, where not it itself does."""

    module: SourceModule
    span: SourceSpan
    kind: StreamKind
    says: str
    content_type: str | None = None
    headers: Mapping[str, str] = {}
    heartbeat: float | None = None
    library: str = ""
    stateless: bool = False
    weak: bool = False
    declared: bool = False
    vague: bool = False
    member: str = ""


class Reached(msgspec.Struct, frozen=True, eq=False):
    """A route that a sighting reaches: registered by a call, or by where its file lies. passed: the functions between.
    at: the place in the route's handler that leads there. action: where below the route's path it answers, if that differs."""

    sighting: Sighting
    registration: Registration | None
    file: FileRoute | None
    passed: tuple[tuple[SourceModule, Definition], ...]
    at: SourceSpan | None = None
    action: Action | None = None


class ModuleStreams:
    """Looks for streams in a project's modules. library_of: what a library, by its name, does by itself in the version that
    the application of a file runs. beyond: files that stream in more places, or lead to more, than are followed."""

    def __init__(
        self,
        joiner: Joiner,
        file_shapes: Callable[[str], list[tuple[Rules, FileShape]]],
        library_of: Callable[[str, str], Library | None],
    ) -> None:
        self.joiner = joiner
        self.program = joiner.program
        self.resolver = joiner.resolver
        self._file_shapes = file_shapes
        self.library_of = library_of
        self._steps = 0
        self._uses_of: dict[Definition, list[tuple[SourceModule, SgNode]]] = {}
        self._rails = RailsRoutes(joiner.program)
        self.viewsets = Viewsets(joiner.resolver)
        self._phoenix = PhoenixRoutes(joiner.program, joiner.resolver)
        self._handlers = NamedHandlers(joiner.program)
        self._beego = BeegoHandlers(joiner.program)
        self.beyond: set[str] = set()

    def sightings(self, module: SourceModule) -> Iterator[Sighting]:
        """Where a file streams."""
        seen: list[Sighting] = []
        for rules in self.joiner.rulebook.of(module):
            seen += self._by_rules(module, rules)
        clients = frozenset(name for rules in self.joiner.rulebook.of(module) for name in rules.clients)
        for node, content_type in event_stream_places(self.resolver, module):
            span = span_of(node)
            if is_of_client(module.definition_at(span), clients):
                continue
            if len(seen) >= MOST_SIGHTINGS:
                self.beyond.add(module.path)
                break
            if not any(other.span.has(span) for other in seen if not other.declared):
                seen.append(Sighting(module, span, "sse", f"answers with {content_type}", content_type))
        yield from self._distinct(seen)

    def _distinct(self, seen: list[Sighting]) -> Iterator[Sighting]:
        spans = set()
        for sighting in seen:
            if (sighting.span, sighting.kind) not in spans:
                spans.add((sighting.span, sighting.kind))
                yield sighting

    def _by_rules(self, module: SourceModule, rules: Rules) -> Iterator[Sighting]:
        names = frozenset(name for shape in rules.streams for name in shape.call)
        for call in module.calls(names) if names else ():
            for shape in rules.streams:
                if self.joiner.matcher.matches(call, shape, rules) and (found := self._sight(call, shape)):
                    yield found
                    break
        yield from self._by_class(module, rules)
        yield from self._by_return_type(module, rules)
        yield from self._written_responses(module, rules)
        for base in rules.bases:
            for definition in module.definitions:
                if definition.kind == "class" and _has_base(definition, base.name):
                    library = self.library_of(base.library, module.path)
                    heartbeat = library.heartbeat if library else None
                    span = SourceSpan(definition.span.start, definition.span.start, definition.span.line)
                    yield Sighting(module, span, base.kind, base.says, heartbeat=heartbeat, library=base.library)

    def _written_responses(self, module: SourceModule, rules: Rules) -> Iterator[Sighting]:
        """Responses that are written piece by piece, or that what was asked to stream is piped into."""
        names = frozenset(name for shape in (*rules.writes, *rules.pipes) for name in shape.call)
        for call in module.calls(names) if names else ():
            if any(self.joiner.matcher.matches(call, shape, rules) for shape in rules.writes):
                if is_repeated(call) and not sends_file(call):
                    yield Sighting(module, call.span, "sse", f"calls {call.full_name}(…) again and again", weak=True)
            elif is_piped(call):
                yield Sighting(module, call.span, "sse", "pipes what it asked to stream into its response", weak=True)

    def _sight(self, call: Call, shape: StreamShape) -> Sighting | None:
        module = call.module
        if shape.option != "" and not self._has_option(call, shape.option, shape.equals):
            return None
        if shape.without and call.argument(shape.without) is not None and not _is_false(call.argument(shape.without)):
            return None
        if shape.repeated and not is_repeated(call):
            return None
        if is_read_at_once(call) or (
            shape.body is not None and not is_stream(self.resolver, call.module, call.argument(shape.body))
        ):
            return None
        content_type = self._content_type(call, shape)
        headers = self._given_headers(call, shape)
        if shape.may_be_file and is_file(call, content_type, headers):
            return None
        library = self.library_of(shape.library, module.path)
        carried = {**(library.headers if library else {}), **headers}
        heartbeat = library.heartbeat if library else None
        if shape.heartbeat is not None and (given := call.argument(shape.heartbeat)) is not None:
            number = self.resolver.number(module, given)
            heartbeat = number * shape.unit if number else None
        return Sighting(
            module,
            call.span,
            shape.kind,
            shape.says or f"returns {shorten(call)}",
            content_type or (library.content_type if library else None) or shape.type,
            {name: value for name, value in carried.items() if name != "content-type"},
            heartbeat,
            shape.library,
            bool(shape.stateless) and self._is_stateless(call, shape.stateless),
            shape.repeated,
            member=shape.member,
        )

    def _is_stateless(self, call: Call, option: str) -> bool:
        node = unwrap(call.argument(option))
        return node is not None and node.text() in ("True", "true", "undefined", "null")

    def _has_option(self, call: Call, option: Key, equals: str) -> bool:
        node = call.argument(option)
        if node is None:
            return False
        text = self.resolver.text(call.module, node) or node.text()
        return not equals or text.strip("\"'").lower() in equals.split("|")

    def _content_type(self, call: Call, shape: StreamShape) -> str | None:
        node = call.argument(shape.content_type) if shape.content_type is not None else None
        if node is not None:
            return self.resolver.text(call.module, node) or "\0"
        headers = self._given_headers(call, shape)
        return headers.get("content-type")

    def _given_headers(self, call: Call, shape: StreamShape) -> dict[str, str]:
        if shape.headers is None:
            return {}
        pairs = self.resolver.pairs(call.module, argument_of(call, shape.headers), HEADERS)
        kept = {key.lower(): given for key, given in pairs.items()}
        found = {key: heeded_value(key, self.resolver.text(home, value)) for key, (home, value) in kept.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _by_class(self, module: SourceModule, rules: Rules) -> Iterator[Sighting]:
        """`response_class=EventSourceResponse`: the class in a route's decorator says that it streams."""
        for registration in self.joiner.registrations.of(module):
            node = registration.call.named.get("response_class")
            if registration.rules is not rules or node is None:
                continue
            name = node.text().rpartition(".")[2]
            shape = next((shape for shape in rules.streams if name in shape.call), None)
            if shape is None or shape.may_be_file or registration.decorated is None:
                continue
            library = self.library_of(self._class_library(module, node, shape), module.path)
            yield Sighting(
                module,
                registration.decorated.span,
                shape.kind,
                f"answers with {name}",
                (library.content_type if library else None) or shape.type,
                dict(library.headers) if library else {},
                library.heartbeat if library else None,
                shape.library,
            )

    def _by_return_type(self, module: SourceModule, rules: Rules) -> Iterator[Sighting]:
        """`SseEmitter events()`: what a route's handler is declared to return says that it streams."""
        types = {name for shape in rules.streams if shape.returned for name in shape.call}
        for registration in self.joiner.registrations.of(module) if types else ():
            definition = registration.decorated
            if registration.rules is not rules or definition is None or not _has_body(definition):
                continue  # an interface's methods are a client's
            found = next(self._returned_shapes(module, rules, _return_type(definition)), None)
            if found is None:
                continue
            name, shape = found
            library = self.library_of(shape.library, module.path)
            if not (shape.may_be_file and _may_send_file(definition, name)):
                vague = shape.may_be_file and not _SPEAKS_OF_STREAMS.search(definition.node.text().replace(name, ""))
                if vague and self._calls_own_function(definition):
                    continue  # what that answers with is found where it does
                yield Sighting(
                    module,
                    definition.span,
                    shape.kind,
                    f"returns {name}",
                    (library.content_type if library else None) or shape.type,
                    dict(library.headers) if library else {},
                    library.heartbeat if library else None,
                    shape.library,
                    declared=True,
                    vague=vague,
                )

    def _calls_own_function(self, definition: Definition) -> bool:
        """Whether a function calls one of its project by its name."""
        called = set(_CALLED.findall(definition.node.text())) - {definition.name}
        return any(isinstance(self.resolver.at_home(definition.module, name), Definition) for name in called)

    def _returned_shapes(self, module: SourceModule, rules: Rules, written: str) -> Iterator[tuple[str, StreamShape]]:
        """What of a declared type streams, with its name: of shapes alike the one whose package the file imports."""
        words = _WORD.findall(written)
        for local, element in zip(words, [*words[1:], ""], strict=False):
            name, imported = module.aliases.get(local, local), self.program.imports(module).get(local)
            shapes = [
                shape
                for shape in rules.streams
                if shape.returned and name in shape.call and (not shape.elements or element in shape.elements)
            ]
            near = (shape for shape in shapes if imported is not None and is_within(imported.specifier, shape.source))
            if shapes:
                yield name, next(near, shapes[-1])

    def _class_library(self, module: SourceModule, node: SgNode, shape: StreamShape) -> str:
        imported = self.program.imports(module).get(node.text().partition(".")[0])
        return "fastapi-sse" if imported is not None and imported.specifier.startswith("fastapi") else shape.library

    def reached_routes(self, sighting: Sighting) -> list[Reached]:
        """The routes that a sighting's response answers."""
        if sighting.member:
            return [
                found
                for module, span in self._member_uses(sighting)
                for found in self._reach(sighting, module, span, (), 0)
            ]
        return list(self._reach(sighting, sighting.module, sighting.span, (), 0))

    def _member_uses(self, sighting: Sighting) -> Iterator[tuple[SourceModule, SourceSpan]]:
        """Where the member is named that handles requests: `sse.init` of `const sse = new SSE()`."""
        module, function = sighting.module, sighting.module.function_at(sighting.span)
        holder = module.assignment_of(sighting.span)
        name = holder.target if holder is not None else "default"
        uses = (
            self.joiner.uses.of(module, name) if function is None else self.joiner.uses.within(module, name, function)
        )
        for other, use in uses:
            parent = use.parent()
            member = other.member(parent) if parent is not None else None
            if parent is not None and member is not None and member[1] == sighting.member:
                yield other, span_of(parent)

    def _reach(
        self,
        sighting: Sighting,
        module: SourceModule,
        span: SourceSpan,
        passed: tuple[tuple[SourceModule, Definition], ...],
        depth: int,
    ) -> Iterator[Reached]:
        self._steps += 1
        if self._steps > MOST_STEPS:
            self.beyond.add(sighting.module.path)
            return
        inner = module.definition_at(span)
        registrations = self.joiner.registrations.all_at(module, span)
        chain = list(inner.around()) if inner is not None else []
        if depth and any(_records_answers(definition) for definition in chain):
            return
        inside = [
            link
            for link in chain
            if not registrations or any(handler.has(link.span) for handler in registrations[0].handlers)
        ]
        classes = {definition for _, definition in passed if definition.kind == "class"}
        passed = (*passed, *((module, link) for link in inside if link.kind != "class" or link not in classes))
        if registrations:
            yield from (Reached(sighting, registration, None, passed, span) for registration in registrations)
            return
        if file := self._file_route(module, chain):
            yield Reached(sighting, None, file, passed if chain else (*passed, (module, module.whole)))
            return
        if module.language.name == "elixir":
            yield from self._phoenix_routes(sighting, module, span)
            return
        if actions := list(self._action_routes(module, chain)):
            yield from (Reached(sighting, None, action, passed) for action in actions)
            return
        if depth >= (WEAK_DEPTH if sighting.weak else DEEPEST) or len({function for _, function in passed}) < len(
            passed
        ):
            return
        yield from self._reach_users(sighting, module, chain, passed, depth, span)

    def _reach_users(
        self,
        sighting: Sighting,
        module: SourceModule,
        chain: list[Definition],
        passed: tuple[tuple[SourceModule, Definition], ...],
        depth: int,
        span: SourceSpan,
    ) -> Iterator[Reached]:
        if passed_names := self._held_in(module, span):
            found = [
                reached
                for other, use in passed_names
                for reached in self._reach(sighting, other, span_of(use), passed, depth + 1)
            ]
            if found:
                yield from found
                return
        for definition in chain:
            found = []
            if definition.kind == "class":
                found = list(self._class_registered(sighting, definition, passed))
            elif definition.name or definition.owner is None:
                uses = self._uses(definition)
                if self.joiner.uses.is_cut(definition.module, definition.name or "default"):
                    self.beyond.add(sighting.module.path)
                for other, use in uses:
                    if other is module and definition.span.has(span_of(use)):
                        continue
                    found += self._reach(sighting, other, span_of(use), passed, depth + 1)
            if found:
                yield from found
                return

    def _held_in(self, module: SourceModule, span: SourceSpan) -> list[tuple[SourceModule, SgNode]]:
        """Uses of the local variable that a handler is put into: `handler := chat.Handler(…)`."""
        function, holder = module.function_at(span), module.assignment_of(span)
        if function is None or holder is None or not function.span.has(holder.span) or holder.value_span == span:
            return []
        name = holder.target.partition(",")[0]
        return self.joiner.uses.within(module, name, function) if re.fullmatch(r"\w+", name) else []

    def _class_registered(
        self, sighting: Sighting, definition: Definition, passed: tuple[tuple[SourceModule, Definition], ...]
    ) -> Iterator[Reached]:
        """Class-based handlers: the class itself is what a route names."""
        methods = [method for _, method in passed if method.owner is definition and method.kind == "function"]
        for other, use in self.joiner.uses.of(definition.module, definition.name):
            for registration in self.joiner.registrations.all_at(other, span_of(use)):
                if registration.shape.viewset:
                    actions = map(self.viewsets.action_of, reversed(methods))
                    action = next((action for action in actions if action is not None), None)
                    if action is not None:
                        yield Reached(sighting, registration, None, passed, action=action)
                elif _names_method(other, use, methods):
                    yield Reached(sighting, registration, None, passed)

    def _uses(self, definition: Definition) -> list[tuple[SourceModule, SgNode]]:
        if definition not in self._uses_of:
            self._uses_of[definition] = list(self._find_uses(definition))
        return self._uses_of[definition]

    def _find_uses(self, definition: Definition) -> Iterator[tuple[SourceModule, SgNode]]:
        module = definition.module
        owner = definition.owner
        receiver = receiver_type(definition)
        if (owner is not None and owner.kind == "class" and definition.kind == "function") or receiver:
            yield from self._method_uses(definition, receiver or (owner.name if owner is not None else ""))
        elif owner is None or owner.kind == "variable":
            yield from self.joiner.uses.of(module, definition.name or "default")
        else:
            around = owner
            while around.owner is not None and around.kind != "function":
                around = around.owner
            for node in module.identifiers(definition.name):
                if around.span.has(span_of(node)) and not _is_name_of(definition, node):
                    yield module, node

    def _method_uses(self, definition: Definition, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a method of a class is named: `controller.stream`, `this.stream`, `[Controller::class, 'stream']`."""
        module = definition.module
        yield from self.joiner.methods.of(definition, owner)
        if module.language.name in ("ruby", *BY_CLASS) and definition.owner is not None:
            yield from ((module, node) for node in _bare_uses(module, definition, definition.owner))
        yield from self._handlers.of(definition, owner)
        yield from self._beego.of(definition, owner)

    def cable_path(self, folder: str) -> str:
        """Where the routes of the Rails application in a folder, named with its slash, mount Action Cable; empty where they
        do not."""
        return next((route.path for route in self._rails.of_cable(folder)), "")

    def _action_routes(self, module: SourceModule, chain: list[Definition]) -> Iterator[FileRoute]:
        """What Rails routes to the action around a place."""
        rules = next((rules for rules in self.joiner.rulebook.of(module) if rules.framework == "Rails"), None)
        action = next((link.name for link in chain if link.kind == "function" and link.name), "")
        if rules is not None and action:
            for route in self._rails.of_action(module.path, action):
                yield FileRoute(rules, path_of(route.path, rules.style), route.methods, route.file)

    def _phoenix_routes(self, sighting: Sighting, module: SourceModule, span: SourceSpan) -> Iterator[Reached]:
        """What Phoenix routes to the function around a place."""
        rules = next((rules for rules in self.joiner.rulebook.of(module) if rules.framework == "Phoenix"), None)
        if rules is None:
            return
        for route in self._phoenix.of_place(module, span):
            self._steps += 1
            if self._steps > MOST_STEPS:
                self.beyond.add(sighting.module.path)
                return
            heeded = {name: value for name, value in route.headers.items() if name != "content-type"}
            file = FileRoute(rules, path_of(route.path, rules.style), route.methods, route.file)
            yield Reached(replace(sighting, headers={**heeded, **sighting.headers}), None, file, ())

    def _file_route(self, module: SourceModule, chain: list[Definition]) -> FileRoute | None:
        for rules, shape in self._file_shapes(module.path):
            if rules.language == module.language.name and (found := find_place(shape, module.path)):
                names = self._exported_names(module, chain)
                if "*" in shape.exports and (names or not chain or rules.language != "javascript"):
                    return file_route(rules, shape, found, names, self.resolver)
                if wanted := [name for name in names if name in shape.exports]:
                    return file_route(rules, shape, found, wanted, self.resolver)
        return None

    def _exported_names(self, module: SourceModule, chain: list[Definition]) -> list[str]:
        """The names under which the definitions around a place are exported."""
        if module.language.name != "javascript":
            return [definition.name for definition in chain if definition.owner is None]
        exports = self.program.exports(module)
        found = []
        for name, target in exports.items():
            for link in chain:
                if (isinstance(target, str) and target == link.name and link.owner is None) or (
                    not isinstance(target, str | ImportedName) and span_of(target).has(link.span)
                ):
                    found.append(name)
        return list(dict.fromkeys(found))

    def complete(self, reached: Reached) -> Sighting:
        """A sighting with what the functions on its way add: headers, a heartbeat."""
        sighting = reached.sighting
        headers = dict(sighting.headers)
        content_type, heartbeat = sighting.content_type, sighting.heartbeat
        for module, definition in reached.passed:
            if definition.kind == "class":
                continue
            found = headers_in(self.resolver, module, definition, sighting.span if module is sighting.module else None)
            given = found.pop("content-type", None)
            content_type = content_type or given
            headers = {**found, **headers}
        functions = [(module, function) for module, function in reached.passed if function.kind == "function"]
        pings = (heartbeat_in(self.resolver, module, function) for module, function in functions)
        heartbeat = heartbeat or next((interval for interval in pings if interval), None)
        return replace(sighting, headers=headers, content_type=content_type, heartbeat=heartbeat)

    def sockets(
        self, module: SourceModule, is_meant: Callable[[SourceModule, SocketShape], bool]
    ) -> Iterator[tuple[Rules, SocketShape, Call]]:
        """Servers that answer at a path of their own. is_meant: whether a shape goes with the packages that are there."""
        for rules in self.joiner.rulebook.of(module):
            names = frozenset(name for shape in rules.sockets for name in shape.call)
            for call in module.calls(names) if names else ():
                for shape in rules.sockets:
                    if (
                        is_meant(module, shape)
                        and self.joiner.matcher.matches(call, shape, rules)
                        and self._is_asked_for(call, shape)
                    ):
                        yield rules, shape, call
                        break

    def _is_asked_for(self, call: Call, shape: SocketShape) -> bool:
        if shape.option != "" and not self._has_option(call, shape.option, shape.equals):
            return False
        return not shape.without or not is_true(call.argument(shape.without))

    def passed_on(self, module: SourceModule) -> Iterator[Call]:
        """Calls that hand requests on to another server: what comes back may stream."""
        for rules in self.joiner.rulebook.of(module):
            names = frozenset(name for shape in rules.passes for name in shape.call)
            for call in module.calls(names) if names else ():
                if any(self.joiner.matcher.matches(call, shape, rules) for shape in rules.passes):
                    yield call

    def bodies_passed_on(self, module: SourceModule) -> Iterator[Call]:
        """`new Response(upstream.body)` whose request may or may not ask for a stream."""
        shapes = [
            shape for rules in self.joiner.rulebook.of(module) for shape in rules.streams if shape.body is not None
        ]
        places = {shape.body: frozenset[str]() for shape in shapes}
        for shape in shapes:
            places[shape.body] |= frozenset(shape.call)
        for place, names in places.items():
            for call in module.calls(names):
                body = unwrap(call.argument(place))
                member = module.member(body) if body is not None else None
                if member is not None and member[1] == "body" and member[0].text() not in ("req", "request"):
                    if not is_stream(self.resolver, module, body):
                        yield call

    def marks(self, module: SourceModule) -> Iterator[tuple[Rules, Mark, SgNode]]:
        """Signs of a stream at a path that is known."""
        for rules in self.joiner.rulebook.of(module):
            for mark in rules.marks:
                for node in module.find(mark.rule)[:1]:
                    yield rules, mark, node

    def streaming_routes(self, module: SourceModule) -> Iterator[tuple[Registration, RouteShape]]:
        """Routes that stream whatever their handlers do."""
        for registration in self.joiner.registrations.of(module):
            if registration.shape.kind is not None:
                yield registration, registration.shape


def _names_method(module: SourceModule, use: SgNode, methods: list[Definition]) -> bool:
    """Whether a view may answer with one of some methods: `ChatViewSet.as_view({"post": "stream"})` names those that do."""
    call = next((call for outer in use.ancestors()[:2] if (call := module.call_of(outer)) is not None), None)
    given = call.argument(0) if call is not None and call.name == "as_view" else None
    if given is None or given.kind() != "dictionary" or not methods:
        return True
    named = set(re.findall(r"\w+", given.text()))
    return any(method.name in named for method in methods)


_SPEAKS_OF_STREAMS = lazy(r"(?i)stream|event|chat|sse|token|complet|llm|proxy|forward|relay|upstream")
_CALLED = lazy(r"(?<![\w.])([A-Za-z_]\w*)\(")
_RECORDER = lazy(r"\bhttptest\.NewRecorder\(|\bgin\.CreateTestContext\(")


def _records_answers(definition: Definition) -> bool:
    """Whether a function of Go hands others a response that it keeps for itself, and no client's.

    https://pkg.go.dev/net/http/httptest#ResponseRecorder
    """
    is_function = definition.kind == "function" and definition.module.language.name == "go"
    return is_function and _RECORDER.search(definition.node.text()) is not None


def _has_base(definition: Definition, base: str) -> bool:
    """Whether a class is declared as a descendant of another, by name."""
    given = definition.node.field("superclasses") or definition.node.field("superclass")
    return given is not None and re.search(rf"\b{re.escape(base)}\b", given.text()) is not None


def _bare_uses(module: SourceModule, definition: Definition, owner: Definition) -> Iterator[SgNode]:
    """Where a method is called on the object that it belongs to, in languages that need not name that."""
    for node in module.identifiers(definition.name):
        if owner.span.has(span_of(node)) and not _is_of_another(module, node) and not _is_name_of(definition, node):
            yield node


def _is_of_another(module: SourceModule, node: SgNode) -> bool:
    """Whether something stands before a name: `client.stream(…)`."""
    parent = node.parent()
    if parent is None:
        return False
    if parent.kind() == "navigation_suffix":
        return True
    member = module.member(parent)
    if member is not None and span_of(member[0]) != span_of(node):
        return True
    receiver = parent.field("receiver") or parent.field("object")
    return receiver is not None and span_of(receiver) != span_of(node)


def _is_name_of(definition: Definition, node: SgNode) -> bool:
    name = name_node(definition.node)
    return name is not None and span_of(name) == span_of(node)


def _has_body(definition: Definition) -> bool:
    kinds = {child.kind() for child in definition.node.named_children()}
    return bool(kinds & {"block", "function_body"})


def _may_send_file(definition: Definition, name: str) -> bool:
    """Whether a function that is declared to return a response makes it itself, which tells better what it is, or speaks of
    files."""
    made = definition.module.calls(frozenset({name}))
    index = bisect_left(made, definition.span.start, key=lambda call: call.span.start)
    makes = index < len(made) and definition.span.has(made[index].span)
    return makes or speaks_of_files(definition.node.text())


def _return_type(definition: Definition) -> str:
    """What a function is declared to return; empty where that is not said."""
    node = definition.node
    written = node.field("type") or node.field("return_type")
    if written is not None:
        return written.text()
    parts = list(node.named_children())
    after = next((place for place, part in enumerate(parts) if part.kind() == "function_value_parameters"), None)
    follows = parts[after + 1] if after is not None and after + 1 < len(parts) else None
    return follows.text() if follows is not None and follows.kind() != "function_body" else ""


def _is_false(node: SgNode | None) -> bool:
    return node is not None and node.text() in ("False", "false")
