"""What Vercel's functions do to a stream: which runtimes hold it back, and how many seconds they may run.

https://vercel.com/docs/functions/configuring-functions/duration
https://vercel.com/docs/functions/limitations
https://vercel.com/docs/functions/runtimes/edge/edge-functions
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from infralint.model import Clock, Known, Location, Setting, Unknown

Plan = Literal["hobby", "pro", "enterprise"]

EDGE_FIRST_BYTE = 25.0
"""Seconds that an Edge function may take until its first byte."""
EDGE_DURATION = 300.0
"""Seconds that an Edge function may stream, whatever its maxDuration says."""
REWRITE_FIRST_BYTE = 120.0
"""Seconds that a server behind a rewrite has until it answers.

https://vercel.com/docs/limits#proxied-request-timeout
"""
FLUID_DEFAULT = 300.0
"""Seconds without a maxDuration with Fluid compute: on for every project made since 23 April 2025, and for older ones
that turned it on."""
LONGEST_BETA = 1800.0
"""Seconds: https://vercel.com/changelog, June 2026: up to 30 minutes on Pro and Enterprise, in beta."""
LARGEST_DURATION = 3600
"""Seconds: what vercel.json may say at all; the plan's own limit is checked at deploy."""
RUNTIME_NAMES: Mapping[str, str] = MappingProxyType(
    {"nodejs": "Node.js", "bun": "Bun", "python": "Python", "go": "Go", "ruby": "Ruby", "edge": "Edge"}
)
HOLDING: Mapping[str, str] = MappingProxyType(
    {
        "ruby": "Vercel's Ruby runtime sends a response only when it is complete",
        "go": "Go handlers below api/ send a response only when it is complete",
    }
)
"""Runtimes that do not stream: their builders do not declare it (vercel/vercel, packages/go and packages/ruby)."""
AWS_HANDLER_HOLDS = "an AWS-style handler sends a response only when it is complete"
"""https://vercel.com/docs/functions/runtimes/node-js: the one Node.js function that does not stream."""
MOST_RULES = 50
"""Patterns in `functions`: https://vercel.com/docs/project-configuration#functions."""


class Limits(msgspec.Struct, frozen=True):
    """Seconds a function gets without a maxDuration, the most it can ask for, and the most in public beta."""

    default: float
    largest: float
    beta: float = 0


FLUID: dict[Plan, Limits] = {
    "hobby": Limits(FLUID_DEFAULT, 300),
    "pro": Limits(FLUID_DEFAULT, 800, LONGEST_BETA),
    "enterprise": Limits(FLUID_DEFAULT, 800, LONGEST_BETA),
}
WITHOUT_FLUID: dict[Plan, Limits] = {
    "hobby": Limits(10, 60),
    "pro": Limits(15, 300),
    "enterprise": Limits(15, 900),
}


def limits(fluid: bool, plan: Plan | None) -> Limits:
    """The limits of a plan; of an unknown one, what is certain: the longest default and the smallest maximum."""
    table = FLUID if fluid else WITHOUT_FLUID
    if plan:
        return table[plan]
    return Limits(max(table.default for table in table.values()), min(table.largest for table in table.values()))


class Ceiling(msgspec.Struct, frozen=True):
    """The longest maxDuration on a known plan, in seconds.

    largest: what a project may ask for; with_fluid, beta: what it may once Fluid compute is on, and in
    public beta (0: nothing more); refused: beyond it Vercel refuses the deploy.
    """

    plan: Plan
    largest: float
    with_fluid: float
    beta: float
    refused: float


def ceiling(fluid: bool | None, plan: Plan | None) -> Ceiling | None:
    """None for an unknown plan. Where Fluid compute may be on or off, only what both refuse is refused."""
    if plan is None:
        return None
    fluid_limits, other = FLUID[plan], WITHOUT_FLUID[plan]
    tables = (other,) if fluid is False else (fluid_limits,) if fluid else (fluid_limits, other)
    refused = max(max(table.largest, table.beta) for table in tables)
    return Ceiling(plan, tables[0].largest, fluid_limits.largest, fluid_limits.beta, refused)


def function_clocks(runtime: Setting[str], duration: Setting[float], where: Location) -> tuple[Clock, ...]:
    """A function's response ends when its time is up; an Edge function's after 300 s, whatever maxDuration says."""
    if isinstance(runtime, Known) and runtime.value == "edge":
        because = "Edge functions end a response after 300 s"
        duration = Known(EDGE_DURATION, where, "maxDuration", "default", because=because)
    return (Clock("whole-response", duration, expiry="truncated"),)


def default_duration(
    fluid: bool | None, plan: Plan | None, where: Location, switch: Known[bool] | None = None
) -> Setting[float]:
    """Seconds that a function gets without a maxDuration. switch: the `fluid` of vercel.json, where that says it."""
    if fluid is None:
        why = "no maxDuration is written here, and whether Fluid compute is on is set in Vercel's dashboard"
        return Unknown(where, "maxDuration", why)
    granted = limits(fluid, plan).default
    because = (
        f"without a maxDuration, {'Fluid compute' if fluid else 'a function without Fluid compute'} gives {granted:g} s"
    )
    if not fluid and plan is None:
        because = (
            "without a maxDuration, a function without Fluid compute gets 10 s on Hobby and 15 s on Pro and Enterprise"
        )
    written = switch.written if switch else ""
    return Known(granted, switch.where if switch else where, "maxDuration", "default", written, because)


def holding(runtime: Setting[str]) -> Known[str] | None:
    """Why a runtime holds a response back until it is complete, if it does."""
    reason = HOLDING.get(runtime.value) if isinstance(runtime, Known) else None
    if reason is None or not isinstance(runtime, Known):
        return None
    return Known(runtime.value, runtime.where, "runtime", "default", because=reason)
