"""AWS App Runner: 120 s for a whole response; of WebSockets its pages say nothing."""

from __future__ import annotations

from typing import Any

from infralint.model import Clock, Known, Location, Related, Unknown, not_applicable
from infralint.platforms.managed_containers import HighestLimit, ManagedContainer, ManagedContainerNode, container_node

TOTAL = 120.0
"""Seconds from the first byte of a request to the last of its answer; it can't be set.

https://docs.aws.amazon.com/apprunner/latest/dg/develop.html
"""


def app_runner_node(
    name: str, where: Location, names: tuple[str, ...], related: tuple[Related, ...], **fields: Any
) -> ManagedContainerNode:
    """A service of App Runner. related: through which modules it came. fields: what its source knows of every hop.
    WebSockets were asked for in https://github.com/aws/apprunner-roadmap/issues/13.
    """
    because = "App Runner gives a request 120 s in all, and no setting changes that"
    sockets = "AWS documents no WebSockets of App Runner, so that whether one opens can't be told"
    limit = Known(TOTAL, where, "App Runner's request timeout", "default", because=because, related=related)
    service = ManagedContainer(
        name=name,
        where=where,
        product="App Runner",
        clocks=(Clock("whole-response", limit, expiry="truncated"),),
        highest={"max_duration": HighestLimit(TOTAL)},
        forwards_upgrade=Unknown(where, "WebSockets of App Runner", sockets),
        keeps_affinity=not_applicable("single", where),
        names=names,
    )
    return container_node(service, **fields)
