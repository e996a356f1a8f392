"""Where the methods of a viewset answer, below the path that a router of Django REST framework gives it.

https://www.django-rest-framework.org/api-guide/viewsets/#marking-extra-actions-for-routing
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.calls import methods_in
from infralint.sources.application.paths import Path, path_of
from infralint.sources.application.resolving import Meaning, ResolvedExpression, Resolver
from infralint.sources.application.syntax import Call, Definition, SourceModule, SourceSpan

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_ITEM = Path("/*")
_STANDARD = {
    "list": (Path(""), "GET"),
    "create": (Path(""), "POST"),
    "retrieve": (_ITEM, "GET"),
    "update": (_ITEM, "PUT"),
    "partial_update": (_ITEM, "PATCH"),
    "destroy": (_ITEM, "DELETE"),
}
"""https://www.django-rest-framework.org/api-guide/routers/#simplerouter"""
_MARKS = frozenset({"action", "detail_route", "list_route"})


class Action(msgspec.Struct, frozen=True):
    """Where a method of a viewset answers: its path below the viewset's, without a slash at its end, and the methods of HTTP."""

    path: Path
    methods: tuple[str, ...] = ()


class Viewsets:
    """The actions of a project's viewsets, and how the paths of those who list them end, each found out once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._actions: dict[Definition, Action | None] = {}
        self._slashes: dict[tuple[str, SourceSpan], tuple[str, ...]] = {}

    def action_of(self, method: Definition) -> Action | None:
        """Where a method answers that a router lists; None for one that it does not."""
        if method not in self._actions:
            self._actions[method] = _find_action(self._resolver, method)
        return self._actions[method]

    def paths_of(self, action: Action, registered: Call) -> list[Path]:
        """The paths of an action that `router.register(…)` lists, below the viewset's."""
        key = registered.module.path, registered.span
        if key not in self._slashes:
            self._slashes[key] = _slashes(self._resolver, registered)
        return [Path(f"{action.path.text}{slash}", action.path.whole) for slash in self._slashes[key]]


def _find_action(resolver: Resolver, method: Definition) -> Action | None:
    marks = method.module.marks(_MARKS).get(method, ())
    if marks:
        given = marks[0].named.get("methods") or (marks[0].positional[0] if marks[0].positional else None)
        methods = methods_in(given) if given is not None else ("GET",)
        return Action(_marked_path(resolver, marks[0], method.name), methods)
    if method.name not in _STANDARD:
        return None
    path, verb = _STANDARD[method.name]
    return Action(path, (verb,))


def _marked_path(resolver: Resolver, mark: Call, name: str) -> Path:
    """The path of an action, without the slash at its end; unknown where what it answers for is computed."""
    given = mark.argument("url_path")
    text = resolver.text(mark.module, given) if given is not None else name
    path = path_of(text, "angles" if text is not None and "<" in text and "(?P" not in text else "regex")
    detail = mark.named.get("detail")
    if mark.name == "list_route" or (detail is not None and detail.text() == "False"):
        return Path("").join(path)
    if mark.name == "detail_route" or (detail is not None and detail.text() == "True"):
        return _ITEM.join(path)
    return Path(path.text, whole=False)


def _slashes(resolver: Resolver, registered: Call) -> tuple[str, ...]:
    """How paths of a router end: with a slash unless it is told otherwise; either way where that is computed."""
    routers = _routers(resolver, registered.module, registered.receiver)
    return tuple(dict.fromkeys(slash for router in routers for slash in _slashes_of(router)))


def _routers(resolver: Resolver, module: SourceModule, node: SgNode | None) -> Iterator[Meaning | None]:
    """What makes a router: each value of `DefaultRouter() if DEBUG else SimpleRouter()`."""
    router = resolver.meaning(module, node)
    if isinstance(router, ResolvedExpression) and router.node.kind() == "conditional_expression":
        yield from (resolver.meaning(router.module, value) for value in router.node.named_children()[::2])
    else:
        yield router


def _slashes_of(router: Meaning | None) -> tuple[str, ...]:
    if not isinstance(router, Call):
        return ("", "/")
    given = router.named.get("trailing_slash")
    if given is None or given.text() == "True":
        return ("/",)
    return ("",) if given.text() == "False" else ("", "/")
