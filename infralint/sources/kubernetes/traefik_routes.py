"""Traefik: its IngressRoutes, the Ingresses that it serves, and what its own pods say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from infralint.model import Address, Clock, Known, Setting
from infralint.platforms.routing import PathKind, RoutedHop, RouteRule, whole_apis
from infralint.platforms.traefik import (
    ARGUMENT,
    CompressMiddleware,
    TraefikRoute,
    Version,
    argument_clocks,
    buffered_by,
    follow_chains,
    header_clock,
    parse_rule,
    refused_rule,
    timeout,
    version_of,
)
from infralint.project.manifests import Manifest, Manifests
from infralint.sources.kubernetes.ingresses import Addresses, IngressNode, paths_of
from infralint.sources.kubernetes.routes import common_fields, route_node
from infralint.sources.kubernetes.workloads import WORKLOADS
from infralint.text.yaml_places import YamlValue

PREFIX = "traefik.ingress.kubernetes.io/"
_CRD = "@kubernetescrd"


class TraefikObjects:
    """What else the manifests say of Traefik: middlewares, transports, and the pods that run it.

    https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/middleware/
    """

    def __init__(self, manifests: Manifests) -> None:
        self._middlewares = _by_name(manifests.of("Middleware"))
        self._transports = _by_name(manifests.of("ServersTransport"))
        containers = [
            (workload, container)
            for workload in manifests.of(*WORKLOADS)
            for container in workload.root.items_of("spec", "template", "spec", "containers")
            if _is_traefik(container.text_of("image"))
        ]
        versions = {version_of(container.text_of("image")) for _, container in containers}
        self.version: Version = versions.pop() if len(versions) == 1 else ()
        self._arguments = list(_arguments(containers))

    def effects_of(self, named: Sequence[str], around: Manifest) -> dict[str, Any]:
        """What the middlewares of these names (`namespace/name`), with those of chains, do to answers."""

        def chained_by(key: str) -> list[str]:
            middleware = _find(self._middlewares, key, around)
            chain = middleware.root.get("spec", "chain") if middleware is not None else None
            return _keys(chain, middleware.namespace) if chain is not None and middleware is not None else []

        fields: dict[str, Any] = {}
        for key in follow_chains(named, chained_by):
            middleware = _find(self._middlewares, key, around)
            spec = middleware.root.get("spec") if middleware is not None else None
            if middleware is None or spec is None:
                continue
            if spec.get("buffering") is not None:
                place = middleware.place_of_member(spec, "buffering")
                fields["buffers_responses"] = buffered_by(place, middleware.name, "buffering")
            if spec.get("compress") is not None:
                fields["compress"] = self._compress(middleware, spec)
        return fields

    def _compress(self, middleware: Manifest, spec: YamlValue) -> CompressMiddleware:
        return CompressMiddleware(
            name=middleware.name,
            where=middleware.place_of_member(spec, "compress"),
            written="compress",
            excluded=_types(spec, "excludedContentTypes"),
            included=_types(spec, "includedContentTypes"),
            version=self.version,
        )

    def clocks(self, transports: Iterable[str], around: Manifest) -> tuple[Clock, ...]:
        """What limits answers: Traefik's own arguments, of which a ServersTransport takes the place of some. transports:
        their names, "" for the one that is always there."""
        names = set(transports)
        named = (clock for name in names - {""} for clock in self._transport_clocks(name, around))
        return (*argument_clocks(self._arguments, not names or "" in names), *named)

    def _transport_clocks(self, name: str, around: Manifest) -> Iterator[Clock]:
        transport = _find(self._transports, f"{around.namespace}/{name}", around)
        timeouts = transport.root.get("spec", "forwardingTimeouts") if transport is not None else None
        written = transport.setting(timeouts, "responseHeaderTimeout") if transport and timeouts is not None else None
        if written is not None:
            yield header_clock(timeout(written))


def _is_traefik(image: str) -> bool:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0] == "traefik"


def _arguments(containers: Iterable[tuple[Manifest, YamlValue]]) -> Iterator[Known[str]]:
    """The arguments of Traefik's containers, each by its name in small letters."""
    for workload, container in containers:
        for item in (*container.items_of("command"), *container.items_of("args")):
            found = ARGUMENT.fullmatch(item.text or "")
            if found is not None:
                yield Known(found[2], workload.place(item), found[1].lower(), written=item.text or "")


def _by_name(manifests: Iterable[Manifest]) -> Mapping[str, list[Manifest]]:
    found: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        found.setdefault(manifest.name, []).append(manifest)
    return found


def _find(by_name: Mapping[str, Sequence[Manifest]], key: str, around: Manifest) -> Manifest | None:
    """The one of a namespace and a name; where nothing says in which namespace one is, it is the one of its name."""
    namespace, _, name = key.partition("/")
    near = [
        found
        for found in by_name.get(name, ())
        if found.environment in ("", around.environment) and (not found.namespace or found.namespace == namespace)
    ]
    alone = by_name.get(name, []) if not namespace else []
    return next(iter(near), alone[0] if len(alone) == 1 else None)


def _keys(owner: YamlValue, namespace: str) -> list[str]:
    """The middlewares that a rule or a chain names, each with its namespace: its owner's, unless it says another."""
    return [
        f"{used.text_of('namespace') or namespace}/{used.text_of('name')}" for used in owner.items_of("middlewares")
    ]


def _types(spec: YamlValue, name: str) -> frozenset[str]:
    return frozenset((item.text or "").strip().lower() for item in spec.items_of("compress", name))


# IngressRoutes


def traefik_nodes(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """IngressRoutes: https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/"""
    objects = TraefikObjects(manifests)
    groups: dict[str, list[Manifest]] = {}
    for route in manifests.of("IngressRoute"):
        groups.setdefault(route.environment, []).append(route)
    for environment, members in groups.items():
        found = [(route, item) for route in members for item in route.root.items_of("spec", "routes")]
        rules = [(route, item, list(_rules(route, item, addresses))) for route, item in found]
        apis = whole_apis(rule for _, _, listed in rules for rule in listed)
        hops = [_hop(route, item, listed, apis, objects) for route, item, listed in rules]
        yield route_node("Traefik", environment, members, hops)


def _rules(route: Manifest, item: YamlValue, addresses: Addresses) -> Iterator[RouteRule]:
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


def _hop(
    route: Manifest, item: YamlValue, rules: Sequence[RouteRule], apis: Collection[str], objects: TraefikObjects
) -> RoutedHop:
    fields = common_fields(route, rules, apis, f"IngressRoute {route.name}")
    fields |= objects.effects_of(_keys(item, route.namespace), route)
    services = item.items_of("services")
    sticky = next((service for service in services if service.get("sticky", "cookie") is not None), None)
    if sticky is not None:
        fields["keeps_affinity"] = Known("client", route.place(sticky), "sticky", written="sticky: cookie")
    transports = (service.text_of("serversTransport") for service in services)
    match = item.get("match")
    fields["refusal"] = refused_rule(match.text or "", route.place(match)) if match is not None else None
    return TraefikRoute(**fields, clocks=objects.clocks(transports, route))


# Ingresses


def ingress_node(
    environment: str, ingresses: Sequence[Manifest], manifests: Manifests, addresses: Addresses
) -> IngressNode:
    """Ingresses that Traefik serves.

    https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
    """
    objects = TraefikObjects(manifests)
    paths = [path for ingress in ingresses for path in paths_of(ingress)]
    rules = []
    for path in paths:
        address = addresses.of(path.service, path.port, path.ingress)
        # `strictPrefixMatching` is off unless Traefik's own configuration says otherwise.
        kind: PathKind = "exact" if path.kind == "Exact" else "prefix"
        rules.append(RouteRule(path.host, path.path, kind, "", *_target(address), where=path.where))
    apis, hops = whole_apis(rules), []
    for path, rule in zip(paths, rules, strict=True):
        ingress, service = path.ingress, addresses.service(path.service, path.ingress)
        annotations = service.annotations if service is not None else {}
        fields = common_fields(ingress, [rule], apis, ingress.title)
        fields |= objects.effects_of(_middlewares_of(ingress), ingress) | _sticky(annotations)
        named = annotations.get(f"{PREFIX}service.serverstransport")
        transport = (
            _crd_key(named.value, ingress.namespace or "default").partition("/")[2] if isinstance(named, Known) else ""
        )
        fields["clocks"] = objects.clocks([transport], ingress)
        sticky = f'{PREFIX}service.sticky.cookie: "true"  # an annotation of Service {path.service}'
        hops.append(TraefikRoute(**fields, sticky=sticky))
    return route_node("Traefik", environment, ingresses, hops)


def _target(address: Address | None) -> tuple[tuple[Address, ...], str]:
    return ((address,), "") if address is not None else ((), "its backend is no Service")


def _sticky(annotations: Mapping[str, Setting[str]]) -> dict[str, Any]:
    kept = annotations.get(f"{PREFIX}service.sticky.cookie")
    return {"keeps_affinity": kept.with_value("client")} if isinstance(kept, Known) and kept.value == "true" else {}


def _middlewares_of(ingress: Manifest) -> list[str]:
    """The middlewares of its annotation: `chat-gzip@kubernetescrd` is `gzip` of the namespace `chat`."""
    named = ingress.annotations.get(f"{PREFIX}router.middlewares")
    listed = re.split(r"[,\s]+", named.value) if isinstance(named, Known) else []
    namespace = ingress.namespace or "default"
    return [_crd_key(name, namespace) for name in listed if name.endswith(_CRD)]


def _crd_key(name: str, namespace: str) -> str:
    """`namespace/name` of what Traefik calls `namespace-name@kubernetescrd`. Both may hold dashes: its own namespace is
    tried first."""
    plain = name.removesuffix(_CRD)
    if plain.startswith(f"{namespace}-"):
        return f"{namespace}/{plain.removeprefix(f'{namespace}-')}"
    before, _, after = plain.partition("-")
    return f"{before}/{after}"
