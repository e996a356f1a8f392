"""nginx configuration as a tree of directives with places."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from operator import itemgetter
from sys import intern
from typing import Any

import msgspec

from infralint.model import Location
from infralint.sources.nginx.templates import HOLE, RENDERED_FROM, Condition, Prepared
from infralint.text.lazy import lazy

DEEPEST = 200
"""Nested blocks: nginx itself gives up on real configurations long before."""


LONGEST_WORD = 4096
"""Characters of a word: nginx reads files through a buffer of so many bytes."""


_CODE = lazy(r"[;{}]\s*$|^\s*(?:location|proxy_\w+|server|add_header)\b")


def looks_like_code(comment: str) -> bool:
    """Whether a comment is configuration that somebody put out of use."""
    return _CODE.search(comment) is not None


class SyntaxProblem(Exception):
    """Text that nginx would refuse: line (1-based), column (0: all the line) and a sentence.

    is_limit: nginx may take it, and it is nested deeper than anybody writes.
    """

    def __init__(self, line: int, message: str, column: int = 0, is_limit: bool = False) -> None:
        super().__init__(message)
        self.is_limit = is_limit
        self.line = line
        self.column = column
        self.message = message


class Word(msgspec.Struct, frozen=True, gc=False):
    """One argument: text without quotes, 1-based line, offset in the prepared text, whether it was quoted."""

    text: str
    line: int
    offset: int
    quoted: bool


class NginxFile(msgspec.Struct, eq=False, dict=True):
    """The file a directive stands in. shown: its path as the user would type it; first_line,
    indent: where its text begins in that file (a ConfigMap's value begins further down); dump: the
    `nginx -T` output that it comes from; sealed: why nothing can safely be written into it;
    key: its name in a manifest; document: which of the manifest's documents holds it; owner: the ConfigMap;
    locate: tells where a line, from one column to another, comes from, for a text that was rendered. called: what the
    nginx that it sets up is called, where that is not its path; advice: where to write what it lacks, where that is
    elsewhere."""

    path: str
    shown: str
    prepared: Prepared
    first_line: int = 1
    indent: int = 0
    dump: str = ""
    sealed: str = ""
    key: str = ""
    document: int = 0
    owner: str = ""
    locate: Callable[[int, int, int], Location] | None = None
    called: str = ""
    advice: str = ""
    comments: list[tuple[int, str]] = []

    @property
    def is_template(self) -> bool:
        """Whether something renders this text before nginx reads it: by its marks, or by its file's name."""
        marked = bool(self.prepared.headings or self.prepared.holes or self.sealed)
        return marked or self.path.partition("#")[0].lower().endswith(RENDERED_FROM)

    @cached_property
    def line_starts(self) -> array[int]:
        starts = array("L", [0])
        starts.extend(found.end() for found in re.finditer("\n", self.prepared.text))
        return starts

    @cached_property
    def comment_at(self) -> dict[int, str]:
        """Line -> its comment, once the text has been read."""
        return dict(self.comments)

    def comments_between(self, first: int, last: int) -> list[tuple[int, str]]:
        """The comments from one line to another, both included."""
        start = bisect_left(self.comments, first, key=itemgetter(0))
        return self.comments[start : bisect_right(self.comments, last, key=itemgetter(0))]

    @cached_property
    def disused(self) -> frozenset[int]:
        """Lines of comments that stand together with commented-out configuration."""
        found: set[int] = set()
        together: list[int] = []
        is_code = False
        for line, text in self.comments:
            if not self.line(line).lstrip().startswith("#"):
                continue
            if together and line > together[-1] + 1:
                found.update(together if is_code else ())
                together, is_code = [], False
            together.append(line)
            is_code = is_code or looks_like_code(text)
        found.update(together if is_code else ())
        return frozenset(found)

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        start = self.line_starts[number - 1]
        end = self.prepared.text.find("\n", start)
        return self.prepared.text[start : end if end >= 0 else None]

    def place(self, line: int, offset: int, last: Word) -> Location:
        """From an offset to the end of a word on the same line."""
        width = len(self.prepared.original(self._written_word(last)))
        return self.location(line, self._column(line, offset), self._column(line, last.offset) + width)

    def location(self, line: int, column: int = 0, end_column: int = 0) -> Location:
        """The place of a line of this text, or of some columns of it, in its file."""
        number = line + self.first_line - 1
        if self.locate is not None:
            return self.locate(number, max(column, 1 + self.indent), end_column or 1 + self.indent)
        return Location(self.shown, number, column, number if end_column else 0, end_column)

    def _written_word(self, word: Word) -> str:
        """The word with its quotes and escapes."""
        written = self.prepared.text[word.offset : word.offset + len(word.text) + 2 * word.quoted]
        if "\\" not in written:
            return written
        found = _TOKEN.match(self.prepared.text, word.offset)
        return found[0] if found else written

    def _column(self, line: int, offset: int) -> int:
        start = self.prepared.original_offset(self.line_starts[line - 1])
        return self.prepared.original_offset(offset) - start + self.indent + 1


class Directive(msgspec.Struct, eq=False, gc=False):
    """`name args;` or `name args { block }`. args: the words after the name. line, offset: where its name stands in the
    prepared text. to_last: how far behind it the last word of this line stands (distances are small numbers, which take no
    room of their own). quotes: a bit for each word that is quoted, the
    name's first. missing: why an include could not be resolved, remedy: what helps; splice: a hole that may stand for any
    directives.
    to_opening, to_ending: how far behind it `{` and `;` or `}` stand; 0 where there is none. location: where it stands, once somebody
    has asked."""

    name: str
    args: Sequence[str]
    source: NginxFile
    line: int
    offset: int
    to_last: int
    quotes: int = 0
    block: list[Directive] | None = None
    end_line: int = 0
    missing: str = ""
    remedy: str = ""
    splice: bool = False
    to_opening: int = 0
    to_ending: int = 0
    location: Location | None = None

    @property
    def opening(self) -> int:
        """The offset of its `{`; -1 where there is none."""
        return self.offset + self.to_opening if self.to_opening else -1

    @property
    def ending(self) -> int:
        """The offset of its `;` or `}`; -1 where there is none."""
        return self.offset + self.to_ending if self.to_ending else -1

    @property
    def words(self) -> list[Word]:
        """Its name and its arguments with their places; one that stands for an include stands wholly at that include."""
        count = len(self.args) + 1
        words = list(islice(_words_from(self.source.prepared.text, self.offset, self.line), count))
        if [word.text for word in words] == [self.name, *self.args]:
            return words
        return [Word(text, self.line, self.offset, False) for text in (self.name, *self.args)]

    def is_quoted(self, number: int) -> bool:
        """Whether an argument is quoted; -1: the last."""
        return bool(self.quotes >> (number % len(self.args) + 1) & 1)

    @property
    def opaque(self) -> bool:
        """Whether what stands here can't be seen: it may set anything."""
        return self.splice or bool(self.missing)

    @property
    def has_hole(self) -> bool:
        if self.source.prepared.text.isascii():
            return False
        return any(not text.isascii() and HOLE.search(text) for text in (self.name, *self.args))

    @property
    def has_alternatives(self) -> bool:
        """Whether some of its words stand under conditions of a template that others do not stand under."""
        prepared = self.source.prepared
        if not prepared.headings:
            return False
        return len({prepared.conditions_at(word.offset) for word in self.words}) > 1

    @property
    def conditions(self) -> tuple[Condition, ...]:
        prepared = self.source.prepared
        return prepared.conditions_at(self.offset) if prepared.headings else ()

    @property
    def where(self) -> Location:
        """All its words, without the block."""
        if self.location is None:
            source, last_offset = self.source, self.offset + self.to_last
            on_line = self.to_last > 0
            last = self.args[-1] if on_line else self.name
            if self.quotes or source.prepared.holes or "\\" in last or source.locate is not None:
                quoted = self.quotes >> (len(self.args) if on_line else 0) & 1
                self.location = source.place(self.line, self.offset, Word(last, self.line, last_offset, quoted > 0))
            else:  # as nearly all are: each character is a column
                before = source.indent + 1 - source.line_starts[self.line - 1]
                number = self.line + source.first_line - 1
                end = last_offset + len(last) + before
                self.location = Location(source.shown, number, self.offset + before, number, end)
        return self.location

    @property
    def written(self) -> str:
        """As its author wrote it, quotes normalised away."""
        if self.quotes:
            texts = enumerate((self.name, *self.args))
            written = " ".join(f'"{text}"' if self.quotes >> number & 1 else text for number, text in texts)
        else:
            written = " ".join((self.name, *self.args))
        prepared = self.source.prepared
        return prepared.original(written) if prepared.holes else written

    def children(self, name: str) -> list[Directive]:
        return [directive for directive in self.block or () if directive.name == name]

    def walk(self) -> Iterator[Directive]:
        """This directive and all below, in order."""
        pending = [self]
        while pending:
            directive = pending.pop()
            yield directive
            pending.extend(reversed(directive.block or ()))


def directive_of(words: Sequence[Word], source: NginxFile, **rest: Any) -> Directive:
    """The directive of some words."""
    first, last = words[0], words[-1]
    quotes = 0
    for number, word in enumerate(words):
        if word.quoted:
            quotes |= 1 << number
    to_last = last.offset - first.offset if last.line == first.line else 0
    args = [word.text for word in words[1:]]
    return Directive(first.text, args, source, first.line, first.offset, to_last, quotes, **rest)


def parse(source: NginxFile) -> list[Directive]:
    """The directives of a prepared text. Raises SyntaxProblem where nginx would refuse it."""
    return _TreeBuilder(source).build()


class _TreeBuilder(msgspec.Struct, eq=False):
    source: NginxFile
    words: list[Word] = []

    def build(self) -> list[Directive]:
        top: list[Directive] = []
        blocks = [top]
        owners: list[Directive] = []
        for word in _lexemes(self.source):
            if isinstance(word, Directive):
                blocks[-1].append(word)
                if word.block is not None:
                    self._check_depth(blocks, word.line, word.offset + word.to_opening)
                    owners.append(word)
                    blocks.append(word.block)
                continue
            mark = "" if word.quoted else word.text
            if mark == ";":
                self._close(word, blocks[-1])
            elif mark == "{":
                owners.append(self._open(word, blocks))
            elif mark == "}":
                self._end(word, blocks, owners)
            else:
                self._take(word, blocks[-1])
        self._finish(blocks, owners)
        return top

    def _take(self, word: Word, block: list[Directive]) -> None:
        """Add a word; a hole alone on its line is a statement of its own."""
        if self.words and word.line > self.words[-1].line and self._stands_alone():
            block.append(directive_of(self.words, self.source, splice=True, end_line=self.words[-1].line))
            self.words = []
        self.words.append(word)

    def _stands_alone(self) -> bool:
        return all(not word.quoted and HOLE.fullmatch(word.text) for word in self.words)

    def _close(self, mark: Word, block: list[Directive]) -> None:
        if not self.words:
            return
        name = self.words[0].text
        splice = not name.isascii() and bool(HOLE.search(name))
        block.append(directive_of(self.words, self.source, splice=splice, end_line=mark.line))
        block[-1].to_ending = mark.offset - block[-1].offset
        self.words = []

    def _open(self, mark: Word, blocks: list[list[Directive]]) -> Directive:
        if not self.words:
            raise SyntaxProblem(mark.line, 'a "{" stands where a directive was expected', self._at(mark))
        self._check_depth(blocks, mark.line, mark.offset)
        self._flush_splices(blocks[-1])
        name = self.words[0].text
        splice = not name.isascii() and bool(HOLE.search(name))
        owner = directive_of(self.words, self.source, block=[], splice=splice)
        owner.to_opening = mark.offset - owner.offset
        self.words = []
        blocks[-1].append(owner)
        assert owner.block is not None
        blocks.append(owner.block)
        return owner

    def _check_depth(self, blocks: list[list[Directive]], line: int, offset: int) -> None:
        if len(blocks) > DEEPEST:
            column = self.source._column(line, offset)
            raise SyntaxProblem(line, "is nested deeper than infralint reads", column, is_limit=True)

    def _flush_splices(self, block: list[Directive]) -> None:
        """`{{ extra }}` on a line of its own before a block's first word."""
        first = self.words[0]
        if len(self.words) > 1 and self.words[1].line > first.line and HOLE.fullmatch(first.text):
            block.append(directive_of(self.words[:1], self.source, splice=True, end_line=self.words[0].line))
            self.words = self.words[1:]

    def _end(self, mark: Word, blocks: list[list[Directive]], owners: list[Directive]) -> None:
        if self.words and self._stands_alone():
            blocks[-1].append(directive_of(self.words, self.source, splice=True, end_line=mark.line))
            self.words = []
        if self.words:
            raise self._end_too_early('";" is missing')
        if not owners:
            raise SyntaxProblem(mark.line, 'a "}" closes a block that was never opened', self._at(mark))
        owner = owners.pop()
        owner.end_line, owner.to_ending = mark.line, mark.offset - owner.offset
        blocks.pop()

    def _finish(self, blocks: list[list[Directive]], owners: list[Directive]) -> None:
        if self.words and self._stands_alone():
            blocks[-1].append(directive_of(self.words, self.source, splice=True, end_line=self.words[-1].line))
            self.words = []
        if self.words:
            raise self._end_too_early('the file ends, and ";" or "{" is missing')
        if owners:
            raise SyntaxProblem(owners[-1].line, f'the block "{owners[-1].written}" is never closed: "}}" is missing')

    def _end_too_early(self, message: str) -> SyntaxProblem:
        first = self.words[0]
        shown = self.source.prepared.original(" ".join(word.text for word in self.words[:4]))
        return SyntaxProblem(first.line, f'{message} after "{shown[:80]}"', self._at(first))

    def _at(self, word: Word) -> int:
        return self.source._column(word.line, word.offset)


# nginx's words: https://nginx.org/en/docs/beginners_guide.html#conf_structure, ngx_conf_read_token()
_WORD = r"""\s*(?:
    (?P<comment>\#[^\n]*)
    |(?P<mark>[;{}])
    |"(?P<double>(?:\\.|[^"\\])*)"
    |'(?P<single>(?:\\.|[^'\\])*)'
    |(?P<bare>(?:\\.|\$\{[^}\s]*\}?|[^\s;{}\\])+)
    |\\?\Z)"""
_TOKEN = lazy(_WORD, re.VERBOSE | re.DOTALL)
_STATEMENT = r"[^\s;{}\\\"'\#]{1,200}+(?:[ \t]{1,40}+[^\s;{}\\\"'\#]{1,200}+){0,8}+"
"""Few words on a line, each of which is as it is written."""
_LEXEME = lazy(
    rf"\s*+(?P<statement>{_STATEMENT})(?:[ \t]*+;|[ \t]*+(?<!\$)(?P<opening>\{{))|{_WORD}", re.VERBOSE | re.DOTALL
)
_QUOTED = frozenset({"double", "single"})
_LUA = "_by_lua_block"
_LUA_BLOCK = lazy(r"(?:^|(?<=[\s;{}]))\w+_by_lua_block\b[^;{}#\"']{0,200}\{", re.MULTILINE)
_LUA_TOKEN = lazy(
    r"""(?:--)?\[(?P<level>=*)\[|--[^\n]*|"(?:\\.|[^"\\\n])*+"?|'(?:\\.|[^'\\\n])*+'?|(?P<brace>[{}])""", re.DOTALL
)


def _without_lua(text: str) -> str:
    """The text with what Lua says between braces blanked: a brace in its strings and comments is none of nginx's.

    https://github.com/openresty/lua-nginx-module#directives
    """
    kept, at = [], 0
    for opening in _LUA_BLOCK.finditer(text):
        start = opening.start()
        if start < at or "#" in text[max(at, text.rfind("\n", 0, start)) : start]:
            continue  # in the code before it, or in a comment
        end = _end_of_lua(text, opening.end())
        kept += [text[at : opening.end()], re.sub(r"[^\n]", " ", text[opening.end() : end])]
        at = end
    return "".join([*kept, text[at:]])


def _end_of_lua(text: str, start: int) -> int:
    """Where the brace stands that closes the one before `start`; the text's end if none does."""
    depth = 1
    while found := _LUA_TOKEN.search(text, start):
        start = found.end()
        if found["level"] is not None:
            start = text.find(f"]{found['level']}]", start)
            if start < 0:
                return len(text)
        elif found["brace"]:
            depth += 1 if found[0] == "{" else -1
            if not depth:
                return found.start()
    return len(text)


def _lexemes(source: NginxFile) -> Iterator[Word | Directive]:
    """The words of a text with their lines and offsets, and at once what is plainly a directive; comments go to the source.

    crossplane's lexer gives the same words (a test holds them together) at a tenth of the speed.
    """
    text = _without_lua(source.prepared.text) if _LUA in source.prepared.text else source.prepared.text
    line, counted, end, after_quote, is_beginning = 1, 0, 0, False, True
    for found in _LEXEME.finditer(text):
        kind = found.lastgroup
        if kind is None:
            break
        opens = kind == "opening"
        if opens:
            kind = "statement"
        if is_beginning and kind == "statement":
            start, end = found.start(kind), found.end()
            line += text.count("\n", counted, start)
            counted = start
            yield _plain_directive(found[kind], source, line, start, end - 1, opens)
            continue
        word, quoted = found[kind], kind in _QUOTED
        start = found.start(kind) - quoted
        if kind == "bare" and word[0] in "\"'":
            break
        if after_quote and start == end and text[start] not in ";{)":
            raise SyntaxProblem(
                bisect_right(source.line_starts, start), f'unexpected "{text[start]}" after a quoted word'
            )
        end, after_quote = found.end(), quoted
        if end - start > LONGEST_WORD and kind != "comment" and not source.prepared.holes:
            raise SyntaxProblem(bisect_right(source.line_starts, start), "too long parameter")
        line += text.count("\n", counted, start)
        counted = start
        if kind == "comment":
            source.comments.append((line, word[1:].strip()))
        elif kind == "statement":
            yield from _words_from(text, start, line)
            yield Word(text[end - 1], line, end - 1, False)
            is_beginning = True
        else:
            yield Word(intern(_unescape(word) if "\\" in word else word), line, start, quoted)
            is_beginning = kind == "mark"
    if text[end:].strip():
        raise _open_quote(source, end)


def _plain_directive(
    written: str, source: NginxFile, line: int, start: int, ending: int, opens: bool = False
) -> Directive:
    """The directive of words on a line that are as they are written. ending: where its `;` stands, or, where it opens a
    block, its `{`."""
    name, args, splice = _split(written)
    to_last = len(written) - len(args[-1] if args else name)
    if opens:
        return Directive(name, args, source, line, start, to_last, 0, [], 0, "", "", splice, ending - start)
    return Directive(name, args, source, line, start, to_last, 0, None, line, "", "", splice, 0, ending - start)


@lru_cache(512)
def _split(written: str) -> tuple[str, list[str], bool]:
    """The name, the arguments and whether the name has a hole; lines that read alike share them."""
    name, *args = map(intern, written.split())
    return name, args, not name.isascii() and bool(HOLE.search(name))


def _words_from(text: str, start: int, line: int) -> Iterator[Word]:
    """The words of a text from an offset on, which is on that line, up to a mark."""
    for found in _TOKEN.finditer(text, start):
        kind = found.lastgroup
        if kind is None or kind == "mark":
            return
        if kind != "comment":
            word, quoted = found[kind], kind in _QUOTED
            offset = found.start(kind) - quoted
            yield Word(
                _unescape(word) if "\\" in word else word, line + text.count("\n", start, offset), offset, quoted
            )


_ESCAPE = lazy(r"""\\(["'\\trn])""")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}


def _unescape(written: str) -> str:
    """A word as nginx takes it: these escapes stand for one character, a backslash before any other stays.

    https://github.com/nginx/nginx/blob/master/src/core/ngx_conf_file.c, ngx_conf_read_token()
    """
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), written)


def _open_quote(source: NginxFile, end: int) -> SyntaxProblem:
    start = end + len(source.prepared.text[end:]) - len(source.prepared.text[end:].lstrip())
    return SyntaxProblem(bisect_right(source.line_starts, start), "a quote is opened here and never closed")
