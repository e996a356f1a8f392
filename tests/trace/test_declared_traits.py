"""What `streams:` says of transports, state and compression, and what that ends."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

BALANCED = (
    "events {}\nhttp { upstream app { server a:3000; server b:3000; }\nserver { location /socket.io/ {\n"
    "proxy_pass http://app; proxy_http_version 1.1; proxy_read_timeout 300s; proxy_buffering off;\n"
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } } }\n"
)
MCP = "  - {path: /socket.io/, session: MCP%s}\n"
SOCKET = "  - {path: /socket.io/, kind: websocket, session: Socket.IO%s}\n"


@pytest.mark.parametrize(
    ("stream", "is_said"),
    [
        (MCP % "", True),
        (MCP % ", stateless: true", False),
        (SOCKET % "", True),
        (SOCKET % ", stateless: true", False),
        (SOCKET % ", transports: [polling, websocket]", True),
    ],
)
def test_a_stateless_stream_needs_no_affinity(stream: str, is_said: bool, lint: Lint) -> None:
    report = lint({"nginx.conf": BALANCED, "infralint.yaml": f"streams:\n{stream}"})
    assert bool(problems(report, "missing-sticky-sessions")) == is_said


def test_without_polling_only_reconnecting_matters(lint: Lint) -> None:
    stream = SOCKET % ", transports: [websocket]"
    report = lint({"nginx.conf": BALANCED, "infralint.yaml": f"streams:\n{stream}"})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "missing-sticky-sessions"]
    assert "a client that connects again may come to another" in finding["message"]
    assert "polling" not in finding["message"]


def test_an_affinity_that_is_required_is_still_required(lint: Lint) -> None:
    stream = MCP % ", stateless: true"
    report = lint({"nginx.conf": BALANCED, "infralint.yaml": f"require_sticky: true\nstreams:\n{stream}"})
    assert problems(report, "missing-sticky-sessions") != []


NEXT: dict[str, str | bytes] = {
    "package.json": '{"dependencies": {"next": "16.4.6"}}',
    "next.config.mjs": 'export default {\n  output: "standalone",\n  rewrites: () => [{ source: "/api/:path*",'
    ' destination: "http://backend:8000/:path*" }],\n};\n',
}


@pytest.mark.parametrize(
    ("compressed", "is_said"), [("", True), (", compressed: false", False), (", compressed: true", False)]
)
def test_what_is_said_of_compression_ends_the_doubt(compressed: str, is_said: bool, lint: Lint) -> None:
    report = lint({**NEXT, "infralint.yaml": f"streams:\n  - {{path: /api/chat{compressed}}}\n"})
    assert bool(problems(report, "compressed-stream")) == is_said


@pytest.mark.parametrize(("compressed", "severity"), [("", "error"), (", compressed: true", "warning")])
def test_nginx_does_not_compress_twice(compressed: str, severity: str, lint: Lint) -> None:
    text = (
        "events {}\nhttp { gzip on; gzip_types text/event-stream;\nserver { location /chat {\n"
        "proxy_pass http://app; proxy_http_version 1.1; proxy_read_timeout 300s; } } }\n"
    )
    report = lint({"nginx.conf": text, "infralint.yaml": f"streams:\n  - {{path: /chat{compressed}}}\n"})
    assert [problem.split()[1] for problem in problems(report, "buffered-stream")] == [severity]


def test_a_mistyped_transport_names_those_that_there_are(lint: Lint) -> None:
    stream = SOCKET % ", transports: [websockets]"
    report = lint({"nginx.conf": BALANCED, "infralint.yaml": f"streams:\n{stream}"})
    assert report["status"] == 2
    assert "expected polling, websocket or webtransport" in report["stderr"]


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ("Socket.IO", "Socket.IO begins with polling"),
        ("Colyseus", "A session of Colyseus is kept in one process"),
        ("true", "A session is kept in one process"),
    ],
)
def test_what_is_said_of_a_session_is_true_of_its_protocol(session: str, words: str, lint: Lint) -> None:
    stream = f"  - {{path: /socket.io/, kind: websocket, session: {session}}}\n"
    report = lint({"nginx.conf": BALANCED, "infralint.yaml": f"streams:\n{stream}"})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "missing-sticky-sessions"]
    assert words in finding["message"]
