"""Where a request ends in an nginx, and what leaves it: the cases of processing.md, and paths followed back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lint

from infralint.model import (
    NOWHERE,
    UNKNOWN_RESPONSE,
    Address,
    Clock,
    Forward,
    Known,
    Match,
    Request,
    Response,
    Unknown,
)
from infralint.project import Project
from infralint.project.config import NginxSettings, Settings
from infralint.sources import nginx
from infralint.sources.nginx.build import Nginx
from infralint.sources.nginx.hops import NginxLocation

PAGE = Path(__file__).with_name("processing.md")
LINE = re.compile(r"\* (?P<kind>sse|websocket) (?P<host>[^/\s]*)(?P<path>/\S*)(?: to (?P<to>\S+))?: (?P<end>.+)")


def read(text: str, folder: Path, version: str | None = "1.31") -> Nginx:
    """The one nginx of a configuration."""
    (folder / "nginx.conf").write_text(text)
    reading = nginx.read(Project(folder, Settings(nginx=NginxSettings(version=version)), folder))
    assert not reading.unreadable
    [node] = reading.nodes
    assert isinstance(node, Nginx)
    return node


def cases() -> Iterator[object]:
    for title, text, lines in re.findall(
        r"## (.+?)\n\n```nginx\n(.*?)```\n\n((?:\* [^\n]+\n)+)", PAGE.read_text(), re.DOTALL
    ):
        yield pytest.param(text, lines.splitlines(), id=title)


def request_of(line: str) -> tuple[Request, str]:
    found = LINE.fullmatch(line)
    assert found is not None, line
    host, _, port = (found["to"] or "").rpartition(":")
    to = Address(host, int(port)) if found["to"] else None
    return Request(found["kind"], found["path"], found["host"] or None, to), found["end"]  # type: ignore[arg-type]


def described(match: Match, request: Request) -> list[str]:
    """What a line of the page says of where a request ends."""
    if match.hop is None:
        return [f"answers {match.answer.value}" if match.answer else "nobody knows"]
    return [f"{match.hop.name} -> {_sent(forward)}" for forward in match.hop.request_out(request)]


def _sent(forward: Forward) -> str:
    host = f"Host {forward.request.host}" if forward.request.host else "any Host"
    return f"{' '.join(map(str, forward.pool.targets)) or 'nobody'}, {host}, {forward.request.path}"


@pytest.mark.parametrize(("text", "lines"), list(cases()))
def test_a_request_ends_where_nginx_sends_it(text: str, lines: list[str], tmp_path: Path) -> None:
    node = read(text, tmp_path)
    expected: dict[Request, list[str]] = {}
    for line in lines:
        request, end = request_of(line)
        expected.setdefault(request, []).append(end)
    for request, ends in expected.items():
        found = []
        for match in node.route(request):
            assert match.certain or match.reasons
            found += [("" if match.certain else "perhaps ") + end for end in described(match, request)]
        assert found == ends


BACK = """
server {
    listen 80;
    location /rt/ { proxy_pass http://node:3000/; }
    location /api/ { rewrite ^/api/(.*)$ /$1 break; proxy_pass http://api; }
    location /v2 { rewrite ^/v2(/.*)$ /inner$1 break; proxy_pass http://inner; }
    location ~ ^/t/(\\w+)/ { proxy_pass http://t/$1; }
    location ~ ^/rest/(?<rest>.+)$ { proxy_pass http://rest:1/v1/$rest; }
    location /outer/ { rewrite ^/outer/(?<tail>.*)$ /made/v3/$tail last; }
    location /made/ { internal; proxy_pass http://made:1/; }
    location /same { proxy_pass http://same; }
    location / { set $to other; proxy_pass http://$to; }
}
"""


@pytest.mark.parametrize(
    ("name", "path", "asked"),
    [
        ("location /rt/", "/socket.io/", "/rt/socket.io/"),
        ("location /api/", "/chat", "/api/chat"),
        ("location /v2", "/inner/chat", "/v2/chat"),
        ("location /v2", "/chat", None),
        ("location /same", "/same/chat", "/same/chat"),
        ("location ~ ^/rest/(?<rest>.+)$", "/v1/chat/x", "/rest/chat/x"),
        ("location ~ ^/rest/(?<rest>.+)$", "/v2/chat", None),
        ("location /made/", "/v3/chat", "/outer/chat"),
        ("location /", "/chat", "/chat"),
    ],
)
def test_a_route_behind_is_followed_back_to_the_path_that_clients_ask_for(
    name: str, path: str, asked: str | None, tmp_path: Path
) -> None:
    node = read(BACK, tmp_path)
    [hop] = [hop for hop in node.hops if hop.name == name]
    [forward] = hop.request_out(Request("sse", path))
    found = forward.paths.inverse(path)
    assert found == asked
    if asked is not None:
        assert forward.paths.forward(asked) == path
        assert [match.hop for match in node.route(Request("sse", asked))] == [hop]


def location(text: str, folder: Path, version: str | None = "1.31") -> NginxLocation:
    """The one location of a server that proxies."""
    [hop] = read(f"server {{ listen 80; {text} }}", folder, version).hops
    assert isinstance(hop, NginxLocation)
    return hop


def arriving(framing: str = "chunked", content_type: str | None = None, **headers: str) -> Response:
    """A response of which everything is known."""
    given = {name.replace("_", "-"): Known(value, NOWHERE, name) for name, value in headers.items()}
    return Response(Known(framing, NOWHERE, "framing"), content_type, given, complete=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "response", "held"),
    [
        ("", UNKNOWN_RESPONSE, "unless-chunked"),
        ("", arriving(), "unless-chunked"),
        ("", arriving("close"), "always"),
        ("", arriving("length"), "always"),
        ("", arriving(x_accel_buffering="no"), "never"),
        ("", arriving(x_accel_buffering="No"), "never"),
        ("", arriving(x_accel_buffering="off"), "unless-chunked"),
        ("", arriving("close", x_accel_buffering="no"), "never"),
        ("proxy_buffering off;", arriving("close"), "never"),
        ("proxy_buffering off;", arriving("close", x_accel_buffering="yes"), "always"),
        ("proxy_buffering off; proxy_ignore_headers X-Accel-Buffering;", arriving(x_accel_buffering="yes"), "never"),
        ("proxy_ignore_headers X-Accel-Buffering;", arriving("close", x_accel_buffering="no"), "always"),
        ("proxy_http_version 1.0;", UNKNOWN_RESPONSE, "always"),
        ("proxy_http_version 1.0;", arriving(x_accel_buffering="no"), "never"),
        ("gzip on; gzip_types text/event-stream;", arriving(content_type="Text/Event-Stream; charset=utf-8"), "always"),
        ("gzip on; gzip_types text/event-stream;", arriving(content_type="application/json"), "unless-chunked"),
        ("gzip on;", arriving(content_type="text/html"), "always"),
        ("gzip on; gzip_types *;", arriving(x_accel_buffering="no"), "never"),
        ("gzip on; gzip_types *;", arriving(content_encoding="gzip"), "unless-chunked"),
        ("gzip on; gzip_types *; gzip_disable .;", arriving(), "unless-chunked"),
        ("gzip on; gzip_types *; gzip_disable msie6;", arriving(), "always"),
    ],
)
def test_whether_what_arrives_is_held(text: str, response: Response, held: str, tmp_path: Path) -> None:
    hop = location(f"location / {{ proxy_pass http://app; {text} }}", tmp_path)
    buffering = hop.buffering_of(response)
    assert isinstance(buffering, Known)
    assert buffering.value == held


@pytest.mark.parametrize(
    ("text", "response", "http", "framing", "header"),
    [
        ("", arriving(x_accel_buffering="no"), "1.1", "chunked", ""),
        ("proxy_pass_header X-Accel-Buffering;", arriving(x_accel_buffering="no"), "1.1", "chunked", "no"),
        ("add_header X-Accel-Buffering no always;", UNKNOWN_RESPONSE, "1.1", "chunked", "no"),
        ("proxy_hide_header X-Accel-Buffering;", arriving(x_accel_buffering="no"), "1.1", "chunked", ""),
        (
            "proxy_hide_header X-Accel-Buffering; proxy_pass_header X-Accel-Buffering;",
            arriving(x_accel_buffering="no"),
            "1.1",
            "chunked",
            "no",
        ),
        ("", arriving(), "1.0", "close", ""),
        ("chunked_transfer_encoding off;", arriving(), "1.1", "close", ""),
        ("", arriving("close"), "1.1", "chunked", ""),
        ("", arriving("length"), "1.1", "length", ""),
        ("gzip on; gzip_types *;", arriving("length"), "1.1", "chunked", ""),
        ("", arriving(), "2", "h2", ""),
    ],
)
def test_what_goes_on_towards_the_client(
    text: str, response: Response, http: str, framing: str, header: str, tmp_path: Path
) -> None:
    hop = location(f"location / {{ proxy_pass http://app; {text} }}", tmp_path)
    sent = hop.response_out(response, Request("sse", "/", http=Known(http, NOWHERE, "http")))
    assert isinstance(sent.framing, Known)
    assert sent.framing.value == framing
    found = sent.header("x-accel-buffering")
    assert isinstance(found, Known)
    assert found.value == header
    assert sent.content_type == response.content_type


def test_headers_of_an_outer_level_go_where_a_nearer_one_adds_its_own(tmp_path: Path) -> None:
    text = "add_header X-Accel-Buffering no; location / { proxy_pass http://app; add_header X-Other 1; %s }"
    hop = location(text % "", tmp_path)
    assert "x-accel-buffering" not in hop.response_out(arriving(), Request("sse", "/")).headers or not _value(hop)
    assert _value(location(text % "add_header_inherit merge;", tmp_path)) == "no"


def _value(hop: NginxLocation) -> str:
    found = hop.response_out(arriving(), Request("sse", "/")).header("x-accel-buffering")
    return found.value if isinstance(found, Known) else ""


@pytest.mark.parametrize(
    ("text", "http", "upgrade"),
    [
        ("proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;", "1.1", "forwarded"),
        ("", "1.1", "dropped"),
        ("proxy_http_version 1.0;", "1.0", "dropped"),
        ("proxy_set_header Upgrade $http_upgrade;", "1.1", "half"),
        ("proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection close;", "1.1", "half"),
        ("proxy_set_header Connection upgrade;", "1.1", "dropped"),
    ],
)
def test_what_becomes_of_a_handshake_on_its_way(text: str, http: str, upgrade: str, tmp_path: Path) -> None:
    hop = location(f"location / {{ proxy_pass http://app; {text} }}", tmp_path)
    [forward] = hop.request_out(Request("websocket", "/ws"))
    assert isinstance(forward.request.http, Known)
    assert forward.request.http.value == http
    assert isinstance(forward.request.upgrade, Known)
    assert forward.request.upgrade.value == upgrade


def test_a_handshake_that_came_in_without_its_headers_stays_without(tmp_path: Path) -> None:
    text = "location / { proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }"
    lost = Known("dropped", NOWHERE, "Upgrade")
    [forward] = location(text, tmp_path).request_out(Request("websocket", "/", upgrade=lost))  # type: ignore[arg-type]
    assert forward.request.upgrade == lost


@pytest.mark.parametrize(
    ("connection", "left"),
    [("upgrade", "forwarded"), ("$connection_upgrade", "forwarded"), ("$http_connection", "half"), ("close", "half")],
)
def test_half_a_handshake_is_completed_where_connection_is_written_anew(
    connection: str, left: str, tmp_path: Path
) -> None:
    lines = f"proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection {connection};"
    mapped = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
    [hop] = read(f"{mapped} server {{ location / {{ proxy_pass http://app; {lines} }} }}", tmp_path).hops
    half = Known("half", NOWHERE, "Upgrade")
    [forward] = hop.request_out(Request("websocket", "/", upgrade=half))  # type: ignore[arg-type]
    assert isinstance(forward.request.upgrade, Known)
    assert forward.request.upgrade.value == left


@pytest.mark.parametrize(
    ("added", "word"),
    [("off", "no"), ("yes", "yes"), ("no", "no")],
)
def test_of_two_words_on_buffering_the_last_one_that_means_something_counts(
    added: str, word: str, tmp_path: Path
) -> None:
    text = "location / { proxy_pass http://app; proxy_pass_header X-Accel-Buffering; add_header X-Accel-Buffering %s; }"
    hop = location(text % added, tmp_path)
    sent = hop.response_out(arriving(x_accel_buffering="no"), Request("sse", "/"))
    found = sent.header("x-accel-buffering")
    assert isinstance(found, Known)
    assert found.value == word


def test_whom_a_location_may_dial_does_not_depend_on_the_path(tmp_path: Path) -> None:
    for target in (
        "http://app:3000$request_uri",
        "http://app:3000/v1$uri",
        "http://app:3000/$1",
        "http://app:3000$is_args$args",
    ):
        hop = location(f"location ~ ^/api/(.*)$ {{ proxy_pass {target}; }}", tmp_path)
        assert hop.pool.targets == (Address("app", 3000),), target


def test_clocks_of_a_location_and_of_a_stream_server(tmp_path: Path) -> None:
    hop = location("location / { proxy_pass http://app; proxy_read_timeout 5m; proxy_connect_timeout 3s; }", tmp_path)
    assert [(clock.phase, _seconds(clock), clock.expiry) for clock in hop.clocks] == [
        ("first-byte", 300, "504"),
        ("between-bytes", 300, "truncated"),
        ("connect", 3, "504"),
    ]
    [hop] = read("events {} stream { server { listen 443; proxy_pass app:1; proxy_timeout 1h; } }", tmp_path).hops  # type: ignore[assignment]
    assert {(clock.expiry, _seconds(clock)) for clock in hop.clocks} == {("reset", 3600)}


def _seconds(clock: Clock) -> float:
    assert not isinstance(clock.limit, Unknown)
    return clock.limit.value


def test_what_a_node_is_called_and_where_it_listens(tmp_path: Path) -> None:
    node = read(
        "server { listen 80; listen [::]:80; server_name a.test *.b.test ~^c _; }\n"
        "server { listen 127.0.0.1:8081; listen unix:/run/x.sock; server_name d.test .e.test; }",
        tmp_path,
    )
    assert node.listens == (Address("*", 80), Address("127.0.0.1", 8081), Address("unix:/run/x.sock"))
    assert node.known_as == {"a.test", "d.test"}
    assert node.files == {"nginx.conf"}


def test_where_a_request_has_more_ways_than_are_followed_none_is_certain(lint: Lint) -> None:
    switches = "".join(f"if ($cookie_{number}) {{ set $a{number} 1; }}\n" for number in range(8))
    places = "location /api/chat { proxy_pass http://app; }\n"

    def severities(before: str) -> set[str]:
        files = {"nginx.conf": f"events {{}}\nhttp {{ server {{ server_name a; {before}{places} }} }}\n"}
        report = lint({**files, "infralint.yaml": "streams: [{path: /api/chat}]\n"})
        return {finding["severity"] for finding in report["findings"] if finding["check"] == "buffered-stream"}

    assert severities("") == {"error"}
    assert severities(switches) == {"warning"}
