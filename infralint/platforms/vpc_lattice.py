"""Amazon VPC Lattice: a service's connections may be silent for a minute, and last ten.

https://docs.aws.amazon.com/vpc-lattice/latest/ug/services.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from infralint.model import SSE, WEBSOCKET, Clock, Known, Location, Unknown, not_applicable, silence_clocks
from infralint.platforms.routing import RoutedHop, RouteRule, RoutingNode, are_general, whole_apis

IDLE = 60.0
"""Seconds of silence of a connection to a target unless more is set; 600 at most.

https://docs.aws.amazon.com/vpc-lattice/latest/ug/services.html
"""
TOTAL = 600.0
"""Seconds that a connection may last; they can't be set.

https://docs.aws.amazon.com/vpc-lattice/latest/ug/services.html
"""


class LatticeHop(RoutedHop, frozen=True, kw_only=True):
    """The way through a service of VPC Lattice to its target groups."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "VPC Lattice service"

    @property
    def product(self) -> str:
        return "VPC Lattice"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                return (
                    "raise the idle timeout of the service (600 s at most), or send a ping more often than every 60 s"
                )
            case "max_duration":
                return "take a load balancer: VPC Lattice gives no connection more than 600 s"
        return ""


def lattice_node(name: str, where: Location, rules: Sequence[RouteRule], **fields: Any) -> RoutingNode:
    """A service. rules: what its listeners ask for. fields: what its source knows of every hop."""
    idle = Known(IDLE, where, "the service's idle timeout", "default")
    because = "VPC Lattice ends every connection after 10 min, and no setting changes that"
    total = Known(TOTAL, where, "VPC Lattice's connection timeout", "default", because=because)
    sockets = "whether a WebSocket opens through VPC Lattice is not written in AWS's pages"
    hop = LatticeHop(
        name=name,
        where=where,
        clocks=(
            *silence_clocks(idle),
            Clock("whole-response", total, SSE, "truncated"),
            Clock("connection", total, WEBSOCKET, "reset"),
        ),
        buffers_responses=not_applicable("never", where),
        forwards_upgrade=Unknown(where, "WebSockets of VPC Lattice", sockets),
        keeps_affinity=not_applicable("single", where),
        runtime=not_applicable("", where),
        paths=tuple(dict.fromkeys(rule.path for rule in rules)),
        assumable=are_general(rules, whole_apis(rules)),
        rules=tuple(rules),
        **fields,
    )
    return RoutingNode(name=name, hops=(hop,), known_as=frozenset({name}), environment=hop.environment)


def fixed_answer(status: str, where: Location) -> Known[str]:
    """What a listener or a rule answers by itself."""
    return Known(status, where, "fixed response", "explicit", f"a fixed response of {status}")
