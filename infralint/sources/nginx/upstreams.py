"""Where a location leads, and whether a client stays on one server there."""

from __future__ import annotations

import re

import msgspec

from infralint.lazy import lazy
from infralint.model import Affinity, Known, Location, Setting, Unknown
from infralint.sources.nginx.scopes import Level, Scope, has_hole
from infralint.sources.nginx.tree import Directive

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

    def method(self, *names: str) -> Directive | None:
        return next((one for name in names for one in self.level.by_name.get(name, ())), None)


def target_of(pass_directive: Directive, scope: Scope) -> str:
    """The name of the upstream or host that a `*_pass` leads to; empty where a variable decides."""
    text = pass_directive.args[0] if pass_directive.args else ""
    if found := re.fullmatch(r"(?:\w+://)?\$\{?(\w+)\}?(?:[/:].*)?", text):
        values = {
            one.args[1]
            for level in scope.levels
            for one in level.by_name.get("set", ())
            if len(one.args) == 2 and one.args[0] == f"${found[1]}"
        }
        text = values.pop() if len(values) == 1 else ""
    host = re.sub(r"^\w+://", "", text).partition("/")[0]
    return host.partition("$")[0]


def keeps_affinity(target: str, upstreams: dict[str, Upstream], scope: Scope, where: Location) -> Setting[Affinity]:
    """What keeps a client on one server."""
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
