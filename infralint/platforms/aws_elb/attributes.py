"""Elastic Load Balancing in AWS's own words: attributes, defaults, and what a stream sees of them.

Terraform, the live account and whatever else describes these load balancers bring plain
dictionaries from AWS's attribute keys to settings; an absent key has AWS's default. Nothing
here knows where the attributes came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar

from infralint.model import (
    UNLIMITED,
    Affinity,
    Forward,
    Hop,
    Known,
    Location,
    Pool,
    Request,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.ports import WEB_PORTS

Attributes = Mapping[str, Setting[Any]]
"""AWS's attribute key -> what it is set to. A key that is left out has AWS's default."""

Family = Literal["application", "network", "gateway", "classic"]

NOTHING: Attributes = MappingProxyType({})
DOCS = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
H = TypeVar("H", bound=Hop)
KEEP_ALIVE = (
    "keep the target's own keep-alive longer than this (Node 5 s, uvicorn 5 s and gunicorn 2 s by default), "
    "or requests fail with 502"
)
"""What whoever raises an idle timeout must know."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: AWS's default, the least and most it takes (numbers), and the vendor's page."""

    default: Any
    page: str
    least: float = 0
    most: float = UNLIMITED


IDLE = "idle_timeout.timeout_seconds"
TCP_IDLE = "tcp.idle_timeout.seconds"
TYPE = "type"
PROTOCOL = "protocol"
PORT = "port"
TARGET_TYPE = "target_type"
STICKY = "stickiness.enabled"
STICKY_TYPE = "stickiness.type"
LB_COOKIE_SECONDS = "stickiness.lb_cookie.duration_seconds"
APP_COOKIE_SECONDS = "stickiness.app_cookie.duration_seconds"
APP_COOKIE_NAME = "stickiness.app_cookie.cookie_name"
GROUP_STICKY = "target_group_stickiness.enabled"
GROUP_STICKY_SECONDS = "target_group_stickiness.duration_seconds"

ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType(
    {
        TYPE: Attribute("application", f"{API}/API_CreateLoadBalancer.html"),
        IDLE: Attribute(60.0, f"{DOCS}/application/edit-load-balancer-attributes.html", 1, 4000),
        TCP_IDLE: Attribute(350.0, f"{DOCS}/network/update-idle-timeout.html", 60, 6000),
        PROTOCOL: Attribute("HTTP", f"{DOCS}/application/load-balancer-listeners.html"),
        TARGET_TYPE: Attribute("instance", f"{DOCS}/application/load-balancer-target-groups.html"),
        STICKY: Attribute(False, f"{DOCS}/application/edit-target-group-attributes.html"),
        STICKY_TYPE: Attribute("lb_cookie", f"{DOCS}/application/edit-target-group-attributes.html"),
        LB_COOKIE_SECONDS: Attribute(86400.0, f"{API}/API_TargetGroupAttribute.html", 1, 604800),
        APP_COOKIE_SECONDS: Attribute(86400.0, f"{API}/API_TargetGroupAttribute.html", 1, 604800),
        APP_COOKIE_NAME: Attribute("", f"{API}/API_TargetGroupAttribute.html"),
        GROUP_STICKY: Attribute(False, f"{API}/API_TargetGroupStickinessConfig.html"),
        GROUP_STICKY_SECONDS: Attribute(0.0, f"{API}/API_TargetGroupStickinessConfig.html", 1, 604800),
    }
)
"""Every attribute that is asked about. The same defaults hold for all families unless a function says otherwise."""

# A classic load balancer takes 1 to 3600 s, 60 by default:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html
TLS_IDLE = 350.0
"""Seconds, fixed: a TLS listener of a network load balancer can't be set."""


@dataclass(frozen=True, kw_only=True)
class LoadBalancer(Hop):
    """One way through a load balancer: a listener's action and a target group behind it.

    `buffers_responses` and `forwards_upgrade` speak of the balancer itself, which streams; what a
    Lambda target makes of it is told by `target_type`. group: the target group's name ("" where
    none is visible). attributes: what was set on the group and on the action that leads to it, by
    AWS's keys. groups: how many target groups share the action. stray_idle: an idle timeout that
    was set where this family ignores it. unstickable: why nothing can be set here that keeps a client
    on its target, and what to do instead ("" where something can).
    """

    kind: ClassVar[str] = "load balancer"

    family: Setting[Family]
    target_type: Setting[str]
    group: str = ""
    group_where: Location | None = None
    group_aliases: tuple[str, ...] = ()
    groups: int = 1
    attributes: Attributes = field(default_factory=lambda: NOTHING, hash=False)
    stray_idle: Known[float] | None = None
    unstickable: str = ""

    @property
    def pool(self) -> Pool:
        """The target group; what stands behind it, references say."""
        return Pool(references=(self.group,)) if self.group else Pool()

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """The request as it came, over HTTP/1.1: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/."""
        http = Known("1.1", self.where, "the load balancer", "default")
        return (Forward(replace(request, to=None, http=http), self.pool),)

    def between_groups(self) -> str:
        """What an action over several target groups has to say to keep a client with one, as AWS's API has it."""
        return '"TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 86400}'


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a source knows of one way through a load balancer.

    where: the balancer. balancer, listener, action, group: attributes of each, group None where
    no target group is visible. replicas: how many targets stand behind the group, where that is
    told; replicas_said: what else there is to say of them; one_today: there is one now, and
    may be more. aliases, group_aliases: what AWS calls the
    balancer and the group, where that is not their name here. names: the platform's own word for an AWS
    key, if it has one.
    """

    name: str
    where: Location
    balancer: Attributes
    listener: Attributes = field(default_factory=lambda: NOTHING)
    action: Attributes = field(default_factory=lambda: NOTHING)
    group: Attributes | None = None
    group_name: str = ""
    group_where: Location | None = None
    aliases: tuple[str, ...] = ()
    group_aliases: tuple[str, ...] = ()
    groups: int = 1
    replicas: Setting[int] | None = None
    replicas_said: str = ""
    one_today: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def of_balancer(self, key: str) -> Setting[Any]:
        return attribute(self.balancer, key, self.where, self.names)

    def of_listener(self, key: str) -> Setting[Any]:
        return attribute(self.listener, key, self.where, self.names)

    def of_group(self, key: str) -> Setting[Any]:
        return attribute(self.group or NOTHING, key, self.group_where or self.where, self.names)


def attribute(
    attributes: Attributes, key: str, where: Location, names: Mapping[str, str] = MappingProxyType({})
) -> Setting[Any]:
    """What an attribute is set to, else AWS's default at `where`."""
    found = attributes.get(key)
    return found if found is not None else Known(ATTRIBUTES[key].default, where, names.get(key, key), "default")


def typed(key: str, text: str) -> Any:
    """An attribute's value from the text that AWS's API gives ("60", "true"). Raises ValueError."""
    default = ATTRIBUTES[key].default
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{key} must be true or false, got {text!r}")
        return text.lower() == "true"
    return float(text) if isinstance(default, float) else text


def reduced(parts: Parts) -> dict[str, Any]:
    """The fields of a LoadBalancer that follow from AWS's attributes; the source adds names, paths and scope."""
    return {
        "name": parts.name,
        "where": parts.where,
        "family": parts.of_balancer(TYPE),
        "buffers_responses": not_applicable("never", parts.where),
        "clocks": silence_clocks(idle_timeout(parts)),
        "forwards_upgrade": forwards_upgrade(parts),
        "keeps_affinity": affinity(parts),
        "runtime": not_applicable("", parts.where),
        "target_type": parts.of_group(TARGET_TYPE),
        "group": parts.group_name,
        "group_where": parts.group_where,
        "aliases": parts.aliases,
        "group_aliases": parts.group_aliases,
        "groups": parts.groups,
        "attributes": {**parts.action, **(parts.group or {})},
        "stray_idle": stray_idle(parts),
        "unstickable": unstickable(parts),
        "assumable": assumable(parts),
    }


def idle_timeout(parts: Parts) -> Setting[float]:
    """Seconds of silence that the balancer allows: each family has its own knob, or none."""
    family = parts.of_balancer(TYPE)
    if isinstance(family, Unknown):
        return Unknown(family.where, "idle_timeout", f"the type of load balancer decides it, and {family.why}")
    if family.value in ("application", "classic"):
        return _taken(parts.of_balancer(IDLE), IDLE)
    protocol = parts.of_listener(PROTOCOL)
    if isinstance(protocol, Known) and protocol.value == "TLS":
        because = "a TLS listener of a network load balancer always allows 350 s; only a heartbeat helps"
        return Known(TLS_IDLE, protocol.where, TCP_IDLE, "default", because=because)
    return _taken(parts.of_listener(TCP_IDLE), TCP_IDLE)


def _taken(setting: Setting[float], key: str) -> Setting[float]:
    """A number of seconds, if AWS takes it."""
    least, most = ATTRIBUTES[key].least, ATTRIBUTES[key].most
    if isinstance(setting, Unknown) or least <= setting.value <= most:
        return setting
    said = f"`{setting.written or f'{setting.name} = {setting.value:g}'}`"
    if setting.because:
        said = f"{said}, which is {setting.value:g} ({setting.because})"
    why = f"AWS refuses {said}: it takes {least:g} to {most:g} s"
    return Unknown(setting.where, setting.name, why, refused=True)


def stray_idle(parts: Parts) -> Known[float] | None:
    """An idle timeout written on a network or gateway load balancer, which ignores it."""
    family, idle = parts.of_balancer(TYPE), parts.balancer.get(IDLE)
    misplaced = isinstance(family, Known) and family.value in ("network", "gateway")
    return idle if misplaced and isinstance(idle, Known) and idle.origin != "default" else None


def assumable(parts: Parts) -> bool:
    """Whether it may be assumed to carry a stream: HTTP and TLS may, and other bytes on a port of the web.

    A listener on 22 or 5432 carries something else; a port that is not known may carry anything.
    """
    family, protocol, port = parts.of_balancer(TYPE), parts.of_listener(PROTOCOL), parts.listener.get(PORT)
    if isinstance(family, Unknown) or family.value == "application":
        return True
    spoken = str(protocol.value).upper() if isinstance(protocol, Known) and protocol.origin != "default" else ""
    if family.value == "gateway" or not carries_tcp(spoken):
        return False
    if spoken in ("TLS", "HTTP", "HTTPS"):
        return True
    return not isinstance(port, Known) or port.value in WEB_PORTS


Choice = tuple[H, bool, tuple[str, ...]]
"""A hop that may serve a stream, whether it surely does, and why not."""


def likely(found: Sequence[Choice[H]]) -> list[Choice[H]]:
    """Of the hops that may serve a stream those of the web; where there are none of these the others, none certain."""
    doubt = ("nothing says that it carries a stream: its port is not one of the web",)
    return [choice for choice in found if choice[0].assumable] or [(hop, False, doubt) for hop, _, _ in found]


def carries_tcp(protocol: str) -> bool:
    """Whether a listener of this protocol can carry a stream at all: not one of datagrams alone ("": not known)."""
    return protocol.upper() not in ("UDP", "QUIC")


def classic_kind(hop: LoadBalancer) -> object:
    """What listeners of one classic load balancer have to share to be judged as one."""
    affinity, upgrade = hop.keeps_affinity, hop.forwards_upgrade
    return isinstance(upgrade, Known), affinity.value if isinstance(affinity, Known) else None, hop.assumable


def forwards_upgrade(parts: Parts) -> Setting[Upgrade]:
    """Application load balancers upgrade by themselves and network ones carry bytes; nothing needs enabling."""
    family, protocol = parts.of_balancer(TYPE), parts.of_listener(PROTOCOL)
    classic = isinstance(family, Known) and family.value == "classic"
    if classic and isinstance(protocol, Known) and str(protocol.value).upper() in ("HTTP", "HTTPS"):
        why = "AWS documents WebSockets through a classic load balancer for TCP and SSL listeners alone"
        return Unknown(protocol.where, "protocol", why, "use a TCP or SSL listener, or an application load balancer")
    return not_applicable("forwarded", parts.where)


def affinity(parts: Parts) -> Setting[Affinity]:
    """What keeps a client on its target: stickiness of the target group (never that of the action), or being alone."""
    if parts.group is None:
        return Unknown(parts.where, "stickiness", "no target group of this load balancer stands in this configuration")
    if alone := _alone(parts) or _passed_on(parts):
        return alone
    enabled = parts.of_group(STICKY)
    if isinstance(enabled, Unknown):
        return enabled
    if not enabled.value:
        return _as_affinity(enabled, "today" if parts.one_today else "none", _unsticky(parts, enabled))
    kind = parts.of_group(STICKY_TYPE)
    if isinstance(kind, Unknown):
        return _as_affinity(enabled, "client")
    if refused := _other_family(parts, kind):
        return refused
    kept: Affinity = "address" if str(kind.value).startswith("source_ip") else "client"
    return _as_affinity(kind if kind.origin != "default" else enabled, kept)


_STICKINESS = {
    "application": ("lb_cookie", "app_cookie"),
    "network": ("source_ip",),
    "gateway": ("source_ip_dest_ip", "source_ip_dest_ip_proto"),
}
"""The types of stickiness that a target group of each family takes."""
_SPEAKERS = {"HTTP": "application", "HTTPS": "application", "TCP": "network", "UDP": "network", "TCP_UDP": "network"}
"""The family whose target groups speak a protocol."""


def _other_family(parts: Parts, kind: Known[Any]) -> Unknown | None:
    """Stickiness of a type that AWS refuses for the protocol of this target group, or for this load balancer."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
    spoken, family = parts.of_group(PROTOCOL), parts.of_balancer(TYPE)
    if kind.origin == "default" or isinstance(spoken, Unknown):
        return None
    protocol = str(spoken.value).upper() if spoken.origin != "default" else ""
    if isinstance(family, Unknown) and protocol not in _SPEAKERS:
        return None
    name = _SPEAKERS.get(protocol) or str(family.value if isinstance(family, Known) else "")
    if name not in _STICKINESS or str(kind.value) in _STICKINESS[name]:
        return None
    subject = f"a target group of the protocol {protocol}" if protocol in _SPEAKERS else f"a {name} load balancer"
    why = f"AWS refuses `{kind.written}` for {subject}: it takes {' or '.join(_STICKINESS[name])}"
    return Unknown(kind.where, kind.name, why, refused=True)


def _unsticky(parts: Parts, enabled: Known[Any]) -> str:
    said = (
        f"`{enabled.written}` there"
        if enabled.written
        else f"{parts.group_name or 'its target group'} has no stickiness"
    )
    return f"{said}{parts.replicas_said}"


def _alone(parts: Parts) -> Known[Affinity] | None:
    replicas = parts.replicas
    if isinstance(replicas, Known) and replicas.value <= 1:
        return _as_affinity(replicas, "single")
    return None


def _passed_on(parts: Parts) -> Known[Affinity] | None:
    """A target group of type alb holds one application load balancer, which has target groups of its own."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html
    kind = parts.of_group(TARGET_TYPE)
    return _as_affinity(kind, "single") if isinstance(kind, Known) and kind.value == "alb" else None


def unstickable(parts: Parts) -> str:
    """Why no stickiness can be set, where AWS has none."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-sticky-sessions.html
    family = parts.of_balancer(TYPE)
    spoken = {
        str(one.value).upper()
        for one in (parts.of_listener(PROTOCOL), parts.of_group(PROTOCOL))
        if isinstance(one, Known) and one.origin != "default"
    }
    if isinstance(family, Known) and family.value == "network" and "TLS" in spoken:
        return (
            "a network load balancer has no stickiness for TLS: take TCP for its listener and target group"
            " (the targets end TLS then), or an application load balancer"
        )
    if isinstance(family, Known) and family.value == "classic" and spoken & {"TCP", "SSL"}:
        return (
            "a classic load balancer keeps clients by cookie, on HTTP and HTTPS listeners alone:"
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
