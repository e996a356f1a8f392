"""Which target groups the listeners of an application load balancer send a request to.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from infralint.sources.aws_account.snapshot import Item


@dataclass(frozen=True, slots=True)
class Forward:
    """A forward action. groups: ARN -> weight; sticky: whether clients stay with one of several groups."""

    groups: tuple[tuple[str, int], ...]
    sticky: bool = False

    @property
    def in_use(self) -> tuple[str, ...]:
        return tuple(arn for arn, weight in self.groups if weight > 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A listener rule. hosts, paths: patterns, any of which must match (none: any); other: it asks for more
    than host and path, so that it may match or not. forward: None where it answers by itself."""

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    other: bool = False
    forward: Forward | None = None

    def matches(self, host: str | None, path: str) -> bool | None:
        """Whether a request matches; None: that can't be told from its host and path."""
        if self.paths and not any(_like(one, path) for one in self.paths):
            return False
        if self.hosts and host is not None and not any(_like(one.lower(), host.lower()) for one in self.hosts):
            return False
        return None if self.other or (self.hosts and host is None) else True

    @property
    def telling(self) -> bool:
        """Whether it speaks of a host or path at all: the default rule takes whatever comes."""
        return bool(self.hosts or self.paths)


def parsed(items: Sequence[Item]) -> tuple[Rule, ...]:
    """Rules of one listener as DescribeRules gives them, the first that is tried first."""
    return tuple(_rule(item) for item in sorted(items, key=_priority))


def default_only(listener: Item) -> tuple[Rule, ...]:
    """What a listener does by itself, its rules unseen."""
    return (Rule(forward=_forward(listener.get("DefaultActions", ()))),)


def reached(rules: Sequence[Rule], host: str | None, path: str) -> Iterator[tuple[Forward | None, bool]]:
    """The actions a request may meet, each with whether a rule for its host or path surely chose it."""
    certain = True
    for rule in rules:
        match rule.matches(host, path):
            case True:
                yield rule.forward, certain and rule.telling
                return
            case None:
                yield rule.forward, False
                certain = False


def _priority(item: Item) -> tuple[bool, int]:
    priority = str(item.get("Priority", "default"))
    return not priority.isdigit(), int(priority) if priority.isdigit() else 0


def _rule(item: Item) -> Rule:
    hosts: list[str] = []
    paths: list[str] = []
    other = False
    for condition in item.get("Conditions", ()):
        config = condition.get("HostHeaderConfig") or condition.get("PathPatternConfig") or condition
        patterns = config.get("Values") or condition.get("Values") or []
        match condition.get("Field"):
            case "host-header" if patterns:
                hosts += patterns
            case "path-pattern" if patterns:
                paths += patterns
            case _:
                other = True
    return Rule(tuple(hosts), tuple(paths), other, _forward(item.get("Actions", ())))


def _forward(actions: Sequence[Item]) -> Forward | None:
    for action in actions:
        if action.get("Type") == "forward":
            config = action.get("ForwardConfig") or {}
            tuples = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
            weights = tuple((one.get("TargetGroupArn", ""), int(one.get("Weight", 1))) for one in tuples)
            return Forward(weights, bool((config.get("TargetGroupStickinessConfig") or {}).get("Enabled")))
    return None


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """AWS's wildcards: `*` any characters, `?` exactly one; both also match a slash. Runs of stars are one star."""
    return re.compile(
        "".join({"*": ".*?", "?": "."}.get(part[0], re.escape(part)) for part in re.findall(r"\*+|\?|[^*?]+", pattern)),
        re.DOTALL,
    )
