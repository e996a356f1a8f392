"""The browser's side: sends one probe through nginx and says what became of the stream."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from .upstreams import PROBE_HEADER, UNANSWERED, USUAL, Answer, Kind, Seen, Session, stop
from .wire import Head, Pairs, connection, read_head, write_head

Verdict = Literal["delivered", "late", "held", "cut", "replayed", "refused"]

HANDSHAKE: Pairs = (
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)


@dataclass(frozen=True)
class Probe:
    """One request and how its upstream behaves.

    `port` None is the port a browser would use: 443 if the configuration listens there, else 80, else its lowest.
    `heartbeat` is how often (seconds) a WebSocket client sends something while the connection is silent, `beats_with`
    what. `meanwhile` is called once the client has the first event. A `polling` client keeps cookies unless told.
    """

    path: str = "/"
    host: str = "lab.test"
    kind: Kind = "sse"
    answer: Answer = USUAL
    method: str = "GET"
    headers: Pairs = ()
    port: int | None = None
    heartbeat: float = 0
    beats_with: Literal["ping", "message"] = "ping"
    meanwhile: Callable[[], object] | None = None
    keeps_cookies: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of a probe.

    * delivered: every event (or WebSocket message) arrived before the next was sent
    * late: each arrived only together with the next one
    * held: nothing, or next to nothing, arrived before the upstream had finished
    * cut: the connection ended before the upstream had finished, after `events` events
    * replayed: all of it arrived, and no upstream was asked: it came from a cache
    * refused: no stream at all, or no WebSocket handshake; `status` says how (0: closed without an answer)
    """

    verdict: Verdict
    status: int = 0
    events: int = 0
    headers: Headers = field(default_factory=Headers)
    upstream: Seen | None = None

    @property
    def handshake(self) -> bool:
        """Whether the connection became a WebSocket: a browser wants to see that said, too."""
        return self.status == 101 and self.verdict != "refused"


async def send(socket: Path | int, number: str, probe: Probe, session: Session) -> Outcome:
    """Play one probe's client to its end."""
    clients = {"sse": _stream, "websocket": _websocket, "polling": _polling}
    probe = replace(probe, headers=((PROBE_HEADER, number), *probe.headers))
    try:
        outcome = await clients[probe.kind](socket, probe, session)
    finally:
        session.end()
    return replace(outcome, upstream=session.seen)


def _request(probe: Probe, *headers: tuple[str, str]) -> bytes:
    body = b"" if probe.method == "GET" else b'{"stream": true}'
    size = (("Content-Length", str(len(body))),) if body else ()
    start = f"{probe.method} {probe.path} HTTP/1.1"
    return write_head(start, (("Host", probe.host), *probe.headers, *headers, *size)) + body


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Head | None:
    """The answer's head, or None when the server closed without one."""
    writer.write(request)
    try:
        return await read_head(reader)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _stream(socket: Path | int, probe: Probe, session: Session) -> Outcome:
    async with connection(socket) as (reader, writer):
        head = await _ask(reader, writer, _request(probe))
        if head is None:
            return Outcome("refused" if session.seen is None else "cut")
        body = Body(reader, head.headers)
        events = await _count_events(body, probe, session)
    status = int(head.start[1])
    return Outcome(_verdict(session, status, events, body.complete), status, events, head.headers)


async def _count_events(body: Body, probe: Probe, session: Session) -> int:
    events, text = 0, b""
    async for piece in body.pieces():
        *frames, text = (text + piece).split(b"\n\n")
        before, events = events, events + sum(frame.startswith(b"data:") for frame in frames)
        session.report(events)
        if probe.meanwhile and before == 0 < events:
            probe.meanwhile()
    return events


def _verdict(session: Session, status: int, events: int, complete: bool) -> Verdict:
    if session.seen is None:
        return "replayed" if events else "refused"
    if status != 200:
        return "refused"
    if not complete or events < session.answer.events:
        return "cut"
    by_lag: tuple[Verdict, ...] = ("delivered", "late", "held")
    return by_lag[session.behind]


class Body:
    """A response's body; `complete` once it ended as its framing says it should."""

    def __init__(self, reader: asyncio.StreamReader, headers: Headers) -> None:
        self._reader = reader
        self._headers = headers
        self.complete = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The decoded bytes, as soon as each arrives."""
        gzipped = self._headers.get("Content-Encoding") == "gzip"
        decode = zlib.decompressobj(31).decompress if gzipped else bytes
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            async for piece in self._framed():
                yield decode(piece)
            self.complete = True

    async def _framed(self) -> AsyncIterator[bytes]:
        if self._headers.get("Transfer-Encoding") == "chunked":
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                async for piece in self._exactly(size):
                    yield piece
                await self._reader.readexactly(2)
        elif "Content-Length" in self._headers:
            async for piece in self._exactly(int(self._headers["Content-Length"])):
                yield piece
        else:
            while piece := await self._reader.read(65536):
                yield piece

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size:
            piece = await self._reader.read(min(size, 65536))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(piece)
            yield piece


async def _websocket(socket: Path | int, probe: Probe, session: Session) -> Outcome:
    async with connection(socket) as (reader, writer):
        head = await _ask(reader, writer, _request(probe, *HANDSHAKE))
        status = int(head.start[1]) if head else 0
        if head is None or status != 101 or head.headers.get("Upgrade", "").lower() != "websocket":
            return Outcome("refused", status)
        messages = Messages(reader, writer)
        events = int(await messages.echoed("one"))
        if probe.meanwhile:
            probe.meanwhile()
        await messages.wait_quietly(probe, session.answer.pause)
        events += await messages.echoed("two")
    return Outcome("delivered" if events == 2 else "cut", status, events, head.headers)


class Messages:
    """An open WebSocket, client's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = ClientProtocol(parse_uri("ws://lab.test/"), state=State.OPEN)

    async def echoed(self, text: str) -> bool:
        """Send a message; true once the backend has sent it back, false when the connection has ended."""
        self._send(text.encode())
        return await self._receive(text.encode())

    async def wait_quietly(self, probe: Probe, seconds: float) -> None:
        """Wait `seconds`, or until the connection ends, answering pings and sending the client's own heartbeats."""
        beats = asyncio.create_task(self._beat(probe))
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._receive(None), seconds)
        await stop(beats)

    async def _beat(self, probe: Probe) -> None:
        while probe.heartbeat:
            await asyncio.sleep(probe.heartbeat)
            if probe.beats_with == "ping":
                self._protocol.send_ping(b"")
                self._flush()
            else:
                self._send(UNANSWERED)

    async def _receive(self, wanted: bytes | None) -> bool:
        while self._protocol.state is State.OPEN:
            try:
                data = await self._reader.read(65536)
            except ConnectionError:
                data = b""
            if not data:
                self._protocol.receive_eof()
                return False
            self._protocol.receive_data(data)
            self._flush()
            if wanted is not None and wanted in self._texts():
                return True
        return False

    def _texts(self) -> list[bytes]:
        frames = [frame for frame in self._protocol.events_received() if isinstance(frame, Frame)]
        return [bytes(frame.data) for frame in frames if frame.opcode is Opcode.TEXT]

    def _send(self, data: bytes) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(data)
            self._flush()

    def _flush(self) -> None:
        self._writer.write(b"".join(self._protocol.data_to_send()))


async def _polling(socket: Path | int, probe: Probe, session: Session) -> Outcome:
    """A Socket.IO client's default: open by polling, send, poll, then upgrade; each on a connection of its own."""
    opened, head, text = await _poll(socket, probe, "")
    if opened != 200 or head is None:
        return Outcome("refused", opened)
    if probe.keeps_cookies and (cookie := head.headers.get("Set-Cookie")):
        probe = replace(probe, headers=(*probe.headers, ("Cookie", cookie.partition(";")[0])))
    engine_id = json.loads(text[1:])["sid"]
    for method in ("POST", "GET"):
        status, _, _ = await _poll(socket, replace(probe, method=method), engine_id)
        if status != 200:
            return Outcome("refused", status)
    upgrade = replace(probe, path=f"{probe.path}?EIO=4&transport=websocket&sid={engine_id}")
    return await _websocket(socket, upgrade, session)


async def _poll(socket: Path | int, probe: Probe, engine_id: str) -> tuple[int, Head | None, str]:
    """One polling request: its status, head and body."""
    query = "?EIO=4&transport=polling" + (f"&sid={engine_id}" if engine_id else "")
    async with connection(socket) as (reader, writer):
        head = await _ask(reader, writer, _request(replace(probe, path=probe.path + query)))
        if head is None:
            return 0, None, ""
        text = b"".join([piece async for piece in Body(reader, head.headers).pieces()])
    return int(head.start[1]), head, text.decode()
