"""What AWS's answers look like, as far as they are judged: a snapshot may have been edited by hand.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


class LoadBalancerShape(msgspec.Struct, frozen=True):
    LoadBalancerArn: str
    LoadBalancerName: str
    Type: str = "application"
    DNSName: str = ""
    Scheme: str = ""


class TargetGroupShape(msgspec.Struct, frozen=True):
    TargetGroupArn: str
    TargetGroupName: str = ""
    TargetType: str = ""
    Protocol: str = ""
    ProtocolVersion: str = ""
    TargetControlPort: int | None = None
    LoadBalancerArns: list[str] = []


class StickinessShape(msgspec.Struct, frozen=True):
    Enabled: bool | None = None
    DurationSeconds: int | None = None


class WeightShape(msgspec.Struct, frozen=True):
    TargetGroupArn: str = ""
    Weight: int | None = None


class ForwardShape(msgspec.Struct, frozen=True):
    TargetGroups: list[WeightShape] = []
    TargetGroupStickinessConfig: StickinessShape | None = None


class RedirectShape(msgspec.Struct, frozen=True):
    StatusCode: str = ""
    Protocol: str = ""
    Host: str = ""
    Path: str = ""


class FixedResponseShape(msgspec.Struct, frozen=True):
    StatusCode: str = ""


class ActionShape(msgspec.Struct, frozen=True):
    Type: str
    TargetGroupArn: str = ""
    ForwardConfig: ForwardShape | None = None
    RedirectConfig: RedirectShape | None = None
    FixedResponseConfig: FixedResponseShape | None = None


class ConditionValuesShape(msgspec.Struct, frozen=True):
    Values: list[str] = []
    RegexValues: list[str] = []


class HeaderShape(msgspec.Struct, frozen=True):
    HttpHeaderName: str = ""
    Values: list[str] = []
    RegexValues: list[str] = []


class PairShape(msgspec.Struct, frozen=True):
    Key: str | None = None
    Value: str | None = None


class QueryShape(msgspec.Struct, frozen=True):
    Values: list[PairShape] = []


class ConditionShape(msgspec.Struct, frozen=True):
    Field: str = ""
    Values: list[str] = []
    HostHeaderConfig: ConditionValuesShape | None = None
    PathPatternConfig: ConditionValuesShape | None = None
    HttpHeaderConfig: HeaderShape | None = None
    HttpRequestMethodConfig: ConditionValuesShape | None = None
    QueryStringConfig: QueryShape | None = None
    SourceIpConfig: ConditionValuesShape | None = None
    RegexValues: list[str] = []


class ListenerShape(msgspec.Struct, frozen=True):
    ListenerArn: str
    LoadBalancerArn: str = ""
    Port: int = 0
    Protocol: str = ""
    DefaultActions: list[ActionShape] = []


class RewriteShape(msgspec.Struct, frozen=True):
    Regex: str
    Replace: str


class RewritesShape(msgspec.Struct, frozen=True):
    Rewrites: list[RewriteShape] = []


class TransformShape(msgspec.Struct, frozen=True):
    Type: str = ""
    UrlRewriteConfig: RewritesShape | None = None
    HostHeaderRewriteConfig: RewritesShape | None = None


class RuleShape(msgspec.Struct, frozen=True):
    Priority: str = "default"
    Transforms: list[TransformShape] = []
    Conditions: list[ConditionShape] = []
    Actions: list[ActionShape] = []


class StateShape(msgspec.Struct, frozen=True):
    State: str = ""


class TargetShape(msgspec.Struct, frozen=True):
    Id: str = ""


class HealthShape(msgspec.Struct, frozen=True):
    Target: TargetShape = TargetShape()
    TargetHealth: StateShape = StateShape()


class PolicyShape(msgspec.Struct, frozen=True):
    PolicyName: str


class PoliciesShape(msgspec.Struct, frozen=True):
    LBCookieStickinessPolicies: list[PolicyShape] = []
    AppCookieStickinessPolicies: list[PolicyShape] = []


class ClassicListenerShape(msgspec.Struct, frozen=True):
    Protocol: str
    LoadBalancerPort: int = 0


class DescribedListenerShape(msgspec.Struct, frozen=True):
    Listener: ClassicListenerShape
    PolicyNames: list[str] = []


class ClassicShape(msgspec.Struct, frozen=True):
    LoadBalancerName: str
    DNSName: str = ""
    Instances: list[Any] = []
    ListenerDescriptions: list[DescribedListenerShape] = []
    Policies: PoliciesShape = PoliciesShape()


class ConnectionSettingsShape(msgspec.Struct, frozen=True):
    IdleTimeout: int | None = None


class ClassicAttributesShape(msgspec.Struct, frozen=True):
    ConnectionSettings: ConnectionSettingsShape | None = None


class WrongSnapshotShape(ValueError):
    """A value that AWS does not say: its JSON path and what was expected."""


_LISTS = {
    "load_balancers": LoadBalancerShape,
    "target_groups": TargetGroupShape,
    "classic_load_balancers": ClassicShape,
}
_LISTS_BY_NAME = {"listeners": ListenerShape, "rules": RuleShape, "target_health": HealthShape}
_BY_NAME = {"classic_attributes": ClassicAttributesShape}


def check_shapes(region: Any, path: str) -> None:
    """Hold what a region keeps against what AWS says. Raises WrongShape."""
    for name, shape in _LISTS.items():
        _check_each(getattr(region, name), shape, f"{path}.{name}")
    for name, shape in _LISTS_BY_NAME.items():
        for key, items in getattr(region, name).items():
            _check_each(items, shape, f"{path}.{name}[{key!r}]")
    for name, shape in _BY_NAME.items():
        for key, item in getattr(region, name).items():
            _check(item, shape, f"{path}.{name}[{key!r}]")


def _check_each(items: Iterable[Any], shape: Any, path: str) -> None:
    for index, item in enumerate(items):
        _check(item, shape, f"{path}[{index}]")


def _check(item: Any, shape: Any, path: str) -> None:
    try:
        msgspec.convert(item, shape)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        raise WrongSnapshotShape(
            f"{path}{inner.rstrip('`')}: {message[0].lower()}{message[1:].replace('`', '')}"
        ) from error
