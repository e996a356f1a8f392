from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Severity, Unknown, check


@check
def compressed_stream(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """An application, or a proxy in front of it, compresses a stream, and holds it back to do so."""
    if crossing.stream.kind == "websocket" or crossing.stream.compressed is not None:
        return
    match crossing.compression:
        case Unknown() as unknown:
            yield unknown
        case Known("holds" | "may-hold" | "delays" | "may-delay" as effect) as compression:
            is_sure = effect in ("holds", "delays") and crossing.stream.evidence.certain
            severity: Severity = "warning" if is_sure else "note"
            message = f"{compression.because}{_consequence(crossing, effect)}"
            yield Finding(severity, compression, message, crossing.hop.fix("compress"), effect="holds")


def _consequence(crossing: Crossing[Hop], effect: str) -> str:
    if effect in ("delays", "may-delay"):
        return ", and keeps its first bytes until there are enough of them: the first tokens come late, and a short answer all at once"
    is_known = crossing.hop.origin or crossing.leg.arriving.complete
    unless = "" if is_known else ", unless the backend sends `Cache-Control: no-transform`"
    return f"{unless}, and keeps it until there is enough to compress. Users see nothing, then everything at once"
