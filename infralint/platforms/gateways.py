"""Routers of clouds and of OpenShift, as far as they are set by Kubernetes objects: what they allow a stream.

GKE: https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration#timeout,
https://cloud.google.com/load-balancing/docs/https#timeout_for_websocket;
OpenShift: https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/ingress_and_load_balancing/configuring-routes.
What OpenShift's timeouts measure is shown by HAProxy 2.6 (tests/lab/test_proxies.py): `timeout server` the silence of an
answer, `timeout tunnel` that of a WebSocket, and `timeout client` cuts neither; the numbers are the documentation's, and so
is all that is said of GKE.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from infralint.model import SSE, WEBSOCKET, Clock, Known, Setting, Unknown, silence_clocks
from infralint.platforms.routing import RoutedHop
from infralint.text.lazy import lazy

GKE_TIMEOUT = 30.0
"""Seconds: the backend timeout of Google's load balancers."""
MOST_CONNECTION = 86400.0
"""Seconds after which a global external load balancer closes a WebSocket that is in use.

https://docs.cloud.google.com/load-balancing/docs/https/request-distribution
"""
CLASSIC = "EXTERNAL"
MANAGED = "EXTERNAL_MANAGED"
_INTERNAL = "INTERNAL_MANAGED"
_GKE_SCHEMES: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "": (CLASSIC, False),
        "gce": (CLASSIC, False),
        "gce-internal": (_INTERNAL, True),
        "gke-l7-cross-regional-internal-managed": (_INTERNAL, False),
        "gke-l7-global-external-managed": (MANAGED, False),
        "gke-l7-gxlb": (CLASSIC, False),
        "gke-l7-regional-external-managed": (MANAGED, True),
        "gke-l7-rilb": (_INTERNAL, True),
    }
)
"""Class of an Ingress or a Gateway of GKE, without `-mc` for several clusters -> the scheme of its load balancer, and whether
that is regional.

https://cloud.google.com/kubernetes-engine/docs/concepts/gateway-api#gatewayclass,
https://cloud.google.com/kubernetes-engine/docs/concepts/ingress
"""
OPENSHIFT_TIMEOUT = 30.0
"""Seconds: the router's `timeout server`, which measures silence."""
OPENSHIFT_TUNNEL = 3600.0
"""Seconds: its `timeout tunnel`, which measures the silence of a WebSocket."""
OPENSHIFT_ANNOTATION = "haproxy.router.openshift.io/timeout"
OPENSHIFT_TUNNEL_ANNOTATION = "haproxy.router.openshift.io/timeout-tunnel"

_TIME = lazy(r"([0-9]{1,9})(us|ms|s|m|h|d)?")
_UNITS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 0.001}


def haproxy_time(setting: Setting[str]) -> Setting[float]:
    """Seconds of a time as HAProxy takes it: a number without a unit is milliseconds."""
    if isinstance(setting, Unknown):
        return setting
    found = _TIME.fullmatch(setting.value.strip())
    if found is None:
        return Unknown(setting.where, setting.name, f"`{setting.written}` is no time that the router takes")
    return setting.with_value(int(found[1]) * _UNITS[found[2] or ""])


def google_clocks(timeout: Setting[float], scheme: Setting[str], *, is_regional: bool = False) -> tuple[Clock, ...]:
    """What a backend timeout measures: an answer from its first byte to its last, and of a WebSocket, by the kind of load
    balancer, its whole life or its silence. scheme: that of its backend service, `load_balancing_scheme` in Terraform.

    https://docs.cloud.google.com/load-balancing/docs/https/request-distribution
    """
    answer = Clock("whole-response", timeout, SSE, "truncated")
    if isinstance(scheme, Known) and scheme.value == CLASSIC:
        return answer, Clock("connection", timeout, WEBSOCKET, "reset")
    silence = silence_clocks(timeout, WEBSOCKET)
    if isinstance(scheme, Unknown):
        return answer, *silence, Clock("connection", scheme, WEBSOCKET, "reset")
    if scheme.value != MANAGED or is_regional:
        return answer, *silence
    because = "Google closes every WebSocket after 24 h"
    limit = Known(MOST_CONNECTION, timeout.where, "WebSocket lifetime", "default", because=because)
    return answer, *silence, Clock("connection", limit, WEBSOCKET, "reset")


def gke_clocks(timeout: Setting[float], named: str) -> tuple[Clock, ...]:
    """The same of what serves a class of Ingresses or Gateways of GKE."""
    found = _GKE_SCHEMES.get(named.removesuffix("-mc"))
    if found is None:
        why = f"which of Google's load balancers the class `{named}` stands for is not known here"
        return google_clocks(timeout, Unknown(timeout.where, "WebSocket lifetime", why))
    scheme, is_regional = found
    return google_clocks(timeout, Known(scheme, timeout.where, "class", "default"), is_regional=is_regional)


def openshift_clocks(server: Setting[float], tunnel: Setting[float]) -> tuple[Clock, ...]:
    """The router's timeouts: of an answer, and of a WebSocket."""
    sockets = Clock("between-bytes", tunnel, WEBSOCKET)
    return (
        *silence_clocks(server, SSE),
        sockets,
    )


class GoogleIngress(RoutedHop, frozen=True, kw_only=True):
    """Paths of an Ingress, or of a Gateway's route, that a load balancer of Google's serves. policy: the kind of object that
    sets it up for a Service. stray: the annotation that names one, where it does nothing; service: where it belongs."""

    platform: ClassVar[str] = "gke"
    kind: ClassVar[str] = "Ingress"

    policy: str = "BackendConfig"
    stray: Known[str] | None = None
    service: str = ""

    @property
    def product(self) -> str:
        return "Google's load balancer"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting in ("max_duration", "idle_timeout"):
            line, place = f"timeoutSec: {max(seconds, 3600):g}", "the spec"
        elif setting == "keeps_affinity":
            key = "affinityType" if self.policy == "BackendConfig" else "type"
            line, place = f"sessionAffinity: {{ {key}: GENERATED_COOKIE }}", ""
        else:
            return ""
        if self.stray is not None:
            annotation = f"{self.stray.name}: '{self.stray.value}'"
            return f"{annotation}  # on the Service {self.service}; that {self.policy} needs `{line}`"
        if place and self.policy != "BackendConfig":
            place = "spec.default"
        return f"{line}  # in {place} of the Service's {self.policy}" if place else line


class OpenShiftRoute(RoutedHop, frozen=True, kw_only=True):
    """A Route that OpenShift's router serves."""

    platform: ClassVar[str] = "openshift"
    kind: ClassVar[str] = "Route"

    @property
    def product(self) -> str:
        return "OpenShift's router"

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        return (OPENSHIFT_ANNOTATION, f"{max(seconds, 300):g}s") if setting == "idle_timeout" else ("", "")
