"""What a location says of a stream is told of the one that nginx sends its requests to."""

from __future__ import annotations

from pathlib import Path

import pytest

from infralint.model import UNKNOWN_RESPONSE, Request
from infralint.sources.nginx.hops import NginxLocation
from infralint.trace.streams import hints_of

from .client import Probe
from .harness import Binary, observe
from .judged import tier_of

OFF = "proxy_pass http://app; proxy_buffering off;"
ON = "proxy_pass http://app; proxy_buffering on; proxy_http_version 1.0;"
CASES = [
    (f"location /api/chat {{ {OFF} }} location ~ ^/api {{ {ON} }}", "/api/chat", "~ ^/api", "config"),
    (f"location /api/chat/ {{ {OFF} }} location ~* CHAT {{ {ON} }}", "/api/chat/x", "~* CHAT", "config"),
    (f"location ^~ /api/chat {{ {OFF} }} location ~ ^/api {{ {ON} }}", "/api/chat", "^~ /api/chat", "config"),
    (f"location = /api/chat {{ {OFF} }} location ~ ^/api {{ {ON} }}", "/api/chat", "= /api/chat", "config"),
    (f"location /chat {{ {OFF} }} location ~ /x$ {{ {ON} }}", "/chat", "/chat", "config"),
    (f"location /a {{ location /a/chat {{ {OFF} }} }} location ~ ^/a {{ {ON} }}", "/a/chat", "~ ^/a", "config"),
    (f"location /a {{ {OFF} location ~ ^/a {{ {ON} }} }}", "/a/b", "~ ^/a", "config"),
    (f"location /v1/chat/completions {{ try_files /no @a; }} location @a {{ {ON} }}", "/v1/chat/completions", "@a", ""),
    (f"location = /sse {{ rewrite ^ /to/sse last; }} location /to/ {{ internal; {ON} }}", "/sse", "/to/", ""),
    (f"location /sse {{ error_page 418 = @a; return 418; }} location @a {{ {ON} }}", "/sse", "@a", ""),
    (
        f"location /sse {{ try_files /no @a; }} location ~ ^/s {{ {ON} }} location @a {{ proxy_pass http://b; }}",
        "/sse",
        "~ ^/s",
        "",
    ),
    (f"error_page 404 = @a; location /sse {{ root /none; }} location @a {{ {ON} }}", "/sse", "@a", ""),
    (f"error_page 418 = @a; location /sse {{ return 418; }} location @a {{ {ON} }}", "/sse", "@a", ""),
    (f"location ~ ^/sse/ {{ try_files /no @a; }} location @a {{ {ON} }}", "/sse/", "@a", ""),
]


@pytest.mark.parametrize(("text", "path", "carrier", "kind"), CASES)
def test_the_location_that_serves_the_stream_is_judged(
    text: str, path: str, carrier: str, kind: str, binary: Binary, tmp_path: Path
) -> None:
    configuration = f"events {{}}\nhttp {{ server {{ {text} }} }}\n"
    tier = tier_of(configuration, tmp_path, binary)
    [hop] = [hop for hop in tier.hops if hints_of(hop)]
    assert hop.name == f"location {carrier}"
    assert [one.evidence.kind for one in hints_of(hop)] == [kind or "name"]
    assert [match.hop for match in tier.route(Request("sse", path))] == [hop]
    assert isinstance(hop, NginxLocation)
    [outcome] = observe(binary, configuration, [Probe(path)])
    assert (outcome.verdict == "held") == (hop.buffering_of(UNKNOWN_RESPONSE).value == "always")  # type: ignore[union-attr]
