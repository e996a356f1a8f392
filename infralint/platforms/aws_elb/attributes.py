"""Elastic Load Balancing in AWS's own words: attributes, their defaults and limits.

Terraform, the live account and whatever else describes these load balancers bring plain
dictionaries from AWS's attribute keys to settings; an absent key has AWS's default. Nothing
here knows where the attributes came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from infralint.model import UNLIMITED, Known, Location, Setting, Unknown
from infralint.text.lazy import lazy
from infralint.text.placeholders import has_mark
from infralint.text.wording import listing

Attributes = Mapping[str, Setting[Any]]
"""AWS's attribute key -> what it is set to. A key that is left out has AWS's default."""

Family = Literal["application", "network", "gateway", "classic"]

_WHOLE = lazy("-?[0-9]{1,19}")

NOTHING: Attributes = MappingProxyType({})
DOCS = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
KEEP_ALIVE = (
    "keep the target's own keep-alive longer than this (Node 5 s, uvicorn 5 s and gunicorn 2 s by default), "
    "or requests fail with 502"
)
"""What whoever raises an idle timeout must know."""


class AttributeSpec(msgspec.Struct, frozen=True):
    """One attribute: AWS's default, the least and most it takes (numbers), the values that there are, and the vendor's page."""

    default: Any
    page: str
    least: float = 0
    most: float = UNLIMITED
    values: tuple[str, ...] = ()


IDLE = "idle_timeout.timeout_seconds"
TCP_IDLE = "tcp.idle_timeout.seconds"
TYPE = "type"
PROTOCOL = "protocol"
PORT = "port"
PROTOCOL_VERSION = "protocol_version"
TARGET_TYPE = "target_type"
STICKY = "stickiness.enabled"
STICKY_TYPE = "stickiness.type"
LB_COOKIE_SECONDS = "stickiness.lb_cookie.duration_seconds"
APP_COOKIE_SECONDS = "stickiness.app_cookie.duration_seconds"
APP_COOKIE_NAME = "stickiness.app_cookie.cookie_name"
DEREGISTRATION = "deregistration_delay.timeout_seconds"
GROUP_STICKY = "target_group_stickiness.enabled"
GROUP_STICKY_SECONDS = "target_group_stickiness.duration_seconds"

ATTRIBUTES: Mapping[str, AttributeSpec] = MappingProxyType(
    {
        TYPE: AttributeSpec(
            "application", f"{API}/API_CreateLoadBalancer.html", values=("application", "network", "gateway")
        ),
        IDLE: AttributeSpec(60.0, f"{DOCS}/application/edit-load-balancer-attributes.html", 1, 4000),
        TCP_IDLE: AttributeSpec(350.0, f"{DOCS}/network/update-idle-timeout.html", 60, 6000),
        PROTOCOL: AttributeSpec(
            "HTTP",
            f"{API}/API_CreateListener.html",
            values=("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"),
        ),
        PROTOCOL_VERSION: AttributeSpec(
            "HTTP1", f"{API}/API_CreateTargetGroup.html", values=("HTTP1", "HTTP2", "GRPC")
        ),
        TARGET_TYPE: AttributeSpec(
            "instance", f"{API}/API_CreateTargetGroup.html", values=("instance", "ip", "lambda", "alb")
        ),
        STICKY: AttributeSpec(False, f"{DOCS}/application/edit-target-group-attributes.html"),
        STICKY_TYPE: AttributeSpec(
            "lb_cookie",
            f"{API}/API_TargetGroupAttribute.html",
            values=("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"),
        ),
        LB_COOKIE_SECONDS: AttributeSpec(86400.0, f"{API}/API_TargetGroupAttribute.html", 1, 604800),
        APP_COOKIE_SECONDS: AttributeSpec(86400.0, f"{API}/API_TargetGroupAttribute.html", 1, 604800),
        APP_COOKIE_NAME: AttributeSpec("", f"{API}/API_TargetGroupAttribute.html"),
        DEREGISTRATION: AttributeSpec(300.0, f"{DOCS}/application/edit-target-group-attributes.html", 0, 3600),
        GROUP_STICKY: AttributeSpec(False, f"{API}/API_TargetGroupStickinessConfig.html"),
        GROUP_STICKY_SECONDS: AttributeSpec(0.0, f"{API}/API_TargetGroupStickinessConfig.html", 1, 604800),
    }
)
"""Every attribute that is asked about. The same defaults hold for all families unless a function says otherwise."""

CLASSIC_MOST_IDLE = 3600.0
"""Seconds: the most that a classic load balancer takes.
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html"""
GENEROUS = 300.0
"""Seconds: what people who ship streams settle on."""
TLS_IDLE = 350.0
"""Seconds, fixed: a TLS listener of a network load balancer can't be set."""


def attribute(
    attributes: Attributes, key: str, where: Location, names: Mapping[str, str] = MappingProxyType({})
) -> Setting[Any]:
    """What an attribute is set to, else AWS's default at `where`."""
    found = attributes.get(key)
    return found if found is not None else Known(ATTRIBUTES[key].default, where, names.get(key, key), "default")


def why_not_taken(setting: Setting[Any], key: str) -> Unknown | None:
    """A setting that AWS refuses, for there is no such value; None for one that it takes, and for those that it has itself."""
    values = ATTRIBUTES[key].values
    if isinstance(setting, Unknown) or not (setting.written and setting.value) or setting.value in values:
        return None
    written = f"`{setting.written}`"
    if setting.because:
        written = f"{written}, which is {setting.value} ({setting.because})"
    why = f"AWS refuses {written}: it takes {listing(values, 'or', len(values))}"
    return Unknown(setting.where, setting.name, why, refused=not (setting.because or has_mark(str(setting.value))))


def typed_value(key: str, text: str) -> Any:
    """An attribute's value from the text that AWS's API gives ("60", "true"). Raises ValueError."""
    default = ATTRIBUTES[key].default
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{key} must be true or false, got {text!r}")
        return text.lower() == "true"
    if not isinstance(default, float):
        return text
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{key} must be a whole number, got {text!r}")
    return float(text)


def within_limits(setting: Setting[float], key: str, most: float = UNLIMITED) -> Setting[float]:
    """A number of seconds, if AWS takes it. most: what a family takes, where that is less than others do."""
    least, most = ATTRIBUTES[key].least, min(most, ATTRIBUTES[key].most)
    if isinstance(setting, Unknown) or least <= setting.value <= most:
        return setting
    written = f"`{setting.written or f'{setting.name} = {setting.value:g}'}`"
    if setting.because:
        written = f"{written}, which is {setting.value:g} ({setting.because})"
    why = f"AWS refuses {written}: it takes {least:g} to {most:g} s"
    return Unknown(setting.where, setting.name, why, refused=True)


def carries_tcp(protocol: str) -> bool:
    """Whether a listener of this protocol can carry a stream at all: not one of datagrams alone ("": not known)."""
    return protocol.upper() not in ("UDP", "QUIC")
