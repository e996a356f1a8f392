"""Azure Container Apps and App Service: how long an answer may be silent there, and which WebSockets open.

https://learn.microsoft.com/en-us/azure/container-apps/ingress-overview,
https://learn.microsoft.com/en-us/troubleshoot/azure/app-service/web-apps-performance-faqs
"""

from __future__ import annotations

from typing import Any

from infralint.model import (
    Affinity,
    Known,
    Location,
    Related,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.managed_containers import HighestLimit, ManagedContainer, ManagedContainerNode, container_node

CONTAINER_APP_IDLE = 240.0
"""Seconds that a request of a container app may be silent.

https://learn.microsoft.com/en-us/azure/container-apps/ingress-overview
"""
MOST_REPLICAS = 10
"""Replicas of a container app where nothing is set.

https://learn.microsoft.com/en-us/azure/container-apps/scale-app
"""
APP_SERVICE_IDLE = 230.0
"""Seconds that a request of an App Service may be silent: the load balancer in front closes it then.

https://learn.microsoft.com/en-us/troubleshoot/azure/app-service/web-apps-performance-faqs
"""


def container_app_node(
    name: str,
    where: Location,
    most_replicas: Setting[int],
    names: tuple[str, ...],
    related: tuple[Related, ...],
    **fields: Any,
) -> ManagedContainerNode:
    """A container app with an ingress. fields: what its source knows of every hop.

    https://learn.microsoft.com/en-us/azure/container-apps/sticky-sessions
    """
    because = "Container Apps' ingress gives up a request that was silent for 240 s"
    limit = Known(CONTAINER_APP_IDLE, where, "the ingress's idle timeout", "default", because=because, related=related)
    service = ManagedContainer(
        name=name,
        where=where,
        product="Container Apps",
        clocks=silence_clocks(limit),
        highest={"idle_timeout": HighestLimit(CONTAINER_APP_IDLE)},
        forwards_upgrade=not_applicable("forwarded", where),
        keeps_affinity=_by_replicas(most_replicas),
        affinity_advice="az containerapp ingress sticky-sessions set --affinity sticky",
        names=names,
    )
    return container_node(service, **fields)


def _by_replicas(most: Setting[int]) -> Setting[Affinity]:
    if isinstance(most, Unknown):
        return most
    if most.value == 1:
        return most.with_value("single")
    words = f"`{most.written}`" if most.written else f"up to {most.value} replicas, the default,"
    return most.with_value("none", f"{words} share the requests, and no session affinity is set here")


def app_service_node(
    name: str,
    where: Location,
    affinity: Setting[bool],
    upgrade: Setting[Upgrade],
    names: tuple[str, ...],
    related: tuple[Related, ...],
    **fields: Any,
) -> ManagedContainerNode:
    """A web app of App Service. affinity: whether ARR's cookie keeps clients on their instance. fields: what its source
    knows of every hop.

    https://learn.microsoft.com/en-us/azure/app-service/manage-automatic-scaling
    """
    because = "the load balancer of App Service closes a request that was silent for 230 s"
    limit = Known(APP_SERVICE_IDLE, where, "App Service's idle timeout", "default", because=because, related=related)
    service = ManagedContainer(
        name=name,
        where=where,
        product="App Service",
        clocks=silence_clocks(limit),
        highest={"idle_timeout": HighestLimit(APP_SERVICE_IDLE)},
        forwards_upgrade=upgrade,
        upgrade_advice="websockets_enabled = true",
        keeps_affinity=_by_cookie(affinity),
        affinity_advice="client_affinity_enabled = true",
        names=names,
    )
    return container_node(service, **fields)


def _by_cookie(affinity: Setting[bool]) -> Setting[Affinity]:
    if isinstance(affinity, Unknown):
        return affinity
    if affinity.value:
        return affinity.with_value("client")
    words = f"`{affinity.written}`" if affinity.written else "nothing sets client_affinity_enabled"
    return affinity.with_value("none", f"{words}, and any instance of its plan takes the next request")


def windows_upgrade(enabled: Setting[bool]) -> Setting[Upgrade]:
    """What becomes of a handshake on Windows, where WebSockets are off unless they are asked for; on Linux they pass.

    https://learn.microsoft.com/en-us/azure/app-service/configure-common#configure-general-settings
    """
    if isinstance(enabled, Unknown):
        return enabled
    if enabled.value:
        return enabled.with_value("forwarded")
    words = f"`{enabled.written}`" if enabled.written else "nothing sets websockets_enabled"
    return enabled.with_value("dropped", f"{words}, and App Service on Windows takes no WebSockets then")
