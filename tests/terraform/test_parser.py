"""The parser reads what python-hcl2 reads: the same blocks with the same labels, the same attributes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import hcl2.parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import idle, reading
from readme import ROOT

from infralint.engine.pages import examples
from infralint.sources.terraform.hcl import Block, HclFile, parse


@pytest.fixture(autouse=True, scope="module")
def _grammar(tmp_path_factory: pytest.TempPathFactory) -> None:
    """python-hcl2 keeps its grammar as a pickle: here, in a folder of the tests' own."""
    hcl2.parser.PARSER_FILE = tmp_path_factory.mktemp("hcl2") / "grammar"


def _texts() -> Iterator[object]:
    for path in sorted((ROOT / "fixtures").rglob("*.tf")):
        yield pytest.param(path.read_text(), id=str(path.relative_to(ROOT / "fixtures")))
    for page in sorted((ROOT / "checks").glob("*.md")):
        for example in examples(page):
            for name, text in example.files.items():
                if name.endswith(".tf"):
                    yield pytest.param(text, id=f"{page.stem}:{example.line}:{name}")


Shape = tuple[Any, ...]


def _ours(block: Block) -> Counter[Shape]:
    found: Counter[Shape] = Counter((name,) for name in block.attributes)
    for inner in block.blocks:
        for path, count in _ours(inner).items():
            found[(inner.type, *inner.labels, *path)] += count
    return found


def _theirs(value: dict[str, Any]) -> Counter[Shape]:
    found: Counter[Shape] = Counter()
    for name, content in value.items():
        if name in ("__is_block__", "__comments__", "__inline_comments__"):
            continue
        if isinstance(content, list) and content and all(_is_block(one) for one in content):
            for one in content:
                for path, count in _theirs(one).items():
                    found[(name, *path)] += count
        elif isinstance(content, dict) and _is_block(content):
            for path, count in _theirs(content).items():
                found[(name.strip('"'), *path)] += count
        else:
            found[(name.strip('"'),)] += 1
    return found


def _is_block(value: object) -> bool:
    """Whether python-hcl2 means a block: it marks the innermost of its labels."""
    return isinstance(value, dict) and (
        "__is_block__" in value or (len(value) == 1 and _is_block(next(iter(value.values()))))
    )


def agree(text: str) -> None:
    """Both read the same."""
    assert _ours(parse(HclFile("main.tf", text))) == _theirs(hcl2.loads(text if text.endswith("\n") else f"{text}\n"))


@pytest.mark.parametrize("text", list(_texts()))
def test_the_stacks_and_pages_read_the_same(text: str) -> None:
    agree(text)


NAMES = st.from_regex(re.compile(r"[a-z][a-z0-9_]{0,6}", re.ASCII), fullmatch=True).filter(
    lambda name: name not in ("true", "false", "null", "for", "in", "if", "else", "endif", "endfor")
)
VALUES = st.sampled_from(
    '1;-2.5;true;null;"text";"a ${var.b} c";var.x;[1, 2];{ a = 1, b = var.c };a ? 1 : 2;f(1, [2]);!a && b'
    ";[for x in y : x.z if x];{ for k, v in m : k => v };a.b[0].c;a[*].b;1 + 2 * 3".split(";")
)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0) -> str:
    """A body of attributes and blocks, with comments between."""
    lines = [f"{name} = {draw(VALUES)}" for name in draw(st.lists(NAMES, unique=True, max_size=3))]
    for name in draw(st.lists(NAMES, unique=True, max_size=2)) if depth < 3 else []:
        labels = "".join(f' "{label}"' for label in draw(st.lists(NAMES, max_size=2)))
        lines.append(f"{name}x{labels} {{\n{draw(bodies(depth + 1))}\n}}")
    comments = st.sampled_from(["", "# c", "// c = 1", "/* a { */"])
    return "\n".join(f"{draw(comments)}\n{line}" for line in lines)


@settings(deadline=None, max_examples=60)
@given(bodies())
def test_random_bodies_read_the_same(text: str) -> None:
    agree(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = (max\n(1, 300))",
        "x = [1, max\n\n  (1, 300)][1]",
        "x = [for one in [1] : max\n(one, 300)][0]",
        'x = { for one in ["a"] : one => max\n(1, 300) }["a"]',
        'x = "${max # the longer\n(1, 300)}"',
        "x = max (1, 300)",
        "x = [for one in [1, 2] : 300\nif (one > 1)][0]",
    ],
)
def test_inside_brackets_a_call_may_open_on_the_next_line(tmp_path: Path, text: str) -> None:
    files = {"main.tf": f'locals {{\n  {text}\n}}\nresource "aws_lb" "main" {{\n  idle_timeout = local.x\n}}\n'}
    found = reading(tmp_path, files)
    assert not found.unreadable
    assert idle(found) == [300]


def test_a_type_may_open_its_brackets_on_lines_of_their_own(tmp_path: Path) -> None:
    kind = "map(object\n    (\n      {\n        arn = string\n      }\n    )\n  )"
    balancer = 'resource "aws_lb" "main" {\n  for_each     = var.more\n  idle_timeout = 90\n}\n'
    variable = f'variable "more" {{\n  type    = {kind}\n  default = {{ a = {{ arn = "x" }} }}\n}}\n'
    found = reading(tmp_path, {"main.tf": variable + balancer})
    assert not found.unreadable
    assert idle(found) == [90]


def test_the_fixtures_are_there(tmp_path: Path) -> None:
    assert len(list(_texts())) > 20
