"""The source files of a project, parsed when asked for and joined by their imports, in both directions.

Followed backwards: from a file to those that import it. Which ones do is told by one scan over the bytes of all
files, for the last words of what they import; only files that such a word leads to are parsed.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infralint.project import CantRead
from infralint.sources.application.syntax import Language, Module, language_of, parse, span_of, unwrapped
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LARGEST = 1024 * 1024
"""Bytes: a longer source file, or one with a line of more than LONGEST_LINE, was written by a program."""
LONGEST_LINE = 20_000
MOST_KEPT = 16 * 1024 * 1024
"""Bytes of files that stay in memory between two looks at them."""
DEEPEST = 6
"""Re-exports that are followed."""
ENDINGS = ("ts", "tsx", "js", "jsx", "mts", "mjs", "cts", "cjs", "vue", "svelte")

_PYTHON_IMPORT = lazy(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([^\n#;]+))", re.MULTILINE
)
_JAVASCRIPT_IMPORT = lazy(
    rb"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(?:/\*[^*]{0,300}\*/\s*)?["'`]([^"'`\n]{1,300})["'`]"""
)
_GO_IMPORT = lazy(rb'"((?:[\w.~-]+/)+[\w.-]+)"')
_RUST_IMPORT = lazy(rb"\b(?:use|mod)\s+([^;{]+)[;{]([^;]*)")
_WORD = lazy(rb"\w+")


@dataclass(frozen=True, slots=True)
class Import:
    """What a local name stands for: `name` of the module `specifier` (`default`; `*` for all of it)."""

    specifier: str
    name: str


class Program:
    """The modules of a project. files: paths relative to it. text: a file's bytes; may raise CantRead."""

    def __init__(self, files: Iterable[str], text: Callable[[str], bytes]) -> None:
        self.files = frozenset(files)
        self.skipped: set[str] = set()
        self._text = text
        self._kept: dict[str, bytes] = {}
        self._size = 0
        self._modules: dict[str, Module | None] = {}
        self._imports: dict[str, dict[str, Import]] = {}
        self._exports: dict[str, dict[str, str | Import | SgNode]] = {}
        self._stars: dict[str, list[str]] = {}
        self._taken: dict[str, dict[str, list[tuple[str, str]]]] = {}
        self._by_stem: dict[str, dict[str, list[str]]] = {}
        self._resolved: dict[tuple[str, str, str], str | None] = {}
        self._aliases: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
        self.sources: list[str] = []
        self.vocabulary: dict[str, frozenset[str]] = {}

    def content(self, path: str) -> bytes:
        """A file's bytes; none where it can't be read or was written by a program."""
        if path in self._kept:
            return self._kept[path]
        try:
            content = self._text(path)
        except (CantRead, OSError):
            self.skipped.add(path)
            return b""
        if is_generated(content):
            content = b""
        if self._size + len(content) <= MOST_KEPT:
            self._kept[path] = content
            self._size += len(content)
        return content

    def load(self, path: str) -> Module | None:
        if path not in self._modules:
            content = self.content(path) if path in self.files else b""
            self._modules[path] = parse(path, content, self.vocabulary) if content else None
        return self._modules[path]

    def forget(self, path: str) -> None:
        """Lets go of a file's tree; it is parsed again if it is asked for."""
        for known in (self._modules, self._imports, self._exports, self._stars):
            known.pop(path, None)

    def imports(self, module: Module) -> Mapping[str, Import]:
        """Local names of a file and what they stand for."""
        if module.path not in self._imports:
            self._imports[module.path] = _READERS.get(module.language.name, _nothing)(module)
        return self._imports[module.path]

    def exports(self, module: Module) -> Mapping[str, str | Import | SgNode]:
        """What a JavaScript file exports: by name, a local name, an import or an expression."""
        if module.path not in self._exports:
            exports, stars = _javascript_exports(module)
            self._exports[module.path], self._stars[module.path] = exports, stars
        return self._exports[module.path]

    def stars(self, module: Module) -> list[str]:
        """Modules all of whose exports a JavaScript file passes on."""
        self.exports(module)
        return self._stars[module.path]

    def siblings(self, module: Module) -> Iterator[Module]:
        """The other files of a Go package: they share their names."""
        if module.language.name == "go":
            for path in self._go_files(posixpath.dirname(module.path)):
                if path != module.path and (other := self.load(path)) is not None:
                    yield other

    def _go_files(self, folder: str) -> list[str]:
        return self._go_folders.get(folder, [])

    @cached_property
    def _go_folders(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.sources:
            if path.endswith(".go"):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    def homes(self, module: Module, name: str, depth: int = 0) -> Iterator[tuple[Module, str | SgNode]]:
        """Where a name of a file is at home: the file that defines it, and its name or expression there.

        `*` for the name: the file itself.
        """
        imported = self.imports(module).get(name)
        if imported is not None:
            yield from self.imported_homes(module, imported, depth)
        elif module.defined(name):
            yield module, name
        else:
            yield from ((other, name) for other in self.siblings(module) if other.defined(name))

    def imported_homes(self, module: Module, imported: Import, depth: int = 0) -> Iterator[tuple[Module, str | SgNode]]:
        """Where an import leads: in the project only."""
        if depth > DEEPEST:
            return
        for path, name in self.targets(module, imported):
            home = self.load(path)
            if home is None:
                continue
            if name == "*":
                yield home, "*"
            elif home.language.name == "javascript":
                yield from self._exported(home, name, depth)
            else:
                yield from self.homes(home, name, depth + 1)

    def _exported(self, home: Module, name: str, depth: int) -> Iterator[tuple[Module, str | SgNode]]:
        exported = self.exports(home).get(name)
        if exported is None:
            for star in self.stars(home):
                yield from self.imported_homes(home, Import(star, name), depth + 1)
        elif isinstance(exported, Import):
            yield from self.imported_homes(home, exported, depth + 1)
        elif isinstance(exported, str):
            yield from self.homes(home, exported, depth + 1)
        else:
            yield home, exported

    def member_homes(self, home: Module, name: str) -> Iterator[tuple[Module, str | SgNode]]:
        """Where a member of a whole module is at home: `chat.router`, `routes.chat`."""
        if home.language.name == "javascript":
            yield from self._exported(home, name, 0)
        elif home.language.name == "go":
            for path in self._go_files(posixpath.dirname(home.path)):
                other = self.load(path)
                if other is not None and other.defined(name):
                    yield other, name
        else:
            found = list(self.homes(home, name))
            yield from found
            if not found and home.path.endswith("__init__.py"):
                yield from self.imported_homes(home, Import(f".{name}", "*"))

    def targets(self, module: Module, imported: Import) -> Iterator[tuple[str, str]]:
        """The project's files that an import leads to, each with the name that is taken there."""
        language, path = module.language.name, module.path
        if language == "python":
            yield from self._python_targets(path, imported)
        elif language == "go":
            folder = self._go_folder(path, imported.specifier)
            yield from ((file, "*") for file in (self._go_files(folder)[:1] if folder is not None else []))
        elif language == "rust":
            yield from self._rust_targets(path, imported)
        elif (target := self.resolve(path, imported.specifier)) is not None:
            yield target, imported.name

    def taken_from(self, importer: Module, home: Module) -> list[tuple[str, str]]:
        """The local names by which a file uses another, and what each takes of it (`*`: all)."""
        if importer.path not in self._taken:
            found: dict[str, list[tuple[str, str]]] = {}
            for local, imported in self.imports(importer).items():
                for path, taken in self.targets(importer, imported):
                    found.setdefault(_unit(path), []).append((local, taken))
            self._taken[importer.path] = found
        return self._taken[importer.path].get(_unit(home.path), [])

    def _python_targets(self, path: str, imported: Import) -> Iterator[tuple[str, str]]:
        if imported.name != "*":
            inner = f"{imported.specifier}{'' if imported.specifier.endswith('.') else '.'}{imported.name}"
            if (target := self.python_file(path, inner)) is not None:
                yield target, "*"
                return
        if (target := self.python_file(path, imported.specifier)) is not None:
            yield target, imported.name

    def python_file(self, importer: str, name: str) -> str | None:
        """The file of a dotted module name, as seen from a file."""
        key = (posixpath.dirname(importer), name, "python")
        if key not in self._resolved:
            self._resolved[key] = self._find_python(key[0], name)
        return self._resolved[key]

    def _find_python(self, folder: str, name: str) -> str | None:
        level = len(name) - len(name.lstrip("."))
        parts = [part for part in name.lstrip(".").split(".") if part]
        if level:
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            return self._python_at(folder, parts)
        while True:
            for base in (folder, posixpath.join(folder, "src")):
                if parts and (found := self._python_at(base, parts)):
                    return found
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def _python_at(self, folder: str, parts: list[str]) -> str | None:
        base = posixpath.join(folder, *parts)
        return next((path for path in (f"{base}.py", f"{base}/__init__.py") if path in self.files), None)

    def _go_folder(self, path: str, specifier: str) -> str | None:
        for root, name in self._go_modules:
            inside = specifier.removeprefix(name)
            if (not root or path.startswith(f"{root}/")) and inside != specifier:
                folder = posixpath.normpath(posixpath.join(root, inside.lstrip("/"))) if inside else root
                folder = "" if folder == "." else folder
                if folder in self._go_folders:
                    return folder
        return None

    @cached_property
    def _go_modules(self) -> list[tuple[str, str]]:
        """Folders of go.mod files and the names of their modules, the deepest first."""
        found = []
        for path in self.files:
            if posixpath.basename(path) == "go.mod":
                name = re.search(rb"^module\s+(\S+)", self.content(path), re.MULTILINE)
                if name:
                    found.append((posixpath.dirname(path), name[1].decode("utf-8", "replace").strip('"')))
        return sorted(found, key=lambda item: -len(item[0]))

    def _rust_targets(self, path: str, imported: Import) -> Iterator[tuple[str, str]]:
        parts = [part for part in imported.specifier.split("::") if part not in ("crate", "super", "self")]
        for kept in (parts, parts[1:], parts[:-1]):
            if not kept:
                continue
            tail = "/".join(kept)
            name = "*" if kept is not parts[:-1] and len(kept) != len(parts) - 1 else imported.name
            for file in self._rust_files:
                if file.endswith((f"/{tail}.rs", f"/{tail}/mod.rs")):
                    yield file, name if kept == parts[:-1] and parts else "*"
                    return

    @cached_property
    def _rust_files(self) -> list[str]:
        return [path for path in self.sources if path.endswith(".rs")]

    def importers(self, path: str, name: str) -> Iterator[Module]:
        """The files that may import a file and mention a name."""
        language = language_of(path)
        if language is None:
            return
        if language.name not in _SCANS:
            yield from self._namers(path, language, name)
            return
        index = self._stems(language.name)
        wanted = name.encode()
        for importer in dict.fromkeys(importer for stem in _stems_of(path) for importer in index.get(stem, ())):
            if importer != path and (name in ("default", "*") or wanted in self.content(importer)):
                module = self.load(importer)
                if module is not None:
                    yield module

    def _namers(self, path: str, language: Language, name: str) -> Iterator[Module]:
        """The files that name a file's class, in languages that find classes by their names."""
        stem, wanted = posixpath.basename(path).partition(".")[0], name.encode()
        words = {stem.encode(), stem.removesuffix("Impl").encode()}
        for other in self.sources:
            if other != path and other.rpartition(".")[2] in language.endings:
                content = self.content(other)
                if wanted in content and any(word in content for word in words):
                    module = self.load(other)
                    if module is not None:
                        yield module

    def _stems(self, language: str) -> dict[str, list[str]]:
        """Last words of what is imported, and the files that import such."""
        if language not in self._by_stem:
            index: dict[str, list[str]] = {}
            scan = _SCANS.get(language)
            for path in self.sources if scan else ():
                found = language_of(path)
                if found is not None and found.name == language and scan:
                    for stem in set(scan(self.content(path))):
                        index.setdefault(stem, []).append(path)
            self._by_stem[language] = index
        return self._by_stem[language]

    def resolve(self, importer: str, specifier: str) -> str | None:
        """The project's file that a JavaScript import leads to; None for a package."""
        key = (posixpath.dirname(importer), specifier, "")
        if key not in self._resolved:
            candidates = self._candidates(key[0], specifier)
            self._resolved[key] = next((found for path in candidates if (found := self._file(path))), None)
        return self._resolved[key]

    def _candidates(self, folder: str, specifier: str) -> Iterator[str]:
        if specifier.startswith("."):
            yield posixpath.normpath(posixpath.join(folder, specifier))
            return
        for prefix, suffix, targets in self._aliases_at(folder):
            if specifier.startswith(prefix) and specifier.endswith(suffix) and len(specifier) >= len(prefix + suffix):
                middle = specifier[len(prefix) : len(specifier) - len(suffix) or None]
                yield from (target.replace("*", middle, 1) for target in targets)
        yield from self._habits(folder, specifier)
        yield from self._workspace(specifier)

    def _habits(self, folder: str, specifier: str) -> Iterator[str]:
        """`$lib/x` of SvelteKit, `~/x` and `@/x` of Nuxt, Vite and others, where no tsconfig.json says so."""
        mark, _, rest = specifier.partition("/")
        places = {"$lib": ("src/lib",), "~": ("", "src", "app"), "@": ("", "src", "app"), "~~": ("",)}.get(mark, ())
        while rest and places:
            yield from (posixpath.join(folder, place, rest) for place in places)
            if not folder:
                return
            folder = posixpath.dirname(folder)

    def _file(self, path: str) -> str | None:
        path = posixpath.normpath(path)
        if path.startswith(".."):
            return None
        if path in self.files and path.rpartition(".")[2] in ENDINGS:
            return path
        stem, extension = posixpath.splitext(path)
        stems = (path, stem) if extension in (".js", ".jsx", ".mjs", ".cjs") else (path,)
        tries = (f"{start}.{ending}" for start in (*stems, f"{path}/index") for ending in ENDINGS)
        return next((file for file in tries if file in self.files), None)

    def _aliases_at(self, folder: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """`paths` of the nearest tsconfig.json or jsconfig.json: prefix, suffix and targets."""
        if folder not in self._aliases:
            configs = [posixpath.join(folder, name) for name in ("tsconfig.json", "jsconfig.json")]
            config = next((path for path in configs if path in self.files), None)
            found = self._aliases_of(config, 0) if config else []
            if not found and folder:
                found = self._aliases_at(posixpath.dirname(folder))
            self._aliases[folder] = found
        return self._aliases[folder]

    def _aliases_of(self, path: str, depth: int) -> list[tuple[str, str, tuple[str, ...]]]:
        data = json_object(self.content(path))
        folder = posixpath.dirname(path)
        options = data.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base, paths = options.get("baseUrl"), options.get("paths")
        root = posixpath.join(folder, base if isinstance(base, str) else "")
        found = [_alias(root, key, value) for key, value in (paths.items() if isinstance(paths, dict) else ())]
        if isinstance(base, str):
            found.append(("", "", (posixpath.join(root, "*"),)))
        extended = data.get("extends")
        if not found and isinstance(extended, str) and extended.startswith(".") and depth < DEEPEST:
            parent = posixpath.normpath(posixpath.join(folder, extended))
            for candidate in (parent, f"{parent}.json"):
                if candidate in self.files:
                    return self._aliases_of(candidate, depth + 1)
        return found

    def _workspace(self, specifier: str) -> Iterator[str]:
        """A package of the same repository: its folder by its name, its entry by `exports` or habit."""
        parts = specifier.split("/")
        name = "/".join(parts[:2] if specifier.startswith("@") else parts[:1])
        if name not in self._packages:
            return
        folder, entries = self._packages[name]
        rest = specifier[len(name) :].lstrip("/")
        if entry := entries.get(f"./{rest}" if rest else "."):
            yield posixpath.join(folder, entry)
        yield from (posixpath.join(folder, start, rest or "index") for start in ("", "src"))

    @cached_property
    def _packages(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Packages of the repository by name: folder, and the source file of each entry that names one."""
        found = {}
        for path in sorted(self.files):
            if path.endswith("/package.json"):
                data = json_object(self.content(path))
                if isinstance(name := data.get("name"), str):
                    found[name] = (posixpath.dirname(path), _entries(data))
        return found


def _unit(path: str) -> str:
    """What an import takes from: a file; in Go, a folder."""
    return posixpath.dirname(path) if path.endswith(".go") else path


def is_generated(content: bytes) -> bool:
    """Whether a program wrote a source file: a bundle, not source."""
    if len(content) > LARGEST:
        return True
    return len(content) > LONGEST_LINE and max(map(len, content.split(b"\n"))) > LONGEST_LINE


def json_object(content: bytes) -> dict[str, object]:
    """A JSON file as plain data, comments and trailing commas allowed; empty where it is broken."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    for attempt in (text, _without_comments(text)):
        try:
            data = json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        return data if isinstance(data, dict) else {}
    return {}


def _without_comments(text: str) -> str:
    kept = re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or "", text, flags=re.DOTALL)
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[\]}])', lambda found: found[1] or "", kept)


def _alias(root: str, key: str, targets: object) -> tuple[str, str, tuple[str, ...]]:
    prefix, star, suffix = key.partition("*")
    given = targets if isinstance(targets, list) else []
    plain = tuple(posixpath.normpath(posixpath.join(root, target)) for target in given if isinstance(target, str))
    return (prefix, suffix, plain) if star else (key, "", plain)


def _entries(manifest: Mapping[str, object]) -> dict[str, str]:
    exports = manifest.get("exports")
    if isinstance(exports, str):
        exports = {".": exports}
    found = {key: _entry(value) for key, value in exports.items()} if isinstance(exports, dict) else {}
    for key in ("main", "module", "source"):
        value = manifest.get(key)
        if isinstance(value, str):
            found["."] = found.get(".") or value
    return found


def _entry(value: object) -> str:
    """A target of package exports, conditions taken in the order written."""
    for _ in range(5):
        if not isinstance(value, dict) or not value:
            break
        value = next((value[key] for key in ("source", "import", "default", "require") if key in value), None)
    return value if isinstance(value, str) else ""


def _stems_of(path: str) -> list[str]:
    """The words by which a file may be imported."""
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    inner = posixpath.basename(folder)
    if path.endswith(".go"):
        return [inner or "."]
    if stem in ("index", "__init__", "mod", "main", "lib") and inner:
        return [inner, stem, ".", posixpath.basename(posixpath.dirname(folder))]
    return [stem, name.rpartition(".")[0], "*"]


def _python_stems(content: bytes) -> Iterator[str]:
    for module, names, plain in _PYTHON_IMPORT.findall(content):
        yield module.rpartition(b".")[2].decode("utf-8", "replace") or "."
        for word in _WORD.findall(names or plain):
            yield word.decode("utf-8", "replace")
        if names.strip().startswith(b"*"):
            yield "*"


def _javascript_stems(content: bytes) -> Iterator[str]:
    for specifier in _JAVASCRIPT_IMPORT.findall(content):
        text = specifier.decode("utf-8", "replace")
        if "${" in text:
            yield "*"
        last = text.rpartition("/")[2]
        yield last or "."
        yield last.partition(".")[0] or "."


def _go_stems(content: bytes) -> Iterator[str]:
    return (found.rpartition(b"/")[2].decode("utf-8", "replace") for found in _GO_IMPORT.findall(content))


def _rust_stems(content: bytes) -> Iterator[str]:
    for found in _RUST_IMPORT.findall(content):
        yield from (word.decode("utf-8", "replace") for part in found for word in _WORD.findall(part))


_SCANS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "python": _python_stems,
    "javascript": _javascript_stems,
    "go": _go_stems,
    "rust": _rust_stems,
}


def _nothing(module: Module) -> dict[str, Import]:
    return {}


def _python_imports(module: Module) -> dict[str, Import]:
    found: dict[str, Import] = {}
    for node in module.find({"any": [{"kind": "import_from_statement"}, {"kind": "import_statement"}]}):
        source = node.field("module_name")
        for child in node.field_children("name"):
            name, alias = child.field("name"), child.field("alias")
            written = (name or child).text()
            if source is not None:
                found[(alias or child).text()] = Import(source.text(), written)
            elif alias is not None:
                found[alias.text()] = Import(written, "*")
            else:
                found[written.partition(".")[0]] = Import(written.partition(".")[0], "*")
    return found


def _javascript_imports(module: Module) -> dict[str, Import]:
    found: dict[str, Import] = {}
    for node in module.find({"kind": "import_statement"}):
        source = node.field("source")
        if source is not None:
            for clause in node.named_children():
                if clause.kind() == "import_clause":
                    found |= _clause(clause, source.text()[1:-1])
    for assignment in module.assignments:
        found |= _required(module, assignment.name, assignment.value)
    return found


def _clause(clause: SgNode, specifier: str) -> dict[str, Import]:
    found = {}
    for child in clause.named_children():
        match child.kind():
            case "identifier":
                found[child.text()] = Import(specifier, "default")
            case "namespace_import":
                found[child.named_children()[0].text()] = Import(specifier, "*")
            case "named_imports":
                for given in child.named_children():
                    name, alias = given.field("name"), given.field("alias")
                    if name is not None:
                        found[(alias or name).text()] = Import(specifier, name.text())
    return found


def _required(module: Module, target: SgNode, value: SgNode) -> dict[str, Import]:
    """`const x = require("y")`, `const { a, b: c } = require("y")`, `require("y").z`, also `await import("y")`."""
    node, taken = unwrapped(value), ""
    member = module.member(node) if node is not None else None
    if member is not None:
        node, taken = unwrapped(member[0]), member[1]
    specifier = required(node)
    if not specifier:
        return {}
    if target.kind() in ("identifier", "property_identifier"):
        return {target.text(): Import(specifier, taken or "*")}
    if target.kind() != "object_pattern":
        return {}
    return {local: Import(specifier, name) for local, name in _destructured(target) if not taken}


def _destructured(pattern: SgNode) -> Iterator[tuple[str, str]]:
    for child in pattern.named_children():
        if child.kind() == "shorthand_property_identifier_pattern":
            yield child.text(), child.text()
        elif child.kind() == "pair_pattern":
            key, value = child.field("key"), child.field("value")
            if key is not None and value is not None:
                yield value.text(), key.text()


def required(node: SgNode | None) -> str:
    """The module of `require("x")` or `import("x")`; empty for anything else."""
    node = unwrapped(node)
    if node is None or node.kind() != "call_expression":
        return ""
    function, given = node.field("function"), node.field("arguments")
    if function is None or given is None or function.text() not in ("require", "import"):
        return ""
    first = next(iter(given.named_children()), None)
    return first.text()[1:-1] if first is not None and first.kind() == "string" else ""


def _go_imports(module: Module) -> dict[str, Import]:
    found = {}
    for node in module.find({"kind": "import_spec"}):
        path, name = node.field("path"), node.field("name")
        if path is not None:
            specifier = path.text().strip('"`')
            last = specifier.rpartition("/")[2]
            if re.fullmatch(r"v\d+", last):
                last = specifier.rsplit("/", 2)[-2] if specifier.count("/") else last
            local = name.text() if name is not None else re.sub(r"^go-|-go$|\.v\d+$", "", last)
            found[local] = Import(specifier, "*")
    return found


def _rust_imports(module: Module) -> dict[str, Import]:
    found: dict[str, Import] = {}
    for node in module.find({"any": [{"kind": "use_declaration"}, {"kind": "mod_item"}]}):
        if node.kind() == "mod_item":
            name = node.field("name")
            if name is not None and node.field("body") is None:
                found[name.text()] = Import(name.text(), "*")
            continue
        argument = node.field("argument")
        for path in _rust_paths(argument.text() if argument is not None else ""):
            path, _, alias = path.partition(" as ")
            parts = path.strip().split("::")
            found[alias.strip() or parts[-1]] = Import(path.strip(), parts[-1])
    return found


def _rust_paths(text: str) -> Iterator[str]:
    """The single paths of `a::{b, c::{d, e}}`."""
    text = re.sub(r"\s+", " ", text)
    head, brace, rest = text.partition("{")
    if not brace:
        yield text.strip()
        return
    depth, start = 0, 0
    inner = rest.rpartition("}")[0]
    for index, letter in enumerate(inner + ","):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and not depth:
            if piece := (inner + ",")[start:index].strip():
                yield from (f"{head.strip()}{path}" for path in _rust_paths(piece))
            start = index + 1


_READERS: dict[str, Callable[[Module], dict[str, Import]]] = {
    "python": _python_imports,
    "javascript": _javascript_imports,
    "go": _go_imports,
    "rust": _rust_imports,
}


def _javascript_exports(module: Module) -> tuple[dict[str, str | Import | SgNode], list[str]]:
    exports: dict[str, str | Import | SgNode] = {}
    stars: list[str] = []
    if module.language.name != "javascript":
        return exports, stars
    for node in module.find({"kind": "export_statement"}):
        _read_export(module, node, exports, stars)
    for assignment in module.assignments:
        _read_assignment(module, assignment.target, assignment.value, exports)
    return exports, stars


def _read_export(module: Module, node: SgNode, exports: dict[str, str | Import | SgNode], stars: list[str]) -> None:
    source, declaration, value = node.field("source"), node.field("declaration"), node.field("value")
    specifier = source.text()[1:-1] if source is not None else ""
    default = any(child.kind() == "default" for child in node.children())
    target = declaration or value
    if default and target is not None:
        name = target.field("name") if declaration is not None else None
        plain = target.text() if target.kind() == "identifier" else name.text() if name is not None else ""
        exports["default"] = plain or target
    elif declaration is not None:
        exports.update({name: name for name in _declared(declaration)})
    clause = next((child for child in node.named_children() if child.kind() == "export_clause"), None)
    for given in clause.named_children() if clause is not None else []:
        local, alias = given.field("name"), given.field("alias")
        if local is not None:
            exports[(alias or local).text()] = Import(specifier, local.text()) if specifier else local.text()
    if specifier and clause is None:
        stars.append(specifier)


def _declared(declaration: SgNode) -> Iterator[str]:
    name = declaration.field("name")
    if name is not None:
        yield name.text()
    for child in declaration.named_children():
        target = child.field("name") if child.kind() == "variable_declarator" else None
        if target is not None and target.kind() == "identifier":
            yield target.text()
        elif target is not None and target.kind() == "object_pattern":
            yield from (local for local, _ in _destructured(target))


def _read_assignment(module: Module, target: str, value: SgNode, exports: dict[str, str | Import | SgNode]) -> None:
    """`module.exports = …`, `exports.name = …`."""
    if target == "module.exports" or target.endswith("=module.exports"):
        plain = unwrapped(value)
        exports["default"] = value.text() if plain is not None and plain.kind() == "identifier" else value
        for name, member in module.pairs(value).items():
            text = member.text()
            exports.setdefault(name, text if re.fullmatch(r"[\w$]+", text) else member)
    elif found := re.fullmatch(r"(?:module\.)?exports\.([\w$]+)", target):
        exports[found[1]] = value.text() if re.fullmatch(r"[\w$]+", value.text()) else value


def exported_names(program: Program, module: Module, local: str) -> set[str]:
    """The names under which other files may import what a file calls so."""
    if module.language.name != "javascript":
        return {local}
    names = {name for name, target in program.exports(module).items() if target == local}
    for name, target in program.exports(module).items():
        if not isinstance(target, str | Import) and any(
            span_of(target) == span_of(definition.node) or span_of(target).has(span_of(definition.node))
            for definition in module.defined(local)
        ):
            names.add(name)
    return names
