"""Paths that vercel.json hands on to another server."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, Report, problems

FLY = {
    "backend/fly.toml": 'app = "chat-api"\n[http_service]\ninternal_port = 8000\n',
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/Procfile": "web: uvicorn app:app --port 8000\n",
    "backend/app.py": (
        "from fastapi import FastAPI, WebSocket\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.post("/chat")\ndef chat():\n'
        '    return StreamingResponse(tokens(), media_type="text/event-stream")\n\n\n'
        '@app.websocket("/live")\nasync def live(socket: WebSocket):\n    await socket.accept()\n'
    ),
}
DECLARED = "streams:\n  - path: {path}\n    silence: {silence}\n    duration: 10m\n"


def site(destination: str) -> dict[str, str]:
    rewrites = [{"source": "/api/:path*", "destination": destination}]
    return {"web/vercel.json": json.dumps({"rewrites": rewrites}), "web/index.html": "<html></html>"}


def found(report: Report) -> list[str]:
    return [line for line in problems(report) if line.startswith("web/") and " note " not in line]


@pytest.mark.parametrize(("silence", "is_told"), [("5m", True), ("90s", False)])
def test_another_server_has_two_minutes_until_it_answers(silence: str, is_told: bool, lint: Lint) -> None:
    declared = DECLARED.format(path="/api/chat", silence=silence)
    report = lint({**FLY, **site("https://chat-api.fly.dev/:path*"), "infralint.yaml": declared})
    assert found(report) == (["web/vercel.json:1 error short-idle-timeout"] if is_told else [])


def test_whether_sockets_pass_is_could_not_tell(lint: Lint) -> None:
    report = lint({**FLY, **site("https://chat-api.fly.dev/:path*")})
    assert not found(report)
    told = [each for each in report["unknown"] if each["location"]["path"] == "web/vercel.json"]
    assert ["WebSocket" in each["message"] for each in told] == [True]


def test_a_server_that_is_not_in_the_project_is_not_judged(lint: Lint) -> None:
    report = lint({**FLY, **site("https://elsewhere.example.com/:path*")})
    assert not found(report)
    assert not [each for each in report["unknown"] if each["location"]["path"] == "web/vercel.json"]


def test_a_function_of_the_path_goes_before_the_rewrite(lint: Lint) -> None:
    route = 'export const runtime = "edge";\nexport const GET = () => Response.json({});\n'
    declared = DECLARED.format(path="/api/chat", silence="100s")
    next_files = {"web/package.json": '{"dependencies": {"next": "15.0.0"}}', "web/app/api/chat/route.ts": route}
    report = lint({**FLY, **site("https://chat-api.fly.dev/:path*"), **next_files, "infralint.yaml": declared})
    assert [line for line in found(report) if "route.ts" in line]
    assert not [line for line in found(report) if "vercel.json" in line]


def test_render_services_are_known_by_their_hosts(lint: Lint) -> None:
    files = {name: text for name, text in FLY.items() if "fly" not in name}
    files["backend/render.yaml"] = "services:\n  - type: web\n    name: chat-api\n    runtime: python\n"
    declared = DECLARED.format(path="/api/chat", silence="5m")
    report = lint({**files, **site("https://chat-api.onrender.com/:path*"), "infralint.yaml": declared})
    assert found(report) == ["web/vercel.json:1 error short-idle-timeout"]
