"""Applications as nodes: each route that streams is a hop, the last of its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from infralint.model import (
    Address,
    Evidence,
    Hint,
    Hop,
    Known,
    Match,
    Node,
    Request,
    Response,
    Stream,
    StreamKind,
    Unknown,
    not_applicable,
)
from infralint.project.config import Settings
from infralint.project.needs import needs
from infralint.sources.application.facts import NO_HEADERS, Application, ClientCall, Route
from infralint.text.globs import matches_segments


@dataclass(frozen=True, kw_only=True, eq=False)
class ApplicationRoute(Hop):
    """A route that streams. stream_kind: what it opens. pattern: its path, `*` for one segment, `**` for the rest.

    headers: what its responses surely carry. complete: they carry nothing else that a hop looks at.
    """

    platform: ClassVar[str] = "application"
    kind: ClassVar[str] = "route"
    origin: ClassVar[bool] = True

    stream_kind: StreamKind
    pattern: str
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    content_type: str | None = None
    complete: bool = False

    def response_out(self, response: Response, request: Request) -> Response:
        headers = {name: Known(value, self.where, name) for name, value in self.headers.items()}
        framing = Unknown(self.where, "framing", f"how {self.name} frames its answer is up to its server")
        return Response(framing, self.content_type, headers, self.complete, self.where)


@dataclass(kw_only=True, eq=False)
class ApplicationNode(Node):
    """A program of the project: what its code serves as a stream. Of its other routes nothing is said."""

    platform: ClassVar[str] = "application"

    hops: tuple[ApplicationRoute, ...] = ()

    def route(self, request: Request) -> list[Match]:
        """The routes of that kind that serve a path; the one that is written out most comes first."""
        fitting = [
            hop for hop in self.hops if hop.stream_kind == request.kind and matches_segments(request.path, hop.pattern)
        ]
        return [Match(hop) for hop in sorted(fitting, key=lambda hop: hop.pattern.count("*"))[:1]]


def node_of(application: Application) -> ApplicationNode:
    """An application with its routes."""
    whole = application.read == "whole"
    return ApplicationNode(
        name=application.name or application.folder or "the application",
        hops=tuple(_hop_of(route, application, whole) for route in application.routes),
        listens=tuple(Address("*", port) for port in application.ports),
        folder=application.folder,
        complete=whole,
    )


def _hop_of(route: Route, application: Application, whole: bool) -> ApplicationRoute:
    where = route.where
    hint = Hint(
        route.kind,
        Evidence("source", _reason_of(route), where),
        "" if route.websocket_only or route.stateless or route.shared_state else route.session,
        route.content_type,
        route.path,
        heartbeat=route.heartbeat,
    )
    return ApplicationRoute(
        name=f"{' or '.join(route.methods) or 'the route'} {route.path}",
        where=where,
        buffers_responses=not_applicable("never", where),
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        paths=(route.path,),
        hints=(hint,),
        scope=f"application {application.folder}",
        stream_kind=route.kind,
        pattern=route.path,
        headers=route.headers,
        content_type=route.content_type,
        complete=whole,
    )


def _reason_of(route: Route) -> str:
    """Why it is believed to stream, as a sentence that begins with its place."""
    return f"{route.where} starts a {route.session} server" if route.session == "Socket.IO" else route.because


def stream_of(call: ClientCall, settings: Settings) -> Stream | None:
    """The stream that code of a client opens; None where its path is computed."""
    if call.path is None:
        return None
    silence, duration, heartbeat = needs(settings, known=25.0 if call.session == "Socket.IO" else None)
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
