"""A region of a snapshot as AWS's facts: what was read of each load balancer, what was not, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from infralint.model import Known, Location, Setting, Unknown
from infralint.platforms.aws_elb import (
    ATTRIBUTES,
    DEREGISTRATION,
    IDLE,
    PORT,
    PROTOCOL,
    PROTOCOL_VERSION,
    STICKY,
    STICKY_TYPE,
    TARGET_TYPE,
    TCP_IDLE,
    TYPE,
    Attributes,
    Balancer,
    Listener,
    Rule,
    Share,
    TargetGroup,
    default_rule,
    described_rule,
    replicas_of_service,
    typed_value,
)
from infralint.sources.aws_account.names import classic_arn, function_of
from infralint.sources.aws_account.places import Places
from infralint.sources.aws_account.snapshot import Item, Region
from infralint.sources.aws_account.troubles import why_unknown
from infralint.text.arns import short_name
from infralint.text.wording import plural

INTERNET = "internet-facing"


class RegionFacts:
    """One region's load balancers with what was read of each."""

    def __init__(self, region: Region, places: Places) -> None:
        self.region = region
        self.places = places
        self.described = {group["TargetGroupArn"]: group for group in region.target_groups}
        self.failures = {(failure.action.partition(":")[2], failure.resource): failure for failure in region.failures}

    def balancers(self) -> Iterator[tuple[Item, str, Balancer]]:
        """Every load balancer: as AWS describes it, its ARN, and its facts."""
        for item in self.region.load_balancers:
            yield item, item["LoadBalancerArn"], self._balancer(item)
        for item in self.region.classic_load_balancers:
            yield item, classic_arn(self.region, item["LoadBalancerName"]), self._classic(item)

    # Application, network and gateway load balancers

    def _balancer(self, item: Item) -> Balancer:
        arn, family = item["LoadBalancerArn"], item.get("Type", "application")
        described = self.region.listeners.get(arn)
        attributes: dict[str, Setting[Any]] = {TYPE: self._known_fact(TYPE, family, arn, "Type")}
        if family == "application":
            read = self.region.load_balancer_attributes
            attributes |= self._attributes(read, "DescribeLoadBalancerAttributes", arn, (IDLE,))
        listeners = tuple(self._listener(listener, family) for listener in described or ())
        return Balancer(
            name=item["LoadBalancerName"],
            where=self.places.of(arn),
            attributes=attributes,
            listeners=listeners,
            groups=self._groups(arn, listeners),
            unseen=self._missing("DescribeListeners", arn, "listeners") if described is None else None,
            complete=True,
            address=arn,
            dns_name=item.get("DNSName", ""),
            published=item.get("Scheme", INTERNET) == INTERNET,
        )

    def _listener(self, item: Item, family: str) -> Listener:
        """A listener with its rules, or with what it does by itself where they were not read or there are none."""
        arn = item["ListenerArn"]
        where = self.places.of(arn)
        described = self.region.rules.get(arn)
        rules = (
            [default_rule(item, where)] if described is None else [described_rule(rule, where) for rule in described]
        )
        unread = ""
        if described is None and family == "application":
            unread = f"its listeners' rules could not be read: {self._missing('DescribeRules', arn, 'rules').why}"
        return Listener(arn, tuple(rules), self._listener_attributes(item, family), unread)

    def _listener_attributes(self, item: Item, family: str) -> Attributes:
        arn, protocol = item["ListenerArn"], item.get("Protocol", "")
        found: dict[str, Setting[Any]] = {PROTOCOL: self._known_fact(PROTOCOL, protocol, arn, "Protocol")}
        if "Port" in item:
            found[PORT] = self._known_fact(PORT, item["Port"], arn, "Port")
        if family == "application" or protocol == "TLS":
            return found
        return found | self._attributes(self.region.listener_attributes, "DescribeListenerAttributes", arn, (TCP_IDLE,))

    # Target groups

    @cached_property
    def _attached(self) -> dict[str, list[str]]:
        """Load balancer -> the target groups attached to it."""
        found: dict[str, list[str]] = defaultdict(list)
        for arn, group in self.described.items():
            for balancer in group.get("LoadBalancerArns", ()):
                found[balancer].append(arn)
        return found

    def _groups(self, balancer: str, listeners: Iterable[Listener]) -> dict[str, TargetGroup]:
        """The target groups that are attached, or that rules name; one without a name where none could be listed."""
        named = [share.group for listener in listeners for rule in listener.rules for share in rule.shares]
        arns = dict.fromkeys([*self._attached.get(balancer, ()), *named])
        found = {arn: self._group(arn) for arn in arns if arn}
        failure = self.failures.get(("DescribeTargetGroups", ""))
        if not found and failure is not None:
            unknown = Unknown(self.places.of(balancer), STICKY, why_unknown(failure, str(self.region)))
            attributes: Attributes = {STICKY: unknown, TARGET_TYPE: unknown}
            found[""] = TargetGroup(key="", name="", where=self.places.of(balancer), attributes=attributes)
        return found

    def _group(self, arn: str) -> TargetGroup:
        described = self.described.get(arn, {})
        keys = (STICKY, STICKY_TYPE, DEREGISTRATION)
        asked = self.region.target_group_attributes
        attributes = self._attributes(asked, "DescribeTargetGroupAttributes", arn, keys)
        words = {TARGET_TYPE: "TargetType", PROTOCOL: "Protocol", PROTOCOL_VERSION: "ProtocolVersion"}
        for key, word in words.items():
            if described.get(word):
                attributes[key] = self._known_fact(key, described[word], arn, word)
        health = self.region.target_health.get(arn)
        replicas = None if health is None else self._replicas(arn, health)
        targets = (target.get("Target", {}).get("Id", "") for target in health or ())
        return TargetGroup(
            key=arn,
            name=described.get("TargetGroupName") or short_name(arn),
            where=self.places.of(arn),
            attributes=attributes,
            targets=tuple(function_of(target) if ":function:" in target else target for target in targets if target),
            **self._tasks(arn, replicas),
        )

    @cached_property
    def _services(self) -> dict[str, list[Item]]:
        """Target group -> the ECS services that register their tasks in it."""
        found: dict[str, list[Item]] = defaultdict(list)
        for service in self.region.services:
            for attached in service.get("loadBalancers") or ():
                found[attached.get("targetGroupArn", "")].append(service)
        return found

    def _tasks(self, group: str, healthy: Known[int] | None) -> dict[str, Any]:
        """What is known of a target group's replicas (fields of TargetGroup): an ECS service says how many it wants,
        and whether a deployment runs more of them; else those that are healthy now count."""
        services = self._services.get(group, [])
        wanted = sum(service.get("desiredCount") or 0 for service in services)
        if wanted < 1:
            reason = "" if healthy is None else _share(healthy.value, "target")
            return {"replicas": healthy, "replicas_reason": reason}
        name = services[0].get("serviceName") or short_name(services[0]["serviceArn"])
        count = self._known_fact("desiredCount", wanted, group, "", f"desiredCount = {wanted}")
        if wanted > 1:
            return {"replicas": count, "replicas_reason": f", and {wanted} tasks of {name} share its requests"}
        return replicas_of_service(name, count, stays_alone=False)

    def _replicas(self, group: str, health: Iterable[Item]) -> Known[int]:
        """How many targets take requests now: the healthy ones, else all that are not leaving."""
        states = [target.get("TargetHealth", {}).get("State", "") for target in health]
        count = states.count("healthy") or len([state for state in states if state not in ("draining", "unused")])
        return self._known_fact("TargetHealth", count, group, "", f"{count} healthy")

    # Classic load balancers

    def _classic(self, item: Item) -> Balancer:
        """A listener for each port, whose instances are the load balancer's own, and whose stickiness is a policy."""
        name = item["LoadBalancerName"]
        arn = classic_arn(self.region, name)
        listeners = [self._classic_listener(arn, described) for described in item.get("ListenerDescriptions", ())]
        return Balancer(
            name=name,
            where=self.places.of(arn),
            attributes={
                TYPE: self._known_fact(TYPE, "classic", arn, "LoadBalancerName"),
                IDLE: self._classic_idle(name, arn),
            },
            listeners=tuple(listeners),
            groups={
                listener.name: self._classic_group(item, arn, listener.name, described)
                for listener, described in zip(listeners, item.get("ListenerDescriptions", ()), strict=True)
            },
            complete=True,
            address=arn,
            dns_name=item.get("DNSName", ""),
            published=item.get("Scheme", INTERNET) == INTERNET,
        )

    def _classic_listener(self, arn: str, described: Item) -> Listener:
        protocol, port = described["Listener"]["Protocol"], described["Listener"].get("LoadBalancerPort", 0)
        attributes = {
            PROTOCOL: self._known_fact(PROTOCOL, protocol, arn, "Protocol"),
            PORT: self._known_fact(PORT, port, arn, "LoadBalancerPort"),
        }
        name = f"{arn}:{port}"
        return Listener(name, (Rule(shares=(Share(name),)),), attributes)

    def _classic_group(self, item: Item, arn: str, key: str, described: Item) -> TargetGroup:
        instances = len(item.get("Instances", ()))
        return TargetGroup(
            key=key,
            name="its listener",
            where=self.places.of(arn),
            attributes=self._classic_stickiness(item, arn, described),
            replicas=self._known_fact("Instances", instances, arn, "Instances", f"{instances} registered"),
            replicas_reason=_share(instances, "instance"),
        )

    def _classic_stickiness(self, item: Item, arn: str, described: Item) -> Attributes:
        policies = item.get("Policies", {})
        for list_, kind in (("LBCookieStickinessPolicies", "lb_cookie"), ("AppCookieStickinessPolicies", "app_cookie")):
            for policy in policies.get(list_, ()):
                if policy["PolicyName"] in described.get("PolicyNames", ()):
                    written = f"{list_}: {policy['PolicyName']}"
                    known = self._known_fact(STICKY, True, arn, "PolicyNames", written)
                    return {
                        STICKY: known,
                        STICKY_TYPE: self._known_fact(STICKY_TYPE, kind, arn, "PolicyNames", written),
                    }
        because = f"no stickiness policy rules its port {described['Listener'].get('LoadBalancerPort', '?')}"
        where = self.places.of(arn, "PolicyNames")
        return {STICKY: Known(False, where, "PolicyNames", "default", because=because)}

    def _classic_idle(self, name: str, arn: str) -> Setting[float]:
        attributes = self.region.classic_attributes.get(name)
        if attributes is None:
            return self._missing("DescribeLoadBalancerAttributes", arn, IDLE)
        seconds = (attributes.get("ConnectionSettings") or {}).get("IdleTimeout")
        if seconds is None:
            seconds = ATTRIBUTES[IDLE].default
        return Known(
            float(seconds),
            self.places.of(arn, "IdleTimeout"),
            "ConnectionSettings.IdleTimeout",
            written=f"ConnectionSettings.IdleTimeout = {seconds:g}",
        )

    # Attributes

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
            return Known(ATTRIBUTES[key].default, where, key, "default", because="AWS's answer leaves it out")
        try:
            because = f"{short_name(resource)} has {key} = {text}" if key == STICKY else ""
            return Known(typed_value(key, text), where, key, written=f"{key} = {text}", because=because)
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

    def _known_fact(self, key: str, value: Any, resource: str, word: str, written: str = "") -> Known[Any]:
        return Known(value, self.places.of(resource, word), key, written=written or f"{key} = {value}")


def _share(count: int, noun: str) -> str:
    if count == 0:
        return f", and no {noun} takes its requests now"
    return f", and {plural(count, noun)} share its requests" if count > 1 else ""
