"""Functions on Vercel, and the routes of a Next.js application that hosts itself, as hops."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from infralint.model import Hop, Known, Location, Match, Node, Related, Request, Setting
from infralint.platforms.vercel import EDGE_DURATION, FLUID_DEFAULT, Ceiling
from infralint.sources.vercel.config import FunctionRule, Rewrite
from infralint.sources.vercel.rewriting import rewritten
from infralint.sources.vercel.routes import Router, serves, specificity

Policy = Literal["duration", "require-edge", "require-node"]

WITHOUT_BUILDS = (
    'remove "builds" from vercel.json: Vercel finds the function without it, and refuses "functions" beside it; then'
)
"""https://vercel.com/docs/project-configuration#functions: never together with the legacy `builds`."""

RUNTIME_NAMES = {"nodejs": "Node.js", "bun": "Bun", "python": "Python", "go": "Go", "ruby": "Ruby", "edge": "Edge"}


@dataclass(frozen=True, kw_only=True, eq=False)
class VercelFunction(Hop):
    """A function on Vercel.

    source: its file from the Vercel project's root. router: what made it a function. proven: the
    repository says that it is deployed to Vercel (else that is only assumed). written: a
    maxDuration stands somewhere. held: why its runtime holds responses back, if it does. policy:
    which runtime the user wants. unread: what looks like a setting and is none. rule: what vercel.json
    says of a plain function, where that decides its duration whatever the file says. config: the
    pairs of the file's `export const config`. statement: its duration, where that stands outside. ceiling:
    what the plan allows, if the plan is known.
    """

    platform: ClassVar[str] = "vercel"
    kind: ClassVar[str] = "function"
    origin: ClassVar[bool] = True

    source: str
    router: Router
    proven: bool
    written: bool
    held: Known[str] | None = None
    policy: Policy = "duration"
    unread: tuple[Related, ...] = ()
    rule: FunctionRule | None = None
    config: tuple[tuple[str, str], ...] = ()
    statement: str = ""
    ceiling: Ceiling | None = None

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
                return self._switch_line(seconds) + self._duration_lines(self._wanted(seconds))
            case "runtime":
                return self._switch_line(seconds) + self._node_lines(self._wanted(seconds))
            case "edge" if self.runtime_name in ("Node.js", "Bun"):
                return self._app_line("runtime", "edge") if self.router == "app" else self._config_line(runtime="edge")
        return ""

    def _wanted(self, seconds: float) -> int:
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
        said = {name: setting.value for name, setting in self.rule.settings.items()} if self.rule else {}
        settings = json.dumps(said | {"maxDuration": wanted})
        return f'"functions": {{ {json.dumps(pattern)}: {{ {settings[1:-1]} }} }}'


@dataclass(frozen=True, kw_only=True, eq=False)
class NextRoute(Hop):
    """A route of a Next.js server that the project runs itself.

    compress: whether `next start` compresses responses. flushed: the route's responses are flushed
    after each write, compressed or not.
    """

    platform: ClassVar[str] = "nextjs"
    kind: ClassVar[str] = "route"
    origin: ClassVar[bool] = True

    router: Router
    compress: Setting[bool]
    flushed: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class NextRewrite(Hop):
    """A path that a Next.js server hands on to another server.

    timeout: of its proxy, in seconds. compress: whether it compresses what comes back.
    """

    platform: ClassVar[str] = "nextjs"
    kind: ClassVar[str] = "rewrite"

    timeout: Known[float]
    compress: Setting[bool]

    def takes(self, path: str) -> bool:
        """Whether a concrete path is handed on."""
        return rewritten(self.paths[0], self.upstream, path) is not None


@dataclass(kw_only=True, eq=False)
class VercelNode(Node):
    """The functions of one project: file routes before dynamic ones, then rewrites."""

    platform: ClassVar[str] = "vercel"

    rewrites: tuple[Rewrite, ...] = ()
    certain: bool = True

    def route(self, request: Request) -> list[Match]:
        """The function that serves a path, as the platform picks it."""
        found = best(self.hops, request.path) or self._rewritten(request.path)
        return [Match(found, self.certain)] if found is not None else []

    def _rewritten(self, path: str) -> Hop | None:
        for rewrite in self.rewrites:
            target = rewritten(rewrite.source, rewrite.destination, path, rewrite.regex)
            if target is not None:
                return best(self.hops, target.partition("?")[0])
        return None


def best(hops: Sequence[Hop], path: str) -> Hop | None:
    """The most specific route that serves a path."""
    routes = [hop for hop in hops if not isinstance(hop, NextRewrite)]
    found = [hop for hop in routes if any(serves(route, path) for route in hop.paths)]
    handed = (hop for hop in hops if isinstance(hop, NextRewrite) and hop.takes(path))
    return min(found, key=lambda hop: specificity(hop.paths[0]), default=None) or next(handed, None)


def edge_duration(where: Location) -> Known[float]:
    """An Edge function's response may last this long, whatever maxDuration says."""
    return Known(EDGE_DURATION, where, "maxDuration", "default", because="Edge functions end a response after 300 s")
