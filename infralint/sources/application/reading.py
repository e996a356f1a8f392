"""From files to applications: what is looked at, what it says, and whether that was all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from itertools import chain
from typing import TypeVar

from msgspec.structs import replace

from infralint.model import STREAM_KINDS, Known, Location, StreamKind, Unfollowed, Unknown
from infralint.platforms.libraries import LIBRARIES, Library
from infralint.project.names import FileNames
from infralint.sources.application.clients import CLIENT_WORDS, client_calls
from infralint.sources.application.compressing import CompressedRoutes
from infralint.sources.application.facts import Application, ClientCall, Reach, Route, ServerFact
from infralint.sources.application.heartbeats import configured_pings, may_configure_pings, names_pings
from infralint.sources.application.joining import Joiner
from infralint.sources.application.languages import BY_ENDING, language_of
from infralint.sources.application.manifests import (
    MANIFESTS,
    STARTERS,
    DeployedFiles,
    Package,
    StartCommand,
    nearest,
    packages,
)
from infralint.sources.application.matching import Rulebook
from infralint.sources.application.middleware import SentHeaders, names_accel
from infralint.sources.application.page_servers import page_servers, without_ports
from infralint.sources.application.pages import PAGE_WORDS, page_files, page_module
from infralint.sources.application.product_uses import ProductUse, product_uses
from infralint.sources.application.program import LARGEST, LONGEST_LINE, ProjectModules
from infralint.sources.application.rack_etag import AnswerHolders
from infralint.sources.application.routes import Found, Routes, Unjoined
from infralint.sources.application.rulebook import FileShape, Rules, rules_for
from infralint.sources.application.scope import LANGUAGE_NAMES, UNREAD_FRAMEWORKS, UNREAD_LANGUAGES
from infralint.sources.application.servers import keep_alive_of, ports_of, says_how_to_serve, server_facts
from infralint.sources.application.spring_properties import SpringProperties
from infralint.sources.application.streaming import ModuleStreams
from infralint.sources.application.versions import bounds_of
from infralint.text.lazy import lazy
from infralint.text.words import WordSearch

Item = TypeVar("Item")

_STARTING = lazy(r"(?:main|server|app|index|run|wsgi|asgi|manage|gunicorn[\w.-]*|__main__|bootstrap|start|cmd)\.\w+$")


Glance = Callable[[str, Iterable[str], Callable[[str], bool]], list[str]]
"""Asked with the name of a look, files and the look itself: `Project.glance_at_all`."""


def look_anew(_name: str, paths: Iterable[str], finds: Callable[[str], bool]) -> list[str]:
    """Looks by somebody who remembers none."""
    return [path for path in paths if finds(path)]


class Reader:
    """Reads the applications of one project."""

    def __init__(
        self,
        names: FileNames,
        text: Callable[[str], bytes],
        shown: Callable[[str], str],
        glance: Glance,
        built: Iterable[str] = (),
        started: Mapping[str, StartCommand] | None = None,
    ) -> None:
        """built: see `DeployedFiles`; started: `start_commands`."""
        self._started = started or {}
        self._files = DeployedFiles(names, text, built)
        self._pages = page_files(names)
        self._shown = shown
        self._glance = glance
        self._program = ProjectModules(self._files, text)
        self._unjoined: dict[str, list[Unjoined]] = {}
        self._package_of_folder: dict[str, Package] = {}
        self._broken: dict[str, int] = {}
        self._sharing: dict[str, bool] = {}
        self._pings: dict[str, float | None] = {}
        self._libraries: dict[tuple[str, str], Library] = {}
        self._products_of: dict[str, tuple[ProductUse, ...]] = {}
        listed = {ending: self._files.among(names.find_ending(ending)) for ending in (*BY_ENDING, *UNREAD_LANGUAGES)}
        self._code = {ending: paths for ending, paths in listed.items() if paths}
        self._program.sources = sorted(
            chain.from_iterable(self._code[ending] for ending in self._code.keys() & BY_ENDING.keys())
        )

    def applications(self) -> list[Application]:
        routes = Routes(self._streaming, self._shown, self._package_of, self._unjoined)
        candidates = self._candidates()
        self._note_errors(candidates)
        notes = [note for path in candidates if (note := routes.notes(path)) is not None]
        found = routes.find_all(notes)
        clients = [(note.module.path, call) for note in notes for call in note.clients]
        clients += self._opened_by_pages()
        routes_of = self._by_package((route.home, route) for route in found)
        clients_of = self._by_package(clients)
        made = (
            application
            for package in self._packages.values()
            if package.files or clients_of.get(package.folder) or self._products(package)
            for application in self._programs(
                package, routes_of.get(package.folder, []), clients_of.get(package.folder, [])
            )
        )
        return sorted(made, key=lambda application: application.folder)

    def _opened_by_pages(self) -> Iterator[tuple[str, ClientCall]]:
        """What scripts in pages open, each with the page."""
        wanted = _Filter([], PAGE_WORDS)
        content, sources = self._program.content, frozenset(self._program.sources)
        pages = [path for path in self._pages if path not in sources or path.endswith(".php")]
        for path in self._glance("streams in pages", pages, partial(_admits, wanted, content)):
            self._program.forget(path)  # PHP with scripts in it is another module of that name
            module = page_module(path, content(path))
            yield from ((path, call) for call in client_calls(self._streaming.resolver, module, self._shown))
            self._program.forget(path)

    def _programs(self, package: Package, routes: list[Found], calls: list[ClientCall]) -> Iterator[Application]:
        """The application of a package, and what else runs in servers of its own."""
        servers = list(page_servers(package, routes, self._program.content))
        apart = {id(found) for server in servers for found in server.routes}
        main = self._application(package, [found for found in routes if id(found) not in apart], calls)
        if not package.files and not main.products:
            main = replace(main, read="not")  # pages alone: who serves them, and what else, is not here
        starters = self._starters(package)
        pages = [server.application_of(main, starters, self._program.content) for server in servers]
        yield without_ports(main, pages) if pages else main
        yield from pages

    @cached_property
    def _packages(self) -> dict[str, Package]:
        found = packages(self._files.find_named(*MANIFESTS), self._program.content)
        folders = {folder: package.files for folder, package in found.items()}
        unread = list(chain.from_iterable(self._code[ending] for ending in self._code.keys() - BY_ENDING.keys()))
        for path in sorted([*self._program.sources, *unread]) if unread else self._program.sources:
            folder = path[: max(path.rfind("/"), 0)]
            files = folders.get(folder)
            if files is None:
                files = folders[folder] = folders[nearest(folders, folder)]
            files.append(path)
        return found

    def _package_of(self, path: str) -> Package:
        folder = path.rpartition("/")[0]
        if folder not in self._package_of_folder:
            self._package_of_folder[folder] = self._packages[nearest(self._packages, folder.strip("/"))]
        return self._package_of_folder[folder]

    def _by_package(self, items: Iterable[tuple[str, Item]]) -> dict[str, list[Item]]:
        """Items by the folder of the package that the file of each is part of."""
        found: dict[str, list[Item]] = {}
        for path, item in items:
            found.setdefault(self._package_of(path).folder, []).append(item)
        return found

    @cached_property
    def _rules(self) -> tuple[Rules, ...]:
        return rules_for({BY_ENDING[ending].name for ending in self._code.keys() & BY_ENDING.keys()})

    @cached_property
    def _languages(self) -> frozenset[str]:
        """Those of which there are rules, and files."""
        return frozenset(rules.language for rules in self._rules)

    def _candidates(self) -> list[str]:
        """The files that hold a streaming word."""
        by_language: dict[str, list[str]] = {}
        for ending in self._code.keys() & BY_ENDING.keys():
            by_language.setdefault(BY_ENDING[ending].name, []).extend(self._code[ending])
        found = []
        for name in self._languages & by_language.keys():
            wanted = self._filter(name)
            for path in self._glance(f"streams in {name}", by_language[name], partial(self._may_stream, wanted)):
                if path not in self._program.generated:
                    if path not in self._program.skipped:
                        found.append(path)
                elif wanted.admits(self._program.read_raw(path)):
                    self._program.skipped[path] = (
                        f": it is larger than {LARGEST:,} bytes, or has a line of more than {LONGEST_LINE:,}"
                    )
        return sorted(found)

    def _may_stream(self, wanted: _Filter, path: str) -> bool:
        """Whether a file holds a streaming word, or was not read."""
        content = self._program.content(path)
        return wanted.admits(content) or path in self._program.generated or path in self._program.skipped

    def _note_errors(self, candidates: list[str]) -> None:
        """Files whose text the parser could not make out somewhere: what streams there is not seen."""
        joiner = self._streaming.joiner
        for path in candidates:
            module = joiner.program.load(path)
            if module is not None and (line := module.find_error()) is not None:
                self._unjoined[path] = [Unjoined(Unfollowed(Location(self._shown(path), line), "can't be parsed"))]
                self._broken[path] = line

    def _filter(self, language: str) -> _Filter:
        rules = [rules for rules in self._rules if rules.language == language]
        return _Filter(rules, CLIENT_WORDS if language == "javascript" else ())

    @cached_property
    def _streaming(self) -> ModuleStreams:
        joiner = Joiner(self._program, Rulebook(self._rules))
        return ModuleStreams(joiner, self._file_shapes, self._library_of)

    def _file_shapes(self, path: str) -> list[tuple[Rules, FileShape]]:
        """The shapes of files that are routes in the application that a file belongs to."""
        needs = self._package_of(path).needs
        return [
            (rules, shape)
            for rules in self._with_files
            if not rules.packages or _needs_any(needs, rules.packages)
            for shape in rules.files
            if not _needs_any(needs, shape.lacks)
        ]

    @cached_property
    def _with_files(self) -> list[Rules]:
        return [rules for rules in self._rules if rules.files]

    def _ports(self, package: Package, starters: list[str], starting: list[str]) -> tuple[int, ...]:
        found = ports_of(starters, starting, self._program.content)
        is_spring = any(rules.properties for rules in self._rules)
        return tuple(dict.fromkeys((*found, *self._spring.ports(package.folder)))) if is_spring else found

    @cached_property
    def _spring(self) -> SpringProperties:
        return SpringProperties(self._program)

    def _application(self, package: Package, routes: list[Found], calls: list[ClientCall]) -> Application:
        starters, starting = self._starters(package), self._starting(package)
        servers = tuple(
            server_facts(starters, starting, self._program.content, self._shown, self._started.get(package.folder))
        )
        reasons = self._reasons(package)
        return Application(
            package.folder,
            package.name,
            tuple(self._settle(route, package, servers) for route in self._describe(package, routes)),
            tuple(calls),
            self._ports(package, starters, starting),
            self._reach(package, reasons),
            tuple(reasons),
            servers,
            self._keep_alive(routes, servers, [*starting, *package.files]),
            tuple(self._gaps(package)),
            self._missing(package, reasons),
            self._products(package),
        )

    def _products(self, package: Package) -> tuple[ProductUse, ...]:
        if package.folder not in self._products_of:
            found = product_uses(package, self._starters(package), self._program.content, self._shown)
            self._products_of[package.folder] = tuple(found)
        return self._products_of[package.folder]

    def _keep_alive(
        self, routes: list[Found], servers: tuple[ServerFact, ...], sources: list[str]
    ) -> Known[float] | None:
        frameworks = frozenset(found.route.framework for found in routes)
        return keep_alive_of(servers, frameworks, sources, self._program.content, self._shown) if routes else None

    def _library_of(self, name: str, path: str) -> Library | None:
        """A library without what it only sends in a version that the application of a file does not run."""
        library = LIBRARIES.get(name)
        if library is None or not library.since:
            return library
        package = self._package_of(path)
        key = (package.folder, name)
        if key not in self._libraries:
            since = tuple(map(int, library.since.split(".")))
            bounds = bounds_of(package, self._program.files, self._program.content, library.package)
            is_older = bounds.is_below(since)
            self._libraries[key] = replace(library, headers={}, heartbeat=None) if is_older else library
        return self._libraries[key]

    def _describe(self, package: Package, routes: list[Found]) -> Iterator[Route]:
        """Routes with what the code around them does to their answers, and speaks of."""
        if all(found.route.kind != "sse" for found in routes):
            yield from (found.route for found in routes)
            return
        compressed = CompressedRoutes(self._streaming.joiner, package, self._shown, routes)
        holders = AnswerHolders(package, self._program, self._shown)
        sent = SentHeaders(self._streaming.joiner, package, routes)
        content = self._program.content
        accel_in = cache(lambda path: names_accel(content(path)))
        pings_in = cache(lambda path: names_pings(content(path)))
        is_named = any(map(accel_in, package.files))
        around_of = cache(self._program.with_imports)
        for found in routes:
            if found.route.kind != "sse":
                yield found.route
                continue
            around = around_of(found.files)
            found = found._replace(route=sent.with_headers(found))
            yield replace(
                compressed.with_compressor(found),
                holder=holders.of_route(found),
                names_accel=is_named or any(map(accel_in, around)),
                names_pings=any(map(pings_in, around)),
            )

    def _settle(self, route: Route, package: Package, servers: tuple[ServerFact, ...]) -> Route:
        """A route with what its application as a whole does: who serves it."""
        if route.framework == "Django" and route.kind == "websocket" and "daphne" in package.needs:
            route = replace(route, heartbeat=LIBRARIES["daphne"].heartbeat)
        if route.framework == "Django" and route.kind == "websocket" and self._shares_messages(package):
            route = replace(route, stateless=True)
        if route.framework in ("Ktor", "ASP.NET Core") and route.kind == "websocket" and route.heartbeat is None:
            return replace(route, heartbeat=self._configured_pings(package))
        if route.kind == "websocket" and route.heartbeat is None and _is_asgi(route, package):
            given = next((fact.value for fact in servers if fact.name == "ws_ping_interval"), None)
            interval = LIBRARIES["uvicorn-websockets"].heartbeat
            return replace(route, heartbeat=float(given) if isinstance(given, float) else interval)
        return route

    def _configured_pings(self, package: Package) -> float | None:
        if package.folder not in self._pings:
            naming = (path for path in package.files if may_configure_pings(self._program.content(path)))
            modules = (module for path in naming if (module := self._program.load(path)) is not None)
            self._pings[package.folder] = configured_pings(modules)
        return self._pings[package.folder]

    def _shares_messages(self, package: Package) -> bool:
        """Whether Channels sends its messages over Redis, so that each replica has those of all.

        https://channels.readthedocs.io/en/stable/topics/channel_layers.html
        """
        if package.folder not in self._sharing:
            layers = (path for path in package.files if path.endswith(".py"))
            self._sharing[package.folder] = any(b"channels_redis." in self._program.content(path) for path in layers)
        return self._sharing[package.folder]

    def _starters(self, package: Package) -> list[str]:
        return self._starters_of.get(package.folder, [])

    @cached_property
    def _starters_of(self) -> dict[str, list[str]]:
        return self._by_package((path, path) for path in self._all_starters)

    @cached_property
    def _all_starters(self) -> list[str]:
        """Files that start programs: Dockerfiles, Procfiles, scripts."""
        return self._glance("commands", self._files.find_named(*STARTERS), self._may_command)

    def _may_command(self, path: str) -> bool:
        content = self._program.content(path)
        return says_how_to_serve(path, content) or path in self._program.generated or path in self._program.skipped

    def _starting(self, package: Package) -> list[str]:
        begins = _STARTING.match
        return [path for path in package.files if begins(path, path.rfind("/") + 1)]

    @cached_property
    def _unread_endings(self) -> tuple[str, ...]:
        """How the names of files end in which there is code that is not read."""
        read = {ending for ending, language in BY_ENDING.items() if language.name in self._languages}
        return tuple(f".{ending}" for ending in self._code.keys() - read)

    def _unread(self, package: Package) -> list[str]:
        """The frameworks without rules that an application depends on and names in its code."""
        wanted = {need: name for need, name in UNREAD_FRAMEWORKS.items() if need in package.needs}
        if "phoenix" in package.needs:  # that is what it runs on
            wanted = {need: name for need, name in wanted.items() if name != "Plug"}
        if not wanted:
            return []
        forms = {name: need.replace("-", "_").encode() for need, name in wanted.items()}
        plain = {name: need.encode() for need, name in wanted.items()}
        contents = [self._program.content(path) for path in package.files]
        return sorted(
            name for name in forms if any(forms[name] in content or plain[name] in content for content in contents)
        )

    def _reasons(self, package: Package) -> list[Unfollowed]:
        around = Location(self._shown(package.folder).rstrip("/") or ".")
        reasons = []
        unread = [path for path in package.files if path.endswith(self._unread_endings)] if self._unread_endings else []
        for name, count in sorted(Counter(map(_language_name, unread)).items()):
            reasons.append(Unfollowed(around, f"code in {name} is not read ({count} file{'s' if count > 1 else ''})"))
        reasons += [Unfollowed(around, f"code that uses {name} is not read") for name in self._unread(package)]
        skipped = sorted(path for path in self._program.skipped if self._package_of(path) is package)
        reasons += [
            Unfollowed(Location(self._shown(path)), f"can't be read{self._program.skipped[path]}") for path in skipped
        ]
        reasons += [unjoined.reason for unjoined in self._unjoined_in(package)]
        return list(dict.fromkeys(reasons))

    def _unjoined_in(self, package: Package) -> Iterator[Unjoined]:
        """What could not be joined in the files of a package."""
        if self._unjoined:
            yield from chain.from_iterable(self._unjoined.get(path, ()) for path in package.files)

    def _missing(self, package: Package, reasons: Collection[Unfollowed]) -> frozenset[StreamKind]:
        """The kinds of streams that may be there and not among the routes: both, unless all that is not known is of one."""
        unjoined = list(self._unjoined_in(package))
        if set(reasons) - {found.reason for found in unjoined}:
            return STREAM_KINDS
        return frozenset(kind for found in unjoined for kind in found.kinds)

    def _gaps(self, package: Package) -> Iterator[Unknown]:
        """Files that speak of streams and can't be followed, though their language is read."""
        for path, line in sorted(self._broken.items()):
            if self._package_of(path) is package:
                why = "can't be parsed as a whole, so what it streams may not be seen"
                yield Unknown(Location(self._shown(path), line), "", why, _way_out(path))
        for path, reason in sorted(self._program.skipped.items()):
            if self._package_of(path) is package:
                why = f"can't be read, and may stream{reason}"
                yield Unknown(Location(self._shown(path)), "", why, _way_out(path))

    def _reach(self, package: Package, reasons: list[Unfollowed]) -> Reach:
        if not reasons:
            return "whole"
        languages = self._languages
        known = any(
            (language := language_of(path)) is not None and language.name in languages for path in package.files
        )
        return "partly" if known else "not"


_STEMS = (b"tream", b"ocket")
"""Parts that many words share, so that few have to be looked for in most files."""


class _Filter:
    """Tells by their bytes which files of a language may hold a stream: by words, and only where none of these is there by
    expressions, each behind its literal."""

    def __init__(self, rules: list[Rules], others: Iterable[str] = ()) -> None:
        words = {word for rule in rules for word in rule.words} | set(others)
        self._words = WordSearch((word.encode() for word in words), _STEMS)
        patterns = sorted({pair for rule in rules for pair in rule.patterns})
        self._patterns = [(literal.encode(), lazy(pattern.encode())) for literal, pattern in patterns]

    def admits(self, content: bytes) -> bool:
        return self._words.finds_in(content) or any(
            literal in content and pattern.search(content) for literal, pattern in self._patterns
        )


def _admits(wanted: _Filter, content: Callable[[str], bytes], path: str) -> bool:
    return wanted.admits(content(path))


def _needs_any(needs: set[str], names: Iterable[str]) -> bool:
    return any(name in needs or any(need.startswith(f"{name}/") for need in needs) for name in names)


def _language_name(path: str) -> str:
    ending = path.rpartition(".")[2]
    return LANGUAGE_NAMES.get(ending, ending)


def _is_asgi(route: Route, package: Package) -> bool:
    return route.framework in ("FastAPI", "Starlette") and "hypercorn" not in package.needs


def _way_out(path: str) -> str:
    """What to do about a file of code that can't be followed."""
    return f"leave it out if it is a library or was made by a program: `exclude: [{path}]` in infralint.yaml"
