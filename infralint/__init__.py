"""infralint: will a token stream or a WebSocket survive every hop? All that a check may import is here."""

from __future__ import annotations

import sys

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    # `python -m infralint` puts the folder it is called in first: a `click.py` of the judged project is not to run.
    # https://docs.python.org/3/using/cmdline.html#cmdoption-m
    del sys.path[0]

TYPE_CHECKING = False  # typing, which takes a third of the time of `--version`, is for type checkers alone

__version__ = "0.1.0"

if TYPE_CHECKING:
    from infralint.engine.ignores import Ignore
    from infralint.engine.registry import check
    from infralint.model import (
        LENGTH,
        NAMELESS_SESSION,
        SILENCE,
        STRONG,
        Affinity,
        Buffering,
        Crossing,
        Effect,
        Evidence,
        Finding,
        Hop,
        Known,
        Leg,
        Location,
        Need,
        Related,
        Setting,
        Severity,
        Stream,
        Unknown,
        Upgrade,
    )
    from infralint.platforms.aws_elb import LoadBalancer
    from infralint.platforms.cloudfront import CacheBehaviorHop
    from infralint.platforms.vercel import EDGE_DURATION, EDGE_FIRST_BYTE
    from infralint.sources.application.language_models import LanguageModelUse
    from infralint.sources.application.nodes import ApplicationRoute
    from infralint.sources.aws_account.drift import ChangedSetting, Drift, OneSided
    from infralint.sources.kubernetes.controllers import IngressController
    from infralint.sources.nginx.hops import NginxLocation
    from infralint.sources.vercel.config import VercelConfig
    from infralint.sources.vercel.hops import NextHop, NextRewrite, NextRoute, VercelFunction
    from infralint.text.wording import listing, ping_interval, plural, seconds

PLATFORM_TYPES = {
    "Drift": "infralint.sources.aws_account.drift",
    "ApplicationRoute": "infralint.sources.application.nodes",
    "CacheBehaviorHop": "infralint.platforms.cloudfront",
    "IngressController": "infralint.sources.kubernetes.controllers",
    "LanguageModelUse": "infralint.sources.application.language_models",
    "LoadBalancer": "infralint.platforms.aws_elb.hops",
    "NginxLocation": "infralint.sources.nginx.hops",
    "NextHop": "infralint.sources.vercel.hops",
    "NextRewrite": "infralint.sources.vercel.hops",
    "NextRoute": "infralint.sources.vercel.hops",
    "VercelConfig": "infralint.sources.vercel.config",
    "VercelFunction": "infralint.sources.vercel.hops",
}
"""The types of single platforms, and the modules that define them."""

_HOMES = PLATFORM_TYPES | {
    "ChangedSetting": "infralint.sources.aws_account.drift",
    "EDGE_DURATION": "infralint.platforms.vercel",
    "EDGE_FIRST_BYTE": "infralint.platforms.vercel",
    "OneSided": "infralint.sources.aws_account.drift",
    "Ignore": "infralint.engine.ignores",
    "check": "infralint.engine.registry",
    "listing": "infralint.text.wording",
    "ping_interval": "infralint.text.wording",
    "plural": "infralint.text.wording",
    "seconds": "infralint.text.wording",
}

__all__ = [
    "EDGE_DURATION",
    "EDGE_FIRST_BYTE",
    "LENGTH",
    "NAMELESS_SESSION",
    "SILENCE",
    "STRONG",
    "Affinity",
    "ApplicationRoute",
    "Buffering",
    "CacheBehaviorHop",
    "ChangedSetting",
    "Crossing",
    "Drift",
    "Effect",
    "Evidence",
    "Finding",
    "Hop",
    "Ignore",
    "IngressController",
    "Known",
    "LanguageModelUse",
    "Leg",
    "LoadBalancer",
    "Location",
    "Need",
    "NextHop",
    "NextRewrite",
    "NextRoute",
    "NginxLocation",
    "OneSided",
    "Related",
    "Setting",
    "Severity",
    "Stream",
    "Unknown",
    "Upgrade",
    "VercelConfig",
    "VercelFunction",
    "check",
    "listing",
    "ping_interval",
    "plural",
    "seconds",
]


def __getattr__(name: str) -> object:
    """Load on first use: `infralint --version` must not pay for the model."""
    if name not in __all__:
        raise AttributeError(f"module 'infralint' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOMES.get(name, "infralint.model")), name)
    globals()[name] = value
    return value
