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


class NamesShape(msgspec.Struct, frozen=True):
    Items: list[str] = []


class ForwardedValuesShape(msgspec.Struct, frozen=True):
    Headers: NamesShape | None = None


class CacheBehaviorShape(msgspec.Struct, frozen=True):
    TargetOriginId: str
    PathPattern: str = ""
    OriginRequestPolicyId: str = ""
    CachePolicyId: str = ""
    AllowedMethods: NamesShape | None = None
    ForwardedValues: ForwardedValuesShape | None = None


class CacheBehaviorsShape(msgspec.Struct, frozen=True):
    Items: list[CacheBehaviorShape] = []


class ConnectionShape(msgspec.Struct, frozen=True):
    VpcOriginId: str = ""
    OriginReadTimeout: int | None = None
    OriginProtocolPolicy: str = ""
    HTTPPort: int | None = None
    HTTPSPort: int | None = None


class OriginShape(msgspec.Struct, frozen=True):
    Id: str
    DomainName: str
    OriginPath: str = ""
    ResponseCompletionTimeout: int | None = None
    CustomOriginConfig: ConnectionShape | None = None
    VpcOriginConfig: ConnectionShape | None = None
    S3OriginConfig: ConnectionShape | None = None


class OriginsShape(msgspec.Struct, frozen=True):
    Items: list[OriginShape] = []


class MemberShape(msgspec.Struct, frozen=True):
    OriginId: str = ""


class MembersShape(msgspec.Struct, frozen=True):
    Items: list[MemberShape] = []


class OriginGroupShape(msgspec.Struct, frozen=True):
    Id: str = ""
    Members: MembersShape = MembersShape()


class OriginGroupsShape(msgspec.Struct, frozen=True):
    Items: list[OriginGroupShape] = []


class DistributionShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionSummary.html"""

    ARN: str
    Id: str
    DefaultCacheBehavior: CacheBehaviorShape
    Origins: OriginsShape
    DomainName: str = ""
    Enabled: bool = True
    Aliases: NamesShape = NamesShape()
    CacheBehaviors: CacheBehaviorsShape = CacheBehaviorsShape()
    OriginGroups: OriginGroupsShape = OriginGroupsShape()


class PolicyHeadersShape(msgspec.Struct, frozen=True):
    HeaderBehavior: str = "none"
    Headers: NamesShape | None = None


class EndpointShape(msgspec.Struct, frozen=True):
    types: list[str] = []


class RestApiShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html"""

    id: str
    name: str = ""
    tags: dict[str, str] = {}
    endpointConfiguration: EndpointShape = EndpointShape()


class RestIntegrationShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html"""

    type: str = ""
    uri: str = ""
    timeoutInMillis: int | None = None
    responseTransferMode: str = ""


class MethodShape(msgspec.Struct, frozen=True):
    methodIntegration: RestIntegrationShape | None = None


class ApiResourceShape(msgspec.Struct, frozen=True):
    id: str = ""
    path: str = ""
    resourceMethods: dict[str, MethodShape] = {}


class HttpApiShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html"""

    ApiId: str
    Name: str = ""
    ProtocolType: str = ""
    Tags: dict[str, str] = {}


class ApiRouteShape(msgspec.Struct, frozen=True):
    RouteKey: str = ""
    Target: str = ""


class IntegrationShape(msgspec.Struct, frozen=True):
    IntegrationId: str = ""
    IntegrationType: str = ""
    IntegrationUri: str = ""
    TimeoutInMillis: int | None = None


class FunctionShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html"""

    FunctionArn: str
    FunctionName: str
    Timeout: int | None = None


class FunctionUrlShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionUrlConfig.html"""

    FunctionUrl: str
    FunctionArn: str = ""
    InvokeMode: str = ""


class AttachedGroupShape(msgspec.Struct, frozen=True):
    targetGroupArn: str = ""


class ServiceShape(msgspec.Struct, frozen=True):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""

    serviceArn: str
    serviceName: str = ""
    desiredCount: int | None = None
    loadBalancers: list[AttachedGroupShape] = []


class WrongSnapshotShape(ValueError):
    """A value that AWS does not say: its JSON path and what was expected."""


_LISTS = {
    "load_balancers": LoadBalancerShape,
    "target_groups": TargetGroupShape,
    "classic_load_balancers": ClassicShape,
    "distributions": DistributionShape,
    "rest_apis": RestApiShape,
    "http_apis": HttpApiShape,
    "functions": FunctionShape,
    "services": ServiceShape,
}
_LISTS_BY_NAME = {
    "listeners": ListenerShape,
    "rules": RuleShape,
    "target_health": HealthShape,
    "rest_resources": ApiResourceShape,
    "api_routes": ApiRouteShape,
    "api_integrations": IntegrationShape,
    "function_urls": FunctionUrlShape,
}
_BY_NAME = {
    "classic_attributes": ClassicAttributesShape,
    "origin_request_policies": PolicyHeadersShape,
    "cache_policies": PolicyHeadersShape,
}


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
