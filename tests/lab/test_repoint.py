"""Configurations as people write them, run by the lab."""

from __future__ import annotations

import pytest

from .client import Probe
from .harness import Binary, Lab, observe
from .repoint import backend_sockets, listened_ports, parse, repoint

SITE = """
# a whole nginx.conf, as found on a server
user www-data;
worker_processes auto;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;
events { worker_connections 768; }
http {
    include /etc/nginx/mime.types;
    access_log /var/log/nginx/access.log;
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_cache_path /var/cache/nginx levels=1:2 keys_zone=z:1m;
    upstream backend { server app1.internal:8000 max_fails=3; server app2.internal:8000; keepalive 8; }
    server {
        listen 80 default_server;
        listen [::]:80 default_server;
        server_name example.com;
        return 301 https://$host$request_uri;
    }
    server {
        listen 443 ssl http2;
        server_name example.com;
        ssl_certificate /etc/letsencrypt/live/example.com/fullchain.pem;
        include /etc/letsencrypt/options-ssl-nginx.conf;
        location /api/ {
            include proxy_params;
            proxy_pass http://backend/;
            proxy_buffering off;
        }
        location /ws/ {
            proxy_pass https://backend$request_uri;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }
        location ~ "^/v\\d{1,2}/" { proxy_pass http://$host:9000; proxy_ssl_verify off; proxy_buffering off; }
    }
}
"""


def test_a_whole_configuration_runs(binary: Binary) -> None:
    with Lab(binary, SITE) as lab:
        api, websocket, version, plain = lab.observe(
            [Probe("/api/chat"), Probe("/ws/", kind="websocket"), Probe("/v12/chat"), Probe("/api/chat", port=80)]
        )
    assert (api.verdict, websocket.verdict, version.verdict) == ("delivered", "delivered", "delivered")
    assert (plain.verdict, plain.status) == ("refused", 301)


def test_equal_addresses_are_one_backend() -> None:
    repointed = repoint(SITE)
    assert backend_sockets(repointed) == ["app-0.sock", "app-1.sock", "app-2.sock"]
    assert listened_ports(repointed) == [80, 443]


@pytest.mark.parametrize(
    "fragment",
    [
        "server { location / { proxy_pass http://app:8000; proxy_buffering off; } }",
        "location / { proxy_pass http://app:8000; proxy_buffering off; }",
        "proxy_pass http://app:8000; proxy_buffering off;",
        "proxy_buffering off;",
        "upstream up { server app:8000; } location / { proxy_pass http://up; proxy_buffering off; }",
        "upstream up { server app:8000; } proxy_buffering off; server { location / { proxy_pass http://up; } }",
        "http { server { location / { proxy_pass http://app:8000; proxy_buffering off; } } }",
        "listen 8443 ssl; proxy_buffering off; location / { proxy_pass https://app:8000; }",
        "location / { set $app http://app; proxy_pass $app; proxy_buffering off; }",
        "location / { proxy_pass http://${host}_app:8000$request_uri; proxy_buffering off; }",
        "location / { proxy_pass http://unix:/run/app.sock:/inner/; proxy_buffering off; }",
        "location / { proxy_pass $scheme://app/; proxy_buffering off; }",
        "location / { uwsgi_pass uwsgi://app:3031; include uwsgi_params; uwsgi_buffering off; }",
        "location / { fastcgi_pass unix:/run/php.sock; include fastcgi.conf; fastcgi_buffering off; }",
    ],
)
def test_fragments_run(fragment: str, binary: Binary) -> None:
    [outcome] = observe(binary, fragment, [Probe("/chat")])
    assert outcome.verdict == "delivered"


def test_several_pieces_are_one_configuration(binary: Binary) -> None:
    pieces = [
        f"server {{ server_name {name}; location / {{ proxy_pass http://app; {buffering} }} }}"
        for name, buffering in (("a.test", "proxy_buffering off;"), ("b.test", "proxy_http_version 1.0;"))
    ]
    outcomes = observe(binary, pieces, [Probe(host="a.test"), Probe(host="b.test")])
    assert [outcome.verdict for outcome in outcomes] == ["delivered", "held"]


def test_what_a_map_looks_up_stays(binary: Binary) -> None:
    lookup = "map $uri $is_ours { default 0; listen 1; include ours; }"
    repointed = repoint(f"{lookup} server {{ location / {{ return 200 $is_ours; }} }}", {"ours": "stream 2;"})
    assert "listen 1;" in repointed
    assert "stream 2;" in repointed
    assert binary.accepts(repointed).ok


def test_includes_are_filled_in() -> None:
    files = {"sites-enabled/one.conf": "server { include inner.conf; }", "inner.conf": "server_name inner;"}
    repointed = repoint("http { include /etc/nginx/sites-enabled/*; include conf.d/*.conf; }", files)
    assert "server_name inner;" in repointed
    assert "include" not in repointed


def test_a_missing_include_is_left_for_nginx_to_name(binary: Binary) -> None:
    verdict = binary.accepts(repoint("location / { include snippets/gone.conf; proxy_pass http://app; }"))
    assert not verdict.ok
    assert "snippets/gone.conf" in verdict.message


@pytest.mark.parametrize(
    "text", ["server { ", "server {} }", "server { listen 80 }", "listen 80", 'server_name "open;']
)
def test_what_nginx_cannot_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"unexpected|no directive"):
        parse(text)
