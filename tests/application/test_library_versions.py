"""What a library sends by itself only counts in the versions that send it."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

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
