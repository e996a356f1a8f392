"""What a handler's code sends along with its stream: headers, content type, pings at an interval."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from infralint.model import EVENT_STREAM
from infralint.sources.vercel.javascript import (
    JavaScriptModule,
    arguments,
    header_of,
    is_request,
    literal,
    text_of,
    unwrap,
    walk,
)
from infralint.sources.vercel.texts import values_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from tree_sitter import Node

TELLING = frozenset({"content-type", "x-accel-buffering", "cache-control", "content-encoding"})
"""Headers that a hop looks at."""
UI_MESSAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {"content-type": EVENT_STREAM, "cache-control": "no-cache", "x-accel-buffering": "no"}
)
"""https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol: since AI SDK 5, where these functions came."""
LIBRARY_HEADERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        "toUIMessageStreamResponse pipeUIMessageStreamToResponse createUIMessageStreamResponse"
        " createAgentUIStreamResponse pipeAgentUIStreamToResponse".split(),
        UI_MESSAGE_HEADERS,
    )
    | dict.fromkeys(
        ("toTextStreamResponse", "pipeTextStreamToResponse", "createTextStreamResponse"),
        MappingProxyType({"content-type": "text/plain; charset=utf-8"}),
    )
)
_PING = lazy(r"""^:|\b(?:ping|heart-?beat|keep-?alive)\b""", re.IGNORECASE)
_PING_NAME = lazy(r"(?:^|_)(?:ping|heart_?beat|keep_?alive)|Ping|Heart[bB]eat|Keep[aA]live")


def headers_at(module: JavaScriptModule, node: Node) -> dict[str, str]:
    """The headers that surely go out with a response that is made at a node, by lower-case name."""
    found = dict(LIBRARY_HEADERS.get(_called_name(node), {}))
    written: dict[str, set[str]] = {}
    for place in _places(module, node):
        for below in walk(place):
            name = header_of(module, below) if below.type in ("string", "template_string") else ""
            value = literal(below)
            if name in TELLING and isinstance(value, str) and not is_request(module, below):
                written.setdefault(name, set()).add(value)
    found |= {name: next(iter(values)) for name, values in written.items() if len(values) == 1}
    if any(value.lower().startswith(EVENT_STREAM) for value in written.get("content-type", ())):
        found["content-type"] = EVENT_STREAM
    return found


def _called_name(node: Node) -> str:
    function = node.child_by_field_name("function")
    if function is not None and function.type == "member_expression":
        return text_of(function.child_by_field_name("property"))
    return text_of(function)


def _places(module: JavaScriptModule, node: Node) -> Iterator[Node]:
    """The code around a response, and objects at the top of its file that this names."""
    around = module.outermost(node)
    yield around
    for below in walk(around):
        if below.type in ("identifier", "shorthand_property_identifier"):
            value = unwrap(module.values.get(text_of(below)))
            if value is not None and (value.type == "object" or text_of(value).startswith("new Headers")):
                yield value


def heartbeat_at(module: JavaScriptModule, node: Node) -> float | None:
    """Seconds between the pings that the code around a response sends by `setInterval`, if it does."""
    for below in walk(module.outermost(node)):
        if below.type == "call_expression" and text_of(below.child_by_field_name("function")) == "setInterval":
            given = arguments(below)
            seconds = _milliseconds(module, given[1]) if len(given) > 1 and _is_ping(module, given[0]) else None
            if seconds:
                return seconds / 1000
    return None


def _is_ping(module: JavaScriptModule, callback: Node) -> bool:
    """Whether a callback sends a comment or says that it pings."""
    function = unwrap(callback)
    if function is not None and function.type == "identifier":
        if _PING_NAME.search(text_of(function)):
            return True
        function = next((value for value, key in values_of(module, function) if not key), None)
    strings = (below for below in walk(function) if below.type in ("string", "template_string")) if function else ()
    return any(_PING.search(text_of(string).strip("\"'`")) for string in strings)


def _milliseconds(module: JavaScriptModule, node: Node | None) -> float | None:
    """A number that is written out, also as a product or under a name."""
    node = unwrap(node)
    value = literal(node)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if node is not None and node.type == "identifier":
        values = [value for value, key in values_of(module, node) if not key and value != node]
        return _milliseconds(module, values[0]) if len(values) == 1 else None
    if node is not None and node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) == "*":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        first, second = _milliseconds(module, left), _milliseconds(module, right)
        return None if first is None or second is None else first * second
    return None
