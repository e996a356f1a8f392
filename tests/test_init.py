"""`infralint init`: what it finds, what it writes, and what it never touches."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import run, write

from infralint.project.config import load_settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
SERVER = """
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
    server_name chat.test;
    location /v1/chat/completions { proxy_pass http://app; }
    location /answers/ { proxy_pass http://app; proxy_buffering off; }
    location ~ ^/api/v[12]/sse$ { proxy_pass http://app; proxy_buffering off; }
    location / { try_files $uri @app; }
    location @app { proxy_pass http://app; proxy_buffering off; }
    location /socket.io/ {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
    }
}
"""

STRANGE = 'server { server_name "~^(?<a>x): y$"; location "/sse: #\\t- {x" { proxy_pass http://app;\n'
STRANGE += "# SSE \x1b]2;x\x07 \x85 y\n} }"


def entries(folder: Path) -> list[dict[str, Any]]:
    streams = load_settings(folder / "infralint.yaml", "infralint.yaml").streams or []
    return [
        {key: value for key in ("path", "regex", "kind", "session", "host") if (value := getattr(one, key))}
        for one in streams
    ]


def test_it_writes_the_streams_that_it_finds_and_check_uses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SERVER, ".git/HEAD": ""})
    monkeypatch.chdir(tmp_path)
    before = json.loads(run("check", "--format", "json").stdout)
    result = run("init", "--force")
    assert result.exit_code == 0, result.output
    host = {"host": "chat.test"}
    assert sorted(entries(tmp_path), key=str) == sorted(
        [
            {"path": "/v1/chat/completions", "kind": "sse", **host},
            {"path": "/answers/", "kind": "sse", **host},
            {"regex": "^/api/v[12]/sse$", "kind": "sse", **host},
            {"path": "/", "kind": "sse", **host},
            {"path": "/socket.io/", "kind": "websocket", "session": "Socket.IO", **host},
        ],
        key=str,
    )
    assert "# nginx.conf:6:49: `proxy_buffering off` is set for it\n" in (tmp_path / "infralint.yaml").read_text()
    assert "delete it if nothing streams there" in (tmp_path / "infralint.yaml").read_text()
    after = json.loads(run("check", "--format", "json").stdout)
    places = [[(one["check"], one["location"]["line"]) for one in report["findings"]] for report in (before, after)]
    assert places[0] == places[1]
    kinds = {one["stream"]["evidence"] for one in after["findings"]}
    assert kinds == {"declared"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "infralint.yaml", "nginx.conf"]


def test_nothing_found_declares_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"nginx.conf": "server { location / { proxy_pass http://app; } }"})
    monkeypatch.chdir(tmp_path)
    before = run("check").stdout
    assert "0 streams found" in run("init").stdout
    assert load_settings(tmp_path / "infralint.yaml", "").streams is None
    assert run("check").stdout == before


@pytest.mark.parametrize("name", ["infralint.yaml", ".infralint.yml", "pyproject.toml"])
def test_what_is_there_is_kept(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[tool.infralint]\n" if name.endswith("toml") else "assume: off\n"
    write(tmp_path, {name: text, "sub/nginx.conf": SERVER})
    monkeypatch.chdir(tmp_path / "sub")
    result = run("init")
    assert result.exit_code == 2
    assert f"../{name} is there already; --force writes a new infralint.yaml" in result.stderr
    assert (tmp_path / name).read_text() == text
    assert run("init", "--force").exit_code == 0
    assert len(entries(tmp_path)) == 5


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"infralint.yaml": "assume: off\n"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("infralint.cli.init.find_config", lambda root: None)
    result = run("init")
    assert result.exit_code == 2
    assert "can't be written: File exists" in result.stderr
    assert (tmp_path / "infralint.yaml").read_text() == "assume: off\n"


@pytest.mark.parametrize("name", [b"\xd9.py", b"a\nstreams: x.py", b"a\x1b[31m.py"])
def test_names_of_files_stay_comments(name: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"requirements.txt": "fastapi\n"})
    (tmp_path / os.fsdecode(name)).write_text(
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
        "@app.get('/chat')\ndef chat():\n    return StreamingResponse(g(), media_type='text/event-stream')\n"
    )
    result = run("init")
    assert (result.exit_code, result.exception) == (0, None)
    assert [stream.path for stream in load_settings(tmp_path / "infralint.yaml", "infralint.yaml").streams or ()] == [
        "/chat"
    ]


def test_words_of_files_stay_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"nginx.conf": STRANGE})
    monkeypatch.chdir(tmp_path)
    assert run("init").exit_code == 0
    [one] = entries(tmp_path)
    assert one["path"].startswith("/sse: #")
    assert "\x1b" not in (tmp_path / "infralint.yaml").read_text()


@pytest.mark.parametrize("stack", sorted(path.parent.name for path in FIXTURES.glob("*/expected.txt")))
def test_every_stack_gets_a_file_that_loads(stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(FIXTURES / stack, tmp_path / stack)
    monkeypatch.chdir(copy)
    result = run("init", "--force")
    assert result.exit_code == 0, result.output
    assert len(entries(copy)) <= int(result.stdout.split()[-3])
    assert run("check", "--fail-on", "never").exit_code == 0


CHAT = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/api/chat")
def chat():
    return StreamingResponse(iter(["data: x\\n\\n"]), media_type="text/event-stream")
"""


@pytest.mark.parametrize(
    "site",
    [
        "location /api/ { proxy_pass http://billing:8000; }",
        "location / { proxy_pass http://billing:8000; }",
        "location ~ ^/api/ { proxy_pass http://$host:8000; }",
    ],
)
def test_a_stream_found_in_code_makes_no_error_of_what_has_nothing_to_do_with_it(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    billing = f"events {{}}\nhttp {{ server {{ server_name billing.test; {site} }} }}\n"
    write(
        tmp_path,
        {"chat/main.py": CHAT, "chat/requirements.txt": "fastapi\n", "infra/nginx.conf": billing, ".git/x": ""},
    )
    monkeypatch.chdir(tmp_path)
    before = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert run("init").exit_code == 0
    after = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert "error" not in {one["severity"] for one in after}
    assert {(one["check"], one["location"]["path"]) for one in after} <= {
        (one["check"], one["location"]["path"]) for one in before
    }


@pytest.mark.parametrize("location", ["location /chat {", "location ~ ^/chat$ {"])
def test_a_word_in_a_path_is_left_open(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word alone is a guess: declared, it would make errors of it. Where the marks are gone, it is declared."""
    site = f"events {{}}\nhttp {{ server {{ {location} proxy_pass http://billing; }} }} }}\n"
    write(tmp_path, {"nginx.conf": site, ".git/x": ""})
    monkeypatch.chdir(tmp_path)
    before = run("check").stdout
    assert "(left open): nginx.conf:2:17: the path " in run("init").stdout
    assert entries(tmp_path) == []
    assert run("check").stdout == before
    file = tmp_path / "infralint.yaml"
    head, _, tail = file.read_text().partition("# streams:")
    opened, blank, rest = f"# streams:{tail}".partition("\n\n")
    file.write_text(head + re.sub(r"(?m)^# ", "", opened) + blank + rest)
    assert [stream["kind"] for stream in entries(tmp_path)] == ["sse"]
    assert json.loads(run("check", "--format", "json").stdout)["summary"]["error"] == 1


def test_a_word_is_open_beside_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marks are taken away where it stands, and the file is what it would have been."""
    known = "location /answers { proxy_pass http://app; proxy_buffering off; }"
    write(tmp_path, {"nginx.conf": f"server {{ {known} location /ws {{ proxy_pass http://app; }} }}", ".git/x": ""})
    monkeypatch.chdir(tmp_path)
    run("init")
    assert [stream["path"] for stream in entries(tmp_path)] == ["/answers"]
    file = tmp_path / "infralint.yaml"
    file.write_text(re.sub(r"(?m)^  # (  kind|- )", r"  \1", file.read_text()))
    assert [(stream["path"], stream["kind"]) for stream in entries(tmp_path)] == [
        ("/answers", "sse"),
        ("/ws", "websocket"),
    ]


def test_code_is_believed_before_a_word_in_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application's stream is declared where the code sends it, not at a proxy of something else that has its path."""
    billing = "events {}\nhttp { server { location /api/chat { proxy_pass http://billing; } } }\n"
    write(
        tmp_path,
        {"chat/main.py": CHAT, "chat/requirements.txt": "fastapi\n", "a/nginx.conf": billing, ".git/x": ""},
    )
    monkeypatch.chdir(tmp_path)
    assert run("init").exit_code == 0
    [stream] = load_settings(tmp_path / "infralint.yaml", "infralint.yaml").streams or []
    assert (stream.path, stream.hops) == ("/api/chat", ["chat/main.py"])
    assert json.loads(run("check", "--format", "json").stdout)["summary"]["error"] == 0


def test_a_stream_that_surely_passes_a_proxy_needs_no_narrowing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = "services:\n  web:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
    compose += "  backend:\n    build: chat\n    expose: [8000]\n"
    site = "events {}\nhttp { server { listen 80; location /api/ { proxy_pass http://backend:8000; } } }\n"
    write(
        tmp_path,
        {"chat/main.py": CHAT, "chat/requirements.txt": "fastapi\n", "nginx.conf": site, "compose.yaml": compose},
    )
    write(tmp_path, {"chat/Dockerfile": "FROM python\nCOPY . .\nCMD uvicorn main:app --port 8000\n"})
    monkeypatch.chdir(tmp_path)
    assert run("init").exit_code == 0
    [stream] = load_settings(tmp_path / "infralint.yaml", "infralint.yaml").streams or []
    assert (stream.path, stream.hops) == ("/api/chat", [])
    assert json.loads(run("check", "--format", "json").stdout)["summary"]["error"] == 1


def test_what_stands_behind_on_the_same_way_is_no_other_that_takes_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    edge = "location /api/ { proxy_pass http://127.0.0.1:8080/v2/; proxy_buffering off; }"
    inner = "location /v2/ { proxy_pass http://127.0.0.1:3000; proxy_buffering off; }"
    servers = f"server {{ listen 80; {edge} }} server {{ listen 127.0.0.1:8080; {inner} }}"
    write(tmp_path, {"nginx.conf": f"events {{}} http {{ {servers} }}\n"})
    assert run("init").exit_code == 0
    written = (tmp_path / "infralint.yaml").read_text()
    assert "path: /api/" in written
    assert "hops:" not in written
    assert "applies to location /api/ (nginx.conf:1:38) and location /v2/" in run("check").output


BEHIND_A_PREFIX = {
    "main.py": CHAT.replace("/api/chat", "/chat/{room}"),
    "requirements.txt": "fastapi\n",
    "nginx.conf": "events {}\nhttp { server { listen 80; location / { return 404; }\n"
    "location /api/ { proxy_pass http://app:8000/; } } }\n",
    "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
    "    ports: ['80:80']\n  app:\n    build: .\n    command: uvicorn main:app --port 8000\n",
}


def test_a_stream_is_declared_by_the_path_that_browsers_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, BEHIND_A_PREFIX)
    monkeypatch.chdir(tmp_path)
    before = json.loads(run("check", "--format", "json").stdout)
    assert "SSE /api/chat/*: main.py:9 returns" in run("init").stdout
    [stream] = load_settings(tmp_path / "infralint.yaml", "infralint.yaml").streams or []
    assert (stream.path, stream.hops) == ("/api/chat/*", [])
    after = json.loads(run("check", "--format", "json").stdout)
    assert after["unknown"] == []
    found = [
        {(finding["check"], finding["severity"], finding["location"]["line"]) for finding in report["findings"]}
        for report in (before, after)
    ]
    assert found[0] == found[1] != set()


def test_a_path_that_only_the_application_knows_is_told_as_browsers_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {**BEHIND_A_PREFIX, "infralint.yaml": "streams:\n  - path: /chat/*\n"})
    monkeypatch.chdir(tmp_path)
    output = run("check").stdout
    assert "the declared stream /chat/* meets no hop that was read here: nginx.conf answers 404" in output
    assert "      write the path that browsers ask for: /api/chat/*\n" in output
    write(tmp_path, {"infralint.yaml": "streams:\n  - path: /chats\n"})
    assert "      check its path, host and hops for typing errors\n" in run("check").stdout


@pytest.mark.parametrize(("ping", "written"), [("1000000", "1000000s"), ("0.5", "0.5s"), ("15", "15s")])
def test_pings_are_written_as_settings_take_them(ping: str, written: str, here: Path) -> None:
    code = (
        "from fastapi import FastAPI\nfrom sse_starlette.sse import EventSourceResponse\napp = FastAPI()\n\n"
        f'@app.get("/chat")\ndef chat():\n    return EventSourceResponse(answer(), ping={ping})\n'
    )
    write(here, {"main.py": code, "requirements.txt": "fastapi\nsse-starlette\n"})
    assert run("init").exit_code == 0
    assert f"heartbeat: {written}\n" in (here / "infralint.yaml").read_text()
    assert load_settings(here / "infralint.yaml", "infralint.yaml").streams
