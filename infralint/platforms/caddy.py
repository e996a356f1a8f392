"""Caddy's reverse proxy: it flushes event streams and passes WebSockets on, and waits without a limit.

https://caddyserver.com/docs/caddyfile/directives/reverse_proxy. Shown by Caddy 2.11.7 (tests/lab/test_proxies.py): events and
chunked text pass as they come, also with `encode` and `flush_interval`; `read_timeout` cuts an answer and a WebSocket that
are silent for longer, `response_header_timeout` measures the first byte alone, `stream_timeout` ends WebSockets however busy,
and `response_buffers` holds answers back. A reload, which caddy-docker-proxy does whenever containers change, ends
WebSockets after `stream_close_delay`, at once where nothing is said, and lets answers finish.
"""

from __future__ import annotations

from typing import ClassVar

from infralint.model import Setting, StreamKind
from infralint.platforms.routing import RoutedHop


class CaddyRoute(RoutedHop, frozen=True, kw_only=True):
    """A site, or a path of one, that Caddy hands on. close_delay: seconds that WebSockets outlive a reload."""

    platform: ClassVar[str] = "caddy"
    kind: ClassVar[str] = "site"

    close_delay: Setting[float] | None = None

    def shutdown_of(self, kind: StreamKind) -> Setting[float] | None:
        return self.close_delay if kind == "websocket" else None

    @property
    def product(self) -> str:
        return "Caddy"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "shutdown_timeout":
                return f"stream_close_delay {max(seconds, 300):g}s  # in its reverse_proxy"
            case "buffers_responses":
                return "leave response_buffers out of its reverse_proxy"
            case "max_duration":
                return "leave the stream_timeout of its reverse_proxy out"
            case "idle_timeout":
                return "leave the read_timeout of its transport out"
            case "keeps_affinity":
                return "lb_policy cookie  # in its reverse_proxy"
        return ""
