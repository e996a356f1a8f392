"""A declared glob or expression stands for the paths, too, that hops are written for."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from yardstick import at_most

FLOWING = "proxy_buffering off; proxy_read_timeout 1h; proxy_pass http://a:1;"


def nginx(*locations: str) -> str:
    lines = "".join(f"{location}\n" for location in locations)
    return f"events {{}}\nhttp {{ server {{ listen 80;\n{lines}}} }}\n"


@pytest.mark.parametrize("path", ["path: /v1/*", "path: /v1/**", "regex: ^/v1/"])
@pytest.mark.parametrize("heading", ["/v1/chat", "= /v1/chat", "~ ^/v1/chat/[a-z]+$", "^~ /v1/chat/"])
def test_a_narrower_location_that_holds_back_is_a_warning(heading: str, path: str, lint: Lint) -> None:
    config = nginx(f"location /v1/ {{ {FLOWING} }}", f"location {heading} {{ proxy_pass http://b:1; }}")
    report = lint({"nginx.conf": config, "infralint.yaml": f"streams: [{{{path!s}}}]\n"})
    assert problems(report, "buffered-stream") == ["nginx.conf:4 warning buffered-stream"]
    assert report["unknown"] == []


def test_locations_for_parts_of_a_glob_are_surely_meant_where_nothing_takes_the_rest(lint: Lint) -> None:
    headings = ("/jobs/a/", "= /jobs/b/log", "/jobs/c/log", "/other/log")
    config = nginx(*(f"location {heading} {{ proxy_pass http://b:1; }}" for heading in headings))
    report = lint({"nginx.conf": config, "infralint.yaml": "streams: [{path: /jobs/*/log}]\n"})
    assert problems(report, "buffered-stream") == [f"nginx.conf:{line} error buffered-stream" for line in (3, 4, 5)]
    assert report["unknown"] == []


@pytest.mark.parametrize("heading", ["/v2/chat", "= /v1", "/chat/v1/x"])
def test_a_location_that_a_glob_does_not_stand_for_is_not_meant(heading: str, lint: Lint) -> None:
    config = nginx(f"location /v1/ {{ {FLOWING} }}", f"location {heading} {{ proxy_pass http://b:1; }}")
    report = lint({"nginx.conf": config, "infralint.yaml": "streams: [{path: /v1/*}]\n"})
    assert problems(report, "buffered-stream") == []


def test_a_location_that_answers_by_itself_is_not_meant(lint: Lint) -> None:
    config = nginx(f"location /v1/ {{ {FLOWING} }}", "location = /v1/health { return 200; }")
    report = lint({"nginx.conf": config, "infralint.yaml": "streams: [{path: /v1/*}]\n"})
    assert (report["findings"], report["unknown"], report["status"]) == ([], [], 0)


def test_what_code_is_known_not_to_stream_is_not_meant(lint: Lint) -> None:
    config = nginx(
        "location /v1/ { proxy_buffering off; proxy_read_timeout 1h; proxy_pass http://api:8000; }",
        "location /v1/models { proxy_pass http://api:8000; }",
    )
    code = """
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()

async def events():
    yield "data: x\\n\\n"

@app.get("/v1/chat")
async def chat():
    return StreamingResponse(events(), media_type="text/event-stream")

@app.get("/v1/models")
async def models():
    return []
"""
    files = {
        "compose.yaml": "services:\n  nginx:\n    image: nginx:1.27\n    ports: ['80:80']\n"
        "    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n  api:\n    build: ./api\n",
        "nginx.conf": config,
        "api/Dockerfile": "FROM python\nEXPOSE 8000\nCOPY . .\nCMD uvicorn main:app --host 0.0.0.0\n",
        "api/main.py": code,
    }
    report = lint({**files, "infralint.yaml": "streams: [{path: /v1/*}]\n"})
    assert problems(report, "buffered-stream") == []
    held = config.replace("location /v1/models", "location /v1/chat")
    report = lint({"nginx.conf": held})
    assert len(problems(report, "buffered-stream")) == 1


def test_functions_that_a_glob_stands_for_are_meant(lint: Lint) -> None:
    files = {
        "package.json": '{"dependencies": {"next": "14.0.0"}}',
        "vercel.json": '{"functions": {"pages/api/v1/*.js": {"maxDuration": 10}}}',
        "pages/api/v1/chat.js": 'export default function chat(req, res) { res.write("data: x\\n\\n") }\n',
        "pages/api/other.js": "export default function other(req, res) { res.json({}) }\n",
        "infralint.yaml": "streams: [{path: /api/v1/*}]\n",
    }
    report = lint(files)
    assert problems(report, "serverless-stream") == ["vercel.json:1 warning serverless-stream"]
    assert [finding["hop"]["name"] for finding in report["findings"]] == ["the function /api/v1/chat"]
    assert report["unknown"] == []


@pytest.mark.parametrize("path", ["/api/v1/*", "/api/**"])
def test_a_location_behind_one_that_rewrites_is_meant(path: str, lint: Lint) -> None:
    flowing = FLOWING.replace("http://a:1", "http://inner:80/")
    files = {
        "compose.yaml": "services:\n"
        "  outer:\n    image: nginx:1.27\n    ports: ['80:80']\n    volumes: ['./outer.conf:/etc/nginx/nginx.conf']\n"
        "  inner:\n    image: nginx:1.27\n    volumes: ['./inner.conf:/etc/nginx/nginx.conf']\n",
        "outer.conf": nginx(f"location /api/ {{ {flowing} }}"),
        "inner.conf": nginx(
            f"location /v1/ {{ {FLOWING} }}",
            "location = /v1/chat { proxy_pass http://b:1; }",
            "location /v2/ { proxy_pass http://b:1; }",
        ),
        "infralint.yaml": f"streams: [{{path: {path}}}]\n",
    }
    held = [4] if path == "/api/v1/*" else [4, 5]
    assert problems(lint(files), "buffered-stream") == [f"inner.conf:{line} warning buffered-stream" for line in held]


@pytest.mark.parametrize("path", ["/v1/" * 20_000 + "*", "/" + "*a" * 40_000])
def test_globs_of_any_length_are_looked_up_at_once(path: str, lint: Lint) -> None:
    locations = (f"location /a{number} {{ proxy_pass http://b:1; }}" for number in range(100))
    with at_most(100):
        report = lint({"nginx.conf": nginx(*locations), "infralint.yaml": f"streams: [{{path: {path}}}]\n"})
    assert [entry["location"]["path"] for entry in report["unknown"]] == ["infralint.yaml"]
