"""Source code as data, in any language: calls, definitions, assignments and literals of a file.

Parsed with ast-grep (tree-sitter's grammars in one wheel), never run: https://ast-grep.github.io/reference/api.html
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from infralint.sources.application.languages import NOT_IN, Language, language_of
from infralint.sources.application.nesting import NestedItems
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LONGEST_NAME = 2_000
"""Characters of a callee as it is written: a longer chain of calls goes by its last name."""
LONGEST_INDEXED = 100_000
"""Characters: the names of a longer file are looked for one by one, to spare memory, while few are asked for."""
FEW_NAMES = 16
MOST_LEVELS = 400
"""Levels of long nodes in a syntax tree: a chain of 200 calls. Each step upwards in a tree takes as long as it is deep."""
LONG_NODE = 400
"""Characters of a node that counts as long: what is nested in less has few levels."""
_OUTSIDE = 0
"""Stands for the identity of a function where there is none around."""
HOLE = "\0"
"""Stands in a text for what is computed while the program runs."""


class SourceSpan(msgspec.Struct, frozen=True):
    """Where a node stands in its file: characters from the start, the end exclusive, and its 1-based line."""

    start: int
    end: int
    line: int

    def has(self, other: SourceSpan) -> bool:
        return self.start <= other.start and other.end <= self.end


def span_of(node: SgNode) -> SourceSpan:
    place = node.range()
    return SourceSpan(place.start.index, place.end.index, place.start.line + 1)


def find_too_deep(root: SgNode) -> int | None:
    """The line where a tree nests, or chains calls, further than can be followed in time; None where none does."""
    waiting = [(root, 0)]
    while waiting:
        node, level = waiting.pop()
        if level > MOST_LEVELS:
            return span_of(node).line
        for child in node.named_children():
            place = child.range()
            if place.end.index - place.start.index > LONG_NODE:
                waiting.append((child, level + 1))
    return None


class Definition(msgspec.Struct, eq=False, dict=True):
    """A function, class or top-level variable of a file. owner: the definition that it stands in."""

    module: SourceModule
    kind: Literal["function", "class", "variable"]
    name: str
    node: SgNode
    span: SourceSpan
    owner: Definition | None = None

    def around(self) -> Iterator[Definition]:
        """This definition and those that it stands in, the innermost first."""
        definition: Definition | None = self
        while definition is not None:
            yield definition
            definition = definition.owner

    @cached_property
    def parameters(self) -> list[str]:
        """Names of a function's parameters, in order."""
        given = self.node.field("parameters") or self.node.field("parameter")
        if given is None:
            return []
        if given.kind() in self.module.language.identifiers:
            return [given.text()]
        return [name for parameter in given.named_children() for name in _parameter_names(parameter)]


def _parameter_names(parameter: SgNode) -> list[str]:
    if parameter.kind() == "comment":
        return []
    if parameter.kind() == "identifier":
        return [parameter.text()]
    if (
        parameter.kind() == "parameter" and (name := parameter.field("name")) is not None
    ):  # C#'s, whose type is a name, too
        return [name.text()]
    names = [
        child.text() for child in parameter.named_children() if child.kind() in ("identifier", "simple_identifier")
    ]
    if parameter.kind() == "parameter_declaration":
        return names
    return names[:1] or [""]


class Call(msgspec.Struct, eq=False, dict=True):
    """A call, a construction, an annotation or an attribute: what is called, and with what.

    name: the last part of what is called. receiver: what stands before it. handed: its arguments, where they are
    not to be read from the node.
    """

    module: SourceModule
    node: SgNode
    span: SourceSpan
    name: str
    receiver: SgNode | None
    callee: SgNode
    handed: tuple[list[SgNode], dict[str, SgNode]] | None = None

    @cached_property
    def _given(self) -> tuple[list[SgNode], dict[str, SgNode]]:
        return self.handed or self.module.arguments(self.node)

    @property
    def positional(self) -> list[SgNode]:
        return self._given[0]

    @property
    def named(self) -> dict[str, SgNode]:
        """Arguments by name: keywords, and the keys of an object among the arguments."""
        return self._given[1]

    @cached_property
    def full_name(self) -> str:
        """`fastapi.APIRouter`: the callee as it is written, on one line."""
        written = self.callee.text() if self.receiver is None else f"{self.receiver.text()}.{self.name}"
        if len(written) > LONGEST_NAME:
            return self.name
        return " ".join(re.sub(r"(?<!\w)\s+|\s+(?!\w)", "", written).split())

    def argument(self, key: int | str | None) -> SgNode | None:
        """An argument by its place or name; None where it is not given. Go names one by the function that makes an option of
        it: `server.WithSSEEndpoint("/events")`."""
        if key is None:
            return None
        if isinstance(key, int):
            return self.positional[key] if key < len(self.positional) else None
        if self.module.language.name != "go":
            return self.named.get(key)
        options = (self.module.call_of(given) for given in self.positional)
        return next((option.argument(0) for option in options if option is not None and option.name == key), None)


class Assignment(msgspec.Struct, frozen=True):
    """`target = value`, a declaration with a value, a field of a class: the target as it is written."""

    target: str
    value: SgNode
    span: SourceSpan
    name: SgNode
    value_span: SourceSpan


_ARGUMENT = frozenset("argument value_argument attribute_argument literal_element element_value_pair".split())
_ASIDE = frozenset({"comment", "line_comment", "block_comment"})
MOST_ARGUMENTS = 200
"""Arguments of one call that are looked at."""
MOST_MARKS = 32
"""Attributes and comments between an attribute and what it marks."""
_MAPPINGS = frozenset("object dictionary composite_literal hash array_creation_expression literal_value".split())
_MARKS = frozenset("decorator modifiers attribute_list attribute_item".split())
_TRANSPARENT = frozenset(
    "parenthesized_expression as_expression satisfies_expression non_null_expression await_expression await"
    " unary_expression expression_list reference_expression literal_element parenthesized_list_splat argument".split()
)


def unwrap(node: SgNode | None) -> SgNode | None:
    """An expression without parentheses, `as`, `await`, `&` and the like around it."""
    while node is not None and node.kind() in _TRANSPARENT:
        inner = [child for child in node.named_children() if child.kind() not in _ASIDE]
        node = inner[0] if inner else None
    return node


def _part(node: SgNode, name: str) -> SgNode | None:
    """A child by the name of its field, or by its place among those that have names (`last`, too), or by its kind."""
    if name == "last":
        return next(iter(node.named_children()[::-1]), None)
    if name.isdigit():
        children = node.named_children()
        return children[int(name)] if int(name) < len(children) else None
    return node.field(name) or next((child for child in node.named_children() if child.kind() == name), None)


_TAKEN_APART = lazy(r"(?<=[{\[,:])[^{}\[\],:=]+(?=[,}\]=])")
"""Names in `{a,b:c}`, where white space is left out."""


def name_node(definition: SgNode) -> SgNode | None:
    """The name of a function or class in it; None where it has none of its own."""
    name = definition.field("name")
    if name is None and definition.kind() in _NAMED_BY_KIND:
        parts = definition.named_children()
        name = next((part for part in parts if part.kind() in ("simple_identifier", "type_identifier")), None)
    return name


_NAMED_BY_KIND = frozenset({"class_declaration", "object_declaration", "function_declaration"})
"""Kinds of Kotlin's grammar, which calls no part of them their name."""


class SourceModule(msgspec.Struct, eq=False, dict=True):
    """One parsed file."""

    path: str
    language: Language
    grammar: str
    text: str
    root: SgNode
    aliases: Mapping[str, str] = {}
    """Local names of what is imported under another: `import A as B`, `import { A as B }`."""
    known_calls: dict[SourceSpan, Any] = {}
    """What calls stand for, as far as that was asked."""
    known_pairs: dict[tuple[SourceSpan, frozenset[str] | None, int], Mapping[str, tuple[SourceModule, SgNode]]] = {}
    """Keys and values of expressions, as far as they were asked for: of which keys, and after how many steps."""
    known_streams: dict[tuple[int, int], list[Assignment]] = {}
    """Of the assignments of a name, by their list, those that set it to a stream, as far as that was asked: after how many
    steps."""
    _names_asked: int = 0
    _searched: dict[tuple[int, SourceSpan | None], bool] = {}
    _children: dict[tuple[str, SourceSpan], tuple[list[SgNode], dict[tuple[str, SourceSpan], int]]] = {}

    def finds(self, pattern: re.Pattern[str], within: Definition | None) -> bool:
        """Whether the text of a definition, or of the file, has something that one of this program's expressions fits."""
        key = (id(pattern), within.span if within is not None else None)
        if key not in self._searched:
            text = within.node.text() if within is not None else self.text
            self._searched[key] = pattern.search(text) is not None
        return self._searched[key]

    @cached_property
    def destructured(self) -> dict[str, list[Assignment]]:
        """Names that are set by taking something apart, `{ a, b: c }` and `[a, b]`, with their assignments."""
        found: dict[str, list[Assignment]] = {}
        for assignment in self.assignments:
            if assignment.target[:1] in "{[":
                for name in dict.fromkeys(_TAKEN_APART.findall(assignment.target)):
                    found.setdefault(name, []).append(assignment)
        return found

    @cached_property
    def definitions(self) -> list[Definition]:
        """Functions, classes and top-level variables, in the order of the text."""
        found: list[Definition] = []
        for node in self._take("definition"):
            kind: Literal["function", "class"] = "class" if node.kind() in self.language.classes else "function"
            found.append(Definition(self, kind, self._name_of(node), node, span_of(node)))
        found = self._nested_definitions(found)
        tops = [self._variable(assignment) for assignment in self.assignments if self._is_top(found, assignment)]
        return self._nested_definitions([*found, *(top for top in tops if top.name)])

    @cached_property
    def whole(self) -> Definition:
        """The file itself, as far as what stands outside of functions runs as they do."""
        return Definition(self, "function", "", self.root, span_of(self.root))

    def _variable(self, assignment: Assignment) -> Definition:
        target = assignment.target
        name = target if re.fullmatch(r"[\w$]+", target) else exported_name(target)
        return Definition(self, "variable", name, assignment.value, assignment.span)

    @staticmethod
    def _is_top(found: list[Definition], assignment: Assignment) -> bool:
        index = bisect_right(found, assignment.span.start, key=lambda definition: definition.span.start) - 1
        definition = found[index] if index >= 0 else None
        return definition is None or not any(outer.span.has(assignment.span) for outer in definition.around())

    @staticmethod
    def _nested_definitions(found: list[Definition]) -> list[Definition]:
        ordered = sorted(found, key=lambda definition: (definition.span.start, -definition.span.end))
        open_ones: list[Definition] = []
        for definition in ordered:
            while open_ones and open_ones[-1].span.end < definition.span.end:
                open_ones.pop()
            definition.owner = open_ones[-1] if open_ones else None
            open_ones.append(definition)
        return ordered

    def definition_at(self, span: SourceSpan) -> Definition | None:
        """The innermost definition that a place lies in."""
        index = bisect_right(self._definition_starts, span.start) - 1
        definition = self.definitions[index] if index >= 0 else None
        while definition is not None and not definition.span.has(span):
            definition = definition.owner
        return definition

    @cached_property
    def _definition_starts(self) -> list[int]:
        return [definition.span.start for definition in self.definitions]

    def definition_of(self, node: SgNode) -> Definition | None:
        """The definition that a node is."""
        span = span_of(node)
        found = self.definition_at(span)
        return found if found is not None and found.span.start == span.start and found.span.end == span.end else None

    def definitions_of(self, name: str) -> list[Definition]:
        return self._by_name.get(name, [])

    def tops_of(self, name: str) -> list[Definition]:
        """The definitions of a name outside of functions and classes, in the order of the text."""
        if name not in self._tops:
            found = self.definitions_of(name)
            self._tops[name] = [top for top in found if top.owner is None or top.owner.kind == "variable"]
        return self._tops[name]

    @cached_property
    def _tops(self) -> dict[str, list[Definition]]:
        return {}

    @cached_property
    def _by_name(self) -> dict[str, list[Definition]]:
        found: dict[str, list[Definition]] = {}
        for definition in self.definitions:
            found.setdefault(definition.name, []).append(definition)
        return found

    def _name_of(self, node: SgNode) -> str:
        if (name := name_node(node)) is not None:
            return name.text()
        parent = node.parent()
        if parent is not None and parent.kind() == "expression_list":
            parent = parent.parent()
        if parent is None:
            return ""
        fields = self.language.assignments.get(parent.kind()) or self.language.pairs.get(parent.kind())
        target = _part(parent, fields[0]) if fields else None
        if target is None or span_of(target).has(span_of(node)):
            return ""
        text = target.text()
        return exported_name(text) or text.rpartition(".")[2].strip("\"'")

    @cached_property
    def assignments(self) -> list[Assignment]:
        found = []
        for node in self._take("assignment"):
            target, value = (_part(node, part) for part in self.language.assignments[node.kind()])
            if target is not None and value is not None and span_of(value) != span_of(target):
                if target.kind() == "variable_declaration":
                    target = target.named_children()[0]
                written = re.sub(r"\s+", "", target.text())
                found.append(Assignment(written, value, span_of(node), target, span_of(value)))
        return found

    def assignment_of(self, span: SourceSpan) -> Assignment | None:
        """The innermost assignment whose value a place lies in."""
        around = self._assignments_by_value.around(span)
        return min(around, key=lambda assignment: assignment.value_span.end - assignment.value_span.start, default=None)

    @cached_property
    def _assignments_by_value(self) -> NestedItems[Assignment]:
        return NestedItems((assignment.value_span, assignment) for assignment in self.assignments)

    @cached_property
    def _assigned(self) -> dict[str, dict[int, list[Assignment]]]:
        """Assignments by their target, then by the identity of the innermost function that they stand in."""
        found: dict[str, dict[int, list[Assignment]]] = {}
        for assignment in self.assignments:
            function = self.function_at(assignment.span)
            home = id(function) if function is not None else _OUTSIDE
            found.setdefault(assignment.target, {}).setdefault(home, []).append(assignment)
        return found

    def assignments_of(self, target: str, span: SourceSpan) -> list[Assignment]:
        """What a name is set to, as seen from a place: in the functions around it, else outside any."""
        by_function = self._assigned.get(target, {})
        if not by_function:
            return []
        inner = self.definition_at(span)
        while inner is not None:
            if inner.kind == "function" and id(inner) in by_function:
                return by_function[id(inner)]
            inner = inner.owner
        if _OUTSIDE in by_function:
            return by_function[_OUTSIDE]
        return [assignment for group in by_function.values() for assignment in group] if "." in target else []

    def function_at(self, span: SourceSpan) -> Definition | None:
        """The innermost function that a place lies in."""
        found = self.definition_at(span)
        while found is not None and (found.kind != "function" or found.span == span):
            found = found.owner
        return found

    def calls(self, names: frozenset[str]) -> list[Call]:
        """Calls of functions of these names, whatever they are called on, in the order of the text."""
        if not self.aliases and names.isdisjoint(self._by_callee):
            return []
        if names not in self._calls:
            others = {local for local, name in self.aliases.items() if name in names}
            found = [call for name in self._by_callee.keys() & (names | others) for call in self._calls_written(name)]
            found = [call for call in found if call.name in names]
            self._calls[names] = sorted(found, key=lambda call: (call.span.start, -call.span.end))
        return self._calls[names]

    @cached_property
    def _calls(self) -> dict[frozenset[str], list[Call]]:
        return {}

    def _calls_written(self, name: str) -> list[Call]:
        """The calls whose callee is written so, or goes by this name."""
        if name not in self._written:
            meant = (name, self.aliases.get(name))
            made = (self._call_at(node) for node in self._by_callee[name])
            self._written[name] = [call for call in made if call is not None and call.name in meant]
        return self._written[name]

    @cached_property
    def _written(self) -> dict[str, list[Call]]:
        return {}

    def _call_at(self, node: SgNode) -> Call | None:
        """The call that a node is, also what a decorator without arguments names."""
        fields = self.language.calls.get(node.kind())
        return self._call(node, fields[0], fields[1]) if fields else self._make_call(node, node, None)

    @cached_property
    def _by_callee(self) -> dict[str, list[SgNode]]:
        """All calls, by the last name of the callee as it is written."""
        found: dict[str, list[SgNode]] = {}
        for node in self._take("call"):
            callee, _, _ = self.language.calls[node.kind()]
            for name in self._names_called(node, callee):
                found.setdefault(name, []).append(node)
        for decorator in self._take("decorator"):
            child = next(iter(decorator.named_children()), None)
            if child is not None and child.kind() not in self.language.calls:
                found.setdefault(self._make_call(child, child, None).name, []).append(child)
        return found

    def _names_called(self, node: SgNode, callee: str) -> Collection[str]:
        """The names under which a call may be looked for."""
        if not callee.isdigit():
            called = node.field(callee)
            return last_names(called.text()) if called is not None else ()
        call = self._call_at(node)
        return (call.name,) if call is not None else ()

    def call_of(self, node: SgNode | None) -> Call | None:
        """The call that an expression is, if it is one."""
        node = unwrap(node)
        fields = self.language.calls.get(node.kind()) if node is not None else None
        return self._call(node, fields[0], fields[1]) if node is not None and fields else None

    def call_around(self, node: SgNode) -> Call | None:
        """The call of which an expression is an argument."""
        parent = node.parent()
        for _ in range(3):
            if parent is not None and parent.kind() in self.language.calls:
                return self.call_of(parent)
            parent = parent.parent() if parent is not None else None
        return None

    def _call(self, node: SgNode, callee: str, receiver: str) -> Call | None:
        called = _part(node, callee)
        return self._make_call(node, called, node.field(receiver) if receiver else None) if called is not None else None

    def _make_call(self, node: SgNode, called: SgNode, receiver: SgNode | None) -> Call:
        called = unwrap(called) or called
        if called.kind() in ("generic_type", "instantiation_expression", "generic_name"):
            called = next(iter(called.named_children()), called)
        parts = self.member(called)
        owner, name = parts if parts else (receiver, called.text())
        if name.startswith("require(") and owner is None:
            name = "require"
        if owner is None:
            name = self.aliases.get(name, name)
        return Call(self, node, span_of(node), name.partition("<")[0], owner, called)

    def member(self, node: SgNode) -> tuple[SgNode, str] | None:
        """`owner.name`: the owner and the name."""
        fields = self.language.members.get(node.kind())
        if not fields:
            return None
        owner, name = (_part(node, part) for part in fields)
        return (owner, name.text().lstrip(".?")) if owner is not None and name is not None else None

    def arguments(self, node: SgNode) -> tuple[list[SgNode], dict[str, SgNode]]:
        fields = self.language.calls.get(node.kind())
        given = _part(node, fields[2]) if fields else None
        if given is not None and given.kind() == "call_suffix":  # Kotlin's, with a block behind its arguments
            inside = given.named_children()
            given = next((child for child in inside if child.kind() == "value_arguments"), given)
        positional: list[SgNode] = []
        named: dict[str, SgNode] = {}
        for argument in given.named_children()[:MOST_ARGUMENTS] if given is not None else []:
            if argument.kind() not in _ASIDE:
                self._sort(argument, positional, named)
        return positional, named

    def _sort(self, argument: SgNode, positional: list[SgNode], named: dict[str, SgNode]) -> None:
        if pair := self.pair(argument):
            named[pair[0]] = pair[1]
            return
        if argument.kind() == "keywords":
            for child in argument.named_children():
                self._sort(child, positional, named)
            return
        if argument.kind() in _ARGUMENT:
            children = argument.named_children()
            if len(children) > 1:
                named[children[0].text().rstrip(": ")] = children[-1]
                return
            argument = children[0] if children else argument
        positional.append(argument)
        if argument.kind() not in ("dictionary",):
            named |= {key: value for key, value in self.pairs(argument).items() if key not in named}

    def pair(self, node: SgNode) -> tuple[str, SgNode] | None:
        """`key: value`, `key=value`: the key without quotes, and the value."""
        fields = self.language.pairs.get(node.kind())
        if not fields:
            return None
        key, value = (_part(node, part) for part in fields)
        if key is None or value is None or span_of(key).start == span_of(value).start:
            return None
        return key.text().strip("\"':[] "), value

    @cached_property
    def literal_fields(self) -> dict[str, SgNode]:
        """Go: what the fields of structs are set to in literals of this file, each as it is set first."""
        found: dict[str, SgNode] = {}
        for node in self._of_kinds(["keyed_element"]):
            if pair := self.pair(node):
                found.setdefault(*pair)
        return found

    def pairs(self, node: SgNode | None) -> dict[str, SgNode]:
        """The keys and values of an object, a dictionary or a composite literal."""
        node = unwrap(node)
        if node is None or node.kind() not in _MAPPINGS:
            return {}
        span = span_of(node)
        if span not in self._pairs:
            self._pairs[span] = self._find_pairs(node)
        return self._pairs[span]

    @cached_property
    def _pairs(self) -> dict[SourceSpan, dict[str, SgNode]]:
        return {}

    def _find_pairs(self, node: SgNode) -> dict[str, SgNode]:
        body = node.field("body") if node.kind() == "composite_literal" else node
        found: dict[str, SgNode] = {}
        for child in body.named_children() if body is not None else []:
            if child.kind() == "shorthand_property_identifier":
                found[child.text()] = child
            elif child.kind() == "method_definition" and (name := child.field("name")) is not None:
                found[name.text()] = child
            elif pair := self.pair(child):
                found[pair[0]] = pair[1]
        return found

    def marks(self, names: frozenset[str]) -> Mapping[Definition, Sequence[Call]]:
        """Decorators, annotations and attributes of these names, by what they stand above."""
        if names not in self._marks:
            found: dict[Definition, list[Call]] = {}
            for call in self.calls(names):
                if (definition := self.decorated_definition(call)) is not None:
                    found.setdefault(definition, []).append(call)
            self._marks[names] = found
        return self._marks[names]

    @cached_property
    def _marks(self) -> dict[frozenset[str], dict[Definition, list[Call]]]:
        return {}

    def decorated_definition(self, call: Call) -> Definition | None:
        """The function or class that a decorator, annotation or attribute stands above."""
        mark = call.node.parent()
        for _ in range(3):
            if mark is None or mark.kind() in _MARKS:
                break
            mark = mark.parent()
        if mark is None or mark.kind() not in _MARKS:
            return None
        target = self._marked_node(mark)
        return self.definition_of(target) if target is not None else None

    def _marked_node(self, mark: SgNode) -> SgNode | None:
        parent = mark.parent()
        if parent is None:
            return None
        if parent.kind() == "decorated_definition":
            return parent.field("definition")
        kinds = self.language.functions | self.language.classes
        if parent.kind() in kinds:
            return parent
        if parent.kind() == "export_statement":
            return parent.field("declaration")
        beside = islice(self.siblings(mark, 1), MOST_MARKS)
        return next((sibling for sibling in beside if sibling.kind() in kinds), None)

    def siblings(self, node: SgNode, step: int) -> Iterator[SgNode]:
        """What stands beside a node in the same parent, the nearest first: after it (step 1), or before it (-1). The
        parser itself counts from the parent's first child each time."""
        parent = node.parent()
        if parent is None:
            return
        key = parent.kind(), span_of(parent)
        if key not in self._children:
            children = parent.children()
            self._children[key] = children, {(child.kind(), span_of(child)): at for at, child in enumerate(children)}
        children, places = self._children[key]
        at = places[node.kind(), span_of(node)] + step
        while 0 <= at < len(children):
            yield children[at]
            at += step

    def identifiers(self, name: str) -> list[SgNode]:
        """Where a name stands."""
        if name not in self.text:
            return []
        self._names_asked += 1
        if len(self.text) > LONGEST_INDEXED and self._names_asked <= FEW_NAMES:
            kinds = self._any_of(sorted(self.language.identifiers))
            return self.find({"all": [kinds, {"regex": f"^{re.escape(name)}$"}]})
        return self._identifiers.get(name, [])

    def identifiers_in(self, name: str, span: SourceSpan) -> list[SgNode]:
        """Where a name stands within a span."""
        if name not in self._starts:
            nodes = self.identifiers(name)
            self._starts[name] = nodes, [span_of(node).start for node in nodes]
        nodes, starts = self._starts[name]
        return nodes[bisect_left(starts, span.start) : bisect_left(starts, span.end)]

    @cached_property
    def _starts(self) -> dict[str, tuple[list[SgNode], list[int]]]:
        """Identifiers by name, with where each begins, in the order of the text."""
        return {}

    @cached_property
    def _identifiers(self) -> dict[str, list[SgNode]]:
        found: dict[str, list[SgNode]] = {}
        for node in self._of_kinds(self.language.identifiers):
            found.setdefault(node.text(), []).append(node)
        return found

    @cached_property
    def strings(self) -> list[SgNode]:
        """Literal strings, in the order of the text."""
        return self._take("string")

    def strings_like(self, pattern: re.Pattern[str], span: SourceSpan | None = None) -> list[SgNode]:
        """Literal strings, with their quotes, in which an expression is found that looks no further than they reach; all of
        a file, or those within a span."""
        if pattern not in self._strings_like:
            nodes = self.strings if pattern.search(self.text) else []
            nodes = [node for node in nodes if pattern.search(node.text())]
            self._strings_like[pattern] = nodes, [span_of(node).start for node in nodes]
        nodes, starts = self._strings_like[pattern]
        return nodes[bisect_left(starts, span.start) : bisect_left(starts, span.end)] if span is not None else nodes

    @cached_property
    def _strings_like(self) -> dict[re.Pattern[str], tuple[list[SgNode], list[int]]]:
        return {}

    def find_error(self) -> int | None:
        """The line of the first syntax error; what React takes for text between tags (`a & b`) is none.

        A bracket that is missing stands in the tree as a token without text.
        """
        for node in self.find({"any": [{"kind": "ERROR"}, {"regex": "^$"}]}):
            parent = node.parent()
            if node.kind() != "ERROR":
                if node.kind() in _BRACKETS:
                    return span_of(node).line
            elif parent is None or not parent.kind().startswith("jsx_"):
                return span_of(node).line
        return None

    def find(self, rule: Any) -> list[SgNode]:
        """Nodes that a rule of ast-grep matches."""
        return list(self.root.find_all({"rule": rule}))

    def _take(self, what: str) -> list[SgNode]:
        """The nodes that are one thing, in the order of the text: for whoever asks first, who keeps what is needed of them."""
        return self._looked_for.pop(what, [])

    @cached_property
    def _looked_for(self) -> dict[str, list[SgNode]]:
        """The nodes that nearly every file is asked for, by what they are: found by one walk over the tree."""
        found: dict[str, list[SgNode]] = {}
        for node in self._of_kinds(self.language.looked_for):
            found.setdefault(self.language.looked_for[node.kind()], []).append(node)
        return found

    def _of_kinds(self, kinds: Collection[str]) -> list[SgNode]:
        return self.find(self._any_of(sorted(kinds))) if kinds else []

    def _any_of(self, kinds: Iterable[str]) -> Any:
        missing = NOT_IN.get(self.grammar, frozenset())
        return {"any": [{"kind": kind} for kind in kinds if kind not in missing]}


_BRACKETS = frozenset("()[]{}")


_LAST_NAME = lazy(r"(?<![\w$])[\w$]++\Z")
_BEFORE_TYPES = lazy(r"(?<![\w$])([\w$]++)\s*+<")
_REQUIRED = lazy(r"require\([\"'][^\"']+[\"']\)")


def last_names(callee: str) -> Collection[str]:
    """The last name of what is called, as it is written; of `List<Map<String>>`, all that types follow. None for what has
    no name."""
    last = callee.rpartition(".")[2]
    if last.isidentifier():
        return (last,)
    if callee.endswith(">"):
        start = max(callee.rfind(mark, -LONGEST_NAME) for mark in "()") + 1
        return frozenset(_BEFORE_TYPES.findall(callee, max(start, len(callee) - LONGEST_NAME)))
    if found := _LAST_NAME.search(callee, max(len(callee) - LONGEST_NAME, 0)):
        return (found[0],)
    return ("require",) if _REQUIRED.fullmatch(callee) else ()


def exported_name(target: str) -> str:
    """The name under which CommonJS exports what is assigned to this: `exports.a` -> a; else empty."""
    if target == "module.exports":
        return "default"
    found = re.fullmatch(r"(?:module\.)?exports\.([\w$]+)", target)
    return found[1] if found else ""


def parse(path: str, content: bytes) -> SourceModule | None:
    """A file's module; None where its language has no grammar here."""
    from ast_grep_py import SgRoot

    language = language_of(path)
    if language is None:
        return None
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    ending = path.rpartition(".")[2]
    if ending in ("vue", "svelte", "astro"):
        text = scripts_of(text, ending)
    grammar = language.endings[ending]
    if language.name == "javascript":
        text = _within_grammar(text)
    root = SgRoot(text, grammar).root()
    if language.name == "rust" and _TEST_MARK in text:
        text = _without_tests(text, root)
        root = SgRoot(text, grammar).root()
    return SourceModule(path, language, grammar, text, root)


_TEST_MARK = "#[cfg(test)]"


def _without_tests(text: str, root: SgNode) -> str:
    """Rust's text without what is compiled for tests alone, in as many characters.

    https://doc.rust-lang.org/book/ch11-03-test-organization.html#the-tests-module-and-cfgtest
    """
    parts = []
    end = 0
    for node in root.find_all(kind="attribute_item"):
        item = node.next() if node.text() == _TEST_MARK else None
        while item is not None and item.kind() in ("attribute_item", "line_comment", "block_comment"):
            item = item.next()
        if item is not None and (place := span_of(item)).start >= end:
            parts += [text[end : place.start], _NOT_BREAK.sub(" ", text[place.start : place.end])]
            end = place.end
    return "".join([*parts, text[end:]])


_NOT_BREAK = lazy(r"[^\n]")


_LONG_REFERENCE = lazy(r"&#\d(\d{5,6});")
_IMPORTED_TYPE = lazy(r"\bimport\((['\"])[^'\"\n]*\1\)(?=(?:\.[\w$]+)+\s*+\[\s*+\])")


def _within_grammar(text: str) -> str:
    """JavaScript's text without two things that its grammar takes for errors, in as many characters: a reference of six
    digits or more, as emojis are written in JSX (`&#128075;`), and a list of an imported type (`import('x').Item[]`),
    which stands in no expression. https://github.com/tree-sitter/tree-sitter-typescript
    """
    if "&#" in text:
        text = _LONG_REFERENCE.sub(r"&#x\1;", text)
    if "import(" in text:
        text = _IMPORTED_TYPE.sub(lambda found: "_" * len(found[0]), text)
    return text


_SCRIPT = lazy(r"<script\b[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_FRONT = lazy(r"\A\s*---\n(.*?)\n---", re.DOTALL)


def scripts_of(text: str, ending: str) -> str:
    """The code of a component, all else blanked, so that lines stay where they are."""
    kept = [found.span(1) for found in _SCRIPT.finditer(text)]
    if ending == "astro" and (front := _FRONT.match(text)):
        kept.insert(0, front.span(1))
    pieces, at = [], 0
    for start, end in kept:
        pieces += [re.sub(r"[^\n]", " ", text[at:start]), text[start:end]]
        at = end
    return "".join([*pieces, re.sub(r"[^\n]", " ", text[at:])])
