"""Which controller serves an Ingress: by its class, else by the annotations that only one controller reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from infralint.model import Known, Location, Setting
from infralint.platforms.haproxy_ingress import HAPROXY, HAPROXY_INGRESS
from infralint.project.manifests import Manifest

INGRESS_NGINX = "ingress-nginx"
F5 = "F5 NGINX Ingress Controller"
ALB = "AWS Load Balancer Controller"
GKE = "GKE Ingress"
AZURE = "Azure Application Gateway"
TRAEFIK = "Traefik"
KONG = "Kong"
CONTOUR = "Contour"
ISTIO = "Istio"
NO_CONTROLLER = ""

CONTROLLERS = {
    "azure/application-gateway": AZURE,
    "eks.amazonaws.com/alb": ALB,
    "haproxy-ingress.github.io/controller": HAPROXY_INGRESS,
    "haproxy.org/ingress-controller": HAPROXY,
    "ingress-controllers.konghq.com/kong": KONG,
    "ingress.k8s.aws/alb": ALB,
    "istio.io/ingress-controller": ISTIO,
    "cilium.io/ingress-controller": "Cilium",
    "k8s.io/ingress-nginx": INGRESS_NGINX,
    "nginx.org/ingress-controller": F5,
    "openshift.io/ingress-to-route": "OpenShift Route",
    "projectcontour.io/ingress-controller": CONTOUR,
    "projectcontour.io/projectcontour/contour": CONTOUR,
    "traefik.io/ingress-controller": TRAEFIK,
    "webapprouting.kubernetes.azure.com/nginx": INGRESS_NGINX,
}
"""`spec.controller` of an IngressClass -> what it is called here.

https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/
"""
CLASSES = {
    "alb": ALB,
    "azure-application-gateway": AZURE,
    "azure/application-gateway": AZURE,
    "cilium": "Cilium",
    "contour": CONTOUR,
    "gce": GKE,
    "gce-internal": GKE,
    "haproxy": HAPROXY,
    "istio": ISTIO,
    "kong": KONG,
    "openshift-default": "OpenShift Route",
    "traefik": TRAEFIK,
    "webapprouting.kubernetes.azure.com": INGRESS_NGINX,
}
"""Usual names of classes."""
PREFIXES = {
    "nginx.ingress.kubernetes.io/": INGRESS_NGINX,
    "nginx.org/": F5,
    "nginx.com/": F5,
    "alb.ingress.kubernetes.io/": ALB,
    "appgw.ingress.kubernetes.io/": AZURE,
    "haproxy.org/": HAPROXY,
    "haproxy-ingress.github.io/": HAPROXY_INGRESS,
    "konghq.com/": KONG,
    "networking.gke.io/": GKE,
    "projectcontour.io/": CONTOUR,
    "traefik.ingress.kubernetes.io/": TRAEFIK,
}
"""Prefixes of annotations that only one controller reads."""

CONTROLLED_PODS = {
    "haproxy-ingress": HAPROXY_INGRESS,
    "ingress-nginx": INGRESS_NGINX,
    "kong": KONG,
    "kubernetes-ingress": HAPROXY,
    "nginx-ingress": F5,
}
"""Usual labels of controllers' pods."""


_OF_HAPROXY = frozenset({HAPROXY, HAPROXY_INGRESS})
"""Both call their class `haproxy`."""


class IngressController(msgspec.Struct, frozen=True, kw_only=True):
    """A controller that a project's manifests rely on, and what is to be known of it. retired: since when nobody
    maintains it, "" for one that is; page: the vendor's word on that; successor: what to move to."""

    name: str
    where: Location
    ingresses: int = 1
    retired: str = ""
    page: str = ""
    successor: str = ""


class Classes:
    """The classes of Ingresses, by their names."""

    def __init__(self, classes: Sequence[Manifest]) -> None:
        self.controllers = {
            ingress_class.name: ingress_class.root.text_of("spec", "controller") for ingress_class in classes
        }
        chosen = "ingressclass.kubernetes.io/is-default-class"
        defaults = [
            ingress_class.name
            for ingress_class in classes
            if ingress_class.root.text_of("metadata", "annotations", chosen) == "true"
        ]
        self.default = defaults[0] if len(defaults) == 1 else ""

    def controller_of(self, ingress: Manifest) -> str:
        """Which controller serves an Ingress; "" where that can't be told."""
        annotations = ingress.root.members_of("metadata", "annotations")
        name = class_of(ingress) or self.default
        named = _by_prefix(annotations)
        if self.controllers.get(name):
            return _known_controller(self.controllers[name])
        if name in CLASSES:
            return named if named in _OF_HAPROXY and CLASSES[name] in _OF_HAPROXY else CLASSES[name]
        if "nginx" in name:
            # Both controllers call their class so: https://kubernetes.github.io/ingress-nginx/user-guide/multiple-ingress/
            return F5 if named == F5 else INGRESS_NGINX
        if name.startswith(("alb", "aws-alb")):
            return ALB
        return named


def class_of(ingress: Manifest) -> str:
    """The class that an Ingress asks for, "" for none."""
    return ingress.root.text_of("spec", "ingressClassName") or ingress.root.text_of(
        "metadata", "annotations", "kubernetes.io/ingress.class"
    )


def _known_controller(controller: str) -> str:
    if controller in CONTROLLERS:
        return CONTROLLERS[controller]
    return next((name for known, name in CONTROLLERS.items() if controller.startswith(f"{known}/")), NO_CONTROLLER)


def overlooked_timeout(annotations: Mapping[str, Setting[str]], controller: str) -> Known[str] | None:
    """A timeout that an annotation of other controllers sets, and that the one that serves does not read."""
    for name, setting in annotations.items():
        owners = {owner for prefix, owner in PREFIXES.items() if name.startswith(prefix)}
        if owners and controller not in owners and "timeout" in name and isinstance(setting, Known):
            return setting
    return None


def _by_prefix(annotations: Mapping[str, object]) -> str:
    """The only controller whose annotations an Ingress carries."""
    found = {name for prefix, name in PREFIXES.items() if any(key.startswith(prefix) for key in annotations)}
    return found.pop() if len(found) == 1 else NO_CONTROLLER
