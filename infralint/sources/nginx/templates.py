"""Configuration that is rendered before nginx reads it: holes become single words, line numbers hold.

A hole is one private-use character, so that it stays part of the word it stands in
(`http://{{ host }}:80`); control blocks (`{% if %}`, `{{- range }}`) are blanked, and what
stands between them is remembered as conditional.
"""

from __future__ import annotations

import re
from bisect import bisect_right

import msgspec

from infralint.text.lazy import lazy

HOLE = lazy("[\U000f0000-\U0010fffd]")
RENDERED_FROM = (".template", ".tmpl", ".tpl", ".j2", ".jinja", ".jinja2", ".inc.template", ".conf.template", ".sample")
"""Endings under which a repository keeps what will have none on the server."""
_FIRST_HOLE = 0xF0000
_MOST_HOLES = 0x10000

_OTHER_LANGUAGES = (
    ("ERB", "<%", lazy(r"<%[=\-#]?[^%\n]")),
    ("Terraform template directives", "%{", lazy(r"%\{\s*(?:if|for|else|endif|endfor)\b")),
    ("%%name%% placeholders", "%%", lazy(r"%%\w[\w.\-]*%%")),
    ("@name@ placeholders", "@", lazy(r"(?<![\w@.~=\-/])@[A-Z][A-Z0-9_]*@(?!\w)")),
    ("__NAME__ placeholders", "__", lazy(r"(?<!\w)__[A-Z][A-Z0-9_]*__(?!\w)")),
)
_MOUSTACHE = lazy(r"\{\{[^{}]|\{%[-+ \w]|\{#[^{}]*#\}")
_MARKS = lazy(
    r"(?P<comment>\{#.*?#\}|\{\{-?\s*/\*.*?\*/\s*-?\}\})"
    r"|(?P<statement>\{%.*?%\})"
    r"|(?P<value>\{\{(?:[^{}\"'`]|\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`|\{[^{}]*\})*\}\}+)",
    re.DOTALL,
)
_ENVIRONMENT = lazy(r"\$\{([A-Z_][A-Z0-9_]*)(?::?-([^}]*))?\}|\$([A-Z][A-Z0-9_]*)\b")
_OWN = lazy(r"\b(?:map|geo|split_clients)\s[^;{}]*\$([A-Z][A-Z0-9_]*)\s*\{|\bset\s+\$([A-Z][A-Z0-9_]*)\s")
"""Variables of nginx's own that a file defines, in capitals."""
_OPENING = {"if", "for", "unless", "with", "range", "case", "macro", "block", "define", "call", "filter", "tablerow"}
_LOOPS = {"for", "range", "tablerow", "with"}
_BRANCHES = {"else", "elif", "elsif", "when"}

_COMMENT_LINES = lazy(r"^[ \t]*#.*$|'[^'\n]*'", re.MULTILINE)

Condition = tuple[int, int]
"""Number of a control block in its file, and of the branch of it."""


class Prepared(msgspec.Struct, eq=False):
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
    loops: set[int] = set()
    exhaustive: set[int] = set()
    branches: dict[int, int] = {}

    def conditions_at(self, offset: int) -> tuple[Condition, ...]:
        """The control blocks that an offset stands in, outermost first."""
        return self.stacks[bisect_right(self.starts, offset) - 1] if len(self.starts) > 1 else ()

    def original(self, word: str) -> str:
        """A word as its author wrote it."""
        return HOLE.sub(lambda hole: self.holes.get(hole[0], hole[0]), word) if self.holes else word


def foreign_language(text: str) -> str | None:
    """The template language of a text that infralint does not read, if it is in one."""
    text = _COMMENT_LINES.sub("", text)
    for name, begins, mark in _OTHER_LANGUAGES:
        if begins in text and mark.search(text):
            return name
    return None


def prepare(text: str, branches: int | None = None) -> Prepared:
    """Make a template readable as nginx. branches=0 keeps only the first branch of every control block."""
    result = Prepared(text, text)
    if ("{{" in text or "{%" in text or "{#" in text) and _MOUSTACHE.search(text):
        _Moustache(result, branches).run()
    if "$" in result.text:
        own = {name for names in _OWN.findall(result.text) for name in names}
        result.text = _ENVIRONMENT.sub(
            lambda found: found[0] if (found[1] or found[3]) in own else _hole(result, found[0]), result.text
        )
    return result


def environment_name(written: str) -> tuple[str, str | None] | None:
    """The variable of `${NAME}`, `${NAME:-default}` or `$NAME`, with its default."""
    found = _ENVIRONMENT.fullmatch(written)
    return (found[1] or found[3], found[2]) if found else None


def _hole(result: Prepared, written: str) -> str:
    """A private character that stands for what only rendering tells."""
    mark = chr(_FIRST_HOLE + len(result.holes) % _MOST_HOLES)
    result.holes[mark] = written
    return mark


class _Moustache:
    """One pass over Jinja, Liquid, Go and Helm marks."""

    def __init__(self, result: Prepared, branches: int | None) -> None:
        self.result = result
        self.branches = branches
        self.open: list[tuple[int, int, str]] = []
        self.pieces: list[str] = []
        self.length = 0

    def run(self) -> None:
        text, end = self.result.text, 0
        for mark in _MARKS.finditer(text):
            self._keep(text[end : mark.start()])
            self._replace(mark)
            end = mark.end()
        self._keep(text[end:])
        self.result.text = "".join(self.pieces)

    def _replace(self, mark: re.Match[str]) -> None:
        kind, written = mark.lastgroup, mark[0]
        words = written.strip("{}%#- \t\n+~").split()
        first = words[0] if words else ""
        if kind == "comment":
            self._put(_blank(written))
        elif kind == "statement" or first in _OPENING | _BRANCHES | {"end"}:
            self._control(first, words, written)
        elif ":=" in words or (len(words) > 1 and words[1] == "=" and first.startswith("$")):
            self._put(_blank(written))
        else:
            self._put(_hole(self.result, written) + "\n" * written.count("\n"))

    def _control(self, first: str, words: list[str], written: str) -> None:
        if first in _BRANCHES and self.open:
            number, branch, opened = self.open[-1]
            self.open[-1] = (number, branch + 1, opened)
            self.result.branches[number] = branch + 1
            if len(words) == 1 and first == "else":
                self.result.exhaustive.add(number)
        elif first.startswith("end") and self.open:
            self.open.pop()
        elif first in _OPENING:
            self._open(first, words)
        elif first in ("include", "template"):
            self._put(_hole(self.result, written) + "\n" * written.count("\n"))
            return
        self._put(_blank(written))
        self._mark()

    def _open(self, first: str, words: list[str]) -> None:
        number = len(self.result.headings)
        self.result.headings.append(" ".join(words))
        if first in _LOOPS:
            self.result.loops.add(number)
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


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
