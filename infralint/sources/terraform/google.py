"""Google Cloud's load balancers of Terraform as that platform's facts: URL maps, and the backend services behind them.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_backend_service
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_url_map
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from infralint.model import SAME_PATH, UNLIMITED, Known, Location, Node, PathMap, PrefixMap, Setting, Unknown
from infralint.platforms import google_load_balancing as google
from infralint.platforms.gateways import CLASSIC
from infralint.platforms.google_load_balancing import BackendService, GoogleBackendHop, UrlMapNode
from infralint.platforms.routing import PathKind, RouteRule, whole_apis
from infralint.sources.terraform.arguments import argument_of, quiet
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import plain_number, to_text

BACKENDS = ("google_compute_backend_service", "google_compute_region_backend_service")
URL_MAPS = ("google_compute_url_map", "google_compute_region_url_map")
GROUP = "google_compute_region_network_endpoint_group"
_CLOUD_RUN = ("google_cloud_run_v2_service", "google_cloud_run_service")
_LEVEL_FOUR = (
    ("google_compute_target_tcp_proxy", "backend_service"),
    ("google_compute_target_ssl_proxy", "backend_service"),
)


class _Way(msgspec.Struct, frozen=True):
    """A rule of a URL map with the backend service that it leads to (None: none of this configuration), and the timeout
    that it sets for it."""

    rule: RouteRule
    backend: Item | None = None
    timeout: Setting[float] | None = None


def google_nodes(graph: Graph) -> Iterator[Node]:
    """The load balancers of a root: one for each URL map, and for each backend service that no URL map here names."""
    named: set[str] = set()
    for kind in URL_MAPS:
        for item in graph.of(kind):
            ways = list(_ways(graph, item))
            named |= {way.backend.address for way in ways if way.backend is not None}
            if (node := _node(graph, item, ways)) is not None:
                yield node
    for kind in BACKENDS:
        for item in graph.of(kind):
            if item.address not in named and (node := _node(graph, item, [_alone(graph, item)])) is not None:
                yield node


def _alone(graph: Graph, item: Item) -> _Way:
    """What leads to a backend service of which it is not known what is sent to it."""
    return _Way(RouteRule(where=item.where, **_behind(graph, item)), item)


def _node(graph: Graph, item: Item, ways: list[_Way]) -> UrlMapNode | None:
    """What serves the rules of a URL map; None where none of them leads to a backend service that speaks HTTP."""
    groups: dict[tuple[str, float | str], list[_Way]] = {}
    for way in ways:
        if way.backend is not None and _speaks_http(graph, way.backend):
            groups.setdefault((way.backend.address, _timeout_key(way.timeout)), []).append(way)
    if not groups:
        return None
    every = [way.rule for way in ways]
    apis = whole_apis(every)
    hops = [_hop(graph, group, apis) for group in groups.values()]
    leading = {id(rule) for hop in hops for rule in hop.rules}
    answered = tuple(rule for rule in every if id(rule) not in leading)
    hops[0] = replace(hops[0], rules=(*hops[0].rules, *answered))
    schemes = {group[0].backend.value("load_balancing_scheme") for group in groups.values() if group[0].backend}
    return UrlMapNode(
        name=item.address,
        hops=tuple(hops),
        known_as=frozenset({item.address}),
        environment=graph.environment,
        published=not schemes & google.INTERNAL_SCHEMES,
        order=tuple(every),
    )


def _timeout_key(timeout: Setting[float] | None) -> float | str:
    """What tells the timeouts of two routes apart."""
    if timeout is None:
        return ""
    return timeout.value if isinstance(timeout, Known) else timeout.why


def _hop(graph: Graph, ways: list[_Way], apis: Collection[str]) -> GoogleBackendHop:
    item = ways[0].backend
    assert item is not None
    backend = _backend(graph, item, ways[0].timeout)
    return google.backend_hop(backend, [way.rule for way in ways], apis, **environment_of(graph))


def _speaks_http(graph: Graph, item: Item) -> bool:
    """Whether a backend service belongs to an Application Load Balancer, and not to one that passes bytes on.

    https://docs.cloud.google.com/load-balancing/docs/backend-service#backend_services
    """
    protocol, scheme = item.value("protocol"), item.value("load_balancing_scheme")
    if isinstance(protocol, str) and protocol not in google.HTTP_PROTOCOLS:
        return False
    if any(graph.referring(kind, name, item) for kind, name in _LEVEL_FOUR):
        return False
    is_regional = item.type == BACKENDS[1]
    return not is_regional or (item.get("load_balancing_scheme") is not None and scheme not in ("INTERNAL", "EXTERNAL"))


def _backend(graph: Graph, item: Item, of_route: Setting[float] | None) -> BackendService:
    timeout = of_route or argument_of(item, "timeout_sec", google.BACKEND_TIMEOUT, plain_number)
    if timeout.name == "timeout_sec" and item.get("timeout_sec") is None and (why := _untold_group(item)):
        timeout = Unknown(item.where, "timeout_sec", why, "write timeout_sec")
    affinity = argument_of(item, "session_affinity", "NONE", to_text)
    protocol = argument_of(item, "protocol", "HTTP", to_text)
    draining = argument_of(item, "connection_draining_timeout_sec", google.DRAINING, plain_number)
    given = item.get("load_balancing_scheme")
    scheme = None if given is None else argument_of(item, "load_balancing_scheme", CLASSIC, to_text)
    if item.silent:
        timeout, affinity = quiet(timeout, UNLIMITED), quiet(affinity, "GENERATED_COOKIE")
        protocol, draining = quiet(protocol, "HTTP"), quiet(draining, UNLIMITED)
        scheme = scheme and quiet(scheme, "INTERNAL_MANAGED")
    return BackendService(
        name=item.address,
        where=item.where,
        timeout=timeout,
        scheme=scheme,
        protocol=protocol,
        affinity=affinity,
        draining=draining,
        serverless=_is_serverless(graph, item),
        of_route=of_route is not None,
        regional=item.type == BACKENDS[1],
    )


def _untold_group(item: Item) -> str:
    """Why it is not known whether the default counts: what stands behind may be serverless; "" where that is told."""
    links = [link for block in item.inner("backend") for link in block.links.get("group", ())]
    untold = any(link.hole is not None and not link.address for link in links)
    if untold or isinstance(item.blocks.get("backend"), Unknown):
        return "its groups can't be told: before a serverless one no timeout of the backend service counts"
    return ""


def _is_serverless(graph: Graph, item: Item) -> bool:
    """Whether a backend service leads to Cloud Run and the like: then all of its groups do.

    https://docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts#limitations
    """
    return any(
        group.value("network_endpoint_type") in (None, "SERVERLESS")
        for block in item.inner("backend")
        for group in graph.follow(block, "group", GROUP)
    )


def _behind(graph: Graph, item: Item) -> dict[str, Any]:
    """What stands behind a backend service: services of Cloud Run by their addresses, else its groups; no other service
    is meant by a function or an App Engine application, which are not read."""
    found: list[str] = []
    for block in item.inner("backend"):
        groups = graph.follow(block, "group", GROUP)
        other = [kind for group in groups for kind in ("cloud_function", "app_engine") if group.blocks.get(kind)]
        if other:
            return {"reason": f"it leads to a {other[0].replace('_', ' ')}, which is not read"}
        services = [
            service.address
            for group in groups
            for run in group.inner("cloud_run")
            for kind in _CLOUD_RUN
            for service in graph.follow(run, "service", kind)
        ]
        found += services or [link.address for link in block.links.get("group", ()) if link.address]
    return {"references": tuple(dict.fromkeys(found)) or (f"the backends of {item.address}",)}


# URL maps


def _ways(graph: Graph, item: Item) -> Iterator[_Way]:
    """The rules of a URL map, those that are asked first first: hosts that are named before patterns, the default last.

    https://docs.cloud.google.com/load-balancing/docs/url-map-concepts
    """
    matchers = {matcher.value("name"): matcher for matcher in item.inner("path_matcher")}
    hosts = [
        (host, matchers[rule.value("path_matcher")])
        for rule in item.inner("host_rule")
        for host in _hosts(rule)
        if rule.value("path_matcher") in matchers
    ]
    for host, matcher in sorted(hosts, key=lambda pair: ("*" in pair[0], -len(pair[0]))):
        yield from _of_matcher(graph, matcher, "" if host == "*" else host)
    yield from _default(graph, item, "")


def _hosts(rule: Item) -> Iterator[str]:
    given = rule.value("hosts")
    yield from (host for host in given if isinstance(host, str)) if isinstance(given, list) else ()


def _of_matcher(graph: Graph, matcher: Item, host: str) -> Iterator[_Way]:
    named = [
        (path, rule)
        for rule in matcher.inner("path_rule")
        for path in rule.value("paths") or ()
        if isinstance(path, str)
    ]
    for path, rule in sorted(named, key=lambda pair: -len(pair[0])):
        kind: PathKind = "prefix" if path.endswith("/*") else "exact"
        plain = path.removesuffix("*") if kind == "prefix" else path
        yield from _follow(graph, rule, RouteRule(host, plain, kind, where=rule.where))
    for rule in sorted(matcher.inner("route_rules"), key=_priority):
        for shape in _matches(rule, host) or [RouteRule(host, where=rule.where)]:
            yield from _follow(graph, rule, shape)
    yield from _default(graph, matcher, host)


def _priority(rule: Item) -> float:
    value = rule.value("priority")
    return value if isinstance(value, int | float) else 0


_MATCHES: tuple[tuple[str, PathKind], ...] = (
    ("full_path_match", "exact"),
    ("prefix_match", "prefix"),
    ("regex_match", "regex"),
)


def _matches(rule: Item, host: str) -> list[RouteRule]:
    """One rule for each of the conditions of which one has to hold."""
    return [_match(block, host) for block in rule.inner("match_rules")]


def _match(block: Item, host: str) -> RouteRule:
    asked = [kind for kind in ("header_matches", "query_parameter_matches") if block.blocks.get(kind)]
    doubt = f"its {' and '.join(asked)}" if asked else ""
    for name, kind in _MATCHES:
        given = block.get(name)
        if isinstance(given, Unknown):
            return RouteRule(host, doubt=f"its {name}, which can't be told", where=block.where)
        if given is not None and isinstance(given.value, str):
            is_folded = kind != "regex" and block.value("ignore_case") is True
            return RouteRule(
                host, given.value, kind, doubt, where=block.where, ignore_case=is_folded, anchoring="unknown"
            )
    if block.get("path_template_match") is not None:
        doubt = "its path_template_match"
    return RouteRule(host, doubt=doubt, where=block.where)


def _default(graph: Graph, item: Item, host: str) -> Iterator[_Way]:
    yield from _follow(graph, item, RouteRule(host, where=item.where), "default_")


def _follow(graph: Graph, item: Item, rule: RouteRule, prefix: str = "") -> Iterator[_Way]:
    """Where a rule leads. prefix: that of the names of its arguments."""
    action = next(iter(item.inner(f"{prefix}route_action")), None)
    timeout = _route_timeout(action)
    if action is not None:
        rule = replace(rule, paths=_rewriting(action, rule))
    for redirect in item.inner(f"{prefix}url_redirect"):
        yield _Way(replace(rule, answer=_answer("a redirect", redirect.where)))
        return
    weighted = [
        (block, backend)
        for block in (action.inner("weighted_backend_services") if action is not None else ())
        if block.value("weight") != 0
        for backend in _services(graph, block, "backend_service")
    ]
    for block, backend in weighted:
        doubt = rule.doubt or ("the weights of its backend services" if len(weighted) > 1 else "")
        shared = replace(rule, doubt=doubt, where=block.where, **_behind(graph, backend))
        yield _Way(shared, backend, timeout)
    if weighted:
        return
    name = f"{prefix}service"
    links = item.links.get(name, ())
    backends = list(_services(graph, item, name))
    for backend in backends:
        yield _Way(replace(rule, **_behind(graph, backend)), backend, timeout)
    if links and not backends:
        bucket = any("backend_bucket" in link.address for link in links)
        answer = _answer("with files of a bucket", item.where) if bucket else None
        yield _Way(replace(rule, answer=answer, reason="" if bucket else "its backend service is defined elsewhere"))


def _services(graph: Graph, item: Item, name: str) -> Iterable[Item]:
    return [backend for kind in BACKENDS for backend in graph.follow(item, name, kind)]


def _route_timeout(action: Item | None) -> Setting[float] | None:
    """The timeout of a route, which goes before that of the backend service."""
    for block in action.inner("timeout") if action is not None else ():
        if block.get("seconds") is not None:
            found: Setting[float] = argument_of(block, "seconds", google.BACKEND_TIMEOUT, plain_number)
            return replace(found, name="timeout.seconds") if isinstance(found, Known) else found
    return None


_UNTOLD = PrefixMap("\0")
"""A rewriting that can't be told: no path begins so."""


def _rewriting(action: Item, rule: RouteRule) -> PathMap:
    for block in action.inner("url_rewrite"):
        after = block.value("path_prefix_rewrite")
        if isinstance(after, str):
            return PrefixMap(rule.path, after)
        if block.get("path_template_rewrite") is not None or block.get("path_prefix_rewrite") is not None:
            return _UNTOLD
    return SAME_PATH


def _answer(words: str, where: Location) -> Known[str]:
    return Known(words, where, "URL map", "explicit", words)
