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
