"""What nginx really does to streams: the rows of the facts that infralint's verdicts rest on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest

from .client import Outcome, Probe, Verdict
from .harness import Binary, Lab, observe
from .repoint import repoint
from .upstreams import USUAL, Answer

OFF = "proxy_buffering off;"
HTTP10 = "proxy_http_version 1.0;"
HTTP11 = "proxy_http_version 1.1;"
PASS = "proxy_pass http://app:8000;"
UPGRADE = "proxy_set_header Upgrade $http_upgrade;"
WEBSOCKET = f"{UPGRADE} proxy_set_header Connection $connection_upgrade;"
NO_XAB = (("X-Accel-Buffering", "no"),)
GZIP = (("Accept-Encoding", "gzip"),)
BIG = Answer(event_size=20_000)


@dataclass(frozen=True)
class Row:
    """A location's directives, and what becomes of a stream through it.

    `old` is the verdict of an nginx that talks HTTP/1.0 to upstreams by default, where it differs.
    """

    name: str
    directives: str
    verdict: Verdict
    answer: Answer = USUAL
    old: Verdict | None = None
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"

    def expected(self, binary: Binary) -> Verdict:
        """The verdict on this nginx."""
        return self.verdict if binary.http11_by_default or self.old is None else self.old


def run(binary: Binary, rows: Iterable[Row]) -> dict[str, Outcome]:
    """What becomes of every row's stream, all of them in one nginx at once."""
    rows = list(rows)
    server = "\n".join(f"location /{number}/ {{ {row.directives} }}" for number, row in enumerate(rows))
    probes = [
        Probe(f"/{number}/", answer=row.answer, headers=row.headers, method=row.method)
        for number, row in enumerate(rows)
    ]
    with Lab(binary, server) as lab:
        outcomes = lab.observe(probes)
    return {row.name: outcome for row, outcome in zip(rows, outcomes, strict=True)}


def by_name(row: Row) -> str:
    """A test's name."""
    return row.name


DELIVERY = [
    Row("no directives", PASS, "delivered", old="held"),
    Row("no directives, POST", PASS, "delivered", old="held", method="POST"),
    Row("1.1", f"{PASS} {HTTP11}", "delivered"),
    Row("1.0", f"{PASS} {HTTP10}", "held"),
    Row("1.0, POST", f"{PASS} {HTTP10}", "held", method="POST"),
    Row("1.0, but the upstream answers chunked", f"{PASS} {HTTP10}", "delivered", Answer("chunked")),
    Row("1.1 and Connection empty", f'{PASS} {HTTP11} proxy_set_header Connection "";', "delivered"),
    Row("1.1, upstream closes to end", f"{PASS} {HTTP11}", "held", Answer("close")),
    Row("1.1, upstream answers HTTP/1.0", f"{PASS} {HTTP11}", "held", Answer("http/1.0")),
    Row("1.1, Content-Length", f"{PASS} {HTTP11}", "held", Answer("length")),
    Row("1.1, events of 3000 bytes", f"{PASS} {HTTP11}", "delivered", Answer(event_size=3000)),
    Row("1.1, events of 4096 bytes", f"{PASS} {HTTP11}", "late", Answer(event_size=4096)),
    Row("1.1, events of 20000 bytes", f"{PASS} {HTTP11}", "late", BIG),
    Row("1.0, events of 20000 bytes", f"{PASS} {HTTP10}", "late", BIG),
    Row(
        "1.1, events of 20000 bytes, buffers of 64k",
        f"{PASS} {HTTP11} proxy_buffer_size 64k; proxy_buffers 4 64k;",
        "delivered",
        BIG,
    ),
    Row(
        "1.0, small buffers",
        f"{PASS} {HTTP10} proxy_buffer_size 1k; proxy_buffers 2 1k; proxy_busy_buffers_size 1k;",
        "held",
    ),
    Row("1.0, no temp file", f"{PASS} {HTTP10} proxy_max_temp_file_size 0;", "held"),
    Row("1.0, no request buffering", f"{PASS} {HTTP10} proxy_request_buffering off;", "held"),
    Row("off", f"{PASS} {OFF}", "delivered"),
    Row("off, 1.0", f"{PASS} {OFF} {HTTP10}", "delivered"),
    Row("off, 1.1", f"{PASS} {OFF} {HTTP11}", "delivered"),
    Row("off, events of 20000 bytes", f"{PASS} {OFF}", "delivered", BIG),
    Row("off, upstream closes to end", f"{PASS} {OFF}", "delivered", Answer("close")),
    Row("off, Content-Length", f"{PASS} {OFF}", "delivered", Answer("length")),
    Row("off in capitals", f"{PASS} {HTTP10} proxy_buffering OFF;", "delivered"),
    Row("off in quotes", f'{PASS} {HTTP10} proxy_buffering "off";', "delivered"),
]

ACCEL = [
    Row("the application says no", f"{PASS} {HTTP10}", "delivered", Answer(headers=NO_XAB)),
    Row("the application says No", f"{PASS} {HTTP10}", "delivered", Answer(headers=(("x-accel-buffering", "No"),))),
    Row(
        "no, hidden from the client",
        f"{PASS} {HTTP10} proxy_hide_header X-Accel-Buffering;",
        "delivered",
        Answer(headers=NO_XAB),
    ),
    Row(
        "no, but ignored",
        f"{PASS} {HTTP10} proxy_ignore_headers X-Accel-Buffering;",
        "held",
        Answer(headers=NO_XAB),
    ),
    *(
        Row(f"{word} is no value", f"{PASS} {HTTP10}", "held", Answer(headers=(("X-Accel-Buffering", word),)))
        for word in ("off", "false", "0")
    ),
    Row("yes beats off", f"{PASS} {HTTP10} {OFF}", "held", Answer(headers=(("X-Accel-Buffering", "yes"),))),
    Row(
        "yes, but ignored",
        f"{PASS} {HTTP10} {OFF} proxy_ignore_headers X-Accel-Buffering;",
        "delivered",
        Answer(headers=(("X-Accel-Buffering", "yes"),)),
    ),
    Row("add_header does nothing", f"{PASS} {HTTP10} add_header X-Accel-Buffering no;", "held"),
    Row("proxy_set_header does nothing", f"{PASS} {HTTP10} proxy_set_header X-Accel-Buffering no;", "held"),
]

COMPRESSION = [
    Row("gzip on", f"{PASS} {HTTP11} gzip on;", "delivered", headers=GZIP),
    Row("gzip of the type", f"{PASS} {HTTP11} gzip on; gzip_types text/event-stream;", "held", headers=GZIP),
    Row("gzip of the type, 1.0", f"{PASS} {HTTP10} gzip on; gzip_types text/event-stream;", "held", headers=GZIP),
    Row("gzip of everything", f"{PASS} {HTTP11} gzip on; gzip_types *;", "held", headers=GZIP),
    Row(
        "gzip of the type with a charset",
        f"{PASS} {HTTP11} gzip on; gzip_types text/event-stream;",
        "held",
        Answer(content_type="text/event-stream; charset=utf-8"),
        headers=GZIP,
    ),
    Row(
        "gzip of the type, off",
        f"{PASS} {OFF} gzip on; gzip_types text/event-stream;",
        "delivered",
        headers=GZIP,
    ),
    Row(
        "gzip of the type, the application says no",
        f"{PASS} {HTTP11} gzip on; gzip_types text/event-stream;",
        "delivered",
        Answer(headers=NO_XAB),
        headers=GZIP,
    ),
    Row("gzip nobody asked for", f"{PASS} {HTTP11} gzip on; gzip_types *;", "delivered"),
    Row(
        "gzip behind a proxy",
        f"{PASS} {HTTP11} gzip on; gzip_types *;",
        "delivered",
        headers=(*GZIP, ("Via", "1.1 cdn")),
    ),
    Row(
        "a stream of text/html",
        f"{PASS} {HTTP11} gzip on;",
        "held",
        Answer(content_type="text/html"),
        headers=GZIP,
    ),
    Row(
        "a stream of text/html, off",
        f"{PASS} {OFF} gzip on;",
        "delivered",
        Answer(content_type="text/html"),
        headers=GZIP,
    ),
    Row(
        "a stream of JSON lines",
        f"{PASS} {HTTP11} gzip on; gzip_types application/x-ndjson;",
        "held",
        Answer(content_type="application/x-ndjson"),
        headers=GZIP,
    ),
]

HARMLESS = [
    Row(directive, f"{PASS} {HTTP11} {directive}", "delivered")
    for directive in (
        "chunked_transfer_encoding off;",
        "postpone_output 64000;",
        "postpone_output 0;",
        "tcp_nodelay off;",
        "tcp_nopush on;",
        "sendfile on;",
        "aio threads;",
        "ssi on; ssi_types *;",
        "charset utf-8; charset_types *;",
        f"{OFF} limit_rate 100;",
        "proxy_ignore_client_abort on;",
    )
]

FAMILIES = [
    row
    for family in ("fastcgi", "uwsgi", "scgi")
    for row in (
        Row(f"{family}, no directives", f"{family}_pass app:9000;", "held"),
        Row(f"{family}, its own buffering off", f"{family}_pass app:9000; {family}_buffering off;", "delivered"),
        Row(f"{family}, proxy_buffering off", f"{family}_pass app:9000; {OFF}", "held"),
        Row(f"{family}, the application says no", f"{family}_pass app:9000;", "delivered", Answer(headers=NO_XAB)),
        Row(
            f"{family}, its own read timeout",
            f"{family}_pass app:9000; {family}_buffering off; {family}_read_timeout 1s;",
            "cut",
            Answer(pause=10),
        ),
        Row(
            f"{family}, proxy_read_timeout",
            f"{family}_pass app:9000; {family}_buffering off; proxy_read_timeout 100ms;",
            "delivered",
            Answer(pause=0.5),
        ),
    )
] + [Row("fastcgi, connections kept", "fastcgi_pass app:9000; fastcgi_keep_conn on;", "delivered")]

TIMEOUTS = [
    Row("read timeout, silence", f"{PASS} {HTTP11} proxy_read_timeout 1s;", "cut", Answer(pause=10)),
    Row("read timeout, silence, off", f"{PASS} {OFF} proxy_read_timeout 1s;", "cut", Answer(pause=10)),
    Row("read timeout, no silence", f"{PASS} {HTTP11} proxy_read_timeout 1500ms;", "delivered"),
    Row(
        "read timeout, comments",
        f"{PASS} {HTTP11} proxy_read_timeout 1500ms;",
        "delivered",
        Answer(pause=2.5, heartbeat=0.2),
    ),
    Row("read timeout, thinking", f"{PASS} {HTTP11} proxy_read_timeout 1s;", "refused", Answer(thinking=10)),
    Row("read timeout 0", f"{PASS} {HTTP11} proxy_read_timeout 0;", "refused"),
    Row("read timeout 0, off", f"{PASS} {OFF} proxy_read_timeout 0;", "refused"),
    Row("read timeout while held", f"{PASS} {HTTP10} proxy_read_timeout 2s;", "cut", Answer(pause=10)),
] + [
    Row(directive, f"{PASS} {HTTP11} {directive} 100ms;", "delivered", Answer(pause=0.5))
    for directive in (
        "proxy_send_timeout",
        "proxy_connect_timeout",
        "proxy_next_upstream_timeout",
        "send_timeout",
        "keepalive_timeout",
        "client_body_timeout",
    )
]

ALL_ROWS = [*DELIVERY, *ACCEL, *COMPRESSION, *HARMLESS, *FAMILIES, *TIMEOUTS]


@pytest.fixture(scope="module")
def delivery(binary: Binary) -> dict[str, Outcome]:
    """What became of the stream in every row."""
    return run(binary, ALL_ROWS)


@pytest.mark.parametrize("row", ALL_ROWS, ids=by_name)
def test_delivery(row: Row, binary: Binary, delivery: dict[str, Outcome]) -> None:
    assert delivery[row.name].verdict == row.expected(binary)


def test_buffering_off_compresses_and_still_streams(delivery: dict[str, Outcome]) -> None:
    assert delivery["gzip of the type, off"].headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in delivery["gzip on"].headers


def test_the_default_version_decides_what_the_upstream_speaks(binary: Binary, delivery: dict[str, Outcome]) -> None:
    seen = delivery["no directives"].upstream
    assert seen is not None
    assert seen.protocol == ("HTTP/1.1" if binary.http11_by_default else "HTTP/1.0")
    assert seen.headers.get("Connection") == (None if binary.http11_by_default else "close")


def test_silence_is_cut_after_the_events_that_were_sent(delivery: dict[str, Outcome]) -> None:
    assert delivery["read timeout, silence"].status == 200
    assert delivery["read timeout, silence"].events == 1
    assert delivery["read timeout, silence, off"].events == 1


def test_what_was_held_when_silence_is_cut_is_lost(delivery: dict[str, Outcome]) -> None:
    assert delivery["read timeout while held"].events == 0


@pytest.mark.parametrize("name", ["read timeout, thinking", "read timeout 0", "read timeout 0, off"])
def test_silence_before_the_answer_is_a_gateway_timeout(name: str, delivery: dict[str, Outcome]) -> None:
    assert delivery[name].status == 504


@dataclass(frozen=True)
class Place:
    """A server's body, and what becomes of a stream at /chat."""

    name: str
    body: str
    verdict: Verdict
    status: int = 200


INHERITANCE = [
    Place("server", f"{OFF} location /chat {{ {PASS} }}", "delivered"),
    Place("outer location", f"location / {{ {OFF} location /chat {{ {PASS} }} }}", "delivered"),
    Place("the nearer one counts", f"{OFF} location /chat {{ {PASS} proxy_buffering on; }}", "held"),
    Place("not from a sibling", f"location / {{ {PASS} {OFF} }} location /chat {{ {PASS} }}", "held"),
    Place("proxy_pass is not inherited", f"location / {{ {PASS} location /chat {{ {OFF} }} }}", "refused", 404),
    Place("if inherits", f"location /chat {{ {OFF} {PASS} if ($request_method = GET) {{ set $x 1; }} }}", "delivered"),
    Place(
        "if with its own proxy_pass inherits",
        f"location /chat {{ {OFF} if ($request_method = GET) {{ {PASS} }} }}",
        "delivered",
    ),
    Place(
        "try_files: the named location counts",
        f"location / {{ try_files $uri @app; }} location @app {{ {PASS} {OFF} }}",
        "delivered",
    ),
    Place(
        "try_files: not the location that has it",
        f"location / {{ {OFF} try_files $uri @app; }} location @app {{ {PASS} }}",
        "held",
    ),
    Place("try_files: server", f"{OFF} location / {{ try_files $uri @app; }} location @app {{ {PASS} }}", "delivered"),
    Place(
        "rewrite last: the target counts",
        f"location /chat {{ {OFF} rewrite ^ /in last; {PASS} }} location /in {{ {PASS} }}",
        "held",
    ),
    Place(
        "rewrite break: the location counts",
        f"location /chat {{ {OFF} rewrite ^ /in break; {PASS} }} location /in {{ {PASS} }}",
        "delivered",
    ),
    Place(
        "error_page: the named location counts",
        f"location /chat {{ error_page 418 = @app; return 418; }} location @app {{ {PASS} {OFF} }}",
        "delivered",
    ),
    Place(
        "error_page: not the location that has it",
        f"location /chat {{ {OFF} error_page 418 = @app; return 418; }} location @app {{ {PASS} }}",
        "held",
    ),
    Place("include", "location /chat { include snippets/stream*.conf; }", "delivered"),
    Place("limit_except", f"location /chat {{ {OFF} {PASS} limit_except GET POST {{ deny all; }} }}", "delivered"),
    Place("version from the server", f"{HTTP11} location /chat {{ {PASS} {HTTP10} }}", "held"),
]


@pytest.fixture(scope="module")
def inherited(binary: Binary) -> dict[str, Outcome]:
    """What became of the stream in every place, on servers that talk HTTP/1.0 unless a place says otherwise."""
    servers = [f"server {{ server_name s{number}; {place.body} }}" for number, place in enumerate(INHERITANCE)]
    configuration = f"events {{ }} http {{ {HTTP10} {' '.join(servers)} }}"
    probes = [Probe("/chat", f"s{number}") for number in range(len(INHERITANCE))]
    with Lab(binary, configuration, {"snippets/stream.conf": f"{PASS} {OFF}"}) as lab:
        outcomes = lab.observe(probes)
    return {place.name: outcome for place, outcome in zip(INHERITANCE, outcomes, strict=True)}


@pytest.mark.parametrize("place", INHERITANCE, ids=lambda place: place.name)
def test_inheritance(place: Place, inherited: dict[str, Outcome]) -> None:
    assert (inherited[place.name].verdict, inherited[place.name].status) == (place.verdict, place.status)


def test_any_header_cancels_all_inherited_ones(binary: Binary) -> None:
    server = f"""
        {HTTP11} {WEBSOCKET} proxy_set_header X-From server;
        location /none {{ {PASS} }}
        location /host {{ {PASS} proxy_set_header Host $host; }}
        location /params {{ {PASS} include proxy_params; }}
        location /twice {{ {PASS} proxy_set_header X-From a; proxy_set_header X-From b; }}
    """
    paths = ("/none", "/host", "/params", "/twice")
    with Lab(binary, server) as lab:
        outcomes = dict(zip(paths, lab.observe([Probe(path) for path in paths]), strict=True))
    assert _sent(outcomes["/none"], "X-From") == ["server"]
    assert _sent(outcomes["/host"], "X-From") == []
    assert _sent(outcomes["/params"], "X-From") == []
    assert _sent(outcomes["/twice"], "X-From") == ["a", "b"]


def _sent(outcome: Outcome, header: str) -> list[str]:
    """Every value of a header that nginx sent upstream."""
    assert outcome.upstream is not None
    return outcome.upstream.headers.get_all(header)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (f"location / {{ if ($uri) {{ {OFF} }} {PASS} }}", '"proxy_buffering" directive is not allowed here'),
        (f"location / {{ if ($uri) {{ {UPGRADE} }} {PASS} }}", '"proxy_set_header" directive is not allowed here'),
        (f"location / {{ {OFF} {OFF} {PASS} }}", '"proxy_buffering" directive is duplicate'),
        (f"location / {{ proxy_buffering false; {PASS} }}", 'invalid value "false"'),
        (f"location / {{ proxy_buffering 0; {PASS} }}", 'invalid value "0"'),
        (f"location /a {{ {PASS} }} location ^~ /a {{ {PASS} }}", 'duplicate location "/a"'),
    ],
)
def test_nginx_refuses(place: str, message: str, binary: Binary) -> None:
    verdict = binary.accepts(repoint(place))
    assert not verdict.ok
    assert message in verdict.message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("merge_slashes off; merge_slashes on;", '"merge_slashes" directive is duplicate'),
        ("proxy_buffers 4 4k; proxy_buffers 8 4k;", '"proxy_buffers" directive is duplicate'),
        ("auth_basic a; auth_basic off;", '"auth_basic" directive is duplicate'),
        ("proxy_cookie_path /a /b; proxy_cookie_path /c /d;", ""),
        ("access_log off; access_log off;", ""),
        ("add_header A b; add_header A c;", ""),
    ],
)
def test_nginx_takes_some_lines_once(lines: str, message: str, binary: Binary) -> None:
    verdict = binary.accepts(f"events {{}} http {{ server {{ listen unix:a.sock; {lines} }} }}")
    assert message in verdict.message
    assert verdict.ok is not bool(message)


def test_buffering_does_not_belong_into_an_upstream(binary: Binary) -> None:
    verdict = binary.accepts(repoint(f"upstream app {{ server app:8000; {OFF} }}"))
    assert '"proxy_buffering" directive is not allowed here' in verdict.message


@dataclass(frozen=True)
class Handshake:
    """A location's directives, and the status that a WebSocket handshake gets through it (`old`: as in `Row`)."""

    name: str
    directives: str
    status: int
    answer: Answer = USUAL
    old: int | None = None
    outer: str = ""


NODE = Answer(accepts_http10=True)
HANDSHAKES = [
    Handshake("nothing", "", 426, old=505),
    Handshake("1.1 only", HTTP11, 426),
    Handshake("Upgrade only", f"{HTTP11} {UPGRADE}", 426),
    Handshake("Connection only", f"{HTTP11} proxy_set_header Connection upgrade;", 426),
    Handshake("no version", WEBSOCKET, 101, old=505),
    Handshake("no version, backend takes HTTP/1.0", WEBSOCKET, 101, NODE),
    Handshake("1.0", f"{HTTP10} {WEBSOCKET}", 505),
    Handshake("1.0, backend takes HTTP/1.0", f"{HTTP10} {WEBSOCKET}", 101, NODE),
    Handshake("full, literal", f'{HTTP11} {UPGRADE} proxy_set_header Connection "upgrade";', 101),
    Handshake("full, map", f"{HTTP11} {WEBSOCKET}", 101),
    Handshake("full, map to nothing", f"{HTTP11} {UPGRADE} proxy_set_header Connection $or_nothing;", 101),
    Handshake("full, client's", f"{HTTP11} {UPGRADE} proxy_set_header Connection $http_connection;", 101),
    Handshake("full, capital", f"{HTTP11} {UPGRADE} proxy_set_header Connection Upgrade;", 101),
    Handshake("full, list", f'{HTTP11} {UPGRADE} proxy_set_header Connection "keep-alive, Upgrade";', 101),
    Handshake(
        "full, small letters",
        f"{HTTP11} proxy_set_header upgrade $http_upgrade; proxy_set_header connection upgrade;",
        101,
    ),
    Handshake("full, version from the server", WEBSOCKET, 101, outer=HTTP11),
    Handshake(
        "Upgrade literal", f"{HTTP11} proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade;", 101
    ),
    Handshake("Connection empty", f'{HTTP11} {UPGRADE} proxy_set_header Connection "";', 426),
    Handshake("Connection keep-alive", f"{HTTP11} {UPGRADE} proxy_set_header Connection keep-alive;", 426),
    Handshake("Connection close", f"{HTTP11} {UPGRADE} proxy_set_header Connection close;", 426),
    Handshake("headers of the server", "", 101, outer=f"{HTTP11} {WEBSOCKET}"),
    Handshake("headers of the server, cancelled", "proxy_set_header Host $host;", 426, outer=f"{HTTP11} {WEBSOCKET}"),
    Handshake("POST to the backend", f"{HTTP11} {WEBSOCKET} proxy_method POST;", 405),
    Handshake("buffering on", f"{HTTP11} {WEBSOCKET} proxy_buffering on;", 101),
    Handshake("buffering off", f"{HTTP11} {WEBSOCKET} {OFF}", 101),
    Handshake("gzip", f"{HTTP11} {WEBSOCKET} gzip on; gzip_types *;", 101),
    Handshake("cache", f"{HTTP11} {WEBSOCKET} proxy_cache z; proxy_cache_valid 1m;", 101),
    Handshake("the wrong slash", f"{HTTP11} {WEBSOCKET}", 301),
]


@pytest.fixture(scope="module")
def handshakes(binary: Binary) -> dict[str, Outcome]:
    """How every handshake went."""
    servers = [
        f"server {{ server_name s{number}; {row.outer} location /ws/ {{ {PASS} {row.directives} }} }}"
        for number, row in enumerate(HANDSHAKES)
    ]
    shared = "map $http_upgrade $or_nothing { default upgrade; '' ''; } proxy_cache_path /tmp/z keys_zone=z:1m;"
    probes = [
        Probe("/ws" if row.status == 301 else "/ws/", f"s{number}", "websocket", row.answer)
        for number, row in enumerate(HANDSHAKES)
    ]
    with Lab(binary, f"{shared} {' '.join(servers)}") as lab:
        outcomes = lab.observe(probes)
    return {row.name: outcome for row, outcome in zip(HANDSHAKES, outcomes, strict=True)}


@pytest.mark.parametrize("row", HANDSHAKES, ids=lambda row: row.name)
def test_handshake(row: Handshake, binary: Binary, handshakes: dict[str, Outcome]) -> None:
    outcome = handshakes[row.name]
    expected = row.status if binary.http11_by_default or row.old is None else row.old
    assert outcome.status == expected
    assert outcome.verdict == ("delivered" if expected == 101 else "refused")


QUIET = Answer(pause=1.6)
READ_TIMEOUT = "proxy_read_timeout 800ms;"
"""nginx re-arms a timer only when that moves it by 300 ms: a shorter timeout would fire in spite of heartbeats."""

OTHER_TIMEOUTS = "proxy_send_timeout 800ms; send_timeout 800ms; keepalive_timeout 800ms; client_body_timeout 800ms;"
QUIET_WEBSOCKETS: list[tuple[str, Probe, Verdict]] = [
    (READ_TIMEOUT, Probe(answer=QUIET), "cut"),
    (READ_TIMEOUT, Probe(answer=replace(QUIET, heartbeat=0.1)), "delivered"),
    (READ_TIMEOUT, Probe(answer=QUIET, heartbeat=0.1), "delivered"),
    (READ_TIMEOUT, Probe(answer=QUIET, heartbeat=0.1, beats_with="message"), "delivered"),
    (OTHER_TIMEOUTS, Probe(answer=QUIET), "delivered"),
]


def test_only_the_read_timeout_cuts_a_silent_websocket(binary: Binary) -> None:
    cases = list(enumerate(QUIET_WEBSOCKETS))
    server = " ".join(f"location /{number} {{ {PASS} {timeouts} }}" for number, (timeouts, _, _) in cases)
    probes = [replace(probe, path=f"/{number}", kind="websocket") for number, (_, probe, _) in cases]
    with Lab(binary, f"{HTTP11} {WEBSOCKET} {server}") as lab:
        verdicts = [outcome.verdict for outcome in lab.observe(probes)]
    assert verdicts == [verdict for _, (_, _, verdict) in cases]


@pytest.mark.parametrize(("directive", "verdict"), [("worker_shutdown_timeout 100ms;", "cut"), ("", "delivered")])
def test_a_reload_cuts_live_streams_only_after_the_shutdown_timeout(
    directive: str, verdict: Verdict, binary: Binary
) -> None:
    server = f"server {{ {HTTP11} {OFF} {WEBSOCKET} location / {{ {PASS} }} }}"
    with Lab(binary, f"{directive} events {{ }} http {{ {server} }}") as lab:
        answer = Answer(pause=0.7)
        probes = [Probe(kind=kind, answer=answer, meanwhile=lab.nginx.reload) for kind in ("sse", "websocket")]
        stream, websocket = lab.observe(probes)
    assert (stream.verdict, websocket.verdict) == (verdict, verdict)


VALID = "proxy_cache_valid 1m;"
CACHES: dict[str, tuple[str, tuple[tuple[str, str], ...], str, Verdict]] = {
    "buffered, and valid for a while": (VALID, (), "GET", "replayed"),
    "valid for 200": ("proxy_cache_valid 200 302 10m;", (), "GET", "replayed"),
    "valid for any": ("proxy_cache_valid any 10m;", (), "GET", "replayed"),
    "valid for others": ("proxy_cache_valid 404 10m;", (), "GET", "delivered"),
    "valid for no time": ("proxy_cache_valid 200 0;", (), "GET", "delivered"),
    "no validity": ("", (), "GET", "delivered"),
    "no validity, but max-age": ("", (("Cache-Control", "max-age=60"),), "GET", "replayed"),
    "no validity, but s-maxage": ("", (("Cache-Control", "max-age=0, s-maxage=60"),), "GET", "replayed"),
    "no validity, but public": ("", (("Cache-Control", "public"),), "GET", "delivered"),
    "no validity, but X-Accel-Expires": ("", (("X-Accel-Expires", "60"),), "GET", "replayed"),
    "unbuffered": (f"{VALID} {OFF}", (), "GET", "delivered"),
    "unbuffered by the application": (VALID, NO_XAB, "GET", "delivered"),
    "no-cache": (VALID, (("Cache-Control", "no-cache"),), "GET", "delivered"),
    "no-cache, no-transform": (VALID, (("Cache-Control", "no-cache, no-transform"),), "GET", "delivered"),
    "no-transform alone": (VALID, (("Cache-Control", "no-transform"),), "GET", "replayed"),
    "no-store": (VALID, (("Cache-Control", "no-store"),), "GET", "delivered"),
    "private": (VALID, (("Cache-Control", "private"),), "GET", "delivered"),
    "max-age=0": (VALID, (("Cache-Control", "max-age=0"),), "GET", "delivered"),
    "must-revalidate": (VALID, (("Cache-Control", "must-revalidate"),), "GET", "replayed"),
    "a past date": (VALID, (("Expires", "Thu, 01 Jan 1970 00:00:01 GMT"),), "GET", "delivered"),
    "a cookie": (VALID, (("Set-Cookie", "a=b"),), "GET", "delivered"),
    "no-cache, ignored": (
        f"{VALID} proxy_ignore_headers Cache-Control;",
        (("Cache-Control", "no-cache"),),
        "GET",
        "replayed",
    ),
    "POST": (VALID, (), "POST", "delivered"),
    "POST among the methods": (f"{VALID} proxy_cache_methods POST;", (), "POST", "replayed"),
    "proxy_no_cache": (f"{VALID} proxy_no_cache 1;", (), "GET", "delivered"),
    "proxy_cache_bypass": (f"{VALID} proxy_cache_bypass 1;", (), "GET", "delivered"),
    "off": (f"{VALID} proxy_cache off;", (), "GET", "delivered"),
}


@pytest.fixture(scope="module")
def caches(binary: Binary) -> dict[str, Outcome]:
    """What became of the second of two requests that are alike."""
    locations = [
        f"location /{number} {{ {PASS} {HTTP11} {settings} {'' if 'cache off' in settings else 'proxy_cache z;'} }}"
        for number, (settings, *_) in enumerate(CACHES.values())
    ]
    found = {}
    with Lab(binary, f"proxy_cache_path /tmp/z keys_zone=z:1m; server {{ {' '.join(locations)} }}") as lab:
        for number, (name, (_, headers, method, _)) in enumerate(CACHES.items()):
            probe = Probe(f"/{number}", answer=Answer(headers=headers), method=method)
            first, second = lab.observe_in_turn([probe, probe])
            assert first.verdict == "delivered"
            found[name] = second
    return found


@pytest.mark.parametrize("name", CACHES)
def test_a_cache_replays_what_the_first_viewer_was_streamed(name: str, caches: dict[str, Outcome]) -> None:
    assert caches[name].verdict == CACHES[name][3]


def test_limit_rate_holds_only_what_is_buffered(binary: Binary) -> None:
    [outcome] = observe(binary, f"{PASS} {HTTP11} limit_rate 100;", [Probe()])
    assert outcome.verdict in ("late", "held")


TIERS = {
    "both need it: only the inner one has it": (HTTP10, f"{HTTP10} {OFF}", "held"),
    "both need it: only the outer one has it": (f"{HTTP10} {OFF}", HTTP10, "held"),
    "both have it": (f"{HTTP10} {OFF}", f"{HTTP10} {OFF}", "delivered"),
    "the first tier consumes the application's no": (HTTP10, HTTP10, "held"),
    "unless it passes it on": (HTTP10, f"{HTTP10} proxy_pass_header X-Accel-Buffering;", "delivered"),
    "even where it hides it, too": (
        HTTP10,
        f"{HTTP10} proxy_pass_header X-Accel-Buffering; proxy_hide_header X-Accel-Buffering;",
        "delivered",
    ),
    "add_header speaks to the next tier": (
        HTTP10,
        f"{HTTP10} {OFF} add_header X-Accel-Buffering no always;",
        "delivered",
    ),
    "an inner tier that does not chunk": (HTTP11, f"{HTTP11} {OFF} chunked_transfer_encoding off;", "held"),
    "an inner tier that chunks": (HTTP11, f"{HTTP11} {OFF}", "delivered"),
}


@pytest.fixture(scope="module")
def tiers(binary: Binary) -> dict[str, Outcome]:
    """What became of a stream through two servers, one in front of the other."""
    servers = [
        f"server {{ listen 80; server_name s{number}; location / {{ {outer}"
        f" proxy_set_header Host $host; proxy_pass http://127.0.0.1:8080; }} }}"
        f"server {{ listen 8080; server_name s{number}; location / {{ {inner} {PASS} }} }}"
        for number, (outer, inner, _) in enumerate(TIERS.values())
    ]
    says_no = {"the first tier consumes the application's no", "unless it passes it on", "even where it hides it, too"}
    probes = [
        Probe("/", f"s{number}", answer=Answer(headers=NO_XAB if name in says_no else ()))
        for number, name in enumerate(TIERS)
    ]
    with Lab(binary, "\n".join(servers)) as lab:
        return dict(zip(TIERS, lab.observe(probes), strict=True))


@pytest.mark.parametrize("name", TIERS)
def test_tiers(name: str, tiers: dict[str, Outcome]) -> None:
    assert tiers[name].verdict == TIERS[name][2]


CLIENT = ("X-Real-IP", "192.0.2.1")
SEVERAL = "server app1:80; server app2:80;"


@dataclass(frozen=True)
class Balancing:
    """An upstream's lines; whether one client's requests all reach one replica; when nginx has the directive."""

    lines: str
    sticks: bool
    since: tuple[int, int, int] = (0, 0, 0)
    headers: tuple[tuple[str, str], ...] = (CLIENT,)


REQUESTS = 24
"""So many of one client that all reach one of two replicas by chance once in eight million times."""

BALANCING = [
    Balancing(SEVERAL, sticks=False),
    Balancing(f"least_conn; {SEVERAL}", sticks=False),
    Balancing(f"least_time header; {SEVERAL}", sticks=False, since=(1, 31, 0)),
    Balancing(f"random two; {SEVERAL}", sticks=False),
    Balancing(f"hash $request_id; {SEVERAL}", sticks=False),
    Balancing(f"hash $cookie_session consistent; {SEVERAL}", sticks=False),
    Balancing(f"hash $cookie_session consistent; {SEVERAL}", sticks=True, headers=(("Cookie", "session=a"),)),
    Balancing(f"ip_hash; {SEVERAL}", sticks=True),
    Balancing(f"hash $remote_addr; {SEVERAL}", sticks=True),
    Balancing(f"hash $remote_addr consistent; {SEVERAL}", sticks=True),
    Balancing(f"hash $request_uri; {SEVERAL}", sticks=True),
    Balancing(f"sticky cookie srv_id; {SEVERAL}", sticks=False, since=(1, 29, 6)),
    Balancing("server app1:80;", sticks=True),
    Balancing("server app1:80; server app2:80 backup;", sticks=True),
    Balancing("server app1:80; server app2:80 down;", sticks=True),
]


def balanced(rows: Iterable[Balancing]) -> str:
    """A server for each row; nginx believes clients about their addresses."""
    return "set_real_ip_from unix:; real_ip_header X-Real-IP;" + " ".join(
        f"upstream u{number} {{ {row.lines} }}"
        f"server {{ server_name s{number}; {HTTP11} {WEBSOCKET} location / {{ proxy_pass http://u{number}; }} }}"
        for number, row in enumerate(rows)
    )


def replicas(outcomes: Iterable[Outcome]) -> list[str]:
    """Which replica served each request."""
    return [outcome.upstream.replica for outcome in outcomes if outcome.upstream]


@pytest.mark.parametrize("row", BALANCING, ids=lambda row: row.lines)
def test_affinity_of_one_client(row: Balancing, binary: Binary) -> None:
    if binary.version < row.since:
        assert "unknown directive" in binary.accepts(repoint(balanced([row]))).message
        return
    with Lab(binary, balanced([row])) as lab:
        reached = replicas(lab.observe_in_turn([Probe(headers=row.headers, answer=Answer(events=1))] * REQUESTS))
    assert len(reached) == REQUESTS
    assert (len(set(reached)) == 1) == row.sticks


def test_ip_hash_takes_a_network_for_one_client(binary: Binary) -> None:
    probes = [Probe(headers=(("X-Real-IP", f"192.0.2.{host}"),), answer=Answer(events=1)) for host in range(12)]
    with Lab(binary, balanced([Balancing(f"ip_hash; {SEVERAL}", sticks=True)])) as lab:
        assert len(set(replicas(lab.observe_in_turn(probes)))) == 1
    with Lab(binary, balanced([Balancing(f"hash $remote_addr; {SEVERAL}", sticks=True)])) as lab:
        assert len(set(replicas(lab.observe_in_turn(probes)))) == 2


@dataclass(frozen=True)
class Polling:
    """An upstream's lines, and how Socket.IO's default, polling before it upgrades, fares across two replicas."""

    lines: str
    status: int
    since: tuple[int, int, int] = (0, 0, 0)
    keeps_cookies: bool = True


POLLING = [
    Polling(SEVERAL, 400),
    Polling(f"least_conn; {SEVERAL}", 400),
    Polling(f"ip_hash; {SEVERAL}", 101),
    Polling(f"hash $remote_addr consistent; {SEVERAL}", 101),
    Polling(f"sticky cookie srv_id; {SEVERAL}", 101, since=(1, 29, 6)),
    Polling(f"sticky cookie srv_id; {SEVERAL}", 400, since=(1, 29, 6), keeps_cookies=False),
    Polling("server app1:80;", 101),
]


def test_polling_needs_affinity(binary: Binary) -> None:
    rows = [row for row in POLLING if row.since <= binary.version]
    upstreams = balanced(Balancing(row.lines, sticks=row.status == 101) for row in rows)
    probes = [
        Probe("/socket.io/", f"s{number}", "polling", headers=(CLIENT,), keeps_cookies=row.keeps_cookies)
        for number, row in enumerate(rows)
    ]
    with Lab(binary, upstreams) as lab:
        assert [outcome.status for outcome in lab.observe(probes)] == [row.status for row in rows]


def test_a_websocket_alone_needs_none(binary: Binary) -> None:
    with Lab(binary, balanced([Balancing(SEVERAL, sticks=False)])) as lab:
        outcomes = lab.observe_in_turn([Probe("/socket.io/", kind="websocket")] * 4)
    assert [outcome.verdict for outcome in outcomes] == ["delivered"] * 4
    assert len(set(replicas(outcomes))) == 2
