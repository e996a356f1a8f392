"""Templates as trees: text, actions and blocks, each with the offset where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from infralint.text.go_templates.names import HELM_FUNCTIONS, is_function
from infralint.text.lazy import lazy
from infralint.text.suggestions import CODE, hint

DEEPEST = 100
"""Blocks, or parentheses, within each other."""


class TemplateProblem(ValueError):
    """A template that Go would refuse, or whose rendering fails: a sentence, and the offset where.

    is_limit: that it is one of ours, which Go would not have.
    """

    def __init__(self, message: str, offset: int = 0, is_limit: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.is_limit = is_limit


class Field(msgspec.Struct, frozen=True):
    """`.a.b`, `$x.a` or `(…).a`. start: what it is taken from: None for the dot, a variable's name, or a pipeline."""

    start: Any
    names: tuple[str, ...]
    offset: int


class Constant(msgspec.Struct, frozen=True):
    """A literal."""

    value: Any


class FunctionName(msgspec.Struct, frozen=True):
    """An identifier."""

    name: str
    offset: int


class Command(msgspec.Struct, frozen=True):
    """An operand with its arguments."""

    words: tuple[Any, ...]
    offset: int


class Pipeline(msgspec.Struct, frozen=True):
    """Commands, each given the result of the one before as its last argument. names: variables that take the result."""

    commands: tuple[Command, ...]
    names: tuple[str, ...] = ()
    declares: bool = False
    offset: int = 0


class TextNode(msgspec.Struct, frozen=True):
    """Text as it is. offset: of its first character that is kept."""

    text: str
    offset: int


class ActionNode(msgspec.Struct, frozen=True):
    """A pipeline whose result is written out, unless a variable takes it. end: behind its braces."""

    pipeline: Pipeline
    offset: int
    end: int


class BlockNode(msgspec.Struct, frozen=True):
    """`if`, `with`, `range` or `block` with what stands inside, and in `else`."""

    kind: str
    pipeline: Pipeline
    body: tuple[Any, ...]
    otherwise: tuple[Any, ...]
    offset: int
    name: str = ""


class CallNode(msgspec.Struct, frozen=True):
    """`template "name" pipeline`."""

    name: str
    pipeline: Pipeline | None
    offset: int
    end: int


class JumpNode(msgspec.Struct, frozen=True):
    """`break` or `continue`."""

    kind: str


Nodes = tuple[Any, ...]


class ParsedTemplate(msgspec.Struct, frozen=True):
    """A file's own nodes, and the templates that it defines by name."""

    nodes: Nodes
    defined: dict[str, Nodes]


_OPEN = "{{"
_QUOTE_OR_CLOSE = lazy(r"[\"`']|\}\}")
_COMMENT = lazy(r"-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_TOKEN = lazy(
    r"\s*(?:(?P<string>\"(?:[^\"\\\n]|\\.)*\")|(?P<raw>`[^`]*`)|(?P<char>'(?:[^'\\\n]|\\.)+')"
    r"|(?P<number>[+-]?(?:0[xX](?=\.?[0-9a-fA-F_])[0-9a-fA-F_]*+(?:\.[0-9a-fA-F_]*+)?[pP][+-]?\d+|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+(?![.\d])|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+))(?![\w])"
    r"|(?P<variable>\$\w*)|(?P<field>\.\w*)|(?P<name>[A-Za-z_]\w*)|(?P<mark>:=|=|\||\(|\)|,))"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = lazy(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)


class _Action(msgspec.Struct):
    """What stands between braces, and what it does to the text around it."""

    inner: str
    start: int
    offset: int
    end: int
    trims_before: bool
    trims_after: bool


def parse_template(text: str) -> ParsedTemplate:
    """A template's tree. Raises TemplateProblem."""
    return _TemplateParser(text).parse()


class _TemplateParser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces = list(self._split())
        self.at = 0
        self.defined: dict[str, Nodes] = {}
        self.depth = 0
        self.ranges = 0
        self.variables = ["$"]

    def parse(self) -> ParsedTemplate:
        nodes, ending = self._nodes(())
        if ending is not None:
            raise TemplateProblem(f"`{ending.inner}` closes nothing", ending.start)
        return ParsedTemplate(nodes, self.defined)

    def _split(self) -> Iterator[TextNode | _Action]:
        """Text and actions in turn, white space trimmed where actions say so."""
        text, at, trims = self.text, 0, False
        while True:
            start = text.find(_OPEN, at)
            action = self._action(start) if start >= 0 else None
            piece = text[at : start if start >= 0 else len(text)]
            offset = at
            if trims:
                offset += len(piece) - len(piece.lstrip(" \t\r\n"))
                piece = piece.lstrip(" \t\r\n")
            if action is not None and action.trims_before:
                piece = piece.rstrip(" \t\r\n")
            if piece:
                yield TextNode(piece, offset)
            if action is None:
                return
            if action.inner:
                yield action
            at, trims = action.end, action.trims_after

    def _action(self, start: int) -> _Action:
        text = self.text
        before = text.startswith("- ", start + 2) or text.startswith(("-\n", "-\t", "-\r"), start + 2)
        inner = start + (3 if before else 2)
        if comment := _COMMENT.match(text, start + 2):
            closing = comment.end() - 2
            return _Action("", start, inner, comment.end(), before, text[closing - 1] == "-")
        at = inner
        while True:
            found = _QUOTE_OR_CLOSE.search(text, at)
            if found is None:
                raise TemplateProblem("an action is never closed", start)
            if found[0] == "}}":
                break
            quote = found[0]
            at = self._behind_quote(quote, found.end(), start)
        end = found.start()
        after = end - 1 > inner - 1 and text[end - 1] == "-" and text[end - 2] in " \t\r\n"
        return _Action(text[inner : end - 1 if after else end].strip(), start, inner, end + 2, before, after)

    def _behind_quote(self, quote: str, at: int, start: int) -> int:
        if quote == "`":
            end = self.text.find("`", at)
        else:
            end = at
            while end < len(self.text) and self.text[end] != quote:
                if self.text[end] == "\n":
                    end = -1
                    break
                end += 2 if self.text[end] == "\\" else 1
        if end < 0 or end >= len(self.text):
            raise TemplateProblem("a text in quotes is never closed", start)
        return end + 1

    def _nodes(self, endings: tuple[str, ...]) -> tuple[Nodes, _Action | None]:
        """Nodes up to an action that begins with one of the words."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TemplateProblem("is nested too deep", 0, is_limit=True)
        nodes: list[Any] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if isinstance(piece, TextNode):
                nodes.append(piece)
                continue
            word = _first_word(piece.inner)
            if word in ("end", "else"):
                self.depth -= 1
                return tuple(nodes), piece
            nodes += self._node(word, piece)
        self.depth -= 1
        if endings:
            raise TemplateProblem(f"a block is never closed: it takes {{{{ {endings[0]} }}}}", len(self.text))
        return tuple(nodes), None

    def _node(self, word: str, piece: _Action) -> list[Any]:
        rest = piece.inner[len(word) :]
        if word in ("if", "with", "range", "block"):
            return [self._block(word, rest, piece)]
        if word == "define":
            name = _string(rest.strip(), piece.start)
            around, self.ranges, self.variables = (self.ranges, self.variables), 0, ["$"]
            body, _ = self._take_block(piece)
            self.ranges, self.variables = around
            self.defined[name] = body
            return []
        if word == "template":
            tokens = _Tokens(rest, piece.offset, self.variables)
            kind, text = tokens.take()
            if kind not in ("string", "raw"):
                raise TemplateProblem("`template` takes a name in quotes", piece.start)
            pipeline = None if tokens.is_at_end else _pipeline(tokens)
            return [CallNode(_unquote(text), pipeline, piece.start, piece.end)]
        if word in ("break", "continue") and not rest.strip():
            if not self.ranges:
                raise TemplateProblem(f"`{word}` stands outside of any `range`", piece.start)
            return [JumpNode(word)]
        tokens = _Tokens(piece.inner, piece.offset, self.variables)
        pipeline = _pipeline(tokens)
        if not tokens.is_at_end:
            raise TemplateProblem(f"unexpected `{tokens.rest[:20]}`", piece.start)
        return [ActionNode(pipeline, piece.start, piece.end)]

    def _take_block(self, piece: _Action) -> tuple[Nodes, _Action]:
        body, ending = self._nodes(("end",))
        if ending is None or _first_word(ending.inner) != "end":
            raise TemplateProblem("a block is never closed", piece.start)
        return body, ending

    def _block(self, kind: str, rest: str, piece: _Action) -> BlockNode:
        """A block: what is declared at its head or inside, `else` included, is not known behind it."""
        visible = len(self.variables)
        block = self._parse_block(kind, rest, piece)
        del self.variables[visible:]
        return block

    def _parse_block(self, kind: str, rest: str, piece: _Action) -> BlockNode:
        tokens = _Tokens(rest, piece.offset, self.variables)
        name = ""
        if kind == "block":
            _, text = tokens.take()
            name = _unquote(text)
        pipeline = _pipeline(tokens)
        around = self.ranges, self.variables
        self.ranges = {"range": self.ranges + 1, "block": 0}.get(kind, self.ranges)
        self.variables = ["$"] if kind == "block" else self.variables
        body, ending = self._nodes(("end",))
        self.ranges, self.variables = around
        otherwise: Nodes = ()
        if ending is not None and _first_word(ending.inner) == "else":
            chained = ending.inner[4:].strip()
            if chained:
                word = _first_word(chained)
                if word not in ("if", "with"):
                    raise TemplateProblem(f"unexpected `{word}` behind `else`", ending.start)
                otherwise = (self._block(word, chained[len(word) :], ending),)
                return BlockNode(kind, pipeline, body, otherwise, piece.start, name)
            otherwise, ending = self._take_block(piece)
        if kind == "block":
            self.defined.setdefault(name, body)
        return BlockNode(kind, pipeline, body, otherwise, piece.start, name)


class _Tokens:
    """The tokens of an action. variables: those that may stand in it; what it declares is added."""

    def __init__(self, text: str, offset: int, variables: list[str]) -> None:
        self.text = text
        self.offset = offset
        self.variables = variables
        self.at = 0
        self.depth = 0
        self.seen_at = -1
        self.seen = ("", "", 0, False)

    @property
    def rest(self) -> str:
        return self.text[self.at :]

    @property
    def is_at_end(self) -> bool:
        return not self.rest.strip()

    def peek(self) -> tuple[str, str, int, bool]:
        """Kind, text and end of the next token, and whether white space stands before it; ("", "") at the end."""
        if self.seen_at != self.at:
            self.seen_at, self.seen = self.at, self._look()
        return self.seen

    def _look(self) -> tuple[str, str, int, bool]:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            if self.is_at_end:
                return "", "", self.at, False
            raise TemplateProblem(f"unexpected `{self.rest.strip()[:20]}`", self.offset + self.at)
        return found.lastgroup, found[found.lastgroup], found.end(), found.start(found.lastgroup) > found.start()

    def take(self) -> tuple[str, str]:
        kind, text, end, _ = self.peek()
        self.at = end
        return kind, text


def _pipeline(tokens: _Tokens) -> Pipeline:
    tokens.depth += 1
    if tokens.depth > DEEPEST:
        raise TemplateProblem("is nested too deep", tokens.offset, is_limit=True)
    names, declares = _declared_names(tokens)
    commands = [_command(tokens)]
    while tokens.peek()[1] == "|":
        tokens.take()
        if tokens.peek()[1] not in ("", ")"):  # a `|` at the end is passed over
            commands.append(_command(tokens))
    tokens.depth -= 1
    return Pipeline(tuple(commands), names, declares, tokens.offset)


_DECLARATION = lazy(r"\s*(\$\w*)(?:\s*,\s*(\$\w*))?\s*(:?=)(?!=)")


def _declared_names(tokens: _Tokens) -> tuple[tuple[str, ...], bool]:
    """`$x :=`, `$i, $v :=` or `$x =` before a pipeline."""
    found = _DECLARATION.match(tokens.text, tokens.at)
    if found is None:
        return (), False
    tokens.at = found.end()
    names = tuple(name for name in (found[1], found[2]) if name)
    tokens.variables += names
    return names, found[3] == ":="


def _command(tokens: _Tokens) -> Command:
    words: list[Any] = []
    offset = tokens.offset + tokens.at
    while True:
        kind, text, _, _ = tokens.peek()
        if kind == "" or text in ("|", ")", ","):
            break
        words.append(_operand(tokens))
    if not words:
        raise TemplateProblem("a command is missing", offset)
    return Command(tuple(words), offset)


def _operand(tokens: _Tokens) -> Any:
    offset = tokens.offset + tokens.at
    kind, text = tokens.take()
    start: Any
    if kind in ("string", "raw", "char"):
        return Constant(_unquote(text) if kind != "char" else ord(_unquote(text)))
    if kind == "number":
        return Constant(_number(text))
    if kind == "name":
        if text in ("true", "false"):
            return Constant(text == "true")
        if text == "nil":
            return Constant(None)
        _check_function(text, offset, tokens.peek())
        return FunctionName(text, offset)
    if kind == "variable":
        if text not in tokens.variables:  # https://pkg.go.dev/text/template#hdr-Variables
            raise TemplateProblem(
                f"no variable `{text}` is declared here{hint(text, tokens.variables[1:], CODE)}", offset
            )
        start = text
        names: list[str] = []
    elif kind == "field":
        start, names = None, [text[1:]] if len(text) > 1 else []
    elif text == "(":
        start, names = _pipeline(tokens), []
        if tokens.take()[1] != ")":
            raise TemplateProblem("a parenthesis is never closed", offset)
    else:
        raise TemplateProblem(f"unexpected `{text}`", offset)
    while True:
        kind, text, _, apart = tokens.peek()
        if kind != "field" or apart or len(text) < 2:
            break
        tokens.take()
        names.append(text[1:])
    return Field(start, tuple(names), offset)


def _check_function(name: str, offset: int, following: tuple[str, str, int, bool]) -> None:
    """Refuse a function that Helm does not have. What has a field (`values.name`) is another program's template."""
    kind, _, _, is_apart = following
    if not is_function(name) and (is_apart or kind != "field"):
        raise TemplateProblem(f"there is no function `{name}`{hint(name, HELM_FUNCTIONS, CODE)}", offset)


_WORD = lazy(r"[A-Za-z_]\w*")


def _first_word(text: str) -> str:
    """The keyword or name that an action begins with: `if.Values.x` is an `if`."""
    found = _WORD.match(text)
    return found[0] if found else ""


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    try:
        if abs(number := int(plain, 0)) < _TOO_LARGE:
            return number
    except ValueError:
        try:
            if re.search("[pP]", plain):
                return float.fromhex(plain)
            return int(plain, 10) if plain.lstrip("+-").isdecimal() else float(plain)
        except (ValueError, OverflowError) as error:
            raise TemplateProblem(f"`{text}` is no number") from error
    raise TemplateProblem(f"`{text}` is too large for a whole number")


_TOO_LARGE = 1 << 64
"""Go refuses whole numbers of more bits: https://pkg.go.dev/text/template#hdr-Arguments"""


def _string(text: str, offset: int) -> str:
    if len(text) < 2 or text[0] not in '"`' or text[-1] != text[0]:
        raise TemplateProblem("a name in quotes must stand here", offset)
    return _unquote(text)


def _unquote(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPED.sub(_escape, text[1:-1])


def _escape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    if found[4]:
        return chr(int(found[4], 8))
    return _ESCAPES.get(found[5], found[5])
