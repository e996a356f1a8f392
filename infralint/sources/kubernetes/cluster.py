"""All manifests of a project together: nodes, the services behind them, and what is said of controllers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from infralint.model import Known, Node, Reading, Setting, Unknown, not_applicable
from infralint.platforms import f5_nginx, ingress_nginx, nginx
from infralint.platforms.haproxy_ingress import HAPROXY, HAPROXY_INGRESS
from infralint.platforms.routing import RoutedHop, RouteRule
from infralint.project import Project
from infralint.project.manifests import COMPLETE, KNATIVE, ROUTING, Manifest, Manifests
from infralint.sources.kubernetes.controllers import (
    ALB,
    AZURE,
    CONTOUR,
    F5,
    GKE,
    INGRESS_NGINX,
    ISTIO,
    KONG,
    TRAEFIK,
    Classes,
    IngressController,
)
from infralint.sources.kubernetes.ingresses import Addresses, Config, IngressNode, node_of, paths_of
from infralint.sources.kubernetes.workloads import Workloads, read_services, read_workloads
from infralint.text.display import HOLE

GATEWAYS = frozenset(ROUTING) - {"Ingress", "IngressClass", "IngressClassParams", "TargetGroupBinding"}
"""Kinds of gateways' routes, and of what is said of them: what reads these is imported where there are some."""
BALANCED = "LoadBalancer"
PROXIES = frozenset({CONTOUR, HAPROXY, HAPROXY_INGRESS, ISTIO, KONG})
"""Controllers that run another proxy than nginx."""
JUDGED = PROXIES | {INGRESS_NGINX, F5, ALB, GKE, AZURE, TRAEFIK, ""}


def fill(project: Project, manifests: Manifests, reading: Reading) -> None:
    """Add to a reading what the manifests say."""
    workloads = read_workloads(manifests)
    read_services(project, manifests, workloads, reading)
    addresses = Addresses(manifests.of("Service"))
    reading.nodes += (_with_grace(node, addresses, workloads) for node in _nodes(manifests, addresses, workloads))
    reading.unknown += _refused_snippets(manifests)
    reading.unknown += dict.fromkeys(_unknown_paths(manifests))
    classes = Classes(manifests.of("IngressClass"))
    served: dict[str, list[Manifest]] = {}
    for ingress in manifests.of("Ingress"):
        served.setdefault(classes.controller_of(ingress), []).append(ingress)
    for controller, ingresses in served.items():
        if controller not in JUDGED:
            reading.see(controller, *(project.show(ingress.path) for ingress in ingresses))
    if INGRESS_NGINX in served:
        reading.items.append(_retired_controller(served[INGRESS_NGINX]))


def _unknown_paths(manifests: Manifests) -> Iterator[Unknown]:
    """Paths of Ingresses that only those know who install a chart: which requests come there can't be told."""
    for ingress in manifests.of("Ingress"):
        for path in paths_of(ingress):
            if HOLE in path.path:
                why = f"`{path.path}` is only known when the chart is installed, and so is what comes here"
                yield Unknown(path.where, "path", why, COMPLETE)


def _retired_controller(ingresses: Sequence[Manifest]) -> IngressController:
    return IngressController(
        name=INGRESS_NGINX,
        where=ingresses[0].where,
        ingresses=len(ingresses),
        retired="March 2026",
        page=ingress_nginx.RETIREMENT,
        successor="a controller of the Gateway API, or F5's NGINX Ingress Controller (whose annotations and defaults differ)",
    )


def _nodes(manifests: Manifests, addresses: Addresses, workloads: Workloads) -> Iterator[Node]:
    """A node for each thing that hands requests on. What few projects have is imported where it is needed."""
    yield from _nodes_of_ingresses(manifests, addresses, workloads)
    if not GATEWAYS.isdisjoint(manifests.kinds):
        from infralint.sources.kubernetes.gateways import gateway_nodes

        yield from gateway_nodes(manifests, addresses)
    if manifests.of("TargetGroupBinding"):
        from infralint.sources.kubernetes.target_groups import binding_nodes

        yield from binding_nodes(manifests, addresses)
    if manifests.of(KNATIVE):
        from infralint.sources.kubernetes.knative import knative_nodes

        yield from knative_nodes(manifests)
    balanced = [service for service in manifests.of("Service") if service.root.text_of("spec", "type") == BALANCED]
    if balanced:
        from infralint.sources.kubernetes.balancers import service_balancers

        yield from service_balancers(balanced, workloads)
    for services in manifests.of("ConfigMap"):
        if "tcp-services" in services.name:
            yield _tcp_node(manifests, services)


def _nodes_of_ingresses(manifests: Manifests, addresses: Addresses, workloads: Workloads) -> Iterator[Node]:
    """A node for each controller of each environment."""
    classes = Classes(manifests.of("IngressClass"))
    groups: dict[tuple[str, str], list[Manifest]] = {}
    for ingress in manifests.of("Ingress"):
        groups.setdefault((classes.controller_of(ingress), ingress.environment), []).append(ingress)
    for (controller, environment), ingresses in groups.items():
        if controller == ALB:
            from infralint.sources.kubernetes.balancers import ingress_balancers

            yield from ingress_balancers(ingresses, _parameters(manifests), addresses, workloads)
            continue
        if controller == GKE:
            from infralint.sources.kubernetes.clouds import google_node

            yield google_node(environment, ingresses, manifests, addresses)
            continue
        if controller == AZURE:
            from infralint.sources.kubernetes.clouds import azure_node

            yield azure_node(environment, ingresses, addresses)
            continue
        if controller == TRAEFIK:
            from infralint.sources.kubernetes.traefik_routes import ingress_node

            yield ingress_node(environment, ingresses, manifests, addresses)
            continue
        config = _config(manifests, controller, environment)
        if controller in PROXIES:
            from infralint.sources.kubernetes.proxies import proxy_node

            yield proxy_node(controller, environment, ingresses, config, addresses)
            continue
        yield node_of(controller, environment, ingresses, config, addresses)


def _with_grace(node: Node, addresses: Addresses, workloads: Workloads) -> Node:
    """A node whose hops know how long the pods behind them may go on when they are replaced."""
    if isinstance(node, IngressNode):
        node.hops = tuple(replace(hop, grace=_grace(hop, addresses, workloads)) for hop in node.hops)
    return node


def _grace(hop: RoutedHop, addresses: Addresses, workloads: Workloads) -> Setting[float] | None:
    """The shortest time of the pods that a hop leads to."""
    found: list[Known[float]] = []
    for target in hop.pool.targets:
        name, _, namespace = target.host.partition(".")
        for service in addresses.services_named(name, namespace.partition(".")[0], hop.environment):
            grace = workloads.grace_behind(service)
            if isinstance(grace, Known):
                found.append(grace)
    return min(found, key=lambda grace: grace.value, default=None)


def _parameters(manifests: Manifests) -> dict[str, Manifest]:
    """What IngressClassParams say, by the class that names them."""
    known = {params.name: params for params in manifests.of("IngressClassParams")}
    named = ((found.name, found.root.text_of("spec", "parameters", "name")) for found in manifests.of("IngressClass"))
    return {name: known[params] for name, params in named if params in known}


def _config(manifests: Manifests, controller: str, environment: str) -> Config:
    """The ConfigMap of a controller."""
    for manifest in manifests.of("ConfigMap"):
        near = not environment or manifest.environment in ("", environment)
        if near and controller_configured_by(manifest) == controller and controller:
            return settings_in(manifest)
    return {}


def settings_in(manifest: Manifest) -> dict[str, Setting[str]]:
    """The entries of a ConfigMap."""
    data = manifest.root.get("data")
    if data is None:
        return {}
    settings = ((key, manifest.setting(data, key)) for key in data.members or ())
    return {key: setting for key, setting in settings if setting is not None}


_KEYS = frozenset(
    "proxy-read-timeout proxy-send-timeout proxy-stream-timeout proxy-connect-timeout proxy-buffering proxy-http-version"
    " use-forwarded-headers worker-shutdown-timeout proxy-real-ip-cidr use-proxy-protocol proxy-body-size use-gzip"
    " enable-brotli allow-snippet-annotations client-max-body-size lb-method location-snippets"
    " timeout-server timeout-tunnel cookie-persistence affinity".split()
)


def controller_configured_by(manifest: Manifest) -> str:
    """The controller that a ConfigMap sets up; "" for any other ConfigMap."""
    name, labels = manifest.name, manifest.labels
    if not _KEYS & manifest.root.members_of("data").keys():
        return ""
    called = labels.get("app.kubernetes.io/name", "")
    if called == "ingress-nginx" or "ingress-nginx" in name or manifest.namespace == "ingress-nginx":
        return INGRESS_NGINX
    if called == "nginx-ingress" or manifest.namespace == "nginx-ingress":
        return F5
    if "haproxy" in f"{name} {called} {manifest.namespace}":
        return HAPROXY_INGRESS if "haproxy-ingress" in (name, called) else HAPROXY
    return INGRESS_NGINX if name in ("nginx-configuration", "nginx-load-balancer-microk8s-conf") else ""


def _tcp_node(manifests: Manifests, services: Manifest) -> IngressNode:
    """The ports that ingress-nginx passes on as they are: https://kubernetes.github.io/ingress-nginx/user-guide/exposing-tcp-udp-services/"""
    config = _config(manifests, INGRESS_NGINX, services.environment)
    addresses = Addresses(manifests.of("Service"))
    data = services.root.get("data")
    hops = [_tcp_hop(services, port, config, addresses) for port in (data.members or {} if data is not None else ())]
    return IngressNode(
        name="ingress-nginx, TCP",
        hops=tuple(hops),
        environment=services.environment,
        published=True,
        files=frozenset({services.path}),
    )


def _tcp_hop(services: Manifest, port: str, config: Config, addresses: Addresses) -> RoutedHop:
    data = services.root.get("data")
    text = data.text_of(port) if data is not None else ""
    _, _, rest = text.partition("/")
    name, _, target = rest.partition(":")
    where = services.place_of_member(data, port) if data is not None else services.where
    settings = ingress_nginx.ControllerSettings({}, config, where)
    facts = nginx.Facts("stream", where, ingress_nginx.RUNS, settings)
    address = addresses.of(name, target.partition(":")[0], services)
    return ingress_nginx.IngressNginxRoute(
        name=f"TCP port {port}",
        where=where,
        facts=facts,
        buffers_responses=nginx.buffering_of(facts),
        clocks=nginx.clocks(facts),
        forwards_upgrade=Known("forwarded", where, "", "default"),
        keeps_affinity=Known("single", where, "", "default"),
        runtime=not_applicable("", where),
        upstream=name,
        scope=f"{services.environment} tcp {port}",
        environment=services.environment,
        rules=(RouteRule(targets=(address,) if address is not None else (), reason="" if address else "no Service"),),
    )


def _refused_snippets(manifests: Manifests) -> Iterator[Unknown]:
    """Snippets that nginx does not take."""
    classes = Classes(manifests.of("IngressClass"))
    for ingress in manifests.of("Ingress"):
        controller = classes.controller_of(ingress)
        annotations = ingress.annotations
        if controller == INGRESS_NGINX:
            lines = ingress_nginx.snippet_lines(annotations.get(f"{ingress_nginx.PREFIX}configuration-snippet"))
            found = ingress_nginx.duplicate(lines, ingress_nginx.GENERATED, ingress_nginx.ANNOTATIONS)
        else:
            lines = ingress_nginx.snippet_lines(annotations.get(f"{f5_nginx.PREFIX}location-snippets"))
            found = ingress_nginx.duplicate(lines, f5_nginx.WRITTEN, f5_nginx.ANNOTATIONS)
        if found is not None:
            yield found
