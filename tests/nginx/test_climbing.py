"""A route in code is followed up to the nginx in front of it, however that puts the path together."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

CODE = """\
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/api/v1/chat")
def chat():
    return StreamingResponse(tokens(), media_type="text/event-stream")
"""
COMPOSE = """\
services:
  edge: {image: "nginx:1.27", ports: ["80:80"], volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf"]}
  app: {build: app}
"""


@pytest.mark.parametrize(
    ("location", "http"),
    [
        ("/ { proxy_pass http://app:8000$uri$is_args$args;", ""),
        ("/api/ { proxy_pass http://app:8000$document_uri$is_args$args;", ""),
        ("/api/ { proxy_pass http://app:8000$request_uri$is_args;", ""),
        ("/svc/ { rewrite ^/svc/(.*)$ /$1 break; proxy_pass http://app:8000$uri$is_args$args;", ""),
        ("/svc/ { proxy_pass http://app:8000$to;", "map $uri $to { ~^/svc(/.*)$ $1; default $uri; }"),
        ("/svc/ { proxy_pass http://app:8000$to$is_args$args;", "map $request_uri $to { ~^/svc(?<r>/[^?]*) $r; }"),
        ('/svc/ { set $p /; if ($request_uri ~* "^/svc(/.*)$") { set $p $1; } proxy_pass http://app:8000$p;', ""),
        ("~ ^/(?:a|b)/(.*)$ { proxy_pass http://app:8000/$1$is_args$args;", ""),
        ("~ ^/(a|b)/(.*)$ { proxy_pass http://app:8000/$2;", ""),
        ("/t/ { rewrite ^/t/[^/]+/(.*)$ /$1 break; proxy_pass http://app:8000;", ""),
        ("~ ^/[^/]+/(.*)$ { proxy_pass http://app:8000/$1;", ""),
        ("~ ^/(?:svc|old)/ { rewrite ^/[^/]+/(.*)$ /$1 break; proxy_pass http://app:8000;", ""),
        ("~ ^/(?<tenant>[a-z0-9-]+)/api/(?<p>.*)$ { proxy_pass http://app:8000/api/$p;", ""),
        ("~ ^/(en|de)(/.*)$ { proxy_pass http://app:8000$2;", ""),
        (r"~ ^/v(\d+)/(.*)$ { proxy_pass http://app:8000/$2;", ""),
        ("~* ^/svc/ { rewrite (?i)^/SVC/(.*)$ /$1 break; proxy_pass http://app:8000;", ""),
    ],
)
def test_the_stream_is_held_where_its_requests_come_from(location: str, http: str, lint: Lint) -> None:
    server = "server {{ listen 80; resolver 127.0.0.11; location {} proxy_read_timeout 1h; {} }} }}\n"
    files = {"compose.yaml": COMPOSE, "app/main.py": CODE, "app/requirements.txt": "fastapi\n"}
    dockerfile = 'FROM python:3.12\nCOPY . /app\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
    files |= {"app/Dockerfile": dockerfile, "edge.conf": f"{http}\n" + server.format(location, "")}
    assert problems(lint(files)) == ["edge.conf:2 error buffered-stream"]
    good = server.format(location, "proxy_buffering off;")
    noted = problems(lint({**files, "edge.conf": f"{http}\n{good}"}))
    assert noted == ["app/main.py:9 note missing-accel-header"]
