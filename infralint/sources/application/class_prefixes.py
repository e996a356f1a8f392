"""What annotations of a class put before the paths of its methods: `@RequestMapping("/api")`, `[Route("[controller]")]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from infralint.sources.application.calls import argument_of
from infralint.sources.application.languages import LISTS
from infralint.sources.application.nest_paths import NestPaths
from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.registrations import Registration
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.rulebook import Rules
from infralint.sources.application.syntax import Call, Definition
from infralint.sources.application.uses import Uses
from infralint.text.lazy import lazy

_CONTROLLER = lazy(r"@(?:[\w.]+\.)?(?:Rest)?Controller\b")


class ClassPrefixes:
    """The paths that the classes of a project put before those of their methods."""

    def __init__(self, program: ProjectModules, resolver: Resolver, uses: Uses) -> None:
        self._program = program
        self._resolver = resolver
        self._uses = uses

    def before(self, registration: Registration, tail: Path) -> list[Path]:
        """What annotations of the class around a method put before its path, which is the tail: several are several ways."""
        rules, decorated = registration.rules, registration.decorated
        if rules.absolute and (self._path_text(registration) or "").startswith(("/", "~/")):
            return [ROOT]
        owner = decorated.owner if decorated is not None else None
        while owner is not None and owner.kind != "class":
            owner = owner.owner
        names = frozenset(name for shape in rules.classes for name in shape.call)
        marks = registration.call.module.marks(names).get(owner, ()) if owner is not None and names else ()
        found = [path for call in marks for path in self._paths_of_mark(rules, call, decorated)] or [ROOT]
        if rules.properties and owner is not None and not marks and not self._is_controller(owner):
            return [UNKNOWN]
        if not rules.modules or owner is None or decorated is None:
            return found
        if not marks:  # those of a class that extends it
            return [UNKNOWN]
        of_method = registration.call.module.marks(frozenset({"Version"})).get(decorated, ())
        versions = [call.argument(0) for call in of_method] + [call.named.get("version") for call in marks]
        return self._nest.prefixes(owner, found, tail, [node for node in versions if node is not None])

    def _is_controller(self, owner: Definition) -> bool:
        """Whether Spring asks a class for routes itself, and not for those of what extends or implements it."""
        modifiers = (child for child in owner.node.named_children() if child.kind() == "modifiers")
        return any(_CONTROLLER.search(modifier.text()) for modifier in modifiers)

    def _path_text(self, registration: Registration) -> str | None:
        node = argument_of(registration.call, registration.shape.path)
        return self._resolver.text(registration.call.module, node) if node is not None else None

    def _paths_of_mark(self, rules: Rules, call: Call, action: Definition | None) -> Iterator[Path]:
        """The paths that an annotation of a class gives."""
        shape = next(shape for shape in rules.classes if call.name in shape.call)
        node = argument_of(call, shape.path)
        if node is None:
            yield ROOT
            return
        for item in node.named_children() if node.kind() in LISTS else [node]:
            yield path_of(named_by_action(self._resolver.text(call.module, item), action), rules.style)

    @cached_property
    def _nest(self) -> NestPaths:
        return NestPaths(self._program, self._resolver, self._uses)


def named_by_action(text: str | None, action: Definition | None) -> str | None:
    """`[controller]` and `[action]` in a path of ASP.NET: the class's name without `Controller`, the method's without `Async`.

    https://learn.microsoft.com/en-us/aspnet/core/mvc/controllers/routing#token-replacement-in-route-templates-controller-action-area
    """
    if not text or "[" not in text or action is None or action.owner is None:
        return text
    controller = action.owner.name.removesuffix("Controller").lower()
    method = (action.name.removesuffix("Async") or action.name).lower()
    return re.sub(r"\[(\w+)\]", r"{\1}", text.replace("[controller]", controller).replace("[action]", method))
