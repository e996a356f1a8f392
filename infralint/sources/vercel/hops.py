"""Functions on Vercel, and the routes of a Next.js application that hosts itself, as hops."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from msgspec.structs import replace

from infralint.model import (
    NO_PATH,
    Compression,
    Forward,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Pool,
    Related,
    Request,
    Response,
    Selection,
    Setting,
    Unknown,
)
from infralint.platforms.forwarding import set_by
from infralint.platforms.nextjs import (
    CHUNKED,
    HeaderRule,
    PathCondition,
    Stage,
    compression,
    configured_headers,
    with_headers,
)
from infralint.platforms.vercel import FLUID_DEFAULT, RUNTIME_NAMES, Ceiling
from infralint.sources.vercel.config import FunctionRule, Rewrite
from infralint.sources.vercel.destinations import Destination
from infralint.sources.vercel.routes import Router, serves, specificity
from infralint.text.patterns import Unsearchable

Policy = Literal["duration", "require-edge", "require-node"]

WITHOUT_BUILDS = (
    'remove "builds" from vercel.json: Vercel finds the function without it, and refuses "functions" beside it; then'
)
"""https://vercel.com/docs/project-configuration#functions: never together with the legacy `builds`."""


class VercelFunction(Hop, frozen=True, kw_only=True, eq=False):
    """A function on Vercel.

    source: its file from the Vercel project's root. router: what made it a function. proven: the
    repository says that it is deployed to Vercel (else that is only assumed). written: a
    maxDuration stands somewhere. holding: why its runtime holds responses back, if it does. policy:
    which runtime the user wants. unread: what looks like a setting and is none. rule: what vercel.json
    says of a plain function, where that decides its duration whatever the file says. config: the
    pairs of the file's `export const config`. statement: its duration, where that stands outside. ceiling:
    what the plan allows, if the plan is known; smallest: what the smallest plan does.
    """

    platform: ClassVar[str] = "vercel"
    kind: ClassVar[str] = "function"
    origin: ClassVar[bool] = True

    source: str
    router: Router
    proven: bool
    written: bool
    holding: Known[str] | None = None
    policy: Policy = "duration"
    unread: tuple[Related, ...] = ()
    rule: FunctionRule | None = None
    config: tuple[tuple[str, str], ...] = ()
    statement: str = ""
    ceiling: Ceiling | None = None
    smallest: Ceiling | None = None

    @property
    def product(self) -> str:
        return "Vercel"

    @property
    def runtime_name(self) -> str:
        """`Node.js`, `Edge`; empty where it can't be told."""
        return RUNTIME_NAMES.get(self.runtime.value, self.runtime.value) if isinstance(self.runtime, Known) else ""

    def reaches(self, seconds: float) -> bool:
        """Whether the plan, as far as it is known, lets a function run so long."""
        return self.ceiling is None or seconds <= max(self.ceiling.largest, self.ceiling.with_fluid)

    def fix(self, setting: str, seconds: float = 0) -> str:
        """What to write in the function's file, or in vercel.json where that decides."""
        match setting:
            case "max_duration" | "runtime" if not self.reaches(seconds):
                return ""
            case "max_duration":
                return self._switch_line(seconds) + self._duration_lines(self._duration_to_write(seconds))
            case "runtime":
                return self._switch_line(seconds) + self._node_lines(self._duration_to_write(seconds))
            case "edge" if self.runtime_name in ("Node.js", "Bun"):
                return self._app_line("runtime", "edge") if self.router == "app" else self._config_line(runtime="edge")
        return ""

    def fix_where(self, setting: str, at: Location) -> Location:
        """In the function's own file, unless a rule of vercel.json decides."""
        in_file = self.router in ("app", "pages") or (self.router == "api" and self.rule is None)
        return self.where if in_file and at.path != self.where.path else at

    def _duration_to_write(self, seconds: float) -> int:
        """The duration to write: Fluid compute's default, unless the stream needs more or the plan allows less."""
        most = self._most(seconds)
        return math.ceil(min(max(seconds, FLUID_DEFAULT), most))

    def _most(self, seconds: float) -> float:
        if self.ceiling is None:
            return math.inf
        return self.ceiling.largest if seconds <= self.ceiling.largest else self.ceiling.with_fluid

    def _switch_line(self, seconds: float) -> str:
        """Fluid compute in vercel.json, where the plan allows the duration only with it."""
        return '"fluid": true\n' if self.ceiling and seconds > self.ceiling.largest else ""

    def _duration_lines(self, wanted: int) -> str:
        """https://nextjs.org/docs/pages/api-reference/functions/next-config: `config` is read by every version since 13.5."""
        if self.router == "app":
            return self._app_line("maxDuration", wanted)
        if self.router == "pages":
            instead = [f"remove `{self.statement}`, and write"] if self.statement else []
            return "\n".join([*instead, self._config_line(maxDuration=wanted)])
        if self.router == "builds":
            return f"{WITHOUT_BUILDS}\n{self._rule_line(wanted)}"
        if self.rule is None and isinstance(self.runtime, Known) and self.runtime.value in ("nodejs", "bun"):
            return self._config_line(maxDuration=wanted)
        return self._rule_line(wanted)

    def _node_lines(self, wanted: int) -> str:
        """Away from Edge, and as long as the stream needs."""
        if self.router == "app":
            return f"{self._app_line('runtime', 'nodejs')}\n{self._app_line('maxDuration', wanted)}"
        if self.router == "pages" or (self.router == "api" and self.rule is None):
            return self._config_line(runtime="nodejs", maxDuration=wanted)
        return f"{self._config_line(runtime='nodejs')}\n{self._duration_lines(wanted)}"

    def _app_line(self, name: str, value: str | int) -> str:
        return f"export const {name} = {json.dumps(value)};"

    def _config_line(self, **settings: str | int) -> str:
        """`export const config` with what it already says and these settings."""
        pairs = dict(self.config) | {name: f"{name}: {json.dumps(value)}" for name, value in settings.items()}
        return f"export const config = {{ {', '.join(pairs.values())} }};"

    def _rule_line(self, wanted: int) -> str:
        """The rule of vercel.json that decides, with all that it says; else one for this file alone."""
        pattern = self.rule.pattern if self.rule else self.source
        declared = {name: setting.value for name, setting in self.rule.settings.items()} if self.rule else {}
        settings = json.dumps(declared | {"maxDuration": wanted})
        return f'"functions": {{ {json.dumps(pattern)}: {{ {settings[1:-1]} }} }}'


class NextHop(Hop, frozen=True, kw_only=True, eq=False):
    """A way through a Next.js server that the project runs itself.

    compress: whether `next start` compresses responses. configured: the headers that next.config adds; unread: why
    there may be more of them.
    """

    platform: ClassVar[str] = "nextjs"

    @property
    def product(self) -> str:
        return "Next.js"

    compress: Setting[bool]
    configured: tuple[HeaderRule, ...] = ()
    unread: Unknown | None = None

    def compression_of(self, response: Response, request: Request) -> Setting[Compression]:
        if not request.compressible:
            return Known("passes", self.where, "compress", "default")
        return compression(self.with_configured(self.send(response), request), self.compress, self.unread)

    def send(self, response: Response) -> Response:
        """What it sends, before next.config adds to it, for what comes from behind."""
        return response

    def with_configured(self, response: Response, request: Request) -> Response:
        """A response with what next.config adds to it."""
        return with_headers(response, configured_headers(self.configured, request.path))


class NextRoute(NextHop, frozen=True, kw_only=True, eq=False):
    """A route of a Next.js server that the project runs itself.

    flushed: the route's responses are flushed after each write, compressed or not. content_type, headers:
    what its code surely sends. complete: nothing else is sent that a hop looks at.
    """

    kind: ClassVar[str] = "route"
    origin: ClassVar[bool] = True

    router: Router
    flushed: bool = False
    content_type: str | None = None
    headers: Mapping[str, Known[str]] = MappingProxyType({})
    complete: bool = False

    def fix(self, setting: str, seconds: float = 0) -> str:
        """A line of its code."""
        if setting != "compress":
            return ""
        line = 'response.setHeader("Cache-Control", "no-cache, no-transform");'
        return f"{line}    // or call response.flush() after each write"

    def send(self, response: Response) -> Response:
        """What its code sends."""
        return Response(CHUNKED, self.content_type, self.headers, self.complete, self.where)

    def compression_of(self, response: Response, request: Request) -> Setting[Compression]:
        if self.flushed:
            return Known("passes", self.where, "compress", "default")
        compression = super().compression_of(response, request)
        if isinstance(compression, Unknown):
            return compression
        where = compression.where if compression.written else self.where
        return replace(compression, where=where, because=f"`next start` compresses what {self.name} sends")

    def response_out(self, response: Response, request: Request) -> Response:
        return self.with_configured(self.send(response), request)


class NextRewrite(NextHop, frozen=True, kw_only=True, eq=False):
    """Paths that a Next.js server hands on to another server.

    stage: when it is looked at. condition: which paths it takes. destination: where it leads. timeout: of its
    proxy, in seconds of silence.
    """

    kind: ClassVar[str] = "rewrite"

    stage: Stage
    condition: PathCondition
    destination: Destination
    timeout: Setting[float]

    @property
    def pool(self) -> Pool:
        return self.destination.pool

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """What goes on; a request that it would not take is given with the way in which paths change here."""
        paths, pool = self.destination.paths, self.pool
        if paths is None:
            reason = pool.reason or "the path that goes on can't be told"
            return (Forward(replace(request, to=None), Pool(reason=reason), NO_PATH),)
        target = next(iter(pool.targets), None)
        path = paths.forward(request.path) or request.path
        host, headers = target.host if target else None, request.headers_with(set_by(self.name, self.where))
        return (Forward(replace(request, path=path, host=host, to=None, headers=headers), pool, paths),)

    def response_out(self, response: Response, request: Request) -> Response:
        return replace(self.with_configured(response, request), framing=CHUNKED)

    def compression_of(self, response: Response, request: Request) -> Setting[Compression]:
        compression = super().compression_of(response, request)
        if isinstance(compression, Unknown):
            return compression
        because = f"{self.name} hands this stream on to {self.upstream}, and `next start` compresses what comes back"
        return replace(compression, where=self.where, because=because)

    def fix(self, setting: str, seconds: float = 0) -> str:
        """Lines of next.config. Its headers() reach what middleware passes on, and not what `rewrites()` sends elsewhere."""
        match setting:
            case "compress" if self.stage == "middleware":
                header = '{ key: "Content-Encoding", value: "none" }'
                return f"compress: false,    // or, in headers() of next.config, for this path: {header}"
            case "compress":
                return "compress: false,"
            case "timeout":
                return f"experimental: {{ proxyTimeout: {math.ceil(max(seconds, 300)) * 1000:_} }},"
        return ""


class VercelRewrite(Hop, frozen=True, kw_only=True, eq=False):
    """Paths that Vercel itself hands on to another server. rewrite: as vercel.json says it. destination: where it leads."""

    platform: ClassVar[str] = "vercel"
    kind: ClassVar[str] = "rewrite"

    rewrite: Rewrite
    destination: Destination

    @property
    def product(self) -> str:
        return "Vercel"

    @property
    def pool(self) -> Pool:
        return self.destination.pool

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        paths, pool = self.destination.paths, self.pool
        if paths is None:
            return (Forward(replace(request, to=None), Pool(reason="the path that goes on can't be told"), NO_PATH),)
        target = next(iter(pool.targets), None)
        path, host = paths.forward(request.path) or request.path, target.host if target else None
        headers = request.headers_with(set_by(self.name, self.where))
        sent = replace(request, path=path, host=host, to=None, upgrade=self.upgrade_out(request), headers=headers)
        return (Forward(sent, pool, paths),)

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "idle_timeout":
            return "begin the answer at once, as with a comment line, or have pages ask the other server itself"
        return "have pages open it at the other server itself" if setting == "forwards_upgrade" else ""


class VercelNode(Node, kw_only=True, eq=False):
    """The functions of one project: file routes before dynamic ones, then rewrites."""

    platform: ClassVar[str] = "vercel"

    rewrites: tuple[Rewrite, ...] = ()
    certain: bool = True

    @property
    def functions(self) -> list[Hop]:
        return [hop for hop in self.hops if not isinstance(hop, VercelRewrite)]

    def route(self, request: Request) -> list[Match]:
        """The function that serves a path, as the platform picks it, or the rewrite that hands it on to another server."""
        found = best(self.functions, request.path)
        if found is not None:
            return [Match(found, self.certain)]
        return self._rewritten(request.path)

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """The route that is most specific, or the rewrite that leads to it."""
        if hop is None:
            return Selection()
        if best(self.functions, request.path) is hop:
            return Selection((Related(f"{hop.paths[0]} is the most specific route of {request.path}", hop.where),))
        rewrite = next((rewrite for rewrite in self.rewrites if _is_taken(rewrite, request.path)), None)
        step = f"`{rewrite.source}` is rewritten to {rewrite.target(request.path)}" if rewrite is not None else ""
        return Selection((Related(step, hop.where),) if step else ())

    def _rewritten(self, path: str) -> list[Match]:
        doubts: list[str] = []
        for rewrite in self.rewrites:
            try:
                target = rewrite.target(path)
            except Unsearchable as error:
                doubts.append(f"whether `{rewrite.source[:60]}` takes {path} can't be told: it {error}")
                continue
            if target is not None:
                beyond = (hop for hop in self.hops if isinstance(hop, VercelRewrite) and hop.rewrite is rewrite)
                found = next(beyond, None) or best(self.functions, target.partition("?")[0])
                return [Match(found, self.certain and not doubts, tuple(doubts))] if found is not None else []
        return []


def _is_taken(rewrite: Rewrite, path: str) -> bool:
    try:
        return rewrite.target(path) is not None
    except Unsearchable:
        return False


class NextNode(Node, kw_only=True, eq=False):
    """A Next.js server that the project runs itself.

    others: the paths of its routes that do not stream, which are answered before what comes after them.
    https://nextjs.org/docs/app/api-reference/file-conventions/proxy#execution-order
    """

    platform: ClassVar[str] = "nextjs"

    others: tuple[str, ...] = ()

    def route(self, request: Request) -> list[Match]:
        """What serves a path: middleware, rewrites before files, files, rewrites after them, dynamic routes, fallback."""
        path, found, doubts = request.path, list[Match](), list[str]()
        for step in self._steps():
            if isinstance(step, NextRewrite):
                verdict = step.condition.takes(path)
                if verdict is None:
                    doubts += step.condition.reasons(path)
                    found.append(Match(step, False, tuple(doubts)))
                elif verdict:
                    return [*found, Match(step, not doubts, tuple(doubts))]
            else:
                served, hop = self._serving_hop(path, dynamic=step)
                if served:
                    return [*found, Match(hop, not doubts, tuple(doubts))] if hop is not None else found
        return found

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """The rewrite with its stage, or the most specific route."""
        if hop is None:
            return Selection()
        if isinstance(hop, NextRewrite):
            return Selection((Related(f"{hop.name} ({hop.stage}) takes {request.path}", hop.where),))
        return Selection((Related(f"{hop.paths[0]} is the most specific route of {request.path}", hop.where),))

    def _steps(self) -> Iterator[NextRewrite | bool]:
        """Rewrites, and routes with (True) or without parameters (False), in the order in which they are tried."""
        rewrites = [hop for hop in self.hops if isinstance(hop, NextRewrite)]
        yield from (hop for stage in ("middleware", "beforeFiles") for hop in rewrites if hop.stage == stage)
        yield False
        yield from (hop for hop in rewrites if hop.stage == "afterFiles")
        yield True
        yield from (hop for hop in rewrites if hop.stage == "fallback")

    def _serving_hop(self, path: str, dynamic: bool) -> tuple[bool, Hop | None]:
        """Whether a route serves a path, and the hop where it is one that streams."""
        routes = [hop for hop in self.hops if isinstance(hop, NextRoute) and ("[" in hop.paths[0]) == dynamic]
        hop = best(routes, path)
        others = (route for route in self.others if ("[" in route) == dynamic and serves(route, path))
        other = min(others, key=specificity, default=None)
        if hop is not None and (other is None or specificity(hop.paths[0]) <= specificity(other)):
            return True, hop
        return other is not None, None


def best(hops: Iterable[Hop], path: str) -> Hop | None:
    """The most specific route that serves a path."""
    found = [hop for hop in hops if any(serves(route, path) for route in hop.paths)]
    return min(found, key=lambda hop: specificity(hop.paths[0]), default=None)
