"""Where config.ru puts the applications of Rack: `map "/api" do run Api end`, `Rack::URLMap`, one that uses another.

https://github.com/rack/rack/blob/main/lib/rack/builder.rb, https://github.com/rack/rack/blob/main/lib/rack/urlmap.rb
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.syntax import Call, SourceModule, SourceSpan
from infralint.text.lazy import lazy
from infralint.text.paths import is_below

CLASSIC = "Application"
"""`Sinatra::Application`: what holds the routes that stand in no class."""
_BUILDING = frozenset({"run", "map", "new"})
_USE = lazy(rb"\buse[ (]")
_MAPPING = (b"map", b"URLMap")


class RackPaths:
    """What stands before the paths of the applications of a project."""

    def __init__(self, program: ProjectModules, resolver: Resolver) -> None:
        self._program = program
        self._resolver = resolver
        self._known: dict[str, list[Path]] = {}

    def of_place(self, module: SourceModule, span: SourceSpan) -> list[Path]:
        """What stands before a route that a place of a file makes."""
        inner = module.definition_at(span)
        owner = next((outer for outer in inner.around() if outer.kind == "class"), None) if inner is not None else None
        return self._of_class(owner.name.rpartition("::")[2] if owner is not None else CLASSIC, module.path)

    def _of_class(self, name: str, home: str) -> list[Path]:
        """What stands before the routes of a class of a file; unknown where paths are given out around it, and none to it."""
        if name not in self._known:
            self._known[name] = [UNKNOWN]  # where applications use each other in a circle
            found = [*self._run_paths(name), *self._paths_of_users(name)]
            alone = UNKNOWN if any(self._gives_paths(module, home) for module in self._builders) else ROOT
            self._known[name] = list(dict.fromkeys(found)) or [alone]
        return self._known[name]

    @cached_property
    def _builders(self) -> list[SourceModule]:
        paths = (path for path in self._program.sources if path.endswith(".ru"))
        return [module for path in paths if (module := self._program.load(path)) is not None]

    @cached_property
    def _users(self) -> list[str]:
        """The files in which an application may use another."""
        near = (path for path in self._program.sources if path.endswith((".rb", ".ru")))
        return [path for path in near if _USE.search(self._program.content(path))]

    def _gives_paths(self, module: SourceModule, home: str) -> bool:
        content = self._program.content(module.path)
        return is_below(home, posixpath.dirname(module.path)) and any(word in content for word in _MAPPING)

    def _run_paths(self, name: str) -> Iterator[Path]:
        for module in self._builders:
            calls = module.calls(_BUILDING)
            maps = [call for call in calls if call.name == "map" and call.receiver is None]
            for call in calls:
                for inner in self._paths_given(call, name):
                    around = [outer for outer in maps if outer.span.has(call.span) and outer is not call]
                    prefix = ROOT
                    for outer in around:
                        prefix = prefix.join(path_of(self._resolver.text(module, outer.argument(0)), "plain"))
                    yield prefix.join(inner)

    def _paths_given(self, call: Call, name: str) -> Iterator[Path]:
        """The paths at which a call runs a class, below the maps around it."""
        if call.name == "new" and call.receiver is not None and call.receiver.text().endswith("URLMap"):
            for pair in call.node.find_all(kind="pair"):
                key, value = pair.field("key"), pair.field("value")
                if value is not None and _names(value.text(), name):
                    yield path_of((self._resolver.text(call.module, key) or "\0").rstrip("/"), "plain")
        elif call.name == "run" and call.receiver is None and call.positional:
            written = call.positional[0].text()
            if "URLMap" not in written and _names(written, name):
                yield ROOT

    def _paths_of_users(self, name: str) -> Iterator[Path]:
        """What stands before the applications that have a class answer within them: `use Chat`."""
        for path in self._users:
            if name.encode() in self._program.content(path):
                module = self._program.load(path)
                for call in module.calls(frozenset({"use"})) if module is not None else ():
                    if call.positional and _names(call.positional[0].text(), name):
                        if path.endswith(".ru"):
                            yield ROOT
                        else:
                            yield from self.of_place(module, call.span) if module is not None else ()


def _names(written: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", written) is not None
