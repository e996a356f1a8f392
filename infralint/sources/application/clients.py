"""Calls by which code opens a stream as a client: what a browser of the application asks for.

https://developer.mozilla.org/en-US/docs/Web/API/EventSource, https://socket.io/docs/v4/client-options/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from infralint.model import Location, StreamKind
from infralint.platforms.libraries import LIBRARIES
from infralint.sources.application.facts import ClientCall
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.responses import shorten
from infralint.sources.application.syntax import HOLE, Call, SourceModule, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_CALLS: dict[str, tuple[StreamKind, str]] = {
    "EventSource": ("sse", ""),
    "EventSourcePolyfill": ("sse", ""),
    "fetchEventSource": ("sse", ""),
    "WebSocket": ("websocket", ""),
    "ReconnectingWebSocket": ("websocket", ""),
    "useWebSocket": ("websocket", ""),
    "io": ("websocket", "socket.io"),
    "useChat": ("sse", ""),
    "useCompletion": ("sse", ""),
    "DefaultChatTransport": ("sse", ""),
    "TextStreamChatTransport": ("sse", ""),
    "createConsumer": ("websocket", "action-cable"),
    "withUrl": ("websocket", "signalr"),
    "SockJS": ("websocket", "sockjs"),
    "fetch": ("sse", ""),
    "Socket": ("websocket", "phoenix"),
    "LiveSocket": ("websocket", "phoenix"),
    "Client": ("websocket", ""),
    "createClient": ("websocket", ""),
    "createWSClient": ("websocket", ""),
    "Echo": ("websocket", "reverb"),
}
"""What a call opens, and the library whose server answers it; "" for any server."""
CLIENT_NAMES = frozenset(_CALLS)
CLIENT_WORDS = (
    "EventSource",
    "WebSocket(",
    "useWebSocket",
    "socket.io-client",
    "useChat",
    "useCompletion",
    "ChatTransport",
    "createConsumer",
    "HubConnectionBuilder",
    "SockJS",
    ".getReader(",
    "TextDecoderStream",
    "for await",
    "phoenix",
    "brokerURL",
    "graphql-ws",
    "createWSClient",
    "laravel-echo",
)
"""One of these stands in each file that opens a stream."""
_DEFAULTS = {
    "useChat": "/api/chat",
    "useCompletion": "/api/completion",
    "DefaultChatTransport": "/api/chat",
    "createConsumer": "/cable",
}
_SOURCES = {
    "Socket": "phoenix",
    "LiveSocket": "phoenix_live_view",
    "Client": "@stomp/stompjs",
    "createClient": "graphql-ws",
    "createWSClient": "@trpc/client",
    "Echo": "laravel-echo",
}
"""Names that say what they open only where they come from these packages."""
_ADDRESSES = {"Client": "brokerURL", "createClient": "url", "createWSClient": "url"}
"""The option that has the address.

https://stomp-js.github.io/api-docs/latest/classes/Client.html, https://the-guild.dev/graphql/ws/docs,
https://trpc.io/docs/client/links/wsLink
"""
_OPTIONS = frozenset({"useChat", "useCompletion", "DefaultChatTransport", "TextStreamChatTransport"})
_AI_SDK = lazy(r"(?:ai|@ai-sdk[\w-]*)(?:/|$)")
_PAGE = lazy(r"\b(?:window\.|document\.)?location\.(?:host|hostname|origin|protocol)|\blocation\b")
_READS = lazy(r"\.getReader\(|TextDecoderStream|for await \((?:const|let) \w+ of \w+\.body\b")


def client_calls(resolver: Resolver, module: SourceModule, shown: Callable[[str], str]) -> Iterator[ClientCall]:
    """The streams that a JavaScript file opens."""
    if module.language.name != "javascript":
        return
    for call in module.calls(CLIENT_NAMES):
        if call.name == "fetch" and not _reads_stream(call):
            continue
        if call.name in ("WebSocket", "EventSource", "SockJS") and call.node.kind() != "new_expression":
            continue
        if call.name == "useChat" and call.argument("transport") is not None:
            continue
        kind, name = _CALLS[call.name]
        library = LIBRARIES.get(name)
        if call.name == "io" and not _is_socket_io(resolver, call):
            continue
        if call.name in _OPTIONS and not _is_of_ai_sdk(resolver, call):
            continue
        if call.name in _SOURCES and not _is_from(resolver, call, _SOURCES[call.name]):
            continue
        if call.name == "Echo" and not _has_own_server(resolver, call):
            continue
        path, host = _target(resolver, call)
        where = Location(shown(module.path), call.span.line)
        yield ClientCall(
            kind,
            path,
            host,
            where,
            f"{where} opens {shorten(call)}",
            library.session if library else "",
            _transports(call),
            library.heartbeat if library else None,
        )


def _reads_stream(call: Call) -> bool:
    """Whether the answer of a request is read piece by piece in the same function."""
    inner = call.module.definition_at(call.span)
    return inner is not None and call.module.finds(_READS, inner)


def _is_socket_io(resolver: Resolver, call: Call) -> bool:
    imported = resolver.program.imports(call.module).get(call.full_name.partition(".")[0])
    return (imported is not None and imported.specifier.startswith("socket.io-client")) or (
        imported is None and "socket.io" in call.module.text and call.receiver is None
    )


def _is_of_ai_sdk(resolver: Resolver, call: Call) -> bool:
    """Whether a hook is the AI SDK's: projects call their own `useChat`, too, and what that opens stands in its file."""
    imported = resolver.program.imports(call.module).get(call.full_name.partition(".")[0])
    return imported is not None and _AI_SDK.match(imported.specifier) is not None


def _is_from(resolver: Resolver, call: Call, package: str) -> bool:
    imported = resolver.program.imports(call.module).get(call.full_name.partition(".")[0])
    return imported is not None and imported.specifier == package


def _has_own_server(resolver: Resolver, call: Call) -> bool:
    """Whether Laravel Echo speaks to a server of one's own: Reverb, or what speaks Pusher's protocol at a host that is given.

    https://laravel.com/docs/12.x/broadcasting#client-reverb
    """
    broadcaster = resolver.text(call.module, call.named.get("broadcaster"))
    return broadcaster == "reverb" or (broadcaster == "pusher" and "wsHost" in call.named)


def _transports(call: Call) -> tuple[str, ...]:
    node = call.named.get("transports")
    return tuple(re.findall(r"[\"'](\w+)[\"']", node.text())) if node is not None else ()


def _target(resolver: Resolver, call: Call) -> tuple[str | None, str | None]:
    module = call.module
    if call.name in _OPTIONS:
        node = call.argument("api")
        text = resolver.text(module, node) if node is not None else _DEFAULTS.get(call.name)
        return parts_of(text, node)
    if call.name in _ADDRESSES:
        node = call.named.get(_ADDRESSES[call.name])
        return parts_of(_written_address(resolver, module, node), node) if node is not None else (None, None)
    node = call.argument(0)
    if call.name == "Echo":
        return "/app/*", parts_of(f"ws://{resolver.text(module, call.named.get('wsHost')) or HOLE}/", None)[1]
    if call.name == "io":
        given = resolver.text(module, call.named["path"]) if "path" in call.named else "/socket.io/"
        if given is not None and "addTrailingSlash" not in call.named:
            given = f"{given.rstrip('/')}/"
        url = resolver.text(module, node) if node is not None and node.kind() != "object" else ""
        return given, parts_of(url, node)[1]
    if node is None:
        return _DEFAULTS.get(call.name), None
    path, host = parts_of(_written_address(resolver, module, node), node)
    # https://hexdocs.pm/phoenix/js/index.html: a transport's name follows the path
    return (f"{path.rstrip('/')}/websocket" if path and call.name in ("Socket", "LiveSocket") else path), host


def _written_address(resolver: Resolver, module: SourceModule, node: SgNode) -> str | None:
    """The address that a call is given; also of `new URL("/x", base)` and of `url.toString()`."""
    call = module.call_of(node)
    if call is not None and call.name == "URL" and call.positional:
        return resolver.text(module, call.positional[0])
    if call is not None and call.name == "toString" and call.receiver is not None:
        return resolver.text(module, call.receiver)
    text = resolver.text(module, node)
    if text is None and node.kind() in module.language.identifiers:
        for assignment in module.assignments_of(node.text(), span_of(node)):
            return (
                _written_address(resolver, module, assignment.value)
                if span_of(assignment.value) != span_of(node)
                else None
            )
    return text


def parts_of(text: str | None, node: SgNode | None) -> tuple[str | None, str | None]:
    """Path and host of an address; the path begins with `**` where a base before it is computed."""
    if text is None:
        return None, None
    text = re.sub(rf"^{HOLE}(?::?//)(?={HOLE})", "", text)
    found = re.match(rf"(?:wss?|https?|{HOLE})://([^/{HOLE}?#]*)([^?#]*)", text)
    if found and HOLE not in found[1] and found[1]:
        return _plain(found[2]) or "/", found[1].lower()
    if found:
        rest = found[2]
        rest = rest[1:] if rest.startswith(HOLE) else rest
        rest = re.sub(rf"^:?(?:{HOLE}|\d+)?(?=/)", "", rest)
        return (_plain(rest) if rest.startswith("/") else None), None
    text = text.partition("?")[0].partition("#")[0]
    if text.startswith("/"):
        return _plain(text), None
    if text.startswith(HOLE):
        rest = text.lstrip(HOLE)
        if not rest.startswith("/"):
            return None, None
        known = node is not None and _PAGE.search(node.text()) is not None
        return _plain(rest) if known else f"**{_plain(rest)}", None
    return (f"/{_plain(text)}" if text and not re.match(r"\w+:", text) else None), None


def _plain(path: str) -> str:
    path = re.sub(rf"{HOLE}$", "*", path)
    return re.sub(rf"/[^/]*{HOLE}[^/]*", "/*", path)
