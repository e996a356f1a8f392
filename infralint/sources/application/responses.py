"""What a piece of code does to its response: content types, headers, and what sends a file or is read on the server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from infralint.model import UNKNOWN_TEXT
from infralint.platforms.javascript_streams import CONSUMERS
from infralint.sources.application.languages import CONDITIONS
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.syntax import Call, Definition, SourceModule, SourceSpan, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_CONTENT_TYPE_CONSTANT = lazy(r"(?:^|[.:])(?:header_?)?content_?type$")
"""`header::CONTENT_TYPE`, `HttpHeaders.CONTENT_TYPE`, `echo.HeaderContentType`."""
CONTENT_TYPES = frozenset(
    "content-type content_type contenttype media_type mimetype media-type mediatype type produces".split()
)
HEADERS = frozenset(
    "x-accel-buffering x-accel-redirect cache-control content-encoding content-type content-length"
    " content-disposition".split()
)
"""Headers that matter to a stream; others are not kept."""
REQUESTS = frozenset(
    "fetch axios got ky request requests httpx session client http_client Request NewRequest NewRequestWithContext"
    " EventSource fetchEventSource aconnect_sse connect_sse AsyncClient Client ClientSession useFetch ofetch $fetch superagent".split()
)
CLIENTS = frozenset("axios got ky requests httpx session client http_client superagent".split())
"""Objects whose methods make requests."""
_EVENT_TYPE = lazy(
    r"^(?:content-type:\s*)?(text/event-stream|application/(?:x-)?ndjson|application/stream\+json)\b", re.IGNORECASE
)
_STREAM_TYPE = lazy(r"text/event-stream|application/(?:x-)?ndjson|application/stream\+json", re.IGNORECASE)
_NAMES_HEADER = lazy(r"(?<=[\"'`])(?:x-accel-(?:buffering|redirect)|cache-control|content-encoding)", re.IGNORECASE)
_FILE_TYPE = lazy(
    r"(?:image|video|audio|font)/|text/(?:csv|css|xml|calendar)|multipart/"
    r"|application/(?:pdf|x?-?zip|gzip|octet-stream|xml|rss|atom|x-tar|x-gzip|vnd\.|msword|force-download)"
)
_FILE_WORDS = lazy(
    r"content-disposition|content-length|accept-ranges|content-range|\bBytesIO\b|\bStringIO\b|createReadStream|\bopen\("
    r"|get_object|getObject|GetObjectCommand|\bFileWrapper\b|to_csv|to_excel|iter_?file|\.zip\b|file_path|filepath|open_download|download|read_file|file_store|get_file|\bfile_io\b",
    re.IGNORECASE,
)


_NAMED_TYPES = {
    "TEXT_EVENT_STREAM_VALUE": "text/event-stream",
    "TEXT_EVENT_STREAM": "text/event-stream",
    "SERVER_SENT_EVENTS": "text/event-stream",
    "APPLICATION_NDJSON_VALUE": "application/x-ndjson",
    "APPLICATION_NDJSON": "application/x-ndjson",
    "APPLICATION_STREAM_JSON_VALUE": "application/stream+json",
}
"""Constants of Spring and JAX-RS for types of streams."""


def event_stream_places(resolver: Resolver, module: SourceModule) -> Iterator[tuple[SgNode, str]]:
    """Where a response is given the type of an event stream, and that type."""
    if module.language.name in ("java", "kotlin"):
        for name, content_type in _NAMED_TYPES.items():
            for node in _uses_of_type(module, name):
                if not is_request(module, node) and not _is_no_answer(module, node):
                    yield node, content_type
    for node in module.strings_like(_STREAM_TYPE):
        text = resolver.text(module, node) or ""
        found = _EVENT_TYPE.match(text)
        if found and _is_content_type(module, node, text) and not is_request(module, node):
            yield node, found[1].lower()


def _uses_of_type(module: SourceModule, name: str) -> Iterator[SgNode]:
    """Where a constant for a type stands, or what is set to it: `static final String EVENTS = TEXT_EVENT_STREAM_VALUE`."""
    constants = set()
    for node in module.identifiers(name):
        holder = next((outer for outer in node.ancestors()[:3] if outer.kind() == "variable_declarator"), None)
        named = holder.field("name") if holder is not None else None
        constant = named.text() if named is not None else ""
        written = module.identifiers(constant) if named is not None and constant not in constants else []
        uses = [use for use in written if named is not None and span_of(use) != span_of(named)]
        constants.add(constant)
        yield from uses[:MOST_USES] or [node]


MOST_USES = 50
"""Uses of one constant of a file that are looked at."""
_OTHER_ARGUMENTS = frozenset({"accept", "consumes"})
_OTHER_CALLS = frozenset(
    "accept setaccept send data retrieve bodytoflux iscompatiblewith includes equals equalstypeandsubtype contains"
    " startswith equalsignorecase assertequals isequalto contenttypecompatiblewith".split()
)
"""Calls that a type is given to, or asked of, which are no answer of that type: requests, single events, comparisons."""
_OF_CLIENT = lazy(r"\b(?:retrieve|bodyToFlux|exchangeToFlux|exchangeToMono)\b")


def _is_no_answer(module: SourceModule, node: SgNode) -> bool:
    """Whether a type is none of an answer, but one that a request accepts or consumes, that an event has, or that something is
    compared with: `.accept(TEXT_EVENT_STREAM)`, `headers.set(ACCEPT, …)`, `emitter.send(text, TEXT_EVENT_STREAM)`, `import …`."""
    for outer in node.ancestors()[:MOST_AROUND]:
        kind = outer.kind()
        if kind in ("import_declaration", "import_header", "comparison_expression", "equality_expression"):
            return True
        if kind in ("element_value_pair", "value_argument"):
            if len(parts := outer.named_children()) > 1:
                return parts[0].text().lower() in _OTHER_ARGUMENTS
        elif kind in module.language.functions or "statement" in kind:
            return False
        call = module.call_of(outer) if kind in module.language.calls else None
        if call is not None and (call.name.lower() in _OTHER_CALLS or _OF_CLIENT.search(outer.text()[:LONGEST_CHAIN])):
            return True
        if call is not None and len(call.positional) > 1 and not span_of(call.positional[0]).has(span_of(node)):
            return _literal(call.positional[0]).rpartition(".")[2] == "accept"
    return False


MOST_AROUND = 8
"""Nodes around a type among which what is done with it is."""
LONGEST_CHAIN = 300
"""Characters of a chain of calls that are searched for one of a client."""


def _is_content_type(module: SourceModule, node: SgNode, text: str) -> bool:
    if text.lower().startswith("content-type:"):
        return True
    return _header_of(module, node) in CONTENT_TYPES


def _header_of(module: SourceModule, node: SgNode) -> str:
    """The name of the header whose value a text is: `{name: value}`, `set(name, value)`, `response[name] = value`."""
    holder, parent = node, node.parent()
    while parent is not None and parent.kind() in (
        "parenthesized_expression",
        "literal_element",
        "argument",
        "binary_expression",
        "template_string",
        "expression_list",
        "array",
        "list",
        "collection_literal",
        "element_value_array_initializer",
    ):
        if (
            parent.kind() == "array"
            and len(parent.named_children()) == 2
            and span_of(parent.named_children()[1]) == span_of(holder)
        ):
            return _literal(parent.named_children()[0])
        holder, parent = parent, parent.parent()
    if parent is None:
        return ""
    pair = module.pair(parent)
    if pair is not None and span_of(pair[1]) == span_of(holder):
        return pair[0].lower()
    if parent.kind() in ("element_value_pair", "value_argument", "attribute_argument", "pair"):
        return parent.named_children()[0].text().strip(":\"'").lower()
    if parent.kind() in ("arguments", "argument_list", "value_arguments", "tuple", "tuple_expression"):
        return _before(module, parent, holder)
    fields = module.language.assignments.get(parent.kind())
    if fields:
        target = parent.named_children()[0]
        words = re.findall(r"[\w-]+", target.text())
        return words[-1].lower() if words else ""
    return ""


def _before(module: SourceModule, parent: SgNode, holder: SgNode) -> str:
    """The argument before a text; of a single one, what is called: `.type("text/event-stream")`."""
    before = next((sibling for sibling in module.siblings(holder, -1) if sibling.is_named()), None)
    call = parent.parent()
    found = module.call_of(call) if call is not None else None
    name = found.name.lower() if found is not None else ""
    if before is not None and name != "put_resp_content_type":
        return _literal(before)
    return (
        "content-type"
        if name in ("type", "contenttype", "setcontenttype", "content_type", "put_resp_content_type", "produces")
        else ""
    )


def _literal(node: SgNode) -> str:
    text = node.text().strip("\"'`@").lower()
    return "content-type" if _CONTENT_TYPE_CONSTANT.search(text) else text


def is_request(module: SourceModule, node: SgNode) -> bool:
    """Whether a text stands in the arguments of a request that the program makes itself, or in a comparison."""
    parent = node.parent()
    steps = 0
    inside = module.language.functions | {"do_block"}
    while parent is not None and parent.kind() not in inside and steps < 12:
        call = module.call_of(parent) if parent.kind() in module.language.calls else None
        if call is not None:
            words = re.findall(r"[\w$]+", call.full_name[:80])
            if call.name in REQUESTS or any(word in CLIENTS for word in (*words[:1], *words[-2:-1])):
                return True
            if call.name in (
                "includes",
                "startsWith",
                "startswith",
                "indexOf",
                "match",
                "test",
                "Contains",
                "HasPrefix",
                "toContain",
                "get",
            ):
                return True
        if parent.kind() in ("comparison_operator", "if_statement") and steps < 2:
            return True
        parent, steps = parent.parent(), steps + 1
    return False


def heeded_value(name: str, text: str | None) -> str | None:
    """What is known of a value that a header is given: X-Accel-Redirect takes a path or a named location, and matters even
    where it is computed: UNKNOWN_TEXT for what of it isn't known. text: None where the value can't be worked out."""
    if name != "x-accel-redirect":
        return text
    path = (text or UNKNOWN_TEXT).replace("\0", UNKNOWN_TEXT)
    return path if path.startswith(("/", "@", UNKNOWN_TEXT)) else None


def headers_in(
    resolver: Resolver, module: SourceModule, definition: Definition, at: SourceSpan | None
) -> dict[str, str]:
    """Headers that a function surely sets on its response: not those within a condition that its stream is not in."""
    if definition not in resolver.header_settings:
        resolver.header_settings[definition] = list(_header_settings(resolver, module, definition))
    found: dict[str, str] = {}
    for name, text, conditions in resolver.header_settings[definition]:
        if all(at is not None and condition.has(at) for condition in conditions):
            found.setdefault(name, text)
    return found


def _header_settings(
    resolver: Resolver, module: SourceModule, definition: Definition
) -> Iterator[tuple[str, str, list[SourceSpan]]]:
    """Each header that a function names with its value, and the conditions that it stands in."""
    for node in module.strings_like(_NAMES_HEADER, span_of(definition.node)):
        name, is_line, rest = node.text().strip("\"'`").partition(":")
        value = None if is_line else _value_of(module, node)
        if value is None and not is_line:
            continue
        text = heeded_value(name.lower(), rest.strip() if value is None else resolver.text(module, value))
        if name.lower() in HEADERS and text is not None and "\0" not in text and not is_request(module, node):
            yield name.lower(), text, _conditions_around(node, definition)


_COMPARING = lazy(r"binary|comparison|case|switch|when|match")
"""Kinds of nodes in which what follows a text is no value of it."""
_NOT_SETTING = lazy(r"del|remove|pop|unset|get|has|log|print|debug|info|warn|error", re.IGNORECASE)
"""Calls that set nothing, though something follows the name of a header: `headers.pop(name, None)`."""
_LISTING = lazy(r"(?:.*\b(?:List|Set|Stream)\.of|.*\basList|(?:\w+L|l)istOf|(?:\w+S|s)etOf|arrayOf|sequenceOf)$")
"""Calls that make a list or a set of what they are given, in Java and Kotlin."""
_SEQUENCES = frozenset(
    "list tuple set expression_list array array_expression tuple_expression literal_value array_initializer"
    " initializer_expression expression_element".split()
)
"""Kinds of nodes that hold values one after another, of which the second need not belong to the first."""


def _sets_nothing(call: Call) -> bool:
    return bool(_NOT_SETTING.match(call.name) or _LISTING.match(call.full_name[-80:]))


def _is_header_pair(module: SourceModule, sequence: SgNode, name: SgNode) -> bool:
    """Whether a list or a tuple is a header with its value: one of several such pairs, or what a call is given that speaks
    of headers, `raw_headers.append((name, value))`, `res.writeHead(200, [name, value])`. Any other is a list of words."""
    values = sequence.named_children()
    if len(values) % 2 or not span_of(values[0]).has(span_of(name)):
        return False
    holder = sequence.parent()
    while holder is not None and holder.kind() in ("argument", "literal_element"):
        holder = holder.parent()
    if holder is None:
        return False
    if len(values) == 2 and holder.kind() in _SEQUENCES:
        return True
    call = module.call_of(holder.parent())
    return call is not None and re.search(r"(?i)head", call.full_name[-80:]) is not None and not _sets_nothing(call)


def _value_of(module: SourceModule, node: SgNode) -> SgNode | None:
    """What a header's name is given as its value."""
    holder, parent = node, node.parent()
    while parent is not None and parent.kind() in ("argument", "literal_element", "computed_property_name"):
        holder, parent = parent, parent.parent()
    if parent is None:
        return None
    if parent.kind() in (
        "subscript",
        "element_reference",
        "subscript_expression",
        "element_access_expression",
        "bracketed_argument_list",
    ):
        outer = parent.parent()
        while outer is not None and outer.kind() not in module.language.assignments:
            if outer.kind() in module.language.functions:
                return None
            outer = outer.parent()
        value = outer.named_children()[-1] if outer is not None else None
        return value if value is not None and not span_of(value).has(span_of(node)) else None
    call = module.call_of(parent.parent())
    if _COMPARING.search(parent.kind()) or (call is not None and _sets_nothing(call)):
        return None
    if parent.kind() in _SEQUENCES and not _is_header_pair(module, parent, holder):
        return None
    return next((sibling for sibling in module.siblings(holder, 1) if sibling.is_named()), None)


def _conditions_around(node: SgNode, definition: Definition) -> list[SourceSpan]:
    """The conditions of a function that a place in it stands in."""
    found: list[SourceSpan] = []
    parent = node.parent()
    while parent is not None and span_of(parent) != definition.span:
        if parent.kind() in CONDITIONS:
            found.append(span_of(parent))
        parent = parent.parent()
    return found


def is_file(call: Call, content_type: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a streaming response sends a file, and no stream."""
    if "content-disposition" in headers or "content-length" in headers:
        return True
    if re.search(r"max-age=[1-9]|immutable", headers.get("cache-control", "")):
        return True
    if content_type and content_type != "\0":
        return bool(_FILE_TYPE.match(content_type.lower()))
    definition = call.module.function_at(call.span)
    around = definition.node.text() if definition is not None else call.node.text()
    return speaks_of_files(around)


@lru_cache(maxsize=8)
def speaks_of_files(text: str) -> bool:
    """Whether the text of a function does; all calls in one function ask about the same text."""
    return bool(_FILE_WORDS.search(text))


def sends_file(call: Call) -> bool:
    """Whether the function around a call names the type of a file or page, or reads a file."""
    inner = call.module.definition_at(call.span)
    outer = (
        next((outward for outward in reversed(list(inner.around())) if outward.kind == "function"), None)
        if inner
        else None
    )
    return _names_type_of_file(outer.node.text() if outer is not None else call.node.text())


@lru_cache(maxsize=8)
def _names_type_of_file(text: str) -> bool:
    return bool(
        re.search(r"(?i)content-disposition|createReadStream|[\"'](?:text/html|image/|text/csv|video/|audio/)", text)
    )


def is_read_at_once(call: Call) -> bool:
    """`new Response(stream).text()`: read to its end on the server."""
    parent = call.node.parent()
    while parent is not None and parent.kind() in ("await_expression", "parenthesized_expression"):
        parent = parent.parent()
    member = call.module.member(parent) if parent is not None else None
    return member is not None and member[1] in CONSUMERS and span_of(member[0]).has(call.span)


def shorten(call: Call) -> str:
    """A call without its arguments: `streamText(…).toTextStreamResponse(…)`."""
    dots = "…" if call.positional or call.named else ""
    new = "new " if call.node.kind() == "new_expression" else ""
    name = re.sub(r"\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)", "(…)", call.full_name)
    return f"{new}{name[-60:] if len(name) > 60 else name}({dots})"
