"""Servers that nginx runs just as they are written, on ports of this machine: rules about clients' addresses, and whoever is
asked for permission, among them. Each has one stream, and infralint and nginx are asked what becomes of it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infralint.project.config import NginxSettings, Settings, StreamSettings

from .client import Outcome, Probe, send
from .harness import PROBE_LIMIT, Accepted, Binary, Nginx, free_port
from .trouble import EVENTS, Kind, Said, say_of
from .upstreams import USUAL, Answer, Serving, Session, Talk, Upstreams
from .wire import Pairs, hang_up, read_head, write_head

PORT = 80
"""What the servers listen on where nothing is written."""
INNER = 8080
"""Where a second server of one nginx listens."""
BACKENDS = re.compile(r"\b(app|other|permits):(\d+)\b")
"""Who stands behind them: `permits` answers 200 to whatever it is asked, once it has all of the body that is announced."""


@dataclass(frozen=True)
class Case:
    """A server as it is written, `http` what stands beside it, and the stream that is sent to it.

    method: by which it is asked for; empty: by GET and by POST. said: how loud infralint is, where that is the same for
    every nginx. whole: all of its nginx, where it needs one for itself.
    """

    name: str
    server: str
    said: Said | None = None
    http: str = ""
    path: str = "/chat"
    kind: Kind = "sse"
    method: str = ""
    answer: Answer = USUAL
    headers: Pairs = ()
    whole: str = ""

    def text(self, host: str) -> str:
        return f"{self.http}\nserver {{ listen {PORT}; server_name {host};\n{self.server}\n}}"

    @property
    def methods(self) -> Sequence[str]:
        if self.kind == "websocket":
            return ("GET",)
        return (self.method,) if self.method else ("GET", "POST")


def configuration(servers: Sequence[str]) -> str:
    """One nginx with these servers."""
    return "\n".join(["events {}", "http {", *servers, "}"])


def outcomes(cases: Sequence[Case], binary: Binary) -> list[list[Outcome]]:
    """What becomes of each case's stream in nginx, by each of its methods."""
    text = configuration([case.text(f"s{number}.test") for number, case in enumerate(cases)])
    return asyncio.run(_run(text, cases, binary))


def outcomes_alone(case: Case, binary: Binary) -> list[Outcome]:
    """What becomes of the stream of a case that has an nginx for itself."""
    [found] = asyncio.run(_run(case.whole, [case], binary))
    return found


def accepts(case: Case, binary: Binary) -> Accepted:
    """Whether nginx starts on a case, and what it says if not."""
    text = case.whole or configuration([case.text("s0.test")])
    return binary.accepts(_at_ports(text, dict.fromkeys(_backends(text), 1), 1))


def flows(case: Case, outcome: Outcome) -> bool:
    return outcome.handshake if case.kind == "websocket" else outcome.verdict == "delivered"


def say(case: Case, binary: Binary, folder: Path) -> tuple[Said, list[str]]:
    """How loud infralint is about the stream, and what it says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(case.whole or configuration([case.text("s0.test")]))
    stream = StreamSettings(
        path=case.path,
        kind=case.kind,
        host="s0.test",
        methods=[case.method] if case.method else [],  # type: ignore[list-item]
        content_type=case.answer.content_type,
        headers=dict(case.answer.headers),
        silence=case.answer.pause or None,
    )
    version = ".".join(map(str, binary.version))
    return say_of(folder, Settings(streams=[stream], nginx=NginxSettings(version=version), generation="1s"))


async def _run(text: str, cases: Sequence[Case], binary: Binary) -> list[list[Outcome]]:
    sessions: dict[str, Session] = {}
    async with (backends := Backends(_backends(text), sessions)):
        entry = free_port()
        with Nginx(binary, _at_ports(text, backends.ports, entry)):
            runs = (_observe(number, case, entry, sessions) for number, case in enumerate(cases))
            return list(await asyncio.gather(*runs))


async def _observe(number: int, case: Case, entry: int, sessions: dict[str, Session]) -> list[Outcome]:
    found = []
    for method in case.methods:
        name = f"{number}-{method}"
        session = sessions[name] = Session(case.kind, case.answer)
        headers = (*EVENTS, *case.headers) if case.kind == "sse" else case.headers
        probe = Probe(case.path, f"s{number}.test", case.kind, case.answer, method, headers)
        try:
            found.append(await asyncio.wait_for(send(entry, name, probe, session), WAIT))
        except TimeoutError:
            found.append(Outcome("held"))
    return found


WAIT = PROBE_LIMIT / 5
"""Seconds after which nothing will come."""


def _backends(text: str) -> list[str]:
    return sorted({found[0] for found in BACKENDS.finditer(text)})


def _at_ports(text: str, ports: Mapping[str, int], entry: int) -> str:
    """A configuration with the ports of this machine in the place of those that are written."""
    text = BACKENDS.sub(lambda found: f"127.0.0.1:{ports[found[0]]}", text)
    text = re.sub(rf"(?:(?<=listen )|\b127\.0\.0\.1:){INNER}\b", f"127.0.0.1:{free_port()}", text)
    return re.sub(rf"\blisten (?:[\w.*]+:)?{PORT}\b", f"listen 127.0.0.1:{entry}", text)


class Backends(Upstreams):
    """Backends on ports of this machine. ports: that of each, by its name."""

    def __init__(self, names: Sequence[str], sessions: Mapping[str, Session]) -> None:
        super().__init__(Path(), names, sessions)
        self.ports: dict[str, int] = {}

    def replica(self, name: str) -> Serving:
        return Permission() if name.startswith("permits") else super().replica(name)

    async def listen(self, name: str, talk: Talk) -> asyncio.Server:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        self.ports[name] = server.sockets[0].getsockname()[1]
        return server


class Permission:
    """Answers 200 once it has all of the body that is announced."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await read_head(reader)
                await reader.readexactly(int(head.headers.get("Content-Length", "0")))
                writer.write(write_head("HTTP/1.1 200 OK", (("Content-Length", "0"),)))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            await hang_up(writer)
