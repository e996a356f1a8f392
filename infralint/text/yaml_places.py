"""YAML with places: every value knows its line and column, and no alias stands for more than a reader would write.

Values are as they are written (`yes` is the text `yes`): what a scalar means is the reader's to say, for
YAML 1.1 and 1.2 differ. https://yaml.org/spec/1.2.2/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

MOST_MERGED = 20_000
"""Members that `<<` may bring to the mappings of one document; people write some hundred."""
MERGE = "<<"


class YamlProblem(ValueError):
    """A text that is no YAML, or (is_content) one that says more than can be read: message, line, column (1-based)."""

    def __init__(self, message: str, line: int = 0, column: int = 0, is_content: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.is_content = is_content


class Span(NamedTuple):
    """Where something is written: line, column and, on the same line, end column (1-based, exclusive)."""

    line: int
    column: int
    end_column: int


class YamlValue(msgspec.Struct, eq=False):
    """A scalar (text), a sequence (items) or a mapping (members, by the text of their keys).

    keys: where each key stands. quoted: a scalar in quotes or a block, which is text whatever it looks like. tag:
    as written (`!Ref`), "" for none.
    """

    span: Span
    text: str | None = None
    items: list[YamlValue] | None = None
    members: dict[str, YamlValue] | None = None
    keys: dict[str, Span] = {}
    quoted: bool = False
    tag: str = ""

    @property
    def line(self) -> int:
        return self.span.line

    @property
    def is_null(self) -> bool:
        return self.text is not None and not self.quoted and self.text in ("", "~", "null", "Null", "NULL")

    def get(self, *path: str) -> YamlValue | None:
        """A member, or a member of a member; None where it is not there or no mapping leads to it."""
        value: YamlValue | None = self
        for key in path:
            value = (value.members or {}).get(key) if value is not None else None
        return value

    def text_of(self, *path: str) -> str:
        """The text of a scalar member; empty where it is none, or null."""
        value = self.get(*path)
        return value.text if value is not None and value.text is not None and not value.is_null else ""

    def items_of(self, *path: str) -> list[YamlValue]:
        """The items of a sequence member."""
        value = self.get(*path)
        return value.items if value is not None and value.items is not None else []

    def members_of(self, *path: str) -> dict[str, YamlValue]:
        """The members of a mapping member."""
        value = self.get(*path)
        return value.members if value is not None and value.members is not None else {}


def read_yaml(text: str, *, allow_duplicates: bool = False) -> list[YamlValue]:
    """The documents of a text, empty ones left out. Raises YamlProblem."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=loader) if node is not None and not _is_empty(node)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlProblem(str(error.problem), mark.line + 1 if mark else 0, mark.column + 1 if mark else 0) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise YamlProblem(str(error).partition("\n")[0]) from error
    try:
        return [_Reader(allow_duplicates).value(node) for node in nodes]
    except RecursionError as error:
        raise YamlProblem("is nested too deep", is_content=True) from error


class _Reader:
    """One document's nodes to values; what an alias shares is shared here, too."""

    def __init__(self, allow_duplicates: bool) -> None:
        self.allow_duplicates = allow_duplicates
        self.known: dict[int, YamlValue] = {}
        self.merged = 0

    def value(self, node: Any) -> YamlValue:
        if id(node) in self.known:
            return self.known[id(node)]
        tag = node.tag if node.tag and node.tag.startswith("!") else ""
        made = self.known[id(node)] = YamlValue(_span(node), tag=tag)
        if node.id == "scalar":
            made.text, made.quoted = str(node.value), bool(node.style)
        elif node.id == "sequence":
            made.items = [self.value(item) for item in node.value]
        else:
            self._fill(made, node)
        return made

    def _fill(self, made: YamlValue, node: Any) -> None:
        made.members, made.keys = {}, {}
        written = set()
        merges = []
        for key, value in node.value:
            if key.id != "scalar":
                raise YamlProblem("a key must be text", *_span(key)[:2], is_content=True)
            if key.value == MERGE and not key.style:
                merges.append(value)
                continue
            if key.value in written and not self.allow_duplicates:
                raise YamlProblem(f"{key.value}: stands twice", *_span(key)[:2], is_content=True)
            written.add(key.value)
            made.members[key.value] = self.value(value)
            made.keys[key.value] = _span(key)
        for name, value, span in (member for merge in merges for member in self._merged(merge)):
            if name not in made.members:
                made.members[name] = value
                made.keys[name] = span

    def _merged(self, node: Any) -> Iterator[tuple[str, YamlValue, Span]]:
        """What `<<` brings: the members of a mapping, or of each of a list of them, the first first."""
        for source in node.value if node.id == "sequence" else [node]:
            value = self.value(source)
            for name, member in (value.members or {}).items():
                self.merged += 1
                if self.merged > MOST_MERGED:
                    raise YamlProblem("its aliases stand for more than it can hold", *_span(node)[:2], is_content=True)
                yield name, member, value.keys[name]


def _is_empty(node: Any) -> bool:
    return node.id == "scalar" and not node.value and not node.style


def _span(node: Any) -> Span:
    start, end = node.start_mark, node.end_mark
    line, column = start.line + 1, start.column + 1
    return Span(line, column, end.column + 1 if end.line == start.line else column)
