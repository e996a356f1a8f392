"""Which code a container runs: what its command starts, and not what lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

STREAM = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
@app.post("/api/chat")
def chat():
    return StreamingResponse(tokens(), media_type="text/event-stream")
"""
NGINX = """events {}
http { server { listen 80; location /api/ { proxy_pass http://backend:8000; } } }
"""
COMPOSE = """services:
  edge:
    image: nginx:1.22
    ports: ["80:80"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf"]
  backend:
    build: {context: ., dockerfile: backend/Dockerfile}
"""
FOUND = "buffered-stream] location /api/"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"nginx.conf": NGINX, "compose.yaml": COMPOSE, "backend/requirements.txt": "fastapi\n"})
    return tmp_path


@pytest.mark.parametrize(
    ("copies", "command", "module"),
    [
        ("COPY apps/ ./apps/\nCOPY backend/ ./backend/", '["uvicorn", "apps.api.main:app"]', "apps/api/main.py"),
        ("COPY . .", "gunicorn -k uvicorn.workers.UvicornWorker apps.api.main:app", "apps/api/main.py"),
        ("COPY src/ src/\nCOPY backend/ backend/", '["uvicorn", "agent.main:app"]', "src/agent/main.py"),
        ("COPY apps apps\nCOPY backend backend", '["python", "-m", "apps.api.main"]', "apps/api/main.py"),
        ("COPY apps apps\nCOPY backend backend", '["python", "apps/api/main.py"]', "apps/api/main.py"),
        ("COPY apps /srv\nCOPY backend backend", "uvicorn --app-dir /srv/api main:app", "apps/api/main.py"),
        ("COPY . .\nCOPY run.sh /", '["/run.sh"]', "apps/api/main.py"),
        ("COPY . .\nCOPY super.conf /etc/super.conf", "supervisord -c /etc/super.conf", "apps/api/main.py"),
    ],
)
def test_a_container_runs_what_its_command_names(copies: str, command: str, module: str, here: Path) -> None:
    dockerfile = f"FROM python:3.12\nWORKDIR /app\n{copies}\nCMD {command}\n"
    scripts = {
        "run.sh": "#!/bin/sh\n# uvicorn backend.other:app\nexec uvicorn apps.api.main:app\n",
        "super.conf": "[program:web]\ncommand=uvicorn apps.api.main:app --host 0.0.0.0\n",
    }
    write(here, {"backend/Dockerfile": dockerfile, module: STREAM, **scripts})
    output = run("check").output
    assert FOUND in output
    assert f"POST /api/chat ({module}" in run("trace", "--compact", "/api/chat").output


def test_what_compose_starts_outweighs_what_the_image_would(here: Path) -> None:
    write(
        here,
        {
            "compose.yaml": f'{COMPOSE}    command: ["uvicorn", "apps.api.main:app"]\n',
            "backend/Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["python", "backend/worker.py"]\n',
            "backend/worker.py": "print(1)\n",
            "apps/api/main.py": STREAM,
        },
    )
    assert FOUND in run("check").output


def test_a_script_of_streamlit_is_another_program_than_the_server_beside_it(here: Path) -> None:
    """The image of the backend holds the dashboard's script, too, and does not run it."""
    write(
        here,
        {
            "backend/Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["uvicorn", "main:app"]\n',
            "requirements.txt": "fastapi\nstreamlit\n",
            "main.py": STREAM,
            "scripts/dashboard.py": "import streamlit as st\nst.title('x')\n",
            "nginx.conf": NGINX.replace("/api/ {", "/ { proxy_buffering off; proxy_read_timeout 300s;"),
        },
    )
    assert "_stcore" not in run("check").output
    write(
        here,
        {
            "compose.yaml": COMPOSE + "  pages:\n    build: .\n    command: streamlit run scripts/dashboard.py\n",
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n",
            "nginx.conf": NGINX.replace("location", "location / { proxy_pass http://pages:8501; } location"),
        },
    )
    assert "error[missing-upgrade-headers] location / " in run("check").output


NODE = """const express = require("express");
const app = express();
app.post("/api/chat", (req, res) => { res.setHeader("Content-Type", "text/event-stream"); });
app.listen(8000);
"""


@pytest.mark.parametrize("command", ['["node", "server/dist/index.js"]', '["npm", "start"]'])
def test_what_a_build_made_of_a_package_is_that_package(command: str, here: Path) -> None:
    """Its library beside it, which neither listens nor serves, answers nothing."""
    package = '{"name": "%s", "dependencies": {"express": "5"}}'
    copies = "COPY package.json ./\nCOPY server/package.json server/\nCOPY shared/package.json shared/\n"
    built = "COPY --from=build /app/server/dist server/dist\n"
    write(
        here,
        {
            "compose.yaml": COMPOSE.replace("{context: ., dockerfile: backend/Dockerfile}", "."),
            "Dockerfile": f"FROM node:22 AS build\nCOPY . /app\nFROM node:22\nWORKDIR /app\n{copies}{built}CMD {command}\n",
            "package.json": package % "whole",
            "shared/package.json": package % "shared",
            "shared/index.js": "module.exports = 1;\n",
            "server/package.json": package % "server",
            "server/index.js": NODE,
        },
    )
    output = run("trace", "--compact", "/api/chat").output
    assert "breaks at hop 1 of 2" in output
    assert "POST /api/chat (server/index.js" in output


def test_php_fpm_runs_what_is_mounted_beside_an_application_of_another_language(here: Path) -> None:
    write(
        here,
        {
            "compose.yaml": """services:
  edge: {image: "nginx:1.22", ports: ["80:80"], volumes: ["./nginx.conf:/etc/nginx/nginx.conf", "./web:/var/www"]}
  php: {image: "php:8-fpm", volumes: ["./web:/var/www"]}
  api: {build: ./api}
""",
            "nginx.conf": "events {}\nhttp { server { listen 80; root /var/www;\n"
            "  location /api/ { proxy_pass http://api:8000; proxy_buffering off; }\n"
            "  location ~ \\.php$ { fastcgi_pass php:9000; }\n} }\n",
            "api/requirements.txt": "fastapi\n",
            "api/main.py": STREAM,
            "web/stream.php": "<?php header('Content-Type: text/event-stream');\n"
            'while (true) { echo "data: x"; flush(); sleep(1); }\n',
        },
    )
    assert r"error[buffered-stream] location ~ \.php$" in run("check").output
