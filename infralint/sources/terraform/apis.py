"""API Gateway's APIs and Lambda's functions of Terraform as those platforms' facts.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/api_gateway_integration
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/apigatewayv2_integration
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function_url
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from infralint.model import Known, Node, Pool, Setting, Unknown
from infralint.platforms import api_gateway, lambda_functions
from infralint.platforms.api_gateway import Api, ApiIntegration
from infralint.platforms.lambda_functions import FunctionFacts, FunctionUrl
from infralint.sources.terraform.arguments import argument_of, quiet, texts
from infralint.sources.terraform.dialling import DIALLED, environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import plain_number, to_text

_FUNCTIONS = frozenset({"aws_lambda_function"})
DEEPEST = 32
"""Resources of a REST API below one another."""


def api_nodes(graph: Graph) -> Iterator[Node]:
    """The APIs of a root, with what they hand requests to."""
    rest = (_rest(graph, item) for item in graph.of("aws_api_gateway_rest_api"))
    second = (_second(graph, item) for item in graph.of("aws_apigatewayv2_api"))
    for api in (*rest, *second):
        node = api_gateway.node_of(api, **environment_of(graph))
        if node.hops:
            yield node


# REST APIs


def _rest(graph: Graph, item: Item) -> Api:
    paths = _paths(graph, item)
    integrations = graph.referring("aws_api_gateway_integration", "rest_api_id", item)
    endpoint: Setting[str] = Known("EDGE", item.where, "endpoint_configuration", "default", related=item.trail)
    for configuration in item.inner("endpoint_configuration"):
        endpoint = _endpoint(texts(configuration, "types", frozenset({"EDGE"})))
    body = item.get("body")
    unseen = None
    if not integrations and body is not None:
        why = "its integrations stand in an OpenAPI document, which infralint does not read"
        unseen = Unknown(body.where, "body", why)
    stages = {
        stage.value("stage_name")
        for kind in ("aws_api_gateway_stage", "aws_api_gateway_deployment")
        for stage in graph.referring(kind, "rest_api_id", item)
    }
    return Api(
        name=item.address,
        where=item.where,
        kind=Known("REST", item.where, "aws_api_gateway_rest_api", "default"),
        endpoint=quiet(endpoint, "REGIONAL") if item.silent else endpoint,
        integrations=tuple(_rest_integration(graph, item, block, paths) for block in integrations),
        unseen=unseen,
        stages=frozenset(map(str, stages - {None})),
        names=(item.address,),
        aliases=_names_of(item, "name"),
    )


def _endpoint(types: Setting[frozenset[str]]) -> Setting[str]:
    if isinstance(types, Unknown):
        return types
    kind = next(iter(types.value & {"EDGE", "REGIONAL", "PRIVATE"}), "EDGE")
    return types.with_value(kind)


def _paths(graph: Graph, api: Item) -> dict[str, str]:
    """Address of a resource of an API -> its path; those whose path can't be told are left out."""
    resources = {item.address: item for item in graph.referring("aws_api_gateway_resource", "rest_api_id", api)}
    return {address: path for address in resources if (path := _path(graph, resources, address, 0)) is not None}


def _path(graph: Graph, resources: dict[str, Item], address: str, depth: int) -> str | None:
    item = resources[address]
    part, links = item.value("path_part"), item.links.get("parent_id", [])
    if not isinstance(part, str) or not links or depth > DEEPEST:
        return None
    parent = links[0].address
    if parent in resources:
        above = _path(graph, resources, parent, depth + 1)
        return None if above is None else f"{above}/{part}"
    return f"/{part}" if "root_resource_id" in links[0].path else None


def _rest_integration(graph: Graph, api: Item, item: Item, paths: dict[str, str]) -> ApiIntegration:
    links = item.links.get("resource_id", [])
    route = "/" if any("root_resource_id" in link.path for link in links) else ""
    for link in links:
        route = paths.get(link.address, route)
    transfer = argument_of(item, "response_transfer_mode", "BUFFERED", _to_capitals)
    kind = item.value("type")
    return ApiIntegration(
        where=item.where,
        timeout=_in_time(item, api_gateway.REST_TIMEOUT, api.silent),
        transfer=quiet(transfer, "STREAM") if api.silent else transfer,
        pool=_pool(graph, item, "uri"),
        route=route,
        method=str(item.value("http_method") or "ANY").upper(),
        is_mock=kind == "MOCK",
    )


# HTTP and WebSocket APIs


def _second(graph: Graph, item: Item) -> Api:
    kind = argument_of(item, "protocol_type", "HTTP", _to_capitals)
    integrations = {block.address: block for block in graph.referring("aws_apigatewayv2_integration", "api_id", item)}
    routes = graph.referring("aws_apigatewayv2_route", "api_id", item)
    found = [_route(graph, item, route, integrations) for route in routes]
    if not routes:
        found = [_second_integration(graph, item, block, "", "ANY") for block in integrations.values()]
    if not found and item.links.get("target"):
        found = [_quick(graph, item)]
    body = item.get("body")
    unseen = None
    if not found and body is not None:
        why = "its integrations stand in an OpenAPI document, which infralint does not read"
        unseen = Unknown(body.where, "body", why)
    stages = {stage.value("name") for stage in graph.referring("aws_apigatewayv2_stage", "api_id", item)}
    return Api(
        name=item.address,
        where=item.where,
        kind=quiet(kind, "WEBSOCKET") if item.silent else kind,
        endpoint=Known("REGIONAL", item.where, "endpoint", "default"),
        integrations=tuple(found),
        unseen=unseen,
        stages=frozenset(map(str, stages - {None, "$default"})),
        names=(item.address,),
        aliases=_names_of(item, "name"),
    )


def _route(graph: Graph, api: Item, route: Item, integrations: dict[str, Item]) -> ApiIntegration:
    """A route with its integration, which its target names (`integrations/…`)."""
    method, _, path = str(route.value("route_key") or "").rpartition(" ")
    path = "" if path.startswith("$") else path
    for link in route.links.get("target", ()):
        if link.address in integrations:
            return _second_integration(graph, api, integrations[link.address], path, method or "ANY")
    where, why = route.where, f"the integration of {route.address} is not visible here"
    unknown = Unknown(where, "target", why)
    return ApiIntegration(
        where=where,
        timeout=Known(api_gateway.HTTP_TIMEOUT, where, "timeout_milliseconds", "default"),
        transfer=unknown,
        pool=Pool(reason=why),
        route=path,
        method=(method or "ANY").upper(),
    )


def _second_integration(graph: Graph, api: Item, item: Item, path: str, method: str) -> ApiIntegration:
    return ApiIntegration(
        where=item.where,
        timeout=_in_time(item, api_gateway.HTTP_TIMEOUT, api.silent),
        transfer=Known("BUFFERED", item.where, "protocol_type", "default"),
        pool=_pool(graph, item, "integration_uri"),
        route=path,
        method=method.upper(),
        is_mock=item.value("integration_type") == "MOCK",
    )


def _quick(graph: Graph, api: Item) -> ApiIntegration:
    """An API that names its one target itself."""
    return ApiIntegration(
        where=api.where,
        timeout=Known(api_gateway.HTTP_TIMEOUT, api.where, "timeout_milliseconds", "default", related=api.trail),
        transfer=Known("BUFFERED", api.where, "protocol_type", "default"),
        pool=_pool(graph, api, "target"),
    )


def _in_time(item: Item, default: float, silent: bool) -> Setting[float]:
    """The seconds of `timeout_milliseconds`; 0 and nothing are the default."""
    found = argument_of(item, "timeout_milliseconds", 1000 * default, plain_number)
    if isinstance(found, Unknown):
        return quiet(found, default) if silent else found
    return replace(found, value=(found.value or 1000 * default) / 1000)


def _pool(graph: Graph, item: Item, name: str) -> Pool:
    """Whom an integration hands requests to: a function or a load balancer, or the host of its address."""
    target = graph.lead(item.links.get(name, ()), DIALLED)
    if target is not None:
        return Pool(references=(target.address,))
    uri = item.value(name)
    found = api_gateway.pool_of(uri) if isinstance(uri, str) else None
    if found is not None:
        return found
    given = item.get(name)
    return Pool(
        reason=f"where {item.address} leads can't be told{f': {given.why}' if isinstance(given, Unknown) else ''}"
    )


def _to_capitals(value: Any) -> str:
    return to_text(value).upper()


def _names_of(item: Item, name: str) -> tuple[str, ...]:
    found = item.value(name)
    return (found,) if isinstance(found, str) and found else ()


# Functions


def function_nodes(graph: Graph, front: Iterable[Node]) -> Iterator[Node]:
    """The URLs of functions, and the functions that these or other nodes of the root hand requests to."""
    urls = [_url(graph, item) for item in graph.of("aws_lambda_function_url")]
    yield from urls
    dialled = {reference for node in (*front, *urls) for hop in node.hops for reference in hop.pool.references}
    for item in graph.of("aws_lambda_function"):
        if item.address in dialled:
            timeout = argument_of(item, "timeout", lambda_functions.TIMEOUT, plain_number)
            facts = FunctionFacts(
                name=item.address,
                where=item.where,
                timeout=quiet(timeout, lambda_functions.MOST_TIMEOUT) if item.silent else timeout,
                names=(item.address,),
                aliases=_names_of(item, "function_name"),
            )
            yield lambda_functions.function_node(facts, **environment_of(graph))


def _url(graph: Graph, item: Item) -> Node:
    mode = argument_of(item, "invoke_mode", lambda_functions.BUFFERED, to_text)
    if isinstance(mode, Known) and mode.value not in (lambda_functions.BUFFERED, lambda_functions.STREAMING):
        mode = Unknown(mode.where, mode.name, f"`{mode.written}` is a way to invoke functions that is not known here")
    function = graph.lead(item.links.get("function_name", ()), _FUNCTIONS)
    pool = (
        Pool(references=(function.address,))
        if function is not None
        else Pool(reason="its function is not visible here")
    )
    url = FunctionUrl(
        name=item.address,
        where=item.where,
        mode=quiet(mode, lambda_functions.STREAMING) if item.silent else mode,
        pool=pool,
        names=(item.address,),
    )
    return lambda_functions.url_node(url, **environment_of(graph))
