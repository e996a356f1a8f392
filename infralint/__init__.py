"""infralint: will a token stream or a WebSocket survive every hop? All that a check may import is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from infralint.ignores import Ignore
    from infralint.model import (
        Affinity,
        Buffering,
        Crossing,
        Evidence,
        Finding,
        Hop,
        Known,
        Location,
        Need,
        Related,
        Setting,
        Severity,
        Stream,
        Unknown,
        Upgrade,
    )
    from infralint.registry import check
    from infralint.sources._alb import LoadBalancer
    from infralint.sources.nginx.hops import NginxLocation
    from infralint.wording import listing, plural, seconds

_HOMES = {
    "Ignore": "infralint.ignores",
    "check": "infralint.registry",
    "LoadBalancer": "infralint.sources._alb",
    "NginxLocation": "infralint.sources.nginx.hops",
    "listing": "infralint.wording",
    "plural": "infralint.wording",
    "seconds": "infralint.wording",
}

__all__ = [
    "Affinity",
    "Buffering",
    "Crossing",
    "Evidence",
    "Finding",
    "Hop",
    "Ignore",
    "Known",
    "LoadBalancer",
    "Location",
    "Need",
    "NginxLocation",
    "Related",
    "Setting",
    "Severity",
    "Stream",
    "Unknown",
    "Upgrade",
    "check",
    "listing",
    "plural",
    "seconds",
]


def __getattr__(name: str) -> object:
    """Load on first use: `infralint --version` must not pay for the model."""
    if name not in __all__:
        raise AttributeError(f"module 'infralint' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "infralint.model")), name)
