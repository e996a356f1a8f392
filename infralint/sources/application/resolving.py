"""What an expression stands for: followed by names through assignments, imports, members and calls, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.imports import ImportedName, required_module
from infralint.sources.application.program import BY_CLASS, ProjectModules
from infralint.sources.application.syntax import (
    HOLE,
    LONGEST_NAME,
    Call,
    Definition,
    SourceModule,
    SourceSpan,
    span_of,
    unwrap,
)
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

DEEPEST = 12
"""Steps that one expression is followed."""
MOST_DEFINITIONS = 8
"""Definitions of one name in a file that are looked at, the last ones."""

_QUOTES = frozenset("string_start string_end interpolation_start interpolation_quote".split())
_INTERPOLATIONS = frozenset("interpolation template_substitution interpolated_expression string_interpolation".split())
_SELF = frozenset({"self", "this", "cls", "$this", "@"})
_INJECTED = lazy(r"\b(?:private|public|protected|readonly)\b[^,()]{0,200}?\b([\w$]{1,200}+)\??\s*:\s*([\w$]+)")
"""A constructor's parameter that is a field, and its type."""
_STATIC_IMPORT = lazy(r"^[ \t]*import[ \t]+static[ \t]+(?:\w+\.)*(\w+)\.(\w+|\*)[ \t]*;", re.MULTILINE)
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", '\\"': '"', "\\'": "'", "\\\\": "\\", "\\/": "/"}


class Parameter(msgspec.Struct, frozen=True, eq=False):
    """A parameter of a function: what it stands for is told by those who call it."""

    definition: Definition
    index: int
    name: str


class Instance(msgspec.Struct, frozen=True, eq=False):
    """An object of a class of the project."""

    definition: Definition


class ResolvedExpression(msgspec.Struct, frozen=True, eq=False):
    """An expression that stands for nothing else."""

    module: SourceModule
    node: SgNode


Meaning = Definition | Call | Parameter | Instance | SourceModule | ResolvedExpression


class Resolver:
    """Follows expressions. known: names of calls that make something a rule knows: they are an end."""

    def __init__(self, program: ProjectModules, known: Mapping[str, frozenset[str]]) -> None:
        self.program = program
        self._followed: dict[tuple[str, str], int] = {}
        """Which definition of a top-level name is followed: what it names itself so is an earlier one."""
        self._known = known
        self.heartbeats: dict[Definition, float | None] = {}
        self.pings: dict[Definition, float | None] = {}
        self.pinging: dict[tuple[str, str], list[Definition]] = {}
        self._static_imports: dict[str, list[tuple[str, str]]] = {}
        self._injected: dict[tuple[str, SourceSpan], dict[str, str]] = {}
        self.header_settings: dict[Definition, list[tuple[str, str, list[SourceSpan]]]] = {}

    def meaning(self, module: SourceModule, node: SgNode | None, depth: int = 0) -> Meaning | None:
        """What an expression stands for; None where it can't be told."""
        node = unwrap(node)
        if node is None or depth > DEEPEST:
            return None
        kind = node.kind()
        if kind in module.language.identifiers or kind in ("this", "self", "variable_name"):
            return self._of_name(module, node, depth)
        if member := module.member(node):
            return self._of_member(module, node, member, depth)
        if kind in module.language.functions or kind in module.language.classes:
            return module.definition_of(node)
        span = span_of(node)
        if span in module.known_calls:
            known: Meaning | None = module.known_calls[span]
            return known
        call = module.call_of(node)
        if call is None:
            return ResolvedExpression(module, node)
        meaning = self._of_call(call, depth)
        if not depth:
            module.known_calls[span] = meaning
        return meaning

    def _of_name(self, module: SourceModule, node: SgNode, depth: int) -> Meaning | None:
        name, span = node.text(), span_of(node)
        inner = module.definition_at(span)
        if name in _SELF:
            owner = next((outer for outer in inner.around() if outer.kind == "class"), None) if inner else None
            return Instance(owner) if owner is not None else None
        return (
            self._in_scope(module, name, span, inner, depth)
            or self._in_class(module, name, inner, depth)
            or self.at_home(module, name, depth)
        )

    def _in_class(self, module: SourceModule, name: str, inner: Definition | None, depth: int) -> Meaning | None:
        """What the classes around a place call so, where no `this` stands before it, and what is imported from a class."""
        if module.language.name not in BY_CLASS:
            return None
        classes = [outer for outer in inner.around() if outer.kind == "class"] if inner is not None else []
        if module.path not in self._static_imports:
            self._static_imports[module.path] = _STATIC_IMPORT.findall(module.text)
        for owner, members in self._static_imports[module.path]:
            imported = self.at_home(module, owner, depth + 1) if members in (name, "*") else None
            classes += [imported] if isinstance(imported, Definition) and imported.kind == "class" else []
        given = (self.class_member(outer, name, depth + 1) for outer in classes if depth < DEEPEST)
        return next((meaning for meaning in given if meaning is not None), None)

    def _in_scope(
        self, module: SourceModule, name: str, span: SourceSpan, inner: Definition | None, depth: int
    ) -> Meaning | None:
        """What functions around a place call so: a variable, a function within, or a parameter."""
        while inner is not None:
            if inner.kind == "function":
                for assignment in reversed(module.assignments_of(name, span)):
                    if assignment.span.has(span) or not inner.span.has(assignment.span):
                        continue
                    return self.meaning(module, assignment.value, depth + 1)
                within = next((other for other in module.definitions_of(name) if other.owner is inner), None)
                if within is not None:
                    return within
                if name in inner.parameters:
                    return Parameter(inner, inner.parameters.index(name), name)
                if (owner := self._go_owner(inner, name)) is not None:
                    return Instance(owner)
            inner = inner.owner
        return None

    def _go_owner(self, method: Definition, name: str) -> Definition | None:
        """The type whose method calls its receiver so."""
        wanted = receiver_type(method)
        given = method.node.field("receiver") if wanted else None
        if given is None or not re.match(rf"\(\s*{re.escape(name)}\b", given.text()):
            return None
        homes = (method.module, *self.program.siblings_naming(method.module, wanted))
        return next((found for home in homes for found in home.definitions_of(wanted) if found.kind == "class"), None)

    def at_home(self, module: SourceModule, name: str, depth: int = 0) -> Meaning | None:
        """What a name stands for at the top of a file, where it is defined or imported."""
        for home, target in self.program.homes(module, name):
            if isinstance(target, str):
                return self.top(home, target, depth)
            return self.meaning(home, target, depth + 1)
        return None

    def top(self, home: SourceModule, name: str, depth: int = 0) -> Meaning | None:
        """What a top-level name of a file stands for; `*`: the file."""
        if name == "*":
            return home
        key, definitions = (home.path, name), home.tops_of(name)
        later = self._followed.get(key, len(definitions))
        for place in range(later - 1, max(len(definitions) - MOST_DEFINITIONS, 0) - 1, -1):
            if definitions[place].kind != "variable":
                return definitions[place]
            self._followed[key] = place
            found = self.meaning(home, definitions[place].node, depth + 1)
            self._followed[key] = later
            if found is not None:
                return found
        return None

    def _of_member(self, module: SourceModule, node: SgNode, member: tuple[SgNode, str], depth: int) -> Meaning | None:
        owner, name = member
        if (found := required_module(owner)) and module.language.name == "javascript":
            return next(self._imported_meanings(module, ImportedName(found, name), depth), None)
        meaning = self.meaning(module, owner, depth + 1)
        if isinstance(meaning, SourceModule):
            return self.export_of(meaning, name, depth)
        if isinstance(meaning, Parameter) and module.language.name in ("python", "javascript"):
            meaning = self._declared_instance(meaning, depth)
        if isinstance(meaning, Instance | Definition):
            definition = meaning.definition if isinstance(meaning, Instance) else meaning
            if definition.kind == "class":
                inside = self.class_member(definition, name, depth)
                return inside or (self._go_field(module, name, depth) if module.language.name == "go" else None)
        if isinstance(meaning, ResolvedExpression) and name in (pairs := meaning.module.pairs(meaning.node)):
            return self.meaning(meaning.module, pairs[name], depth + 1)
        span = span_of(node)
        written = re.sub(r"\s+", "", node.text()) if span.end - span.start <= LONGEST_NAME else ""
        for assignment in reversed(module.assignments_of(written, span)) if written else ():
            if not assignment.span.has(span):
                return self.meaning(module, assignment.value, depth + 1)
        if module.language.name == "go":
            return self._go_field(module, name, depth)
        return None

    def _declared_instance(self, parameter: Parameter, depth: int) -> Instance | None:
        """An object of the class of the project that a parameter is declared to be of: `def register(api: "Server")`."""
        written = parameter_type(parameter)
        meaning = (
            self.at_home(parameter.definition.module, written, depth + 1) if written and depth <= DEEPEST else None
        )
        return Instance(meaning) if isinstance(meaning, Definition) and meaning.kind == "class" else None

    def _imported_meanings(self, module: SourceModule, imported: ImportedName, depth: int) -> Iterator[Meaning]:
        for home, target in self.program.imported_homes(module, imported):
            found = (
                self.top(home, target, depth + 1) if isinstance(target, str) else self.meaning(home, target, depth + 1)
            )
            if found is not None:
                yield found

    def export_of(self, module: SourceModule, name: str, depth: int = 0) -> Meaning | None:
        """What another file gets under a name."""
        for home, target in self.program.member_homes(module, name):
            return self.top(home, target, depth + 1) if isinstance(target, str) else self.meaning(home, target, depth)
        default = self.default(module, depth)
        if isinstance(default, ResolvedExpression) and name in (pairs := default.module.pairs(default.node)):
            return self.meaning(default.module, pairs[name], depth + 1)
        if isinstance(default, Instance):
            return self.class_member(default.definition, name, depth)
        return None

    def default(self, module: SourceModule, depth: int = 0) -> Meaning | None:
        """What a JavaScript file is when it is used as a whole: its default export."""
        if module.language.name != "javascript" or depth > DEEPEST:
            return None
        exported = self.program.exports(module).get("default")
        if isinstance(exported, str):
            return self.at_home(module, exported, depth + 1)
        if exported is None or isinstance(exported, ImportedName):
            return next(self._imported_meanings(module, exported, depth), None) if exported is not None else None
        return self.meaning(module, exported, depth + 1)

    def class_member(self, definition: Definition, name: str, depth: int) -> Meaning | None:
        """A method, a field or what a constructor sets."""
        module = definition.module
        found = next((item for item in module.definitions_of(name) if item.owner is definition), None)
        if found is not None and found.kind == "function":
            getter = found.node.text().lstrip().startswith(("get ", "public get ", "@property"))
            return self.return_of(found, depth) if getter else found
        for mark in ("self", "this", "cls"):
            for assignment in reversed(module.assignments):
                if assignment.target == f"{mark}.{name}" and definition.span.has(assignment.span):
                    return self.meaning(module, assignment.value, depth + 1)
        for assignment in module.assignments:
            if assignment.target == name and module.definition_at(assignment.span) in (definition, None, found):
                if definition.span.has(assignment.span):
                    return self.meaning(module, assignment.value, depth + 1)
        if module.language.name == "go":
            return self._go_method(definition, name) or self._declared_go_field(definition, name, depth)
        return self._injected_meaning(definition, name, depth)

    def _injected_meaning(self, definition: Definition, name: str, depth: int) -> Meaning | None:
        """A constructor's parameter that is a field: `constructor(private readonly chat: ChatService)`."""
        written = self._injected_types(definition).get(name)
        meaning = self.at_home(definition.module, written, depth + 1) if written else None
        return Instance(meaning) if isinstance(meaning, Definition) and meaning.kind == "class" else None

    def _injected_types(self, definition: Definition) -> dict[str, str]:
        key = (definition.module.path, definition.span)
        if key not in self._injected:
            found = _INJECTED.findall(definition.node.text())
            self._injected[key] = dict(reversed(found))
        return self._injected[key]

    def _declared_go_field(self, definition: Definition, name: str, depth: int) -> Meaning | None:
        """A field of a struct that is declared as a struct of the project, of whichever package: `hub *ws.Hub`."""
        for declaration in definition.node.find_all(kind="field_declaration"):
            names = [child.text() for child in declaration.named_children() if child.kind() == "field_identifier"]
            written = declaration.field("type")
            if name not in names or written is None:
                continue
            if written.kind() == "pointer_type":
                written = next(iter(written.named_children()), written)
            meaning = self.meaning(definition.module, written, depth + 1)
            return Instance(meaning) if isinstance(meaning, Definition) and _is_go_struct(meaning) else None
        return None

    def _go_field(self, module: SourceModule, name: str, depth: int) -> Meaning | None:
        """A field of a struct: what any file of the package sets it to."""
        for home in (module, *self.program.siblings_naming(module, name)):
            for assignment in home.assignments:
                if assignment.target.endswith(f".{name}"):
                    return self.meaning(home, assignment.value, depth + 1)
            if name in home.literal_fields:
                return self.meaning(home, home.literal_fields[name], depth + 1)
        return None

    def _go_method(self, definition: Definition, name: str) -> Definition | None:
        """A method of a type, in whichever file of its package."""
        for home in (definition.module, *self.program.siblings_naming(definition.module, name)):
            for method in home.definitions_of(name):
                if method.kind == "function" and receiver_type(method) == definition.name:
                    return method
        return None

    def _of_call(self, call: Call, depth: int) -> Meaning | None:
        module = call.module
        if call.name in self._known.get(module.language.name, frozenset()):
            return call
        if specifier := required_module(call.node):
            found = next(self._imported_meanings(module, ImportedName(specifier, "*"), depth), None)
            return self.default(found, depth) or found if isinstance(found, SourceModule) else found
        meaning = self.meaning(module, call.callee, depth + 1)
        if isinstance(meaning, SourceModule):
            meaning = self.default(meaning, depth)
        if isinstance(meaning, Definition):
            if meaning.kind == "class":
                return Instance(meaning)
            return self.return_of(meaning, depth) or call
        return call

    def return_of(self, function: Definition, depth: int = 0) -> Meaning | None:
        """What a function returns, where that is one thing."""
        module = function.module
        body = function.node.field("body")
        if function.node.kind() == "arrow_function" and body is not None and body.kind() != "statement_block":
            return self.meaning(module, body, depth + 1)
        for node in own_returns(function, _RETURNS.get(module.language.name, "")):
            given = next(iter(node.named_children()), None)
            found = self.meaning(module, given, depth + 1) if given is not None else None
            if found is not None and not isinstance(found, ResolvedExpression):
                return found
        if module.language.name == "rust" and body is not None and body.named_children():
            return self.meaning(module, body.named_children()[-1], depth + 1)
        return None

    def text(self, module: SourceModule, node: SgNode | None, depth: int = 0) -> str | None:
        """A text, with a hole for each part that is computed; None where nothing of it is known."""
        node = unwrap(node)
        if node is None or depth > DEEPEST:
            return None
        kind = node.kind()
        if kind in ("string", "template_string") or kind in module.language.strings:
            return self._string(module, node, depth)
        if kind in ("binary_operator", "binary_expression", "boolean_operator"):
            return self._binary(module, node, depth)
        if kind in ("conditional_expression", "ternary_expression"):
            return self._conditional(module, node, depth)
        if kind in module.language.identifiers or module.member(node):
            return self._constant(module, node, depth)
        call = module.call_of(node)
        if call is not None and call.name in ("getenv", "get", "env", "config", "String", "str"):
            default = call.argument(0 if call.name in ("String", "str") else 1)
            return self.text(module, default, depth + 1) if default is not None else None
        return None

    def _string(self, module: SourceModule, node: SgNode, depth: int) -> str:
        if node.kind() == "concatenated_string":
            return "".join(self._string(module, child, depth) for child in node.named_children())
        children = [child for child in node.named_children() if child.kind() not in _QUOTES]
        if not children:
            return re.sub(r"""^[a-zA-Z@$]*(\"{3}|'{3}|["'`])|(\"{3}|'{3}|["'`])$""", "", node.text())
        parts = []
        for child in children:
            if child.kind() in _INTERPOLATIONS:
                inner = next(iter(child.named_children()), None)
                parts.append(self._text_or_hole(module, inner, depth + 1))
            elif child.kind() == "escape_sequence":
                parts.append(_ESCAPES.get(child.text(), child.text()))
            else:
                parts.append(child.text())
        return "".join(parts)

    def _binary(self, module: SourceModule, node: SgNode, depth: int) -> str | None:
        left, right = node.field("left"), node.field("right")
        operator = node.field("operator")
        sign = operator.text() if operator is not None else "+"
        if sign == "+":
            return self._text_or_hole(module, left, depth + 1) + self._text_or_hole(module, right, depth + 1)
        if sign in ("||", "??", "or"):
            return self.text(module, left, depth + 1) or self.text(module, right, depth + 1)
        return None

    def _text_or_hole(self, module: SourceModule, node: SgNode | None, depth: int) -> str:
        text = self.text(module, node, depth)
        return HOLE if text is None else text

    def _conditional(self, module: SourceModule, node: SgNode, depth: int) -> str | None:
        """`a if PREFIX else b`, `PREFIX ? a : b`, where the condition is a text that is known."""
        parts = [child for child in node.named_children() if child.kind() != "comment"]
        if len(parts) != 3:
            return None
        first, second, otherwise = parts
        condition, value = (second, first) if node.kind() == "conditional_expression" else (first, second)
        known = self.text(module, condition, depth + 1)
        if known is None or HOLE in known:
            return None
        return self.text(module, value if known else otherwise, depth + 1)

    def _constant(self, module: SourceModule, node: SgNode, depth: int) -> str | None:
        meaning = self.meaning(module, node, depth + 1)
        if isinstance(meaning, ResolvedExpression) and span_of(meaning.node) != span_of(node):
            return self.text(meaning.module, meaning.node, depth + 1)
        if isinstance(meaning, Call):
            return self.text(meaning.module, meaning.node, depth + 1)
        return None

    def number(self, module: SourceModule, node: SgNode | None, depth: int = 0) -> float | None:
        """A literal number, a product of such, or a constant of one."""
        node = unwrap(node)
        if node is None or depth > DEEPEST:
            return None
        if node.kind() in ("binary_operator", "binary_expression"):
            left, right = (self.number(module, node.field(part), depth + 1) for part in ("left", "right"))
            return left * right if left is not None and right is not None and "*" in node.text() else None
        text = node.text().replace("_", "")
        if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?", text):
            return float(text)
        if node.kind() in module.language.identifiers or module.member(node):
            meaning = self.meaning(module, node)
            if isinstance(meaning, ResolvedExpression) and span_of(meaning.node) != span_of(node):
                return self.number(meaning.module, meaning.node, depth + 1)
        return None

    def pairs(
        self, module: SourceModule, node: SgNode | None, wanted: frozenset[str] | None = None, depth: int = 0
    ) -> Mapping[str, tuple[SourceModule, SgNode]]:
        """The keys and values of an object, also of a constant, of what is spread into it, and of `dict(…)`.

        wanted: the keys that matter, in small letters; all where none are given.
        """
        node = unwrap(node)
        if node is None or depth > DEEPEST:
            return {}
        key = span_of(node), wanted, depth
        if key not in module.known_pairs:
            module.known_pairs[key] = self._find_pairs(module, node, wanted, depth + 1)
        return module.known_pairs[key]

    def _find_pairs(
        self, module: SourceModule, node: SgNode, wanted: frozenset[str] | None, depth: int
    ) -> Mapping[str, tuple[SourceModule, SgNode]]:
        found: dict[str, tuple[SourceModule, SgNode]] = {}
        for child in node.named_children():
            if child.kind() in ("spread_element", "dictionary_splat"):
                found |= self.pairs(module, next(iter(child.named_children()), None), wanted, depth)
        written = module.pairs(node)
        if written or found:
            return found | _take(module, written, wanted)
        call = module.call_of(node)
        if call is not None and call.name in ("dict", "Headers", "freeze"):
            given = self.pairs(module, call.positional[0], wanted, depth) if call.positional else {}
            return {**_take(module, call.named, wanted), **given}
        meaning = self.meaning(module, node)
        if isinstance(meaning, SourceModule):
            meaning = self.default(meaning)
        if isinstance(meaning, ResolvedExpression) and (
            meaning.module is not module or span_of(meaning.node) != span_of(node)
        ):
            return self.pairs(meaning.module, meaning.node, wanted, depth)
        if isinstance(meaning, Call) and meaning.span != span_of(node):
            return self.pairs(meaning.module, meaning.node, wanted, depth)
        return {}


def _take(
    module: SourceModule, pairs: Mapping[str, SgNode], wanted: frozenset[str] | None
) -> dict[str, tuple[SourceModule, SgNode]]:
    """Keys and values of a file, as far as they are wanted."""
    return {key: (module, value) for key, value in pairs.items() if wanted is None or key.lower() in wanted}


_RETURNS = {
    "python": "return_statement",
    "javascript": "return_statement",
    "go": "return_statement",
    "rust": "return_expression",
}


def own_returns(function: Definition, kind: str = "return_statement") -> Iterator[SgNode]:
    """The returns of a function, but for those of the functions in it. kind: of such a node; empty where there are none."""
    for node in function.node.find_all(kind=kind) if kind else ():
        home = function.module.definition_at(span_of(node))
        while home is not None and home.kind != "function":
            home = home.owner
        if home is function:
            yield node


def _is_go_struct(definition: Definition) -> bool:
    """Whether a type of Go is a struct, and not an interface, behind which any type may stand."""
    written = definition.node.field("type")
    return written is not None and written.kind() == "struct_type"


def parameter_type(parameter: Parameter) -> str:
    """The last word of a parameter's declared type; empty where there is none."""
    given = parameter.definition.node.field("parameters")
    text = given.text() if given is not None else ""
    name = re.escape(parameter.name)
    if parameter.definition.module.language.name == "go":
        found = re.search(rf"\b{name}(?:\s*,\s*\w+)*\s+\*?([\w.]+)", text)
    elif parameter.definition.module.language.name in ("java", "csharp"):
        found = re.search(rf"([\w.]{{1,200}}+)(?:<[^<>()]{{0,200}}>)?\??\s+{name}\b", text)
    else:
        found = re.search(rf"\b{name}\??\s*:\s*[\"']?([\w.]+)", text)
    return found[1].rpartition(".")[2] if found else ""


def receiver_type(method: Definition) -> str:
    """The type that a Go method belongs to; empty for a function."""
    given = method.node.field("receiver") if method.node.kind() == "method_declaration" else None
    found = re.search(r"(?<!\w)(\w++)(?:\[[^\[\]]*\])?\s*\)$", given.text()) if given is not None else None
    return found[1] if found else ""


def is_extension(method: Definition) -> bool:
    """Whether a method of C# is called on what it extends, and named without its class.

    https://learn.microsoft.com/en-us/dotnet/csharp/programming-guide/classes-and-structs/extension-methods
    """
    given = method.node.field("parameters") if method.module.language.name == "csharp" else None
    return given is not None and given.text()[1:].lstrip().startswith("this ")
