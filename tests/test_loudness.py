"""How loud a finding is that rests on little: code that was read leaves no ground to assume, and a name keeps no sessions."""

from __future__ import annotations

from conftest import Lint, problems

UPSTREAM = """\
upstream backend {
    server 203.0.113.7:8000;
    server 203.0.113.8:8000;
}
"""
PROXY = UPSTREAM + "server {\n    location / { proxy_pass http://backend; }\n}\n"
SOCKETS = (
    UPSTREAM
    + """\
server {
    location /ws/ {
        proxy_pass http://backend;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
"""
)


def _loud(found: list[str]) -> list[str]:
    return [finding for finding in found if " note " not in finding]


def test_a_dependency_on_models_makes_an_assumption_loud(lint: Lint) -> None:
    files = {
        "conf.d/a.conf": PROXY,
        "package.json": '{"dependencies": {"openai": "6"}}',
        "src/main.ts": "export {}\n",
        "api/main.scala": "object Main",
        "api/Dockerfile": "FROM sbt\n",
    }
    assert _loud(problems(lint(files)))


def test_scripts_that_lie_beside_an_application_leave_no_ground_to_assume(lint: Lint) -> None:
    """All of the application was read, and it streams nothing, whatever it depends on."""
    files = {
        "conf.d/a.conf": PROXY,
        "load.js": "export default function () { http.get('/') }\n",
        "api/requirements.txt": "flask\nopenai\n",
        "api/app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    }
    found = problems(lint(files))
    assert found
    assert _loud(found) == []


def test_a_socket_that_only_a_name_speaks_of_needs_no_affinity(lint: Lint) -> None:
    found = problems(lint({"conf.d/a.conf": SOCKETS}), "missing-sticky-sessions")
    assert found == ["conf.d/a.conf:1 note missing-sticky-sessions"]


def test_a_socket_in_the_code_that_several_servers_share(lint: Lint) -> None:
    files = {
        "conf.d/a.conf": SOCKETS.replace("203.0.113.7", "app1").replace("203.0.113.8", "app2"),
        "compose.yaml": "services:\n"
        "  web:\n    image: nginx\n    volumes: ['./conf.d:/etc/nginx/conf.d']\n    ports: ['80:80']\n"
        "  app1:\n    build: app\n  app2:\n    build: app\n",
        "app/requirements.txt": "fastapi\n",
        "app/Dockerfile": "FROM python\nCOPY . .\nCMD uvicorn main:app --port 8000\n",
        "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.websocket("/ws/chat")\nasync def chat(socket):\n    await socket.accept()\n',
    }
    found = problems(lint(files), "missing-sticky-sessions")
    assert found == ["conf.d/a.conf:1 warning missing-sticky-sessions"]
