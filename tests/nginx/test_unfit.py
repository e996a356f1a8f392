"""Settings that keep streams from a location that would pass them on, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

APP = "proxy_pass http://app:3000; proxy_buffering off;"
DECLARED = "generation: 1s\nstreams:\n- path: /chat\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(here: Path, text: str, settings: str = DECLARED) -> str:
    write(here, {"nginx.conf": f"events {{}}\n{text}\n", "infralint.yaml": settings})
    return " ".join(run("check").output.split())


def serving(lines: str, listen: str = "80") -> str:
    return f"http {{ server {{ listen {listen}; {lines} }} }}"


def test_who_sends_the_proxy_protocol_may_not_be_here_and_can_be_vouched_for(here: Path) -> None:
    text = serving(f"location / {{ {APP} }}", "80 proxy_protocol")
    shown = check(here, text)
    assert "`listen 80 proxy_protocol` takes only connections that begin with the PROXY protocol" in shown
    assert "clean" in check(here, text, f"{DECLARED}  hops: [location /]\n")
    assert "clean" in check(here, serving(f"listen 8080 proxy_protocol; location / {{ {APP} }}"))


def test_what_answers_in_the_stead_of_a_declared_stream_is_said_with_its_line(here: Path) -> None:
    shown = check(here, serving("location / { set $to nowhere.test; proxy_pass http://$to; }"))
    assert "answers 502: `proxy_pass http://$to` names nowhere.test" in shown
    assert "answers 403: `return 403`" in check(here, serving("location / { return 403; }"))


@pytest.mark.parametrize(
    ("lines", "because"),
    [
        ("sub_filter_types *; sub_filter '\\ndata' 'x';", "holds the end of an event until the next one comes"),
        ("sub_filter_types *; sub_filter 'x\\n\\n' 'x';", "takes the ends of events away"),
        ("sub_filter_types *; sub_filter 'http:' 'https:';", ""),
        ("sub_filter_types text/css; sub_filter '\\ndata' 'x';", ""),
        ("limit_rate 10;", ""),
        ("add_header Transfer-Encoding chunked;", "sends the header twice"),
        ("add_header Content-Encoding gzip;", "says that the answer is compressed"),
        ("add_header Content-Encoding identity;", ""),
    ],
)
def test_what_a_location_does_to_events(lines: str, because: str, here: Path) -> None:
    shown = check(here, serving(f"location / {{ {lines} {APP} }}"))
    assert because in shown
    assert ("clean" in shown) is (not because)


def test_a_rate_of_few_bytes_is_said(here: Path) -> None:
    shown = check(here, serving("location / { limit_rate 100; proxy_http_version 1.1; proxy_pass http://app:3000; }"))
    assert "`limit_rate 100` lets no more than 100 bytes through a second" in shown


def test_a_stream_server_that_answers_by_itself_is_where_clients_end(here: Path) -> None:
    inner = serving(f"location / {{ {APP} }}", "8080")
    assert "`return hello` answers every connection by itself" in check(
        here, f"stream {{ server {{ listen 80; return hello; }} }} {inner}"
    )
    passing = f"stream {{ server {{ listen 80; proxy_pass 127.0.0.1:8080; }} }} {inner}"
    assert "clean" in check(here, passing)


def test_either_spelling_of_upgrade_opens_a_websocket(here: Path) -> None:
    upgrading = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $some;"
    splitting = "split_clients $remote_addr $some { 50% upgrade; * Upgrade; }"
    text = f"http {{ {splitting} server {{ listen 80; location / {{ {APP} {upgrading} }} }} }}"
    declared = "generation: 1s\nstreams:\n- path: /chat\n  kind: websocket\n"
    assert "clean" in check(here, text, declared)
    assert "clean" not in check(here, text.replace("* Upgrade", "* close"), declared)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("limit_conn perip 1;", "may answer 503: `limit_conn perip 1` lets one request at a time through"),
        ("limit_conn perip 1; limit_conn_status 429;", "may answer 429: `limit_conn perip 1`"),
        ("limit_conn perip 1; limit_conn_dry_run on;", ""),
        ("limit_conn perip 10;", ""),
    ],
)
def test_a_stream_takes_the_only_place_for_as_long_as_it_lasts(lines: str, told: str, here: Path) -> None:
    """Measured on nginx 1.22 and 1.31: the second of two streams is answered 503."""
    zone = "limit_conn_zone $binary_remote_addr zone=perip:1m;"
    shown = check(here, f"http {{ {zone} server {{ listen 80; location / {{ {lines} {APP} }} }} }}")
    assert told in shown
    assert ("clean" in shown) is (not told)


UNREAD = "runs code that is not read"


@pytest.mark.parametrize(
    ("lines", "because"),
    [
        (
            "body_filter_by_lua_block { ngx.arg[1] = nil }",
            f"`body_filter_by_lua_block` {UNREAD}, and it may hold the answer",
        ),
        ("js_body_filter main.change;", f"`js_body_filter main.change` {UNREAD}, and it may hold the answer back"),
        ("rewrite_by_lua_file way.lua;", f"`rewrite_by_lua_file way.lua` {UNREAD}, and it may send requests elsewhere"),
        ("access_by_lua_file keys.lua;", ""),
        ("header_filter_by_lua_block { ngx.header.X = 1 }", ""),
        ("log_by_lua_file log.lua;", ""),
    ],
)
def test_code_that_is_not_read_is_said_where_it_may_change_the_stream(lines: str, because: str, here: Path) -> None:
    shown = check(here, serving(f"location / {{ {lines} {APP} }}"))
    assert because in shown
    assert ("clean" in shown) is (not because)


@pytest.mark.parametrize("lines", ["content_by_lua_file talk.lua;", "js_content main.talk;", "nchan_subscriber;"])
def test_what_answers_by_code_is_not_said_to_answer_404(lines: str, here: Path) -> None:
    shown = check(here, serving(f"location / {{ {lines} }}"))
    assert f"what `{lines.rstrip(';')}` answers is not read" in shown
    assert "404" not in shown


TO_NAME = "proxy_pass http://$to; proxy_buffering off;"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("set $to ''; set_by_lua_block $to { return 'app:3000' }", ""),
        ("set $to ''; access_by_lua_block { ngx.var.to = 'app:3000' }", ""),
        ("set $to ''; access_by_lua_file to.lua;", ""),
        ("set $to ''; access_by_lua_block { if ngx.var.to == 'x' then return end }", "names no host"),
        ("set $to '';", "names no host"),
    ],
)
def test_a_variable_that_code_sets_may_be_anything(lines: str, told: str, here: Path) -> None:
    shown = check(here, serving(f"location / {{ {lines} {TO_NAME} }}"))
    assert told in shown
    assert ("clean" in shown) is (not told)


@pytest.mark.parametrize("block", ["geo $to { default $other; }", "split_clients $remote_addr $to { * $other; }"])
def test_a_dollar_is_a_text_in_what_names_no_variables(block: str, here: Path) -> None:
    """Measured on nginx 1.22 and 1.31: the name that is dialled is `$other`."""
    server = f"server {{ listen 80; location / {{ set $other app:3000; resolver 10.0.0.1; {TO_NAME} }} }}"
    check(here, f"events {{}}\nhttp {{ {block} {server} }}")
    shown = run("trace", "/chat").output
    assert "$other:80" in shown
    assert "app:3000" not in shown


def test_a_byte_order_mark_is_refused(here: Path) -> None:
    """Measured on nginx 1.22 and 1.31: unknown directive "\\ufeffevents"."""
    text = f"events {{}}\n{serving(f'location / {{ {APP} }}')}\n"
    (here / "nginx.conf").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert "it begins with a byte order mark" in run("check").output
    (here / "nginx.conf").rename(here / "nginx.conf.j2")
    assert "byte order mark" not in run("check").output


def test_code_ends_where_its_brace_does_be_it_one_of_several_on_a_line(here: Path) -> None:
    code = "access_by_lua_block { print([[Hey \"!]]) } log_by_lua_block { local a = '}' -- {\n } # x_by_lua_block { '\n"
    assert "clean" in check(here, serving(f"location / {{ {code} {APP} }}"))


def test_servers_of_other_modules_are_servers(here: Path) -> None:
    upstream = "upstream events { nchan_redis_server redis:6379; }"
    assert "clean" in check(here, f"http {{ {upstream} server {{ listen 80; location / {{ {APP} }} }} }}")
