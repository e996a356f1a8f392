"""Half a handshake that a proxy further in completes is no fault of the one in front, whichever HTTP it goes on over."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

COMPOSE = """\
services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./edge.conf:/etc/nginx/nginx.conf"]
  inner:
    image: nginx:1.27
    volumes: ["./inner.conf:/etc/nginx/nginx.conf"]
  api:
    build: api
"""
APPLICATION = """\
from fastapi import FastAPI, WebSocket
app = FastAPI()
@app.websocket("/ws")
async def talk(socket: WebSocket):
    await socket.accept()
"""
UPGRADE = "proxy_set_header Upgrade $http_upgrade;"


def _files(edge: str, inner: str) -> dict[str, str]:
    location = "    location /ws {\n      proxy_pass http://%s;\n      %s\n    }\n"
    server = "events {}\nhttp {\n  server {\n    listen 80;\n" + location + "  }\n}\n"
    api = {"api/main.py": APPLICATION, "api/requirements.txt": "fastapi\nuvicorn\n", "api/Dockerfile": "EXPOSE 8000\n"}
    return {"edge.conf": server % ("inner", edge), "inner.conf": server % ("api:8000", inner), **api}


@pytest.mark.parametrize("http", ["1.0", "1.1"])
def test_half_a_handshake_is_completed_over_either_http(http: str, lint: Lint) -> None:
    inner = f'proxy_http_version {http}; {UPGRADE} proxy_set_header Connection "upgrade";'
    report = lint({**_files(f"proxy_http_version 1.0; {UPGRADE}", inner), "compose.yaml": COMPOSE})
    found = problems(report, "missing-upgrade-headers")
    assert found == (["inner.conf:7 warning missing-upgrade-headers"] if http == "1.0" else [])


def test_half_a_handshake_that_nobody_completes_is_an_error(lint: Lint) -> None:
    inner = f"proxy_http_version 1.1; {UPGRADE} proxy_set_header Connection $http_connection;"
    report = lint({**_files(f"proxy_http_version 1.1; {UPGRADE}", inner), "compose.yaml": COMPOSE})
    assert problems(report, "missing-upgrade-headers")[0].startswith("edge.conf:7 error")
