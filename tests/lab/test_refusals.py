"""What infralint says nginx would refuse, nginx refuses; and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infralint.model import Unknown
from infralint.platforms.nginx_values import flag, time
from infralint.project import Project
from infralint.project.config import NginxSettings, Settings
from infralint.sources.nginx import read
from infralint.sources.nginx.arities import ANY, ARITIES

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
VALUES = {
    "proxy_buffering": "off",
    "proxy_read_timeout": "5s",
    "proxy_set_header": "Host $host",
    "proxy_http_version": "1.1",
    "proxy_ignore_headers": "Vary",
    "fastcgi_buffering": "off",
    "fastcgi_read_timeout": "5s",
    "uwsgi_buffering": "off",
    "uwsgi_ignore_headers": "Vary",
    "scgi_read_timeout": "5s",
    "grpc_set_header": "Host $host",
    "grpc_read_timeout": "5s",
    "add_header": "X 1",
    "gzip": "off",
}
ONLY_THERE = VALUES.keys() - {"gzip", "add_header"}
"""Those that http, server and location alone take."""
TARGETS = [
    "http://127.0.0.1:1",
    "http://127.0.0.1:1/",
    "http://127.0.0.1:1/v1/",
    "http://127.0.0.1:1?a=b",
    "http://127.0.0.1:1/$uri",
    "http://127.0.0.1:1$request_uri",
    "http://unix:/tmp/x.sock",
    "http://unix:/tmp/x.sock:/v1/",
]
MISPLACED = [
    *(f"location /x {{ if ($arg_x) {{ {name} {value}; }} {PASS} }}" for name, value in VALUES.items()),
    *(f"if ($arg_x) {{ {name} {value}; }}" for name, value in VALUES.items() if name in ONLY_THERE),
    *(
        f"location /x {{ limit_except GET {{ {name} {value}; }} {PASS} }}"
        for name, value in VALUES.items()
        if name in ONLY_THERE
    ),
    *(f"location /x {{ {name} {value}; {PASS} }} {name} {value};" for name, value in VALUES.items()),
    *(
        f"location {place} {{ {before} proxy_pass {target}; {after} }}"
        for target in TARGETS
        for place, before, after in [
            ("/x", "", ""),
            ("= /x", "", ""),
            ("^~ /x", "", ""),
            ("~ ^/x", "", ""),
            ("~* ^/x", "", ""),
            ("@x", "", ""),
            ("/x", "if ($arg_x) {", "}"),
            ("/x", "limit_except GET {", "}"),
        ]
    ),
    f"{PASS}",
    f"server_name a.example.com; {PASS}",
    f"location / {{ {PASS} }} {PASS}",
    "fastcgi_pass 127.0.0.1:1;",
    f"location /x {{ if ($arg_x) {{ {PASS} }} {PASS} }}",
    f"location /x {{ limit_except GET {{ {PASS} }} {PASS} }}",
]
CASES = [
    *MISPLACED,
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


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"http {{ upstream app {{ server 127.0.0.1:1; {name} {value}; }} }}"
            for name, value in VALUES.items()
            if name in ONLY_THERE
        ),
        "http { upstream app { server 127.0.0.1:1; keepalive 8; keepalive_timeout 5s; } }",
        "stream { server { listen 127.0.0.1:1999; proxy_pass 127.0.0.1:1; proxy_timeout 5s; } }",
    ],
)
def test_where_directives_may_stand(text: str, binary: Binary, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(f"events {{}}\n{text}\n")
    refused = read(Project(tmp_path, Settings(), base=tmp_path)).unreadable
    accepted = binary.accepts(f"events {{}}\n{text}\n")
    if 'unknown directive "stream"' in accepted.message:
        assert not refused
        return
    assert bool(refused) == (not accepted.ok), accepted.message
    for one in refused:
        assert one.message.removeprefix("nginx would refuse this file: ") in accepted.message


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


@pytest.mark.parametrize("line", ["proxy_read_timeout $t;", "proxy_buffering $t;", "proxy_buffering off;", "gzip $t;"])
def test_a_variable_is_taken_where_infralint_reads_one(line: str, binary: Binary, tmp_path: Path) -> None:
    configuration = f"""events {{}}
http {{ map $uri $t {{ default 5m; }} server {{ listen 127.0.0.1:1999; location /sse {{ {PASS} {line} }} }} }}
"""
    (tmp_path / "nginx.conf").write_text(configuration)
    [tier] = read(Project(tmp_path, Settings(), base=tmp_path)).nodes
    [hop] = tier.hops
    setting = hop.rules.setting(line.split()[0], None, hop.where, time if "timeout" in line else flag)  # type: ignore[attr-defined]
    assert (isinstance(setting, Unknown) and setting.refused) == (not binary.accepts(configuration).ok)


@pytest.mark.parametrize("method", ["sticky cookie srv", "sticky route $arg_r", "ip_hash"])
def test_a_method_that_this_nginx_does_not_know_is_refused(method: str, binary: Binary, tmp_path: Path) -> None:
    configuration = f"""events {{}}
http {{ upstream a {{ server 127.0.0.1:1; server 127.0.0.1:2; {method}; }}
server {{ listen 127.0.0.1:1999; location /ws {{ proxy_pass http://a; }} }} }}
"""
    (tmp_path / "nginx.conf").write_text(configuration)
    version = ".".join(map(str, binary.version))
    project = Project(tmp_path, Settings(nginx=NginxSettings(version=version)), base=tmp_path)
    refused, accepted = read(project).unreadable, binary.accepts(configuration)
    assert bool(refused) == (not accepted.ok), accepted.message
    for one in refused:
        assert one.message.removeprefix("nginx would refuse this file: ").partition(";")[0] in accepted.message
    assert read(Project(tmp_path, Settings(), base=tmp_path)).unreadable == []


@pytest.mark.parametrize(
    "text",
    [
        "http { server { http2 on; } }",
        "http { server { add_header_inherit on; } }",
        "http { server { location / { proxy_pass http://127.0.0.1:1; proxy_http_version 2; } } }",
        "http { upstream a { server 127.0.0.1:1; keepalive 0; } }",
        "stream { server { listen 127.0.0.1:1999; proxy_timeout 1h; } }",
        "stream { server { listen 127.0.0.1:1999; server_name a; proxy_pass 127.0.0.1:1; } }",
        "stream { server { listen 127.0.0.1:1999; return x; } }",
    ],
)
@pytest.mark.parametrize("place", ["nginx.conf", "sub/more.inc"])
def test_what_came_later_is_refused_where_the_version_says_so(
    text: str, place: str, binary: Binary, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "nginx.conf").write_text("events {}\ninclude sub/*.inc;\n")
    (tmp_path / place).write_text(f"events {{}}\n{text}\n".removeprefix("" if place == "nginx.conf" else "events {}\n"))
    version = ".".join(map(str, binary.version))
    project = Project(tmp_path, Settings(nginx=NginxSettings(version=version)), base=tmp_path)
    refused, accepted = read(project).unreadable, binary.accepts(f"events {{}}\n{text}\n")
    assert bool(refused) == (not accepted.ok), accepted.message
    for one in refused:
        said = one.message.removeprefix("nginx would refuse this file: ")
        assert re.split("[;:]", said)[0] in accepted.message
    assert read(Project(tmp_path, Settings(), base=tmp_path)).unreadable == []


@pytest.mark.parametrize(
    "passed",
    [
        "proxy_pass http://app:8080",
        "proxy_pass http://app:80",
        "proxy_pass https://App:443/v1/",
        "proxy_pass http://APP/v1/",
        "proxy_pass http://app",
        "proxy_pass http://127.0.0.1:8080",
        "fastcgi_pass app:9000",
        "fastcgi_pass app",
        "uwsgi_pass app:9000",
        "grpc_pass grpc://app:50051",
        "grpc_pass grpc://app",
    ],
)
def test_an_upstream_is_named_without_a_port_in_any_case(passed: str, binary: Binary, tmp_path: Path) -> None:
    configuration = f"""events {{}}
http {{ upstream app {{ server 127.0.0.1:1; }}
server {{ listen 127.0.0.1:1999; location /sse {{ {passed}; }} }} }}
"""
    (tmp_path / "nginx.conf").write_text(configuration)
    reading = read(Project(tmp_path, Settings(), base=tmp_path))
    accepted = binary.accepts(configuration)
    assert bool(reading.unreadable) == (not accepted.ok), accepted.message
    for one in reading.unreadable:
        assert one.where.line == 3
        assert one.message.removeprefix("nginx would refuse this file: ").partition(";")[0] in accepted.message
    [target] = reading.nodes[0].hops[0].pool.targets
    assert accepted.ok is False or target.port in (1, 8080)


def test_how_many_arguments_are_too_many_or_too_few(binary: Binary) -> None:
    """Of each tenth directive: all of them were measured so."""
    for name in sorted(ARITIES)[::10]:
        least, most = ARITIES[name]
        for count in {least - 1, most + 1} - {-1, ANY + 1}:
            line = " ".join([name, *(f"a{number}" for number in range(count))])
            wrapped = [f"server {{ location / {{ {line}; }} }}", f"upstream u {{ server 127.0.0.1:1; {line}; }}"]
            found = [
                binary.accepts(f"events {{}} http {{ {text} }}").message
                for text in (*wrapped, f"server {{ {line}; }}", f"{line};")
            ]
            is_known = not any("unknown directive" in message for message in found)
            assert any("invalid number of arguments" in message for message in found) or not is_known, line


@pytest.mark.parametrize(
    ("line", "is_refused"),
    [
        ("proxy_cookie_domain a b c;", True),
        ("auth_basic;", True),
        ("gzip_buffers 4;", True),
        ("proxy_redirect off off off;", True),
        ("gzip_buffers $four;", False),
        ("proxy_cookie_path / /x;", False),
        ("some_module a b c d;", False),
    ],
)
def test_arguments_that_are_too_many_or_too_few_are_said(line: str, is_refused: bool, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{ server {{ location / {{ {line} {PASS} }} }} }}\n")
    messages = [entry.message for entry in read(Project(tmp_path, Settings(), base=tmp_path)).unreadable]
    assert any("invalid number of arguments" in message for message in messages) is is_refused
