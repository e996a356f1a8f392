"""What code of a client opens is what the code of the server sends, where both stand in one project."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

CLIENT = 'export const open = () => new EventSource("/api/admin/stream");\n'
SERVER = """\
import asyncio

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/stream")
async def stream():
    async def events():
        while True:
            {wait}
            yield "data: x\\n\\n"

    return StreamingResponse(
        events(), media_type="text/event-stream", headers={{"X-Accel-Buffering": "no"}}
    )
"""
NGINX = """\
server {
    listen 80;
    location /api/admin/ {
        proxy_pass http://admin:8080/;
        proxy_http_version 1.1;
    }
}
"""


def _files(wait: str) -> dict[str, str]:
    return {
        "conf.d/default.conf": NGINX,
        "admin/requirements.txt": "fastapi\n",
        "admin/main.py": SERVER.format(wait=wait),
        "web/package.json": '{"dependencies": {"react": "19"}}',
        "web/src/log.ts": CLIENT,
    }


def test_a_client_of_a_stream_with_pings_needs_no_longer_silence(lint: Lint) -> None:
    """The proxy calls a service that only its name ties to the folder: a likely way says as much of the pings."""
    assert problems(lint(_files('await asyncio.sleep(4); yield ": heartbeat\\n\\n"'))) == []


def test_a_client_of_a_stream_without_pings_is_cut(lint: Lint) -> None:
    found = problems(lint(_files("await wait_for_news()")))
    assert "conf.d/default.conf:3 warning short-idle-timeout" in found


def test_a_ping_of_one_of_two_backends_is_no_ping_of_the_other(lint: Lint) -> None:
    files = _files('await asyncio.sleep(4); yield ": heartbeat\\n\\n"')
    by_cookie = "map $cookie_beta $backend { default admin:8080; on beta:8080; }\n"
    files["conf.d/default.conf"] = by_cookie + NGINX.replace("http://admin:8080/", "http://$backend/stream")
    assert any("short-idle-timeout" in problem for problem in problems(lint(files)))
    files["conf.d/default.conf"] = files["conf.d/default.conf"].replace("on beta:8080; ", "")
    assert not any("short-idle-timeout" in problem for problem in problems(lint(files)))


SOCKETS = """\
const express = require('express')
const { WebSocketServer } = require('ws')
const server = require('http').createServer(express())
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => setInterval(() => socket.ping(), 1000))
server.listen(3000)
"""
UNROUTED = "exports.push = (res) => { res.writeHead(200, {'Content-Type': 'text/event-stream'}); res.write('data: 1\\n\\n') }\n"


def test_that_all_sockets_are_known_says_nothing_of_other_streams(lint: Lint) -> None:
    upgrade = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
    location = f"location / {{ proxy_pass http://app:3000; proxy_buffering off; proxy_read_timeout 5s; {upgrade} }}"
    files = {
        "nginx.conf": f"server {{ listen 80; {location} }}\n",
        "compose.yaml": "services: {app: {build: ./app}}\n",
        "app/package.json": '{"dependencies": {"express": "4", "ws": "8"}}',
        "app/server.js": SOCKETS,
    }
    assert problems(lint(files)) == []
    assert "nginx.conf:1 note short-idle-timeout" in problems(lint({**files, "app/push.js": UNROUTED}))


FASTAPI_SOCKET = """\
from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ws/notify")
async def notify(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.receive_text()
"""


def test_code_with_the_very_route_says_of_its_pings_though_nothing_names_it(lint: Lint) -> None:
    """uvicorn pings every WebSocket: neither what a client opens nor what a location is called makes it silent."""
    upgrade = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
    files = {
        "nginx/default.conf": f"server {{ listen 80; location /ws/ {{ proxy_pass http://127.0.0.1:8000; {upgrade} }} }}\n",
        "api/requirements.txt": "fastapi\nuvicorn\n",
        "api/main.py": FASTAPI_SOCKET,
        "web/app.ts": 'export const socket = new WebSocket("/ws/notify");\n',
    }
    assert problems(lint(files)) == ["nginx/default.conf:1 note short-idle-timeout"]
    other = FASTAPI_SOCKET.replace("/ws/notify", "/ws/other")
    assert problems(lint({**files, "api/main.py": other})) == ["nginx/default.conf:1 warning short-idle-timeout"]


PREFIXED = """from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
router = APIRouter(prefix="/api/v1")
@router.get("/events")
def events():
    return StreamingResponse(tokens(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
app.include_router(router)
"""
EDGE_AND_APP = """services:
  edge: {image: "nginx:1.27", ports: ["80:80"], volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf"]}
  app: {build: ./app}
"""


@pytest.mark.parametrize(
    ("path", "target", "is_lost"),
    [
        ("/api/v1/events", "http://app:8000/", True),
        ("/api/v1/events", "http://app:8000", False),
        ("/api/api/v1/events", "http://app:8000/", False),
    ],
)
def test_what_a_client_opens_and_no_code_behind_its_way_serves_is_not_clean(
    path: str, target: str, is_lost: bool, lint: Lint
) -> None:
    edge = f"server {{ listen 80; location /api/ {{ proxy_pass {target}; proxy_read_timeout 1h; }} }}\n"
    dockerfile = 'FROM python:3.12\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
    app = {"app/main.py": PREFIXED, "app/requirements.txt": "fastapi\nuvicorn\n", "app/Dockerfile": dockerfile}
    page = {"web/package.json": "{}", "web/page.js": f"const source = new EventSource('{path}');\n"}
    report = lint({"compose.yaml": EDGE_AND_APP, "edge.conf": edge, **app, **page})
    said = [(entry["location"]["path"], entry["message"]) for entry in report["unknown"]]
    assert [where for where, _ in said] == (["web/page.js"] if is_lost else [])
    assert all("app gets /v1/events, and its code was read, and streams nothing there" in why for _, why in said)


HUB = """package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{}

func hub(w http.ResponseWriter, r *http.Request) {
	socket, _ := upgrader.Upgrade(w, r, nil)
	defer socket.Close()
}

func main() {
	http.HandleFunc("/ws/", hub)
	http.ListenAndServe(":8000", nil)
}
"""


@pytest.mark.parametrize(
    ("url", "is_lost"),
    [
        ("`wss://${location.host}/ws/room1`", False),
        ("`wss://${location.host}/live`", True),
        ("'wss://stream.example.org/v2/trades'", False),
    ],
)
def test_a_pattern_of_go_takes_what_is_below_it_and_other_hosts_are_others(url: str, is_lost: bool, lint: Lint) -> None:
    headers = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    edge = f"server {{ listen 80; location / {{ proxy_pass http://app:8000; proxy_read_timeout 1h; {headers} }} }}\n"
    module = "module hub\n\ngo 1.22\n\nrequire github.com/gorilla/websocket v1.5.0\n"
    app = {"app/main.go": HUB, "app/go.mod": module, "app/Dockerfile": 'FROM golang:1.22\nCMD ["/hub"]\n'}
    page = {"web/package.json": "{}", "web/page.js": f"const socket = new WebSocket({url});\n"}
    report = lint({"compose.yaml": EDGE_AND_APP, "edge.conf": edge, **app, **page})
    said = [entry for entry in report["unknown"] if "comes to nothing that streams" in entry["message"]]
    assert bool(said) is is_lost
