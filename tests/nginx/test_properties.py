"""Properties that hold for every text: the tree is what was written, and inheritance takes the nearest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from infralint.config import Settings
from infralint.model import Known
from infralint.project import Project
from infralint.sources import nginx
from infralint.sources.nginx.templates import prepare
from infralint.sources.nginx.tree import (
    Directive,
    Source,
    SyntaxProblem,
    Word,
    _crossplane_tokens,
    _plain_tokens,
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


def source_of(text: str) -> Source:
    return Source("nginx.conf", "nginx.conf", prepare(text))


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
    def words(read: Callable[[Source], Iterator[Word]]) -> tuple[list, list]:
        source = source_of(example[0])
        found = [(word.text, word.line, word.offset, word.quoted) for word in read(source)]
        return found, source.comments

    assert words(_plain_tokens) == words(_crossplane_tokens)


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
