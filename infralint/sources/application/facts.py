"""What the code of an application says of its streams: routes that stream, calls that open one, and its server.

Plain data. A path is written with `*` for one segment that varies and `**` for all that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from infralint.model import Known, Location, StreamKind, Unfollowed, Unknown

if TYPE_CHECKING:
    from infralint.sources.application.product_uses import ProductUse

Extent = Literal["whole", "tail"]
Reach = Literal["whole", "partly", "not"]

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class CompressorUse(msgspec.Struct, frozen=True):
    """Middleware that compresses what a route sends. library: its key in `platforms.compression`.

    surely: every version that the application may run holds a stream for it; else versions says which do.
    """

    library: str
    where: Location
    surely: bool = True
    versions: str = ""


class AnswerHolder(msgspec.Struct, frozen=True):
    """What an answer waits for in the application itself. because: a sentence. where: what says so, called `called`. fix: what
    to write instead."""

    because: str
    where: Location
    called: str
    fix: str


class Route(msgspec.Struct, frozen=True):
    """A route of an application whose responses stream, or that opens a WebSocket.

    path: as a client of the application asks for it (`/api/chat/*`). path_known: `tail` where only the
    end of it could be told; it begins with `**` then. methods: none where any will do. because: completes
    "it streams, because …". content_type: None where it can't be told. headers: what its responses surely
    carry, by lower-case name; may_send: what they may carry, too. heartbeat: seconds between pings that keep it alive,
    None where none is known. compressor: what compresses, and so holds, its answer, holder: what else holds it.
    names_accel: code of its application names X-Accel-Buffering. names_pings: code around it speaks of pings.
    session: the protocol whose requests must all reach one process (`Socket.IO`, `SockJS`, `MCP`).
    websocket_only: its session never begins with polling. stateless: it keeps no session.
    """

    kind: StreamKind
    path: str
    path_known: Extent
    methods: tuple[str, ...]
    where: Location
    framework: str
    because: str
    content_type: str | None = None
    headers: Mapping[str, str] = NO_HEADERS
    heartbeat: float | None = None
    session: str = ""
    websocket_only: bool = False
    stateless: bool = False
    compressor: CompressorUse | None = None
    holder: AnswerHolder | None = None
    names_accel: bool = False
    names_pings: bool = False
    may_send: tuple[str, ...] = ()


class ClientCall(msgspec.Struct, frozen=True):
    """Code that opens a stream as a client: what a browser of this application asks for.

    path: None where it is computed. host: None where it goes to the page's own host or is computed.
    transports: those it is restricted to, where it is. heartbeat: seconds between the pings that its library's
    server sends unless told otherwise, None where none is known.
    """

    kind: StreamKind
    path: str | None
    host: str | None
    where: Location
    because: str
    session: str = ""
    transports: tuple[str, ...] = ()
    heartbeat: float | None = None


class ServerFact(msgspec.Struct, frozen=True):
    """A setting of the program that serves an application.

    name: as its documentation calls it (`timeout`, `keepAliveTimeout`). value: seconds for times.
    """

    program: str
    name: str
    value: float | str
    where: Location


class Application(msgspec.Struct, frozen=True):
    """A program of the project: the nearest folder with a manifest or a Dockerfile, and what its code says.

    folder: relative to the project, empty for its root. ports: those that its code or scripts listen on.
    read: `whole` if each of its languages and frameworks has rules and all its source was looked at: then no
    other route of it streams. reasons: why it is not. keep_alive: seconds after which its server closes a connection
    that carries nothing, where that is known and something streams. gaps: files that could stream and can't be followed.
    missing: the kinds of streams of which there may be routes that were not found. products: those that it is made of.
    files: project paths of its code, where others in its folder belong to another program.
    """

    folder: str
    name: str
    routes: tuple[Route, ...] = ()
    clients: tuple[ClientCall, ...] = ()
    ports: tuple[int, ...] = ()
    read: Reach = "whole"
    reasons: tuple[Unfollowed, ...] = ()
    servers: tuple[ServerFact, ...] = ()
    keep_alive: Known[float] | None = None
    gaps: tuple[Unknown, ...] = ()
    missing: frozenset[StreamKind] = frozenset()
    products: tuple[ProductUse, ...] = ()
    files: frozenset[str] = frozenset()
