"""What the code of a client says of the streams that it opens: how often they ping, and whether they begin with polling."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

NGINX = """\
server {
    listen 80;
    location / {
        proxy_pass http://app:8000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout %s;
    }
}
"""
ACTION_CABLE = 'import { createConsumer } from "@rails/actioncable";\nexport default createConsumer();\n'
SIGNALR = 'const hub = new signalR.HubConnectionBuilder().withUrl("/hubs/chat").build();\n'
PLAIN = 'const socket = new WebSocket("wss://chat.example.com/live");\n'


@pytest.mark.parametrize(
    ("code", "timeout", "cut"),
    [
        pytest.param(ACTION_CABLE, "20s", False, id="Action Cable pings every 3 s"),
        pytest.param(ACTION_CABLE, "4s", True, id="one ping of Action Cable may be missed"),
        pytest.param(SIGNALR, "45s", False, id="SignalR pings every 15 s"),
        pytest.param(SIGNALR, "20s", True, id="one ping of SignalR may be missed"),
        pytest.param(PLAIN, "45s", True, id="a WebSocket pings by itself nowhere"),
    ],
)
def test_libraries_ping(code: str, timeout: str, cut: bool, lint: Lint) -> None:
    report = lint({"nginx/site.conf": NGINX % timeout, "web/package.json": "{}", "web/chat.js": code})
    assert bool(problems(report, "short-idle-timeout")) == cut


def test_a_new_expression_is_quoted_as_it_is_written(lint: Lint) -> None:
    report = lint({"nginx/site.conf": NGINX % "5s", "web/package.json": "{}", "web/chat.js": SIGNALR})
    assert any("opens new signalR.HubConnectionBuilder(…)" in one["stream"]["because"] for one in report["findings"])


def test_passing_x_accel_buffering_on_makes_no_stream(lint: Lint) -> None:
    site = "server { listen 80; location / { proxy_pass http://app:8000; proxy_pass_header X-Accel-Buffering; } }\n"
    report = lint({"nginx/site.conf": site})
    assert {one["severity"] for one in report["findings"]} == {"note"}  # what a catch-all is assumed to carry
    assert {one["stream"]["evidence"] for one in report["findings"]} == {"assumed"}


SERVER = (
    "from flask import Flask\nfrom flask_socketio import SocketIO\n\napp = Flask(__name__)\nsocketio = SocketIO(app)\n"
)
COMPOSE = """\
services:
  nginx:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro"]
  app:
    build: ./app
    deploy: {replicas: 2}
"""


@pytest.mark.parametrize(
    ("options", "affinity"),
    [
        pytest.param('{ transports: ["websocket"] }', False, id="WebSockets alone: one connection, one replica"),
        pytest.param('{ transports: ["polling", "websocket"] }', True, id="begins with polling"),
        pytest.param("{}", True, id="begins with polling unless told otherwise"),
    ],
)
def test_clients_of_socket_io_may_poll(options: str, affinity: bool, lint: Lint) -> None:
    report = lint(
        {
            "compose.yaml": COMPOSE,
            "nginx/site.conf": NGINX % "60s",
            "app/requirements.txt": "flask\nflask-socketio\n",
            "app/app.py": SERVER,
            "app/Dockerfile": 'FROM python:3.12\nCOPY . .\nEXPOSE 8000\nCMD ["python", "app.py"]\n',
            "web/package.json": '{"name": "web", "dependencies": {"socket.io-client": "4"}}',
            "web/chat.js": f'import {{ io }} from "socket.io-client";\nconst socket = io("/", {options});\n',
        }
    )
    assert bool(problems(report, "missing-sticky-sessions")) == affinity


def test_a_hook_of_the_project_by_the_ai_sdks_name_opens_nothing_by_itself(lint: Lint) -> None:
    own = 'import { useChat } from "@/hooks/useChat";\nexport const Chat = () => useChat();\n'
    sdk = 'import { useChat } from "@ai-sdk/react";\nexport const Chat = () => useChat();\n'
    site = "server { listen 80; location / { proxy_pass http://app:8000; proxy_read_timeout 10s; } }\n"
    evidence = {
        name: {
            finding["stream"]["evidence"]
            for finding in lint({"nginx/site.conf": site, "web/chat.tsx": code})["findings"]
        }
        for name, code in {"own": own, "sdk": sdk}.items()
    }
    assert evidence == {"own": {"assumed"}, "sdk": {"source"}}


NO_UPGRADE = "server { listen 80; location / { proxy_pass http://app:8000; } }\n"


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ('import { Socket } from "phoenix";\nnew Socket("/socket", {});\n', "/socket/websocket"),
        (
            'import { LiveSocket } from "phoenix_live_view";\nnew LiveSocket("/live", window.Socket);\n',
            "/live/websocket",
        ),
        (
            'import { Client } from "@stomp/stompjs";\nnew Client({ brokerURL: `wss://${location.host}/talk` });\n',
            "/talk",
        ),
        ('import { createClient } from "graphql-ws";\ncreateClient({ url: "/graphql" });\n', "/graphql"),
        ('import { createWSClient } from "@trpc/client";\ncreateWSClient({ url: "/trpc" });\n', "/trpc"),
        ('import Echo from "laravel-echo";\nnew Echo({ broadcaster: "reverb", key: "k" });\n', "/app/*"),
        ('import { io } from "socket.io-client";\nio({ path: "/live/io", transports: ["websocket"] });\n', "/live/io/"),
    ],
)
def test_what_libraries_open(code: str, path: str, lint: Lint) -> None:
    report = lint({"nginx/site.conf": NO_UPGRADE, "web/package.json": "{}", "web/chat.js": code})
    found = [one for one in report["findings"] if one["check"] == "missing-upgrade-headers"]
    assert [(one["severity"], one["stream"]["path"]) for one in found] == [("error", path)]
    assert "web/chat.js:2 opens " in found[0]["stream"]["because"]


@pytest.mark.parametrize(
    "code",
    [
        'import { Socket } from "net";\nnew Socket("/socket");\n',
        'import { createClient } from "redis"; // brokerURL\ncreateClient({ url: "/run/redis.sock" });\n',
        'import Echo from "laravel-echo";\nnew Echo({ broadcaster: "pusher", key: "k", cluster: "eu" });\n',
    ],
    ids=["a socket of Node", "a database", "Pusher's own servers"],
)
def test_what_opens_nothing_here(code: str, lint: Lint) -> None:
    report = lint({"nginx/site.conf": NO_UPGRADE, "web/package.json": "{}", "web/chat.js": code})
    assert problems(report, "missing-upgrade-headers") == []


def test_an_answer_that_is_read_as_it_comes_is_a_stream(lint: Lint) -> None:
    code = 'async function ask() {\n  const answer = await fetch("/api/ask");\n  for await (const part of answer.body) p(part);\n}\n'
    report = lint({"nginx/site.conf": NO_UPGRADE, "web/package.json": "{}", "web/chat.js": code})
    found = [one for one in report["findings"] if one["check"] == "buffered-stream"]
    assert [one["stream"]["path"] for one in found] == ["/api/ask"]
