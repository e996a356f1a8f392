"""Values of directives, one by one: what no nginx here takes, infralint refuses in its words; what one takes, it never does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from infralint.project import Project
from infralint.project.config import Settings
from infralint.sources.nginx import read

from .harness import binaries

REST = "server { listen 127.0.0.1:1999; location / { proxy_pass http://127.0.0.1:1; } }"
PLACES = {
    "main": "HERE\nevents {}\n",
    "http": f"events {{}}\nhttp {{\nHERE\n{REST}\n}}\n",
    "server": "events {}\nhttp { server { listen 127.0.0.1:1999;\nHERE\nlocation / { proxy_pass http://127.0.0.1:1; } } }\n",
    "location": "events {}\nhttp { server { listen 127.0.0.1:1999; location / {\nHERE\nproxy_pass http://127.0.0.1:1; } } }\n",
    "upstream": "events {}\nhttp { upstream u { server 127.0.0.1:1;\nHERE\n} server { listen 127.0.0.1:1999; } }\n",
    "stream": "events {}\nstream {\nHERE\n}\n",
}
REFUSED = {
    ("location", "proxy_cache_valid"): ["foo", "200 foo", "1.5m", "600 1m", "99 1m", "200 -1", "200 1ms", "off", "$t"],
    ("location", "uwsgi_cache_valid"): ["200 foo"],
    ("http", "proxy_cache_path"): [
        "c levels=1:2",
        "c keys_zone=a",
        "c keys_zone=:10m",
        "c keys_zone=a:10",
        "c keys_zone=a:10g",
        "c keys_zone=a:1m levels=3",
        "c keys_zone=a:1m levels=1:2:2:1",
        "c keys_zone=a:1m max_size=1t",
        "c keys_zone=a:1m inactive=x",
        "c keys_zone=a:1m use_temp_path=no",
        "c keys_zone=a:1m loader_sleep=x",
        "c keys_zone=a:1m foo",
        "c keys_zone=a:1m; proxy_cache_path d keys_zone=a:1m",
    ],
    ("location", "expires"): [
        "foo",
        "modified",
        "modified off",
        "modified @1h",
        "modified max",
        "1.5h",
        "1 month",
        "@25h",
        "@-1h",
        "Max",
        "access 1h",
    ],
    ("server", "resolver"): [
        "127.0.0.11 valid=x",
        "127.0.0.11 ipv6=no",
        "127.0.0.11 foo=1",
        "127.0.0.11 ipv4=off ipv6=off",
        "valid=10s",
        "$r",
        "::1",
        "8.8.8.8:x",
        "8.8.8.8,1.1.1.1",
        "tcp://8.8.8.8",
    ],
    ("server", "ssl_session_cache"): [
        "on",
        "shared",
        "shared:SSL",
        "shared::10m",
        "shared:SSL:x",
        "shared:SSL:1k",
        "shared:SSL:10MB",
        "builtin:x",
    ],
    ("upstream", "keepalive"): ["-1", "x", "1.5", "$n", "1 foo"],
    ("upstream", "zone"): ["u 1k", "u x", "u 10g"],
    ("upstream", "server"): [
        "127.0.0.1:99999",
        "127.0.0.1:1/x",
        "::1",
        "$x",
        "127.0.0.1:2 fail_timeout=x",
        "127.0.0.1:2 weight",
        "127.0.0.1:2 down=1",
    ],
    ("upstream", "hash"): ["$uri foo"],
    ("upstream", "random"): ["three", "two foo"],
    ("location", "proxy_temp_file_write_size"): ["1k", "64k; proxy_buffers 4 128k", "64k; proxy_buffer_size 128k"],
    ("location", "proxy_max_temp_file_size"): ["1k"],
    ("server", "set"): ["$uri /x", "$host x", "$http_host x", "$Uri x", "$status 1"],
    ("server", "auth_request_set"): ["$uri /x", "$http_cookie $uri"],
    ("server", "server_name"): [r"~^(?<host>.+)\.example\.com$"],
    ("server", "rewrite"): ["^/(?<uri>.*)$ /x"],
    ("http", "server"): [
        "{ listen 1998 reuseport; } server { listen 1998 reuseport; }",
        "{ listen 1998 backlog=10; } server { listen 1998 so_keepalive=on; }",
        "{ listen [::]:1998 ipv6only=on; } server { listen [::]:1998 ipv6only=on; }",
    ],
    ("http", "upstream"): ["u { server localhost:80 resolve; }"],
    ("http", "map"): ["$uri $scheme { default 1; }", "$request_uri $x { ~(?<args>a)(?<request_method>b) 1; }"],
    ("http", "log_format"): ["a x; log_format a y", "combined x"],
    ("http", "split_clients"): [
        "$uri $v { 50% a; 60% b; }",
        "$uri $v { 101% a; }",
        "$uri $v { 0% a; }",
        "$uri $v { 0.001% a; * b; }",
        "$uri $v { x a; }",
        "$uri $v { * a; 50% b; }",
        "$uri v { * a; }",
        "$uri { * a; }",
    ],
    ("http", "geo"): [
        "$g { 10.0.0.0/33 1; }",
        "$g { 10.0.0.0/8; }",
        "$g { example.com 1; }",
        "$g { 10.0.0.0-10.0.0.9 1; }",
        "$g { ranges; 10.0.0.0/8 1; }",
        "$g { ranges; 10.0.0.9-10.0.0.1 1; }",
        "$g { default 0; ranges; }",
        "$g { 10.0.0.0/255.0.0.0 1; }",
        "$g { foo; }",
        "g { default 0; }",
    ],
    ("http", "limit_req_zone"): [
        "$uri zone=a:1m rate=0r/s",
        "$uri zone=a:1m rate=1r/h",
        "$uri zone=a rate=1r/s",
        "$uri zone=a:1k rate=1r/s",
        "zone=a:1m rate=1r/s $uri",
        "$uri zone=a:1m rate=1r/s; limit_req_zone $uri zone=a:1m rate=1r/s",
    ],
    ("http", "limit_conn_zone"): ["$uri zone=a", "$uri a:10m"],
    ("location", "proxy_bind"): ["localhost", "127.0.0.1 foo", "off transparent", "127.0.0.1:0"],
    ("server", "set_real_ip_from"): ["10.0.0.0/33", "10.0.0.0/8,11.0.0.0/8", "*"],
    ("server", "open_file_cache"): ["inactive=1m", "max=x", "on"],
    ("server", "access_log"): ["off combined", "/dev/null combined foo", "/dev/null combined buffer=x", "$nosuch"],
    ("server", "keepalive_timeout"): ["65 x", "65 1ms"],
    ("server", "ssl_protocols"): ["TLSv1.2, TLSv1.3", "TLSv12"],
    ("server", "ssl_session_timeout"): ["x", "1ms"],
    ("server", "types_hash_max_size"): ["1k"],
    ("server", "ssl_prefer_server_ciphers"): ["yes"],
    ("server", "listen"): ["1998 backlog=x", "1998 so_keepalive=x"],
    ("location", "limit_rate"): ["1g", "$nosuch"],
    ("location", "proxy_redirect"): ["on"],
    ("location", "keepalive"): ["32"],
    ("location", "client_max_body_size"): ["1t"],
    ("location", "fastcgi_pass"): ["php", "127.0.0.1"],
    ("main", "worker_processes"): ["x"],
    ("main", "keepalive_timeout"): ["65"],
    ("main", "stream"): ["{ } stream { }"],
    ("stream", "server"): [
        "{ proxy_pass 127.0.0.1:1; }",
        "{ listen 1998; proxy_pass 127.0.0.1:1; } server { proxy_pass 127.0.0.1:1; }",
        "{ listen 1998; proxy_pass 127.0.0.1; }",
        "{ listen 1998; proxy_pass http://127.0.0.1:1; }",
        "{ listen 1998; proxy_pass 127.0.0.1:99999; }",
        "{ listen 1998; proxy_pass 127.0.0.1:1; proxy_read_timeout 1h; }",
        "{ listen 1998; proxy_pass 127.0.0.1:1; proxy_set_header Host x; }",
        "{ listen 1998; proxy_pass 127.0.0.1:1; location / { } }",
        "{ listen 1998; proxy_pass 127.0.0.1:1; proxy_timeout 1h; proxy_timeout 2h; }",
    ],
    ("stream", "upstream"): ["u { server 127.0.0.1; }", "u { server 127.0.0.1:1; ip_hash; }"],
}
TAKEN = {
    ("location", "proxy_cache_valid"): ["200 302 1M", "any 1y", "200", "404 0"],
    ("http", "proxy_cache_path"): [
        "c levels=1:2:1 keys_zone=a:1m max_size=10G inactive=1y use_temp_path=off min_free=1g",
        "c keys_zone=a:1m loader_files=0 manager_sleep=50ms",
    ],
    ("location", "expires"): ["max", "-1", "+1h", "@15h30m", "modified -24h", "1y", "$uri"],
    ("server", "resolver"): ["127.0.0.11 ipv6=off valid=30s", "[::1]:53", "8.8.8.8 1.1.1.1:53"],
    ("server", "ssl_session_cache"): ["off", "builtin:1000 shared:SSL:10m", "none", "shared:le_nginx_SSL:1440k"],
    ("upstream", "keepalive"): ["0", "32", "32 local"],
    ("upstream", "zone"): ["u 64k"],
    ("upstream", "server"): ["127.0.0.1 weight=5 max_fails=3 fail_timeout=1m down", "[::1]:80"],
    ("location", "proxy_temp_file_write_size"): ["64k", "128k; proxy_buffers 4 128k"],
    ("location", "proxy_max_temp_file_size"): ["0", "1m"],
    ("server", "set"): ["$args a=b", "$limit_rate 1k", "$http_upgrade x", "$proxy_host x"],
    ("http", "server"): [
        "{ listen 1998 reuseport; } server { listen 1998; }",
        "{ listen 1998 reuseport; } server { listen 127.0.0.1:1998 reuseport; }",
    ],
    ("http", "upstream"): ["u { zone u 64k; server localhost:80 resolve; resolver 127.0.0.1; }"],
    ("http", "split_clients"): ["$uri $v { .5% a; 33.33% b; * c; }", "$uri $v { 50% $x; 50% b; }"],
    ("http", "geo"): [
        "$g { default $x; 10.0.0.1/8 1; ::/0 2; }",
        "$remote_addr $g { ranges; default x; 10.0.0.1-10.0.0.1 1; }",
        "$g { volatile; proxy_recursive; proxy 10.0.0.0/8; delete 10.0.0.0/8; }",
    ],
    ("http", "limit_req_zone"): ["$uri zone=a:1m rate=10", "$uri rate=30r/m zone=a:32k"],
    ("location", "proxy_bind"): ["$remote_addr transparent", "127.0.0.1", "off", "::1"],
    ("server", "access_log"): ["off", "/dev/null combined buffer=32k gzip=5 flush=1m if=$uri", "/var/log/$host.log"],
    ("server", "keepalive_timeout"): ["65 60", "65s 1y"],
    ("server", "ssl_protocols"): ["TLSv1.2 TLSv1.3"],
    ("server", "client_max_body_size"): ["10G"],
    ("server", "keepalive_requests"): ["99999999999"],
    ("server", "listen"): ["1998 so_keepalive=30m::10", "1998 backlog=10 reuseport rcvbuf=1k"],
    ("location", "limit_rate"): ["$uri"],
    ("stream", "server"): [
        "{ listen 1998; proxy_pass 127.0.0.1:1; proxy_download_rate $connection; set $uri x; }",
        "{ listen 1998; proxy_pass unix:/x; ssl_preread on; proxy_buffer_size 16k; }",
        "{ listen 1998; }",
    ],
    ("stream", "map"): ["$remote_addr $host { default 1; }"],
}


def _at(place: str, text: str) -> str:
    return PLACES[place].replace("HERE", text)


def _said(configuration: str, folder: Path) -> list[str]:
    (folder / "nginx.conf").write_text(configuration)
    return [entry.message for entry in read(Project(folder, Settings(), base=folder)).unreadable]


@pytest.mark.parametrize(("place", "values"), REFUSED.items())
def test_what_no_nginx_takes_is_refused(place: tuple[str, str], values: Sequence[str], tmp_path: Path) -> None:
    for text in values:
        configuration = _at(place[0], f"{place[1]} {text}{'' if text.endswith('}') else ';'}")
        assert not any(binary.accepts(configuration).ok for binary in binaries()), text
        assert _said(configuration, tmp_path), text


@pytest.mark.parametrize(("place", "values"), TAKEN.items())
def test_what_some_nginx_takes_is_not_refused(place: tuple[str, str], values: Sequence[str], tmp_path: Path) -> None:
    for text in values:
        configuration = _at(place[0], f"{place[1]} {text}{'' if text.endswith('}') else ';'}")
        assert any(binary.accepts(configuration).ok for binary in binaries()), text
        assert _said(configuration, tmp_path) == [], text


@pytest.mark.parametrize(
    "place",
    [
        ("http", "proxy_cache_path c keys_zone={{ zone }}:1m;"),
        ("http", "geo $g { {{ lines }}\n 10.0.0.1-10.0.0.2 1; }"),
        ("http", "split_clients $uri $v { {{ share }}% a; * b; }"),
        ("upstream", "keepalive ${KEEPALIVE};"),
        ("server", "resolver ${NAMESERVERS} valid=10s;"),
        ("server", "expires {{ expires }};"),
    ],
)
def test_what_a_template_fills_in_is_not_refused(place: tuple[str, str], tmp_path: Path) -> None:
    assert _said(_at(*place), tmp_path) == []
