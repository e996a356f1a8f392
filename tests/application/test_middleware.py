"""Headers that middleware sends along with the streams of an application, as nginx in front heeds them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

NGINX = "events {}\nhttp { server { listen 80; location / { proxy_pass http://127.0.0.1:3000; proxy_read_timeout 1h; } } }\n"
FASTAPI = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
%s
@app.get("/stream")
def stream():
    return StreamingResponse(tokens(), media_type="text/event-stream")
"""
HTTP = """@app.middleware("http")
async def unbuffered(request, call_next):
    response = await call_next(request)
    %s
    return response
"""
SET = 'response.headers["X-Accel-Buffering"] = "no"'
CLASS = f"""class Unbuffered(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        {SET}
        return response
"""
EXPRESS = """const express = require("express");
const app = express();
%s
app.get("/stream", (req, res) => { res.setHeader("Content-Type", "text/event-stream"); });
app.listen(3000);
"""
SAYS_NO = '(req, res, next) => { res.setHeader("X-Accel-Buffering", "no"); next(); }'
FLASK = """from flask import Flask, Response
app = Flask(__name__)
@app.after_request
def unbuffered(response):
    response.headers["X-Accel-Buffering"] = "no"
    return response
@app.route("/stream")
def stream():
    return Response(tokens(), mimetype="text/event-stream")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(here: Path, code: str) -> str:
    node = "require(" in code
    write(here, {"nginx.conf": NGINX, "server.js" if node else "main.py": code})
    packages = (
        {"package.json": '{"dependencies": {"express": "4"}}'} if node else {"requirements.txt": "fastapi\nflask\n"}
    )
    write(here, packages)
    return " ".join(run("check").output.split())


@pytest.mark.parametrize(
    "code",
    [
        FASTAPI % (HTTP % SET),
        FASTAPI % f"{CLASS}app.add_middleware(Unbuffered)",
        FLASK,
        EXPRESS % f"app.use({SAYS_NO});",
        EXPRESS % f'app.use("/stream", {SAYS_NO});',
        EXPRESS % f"const unbuffered = {SAYS_NO};\napp.use(unbuffered);",
    ],
)
def test_middleware_that_says_no_lets_every_stream_through(code: str, here: Path) -> None:
    output = report(here, code)
    assert "buffered-stream" not in output
    assert "Could not tell" not in output


@pytest.mark.parametrize(
    "code",
    [
        FASTAPI % (HTTP % f'if request.url.path.startswith("/x"): {SET}'),
        FASTAPI % CLASS,
        EXPRESS % f'app.use("/other", {SAYS_NO});',
        EXPRESS % f"const admin = express.Router();\nadmin.use({SAYS_NO});\napp.use('/admin', admin);",
        (EXPRESS % "").replace("app.listen", f"app.use({SAYS_NO});\napp.listen"),
    ],
)
def test_what_may_say_no_can_not_be_told(code: str, here: Path) -> None:
    output = report(here, code)
    assert "[buffered-stream]" not in output
    assert "other code of its application sets X-Accel-Buffering" in output


@pytest.mark.parametrize("code", [FASTAPI % "", EXPRESS % "app.use((req, res, next) => next());"])
def test_middleware_that_says_nothing_holds_nothing_off(code: str, here: Path) -> None:
    assert "[buffered-stream]" in report(here, code)


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("    'site.unbuffered.Unbuffered',", True),
        ("    # 'site.unbuffered.Unbuffered',", False),
        ("    'site.unbuffered.UnbufferedToo',", False),
    ],
)
def test_djangos_settings_name_middleware(line: str, is_told: bool, here: Path) -> None:
    write(
        here,
        {
            "nginx.conf": NGINX,
            "requirements.txt": "django\n",
            "site/settings.py": f'ROOT_URLCONF = "site.urls"\nMIDDLEWARE = [\n{line}\n]\n',
            "site/urls.py": 'from django.urls import path\nfrom .views import stream\nurlpatterns = [path("stream", stream)]\n',
            "site/views.py": "from django.http import StreamingHttpResponse\n"
            "def stream(request):\n"
            '    return StreamingHttpResponse(tokens(), content_type="text/event-stream")\n',
            "site/unbuffered.py": "class Unbuffered:\n    def __call__(self, request):\n"
            "        response = self.get_response(request)\n"
            '        response["X-Accel-Buffering"] = "no"\n        return response\n',
        },
    )
    assert ("Could not tell 1 thing" in run("check").output) is not is_told
