"""Servers, locations and the `if`s in them, each with what rules inside it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache
from ipaddress import collapse_addresses, ip_address, ip_network
from types import MappingProxyType
from typing import Any

import msgspec

from infralint.model import Hop
from infralint.sources.nginx.choose import LocationEntry, VirtualServer
from infralint.sources.nginx.scopes import Level, Scope
from infralint.sources.nginx.tree import Directive
from infralint.text.lazy import lazy

CODES = frozenset({"set", "if", "rewrite", "return", "break"})
"""What is run in the order in which it stands: https://nginx.org/en/docs/http/ngx_http_rewrite_module.html"""

_DIVERTING = frozenset({"try_files", "error_page", "limit_except"})

_EVERYBODY: tuple[Any, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))

NONE_INSIDE: Mapping[int, NginxBlock] = MappingProxyType({})


class NginxBlock(msgspec.Struct, eq=False):
    """What nginx calls a configuration: a server's, a location's, or that of an `if` (or `limit_except`) in a location.

    directive: None where only a fragment of a server is here. scope: what rules inside. place: the location; None
    for a server's own. passed: what hands requests on, that of the location around included. inner: the blocks of the
    `if`s and `limit_except`s inside, by the identity of their directive. hop: where it proxies. runs_code: something in
    it is run before a request is handed on. internal: what keeps clients out, here or around:
    https://nginx.org/en/docs/http/ngx_http_core_module.html#internal. denied: the `deny` that keeps everybody out.
    half_denied: the one that keeps out whoever comes over one version of IP, with that version.
    """

    directive: Directive | None
    scope: Scope
    server: VirtualServer
    place: LocationEntry | None = None
    passed: Directive | None = None
    inner: Mapping[int, NginxBlock] = NONE_INSIDE
    serves: bool = False
    hop: Hop | None = None
    runs_code: bool = False
    internal: Directive | None = None
    denied: Directive | None = None
    half_denied: tuple[Directive, int] | None = None

    def __post_init__(self) -> None:
        self.runs_code = not CODES.isdisjoint(self.level.by_name)
        number = self.scope.ruler_of("internal")
        self.internal = self.scope.levels[number].by_name["internal"][0] if number >= 0 else None
        self.denied, self.half_denied = find_denied(self.scope)

    @property
    def level(self) -> Level:
        return self.scope.nearest

    @property
    def diverts(self) -> bool:
        """Whether it may send requests elsewhere, or rules them in several ways."""
        names = self.level.by_name
        is_closed = self.internal is not None or self.denied is not None
        return self.runs_code or bool(self.inner) or is_closed or not _DIVERTING.isdisjoint(names)

    @property
    def written(self) -> str:
        return self.directive.written if self.directive is not None else "this fragment"

    @property
    def serving(self) -> NginxBlock:
        """The block by which a request is judged that ends here: an `if` that changes nothing that matters is its location."""
        if self.place is None or self.serves:
            return self
        location: NginxBlock = self.place.block
        return location


def find_denied(scope: Scope) -> tuple[Directive | None, tuple[Directive, int] | None]:
    """The rule that turns every client away, as the first that fits decides, and else the one that turns all away who come
    over one version of IP, with that version; None where some of them may pass (`allow` before it, `satisfy any` beside
    another authority), or nobody can tell, and no second one where that is the end of a list of those who may pass.

    https://nginx.org/en/docs/http/ngx_http_access_module.html
    """
    number = max(scope.ruler_of("allow"), scope.ruler_of("deny"))
    if number < 0 or _may_satisfy(scope, _AUTHORITIES):
        return None, None
    ruling = scope.levels[number]
    closed = _turned_away(ruling)
    coming = {4} if closed and _listens_to_ipv4_alone(scope) else {4, 6}
    if closed.keys() >= coming:
        return list(closed.values())[-1], None
    half = ((rule, version) for version, rule in closed.items() if version in coming)
    return None, next((found for found in half if not _is_meant(ruling, found[0])), None)


def _is_meant(level: Level, rule: Directive) -> bool:
    """Whether a `deny all` is the end of a list of those who may pass, so that others are turned away on purpose."""
    allowed = (line.args[0] for line in level.by_name.get("allow", ()) if line.args)
    return rule.args == ["all"] and not all(found.prefixlen == 0 for text in allowed for found in _networks(text))


@lru_cache(maxsize=256)
def _turned_away(level: Level) -> Mapping[int, Directive]:
    """The rules of a level behind which nobody is left who comes over a version of IP, by that version."""
    closed: dict[int, Directive] = {}
    denied: dict[int, list[Any]] = {4: [], 6: []}
    left = {network.version: network.num_addresses for network in _EVERYBODY}
    passing: set[int] = set()
    for rule in level.directives:
        if rule.name == "include" or len(passing) == len(denied):
            break
        if rule.name not in ("allow", "deny") or not rule.args:
            continue
        found = _EVERYBODY if rule.args[0] == "all" else _networks(rule.args[0])
        for network in found:
            version = network.version
            if version in passing or version in closed:
                continue
            if rule.name == "allow":
                if not any(network.subnet_of(other) for other in denied[version]):
                    passing.add(version)
            elif not level.under_condition(rule):
                denied[version].append(network)
                left[version] -= network.num_addresses
                if left[version] <= 0:  # unless some were denied twice
                    denied[version] = [*collapse_addresses(denied[version])]
                    everybody = 1 << network.max_prefixlen
                    left[version] = everybody - sum(other.num_addresses for other in denied[version])
                    if not left[version]:
                        closed[version] = rule
        if not found and rule.name == "allow":
            passing |= {4, 6}
    return closed


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=16384)
def _networks(text: str) -> tuple[Any, ...]:
    """The network that an `allow` or a `deny` names; none where it names none, or that can't be told."""
    try:
        return (ip_network(text, strict=False),)
    except ValueError:
        return ()


def _listens_to_ipv4_alone(scope: Scope) -> bool:
    """Whether a server takes no connections over IPv6, nor the addresses of its clients from a header.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#listen: `listen 80` is IPv4's `*:80`
    """
    server = next((level for level in scope.levels if level.owner is not None and level.owner.name == "server"), None)
    if server is None or any("set_real_ip_from" in level.by_name for level in scope.levels):
        return False
    return all(_IPV4.fullmatch(line.args[0]) for line in server.by_name.get("listen", ()) if line.args)


_IPV4 = lazy(r"(?:(?:\*|[0-9]+(?:\.[0-9]+){3})(?::[0-9]+)?|[0-9]+)")


def checking_everybody(scope: Scope) -> Directive | None:
    """The `auth_request` that every request is asked about; None where another rule may do (`satisfy any`), or nobody can tell.

    https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
    """
    number = scope.ruler_of("auth_request")
    if number < 0 or _may_satisfy(scope, {"allow", *_AUTHORITIES} - {"auth_request"}):
        return None
    ruling = scope.levels[number]
    line = ruling.by_name["auth_request"][-1]
    is_clear = line.args and line.args != ["off"] and not line.has_hole and not ruling.under_condition(line)
    return line if is_clear else None


_AUTHORITIES = frozenset(
    "auth_basic auth_jwt auth_oidc auth_request access_by_lua access_by_lua_block access_by_lua_file".split()
)
"""What may let a client pass whom addresses keep out, where `satisfy any` rules.

https://nginx.org/en/docs/http/ngx_http_core_module.html#satisfy
"""


def _may_satisfy(scope: Scope, authorities: Set[str]) -> bool:
    """Whether `satisfy any` rules beside one of some authorities, or what stands here is not all to be seen; one that is
    `off` lets nobody in."""
    is_any = any(line.args != ["all"] for level in scope.levels for line in level.by_name.get("satisfy", ()))
    return any(level.opaque or (is_any and _has_authority(level, authorities)) for level in scope.levels)


def _has_authority(level: Level, authorities: Set[str]) -> bool:
    found = authorities & level.by_name.keys()
    return any(line.args != ["off"] for name in found for line in level.by_name[name])
