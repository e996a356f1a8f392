"""JSON with the place of every key and value, strict as Vercel reads it, or with comments as TypeScript does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from infralint.text.bad_text import BadText
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlSpan, YamlValue

DEEPEST = 200
LONGEST_NUMBER = 1000
"""Characters: Python converts no longer ones at once, and nobody writes them."""

_SPACE = lazy(r"[ \t\r\n]*")
_SPACE_AND_COMMENTS = lazy(r"(?:[ \t\r\n]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_STRING = lazy(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = lazy(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_LONE = lazy(r"[\ud800-\udfff]")
"""Halves of characters, which `"\\ud800"` may leave alone: no file and no terminal can show them."""
_WORD = lazy(r"[A-Za-z_$][\w$]*")
_CONSTANTS = {"true": True, "false": False, "null": None}


class BadJson(BadText):
    """A text that is no JSON: what was expected, and where something else stands."""

    language = "JSON"


class JsonSpan(msgspec.Struct, frozen=True):
    """1-based lines and columns, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class JsonNode(msgspec.Struct, frozen=True):
    """One value and where it stands: `value` is a scalar, a list of nodes or a mapping of keys to members."""

    value: Any
    span: JsonSpan

    def get(self, key: str) -> JsonNode | None:
        """The value of a key, None where this is no object or has no such key."""
        member = self.member(key)
        return member.node if member else None

    def member(self, key: str) -> Member | None:
        return self.value.get(key) if isinstance(self.value, dict) else None

    @property
    def members(self) -> dict[str, Member]:
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[JsonNode]:
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str:
        """The value if it is a string, else nothing."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: member.node.plain for key, member in self.value.items()}
        return [item.plain for item in self.value] if isinstance(self.value, list) else self.value


class Member(msgspec.Struct, frozen=True):
    """A key of an object, where it stands, and its value; the last of equal keys wins."""

    span: JsonSpan
    node: JsonNode

    @property
    def whole(self) -> JsonSpan:
        """From the key to the end of the value."""
        return JsonSpan(self.span.line, self.span.column, self.node.span.end_line, self.node.span.end_column)


def parse_json(text: str, comments: bool = False) -> JsonNode:
    """Read JSON; with `comments`, also comments and trailing commas; of a key that stands twice the last counts. Raises BadJson."""
    return _JsonReader(text, comments).document()


def check_json(text: str) -> object:
    """Something that is a dict where the text is a JSON object. Raises BadJson. What Python's reader takes is not read twice."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return parse_json(text).value


def _refuse_constant(name: str) -> None:
    """Raises ValueError: Python takes NaN and Infinity, and JSON has neither."""
    raise ValueError(name)


def check_json_object(text: str) -> None:
    """Raises BadJson for a text that is no JSON object."""
    if not isinstance(check_json(text), dict):
        raise BadJson("is not a JSON object", 1, 1, is_content=True)


def parse_json_stream(text: str) -> list[JsonNode]:
    """Read JSON values that follow each other, as kubectl takes them. Raises BadJson."""
    return _JsonReader(text, comments=False).documents()


def yaml_of_json(node: JsonNode, first_line: int = 1) -> YamlValue:
    """A JSON value with the places of its parts, as the reader of YAML gives them. first_line: the number of its first line."""
    span = _yaml_span(node.span, first_line)
    if isinstance(node.value, dict):
        members = {key: yaml_of_json(member.node, first_line) for key, member in node.members.items()}
        keys = {key: _yaml_span(member.span, first_line) for key, member in node.members.items()}
        return YamlValue(span, members=members, keys=keys)
    if isinstance(node.value, list):
        return YamlValue(span, items=[yaml_of_json(item, first_line) for item in node.items])
    if isinstance(node.value, str):
        return YamlValue(span, text=node.value, quoted=True)
    return YamlValue(span, text=json.dumps(node.value))


def _yaml_span(span: JsonSpan, first_line: int) -> YamlSpan:
    end_column = span.end_column if span.end_line == span.line else span.column
    return YamlSpan(span.line + first_line - 1, span.column, end_column)


def json_object(content: bytes) -> dict[str, object]:
    """An object as plain data, comments and trailing commas allowed; empty where it is broken."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        try:
            data = parse_json(text, comments=True).plain
        except BadJson:
            return {}
    return data if isinstance(data, dict) else {}


class _JsonReader:
    def __init__(self, text: str, comments: bool) -> None:
        self.text = text
        self.at = 0
        self.comments = comments
        self.space = _SPACE_AND_COMMENTS if comments else _SPACE
        self.line, self.line_start = 1, 0

    def document(self) -> JsonNode:
        node = self._value(0)
        self._skip()
        if self.at < len(self.text):
            raise self._error("the end of the file")
        return node

    def documents(self) -> list[JsonNode]:
        nodes = [self._value(0)]
        self._skip()
        while self.at < len(self.text):
            nodes.append(self._value(0))
            self._skip()
        return nodes

    def _value(self, depth: int) -> JsonNode:
        self._skip()
        if depth > DEEPEST:
            raise BadJson("is nested deeper than infralint reads", *self._here(), is_content=True)
        start = self._here()
        value = self._content(depth)
        return JsonNode(value, JsonSpan(*start, *self._here()))

    def _content(self, depth: int) -> Any:
        character = self.text[self.at : self.at + 1]
        if character == "{":
            return self._object(depth)
        if character == "[":
            return self._array(depth)
        if character == '"':
            return self._string("a string")
        if number := _NUMBER.match(self.text, self.at):
            if len(number[0]) > LONGEST_NUMBER:
                why = f"holds a number of more than {LONGEST_NUMBER} characters"
                raise BadJson(why, *self._here(), is_content=True)
            self.at = number.end()
            return json.loads(number[0])
        if (word := _WORD.match(self.text, self.at)) and word[0] in _CONSTANTS:
            self.at = word.end()
            return _CONSTANTS[word[0]]
        raise self._error("a value")

    def _object(self, depth: int) -> dict[str, Member]:
        members: dict[str, Member] = {}
        for _ in self._entries("}"):
            start = self._here()
            key = self._string("a key in double quotes")
            span = JsonSpan(*start, *self._here())
            self._take(":", f'":" after the key "{key}"')
            members[key] = Member(span, self._value(depth + 1))
        return members

    def _array(self, depth: int) -> list[JsonNode]:
        return [self._value(depth + 1) for _ in self._entries("]")]

    def _entries(self, closing: str) -> Iterator[None]:
        """One turn for each entry of an object or array; the opening bracket is next."""
        self.at += 1
        first = True
        while not self._takes(closing):
            if not first:
                self._take(",", f'"," or "{closing}"')
                if self.comments and self._takes(closing):
                    return
            self._skip()
            first = False
            yield

    def _string(self, expected: str) -> str:
        self._skip()
        found = _STRING.match(self.text, self.at)
        if found is None:
            if self.text.startswith('"', self.at):
                raise self._bad("this string is not closed, or holds a line break or an escape that JSON does not know")
            raise self._error(expected)
        self.at = found.end()
        return _LONE.sub("\ufffd", json.loads(found[0])) if "\\" in found[0] else found[0][1:-1]

    def _takes(self, character: str) -> bool:
        self._skip()
        if self.text.startswith(character, self.at):
            self.at += 1
            return True
        return False

    def _take(self, character: str, expected: str) -> None:
        if not self._takes(character):
            raise self._error(expected)

    def _skip(self) -> None:
        found = self.space.match(self.text, self.at)
        if found is not None and found.end() > self.at:
            breaks = self.text.count("\n", self.at, found.end())
            if breaks:
                self.line += breaks
                self.line_start = self.text.rfind("\n", self.at, found.end()) + 1
            self.at = found.end()

    def _here(self) -> tuple[int, int]:
        return self.line, self.at - self.line_start + 1

    def _error(self, expected: str) -> BadJson:
        if not self.comments and self.text.startswith(("//", "/*"), self.at):
            return self._bad("JSON has no comments; remove this one")
        if self.text[self.at : self.at + 1] == "'":
            return self._bad(f"expected {expected}, got a single quote; JSON knows double quotes only")
        if self.text[self.at : self.at + 1] in ("}", "]") and self.text[: self.at].rstrip().endswith(","):
            return self._bad(f"expected {expected}, got {self.text[self.at]!r}; JSON has no trailing comma")
        return self._bad(f"expected {expected}, got {self._found_text()}")

    def _found_text(self) -> str:
        if self.at >= len(self.text):
            return "the end of the file"
        word = _WORD.match(self.text, self.at)
        return repr(word[0][:30] if word else self.text[self.at])

    def _bad(self, message: str) -> BadJson:
        return BadJson(message, *self._here())
