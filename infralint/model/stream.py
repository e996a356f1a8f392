"""What streams: a route, why it is believed to stream, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from infralint.model.setting import Location

EvidenceKind = Literal["declared", "source", "config", "name", "assumed"]
StreamKind = Literal["sse", "websocket"]

SSE: frozenset[StreamKind] = frozenset({"sse"})
WEBSOCKET: frozenset[StreamKind] = frozenset({"websocket"})
STREAM_KINDS = SSE | WEBSOCKET
STRENGTH: tuple[EvidenceKind, ...] = ("declared", "source", "config", "name", "assumed")
CERTAIN_EVIDENCE = frozenset({"declared", "source", "config"})


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Why a route is believed to stream: `because` completes the sentence "a stream goes here because …"."""

    kind: EvidenceKind
    because: str
    where: Location | None = None

    @property
    def certain(self) -> bool:
        return self.kind in CERTAIN_EVIDENCE


class Need(msgspec.Struct, frozen=True, gc=False):
    """How many seconds a stream needs. declared: the user said so, else it rests on the default; exact: of this very need,
    so that nothing that is found in code says it better."""

    seconds: float
    declared: bool = False
    exact: bool = False


NAMELESS_SESSION = "session"
"""What a session is called whose protocol is not said."""


class Stream(msgspec.Struct, frozen=True, gc=False):
    """A route that must deliver bytes while they are produced.

    path: as declared or as the platform matches it; a glob (`/api/*`), or a regular expression
    after `~`. host: None for any. longest_silence, duration: what it needs, in seconds.
    session: the session protocol it belongs to (`Socket.IO`, `SockJS`, `MCP`) if known: its
    requests must all reach one replica. sticky: the user requires that of every stream. hops: names
    that narrow where it goes. handshake_only: all that is known is that a WebSocket may be opened.
    headers: what its responses surely carry, by lower-case name, as it was declared. methods: how it is asked for; none
    where that is not known. stateless: any replica can answer any of its requests. compressed: whether its answers
    leave the application compressed, piece by piece; None where that is not said.
    """

    kind: StreamKind
    path: str
    evidence: Evidence
    longest_silence: Need
    duration: Need
    host: str | None = None
    content_type: str | None = None
    heartbeat: float | None = None
    session: str = ""
    sticky: bool = False
    hops: tuple[str, ...] = ()
    handshake_only: bool = False
    headers: Mapping[str, str] = MappingProxyType({})
    methods: tuple[str, ...] = ()
    stateless: bool = False
    compressed: bool | None = None

    @property
    def identity(self) -> tuple[StreamKind, str, str | None, tuple[str, ...]]:
        """What tells it from other streams, whatever is found out of its needs: its kind, and how it is asked for."""
        return self.kind, self.path, self.host, self.hops

    def __hash__(self) -> int:
        return hash((self.kind, self.path, self.host))

    def __str__(self) -> str:
        kind = {"sse": "SSE", "websocket": "WebSocket"}[self.kind]
        # A path that is an expression does not go on where the host ends.
        space = " " if self.host and self.path[:1] not in ("", "/") else ""
        return f"{kind} {self.host or ''}{space}{self.path}"


class Hint(msgspec.Struct, frozen=True, gc=False):
    """What a hop's own configuration gives away about the stream it carries. path: where it is not the hop's own.

    handshake_only: it shows that a WebSocket may be opened here (Upgrade headers, whole or half), not that one
    is: it says nothing of silence, length or sessions. heartbeat: seconds between pings that its origin is
    known to send. methods: how it is asked for; none where that is not known. stateless: any replica can answer
    any of its requests.
    """

    kind: StreamKind
    evidence: Evidence
    session: str = ""
    content_type: str | None = None
    path: str = ""
    handshake_only: bool = False
    heartbeat: float | None = None
    methods: tuple[str, ...] = ()
    stateless: bool = False
