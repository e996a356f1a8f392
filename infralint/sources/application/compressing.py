"""Which routes of an application a middleware compresses, and so holds back; looked for where something streams."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from infralint.model import EVENT_STREAM, NOWHERE, Known, Location, Response, Unknown
from infralint.platforms.compression import (
    COMPRESSORS,
    DJANGO_FLUSHES,
    FASTAPI_TAKES_IT,
    STARLETTE_FLUSHES,
    STARLETTE_SPARES_EVENTS,
    TOWER_HTTP_SPARES_EVENTS,
    is_encoded,
    is_untransformed,
    media_type,
)
from infralint.sources.application.facts import CompressorUse, Route
from infralint.sources.application.joining import Joiner
from infralint.sources.application.manifests import Package
from infralint.sources.application.routes import Found
from infralint.sources.application.syntax import Call, Definition, SourceModule, span_of
from infralint.sources.application.use_order import UseOrder
from infralint.sources.application.versions import bounds_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_WORDS = (b"compression", b"koa-compress", b"GZipMiddleware", b"flask_compress", b"CompressionLayer")
"""A file that puts one of these to use names it."""
_PACKAGES = {"compression": "compression", "koa-compress": "koa-compress"}
"""What is imported in JavaScript -> the compressor."""
_FRAMEWORKS = {
    "compression": frozenset({"Express", "NestJS"}),
    "koa-compress": frozenset({"Koa"}),
    "starlette": frozenset({"FastAPI", "Starlette"}),
    "django": frozenset({"Django"}),
    "flask-compress": frozenset({"Flask"}),
    "tower-http": frozenset({"axum"}),
}
_FLUSHED = lazy(rb"\bres(?:ponse)?\b[^\n;]{0,40}\.flush\b")
"""`res.flush()`, and not `res.flushHeaders()`, which sends the headers alone."""
_UNTOUCHED = lazy(r"ctx\.(?:respond|compress)\s*=\s*false|\bres\.(?:write|writeHead|end)\(")
"""What Koa's middleware does not see."""
_SPARES = lazy(r"event-stream|path|url|accept|stream|sse|getHeader|content-type|true\s*;", re.IGNORECASE)
"""What a filter has to name to spare a stream; that of the middleware's own manual names `x-no-compression` alone."""
_TYPES = lazy(rb"COMPRESS_MIMETYPES\W{1,6}[^\]]{0,2000}")
_DJANGO_GZIP = lazy(r"(?<=[\"'])django\.middleware\.gzip\.GZipMiddleware(?=[\"'])")
_SYNC_KINDS = frozenset({"list", "tuple", "generator_expression"})
_SYNC_PIECES = lazy(r"iter_(?:content|lines|bytes|raw|text)|map|filter|iter|readlines|FileWrapper")
"""What yields pieces to a plain `for`: a response of requests or httpx that is read piece by piece, built-in functions."""
_OFF = lazy(rb"COMPRESS_(?:STREAMS|REGISTER)\W{1,6}False")


class Middleware(msgspec.Struct, frozen=True, eq=False):
    """Where a compressor is put to use. call: what it is handed to (`app.use(…)`), where that matters."""

    library: str
    module: SourceModule
    node: SgNode
    call: Call | None = None
    is_optional: bool = False


class CompressedRoutes:
    """Tells what compresses the routes of one application."""

    def __init__(
        self,
        joiner: Joiner,
        package: Package,
        shown: Callable[[str], str],
        found: Sequence[Found],
    ) -> None:
        self._joiner = joiner
        self._package = package
        self._shown = shown
        self._content = joiner.program.content
        self._found = found
        self._order = UseOrder(joiner)
        self._middleware = [middleware for path in package.files for middleware in self._used_in(path)]

    def with_compressor(self, found: Found) -> Route:
        """A route with what compresses it."""
        return replace(found.route, compressor=self._compressor(found))

    def _compressor(self, found: Found) -> CompressorUse | None:
        if found.route.kind != "sse" or not self._middleware:
            return None
        for middleware in self._middleware:
            if found.route.framework in _FRAMEWORKS[middleware.library]:
                seeing = self._seeing(middleware, found)
                if seeing is not None:
                    return self._effect(seeing, found)
        return None

    def _seeing(self, middleware: Middleware, found: Found) -> Middleware | None:
        """A middleware, if it sees a route's answer; optional where it may not."""
        if middleware.library == "tower-http":
            return _laid_over(middleware, found)
        return middleware if self._order.sees(middleware.call, found) else None

    def _effect(self, middleware: Middleware, found: Found) -> CompressorUse | None:
        """What a middleware that sees a route's answer does to it; None where the answer passes."""
        route, compressor = found.route, COMPRESSORS[middleware.library]
        content_type = media_type(route.content_type)
        headers = {name: Known(value, NOWHERE, name) for name, value in route.headers.items()}
        response = Response(Unknown(NOWHERE, "framing", ""), content_type, headers)
        if is_encoded(response, compressor.encoded) or (compressor.obeys_no_transform and is_untransformed(response)):
            return None
        if self._may_say(b"no-transform" if compressor.obeys_no_transform else b"content-encoding", found):
            return None
        where = Location(self._shown(middleware.module.path), span_of(middleware.node).line)
        use = CompressorUse(middleware.library, where, not middleware.is_optional)
        match middleware.library:
            case "starlette":
                return self._hold_by_starlette(use, content_type)
            case "django":
                return self._hold_by_django(use, found)
            case "flask-compress":
                return use if self._is_listed(content_type) else None
            case "tower-http":
                return self._hold_by_tower(use, content_type)
        return use if content_type and compressor.holds(content_type) and self._is_seen(middleware, found) else None

    def _is_seen(self, middleware: Middleware, found: Found) -> bool:
        """JavaScript: whether what the route writes goes through the middleware, and stays there."""
        around = self._joiner.program.with_imports(found.files)
        if middleware.library == "koa-compress":
            return not any(_UNTOUCHED.search(self._content(path).decode("utf-8", "replace")) for path in around)
        return not any(_FLUSHED.search(self._content(path)) for path in around)

    def _may_say(self, word: bytes, found: Found) -> bool:
        """Whether a header may still be sent with a route's answer: code that no other route accounts for names it."""
        telling = {path for path in self._package.files if word in self._content(path).lower()}
        text = word.decode()
        for other in self._found:
            values = " ".join((*other.route.headers, *other.route.headers.values())).lower()
            if text in values:
                telling -= set(other.files)
        return bool(telling)

    def _hold_by_starlette(self, use: CompressorUse, content_type: str) -> CompressorUse | None:
        is_event_stream = content_type == EVENT_STREAM
        limit = STARLETTE_SPARES_EVENTS if is_event_stream else STARLETTE_FLUSHES
        below = self._is_below("starlette", limit)
        if below is None and self._is_below("fastapi", FASTAPI_TAKES_IT):
            below = True
        if below is None and is_event_stream:
            # What is installed today has spared event streams since February 2025.
            return None
        versions = f"Starlette before {'.'.join(map(str, limit))}"
        return None if below is False else replace(use, surely=use.surely and bool(below), versions=versions)

    def _hold_by_tower(self, use: CompressorUse, content_type: str) -> CompressorUse | None:
        below = content_type == EVENT_STREAM and self._is_below("tower-http", TOWER_HTTP_SPARES_EVENTS)
        versions = f"tower-http before {'.'.join(map(str, TOWER_HTTP_SPARES_EVENTS))}"
        # Where a newer one may be run, it is: what is resolved today spares event streams.
        return replace(use, versions=versions) if below else None

    def _hold_by_django(self, use: CompressorUse, found: Found) -> CompressorUse | None:
        is_async = self._is_async(found)
        below = self._is_below("django", DJANGO_FLUSHES)
        if is_async or below is False:
            return None
        surely = use.surely and bool(below) and is_async is False
        return replace(use, surely=surely, versions=f"Django before {'.'.join(map(str, DJANGO_FLUSHES))}")

    def _is_below(self, name: str, version: tuple[int, ...]) -> bool | None:
        program = self._joiner.program
        return bounds_of(self._package, program.files, self._content, name).is_below(version)

    def _is_async(self, found: Found) -> bool | None:
        """Django: whether what is streamed is an asynchronous generator, each piece of which is compressed by itself."""
        sighting = found.sighting
        if sighting is None:
            return None
        module = sighting.module
        calls = (call for call in module.calls(frozenset({"StreamingHttpResponse"})) if call.span == sighting.span)
        call = next(calls, None)
        given = call.argument(0) if call is not None else None
        body = module.call_of(given) if given is not None else None
        if given is not None and (
            given.kind() in _SYNC_KINDS or (body is not None and _SYNC_PIECES.fullmatch(body.name))
        ):
            return False
        meaning = self._joiner.resolver.meaning(module, body.callee) if body is not None else None
        return meaning.node.text().startswith("async") if isinstance(meaning, Definition) else None

    def _is_listed(self, content_type: str) -> bool:
        """Flask: whether a type is one that the application has Flask-Compress compress."""
        contents = [self._content(path) for path in self._package.files]
        if any(_OFF.search(content) for content in contents):
            return False
        listed = b" ".join(found[0] for content in contents for found in _TYPES.finditer(content))
        if listed:
            return f'"{content_type}"'.encode() in listed.replace(b"'", b'"')
        return COMPRESSORS["flask-compress"].holds(content_type)

    def _used_in(self, path: str) -> Iterator[Middleware]:
        """Where a file puts a compressor to use."""
        content = self._content(path)
        if not any(word in content for word in _WORDS):
            return
        module = self._joiner.program.load(path)
        if module is not None and module.language.name == "javascript":
            yield from self._used_in_javascript(module)
        elif module is not None and module.language.name == "python":
            yield from self._used_in_python(module)
        elif module is not None and module.language.name == "rust":
            yield from _used_in_rust(module)

    def _used_in_javascript(self, module: SourceModule) -> Iterator[Middleware]:
        imports = self._joiner.program.imports(module)
        local = {name: _PACKAGES[found.specifier] for name, found in imports.items() if found.specifier in _PACKAGES}
        names = "|".join(map(re.escape, local)) or "(?!)"
        made = re.compile(rf"(?:(?P<name>{names})|require\([\"'](?P<package>{'|'.join(_PACKAGES)})[\"']\))\s*\(")
        for call in module.calls(frozenset({"use"})):
            for node in (inner for given in call.positional for inner in _items(given)):
                assigned = module.assignments_of(node.text(), span_of(node))
                maker = assigned[-1].value if assigned else node
                found = made.match(maker.text())
                made_by = module.call_of(maker)
                if found is not None and made_by is not None and not self._spares(made_by):
                    library = local[found["name"]] if found["name"] else found["package"]
                    yield Middleware(library, module, call.node, call, _is_optional(call))

    def _spares(self, maker: Call) -> bool:
        """Whether a filter may leave streams alone: one is given, and it is not known to ask for a request's header alone."""
        node = maker.argument("filter")
        if node is None:
            return False
        meaning = self._joiner.resolver.meaning(maker.module, node)
        if not isinstance(meaning, Definition):
            return True
        text = meaning.node.text()
        return "compression.filter(" not in text or _SPARES.search(text) is not None

    def _used_in_python(self, module: SourceModule) -> Iterator[Middleware]:
        imports = self._joiner.program.imports(module)
        for call in module.calls(frozenset({"add_middleware", "Middleware"})):
            given = call.argument(0)
            imported = imports.get(given.text()) if given is not None else None
            if (
                imported is not None
                and imported.name == "GZipMiddleware"
                and imported.specifier.startswith(("starlette", "fastapi"))
                and call.argument("exclude_content_types") is None
            ):
                yield Middleware("starlette", module, call.node, is_optional=_is_optional(call))
        if "settings" in module.path:
            for node in module.strings_like(_DJANGO_GZIP):
                yield Middleware("django", module, node)
        if any(imported.specifier == "flask_compress" for imported in imports.values()):
            for call in module.calls(frozenset({"Compress"})):
                yield Middleware("flask-compress", module, call.node, is_optional=_is_optional(call))


def _used_in_rust(module: SourceModule) -> Iterator[Middleware]:
    """`.layer(CompressionLayer::new())`, alone or in a `ServiceBuilder`."""
    for call in module.calls(frozenset({"layer"})):
        given = call.argument(0)
        if given is None or "CompressionLayer" not in given.text() or _SPARES_EVENTS.search(given.text()):
            continue
        if call.receiver is not None and call.receiver.text().startswith("ServiceBuilder"):
            continue  # the layer that takes the builder is the one that lies over routes
        yield Middleware("tower-http", module, call.node, call, "compress_when" in given.text())


_SPARES_EVENTS = lazy(r"event-stream|NotForContentType::SSE")


def _laid_over(middleware: Middleware, found: Found) -> Middleware | None:
    """A layer of axum's, if it lies over a route: over those that are bound before it. None where it does not; optional
    where that can't be seen.

    https://docs.rs/axum/latest/axum/struct.Router.html#method.layer
    """
    layer, registration = middleware.call, found.registration
    if layer is None or registration is None:
        return replace(middleware, is_optional=True)
    bound = registration.call
    if bound.module is not layer.module or bound.span.start != layer.span.start:
        return replace(middleware, is_optional=True)
    return middleware if bound.span.end < layer.span.end else None


def _items(node: SgNode) -> Iterable[SgNode]:
    return node.named_children() if node.kind() == "array" else [node]


def _is_optional(call: Call) -> bool:
    """Whether a call is only made under a condition other than that the application is deployed."""
    for outer in call.node.ancestors():
        if outer.kind() in call.module.language.functions:
            return False
        if outer.kind() == "if_statement":
            condition = outer.field("condition")
            return condition is None or re.search(r"prod|dev|debug", condition.text(), re.IGNORECASE) is None
    return False
