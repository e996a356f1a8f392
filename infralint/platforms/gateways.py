"""Routers of clouds and of OpenShift, as far as they are set by Kubernetes objects: what they allow a stream.

GKE: https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration#timeout,
https://cloud.google.com/load-balancing/docs/https#timeout_for_websocket;
OpenShift: https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/ingress_and_load_balancing/configuring-routes.
What OpenShift's timeouts measure is shown by HAProxy 2.6 (tests/lab/test_proxies.py): `timeout server` the silence of an
answer, `timeout tunnel` that of a WebSocket, and `timeout client` cuts neither; the numbers are the documentation's, and so
is all that is said of GKE.
"""

from __future__ import annotations

from typing import ClassVar

from infralint.model import SSE, WEBSOCKET, Clock, Setting, Unknown, silence_clocks
from infralint.platforms.routing import RoutedHop
from infralint.text.lazy import lazy

GKE_TIMEOUT = 30.0
"""Seconds: the backend timeout of Google's load balancers. It measures a whole answer, and the life of a WebSocket."""
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


def gke_clocks(timeout: Setting[float]) -> tuple[Clock, ...]:
    """Google's backend timeout."""
    return (
        Clock("whole-response", timeout, SSE, "truncated"),
        Clock("connection", timeout, WEBSOCKET, "reset"),
    )


def openshift_clocks(server: Setting[float], tunnel: Setting[float]) -> tuple[Clock, ...]:
    """The router's timeouts: of an answer, and of a WebSocket."""
    sockets = Clock("between-bytes", tunnel, WEBSOCKET)
    return (
        *silence_clocks(server, SSE),
        sockets,
    )


class GoogleIngress(RoutedHop, frozen=True, kw_only=True):
    """Paths of an Ingress, or of a Gateway's route, that a load balancer of Google's serves. policy: the kind of object that
    sets it up for a Service."""

    platform: ClassVar[str] = "gke"
    kind: ClassVar[str] = "Ingress"

    policy: str = "BackendConfig"

    @property
    def product(self) -> str:
        return "Google's load balancer"

    def fix(self, setting: str, seconds: float = 0) -> str:
        is_gateway = self.policy != "BackendConfig"
        if setting == "max_duration":
            place = "spec.default" if is_gateway else "the spec"
            return f"timeoutSec: {max(seconds, 3600):g}  # in {place} of the Service's {self.policy}"
        key = "type" if is_gateway else "affinityType"
        return f"sessionAffinity: {{ {key}: GENERATED_COOKIE }}" if setting == "keeps_affinity" else ""


class OpenShiftRoute(RoutedHop, frozen=True, kw_only=True):
    """A Route that OpenShift's router serves."""

    platform: ClassVar[str] = "openshift"
    kind: ClassVar[str] = "Route"

    @property
    def product(self) -> str:
        return "OpenShift's router"

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        return (OPENSHIFT_ANNOTATION, f"{max(seconds, 300):g}s") if setting == "idle_timeout" else ("", "")
