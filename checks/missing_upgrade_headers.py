from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, Unknown, check


@check
def missing_upgrade_headers(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop does not pass the WebSocket handshake on, so the connection never opens."""
    if crossing.stream.kind != "websocket" or crossing.is_handshake_mended:
        return
    fix = crossing.hop.fix("forwards_upgrade")
    match crossing.upgrade:
        case Unknown() as unknown:
            yield unknown
        case Known("dropped" | "half") as upgrade:
            message = f"{crossing.hop.name} opens no WebSocket: {upgrade.because}. The handshake never becomes 101"
            yield Finding("error", upgrade, message, fix, upgrade.related, setting="forwards_upgrade")
        case Known("http/1.0") as upgrade:
            message = (
                f"{crossing.hop.name} may open no WebSocket: {upgrade.because}. Some backends refuse the handshake"
            )
            yield Finding("warning", upgrade, message, fix, upgrade.related, setting="forwards_upgrade")
