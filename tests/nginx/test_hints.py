"""What a location's own configuration is worth as evidence, and what it is not."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

WHOLE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"


@pytest.mark.parametrize(
    ("path", "inside", "expected"),
    [
        # Boilerplate that lets a WebSocket pass says nothing of how long one is silent.
        ("/x", WHOLE, []),
        ("/x", f"{WHOLE} proxy_read_timeout 10s;", []),
        # Half of it is a mistake, whatever streams there.
        ("/x", "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;", ["error missing-upgrade-headers"]),
        # A name beside it says that a WebSocket is opened here.
        ("/ws", f"{WHOLE} proxy_read_timeout 10s;", ["warning short-idle-timeout"]),
        # Socket.IO pings every 25 s by itself.
        ("/socket.io/", WHOLE, []),
        # Reports and uploads wait long, too, and so does what we advise.
        ("/x", "proxy_read_timeout 30m;", []),
        ("/x", "proxy_read_timeout 1d; proxy_send_timeout 1d;", []),
        # Somebody turned the buffer off for something that streams.
        ("/x", "proxy_buffering off; proxy_read_timeout 5m;", []),
        ("/x", "proxy_buffering off;", ["warning short-idle-timeout"]),
        ("/x", f"proxy_buffering off; {WHOLE}", ["warning short-idle-timeout"]),
    ],
)
def test_what_stands_in_a_location_is_evidence_of(path: str, inside: str, expected: list[str], lint: Lint) -> None:
    text = f"server {{\nlocation {path} {{ proxy_pass http://app; {inside} }}\n}}\n"
    report = lint({"nginx.conf": text}, "--assume", "off")
    assert [problem.partition(" ")[2] for problem in problems(report)] == expected
    assert report["unknown"] == []


def test_a_comment_speaks_of_the_block_that_it_stands_on(lint: Lint) -> None:
    text = "server {\n# WebSocket\nlocation /a { proxy_pass http://app; }\nlocation /b { proxy_pass http://app; }\n}\n"
    report = lint({"nginx.conf": text}, "--assume", "off")
    assert {finding["location"]["line"] for finding in report["findings"]} == {3}
