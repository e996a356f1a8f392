"""ingress-nginx: what annotations of an Ingress and the controller's ConfigMap make of the nginx that it runs.

Read in its source, at its last release: https://github.com/kubernetes/ingress-nginx
(internal/ingress/controller/config/config.go, rootfs/etc/nginx/template/nginx.tmpl). What the template of v1.15.0 writes
for the annotations below is run by nginx in tests/lab/test_ingress_template.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    Affinity,
    Buffering,
    Evidence,
    Hint,
    Known,
    Location,
    Request,
    Response,
    Setting,
    Unknown,
    Upgrade,
)
from infralint.platforms import nginx
from infralint.platforms.nginx import DEFAULTS, GENEROUS, Facts, Header, Line, Version
from infralint.platforms.nginx_values import BadValue, flag, time, word
from infralint.platforms.routing import RoutedHop
from infralint.text.lazy import lazy

PREFIX = "nginx.ingress.kubernetes.io/"
DOCS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration"
RETIREMENT = "https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/"
"""No releases, fixes of bugs or of security holes after March 2026."""
RUNS = Version((1, 27, 1), None, "1.27.1")
"""The nginx of its last releases: https://github.com/kubernetes/ingress-nginx/blob/main/images/nginx/rootfs/build.sh"""


class Knob(msgspec.Struct, frozen=True):
    """One setting of the controller. annotation: without its prefix, "" for none; key: in the ConfigMap."""

    annotation: str
    key: str
    default: Any


_VARIABLE = lazy(r"\$\{[A-Za-z_]\w*")
"""What Flux and envsubst fill in."""
_SECONDS = lazy(r"[0-9]{1,9}")
KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "proxy_buffering": Knob("proxy-buffering", "proxy-buffering", False),
        "proxy_read_timeout": Knob("proxy-read-timeout", "proxy-read-timeout", 60.0),
        "proxy_connect_timeout": Knob("proxy-connect-timeout", "proxy-connect-timeout", 5.0),
        "grpc_read_timeout": Knob("proxy-read-timeout", "proxy-read-timeout", 60.0),
        "grpc_connect_timeout": Knob("proxy-connect-timeout", "proxy-connect-timeout", 5.0),
        "proxy_http_version": Knob("proxy-http-version", "proxy-http-version", "1.1"),
        "proxy_timeout": Knob("", "proxy-stream-timeout", 600.0),
        "worker_shutdown_timeout": Knob("", "worker-shutdown-timeout", 240.0),
        "gzip": Knob("", "use-gzip", False),
        "brotli": Knob("", "enable-brotli", False),
    }
)
"""nginx's directive -> what sets it, and the controller's default."""
COMPRESSED = (
    "application/atom+xml application/javascript application/x-javascript application/json application/rss+xml"
    " application/vnd.ms-fontobject application/x-font-ttf application/x-web-app-manifest+json application/xhtml+xml"
    " application/xml font/opentype image/svg+xml image/x-icon text/css text/javascript text/plain text/x-component"
).split()
"""Types that it compresses where nothing else is said, once compression is on: no event stream among them."""
_TYPES = {"gzip_types": "gzip-types", "brotli_types": "brotli-types"}
GENERATED = frozenset(
    "proxy_connect_timeout proxy_send_timeout proxy_read_timeout proxy_buffering proxy_buffer_size proxy_buffers"
    " proxy_request_buffering proxy_http_version proxy_cookie_domain proxy_cookie_path proxy_next_upstream"
    " proxy_next_upstream_timeout proxy_next_upstream_tries proxy_max_temp_file_size".split()
)
"""What each location that it writes sets already: nginx takes these once."""

Settings = Mapping[str, Setting[str]]


class ControllerSettings(msgspec.Struct, frozen=True):
    """What holds for the paths of one Ingress. annotations: by their whole names; config: the controller's ConfigMap;
    snippet: the directives of its configuration-snippet. where: the Ingress."""

    annotations: Settings
    config: Settings
    where: Location
    snippet: Sequence[Line] = ()

    def setting(self, name: str) -> Setting[Any] | None:
        """The value of a directive: of a snippet, of an annotation, of the ConfigMap, else the controller's default."""
        for line in self.snippet:
            if line.name == name and name not in GENERATED:
                return typed_line(line, name)
        knob = KNOBS.get(name)
        if knob is None:
            return None
        called = PREFIX + knob.annotation if knob.annotation else knob.key
        annotated = self.annotations.get(PREFIX + knob.annotation) if knob.annotation else None
        ignored = ""
        if annotated is not None:
            found = _of_annotation(annotated, knob)
            if found is not None:
                return found
            ignored = f"ingress-nginx ignores `{_wording_of(annotated)}`: {_form_of(knob)}"
        configured = self.config.get(knob.key)
        value = _of_config(configured, knob) if configured is not None else None
        if isinstance(value, Known) and ignored:
            return replace(value, because=ignored)
        if value is not None:
            return value
        where = annotated.where if annotated is not None else self.where
        written = _wording_of(annotated) if annotated is not None else ""
        return Known(knob.default, where, called, "explicit" if ignored else "default", written, ignored)

    def lines(self, name: str) -> Sequence[Line] | Unknown:
        """The directives of a name that hold here."""
        if name in _TYPES:
            configured = self.config.get(_TYPES[name])
            if isinstance(configured, Unknown):
                return configured
            words = tuple(configured.value.split()) if configured is not None else tuple(COMPRESSED)
            where, written = (configured.where, configured.written) if configured is not None else (self.where, "")
            return [Known(words, where, _TYPES[name], "explicit" if written else "default", written)]
        return [line for line in self.snippet if line.name == name]


def _wording_of(setting: Setting[str]) -> str:
    return setting.written if isinstance(setting, Known) else setting.name


def _form_of(knob: Knob) -> str:
    if isinstance(knob.default, bool):
        return "it takes on or off"
    if isinstance(knob.default, float):
        return "it takes a number of seconds without a unit"
    return "it takes 1.0 or 1.1"


def _of_annotation(setting: Setting[str], knob: Knob) -> Setting[Any] | None:
    """An annotation's value; None where the controller ignores it, and takes its default."""
    if isinstance(setting, Unknown):
        return setting
    if _VARIABLE.search(setting.value):
        return _unknown_until_filled(setting)
    text = setting.value if isinstance(knob.default, float) else setting.value.strip()
    if isinstance(knob.default, bool):
        return setting.with_value(text == "on") if text in ("on", "off") else None
    if isinstance(knob.default, float):
        return setting.with_value(float(text)) if _SECONDS.fullmatch(text) else None
    return setting if text in ("1.0", "1.1") else None


def _unknown_until_filled(setting: Known[str]) -> Unknown:
    """https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution"""
    why = f"`{setting.written}` holds a variable, which is filled in before the manifest is applied"
    return Unknown(setting.where, setting.name, why, "check the manifests as they are applied")


def _of_config(setting: Setting[str], knob: Knob) -> Setting[Any]:
    """A value of the ConfigMap, where seconds may carry a unit as far as nginx itself reads them."""
    if isinstance(setting, Unknown):
        return setting
    text = setting.value.strip()
    try:
        if isinstance(knob.default, bool):
            return setting.with_value(text.lower() in ("on", "true"))
        if isinstance(knob.default, float):
            if knob.annotation and not _SECONDS.fullmatch(text):
                raise BadValue(text)
            return setting.with_value(time(text))
    except BadValue:
        if _VARIABLE.search(text):
            return _unknown_until_filled(setting)
        why = f"`{setting.written}` is no time that ingress-nginx takes"
        return Unknown(setting.where, setting.name, why, _form_of(knob))
    return setting


def typed_line(line: Line, name: str) -> Setting[Any]:
    """The value of a snippet's directive."""
    text = " ".join(line.value)
    default = DEFAULTS[name].value if name in DEFAULTS else ""
    try:
        read = flag if isinstance(default, bool) else time if isinstance(default, float) else word
        return Known(read(text), line.where, name, written=line.written)
    except BadValue:
        return Unknown(line.where, name, f"`{line.written}` is not a value that nginx takes", refused=True)


_DIRECTIVE = lazy(r"^[ \t]*([a-z_]+)[ \t]++([^;{}\n]*+);", re.MULTILINE)
_WORD = lazy(r"\"([^\"]*)\"|'([^']*)'|(\S+)")


def snippet_lines(snippet: Setting[str] | None) -> list[Line]:
    """The directives of a configuration-snippet that hold for all requests: those outside of any block."""
    if not isinstance(snippet, Known):
        return []
    plain = re.sub(r"#[^\n]*", "", snippet.value)
    depth, outside = 0, []
    for part in re.split(r"([{}])", plain):
        if part in "{}" and part:
            depth += 1 if part == "{" else -1
        elif depth <= 0:
            outside.append(part)
    return [
        Known(_words(found[2]), snippet.where, found[1], written=f"{found[1]} {found[2].strip()}")
        for part in outside
        for found in _DIRECTIVE.finditer(part)
    ]


def _words(text: str) -> tuple[str, ...]:
    return tuple(found[1] or found[2] or found[3] or "" for found in _WORD.finditer(text))


def duplicate(lines: Sequence[Line], generated: frozenset[str], knobs: Mapping[str, str]) -> Unknown | None:
    """What nginx refuses in a snippet: a directive that each location has already. generated: those; knobs: what sets
    them instead, by the directive."""
    for line in lines:
        if line.name in generated:
            why = (
                f"nginx refuses what `{line.written}` in a snippet adds: the controller writes {line.name} into each"
                f' location already ("{line.name}" directive is duplicate)'
            )
            knob = knobs.get(line.name)
            remedy = f"write it as the annotation {knob}" if knob else "take it out of the snippet"
            return Unknown(line.where, line.name, why, remedy, refused=True)
    return None


ANNOTATIONS = {name: PREFIX + knob.annotation for name, knob in KNOBS.items() if knob.annotation}
"""nginx's directive -> the annotation that sets it."""
FAMILIES: Mapping[str, nginx.Family] = {"GRPC": "grpc", "GRPCS": "grpc", "FCGI": "fastcgi"}


def facts_of(annotations: Settings, config: Settings, where: Location) -> Facts:
    """What holds for the paths of an Ingress."""
    protocol = annotations.get(f"{PREFIX}backend-protocol")
    spoken = protocol.value.strip().upper() if isinstance(protocol, Known) else ""
    snippet = snippet_lines(annotations.get(f"{PREFIX}configuration-snippet"))
    settings = ControllerSettings(annotations, config, where, snippet)
    return Facts(FAMILIES.get(spoken, "proxy"), where, RUNS, settings)


def upgrade_of(facts: Facts, annotations: Settings) -> Setting[Upgrade]:
    """It passes the handshake on by itself, unless an annotation puts something else into Connection."""
    protocol = annotations.get(f"{PREFIX}backend-protocol")
    if facts.family != "proxy" and isinstance(protocol, Known):
        return nginx.without_upgrade(facts.family, replace(protocol, name=f"{facts.family}_pass"))
    called = annotations.get(f"{PREFIX}connection-proxy-header")
    if isinstance(called, Unknown):
        return called
    connection: Known[str] = Known("upgrade", facts.where, "Connection", "default") if called is None else called
    headers = [
        Header("upgrade", Known("websocket", facts.where, "Upgrade", "default"), facts.where, "Upgrade $http_upgrade"),
        Header("connection", connection, connection.where, connection.written or "Connection $connection_upgrade"),
        *headers_in(facts.lines("proxy_set_header")),
    ]
    return nginx.forwards_upgrade(facts, headers, lambda name: Unknown(facts.where, name, "it is not sent"))


_IN_HANDSHAKE = {"$http_upgrade": "websocket", "$connection_upgrade": "upgrade", "$http_connection": "upgrade"}


def headers_in(lines: Sequence[Line]) -> Iterator[Header]:
    """The headers that a snippet sends to the backend, as they are in a handshake."""
    for line in lines:
        if line.value:
            text = line.value[1] if len(line.value) > 1 else ""
            value: Setting[str] = Known(_IN_HANDSHAKE.get(text, text), line.where, line.name, written=line.written)
            if "$" in text and text not in _IN_HANDSHAKE:
                value = Unknown(line.where, line.name, f"what `{line.written}` is in a handshake can't be told")
            yield Header(line.value[0].lower(), value, line.where, line.written)


def affinity_of(annotations: Settings, where: Location) -> Setting[Affinity]:
    """What keeps a client on its pod: a cookie, or a hash of what is the client's own. It balances over pods itself."""
    kept = annotations.get(f"{PREFIX}affinity")
    hashed = annotations.get(f"{PREFIX}upstream-hash-by")
    if isinstance(hashed, Known) and hashed.value.strip():
        return nginx.affinity_by(replace(hashed.with_value((hashed.value.strip(),)), name="hash"), False)
    for setting in (kept, hashed):
        if isinstance(setting, Unknown):
            return setting
    if isinstance(kept, Known) and kept.value.strip() == "cookie":
        return kept.with_value("client")
    return Known("single", where, f"{PREFIX}affinity", "default")


def hints_of(annotations: Settings) -> Iterator[Hint]:
    """What annotations give away: somebody has turned buffering off, and not for large files."""
    switched = annotations.get(f"{PREFIX}proxy-buffering")
    body = annotations.get(f"{PREFIX}proxy-body-size")
    large = isinstance(body, Known) and body.value.strip() in ("0", "0m")
    files = large or f"{PREFIX}proxy-request-buffering" in annotations
    if isinstance(switched, Known) and switched.value.strip() == "off" and not files:
        yield Hint("sse", Evidence("config", f"`{switched.written}` is set for it", switched.where))


class NginxIngress(RoutedHop, frozen=True, kw_only=True):
    """Paths of an Ingress that an nginx serves: shared by the controllers that run one. facts: what holds there."""

    kind: ClassVar[str] = "Ingress"

    facts: Facts

    def buffering_of(self, response: Response, request: Request | None = None) -> Setting[Buffering]:
        return nginx.buffering_of(self.facts, response, request)

    def response_out(self, response: Response, request: Request) -> Response:
        return nginx.response_out(self.facts, response, request, self._added)

    @property
    def _added(self) -> dict[str, Setting[str]]:
        """Headers that a snippet gives the response."""
        added: dict[str, Setting[str]] = {}
        for line in (*self.facts.lines("add_header"), *self.facts.lines("more_set_headers")):
            name, _, text = line.value[0].partition(":") if line.value else ("", "", "")
            value = text.strip() or (line.value[1] if len(line.value) > 1 else "")
            added[name.strip().lower()] = Known(value, line.where, line.name, written=line.written)
        return added

    @property
    def shutdown_timeout(self) -> Setting[float]:
        """Seconds that connections outlive a reload."""
        return self.facts.setting("worker_shutdown_timeout")

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting != "shutdown_timeout":
            return ""
        return f'worker-shutdown-timeout: "{nginx.generous(seconds)}"  # in the data of the controller\'s ConfigMap'


class IngressNginxRoute(NginxIngress, frozen=True, kw_only=True):
    """Paths of an Ingress that ingress-nginx serves."""

    platform: ClassVar[str] = "ingress-nginx"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "shutdown_timeout":
            return super().fix(setting, seconds)
        if self.facts.family == "stream":
            return f'proxy-stream-timeout: "{max(seconds, GENEROUS):g}s"  # in the data of the controller\'s ConfigMap'
        if setting == "keeps_affinity":
            return f'{PREFIX}affinity: "cookie"'
        name, text = self.literal(setting, seconds)
        return f"{name}: {text}" if name else ""

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        if self.facts.family == "stream":
            return ("proxy-stream-timeout", f'"{max(seconds, GENEROUS):g}s"') if setting == "idle_timeout" else ("", "")
        match setting:
            case "idle_timeout":
                return f"{PREFIX}proxy-read-timeout", f'"{max(seconds, GENEROUS):g}"'
            case "connect_timeout":
                return f"{PREFIX}proxy-connect-timeout", '"5"'
            case "buffers_responses":
                return f"{PREFIX}proxy-buffering", '"off"'
            case "forwards_upgrade":
                upgrade = self.forwards_upgrade
                if isinstance(upgrade, Known) and upgrade.value == "http/1.0":
                    return f"{PREFIX}proxy-http-version", '"1.1"'
                if isinstance(upgrade, Known) and upgrade.where == self.literals.get(
                    f"{PREFIX}connection-proxy-header", upgrade.where
                ):
                    return f"{PREFIX}connection-proxy-header", '"upgrade"'
        return "", ""
