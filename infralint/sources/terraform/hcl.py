"""HCL, Terraform's language, as a tree in which every block, attribute and expression keeps its place.

The grammar is that of https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md. JSON syntax
(`*.tf.json`) becomes the same tree.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any
from typing import Literal as OneOf

import msgspec
from msgspec.structs import replace

from infralint.model import Location
from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.numeric import Number, parse_number
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number

DEEPEST = 60
MOST_STEPS = 500
"""Operators, indexes and attributes one behind the other in one value, with those of the deepest value in it."""
"""Levels of brackets, templates and blocks; people write ten."""


class HclError(Exception):
    """Text that is not HCL: says what is wrong and at which offset."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset

    def complaint(self, refusal: str) -> str:
        """The message, after the refusal that it explains."""
        return f"{refusal}: {self}"


class HclTooDeep(HclError):
    """Text that may be HCL, and is nested deeper than anybody writes."""

    def __init__(self, offset: int = 0) -> None:
        super().__init__("is nested deeper than infralint reads", offset)

    def complaint(self, refusal: str) -> str:
        return str(self)


class HclFile:
    """A file's text and where its lines begin. path: as shown to the user."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def at(self, start: int, end: int | None = None) -> Location:
        """The place between two offsets (the end exclusive)."""
        line, column = self._position(start)
        end_line, end_column = self._position(end if end is not None else start)
        return Location(self.path, line, column, end_line, end_column)

    def offset_of(self, line: int, column: int) -> int:
        """The offset of a place, 1-based."""
        return self._starts[line - 1] + column - 1

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class Expression(msgspec.Struct, frozen=True, gc=False):
    """Part of a file: offsets of its first character and of the one behind its last."""

    start: int
    end: int


class Literal(Expression, frozen=True, gc=False):
    value: str | Number | bool | None


class Template(Expression, frozen=True, gc=False):
    """Text with holes; alone: the whole is one `${…}`, whose value keeps its type."""

    parts: tuple[Expression, ...]
    alone: bool = False


class TemplateIf(Expression, frozen=True, gc=False):
    condition: Expression
    then: Template
    otherwise: Template


class NameExpression(Expression, frozen=True, gc=False):
    name: str


class Attr(Expression, frozen=True, gc=False):
    target: Expression
    name: str


class Index(Expression, frozen=True, gc=False):
    target: Expression
    key: Expression


class Splat(Expression, frozen=True, gc=False):
    """`target[*]` with what follows, which is applied to each (`each` stands for one)."""

    target: Expression
    each: Expression


class Each(Expression, frozen=True, gc=False):
    """The element of a splat."""


class FunctionCall(Expression, frozen=True, gc=False):
    name: str
    arguments: tuple[Expression, ...]
    spread: bool


class Unary(Expression, frozen=True, gc=False):
    operator: str
    operand: Expression


class Binary(Expression, frozen=True, gc=False):
    operator: str
    left: Expression
    right: Expression


class Conditional(Expression, frozen=True, gc=False):
    condition: Expression
    then: Expression
    otherwise: Expression


class ListOf(Expression, frozen=True, gc=False):
    items: tuple[Expression, ...]


class ObjectOf(Expression, frozen=True, gc=False):
    items: tuple[tuple[Expression, Expression], ...]


class For(Expression, frozen=True, gc=False):
    """A for expression; key: None for a list; grouped: `...` behind the value of an object's."""

    names: tuple[str, ...]
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    grouped: bool


_CHILDREN: dict[type, tuple[str, ...]] = {
    Template: ("parts",),
    TemplateIf: ("condition", "then", "otherwise"),
    Attr: ("target",),
    Index: ("target", "key"),
    Splat: ("target", "each"),
    FunctionCall: ("arguments",),
    Unary: ("operand",),
    Binary: ("left", "right"),
    Conditional: ("condition", "then", "otherwise"),
    ListOf: ("items",),
    ObjectOf: ("items",),
    For: ("collection", "key", "value", "condition"),
}


def children(expression: Expression) -> Iterator[Expression]:
    """The expressions that an expression is made of."""
    for name in _CHILDREN.get(type(expression), ()):
        part = getattr(expression, name)
        if not isinstance(part, tuple):
            if part is not None:
                yield part
            continue
        for item in part:
            if isinstance(item, tuple):
                yield from item
            else:
                yield item


def map_children(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """An expression that is made of what its parts are changed to."""

    def map_part(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(map_part, part))
        return part if part is None else change(part)

    names = _CHILDREN.get(type(expression), ())
    return msgspec.structs.replace(expression, **{name: map_part(getattr(expression, name)) for name in names})


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and all that it is made of, each before its parts."""
    pending = [expression]
    while pending:
        found = pending.pop()
        yield found
        pending += reversed([*children(found)])


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """`name = value`."""

    name: str
    value: Expression
    start: int
    source: HclFile

    @property
    def where(self) -> Location:
        return self.source.at(self.start, self.value.end)

    @property
    def written(self) -> str:
        """The user's own words, on one line."""
        text = re.sub(r"\s+", " ", self.source.text[self.start : self.value.end])
        return text if len(text) <= 120 else f"{text[:117]}…"


class Block(msgspec.Struct):
    """A block, or a file's top level. header: offset behind its `{`'s line head, for findings about what it leaves out."""

    type: str
    labels: tuple[str, ...]
    start: int
    header: int
    source: HclFile
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    end: int = 0

    @property
    def where(self) -> Location:
        """The block's header."""
        return self.source.at(self.start, self.header)

    def of(self, kind: str) -> list[Block]:
        """Nested blocks of a type; in JSON an object, or a list of them, is a block."""
        found = [block for block in self.blocks if block.type == kind]
        attribute = self.attributes.get(kind)
        if attribute is not None and attribute.source.path.endswith(".json"):
            found += [_json_block(kind, (), entry, self.source) for entry in _json_objects(attribute.value)]
        return found


def parse(source: HclFile) -> Block:
    """A file as a block of its top level. Raises HclError."""
    try:
        if source.path.endswith(".json"):
            return _json_file(source)
        if (lone := _find_lone_return(source.text)) is not None:
            raise HclError("a line ends with a carriage return alone, where \\n or \\r\\n was expected", lone)
        parser = _HclParser(source)
        body = Block("", (), 0, 0, source)
        parser.body(body, closing=False)
    except RecursionError as error:
        raise HclTooDeep() from error
    return body


_COMMENTS = r""""(?:[^"\\\n]|\\.)*+"?|((?:#|//)[^\n]*|/\*.*?(?:\*/|\Z))"""
_COMMENT = lazy(_COMMENTS.encode(), re.DOTALL)
"""A comment; strings, in which none begins, are taken as they are."""
_COMMENT_OF_TEXT = lazy(_COMMENTS, re.DOTALL)
_LONE_RETURN = lazy(r"\r(?!\n)")


def _find_lone_return(text: str) -> int | None:
    """Where a carriage return stands that ends no line, which Terraform refuses outside of comments; None where none does."""
    if "\r" not in text or not _LONE_RETURN.search(text):
        return None
    code = _COMMENT_OF_TEXT.sub(lambda found: " " * len(found[0]) if found[1] else found[0], text)
    found = _LONE_RETURN.search(code)
    return found.start() if found else None


def find_wrong_byte(content: bytes) -> int | None:
    """Where a byte stands that is not UTF-8, which Terraform refuses outside of comments; None where there is none."""
    try:
        _COMMENT.sub(lambda found: b" " * len(found[0]) if found[1] else found[0], content).decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def parse_values(source: HclFile) -> Block:
    """A file of variables (`*.tfvars`, `*.tfvars.json`). Raises HclError."""
    return _json_block("", (), _json_object(source), source) if source.path.endswith(".json") else parse(source)


def parse_template(source: HclFile) -> Expression:
    """The text of a template file. Raises HclError."""
    try:
        return _HclParser(source).template()
    except RecursionError as error:
        raise HclTooDeep() from error


def parse_expression(source: HclFile) -> Expression:
    """Text that is one expression, as given on a command line. Raises HclError."""
    parser = _HclParser(source)
    parser.wide = 1
    found = parser.expression()
    parser.skip()
    if parser.at < len(parser.text):
        raise HclError("has something behind the value", parser.at)
    return found


_SPACE = lazy(r"(?:[ \t\r]+|(?:#|//)[^\n]*|/\*.*?\*/)+", re.DOTALL)
_SPACE_LINES = lazy(r"(?:[ \t\r\n]+|(?:#|//)[^\n]*|/\*.*?\*/)+", re.DOTALL)
_BEFORE_TOKENS_ON_LINE = " \t\r#/"
"""With what space and comments begin."""
_BEFORE_TOKENS = _BEFORE_TOKENS_ON_LINE + "\n"
_NAME = lazy(r"[^\W\d][\w-]*")
_NUMBER = lazy(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_OPERATOR = lazy(r"\|\||&&|==|!=|<=|>=|<|>|\+|-|\*|/(?![/*])|%")
_OPERATORS = "|&=!<>+-*/%"
"""With what operators of two operands begin."""
_SIGNS = "!-"
_PLAIN = lazy(r'"([^"\\$%\n]*)"')
"""Text in quotes with nothing in it that has to be looked at."""
_QUOTED = lazy(r'(?:[^"\\$%\n]|\\.|\$\$\{|%%\{|[$%](?!\{))+')
"""Text in quotes up to a hole, a directive or the end."""
_LINE = lazy(r"(?:[^$%\n]|\$\$\{|%%\{|[$%](?!\{))*\n?")
"""Text in a heredoc or file up to a hole, a directive or the end of the line."""
_ESCAPE = lazy(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))|([$%])[$%]\{")
_ON_ONE_LINE = lazy(r"(?:[ \t\r]|/\*(?:[^*]|\*(?!/))*+\*/)*+(?![ \t\r\n}#]|//|/\*|\Z)")
"""What follows the brace of a block that begins and ends on one line."""
_HEREDOC = lazy(r"<<(-?)([^\W\d][\w-]*)[ \t\r]*\n")
_JSON_STRING = lazy(r'"((?:[^"\\\n]|\\.)*)"')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_STRENGTH = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _HclParser:
    """A recursive descent over text. wide: inside brackets, where line ends are space."""

    def __init__(self, source: HclFile, json: bool = False) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.wide = 0
        self.depth = 0
        self.steps = 0
        self.json = json

    def next_is(self, characters: str) -> bool:
        """Whether one of these is next; a quick look before a regular expression."""
        return self.at < len(self.text) and self.text[self.at] in characters

    def skip(self) -> None:
        """Go past space and comments; the end of a line is space where brackets are open."""
        if self.next_is(_BEFORE_TOKENS if self.wide else _BEFORE_TOKENS_ON_LINE):
            found = (_SPACE_LINES if self.wide else _SPACE).match(self.text, self.at)
            if found:
                self.at = found.end()

    def peek(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            return True
        self.skip()
        return self.text.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.error(f"expected {text!r}")

    def error(self, message: str) -> HclError:
        rest = self.text[self.at : self.at + 20].split("\n")[0]
        got = f"got {rest!r}" if rest else ("the line ends" if self.at < len(self.text) else "the file ends")
        return HclError(f"{message}, {got}", self.at)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise HclTooDeep(self.at)

    def step(self) -> None:
        """Add a step to what is nested by being written in a row, as `a + b + c` and `a.b.c` are."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise HclTooDeep(self.at)

    # Bodies

    def body(self, into: Block, closing: bool) -> None:
        """Attributes and blocks up to the closing brace, or the end of the file."""
        self.deeper()
        wide, self.wide = self.wide, 0
        while True:
            self._lines()
            if closing and self.text.startswith("}", self.at):
                self.at += 1
                break
            if self.at >= len(self.text):
                if closing:
                    raise HclError(f"{into.type} block is never closed", into.start)
                break
            self._item(into)
        self.wide = wide
        self.depth -= 1
        into.end = self.at

    def _lines(self) -> None:
        found = _SPACE_LINES.match(self.text, self.at)
        if found:
            self.at = found.end()

    def _item(self, into: Block) -> None:
        start = self.at
        name = self._name("an attribute or a block")
        if self.take("="):
            self._attribute(into, name, start)
        else:
            self._block(into, name, start)
        self.skip()
        if self.at < len(self.text) and self.text[self.at] != "\n":
            raise self.error("expected the end of the line")

    def _attribute(self, into: Block, name: str, start: int) -> None:
        value = self.expression()
        if name in into.attributes:
            raise HclError(f"{name} is set twice in one block", start)
        into.attributes[name] = Attribute(name, value, start, self.source)

    def _block(self, into: Block, name: str, start: int) -> None:
        labels = []
        while not self.peek("{"):
            labels.append(self._label() if self.text.startswith('"', self.at) else self._name(f"= or {{ behind {name}"))
        header = self.at
        self.at += 1
        end = len(self.text[start:header].rstrip()) + start
        block = Block(name, tuple(labels), start, end, self.source)
        if _ON_ONE_LINE.match(self.text, self.at):
            self._single(block)
        else:
            self.body(block, closing=True)
        into.blocks.append(block)

    def _label(self) -> str:
        found = self._quoted_template()
        if not isinstance(found, Literal):
            raise HclError("a label can't hold a template", found.start)
        return str(found.value)

    def _single(self, block: Block) -> None:
        """A block on one line takes one argument, and no block."""
        self.skip()
        start = self.at
        name = self._name("an argument")
        if not self.take("="):
            raise self.error("expected = behind the one argument that a block on one line may have")
        self._attribute(block, name, start)
        if not self.take("}"):
            raise self.error("expected } behind the one argument that a block on one line may have")
        block.end = self.at

    def _name(self, what: str) -> str:
        self.skip()
        found = _NAME.match(self.text, self.at)
        if not found:
            raise self.error(f"expected {what}")
        self.at = found.end()
        return found[0]

    # Expressions

    def expression(self) -> Expression:
        self.deeper()
        around, self.steps = self.steps, 0
        found = self._binary(1)
        if self.text.startswith("?", self.at):
            self.at += 1
            then = self._branch(":")
            otherwise = self._branch("")
            found = Conditional(found.start, otherwise.end, found, then, otherwise)
        self.steps = max(around, self.steps)
        self.depth -= 1
        return found

    def _branch(self, closing: str) -> Expression:
        # Terraform lets a conditional's branches begin on the next line only inside brackets.
        found = self.expression()
        if closing:
            self.expect(closing)
        return found

    def _binary(self, least: int) -> Expression:
        left = self._unary()
        while True:
            self.skip()
            found = _OPERATOR.match(self.text, self.at) if self.next_is(_OPERATORS) else None
            if not found or _STRENGTH[found[0]] < least:
                return left
            self.at = found.end()
            self.step()
            right = self._binary(_STRENGTH[found[0]] + 1)
            left = Binary(left.start, right.end, found[0], left, right)

    def _unary(self) -> Expression:
        self.skip()
        start = self.at
        if self.next_is(_SIGNS):
            self.deeper()
            self.at += 1
            operand = self._unary()
            self.depth -= 1
            return Unary(start, operand.end, self.text[start], operand)
        return self._postfix(self._primary())

    def _postfix(self, found: Expression) -> Expression:
        while True:
            mark = self.at
            self.skip()
            if self.next_is("["):
                self.step()
                self.at += 1
                if self._bracketed_star():
                    return self._splat(found, full=True)
                key = self._inside("]")
                found = Index(found.start, self.at, found, key)
            elif self.next_is(".") and not self.text.startswith("...", self.at):
                self.step()
                self.at += 1
                self.skip()
                if self.take("*"):
                    return self._splat(found, full=False)
                found = self._member(found)
            else:
                self.at = mark
                return found

    def _member(self, target: Expression) -> Expression:
        """What follows a dot: an attribute's name, or the number of a member, as in Terraform 0.11."""
        if number := re.compile(r"\d+").match(self.text, self.at):
            self.at = number.end()
            key = Literal(number.start(), number.end(), whole_number(number[0]))
            return Index(target.start, self.at, target, key)
        name = self._name("an attribute's name")
        return Attr(target.start, self.at, target, name)

    def _bracketed_star(self) -> bool:
        mark = self.at
        if self.take("*") and self.take("]"):
            return True
        self.at = mark
        return False

    def _splat(self, target: Expression, full: bool) -> Expression:
        """What follows `[*]` is applied to each; what follows an index behind `.*` to the whole list."""
        each: Expression = Each(self.at, self.at)
        if full:
            each = self._postfix(each)
            return Splat(target.start, self.at, target, each)
        while self.peek(".") and not self.text.startswith("...", self.at):
            self.step()
            self.at += 1
            each = self._member(each)
        return self._postfix(Splat(target.start, self.at, target, each))

    def _inside(self, closing: str) -> Expression:
        self.wide += 1
        found = self.expression()
        self.expect(closing)
        self.wide -= 1
        return found

    def _primary(self) -> Expression:
        start = self.at
        character = self.text[start : start + 1]
        if character == '"':
            return self._json_text() if self.json else self._quoted_template()
        if character == "(":
            self.at += 1
            return self._inside(")")
        if character == "[":
            return self._list()
        if character == "{":
            return self._object()
        if number := _NUMBER.match(self.text, start):
            self.at = number.end()
            return self._number(number[0], start)
        if heredoc := _HEREDOC.match(self.text, start):
            return self._heredoc(heredoc)
        if name := _NAME.match(self.text, start):
            self.at = name.end()
            return self._name_expression(name[0], start)
        raise self.error("expected a value")

    def _number(self, text: str, start: int) -> Expression:
        """A number; one that is too long to be worked out is left as text that is to become one."""
        try:
            return Literal(start, self.at, parse_number(text))
        except NotWorkedOut:
            return FunctionCall(start, self.at, "tonumber", (Literal(start, self.at, text),), False)

    def _name_expression(self, name: str, start: int) -> Expression:
        while self.text.startswith("::", self.at):
            self.at += 2
            name = f"{name}::{self._name('a function')}"
        end = self.at
        if self.peek("("):
            return self._call(name, start)
        self.at = end
        if name in _WORDS:
            return Literal(start, end, _WORDS[name])
        return NameExpression(start, end, name)

    def _call(self, name: str, start: int) -> Expression:
        self.at += 1
        self.wide += 1
        arguments: list[Expression] = []
        spread = False
        while not self.take(")"):
            arguments.append(self.expression())
            if self.take("..."):
                spread = True
                self.expect(")")
                break
            if not self.take(",") and not self.peek(")"):
                raise self.error("expected , or )")
        self.wide -= 1
        return FunctionCall(start, self.at, name, tuple(arguments), spread)

    def _list(self) -> Expression:
        start = self.at
        self.at += 1
        self.wide += 1
        items: list[Expression] = []
        if self._for_follows():
            found = self._for(start, "]")
            self.wide -= 1
            return found
        while not self.take("]"):
            items.append(self.expression())
            if not self.take(",") and not self.peek("]"):
                raise self.error("expected , or ]")
        self.wide -= 1
        return ListOf(start, self.at, tuple(items))

    def _for_follows(self) -> bool:
        self.skip()
        return bool(re.compile(r"for\b(?!\s*[=:,])").match(self.text, self.at))

    def _for(self, start: int, closing: str) -> Expression:
        self.at += 3
        names = self._for_names()
        collection = self.expression()
        self.expect(":")
        key, value = None, self.expression()
        if closing == "}":
            self.expect("=>")
            key, value = value, self.expression()
        grouped = self.take("...")
        condition = None
        if self.peek("if"):
            self.at += 2
            condition = self.expression()
        self.expect(closing)
        return For(start, self.at, names, collection, key, value, condition, grouped)

    def _object(self) -> Expression:
        start = self.at
        self.at += 1
        wide, self.wide = self.wide, 1
        if self._for_follows():
            found = self._for(start, "}")
            self.wide = wide
            return found
        items: list[tuple[Expression, Expression]] = []
        while not self.take("}"):
            key = self._key()
            if not self.take("=") and not self.take(":"):
                raise self.error("expected = or :")
            self._lines()
            self.wide = 0
            value = self.expression()
            self.wide = 1
            items.append((key, value))
            self._item_end()
        self.wide = wide
        return ObjectOf(start, self.at, tuple(items))

    def _item_end(self) -> None:
        before = self.at
        self.skip()
        between = self.text[before : self.at]
        if not self.take(",") and "\n" not in between and not self.text.startswith("}", self.at):
            raise self.error("expected , or a new line")

    def _key(self) -> Expression:
        self.skip()
        if name := re.compile(r"([^\W\d][\w-]*)\s*(?==(?!=)|:)").match(self.text, self.at):
            start, self.at = self.at, name.end(1)
            return Literal(start, self.at, name[1])
        return self.expression()

    # Templates

    def _quoted_template(self) -> Expression:
        start = self.at
        if plain := _PLAIN.match(self.text, start):
            self.at = plain.end()
            return Literal(start, self.at, plain[1])
        self.at += 1
        pieces = list(self._pieces(len(self.text), quoted=True))
        if not self.text.startswith('"', self.at):
            raise self.error("a string is never closed")
        self.at += 1
        return _simplify(_Tree(pieces, start, self.at - 1).template(), start, self.at)

    def _json_text(self) -> Expression:
        found = _JSON_STRING.match(self.text, self.at)
        if not found:
            raise self.error("expected a string")
        start = self.at
        text = self._unescaped_json(found[0])
        self.at = found.end()
        if "${" not in text and "%{" not in text:
            return Literal(start, self.at, text)
        return _place(parse_template(HclFile(self.source.path, text)), start, self.at)

    def _unescaped_json(self, text: str) -> str:
        import json

        try:
            return str(json.loads(text, strict=False))
        except ValueError as error:
            raise self.error("expected a string of JSON") from error

    def _heredoc(self, found: re.Match[str]) -> Expression:
        start = self.at
        self.at = found.end()
        closing = re.compile(rf"[ \t]*{re.escape(found[2])}[ \t\r]*$", re.MULTILINE)
        wide, self.wide = self.wide, 0
        pieces = list(self._pieces(len(self.text), quoted=False, closing=closing))
        end = closing.match(self.text, self.at)
        if not end:
            raise HclError(f"<<{found[2]} is never closed", start)
        self.wide, self.at = wide, end.end()
        if found[1]:
            _dedent(pieces)
        return _simplify(_Tree(pieces, start, self.at).template(), start, self.at)

    def template(self) -> Expression:
        """All of the text as a template."""
        end = len(self.text)
        return _simplify(_Tree(list(self._pieces(end, quoted=False)), 0, end).template(), 0, end)

    def _pieces(self, end: int, quoted: bool, closing: re.Pattern[str] | None = None) -> Iterator[_Piece]:
        """What a template is made of, stripped where `~` says so. closing: the line that ends a heredoc."""
        previous: _Piece | None = None
        while self.at < end and not (quoted and self.text[self.at] in '"\n'):
            if closing and self.text[self.at - 1] == "\n" and closing.match(self.text, self.at):
                break
            piece = self._piece(end, quoted)
            if previous is not None:
                if piece.strips_before and previous.kind == "text":
                    previous.text = previous.text.rstrip()
                if previous.strips_after and piece.kind == "text":
                    piece.text = piece.text.lstrip()
                yield previous
            previous = piece
        if previous is not None:
            yield previous

    def _piece(self, end: int, quoted: bool) -> _Piece:
        start = self.at
        if self.text.startswith("${", start):
            return self._hole()
        if self.text.startswith("%{", start):
            return self._directive()
        found = (_QUOTED if quoted else _LINE).match(self.text, start, end)
        if not found or not found[0]:
            raise self.error("expected an escape")
        self.at = found.end()
        written = found[0] if quoted else found[0].replace("\r\n", "\n")
        return _Piece("text", start, self.at, text=self._unescape(written, start, quoted))

    def _unescape(self, text: str, start: int, quoted: bool) -> str:
        def meant(found: re.Match[str]) -> str:
            if found[4]:
                return f"{found[4]}{{"
            if not quoted:
                return found[0]
            if code := found[1] or found[2]:
                return _character(int(code, 16))
            if found[3] not in _ESCAPES:
                raise HclError(f"\\{found[3]} is not an escape", start + found.start())
            return _ESCAPES[found[3]]

        return _ESCAPE.sub(meant, text) if "\\" in text or "{" in text else text

    def _hole(self) -> _Piece:
        start = self.at
        self.at += 2
        before = self._tilde()
        self.wide += 1
        found = self.expression()
        self.wide -= 1
        after = self._closing()
        return _Piece("value", start, self.at, value=found, strips_before=before, strips_after=after)

    def _directive(self) -> _Piece:
        start = self.at
        self.at += 2
        before = self._tilde()
        self.wide += 1
        word = self._name("if, for, else, endif or endfor")
        names: tuple[str, ...] = ()
        value: Expression | None = None
        if word == "for":
            names = self._for_names()
        if word in ("for", "if"):
            value = self.expression()
        elif word not in ("else", "endif", "endfor"):
            raise HclError(f"%{{ {word} }} is not a directive", start)
        self.wide -= 1
        after = self._closing()
        return _Piece(word, start, self.at, "", value, names, before, after)  # type: ignore[arg-type]

    def _for_names(self) -> tuple[str, ...]:
        names = [self._name("a name")]
        if self.take(","):
            names.append(self._name("a name"))
        if self._name("in") != "in":
            raise self.error("expected in")
        return tuple(names)

    def _tilde(self) -> bool:
        """Whether `~` stands right here."""
        strips = self.text.startswith("~", self.at)
        self.at += strips
        return strips

    def _closing(self) -> bool:
        """The end of a hole or directive; whether it strips what follows."""
        self.wide += 1
        strips = self.take("~")
        self.expect("}")
        self.wide -= 1
        return strips


class _Piece(msgspec.Struct):
    """Part of a template: text, a hole, or one directive."""

    kind: OneOf["text", "value", "if", "else", "endif", "for", "endfor"]
    start: int
    end: int
    text: str = ""
    value: Expression | None = None
    names: tuple[str, ...] = ()
    strips_before: bool = False
    strips_after: bool = False


def _dedent(pieces: Sequence[_Piece]) -> None:
    """Take off the indentation that all lines of a `<<-` heredoc share; empty lines do not count.

    https://github.com/hashicorp/hcl/blob/main/hclsyntax/parser_template.go (flushHeredocTemplateParts)
    """
    starts: list[_Piece] = []
    widths: list[int] = []
    begins = True
    for piece in pieces:
        if begins:
            width = len(piece.text) - len(piece.text.lstrip())
            is_blank = piece.kind == "text" and width == len(piece.text) and piece.text.endswith("\n")
            if not is_blank:
                widths.append(width)
                starts.append(piece)
        begins = piece.kind == "text" and piece.text.endswith("\n")
    width = min(widths, default=0)
    for piece in starts:
        piece.text = piece.text[width:]


class _Tree:
    """The pieces of a template, directives with what they hold."""

    def __init__(self, pieces: Sequence[_Piece], start: int, end: int) -> None:
        self.pieces = pieces
        self.start = start
        self.end = end
        self.at = 0
        self.depth = 0

    def template(self) -> Template:
        """All of it. Raises HclError."""
        parts = self._until()
        if self.at < len(self.pieces):
            piece = self.pieces[self.at]
            raise HclError(f"%{{ {piece.kind} }} has no beginning", piece.start)
        return Template(self.start, self.end, tuple(parts))

    def _until(self) -> list[Expression]:
        """The parts up to a directive that ends or splits what they stand in."""
        self.depth += 1
        parts: list[Expression] = []
        while self.at < len(self.pieces) and self.pieces[self.at].kind not in ("else", "endif", "endfor"):
            piece = self.pieces[self.at]
            if self.depth > DEEPEST:
                raise HclTooDeep(piece.start)
            self.at += 1
            if piece.kind == "text":
                parts.append(Literal(piece.start, piece.end, piece.text))
            elif piece.value is not None:
                parts.append(self._hold_expression(piece, piece.value))
        self.depth -= 1
        return parts

    def _hold_expression(self, piece: _Piece, value: Expression) -> Expression:
        if piece.kind == "value":
            return value
        return self._if(piece, value) if piece.kind == "if" else self._for(piece, value)

    def _if(self, piece: _Piece, condition: Expression) -> Expression:
        then, end = self._body(piece, "else", "endif")
        otherwise = Template(end.start, end.start, ())
        if end.kind == "else":
            otherwise, end = self._body(piece, "endif")
        return TemplateIf(piece.start, end.end, condition, then, otherwise)

    def _for(self, piece: _Piece, collection: Expression) -> Expression:
        body, end = self._body(piece, "endfor")
        each = For(piece.start, end.end, piece.names, collection, None, body, None, False)
        return FunctionCall(piece.start, end.end, "join", (Literal(piece.start, piece.start, ""), each), False)

    def _body(self, piece: _Piece, *closing: str) -> tuple[Template, _Piece]:
        """What stands between a directive and the one that closes it."""
        start = self.pieces[self.at - 1].end
        parts = self._until()
        if self.at == len(self.pieces) or self.pieces[self.at].kind not in closing:
            raise HclError(f"%{{ {piece.kind} }} is never closed", piece.start)
        end = self.pieces[self.at]
        self.at += 1
        return Template(start, end.start, tuple(parts)), end


def _character(code: int) -> str:
    """What `\\u` and `\\U` stand for; what is no character is replaced, as Go does."""
    return "\ufffd" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code)


def _simplify(template: Template, start: int, end: int) -> Expression:
    """A template without holes is its text; one that is a single hole keeps the hole's type."""
    if all(isinstance(part, Literal) and isinstance(part.value, str) for part in template.parts):
        return Literal(start, end, "".join(str(part.value) for part in template.parts if isinstance(part, Literal)))
    alone = len(template.parts) == 1 and not isinstance(template.parts[0], TemplateIf)
    return Template(start, end, template.parts, alone)


def _place(found: Expression, start: int, end: int) -> Expression:
    """A template that was parsed by itself, at its place in the file."""
    return replace(found, start=start, end=end) if isinstance(found, Template | Literal) else found


# JSON

LABELS: Mapping[str, int] = MappingProxyType(
    {
        "action": 2,
        "check": 1,
        "data": 2,
        "ephemeral": 2,
        "import": 0,
        "list": 2,
        "locals": 0,
        "module": 1,
        "moved": 0,
        "output": 1,
        "provider": 1,
        "removed": 0,
        "resource": 2,
        "terraform": 0,
        "variable": 1,
    }
)
"""The blocks that may stand at the top of a file, with the number of their labels.

https://developer.hashicorp.com/terraform/language/syntax/configuration#blocks
"""


def _json_value(source: HclFile) -> Expression:
    """The value of a file, read with the places of its parts, once it is known to be JSON. Raises HclError."""
    from infralint.text.json_places import BadJson, check_json

    try:
        check_json(source.text)
    except BadJson as error:
        if not error.is_content:
            raise HclError(error.message, source.offset_of(error.line, error.column)) from error
    parser = _HclParser(source, json=True)
    parser.wide = 1
    try:
        found = parser.expression()
    except RecursionError as error:
        raise HclTooDeep() from error
    parser.skip()
    if parser.at < len(source.text):
        raise HclError("expected one JSON object", parser.at)
    return found


def _json_object(source: HclFile) -> ObjectOf:
    found = _json_value(source)
    if not isinstance(found, ObjectOf):
        raise HclError("expected one JSON object", found.start)
    return found


def _json_top(source: HclFile) -> list[tuple[Expression, Expression]]:
    """The members of the objects at the top of a file: one, or a list of them."""
    found = _json_value(source)
    objects = found.items if isinstance(found, ListOf) else [found]
    if wrong := next((entry for entry in objects if not isinstance(entry, ObjectOf)), None):
        raise HclError("expected one JSON object, or a list of them", wrong.start)
    return [member for entry in objects if isinstance(entry, ObjectOf) for member in entry.items]


def _json_file(source: HclFile) -> Block:
    body = Block("", (), 0, 0, source)
    for key, value in _json_top(source):
        kind = str(key.value) if isinstance(key, Literal) else ""
        if kind != "//":
            body.blocks += _json_labelled(kind, (), value, LABELS.get(kind, 0), source)
    return body


def _json_labelled(
    kind: str, labels: tuple[str, ...], value: Expression, missing: int, source: HclFile
) -> Iterator[Block]:
    for entry in _json_objects(value):
        if not missing:
            yield _json_block(kind, labels, entry, source)
            continue
        for key, inner in entry.items:
            if isinstance(key, Literal):
                yield from _json_labelled(kind, (*labels, str(key.value)), inner, missing - 1, source)


def _json_objects(value: Expression) -> list[ObjectOf]:
    if isinstance(value, ObjectOf):
        return [value]
    return [item for item in value.items if isinstance(item, ObjectOf)] if isinstance(value, ListOf) else []


def _json_block(kind: str, labels: tuple[str, ...], value: ObjectOf, source: HclFile) -> Block:
    block = Block(kind, labels, value.start, value.start + 1, source, end=value.end)
    for key, inner in value.items:
        if isinstance(key, Literal):
            name = str(key.value)
            if kind == "variable" and name == "type":
                inner = _json_type(inner)
            if kind == "check" and name == "data":
                block.blocks += _json_labelled("data", (), inner, 2, source)
                continue
            block.attributes[name] = Attribute(name, inner, key.start, source)
            if name == "dynamic":
                block.blocks += _json_labelled("dynamic", (), inner, 1, source)
    return block


def _json_type(value: Expression) -> Expression:
    """A variable's type, which JSON has as text. Raises HclError."""
    if not isinstance(value, Literal) or not isinstance(value.value, str):
        return value
    try:
        found = parse_expression(HclFile("", value.value))
    except HclError as error:
        raise HclError("is not a type", value.start) from error
    return replace(found, start=value.start, end=value.end)
