"""Servers that answer at a path of their own: Socket.IO's, `ws`: where, how often they ping, how sessions begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.platforms.libraries import LIBRARIES
from infralint.sources.application.calls import argument_of, is_true, names_in
from infralint.sources.application.heads import NOWHERE, Head
from infralint.sources.application.heartbeats import heartbeat_in, ping_interval
from infralint.sources.application.intervals import go_duration
from infralint.sources.application.joining import Joiner
from infralint.sources.application.paths import ANYWHERE, UNKNOWN, Path, path_of
from infralint.sources.application.registrations import Registration
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.rulebook import Keys, Rules, SocketShape
from infralint.sources.application.syntax import Call, SourceModule, SourceSpan, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_SLASHED = frozenset({"socket.io", "python-socketio", "flask-socketio"})
_COMPARED = lazy(
    r"""(?:===?|startsWith\(|startswith\(|\bcase)\s*["'`](/[^"'`\s]*)["'`]|["'`](/[^"'`\s]*)["'`]\s*===?"""
)
_SEGMENTS = lazy(r"""\bStartsWithSegments\(\s*(?:new\s+PathString\(\s*)?"(/[^"\s]*)\"""")
"""ASP.NET's comparison with the beginning of a path: https://learn.microsoft.com/en-us/dotnet/api/microsoft.aspnetcore.http.pathstring.startswithsegments"""
_LEADS = lazy(r"handleUpgrade|\.url\b|pathname", re.IGNORECASE)


def socket_paths(
    joiner: Joiner, rules: Rules, shape: SocketShape, call: Call, server: Call
) -> Iterator[tuple[Path, str]]:
    """Where a server answers, and the file of the application that it belongs to. server: what it wraps, or itself."""
    node = argument_of(call, shape.path) or argument_of(server, shape.path) or _setting(server, shape.path)
    path = path_of(joiner.resolver.text(call.module, node) if node is not None else shape.default, rules.style)
    base = argument_of(call, shape.below)
    if base is not None or (shape.below is not None and rules.language != "go"):
        path = path_of(joiner.resolver.text(call.module, base), rules.style).join(path)
    if shape.library in _SLASHED and path.text:
        path = Path(f"/{path.text.strip('/')}/", path.whole)
    if shape.library == "ws" and node is None:
        yield from ((led, call.module.path) for led in _upgrade_paths(call))
        return
    heads = _heads_of_router(joiner, call) if shape.grouped else joiner.mounts_of(call)
    for head in heads:
        inside = head.path.whole and (path.text.startswith(f"{head.path.text}/") or not head.path.text)
        yield path if inside else head.path.join(path), head.home or call.module.path
    if not heads:
        yield path, call.module.path


def _heads_of_router(joiner: Joiner, call: Call) -> list[Head]:
    """The prefixes of the router that a server is put on; none where nothing says what that is, as in the function of
    `UseEndpoints`."""
    heads = joiner.heads_of(call.module, call.receiver, 0)
    is_made = isinstance(joiner.resolver.meaning(call.module, call.receiver), Call)
    return heads if is_made or _is_of_caller(call) else [head for head in heads if head != NOWHERE]


def _is_of_caller(call: Call) -> bool:
    """Whether a method is called on what others call the method around it on: `this IEndpointRouteBuilder routes`."""
    around = call.module.function_at(call.span)
    given = around.node.field("parameters") if around is not None else None
    name = re.escape(call.receiver.text()) if call.receiver is not None else ""
    return given is not None and bool(name) and re.search(rf"\bthis\s+\S+\s+{name}\b", given.text()) is not None


def _setting(server: Call, keys: Keys | None) -> SgNode | None:
    """What an option of a server is set to after it was made: `mcp.settings.sse_path = "/events"`."""
    holder = server.module.assignment_of(server.span)
    if holder is None:
        return None
    wanted = {f"{holder.target}.settings.{name}" for name in names_in(keys)}
    return next((given.value for given in reversed(server.module.assignments) if given.target in wanted), None)


def _upgrade_paths(call: Call) -> list[Path]:
    """The paths for which a program hands handshakes to `ws` itself: `if (pathname === "/x") wss.handleUpgrade(…)`."""
    module = call.module
    if not is_true(call.argument("noServer")):
        return [ANYWHERE]
    found: list[str] = []
    for upgrade in module.calls(frozenset({"handleUpgrade"})):
        inner = module.definition_at(upgrade.span)
        for function in inner.around() if inner is not None else ():
            text = function.node.text()
            if _LEADS.search(text):
                found += [left or other for left, other in _COMPARED.findall(text)]
            if found:
                break
    return [Path(path) for path in dict.fromkeys(found)] or [ANYWHERE]


def dispatched_paths(registration: Registration, module: SourceModule, span: SourceSpan) -> list[Path]:
    """The paths for which a handler that tells paths apart itself comes to a place: by the conditions around that. module: of
    the place, which a class may be in that is registered elsewhere."""
    found: list[str] = []
    for node in _around(module, span):
        if module is registration.call.module and not any(
            handler.has(span_of(node)) for handler in registration.handlers
        ):
            break
        condition = node.field("condition") or (node if node.kind() in ("switch_case", "expression_case") else None)
        if condition is not None and node.kind() != "switch_statement":
            text = condition.text() if node.kind() not in ("switch_case", "expression_case") else node.text()[:120]
            found += [left or other for left, other in _COMPARED.findall(text)]
            found += [f"{path.rstrip('/')}/**" for path in _SEGMENTS.findall(text)]
        if found:
            break
    return [Path(path) for path in dict.fromkeys(found)] or [UNKNOWN]


def _around(module: SourceModule, span: SourceSpan) -> Iterator[SgNode]:
    """The nodes around a place, the innermost first."""
    chain, node = [module.root], module.root
    while True:
        child = next((child for child in node.children() if span_of(child).has(span)), None)
        if child is None:
            break
        chain.append(child)
        node = child
    yield from reversed(chain)


def socket_heartbeat(resolver: Resolver, shape: SocketShape, call: Call) -> float | None:
    library = LIBRARIES.get(shape.library)
    given = call.argument(shape.heartbeat) if shape.heartbeat is not None else None
    if given is not None and call.module.language.name == "go":
        return go_duration(resolver, call.module, given)
    if given is not None:
        return ping_interval(resolver, call.module, given, shape.unit)
    if shape.library == "ws":
        return _pings(resolver, call.module)
    return library.heartbeat if library else None


def _pings(resolver: Resolver, module: SourceModule) -> float | None:
    """`setInterval(() => … client.ping() …, 30000)` anywhere in the file of a server."""
    return heartbeat_in(resolver, module, module.whole)


def is_websocket_only(shape: SocketShape, call: Call) -> bool:
    node = call.argument(shape.transports) if shape.transports is not None else None
    return node is not None and "polling" not in node.text() and "websocket" in node.text()
