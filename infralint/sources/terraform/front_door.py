"""Routes of Azure Front Door of Terraform as that platform's facts.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/cdn_frontdoor_route
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from msgspec.structs import replace

from infralint.model import UNLIMITED, Address, Known, Node, Setting, Unknown
from infralint.platforms.azure_front_door import RESPONSE_TIMEOUT, FrontDoorRoute, front_door_route
from infralint.platforms.routing import RouteRule, RoutingNode, whole_apis
from infralint.sources.terraform.arguments import argument_of, quiet
from infralint.sources.terraform.azure import REACHED
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import plain_number, to_bool

_PREFIX = "azurerm_cdn_frontdoor"


def front_door_nodes(graph: Graph) -> Iterator[Node]:
    """The endpoints of a root, each with its routes."""
    endpoints: dict[str, list[Item]] = {}
    for route in graph.of(f"{_PREFIX}_route"):
        if route.value("enabled") is not False:
            named = graph.follow(route, "cdn_frontdoor_endpoint_id", f"{_PREFIX}_endpoint")
            endpoints.setdefault(named[0].address if named else route.address, []).append(route)
    for address, routes in endpoints.items():
        rules = {route.address: list(_rules(graph, route)) for route in routes}
        apis = whole_apis(rule for listed in rules.values() for rule in listed)
        hops = tuple(_hop(graph, route, rules[route.address], apis) for route in routes if rules[route.address])
        if hops:
            yield RoutingNode(
                name=address,
                hops=hops,
                known_as=frozenset({address}),
                environment=graph.environment,
                published=True,
            )


def _hop(graph: Graph, route: Item, rules: list[RouteRule], apis: Collection[str]) -> FrontDoorRoute:
    timeout, cached = _timeout(graph, route), _caching(route)
    if route.silent:
        timeout, cached = quiet(timeout, UNLIMITED), quiet(cached, False)
    hop = front_door_route(route.address, route.where, rules, apis, timeout, cached, **environment_of(graph))
    return replace(hop, buffers_responses=quiet(hop.buffers_responses, "never")) if route.silent else hop


def _timeout(graph: Graph, route: Item) -> Setting[float]:
    for endpoint in graph.follow(route, "cdn_frontdoor_endpoint_id", f"{_PREFIX}_endpoint"):
        for profile in graph.follow(endpoint, "cdn_frontdoor_profile_id", f"{_PREFIX}_profile"):
            found: Setting[float] = argument_of(profile, "response_timeout_seconds", RESPONSE_TIMEOUT, plain_number)
            return found
    why = "the profile, whose response_timeout_seconds counts, is not in this configuration"
    return Unknown(route.where, "response_timeout_seconds", why)


def _caching(route: Item) -> Setting[bool]:
    blocks = route.blocks.get("cache", [])
    if isinstance(blocks, Unknown):
        return blocks
    where = blocks[0].where if blocks else route.where
    return Known(bool(blocks), where, "cache", "explicit" if blocks else "default", "cache {" if blocks else "")


def _rules(graph: Graph, route: Item) -> Iterator[RouteRule]:
    patterns = route.value("patterns_to_match")
    doubt = "" if isinstance(patterns, list) else "its patterns_to_match"
    target = _target(graph, route)
    for host in _hosts(graph, route):
        for pattern in patterns if isinstance(patterns, list) else ["/*"]:
            if isinstance(pattern, str) and pattern.endswith("*"):
                yield RouteRule(host, pattern.removesuffix("*"), "prefix", doubt, where=route.where, **target)
            elif isinstance(pattern, str):
                yield RouteRule(host, pattern, "exact", doubt, where=route.where, **target)


def _hosts(graph: Graph, route: Item) -> list[str]:
    """The names of a route's domains; "" for that of the endpoint, which Azure gives it."""
    domains = graph.follow(route, "cdn_frontdoor_custom_domain_ids", f"{_PREFIX}_custom_domain")
    names = [domain.value("host_name") for domain in domains]
    found = [name.lower() for name in names if isinstance(name, str)]
    linked = argument_of(route, "link_to_default_domain", True, to_bool)
    only = bool(found) and len(found) == len(names) and isinstance(linked, Known) and not linked.value
    return found if only else [*found, ""]


def _target(graph: Graph, route: Item) -> dict[str, Any]:
    """Where the origins of a route lead: apps of this root by reference, others by their names."""
    origins = graph.follow(route, "cdn_frontdoor_origin_ids", f"{_PREFIX}_origin")
    for group in graph.follow(route, "cdn_frontdoor_origin_group_id", f"{_PREFIX}_origin_group"):
        origins += graph.referring(f"{_PREFIX}_origin", "cdn_frontdoor_origin_group_id", group)
    apps = [
        target.address for origin in origins for kind in REACHED for target in graph.follow(origin, "host_name", kind)
    ]
    if apps:
        return {"references": tuple(dict.fromkeys(apps))}
    names = [name for origin in origins if isinstance(name := origin.value("host_name"), str)]
    if names:
        return {"targets": tuple(dict.fromkeys(Address(name, 443) for name in names))}
    return {"references": (f"the origin of {route.address}",)}
