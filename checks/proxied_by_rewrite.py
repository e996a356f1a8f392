from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NextRewrite, Severity, check, seconds


@check
def proxied_by_rewrite(crossing: Crossing[NextRewrite]) -> Iterator[Finding]:
    """A Next.js server hands a stream on to another server, compresses it, and gives up early."""
    hop, stream = crossing.hop, crossing.stream
    harms = list(_harms(crossing))
    if stream.kind == "websocket" or not harms:
        return
    severity: Severity = "warning" if stream.evidence.certain else "note"
    message = f"A stream goes through {hop.name} to {hop.upstream}, where `next start` {' and '.join(harms)}"
    yield Finding(severity, hop.where, message, "experimental: { proxyTimeout: 300_000 },\ncompress: false,")


def _harms(crossing: Crossing[NextRewrite]) -> Iterator[str]:
    hop, need = crossing.hop, crossing.stream.longest_silence
    match hop.compress:
        case Known(True):
            yield "compresses it, so that a browser gets the whole answer at its end"
    if hop.timeout.value < need.seconds:
        yield f"answers 500 after {seconds(hop.timeout.value)} of silence ({hop.timeout})"
