"""Names that say "stream": whole segments of paths, never substrings."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

import msgspec

from infralint.model import StreamKind
from infralint.text.lazy import lazy

SSE_SEGMENTS = frozenset(
    "sse stream streaming event-stream eventstream eventsource event-source events completions chat-stream"
    " stream-chat chat mcp a2a generate-stream generate_stream".split()
)
WEBSOCKET_SEGMENTS = frozenset(
    "ws wss websocket websockets web-socket web_socket websocket_backend socket.io socketio engine.io sockjs sockjs-node"
    " cable signalr graphql-ws ws-api _stcore".split()
)
ENDPOINTS: dict[tuple[str, str], StreamKind] = {
    ("api", "generate"): "sse",
    ("v1", "messages"): "sse",
    ("v1", "responses"): "sse",
    ("v1", "realtime"): "websocket",
}
"""Two segments side by side that only LLM APIs have: Ollama's, Anthropic's and OpenAI's."""
SESSIONS = {
    "socket.io": "Socket.IO",
    "socketio": "Socket.IO",
    "engine.io": "Socket.IO",
    "sockjs": "SockJS",
    "mcp": "MCP",
}

LIBRARIES = {
    "socket.io": "socket.io",
    "socketio": "socket.io",
    "engine.io": "socket.io",
    "sockjs": "sockjs",
    "sockjs-node": "sockjs",
    "cable": "action-cable",
    "signalr": "signalr",
    "_stcore": "streamlit",
}
"""The libraries that serve under these names, as the table of libraries calls them."""

_DISTINCTIVE = frozenset({"completions", *LIBRARIES})
"""Words that only one protocol or product has; `chat`, `events` or `ws` may be anybody's."""

FALSE_FRIENDS = frozenset(
    "oauth oauth2 saml scim callback auth login token register .well-known library asset assets static media images img css js"
    " fonts upload uploads download downloads files docs doc blog calendar metrics health healthz tags history list"
    " export exports admin hls dash vod video".split()
)
"""Segments beside which a telling one means something else: `/mcp/oauth/callback`, `/library/streams`, `/docs/events`."""

STORES = frozenset(
    "adminer authelia authentik chroma elasticsearch keycloak kibana mongo-express neo4j opensearch opensearch-dashboards"
    " pgadmin pgadmin4 phpmyadmin qdrant schema-registry solr vault weaviate zipkin zitadel".split()
)
"""Names of products that answer over HTTP, each request at once: what stores, what shows it, and what signs people in."""
_STANDS_FOR_ANY = frozenset("svc service server web ui http https app backend upstream internal prod 1".split())
"""Words beside a product's name in the name of a host that runs it."""

CATCH_ALLS = frozenset({"", "/api", "/v1", "/api/v1", "/api/v2", "/backend", "/backend-api"})
"""Paths, without a slash at their end, that take whatever an application serves, rather than one route of it."""


_FILES = lazy(
    r"(?i)(?:^|[/_-])(?:images?|avatars?|downloads?|files?|media|thumbnails?|attachments?|exports?|pdf|assets?)(?:$|[/_-])"
)


class StreamName(msgspec.Struct, frozen=True):
    """What a name says: the kind of stream, the telling word, the session protocol and the library if it names them."""

    kind: StreamKind
    word: str
    session: str = ""
    library: str = ""


@lru_cache(maxsize=4096)
def stream_name(text: str) -> StreamName | None:
    """What the segments of a path (or the words of an upstream's name) say of a stream."""
    segments = _segments(text)
    if has_false_friend(text):
        return None
    for pair, kind in ENDPOINTS.items():
        if pair in pairwise(segments):
            return StreamName(kind, "/".join(pair))
    for segment in segments:
        if segment in WEBSOCKET_SEGMENTS:
            return StreamName("websocket", segment, SESSIONS.get(segment, ""), LIBRARIES.get(segment, ""))
    for segment in segments:
        if segment in SSE_SEGMENTS:
            return StreamName("sse", segment, SESSIONS.get(segment, ""))
    return None


def is_distinctive(text: str) -> bool:
    """Whether a path holds words that only one protocol or product has."""
    segments = _segments(text)
    return any(segment in _DISTINCTIVE for segment in segments) or any(pair in ENDPOINTS for pair in pairwise(segments))


@lru_cache(maxsize=4096)
def has_false_friend(text: str) -> bool:
    """Whether a path is about something else, whatever other segments say."""
    return any(segment in FALSE_FRIENDS for segment in _segments(text))


def names_store(upstream: str) -> bool:
    """Whether an upstream, `keycloak:8080` or `keycloak-svc.auth`, is named after a product that streams no answers."""
    host = upstream.lower().rpartition("//")[2].partition("/")[0].partition(":")[0].partition(".")[0]
    words = [word for word in re.split(r"[-_]+", host) if word not in _STANDS_FOR_ANY]
    return "-".join(words) in STORES


def names_files(path: str) -> bool:
    """Whether a route at this path sends a file where nothing says of which type its answer is."""
    return _FILES.search(path) is not None


@lru_cache(maxsize=4096)
def _segments(text: str) -> list[str]:
    """The words between slashes, regular expression marks dropped: `^/(ws|sse)/.*$` -> ws, sse."""
    if "(?" in text:
        text = re.sub(r"\(\?<?[!=](?:[^()]|\([^()]*\))*\)", "", text)
    plain = text.lower()
    if "\\" in plain:
        plain = re.sub(r"\\([.\-/])", r"\1", plain)
    parts = re.split(r"[/|()^$?*+\[\]{}\\:@]+", plain)
    words = [part.strip(".") if part not in (".well-known",) else part for part in parts]
    return [word for part in words if part for word in (part, *_product(part))]


def _product(part: str) -> list[str]:
    """`websocket-backend`, `ws_upstream` -> their first word, where the rest only says "server"."""
    first, _, rest = part.replace("_", " ").replace("-", " ").partition(" ")
    return [first] if rest in {"backend", "upstream", "server", "servers", "service", "app", "proxy"} else []
