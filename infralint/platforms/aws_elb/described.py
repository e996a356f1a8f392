"""Listener rules as AWS's API and CloudFormation describe them, as the platform's own.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import msgspec
from msgspec.structs import replace

from infralint.model import Known, Location
from infralint.platforms.aws_elb.attributes import GROUP_STICKY, NOTHING
from infralint.platforms.aws_elb.rewriting import RewriteTransform
from infralint.platforms.aws_elb.rules import LAST, Condition, Rule, Share, redirection
from infralint.platforms.aws_elb.settings import REDIRECT

Item = Mapping[str, Any]
Entry = dict[str, Any]
Scalar = str | int | float | bool | None


class DescribedForward(TypedDict, total=False):
    TargetGroups: list[Entry] | None
    TargetGroupStickinessConfig: Entry | None


class DescribedAction(TypedDict, total=False):
    ForwardConfig: DescribedForward | None
    RedirectConfig: Entry | None
    FixedResponseConfig: Entry | None


class DescribedValues(TypedDict, total=False):
    Values: list[Scalar] | None
    RegexValues: list[Scalar] | None


class DescribedQuery(TypedDict, total=False):
    Values: list[Entry] | None


class DescribedCondition(TypedDict, total=False):
    Field: str
    Values: list[Scalar] | None
    RegexValues: list[Scalar] | None
    HostHeaderConfig: DescribedValues | None
    PathPatternConfig: DescribedValues | None
    HttpHeaderConfig: DescribedValues | None
    HttpRequestMethodConfig: DescribedValues | None
    SourceIpConfig: DescribedValues | None
    QueryStringConfig: DescribedQuery | None


class DescribedRewrites(TypedDict, total=False):
    Rewrites: list[Entry]


class DescribedTransform(TypedDict, total=False):
    UrlRewriteConfig: DescribedRewrites | None
    HostHeaderRewriteConfig: DescribedRewrites | None


class DescribedRule(TypedDict, total=False):
    """What of a rule has to be a list, and what an object; what stands in these is looked at one by one."""

    Actions: list[DescribedAction]
    Conditions: list[DescribedCondition]
    Transforms: list[DescribedTransform]


def check_rule_shape(item: Item) -> str:
    """What is wrong with the lists and objects of a rule; empty where it has its shape."""
    try:
        msgspec.convert(item, DescribedRule)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def described_rule(item: Item, where: Location) -> Rule:
    """A listener rule."""
    priority = str(item.get("Priority", "default"))
    conditions = tuple(_condition(condition) for condition in item.get("Conditions", ()))
    rule = _rule(float(priority) if priority.isdecimal() else LAST, conditions, item.get("Actions", ()), where)
    url, host = _rewrite(item, "UrlRewriteConfig"), _rewrite(item, "HostHeaderRewriteConfig")
    return replace(rule, url=url, host=host)


def _rewrite(item: Item, kind: str) -> RewriteTransform | None:
    """What a rule's transform of a kind makes of a request."""
    rewrites = (
        rewrite
        for transform in item.get("Transforms", ())
        for rewrite in (transform.get(kind) or {}).get("Rewrites", ())
    )
    return next(
        (RewriteTransform(str(rewrite.get("Regex", "")), str(rewrite.get("Replace", ""))) for rewrite in rewrites), None
    )


def default_rule(listener: Item, where: Location) -> Rule:
    """What a listener does by itself."""
    return _rule(LAST, (), listener.get("DefaultActions", ()), where)


def _rule(priority: float, conditions: tuple[Condition, ...], actions: Sequence[Item], where: Location) -> Rule:
    for action in actions:
        if action.get("Type") == "forward":
            config = action.get("ForwardConfig") or {}
            groups = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
            arns = [group.get("TargetGroupArn", "") for group in groups if str(group.get("Weight")) != "0"]
            sticky = (config.get("TargetGroupStickinessConfig") or {}).get("Enabled")
            known = Known(bool(sticky), where, GROUP_STICKY, written=f"{GROUP_STICKY} = {sticky}")
            return Rule(
                priority, conditions, tuple(map(Share, arns)), action={GROUP_STICKY: known} if arns else NOTHING
            )
    return Rule(priority, conditions, answer=_answer(actions, where))


def _condition(item: Item) -> Condition:
    """A condition; its values stand in an object of their own, and for the oldest fields beside it, too."""
    field = item.get("Field", "")
    words = "".join(word.capitalize() for word in field.split("-"))
    config = item.get(f"{words}Config") or item
    if field == "query-string":
        pairs = [
            (pair.get("Key"), pair.get("Value")) for pair in (item.get("QueryStringConfig") or {}).get("Values", ())
        ]
        return Condition(field, tuple("=".join(part for part in pair if part) for pair in pairs))
    values = config.get("Values") or item.get("Values") or ()
    expressions = tuple(config.get("RegexValues") or item.get("RegexValues") or ())
    return Condition(field, tuple(values), expressions, config.get("HttpHeaderName") or "")


def _answer(actions: Sequence[Item], where: Location) -> Known[str] | None:
    """What actions answer that forward nowhere."""
    for action in actions:
        kind = action.get("Type", "")
        if kind == "redirect":
            config = action.get("RedirectConfig") or {}
            parts = [config.get(name) for name in ("StatusCode", "Protocol", "Host", "Path")]
            return Known(redirection(*parts), where, REDIRECT, written="redirect")
        if kind == "fixed-response":
            code = str((action.get("FixedResponseConfig") or {}).get("StatusCode", "200"))
            return Known(code, where, "fixed-response", written="fixed-response")
    return None
