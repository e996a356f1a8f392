"""Distributions, APIs and functions of a snapshot as those platforms' facts, on which the rules for files hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infralint.model import UNLIMITED, AccountResource, Address, Known, Location, Node, Pool, Setting, Unknown
from infralint.platforms import api_gateway, cloudfront, lambda_functions
from infralint.platforms.api_gateway import Api, ApiIntegration
from infralint.platforms.assignment import JSON_STYLE, AssignmentStyle
from infralint.platforms.cloudfront import CacheBehavior, Distribution, DistributionOrigin
from infralint.platforms.lambda_functions import FunctionFacts, FunctionUrl
from infralint.sources.aws_account.distributions import behaviors_of, items_of, origins_of
from infralint.sources.aws_account.names import console_page, function_of
from infralint.sources.aws_account.owners import owner_of
from infralint.sources.aws_account.places import Places
from infralint.sources.aws_account.snapshot import Item, Region
from infralint.sources.aws_account.troubles import why_unknown
from infralint.text.lazy import lazy

_FUNCTION = lazy(r"arn:[\w-]+:lambda:[\w-]+:\d*:function:[\w-]+")
_LISTENER = lazy(r"^(arn:[\w-]+:elasticloadbalancing:[\w-]+:\d*:)listener/(\w+/[^/]+/\w+)/\w+$")


class EdgeFacts:
    """One region's distributions, APIs, function URLs and functions, with what was read of each."""

    def __init__(self, region: Region, places: Places) -> None:
        self.region = region
        self.places = places
        self.failures = {(failure.action.partition(":")[2], failure.resource): failure for failure in region.failures}

    def nodes(self, front: Iterable[Node]) -> Iterator[Node]:
        """All of them. front: the load balancers of the region, which may hand requests to functions."""
        found = [*self._distributions(), *self._apis(), *self._urls()]
        yield from found
        dialled = {reference for node in (*front, *found) for hop in node.hops for reference in hop.pool.references}
        for item in self.region.functions:
            if function_of(item["FunctionArn"]) in dialled:
                yield self._function(item)

    def _missing(self, operation: str, resource: str, key: str, where: Location) -> Unknown:
        failure = self.failures.get((operation, resource))
        if failure is None:
            return Unknown(where, key, f"{operation} was not asked")
        return Unknown(where, key, why_unknown(failure, str(self.region)))

    def _setting(self, value: Any, where: Location, key: str, text: Any) -> Known[Any]:
        return Known(value, where, key, written=f"{key} = {text}")

    def _resource(self, identity: str, kind: str, page: str, tags: Mapping[str, str]) -> AccountResource:
        return AccountResource(
            identity=identity,
            type=kind,
            account=self.region.account,
            region=self.region.name,
            tags=tags,
            owner=str(owner_of(tags) or ""),
            console=page,
        )

    # CloudFront

    def _distributions(self) -> Iterator[Node]:
        for item in self.region.distributions:
            if not item.get("Enabled", True):
                continue
            arn = item["ARN"]
            hosts = tuple(sorted(items_of(item, "Aliases")))
            tags = self.region.tags.get(arn, {})
            distribution = Distribution(
                name=f"distribution {item['Id']}",
                where=self.places.of(arn),
                behaviors=tuple(self._behaviors(item)),
                hosts=hosts,
                names=tuple(filter(None, (arn, item.get("DomainName", "")))),
                style=JSON_STYLE,
                read_timeout_name="OriginReadTimeout",
                completion_name="ResponseCompletionTimeout",
                policy_name="OriginRequestPolicyId",
                legacy_name="ForwardedValues.Headers",
                methods_name="AllowedMethods",
            )
            page = console_page(self.region, f"cloudfront/v4/home#/distributions/{item['Id']}", "us-east-1")
            node = cloudfront.node_of(
                distribution,
                scope=arn,
                aliases=(arn, *hosts),
                deployed=self._resource(arn, "CloudFront distribution", page, tags),
            )
            if node.hops:
                yield node

    def _behaviors(self, item: Item) -> Iterator[CacheBehavior]:
        origins = self._origins(item)
        where = self.places.of(item["ARN"])
        for behavior in behaviors_of(item):
            pattern = behavior.get("PathPattern")
            methods = frozenset(items_of(behavior, "AllowedMethods") or ("GET", "HEAD"))
            origin = origins.get(behavior["TargetOriginId"])
            if origin is None:
                why = f"its origin {behavior['TargetOriginId']} is not in the snapshot"
                origin = DistributionOrigin(
                    where=where, read_timeout=Unknown(where, "TargetOriginId", why), pool=Pool(reason=why)
                )
            yield CacheBehavior(
                where=where,
                pattern=None if pattern is None else self._setting(pattern, where, "PathPattern", pattern),
                origin=origin,
                headers=self._headers(behavior, where),
                methods=self._setting(methods, where, "AllowedMethods", ", ".join(sorted(methods))),
            )

    def _origins(self, item: Item) -> dict[str, DistributionOrigin]:
        """The origins by their ids; a group is its first member."""
        several = len(origins_of(item)) > 1
        found = {origin["Id"]: self._origin(item, origin, several) for origin in origins_of(item)}
        for group in items_of(item, "OriginGroups"):
            members = items_of(group, "Members")
            if members and members[0].get("OriginId") in found:
                found[group.get("Id", "")] = found[members[0]["OriginId"]]
        return found

    def _origin(self, item: Item, origin: Item, several: bool) -> DistributionOrigin:
        """An origin. several: there are others, whose settings stand in the snapshot under the same words."""
        where = self.places.of(item["ARN"], "" if several else "OriginReadTimeout")
        connection = origin.get("CustomOriginConfig") or origin.get("VpcOriginConfig")
        seconds = (connection or {}).get("OriginReadTimeout")
        completion = origin.get("ResponseCompletionTimeout")
        domain, path = origin["DomainName"], origin.get("OriginPath", "")
        return DistributionOrigin(
            where=where,
            read_timeout=Known(cloudfront.READ_TIMEOUT, where, "OriginReadTimeout", "default")
            if seconds is None
            else self._setting(float(seconds), where, "OriginReadTimeout", seconds),
            completion=Known(UNLIMITED, where, "ResponseCompletionTimeout", "default")
            if completion is None
            else self._setting(float(completion), where, "ResponseCompletionTimeout", completion),
            pool=self._pool_of(origin, domain),
            domain=domain,
            path=self._setting(path, where, "OriginPath", path),
            is_bucket=connection is None or cloudfront.is_bucket_host(domain),
        )

    def _pool_of(self, origin: Item, domain: str) -> Pool:
        endpoint = self.region.vpc_origins.get((origin.get("VpcOriginConfig") or {}).get("VpcOriginId", ""))
        if endpoint:
            return Pool(references=(endpoint,))
        host = domain.removeprefix("dualstack.")
        connection = origin.get("CustomOriginConfig") or {}
        is_plain = connection.get("OriginProtocolPolicy") == "http-only"
        port = connection.get("HTTPPort" if is_plain else "HTTPSPort") or (80 if is_plain else 443)
        return Pool(targets=(Address(host, port),))

    def _headers(self, behavior: Item, where: Location) -> Setting[frozenset[str]]:
        """The viewer's headers that reach the origin."""
        legacy = behavior.get("ForwardedValues")
        if legacy is not None:
            headers = _small(items_of(legacy, "Headers"))
            return self._setting(headers, where, "ForwardedValues.Headers", ", ".join(sorted(headers)) or "none")
        key_policy = behavior.get("CachePolicyId", "")
        keyed = cloudfront.MANAGED_CACHE_POLICIES.get(key_policy, cloudfront.NO_HEADERS)
        more = keyed | _of_policy(self.region.cache_policies.get(key_policy, {}))
        policy, key = behavior.get("OriginRequestPolicyId"), "OriginRequestPolicyId"
        if not policy:
            return Known(more, where, key, "default")
        managed = cloudfront.managed_headers(policy)
        custom = self.region.origin_request_policies.get(policy)
        if managed is None and custom is None:
            return self._missing("ListOriginRequestPolicies", "", key, where)
        headers = (_of_policy(custom or {}) if managed is None else managed) | more
        return self._setting(headers, where, key, policy)

    # API Gateway

    def _apis(self) -> Iterator[Node]:
        for api, deployed in (
            *(
                (self._rest(item), self._of_api(item["id"], "restapis", "REST API", item.get("tags")))
                for item in self.region.rest_apis
            ),
            *(
                (
                    self._second(item),
                    self._of_api(item["ApiId"], "apis", f"{item.get('ProtocolType', 'HTTP')} API", item.get("Tags")),
                )
                for item in self.region.http_apis
            ),
        ):
            node = api_gateway.node_of(api, scope=deployed.identity, deployed=deployed)
            if node.hops:
                yield node

    def _of_api(self, id_: str, folder: str, kind: str, tags: Mapping[str, str] | None) -> AccountResource:
        region = self.region
        arn = f"arn:{region.partition}:apigateway:{region.name}::/{folder}/{id_}"
        page = "apigateway/main/apis/{id}/resources?api={id}&region={region}"
        if folder == "apis":
            page = "apigateway/main/develop/routes?api={id}&region={region}"
        return self._resource(arn, kind, console_page(region, page.format(id=id_, region=region.name)), tags or {})

    def _api(self, id_: str, name: str, kind: Setting[str], endpoint: Setting[str], **fields: Any) -> Api:
        suffix = "amazonaws.com.cn" if self.region.partition == "aws-cn" else "amazonaws.com"
        region = self.region.name
        return Api(
            name=name or id_,
            where=self.places.of(id_),
            kind=kind,
            endpoint=endpoint,
            stages=frozenset(self.region.api_stages.get(id_, ())) - {"$default"},
            names=(id_, f"{id_}.execute-api.{region}.{suffix}"),
            aliases=tuple(filter(None, (id_, name))),
            style=JSON_STYLE,
            timeout_name="timeoutInMillis",
            transfer_name="responseTransferMode",
            regional=f"aws apigateway update-rest-api --region {region} --rest-api-id {id_} "
            "--patch-operations op=replace,path=/endpointConfiguration/types/EDGE,value=REGIONAL",
            **fields,
        )

    def _rest(self, item: Item) -> Api:
        id_, where = item["id"], self.places.of(item["id"])
        resources = self.region.rest_resources.get(id_)
        types = (item.get("endpointConfiguration") or {}).get("types") or ["EDGE"]
        return self._api(
            id_,
            item.get("name", ""),
            Known("REST", where, "REST API", "default"),
            self._setting(types[0], where, "endpointConfiguration.types", types[0]),
            integrations=tuple(self._rest_integrations(id_, resources or ())),
            unseen=self._missing("GetResources", id_, "integrations", where) if resources is None else None,
        )

    def _rest_integrations(self, api: str, resources: Iterable[Item]) -> Iterator[ApiIntegration]:
        where, region = self.places.of(api), self.region.name
        for resource in resources:
            for method, described in (resource.get("resourceMethods") or {}).items():
                integration = described.get("methodIntegration") or {}
                if not integration.get("type"):
                    continue
                millis = integration.get("timeoutInMillis") or 1000 * api_gateway.REST_TIMEOUT
                mode = integration.get("responseTransferMode") or "BUFFERED"
                is_written = bool(integration.get("responseTransferMode"))
                command = (
                    f"aws apigateway update-integration --region {region} --rest-api-id {api} "
                    f"--resource-id {resource.get('id', '')} --http-method {method} "
                    "--patch-operations op=replace,path=/{name},value={value}"
                )
                yield ApiIntegration(
                    where=where,
                    timeout=self._setting(millis / 1000, where, "timeoutInMillis", f"{millis:g}"),
                    transfer=self._setting(mode, where, "responseTransferMode", mode)
                    if is_written
                    else Known("BUFFERED", where, "responseTransferMode", "default"),
                    pool=self._pool(integration.get("uri", "")),
                    route=resource.get("path", ""),
                    method=method.upper(),
                    is_mock=integration.get("type") == "MOCK",
                    style=AssignmentStyle(command, "{text}"),
                )

    def _second(self, item: Item) -> Api:
        id_, where = item["ApiId"], self.places.of(item["ApiId"])
        routes, integrations = self.region.api_routes.get(id_), self.region.api_integrations.get(id_)
        unseen = None
        if item.get("ProtocolType") != "WEBSOCKET" and (routes is None or integrations is None):
            operation = "GetRoutes" if routes is None else "GetIntegrations"
            unseen = self._missing(operation, id_, "integrations", where)
        found = {f"integrations/{each.get('IntegrationId', '')}": each for each in integrations or ()}
        kind = item.get("ProtocolType", "HTTP")
        return self._api(
            id_,
            item.get("Name", ""),
            self._setting(kind, where, "ProtocolType", kind),
            Known("REGIONAL", where, "endpoint", "default"),
            integrations=() if unseen else tuple(self._route(route, found, where) for route in routes or ()),
            unseen=unseen,
        )

    def _route(self, route: Item, integrations: Mapping[str, Item], where: Location) -> ApiIntegration:
        method, _, path = route.get("RouteKey", "").rpartition(" ")
        integration = integrations.get(route.get("Target", ""), {})
        millis = integration.get("TimeoutInMillis") or 1000 * api_gateway.HTTP_TIMEOUT
        return ApiIntegration(
            where=where,
            timeout=self._setting(millis / 1000, where, "TimeoutInMillis", f"{millis:g}"),
            transfer=Known("BUFFERED", where, "ProtocolType", "default"),
            pool=self._pool(integration.get("IntegrationUri", "")),
            route="" if path.startswith("$") else path,
            method=(method or "ANY").upper(),
            is_mock=integration.get("IntegrationType") == "MOCK",
        )

    def _pool(self, uri: str) -> Pool:
        """Whom an integration hands requests to: a function, a load balancer by its listener, or an address."""
        if "${" in uri:
            return Pool(reason="a variable of its stage says where its integration leads, and those are not read")
        function, listener = _FUNCTION.search(uri), _LISTENER.search(uri)
        if function is not None:
            return Pool(references=(function[0],))
        if listener is not None:
            return Pool(references=(f"{listener[1]}loadbalancer/{listener[2]}",))
        return api_gateway.pool_of(uri) or Pool(reason="where its integration leads can't be told")

    # Lambda

    def _urls(self) -> Iterator[Node]:
        functions = {item["FunctionArn"]: item for item in self.region.functions}
        for function, urls in self.region.function_urls.items():
            for item in urls:
                yield self._url(functions.get(function, {}), function, item)

    def _url(self, function: Item, arn: str, item: Item) -> Node:
        name = function.get("FunctionName") or arn.split(":")[-1]
        where, mode = self.places.of(arn), item.get("InvokeMode") or lambda_functions.BUFFERED
        called = item.get("FunctionArn") or arn
        qualifier = "".join(f" --qualifier {part}" for part in called.split(":")[7:8])
        host = item["FunctionUrl"].removeprefix("https://").strip("/")
        command = (
            f"aws lambda update-function-url-config --region {self.region.name} --function-name {name}{qualifier}"
            " --invoke-mode {value}"
        )
        url = FunctionUrl(
            name=f"the URL of {name}",
            where=where,
            mode=self._setting(mode, where, "InvokeMode", mode),
            pool=Pool(references=(function_of(called),)),
            names=(host,),
            style=AssignmentStyle(command, "{text}"),
        )
        page = console_page(self.region, f"lambda/home?region={self.region.name}#/functions/{name}?tab=configure")
        tags = self.region.tags.get(arn, {})
        return lambda_functions.url_node(
            url,
            scope=arn,
            aliases=(host, arn, name),
            deployed=self._resource(item["FunctionUrl"], "function URL", page, tags),
        )

    def _function(self, item: Item) -> Node:
        arn, name = item["FunctionArn"], item["FunctionName"]
        where, region = self.places.of(arn), self.region.name
        seconds = item.get("Timeout")
        command = f"aws lambda update-function-configuration --region {region} --function-name {name}"
        facts = FunctionFacts(
            name=name,
            where=where,
            timeout=Known(lambda_functions.TIMEOUT, where, "Timeout", "default")
            if seconds is None
            else self._setting(float(seconds), where, "Timeout", seconds),
            names=(function_of(arn),),
            aliases=(name, arn),
            style=AssignmentStyle(command + " --timeout {value}"),
        )
        page = console_page(self.region, f"lambda/home?region={region}#/functions/{name}?tab=configure")
        deployed = self._resource(arn, "Lambda function", page, self.region.tags.get(arn, {}))
        return lambda_functions.function_node(facts, scope=arn, deployed=deployed)


def _small(headers: Iterable[str]) -> frozenset[str]:
    return frozenset(header.lower() for header in headers)


def _of_policy(policy: Item) -> frozenset[str]:
    """What a policy's HeadersConfig forwards."""
    named = _small(items_of(policy, "Headers"))
    return cloudfront.headers_of(policy.get("HeaderBehavior", "none"), named)
