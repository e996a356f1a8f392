from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NextRoute, Unknown, check


@check
def compressed_stream(crossing: Crossing[NextRoute]) -> Iterator[Finding | Unknown]:
    """A Next.js server compresses a stream, and holds it back to do so."""
    hop = crossing.hop
    if crossing.stream.kind == "websocket" or hop.flushed:
        return
    match hop.compress:
        case Unknown() as unknown:
            yield unknown
        case Known(True) as compress:
            message = (
                f"`next start` compresses what {hop.name} sends, and keeps it until there is enough to compress: a"
                " browser gets the whole answer at its end. Send `Cache-Control: no-cache, no-transform` with it, or"
                " call response.flush() after each write"
            )
            at = compress if compress.written else hop.where
            yield Finding("warning", at, message, 'response.setHeader("Cache-Control", "no-cache, no-transform");')
