"""What a location's own configuration is worth as evidence, and what it is not."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

WHOLE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"


@pytest.mark.parametrize(
    ("path", "inside", "expected"),
    [
        # Boilerplate that lets a WebSocket pass says nothing of how long one is silent.
        ("/x", WHOLE, []),
        ("/x", f"{WHOLE} proxy_read_timeout 10s;", []),
        # Half of it is a mistake, whatever streams there.
        ("/x", "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;", ["error missing-upgrade-headers"]),
        # A name beside it says that a WebSocket is opened here.
        ("/ws", f"{WHOLE} proxy_read_timeout 10s;", ["warning short-idle-timeout"]),
        # Socket.IO pings every 25 s by itself.
        ("/socket.io/", WHOLE, []),
        # Reports and uploads wait long, too, and so does what we advise.
        ("/x", "proxy_read_timeout 30m;", []),
        ("/x", "proxy_read_timeout 1d; proxy_send_timeout 1d;", []),
        # Somebody turned the buffer off for something that streams.
        ("/x", "proxy_buffering off; proxy_read_timeout 5m;", []),
        ("/x", "proxy_buffering off;", ["warning short-idle-timeout"]),
        # Beside the headers of a handshake it may be for the WebSocket.
        ("/x", f"proxy_buffering off; {WHOLE}", ["note short-idle-timeout"]),
    ],
)
def test_what_stands_in_a_location_is_evidence_of(path: str, inside: str, expected: list[str], lint: Lint) -> None:
    text = f"server {{\nlocation {path} {{ proxy_pass http://app; {inside} }}\n}}\n"
    report = lint({"nginx.conf": text}, "--assume", "off")
    assert [problem.partition(" ")[2] for problem in problems(report)] == expected
    assert report["unknown"] == []


@pytest.mark.parametrize(
    ("dependency", "severity"),
    [("openai", "warning"), ("sse-starlette", "warning"), ("websockets", "note"), ("pg", "note")],
)
def test_what_is_set_up_for_a_websocket_streams_answers_only_where_the_project_speaks_of_such(
    dependency: str, severity: str, lint: Lint
) -> None:
    nginx = f"server {{ location /events {{ proxy_pass http://app; {WHOLE} proxy_read_timeout 7d; }} }}\n"
    programs = {
        "a/requirements.txt": f"{dependency}==1.0\n",
        "a/main.py": "import os\n",
        "b/requirements.txt": "flask\n",
        "b/main.py": "import os\n",
    }
    report = lint({"nginx.conf": nginx, **programs})
    assert problems(report) == [f"nginx.conf:1 {severity} buffered-stream"]


@pytest.mark.parametrize(("inside", "severity"), [(f"{WHOLE} proxy_read_timeout 7d;", "note"), ("", "warning")])
def test_a_name_that_is_doubted_makes_no_assumption_loud(inside: str, severity: str, lint: Lint) -> None:
    nginx = f"""\
server {{
  location /api/ {{ proxy_pass http://app; }}
  location /events {{ proxy_pass http://app; {inside} }}
}}
"""
    report = lint({"nginx.conf": nginx})
    assert f"nginx.conf:2 {severity} buffered-stream" in problems(report)


def test_what_is_set_for_a_catch_all_is_not_about_all_that_stands_behind_it(lint: Lint) -> None:
    nginx = """\
server {
  listen 80;
  location /api/ { proxy_pass http://app; proxy_buffering off; proxy_read_timeout 5m; }
  location / { proxy_pass http://pages; }
}
server {
  listen 443;
  location / { proxy_pass http://localhost:80; proxy_buffering off; }
}
"""
    assert problems(lint({"nginx.conf": nginx}, "--assume", "off")) == ["nginx.conf:8 warning short-idle-timeout"]


def test_a_comment_speaks_of_the_block_that_it_stands_on(lint: Lint) -> None:
    text = "server {\n# WebSocket\nlocation /a { proxy_pass http://app; }\nlocation /b { proxy_pass http://app; }\n}\n"
    report = lint({"nginx.conf": text}, "--assume", "off")
    assert {finding["location"]["line"] for finding in report["findings"]} == {3}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("^/api/tasks/[0-9]+/stream$", 3),
        (r"^/api/tasks/\d+/", 3),
        ("^/api/tasks/[0-9a-f-]{36}/stream$", 3),
        ("^/api/other/[0-9]+/stream$", 2),
    ],
)
def test_a_location_for_numbers_is_written_for_a_route_with_a_parameter(pattern: str, line: int, lint: Lint) -> None:
    nginx = f"""\
server {{
  location /api/ {{ proxy_pass http://127.0.0.1:8000; proxy_http_version 1.1; proxy_read_timeout 10s; }}
  location ~ "{pattern}" {{ proxy_pass http://127.0.0.1:8000; proxy_http_version 1.1; proxy_read_timeout 20s; }}
}}
"""
    code = """\
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
@app.get("/api/tasks/{task_id}/stream")
async def stream(task_id):
    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
"""
    report = lint({"nginx.conf": nginx, "requirements.txt": "fastapi\n", "main.py": code})
    assert [problem for problem in problems(report) if " note " not in problem] == [
        f"nginx.conf:{line} warning short-idle-timeout"
    ]
