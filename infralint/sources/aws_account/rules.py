"""Listener rules as AWS's API gives them, as the platform's own.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infralint.model import Known, Location
from infralint.platforms.aws_elb import LAST, Conditions, Rule, Share
from infralint.sources.aws_account.snapshot import Item


@dataclass(frozen=True, slots=True)
class ForwardAction:
    """A forward action. groups: ARN -> weight; sticky: whether clients stay with one of several groups."""

    groups: tuple[tuple[str, int], ...]
    sticky: bool = False

    @property
    def in_use(self) -> tuple[str, ...]:
        return tuple(arn for arn, weight in self.groups if weight > 0)


def parsed_rule(item: Item, where: Location) -> Rule:
    """A rule of DescribeRules."""
    priority = str(item.get("Priority", "default"))
    order = float(priority) if priority.isdigit() else LAST
    return _rule(order, _conditions(item), item.get("Actions", ()), where)


def default_rule(listener: Item, where: Location) -> Rule:
    """What a listener does by itself."""
    return _rule(LAST, Conditions(), listener.get("DefaultActions", ()), where)


def forward_of(actions: Sequence[Item]) -> ForwardAction | None:
    """Where actions forward to; None where they answer by themselves."""
    for action in actions:
        if action.get("Type") == "forward":
            config = action.get("ForwardConfig") or {}
            groups = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
            weights = tuple((group.get("TargetGroupArn", ""), int(group.get("Weight", 1))) for group in groups)
            return ForwardAction(weights, bool((config.get("TargetGroupStickinessConfig") or {}).get("Enabled")))
    return None


def _rule(priority: float, conditions: Conditions, actions: Sequence[Item], where: Location) -> Rule:
    forward = forward_of(actions)
    shares = tuple(Share(arn) for arn in forward.in_use) if forward else ()
    return Rule(priority, conditions, shares, None if shares else _answer(actions, where))


_FIELDS = {"host-header": "hosts", "path-pattern": "paths", "http-request-method": "methods"}
_CONFIGS = ("HostHeaderConfig", "PathPatternConfig", "HttpRequestMethodConfig")


def _conditions(item: Item) -> Conditions:
    found: dict[str, list[str]] = {"hosts": [], "paths": [], "methods": []}
    reason = ""
    for condition in item.get("Conditions", ()):
        field = condition.get("Field", "")
        config = next((condition[name] for name in _CONFIGS if condition.get(name)), condition)
        values = config.get("Values") or condition.get("Values") or []
        if field in _FIELDS and values:
            found[_FIELDS[field]] += values
        else:
            reason = f"its rule {item.get('Priority', '')} asks for {field or 'more than host and path'}"
    return Conditions(tuple(found["hosts"]), tuple(found["paths"]), frozenset(found["methods"]), reason)


def _answer(actions: Sequence[Item], where: Location) -> Known[str] | None:
    for action in actions:
        kind = action.get("Type", "")
        if kind == "redirect":
            config = action.get("RedirectConfig") or {}
            code = str(config.get("StatusCode", "HTTP_301")).removeprefix("HTTP_")
            parts = (
                config.get("Protocol", "#{protocol}"),
                config.get("Host", "#{host}"),
                config.get("Path", "/#{path}"),
            )
            return Known(f"{code} {parts[0]}://{parts[1]}{parts[2]}".lower(), where, "redirect", written="redirect")
        if kind == "fixed-response":
            code = str((action.get("FixedResponseConfig") or {}).get("StatusCode", "200"))
            return Known(code, where, "fixed-response", written="fixed-response")
    return None
