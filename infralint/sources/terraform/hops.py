"""Terraform's resources as AWS's facts: load balancers, their listeners and rules, and what stands behind target groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from infralint.model import UNLIMITED, Known, Setting, Unknown, not_applicable
from infralint.platforms import aws_elb
from infralint.platforms.aws_elb import (
    LAST,
    Attributes,
    Balancer,
    Condition,
    ForwardedGroup,
    Listener,
    RewriteTransform,
    Rule,
    Share,
    TargetGroup,
    fields_of,
    node_fields,
    redirection,
    replicas_of_service,
)
from infralint.sources.terraform.arguments import argument_of, quiet
from infralint.sources.terraform.balancer import TerraformBalancer, TerraformNode
from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.hcl import Block
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import EvaluationError, plain_number, to_bool, to_text

NAMES: Mapping[str, str] = MappingProxyType(
    {
        aws_elb.TYPE: "load_balancer_type",
        aws_elb.IDLE: "idle_timeout",
        aws_elb.TCP_IDLE: "tcp_idle_timeout_seconds",
        aws_elb.PROTOCOL: "protocol",
        aws_elb.PORT: "port",
        aws_elb.PROTOCOL_VERSION: "protocol_version",
        aws_elb.TARGET_TYPE: "target_type",
        aws_elb.STICKY: "stickiness",
        aws_elb.STICKY_TYPE: "type",
        aws_elb.LB_COOKIE_SECONDS: "cookie_duration",
        aws_elb.APP_COOKIE_SECONDS: "cookie_duration",
        aws_elb.APP_COOKIE_NAME: "cookie_name",
        aws_elb.GROUP_STICKY: "stickiness",
        aws_elb.GROUP_STICKY_SECONDS: "duration",
    }
)
"""Terraform's words for AWS's attributes."""


def balancer_nodes(graph: Graph) -> list[TerraformNode]:
    """The load balancers of a root."""
    found = [_node(graph, item, _balancer(graph, item)) for item in graph.of("aws_lb")]
    found += [_node(graph, item, _classic(graph, item)) for item in graph.of("aws_elb")]
    return found + [_node(graph, item, balancer) for item, balancer in _foreign(graph)]


def _node(graph: Graph, item: Item, balancer: Balancer) -> TerraformNode:
    return TerraformNode(**node_fields(balancer, partial(_hop, graph, item)), environment=graph.environment)


def _hop(graph: Graph, item: Item, way: ForwardedGroup) -> TerraformBalancer:
    """A hop; in a module that nobody calls, what depends on an input says nothing."""
    fields = fields_of(way)
    if item.silent:
        fields |= {name: quiet(fields[name], neutral) for name, neutral in _NEUTRAL.items()}
        fields["clocks"] = tuple(replace(clock, limit=quiet(clock.limit, UNLIMITED)) for clock in fields["clocks"])
    listener = graph.by_address.get(way.listener.name) if way.listener is not None else None
    group = graph.by_address.get(way.group.key) if way.group is not None else None
    return TerraformBalancer(
        **fields,
        upstream=way.group.name.rpartition(".")[2] if way.group is not None else "",
        scope=graph.scope,
        environment=graph.environment,
        files=graph.files,
        blocks=_blocks(item, listener, group),
        adapter=group.adapter if group is not None else "",
        port=way.listener.port if way.listener is not None else None,
    )


_NEUTRAL = {"keeps_affinity": "client", "forwards_upgrade": "forwarded"}


def _blocks(balancer: Item, listener: Item | None, group: Item | None) -> dict[str, Block]:
    """Where arguments stand, or would stand."""
    items = {"idle_timeout": balancer, "tcp_idle_timeout_seconds": listener, "group": group}
    return {name: item.block for name, item in items.items() if item is not None and item.block is not None}


def _names(item: Item) -> tuple[str, ...]:
    """What AWS will call a resource, where that is written."""
    name = item.value("name")
    return (name,) if isinstance(name, str) and name else ()


# Application, network and gateway load balancers


def _balancer(graph: Graph, item: Item) -> Balancer:
    listeners = graph.referring("aws_lb_listener", "load_balancer_arn", item)
    return Balancer(
        name=item.address,
        where=item.where,
        attributes=balancer_attributes(item),
        listeners=tuple(_listener(graph, listener) for listener in listeners),
        groups=_groups(graph, listeners),
        aliases=_names(item),
        address=item.address,
        dns_name=f"{item.address}.dns_name",
        published=item.value("internal") is not True,
        names=NAMES,
    )


def _rules(graph: Graph, listener: Item) -> list[Item]:
    return graph.referring("aws_lb_listener_rule", "listener_arn", listener)


def _listener(graph: Graph, item: Item) -> Listener:
    rules = [
        _rule(graph, rule, rule.inner("action"), _priority(rule), _conditions(rule)) for rule in _rules(graph, item)
    ]
    rules.append(_rule(graph, item, item.inner("default_action"), LAST, ()))
    return Listener(item.address, tuple(rules), listener_attributes(item))


def _groups(graph: Graph, listeners: Iterable[Item]) -> dict[str, TargetGroup]:
    """The target groups that listeners and their rules forward to."""
    actions = [
        action
        for listener in listeners
        for action in (
            *listener.inner("default_action"),
            *(action for rule in _rules(graph, listener) for action in rule.inner("action")),
        )
    ]
    return _groups_of(graph, actions)


def _groups_of(graph: Graph, actions: Iterable[Item]) -> dict[str, TargetGroup]:
    items = {
        group.address: group
        for action in actions
        for place, name in _places(action)
        for group in graph.follow(place, name, "aws_lb_target_group")
    }
    return {address: _group(graph, item) for address, item in items.items()}


def _group(graph: Graph, item: Item) -> TargetGroup:
    behind = _behind(graph, item)
    return TargetGroup(
        key=item.address,
        name=item.address,
        where=item.where,
        attributes=group_attributes(item),
        aliases=_names(item),
        targets=tuple(dict.fromkeys(address for target in behind for address in _addresses(target))),
        **_replicas(graph, behind),
    )


_UNTOLD = 50_001.0
"""A rule whose priority can't be told is put behind all others; 50000 is the greatest that can be written."""


def _priority(rule: Item) -> float:
    priority = rule.value("priority")
    return float(priority) if isinstance(priority, int | float) else _UNTOLD


_CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "host_header": "host-header",
        "path_pattern": "path-pattern",
        "http_header": "http-header",
        "http_request_method": "http-request-method",
        "query_string": "query-string",
        "source_ip": "source-ip",
    }
)
"""Blocks of a condition -> AWS's fields.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_listener_rule#condition-blocks
"""


def _conditions(rule: Item) -> tuple[Condition, ...]:
    """What a rule asks of a request."""
    if isinstance(rule.blocks.get("condition"), Unknown):
        return (Condition("", reason=f"the conditions of {rule.address} can't be told"),)
    return tuple(found for item in rule.inner("condition") for found in _conditions_of(rule, item))


def _conditions_of(rule: Item, item: Item) -> Iterator[Condition]:
    unknown = [kind for kind in _CONDITIONS if isinstance(item.blocks.get(kind), Unknown)]
    blocks = [(field, block) for kind, field in _CONDITIONS.items() for block in item.inner(kind)]
    former = item.value("field")
    if former in _CONDITIONS.values():
        blocks.append((former, item))
    for field in {field for field, _ in blocks}:
        yield _condition(rule, field, [block for asked, block in blocks if asked == field])
    if unknown or not blocks:
        yield Condition("", reason=f"a condition of {rule.address} can't be told")


def _condition(rule: Item, field: str, blocks: Sequence[Item]) -> Condition:
    """One condition from its blocks: a query string has one for each pair."""
    if field == "query-string":
        pairs = [(block.value("key"), block.value("value")) for block in blocks]
        return Condition(field, tuple("=".join(str(part) for part in pair if part is not None) for pair in pairs))
    values, expressions = _texts(blocks, "values"), _texts(blocks, "regex_values")
    if values is None or expressions is None or not (values or expressions):
        return Condition(field, reason=f"the {field.replace('-', ' ')} of {rule.address} can't be told")
    header = blocks[0].value("http_header_name") if field == "http-header" else ""
    return Condition(field, values, expressions, str(header or ""))


def _texts(blocks: Iterable[Item], name: str) -> tuple[str, ...] | None:
    """The texts of a list in all of the blocks; None where they can't be told."""
    found: list[str] = []
    for block in blocks:
        setting = block.get(name)
        if isinstance(setting, Unknown):
            return None
        members = setting.value if setting is not None else None
        found += map(str, members if isinstance(members, list) else ())
    return tuple(found)


def _rule(
    graph: Graph, item: Item, actions: Sequence[Item], priority: float, conditions: tuple[Condition, ...]
) -> Rule:
    """A rule with the target groups that its actions forward to; another action ends the search with an answer."""
    kind = "default_action" if item.type == "aws_lb_listener" else "action"
    if isinstance(item.blocks.get(kind), Unknown):
        conditions = (*conditions, Condition("", reason=f"the actions of {item.address} can't be told"))
    forwards = [(action, share) for action in actions for share in _shares(graph, action)]
    shares = tuple(share for _, share in forwards)
    attributes = action_attributes(forwards[0][0]) if forwards else aws_elb.NOTHING
    answer = None if shares else _answer(actions)
    url, host = _rewrite(item, "url_rewrite_config"), _rewrite(item, "host_header_rewrite_config")
    return Rule(priority, conditions, shares, answer, attributes, url, host)


def _rewrite(item: Item, kind: str) -> RewriteTransform | None:
    """What a rule's transform of a kind makes of a request.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_listener_rule#transform-blocks
    """
    unknown = RewriteTransform(reason=f"the transform of {item.address} can't be told")
    if isinstance(item.blocks.get("transform"), Unknown):
        return unknown
    for transform in item.inner("transform"):
        for block in (block for config in transform.inner(kind) for block in config.inner("rewrite")):
            expression, replacement = block.value("regex"), block.value("replace")
            if isinstance(expression, str) and isinstance(replacement, str):
                return RewriteTransform(expression, replacement)
            return unknown
    return None


def _answer(actions: Sequence[Item]) -> Known[str] | None:
    """What an action that forwards nowhere answers."""
    for action in actions:
        kind = action.value("type")
        block = next(iter((*action.inner("redirect"), *action.inner("fixed_response"))), action)
        if kind == "redirect":
            parts = [block.value(name) for name in ("status_code", "protocol", "host", "path")]
            return Known(redirection(*parts), action.where, aws_elb.REDIRECT, written="redirect")
        if kind == "fixed-response":
            code = str(block.value("status_code") or "200")
            return Known(code, action.where, "fixed-response", written="fixed-response")
    return None


def _places(action: Item) -> Iterator[tuple[Item, str]]:
    """Where an action names target groups, and by which argument."""
    yield action, "target_group_arn"
    yield from ((group, "arn") for forward in action.inner("forward") for group in forward.inner("target_group"))


def _shares(graph: Graph, action: Item) -> Iterator[Share]:
    """The target groups of an action that may get requests; one that stands elsewhere has no key."""
    for place, name in _places(action):
        taken = _takes_requests(place)
        if place.links.get(name) and taken is not False:
            groups = graph.follow(place, name, "aws_lb_target_group")
            yield Share(groups[0].address if groups else "", taken is True)


def _takes_requests(place: Item) -> bool | None:
    """Whether a target group's weight, 1 if none is written, lets requests through; None: that can't be told."""
    weight = place.get("weight")
    if isinstance(weight, Unknown):
        return None
    if weight is None or weight.value is None:
        return True
    try:
        return plain_number(weight.value) > 0
    except (EvaluationError, NotWorkedOut):
        return None


# Arguments to AWS's attributes


def balancer_attributes(item: Item) -> Attributes:
    """`load_balancer_type` and `idle_timeout`."""
    return {
        aws_elb.TYPE: argument(item, "load_balancer_type", aws_elb.TYPE, to_text),
        aws_elb.IDLE: argument(item, "idle_timeout", aws_elb.IDLE, plain_number),
    }


def listener_attributes(item: Item | None) -> Attributes:
    """`protocol`, `port` and `tcp_idle_timeout_seconds`."""
    if item is None:
        return aws_elb.NOTHING
    return {
        **_port(item, "port"),
        aws_elb.PROTOCOL: argument(item, "protocol", aws_elb.PROTOCOL, _to_capitals),
        aws_elb.TCP_IDLE: argument(item, "tcp_idle_timeout_seconds", aws_elb.TCP_IDLE, plain_number),
    }


def _port(item: Item, name: str) -> dict[str, Known[Any]]:
    """The port of a listener, as far as it is a number."""
    given = item.get(name)
    if not isinstance(given, Known):
        return {}
    try:
        return {aws_elb.PORT: replace(given, value=plain_number(given.value))}
    except (EvaluationError, NotWorkedOut):
        return {}


def action_attributes(item: Item | None) -> Attributes:
    """`forward { stickiness { … } }`: keeps clients with a target group, not with a target."""
    blocks = (
        [stickiness for forward in item.inner("forward") for stickiness in forward.inner("stickiness")] if item else []
    )
    if not blocks:
        return aws_elb.NOTHING
    return {
        aws_elb.GROUP_STICKY: argument(blocks[0], "enabled", aws_elb.GROUP_STICKY, to_bool),
        aws_elb.GROUP_STICKY_SECONDS: argument(blocks[0], "duration", aws_elb.GROUP_STICKY_SECONDS, plain_number),
    }


def group_attributes(item: Item) -> Attributes:
    """`target_type`, `protocol` and `stickiness { … }`, which is enabled unless it says otherwise."""
    found: dict[str, Setting[Any]] = {
        aws_elb.PROTOCOL: argument(item, "protocol", aws_elb.PROTOCOL, _to_capitals),
        aws_elb.PROTOCOL_VERSION: argument(item, "protocol_version", aws_elb.PROTOCOL_VERSION, _to_capitals),
        aws_elb.TARGET_TYPE: argument(item, "target_type", aws_elb.TARGET_TYPE, to_text),
        aws_elb.DEREGISTRATION: argument(item, "deregistration_delay", aws_elb.DEREGISTRATION, plain_number),
        aws_elb.STICKY: Known(False, item.where, "stickiness", "default", related=item.trail),
    }
    blocks = item.blocks.get("stickiness", [])
    if isinstance(blocks, Unknown):
        return found | {aws_elb.STICKY: blocks}
    return found | _stickiness(blocks[0]) if blocks else found


def _stickiness(block: Item) -> dict[str, Setting[Any]]:
    kind = argument(block, "type", aws_elb.STICKY_TYPE, to_text)
    found = {aws_elb.STICKY: _is_enabled(block), aws_elb.STICKY_TYPE: kind}
    application = isinstance(kind, Known) and kind.value == "app_cookie"
    seconds = aws_elb.APP_COOKIE_SECONDS if application else aws_elb.LB_COOKIE_SECONDS
    found[seconds] = argument(block, "cookie_duration", seconds, plain_number)
    if application:
        found[aws_elb.APP_COOKIE_NAME] = argument(block, "cookie_name", aws_elb.APP_COOKIE_NAME, to_text)
    return found


def _is_enabled(block: Item) -> Setting[bool]:
    # https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_target_group#stickiness
    given = block.get("enabled")
    if given is None or (isinstance(given, Known) and given.value is None):
        return Known(True, block.where, "stickiness", "explicit", "stickiness { … }", related=block.trail)
    return argument(block, "enabled", aws_elb.STICKY, to_bool)


def _to_capitals(value: Any) -> str:
    """A protocol, which the provider takes in small letters, too. Raises EvaluationError."""
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/elbv2/listener.go
    return to_text(value).upper()


def argument(item: Item, name: str, key: str, convert: Callable[[Any], Any]) -> Setting[Any]:
    """An argument's value, else AWS's default for its attribute."""
    return argument_of(item, name, aws_elb.ATTRIBUTES[key].default, convert)


# What stands behind a target group


def _replicas(graph: Graph, behind: Sequence[Item]) -> dict[str, Any]:
    """How many targets there can be, where Terraform says so: what shares a group with others is not counted."""
    if len(behind) > 1:
        named = " and ".join(item.address for item in behind[:2])
        return {"replicas_reason": f", and {named} share its requests"}
    for item in behind:
        match item.type:
            case "aws_autoscaling_group" if item.value("max_size") == 1:
                return {"replicas": item.get("max_size")}
            case "aws_ecs_service":
                return _of_service(graph, item)
            case "aws_lb_target_group_attachment":
                return _attached_target(item)
    return {}


def _addresses(target: Item) -> Iterator[str]:
    """What is registered in a target group, by its address."""
    if target.type == "aws_lb_target_group_attachment":
        yield from (link.address for link in target.links.get("target_id", ()) if link.address)
    else:
        yield target.address


def _behind(graph: Graph, group: Item) -> list[Item]:
    """What registers targets in a target group."""
    direct = (("aws_autoscaling_group", "target_group_arns"), ("aws_lb_target_group_attachment", "target_group_arn"))
    found = [item for kind, name in direct for item in graph.referring(kind, name, group)]
    found += graph.referring("aws_ecs_service", "target_group_arn", group, block="load_balancer")
    for name in ("lb_target_group_arn", "alb_target_group_arn"):
        for attachment in graph.referring("aws_autoscaling_attachment", name, group):
            found += graph.follow(attachment, "autoscaling_group_name", "aws_autoscaling_group") or [attachment]
    return list({item.address: item for item in found}.values())


def _of_service(graph: Graph, service: Item) -> dict[str, Any]:
    if service.value("desired_count") != 1:
        return {}
    scaling = [target for target in graph.of("aws_appautoscaling_target") if _scales(target, service) is not False]
    for target in scaling:
        most = target.value("max_capacity")
        if _scales(target, service) and isinstance(most, int | float):
            return {"replicas_reason": f", and {target.address} scales {service.address} to {most:g} tasks"}
    count, is_capped = service.get("desired_count"), service.value("deployment_maximum_percent") == 100
    return replicas_of_service(service.address, count, is_capped and not scaling) if isinstance(count, Known) else {}


def _scales(target: Item, service: Item) -> bool | None:
    """Whether an autoscaling target may give a service more than one task; None: that can't be told."""
    namespace, most = target.value("service_namespace"), target.value("max_capacity")
    if namespace not in (None, "ecs") or (isinstance(most, int | float) and most <= 1):
        return False
    links = target.links.get("resource_id", [])
    services = [link.address for link in links if "aws_ecs_service." in link.address]
    if services:
        return service.address in services
    tail = next((link.text.rpartition("/")[2] for link in reversed(links) if link.text), "")
    name = str(service.value("name") or "")
    return tail == name if tail and name else None


def _attached_target(attachment: Item) -> dict[str, Any]:
    if attachment.uncertain or not attachment.links.get("target_id"):
        return {}
    target = attachment.links["target_id"][0].address
    if "aws_instance." not in target:
        return {}
    return {"replicas": Known(1, attachment.where, "target_id", because=f"{target} is its only target")}


# Classic load balancers


def _classic(graph: Graph, item: Item) -> Balancer:
    """A listener of its own for each port, whose stickiness is a policy."""
    blocks = item.inner("listener")
    names = [f"{item.address}:{position}" for position in range(len(blocks))]
    listeners = [_classic_listener(block, name) for block, name in zip(blocks, names, strict=True)]
    groups = {
        listener.name: _classic_group(graph, item, block, listener.name, alone=len(blocks) == 1)
        for listener, block in zip(listeners, blocks, strict=True)
    }
    if not blocks:
        protocol = not_applicable("TCP", item.where)
        listeners = [Listener(item.address, (Rule(shares=(Share(item.address),)),), {aws_elb.PROTOCOL: protocol})]
        groups = {item.address: _classic_group(graph, item, None, item.address, alone=True)}
    return Balancer(
        name=item.address,
        where=item.where,
        attributes={
            aws_elb.TYPE: Known("classic", item.where, "aws_elb"),
            aws_elb.IDLE: argument(item, "idle_timeout", aws_elb.IDLE, plain_number),
        },
        listeners=tuple(listeners),
        groups=groups,
        aliases=_names(item),
        address=item.address,
        dns_name=f"{item.address}.dns_name",
        published=item.value("internal") is not True,
        names=NAMES,
    )


def _classic_listener(block: Item, name: str) -> Listener:
    attributes = {
        aws_elb.PROTOCOL: argument(block, "lb_protocol", aws_elb.PROTOCOL, _to_capitals),
        **_port(block, "lb_port"),
    }
    return Listener(name, (Rule(shares=(Share(name),)),), attributes)


def _classic_group(graph: Graph, balancer: Item, listener: Item | None, key: str, alone: bool) -> TargetGroup:
    """The instances behind a listener, which are the load balancer's own."""
    sticky = _classic_stickiness(graph, balancer, listener, alone)
    return TargetGroup(key=key, name=balancer.address, where=balancer.where, attributes={aws_elb.STICKY: sticky})


def _classic_stickiness(graph: Graph, balancer: Item, listener: Item | None, alone: bool) -> Setting[bool]:
    """A policy for the listener's port, which counts when it exists; whose port can't be told may be that."""
    port = _port(listener, "lb_port").get(aws_elb.PORT) if listener else None
    for policy in _policies(graph, balancer):
        policy_port = _port(policy, "lb_port").get(aws_elb.PORT)
        if policy_port.value == port.value if policy_port and port else alone:
            return Known(True, policy.where, policy.type, "explicit", policy.address)
        if not (policy_port and port):
            return Unknown(policy.where, "lb_port", f"it can't be told which listener {policy.address} is for")
    return Known(False, balancer.where, "a stickiness policy", "default", related=balancer.trail)


def _policies(graph: Graph, balancer: Item) -> Iterator[Item]:
    for kind in ("aws_lb_cookie_stickiness_policy", "aws_app_cookie_stickiness_policy"):
        yield from graph.referring(kind, "load_balancer", balancer)


# Target groups of a load balancer that is defined elsewhere


def _foreign(graph: Graph) -> Iterator[tuple[Item, Balancer]]:
    """Rules and listeners that are added to a load balancer which is not in this configuration."""
    for kind, name, target in (
        ("aws_lb_listener_rule", "listener_arn", "aws_lb_listener"),
        ("aws_lb_listener", "load_balancer_arn", "aws_lb"),
    ):
        for item in graph.of(kind):
            holes = [link.hole for link in item.links.get(name, ()) if link.hole is not None]
            if holes and not graph.follow(item, name, target):
                balancer = _of_foreign(graph, item, holes[0])
                if balancer.groups and balancer.listeners[0].carries_tcp:
                    yield item, balancer


def _of_foreign(graph: Graph, item: Item, hole: Unknown) -> Balancer:
    """What a rule or a listener says of the load balancer that it belongs to."""
    is_listener = item.type == "aws_lb_listener"
    actions = item.inner("default_action" if is_listener else "action")
    rule = _rule(graph, item, actions, 0, _conditions(item))
    listener = Listener(
        item.address,
        (rule,),
        listener_attributes(item) if is_listener else aws_elb.NOTHING,
        unread="" if rule.conditions else f"other rules may stand where {item.address} belongs",
    )
    family = "network" if listener.protocol in ("TCP", "TLS", "TCP_UDP") else "application"
    why = f"the load balancer is defined elsewhere: {hole.why}"
    idle = Unknown(hole.where, "idle_timeout", why, hole.remedy)
    return Balancer(
        name=item.address,
        where=item.where,
        attributes={aws_elb.TYPE: Known(family, item.where, "type", "default"), aws_elb.IDLE: idle},
        listeners=(listener,),
        groups=_groups_of(graph, actions),
        names=NAMES,
    )
