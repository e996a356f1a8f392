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
LARGEST_DURATION = 3600
"""What vercel.json may say at all; the plan's own limit is checked at deploy."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds a function gets without a maxDuration, and the most it can ask for."""

    default: float
    largest: float


FLUID: dict[Plan, Limits] = {
    "hobby": Limits(FLUID_DEFAULT, 300),
    "pro": Limits(FLUID_DEFAULT, 800),
    "enterprise": Limits(FLUID_DEFAULT, 800),
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
