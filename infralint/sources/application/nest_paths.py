"""What NestJS puts before the paths of controllers: the global prefix, versions in the path, and the paths of modules.

In this order: `/global/v1/module/controller/method`. Measured with @nestjs/core 11.
https://docs.nestjs.com/faq/global-prefix, https://docs.nestjs.com/techniques/versioning,
https://docs.nestjs.com/recipes/router-module
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import ResolvedExpression, Resolver
from infralint.sources.application.syntax import HOLE, Call, Definition, SourceModule, SourceSpan, span_of
from infralint.sources.application.uses import Uses
from infralint.text.globs import matches_segments
from infralint.text.paths import is_below

if TYPE_CHECKING:
    from ast_grep_py import SgNode

NEUTRAL = ""
"""`VERSION_NEUTRAL`: a path without a version."""
_STARTS = b"NestFactory"
_SETTERS = frozenset({"setGlobalPrefix", "enableVersioning"})
_REGISTRARS = frozenset({"register", "forRoutes"})
_LISTS = frozenset({"array"})
DEEPEST = 10
"""Modules within modules of a router's table that are followed."""


class Prefixes(msgspec.Struct, frozen=True):
    """What an application puts before its paths. None where it does not say. excluded: paths without the global prefix; None
    where they are computed. versions: what stands before a version in the path: a hole where that is computed, None where
    versions stand elsewhere. defaults: versions of what has none."""

    path: Path | None = None
    excluded: tuple[str, ...] | None = ()
    versions: str | None = None
    versioned: bool = False
    defaults: tuple[str, ...] = (NEUTRAL,)

    def over(self, other: Prefixes) -> Prefixes:
        """This, and what it does not say from another."""
        found = self if self.path is not None else replace(self, path=other.path, excluded=other.excluded)
        if found.versioned:
            return found
        return replace(found, versions=other.versions, versioned=other.versioned, defaults=other.defaults)


NOTHING_SAID = Prefixes()


class NestPaths:
    """The paths of the controllers of a project."""

    def __init__(self, program: ProjectModules, resolver: Resolver, uses: Uses) -> None:
        self._program = program
        self._resolver = resolver
        self._uses = uses
        self._listings: dict[str, list[tuple[SourceSpan, Call]]] = {}
        self._paths_of: dict[tuple[str, str], list[Path]] = {}
        self._applications: dict[tuple[str, str], list[tuple[str, Prefixes]]] = {}

    def prefixes(
        self, controller: Definition, class_paths: Iterable[Path], tail: Path, versions: list[SgNode]
    ) -> list[Path]:
        """What stands before the path of a method. class_paths: those that its controller sets. tail: the method's path.
        versions: what its own version, and its controller's, are set to, the nearest first."""
        module = controller.module
        application = self._of_application(module)
        return [
            self._global(application, inner.join(tail)).join(front).join(inner)
            for path in class_paths
            for place in self._module_paths(controller)
            for inner in [place.join(path)]
            for front in self._fronts(module, application, versions)
        ]

    def _global(self, prefixes: Prefixes, inner: Path) -> Path:
        if prefixes.path is None or prefixes.path == ROOT:
            return ROOT
        if prefixes.excluded is None or (prefixes.excluded and not inner.whole):
            return UNKNOWN
        plain = inner.text.strip("/")
        is_excluded = any(
            matches_segments(plain, path_of(path, "colons").text.strip("/")) for path in prefixes.excluded
        )
        return ROOT if is_excluded else prefixes.path

    def _fronts(self, module: SourceModule, prefixes: Prefixes, versions: list[SgNode]) -> list[Path]:
        """What versions put before a path."""
        if prefixes.versions is None:
            return [ROOT]
        numbers = tuple(self._versions(module, versions[0])) if versions else prefixes.defaults
        return [
            UNKNOWN if HOLE in number + prefixes.versions else Path(f"/{prefixes.versions}{number}") if number else ROOT
            for number in numbers
        ]

    def _versions(self, module: SourceModule, node: SgNode) -> Iterator[str]:
        """The versions that an expression names; a hole for one that is computed."""
        meaning = self._resolver.meaning(module, node)
        if isinstance(meaning, ResolvedExpression) and meaning.node.kind() in _LISTS:
            for item in meaning.node.named_children():
                yield from self._versions(meaning.module, item)
        elif node.text().rpartition(".")[2] == "VERSION_NEUTRAL":
            yield NEUTRAL
        else:
            yield self._resolver.text(module, node) or HOLE

    def _of_application(self, module: SourceModule) -> Prefixes:
        """What the application of a file says; where several may be meant and differ, nothing is known."""
        given = self._in_package(module)
        around = [(root, prefixes) for root, prefixes in given if is_below(module.path, root)]
        if around:
            return max(around, key=lambda found: len(found[0]))[1]
        shared = {prefixes for _, prefixes in given}
        return shared.pop() if len(shared) == 1 else Prefixes(UNKNOWN) if shared else NOTHING_SAID

    def _in_package(self, module: SourceModule) -> list[tuple[str, Prefixes]]:
        """The folders of the applications in a module's package, of which one may hold several, each with what it says.

        https://docs.nestjs.com/cli/monorepo
        """
        ending, package = module.path.rpartition(".")[2], _package_folder(module.path, self._program)
        if (ending, package) not in self._applications:
            near = [path for path in self._program.sources if path.endswith(f".{ending}") and is_below(path, package)]
            starting = [path for path in near if _STARTS in self._program.content(path)]
            setting = {path: given for path in near if (given := self._find_prefixes(path)) != NOTHING_SAID}
            self._applications[ending, package] = list(_by_root(starting, setting).items())
        return self._applications[ending, package]

    def _find_prefixes(self, path: str) -> Prefixes:
        """What a file puts before all paths."""
        content = self._program.content(path)
        module = self._program.load(path) if any(name.encode() in content for name in _SETTERS) else None
        found = NOTHING_SAID
        for call in module.calls(_SETTERS) if module is not None else ():
            made = self._global_prefix(call) if call.name == "setGlobalPrefix" else self._versioning(call)
            found = made.over(found)
        return found

    def _global_prefix(self, call: Call) -> Prefixes:
        path = path_of(self._resolver.text(call.module, call.argument(0)), "colons")
        exclude = call.named.get("exclude")
        excluded = tuple(self._exclusions(call.module, exclude)) if exclude is not None else ()
        known = tuple(text for text in excluded if text is not None)
        return Prefixes(Path(path.text.rstrip("/"), path.whole), known if len(known) == len(excluded) else None)

    def _exclusions(self, module: SourceModule, node: SgNode) -> Iterator[str | None]:
        meaning = self._resolver.meaning(module, node)
        if not isinstance(meaning, ResolvedExpression) or meaning.node.kind() not in _LISTS:
            yield None
            return
        for item in meaning.node.named_children():
            home, value = self._resolver.pairs(meaning.module, item).get("path", (meaning.module, item))
            text = self._resolver.text(home, value)
            yield text if text is not None and HOLE not in text else None

    def _versioning(self, call: Call) -> Prefixes:
        options = call.argument(0)
        pairs = self._resolver.pairs(call.module, options)
        if options is not None and not pairs:
            return Prefixes(versions=HOLE, versioned=True, defaults=(HOLE,))
        kind = pairs["type"][1].text().rpartition(".")[2] if "type" in pairs else "URI"
        if kind not in ("URI", "0"):
            known = kind in ("HEADER", "MEDIA_TYPE", "CUSTOM", "1", "2", "3")
            return Prefixes(versions=None if known else HOLE, versioned=True, defaults=(HOLE,))
        defaults = tuple(self._versions(*pairs["defaultVersion"])) if "defaultVersion" in pairs else (NEUTRAL,)
        prefix: str | None = "v"
        if "prefix" in pairs:
            home, node = pairs["prefix"]
            prefix = "" if node.text() == "false" else self._resolver.text(home, node) or HOLE
        return Prefixes(versions=prefix, versioned=True, defaults=defaults)

    def _module_paths(self, controller: Definition) -> list[Path]:
        """The paths of the modules that declare a controller; the root where no table gives modules paths."""
        if not self._tables:
            return [ROOT]
        key = (controller.module.path, controller.name)
        if key not in self._paths_of:
            modules = list(self._modules_of(controller))
            given = [path for module in modules for path in self._paths_by_module.get(_place(module), [])]
            others = [ROOT] if modules and self._is_whole else [UNKNOWN]
            self._paths_of[key] = list(dict.fromkeys(given)) or others
        return self._paths_of[key]

    def _modules_of(self, controller: Definition) -> Iterator[Definition]:
        """The modules among whose controllers one is."""
        for home, use in self._uses.of(controller.module, controller.name):
            if home.path not in self._listings:
                calls = home.calls(frozenset({"Module"}))
                self._listings[home.path] = [
                    (span_of(call.named["controllers"]), call) for call in calls if "controllers" in call.named
                ]
            listings, span = self._listings[home.path], span_of(use)
            last = bisect_right(listings, span.start, key=lambda listing: listing[0].start) - 1
            if last >= 0 and listings[last][0].has(span):
                module = home.decorated_definition(listings[last][1])
                if module is not None:
                    yield module

    @cached_property
    def _tables(self) -> list[Call]:
        """The calls that give modules paths: `RouterModule.register([…])`."""
        found = []
        for path in self._program.sources:
            if path.endswith((".ts", ".js", ".mts", ".mjs")) and b"RouterModule" in self._program.content(path):
                module = self._program.load(path)
                calls = module.calls(_REGISTRARS) if module is not None else ()
                found += [
                    call
                    for call in calls
                    if call.receiver is not None and call.receiver.text().endswith("RouterModule")
                ]
        return found

    @cached_property
    def _paths_by_module(self) -> dict[object, list[Path]]:
        found: dict[object, list[Path]] = {}
        for module, path in self._entries:
            if module is not None:
                found.setdefault(_place(module), []).append(path)
        return found

    @cached_property
    def _is_whole(self) -> bool:
        """Whether all entries of the tables are written out."""
        return all(module is not None for module, _ in self._entries)

    @cached_property
    def _entries(self) -> list[tuple[Definition | None, Path]]:
        return [entry for call in self._tables for entry in self._entries_of(call.module, call.argument(0), ROOT, 0)]

    def _entries_of(
        self, module: SourceModule, node: SgNode | None, outer: Path, depth: int
    ) -> Iterator[tuple[Definition | None, Path]]:
        """The modules of a list of a table with their paths; None for what is computed."""
        meaning = self._resolver.meaning(module, node) if node is not None else None
        if not isinstance(meaning, ResolvedExpression) or meaning.node.kind() not in _LISTS or depth > DEEPEST:
            yield None, UNKNOWN
            return
        for item in meaning.node.named_children():
            if item.kind() == "comment":
                continue
            inner = self._resolver.meaning(meaning.module, item)
            if isinstance(inner, Definition):
                yield inner, outer
                continue
            pairs = self._resolver.pairs(meaning.module, item)
            if "path" not in pairs:
                yield None, UNKNOWN
                continue
            path = outer.join(path_of(self._resolver.text(*pairs["path"]), "colons"))
            if "module" in pairs:
                named = self._resolver.meaning(*pairs["module"])
                yield named if isinstance(named, Definition) else None, path
            if "children" in pairs:
                yield from self._entries_of(*pairs["children"], path, depth + 1)


def _place(definition: Definition) -> Any:
    return definition.module.path, definition.span


def _by_root(starting: Iterable[str], setting: Mapping[str, Prefixes]) -> dict[str, Prefixes]:
    """The folders of applications with what they put before their paths. starting: files that start one; setting: those that
    say so: of the application around, or of all that do not say it where they share the file."""
    roots = {_folder(path).removesuffix("src").rstrip("/"): NOTHING_SAID for path in starting}
    shared = NOTHING_SAID
    for path, prefixes in setting.items():
        root = max((root for root in roots if is_below(path, root)), key=len, default=None)
        if root is None:
            shared = shared.over(prefixes)
        else:
            roots[root] = prefixes.over(roots[root])
    return {root: prefixes.over(shared) for root, prefixes in roots.items()} or {"": shared}


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _package_folder(path: str, program: ProjectModules) -> str:
    """The nearest folder around a file that has a package.json; the project's root where none has."""
    folder = _folder(path)
    while folder and f"{folder}/package.json" not in program.files:
        folder = _folder(folder)
    return folder
