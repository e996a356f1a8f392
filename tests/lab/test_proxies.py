"""What Caddy and HAProxy really do to streams: what infralint says of caddy-docker-proxy and of OpenShift's router."""

from __future__ import annotations

import pytest

from .client import Outcome, Probe, Verdict
from .proxies import caddy_program, haproxy_program, through_caddy, through_haproxy
from .upstreams import Answer

GZIP = (("Accept-Encoding", "gzip"),)
SILENT = Answer(pause=2)
THINKING = Answer(thinking=2)
STREAMS = [
    Probe("/"),
    Probe("/", method="POST"),
    Probe("/", answer=Answer(content_type="text/plain")),
    Probe("/", answer=Answer("close")),
    Probe("/", answer=SILENT),
    Probe("/", answer=THINKING),
]
SOCKETS = [Probe("/", kind="websocket"), Probe("/", kind="websocket", answer=SILENT)]
DELIVERED: list[Verdict] = ["delivered"]

needs_caddy = pytest.mark.skipif(caddy_program() is None, reason="no caddy here: documentation alone speaks for it")
needs_haproxy = pytest.mark.skipif(
    haproxy_program() is None, reason="no haproxy here: documentation alone speaks for it"
)


def verdicts(outcomes: list[Outcome]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


def transport(line: str) -> str:
    return f"reverse_proxy BACKEND {{\n transport http {{\n {line}\n }}\n }}"


# Caddy, as the labels of caddy-docker-proxy set it up


@needs_caddy
@pytest.mark.parametrize(
    "directives",
    [
        "reverse_proxy BACKEND",
        "encode gzip zstd\n reverse_proxy BACKEND",
        "reverse_proxy BACKEND {\n flush_interval 10s\n }",
    ],
    ids=["plain", "encode", "flush_interval"],
)
def test_caddy_streams_and_waits(directives: str) -> None:
    """Whether it compresses, or is told to flush seldom: what is chunked passes as it comes."""
    compressed = [Probe("/", headers=GZIP), Probe("/", headers=GZIP, answer=Answer(event_size=600))]
    outcomes = through_caddy(directives, [*STREAMS, *compressed, *SOCKETS])
    assert verdicts(outcomes) == DELIVERED * len(outcomes)


@needs_caddy
def test_a_read_timeout_of_caddy_measures_every_silence() -> None:
    long, thinking, short, socket, silent_socket = through_caddy(
        transport("read_timeout 1s"), [STREAMS[4], STREAMS[5], STREAMS[0], *SOCKETS]
    )
    assert (long.verdict, long.events) == ("cut", 1)
    assert (thinking.verdict, thinking.status) == ("refused", 504)
    assert verdicts([short, socket, silent_socket]) == ["delivered", "delivered", "cut"]


@needs_caddy
def test_a_response_header_timeout_of_caddy_measures_the_first_byte_alone() -> None:
    long, thinking, socket = through_caddy(transport("response_header_timeout 1s"), [*STREAMS[4:], SOCKETS[1]])
    assert verdicts([long, socket]) == ["delivered", "delivered"]
    assert (thinking.verdict, thinking.status) == ("refused", 504)


@needs_caddy
def test_response_buffers_of_caddy_hold_a_stream() -> None:
    directives = "reverse_proxy BACKEND {\n response_buffers 4096\n }"
    assert verdicts(through_caddy(directives, STREAMS[:3])) == ["held"] * 3


@needs_caddy
def test_a_stream_timeout_of_caddy_ends_sockets_alone() -> None:
    directives = "reverse_proxy BACKEND {\n stream_timeout 1s\n }"
    assert verdicts(through_caddy(directives, [STREAMS[4], SOCKETS[1]])) == ["delivered", "cut"]


@needs_caddy
def test_a_reload_of_caddy_ends_sockets_at_once_and_no_answer() -> None:
    """The other configuration is loaded while both are silent."""
    open_ones = [Probe("/", answer=Answer(pause=4)), Probe("/", kind="websocket", answer=Answer(pause=4))]
    assert verdicts(through_caddy("reverse_proxy BACKEND", open_ones, reloading=True)) == ["delivered", "cut"]
    patient = "reverse_proxy BACKEND {\n stream_close_delay 1h\n }"
    assert verdicts(through_caddy(patient, open_ones, reloading=True)) == ["delivered", "delivered"]


# HAProxy, as OpenShift's router sets it up

USUAL = "timeout client 30s\n timeout server 30s\n timeout tunnel 1h"


@needs_haproxy
def test_haproxy_streams() -> None:
    outcomes = through_haproxy(USUAL, [*STREAMS, *SOCKETS])
    assert verdicts(outcomes) == DELIVERED * len(outcomes)


@needs_haproxy
@pytest.mark.parametrize("server", ["1s", "1000"], ids=["seconds", "milliseconds"])
def test_the_server_timeout_measures_silence_and_no_open_socket(server: str) -> None:
    """A number without a unit is milliseconds, as in OpenShift's annotation."""
    timeouts = USUAL.replace("server 30s", f"server {server}")
    short, long, thinking, socket = through_haproxy(timeouts, [STREAMS[0], *STREAMS[4:], SOCKETS[1]])
    assert verdicts([short, socket]) == ["delivered", "delivered"]
    assert (long.verdict, long.events) == ("cut", 1)
    assert (thinking.verdict, thinking.status) == ("refused", 504)


@needs_haproxy
def test_the_tunnel_timeout_measures_the_silence_of_a_socket() -> None:
    timeouts = USUAL.replace("tunnel 1h", "tunnel 1s")
    assert verdicts(through_haproxy(timeouts, [STREAMS[4], *SOCKETS])) == ["delivered", "delivered", "cut"]


@needs_haproxy
def test_the_client_timeout_cuts_no_answer() -> None:
    """So the annotation for the server's is all that a Route needs."""
    timeouts = USUAL.replace("client 30s", "client 1s")
    assert verdicts(through_haproxy(timeouts, [*STREAMS[4:], SOCKETS[1]])) == DELIVERED * 3


@needs_haproxy
def test_a_cookie_keeps_a_session_on_its_server() -> None:
    sessions = [Probe("/", kind="polling")] * 6
    kept = through_haproxy(f"{USUAL}\n balance roundrobin", sessions, "cookie route insert indirect nocache", 2)
    assert verdicts(kept) == DELIVERED * 6
    split = through_haproxy(f"{USUAL}\n balance roundrobin", sessions, "", 2)
    assert "refused" in verdicts(split)
