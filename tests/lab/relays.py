"""Who cut a stream, who held it back, and what was asked on the way: seen between the hops of a chain.

A relay stands in front of every tier and of the application. It passes bytes on as they come, and notes requests,
events and who hangs up first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .client import Body
from .upstreams import stop
from .wire import Head, hang_up, read_head

What = Literal["request", "event", "hung up"]


@dataclass(frozen=True)
class Note:
    """What passed a relay. place: how many tiers stand between the browser and it. head: of a request.

    hung up: who dialled the next hop left before the answer was complete.
    """

    place: int
    what: What
    head: Head | None = None


@dataclass
class Notes:
    """What passed the relays of one chain, in order."""

    tiers: int
    entries: list[Note] = field(default_factory=list)

    def add(self, place: int, what: What, head: Head | None = None) -> None:
        self.entries.append(Note(place, what, head))

    def of(self, what: What, place: int | None = None) -> Iterator[Note]:
        return (note for note in self.entries if note.what == what and place in (None, note.place))

    @property
    def reach(self) -> int:
        """How many tiers have handed the request on."""
        return max((note.place for note in self.of("request")), default=0)

    def is_timely(self, place: int) -> bool:
        """Whether the first event came here before the last had left the application: what is held comes after it."""
        first = next((at for at, note in enumerate(self.entries) if (note.what, note.place) == ("event", place)), None)
        sent = [at for at, note in enumerate(self.entries) if (note.what, note.place) == ("event", self.tiers)]
        return first is not None and first < sent[-1]

    @property
    def holder(self) -> int | None:
        """The tier, counted from 0 at the browser's side, that took the first event and did not pass it on in time."""
        places = [place for place in range(1, self.tiers + 1) if self.is_timely(place)]
        return next((place - 1 for place in reversed(places) if not self.is_timely(place - 1)), None)

    @property
    def cutter(self) -> int | None:
        """The tier that hung up first on the one behind it; None where it was the browser, or nobody did."""
        left = next(self.of("hung up"), None)
        return left.place - 1 if left is not None and left.place else None

    @property
    def handshake_loser(self) -> int | None:
        """The tier behind which the handshake was never whole again."""
        heads = [next((note.head for note in self.of("request", place)), None) for place in range(1, self.tiers + 1)]
        whole = [tier for tier, head in enumerate(heads) if head is not None and is_handshake(head)]
        first_lost = max(whole, default=-1) + 1
        return first_lost if first_lost < self.tiers else None


def is_handshake(head: Head) -> bool:
    """Whether a request asks for a WebSocket in such a way that a strict server agrees."""
    asks = head.headers.get("Upgrade", "").lower() == "websocket"
    return asks and "upgrade" in head.headers.get("Connection", "").lower() and head.start[2] == "HTTP/1.1"


class Relay:
    """Passes connections on to a socket."""

    def __init__(self, notes: Notes, place: int, target: Path, connections: set[asyncio.Task[None]]) -> None:
        self.notes = notes
        self.place = place
        self.target = target
        self.connections = connections

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task that is among `connections`, for whoever ends the relays."""
        self.connections.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end on both sides."""
        try:
            to_reader, to_writer = await asyncio.open_unix_connection(str(self.target))
        except OSError:
            await hang_up(writer)
            return
        asked, answered = asyncio.StreamReader(), asyncio.StreamReader()
        watching = [asyncio.create_task(self._watch_requests(asked)), asyncio.create_task(self._watch_answer(answered))]
        forth = asyncio.create_task(_pump(reader, to_writer, asked))
        back = asyncio.create_task(_pump(to_reader, writer, answered))
        try:
            await asyncio.wait({forth, back}, return_when=asyncio.FIRST_COMPLETED)
            if not back.done() and not watching[1].done():
                self.notes.add(self.place, "hung up")
        finally:
            for task in (forth, back, *watching):
                await stop(task)
            await hang_up(to_writer)
            await hang_up(writer)

    async def _watch_requests(self, asked: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            self.notes.add(self.place, "request", await read_head(asked))

    async def _watch_answer(self, answered: asyncio.StreamReader) -> None:
        """Ends where an answer is complete: whoever leaves then has cut nothing."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = await read_head(answered)
            if head.start[1] == "101":
                await asyncio.Event().wait()
            body, text = Body(answered, head.headers), b""
            async for piece in body.pieces():
                *frames, text = (text + piece).split(b"\n\n")
                for frame in frames:
                    if frame.startswith(b"data:"):
                        self.notes.add(self.place, "event")
            if body.complete:
                return
        await asyncio.Event().wait()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, watched: asyncio.StreamReader) -> None:
    """Pass on what comes until no more does."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            watched.feed_data(data)
            await writer.drain()
    watched.feed_eof()
