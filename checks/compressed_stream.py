from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Severity, Unknown, check


@check
def compressed_stream(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """An application compresses a stream, and holds it back to do so."""
    if crossing.stream.kind == "websocket" or crossing.stream.compressed is not None:
        return
    match crossing.compression:
        case Unknown() as unknown:
            yield unknown
        case Known("holds" | "may-hold" as effect) as compression:
            severity: Severity = "warning" if effect == "holds" and crossing.stream.evidence.certain else "note"
            message = _message(crossing, compression)
            yield Finding(severity, compression, message, crossing.hop.fix("compress"), effect="holds")


def _message(crossing: Crossing[Hop], compression: Known[str]) -> str:
    is_known = crossing.hop.origin or crossing.leg.arriving.complete
    unless = "" if is_known else ", unless the backend sends `Cache-Control: no-transform`"
    return (
        f"{compression.because}, and keeps it until there is enough to compress: a browser gets the whole answer at its"
        f" end{unless}"
    )
