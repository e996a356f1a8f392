"""What a Spring application's properties say of where it answers: the path before all of its routes, and the port.

https://docs.spring.io/spring-boot/appendix/application-properties/index.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from infralint.sources.application.paths import ROOT, UNKNOWN, Path
from infralint.sources.application.program import ProjectModules
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlProblem, read_yaml

BASE_PATHS = ("server.servlet.contextpath", "spring.webflux.basepath", "spring.mvc.servlet.path")
"""Properties that put a path before all routes, the outermost first."""
PORT = "server.port"

_FILE = lazy(r"(?:^|/)application(?:-[\w-]+)?\.(?:properties|ya?ml)$")
_LINE = lazy(r"^[ \t]*([\w.\[\]-]+)[ \t]*[=:](.*)$", re.MULTILINE)
_FILLED_IN = lazy(r"\$\{|@")
_BUILDS = ("pom.xml", "build.gradle", "build.gradle.kts")
_MODULE = lazy(
    r"""<(?:module|artifactId)>\s*+([\w./-]++)|\bproject[\s(]++(?:path\s*+[:=]\s*+)?["']([\w.:-]++)["']|\bprojects\.([\w.]++)"""
)
"""How a build file of Maven or Gradle names another module: by its artifact or folder, `project(":libs:api")`, and
`projects.libs.chatApi`, which is the project `:libs:chat-api`.

https://docs.gradle.org/current/userguide/declaring_dependencies_basics.html#sec:type-safe-project-accessors
"""
_BETWEEN_WORDS = lazy(r"[-_.]")
_HOMES = ("src/main/resources", "src/main/resources/config", "config", "")


def home_of(source: str) -> str:
    """The folder of the module that a source file belongs to."""
    return source.partition("src/main/")[0].rstrip("/") if "src/main/" in source else ""


def _home_of_properties(folder: str) -> str:
    """The folder of the module that a folder with properties belongs to."""
    home = next(
        home for home in sorted(_HOMES, key=len, reverse=True) if f"/{folder}".endswith(f"/{home}" if home else "")
    )
    return folder[: len(folder) - len(home)].rstrip("/")


class SpringProperties:
    """The properties of the modules of a project."""

    def __init__(self, program: ProjectModules) -> None:
        self._program = program
        self._built_of: dict[str, frozenset[str]] = {}
        self._base_paths: dict[str, Path] = {}
        self._named: dict[str, list[str]] = {}

    def base_path(self, folder: str) -> Path:
        """What stands before every route of the module in a folder; unknown where profiles differ in it, the environment
        fills it in, or a file of properties does not parse. What runs a module that is no program itself says it for that."""
        if folder in self._programs:
            return self._own_base_path(folder)
        running = [program for program in self._programs if folder in self._modules_of(program)] or self._programs
        found = {self._own_base_path(program) for program in running or (folder,)}
        return found.pop() if len(found) == 1 else UNKNOWN

    @cached_property
    def _programs(self) -> frozenset[str]:
        """The folders of the modules that have properties, or a class that starts them."""
        given = (folder for folder in self._files if "src/test/" not in folder)
        java = (path for path in self._program.sources if path.endswith((".java", ".kt")) and "src/test/" not in path)
        starting = (path for path in java if b"@SpringBootApplication" in self._program.content(path))
        return frozenset({_home_of_properties(folder) for folder in given} | {home_of(path) for path in starting})

    def _modules_of(self, program: str) -> frozenset[str]:
        """The modules of the project that a program is built of: those whose folders' names its files of Maven or Gradle, or
        theirs, say."""
        if program not in self._built_of:
            found, waiting = {program}, [program]
            for folder in waiting:
                named = self._named_by(folder)
                waiting += [module for module in named if module not in found]
                found |= set(named)
            self._built_of[program] = frozenset(found)
        return self._built_of[program]

    def _named_by(self, folder: str) -> list[str]:
        """The modules that the build files in a folder name, by the names of their folders."""
        if folder not in self._named:
            paths = (path for name in _BUILDS if self._program.files.is_there(path := posixpath.join(folder, name)))
            text = "\n".join(self._program.content(path).decode("utf-8", "replace") for path in paths)
            named = [found.groups("") for found in _MODULE.finditer(text)]
            plain = {re.split("[/:]", module or project)[-1] for module, project, _ in named}
            joined = {accessor.rpartition(".")[2].lower() for _, _, accessor in named if accessor}
            meant = (name for name in self._modules if name in plain or _BETWEEN_WORDS.sub("", name).lower() in joined)
            self._named[folder] = [module for name in sorted(meant) for module in self._modules[name]]
        return self._named[folder]

    @cached_property
    def _modules(self) -> dict[str, list[str]]:
        """The folders with code of Java or Kotlin, by their own names."""
        homes = {home_of(path) for path in self._program.sources if path.endswith((".java", ".kt"))}
        found: dict[str, list[str]] = {}
        for home in sorted(homes):
            found.setdefault(posixpath.basename(home), []).append(home)
        return found

    def _own_base_path(self, folder: str) -> Path:
        if folder not in self._base_paths:
            self._base_paths[folder] = self._read_base_path(folder)
        return self._base_paths[folder]

    def _read_base_path(self, folder: str) -> Path:
        prefix = ROOT
        for key in BASE_PATHS:
            values = self._values(folder, key)
            if values is None or len(values) > 1 or any(_FILLED_IN.search(value) for value in values):
                return UNKNOWN
            text = next(iter(values), "").strip("/")
            prefix = prefix.join(Path(f"/{text}")) if text else prefix
        return prefix

    def ports(self, folder: str) -> tuple[int, ...]:
        """The ports that the properties of the module in a folder name; none where one of them is not known."""
        values = self._values(folder, PORT)
        if values is None or not all(value.isdecimal() for value in values):
            return ()
        return tuple(port for value in values if 0 < (port := whole_number(value)) < 65536)

    def _values(self, folder: str, key: str) -> dict[str, None] | None:
        """What the files of a module say by a key, each text once; None where one of them does not parse."""
        found: dict[str, None] = {}
        for home in _HOMES:
            for path in self._files.get(posixpath.join(folder, home).rstrip("/"), ()):
                pairs = self._pairs(path)
                if pairs is None:
                    return None
                found |= {value: None for name, value in pairs if name.replace("-", "").lower() == key}
        return found

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        """The files of properties by their folders."""
        found: dict[str, list[str]] = {}
        for path in sorted(self._program.files):
            if _FILE.search(path):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    def _pairs(self, path: str) -> list[tuple[str, str]] | None:
        text = self._program.content(path).decode("utf-8", "replace")
        if path.endswith(".properties"):
            return [(key, value.strip()) for key, value in _LINE.findall(text)]
        try:
            return list(_flatten(text))
        except YamlProblem:
            return None


def _flatten(text: str) -> Iterator[tuple[str, str]]:
    """The scalars of a YAML file by their dotted names. Raises YamlProblem."""
    pending = [("", document) for document in read_yaml(text, allow_duplicates=True)]
    while pending:
        name, value = pending.pop()
        if value.text is not None and not value.is_null:
            yield name, value.text
        pending += [(f"{name}.{key}" if name else key, member) for key, member in (value.members or {}).items()]
