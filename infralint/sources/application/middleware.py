"""Headers that middleware gives the responses of a whole application, and those that nobody can tell of one route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec
from msgspec.structs import replace

from infralint.sources.application.facts import Route
from infralint.sources.application.joining import Joiner
from infralint.sources.application.languages import language_of
from infralint.sources.application.manifests import Package
from infralint.sources.application.responses import headers_in
from infralint.sources.application.routes import Found
from infralint.sources.application.syntax import Call, Definition, SourceModule
from infralint.sources.application.use_order import UseOrder
from infralint.text.lazy import lazy

ACCEL = "x-accel-buffering"
_ACCEL = lazy(rb"(?i)accel[-_]?buffering")
_DECORATORS = frozenset({"middleware", "after_request", "after_app_request", "on_response"})
"""Decorators of Starlette, FastAPI, Sanic and aiohttp; of Flask and Quart; of Sanic."""
_ADDERS = frozenset({"add_middleware", "Middleware"})
_USES = frozenset({"use", "addHook"})
_METHODS = frozenset({"dispatch", "__call__", "process_response", "process_request", "use"})
"""What a middleware class does its work in: Starlette's, Django's, NestJS's."""
_HOOKS = frozenset({"onRequest", "preHandler", "onSend", "preSerialization"})


class HeaderMiddleware(msgspec.Struct, frozen=True):
    """A function that runs around the routes of an application, and what it surely sends. path: below which; empty: all.
    call: what puts it to use, where the order of such calls matters."""

    headers: dict[str, str]
    path: str = ""
    call: Call | None = None

    def is_around(self, route: Route) -> bool:
        start = self.path.rstrip("/*")
        return not start or route.path == start or route.path.startswith((f"{start}/", "**"))


def names_accel(content: bytes) -> bool:
    """Whether a file names X-Accel-Buffering."""
    return (b"ccel" in content or b"CCEL" in content) and _ACCEL.search(content) is not None


class SentHeaders:
    """Tells what the routes of one application send besides what their own code says."""

    def __init__(self, joiner: Joiner, package: Package, found: Sequence[Found]) -> None:
        self._joiner = joiner
        self._order = UseOrder(joiner)
        self._content: Callable[[str], bytes] = joiner.program.content
        self._naming = [
            path for path in package.files if language_of(path) is not None and names_accel(self._content(path))
        ]
        self._found = found

    def with_headers(self, found: Found) -> Route:
        """A route with what middleware sends along, and with the headers that it may send for all that can be told."""
        route = found.route
        if route.kind != "sse" or ACCEL in route.headers or not self._naming:
            return route
        for middleware in self._middleware:
            if middleware.is_around(route) and self._order.sees(middleware.call, found):
                return replace(route, headers={**middleware.headers, **route.headers})
        return replace(route, may_send=(ACCEL,)) if self._is_named_for_others() else route

    def _is_named_for_others(self) -> bool:
        """Whether the header is named where no route that sends it accounts for that."""
        return not self._accounted.issuperset(self._naming)

    @cached_property
    def _accounted(self) -> set[str]:
        """The files that routes which send the header come from, and those that these import."""
        files = {path for other in self._found if ACCEL in other.route.headers for path in other.files}
        return files | self._joiner.program.with_imports(files)

    @cached_property
    def _middleware(self) -> list[HeaderMiddleware]:
        return [middleware for path in self._naming for middleware in self._used_in(path)]

    def _used_in(self, path: str) -> Iterator[HeaderMiddleware]:
        module = self._joiner.program.load(path)
        if module is None or module.language.name not in ("python", "javascript"):
            return
        decorated, inline = module.marks(_DECORATORS), _inline_functions(module)
        for definition in module.definitions:
            if definition.kind != "function":
                continue
            for call in [None] if definition in decorated else self._uses_of(module, definition, inline):
                prefix = _prefix(call) if call is not None else ""
                headers = headers_in(self._joiner.resolver, module, definition, None) if prefix is not None else {}
                if ACCEL in headers:
                    yield HeaderMiddleware({ACCEL: headers[ACCEL]}, prefix or "", call)

    def _uses_of(
        self, module: SourceModule, definition: Definition, inline: Mapping[Definition, Sequence[Call]]
    ) -> Iterator[Call | None]:
        """The calls that put a function around routes; None: it is around all of them."""
        if module.language.name == "javascript":
            yield from inline.get(definition, ())
            yield from self._calls_that_use(module, definition)
        else:
            owner = definition.owner
            is_method = owner is not None and owner.kind == "class" and definition.name in _METHODS
            if is_method and owner is not None and self._is_added(module, owner.name):
                yield None

    def _calls_that_use(self, module: SourceModule, definition: Definition) -> Iterator[Call]:
        for other, use in self._joiner.uses.of(module, definition.name) if definition.name else ():
            call_around = other.call_around(use)
            if (
                call_around is not None
                and call_around.name in _USES
                and any(node.text() == use.text() for node in call_around.positional)
            ):
                yield call_around

    def _is_added(self, module: SourceModule, name: str) -> bool:
        """Whether a class is put to use: handed to an application, or named in Django's settings."""
        for other, use in self._joiner.uses.of(module, name):
            call = other.call_around(use)
            if call is not None and call.name in _ADDERS:
                return True
        setting = re.compile(rf"^[^#\n]*[\"'][\w.]+\.{name}[\"']".encode(), re.MULTILINE)
        sources = self._joiner.program.sources
        return any("settings" in path and setting.search(self._content(path)) is not None for path in sources)


def _inline_functions(module: SourceModule) -> dict[Definition, list[Call]]:
    """Functions that are written within the calls that put them to use."""
    found: dict[Definition, list[Call]] = {}
    for call in module.calls(_USES):
        for definition in filter(None, map(module.definition_of, call.positional)):
            found.setdefault(definition, []).append(call)
    return found


def _prefix(call: Call) -> str | None:
    """The path that a middleware is used below; None where it is a hook of another moment."""
    first = call.argument(0)
    text = first.text().strip("\"'`") if first is not None and first.kind() == "string" else ""
    if call.name == "addHook":
        return "" if text in _HOOKS else None
    return "" if text in ("/", "*") else text
