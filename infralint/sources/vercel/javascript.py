"""JavaScript and TypeScript as data: a file's exports, imports and values, and where an import leads in the project.

Files are parsed with tree-sitter and never run. What a name means is followed by name alone.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from infralint.project import CantRead, Project
from infralint.project.javascript_imports import JavaScriptImports
from infralint.project.parse_trial import can_be_parsed
from infralint.text.javascript import IMPORTED, LOOPS
from infralint.text.lazy import lazy
from infralint.text.repetition import is_repetitive

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".cts", ".cjs")
LARGEST = 1024 * 1024
"""Bytes: a longer source file, or one with a line of more than LONGEST_LINE, is a bundle, not source."""
LONGEST_LINE = 50_000
MOST_LEVELS = 60
"""Expressions around another that are looked at."""
MOST_NODES = 200_000
"""Syntax nodes of a file that is looked into: some 10,000 lines."""
REQUESTS = frozenset({"fetch", "axios", "got", "ky", "request"})
"""Functions by which a server asks another."""
FUNCTIONS = frozenset(
    "function_declaration generator_function_declaration function_expression generator_function arrow_function"
    " method_definition function".split()
)
_TRANSPARENT = frozenset(
    "parenthesized_expression as_expression satisfies_expression non_null_expression type_assertion await_expression".split()
)
_LOADS = lazy(rb"\b(?:import|require)\s*\(")


class JavaScriptImport(msgspec.Struct, frozen=True):
    """What a local name stands for: `name` of the module `specifier` (`default`, `*` for all of it)."""

    specifier: str
    name: str


class JavaScriptModule(msgspec.Struct, dict=True):
    """One parsed file.

    imports: local name -> where from. exports: exported name -> a local name, an import or an
    expression. stars: modules all of whose exports are passed on. values: top-level name -> its
    declaration's value. broken: the line of the first syntax error, 0 for none.
    """

    path: str
    root: Node
    imports: dict[str, JavaScriptImport] = {}
    exports: dict[str, str | JavaScriptImport | Node] = {}
    stars: list[str] = []
    values: dict[str, Node] = {}
    declared: dict[str, Node] = {}
    broken: int = 0
    _assigned: dict[int, dict[str, list[tuple[Node, str]]]] = {}

    def assignments_of(self, function: Node) -> dict[str, list[tuple[Node, str]]]:
        """What names are set to in a function of this file: each value, and the key that is taken from it."""
        if function.id not in self._assigned:
            self._assigned[function.id] = assignments(function)
        return self._assigned[function.id]

    @cached_property
    def statements(self) -> dict[str, list[Node]]:
        """Top-level expression statements by the name that they begin with: `app.get(…)` -> app."""
        found: dict[str, list[Node]] = {}
        for node in self.root.named_children:
            if node.type == "expression_statement" and (name := _first_name(node)):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def loads(self) -> bool:
        """Whether modules may be loaded on the way: `import("…")`, `require("…")`."""
        return _LOADS.search(self.root.text or b"") is not None

    @cached_property
    def _around(self) -> tuple[list[int], list[tuple[Node, int]]]:
        """Functions and loops in the order of the text: where each begins, and the index of the one around it."""
        starts: list[int] = []
        found: list[tuple[Node, int]] = []
        for node in walk(self.root):
            if node.type in FUNCTIONS or node.type in LOOPS:
                starts.append(node.start_byte)
                found.append((node, self._last_around(found, len(found) - 1, node)))
        return starts, found

    @staticmethod
    def _last_around(found: list[tuple[Node, int]], index: int, node: Node) -> int:
        while index >= 0 and found[index][0].end_byte < node.end_byte:
            index = found[index][1]
        return index

    @cached_property
    def _places(self) -> dict[int, tuple[Node, Node | None]]:
        """What each node with a name stands in, and the one before it. (`Node.parent` searches from the root.)"""
        found: dict[int, tuple[Node, Node | None]] = {}
        for node in walk(self.root):
            before = None
            for child in node.named_children:
                found[child.id] = node, before
                before = child
        return found

    def parent_of(self, node: Node) -> Node | None:
        """The node that a node with a name stands in."""
        return self._places[node.id][0] if node.id in self._places else None

    def node_before(self, node: Node) -> Node | None:
        """The node with a name that stands before another in the same one."""
        return self._places[node.id][1] if node.id in self._places else None

    def around(self, node: Node) -> Iterator[Node]:
        """The functions and loops that a node stands in, the innermost first."""
        starts, found = self._around
        index = self._last_around(found, bisect_right(starts, node.start_byte) - 1, node)
        while index >= 0:
            child, index = found[index]
            if child != node:
                yield child

    def functions_around(self, node: Node) -> Iterator[Node]:
        """The functions that a node stands in, the innermost first."""
        return (outer for outer in self.around(node) if outer.type in FUNCTIONS)

    def outermost(self, node: Node) -> Node:
        """The outermost function around a node, or the node itself."""
        found = node
        for outer in self.functions_around(node):
            found = outer
        return found


def text_of(node: Node | None) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line_of(node: Node) -> int:
    return node.start_point[0] + 1


def unwrap(node: Node | None) -> Node | None:
    """An expression without parentheses, `as`, `satisfies`, `!`, `<const>` and `await` around it."""
    while node is not None and node.type in _TRANSPARENT:
        inner = [child for child in node.named_children if child.type != "comment"]
        if not inner:
            return None
        node = inner[-1] if node.type == "type_assertion" else inner[0]
    return node


def literal(node: Node | None) -> Any:
    """The value of a literal string, number, boolean or template without holes; None where it is none of them."""
    node = unwrap(node)
    if node is None:
        return None
    if node.type == "string" or (
        node.type == "template_string"
        and not any(child.type == "template_substitution" for child in node.named_children)
    ):
        return text_of(node)[1:-1]
    if node.type == "number":
        return _number(text_of(node))
    return {"true": True, "false": False}.get(node.type)


def _number(text: str) -> float | None:
    plain = text.replace("_", "").lower()
    try:
        return int(plain, 0) if re.match(r"0[xob]", plain) else float(plain)
    except ValueError:
        return None


def pairs(node: Node | None) -> dict[str, Node]:
    """The literal keys of an object and their values."""
    node = unwrap(node)
    if node is None or node.type != "object":
        return {}
    found = {}
    for child in node.named_children:
        key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
        if child.type == "pair" and key is not None and value is not None:
            found[text_of(key).strip("\"'")] = value
        elif child.type == "shorthand_property_identifier":
            found[text_of(child)] = child
        elif child.type == "method_definition" and (name := child.child_by_field_name("name")) is not None:
            found[text_of(name)] = child
    return found


def walk(node: Node, skipped: Callable[[Node], bool] = lambda _node: False) -> Iterator[Node]:
    """A node and all below it that have names, in the order of the text. skipped: those that are left out, with all below."""
    pending = [node]
    while pending:
        current = pending.pop()
        if skipped(current):
            continue
        yield current
        pending.extend(reversed(current.named_children))


def stands_for_fetch(node: Node) -> bool:
    """Whether a function is what a client library is to call in place of `fetch`: what it returns is that library's answer,
    and not one to a browser.

    https://ai-sdk.dev/docs/reference/ai-sdk-core/create-provider-registry, https://github.com/openai/openai-node#fetch-options
    """
    if node.type not in ("arrow_function", "function_expression", "function_declaration"):
        return False
    parameters = node.child_by_field_name("parameters")
    given = parameters.named_children if parameters is not None else []
    if len(given) != 2 or not re.match(r"(?:init|options|opts|config)\b", text_of(given[1])):
        return False
    holder = node if node.type == "function_declaration" else node.parent
    while holder is not None and holder.type in ("parenthesized_expression", "as_expression", "satisfies_expression"):
        holder = holder.parent
    fields = ("name", "key", "left")
    names = (holder.child_by_field_name(field) for field in fields) if holder is not None else ()
    return any(name is not None and text_of(name).lower().endswith("fetch") for name in names)


def arguments(node: Node) -> list[Node]:
    """The arguments of a call or `new`."""
    found = node.child_by_field_name("arguments")
    return [child for child in found.named_children if child.type != "comment"] if found is not None else []


def assignments(function: Node) -> dict[str, list[tuple[Node, str]]]:
    """What names are set to in a function: each value, and the key that is taken from it."""
    found: dict[str, list[tuple[Node, str]]] = {}
    for inner in walk(function):
        if inner.type not in ("variable_declarator", "assignment_expression"):
            continue
        declares = inner.type == "variable_declarator"
        target = inner.child_by_field_name("name" if declares else "left")
        value = inner.child_by_field_name("value" if declares else "right")
        if target is None or value is None:
            continue
        if target.type == "identifier":
            found.setdefault(text_of(target), []).append((value, ""))
        elif target.type == "object_pattern":
            for local, key in destructure(target).items():
                found.setdefault(local, []).append((value, key))
        elif target.type == "array_pattern":
            for item in target.named_children:
                found.setdefault(text_of(item), []).append((value, ""))
    return found


def header_of(module: JavaScriptModule, node: Node) -> str:
    """The name of the header whose value this string is: `{name: value}`, `set(name, value)`, `[name, value]`."""
    parent = module.parent_of(node)
    if parent is None:
        return ""
    if parent.type == "pair" and parent.child_by_field_name("value") == node:
        return text_of(parent.child_by_field_name("key")).strip("\"'[]").lower()
    if parent.type in ("arguments", "array"):
        before = module.node_before(node)
        if before is not None:
            return str(literal(before) or "").lower()
        call = module.parent_of(parent)
        function = text_of(call.child_by_field_name("function")) if call is not None else ""
        return "content-type" if function.endswith((".contentType", ".type")) else ""
    return ""


def nodes_around(module: JavaScriptModule, node: Node, most: int = MOST_LEVELS) -> Iterator[Node]:
    """The nodes that a node stands in, the innermost first: not more than so many."""
    around = module.parent_of(node)
    for _ in range(most):
        if around is None:
            return
        yield around
        around = module.parent_of(around)


def is_request(module: JavaScriptModule, node: Node) -> bool:
    """Whether a node stands in the arguments of a request that the server makes itself."""
    for outer in nodes_around(module, node):
        if outer.type in FUNCTIONS:
            return False
        if outer.type == "call_expression":
            function = text_of(outer.child_by_field_name("function"))
            if function.partition(".")[0] in REQUESTS or function.endswith(".fetch"):
                return True
        if outer.type == "new_expression" and text_of(outer.child_by_field_name("constructor")) == "Request":
            return True
    return False


class Words:
    """Words that are looked for in a file's bytes: literally, for that is many times faster than an expression.

    patterns: expressions, each with what stands in all that it finds. Two are never equal.
    """

    def __init__(self, *literals: bytes, patterns: Mapping[bytes, re.Pattern[bytes]] = MappingProxyType({})) -> None:
        self.literals = literals
        self.patterns = patterns

    def stand_in(self, content: bytes) -> bool:
        """Whether one of them does."""
        if any(literal in content for literal in self.literals):
            return True
        return any(likely in content and pattern.search(content) for likely, pattern in self.patterns.items())


class Modules:
    """The JavaScript of a project: parsed when asked for, once, and joined by its imports."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.skipped: list[str] = []
        self._modules: dict[str, JavaScriptModule | None] = {}
        self._bytes: dict[str, bytes] = {}
        self._has: dict[tuple[Words, str], bool] = {}
        self._imports = JavaScriptImports(
            project.file_set, self._settings, lambda: project.files_named("package.json"), EXTENSIONS, self._habits
        )
        self._specifiers: dict[str, list[str]] = {}

    def content(self, path: str) -> bytes:
        """A file's bytes; none where it can't be read or is a bundle."""
        if path not in self._bytes:
            self._bytes[path] = self._read(path)
        return self._bytes[path]

    def _read(self, path: str) -> bytes:
        try:
            content = self.project.bytes(path)
        except CantRead:
            return b""
        if len(content) > LARGEST or _is_bundle(content):
            self.skipped.append(path)
            return b""
        return content

    def has(self, words: Words, path: str) -> bool:
        """Whether one of some words stands in a file."""
        key = (words, path)
        if key not in self._has:
            self._has[key] = words.stand_in(self.content(path))
        return self._has[key]

    def load(self, path: str) -> JavaScriptModule | None:
        """A file's module; None where there is nothing to parse."""
        if path not in self._modules:
            content = self.content(path)
            module = _parse(path, content) if content else None
            if content and module is None:
                self.skipped.append(path)
            self._modules[path] = module
        return self._modules[path]

    def mentioned_files(self, path: str) -> list[str]:
        """The project's files that a byte scan sees imported: more than are, never fewer."""
        if path not in self._specifiers:
            content = self.content(path)
            names = (
                {specifier.decode("utf-8", "replace") for specifier in IMPORTED.findall(content)} if content else set()
            )
            found = {self.resolve(path, name) for name in names}
            self._specifiers[path] = sorted(specifier for specifier in found if specifier)
        return self._specifiers[path]

    def resolve(self, importer: str, specifier: str) -> str | None:
        """The project's file that an import leads to; None for a package, or where there is none."""
        return self._imports.resolve(importer, specifier)

    def _settings(self, path: str) -> bytes:
        try:
            return self.project.bytes(path)
        except CantRead:
            return b""

    def _habits(self, folder: str, specifier: str) -> Iterator[str]:
        """`@/x` and `~/x` from the nearest folder with a package.json, where no tsconfig.json says what they are."""
        if specifier.startswith(("@/", "~/")):
            while folder and posixpath.join(folder, "package.json") not in self.project.file_set:
                folder = posixpath.dirname(folder)
            yield from (posixpath.join(folder, start, specifier[2:]) for start in ("src", ""))


def read_manifest(project: Project, path: str) -> dict[str, Any]:
    """A package.json as plain data; empty where it is broken."""
    import json

    try:
        data = json.loads(project.text(path))
    except (CantRead, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _is_bundle(content: bytes) -> bool:
    return len(content) > LONGEST_LINE and max(map(len, content.split(b"\n"))) > LONGEST_LINE


def _grammar(path: str) -> str:
    """The package and function of the grammar that a file is parsed by."""
    ending = path.rpartition(".")[2]
    if ending in ("ts", "mts", "cts"):
        return "tree_sitter_typescript:language_typescript"
    return "tree_sitter_typescript:language_tsx" if ending == "tsx" else "tree_sitter_javascript:language"


def _parser(grammar: str) -> Parser:
    from tree_sitter import Language, Parser

    if grammar not in _PARSERS:
        package, _, function = grammar.partition(":")
        _PARSERS[grammar] = Parser(Language(getattr(import_module(package), function)()))
    return _PARSERS[grammar]


_PARSERS: dict[str, Parser] = {}


def _parse(path: str, content: bytes) -> JavaScriptModule | None:
    """None for a file of too many nodes, or one whose end the parser does not come to."""
    grammar = _grammar(path)
    if is_repetitive(content) and not can_be_parsed(content, grammar):
        return None
    root = _parser(grammar).parse(content).root_node
    module = JavaScriptModule(path, root)
    if root.descendant_count > MOST_NODES:
        return None
    if root.has_error:
        module.broken = next(
            (
                line_of(syntax_node)
                for syntax_node in _all(root)
                if syntax_node.type == "ERROR" or syntax_node.is_missing
            ),
            1,
        )
    for node in root.named_children:
        _READERS.get(node.type, _nothing)(module, node)
    return module


def _all(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed([child for child in current.children if child.has_error or child.is_missing]))


def _nothing(module: JavaScriptModule, node: Node) -> None:
    """A statement that declares nothing."""


def _read_import(module: JavaScriptModule, node: Node) -> None:
    specifier = literal(node.child_by_field_name("source")) or ""
    for inner in walk(node):
        if inner.type == "import_specifier":
            name, alias = inner.child_by_field_name("name"), inner.child_by_field_name("alias")
            module.imports[text_of(alias or name)] = JavaScriptImport(specifier, text_of(name))
        elif inner.type == "namespace_import" and inner.named_children:
            module.imports[text_of(inner.named_children[0])] = JavaScriptImport(specifier, "*")
        elif inner.type == "identifier" and inner.parent is not None and inner.parent.type == "import_clause":
            module.imports[text_of(inner)] = JavaScriptImport(specifier, "default")


def _read_declaration(module: JavaScriptModule, node: Node) -> list[str]:
    """Enter the names that a statement declares; returns them."""
    if node.type in ("lexical_declaration", "variable_declaration"):
        found = [child for child in node.named_children if child.type == "variable_declarator"]
        return [name for declarator in found for name in _read_variable(module, declarator)]
    name = text_of(node.child_by_field_name("name"))
    if name:
        module.values[name] = module.declared[name] = node
    return [name] if name else []


def _read_variable(module: JavaScriptModule, node: Node) -> list[str]:
    target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if target is None or value is None:
        return []
    required = _required_module(value)
    if target.type == "identifier":
        name = text_of(target)
        module.values[name], module.declared[name] = value, node
        if required:
            module.imports[name] = JavaScriptImport(required, "*")
        return [name]
    names = destructure(target)
    for local, key in names.items():
        module.values[local], module.declared[local] = value, node
        if required:
            module.imports[local] = JavaScriptImport(required, key)
    return list(names)


def destructure(pattern: Node) -> dict[str, str]:
    """`{ a, b: c }` -> {a: a, c: b}: local names and the keys they take."""
    found = {}
    for child in pattern.named_children:
        if child.type == "shorthand_property_identifier_pattern":
            found[text_of(child)] = text_of(child)
        elif child.type == "pair_pattern":
            found[text_of(child.child_by_field_name("value"))] = text_of(child.child_by_field_name("key"))
    return found


def loaded_module(node: Node | None) -> str:
    """The module of `import("x")` or `require("x")`; empty for anything else, and for a name that is computed."""
    call = unwrap(node)
    function = call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
    if call is None or function is None or function.type not in ("import", "identifier"):
        return ""
    given = arguments(call) if text_of(function) in ("import", "require") else []
    return str(literal(given[0]) or "") if given else ""


def names_at_once(call: Node) -> Iterator[JavaScriptImport]:
    """What is taken at once from a module that is loaded: `(await import("x")).name`, `.then(({ name }) => …)`."""
    specifier, user = loaded_module(call), call.parent
    while user is not None and user.type in _TRANSPARENT:
        user = user.parent
    if not specifier or user is None or user.type != "member_expression":
        return
    name = text_of(user.child_by_field_name("property"))
    if name != "then" or user.parent is None or user.parent.type != "call_expression":
        yield JavaScriptImport(specifier, name)
        return
    for callback in arguments(user.parent)[:1]:
        yield from (JavaScriptImport(specifier, taken) for taken in _taken_by(callback))


def _taken_by(callback: Node) -> list[str]:
    """The members that a function takes from its first parameter."""
    given = callback.child_by_field_name("parameter") or callback.child_by_field_name("parameters")
    if given is not None and given.type == "formal_parameters":
        given = given.named_children[0] if given.named_children else None
    if given is not None and given.type == "required_parameter":
        given = given.child_by_field_name("pattern")
    if given is None or given.type == "object_pattern":
        return list(destructure(given).values()) if given is not None else []
    members = (inner for inner in walk(callback) if inner.type == "member_expression")
    used = (member for member in members if text_of(member.child_by_field_name("object")) == text_of(given))
    return [text_of(member.child_by_field_name("property")) for member in used]


def _required_module(node: Node) -> str:
    """The module that a value is loaded from, also with a property taken from it."""
    call = unwrap(node)
    if call is not None and call.type == "member_expression":
        call = call.child_by_field_name("object")
    return loaded_module(call)


def _read_export(module: JavaScriptModule, node: Node) -> None:
    source = node.child_by_field_name("source")
    specifier = literal(source) if source is not None else ""
    declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
    default = any(child.type == "default" for child in node.children)
    if default:
        module.exports["default"] = declaration or value or node
        if declaration is not None:
            _read_declaration(module, declaration)
    elif declaration is not None:
        for name in _read_declaration(module, declaration):
            module.exports[name] = name
    elif clause := next((below for below in node.named_children if below.type == "export_clause"), None):
        for child in clause.named_children:
            name, alias = text_of(child.child_by_field_name("name")), text_of(child.child_by_field_name("alias"))
            module.exports[alias or name] = JavaScriptImport(str(specifier), name) if specifier else name
    elif specifier:
        module.stars.append(str(specifier))
    elif node.named_children:
        module.exports["default"] = node.named_children[0]


def _read_statement(module: JavaScriptModule, node: Node) -> None:
    """`module.exports = …`, `exports.name = …`."""
    inner = node.named_children[0] if node.named_children else None
    if inner is None or inner.type != "assignment_expression":
        return
    left, right = text_of(inner.child_by_field_name("left")), inner.child_by_field_name("right")
    if right is None:
        return
    if left == "module.exports":
        module.exports["default"] = right
        for name, value in pairs(right).items():
            module.exports.setdefault(name, value)
    elif left.startswith(("exports.", "module.exports.")):
        module.exports[left.rpartition(".")[2]] = right


def _first_name(node: Node) -> str:
    """The identifier that a statement begins with."""
    inner: Node | None = node
    while inner is not None and inner.type != "identifier":
        inner = inner.named_children[0] if inner.named_children else None
    return text_of(inner)


_READERS: dict[str, Any] = {
    "import_statement": _read_import,
    "export_statement": _read_export,
    "expression_statement": _read_statement,
    **dict.fromkeys(
        (
            "lexical_declaration",
            "variable_declaration",
            "function_declaration",
            "generator_function_declaration",
            "class_declaration",
            "abstract_class_declaration",
        ),
        _read_declaration,
    ),
}
