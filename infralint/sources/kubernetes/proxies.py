"""Ingresses that a controller with another proxy than nginx serves: HAProxy, Kong, and Envoy under Contour and Istio."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from infralint.model import NO_PATH, Known, PrefixMap, Setting, Unknown, Upgrade, not_applicable
from infralint.platforms import kong
from infralint.platforms.envoy import (
    CONTOUR,
    ISTIO,
    RESPONSE_TIMEOUT,
    WEBSOCKET_ROUTES,
    EnvoyIngress,
    passed_upgrade,
    request_clocks,
    silence_clock,
)
from infralint.platforms.haproxy_ingress import (
    HAPROXY,
    HAPROXY_INGRESS,
    PREFIXES,
    HaproxyIngress,
    HaproxySettings,
)
from infralint.platforms.kong import KongRoute, KongSettings, facts_of
from infralint.platforms.nginx import buffering_of, clocks
from infralint.platforms.routing import RoutedHop, RouteRule, are_general, whole_apis
from infralint.project.manifests import Manifest
from infralint.sources.kubernetes.controllers import KONG
from infralint.sources.kubernetes.ingresses import (
    Addresses,
    Config,
    IngressNode,
    IngressPath,
    fields_of_path,
    paths_of,
    rule_of,
)


class Surroundings(msgspec.Struct, frozen=True):
    """What decides beside an Ingress. config: the controller's ConfigMap; addresses: the Services."""

    config: Config
    addresses: Addresses

    def annotations_of(self, path: IngressPath) -> Mapping[str, Setting[str]]:
        """The annotations of the Service that a path leads to."""
        service = self.addresses.service(path.service, path.ingress)
        return service.annotations if service is not None else {}


def proxy_node(
    controller: str, environment: str, ingresses: Sequence[Manifest], config: Config, addresses: Addresses
) -> IngressNode:
    """A controller of an environment as a node."""
    around = Surroundings(config, addresses)
    paths = [path for ingress in ingresses for path in paths_of(ingress)]
    rules = [_rule(path, controller, addresses) for path in paths]
    apis = whole_apis(rules)
    hops = [_HOPS[controller](path, _fields(path, rule, apis), around) for path, rule in zip(paths, rules, strict=True)]
    hosts = {path.host for path in paths if path.host and "*" not in path.host}
    return IngressNode(
        name=controller,
        hops=tuple(hops),
        known_as=frozenset({f"controller:{controller}", *hosts}),
        environment=environment,
        published=True,
        files=frozenset(path for ingress in ingresses for path in ingress.files),
    )


_REWRITES: Mapping[str, Sequence[str]] = {
    HAPROXY: [f"{PREFIXES[HAPROXY]}path-rewrite"],
    HAPROXY_INGRESS: [f"{PREFIXES[HAPROXY_INGRESS]}rewrite-target-regex"],
    KONG: [f"{kong.PREFIX}rewrite"],
}
"""Annotations that rewrite a path by an expression."""


def _rule(path: IngressPath, controller: str, addresses: Addresses) -> RouteRule:
    """A path as the controller compares it, and what it sends on."""
    rule = rule_of(path, controller, frozenset(), addresses)
    annotations = path.ingress.root.members_of("metadata", "annotations")
    if any(name in annotations for name in _REWRITES.get(controller, ())):
        return replace(rule, paths=NO_PATH)
    before = path.path.rstrip("/")
    if (
        controller == KONG
        and path.ingress.root.text_of("metadata", "annotations", f"{kong.PREFIX}strip-path") == "true"
    ):
        return replace(rule, paths=PrefixMap(before))
    name = f"{PREFIXES[HAPROXY_INGRESS]}rewrite-target"
    after = path.ingress.root.text_of("metadata", "annotations", name) if controller == HAPROXY_INGRESS else ""
    return replace(rule, paths=PrefixMap(before, after.rstrip("/"))) if after else rule


def _fields(path: IngressPath, rule: RouteRule, apis: Collection[str]) -> dict[str, Any]:
    where = path.ingress.where
    return {
        **fields_of_path(path, rule),
        "buffers_responses": not_applicable("never", where),
        "forwards_upgrade": passed_upgrade(where),
        "keeps_affinity": Known("single", where, "sessionPersistence", "default"),
        "assumable": are_general([rule], apis),
    }


def _haproxy_hop(path: IngressPath, fields: dict[str, Any], around: Surroundings, product: str) -> RoutedHop:
    ingress = path.ingress
    levels = (around.annotations_of(path), ingress.annotations)
    settings = HaproxySettings(product, levels, around.config, ingress.where)
    fields |= {"clocks": settings.clocks(), "keeps_affinity": settings.affinity()}
    return HaproxyIngress(**fields, run_by=product)


def _kong_hop(path: IngressPath, fields: dict[str, Any], around: Surroundings) -> RoutedHop:
    ingress = path.ingress
    settings = KongSettings(ingress.annotations, around.annotations_of(path), ingress.where)
    facts = facts_of(settings)
    fields |= {
        "buffers_responses": buffering_of(facts),
        "clocks": clocks(facts),
        "keeps_affinity": settings.affinity(),
    }
    return KongRoute(**fields, facts=facts)


def _contour_hop(path: IngressPath, fields: dict[str, Any], _around: Surroundings) -> RoutedHop:
    ingress = path.ingress
    annotations = ingress.annotations
    sockets = annotations.get(WEBSOCKET_ROUTES)
    if isinstance(sockets, Unknown):
        fields["forwards_upgrade"] = sockets
    elif path.path not in _paths_in(sockets):
        others = f" (`{sockets.written}`)" if sockets is not None else ""
        because = f"{WEBSOCKET_ROUTES} does not name {path.path}{others}, and Contour passes no Upgrade on without"
        lost: Known[Upgrade] = Known("dropped", ingress.where, WEBSOCKET_ROUTES, "default", because=because)
        fields["forwards_upgrade"] = lost if sockets is None else sockets.with_value("dropped", because)
    timeouts = (
        *request_clocks(annotations.get(RESPONSE_TIMEOUT), CONTOUR, ingress.where, RESPONSE_TIMEOUT),
        *silence_clock(None, CONTOUR, ingress.where, "stream-idle-timeout"),
    )
    named = sockets.value if isinstance(sockets, Known) else ""
    return EnvoyIngress(**fields, run_by=CONTOUR.name, clocks=timeouts, sockets=named)


def _paths_in(listed: Setting[str] | None) -> frozenset[str]:
    text = listed.value if isinstance(listed, Known) else ""
    return frozenset(name.strip() for name in text.split(","))


def _istio_hop(path: IngressPath, fields: dict[str, Any], _around: Surroundings) -> RoutedHop:
    clocks = request_clocks(None, ISTIO, path.ingress.where, "timeout")
    return EnvoyIngress(**fields, run_by=ISTIO.name, clocks=clocks)


_HOPS: Mapping[str, Callable[[IngressPath, dict[str, Any], Surroundings], RoutedHop]] = {
    CONTOUR.name: _contour_hop,
    HAPROXY: partial(_haproxy_hop, product=HAPROXY),
    HAPROXY_INGRESS: partial(_haproxy_hop, product=HAPROXY_INGRESS),
    ISTIO.name: _istio_hop,
    KONG: _kong_hop,
}
