"""Pings that an application sends by itself, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.intervals import TIMERS, go_duration, steady_interval
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.syntax import Definition, SourceModule
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_PING = lazy(r"""(?<![\w"'`\])}-])["'`]:|ping|keep-?_?alive|heart-?_?beat""", re.IGNORECASE)
"""A comment of an event stream, which begins with a colon, or a word for a ping."""
_WORDS = r"(?:ping|heart_?beat|keep[-_]?alive)"
_PYTHON_PING = lazy(
    rf"""yield\s+(?:[\w.]+\()?(?:[fb]?["'](?::\s*|event:\s*)?{_WORDS}|\w*{_WORDS}\w*\b"""
    rf"""|[^\n]{{0,80}}["'](?:event|type)["']:\s*["']{_WORDS}["'])""",
    re.IGNORECASE,
)
_PYTHON_COMMENT = lazy(r"""yield\s+(?:[\w.]+\()?[fb]?["']:""")
"""A comment keeps a connection open, too, if it is sent again and again."""
UNTOLD = 30.0
"""Seconds between pings of which only that they are sent can be read: what proxies cut at 60 s asks for."""
_PYTHON_WAIT = lazy(r"\b(?:timeout\s*=\s*|sleep\(\s*)([\w.]+)")
_CALLED = lazy(r"\b([A-Za-z_]\w*)\(")
_GO_PING = lazy(r"\"\s*:|ping|keep-?alive|heartbeat", re.IGNORECASE)
_GO_TIMERS = frozenset({"NewTicker", "Tick", "After", "NewTimer"})
_MOST_CALLED = 40
"""Functions of one package that a search for pings goes through."""

_NAMES_PING = lazy(
    rb"""(?<![A-Za-z])[pP]ing(?![a-z])|[a-z]Ping|PING|(?i:keep[-_ ]?alive|heart[-_ ]?beat)|(?<![\w"'`])[bf]?["'`]:(?:\\n|[ \w"'`])"""
)
_PERSISTENT = lazy(rb"""(?i)connection["'`\]]*\s*[:,=>]+\s*["'`]?keep-alive|keep-alive["'`]?\s*:\s*["'`]?timeout""")
"""`Connection: keep-alive`: a header of HTTP/1.0, and no ping."""


def names_pings(content: bytes) -> bool:
    """Whether code speaks of pings, or writes the comments that serve as such."""
    return _NAMES_PING.search(_PERSISTENT.sub(b"", content)) is not None


_KTOR_PINGS = lazy(
    rb"\bpingPeriod(?:Millis)?\s*=\s*(?:Duration\.ofSeconds\((\d+)\)|(\d+)\.seconds|(\d+)\.minutes|Duration\.ofMinutes\((\d+)\)|([\d_]+)L?\b)"
)


def ktor_pings(contents: Iterable[bytes]) -> float | None:
    """Seconds between the pings of Ktor's WebSockets, where `install(WebSockets)` sets a period: by itself it sends none.

    https://ktor.io/docs/server-websockets.html#configure
    """
    for content in contents:
        if found := _KTOR_PINGS.search(content):
            seconds, minutes = found[1] or found[2], found[3] or found[4]
            return (
                float(seconds)
                if seconds
                else 60 * float(minutes)
                if minutes
                else int(found[5].replace(b"_", b"")) / 1000
            )
    return None


def heartbeat_in(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    """Seconds between the pings that a function (or one that it names) sends; None where it sends none.

    What writes its events at fixed times, whatever happens, needs no other pings.
    """
    if definition not in resolver.heartbeats:
        resolver.heartbeats[definition] = _find_heartbeat(resolver, module, definition)
    return resolver.heartbeats[definition]


def _find_heartbeat(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    found: float | None = None
    match module.language.name:
        case "javascript":
            found = _of_javascript(resolver, module, definition)
        case "python":
            found = _of_python(resolver, module, definition)
        case "go":
            found = _of_go(resolver, module, definition)
    return found or steady_interval(resolver, module, definition)


def _of_javascript(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    for call in module.calls(TIMERS):
        if definition.span.has(call.span) and len(call.positional) > 1:
            callback, interval = call.positional[0], resolver.number(module, call.positional[1])
            if interval and _PING.search(callback.text()):
                return interval / 1000
    return None


def _of_python(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    functions = (definition, *_pinging_in(resolver, module, definition))
    return next(
        (interval for function in functions if (interval := _python_pings(resolver, function)) is not None), None
    )


def _python_pings(resolver: Resolver, function: Definition) -> float | None:
    if function not in resolver.pings:
        resolver.pings[function] = _pings_of_python(resolver, function)
    return resolver.pings[function]


def _pings_of_python(resolver: Resolver, function: Definition) -> float | None:
    """How often a function itself sends something, whatever it calls."""
    text = function.node.text()
    pings = _PYTHON_PING.search(text) is not None
    if not pings and not _PYTHON_COMMENT.search(text):
        return None
    waits = (_number(resolver, function.module, found[1]) for found in _PYTHON_WAIT.finditer(text))
    return next((wait for wait in waits if wait and wait >= 3), UNTOLD if pings else None)


def _pinging_in(resolver: Resolver, module: SourceModule, definition: Definition) -> Iterator[Definition]:
    """The functions that a function calls by their names: those of its file that ping, and those that it imports."""
    called = dict.fromkeys(_CALLED.findall(definition.node.text()))
    here = (other for name in called for other in _pinging_of(resolver, module, name))
    yield from (other for other in here if other is not definition)
    for name in resolver.program.imports(module).keys() & called.keys():
        meaning = resolver.at_home(module, name)
        if isinstance(meaning, Definition) and meaning.kind == "function":
            yield meaning


def _pinging_of(resolver: Resolver, module: SourceModule, name: str) -> list[Definition]:
    """The functions of a file that bear a name and ping: each of many of one name is looked at once."""
    key = (module.path, name)
    if key not in resolver.pinging:
        functions = (other for other in module.definitions_of(name) if other.kind == "function")
        resolver.pinging[key] = [other for other in functions if _python_pings(resolver, other) is not None]
    return resolver.pinging[key]


def _number(resolver: Resolver, module: SourceModule, text: str) -> float | None:
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return float(text)
    for assignment in module.assignments:
        if assignment.target == text:
            return resolver.number(module, assignment.value)
    return None


def _of_go(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    """Pings are often sent by a function that the handler starts: `go client.writePump()`."""
    for function in _called_in_go(resolver, module, definition):
        if function not in resolver.pings:
            resolver.pings[function] = _pings_of_go(resolver, function)
        if (interval := resolver.pings[function]) is not None:
            return interval
    return None


def _pings_of_go(resolver: Resolver, function: Definition) -> float | None:
    """How often a function itself pings."""
    if not _GO_PING.search(function.node.text()):
        return None
    timers = (call for call in function.module.calls(_GO_TIMERS) if function.span.has(call.span) and call.positional)
    intervals = (go_duration(resolver, function.module, call.positional[0]) for call in timers)
    return next((interval for interval in intervals if interval), None)


def _called_in_go(resolver: Resolver, module: SourceModule, definition: Definition) -> list[Definition]:
    """A function and those of its package that it calls by their names, and those that these call."""
    found = [definition]
    for function in found:
        for name in dict.fromkeys(_CALLED.findall(function.node.text())):
            homes = (module, *resolver.program.siblings_naming(module, name))
            called = (other for home in homes for other in home.definitions_of(name) if other.kind == "function")
            found += [other for other in called if other not in found]
        if len(found) > _MOST_CALLED:
            break
    return found


def ping_interval(resolver: Resolver, module: SourceModule, node: SgNode | None, unit: float) -> float | None:
    """An interval that is written as an option, in seconds."""
    number = resolver.number(module, node)
    return number * unit if number else None
