"""Is an expression of JavaScript a stream that goes to the client while it is produced?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infralint.platforms.javascript_streams import (
    STARTING_METHODS,
    STREAM_CLASSES,
    STREAM_FUNCTIONS,
    STREAM_METHODS,
    STREAM_PROPERTIES,
)
from infralint.sources.application.resolving import Resolver, own_returns
from infralint.sources.application.syntax import LONGEST_NAME, Call, Definition, SourceModule, span_of, unwrap
from infralint.text.javascript import LOOPS
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

DEEPEST = 6

METHODS = STREAM_METHODS | {"toEventStreamResponse"}
FUNCTIONS = STREAM_FUNCTIONS | {"OpenAIStream", "AnthropicStream", "renderToReadableStream"}
_ASKS = lazy(
    r"""\bstream["']?\s*:\s*true\b|["']?stream["']?\s*=\s*true|\bAccept["']?\s*:\s*["']text/event-stream|stream:\s*\w*[sS]tream""",
)


def is_stream(resolver: Resolver, module: SourceModule, node: SgNode | None, depth: int = 0) -> bool:
    """Whether an expression is a stream; `upstream.body` is where its request asks for one."""
    node = unwrap(node)
    if node is None or depth > DEEPEST:
        return False
    kind = node.kind()
    if module.language.name == "python":
        return _is_generator(resolver, module, node)
    if kind in ("ternary_expression", "binary_expression"):
        return any(is_stream(resolver, module, child, depth + 1) for child in node.named_children())
    call = module.call_of(node)
    if call is not None:
        return _is_streaming_call(resolver, call, depth)
    if member := module.member(node):
        return _is_streaming_member(module, node, member[1])
    if kind == "identifier":
        return _is_streaming_name(resolver, module, node, depth)
    return False


_RESPONSES = frozenset("res response resp reply.raw ctx.res".split())


def is_repeated(call: Call) -> bool:
    """Whether a call is made in a loop, or in a callback within its handler that does not end the response itself; a loop over
    connections, each of which is written to once, is none."""
    functions = 0
    owner = re.match(r"\w*", call.receiver.text()[:LONGEST_NAME] if call.receiver is not None else "")
    for outer in call.node.ancestors():
        if outer.kind() in LOOPS and not (owner and owner[0] in _loop_variables(outer)):
            return True
        functions += outer.kind() in call.module.language.functions
    return functions > 1 and not _is_made_once(call)


def _loop_variables(loop: SgNode) -> list[str]:
    """What a loop over items calls each: `for (const connection of connections)`, `for name, client := range clients`."""
    given = next((child for child in loop.named_children() if child.kind() == "range_clause"), loop).field("left")
    return re.findall(r"\w+", given.text()[:LONGEST_NAME]) if given is not None else []


def _is_made_once(call: Call) -> bool:
    """Whether the function around a call is the one that is given the response, or ends it right away."""
    function = call.module.function_at(call.span)
    if function is None or call.receiver is None:
        return False
    receiver = call.receiver.text()
    return receiver.partition(".")[0] in function.parameters or f"{receiver}.end(" in function.node.text()


def is_piped(call: Call) -> bool:
    """Whether what was asked to stream is piped into a response: `answer.data.pipe(res)`."""
    target = call.argument(0)
    if target is None or target.text() not in _RESPONSES:
        return False
    function = call.module.function_at(call.span)
    return function is not None and call.module.finds(_ASKS, function)


def _is_generator(resolver: Resolver, module: SourceModule, node: SgNode) -> bool:
    """Python: whether an expression is a generator, by its function."""
    if node.kind() == "generator_expression":
        return True
    call = module.call_of(node)
    meaning = resolver.meaning(module, call.callee if call is not None else node)
    if not isinstance(meaning, Definition) or meaning.kind != "function":
        return False
    return any(
        meaning.module.function_at(span_of(found)) is meaning
        for found in meaning.node.find_all({"rule": {"kind": "yield"}})
    )


def _is_streaming_call(resolver: Resolver, call: Call, depth: int) -> bool:
    name = call.name
    if call.node.kind() == "new_expression":
        return name in STREAM_CLASSES
    if name in METHODS or name in FUNCTIONS or (name in STARTING_METHODS and bool(call.positional)):
        return True
    if name == "from" and call.full_name in ("ReadableStream.from", "Readable.from"):
        return True
    meaning = resolver.meaning(call.module, call.callee)
    if isinstance(meaning, Definition) and meaning.kind == "function":
        return _returns_stream(resolver, meaning, depth)
    return False


def _returns_stream(resolver: Resolver, function: Definition, depth: int) -> bool:
    if function.node.kind().startswith("generator_function"):
        return True
    module, body = function.module, function.node.field("body")
    if body is not None and body.kind() != "statement_block":
        return is_stream(resolver, module, body, depth + 1)
    returned = (child for node in own_returns(function) for child in node.named_children())
    return any(is_stream(resolver, module, child, depth + 1) for child in returned)


def _is_streaming_member(module: SourceModule, node: SgNode, name: str) -> bool:
    if name in STREAM_PROPERTIES:
        return True
    if name != "body":
        return False
    inner = module.definition_at(span_of(node))
    outer = (
        next((outward for outward in reversed(list(inner.around())) if outward.kind == "function"), None)
        if inner
        else None
    )
    return module.finds(_ASKS, outer)


def _is_streaming_name(resolver: Resolver, module: SourceModule, node: SgNode, depth: int) -> bool:
    span = span_of(node)
    assignments = module.assignments_of(node.text(), span)
    key = (id(assignments), depth)
    if assignments and key not in module.known_streams:
        module.known_streams[key] = [
            assignment for assignment in assignments if is_stream(resolver, module, assignment.value, depth + 1)
        ]
    if any(not assignment.span.has(span) for assignment in module.known_streams.get(key, ())):
        return True
    return _is_destructured(module, node.text())


def _is_destructured(module: SourceModule, name: str) -> bool:
    """`const { readable, writable } = new TransformStream()`, `const [a, b] = stream.tee()`."""
    for assignment in module.destructured.get(name, ()):
        call = module.call_of(assignment.value)
        if call is not None and (call.name in STREAM_CLASSES or call.name == "tee"):
            return True
        if name in ("stream", *STREAM_PROPERTIES) and re.search(
            rf"\b(?:{'|'.join(STREAM_PROPERTIES)}):?(?:{re.escape(name)})?\b", assignment.target
        ):
            return True
    return False
