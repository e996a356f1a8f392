"""What Django puts before a path: whoever includes the list, or the file, that it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from infralint.sources.application.heads import DEEPEST, NOWHERE, Head, bound_heads
from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import ResolvedExpression, Resolver
from infralint.sources.application.syntax import Call, SourceModule, span_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

MOST_AROUND = 4
"""Nodes around a path of Django among which its list is."""
MOST_AROUND_URLS = 6
"""Nodes around the urls of a router of Django among which their list, or the path that includes them, is."""
_PATH_CALLS = frozenset({"path", "re_path", "url"})
"""Django's functions that bind a path."""
_URL_LISTS = frozenset({"urlpatterns", "urlpatterns.extend"})
"""What takes the paths of a file of Django."""


class DjangoPaths:
    """The prefixes of the paths of a project's Django. heads_of: the prefixes that an expression, a router, answers under; asked
    with how many mounts within mounts were followed."""

    def __init__(
        self,
        program: ProjectModules,
        resolver: Resolver,
        heads_of: Callable[[SourceModule, SgNode | None, int], list[Head]],
    ) -> None:
        self._program = program
        self._resolver = resolver
        self._heads_of = heads_of
        self._heads_of_urls: dict[str, list[Head]] = {}

    def heads(self, call: Call) -> list[Head]:
        """Django: where the list or the file that a path stands in is included; Channels' tables stand at the root."""
        if call.module.path.endswith("routing.py") or "URLRouter(" in call.module.text:
            return [Head(self.root_of_channels, call.module.path)]
        return self._heads_at(call.module, call.node, 0)

    @cached_property
    def root_of_channels(self) -> Path:
        """What stands before the tables of Channels: nothing, unless one is put below a path: `path("x/", URLRouter(…))`."""
        for path in self._program.sources:
            if path.endswith(".py") and b"URLRouter(" in self._program.content(path):
                module = self._program.load(path)
                for call in module.calls(_PATH_CALLS) if module is not None else ():
                    inner = call.module.call_of(call.argument(1))
                    if inner is not None and inner.name == "URLRouter":
                        return UNKNOWN
        return ROOT

    def _heads_at(self, module: SourceModule, node: SgNode, depth: int) -> list[Head]:
        """What is put before a path of Django by those that include the list that it stands in, else by those that include
        its file."""
        around = node.ancestors()[:MOST_AROUND]
        listing = next((outer for outer in around if outer.kind() in ("list", "tuple")), None)
        if any(outer.kind() == "call" and _is_by_language(outer) for outer in around):
            return [NOWHERE]
        place = _place_of_list(module, listing) if listing is not None else ""
        if place in self._includes:
            return self._join_includes(place, self._includes[place], depth) or [NOWHERE]
        return self._heads_of_includes(module, depth)

    def heads_of_urls(self, module: SourceModule, node: SgNode, depth: int) -> list[Head]:
        """What Django puts before the paths that a router of REST framework, or an interface of Ninja, lists:
        `path("api/", include(router.urls))`, `urlpatterns = router.urls`.

        https://www.django-rest-framework.org/api-guide/routers/#using-include-with-routers
        """
        for outer in node.ancestors()[:MOST_AROUND_URLS]:
            if outer.kind() == "list":
                return self._heads_at(module, node, depth)
            if outer.kind() in ("assignment", "augmented_assignment", "call"):
                called = outer.field("left") or outer.field("function")
                if called is not None and called.text() in _URL_LISTS:
                    return self._heads_of_includes(module, depth)
            call = module.call_of(outer) if outer.kind() == "call" else None
            if call is not None and call.name in _PATH_CALLS:
                prefix = self._prefix(call)
                return [head.extend(prefix) for head in self._heads_at(module, outer, depth)]
        return []

    def heads_of_registry(self, module: SourceModule, node: SgNode, depth: int) -> list[Head]:
        """`router.registry.extend(other.registry)`: where the first of the two routers answers."""
        call = module.call_around(node)
        extended = call.receiver if call is not None and call.name == "extend" else None
        member = module.member(extended) if extended is not None and not span_of(extended).has(span_of(node)) else None
        return self._heads_of(module, member[0], depth + 1) if member is not None and member[1] == "registry" else []

    def _prefix(self, call: Call) -> Path:
        """The path that a call of Django's `path` or `re_path` begins with."""
        return path_of(self._resolver.text(call.module, call.argument(0)), "angles" if call.name == "path" else "regex")

    def _join_includes(self, included: str, includes: Iterable[tuple[Call, Path]], depth: int) -> list[Head]:
        """What is put before the paths of a file or a list of Django's; unknown where includes go round in circles, and where
        there are too many, one in another."""
        if depth > DEEPEST:
            return [NOWHERE]
        if included not in self._heads_of_urls:
            self._heads_of_urls[included] = [NOWHERE]
            self._heads_of_urls[included] = bound_heads(
                head.extend(prefix)
                for call, prefix in includes
                for head in self._heads_at(call.module, call.node, depth + 1)
            )
        return self._heads_of_urls[included]

    def _heads_of_includes(self, module: SourceModule, depth: int) -> list[Head]:
        """What is put before the paths of a Django module by those that include it."""
        alone = [Head(ROOT, module.path)] if self._is_root(_import_name(module)) else [NOWHERE]
        return self._join_includes(module.path, self._includes_of(module), depth) or alone

    def _includes_of(self, module: SourceModule) -> Iterator[tuple[Call, Path]]:
        """The calls that include a Django module's paths, each with the path that it puts before them."""
        words = _import_name(module).split(".")
        for name in (module.path, *(".".join(words[start:]) for start in range(len(words)))):
            yield from ((call, prefix) for call, prefix in self._includes.get(name, ()) if call.module is not module)

    @cached_property
    def _includes(self) -> dict[str, list[tuple[Call, Path]]]:
        """The calls that include paths of Django: by the dotted name of a module as they write it, by its file, or by the
        place of a list."""
        found: dict[str, list[tuple[Call, Path]]] = {}
        for path in self._program.sources:
            if not path.endswith(("urls.py", "routing.py", "asgi.py", "router.py")):
                continue
            module = self._program.load(path) if b"include" in self._program.content(path) else None
            for call in module.calls(_PATH_CALLS) if module is not None else ():
                for name in self._included_names(call):
                    found.setdefault(name, []).append((call, self._prefix(call)))
        return found

    def _included_names(self, call: Call) -> list[str]:
        """What a call of Django's `path` includes: a module's dotted name or file, or the places of lists."""
        included = call.module.call_of(call.argument(1))
        if included is None or included.name != "include" or not included.positional:
            return []
        target = included.positional[0]
        if target.kind() == "tuple" and target.named_children():
            target = target.named_children()[0]
        lists = list(_lists_in(target))
        text = self._resolver.text(call.module, target) if not lists else None
        if text is None:
            meaning = self._resolver.meaning(call.module, target)
            if isinstance(meaning, ResolvedExpression):
                return [_place_of_list(meaning.module, node) for node in lists or _lists_in(meaning.node)]
            return [meaning.path] if isinstance(meaning, SourceModule) else []
        return [text]

    def _is_root(self, dotted: str) -> bool:
        return any(dotted == name or dotted.endswith(f".{name}") for name in self._root_urls)

    @cached_property
    def _root_urls(self) -> frozenset[str]:
        """What settings call ROOT_URLCONF."""
        found = set()
        for path in self._program.sources:
            if path.endswith(".py") and "settings" in path:
                found |= set(re.findall(rb"ROOT_URLCONF\s*=\s*[\"']([\w.]+)[\"']", self._program.content(path)))
        return frozenset(name.decode() for name in found)


def _is_by_language(node: SgNode) -> bool:
    """Whether a call puts the language before paths, or not, as settings say.

    https://docs.djangoproject.com/en/stable/topics/i18n/translation/#language-prefix-in-url-patterns
    """
    called = node.field("function")
    return called is not None and called.text().endswith("i18n_patterns")


def _lists_in(node: SgNode) -> Iterator[SgNode]:
    """The lists that an expression joins: `[…] + ([…] if DEBUG else [])`."""
    pending = [node]
    while pending:
        found = pending.pop()
        if found.kind() in ("list", "tuple"):
            yield found
        elif found.kind() in ("binary_operator", "parenthesized_expression", "conditional_expression"):
            pending += found.named_children()


def _place_of_list(module: SourceModule, node: SgNode) -> str:
    return f"{module.path}:{span_of(node).start}"


def _import_name(module: SourceModule) -> str:
    """What Python calls a module, by its file."""
    return re.sub(r"(?:/__init__)?\.py$", "", module.path).replace("/", ".")
