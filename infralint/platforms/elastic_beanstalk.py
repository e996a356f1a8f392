"""Elastic Beanstalk: the load balancer of an environment, by its option settings.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from msgspec.structs import replace

from infralint.model import Known, Location, Setting, Unknown
from infralint.platforms import aws_elb
from infralint.platforms.aws_elb import (
    Balancer,
    BalancerNode,
    ForwardedGroup,
    Listener,
    LoadBalancer,
    Rule,
    Share,
    TargetGroup,
    fields_of,
    node_fields,
)
from infralint.text.placeholders import has_placeholder

ENVIRONMENT = "aws:elasticbeanstalk:environment"
PROCESS = "aws:elasticbeanstalk:environment:process:default"
ELBV2 = "aws:elbv2:loadbalancer"
CLASSIC = "aws:elb:policies"
GROUP_SIZE = "aws:autoscaling:asg"
DRAINING = 20.0
"""Seconds of DeregistrationDelay where nothing is set.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html
"""

_DELAY = (PROCESS, "DeregistrationDelay")

Options = Mapping[tuple[str, str], Setting[str]]
"""Namespace and name of an option -> its value."""


class BeanstalkBalancer(LoadBalancer, frozen=True, kw_only=True, eq=False):
    """The load balancer of an environment."""

    platform: ClassVar[str] = "elastic-beanstalk"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                _, value = self.longer_idle(seconds)
                if self.variant == "classic":
                    return f"{CLASSIC}:\n  ConnectionSettingIdleTimeout: {value:g}"
                return f"{ELBV2}:\n  IdleTimeout: {value:g}"
            case "keeps_affinity" if self.variant == "classic":
                return f"{CLASSIC}:\n  Stickiness Policy: true"
            case "keeps_affinity":
                return f"{PROCESS}:\n  StickinessEnabled: true"
            case "deregistration_delay":
                return f"{PROCESS}:\n  DeregistrationDelay: {self.longer_delay(seconds):g}"
        return ""


def has_balancer(options: Options) -> bool:
    """Whether an environment's options speak of a load balancer, and not of a single instance."""
    kind = options.get((ENVIRONMENT, "EnvironmentType"))
    if isinstance(kind, Known):
        return kind.value != "SingleInstance"
    return any(space.startswith(("aws:elbv2:", "aws:elb:")) for space, _ in options) or (
        (ENVIRONMENT, "LoadBalancerType") in options
    )


def environment_node(name: str, where: Location, options: Options, instances: str = "", **fields: Any) -> BalancerNode:
    """The load balancer of an environment. instances: what these are known as. fields: what its source knows of every hop."""
    family = _family(options, where)
    is_classic = isinstance(family, Known) and family.value == "classic"
    idle_option = (CLASSIC, "ConnectionSettingIdleTimeout") if is_classic else (ELBV2, "IdleTimeout")
    idle_default = float(aws_elb.ATTRIBUTES[aws_elb.IDLE].default)
    sticky_option = (CLASSIC, "Stickiness Policy") if is_classic else (PROCESS, "StickinessEnabled")
    group = TargetGroup(
        key=instances or f"{name}:default",
        name=name,
        where=where,
        attributes={
            aws_elb.STICKY: _option(options, sticky_option, False, _boolean, where),
            **({} if is_classic else {aws_elb.DEREGISTRATION: _option(options, _DELAY, DRAINING, float, where)}),
        },
        **_replicas(options),
    )
    balancer = Balancer(
        name=name,
        where=where,
        attributes={aws_elb.TYPE: family, aws_elb.IDLE: _option(options, idle_option, idle_default, float, where)},
        listeners=(Listener(f"{name}:80", (Rule(shares=(Share(group.key),)),)),),
        groups={group.key: group},
        published=True,
        address=name,
    )

    def hop(way: ForwardedGroup) -> BeanstalkBalancer:
        return BeanstalkBalancer(**fields_of(way), upstream=name, **fields)

    return BalancerNode(**node_fields(balancer, hop), environment=fields.get("environment", ""))


def _family(options: Options, where: Location) -> Setting[str]:
    given = options.get((ENVIRONMENT, "LoadBalancerType"))
    if given is not None:
        return given if isinstance(given, Unknown) else given.with_value(given.value.lower())
    spaces = {part for space, _ in options for part in space.split(":")[1:2]}
    for space, family in (("elbv2", "application"), ("elb", "classic")):
        if space in spaces:
            return Known(family, where, "LoadBalancerType", "default")
    why = "nothing sets LoadBalancerType: the console and the EB CLI make an application load balancer, the API a classic one"
    return Unknown(where, "LoadBalancerType", why, f"set LoadBalancerType in {ENVIRONMENT}")


def _option(
    options: Options, option: tuple[str, str], default: Any, convert: Callable[[str], Any], where: Location
) -> Setting[Any]:
    given = options.get(option)
    if given is None:
        return Known(default, where, option[1], "default")
    if isinstance(given, Unknown):
        return given
    try:
        return given.with_value(convert(given.value))
    except ValueError:
        why = f"`{given.written}`: {option[1]} takes no {given.value!r}"
        return Unknown(given.where, option[1], why, refused=not (given.because or has_placeholder(given.value)))


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _replicas(options: Options) -> dict[str, Any]:
    """How many instances there can be at most, where that is one."""
    most = options.get((GROUP_SIZE, "MaxSize"))
    if isinstance(most, Known) and most.value == "1":
        return {"replicas": replace(most, value=1)}
    return {}
