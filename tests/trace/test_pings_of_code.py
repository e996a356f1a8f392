"""A WebSocket of which a configuration speaks, at a hop that leads nobody knows where: what its code says of pings counts."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SITE = """\
server {
    listen 80;
    # WebSocket support
    location LOCATION {
        proxy_pass http://backend-that-is-not-here:8080;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
"""
PINGING = (
    'import socketio\nsio = socketio.AsyncServer(async_mode="asgi")\n'
    'app = socketio.ASGIApp(sio, socketio_path="/ws/socket.io")\n'
)
STREAMING = (
    "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
    '@app.post("/answer")\ndef answer():\n    return StreamingResponse(words(), media_type="text/event-stream")\n'
)


@pytest.mark.parametrize(
    ("location", "expected"), [("/ws", []), ("/live", ["nginx.conf:4 warning short-idle-timeout"])]
)
def test_pings_of_the_route_that_a_hop_takes_are_known(location: str, expected: list[str], lint: Lint) -> None:
    files = {
        "nginx.conf": SITE.replace("LOCATION", location),
        "server/requirements.txt": "python-socketio\nuvicorn\n",
        "server/main.py": PINGING,
        "other/requirements.txt": "fastapi\n",
        "other/main.py": STREAMING,
    }
    assert problems(lint(files), "short-idle-timeout") == expected
