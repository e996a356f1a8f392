"""What an audit may read: the kinds of resources, the calls that each needs, and how many a second AWS allows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class AwsService(msgspec.Struct, frozen=True):
    """A service of AWS as boto3 names it.

    prefix: as IAM does. operations: all that is ever sent to it. burst, rate: calls at once, then so many a second; at
    most half of what the account's own limit allows, for others use it, too.
    """

    name: str
    prefix: str
    operations: tuple[str, ...]
    burst: float
    rate: float


CLOUDFRONT = AwsService(
    "cloudfront",
    "cloudfront",
    ("ListCachePolicies", "ListDistributions", "ListOriginRequestPolicies", "ListVpcOrigins"),
    burst=5,
    rate=1,
)
"""AWS publishes no limit of these calls: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""
REST_APIS = AwsService("apigateway", "apigateway", ("GetResources", "GetRestApis", "GetStages"), burst=5, rate=2)
"""10 calls a second over all, and 5 GetResources in 2 seconds:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
HTTP_APIS = AwsService(
    "apigatewayv2", "apigateway", ("GetApis", "GetIntegrations", "GetRoutes", "GetStages"), burst=10, rate=3
)
"""They share the 10 calls a second of REST APIs:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
LAMBDA = AwsService("lambda", "lambda", ("ListFunctionUrlConfigs", "ListFunctions"), burst=7, rate=7)
"""15 calls a second over all control plane operations:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
ECS = AwsService("ecs", "ecs", ("DescribeServices", "ListClusters", "ListServices"), burst=25, rate=10)
"""20 reads of clusters and of services a second, 50 at once:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"""


CLOUDWATCH = AwsService("cloudwatch", "cloudwatch", ("GetMetricData",), burst=5, rate=5)
"""What --evidence asks. 500 calls a second in large regions, 50 in others:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""
ORGANIZATIONS = AwsService("organizations", "organizations", ("ListAccounts",), burst=4, rate=2)
"""What --organization asks. 8 calls of ListAccounts at once, then 5 a second:
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""


class AuditKind(msgspec.Struct, frozen=True):
    """Resources that `--include` names. statement: the Sid of its part of the policy. actions, resources: what it
    grants, and on what; is_global: the same in every region, and read once an account."""

    services: tuple[AwsService, ...]
    statement: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    is_global: bool = False


def _actions(service: AwsService) -> tuple[str, ...]:
    return tuple(f"{service.prefix}:{operation}" for operation in service.operations)


API_PATHS = (
    "apis",
    "apis/*/integrations",
    "apis/*/routes",
    "apis/*/stages",
    "restapis",
    "restapis/*/resources",
    "restapis/*/stages",
)
"""API Gateway grants reading by path, all by one action:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html"""

KINDS: Mapping[str, AuditKind] = MappingProxyType(
    {
        "cloudfront": AuditKind((CLOUDFRONT,), "ReadDistributions", _actions(CLOUDFRONT), is_global=True),
        "apigateway": AuditKind(
            (REST_APIS, HTTP_APIS),
            "ReadApis",
            ("apigateway:GET",),
            tuple(f"arn:aws:apigateway:*::/{path}" for path in API_PATHS),
        ),
        "lambda": AuditKind((LAMBDA,), "ReadFunctions", _actions(LAMBDA)),
        "ecs": AuditKind((ECS,), "ReadServices", _actions(ECS)),
    }
)
"""What can be read beside load balancers, by the word of `--include`."""
