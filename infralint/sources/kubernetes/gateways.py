"""Gateways and their routes: the Gateway API, Istio, Contour, Traefik, OpenShift and GKE's load balancers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from infralint.model import SAME_PATH, Address, Known, Location, PathMap, PrefixMap, Setting, Unknown, not_applicable
from infralint.platforms.envoy import (
    CLASSES,
    CONTOUR,
    ISTIO,
    EnvoyRoute,
    GatewayProduct,
    passed_upgrade,
    request_clock,
    silence_clock,
)
from infralint.platforms.gateways import (
    GKE_TIMEOUT,
    OPENSHIFT_ANNOTATION,
    OPENSHIFT_TIMEOUT,
    OPENSHIFT_TUNNEL,
    OPENSHIFT_TUNNEL_ANNOTATION,
    GoogleIngress,
    OpenShiftRoute,
    gke_clocks,
    haproxy_time,
    openshift_clocks,
)
from infralint.platforms.routing import PathKind, RoutedHop, RouteRule, are_general, plain_path
from infralint.platforms.traefik import TraefikRoute, buffered_by, follow_chains, parse_rule
from infralint.project.manifests import Manifest, Manifests
from infralint.sources.kubernetes.ingresses import (
    Addresses,
    IngressNode,
    UnreadIngress,
    paths_of,
    places_of_annotations,
    unread_fields,
)
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlValue

GATEWAY_API = "gateway.networking.k8s.io"
ISTIO_API = "networking.istio.io"


def gateway_nodes(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """The nodes of all gateways whose routes are here."""
    yield from _gateway_api(manifests, addresses)
    yield from _istio(manifests, addresses)
    yield from _contour(manifests, addresses)
    yield from _traefik(manifests, addresses)
    yield from _openshift(manifests, addresses)


def _node(
    name: str, environment: str, objects: Iterable[Manifest], hops: Sequence[RoutedHop], **more: Any
) -> IngressNode:
    hosts = {host for hop in hops for host in hop.hosts if "*" not in host}
    return IngressNode(
        name=name,
        hops=tuple(hops),
        known_as=frozenset(hosts),
        environment=environment,
        published=True,
        files=frozenset(path for manifest in objects for path in manifest.files),
        **more,
    )


def _common(manifest: Manifest, rules: Sequence[RouteRule], every: Sequence[RouteRule], name: str) -> dict[str, Any]:
    """What hops of routes have in common. every: all rules beside these."""
    paths = [plain_path(rule) or "/" for rule in rules if rule.answer is None]
    targets = [target for rule in rules for target in rule.targets]
    return {
        "name": name,
        "where": manifest.where,
        "buffers_responses": not_applicable("never", manifest.where),
        "forwards_upgrade": passed_upgrade(manifest.where),
        "keeps_affinity": Known("single", manifest.where, "sessionPersistence", "default"),
        "runtime": not_applicable("", manifest.where),
        "hosts": tuple(dict.fromkeys(rule.host for rule in rules if rule.host)),
        "paths": tuple(dict.fromkeys(paths)),
        "upstream": targets[0].host.partition(".")[0] if targets else "",
        "scope": f"{manifest.environment} {manifest.kind} {manifest.namespace}/{manifest.name}",
        "environment": manifest.environment,
        "files": manifest.files,
        "rules": tuple(rules),
        "assumable": are_general(rules, every),
    }


# The Gateway API


def _gateway_api(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """https://gateway-api.sigs.k8s.io/reference/spec/"""
    gateways = [gateway for gateway in manifests.of("Gateway") if gateway.group == GATEWAY_API]
    controllers = {found.name: found.root.text_of("spec", "controllerName") for found in manifests.of("GatewayClass")}
    routes = [route for route in manifests.of("HTTPRoute", "GRPCRoute") if route.group == GATEWAY_API]
    groups: dict[tuple[str, str], list[Manifest]] = {}
    for route in routes:
        groups.setdefault((route.environment, _parent(route)), []).append(route)
    for (environment, parent), members in groups.items():
        gateway = next((found for found in gateways if found.name == parent and _is_near(found, environment)), None)
        named = gateway.root.text_of("spec", "gatewayClassName") if gateway is not None else ""
        product = CLASSES.get(controllers.get(named, "")) or CLASSES.get(named)
        rules = [
            (route, rule, list(_route_rules(route, rule, addresses))) for route in members for rule in _rules(route)
        ]
        every = [rule for _, _, found in rules for rule in found]
        hops = [
            _gateway_hop(route, rule, found, every, product, named, gateway, manifests) for route, rule, found in rules
        ]
        name = f"Gateway {parent}" if parent else "a gateway"
        yield _node(name, environment, members, hops)


def _or_nothing(items: Sequence[YamlValue]) -> Sequence[YamlValue | None]:
    """The items of a list, or one that asks for nothing where there are none."""
    return items or [None]


def _is_near(manifest: Manifest, environment: str) -> bool:
    return not manifest.environment or manifest.environment == environment or not environment


def _parent(route: Manifest) -> str:
    """The Gateway that a route is attached to, the first of them; "" for a route of a mesh."""
    for parent in route.root.items_of("spec", "parentRefs"):
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


def _route_rules(route: Manifest, rule: YamlValue, addresses: Addresses) -> Iterator[RouteRule]:
    """The matches of a rule, for each of its hosts."""
    targets, reason = _backends(route, rule, addresses)
    answer = _redirection(route, rule)
    hosts = [item.text or "" for item in route.root.items_of("spec", "hostnames")] or [""]
    for match in _or_nothing(rule.items_of("matches")):
        path = (match.text_of("path", "value") if match is not None else "") or "/"
        kind = _PATH_KINDS.get(match.text_of("path", "type") if match is not None else "", "segments")
        asked = [
            name for name in ("headers", "queryParams", "method") if match is not None and match.get(name) is not None
        ]
        doubt = f"it depends on the {', '.join(asked)} of the request" if asked and asked != ["method"] else ""
        if route.kind == "GRPCRoute":
            path, kind = "/", "segments"
        paths = _path_map(rule, path)
        where = route.place(rule if match is None else match)
        yield from (RouteRule(host, path, kind, doubt, targets, reason, paths, answer, where=where) for host in hosts)


def _backends(route: Manifest, rule: YamlValue, addresses: Addresses) -> tuple[tuple[Address, ...], str]:
    found = []
    for item in rule.items_of("backendRefs"):
        if item.text_of("kind") in ("", "Service") and item.text_of("weight") != "0":
            around = route
            address = addresses.of(item.text_of("name"), item.text_of("port"), around)
            if address is not None:
                found.append(address)
    return tuple(found), "" if found else "its backend is no Service"


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
    every: Sequence[RouteRule],
    product: GatewayProduct | None,
    named: str,
    gateway: Manifest | None,
    manifests: Manifests,
) -> RoutedHop:
    fields = _common(route, rules, every, f"{route.kind} {route.name}")
    if route.kind == "GRPCRoute":
        # Browsers open neither an event stream nor a WebSocket to it.
        fields["assumable"] = False
    timeouts = rule.get("timeouts")
    request = _shorter(route, timeouts)
    policies = list(_policies(manifests, route, gateway)) if product is not None else []
    if request is None:
        request = _first(policies, "BackendTrafficPolicy", "timeout", "http", "requestTimeout")
    silence = _first(policies, "ClientTrafficPolicy", "timeout", "http", "streamIdleTimeout")
    if product is None:
        return _of_unknown_product(route, fields, request, named)
    clocks = (
        request_clock(request, product, route.where, "timeouts.request"),
        *silence_clock(silence, product, route.where, "timeout.http.streamIdleTimeout"),
    )
    return EnvoyRoute(
        **fields,
        run_by=product.name,
        clocks=clocks,
        timeout=f"timeouts: {{ request: 0s }}  # in this rule of {route.kind} {route.name}",
        idle="streamIdleTimeout: {seconds}  # under timeout.http of a ClientTrafficPolicy of the Gateway",
    )


def _of_unknown_product(route: Manifest, fields: dict[str, Any], request: Setting[str] | None, named: str) -> RoutedHop:
    """A route of a gateway whose defaults are not known: what it says itself holds all the same."""
    if request is not None:
        nobody = GatewayProduct("this gateway", None, None, "")
        clock = request_clock(request, nobody, route.where, "timeouts.request")
        timeout = f"timeouts: {{ request: 0s }}  # in this rule of {route.kind} {route.name}"
        return EnvoyRoute(**fields, clocks=(clock,), timeout=timeout)
    why = (
        f"what gateways of the class `{named}` do to a stream is not known to infralint"
        if named
        else f"the Gateway of {route.kind} {route.name} is not here, so its defaults are not known"
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


def _policies(manifests: Manifests, route: Manifest, gateway: Manifest | None) -> Iterator[Manifest]:
    """Policies of Envoy Gateway for a route, then those for its Gateway."""
    policies = [
        found
        for found in manifests.of("BackendTrafficPolicy", "ClientTrafficPolicy")
        if found.group == "gateway.envoyproxy.io"
    ]
    for target in (route, gateway):
        for policy in policies if target is not None else ():
            spec = policy.root.get("spec")
            single = spec.get("targetRef") if spec is not None else None
            references = [
                *(spec.items_of("targetRefs") if spec is not None else ()),
                *([single] if single is not None else ()),
            ]
            if target is not None and any(
                ref.text_of("kind") == target.kind and ref.text_of("name") == target.name for ref in references
            ):
                yield policy


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
        every = [rule for _, _, found in rules for rule in found]
        hops = [_virtual_hop(service, route, found, every, manifests) for service, route, found in rules]
        yield _node("Istio's gateway", environment, members, hops, in_order=True)


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
    hosts = [item.text or "" for item in service.root.items_of("spec", "hosts")] or [""]
    answer = Known("301", service.place(route), "redirect") if route.get("redirect") is not None else None
    for match in _or_nothing(route.items_of("match")):
        path, kind = _uri(match)
        asked = (
            sorted(set(match.members or {}) - {"uri", "name", "ignoreUriCase", "method"}) if match is not None else []
        )
        doubt = f"it depends on the {', '.join(asked)} of the request" if asked else ""
        after = route.text_of("rewrite", "uri")
        paths = PrefixMap(path, after) if after and kind != "regex" else SAME_PATH
        for host in hosts:
            plain = "" if host == "*" else host
            where = service.place(route if match is None else match)
            yield RouteRule(plain, path, kind, doubt, tuple(targets), reason, paths, answer, where=where)


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
    service: Manifest, route: YamlValue, rules: Sequence[RouteRule], every: Sequence[RouteRule], manifests: Manifests
) -> RoutedHop:
    fields = _common(service, rules, every, f"VirtualService {service.name}")
    affinity = _consistent_hash(manifests, rules, service.where)
    clock = request_clock(service.setting(route, "timeout"), ISTIO, service.where, "timeout")
    return EnvoyRoute(
        **{**fields, "keeps_affinity": affinity},
        run_by=ISTIO.name,
        clocks=(clock,),
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
        every = [rule for _, _, listed in rules for rule in listed]
        hops = [_proxy_hop(proxy, route, listed, every) for proxy, route, listed in rules]
        if hops:
            yield _node("Contour", environment, proxies, hops)


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


def _proxy_hop(proxy: Manifest, route: YamlValue, rules: Sequence[RouteRule], every: Sequence[RouteRule]) -> RoutedHop:
    fields = _common(proxy, rules, every, f"HTTPProxy {proxy.name}")
    policy = route.get("timeoutPolicy")
    response = proxy.setting(policy, "response", "timeoutPolicy.response") if policy is not None else None
    idle = proxy.setting(policy, "idle", "timeoutPolicy.idle") if policy is not None else None
    if route.text_of("enableWebsockets") != "true":
        because = "the route does not say `enableWebsockets: true`, and Contour passes no Upgrade on without"
        fields["forwards_upgrade"] = Known("dropped", proxy.where, "enableWebsockets", "default", because=because)
    clocks = (
        request_clock(response, CONTOUR, proxy.where, "timeoutPolicy.response"),
        *silence_clock(idle, CONTOUR, proxy.where, "timeoutPolicy.idle"),
    )
    return EnvoyRoute(
        **fields,
        run_by=CONTOUR.name,
        clocks=clocks,
        timeout="timeoutPolicy: { response: infinity }",
        idle="timeoutPolicy: {{ response: infinity, idle: {seconds} }}",
    )


# Traefik


def _traefik(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """IngressRoutes: https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/"""
    middlewares = Middlewares(manifests.of("Middleware"))
    groups: dict[str, list[Manifest]] = {}
    for route in manifests.of("IngressRoute"):
        groups.setdefault(route.environment, []).append(route)
    for environment, members in groups.items():
        found = [(route, item) for route in members for item in route.root.items_of("spec", "routes")]
        rules = [(route, item, list(_traefik_rules(route, item, addresses))) for route, item in found]
        every = [rule for _, _, listed in rules for rule in listed]
        hops = [_traefik_hop(route, item, listed, every, middlewares) for route, item, listed in rules]
        yield _node("Traefik", environment, members, hops)


def _traefik_rules(route: Manifest, item: YamlValue, addresses: Addresses) -> Iterator[RouteRule]:
    """A rule for each host and path."""
    services = (
        addresses.of(service.text_of("name"), service.text_of("port"), route) for service in item.items_of("services")
    )
    targets = tuple(address for address in services if address is not None)
    reason = "" if targets else "it names no service"
    rule = parse_rule(item.text_of("match"))
    for host in rule.hosts:
        for path, kind in rule.paths:
            yield RouteRule(host, path, kind, rule.doubt, targets, reason, where=route.place(item))


class Middlewares:
    """Traefik's middlewares, as far as the manifests hold them.

    https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/middleware/
    """

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._by_name: dict[str, list[Manifest]] = {}
        for manifest in manifests:
            self._by_name.setdefault(manifest.name, []).append(manifest)

    def applied_to(self, route: Manifest, item: YamlValue) -> Iterator[Manifest]:
        """Those that a rule of a route names, with those of chains."""

        def chained_by(key: str) -> list[str]:
            middleware = self._find(key, route)
            chain = middleware.root.get("spec", "chain") if middleware is not None else None
            return _middleware_keys(chain, middleware.namespace) if chain is not None and middleware is not None else []

        for key in follow_chains(_middleware_keys(item, route.namespace), chained_by):
            middleware = self._find(key, route)
            if middleware is not None:
                yield middleware

    def _find(self, key: str, route: Manifest) -> Manifest | None:
        """The one of a namespace and a name; where nothing says in which namespace one is, it is the one of its name."""
        namespace, _, name = key.partition("/")
        near = [
            found
            for found in self._by_name.get(name, ())
            if found.environment in ("", route.environment) and (not found.namespace or found.namespace == namespace)
        ]
        alone = self._by_name.get(name, []) if not namespace else []
        return next(iter(near), alone[0] if len(alone) == 1 else None)


def _middleware_keys(owner: YamlValue, namespace: str) -> list[str]:
    """The middlewares that a rule or a chain names, each with its namespace: its owner's, unless it says another."""
    return [
        f"{used.text_of('namespace') or namespace}/{used.text_of('name')}" for used in owner.items_of("middlewares")
    ]


def _traefik_hop(
    route: Manifest,
    item: YamlValue,
    rules: Sequence[RouteRule],
    every: Sequence[RouteRule],
    middlewares: Middlewares,
) -> RoutedHop:
    fields = _common(route, rules, every, f"IngressRoute {route.name}")
    for middleware in middlewares.applied_to(route, item):
        spec = middleware.root.get("spec")
        if spec is not None and spec.get("buffering") is not None:
            fields["buffers_responses"] = buffered_by(
                middleware.place_of_member(spec, "buffering"), middleware.name, "buffering"
            )
    sticky = next(
        (service for service in item.items_of("services") if service.get("sticky", "cookie") is not None), None
    )
    if sticky is not None:
        fields["keeps_affinity"] = Known("client", route.place(sticky), "sticky", written="sticky: cookie")
    return TraefikRoute(**fields)


# OpenShift


def _openshift(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/network_apis/route-route-openshift-io-v1"""
    groups: dict[str, list[Manifest]] = {}
    for route in manifests.of("Route"):
        if route.group == "route.openshift.io":
            groups.setdefault(route.environment, []).append(route)
    for environment, routes in groups.items():
        rules = {id(route): _openshift_rule(route, addresses) for route in routes}
        hops = [_openshift_hop(route, rules[id(route)], list(rules.values())) for route in routes]
        yield _node("OpenShift's router", environment, routes, hops)


def _openshift_rule(route: Manifest, addresses: Addresses) -> RouteRule:
    spec = route.root.get("spec")
    port = route.root.text_of("spec", "port", "targetPort")
    name = route.root.text_of("spec", "to", "name")
    address = addresses.of(name, port, route) if spec is not None else None
    if address is not None and address.port is not None and port.isdecimal():
        # It names a port of the pods, not of the Service.
        address = Address(address.host)
    host, path = route.root.text_of("spec", "host"), route.root.text_of("spec", "path") or "/"
    targets, reason = ((address,), "") if address else ((), "it names no Service")
    return RouteRule(host, path, "segments", "", targets, reason, where=route.where)


def _openshift_hop(route: Manifest, rule: RouteRule, every: Sequence[RouteRule]) -> RoutedHop:
    fields = _common(route, [rule], every, f"Route {route.name}")
    annotations = route.annotations
    server: Setting[float] = Known(OPENSHIFT_TIMEOUT, route.where, OPENSHIFT_ANNOTATION, "default")
    tunnel: Setting[float] = Known(OPENSHIFT_TUNNEL, route.where, OPENSHIFT_TUNNEL_ANNOTATION, "default")
    if (written := annotations.get(OPENSHIFT_ANNOTATION)) is not None:
        server = haproxy_time(written)
    if (written := annotations.get(OPENSHIFT_TUNNEL_ANNOTATION)) is not None:
        tunnel = haproxy_time(written)
    literals, addition, indent = places_of_annotations(route)
    disabled = annotations.get("haproxy.router.openshift.io/disable_cookies")
    if not (isinstance(disabled, Known) and disabled.value == "true"):
        fields["keeps_affinity"] = Known(
            "client", route.where, "haproxy.router.openshift.io/disable_cookies", "default"
        )
    return OpenShiftRoute(
        **fields,
        clocks=openshift_clocks(server, tunnel),
        literals=literals,
        addition=addition,
        addition_indent=indent,
    )


# GKE

BACKEND_CONFIG = "cloud.google.com/backend-config"


def google_node(
    environment: str, ingresses: Sequence[Manifest], manifests: Manifests, addresses: Addresses
) -> IngressNode:
    """Ingresses that a load balancer of Google's serves."""
    paths = [path for ingress in ingresses for path in paths_of(ingress)]
    rules = []
    for path in paths:
        address = addresses.of(path.service, path.port, path.ingress)
        kind: PathKind = (
            "exact" if path.kind == "Exact" or (path.kind != "Prefix" and not path.path.endswith("*")) else "segments"
        )
        plain = path.path.rstrip("*") or "/"
        kind = "segments" if plain == "/" and path.kind != "Exact" else kind
        targets, reason = ((address,), "") if address else ((), "no Service")
        rules.append(RouteRule(path.host, plain, kind, "", targets, reason, where=path.where))
    hops = []
    for path, rule in zip(paths, rules, strict=True):
        fields = _common(path.ingress, [rule], rules, f"Ingress {path.ingress.name}")
        config = _backend_config(path.service, path.port, path.ingress, manifests, addresses)
        hops.append(GoogleIngress(**fields, clocks=gke_clocks(_backend_timeout(config, path.ingress.where))))
    return _node("Google's load balancer", environment, ingresses, hops)


def _backend_timeout(config: Manifest | None, where: Location) -> Setting[float]:
    spec = config.root.get("spec") if config is not None else None
    setting = config.setting(spec, "timeoutSec") if config is not None and spec is not None else None
    if setting is None:
        return Known(GKE_TIMEOUT, where, "timeoutSec", "default")
    if isinstance(setting, Unknown) or not setting.value.isdecimal():
        return (
            setting
            if isinstance(setting, Unknown)
            else Unknown(setting.where, "timeoutSec", f"`{setting.written}` is no number")
        )
    return setting.with_value(float(setting.value))


def _backend_config(
    name: str, port: str, ingress: Manifest, manifests: Manifests, addresses: Addresses
) -> Manifest | None:
    """The BackendConfig that a Service names for a port, or for all."""
    service = addresses.service(name, ingress)
    for key in (BACKEND_CONFIG, f"beta.{BACKEND_CONFIG}"):
        setting = service.annotations.get(key) if service is not None else None
        if isinstance(setting, Known):
            try:
                listed = msgspec.json.decode(setting.value)
            except msgspec.DecodeError:
                return None
            ports = listed.get("ports") if isinstance(listed, dict) else None
            chosen = (ports or {}).get(port) or (listed.get("default") if isinstance(listed, dict) else "")
            return next((found for found in manifests.of("BackendConfig") if found.name == chosen), None)
    return None
