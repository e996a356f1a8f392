"""What infralint says of a configuration is what real nginx does with it.

Three families: the examples of the check pages, random configurations over levels, directives,
inheritance and kinds of locations, and random handshakes. Each is judged by infralint as if it ran
on the nginx at hand, then run by that nginx.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infralint.engine.pages import examples
from infralint.engine.registry import built_in_folder
from infralint.model import UNKNOWN_RESPONSE, Hop, Known, Request, StreamKind
from infralint.platforms.nginx_values import time
from infralint.sources.nginx.build import Nginx
from infralint.sources.nginx.hops import NginxLocation
from infralint.text.expressions import matching

from .client import Outcome, Probe
from .harness import Binary, observe
from .judged import tier_of
from .repoint import repoint
from .upstreams import Answer, Framing

LARGE = 9000
"""Bytes: an event larger than any buffer of nginx's defaults."""


def hop_for(tier: Nginx, kind: StreamKind, host: str, path: str) -> NginxLocation:
    """The one hop that serves a request."""
    [match] = tier.route(Request(kind, path, host))
    assert isinstance(match.hop, NginxLocation)
    return match.hop


def value(hop: Hop, field: str) -> object:
    """A setting's value, or None where it can't be told."""
    setting = hop.buffering_of(UNKNOWN_RESPONSE) if field == "buffering" else getattr(hop, field)
    return setting.value if isinstance(setting, Known) else None


class Streams:
    """Random servers, each with one streaming location; `path` of server n is reached by host `sN.test`."""

    def __init__(self, seed: int, number: int) -> None:
        self.random = random.Random(seed)
        self.http = self._some(0.3)
        self.paths: list[str] = []
        self.servers = [self._server(index) for index in range(number)]

    @property
    def text(self) -> str:
        return "events {}\nhttp {\n" + self.http + "\n".join(self.servers) + "\n}\n"

    def _some(self, chance: float) -> str:
        """Directives that decide whether a stream is held."""
        choices = {
            "proxy_buffering": ["on", "off", "OFF", '"off"'],
            "proxy_http_version": ["1.0", "1.1"],
            "gzip": ["on", "off"],
            "gzip_types": ["text/event-stream", "*", "text/css", "text/css text/event-stream"],
            "fastcgi_buffering": ["off", "on"],
            "uwsgi_buffering": ["off"],
            "scgi_buffering": ["off"],
            "chunked_transfer_encoding": ["on"],
            "proxy_request_buffering": ["off"],
            "proxy_cache": ["off"],
            "add_header": ["X-Accel-Buffering no"],
            "postpone_output": ["0"],
        }
        picked = {name: self.random.choice(values) for name, values in choices.items() if self.random.random() < chance}
        return "".join(f"{name} {text};\n" for name, text in picked.items())

    def _server(self, index: int) -> str:
        family = self.random.choice(["proxy"] * 6 + ["fastcgi", "uwsgi", "scgi"])
        target = "http://app:8000" if family == "proxy" else "app:9000"
        include = "" if family == "proxy" else f"include {family}_params;\n"
        body = f"{include}{family}_pass {target};\n{self._some(0.25)}"
        shape, path = self.random.choice([*SHAPES])
        self.paths.append(path)
        text = shape.replace("BODY", body).replace("SOME", self._some(0.2)).replace("OTHER", "return 204;")
        return f"server {{\nserver_name s{index}.test;\n{self._some(0.25)}{text}\n}}"


SHAPES = (
    ("location / { BODY }", "/x"),
    ("location = /sse { BODY }\nlocation / { OTHER SOME }", "/sse"),
    ("location ^~ /sse { BODY }\nlocation ~ sse { OTHER }", "/sse/x"),
    (r"location ~* \.SSE$ { BODY }" + "\nlocation /a { OTHER SOME }", "/a/x.sse"),
    ("location /api { SOME location /api/sse { BODY } }", "/api/sse"),
    ("location / { SOME try_files /none @app; }\nlocation @app { BODY }", "/x"),
    ("location / { error_page 418 = @app; return 418; SOME }\nlocation @app { BODY }", "/x"),
    ("location /old { rewrite ^ /new/sse last; SOME }\nlocation /new { BODY }", "/old/x"),
    ("location / { if ($http_x_none) { return 403; } BODY }", "/x"),
    ("location / { limit_except GET POST { deny all; } BODY }", "/x"),
)


def test_whether_a_stream_is_held(binary: Binary, tmp_path: Path) -> None:
    family = Streams(7, 160)
    tier = tier_of(family.text, tmp_path, binary)
    hops = [hop_for(tier, "sse", f"s{index}.test", path) for index, path in enumerate(family.paths)]
    for framing, size, held_by in (
        ("negotiated", 40, {"always"}),
        ("close", 40, {"always", "unless-chunked"}),
    ):
        outcomes = _observed(binary, family, framing, size)  # type: ignore[arg-type]
        said = [value(hop, "buffering") in held_by for hop in hops]
        seen = [outcome.verdict != "delivered" for outcome in outcomes]
        wrong = [index for index, pair in enumerate(zip(said, seen, strict=True)) if pair[0] != pair[1]]
        assert not wrong, (
            f"{framing}: {[(family.servers[n], value(hops[n], 'buffering'), outcomes[n].verdict) for n in wrong[:2]]}"
        )
        assert any(seen)
        assert not all(seen)


def test_large_events_are_late_unless_nothing_buffers(binary: Binary, tmp_path: Path) -> None:
    family = Streams(11, 60)
    tier = tier_of(family.text, tmp_path, binary)
    outcomes = _observed(binary, family, "negotiated", LARGE)
    for index, (path, outcome) in enumerate(zip(family.paths, outcomes, strict=True)):
        buffering = value(hop_for(tier, "sse", f"s{index}.test", path), "buffering")
        assert (outcome.verdict == "delivered") == (buffering == "never"), family.servers[index]


def _observed(binary: Binary, family: Streams, framing: Framing, size: int) -> list[Outcome]:
    answer = Answer(framing=framing, event_size=size, events=4)
    accepts = (("Accept-Encoding", "gzip"),)
    probes = [Probe(path, f"s{index}.test", answer=answer, headers=accepts) for index, path in enumerate(family.paths)]
    return observe(binary, family.text, probes)


HEADERS = (
    "proxy_set_header Upgrade $http_upgrade;",
    "proxy_set_header Connection $connection_upgrade;",
    "proxy_set_header upgrade $http_upgrade;",
    'proxy_set_header Connection "upgrade";',
    'proxy_set_header Connection "keep-alive, Upgrade";',
    "proxy_set_header Connection $http_connection;",
    'proxy_set_header Connection "";',
    "proxy_set_header Connection keep-alive;",
    "proxy_set_header Upgrade $connection_upgrade;",
    "proxy_set_header Upgrade websocket;",
    "proxy_set_header Host $host;",
    "include proxy_params;",
)
MAPS = (
    "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
    "map $http_upgrade $connection_upgrade { default Upgrade; '' ''; }",
    "map $http_upgrade $connection_upgrade { '' close; websocket upgrade; }",
    "map $http_upgrade $connection_upgrade { default close; ~*^web upgrade; }",
    "map $http_upgrade $connection_upgrade { default close; }",
)


def _handshakes(seed: int, number: int) -> Iterator[str]:
    """Servers with headers and protocol versions at three levels."""
    chance = random.Random(seed)

    def some(most: int) -> str:
        headers = chance.sample(HEADERS, chance.randint(0, most))
        # A full set is what people usually write: without it, hardly any handshake would succeed.
        headers += list(HEADERS[:2]) if chance.random() < 0.4 else []
        version = chance.choice(["", "", "proxy_http_version 1.1;", "proxy_http_version 1.0;"])
        return "\n".join([version, *headers])

    for index in range(number):
        outer, middle, inner = (some(2) if chance.random() < odds else "" for odds in (0.4, 0.3, 0.8))
        buffering = chance.choice(["", "proxy_buffering off;", "gzip on; gzip_types *;"])
        yield (
            f"server {{ server_name s{index}.test; {outer}\n"
            f"location /a {{ {middle}\nlocation /a/ws {{ proxy_pass http://app:3000; {buffering} {inner} }} }} }}"
        )


@pytest.mark.parametrize("mapped", MAPS)
def test_whether_a_handshake_succeeds(mapped: str, binary: Binary, tmp_path: Path) -> None:
    servers = list(_handshakes(MAPS.index(mapped), 60))
    text = "events {}\nhttp {\n" + "\n".join([*servers, mapped]) + "\n}\n"
    tier = tier_of(text, tmp_path, binary)
    for patient in (False, True):
        answer = Answer(accepts_http10=patient)
        probes = [Probe("/a/ws", f"s{index}.test", kind="websocket", answer=answer) for index in range(len(servers))]
        for index, outcome in enumerate(observe(binary, text, probes)):
            said = value(hop_for(tier, "websocket", f"s{index}.test", "/a/ws"), "forwards_upgrade")
            expected = said == "forwarded" or (patient and said == "http/1.0")
            assert outcome.handshake == expected, (said, outcome.status, servers[index])


TIMEOUTS = {
    "0": "refused",
    "1": "cut",
    "1s": "cut",
    "1500ms": "cut",
    "1m": "delivered",
    "1h30m": "delivered",
    "60": "delivered",
}


def test_which_timeouts_cut_a_silence_of_three_seconds(binary: Binary, tmp_path: Path) -> None:
    harmless = "proxy_send_timeout 1s; send_timeout 1s; keepalive_timeout 1s; client_body_timeout 1s; proxy_connect_timeout 1s;"
    shapes = (
        "proxy_read_timeout 1s; location / { proxy_pass http://app; proxy_read_timeout %s; }",
        "proxy_read_timeout %s; location / { proxy_pass http://app; }",
        "location / { proxy_read_timeout %s; location /x { proxy_pass http://app; } }",
        "location / { try_files /none @app; proxy_read_timeout 1s; } location @app { proxy_pass http://app; proxy_read_timeout %s; }",
        "location / { uwsgi_pass app:1; uwsgi_buffering off; proxy_read_timeout 1s; uwsgi_read_timeout %s; }",
        "location / { fastcgi_pass app:1; fastcgi_buffering off; fastcgi_read_timeout %s; }",
        "location / { scgi_pass app:1; scgi_buffering off; scgi_read_timeout %s; }",
    )
    cases = [(shape % written, seen) for shape in shapes for written, seen in TIMEOUTS.items()]
    servers = [
        f"server {{ server_name s{n}.test; proxy_buffering off; {harmless} {text} }}"
        for n, (text, _) in enumerate(cases)
    ]
    text = "events {}\nhttp {\n" + "\n".join(servers) + "\n}\n"
    tier = tier_of(text, tmp_path, binary)
    probes = [Probe("/x", f"s{index}.test", answer=Answer(pause=3)) for index in range(len(cases))]
    for index, outcome in enumerate(observe(binary, text, probes)):
        said = value(hop_for(tier, "sse", f"s{index}.test", "/x"), "idle_timeout")
        assert isinstance(said, float | int)
        assert outcome.verdict == cases[index][1], servers[index]
        assert (said == 0, said < 3) == (outcome.verdict == "refused", outcome.verdict != "delivered"), servers[index]


def _pages(*names: str) -> list[object]:
    """Examples that are one whole nginx configuration."""
    found = []
    for name in names:
        for example in examples(built_in_folder() / f"{name}.md"):
            text = example.files.get("nginx.conf", "streaming.conf")
            # Old nginx does not start on HTTP/2 towards backends, and nothing in the lab speaks it.
            if len(example.files) == 1 and "streaming.conf" not in text and "proxy_http_version 2" not in text:
                found.append(pytest.param(text, id=f"{name}:{example.line}"))
    return found


def _crossed(tier: Nginx, kind: str) -> list[tuple[NginxLocation, str]]:
    """The locations that carry such a stream, each with a path that leads there."""
    hops = [hop for hop in tier.hops if isinstance(hop, NginxLocation) and hop.paths and hop.family != "grpc"]
    wanted = [hop for hop in hops if kind in {hint.kind for hint in hop.hints} or (kind == "sse" and not hop.hints)]
    return [(hop, _path(hop, tier)) for hop in wanted]


def _path(hop: NginxLocation, tier: Nginx) -> str:
    """A path that leads to a location of a page."""
    pattern = hop.paths[0]
    if pattern.startswith("@"):
        others = [place.pattern for server in tier.servers for place in server.places if place.pattern.startswith("/")]
        return next(path for path in others if hop in [match.hop for match in tier.route(Request("sse", path))])
    return pattern if pattern.startswith("/") else "/" + matching(pattern)[0].lstrip("/")


HELD_PAGES = ("buffered_stream", "ineffective_accel_buffering", "foreign_family_directive", "stream_cut_on_reload")


@pytest.mark.parametrize("text", _pages(*HELD_PAGES))
def test_examples_of_pages_are_held_as_they_say(text: str, binary: Binary, tmp_path: Path) -> None:
    crossed = _crossed(tier_of(text, tmp_path, binary), "sse")
    probes = [Probe(path, headers=(("Accept-Encoding", "gzip"),)) for _, path in crossed]
    for (hop, _), outcome in zip(crossed, observe(binary, text, probes) if probes else [], strict=True):
        assert (outcome.verdict != "delivered") == (value(hop, "buffering") == "always"), hop.name


@pytest.mark.parametrize("text", _pages("missing_upgrade_headers"))
def test_examples_of_pages_shake_hands_as_they_say(text: str, binary: Binary, tmp_path: Path) -> None:
    crossed = _crossed(tier_of(text, tmp_path, binary), "websocket")
    probes = [Probe(path, kind="websocket") for _, path in crossed]
    for (hop, _), outcome in zip(crossed, observe(binary, text, probes) if probes else [], strict=True):
        assert outcome.handshake == (value(hop, "forwards_upgrade") == "forwarded"), hop.name


FASTER = 40
"""How much faster time runs in the lab: the default of 60 s becomes 1.5 s, a silence of 120 s becomes 3 s."""


def _faster(text: str) -> str:
    """The configuration with its read timeouts scaled, the default written out."""
    scaled = re.sub(
        r"(\w+_read_timeout) ([^;]+);", lambda found: f"{found[1]} {round(time(found[2]) * 1000 / FASTER)}ms;", text
    )
    if re.search(r"http \{\s+proxy_read_timeout", scaled):
        return scaled
    return scaled.replace("http {", f"http {{ proxy_read_timeout {round(60_000 / FASTER)}ms;", 1)


@pytest.mark.parametrize("text", [one for one in _pages("short_idle_timeout") if "stream {" not in str(one)])
def test_examples_of_pages_are_cut_as_they_say(text: str, binary: Binary, tmp_path: Path) -> None:
    tier = tier_of(text, tmp_path, binary)
    pause = Answer(pause=120 / FASTER)
    for kind in ("sse", "websocket"):
        crossed = _crossed(tier, kind)
        probes = [Probe(path, kind=kind, answer=pause) for _, path in crossed]  # type: ignore[arg-type]
        for (hop, _), outcome in zip(crossed, observe(binary, _faster(text), probes) if probes else [], strict=True):
            said = value(hop, "idle_timeout")
            assert isinstance(said, float | int)
            assert (outcome.verdict != "delivered") == (said < 120), (hop.name, outcome)


@pytest.mark.parametrize("text", _pages("missing_sticky_sessions"))
def test_examples_of_pages_keep_polling_clients_as_they_say(text: str, binary: Binary, tmp_path: Path) -> None:
    if "sticky cookie" in text and binary.version < (1, 29, 6):
        assert not binary.accepts(repoint(text)).ok
        return
    polled = "socket.io" in text or "/ws" in text
    crossed = _crossed(tier_of(text, tmp_path, binary), "websocket") if polled else []
    probes = [Probe(path, kind="polling", headers=(("Cookie", "session=abc"),)) for _, path in crossed]
    judged = [
        (hop, outcome) for (hop, _), outcome in zip(crossed, observe(binary, text, probes), strict=True) if hop.upstream
    ]
    for hop, outcome in judged:
        assert (outcome.status == 400) == (value(hop, "keeps_affinity") == "none"), (hop.name, outcome)
