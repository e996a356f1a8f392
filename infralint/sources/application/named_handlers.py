"""Handlers that routes of Laravel name by a text or by their class: `[ChatController::class, 'stream']`, `AskController::class`.

https://laravel.com/docs/12.x/routing
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from infralint.sources.application.nesting import NestedItems
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.syntax import Call, Definition, SourceModule, SourceSpan, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_HANDLER = lazy(r"[\"'](?:(?:\w*+\\)*+(\w*+)@)?(\w++)[\"']")
"""`'stream'`, `'App\\Http\\ChatController@stream'`: the class and the method."""
_CLASS = lazy(r"\b(\w++)::class\b")
_CONTROLLER = lazy(r"(?:::|->)\s*controller\(\s*(?:\w*\\)*+(\w++)::class")
"""The class of whose methods a group's routes name one each: `Route::controller(ChatController::class)->group(…)`."""
_LONGEST_CHAIN = 1_000
"""Characters in front of a group among which its controller is."""
_MOST_AROUND = 3
"""Nodes around a method's name among which its class is: an item, the array, the argument."""


class NamedHandlers:
    """Where the files of PHP that list routes name methods of classes by texts."""

    def __init__(self, program: ProjectModules) -> None:
        self._program = program
        self._by_method: dict[str, dict[str, list[list[tuple[SourceModule, SgNode]]]]] = {}
        self._groups: dict[str, NestedItems[str]] = {}

    def of(self, definition: Definition, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a method of a class is named by a text, in the language that does so."""
        if definition.module.language.name != "php":
            return
        if definition.name == "__invoke":
            yield from self._invoked.get(owner, ())
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
                names = dict.fromkeys(_CLASS.findall(outer.text())) or self._controllers_around(module, span_of(node))
                for name in names:
                    found.setdefault(name, []).append(around[place])
            around[place].append((module, node))
        return found

    def _controllers_around(self, module: SourceModule, span: SourceSpan) -> list[str]:
        """The controller of the innermost group around a place that has one."""
        if module.path not in self._groups:
            groups = ((call, _CONTROLLER.search(_chain_before(call))) for call in module.calls(frozenset({"group"})))
            self._groups[module.path] = NestedItems((call.span, found[1]) for call, found in groups if found)
        return list(self._groups[module.path].around(span))[-1:]

    @cached_property
    def _invoked(self) -> dict[str, list[tuple[SourceModule, SgNode]]]:
        """Where a class itself is an argument, by its name: `Route::get('/ask', AskController::class)`.

        https://laravel.com/docs/12.x/controllers#single-action-controllers
        """
        found: dict[str, list[tuple[SourceModule, SgNode]]] = {}
        for module in self._modules:
            for node in module.root.find_all(kind="class_constant_access_expression"):
                named, parent = _CLASS.search(node.text()), node.parent()
                if named is not None and parent is not None and parent.kind() == "argument":
                    found.setdefault(named[1], []).append((module, node))
        return found

    @cached_property
    def _modules(self) -> list[SourceModule]:
        """The files that may list routes and name classes or methods."""
        near = (path for path in self._program.sources if path.endswith(".php") and "route" in path.lower())
        naming = (path for path in near if any(word in self._program.content(path) for word in (b"::class", b"@")))
        return [module for path in naming if (module := self._program.load(path)) is not None]

    @cached_property
    def _texts(self) -> dict[str, list[tuple[SourceModule, SgNode, str]]]:
        """The texts that may name a method, by its name, each with the class that it names too; empty where it names none."""
        found: dict[str, list[tuple[SourceModule, SgNode, str]]] = {}
        for module in self._modules:
            for node in module.strings:
                if named := _HANDLER.fullmatch(node.text()):
                    found.setdefault(named[2], []).append((module, node, named[1] or ""))
        return found


def _chain_before(call: Call) -> str:
    """What a group is called on: `Route::controller(ChatController::class)->prefix('x')`."""
    return call.receiver.text()[-_LONGEST_CHAIN:] if call.receiver is not None else ""
