"""What an outer server makes of a request's headers, and what an inner one does about it: nginx shows, infralint follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from infralint.model import Address, Known, Request, Unknown

from .client import Probe
from .harness import Binary, observe
from .judged import tier_of

INNER = Address("127.0.0.1", 8080)
PROBE = "proxy_set_header X-Lab-Probe $http_x_lab_probe;"
SENT_BY_CLIENT = (("X-Tier", "client"), ("X-Foo", "bar"), ("Cookie", "sid=1; tier=client"))


@dataclass(frozen=True)
class Header:
    """Lines of the outer location, and an `if` of the inner server; turned away: it holds (None: whatever the client
    sends decides, which infralint does not know). more: lines of the inner server."""

    lines: str
    condition: str
    turned_away: bool | None
    more: str = ""


HEADERS = [
    Header("proxy_set_header X-Tier edge;", "$http_x_tier = edge", True),
    Header("proxy_set_header X-Tier edge;", "$http_x_tier != edge", False),
    Header("proxy_set_header X-Tier $http_x_foo;", "$http_x_tier = bar", None),
    Header('proxy_set_header X-Tier "";', "$http_x_tier", False),
    Header("proxy_set_header X-Tier $arg_none$is_args;", '$http_x_tier = ""', None),
    Header("proxy_set_header X-Other edge;", "$http_x_tier = client", None),
    Header("proxy_set_header X_Tier edge;", "$http_x_tier = client", None),
    Header("proxy_set_header X_Tier edge;", "$http_x_tier = edge", None),
    Header("proxy_set_header X_New edge;", "$http_x_new = edge", True, "underscores_in_headers on;"),
    Header("proxy_pass_request_headers off; " + PROBE + "", "$http_x_tier", False),
    Header("proxy_pass_request_headers off; " + PROBE + " proxy_set_header X-Tier edge;", "$http_x_tier = edge", True),
    Header("set $tier gold; proxy_set_header X-Tier $tier;", "$http_x_tier = gold", True),
    Header('proxy_set_header Cookie "sid=1; tier=edge";', "$cookie_tier = edge", True),
    Header('proxy_set_header Cookie "";', "$cookie_sid", False),
    Header("proxy_set_header Connection close;", "$http_connection = close", True),
    Header("proxy_set_header Upgrade WebSocket;", "$http_upgrade = websocket", False),
    Header("", "$http_upgrade", False),
    Header("proxy_set_header Host b.test:99;", '$http_host = "b.test:99"', True),
    Header("proxy_set_header Host B.test.:99;", "$host = b.test", True),
    Header("proxy_set_header X-Tier edge; proxy_set_header Host $host;", "$http_x_tier = edge", True),
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: f"{header.lines}|{header.condition}")
def test_a_header_decides_further_in_as_it_was_left_by_the_outer_server(
    header: Header, binary: Binary, tmp_path: Path
) -> None:
    text = f"""
        server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:8080; proxy_buffering off; {header.lines} }} }}
        server {{ listen 8080; {header.more} if ({header.condition}) {{ return 403; }}
            location / {{ proxy_pass http://app:1; proxy_buffering off; }} }}
    """
    [outcome] = observe(binary, text, [Probe("/", headers=SENT_BY_CLIENT, port=80)])
    if header.turned_away is not None:
        assert (outcome.status == 403) is header.turned_away
    node = tier_of(f"events {{}} http {{ {text} }}", tmp_path, binary)
    [match] = node.route(Request("sse", "/", to=Address("", 80)))
    assert match.hop is not None
    [forward] = match.hop.request_out(Request("sse", "/"))
    told = {"403": True, "": False}
    answers = node.route(_arriving(forward.request))
    assert [told[answer.answer.value if answer.answer else ""] for answer in answers] == [header.turned_away or False]
    assert answers[0].hop is None or header.turned_away is False or header.turned_away is None


def _arriving(request: Request) -> Request:
    return Request(request.kind, request.path, request.host, INNER, request.http, headers=request.headers, relayed=True)


def test_a_request_without_host_is_taken_over_http_1_0_alone(binary: Binary, tmp_path: Path) -> None:
    text = """
        server { listen 80; location / { proxy_pass http://127.0.0.1:8080; proxy_set_header Host ""; VERSION } }
        server { listen 8080 default_server; server_name _; location / { return 204; } }
        server { listen 8080; server_name ""; location / { proxy_pass http://app:1; proxy_buffering off; } }
    """
    for version, status in (("proxy_http_version 1.0; proxy_buffering off;", 200), ("proxy_http_version 1.1;", 400)):
        servers = text.replace("VERSION", version)
        [outcome] = observe(binary, servers, [Probe("/", port=80)])
        assert outcome.status == status
        node = tier_of(f"events {{}} http {{ {servers} }}", tmp_path, binary)
        [match] = node.route(Request("sse", "/", to=Address("", 80)))
        assert match.hop is not None
        [forward] = match.hop.request_out(Request("sse", "/", "c.test"))
        [arrived] = node.route(_arriving(forward.request))
        assert (arrived.answer is not None and arrived.answer.value == "400") is (status == 400)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("proxy_set_header X-Forwarded-For $remote_addr;", "client"),
        ('proxy_set_header X-Forwarded-For "";', "none"),
        ("proxy_pass_request_headers off; " + PROBE + "", "none"),
        ("", None),
    ],
)
def test_a_hash_of_a_header_that_does_not_arrive_keeps_nobody(
    lines: str, kept: str | None, binary: Binary, tmp_path: Path
) -> None:
    text = f"""
        upstream app {{ hash $http_x_forwarded_for; server a:1; server b:1; }}
        server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:8080; proxy_buffering off; {lines} }} }}
        server {{ listen 8080; location / {{ proxy_pass http://app; proxy_buffering off; }} }}
    """
    outcomes = observe(binary, text, [Probe("/", port=80) for _ in range(4)])
    met = {outcome.upstream.replica for outcome in outcomes if outcome.upstream is not None}
    assert len(met) == (1 if kept == "client" else 2)
    outer, inner = tier_of(f"events {{}} http {{ {text} }}", tmp_path, binary).hops
    [forward] = outer.request_out(Request("sse", "/"))
    affinity = inner.affinity_of(_arriving(forward.request))
    assert isinstance(affinity, Unknown) if kept is None else isinstance(affinity, Known) and affinity.value == kept
