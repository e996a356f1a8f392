"""The applications behind nginx: SSE over HTTP, FastCGI, uwsgi and SCGI, WebSocket, and Engine.IO sessions.

One socket speaks all of them: the first byte of a connection tells which. The client shares a `Session` with the
upstream, so that event 2 leaves only once the client has event 1: no clock decides whether a stream was held.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from .wire import Head, Pairs, hang_up, read_head, write_head

Framing = Literal["negotiated", "chunked", "close", "http/1.0", "length"]
Kind = Literal["sse", "websocket", "polling"]
Send = Callable[[bytes], Awaitable[None]]

PATIENCE = 0.8
"""Seconds an upstream waits for the client to report an event before it calls the event held.

A held stream is silent so long: a read timeout of less, or not much more, cuts it before its verdict is known.
"""

PROBE_HEADER = "X-Lab-Probe"
"""The request header by which an upstream knows whose session it serves."""

HELD = 2
"""How many events behind its upstream a client must be for the stream to count as held."""


@dataclass(frozen=True)
class Answer:
    """How the upstream behaves; times in seconds, sizes in bytes.

    `framing` "negotiated" is what application servers do: chunked to HTTP/1.1, until close to HTTP/1.0. `thinking`
    is the silence before the first byte, `pause` the one after the first event, broken by a comment (or a WebSocket
    ping) every `heartbeat` seconds. `accepts_http10` lets a WebSocket backend shake hands over HTTP/1.0, as Node's do.
    """

    framing: Framing = "negotiated"
    events: int = 3
    event_size: int = 20
    content_type: str = "text/event-stream"
    headers: Pairs = ()
    thinking: float = 0
    pause: float = 0
    heartbeat: float = 0
    accepts_http10: bool = False

    def event(self, number: int) -> bytes:
        """Event `number` (from 1), exactly `event_size` bytes unless the number needs more."""
        return f"data: {number} ".encode().ljust(self.event_size - 2, b".") + b"\n\n"


USUAL = Answer()
"""What an application server does unless told otherwise."""


@dataclass(frozen=True)
class Seen:
    """The request as it reached an upstream: which replica, by which protocol ("HTTP/1.0", "fastcgi" …)."""

    replica: str
    protocol: str
    headers: Headers


class Session:
    """What the two ends of one probe tell each other."""

    def __init__(self, kind: Kind, answer: Answer) -> None:
        self.kind = kind
        self.answer = answer
        self.seen: Seen | None = None
        self.received = 0
        self.behind = 0
        self.gone = asyncio.Event()
        self._news = asyncio.Event()

    def report(self, received: int) -> None:
        """The client has `received` events now."""
        self.received = received
        self._news.set()

    def end(self) -> None:
        """The client's connection has ended."""
        self.gone.set()
        self._news.set()

    async def settle(self, sent: int) -> None:
        """Wait until the client is no further behind than it was; find out how far it is if it never comes."""
        if self.behind < HELD and not await self._arrives(sent - self.behind):
            self.behind += 1

    async def quiet(self, seconds: float) -> None:
        """Say nothing for so long, or until the client is gone."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.gone.wait(), seconds)

    async def _arrives(self, number: int) -> bool:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._wait_for(number), PATIENCE)
        return self.received >= number

    async def _wait_for(self, number: int) -> None:
        while self.received < number and not self.gone.is_set():
            self._news.clear()
            await self._news.wait()


async def stream_events(session: Session, send: Send) -> None:
    """Send each event once the client has the one before."""
    answer = session.answer
    for number in range(1, answer.events + 1):
        await send(answer.event(number))
        await session.settle(number)
        if number == 1:
            await _pause(session, lambda: send(b": ping\n\n"))


async def _pause(session: Session, beat: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + session.answer.pause
    while (left := end - loop.time()) > 0 and not session.gone.is_set():
        await session.quiet(min(left, session.answer.heartbeat or left))
        if session.answer.heartbeat and not session.gone.is_set():
            await beat()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class Serving(Protocol):
    """What answers whoever connects."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the peer hangs up."""


class Upstreams:
    """Replicas of one application, each behind a socket of its own in `folder`, for as long as the context lasts."""

    def __init__(self, folder: Path, names: Sequence[str], sessions: Mapping[str, Session]) -> None:
        self._folder = folder
        self._names = names
        self._sessions = sessions
        self._servers: list[asyncio.Server] = []
        self._conversations: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Upstreams:
        for name in self._names:
            self._servers.append(await self.listen(name, self._tracked(self.replica(name))))
        return self

    def replica(self, name: str) -> Serving:
        """Who answers by a name."""
        return Replica(name, self._sessions)

    async def listen(self, name: str, talk: Talk) -> asyncio.Server:
        """The server of a name, from now on."""
        return await asyncio.start_unix_server(talk, str(self._folder / name), backlog=1024)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for task in self._conversations:
            task.cancel()
        results = await asyncio.gather(*self._conversations, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _tracked(self, replica: Serving) -> Talk:
        def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._conversations.add(asyncio.create_task(replica.serve(reader, writer)))

        return start


class Replica:
    """One running application: its Engine.IO sessions live in this process and nowhere else."""

    def __init__(self, name: str, sessions: Mapping[str, Session]) -> None:
        self._name = name
        self._sessions = sessions
        self._engine_ids: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak whatever protocol the peer speaks until it hangs up."""
        talk = {b"\x01": self._fastcgi, b"\x00": self._uwsgi}
        try:
            first = await reader.readexactly(1)
            speak = self._scgi if first.isdigit() else talk.get(first, self._http)
            while await speak(first, reader, writer):
                first = await reader.readexactly(1)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            await hang_up(writer)

    def _session(self, protocol: str, headers: Headers) -> Session:
        session = self._sessions[headers[PROBE_HEADER]]
        session.seen = Seen(self._name, protocol, headers)
        return session

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one HTTP request; true when the connection may carry another."""
        head = await read_head(reader)
        head = Head((first.decode("latin-1") + head.start[0], *head.start[1:]), head.headers)
        await reader.readexactly(int(head.headers.get("Content-Length", "0")))
        session = self._session(head.start[2], head.headers)
        if session.kind == "websocket":
            await answer_websocket(head, session, reader, writer)
            return False
        if session.kind == "polling":
            await self._engine_io(head, session, reader, writer)
            return False
        return await answer_http(head, session, writer)

    async def _engine_io(
        self, head: Head, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Open a polling session, or serve one that was opened here; anybody else's is refused."""
        query = parse_qs(urlsplit(head.start[1]).query)
        engine_id = query.get("sid", [""])[0]
        if not engine_id:
            engine_id = uuid.uuid4().hex
            self._engine_ids.add(engine_id)
            await _send(writer, _plain(200, "0" + json.dumps({"sid": engine_id, "upgrades": ["websocket"]})))
        elif engine_id not in self._engine_ids:
            await _send(writer, _plain(400, json.dumps({"code": 1, "message": "Session ID unknown"})))
        elif query["transport"] == ["websocket"]:
            await answer_websocket(head, session, reader, writer)
        else:
            await _send(writer, _plain(200, "ok"))

    async def _fastcgi(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await read_fastcgi(first, reader)
        session = self._session("fastcgi", request.headers)

        async def send(data: bytes) -> None:
            parts = [data[start : start + 0xFFFF] for start in range(0, len(data), 0xFFFF)]
            await _send(writer, b"".join(fastcgi_record(FCGI_STDOUT, part) for part in parts))

        await answer_cgi(session, send)
        await _send(writer, fastcgi_record(FCGI_STDOUT, b"") + fastcgi_record(FCGI_END_REQUEST, bytes(8)))
        return request.keep

    async def _uwsgi(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        (size,) = struct.unpack("<Hx", await reader.readexactly(3))
        pairs = read_uwsgi_pairs(await reader.readexactly(size))
        await answer_cgi(self._session("uwsgi", http_headers(pairs)), lambda data: _send(writer, data))
        return False

    async def _scgi(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        size = int(first + (await reader.readuntil(b":"))[:-1])
        words = (await reader.readexactly(size)).decode("latin-1").split("\0")
        pairs = dict(zip(words[::2], words[1::2], strict=False))
        await answer_cgi(self._session("scgi", http_headers(pairs)), lambda data: _send(writer, data))
        return False


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def _plain(status: int, body: str) -> bytes:
    size = str(len(body.encode()))
    return write_head(f"HTTP/1.1 {status} -", (("Content-Length", size), ("Connection", "close"))) + body.encode()


async def answer_http(head: Head, session: Session, writer: asyncio.StreamWriter) -> bool:
    """Stream the session's events over HTTP; true when the connection stays open."""
    answer, version = session.answer, head.start[2]
    framing = answer.framing
    if framing == "negotiated":
        framing = "chunked" if version == "HTTP/1.1" else "close"
    await session.quiet(answer.thinking)
    await _send(writer, http_answer_head(answer, framing))
    chunked = framing == "chunked"
    await stream_events(session, lambda data: _send(writer, chunk(data) if chunked else data))
    if chunked:
        await _send(writer, chunk(b""))
    return chunked and version == "HTTP/1.1" and head.headers.get("Connection", "").lower() != "close"


def http_answer_head(answer: Answer, framing: Framing) -> bytes:
    """The status line and headers that announce `framing`."""
    size = sum(len(answer.event(number)) for number in range(1, answer.events + 1))
    announced: dict[Framing, Pairs] = {
        "chunked": (("Transfer-Encoding", "chunked"),),
        "length": (("Content-Length", str(size)),),
    }
    version = "HTTP/1.0" if framing == "http/1.0" else "HTTP/1.1"
    headers = announced.get(framing, (("Connection", "close"),))
    return write_head(f"{version} 200 OK", (("Content-Type", answer.content_type), *headers, *answer.headers))


def chunk(data: bytes) -> bytes:
    """One HTTP/1.1 chunk; an empty one ends the body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


async def answer_cgi(session: Session, send: Send) -> None:
    """Stream the session's events behind a CGI head, as FastCGI, uwsgi and SCGI all do."""
    answer = session.answer
    await session.quiet(answer.thinking)
    await send(write_head("Status: 200 OK", (("Content-Type", answer.content_type), *answer.headers)))
    await stream_events(session, send)


def http_headers(variables: Mapping[str, str]) -> Headers:
    """The request's headers, from CGI's HTTP_* variables."""
    headers = Headers()
    for name, value in variables.items():
        if name.startswith("HTTP_"):
            headers[name.removeprefix("HTTP_").replace("_", "-").title()] = value
    return headers


FCGI_BEGIN_REQUEST, FCGI_END_REQUEST, FCGI_PARAMS, FCGI_STDIN, FCGI_STDOUT = 1, 3, 4, 5, 6
FCGI_KEEP_CONNECTION = 1


@dataclass(frozen=True)
class FastcgiRequest:
    """A FastCGI request without its body; `keep`: nginx wants to use the connection again."""

    headers: Headers
    keep: bool


async def read_fastcgi(first: bytes, reader: asyncio.StreamReader) -> FastcgiRequest:
    """Read records until the end of the request's body."""
    variables, keep = b"", False
    while True:
        rest = 8 - len(first)
        _, kind, _, size, padding = struct.unpack("!BBHHBx", first + await reader.readexactly(rest))
        content = (await reader.readexactly(size + padding))[:size]
        first = b""
        if kind == FCGI_BEGIN_REQUEST:
            keep = bool(content[2] & FCGI_KEEP_CONNECTION)
        elif kind == FCGI_PARAMS:
            variables += content
        elif kind == FCGI_STDIN and not size:
            return FastcgiRequest(http_headers(read_fastcgi_pairs(variables)), keep)


def fastcgi_record(kind: int, content: bytes) -> bytes:
    """A record of request 1."""
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def read_fastcgi_pairs(data: bytes) -> dict[str, str]:
    """Names and values, each length in one byte, or in four with the top bit set."""
    pairs, place = {}, 0
    while place < len(data):
        sizes = []
        for _ in range(2):
            width = 4 if data[place] & 0x80 else 1
            sizes.append(int.from_bytes(data[place : place + width], "big") & (0x7FFFFFFF if width == 4 else 0x7F))
            place += width
        name, value = data[place : place + sizes[0]], data[place + sizes[0] : place + sum(sizes)]
        pairs[name.decode("latin-1")] = value.decode("latin-1")
        place += sum(sizes)
    return pairs


def read_uwsgi_pairs(data: bytes) -> dict[str, str]:
    """Names and values in turn, each after its length in two little-endian bytes."""
    words, place = [], 0
    while place < len(data):
        (size,) = struct.unpack_from("<H", data, place)
        words.append(data[place + 2 : place + 2 + size].decode("latin-1"))
        place += 2 + size
    return dict(zip(words[::2], words[1::2], strict=True))


async def answer_websocket(
    head: Head, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Shake hands as the `websockets` package does, then echo; a refusal is its own status code."""
    method, path, version = head.start
    if session.answer.accepts_http10:
        version = "HTTP/1.1"
    handshake = ServerProtocol()
    handshake.send_response(handshake.accept(Request(path, head.headers, method, version)))
    await _flush(handshake, writer)
    if handshake.state is not State.OPEN:
        return
    protocol = ServerProtocol(state=State.OPEN)
    pings = asyncio.create_task(_ping(session, protocol, writer))
    try:
        await _echo(protocol, reader, writer)
    finally:
        await stop(pings)


async def stop(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end; an error that it met is raised here."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, ConnectionError):
        await task


async def _ping(session: Session, protocol: ServerProtocol, writer: asyncio.StreamWriter) -> None:
    async def beat() -> None:
        protocol.send_ping(b"")
        await _flush(protocol, writer)

    await _pause(session, beat)


async def _echo(protocol: ServerProtocol, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if isinstance(frame, Frame) and frame.opcode is Opcode.TEXT and frame.data != UNANSWERED:
                protocol.send_text(frame.data)
        await _flush(protocol, writer)


UNANSWERED = b"no answer, please"
"""The one WebSocket message that the backend does not echo."""


async def _flush(protocol: ServerProtocol, writer: asyncio.StreamWriter) -> None:
    await _send(writer, b"".join(protocol.data_to_send()))
