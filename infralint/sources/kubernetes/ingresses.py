"""Ingresses of every API version: their rules, and the hops that the controllers make of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import SAME_PATH, Address, Clock, Known, Location, Setting, Unknown, not_applicable
from infralint.platforms import f5_nginx, ingress_nginx, nginx
from infralint.platforms.routing import PathKind, RoutedHop, RouteRule, RoutingNode, are_general, plain_path, whole_apis
from infralint.project.manifests import Manifest, number_of
from infralint.sources.kubernetes.controllers import F5, INGRESS_NGINX, class_of
from infralint.text.numbers import whole_number
from infralint.text.patterns import Unsearchable, search
from infralint.text.yaml_places import YamlValue

Config = Mapping[str, Setting[str]]


class RewrittenPath(msgspec.Struct, frozen=True):
    """What `rewrite-target` makes of a path that a regular expression takes: `$1` and the like are its groups."""

    pattern: str
    target: str

    def forward(self, path: str) -> str | None:
        try:
            found = search(f"^{self.pattern}", path, True)
        except Unsearchable:
            return None
        if found is None:
            return None
        groups = ("", *(group or "" for group in found.groups()))
        return re.sub(r"\$(\d)", lambda mark: groups[int(mark[1])] if int(mark[1]) < len(groups) else "", self.target)

    def inverse(self, path: str) -> str | None:
        plain = plain_path(RouteRule(path=self.pattern, kind="regex"))
        before = re.split(r"\$\d", self.target, maxsplit=1)[0]
        rest = path.removeprefix(before)
        for candidate in (f"{plain}/{rest.lstrip('/')}", plain + rest, plain + path, path, plain or "/"):
            if candidate.startswith("/") and self.forward(candidate) == path:
                return candidate
        return None


class IngressPath(msgspec.Struct, frozen=True):
    """One path of an Ingress. service: whom it leads to, "" for none; port: by number or name."""

    ingress: Manifest
    host: str
    path: str
    kind: str
    service: str
    port: str
    where: Location


def paths_of(ingress: Manifest) -> Iterator[IngressPath]:
    """The paths of an Ingress, its default backend last. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/"""
    spec = ingress.root.get("spec")
    for rule in spec.items_of("rules") if spec is not None else ():
        for item in rule.items_of("http", "paths"):
            service, port = _backend(item.get("backend"))
            yield IngressPath(
                ingress,
                rule.text_of("host"),
                item.text_of("path") or "/",
                item.text_of("pathType") or "ImplementationSpecific",
                service,
                port,
                ingress.place(item),
            )
    for key in ("defaultBackend", "backend"):
        backend = spec.get(key) if spec is not None else None
        if backend is not None:
            service, port = _backend(backend)
            yield IngressPath(ingress, "", "/", "Prefix", service, port, ingress.place(backend))


def _backend(value: YamlValue | None) -> tuple[str, str]:
    """The name and the port of a backend, in the words of `v1` or of the versions before it."""
    if value is None:
        return "", ""
    if value.get("service") is not None:
        port = value.text_of("service", "port", "number") or value.text_of("service", "port", "name")
        return value.text_of("service", "name"), port
    return value.text_of("serviceName"), value.text_of("servicePort")


class Addresses:
    """Where Services are dialled, with their named ports as numbers."""

    def __init__(self, services: Sequence[Manifest]) -> None:
        self._services: dict[str, list[Manifest]] = {}
        for service in services:
            self._services.setdefault(service.name, []).append(service)

    def of(self, name: str, port: str, around: Manifest) -> Address | None:
        """The address of a Service, as seen from an object; None for no Service."""
        if not name:
            return None
        number = whole_number(port) if port.isdecimal() else self._number(name, port, around)
        known = any(service.namespace == around.namespace for service in self._services.get(name, ()))
        return Address(f"{name}.{around.namespace}" if around.namespace and known else name, number)

    def service(self, name: str, around: Manifest) -> Manifest | None:
        """The Service of a name, as seen from an object."""
        found = [
            service
            for service in self._services.get(name, ())
            if {service.namespace, around.namespace} & {""} or service.namespace == around.namespace
        ]
        here = [service for service in found if service.environment == around.environment] or found
        return here[0] if here else None

    def services_named(self, name: str, namespace: str, environment: str) -> Iterator[Manifest]:
        """The Services of a name in a namespace ("" for any) of an environment."""
        for service in self._services.get(name, ()):
            if namespace in ("", service.namespace) and service.environment in ("", environment):
                yield service

    def _number(self, name: str, port: str, around: Manifest) -> int | None:
        service = self.service(name, around)
        for item in service.root.items_of("spec", "ports") if service is not None else ():
            if item.text_of("name") == port:
                return number_of(item.get("port"))
        return None


class IngressNode(RoutingNode, kw_only=True, eq=False):
    """A controller with the Ingresses that it serves."""

    platform: ClassVar[str] = "kubernetes"
    dials_pods: ClassVar[bool] = True


class UnreadIngress(RoutedHop, frozen=True, kw_only=True):
    """Paths of an Ingress of which it can't be told what becomes of a stream there."""

    platform: ClassVar[str] = "kubernetes"
    kind: ClassVar[str] = "Ingress"


def node_of(
    controller: str,
    environment: str,
    ingresses: Sequence[Manifest],
    config: Config,
    addresses: Addresses,
) -> IngressNode:
    """A controller of an environment as a node."""
    canaries = [ingress for ingress in ingresses if _is_canary(ingress, controller)]
    served = [ingress for ingress in ingresses if ingress not in canaries]
    paths = [path for ingress in served for path in paths_of(ingress)]
    beside = [path for ingress in canaries for path in paths_of(ingress)]
    regular = _hosts_with_expressions(served) if controller == INGRESS_NGINX else frozenset()
    rules = [rule_of(path, controller, regular, addresses, beside) for path in paths]
    apis = whole_apis(rules)
    hops = [_hop(controller, path, rule, apis, config) for path, rule in zip(paths, rules, strict=True)]
    return IngressNode(
        name=controller or "the ingress controller",
        hops=tuple(hops),
        known_as=frozenset(
            {f"controller:{controller}", *(path.host for path in paths if path.host and "*" not in path.host)}
        ),
        environment=environment,
        published=True,
        files=frozenset(path for ingress in ingresses for path in ingress.files),
    )


def _is_canary(ingress: Manifest, controller: str) -> bool:
    """https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary"""
    name = f"{ingress_nginx.PREFIX}canary"
    return controller == INGRESS_NGINX and ingress.root.text_of("metadata", "annotations", name) == "true"


def _hosts_with_expressions(ingresses: Sequence[Manifest]) -> frozenset[str]:
    """The hosts whose paths are all regular expressions, because one of their Ingresses says so.

    https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
    """
    return frozenset(
        path.host
        for ingress in ingresses
        for path in paths_of(ingress)
        if _annotation(ingress, "use-regex") == "true" or _annotation(ingress, "rewrite-target")
    )


def _annotation(ingress: Manifest, name: str) -> str:
    return ingress.root.text_of("metadata", "annotations", ingress_nginx.PREFIX + name)


_KINDS: Mapping[str, PathKind] = {"Exact": "exact", "Prefix": "segments"}


def rule_of(
    path: IngressPath,
    controller: str,
    regular: frozenset[str],
    addresses: Addresses,
    canaries: Sequence[IngressPath] = (),
) -> RouteRule:
    """A path as the controller compares it. canaries: paths that may get some of the requests."""
    ingress = path.ingress
    names = [path, *(canary for canary in canaries if (canary.host, canary.path) == (path.host, path.path))]
    found = [addresses.of(named.service, named.port, named.ingress) for named in names]
    targets = tuple(address for address in found if address is not None)
    reason = "" if targets else "its backend is no Service"
    kind = _KINDS.get(path.kind, "prefix")
    rule = RouteRule(path.host, path.path.rstrip("*") or "/", kind, "", targets, reason, where=path.where)
    if controller != INGRESS_NGINX:
        return rule
    rule = replace(rule, answer=_answer(ingress))
    if path.host not in regular or kind == "exact":
        return rule
    target = _annotation(ingress, "rewrite-target")
    paths = RewrittenPath(path.path, target) if target else SAME_PATH
    return replace(rule, path=path.path, kind="regex", paths=paths, ignore_case=True)


def _answer(ingress: Manifest) -> Known[str] | None:
    """Where an Ingress sends clients elsewhere instead of serving them."""
    for name, code in (("permanent-redirect", "301"), ("temporal-redirect", "302")):
        if target := _annotation(ingress, name):
            return Known(f"{code} {target}", ingress.where, ingress_nginx.PREFIX + name, written=f"{name}: {target}")
    return None


def _hop(
    controller: str,
    path: IngressPath,
    rule: RouteRule,
    apis: Collection[str],
    config: Config,
) -> RoutedHop:
    ingress = path.ingress
    fields = fields_of_path(path, rule)
    if controller == INGRESS_NGINX:
        return _of_ingress_nginx(ingress, fields, rule, apis, config)
    if controller == F5:
        return _of_f5(ingress, path.service, fields, rule, apis, config)
    return UnreadIngress(**fields, **unread_fields(ingress, _unread_reason(controller, ingress)))


def _unread_reason(controller: str, ingress: Manifest) -> tuple[str, str]:
    """Why nothing can be told of a stream that passes an Ingress, and what to do."""
    if controller:
        return f"infralint does not judge {controller} yet, which serves {ingress.title}", ""
    name = class_of(ingress)
    if name:
        why = f"which controller serves {ingress.title} can't be told from its class `{name}`"
        return why, "let infralint see the IngressClass of that name"
    why = f"which controller serves {ingress.title} can't be told: it names no class"
    return why, "write `ingressClassName: nginx` (or the class that serves it) into its spec"


def unread_fields(ingress: Manifest, reason: tuple[str, str]) -> dict[str, Any]:
    """The settings of a hop of which nothing can be told."""
    why, remedy = reason
    unknown = Unknown(ingress.where, ingress.kind, why, remedy)
    return {
        "buffers_responses": unknown,
        "clocks": (Clock("first-byte", unknown), Clock("between-bytes", unknown)),
        "forwards_upgrade": unknown,
        "keeps_affinity": not_applicable("single", ingress.where),
    }


def fields_of_path(path: IngressPath, rule: RouteRule) -> dict[str, Any]:
    """What all hops of Ingresses have in common."""
    ingress = path.ingress
    literals, addition, indent = places_of_annotations(ingress)
    return {
        "name": ingress.title,
        "where": ingress.where,
        "runtime": not_applicable("", ingress.where),
        "hosts": (path.host,) if path.host else (),
        "paths": (plain_path(rule) or "/",) if rule.answer is None else (),
        "upstream": path.service,
        "scope": f"{ingress.environment} {path.host}",
        "environment": ingress.environment,
        "files": ingress.files,
        "rules": (rule,),
        "literals": literals,
        "addition": addition,
        "addition_indent": indent,
    }


def places_of_annotations(manifest: Manifest) -> tuple[dict[str, Location], Location | None, int]:
    """Where the values of an object's annotations stand, and where one more may be written, how deep indented."""
    found = manifest.root.get("metadata", "annotations")
    if found is None or not found.members or found.span.line == 0:
        return {}, None, 0
    literals = {
        name: place
        for name in found.members
        if (place := manifest.written_at("metadata", "annotations", name)) is not None
    }
    first = next(iter(found.keys.values()))
    if not manifest.atlas.is_written(first) or manifest.place(found).column != manifest.atlas.place(first).column:
        return literals, None, 0
    place = manifest.atlas.place(first)
    return literals, Location(place.path, place.line, 1, place.line, 1), place.column - 1


def _of_ingress_nginx(
    ingress: Manifest, fields: dict[str, Any], rule: RouteRule, apis: Collection[str], config: Config
) -> RoutedHop:
    annotations = ingress.annotations
    facts = ingress_nginx.facts_of(annotations, config, ingress.where)
    return ingress_nginx.IngressNginxRoute(
        **fields,
        facts=facts,
        buffers_responses=nginx.buffering_of(facts),
        clocks=nginx.clocks(facts),
        forwards_upgrade=ingress_nginx.upgrade_of(facts, annotations),
        keeps_affinity=ingress_nginx.affinity_of(annotations, ingress.where),
        hints=tuple(ingress_nginx.hints_of(annotations)),
        assumable=are_general([rule], apis) and facts.family != "grpc",
        http=facts.http_version,
    )


def _of_f5(
    ingress: Manifest,
    service: str,
    fields: dict[str, Any],
    rule: RouteRule,
    apis: Collection[str],
    config: Config,
) -> RoutedHop:
    annotations = ingress.annotations
    facts = f5_nginx.facts_of(annotations, config, ingress.where, service)
    named = annotations.get(f5_nginx.WEBSOCKETS)
    return f5_nginx.F5Route(
        **fields,
        facts=facts,
        buffers_responses=nginx.buffering_of(facts),
        clocks=nginx.clocks(facts),
        forwards_upgrade=f5_nginx.upgrade_of(facts, annotations, service),
        keeps_affinity=f5_nginx.affinity_of(annotations, config, ingress.where, service),
        hints=tuple(f5_nginx.hints_of(annotations, service)),
        assumable=are_general([rule], apis) and facts.family != "grpc",
        http=facts.http_version,
        services=named.value if isinstance(named, Known) else "",
    )
