"""YAML that describes what streams pass through: Kubernetes' kinds, templates of AWS, and configuration of proxies."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.text.lazy import lazy

_KIND = lazy(rb"(?m)^kind:[ \t]*[\"']?(\w+)")
_VERSION = lazy(rb"(?m)^apiVersion:[ \t]*[\"']?([\w.-]+)")
_LISTED = lazy(rb"(?m)^ {0,4}(?:- )? {0,4}kind:[ \t]*[\"']?(\w+)")

KUBERNETES = {
    "ApisixRoute": "APISIX",
    "ApisixUpstream": "APISIX",
    "DomainMapping": "Knative",
    "EnvoyExtensionPolicy": "Envoy Gateway",
    "EnvoyFilter": "Istio EnvoyFilter",
    "EnvoyPatchPolicy": "Envoy Gateway",
    "EnvoyProxy": "Envoy Gateway",
    "FrontendConfig": "GKE FrontendConfig",
    "HTTPScaledObject": "KEDA HTTP add-on",
    "HelmChart": "Helm release",
    "HelmChartConfig": "Helm release",
    "HelmRelease": "Helm release",
    "IngressRouteTCP": "Traefik",
    "KongIngress": "Kong",
    "KongUpstreamPolicy": "Kong",
    "ListenerSet": "Kubernetes Gateway API",
    "MiddlewareTCP": "Traefik",
    "RouteTable": "Gloo",
    "TCPRoute": "Kubernetes Gateway API",
    "TLSRoute": "Kubernetes Gateway API",
    "TransportServer": "F5 NGINX Ingress Controller",
    "VirtualServer": "F5 NGINX Ingress Controller",
    "VirtualServerRoute": "F5 NGINX Ingress Controller",
}
"""Kind -> what it is called, where its group says nothing else."""

_GROUPS = {
    b"networking.istio.io": "Istio",
    b"route.openshift.io": "OpenShift Route",
    b"serving.knative.dev": "Knative or Cloud Run",
    b"getambassador.io": "Emissary-ingress",
    b"configuration.konghq.com": "Kong",
    b"gateway.solo.io": "Gloo",
    b"gateway.kgateway.dev": "kgateway",
    b"apisix.apache.org": "APISIX",
    b"traefik.io": "Traefik",
    b"traefik.containo.us": "Traefik",
    b"networking.internal.knative.dev": "Knative or Cloud Run",
}
"""API group -> what its kinds are called, whichever they are."""

_READ = frozenset(
    {
        *((b"networking.istio.io", kind) for kind in ("Gateway", "VirtualService", "DestinationRule")),
        *(
            (group, kind)
            for group in (b"traefik.io", b"traefik.containo.us")
            for kind in ("IngressRoute", "Middleware", "ServersTransport")
        ),
        (b"serving.knative.dev", "Service"),
        (b"gateway.kgateway.dev", "TrafficPolicy"),
        (b"route.openshift.io", "Route"),
    }
)
"""Kinds of these groups that are read."""
_ROUTERS = frozenset(
    "Backend DirectResponse HTTPListenerPolicy Host KongIngress KongPlugin KongUpstreamPolicy ListenerPolicy Mapping"
    " Middleware Route RouteTable Service TrafficPolicy Gateway VirtualService DestinationRule EnvoyFilter Sidecar"
    " IngressRoute IngressRouteTCP ServersTransport ServersTransportTCP TraefikService Upstream ApisixRoute"
    " ApisixUpstream DomainMapping".split()
)
"""Kinds of these groups that decide what becomes of a stream; others are accounts, certificates and the like."""

_BALANCED = lazy(
    rb"(?m)^[ \t]+type:[ \t]*[\"']?LoadBalancer\b|^[ \t]+[\"']?service\.beta\.kubernetes\.io/(?:aws|azure)-load-balancer-"
)
_ON_AWS = lazy(rb"service\.beta\.kubernetes\.io/aws-load-balancer-|service\.k8s\.aws/")
_CLOUD_FORMATION = lazy(rb"\bAWS::(Amplify)::")
TEMPLATE_KINDS = {
    "Amplify": "AWS Amplify hosting",
}
"""Service in CloudFormation -> what it is called."""
_ROUTED = lazy(
    rb"(?m)^(?:http|tcp):[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+(?:routers|services|middlewares|serversTransports):"
)
_ENTRY_POINTS = lazy(rb"(?m)^entryPoints:")
_TUNNEL = lazy(rb"(?m)^tunnel:[ \t]*\S")
_INGRESS = lazy(rb"(?m)^ingress:[ \t]*$")
_KONG = lazy(rb"(?m)^_format_version:")
_OVERLAY = lazy(rb"(?m)^[ \t]*x-aws-\w+:")


def kinds_in_manifest(content: bytes) -> Iterator[str]:
    """What a YAML file, or a template of one, describes that is not read."""
    if b"kind:" in content:
        for document in (b"\n" + content).split(b"\n---"):
            yield from _in_kubernetes(document)
    if b"AWS::" in content:
        yield from kinds_in_template(content)
    if b"x-aws-" in content and _OVERLAY.search(content):
        yield "Compose on ECS (x-aws-…)"
    if b"http_connection_manager" in content or b"tcp_proxy.v3" in content:
        yield "Envoy"
    if (b"routers:" in content and _ROUTED.search(content)) or (
        b"entryPoints:" in content and _ENTRY_POINTS.search(content)
    ):
        yield "Traefik"
    if b"tunnel:" in content and b"{{" in content and _TUNNEL.search(content) and _INGRESS.search(content):
        yield "Cloudflare Tunnel"
    if b"_format_version:" in content and _KONG.search(content):
        yield "Kong"


def kinds_in_template(content: bytes) -> Iterator[str]:
    """What a CloudFormation template describes that is not read."""
    services = {found.decode() for found in _CLOUD_FORMATION.findall(content)}
    yield from (TEMPLATE_KINDS[service] for service in sorted(services))


def _in_kubernetes(document: bytes) -> Iterator[str]:
    """What one manifest describes; of a list, what each of its items does."""
    found = _KIND.search(document)
    if found is None:
        return
    if found[1] == b"List":
        yield from (KUBERNETES[kind] for kind in _kinds_listed(document) if kind in KUBERNETES)
        return
    kind = found[1].decode("ascii", "replace")
    version = _VERSION.search(document)
    group = version[1] if version else b""
    if (group, kind) in _READ:
        return
    if kind in _ROUTERS and group in _GROUPS:
        yield _GROUPS[group] if kind not in KUBERNETES else KUBERNETES[kind]
    elif kind == "Service" and _BALANCED.search(document) and not _ON_AWS.search(document):
        yield "Kubernetes load balancer Service"
    elif kind in KUBERNETES:
        yield KUBERNETES[kind]


def _kinds_listed(document: bytes) -> list[str]:
    return [kind.decode("ascii", "replace") for kind in _LISTED.findall(document)]
