"""What a library sends by itself only counts in the versions that send it."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

from infralint.sources.application import applications

NGINX = "server { listen 80; location / { proxy_pass http://127.0.0.1:8000; proxy_read_timeout 1h; } }\n"
URLS = (
    "import django_eventstream\n"
    "from django.urls import include, path\n"
    'urlpatterns = [path("events/", include(django_eventstream.urls))]\n'
)
SERVER = (
    'const app = require("express")();\n'
    'const SSE = require("express-sse");\n'
    "const feed = new SSE();\n"
    'app.get("/feed", feed.init);\n'
    "app.listen(8000);\n"
)


@pytest.mark.parametrize(
    ("asked", "is_held"),
    [
        ("django-eventstream==2.5.0", True),
        ("django-eventstream<2.6", True),
        ("django-eventstream==2.6.0", False),
        ("django-eventstream>=2", False),
        ("django-eventstream", False),
    ],
)
def test_an_older_django_eventstream_does_not_ask_nginx_to_pass_events_on(
    asked: str, is_held: bool, lint: Lint
) -> None:
    report = lint(
        {
            "requirements.txt": f"django\n{asked}\n",
            "shop/settings.py": 'ROOT_URLCONF = "shop.urls"\n',
            "shop/urls.py": URLS,
            "nginx.conf": NGINX,
        }
    )
    assert bool(problems(report, "buffered-stream")) is is_held


@pytest.mark.parametrize(
    ("asked", "is_held"), [("0.5.1", True), ("^0.5.1", False), ("~0.4.0", True), ("1.0.0", False), ("latest", False)]
)
def test_an_older_express_sse_does_not_either(asked: str, is_held: bool, lint: Lint) -> None:
    manifest = f'{{"dependencies": {{"express": "4", "express-sse": "{asked}"}}}}'
    report = lint({"package.json": manifest, "server.js": SERVER, "nginx.conf": NGINX})
    assert bool(problems(report, "buffered-stream")) is is_held


def test_a_script_of_the_same_name_is_no_version(lint: Lint) -> None:
    manifest = '{"scripts": {"express-sse": "0.5.1"}, "dependencies": {"express": "4", "express-sse": "^1.0.0"}}'
    report = lint({"package.json": manifest, "server.js": SERVER, "nginx.conf": NGINX})
    assert problems(report, "buffered-stream") == []


CHAT = (
    "from fastapi import FastAPI\n"
    "from sse_starlette.sse import EventSourceResponse\n"
    "app = FastAPI()\n"
    '@app.get("/chat")\n'
    "async def chat():\n"
    "    return EventSourceResponse(words(){})\n"
)


@pytest.mark.parametrize(
    ("version", "options", "is_held"),
    [
        ("0.6.1", "", True),
        ("0.6.1", ', headers={"X-Accel-Buffering": "no"}', False),
        ("0.6.2", "", False),
        ("0.6.2", ', headers={"X-Accel-Buffering": "yes"}', True),
    ],
)
def test_what_the_code_itself_sends_does_not_depend_on_the_version(
    version: str, options: str, is_held: bool, lint: Lint
) -> None:
    files = {"requirements.txt": f"fastapi==0.110\nsse-starlette=={version}\n", "main.py": CHAT.format(options)}
    assert bool(problems(lint({**files, "nginx.conf": NGINX}), "buffered-stream")) is is_held


@pytest.mark.parametrize(
    ("version", "options", "heartbeat"), [("0.6.1", "", None), ("0.6.1", ", ping=15", 15), ("0.6.2", "", 15)]
)
def test_pings_that_the_code_asks_for_go_out_in_every_version(
    version: str, options: str, heartbeat: float | None
) -> None:
    files = {"requirements.txt": f"fastapi\nsse-starlette=={version}\n", "main.py": CHAT.format(options)}
    [application] = applications(sorted(files), lambda path: files[path].encode())
    assert [route.heartbeat for route in application.routes] == [heartbeat]
