"""Routers that a cloud or a distribution brings along: GKE's load balancers, Azure's Application Gateway, OpenShift."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from infralint.model import SAME_PATH, Address, Affinity, Known, Location, PathMap, PrefixMap, Related, Setting, Unknown
from infralint.platforms.application_gateway import (
    AFFINITY,
    BACKEND_PREFIX,
    REQUEST_TIMEOUT,
    ApplicationGatewayIngress,
    gateway_buffering,
    request_clocks,
    request_timeout,
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
from infralint.platforms.routing import PathKind, RoutedHop, RouteRule, whole_apis
from infralint.project.manifests import Manifest, Manifests
from infralint.sources.kubernetes.controllers import GKE, class_of, overlooked_timeout
from infralint.sources.kubernetes.ingresses import Addresses, IngressNode, IngressPath, paths_of, places_of_annotations
from infralint.sources.kubernetes.routes import common_fields, route_node
from infralint.text.yaml_places import YamlValue

# Paths that end in a star


def _starred_rule(path: IngressPath, addresses: Addresses, paths: PathMap = SAME_PATH) -> RouteRule:
    """A path whose star, and nothing else, takes what lies below it, unless its pathType says Prefix."""
    address = addresses.of(path.service, path.port, path.ingress)
    plain = path.path.rstrip("*") or "/"
    is_exact = path.kind == "Exact" or (path.kind != "Prefix" and not path.path.endswith("*") and plain != "/")
    kind: PathKind = "exact" if is_exact else "segments"
    targets, reason = ((address,), "") if address is not None else ((), "no Service")
    return RouteRule(path.host, plain, kind, "", targets, reason, paths, where=path.where)


# GKE

BACKEND_CONFIG = "cloud.google.com/backend-config"


def google_node(
    environment: str, ingresses: Sequence[Manifest], manifests: Manifests, addresses: Addresses
) -> IngressNode:
    """Ingresses that a load balancer of Google's serves."""
    paths = [path for ingress in ingresses for path in paths_of(ingress)]
    rules = [_starred_rule(path, addresses) for path in paths]
    apis = whole_apis(rules)
    hops = []
    for path, rule in zip(paths, rules, strict=True):
        fields = common_fields(path.ingress, [rule], apis, path.ingress.title)
        config = _backend_config(path.service, path.port, path.ingress, manifests, addresses)
        spec = config.root.get("spec") if isinstance(config, Manifest) else None
        stray = _config_annotation(path.ingress) if config is None else None
        without_effect = tuple(_list_without_effect(stray, overlooked_timeout(path.ingress.annotations, GKE)))
        named = class_of(path.ingress)
        fields |= _google_settings(config, spec, "affinityType", path.ingress.where, named, without_effect)
        hops.append(GoogleIngress(**fields, stray=stray, service=path.service))
    return route_node("Google's load balancer", environment, ingresses, hops)


def is_of_google(gateway_class: str, controller: str) -> bool:
    """Whether a load balancer of Google's serves a Gateway.

    https://cloud.google.com/kubernetes-engine/docs/concepts/gateway-api#gatewayclass
    """
    return controller == "networking.gke.io/gateway" or gateway_class.startswith("gke-l7-")


def google_route(
    route: Manifest,
    named: str,
    rules: Sequence[RouteRule],
    apis: Collection[str],
    backends: Collection[tuple[str, str]],
    manifests: Manifests,
) -> GoogleIngress:
    """A rule of a Gateway's route, with the GCPBackendPolicy of what it leads to. named: the Gateway's class; backends: kinds
    and names of that.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_timeout
    """
    fields = common_fields(route, rules, apis, route.title)
    policies = manifests.of("GCPBackendPolicy")
    policy = next((found for found in policies if _is_for(found, backends, route)), None)
    spec = policy.root.get("spec", "default") if policy is not None else None
    return GoogleIngress(
        **fields | _google_settings(policy, spec, "type", route.where, named), policy="GCPBackendPolicy"
    )


def _is_for(policy: Manifest, backends: Collection[tuple[str, str]], route: Manifest) -> bool:
    near = policy.namespace == route.namespace and policy.environment in ("", route.environment)
    return near and any(
        (target.text_of("kind"), target.text_of("name")) in backends for target in policy_targets(policy)
    )


def policy_targets(policy: Manifest) -> list[YamlValue]:
    """What a policy of the Gateway API is attached to."""
    single = policy.root.get("spec", "targetRef")
    return [*policy.root.items_of("spec", "targetRefs"), *([single] if single is not None else [])]


_AFFINITIES: Mapping[str, Affinity] = {"GENERATED_COOKIE": "client", "HTTP_COOKIE": "client", "CLIENT_IP": "address"}


def _google_settings(
    policy: Manifest | Unknown | None,
    spec: YamlValue | None,
    kind: str,
    where: Location,
    named: str,
    without_effect: tuple[Related, ...] = (),
) -> dict[str, Any]:
    """What a BackendConfig or a GCPBackendPolicy sets. kind: what it calls the type of its session affinity; named: the class
    that is served; without_effect: what is written where GKE does not heed it."""
    if isinstance(policy, Unknown):
        return {"clocks": gke_clocks(policy, named), "keeps_affinity": policy}
    timeout = _backend_timeout(policy, spec, where)
    if isinstance(timeout, Known) and timeout.origin == "default":
        timeout = replace(timeout, related=without_effect)
    fields: dict[str, Any] = {"clocks": gke_clocks(timeout, named)}
    sticky = spec.get("sessionAffinity") if spec is not None else None
    kept = policy.setting(sticky, kind) if policy is not None and sticky is not None else None
    if isinstance(kept, Known) and kept.value in _AFFINITIES:
        fields["keeps_affinity"] = kept.with_value(_AFFINITIES[kept.value])
    return fields


def _list_without_effect(stray: Known[str] | None, foreign: Known[str] | None) -> Iterator[Related]:
    """stray: what names a BackendConfig on an Ingress; foreign: a timeout that other controllers read."""
    if stray is not None:
        yield Related(f"GKE looks for {BACKEND_CONFIG} on the Service, and not here on the Ingress", stray.where)
    if foreign is not None:
        yield Related("another controller's annotation, which GKE does not read", foreign.where)


def _backend_timeout(config: Manifest | None, spec: YamlValue | None, where: Location) -> Setting[float]:
    setting = config.setting(spec, "timeoutSec") if config is not None and spec is not None else None
    if setting is None:
        return Known(GKE_TIMEOUT, where, "timeoutSec", "default")
    if isinstance(setting, Unknown) or not (setting.value.isascii() and setting.value.isdecimal()):
        return (
            setting
            if isinstance(setting, Unknown)
            else Unknown(setting.where, "timeoutSec", f"`{setting.written}` is no number")
        )
    return setting.with_value(float(setting.value))


def _backend_config(
    name: str, port: str, ingress: Manifest, manifests: Manifests, addresses: Addresses
) -> Manifest | Unknown | None:
    """The BackendConfig that a Service names for a port, by its name or its number, or for all; unknown where it is not here.

    https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration#associating_backendconfig_with_your_ingress
    """
    service = addresses.service(name, ingress)
    annotation = _config_annotation(service) if service is not None else None
    if service is None or annotation is None:
        return None
    try:
        listed = msgspec.json.decode(annotation.value, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    callings = [port]
    for item in service.root.items_of("spec", "ports"):
        name_and_number = [item.text_of("name"), item.text_of("port")]
        if port in name_and_number:
            callings += name_and_number
    of_ports = listed.get("ports")
    named = (of_ports.get(calling) for calling in callings) if isinstance(of_ports, dict) else ()
    chosen = next((found for found in named if found), listed.get("default"))
    if chosen is None:
        return None
    why = f"the Service {name} names the BackendConfig `{chosen}`, which is not in the project"
    unseen = Unknown(annotation.where, "timeoutSec", why, "check it together with the folder that holds it")
    return next((found for found in manifests.of("BackendConfig") if found.name == chosen), unseen)


def _config_annotation(owner: Manifest) -> Known[str] | None:
    """What names BackendConfigs on an object: on a Service, or where GKE does not look for it, on an Ingress."""
    found = (owner.annotations.get(key) for key in (BACKEND_CONFIG, f"beta.{BACKEND_CONFIG}"))
    return next((setting for setting in found if isinstance(setting, Known)), None)


# Azure


def azure_node(environment: str, ingresses: Sequence[Manifest], addresses: Addresses) -> IngressNode:
    """Ingresses that an Application Gateway serves."""
    paths = [path for ingress in ingresses for path in paths_of(ingress)]
    rules = [_starred_rule(path, addresses, _backend_path(path)) for path in paths]
    apis = whole_apis(rules)
    hops = []
    for path, rule in zip(paths, rules, strict=True):
        ingress = path.ingress
        fields = common_fields(ingress, [rule], apis, ingress.title)
        kept = ingress.annotations.get(AFFINITY)
        if isinstance(kept, Known) and kept.value == "true":
            fields["keeps_affinity"] = kept.with_value("client")
        literals, addition, indent = places_of_annotations(ingress)
        limit = request_timeout(ingress.annotations.get(REQUEST_TIMEOUT), ingress.where)
        fields |= {"clocks": request_clocks(limit), "buffers_responses": gateway_buffering(ingress.where)}
        fields |= {"literals": literals, "addition": addition, "addition_indent": indent}
        hops.append(ApplicationGatewayIngress(**fields))
    return route_node("Azure's Application Gateway", environment, ingresses, hops)


def _backend_path(path: IngressPath) -> PathMap:
    """What takes the place of the path that is asked for."""
    prefix = path.ingress.root.text_of("metadata", "annotations", BACKEND_PREFIX)
    return PrefixMap(path.path.rstrip("*").rstrip("/"), prefix.rstrip("/")) if prefix else SAME_PATH


# OpenShift


def openshift_nodes(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/network_apis/route-route-openshift-io-v1"""
    groups: dict[str, list[Manifest]] = {}
    for route in manifests.of("Route"):
        if route.group == "route.openshift.io":
            groups.setdefault(route.environment, []).append(route)
    for environment, routes in groups.items():
        rules = {id(route): _openshift_rule(route, addresses) for route in routes}
        apis = whole_apis(rules.values())
        hops = [_openshift_hop(route, rules[id(route)], apis) for route in routes]
        yield route_node("OpenShift's router", environment, routes, hops)


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


def _openshift_hop(route: Manifest, rule: RouteRule, apis: Collection[str]) -> RoutedHop:
    fields = common_fields(route, [rule], apis, f"Route {route.name}")
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
