"""What reports say of streams, hops and whole ways as plain data, each setting with where it stands."""

from __future__ import annotations

import math
from typing import Any

from infralint.model import Clock, Hop, Known, Leg, Location, Request, Setting, Stream, Trace, Unknown
from infralint.text.display import hide_secrets

Data = dict[str, Any]


def entry(message: str, where: Location) -> Data:
    return {"message": message, "location": location_data(where)}


def location_data(where: Location) -> Data:
    return {
        "path": where.path,
        "line": where.line,
        "column": where.column,
        "end_line": where.end_line,
        "end_column": where.end_column,
    }


def hop_data(hop: Hop) -> Data:
    return {
        "platform": hop.platform,
        "kind": hop.kind,
        "name": hop.name,
        **({"hosts": list(hop.hosts)} if hop.hosts else {}),
        **({"environment": hop.environment} if hop.environment else {}),
        "location": location_data(hop.where),
    }


def stream_data(stream: Stream) -> Data:
    return {
        "kind": stream.kind,
        "path": stream.path,
        **({"host": stream.host} if stream.host else {}),
        "evidence": stream.evidence.kind,
        "because": stream.evidence.because,
    }


def leg_data(leg: Leg, trace: Trace, position: int) -> Data:
    """One hop of a way. link: on what ground it was found behind the one before; null for the first."""
    hop = leg.hop
    return {
        "node": leg.node,
        "hop": hop_data(hop),
        "link": leg.basis,
        "request": request_data(leg.inbound),
        "clocks": [clock_data(clock) for clock in hop.clocks if trace.stream.kind in clock.kinds],
        "buffering": setting_data(hop.buffering_of(leg.arriving, leg.inbound)),
        "upgrade": setting_data(hop.upgrade_of(leg.inbound)),
        "affinity": setting_data(hop.keeps_affinity),
        "certain": trace.is_certain(position),
        "reasons": list(trace.reasons(position)),
    }


def request_data(request: Request) -> Data:
    """A request as it arrives. to: the address that is dialled, where that is known. http, upgrade: null where unknown."""
    return {
        "host": request.host,
        "path": request.path,
        **({"to": str(request.to)} if request.to is not None else {}),
        "http": request.http.value if isinstance(request.http, Known) else None,
        **({"upgrade": _value(request.upgrade)} if request.kind == "websocket" else {}),
    }


def _value(setting: Setting[Any]) -> Any:
    return setting.value if isinstance(setting, Known) else None


def clock_data(clock: Clock) -> Data:
    """A timeout. seconds: null where it is unlimited, or where `reason` says why it is unknown."""
    setting = setting_data(clock.limit)
    value = setting.pop("value")
    return {"phase": clock.phase, "seconds": None if value == math.inf else value, "expiry": clock.expiry, **setting}


def setting_data(setting: Setting[Any]) -> Data:
    """A setting that is known, by its own or by its platform's words; or the reason why it is not."""
    if isinstance(setting, Unknown):
        return {"value": None, "reason": setting.why, "location": location_data(setting.where)}
    return {"value": setting.value, **_source(setting)}


def _source(setting: Known[Any]) -> Data:
    """Where a known setting comes from; nothing for what a platform does not have."""
    if not setting.name:
        return {}
    return {"name": setting.name, "origin": setting.origin, "location": location_data(setting.where)}


def without_secrets(data: Any) -> Any:
    """The same with stars for what looks like credentials in addresses."""
    if isinstance(data, str):
        return hide_secrets(data)
    if isinstance(data, dict):
        return {key: without_secrets(value) for key, value in data.items()}
    return [without_secrets(value) for value in data] if isinstance(data, list) else data
