"""Handlers that routes name by a text: `[ChatController::class, 'stream']` in Laravel.

https://laravel.com/docs/12.x/routing
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.syntax import Definition, SourceModule, SourceSpan, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_HANDLER = lazy(r"[\"'](?:(?:\w*+\\)*+(\w*+)@)?(\w++)[\"']")
"""`'stream'`, `'App\\Http\\ChatController@stream'`: the class and the method."""
_CLASS = lazy(r"\b(\w++)::class\b")
_MOST_AROUND = 3
"""Nodes around a method's name among which its class is: an item, the array, the argument."""


class NamedHandlers:
    """Where the files of PHP that list routes name methods of classes by texts."""

    def __init__(self, program: ProjectModules) -> None:
        self._program = program
        self._by_method: dict[str, dict[str, list[list[tuple[SourceModule, SgNode]]]]] = {}

    def of(self, definition: Definition, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a method of a class is named by a text, in the language that does so."""
        if definition.module.language.name != "php":
            return
        if definition.name not in self._by_method:
            self._by_method[definition.name] = self._by_owner(self._texts.get(definition.name, []))
        yield from chain.from_iterable(self._by_method[definition.name].get(owner, ()))

    def _by_owner(
        self, texts: list[tuple[SourceModule, SgNode, str]]
    ) -> dict[str, list[list[tuple[SourceModule, SgNode]]]]:
        """Texts that name one method, by the classes that they, or what stands around them, name; those around which the same
        stands are one list."""
        found: dict[str, list[list[tuple[SourceModule, SgNode]]]] = {}
        around: dict[tuple[str, SourceSpan], list[tuple[SourceModule, SgNode]]] = {}
        for module, node, owner in texts:
            if owner:
                found.setdefault(owner, []).append([(module, node)])
                continue
            outer = node.ancestors()[:_MOST_AROUND][-1]
            place = module.path, span_of(outer)
            if place not in around:
                around[place] = []
                for name in dict.fromkeys(_CLASS.findall(outer.text())):
                    found.setdefault(name, []).append(around[place])
            around[place].append((module, node))
        return found

    @cached_property
    def _texts(self) -> dict[str, list[tuple[SourceModule, SgNode, str]]]:
        """The texts that may name a method, by its name, each with the class that it names too; empty where it names none."""
        found: dict[str, list[tuple[SourceModule, SgNode, str]]] = {}
        for path in self._program.sources:
            if not path.endswith(".php") or "route" not in path.lower():
                continue
            content = self._program.content(path)
            module = self._program.load(path) if b"::class" in content or b"@" in content else None
            if module is not None:
                for node in module.strings:
                    if named := _HANDLER.fullmatch(node.text()):
                        found.setdefault(named[2], []).append((module, node, named[1] or ""))
        return found
