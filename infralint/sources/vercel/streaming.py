"""Does a JavaScript handler stream to its client? Read from the code that it reaches inside the project.

What only consumes a stream on the server, or sends a file, is no stream.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from infralint.model import EVENT_STREAM, StreamKind
from infralint.platforms.javascript_streams import (
    CONSUMERS,
    STARTING_METHODS,
    STREAM_CLASSES,
    STREAM_FUNCTIONS,
    STREAM_METHODS,
    STREAM_PROPERTIES,
)
from infralint.sources.vercel.javascript import (
    FUNCTIONS,
    JavaScriptImport,
    JavaScriptModule,
    Modules,
    Words,
    arguments,
    header_of,
    is_request,
    line_of,
    literal,
    loaded_module,
    names_at_once,
    pairs,
    stands_for_fetch,
    text_of,
    unwrap,
    walk,
)
from infralint.sources.vercel.sent import headers_at, heartbeat_at
from infralint.text.javascript import LOOPS
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 4
"""Imports that are followed from a route's file."""

RESPONSE_METHODS = frozenset(
    "toUIMessageStreamResponse toDataStreamResponse toTextStreamResponse toAIStreamResponse"
    " pipeUIMessageStreamToResponse pipeDataStreamToResponse pipeTextStreamToResponse pipeAIStreamToResponse".split()
)
RESPONSE_FUNCTIONS = frozenset(
    "createUIMessageStreamResponse createDataStreamResponse createTextStreamResponse createAgentUIStreamResponse"
    " pipeUIMessageStreamToResponse pipeDataStreamToResponse pipeTextStreamToResponse pipeAgentUIStreamToResponse"
    " StreamingTextResponse StreamingReactResponse streamToResponse AssistantResponse experimental_AssistantResponse"
    " createEdgeRuntimeAPI copilotRuntimeNextJSAppRouterEndpoint copilotRuntimeNextJSPagesRouterEndpoint streamSSE".split()
)
MCP_FUNCTIONS = frozenset(
    "createMcpHandler createMcpRouteHandler initializeMcpApiHandler experimental_createMcpHandler SSEServerTransport"
    " StreamableHTTPServerTransport WebStandardStreamableHTTPServerTransport".split()
)
WEBSOCKET_FUNCTIONS = frozenset("WebSocketServer upgradeWebSocket experimental_upgradeWebSocket".split())
HONO_FUNCTIONS = frozenset({"stream", "streamText", "streamSSE"})
STREAMING_METHODS = STREAM_METHODS | {"tee"}
STREAMING_FUNCTIONS = STREAM_FUNCTIONS | {"createStreamDataTransformer"}
PACKAGES = ("ai/", "@ai-sdk/", "hono/", "mcp-handler/", "@vercel/", "@modelcontextprotocol/", "socket.io/", "ws/")
LONGEST_CHAIN = 8
"""Calls and members of an expression that are shown."""
SERVER_RESPONSES = frozenset("res response resp reply reply.raw ctx.res context.res".split())
FILE_READERS = frozenset("createReadStream readFile GetObjectCommand getObject openDownloadStream".split())
OWNED_METHODS = frozenset({"body", "newResponse", "write", "Server"})
MOST_VALUES = 20
"""Assignments to one name that are looked at."""

_MENTION = Words(
    b"tream",
    b"function*",
    b"function *",
    b"WebSocket",
    b"socket.io",
    b"reateMcp",
    b"McpApiHandler",
    b"copilotRuntime",
    b"ccel-",
    b"CCEL-",
)
_TELLING = Words(
    b"StreamResponse",
    b"ToResponse",
    b"StreamingTextResponse",
    b"StreamingReactResponse",
    b"AssistantResponse",
    b"createEdgeRuntimeAPI",
    b"copilotRuntime",
    b"streamSSE",
    b"hono/",
    b"reateMcp",
    b"McpApiHandler",
    b"ServerTransport",
    b"WebSocketServer",
    b"pgradeWebSocket",
    b"ws.Server",
    b"WebSocket.Server",
    b"socket.io",
    b".body(",
    b".newResponse(",
    b".write(",
    b".pipe(",
    b"event-stream",
    b"ccel-",
    b"CCEL-",
    patterns={
        b"Response": re.compile(rb"new\s+\w*Response\b"),
        b"true": re.compile(rb"stream[\"']?\s*:\s*true"),
    },
)
"""What every piece of code has that sends a stream itself; `_MENTION`: what it, or what it imports, has as well."""
_FILE_TYPE = lazy(
    r"(?:image|video|audio|font)/|text/(?:csv|html|css|xml|calendar)|multipart/"
    r"|application/(?:pdf|zip|gzip|octet-stream|xml|rss|atom|x-tar|vnd\.)"
)


class FunctionSighting(msgspec.Struct, frozen=True):
    """Where code streams: `what` it does there, as a sentence without its subject.

    headers: what surely goes out with it, by lower-case name. heartbeat: seconds between its pings, if it sends any.
    """

    kind: StreamKind
    what: str
    path: str
    line: int
    session: str = ""
    content_type: str | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    heartbeat: float | None = None


class _Name(msgspec.Struct, frozen=True):
    """A name that a file exports, or that stands at its top level."""

    path: str
    name: str
    exported: bool


class _Meaning(msgspec.Struct, frozen=True):
    """What the code of a name comes to: a stream of its own, or the names it leads to, in its file and in others."""

    sighting: FunctionSighting | None = None
    beside: tuple[_Name, ...] = ()
    elsewhere: tuple[_Name, ...] = ()


class FunctionStreams:
    """Looks for streams in a project's modules.

    telling: what a file has that sends a stream. mention: what it, or what it imports, has as well.
    """

    def __init__(self, modules: Modules, telling: Words = _TELLING, mention: Words = _MENTION) -> None:
        self.modules = modules
        self._telling = telling
        self._mention = mention
        self._mentions: dict[tuple[str, int, Words], bool] = {}
        self._facts: dict[tuple[object, int, int], bool] = {}
        self._meanings: dict[_Name, _Meaning] = {}
        self._around: dict[_Name, _Meaning] = {}
        self._accepting: dict[str, list[int]] = {}
        self._found: dict[tuple[_Name, int], FunctionSighting | None] = {}

    def _holds(self, fact: Callable[[Node], bool], node: Node) -> bool:
        """A fact about a piece of code, found out once."""
        key = (fact, node.id, node.end_byte)
        if key not in self._facts:
            self._facts[key] = fact(node)
        return self._facts[key]

    def _asks_for_stream(self, module: JavaScriptModule, node: Node) -> bool:
        """Whether a piece of code makes a request for a stream, by its body or by the type that it accepts."""
        if self._holds(_says_stream, node):
            return True
        if module.path not in self._accepting:
            self._accepting[module.path] = _places_accepting_events(module)
        places = self._accepting[module.path]
        return bisect_left(places, node.start_byte) < bisect_left(places, node.end_byte)

    def is_mentioned(self, path: str) -> bool:
        """Whether a byte scan of a file and what it imports leaves it possible that it streams."""
        return self._leads_to(self._telling, path, DEEPEST) and self._leads_to(self._mention, path, DEEPEST)

    def _leads_to(self, words: Words, path: str, depth: int) -> bool:
        """Whether words stand in a file, or in one that lies at most so many imports away."""
        key = (path, depth, words)
        if key not in self._mentions:
            self._mentions[key] = self.modules.has(words, path) or (
                depth > 0
                and any(self._leads_to(words, target, depth - 1) for target in self.modules.mentioned_files(path))
            )
        return self._mentions[key]

    def from_exports(self, path: str, names: Iterable[str]) -> FunctionSighting | None:
        """What the handlers that a file exports under these names stream, if anything: the sighting of fewest imports."""
        handlers = [_Name(path, name, exported=True) for name in names]
        found = (self._at(handler, imports) for imports in range(DEEPEST + 1) for handler in handlers)
        return next((sighting for sighting in found if sighting), None)

    def _at(self, name: _Name, imports: int) -> FunctionSighting | None:
        """The sighting that lies so many imports away from a name: the same whoever asks, and whatever was asked before."""
        key = (name, imports)
        if key not in self._found:
            reachable = self._leads_to(self._telling, name.path, imports)
            around = self._within(name) if reachable else _Meaning()
            found = (
                (self._at(reference, imports - 1) for reference in around.elsewhere)
                if imports
                else iter([around.sighting])
            )
            self._found[key] = next((sighting for sighting in found if sighting), None)
        return self._found[key]

    def _within(self, name: _Name) -> _Meaning:
        """What a name comes to together with all that it leads to in its own file."""
        if name not in self._around:
            self._around[name] = self._gather_meaning(name)
        return self._around[name]

    def _gather_meaning(self, name: _Name) -> _Meaning:
        pending, beside = deque([name]), {name: None}
        elsewhere: dict[_Name, None] = {}
        while pending:
            meaning = self._meaning(pending.popleft())
            if meaning.sighting:
                return meaning
            pending.extend(neighbour for neighbour in meaning.beside if neighbour not in beside)
            beside |= dict.fromkeys(meaning.beside)
            elsewhere |= dict.fromkeys(meaning.elsewhere)
        return _Meaning(None, tuple(beside), tuple(elsewhere))

    def _meaning(self, name: _Name) -> _Meaning:
        if name not in self._meanings:
            module = self.modules.load(name.path)
            self._meanings[name] = self._read(module, name) if module else _Meaning()
        return self._meanings[name]

    def _read(self, module: JavaScriptModule, name: _Name) -> _Meaning:
        target = module.exports.get(name.name) if name.exported else name.name
        if target is None:
            stars = [JavaScriptImport(star, name.name) for star in module.stars if name.name != "default"]
            return _Meaning(elsewhere=self._homes(module, stars))
        if isinstance(target, str):
            imported = module.imports.get(target)
            if imported is None or imported.name == "*":
                assigned = [module.values[target]] if target in module.values else []
                return self._search(module, assigned + module.statements.get(target, []))
            target = imported
        if isinstance(target, JavaScriptImport):
            return _Meaning(elsewhere=self._homes(module, [target]))
        return self._search(module, [target])

    def _homes(self, module: JavaScriptModule, imports: Iterable[JavaScriptImport]) -> tuple[_Name, ...]:
        """The names that imports stand for, in those files of the project that may lead to a stream."""
        found = ((self.modules.resolve(module.path, imported.specifier), imported.name) for imported in imports)
        return tuple(
            _Name(path, name, True) for path, name in found if path and self._leads_to(self._telling, path, DEEPEST - 1)
        )

    def _search(self, module: JavaScriptModule, nodes: Iterable[Node]) -> _Meaning:
        """The first sighting in pieces of code, or all that they refer to."""
        names: dict[JavaScriptImport | str, None] = {}
        for inner in (below for node in nodes for below in walk(node, stands_for_fetch)):
            if sighting := self._sight(module, inner):
                return _Meaning(complete(module, inner, sighting))
            if inner.type in ("identifier", "shorthand_property_identifier", "type_identifier"):
                names |= dict.fromkeys(self._referred_names(module, inner))
            elif inner.type == "call_expression" and module.loads:
                names |= dict.fromkeys(names_at_once(inner))
        beside = (_Name(module.path, name, False) for name in names if isinstance(name, str))
        return _Meaning(
            None, tuple(beside), self._homes(module, [name for name in names if isinstance(name, JavaScriptImport)])
        )

    def _referred_names(self, module: JavaScriptModule, node: Node) -> list[JavaScriptImport | str]:
        """The top-level name or import that an identifier stands for; of `ns.name`, the member."""
        name = text_of(node)
        imported = self._import_of(module, node)
        if imported is None or imported.name != "*":
            return [imported or name] if imported or name in module.values else []
        parent = node.parent
        if parent is not None and parent.type in ("member_expression", "nested_type_identifier"):
            return [JavaScriptImport(imported.specifier, text_of(parent.child_by_field_name("property")))]
        return [JavaScriptImport(imported.specifier, "default")]

    def _import_of(self, module: JavaScriptModule, name: Node) -> JavaScriptImport | None:
        """The import that an identifier stands for, at the top of its file or loaded within its function."""
        found = module.imports.get(text_of(name))
        if found or not module.loads:
            return found
        loads = ((loaded_module(value), key) for value, key in self._values(module, name))
        return next((JavaScriptImport(specifier, key or "*") for specifier, key in loads if specifier), None)

    def _sight(self, module: JavaScriptModule, node: Node) -> FunctionSighting | None:
        if node.type in ("call_expression", "new_expression"):
            return self._sight_call(module, node)
        if node.type == "string":
            return _header(module, node)
        if node.type == "return_statement" or (node.type == "arrow_function" and node.child_by_field_name("body")):
            return self._sight_forwarding(module, node)
        return None

    def _sight_call(self, module: JavaScriptModule, node: Node) -> FunctionSighting | None:
        function = node.child_by_field_name("constructor" if node.type == "new_expression" else "function")
        if function is None:
            return None
        if function.type == "member_expression":
            return self._method(module, node, function)
        if function.type != "identifier":
            return None
        name = text_of(function)
        imported = self._import_of(module, function)
        original = imported.name if imported and imported.name not in ("default", "*") else name
        if imported and self._is_package(module, imported.specifier):
            if original in MCP_FUNCTIONS and self._answers_json(module, node):
                return None
            if sighting := _library(module, node, original, imported.specifier):
                return sighting
        if node.type == "new_expression" and name.endswith("Response"):
            return self._response(module, node)
        return None

    def _answers_json(self, module: JavaScriptModule, node: Node) -> bool:
        """`enableJsonResponse: true` among a transport's options: plain JSON in place of events."""
        return any(
            literal(pairs(option).get("enableJsonResponse")) is True
            for given in arguments(node)
            for option in self._with_provenance(module, given)
        )

    def _with_provenance(self, module: JavaScriptModule, node: Node) -> list[Node]:
        """What an argument is, or what its name was set to."""
        inner = unwrap(node)
        if inner is None or inner.type != "identifier":
            return [node]
        return [value for value, key in self._values(module, inner) if not key]

    def _method(self, module: JavaScriptModule, node: Node, function: Node) -> FunctionSighting | None:
        name = text_of(function.child_by_field_name("property"))
        if name in RESPONSE_METHODS and not _is_consumed(node):
            return _sighting(module, node, f"returns {shorten(node)}")
        if name == "pipe":
            return self._sight_pipe(module, node)
        owner = function.child_by_field_name("object")
        if name not in OWNED_METHODS or owner is None or owner.type not in ("identifier", "member_expression"):
            return None
        match name, text_of(owner):
            case "body" | "newResponse", "c" | "ctx" | "context":
                return self._response(module, node)
            case "write", receiver if receiver in SERVER_RESPONSES:
                return self._sight_write(module, node, receiver)
            case "Server", "WebSocket" | "ws" if node.type == "new_expression":
                return _sighting(module, node, f"opens {shorten(node)}", kind="websocket")
        return None

    def _sight_write(self, module: JavaScriptModule, node: Node, receiver: str) -> FunctionSighting | None:
        """`response.write(…)` in a loop, or in a callback within its handler."""
        around = list(module.around(node))
        repeated = len(around) > 1 or any(outer.type in LOOPS for outer in around)
        if not repeated or self._holds(_sends_file, module.outermost(node)):
            return None
        return _sighting(module, node, f"calls {receiver}.write(…) again and again")

    def _sight_pipe(self, module: JavaScriptModule, node: Node) -> FunctionSighting | None:
        """`stream.pipe(response)` of what was asked to stream."""
        given = arguments(node)
        target = given[0] if given and given[0].type in ("identifier", "member_expression") else None
        if target is None or text_of(target) not in SERVER_RESPONSES:
            return None
        if not self._asks_for_stream(module, module.outermost(node)):
            return None
        return _sighting(module, node, f"pipes a stream into {text_of(target)}")

    def _response(self, module: JavaScriptModule, node: Node) -> FunctionSighting | None:
        given = arguments(node)
        if not given or not self.is_stream(module, given[0]) or _is_consumed(node):
            return None
        if (len(given) > 1 and _sends_file(given[1])) or self._holds(_attaches, module.outermost(node)):
            return None
        return _sighting(module, node, f"returns {shorten(node)}", content_type=None)

    def _sight_forwarding(self, module: JavaScriptModule, node: Node) -> FunctionSighting | None:
        """`return fetch(…)` whose request asks for a stream: the answer goes through as it comes."""
        value = node.child_by_field_name("body") if node.type == "arrow_function" else _first_child(node)
        value = unwrap(value)
        if value is None or not self._is_upstream(module, value):
            return None
        return _sighting(module, node, f"returns the streamed answer of {shorten(value)}")

    def _is_upstream(self, module: JavaScriptModule, node: Node, depth: int = 0) -> bool:
        """Whether an expression is the answer to a request of this function's that says `stream: true`."""
        if node.type == "identifier" and depth < 3:
            values = [unwrap(value) for value, key in self._values(module, node) if not key]
            return any(self._is_upstream(module, item, depth + 1) for item in values if item is not None)
        if node.type != "call_expression" or text_of(node.child_by_field_name("function")) != "fetch":
            return False
        return self._holds(_says_stream, module.outermost(node))

    def is_stream(self, module: JavaScriptModule, node: Node | None, depth: int = 0) -> bool:
        """Whether an expression is a stream, as far as names and what they were set to tell."""
        node = unwrap(node)
        if node is None or depth > 2 * DEEPEST:
            return False
        key = (depth, node.id, node.end_byte)
        if key not in self._facts:
            self._facts[key] = self._is_stream(module, node, depth)
        return self._facts[key]

    def _is_stream(self, module: JavaScriptModule, node: Node, depth: int) -> bool:
        match node.type:
            case "identifier":
                return any(self._gives_stream(module, value, key, depth) for value, key in self._values(module, node))
            case "new_expression":
                return text_of(node.child_by_field_name("constructor")) in STREAM_CLASSES
            case "member_expression":
                return self._member_streams(module, node)
            case "ternary_expression":
                sides = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
                return any(self.is_stream(module, side, depth + 1) for side in sides)
            case "binary_expression":
                sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
                return any(self.is_stream(module, side, depth + 1) for side in sides)
            case "subscript_expression":
                return self.is_stream(module, node.child_by_field_name("object"), depth + 1)
            case "call_expression":
                return self._call_streams(module, node, depth)
        return False

    def _gives_stream(self, module: JavaScriptModule, value: Node, key: str, depth: int) -> bool:
        if key == "body":
            call = unwrap(value)
            is_answer = call is not None and text_of(call.child_by_field_name("function")) == "fetch"
            return is_answer and self._asks_for_stream(module, module.outermost(value))
        return (not key or key in STREAM_PROPERTIES or key == "stream") and self.is_stream(module, value, depth + 1)

    def _member_streams(self, module: JavaScriptModule, node: Node) -> bool:
        name = text_of(node.child_by_field_name("property"))
        if name != "body":
            return name in STREAM_PROPERTIES
        owner = unwrap(node.child_by_field_name("object"))
        if owner is None or owner.type not in ("identifier", "call_expression"):
            return False
        if text_of(owner) in ("req", "request"):
            return False
        return self._asks_for_stream(module, module.outermost(node)) or self._asked_elsewhere(module, owner)

    def _asked_elsewhere(self, module: JavaScriptModule, owner: Node) -> bool:
        """Whether the answer comes from a function of the project that asks for a stream."""
        calls = (
            [owner] if owner.type == "call_expression" else [unwrap(value) for value, _ in self._values(module, owner)]
        )
        for call in calls:
            if call is not None and call.type == "call_expression":
                for home, function in self._definitions(module, call.child_by_field_name("function")):
                    if self._asks_for_stream(home, function):
                        return True
        return False

    def _call_streams(self, module: JavaScriptModule, node: Node, depth: int) -> bool:
        function = node.child_by_field_name("function")
        if function is None:
            return False
        if function.type == "member_expression":
            name = text_of(function.child_by_field_name("property"))
            owner = text_of(function.child_by_field_name("object"))
            return (
                name in STREAMING_METHODS
                or (name in STARTING_METHODS and bool(arguments(node)))
                or (name == "from" and owner in ("ReadableStream", "Readable"))
            )
        imported = self._import_of(module, function)
        if imported and self._is_package(module, imported.specifier):
            return imported.name in STREAMING_FUNCTIONS or bool(re.fullmatch(r"[A-Z]\w*Stream", imported.name))
        return any(
            self._returns_stream(home, definition, depth) for home, definition in self._definitions(module, function)
        )

    def _returns_stream(self, module: JavaScriptModule, function: Node, depth: int) -> bool:
        if function.type.startswith("generator_function"):
            return True
        body = function.child_by_field_name("body")
        if body is not None and function.type == "arrow_function" and body.type != "statement_block":
            return self.is_stream(module, body, depth + 1)
        returned = (_first_child(node) for node in _own_nodes(function) if node.type == "return_statement")
        return any(self.is_stream(module, value, depth + 1) for value in returned)

    def _is_package(self, module: JavaScriptModule, specifier: str) -> bool:
        """Whether an import is a package's: known by its name, or not found in the project."""
        return (f"{specifier}/".startswith(PACKAGES)) or not self.modules.resolve(module.path, specifier)

    def _definitions(self, module: JavaScriptModule, name: Node | None) -> Iterator[tuple[JavaScriptModule, Node]]:
        """The functions of the project that an identifier stands for."""
        if name is not None:
            yield from self._functions_named(module, text_of(name), self._import_of(module, name))

    def _functions_named(
        self, module: JavaScriptModule, name: str, imported: JavaScriptImport | None, depth: int = 0
    ) -> Iterator[tuple[JavaScriptModule, Node]]:
        """The functions of a top-level name, or of an import."""
        if imported is None:
            value = unwrap(module.values.get(name))
            if value is not None and value.type in FUNCTIONS:
                yield module, value
            return
        target = self.modules.resolve(module.path, imported.specifier)
        home = self.modules.load(target) if target and depth <= DEEPEST else None
        if home is None:
            return
        exported = home.exports.get(imported.name)
        if isinstance(exported, str):
            yield from self._functions_named(home, exported, home.imports.get(exported), depth + 1)
        elif exported is not None and not isinstance(exported, JavaScriptImport) and exported.type in FUNCTIONS:
            yield home, exported

    def _values(self, module: JavaScriptModule, name: Node) -> list[tuple[Node, str]]:
        """What a name was set to in the functions around it or at top level, and the key taken from that."""
        wanted = text_of(name)
        for function in module.functions_around(name):
            if found := module.assignments_of(function).get(wanted):
                return found[:MOST_VALUES]
        return [(module.values[wanted], "")] if wanted in module.values else []


def complete(module: JavaScriptModule, node: Node, sighting: FunctionSighting) -> FunctionSighting:
    """A sighting with what the code around it sends along."""
    headers = headers_at(module, node)
    content_type = headers.get("content-type", sighting.content_type)
    return replace(sighting, headers=headers, content_type=content_type, heartbeat=heartbeat_at(module, node))


def _library(module: JavaScriptModule, node: Node, name: str, specifier: str) -> FunctionSighting | None:
    """A call of a package's function that exists to stream."""
    if name in RESPONSE_FUNCTIONS or (name in HONO_FUNCTIONS and specifier.startswith("hono/")):
        return _sighting(module, node, f"returns {shorten(node)}")
    if name in MCP_FUNCTIONS:
        return _sighting(module, node, f"serves MCP with {shorten(node)}", session="MCP")
    if name in WEBSOCKET_FUNCTIONS:
        return _sighting(module, node, f"opens a WebSocket with {shorten(node)}", kind="websocket")
    if name in ("Server", "default", "*") and specifier == "socket.io":
        return _sighting(module, node, f"opens {shorten(node)}", kind="websocket", session="Socket.IO")
    return None


def _header(module: JavaScriptModule, node: Node) -> FunctionSighting | None:
    """A response header that only a stream has."""
    value = str(literal(node) or "").lower()
    if value.partition(";")[0] == EVENT_STREAM:
        if header_of(module, node) == "content-type" and not is_request(module, node):
            return _sighting(module, node, f"answers with {EVENT_STREAM}", content_type=EVENT_STREAM)
    elif value == "no" and header_of(module, node) == "x-accel-buffering" and not is_request(module, node):
        return _sighting(module, node, 'answers with "X-Accel-Buffering: no"')
    return None


def _is_consumed(node: Node) -> bool:
    """`new Response(stream).text()`: read to its end on the server."""
    parent = node.parent
    while parent is not None and parent.type in ("await_expression", "parenthesized_expression"):
        parent = parent.parent
    return (
        parent is not None
        and parent.type == "member_expression"
        and text_of(parent.child_by_field_name("property")) in CONSUMERS
    )


def _says_stream(node: Node) -> bool:
    """Whether `stream: true` stands in a piece of code."""
    for inner in walk(node):
        if inner.type == "pair" and text_of(inner.child_by_field_name("key")).strip("\"'") == "stream":
            if literal(inner.child_by_field_name("value")) is True:
                return True
    return False


def _places_accepting_events(module: JavaScriptModule) -> list[int]:
    """Where in a file the header `Accept: text/event-stream` is given."""
    if EVENT_STREAM.encode() not in (module.root.text or b"").lower():
        return []
    strings = (node for node in walk(module.root) if node.type == "string" and EVENT_STREAM in text_of(node).lower())
    return [string.start_byte for string in strings if header_of(module, string) == "accept"]


def _sends_file(node: Node) -> bool:
    """Whether a piece of code names the type of a file or page, or an attachment."""
    for inner in walk(node):
        if inner.type == "string":
            value = str(literal(inner) or "").lower()
            if _FILE_TYPE.match(value) or value in ("content-disposition", "content-length", "accept-ranges"):
                return True
    return False


def _attaches(node: Node) -> bool:
    """Whether a function sends a file as attachment or reads one from disk."""
    for inner in walk(node):
        if inner.type == "string" and text_of(inner).strip("\"'").lower() == "content-disposition":
            return True
        if inner.type in ("identifier", "property_identifier") and text_of(inner) in FILE_READERS:
            return True
    return False


def _own_nodes(function: Node) -> Iterator[Node]:
    """What stands in a function but in none inside it."""
    pending = list(function.named_children)
    while pending:
        current = pending.pop()
        if current.type not in FUNCTIONS:
            yield current
            pending.extend(current.named_children)


def _first_child(node: Node) -> Node | None:
    return node.named_children[0] if node.named_children else None


def shorten(node: Node | None, depth: int = 0) -> str:
    """A call without its arguments: `streamText(…).toTextStreamResponse(…)`."""
    node = unwrap(node)
    if node is None or depth > LONGEST_CHAIN:
        return "…"
    match node.type:
        case "call_expression":
            return f"{shorten(node.child_by_field_name('function'), depth + 1)}({'…' if arguments(node) else ''})"
        case "new_expression":
            return f"new {text_of(node.child_by_field_name('constructor'))}({_hint_text(node, depth)})"
        case "member_expression":
            return f"{shorten(node.child_by_field_name('object'), depth + 1)}.{text_of(node.child_by_field_name('property'))}"
        case "identifier":
            return text_of(node)
    return "…"


def _hint_text(node: Node, depth: int) -> str:
    given = arguments(node)
    return shorten(given[0], depth + 1) + (", …" if len(given) > 1 else "") if given else ""


def _sighting(
    module: JavaScriptModule,
    node: Node,
    what: str,
    kind: StreamKind = "sse",
    session: str = "",
    content_type: str | None = None,
) -> FunctionSighting:
    return FunctionSighting(kind, what, module.path, line_of(node), session, content_type)
