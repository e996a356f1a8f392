"""What blocks around a route, and the calls that it is chained to, put before it: `Route::prefix("x")->group(…)`, `scope "/x" do`."""

from __future__ import annotations

from functools import cached_property

from infralint.sources.application.calls import argument_of, chained_calls
from infralint.sources.application.laravel_paths import LaravelPaths
from infralint.sources.application.matching import RuleMatcher
from infralint.sources.application.nesting import NestedItems
from infralint.sources.application.paths import ROOT, Path, path_of
from infralint.sources.application.syntax import Call, SourceModule, SourceSpan, span_of


class BlockPrefixes:
    """The prefixes of blocks of a project's routes."""

    def __init__(self, matcher: RuleMatcher) -> None:
        self._matcher = matcher
        self._resolver = matcher.resolver
        self._blocks_of: dict[str, NestedItems[Call]] = {}
        self._chain_prefixes: dict[tuple[SourceModule, SourceSpan], Path] = {}

    def forget(self, path: str) -> None:
        """Lets go of a file."""
        self._blocks_of.pop(path, None)

    def around(self, call: Call) -> Path:
        """What blocks around a call, and whoever loads its file, put before it, in languages whose routes are not called on
        anything."""
        module = call.module
        if module.language.name not in ("ruby", "php", "elixir", "kotlin"):
            return ROOT
        outer = (
            self._laravel.of_file(module.path) if "routes/" in module.path and module.path.endswith(".php") else ROOT
        )
        around = outer.join(self._prefix_of_blocks(module, call.span))
        link = module.call_of(call.receiver) if call.receiver is not None else None
        return around.join(self._chain_prefix(link)) if link is not None else around

    def _prefix_of_blocks(self, module: SourceModule, span: SourceSpan) -> Path:
        """What blocks around a place put before it, and the calls that it is chained to."""
        prefix = ROOT
        for outer in self._blocks(module).around(span):
            if outer.span != span:
                prefix = prefix.join(self._chain_prefix(outer))
        return prefix

    def _prefix_of_group(self, module: SourceModule, span: SourceSpan) -> Path:
        """What stands before the routes of a file that is loaded at a place."""
        chained = (outer for outer in self._blocks(module) if outer.span == span)
        return self._prefix_of_blocks(module, span).join(next((self._chain_prefix(outer) for outer in chained), ROOT))

    @cached_property
    def _laravel(self) -> LaravelPaths:
        return LaravelPaths(self._matcher.program, self._resolver, self._prefix_of_group)

    def _blocks(self, module: SourceModule) -> NestedItems[Call]:
        """The calls that take a block of routes, each from where its arguments begin to where it ends."""
        if module.path not in self._blocks_of:
            names = frozenset(
                name for rules in self._matcher.rulebook.of(module) for shape in rules.groups for name in shape.call
            )
            self._blocks_of[module.path] = NestedItems(
                (_span_of_arguments(call), call)
                for call in (module.calls(names) if names else ())
                if self._matcher.group(call)
            )
        return self._blocks_of[module.path]

    def _chain_prefix(self, call: Call) -> Path:
        """What a call and those that it is chained to put before the routes within its block."""
        links = []
        prefix = ROOT
        for link in chained_calls(call):
            known = self._chain_prefixes.get((link.module, link.span))
            if known is not None:
                prefix = known
                break
            links.append(link)
        for link in reversed(links):
            prefix = prefix.join(self._block_prefix(link))
            self._chain_prefixes[link.module, link.span] = prefix
        return prefix

    def _block_prefix(self, call: Call) -> Path:
        """What a call in front of a block puts before the routes within."""
        found = self._matcher.group(call)
        node = call.named.get("prefix") or (argument_of(call, found[1].prefix) if found is not None else None)
        if found is None or node is None:
            return ROOT
        if node.kind() in ("simple_symbol", "atom"):
            return path_of(node.text().lstrip(":"), found[0].style)
        return path_of(self._resolver.text(call.module, node), found[0].style)


def _span_of_arguments(call: Call) -> SourceSpan:
    """Where the arguments of a call stand, without what it is called on."""
    start = span_of(call.receiver).end if call.receiver is not None else call.span.start
    return SourceSpan(start, call.span.end, call.span.line)
