"""YAML with places: every value knows its line and column, and no alias stands for more than a reader would write.

Values are as they are written (`yes` is the text `yes`): what a scalar means is the reader's to say, for
YAML 1.1 and 1.2 differ. https://yaml.org/spec/1.2.2/
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import is_
from typing import Any

import msgspec

from infralint.text.bad_text import BadText

MOST_MERGED = 20_000
"""Members that `<<` may bring to the mappings of one document; people write some hundred."""
MOST_ALIASED = 100_000
"""Values that the aliases of one document may stand for, each as often as it is reached; people write some thousand. The
programs that read these files draw such a line, too: https://pkg.go.dev/gopkg.in/yaml.v3 ("excessive aliasing")."""
_A_VALUE = 100
"""Characters of a text that count as one more value."""
DEEPEST = 200
"""Levels of lists and mappings within each other; people write some ten."""
MERGE = "<<"
_TEXT = "tag:yaml.org,2002:str"
_TOO_MUCH = "its aliases stand for more than it can hold"
_TOO_DEEP = "exceeded maximum nesting depth"
"""What the parser in C says of its own limit."""
_HOLES = ("{{", "{%", "<%")


NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def has_holes(text: str) -> bool:
    """Whether a text is one that something else fills in before it is read: Go's templates, Jinja, ERB."""
    return any(hole in text for hole in _HOLES)


class YamlProblem(BadText):
    """A text that is no YAML, or whose content is not what is taken."""

    language = "YAML"


class YamlSpan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where something is written: line, column and, on the same line, end column (1-based, exclusive)."""

    line: int
    column: int
    end_column: int


class YamlValue(msgspec.Struct, eq=False, array_like=True, gc=False):
    """A scalar (text), a sequence (items) or a mapping (members, by the text of their keys).

    keys: where each key stands. quoted: a scalar in quotes, a block or a `!!str`, which is text whatever it looks like. tag:
    as written (`!Ref`), "" for none.
    """

    span: YamlSpan
    text: str | None = None
    items: list[YamlValue] | None = None
    members: dict[str, YamlValue] | None = None
    keys: dict[str, YamlSpan] = {}
    quoted: bool = False
    tag: str = ""

    @property
    def line(self) -> int:
        return self.span.line

    @property
    def is_null(self) -> bool:
        return self.text in NULLS and not self.quoted

    def get(self, *path: str) -> YamlValue | None:
        """A member, or a member of a member; None where it is not there or no mapping leads to it."""
        value: YamlValue = self
        for key in path:
            member = value.members.get(key) if value.members else None
            if member is None:
                return None
            value = member
        return value

    def text_of(self, *path: str) -> str:
        """The text of a scalar member; empty where it is none, or null."""
        value: YamlValue = self  # as `get`, which is asked tens of thousands of times
        for key in path:
            member = value.members.get(key) if value.members else None
            if member is None:
                return ""
            value = member
        text = value.text
        return "" if text is None or (text in NULLS and not value.quoted) else text

    def items_of(self, *path: str) -> list[YamlValue]:
        """The items of a sequence member."""
        value = self.get(*path)
        return value.items if value is not None and value.items is not None else []

    def members_of(self, *path: str) -> dict[str, YamlValue]:
        """The members of a mapping member."""
        value = self.get(*path)
        return value.members if value is not None and value.members is not None else {}


def read_yaml(
    text: str, *, allow_duplicates: bool = False, first_line: int = 1, repeated: list[YamlProblem] | None = None
) -> list[YamlValue]:
    """The documents of a text, empty ones left out. first_line: the number of its first line. repeated: where keys that stand
    twice are noted, of which the last counts. Raises YamlProblem."""
    import yaml

    try:
        nodes = _nodes(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + first_line, mark.column + 1) if mark else (0, 0)
        if error.problem == _TOO_DEEP:
            raise YamlProblem("is nested deeper than infralint reads", line, column, is_content=True) from error
        context = f"{error.context}: " if error.context and error.context.startswith("found") else ""
        raise YamlProblem(f"{context}{error.problem}", line, column) from error
    except yaml.reader.ReaderError as error:
        raise YamlProblem(str(error).partition("\n")[0], _line_of_byte(text, error.position, first_line)) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise YamlProblem(str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise YamlProblem("is nested deeper than infralint reads", is_content=True) from error
    if allow_duplicates and repeated is None:
        repeated = []
    return [_YamlReader(first_line, repeated).value(node) for node in nodes]


def _nodes(text: str) -> list[Any]:
    """What PyYAML composes of a text: in C, where no anchor is given twice, which that refuses and YAML allows."""
    import yaml

    try:
        found = list(yaml.compose_all(text, Loader=_loader()))
    except yaml.composer.ComposerError as error:
        if not str(error.context).startswith("found duplicate anchor"):
            raise
        found = list(yaml.compose_all(text, Loader=_lenient_loader()))
    return [node for node in found if node is not None and not _is_empty(node)]


@cache
def _lenient_loader() -> Any:
    """PyYAML's parser in Python, for which an alias means the last node that bears its anchor.

    https://yaml.org/spec/1.2.2/#71-alias-nodes
    """
    import yaml

    class AnchorsAgain(_plain_loader(yaml.BaseLoader)):  # type: ignore[misc]
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            if not isinstance(event, yaml.AliasEvent):
                self.anchors.pop(event.anchor, None)
            return super().compose_node(parent, index)

    return AnchorsAgain


@cache
def _loader() -> Any:
    """PyYAML's parser, in C where it is there."""
    import yaml

    return _plain_loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def _plain_loader(base: Any) -> Any:
    """A parser that leaves it to readers what a scalar means: no tag but those that are written, whatever is asked."""

    class Loader(base):  # type: ignore[misc]
        # Asked three times a node: functions in C cost nothing, and none of these is bound to the parser.
        resolve = "".format
        descend_resolver = is_
        ascend_resolver = str

    return Loader


def _line_of_byte(text: str, position: object, first_line: int) -> int:
    """The line of a text on which a byte of it stands; 0 if that is not told."""
    return text.encode()[:position].count(b"\n") + first_line if isinstance(position, int) else 0


class _YamlReader:
    """One document's nodes to values; what an alias shares is shared here, too."""

    def __init__(self, first_line: int, repeated: list[YamlProblem] | None) -> None:
        """repeated: as for `read_yaml`; None: no key may stand twice."""
        self.first_line = first_line
        self.repeated = repeated
        self.known: dict[int, YamlValue] = {}
        self.sizes: dict[int, int] = {}
        self.merged = self.aliased = 0
        self.depth = 0

    def value(self, node: Any) -> YamlValue:
        known = self.known.get(id(node))
        if known is not None:
            self._count_alias(known)
            return known
        tag = node.tag if node.tag.startswith("!") else ""
        made = self.known[id(node)] = YamlValue(self._span(node), tag=tag)
        if node.id == "scalar":
            made.text, made.quoted = node.value, bool(node.style) or node.tag == _TEXT
            return made
        self.depth += 1
        if self.depth > DEEPEST:
            raise YamlProblem(
                "is nested deeper than infralint reads", made.span.line, made.span.column, is_content=True
            )
        if node.id == "sequence":
            made.items = [self.value(item) for item in node.value]
        else:
            self._fill(made, node)
        self.depth -= 1
        return made

    def _fill(self, made: YamlValue, node: Any) -> None:
        members: dict[str, YamlValue] = {}
        keys: dict[str, YamlSpan] = {}
        merges = []
        for key, value in node.value:
            name, span = key.value, self._span(key)
            if key.id != "scalar":
                raise YamlProblem("a key must be text", span.line, span.column, is_content=True)
            if name == MERGE and not key.style:
                merges.append(value)
                continue
            if name in members:
                problem = YamlProblem(f"{name}: stands twice", span.line, span.column, is_content=True)
                if self.repeated is None:
                    raise problem
                self.repeated.append(problem)
            members[name] = self.value(value)
            keys[name] = span
        for name, value, span in (member for merge in merges for member in self._merged_members(merge)):
            if name not in members:
                members[name] = value
                keys[name] = span
        made.members, made.keys = members, keys

    def _count_alias(self, value: YamlValue) -> None:
        """Count what an alias stands for. Raises YamlProblem where all of them stand for more than can be read."""
        is_whole = value.text is not None or value.items is not None or value.members is not None
        self.aliased += self._size(value) if is_whole else 1
        if self.aliased > MOST_ALIASED:
            raise YamlProblem(_TOO_MUCH, value.span.line, value.span.column, is_content=True)

    def _size(self, value: YamlValue) -> int:
        """How many values there are in a value, each as often as it is reached; one that holds itself counts once in it."""
        size = self.sizes.get(id(value))
        if size is None:
            self.sizes[id(value)] = 1
            parts = (*(value.items or ()), *(value.members or {}).values())
            size = 1 + len(value.text or "") // _A_VALUE + sum(map(self._size, parts))
            self.sizes[id(value)] = size
        return size

    def _merged_members(self, node: Any) -> Iterator[tuple[str, YamlValue, YamlSpan]]:
        """What `<<` brings: the members of a mapping, or of each of a list of them, the first first."""
        for source in node.value if node.id == "sequence" else [node]:
            value = self.value(source)
            for name, member in (value.members or {}).items():
                self.merged += 1
                if self.merged > MOST_MERGED:
                    span = self._span(node)
                    raise YamlProblem(_TOO_MUCH, span.line, span.column, is_content=True)
                yield name, member, value.keys[name]

    def _span(self, node: Any) -> YamlSpan:
        start, end = node.start_mark, node.end_mark
        line, column = start.line, start.column + 1
        return YamlSpan(line + self.first_line, column, end.column + 1 if end.line == line else column)


def _is_empty(node: Any) -> bool:
    return node.id == "scalar" and not node.value and not node.style
