"""Caddy's reverse proxy: it flushes event streams and passes WebSockets on, and waits without a limit.

https://caddyserver.com/docs/caddyfile/directives/reverse_proxy. Seen with Caddy 2.11.7: events and chunked text pass as
they come; `read_timeout` cuts an answer and a WebSocket that are silent for longer, `response_header_timeout` measures the
first byte alone.
"""

from __future__ import annotations

from typing import ClassVar

from infralint.platforms.routing import RoutedHop


class CaddyRoute(RoutedHop, frozen=True, kw_only=True):
    """A site, or a path of one, that Caddy hands on."""

    platform: ClassVar[str] = "caddy"
    kind: ClassVar[str] = "site"

    @property
    def product(self) -> str:
        return "Caddy"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                return "leave the read_timeout of its transport out"
            case "keeps_affinity":
                return "lb_policy cookie  # in its reverse_proxy"
        return ""
