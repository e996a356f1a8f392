"""Application code as evidence: where a Socket.IO server is started, its path streams, and polling comes before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

ALB = """\
resource "aws_lb" "app" {
  load_balancer_type = "application"
  idle_timeout       = 300
}
resource "aws_lb_target_group" "app" {
  target_type = "ip"
}
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.app.arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_ecs_service" "app" {
  desired_count = 3
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
  }
}
"""
NODE = '{"dependencies": {"socket.io": "^4.8.0"}}\n'
NEST = '{"dependencies": {"@nestjs/platform-socket.io": "^11.0.1"}}\n'
EXPRESS = "import { Server } from 'socket.io';\n\nconst io = new Server(http, { cors: { origin: '*' } });\n"
STICKY = "main.tf:5 warning missing-sticky-sessions"

SERVERS = {
    "Express": ({"package.json": NODE, "src/index.ts": EXPRESS}, "src/index.ts:3"),
    "with types": ({"package.json": NODE, "io.ts": EXPRESS.replace("Server(", "Server<A, B>(")}, "io.ts:3"),
    "CommonJS": ({"package.json": NODE, "app.js": 'const io = require("socket.io")(server);\n'}, "app.js:1"),
    "Nest": (
        {
            "api/package.json": NEST,
            "api/src/chat.gateway.ts": "import { WebSocketGateway } from '@nestjs/websockets';\n@WebSocketGateway()\nclass Chat {}\n",
        },
        "api/src/chat.gateway.ts:2",
    ),
    "Python": (
        {
            "requirements.txt": "fastapi\npython-socketio==5.11\n",
            "app/main.py": "import socketio\nsio = socketio.AsyncServer()\n",
        },
        "app/main.py:2",
    ),
    "Flask": (
        {
            "pyproject.toml": '[project]\ndependencies = [\n  "flask-socketio>=5",\n]\n',
            "app.py": "from flask_socketio import SocketIO\nimport socketio\nio = SocketIO(app)\n",
        },
        "app.py:3",
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_in_the_code_needs_its_session_kept(name: str, lint: Lint) -> None:
    files, place = SERVERS[name]
    report = lint({"main.tf": ALB, **files})
    assert problems(report) == [STICKY]
    [finding] = report["findings"]
    assert finding["stream"]["kind"] == "websocket"
    assert finding["stream"]["path"] == "/socket.io/"
    assert finding["stream"]["evidence"] == "source"
    assert finding["stream"]["because"] == f"{place} starts a Socket.IO server"
    assert f"{finding['stream']['location']['path']}:{finding['stream']['location']['line']}" == place
    assert "Socket.IO begins with polling" in finding["message"]


SILENT = {
    "the client alone": {
        "package.json": '{"dependencies": {"socket.io-client": "4"}}',
        "io.ts": "import { io } from 'socket.io-client';",
    },
    "a type alone": {"package.json": NODE, "io.ts": "import type { Server } from 'socket.io';\n"},
    "in a comment": {"package.json": NODE, "io.ts": "import { Server } from 'socket.io';\n// new Server(http)\n"},
    "in a test": {"package.json": NODE, "src/io.test.ts": EXPRESS, "tests/io.ts": EXPRESS},
    "another Server": {"package.json": NODE, "io.ts": "import { Server } from 'http';\nnew Server();\n"},
    "said otherwise": {"package.json": NODE, "io.ts": EXPRESS, "infralint.yaml": "streams: []\n"},
    "two load balancers": {
        "package.json": NODE,
        "io.ts": EXPRESS,
        "other/main.tf": ALB.replace('"aws_lb" "app"', '"aws_lb" "admin"').replace("aws_lb.app.", "aws_lb.admin."),
    },
    "two target groups": {
        "package.json": NODE,
        "io.ts": EXPRESS,
        "more.tf": """
resource "aws_lb_target_group" "web" {}
resource "aws_lb_listener_rule" "web" {
  listener_arn = aws_lb_listener.http.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
  condition {
    path_pattern { values = ["/web/*"] }
  }
}
""",
    },
}


@pytest.mark.parametrize("name", SILENT)
def test_silent_where_the_code_does_not_say_so(name: str, lint: Lint) -> None:
    report = lint({"main.tf": ALB, **SILENT[name]})
    assert [one for one in problems(report) if "sticky" in one] == []


NGINX = "server {\nlocation / { proxy_pass http://app; }\nlocation /live/ { proxy_pass http://app; }\n}\n"


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        (NGINX, EXPRESS, ["2 warning"]),
        (NGINX, EXPRESS.replace("cors", "path: '/live/io', cors"), ["3 warning"]),
        (NGINX.replace("app; }\n}", "other; }\n}"), EXPRESS, []),
    ],
)
def test_the_handshake_is_judged_where_one_backend_is_behind(
    text: str, code: str, expected: list[str], lint: Lint
) -> None:
    report = lint({"nginx.conf": text, "package.json": NODE, "io.ts": code}, "--assume", "off")
    assert problems(report) == [f"nginx.conf:{one} missing-upgrade-headers" for one in expected]


def test_without_polling_a_session_may_break_only_on_reconnecting(lint: Lint) -> None:
    code = EXPRESS.replace("cors", "transports: ['websocket'], cors")
    report = lint({"main.tf": ALB, "package.json": NODE, "io.ts": code})
    assert problems(report) == [STICKY.replace("warning", "note")]
    assert "polling" not in report["findings"][0]["message"]


def test_init_lists_it_and_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lint: Lint) -> None:
    files: dict[str, str | bytes] = {"main.tf": ALB.replace("300", "60"), "package.json": NODE, "io.ts": EXPRESS}
    monkeypatch.chdir(write(tmp_path, files))
    assert "WebSocket /socket.io/: io.ts:3 starts a Socket.IO server" in run("init").output
    assert "    session: Socket.IO\n    heartbeat: 25s\n" in (tmp_path / "infralint.yaml").read_text()
    assert problems(lint({})) == [STICKY]


def test_the_code_that_brings_it_is_reason_enough_to_report_it(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "main.tf": ALB,
        "package.json": NODE,
        "io.ts": EXPRESS,
        "infralint.yaml": "assume: off\n",
    }
    assert problems(lint(files, "--allow-empty", paths=("io.ts",))) == [STICKY]
