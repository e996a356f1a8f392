"""Google Cloud Run: one timeout for a whole response, which ends WebSockets, too; affinity only where it is asked for."""

from __future__ import annotations

from typing import Any

from infralint.model import Affinity, Clock, Known, Location, Setting, Unknown, not_applicable
from infralint.platforms.managed_containers import HighestLimit, ManagedContainer, ManagedContainerNode, container_node

REQUEST_TIMEOUT = 300.0
"""Seconds for a whole response unless more is set.

https://docs.cloud.google.com/run/docs/configuring/request-timeout
"""
MOST_REQUEST_TIMEOUT = 3600.0
"""Seconds that can be set at most.

https://docs.cloud.google.com/run/docs/configuring/request-timeout
"""


def cloud_run_node(
    name: str,
    where: Location,
    limit: Setting[float],
    affinity: Setting[bool],
    most_instances: Setting[int],
    limit_advice: str,
    names: tuple[str, ...],
    **fields: Any,
) -> ManagedContainerNode:
    """A service of Cloud Run. limit: seconds. most_instances: 0 where nothing limits them. fields: what its source knows
    of every hop.

    https://docs.cloud.google.com/run/docs/triggering/websockets
    https://docs.cloud.google.com/run/docs/configuring/session-affinity
    """
    service = ManagedContainer(
        name=name,
        where=where,
        product="Cloud Run",
        clocks=(Clock("whole-response", limit, expiry="truncated"),),
        highest={"max_duration": HighestLimit(MOST_REQUEST_TIMEOUT, limit_advice)},
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=_affinity(affinity, most_instances),
        affinity_advice="session_affinity = true",
        names=names,
    )
    return container_node(service, **fields)


def _affinity(affinity: Setting[bool], most_instances: Setting[int]) -> Setting[Affinity]:
    if isinstance(most_instances, Known) and most_instances.value == 1:
        return most_instances.with_value("single")
    if isinstance(affinity, Unknown):
        return affinity
    if affinity.value:
        return affinity.with_value("client")
    words = f"`{affinity.written}`" if affinity.written else "nothing sets session_affinity"
    return affinity.with_value("none", f"{words}, and any instance of it takes the next request")
