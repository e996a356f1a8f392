"""What comments above and inside a location are worth as evidence."""

from __future__ import annotations

import pytest
from conftest import Lint


@pytest.mark.parametrize(
    ("comment", "evidence"),
    [
        ("# SSE", "config"),
        ("# SSE: answers of the assistant, token by token, as the model writes them", "config"),
        ("# --- SSE ---", "config"),
        ("# Server-Sent Events of the dashboard that every client listens to", "config"),
        ("# WebSocket endpoint", "config"),
        ("# Proxy for the WebSocket", "config"),
        ("# This is where the backend answers with token streams", "name"),
        ("# The old app has a WebSocket that the new one will replace", "name"),
        ("# WebSocket\n# Grafana dashboards", "name"),
        ("# ---- WebSocket ----\n# Grafana dashboards", ""),
        ("# ==== WebSocket\n#\n# Grafana dashboards", ""),
        ("# Health check for the WebSocket server", ""),
        ("# WebSocket health", ""),
        ("# Swagger UI (streamed response examples)", ""),
        ("# SSE docs", ""),
        ("# SSE is served by the gateway", ""),
        ("# Prevent token streaming issues: SSE is served by the gateway", ""),
        ("# Static assets, no streaming response here", ""),
        ("# SSE is handled by /stream", ""),
    ],
)
def test_only_a_comment_about_the_location_itself_is_certain(comment: str, evidence: str, lint: Lint) -> None:
    inside = "location /b {\n" + comment + "\nproxy_pass http://app;\n}"
    above = comment + "\nlocation /b { proxy_pass http://app; }"
    for text in (above, inside) if "\n" not in comment else (above,):
        report = lint({"nginx.conf": f"server {{\n{text}\n}}\n"}, "--assume", "off")
        assert {one["stream"]["evidence"] for one in report["findings"]} == ({evidence} if evidence else set())
        assert any(one["severity"] == "error" for one in report["findings"]) == (evidence == "config")


def test_a_comment_about_the_location_outweighs_one_that_mentions_a_stream(lint: Lint) -> None:
    comments = "# Everything that the backend of the shop sends, a WebSocket too\n# WebSocket of the shop"
    report = lint({"nginx.conf": f"server {{\n{comments}\nlocation /b {{ proxy_pass http://app; }}\n}}\n"})
    assert {one["stream"]["because"] for one in report["findings"]} == {"a comment says so: `# WebSocket of the shop`"}


def test_the_path_outweighs_a_comment_that_mentions_a_stream(lint: Lint) -> None:
    comment = "# Everything that the backend of the shop sends, a WebSocket too"
    report = lint({"nginx.conf": f"server {{\n{comment}\nlocation /sse {{ proxy_pass http://app; }}\n}}\n"})
    assert {one["stream"]["because"] for one in report["findings"]} == {"the path /sse says sse"}


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("# Vite HMR WebSocket\nlocation /b { proxy_pass http://app; }", id="a development server's"),
        pytest.param(
            "location /b { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;\n"
            'proxy_set_header Connection "upgrade";  # to enable WebSocket communication\n}',
            id="of a header",
        ),
    ],
)
def test_a_comment_about_something_else_than_the_location_says_nothing(location: str, lint: Lint) -> None:
    report = lint({"nginx.conf": f"server {{\n{location}\n}}\n"})
    assert [
        finding["stream"]["because"] for finding in report["findings"] if "comment" in finding["stream"]["because"]
    ] == []
