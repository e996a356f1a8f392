"""Gateways that run Envoy, and their routes: the Gateway API, Istio and Contour."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from infralint.model import SAME_PATH, Address, Evidence, Hint, Known, Location, PathMap, PrefixMap, Setting
from infralint.platforms.envoy import (
    AI_GATEWAY,
    CLASSES,
    CONTOUR,
    ENVOY_GATEWAY,
    ISTIO,
    KGATEWAY,
    EnvoyRoute,
    GatewayProduct,
    request_clocks,
    silence_clock,
    try_clock,
)
from infralint.platforms.routing import Anchoring, PathKind, RoutedHop, RouteRule, few_hosts, whole_apis
from infralint.project.manifests import Manifest, Manifests, number_of
from infralint.sources.kubernetes.clouds import google_route, is_of_google, openshift_nodes, policy_targets
from infralint.sources.kubernetes.ingresses import (
    Addresses,
    IngressNode,
    UnreadIngress,
    unread_fields,
)
from infralint.sources.kubernetes.routes import common_fields, route_node
from infralint.sources.kubernetes.traefik_routes import traefik_nodes
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlValue

GATEWAY_API = "gateway.networking.k8s.io"
AI_GATEWAY_API = "aigateway.envoyproxy.io"
AI_ROUTE = "AIGatewayRoute"
"""A route to language models, by the model that a request's body names: https://aigateway.envoyproxy.io/docs/api/"""
MODEL_PATH = "/v1/chat/completions"
ISTIO_API = "networking.istio.io"


def gateway_nodes(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """The nodes of all gateways whose routes are here."""
    yield from _gateway_api(manifests, addresses)
    yield from _istio(manifests, addresses)
    yield from _contour(manifests, addresses)
    yield from traefik_nodes(manifests, addresses)
    yield from openshift_nodes(manifests, addresses)


# The Gateway API


def _gateway_api(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """https://gateway-api.sigs.k8s.io/reference/spec/"""
    gateways = [gateway for gateway in manifests.of("Gateway") if gateway.group == GATEWAY_API]
    controllers = {found.name: found.root.text_of("spec", "controllerName") for found in manifests.of("GatewayClass")}
    routes = [route for route in manifests.of("HTTPRoute", "GRPCRoute") if route.group == GATEWAY_API]
    routes += [route for route in manifests.of(AI_ROUTE) if route.group == AI_GATEWAY_API]
    groups: dict[tuple[str, str], list[Manifest]] = {}
    for route in routes:
        groups.setdefault((route.environment, _parent(route)), []).append(route)
    for (environment, parent), members in groups.items():
        gateway = next((found for found in gateways if found.name == parent and _is_near(found, environment)), None)
        named = gateway.root.text_of("spec", "gatewayClassName") if gateway is not None else ""
        product = CLASSES.get(controllers.get(named, "")) or CLASSES.get(named)
        anchoring: Anchoring = "whole" if product is not None else _anchoring(named, controllers.get(named, ""))
        rules = [
            (route, rule, list(_route_rules(route, rule, addresses, anchoring, manifests)))
            for route in members
            for rule in _rules(route)
        ]
        apis = whole_apis(rule for _, _, found in rules for rule in found)
        is_google = is_of_google(named, controllers.get(named, ""))
        hops = [
            google_route(route, named, found, apis, _backend_objects(rule), manifests)
            if is_google
            else _gateway_hop(route, rule, found, apis, product, named, gateway, manifests)
            for route, rule, found in rules
        ]
        name = f"Gateway {parent}" if parent else "a gateway"
        yield route_node(name, environment, members, hops)


def _or_nothing(items: Sequence[YamlValue]) -> Sequence[YamlValue | None]:
    """The items of a list, or one that asks for nothing where there are none."""
    return items or [None]


def _is_near(manifest: Manifest, environment: str) -> bool:
    return not manifest.environment or manifest.environment == environment or not environment


def _parent(route: Manifest) -> str:
    """The Gateway that a route is attached to, the first of them; "" for a route of a mesh."""
    for parent in route.root.items_of("spec", "parentRefs") or route.root.items_of("spec", "targetRefs"):
        if parent.text_of("kind") in ("", "Gateway"):
            return parent.text_of("name")
    return ""


def _rules(route: Manifest) -> list[YamlValue]:
    return route.root.items_of("spec", "rules")


_PATH_KINDS: Mapping[str, PathKind] = {
    "Exact": "exact",
    "PathPrefix": "segments",
    "RegularExpression": "regex",
    "": "segments",
}


_SEARCHING = frozenset(
    {"gateway.nginx.org/nginx-gateway-controller", "nginx", "traefik.io/gateway-controller", "traefik"}
)
"""`controllerName` of a GatewayClass, or its usual name, of gateways in which an expression may fit any part of a path."""


def _anchoring(named: str, controller: str) -> Anchoring:
    """What of a path an expression has to fit, which the Gateway API leaves to its implementations. Envoy wants all of it,
    nginx (`location ~`) and Traefik (`PathRegexp`) search; of others, Google's among them, that is not known.

    https://gateway-api.sigs.k8s.io/reference/spec/#pathmatchtype,
    https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-routematch,
    https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
    """
    return "anywhere" if (controller or named) in _SEARCHING else "unknown"


def _route_rules(
    route: Manifest, rule: YamlValue, addresses: Addresses, anchoring: Anchoring, manifests: Manifests
) -> Iterator[RouteRule]:
    """The matches of a rule, for each of its hosts. anchoring: what of a path an expression has to fit there."""
    if route.kind == AI_ROUTE:
        yield _model_rule(route, rule, manifests)
        return
    targets, reason = _backends(route, rule, addresses)
    answer = _redirection(route, rule)
    named = [item.text or "" for item in route.root.items_of("spec", "hostnames")] or [""]
    matches = _or_nothing(rule.items_of("matches"))
    hosts, which = few_hosts(named, len(matches) * len(_rules(route)), route.title)
    for match in matches:
        path = (match.text_of("path", "value") if match is not None else "") or "/"
        kind = _PATH_KINDS.get(match.text_of("path", "type") if match is not None else "", "segments")
        asked = [
            name for name in ("headers", "queryParams", "method") if match is not None and match.get(name) is not None
        ]
        doubt = f"it depends on the {', '.join(asked)} of the request" if asked and asked != ["method"] else which
        if route.kind == "GRPCRoute":
            path, kind = "/", "segments"
        paths = _path_map(rule, path)
        where = route.place(rule if match is None else match)
        yield from (
            RouteRule(host, path, kind, doubt, targets, reason, paths, answer, where=where, anchoring=anchoring)
            for host in hosts
        )


def _model_rule(route: Manifest, rule: YamlValue, manifests: Manifests) -> RouteRule:
    """A rule of a route to language models: which of several takes a request depends on the model that it asks for."""
    doubt = "it depends on the model that is asked for" if len(_rules(route)) > 1 else ""
    found = tuple(_model_backends(route, rule, manifests))
    return RouteRule(
        "", "/", "segments", doubt, found, "" if found else "its backend is not here", where=route.place(rule)
    )


def _model_backends(route: Manifest, rule: YamlValue, manifests: Manifests) -> Iterator[Address]:
    """The hosts of the Backends behind the AIServiceBackends of a rule."""
    names = {item.text_of("name") for item in rule.items_of("backendRefs")}
    services = [found for found in manifests.of("AIServiceBackend") if found.name in names and _is_beside(found, route)]
    backends = {found.root.text_of("spec", "backendRef", "name") for found in services}
    for backend in manifests.of("Backend"):
        if backend.name in backends and _is_beside(backend, route):
            for endpoint in backend.root.items_of("spec", "endpoints"):
                host, port = endpoint.text_of("fqdn", "hostname"), number_of(endpoint.get("fqdn", "port"))
                if host:
                    yield Address(host, port)


def _is_beside(manifest: Manifest, route: Manifest) -> bool:
    return manifest.namespace == route.namespace and _is_near(manifest, route.environment)


def _backends(route: Manifest, rule: YamlValue, addresses: Addresses) -> tuple[tuple[Address, ...], str]:
    found = []
    for item in rule.items_of("backendRefs"):
        if item.text_of("kind") in ("", "Service") and item.text_of("weight") != "0":
            around = route
            address = addresses.of(item.text_of("name"), item.text_of("port"), around)
            if address is not None:
                found.append(address)
    return tuple(found), "" if found else "its backend is no Service"


def _backend_objects(rule: YamlValue) -> set[tuple[str, str]]:
    """Kind and name of what a rule leads to: Services, and pools of the Inference Extension."""
    return {(item.text_of("kind") or "Service", item.text_of("name")) for item in rule.items_of("backendRefs")}


def _path_map(rule: YamlValue, path: str) -> PathMap:
    """`URLRewrite` of a path."""
    for item in rule.items_of("filters"):
        change = item.get("urlRewrite", "path")
        if change is not None and change.text_of("type") == "ReplacePrefixMatch":
            after = change.text_of("replacePrefixMatch")
            return PrefixMap(path.rstrip("/"), after.rstrip("/"))
        if change is not None and change.text_of("type") == "ReplaceFullPath":
            return PrefixMap(path, change.text_of("replaceFullPath"))
    return SAME_PATH


def _redirection(route: Manifest, rule: YamlValue) -> Known[str] | None:
    for item in rule.items_of("filters"):
        change = item.get("requestRedirect")
        if change is not None:
            code = change.text_of("statusCode") or "302"
            return Known(
                f"{code} {change.text_of('scheme') or change.text_of('hostname')}", route.place(item), "requestRedirect"
            )
    return None


def _gateway_hop(
    route: Manifest,
    rule: YamlValue,
    rules: Sequence[RouteRule],
    apis: Collection[str],
    product: GatewayProduct | None,
    named: str,
    gateway: Manifest | None,
    manifests: Manifests,
) -> RoutedHop:
    fields = common_fields(route, rules, apis, route.title)
    if route.kind == "GRPCRoute":
        # Browsers open neither an event stream nor a WebSocket to it.
        fields["assumable"] = False
    if route.kind == AI_ROUTE:
        product = AI_GATEWAY
        because = f"{route.where.path}:{route.where.line} is a route to language models ({AI_ROUTE})"
        fields["hints"] = (Hint("sse", Evidence("config", because, route.where), path=MODEL_PATH),)
    timeouts = rule.get("timeouts")
    request = _shorter(route, timeouts)
    policies = list(_policies(manifests, route, gateway, rule)) if product is not None else []
    if request is None:
        request = _first(policies, "BackendTrafficPolicy", "timeout", "http", "requestTimeout")
    if request is None:
        request = _first(policies, "TrafficPolicy", "timeouts", "request")
    silence = _first(policies, "ClientTrafficPolicy", "timeout", "http", "streamIdleTimeout")
    if silence is None:
        silence = _first(policies, "TrafficPolicy", "timeouts", "streamIdle")
    if product is None:
        return _of_unknown_product(route, fields, request, named)
    clocks = (
        *request_clocks(request, product, route.where, "timeouts.request"),
        *silence_clock(silence, product, route.where, "timeout.http.streamIdleTimeout"),
        *try_clock(_first(policies, "BackendTrafficPolicy", "retry", "perRetry", "timeout")),
    )
    return EnvoyRoute(
        **fields,
        run_by=product.name,
        clocks=clocks,
        timeout=f"timeouts: {{ request: 0s }}  # in this rule of {route.title}",
        idle=_IDLE.get(product.name, ""),
    )


_IDLE = {
    ENVOY_GATEWAY.name: "streamIdleTimeout: {seconds}  # under timeout.http of a ClientTrafficPolicy of the Gateway",
    KGATEWAY.name: "streamIdle: {seconds}  # under timeouts of a TrafficPolicy for the route",
}


def _of_unknown_product(route: Manifest, fields: dict[str, Any], request: Setting[str] | None, named: str) -> RoutedHop:
    """A route of a gateway whose defaults are not known: what it says itself holds all the same."""
    if request is not None:
        nobody = GatewayProduct("this gateway", None, None, "")
        clocks = request_clocks(request, nobody, route.where, "timeouts.request")
        timeout = f"timeouts: {{ request: 0s }}  # in this rule of {route.title}"
        return EnvoyRoute(**fields, clocks=clocks, timeout=timeout)
    why = (
        f"what gateways of the class `{named}` do to a stream is not known to infralint"
        if named
        else f"the Gateway of {route.title} is not here, so its defaults are not known"
    )
    unread = unread_fields(route, (why, "set `timeouts.request` in its rules, so that no default decides"))
    return UnreadIngress(**{**fields, **unread, "assumable": False})


def _shorter(route: Manifest, timeouts: YamlValue | None) -> Setting[str] | None:
    """The timeout of a rule that runs out first: of the whole request, or of one towards the backend."""
    if timeouts is None:
        return None
    found = [route.setting(timeouts, name, f"timeouts.{name}") for name in ("request", "backendRequest")]
    known = [setting for setting in found if setting is not None]
    limits = [
        setting
        for setting in known
        if not (isinstance(setting, Known) and re.fullmatch(r"0+(?:s|ms|m|h)?", setting.value))
    ]
    return (limits or known)[-1] if known else None


_POLICY_GROUPS = frozenset({"gateway.envoyproxy.io", "gateway.kgateway.dev"})


def _policies(manifests: Manifests, route: Manifest, gateway: Manifest | None, rule: YamlValue) -> Iterator[Manifest]:
    """Policies of Envoy Gateway and kgateway for a route, then those for its Gateway."""
    policies = [
        found
        for found in manifests.of("BackendTrafficPolicy", "ClientTrafficPolicy", "TrafficPolicy")
        if found.group in _POLICY_GROUPS
    ]
    for target in (route, gateway):
        for policy in policies if target is not None else ():
            if target is not None and any(_is_aimed(ref, target, rule) for ref in policy_targets(policy)):
                yield policy


def _is_aimed(reference: YamlValue, target: Manifest, rule: YamlValue) -> bool:
    """Whether a policy's reference names an object, or this rule of it."""
    section = reference.text_of("sectionName")
    named = reference.text_of("kind") == target.kind and reference.text_of("name") == target.name
    return named and (not section or target.kind == "Gateway" or section == rule.text_of("name"))


def _first(policies: Sequence[Manifest], kind: str, *path: str) -> Setting[str] | None:
    for policy in policies:
        holder = policy.root.get("spec", *path[:-1]) if policy.kind == kind else None
        setting = policy.setting(holder, path[-1], ".".join(path)) if holder is not None else None
        if setting is not None:
            return setting
    return None


# Istio


def _istio(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """VirtualServices of gateways: https://istio.io/latest/docs/reference/config/networking/virtual-service/"""
    services = [found for found in manifests.of("VirtualService") if found.group == ISTIO_API]
    groups: dict[str, list[Manifest]] = {}
    for service in services:
        gateways = [item.text or "" for item in service.root.items_of("spec", "gateways")]
        if any(name != "mesh" for name in gateways):
            groups.setdefault(service.environment, []).append(service)
    for environment, members in groups.items():
        routes = [(service, route) for service in members for route in service.root.items_of("spec", "http")]
        rules = [(service, route, list(_virtual_rules(service, route, addresses))) for service, route in routes]
        apis = whole_apis(rule for _, _, found in rules for rule in found)
        hops = [_virtual_hop(service, route, found, apis, manifests) for service, route, found in rules]
        yield route_node("Istio's gateway", environment, members, hops, in_order=True)


def _virtual_rules(service: Manifest, route: YamlValue, addresses: Addresses) -> Iterator[RouteRule]:
    targets, reason = [], ""
    for item in route.items_of("route"):
        host, port = item.text_of("destination", "host"), item.text_of("destination", "port", "number")
        if host and item.text_of("weight") != "0":
            targets.append(
                Address(host, whole_number(port) if port.isdecimal() else _only_port(host, service, addresses))
            )
    if not targets:
        reason = "it names no destination"
    named = [item.text or "" for item in service.root.items_of("spec", "hosts")] or [""]
    matches = _or_nothing(route.items_of("match"))
    hosts, which = few_hosts(named, len(matches) * len(service.root.items_of("spec", "http")), service.title)
    answer = Known("301", service.place(route), "redirect") if route.get("redirect") is not None else None
    for match in matches:
        path, kind = _uri(match)
        asked = (
            sorted(set(match.members or {}) - {"uri", "name", "ignoreUriCase", "method"}) if match is not None else []
        )
        doubt = f"it depends on the {', '.join(asked)} of the request" if asked else which
        after = route.text_of("rewrite", "uri")
        paths = PrefixMap(path, after) if after and kind != "regex" else SAME_PATH
        for host in hosts:
            plain = "" if host == "*" else host
            where = service.place(route if match is None else match)
            yield RouteRule(
                plain, path, kind, doubt, tuple(targets), reason, paths, answer, where=where, anchoring="whole"
            )


def _only_port(host: str, around: Manifest, addresses: Addresses) -> int | None:
    service = addresses.service(host.partition(".")[0], around)
    ports = [item.text_of("port") for item in service.root.items_of("spec", "ports")] if service is not None else []
    return whole_number(ports[0]) if len(ports) == 1 and ports[0].isdecimal() else None


def _uri(match: YamlValue | None) -> tuple[str, PathKind]:
    kinds: Mapping[str, PathKind] = {"exact": "exact", "prefix": "prefix", "regex": "regex"}
    for name, kind in kinds.items():
        text = match.text_of("uri", name) if match is not None else ""
        if text:
            return text, kind
    return "/", "prefix"


def _virtual_hop(
    service: Manifest, route: YamlValue, rules: Sequence[RouteRule], apis: Collection[str], manifests: Manifests
) -> RoutedHop:
    fields = common_fields(service, rules, apis, f"VirtualService {service.name}")
    affinity = _consistent_hash(manifests, rules, service.where)
    retries = route.get("retries")
    clocks = (
        *request_clocks(service.setting(route, "timeout"), ISTIO, service.where, "timeout"),
        *try_clock(service.setting(retries, "perTryTimeout", "perTryTimeout") if retries is not None else None),
    )
    return EnvoyRoute(
        **{**fields, "keeps_affinity": affinity},
        run_by=ISTIO.name,
        clocks=clocks,
        timeout="timeout: 0s  # on this route, or no timeout at all",
    )


def _consistent_hash(manifests: Manifests, rules: Sequence[RouteRule], where: Location) -> Setting[Any]:
    """`consistentHash` of a DestinationRule: https://istio.io/latest/docs/reference/config/networking/destination-rule/"""
    hosts = {target.host for rule in rules for target in rule.targets}
    for rule in manifests.of("DestinationRule"):
        if rule.root.text_of("spec", "host") in hosts or rule.root.text_of("spec", "host").partition(".")[0] in hosts:
            hashed = rule.root.get("spec", "trafficPolicy", "loadBalancer", "consistentHash")
            for key in (hashed.members or {}) if hashed is not None else ():
                place = rule.place_of_member(hashed, key) if hashed is not None else rule.where
                kept = "address" if key == "useSourceIp" else "client"
                return Known(kept, place, "consistentHash", written=f"consistentHash: {key}")
    return Known("single", where, "consistentHash", "default")


# Contour


def _contour(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """HTTPProxies: https://projectcontour.io/docs/main/config/request-routing/"""
    groups: dict[str, list[Manifest]] = {}
    for proxy in manifests.of("HTTPProxy"):
        groups.setdefault(proxy.environment, []).append(proxy)
    for environment, proxies in groups.items():
        found = [(proxy, route) for proxy in proxies for route in proxy.root.items_of("spec", "routes")]
        rules = [(proxy, route, list(_proxy_rules(proxy, route, addresses))) for proxy, route in found]
        apis = whole_apis(rule for _, _, listed in rules for rule in listed)
        hops = [_proxy_hop(proxy, route, listed, apis) for proxy, route, listed in rules]
        if hops:
            yield route_node("Contour", environment, proxies, hops)


def _proxy_rules(proxy: Manifest, route: YamlValue, addresses: Addresses) -> Iterator[RouteRule]:
    host = proxy.root.text_of("spec", "virtualhost", "fqdn")
    found = (addresses.of(item.text_of("name"), item.text_of("port"), proxy) for item in route.items_of("services"))
    targets = tuple(address for address in found if address is not None)
    doubt = "" if host else "the HTTPProxy that includes it says for which host and path"
    for condition in _or_nothing(route.items_of("conditions")):
        exact = condition.text_of("exact") if condition is not None else ""
        path = exact or (condition.text_of("prefix") if condition is not None else "") or "/"
        kind: PathKind = "exact" if exact else "prefix"
        reason, where = "" if targets else "it names no service", proxy.place(route if condition is None else condition)
        yield RouteRule(host, path, kind, doubt, targets, reason, where=where)


def _proxy_hop(proxy: Manifest, route: YamlValue, rules: Sequence[RouteRule], apis: Collection[str]) -> RoutedHop:
    fields = common_fields(proxy, rules, apis, f"HTTPProxy {proxy.name}")
    policy, retry = route.get("timeoutPolicy"), route.get("retryPolicy")
    response = proxy.setting(policy, "response", "timeoutPolicy.response") if policy is not None else None
    idle = proxy.setting(policy, "idle", "timeoutPolicy.idle") if policy is not None else None
    if route.text_of("enableWebsockets") != "true":
        because = "the route does not say `enableWebsockets: true`, and Contour passes no Upgrade on without"
        fields["forwards_upgrade"] = Known("dropped", proxy.where, "enableWebsockets", "default", because=because)
    clocks = (
        *request_clocks(response, CONTOUR, proxy.where, "timeoutPolicy.response"),
        *silence_clock(idle, CONTOUR, proxy.where, "timeoutPolicy.idle"),
        *try_clock(proxy.setting(retry, "perTryTimeout", "retryPolicy.perTryTimeout") if retry is not None else None),
    )
    return EnvoyRoute(
        **fields,
        run_by=CONTOUR.name,
        clocks=clocks,
        timeout="timeoutPolicy: { response: infinity }",
        idle="timeoutPolicy: {{ response: infinity, idle: {seconds} }}",
    )
