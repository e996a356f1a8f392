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


@pytest.mark.parametrize(
    ("dockerfile", "service"),
    [
        ("8000", '    command: ["uvicorn", "main:app", "--port", "3000"]\n'),
        ("8000", "    command: uvicorn main:app --port ${API_PORT:-3000}\n"),
        ("8000", "    environment: {PORT: 3000}\n"),
        ("8000", "    environment: [UVICORN_PORT=3000]\n"),
    ],
)
def test_how_compose_starts_code_says_its_port(dockerfile: str, service: str, here: Path) -> None:
    write(here, {"app/Dockerfile": f'FROM python:3.12\nCMD ["uvicorn", "main:app", "--port", "{dockerfile}"]\n'})
    write(here, {"compose.yaml": SERVICES + service})
    report(here, f"location / {{ {PASSED} }}")
    assert "2 app, GET /stream (app/main.py:" in " ".join(run("trace", "--compact").output.split())


def test_clients_do_not_come_to_what_is_kept_inside_where_another_one_takes_the_stream(here: Path) -> None:
    inner = "  inner:\n    image: nginx:1.29.8\n    volumes: ['./inner.conf:/etc/nginx/nginx.conf:ro']\n"
    held = "events {}\nhttp { server { listen 80; location / { proxy_pass http://elsewhere:1; } } }\n"
    write(here, {"compose.yaml": SERVICES + inner, "inner.conf": held, "infralint.yaml": "streams: [{path: /sse}]\n"})
    passed = "proxy_pass http://away.example.org; proxy_buffering off; proxy_read_timeout 1h;"
    assert "clean" in report(here, f"location / {{ {passed} }}")


def test_what_a_comment_declares_is_shown_as_it_is_judged(here: Path) -> None:
    inner = "server { listen 81;\n # infralint: stream=sse\n location /v2/chat { proxy_pass http://x:1; proxy_buffering off; } }"
    edge = "server { listen 80; location /api/ { proxy_pass http://127.0.0.1:81/v2/; } }"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{\n{edge}\n{inner}\n}}\n"})
    assert "buffered-stream" in run("check").output
    assert "SSE /api/chat: may break at hop 1 of 2" in " ".join(run("trace", "--compact").output.split())


def test_an_image_that_runs_a_mounted_folder_runs_the_code_in_it(here: Path) -> None:
    started = '    image: python:3.12\n    volumes: ["./app:/app"]\n    command: uvicorn main:app --port 3000\n'
    write(here, {"compose.yaml": SERVICES.replace("    build: ./app\n", started)})
    report(here, f"location / {{ {PASSED} }}")
    assert "2 app, GET /stream (app/main.py:" in " ".join(run("trace", "--compact").output.split())


def test_pages_that_an_image_serves_from_a_mounted_folder_are_no_program_of_it(here: Path) -> None:
    write(
        here,
        {"compose.yaml": SERVICES.replace("    build: ./app\n", '    image: httpd\n    volumes: ["./app:/app"]\n')},
    )
    report(here, f"location / {{ {PASSED} }}")
    assert "2 app, GET /stream (app/main.py:" not in " ".join(run("trace", "--compact").output.split())


@pytest.mark.parametrize(
    ("target", "path", "said"),
    [
        ("app:3000", "/streem", "app gets /streem, and its code was read, and streams nothing there"),
        ("edge:81", "/stream", "nginx.conf is not known to listen on port 81, so that edge:81 may lead nowhere"),
        ("app:3000", "/stream", ""),
    ],
)
def test_a_declared_stream_that_ends_in_vain_is_not_clean(target: str, path: str, said: str, here: Path) -> None:
    write(here, {"infralint.yaml": f"streams: [{{path: {path}, headers: {{X-Accel-Buffering: 'no'}}}}]\n"})
    output = report(here, f"location / {{ proxy_pass http://{target}; proxy_read_timeout 1h; }}")
    assert ("Could not tell" in output) is bool(said)
    assert said in output


def test_a_chain_may_end_at_a_service_whose_image_nobody_read(here: Path) -> None:
    service = "  model:\n    image: acme/model\n"
    write(here, {"compose.yaml": SERVICES + service, "infralint.yaml": "chains: [[nginx.conf, model]]\n"})
    assert "unreadable" not in report(here, "location / { proxy_pass http://model:1; proxy_read_timeout 1h; }")


def test_a_stream_that_is_declared_for_some_hops_is_not_judged_at_others(here: Path) -> None:
    inner = "  inner:\n    image: nginx:1.29.8\n    volumes: ['./inner.conf:/etc/nginx/nginx.conf:ro']\n"
    cuts = (
        "events {}\nhttp { server { listen 80; location / { proxy_pass http://app:3000; proxy_read_timeout 2s; } } }\n"
    )
    settings = "streams: [{path: /stream, generation: 1m%s}]\n"
    write(here, {"compose.yaml": SERVICES + inner, "inner.conf": cuts})
    to_inner = f"location / {{ {PASSED.replace('app:3000', 'inner')} }}"
    write(here, {"infralint.yaml": settings % ""})
    assert "[short-idle-timeout] location / cuts the stream after 2 s" in report(here, to_inner)
    write(here, {"infralint.yaml": settings % ", hops: [nginx.conf]"})
    assert "short-idle-timeout" not in report(here, to_inner)


SOCKET = """from fastapi import FastAPI
app = FastAPI()
@app.websocket("/ws")
async def ws(socket):
    await socket.accept()
"""
UPGRADED = (
    f"proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; {PASSED}"
)


def test_a_websocket_is_not_served_at_the_path_with_a_slash_behind_it(here: Path) -> None:
    """nginx redirects `/ws` to `/ws/`; no WebSocket follows, and FastAPI serves none at `/ws/` either."""
    write(here, {"app/main.py": SOCKET})
    output = report(here, f"location /ws/ {{ {UPGRADED} }} location / {{ {PASSED} }}")
    assert "nothing that was read sends /ws to app" in output
    assert "answers /ws with 301 /ws/, and no WebSocket follows it there" in output
    assert "clean" not in output


@pytest.mark.parametrize(
    "location", ["location /ws", "location = /ws", "location /", "location /ws/ { return 404; } location /ws"]
)
def test_a_websocket_is_served_at_its_very_path(location: str, here: Path) -> None:
    write(here, {"app/main.py": SOCKET})
    assert "clean" in report(here, f"{location} {{ {UPGRADED} }}")


def test_express_serves_a_websocket_with_and_without_the_slash(here: Path) -> None:
    """https://expressjs.com/en/api.html#app.settings.table, strict routing"""
    write(here, {"app/main.py": "", "app/index.js": EXPRESS_WS, "app/package.json": EXPRESS})
    write(here, {"app/Dockerfile": 'FROM node:22\nCMD ["node", "index.js"]\n'})
    assert "clean" in report(here, f"location /ws/ {{ {UPGRADED} }}")


EXPRESS = '{"dependencies": {"express": "4", "express-ws": "5"}, "main": "index.js"}\n'
EXPRESS_WS = """const express = require('express');
const app = express();
require('express-ws')(app);
app.ws('/ws', (socket, request) => { socket.on('message', (text) => socket.send(text)); });
app.listen(3000);
"""


@pytest.mark.parametrize("location", ["location /api", "location ^~ /api"])
def test_a_location_that_puts_a_slash_too_many_before_the_path_does_not_reach_the_route(
    location: str, here: Path
) -> None:
    """`/api/chat` arrives as `//chat`, which FastAPI answers with 404; nobody asks for `/apistream`."""
    output = report(here, f"{location} {{ {PASSED.replace(':3000', ':3000/')} }}")
    assert "nothing that was read sends /stream to app" in output
    assert "location /api makes //stream of /api/stream, one slash too many" in output.replace("^~ ", "")
    assert "clean" not in output
    assert "apistream" not in run("trace").output


def test_a_declared_stream_is_not_served_where_a_slash_too_many_stands_before_its_path(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /api/stream}]\n"})
    output = report(here, f"location /api {{ {PASSED.replace(':3000', ':3000/')} }}")
    assert "app gets //stream, and its code was read, and streams nothing there" in output


def test_rails_takes_two_slashes_for_one(here: Path) -> None:
    """https://github.com/rails/rails/blob/main/actionpack/lib/action_dispatch/journey/router/utils.rb"""
    write(here, RAILS)
    write(here, {"compose.yaml": SERVICES.replace("build: ./app", "build: ./web")})
    location = f"location /api {{ {UPGRADED.replace(':3000', ':3000/')} }}"
    assert "nothing that was read sends" not in report(here, location)
    assert "/api/cable: flows" in run("trace", "--compact").output


RAILS: dict[str, str | bytes] = {
    "app/main.py": "",
    "web/Gemfile": 'gem "rails", "7.1"\n',
    "web/Dockerfile": 'FROM ruby:3.3\nCMD ["bin/rails", "server", "-p", "3000"]\n',
    "web/config/application.rb": "module W\n  class Application < Rails::Application\n  end\nend\n",
    "web/app/channels/chat_channel.rb": (
        'class ChatChannel < ApplicationCable::Channel\n  def subscribed\n    stream_from "chat"\n  end\nend\n'
    ),
}


def test_a_route_to_which_only_a_variable_may_lead_is_not_called_clean(here: Path) -> None:
    """A gateway that takes the service's name out of the path: whom it asks is known for a declared path alone."""
    gateway = (
        "location ~ ^/svc/(?<name>[a-z]+)/(?<rest>.*)$ { resolver 127.0.0.11; proxy_pass http://$name:3000/$rest; }"
    )
    output = report(here, gateway)
    assert "nothing that was read sends /stream to app, which publishes no port, and may get it by a variable" in output
    assert "one slash too many" not in output
    assert "declare under `streams:` the path that browsers ask for" in output
    write(here, {"infralint.yaml": "streams: [{path: /svc/app/stream, generation: 5m}]\n"})
    output = report(here, gateway)
    assert "error[short-idle-timeout] location ~" in output
    assert "nothing that was read sends" not in output


def test_a_route_that_nobody_dials_at_all_may_be_for_others(here: Path) -> None:
    output = report(here, "location / { root /srv; }")
    assert "nothing that was read sends" not in output


@pytest.mark.parametrize(("target", "is_reached"), [("http://app:3000/", True), ("http://app:3000", False)])
def test_an_nginx_behind_takes_two_slashes_for_one_and_hands_them_on_as_they_are(
    target: str, is_reached: bool, here: Path
) -> None:
    """https://nginx.org/en/docs/http/ngx_http_core_module.html#merge_slashes: only a `proxy_pass` with a path sends what
    was made of the path."""
    inner = "  inner: {image: nginx:1.25, volumes: ['./inner.conf:/etc/nginx/conf.d/default.conf']}\n"
    write(here, {"app/main.py": APP.replace(', headers={"X-Accel-Buffering": "no"}', "")})
    write(here, {"compose.yaml": SERVICES + inner})
    write(here, {"inner.conf": f"server {{ listen 80; location / {{ proxy_pass {target}; }} }}\n"})
    output = report(here, f"location /api {{ {PASSED.replace('app:3000', 'inner/')} proxy_buffering off; }}")
    assert ("error[buffered-stream] location / holds the stream back" in output) is is_reached
    assert ("/api/stream: breaks" in run("trace", "--compact").output) is is_reached


@pytest.mark.parametrize(
    ("method", "is_reached"),
    [("GET", False), ("POST", True), ("OPTIONS", True)],
)
def test_a_method_that_the_proxy_answers_itself_comes_to_no_route(method: str, is_reached: bool, here: Path) -> None:
    """The route is asked for by GET; what becomes of other methods is nothing to it."""
    output = report(here, f"location / {{ if ($request_method = {method}) {{ return 405; }} {PASSED} }}")
    assert ("nothing that was read sends /stream" not in output) is is_reached
    assert ("could not be told" not in output) is is_reached
