"""What infralint says nginx would refuse, nginx refuses; and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infralint.config import Settings
from infralint.project import Project
from infralint.sources.nginx import read

from .harness import Binary

PASS = "proxy_pass http://127.0.0.1:1;"
TWICE = {
    "proxy_buffering": "on",
    "proxy_read_timeout": "5s",
    "proxy_http_version": "1.1",
    "proxy_pass": "http://127.0.0.1:1",
    "proxy_cache": "off",
    "proxy_buffer_size": "8k",
    "proxy_send_timeout": "5s",
    "fastcgi_buffering": "on",
    "fastcgi_pass": "127.0.0.1:1",
    "fastcgi_read_timeout": "5s",
    "uwsgi_buffering": "off",
    "uwsgi_read_timeout": "5s",
    "scgi_buffering": "off",
    "grpc_read_timeout": "5s",
    "grpc_pass": "127.0.0.1:1",
    "gzip": "on",
    "chunked_transfer_encoding": "off",
    "limit_rate": "1k",
    "proxy_set_header": "Host $host",
    "proxy_ignore_headers": "Vary",
    "add_header": "X 1",
    "return": "200",
}
TYPED = [
    "proxy_bufering off",
    "proxy_buffring off",
    "proxy_read_timeouts 5s",
    "proxy_set_headers Host $host",
    "proxy_ignore_header X-Accel-Buffering",
    "proxy_htttp_version 1.1",
    "proxy_send_timeout 5s",
    "proxy_buffers 8 8k",
    "proxy_pass_header X",
    "proxy_request_buffering off",
]
CASES = [
    *(f"location /x {{ {name} {value}; {name} {value}; }}" for name, value in TWICE.items()),
    *(f"location /x {{ {text}; }}" for text in TYPED),
    *(
        f"location {one} {{ {PASS} }} location {other} {{ {PASS} }}"
        for one, other in [
            ("/a", "/a"),
            ("/a", "^~ /a"),
            ("/a", "= /a"),
            ("= /a", "= /a"),
            ("=/a", "= /a"),
            ("~ /a", "~ /a"),
            ("~* /a", "~* /a"),
            ("/a", "/A"),
            ("/a", "/a/"),
        ]
    ),
    f"location / {{ location /a {{ {PASS} }} location /a {{ {PASS} }} }}",
    f"location /a {{ location /a {{ {PASS} }} }}",
    f"location / {{ {PASS} proxy_buffering off; if ($arg_x) {{ {PASS} }} }} proxy_buffering on;",
    f"location /a {{ {PASS} }} server_name a.example.com; server_name b.example.com;",
]


@pytest.mark.parametrize("text", CASES)
def test_refused_by_infralint_is_refused_by_nginx(text: str, binary: Binary, tmp_path: Path) -> None:
    configuration = f"events {{}}\nhttp {{\n server {{\n listen 127.0.0.1:1999;\n {text}\n }}\n}}\n"
    (tmp_path / "nginx.conf").write_text(configuration)
    refused = read(Project(tmp_path, Settings(), base=tmp_path)).unreadable
    accepted = binary.accepts(configuration)
    assert bool(refused) == (not accepted.ok), accepted.message
    for one in refused:
        assert one.where.line == 5
        assert one.message.removeprefix("nginx would refuse this file: ").partition(";")[0] in accepted.message


INCLUDED = {
    "a.inc": f"{PASS} proxy_buffering off;\n",
    "b.inc": "proxy_read_timeout 5s;\nproxy_set_header X 1;\n",
    "place.inc": f"location /x {{ {PASS} }}\n",
}


@pytest.mark.parametrize(
    "text",
    [
        "location /x { include a.inc; proxy_buffering on; }",
        "location /x { proxy_buffering off; include a.inc; }",
        f"location /x {{ {PASS} include a.inc; }}",
        "location /x { include a.inc; include b.inc; }",
        "location /x { include b.inc; include b.inc; }",
        "proxy_read_timeout 9s; include b.inc;",
        "include b.inc; location /x { include b.inc; include a.inc; }",
        "include place.inc; location /x { include a.inc; }",
        "include place.inc; location = /x { include a.inc; }",
        "location / { location /x/y { include a.inc; } } include place.inc;",
    ],
)
def test_what_an_include_brings_beside_its_like_is_refused(text: str, binary: Binary, tmp_path: Path) -> None:
    configuration = f"events {{}}\nhttp {{\n server {{\n listen 127.0.0.1:1999;\n {text}\n }}\n}}\n"
    for name, content in {"nginx.conf": configuration, **INCLUDED}.items():
        (tmp_path / name).write_text(content)
    refused = read(Project(tmp_path, Settings(), base=tmp_path)).unreadable
    accepted = binary.accepts(re.sub(r"include (\w+\.inc);", lambda one: INCLUDED[one[1]], configuration))
    assert bool(refused) == (not accepted.ok), accepted.message
    for one in refused:
        assert one.message.removeprefix("nginx would refuse this file: ").partition(";")[0] in accepted.message
