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


THREE = """\
services:
  edge: {image: "nginx:1.27", ports: ["80:80"], volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf"]}
  inner: {image: "nginx:1.27", volumes: ["./inner.conf:/etc/nginx/conf.d/default.conf"]}
  app: {build: app}
"""
GOOD = "proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1h;"


@pytest.mark.parametrize(
    ("edge", "inner", "loudness"),
    [
        ("/svc/ { proxy_pass http://inner:8080/x/;", "location /x/ { proxy_pass http://app:8000/;", "note"),
        ("/public/ { proxy_pass http://inner:8080/public/;", "location /x/ { proxy_pass http://app:8000/;", "note"),
        ("/svc/ { proxy_pass http://inner:8080/;", "location /x/ { proxy_pass http://app:8000/;", "error"),
        ("/ { proxy_pass http://inner:8080;", "location /x/ { proxy_pass http://app:8000/;", "error"),
        (
            "/svc/ { proxy_pass http://inner:8080/x/;",
            "location ~ ^/x/(.+)$ { rewrite ^/x/(.+)$ /$1 break; proxy_pass http://app:8000;",
            "note",
        ),
    ],
)
def test_a_location_that_nothing_in_front_sends_the_route_to_is_a_note(
    edge: str, inner: str, loudness: str, lint: Lint
) -> None:
    """The route fits the inner nginx's `location /`; whether clients come there is for the edge to say."""
    dockerfile = 'FROM python:3.12\nCOPY . /app\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
    files = {
        "compose.yaml": THREE,
        "app/main.py": CODE,
        "app/requirements.txt": "fastapi\n",
        "app/Dockerfile": dockerfile,
        "edge.conf": f"server {{ listen 80; location {edge} {GOOD} }} }}\n",
        "inner.conf": f"server {{\nlisten 8080;\n{inner} {GOOD} }}\n"
        "location / { proxy_pass http://app:8000; proxy_read_timeout 1h; }\n}\n",
    }
    found = [problem for problem in problems(lint(files)) if problem.startswith("inner.conf")]
    assert found == [f"inner.conf:4 {loudness} buffered-stream"]


@pytest.mark.parametrize("listen", ["127.0.0.1:8081", "unix:/run/inner.sock", "8081"])
@pytest.mark.parametrize(("allows", "severity"), [("1h", None), ("5s", "error")])
def test_a_route_is_followed_through_a_server_that_only_its_own_nginx_dials(
    listen: str, allows: str, severity: str | None, lint: Lint
) -> None:
    target = f"{listen}:" if listen.startswith("unix:") else f"127.0.0.1:{listen.rpartition(':')[2]}"
    edge = f"server {{ listen 80; location / {{ proxy_pass http://{target}; proxy_buffering off; proxy_read_timeout 1h; }} }}"
    inner = f"location / {{ proxy_pass http://app:8000; proxy_buffering off; proxy_read_timeout {allows}; }}"
    files = {
        "compose.yaml": COMPOSE,
        "edge.conf": f"{edge}\nserver {{ listen {listen}; {inner} }}\n",
        "app/main.py": CODE,
        "app/requirements.txt": "fastapi\n",
        "app/Dockerfile": "FROM python\nCMD uvicorn main:app --port 8000\n",
        "infralint.yaml": "generation: 1m\n",
    }
    report = lint(files)
    loud = [problem for problem in problems(report, "short-idle-timeout") if " note " not in problem]
    assert loud == ([f"edge.conf:2 {severity} short-idle-timeout"] if severity else [])
    assert report["unknown"] == []


def test_an_answer_that_one_of_several_ways_brings_back_is_judged(lint: Lint) -> None:
    """A browser of another origin takes the headers of the `if`, which puts those around it out of force."""
    inner = (
        "server { listen 80; location / { add_header X-Accel-Buffering no; proxy_pass http://app:8000; proxy_buffering off;"
        " if ($http_origin) { add_header Access-Control-Allow-Origin *; } } }\n"
    )
    compose = COMPOSE + '  inner: {image: "nginx:1.27", volumes: ["./inner.conf:/etc/nginx/conf.d/default.conf"]}\n'
    edge = "server { listen 80; location / { proxy_pass http://inner; proxy_read_timeout 1h; } }\n"
    files = {"compose.yaml": compose, "edge.conf": edge, "app/main.py": CODE, "app/requirements.txt": "fastapi\n"}
    loud = {problem for problem in problems(lint(files | {"inner.conf": inner})) if "buffered" in problem}
    assert any(problem.startswith("edge.conf:1 ") and " note " not in problem for problem in loud)
    sure = inner.replace("if ($http_origin) { add_header Access-Control-Allow-Origin *; }", "")
    assert "buffered" not in str(problems(lint(files | {"inner.conf": sure})))


def test_more_proxies_in_a_row_than_are_followed(lint: Lint) -> None:
    nodes = range(14)
    services = "".join(
        f'  n{number}: {{image: "nginx:1.27", volumes: ["./n{number}.conf:/etc/nginx/conf.d/default.conf"]}}\n'
        for number in nodes
    )
    sites = {
        f"n{number}.conf": f"server {{ listen 80; location / {{ proxy_pass http://n{number + 1}; }} }}\n"
        for number in nodes
    }
    app = "  n14: {build: app}\n"
    code = {"app/main.py": CODE, "app/requirements.txt": "fastapi\n", "app/Dockerfile": "FROM python\nEXPOSE 80\n"}
    report = lint({"compose.yaml": f"services:\n{services}{app}", **sites, **code})
    assert report["unreadable"] == []
