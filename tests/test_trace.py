"""`infralint trace`: the way, who is to blame, honest ends, branches, declared chains, plans and accounts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import run, write

COMPOSE = """\
services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./edge/nginx.conf:/etc/nginx/nginx.conf"]
  inner:
    image: nginx:1.27
    volumes: ["./inner/nginx.conf:/etc/nginx/nginx.conf"]
"""
EDGE = """\
events {}
http {
    proxy_read_timeout 75s;
    server {
        server_name chat.example.com;
        location / { return 404; }
        location /old { return 301 /api/chat; }
        location /api/ {
            proxy_pass http://inner:8080/v2/;
            proxy_buffering off;
            proxy_read_timeout 10m;
            add_header X-Edge yes;
        }
        location ~ chatter { proxy_pass http://other:1; }
    }
}
"""
INNER = """\
events {}
http {
    server {
        listen 8080;
        location /v2/ {
            proxy_pass http://app:3000;
            proxy_buffering off;
            proxy_read_timeout 30s;
        }
    }
}
"""
STACK = {"edge/nginx.conf": EDGE, "inner/nginx.conf": INNER, "compose.yaml": COMPOSE}
HOST = ("--host", "chat.example.com")
BALANCER = """\
resource "aws_lb" "main" {
  name         = "main"
  idle_timeout = 20
}
resource "aws_lb_target_group" "nginx" {
  name     = "nginx"
  port     = 80
  protocol = "HTTP"
}
resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}
resource "aws_lb_listener_rule" "api" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 10
  condition {
    path_pattern { values = ["/api/*"] }
  }
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.nginx.arn
  }
}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, dict(STACK))


def text_of(*options: str, exit_code: int | None = None) -> str:
    """The text without its line breaks, so that sentences can be looked for."""
    result = run("trace", *options)
    if exit_code is not None:
        assert result.exit_code == exit_code, result.output
    return re.sub(r"\s+(?:│\s+)*", " ", result.output)


def data_of(*options: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run("trace", "--format", "json", *options).stdout)
    return data


def only_way(*options: str) -> dict[str, Any]:
    [stream] = data_of(*options)["streams"]
    [way] = stream["ways"]
    found: dict[str, Any] = way
    return found


def test_the_verdict_names_the_hop_and_its_clock(here: Path) -> None:
    text = text_of("/api/chat", *HOST, exit_code=1)
    assert "May break at hop 2 of 2, inner/nginx.conf location /v2/" in text
    assert "silence 30 s ◀ the weakest: `proxy_read_timeout 30s` at inner/nginx.conf:8:13" in text
    assert "silence 10 min: `proxy_read_timeout 10m` at edge/nginx.conf:11:13" in text
    assert "!2 location /v2/ inner/nginx.conf:5:9 ◀ cuts it after 30 s" in text


def test_each_request_is_what_arrives_there(here: Path) -> None:
    way = only_way("/api/chat", *HOST)
    assert [leg["request"] for leg in way["legs"]] == [
        {"host": "chat.example.com", "path": "/api/chat", "http": "1.1"},
        {"host": "inner:8080", "path": "/v2/chat", "to": "inner:8080", "http": "1.0"},
    ]
    assert way["legs"][1]["sends"]["path"] == "/v2/chat"
    assert (way["end"], way["legs"][1]["dials"]) == ("leaves the project", ["app:3000"])


def test_json_blames_as_the_text_does(here: Path) -> None:
    [stream] = data_of("/api/chat", *HOST)["streams"]
    verdict = stream["verdict"]
    assert (verdict["outcome"], verdict["blamed"], verdict["check"]) == ("may break", 1, "short-idle-timeout")
    assert (verdict["effect"], verdict["severity"], verdict["way"]) == ("cuts", "warning", 0)
    smallest = stream["ways"][0]["smallest"]
    assert (smallest["silence"]["position"], smallest["silence"]["seconds"]) == (1, 30)
    assert smallest["length"] is None
    [finding] = stream["ways"][0]["legs"][1]["findings"]
    assert (finding["check"], finding["after"]) == ("short-idle-timeout", 30)


def test_the_findings_are_those_of_check(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /api/chat, host: chat.example.com, silence: 5m}]\n"})
    checked = json.loads(run("check", "--format", "json").stdout)["findings"]
    way = only_way("/api/chat")
    traced = [finding for leg in way["legs"] for finding in leg["findings"]]
    assert [(one["check"], one["severity"], one["message"]) for one in traced] == [
        (one["check"], one["severity"], one["message"]) for one in checked
    ]
    assert checked


def test_what_is_mended_flows(here: Path) -> None:
    write(here, {"inner/nginx.conf": INNER.replace("30s", "300s")})
    text = text_of("/api/chat", *HOST, exit_code=0)
    assert "Flows every hop passes it on, with silence up to 5 min" in text
    assert "✗" not in text
    assert "!" not in text


def test_what_is_surely_cut_is_cut_whether_it_is_held_or_not(here: Path) -> None:
    write(here, {"inner/nginx.conf": INNER.replace("proxy_buffering off;", "")})
    assert "holds it back" in text_of("/api/chat", *HOST)
    write(here, {"infralint.yaml": "streams: [{ path: /api/chat, silence: 60s }]\n"})
    verdict = only_way("/api/chat", *HOST)["verdict"]
    assert (verdict["blamed"], verdict["effect"]) == (1, "cuts")


def test_a_hop_shows_what_it_adds_and_why_it_was_chosen(here: Path) -> None:
    text = text_of("/api/chat", *HOST)
    assert "chosen `location /api/` is the longest prefix of /api/chat" in text
    assert "beats location /: nginx takes the longest prefix" in text
    assert "adds X-Edge: yes (edge/nginx.conf:12:13)" in text


def test_a_default_says_whose_it_is(here: Path) -> None:
    inner = INNER.replace("            proxy_read_timeout 30s;\n", "")
    write(here, {"inner/nginx.conf": inner, "compose.yaml": COMPOSE.replace("nginx:1.27", "nginx")})
    assert "60 s ◀ the weakest: default of nginx before 1.29.7 (proxy_read_timeout)" in text_of("/api/chat", *HOST)
    write(here, {"compose.yaml": COMPOSE})
    assert "60 s ◀ the weakest: default of nginx 1.27 (proxy_read_timeout)" in text_of("/api/chat", *HOST)


def test_half_a_handshake_is_seen_to_leave_and_to_arrive(here: Path) -> None:
    write(here, {"edge/nginx.conf": EDGE.replace("proxy_buffering off;", "proxy_set_header Upgrade $http_upgrade;")})
    output = run("trace", "/api/chat", *HOST, "--kind", "websocket").output
    assert "its Upgrade goes on, and its Connection does not" in output
    assert re.search(r"request +inner:8080/v2/chat, HTTP/1.0, Upgrade: websocket, without its", output)


def test_explain_says_why_not_and_what_lost(here: Path) -> None:
    text = text_of("/api/chatter", *HOST, "--explain")
    assert "`location ~ chatter` is the first expression that /api/chatter fits" in text
    assert "location /api/ (edge/nginx.conf:8:9): an expression that fits comes before plain prefixes" in text
    text = text_of("/api/chat", *HOST, "--explain")
    assert "edge/nginx.conf:3:5: `proxy_read_timeout 75s` in http does not count: a nearer level says it anew" in text
    assert "edge/nginx.conf:11:13: `proxy_read_timeout 10m` in location /api/, the nearest level: it counts" in text
    assert "location ~ chatter (edge/nginx.conf:14:9): /api/chat does not fit it" in text
    assert "what would change it what is to be written here (above) then it flows" in text


def test_what_is_left_when_the_blamed_hop_is_mended_is_said(here: Path) -> None:
    write(here, {"edge/nginx.conf": EDGE.replace("10m", "40s")})
    text = text_of("/api/chat", *HOST, "--explain")
    assert "May break at hop 2 of 2" in text
    assert "then short-idle-timeout is left at hop 1, location /api/" in text


def test_compact_cuts_no_name_off(here: Path) -> None:
    location = r"location ~ ^/(?:api|v[1-3]|administration|backoffice)/(?:chat|assistant|completions)$"
    folder = "deploy/environments/production"
    site = f"server {{ listen 80; {location} {{ proxy_pass http://app:8000; }} }}"
    write(here, {f"{folder}/nginx.conf": f"events {{}}\nhttp {{\n{site}\n}}\n"})
    output = run("trace", "/v1/chat", "--compact", "--from", f"{folder}/nginx.conf").output
    assert "…" not in output
    assert max(map(len, output.splitlines())) <= 80
    shown = "".join(line.strip() for line in output.splitlines())
    assert location.replace(" ", "") in shown.replace(" ", "")
    assert f"      {folder}/nginx.conf:3:21\n" in output


def test_compact_is_a_line_a_hop(here: Path) -> None:
    lines = run("trace", "/api/chat", *HOST, "--compact").output.splitlines()
    assert [line for line in lines if re.match(r" [✗! ]  \d ", line)] == [
        "    1 location /api/ (edge/nginx.conf:8:9)  silence 10 min",
        " !  2 location /v2/ (inner/nginx.conf:5:9)  silence 30 s",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_verbose_shows_every_clock(here: Path) -> None:
    assert "connect" not in text_of("/api/chat", *HOST)
    assert "connect 60 s: default of nginx 1.27 (proxy_connect_timeout)" in text_of("/api/chat", *HOST, "-v")


def test_colours_are_a_matter_of_taste(here: Path) -> None:
    assert "\x1b[" not in run("trace", "/api/chat", *HOST).output
    assert "\x1b[33;1m" in run("trace", "/api/chat", *HOST, "--color", "always").output


# Where a way ends


def test_a_path_that_nobody_serves_names_what_answers(here: Path) -> None:
    text = text_of("/nowhere", *HOST, exit_code=1)
    assert "Not served edge/nginx.conf answers 404" in text
    assert "`return 404` at edge/nginx.conf:6:22" in text
    assert "chosen: `location /` is the longest prefix of /nowhere" in text


def test_a_request_that_nothing_takes_names_what_is_near(here: Path) -> None:
    ingress = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: chat }
spec:
  ingressClassName: nginx
  rules:
    - host: chat.example.com
      http:
        paths:
          - { path: /talk, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }
"""
    for name in STACK:
        (here / name).unlink()
    write(here, {"k8s/ingress.yaml": ingress})
    nothing = "nothing that was read here takes such a request"
    assert f"Not served {nothing}; did you mean /talk?" in text_of("/tlak", exit_code=1)
    assert f"{nothing}; there is /talk" in text_of("/completions", exit_code=1)
    asked = text_of("/talk", "--host", "chat.exmple.com", exit_code=1)
    assert f"{nothing}: no host is called chat.exmple.com; did you mean chat.example.com?" in asked


GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web }
spec: { gatewayClassName: eg }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: api }
spec:
  parentRefs: [{ name: web }]
  rules:
    - matches: [{ path: { value: /api } }]
      backendRefs: [{ name: api, port: 80 }]
    - matches: [{ path: { value: / } }]
      backendRefs: [{ name: web, port: 80 }]
    - matches: [{ path: { type: Exact, value: /api/health } }]
      backendRefs: [{ name: api, port: 80 }]
"""


def test_a_gateway_says_its_rule_its_rivals_and_whose_defaults_hold(here: Path) -> None:
    for name in STACK:
        (here / name).unlink()
    write(here, {"k8s/web.yaml": GATEWAY})
    output = text_of("/api/chat", "--explain")
    assert "chosen `/api` is a prefix of /api/chat" in output
    assert "`/api` is a prefix of /api/chat (k8s/web.yaml:12:17)" in output
    assert "/ (k8s/web.yaml:14:17): the rule that names the path more exactly is taken" in output
    assert "/api/health (k8s/web.yaml:16:17): /api/chat does not fit it" in output
    assert "default of Envoy Gateway (timeouts.request)" in output


def test_no_websocket_follows_a_redirect(here: Path) -> None:
    text = text_of("wss://chat.example.com/old", exit_code=1)
    assert "answers 301 /api/chat. No browser follows a redirect when it opens a WebSocket" in text
    text = text_of("https://chat.example.com/old", exit_code=1)
    assert "answers 301 /api/chat. A browser asks /api/chat anew (a POST becomes a GET)" in text


def test_plain_http_that_is_sent_to_https_is_no_end(here: Path) -> None:
    secure = EDGE.replace("        server_name", "        listen 443 ssl;\n        server_name", 1)
    plain = "server { listen 80; server_name chat.example.com; return 301 https://$host$request_uri; }"
    write(here, {"edge/nginx.conf": secure.replace("    server {", f"    {plain}\n    server {{", 1)})
    both = (here / "compose.yaml").read_text().replace('"80:80"', '"80:80", "443:443"')
    write(here, {"compose.yaml": both})
    assert "answers 404" in text_of("/nowhere", *HOST, exit_code=1)
    assert "301" not in text_of("/nowhere", *HOST)
    assert "May break at hop 2 of 2" in text_of("/api/chat", *HOST)


def test_a_load_balancer_without_a_rule_for_the_path_answers(here: Path) -> None:
    write(here, {"infra/alb.tf": BALANCER})
    text = text_of("/chat", "--from", "aws_lb.main", exit_code=1)
    assert "Not served aws_lb.main answers 404" in text
    assert "`fixed-response` at infra/alb.tf:14:3" in text
    assert "chosen: the default action of port 443 answers 404" in text


def test_a_way_out_of_the_project_is_named(here: Path) -> None:
    write(here, {"inner/nginx.conf": INNER.replace("http://app:3000", "https://api.example.org")})
    text = text_of("/api/chat", *HOST)
    assert "▼ api.example.org:443 as api.example.org/v2/chat, HTTP/1.0: nothing that was read here listens" in text


def test_code_that_streams_nothing_there_is_said(here: Path) -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health(): return 'ok'\n"
    service = "  app:\n    build: ./app\n    expose: ['3000']\n"
    write(here, {"app/main.py": app, "app/requirements.txt": "fastapi\n", "compose.yaml": COMPOSE + service})
    text = text_of("/api/chat", *HOST)
    assert "app, which gets /v2/chat, found by its address: its code was read, and streams nothing there" in text
    write(here, {"inner/nginx.conf": INNER.replace("30s", "10m")})
    text = text_of("/api/chat", *HOST, "--kind", "sse", exit_code=0)
    assert (
        "Could not tell at hop 2 of 2, inner/nginx.conf location /v2/ every hop passes it on to app: its code" in text
    )


def test_what_can_not_be_told_is_said_with_the_remedy(here: Path) -> None:
    write(here, {"inner/nginx.conf": INNER.replace("proxy_read_timeout 30s;", "include gone.inc;")})
    text = text_of("/api/chat", *HOST, exit_code=0)
    assert "Could not tell at hop 2 of 2" in text
    assert "gone.inc" in text
    assert "to be told: map its folder" in text
    text_of("/api/chat", *HOST, "--strict", exit_code=2)


def test_an_accepted_finding_is_shown_and_blames_nobody(here: Path) -> None:
    ignored = "# infralint: ignore[short-idle-timeout] because the backend pings\n        location /v2/"
    write(here, {"inner/nginx.conf": INNER.replace("location /v2/", ignored)})
    text = text_of("/api/chat", *HOST, exit_code=0)
    assert "Flows" in text
    assert "accepted: short-idle-timeout: location /v2/ cuts the stream after 30 s" in text


# Which ways


def test_several_ways_are_branches_with_their_conditions(here: Path) -> None:
    other = "server { server_name b.example.com; location / { proxy_pass http://inner:8080; } }"
    write(here, {"edge/nginx.conf": EDGE.replace("    server {", f"    {other}\n    server {{", 1)})
    [stream] = data_of("/api/chat")["streams"]
    assert len(stream["ways"]) == 2
    text = text_of("/api/chat")
    assert "Way 1 of 2" in text
    assert "if: the host is b.example.com" in text
    assert "if: the host is chat.example.com" in text
    assert len(data_of("/api/chat", "--host", "b.example.com")["streams"][0]["ways"]) == 1


def test_from_begins_at_a_node_and_names_the_near_miss(here: Path) -> None:
    way = only_way("/v2/chat", "--from", "inner/nginx.conf")
    assert [leg["node"] for leg in way["legs"]] == ["inner/nginx.conf"]
    assert [leg["node"] for leg in only_way("/v2/chat", "--from", "inner/*")["legs"]] == ["inner/nginx.conf"]
    result = run("trace", "/v2/chat", "--from", "iner/nginx.conf")
    assert result.exit_code == 2
    assert "nothing here is called iner/nginx.conf; did you mean inner/nginx.conf?" in result.stderr


def test_a_whole_address_says_host_and_kind(here: Path) -> None:
    [stream] = data_of("wss://chat.example.com/api/ws?token=1")["streams"]
    assert stream["request"] == {"kind": "websocket", "host": "chat.example.com", "path": "/api/ws"}
    assert stream["ways"][0]["legs"][0]["upgrade"]["value"] == "dropped"
    assert stream["verdict"]["blamed"] == 0
    assert stream["verdict"]["effect"] == "refuses"


def test_what_is_no_path_is_refused(here: Path) -> None:
    result = run("trace", "api/chat")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "api/chat: what a browser asks for begins with /" in result.stderr
    assert "one host and one kind at a time" in run("trace", "https://a.test/x", "https://b.test/x").stderr


def test_without_a_path_every_known_stream_is_shown_the_worst_first(here: Path) -> None:
    streams = "streams:\n- {path: /api/chat, host: chat.example.com}\n- {path: /api/slow, silence: 5s, duration: 10s}\n"
    write(here, {"infralint.yaml": streams + "- {path: /gone, host: chat.example.com}\n"})
    found = [(one["request"]["path"], one["verdict"]["outcome"]) for one in data_of()["streams"]]
    assert found == [("/gone", "not served"), ("/api/chat", "may break"), ("/api/slow", "flows")]
    assert run("trace").output.endswith("\n3 streams: 1 is not served, 1 may break and 1 flows.\n")
    assert [one["request"]["path"] for one in data_of("--from", "inner/nginx.conf")["streams"]] == [
        "/api/chat",
        "/api/slow",
    ]


def test_a_declared_stream_keeps_its_needs_when_it_is_asked_about(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /api/*, silence: 20s, duration: 25s}]\n"})
    [stream] = data_of("/api/chat", *HOST)["streams"]
    assert (stream["needs"]["silence"], stream["verdict"]["outcome"]) == (20, "flows")


def test_a_stream_without_evidence_is_asked_about(here: Path) -> None:
    [stream] = data_of("/api/chat", *HOST)["streams"]
    assert stream["stream"]["evidence"] == "config"
    write(here, {"edge/nginx.conf": EDGE.replace("            proxy_buffering off;\n", "")})
    write(here, {"inner/nginx.conf": INNER.replace("            proxy_buffering off;\n", "")})
    [stream] = data_of("/api/chat", *HOST)["streams"]
    assert stream["stream"]["because"] == "it was asked about"
    assert (stream["verdict"]["outcome"], stream["verdict"]["check"]) == ("breaks", "buffered-stream")
    assert stream["verdict"]["blamed"] == 1


def test_nothing_to_trace_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("trace", "/x")
    assert result.exit_code == 2
    assert "holds nothing to read" in result.stderr
    write(tmp_path, {"nginx.conf": "events {}\nhttp { server { listen 80; location / { root /srv; } } }\n"})
    assert run("trace").output == "Nothing here is known to stream. Name a path: infralint trace /api/chat\n"


def test_a_broken_file_is_named_and_the_rest_is_shown(here: Path) -> None:
    write(here, {"more.conf": "server { location / { proxy_pass http://x; \n"})
    result = run("trace", "/api/chat", *HOST)
    assert result.exit_code == 2
    assert "unreadable more.conf" in result.output
    assert "May break at hop 2 of 2" in result.output


def test_check_names_the_command_that_shows_the_way(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /api/chat, host: chat.example.com}]\n"})
    assert "= see it: infralint trace /api/chat --host chat.example.com\n" in run("check").output
    [finding] = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert finding["trace"]["command"] == "infralint trace /api/chat --host chat.example.com"


def test_init_lists_ways(here: Path) -> None:
    output = run("init").output
    assert "  browser → edge/nginx.conf location /api/ → inner/nginx.conf location /v2/ → app:3000\n" in output


# What is declared, planned and deployed


def test_what_is_declared_to_stand_in_front_is_not_taken_to_stand_behind(here: Path) -> None:
    for name in STACK:
        (here / name).unlink()
    site = "events {} http { server { listen 80; location / { proxy_pass https://api.internal.example.com; } } }\n"
    chain = "chains: [[edge/nginx.conf, aws_lb.main]]\n"
    write(here, {"infra/alb.tf": BALANCER, "edge/nginx.conf": site, "infralint.yaml": chain})
    way = only_way("/api/chat", "--from", "edge/nginx.conf")
    assert [leg["node"] for leg in way["legs"]] == ["edge/nginx.conf", "aws_lb.main"]
    assert "circle" not in text_of("/api/chat", "--from", "edge/nginx.conf")


def test_a_balancer_whose_targets_stand_elsewhere_passes_a_stream_on(here: Path) -> None:
    for name in STACK:
        (here / name).unlink()
    patient = BALANCER.replace("idle_timeout = 20", "idle_timeout = 600")
    write(here, {"infra/alb.tf": patient, "infralint.yaml": "streams: [{path: /api/chat, generation: 2m}]\n"})
    text = text_of("/api/chat")
    assert "every hop passes it on, with silence up to 10 min" in " ".join(text.split())
    assert "nothing that was read here belongs to" in text


def test_a_declared_chain_joins_what_the_files_do_not(here: Path) -> None:
    write(here, {"infra/alb.tf": BALANCER, "compose.yaml": "services: {}\n"})
    options = ("/api/chat", *HOST, "--from", "aws_lb.main")
    assert "nothing that was read here belongs to aws_lb_target_group.nginx" in text_of(*options)
    write(here, {"infralint.yaml": "chains: [[aws_lb.main, edge/nginx.conf, inner/*.conf]]\n"})
    way = only_way(*options)
    assert [(leg["node"], leg["link"]) for leg in way["legs"]] == [
        ("aws_lb.main", None),
        ("edge/nginx.conf", "declared"),
        ("inner/nginx.conf", "declared"),
    ]
    assert way["certain"]
    assert way["verdict"]["blamed"] == 0
    assert "(as infralint.yaml declares)" in text_of(*options)


def test_check_follows_a_declared_chain(here: Path) -> None:
    stream = "streams: [{path: /api/chat, host: chat.example.com, silence: 25s, duration: 25s}]\n"
    write(here, {"infra/alb.tf": BALANCER, "infralint.yaml": f"chains: [[aws_lb.mian, edge/nginx.conf]]\n{stream}"})
    result = run("check")
    assert result.exit_code == 2
    assert "chains: nothing here is called aws_lb.mian; did you mean aws_lb.main?" in result.output
    assert "infralint.yaml:1:11" in result.output
    write(here, {"infralint.yaml": f"chains: [[aws_lb.main, edge/nginx.conf]]\n{stream}"})
    [finding] = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert (finding["hop"]["name"], finding["severity"]) == ("aws_lb.main", "error")
    assert [leg["node"] for leg in finding["trace"]["legs"]] == ["aws_lb.main", "edge/nginx.conf", "inner/nginx.conf"]


@pytest.mark.parametrize(
    ("chains", "message"),
    [
        ("[[edge]]", "chains[0]: needs two names at least"),
        ('[["", edge]]', "chains[0][0]: is empty"),
        ("edge", "chains: expected"),
    ],
)
def test_a_chain_that_is_none_is_an_error(chains: str, message: str, here: Path) -> None:
    write(here, {"infralint.yaml": f"chains: {chains}\n"})
    result = run("trace", "/api/chat")
    assert result.exit_code == 2
    assert message in result.stderr


def test_two_names_of_one_nginx_are_no_chain(here: Path) -> None:
    servers = {"conf.d/a.conf": "server { listen 80; }\n", "conf.d/b.conf": "server { listen 81; }\n"}
    main = {"one/nginx.conf": "events {}\nhttp { include ../conf.d/*.conf; }\n"}
    write(here, {**servers, **main, "infralint.yaml": "chains:\n  - [conf.d/a.conf, conf.d/b.conf]\n"})
    result = run("check")
    assert result.exit_code == 2
    assert "chains: conf.d/a.conf and conf.d/b.conf are one node here, one/nginx.conf: name it once" in result.output
    assert "infralint.yaml:2:21" in result.output


def test_a_chain_does_not_outdo_a_link_that_is_sure(here: Path) -> None:
    third = INNER.replace("30s", "1s").replace("8080", "9090")
    write(here, {"third/nginx.conf": third, "infralint.yaml": "chains: [[edge/nginx.conf, third/nginx.conf]]\n"})
    assert [leg["node"] for leg in only_way("/api/chat", *HOST)["legs"]] == ["edge/nginx.conf", "inner/nginx.conf"]


def plan(idle: int) -> str:
    """A plan in which the load balancer waits so long."""
    values = {"name": "main", "idle_timeout": idle, "load_balancer_type": "application"}
    resources = [
        {"address": "aws_lb.main", "mode": "managed", "type": "aws_lb", "name": "main", "values": values},
    ]
    content = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}
    return json.dumps(content)


def test_a_plan_stands_in_for_the_code(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write(here, {"infra/alb.tf": BALANCER})
    elsewhere = tmp_path_factory.mktemp("plans") / "plan.json"
    elsewhere.write_text(plan(240))
    way = only_way("/api/chat", "--from", "aws_lb.main", "--plan", str(elsewhere))
    [clock] = {clock["seconds"] for clock in way["legs"][0]["clocks"]}
    assert clock == 240
    assert way["verdict"]["outcome"] == "could not tell"
    (elsewhere.parent / "other.json").write_text("{}")
    result = run("trace", "/api/chat", "--plan", str(elsewhere.parent / "other.json"))
    assert (result.exit_code, "no plan or state with a load balancer" in result.stderr) == (2, True)


def snapshot(idle: str) -> str:
    """An account with the load balancer of the code, as it is deployed."""
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
    group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/nginx/6d0ecf831eec9f09"
    listener = arn.replace("loadbalancer", "listener") + "/f2f7dc8efc522ab2"
    action = {"Type": "forward", "TargetGroupArn": group}
    region = {
        "account": "123456789012",
        "name": "eu-west-1",
        "load_balancers": [
            {"LoadBalancerArn": arn, "LoadBalancerName": "main", "Type": "application", "DNSName": "main.elb.test"}
        ],
        "load_balancer_attributes": {arn: {"idle_timeout.timeout_seconds": idle}},
        "listeners": {
            arn: [
                {
                    "ListenerArn": listener,
                    "LoadBalancerArn": arn,
                    "Port": 443,
                    "Protocol": "HTTPS",
                    "DefaultActions": [action],
                }
            ]
        },
        "rules": {listener: [{"RuleArn": "r", "Priority": "default", "IsDefault": True, "Actions": [action]}]},
        "target_groups": [
            {"TargetGroupArn": group, "TargetGroupName": "nginx", "Protocol": "HTTP", "LoadBalancerArns": [arn]}
        ],
        "target_group_attributes": {group: {"stickiness.enabled": "false"}},
    }
    return json.dumps({"version": 1, "taken": "2026-11-26T00:00:00Z", "regions": [region]}, indent=1)


def test_an_account_stands_in_one_picture_with_the_repository(here: Path) -> None:
    chain = "chains: [[main, edge/nginx.conf]]\n"
    write(here, {"infra/alb.tf": BALANCER, "live.json": snapshot("10"), "infralint.yaml": chain})
    way = only_way("/api/chat", *HOST, "--snapshot", "live.json")
    assert [(leg["node"], leg["hop"]["platform"]) for leg in way["legs"]] == [
        ("main", "aws"),
        ("edge/nginx.conf", "nginx"),
        ("inner/nginx.conf", "nginx"),
    ]
    assert way["smallest"]["silence"] == {
        "position": 0,
        "seconds": 10,
        "name": "idle_timeout.timeout_seconds",
        "origin": "explicit",
        "location": way["smallest"]["silence"]["location"],
    }
    assert way["smallest"]["silence"]["location"]["path"] == "live.json"
    shown = text_of("/api/chat", *HOST, "--snapshot", "live.json")
    assert "stands in eu-west-1, account 123456789012: application load balancer" in shown
    write(here, {"live.json": "{}"})
    result = run("trace", "/api/chat", "--snapshot", "live.json")
    assert result.exit_code == 2
    assert "live.json: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_route_of_which_only_the_end_is_known_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing says below which path the URLs of `chat` stand, nor what dials the application."""
    monkeypatch.chdir(tmp_path)
    views = 'def ask(request):\n    return StreamingHttpResponse(tokens(), content_type="text/event-stream")\n'
    write(tmp_path, {"requirements.txt": "django\n"})
    write(
        tmp_path,
        {
            "chat/urls.py": 'from django.urls import path\nfrom . import views\nurlpatterns = [path("ask/", views.ask)]\n'
        },
    )
    write(tmp_path, {"chat/views.py": f"from django.http import StreamingHttpResponse\n\n{views}"})
    assert "SSE **/ask/: flows" in run("trace", "--compact").output


def test_what_was_not_read_is_said_beside_what_flows(here: Path) -> None:
    script = "#!/bin/sh\ncat > /etc/nginx/a.conf <<'EOF'\nlocation / { proxy_pass http://127.0.0.1:8000; }\nEOF\n"
    write(
        here, {"setup.sh": script, "nginx.conf": "events {}\nhttp { server { location / { proxy_pass http://a; } } }\n"}
    )
    seen = "nginx that a script sets up (setup.sh)"
    assert f"Seen, and not read yet: {seen}." in run("trace", "/").output
    assert json.loads(run("trace", "/", "--format", "json").output)["unsupported"] == [seen]
    assert (
        f'<h2>Seen, and not read yet</h2><ul class="plain"><li>{seen}</li></ul>'
        in run("trace", "--format", "html").output
    )


def test_what_could_not_be_told_elsewhere_is_counted_and_named_on_demand(here: Path) -> None:
    values = "http { server { location / { proxy_pass http://a; proxy_read_timeout ${SECONDS}s; } } }\n"
    write(here, {"nginx.conf": f"events {{}}\n{values}", "chart/Chart.yaml": "name: a\nversion: 1.0.0\n"})
    write(here, {"chart/templates/a.yaml": 'kind: Ingress\n{{ include "missing" . }}\n'})
    brief, verbose = run("trace", "/").output, run("trace", "/", "-v").output
    told = "could not be told (-v names what)."
    assert (told in brief, told in verbose) == ("chart/" in verbose, False)


def sites(*lines: str) -> str:
    servers = "\n".join(
        f"server {{ listen 80; server_name s{number}.example.com; location / {{ proxy_pass http://a:1; {line} }} }}"
        for number, line in enumerate(lines)
    )
    return f"events {{}}\nhttp {{\n{servers}\n}}\n"


def test_of_many_ways_the_worst_are_shown_first_and_the_rest_is_counted(here: Path) -> None:
    flowing = "proxy_buffering off; proxy_read_timeout 1h;"
    write(here, {"nginx.conf": sites(*[flowing] * 6, "proxy_buffering off;", "proxy_buffering off;")})
    brief, verbose = run("trace", "/a").output, run("trace", "/a", "-v").output
    assert "Way 1 of 8: may break at nginx.conf location /\n  if: the host is s6.example.com" in brief
    assert "… and 2 more ways: 2 flow (-v shows them)" in brief
    assert ("Way 8 of 8" in brief, "Way 8 of 8" in verbose, "more ways" in verbose) == (False, True, False)
    assert "and 2 more ways: 2 flow" in run("trace", "/a", "--format", "mermaid").output
    assert "and 2 more ways: 2 flow" in run("trace", "/a", "--format", "svg").output


def test_a_long_path_is_broken_behind_a_slash(here: Path) -> None:
    folder = "services/conversation-orchestration/deployment/production-environment/edge"
    write(here, {f"{folder}/nginx.conf": sites("proxy_buffering off;").replace("s0.example.com", "a.test")})
    lines = [line for line in run("trace", "/a", "--explain").output.splitlines() if "production-environment" in line]
    assert lines
    assert all(line.endswith("production-environment/") or "production-environment/edge" in line for line in lines)
    assert all(len(line) <= 80 for line in lines)


def test_a_folder_of_a_project_shows_the_streams_that_pass_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat, jobs = (
        sites("proxy_buffering off;").replace("s0", name).replace("/ {", f"/{name} {{") for name in ("chat", "jobs")
    )
    write(here, {"infralint.yaml": "{}\n", "a/nginx.conf": chat, "b/nginx.conf": jobs, "c/nginx.conf": "http {\n"})
    shown = run("trace", "--compact", "--in", "a").output
    assert ("chat.example.com/chat" in shown, "jobs" in shown, "unreadable" in shown) == (True, False, False)
    assert "of the project lead through other folders (--in FOLDER)." in shown
    monkeypatch.chdir(here / "b")
    assert "jobs.example.com/jobs" in run("trace", "--compact").output
    monkeypatch.chdir(here)
    whole = run("trace", "--compact").output
    assert all(words in whole for words in ("chat.example.com", "jobs.example.com", "unreadable c/nginx.conf"))
    assert "other folders" not in whole


def test_what_could_not_be_read_is_what_check_names(here: Path) -> None:
    good = "server { location /api/chat { proxy_pass http://app; } }\n"
    write(here, {"a.conf": good, "broken.conf": "server { location /x { proxy_pass ftp://a; } }\n"})
    write(here, {"mistyped.conf": f"# infralint: ignroe[buffered-stream]\n{good}"})
    (here / "nginx.conf").symlink_to(here / "nowhere")

    def unreadable(*command: str) -> list[tuple[str, int]]:
        entries = json.loads(run(*command, "--format", "json").stdout)["unreadable"]
        return sorted((entry["location"]["path"], entry["location"].get("line", 0)) for entry in entries)

    found = unreadable("check", ".")
    assert [path for path, _ in found] == ["broken.conf", "mistyped.conf", "nginx.conf"]
    assert unreadable("trace", "/api/chat", "--in", ".") == found


DISTRIBUTION = """\
resource "aws_cloudfront_distribution" "cdn" {
  enabled = true
  origin {
    domain_name = "app.example.org"
    origin_id   = "app"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
  default_cache_behavior {
    target_origin_id       = "app"
    allowed_methods        = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods         = ["GET", "HEAD"]
    viewer_protocol_policy = "https-only"
  }
  ordered_cache_behavior {
    path_pattern           = "/api/*"
    target_origin_id       = "app"
    allowed_methods        = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods         = ["GET", "HEAD"]
    viewer_protocol_policy = "https-only"
  }
}
"""


def test_cloudfront_says_which_behavior_takes_a_request_and_whose_default_holds(here: Path) -> None:
    write(here, {"main.tf": DISTRIBUTION})
    shown = " ".join(run("trace", "/api/chat", "--explain").output.replace("│", " ").split())
    assert "chosen its behavior for /api/* is the first whose pattern /api/chat fits" in shown
    assert "beats its default behavior: the first behavior that fits is taken" in shown
    assert "default of CloudFront (origin_read_timeout)" in shown
    other = " ".join(run("trace", "/chat", "--explain").output.replace("│", " ").split())
    assert "chosen its default behavior takes what no other does" in other
    assert "its behavior for /api/* (main.tf:19:3): /chat does not fit it" in other


def test_an_address_that_is_none_is_one_sentence(here: Path) -> None:
    result = run("trace", "http://[::1/api/chat", "--in", str(here))
    assert (result.exit_code, result.stderr) == (
        2,
        "infralint: http://[::1/api/chat: is no address of a web page: Invalid IPv6 URL\n",
    )


@pytest.mark.parametrize(("names", "is_told"), [("", False), (", hops: [aws_lb.main]", True)])
def test_check_and_trace_agree_on_a_load_balancer_without_listeners(names: str, is_told: bool, here: Path) -> None:
    balancer = 'resource "aws_lb" "main" {\n  load_balancer_type = "application"\n  idle_timeout = 4000\n}\n'
    write(here, {"main.tf": balancer, "infralint.yaml": f"streams: [{{path: /chat{names}}}]\n"})
    shown = " ".join(text_of("/chat").split())
    assert ("can't be told: its listeners are not visible here" in shown) is not is_told
    report = json.loads(run("check", "--format", "json").output)
    assert [entry["message"] for entry in report["unknown"]] == [
        "listeners: whether the stream comes through aws_lb.main can't be told: its listeners are not visible here"
    ] * (not is_told)


@pytest.mark.parametrize("name", ["text", "json", "mermaid", "svg", "html"])
def test_more_streams_than_anybody_looks_at_are_counted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("infralint.engine.tracing.MOST_LEGS", 2)
    site = "server { listen 80; location / { proxy_pass http://app; proxy_buffering off; proxy_read_timeout 10m; }\n"
    site += "location /held { proxy_pass http://app; proxy_read_timeout 10m; } }\n"
    streams = "streams:\n" + "".join(f"  - path: /{path}\n" for path in ("a", "held", "b", "c"))
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ {site} }}\n", "infralint.yaml": streams})
    result = run("trace", "--format", name)
    assert result.exit_code == 1
    assert "/held" in result.output
    if name == "json":
        report = json.loads(result.output)
        assert [stream["request"]["path"] for stream in report["streams"]] == ["/held", "/a"]
        assert report["left_out"] == 2
    else:
        assert "2 more streams are left out, none worse than these" in result.output
    assert "left out" not in run("trace", "/c", "--format", name).output
