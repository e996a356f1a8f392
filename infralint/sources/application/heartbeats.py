"""Pings that an application sends by itself, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.intervals import TIMERS, go_duration, steady_interval
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.syntax import Definition, SourceModule, span_of
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

_OBSERVABLE_TIMERS = frozenset({"interval", "timer"})
_STATEMENTS = frozenset("lexical_declaration expression_statement return_statement".split())
_NAMED_PING = lazy(r"ping|beat|alive", re.IGNORECASE)
_RUST_KEEP_ALIVE = lazy(r"\bkeep_alive\b|\bKeepAlive::")
RUST_KEEP_ALIVE = 15.0
"""Seconds: https://docs.rs/axum/latest/axum/response/sse/struct.KeepAlive.html#method.interval"""
_NUMBER = r"[0-9](?:_?[0-9])*(?:\.[0-9]+)?"
"""A number that is written out: `TimeSpan.FromSeconds(_interval)` has none."""
_END = r"_?(?:[lmfdLMFD]|[iu][0-9]+)?(?![\w.]|\s*[*/+-])"
"""What ends it, with the suffix of its type: `5 * 60` is another number."""
_JAVA_INTERVAL = lazy(
    rf"fixed(?:Rate|Delay)(?:String)?\s*=\s*\"?(?P<milliseconds>{_NUMBER}){_END}(?![^()]{{0,100}}\btimeUnit\b)"
    rf"|Duration\.of(?P<unit>Seconds|Minutes|Millis)\(\s*(?P<written>{_NUMBER}){_END}"
    rf"|(?:fixed(?:Rate|Delay)\s*=\s*|scheduleAt\w+\([^;]{{0,400}}?,\s*)(?P<seconds>{_NUMBER})L?\s*,\s*(?:timeUnit\s*=\s*)?(?:TimeUnit\.)?SECONDS"
    rf"|delay\(\s*(?P<milliseconds_between>{_NUMBER})L?\s*\)"
)
_SCHEDULED = lazy(r"(?:@\w+(?:\([^()]*\))?\s*)*@(?:Scheduled|PostConstruct)\b")
_SERVICE = lazy(r"^[^{]*\b(?:BackgroundService|IHostedService)\b")
_SENDS = lazy(r"\.(?:send|emit|comment|tryEmit|emitNext|tryEmitNext|broadcast|TryWrite|Write)(?:Async)?\(")
"""What sends something to a client, by its name."""
_INTERVALS = {
    "csharp": lazy(
        rf"TimeSpan\.From(?P<unit>Seconds|Minutes|Milliseconds)\(\s*(?P<written>{_NUMBER}){_END}"
        rf"|Task\.Delay\(\s*(?P<milliseconds>{_NUMBER}){_END}"
    ),
    "java": _JAVA_INTERVAL,
    "kotlin": _JAVA_INTERVAL,
    "php": lazy(rf"\busleep\(\s*(?P<microseconds>{_NUMBER}){_END}|\bsleep\(\s*(?P<seconds>{_NUMBER}){_END}"),
    "ruby": lazy(rf"\bsleep[ (]\s*(?P<seconds>{_NUMBER}){_END}"),
    "rust": lazy(rf"Duration::from_(?P<unit>secs|millis|mins)\(\s*(?P<written>{_NUMBER}){_END}"),
}
"""How an interval is written, by language."""

_NAMES_PING = lazy(
    rb"""(?<![A-Za-z])[pP]ing(?![a-z])|[a-z]Ping|PING|(?i:keep[-_ ]?alive|heart[-_ ]?beat)|(?<![\w"'`])[bf]?["'`]:(?:\\n|[ \w"'`])"""
)
_PERSISTENT = lazy(rb"""(?i)connection["'`\]]*\s*[:,=>]+\s*["'`]?keep-alive|keep-alive["'`]?\s*:\s*["'`]?timeout""")
"""`Connection: keep-alive`: a header of HTTP/1.0, and no ping."""


def names_pings(content: bytes) -> bool:
    """Whether code speaks of pings, or writes the comments that serve as such."""
    return _NAMES_PING.search(_PERSISTENT.sub(b"", content)) is not None


_CONFIGURES = lazy(rb"(?i)pingPeriod|KeepAliveInterval")
_CONFIGURED_PINGS = lazy(
    r"(?:\binstall\(\s*[\w.]*WebSockets\s*\)\s*\{(?:[^{}]|\{[^{}]*\}){0,400}?\bpingPeriod(?:Millis)?"
    r"|\b(?:WebSocketOptions|AddWebSockets)\b[^;]{0,400}?\bKeepAliveInterval"
    r"|\b(\w+)\s*=\s*new\s+WebSocketOptions\s*\(\s*\)\s*;[^}]{0,400}?\b\1\.KeepAliveInterval)"
    r"\s*=\s*(?:(?:Duration\.of|TimeSpan\.From)(?P<unit>Seconds|Minutes|Milliseconds|Millis)"
    rf"\(\s*(?P<written>{_NUMBER}){_END}|(?P<seconds>[0-9]+)\.seconds|(?P<milliseconds>{_NUMBER}){_END})"
)


def may_configure_pings(content: bytes) -> bool:
    """Whether code may say how often WebSockets ping."""
    return _CONFIGURES.search(content) is not None


def configured_pings(modules: Iterable[SourceModule]) -> float | None:
    """Seconds between the pings of WebSockets, where an application sets that for all of them, of several the longest: Ktor's
    send none by themselves, those of ASP.NET Core one in two minutes; SignalR's are set elsewhere.

    https://ktor.io/docs/server-websockets.html#configure, https://learn.microsoft.com/en-us/aspnet/core/fundamentals/websockets
    """
    texts = (_code_of(module.whole) for module in modules if module.language.name in ("kotlin", "csharp"))
    intervals = (_seconds_of(found) for text in texts for found in _CONFIGURED_PINGS.finditer(text))
    return max(filter(None, intervals), default=None)


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
        case "csharp" | "java" | "kotlin" | "php" | "ruby" | "rust" as language:
            found = _of_written_interval(resolver, module, definition, language)
    return found or steady_interval(resolver, module, definition)


def _of_javascript(resolver: Resolver, module: SourceModule, definition: Definition) -> float | None:
    functions = (definition, *_called_in_javascript(resolver, module, definition))
    return next((interval for function in functions if (interval := _javascript_pings(resolver, function))), None)


def _javascript_pings(resolver: Resolver, function: Definition) -> float | None:
    """How often a function itself pings: by a timer, or by `interval(…)` and `timer(…)` of RxJS beside a word for a ping."""
    if function not in resolver.pings:
        resolver.pings[function] = _pings_of_javascript(resolver, function)
    return resolver.pings[function]


def _pings_of_javascript(resolver: Resolver, function: Definition) -> float | None:
    module = function.module
    for call in module.calls(TIMERS):
        if function.span.has(call.span) and len(call.positional) > 1:
            callback, interval = call.positional[0], resolver.number(module, call.positional[1])
            if interval and _PING.search(callback.text()):
                return interval / 1000
    for call in module.calls(_OBSERVABLE_TIMERS):
        if function.span.has(call.span) and call.receiver is None and call.positional:
            interval = resolver.number(module, call.positional[-1])
            statement = next((node for node in call.node.ancestors()[:8] if node.kind() in _STATEMENTS), None)
            if interval and statement is not None and _PING.search(statement.text()):
                return interval / 1000
    return None


def _called_in_javascript(resolver: Resolver, module: SourceModule, definition: Definition) -> Iterator[Definition]:
    """The functions called after pings that a function calls: `startHeartbeat(res)`."""
    for name in dict.fromkeys(_CALLED.findall(definition.node.text())):
        if not _NAMED_PING.search(name):
            continue
        yield from (
            other for other in module.definitions_of(name) if other.kind == "function" and other is not definition
        )
        if name in resolver.program.imports(module):
            meaning = resolver.at_home(module, name)
            if isinstance(meaning, Definition) and meaning.kind == "function":
                yield meaning


def _of_written_interval(
    resolver: Resolver, module: SourceModule, definition: Definition, language: str
) -> float | None:
    """How often code pings in languages where what pings is often scheduled beside the handler: the handler, what of its
    file it calls, or what of it runs by itself and sends has a word, or a comment of an event stream, for a ping, and an
    interval."""
    functions = [definition]
    if language in ("java", "kotlin", "csharp"):
        functions = _called_in_file(module, definition)
        key = (module.path, "")
        if key not in resolver.pinging:
            running = (other for other in module.definitions if _runs_by_itself(other))
            resolver.pinging[key] = [other for other in running if any(map(_sends, _called_in_file(module, other)))]
        functions += resolver.pinging[key]
    for function in functions:
        if function not in resolver.pings:
            resolver.pings[function] = _interval_beside_ping(function, language)
        if (interval := resolver.pings[function]) is not None:
            return interval
    return None


def _called_in_file(module: SourceModule, definition: Definition) -> list[Definition]:
    """A function and those of its file that it calls by their names, and those that these call."""
    found = [definition]
    for function in found:
        for name in dict.fromkeys(_CALLED.findall(function.node.text())):
            called = (other for other in module.definitions_of(name) if other.kind == "function")
            found += [other for other in called if other not in found]
        if len(found) > _MOST_CALLED:
            break
    return found


def _runs_by_itself(definition: Definition) -> bool:
    """Whether a function is run by a timer of Spring, when its object is made, or as a service of .NET, and no request asks
    for it.

    https://docs.spring.io/spring-framework/reference/integration/scheduling.html#scheduling-annotation-support-scheduled,
    https://learn.microsoft.com/en-us/dotnet/core/extensions/workers
    """
    owner = definition.owner
    if definition.kind != "function" or owner is None or owner.kind != "class":
        return False
    if definition.name in ("", owner.name) or _SCHEDULED.match(definition.node.text()):
        return True
    return definition.name in ("ExecuteAsync", "StartAsync") and _SERVICE.search(owner.node.text()) is not None


def _sends(function: Definition) -> bool:
    return _SENDS.search(function.node.text()) is not None


def _interval_beside_ping(function: Definition, language: str) -> float | None:
    text = _without_persistence(_code_of(function))
    if language == "rust" and _RUST_KEEP_ALIVE.search(text):
        return next(filter(None, map(_kept_alive, _RUST_KEEP_ALIVE.split(text)[1:])), None)
    if _PING.search(text) is None:
        return None
    written = _INTERVALS[language].search(text)
    return _seconds_of(written) if written is not None else None


def _kept_alive(after: str) -> float | None:
    """How often what follows `keep_alive` or `KeepAlive::` in a statement of Rust pings; None where it does not say."""
    statement = after.partition(";")[0]
    _, name, interval = statement.partition("interval(")
    if not name:
        return RUST_KEEP_ALIVE if re.match(r"(?:new|default)?\(\)", statement) else None
    written = _INTERVALS["rust"].search(interval)
    return _seconds_of(written) if written is not None else None


_COMMENTS = {
    "csharp": ("comment",),
    "java": ("line_comment", "block_comment"),
    "kotlin": ("line_comment", "multiline_comment"),
    "php": ("comment",),
    "ruby": ("comment",),
    "rust": ("line_comment", "block_comment"),
}
"""Kinds of nodes that are comments."""


def _code_of(function: Definition) -> str:
    """The text of a function without its comments."""
    text, start = function.node.text(), span_of(function.node).start
    comments = [
        span_of(comment)
        for kind in _COMMENTS[function.module.language.name]
        for comment in function.node.find_all(kind=kind)
    ]
    for span in sorted(comments, key=lambda span: span.start, reverse=True):
        text = f"{text[: span.start - start]} {text[span.end - start :]}"
    return text


def _without_persistence(text: str) -> str:
    return _PERSISTENT.sub(b"", text.encode()).decode("utf-8", "replace")


def _seconds_of(found: re.Match[str]) -> float | None:
    """Seconds of an interval as one of these languages writes it: by the unit that it names, else by its place."""
    groups = {name: value for name, value in found.groupdict().items() if value}
    number = next(float(value.replace("_", "")) for name, value in groups.items() if name != "unit")
    unit = groups.get("unit", "").lower()
    if unit:
        scale = 0.001 if unit.startswith("milli") else 60 if unit.startswith("min") else 1
    else:
        scale = (
            0.001
            if {"milliseconds", "milliseconds_between"} & groups.keys()
            else 1e-6
            if "microseconds" in groups
            else 1
        )
    return number * scale or None


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
