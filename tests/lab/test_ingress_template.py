"""What infralint says of an Ingress is what real nginx does with the text that ingress-nginx writes for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from infralint.model import UNKNOWN_RESPONSE, Clock, Hop, Known, Request, StreamKind
from infralint.project import Project
from infralint.project.config import Settings
from infralint.sources import kubernetes

from .client import Probe
from .harness import Binary, observe
from .ingress_template import template_text
from .repoint import repoint
from .upstreams import Answer

PREFIX = "nginx.ingress.kubernetes.io"
HOST = "chat.example.com"
EVENTS = Probe("/", host=HOST)
AT_THE_END = Probe("/", host=HOST, answer=Answer("close"))
"""An answer without chunks, as some servers send it."""
SOCKET = Probe("/", host=HOST, kind="websocket")
SILENT = Probe("/", host=HOST, answer=Answer(pause=1.5))
SILENT_SOCKET = Probe("/", host=HOST, kind="websocket", answer=Answer(pause=1.5))

CASES: Mapping[str, dict[str, str]] = {
    "nothing set": {},
    "buffering on": {"proxy-buffering": "on"},
    "HTTP/1.0": {"proxy-http-version": "1.0"},
    "HTTP/1.1 written out": {"proxy-http-version": "1.1"},
    "a short timeout": {"proxy-read-timeout": "1"},
    "a short timeout and buffering": {"proxy-read-timeout": "1", "proxy-buffering": "on"},
    "Connection: keep-alive": {"connection-proxy-header": "keep-alive"},
    "Connection: upgrade": {"connection-proxy-header": "upgrade"},
    "a short timeout for sending": {"proxy-send-timeout": "1"},
    "request bodies that pass at once": {"proxy-request-buffering": "off"},
    "a snippet with a header": {"configuration-snippet": 'proxy_set_header X-Team "chat";'},
    "a snippet with Upgrade once more": {"configuration-snippet": 'proxy_set_header Upgrade "websocket";'},
    "a snippet with Connection once more": {"configuration-snippet": 'proxy_set_header Connection "close";'},
    "a snippet that makes buffering matter": {"configuration-snippet": "proxy_ignore_headers X-Accel-Buffering;"},
}


def hop_of(annotations: Mapping[str, str], folder: Path) -> Hop:
    """What infralint makes of an Ingress."""
    lines = "".join(f"    {PREFIX}/{name}: '{value}'\n" for name, value in annotations.items())
    (folder / "ingress.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: chat\n  annotations:\n    example.com/a: b\n"
        f"{lines}spec:\n  ingressClassName: nginx\n  rules:\n    - host: {HOST}\n      http:\n        paths:\n"
        "          - { path: /, pathType: Prefix, backend: { service: { name: chat, port: { number: 80 } } } }\n"
    )
    reading = kubernetes.read(Project(folder, Settings(), folder))
    assert not reading.unreadable
    [match] = reading.nodes[0].route(Request("sse", "/", HOST))
    assert match.hop is not None
    return match.hop


def shortest_silence(hop: Hop, kind: StreamKind) -> float:
    """Seconds of silence that a hop allows."""
    limits = [clock.limit for clock in hop.clocks if _measures_silence(clock, kind)]
    return min(limit.value for limit in limits if isinstance(limit, Known))


def _measures_silence(clock: Clock, kind: StreamKind) -> bool:
    return kind in clock.kinds and clock.phase == "between-bytes"


@pytest.mark.parametrize("annotations", CASES.values(), ids=CASES)
def test_annotations_do_what_is_said_of_them(annotations: dict[str, str], binary: Binary, tmp_path: Path) -> None:
    hop = hop_of(annotations, tmp_path)
    waits = not annotations or any("timeout" in name for name in annotations)
    probes = [EVENTS, AT_THE_END, SOCKET, *([SILENT, SILENT_SOCKET] if waits else [])]
    events, at_the_end, socket, *silent = observe(binary, template_text(annotations), probes)
    upgrade, buffering = hop.forwards_upgrade, hop.buffering_of(UNKNOWN_RESPONSE)
    assert isinstance(upgrade, Known)
    assert isinstance(buffering, Known)
    assert socket.handshake == (upgrade.value == "forwarded"), (socket, upgrade)
    assert events.verdict == "delivered" or buffering.value != "never", (events, buffering)
    assert (at_the_end.verdict == "held") == (buffering.value != "never"), (at_the_end, buffering)
    kinds: tuple[StreamKind, ...] = ("sse", "websocket")
    for outcome, kind in zip(silent, kinds, strict=False):
        assert (outcome.verdict == "cut") == (shortest_silence(hop, kind) < 1.5), outcome


@pytest.mark.parametrize("line", ["proxy_read_timeout 3600s;", "proxy_buffering off;", "proxy_http_version 1.1;"])
def test_a_snippet_that_repeats_what_is_written_is_refused(line: str, binary: Binary, tmp_path: Path) -> None:
    accepted = binary.accepts(repoint(template_text({"configuration-snippet": line})))
    assert not accepted.ok
    assert "directive is duplicate" in accepted.message
    hop_of({"configuration-snippet": line}, tmp_path)
    reading = kubernetes.read(Project(tmp_path, Settings(), tmp_path))
    assert any("directive is duplicate" in unknown.why for unknown in reading.unknown)
