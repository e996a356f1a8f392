"""Kinds of files through which streams pass, too, and that no source reads yet: the summary names them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infralint.project import Project
from infralint.text.lazy import lazy

_KIND = lazy(rb"^kind:[ \t]*[\"']?(Ingress|IngressRoute|HTTPRoute|VirtualService|HTTPProxy)\b", re.MULTILINE)
_KINDS = {
    b"Ingress": "Kubernetes Ingress",
    b"HTTPRoute": "Kubernetes Gateway API",
    b"IngressRoute": "Traefik",
    b"HTTPProxy": "Contour",
    b"VirtualService": "Istio",
}
_CLOUD_FORMATION = lazy(rb"\bAWS::(?:ElasticLoadBalancing(?:V2)?::|Serverless::|ApiGateway(?:V2)?::|CloudFront::)")
_NAMES = {
    "Caddy": ("Caddyfile", "*.Caddyfile", "Caddyfile.*"),
    "Envoy": ("envoy.y*ml", "envoy-*.y*ml"),
    "HAProxy": ("haproxy.cfg", "haproxy*.cfg"),
    "Traefik": ("traefik.y*ml", "traefik.toml"),
}


def kinds_in(manifest: bytes) -> Iterator[str]:
    """What a YAML file describes that is not read yet."""
    if b"kind:" in manifest:
        yield from (_KINDS[kind] for kind in _KIND.findall(manifest))
    if b"AWS::" in manifest and _CLOUD_FORMATION.search(manifest):
        yield "CloudFormation"


def kinds_named(project: Project) -> Iterator[str]:
    """What files are for that are not read yet, by their names."""
    yield from (kind for kind, patterns in _NAMES.items() if project.named(*patterns))
