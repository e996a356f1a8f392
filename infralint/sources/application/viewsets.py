"""Where the methods of a viewset answer, below the path that a router of Django REST framework gives it.

https://www.django-rest-framework.org/api-guide/viewsets/#marking-extra-actions-for-routing
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.joining import methods_in
from infralint.sources.application.paths import Path, path_of
from infralint.sources.application.resolving import Meaning, ResolvedExpression, Resolver
from infralint.sources.application.syntax import Call, Definition, SourceModule

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_ITEM = Path("/*")
_STANDARD = {
    "list": (Path("/"), "GET"),
    "create": (Path("/"), "POST"),
    "retrieve": (Path("/*/"), "GET"),
    "update": (Path("/*/"), "PUT"),
    "partial_update": (Path("/*/"), "PATCH"),
    "destroy": (Path("/*/"), "DELETE"),
}
"""https://www.django-rest-framework.org/api-guide/routers/#simplerouter"""
_MARKS = frozenset({"action", "detail_route", "list_route"})


class Action(msgspec.Struct, frozen=True):
    """A method of a viewset: its paths below the viewset's, and the methods of HTTP that it answers."""

    paths: tuple[Path, ...]
    methods: tuple[str, ...] = ()


def action_of(resolver: Resolver, method: Definition, registered: Call) -> Action | None:
    """Where a method answers that a router lists; None for one that it does not. registered: `router.register(…)`."""
    marks = method.module.marks(_MARKS).get(method, ())
    slashes = _slashes(resolver, registered)
    if marks:
        path = _marked_path(resolver, marks[0], method.name)
        given = marks[0].named.get("methods") or (marks[0].positional[0] if marks[0].positional else None)
        methods = methods_in(given) if given is not None else ("GET",)
        return Action(tuple(Path(f"{path.text}{slash}", path.whole) for slash in slashes), methods)
    if method.name not in _STANDARD:
        return None
    path, verb = _STANDARD[method.name]
    return Action(tuple(Path(f"{path.text[:-1]}{slash}") for slash in slashes), (verb,))


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
