"""What AWS's attributes amount to on one way through a load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from infralint.model import UNLIMITED, Affinity, Known, Setting, Unknown, Upgrade, not_applicable
from infralint.platforms.aws_elb.attributes import (
    CLASSIC_MOST_IDLE,
    IDLE,
    PROTOCOL,
    PROTOCOL_VERSION,
    STICKY,
    STICKY_TYPE,
    TARGET_TYPE,
    TCP_IDLE,
    TLS_IDLE,
    TYPE,
    carries_tcp,
    why_not_taken,
    within_limits,
)
from infralint.platforms.aws_elb.facts import Balancer, ForwardedGroup
from infralint.platforms.ports import OTHER_PORTS, WEB_PORTS


def idle_timeout(way: ForwardedGroup) -> Setting[float]:
    """Seconds of silence that the balancer allows: each family has its own knob, or none."""
    family = way.balancer.attribute(TYPE)
    if isinstance(family, Unknown):
        return Unknown(family.where, "idle_timeout", f"the type of load balancer decides it, and {family.why}")
    if (refused := why_not_taken(family, TYPE)) and not way.balancer.is_of("classic"):
        return refused
    if family.value in ("application", "classic"):
        most = CLASSIC_MOST_IDLE if family.value == "classic" else UNLIMITED
        return within_limits(way.balancer.attribute(IDLE), IDLE, most)
    protocol = way.of_listener(PROTOCOL)
    if isinstance(protocol, Known) and protocol.value == "TLS":
        because = "a TLS listener of a network load balancer always allows 350 s; only a heartbeat helps"
        return Known(TLS_IDLE, protocol.where, TCP_IDLE, "default", because=because)
    return within_limits(way.of_listener(TCP_IDLE), TCP_IDLE)


def refusal(way: ForwardedGroup) -> Unknown | None:
    """The first value of an attribute that AWS does not have, whether or not anybody asks about it."""
    if way.balancer.is_of("classic"):
        return None
    settings = [
        (way.balancer.attribute(TYPE), TYPE),
        (way.of_listener(PROTOCOL), PROTOCOL),
        *((way.of_group(key), key) for key in (PROTOCOL, PROTOCOL_VERSION, TARGET_TYPE, STICKY_TYPE)),
    ]
    return next((refused for setting, key in settings if (refused := why_not_taken(setting, key))), None)


def stray_idle(balancer: Balancer) -> Known[float] | None:
    """An idle timeout written on a network or gateway load balancer, which ignores it."""
    idle = balancer.attributes.get(IDLE)
    written = isinstance(idle, Known) and idle.origin != "default"
    return idle if isinstance(idle, Known) and written and balancer.is_of("network", "gateway") else None


def assumable(way: ForwardedGroup) -> bool:
    """Whether it may be assumed to carry a stream: HTTP and TLS may, and other bytes on a port of the web.

    A listener on 22 or 5432 carries something else; a port that is not known may carry anything; what only sends
    clients elsewhere carries nothing.
    """
    if not is_of_the_web(way):
        return False
    family = way.balancer.attribute(TYPE)
    if isinstance(family, Unknown) or family.value == "application":
        return True
    spoken = way.listener.protocol if way.listener is not None else ""
    if family.value == "gateway" or not carries_tcp(spoken):
        return False
    if spoken in ("TLS", "HTTP", "HTTPS"):
        return True
    port = way.listener.port if way.listener is not None else None
    return port is None or port in WEB_PORTS


def is_of_the_web(way: ForwardedGroup) -> bool:
    """Whether a stream of a browser may pass at all: not where bytes go to the port of a database, mail or the like,
    and not where nothing is forwarded."""
    listener = way.listener
    if way.group is None and not way.rules and _leads_nowhere(way.balancer):
        return False
    return listener is None or listener.protocol in ("HTTP", "HTTPS") or listener.port not in OTHER_PORTS


def _leads_nowhere(balancer: Balancer) -> bool:
    """Whether its listeners are known and forward nothing. One that answers may have rules beside it in another root,
    but one that redirects every request has not."""
    if balancer.is_unread:
        return False
    streaming = [listener for listener in balancer.listeners if listener.carries_tcp]
    answers = [rule.answer for listener in streaming for rule in listener.rules if not rule.shares]
    redirects = bool(answers) and all(answer is not None and answer.name == REDIRECT for answer in answers)
    return balancer.complete or redirects or bool(balancer.listeners and not streaming)


REDIRECT = "redirect"
"""The name of an answer that sends clients elsewhere."""


def forwards_upgrade(way: ForwardedGroup) -> Setting[Upgrade]:
    """Application load balancers upgrade by themselves and network ones carry bytes; nothing needs enabling."""
    protocol, version = way.of_listener(PROTOCOL), way.of_group(PROTOCOL_VERSION)
    web = isinstance(protocol, Known) and str(protocol.value).upper() in ("HTTP", "HTTPS")
    if way.balancer.is_of("classic") and web:
        why = "AWS documents WebSockets through a classic load balancer only for TCP and SSL listeners"
        return Unknown(protocol.where, "protocol", why, "use a TCP or SSL listener, or an application load balancer")
    if way.balancer.is_of("application") and isinstance(version, Known) and version.value in ("HTTP2", "GRPC"):
        name = way.group.name if way.group is not None else "its target group"
        because = (
            f"{name} takes only {version.value} (`{version}`), and AWS answers a handshake, which is HTTP/1.1, with 464"
        )
        return version.with_value("dropped", because)
    return not_applicable("forwarded", way.balancer.where)


def affinity(way: ForwardedGroup) -> Setting[Affinity]:
    """What keeps a client on its target: stickiness of the target group (never that of the action), or being alone."""
    group = way.group
    if group is None:
        return Unknown(
            way.balancer.where, "stickiness", "no target group of this load balancer stands in this configuration"
        )
    if alone := _alone(way):
        return alone
    enabled = way.of_group(STICKY)
    if isinstance(enabled, Unknown):
        return enabled
    if not enabled.value:
        return _as_affinity(enabled, "today" if group.one_today else "none", _unsticky(way, enabled))
    kind = way.of_group(STICKY_TYPE)
    if isinstance(kind, Unknown):
        return _as_affinity(enabled, "client")
    if refused := _refused_type(way, kind):
        return refused
    kept: Affinity = "address" if str(kind.value).startswith("source_ip") else "client"
    return _as_affinity(kind if kind.origin != "default" else enabled, kept)


def _unsticky(way: ForwardedGroup, enabled: Known[Any]) -> str:
    group = way.group
    name, more = (group.name, group.replicas_reason) if group is not None else ("", "")
    written = f" (`{enabled.written}`)" if enabled.written else ""
    return f"{name or 'its target group'} has no stickiness{written}{more}"


_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("HTTP", "HTTPS"), ("app_cookie", "lb_cookie")),
        **dict.fromkeys(("TCP", "UDP", "TCP_UDP"), ("source_ip",)),
        "GENEVE": ("source_ip_dest_ip", "source_ip_dest_ip_proto"),
    }
)
"""Protocol of a target group -> the types of stickiness that AWS takes for it.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""


def _refused_type(way: ForwardedGroup, kind: Known[Any]) -> Unknown | None:
    """Stickiness of another family than the target group's, which AWS refuses."""
    protocol = way.of_group(PROTOCOL)
    spoken = str(protocol.value).upper() if isinstance(protocol, Known) and protocol.origin != "default" else ""
    types = _TYPES.get(spoken)
    if types is None or kind.value in types or kind.origin == "default":
        return None
    why = f"AWS refuses `{kind}` for a target group of protocol {spoken}: it takes {' or '.join(types)}"
    return Unknown(kind.where, kind.name, why, refused=True)


def _alone(way: ForwardedGroup) -> Known[Affinity] | None:
    """A single target; what keeps no session (a function); what has target groups of its own (a load balancer)."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
    replicas = way.group.replicas if way.group is not None else None
    if isinstance(replicas, Known) and replicas.value == 1:
        return _as_affinity(replicas, "single")
    kind = way.of_group(TARGET_TYPE)
    return _as_affinity(kind, "single") if isinstance(kind, Known) and kind.value in ("alb", "lambda") else None


def unstickable(way: ForwardedGroup) -> str:
    """Why no stickiness can be set, where AWS has none, and what to do instead."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-sticky-sessions.html
    settings = (way.of_listener(PROTOCOL), way.of_group(PROTOCOL))
    spoken = {
        str(setting.value).upper() for setting in settings if isinstance(setting, Known) and setting.origin != "default"
    }
    if way.balancer.is_of("network") and "TLS" in spoken:
        return (
            "a network load balancer has no stickiness for TLS: take TCP for its listener and target group"
            " (the targets end TLS then), or an application load balancer"
        )
    if way.balancer.is_of("classic") and spoken & {"TCP", "SSL"}:
        return (
            "a classic load balancer keeps clients by cookie, only on HTTP and HTTPS listeners:"
            " take an application load balancer"
        )
    return ""


def _as_affinity(setting: Known[Any], value: Affinity, because: str = "") -> Known[Affinity]:
    """The same words, read as an affinity."""
    return Known(
        value,
        setting.where,
        setting.name,
        setting.origin,
        setting.written,
        because or setting.because,
        setting.related,
    )
