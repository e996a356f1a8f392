"""What failed, in sentences: what is not known for it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from infralint.sources.aws_account.kinds import KINDS
from infralint.sources.aws_account.snapshot import Failure
from infralint.text.wording import listing, plural

MISSED = {
    "DescribeLoadBalancers": "load balancers",
    "DescribeLoadBalancerAttributes": "the idle timeout{of}",
    "DescribeListeners": "listeners{of}",
    "DescribeListenerAttributes": "the TCP idle timeout of listeners{of}",
    "DescribeRules": "listener rules{of}",
    "DescribeTargetGroups": "target groups",
    "DescribeTargetGroupAttributes": "the stickiness{of}",
    "DescribeTargetHealth": "how many targets{of} are healthy",
    "DescribeTags": "tags{of}",
    "ListDistributions": "CloudFront distributions",
    "ListOriginRequestPolicies": "what the account's origin request policies forward",
    "ListCachePolicies": "what the account's cache policies forward",
    "ListVpcOrigins": "which load balancers VPC origins lead to",
    "GetRestApis": "REST APIs",
    "GetResources": "the integrations{of}",
    "GetStages": "the stages{of}",
    "GetApis": "HTTP and WebSocket APIs",
    "GetRoutes": "the routes{of}",
    "GetIntegrations": "the integrations{of}",
    "ListFunctions": "Lambda functions",
    "ListFunctionUrlConfigs": "the URLs{of}",
    "ListClusters": "ECS clusters",
    "ListServices": "the services{of}",
    "DescribeServices": "how many tasks the services{of} have",
    "DescribeRegions": "the list of regions",
    "GetMetricData": "what CloudWatch counted{of}",
    "ListAccounts": "the accounts of the organization",
    "AssumeRole": "the whole account{of}",
}
"""Operation -> what is not known without it; {of} is replaced by the names of what it was asked about."""
INCLUDED = frozenset(
    operation for kind in KINDS.values() for service in kind.services for operation in service.operations
)
"""The calls that are made where `--include` asks for them."""
POLICY = "`infralint audit aws --iam-policy` prints the whole policy"


def tell(failure: Failure, names: Sequence[str]) -> str:
    """A failure, once for all resources that it hides."""
    operation = failure.action.partition(":")[2]
    of = f" of {listing(names)}" if names and failure.trouble != "gone" else ""
    missing = f"{MISSED.get(operation, operation).format(of=of)} could not be read"
    match failure.trouble:
        case "denied":
            is_by_path = failure.action.startswith("apigateway:")
            policy = f"{POLICY}, with the same --include" if operation in INCLUDED else POLICY
            allowed = "allow apigateway:GET on it" if is_by_path else "allow it"
            return f"{missing}: these credentials may not call {failure.action}; {allowed} ({policy})"
        case "credentials":
            return f"{missing}: AWS does not accept the credentials ({failure.message or 'no reason given'})"
        case "throttled":
            return (
                f"{missing}: AWS kept answering that there are too many calls ({failure.action}); "
                "something else in the account uses up the limit, try again later"
            )
        case "gone":
            return f"{listing(names)} was deleted while the audit ran; run it again for the whole picture"
        case "stopped":
            calls = plural(max(1, len(names)), "call")
            return f"{missing}: the audit was stopped before {calls} of {failure.action} were made"
        case _:
            return f"{missing}: {failure.action} failed: {failure.message}"


def why_unknown(failure: Failure, region: str) -> str:
    """The reason why a setting is unknown, as a clause."""
    return {
        "denied": f"in {region} these credentials may not call {failure.action}",
        "credentials": f"in {region} AWS does not accept the credentials",
        "throttled": f"AWS kept throttling {failure.action}",
        "gone": "it was deleted while the audit ran",
        "stopped": f"the audit was stopped before {failure.action} was called",
        "failed": f"{failure.action} failed: {failure.message}",
    }[failure.trouble]
