"""What stands before the routes of a file of Laravel: whoever loads the file says so.

https://laravel.com/docs/12.x/routing#api-routes
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.syntax import Call, SourceModule, SourceSpan, span_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

API = Path("/api")
"""`apiPrefix` of `withRouting`, where none is given."""
DEEPEST = 6
"""Files that load one another."""
_LOADER_WORDS = (b"base_path(", b"__DIR__", b"require", b"include")
_LOADING = frozenset({"group", "withRouting"})
_REQUIRES = ("require_expression", "require_once_expression", "include_expression", "include_once_expression")

PrefixAt = Callable[[SourceModule, SourceSpan], Path]


class LaravelPaths:
    """The prefixes of files of routes. prefix_at: what blocks, and chains of calls, put before a place within its file."""

    def __init__(self, program: ProjectModules, resolver: Resolver, prefix_at: PrefixAt) -> None:
        self._program = program
        self._resolver = resolver
        self._prefix_at = prefix_at
        self._found: dict[str, Path] = {}

    def of_file(self, path: str, depth: int = 0) -> Path:
        """What stands before the routes of a file; unknown where it is loaded under several prefixes."""
        if path not in self._found:
            self._found[path] = UNKNOWN  # where files load one another in a circle
            given = set(self._loaded_under(path, depth)) if depth < DEEPEST else {UNKNOWN}
            usual = API if path.endswith("routes/api.php") else ROOT
            self._found[path] = given.pop() if len(given) == 1 else UNKNOWN if given else usual
        return self._found[path]

    def _loaded_under(self, path: str, depth: int) -> Iterator[Path]:
        name = posixpath.basename(path).encode()
        for other in self._loaders:
            if other == path or name not in self._program.content(other):
                continue
            module = self._program.load(other)
            for inside in self._prefixes_in(module, path) if module is not None else ():
                yield self.of_file(other, depth + 1).join(inside) if "routes/" in other else inside

    @cached_property
    def _loaders(self) -> list[str]:
        """The files that may load others."""
        near = (path for path in self._program.sources if path.endswith(".php"))
        folders = ("routes/", "bootstrap/", "Provider")
        return [
            path
            for path in near
            if any(folder in path for folder in folders)
            and any(word in self._program.content(path) for word in _LOADER_WORDS)
        ]

    def _prefixes_in(self, module: SourceModule, path: str) -> Iterator[Path]:
        """Under what a file loads another."""
        for call in module.calls(_LOADING):
            if call.name == "withRouting":
                yield from self._of_routing(call, path)
            elif call.positional and _loads(call.positional[0], path):
                yield self._prefix_at(module, call.span)
        for kind in _REQUIRES:
            for node in module.root.find_all(kind=kind):
                if _loads(node, path):
                    yield self._prefix_at(module, span_of(node))

    def _of_routing(self, call: Call, path: str) -> Iterator[Path]:
        """The files that `withRouting(web: …, api: …, apiPrefix: …)` loads."""
        for key, node in call.named.items():
            if key in ("web", "api") and _loads(node, path):
                given = call.named.get("apiPrefix")
                set_prefix = path_of(self._resolver.text(call.module, given), "braces") if given is not None else API
                yield set_prefix if key == "api" else ROOT


def _loads(node: SgNode, path: str) -> bool:
    """Whether an expression that is no function names a file: `base_path('routes/api.php')`, `__DIR__.'/api.php'`."""
    kind = node.kind()
    if kind in ("anonymous_function", "arrow_function") or len(written := node.text()) > 300:
        return False
    folder, name = posixpath.split(path)
    return f"{posixpath.basename(folder)}/{name}" in written or f"'/{name}" in written or f'"/{name}' in written
