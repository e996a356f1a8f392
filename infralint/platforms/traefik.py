"""Traefik: it passes answers on as they come, and WebSockets too, unless a middleware buffers.

https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/buffering/,
https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from infralint.model import SSE, Clock, Known, Location, Setting
from infralint.platforms.routing import PathKind, RoutedHop

_MATCHER = re.compile(r"(!)?\s*(\w+)\(([^()]*)\)")
_QUOTED = re.compile(r"[`\"']([^`\"']*)[`\"']")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


@dataclass(frozen=True, slots=True)
class TraefikRule:
    """What a rule asks for: hosts (`""` for any), paths, and doubt: what else, so that it may or may not hold."""

    hosts: tuple[str, ...]
    paths: tuple[tuple[str, PathKind], ...]
    doubt: str


def parse_rule(written: str) -> TraefikRule:
    """`Host(`a`) && PathPrefix(`/x`)`; what is joined or asked in another way may or may not hold.

    https://doc.traefik.io/traefik/reference/routing-configuration/http/router/rules-and-priority/
    """
    hosts: tuple[str, ...] = ("",)
    paths: tuple[tuple[str, PathKind], ...] = (("/", "prefix"),)
    doubt = ""
    for negated, name, arguments in _MATCHER.findall(written):
        texts = _QUOTED.findall(arguments)
        if negated or name not in ("Host", "Path", "PathPrefix"):
            doubt = f"it depends on `{written}`"
        elif name == "Host":
            hosts = tuple(texts)
        else:
            paths = tuple((text, "exact" if name == "Path" else "prefix") for text in texts)
    if "||" in written and len(_MATCHER.findall(written)) > 1:
        doubt = doubt or f"it depends on `{written}`"
    return TraefikRule(hosts, paths, doubt)


@dataclass(frozen=True, kw_only=True)
class TraefikRoute(RoutedHop):
    """A rule that Traefik serves: it streams and opens WebSockets by itself, unless a middleware buffers."""

    platform: ClassVar[str] = "traefik"
    kind: ClassVar[str] = "route"

    sticky: str = "sticky: { cookie: {} }  # on its service"

    @property
    def product(self) -> str:
        return "Traefik"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "buffers_responses":
                return "leave the buffering middleware out of this route"
            case "max_duration":
                return "leave respondingTimeouts.writeTimeout of the entry point at 0"
            case "keeps_affinity":
                return self.sticky
        return ""


def follow_chains(names: Iterable[str], chained_by: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """The middlewares of these names, and those that chains among them name, each once.

    https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/chain/
    """
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            waiting += chained_by(name)


def buffered_by(where: Location, name: str, written: str) -> Known[str]:
    """What a middleware that buffers does: it reads an answer to its end before it sends any of it."""
    because = f"the middleware {name} buffers: Traefik reads the whole answer before it passes any of it on"
    return Known("always", where, "buffering", written=written, because=because)


def write_clock(limit: Setting[float]) -> Clock:
    """An entry point's `writeTimeout`, which ends answers, and not WebSockets: Go's server takes it off these."""
    return Clock("whole-response", limit, SSE, "truncated")


def duration_seconds(text: str) -> float | None:
    """Seconds of a duration as Traefik takes it: a number without a unit is seconds. None for another text."""
    found = _DURATION.fullmatch(text.strip())
    return float(found[1]) * _UNITS[found[2]] if found is not None else None
