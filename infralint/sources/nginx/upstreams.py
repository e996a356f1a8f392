"""Where a location leads, and whether a client stays on one server there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from infralint.model import Affinity, Known, Location, Setting, Unknown, Unreadable
from infralint.sources.nginx.scopes import Level, Scope, has_hole
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.versions import STICKY_SINCE, Version
from infralint.sources.nginx.websocket import Maps
from infralint.text.lazy import lazy

_PER_CLIENT = lazy(r"\$(?:\{)?(?:cookie_|http_authorization|http_x_session|arg_|remote_user|http_mcp_session_id)")
_PER_REQUEST = lazy(r"\$(?:\{)?(?:remote_port|request_id|connection\b|msec|request_uri|uri\b|http_x_request_id|args\b)")
_BY_ADDRESS = lazy(
    r"\$(?:\{)?(?:remote_addr|binary_remote_addr|realip_remote_addr|proxy_protocol_addr|http_x_forwarded_for|http_x_real_ip)"
)


class Upstream(msgspec.Struct, frozen=True, eq=False, dict=True):
    """An `upstream` block with includes put in."""

    block: Directive
    level: Level

    @property
    def servers(self) -> list[Directive]:
        """Servers that take requests: neither backup nor down."""
        every = self.level.by_name.get("server", [])
        return [one for one in every if not {"backup", "down"} & set(one.args[1:])]

    @property
    def backups(self) -> tuple[str, ...]:
        """Servers that stand in for those, as they are written."""
        return tuple(one.written for one in self.level.by_name.get("server", ()) if "backup" in one.args[1:])

    def method(self, *names: str) -> Directive | None:
        return next((one for name in names for one in self.level.by_name.get(name, ())), None)


def targets_of(pass_directive: Directive, scope: Scope, maps: Maps) -> list[str]:
    """The upstreams or hosts that a `*_pass` may lead to; one that only a request tells is empty."""
    text = _host(pass_directive.args[0]) if pass_directive.args else ""
    found = re.fullmatch(r"\$\{?(\w+)\}?(?::\d+)?", text)
    if found is None:
        return [text.partition("$")[0]]
    name = found[1]
    said = [one.args[1] for level in scope.levels for one in level.by_name.get("set", ()) if _sets(one, name)]
    said += [one.args[0] for block in maps.get(name, ()) for one in block.block or () if _chooses(one)]
    hosts = [_host(one) for one in said]
    return list(dict.fromkeys("" if "$" in host else host for host in hosts)) or [""]


def _host(text: str) -> str:
    return re.sub(r"^[^/]*://", "", text).partition("/")[0]


def _sets(one: Directive, name: str) -> bool:
    return len(one.args) == 2 and one.args[0] == f"${name}"


def _chooses(one: Directive) -> bool:
    """Whether a line of a map gives a value."""
    return one.block is None and len(one.args) == 1 and one.name != "include"


def keeps_affinity(
    passed: Directive, targets: Sequence[str], upstreams: Mapping[str, Upstream], scope: Scope
) -> Setting[Affinity]:
    """What keeps a client on one server, wherever a `*_pass` leads."""
    why = f"`{passed.written}` leads where a variable says, and that is only known request by request"
    unknown = Unknown(passed.where, "upstream", why)
    settings = [_of_upstream(one, upstreams, scope, passed.where) if one else unknown for one in targets]
    known = {one.value for one in settings if isinstance(one, Known)}
    return settings[0] if len(settings) == 1 or (len(known) == 1 and unknown not in settings) else unknown


def _of_upstream(target: str, upstreams: Mapping[str, Upstream], scope: Scope, where: Location) -> Setting[Affinity]:
    upstream = upstreams.get(target)
    if upstream is None:
        return Known("single", where, "upstream", "default")
    if upstream.level.opaque:
        one = upstream.level.opaque[0]
        return Unknown(
            one.where, "upstream", f"the servers of upstream {target} are only known once `{one.written}` is there"
        )
    if method := upstream.method("sticky", "hash", "ip_hash"):
        return _by_method(method, scope)
    servers = upstream.servers
    looped = [one for one in servers if any(block in one.source.prepared.loops for block, _ in one.conditions)]
    if looped or any(has_hole(one.args[0]) for one in servers if one.args and len(servers) == 1):
        one = (looped or servers)[0]
        return Unknown(
            one.where, "upstream", f"how many servers upstream {target} has is only known once the file is rendered"
        )
    if len(servers) < 2:
        return Known("single", upstream.block.where, f"upstream {target}", written=upstream.block.written)
    method_name = upstream.method("least_conn", "random", "least_time")
    how = f"`{method_name.written}`" if method_name else "round robin"
    return Known(
        "none",
        upstream.block.where,
        f"upstream {target}",
        written=upstream.block.written,
        because=f"upstream {target} spreads requests over {len(servers)} servers by {how}",
    )


def unknown_methods(upstreams: Iterable[Upstream], version: Version) -> Iterator[Unreadable]:
    """What this version does not know, and refuses to start with; a third party's `sticky` has other arguments."""
    for upstream in upstreams if version.known and version.number < STICKY_SINCE else ():
        method = upstream.method("sticky")
        if method is not None and method.args[:1] in (["cookie"], ["route"], ["learn"]):
            said = f'unknown directive "sticky"; nginx {version.written} has none, 1.29.6 and later do'
            yield Unreadable(f"nginx would refuse this file: {said}", method.where)


def _by_method(method: Directive, scope: Scope) -> Setting[Affinity]:
    key = " ".join(method.args)
    if method.name == "hash" and _PER_REQUEST.search(key):
        why = f"`{method.written}` sends a client's requests to different servers"
        return Known("none", method.where, method.name, written=method.written, because=why)
    if method.name == "sticky" or (method.name == "hash" and _PER_CLIENT.search(key) and not _BY_ADDRESS.search(key)):
        return Known("client", method.where, method.name, written=method.written)
    if method.name == "ip_hash" or _BY_ADDRESS.search(key):
        real = isinstance(scope.find("real_ip_header"), tuple) and scope.find("real_ip_header")[0]  # type: ignore[index]
        forwarded = "x_forwarded_for" in key or "x_real_ip" in key
        return Known("client" if real or forwarded else "address", method.where, method.name, written=method.written)
    return Unknown(method.where, method.name, f"whether `{method.written}` is the same for all of a client's requests")
