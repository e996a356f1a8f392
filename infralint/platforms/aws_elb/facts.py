"""A load balancer as it is written down or answered by AWS, in AWS's own words: what every source fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from infralint.model import Known, Location, Setting, Unknown
from infralint.platforms.aws_elb.attributes import NOTHING, TYPE, Attributes, attribute
from infralint.platforms.aws_elb.rules import Listener, Rule, patterns


class TargetGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A target group. key: what rules call it (a Terraform address, an ARN); name: what people do.

    attributes: None where it is not visible which group it is. aliases: what AWS calls it, where that is not its
    name here. targets: what is registered in it (addresses of Terraform resources, ARNs). replicas: how many targets
    there are, where that is told; replicas_reason: what else there is to say of them; one_today: there is one now,
    and may be more.
    """

    key: str
    name: str
    where: Location
    attributes: Attributes = NOTHING
    aliases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    replicas: Setting[int] | None = None
    replicas_reason: str = ""
    one_today: bool = False


class Balancer(msgspec.Struct, frozen=True, kw_only=True):
    """A load balancer with its listeners.

    groups: the target groups that rules may lead to, by key. unseen: why its listeners are not known; None where
    they are. complete: nothing of it can stand elsewhere, so that what leads to no target group leads nowhere.
    aliases: what AWS calls it. dns_name: how others dial it; address: how they name it outright. published: clients
    reach it from outside.
    names: the source's word for an AWS key, where it has one of its own.
    """

    name: str
    where: Location
    attributes: Attributes
    listeners: tuple[Listener, ...] = ()
    groups: Mapping[str, TargetGroup] = {}
    unseen: Unknown | None = None
    complete: bool = False
    aliases: tuple[str, ...] = ()
    dns_name: str = ""
    address: str = ""
    published: bool = False
    names: Mapping[str, str] = {}

    def attribute(self, key: str) -> Setting[Any]:
        return attribute(self.attributes, key, self.where, self.names)

    def is_of(self, *families: str) -> bool:
        """Whether it surely is of one of these families."""
        family = self.attribute(TYPE)
        return isinstance(family, Known) and family.value in families

    @property
    def is_unread(self) -> bool:
        """Whether rules of it may lead where nothing that was read does."""
        return self.unseen is not None or any(listener.unread for listener in self.listeners)


class ForwardedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A target group that listeners lead to, through one of them where the listener decides. rules: all that lead there.

    listener, group: None where none is visible.
    """

    balancer: Balancer
    listener: Listener | None = None
    group: TargetGroup | None = None
    rules: tuple[Rule, ...] = ()

    def of_listener(self, key: str) -> Setting[Any]:
        unseen = self.balancer.unseen
        if self.listener is None and unseen is not None:
            return Unknown(unseen.where, key, unseen.why, unseen.remedy)
        attributes = self.listener.attributes if self.listener is not None else NOTHING
        return attribute(attributes, key, self.balancer.where, self.balancer.names)

    def of_group(self, key: str) -> Setting[Any]:
        attributes = self.group.attributes if self.group is not None else NOTHING
        where = self.group.where if self.group is not None else self.balancer.where
        return attribute(attributes, key, where, self.balancer.names)

    @property
    def groups(self) -> int:
        """How many target groups share the requests of an action that leads there, at most."""
        return max((rule.groups for rule in self.rules), default=1) or 1

    @property
    def action(self) -> Attributes:
        """The attributes of the action that shares requests among most target groups."""
        return max(self.rules, key=lambda rule: rule.groups).action if self.rules else NOTHING

    @property
    def paths(self) -> tuple[str, ...]:
        return patterns(self.rules, "path-pattern")

    @property
    def hosts(self) -> tuple[str, ...]:
        return patterns(self.rules, "host-header")


def ways_of(balancer: Balancer) -> dict[tuple[str, str], ForwardedGroup]:
    """Every way through a load balancer, by the group's key and, where each listener has settings of its own, the listener's name."""
    per_listener = balancer.is_of("network", "gateway", "classic")
    found: dict[tuple[str, str], ForwardedGroup] = {}
    for listener, rule, group in _forwards(balancer):
        key = (group, listener.name if per_listener else "")
        known = found.get(key) or ForwardedGroup(balancer=balancer, listener=listener, group=balancer.groups.get(group))
        found[key] = ForwardedGroup(
            balancer=balancer, listener=known.listener, group=known.group, rules=(*known.rules, rule)
        )
    if balancer.is_unread:
        reached_groups = {group for group, _ in found}
        found |= {
            (key, ""): ForwardedGroup(balancer=balancer, group=group)
            for key, group in balancer.groups.items()
            if key not in reached_groups
        }
    return found or {("", ""): ForwardedGroup(balancer=balancer)}


def _forwards(balancer: Balancer) -> Iterator[tuple[Listener, Rule, str]]:
    for listener in balancer.listeners:
        if listener.carries_tcp:
            for rule in listener.rules:
                for share in rule.shares:
                    yield listener, rule, share.group
