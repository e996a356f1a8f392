"""Configuration that is rendered before nginx reads it: holes become single words, line numbers hold.

A hole is one private-use character, so that it stays part of the word it stands in
(`http://{{ host }}:80`); control blocks (`{% if %}`, `{{- range }}`) are blanked, and what
stands between them is remembered as conditional.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from operator import itemgetter
from typing import Literal

import msgspec

from infralint.text.lazy import lazy

HOLE = lazy("[\U000f0000-\U0010fffd]")
TERRAFORM = ".tftpl"
"""Ending of what `templatefile()` renders."""
RENDERED_FROM = (
    *(".template", ".tmpl", ".tpl", ".j2", ".jinja", ".jinja2", ".inc.template", ".conf.template", ".sample"),
    *(".erb", ".ejs", ".epp", ".mustache", ".hbs", TERRAFORM),
)
"""Endings under which a repository keeps what will have none on the server."""
_FIRST_HOLE = 0xF0000
_MOST_HOLES = 0x10000

_OTHER_LANGUAGES = (
    ("PHP", "<?", lazy(r"<\?(?:php\b|=)")),
    ("FreeMarker", "<#", lazy(r"</?#(?:if|list|else|assign|macro)\b")),
    ("Terraform template directives", "%{", lazy(r"%\{\s*(?:if|for|else|endif|endfor)\b")),
)
_LINE_LANGUAGES = (
    ("Velocity", "#", lazy(r"^[ \t]*#(?:if|foreach|elseif)[ \t]*\((?![^\n]*\{[ \t]*$)", re.MULTILINE)),
    ("Mako", "%", lazy(r"^[ \t]*%[ \t]*(?:if|for|while)\b[^\n]*:[ \t]*$", re.MULTILINE)),
)
"""Those whose statements are lines that nginx might take for comments; `#if (...) {` is nginx's own `if`, put out of use."""
_TEMPLATE = lazy(r"\{\{[^{}]|\{%[-+ \w]|\{#[^{}]*#\}|<%[-=_#\s\w}]")
_OPENER = lazy(r"\{[{%#]|<%")
_VALUE = lazy(r"\{\{(?:[^{}\"'`]|\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`|\{[^{}]*\})*\}\}+")
_GO_COMMENT = lazy(r"\{\{-?\s*/\*")
_GO_COMMENT_END = lazy(r"\*/\s*-?\}\}")
_CLOSERS = {"{#": "#}", "{%": "%}", "<%": "%>", "{{/*": "*/"}
_ENVIRONMENT = lazy(r"\$\{([A-Z_][A-Z0-9_]*)(?::?-([^}\n]{0,1000}))?\}|\$([A-Z][A-Z0-9_]*)\b")
_TERRAFORM_VALUE = lazy(r"(?<!\$)\$\{\s*[a-z_][\w.\[\]\"-]*\s*\}")
_PLACEHOLDERS = (
    ("%%", lazy(r"%%\w[\w.\-]*%%")),
    ("@", lazy(r"(?<![\w@.~=\-/])@[A-Z][A-Z0-9_]*@(?![A-Z0-9_])")),
    ("__", lazy(r"(?<!\w)__[A-Z][A-Z0-9_]*__(?![A-Z0-9_])")),
)
"""What scripts replace by values before nginx reads a file (`sed s/__HOST__/…/`), and how it begins."""
_OWN = lazy(r"\b(?:map|geo|split_clients)\s[^;{}]{0,200}\$([A-Z][A-Z0-9_]*)\s*\{|\bset\s+\$([A-Z][A-Z0-9_]*)\s")
"""Variables of nginx's own that a file defines, in capitals."""
_OPENING = {"if", "for", "unless", "with", "range", "case", "macro", "block", "define", "call", "filter", "tablerow"}
_LOOPS = {"for", "range", "tablerow", "with"}
_BRANCHES = {"else", "elif", "elsif", "when"}

_SCRIPT_STEP = lazy(r"\}\s*else\b[^{}]*\{|\}|[^{}]*\{|[^{}]+")
"""A step of a script between `<%` and `%>` whose blocks stand in braces: a branch, an end, a beginning, or none of these."""
_RUBY_BLOCK = lazy(r"(?:if|unless|case|for|while|until|begin)\b|.*\bdo\s*(?:\|[^|]*\|)?$", re.DOTALL)

_COMMENT_LINES = lazy(r"^[ \t]*#.*$|'[^'\n]*'", re.MULTILINE)

Kind = Literal["comment", "statement", "script", "value"]
Condition = tuple[int, int]
"""Number of a control block in its file, and of the branch of it."""


class Prepared(msgspec.Struct, eq=False, dict=True):
    """Text as nginx would take it, with what was taken out; unprepared: the text as it was.

    holes: what stood where a hole is, by its character. starts, stacks: from which offset on
    which conditions hold. headings: the words of each control block (`if .Values.x`), by number; branches: the number of
    its last branch; exhaustive: those with an `else`.
    """

    text: str
    unprepared: str = ""
    holes: dict[str, str] = {}
    starts: list[int] = msgspec.field(default_factory=lambda: [0])
    stacks: list[tuple[Condition, ...]] = msgspec.field(default_factory=lambda: [()])
    headings: list[str] = []
    loops: frozenset[int] = frozenset()
    exhaustive: frozenset[int] = frozenset()
    branches: dict[int, int] = {}
    shifts: list[tuple[int, int]] | None = None

    def conditions_at(self, offset: int) -> tuple[Condition, ...]:
        """The control blocks that an offset stands in, outermost first."""
        return self.stacks[bisect_right(self.starts, offset) - 1] if len(self.starts) > 1 else ()

    @cached_property
    def unprepared_line_ends(self) -> list[int]:
        """Where in the text as it was its lines end."""
        return [found.start() for found in re.finditer("\n", self.unprepared)]

    def original(self, word: str) -> str:
        """A word as its author wrote it."""
        return HOLE.sub(lambda hole: self.holes.get(hole[0], hole[0]), word) if self.holes else word

    def original_offset(self, offset: int) -> int:
        """Where an offset of the readable text lies in the one as it was."""
        if not self.holes:
            return offset
        if self.shifts is None:
            longer = 0
            self.shifts = [(0, 0)]
            for hole in HOLE.finditer(self.text):
                longer += len(self.holes.get(hole[0], hole[0])) - len(hole[0])
                self.shifts.append((hole.end(), longer))
        return offset + self.shifts[bisect_right(self.shifts, offset, key=itemgetter(0)) - 1][1]


_UNMARKED = Prepared("")
"""What texts without a mark share: nothing is put into it."""


def foreign_language(text: str) -> str | None:
    """The template language of a text that infralint does not read, if it is in one."""
    marked = [language for language in _OTHER_LANGUAGES if language[1] in text]
    plain = _COMMENT_LINES.sub("", text) if marked else ""
    for name, begins, mark in marked:
        if begins in plain and mark.search(plain):
            return name
    return next((name for name, begins, mark in _LINE_LANGUAGES if begins in text and mark.search(text)), None)


def prepare(text: str, branches: int | None = None, path: str = "") -> Prepared:
    """Make a template readable as nginx. branches=0 keeps only the first branch of every control block. path: of its file."""
    result = Prepared(text, text)
    if path.endswith(TERRAFORM):
        result.text = _TERRAFORM_VALUE.sub(lambda found: _hole(result, found[0]), result.text)
    if ("{{" in text or "{%" in text or "{#" in text or "<%" in text) and _TEMPLATE.search(text):
        _Renderer(result, branches).run()
    for begins, placeholder in _PLACEHOLDERS:
        if begins in result.text:
            result.text = placeholder.sub(lambda found: _hole(result, found[0]), result.text)
    if "$" in result.text and _ENVIRONMENT.search(result.text):
        defined = {name for names in _OWN.findall(result.text) for name in names}
        result.text = _ENVIRONMENT.sub(
            lambda found: found[0] if (found[1] or found[3]) in defined else _hole(result, found[0]), result.text
        )
    if result.holes or result.headings or result.text is not text:
        return result
    return Prepared(text, text, _UNMARKED.holes, _UNMARKED.starts, _UNMARKED.stacks, _UNMARKED.headings)


def environment_name(written: str) -> tuple[str, str | None] | None:
    """The variable of `${NAME}`, `${NAME:-default}` or `$NAME`, with its default."""
    found = _ENVIRONMENT.fullmatch(written)
    return (found[1] or found[3], found[2]) if found else None


def _hole(result: Prepared, written: str) -> str:
    """A private character that stands for what only rendering tells."""
    mark = chr(_FIRST_HOLE + len(result.holes) % _MOST_HOLES)
    result.holes[mark] = written
    return mark


def _marks(text: str) -> Iterator[tuple[int, int, Kind]]:
    """Where a template language has its marks: start, end and kind. Each kind's closing mark is looked for once at most in vain."""
    at = 0
    closers = dict(_CLOSERS)
    while opener := _OPENER.search(text, at):
        start, mark = opener.start(), opener[0]
        end, kind = _brace_mark(text, start, closers) if mark == "{{" else _plain_mark(text, start, mark, closers)
        at = end if end > 0 else start + (1 if mark == "{{" else 2)
        if end > 0:
            yield start, end, kind


def _plain_mark(text: str, start: int, mark: str, closers: dict[str, str]) -> tuple[int, Kind]:
    """The end and the kind of `{# #}`, `{% %}` and `<% %>`; 0 where it is never closed."""
    if mark not in closers:
        return 0, "comment"
    end = text.find(closers[mark], start + 2)
    if end < 0:
        del closers[mark]
        return 0, "comment"
    if mark == "<%":
        return end + 2, "comment" if text.startswith("<%#", start) else "script"
    return end + 2, "comment" if mark == "{#" else "statement"


def _brace_mark(text: str, start: int, closers: dict[str, str]) -> tuple[int, Kind]:
    """The end and the kind of `{{ }}`; 0 where it is never closed."""
    if _GO_COMMENT.match(text, start):
        found = _GO_COMMENT_END.search(text, start) if "{{/*" in closers else None
        if found is None:
            closers.pop("{{/*", None)
        return (found.end() if found else 0), "comment"
    value = _VALUE.match(text, start)
    return (value.end() if value else 0), "value"


DEEPEST_BLOCKS = 100
"""Blocks within each other that are told apart; what is nested deeper is taken for a part of the innermost."""


class _Renderer:
    """One pass over the marks of Jinja, Liquid, Go, Helm, Handlebars, EJS, ERB and EPP."""

    def __init__(self, result: Prepared, branches: int | None) -> None:
        self.result = result
        self.branches = branches
        self.open: list[tuple[int, int, str]] = []
        self.beyond = 0
        self.pieces: list[str] = []
        self.length = 0

    def run(self) -> None:
        text, end = self.result.text, 0
        for start, after, kind in _marks(text):
            self._keep(text[end:start])
            self._replace(text[start:after], kind)
            end = after
        self._keep(text[end:])
        self.result.text = "".join(self.pieces)

    def _replace(self, written: str, kind: Kind) -> None:
        words = written.strip("{}%#- \t\n+~").split()
        first = words[0] if words else ""
        if kind == "comment":
            self._put(_blank(written))
        elif kind == "script":
            self._script(written)
        elif written.startswith(("{{#", "{{^", "{{/")):
            self._section(written, words)
        elif kind == "statement" or first in _OPENING | _BRANCHES | {"end"}:
            self._control(first, words, written)
        elif ":=" in words or (len(words) > 1 and words[1] == "=" and first.startswith("$")):
            self._put(_blank(written))
        else:
            self._fill(written)

    def _fill(self, written: str) -> None:
        """A hole where a value will stand."""
        self._put(_hole(self.result, written) + "\n" * written.count("\n"))

    def _section(self, written: str, words: list[str]) -> None:
        """`{{#if x}}`, `{{#each x}}`, `{{#x}}`, `{{^x}}` and `{{/x}}` of Handlebars and Mustache."""
        if written.startswith("{{/") and self.open:
            self._close()
        elif not written.startswith("{{/"):
            condition = written.startswith("{{^") or words[:1] in (["if"], ["unless"])
            self._open("if" if condition else "for", words)
        self._put(_blank(written))
        self._mark()

    def _script(self, written: str) -> None:
        """`<% %>`: a value after `=`, in EJS also after `-`; else statements of JavaScript, Ruby or Puppet."""
        inner = written[2:-2].strip("-_ \t\r\n")
        ruby = inner.split(None, 1)[0] if inner else ""
        opens = bool(_RUBY_BLOCK.match(inner)) and not inner.endswith("{")
        braces = inner.endswith("{") or inner.startswith("}")
        if written.startswith("<%=") or (written.startswith("<%-") and not (opens or braces or _is_ruby(ruby, inner))):
            self._fill(written)
            return
        if ruby == "end" and self.open:
            self._close()
        elif ruby in ("else", "elsif", "when", "in", "rescue"):
            self._branch(inner == "else")
        elif opens and not braces:
            self._open(ruby if ruby in ("if", "unless", "case") else "for", inner.split())
        else:
            self._steps(inner)
        self._put(_blank(written))
        self._mark()

    def _steps(self, script: str) -> None:
        """Blocks in braces that a script opens, divides and closes."""
        for step in _SCRIPT_STEP.findall(script):
            if step == "}" and self.open:
                self._close()
            elif step == "}":
                continue
            elif step.startswith("}"):
                self._branch("if" not in step)
            elif step.endswith("{"):
                heading = step.rstrip("{ \t\r\n")
                self._open("if" if re.match(r"\s*if\b", heading) else "for", heading.split())

    def _branch(self, last: bool) -> None:
        """The next branch of the block that is open. last: it holds whenever no other does."""
        if self.open and not self.beyond:
            number, branch, opened = self.open[-1]
            self.open[-1] = (number, branch + 1, opened)
            self.result.branches[number] = branch + 1
            if last:
                self.result.exhaustive |= {number}

    def _control(self, first: str, words: list[str], written: str) -> None:
        if first in _BRANCHES:
            self._branch(words == ["else"])
        elif first.startswith("end") and self.open:
            self._close()
        elif first in _OPENING:
            self._open(first, words)
        elif first in ("include", "template"):
            self._fill(written)
            return
        self._put(_blank(written))
        self._mark()

    def _close(self) -> None:
        if self.beyond:
            self.beyond -= 1
        else:
            self.open.pop()

    def _open(self, first: str, words: list[str]) -> None:
        if len(self.open) >= DEEPEST_BLOCKS:
            self.beyond += 1
            return
        number = len(self.result.headings)
        self.result.headings.append(" ".join(words))
        if first in _LOOPS:
            self.result.loops |= {number}
        self.open.append((number, 0, first))

    def _mark(self) -> None:
        self.result.starts.append(self.length)
        self.result.stacks.append(tuple((number, branch) for number, branch, _ in self.open))

    def _keep(self, text: str) -> None:
        dropped = self.branches is not None and any(branch > self.branches for _, branch, _ in self.open)
        self._put(_blank(text) if dropped else text)

    def _put(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)


def _is_ruby(first: str, inner: str) -> bool:
    """Whether what stands after `<%-` is a statement of Ruby's or Puppet's, and no value of EJS's."""
    return (
        first in ("end", "else", "elsif", "when") or inner.startswith("|") or bool(re.match(r"[@$]?\w+\s*=[^=]", inner))
    )


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
