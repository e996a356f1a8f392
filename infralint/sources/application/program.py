"""The source files of a project, parsed when asked for and joined by their imports, in both directions.

Followed backwards: from a file to those that import it. Which ones do is told by one scan over the bytes of all
files, for the last words of what they import; only files that such a word leads to are parsed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from infralint.project import CantRead
from infralint.project.javascript_imports import JavaScriptImports
from infralint.project.parse_trial import can_be_parsed
from infralint.sources.application.imports import READERS, SCANS, ImportedName, is_within, javascript_exports, stems_of
from infralint.sources.application.languages import Language, language_of
from infralint.sources.application.manifests import DeployedFiles
from infralint.sources.application.syntax import SourceModule, find_too_deep, parse, span_of
from infralint.text.joined_texts import JoinedTexts
from infralint.text.lazy import lazy
from infralint.text.repetition import is_repetitive

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LARGEST = 1024 * 1024
"""Bytes: a longer source file, or one with a line of more than LONGEST_LINE, was written by a program."""
LONGEST_LINE = 20_000
_LONG_HEREDOC = lazy(rb"<<[-~]?(?:\"[^\"]{200}|'[^']{200}|`[^`]{200}|[^\s\"'`]{200})")
"""What may be a heredoc whose name is longer than the grammar of Ruby can keep: its parser ends the whole process at 256
bytes. A name in quotes ends for it at the next quote, be that lines further down.

https://github.com/tree-sitter/tree-sitter-ruby/blob/master/src/scanner.c
"""
MOST_KEPT = 16 * 1024 * 1024
"""Bytes of files that stay in memory between two looks at them."""
DEEPEST = 6
"""Re-exports that are followed."""
BY_CLASS = frozenset({"java", "kotlin", "csharp"})
"""Languages that keep a class in a file of its name."""
_GO_WORD = lazy(rb"[\w\x80-\xff]+")
_STAR = lazy(rb"\bexport\s*+\*")
ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".cts", ".cjs", ".vue", ".svelte")


class ProjectModules:
    """The modules of a project. files: paths relative to it. text: a file's bytes; may raise CantRead."""

    def __init__(self, files: DeployedFiles, text: Callable[[str], bytes]) -> None:
        self.files = files
        self.skipped: dict[str, str] = {}
        """Files that were not read, each with the reason and, where one is to blame, its line: `:3: it …`."""
        self.generated: set[str] = set()
        """Files that a program wrote, or that hold its data: passed over."""
        self._patient = True
        self._text = text
        self._kept: dict[str, bytes] = {}
        self._size = 0
        self._modules: dict[str, SourceModule | None] = {}
        self._imports: dict[str, dict[str, ImportedName]] = {}
        self._has_import_of: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._exports: dict[str, dict[str, str | ImportedName | SgNode]] = {}
        self._stars: dict[str, list[str]] = {}
        self._taken: dict[str, dict[str, list[tuple[str, str]]]] = {}
        self._words: dict[str, dict[bytes, list[str]]] = {}
        self._by_stem: dict[str, dict[str, list[str]]] = {}
        self._joined: dict[str, JoinedTexts] = {}
        self._holding: dict[tuple[str, str], list[str]] = {}
        self._javascript = JavaScriptImports(
            files, self.content, lambda: files.find_named("package.json"), ENDINGS, _habits
        )
        self._python: dict[tuple[str, str], str | None] = {}
        self.sources: list[str] = []

    def content(self, path: str) -> bytes:
        """A file's bytes; none where it can't be read or was written by a program."""
        if path in self._kept:
            return self._kept[path]
        try:
            content = self._text(path)
        except (CantRead, OSError) as error:
            self.skipped[path] = f": {error}" if isinstance(error, OSError) else _after_cannot_read(f"{error}")
            return b""
        if is_generated(content):
            self.generated.add(path)
            content = b""
        if self._size + len(content) <= MOST_KEPT:
            self._kept[path] = content
            self._size += len(content)
        return content

    def read_raw(self, path: str) -> bytes:
        """A file's bytes, whoever wrote it; none where it can't be read."""
        try:
            return self._text(path)
        except (CantRead, OSError):
            return b""

    def load(self, path: str) -> SourceModule | None:
        if path not in self._modules:
            self._modules[path] = self._parse(path) if path in self.files else None
        return self._modules[path]

    def load_config(self, path: str) -> SourceModule | None:
        """The file that configures a framework, which is no source of the application."""
        if self._modules.get(path) is None:
            self._modules[path] = self._parse(path) if self.files.is_there(path) else None
        return self._modules[path]

    def _parse(self, path: str) -> SourceModule | None:
        content = self.content(path)
        if content and self._is_beyond(path, content):
            self.skipped[path] = ": no parser comes to its end in time"
            content = b""
        module = parse(path, content) if content else None
        if module is not None and (line := find_too_deep(module.root)) is not None:
            self.skipped[path] = f": what begins in line {line} nests, or chains calls, too many times"
            module = None
        if module is not None:
            module.aliases = {
                local: imported.name
                for local, imported in self.imports(module).items()
                if imported.name not in ("*", "default", local)
            }
        return module

    def _is_beyond(self, path: str, content: bytes) -> bool:
        """Whether no parser comes to the end of a file; after the first such file, others like it are not tried."""
        language = language_of(path)
        grammar = language.endings.get(path.rpartition(".")[2], "") if language is not None else ""
        if grammar == "ruby" and _LONG_HEREDOC.search(content):
            return not can_be_parsed(content, grammar)
        if not is_repetitive(content):
            return False
        self._patient = self._patient and (not grammar or can_be_parsed(content, grammar))
        return not self._patient

    def forget(self, path: str) -> None:
        """Lets go of a file's tree; it is parsed again if it is asked for."""
        for known in (self._modules, self._imports, self._exports, self._stars):
            known.pop(path, None)

    def imports(self, module: SourceModule) -> Mapping[str, ImportedName]:
        """Local names of a file and what they stand for."""
        if module.path not in self._imports:
            self._imports[module.path] = _imports_of(module)
        return self._imports[module.path]

    def has_import_of(self, module: SourceModule, packages: tuple[str, ...]) -> bool:
        """Whether a file imports something of one of some packages."""
        key = (module.path, packages)
        if key not in self._has_import_of:
            self._has_import_of[key] = any(
                is_within(imported.specifier, packages) for imported in self.imports(module).values()
            )
        return self._has_import_of[key]

    def exports(self, module: SourceModule) -> Mapping[str, str | ImportedName | SgNode]:
        """What a JavaScript file exports: by name, a local name, an import or an expression."""
        if module.path not in self._exports:
            exports, stars = javascript_exports(module)
            self._exports[module.path], self._stars[module.path] = exports, stars
        return self._exports[module.path]

    def stars(self, module: SourceModule) -> list[str]:
        """Modules all of whose exports a JavaScript file passes on."""
        self.exports(module)
        return self._stars[module.path]

    def callers_beside(self, module: SourceModule, name: str) -> Iterator[SourceModule]:
        """The files that call a method of a Go package on a field which another file of their own package, that imports
        it, declares."""
        if module.language.name != "go":
            return
        index = self._stems("go")
        folders = {posixpath.dirname(other) for stem in stems_of(module.path) for other in index.get(stem, ())}
        for path in (path for folder in sorted(folders) for path in self._go_files(folder)):
            if f".{name}(".encode() in self.content(path) and (other := self.load(path)) is not None:
                yield other

    def siblings_naming(self, module: SourceModule, name: str) -> Iterator[SourceModule]:
        """The other files of a Go package in which a name stands."""
        if module.language.name == "go":
            for path in self._words_of(posixpath.dirname(module.path)).get(name.encode(), ()):
                if path != module.path and (other := self.load(path)) is not None:
                    yield other

    def _words_of(self, folder: str) -> dict[bytes, list[str]]:
        """The words of a Go package, and the files in which each stands."""
        if folder not in self._words:
            found = self._words[folder] = {}
            for path in self._go_files(folder):
                for word in set(_GO_WORD.findall(self.content(path))):
                    found.setdefault(word, []).append(path)
        return self._words[folder]

    def _go_files(self, folder: str) -> list[str]:
        return self._go_folders.get(folder, [])

    @cached_property
    def _go_folders(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.sources:
            if path.endswith(".go"):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    def homes(self, module: SourceModule, name: str, depth: int = 0) -> Iterator[tuple[SourceModule, str | SgNode]]:
        """Where a name of a file is at home: the file that defines it, and its name or expression there.

        `*` for the name: the file itself.
        """
        imported = self.imports(module).get(name)
        if imported is not None:
            yield from self.imported_homes(module, imported, depth)
        elif module.definitions_of(name):
            yield module, name
        elif module.language.name in BY_CLASS:
            if (path := self._file_of_class(module, name)) and (home := self.load(path)) and home.definitions_of(name):
                yield home, name
        else:
            siblings = self.siblings_naming(module, name)
            yield from ((other, name) for other in siblings if other.definitions_of(name))

    def _file_of_class(self, module: SourceModule, name: str) -> str | None:
        """The file of a class that code names: the only one that is called so; of several the one that the code imports, else
        the one that lies beside it."""
        paths = self._class_files.get(name, ())
        if len(paths) < 2:
            return paths[0] if paths else None
        key = (module.path, name)
        if key not in self._nearest_files:
            folders = {path: posixpath.basename(posixpath.dirname(path)) for path in paths}
            packages = "|".join(map(re.escape, dict.fromkeys(folders.values())))
            naming = set(re.findall(rf"(?<!\w)({packages})\.(?:\*|{re.escape(name)}\b)", module.text))
            imported = [path for path in paths if folders[path] in naming]
            beside = [path for path in paths if posixpath.dirname(path) == posixpath.dirname(module.path)]
            near = imported if len(imported) == 1 else beside
            self._nearest_files[key] = near[0] if len(near) == 1 else None
        return self._nearest_files[key]

    @cached_property
    def _nearest_files(self) -> dict[tuple[str, str], str | None]:
        """What `_file_of_class` found for a file and a name that several files bear."""
        return {}

    @cached_property
    def _class_files(self) -> dict[str, list[str]]:
        """Files that are called after the class that they hold, by its name."""
        found: dict[str, list[str]] = {}
        for path in self.sources:
            if path.endswith((".java", ".kt", ".cs")):
                found.setdefault(posixpath.basename(path).partition(".")[0], []).append(path)
        return found

    def imported_homes(
        self, module: SourceModule, imported: ImportedName, depth: int = 0
    ) -> Iterator[tuple[SourceModule, str | SgNode]]:
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
                yield from self._exports_of(home, name, depth)
            else:
                yield from self.homes(home, name, depth + 1)

    def _exports_of(self, home: SourceModule, name: str, depth: int) -> Iterator[tuple[SourceModule, str | SgNode]]:
        exported = self.exports(home).get(name)
        if exported is None:
            for star in self.stars(home):
                yield from self.imported_homes(home, ImportedName(star, name), depth + 1)
        elif isinstance(exported, ImportedName):
            yield from self.imported_homes(home, exported, depth + 1)
        elif isinstance(exported, str):
            yield from self.homes(home, exported, depth + 1)
        else:
            yield home, exported

    def member_homes(self, home: SourceModule, name: str) -> Iterator[tuple[SourceModule, str | SgNode]]:
        """Where a member of a whole module is at home: `chat.router`, `routes.chat`."""
        if home.language.name == "javascript":
            yield from self._exports_of(home, name, 0)
        elif home.language.name == "go":
            for other in (home, *self.siblings_naming(home, name)):
                if other.definitions_of(name):
                    yield other, name
        else:
            found = list(self.homes(home, name))
            yield from found
            if not found and home.path.endswith("__init__.py"):
                yield from self.imported_homes(home, ImportedName(f".{name}", "*"))

    def targets(self, module: SourceModule, imported: ImportedName) -> Iterator[tuple[str, str]]:
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

    def with_imports(self, paths: Iterable[str]) -> set[str]:
        """Some files, and those of the project that they import."""
        found = set(paths)
        for module in filter(None, map(self.load, tuple(found))):
            for imported in self.imports(module).values():
                found |= {target for target, _ in self.targets(module, imported)}
        return found

    def taken_from(self, importer: SourceModule, home: SourceModule) -> list[tuple[str, str]]:
        """The local names by which a file uses another, and what each takes of it (`*`: all)."""
        if importer.path not in self._taken:
            found: dict[str, list[tuple[str, str]]] = {}
            for local, imported in self.imports(importer).items():
                for path, taken in self.targets(importer, imported):
                    found.setdefault(unit_of(path), []).append((local, taken))
            self._taken[importer.path] = found
        return self._taken[importer.path].get(unit_of(home.path), [])

    def _python_targets(self, path: str, imported: ImportedName) -> Iterator[tuple[str, str]]:
        if imported.name != "*":
            inner = f"{imported.specifier}{'' if imported.specifier.endswith('.') else '.'}{imported.name}"
            if (target := self.python_file(path, inner)) is not None and not self._is_shadowed(path, target, imported):
                yield target, "*"
                return
        if (target := self.python_file(path, imported.specifier)) is not None:
            yield target, imported.name

    def _is_shadowed(self, importer: str, submodule: str, imported: ImportedName) -> bool:
        """Whether a package gives its submodule's name to something else: `from logs import router`, beside logs/router.py."""
        package = self.python_file(importer, imported.specifier)
        if package is None or package in (importer, submodule):
            return False
        home = self.load(package)
        if home is None:
            return False
        given = self.imports(home).get(imported.name)
        if given is None:
            return bool(home.definitions_of(imported.name))
        return (submodule, "*") not in self.targets(home, given)

    def python_file(self, importer: str, name: str) -> str | None:
        """The file of a dotted module name, as seen from a file."""
        key = (posixpath.dirname(importer), name)
        if key not in self._python:
            self._python[key] = self._find_python(*key)
        return self._python[key]

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
        for path in self.files.find_named("go.mod"):
            name = re.search(rb"^module\s+(\S+)", self.content(path), re.MULTILINE)
            if name:
                found.append((posixpath.dirname(path), name[1].decode("utf-8", "replace").strip('"')))
        return sorted(found, key=lambda item: -len(item[0]))

    def _rust_targets(self, path: str, imported: ImportedName) -> Iterator[tuple[str, str]]:
        parts = [part for part in imported.specifier.split("::") if part not in ("crate", "super", "self")]
        for kept in (parts, parts[1:], parts[:-1]):
            if not kept:
                continue
            tail = "/".join(kept)
            name = "*" if kept is not parts[:-1] and len(kept) != len(parts) - 1 else imported.name
            for file in self._rust_files.get(kept[-1], ()):
                if file.endswith((f"/{tail}.rs", f"/{tail}/mod.rs")):
                    yield file, name if kept == parts[:-1] and parts else "*"
                    return

    @cached_property
    def _rust_files(self) -> dict[str, list[str]]:
        """Files of Rust by the last name of the module that each is."""
        found: dict[str, list[str]] = {}
        for path in self.sources:
            if path.endswith(".rs"):
                name = posixpath.basename(path.removesuffix("/mod.rs").removesuffix(".rs"))
                found.setdefault(name, []).append(path)
        return found

    def importers(self, path: str, name: str) -> Iterator[SourceModule]:
        """The files that may import a file and mention a name."""
        language = language_of(path)
        if language is None:
            return
        if language.name not in SCANS:
            yield from self._namers(path, language, name)
            return
        index = self._stems(language.name)
        wanted = name.encode()
        for importer in dict.fromkeys(importer for stem in stems_of(path) for importer in index.get(stem, ())):
            if importer != path and (name in ("default", "*") or self._may_name(importer, wanted, language)):
                module = self.load(importer)
                if module is not None:
                    yield module

    def _may_name(self, path: str, name: bytes, language: Language) -> bool:
        """Whether a name stands in a file, or may be among all those that it passes on."""
        content = self.content(path)
        return name in content or (language.name == "javascript" and _STAR.search(content) is not None)

    def _namers(self, path: str, language: Language, name: str) -> Iterator[SourceModule]:
        """The files that name a file's class, in languages that find classes by their names."""
        stem, wanted = posixpath.basename(path).partition(".")[0], name.encode()
        if stem in ("mod", "main", "lib"):
            stem = posixpath.basename(posixpath.dirname(path))
        for other in self._holders(language, stem):
            if other != path and wanted in self.content(other) and (module := self.load(other)) is not None:
                yield module

    def modules_naming(self, module: SourceModule, name: str) -> Iterator[SourceModule]:
        """All modules of a module's language in which a name stands."""
        for path in self._texts_of(module.language).holding(name.encode(errors="surrogateescape")):
            if (other := self.load(path)) is not None:
                yield other

    def _holders(self, language: Language, stem: str) -> list[str]:
        """The files of a language in which the name of a class stands, or that of what it implements."""
        key = language.name, stem
        if key not in self._holding:
            words = {word.encode(errors="surrogateescape") for word in (stem, stem.removesuffix("Impl"))}
            self._holding[key] = sorted({path for word in words for path in self._texts_of(language).holding(word)})
        return self._holding[key]

    def _texts_of(self, language: Language) -> JoinedTexts:
        """All files of a language."""
        if language.name not in self._joined:
            paths = [path for path in self.sources if path.rpartition(".")[2] in language.endings]
            self._joined[language.name] = JoinedTexts(paths, self.content)
        return self._joined[language.name]

    def _stems(self, language: str) -> dict[str, list[str]]:
        """Last words of what is imported, and the files that import such."""
        if language not in self._by_stem:
            index: dict[str, list[str]] = {}
            scan = SCANS.get(language)
            for path in self.sources if scan else ():
                found = language_of(path)
                if found is not None and found.name == language and scan:
                    for stem in set(scan(path, self.content(path))):
                        index.setdefault(stem, []).append(path)
            self._by_stem[language] = index
        return self._by_stem[language]

    def resolve(self, importer: str, specifier: str) -> str | None:
        """The project's file that a JavaScript import leads to; None for a package."""
        return self._javascript.resolve(importer, specifier)


def _habits(folder: str, specifier: str) -> Iterator[str]:
    """`$lib/x` of SvelteKit, `~/x` and `@/x` of Nuxt, Vite and others, where no tsconfig.json says so."""
    mark, _, rest = specifier.partition("/")
    places = {"$lib": ("src/lib",), "~": ("", "src", "app"), "@": ("", "src", "app"), "~~": ("",)}.get(mark, ())
    while rest and places:
        yield from (posixpath.join(folder, place, rest) for place in places)
        if not folder:
            return
        folder = posixpath.dirname(folder)


def unit_of(path: str) -> str:
    """What an import takes from: a file; in Go, a folder."""
    return posixpath.dirname(path) if path.endswith(".go") else path


def is_generated(content: bytes) -> bool:
    """Whether a program wrote a source file: a bundle, not source."""
    if len(content) > LARGEST:
        return True
    start = 0
    while len(content) - start > LONGEST_LINE:  # the last end of a line that is near enough, and on behind it
        end = content.rfind(b"\n", start, start + LONGEST_LINE + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _imports_of(module: SourceModule) -> dict[str, ImportedName]:
    read = READERS.get(module.language.name)
    return read(module) if read is not None else {}


def exported_names(program: ProjectModules, module: SourceModule, local: str) -> set[str]:
    """The names under which other files may import what a file calls so."""
    if module.language.name != "javascript":
        return {local}
    names = {name for name, target in program.exports(module).items() if target == local}
    for name, target in program.exports(module).items():
        if not isinstance(target, str | ImportedName) and any(
            span_of(target) == span_of(definition.node) or span_of(target).has(span_of(definition.node))
            for definition in module.definitions_of(local)
        ):
            names.add(name)
    return names


def _after_cannot_read(why: str) -> str:
    """A reason as it stands behind `can't be read`."""
    return why.removeprefix("can't be read") if why.startswith("can't be read") else f": it {why}"
