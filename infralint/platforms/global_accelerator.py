"""AWS Global Accelerator: it passes bytes on, and closes a connection that is silent.

https://docs.aws.amazon.com/global-accelerator/latest/dg/introduction-how-it-works.html
"""

from __future__ import annotations

from typing import Any, ClassVar

from infralint.model import Known, Location, not_applicable, silence_clocks
from infralint.platforms.routing import RoutedHop, RouteRule, RoutingNode

TCP_IDLE = 340.0
"""Seconds of silence of a TCP connection; they can't be set.

https://docs.aws.amazon.com/global-accelerator/latest/dg/introduction-how-it-works.html
"""


class AcceleratorHop(RoutedHop, frozen=True, kw_only=True):
    """The way through an accelerator to its endpoints."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "accelerator"

    @property
    def product(self) -> str:
        return "Global Accelerator"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "idle_timeout":
            return f"send a ping more often than every {TCP_IDLE:g} s: nothing changes this limit"
        return ""


def accelerator_node(name: str, where: Location, endpoints: tuple[str, ...], **fields: Any) -> RoutingNode:
    """An accelerator. endpoints: what it leads to, by reference. fields: what its source knows of every hop."""
    because = "Global Accelerator closes a connection that was silent for 340 s, and no setting changes that"
    limit = Known(TCP_IDLE, where, "the accelerator's idle timeout", "default", because=because)
    hop = AcceleratorHop(
        name=name,
        where=where,
        clocks=silence_clocks(limit),
        buffers_responses=not_applicable("never", where),
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        rules=(RouteRule(references=endpoints or (f"the endpoints of {name}",), where=where),),
        **fields,
    )
    return RoutingNode(
        name=name,
        hops=(hop,),
        known_as=frozenset({name}),
        environment=hop.environment,
        published=True,
        by_name_only=True,
    )
