"""Where `if`, error_page, rewrite and return send a stream's request: infralint follows, and nginx shows the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from infralint.model import Request

from .client import Probe
from .harness import Binary, observe
from .judged import tier_of

HELD = "proxy_pass http://a:1; proxy_http_version 1.0; proxy_buffering on;"
SHUT = "proxy_pass http://a:1;"
SENT = "proxy_pass http://b:1; proxy_buffering off;"
OPEN = (
    "proxy_pass http://b:1; proxy_http_version 1.1;"
    " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
)
EVENTS = (("Accept", "text/event-stream"),)


@dataclass(frozen=True)
class Way:
    """A server in which one location alone, `goal`, lets the stream through; sure: infralint can know that it serves it."""

    name: str
    text: str
    goal: str
    sure: bool
    kind: Literal["sse", "websocket"] = "sse"
    path: str = "/api/chat"


WAYS = [
    Way(
        "a code for what accepts events",
        f'location /api/ {{ error_page 418 = @sse; if ($http_accept ~ "event-stream") {{ return 418; }} {HELD} }}'
        f" location @sse {{ {SENT} }}",
        "location @sse",
        sure=False,
    ),
    Way(
        "a code for handshakes",
        f"error_page 418 = @ws; location /api/ {{ if ($http_upgrade) {{ return 418; }} {SHUT} }}"
        f" location @ws {{ {OPEN} }}",
        "location @ws",
        sure=True,
        kind="websocket",
    ),
    Way(
        "a code for all but handshakes",
        f'location /api/ {{ error_page 418 = @sse; if ($http_upgrade = "") {{ return 418; }} {HELD} }}'
        f" location @sse {{ {SENT} }}",
        "location @sse",
        sure=True,
    ),
    Way(
        "a rewrite of the server for handshakes",
        f'if ($http_upgrade = "websocket") {{ rewrite ^(.*)$ /_ws$1 last; }} location / {{ {SHUT} }}'
        f" location /_ws/ {{ {OPEN} }}",
        "location /_ws/",
        sure=True,
        kind="websocket",
    ),
    Way(
        "a condition that a stream does not meet",
        f"error_page 418 = @other; location /api/ {{ if ($request_method = OPTIONS) {{ return 418; }} {SENT} }}"
        f" location @other {{ {HELD} }}",
        "location /api/",
        sure=True,
    ),
    Way(
        "a rewrite with a break goes on where it stands, and no return behind it is reached",
        f"location /api/ {{ rewrite ^/api/(.*) /x/$1 break; return 400; {SENT} }} location /x/ {{ {HELD} }}",
        "location /api/",
        sure=True,
    ),
    Way(
        "an error page for what `deny all` turns away",
        f"location /api/ {{ deny all; error_page 403 = @sse; {HELD} }} location @sse {{ allow all; {SENT} }}",
        "location @sse",
        sure=True,
    ),
    Way(
        "an allow that stands nearer than `deny all`",
        f"deny all; location /api/ {{ allow all; {SENT} }}",
        "location /api/",
        sure=True,
    ),
    Way(
        "a break in an if, behind which no return is reached",
        f'location /api/ {{ if ($http_upgrade = "websocket") {{ break; }} return 404; {OPEN} }}',
        "location /api/",
        sure=True,
        kind="websocket",
    ),
    Way(
        "an error page for what the backend refuses, and it refuses nothing",
        f"location /api/ {{ proxy_intercept_errors on; error_page 404 = @other; {SENT} }} location @other {{ {HELD} }}",
        "location /api/",
        sure=True,
    ),
    Way(
        "rewrites one after the other",
        f"location /api/ {{ rewrite ^/api/(.*) /x/$1; rewrite ^/x/(.*) /y/$1 last; {HELD} }}"
        f" location /x/ {{ {HELD} }} location /y/ {{ {SENT} }}",
        "location /y/",
        sure=True,
    ),
    Way(
        "a front controller with a query",
        f"location / {{ try_files $uri /front?$query_string; }} location = /front {{ {SENT} }}",
        "location = /front",
        sure=True,
    ),
    Way(
        "a front controller with arguments",
        f"location / {{ try_files $uri /front$is_args$args; }} location = /front {{ {SENT} }}",
        "location = /front",
        sure=True,
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_stream_goes_where_infralint_follows_it(way: Way, binary: Binary, tmp_path: Path) -> None:
    server = f"server {{ listen 80; {way.text} }}"
    [outcome] = observe(binary, server, [Probe(way.path, kind=way.kind, headers=EVENTS if way.kind == "sse" else ())])
    assert outcome.handshake if way.kind == "websocket" else outcome.verdict == "delivered"
    tier = tier_of(f"events {{}} http {{ {server} }}", tmp_path, binary)
    matches = tier.route(Request(way.kind, way.path))
    served = {match.hop.name: match.certain for match in matches if match.hop}
    assert all(match.certain or match.reasons for match in matches)
    assert served[way.goal] is way.sure
    assert [name for name, certain in served.items() if certain] == ([way.goal] if way.sure else [])


@pytest.mark.parametrize(
    ("condition", "opens"),
    [("$http_upgrade ~* websocket", True), ("$http_upgrade = websocket", True), ("$http_upgrade = h2c", False)],
)
def test_a_variable_that_if_sets_is_what_it_is_in_a_handshake(
    condition: str, opens: bool, binary: Binary, tmp_path: Path
) -> None:
    server = (
        f'server {{ listen 80; set $c ""; if ({condition}) {{ set $c upgrade; }} location / {{'
        " proxy_pass http://b:1; proxy_http_version 1.1;"
        " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c; } }"
    )
    [outcome] = observe(binary, server, [Probe("/", kind="websocket")])
    assert bool(outcome.handshake) is opens
    [hop] = tier_of(f"events {{}} http {{ {server} }}", tmp_path, binary).hops
    assert (hop.forwards_upgrade.value == "forwarded") is opens  # type: ignore[union-attr]
