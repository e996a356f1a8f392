"""Amazon CloudFront: which cache behavior takes a request, what it sends to its origin, and how long it waits there.

A response is passed on as it comes. `compress` changes nothing for a stream: CloudFront compresses the types of a
list on which text/event-stream is not, and only where a Content-Length is sent.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    SSE,
    UNLIMITED,
    WEBSOCKET,
    Address,
    Clock,
    Forward,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Pool,
    PrefixMap,
    Related,
    Request,
    Rival,
    Selection,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.assignment import TERRAFORM_STYLE, AssignmentStyle
from infralint.platforms.forwarding import set_by
from infralint.text.globs import is_like
from infralint.text.lazy import lazy
from infralint.text.wording import listing, ping_interval

READ_TIMEOUT = 30.0
"""Seconds of silence that CloudFront allows an origin, before the first byte and between two packets, unless more is
set: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html"""
MOST_READ_TIMEOUT = 120.0
"""Seconds that can be set without a raised quota:
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html"""
WEBSOCKET_IDLE = 600.0
"""Seconds without a byte from the origin after which a WebSocket is closed; it can't be set:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-websockets"""


HTTP_PORT, HTTPS_PORT = 80, 443
"""Where an origin is dialled unless other ports are written."""
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""The one set of methods that lets a POST through."""
HANDSHAKE_HEADERS = frozenset({"sec-websocket-key", "sec-websocket-version"})
"""What a behavior has to forward for WebSockets, unless it forwards every header:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-working-with.websockets.html"""

MOST_RIVALS = 8
"""Behaviors that are named beside the one that takes a request."""

ALL_HEADERS = frozenset({"*"})
ALL_BUT_HOST = frozenset({"*", "-host"})
NO_HEADERS: frozenset[str] = frozenset()

ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
MANAGED_POLICIES: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        ALL_VIEWER: ("AllViewer", ALL_HEADERS),
        "33f36d7e-f396-46d9-90e0-52428a34d9dc": ("AllViewerAndCloudFrontHeaders-2022-06", ALL_HEADERS),
        "b689b0a8-53d0-40ab-baf2-68738e2966ac": ("AllViewerExceptHostHeader", ALL_BUT_HOST),
        "bf0718e1-ba1e-49d1-88b1-f726733018ae": ("HostHeaderOnly", frozenset({"host"})),
        "59781a5b-3903-41f3-afcb-af62929ccde1": ("CORS-CustomOrigin", NO_HEADERS),
        "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": ("CORS-S3Origin", NO_HEADERS),
        "775133bc-15f2-49f9-abea-afb2e0bf67d2": ("Elemental-MediaTailor-PersonalizedManifests", NO_HEADERS),
        "acba4595-bd28-49b8-b9fe-13317c0390fa": ("UserAgentRefererHeaders", NO_HEADERS),
    }
)
"""Origin request policy of AWS's own -> its name, and the viewer's headers that it forwards, as far as a handshake or a
rule on hosts asks for them.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
"""


_ORIGIN_CONTROLS = frozenset({"host", "origin", "x-http-method", "x-http-method-override", "x-method-override"})
MANAGED_CACHE_POLICIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "2e54312d-136d-493c-8eb9-b001f22f67d2": frozenset({"authorization", "cloudfront-viewer-country", "host"}),
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": NO_HEADERS,
        "658327ea-f89d-4fab-a63d-7e88639e58f6": NO_HEADERS,
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": NO_HEADERS,
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65": _ORIGIN_CONTROLS,
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe": _ORIGIN_CONTROLS,
    }
)
"""Cache policy of AWS's own (Amplify, CachingDisabled, CachingOptimized, CachingOptimizedForUncompressedObjects,
UseOriginCacheControlHeaders, the same with query strings) -> the viewer's headers in its key, which are forwarded, too.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
"""


def managed_headers(policy: str) -> frozenset[str] | None:
    """What one of AWS's own policies forwards, by its id or its name (`Managed-AllViewer`); None for another."""
    found = MANAGED_POLICIES.get(policy)
    names = dict(MANAGED_POLICIES.values())
    return found[1] if found is not None else names.get(policy.removeprefix("Managed-"))


def headers_of(behavior: str, named: frozenset[str]) -> frozenset[str]:
    """What a policy forwards, by its header behavior and the headers that it names.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginRequestPolicyHeadersConfig.html
    """
    match behavior:
        case "allViewer" | "allViewerAndWhitelistCloudFront":
            return ALL_HEADERS
        case "allExcept":
            return ALL_HEADERS | frozenset(f"-{header}" for header in named)
        case "whitelist":
            return named
    return NO_HEADERS


class DistributionOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """An origin. read_timeout, completion: seconds of silence, and for the whole response (None where neither is set
    nor has a default). pool: whom it dials. domain: its host, or what is written for it, where that is known. path: what is
    put before each path. is_bucket: files are served from there, and nothing streams. port: where it is
    dialled, if that is one port. headers: those that it gets besides, by lower-case name."""

    where: Location
    read_timeout: Setting[float]
    pool: Pool
    completion: Setting[float] | None = None
    domain: str = ""
    path: Setting[str] | None = None
    is_bucket: bool = False
    port: int | None = None
    headers: Mapping[str, Setting[str]] = {}


def lost_origin(wanted: object, names: Sequence[object], where: Location, name: str) -> DistributionOrigin | None:
    """The origin of a behavior that names one which its distribution has not: AWS refuses it. None where one of the names may be
    meant.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html
    """
    if not (isinstance(wanted, str) and wanted and names and all(isinstance(known, str) and known for known in names)):
        return None
    if wanted in names:
        return None
    why = f"AWS refuses `{name}` {wanted}: the distribution has {listing([str(known) for known in names], 'and')}"
    return DistributionOrigin(where=where, read_timeout=Unknown(where, name, why, refused=True), pool=Pool(reason=why))


class CacheBehavior(msgspec.Struct, frozen=True, kw_only=True):
    """A cache behavior. pattern: the paths that it takes; None: all that no other does (the default one).

    headers: those of the viewer that it forwards, in small letters (`*` for all; `-host`: all but that). methods: those
    it takes, in capitals.
    """

    where: Location
    pattern: Setting[str] | None
    origin: DistributionOrigin
    headers: Setting[frozenset[str]]
    methods: Setting[frozenset[str]]

    @property
    def title(self) -> str:
        """What to call it."""
        if self.pattern is None:
            return "its default behavior"
        return f"its behavior for {self.pattern.value}" if isinstance(self.pattern, Known) else "one of its behaviors"

    def takes(self, path: str) -> bool | None:
        """Whether it takes a path; None: that can't be told. `*` is any characters, `?` one; case matters.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
        """
        if self.pattern is None:
            return True
        if isinstance(self.pattern, Unknown):
            return None
        return is_like(path.lstrip("/"), self.pattern.value.lstrip("/"))


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution. behaviors: in the order in which they are tried, the default one last. hosts: its alternate
    domain names. names: its address, and how others dial it. style: the language that its settings are written in;
    read_timeout_name: what the read timeout is called there; policy_name: the origin request policy; legacy_name: where a
    behavior without policies names the headers that it forwards."""

    name: str
    where: Location
    behaviors: tuple[CacheBehavior, ...]
    hosts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    style: AssignmentStyle = TERRAFORM_STYLE
    read_timeout_name: str = "origin_read_timeout"
    completion_name: str = "response_completion_timeout"
    policy_name: str = "origin_request_policy_id"
    legacy_name: str = "forwarded_values.headers"
    methods_name: str = "allowed_methods"


class CacheBehaviorHop(Hop, frozen=True, kw_only=True):
    """One way through a distribution: a cache behavior and its origin."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "distribution"

    distribution: Distribution
    behavior: CacheBehavior

    @property
    def variant(self) -> str:
        return "CloudFront"

    @property
    def product(self) -> str:
        return self.variant

    @property
    def methods(self) -> Setting[frozenset[str]]:
        """The methods that it takes; any other is answered with 403."""
        return self.behavior.methods

    @property
    def pool(self) -> Pool:
        return self.behavior.origin.pool

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """The path below that of the origin; the origin's own name as Host, unless the viewer's is forwarded."""
        origin = self.behavior.origin
        if isinstance(origin.path, Unknown):
            return (Forward(request, Pool(reason=origin.path.why)),)
        prefix = origin.path.value.rstrip("/") if origin.path is not None else ""
        sent = replace(
            request,
            path=prefix + request.path,
            host=self._host_out(request),
            to=Address(origin.domain or self.name, origin.port) if origin.port and self.pool.references else None,
            http=Known("1.1", self.where, "HTTP version to the origin", "default"),
            upgrade=self.upgrade_out(request),
            via=True,
            headers=request.headers_with({**set_by(self.name, self.where, ("x-forwarded-for",)), **origin.headers}),
        )
        return (Forward(sent, self.pool, PrefixMap("", prefix)),)

    def _host_out(self, request: Request) -> str | None:
        """The name of the origin, unless the viewer's Host is forwarded.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
        """
        headers = self.behavior.headers
        if isinstance(headers, Unknown):
            return None
        if "host" in headers.value or ("*" in headers.value and "-host" not in headers.value):
            return request.host
        return self.behavior.origin.domain or None

    @property
    def _is_legacy(self) -> bool:
        headers = self.behavior.headers
        return isinstance(headers, Known) and headers.name == self.distribution.legacy_name

    def fix(self, setting: str, seconds: float = 0) -> str:
        style, distribution = self.distribution.style, self.distribution
        match setting:
            case "idle_timeout":
                line = style.number(distribution.read_timeout_name, min(max(seconds, 60), MOST_READ_TIMEOUT))
                return line if seconds <= MOST_READ_TIMEOUT else f"{line}  # the most without a raised quota: {_PING}"
            case "methods":
                return style.list_of(distribution.methods_name, *METHODS)
            case "max_duration":
                return style.number(distribution.completion_name, max(seconds, 300))
            case "forwards_upgrade" if self._is_legacy:
                block, _, name = distribution.legacy_name.partition(".")
                return f"{style.list_of(name, '*')}  # in {block}"
            case "forwards_upgrade":
                all_viewer = style.text(distribution.policy_name, ALL_VIEWER)
                return f"{all_viewer}  # Managed-AllViewer; with a cache policy that caches nothing"
        return ""


_PING = f"send a ping at least every {ping_interval(MOST_READ_TIMEOUT)}"


class DistributionNode(Node, kw_only=True, eq=False):
    """A distribution: its behaviors are tried in order, and the first whose pattern fits takes the request."""

    platform: ClassVar[str] = "aws"

    hops: tuple[CacheBehaviorHop, ...] = ()
    behaviors: tuple[CacheBehavior, ...] = ()

    def route(self, request: Request) -> list[Match]:
        reasons: tuple[str, ...] = ()
        matches: list[Match] = []
        positions = {id(hop.behavior): hop for hop in self.hops}
        for behavior in self.behaviors:
            taken = behavior.takes(request.path)
            if taken is False:
                continue
            hop = positions.get(id(behavior))
            matches.append(Match(hop, not reasons, reasons, None if hop is not None else _files(behavior)))
            if taken:
                break
            reasons = (*reasons, f"which paths {behavior.title} of {self.name} takes can't be told")
            matches[-1] = replace(matches[-1], certain=False, reasons=reasons)
        return matches if any(match.hop is not None for match in matches) else matches[:1]

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """The behavior that takes a request, those before it that it does not fit, and those behind that it would fit."""
        path = request.path
        fits = [(behavior, behavior.takes(path) is not False) for behavior in self.behaviors]
        chosen = (
            hop.behavior
            if isinstance(hop, CacheBehaviorHop)
            else next((behavior for behavior, fit in fits if fit), None)
        )
        if chosen is None:
            return Selection()
        taken = "takes what no other does" if chosen.pattern is None else f"is the first whose pattern {path} fits"
        rivals = [
            Rival(behavior.title, behavior.where, "the first behavior that fits is taken")
            if fit
            else Rival(behavior.title, behavior.where, f"{path} does not fit it", False)
            for behavior, fit in fits
            if behavior is not chosen
        ]
        return Selection((Related(f"{chosen.title} {taken}", chosen.where),), tuple(rivals[:MOST_RIVALS]))


def _files(behavior: CacheBehavior) -> Known[str]:
    return Known("with files from a bucket", behavior.where, "origin")


def node_of(distribution: Distribution, **fields: Any) -> DistributionNode:
    """A distribution with a hop for each behavior that leads to more than files. fields: what its source knows of every
    hop of it (scope, environment, files)."""
    hops = tuple(
        _hop(distribution, behavior, fields) for behavior in distribution.behaviors if not behavior.origin.is_bucket
    )
    return DistributionNode(
        name=distribution.name,
        hops=hops,
        behaviors=distribution.behaviors,
        known_as=frozenset((*distribution.names, *distribution.hosts)),
        environment=fields.get("environment", ""),
        published=True,
        by_name_only=True,
    )


def _hop(distribution: Distribution, behavior: CacheBehavior, fields: dict[str, Any]) -> CacheBehaviorHop:
    pattern = behavior.pattern
    return CacheBehaviorHop(
        name=distribution.name,
        where=distribution.where,
        clocks=_clocks(behavior),
        buffers_responses=not_applicable("never", distribution.where),
        forwards_upgrade=_upgrade(behavior),
        keeps_affinity=not_applicable("single", distribution.where),
        runtime=not_applicable("", distribution.where),
        hosts=distribution.hosts,
        paths=(f"/{pattern.value.lstrip('/')}",) if isinstance(pattern, Known) else (),
        assumable=_takes_posts(behavior),
        distribution=distribution,
        behavior=behavior,
        **fields,
    )


def _clocks(behavior: CacheBehavior) -> tuple[Clock, ...]:
    origin = behavior.origin
    because = "CloudFront closes a WebSocket on which its origin is silent for 10 min, and no setting changes that"
    idle = Known(WEBSOCKET_IDLE, behavior.where, "a WebSocket's idle timeout", "default", because=because)
    clocks = [*silence_clocks(origin.read_timeout, SSE)]
    clocks.append(Clock("between-bytes", idle, WEBSOCKET))
    if origin.completion is not None:
        clocks.append(Clock("whole-response", _completion(origin.completion), SSE, "truncated"))
    return tuple(clocks)


def _completion(setting: Setting[float]) -> Setting[float]:
    """0 is no limit."""
    if isinstance(setting, Unknown) or setting.value:
        return setting
    return replace(setting, value=UNLIMITED)


def _upgrade(behavior: CacheBehavior) -> Setting[Upgrade]:
    headers = behavior.headers
    if isinstance(headers, Unknown):
        return headers
    left_out = {f"-{header}" for header in HANDSHAKE_HEADERS} & headers.value
    if ("*" in headers.value and not left_out) or headers.value >= HANDSHAKE_HEADERS:
        return not_applicable("forwarded", behavior.where)
    words = f"`{headers.written}`" if headers.written else f"no {headers.name}"
    because = f"{behavior.title} has {words}, and forwards neither Sec-WebSocket-Key nor Sec-WebSocket-Version"
    return headers.with_value("dropped", because)


def _takes_posts(behavior: CacheBehavior) -> bool:
    """Whether a chat's answer may be asked for here: what takes GET alone serves pages."""
    return isinstance(behavior.methods, Known) and "POST" in behavior.methods.value


_BUCKET = lazy(r"\.s3[.-]|\.s3-website|^s3\.|\.storage\.googleapis\.com$")


def is_bucket_host(host: str) -> bool:
    """Whether a host serves the files of a bucket."""
    return bool(_BUCKET.search(host))


def pool_of(domain: str, port: int | None) -> Pool:
    """The pool of an origin that is written down as a host. port: None where it is not known to be one."""
    return Pool(targets=(Address(domain, port or HTTPS_PORT),))


def origin_port(policy: object, http: float, https: float) -> int | None:
    """Where CloudFront dials an origin, by its protocol policy; None where the viewer decides, or nothing says it.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html
    """
    found = {"http-only": http, "https-only": https}.get(str(policy))
    return int(found) if found else None
