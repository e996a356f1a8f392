"""Where a JavaScript import leads in a project: its aliases, packages of the same repository, endings left out.

https://www.typescriptlang.org/docs/handbook/modules/reference.html, https://nodejs.org/api/packages.html#exports
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import cached_property

from infralint.text.json_places import json_object

DEEPEST = 6
"""Configurations that extend each other."""

Alias = tuple[str, str, tuple[str, ...]]
"""Prefix, suffix, and what stands for them: paths with a `*`."""


class JavaScriptImports:
    """The imports of a project.

    files: paths relative to it. content: a file's bytes, none where it can't be read. manifests: gives those of the files
    that are a package.json. endings: of source files, the likelier first. habits: where frameworks look for an import,
    from a folder, that no configuration explains.
    """

    def __init__(
        self,
        files: Set[str],
        content: Callable[[str], bytes],
        manifests: Callable[[], Iterable[str]],
        endings: tuple[str, ...],
        habits: Callable[[str, str], Iterator[str]],
    ) -> None:
        self._files = files
        self._content = content
        self._manifests = manifests
        self._endings = endings
        self._habits = habits
        self._aliases: dict[str, list[Alias]] = {}
        self._resolved: dict[tuple[str, str], str | None] = {}

    def resolve(self, importer: str, specifier: str) -> str | None:
        """The project's file that an import leads to; None for a package, or where there is none."""
        key = (posixpath.dirname(importer), specifier)
        if key not in self._resolved:
            candidates = self._candidates(*key)
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

    def _file(self, path: str) -> str | None:
        """The file that a path without (or with another) ending names."""
        path = posixpath.normpath(path)
        if path.startswith(".."):
            return None
        if path in self._files and path.endswith(self._endings):
            return path
        stem, ending = posixpath.splitext(path)
        stems = (path, stem) if ending in (".js", ".jsx", ".mjs", ".cjs") else (path,)
        tries = (f"{start}{end}" for start in (*stems, f"{path}/index") for end in self._endings)
        return next((file for file in tries if file in self._files), None)

    def _aliases_at(self, folder: str) -> list[Alias]:
        """`paths` of the nearest tsconfig.json or jsconfig.json that has some."""
        if folder not in self._aliases:
            configs = [posixpath.join(folder, name) for name in ("tsconfig.json", "jsconfig.json")]
            config = next((path for path in configs if path in self._files), None)
            found = self._aliases_of(config, 0) if config else []
            if not found and folder:
                found = self._aliases_at(posixpath.dirname(folder))
            self._aliases[folder] = found
        return self._aliases[folder]

    def _aliases_of(self, path: str, depth: int) -> list[Alias]:
        config = json_object(self._content(path))
        folder = posixpath.dirname(path)
        options = config.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base, paths = options.get("baseUrl"), options.get("paths")
        root = posixpath.join(folder, base if isinstance(base, str) else "")
        found = [_alias(root, key, targets) for key, targets in (paths.items() if isinstance(paths, dict) else ())]
        if isinstance(base, str):
            found.append(("", "", (posixpath.join(root, "*"),)))
        extended = config.get("extends")
        if not found and isinstance(extended, str) and extended.startswith(".") and depth < DEEPEST:
            parent = posixpath.normpath(posixpath.join(folder, extended))
            for candidate in (parent, f"{parent}.json"):
                if candidate in self._files:
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
        for path in sorted(path for path in self._manifests() if "/" in path):
            manifest = json_object(self._content(path))
            if isinstance(name := manifest.get("name"), str):
                found[name] = (posixpath.dirname(path), _entries(manifest))
        return found


def _alias(root: str, key: str, targets: object) -> Alias:
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
