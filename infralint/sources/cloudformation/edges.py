"""CloudFront, API Gateway and Lambda of CloudFormation and SAM as those platforms' facts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudFront.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from msgspec.structs import replace

from infralint.model import UNLIMITED, Known, Location, Node, Pool, Setting, Unknown
from infralint.platforms import api_gateway, cloudfront, lambda_functions
from infralint.platforms.api_gateway import Api, ApiIntegration
from infralint.platforms.assignment import JSON_STYLE, YAML_STYLE, AssignmentStyle
from infralint.platforms.cloudfront import CacheBehavior, Distribution, DistributionOrigin
from infralint.platforms.lambda_code import with_code
from infralint.platforms.lambda_functions import FunctionFacts, FunctionUrl
from infralint.sources.cloudformation import balancers, sam
from infralint.sources.cloudformation.template import CloudFormationTemplate, Missing, TemplateResource
from infralint.text.yaml_places import YamlValue

FUNCTION = "AWS::Lambda::Function"
URL = "AWS::Lambda::Url"
REST_API = "AWS::ApiGateway::RestApi"
HTTP_API = "AWS::ApiGatewayV2::Api"
DIALLED = frozenset({balancers.BALANCER, balancers.CLASSIC, FUNCTION, URL, REST_API, HTTP_API})
NAMED = DIALLED | {"AWS::CloudFront::Distribution"}
"""Types of resources that become nodes, and to which a DNS record may give a further name."""
"""The types of resources that become nodes, and that a request may be sent to."""


def edge_nodes(
    template: CloudFormationTemplate, front: Iterable[Node], find_streaming: Callable[[str, str], Location | None]
) -> list[Node]:
    """The distributions, APIs, URLs and functions of a template. front: its load balancers, which may lead to functions.
    find_streaming: where a handler in a folder beside the template streams its answers."""
    found = [*_distributions(template), *_apis(template)]
    found += _functions(template, [*front, *found])
    return with_code(found, partial(_streaming_code, template, find_streaming))


def _streaming_code(
    template: CloudFormationTemplate, find_streaming: Callable[[str, str], Location | None], address: str
) -> Location | None:
    """Where the code of a function streams, as far as it lies beside the template.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """
    for resource in template.of(FUNCTION):
        if template.address(resource.logical) == address:
            folder = template.text(resource.properties, "CodeUri") or template.text(resource.properties, "Code") or ""
            handler = template.text(resource.properties, "Handler")
            return find_streaming(folder, handler) if handler and "://" not in folder else None
    return None


def _style(template: CloudFormationTemplate) -> AssignmentStyle:
    return JSON_STYLE if template.is_json else YAML_STYLE


# CloudFront


def _distributions(template: CloudFormationTemplate) -> Iterator[Node]:
    for resource in template.of("AWS::CloudFront::Distribution"):
        config = template.mapping(resource.properties, "DistributionConfig")
        behaviors = tuple(_behaviors(template, config)) if config is not None else ()
        if config is None or not behaviors:
            continue
        hosts = template.texts(config, "Aliases")
        distribution = Distribution(
            name=resource.name,
            where=resource.where,
            behaviors=behaviors,
            hosts=tuple(sorted(hosts.value)) if isinstance(hosts, Known) else (),
            names=(template.address(resource.logical),),
            style=_style(template),
            read_timeout_name="OriginReadTimeout",
            completion_name="ResponseCompletionTimeout",
            policy_name="OriginRequestPolicyId",
            legacy_name="ForwardedValues.Headers",
            methods_name="AllowedMethods",
        )
        node = cloudfront.node_of(distribution, scope=template.shown)
        if node.hops:
            yield node


def _behaviors(template: CloudFormationTemplate, config: YamlValue) -> Iterator[CacheBehavior]:
    origins = _origins(template, config)
    is_whole = config.get("OriginGroups") is None and template.is_missing(config, "Origins") is None
    is_whole = is_whole and len(origins) == len((config.get("Origins") or config).items or ())
    for block in template.items(config, "CacheBehaviors"):
        yield _behavior(template, block, template.setting(block, "PathPattern", "*", str), origins, is_whole)
    default = template.mapping(config, "DefaultCacheBehavior")
    if default is not None:
        yield _behavior(template, default, None, origins, is_whole)


_Identity = tuple[tuple[str, str], ...] | str


def _identity(template: CloudFormationTemplate, owner: YamlValue, key: str) -> _Identity:
    """What an origin is called: a text, or the resources that it is made of."""
    return template.text(owner, key) or template.references(owner, key)


def _behavior(
    template: CloudFormationTemplate,
    block: YamlValue,
    pattern: Setting[str] | None,
    origins: Sequence[tuple[_Identity, DistributionOrigin]],
    is_whole: bool,
) -> CacheBehavior:
    """is_whole: nothing else of the distribution is an origin, so that a name which is not here is nowhere."""
    methods = template.texts(block, "AllowedMethods")
    if isinstance(methods, Known) and methods.origin == "default":
        methods = replace(methods, value=frozenset({"GET", "HEAD"}))
    wanted = _identity(template, block, "TargetOriginId")
    found = next((origin for identity, origin in origins if identity == wanted and wanted), None)
    where = template.place_of(block)
    if found is None:
        names = [identity for identity, _ in origins] if is_whole else []
        found = cloudfront.lost_origin(wanted, names, template.place_of(block, "TargetOriginId"), "TargetOriginId")
    if found is None and len(origins) == 1:
        found = origins[0][1]
    if found is None:
        why = "which origin it leads to can't be told"
        unknown = Unknown(where, "TargetOriginId", why)
        found = DistributionOrigin(where=where, read_timeout=unknown, pool=Pool(reason=why))
    return CacheBehavior(where=where, pattern=pattern, origin=found, headers=_headers(template, block), methods=methods)


def _origins(template: CloudFormationTemplate, config: YamlValue) -> list[tuple[_Identity, DistributionOrigin]]:
    """The origins by what they are called; a group is its first member."""
    found = [
        (_identity(template, block, "Id"), _origin(template, block)) for block in template.items(config, "Origins")
    ]
    for group in template.items(config, "OriginGroups", "Items"):
        members = [_identity(template, member, "OriginId") for member in template.items(group, "Members", "Items")]
        primary = next((origin for identity, origin in found if members and identity == members[0]), None)
        if primary is not None:
            found.append((_identity(template, group, "Id"), primary))
    return found


def _origin(template: CloudFormationTemplate, block: YamlValue) -> DistributionOrigin:
    connection = template.mapping(block, "CustomOriginConfig") or template.mapping(block, "VpcOriginConfig")
    references = [
        *template.references(block, "DomainName"),
        *(template.references(connection, "VpcOriginId") if connection is not None else ()),
    ]
    domain = template.text(block, "DomainName") or ""
    target = template.lead(references, DIALLED) or (template.record_target(domain, DIALLED) if domain else None)
    owner = connection if connection is not None else block
    completion = template.setting(block, "ResponseCompletionTimeout", UNLIMITED, float)
    port = _port(template, connection)
    return DistributionOrigin(
        where=template.place_of(block),
        read_timeout=template.setting(
            owner, "OriginReadTimeout", cloudfront.READ_TIMEOUT, float, _connecting(template, block)
        ),
        completion=completion,
        pool=_pool_of_origin(template, block, target, domain, port),
        port=port,
        domain=domain or _referred_domain(template, references, target),
        headers=dict(_custom_headers(template, block)),
        path=template.setting(block, "OriginPath", "", str),
        is_bucket=target is None and _is_bucket(template, block, references, domain, connection is None),
    )


def _port(template: CloudFormationTemplate, connection: YamlValue | None) -> int | None:
    """Where an origin is dialled, if that is one port."""
    if connection is None:
        return None
    http = template.setting(connection, "HTTPPort", cloudfront.HTTP_PORT, int)
    https = template.setting(connection, "HTTPSPort", cloudfront.HTTPS_PORT, int)
    if isinstance(http, Unknown) or isinstance(https, Unknown):
        return None
    return cloudfront.origin_port(template.text(connection, "OriginProtocolPolicy"), http.value, https.value)


def _referred_domain(
    template: CloudFormationTemplate, references: Sequence[tuple[str, str]], target: TemplateResource | None
) -> str:
    """What stands for the name of a load balancer that is referred to outright."""
    is_outright = target is not None and len(references) == 1 and references[0][0] == target.logical
    return f"{template.address(references[0][0])}.{references[0][1]}" if is_outright else ""


def _custom_headers(template: CloudFormationTemplate, block: YamlValue) -> Iterator[tuple[str, Setting[str]]]:
    """The headers that CloudFront adds to each request to an origin."""
    for header in template.items(block, "OriginCustomHeaders"):
        name = template.text(header, "HeaderName")
        if name:
            yield name.lower(), template.setting(header, "HeaderValue", "", str)


def _connecting(template: CloudFormationTemplate, block: YamlValue) -> Location:
    """Where an origin says how it is connected to, or would."""
    members = block.members or {}
    key = next((key for key in ("CustomOriginConfig", "VpcOriginConfig", "DomainName") if key in members), "")
    return template.place_of(block, key)


def _pool_of_origin(
    template: CloudFormationTemplate,
    block: YamlValue,
    target: TemplateResource | None,
    domain: str,
    port: int | None,
) -> Pool:
    if target is not None:
        return Pool(references=(template.address(target.logical),))
    if domain:
        return cloudfront.pool_of(domain, port)
    hole = template.is_missing(block, "DomainName")
    return Pool(reason=f"where its origin is can't be told{f': {hole.reason}' if hole is not None else ''}")


def _is_bucket(
    template: CloudFormationTemplate,
    block: YamlValue,
    references: Sequence[tuple[str, str]],
    domain: str,
    is_plain: bool,
) -> bool:
    """Whether files come from there. is_plain: nothing says how to connect, as only a bucket's origin may."""
    types = [template.resources[logical].type for logical, _ in references if logical in template.resources]
    if any(type_.startswith("AWS::S3::") for type_ in types) or cloudfront.is_bucket_host(domain):
        return True
    return is_plain or template.mapping(block, "S3OriginConfig") is not None


def _headers(template: CloudFormationTemplate, block: YamlValue) -> Setting[frozenset[str]]:
    """The viewer's headers that reach the origin."""
    legacy = template.mapping(block, "ForwardedValues")
    if legacy is not None:
        headers = template.texts(legacy, "Headers")
        if isinstance(headers, Unknown):
            return headers
        return replace(headers, value=_small(headers.value), name="ForwardedValues.Headers")
    requested, keyed = _requested_headers(template, block), _keyed_headers(template, block)
    if isinstance(requested, Unknown) or "*" in requested.value:
        return requested
    if isinstance(keyed, Unknown):
        return keyed
    return replace(requested, value=requested.value | keyed.value)


def _keyed_headers(template: CloudFormationTemplate, block: YamlValue) -> Setting[frozenset[str]]:
    """The headers in its cache policy's key, which are forwarded, too."""
    name = "CachePolicyId"
    found, place = template.dig(block, name), template.place_of(block, name)
    if found is None:
        return Known(cloudfront.NO_HEADERS, place, name, "default")
    if not isinstance(found, Missing):
        managed = cloudfront.MANAGED_CACHE_POLICIES.get(found.text or "")
        if managed is not None:
            return Known(managed, place, name)
        why = "the cache policy is not in this template, so that what it forwards can't be told"
        return Unknown(place, name, why)
    policy = template.lead(found.references, frozenset({"AWS::CloudFront::CachePolicy"}))
    if policy is None:
        return Unknown(place, name, found.reason, found.remedy)
    words = ("CachePolicyConfig", "ParametersInCacheKeyAndForwardedToOrigin", "HeadersConfig")
    config = template.mapping(policy.properties, *words)
    if config is None:
        return Unknown(place, name, f"what {policy.name} forwards can't be told")
    listed = template.texts(config, "Headers")
    named = _small(listed.value) if isinstance(listed, Known) else cloudfront.NO_HEADERS
    return Known(cloudfront.headers_of(template.text(config, "HeaderBehavior") or "none", named), place, name)


def _requested_headers(template: CloudFormationTemplate, block: YamlValue) -> Setting[frozenset[str]]:
    """The headers that its origin request policy forwards."""
    name = "OriginRequestPolicyId"
    found = template.dig(block, name)
    if found is None:
        return Known(cloudfront.NO_HEADERS, template.place_of(block), name, "default")
    setting = template.setting(block, name, "", str)
    place = template.place_of(block, name)
    if isinstance(found, Missing):
        policy = template.lead(found.references, frozenset({"AWS::CloudFront::OriginRequestPolicy"}))
        if policy is None:
            return Unknown(place, name, found.reason, found.remedy)
        config = template.mapping(policy.properties, "OriginRequestPolicyConfig", "HeadersConfig")
        if config is None:
            return Unknown(place, name, f"what {policy.name} forwards can't be told")
        behavior = template.text(config, "HeaderBehavior") or "none"
        listed = template.texts(config, "Headers")
        named = _small(listed.value) if isinstance(listed, Known) else cloudfront.NO_HEADERS
        return Known(cloudfront.headers_of(behavior, named), place, name, "explicit", f"{name}: {policy.logical}")
    managed = cloudfront.managed_headers(found.text or "")
    if managed is None or isinstance(setting, Unknown):
        why = "the origin request policy is not in this template, so that what it forwards can't be told"
        return Unknown(place, name, why)
    return setting.with_value(managed)


def _small(headers: frozenset[str]) -> frozenset[str]:
    return frozenset(header.lower() for header in headers)


# API Gateway


def _apis(template: CloudFormationTemplate) -> Iterator[Node]:
    rest = (_rest(template, resource) for resource in template.of(REST_API))
    second = (_second(template, resource) for resource in template.of(HTTP_API))
    for api in (*rest, *second):
        node = api_gateway.node_of(api, scope=template.shown)
        if node.hops:
            yield node


def _of_api(template: CloudFormationTemplate, type_: str, key: str, api: TemplateResource) -> list[TemplateResource]:
    """The resources of a type that belong to an API."""
    return [
        resource
        for resource in template.of(type_)
        if any(logical == api.logical for logical, _ in template.references(resource.properties, key))
    ]


def _rest(template: CloudFormationTemplate, resource: TemplateResource) -> Api:
    paths = _Paths(template, resource)
    methods = _of_api(template, "AWS::ApiGateway::Method", "RestApiId", resource)
    found = [_method(template, method, paths) for method in methods]
    found += [_event(template, resource, event) for event in sam.events(template, resource.logical)]
    found += _of_document(template, resource, found)
    configured = template.mapping(resource.properties, "EndpointConfiguration")
    endpoint: Setting[str] = Known("EDGE", resource.where, "EndpointConfiguration", "default")
    if configured is not None:
        types = template.texts(configured, "Types")
        if isinstance(types, Unknown):
            endpoint = types
        elif types.value:
            endpoint = types.with_value(min(types.value))
    stages = {
        template.text(stage.properties, "StageName")
        for kind in ("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment")
        for stage in _of_api(template, kind, "RestApiId", resource)
    } | {template.text(resource.properties, "StageName")}
    return Api(
        name=resource.name,
        where=resource.where,
        kind=Known("REST", resource.where, "Type", "default"),
        endpoint=endpoint,
        integrations=tuple(found),
        unseen=None if found else _unseen(template, resource),
        stages=frozenset(stage for stage in stages if stage is not None),
        names=(template.address(resource.logical),),
        aliases=tuple(filter(None, [template.text(resource.properties, "Name")])),
        style=_style(template),
        timeout_name="TimeoutInMillis",
        transfer_name="ResponseTransferMode",
        regional='"EndpointConfiguration": {"Types": ["REGIONAL"]}'
        if template.is_json
        else "EndpointConfiguration:\n  Types: [REGIONAL]",
    )


def _unseen(template: CloudFormationTemplate, resource: TemplateResource) -> Unknown | None:
    """Why an API's integrations are not known, where they stand in a document of their own."""
    for key in ("Body", "BodyS3Location", "DefinitionBody", "DefinitionUri"):
        if (resource.properties.members or {}).get(key) is not None:
            why = "its integrations stand in an OpenAPI document, which infralint can't read from here"
            return Unknown(template.place_of(resource.properties, key), key, why)
    return None


class _Paths:
    """The paths of an API's resources."""

    def __init__(self, template: CloudFormationTemplate, api: TemplateResource) -> None:
        self.template = template
        resources = _of_api(template, "AWS::ApiGateway::Resource", "RestApiId", api)
        self.resources = {resource.logical: resource for resource in resources}

    def of(self, references: Iterable[tuple[str, str]], depth: int = 0) -> str | None:
        """The path of what a method or a resource refers to; None where that can't be told."""
        for logical, attribute in references:
            if attribute == "RootResourceId":
                return "/"
            resource = self.resources.get(logical)
            if resource is not None and depth < 32:
                above = self.of(self.template.references(resource.properties, "ParentId"), depth + 1)
                part = self.template.text(resource.properties, "PathPart")
                return None if above is None or part is None else f"{above.rstrip('/')}/{part}"
        return None


def _method(template: CloudFormationTemplate, method: TemplateResource, paths: _Paths) -> ApiIntegration:
    integration = template.mapping(method.properties, "Integration")
    owner = integration if integration is not None else method.properties
    return _integration(
        template,
        owner,
        method.where,
        api_gateway.REST_TIMEOUT,
        ("Uri", "TimeoutInMillis", "ResponseTransferMode", "Type"),
        paths.of(template.references(method.properties, "ResourceId")) or "",
        template.text(method.properties, "HttpMethod") or "ANY",
    )


def _integration(
    template: CloudFormationTemplate,
    owner: YamlValue,
    where: Location,
    longest: float,
    words: tuple[str, str, str, str],
    route: str,
    method: str,
) -> ApiIntegration:
    """An integration. words: what its address, timeout, transfer mode and type are called here."""
    address, timeout, transfer, kind = words
    limit = template.setting(owner, timeout, 1000 * longest, float, where)
    mode: Setting[str] = Known("BUFFERED", where, transfer, "default")
    if transfer:
        mode = template.setting(owner, transfer, "BUFFERED", str.upper, where)
    return ApiIntegration(
        where=where,
        timeout=limit if isinstance(limit, Unknown) else limit.with_value((limit.value or 1000 * longest) / 1000),
        transfer=mode,
        pool=_pool(template, owner, address),
        route=route,
        method=("ANY" if method == "x-amazon-apigateway-any-method" else method).upper(),
        is_mock=(template.text(owner, kind) or "").upper() == "MOCK",
    )


def _pool(template: CloudFormationTemplate, owner: YamlValue, key: str) -> Pool:
    """Whom an integration hands requests to."""
    target = template.lead(template.references(owner, key), DIALLED)
    if target is not None:
        return Pool(references=(template.address(target.logical),))
    uri = template.text(owner, key)
    found = api_gateway.pool_of(uri) if uri is not None else None
    hole = template.is_missing(owner, key)
    return found or Pool(
        reason=f"where its integration leads can't be told{f': {hole.reason}' if hole is not None else ''}"
    )


def _of_document(
    template: CloudFormationTemplate, api: TemplateResource, known: Sequence[ApiIntegration]
) -> list[ApiIntegration]:
    """The integrations of an OpenAPI document that stands in the template.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
    """
    if known:
        return []
    body = template.mapping(api.properties, "Body") or template.mapping(api.properties, "DefinitionBody")
    paths = template.mapping(body, "paths") if body is not None else None
    return [
        _integration(
            template,
            integration,
            template.place_of(operations, method),
            api_gateway.REST_TIMEOUT,
            ("uri", "timeoutInMillis", "responseTransferMode", "type"),
            path,
            method,
        )
        for path, value in (paths.members or {} if paths is not None else {}).items()
        for operations in [template.mapping(value)]
        if operations is not None
        for method, operation in (operations.members or {}).items()
        for integration in [template.mapping(operation, "x-amazon-apigateway-integration")]
        if integration is not None
    ]


def _event(template: CloudFormationTemplate, api: TemplateResource, event: sam.ApiEvent) -> ApiIntegration:
    """What SAM makes of a function's event."""
    longest = api_gateway.REST_TIMEOUT if api.type == REST_API else api_gateway.HTTP_TIMEOUT
    transfer = "ResponseTransferMode" if api.type == REST_API else ""
    found = _integration(
        template,
        event.properties,
        event.where,
        longest,
        ("", "TimeoutInMillis", transfer, ""),
        event.path,
        event.method,
    )
    return replace(found, pool=Pool(references=(template.address(event.function),)))


def _second(template: CloudFormationTemplate, resource: TemplateResource) -> Api:
    integrations = {
        found.logical: found for found in _of_api(template, "AWS::ApiGatewayV2::Integration", "ApiId", resource)
    }
    routes = _of_api(template, "AWS::ApiGatewayV2::Route", "ApiId", resource)
    found = [_route(template, route, integrations) for route in routes]
    found += [_event(template, resource, event) for event in sam.events(template, resource.logical)]
    if not routes and not found:
        found = [_second_integration(template, item, "", "ANY") for item in integrations.values()]
    if not found and template.dig(resource.properties, "Target") is not None:
        quick = ("Target", "TimeoutInMillis", "", "")
        found = [
            _integration(template, resource.properties, resource.where, api_gateway.HTTP_TIMEOUT, quick, "", "ANY")
        ]
    found += _of_document(template, resource, found)
    stages = {
        template.text(stage.properties, "StageName")
        for stage in _of_api(template, "AWS::ApiGatewayV2::Stage", "ApiId", resource)
    }
    return Api(
        name=resource.name,
        where=resource.where,
        kind=template.setting(resource.properties, "ProtocolType", "HTTP", str.upper, resource.where),
        endpoint=Known("REGIONAL", resource.where, "endpoint", "default"),
        integrations=tuple(found),
        unseen=None if found else _unseen(template, resource),
        stages=frozenset(stage for stage in stages if stage is not None and stage != "$default"),
        names=(template.address(resource.logical),),
        aliases=tuple(filter(None, [template.text(resource.properties, "Name")])),
        style=_style(template),
        timeout_name="TimeoutInMillis",
    )


def _route(
    template: CloudFormationTemplate, route: TemplateResource, integrations: dict[str, TemplateResource]
) -> ApiIntegration:
    method, _, path = (template.text(route.properties, "RouteKey") or "").rpartition(" ")
    path = "" if path.startswith("$") else path
    for logical, _ in template.references(route.properties, "Target"):
        if logical in integrations:
            return _second_integration(template, integrations[logical], path, method or "ANY")
    why = f"the integration of {route.name} is not visible here"
    return ApiIntegration(
        where=route.where,
        timeout=Known(api_gateway.HTTP_TIMEOUT, route.where, "TimeoutInMillis", "default"),
        transfer=Unknown(route.where, "Target", why),
        pool=Pool(reason=why),
        route=path,
        method=(method or "ANY").upper(),
    )


def _second_integration(
    template: CloudFormationTemplate, item: TemplateResource, path: str, method: str
) -> ApiIntegration:
    words = ("IntegrationUri", "TimeoutInMillis", "", "IntegrationType")
    return _integration(template, item.properties, item.where, api_gateway.HTTP_TIMEOUT, words, path, method)


# Lambda


def _functions(template: CloudFormationTemplate, front: Iterable[Node]) -> Iterator[Node]:
    """The URLs of functions, and the functions that something hands requests to."""
    urls = [_url(template, resource) for resource in template.of(URL)]
    yield from urls
    dialled = {reference for node in (*front, *urls) for hop in node.hops for reference in hop.pool.references}
    for resource in template.of(FUNCTION):
        if template.address(resource.logical) in dialled:
            facts = FunctionFacts(
                name=resource.name,
                where=resource.where,
                timeout=template.setting(
                    resource.properties, "Timeout", lambda_functions.TIMEOUT, float, resource.where
                ),
                names=(template.address(resource.logical),),
                aliases=tuple(filter(None, [template.text(resource.properties, "FunctionName")])),
                style=_style(template),
            )
            yield lambda_functions.function_node(facts, scope=template.shown)


def _url(template: CloudFormationTemplate, resource: TemplateResource) -> Node:
    function = template.lead(template.references(resource.properties, "TargetFunctionArn"), frozenset({FUNCTION}))
    url = FunctionUrl(
        name=resource.name,
        where=resource.where,
        mode=template.setting(resource.properties, "InvokeMode", lambda_functions.BUFFERED, str, resource.where),
        pool=Pool(references=(template.address(function.logical),))
        if function is not None
        else Pool(reason="its function is not visible here"),
        names=(template.address(resource.logical),),
        style=_style(template),
    )
    return lambda_functions.url_node(url, scope=template.shown)
