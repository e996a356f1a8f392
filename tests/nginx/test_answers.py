"""What nginx answers by itself, and where that is not sure: measured on real nginx."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import run, write

APP = "proxy_pass http://app:3000; proxy_buffering off; proxy_read_timeout 10m;"
UPGRADE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trace(here: Path, server: str, http: str = "", *options: str) -> str:
    """The way of /api/chat through one server, on one line."""
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {http} server {{ listen 80; {server} }} }}\n"})
    return " ".join(run("trace", "/api/chat", *options).output.split())


@pytest.mark.parametrize(
    ("server", "http", "answer"),
    [
        ("location / { return 404; }", "", "404"),
        ("return 301 https://$host$request_uri;", "", "301 https://"),
        (f"location / {{ deny all; {APP} }}", "", "403"),
        (f"deny all; location / {{ {APP} }}", "", "403"),
        (f"location / {{ allow 10.0.0.0/8; deny all; {APP} }}", "", ""),
        (f"deny all; location / {{ allow all; {APP} }}", "", ""),
        (f'location / {{ satisfy any; deny all; auth_basic "x"; {APP} }}', "", ""),
        (f"location / {{ include more.conf; deny all; {APP} }}", "", ""),
        (f"location / {{ deny all; allow all; {APP} }}", "", "403"),
        (f"location / {{ deny all; satisfy any; {APP} }}", "", "403"),
        (f"error_page 404 = /app; location /app {{ {APP} }}", "", ""),
        (f"error_page 404 = $uri/x; location / {{ root html; }} location ~ x$ {{ {APP} }}", "", ""),
        (f"error_page 404 /app; location /app {{ {APP} }}", "", "404"),
        (f"location / {{ deny 10.0.0.1; deny all; {APP} }}", "", "403"),
        (f'location / {{ deny all; error_page 403 = @app; }} location @app {{ allow all; {APP} }}', "", ""),
        ("include more.conf; return 301 https://$host$request_uri;", "", "?"),
        ("return 301 https://$host$request_uri; include more.conf;", "", "301 https://"),
        ("location / { return 404; }", "include sites/more.conf;", "?"),
        ("location / { return 404; }", "include /etc/nginx/conf.d/*.conf;", "?"),
        ("include snippets/*.conf; location / { return 404; }", "", "?"),
        ("error_page 404 /404.html; location / { return 404; }", "", "404 /404.html"),
        ("location / { try_files $uri /index.html; }", "", "200 /index.html"),
    ],
)  # fmt: skip
def test_who_answers(server: str, http: str, answer: str, here: Path) -> None:
    shown = trace(here, server, http)
    if answer == "?":
        assert "Could not tell" in shown
        assert "and where nginx runs it may hold" in shown
    else:
        assert ("Not served" in shown) is bool(answer)
        assert f"nginx.conf answers {answer}" in shown if answer else "app:3000" in shown


AUTH = f"location / {{ auth_request /auth; {APP} }}"
SETTING = f"location / {{ set $may 1; auth_request /auth; {APP} }}"
DENY = "map $request_uri $deny { default 1; ~^/api 0; }"
DEAD = "upstream dead { server 127.0.0.1:1 down; server 127.0.0.1:2 down; }"


@pytest.mark.parametrize(
    ("server", "http", "answer"),
    [
        (f"{AUTH} location = /auth {{ internal; return 401; }}", "", "401"),
        (f"{AUTH} location = /auth {{ return 403; }}", "", "403"),
        (f"{AUTH} location = /auth {{ return 404; }}", "", "500"),
        (f"{AUTH} location = /auth {{ return 302 /login; }}", "", "500"),
        (f"{AUTH} location = /auth {{ return 401 no; }}", "", "401"),
        (f"{AUTH} location = /auth {{ proxy_pass http://dead; }}", DEAD, "500"),
        (f"auth_request /auth; location / {{ {APP} }} location = /auth {{ return 401; }}", "", "401"),
        (f"{AUTH} location = /auth {{ return 204; }}", "", ""),
        (f"{AUTH} location = /auth {{ return 200 ok; }}", "", ""),
        (f"{AUTH} location = /auth {{ deny all; proxy_pass http://auth; }}", "", ""),
        (f"{AUTH} location = /auth {{ if ($http_x) {{ return 204; }} return 401; }}", "", ""),
        (f"{AUTH} location = /auth {{ error_page 401 =200 @y; return 401; }} location @y {{ {APP} }}", "", ""),
        (f"{AUTH} rewrite ^/auth$ /ok; location = /auth {{ return 401; }} location = /ok {{ return 204; }}", "", ""),
        (f"{AUTH} location /auth {{ root /srv; }}", "", ""),
        (f"satisfy any; allow all; {AUTH} location = /auth {{ return 401; }}", "", ""),
        (f"satisfy any; deny all; {AUTH} location = /auth {{ return 401; }}", "", "401"),
        (f"satisfy any; deny all; {AUTH} location = /auth {{ return 204; }}", "", ""),
        (f"auth_request /auth; location / {{ auth_request off; {APP} }} location = /auth {{ return 401; }}", "", ""),
        (f"error_page 401 = @app; {AUTH} location = /auth {{ return 401; }} location @app {{ {APP} }}", "", ""),
        (f"{AUTH} include more.conf; location = /auth {{ return 401; }}", "", ""),
        (f'{AUTH} location = /auth {{ if ($request_uri ~ "^/api") {{ return 204; }} return 401; }}', "", ""),
        (f"{AUTH} location = /auth {{ if ($deny) {{ return 403; }} return 204; }}", DENY, ""),
        (f'{AUTH} location = /auth {{ if ($http_upgrade = "") {{ return 403; }} return 204; }}', "", ""),
        (f"{SETTING} location = /auth {{ if ($may) {{ return 204; }} return 401; }}", "", ""),
        (f"{SETTING} location = /auth {{ rewrite ^ /b$may; }} location = /b1 {{ return 200; }} location /b {{ return 401; }}", "", ""),
        (f"{AUTH} rewrite ^/old$ /new; location = /auth {{ return 401; if ($request_uri) {{ return 204; }} }}", "", "401"),
    ],
)  # fmt: skip
def test_whoever_is_asked_for_permission_may_always_refuse(server: str, http: str, answer: str, here: Path) -> None:
    """https://nginx.org/en/docs/http/ngx_http_auth_request_module.html; measured on nginx 1.22"""
    shown = trace(here, server, http)
    assert (f"nginx.conf answers {answer}" in shown) is bool(answer)
    assert ("app:3000" in shown) is not bool(answer)


BUFFERS = "proxy_pass http://app:3000;"


@pytest.mark.parametrize(
    ("location", "http", "answer"),
    [
        (f"deny all; {BUFFERS}", "", "403 to whatever comes here: `deny all` turns every client away"),
        (
            "proxy_pass http://dead;",
            DEAD,
            "502 to whatever comes here: every server of `upstream dead` is marked `down`",
        ),
        (f"auth_request /auth; {BUFFERS}", "", "401 to whatever comes here: `auth_request /auth` is answered 401"),
    ],
)
def test_a_location_that_answers_everything_itself_holds_no_stream_and_is_not_clean(
    location: str, http: str, answer: str, here: Path
) -> None:
    server = f"location /api/chat {{ {location} }} location = /auth {{ return 401; }}"
    assert f"nginx.conf answers {answer[:3]}" in trace(here, server, http)
    report = json.loads(run("check", "--format", "json").output)
    assert report["findings"] == []
    [entry] = report["unknown"]
    assert f"the path /api/chat says chat, and nginx answers {answer}" in entry["message"]


def test_one_cause_that_shuts_several_locations_is_told_once(here: Path) -> None:
    server = "location /api/chat { proxy_pass http://dead; } location / { proxy_pass http://dead; }"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {DEAD} server {{ listen 80; {server} }} }}\n"})
    [entry] = json.loads(run("check", "--format", "json").output)["unknown"]
    assert "the path /api/chat says chat, and nginx answers 502" in entry["message"]


def test_where_nothing_looks_a_name_up_that_is_what_to_write(here: Path) -> None:
    server = "location /api/chat { set $to app; proxy_pass http://$to:3000; }"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {server} }} }}\n"})
    [entry] = json.loads(run("check", "--format", "json").output)["unknown"]
    assert "no `resolver` here looks its address up" in entry["message"]
    assert "name the `resolver` that looks the name up" in json.dumps(entry)


def test_what_an_error_page_leads_to_carries_the_stream_of_a_location_that_is_down(here: Path) -> None:
    server = f"location /api/chat {{ error_page 502 = @app; proxy_pass http://dead; }} location @app {{ {BUFFERS} }}"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {DEAD} server {{ listen 80; {server} }} }}\n"})
    report = json.loads(run("check", "--format", "json").output)
    assert {finding["hop"]["name"] for finding in report["findings"]} == {"location @app"}
    assert report["unknown"] == []


@pytest.mark.parametrize(
    ("rules", "location", "is_denied"),
    [
        ("deny all;", "", True),
        ("deny 10.0.0.1; deny all;", "", True),
        ("allow 10.0.0.0/8; deny all;", "", False),
        ("include rules/*.conf; deny all;", "", False),
        ("deny all;", 'satisfy any; auth_basic "x"; auth_basic_user_file users;', False),
    ],
)
def test_a_limit_turns_handshakes_away(rules: str, location: str, is_denied: bool, here: Path) -> None:
    """https://nginx.org/en/docs/http/ngx_http_core_module.html#satisfy"""
    server = f"location / {{ {location} limit_except POST {{ {rules} }} {APP} }}"
    shown = trace(here, server, "", "--kind", "websocket")
    assert ("nginx.conf answers 403" in shown) is is_denied
    assert ("app:3000" in shown) is not is_denied


LOST = "location @app { proxy_pass http://app:3000; proxy_buffering off; proxy_read_timeout 10m; }"
TRIED = "try_files $uri @app;"
BESIDE = "} stream { server { listen 81; proxy_pass db:5432; } } http {"
"""A server of `stream {}` that may be meant, too, where nobody says which port is asked."""
NAMED = "resolver 127.0.0.11; proxy_pass http://$to; proxy_buffering off; proxy_read_timeout 10m;"


@pytest.mark.parametrize(
    ("server", "http", "why"),
    [
        (f"location / {{ {TRIED} if ($http_accept) {{ add_header X y; }} }} {LOST}", "", "404: `if ($http_accept)` puts `try_files"),
        (f"location / {{ {TRIED} if ($http_origin) {{ set $cors 1; }} }} {LOST}", "", "404: `if ($http_origin)` puts"),
        (f"location / {{ {TRIED} limit_except GET {{ deny 10.0.0.1; }} }} {LOST}", "", "404: `limit_except GET` puts"),
        (f'location / {{ set $to ""; if ($http_x) {{ set $to app:3000; }} {NAMED} }}', "", "500: `proxy_pass"),
        (f"location / {{ {NAMED} }}", "map $cookie_to $to { app app:3000; }", "500: `proxy_pass http://$to` names"),
        (f"location / {{ try_files $uri =404; {APP} }}", "", "404: `try_files $uri =404` needs a file"),
        (f"listen [::]:80; location / {{ deny 0.0.0.0/0; {APP} }}", "", "403: `deny 0.0.0.0/0` turns every"),
        (f"listen [::]:80; location / {{ allow 0.0.0.0/0; deny all; {APP} }}", "", "403: `deny all` turns every"),
        (f"location / {{ try_files $uri =404; {APP} }}", BESIDE, "404: `try_files $uri =404` needs a file"),
        (f"location / {{ limit_except POST {{ deny all; }} {APP} }}", "", "the stream may be asked for by GET"),
        (f"location / {{ limit_except GET {{ deny all; }} {APP} }}", "", "the stream may be asked for by POST"),
        (f"location / {{ if ($request_method = POST) {{ return 405; }} {APP} }}", "", "405: `return 405`; the stream may be"),
    ],
)  # fmt: skip
def test_a_stream_whose_requests_may_get_lost_is_not_clean(server: str, http: str, why: str, here: Path) -> None:
    """Measured on nginx 1.22 and 1.31: clients that meet the condition, or ask by the other method, get this answer."""
    write(here, {"infralint.yaml": "streams:\n- path: /api/chat\n"})
    shown = trace(here, server, http)
    assert "Could not tell" in shown
    report = json.loads(run("check", "--format", "json").output)
    assert report["findings"] == []
    [entry] = report["unknown"]
    assert "nginx may answer" in entry["message"]
    assert why in entry["message"]


@pytest.mark.parametrize(
    ("server", "http"),
    [
        (f"location / {{ limit_except GET POST {{ deny all; }} {APP} }}", ""),
        (f"location / {{ limit_except POST {{ deny 10.0.0.1; }} {APP} }}", ""),
        (f"listen [::]:80; location / {{ allow 10.0.0.0/8; deny all; {APP} }}", ""),
        (f"location / {{ if ($request_method = OPTIONS) {{ return 204; }} {APP} }}", ""),
        (f"location / {{ if ($http_user_agent ~ bot) {{ return 403; }} {APP} }}", ""),
        (f"location / {{ if ($http_accept ~ stream) {{ add_header X y; }} {APP} }}", ""),
        (f"location / {{ {TRIED} error_page 404 = @app; if ($http_origin) {{ set $cors 1; }} }} {LOST}", ""),
        (f'location / {{ set $to ""; if ($http_x) {{ set $to a:1; }} if ($to = "") {{ set $to app:3000; }} {NAMED} }}', ""),
        (f"location / {{ {NAMED} }}", "map $cookie_to $to { default app:3000; blue blue:3000; }"),
    ],
)  # fmt: skip
def test_who_turns_others_away_on_purpose_loses_no_stream(server: str, http: str, here: Path) -> None:
    write(here, {"infralint.yaml": "streams:\n- path: /api/chat\n"})
    shown = trace(here, server, http)
    assert ":3000" in shown
    assert "Could not tell" not in shown
    report = json.loads(run("check", "--format", "json").output)
    assert (report["findings"], report["unknown"]) == ([], [])


@pytest.mark.parametrize(("method", "is_refused"), [("POST", False), ("GET", True)])
def test_a_declared_method_decides_what_a_limit_does(method: str, is_refused: bool, here: Path) -> None:
    write(here, {"infralint.yaml": f"streams:\n- {{path: /api/chat, methods: [{method}]}}\n"})
    shown = trace(here, f"location / {{ limit_except POST {{ deny all; }} {APP} }}")
    assert ("nginx.conf answers 403" in shown) is is_refused
    assert "Could not tell" not in shown


def test_a_server_of_the_very_name_is_not_in_a_file_that_is_not_here(here: Path) -> None:
    server = "server_name chat.example.com; location / { return 404; }"
    assert "Not served" in trace(here, server, "include sites/more.conf;", "--host", "chat.example.com")
    assert "Could not tell" in trace(
        here, server.replace("chat", "*"), "include sites/more.conf;", "--host", "a.example.com"
    )


@pytest.mark.parametrize(
    "location",
    [
        f'location /ws {{ if ($http_upgrade = "websocket") {{ proxy_pass http://app:3000; break; }} {UPGRADE} return 404; }}',
        f"location /ws {{ if ($http_upgrade) {{ break; }} return 404; {UPGRADE} proxy_pass http://app:3000; }}",
        f"location /ws {{ if ($http_upgrade) {{ rewrite ^ /socket break; }} return 404; {UPGRADE} proxy_pass http://app:3000; }}",
    ],
)
def test_a_break_in_an_if_keeps_the_return_behind_it_away(location: str, here: Path) -> None:
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {location} }} }}\n"})
    write(here, {"infralint.yaml": "streams:\n- {path: /ws, kind: websocket}\n"})
    output = run("check", "--verbose").output
    assert "meets no hop" not in output
    assert "with 0 hops" not in output


def test_an_error_page_for_what_the_backend_refuses_leaves_what_it_serves_sure(here: Path) -> None:
    catching = "proxy_intercept_errors on; error_page 404 = @other;"
    other = "location @other { proxy_pass http://other:3000; proxy_buffering off; proxy_read_timeout 10m; }"
    server = (
        f"location / {{ proxy_pass http://app:3000; proxy_buffering off; proxy_read_timeout 2s; {catching} }} {other}"
    )
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {server} }} }}\n"})
    write(here, {"infralint.yaml": "generation: 5m\nstreams:\n- path: /api/chat\n"})
    output = run("check").output
    assert "error[short-idle-timeout] location / cuts the stream after 2 s" in output


def test_a_name_without_a_port_listens_on_80(here: Path) -> None:
    inner = f"server {{ listen localhost; location /api/ {{ {APP} }} }}"
    outer = "listen 8080; location / { proxy_pass http://localhost:80; proxy_buffering off; proxy_read_timeout 10m; }"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {inner} server {{ {outer} }} }}\n"})
    assert "2 location /api/ nginx.conf:2" in " ".join(run("trace", "/api/chat").output.split())


def test_a_name_in_the_handshake_chooses_what_a_stream_server_passes_to(here: Path) -> None:
    names = "map $ssl_preread_server_name $to { a.test 127.0.0.1:8443; default 127.0.0.1:9443; }"
    edge = f"stream {{ {names} server {{ listen 443; ssl_preread on; proxy_pass $to; }} }}"
    inner = "\n".join(
        f"server {{ listen {port} ssl; server_name {name}; location / {{ {APP} }} }}"
        for port, name in ((8443, "a.test"), (9443, "b.test"))
    )
    write(here, {"nginx.conf": f"events {{}}\n{edge}\nhttp {{\n{inner}\n}}\n"})
    known = " ".join(run("trace", "/api/chat", "--host", "a.test").output.split())
    assert ("nginx.conf:4:" in known, "nginx.conf:5:" in known) == (True, False)
    unknown = " ".join(run("trace", "/api/chat").output.split())
    assert ("nginx.conf:4:" in unknown, "nginx.conf:5:" in unknown) == (True, True)


@pytest.mark.parametrize(
    ("http", "severity"),
    [("listen 8443;", "error"), ("listen 80;", "warning"), ("listen 8443; include more.conf;", "warning")],
)
def test_clients_come_to_a_stream_server_where_nothing_else_listens_for_browsers(
    http: str, severity: str, here: Path
) -> None:
    names = "map $ssl_preread_server_name $to { a.test web; default web; } upstream web { server 127.0.0.1:8443; }"
    edge = f"stream {{ {names} server {{ listen 443; ssl_preread on; proxy_pass $to; proxy_timeout 5s; }} }}"
    write(here, {"nginx.conf": f"events {{}}\n{edge}\nhttp {{ server {{ {http} location / {{ {APP} }} }} }}\n"})
    write(here, {"infralint.yaml": "streams: [{path: /api/chat, host: a.test, generation: 1m}]\n"})
    assert f"{severity}[short-idle-timeout] stream server on 443" in run("check").output


ROOMS = r"~^/ws/(?<room>\w+)$ backend_$room;"
SOCKET = f"location / {{ proxy_pass http://$up; proxy_read_timeout 10m; {UPGRADE} }}"


@pytest.mark.parametrize(
    ("lines", "files", "is_clean"),
    [
        (ROOMS, {}, True),
        ("include maps/rooms.map;", {"maps/rooms.map": ROOMS}, True),
        ("include maps/*.map; default other:1;", {"maps/rooms.map": ROOMS}, True),
        ("include maps/rooms.map;", {}, False),
        ("include maps/*.map;", {}, False),
    ],
)
def test_what_a_map_includes_and_takes_by_name_leads_on(
    lines: str, files: dict[str, str], is_clean: bool, here: Path
) -> None:
    """https://nginx.org/en/docs/http/ngx_http_map_module.html#map; measured on nginx 1.22 and 1.31"""
    write(here, {"infralint.yaml": "streams:\n- {path: /ws/a, kind: websocket}\n", **files})
    maps = f"upstream backend_a {{ server app:3000; }} map $uri $up {{ {lines} }}"
    trace(here, SOCKET, maps)
    shown = " ".join(run("trace", "/ws/a").output.split())
    report = json.loads(run("check", "--format", "json").output)
    assert (report["findings"], report["unknown"] == []) == ([], is_clean)
    assert ("what `map $uri $up` holds is not known" in shown) is not is_clean


@pytest.mark.parametrize(
    ("query", "told"), [("$arg_q", ["where `rewrite ^ /new/$arg_q` leads is not known"]), ("x", [])]
)
def test_a_stream_of_which_track_is_lost_may_not_come_through(query: str, told: list[str], here: Path) -> None:
    server = f"location ^~ / {{ rewrite ^ /new/{query}; if ($http_upgrade = '') {{ rewrite ^/new/(.*)$ /$1 break; }} {APP} }}"
    write(here, {"infralint.yaml": "streams: [{path: /api/chat}]\n"})
    trace(here, server)
    report = json.loads(run("check", "--format", "json").stdout)
    found = [entry["message"].rpartition("can't be told: ")[2] for entry in report["unknown"]]
    assert [text[: len(start)] for text, start in zip(found, told, strict=True)] == told
