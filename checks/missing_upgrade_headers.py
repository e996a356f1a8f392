from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Severity, Unknown, Upgrade, check


@check
def missing_upgrade_headers(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop does not pass the WebSocket handshake on, so the connection never opens."""
    if crossing.stream.kind != "websocket" or crossing.is_handshake_mended:
        return
    match crossing.upgrade:
        case Unknown() as unknown:
            yield unknown
        case Known("dropped" | "half") as upgrade:
            message = (
                f"{crossing.hop.name} opens no WebSocket: {upgrade.because}. The handshake is never answered with 101"
            )
            yield _finding("error", crossing, upgrade, message)
        case Known("http/1.0") as upgrade:
            message = (
                f"{crossing.hop.name} may open no WebSocket: {upgrade.because}. Some backends refuse such a handshake"
            )
            yield _finding("warning", crossing, upgrade, message)


def _finding(severity: Severity, crossing: Crossing[Hop], upgrade: Known[Upgrade], message: str) -> Finding:
    fix = crossing.hop.fix("forwards_upgrade")
    return Finding(severity, upgrade, message, fix, upgrade.related, setting="forwards_upgrade", effect="refuses")
