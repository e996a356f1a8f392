"""From where code streams to routes: the path, methods, headers and pings of each, and what could not be joined."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from infralint.model import STREAM_KINDS, Location, StreamKind, Unfollowed
from infralint.sources.application.calls import (
    VERBS,
    calls_after,
    is_true,
    link_before,
    method_in,
    methods_in,
    path_argument,
    predicate_of,
    without_method,
)
from infralint.sources.application.class_prefixes import named_by_action
from infralint.sources.application.clients import client_calls
from infralint.sources.application.facts import ClientCall, Extent, Route
from infralint.sources.application.heartbeats import heartbeat_in
from infralint.sources.application.languages import LISTS
from infralint.sources.application.loops import items_of_name
from infralint.sources.application.manifests import STARTERS, Package
from infralint.sources.application.paths import ANYWHERE, ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.registrations import Registration
from infralint.sources.application.responses import shorten
from infralint.sources.application.rulebook import Mark, RouteShape, Rules, SocketShape
from infralint.sources.application.sockets import dispatched_paths, is_websocket_only, socket_heartbeat, socket_paths
from infralint.sources.application.streaming import ModuleStreams, Reached, Sighting
from infralint.sources.application.syntax import Call, Definition, SourceModule, SourceSpan, span_of
from infralint.sources.application.viewsets import Action
from infralint.text.stream_names import names_files

if TYPE_CHECKING:
    from ast_grep_py import SgNode

MOST_ROUTES = 5_000
"""Routes of a project that are made: paths of handlers times prefixes of their routers. A large one has hundreds."""


class Unjoined(NamedTuple):
    """What streams, or may, and was not led to a route: why, and the kinds of streams that it may be."""

    reason: Unfollowed
    kinds: frozenset[StreamKind] = STREAM_KINDS


class Found(NamedTuple):
    """A route and the file at whose application it begins.

    sighting: where it streams. registration: what registers it, where a call does. files: those that its answer
    comes from.
    """

    route: Route
    home: str
    sighting: Sighting | None = None
    registration: Registration | None = None
    files: tuple[str, ...] = ()


class Notes(msgspec.Struct):
    """What a file says of streams, before it is followed."""

    module: SourceModule
    marks: list[tuple[Rules, Mark, SgNode]]
    sockets: list[tuple[Rules, SocketShape, Call]]
    passes: list[Call]
    bodies: list[Call]
    routes: list[tuple[Registration, RouteShape]]
    sightings: list[Sighting]
    clients: list[ClientCall]

    def __bool__(self) -> bool:
        return any((self.marks, self.sockets, self.passes, self.bodies, self.routes, self.sightings, self.clients))


class Routes(msgspec.Struct):
    """Makes routes. unjoined: by file, what streams there and was not led to a route."""

    streaming: ModuleStreams
    shown: Callable[[str], str]
    package_of: Callable[[str], Package]
    unjoined: dict[str, list[Unjoined]] = {}
    _made: int = 0
    _held_by: dict[tuple[str, str, SourceSpan], tuple[list[int], list[tuple[int, Registration]]]] = {}

    def notes(self, path: str) -> Notes | None:
        """What a file says; a file that says nothing is forgotten, so that few stay in memory."""
        module = self.streaming.program.load(path)
        if module is None:
            return None
        notes = Notes(
            module,
            list(self.streaming.marks(module)),
            list(self.streaming.sockets(module, self._is_meant)),
            list(self.streaming.passed_on(module)),
            list(self.streaming.bodies_passed_on(module)),
            list(self.streaming.streaming_routes(module)),
            list(self.streaming.sightings(module)),
            list(client_calls(self.streaming.resolver, module, self.shown)),
        )
        if not notes:
            self.streaming.joiner.forget(path)
        return notes if notes else None

    def find_all(self, notes: list[Notes]) -> list[Found]:
        """The routes of all files, each once, with the methods of all: the one whose content type is known."""
        kept: dict[tuple[str, str, str], Found] = {}
        routes = [*self._sockets(notes), *(found for note in notes for found in self._of_file(note))]
        for found in sorted(routes, key=lambda found: found.sighting is not None and found.sighting.declared):
            key = (found.route.kind, found.route.path, found.home)
            other = kept.get(key)
            methods = found.route.methods if other is None else _join_methods(other.route.methods, found.route.methods)
            if other is None or (other.route.content_type is None and found.route.content_type is not None):
                other = found
            is_whole = methods == other.route.methods
            kept[key] = other if is_whole else other._replace(route=replace(other.route, methods=methods))
        streaming = {(found.route.path, found.home) for found in kept.values() if found.route.kind == "sse"}
        for note in notes:
            answers: dict[Definition | None, bool] = {}
            for call in note.bodies:
                function = note.module.definition_at(call.span)
                if function not in answers:
                    answers[function] = self._is_followed(note, call, streaming)
                if not answers[function]:
                    self._note(note.module, call.span.line, _pass_on(call), "sse")
        return list(kept.values())

    def _is_followed(self, notes: Notes, call: Call, streaming: set[tuple[str, str]]) -> bool:
        """Whether all that is known of what may stream at a place is known without it: it is part of what streams, or the
        answer of routes that stream anyway. streaming: their paths, and where each begins."""
        if any(call.span.has(sighting.span) for sighting in notes.sightings):
            return True
        sighting = Sighting(notes.module, call.span, "sse", "")
        routes = [found for way in self.streaming.reached_routes(sighting) for found in self._reached_routes(way)]
        return bool(routes) and all((found.route.path, found.home) in streaming for found in routes)

    def _of_file(self, notes: Notes) -> Iterator[Found]:
        module = notes.module
        for rules, mark, node in notes.marks:
            yield self._mark_found(module, rules, mark, node)
        for call in notes.passes:
            self._note(module, call.span.line, _pass_on(call))
        for registration, shape in notes.routes:
            yield from self._registered_routes(registration, self._declared_sighting(registration, shape))
        for sighting in notes.sightings:
            if sighting.vague:
                why = f"{sighting.says}; whether that streams or sends a file was not found"
                self._note(module, sighting.span.line, why, sighting.kind)
                continue
            reached = self.streaming.reached_routes(sighting)
            for way in reached:
                yield from self._reached_routes(way)
            if not reached and not sighting.declared:
                why = f"{sighting.says}; the route that this answers was not found"
                self._note(module, sighting.span.line, why, sighting.kind)
        if module.path in self.streaming.beyond:
            self._note(module, 0, "streams in more places, or leads to more, than are followed")

    def _note(self, module: SourceModule, line: int, why: str, *kinds: StreamKind) -> None:
        """Notes what was not led to a route. kinds: of what it may be; both where none is said."""
        reason = Unfollowed(Location(self.shown(module.path), line), why)
        self.unjoined.setdefault(module.path, []).append(Unjoined(reason, frozenset(kinds) or STREAM_KINDS))

    def _mark_found(self, module: SourceModule, rules: Rules, mark: Mark, node: SgNode) -> Found:
        library = self.streaming.library_of(mark.library, module.path)
        sighting = Sighting(
            module,
            span_of(node),
            mark.kind,
            mark.says,
            library.content_type if library else None,
            heartbeat=library.heartbeat if library else None,
            library=mark.library,
        )
        folder = self.package_of(module.path).folder
        path = self._marked_path(mark, folder, module.path.rpartition(".")[2])
        path = self._base_of_mark(mark, folder).join(path) if mark.bases else path
        return self._make_found(sighting, path, (), rules.framework, f"{folder}/")

    def _marked_path(self, mark: Mark, folder: str, ending: str) -> Path:
        """The path of what a mark stands for: as code of the same language in its package says it, if it does."""
        program = self.streaming.joiner.program
        if mark.library == "action-cable" and (mounted := self.streaming.cable_path(f"{folder}/" if folder else "")):
            return path_of(mounted, "colons")
        for path in program.sources if mark.written else ():
            if path.endswith(f".{ending}") and self.package_of(path).folder == folder:
                text = program.content(path).decode("utf-8", "replace")
                for pattern in mark.written:
                    if found := re.search(pattern, text, re.MULTILINE):
                        return Path(found[1])
        return Path(mark.path)

    def _base_of_mark(self, mark: Mark, folder: str) -> Path:
        """What a setting, a command or the environment puts before the path of a mark; unknown where several do, or what runs
        it elsewhere."""
        program = self.streaming.joiner.program
        settings = posixpath.join(folder, mark.settings) if mark.settings else ""
        near = [path for path in program.files.find_named(*STARTERS) if self.package_of(path).folder == folder]
        near += [settings] if settings and program.files.is_there(settings) else []
        words = "|".join(map(re.escape, mark.bases))
        given = re.compile(
            rf"^[^#\n]*?(?:{words})[\"']?(?:,\s*|\n\s*-\s+|[ \t]*[=:][ \t]*|[ \t]+|\s+(?=/))[\"']?(?!-)([^\"'\s,\]#=:]+)",
            re.MULTILINE,
        )
        texts = {path: program.content(path).decode("utf-8", "replace").replace("\\\n", " ") for path in near}
        found = {text for content in texts.values() for text in given.findall(content)}
        services = program.files.find_named("compose*.y*ml", "docker-compose*.y*ml")
        if any(given.search(program.content(path).decode("utf-8", "replace")) for path in services):
            return UNKNOWN
        text = next(iter(found), "").strip("/")
        return UNKNOWN if len(found) > 1 or "$" in text else Path(f"/{text}") if text else ROOT

    def _sockets(self, notes: list[Notes]) -> Iterator[Found]:
        """Servers with a path of their own; a server within a wrapper answers where that does."""
        sockets = [found for note in notes for found in note.sockets]
        resolver = self.streaming.resolver
        wrapped: dict[tuple[str, SourceSpan], Call] = {}
        for _, shape, call in sockets:
            inner = call.receiver if shape.wraps == "receiver" else call.argument(shape.wraps)
            server = resolver.meaning(call.module, inner) if inner is not None else None
            if isinstance(server, Call):
                wrapped[call.module.path, call.span] = server
        shapes = {(call.module.path, call.span): shape for _, shape, call in sockets}
        inside = {(server.module.path, span) for server in wrapped.values() for span in _spans_of_the_same_name(server)}
        for rules, shape, call in sockets:
            if (call.module.path, call.span) not in inside:
                server = wrapped.get((call.module.path, call.span), call)
                yield from self._socket(
                    rules, shape, call, shapes.get((server.module.path, server.span), shape), server
                )

    def _declared_sighting(self, registration: Registration, shape: RouteShape) -> Sighting:
        call = registration.call
        brought = (shape.then[link.name] for link in calls_after(call) if link.name in shape.then) if shape.then else ()
        named = next(iter(brought), shape.library)
        library = self.streaming.library_of(named, call.module.path)
        says = "accepts a WebSocket" if shape.kind == "websocket" else "streams events"
        name = registration.decorated.name if registration.decorated is not None else ""
        return Sighting(
            call.module,
            call.span,
            shape.kind or "sse",
            f"{says} in {name}()" if name else says,
            library.content_type if library else None,
            dict(library.headers) if library else {},
            (library.heartbeat if library else None) or self._pings_of(registration),
            named,
        )

    def _pings_of(self, registration: Registration) -> float | None:
        """Seconds between the pings that the handler of a route sends by itself."""
        module, decorated = registration.call.module, registration.decorated
        return heartbeat_in(self.streaming.resolver, module, decorated) if decorated is not None else None

    def _reached_routes(self, way: Reached) -> Iterator[Found]:
        if self._made > MOST_ROUTES and way.registration is not None:
            self.streaming.beyond.add(way.sighting.module.path)
            return
        sighting = self.streaming.complete(way)
        files = tuple(dict.fromkeys(module.path for module, _ in way.passed))
        if way.registration is not None:
            yield from self._registered_routes(way.registration, sighting, way.at, files, way.action)
        elif way.file is not None:
            file = way.file
            found = self._make_found(sighting, file.path, file.methods, file.rules.framework, file.home)
            yield found._replace(files=(*found.files, *files))

    def _registered_routes(
        self,
        registration: Registration,
        sighting: Sighting,
        at: SourceSpan | None = None,
        files: tuple[str, ...] = (),
        action: Action | None = None,
    ) -> Iterator[Found]:
        joiner = self.streaming.joiner
        rules, shape, call = registration.rules, registration.shape, registration.call
        methods = action.methods if action is not None else self._methods(call, shape)
        place = (call.module, at) if at is not None else (sighting.module, sighting.span)
        paths = self._paths(registration, *place)
        if action is not None:
            below = self.streaming.viewsets.paths_of(action, call)
            paths = [path.join(inner) for path in paths for inner in below]
        for tail in paths:
            heads = joiner.heads(registration, tail)
            self._made += len(heads)
            if self._made > MOST_ROUTES:
                self.streaming.beyond.add(sighting.module.path)
                return
            if call.module.path in joiner.cut and not all(head.path.whole for head in heads):
                self.streaming.beyond.add(sighting.module.path)
            for head in heads:
                if sighting.content_type in (None, "\0") and sighting.kind == "sse" and names_files(tail.text):
                    continue
                path = _tidy(head.path.join(tail), rules.strict)
                found = self._make_found(sighting, path, methods, rules.framework, head.home or call.module.path)
                yield found._replace(registration=registration, files=(*found.files, call.module.path, *files))

    def _paths(self, registration: Registration, module: SourceModule, at: SourceSpan) -> list[Path]:
        shape, call = registration.shape, registration.call
        if shape.dispatched:
            return dispatched_paths(registration, module, at)
        if shape.path is None:
            nearest = link_before(call, shape.chained)
            return [ANYWHERE if nearest is not None and nearest.name in shape.below else ROOT]
        node = path_argument(call, shape)
        if node is None:
            return [path_of(shape.default, "plain") if shape.default else ROOT]
        if span_of(node) in registration.handlers and self.streaming.joiner.matcher.is_of_group(call):
            return [ROOT]
        style = shape.style or registration.rules.style
        items = node.named_children() if node.kind() in LISTS else items_of_name(node) or [node]
        if shape.several and node in call.positional:
            items = call.positional[call.positional.index(node) :]
        written = (named_by_action(self._written_path(call, item), registration.decorated) for item in items)
        if registration.rules.absolute:
            written = (text and text.removeprefix("~") for text in written)
        found = [path_of(text, style) for text in written]
        return [path.join(self._suffix(call, shape)) for path in found] if shape.suffix else found

    def _suffix(self, call: Call, shape: RouteShape) -> Path:
        """What clients append: `/websocket`, or the `path` that `websocket: [path: "/ws"]` gives instead."""
        options = call.named.get("websocket")
        for pair in options.find_all(kind="pair") if options is not None else ():
            found = call.module.pair(pair)
            if found is not None and found[0] == "path":
                return path_of(self.streaming.resolver.text(call.module, found[1]), "colons")
        return Path(shape.suffix)

    def _written_path(self, call: Call, node: object) -> str | None:
        text = self.streaming.resolver.text(call.module, node)  # type: ignore[arg-type]
        return without_method(text) if text is not None else None

    def _methods(self, call: Call, shape: RouteShape) -> tuple[str, ...]:
        if shape.path == 0 and (method := method_in(self.streaming.resolver.text(call.module, call.argument(0)) or "")):
            return (method,)
        if shape.methods == "name":
            predicate = predicate_of(call, shape)
            verb = (predicate or call).name.lower().removesuffix("mapping").removeprefix("http").removeprefix("map")
            return (verb.upper(),) if verb in VERBS else ()
        if isinstance(shape.methods, tuple):
            return shape.methods
        node = call.argument(shape.methods) if shape.methods else None
        return methods_in(node) if node is not None else ()

    def _make_found(self, sighting: Sighting, path: Path, methods: tuple[str, ...], framework: str, home: str) -> Found:
        library = self.streaming.library_of(sighting.library, sighting.module.path)
        where = Location(self.shown(sighting.module.path), sighting.span.line)
        known: Extent = "whole" if path.whole else "tail"
        content_type = sighting.content_type if sighting.content_type != "\0" else None
        route = Route(
            sighting.kind,
            path.shown,
            known,
            methods if sighting.kind == "sse" else (),
            where,
            framework,
            f"{where} {sighting.says}",
            content_type,
            dict(sighting.headers),
            sighting.heartbeat,
            library.session if library else "",
            stateless=sighting.stateless,
        )
        return Found(route, home, sighting, files=(sighting.module.path,))

    def _is_meant(self, module: SourceModule, shape: SocketShape) -> bool:
        needs = self.package_of(module.path).needs
        return (not shape.needs or shape.needs in needs) and (not shape.lacks or shape.lacks not in needs)

    def _socket(
        self, rules: Rules, shape: SocketShape, call: Call, options: SocketShape, server: Call
    ) -> Iterator[Found]:
        library = self.streaming.library_of(shape.library, call.module.path)
        where = Location(self.shown(call.module.path), call.span.line)
        put = self._registrations_of(call) if shape.put else []
        for registration in put:
            says, type_ = f"starts {shorten(call)}", library.content_type if library else None
            sighting = Sighting(call.module, call.span, shape.kind, says, type_, library=shape.library)
            yield from self._registered_routes(registration, sighting)
        for path, home in () if put else socket_paths(self.streaming.joiner, rules, shape, call, server):
            route = Route(
                shape.kind,
                path.shown,
                "whole" if path.whole else "tail",
                (),
                where,
                rules.framework,
                f"{where} starts {shorten(call)}",
                library.content_type if library else None,
                dict(library.headers) if library else {},
                socket_heartbeat(self.streaming.resolver, options, server),
                library.session if library else "",
                websocket_only=is_websocket_only(options, server),
                stateless=any(is_true(given.argument(shape.stateless or None)) for given in (call, server)),
            )
            yield Found(route, home)

    def _registrations_of(self, call: Call) -> list[Registration]:
        """The routes whose handler a server is: right there, or through the variable that it is put into."""
        joiner, module = self.streaming.joiner, call.module
        holder, function = module.assignment_of(call.span), module.function_at(call.span)
        if holder is None:
            return joiner.registrations.all_at(module, call.span)
        if function is None:
            return []
        key = (module.path, holder.target, function.span)
        if key not in self._held_by:
            spans = [span_of(use) for _, use in joiner.uses.within(module, holder.target, function)]
            assigned = [other.span.start for other in module.assignments_of(holder.target, call.span)]
            made = ((span.start, found) for span in spans for found in joiner.registrations.all_at(module, span))
            self._held_by[key] = sorted(assigned), sorted(made, key=itemgetter(0))
        assigned, registrations = self._held_by[key]
        if len(assigned) < 2:
            return [registration for _, registration in registrations]
        following = bisect_right(assigned, holder.span.start)  # what is set anew there is another server
        end = assigned[following] if following < len(assigned) else function.span.end
        first, last = (bisect_left(registrations, at, key=itemgetter(0)) for at in (holder.span.end, end))
        return [registration for _, registration in registrations[first:last]]


def _join_methods(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The methods of two routes at one path; none, which means any, where one of them answers any."""
    return tuple(dict.fromkeys((*some, *others))) if some and others else ()


def _tidy(path: Path, strict: bool) -> Path:
    """A joined path; where frameworks do not tell `/api` and `/api/` apart, without the slash at its end."""
    if not strict and len(path.text) > 1 and path.text.endswith("/"):
        return Path(path.text.rstrip("/"), path.whole)
    return path


def _pass_on(call: Call) -> str:
    return f"hands on what another server answers ({shorten(call)}), which may stream"


def _spans_of_the_same_name(call: Call) -> set[SourceSpan]:
    """Where a call stands, and whatever else its variable may stand for: one server, made in another way under a condition."""
    assignments = call.module.assignments
    names = {assignment.target for assignment in assignments if assignment.value_span == call.span}
    return {call.span, *(assignment.value_span for assignment in assignments if assignment.target in names)}
