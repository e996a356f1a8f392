"""From a snapshot to hops: pure, the same for a live account and for a saved file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from infralint.model import (
    Known,
    Location,
    Reading,
    Setting,
    Unknown,
    Unreadable,
    Upgrade,
)
from infralint.platforms.aws_elb import (
    ATTRIBUTES,
    GROUP_STICKY,
    IDLE,
    NOTHING,
    PORT,
    PROTOCOL,
    STICKY,
    STICKY_TYPE,
    TARGET_TYPE,
    TCP_IDLE,
    TYPE,
    Attributes,
    BalancerNode,
    Listener,
    LoadBalancer,
    Parts,
    classic_kind,
    reduced,
    typed,
)
from infralint.sources.aws_account import fixes
from infralint.sources.aws_account.owners import Owner, owner_of
from infralint.sources.aws_account.rules import ForwardAction, default_rule, forward_of, parsed_rule
from infralint.sources.aws_account.snapshot import Failure, Item, Region, Snapshot, load
from infralint.sources.aws_account.troubles import told, why_unknown

PLATFORM = "aws"
TCP_PROTOCOLS = frozenset({"TCP", "TLS", "TCP_UDP", "GENEVE", ""})
"""Protocols of network and gateway listeners that can carry a stream; a gateway's listener names none."""

CONSOLES = {
    "aws": "https://{region}.console.aws.amazon.com",
    "aws-cn": "https://{region}.console.amazonaws.cn",
    "aws-us-gov": "https://{region}.console.amazonaws-us-gov.com",
}
"""Partitions with a public console."""


@dataclass(frozen=True, kw_only=True)
class LiveLoadBalancer(LoadBalancer):
    """A load balancer of an account with one of its target groups.

    group_arn, listener_arn, protocol: "" where none is known. owner: what made it, by its tags.
    """

    platform: ClassVar[str] = PLATFORM

    arn: str
    account: str
    region: str
    group_arn: str = ""
    listener_arn: str = ""
    port: int = 0
    protocol: str = ""
    console: str = ""
    owner: Owner | None = None

    @property
    def introduction(self) -> str:
        """The load balancer as a colleague would ask for it."""
        family = self.family.value if isinstance(self.family, Known) else ""
        account = f" of account {self.account}" if self.account else ""
        owner = f", made by {self.owner}" if self.owner else ""
        return f"{self.name}, {family} load balancer in {self.region}{account}{owner}"

    def fix(self, setting: str, seconds: float = 0) -> str:
        family = self.family.value if isinstance(self.family, Known) else "application"
        target = fixes.Target(
            name=self.name,
            region=self.region,
            family=family,
            arn=self.arn,
            group_arn=self.group_arn,
            listener_arn=self.listener_arn,
            port=self.port,
            fixed=self.protocol == "TLS",
            unstickable=self.unstickable,
        )
        return fixes.fix(target, self.owner, setting, seconds)


@dataclass(kw_only=True, eq=False)
class LiveNode(BalancerNode):
    """A load balancer of an account."""

    platform: ClassVar[str] = PLATFORM


@dataclass(frozen=True)
class Places:
    """Where resources and their attributes stand: the resource itself, or its line in a snapshot's text."""

    shown: str = ""
    lines: Mapping[tuple[str, str], Location] = field(default_factory=dict)

    def of(self, resource: str, key: str = "") -> Location:
        if not self.shown:
            return Location(resource)
        return self.lines.get((resource, key)) or self.lines.get((resource, "")) or Location(self.shown)


def hops(snapshot: Snapshot) -> list[LiveLoadBalancer]:
    """Every load balancer of a snapshot with each of its target groups."""
    found = [hop for node in tiers(snapshot, Places()) for hop in node.hops]
    return [hop for hop in found if isinstance(hop, LiveLoadBalancer)]


def reading(snapshot: Snapshot, places: Places | None = None) -> Reading:
    """A snapshot as every other source gives what it read."""
    return Reading(
        PLATFORM,
        nodes=list(tiers(snapshot, places or Places())),
        unreadable=troubles(snapshot),
        files=[str(region) for region in snapshot.regions],
    )


def troubles(snapshot: Snapshot) -> list[Unreadable]:
    """What could not be read, once a cause."""
    found = [
        Unreadable(told(one, [one.resource] if one.resource else []), Location("AWS")) for one in snapshot.failures
    ]
    for region in snapshot.regions:
        groups: dict[tuple[str, str], list[Failure]] = defaultdict(list)
        for failure in region.failures:
            groups[failure.trouble, failure.action].append(failure)
        for failures in groups.values():
            names = sorted({short_name(one.resource) for one in failures if one.resource})
            found.append(Unreadable(told(failures[0], names), Location(str(region))))
    return found


def tiers(snapshot: Snapshot, places: Places) -> Iterator[LiveNode]:
    for region in snapshot.regions:
        yield from _Region(region, places).tiers()


def short_name(arn: str) -> str:
    """What people call a resource: `chat` of `arn:…:loadbalancer/app/chat/50dc6c495c0c9188`."""
    parts = arn.rpartition(":")[2].split("/")
    named = {"loadbalancer": 2, "listener": 2, "targetgroup": 1}.get(parts[0], 0)
    return parts[named] if len(parts) > named + 1 else parts[-1]


def classic_arn(region: Region, name: str) -> str:
    """A classic load balancer's ARN, which AWS never says but takes everywhere."""
    account = region.account
    return f"arn:{region.partition}:elasticloadbalancing:{region.name}:{account}:loadbalancer/{name}"


def is_classic(arn: str) -> bool:
    return arn.rpartition(":")[2].startswith("loadbalancer/") and arn.count("/") == 1


class _Region:
    """One region's load balancers with what was read of each."""

    def __init__(self, region: Region, places: Places) -> None:
        self.region = region
        self.places = places
        self.groups = {one["TargetGroupArn"]: one for one in region.target_groups}
        self.failures = {(one.action.partition(":")[2], one.resource): one for one in region.failures}

    @cached_property
    def attached(self) -> dict[str, list[str]]:
        """Load balancer -> the target groups attached to it."""
        found: dict[str, list[str]] = defaultdict(list)
        for arn, group in self.groups.items():
            for balancer in group.get("LoadBalancerArns", ()):
                found[balancer].append(arn)
        return found

    def tiers(self) -> Iterator[LiveNode]:
        for item in self.region.load_balancers:
            if item.get("Type", "application") == "application":
                yield self._application(item)
            else:
                yield self._network(item)
        for item in self.region.classic_load_balancers:
            yield self._classic(item)

    def _application(self, item: Item) -> LiveNode:
        arn = item["LoadBalancerArn"]
        listeners = [listener for listener in self.region.listeners.get(arn, ()) if listener.get("Protocol") != "UDP"]
        ways = tuple(map(self._way, listeners))
        balancer = self._attributes(
            self.region.load_balancer_attributes, "DescribeLoadBalancerAttributes", arn, (IDLE,)
        ) | {TYPE: self._known(TYPE, "application", arn, "Type")}
        forwards = [forward for listener in listeners for forward in self._forwards(listener)]
        groups = self.attached.get(arn, []) or sorted({group for forward in forwards for group in forward.in_use})
        groups = groups or [""]
        paths = _patterns(ways)
        hops = tuple(
            self._hop(
                item, self._parts(item, balancer, group, _widest(forwards, group)), group, paths=paths.get(group, ())
            )
            for group in groups
        )
        return self._node(item["LoadBalancerName"], arn, item, hops, tuple(groups), ways)

    def _node(
        self,
        name: str,
        arn: str,
        item: Item,
        hops: tuple[LiveLoadBalancer, ...],
        keys: tuple[str, ...],
        ways: tuple[Listener, ...] = (),
    ) -> LiveNode:
        names = frozenset(filter(None, (arn, item.get("DNSName", ""))))
        return LiveNode(name=name, hops=hops, keys=keys, ways=ways, known_as=names)

    def _way(self, listener: Item) -> Listener:
        """A listener with its rules, or with what it does by itself where they were not read."""
        arn = listener["ListenerArn"]
        where = self.places.of(arn)
        described = self.region.rules.get(arn)
        rules = (
            (default_rule(listener, where),)
            if described is None
            else tuple(parsed_rule(item, where) for item in described)
        )
        return Listener(arn, rules, listener.get("Port"), unread=described is None)

    def _forwards(self, listener: Item) -> list[ForwardAction]:
        described = self.region.rules.get(listener["ListenerArn"])
        actions = (
            [listener.get("DefaultActions", ())]
            if described is None
            else [item.get("Actions", ()) for item in described]
        )
        return [forward for found in actions if (forward := forward_of(found)) is not None]

    def _network(self, item: Item) -> LiveNode:
        arn = item["LoadBalancerArn"]
        family = item["Type"]
        balancer = {TYPE: self._known(TYPE, family, arn, "Type")}
        found = []
        for listener in self.region.listeners.get(arn, ()):
            if listener.get("Protocol", "") in TCP_PROTOCOLS:
                forward = forward_of(listener.get("DefaultActions", ()))
                for group in forward.in_use if forward else ():
                    found.append(self._behind(item, balancer, listener, group))
        if arn not in self.region.listeners:
            found = [self._behind(item, balancer, None, group) for group in self.attached.get(arn, []) or [""]]
        return self._node(item["LoadBalancerName"], arn, item, tuple(found), tuple(map(str, range(len(found)))))

    def _behind(self, item: Item, balancer: Attributes, listener: Item | None, group: str) -> LiveLoadBalancer:
        parts = self._parts(item, balancer, group, None, self._listener(item, listener))
        listener = listener or {}
        return self._hop(item, parts, group, listener=listener)

    def _listener(self, item: Item, listener: Item | None) -> Attributes:
        if listener is None:
            unknown = self._missing("DescribeListeners", item["LoadBalancerArn"], PROTOCOL)
            return {PROTOCOL: unknown, TCP_IDLE: unknown}
        arn, protocol = listener["ListenerArn"], listener.get("Protocol", "")
        found: dict[str, Setting[Any]] = {PROTOCOL: self._known(PROTOCOL, protocol, arn, "Protocol")}
        if "Port" in listener:
            found[PORT] = self._known(PORT, listener["Port"], arn, "Port")
        if protocol == "TLS":
            return found
        return found | self._attributes(self.region.listener_attributes, "DescribeListenerAttributes", arn, (TCP_IDLE,))

    def _classic(self, item: Item) -> LiveNode:
        name = item["LoadBalancerName"]
        arn = classic_arn(self.region, name)
        balancer = {TYPE: self._known(TYPE, "classic", arn, "LoadBalancerName"), IDLE: self._classic_idle(name, arn)}
        kinds: dict[object, LiveLoadBalancer] = {}
        for described in item.get("ListenerDescriptions", ()):
            hop = self._classic_hop(item, arn, balancer, described)
            kinds.setdefault(classic_kind(hop), hop)
        hops = tuple(kinds.values())
        return self._node(name, arn, item, hops, tuple(map(str, range(len(hops)))))

    def _classic_hop(self, item: Item, arn: str, balancer: Attributes, described: Item) -> LiveLoadBalancer:
        protocol, port = described["Listener"]["Protocol"], described["Listener"].get("LoadBalancerPort", 0)
        instances = len(item.get("Instances", ()))
        parts = Parts(
            name=item["LoadBalancerName"],
            where=self.places.of(arn),
            balancer=balancer,
            listener={
                PROTOCOL: self._known(PROTOCOL, protocol, arn, "Protocol"),
                PORT: self._known(PORT, port, arn, "LoadBalancerPort"),
            },
            group=self._classic_stickiness(item, arn, described),
            replicas=self._known("Instances", instances, arn, "Instances", f"{instances} registered"),
            replicas_said=f", and {instances} instances share its requests",
            group_name="its listener",
        )
        return self._hop(item, parts, "", arn=arn, listener={"Port": port, "Protocol": protocol})

    def _classic_stickiness(self, item: Item, arn: str, described: Item) -> Attributes:
        policies = item.get("Policies", {})
        for list_, kind in (("LBCookieStickinessPolicies", "lb_cookie"), ("AppCookieStickinessPolicies", "app_cookie")):
            for policy in policies.get(list_, ()):
                if policy["PolicyName"] in described.get("PolicyNames", ()):
                    written = f"{list_}: {policy['PolicyName']}"
                    known = self._known(STICKY, True, arn, "PolicyNames", written)
                    return {STICKY: known, STICKY_TYPE: self._known(STICKY_TYPE, kind, arn, "PolicyNames", written)}
        because = f"no stickiness policy rules its port {described['Listener'].get('LoadBalancerPort', '?')}"
        where = self.places.of(arn, "PolicyNames")
        return {STICKY: Known(False, where, "PolicyNames", "default", because=because)}

    def _classic_idle(self, name: str, arn: str) -> Setting[float]:
        attributes = self.region.classic_attributes.get(name)
        if attributes is None:
            return self._missing("DescribeLoadBalancerAttributes", arn, IDLE)
        seconds = (attributes.get("ConnectionSettings") or {}).get("IdleTimeout", ATTRIBUTES[IDLE].default)
        return Known(
            float(seconds),
            self.places.of(arn, "IdleTimeout"),
            "ConnectionSettings.IdleTimeout",
            written=f"ConnectionSettings.IdleTimeout = {seconds}",
        )

    def _parts(
        self,
        item: Item,
        balancer: Attributes,
        group: str,
        forward: ForwardAction | None,
        listener: Attributes = NOTHING,
    ) -> Parts:
        arn = item["LoadBalancerArn"]
        action = (
            {} if forward is None else {GROUP_STICKY: self._known(GROUP_STICKY, forward.sticky, arn, "ForwardConfig")}
        )
        return Parts(
            name=item["LoadBalancerName"],
            where=self.places.of(arn),
            balancer=balancer,
            listener=listener,
            action=action,
            group=self._group(group, arn),
            group_name=self.groups.get(group, {}).get("TargetGroupName", short_name(group) if group else ""),
            group_where=self.places.of(group) if group else None,
            groups=len(forward.in_use) if forward else 1,
            replicas=self._replicas(group),
            replicas_said=self._replicas_said(group),
        )

    def _group(self, group: str, balancer: str) -> Attributes | None:
        if not group:
            failure = self.failures.get(("DescribeTargetGroups", ""))
            if failure is None:
                return None
            unknown = Unknown(self.places.of(balancer), STICKY, why_unknown(failure, str(self.region)))
            return {STICKY: unknown, TARGET_TYPE: unknown}
        described = self.groups.get(group, {})
        found = self._attributes(
            self.region.target_group_attributes, "DescribeTargetGroupAttributes", group, (STICKY, STICKY_TYPE)
        )
        for key, word in ((TARGET_TYPE, "TargetType"), (PROTOCOL, "Protocol")):
            if word in described:
                found[key] = self._known(key, described[word], group, word)
        return found

    def _optimizer(self, group: str) -> dict[str, Known[Upgrade]]:
        """A target group with the target optimizer opens no WebSocket; without one the balancer itself decides."""
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
        described = self.groups.get(group, {})
        if not described.get("TargetControlPort"):
            return {}
        written = f"TargetControlPort = {described['TargetControlPort']}"
        because = f"{described.get('TargetGroupName', 'its target group')} uses the target optimizer (`{written}`)"
        where = self.places.of(group, "TargetControlPort")
        return {"forwards_upgrade": Known("dropped", where, "TargetControlPort", written=written, because=because)}

    def _replicas_said(self, group: str) -> str:
        replicas = self._replicas(group)
        return f", and {replicas.value} targets share its requests" if isinstance(replicas, Known) else ""

    def _replicas(self, group: str) -> Setting[int] | None:
        """How many targets take requests now: the healthy ones, else all that are not leaving."""
        health = self.region.target_health.get(group)
        if health is None:
            return None
        states = [one.get("TargetHealth", {}).get("State", "") for one in health]
        count = states.count("healthy") or len([one for one in states if one not in ("draining", "unused")])
        known: Known[int] = self._known("TargetHealth", count, group, "", f"{count} healthy")
        return known

    def _attributes(
        self, asked: Mapping[str, Mapping[str, str]], operation: str, resource: str, keys: Iterable[str]
    ) -> dict[str, Setting[Any]]:
        """Attributes as AWS told them; one that AWS left out has its default, all are unknown if the call failed."""
        if resource not in asked:
            return {key: self._missing(operation, resource, key) for key in keys}
        return {key: self._attribute(resource, key, asked[resource].get(key)) for key in keys}

    def _attribute(self, resource: str, key: str, text: str | None) -> Setting[Any]:
        where = self.places.of(resource, key)
        if text is None:
            because = f"AWS names no {key} of {short_name(resource)}, so its default holds"
            return Known(ATTRIBUTES[key].default, where, key, "default", because=because)
        try:
            because = f"{short_name(resource)} has {key} = {text}" if key == STICKY else ""
            return Known(typed(key, text), where, key, written=f"{key} = {text}", because=because)
        except ValueError:
            return Unknown(where, key, f"AWS says {key} = {text!r}, which infralint does not understand")

    def _missing(self, operation: str, resource: str, key: str) -> Unknown:
        failure = self.failures.get((operation, resource))
        if failure is None:
            return Unknown(self.places.of(resource), key, f"{operation} was not asked for {short_name(resource)}")
        where = (
            Location(str(self.region))
            if failure.trouble in ("denied", "credentials", "stopped")
            else self.places.of(resource)
        )
        return Unknown(where, key, why_unknown(failure, str(self.region)))

    def _known(self, key: str, value: Any, resource: str, word: str, written: str = "") -> Known[Any]:
        return Known(value, self.places.of(resource, word), key, written=written or f"{key} = {value}")

    def _hop(
        self,
        item: Item,
        parts: Parts,
        group: str,
        *,
        arn: str = "",
        listener: Mapping[str, Any] = MappingProxyType({}),
        paths: tuple[str, ...] = (),
    ) -> LiveLoadBalancer:
        arn = arn or item["LoadBalancerArn"]
        tags = self.region.tags.get(arn, {})
        own = {"aliases": (arn, item.get("DNSName", ""), *(f"tag:{key}={value}" for key, value in tags.items()))}
        return LiveLoadBalancer(
            **reduced(parts) | own | self._optimizer(group),
            arn=arn,
            account=self.region.account,
            region=self.region.name,
            group_arn=group,
            listener_arn=listener.get("ListenerArn", ""),
            port=listener.get("Port", 0),
            protocol=listener.get("Protocol", ""),
            console=console_link(self.region, arn),
            owner=owner_of(tags),
            paths=paths,
            upstream=parts.group_name,
            scope=arn,
        )


def console_link(region: Region, arn: str) -> str:
    """The page of a load balancer in AWS's console, "" for partitions whose console has no public address."""
    console = CONSOLES.get(region.partition, "").format(region=region.name)
    classic = is_classic(arn)
    detail = f"LoadBalancers:search={short_name(arn)}" if classic else f"LoadBalancer:loadBalancerArn={arn}"
    return f"{console}/ec2/home?region={region.name}#{detail}" if console else ""


def _widest(forwards: Iterable[ForwardAction], group: str) -> ForwardAction | None:
    """Of the actions that lead to a group, the one that shares requests among most groups."""
    return max((one for one in forwards if group in one.in_use), key=lambda one: len(one.in_use), default=None)


def _patterns(ways: Iterable[Listener]) -> dict[str, tuple[str, ...]]:
    """Target group -> the path patterns that lead to it."""
    found: dict[str, list[str]] = defaultdict(list)
    for listener in ways:
        for rule in listener.rules:
            for share in rule.shares:
                found[share.target] += [path for path in rule.conditions.paths if path not in found[share.target]]
    return {group: tuple(paths) for group, paths in found.items()}


def read_text(text: str, shown: str) -> Reading:
    """A saved snapshot with every setting at its line. Raises BadSnapshot."""
    snapshot = load(text.encode())
    return reading(snapshot, Places(shown, _lines(text, shown, _resources(snapshot))))


def _resources(snapshot: Snapshot) -> dict[str, str]:
    """What a snapshot's text calls a resource -> its ARN."""
    found: dict[str, str] = {}
    for region in snapshot.regions:
        for classic in region.classic_load_balancers:
            found[classic["LoadBalancerName"]] = classic_arn(region, classic["LoadBalancerName"])
        for balancer in region.load_balancers:
            found[balancer["LoadBalancerArn"]] = balancer["LoadBalancerArn"]
        for group in region.target_groups:
            found[group["TargetGroupArn"]] = group["TargetGroupArn"]
        for listeners in region.listeners.values():
            found |= {one["ListenerArn"]: one["ListenerArn"] for one in listeners}
    return found


IDENTITIES = frozenset({"LoadBalancerArn", "LoadBalancerName", "TargetGroupArn", "ListenerArn"})


def _lines(text: str, shown: str, resources: Mapping[str, str]) -> dict[tuple[str, str], Location]:
    """Where each resource, and each key below it, stands first."""
    found: dict[tuple[str, str], Location] = {}
    resource = key = ""
    for number, line in enumerate(text.splitlines(), 1):
        for word in re.finditer(r'"((?:[^"\\]|\\.)*)"(\s*:)?', line):
            place = Location(shown, number, word.start() + 1, number, word.end(1) + 2)
            if word[1] in resources and (word[2] or key in IDENTITIES):
                resource = resources[word[1]]
                found.setdefault((resource, ""), place)
            elif word[2]:
                key = word[1]
                found.setdefault((resource, key), place)
    return found
