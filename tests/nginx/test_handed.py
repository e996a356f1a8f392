"""What one location says of a stream, and another one carries."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

ON = "proxy_pass http://app;"
OFF = f"{ON} proxy_buffering off;"


def told(report: dict) -> list[str]:
    """Where buffering is found, how badly, and why a stream is believed to go there."""
    return [
        f"{one['location']['line']} {one['severity']}: {one['stream']['because']}"
        for one in report["findings"]
        if one["check"] == "buffered-stream"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"location /api/chat {{ {OFF} }}\nlocation ~ ^/api {{ {ON} }}",
            ["3 error: `proxy_buffering off` is set for location /api/chat, and nginx sends /api/chat here"],
        ),
        (
            f"# SSE\nlocation /api/chat {{ {ON} }}\nlocation ~ ^/api/(v1|chat) {{ {ON} }}",
            ["4 error: a comment says so: `# SSE`, and nginx sends /api/chat here"],
        ),
        (
            f"location /sse {{ {OFF} }}\nlocation ~ ^/s {{ {ON} }}\nlocation ~ ^/ss {{ {ON} }}",
            ["3 error: `proxy_buffering off` is set for location /sse, and nginx sends /sse here"],
        ),
        (f"location ^~ /api/chat {{ {OFF} }}\nlocation ~ ^/api {{ {ON} }}", []),
        (f"location = /api/chat {{ {OFF} }}\nlocation ~ ^/api {{ {ON} }}", []),
        (f"location /api/chat {{ {OFF} }}\nlocation ~ ^/api$ {{ {ON} }}", []),
        (f"location /api/chat {{ {OFF} }}\nlocation ~ \\.php$ {{ {ON} }}", []),
        (f"location /api/chat {{ {OFF} }}\nlocation ~ ^/api {{ return 404; }}", []),
        (f"location /api/chat {{ {OFF} }}\nlocation ~ ^/api {{ {OFF} }}", []),
        (
            f"location /v1/chat/completions {{ try_files /no @llm; }}\nlocation @llm {{ {ON} }}",
            ["3 warning: the path /v1/chat/completions says chat, and nginx sends /v1/chat/completions here"],
        ),
        (
            f"location = /sse {{ rewrite ^ /to/sse last; }}\nlocation /to/ {{ internal; {ON} }}",
            ["3 warning: the path /sse says sse, and nginx sends /sse here"],
        ),
        (f"location /v1/chat/completions {{ try_files /no @llm; }}\nlocation @llm {{ {OFF} }}", []),
        (f"location /sse {{ try_files $uri /index.html; }}\nlocation /index.html {{ {ON} }}", []),
        (f"location /sse {{ root /srv; error_page 404 /404.html; }}\nlocation /404 {{ {ON} }}", []),
        (f"location /docs/chat {{ try_files /no @app; }}\nlocation @app {{ {ON} }}", []),
        (f"location /sse {{ internal; try_files /no @app; }}\nlocation @app {{ {ON} }}", []),
        (f"location /sse {{ return 204; }}\nlocation @app {{ {ON} }}", []),
        (
            f"# infralint: stream=sse\nlocation /try {{ rewrite ^ /to/x last; }}\nlocation /to/ {{ {ON} }}",
            ["4 error: the comment `# infralint: stream=sse` declares it, and nginx sends /try here"],
        ),
        (
            f"# infralint: stream=sse\nlocation /try {{ try_files $uri /to/$uri; }}\nlocation ~ ^/to {{ {ON} }}",
            ["4 error: the comment `# infralint: stream=sse` declares it, and nginx sends /try here"],
        ),
    ],
)
def test_a_stream_is_the_one_of_the_location_that_serves_it(text: str, expected: list[str], lint: Lint) -> None:
    report = lint({"nginx.conf": f"server {{\n{text}\n}}\n"}, "--assume", "off")
    assert told(report) == expected
    assert report["unknown"] == []


def test_a_websocket_is_handed_over_by_its_name(lint: Lint) -> None:
    text = "location /socket.io/ { try_files $uri @node; }\nlocation @node { proxy_pass http://node; }"
    report = lint({"nginx.conf": f"server {{\n{text}\n}}\n"})
    assert problems(report, "missing-upgrade-headers") == ["nginx.conf:3 warning missing-upgrade-headers"]


@pytest.mark.parametrize("own", ["# WebSocket", "proxy_buffering off;"])
def test_what_a_location_says_of_itself_outweighs_a_name(own: str, lint: Lint) -> None:
    text = f"location /socket.io/ {{ try_files $uri @a; }}\nlocation @a {{ proxy_pass http://a;\n{own}\n}}"
    report = lint({"nginx.conf": f"server {{\n{text}\n}}\n"})
    assert all("socket.io" not in one["stream"]["because"] for one in report["findings"])


def test_an_expression_that_shadows_is_told_how_to_be_passed_over(lint: Lint) -> None:
    report = lint({"nginx.conf": f"server {{\nlocation ~ ^/api {{ {ON} }}\n}}\n"})
    finding = report["findings"][0]
    assert "(`location ^~ /…`, for this expression comes before plain prefixes)" in finding["fix"]


@pytest.mark.parametrize(
    ("outer", "location", "met"),
    [
        ("error_page 404 = @app;", "root /srv;", True),
        ("error_page 404 405 = @app;", "", True),
        ("error_page 418 = @app;", "return 418;", True),
        ("error_page 502 503 = @app;", "root /srv;", False),
        ("error_page 404 = @app;", "return 204;", False),
        ("error_page 404 = @app;", "root /srv; error_page 404 /404.html;", False),
        ("error_page 404 /404.html;", "root /srv;", False),
    ],
)
def test_the_error_page_of_the_server_leads_a_declared_stream_on(
    outer: str, location: str, met: bool, lint: Lint
) -> None:
    text = f"server {{ {outer}\nlocation / {{ {location} }}\nlocation @app {{ {ON} proxy_read_timeout 5m; }}\n}}\n"
    report = lint({"nginx.conf": text, "infralint.yaml": "streams: [{path: /chat}]\n"})
    assert problems(report) == (["nginx.conf:3 error buffered-stream"] if met else [])
    assert bool(report["unknown"]) != met


def test_what_a_location_sets_holds_in_the_one_that_it_sends_requests_to(lint: Lint) -> None:
    text = """events {}
http {
  server {
    listen 80;
    location / { set $conn upgrade; try_files /none @app; }
    location @app {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_read_timeout 1h;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $conn;
    }
  }
}
"""
    report = lint({"nginx.conf": text, "infralint.yaml": "streams: [{path: /ws, kind: websocket}]\n"})
    assert problems(report, "missing-upgrade-headers") == []
    closed = lint({"nginx.conf": text.replace("set $conn upgrade;", "set $conn close;")})
    assert problems(closed, "missing-upgrade-headers") == ["nginx.conf:11 error missing-upgrade-headers"]


def test_a_broken_expression_makes_the_location_behind_it_possible_for_its_own_reason(lint: Lint) -> None:
    locations = "location /sse { proxy_pass http://a; } location ~ (?<x { return 404; }"
    text = f"events {{}}\nhttp {{ server {{ server_name a.test; {locations} }} }}\n"
    report = lint({"nginx.conf": text, "infralint.yaml": "streams: [{path: /sse, host: a.test}]\n"})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "buffered-stream"]
    assert "is not a regular expression" in " ".join(finding["trace"]["reasons"])
