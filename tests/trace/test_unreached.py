"""Code that streams behind proxies which never send it the stream's requests."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

APP = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
@app.get("/stream")
def stream():
    return StreamingResponse(tokens(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
"""
SERVICES = """services:
  edge:
    image: nginx:1.29.8
    ports: ["80:80"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
  app:
    build: ./app
"""
PASSED = "proxy_pass http://app:3000; proxy_read_timeout 1h;"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"app/main.py": APP, "app/requirements.txt": "fastapi\nuvicorn\n", "compose.yaml": SERVICES})
    write(tmp_path, {"app/Dockerfile": 'FROM python:3.12\nCMD ["uvicorn", "main:app", "--port", "3000"]\n'})
    return tmp_path


def report(here: Path, locations: str) -> str:
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {locations} }} }}\n"})
    return " ".join(run("check").output.split())


def test_a_route_that_the_proxy_never_asks_for_is_not_called_clean(here: Path) -> None:
    output = report(here, f"location /api/ {{ {PASSED} }} location / {{ root /srv; }}")
    assert "app/main.py:6: streams: nothing that was read sends /stream to app" in output
    assert "gets other requests from location /api/ (nginx.conf:2:" in output
    assert "clean" not in output
    assert "SSE /stream: could not tell at app GET /stream" in run("trace", "--compact").output


@pytest.mark.parametrize(
    "locations",
    [
        f"location /stream {{ {PASSED} }} location / {{ root /srv; }}",
        f"location /api/ {{ {PASSED.replace(':3000', ':3000/')} }}",
        f"location / {{ {PASSED} }}",
        f"location /api/ {{ rewrite ^/api(.*) $1 break; {PASSED} }}",
    ],
)
def test_a_route_that_the_proxy_asks_for_is_reached(locations: str, here: Path) -> None:
    assert "nothing that was read sends" not in report(here, locations)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("compose.yaml", SERVICES + '    ports: ["3000:3000"]\n'),
        ("infralint.yaml", "entry: [edge, app]\n"),
        ("infralint.yaml", "streams: [{path: /api/x}]\n"),
        ("compose.yaml", SERVICES.replace('    ports: ["80:80"]\n', "")),
    ],
)
def test_code_that_clients_may_come_to_first_is_reached(file: str, text: str, here: Path) -> None:
    write(here, {file: text})
    assert "nothing that was read sends" not in report(here, f"location /api/ {{ {PASSED} }}")
