"""Properties that hold for every text: the tree is what was written, and inheritance takes the nearest."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from crossplane import lexer
from hypothesis import given, settings
from hypothesis import strategies as st

from infralint.model import Known
from infralint.project import Project
from infralint.project.config import Settings
from infralint.sources import nginx
from infralint.sources.nginx.templates import prepare
from infralint.sources.nginx.tree import (
    Directive,
    NginxFile,
    SyntaxProblem,
    Word,
    _lexemes,
    parse,
)

WORDS = st.text("abcxyz019/._-$:~^=*+", min_size=1, max_size=8).filter(lambda word: not word.endswith("$"))
GAPS = st.sampled_from([" ", "\n", "\t", "  \n  ", " # a { comment; }\n", "\r\n"])
QUOTES = st.sampled_from(["", "'", '"'])


@st.composite
def written(draw: st.DrawFn, depth: int = 0) -> tuple[str, list]:
    """A text of directives, and what it says: name, arguments, block."""
    text, said = "", []
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.text("abc_", min_size=1, max_size=6))
        arguments = draw(st.lists(WORDS, max_size=3))
        text += draw(GAPS) + name
        for argument in arguments:
            quote = draw(QUOTES)
            text += draw(GAPS) + quote + argument + quote
        if depth < 3 and draw(st.booleans()):
            inner, block = draw(written(depth + 1))
            text += draw(GAPS) + "{" + inner + draw(GAPS) + "}"
            said.append((name, arguments, block))
        else:
            text += draw(st.sampled_from([";", " ;"]))
            said.append((name, arguments, None))
    return text + draw(GAPS), said


def tree(directives: list[Directive]) -> list:
    return [(one.name, one.args, None if one.block is None else tree(one.block)) for one in directives]


def source_of(text: str) -> NginxFile:
    return NginxFile("nginx.conf", "nginx.conf", prepare(text))


@given(written())
def test_what_is_written_is_what_is_read(example: tuple[str, list]) -> None:
    text, said = example
    assert tree(parse(source_of(text))) == said


@given(written())
def test_every_directive_is_where_it_says(example: tuple[str, list]) -> None:
    text, _ = example
    lines = text.split("\n")
    for top in parse(source_of(text)):
        for one in top.walk():
            where = one.where
            shown = lines[where.line - 1][where.column - 1 : where.end_column - 1]
            assert shown.startswith(one.name)
            if one.words[-1].line == one.words[0].line:
                assert shown.rstrip("\"'").endswith(one.words[-1].text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    problem = None
    try:
        parse(source_of(text))
    except SyntaxProblem as refused:
        problem = refused
    assert problem is None or (1 <= problem.line <= text.count("\n") + 2 and problem.message)


@given(written())
def test_the_words_are_those_of_crossplane(example: tuple[str, list]) -> None:
    source = source_of(example[0])
    words = []
    for lexeme in _lexemes(source):
        found = [lexeme] if isinstance(lexeme, Word) else lexeme.words
        words += [(word.text, word.quoted) for word in found]
        if not isinstance(lexeme, Word):
            at = lexeme.ending if lexeme.block is None else lexeme.opening
            assert example[0][at] == (";" if lexeme.block is None else "{")
            words.append((example[0][at], False))
    theirs = [(word, bool(quoted)) for word, _, quoted in lexer._lex_file_object(io.StringIO(example[0] + "\n"))]
    assert words == [one for one in theirs if one[1] or not one[0].startswith("#")]
    assert [text for _, text in source.comments] == [
        word[1:].strip() for word, quoted in theirs if not quoted and word.startswith("#")
    ]


LUA = [
    'ngx.say("}")',
    "-- a brace in a comment }",
    "local t = { a = { 1, 2 } }",
    "--[[ } ]] x = 1",
    "s = [[ } ]]",
    "s = [==[ ]] } ]==]",
    "s = 'it''s }'",
    'if a then b() end -- "',
    "",
]


@given(st.lists(st.lists(st.sampled_from(LUA), max_size=4), min_size=1, max_size=4), st.booleans())
def test_lua_between_braces_moves_nothing(blocks: list[list[str]], inline: bool) -> None:
    gap = "\n" if not inline else " \n "
    text = "".join(
        f"location /{number} {{ access_by_lua_block {{ {gap.join(lines)}\n}} proxy_pass http://b{number}; }}\n"
        for number, lines in enumerate(blocks)
    )
    lines = text.split("\n")
    passes = [one for top in parse(source_of(text)) for one in top.walk() if one.name == "proxy_pass"]
    assert [one.args for one in passes] == [[f"http://b{number}"] for number in range(len(blocks))]
    for one in passes:
        assert lines[one.where.line - 1][one.where.column - 1 :].startswith(f"proxy_pass {one.args[0]};")


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.text("server{}location/ ;proxy_pass http:app\n${}%#'\"", max_size=300))
def test_any_project_is_read(blob: bytes, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nginx.conf").write_bytes(blob)
        (Path(folder) / "site.conf.j2").write_text(text)
        reading = nginx.read(Project(Path(folder), Settings(), Path(folder)))
        assert reading.platform == "nginx"


LEVELS = st.lists(st.one_of(st.none(), st.integers(1, 300)), min_size=4, max_size=4)


@settings(deadline=None)
@given(LEVELS, st.permutations(["a", "b", "c"]))
def test_the_nearest_level_rules(values: list[int | None], order: list[str]) -> None:
    """http, server, location, nested location; siblings never count."""

    def said(value: int | None) -> str:
        return f"proxy_read_timeout {value}s;\n" if value else ""

    nested = f"location /a/b {{ {said(values[3])} proxy_pass http://app; }}"
    siblings = [f"location /{name}x {{ proxy_read_timeout 999s; }}\n" for name in order]
    location = f"location /a {{ {siblings[0].replace('/', '/a/')} {said(values[2])} {nested} }}"
    text = f"events {{}} http {{ {said(values[0])} server {{ {siblings[1]} {location} {said(values[1])} {siblings[2]} }} }}"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nginx.conf").write_text(text)
        [hop] = nginx.read(Project(Path(folder), Settings(), Path(folder))).hops
    timeout = hop.idle_timeout
    assert isinstance(timeout, Known)
    nearest = next((value for value in reversed(values) if value), 60)
    assert timeout.value == nearest
    expected = "default" if not any(values) else "explicit" if values[3] else "inherited"
    assert timeout.origin == expected
