"""What a file imports and exports, language by language; and, by a look at its bytes, the words of what it imports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.syntax import SourceModule, unwrap
from infralint.text.javascript import IMPORTED
from infralint.text.lazy import lazy

MOST_NESTED = 50
"""Braces within braces of one `use` that are read."""

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_PYTHON_IMPORT = lazy(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([^\n#;]+))", re.MULTILINE
)
_GO_IMPORT = lazy(rb'"((?:[\w.~-]+/)+[\w.-]+)"')
_WORD = lazy(rb"\w+")
_DOTTED = lazy(rb"[\w.]+")


class ImportedName(msgspec.Struct, frozen=True):
    """What a local name stands for: `name` of the module `specifier` (`default`; `*` for all of it)."""

    specifier: str
    name: str


def is_within(specifier: str, packages: Iterable[str]) -> bool:
    """Whether a module is one of some packages, or lies in one."""
    return any(
        specifier == package or specifier.startswith((f"{package}/", f"{package}.", f"{package}::"))
        for package in packages
    )


def stems_of(path: str) -> list[str]:
    """The words by which a file may be imported."""
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    inner = posixpath.basename(folder)
    if path.endswith(".go"):
        return [inner or "."]
    if path.endswith(".py"):
        parts = (folder if stem == "__init__" else posixpath.join(folder, stem)).split("/")
        return [parts[-1] or ".", _python_stem(parts)]
    if stem in ("index", "__init__", "mod", "main", "lib") and inner:
        return [inner, stem, ".", posixpath.basename(posixpath.dirname(folder))]
    return [stem, name.rpartition(".")[0], "*"]


def _python_stems(path: str, content: bytes) -> Iterator[str]:
    folder = posixpath.dirname(path)
    for module, names, plain in _PYTHON_IMPORT.findall(content):
        yield from _stems_of_import(folder if module.startswith(b".") else "", module, names, plain)


@lru_cache(maxsize=4096)
def _stems_of_import(folder: str, module: bytes, names: bytes, plain: bytes) -> tuple[str, ...]:
    """The words of a statement, each with what stands before it in its dotted name; many files hold the same. folder: of the
    file, where the module's name is relative."""
    if plain:
        words = [word.split(b".") for word in _DOTTED.findall(plain)]
        return tuple(_python_stem(_decode_all(parts[: end + 1])) for parts in words for end in range(len(parts)))
    level = len(module) - len(module.lstrip(b"."))
    around = folder.split("/") if folder else []
    parts = around[: max(len(around) - level + 1, 0)] if level else []
    parts += _decode_all(module.lstrip(b".").split(b"."))
    return (_python_stem(parts), *(_python_stem([*parts, word]) for word in _decode_all(_WORD.findall(names))))


def _decode_all(words: Iterable[bytes]) -> list[str]:
    return [word.decode("utf-8", "replace") for word in words if word]


def _python_stem(parts: list[str]) -> str:
    """The last two parts of a dotted name: `app/views`."""
    return "/".join(parts[-2:]) or "."


def _javascript_stems(_path: str, content: bytes) -> Iterator[str]:
    for specifier in IMPORTED.findall(content):
        text = specifier.decode("utf-8", "replace")
        if "${" in text:
            yield "*"
        last = text.rpartition("/")[2]
        yield last or "."
        yield last.partition(".")[0] or "."


def _go_stems(_path: str, content: bytes) -> Iterator[str]:
    return (found.rpartition(b"/")[2].decode("utf-8", "replace") for found in _GO_IMPORT.findall(content))


SCANS: dict[str, Callable[[str, bytes], Iterator[str]]] = {
    "python": _python_stems,
    "javascript": _javascript_stems,
    "go": _go_stems,
}


def _python_imports(module: SourceModule) -> dict[str, ImportedName]:
    found: dict[str, ImportedName] = {}
    for node in module.find({"any": [{"kind": "import_from_statement"}, {"kind": "import_statement"}]}):
        source = node.field("module_name")
        for child in node.field_children("name"):
            name, alias = child.field("name"), child.field("alias")
            written = (name or child).text()
            if source is not None:
                found[(alias or child).text()] = ImportedName(source.text(), written)
            elif alias is not None:
                found[alias.text()] = ImportedName(written, "*")
            else:
                found[written.partition(".")[0]] = ImportedName(written.partition(".")[0], "*")
    return found


def _javascript_imports(module: SourceModule) -> dict[str, ImportedName]:
    found: dict[str, ImportedName] = {}
    for node in module.find({"kind": "import_statement"}):
        source = node.field("source")
        if source is not None:
            for clause in node.named_children():
                if clause.kind() == "import_clause":
                    found |= _clause(clause, source.text()[1:-1])
    for assignment in module.assignments:
        found |= _required_names(module, assignment.name, assignment.value)
    return found


def _clause(clause: SgNode, specifier: str) -> dict[str, ImportedName]:
    found = {}
    for child in clause.named_children():
        match child.kind():
            case "identifier":
                found[child.text()] = ImportedName(specifier, "default")
            case "namespace_import":
                found[child.named_children()[0].text()] = ImportedName(specifier, "*")
            case "named_imports":
                for given in child.named_children():
                    name, alias = given.field("name"), given.field("alias")
                    if name is not None:
                        found[(alias or name).text()] = ImportedName(specifier, name.text())
    return found


def _required_names(module: SourceModule, target: SgNode, value: SgNode) -> dict[str, ImportedName]:
    """`const x = require("y")`, `const { a, b: c } = require("y")`, `require("y").z`, also `await import("y")`."""
    node, taken = unwrap(value), ""
    member = module.member(node) if node is not None else None
    if member is not None:
        node, taken = unwrap(member[0]), member[1]
    specifier = required_module(node)
    if not specifier:
        return {}
    if target.kind() in ("identifier", "property_identifier"):
        return {target.text(): ImportedName(specifier, taken or "*")}
    if target.kind() != "object_pattern":
        return {}
    return {local: ImportedName(specifier, name) for local, name in _destructure(target) if not taken}


def _destructure(pattern: SgNode) -> Iterator[tuple[str, str]]:
    for child in pattern.named_children():
        if child.kind() == "shorthand_property_identifier_pattern":
            yield child.text(), child.text()
        elif child.kind() == "pair_pattern":
            key, value = child.field("key"), child.field("value")
            if key is not None and value is not None:
                yield value.text(), key.text()


def required_module(node: SgNode | None) -> str:
    """The module of `require("x")` or `import("x")`; empty for anything else."""
    node = unwrap(node)
    if node is None or node.kind() != "call_expression":
        return ""
    function, given = node.field("function"), node.field("arguments")
    if function is None or given is None or function.text() not in ("require", "import"):
        return ""
    first = next(iter(given.named_children()), None)
    return first.text()[1:-1] if first is not None and first.kind() == "string" else ""


def _go_imports(module: SourceModule) -> dict[str, ImportedName]:
    found = {}
    for node in module.find({"kind": "import_spec"}):
        path, name = node.field("path"), node.field("name")
        if path is not None:
            specifier = path.text().strip('"`')
            last = specifier.rpartition("/")[2]
            if re.fullmatch(r"v\d+", last):
                last = specifier.rsplit("/", 2)[-2] if specifier.count("/") else last
            local = name.text() if name is not None else re.sub(r"^go-|-go$|\.v\d+$", "", last)
            found[local] = ImportedName(specifier, "*")
    return found


def _rust_imports(module: SourceModule) -> dict[str, ImportedName]:
    found: dict[str, ImportedName] = {}
    for node in module.find({"any": [{"kind": "use_declaration"}, {"kind": "mod_item"}]}):
        if node.kind() == "mod_item":
            name = node.field("name")
            if name is not None and node.field("body") is None:
                found[name.text()] = ImportedName(name.text(), "*")
            continue
        argument = node.field("argument")
        for path in _rust_paths(argument.text() if argument is not None else ""):
            path, _, alias = path.partition(" as ")
            parts = path.strip().split("::")
            found[alias.strip() or parts[-1]] = ImportedName(path.strip(), parts[-1])
    return found


def _rust_paths(text: str, depth: int = 0) -> Iterator[str]:
    """The single paths of `a::{b, c::{d, e}}`; what is nested deeper than anybody writes is left out."""
    if depth > MOST_NESTED:
        return
    text = re.sub(r"\s+", " ", text)
    head, brace, rest = text.partition("{")
    if not brace:
        yield text.strip()
        return
    open_braces, start = 0, 0
    inner = rest.rpartition("}")[0]
    for index, letter in enumerate(inner + ","):
        open_braces += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and not open_braces:
            if piece := (inner + ",")[start:index].strip():
                yield from (f"{head.strip()}{path}" for path in _rust_paths(piece, depth + 1))
            start = index + 1


READERS: dict[str, Callable[[SourceModule], dict[str, ImportedName]]] = {
    "python": _python_imports,
    "javascript": _javascript_imports,
    "go": _go_imports,
    "rust": _rust_imports,
}


def javascript_exports(module: SourceModule) -> tuple[dict[str, str | ImportedName | SgNode], list[str]]:
    exports: dict[str, str | ImportedName | SgNode] = {}
    stars: list[str] = []
    if module.language.name != "javascript":
        return exports, stars
    for node in module.find({"kind": "export_statement"}):
        _read_export(node, exports, stars)
    for assignment in module.assignments:
        _read_assignment(module, assignment.target, assignment.value, exports)
    return exports, stars


def _read_export(node: SgNode, exports: dict[str, str | ImportedName | SgNode], stars: list[str]) -> None:
    source, declaration, value = node.field("source"), node.field("declaration"), node.field("value")
    specifier = source.text()[1:-1] if source is not None else ""
    default = any(child.kind() == "default" for child in node.children())
    target = declaration or value
    if default and target is not None:
        name = target.field("name") if declaration is not None else None
        plain = target.text() if target.kind() == "identifier" else name.text() if name is not None else ""
        exports["default"] = plain or target
    elif declaration is not None:
        exports.update({name: name for name in _declared_names(declaration)})
    clause = next((child for child in node.named_children() if child.kind() == "export_clause"), None)
    for given in clause.named_children() if clause is not None else []:
        local, alias = given.field("name"), given.field("alias")
        if local is not None:
            exports[(alias or local).text()] = ImportedName(specifier, local.text()) if specifier else local.text()
    if specifier and clause is None:
        stars.append(specifier)


def _declared_names(declaration: SgNode) -> Iterator[str]:
    name = declaration.field("name")
    if name is not None:
        yield name.text()
    for child in declaration.named_children():
        target = child.field("name") if child.kind() == "variable_declarator" else None
        if target is not None and target.kind() == "identifier":
            yield target.text()
        elif target is not None and target.kind() == "object_pattern":
            yield from (local for local, _ in _destructure(target))


def _read_assignment(
    module: SourceModule, target: str, value: SgNode, exports: dict[str, str | ImportedName | SgNode]
) -> None:
    """`module.exports = …`, `exports.name = …`."""
    if target == "module.exports" or target.endswith("=module.exports"):
        plain = unwrap(value)
        exports["default"] = value.text() if plain is not None and plain.kind() == "identifier" else value
        for name, member in module.pairs(value).items():
            text = member.text()
            exports.setdefault(name, text if re.fullmatch(r"[\w$]+", text) else member)
    elif found := re.fullmatch(r"(?:module\.)?exports\.([\w$]+)", target):
        exports[found[1]] = value.text() if re.fullmatch(r"[\w$]+", value.text()) else value
