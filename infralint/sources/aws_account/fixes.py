"""What to write, where the owner of a load balancer takes it; without an owner, the command that sets it."""

from __future__ import annotations

import math

import msgspec

from infralint.platforms.aws_elb import ATTRIBUTES, IDLE, KEEP_ALIVE, TCP_IDLE, TLS_IDLE
from infralint.sources.aws_account.owners import Owner

HEARTBEAT = "send a heartbeat (an SSE comment, a WebSocket ping) every {seconds:g} s or less"
CLASSIC_MOST = 3600.0
GENEROUS = 300.0
"""Seconds that people settle on, where less is needed."""


class FixTarget(msgspec.Struct, frozen=True):
    """What is to be changed. fixed: the idle timeout can't be set at all (a TLS listener); unstickable: why
    stickiness can't."""

    name: str
    region: str
    family: str
    arn: str
    group_arn: str = ""
    listener_arn: str = ""
    port: int = 0
    fixed: bool = False
    unstickable: str = ""

    @property
    def layer4(self) -> bool:
        return self.family in ("network", "gateway")

    @property
    def most(self) -> float:
        """The longest idle timeout it takes, in seconds."""
        if self.family == "classic":
            return CLASSIC_MOST
        return ATTRIBUTES[TCP_IDLE if self.layer4 else IDLE].most


def fix(target: FixTarget, owner: Owner | None, setting: str, seconds: float) -> str:
    """What puts `setting` (a field of Hop) right."""
    if setting == "idle_timeout":
        return _idle(target, owner, seconds)
    if setting == "keeps_affinity" and target.unstickable:
        return target.unstickable
    if setting == "keeps_affinity":
        return _after(owner, _sticky(target, owner.kind if owner else ""))
    return ""


def _idle(target: FixTarget, owner: Owner | None, seconds: float) -> str:
    if target.fixed:
        return HEARTBEAT.format(seconds=TLS_IDLE / 2)
    value = min(math.ceil(max(seconds, GENEROUS)), int(target.most))
    written = _after(owner, _idle_line(target, owner.kind if owner else "", value))
    if value < seconds:
        written += f"\n# {value} s is the most it takes: also {HEARTBEAT.format(seconds=value / 2)}"
    return written if target.layer4 else f"{written}\n# {KEEP_ALIVE}"


def _after(owner: Owner | None, written: str) -> str:
    return f"# made by {owner}: change it there, or it will be undone\n{written}" if owner else written


def _idle_line(target: FixTarget, owner: str, value: int) -> str:
    key = TCP_IDLE if target.layer4 else IDLE
    match owner, target.family:
        case "controller", "application":
            return f"alb.ingress.kubernetes.io/load-balancer-attributes: {key}={value}"
        case "controller", _:
            return f"service.beta.kubernetes.io/aws-load-balancer-listener-attributes.TCP-{target.port}: {key}={value}"
        case "kubernetes", "classic":
            return f'service.beta.kubernetes.io/aws-load-balancer-connection-idle-timeout: "{value}"'
        case "beanstalk", "classic":
            return f"aws:elb:policies:\n  ConnectionSettingIdleTimeout: {value}"
        case "beanstalk", "application":
            return f"aws:elbv2:loadbalancer:\n  IdleTimeout: {value}"
        case "cloudformation", "classic":
            return f"ConnectionSettings:\n  IdleTimeout: {value}"
        case "cloudformation", _:
            attributes = "ListenerAttributes" if target.layer4 else "LoadBalancerAttributes"
            return f'{attributes}:\n  - Key: {key}\n    Value: "{value}"'
        case "terraform", "network" | "gateway":
            return f"tcp_idle_timeout_seconds = {value}"
        case "terraform", _:
            return f"idle_timeout = {value}"
    return _idle_command(target, key, value)


def _idle_command(target: FixTarget, key: str, value: int) -> str:
    if target.family == "classic":
        return (
            f"aws elb modify-load-balancer-attributes --region {target.region} --load-balancer-name {target.name} "
            f'--load-balancer-attributes \'{{"ConnectionSettings":{{"IdleTimeout":{value}}}}}\''
        )
    if target.layer4:
        return (
            f"aws elbv2 modify-listener-attributes --region {target.region} --listener-arn {target.listener_arn} "
            f"--attributes Key={key},Value={value}"
        )
    return (
        f"aws elbv2 modify-load-balancer-attributes --region {target.region} --load-balancer-arn {target.arn} "
        f"--attributes Key={key},Value={value}"
    )


def _sticky(target: FixTarget, owner: str) -> str:
    kind = "source_ip" if target.layer4 else "lb_cookie"
    pairs = f"stickiness.enabled=true,stickiness.type={kind}"
    if target.family == "classic":
        return _classic_sticky(target, owner)
    match owner:
        case "controller":
            prefix = "service.beta.kubernetes.io/aws-load-balancer" if target.layer4 else "alb.ingress.kubernetes.io/"
            return f"{prefix}{'-' if target.layer4 else ''}target-group-attributes: {pairs}"
        case "beanstalk":
            return "aws:elasticbeanstalk:environment:process:default:\n  StickinessEnabled: true"
        case "cloudformation":
            items = "".join(f'\n  - Key: {key}\n    Value: "{value}"' for key, value in _pairs(pairs))
            return f"TargetGroupAttributes:{items}"
        case "terraform":
            return f'stickiness {{\n  type = "{kind}"\n}}'
    attributes = " ".join(f"Key={key},Value={value}" for key, value in _pairs(pairs))
    return (
        f"aws elbv2 modify-target-group-attributes --region {target.region} --target-group-arn {target.group_arn} "
        f"--attributes {attributes}"
    )


def _classic_sticky(target: FixTarget, owner: str) -> str:
    match owner:
        case "beanstalk":
            return "aws:elb:policies:\n  Stickiness Policy: true"
        case "cloudformation":
            return "LBCookieStickinessPolicy:\n  - PolicyName: sticky"
        case "terraform":
            return f'resource "aws_lb_cookie_stickiness_policy" "sticky" {{\n  lb_port = {target.port}\n  …\n}}'
    return (
        f"aws elb create-lb-cookie-stickiness-policy --region {target.region} --load-balancer-name {target.name} "
        f"--policy-name sticky && aws elb set-load-balancer-policies-of-listener --region {target.region} "
        f"--load-balancer-name {target.name} --load-balancer-port {target.port} --policy-names sticky"
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (pair.partition("=") for pair in text.split(","))]
