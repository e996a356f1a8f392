"""From routes to hops: runtime, duration and evidence of each function."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from infralint.model import Clock, Evidence, Hint, Hop, Known, Location, Reading, Setting, Unknown, not_applicable
from infralint.platforms.nextjs import PROXY_TIMEOUT, BelowBase, Patterns
from infralint.platforms.vercel import (
    AWS_HANDLER_HOLDS,
    REWRITE_FIRST_BYTE,
    ceiling,
    default_duration,
    function_clocks,
    holding,
    limits,
)
from infralint.project import CantRead, Project
from infralint.sources.vercel.actions import Actions
from infralint.sources.vercel.applications import BACKENDS, VercelProject
from infralint.sources.vercel.config import FunctionRule, Rewrite, VercelConfig, rule_matches, with_matches
from infralint.sources.vercel.destinations import Destination, rewritten_to
from infralint.sources.vercel.hops import NextNode, NextRewrite, NextRoute, VercelFunction, VercelNode, VercelRewrite
from infralint.sources.vercel.javascript import JavaScriptModule, Modules
from infralint.sources.vercel.middleware import MiddlewareReader
from infralint.sources.vercel.next_config import NextSettings
from infralint.sources.vercel.python import DoesNotParse, handler_line, streams_in
from infralint.sources.vercel.routes import (
    PAGE_EXTENSIONS,
    UNKNOWN_BASE,
    FunctionFile,
    api_routes,
    below,
    function_sources,
    next_pages,
    next_routes,
)
from infralint.sources.vercel.segment import HANDLERS, MAXIMUM, NOTHING_SAID, Segment, Segments, handler_lines
from infralint.sources.vercel.streaming import FunctionSighting, FunctionStreams
from infralint.sources.vercel.texts import ResolvedText
from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable
from infralint.text.stream_names import names_files

BUNDLE = "a bundle, not source (more than 1 MB, 200,000 nodes, or 50,000 characters in a line), or no parser comes to its end"

_BUILDERS = {"node": "nodejs", "python": "python", "go": "go", "ruby": "ruby"}
_IGNORED = {
    **dict.fromkeys(("remix", "react-router", "redwoodjs", "storybook", "bun", "node"), frozenset({"nodejs"})),
    **dict.fromkeys(("fastapi", "flask", "django", "python"), frozenset({"python"})),
    "ruby": frozenset({"ruby"}),
    "go": frozenset({"go"}),
}
"""Runtimes below `api/` that a framework takes care of itself: `@vercel/frameworks` 3.34.0, `ignoreRuntimes`."""
_SETTING_WORDS = lazy(rb"\bruntime\b|\bmaxDuration\b")
_TEXT = lazy(rb'//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|#[^\n]*|"(?:[^"\\\n]|\\.)*+"?|\'(?:[^\'\\\n]|\\.)*+\'?')


class Read(msgspec.Struct, frozen=True):
    """What a route's file says: where its handler stands, its settings, and what it streams."""

    where: Location
    segment: Segment = NOTHING_SAID
    sighting: FunctionSighting | None = None
    why: str = ""


class Builder:
    """Adds the hops of applications to a reading."""

    def __init__(self, project: Project, modules: Modules, reading: Reading) -> None:
        self.project = project
        self.modules = modules
        self.reading = reading
        self.streaming = FunctionStreams(modules)
        self.actions = Actions(modules)
        self.middleware = MiddlewareReader(modules)
        self.segments = Segments(modules, project.show)
        self._layouts: dict[str, Known[str] | None] = {}

    def add_functions(self, application: VercelProject) -> None:
        """One node of functions, and the vercel.json as an item of its own."""
        routes = list(self._routes(application))
        reads = [self._read(route, application) for route in routes]
        pages = list(self._streaming_pages(application))
        routes, reads = routes + [route for route, _ in pages], reads + [read for _, read in pages]
        if application.config:
            self.reading.items.append(self._item(application, application.config, routes, reads))
            self._name_unmatched(application.config)
        hops = tuple(self._function(route, read, application) for route, read in zip(routes, reads, strict=True))
        rewrites = application.config.rewrites if application.config else ()
        hops = (*hops, *(self._external_rewrite(rewrite) for rewrite in rewrites if rewrite.is_external))
        if hops:
            name = application.folder.rstrip("/") or "the project"
            self.reading.nodes.append(VercelNode(name=name, hops=hops, rewrites=rewrites, certain=application.proven))
            self.reading.files += [self.project.show(route.file) for route in routes]

    def _external_rewrite(self, rewrite: Rewrite) -> VercelRewrite:
        """What vercel.json sends to another server."""
        where, text = rewrite.where, ResolvedText(rewrite.destination)
        destination = rewritten_to(text, rewrite.source)
        assert destination is not None  # an address is one
        why = "whether Vercel passes a WebSocket on to another server is not documented"
        return VercelRewrite(
            **_neutral(where)
            | {"forwards_upgrade": Unknown(where, "rewrites", why, "have pages open it at the other server itself")},
            name=f"the rewrite of {rewrite.source}",
            where=where,
            runtime=not_applicable("", where),
            clocks=(
                Clock(
                    "first-byte",
                    Known(REWRITE_FIRST_BYTE, where, "Vercel's proxied request timeout", "default"),
                    expiry="504",
                ),
            ),
            paths=() if rewrite.regex else (rewrite.source,),
            upstream=destination.shown,
            rewrite=rewrite,
            destination=replace(destination, paths=None) if rewrite.regex else destination,
        )

    def _name_unmatched(self, config: VercelConfig) -> None:
        """Say which rewrites can't be tried on the paths that are declared to stream."""
        paths = [
            stream.path for stream in self.project.settings.streams or () if stream.path and "*" not in stream.path
        ]
        for rewrite in config.rewrites if paths else ():
            try:
                for path in paths:
                    rewrite.target(path)
            except Unsearchable as error:
                reason = f"whether `{rewrite.source[:60]}` takes a stream can't be told: it {error}"
                remedy = "write a plainer expression, or declare the path that it leads to"
                self.reading.unknown.append(
                    Unknown(rewrite.where, "routes" if rewrite.regex else "rewrites", reason, remedy)
                )

    def _routes(self, application: VercelProject) -> Iterator[FunctionFile]:
        files, folder, config = self.project.files, application.folder, application.config
        if config and config.builds:
            yield from self._built_functions(application, config)
            return
        if application.next:
            yield from next_routes(files, folder, application.next.extensions, application.next.base)
        if application.proven:
            yield from api_routes(files, folder, _IGNORED.get(application.framework, frozenset()))

    def _built_functions(self, application: VercelProject, config: VercelConfig) -> Iterator[FunctionFile]:
        """Legacy builds: each file that a build's glob reaches."""
        folder = application.folder
        for build in config.builds:
            name = build.use.partition("@now/")[2] or build.use.partition("@vercel/")[2]
            name = name.partition("@")[0]
            if name == "next":
                settings = application.next or NextSettings()
                inner = folder + (f"{posixpath.dirname(build.source)}/" if "/" in build.source else "")
                yield from next_routes(self.project.files, inner, settings.extensions, settings.base)
            for file in below(self.project.files, folder) if name in _BUILDERS else ():
                source = file[len(folder) :]
                if rule_matches(source, build.source):
                    yield FunctionFile(file, source, f"/{source}", "builds", _BUILDERS[name])

    def _item(
        self, application: VercelProject, config: VercelConfig, routes: Sequence[FunctionFile], reads: Sequence[Read]
    ) -> VercelConfig:
        sources = [route.source for route in routes]
        if config.functions and not config.is_refused:
            sources += function_sources(self.project.files, application.folder, application.next is not None)
        return replace(
            config,
            functions=config.functions
            if config.is_refused
            else with_matches(config.functions, list(dict.fromkeys(sources))),
            backend=config.framework in BACKENDS,
            misplaced=tuple(statement for read in reads for statement in read.segment.misplaced),
        )

    def _read(self, route: FunctionFile, application: VercelProject) -> Read:
        if route.language == "nodejs":
            return self._read_javascript(route, application)
        if route.language == "python":
            return self._read_python(route, application)
        return self._read_text(route)

    def _read_javascript(self, route: FunctionFile, application: VercelProject) -> Read:
        file, shown = route.file, self.project.show(route.file)
        content = self.modules.content(file)
        if file in self.modules.skipped:
            return Read(Location(shown), why=f"it is {BUNDLE}")
        streams = self.streaming.is_mentioned(file)
        if not (streams or self.project.settings.streams or _SETTING_WORDS.search(content)):
            return Read(Location(shown), self._layout_segment(route, application))
        module = self.modules.load(file)
        if module is None:
            return Read(Location(shown), why=f"it is {BUNDLE}" if content else "")
        names = (
            ("default",)
            if route.router == "pages"
            else HANDLERS
            if route.router == "app"
            else (*HANDLERS, "fetch", "default")
        )
        where = Location(shown, *self._line(shown, content, handler_lines(module, names)))
        if module.broken:
            return Read(where, why=f"it does not parse (line {module.broken})") if streams else Read(where)
        sighting = self.streaming.from_exports(file, names) if streams else None
        if sighting is not None and sighting.content_type is None and not sighting.session and names_files(route.path):
            sighting = None
        return Read(where, self._segment(route, module, application), sighting)

    def _line(self, shown: str, content: bytes, line: int) -> tuple[int, ...]:
        """The words of a line: its number, first column, line again and the column after its end."""
        if not line:
            return ()
        text = content.split(b"\n", line)[line - 1].decode("utf-8", "replace").rstrip()
        return line, len(text) - len(text.lstrip()) + 1, line, len(text) + 1

    def _segment(self, route: FunctionFile, module: JavaScriptModule, application: VercelProject) -> Segment:
        bundler = application.next.bundler if application.next else ""
        if route.router == "app":
            segment = self.segments.of_app(module, bundler)
            inherited = self._layout_segment(route, application)
            return segment if segment.runtime else replace(segment, runtime=inherited.runtime)
        if route.router == "pages":
            return self.segments.of_pages(module, bundler, application.next.major if application.next else None)
        return self.segments.of_function(module)

    def _layout_segment(self, route: FunctionFile, application: VercelProject) -> Segment:
        """A layout's runtime: Turbopack gives it to the route handlers below, webpack to pages alone."""
        bundler = application.next.bundler if application.next else ""
        if route.router != "app" or bundler == "webpack":
            return NOTHING_SAID
        runtime = self._layout_runtime(posixpath.dirname(route.file), bundler)
        return Segment(_inherit_runtime(runtime, bundler)) if runtime else NOTHING_SAID

    def _layout_runtime(self, folder: str, bundler: str) -> Known[str] | None:
        """The runtime that the nearest layout in a folder or above it sets."""
        if folder not in self._layouts:
            above = posixpath.dirname(folder) if "/app/" in f"/{folder}" else ""
            layout = self._own_layout(folder, bundler)
            self._layouts[folder] = layout or (self._layout_runtime(above, bundler) if above else None)
        return self._layouts[folder]

    def _own_layout(self, folder: str, bundler: str) -> Known[str] | None:
        for ending in PAGE_EXTENSIONS:
            path = f"{folder}/layout.{ending}"
            if path in self.project.file_set and b"runtime" in self.modules.content(path):
                module = self.modules.load(path)
                runtime = self.segments.of_app(module, bundler).runtime if module else None
                if isinstance(runtime, Known):
                    return runtime
        return None

    def _read_python(self, route: FunctionFile, application: VercelProject) -> Read:
        shown = self.project.show(route.file)
        if not _content(self.project, route.file):
            return Read(Location(shown))
        try:
            sighting = streams_in(self.project, route.file, application.folder)
        except DoesNotParse as error:
            return Read(Location(shown, error.line), why=f"it does not parse (line {error.line})")
        return Read(Location(shown, handler_line(self.project, route.file)), sighting=sighting)

    def _read_text(self, route: FunctionFile) -> Read:
        """Go and Ruby: the content type, as a string outside of comments."""
        shown = self.project.show(route.file)
        content = _content(self.project, route.file)
        for found in _TEXT.finditer(content):
            if found[0][:1] in (b'"', b"'") and found[0][1:].startswith(b"text/event-stream"):
                line = content.count(b"\n", 0, found.start()) + 1
                sighting = FunctionSighting(
                    "sse", "answers with text/event-stream", route.file, line, "", "text/event-stream"
                )
                return Read(Location(shown, line), sighting=sighting)
        return Read(Location(shown))

    def _function(self, route: FunctionFile, read: Read, application: VercelProject) -> Hop:
        if read.why:
            why = f"whether this function streams can't be told: {read.why}"
            self.reading.unknown.append(Unknown(read.where, route.path, why))
        runtime = self._runtime(route, read, application)
        written, duration = self._duration(route, read, application)
        settings = self.project.settings.vercel
        return VercelFunction(
            name=f"the function {route.path}",
            where=read.where,
            buffers_responses=not_applicable("never", read.where),
            clocks=function_clocks(runtime, duration, read.where),
            forwards_upgrade=not_applicable("forwarded", read.where),
            keeps_affinity=not_applicable("client", read.where),
            runtime=runtime,
            paths=(route.path,),
            hints=self._hints(read),
            scope=application.folder,
            files=frozenset(map(self.project.show, filter(None, [application.config_file]))),
            source=route.source,
            router=route.router,
            proven=application.proven,
            written=written,
            holding=_hold_reason(route, runtime, application.config),
            policy=settings.runtime_policy,
            unread=read.segment.unread,
            config=read.segment.config,
            statement=read.segment.statement,
            rule=_ruling(route, application.config),
            ceiling=ceiling(self._fluid(application), settings.plan),
            smallest=ceiling(self._fluid(application), "hobby"),
        )

    def _hints(self, read: Read) -> tuple[Hint, ...]:
        sighting = read.sighting
        if sighting is None:
            return ()
        where = Location(self.project.show(sighting.path), sighting.line)
        evidence = Evidence("source", f"{where} {sighting.what}", where)
        return (Hint(sighting.kind, evidence, sighting.session, sighting.content_type, heartbeat=sighting.heartbeat),)

    def _runtime(self, route: FunctionFile, read: Read, application: VercelProject) -> Setting[str]:
        rule = application.config.rule_for(route.source) if application.config and route.router == "api" else None
        community = rule.settings.get("runtime") if rule else None
        if community and isinstance(community.value, str) and "@" in community.value:
            return community
        if read.segment.runtime:
            return read.segment.runtime
        bun = application.config is not None and application.config.bun and route.language == "nodejs"
        return Known("bun" if bun else route.language, read.where, "runtime", "default")

    def _duration(self, route: FunctionFile, read: Read, application: VercelProject) -> tuple[bool, Setting[float]]:
        """Whether a maxDuration is written, and what holds: Next.js puts the file's first, Vercel's builder vercel.json's."""
        if application.unread and (route.router not in ("app", "pages") or not read.segment.max_duration):
            return True, self._unread_duration(application)
        rule = application.config.rule_for(route.source) if application.config and route.router != "builds" else None
        ruled = _rule_duration(rule.settings.get("maxDuration")) if rule else None
        declared = read.segment.max_duration
        found = declared or ruled if route.router in ("app", "pages") else ruled or declared
        if found is None:
            return False, self._default_duration(read, application)
        if isinstance(found, Known) and found.value == MAXIMUM:
            largest = limits(self._fluid(application) is not False, self.project.settings.vercel.plan).largest
            return True, replace(found, value=largest, because=f"the most that the plan allows, at least {largest:g} s")
        return True, found

    def _unread_duration(self, application: VercelProject) -> Unknown:
        """Of a function whose duration another form of configuration than vercel.json may set."""
        shown = self.project.show(application.unread)
        why = f"{posixpath.basename(shown)}, which is not read yet, may set it"
        remedy = "what a Next.js route says in its own file is read, and counts; vercel.json is read"
        return Unknown(Location(shown), "maxDuration", why, remedy)

    def _default_duration(self, read: Read, application: VercelProject) -> Setting[float]:
        switch = application.config.fluid if application.config else None
        return default_duration(self._fluid(application), self.project.settings.vercel.plan, read.where, switch)

    def _fluid(self, application: VercelProject) -> bool | None:
        """Whether Fluid compute is on; None where neither vercel.json nor infralint.yaml says so."""
        switch = application.config.fluid if application.config else None
        return switch.value if switch else self.project.settings.vercel.fluid

    def _streaming_pages(self, application: VercelProject) -> Iterator[tuple[FunctionFile, Read]]:
        """Pages whose server actions stream."""
        settings = application.next
        if settings is None or not self.actions.is_installed:
            return
        for route in next_pages(self.project.files, application.folder, settings.extensions, settings.base):
            sighting = self._of_page(route)
            module = self.modules.load(route.file) if sighting is not None else None
            if module is not None:
                shown = self.project.show(route.file)
                line = self._line(shown, self.modules.content(route.file), handler_lines(module, ("default",)))
                yield route, Read(Location(shown, *line), self._page_segment(route, module, settings.bundler), sighting)

    def _of_page(self, route: FunctionFile) -> FunctionSighting | None:
        """What the actions stream that a page reaches, or the layout around it which brings them to the page."""
        if self.actions.is_mentioned(route.file) and (found := self.actions.from_page(route.file)):
            return found
        layouts = self._layouts_of(route) if self.actions.is_mentioned(route.file) else ()
        return next((found for path in layouts if (found := self.actions.from_page(path))), None)

    def _layouts_of(self, route: FunctionFile) -> Iterator[str]:
        """The layouts around a page, the nearest first."""
        folder = posixpath.dirname(route.file)
        while "/app/" in f"/{folder}/":
            paths = (f"{folder}/layout.{ending}" for ending in PAGE_EXTENSIONS)
            yield from (path for path in paths if path in self.project.file_set)
            folder = posixpath.dirname(folder)

    def _page_segment(self, route: FunctionFile, module: JavaScriptModule, bundler: str) -> Segment:
        """A page's settings: what it does not say itself, the nearest layout that does."""
        segment = self.segments.of_app(module, bundler)
        for path in self._layouts_of(route):
            if segment.runtime and segment.max_duration:
                break
            layout = self.modules.load(path)
            outer = self.segments.of_app(layout, bundler) if layout is not None else NOTHING_SAID
            segment = replace(
                segment,
                runtime=segment.runtime or outer.runtime,
                max_duration=segment.max_duration or outer.max_duration,
            )
        return segment

    def add_server(self, application: VercelProject) -> None:
        """The routes of a Next.js application that the project runs itself, and what it hands on to other servers."""
        settings = application.next
        if settings is None:
            return
        routes = list(next_routes(self.project.files, application.folder, settings.extensions, settings.base))
        reads = [(route, self._read(route, application)) for route in routes]
        reads += self._streaming_pages(application)
        wanted = [(route, read) for route, read in reads if read.sighting or self.project.settings.streams]
        hops: list[Hop] = [self._server_route(route, read, application, settings) for route, read in wanted]
        hops += self._handed_on(application, settings)
        if hops:
            pages = next_pages(self.project.files, application.folder, settings.extensions, settings.base)
            served = {hop.paths[0] for hop in hops}
            self.reading.nodes.append(
                NextNode(
                    name=application.folder.rstrip("/") or "the Next.js server",
                    hops=tuple(hops),
                    folder=application.folder.rstrip("/"),
                    others=tuple(route.path for route in (*routes, *pages) if route.path not in served),
                    complete=not any(read.why for _, read in reads),
                )
            )
            self.reading.files += [hop.where.path for hop in hops]
        self.reading.files += [self.project.show(route.file) for route in routes]
        if settings.config_path and hops:
            self.reading.files.append(settings.config_path)

    def _server_route(
        self, route: FunctionFile, read: Read, application: VercelProject, settings: NextSettings
    ) -> NextRoute:
        where, sighting = read.where, read.sighting
        content = self.modules.content(route.file)
        headers = dict(sighting.headers) if sighting else {}
        return NextRoute(
            **_neutral(where),
            name=f"the {'page' if '/page.' in route.file else 'route'} {route.path}",
            where=where,
            runtime=Known("nodejs", where, "runtime", "default"),
            paths=(route.path,),
            hints=self._hints(read),
            scope=application.folder,
            router=route.router,
            compress=settings.compress or Known(True, where, "compress", "default"),
            flushed=route.router == "app" or b".flush(" in content,
            content_type=headers.pop("content-type", None),
            headers={name: Known(value, where, name) for name, value in headers.items()},
            configured=settings.headers,
            unread=settings.headers_unread,
        )

    def _handed_on(self, application: VercelProject, settings: NextSettings) -> Iterator[NextRewrite]:
        """What its middleware and `rewrites()` send to other servers."""
        for found in self.middleware.rewrites(application.folder):
            base = None if settings.base == UNKNOWN_BASE else settings.base
            condition = found if base == "" else BelowBase(base, found)
            yield NextRewrite(
                **self._passing(found.where, found.destination, settings),
                name=f"the middleware of {application.folder.rstrip('/') or 'the Next.js server'}",
                paths=tuple(("/:basePath*" if base is None else base) + pattern for pattern in found.matcher.patterns),
                stage="middleware",
                condition=condition,
                configured=settings.headers,
                unread=settings.headers_unread,
            )
        for entry in settings.rewrites:
            yield NextRewrite(
                **self._passing(entry.where, entry.destination, settings),
                name=f"the rewrite of {entry.source}",
                paths=(entry.source,),
                stage=entry.stage,
                condition=Patterns((entry.source,), entry.reason),
            )

    def _passing(self, where: Location, destination: Destination, settings: NextSettings) -> dict[str, Any]:
        """What every rewrite to another server shares."""
        return {
            **_neutral(where),
            "where": where,
            "runtime": Known("nodejs", where, "runtime", "default"),
            "upstream": destination.shown,
            "destination": destination,
            "timeout": settings.timeout or Known(PROXY_TIMEOUT, where, "proxyTimeout", "default"),
            "compress": settings.compress or Known(True, where, "compress", "default"),
        }


def _neutral(where: Location) -> dict[str, Any]:
    """What a Next.js server does not get in the way of."""
    return {
        "buffers_responses": not_applicable("never", where),
        "forwards_upgrade": not_applicable("forwarded", where),
        "keeps_affinity": not_applicable("single", where),
    }


def _content(project: Project, path: str) -> bytes:
    try:
        return project.bytes(path)
    except CantRead:
        return b""


def _inherit_runtime(runtime: Known[str], bundler: str) -> Setting[str]:
    if bundler:
        return replace(runtime, origin="inherited")
    why = (
        f"the layout at {runtime.where.path} says `{runtime.written}`, which Turbopack applies to route handlers below it"
        " and webpack does not; which of them builds this application can't be told from package.json"
    )
    return Unknown(runtime.where, "runtime", why, "write export const runtime in the route's own file")


def _ruling(route: FunctionFile, config: VercelConfig | None) -> FunctionRule | None:
    """The rule that decides a plain function's duration: of JavaScript, whose file may say it too, one that names it."""
    rule = config.rule_for(route.source) if config and route.router == "api" else None
    return rule if rule and (route.language != "nodejs" or "maxDuration" in rule.settings) else None


def _rule_duration(known: Known[Any] | None) -> Setting[float] | None:
    """A rule's maxDuration; what is no duration is the matter of invalid-vercel-functions."""
    if known is None:
        return None
    if known.value == "max":
        return replace(known, value=MAXIMUM)
    if isinstance(known.value, int | float) and not isinstance(known.value, bool) and known.value >= 1:
        return replace(known, value=float(known.value))
    return Unknown(known.where, "maxDuration", f"`{known.written}` is no duration that Vercel accepts")


def _hold_reason(route: FunctionFile, runtime: Setting[str], config: VercelConfig | None) -> Known[str] | None:
    """Why a function holds its response back until it is complete, if it does."""
    is_node = isinstance(runtime, Known) and runtime.value == "nodejs"
    if is_node and route.router == "api" and config and config.buffered:
        return replace(config.buffered, because=AWS_HANDLER_HOLDS)
    return holding(runtime)
