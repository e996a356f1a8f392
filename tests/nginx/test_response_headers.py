"""Headers that a hop makes of what the response says: what the hop in front does with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

ALLOW = "proxy_read_timeout 10m;"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(here: Path, word: str, stream: str = "", http: str = "") -> str:
    """What is said of an edge that buffers, in front of a server that adds X-Accel-Buffering."""
    inner = f"proxy_pass http://10.0.0.3:3000; proxy_buffering off; {ALLOW} add_header X-Accel-Buffering {word};"
    servers = (
        f"server {{ listen 80; server_name a.test; location / {{ proxy_pass http://127.0.0.1:8081; {ALLOW} }} }}\n"
        f"server {{ listen 8081; location / {{ {inner} }} }}"
    )
    streams = f"streams: [{{path: /chat, kind: sse, host: a.test, heartbeat: 15s{stream}}}]\n"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {http}\n{servers}\n}}\n", "infralint.yaml": streams})
    return " ".join(run("check").output.split())


BY_TYPE = 'map $sent_http_content_type $accel { default ""; ~text/event-stream no; }'
TO_OTHERS = 'map $upstream_http_content_type $accel { default ""; ~json no; }'


@pytest.mark.parametrize(
    ("word", "stream", "http"),
    [
        ("$upstream_http_x_accel_buffering", ', headers: {X-Accel-Buffering: "no"}', ""),
        ("$accel", ", content_type: text/event-stream", BY_TYPE),
    ],
)
def test_a_header_that_surely_says_no_lets_the_stream_through(word: str, stream: str, http: str, here: Path) -> None:
    assert "clean" in report(here, word, stream, http)


@pytest.mark.parametrize(
    ("word", "stream", "http"),
    [
        ("$upstream_http_x_accel_buffering", ', headers: {X-Accel-Buffering: "yes"}', ""),
        ("$accel", ", content_type: text/event-stream", TO_OTHERS),
        ('""', "", ""),
    ],
)
def test_a_header_that_surely_does_not_say_no_holds_it(word: str, stream: str, http: str, here: Path) -> None:
    assert "[buffered-stream]" in report(here, word, stream, http)


@pytest.mark.parametrize(("word", "http"), [("$upstream_http_x_accel_buffering", ""), ("$accel", BY_TYPE)])
def test_a_header_that_depends_on_an_answer_nobody_knows_can_not_be_told(word: str, http: str, here: Path) -> None:
    output = report(here, word, http=http)
    assert "Could not tell 1 thing: nginx.conf" in output
    assert f"add_header: `add_header X-Accel-Buffering {word}`" in output
    assert "buffered-stream" not in output
