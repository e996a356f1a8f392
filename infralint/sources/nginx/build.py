"""From a tree of directives to one nginx: its servers, its locations, and which of them serves a request."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import ClassVar

import msgspec

from infralint.model import (
    NOT_ASKED,
    NOWHERE,
    Address,
    Hint,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Request,
    Selection,
    Unknown,
    Unreadable,
)
from infralint.platforms.nginx import Facts, Version
from infralint.platforms.ports import DEFAULT_PORTS, WEB_PORTS
from infralint.sources.nginx.blocks import NginxBlock
from infralint.sources.nginx.choose import (
    LOOPBACK,
    ListenAddress,
    LocationEntry,
    Sockets,
    VirtualServer,
    plain_host,
)
from infralint.sources.nginx.environment import EnvironmentVariables
from infralint.sources.nginx.grammar import split_modifier
from infralint.sources.nginx.handed import hand_over
from infralint.sources.nginx.hints import find_declarations, find_hints, speaks_of_store
from infralint.sources.nginx.hops import (
    PASSES,
    NginxLocation,
    added_headers,
    handshake_at,
    is_catch_all,
    passed_anywhere,
)
from infralint.sources.nginx.includes import Includes
from infralint.sources.nginx.processing import CLOSED, Answer, Processing, RequestEnd
from infralint.sources.nginx.refusals import clashes, contradictions
from infralint.sources.nginx.scopes import Level, Scope, ScopeSettings, has_hole, hidden, unseen_by
from infralint.sources.nginx.selection import explain_choice
from infralint.sources.nginx.tree import Directive, NginxFile
from infralint.sources.nginx.undeclared import Expanded, find_undeclared
from infralint.sources.nginx.upstreams import (
    Upstream,
    Upstreams,
    ported_upstreams,
    read_target,
)
from infralint.sources.nginx.variables import Definitions, Moment, Values
from infralint.sources.nginx.versions import Versions
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.stream_names import stream_name

SAME_SCOPE = frozenset({"if", "limit_except"})
"""Blocks whose requests are still ruled by the location around them."""
_DEFINING = frozenset({"map", "geo", "split_clients"})
_TELLING = frozenset({"gzip", "brotli", "limit_rate", *PASSES})
"""What makes an `if` in a location a way of its own."""
_ADDING = frozenset({"add_header", "more_set_headers"})
NOTHING: Mapping[str, Upstream] = MappingProxyType({})
NO_FILES: frozenset[str] = frozenset()
MOST_PORTS = 64
"""Ports of one range that are listened on."""


MOST_ROUTED = 2_048
"""Requests of which it is remembered at once who serves them."""
MOST_ASKED = 8_000
"""How often servers of one nginx are asked who serves a request that names no host; then FEW are for each such request."""
FEW = 4


class NginxInstance(msgspec.Struct, eq=False):
    """Files that run as one nginx. base: the folder that includes are relative to."""

    name: str
    base: str
    files: list[tuple[NginxFile, list[Directive]]]

    @property
    def path(self) -> str:
        return self.files[0][0].path


class Shared(msgspec.Struct, eq=False):
    """What defines variables, and upstreams: of one nginx, or of the whole project, for fragments that rely on another file's."""

    variables: dict[str, list[Directive]] = {}
    upstreams: dict[str, Upstream] = {}


class Nginx(Node, kw_only=True, eq=False, dict=True):
    """One nginx with its servers. unseen: servers, or all of them, that stand in what is not here.
    heard: comments that declare a stream, and that a location took. refused: what this very nginx does not know.
    asked: how often its servers were asked about requests that name no host."""

    platform: ClassVar[str] = "nginx"

    processing: Processing
    servers: list[VirtualServer] = msgspec.field(default_factory=list)
    streams: list[NginxLocation] = msgspec.field(default_factory=list)
    ports: dict[int, list[ListenAddress]] = msgspec.field(default_factory=dict)
    unseen: list[Unknown] = msgspec.field(default_factory=list)
    refused: list[Unreadable] = msgspec.field(default_factory=list)
    heard: set[Location] = msgspec.field(default_factory=set)
    version: Version = Version()
    asked: int = 0

    @cached_property
    def sockets(self) -> Sockets:
        return Sockets(self.servers)

    def route(self, request: Request) -> list[Match]:
        """The locations that nginx would choose; certain where host and path leave no other."""
        return self._route_once(request)[0]

    def match_of(self, request: Request, hop: Hop) -> Match | None:
        found = self._route_once(request)[1].get(id(hop))
        if found is None and isinstance(hop, NginxLocation) and self._asks_few(request):
            return self._match_unasked(request, hop)
        return found

    def hops_at(self, address: Address) -> Collection[int] | None:
        servers = self.sockets.reached_servers(address)
        if self.streams or not servers:
            return None
        return [identity for server in servers for identity in self._hops_of.get(id(server), ())]

    @cached_property
    def _hops_of(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for hop in self.hops:
            if isinstance(hop, NginxLocation):
                found.setdefault(id(hop.block.server), []).append(id(hop))
        return found

    def _match_unasked(self, request: Request, hop: NginxLocation) -> Match | None:
        """How a location is chosen whose server is not asked with the others."""
        server = hop.block.server
        if hop.family == "stream" or server not in self.sockets.reached_servers(request.to):
            return None
        is_chosen = any(way.block is hop.block for way in self.processing.ways(server, request))
        return Match(hop, False, (self.unasked,)) if is_chosen else None

    @property
    def unasked(self) -> str:
        if self.asked <= MOST_ASKED:
            return ""
        return (
            f"so many requests that name no host may come to any of the {len(self.servers)} servers of {self.name} that"
            f" for most of them only {FEW} of these are asked"
        )

    def _asks_few(self, request: Request) -> bool:
        """Whether only few of the servers that a request may come to are asked."""
        return request.host is None and bool(self.unasked) and len(self.sockets.reached_servers(request.to)) > FEW

    def _route_once(self, request: Request) -> tuple[list[Match], dict[int, Match]]:
        found = self._routed.get(request)
        if found is None:
            if len(self._routed) >= MOST_ROUTED:
                self._routed.clear()
            matches = self._route(request)
            found = self._routed[request] = matches, {id(match.hop): match for match in reversed(matches)}
        return found

    @cached_property
    def _routed(self) -> dict[Request, tuple[list[Match], dict[int, Match]]]:
        """What was chosen before, as a list and by the location: whoever looks for what leads to a route asks that often."""
        return {}

    def _route(self, request: Request) -> list[Match]:
        refused = self._refuse_protocol(request) or self._refuse_http(request) or self._refuse_missing_host(request)
        if refused is not None:
            return [Match(None, answer=refused)]
        found = [self._ways(server, request, doubts) for server, doubts in self._servers_asked(request)]
        handing = [ways for ways in found if any(way.is_handed_on for way in ways)]
        matches = _matches([way for ways in handing or found for way in ways])
        if self._expects_proxies and not request.relayed:
            matches = [self._doubt_client(match, request) for match in matches]
        if self._asks_few(request):
            matches = [*(_in_doubt(match, self.unasked) for match in matches), Match(None, False, (self.unasked,))]
        passing = [hop for hop in self.streams if self._takes(hop, request)]
        if passing and not (request.to is not None and not matches):
            why = f"whether {passing[0].name} or a server of http {{}} gets it is not known"
            matches = [_in_doubt(match, why) for match in matches]
        certain = len(passing) == 1 and (
            self._is_first_asked(passing[0], request) if request.to is None else not matches
        )
        if certain and request.to is None:
            matches = []
        why = "which address the client asks is not known"
        return [*matches, *(self._match_stream(hop, request, () if certain else (why,)) for hop in passing)]

    def _match_stream(self, hop: NginxLocation, request: Request, reasons: tuple[str, ...]) -> Match:
        """A server of `stream {}` that takes what is sent, or closes the connection."""
        shut = self.processing.find_shut(hop.block, request)
        if shut is not None:
            return Match(None, not reasons, reasons, _answer_of(shut))
        found = self.processing.find_stream_misfit(hop.block, request)
        loss = None if found is None else Unknown(found.line.where, found.line.name, f"{hop.name}: {found.because}")
        match = Match(hop, not reasons, reasons, None, loss)
        return self._doubt_client(match, request) if self._expects_proxies and not request.relayed else match

    @cached_property
    def _expects_proxies(self) -> bool:
        """Whether a port of it expects the PROXY protocol."""
        listeners = [listener for server in self.servers for listener in server.listeners]
        return any(listener.proxied for listener in (*listeners, *chain.from_iterable(self.ports.values())))

    def _doubt_client(self, match: Match, request: Request) -> Match:
        """What serves a request of a client itself, where its port expects the PROXY protocol, which no client speaks.

        https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
        """
        if not isinstance(match.hop, NginxLocation) or match.loss is not None:
            return match
        server = match.hop.block.server
        sockets = [socket.listeners for socket in self.sockets.reached_by(request.to) if server in socket.servers]
        if match.hop.family == "stream":
            sockets = [[listener] for listener in self.ports[id(match.hop)]]
        if not sockets or not all(any(listener.proxied for listener in listeners) for listeners in sockets):
            return match
        lines = (line for line in server.block.level.by_name.get("listen", ()) if "proxy_protocol" in line.args)
        line = next(lines, server.block.directive)
        where, written = (line.where, line.written) if line is not None else (NOWHERE, "")
        why = (
            f"`{written}` takes only connections that begin with the PROXY protocol, which no browser speaks, and what sends"
            f" it to {match.hop.name} was not read"
        )
        remedy = "let infralint see the load balancer in front, or name the hops of the stream in infralint.yaml"
        return msgspec.structs.replace(match, loss=Unknown(where, "listen", why, remedy))

    def _is_first_asked(self, hop: NginxLocation, request: Request) -> bool:
        """Whether clients that name no port come to a server of `stream {}`: no server of `http {}` listens where they do."""
        listeners = [listener for server in self.servers for listener in server.listeners]
        return (
            not request.relayed
            and any(listener.address.port in DEFAULT_PORTS for listener in self.ports[id(hop)])
            and not any(listener.address.port in DEFAULT_PORTS for listener in listeners)
            and self._is_all_seen
        )

    def _refuse_protocol(self, request: Request) -> Known[str] | None:
        """What becomes of a request that speaks TLS, or the PROXY protocol, where none is expected, or none where it is.

        https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
        """
        is_told = request.secure is not None or request.proxied is not None
        sockets = self.sockets.reached_by(request.to) if request.to is not None and is_told else []
        listeners = sockets[0].listeners if len(sockets) == 1 else []
        servers = sockets[0].servers if listeners else []
        if not listeners or any("ssl" in server.block.level.by_name for server in servers) or not self._is_all_seen:
            return None
        expected = any(listener.secure for listener in listeners)
        directive, port = servers[0].block.directive, listeners[0].address.port
        where = directive.where if directive is not None else NOWHERE
        proxied = any(listener.proxied for listener in listeners)
        if proxied and request.proxied is None:
            because = f"port {port} expects the PROXY protocol, which `proxy_pass` does not speak"
            return Known("502", where, "listen", because=because)
        if proxied and not request.proxied:
            because = f"port {port} expects the PROXY protocol, which `stream {{}}` only sends with `proxy_protocol on`"
            return Known(CLOSED, where, "listen", because=because)
        if request.proxied and not proxied:
            because = f"port {port} does not expect the PROXY protocol, in which it is spoken to"
            return Known("400", where, "listen", because=because)
        if request.secure in (None, expected):
            return None
        because = (
            f"port {port} speaks TLS, and is sent plain HTTP"
            if expected
            else f"port {port} takes plain HTTP, and TLS is spoken to it"
        )
        failed = "502" if request.proxied is None else CLOSED  # `stream {}` has no answer of its own
        return Known("400" if expected else failed, where, "listen", because=because)

    @cached_property
    def _is_all_seen(self) -> bool:
        """Whether every `listen` is known, and nothing may hold another one, or switch TLS on, that is not here."""
        listens = [
            (server.block.level, line)
            for server in self.servers
            for line in server.block.level.by_name.get("listen", ())
        ]
        levels = (level for server in self.servers for level in server.block.scope.levels)
        return not any(map(unseen_by, levels)) and not any(
            line.has_hole or level.under_condition(line) for level, line in listens
        )

    def _refuse_http(self, request: Request) -> Known[str] | None:
        """What becomes of HTTP/1.1 where older versions speak HTTP/2 alone, as no browser does without TLS.

        https://nginx.org/en/CHANGES: since 1.25.1 a listener tells them apart.
        """
        is_old = self.version.known and self.version.number < (1, 25, 1)
        http = request.http
        if not is_old or isinstance(http, Unknown) or http.value.startswith("2"):
            return None
        servers = self.sockets.reached_servers(request.to)
        listeners = [
            listener
            for server in servers
            for listener in server.listeners
            if request.to is None or listener.takes(request.to)
        ]
        if not listeners or not all(listener.is_http2_alone for listener in listeners):
            return None
        if self.streams or not self._is_all_seen or any("ssl" in server.block.level.by_name for server in servers):
            return None
        line = next((line for line in servers[0].block.level.by_name.get("listen", ()) if "http2" in line.args), None)
        where, written = (line.where, line.written) if line is not None else (NOWHERE, "")
        because = f"nginx {self.version.written} speaks HTTP/2 alone at `{written}`, and no browser does without TLS"
        return Known(CLOSED, where, "listen", written=written, because=because)

    def _refuse_missing_host(self, request: Request) -> Known[str] | None:
        """What becomes of a request without a Host header: from HTTP/1.1 on it needs one.

        https://www.rfc-editor.org/rfc/rfc9112#section-3.2
        """
        http = request.http
        if request.host != "" or isinstance(http, Unknown) or http.value == "1.0":
            return None
        because = f"it comes over HTTP/{http.value} without a Host header"
        return Known("400", http.where, http.name, http.origin, http.written, because)

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        if isinstance(hop, NginxLocation) and hop.family != "stream":
            return explain_choice(self.processing, self.sockets, hop.block, request)
        if hop is not None:
            return Selection()
        ways = [way for server, doubts in self._servers_asked(request) for way in self._ways(server, request, doubts)]
        answering = [way.run.block for way in ways if way.answer is not None and way.run.block.place is not None]
        return explain_choice(self.processing, self.sockets, answering[0], request) if answering else Selection()

    def _takes(self, hop: NginxLocation, request: Request) -> bool:
        """Whether a server of `stream {}` may listen where a request is sent."""
        return request.to is None or any(listener.takes(request.to) for listener in self.ports.get(id(hop), ()))

    def _servers_asked(self, request: Request) -> Iterator[tuple[VirtualServer, tuple[str, ...]]]:
        """The servers that may get a request, each with the reasons why another may."""
        if request.host is None:
            servers = self.sockets.reached_servers(request.to)
            if len(servers) > FEW:
                self.asked += len(servers)
            yield from ((server, ()) for server in (servers[:FEW] if self._asks_few(request) else servers))
            return
        chosen = self.sockets.choose_servers(request.host, request.to)
        named = [choice.server for choice in chosen if choice.by_name]
        if named:
            yield from ((server, ()) for server in named)
            return
        # Who dials this very address gets the default server, whatever it is called; a browser may mean another nginx.
        is_dialled = request.dialled and len(chosen) == 1
        for server in (choice.server for choice in chosen):
            why = (
                f"no server_name is {request.host}: the server of {', '.join(server.names)} answers as the default one"
            )
            yield server, () if server.anonymous or is_dialled else (why,)

    def _ways(self, server: VirtualServer, request: Request, doubts: tuple[str, ...]) -> list[RequestEnd]:
        ways = self.processing.ways(server, request)
        overruled = _hidden_server(server, request)
        if overruled:
            ways = [way._replace(overruled=way.overruled or overruled) if way.answer else way for way in ways]
        if not doubts:
            return ways
        return [way._replace(run=msgspec.structs.replace(way.run, doubts=(*way.run.doubts, *doubts))) for way in ways]


def _hidden_server(server: VirtualServer, request: Request) -> str:
    """Why another server may get a request, which is not to be seen; empty where this one has the very name, or all are."""
    name = server.name_for(plain_host(request.host)) if request.host is not None else None
    if name is not None and _is_plain(name):
        return ""
    why = next(filter(None, map(unseen_by, server.block.scope.levels[:-1])), "")
    return f"{why}, and where nginx runs it may hold the server for this host" if why else ""


def _in_doubt(match: Match, why: str) -> Match:
    return msgspec.structs.replace(match, certain=False, reasons=(*match.reasons, why))


def _matches(ways: Sequence[RequestEnd]) -> list[Match]:
    """What serves a request that may take these ways.

    A stream that somebody is served passes whatever turns others away: an answer counts where nothing else is left.
    """
    counting = [way for way in ways if way.is_handed_on or way.run.doubts] or list(ways)
    together: dict[object, list[RequestEnd]] = {}
    for way in sorted(counting, key=lambda way: way.after_error):
        ending = id(way.block) if way.block else way.overruled or (way.answer and way.answer[:3])
        together.setdefault(ending, []).append(way)
    served = [group for group in together.values() if not group[0].after_error]
    certain = len(served) == 1 and not any(
        way.run.doubts or way.overruled or (not way.block and not way.answer) for way in served[0]
    )
    unseen = {id(way.run.moment.server): way for way in reversed(ways) if way.is_lost_track_of and not way.overruled}
    lost = {id(way.run.moment.server): way for way in reversed(ways) if way.is_loss and not way.overruled}
    lost = {**unseen, **lost}
    return [
        _match(group, certain and not group[0].after_error, len(served), lost.get(id(group[0].run.moment.server)))
        for group in together.values()
    ]


def _match(ways: Sequence[RequestEnd], certain: bool, alternatives: int, lost: RequestEnd | None) -> Match:
    way = ways[0]
    each = (reason for way in ways for reason in (*way.run.reasons, *way.run.doubts, way.overruled))
    reasons = dict.fromkeys(filter(None, each))
    if alternatives > 1 and not reasons:
        request = way.run.moment.request
        missing = "the host is" if request is None or request.host is None else "the port that is asked is"
        reasons = {f"{missing} not known, and servers serve it differently": None}
    hop: Hop | None = way.block.hop if way.block is not None else None
    answer = _answer_of(way.answer) if way.answer is not None and not way.overruled else None
    loss = _describe_loss(lost, hop) if lost is not None and hop is not None else None
    return Match(hop, certain, () if certain else tuple(reasons), answer, loss)


def _answer_of(answer: Answer) -> Known[str]:
    code, at, text, because = answer
    where, name, written = (at.where, at.name, at.written) if at is not None else (NOWHERE, "", "")
    return Known(f"{code} {text}".strip(), where, name, written=written, because=because)


def _describe_loss(lost: RequestEnd, hop: Hop) -> Unknown:
    """What to say where requests of a stream may get an answer of nginx's own instead of coming to a hop, or go elsewhere."""
    if lost.answer is None:
        why = f"whether every request for the stream comes through {hop.name} can't be told"
        return Unknown(hop.where, "", ": ".join((why, *lost.run.reasons[:1])))
    code, at, _, because = lost.answer
    cause = because or (f"`{at.written}`" if at is not None else "")
    doubt = f"the stream may be asked for by {lost.method}" if lost.method else "".join(lost.run.reasons[-1:])
    remedy = "say by which `methods:` the stream is asked for" if lost.method else ""
    answering = f", as nginx may answer {code}" if code else ""
    why = (
        f"whether every request for the stream comes through {hop.name} can't be told{answering}:"
        f" {'; '.join(filter(None, (cause, doubt)))}"
    )
    return Unknown(at.where if at is not None else hop.where, at.name if at is not None else "", why, remedy)


def collect_shared(parts: Sequence[NginxInstance], includes: Includes) -> Shared:
    """Maps and upstreams wherever they stand in the project."""
    result = Shared()
    for part in parts:
        for level in _http_levels(part, includes):
            _collect(level, part, includes, result)
    return result


def _collect(
    level: Level, part: NginxInstance, includes: Includes, into: Shared, known: Mapping[str, Upstream] = NOTHING
) -> None:
    """Add what a level defines. known: upstreams that were read before, as they may be these."""
    for name in _DEFINING & level.by_name.keys():
        for directive in level.by_name[name]:
            if directive.block is not None and directive.args:
                block = includes.with_content(directive, part.base)
                into.variables.setdefault(directive.args[-1].lstrip("$"), []).append(block)
    for directive in level.by_name.get("upstream", ()):
        if directive.block is not None and directive.args:
            name = directive.source.prepared.original(directive.args[0]).lower()
            upstream = known.get(name)
            if upstream is None or upstream.block is not directive:
                upstream = Upstream(directive, Level(directive, includes.expand(directive.block, part.base, ())))
            into.upstreams.setdefault(name, upstream)


def _http_levels(part: NginxInstance, includes: Includes) -> list[Level]:
    """The http level of a part: http blocks, or the top level of fragments."""
    levels = []
    for source, tree in part.files:
        top = includes.expand(tree, part.base, (source.path,))
        blocks = [directive for directive in top if directive.name == "http" and directive.block is not None]
        levels += [Level(block, includes.expand(block.block or [], part.base, (source.path,))) for block in blocks]
        if not blocks:
            levels.append(Level(None, top))
    return levels


def read_part(
    part: NginxInstance, includes: Includes, environment: EnvironmentVariables, versions: Versions, project: Shared
) -> Nginx:
    """One nginx."""
    return _NodeBuilder(part, includes, environment, versions.of(part.files[0][0].path), project).build()


class _NodeBuilder:
    def __init__(
        self,
        part: NginxInstance,
        includes: Includes,
        environment: EnvironmentVariables,
        version: Version,
        project: Shared,
    ) -> None:
        self.part = part
        self.includes = includes
        self.environment = environment
        self.version = version
        self.found = Shared()
        self.definitions = Definitions(self.found.variables, project.variables, environment)
        self.upstreams = Upstreams(self.found.upstreams, project.upstreams)
        self.nginx = Nginx(name=part.name, processing=Processing(self.definitions, self.upstreams), version=version)
        self.hops: list[NginxLocation] = []
        self.levels: list[Level] = []
        self.files: dict[int, frozenset[str]] = {}
        self.expanded = Expanded(includes)
        self.closed: dict[int, Unknown] = {}

    def build(self) -> Nginx:
        for source, tree in self.part.files:
            self._file(source, tree)
        if not self.nginx.servers and not self.nginx.streams:
            self.nginx.unseen += [
                hidden(hole, "the servers") for level in self.levels if level.owner for hole in level.opaque[:1]
            ]
        self.nginx.unseen += self.closed.values()
        for _, tree in self.part.files:
            if any(directive.name == "http" and directive.block is not None for directive in tree):
                self.nginx.refused += find_undeclared(tree, self.expanded)
        self.nginx.refused += ported_upstreams([hop.pass_directive for hop in self.hops], self.found.upstreams)
        self.nginx.hops = tuple(self.hops)
        self._place_node()
        self.nginx.sockets.settle_slashes()
        self.nginx.sockets.inner = frozenset(self._inner_ports())
        return self.nginx

    def _inner_ports(self) -> Iterator[int]:
        """The ports of this host that its own locations dial, and to which browsers come by no usual address."""
        targets = (
            dict.fromkeys(hop.pass_directive.args[0] for hop in self.hops) if len(self.nginx.sockets.by_key) > 1 else ()
        )
        for text in targets:
            if "$" in text or has_hole(text):
                continue
            target = read_target(text)
            for address in self.upstreams.pool_of(target, self.definitions).targets:
                if address.host in LOOPBACK and address.port is not None and address.port not in DEFAULT_PORTS:
                    yield address.port

    def _place_node(self) -> None:
        """Where the node listens, what it is called, and which files it is written in."""
        listeners = [listener for server in self.nginx.servers for listener in server.listeners]
        listeners += [listener for group in self.nginx.ports.values() for listener in group]
        self.nginx.listens = tuple(dict.fromkeys(listener.address for listener in listeners))
        names = {name for server in self.nginx.servers for name in server.names}
        self.nginx.known_as = frozenset(name for name in names if _is_plain(name))
        self.nginx.files = self._project_files()

    def _project_files(self) -> frozenset[str]:
        """The project paths of its files, those that it includes and the manifests that hold them."""
        paths = {source.path for source, _ in self.part.files}
        paths |= {f"configmap:{source.owner}" for source, _ in self.part.files if source.owner}
        for level in self.levels:
            paths |= {directive.source.path for directive in level.directives}
        paths |= {
            directive.source.path
            for server in self.nginx.servers
            if server.block.directive is not None
            for directive in server.block.level.directives
        }
        return frozenset(path.partition("#")[0] for path in paths)

    def _file(self, source: NginxFile, tree: list[Directive]) -> None:
        top = Level(None, [*self._expand(tree, (source.path,)), *self._settings_beside(source)])
        self.definitions.trees.append(top.directives)
        scope = Scope(self.environment).inside(top)
        for directive in top.directives:
            if directive.block is None:
                continue
            if directive.name == "http":
                self._http(scope.inside(Level(directive, self._expand(directive.block, (source.path,)))))
            elif directive.name == "stream":
                self._stream_block(scope.inside(Level(directive, self._expand(directive.block, (source.path,)))))
        if not any(
            directive.name in ("http", "stream") and directive.block is not None for directive in top.directives
        ):
            self._http(scope)

    def _settings_beside(self, source: NginxFile) -> Iterator[Directive]:
        """What other files of conf.d set for every server: nginx's own nginx.conf includes them all in one `http {}`."""
        if len(self.part.files) > 1 and any(other is source for other, _ in self._settings_in_http):
            yield from (line for other, lines in self._settings_in_http if other is not source for line in lines)

    @cached_property
    def _settings_in_http(self) -> list[tuple[NginxFile, list[Directive]]]:
        """The files that nginx's own nginx.conf includes in `http {}`, each with what it sets there."""
        return [
            (source, [line for line in self._expand(tree, (source.path,)) if line.block is None])
            for source, tree in self.part.files
            if self.includes.is_in_http(source)
        ]

    def _expand(self, directives: list[Directive], stack: tuple[str, ...]) -> list[Directive]:
        expanded = self.includes.expand(directives, self.part.base, stack)
        if expanded is not directives:
            self.expanded.inside[id(directives)] = expanded
        return expanded

    def _level(self, owner: Directive) -> Level:
        """A block with its includes put in; what nginx would refuse of them is kept."""
        level = Level(owner, self._expand(owner.block or [], (owner.source.path,)))
        for place, unknown in clashes(level, self.includes.globbed):
            known = self.includes.clashes.setdefault(place, unknown)
            level.refused = {**level.refused, unknown.name: known}
        return level

    def _http(self, scope: Scope) -> None:
        level = scope.nearest
        self.levels.append(level)
        self.definitions.trees.append(level.directives)
        self.nginx.unseen += contradictions(level, self.includes.globbed)
        _collect(level, self.part, self.includes, self.found, self.upstreams.elsewhere)
        loose: list[Directive] = []
        steps = self.includes.project.work.steps(f"nginx servers of {self.part.name}", level.directives)
        for directive in steps:
            if directive.name == "server" and directive.block is not None:
                inner = self._level(directive)
                if level.owner is None and _is_stream_server(inner):
                    self._stream_server(directive, scope.inside(inner))
                else:
                    self._server(directive, scope.inside(inner))
            elif directive.name == "location" and directive.block is not None:
                loose.append(directive)
        if loose:
            self._server(None, scope, loose)

    def _stream_block(self, scope: Scope) -> None:
        self.levels.append(scope.nearest)
        _collect(scope.nearest, self.part, self.includes, self.found, self.upstreams.elsewhere)
        for directive in scope.nearest.directives:
            if directive.name == "server" and directive.block is not None:
                self._stream_server(directive, scope.inside(self._level(directive)))

    def _server(self, directive: Directive | None, scope: Scope, loose: Sequence[Directive] = ()) -> None:
        level = scope.nearest
        names = [name for line in level.by_name.get("server_name", ()) for name in line.args] if directive else []
        server = VirtualServer(self._listeners(level), [name.lower() for name in names] or [""])
        server.key = f"{self.part.path}#server {len(self.nginx.servers) + 1}"
        server.block = self._block(directive, scope, server, None)
        locations = loose or [inner for inner in level.by_name.get("location", ()) if inner.block is not None]
        server.places = [self._place(location, scope, server) for location in locations]
        self.nginx.servers.append(server)
        if directive is not None:
            server.own_slashes = any(line.args == ["off"] for line in level.by_name.get("merge_slashes", ()))
            self.definitions.trees.append(level.directives)
        if not _answers_everything(server.block):
            self._hops(server, names)
            if not locations and level.opaque:
                self.nginx.unseen.append(hidden(level.opaque[0], "the locations of this server"))

    def _block(
        self, directive: Directive | None, scope: Scope, server: VirtualServer, place: LocationEntry | None
    ) -> NginxBlock:
        """A server, a location or an `if` with those inside."""
        found: dict[int, NginxBlock] = {}
        for line in scope.nearest.directives if not SAME_SCOPE.isdisjoint(scope.nearest.by_name) else ():
            if line.name in SAME_SCOPE and line.block is not None:
                found[id(line)] = self._block(
                    line, scope.inside(Level(line, self._expand(line.block, (line.source.path,)))), server, place
                )
        block = NginxBlock(directive, scope, server, place)
        if found:
            block.inner = found
        return block

    def _place(self, directive: Directive, outer: Scope, server: VirtualServer) -> LocationEntry:
        level = self._level(directive)
        modifier, pattern = _matching(directive)
        place = LocationEntry(modifier, pattern, is_open=has_hole(pattern))  # type: ignore[arg-type]
        place.conditions = outer.nearest.under_condition(directive)
        place.every = _branches(directive)
        scope = outer.inside(level)
        place.block = self._block(directive, scope, server, place)
        _settle_pass(place.block)
        passed = place.block.passed
        place.redirects = passed is not None and pattern.endswith("/") and modifier in ("", "^~", "=")
        inner = [line for line in level.by_name.get("location", ()) if line.block is not None]
        place.nested = [self._place(line, scope, server) for line in inner]
        return place

    def _hops(self, server: VirtualServer, names: Sequence[str]) -> None:
        """Hops for the locations that proxy; which of them take everything decides where streams are assumed."""
        blocks = [place.block for top in server.places for place in top.walk()]
        self._unseen(blocks)
        checked = {line.args[0] for block in blocks for line in _in_force(block, "auth_request") if line.args}
        proxied = [
            block
            for block in blocks
            if _serving(block) and block.place.pattern not in checked and not _answers_everything(block)
        ]
        everything = {"/", *_fallbacks(server, self.definitions)}
        apis = any(_is_catch_all(block) and block.place.pattern not in everything for block in proxied)
        beside = len({block.passed.written for block in proxied if block.passed is not None}) > 1
        for block in proxied:
            is_page = beside and _serves_pages(block)
            general = not (apis or is_page) if block.place.pattern in everything else _is_catch_all(block)
            for serving in _serving(block):
                serving.hop = self._hop(serving, names, general and serving is _serving(block)[0])
        handed = hand_over(server, self.nginx.processing)
        self.nginx.heard |= handed.heard
        for at, unknown in handed.refused:
            self.closed.setdefault(id(at) if at is not None else id(unknown), unknown)
        for serving in (serving for block in proxied for serving in _serving(block)):
            hop = handed.hops.get(id(serving)) or serving.hop
            serving.hop = hop
            if isinstance(hop, NginxLocation):
                self.hops.append(hop)

    def _unseen(self, blocks: Iterable[NginxBlock]) -> None:
        """Locations that could carry a stream, and of which all that matters stands in what is not here."""
        for block in blocks:
            level = block.level
            is_plain = block.passed is not None or not level.by_name.keys().isdisjoint(
                {"return", "root", "alias", "try_files"}
            )
            assert block.place is not None
            if level.opaque and not is_plain and (_is_catch_all(block) or stream_name(block.place.pattern)):
                self.nginx.unseen.append(hidden(level.opaque[0], f"what {block.written} does"))

    def _hop(self, block: NginxBlock, names: Sequence[str], general: bool) -> NginxLocation:
        place, passed, scope, processing = block.place, block.passed, block.scope, self.nginx.processing
        assert place is not None
        assert passed is not None
        assert block.directive is not None
        location: Directive = place.block.directive
        alone = not place.block.serves
        directive = location if alone else block.directive
        family, where = PASSES[passed.name], directive.where
        internal = block.internal is not None
        stated = [] if internal or directive is not location else list(find_declarations(location))
        self.nginx.heard |= {hint.evidence.where for hint in stated if hint.evidence.where}
        facts = Facts(family, where, self.version, ScopeSettings(scope, where))
        named = self._passed_values(block)
        targets = list(dict.fromkeys(read_target(text).authority for text in named.texts))
        owners = [level.owner for level in scope.levels if level.owner is not None]
        found: Sequence[Hint] = ()
        if not internal and directive is location:
            found = find_hints(location, scope, family, general, lambda: handshake_at(facts, block, processing), stated)
        return NginxLocation(
            name=location.written if directive is location else f"{location.written}, {directive.written}",
            where=where,
            buffers_responses=NOT_ASKED,
            forwards_upgrade=NOT_ASKED,
            keeps_affinity=NOT_ASKED,
            runtime=Known("", where, "", "default"),
            hosts=tuple(name for name in names if name not in ("_", "") and not has_hole(name)),
            paths=_paths(location) if not internal else (),
            upstream=targets[0] if len(targets) == 1 else "",
            hints=tuple(found),
            scope=block.server.key,
            assumable=general and not internal and not speaks_of_store(location),
            facts=facts,
            family=family,
            rules=scope,
            pass_directive=passed,
            version=self.version,
            block=block,
            processing=processing,
            upstreams=self.upstreams,
            files=frozenset(chain.from_iterable(map(self._snippets, owners))) or NO_FILES,
            backups=self._backups(targets),
        )

    def _passed_values(self, block: NginxBlock) -> Values:
        """What a `*_pass` may name."""
        return passed_anywhere(block, self.nginx.processing, self.upstreams)

    def _snippets(self, owner: Directive) -> frozenset[str]:
        if id(owner) not in self.files:
            self.files[id(owner)] = frozenset(self.includes.snippets(owner.block or ())) or NO_FILES
        return self.files[id(owner)]

    def _backups(self, targets: Sequence[str]) -> tuple[str, ...]:
        known = [upstream for name in targets if (upstream := self.upstreams.get(name)) is not None]
        return tuple(backup for upstream in known for backup in upstream.backups)

    def _stream_server(self, directive: Directive, scope: Scope) -> None:
        """A TCP proxy: it buffers nothing and passes whatever is sent; only its silence matters."""
        handling = [line for line in scope.nearest.directives if line.name in ("proxy_pass", "return")]
        passed = handling[-1] if handling else None  # the last of them counts
        is_udp = any("udp" in line.args for line in scope.nearest.by_name.get("listen", ()))
        if passed is None or not passed.args or is_udp:
            return
        listeners = self._listeners(scope.nearest) if "listen" in scope.nearest.by_name else []
        ports = [str(listener.address.port) for listener in listeners if listener.address.port is not None]
        server = VirtualServer(listeners, [""])
        block = server.block = NginxBlock(directive, scope, server, passed=passed)
        where = directive.where
        named = self._passed_values(block) if passed.name == "proxy_pass" else Values()
        targets = list(dict.fromkeys(read_target(text).authority for text in named.texts))
        hop = NginxLocation(
            name=f"stream server on {', '.join(ports) or 'an unnamed port'}",
            where=where,
            buffers_responses=NOT_ASKED,
            forwards_upgrade=Known("forwarded", where, "", "default"),
            keeps_affinity=NOT_ASKED,
            runtime=Known("", where, "", "default"),
            upstream=targets[0] if len(targets) == 1 else "",
            scope=f"{self.part.path}#stream {len(self.nginx.streams) + 1}",
            assumable=any(port in map(str, WEB_PORTS) for port in ports),
            facts=Facts("stream", where, self.version, ScopeSettings(scope, where)),
            family="stream",
            rules=scope,
            pass_directive=passed,
            version=self.version,
            block=block,
            processing=self.nginx.processing,
            upstreams=self.upstreams,
        )
        self.nginx.streams.append(hop)
        self.nginx.ports[id(hop)] = listeners
        if passed.name == "proxy_pass":
            self.hops.append(hop)

    def _listeners(self, level: Level) -> list[ListenAddress]:
        """What a server listens on; port 80 where nothing is said."""
        lines = [line for line in level.by_name.get("listen", ()) if line.args]
        listeners = [
            ListenAddress(
                key,
                "default_server" in line.args or "default" in line.args,
                "ssl" in line.args or "quic" in line.args,
                "proxy_protocol" in line.args,
                "http2" in line.args and "ssl" not in line.args,
            )
            for line in lines
            for key in self._keys(line)
        ]
        return listeners or [ListenAddress("*:80")]

    def _keys(self, line: Directive) -> Iterator[str]:
        """Address and port of a `listen` as one key; `80`, `*:80`, `0.0.0.0:80` and `[::]:80` are one."""
        text = line.args[0]
        filled = self.environment.fill(text, line) if has_hole(text) else None
        text = filled.value if isinstance(filled, Known) else text
        if text.startswith("unix:"):
            yield text
            return
        port = _port(text)
        address = text[: -len(port)].rstrip(":") if text.endswith(port) else text
        address = "*" if address in ("", "*", "0.0.0.0", "[::]") else address
        first, dash, last = port.partition("-")
        if dash and first.isdecimal() and last.isdecimal():
            yield from (
                f"{address}:{number}"
                for number in range(whole_number(first), min(whole_number(last), whole_number(first) + MOST_PORTS) + 1)
            )
        else:
            yield f"{address}:{port}"


def _paths(location: Directive) -> tuple[str, ...]:
    return (location.source.prepared.original(location.args[-1]),) if location.args else ()


def _is_plain(name: str) -> bool:
    """Whether a server name is one host, under which others may dial it."""
    return (
        bool(name) and name != "_" and not has_hole(name) and not any(mark in name for mark in "*~$") and name[0] != "."
    )


def _branches(directive: Directive) -> int:
    """How many branches the template condition has that a block stands under, if one of them always holds."""
    prepared = directive.source.prepared
    number = directive.conditions[-1][0] if directive.conditions else -1
    return prepared.branches.get(number, 0) + 1 if number in prepared.exhaustive else 0


def _is_stream_server(level: Level) -> bool:
    """A server of `stream {}`: it proxies by itself, without a location."""
    return "proxy_pass" in level.by_name and "location" not in level.by_name and "server_name" not in level.by_name


def _settle_pass(block: NginxBlock) -> None:
    """Find what hands the requests of a location on, and of its `if`s, which take over what they do not say themselves."""
    level = block.level
    block.passed = _pass_on(level)
    block.serves = block.passed is not None
    _give_conditions(block)
    for inner in block.inner.values():
        passed = _pass_on(inner.level)
        inner.passed = passed or block.passed
        telling = passed is not None or not _TELLING.isdisjoint(inner.level.by_name) or _speaks_otherwise(inner, block)
        inner.serves = telling and inner.passed is not None


def _speaks_otherwise(inner: NginxBlock, block: NginxBlock) -> bool:
    """Whether an `if` changes which headers go out that proxies in front heed: its own lines put those around out of force."""
    if _ADDING.isdisjoint(inner.level.by_name):
        return False
    return _list_heeded(inner.scope) != _list_heeded(block.scope)


def _list_heeded(scope: Scope) -> list[str]:
    heeded = (header for header in added_headers(scope) if header.name.startswith(("x-accel-", "cache-control")))
    return [header.line.written for header in heeded]


def _give_conditions(block: NginxBlock) -> None:
    """Template conditions under which a location's pass stands hold whenever the location matters."""
    level, passed = block.level, block.passed
    if passed is None or not passed.conditions:
        return
    alike = {line.conditions for name in PASSES for line in level.by_name.get(name, ())}
    if block.directive is not None and passed.source is block.directive.source and len(alike) < 2:
        level.given = passed.conditions[len(block.directive.conditions) :]


def _pass_on(level: Level) -> Directive | None:
    """The directive that hands the requests of a block on."""
    return next((line for line in level.directives if line.name in PASSES and line.args), None)


def _serving(block: NginxBlock) -> list[NginxBlock]:
    """A location and the `if`s in it, as far as they hand requests on in ways of their own."""
    return [serving for serving in (block, *block.inner.values()) if serving.serves]


def _in_force(block: NginxBlock, name: str) -> Iterator[Directive]:
    for level in block.scope.levels if name in block.scope.names else ():
        yield from level.by_name.get(name, ())


def _answers_everything(block: NginxBlock) -> bool:
    """Whether a server or location answers by itself, whatever stands beside; behind a `break` no `return` is reached."""
    if not block.runs_code:
        return False
    for line in block.level.directives:
        if line.name == "break" or (line.name == "rewrite" and line.args[-1:] not in (["redirect"], ["permanent"])):
            return False
        if line.name == "if" and any(_goes_on(inner, block) for inner in line.walk()):
            return False
        if line.name == "return" and not block.level.under_condition(line):
            return True
    return False


def _goes_on(line: Directive, block: NginxBlock) -> bool:
    """Whether a line inside an `if` keeps requests from the `return` behind it, and in the block."""
    stays = block.place is None or line.args[-1:] == ["break"]
    return line.name == "break" or (line.name == "rewrite" and stays)


def _matching(block: Directive) -> tuple[str, str]:
    """Modifier and pattern of a location: `= /x`, `~* \\.php$`, `@app`, `/api`."""
    args = block.args
    if len(args) >= 2 and args[0] in ("=", "^~", "~", "~*"):
        return args[0], args[1]
    modifier, pattern = split_modifier(args[0] if args else "/")
    return modifier or ("@" if pattern.startswith("@") else ""), pattern


def _is_catch_all(block: NginxBlock) -> bool:
    place = block.place
    return (
        place is not None
        and place.modifier != "@"
        and not place.is_open
        and is_catch_all(place.modifier, place.pattern)
    )


_PAGES = lazy(r"(?:^|[\W_])(?:front[-_]?end|(?:web[-_]?)?ui)(?=[\W_]|$)", re.IGNORECASE)


def _serves_pages(block: NginxBlock) -> bool:
    """Whether what stands behind a location is by its name what pages come from, and no API."""
    return block.passed is not None and bool(_PAGES.search(block.passed.written))


def _fallbacks(server: VirtualServer, definitions: Definitions) -> set[str]:
    """Named locations that a catch-all hands its requests to."""
    found: set[str] = set()
    moment = Moment(server, Request("sse", ""))
    for place in server.places:
        general = place.is_open or is_catch_all(place.modifier, place.pattern)
        if place.modifier != "@" and general and place.block.passed is None:
            lines = [*_in_force(place.block, "try_files"), *_in_force(place.block, "error_page")]
            named = [line for line in lines if line.args and line.args[-1].startswith("@")]
            found |= {text for line in named for text in definitions.evaluate(line.args[-1], line, moment).texts}
    return found


def _port(text: str) -> str:
    """The port of a `listen`, or a range of them; 80 where only an address or a name stands there."""
    tail = text.rpartition(":")[2]
    is_port = bool(tail) and (has_hole(tail) or "$" in tail or not tail.strip("0123456789-"))
    return tail if is_port else "80"
