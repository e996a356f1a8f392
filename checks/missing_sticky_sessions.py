from __future__ import annotations

from collections.abc import Iterator

from infralint import (
    NAMELESS_SESSION,
    STRONG,
    Affinity,
    Crossing,
    Finding,
    Hop,
    Known,
    Related,
    Setting,
    Severity,
    Unknown,
    check,
)


@check
def missing_sticky_sessions(crossing: Crossing[Hop]) -> Iterator[Finding | Unknown]:
    """A hop spreads one client's requests over replicas that don't know its session."""
    stream = crossing.stream
    if stream.handshake_only or (stream.stateless and not stream.sticky):
        return
    if stream.kind != "websocket" and not stream.session and not stream.sticky:
        return
    match crossing.affinity:
        case Unknown() as unknown:
            yield unknown
        case Known("none") if crossing.leg.copies:
            return  # which of the proxies it is makes no difference: the backends behind them keep sessions
        case Known("none" | "today") as affinity:
            message = (
                f"{crossing.hop.name} does not keep a client on one replica: {affinity.because}. {_when(crossing)}"
            )
            # With one replica only a rollout moves a client, and only polling breaks at that.
            is_needed = stream.session or (stream.sticky and affinity.value != "today")
            yield _split(crossing, "warning" if is_needed else "note", affinity, message)
        case Known("single") as affinity if stream.session and _is_replicated(crossing):
            replicas = crossing.leg.replicas
            message = (
                f"{crossing.hop.name} sends all to one name, behind which `{replicas}` share the requests, and nothing keeps"
                f" a client on one of them. {_when(crossing)}"
            )
            yield Finding(
                "warning", affinity, message, crossing.hop.fix("keeps_affinity"), _said_of(replicas), effect="splits"
            )
        case Known("address") as affinity if crossing.in_front:
            front = crossing.in_front[-1].node
            is_known = crossing.leg.basis in STRONG
            place = f"behind {front}" if is_known else f"if {front} stands in front, as it may,"
            message = (
                f"{affinity.written} tells clients apart by address, but {place} everybody"
                f" comes from its addresses: many clients share one replica, and a client may change its own. {_when(crossing)}"
            )
            # That another proxy stands in front must be known, not only likely.
            is_needed = is_known and (stream.session or stream.sticky)
            yield _split(crossing, "warning" if is_needed else "note", affinity, message)


def _split(crossing: Crossing[Hop], severity: Severity, affinity: Known[Affinity], message: str) -> Finding:
    """A client's requests reach several replicas, and the hop's own setting may put that right."""
    fix = crossing.hop.fix("keeps_affinity")
    return Finding(severity, affinity, message, fix, setting="keeps_affinity", effect="splits")


def _is_replicated(crossing: Crossing[Hop]) -> bool:
    """Whether several of what keeps the session share one name. Of a proxy there may be many: all of them hand on alike."""
    replicas = crossing.leg.replicas
    is_proxy = bool(crossing.behind) and not crossing.behind[0].hop.origin
    return isinstance(replicas, Known) and replicas.value > 1 and not is_proxy


def _said_of(replicas: Setting[int] | None) -> tuple[Related, ...]:
    return (Related(f"{replicas}", replicas.where),) if isinstance(replicas, Known) else ()


POLLING = frozenset({"socket.io", "engine.io", "sockjs", "signalr"})
"""Protocols that open a session by plain requests, and go over to a WebSocket later."""


def _when(crossing: Crossing[Hop]) -> str:
    session = crossing.stream.session
    if session == "MCP":
        return "An MCP session is kept in one process: a request that comes to another one gets 404"
    if crossing.stream.kind == "sse" and not session:
        return "`require_sticky: true` asks for it"
    if session == NAMELESS_SESSION:
        return "A session is kept in one process: its next request may come to another one"
    if session and session.lower() not in POLLING:
        return f"A session of {session} is kept in one process: its next request may come to another one"
    if session:
        return f"{session} begins with polling, which fails at once (400); with WebSockets alone it works"
    return (
        "An open WebSocket stays on its replica, but a client that connects again may come to another: that matters if the"
        " conversation is kept in the process"
    )
