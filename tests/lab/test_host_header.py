"""Two `Host` headers: nginx sends both, and infralint says so where it surely does."""

from __future__ import annotations

from pathlib import Path

import pytest

from infralint.sources.nginx.hops import NginxLocation

from .client import Probe
from .harness import Binary, observe
from .judged import tier_of


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("", 1),
        ("proxy_set_header Host $host;", 1),
        ("proxy_set_header Host $host; proxy_set_header Host $http_host;", 2),
        ("proxy_set_header Host $host; proxy_set_header host b.test;", 2),
        ('proxy_set_header Host $host; proxy_set_header Host "";', 1),
        ("proxy_set_header Host $proxy_host; proxy_set_header X-Host $host;", 1),
    ],
)
def test_every_host_header_that_is_not_empty_is_sent(lines: str, count: int, binary: Binary, tmp_path: Path) -> None:
    text = f"events {{}}\nhttp {{ server {{ location /sse {{ proxy_pass http://app; {lines} }} }} }}\n"
    [outcome] = observe(binary, text, [Probe("/sse")])
    assert outcome.upstream is not None
    assert len(outcome.upstream.headers.get_all("Host")) == count
    [hop] = tier_of(text, tmp_path, binary).hops
    assert isinstance(hop, NginxLocation)
    assert (len(hop.sent_hosts) > 1) == (count > 1)
