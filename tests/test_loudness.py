"""How loud a finding is that rests on little: code that was read leaves no ground to assume, and a name keeps no sessions."""

from __future__ import annotations

import pytest
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


_UNREAD = {
    "conf.d/a.conf": PROXY,
    "src/main.ts": "export {}\n",
    "api/main.scala": "object Main",
    "api/Dockerfile": "FROM sbt\n",
}
_FROZEN = "click==8.1.8\nfastapi==0.118.0\nh11==0.16.0\nuvicorn==0.37.0\nuvloop==0.21.0\nwebsockets==15.0.1\n"


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param("fastapi\nuvicorn\nwebsockets\n", id="by hand"),
        pytest.param("fastapi==0.118.0\nuvicorn==0.37.0\nwebsockets==15.0.1\n", id="by hand, with versions"),
        pytest.param("h11==0.16.0\nhttpx==0.28.1\nwebsockets==15.0.1\n", id="frozen, with no server"),
        pytest.param(f"{_FROZEN}python-socketio==5.11.0\n", id="frozen, with what a server does not bring"),
        pytest.param(f"{_FROZEN}openai==2.1.0\n", id="frozen, with a model's library"),
    ],
)
def test_a_package_that_somebody_chose_makes_an_assumption_loud(lint: Lint, listed: str) -> None:
    assert _loud(problems(lint(_UNREAD | {"requirements.txt": listed})))


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(_FROZEN, id="pip freeze"),
        pytest.param(_FROZEN.replace("uvicorn==", "uvicorn[standard]==") + "    # via uvicorn\n", id="pip-compile"),
    ],
)
def test_what_only_a_server_brings_along_is_no_word_of_streams(lint: Lint, listed: str) -> None:
    found = problems(lint(_UNREAD | {"requirements.txt": listed}))
    assert found
    assert _loud(found) == []


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
    assert found == ["conf.d/a.conf:1 note missing-sticky-sessions"]


_WS_OF_A_NAME = {
    "compose.yaml": """\
services:
  api:
    build: api
  edge:
    image: nginx:1.27
    volumes: [./edge.conf:/etc/nginx/nginx.conf]
""",
    "edge.conf": """\
events {}
http {
    server {
        listen 80;
        location /ws {
            proxy_pass http://api:8000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "Upgrade";
        }
    }
}
""",
    "api/requirements.txt": "fastapi\nuvicorn\n",
    "api/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
}
_LOST_EVENTS = """\
from fastapi.responses import StreamingResponse


def reply(events):
    return StreamingResponse(events(), media_type="text/event-stream")
"""


_BROKEN = """\
from fastapi import APIRouter, WebSocket
router = APIRouter()
@router.websocket("/ws"
async def talk(socket: WebSocket:
    await socket.accept((
"""


@pytest.mark.parametrize("lost", ["", _LOST_EVENTS])
def test_a_name_is_no_word_of_sockets_where_the_code_behind_it_has_none(lint: Lint, lost: str) -> None:
    """That an SSE response was led to no route leaves no doubt about WebSockets."""
    found = problems(lint(_WS_OF_A_NAME | {"api/replies.py": lost}))
    assert found == ["edge.conf:5 note short-idle-timeout"]


@pytest.mark.parametrize(
    "unread",
    [
        pytest.param({"api/Main.scala": "object Main\n"}, id="a language that is not read"),
        pytest.param({"api/replies.py": _LOST_EVENTS, "api/Main.scala": "object Main\n"}, id="both"),
        pytest.param({"api/broken.py": _BROKEN}, id="a file that can't be parsed"),
    ],
)
def test_a_name_speaks_where_the_code_behind_it_may_have_sockets(lint: Lint, unread: dict[str, str]) -> None:
    found = problems(lint(_WS_OF_A_NAME | unread), "short-idle-timeout")
    assert found == ["edge.conf:5 warning short-idle-timeout"]


_DIALLED_BY_A_NAME = {
    "conf.d/a.conf": """\
server {
    location /api/ { proxy_pass http://talk-backend:15123; }
    location /ws/ {
        proxy_pass http://talk-backend:15123;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
""",
    "web/package.json": '{"name": "web"}',
    "web/alarms.js": "export const alarms = () => new WebSocket('/ws/alerts')\n",
    "jobs/requirements.txt": "fastapi\nuvicorn\n",
    "jobs/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "talk/requirements.txt": "aiohttp\n",
}
_ALERTS = """\
from aiohttp import web


async def alerts(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    return socket


app = web.Application()
app.add_routes([web.get("{path}", alerts)])
web.run_app(app, port=50051)
"""


def test_a_socket_that_clients_open_through_the_proxy_leaves_no_ground_to_assume_more_there(lint: Lint) -> None:
    """Of several applications one serves what the proxy passes on, and nothing else streams."""
    found = problems(lint(_DIALLED_BY_A_NAME | {"talk/main.py": _ALERTS.format(path="/ws/alerts")}))
    assert "conf.d/a.conf:2 note buffered-stream" in found
    assert _loud(found) == []


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"talk/main.py": _ALERTS.format(path="/elsewhere")}, id="a socket that nobody is seen to open"),
        pytest.param(
            {"talk/main.py": _ALERTS.format(path="/ws/alerts"), "talk/Main.scala": "object Main\n"},
            id="code that is not read",
        ),
    ],
)
def test_a_socket_that_no_client_leads_to_the_proxy_may_go_any_way(lint: Lint, more: dict[str, str]) -> None:
    assert "conf.d/a.conf:2 warning buffered-stream" in problems(lint(_DIALLED_BY_A_NAME | more))


FRONT = (
    "server {\n    location / { proxy_pass http://%s:80; }\n    location /v1/answers { proxy_pass http://api:80; }\n}\n"
)


def test_a_page_beside_an_api_is_not_assumed_to_stream(lint: Lint) -> None:
    files = {**_UNREAD, "package.json": '{"dependencies": {"openai": "6"}}'}
    assert not problems(lint({**files, "conf.d/a.conf": FRONT % "${FRONTEND_SERVICE}"}))
    assert _loud(problems(lint({**files, "conf.d/a.conf": FRONT % "backend"})))


@pytest.mark.parametrize(
    ("host", "comment", "is_assumed"),
    [
        ("keycloak:8080", "", False),
        ("https://zitadel-svc.auth.svc.cluster.local", "", False),
        ("chat-keycloak:8080", "", True),
        ("203.0.113.9:8080", "# Zitadel needs the headers of the first hop.\n", False),
        ("203.0.113.9:8080", "# answers, to whom Zitadel knows\n", True),
    ],
)
def test_a_product_that_answers_each_request_at_once_is_not_assumed_to_stream(
    host: str, comment: str, is_assumed: bool, lint: Lint
) -> None:
    address = host if "//" in host else f"http://{host}"
    site = f"server {{\nlisten 80;\n{comment}location / {{ proxy_pass {address}; }}\n}}\n"
    report = lint({**_UNREAD, "package.json": '{"dependencies": {"openai": "6"}}', "conf.d/a.conf": site})
    assert bool(problems(report)) is is_assumed


def test_a_cluster_on_a_developers_machine_is_a_trial(lint: Lint) -> None:
    files = {
        "package.json": '{"dependencies": {"openai": "6"}}',
        "src/main.ts": "export {}\n",
        "a/main.scala": "object Main",
    }
    report = lint({**files, "tools/kind/proxy.conf": PROXY, "a/Dockerfile": "FROM sbt\n"})
    assert problems(report)
    assert not _loud(problems(report))


@pytest.mark.parametrize(
    ("name", "is_loud"),
    [
        ("chat.example.com.conf", True),
        ("dev.acme.io.conf", True),
        ("nginx.dev.conf", False),
        ("site.local.conf", False),
    ],
)
def test_a_site_that_is_called_as_its_host_is_no_trial(name: str, is_loud: bool, lint: Lint) -> None:
    site = "server { listen 80; location / { proxy_pass http://10.0.0.3:1; proxy_read_timeout 5s; } }\n"
    settings = "streams: [{path: /chat, generation: 1m}]\n"
    found = problems(lint({f"conf.d/{name}": site, "infralint.yaml": settings}), "short-idle-timeout")
    assert bool(_loud(found)) is is_loud


@pytest.mark.parametrize(("image", "loud"), [("grafana/grafana:11.1", False), ("ollama/ollama:0.6", True)])
def test_the_websocket_of_a_dashboard_is_no_word_of_models(image: str, loud: bool, lint: Lint) -> None:
    found = problems(lint({"conf.d/a.conf": PROXY, "compose.yaml": f"services:\n  beside:\n    image: {image}\n"}))
    assert bool(_loud([line for line in found if "a.conf" in line])) == loud


@pytest.mark.parametrize(
    ("path", "is_loud"),
    [
        ("app/api/test/route.ts", True),
        ("web/src/app/example/chat/route.ts", True),
        ("tests/app/api/chat/route.ts", False),
        ("examples/next/app/api/chat/route.ts", False),
    ],
)
def test_a_folder_that_is_the_address_of_a_route_is_no_trial(path: str, is_loud: bool, lint: Lint) -> None:
    """https://github.com/vercel/ai/issues/3312 streams from app/api/test/route.ts."""
    code = (
        'import { streamText } from "ai";\n\nexport const maxDuration = 15;\n\nexport async function POST(req: Request) {\n'
        '  const result = streamText({ model: "openai/gpt-5", prompt: await req.text() });\n'
        "  return result.toTextStreamResponse();\n}\n"
    )
    root = path.partition("app/")[0].removesuffix("src/")
    files = {
        path: code,
        f"{root}package.json": '{"dependencies": {"next": "15.0.0", "ai": "5.0.0"}}',
        f"{root}vercel.json": "{}",
    }
    found = problems(lint(files), "serverless-stream")
    assert found
    assert bool(_loud(found)) is is_loud
