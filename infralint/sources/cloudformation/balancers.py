"""CloudFormation's load balancers as AWS's facts: their listeners and rules, and what stands behind target groups.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElasticLoadBalancingV2.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

from msgspec.structs import replace

from infralint.model import Known, Node, Setting, Unknown
from infralint.platforms import aws_elb
from infralint.platforms.aws_elb import (
    LAST,
    Attributes,
    Balancer,
    BalancerNode,
    Condition,
    ForwardedGroup,
    Listener,
    LoadBalancer,
    Rule,
    Share,
    TargetGroup,
    check_rule_shape,
    described_rule,
    fields_of,
    node_fields,
)
from infralint.platforms.aws_elb.attribute_names import meant_balancer_attribute, meant_group_attribute
from infralint.sources.cloudformation.template import CloudFormationTemplate, Missing, TemplateResource
from infralint.text.yaml_places import YamlValue

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
_LISTS = {
    "idle_timeout": "LoadBalancerAttributes",
    "tcp_idle_timeout": "ListenerAttributes",
    "keeps_affinity": "TargetGroupAttributes",
}
NAMES = {aws_elb.TYPE: "Type", aws_elb.PROTOCOL: "Protocol", aws_elb.TARGET_TYPE: "TargetType"}


class CloudFormationBalancer(LoadBalancer, frozen=True, kw_only=True, eq=False):
    """A load balancer as a template describes it. is_json: the template is written in JSON."""

    platform: ClassVar[str] = "cloudformation"

    is_json: bool = False

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "keeps_affinity":
            return self.unstickable or self._sticky()
        if setting == "deregistration_delay":
            return self._pairs("TargetGroupAttributes", {aws_elb.DEREGISTRATION: f"{self.longer_delay(seconds):g}"})
        key, value = self.longer_idle(seconds) if setting == "idle_timeout" else ("", 0)
        if not key:
            return ""
        if self.variant == "classic":
            return self._member("ConnectionSettings", {"IdleTimeout": f"{value:g}"})
        name = "LoadBalancerAttributes" if key == aws_elb.IDLE else "ListenerAttributes"
        more = "" if self.is_json or key != aws_elb.IDLE else f"\n# {aws_elb.KEEP_ALIVE}"
        return f"{self._pairs(name, {key: f'{value:g}'})}{more}"

    def between_groups(self) -> str:
        return self._member("TargetGroupStickinessConfig", {"Enabled": "true", "DurationSeconds": "86400"})

    def _sticky(self) -> str:
        if self.variant == "classic":
            return self._member("LBCookieStickinessPolicy", {"PolicyName": "sticky"})
        kind = "source_ip" if self.variant == "network" else "lb_cookie"
        return self._pairs("TargetGroupAttributes", {aws_elb.STICKY: "true", aws_elb.STICKY_TYPE: kind})

    def _pairs(self, name: str, pairs: dict[str, str]) -> str:
        if self.is_json:
            listed = ", ".join(f'{{"Key": "{key}", "Value": "{value}"}}' for key, value in pairs.items())
            return f'"{name}": [{listed}]'
        return "\n".join([f"{name}:", *(f'  - Key: {key}\n    Value: "{value}"' for key, value in pairs.items())])

    def _member(self, name: str, members: dict[str, str]) -> str:
        if self.is_json:
            return f'"{name}": {{{", ".join(f"{chr(34)}{key}{chr(34)}: {value}" for key, value in members.items())}}}'
        return "\n".join([f"{name}:", *(f"  {key}: {value}" for key, value in members.items())])


class CloudFormationNode(BalancerNode, kw_only=True, eq=False):
    """A load balancer as a template describes it."""

    platform: ClassVar[str] = "cloudformation"


def balancer_nodes(template: CloudFormationTemplate) -> Iterator[Node]:
    """The load balancers of a template, and rules that it adds to those of other stacks."""
    for resource in template.of(BALANCER):
        yield _node(template, _balancer(template, resource))
    for resource in template.of(CLASSIC):
        yield _node(template, _classic(template, resource))
    for balancer in _foreign(template):
        yield _node(template, balancer)


def _node(template: CloudFormationTemplate, balancer: Balancer) -> Node:
    return CloudFormationNode(**node_fields(balancer, partial(_hop, template)))


def _hop(template: CloudFormationTemplate, way: ForwardedGroup) -> CloudFormationBalancer:
    return CloudFormationBalancer(
        **fields_of(way),
        upstream=way.group.name.rpartition("/")[2] if way.group is not None else "",
        scope=template.shown,
        is_json=template.is_json,
    )


def _balancer(template: CloudFormationTemplate, resource: TemplateResource) -> Balancer:
    listeners = [
        listener for listener in template.of(LISTENER) if _belongs(template, listener, "LoadBalancerArn", resource)
    ]
    made = tuple(_listener(template, listener) for listener in listeners)
    properties = resource.properties
    return Balancer(
        name=resource.name,
        where=resource.where,
        attributes={
            aws_elb.TYPE: template.setting(properties, "Type", "application", str.lower, resource.where),
            **_pairs(template, resource, "LoadBalancerAttributes", (aws_elb.IDLE,)),
        },
        listeners=made,
        groups=_groups(template, made),
        aliases=_aws_names(template, resource, "Name"),
        address=template.address(resource.logical),
        dns_name=f"{template.address(resource.logical)}.DNSName",
        published=template.text(properties, "Scheme") != "internal",
        names=NAMES,
    )


def _belongs(template: CloudFormationTemplate, resource: TemplateResource, key: str, to: TemplateResource) -> bool:
    return any(logical == to.logical for logical, _ in template.references(resource.properties, key))


def _aws_names(template: CloudFormationTemplate, resource: TemplateResource, key: str) -> tuple[str, ...]:
    name = template.text(resource.properties, key)
    return (name,) if name else ()


_MEANT = MappingProxyType(
    {"LoadBalancerAttributes": meant_balancer_attribute, "TargetGroupAttributes": meant_group_attribute}
)
"""What a mistyped key of each list is meant to be."""


def _pairs(
    template: CloudFormationTemplate, resource: TemplateResource, name: str, keys: tuple[str, ...]
) -> dict[str, Setting[Any]]:
    """Attributes out of a list of keys and values; all of them unknown where the list is."""
    hole = template.is_missing(resource.properties, name)
    if hole is not None:
        place = template.place_of(resource.properties, name)
        return {key: Unknown(place, key, hole.reason, hole.remedy) for key in keys}
    found: dict[str, Setting[Any]] = {}
    for item in template.items(resource.properties, name):
        if item.members is None and not item.tag:
            template.refuse(f"{name}: each item is a mapping with Key and Value", item)
        key = template.text(item, "Key")
        if key is not None and name in _MEANT and (right := _MEANT[name](key)):
            template.refuse(f"AWS has no attribute `{key}`; did you mean {right}?", item)
        value = (item.members or {}).get("Value")
        if key is not None and key in keys and value is not None:
            written = f"{key}: {template.words_of(item, 'Value')}"
            convert = partial(aws_elb.typed_value, key)
            default = aws_elb.ATTRIBUTES[key].default
            found[key] = template.setting_of(value, key, default, convert, template.place_of(item, "Value"), written)
    return found


# Listeners and their rules


def _listener(template: CloudFormationTemplate, resource: TemplateResource) -> Listener:
    rules = [_rule(template, rule) for rule in template.of(RULE) if _belongs(template, rule, "ListenerArn", resource)]
    rules.append(_default(template, resource))
    return Listener(resource.name, tuple(rules), _listener_attributes(template, resource))


def _listener_attributes(template: CloudFormationTemplate, resource: TemplateResource) -> Attributes:
    properties, where = resource.properties, resource.where
    port = template.setting(properties, "Port", None, float, where)
    found = _pairs(template, resource, "ListenerAttributes", (aws_elb.TCP_IDLE,))
    found[aws_elb.PROTOCOL] = template.setting(properties, "Protocol", "HTTP", str.upper, where)
    if isinstance(port, Known) and port.value is not None:
        found[aws_elb.PORT] = port
    return found


def _default(template: CloudFormationTemplate, listener: TemplateResource) -> Rule:
    holes: list[Missing] = []
    actions = template.plain(template.dig(listener.properties, "DefaultActions"), holes) or []
    return replace(_rule_of(listener, {"Actions": actions}, holes), priority=LAST)


def _rule(template: CloudFormationTemplate, resource: TemplateResource) -> Rule:
    holes: list[Missing] = []
    described = template.plain(resource.properties, holes) or {}
    return _rule_of(resource, {**described, "Priority": str(described.get("Priority", "50001"))}, holes)


def _rule_of(resource: TemplateResource, item: dict[str, Any], holes: Sequence[Missing]) -> Rule:
    """A rule as its properties describe it; what has another shape asks for something that can't be told."""
    if wrong := check_rule_shape(item):
        return _with_doubt(Rule(LAST), [Missing(f"it is not written as CloudFormation takes it: {wrong}")], resource)
    return _with_doubt(described_rule(item, resource.where), holes, resource)


def _with_doubt(rule: Rule, holes: Sequence[Missing], resource: TemplateResource) -> Rule:
    """A rule of which something can't be told takes requests perhaps."""
    reason = resource.doubt or (f"what {resource.name} asks for can't be told: {holes[0].reason}" if holes else "")
    return replace(rule, conditions=(*rule.conditions, Condition("", reason=reason))) if reason else rule


# Target groups and what is behind them


def _groups(template: CloudFormationTemplate, listeners: Iterable[Listener]) -> dict[str, TargetGroup]:
    named = (share.group for listener in listeners for rule in listener.rules for share in rule.shares)
    return {
        logical: _group(template, template.resources[logical])
        for logical in dict.fromkeys(named)
        if logical in template.resources and template.resources[logical].type == GROUP
    }


def _group(template: CloudFormationTemplate, resource: TemplateResource) -> TargetGroup:
    properties, where = resource.properties, resource.where
    keys = (
        aws_elb.DEREGISTRATION,
        aws_elb.STICKY,
        aws_elb.STICKY_TYPE,
        aws_elb.LB_COOKIE_SECONDS,
        aws_elb.APP_COOKIE_SECONDS,
        aws_elb.APP_COOKIE_NAME,
    )
    attributes: dict[str, Setting[Any]] = {
        aws_elb.PROTOCOL: template.setting(properties, "Protocol", "HTTP", str.upper, where),
        aws_elb.PROTOCOL_VERSION: template.setting(properties, "ProtocolVersion", "HTTP1", str.upper, where),
        aws_elb.TARGET_TYPE: template.setting(properties, "TargetType", "instance", str, where),
        **_pairs(template, resource, "TargetGroupAttributes", keys),
    }
    services = [service for service in template.of("AWS::ECS::Service") if _registers(template, service, resource)]
    targets = [
        logical for target in template.items(properties, "Targets") for logical, _ in template.references(target, "Id")
    ]
    return TargetGroup(
        key=resource.logical,
        name=resource.name,
        where=where,
        attributes=attributes,
        aliases=_aws_names(template, resource, "Name"),
        targets=tuple(template.address(name) for name in (*targets, *(service.logical for service in services))),
        **(_of_service(template, services[0]) if len(services) == 1 else {}),
    )


def _registers(template: CloudFormationTemplate, service: TemplateResource, group: TemplateResource) -> bool:
    return any(
        logical == group.logical
        for balancer in template.items(service.properties, "LoadBalancers")
        for logical, _ in template.references(balancer, "TargetGroupArn")
    )


def _of_service(template: CloudFormationTemplate, service: TemplateResource) -> dict[str, Any]:
    """How many tasks a service may run, as far as its template says so."""
    count = template.setting(service.properties, "DesiredCount", None, int, service.where)
    if isinstance(count, Unknown) or count.value != 1:
        return {}
    scaled = bool(template.of("AWS::ApplicationAutoScaling::ScalableTarget"))
    return aws_elb.replicas_of_service(
        service.name,
        count,
        template.text(service.properties, "DeploymentConfiguration", "MaximumPercent") == "100" and not scaled,
    )


# Classic load balancers


def _classic(template: CloudFormationTemplate, resource: TemplateResource) -> Balancer:
    """A listener of its own for each port, whose stickiness is a policy."""
    properties, where = resource.properties, resource.where
    settings = template.mapping(properties, "ConnectionSettings") or YamlValue(properties.span, members={})
    blocks = template.items(properties, "Listeners")
    names = [f"{resource.name}:{position}" for position in range(len(blocks))]
    sticky = _classic_stickiness(template, resource)
    return Balancer(
        name=resource.name,
        where=where,
        attributes={
            aws_elb.TYPE: Known("classic", where, "Type"),
            aws_elb.IDLE: template.setting(settings, "IdleTimeout", 60.0, float, where),
        },
        listeners=tuple(
            Listener(name, (Rule(shares=(Share(name),)),), _classic_attributes(template, block, resource))
            for name, block in zip(names, blocks, strict=True)
        ),
        groups={
            name: TargetGroup(key=name, name=resource.name, where=where, attributes={aws_elb.STICKY: sticky})
            for name in names
        },
        aliases=_aws_names(template, resource, "LoadBalancerName"),
        address=template.address(resource.logical),
        dns_name=f"{template.address(resource.logical)}.DNSName",
        published=template.text(properties, "Scheme") != "internal",
        names=NAMES,
    )


def _classic_attributes(template: CloudFormationTemplate, block: YamlValue, resource: TemplateResource) -> Attributes:
    found: dict[str, Setting[Any]] = {
        aws_elb.PROTOCOL: template.setting(block, "Protocol", "HTTP", str.upper, resource.where)
    }
    port = template.setting(block, "LoadBalancerPort", None, float, resource.where)
    return found | ({aws_elb.PORT: port} if isinstance(port, Known) and port.value is not None else {})


def _classic_stickiness(template: CloudFormationTemplate, resource: TemplateResource) -> Setting[bool]:
    for name in ("LBCookieStickinessPolicy", "AppCookieStickinessPolicy"):
        if template.items(resource.properties, name):
            return Known(True, template.place_of(resource.properties, name), name, written=name)
    return Known(False, resource.where, "a stickiness policy", "default")


# Rules and listeners of a load balancer in another stack


def _foreign(template: CloudFormationTemplate) -> Iterator[Balancer]:
    for type_, key in ((RULE, "ListenerArn"), (LISTENER, "LoadBalancerArn")):
        for resource in template.of(type_):
            hole = template.is_missing(resource.properties, key)
            if hole is None or any(logical in template.resources for logical, _ in hole.references):
                continue
            is_listener = type_ == LISTENER
            listener = _listener(template, resource) if is_listener else _alone(template, resource)
            groups = _groups(template, [listener])
            if groups and listener.carries_tcp:
                family = "network" if listener.protocol in ("TCP", "TLS", "TCP_UDP") else "application"
                why = f"the load balancer is defined elsewhere: {hole.reason}"
                idle = Unknown(resource.where, aws_elb.IDLE, why, hole.remedy)
                yield Balancer(
                    name=resource.name,
                    where=resource.where,
                    attributes={
                        aws_elb.TYPE: Known(family, resource.where, "Type", "default"),
                        aws_elb.IDLE: idle,
                    },
                    listeners=(listener,),
                    groups=groups,
                    names=NAMES,
                )


def _alone(template: CloudFormationTemplate, resource: TemplateResource) -> Listener:
    rule = _rule(template, resource)
    unread = "" if rule.conditions else f"other rules may stand where {resource.name} belongs"
    return Listener(resource.name, (rule,), aws_elb.NOTHING, unread=unread)
