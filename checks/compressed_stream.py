from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NextHop, NextRewrite, NextRoute, Severity, Unknown, check


@check
def compressed_stream(crossing: Crossing[NextHop]) -> Iterator[Finding | Unknown]:
    """A Next.js server compresses a stream, and holds it back to do so."""
    hop, leg = crossing.hop, crossing.leg
    if crossing.stream.kind == "websocket":
        return
    match hop.compression(leg.arriving, leg.inbound):
        case Unknown() as unknown:
            yield unknown
        case Known(True) as compress:
            severity: Severity = "warning" if crossing.stream.evidence.certain else "note"
            at = compress if compress.written else hop.where
            if isinstance(hop, NextRoute):
                fix = 'response.setHeader("Cache-Control", "no-cache, no-transform");'
                yield Finding(severity, at, _sent(hop), fix, effect="holds")
            elif isinstance(hop, NextRewrite):
                message = _passed_on(hop, leg.arriving.complete)
                yield Finding(severity, hop.where, message, _instead(hop), effect="holds")


def _sent(hop: NextRoute) -> str:
    return (
        f"`next start` compresses what {hop.name} sends, and keeps it until there is enough to compress: a"
        " browser gets the whole answer at its end. Send `Cache-Control: no-cache, no-transform` with it, or"
        " call response.flush() after each write"
    )


def _passed_on(hop: NextRewrite, is_known: bool) -> str:
    """is_known: all that the backend sends was read."""
    unless = "" if is_known else ", unless the backend sends `Cache-Control: no-transform`"
    return (
        f"{hop.name} hands this stream on to {hop.upstream}, and `next start` compresses what comes back, and keeps it"
        f" until there is enough to compress: a browser gets the whole answer at its end{unless}"
    )


def _instead(hop: NextRewrite) -> str:
    """headers() of next.config reach what middleware passes on, and not what `rewrites()` sends elsewhere."""
    if hop.stage != "middleware":
        return hop.fix("compress")
    return f'{hop.fix("compress")}    // or, in headers() of next.config, for this path: {{ key: "Content-Encoding", value: "none" }}'
