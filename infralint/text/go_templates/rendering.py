"""Rendering: a template's tree with values to text, every line with its places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import msgspec

from infralint.text.go_templates.bounds import (
    MOST_STEPS,
    TemplateAllowance,
    check_count,
    extent,
    measure,
)
from infralint.text.go_templates.functions import FUNCTIONS, HANDED_ON, REMADE, is_remade, is_true
from infralint.text.go_templates.parsing import (
    ActionNode,
    BlockNode,
    CallNode,
    Command,
    Constant,
    Field,
    FunctionName,
    JumpNode,
    Nodes,
    ParsedTemplate,
    Pipeline,
    TemplateProblem,
    TextNode,
    parse_template,
)
from infralint.text.go_templates.values import NotEvaluated, PlacedText, places_of, text_of_value, with_places
from infralint.text.yaml_places import YamlSpan

LONGEST_OUTPUT = 4 * 1024 * 1024
"""Characters of one rendered file."""
_WRITTEN = 50
"""Characters that are written in a step."""
_PARSED = 8
"""Characters that are parsed once more in a step."""
DEEPEST_CALL = 60
"""Templates that call each other."""


class Jump(Exception):
    """`break` or `continue`."""


class TemplateFile(msgspec.Struct, eq=False, dict=True):
    """A file of templates. first_line: the number of its first line among all lines that are read; called: the name of
    the template that all of it is, "" for none."""

    name: str
    text: str
    first_line: int = 1
    called: str = ""

    @property
    def parsed(self) -> ParsedTemplate:
        """Its tree, made once. Raises TemplateProblem."""
        if "tree" not in self.__dict__:
            self.__dict__["tree"] = parse_template(self.text)
        tree: ParsedTemplate = self.__dict__["tree"]
        return tree

    @property
    def _starts(self) -> list[int]:
        if "starts" not in self.__dict__:
            lengths = (len(line) + 1 for line in self.text.split("\n"))
            self.__dict__["starts"] = list(accumulate(lengths, initial=0))[:-1]
        starts: list[int] = self.__dict__["starts"]
        return starts

    def span(self, start: int, end: int = 0) -> YamlSpan:
        """Where an offset lies."""
        line = bisect_right(self._starts, start) - 1
        column = start - self._starts[line] + 1
        width = max(end - start, 0)
        return YamlSpan(self.first_line + line, column, column + width)


class OutputPiece(msgspec.Struct, frozen=True):
    """A piece of output. places: of its lines; literal: it is the template's own text."""

    text: str
    places: Sequence[YamlSpan | None]
    literal: bool = False


class RenderedOutput:
    """What a template writes."""

    def __init__(self) -> None:
        self.pieces: list[OutputPiece] = []
        self.length = 0
        self.reasons: list[str] = []

    def add(self, text: str, places: Sequence[YamlSpan | None], literal: bool = False) -> None:
        self.length += len(text)
        if self.length > LONGEST_OUTPUT:
            raise TemplateProblem("writes more than a manifest can hold", is_limit=True)
        if text:
            self.pieces.append(OutputPiece(text, places, literal))

    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    def rows(self) -> list[list[tuple[int, YamlSpan, bool]]]:
        """For each line the column at which each of its pieces begins, its place, and whether it stands there so."""
        rows: list[list[tuple[int, YamlSpan, bool]]] = [[]]
        column = 1
        for piece in self.pieces:
            for number, line in enumerate(piece.text.split("\n")):
                if number:
                    rows.append([])
                    column = 1
                place = piece.places[number] if number < len(piece.places) else next(iter(piece.places), None)
                if line and place is not None:
                    rows[-1].append((column, place, piece.literal))
                column += len(line)
        return rows

    def as_value(self) -> PlacedText:
        """The text as a value, each line with the place of what is first on it."""
        text = self.text()
        places = []
        for row in self.rows():
            telling = [place for _, place, _ in row]
            places.append(telling[-1] if telling else None)
        return PlacedText.of(text, places)


class TemplateScope:
    """The dot and the variables."""

    def __init__(self, dot: Any, variables: dict[str, Any]) -> None:
        self.dot = dot
        self.variables = [variables]

    def find(self, name: str) -> dict[str, Any] | None:
        return next((level for level in reversed(self.variables) if name in level), None)


class Renderer:
    """Renders the templates of a chart. others: functions of the host (`lookup`, `Files.Get`), by name.

    allowance: the steps that all its renderings may take together.
    """

    def __init__(
        self,
        files: Sequence[TemplateFile],
        others: Mapping[str, Callable[..., Any]] | None = None,
        allowance: TemplateAllowance | None = None,
    ) -> None:
        self.defined: dict[str, tuple[Nodes, TemplateFile]] = {}
        self.broken: list[tuple[TemplateFile, TemplateProblem]] = []
        for file in files:
            try:
                self.defined |= {name: (nodes, file) for name, nodes in file.parsed.defined.items()}
            except TemplateProblem as problem:
                self.broken.append((file, problem))
        for file in files:
            if file.called and not any(file is other for other, _ in self.broken):
                self.defined.setdefault(file.called, (file.parsed.nodes, file))
        self.others = dict(others or {})
        self.allowance = allowance or TemplateAllowance()
        self.steps = TemplateAllowance(0)
        self.depth = 0
        self.file: TemplateFile | None = None

    def render(self, file: TemplateFile, dot: Any) -> RenderedOutput:
        """What a file's own text comes to. Raises TemplateProblem."""
        self.depth = 0
        given = min(MOST_STEPS, self.allowance.left)
        self.steps = TemplateAllowance(given)
        output = RenderedOutput()
        try:
            self._run(file.parsed.nodes, file, dot, output)
        except RecursionError as error:
            raise TemplateProblem("is nested too deep") from error
        finally:
            self.allowance.left -= given - max(self.steps.left, 0)
        return output

    def _run(self, nodes: Nodes, file: TemplateFile, dot: Any, output: RenderedOutput) -> None:
        before, self.file = self.file, file
        self.depth += 1
        if self.depth > DEEPEST_CALL:
            raise TemplateProblem("its templates call each other without end", is_limit=True)
        try:
            self._nodes(nodes, TemplateScope(dot, {"$": dot}), output)
        finally:
            self.file = before
            self.depth -= 1

    def _nodes(self, nodes: Nodes, scope: TemplateScope, output: RenderedOutput) -> None:
        for node in nodes:
            self.steps.spend(1)
            if isinstance(node, TextNode):
                self._text(node, output)
            elif isinstance(node, ActionNode):
                self._action(node, scope, output)
            elif isinstance(node, BlockNode):
                self._block(node, scope, output)
            elif isinstance(node, CallNode):
                dot = self._pipeline(node.pipeline, scope) if node.pipeline is not None else None
                self._call_template(node.name, dot, output, node.offset)
            elif isinstance(node, JumpNode):
                raise Jump(node.kind)

    def _text(self, node: TextNode, output: RenderedOutput) -> None:
        self.steps.spend(len(node.text) // _WRITTEN)
        first, *rest = node.text.split("\n")
        start = self._file().span(node.offset, node.offset + len(first))
        places = [start]
        places += [YamlSpan(start.line + number, 1, len(line) + 1) for number, line in enumerate(rest, 1)]
        output.add(node.text, places, True)

    def _action(self, node: ActionNode, scope: TemplateScope, output: RenderedOutput) -> None:
        value = self._pipeline(node.pipeline, scope)
        if node.pipeline.names:
            return
        if isinstance(value, NotEvaluated):
            output.reasons.append(value.reason)
        here = self._file().span(node.offset, node.end)
        self.steps.spend(measure((value,)))
        text = text_of_value(value)
        self.steps.spend(len(text) // _WRITTEN)
        places = places_of(value)
        output.add(text, [place or here for place in places] if places else [here] * (text.count("\n") + 1))

    def _call_template(self, name: str, dot: Any, output: RenderedOutput, offset: int) -> None:
        found = self.defined.get(name)
        if found is None:
            raise TemplateProblem(f'no template "{name}" is here', offset)
        self._run(found[0], found[1], dot, output)

    def _block(self, node: BlockNode, scope: TemplateScope, output: RenderedOutput) -> None:
        if node.kind == "range":
            self._range(node, scope, output)
            return
        scope.variables.append({})
        value = self._pipeline(node.pipeline, scope)
        dot = scope.dot
        if node.kind == "block":
            scope.dot = value
            self._call_template(node.name, value, output, node.offset)
        elif is_true(value):
            scope.dot = value if node.kind == "with" else dot
            self._nodes(node.body, scope, output)
        else:
            self._nodes(node.otherwise, scope, output)
        scope.dot = dot
        scope.variables.pop()

    def _range(self, node: BlockNode, scope: TemplateScope, output: RenderedOutput) -> None:
        names = node.pipeline.names
        plain = msgspec.structs.replace(node.pipeline, names=())
        items = list(_items(self._pipeline(plain, scope)))
        dot = scope.dot
        for key, value in items:
            self.steps.spend(1)
            variables = dict(zip(names, (key, value) if len(names) > 1 else (value,), strict=False))
            scope.variables.append(variables)
            scope.dot = value
            try:
                self._nodes(node.body, scope, output)
            except Jump as jump:
                if str(jump) == "break":
                    break
            finally:
                scope.variables.pop()
                scope.dot = dot
        if not items:
            self._nodes(node.otherwise, scope, output)

    def _pipeline(self, pipeline: Pipeline, scope: TemplateScope) -> Any:
        value: Any = None
        for number, command in enumerate(pipeline.commands):
            value = self._command(command, scope, (value,) if number else ())
        if pipeline.names:
            name = pipeline.names[0]
            level = None if pipeline.declares else scope.find(name)
            (level if level is not None else scope.variables[-1])[name] = value
        return value

    def _command(self, command: Command, scope: TemplateScope, final: tuple[Any, ...]) -> Any:
        self.steps.spend(1)
        first, *rest = command.words
        if isinstance(first, FunctionName):
            return self._function(first, rest, scope, final)
        if isinstance(first, Field) and (rest or final):
            value = self._operand(first, scope)
            if callable(value):
                return value(*(self._operand(word, scope) for word in rest), *final)
            if isinstance(value, NotEvaluated):
                return value
            raise TemplateProblem("what is given arguments is no function", command.offset)
        value = self._operand(first, scope)
        if callable(value) and isinstance(first, Field):
            return value()
        return value

    def _operand(self, word: Any, scope: TemplateScope) -> Any:
        if isinstance(word, Constant):
            return word.value
        if isinstance(word, FunctionName):
            return self._function(word, (), scope, ())
        if isinstance(word, Pipeline):
            return self._pipeline(word, scope)
        return self._field(word, scope)

    def _field(self, field: Field, scope: TemplateScope) -> Any:
        value: Any
        if field.start is None:
            value = scope.dot
        elif isinstance(field.start, str):
            level = scope.find(field.start)
            if level is None:
                raise TemplateProblem(f"no variable {field.start} is here", field.offset)
            value = level[field.start]
        else:
            value = self._pipeline(field.start, scope)
        for number, name in enumerate(field.names):
            if isinstance(value, NotEvaluated):
                return value
            if isinstance(value, Mapping):
                value = value.get(name)
            elif value is None:
                if number == 0 and field.start is None:
                    return None
                path = ".".join(field.names[:number])
                raise TemplateProblem(f".{path} is not set, and .{name} of it is asked for", field.offset)
            else:
                raise TemplateProblem(f"what is no mapping has no .{name}", field.offset)
        return value

    def _function(
        self, called: FunctionName, words: Sequence[Any], scope: TemplateScope, final: tuple[Any, ...]
    ) -> Any:
        name = called.name
        if name in ("and", "or"):
            return self._logical(name, words, scope, final)
        arguments = [*(self._operand(word, scope) for word in words), *final]
        if name in ("include", "tpl"):
            return self._written_by(name, arguments, called.offset)
        function = self.others.get(name) or FUNCTIONS.get(name)
        if function is None:
            return NotEvaluated(f"`{name}` is a function that infralint does not know")
        unknown = next((argument for argument in arguments if isinstance(argument, NotEvaluated)), None)
        if unknown is not None and name not in ("not", "empty", "kindIs", "typeIs"):
            return unknown
        try:
            self.steps.spend(0 if name in HANDED_ON else measure(arguments, REMADE if is_remade(name) else 100))
            result = function(*arguments)
            self.steps.spend(extent(result))
        except TemplateProblem as problem:
            raise TemplateProblem(problem.message, problem.offset or called.offset, problem.is_limit) from problem
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
            raise TemplateProblem(f"`{name}` can't be called with these values", called.offset) from error
        places = next((found for argument in reversed(arguments) if (found := places_of(argument))), ())
        return with_places(result, places)

    def _logical(self, name: str, words: Sequence[Any], scope: TemplateScope, final: tuple[Any, ...]) -> Any:
        """`and` and `or` stop at the first argument that decides."""
        value: Any = None
        for number in range(len(words) + len(final)):
            value = self._operand(words[number], scope) if number < len(words) else final[number - len(words)]
            if is_true(value) == (name == "or"):
                return value
        return value

    def _written_by(self, name: str, arguments: Sequence[Any], offset: int) -> Any:
        """What `include` and `tpl` write, as text."""
        if not arguments or isinstance(arguments[0], NotEvaluated):
            return arguments[0] if arguments else NotEvaluated(f"`{name}` without a name")
        text, dot = arguments[0], arguments[1] if len(arguments) > 1 else None
        output = RenderedOutput()
        if name == "include":
            self._call_template(str(text), dot, output, offset)
            return output.as_value()
        if "{{" not in str(text):
            return text
        self.steps.spend(len(str(text)) // _PARSED)
        file = TemplateFile("tpl", str(text), next((at.line for at in places_of(text) if at is not None), 0))
        parsed = file.parsed
        self.defined |= {known: (nodes, file) for known, nodes in parsed.defined.items()}
        self._run(parsed.nodes, file, dot, output)
        return PlacedText.of(output.text(), places_of(text) or output.as_value().places)

    def _file(self) -> TemplateFile:
        assert self.file is not None
        return self.file


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    """What `range` goes over: the members of a mapping by their sorted keys, a list, a number of times."""
    if isinstance(value, Mapping):
        yield from ((key, value[key]) for key in sorted(value, key=str))
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from ((number, number) for number in range(check_count(value)))
