"""When a cache of nginx records a stream, as tests/lab shows that it does; and how loud that is said."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

CODE = """\
const express = require("express");
const app = express();
app.{method}("/events", (req, res) => {{
  res.writeHead(200, {{ "Content-Type": "text/event-stream"{headers} }});
}});
app.listen(3000);
"""
RECORDED = [
    ("proxy_cache_valid 1m;", "", "get", "warning"),
    ("proxy_cache_valid 200 302 10m;", "", "get", "warning"),
    ("proxy_cache_valid any 10m;", "", "get", "warning"),
    ("proxy_cache_valid 404 10m;", "", "get", ""),
    ("proxy_cache_valid 200 0;", "", "get", ""),
    ("", "", "get", ""),
    ("", "max-age=60", "get", "warning"),
    ("", "max-age=0, s-maxage=60", "get", "warning"),
    ("", "public", "get", ""),
    ("proxy_cache_valid 1m; proxy_buffering off;", "", "get", ""),
    ("proxy_cache_valid 1m;", "no-cache, no-transform", "get", ""),
    ("proxy_cache_valid 1m;", "no-transform", "get", "warning"),
    ("proxy_cache_valid 1m;", "private", "get", ""),
    ("proxy_cache_valid 1m;", "max-age=0", "get", ""),
    ("proxy_cache_valid 1m; proxy_ignore_headers Cache-Control;", "no-cache", "get", "warning"),
    ("proxy_cache_valid 1m;", "", "post", ""),
    ("proxy_cache_valid 1m; proxy_cache_methods POST;", "", "post", "warning"),
    ("proxy_cache_valid 1m;", "", "all", "note"),
    ("proxy_cache_valid 1m; proxy_no_cache $cookie_nocache;", "", "get", ""),
    ("proxy_cache_valid 1m; proxy_cache_bypass 1;", "", "get", ""),
]


def stack(settings: str, control: str, method: str, zone: str = "z") -> dict[str, str | bytes]:
    headers = f', "Cache-Control": "{control}"' if control else ""
    return {
        "nginx.conf": "events {}\nhttp { proxy_cache_path /tmp/z keys_zone=z:1m; server {\n"
        f"location / {{ proxy_pass http://web:3000; proxy_http_version 1.1; {settings}\nproxy_cache {zone}; }} }} }}\n",
        "compose.yaml": "services:\n  web:\n    build: web\n",
        "web/package.json": '{"dependencies": {"express": "5"}}',
        "web/server.js": CODE.format(method=method, headers=headers),
    }


@pytest.mark.parametrize(("settings", "control", "method", "severity"), RECORDED)
def test_a_cache_that_would_replay_a_stream_is_said(
    settings: str, control: str, method: str, severity: str, lint: Lint
) -> None:
    report = lint(stack(settings, control, method))
    wanted = [f"nginx.conf:4 {severity} cacheable-stream"] if severity else []
    assert problems(report, "cacheable-stream") == wanted


def test_a_guess_that_something_streams_is_not_enough(lint: Lint) -> None:
    files = stack("proxy_cache_valid 1m;", "", "get")
    report = lint({"nginx.conf": files["nginx.conf"]}, "--assume", "warning")
    assert problems(report, "buffered-stream") != []
    assert problems(report, "cacheable-stream") == []


def test_no_cache_says_nothing(lint: Lint) -> None:
    assert problems(lint(stack("proxy_cache_valid 1m;", "", "get", "off")), "cacheable-stream") == []


def test_what_the_application_keeps_from_being_buffered_is_not_kept(lint: Lint) -> None:
    files = stack("proxy_cache_valid 1m;", "", "get")
    files["web/server.js"] = CODE.format(method="get", headers=', "X-Accel-Buffering": "no"')
    assert problems(lint(files), "cacheable-stream") == []
