"""Netlify: a function ends after a minute, an edge function has 40 s to its first byte; neither takes WebSockets.

https://docs.netlify.com/build/functions/configuration,
https://docs.netlify.com/build/edge-functions/limits
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from infralint.model import SSE, Clock, Known, Location, not_applicable
from infralint.platforms.routing import RoutedHop, RouteRule, RoutingNode, paths_of

FUNCTION_TOTAL = 60.0
"""Seconds that a function may take, first byte to last; they can't be set.

https://docs.netlify.com/build/functions/configuration
"""
EDGE_FIRST_BYTE = 40.0
"""Seconds that an edge function has until it answers; what it streams then is not limited.

https://docs.netlify.com/build/edge-functions/limits
"""


class NetlifyFunction(RoutedHop, frozen=True, kw_only=True):
    """Netlify's functions, or its edge functions, which produce the answer. is_edge: the latter."""

    platform: ClassVar[str] = "netlify"
    kind: ClassVar[str] = "Netlify function"
    origin: ClassVar[bool] = True

    is_edge: bool = False

    @property
    def product(self) -> str:
        return "Netlify"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "max_duration":
                return "take an edge function, or run it where answers may take longer: a function gets 60 s"
            case "idle_timeout":
                return "begin the answer at once, as with a comment line, and send the rest when it is there"
            case "forwards_upgrade":
                return "take server-sent events, or run it where WebSockets are taken: Netlify takes none"
        return ""


def site_node(
    name: str, functions: Sequence[RouteRule], edge_functions: Sequence[RouteRule], **fields: Any
) -> RoutingNode:
    """A site by what leads to its functions and its edge functions. fields: what its source knows of every hop."""
    kinds = ((functions, "functions", False), (edge_functions, "edge functions", True))
    hops = tuple(_hop(f"the {words} of {name}", rules, is_edge, fields) for rules, words, is_edge in kinds if rules)
    return RoutingNode(name=name, hops=hops, known_as=frozenset({name}), published=True, by_name_only=True)


def _hop(name: str, rules: Sequence[RouteRule], is_edge: bool, fields: dict[str, Any]) -> NetlifyFunction:
    where = rules[0].where
    because = "Netlify's functions answer each request once, and take no WebSockets"
    return NetlifyFunction(
        name=name,
        where=where,
        clocks=(_clock(where, is_edge),),
        buffers_responses=not_applicable("never", where),
        forwards_upgrade=Known("dropped", where, "Netlify function", "default", because=because),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        paths=paths_of(rules),
        rules=tuple(rules),
        is_edge=is_edge,
        **fields,
    )


def _clock(where: Location, is_edge: bool) -> Clock:
    if is_edge:
        because = "an edge function has 40 s until it answers, and no setting changes that"
        first = Known(EDGE_FIRST_BYTE, where, "Netlify's response header timeout", "default", because=because)
        return Clock("first-byte", first, SSE, "504")
    because = "a function has 60 s in all, and no setting changes that"
    total = Known(FUNCTION_TOTAL, where, "Netlify's execution limit", "default", because=because)
    return Clock("whole-response", total, SSE, "truncated")
