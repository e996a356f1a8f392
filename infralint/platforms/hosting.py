"""Hosts that build and run an application from its repository: what each lets a stream be silent, and how long it may last.

https://devcenter.heroku.com/articles/http-routing#timeouts,
https://docs.railway.com/networking/public-networking/specs-and-limits,
https://render.com/docs/web-services,
https://fly.io/docs/reference/configuration/#http_service-http_options,
https://docs.netlify.com/build/functions/configuration,
https://docs.netlify.com/build/edge-functions/limits,
https://docs.aws.amazon.com/amplify/latest/userguide/ssr-amplify-support.html
"""

from __future__ import annotations

from typing import Any

from infralint.model import (
    SSE,
    Affinity,
    Buffering,
    Clock,
    Known,
    Location,
    Setting,
    Unknown,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.managed_containers import HighestLimit, ManagedContainer, ManagedContainerNode, container_node

HEROKU_FIRST_BYTE = 30.0
"""Seconds to the first byte of an answer on Heroku.

https://devcenter.heroku.com/articles/http-routing#timeouts
"""
HEROKU_SILENCE = 55.0
"""Seconds between two bytes, in either direction, of an answer or a WebSocket on Heroku.

https://devcenter.heroku.com/articles/http-routing#timeouts
"""
RAILWAY_TOTAL = 900.0
"""Seconds of a whole answer on Railway.

https://docs.railway.com/networking/public-networking/specs-and-limits
"""
RENDER_TOTAL = 6000.0
"""Seconds of a whole answer on Render.

https://render.com/docs/web-services
"""

AMPLIFY_TOTAL = 30.0
"""Seconds of a whole answer of an application on Amplify Hosting.

https://github.com/aws-amplify/amplify-hosting/issues/3223
"""


def heroku_node(name: str, where: Location, alone: bool, **fields: Any) -> ManagedContainerNode:
    """The web dynos of an app on Heroku. alone: the formation has one. fields: what its source knows of every hop.

    https://devcenter.heroku.com/articles/session-affinity
    """
    first = _fix_limit(
        HEROKU_FIRST_BYTE,
        where,
        "Heroku's first-byte timeout",
        "Heroku's router gives an answer 30 s to its first byte",
    )
    because = "Heroku's router closes what was silent for 55 s"
    later = _fix_limit(HEROKU_SILENCE, where, "Heroku's rolling timeout", because)
    why = "whether Heroku keeps a client on its dyno is switched on outside of these files"
    affinity: Setting[Affinity] = not_applicable("single", where)
    if not alone:
        affinity = Unknown(where, "http-session-affinity", why, "heroku features:enable http-session-affinity")
    return container_node(
        ManagedContainer(
            name=name,
            where=where,
            product="Heroku",
            clocks=(Clock("first-byte", first, SSE, "504"), Clock("between-bytes", later, expiry="truncated")),
            highest={"idle_timeout": HighestLimit(HEROKU_FIRST_BYTE)},
            forwards_upgrade=not_applicable("forwarded", where),
            keeps_affinity=affinity,
            affinity_advice="heroku features:enable http-session-affinity",
        ),
        **fields,
    )


def railway_node(name: str, where: Location, replicas: Setting[int], **fields: Any) -> ManagedContainerNode:
    """A service on Railway. fields: what its source knows of every hop."""
    because = "Railway gives a request 15 min in all, and no setting changes that"
    total = _fix_limit(RAILWAY_TOTAL, where, "Railway's maximum duration", because)
    return container_node(
        ManagedContainer(
            name=name,
            where=where,
            product="Railway",
            clocks=(Clock("whole-response", total, SSE, "truncated"),),
            highest={"max_duration": HighestLimit(RAILWAY_TOTAL)},
            forwards_upgrade=not_applicable("forwarded", where),
            keeps_affinity=_spread(replicas, "numReplicas"),
        ),
        **fields,
    )


def render_node(
    name: str, where: Location, instances: Setting[int], names: tuple[str, ...] = (), **fields: Any
) -> ManagedContainerNode:
    """A web service on Render. names: its hosts. fields: what its source knows of every hop."""
    because = "Render gives a request 100 min in all, and no setting changes that"
    total = _fix_limit(RENDER_TOTAL, where, "Render's request timeout", because)
    return container_node(
        ManagedContainer(
            name=name,
            where=where,
            product="Render",
            clocks=(Clock("whole-response", total, SSE, "truncated"),),
            highest={"max_duration": HighestLimit(RENDER_TOTAL)},
            forwards_upgrade=not_applicable("forwarded", where),
            keeps_affinity=_spread(instances, "numInstances"),
            names=names,
        ),
        **fields,
    )


def fly_node(
    name: str, where: Location, idle: Setting[float] | None, names: tuple[str, ...] = (), **fields: Any
) -> ManagedContainerNode:
    """An app on Fly.io. idle: seconds that a connection may be silent, where that is written. names: its hosts. fields: what its
    source knows of every hop.
    """
    unset = "nothing sets idle_timeout, and Fly.io's pages differ on what holds then (60 s, or no limit)"
    limit = idle or Unknown(where, "idle_timeout", unset, "write idle_timeout = 600 in [http_service.http_options]")
    because = "Fly.io's proxy keeps no client on one machine, and how many there are is not written here"
    return container_node(
        ManagedContainer(
            name=name,
            where=where,
            product="Fly.io",
            clocks=silence_clocks(limit),
            highest={"idle_timeout": HighestLimit(900, "idle_timeout = {seconds}")},
            forwards_upgrade=not_applicable("forwarded", where),
            keeps_affinity=Unknown(where, "machines", because),
            names=names,
        ),
        **fields,
    )


def amplify_node(name: str, where: Location, **fields: Any) -> ManagedContainerNode:
    """An application on Amplify Hosting that answers from a server. fields: what its source knows of every hop."""
    late = "Amplify Hosting gives an answer 30 s in all, and no setting changes that"
    total = _fix_limit(AMPLIFY_TOTAL, where, "Amplify Hosting's request timeout", late)
    because = "AWS's page lists streaming among what Amplify Hosting does not support"
    elsewhere = "have browsers ask for the stream elsewhere: Amplify Hosting does not stream"
    buffering: Setting[Buffering] = Known("always", where, "Amplify Hosting", "default", because=because)
    return container_node(
        ManagedContainer(
            name=name,
            where=where,
            product="Amplify Hosting",
            clocks=(Clock("whole-response", total, SSE, "504"),),
            highest={"max_duration": HighestLimit(AMPLIFY_TOTAL)},
            buffering=buffering,
            buffering_advice=elsewhere,
            forwards_upgrade=Unknown(where, "WebSockets of Amplify Hosting", "AWS documents none of Amplify Hosting"),
            keeps_affinity=not_applicable("single", where),
        ),
        **fields,
    )


def _fix_limit(seconds: float, where: Location, name: str, because: str) -> Known[float]:
    return Known(seconds, where, name, "default", because=because)


def _spread(replicas: Setting[int], name: str) -> Setting[Affinity]:
    """Requests of one client go to any of several replicas: neither Railway nor Render keeps it on one."""
    if isinstance(replicas, Unknown):
        return replicas
    if replicas.value < 2:
        return replicas.with_value("single")
    return replicas.with_value("none", f"`{replicas.written or name}`, and each of them takes any request")
