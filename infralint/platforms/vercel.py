"""What Vercel grants a function where nobody says otherwise, in seconds.

https://vercel.com/docs/functions/configuring-functions/duration
https://vercel.com/docs/functions/limitations
https://vercel.com/docs/functions/runtimes/edge/edge-functions
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Plan = Literal["hobby", "pro", "enterprise"]

EDGE_FIRST_BYTE = 25.0
EDGE_DURATION = 300.0
FLUID_DEFAULT = 300.0
"""Fluid compute, on for every project made since 23 April 2025 and for older ones that turned it on."""
LONGEST_BETA = 1800.0
"""https://vercel.com/changelog, June 2026: up to 30 minutes on Pro and Enterprise, in beta."""
LARGEST_DURATION = 3600
"""What vercel.json may say at all; the plan's own limit is checked at deploy."""
MOST_RULES = 50
"""Patterns in `functions`: https://vercel.com/docs/project-configuration#functions."""


@dataclass(frozen=True, slots=True)
class Limits:
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
    return Limits(max(one.default for one in table.values()), min(one.largest for one in table.values()))


@dataclass(frozen=True, slots=True)
class Ceiling:
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
    refused = max(max(one.largest, one.beta) for one in tables)
    return Ceiling(plan, tables[0].largest, fluid_limits.largest, fluid_limits.beta, refused)
