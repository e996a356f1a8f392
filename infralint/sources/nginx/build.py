"""From a tree of directives to one nginx: its servers, its locations, and which of them serves a request."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec

from infralint.model import (
    Affinity,
    Hint,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Request,
    Setting,
    StreamKind,
    Unknown,
    Unreadable,
    Upgrade,
    silence_clocks,
)
from infralint.platforms.ports import WEB_PORTS
from infralint.sources.nginx import choose, handed
from infralint.sources.nginx.choose import Listener, Place, VirtualServer
from infralint.sources.nginx.conditions import holds
from infralint.sources.nginx.environment import Environment
from infralint.sources.nginx.hints import declared, hints
from infralint.sources.nginx.hops import PASSES, Family, NginxLocation, buffers_responses, catch_all, idle_timeout
from infralint.sources.nginx.includes import Includes
from infralint.sources.nginx.refusals import clashes, contradictions
from infralint.sources.nginx.scopes import Level, Scope, has_hole, hidden
from infralint.sources.nginx.tree import Directive, Source
from infralint.sources.nginx.upstreams import Upstream, keeps_affinity, targets_of, unknown_methods
from infralint.sources.nginx.versions import Version, Versions
from infralint.sources.nginx.websocket import Maps, forwards_upgrade
from infralint.text.lazy import lazy
from infralint.text.stream_names import stream_name

SAME_SCOPE = frozenset({"if", "limit_except"})
"""Blocks whose requests are still ruled by the location around them."""
_QUERY = lazy(r"\?|\$is_args")
"""Where the query begins in a target of try_files."""
DEEP = 10
"""Internal redirects nginx follows before it gives up."""


class Part(msgspec.Struct, eq=False):
    """Files that run as one nginx. base: the folder that includes are relative to."""

    name: str
    base: str
    files: list[tuple[Source, list[Directive]]]

    @property
    def path(self) -> str:
        return self.files[0][0].path


class Shared(msgspec.Struct, eq=False):
    """Maps and upstreams of the whole project, for fragments that rely on another file's."""

    maps: dict[str, list[Directive]] = {}
    upstreams: dict[str, Upstream] = {}


@dataclass(kw_only=True, eq=False)
class Nginx(Node):
    """One nginx with its servers. unseen: servers, or all of them, that stand in what is not here.
    heard: comments that declare a stream, and that a location took. refused: what this very nginx does not know."""

    platform: ClassVar[str] = "nginx"

    servers: list[VirtualServer] = field(default_factory=list)
    streams: list[NginxLocation] = field(default_factory=list)
    unseen: list[Unknown] = field(default_factory=list)
    refused: list[Unreadable] = field(default_factory=list)
    heard: set[Location] = field(default_factory=set)

    def route(self, request: Request) -> list[Match]:
        """The locations that nginx would choose; certain where host and path leave no other."""
        return [Match(hop, certain) for hop, certain in self._serving(request.kind, request.host, request.path)]

    def _serving(self, kind: StreamKind, host: str | None, path: str) -> Iterator[tuple[Hop, bool]]:
        found = [
            (hop, certain and sure)
            for server, certain in self._servers(host)
            for hop, sure in _served(server, path, kind, 0)
        ]
        alone = host is not None or len({id(hop) for hop, _ in found}) == 1
        yield from {id(hop): (hop, certain and alone) for hop, certain in found}.values()
        yield from ((hop, False) for hop in self.streams)

    def _servers(self, host: str | None) -> Sequence[tuple[VirtualServer, bool]]:
        if host is None:
            return [(server, True) for server in self.servers]
        chosen = choose.choose_servers(self.servers, host)
        named = [(server, True) for server, by_name in chosen if by_name]
        return named or [(server, server.anonymous) for server, _ in chosen]


def _served(server: VirtualServer, path: str, kind: StreamKind, depth: int) -> Iterator[tuple[Hop, bool]]:
    """Follow a path through a server's locations and their internal redirects to what proxies it."""
    if depth > DEEP or server.returns:
        return
    unsure = [one for one in server.places if one.open]
    diverted = False
    for target, always in server.own.diversions(kind, path) if server.own and depth == 0 else ():
        for hop, certain in _followed(server, target, path, kind, depth):
            yield hop, certain and always and not unsure
            diverted = True
        if always:
            return
    chosen = choose.after_rewrites(server, path) if depth == 0 else path
    places = choose.choose_locations(server.places, chosen, not server.keeps_slashes) if chosen is not None else []
    path = chosen or path
    for place in places:
        for hop, certain in _through(server, place, path, kind, depth):
            yield hop, certain and not unsure and not diverted and len(places) == 1 and not place.held


def _through(
    server: VirtualServer, place: Place, path: str, kind: StreamKind, depth: int
) -> Iterator[tuple[Hop, bool]]:
    block: BuiltLocation = place.tag
    diverted = False
    for target, always in block.diversions(kind, path):
        for hop, certain in _followed(server, target, path, kind, depth):
            yield hop, certain and always
            diverted = True
        if always:
            return
    if block.hop is not None and not block.hands_on(path):
        yield block.hop, not diverted
        return
    for target in block.leads_to(kind, path):
        for hop, certain in _followed(server, target, path, kind, depth):
            yield hop, certain and not diverted


def _followed(
    server: VirtualServer, target: str, path: str, kind: StreamKind, depth: int
) -> Iterator[tuple[Hop, bool]]:
    """Where an internal redirect ends: in a named location, or where its path leads."""
    if target.startswith("@"):
        named = next((one for one in server.places if one.modifier == "@" and one.pattern == target), None)
        if named is not None and depth < DEEP:
            yield from _through(server, named, path, kind, depth + 1)
    elif not target.startswith("=") and "$" not in target:
        yield from _served(server, target, kind, depth + 1)


class BuiltLocation(msgspec.Struct, eq=False, dict=True):
    """A location with what rules it; hop: where it proxies."""

    block: Directive
    scope: Scope
    hop: NginxLocation | None = None

    @property
    def pattern(self) -> str:
        return _matching(self.block)[1]

    def hands_on(self, path: str) -> bool:
        """Whether try_files or a rewrite takes a request elsewhere before proxy_pass sees it."""
        return "try_files" in self.scope.nearest.by_name or self._rewritten(path) is not None

    def _rewritten(self, path: str) -> str | None:
        """The path with which nginx looks for a location again; None where its rewrites leave a request here."""
        changed = path
        for one in self.scope.nearest.by_name.get("rewrite", ()):
            if len(one.args) > 1 and choose.matches(one.args[0], changed):
                if one.args[-1] == "break":
                    return None
                if one.args[-1] in ("redirect", "permanent") or "://" in one.args[1]:
                    return None
                target = one.args[1].partition("?")[0].replace("$request_uri", path).replace("$uri", changed)
                changed = choose.rewritten(one.args[0], target, changed)
                if one.args[-1] == "last":
                    break
        return changed if changed != path else None

    def leads_to(self, kind: StreamKind, path: str = "/") -> Iterator[str]:
        """Where try_files, error_page and rewrite send a request that nothing here answers; a page of HTML is no stream."""
        upgrade = "websocket" if kind == "websocket" else ""
        for one in self.scope.nearest.directives:
            if one.name == "try_files" and len(one.args) > 1:
                target = _QUERY.split(one.args[-1], maxsplit=1)[0]
                target = target.replace("$http_upgrade", upgrade).replace("$uri", path)
            elif one.name == "error_page" and len(one.args) > 1:
                target = one.args[-1]
            else:
                continue
            if not target.endswith((".html", ".htm")):
                yield target
        yield from self._outer_pages()
        if (rewritten := self._rewritten(path)) is not None:
            yield rewritten

    def _outer_pages(self) -> Iterator[str]:
        """Named locations that the server's error_page leads to from a location that has none, and only files or a code."""
        level = self.scope.nearest
        if level.by_name.keys() & {"error_page", "try_files"} or _pass_of(level):
            return
        codes = [one.args[0] for one in level.by_name.get("return", ()) if one.args][:1] or ["404", "403", "405"]
        yield from dict.fromkeys(page for code in codes if (page := self._page_of(code)).startswith("@"))

    def diversions(self, kind: StreamKind, path: str) -> Iterator[tuple[str, bool]]:
        """Where an `if` sends a request on, by rewrite or by an error code with a page; and whether it surely does."""
        for one in self.scope.nearest.by_name.get("if", ()):
            fits = holds(one, kind, path)
            for inner in one.block or () if fits is not False else ():
                target = ""
                if inner.name == "return" and inner.args:
                    target = self._page_of(inner.args[0])
                elif inner.name == "rewrite" and _rewrites(inner, path):
                    target = choose.rewritten(inner.args[0], inner.args[1].partition("?")[0], path)
                if target:
                    yield target, fits is True
                    break

    def _page_of(self, code: str) -> str:
        """The target of the error_page that rules here for a status code, if it is one of this server."""
        for level in reversed(self.scope.levels):
            if pages := level.by_name.get("error_page"):
                return next((one.args[-1] for one in pages if code in one.args[:-1]), "")
        return ""


def _rewrites(one: Directive, path: str) -> bool:
    """Whether a rewrite leads a path to another location: no redirect, no `break`, and the pattern fits."""
    if len(one.args) < 2 or one.args[-1] in ("break", "redirect", "permanent") or "://" in one.args[1]:
        return False
    return choose.matches(one.args[0], path)


def shared(parts: Sequence[Part], includes: Includes) -> Shared:
    """Maps and upstreams wherever they stand in the project."""
    result = Shared()
    for part in parts:
        for level in _http_levels(part, includes):
            _collect(level, part, includes, result)
    return result


def _collect(level: Level, part: Part, includes: Includes, into: Shared) -> None:
    for one in level.by_name.get("map", ()):
        if one.block is not None and len(one.args) == 2:
            into.maps.setdefault(one.args[1].lstrip("$"), []).append(one)
    for one in level.by_name.get("upstream", ()):
        if one.block is not None and one.args:
            into.upstreams.setdefault(one.args[0], Upstream(one, Level(one, includes.expand(one.block, part.base, ()))))


def _http_levels(part: Part, includes: Includes) -> list[Level]:
    """The http level of a part: http blocks, or the top level of fragments."""
    levels = []
    for source, tree in part.files:
        top = includes.expand(tree, part.base, (source.path,))
        blocks = [one for one in top if one.name == "http" and one.block is not None]
        levels += [Level(one, includes.expand(one.block or [], part.base, (source.path,))) for one in blocks]
        if not blocks:
            levels.append(Level(None, top))
    return levels


def tier(part: Part, includes: Includes, environment: Environment, versions: Versions, project: Shared) -> Nginx:
    """One nginx."""
    return _Builder(part, includes, environment, versions.of(part.files[0][0].path), project).build()


class _Builder:
    def __init__(
        self, part: Part, includes: Includes, environment: Environment, version: Version, project: Shared
    ) -> None:
        self.part = part
        self.includes = includes
        self.environment = environment
        self.version = version
        self.project = project
        self.own = Shared()
        self.maps: Maps = ChainMap(self.own.maps, project.maps)
        self.upstreams: Mapping[str, Upstream] = ChainMap(self.own.upstreams, project.upstreams)
        self.nginx = Nginx(name=part.name)
        self.hops: list[NginxLocation] = []
        self.levels: list[Level] = []
        self.files: dict[int, frozenset[str]] = {}

    def build(self) -> Nginx:
        for source, tree in self.part.files:
            self._file(source, tree)
        if not self.nginx.servers and not self.nginx.streams:
            self.nginx.unseen += [
                hidden(one, "the servers") for level in self.levels if level.owner for one in level.opaque[:1]
            ]
        self.nginx.refused += unknown_methods(self.own.upstreams.values(), self.version)
        self.nginx.hops = tuple(self.hops)
        choose.settle_slashes(self.nginx.servers)
        return self.nginx

    def _file(self, source: Source, tree: list[Directive]) -> None:
        top = Level(None, self._expand(tree, (source.path,)))
        scope = Scope((top,), self.environment)
        for one in top.directives:
            if one.block is None:
                continue
            if one.name == "http":
                self._http(scope.inside(Level(one, self._expand(one.block, (source.path,)))))
            elif one.name == "stream":
                self._stream_block(scope.inside(Level(one, self._expand(one.block, (source.path,)))))
        if not any(one.name in ("http", "stream") and one.block is not None for one in top.directives):
            self._http(scope)

    def _expand(self, directives: list[Directive], stack: tuple[str, ...] = ()) -> list[Directive]:
        return self.includes.expand(directives, self.part.base, stack)

    def _block(self, owner: Directive) -> Level:
        """A server or a location with its includes put in; what nginx would refuse of them is kept."""
        level = Level(owner, self._expand(owner.block or []))
        for place, unknown in clashes(level, self.includes.globbed):
            level.refused[unknown.name] = self.includes.clashes.setdefault(place, unknown)
        return level

    def _http(self, scope: Scope) -> None:
        level = scope.nearest
        self.levels.append(level)
        self.nginx.unseen += contradictions(level, self.includes.globbed)
        _collect(level, self.part, self.includes, self.own)
        loose: list[Directive] = []
        for one in self.includes.project.work.steps(f"nginx servers of {self.part.name}", level.directives):
            if one.name == "server" and one.block is not None:
                inner = self._block(one)
                if level.owner is None and _is_stream_server(inner):
                    self._stream_server(one, scope.inside(inner))
                else:
                    self._server(one, scope.inside(inner))
            elif one.name == "location" and one.block is not None:
                loose.append(one)
        if loose:
            self._server(None, scope, loose)

    def _stream_block(self, scope: Scope) -> None:
        _collect(scope.nearest, self.part, self.includes, self.own)
        for one in scope.nearest.directives:
            if one.name == "server" and one.block is not None:
                inner = self._block(one)
                self._stream_server(one, scope.inside(inner))

    def _server(self, block: Directive | None, scope: Scope, loose: Sequence[Directive] = ()) -> None:
        level = scope.nearest
        names = [name for one in level.by_name.get("server_name", ()) for name in one.args] if block else []
        server = VirtualServer(_listeners(level), [name.lower() for name in names] or [""])
        server.tag = f"{self.part.path}#server {len(self.nginx.servers) + 1}"
        locations = loose or [one for one in level.directives if one.name == "location" and one.block is not None]
        built: list[BuiltLocation] = []
        server.places = [self._place(one, scope, server, built) for one in locations]
        self.nginx.servers.append(server)
        if block is not None:
            answers = [one for one in level.by_name.get("return", []) if not level.under_condition(one)]
            server.returns = answers[0].args[-1] if answers and answers[0].args else ""
            own = [
                one for one in level.by_name.get("rewrite", ()) if not level.under_condition(one) and len(one.args) > 1
            ]
            server.own = BuiltLocation(block, scope)
            server.rewrites = [one.args for one in own]
            server.own_slashes = any(one.args == ["off"] for one in level.by_name.get("merge_slashes", ()))
        if not server.returns:
            self._hops(server, built, names)
            if not locations and level.opaque:
                self.nginx.unseen.append(hidden(level.opaque[0], "the locations of this server"))

    def _place(self, block: Directive, outer: Scope, server: VirtualServer, built: list[BuiltLocation]) -> Place:
        level = self._block(block)
        scope = outer.inside(level)
        modifier, pattern = _matching(block)
        location = BuiltLocation(block, scope)
        built.append(location)
        passed = _pass_of(level)
        alike = {one.conditions for name in PASSES for one in level.by_name.get(name, ())}
        if passed is not None and passed.source is block.source and len(alike) < 2:
            level.given = passed.conditions[len(block.conditions) :]
        return Place(
            modifier,  # type: ignore[arg-type]
            pattern,
            [
                self._place(one, scope, server, built)
                for one in level.directives
                if one.name == "location" and one.block is not None
            ],
            redirects=passed is not None and pattern.endswith("/") and modifier in ("", "^~"),
            open=has_hole(pattern),
            held=outer.nearest.under_condition(block),
            every=_branches(block),
            tag=location,
        )

    def _hops(self, server: VirtualServer, built: Sequence[BuiltLocation], names: Sequence[str]) -> None:
        """Hops for the locations that proxy; which of them take everything decides where streams are assumed."""
        fallbacks = _fallbacks(server)
        proxied = [(one, found) for one in built if (found := _pass_of(one.scope.nearest)) is not None]
        checked = {
            one.args[0]
            for place in built
            for level in place.scope.levels
            for one in level.by_name.get("auth_request", ())
            if one.args
        }
        proxied = [(one, passed) for one, passed in proxied if one.pattern not in checked and not _answers(one)]
        self._unseen(built)
        everything = {"/", *fallbacks}
        apis = any(_is_catch_all(one.block) and one.pattern not in everything for one, _ in proxied)
        for one, passed in proxied:
            general = not apis if one.pattern in everything else _is_catch_all(one.block)
            one.hop = self._hop(one, passed, server, names, general)
        self._hand_over(server)
        self.hops += [one.hop for one, _ in proxied if one.hop is not None]

    def _hand_over(self, server: VirtualServer) -> None:
        """Give what locations say of streams to those that nginx sends their requests to."""
        places = list(handed.every(server.places))
        expressions = any(place.modifier in ("~", "~*") for place in places)
        owners: dict[int, BuiltLocation] = {id(place.tag.hop): place.tag for place in places if place.tag.hop}
        given: dict[int, list[Hint]] = {}
        silent: set[int] = set()
        for place in places:
            taker = handed.taker(server, place) if expressions else None
            if place.tag.hop is not None and taker is None:
                continue
            silent.add(id(place.tag.hop))
            for hint in _telling(place):
                for hop in _reached(server, taker or place, place, hint.kind):
                    given.setdefault(id(hop), []).append(handed.handed(hint, place.tag))
                    self.nginx.heard |= {hint.evidence.where} if hint.evidence.where else set()
        for key, one in owners.items():
            if one.hop is not None:
                one.hop = handed.silenced(one.hop) if key in silent else handed.joined(one.hop, given.get(key, ()))

    def _unseen(self, built: Sequence[BuiltLocation]) -> None:
        """Locations that could carry a stream, and of which all that matters stands in what is not here."""
        for one in built:
            level = one.scope.nearest
            said = _pass_of(level) or {"return", "root", "alias", "try_files"} & level.by_name.keys()
            if level.opaque and not said and (_is_catch_all(one.block) or stream_name(one.pattern)):
                self.nginx.unseen.append(hidden(level.opaque[0], f"what {one.block.written} does"))

    def _hop(
        self,
        built: BuiltLocation,
        passed: Directive,
        server: VirtualServer,
        names: Sequence[str],
        general: bool,
    ) -> NginxLocation:
        family = PASSES[passed.name]
        block, scope = built.block, built.scope
        internal = "internal" in scope.nearest.by_name
        told = [] if internal else list(declared(block))
        if not internal:
            self.nginx.heard |= {hint.evidence.where for hint in told if hint.evidence.where}
        where = block.where
        targets = targets_of(passed, scope, self.maps)
        upgrade = self._upgrade(family, scope, passed, where)
        return NginxLocation(
            name=block.written,
            where=where,
            buffers_responses=buffers_responses(scope, family, self.version, where),
            clocks=silence_clocks(idle_timeout(scope, family, where)),
            forwards_upgrade=upgrade,
            keeps_affinity=self._affinity(targets, scope, passed),
            runtime=Known("", where, "", "default"),
            hosts=tuple(name for name in names if name not in ("_", "") and not has_hole(name)),
            paths=(block.source.prepared.original(block.args[-1]),) if block.args and not internal else (),
            upstream=targets[0] if len(targets) == 1 else "",
            hints=() if internal else tuple(hints(block, scope, family, general, upgrade, told)),
            scope=server.tag,
            assumable=general and not internal,
            family=family,
            rules=scope,
            pass_directive=passed,
            version=self.version,
            files=frozenset(file for level in scope.levels if level.owner for file in self._snippets(level.owner)),
            maps=self.own.maps,
            maps_elsewhere=self.project.maps,
            backups=self._backups(targets),
        )

    def _upgrade(self, family: Family, scope: Scope, passed: Directive, where: Location) -> Setting[Upgrade]:
        if family == "proxy":
            return forwards_upgrade(scope, self.maps, self.version, where)
        if family in ("uwsgi", "scgi"):
            why = f"whether a WebSocket crosses {passed.name} is up to the application server"
            return Unknown(
                passed.where,
                passed.name,
                why,
                "put WebSocket routes behind proxy_pass, or leave them out of `streams:`",
            )
        return Known(
            "dropped",
            passed.where,
            passed.name,
            written=passed.written,
            because=f"nginx opens no WebSocket through {passed.name}",
        )

    def _snippets(self, owner: Directive) -> frozenset[str]:
        if id(owner) not in self.files:
            self.files[id(owner)] = frozenset(self.includes.snippets(owner.block or ()))
        return self.files[id(owner)]

    def _affinity(self, targets: Sequence[str], scope: Scope, passed: Directive) -> Setting[Affinity]:
        return keeps_affinity(passed, targets, self.upstreams, scope)

    def _backups(self, targets: Sequence[str]) -> tuple[str, ...]:
        known = [self.upstreams[name] for name in targets if name in self.upstreams]
        return tuple(backup for one in known for backup in one.backups)

    def _stream_server(self, block: Directive, scope: Scope) -> None:
        """A TCP proxy: it buffers nothing and passes whatever is sent; only its silence matters."""
        passed = next(iter(scope.nearest.by_name.get("proxy_pass", ())), None)
        listens = scope.nearest.by_name.get("listen", [])
        if passed is None or any("udp" in one.args for one in listens):
            return
        ports = [_port(one.args[0]) for one in listens if one.args]
        where = block.where
        targets = targets_of(passed, scope, self.maps)
        hop = NginxLocation(
            name=f"stream server on {', '.join(ports) or 'an unnamed port'}",
            where=where,
            buffers_responses=Known("never", where, "", "default"),
            clocks=silence_clocks(idle_timeout(scope, "stream", where)),
            forwards_upgrade=Known("forwarded", where, "", "default"),
            keeps_affinity=self._affinity(targets, scope, passed),
            runtime=Known("", where, "", "default"),
            upstream=targets[0] if len(targets) == 1 else "",
            scope=f"{self.part.path}#stream {len(self.nginx.streams) + 1}",
            assumable=any(port in map(str, WEB_PORTS) for port in ports),
            family="stream",
            rules=scope,
            pass_directive=passed,
            version=self.version,
        )
        self.nginx.streams.append(hop)
        self.hops.append(hop)


def _branches(block: Directive) -> int:
    """How many branches the template condition has that a block stands under, if one of them always holds."""
    prepared = block.source.prepared
    number = block.conditions[-1][0] if block.conditions else -1
    return prepared.branches.get(number, 0) + 1 if number in prepared.exhaustive else 0


def _is_stream_server(level: Level) -> bool:
    """A server of `stream {}`: it proxies by itself, without a location."""
    return "proxy_pass" in level.by_name and "location" not in level.by_name and "server_name" not in level.by_name


def _pass_of(level: Level) -> Directive | None:
    """The directive that hands a location's requests to a backend, also inside `if` and `limit_except`."""
    for one in level.directives:
        if one.name in PASSES and one.args:
            return one
    for one in level.directives:
        if one.name in SAME_SCOPE and one.block is not None:
            inner = _pass_of(Level(one, one.block))
            if inner is not None:
                return inner
    return None


def _telling(place: Place) -> list[Hint]:
    """What a location says of a stream: all that its hop gives away, else its declarations or its name."""
    location: BuiltLocation = place.tag
    if "internal" in location.scope.nearest.by_name:
        return []
    said = list(location.hop.hints) if location.hop else list(declared(location.block))
    named = handed.told_by_name(place)
    return said or ([named] if named else [])


def _reached(server: VirtualServer, chosen: Place, place: Place, kind: StreamKind) -> list[Hop]:
    """The hops where requests end that are made for one location and that nginx gives to another, or to itself."""
    found = [hop for path in handed.own_paths(place)[:2] for hop, _ in _through(server, chosen, path, kind, 0)]
    return list({id(hop): hop for hop in found}.values())


def _answers(one: BuiltLocation) -> bool:
    """Whether a location answers by itself, whatever proxy_pass stands beside; behind a `break` no `return` is reached."""
    level = one.scope.nearest
    for directive in level.directives:
        if directive.name == "break" or (directive.name == "rewrite" and directive.args[-1:] == ["break"]):
            return False
        if directive.name == "return" and not level.under_condition(directive):
            return True
    return False


def _matching(block: Directive) -> tuple[str, str]:
    """Modifier and pattern of a location: `= /x`, `~* \\.php$`, `@app`, `/api`."""
    args = block.args
    if len(args) >= 2 and args[0] in ("=", "^~", "~", "~*"):
        return args[0], args[1]
    pattern = args[0] if args else "/"
    for modifier in ("~*", "^~", "=", "~"):
        if pattern.startswith(modifier):
            return modifier, pattern[len(modifier) :]
    return ("@" if pattern.startswith("@") else ""), pattern


def _is_catch_all(block: Directive) -> bool:
    modifier, pattern = _matching(block)
    return modifier != "@" and not has_hole(pattern) and catch_all(modifier, pattern)


def _fallbacks(server: VirtualServer) -> set[str]:
    """Named locations that a catch-all hands its requests to."""
    found: set[str] = set()
    for place in server.places:
        location: BuiltLocation = place.tag
        general = place.open or catch_all(place.modifier, place.pattern)
        if place.modifier != "@" and general and _pass_of(location.scope.nearest) is None:
            found |= {target for target in location.leads_to("sse") if target.startswith("@")}
    return found


def _listeners(level: Level) -> list[Listener]:
    listens = [one for one in level.by_name.get("listen", ()) if one.args]
    return [
        Listener(_socket(one.args[0]), "default_server" in one.args or "default" in one.args) for one in listens
    ] or [Listener("*:80")]


def _socket(text: str) -> str:
    """`80`, `*:80`, `0.0.0.0:80` and `[::]:80` are one for choosing by name."""
    if text.startswith("unix:"):
        return text
    port = _port(text)
    address = text[: -len(port)].rstrip(":") if text.endswith(port) else text
    return f"*:{port}" if address in ("", "*", "0.0.0.0", "[::]") else f"{address}:{port}"


def _port(text: str) -> str:
    tail = text.rpartition(":")[2]
    if "]" in tail or ("." in tail and ":" not in text) or not tail:
        return "80"
    return tail
