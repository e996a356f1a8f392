"""Where a method is named on an object of its class: by what the object stands for, its declared type, or its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Instance, Parameter, Resolver, is_extension, parameter_type
from infralint.sources.application.syntax import Definition, SourceModule, SourceSpan, span_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode


LONGEST_HEADER = 500
"""Characters before the body of a class in which what stands above it is named."""


class MethodUses:
    """Uses of the methods of a project's classes. is_registered: whether a place is within the handler of a route."""

    def __init__(
        self, program: ProjectModules, resolver: Resolver, is_registered: Callable[[SourceModule, SourceSpan], bool]
    ) -> None:
        self._program = program
        self._resolver = resolver
        self._is_registered = is_registered
        self._owned: dict[tuple[str, str], list[tuple[SgNode, SgNode, SgNode]]] = {}

    def of(self, definition: Definition, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a method of a class is named: `controller.stream`, `this.stream`, `chat.New(store).Register`; also on what is
        declared as one of the classes and interfaces above it, which have such a method, too."""
        met: set[tuple[str, SourceSpan]] = set()
        for method, class_name in ((definition, owner), *self._overridden(definition)):
            for home, place in self._of_class(method, class_name):
                if (home.path, span_of(place)) not in met:
                    met.add((home.path, span_of(place)))
                    yield home, place

    def _overridden(self, method: Definition) -> Iterator[tuple[Definition, str]]:
        """The methods of the project's classes that one stands in place of, each with its class."""
        owner = method.owner
        if owner is None or owner.kind != "class":
            return
        body = owner.node.field("body")
        end = span_of(body).start if body is not None else owner.span.start
        header = method.module.text[owner.span.start : end][-LONGEST_HEADER:]
        for word in dict.fromkeys(re.findall(r"\b[A-Z]\w*", header)):
            above = self._resolver.at_home(method.module, word) if word != owner.name else None
            if isinstance(above, Definition) and above.kind == "class" and above is not owner:
                inside = (other for other in above.module.definitions_of(method.name) if other.owner is above)
                yield from ((other, above.name) for other in inside)

    def _of_class(self, definition: Definition, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
        module, name = definition.module, definition.name
        if is_extension(definition):
            for home in self._program.modules_naming(module, name):
                yield from ((home, place) for _, place, _ in self._owned_names(home, name))
            return
        importers = list(self._program.importers(module.path, name))
        beside = self._program.callers_beside(module, name)
        near = (module, *self._program.siblings_naming(module, name), *importers, *beside)
        for home in {home.path: home for home in near}.values():
            for node, place, holder in self._owned_names(home, name):
                if self._is_owner(home, holder, owner, span_of(node)):
                    yield home, place

    def _owned_names(self, module: SourceModule, name: str) -> list[tuple[SgNode, SgNode, SgNode]]:
        """Where a module names something of an owner: the name, the whole expression, the owner."""
        key = module.path, name
        if key not in self._owned:
            found = ((node, *_owned_name(module, node)) for node in module.identifiers(name))
            self._owned[key] = [
                (node, place, holder) for node, place, holder in found if place is not None and holder is not None
            ]
        return self._owned[key]

    def _is_owner(self, module: SourceModule, node: SgNode, owner: str, span: SourceSpan) -> bool:
        """Whether an expression is an object of a class: by what it stands for, else by its name."""
        meaning = self._resolver.meaning(module, node)
        if isinstance(meaning, Instance):
            return meaning.definition.name == owner
        if isinstance(meaning, Definition):
            return meaning.name == owner
        if isinstance(meaning, SourceModule):
            default = self._resolver.default(meaning)
            return isinstance(default, Instance) and default.definition.name == owner
        if isinstance(meaning, Parameter) and (written := parameter_type(meaning)):
            return written == owner
        last = re.findall(r"\w+", node.text()[-80:])
        similar = bool(last) and _plain(last[-1]) == _plain(owner)
        return similar or (meaning is None and self._is_registered(module, span))


def _owned_name(module: SourceModule, node: SgNode) -> tuple[SgNode | None, SgNode | None]:
    """The expression `owner.name` whose name a node is, and the owner."""
    parent = node.parent()
    if parent is not None and parent.kind() == "navigation_suffix":
        parent = parent.parent()
    member = module.member(parent) if parent is not None else None
    if member is not None and span_of(member[0]) != span_of(node):
        return parent, member[0]
    call = module.call_of(parent) if parent is not None and parent.kind() in module.language.calls else None
    if call is not None and call.receiver is not None and span_of(call.callee) == span_of(node):
        return parent, call.receiver
    return None, None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]|impl$", "", name.lower())
