"""What code of a client opens is what the code of the server sends, where both stand in one project."""

from __future__ import annotations

from conftest import Lint, problems

CLIENT = 'export const open = () => new EventSource("/api/admin/stream");\n'
SERVER = """\
import asyncio

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/stream")
async def stream():
    async def events():
        while True:
            {wait}
            yield "data: x\\n\\n"

    return StreamingResponse(
        events(), media_type="text/event-stream", headers={{"X-Accel-Buffering": "no"}}
    )
"""
NGINX = """\
server {
    listen 80;
    location /api/admin/ {
        proxy_pass http://admin:8080/;
        proxy_http_version 1.1;
    }
}
"""


def _files(wait: str) -> dict[str, str]:
    return {
        "conf.d/default.conf": NGINX,
        "admin/requirements.txt": "fastapi\n",
        "admin/main.py": SERVER.format(wait=wait),
        "web/package.json": '{"dependencies": {"react": "19"}}',
        "web/src/log.ts": CLIENT,
    }


def test_a_client_of_a_stream_with_pings_needs_no_longer_silence(lint: Lint) -> None:
    """The proxy calls a service that only its name ties to the folder: a likely way says as much of the pings."""
    assert problems(lint(_files('await asyncio.sleep(4); yield ": heartbeat\\n\\n"'))) == []


def test_a_client_of_a_stream_without_pings_is_cut(lint: Lint) -> None:
    found = problems(lint(_files("await wait_for_news()")))
    assert "conf.d/default.conf:3 warning short-idle-timeout" in found
