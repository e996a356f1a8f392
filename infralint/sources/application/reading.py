"""From files to applications: what is looked at, what it says, and whether that was all of it."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from infralint.model import Location
from infralint.platforms.libraries import LIBRARIES
from infralint.sources.application.clients import CLIENT_NAMES, client_calls
from infralint.sources.application.facts import Application, ClientCall, Extent, Reach, Route, ServerFact
from infralint.sources.application.joining import Joiner, Registration, Rulebook, is_true, method_in, without_method
from infralint.sources.application.manifests import STARTERS, Package, is_aside, nearest, packages
from infralint.sources.application.paths import ROOT, Path, path_of
from infralint.sources.application.program import Program
from infralint.sources.application.responses import shortened
from infralint.sources.application.rulebook import FileShape, RouteShape, Rules, SocketShape, all_rules
from infralint.sources.application.scope import LANGUAGE_NAMES, SHARED_STATE, UNREAD_FRAMEWORKS, UNREAD_LANGUAGES
from infralint.sources.application.servers import ports_of, server_facts
from infralint.sources.application.sockets import dispatched_paths, is_websocket_only, socket_heartbeat, socket_paths
from infralint.sources.application.streaming import Reached, Sighting, Streaming
from infralint.sources.application.syntax import Call, Module, Span, language_of, span_of
from infralint.text.globs import name_matcher

VERBS = frozenset("get post put patch delete head options".split())
_STARTING = re.compile(
    r"^(?:main|server|app|index|run|wsgi|asgi|manage|gunicorn[\w.-]*|__main__|bootstrap|start|cmd)\.\w+$"
)


class _Found(NamedTuple):
    """A route and the file at whose application it begins."""

    route: Route
    home: str


class Reader:
    """Reads the applications of one project."""

    def __init__(self, files: Iterable[str], text: Callable[[str], bytes], shown: Callable[[str], str]) -> None:
        self._files = [path for path in files if not is_aside(path)]
        self._shown = shown
        self._program = Program(self._files, text)
        self._unjoined: dict[str, list[str]] = {}
        self._program.sources = [path for path in self._files if language_of(path) is not None]

    def applications(self) -> list[Application]:
        candidates = self._candidates()
        found = list(self._routes(candidates))
        clients = list(self._clients(candidates))
        made = (self._application(package, found, clients) for package in self._packages.values() if package.files)
        return sorted(made, key=lambda application: application.folder)

    @cached_property
    def _packages(self) -> dict[str, Package]:
        found = packages(self._files, self._program.content)
        for path in self._files:
            if language_of(path) is not None or path.rpartition(".")[2] in UNREAD_LANGUAGES:
                found[nearest(found, posixpath.dirname(path))].files.append(path)
        return found

    def _package_of(self, path: str) -> Package:
        return self._packages[nearest(self._packages, posixpath.dirname(path).strip("/"))]

    @cached_property
    def _rules(self) -> tuple[Rules, ...]:
        languages = {language.name for path in self._program.sources if (language := language_of(path)) is not None}
        return tuple(rules for rules in all_rules() if rules.language in languages)

    def _candidates(self) -> list[str]:
        """The files that hold a streaming word."""
        languages = {rules.language for rules in self._rules}
        filters = {name: _Filter([rules for rules in self._rules if rules.language == name]) for name in languages}
        found = []
        for path in self._program.sources:
            language = language_of(path)
            wanted = filters.get(language.name) if language is not None else None
            if wanted is not None and wanted.admits(self._program.content(path)):
                found.append(path)
        return found

    @cached_property
    def _streaming(self) -> Streaming:
        for language in {rules.language for rules in self._rules}:
            rules = [one for one in self._rules if one.language == language]
            names = {name for one in rules for shape in one.shapes() for name in shape.call}
            self._program.vocabulary[language] = frozenset(
                names | (CLIENT_NAMES if language == "javascript" else set())
            )
        joiner = Joiner(self._program, Rulebook(self._rules))
        return Streaming(joiner, self._file_shapes)

    def _file_shapes(self, path: str) -> list[tuple[Rules, FileShape]]:
        """The shapes of files that are routes in the application that a file belongs to."""
        needs = self._package_of(path).needs
        return [
            (rules, shape) for rules in self._with_files if _needs_any(needs, rules.packages) for shape in rules.files
        ]

    @cached_property
    def _with_files(self) -> list[Rules]:
        return [rules for rules in self._rules if rules.files]

    def _routes(self, candidates: list[str]) -> Iterator[_Found]:
        modules = [module for path in candidates if (module := self._program.load(path)) is not None]
        kept: dict[tuple[str, str, str], _Found] = {}
        for found in (*self._sockets(modules), *(found for module in modules for found in self._of_module(module))):
            key = (found.route.kind, found.route.path, found.home)
            if key not in kept or (kept[key].route.content_type is None and found.route.content_type is not None):
                kept[key] = found
        yield from kept.values()

    def _of_module(self, module: Module) -> Iterator[_Found]:
        for rules, mark, node in self._streaming.marks(module):
            sighting = Sighting(module, span_of(node), mark.kind, mark.says, library=mark.library)
            library = LIBRARIES.get(mark.library)
            if library is not None:
                sighting = replace(sighting, content_type=library.content_type, heartbeat=library.heartbeat)
            home = f"{self._package_of(module.path).folder}/"
            yield self._found(sighting, Path(mark.path), (), rules.framework, home)
        for call in self._streaming.passed_on(module):
            where = Location(self._shown(module.path), call.span.line)
            self._unjoined.setdefault(module.path, []).append(
                f"{where} hands on what another server answers ({shortened(call)}), which may stream"
            )
        for registration, shape in self._streaming.streaming_routes(module):
            yield from self._registered(registration, self._declared(registration, shape))
        for sighting in self._streaming.sightings(module):
            reached = self._streaming.reached(sighting)
            for way in reached:
                yield from self._reached(way)
            if not reached:
                where = Location(self._shown(module.path), sighting.span.line)
                self._unjoined.setdefault(module.path, []).append(
                    f"{where} {sighting.says}; the route that this answers was not found"
                )

    def _sockets(self, modules: list[Module]) -> Iterator[_Found]:
        """Servers with a path of their own; a server within a wrapper answers where that does."""
        sockets = [
            found for module in modules for found in self._streaming.sockets(module) if self._is_meant(module, found[1])
        ]
        resolver = self._streaming.resolver
        wrapped: dict[tuple[str, Span], Call] = {}
        for _, shape, call in sockets:
            inner = call.receiver if shape.wraps == "receiver" else call.argument(shape.wraps)
            server = resolver.meaning(call.module, inner) if inner is not None else None
            if isinstance(server, Call):
                wrapped[call.module.path, call.span] = server
        shapes = {(call.module.path, call.span): shape for _, shape, call in sockets}
        inside = {(server.module.path, server.span) for server in wrapped.values()}
        for rules, shape, call in sockets:
            if (call.module.path, call.span) not in inside:
                server = wrapped.get((call.module.path, call.span), call)
                yield from self._socket(
                    rules, shape, call, shapes.get((server.module.path, server.span), shape), server
                )

    def _declared(self, registration: Registration, shape: RouteShape) -> Sighting:
        call = registration.call
        library = LIBRARIES.get(shape.library)
        says = "accepts a WebSocket" if shape.kind == "websocket" else "streams events"
        name = registration.decorated.name if registration.decorated is not None else ""
        return Sighting(
            call.module,
            call.span,
            shape.kind or "sse",
            f"{says} in {name}()" if name else says,
            library.content_type if library else None,
            dict(library.headers) if library else {},
            library.heartbeat if library else None,
            shape.library,
        )

    def _reached(self, way: Reached) -> Iterator[_Found]:
        sighting = self._streaming.completed(way)
        if way.registration is not None:
            yield from self._registered(way.registration, sighting)
        elif way.file is not None:
            file = way.file
            yield self._found(sighting, file.path, file.methods, file.rules.framework, file.home)

    def _registered(self, registration: Registration, sighting: Sighting) -> Iterator[_Found]:
        joiner = self._streaming.joiner
        rules, shape, call = registration.rules, registration.shape, registration.call
        methods = self._methods(call, shape)
        for tail in self._paths(registration, sighting):
            for head in joiner.heads(registration):
                path = _tidy(head.path.joined(tail), rules.strict)
                yield self._found(sighting, path, methods, rules.framework, head.home or call.module.path)

    def _paths(self, registration: Registration, sighting: Sighting) -> list[Path]:
        shape, call = registration.shape, registration.call
        if shape.dispatched:
            return dispatched_paths(registration, sighting.module, sighting.span)
        if shape.path is None:
            return [ROOT]
        keys = shape.path if isinstance(shape.path, tuple) else (shape.path,)
        node = next((given for key in keys if (given := call.argument(key)) is not None), None)
        if node is None:
            return [path_of(shape.default, "plain") if shape.default else ROOT]
        style = shape.style or registration.rules.style
        items = node.named_children() if node.kind() in _LISTS else [node]
        found = [path_of(self._written_path(call, item), style) for item in items]
        return [path.joined(Path(shape.suffix)) for path in found] if shape.suffix else found

    def _written_path(self, call: Call, node: object) -> str | None:
        text = self._streaming.resolver.text(call.module, node)  # type: ignore[arg-type]
        return without_method(text) if text is not None else None

    def _methods(self, call: Call, shape: RouteShape) -> tuple[str, ...]:
        if shape.path == 0 and (
            method := method_in(self._streaming.resolver.text(call.module, call.argument(0)) or "")
        ):
            return (method,)
        if shape.methods == "name":
            verb = call.name.lower().removesuffix("mapping").removeprefix("http").removeprefix("map")
            return (verb.upper(),) if verb in VERBS else ()
        if isinstance(shape.methods, tuple):
            return shape.methods
        node = call.argument(shape.methods) if shape.methods else None
        return tuple(re.findall(r"[A-Z]{3,7}", node.text())) if node is not None else ()

    def _found(self, sighting: Sighting, path: Path, methods: tuple[str, ...], framework: str, home: str) -> _Found:
        library = LIBRARIES.get(sighting.library)
        where = Location(self._shown(sighting.module.path), sighting.span.line)
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
        return _Found(route, home)

    def _is_meant(self, module: Module, shape: SocketShape) -> bool:
        needs = self._package_of(module.path).needs
        return (not shape.needs or shape.needs in needs) and (not shape.lacks or shape.lacks not in needs)

    def _socket(
        self, rules: Rules, shape: SocketShape, call: Call, options: SocketShape, server: Call
    ) -> Iterator[_Found]:
        library = LIBRARIES.get(shape.library)
        where = Location(self._shown(call.module.path), call.span.line)
        for path, home in socket_paths(self._streaming.joiner, rules, shape, call):
            route = Route(
                shape.kind,
                path.shown,
                "whole" if path.whole else "tail",
                (),
                where,
                rules.framework,
                f"{where} starts {call.full_name}",
                library.content_type if library else None,
                dict(library.headers) if library else {},
                socket_heartbeat(self._streaming.resolver, options, server),
                library.session if library else "",
                websocket_only=is_websocket_only(options, server),
                stateless=any(is_true(given.argument(shape.stateless or None)) for given in (call, server)),
            )
            yield _Found(route, home)

    def _clients(self, candidates: list[str]) -> Iterator[tuple[str, ClientCall]]:
        for path in candidates:
            module = self._program.load(path)
            if module is not None:
                for call in client_calls(self._streaming.resolver, module, self._shown):
                    yield path, call

    def _application(self, package: Package, found: list[_Found], clients: list[tuple[str, ClientCall]]) -> Application:
        routes = [route for route, home in found if self._package_of(home) is package]
        calls = [call for path, call in clients if self._package_of(path) is package]
        starters, starting = self._starters(package), self._starting(package)
        servers = tuple(server_facts(starters, starting, self._program.content, self._shown))
        reasons = self._reasons(package)
        return Application(
            package.folder,
            package.name,
            tuple(sorted({_language_name(path) for path in package.files})),
            tuple(sorted({*self._frameworks(package), *(route.framework for route in routes)})),
            tuple(self._settled(route, package, servers) for route in routes),
            tuple(calls),
            ports_of(starters, starting, self._program.content),
            self._reach(package, reasons),
            tuple(reasons),
            servers,
        )

    def _settled(self, route: Route, package: Package, servers: tuple[ServerFact, ...]) -> Route:
        """A route with what its application as a whole does: who serves it, where its state lies."""
        if route.session == "Socket.IO" and package.needs & SHARED_STATE:
            route = replace(route, shared_state=True)
        if route.framework.startswith("Django") and "channels-redis" in package.needs:
            route = replace(route, shared_state=True)
        if route.framework == "Django" and route.kind == "websocket" and "daphne" in package.needs:
            route = replace(route, heartbeat=LIBRARIES["daphne"].heartbeat)
        if route.kind == "websocket" and route.heartbeat is None and _is_asgi(route, package):
            given = next((fact.value for fact in servers if fact.name == "ws_ping_interval"), None)
            interval = LIBRARIES["uvicorn-websockets"].heartbeat
            return replace(route, heartbeat=float(given) if isinstance(given, float) else interval)
        return route

    def _starters(self, package: Package) -> list[str]:
        return [path for path in self._all_starters if self._package_of(path) is package]

    @cached_property
    def _all_starters(self) -> list[str]:
        """Files that start programs: Dockerfiles, Procfiles, scripts."""
        matches = name_matcher(*STARTERS)
        return [path for path in self._files if matches(posixpath.basename(path))]

    def _starting(self, package: Package) -> list[str]:
        return [path for path in package.files if _STARTING.match(posixpath.basename(path))]

    def _frameworks(self, package: Package) -> set[str]:
        languages = {language.name for path in package.files if (language := language_of(path)) is not None}
        rules = [rules for rules in self._rules if rules.language in languages]
        found = {one.framework for one in rules if _needs_any(package.needs, one.packages)}
        return found | set(self._unread(package))

    def _unread(self, package: Package) -> list[str]:
        """The frameworks without rules that an application depends on and names in its code."""
        wanted = {need: name for need, name in UNREAD_FRAMEWORKS.items() if need in package.needs}
        if not wanted:
            return []
        forms = {name: need.replace("-", "_").encode() for need, name in wanted.items()}
        plain = {name: need.encode() for need, name in wanted.items()}
        contents = [self._program.content(path) for path in package.files]
        return sorted(
            name for name in forms if any(forms[name] in content or plain[name] in content for content in contents)
        )

    def _reasons(self, package: Package) -> list[str]:
        languages = {rules.language for rules in self._rules}
        reasons = []
        unread = [
            path for path in package.files if (language := language_of(path)) is None or language.name not in languages
        ]
        for name, count in sorted(Counter(map(_language_name, unread)).items()):
            reasons.append(f"{name} is not read ({count} file{'s' if count > 1 else ''})")
        reasons += [f"{name} is not read" for name in self._unread(package)]
        skipped = sorted(path for path in self._program.skipped if self._package_of(path) is package)
        reasons += [f"{self._shown(path)} can't be read" for path in skipped]
        for path in package.files:
            reasons += self._unjoined.get(path, [])
        return list(dict.fromkeys(reasons))

    def _reach(self, package: Package, reasons: list[str]) -> Reach:
        if not reasons:
            return "whole"
        languages = {rules.language for rules in self._rules}
        known = any(
            (language := language_of(path)) is not None and language.name in languages for path in package.files
        )
        return "partly" if known else "not"


_COMMON_NAMES = CLIENT_NAMES | {"require", "import", "setInterval", "handleUpgrade"}
_STEMS = ("tream", "ocket", "Mcp", "MCP", "SSE", "vent")
_LISTS = frozenset("array list tuple array_initializer collection_literal element_value_array_initializer".split())


def _tidy(path: Path, strict: bool) -> Path:
    """A joined path; where frameworks do not tell `/api` and `/api/` apart, without the slash at its end."""
    if not strict and len(path.text) > 1 and path.text.endswith("/"):
        return Path(path.text.rstrip("/"), path.whole)
    return path


class _Filter:
    """Tells by their bytes which files of a language may hold a stream: first by few stems, then by whole words."""

    def __init__(self, rules: list[Rules]) -> None:
        words = {word for one in rules for word in one.words} | {
            literal for one in rules for literal, _ in one.patterns
        }
        self._stems = sorted({_stem_of(word).encode() for word in words})
        wanted = {re.escape(word) for one in rules for word in one.words}
        wanted |= {pattern for one in rules for _, pattern in one.patterns}
        self._search = re.compile("|".join(sorted(wanted)).encode()).search if wanted else None

    def admits(self, content: bytes) -> bool:
        for stem in self._stems:
            if stem in content:
                return self._search is not None and self._search(content) is not None
        return False


def _stem_of(word: str) -> str:
    """A part that many words share, so that few have to be looked for in most files."""
    return next((stem for stem in _STEMS if stem in word), word)


def _needs_any(needs: set[str], names: Iterable[str]) -> bool:
    return any(name in needs or any(need.startswith(f"{name}/") for need in needs) for name in names)


def _language_name(path: str) -> str:
    ending = path.rpartition(".")[2]
    return LANGUAGE_NAMES.get(ending, ending)


def _is_asgi(route: Route, package: Package) -> bool:
    return route.framework in ("FastAPI", "Starlette") and "hypercorn" not in package.needs
