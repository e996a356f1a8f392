"""Applications as nodes: each route that streams is a hop, the last of its way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from infralint.model import (
    SSE,
    UNLIMITED,
    Address,
    Buffering,
    Clock,
    Compression,
    Evidence,
    Hint,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Reading,
    Related,
    Request,
    Response,
    Rival,
    Selection,
    Service,
    Setting,
    Stream,
    StreamKind,
    Unknown,
    not_applicable,
)
from infralint.platforms.compression import COMPRESSORS
from infralint.project.config import Settings
from infralint.project.needs import needs
from infralint.sources.application.facts import (
    NO_HEADERS,
    AnswerHolder,
    Application,
    ClientCall,
    CompressorUse,
    Route,
    ServerFact,
)
from infralint.sources.application.product_uses import ProductUse
from infralint.sources.application.products import (
    Product,
    ProductStream,
    is_store,
    products_of_command,
    products_of_image,
    speaks_of_models,
)
from infralint.sources.application.servers import GUNICORN_TIMEOUT
from infralint.text.globs import matches_segments
from infralint.text.lazy import lazy


class ApplicationRoute(Hop, frozen=True, kw_only=True, eq=False):
    """A route that streams. stream_kind: what it opens. pattern: its path, `*` for one segment, `**` for the rest.

    headers: what its responses surely carry. may_send: what they may carry, too. complete: they carry nothing else that a
    hop looks at. workers: the
    server's processes that serve one request at a time, where it runs such; how many, if that is said. compressor:
    what compresses its answers, and what to write instead, holder: what else holds them; None where nothing does.
    names_accel: code of its
    application names X-Accel-Buffering. names_pings: code around it speaks of pings. keep_alive: seconds after which its
    server closes a connection that carries nothing; None where that is not known. methods: by
    which it may be asked; none where any will do. exact: `/ws/` is another path to it than `/ws`.
    merges_slashes: `//chat` may be the same to it as `/chat`. subtree: it takes what is below its path, too.
    """

    platform: ClassVar[str] = "application"
    kind: ClassVar[str] = "route"
    origin: ClassVar[bool] = True
    of_code: ClassVar[bool] = True

    stream_kind: StreamKind
    pattern: str
    headers: Mapping[str, str] = NO_HEADERS
    may_send: tuple[str, ...] = ()
    content_type: str | None = None
    complete: bool = False
    workers: Known[int | None] | None = None
    methods: tuple[str, ...] = ()
    compressor: CompressorUse | None = None
    holder: AnswerHolder | None = None
    names_accel: bool = False
    names_pings: bool = False
    keep_alive: Known[float] | None = None
    exact: bool = False
    merges_slashes: bool = True
    subtree: bool = False

    def takes(self, path: str) -> bool:
        """Whether a request's path fits its own."""
        if self.subtree and path.startswith(self.pattern):
            return True
        if self.exact and path.endswith("/") != self.pattern.endswith("/"):
            return False
        if path.startswith("//") and not self.merges_slashes:
            return False
        return matches_segments(path, self.pattern)

    def buffering_of(self, response: Response, request: Request | None = None) -> Setting[Buffering]:
        if self.holder is None:
            return self.buffers_responses
        related = (Related(self.holder.called, self.holder.where),)
        return Known("always", self.where, "Rack::ETag", because=self.holder.because, related=related)

    def compression_of(self, response: Response, request: Request) -> Setting[Compression]:
        use = self.compressor
        if use is None or not request.compressible:
            return super().compression_of(response, request)
        called = COMPRESSORS[use.library].called
        which = f"{called} of {use.versions}" if use.versions else called
        related = (Related(f"{called} is put to use here", use.where),)
        effect: Compression = "holds" if use.surely else "may-hold"
        return Known(
            effect, self.where, "compress", because=f"{which} compresses what {self.name} sends", related=related
        )

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "keep_alive" and self.keep_alive is not None:
            return _longer(self.keep_alive.name, math.ceil(seconds))
        if setting == "compress" and self.compressor is not None:
            return COMPRESSORS[self.compressor.library].fix
        if setting == "buffers_responses" and self.holder is not None:
            return self.holder.fix
        if setting == "max_duration":
            return f"gunicorn --worker-class gthread --threads 16 --timeout {max(seconds, 300):g} …"
        return ""

    def response_out(self, response: Response, request: Request) -> Response:
        headers: dict[str, Setting[str]] = {name: self._may_send(name) for name in self.may_send}
        headers |= {name: Known(value, self.where, name) for name, value in self.headers.items()}
        framing = Unknown(self.where, "framing", f"how {self.name} frames its answer is up to its server")
        return Response(framing, self.content_type, headers, self.complete, self.where)

    def _may_send(self, name: str) -> Unknown:
        called = "-".join(part.capitalize() for part in name.split("-"))
        why = f"other code of its application sets {called}, and whether {self.name} sends it can't be told"
        return Unknown(
            self.where, "headers", why, "write it under `headers` of a declared stream, or send it in the route itself"
        )


def _longer(name: str, seconds: int) -> str:
    """How a server is told to keep connections that carry nothing for so long."""
    match name:
        case "timeout_keep_alive" | "--timeout-keep-alive":
            return f"uvicorn --timeout-keep-alive {seconds} …"
        case "keepalive" | "--keep-alive":
            return f"gunicorn --keep-alive {seconds} …"
    milliseconds = f"server.keepAliveTimeout = {seconds * 1000:_};    // of what app.listen() returns"
    return f"{milliseconds}\nserver.headersTimeout = {(seconds + 1) * 1000:_};"


class ApplicationNode(Node, kw_only=True, eq=False, dict=True):
    """A program of the project: what its code serves as a stream. Of its other routes nothing is said."""

    platform: ClassVar[str] = "application"
    of_code: ClassVar[bool] = True

    hops: tuple[ApplicationRoute, ...] = ()

    def route(self, request: Request) -> list[Match]:
        """The route of that kind that serves a path: of several, the one that is written out most."""
        fitting = self._fitting(request)
        return [Match(min(fitting, key=lambda hop: hop.pattern.count("*")))] if fitting else []

    def _fitting(self, request: Request) -> list[ApplicationRoute]:
        """The routes that a request's path fits, in the order of the code."""
        path = request.path.strip("/")
        keys = dict.fromkeys((path, _first_segment(path) + "/", "/"))
        numbers = sorted(number for key in keys for number in self._by_path.get((request.kind, key), ()))
        return [self.hops[number] for number in numbers if self.hops[number].takes(request.path)]

    @cached_property
    def _by_path(self) -> dict[tuple[StreamKind, str], list[int]]:
        """The numbers of the routes by their kind and path; of those that take several paths, by the first segment and a
        slash (a slash alone: any)."""
        found: dict[tuple[StreamKind, str], list[int]] = {}
        for number, hop in enumerate(self.hops):
            key = hop.pattern.strip("/")
            if hop.subtree or _WILD.search(key):
                first = _first_segment(key)
                key = "/" if _WILD.search(first) else first + "/"
            found.setdefault((hop.stream_kind, key), []).append(number)
        return found

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        if not isinstance(hop, ApplicationRoute):
            return Selection()
        step = f"its path is {hop.pattern}"
        rivals = (
            Rival(other.name, other.where, f"{hop.pattern} is written out more")
            for other in self._fitting(request)
            if other is not hop
        )
        return Selection((Related(step, hop.where),), tuple(rivals))


_WILD = lazy(r"[*?\[\\]")


def _first_segment(path: str) -> str:
    return path.strip("/").partition("/")[0]


def may_poll(calls: Iterable[ClientCall]) -> bool:
    """Whether clients of Socket.IO may begin with polling: all do that are not told to open WebSockets alone."""
    transports = {call.transports for call in calls if call.session == "Socket.IO"}
    return transports != {("websocket",)}


def node_of(application: Application, polls: bool = True) -> ApplicationNode:
    """An application with its routes. polls: its clients of Socket.IO may begin with polling."""
    return ApplicationNode(
        name=application.name or application.folder or "the application",
        hops=(
            *(_hop_of(route, application, polls) for route in _without_doubles(application.routes)),
            *(_hop_of_product(stream, use) for use in application.products for stream in use.product.streams),
        ),
        listens=tuple(Address("*", port) for port in application.ports),
        folder=application.folder,
        complete=application.read == "whole",
        missing=application.missing,
        files=application.files,
    )


def _without_doubles(routes: Iterable[Route]) -> Iterable[Route]:
    """Routes, each once: several gateways of Socket.IO share the path of their server, and differ in namespaces alone."""
    kept: dict[object, Route] = {}
    for route in routes:
        kept.setdefault((route.kind, route.path, route.methods) if route.session else id(route), route)
    return kept.values()


def _hop_of(route: Route, application: Application, polls: bool) -> ApplicationRoute:
    where = route.where
    opens_at_once = route.websocket_only or (route.session == "Socket.IO" and not polls)
    workers = _sync_workers(application) if route.kind == "sse" else None
    hint = Hint(
        route.kind,
        Evidence("source", _reason_of(route), where),
        "" if opens_at_once or route.stateless else route.session,
        route.content_type,
        route.path,
        heartbeat=route.heartbeat,
        methods=route.methods,
        stateless=route.stateless,
    )
    return _route(
        f"{' or '.join(route.methods) or 'the route'} {route.path}",
        where,
        hint,
        f"application {application.folder}",
        headers=route.headers,
        may_send=route.may_send,
        complete=application.read == "whole",
        workers=workers,
        methods=route.methods,
        compressor=route.compressor,
        holder=route.holder,
        names_accel=route.names_accel,
        names_pings=route.names_pings,
        keep_alive=application.keep_alive,
        exact=_is_exact(route),
        merges_slashes=route.framework not in _KEEPING_SLASHES,
        # https://pkg.go.dev/net/http#hdr-Patterns-ServeMux
        subtree=route.framework == "net/http" and len(route.path) > 1 and route.path.endswith("/"),
        clocks=(Clock("whole-response", _worker_timeout(application, workers), expiry="truncated"),) if workers else (),
    )


_EXACT_SOCKETS = frozenset({"FastAPI", "Starlette", "ws", "aiohttp", "Tornado", "axum", "chi", "net/http", "Actix Web"})
"""Frameworks that open a WebSocket at the very path alone: where they redirect to the one with or without a slash, that is
for other requests, and no client of WebSockets follows it.

https://github.com/encode/starlette/blob/master/starlette/routing.py, https://github.com/websockets/ws/blob/master/doc/ws.md"""


_KEEPING_SLASHES = frozenset(
    {"FastAPI", "Starlette", "Django", "Flask", "Express", "NestJS", "Koa", "Fastify", "Socket.IO", "python-socketio"}
    | {"ws", "aiohttp", "Tornado", "axum", "chi", "Gin", "MCP (Python)"}
)
"""Frameworks to which `//chat` is another path than `/chat`: they answer 404."""


def _is_exact(route: Route) -> bool:
    written_out = route.path_known == "whole" and not route.path.endswith("*") and len(route.path) > 1
    return route.kind == "websocket" and not route.session and written_out and route.framework in _EXACT_SOCKETS


def _route(name: str, where: Location, hint: Hint, scope: str, **more: Any) -> ApplicationRoute:
    """A route that sends what a hint says. more: further fields."""
    return ApplicationRoute(
        name=name,
        where=where,
        buffers_responses=not_applicable("never", where),
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        paths=(hint.path,),
        hints=(hint,),
        scope=scope,
        stream_kind=hint.kind,
        pattern=hint.path,
        content_type=hint.content_type,
        **more,
    )


def _sync_workers(application: Application) -> Known[int | None] | None:
    """gunicorn's workers, where they are of the kind that serves one request at a time: the default."""
    # https://docs.gunicorn.org/en/stable/design.html#sync-workers
    facts = _gunicorn(application)
    kind = facts.get("worker_class")
    if kind is None or kind.value != "sync":
        return None
    count = facts.get("workers")
    number = int(count.value) if count is not None and isinstance(count.value, float) else None
    return Known(number, kind.where, "worker_class", written="gunicorn")


def _worker_timeout(application: Application, workers: Known[int | None]) -> Setting[float]:
    """Seconds after which gunicorn ends a sync worker, which gives no sign of life while it streams; 0: never."""
    # https://docs.gunicorn.org/en/stable/settings.html#timeout
    timeout = _gunicorn(application).get("timeout")
    if timeout is not None and not isinstance(timeout.value, float):
        return Unknown(
            timeout.where, "timeout", f"gunicorn's `--timeout` is only known once {timeout.value} is filled in"
        )
    seconds = timeout.value if timeout is not None and isinstance(timeout.value, float) else GUNICORN_TIMEOUT
    because = f"gunicorn ends a sync worker after {seconds:g} s, also in the middle of an answer"
    return Known(seconds or UNLIMITED, workers.where, "timeout", "default", f"gunicorn --timeout {seconds:g}", because)


def _gunicorn(application: Application) -> dict[str, ServerFact]:
    return {fact.name: fact for fact in application.servers if fact.program == "gunicorn"}


def _reason_of(route: Route) -> str:
    """Why it is believed to stream, as a sentence that begins with its place."""
    return f"{route.where} starts a {route.session} server" if route.session == "Socket.IO" else route.because


def read_products(services: Iterable[Service]) -> Reading:
    """The products that deployment files run, by image or command, as nodes that answer to the names of their services;
    of those that store, that nothing streams there."""
    reading = Reading("products")
    found: dict[tuple[str, Location, str], tuple[Product, set[str]]] = {}
    for service in services:
        if not (service.image or service.command):
            continue  # nothing says what it runs
        products = dict.fromkeys((*products_of_image(service.image), *products_of_command(service.command)))
        if not products and speaks_of_models(service.image):
            reading.mentions.add("sse")
        if not products and is_store(service.image):
            products = {Product(service.image, "", (), ()): None}
        for product in products:
            _, names = found.setdefault((product.name, service.where, service.environment), (product, set()))
            names |= {service.name, *service.names}
    for (_, where, environment), (product, names) in found.items():
        reading.nodes.append(node_of_product(product, frozenset(names), where, environment))
        # A dashboard's WebSocket is judged by itself, and speaks of no answer of a model.
        reading.mentions |= SSE & {stream.kind for stream in product.streams}
    return reading


def node_of_product(product: Product, names: frozenset[str], where: Location, environment: str = "") -> ApplicationNode:
    """A known product that a deployment file runs, with the paths that its documentation says stream.

    names: what others dial it by.
    """
    use = ProductUse(product, where, "runs")
    name = min(names, key=len)
    return ApplicationNode(
        name=name,
        hops=tuple(_hop_of_product(stream, use) for stream in product.streams),
        known_as=names,
        environment=environment,
        folder=f"{where.path}#{name}",
        complete=True,
        by_name_only=True,
    )


def _hop_of_product(stream: ProductStream, use: ProductUse) -> ApplicationRoute:
    product, where, verb = use
    evidence = Evidence("name", f"{where} {verb} {product.name}, which streams {stream.path} ({product.page})", where)
    hint = Hint(stream.kind, evidence, stream.session, stream.content_type, stream.path, heartbeat=stream.heartbeat)
    return _route(f"{product.name}'s {stream.path}", where, hint, f"product {product.name}")


def stream_of(call: ClientCall, settings: Settings) -> Stream | None:
    """The stream that code of a client opens; None where its path is computed."""
    if call.path is None:
        return None
    silence, duration, heartbeat = needs(settings, known=call.heartbeat)
    return Stream(
        kind=call.kind,
        path=call.path,
        evidence=Evidence("source", call.because, call.where),
        longest_silence=silence,
        duration=duration,
        host=call.host,
        heartbeat=heartbeat,
        session="" if call.transports == ("websocket",) else call.session,
        sticky=settings.require_sticky,
    )
