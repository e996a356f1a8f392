"""Where a location leads, and whether a client stays on one server there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

import msgspec

from infralint.model import Address, Affinity, Known, Location, Pool, Setting, Unknown, Unreadable
from infralint.platforms.nginx import AFFINITY_METHODS, affinity_by, spread_over
from infralint.sources.nginx.environment import EnvironmentVariables
from infralint.sources.nginx.scopes import Level, Scope, has_hole, line_of
from infralint.sources.nginx.templates import HOLE
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.variables import Definitions, Moment, Values, without_query
from infralint.text.lazy import lazy

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": 80, "grpcs": 443}
"""Where a scheme leads that names no port."""
_TARGET = lazy(r"(?:(?P<scheme>[A-Za-z][\w+.-]*)://)?(?P<authority>unix:[^:]*|[^/?]*)(?P<uri>.*)", re.DOTALL)


_NAMING = lazy(
    r"(?:(?:[A-Za-z][\w+.-]*|\$\w+|\$\{\w+\})://)?(?:unix:[^:]*|[^$/?]+:\d+(?=\$)|(?:(?!\$\{?(?:request_uri|uri|document_uri|is_args|args)\b)[^/?])*)"
)
"""What of a `*_pass` names whom to dial: all before the path, which may be a variable, as behind a port always."""

_STATIC = frozenset(
    "server hash ip_hash least_conn random keepalive keepalive_requests keepalive_time keepalive_timeout".split()
)
"""What leaves an upstream its servers as they are written: where they share a `zone`, an API may bring one back."""


class PassTarget(msgspec.Struct, frozen=True):
    """What a `*_pass` names: `http://app:3000/v2/`. authority: host and port as written; uri: what follows."""

    scheme: str
    authority: str
    uri: str

    @property
    def path(self) -> str:
        return self.uri.partition("?")[0]


@lru_cache(4096)
def read_target(text: str) -> PassTarget:
    """The parts of what a `*_pass` names, its variables filled in."""
    found = _TARGET.fullmatch(text)
    assert found is not None
    authority, uri = found["authority"], found["uri"]
    if authority.startswith("unix:"):
        uri = uri.removeprefix(":")
    return PassTarget((found["scheme"] or "").lower(), authority, uri)


def read_address(authority: str, port: int | None) -> Address:
    """Host and port; port: where none is named."""
    if authority.startswith("unix:"):
        return Address(authority)
    host, colon, number = authority.rpartition(":")
    if colon and number.isascii() and number.isdigit() and len(number) < 6 and not host.endswith(":"):
        return Address(host, int(number))
    return Address(authority.rstrip(":"), port)


@lru_cache(4096)
def _without_query_of_path(text: str) -> str:
    """What a `*_pass` names, without its query where a path stands before that."""
    path, naming = without_query(text), _NAMING.match(text)
    has_path = naming is not None and len(path) > naming.end()
    return path if has_path or read_target(path).uri else text


class Upstream(msgspec.Struct, frozen=True, eq=False, dict=True):
    """An `upstream` block with includes put in."""

    block: Directive
    level: Level

    @cached_property
    def servers(self) -> list[Directive]:
        """Servers that take requests: neither backup nor down."""
        every = self.level.by_name.get("server", [])
        return [server for server in every if not {"backup", "down"} & set(server.args[1:])]

    @cached_property
    def looped(self) -> Directive | None:
        """A server that a template writes as often as it goes through a list."""
        return next(filter(_is_looped, self.servers), None)

    def find_uncounted(self, environment: EnvironmentVariables) -> Directive | None:
        """A server that may be none, or several, once the template that it stands in is rendered."""
        if self.looped is not None or len(self.servers) != 1:
            return self.looped
        [server] = self.servers
        is_open = server.args and has_hole(server.args[0])
        return server if is_open and isinstance(environment.fill(server.args[0], server), Unknown) else None

    @property
    def backups(self) -> tuple[str, ...]:
        """Servers that stand in for those, as they are written."""
        return tuple(server.written for server in self._backups)

    @cached_property
    def _backups(self) -> list[Directive]:
        return [server for server in self.level.by_name.get("server", ()) if "backup" in server.args[1:]]

    @property
    def is_down(self) -> bool:
        """Whether every server is marked `down`, and nothing else brings any in, as modules for Lua or Consul do.

        https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server
        """
        every = self.level.by_name.get("server", [])
        if not every or self.level.opaque or not self.level.by_name.keys() <= _STATIC:
            return False
        return all("down" in server.args[1:] and not server.conditions for server in every)

    def method(self, *names: str) -> Directive | None:
        return next((found for name in names for found in self.level.by_name.get(name, ())), None)

    def pool(self, definitions: Definitions, standing_in: bool = False) -> Pool:
        """Its servers, and behind them those that stand in. standing_in: these alone."""
        targets: list[Address] = []
        reason = ""
        for server in (*(() if standing_in else self.servers), *self._backups):
            if server.args and not has_hole(server.args[0]):
                targets.append(read_address(server.args[0], PORTS["http"]))
                continue
            filled = definitions.environment.fill(server.args[0], server) if server.args else None
            if isinstance(filled, Known):
                targets.append(read_address(filled.value, PORTS["http"]))
            elif filled is not None:
                reason = filled.why
        if self.level.opaque:
            reason = (
                f"the servers of `{self.block.written}` are only known once `{self.level.opaque[0].written}` is there"
            )
        alone = len(self.servers) == 1 and not self._backups and not targets and not self.level.opaque
        single = self.servers[0] if alone else None
        return Pool(tuple(dict.fromkeys(targets)), (), reason, placeholder_of(single) if single is not None else "")


def placeholder_of(directive: Directive) -> str:
    """What stands for the whole host that a directive names until somebody fills it in, as written: `{{ backend }}:8000`,
    also where that is the port of the same machine alone."""
    text = directive.args[0] if directive.args else ""
    if not has_hole(text):
        return ""
    authority = read_target(text).authority
    is_open = has_hole(authority) and not HOLE.sub("", authority).strip(".:-0123456789").removeprefix("localhost")
    return directive.source.prepared.original(authority) if is_open else ""


class Upstreams(msgspec.Struct, eq=False, dict=True):
    """Those of this nginx by name, and of the rest of the project, for fragments that rely on another file's."""

    upstreams: dict[str, Upstream]
    elsewhere: Mapping[str, Upstream]
    pools: dict[int, Pool] = {}

    def get(self, name: str) -> Upstream | None:
        """An upstream by its name, whose case does not matter."""
        name = name.lower()
        return self.upstreams.get(name) or self.elsewhere.get(name)

    def passed_values(self, directive: Directive, definitions: Definitions, moment: Moment) -> Values:
        """What a `*_pass` names at one moment: an upstream's own words, where both are templates alike."""
        text = directive.args[0]
        if has_hole(text):
            written = directive.source.prepared.original(text)
            if self.get(read_target(written).authority) is not None:
                return Values((written,))
        return definitions.evaluate(_without_query_of_path(text), directive, moment)

    def resolve_host(self, directive: Directive, definitions: Definitions, moment: Moment) -> Values:
        """The same without the path, which may differ from request to request where the host does not."""
        text = directive.args[0]
        naming = _NAMING.match(text)
        if has_hole(text) or naming is None:
            return self.passed_values(directive, definitions, moment)
        return definitions.evaluate(naming[0], directive, moment)

    def pool(self, values: Values, definitions: Definitions) -> Pool:
        """Everything that may be dialled where a `*_pass` may name one text or another."""
        if not values.texts:
            return Pool((), (), values.reason)
        pools = [self.pool_of(read_target(text), definitions) for text in values.texts]
        targets = dict.fromkeys(target for pool in pools for target in pool.targets)
        return (
            pools[0]
            if len(pools) == 1
            else Pool(tuple(targets), (), next((pool.reason for pool in pools if pool.reason), ""))
        )

    def placeholder(self, directive: Directive) -> str:
        """What stands for the host of a `*_pass` until somebody fills it in; empty where that is an upstream's name."""
        written = placeholder_of(directive)
        return "" if written and self.get(written) is not None else written

    def backups_of(self, target: PassTarget, definitions: Definitions) -> tuple[Address, ...]:
        """The servers of an upstream by that name that get requests only where the others fail."""
        upstream = self.get(target.authority)
        return upstream.pool(definitions, standing_in=True).targets if upstream is not None and upstream.backups else ()

    def pool_of(self, target: PassTarget, definitions: Definitions) -> Pool:
        """The servers of an upstream by that name, or the host itself."""
        upstream = self.get(target.authority)
        if upstream is not None:
            if id(upstream) not in self.pools:
                self.pools[id(upstream)] = upstream.pool(definitions)
            return self.pools[id(upstream)]
        if not target.authority:
            return Pool((), (), "what is to be dialled has no host")
        return Pool((read_address(target.authority, PORTS.get(target.scheme)),))


def keeps_affinity(passed: Directive, values: Values, upstreams: Upstreams, scope: Scope) -> Setting[Affinity]:
    """What keeps a client on one server, wherever a `*_pass` leads. values: what it may name."""
    targets = dict.fromkeys(read_target(text).authority for text in values.texts)
    settings = [_of_upstream(target, upstreams, scope, passed.where) for target in targets]
    known = {setting.value for setting in settings if isinstance(setting, Known)}
    if len(settings) == 1 or (len(known) == 1 and all(isinstance(setting, Known) for setting in settings)):
        return settings[0]
    why = f"`{passed.written}` leads where a variable says, and that is only known request by request"
    return Unknown(passed.where, "upstream", values.reason if has_hole(passed.args[0]) else why)


def _of_upstream(target: str, upstreams: Upstreams, scope: Scope, where: Location) -> Setting[Affinity]:
    upstream = upstreams.get(target)
    if upstream is None:
        return Known("single", where, "upstream", "default")
    if upstream.level.opaque:
        hidden = upstream.level.opaque[0]
        why = f"the servers of upstream {target} are only known once `{hidden.written}` is there"
        return Unknown(hidden.where, "upstream", why)
    if method := upstream.method(*AFFINITY_METHODS):
        real = scope.find("real_ip_header")
        return affinity_by(line_of(method, True), isinstance(real, tuple) and bool(real[0]))
    if (uncounted := upstream.find_uncounted(scope.environment)) is not None:
        why = f"how many servers upstream {target} has is only known once the file is rendered"
        return Unknown(uncounted.where, "upstream", why)
    block = Known("", upstream.block.where, f"upstream {target}", written=upstream.block.written)
    method = upstream.method("least_conn", "random", "least_time")
    return spread_over(block, len(upstream.servers), line_of(method, True) if method else None)


def _is_looped(server: Directive) -> bool:
    """Whether a template writes a server as often as it goes through a list."""
    return any(block in server.source.prepared.loops for block, _ in server.conditions)


def ported_upstreams(passes: Iterable[Directive], upstreams: Mapping[str, Upstream]) -> Iterator[Unreadable]:
    """A `*_pass` that names an upstream with a port, which nginx refuses: its servers have ports. upstreams: its own.

    https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server
    """
    for passed in passes:
        text = passed.args[0] if passed.args else ""
        name, _, port = read_target(text).authority.rpartition(":")
        if "$" not in text and port.isdigit() and name.lower() in upstreams and not has_hole(text):
            message = f'upstream "{name}" may not have port {port}; that belongs into its `server` lines'
            yield Unreadable(f"nginx would refuse this file: {message}", passed.where)
