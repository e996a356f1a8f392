"""A route's WebSockets come through the location that is set up for them: another one that leads there is a note."""

from __future__ import annotations

from conftest import Lint, problems

APPLICATION = """\
from fastapi import FastAPI, WebSocket
app = FastAPI()
@app.websocket("/api/rooms/{room}/screen")
async def screen(socket: WebSocket, room: str):
    await socket.accept()
"""
COMPOSE = """\
services:
  web:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf"]
  api:
    build: api
"""
SCREEN = """\
    location ~ ^/api/rooms/[^/]+/screen$ {
      proxy_pass http://api:8000;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }
"""
ALIAS = """\
    location /api/graph/ {
      rewrite ^/api/graph/(.*) /api/$1 break;
      proxy_pass http://api:8000;
    }
"""


def _files(locations: str, **more: str) -> dict[str, str]:
    nginx = "events {}\nhttp {\n  server {\n    listen 80;\n" + locations + "  }\n}\n"
    api = {"api/main.py": APPLICATION, "api/requirements.txt": "fastapi\nuvicorn\n", "api/Dockerfile": "EXPOSE 8000\n"}
    return {"nginx.conf": nginx, "compose.yaml": COMPOSE, **api, **more}


def test_another_location_of_its_server_is_a_note(lint: Lint) -> None:
    report = lint(_files(ALIAS + SCREEN))
    assert problems(report, "missing-upgrade-headers") == ["nginx.conf:5 note missing-upgrade-headers"]
    [finding] = report["findings"]
    expected = "location ~ ^/api/rooms/[^/]+/screen$ leads to the same route, and is set up for its WebSockets"
    assert finding["trace"]["doubt"] == expected


def test_the_only_location_that_leads_there_is_an_error(lint: Lint) -> None:
    report = lint(_files(ALIAS))
    assert problems(report, "missing-upgrade-headers") == ["nginx.conf:5 error missing-upgrade-headers"]


def test_what_a_client_opens_through_it_is_an_error(lint: Lint) -> None:
    page = "new WebSocket(`wss://${location.host}/api/graph/rooms/1/screen`)\n"
    report = lint(_files(ALIAS + SCREEN, **{"web/src/page.js": page, "web/package.json": "{}"}))
    assert "nginx.conf:5 error missing-upgrade-headers" in problems(report)


def test_another_server_has_its_own_clients(lint: Lint) -> None:
    other = "  }\n  server {\n    listen 80;\n    server_name b.example.org;\n" + ALIAS
    report = lint(_files("    server_name a.example.org;\n" + SCREEN + other))
    assert problems(report, "missing-upgrade-headers") == ["nginx.conf:16 error missing-upgrade-headers"]
