"""What is mounted where: which call mounts a router, and the prefix that it, a group or the router itself gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.calls import (
    argument_of,
    chosen_arguments,
    is_path_text,
    names_in,
    splats,
)
from infralint.sources.application.heads import DEEPEST
from infralint.sources.application.languages import LISTS
from infralint.sources.application.loops import items_of_name
from infralint.sources.application.matching import RuleMatcher
from infralint.sources.application.nesting import NestedItems
from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.resolving import ResolvedExpression
from infralint.sources.application.rulebook import MountCall, Router, Rules, SubrouterCall
from infralint.sources.application.syntax import HOLE, Call, SourceModule, SourceSpan, span_of
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

Mount = tuple[Rules, MountCall, Call]
"""A call that mounts routers, with the rule that speaks of it."""

_PATH_NAME = lazy(r"path|prefix|base|root|mount|url|version|env\b", re.IGNORECASE)


class Mounts:
    """The calls of a project that put routers below others, and the prefixes that routers are given."""

    def __init__(self, matcher: RuleMatcher) -> None:
        self._matcher = matcher
        self._resolver = matcher.resolver
        self._mounts: dict[str, NestedItems[Mount]] = {}

    def forget(self, path: str) -> None:
        """Lets go of a file."""
        self._mounts.pop(path, None)

    def of(self, module: SourceModule) -> NestedItems[Mount]:
        """The calls of a file that mount routers, by their places."""
        if module.path not in self._mounts:
            found = []
            for rules in self._matcher.rulebook.of(module):
                names = frozenset(name for shape in rules.mounts for name in shape.call)
                for call in module.calls(names) if names else ():
                    shape = next((shape for shape in rules.mounts if self._matcher.matches(call, shape, rules)), None)
                    if shape is not None:
                        places = [
                            call.span,
                            *(place for place, _ in self._table_of(shape, call) if not call.span.has(place)),
                        ]
                        found += [(place, (rules, shape, call)) for place in places]
            self._mounts[module.path] = NestedItems(found)
        return self._mounts[module.path]

    def innermost(self, module: SourceModule, span: SourceSpan) -> list[Mount]:
        around = [
            (rules, shape, call)
            for rules, shape, call in self.of(module).around(span)
            if self._is_child(module, shape, call, span)
        ]
        around.sort(key=lambda found: found[2].span.end - found[2].span.start)
        if len(around) > 1 and around[0][2].span == around[1][2].span:
            router = self._matcher.router_rules(around[0][2])
            around.sort(key=lambda found: found[0] is not router)
        return around[:1]

    def _is_child(self, module: SourceModule, shape: MountCall, call: Call, span: SourceSpan) -> bool:
        """Whether a place is one of the routers that a mount takes: none takes the one that it is called on."""
        receiver = span_of(call.receiver) if call.receiver is not None else None
        if receiver is not None and receiver.end - receiver.start == span.end - span.start:
            if module.text[receiver.start : receiver.end] == module.text[span.start : span.end]:
                return False
        children = chosen_arguments(call, shape.child, shape.prefix)
        return any(span_of(child).has(span) and not _is_inner_function(child, span) for child in children) or any(
            place.has(span) for place, _ in self._table_of(shape, call)
        )

    def _table_of(self, shape: MountCall, call: Call) -> Iterator[tuple[SourceSpan, SgNode]]:
        """What a mount puts under the prefixes of a table, by its place in the file of the call: `{"/api": api}`."""
        node = argument_of(call, shape.table)
        table = self._resolver.meaning(call.module, node) if node is not None else None
        if isinstance(table, ResolvedExpression) and table.module is call.module:
            for pair in table.node.named_children():
                key, value = pair.field("key"), pair.field("value")
                if key is not None and value is not None:
                    yield span_of(value), key

    def prefixes(self, rules: Rules, shape: MountCall, call: Call, span: SourceSpan) -> list[Path]:
        """What a mount puts before a router that stands at a place: several where it is given a list."""
        for place, key in self._table_of(shape, call):
            if place.has(span):
                return [path_of(self._resolver.text(call.module, key), rules.style)]
        node = argument_of(call, shape.prefix)
        if node is None:
            return [self._option_prefix(rules, shape, call)]
        if items := node.named_children() if node.kind() in LISTS else items_of_name(node):
            return [path_of(self._resolver.text(call.module, item), rules.style) for item in items]
        text = self._resolver.text(call.module, node)
        if text is None and shape.child == "rest" and not is_path_text(call.module, node):
            return [UNKNOWN if _names_path(node) and len(call.positional) > 1 else ROOT]
        return [path_of(text, rules.style)]

    def _option_prefix(self, rules: Rules, shape: MountCall, call: Call) -> Path:
        """The prefix of a mount that is written neither in its place nor as an option: it may be among options from elsewhere."""
        if shape.prefix is None:
            return ROOT
        if splats(call):
            return self._spread_prefix(rules, shape, call)
        options = call.argument(shape.options)
        if options is None:
            return ROOT
        pairs = self._resolver.pairs(call.module, options)
        known = next((pairs[name] for name in names_in(shape.prefix) if name in pairs), None)
        if known is not None:
            return path_of(self._resolver.text(*known), rules.style)
        meaning = self._resolver.meaning(call.module, options)
        if isinstance(meaning, ResolvedExpression) and meaning.node.kind() == "object":
            spread = (child for child in meaning.node.named_children() if child.kind() == "spread_element")
            return UNKNOWN if any(not self._is_object(meaning.module, child) for child in spread) else ROOT
        return UNKNOWN

    def _is_object(self, module: SourceModule, spread: SgNode) -> bool:
        """Whether what is spread is an object of which all is known."""
        inner = next(iter(spread.named_children()), None)
        meaning = self._resolver.meaning(module, inner) if inner is not None else None
        return isinstance(meaning, ResolvedExpression) and meaning.node.kind() == "object"

    def _spread_prefix(self, rules: Rules, shape: MountCall, call: Call) -> Path:
        """The prefix among options that are spread into a mount: `include_router(router, **options)`."""
        for splat in splats(call):
            inner = next(iter(splat.named_children()), None)
            pairs = self._resolver.pairs(call.module, inner)
            known = next((pairs[name] for name in names_in(shape.prefix) if name in pairs), None)
            text = self._resolver.text(*known) if known is not None else None
            if text is not None and HOLE not in text:
                return path_of(text, rules.style)
        return UNKNOWN

    def given_prefix(self, rules: Rules, shape: Router | SubrouterCall, call: Call) -> Path:
        """The prefix that a router or a group is given, or takes from its name."""
        node = argument_of(call, shape.prefix)
        if isinstance(shape, Router) and shape.nested:
            return self._prefix_of_nested(call)
        if node is not None and node.text() != "None":
            return path_of(self._resolver.text(call.module, node), rules.style)
        name = call.argument(shape.named)
        if name is not None:
            return path_of(self._resolver.text(call.module, name), rules.style)
        return self._set_prefix(rules, shape, call) if isinstance(shape, Router) and shape.setter else ROOT

    def _prefix_of_nested(self, call: Call, depth: int = 0) -> Path:
        """The prefix of a router whose paths are below an item of another router's: `NestedSimpleRouter(router, "rooms", …)`."""
        outer = self._resolver.meaning(call.module, call.argument(0))
        found = self._matcher.router(outer) if isinstance(outer, Call) and depth < DEEPEST else None
        above = (
            self._prefix_of_nested(outer, depth + 1) if found and found[1].nested and isinstance(outer, Call) else ROOT
        )
        return above.join(path_of(self._resolver.text(call.module, call.argument(1)), "regex")).join(Path("/*"))

    def _set_prefix(self, rules: Rules, shape: Router, call: Call) -> Path:
        """The prefix that a router is given later: `router.prefix("/api")`."""
        holder = call.module.assignment_of(call.span)
        for setting in call.module.calls(frozenset({shape.setter})):
            if holder is not None and setting.receiver is not None and setting.receiver.text() == holder.target:
                return path_of(self._resolver.text(call.module, setting.argument(0)), rules.style)
        return ROOT


def _names_path(node: SgNode) -> bool:
    """Whether a name, which stands where a path or a function may stand, speaks of a path: `config.apiPrefix`."""
    return node.kind() in ("identifier", "member_expression") and _PATH_NAME.search(node.text()) is not None


def _is_inner_function(child: SgNode, span: SourceSpan) -> bool:
    """Whether a place lies within a function that is an argument, and is not that function itself."""
    kind = child.kind()
    return ("function" in kind or kind in ("lambda", "func_literal")) and span_of(child) != span
