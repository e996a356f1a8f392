"""Amazon API Gateway: REST APIs hold a response back unless they are told to stream it, HTTP APIs always do, and
WebSocket APIs end a connection that is silent or old."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from infralint.model import (
    SSE,
    WEBSOCKET,
    Address,
    Buffering,
    Clock,
    Evidence,
    Forward,
    Hint,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Pool,
    Related,
    Request,
    Rival,
    Selection,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
)
from infralint.platforms.assignment import TERRAFORM_STYLE, AssignmentStyle
from infralint.platforms.forwarding import set_by
from infralint.text.globs import matches_segments
from infralint.text.wording import ping_interval

REST_TIMEOUT = 29.0
"""Seconds for an integration of a REST API, and of a WebSocket API, unless it says less, or more and the quota was raised:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
HTTP_TIMEOUT = 30.0
"""Seconds for an integration of an HTTP API, which can't be more:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
STREAM_TIMEOUT = 900.0
"""Seconds that a streamed response may take at most.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""
STREAM_IDLE = 300.0
"""Seconds of silence that a streamed response of a regional or private API may have.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""
EDGE_STREAM_IDLE = 30.0
"""Seconds of silence that a streamed response of an edge-optimized API may have.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""
SOCKET_IDLE = 600.0
"""Seconds without a message after which a WebSocket API closes a connection; it can't be set.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""
SOCKET_LIFE = 7200.0
"""Seconds after which a WebSocket API closes every connection; it can't be set.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

ApiKind = Literal["REST", "HTTP", "WEBSOCKET"]
_ASKING = {"sse": frozenset({"ANY", "*", "GET", "POST"}), "websocket": frozenset({"ANY", "*", "GET"})}
"""Kind of stream -> the methods by which it may be asked for."""


def pool_of(uri: str) -> Pool | None:
    """Whom an integration hands requests to by an address that is written out; None where it is none."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return Pool(targets=(Address(parts.hostname, port or (443 if parts.scheme == "https" else 80)),))


class ApiIntegration(msgspec.Struct, frozen=True, kw_only=True):
    """What a method of a path is handed to.

    route: the path, with `{name}` for a segment and `{name+}` for the rest; "" for whatever no other takes. method: in
    capitals, ANY for all. timeout: seconds. transfer: BUFFERED or STREAM, of a REST API. is_mock: API Gateway answers
    by itself. style: how its own settings are written, where that is not as the API's.
    """

    where: Location
    timeout: Setting[float]
    transfer: Setting[str]
    pool: Pool
    route: str = ""
    method: str = "ANY"
    is_mock: bool = False
    style: AssignmentStyle | None = None

    @property
    def title(self) -> str:
        """What to call it."""
        return f"`{self.method} {self.route}`" if self.route else "`$default`"

    @property
    def pattern(self) -> str:
        """Its path with `*` for a segment and `**` for the rest."""
        greedy = re.sub(r"\{[^{}/]*\+\}", "*/**", self.route)
        return re.sub(r"\{[^{}/]*\}", "*", greedy) or "/**"

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What is taken before what: a path that is written out, one with parameters, the rest, what nobody takes.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
        """
        return not self.route, "**" in self.pattern, self.pattern.count("*")


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """An API. endpoint: EDGE, REGIONAL or PRIVATE, of a REST API. unseen: why its integrations are not known; None
    where they are. stages: the names that may stand before each path. names: its address, and how others dial it."""

    name: str
    where: Location
    kind: Setting[str]
    endpoint: Setting[str]
    integrations: tuple[ApiIntegration, ...] = ()
    unseen: Unknown | None = None
    stages: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    style: AssignmentStyle = TERRAFORM_STYLE
    timeout_name: str = "timeout_milliseconds"
    transfer_name: str = "response_transfer_mode"
    regional: str = 'endpoint_configuration {\n  types = ["REGIONAL"]\n}'

    def is_of(self, kind: ApiKind) -> bool:
        """Whether it surely is of that kind."""
        return isinstance(self.kind, Known) and self.kind.value == kind


class ApiHop(Hop, frozen=True, kw_only=True):
    """One way through an API: an integration."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "API"

    api: Api
    integration: ApiIntegration

    @property
    def variant(self) -> str:
        return str(self.api.kind.value) if isinstance(self.api.kind, Known) else ""

    @property
    def product(self) -> str:
        return "API Gateway"

    @property
    def pool(self) -> Pool:
        """Whom it hands requests to; a WebSocket API keeps the connection itself, and calls a function for each message."""
        if self.api.is_of("WEBSOCKET"):
            return Pool(reason="API Gateway keeps the connection, and hands each message over by itself")
        return self.integration.pool

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """The request with its path; an address that is written out may name another."""
        headers = request.headers_with(set_by(self.name, self.where))
        sent = replace(request, to=None, host=None, upgrade=self.upgrade_out(request), headers=headers)
        return (Forward(sent, self.pool),)

    def fix(self, setting: str, seconds: float = 0) -> str:
        style, is_rest = self.integration.style or self.api.style, self.api.is_of("REST")
        match setting:
            case "buffers_responses" if is_rest:
                return style.text(self.api.transfer_name, "STREAM")
            case "buffers_responses":
                return f"take {ELSEWHERE}: an HTTP API streams nothing"
            case "max_duration" if is_rest:
                wanted = style.number(self.api.timeout_name, 1000 * min(max(seconds, 300), STREAM_TIMEOUT))
                mode = style.text(self.api.transfer_name, "STREAM")
                more = "" if seconds <= STREAM_TIMEOUT else "  # the most there is: make the answers shorter"
                return f"{mode}\n{wanted}{more}"
            case "idle_timeout" if is_rest:
                return (
                    self.api.regional
                    if seconds <= STREAM_IDLE
                    else f"send a ping at least every {ping_interval(STREAM_IDLE)}"
                )
            case "forwards_upgrade":
                return "take a WebSocket API of API Gateway, or a load balancer before a container"
        return ""


MOST_RIVALS = 8
"""Routes that are named beside the one that takes a request."""
ELSEWHERE = "a REST API (response transfer mode STREAM), a Lambda function URL or a load balancer before a container"


class ApiNode(Node, kw_only=True, eq=False):
    """An API: the integration of the path that is named best takes a request."""

    platform: ClassVar[str] = "aws"

    hops: tuple[ApiHop, ...] = ()
    api: Api

    def route(self, request: Request) -> Sequence[Match]:
        unseen = self.api.kind if isinstance(self.api.kind, Unknown) else self.api.unseen
        if unseen is not None:
            return [Match(hop, False, (unseen.why,)) for hop in self.hops]
        if self.api.is_of("WEBSOCKET"):
            return [Match(hop) for hop in self.hops[:1] if request.kind == "websocket"]
        found = self._serving(request, request.path) or self._serving(request, self._below_stage(request.path))
        if len(found) < 2:
            return [Match(hop) for hop in found]
        reason = f"{self.name} has an integration of its own for each method there"
        return [Match(hop, False, (reason,)) for hop in found]

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """The route that takes a request, and those that it fits, too."""
        if not isinstance(hop, ApiHop) or self.api.is_of("WEBSOCKET"):
            return Selection()
        chosen = hop.integration
        taken = f"takes {request.path}" if chosen.route else "takes what no other route does"
        others = [
            hop.integration
            for hop in self.hops
            if hop.integration is not chosen and matches_segments(request.path, hop.integration.pattern)
        ]
        rivals = [
            Rival(other.title, other.where, "a route that names the path more exactly is taken")
            for other in others
            if other.rank > chosen.rank
        ]
        return Selection((Related(f"{chosen.title} {taken}", chosen.where),), tuple(rivals[:MOST_RIVALS]))

    def _below_stage(self, path: str) -> str:
        _, stage, rest = (*path.split("/", 2), "", "")[:3]
        return f"/{rest}" if stage in self.api.stages else ""

    def _serving(self, request: Request, path: str) -> list[ApiHop]:
        """The hops that serve a path and may be asked for such a stream, of the integrations that name it best."""
        fitting = [hop for hop in self.hops if path and matches_segments(path, hop.integration.pattern)]
        best = min((hop.integration.rank for hop in fitting), default=None)
        return [
            hop for hop in fitting if hop.integration.rank == best and hop.integration.method in _ASKING[request.kind]
        ]


def node_of(api: Api, **fields: Any) -> ApiNode:
    """An API with a hop for each integration. fields: what its source knows of every hop of it."""
    integrations = [integration for integration in api.integrations if not integration.is_mock]
    if not integrations and (api.unseen is not None or api.is_of("WEBSOCKET")):
        integrations = [_nowhere(api)]
    return ApiNode(
        name=api.name,
        hops=tuple(_hop(api, integration, fields) for integration in integrations),
        known_as=frozenset(api.names),
        environment=fields.get("environment", ""),
        published=True,
        by_name_only=True,
        api=api,
    )


def _nowhere(api: Api) -> ApiIntegration:
    reason = api.unseen or Unknown(api.where, "integration", "its integrations are not here")
    return ApiIntegration(where=api.where, timeout=reason, transfer=reason, pool=Pool(reason=reason.why))


def _hop(api: Api, integration: ApiIntegration, fields: dict[str, Any]) -> ApiHop:
    return ApiHop(
        name=api.name,
        where=api.where,
        clocks=tuple(_clocks(api, integration)),
        buffers_responses=_buffering(api, integration),
        forwards_upgrade=_upgrade(api),
        keeps_affinity=not_applicable("single", api.where),
        runtime=not_applicable("", api.where),
        hints=tuple(_hints(api, integration)),
        aliases=api.aliases,
        api=api,
        integration=integration,
        **fields,
    )


def _is_streaming(integration: ApiIntegration) -> bool:
    return isinstance(integration.transfer, Known) and integration.transfer.value == "STREAM"


def _clocks(api: Api, integration: ApiIntegration) -> Iterator[Clock]:
    if api.is_of("WEBSOCKET"):
        idle = "API Gateway closes a WebSocket without a message for 10 min, and no setting changes that"
        life = "API Gateway closes every WebSocket after 2 h, and no setting changes that"
        idle_limit = Known(SOCKET_IDLE, api.where, "a WebSocket's idle timeout", "default", because=idle)
        life_limit = Known(SOCKET_LIFE, api.where, "a WebSocket's longest life", "default", because=life)
        yield Clock("between-bytes", idle_limit, WEBSOCKET)
        yield Clock("connection", life_limit, WEBSOCKET)
        return
    yield Clock("whole-response", integration.timeout, SSE, "truncated" if _is_streaming(integration) else "504")
    if api.is_of("REST") and _is_streaming(integration):
        yield Clock("between-bytes", _stream_idle(api), SSE, "truncated")


def _stream_idle(api: Api) -> Setting[float]:
    endpoint = api.endpoint
    if isinstance(endpoint, Unknown):
        return endpoint
    is_edge = endpoint.value == "EDGE"
    kind = "an edge-optimized API ends a streamed answer that is silent for 30 s" if is_edge else ""
    limit = EDGE_STREAM_IDLE if is_edge else STREAM_IDLE
    return Known(limit, endpoint.where, endpoint.name, endpoint.origin, endpoint.written, kind, endpoint.related)


def _buffering(api: Api, integration: ApiIntegration) -> Setting[Buffering]:
    if isinstance(api.kind, Unknown):
        return api.kind
    if api.is_of("WEBSOCKET"):
        return not_applicable("never", api.where)
    if api.is_of("HTTP"):
        kind = api.kind
        because = "an HTTP API of API Gateway sends an answer on only when it is complete"
        return Known("always", integration.where, kind.name, "default", kind.written, because, kind.related)
    transfer = integration.transfer
    if isinstance(transfer, Unknown):
        return transfer
    if transfer.value == "STREAM":
        return not_applicable("never", integration.where)
    because = f"{transfer}, and so it sends an answer on only when it is complete"
    if not transfer.written:
        because = f"nothing sets {transfer.name}, and so it sends an answer on only when it is complete"
    return transfer.with_value("always", because)


def _upgrade(api: Api) -> Setting[Upgrade]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html"""
    if isinstance(api.kind, Unknown):
        return api.kind
    if api.is_of("WEBSOCKET"):
        return not_applicable("forwarded", api.where)
    kind = "a REST API" if api.is_of("REST") else "an HTTP API"
    because = f"{kind} of API Gateway takes no WebSockets; a WebSocket API does"
    return Known("dropped", api.where, api.kind.name, api.kind.origin, api.kind.written, because, api.kind.related)


def _hints(api: Api, integration: ApiIntegration) -> Iterator[Hint]:
    """What is set up to stream is meant to; where it is buffered, a name says nothing."""
    if api.is_of("WEBSOCKET") and isinstance(api.kind, Known):
        yield Hint("websocket", Evidence("config", f"{api.name} is a WebSocket API", api.where))
    elif api.is_of("REST") and _is_streaming(integration) and isinstance(integration.transfer, Known):
        reason = f"`{integration.transfer.written}` streams its answers"
        path = integration.pattern.replace("**", "x").replace("*", "x")
        yield Hint("sse", Evidence("config", reason, integration.transfer.where), path=path)
