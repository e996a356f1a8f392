"""Reading what stands before and behind load balancers: distributions, APIs, functions and services.

Of each answer only what is judged is kept: no header that a distribution adds, no variable of a stage or a function, no
policy and no code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from infralint.platforms.cloudfront import MANAGED_CACHE_POLICIES, managed_headers
from infralint.sources.aws_account.client import PREFIXES, Caller, Failed, Paging
from infralint.sources.aws_account.distributions import behaviors_of, items_of, origins_of
from infralint.sources.aws_account.keeper import Keeper
from infralint.sources.aws_account.kinds import CLOUDFRONT, ECS, HTTP_APIS, LAMBDA, REST_APIS
from infralint.sources.aws_account.snapshot import Item, cut
from infralint.sources.aws_account.threads import together

CALLS_AT_ONCE = 4
SERVICES_AT_ONCE = 10
"""DescribeServices takes so many."""

CONNECTION = ("VpcOriginId", "OriginReadTimeout", "OriginProtocolPolicy", "HTTPPort", "HTTPSPort")
"""What is kept of how a distribution connects to an origin."""

REST_PAGES = Paging("position", "position", {"limit": 500})
HTTP_PAGES = Paging("NextToken", "NextToken", {"MaxResults": "500"})
FUNCTION_PAGES = Paging("Marker", "NextMarker", {"MaxItems": 50})
SERVICE_PAGES = Paging("nextToken", "nextToken", {"maxResults": 100})


def _cloudfront_pages(inside: str) -> Paging:
    return Paging("Marker", "NextMarker", {"MaxItems": "100"}, inside)


class EdgeReader:
    """The services that `--include` names, in one region of one account."""

    def __init__(self, callers: Mapping[str, Caller], keeper: Keeper) -> None:
        self.callers = callers
        self.keeper = keeper
        self.region = keeper.region

    def read(self) -> None:
        """Everything, side by side."""
        readers: dict[str, Callable[[], None]] = {
            CLOUDFRONT.name: self._distributions,
            REST_APIS.name: self._rest_apis,
            HTTP_APIS.name: self._http_apis,
            LAMBDA.name: self._functions,
            ECS.name: self._services,
        }
        together(lambda name: readers[name](), [name for name in readers if name in self.callers], len(readers))

    @contextmanager
    def _note_failures(self, service: str, operation: str, resource: str = "") -> Iterator[None]:
        """What fails inside is noted, and what was not done when the audit is stopped."""
        self.callers[service].plan(1)
        errand = f"{PREFIXES[service]}:{operation}", (resource,) if resource else ()
        self.keeper.begin(errand)
        try:
            yield
        except Failed as error:
            self.keeper.fail(error)
        self.keeper.end(errand)

    def _pages(self, service: str, operation: str, key: str, paging: Paging, resource: str = "", **params: Any) -> Any:
        return self.callers[service].pages(service, operation, key, resource, paging, **params)

    # CloudFront

    def _distributions(self) -> None:
        with self._note_failures("cloudfront", "ListDistributions"):
            for item in self._pages("cloudfront", "ListDistributions", "Items", _cloudfront_pages("DistributionList")):
                if "ARN" in item:
                    self.region.account = self.region.account or _account_of(item["ARN"])
                    self.keeper.add(self.region.distributions, cut_distribution(item))
        behaviors = [behavior for item in self.region.distributions for behavior in behaviors_of(item)]
        policies = {behavior.get("OriginRequestPolicyId", "") for behavior in behaviors}
        if any(policy and managed_headers(policy) is None for policy in policies):
            self._policies("OriginRequestPolicy", "OriginRequestPolicyConfig", self.region.origin_request_policies)
        keys = {behavior.get("CachePolicyId", "") for behavior in behaviors} - {""}
        if keys - MANAGED_CACHE_POLICIES.keys():
            self._policies("CachePolicy", "CachePolicyConfig", self.region.cache_policies)
        if any("VpcOriginConfig" in origin for item in self.region.distributions for origin in origins_of(item)):
            self._vpc_origins()

    def _policies(self, name: str, config: str, into: dict[str, Item]) -> None:
        """The account's own policies: how they choose headers, by their ids. Those of AWS are known."""
        operation = {"OriginRequestPolicy": "ListOriginRequestPolicies", "CachePolicy": "ListCachePolicies"}[name]
        with self._note_failures("cloudfront", operation):
            paging = _cloudfront_pages(f"{name}List")
            for item in self._pages("cloudfront", operation, "Items", paging, Type="custom"):
                policy = item.get(name, {})
                settings = policy.get(config, {})
                keyed = settings.get("ParametersInCacheKeyAndForwardedToOrigin", settings)
                headers = keyed.get("HeadersConfig", {})
                kept = cut(headers, ("HeaderBehavior",)) | _list_of(headers, "Headers")
                if policy.get("Id"):
                    self.keeper.put(into, policy["Id"], kept)

    def _vpc_origins(self) -> None:
        with self._note_failures("cloudfront", "ListVpcOrigins"):
            for item in self._pages("cloudfront", "ListVpcOrigins", "Items", _cloudfront_pages("VpcOriginList")):
                if item.get("Id"):
                    self.keeper.put(self.region.vpc_origins, item["Id"], item.get("OriginEndpointArn", ""))

    # API Gateway

    def _rest_apis(self) -> None:
        with self._note_failures("apigateway", "GetRestApis"):
            for item in self._pages("apigateway", "GetRestApis", "items", REST_PAGES):
                if item.get("id"):
                    kept = cut(item, ("id", "name", "tags"))
                    configured = cut(item.get("endpointConfiguration") or {}, ("types",))
                    self.keeper.add(self.region.rest_apis, kept | {"endpointConfiguration": configured})
        self._each(self._rest_api, [api["id"] for api in self.region.rest_apis])

    def _rest_api(self, api: str) -> None:
        with self._note_failures("apigateway", "GetResources", api):
            pages = self._pages(
                "apigateway", "GetResources", "items", REST_PAGES, api, restApiId=api, embed=["methods"]
            )
            self.keeper.put(self.region.rest_resources, api, [_cut_resource(item) for item in pages])
        with self._note_failures("apigateway", "GetStages", api):
            answer = self.callers["apigateway"].call("apigateway", "GetStages", api, restApiId=api)
            stages = [stage["stageName"] for stage in answer.get("item") or () if stage.get("stageName")]
            self.keeper.put(self.region.api_stages, api, stages)

    def _http_apis(self) -> None:
        with self._note_failures("apigatewayv2", "GetApis"):
            for item in self._pages("apigatewayv2", "GetApis", "Items", HTTP_PAGES):
                if item.get("ApiId"):
                    kept = cut(item, ("ApiId", "Name", "ProtocolType", "Tags"))
                    self.keeper.add(self.region.http_apis, kept)
        # A WebSocket API's connections end at itself, whatever it calls for each message.
        asked = [api["ApiId"] for api in self.region.http_apis if api.get("ProtocolType") != "WEBSOCKET"]
        self._each(self._http_api, asked)

    def _http_api(self, api: str) -> None:
        with self._note_failures("apigatewayv2", "GetRoutes", api):
            pages = self._pages("apigatewayv2", "GetRoutes", "Items", HTTP_PAGES, api, ApiId=api)
            self.keeper.put(self.region.api_routes, api, [cut(item, ("RouteKey", "Target")) for item in pages])
        with self._note_failures("apigatewayv2", "GetIntegrations", api):
            pages = self._pages("apigatewayv2", "GetIntegrations", "Items", HTTP_PAGES, api, ApiId=api)
            members = ("IntegrationId", "IntegrationType", "IntegrationUri", "TimeoutInMillis")
            self.keeper.put(self.region.api_integrations, api, [cut(item, members) for item in pages])
        with self._note_failures("apigatewayv2", "GetStages", api):
            pages = self._pages("apigatewayv2", "GetStages", "Items", HTTP_PAGES, api, ApiId=api)
            self.keeper.put(self.region.api_stages, api, [item["StageName"] for item in pages if "StageName" in item])

    # Lambda and ECS

    def _functions(self) -> None:
        with self._note_failures("lambda", "ListFunctions"):
            for item in self._pages("lambda", "ListFunctions", "Functions", FUNCTION_PAGES):
                if item.get("FunctionArn") and item.get("FunctionName"):
                    self.region.account = self.region.account or _account_of(item["FunctionArn"])
                    kept = cut(item, ("FunctionArn", "FunctionName", "Timeout"))
                    self.keeper.add(self.region.functions, kept)
        self._each(self._urls_of, [item["FunctionArn"] for item in self.region.functions])

    def _urls_of(self, function: str) -> None:
        with self._note_failures("lambda", "ListFunctionUrlConfigs", function):
            pages = self._pages(
                "lambda",
                "ListFunctionUrlConfigs",
                "FunctionUrlConfigs",
                FUNCTION_PAGES,
                function,
                FunctionName=function,
            )
            kept = [cut(item, ("FunctionUrl", "FunctionArn", "InvokeMode")) for item in pages if "FunctionUrl" in item]
            if kept:
                self.keeper.put(self.region.function_urls, function, kept)

    def _services(self) -> None:
        clusters: list[str] = []
        with self._note_failures("ecs", "ListClusters"):
            clusters += self._pages("ecs", "ListClusters", "clusterArns", SERVICE_PAGES)
        self._each(self._services_of, clusters)

    def _services_of(self, cluster: str) -> None:
        services: list[str] = []
        with self._note_failures("ecs", "ListServices", cluster):
            services += self._pages("ecs", "ListServices", "serviceArns", SERVICE_PAGES, cluster, cluster=cluster)
        for start in range(0, len(services), SERVICES_AT_ONCE):
            with self._note_failures("ecs", "DescribeServices", cluster):
                asked = services[start : start + SERVICES_AT_ONCE]
                answer = self.callers["ecs"].call("ecs", "DescribeServices", cluster, cluster=cluster, services=asked)
                for item in answer.get("services") or ():
                    if item.get("serviceArn"):
                        self.keeper.add(self.region.services, _cut_service(item))

    def _each(self, work: Callable[[str], None], names: Sequence[str]) -> None:
        together(work, names, CALLS_AT_ONCE)


def _list_of(item: Item, *keys: str) -> Item:
    return {key: {"Items": items_of(item, key)} for key in keys if key in item}


def cut_distribution(item: Item) -> Item:
    """What is judged of a distribution."""
    kept = cut(item, ("ARN", "Id", "DomainName", "Enabled")) | _list_of(item, "Aliases")
    if "DefaultCacheBehavior" in item:
        kept["DefaultCacheBehavior"] = _cut_behavior(item["DefaultCacheBehavior"])
    kept["CacheBehaviors"] = {"Items": list(map(_cut_behavior, items_of(item, "CacheBehaviors")))}
    groups = [cut(group, ("Id",)) | {"Members": _members(group)} for group in items_of(item, "OriginGroups")]
    kept["OriginGroups"] = {"Items": groups}
    kept["Origins"] = {"Items": list(map(_cut_origin, items_of(item, "Origins")))}
    return kept


def _members(group: Item) -> Item:
    return {"Items": [cut(member, ("OriginId",)) for member in items_of(group, "Members")]}


def _cut_behavior(item: Item) -> Item:
    kept = cut(item, ("PathPattern", "TargetOriginId", "OriginRequestPolicyId", "CachePolicyId"))
    kept |= _list_of(item, "AllowedMethods")
    if item.get("ForwardedValues"):
        kept["ForwardedValues"] = _list_of(item["ForwardedValues"], "Headers")
    return kept


def _cut_origin(item: Item) -> Item:
    kept = cut(item, ("Id", "DomainName", "OriginPath", "ResponseCompletionTimeout"))
    for key in ("CustomOriginConfig", "VpcOriginConfig", "S3OriginConfig"):
        if item.get(key) is not None:
            kept[key] = cut(item[key], CONNECTION)
    return kept


def _cut_resource(item: Item) -> Item:
    """A resource of a REST API with its methods' integrations."""
    methods: dict[str, Item] = {}
    for name, method in (item.get("resourceMethods") or {}).items():
        integration = (method or {}).get("methodIntegration") or {}
        members = ("type", "uri", "timeoutInMillis", "responseTransferMode")
        methods[name] = {"methodIntegration": cut(integration, members)}
    return cut(item, ("id", "path")) | {"resourceMethods": methods}


def _cut_service(item: Item) -> Item:
    kept = cut(item, ("serviceArn", "serviceName", "desiredCount"))
    groups: Iterable[Item] = item.get("loadBalancers") or ()
    kept["loadBalancers"] = [cut(group, ("targetGroupArn",)) for group in groups]
    return kept


def _account_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""
