"""Who is let in, by which method and with how much of a body: infralint and nginx agree, server by server."""

from __future__ import annotations

from pathlib import Path

import pytest

from .as_written import Case, accepts, flows, outcomes, outcomes_alone, say
from .harness import Binary, binaries
from .upstreams import Answer

APP = "proxy_pass http://app:8000; proxy_buffering off;"
UPGRADING = (
    "proxy_pass http://app:8000; proxy_http_version 1.1;"
    " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
)
ASKING = f"location / {{ auth_request /auth; {APP} }}"
BODILESS = 'proxy_pass_request_body off; proxy_set_header Content-Length "";'
NAMED = "proxy_pass http://$to; proxy_buffering off;"
REFERER = "if ($invalid_referer) { return 403; }"


def turned_away(rules: str, passing: str = APP) -> str:
    return f"location / {{ {rules} {passing} }}"


def asking(answering: str) -> str:
    return f"{ASKING} location = /auth {{ {answering} }}"


CASES = [
    Case("nothing is in the way", turned_away(""), "silent"),
    Case("deny of all IPv4, and none else comes", turned_away("deny 0.0.0.0/0;"), "unknown"),
    Case("deny of both halves of IPv4", turned_away("deny 0.0.0.0/1; deny 128.0.0.0/1;"), "unknown"),
    Case("an allow that comes too late", turned_away("deny 0.0.0.0/0; allow all;"), "unknown"),
    Case("an allow before the deny", turned_away("allow 127.0.0.0/8; deny 0.0.0.0/0;"), "silent"),
    Case("a part of what is denied allowed", turned_away("deny 10.0.0.0/8; allow 10.1.0.0/16; deny ::/0;"), "silent"),
    Case("deny of all IPv6", turned_away("deny ::/0;"), "silent"),
    Case("permission: a file that is not there", asking("try_files /none =403;"), "unknown"),
    Case("permission: one that would answer 204", asking("try_files /none =204;"), "silent"),
    Case("permission: from files", asking("root html;"), "unknown"),
    Case("permission: no location", f"location /chat {{ auth_request /auth; {APP} }}", "unknown"),
    Case("permission: never", asking("return 500;"), "unknown"),
    Case("permission: asked with a body's length", asking("internal; proxy_pass http://permits:1;"), "unknown"),
    Case(
        "permission: asked with a body's length, where there is none",
        asking("internal; proxy_pass http://permits:1;"),
        "silent",
        method="GET",
    ),
    Case(
        "permission: the body alone is kept back",
        asking("internal; proxy_pass http://permits:1; proxy_pass_request_body off;"),
        "unknown",
    ),
    Case(
        "permission: asked as the manual says", asking(f"internal; proxy_pass http://permits:1; {BODILESS}"), "silent"
    ),
    Case(
        "permission: for a WebSocket",
        f"location / {{ auth_request /auth; {UPGRADING} }} location = /auth {{ proxy_pass http://permits:1; }}",
        "silent",
        kind="websocket",
    ),
    Case("a name that nothing looks up", turned_away("set $to nowhere.test;", NAMED), "unknown"),
    Case("even this machine's", turned_away("set $to localhost;", NAMED), "unknown"),
    Case("a name behind which the path varies", turned_away("", "proxy_pass http://localhost$request_uri;"), "unknown"),
    Case("an upstream", turned_away("set $to up;", NAMED), "silent", "upstream up { server app:8000; }"),
    Case(
        "a name for some",
        turned_away("", NAMED),
        "unknown",
        "upstream some { server app:8000; } map $request_method $to { GET some; default nowhere.test; }",
    ),
    Case(
        "an error page for what is not looked up",
        f"location / {{ error_page 502 = @app; set $to localhost; {NAMED} }} location @app {{ {APP} }}",
        "silent",
    ),
    Case("the prompt is kept back", turned_away("proxy_pass_request_body off;"), "unknown"),
    Case(
        "the prompt is kept back, and there is none",
        turned_away("proxy_pass_request_body off;"),
        "silent",
        method="GET",
    ),
    Case("no room for headers", turned_away("proxy_buffer_size 64;"), "unknown"),
    Case("headers alone", turned_away("proxy_method HEAD;"), "unknown"),
    Case("headers alone, in any case", turned_away("proxy_method head;"), "unknown"),
    Case("another method", turned_away("proxy_method GET;"), "silent"),
    Case("a prompt of a byte", f"client_max_body_size 1; location / {{ {APP} }}", "unknown"),
    Case("a prompt of a byte, and none", f"client_max_body_size 1; location / {{ {APP} }}", "silent", method="GET"),
    Case("a prompt of any length", turned_away("client_max_body_size 0;"), "silent", method="POST"),
    Case("a prompt of a megabyte", turned_away("client_max_body_size 1m;"), "silent", method="POST"),
    Case(
        "pages that may ask, and a handshake that names none",
        f"location / {{ valid_referers blocked server_names; {REFERER} {UPGRADING} }}",
        "unknown",
        kind="websocket",
    ),
    Case(
        "pages that may ask, or none",
        f"location / {{ valid_referers none server_names; {REFERER} {UPGRADING} }}",
        "silent",
        kind="websocket",
    ),
    Case(
        "an error page by path asks by GET",
        f"location / {{ error_page 418 = /x; return 418; }} location /x {{ limit_except POST {{ deny all; }} {APP} }}",
        "unknown",
        method="POST",
    ),
    Case(
        "an error page by name keeps the method",
        f"location / {{ error_page 418 = @x; return 418; }} location @x {{ limit_except POST {{ deny all; }} {APP} }}",
        "silent",
        method="POST",
    ),
    Case("an index that is a path", f"location / {{ index /x/; }} location /x/ {{ {APP} }}", "silent", path="/"),
    Case("an index behind one that is none", f"location / {{ index a /x/; }} location /x/ {{ {APP} }}", path="/"),
    Case("the same on two lines", f"location / {{ index a; index /x/; }} location /x/ {{ {APP} }}", path="/"),
    Case("an index for what is no folder", f"location / {{ index /x/; }} location /x/ {{ {APP} }}", "unknown"),
    Case(
        "a page for a folder that may not be listed, and none for one that is not there",
        f"location / {{ error_page 403 = @app; }} location @app {{ {APP} }}",
        "unknown",
        path="/chat/",
    ),
    Case("a length of the body that is none", turned_away("proxy_set_header Content-Length 5;"), "unknown"),
    Case("no length of the body", turned_away("proxy_set_header Content-Length 0;"), "silent"),
    Case("whoever else is asked is off", turned_away("satisfy any; deny all; auth_basic off;"), "unknown"),
    Case("whoever else is asked is off, and some may pass", turned_away("satisfy any; allow all; auth_basic off;")),
    Case(
        "a page that asks is wanted of a handshake",
        f"location / {{ if ($http_referer !~ ^https://s) {{ return 403; }} {UPGRADING} }}",
        "unknown",
        kind="websocket",
    ),
    Case(
        "a page that asks is not wanted of a handshake",
        f"location / {{ if ($http_referer) {{ return 403; }} {UPGRADING} }}",
        "silent",
        kind="websocket",
    ),
    Case(
        "another key than the browser's",
        f"location / {{ {UPGRADING} proxy_set_header Sec-WebSocket-Key x; }}",
        kind="websocket",
    ),
    Case(
        "the browser's own key",
        f"location / {{ {UPGRADING} proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key; }}",
        "silent",
        kind="websocket",
    ),
    Case(
        "few bytes a second of a handshake", f"limit_rate 5; location / {{ {UPGRADING} }}", "unknown", kind="websocket"
    ),
    Case("few bytes a second", turned_away("limit_rate 10;", "proxy_http_version 1.1; proxy_pass http://app:8000;")),
    Case("few bytes a second of what is buffered", turned_away("limit_rate 10;"), "silent"),
]
ELSEWHERE = Answer(headers=(("X-Accel-Redirect", "/inside/x"),))
INSIDE = "internal; proxy_ignore_headers X-Accel-Redirect; proxy_pass http://other:1;"


def instead(*inside: str, name: str = "/inside/") -> str:
    """A location whose backend names a path of nginx's own, and the location of that path."""
    return f"{turned_away('')} location {name} {{ {' '.join(inside)} }}"


CASES += [
    Case("a path instead, passed on", instead(INSIDE, "proxy_buffering off;"), "silent", answer=ELSEWHERE),
    Case("a path instead, held", instead(INSIDE, "proxy_http_version 1.0;"), "unknown", answer=ELSEWHERE),
    Case("a path instead, cut", instead(INSIDE, "proxy_read_timeout 1ms; proxy_buffering off;"), answer=ELSEWHERE),
    Case("a path instead, to the same backend", instead(f"internal; {APP}"), "unknown", answer=ELSEWHERE),
    Case("a path instead, of a file", instead("internal; root html;"), "unknown", answer=ELSEWHERE),
    Case("a path instead, not heeded", turned_away("proxy_ignore_headers X-Accel-Redirect;"), answer=ELSEWHERE),
    Case(
        "a name instead, held",
        instead(INSIDE.removeprefix("internal;"), "proxy_http_version 1.0;", name="@inside"),
        "unknown",
        answer=Answer(headers=(("X-Accel-Redirect", "@inside"),)),
    ),
]
SUBSTITUTING = "sub_filter_types text/event-stream; sub_filter_once off;"
SUBSTITUTED = [
    Case("a text inside an event", turned_away(f"sub_filter 'data:' 'data:'; {SUBSTITUTING}"), "silent"),
    Case("a text across two events", turned_away(f"sub_filter '\\n\\ndata' 'data'; {SUBSTITUTING}"), "unknown"),
    Case("a text that begins at the end of one", turned_away(f"sub_filter '\\nx' 'y'; {SUBSTITUTING}"), "unknown"),
    Case("the end of an event, by itself", turned_away(f"sub_filter '\\n\\n' '\\n\\n'; {SUBSTITUTING}"), "silent"),
    Case("no end is left", turned_away(f"sub_filter '\\n\\n' 'x'; {SUBSTITUTING}"), "unknown"),
    Case("another type", turned_away("sub_filter '\\nx' 'y';"), "silent"),
]
WRONG_CLIENTS = "localhost 10.0.0.0/33 [::1] 127.1 10.0.0.1:80 ALL 10.0.0.* 10.0.0.0/ 300.1.1.1 ::/129".split()
RIGHT_CLIENTS = "all 10.0.0.1 10.0.0.1/8 010.0.0.1 0.0.0.0/0 ::1 2001:db8::/32 unix:".split()
REFUSED = [
    Case("no weight", turned_away("", NAMED.replace("$to", "up")), http="upstream up { server app:8000 weight=0; }"),
    Case("no number", turned_away("", NAMED.replace("$to", "up")), http="upstream up { server app:8000 max_fails=x; }"),
    Case("lines of requests without room", f"large_client_header_buffers 4 256; {turned_away('')}"),
    Case("lines of requests, none", f"large_client_header_buffers 0 8k; {turned_away('')}"),
    Case("connections with more memory than that", f"connection_pool_size 16k; {turned_away('')}"),
    Case("connections without memory", f"connection_pool_size 64; {turned_away('')}"),
    Case("requests with memory of an odd size", f"request_pool_size 1000; {turned_away('')}"),
    Case("a rewriting of redirects before what is passed on", turned_away("proxy_redirect default;")),
    Case("a rewriting of redirects of nothing", f"proxy_redirect default; {turned_away('')}"),
    Case("a setting of streams", turned_away("proxy_timeout 1m;")),
    *(Case(f"clients: {text}", turned_away(f"allow {text};")) for text in WRONG_CLIENTS),
    Case("no browser", turned_away("modern_browser chrome 10.0;")),
    Case("no page is named", f"location / {{ valid_referers none blocked; {REFERER} {APP} }}"),
    Case("an expression is no name", rf"location / {{ valid_referers none ~\.test/; {APP} }}"),
]
TAKEN = [
    Case(
        "weights and numbers",
        turned_away("", NAMED.replace("$to", "up")),
        http="upstream up { server app:8000 weight=2 max_fails=0; }",
    ),
    Case("a name on another line", f"location / {{ valid_referers none; valid_referers *.test; {REFERER} {APP} }}"),
    *(Case(f"clients: {text}", turned_away(f"allow {text};")) for text in RIGHT_CLIENTS),
    Case("a rewriting of redirects", turned_away(APP, "proxy_redirect default;")),
    Case("lines of requests with room", f"large_client_header_buffers 2 512; {turned_away('')}"),
    Case(
        "little room, and less memory",
        f"connection_pool_size 128; large_client_header_buffers 4 128; {turned_away('')}",
    ),
    Case("memory in kilobytes", f"connection_pool_size 1k; request_pool_size 8k; {turned_away('')}"),
    Case("an expression alone", rf"location / {{ valid_referers ~\.test/; {APP} }}"),
]


def behind(stream: str, listen: str = "listen 8080;", outer: str = "80", above: str = "") -> str:
    """A server of `stream {}`, with what stands above it, and one of `http {}` behind it."""
    server = f"server {{ {listen} location / {{ {APP} }} }}"
    return f"events {{}} stream {{ {above} server {{ listen {outer}; {stream} }} }} http {{ {server} }}"


DOWN = "upstream u { server 127.0.0.1:8080 down; }"
NOBODY = "map $protocol $to { UDP 127.0.0.1:8080; default ''; }"
SOME = "map $remote_addr $to { 10.0.0.1 127.0.0.1:8080; }"
ALL = "map $remote_addr $to { default 127.0.0.1:8080; }"


def facing(listen: str, passing: str = APP, inner: str = "") -> str:
    """A server that clients come to, and one behind it."""
    behind_it = inner.replace("%s", f"location / {{ {APP} }}")
    return f"events {{}} http {{ server {{ {listen} location / {{ {passing} }} }} {behind_it} }}"


INNER = "proxy_pass 127.0.0.1:8080;"
NAMED_BY = "proxy_pass $to;"
BY_NAME = "map $ssl_preread_server_name $to { s0.test 127.0.0.1:8080; default 127.0.0.1:9; }"
BY_ANY_NAME = "map $ssl_preread_server_name $to { default 127.0.0.1:8080; }"
ALONE = [
    Case("a stream passes", "", "silent", whole=behind(INNER)),
    Case("a stream denies everybody", "", "unknown", whole=behind(f"deny all; {INNER}")),
    Case("a stream allows some", "", "silent", whole=behind(f"allow 127.0.0.1; deny all; {INNER}")),
    Case("the PROXY protocol, unexpected", "", "unknown", whole=behind(f"proxy_protocol on; {INNER}")),
    Case("the PROXY protocol, missing", "", "unknown", whole=behind(INNER, "listen 8080 proxy_protocol;")),
    Case(
        "the PROXY protocol, expected",
        "",
        "silent",
        whole=behind(f"proxy_protocol on; {INNER}", "listen 8080 proxy_protocol;"),
    ),
    Case("TLS, unexpected", "", "unknown", whole=behind(f"proxy_ssl on; {INNER}")),
    Case(
        "TLS that a name was read from, unexpected",
        "",
        "unknown",
        whole=behind(f"ssl_preread on; {NAMED_BY}", above=BY_NAME),
    ),
    Case("TLS that may be none", "", "silent", whole=behind(f"ssl_preread on; {NAMED_BY}", above=BY_ANY_NAME)),
    Case("a stream answers by itself", "", "unknown", whole=behind("return hello;")),
    Case("a stream answers by itself in the end", "", "unknown", whole=behind(f"{INNER} return hello;")),
    Case("a stream passes in the end", "", "silent", whole=behind(f"return hello; {INNER}")),
    Case("a stream sets an address", "", "silent", whole=behind("set $to 127.0.0.1:8080; proxy_pass $to;")),
    Case("a stream sets a name", "", "unknown", whole=behind("set $to localhost:8080; proxy_pass $to;")),
    Case("a stream's servers are all down", "", "unknown", whole=behind("proxy_pass u;", above=DOWN)),
    Case("a stream's server is named for nobody", "", "unknown", whole=behind("proxy_pass $to;", above=NOBODY)),
    Case("a stream's server is named for some", "", "unknown", whole=behind("proxy_pass $to;", above=SOME)),
    Case("a stream's server is named for all", "", "silent", whole=behind("proxy_pass $to;", above=ALL)),
    Case(
        "a port that it dials itself is not where clients come",
        "",
        "unknown",
        whole=facing(
            "listen 80;",
            "proxy_pass http://127.0.0.1:8080/x/; proxy_buffering off;",
            "server { listen 8080; location /chat { proxy_pass http://app:8000; proxy_buffering off; } }",
        ),
    ),
    Case(
        "and what it sends there arrives",
        "",
        "silent",
        whole=facing(
            "listen 80;", "proxy_pass http://127.0.0.1:8080; proxy_buffering off;", "server { listen 8080; %s }"
        ),
    ),
    Case("few bytes down a second", "", "unknown", whole=behind(f"proxy_download_rate 100; {INNER}")),
    Case("few bytes up a second", "", "unknown", whole=behind(f"proxy_upload_rate 1; {INNER}")),
    Case("many bytes a second", "", "silent", whole=behind(f"proxy_upload_rate 1m; proxy_download_rate 1m; {INNER}")),
    Case("a port of the PROXY protocol comes first", "", "unknown", whole=facing("listen 80 proxy_protocol;")),
    Case("a port of the PROXY protocol beside another one", "", whole=facing("listen 80; listen 8080 proxy_protocol;")),
    Case("a stream of the PROXY protocol comes first", "", "unknown", whole=behind(INNER, outer="80 proxy_protocol")),
    Case(
        "what does not speak the PROXY protocol",
        "",
        "unknown",
        whole=facing(
            "listen 80;",
            "proxy_pass http://127.0.0.1:8080; proxy_buffering off;",
            "server { listen 8080 proxy_protocol; %s }",
        ),
    ),
    Case(
        "HTTP/2 without TLS",
        "",
        whole=f"events {{}} http {{ server {{ listen 80 http2; location / {{ {APP} }} }} }}",
    ),
]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
def test_who_is_spoken_to_as_expected(case: Case, binary: Binary, tmp_path: Path) -> None:
    accepted = accepts(case, binary)
    if 'unknown directive "stream"' in accepted.message:
        pytest.skip("this nginx has no `stream {}`")
    assert accepted.ok, accepted.message
    said, texts = say(case, binary, tmp_path)
    found = outcomes_alone(case, binary)
    flowing = all(flows(case, outcome) for outcome in found)
    assert (said == "silent") is flowing, f"{said}, nginx {found}\n{texts}"
    assert case.said in (None, said), texts


def test_who_is_let_in(binary: Binary, tmp_path: Path) -> None:
    for number, (case, found) in enumerate(zip(CASES, outcomes(CASES, binary), strict=True)):
        said, texts = say(case, binary, tmp_path / str(number))
        flowing = [flows(case, outcome) for outcome in found]
        seen = f"{case.name}: {said}, nginx {[(outcome.verdict, outcome.status) for outcome in found]}\n{texts}"
        assert (said == "silent") <= all(flowing), seen
        assert not (said == "error" and all(flowing)), seen
        assert case.said in (None, said), seen


@pytest.fixture(scope="module")
def substituting() -> Binary:
    """An nginx that is built with `sub_filter`: Debian's is."""
    found = (
        nginx for nginx in binaries() if 'unknown directive "sub_filter"' not in accepts(SUBSTITUTED[0], nginx).message
    )
    return next(found, None) or pytest.skip("no nginx here has `sub_filter`")


@pytest.mark.parametrize("case", SUBSTITUTED, ids=lambda case: case.name)
def test_what_a_substitution_does_to_events(case: Case, substituting: Binary, tmp_path: Path) -> None:
    said, texts = say(case, substituting, tmp_path)
    [found] = outcomes([case], substituting)
    assert (said == "silent") is all(flows(case, outcome) for outcome in found), f"{said}, nginx {found}\n{texts}"
    assert said == case.said, texts


@pytest.mark.parametrize("case", [*REFUSED, *TAKEN], ids=lambda case: case.name)
def test_what_nginx_does_not_start_with(case: Case, binary: Binary, tmp_path: Path) -> None:
    is_taken = case in TAKEN
    assert accepts(case, binary).ok is is_taken
    assert (say(case, binary, tmp_path)[0] != "error") is is_taken
