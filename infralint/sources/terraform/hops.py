"""Items to hops: which target groups each load balancer's listeners lead to, and what holds there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar

from infralint.model import (
    UNLIMITED,
    Edit,
    Known,
    Setting,
    Unknown,
    not_applicable,
)
from infralint.platforms import aws_elb
from infralint.platforms.aws_elb import (
    LAST,
    Attributes,
    BalancerNode,
    Conditions,
    Listener,
    LoadBalancer,
    Parts,
    Rule,
    Share,
)
from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.hcl import Block
from infralint.sources.terraform.items import Item, Link
from infralint.sources.terraform.values import EvaluationError, plain_number, to_bool, to_text

GENEROUS = 300.0
"""Seconds: what people who ship streams settle on."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        aws_elb.TYPE: "load_balancer_type",
        aws_elb.IDLE: "idle_timeout",
        aws_elb.TCP_IDLE: "tcp_idle_timeout_seconds",
        aws_elb.PROTOCOL: "protocol",
        aws_elb.PORT: "port",
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


@dataclass(frozen=True, kw_only=True, eq=False)
class TerraformBalancer(LoadBalancer):
    """A load balancer as Terraform describes it.

    blocks: where its settings are written out in code, by argument (`group`: its target group).
    adapter: the registry module that makes its target group, as its adapter is called ("": none).
    port: that of its listener, where it is known.
    """

    platform: ClassVar[str] = "terraform"

    blocks: Mapping[str, Block] = field(default_factory=dict)
    adapter: str = ""
    port: float | None = None

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "keeps_affinity":
            return self.unstickable or self._sticky()
        name, value = self.longer(seconds) if setting == "idle_timeout" else ("", 0)
        more = f"  # {aws_elb.KEEP_ALIVE}" if name == "idle_timeout" else ""
        return f"{name} = {value:g}{more}" if name else ""

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Changes to blocks of its own; a value that comes from elsewhere is left."""
        from infralint.sources.terraform.edits import edits

        return edits(self, setting, seconds)

    def between_groups(self) -> str:
        """What an action over several target groups has to say to keep a client with one."""
        if self.adapter:
            return "stickiness = { enabled = true, duration = 86400 }"
        return "stickiness {\n  enabled  = true\n  duration = 86400\n}"

    def _sticky(self) -> str:
        """Stickiness as the target group, the module that makes it, or a classic load balancer takes it."""
        if self.is_a("classic"):
            return self._policy()
        if self.adapter == "cloudposse":
            return "stickiness = {\n  cookie_duration = 86400\n  enabled         = true\n}"
        kind = f'type = "{self.sticky_type}"'
        return f"stickiness = {{ {kind} }}" if self.adapter else f"stickiness {{\n  {kind}\n}}"

    def _policy(self) -> str:
        own = re.sub(r"^(?:module\.[^.]+\.)+", "", self.name)
        port = f"{self.port:g}" if self.port else "443"
        return (
            'resource "aws_lb_cookie_stickiness_policy" "sticky" {\n  name          = "sticky"\n'
            f"  load_balancer = {own}.id\n  lb_port       = {port}\n}}\n# one for each HTTP or HTTPS listener"
        )

    @property
    def sticky_type(self) -> str:
        return "source_ip" if self.is_a("network") else "lb_cookie"

    def longer(self, seconds: float) -> tuple[str, float]:
        """The argument that sets an idle timeout of so many seconds, and its value; no name where nothing does."""
        wanted = max(seconds, GENEROUS)
        idle = self.idle_timeout
        if self.is_a("network") or self.is_a("gateway"):
            fixed = isinstance(idle, Known) and idle.because
            return ("", 0) if fixed or wanted > 6000 else ("tcp_idle_timeout_seconds", wanted)
        return ("", 0) if wanted > (3600 if self.is_a("classic") else 4000) else ("idle_timeout", wanted)

    def is_a(self, family: str) -> bool:
        """Whether it surely is of that family."""
        return isinstance(self.family, Known) and self.family.value == family


@dataclass(kw_only=True, eq=False)
class TerraformNode(BalancerNode):
    """A load balancer as Terraform describes it."""

    platform: ClassVar[str] = "terraform"


_IDENTITIES = ("arn", "id", "name")
"""What one resource calls another by."""


@dataclass
class Graph:
    """The items of one root by address and type."""

    items: Sequence[Item]
    scope: str
    environment: str = ""
    by_address: dict[str, Item] = field(default_factory=dict)
    by_type: dict[str, list[Item]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.items:
            self.by_address[item.address] = item
            self.by_type.setdefault(item.type, []).append(item)

    def of(self, kind: str) -> list[Item]:
        return self.by_type.get(kind, [])

    def follow(self, item: Item, name: str, kind: str) -> list[Item]:
        """The items of a type that an argument refers to, by reference or by a name that stands there."""
        found = [self._linked(link, kind) for link in item.links.get(name, ())]
        return [one for one in found if one is not None]

    def _linked(self, link: Link, kind: str) -> Item | None:
        if link.address:
            target = self.by_address.get(f"{link.address}|{link.path}") or self.by_address.get(link.address)
            return target if target is not None and target.type == kind else None
        return next((one for one in self.of(kind) if link.text and link.text in map(one.value, _IDENTITIES)), None)


def nodes(graph: Graph) -> list[TerraformNode]:
    """The load balancers of a root."""
    found = [_node(graph, balancer) for balancer in graph.of("aws_lb")]
    found += [_classic(graph, balancer) for balancer in graph.of("aws_elb")]
    return found + list(_foreign(graph))


# Application, network and gateway load balancers


@dataclass
class _Way:
    """A target group behind an action, and a listener where it decides; paths and hosts of all rules that lead there."""

    listener: Item | None
    group: Item | None
    action: Item | None
    groups: int = 1
    paths: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


@dataclass
class _Building:
    """A node while its rules are collected: one hop for each way."""

    graph: Graph
    balancer: Item
    ways: dict[str, _Way] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)


def _node(graph: Graph, balancer: Item) -> TerraformNode:
    building = _Building(graph, balancer)
    every = [
        item for item in graph.of("aws_lb_listener") if balancer in graph.follow(item, "load_balancer_arn", "aws_lb")
    ]
    listeners = [item for item in every if aws_elb.carries_tcp(str(item.value("protocol")))]
    for listener in listeners:
        for rule in graph.of("aws_lb_listener_rule"):
            if listener in graph.follow(rule, "listener_arn", "aws_lb_listener"):
                _add_rule(building, listener, rule.inner("action"), _priority(rule), _conditions(rule))
        _add_rule(building, listener, listener.inner("default_action"), LAST, Conditions())
    carries_none = not building.ways and (_redirects(listeners) or (bool(every) and not listeners))
    if not building.ways:
        building.ways[""] = _Way(None, None, None)
    hops = tuple(replace(hop, assumable=hop.assumable and not carries_none) for hop in _made(building))
    return TerraformNode(
        name=balancer.address,
        hops=hops,
        keys=tuple(building.ways),
        ways=tuple(_listener(listener, building) for listener in every),
        known_as=frozenset({balancer.address, *_called(balancer)}),
        environment=graph.environment,
    )


def _listener(item: Item, building: _Building) -> Listener:
    port = _port(item, "port").get(aws_elb.PORT)
    return Listener(item.address, tuple(building.rules.get(item.address, ())), int(port.value) if port else None)


def _redirects(listeners: Sequence[Item]) -> bool:
    """Whether every listener only sends clients elsewhere. A fixed response may have rules beside it in another root."""
    actions = [action.value("type") for listener in listeners for action in listener.inner("default_action")]
    return bool(actions) and all(action == "redirect" for action in actions)


_UNTOLD = 50_001.0
"""A rule whose priority can't be told is put behind all others; 50000 is the greatest that can be written."""


def _priority(rule: Item) -> float:
    priority = rule.value("priority")
    return float(priority) if isinstance(priority, int | float) else _UNTOLD


_PATTERNS = {"host_header": "hosts", "path_pattern": "paths", "http_request_method": "methods"}
"""The kinds of conditions that a request's kind, host and path answer."""


def _conditions(rule: Item) -> Conditions:
    """What a rule asks for: hosts, paths and methods; whatever else there is to it can't be told beforehand."""
    found: dict[str, list[str]] = {"hosts": [], "paths": [], "methods": []}
    reason = ""
    if isinstance(rule.blocks.get("condition"), Unknown):
        reason = f"the conditions of {rule.address} can't be told"
    for condition in rule.inner("condition"):
        kinds = 0
        for kind, name in _PATTERNS.items():
            former = [condition] if condition.value("field") == kind.replace("_", "-") else []
            for block in [*condition.inner(kind), *former]:
                kinds += 1
                values = block.value("values")
                if not isinstance(values, list):
                    reason = f"the {kind.replace('_', ' ')} of {rule.address} can't be told"
                found[name] += [str(value) for value in values or ()]
        if not kinds:
            reason = f"{rule.address} asks for more than host and path"
    return Conditions(tuple(found["hosts"]), tuple(found["paths"]), frozenset(found["methods"]), reason)


def _add_rule(
    building: _Building, listener: Item, actions: Sequence[Item], priority: float, conditions: Conditions
) -> None:
    """A rule with the target groups that its actions forward to; another action ends the search with an answer."""
    shares = [share for action in actions for share in _forwarded(building.graph, action)]
    splits = sum(share.sure for share in shares)
    targets = tuple(
        Share(_way_of(building, listener, share.group, share.action, conditions, splits), share.sure)
        for share in shares
    )
    rule = Rule(priority, conditions, targets, None if targets else _answer(actions))
    building.rules.setdefault(listener.address, []).append(rule)


def _answer(actions: Sequence[Item]) -> Known[str] | None:
    """What an action that forwards nowhere answers."""
    for action in actions:
        for block in action.inner("redirect"):
            code = str(block.value("status_code") or "HTTP_301").removeprefix("HTTP_")
            parts = {name: block.value(name) for name in ("protocol", "host", "port", "path")}
            target = f"{parts['protocol'] or '#{protocol}'}://{parts['host'] or '#{host}'}{parts['path'] or '/#{path}'}"
            return Known(f"{code} {target.lower()}", action.where, "redirect", written="redirect")
        for block in action.inner("fixed_response"):
            return Known(
                str(block.value("status_code") or "200"), action.where, "fixed_response", written="fixed-response"
            )
    return None


@dataclass(frozen=True, slots=True)
class _Share:
    """A target group's share of what an action forwards. sure: its weight is known, and more than 0."""

    group: Item | None
    action: Item
    sure: bool = True


def _forwarded(graph: Graph, action: Item) -> Iterator[_Share]:
    """The target groups of an action that may get requests."""
    for place, name in [(action, "target_group_arn")] + [
        (group, "arn") for forward in action.inner("forward") for group in forward.inner("target_group")
    ]:
        taken = _takes_requests(place)
        if place.links.get(name) and taken is not False:
            groups = graph.follow(place, name, "aws_lb_target_group")
            yield _Share(groups[0] if groups else None, action, taken is True)


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


def _way_of(
    building: _Building, listener: Item, group: Item | None, action: Item, conditions: Conditions, groups: int
) -> str:
    """The key of the way to a target group, made if it is new; its paths grow."""
    per_listener = building.balancer.value("load_balancer_type") in ("network", "gateway")
    key = f"{group.address if group else ''}|{listener.address if per_listener else ''}"
    way = building.ways.setdefault(key, _Way(listener, group, action, groups))
    way.paths += [path for path in conditions.paths if path not in way.paths]
    way.hosts += [host for host in conditions.hosts if host not in way.hosts]
    if groups > way.groups:
        way.action, way.groups = action, groups
    return key


def _made(building: _Building) -> Iterator[TerraformBalancer]:
    balancer = building.balancer
    for way in building.ways.values():
        group = way.group
        parts = Parts(
            name=balancer.address,
            where=balancer.where,
            balancer=balancer_attributes(balancer),
            listener=listener_attributes(way.listener),
            action=action_attributes(way.action),
            group=None if group is None else group_attributes(group),
            group_name=group.address if group else "",
            group_where=group.where if group else None,
            aliases=_called(balancer),
            group_aliases=_called(group) if group else (),
            groups=way.groups,
            names=NAMES,
            **_replicas(building.graph, group),
        )
        hop = made(parts, building.graph, tuple(way.paths), tuple(way.hosts), balancer.silent)
        yield replace(hop, blocks=_blocks(balancer, way.listener, group), adapter=group.adapter if group else "")


def _blocks(balancer: Item, listener: Item | None, group: Item | None) -> dict[str, Block]:
    """Where arguments stand, or would stand."""
    items = {"idle_timeout": balancer, "tcp_idle_timeout_seconds": listener, "group": group}
    return {name: item.block for name, item in items.items() if item is not None and item.block is not None}


def _called(item: Item) -> tuple[str, ...]:
    """What AWS will call a resource, where that is written."""
    name = item.value("name")
    return (name,) if isinstance(name, str) and name else ()


def made(
    parts: Parts, graph: Graph, paths: tuple[str, ...] = (), hosts: tuple[str, ...] = (), silent: bool = False
) -> TerraformBalancer:
    """A hop; in a module that nobody calls, what depends on an input says nothing."""
    fields = aws_elb.reduced(parts)
    if silent:
        fields |= {name: _quiet(fields[name], neutral) for name, neutral in _NEUTRAL.items()}
        fields["clocks"] = tuple(replace(clock, limit=_quiet(clock.limit, UNLIMITED)) for clock in fields["clocks"])
    return TerraformBalancer(
        **fields,
        paths=paths,
        hosts=hosts,
        upstream=parts.group_name.rpartition(".")[2],
        scope=graph.scope,
        environment=graph.environment,
    )


_NEUTRAL = {"keeps_affinity": "client", "forwards_upgrade": "forwarded"}


def _quiet(setting: Setting[Any], neutral: object) -> Setting[Any]:
    depends = isinstance(setting, Unknown) and not setting.refused
    return not_applicable(neutral, setting.where) if depends else setting


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
        aws_elb.PROTOCOL: argument(item, "protocol", aws_elb.PROTOCOL, _protocol),
        aws_elb.TCP_IDLE: argument(item, "tcp_idle_timeout_seconds", aws_elb.TCP_IDLE, plain_number),
    }


def _protocol(value: Any) -> str:
    """The provider takes protocols in any case, and AWS in capitals."""
    return to_text(value).upper()


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
    blocks = [one for forward in item.inner("forward") for one in forward.inner("stickiness")] if item else []
    if not blocks:
        return aws_elb.NOTHING
    return {
        aws_elb.GROUP_STICKY: argument(blocks[0], "enabled", aws_elb.GROUP_STICKY, to_bool),
        aws_elb.GROUP_STICKY_SECONDS: argument(blocks[0], "duration", aws_elb.GROUP_STICKY_SECONDS, plain_number),
    }


def group_attributes(item: Item) -> Attributes:
    """`target_type`, `protocol` and `stickiness { … }`, which is enabled unless it says otherwise."""
    found: dict[str, Setting[Any]] = {
        aws_elb.PROTOCOL: argument(item, "protocol", aws_elb.PROTOCOL, _protocol),
        aws_elb.TARGET_TYPE: argument(item, "target_type", aws_elb.TARGET_TYPE, to_text),
        aws_elb.STICKY: Known(False, item.where, "stickiness", "default", related=item.trail),
    }
    blocks = item.blocks.get("stickiness", [])
    if isinstance(blocks, Unknown):
        return found | {aws_elb.STICKY: blocks}
    return found | _stickiness(blocks[0]) if blocks else found


def _stickiness(block: Item) -> dict[str, Setting[Any]]:
    kind = argument(block, "type", aws_elb.STICKY_TYPE, to_text)
    found = {aws_elb.STICKY: _enabled(block), aws_elb.STICKY_TYPE: kind}
    application = isinstance(kind, Known) and kind.value == "app_cookie"
    seconds = aws_elb.APP_COOKIE_SECONDS if application else aws_elb.LB_COOKIE_SECONDS
    found[seconds] = argument(block, "cookie_duration", seconds, plain_number)
    if application:
        found[aws_elb.APP_COOKIE_NAME] = argument(block, "cookie_name", aws_elb.APP_COOKIE_NAME, to_text)
    return found


def _enabled(block: Item) -> Setting[bool]:
    # https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_target_group#stickiness
    given = block.get("enabled")
    if given is None or (isinstance(given, Known) and given.value is None):
        return Known(True, block.where, "stickiness", "explicit", "stickiness { … }", related=block.trail)
    return argument(block, "enabled", aws_elb.STICKY, to_bool)


def argument(item: Item, name: str, key: str, convert: Callable[[Any], Any]) -> Setting[Any]:
    """An argument's value, AWS's default where it is left out or null, unknown where it is of no use."""
    given = item.get(name)
    default = aws_elb.ATTRIBUTES[key].default
    if given is None:
        return Known(default, item.where, name, "default", related=item.trail)
    if isinstance(given, Unknown):
        return given
    if given.value is None and not given.written:
        return Known(default, given.where, name, "default", related=given.related)
    if given.value is None:
        because = f"{given.because or 'null'}, and for null AWS's own default holds"
        return Known(default, given.where, name, "default", given.written, because, given.related)
    try:
        value = convert(given.value)
    except EvaluationError as error:
        return Unknown(given.where, name, f"Terraform refuses `{given.written}`: {error}")
    except NotWorkedOut as error:
        return Unknown(given.where, name, f"`{given.written}`: {error}")
    return Known(value, given.where, given.name, given.origin, given.written, given.because, given.related)


# What stands behind a target group


def _replicas(graph: Graph, group: Item | None) -> dict[str, Any]:
    """How many targets there can be, where Terraform says so: what shares a group with others is not counted."""
    if group is None:
        return {}
    behind = _behind(graph, group)
    if len(behind) > 1:
        named = " and ".join(one.address for one in behind[:2])
        return {"replicas_said": f", and {named} share its requests"}
    for one in behind:
        match one.type:
            case "aws_autoscaling_group" if one.value("max_size") == 1:
                return {"replicas": one.get("max_size")}
            case "aws_ecs_service":
                return _of_service(graph, one)
            case "aws_lb_target_group_attachment":
                return _attached(one)
    return {}


def _behind(graph: Graph, group: Item) -> list[Item]:
    """What registers targets in a target group."""
    found = [
        one
        for kind, name in (
            ("aws_autoscaling_group", "target_group_arns"),
            ("aws_lb_target_group_attachment", "target_group_arn"),
        )
        for one in graph.of(kind)
        if group in graph.follow(one, name, "aws_lb_target_group")
    ]
    for service in graph.of("aws_ecs_service"):
        balancers = service.inner("load_balancer")
        if any(group in graph.follow(one, "target_group_arn", "aws_lb_target_group") for one in balancers):
            found.append(service)
    for one in graph.of("aws_autoscaling_attachment"):
        names = ("lb_target_group_arn", "alb_target_group_arn")
        if any(group in graph.follow(one, name, "aws_lb_target_group") for name in names):
            found += graph.follow(one, "autoscaling_group_name", "aws_autoscaling_group") or [one]
    return list({one.address: one for one in found}.values())


def _of_service(graph: Graph, service: Item) -> dict[str, Any]:
    if service.value("desired_count") != 1:
        return {}
    scaling = [one for one in graph.of("aws_appautoscaling_target") if _scales(one, service) is not False]
    for one in scaling:
        most = one.value("max_capacity")
        if _scales(one, service) and isinstance(most, int | float):
            return {"replicas_said": f", and {one.address} scales {service.address} to {most:g} tasks"}
    if service.value("deployment_maximum_percent") == 100 and not scaling:
        return {"replicas": service.get("desired_count")}
    said = f"; {service.address} runs one task today, but two during every deployment and more when it scales"
    return {"replicas_said": said, "one_today": True}


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


def _attached(attachment: Item) -> dict[str, Any]:
    if attachment.uncertain or not attachment.links.get("target_id"):
        return {}
    target = attachment.links["target_id"][0].address
    if "aws_instance." not in target:
        return {}
    return {"replicas": Known(1, attachment.where, "target_id", because=f"{target} is its only target")}


# Classic load balancers


def _classic(graph: Graph, balancer: Item) -> TerraformNode:
    """A hop for each kind of listener, and one where none can be seen."""
    kinds: dict[object, TerraformBalancer] = {}
    listeners: list[Item | None] = [*balancer.inner("listener")] or [None]
    for listener in listeners:
        hop = _classic_hop(graph, balancer, listener, alone=len(listeners) == 1)
        kinds.setdefault(aws_elb.classic_kind(hop), hop)
    hops = tuple(kinds.values())
    keys = tuple(map(str, range(len(hops))))
    either = Conditions(reason="which port clients come to is not known")
    return TerraformNode(
        name=balancer.address,
        hops=hops,
        keys=keys,
        ways=tuple(Listener(key, (Rule(conditions=either, shares=(Share(key),)),)) for key in keys),
        known_as=frozenset({balancer.address, *_called(balancer)}),
        environment=graph.environment,
    )


def _classic_hop(graph: Graph, balancer: Item, listener: Item | None, alone: bool) -> TerraformBalancer:
    parts = Parts(
        name=balancer.address,
        where=balancer.where,
        balancer={
            aws_elb.TYPE: Known("classic", balancer.where, "aws_elb"),
            aws_elb.IDLE: argument(balancer, "idle_timeout", aws_elb.IDLE, plain_number),
        },
        listener=_classic_listener(balancer, listener),
        group={aws_elb.STICKY: _classic_stickiness(graph, balancer, listener, alone)},
        group_name=balancer.address,
        group_where=balancer.where,
        aliases=_called(balancer),
        names=NAMES,
    )
    hop = made(parts, graph, silent=balancer.silent)
    port = parts.listener.get(aws_elb.PORT)
    return replace(hop, blocks=_blocks(balancer, None, None), port=port.value if isinstance(port, Known) else None)


def _classic_listener(balancer: Item, listener: Item | None) -> Attributes:
    if listener is None:
        return {aws_elb.PROTOCOL: not_applicable("TCP", balancer.where)}
    return {
        aws_elb.PROTOCOL: argument(listener, "lb_protocol", aws_elb.PROTOCOL, _protocol),
        **_port(listener, "lb_port"),
    }


def _classic_stickiness(graph: Graph, balancer: Item, listener: Item | None, alone: bool) -> Setting[bool]:
    """A policy for the listener's port, which counts when it exists; whose port can't be told may be that."""
    port = _port(listener, "lb_port").get(aws_elb.PORT) if listener else None
    for policy in _policies(graph, balancer):
        own = _port(policy, "lb_port").get(aws_elb.PORT)
        if own.value == port.value if own and port else alone:
            return Known(True, policy.where, policy.type, "explicit", policy.address)
        if not (own and port):
            return Unknown(policy.where, "lb_port", f"it can't be told which listener {policy.address} is for")
    return Known(False, balancer.where, "a stickiness policy", "default", related=balancer.trail)


def _policies(graph: Graph, balancer: Item) -> Iterator[Item]:
    for kind in ("aws_lb_cookie_stickiness_policy", "aws_app_cookie_stickiness_policy"):
        for policy in graph.of(kind):
            if balancer in graph.follow(policy, "load_balancer", "aws_elb"):
                yield policy


# Target groups of a load balancer that is defined elsewhere


def _foreign(graph: Graph) -> Iterator[TerraformNode]:
    """Rules and listeners that are added to a load balancer which is not in this configuration."""
    for kind, name, inner, target in (
        ("aws_lb_listener_rule", "listener_arn", "action", "aws_lb_listener"),
        ("aws_lb_listener", "load_balancer_arn", "default_action", "aws_lb"),
    ):
        for one in graph.of(kind):
            holes = [link.hole for link in one.links.get(name, ()) if link.hole is not None]
            if holes and not graph.follow(one, name, target):
                yield from _of_foreign(graph, one, inner, holes[0])


def _of_foreign(graph: Graph, item: Item, inner: str, hole: Unknown) -> Iterator[TerraformNode]:
    conditions = _conditions(item)
    listener = item if item.type == "aws_lb_listener" else None
    protocol = str(listener.value("protocol")).upper() if listener else ""
    if not aws_elb.carries_tcp(protocol):
        return
    family = "network" if protocol in ("TCP", "TLS", "TCP_UDP") else "application"
    for share in [share for one in item.inner(inner) for share in _forwarded(graph, one)]:
        group, action = share.group, share.action
        if group is None:
            continue
        balancer = Unknown(
            hole.where, "idle_timeout", f"the load balancer is defined elsewhere: {hole.why}", hole.remedy
        )
        parts = Parts(
            name=item.address,
            where=item.where,
            balancer={aws_elb.TYPE: Known(family, item.where, "type", "default"), aws_elb.IDLE: balancer},
            listener=listener_attributes(listener),
            action=action_attributes(action),
            group=group_attributes(group),
            group_name=group.address,
            group_where=group.where,
            names=NAMES,
            **_replicas(graph, group),
        )
        hop = made(parts, graph, conditions.paths, conditions.hosts, item.silent)
        rule = Rule(0, replace(conditions, reason=""), (Share(item.address),))
        ruled = bool(conditions.paths or conditions.hosts)
        yield TerraformNode(
            name=item.address,
            hops=(hop,),
            keys=(item.address,),
            ways=(Listener(item.address, (rule,)),) if ruled else (),
            environment=graph.environment,
        )
