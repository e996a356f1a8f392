"""What libraries do to a stream by themselves: pings, headers, session protocols.

Read in their source or documentation; since: the version from which on it holds, empty where all do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from infralint.model import EVENT_STREAM, Hint
from infralint.text.stream_names import StreamName

NO_BUFFERING = MappingProxyType({"x-accel-buffering": "no"})
UNHELD = MappingProxyType({"x-accel-buffering": "no", "cache-control": "no-cache"})
"""What many libraries send, so that neither a proxy nor a cache keeps an event back."""


class Library(msgspec.Struct, frozen=True):
    """What a library does by itself. page: says so. heartbeat: seconds between pings. headers, content_type: what each
    response carries. session: why one client's requests must meet one replica, "" where they need not. since: the
    version of its package from which on its headers are sent and its pings go out."""

    page: str
    heartbeat: float | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    content_type: str | None = None
    session: str = ""
    package: str = ""
    since: str = ""


LIBRARIES: Mapping[str, Library] = {
    "sse-starlette": Library(
        "https://github.com/sysid/sse-starlette",
        15,
        MappingProxyType({"x-accel-buffering": "no", "cache-control": "no-store"}),
        EVENT_STREAM,
        package="sse-starlette",
        since="0.6.2",
    ),
    "fastapi-sse": Library(
        "https://fastapi.tiangolo.com/tutorial/server-sent-events/",
        15,
        UNHELD,
        EVENT_STREAM,
        package="fastapi",
        since="0.135",
    ),
    "django-eventstream": Library(
        "https://github.com/fanout/django-eventstream",
        20,
        UNHELD,
        EVENT_STREAM,
        package="django-eventstream",
        since="2.6",
    ),
    "uvicorn-websockets": Library("https://www.uvicorn.org/settings/", 20),
    "sanic": Library("https://sanic.dev/en/guide/running/configuration.html", 20),
    "daphne": Library("https://github.com/django/daphne", 20),
    "litestar-sse": Library(
        "https://docs.litestar.dev/latest/reference/response/sse.html",
        None,
        UNHELD,
        EVENT_STREAM,
    ),
    "hypercorn-websockets": Library("https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html"),
    "python-socketio": Library(
        "https://python-socketio.readthedocs.io/en/stable/api.html#socketio.Server", 25, session="Socket.IO"
    ),
    "socket.io": Library("https://socket.io/docs/v4/server-options/#pinginterval", 25, session="Socket.IO"),
    "flask-socketio": Library("https://flask-socketio.readthedocs.io/en/latest/api.html", 25, session="Socket.IO"),
    "flask-sock": Library("https://flask-sock.readthedocs.io/en/latest/web_servers.html"),
    "ws": Library("https://github.com/websockets/ws#how-to-detect-and-close-broken-connections"),
    "ai-sdk-ui": Library(
        "https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol",
        None,
        UNHELD,
        EVENT_STREAM,
        package="ai",
        since="5",
    ),
    "ai-sdk-text": Library(
        "https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol", None, content_type="text/plain; charset=utf-8"
    ),
    "hono-sse": Library("https://hono.dev/docs/helpers/streaming#streamsse", None, content_type=EVENT_STREAM),
    "better-sse": Library(
        "https://github.com/MatthewWid/better-sse/blob/master/docs/api.md",
        10,
        MappingProxyType(
            {
                "x-accel-buffering": "no",
                "cache-control": "private, no-cache, no-store, no-transform, must-revalidate, max-age=0",
            }
        ),
        EVENT_STREAM,
    ),
    "express-sse": Library(
        "https://github.com/dpskvn/express-sse",
        None,
        UNHELD,
        EVENT_STREAM,
        package="express-sse",
        since="0.5.3",
    ),
    "expresse": Library(
        "https://github.com/toverux/expresse",
        5,
        UNHELD,
        EVENT_STREAM,
    ),
    "flask-sse": Library("https://flask-sse.readthedocs.io/en/latest/", content_type=EVENT_STREAM),
    "langserve": Library(  # answers with sse-starlette's EventSourceResponse
        "https://github.com/langchain-ai/langserve/blob/main/langserve/api_handler.py", 15, NO_BUFFERING, EVENT_STREAM
    ),
    "websockets": Library("https://websockets.readthedocs.io/en/stable/topics/keepalive.html", 20),
    "ktor-sse": Library(
        "https://github.com/ktorio/ktor/pull/3993",
        None,
        MappingProxyType({"x-accel-buffering": "no", "cache-control": "no-store"}),
        EVENT_STREAM,
        package="ktor-server-sse",
        since="3",
    ),
    "nestjs-sse": Library(
        "https://docs.nestjs.com/techniques/server-sent-events",
        None,
        MappingProxyType(
            {
                "x-accel-buffering": "no",
                "cache-control": "private, no-cache, no-store, must-revalidate, max-age=0, no-transform",
            }
        ),
        EVENT_STREAM,
        package="@nestjs/common",
        since="7.6",
    ),
    "mcp-streamable": Library(
        "https://modelcontextprotocol.io/specification/2025-06-18/basic/transports",
        session="MCP",
        content_type=EVENT_STREAM,
    ),
    "mcp-sse": Library(
        "https://modelcontextprotocol.io/specification/2024-11-05/basic/transports",
        session="MCP",
        content_type=EVENT_STREAM,
    ),
    "mcp-csharp": Library(  # since 2.x without sessions, unless it is told otherwise
        "https://csharp.sdk.modelcontextprotocol.io/concepts/transports/transports.html", content_type=EVENT_STREAM
    ),
    "mcp-python": Library(
        "https://github.com/modelcontextprotocol/python-sdk",
        15,
        NO_BUFFERING,
        EVENT_STREAM,
        session="MCP",
    ),
    "gin-sse": Library("https://gin-gonic.com/docs/", None, content_type=EVENT_STREAM),
    "signalr": Library(
        "https://learn.microsoft.com/en-us/dotnet/api/microsoft.aspnetcore.signalr.huboptions.keepaliveinterval",
        15,
        session="SignalR",
    ),
    "action-cable": Library("https://guides.rubyonrails.org/action_cable_overview.html", 3),
    "phoenix": Library("https://hexdocs.pm/phoenix/js/index.html", 30),
    "reverb": Library("https://github.com/laravel/reverb/blob/main/config/reverb.php", 60),
    "sockjs": Library("https://github.com/sockjs/sockjs-node", 25, session="SockJS"),
    "spring-sockjs": Library(
        "https://docs.spring.io/spring-framework/reference/web/websocket/fallback.html", 25, session="SockJS"
    ),
    "streamlit": Library("https://docs.streamlit.io/develop/concepts/architecture/architecture", 30),
    "gradio": Library(
        "https://www.gradio.app/guides/running-gradio-on-your-web-server-with-nginx", 15, content_type=EVENT_STREAM
    ),
    "chainlit": Library("https://docs.chainlit.io/deploy/overview", 25, session="Socket.IO"),
    "vite-hmr": Library("https://vite.dev/config/server-options", 30),
}


def with_library(hint: Hint, name: StreamName) -> Hint:
    """A hint with the session and the heartbeat of the library that a name stands for."""
    library = LIBRARIES.get(name.library)
    return replace(hint, session=name.session, heartbeat=library.heartbeat if library else None)
