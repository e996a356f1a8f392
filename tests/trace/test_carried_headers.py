"""Request headers on their way from hop to hop: what one sets, another one decides by."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

COMPOSE = """
services:
  edge:
    image: nginx:1.27
    volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf:ro"]
    ports: ["80:80"]
  inner:
    image: nginx:1.27
    volumes: ["./inner.conf:/etc/nginx/conf.d/default.conf:ro"]
"""
STREAM = "streams: [{path: /api/chat}]\ngeneration: 10s\n"
SESSION = "streams: [{path: /socket.io/, kind: websocket, session: Socket.IO}]\n"
HANDSHAKE = (
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    " proxy_read_timeout 1h;"
)
LONG = "proxy_buffering off; proxy_read_timeout 1h;"
CUT = "proxy_http_version 1.1; proxy_read_timeout 2s;"


def two_tiers(edge: str, inner: str, settings: str = STREAM) -> dict[str, str]:
    """An outer nginx with lines beside its proxy_pass, and the configuration of an inner one."""
    outer = f"server {{ listen 80; location / {{ proxy_pass http://inner:8080; {edge} }} }}\n"
    return {"compose.yaml": COMPOSE, "edge.conf": outer, "inner.conf": inner, "infralint.yaml": settings}


def reasons(report: dict[str, object]) -> list[str]:
    unknown: list[dict[str, str]] = report["unknown"]  # type: ignore[assignment]
    return [cause["message"] for cause in unknown]


BY_TIER = f"""

upstream slow {{ server app:8000; }}
server {{
    listen 8080;
    if ($http_x_tier = blocked) {{ return 403; }}
    location / {{ proxy_pass http://app:8000; {CUT} }}
}}
"""


def test_a_header_that_the_outer_hop_sets_turns_a_stream_away_further_in(lint: Lint) -> None:
    report = lint(two_tiers(f"{LONG} proxy_set_header X-Tier blocked;", BY_TIER))
    assert problems(report, "short-idle-timeout") == []
    [reason] = reasons(report)
    assert reason.endswith("never comes to what could send it: inner.conf answers 403: `return 403`")


@pytest.mark.parametrize("line", ["", 'proxy_set_header X-Tier "";', "proxy_set_header X-Tier edge;"])
def test_a_header_that_nobody_sets_so_turns_nobody_away(line: str, lint: Lint) -> None:
    report = lint(two_tiers(f"{LONG} {line}", BY_TIER))
    assert problems(report, "short-idle-timeout") == ["inner.conf:7 error short-idle-timeout"]


BY_HEADER = f"""
map $http_x_tier $port {{ default 8001; edge 8002; }}
server {{ listen 8080; location / {{ proxy_pass http://127.0.0.1:$port; {LONG} }} }}
server {{ listen 8001; location / {{ proxy_pass http://app:1; {LONG} }} }}
server {{ listen 8002; location / {{ proxy_pass http://app:1; {CUT} }} }}
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("proxy_set_header X-Tier edge;", ["inner.conf:5 error short-idle-timeout"]),
        ("proxy_set_header X-Tier other;", []),
        ("proxy_pass_request_headers off;", []),
        ("", ["inner.conf:5 warning short-idle-timeout"]),
    ],
)
def test_a_map_of_a_header_leads_where_the_outer_hop_says(line: str, found: list[str], lint: Lint) -> None:
    assert problems(lint(two_tiers(f"{LONG} {line}", BY_HEADER)), "short-idle-timeout") == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("$cookie_beta", ["inner.conf:5 warning short-idle-timeout"]),
        ("$request_uri ~ ^/api/", ["inner.conf:5 error short-idle-timeout"]),
        ("$request_uri ~ ^/web/", []),
    ],
)
def test_a_header_that_an_if_decides_leads_there_as_surely_as_it_holds(
    condition: str, found: list[str], lint: Lint
) -> None:
    files = two_tiers(f"{LONG} proxy_set_header X-Tier $tier;", BY_HEADER)
    files["edge.conf"] = files["edge.conf"].replace(
        "location /", f"set $tier other; if ({condition}) {{ set $tier edge; }} location /"
    )
    assert problems(lint(files), "short-idle-timeout") == found


def test_the_handshake_is_read_as_the_outer_hop_writes_it(lint: Lint) -> None:
    inner = f"""
map $http_upgrade $connection_upgrade {{ default close; ~^websocket$ upgrade; }}
server {{ listen 8080; location / {{ proxy_pass http://app:1;
    {HANDSHAKE.replace("Connection upgrade", "Connection $connection_upgrade")} }} }}
"""
    settings = "streams: [{path: /ws, kind: websocket}]\n"
    for word, found in (("websocket", []), ("WebSocket", ["inner.conf:4 error missing-upgrade-headers"])):
        edge = HANDSHAKE.replace("$http_upgrade", word)
        assert problems(lint(two_tiers(edge, inner, settings))) == found


HASHED = f"""
upstream app {{ hash $http_x_forwarded_for; server app1:80; server app2:80; }}
server {{ listen 8080; location / {{ proxy_pass http://app; {HANDSHAKE} }} }}
"""
BY_ADDRESS = f"""
upstream app {{ ip_hash; server app1:80; server app2:80; }}
server {{ listen 8080; real_ip_header X-Real-IP; set_real_ip_from 10.0.0.0/8;
    location / {{ proxy_pass http://app; {HANDSHAKE} }} }}
"""


@pytest.mark.parametrize(
    ("line", "inner", "found", "told"),
    [
        ("proxy_set_header X-Forwarded-For $remote_addr;", HASHED, [], 0),
        ("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", HASHED, [], 0),
        ("", HASHED, [], 1),
        ('proxy_set_header X-Forwarded-For "";', HASHED, ["inner.conf:2 warning missing-sticky-sessions"], 0),
        ("proxy_set_header X-Real-IP $remote_addr;", BY_ADDRESS, [], 0),
        ("", BY_ADDRESS, [], 1),
        ('proxy_set_header X-Real-IP "";', BY_ADDRESS, ["inner.conf:2 warning missing-sticky-sessions"], 0),
    ],
)
def test_clients_are_told_apart_by_a_header_that_arrives(
    line: str, inner: str, found: list[str], told: int, lint: Lint
) -> None:
    report = lint(two_tiers(f"{HANDSHAKE} {line}", inner, SESSION))
    assert problems(report, "missing-sticky-sessions") == found
    assert sum("which no hop in front of it here sets" in reason for reason in reasons(report)) == told


def test_what_stands_before_the_outermost_hop_may_set_its_header(lint: Lint) -> None:
    files = {"nginx/nginx.conf": f"http {{ {HASHED} }}\nevents {{}}\n", "infralint.yaml": SESSION}
    report = lint(files)
    assert (problems(report), reasons(report)) == ([], [])


BALANCED = """
resource "aws_lb" "main" {
  idle_timeout = 600
}
resource "aws_lb_target_group" "web" {
  port     = 80
  protocol = "HTTP"
  stickiness { type = "lb_cookie" }
}
resource "aws_lb_listener" "main" {
  load_balancer_arn = aws_lb.main.arn
  port              = PORT
  protocol          = "PROTOCOL"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
"""
REDIRECTING = f"""
server {{
    listen 80;
    if ($http_x_forwarded_proto = http) {{ return 301 https://$host$request_uri; }}
    location / {{ proxy_pass http://app:8000; {CUT} }}
}}
"""


@pytest.mark.parametrize(("port", "protocol", "arrives"), [("443", "HTTPS", True), ("80", "HTTP", False)])
def test_a_load_balancer_says_by_which_protocol_it_was_asked(
    port: str, protocol: str, arrives: bool, lint: Lint
) -> None:
    chained = f"{STREAM}chains: [[aws_lb.main, nginx/conf.d/default.conf]]\n"
    terraform = BALANCED.replace("PORT", port, 1).replace("PROTOCOL", protocol)
    report = lint({"main.tf": terraform, "nginx/conf.d/default.conf": REDIRECTING, "infralint.yaml": chained})
    assert bool(problems(report, "short-idle-timeout")) is arrives
    assert any("answers 301" in reason for reason in reasons(report)) is not arrives
