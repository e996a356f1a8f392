"""What came to nginx with a later version than the one that runs a configuration."""

from __future__ import annotations

import pytest
from conftest import Lint


@pytest.mark.parametrize(
    ("image", "http", "is_refused"),
    [
        ("nginx:1.24", "http2 on;", True),
        ("nginx:1.24", "upstream u { server a:1; keepalive 0; }", True),
        ("nginx:1.26", "http2 on;", False),
        ("nginx:1.24", "map $http_x $kind { default 0; http2 1; http3 2; }", False),
        ("nginx:1.24", "types { http2 x; }", False),
        ("nginx:1.24", "split_clients $uri $side { 50% a; * b; } geo $place { default 0; }", False),
    ],
)
def test_what_an_older_nginx_does_not_know(image: str, http: str, is_refused: bool, lint: Lint) -> None:
    """Measured on nginx 1.22: words of a `map` or of `types` are the user's own."""
    site = "server { listen 80; location / { proxy_pass http://127.0.0.1:3000; } }"
    files = {
        "nginx.conf": f"events {{}}\nhttp {{ {http} {site} }}\n",
        "Dockerfile": f"FROM {image}\nCOPY nginx.conf /etc/nginx/\n",
    }
    assert bool(lint(files)["unreadable"]) is is_refused
