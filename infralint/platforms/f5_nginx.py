"""F5's NGINX Ingress Controller: what `nginx.org/…` annotations and its ConfigMap make of the nginx that it runs.

Read in its source: https://github.com/nginx/kubernetes-ingress (internal/configs/config_params.go,
internal/configs/version1/nginx.ingress.tmpl). It buffers by default, and opens WebSockets to the services that are
named for it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import Affinity, Evidence, Hint, Known, Location, Setting, Unknown, Upgrade
from infralint.platforms import nginx
from infralint.platforms.ingress_nginx import NginxIngress, headers_in, snippet_lines, typed_line
from infralint.platforms.nginx import GENEROUS, Facts, Header, Line, Version
from infralint.platforms.nginx_values import BadValue, time

PREFIX = "nginx.org/"
PLUS = "nginx.com/"
DOCS = "https://docs.nginx.com/nginx-ingress-controller/configuration"
RUNS = Version((1, 29, 1), None, "1.29.1")
"""Some recent nginx: the controller sets all that differs between versions."""
WEBSOCKETS = f"{PREFIX}websocket-services"
GRPC = f"{PREFIX}grpc-services"


class Option(msgspec.Struct, frozen=True):
    """One setting of the controller, under the same name as an annotation and in the ConfigMap."""

    name: str
    default: Any
    annotated: bool = True


OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        "proxy_buffering": Option("proxy-buffering", True),
        "proxy_read_timeout": Option("proxy-read-timeout", 60.0),
        "proxy_connect_timeout": Option("proxy-connect-timeout", 60.0),
        "grpc_read_timeout": Option("proxy-read-timeout", 60.0),
        "grpc_connect_timeout": Option("proxy-connect-timeout", 60.0),
        "worker_shutdown_timeout": Option("worker-shutdown-timeout", float("inf"), False),
    }
)
"""nginx's directive -> what sets it, and the controller's default."""
WRITTEN = frozenset(
    "proxy_connect_timeout proxy_read_timeout proxy_send_timeout proxy_buffering proxy_http_version"
    " client_max_body_size".split()
)
"""What each location that it writes sets already: nginx takes these once."""

ANNOTATIONS = {name: PREFIX + option.name for name, option in OPTIONS.items() if option.annotated}
"""nginx's directive -> the annotation that sets it."""
Settings = Mapping[str, Setting[str]]


class OptionSettings(msgspec.Struct, frozen=True):
    """What holds for the paths of one Ingress. annotations: by their whole names; config: the controller's ConfigMap;
    snippet: the directives of its location-snippets. where: the Ingress."""

    annotations: Settings
    config: Settings
    where: Location
    snippet: Sequence[Line] = ()

    def setting(self, name: str) -> Setting[Any] | None:
        """The value of a directive: of an annotation, of the ConfigMap, of a snippet, else the controller's default."""
        if name == "proxy_http_version":
            return Known("1.1", self.where, name, "default")
        option = OPTIONS.get(name)
        if option is None:
            found = [line for line in self.snippet if line.name == name]
            return typed_line(found[0], name) if found else None
        called = f"{PREFIX}{option.name}" if option.annotated else option.name
        written = (self.annotations.get(called) if option.annotated else None) or self.config.get(option.name)
        if written is None:
            return Known(option.default, self.where, called, "default")
        return _read(written, option)

    def lines(self, name: str) -> Sequence[Line] | Unknown:
        """The directives of a name that hold here."""
        hidden = self.annotations.get(f"{PREFIX}proxy-hide-headers") if name == "proxy_hide_header" else None
        passed = self.annotations.get(f"{PREFIX}proxy-pass-headers") if name == "proxy_pass_header" else None
        listed = hidden or passed
        words = listed.value.split(",") if isinstance(listed, Known) else ()
        lines = [listed.with_value((header.strip(),)) for header in words if isinstance(listed, Known)]
        return [*lines, *(line for line in self.snippet if line.name == name)]


_SWITCHES = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
"""What Go takes for a truth value: https://pkg.go.dev/strconv#ParseBool"""


def _read(setting: Setting[str], option: Option) -> Setting[Any]:
    if isinstance(setting, Unknown):
        return setting
    text = setting.value.strip()
    if isinstance(option.default, bool):
        switch = _SWITCHES.get(text)
        ignored = f"the controller ignores `{setting.written}`: it takes True or False"
        if switch is None:
            return setting.with_value(option.default, ignored)
        return setting.with_value(switch)
    try:
        return setting.with_value(time(text))
    except BadValue:
        why = f"`{setting.written}` is no time that the controller takes"
        return Unknown(setting.where, setting.name, why, "write a time such as 300s")


def facts_of(annotations: Settings, config: Settings, where: Location, service: str) -> Facts:
    """What holds for the paths of an Ingress that lead to a service."""
    snippet = snippet_lines(annotations.get(f"{PREFIX}location-snippets") or config.get("location-snippets"))
    family: nginx.Family = "grpc" if service in services_in(annotations.get(GRPC)) else "proxy"
    return Facts(family, where, RUNS, OptionSettings(annotations, config, where, snippet))


def services_in(setting: Setting[str] | None) -> frozenset[str]:
    """The services of a list such as `tea-svc,coffee-svc`."""
    text = setting.value if isinstance(setting, Known) else ""
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def upgrade_of(facts: Facts, annotations: Settings, service: str) -> Setting[Upgrade]:
    """It passes the handshake on to services that are named for WebSockets, or by a snippet's own headers."""
    if facts.family != "proxy":
        return nginx.without_upgrade(facts.family, Known(facts.family, facts.where, "grpc_pass", "default"))
    listed = annotations.get(WEBSOCKETS)
    if isinstance(listed, Unknown):
        return listed
    headers = list(headers_in(facts.lines("proxy_set_header")))
    if listed is not None and service in services_in(listed):
        headers += [
            Header("upgrade", Known("websocket", listed.where, WEBSOCKETS), listed.where, listed.written),
            Header("connection", Known("upgrade", listed.where, WEBSOCKETS), listed.where, listed.written),
        ]
    where = listed.where if listed is not None else facts.where
    others = f" (`{listed.written}`)" if listed is not None else ""
    because = f"{WEBSOCKETS} does not name {service}{others}, and without it no Upgrade reaches the service"
    lost: Known[Upgrade] = Known(
        "dropped", where, WEBSOCKETS, "explicit" if listed else "default", listed.written if listed else "", because
    )
    return nginx.forwards_upgrade(facts, headers, lambda _: lost)


def affinity_of(annotations: Settings, config: Settings, where: Location, service: str) -> Setting[Affinity]:
    """What keeps a client on its pod: a cookie of nginx's, or how it balances."""
    for name in (f"{PREFIX}sticky-cookie-services", f"{PLUS}sticky-cookie-services"):
        sticky = annotations.get(name)
        if isinstance(sticky, Unknown):
            return sticky
        if sticky is not None and f"serviceName={service}" in sticky.value.replace(";", " ").split():
            return sticky.with_value("client")
    method = annotations.get(f"{PREFIX}lb-method") or config.get("lb-method")
    if isinstance(method, Unknown):
        return method
    name, _, key = method.value.strip().partition(" ") if method is not None else ("", "", "")
    if method is not None and name in ("ip_hash", "hash"):
        return nginx.affinity_by(replace(method.with_value((key,)), name=name), False)
    return Known("single", where, f"{PREFIX}sticky-cookie-services", "default")


def hints_of(annotations: Settings, service: str) -> Iterator[Hint]:
    """What annotations give away."""
    listed = annotations.get(WEBSOCKETS)
    if isinstance(listed, Known) and service in services_in(listed):
        because = f"`{listed.written}` names its service"
        yield Hint("websocket", Evidence("config", because, listed.where), handshake_only=True)
    switched = annotations.get(f"{PREFIX}proxy-buffering")
    if isinstance(switched, Known) and _SWITCHES.get(switched.value.strip()) is False:
        yield Hint("sse", Evidence("config", f"`{switched.written}` is set for it", switched.where))


class F5Route(NginxIngress, frozen=True, kw_only=True):
    """Paths of an Ingress that F5's NGINX Ingress Controller serves. services: those named for WebSockets, as written."""

    platform: ClassVar[str] = "f5-nginx-ingress"

    services: str = ""

    @property
    def product(self) -> str:
        return "F5's NGINX Ingress Controller"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "keeps_affinity":
            return f'{PREFIX}sticky-cookie-services: "serviceName={self.upstream} srv_id expires=1h path=/"'
        name, text = self.literal(setting, seconds)
        return f"{name}: {text}" if name else super().fix(setting, seconds)

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        match setting:
            case "idle_timeout":
                return f"{PREFIX}proxy-read-timeout", f'"{max(seconds, GENEROUS):g}s"'
            case "connect_timeout":
                return f"{PREFIX}proxy-connect-timeout", '"5s"'
            case "buffers_responses":
                return f"{PREFIX}proxy-buffering", '"False"'
            case "forwards_upgrade":
                return WEBSOCKETS, f'"{",".join(filter(None, (self.services, self.upstream)))}"'
        return "", ""
