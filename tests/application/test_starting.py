"""Which lines of scripts start a server, and which only speak of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

from infralint.sources.application import applications

CODE = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
@app.get("/stream")
def stream():
    return StreamingResponse(tokens(), media_type="text/event-stream")
"""
ASYNCHRONOUS = "--worker-class uvicorn.workers.UvicornWorker"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"main.py": CODE, "requirements.txt": "fastapi\n"})
    return tmp_path


@pytest.mark.parametrize(
    "script",
    [
        "# see gunicorn docs\n",
        "uvicorn main:app  # not gunicorn main:app\n",
        "command -v gunicorn >/dev/null || exit 1\n",
        "if ! command -v gunicorn; then exit 1; fi\n",
        "if gunicorn --help | grep -q x; then echo; fi\n",
        "pip install gunicorn\n",
        'echo "starting gunicorn"\n',
        "pkill gunicorn\n",
        "uvicorn main:app --reload --reload-exclude gunicorn.config.py\n",
        f"cmd=(\n  gunicorn\n  -c conf.py\n  {ASYNCHRONOUS}\n  main:app\n)\n",
        f"gunicorn main:app \\\n  -w 4 \\\n  {ASYNCHRONOUS}\n",
    ],
)
def test_what_starts_no_worker_that_streams_block(script: str, here: Path) -> None:
    write(here, {"start.sh": f"#!/bin/bash\n{script}"})
    assert "blocking-worker" not in run("check").output


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("exec gunicorn main:app\n", 2),
        ("cd /app && gunicorn -w 4 main:app\n", 2),
        ("pip install gunicorn && gunicorn main:app\n", 2),
        ("cmd=(\n  gunicorn\n  -w 2\n  main:app\n)\n", 2),
    ],
)
def test_what_starts_workers_that_streams_block(script: str, line: int, here: Path) -> None:
    write(here, {"start.sh": f"#!/bin/bash\n{script}"})
    output = run("check").output
    assert "warning[blocking-worker]" in output
    assert f"start.sh:{line}" in output


@pytest.mark.parametrize(
    ("lines", "is_capped"),
    [
        ("CMD gunicorn app:app\n", True),
        ("CMD gunicorn --timeout $GUNICORN_TIMEOUT app:app\n", False),
        ('CMD gunicorn --timeout "${T:-0}" app:app\n', False),
        ('ENV GUNICORN_CMD_ARGS="--timeout 0"\nCMD gunicorn app:app\n', False),
        ("CMD gunicorn \\\n    # no limit\n    --timeout 0 \\\n    app:app\n", False),
    ],
)
def test_no_default_is_taken_for_what_a_variable_sets(lines: str, is_capped: bool, here: Path) -> None:
    write(here, {"Dockerfile": f"FROM python:3.12\n{lines}"})
    assert ("[capped-stream]" in run("check").output) is is_capped


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("docker/supervisord.conf", "[program:web]\ncommand=gunicorn -w 2 main:app\nautostart=true\n", 2),
        ("supervisor.ini", "[program:web]\ncommand = /venv/bin/gunicorn main:app\n", 2),
        ("rootfs/etc/services.d/web/run", "#!/usr/bin/with-contenv bash\nexec gunicorn -w 2 main:app\n", 2),
        ("rootfs/etc/s6-overlay/s6-rc.d/web/run", "#!/bin/sh\nexec gunicorn main:app\n", 2),
    ],
)
def test_what_a_supervisor_starts(path: str, text: str, line: int, here: Path) -> None:
    write(here, {path: text})
    output = run("check").output
    assert "warning[blocking-worker]" in output
    assert f"{path}:{line}" in output


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docker/supervisord.conf", "[program:web]\n; command=gunicorn main:app\ncommand=uvicorn main:app\n"),
        ("tools/run", "exec gunicorn main:app\n"),
    ],
)
def test_what_no_supervisor_starts(path: str, text: str, here: Path) -> None:
    write(here, {path: text})
    assert "blocking-worker" not in run("check").output


COMPOSE = "services:\n  api:\n    build: .\n    command: %s\n"
RENDER = "services:\n  - type: web\n    name: api\n    runtime: python\n    startCommand: %s\n"


@pytest.mark.parametrize(("name", "text", "line"), [("compose.yaml", COMPOSE, 2), ("render.yaml", RENDER, 5)])
def test_a_deployment_file_says_how_it_is_started(name: str, text: str, line: int, here: Path) -> None:
    write(here, {"Dockerfile": f"FROM python:3.13\nCMD gunicorn {ASYNCHRONOUS} main:app\n"})
    write(here, {name: text % "gunicorn -w 2 main:app"})
    output = run("check").output
    assert "warning[blocking-worker]" in output
    assert f"{name}:{line}" in output
    write(here, {name: text % f"gunicorn {ASYNCHRONOUS} main:app"})
    assert "blocking-worker" not in run("check").output


def test_of_two_commands_of_one_image_none_is_taken(here: Path) -> None:
    second = COMPOSE.partition("\n")[2].replace("api:", "admin:")
    write(here, {"compose.yaml": COMPOSE % "gunicorn main:app" + second % f"gunicorn {ASYNCHRONOUS} main:app"})
    assert "blocking-worker" not in run("check").output


def test_an_image_that_compose_starts_in_another_way_is_judged_by_that(here: Path) -> None:
    write(here, {"Dockerfile": "FROM python:3.13\nCMD gunicorn main:app\n"})
    write(here, {"compose.yaml": COMPOSE % "gunicorn --worker-class gthread --threads 16 --timeout 0 main:app"})
    assert "blocking-worker" not in run("check").output


@pytest.mark.parametrize(
    ("script", "ports"),
    [
        ("exec ./serve --port 8123\n", (8123,)),
        ("exec ./serve --port=${PORT:-8123}\n", (8123,)),
        ("exec ./serve -p 8123\n", (8123,)),
        ("exec ./serve -p '8123'\n", (8123,)),
        ("exec ./serve -p ${PORT:-8123}\n", (8123,)),
        ("exec ./serve \\\n  -p \\\n  # where nginx looks for it\n  8123\n", (8123,)),
        ("exec ./serve -b 0.0.0.0:8123\n", (8123,)),
        ("exec ./serve -b $HOST:8123\n", (8123,)),
        ("exec ./serve --bind :8123\n", (8123,)),
        ("PORT=8123 exec ./serve\n", (8123,)),
        ("exec ./serve --server.port 8123\n", (8123,)),
        ("exec streamlit run page.py\n", (8501,)),
        ("mkdir -p /srv/8123\ngit checkout -b port-8123\n", ()),
        ("export SUPPORT=8123\nsleep 8123\n", ()),
    ],
)
def test_the_port_that_a_script_gives(script: str, ports: tuple[int, ...]) -> None:
    files = {"main.py": CODE, "requirements.txt": "fastapi\n", "start.sh": script}
    (found,) = applications(sorted(files), lambda path: files[path].encode())
    assert found.ports == ports
