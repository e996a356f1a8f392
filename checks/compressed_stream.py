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
                f"`next start` compresses what {hop.name} sends, and keeps it until a block is full unless the handler"
                " calls res.flush() after each write: tokens arrive in lumps"
            )
            at = compress if compress.written else hop.where
            yield Finding("note", at, message, "compress: false  // in next.config; let the proxy in front compress")
