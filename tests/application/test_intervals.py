"""Streams that write at fixed times, whatever happens: they are never silent for long, and need no other ping."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

COMPOSE = """\
services:
  web:
    image: nginx:1.31
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
  app:
    build: app
"""
NGINX = "server { listen 80; location / { proxy_pass http://app:8000; proxy_buffering off; } }\n"
PYTHON = """\
import asyncio
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
PAUSE = 5

@app.get("/events")
async def events():
    async def generate():
LOOP
    return StreamingResponse(generate(), media_type="text/event-stream")
"""
NODE = """\
const app = require("express")();
app.get("/events", async (req, res) => {
  res.writeHead(200, { "Content-Type": "text/event-stream" });
  const send = () => res.write(`data: ${JSON.stringify({ "load": load() })}\\n\\n`);
BODY
});
app.listen(8000);
"""
GO = """\
package main

import ("fmt"; "net/http"; "time")

func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := w.(http.Flusher)
	for {
BODY
	}
}

func main() {
	http.HandleFunc("/events", events)
	http.ListenAndServe(":8000", nil)
}
"""


def check(folder: Path, code: dict[str, str], command: str) -> str:
    write(
        folder,
        {
            "compose.yaml": COMPOSE,
            "nginx.conf": NGINX,
            "app/Dockerfile": f"FROM scratch\nCOPY . .\nEXPOSE 8000\nCMD {command}\n",
            **code,
        },
    )
    return run("check").output


def python(folder: Path, loop: str) -> str:
    text = PYTHON.replace("LOOP", "\n".join("        " + line for line in loop.splitlines()))
    code = {"app/main.py": text, "app/requirements.txt": "fastapi\nuvicorn\n"}
    return check(folder, code, '["uvicorn", "main:app", "--port", "8000"]')


def node(folder: Path, body: str) -> str:
    package = '{"name": "app", "scripts": {"start": "node index.js"}, "dependencies": {"express": "4"}}'
    code = {"app/index.js": NODE.replace("BODY", body), "app/package.json": package}
    return check(folder, code, '["node", "index.js"]')


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


STEADY_LOOPS = [
    "while True:\n    yield load()\n    await asyncio.sleep(2)",
    "while True:\n    if await gone():\n        break\n    yield load()\n    await asyncio.sleep(PAUSE)",
    "for number in range(100):\n    yield load()\n    await asyncio.sleep(1)",
    "while True:\n    try:\n        yield load()\n        await asyncio.sleep(2)\n    except Gone:\n        break",
]
UNSTEADY_LOOPS = [
    "while True:\n    if changed():\n        yield load()\n    await asyncio.sleep(2)",
    "while True:\n    yield await queue.get()\n    await asyncio.sleep(1)",
    "while True:\n    yield load()\n    await asyncio.sleep(90)",
    "async for chunk in source:\n    yield chunk\n    await asyncio.sleep(1)",
    "for chunk in source:\n    yield chunk\n    await asyncio.sleep(0.05)",
    "while True:\n    yield load()\n    await asyncio.sleep(pause())",
    "while True:\n    answer = await llm.generate(prompt)\n    yield answer\n    await asyncio.sleep(1)",
    "while True:\n    yield load()\n    await asyncio.sleep(0.01)",
]
STEADY_NODE = [
    "setInterval(() => res.write('data: 1\\n\\n'), 1000);",
    "send(); const timer = setInterval(send, 5000);",
    "setInterval(() => { if (!res.writableEnded) { res.write('data: 1\\n\\n'); } }, 10 * 1000);",
    "while (true) { send(); await new Promise((resolve) => setTimeout(resolve, 3000)); }",
    "setInterval(() => { if (waiting) { res.write(': ping\\n\\n'); } }, 15000);",
]
UNSTEADY_NODE = [
    "setInterval(() => { if (changed()) { res.write('data: 1\\n\\n'); } }, 1000);",
    "setInterval(() => { if (changed()) { res.write(JSON.stringify({ 'type': 'news' })); } }, 1000);",
    "setInterval(send, 90000);",
    "setInterval(send, pause());",
    "bus.on('message', send);",
    "while (true) { await next(); send(); await new Promise((resolve) => setTimeout(resolve, 3000)); }",
]


@pytest.mark.parametrize("loop", STEADY_LOOPS)
def test_a_generator_that_sends_and_sleeps_is_never_silent_for_longer(loop: str, tmp_path: Path) -> None:
    assert "short-idle-timeout" not in python(tmp_path, loop)


@pytest.mark.parametrize("loop", UNSTEADY_LOOPS)
def test_a_generator_that_may_wait_for_longer_may_be_cut(loop: str, tmp_path: Path) -> None:
    assert "short-idle-timeout" in python(tmp_path, loop)


@pytest.mark.parametrize("body", STEADY_NODE)
def test_a_timer_that_sends_whatever_happens_is_a_ping(body: str, tmp_path: Path) -> None:
    assert "short-idle-timeout" not in node(tmp_path, body)


@pytest.mark.parametrize("body", UNSTEADY_NODE)
def test_a_timer_that_sends_only_news_is_none(body: str, tmp_path: Path) -> None:
    assert "short-idle-timeout" in node(tmp_path, body)


@pytest.mark.parametrize(
    ("body", "is_cut"),
    [
        ('\t\tfmt.Fprintf(w, "data: %d\\n\\n", load())\n\t\tflusher.Flush()\n\t\ttime.Sleep(2 * time.Second)', False),
        ('\t\tfmt.Fprintf(w, "data: %d\\n\\n", <-news)\n\t\tflusher.Flush()\n\t\ttime.Sleep(2 * time.Second)', True),
    ],
)
def test_a_loop_of_go_that_sends_and_sleeps(body: str, is_cut: bool, tmp_path: Path) -> None:
    code = {"app/main.go": GO.replace("BODY", body), "app/go.mod": "module app\n\ngo 1.22\n"}
    assert ("short-idle-timeout" in check(tmp_path, code, '["/app"]')) == is_cut
