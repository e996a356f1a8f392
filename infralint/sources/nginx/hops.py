"""nginx locations (and `stream {}` servers) as hops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import msgspec
from msgspec.structs import force_setattr, replace

from infralint.model import (
    SAME_PATH,
    UNKNOWN_RESPONSE,
    Affinity,
    Buffering,
    Edit,
    Forward,
    Hop,
    Known,
    Location,
    PathMap,
    Pool,
    PrefixMap,
    Related,
    Request,
    Response,
    Setting,
    Unknown,
    Upgrade,
    settings_when_asked,
)
from infralint.platforms import nginx as platform
from infralint.platforms.nginx import Caching, Facts, Family, Line, Version
from infralint.sources.nginx.blocks import NginxBlock
from infralint.sources.nginx.choose import LocationEntry, is_surely_match, normalise_path
from infralint.sources.nginx.processing import Processing, Run, method_line
from infralint.sources.nginx.scopes import Level, Scope, has_hole, line_of
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.upstreams import PassTarget, Upstreams, keeps_affinity, read_target
from infralint.sources.nginx.variables import (
    VARIABLE,
    Definitions,
    Moment,
    Values,
    either,
    headers_heard,
    moment_of_arrival,
    response_variables,
    unknown,
    without_query,
)
from infralint.sources.nginx.websocket import (
    UNSET_HEADERS,
    find_sent_hosts,
    headers_of,
    judge_handshake,
    name_of,
    sent_headers,
    setting_of,
)
from infralint.text.expressions import matching, texts_holding
from infralint.text.lazy import lazy
from infralint.text.stream_names import CATCH_ALLS

PASSES: Mapping[str, Family] = MappingProxyType(
    {
        "proxy_pass": "proxy",
        "fastcgi_pass": "fastcgi",
        "uwsgi_pass": "uwsgi",
        "scgi_pass": "scgi",
        "grpc_pass": "grpc",
    }
)

MOST_SENT = 1_024
"""Requests of which it is remembered at once what a location sends on."""
_HANDSHAKE = frozenset({"upgrade", "connection"})


@settings_when_asked(
    clocks=lambda hop: platform.clocks(hop.facts),
    buffers_responses=lambda hop: platform.buffering_of(hop.facts),
    forwards_upgrade=lambda hop: handshake_at(hop.facts, hop.block, hop.processing),
    keeps_affinity=lambda hop: hop.affinity_by(hop.named),
)
class NginxLocation(Hop, frozen=True, kw_only=True, eq=False):
    """A location that hands requests to a backend; checks about nginx alone may look at its directives.

    facts: what is set for it. family: which module proxies. rules: what rules here. pass_directive: its `proxy_pass` or
    sibling. block: the location, or the `if` in it, that it stands for. processing: how its nginx serves requests. backups:
    the backup servers of its upstream, as they are written.
    """

    platform: ClassVar[str] = "nginx"
    kind: ClassVar[str] = "location"

    facts: Facts
    family: Family
    rules: Scope
    pass_directive: Directive
    version: Version
    block: NginxBlock
    processing: Processing
    upstreams: Upstreams
    backups: tuple[str, ...] = ()
    _pool: Pool | None = None
    _sent_hosts: Sequence[Known[str]] | None = None

    @property
    def refusals(self) -> Iterator[Unknown]:
        """None: what nginx would refuse is said of its files."""
        return iter(())

    @property
    def location_rules(self) -> Scope:
        """What rules in the location around, where most of what decides about a stream has to stand."""
        place = self.block.place
        location: Scope = place.block.scope if place is not None else self.rules
        return location

    @property
    def definitions(self) -> Definitions:
        return self.processing.definitions

    def directive(self, name: str) -> Line | Unknown | None:
        """The arguments of a directive that rules here; None where nothing sets it."""
        found = self.rules.find(name)
        if isinstance(found, Unknown):
            return found
        directives, here = found
        return line_of(directives[0], here) if directives else None

    def directives(self, name: str, about: str = "") -> Sequence[Line]:
        """Every directive of a name on the level that rules here (`add_header`, `proxy_set_header`); about: those alone
        whose first argument begins so, in lower case."""
        found = self.rules.find(name)
        if isinstance(found, Unknown):
            return ()
        directives, here = found
        if about:
            directives = [line for line in directives if line.args and line.args[0].lower().startswith(about)]
        return [line_of(line, here) for line in directives]

    def buffering_of(self, response: Response, request: Request | None = None) -> Setting[Buffering]:
        if response is UNKNOWN_RESPONSE and request is None:
            return self.buffers_responses
        found = platform.buffering_of(self.facts, response, request)
        if isinstance(found, Unknown) and found.name == platform.REDIRECT and request is not None:
            return self._buffering_instead(found, response.headers[platform.REDIRECT], request)
        return found

    def _buffering_instead(self, doubt: Unknown, path: Setting[str], request: Request) -> Setting[Buffering]:
        """When an answer is held that nginx serves from a path of its own in the stead of the backend's."""
        block = (
            self.processing.find_answering_instead(self.block, request, path.value) if isinstance(path, Known) else None
        )
        hop = block.hop if block is not None else None
        if not isinstance(hop, NginxLocation):
            return doubt
        buffering, idle, least = hop.buffers_responses, hop.idle_timeout, self.idle_timeout
        if isinstance(buffering, Unknown):
            return buffering
        if buffering.value != "never":
            does = "holds" if buffering.value == "always" else "may hold"
            why = f"{doubt.why}, and {hop.name}, which serves it, {does} it back: {buffering.because}"
            return replace(doubt, why=why, remedy=f"in {hop.name}:\n{hop.fix('buffers_responses')}")
        is_shorter = not (isinstance(idle, Known) and isinstance(least, Known) and idle.value >= least.value)
        may_name_another = not set(hop.pool.targets).isdisjoint(self.pool.targets) and not any(
            platform.REDIRECT in word.lower()
            for line in hop.directives(f"{hop.family}_ignore_headers")
            for word in line.value
        )
        return doubt if is_shorter or may_name_another else buffering

    def caching_of(self, response: Response, methods: Sequence[str] = ()) -> Known[Caching] | None:
        """Whether it keeps this response and replays it; None where that can't be told. methods: how it is asked for."""
        return platform.caching_of(self.facts, response, methods)

    def upgrade_of(self, request: Request) -> Setting[Upgrade]:
        """What becomes here of a handshake that comes in whole; mostly it is the same for all of them."""
        if self.family != "proxy":
            return self.forwards_upgrade
        if isinstance(self.forwards_upgrade, Known) and not _is_rewritten_handshake(request):
            return self.forwards_upgrade
        return self._judge_handshake(request)

    def _judge_handshake(self, request: Request) -> Setting[Upgrade]:
        """What becomes here of a handshake as it comes in."""
        moments = [run.moment for run in self._runs(request)]
        if not moments:
            return self.forwards_upgrade
        return judge_handshake(self.facts, self.rules, self.definitions, moments)

    @property
    def refused(self) -> None:
        """Nothing: what nginx would refuse is told of its files."""

    @property
    def named(self) -> Values:
        """Whom its `*_pass` may name, whatever the request."""
        return passed_anywhere(self.block, self.processing, self.upstreams)

    def affinity_by(self, values: Values) -> Setting[Affinity]:
        """What keeps a client on one server. values: whom its `*_pass` may name."""
        return keeps_affinity(self.pass_directive, values, self.upstreams, self.rules)

    @property
    def pool(self) -> Pool:
        """Whom it may dial, whatever the request."""
        if self._pool is None:
            force_setattr(self, "_pool", self._open(self.upstreams.pool(self.named, self.definitions)))
            assert self._pool is not None
        return self._pool

    def _open(self, pool: Pool) -> Pool:
        """A pool of nobody, with what stands for its host until somebody fills it in."""
        if pool.targets or pool.placeholder or not (written := self.upstreams.placeholder(self.pass_directive)):
            return pool
        return replace(pool, placeholder=written)

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        sent = self.processing.sent
        found = sent.get((self, request))
        if found is None:
            if len(sent) >= MOST_SENT:
                sent.clear()
            found = sent[self, request] = self._request_out(request)
        return found

    def _request_out(self, request: Request) -> tuple[Forward, ...]:
        if self.family == "stream":
            values = self._dial_by_name(request)
            onward = self._passed_on(request)
            if onward.secure is None and request.secure is None and request.host is not None:
                plain = self._dial_by_name(replace(request, secure=False))
                if values.known is not None and plain.known is not None and values != plain:
                    onward = replace(onward, secure=True)  # the name in the handshake chose, so there was one
            return (Forward(onward, self.upstreams.pool(values, self.definitions)),)
        runs = self._runs(request)
        if len(runs) == 1:
            sent = tuple(self._forwards(runs[0], request))
            return sent if len(sent) == 1 else tuple({_identity(forward): forward for forward in sent}.values())
        found = [{_identity(forward): forward for forward in self._forwards(run, request)} for run in runs]
        together: dict[tuple[object, ...], Forward] = {}
        for run, forwards in zip(runs, found, strict=True):
            for identity, forward in forwards.items():
                is_sure = all(identity in others for others in found)
                doubted = replace(forward, certain=False, reasons=(*forward.reasons, *run.reasons))
                together.setdefault(identity, forward if is_sure else doubted)
        return tuple(together.values())

    def _dial_by_name(self, request: Request) -> Values:
        """Whom a server of `stream {}` dials for a request, which may say its name in its handshake."""
        return self.upstreams.passed_values(self.pass_directive, self.definitions, Moment(self.block.server, request))

    def _passed_on(self, request: Request) -> Request:
        """What a server of `stream {}` sends on: the very bytes, in TLS of its own, or behind the PROXY protocol.

        https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_protocol
        """
        proxied, secure = self.facts.setting("proxy_protocol"), self.facts.setting("proxy_ssl")
        return replace(
            request,
            to=None,
            secure=True if isinstance(secure, Known) and secure.value else None,
            proxied=bool(proxied.value) if isinstance(proxied, Known) else None,
        )

    def path_maps(self, request: Request) -> Iterable[PathMap]:
        text = self.pass_directive.args[0]
        plain = self._prefixes(read_target(text)) if self.family != "stream" and not has_hole(text) else None
        if plain is not None or self.family == "stream":
            return super().path_maps(request) if plain is None else (plain,)
        # The path that a request has behind a rewrite may be one with which it would not have come here.
        return list(super().path_maps(request)) or (LocationPaths(self, request),)

    def _runs(self, request: Request) -> list[Run]:
        """How a request arrives here; one that nginx would send elsewhere is taken to arrive all the same."""
        if self.family == "stream":
            return []
        server = self.block.server
        if server.is_plain:
            path = normalise_path(request.path, not server.keeps_slashes)
            run = Run(moment_of_arrival(server, request, request.path, path), self.block)
            return [run if self.block.place is None else self.processing.enter(self.block.place, run)]
        ways = self.processing.ways(server, request)
        runs = [way.run for way in ways if way.block is self.block]
        return runs or self.processing.runs_at(self.block, request, request.path)

    def _forwards(self, run: Run, request: Request) -> Iterator[Forward]:
        """What goes on for a request that arrived in one way; several where a variable may be one text or another."""
        values = self.upstreams.passed_values(self.pass_directive, self.definitions, run.moment)
        paths = LocationPaths(self, request)
        if not values.texts:
            pool = self._open(Pool((), (), values.reason))
            if pool.placeholder and not has_hole((unfilled := read_target(self.pass_directive.args[0])).uri):
                sent = self._sent_request(request, None, self.path_out(run, unfilled), run)
                yield Forward(sent, pool, self._prefixes(unfilled) or paths)
            else:
                yield Forward(self._sent_request(request, None, None, run), replace(pool, placeholder=""), paths)
        reasons = (
            (f"where `{self.pass_directive.written}` leads differs: {values.reason}",) if values.known is None else ()
        )
        for text in values.texts:
            target = read_target(text)
            path = self.path_out(run, target)
            pool = self.upstreams.pool_of(target, self.definitions)
            if path is None:
                pool = Pool((), (), "the path that is sent on is not known")
            sent = self._sent_request(request, target, path, run)
            forward = Forward(sent, pool, self._prefixes(target) or paths, not reasons, reasons)
            standing_in = frozenset(self.upstreams.backups_of(target, self.definitions))
            others = tuple(address for address in pool.targets if address not in standing_in)
            if not others or len(others) == len(pool.targets):
                yield forward
                continue
            yield replace(forward, pool=replace(pool, targets=others))
            backups = tuple(address for address in pool.targets if address in standing_in)
            why = f"`backup` servers of upstream {target.authority} get requests where all others fail"
            yield replace(forward, pool=replace(pool, targets=backups), certain=False, reasons=(*reasons, why))

    def _sent_request(self, request: Request, target: PassTarget | None, path: str | None, run: Run) -> Request:
        http = self.facts.http_version if self.family == "proxy" else request.http
        return replace(
            request,
            path=path if path is not None else request.path,
            host=self._host_out(run, target, request),
            to=None,
            http=http,
            upgrade=self._upgrade_out(request),
            compressible=request.compressible and not self._takes_plain_answers(),
            via=self._via_out(request),
            headers=self._headers_out(request, run),
            methods=self._methods_out(request, run),
            secure={"http": False, "https": True}.get(target.scheme) if target is not None else None,
        )

    def _upgrade_out(self, request: Request) -> Setting[Upgrade]:
        """A handshake that came in without its headers stays without; half of one may be completed."""
        came = request.upgrade
        if request.kind != "websocket" or (isinstance(came, Known) and came.value == "dropped"):
            return came
        if isinstance(came, Known) and came.value == "half" and self.family == "proxy":
            return self._judge_handshake(request)
        here = self.upgrade_of(request)
        whole = isinstance(came, Known) or (isinstance(here, Known) and here.value == "dropped")
        return here if whole else came

    def _headers_out(self, request: Request, run: Run) -> tuple[tuple[str, Setting[str]], ...]:
        """The headers that go on: those that came in, and what this location makes of them."""
        heard = headers_heard(request, self.block.server)
        arrived = request if len(heard) == len(request.headers) else replace(request, headers=tuple(heard.items()))
        if self.family not in ("proxy", "grpc"):
            return arrived.headers
        sent = sent_headers(self.facts, self.rules, self.definitions, run.moment)
        shared = _UNSET.get(id(sent)) if not arrived.headers else None
        return shared if shared is not None else arrived.headers_with(sent)

    def affinity_of(self, request: Request) -> Setting[Affinity]:
        """What keeps a client on its server, where that goes by a header: one that hops in front take away, or that
        none of them sets."""
        kept = self.keeps_affinity
        if isinstance(kept, Unknown) and "$" in self.pass_directive.args[0]:
            values = either(
                self.upstreams.resolve_host(self.pass_directive, self.definitions, run.moment)
                for run in self._runs(request)
            )
            kept = self.affinity_by(values) if values.texts else kept
        name = self._deciding_header(kept) if isinstance(kept, Known) and kept.value == "client" else ""
        if not name or not request.relayed:
            return kept
        sent = replace(request, headers=tuple(headers_heard(request, self.block.server).items())).header(name)
        return platform.affinity_by_header(kept, name, sent) if isinstance(kept, Known) else kept

    def _deciding_header(self, kept: Known[Affinity]) -> str:
        """The one request header by which clients are told apart; empty where it is something else."""
        keys = _VARIABLES.findall(kept.written)
        if kept.name == "hash" and len(keys) == 1 and keys[0].startswith("http_"):
            return str(keys[0]).removeprefix("http_").replace("_", "-")
        real = self.rules.find("real_ip_header")
        is_by_address = kept.name == "ip_hash" or any("remote_addr" in key for key in keys)
        lines = real[0] if is_by_address and not isinstance(real, Unknown) else ()
        name = lines[0].args[0].lower() if lines and lines[0].args else ""
        return "" if name == "proxy_protocol" else name

    def _methods_out(self, request: Request, run: Run) -> tuple[str, ...]:
        """By which methods it asks its backend."""
        line = method_line(self.block)
        if line is not None:
            return (line.args[0].upper(),)
        return run.moment.request.methods if run.moment.request is not None else request.methods

    def _takes_plain_answers(self) -> bool:
        """Whether it asks the backend not to compress: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header"""
        lines = (header.args[1:] for header in headers_of(self.rules)[0] if name_of(header) == "accept-encoding")
        return self.family == "proxy" and next(lines, None) in ([""], ["identity"])

    def _via_out(self, request: Request) -> bool:
        """Whether a `Via` header goes on: one that came in, or that is set here."""
        lines = (header.args[1:] for header in headers_of(self.rules)[0] if name_of(header) == "via")
        written = next(lines, None) if self.family == "proxy" else None
        return request.via if written is None else written != [""]

    def _host_out(self, run: Run, target: PassTarget | None, request: Request) -> str | None:
        """The Host header that is sent on; nginx sends the name that stands in proxy_pass by default."""
        if self.family != "proxy":
            return request.host
        written = next((header for header in headers_of(self.rules)[0] if name_of(header) == "host"), None)
        named = target.authority if target is not None and not target.authority.startswith("unix:") else None
        if written is None:
            return named
        proxy_host = Values((named,)) if named is not None else unknown("the host is not known")
        moment = replace(run.moment, assigned={**run.moment.assigned, "proxy_host": proxy_host})
        return self.definitions.evaluate(written.args[-1], written, moment).known

    def path_out(self, run: Run, target: PassTarget) -> str | None:
        """The path that is sent on: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass"""
        if self.family != "proxy":
            return run.moment.asked if not run.rewritten else run.path
        if not target.uri:
            return run.path if run.rewritten else run.moment.asked
        if "$" in self.pass_directive.args[0]:
            return target.path
        if run.path is None or run.moved:
            return run.path
        return target.path + run.path[len(self._prefix) :]

    @property
    def _prefix(self) -> str:
        place = self.block.place
        return place.pattern if place is not None and place.modifier in ("", "^~", "=") else ""

    def _prefixes(self, target: PassTarget) -> PathMap | None:
        """How paths are rewritten where that is plain: a prefix that is replaced, or nothing."""
        if self.block.runs_code or self.block.server.rewrites or "$" in self.pass_directive.args[0]:
            return None
        place_runs = self.block.place is not None and self.block.place.block.runs_code
        if place_runs:
            return None
        return PrefixMap(self._prefix, target.path) if target.uri and self.family == "proxy" else SAME_PATH

    def response_out(self, response: Response, request: Request) -> Response:
        if self.family == "stream":
            return response
        return platform.response_out(self.facts, response, request, self._added_headers(response, request))

    def _added_headers(self, response: Response, request: Request) -> dict[str, Setting[str]]:
        """The headers that `add_header` (or `more_set_headers`) gives the response, by lower-case name."""
        added: dict[str, Setting[str]] = {}
        headers = [*added_headers(self.rules)]
        moments = [run.moment for run in self._runs(request)] if any("$" in header.text for header in headers) else []
        for line, name, text in headers:
            moment = moments[0] if moments else moment_of_arrival(self.block.server, request, None)
            answered = replace(moment, assigned={**moment.assigned, **response_variables(response)})
            added[name] = setting_of(self.definitions.evaluate(text, line, answered), line, line.name)
        return added

    @property
    def product(self) -> str:
        return f"nginx {self.version.written}" if self.version.known else "nginx before 1.29.7"

    def lines_of(self, setting: Known[Any]) -> tuple[Related, ...]:
        """Every line of a directive that stands on its levels, the outermost first; the nearest one rules. Of headers that
        are set, those of a handshake, and the line that decides about them."""
        lines = [
            (line, level)
            for level in self.rules.levels
            for line in level.by_name.get(setting.name.partition(" ")[0], ())
            if line.name != "proxy_set_header" or line.args[0].lower() in _HANDSHAKE or line.where == setting.where
        ]
        nearest = lines[-1][1] if lines else None
        return tuple(
            Related(f"`{line.written}` {_level_phrase(level, level is nearest)}", line.where) for line, level in lines
        )

    def fix(self, setting: str, seconds: float = 0) -> str:
        """Lines for this location that are right on every nginx version."""
        match setting:
            case "idle_timeout":
                return self._with_place(f"{self.timeout_name} {platform.generous(seconds)};")
            case "connect_timeout":
                return f"{self.family}_connect_timeout 5s;"
            case "buffers_responses":
                return self._with_place(self._unbuffered_text(seconds))
            case "forwards_upgrade":
                upgrade = self.forwards_upgrade
                over_1_0 = isinstance(upgrade, Known) and upgrade.value == "http/1.0"
                return "proxy_http_version 1.1;" if over_1_0 else self._handshake()
            case "keeps_affinity":
                return platform.affinity_lines(self.upstream, self.backups)
            case "shutdown_timeout":
                return f"worker_shutdown_timeout {platform.generous(seconds)};"
            case _:
                return ""

    def fix_where(self, setting: str, at: Location) -> Location:
        """In this location, wherever the value comes from; stickiness belongs into its upstream."""
        return (
            self.where
            if setting in ("idle_timeout", "buffers_responses", "forwards_upgrade", "connect_timeout")
            else at
        )

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Changes to this very location; its fix asks for more than that only where a person should look."""
        from infralint.sources.nginx.edits import propose_edits  # most runs change nothing

        return propose_edits(self, setting, seconds)

    def _with_place(self, lines: str) -> str:
        """Lines with the comment that says in which file they belong, where that is not this one."""
        advice = self.pass_directive.source.advice
        return f"# {advice}\n{lines}" if advice else lines

    def _unbuffered_text(self, seconds: float) -> str:
        lines = [f"{self.family}_buffering off;"]
        if self.family == "proxy" and (self.assumable or not self._has("proxy_http_version", "1.1")):
            lines.insert(0, "proxy_http_version 1.1;")
        idle = self.idle_timeout
        if not (isinstance(idle, Known) and idle.value >= seconds):
            lines.append(f"{self.family}_read_timeout {platform.generous(seconds)};")
        if self.ssi:
            lines.insert(0, "ssi off;    # an unbuffered answer must not pass through server-side includes")
        has_place = bool(self.pass_directive.source.advice)
        return "\n".join([self._own_location(), *lines] if self.assumable and not has_place else lines)

    def _own_location(self) -> str:
        """The comment that says where lines belong which only the path that streams wants."""
        place = "# in a location that serves only the path that streams"
        if self.name.startswith("location ~"):
            why = "for this expression comes before plain prefixes"
            return f"{place} (`location ^~ /…`, {why}), beside its {self.pass_directive.name}"
        target = self.pass_directive.args[0] if self.pass_directive.args else ""
        prefix = self.name.removeprefix("location ").removeprefix("^~ ")
        if _NAMES_A_PATH.fullmatch(target) and prefix.startswith("/"):
            passed = self.pass_directive.written
            return f"{place}: `location {prefix}…` with `{passed}…`"
        return f"{place}, beside `{self.pass_directive.written}`"

    def _handshake(self) -> str:
        """What the handshake still lacks here: nginx takes a version once, and a header sent twice is refused by backends."""
        lines = [] if self._has("proxy_http_version", "1.1") else ["proxy_http_version 1.1;"]
        headers, level = headers_of(self.rules)
        here = level is self.location_rules.nearest
        for name, value in (("Upgrade", "$http_upgrade"), ("Connection", "$connection_upgrade")):
            if not self._has("proxy_set_header", name, value):
                lines.append(f"proxy_set_header {name} {value};")
        others = [header for header in headers if header.args and name_of(header) not in ("upgrade", "connection")]
        lines += [] if here else [f"{header.written};" for header in others]
        if not any(name_of(header) == "host" for header in others):
            lines.append("proxy_set_header Host $host;")
        mapped = self.in_handshake("$connection_upgrade", self.pass_directive)
        return "\n".join(lines if mapped.lower() == "upgrade" else [*lines, "", platform.MAP])

    def in_handshake(self, text: str, at: Directive) -> str:
        """What a text is during a handshake; empty where that is not known."""
        moment = moment_of_arrival(self.block.server, HANDSHAKE, None)
        return self.definitions.evaluate(text, at, moment).known or ""

    def _has(self, name: str, *args: str) -> bool:
        """Whether this very location says just that already."""
        return any(directive.args == [*args] for directive in self.location_rules.nearest.by_name.get(name, ()))

    @property
    def timeout_name(self) -> str:
        """What its idle timeout is called."""
        return self.facts.timeout_name

    @property
    def shutdown_timeout(self) -> Setting[float]:
        """Seconds that connections outlive a reload; without limit unless `worker_shutdown_timeout` says so."""
        return self.facts.setting("worker_shutdown_timeout")

    @property
    def sent_hosts(self) -> Sequence[Known[str]]:
        """The lines by which a `Host` header is surely sent to the backend."""
        if self._sent_hosts is None:
            hosts = find_sent_hosts(self.rules, self.definitions, self.block.server) if self.family == "proxy" else ()
            force_setattr(self, "_sent_hosts", hosts)
            assert self._sent_hosts is not None
        return self._sent_hosts

    @property
    def ssi(self) -> bool:
        """Whether server-side includes are on."""
        switch = self.facts.setting("ssi")
        return isinstance(switch, Known) and bool(switch.value)


_NAMES_A_PATH = lazy(r"https?://[^/$]+/[^$]*")
"""What a `proxy_pass` passes requests to that puts another path in the place of its location's."""
HANDSHAKE = Request("websocket", "")
"""A handshake of which nothing else is known."""


def _is_rewritten_handshake(request: Request) -> bool:
    """Whether the handshake came in whole, and a hop in front wrote its headers in its own words."""
    came = request.upgrade
    is_whole = isinstance(came, Known) and came.value in ("forwarded", "http/1.0")
    return is_whole and (request.header("upgrade") is not None or request.header("connection") is not None)


_UNSET = {id(headers): tuple(sorted(headers.items())) for headers in UNSET_HEADERS.values()}
"""What is sent on where no header is set, by the identity of what says so."""
_VARIABLES = lazy(r"\$\{?(\w+)")


def _level_phrase(level: Level, rules: bool) -> str:
    """Where a line stands, and whether it holds."""
    place = f"in {level.owner.written}" if level.owner is not None else "outside every block"
    return f"{place}, the nearest level: it counts" if rules else f"{place} does not count: a nearer level says it anew"


def handshake_at(facts: Facts, block: NginxBlock, processing: Processing) -> Setting[Upgrade]:
    """What becomes of a handshake where a block hands it on, whatever else is asked for."""
    passed = block.passed
    assert passed is not None
    if facts.family != "proxy":
        return platform.without_upgrade(facts.family, Known("", passed.where, passed.name, written=passed.written))
    runs = processing.runs_at(block, HANDSHAKE) or processing.runs_anyhow(block, HANDSHAKE)
    return judge_handshake(facts, block.scope, processing.definitions, [run.moment for run in runs])


def passed_anywhere(block: NginxBlock, processing: Processing, upstreams: Upstreams) -> Values:
    """Whom the `*_pass` of a block may name, whatever the request."""
    passed, definitions = block.passed, processing.definitions
    assert passed is not None
    if "$" not in passed.args[0] or block.place is None:
        return upstreams.resolve_host(passed, definitions, moment_of_arrival(block.server, None, None))
    moments = [run.moment for run in processing.runs_at(block)]
    values = [upstreams.resolve_host(passed, definitions, moment) for moment in moments]
    return either(values or [unknown("no request is handed on here")], "it differs from request to request")


def _identity(forward: Forward) -> tuple[object, ...]:
    """What tells what is sent on from what else is."""
    request, pool = forward.request, forward.pool
    return request.path, request.host, request.headers, pool.targets, pool.reason


class AddedHeader(NamedTuple):
    """A header that a line adds to a response: its lower-case name, and its value as it is written."""

    line: Directive
    name: str
    text: str


def added_headers(scope: Scope) -> Iterator[AddedHeader]:
    """The headers that are added to a response, in the order in which the last of a name counts.

    `add_header` counts on the nearest level that has any, or on all that are merged; `more_set_headers` on all levels, and
    one line of it may set several.
    https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header_inherit
    https://github.com/openresty/headers-more-nginx-module#more_set_headers
    """
    for depth in reversed(range(len(scope.levels))):
        lines = [line for line in scope.levels[depth].by_name.get("add_header", ()) if line.args]
        yield from (
            AddedHeader(line, line.args[0].lower(), line.args[1] if len(line.args) > 1 else "") for line in lines
        )
        rule = _inheritance(scope.levels[: depth + 1])
        if rule == "off" or (lines and rule != "merge"):
            break
    for level in scope.levels:
        for line in level.by_name.get("more_set_headers", ()):
            for word in _set_words(line):
                name, _, text = word.partition(":")
                yield AddedHeader(line, name.strip().lower(), text.strip())


def _inheritance(levels: Sequence[Level]) -> str:
    """What becomes of the headers around the last level: its own `add_header_inherit`, else that of the nearest around it."""
    lines = [line for level in levels for line in level.by_name.get("add_header_inherit", ()) if line.args]
    return lines[-1].args[-1] if lines else "on"


def _set_words(line: Directive) -> Iterator[str]:
    """The headers of a `more_set_headers`, without its options: `-s` and `-t` take the statuses and types it is for."""
    words = iter(line.args)
    for word in words:
        if word in ("-s", "-t"):
            next(words, None)
        elif word != "-a":
            yield word


_PATHS = frozenset({"$uri", "$request_uri", "$document_uri", "${uri}", "${request_uri}", "${document_uri}"})
_LITERAL_HOST = lazy(r"\w+://[^/$]+(?=[$/])")


class LocationPaths(msgspec.Struct, frozen=True, gc=False):
    """How a location rewrites paths where that takes more than a prefix: tried forwards, and so found backwards."""

    hop: NginxLocation
    request: Request

    def forward(self, path: str) -> str | None:
        sent = {sent for run in self._runs(path) for sent in self._sent_by(run)}
        return sent.pop() if len(sent) == 1 else None

    def _runs(self, path: str) -> list[Run]:
        """How a request for a path arrives here: from its own prefix, or from wherever rewrites send it on."""
        hop, request = self.hop, replace(self.request, path=path)
        if is_written_for(hop.block.place, path):
            return hop.processing.runs_at(hop.block, request, path)
        ways = hop.processing.ways(hop.block.server, request)
        return [way.run for way in ways if way.block is hop.block]

    def _sent_by(self, run: Run) -> set[str | None]:
        """The paths that are sent on for a request that arrived in one way."""
        hop = self.hop
        values = hop.upstreams.passed_values(hop.pass_directive, hop.definitions, run.moment)
        return {hop.path_out(run, read_target(text)) for text in values.texts}

    def inverse(self, path: str) -> str | None:
        for candidate in dict.fromkeys(self._candidates(path)):
            if candidate.startswith("/") and self.forward(candidate) == path:
                return candidate
        return None

    def _candidates(self, path: str) -> Iterator[str]:
        """Paths that may become this one: undone rewrites first, then what is usual."""
        hop = self.hop
        place = hop.block.place
        arriving = list(self._arriving(path))
        rewrites = [line for block in self._blocks() for line in _rewrites_of(block)]
        for text in (path, *arriving):
            for line in rewrites:
                yield from _undo(line.args[0], line.args[1], text)
        for pattern, template in self._put_together():
            yield from _undo(pattern, template, path)
        yield path
        yield from arriving
        if place is not None and place.is_expression:
            for example in matching(place.pattern):
                yield example.rstrip("/") + path
        if place is not None and place.pattern.startswith("/"):
            yield place.pattern.rstrip("/") + path
            yield place.pattern + path.lstrip("/")
            yield place.pattern

    def _arriving(self, path: str) -> Iterator[str]:
        """Paths as they may stand in the location, before its `proxy_pass` replaces a prefix or puts groups together."""
        hop = self.hop
        place, target = hop.block.place, read_target(hop.pass_directive.args[0])
        if place is None or not target.uri:
            return
        if place.is_expression:
            yield from _undo(place.pattern, target.uri, path)
        elif path.startswith(target.path):
            yield place.pattern + path[len(target.path) :]

    def _put_together(self) -> Iterator[tuple[str, str]]:
        """Expressions over the path, of maps and of `if`s that set a variable, each with what is sent on where it fits."""
        hop = self.hop
        text = without_query(hop.pass_directive.args[0])
        host = _LITERAL_HOST.match(text)
        template = text[host.end() :] if host is not None else ""
        for found in VARIABLE.finditer(template):
            name = next(filter(None, found.groups()))
            for pattern, value in (*self._find_in_maps(name), *self._find_in_ifs(name)):
                yield pattern, template[: found.start()] + value + template[found.end() :]

    def _find_in_maps(self, name: str) -> Iterator[tuple[str, str]]:
        for block in self.hop.definitions.blocks(name):
            if block.name == "map" and block.args[:1] and block.args[0] in _PATHS:
                for line in block.block or ():
                    if line.name.startswith("~") and line.args:
                        yield line.name.lstrip("~*"), line.args[0]

    def _find_in_ifs(self, name: str) -> Iterator[tuple[str, str]]:
        for block in self._blocks():
            for condition in block.level.by_name.get("if", ()):
                words = condition.args
                if len(words) != 3 or words[0].lstrip("(") not in _PATHS or words[1] not in ("~", "~*"):
                    continue
                for line in condition.block or ():
                    if line.name == "set" and len(line.args) == 2 and line.args[0] == f"${name}":
                        yield words[2].removesuffix(")"), line.args[1]

    def _blocks(self) -> list[NginxBlock]:
        """What may rewrite a request on its way here: this location, its server, then the other locations."""
        block = self.hop.block
        nearest = [block.place.block if block.place is not None else block, block.server.block]
        others = (place.block for top in block.server.places for place in top.walk())
        return [*nearest, *(other for other in others if other.runs_code and other not in nearest)]


def _rewrites_of(block: NginxBlock) -> Iterator[Directive]:
    for directive in block.level.directives:
        yield from (inner for inner in directive.walk() if inner.name == "rewrite" and len(inner.args) > 1)


def _undo(pattern: str, replacement: str, path: str) -> list[str]:
    """Paths that an expression, and a text that puts its groups in, make this one of."""
    expected, seen = "", set()
    rest = without_query(replacement)
    while (found := VARIABLE.search(rest)) is not None:
        name = next(filter(None, found.groups()))
        expected += re.escape(rest[: found.start()]) + (f"(?P=g{name})" if name in seen else f"(?P<g{name}>.*)")
        seen.add(name)
        rest = rest[found.end() :]
    made = re.fullmatch(expected + re.escape(rest), path)
    return texts_holding(pattern, {name: made[f"g{name}"] for name in seen}) if made is not None and seen else []


def is_written_for(place: LocationEntry | None, path: str) -> bool:
    """Whether a location is written for a path."""
    if place is None or place.modifier == "@":
        return True
    if place.is_expression:
        return is_surely_match(place.pattern, path, place.modifier == "~*")
    return path == place.pattern if place.modifier == "=" else path.startswith(place.pattern)


def is_catch_all(modifier: str, pattern: str) -> bool:
    """Whether a location takes whatever an application serves, rather than one route of it."""
    if modifier in ("", "^~", "="):
        return pattern.rstrip("/") in CATCH_ALLS
    everything = is_surely_match(pattern, "/api/x", modifier == "~*")
    return everything and not any(ending in pattern for ending in ("\\.(", "\\.php", "\\.js"))
