"""Load balancers that AWS's controllers make of Ingresses and Services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from infralint.model import Address, Known, Location, Setting, Unknown, not_applicable
from infralint.platforms import aws_elb
from infralint.platforms.aws_controller import (
    ALB,
    BALANCER_ATTRIBUTES,
    CLASSIC_IDLE,
    GROUP_ATTRIBUTES,
    NETWORK_GROUP,
    NETWORK_LISTENER,
    SERVICE,
    STICKY,
    TARGET_TYPE,
    KubernetesBalancer,
    KubernetesBalancerNode,
    attributes_of,
    idle_overlooked,
    on_nodes,
    typed_attribute,
)
from infralint.platforms.aws_elb import (
    Balancer,
    Condition,
    ForwardedGroup,
    Listener,
    Rule,
    Share,
    TargetGroup,
    fields_of,
    node_fields,
    redirection,
)
from infralint.project.manifests import Manifest, texts_of
from infralint.sources.kubernetes.controllers import ALB as ALB_CONTROLLER
from infralint.sources.kubernetes.controllers import CONTROLLED_PODS, class_of, overlooked_timeout
from infralint.sources.kubernetes.ingresses import Addresses, IngressPath, paths_of, places_of_annotations
from infralint.sources.kubernetes.workloads import Workloads, ports_of
from infralint.text.numbers import whole_number

Targets = Mapping[str, Address]


# Application load balancers of Ingresses


def ingress_balancers(
    ingresses: Sequence[Manifest],
    parameters: Mapping[str, Manifest],
    addresses: Addresses,
    workloads: Workloads,
) -> Iterator[KubernetesBalancerNode]:
    """One load balancer for each group of Ingresses. parameters: what IngressClassParams say, by the class."""
    groups: dict[tuple[str, str], list[Manifest]] = {}
    for ingress in ingresses:
        named = ingress.root.text_of("metadata", "annotations", f"{ALB}group.name")
        params = parameters.get(class_of(ingress))
        shared = params.root.text_of("spec", "group", "name") if params is not None else ""
        key = shared or named or f"{ingress.namespace}/{ingress.name}"
        groups.setdefault((ingress.environment, key), []).append(ingress)
    for group in groups.values():
        group.sort(key=_order)
        yield _node(group, parameters.get(class_of(group[0])), addresses, workloads)


def _order(ingress: Manifest) -> int:
    text = ingress.root.text_of("metadata", "annotations", f"{ALB}group.order")
    return whole_number(text) if text.removeprefix("-").isdecimal() else 0


def _node(
    ingresses: Sequence[Manifest], params: Manifest | None, addresses: Addresses, workloads: Workloads
) -> KubernetesBalancerNode:
    first = ingresses[0]
    annotations: dict[str, Setting[str]] = {}
    for ingress in ingresses:
        annotations = {**ingress.annotations, **annotations}
    targets: dict[str, Address] = {}
    groups: dict[str, TargetGroup] = {}
    rules: list[Rule] = []
    for path in _sorted_paths(ingresses):
        rules.append(_path_rule(path, len(rules) + 1.0, addresses, workloads, targets, groups))
    balancer = Balancer(
        name=first.title if len(ingresses) == 1 else f"load balancer of Ingresses {first.name} …",
        where=first.where,
        attributes=_balancer_attributes(annotations, params, first.where),
        listeners=(Listener("listeners", tuple(rules), {aws_elb.PROTOCOL: Known("HTTP", first.where, "protocol")}),),
        groups=groups,
        published=True,
        address=f"ingress:{first.environment}/{first.namespace}/{first.name}",
        dns_name=next((path.host for path in paths_of(first) if path.host and "*" not in path.host), ""),
    )
    made = partial(_hop, first, targets, "")
    return KubernetesBalancerNode(
        **node_fields(balancer, made),
        environment=first.environment,
        files=frozenset(path for ingress in ingresses for path in ingress.files),
    )


def _balancer_attributes(
    annotations: Mapping[str, Setting[str]], params: Manifest | None, where: Location
) -> dict[str, Any]:
    """What is set on the load balancer; parameters of the class come before annotations."""
    found = attributes_of(annotations.get(BALANCER_ATTRIBUTES), aws_elb.IDLE)
    for item in params.root.items_of("spec", "loadBalancerAttributes") if params is not None else ():
        if item.text_of("key") == aws_elb.IDLE and params is not None:
            setting = params.setting(item, "value", aws_elb.IDLE)
            if setting is not None:
                found[aws_elb.IDLE] = typed_attribute(aws_elb.IDLE, setting)
    foreign = overlooked_timeout(annotations, ALB_CONTROLLER)
    if aws_elb.IDLE not in found and (overlooked := idle_overlooked(annotations, foreign)):
        found[aws_elb.IDLE] = Known(60.0, where, aws_elb.IDLE, "default", because=overlooked)
    return found


_WEIGHTS = {"Exact": 0, "Prefix": 1}


def _sorted_paths(ingresses: Sequence[Manifest]) -> list[IngressPath]:
    """The paths as the controller orders rules: exact ones, then prefixes, the longest first, then what is left as it is.

    https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/ingress/model_build_listener_rules.go
    """
    found: list[IngressPath] = []
    for ingress in ingresses:
        paths = list(paths_of(ingress))
        paths.sort(key=lambda path: (_WEIGHTS.get(path.kind, 2), -len(path.path) if path.kind == "Prefix" else 0))
        found += paths
    return found


def _path_rule(
    path: IngressPath,
    priority: float,
    addresses: Addresses,
    workloads: Workloads,
    targets: dict[str, Address],
    groups: dict[str, TargetGroup],
) -> Rule:
    """A path as a listener rule; its target groups are added to those that are known."""
    conditions = (
        [Condition("path-pattern", _patterns(path))] if path.path not in ("/*", "/") or path.kind == "Exact" else []
    )
    if path.host:
        conditions.append(Condition("host-header", (path.host,)))
    ingress = path.ingress
    if ingress.root.get("metadata", "annotations", f"{ALB}conditions.{path.service}") is not None:
        conditions.append(Condition("", reason=f"the annotation conditions.{path.service} asks for more"))
    if path.port == "use-annotation":
        return _annotated_rule(path, priority, tuple(conditions), addresses, workloads, targets, groups)
    key = _group(path.service, path.port, ingress, addresses, workloads, targets, groups)
    return Rule(priority, tuple(conditions), (Share(key),) if key else (Share(""),))


def _patterns(path: IngressPath) -> tuple[str, ...]:
    if path.kind == "Prefix":
        plain = path.path.rstrip("/")
        return (plain, f"{plain}/*")
    return (path.path,)


def _annotated_rule(
    path: IngressPath,
    priority: float,
    conditions: tuple[Condition, ...],
    addresses: Addresses,
    workloads: Workloads,
    targets: dict[str, Address],
    groups: dict[str, TargetGroup],
) -> Rule:
    """What an annotation `actions.NAME` does: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions"""
    ingress = path.ingress
    setting = ingress.annotations.get(f"{ALB}actions.{path.service}")
    try:
        action = msgspec.json.decode(setting.value) if isinstance(setting, Known) else {}
    except msgspec.DecodeError:
        action = {}
    where = setting.where if setting is not None else ingress.where
    kind = str(_field(action, "type"))
    if kind == "redirect":
        config = _field(action, "redirectConfig")
        parts = [_field(config, name) for name in ("statusCode", "protocol", "host", "path")]
        return Rule(priority, conditions, answer=Known(redirection(*parts), where, aws_elb.REDIRECT))
    if kind == "fixed-response":
        code = str(_field(_field(action, "fixedResponseConfig"), "statusCode") or "200")
        return Rule(priority, conditions, answer=Known(code, where, "fixed-response"))
    forward = _field(action, "forwardConfig")
    listed = _field(forward, "targetGroups")
    shares = []
    for entry in listed if isinstance(listed, list) else ():
        service, port = str(_field(entry, "serviceName") or ""), str(_field(entry, "servicePort") or "")
        if _field(entry, "weight") != 0:
            shares.append(Share(_group(service, port, ingress, addresses, workloads, targets, groups)))
    sticky = _field(forward, "targetGroupStickinessConfig")
    action_attributes: dict[str, Any] = {}
    if sticky:
        action_attributes[aws_elb.GROUP_STICKY] = Known(bool(_field(sticky, "enabled")), where, aws_elb.GROUP_STICKY)
    return Rule(priority, conditions, tuple(shares) or (Share(""),), action=action_attributes)


def _field(value: object, name: str) -> Any:
    """A field of a JSON object in camel case, in either case of its first letter; None where there is none."""
    if not isinstance(value, dict):
        return None
    found = value.get(name)
    return found if found is not None else value.get(name[:1].upper() + name[1:])


def _group(
    name: str,
    port: str,
    ingress: Manifest,
    addresses: Addresses,
    workloads: Workloads,
    targets: dict[str, Address],
    groups: dict[str, TargetGroup],
) -> str:
    """The key of the target group of a Service; "" for one that is made elsewhere."""
    address = addresses.of(name, port, ingress)
    if address is None:
        return ""
    key = str(address)
    if key not in groups:
        service = addresses.service(name, ingress)
        merged = {**ingress.annotations, **(service.annotations if service is not None else {})}
        targets[key] = address
        groups[key] = TargetGroup(
            key=key,
            name=name,
            where=ingress.where,
            attributes=_group_attributes(merged),
            replicas=workloads.replicas_behind(service) if service is not None else None,
        )
    return key


def _group_attributes(annotations: Mapping[str, Setting[str]]) -> dict[str, Any]:
    found: dict[str, Any] = dict(attributes_of(annotations.get(GROUP_ATTRIBUTES), *STICKY))
    if (kind := annotations.get(TARGET_TYPE)) is not None:
        found[aws_elb.TARGET_TYPE] = kind
    if (version := annotations.get(f"{ALB}backend-protocol-version")) is not None:
        found[aws_elb.PROTOCOL_VERSION] = version
    return found


def _hop(manifest: Manifest, targets: Targets, controller: str, way: ForwardedGroup) -> KubernetesBalancer:
    literals, addition, indent = places_of_annotations(manifest)
    fields = fields_of(way)
    group = way.group
    address = targets.get(group.key) if group is not None else None
    alone = group is not None and isinstance(group.replicas, Known) and group.replicas.value == 1
    if controller:
        # Its pods are copies of one proxy: which of them a client meets splits no session.
        fields["keeps_affinity"] = not_applicable("single", manifest.where)
    elif way.balancer.is_of("application"):
        fields["keeps_affinity"] = on_nodes(fields["keeps_affinity"], way.of_group(aws_elb.TARGET_TYPE), alone)
    listener = way.listener
    return KubernetesBalancer(
        **fields,
        upstream=group.name if group is not None else "",
        scope=f"{manifest.environment} {way.balancer.address}",
        environment=manifest.environment,
        files=manifest.files,
        addresses=(address,) if address is not None else (),
        controller=controller,
        literals=literals,
        texts=texts_of(manifest.root.get("metadata", "annotations")),
        addition=addition,
        addition_indent=indent,
        port=f"{listener.protocol}-{listener.port}" if listener is not None and listener.port else "",
    )


# Network and classic load balancers of Services


def service_balancers(services: Sequence[Manifest], workloads: Workloads) -> Iterator[KubernetesBalancerNode]:
    """The load balancers of Services of type LoadBalancer whose annotations say that AWS makes them."""
    for service in services:
        annotations = service.annotations
        named = any(name.startswith(f"{SERVICE}aws-load-balancer-") for name in annotations)
        kind = service.root.text_of("spec", "loadBalancerClass")
        if service.root.text_of("spec", "type") == "LoadBalancer" and (named or kind.startswith("service.k8s.aws/")):
            yield _of_service(service, annotations, kind, workloads)


def _of_service(
    service: Manifest, annotations: Mapping[str, Setting[str]], kind: str, workloads: Workloads
) -> KubernetesBalancerNode:
    where = service.where
    asked = annotations.get(f"{SERVICE}aws-load-balancer-type")
    text = asked.value if isinstance(asked, Known) else ""
    network = bool(kind) or text.startswith(("nlb", "external"))
    family = Known(
        "network" if network else "classic", where, "type", written=asked.written if isinstance(asked, Known) else ""
    )
    attributes: dict[str, Any] = {aws_elb.TYPE: family}
    idle = annotations.get(CLASSIC_IDLE)
    if idle is not None:
        attributes[aws_elb.IDLE] = typed_attribute(aws_elb.IDLE, replace(idle, name=CLASSIC_IDLE))
    controller = controller_behind(service)
    targets: dict[str, Address] = {}
    groups: dict[str, TargetGroup] = {}
    listeners = []
    for port, _ in ports_of(service):
        key = f"{service.name}:{port}"
        targets[key] = Address(f"{service.name}.{service.namespace}" if service.namespace else service.name, port)
        groups[key] = TargetGroup(
            key=key,
            name=service.name,
            where=where,
            attributes=attributes_of(annotations.get(NETWORK_GROUP), aws_elb.STICKY, aws_elb.STICKY_TYPE),
            replicas=workloads.replicas_behind(service),
        )
        listeners.append(_listener(service, annotations, port, key, network))
    balancer = Balancer(
        name=f"Service {service.name}",
        where=where,
        attributes=attributes,
        listeners=tuple(listeners),
        groups=groups,
        published=True,
        address=f"service:{service.environment}/{service.namespace}/{service.name}",
        names={aws_elb.IDLE: CLASSIC_IDLE},
    )
    made = partial(_hop, service, targets, controller)
    return KubernetesBalancerNode(
        **node_fields(balancer, made), environment=service.environment, files=frozenset({service.path})
    )


def _listener(
    service: Manifest, annotations: Mapping[str, Setting[str]], port: int, key: str, network: bool
) -> Listener:
    """One port of a Service as a listener: TCP, unless a certificate or a protocol is named for it."""
    spoken = annotations.get(f"{SERVICE}aws-load-balancer-backend-protocol")
    protocol = spoken.value.strip().lower() if isinstance(spoken, Known) else ""
    secured = f"{SERVICE}aws-load-balancer-ssl-cert" in annotations and _is_secured(service, annotations, port)
    if network:
        shown = "TLS" if secured else "TCP"
    elif protocol in ("http", "https"):
        shown = "HTTPS" if secured else "HTTP"
    else:
        shown = "SSL" if secured else "TCP"
    where = spoken.where if isinstance(spoken, Known) and protocol else service.where
    written = spoken.written if isinstance(spoken, Known) and protocol else ""
    attributes: dict[str, Any] = {
        aws_elb.PROTOCOL: Known(shown, where, "protocol", written=written),
        aws_elb.PORT: Known(port, service.where, "port"),
    }
    listed = annotations.get(f"{NETWORK_LISTENER}.{shown}-{port}")
    attributes |= attributes_of(listed, aws_elb.TCP_IDLE)
    return Listener(f"port {port}", (Rule(shares=(Share(key),)),), attributes)


def _is_secured(service: Manifest, annotations: Mapping[str, Setting[str]], port: int) -> bool:
    """Whether the certificate is for this port: all of them where none is named."""
    listed = annotations.get(f"{SERVICE}aws-load-balancer-ssl-ports")
    if isinstance(listed, Unknown) or listed is None or listed.value.strip() in ("*", ""):
        return True
    names = {name.strip() for name in listed.value.split(",")}
    own_names = {
        item.text_of("name") for item in service.root.items_of("spec", "ports") if item.text_of("port") == str(port)
    }
    return bool(names & {str(port), *own_names})


def controller_behind(service: Manifest) -> str:
    """The controller whose pods a Service leads to, as its node is known; "" for other pods."""
    selector = texts_of(service.root.get("spec", "selector"))
    named = {text for label, text in selector.items() if label in ("app.kubernetes.io/name", "app", "k8s-app")}
    return next((f"controller:{CONTROLLED_PODS[name]}" for name in named if name in CONTROLLED_PODS), "")
