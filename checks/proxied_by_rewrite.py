from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, NextRewrite, check, seconds


@check
def proxied_by_rewrite(crossing: Crossing[NextRewrite]) -> Iterator[Finding]:
    """A Next.js server hands a stream on to another server, and gives up early."""
    hop, need = crossing.hop, crossing.stream.longest_silence
    limit = hop.timeout.value
    cut = (
        f", which is less than the {seconds(need.seconds)} that this stream may be silent"
        if limit < need.seconds
        else ""
    )
    message = (
        f"A stream goes through {hop.name} to {hop.upstream}: `next start` proxies it, compresses it, and gives up after"
        f" {seconds(limit)} without an answer{cut}. A route handler that returns the backend's response passes it through"
    )
    yield Finding("note", hop.where, message, "experimental: { proxyTimeout: 300_000 }, compress: false")
