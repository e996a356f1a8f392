"""HTTP/1 as both ends of the lab write and read it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from websockets.datastructures import Headers

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Head:
    """The first line of a request or response, split at its spaces, and its headers."""

    start: tuple[str, str, str]
    headers: Headers


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Read up to the empty line; raises `IncompleteReadError` when the peer hangs up first."""
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    one, two, three = (first + "  ").split(" ", 2)
    headers = Headers()
    for line in lines:
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    return Head((one, two, three.strip()), headers)


def write_head(start: str, headers: Pairs) -> bytes:
    """A request's or response's head, ready to send."""
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever state its peer left it in."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def connection(place: Path | int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a unix socket, or to a port of this machine, closed on the way out."""
    if isinstance(place, int):
        reader, writer = await asyncio.open_connection("127.0.0.1", place)
    else:
        reader, writer = await asyncio.open_unix_connection(str(place))
    try:
        yield reader, writer
    finally:
        await hang_up(writer)
