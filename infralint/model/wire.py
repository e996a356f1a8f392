"""What stands on the wire between two hops: a request on its way in, the response on its way out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Protocol

import msgspec

from infralint.model.setting import Known, Location, Setting, Unknown
from infralint.model.stream import StreamKind

Buffering = Literal["never", "unless-chunked", "always"]
"""When a hop holds a response back: never; unless the upstream answers chunked over HTTP/1.1
in events smaller than a buffer; always."""

Compression = Literal["passes", "may-delay", "delays", "may-hold", "holds"]
"""What becomes of a stream that a hop could compress: it passes at once; its first bytes are kept until there are enough
of them, and the rest passes at once; nothing passes before there is enough to compress. `may`: so do some versions."""

Upgrade = Literal["forwarded", "http/1.0", "half", "dropped"]
"""What becomes of a WebSocket handshake: it goes on whole; it does, but over HTTP/1.0, which some backends refuse;
only its Upgrade header does, which no backend takes for a handshake, but which another proxy may complete; it is lost."""

Framing = Literal["chunked", "close", "length", "h2"]
"""How a response's end is told: chunk by chunk; by closing the connection; by its length beforehand; HTTP/2 frames."""

NOWHERE = Location("")
EVENT_STREAM = "text/event-stream"
"""The content type of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""


class Address(msgspec.Struct, frozen=True, gc=False):
    """Where something listens or is dialled. host: a name, an address, or `unix:/path`. port: None for any."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


CLIENT_HTTP = Known("1.1", NOWHERE, "the browser", "default")
CLIENT_UPGRADE: Known[Upgrade] = Known("forwarded", NOWHERE, "the browser", "default")


class Request(msgspec.Struct, frozen=True, gc=False):
    """A request as it arrives at a hop, or leaves it.

    host: what its Host header says ("": it has none); None: any, or not known. path: without its query. to: the address
    that is dialled; None: whatever the node listens on. http: the version spoken (`1.0`, `1.1`, `2`).
    upgrade: whether the handshake of a WebSocket is still whole. compressible: the client's word that it takes
    compressed answers is still in it. secure: whether it is sent by TLS; None where that is not known.
    via: a `Via` header says that a proxy has sent it. dialled: a hop has sent it to `to`, so that who listens there is
    meant; a client may have meant another one. headers: what hops in front made of other headers, by lower-case name, in
    order, `*` for all that are not named; an empty text: the header is not sent. relayed: it comes from a hop in front,
    not from a client. methods: those by which it may be sent; none where that is not known. proxied: whether the PROXY
    protocol stands in front of it; None where that is not known.
    """

    kind: StreamKind
    path: str
    host: str | None = None
    to: Address | None = None
    http: Setting[str] = CLIENT_HTTP
    upgrade: Setting[Upgrade] = CLIENT_UPGRADE
    compressible: bool = True
    secure: bool | None = None
    via: bool = False
    dialled: bool = False
    headers: tuple[tuple[str, Setting[str]], ...] = ()
    relayed: bool = False
    methods: tuple[str, ...] = ()
    proxied: bool | None = None

    def header(self, name: str) -> Setting[str] | None:
        """A header by its lower-case name; None: no hop in front touched it, so it is whatever the client sends."""
        found = dict(self.headers)
        return found.get(name, found.get("*"))

    def headers_with(self, sent: Mapping[str, Setting[str]]) -> tuple[tuple[str, Setting[str]], ...]:
        """Its headers after a hop set some anew, or took them away. sent: by lower-case name."""
        before = {} if "*" in sent else dict(self.headers)
        return tuple(sorted({**before, **sent}.items(), key=lambda header: header[0])) if sent else self.headers


UNKNOWN_TEXT = "…"
"""What stands for a part of a text that the application works out: no path to be looked up."""


class Response(msgspec.Struct, frozen=True, gc=False):
    """A response as it arrives at a hop from behind, or leaves it towards the client.

    headers: by lower-case name; UNKNOWN_TEXT stands for a part of a value that is not known. complete: these are all
    that a stream's hops look at; else one that is not there may still be sent. content_type: None where it is not
    known. origin: the place in the application that sends it, where that is known.
    """

    framing: Setting[Framing]
    content_type: str | None = None
    headers: Mapping[str, Setting[str]] = MappingProxyType({})
    complete: bool = False
    origin: Location | None = None

    def header(self, name: str) -> Setting[str] | None:
        """A header by its lower-case name; None: surely not sent; Unknown: it may be."""
        found = self.headers.get(name)
        if found is not None or self.complete:
            return found
        return Unknown(NOWHERE, name, f"what the application sends as {name} is not known")


UNKNOWN_RESPONSE = Response(Unknown(NOWHERE, "framing", "how the application frames its answer is not known"))
"""What comes from an origin of which nothing is known."""


class PathMap(Protocol):
    """How a hop rewrites paths: a prefix stripped or added, a regular expression, nothing."""

    def forward(self, path: str) -> str | None:
        """The path that goes on for one that came in; None where that can't be told."""
        ...

    def inverse(self, path: str) -> str | None:
        """A path that comes in for one that goes on; None where there is none, or it can't be told."""
        ...


class PrefixMap(msgspec.Struct, frozen=True, gc=False):
    """A prefix that is replaced by another (`proxy_pass http://app/v2/` in `location /api/`)."""

    before: str = ""
    after: str = ""

    def forward(self, path: str) -> str | None:
        return self.after + path[len(self.before) :] if path.startswith(self.before) else None

    def inverse(self, path: str) -> str | None:
        """None, too, for what only a path without a slash would become: nobody asks for `/apichat`, which is all that
        `location /api { proxy_pass http://app/; }` makes `/chat` of (of `/api/chat` it makes `//chat`)."""
        rest = path[len(self.after) :]
        glued = rest and self.after.endswith("/") and not self.before.endswith("/") and not rest.startswith("/")
        return self.before + rest if path.startswith(self.after) and not glued else None


SAME_PATH = PrefixMap()


class _NoPath(msgspec.Struct, frozen=True, gc=False):
    """A path that becomes what can't be told."""

    def forward(self, path: str) -> str | None:
        return None

    def inverse(self, path: str) -> str | None:
        return None


NO_PATH = _NoPath()
