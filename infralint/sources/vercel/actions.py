"""Pages of the app router whose server actions stream: what runs as the page's own function, as long as that may run.

https://nextjs.org/docs/app/api-reference/directives/use-server, https://ai-sdk.dev/docs/ai-sdk-rsc/overview
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from infralint.sources.vercel.javascript import JavaScriptModule, Modules, Words, text_of
from infralint.sources.vercel.streaming import FunctionSighting, FunctionStreams, shorten
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from tree_sitter import Node

PACKAGES = frozenset({"ai/rsc", "@ai-sdk/rsc"})
MENTION = Words(b"ai/rsc", b"ai-sdk/rsc")
_INSTALLED = lazy(rb'"(?:@ai-sdk/rsc|ai)"\s*:\s*"(?![\^~>=v\s]*(?:[5-9]|\d\d))')
"""In a package.json: what has these functions; since its version 5, `ai` has them no more."""
FUNCTIONS = frozenset("createStreamableUI createStreamableValue streamUI experimental_streamUI render".split())
DIRECTIVE = "use server"


class Actions(FunctionStreams):
    """Looks for server actions that stream, from the pages that bring them to a browser."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules, MENTION, MENTION)

    @cached_property
    def is_installed(self) -> bool:
        """Whether a package.json of the project names the package that streams from actions."""
        manifests = self.modules.project.files_named("package.json")
        return any(_INSTALLED.search(self.modules.content(path)) for path in manifests)

    def from_page(self, path: str) -> FunctionSighting | None:
        """What the actions that a page, or a layout, reaches stream, if anything."""
        return self.from_exports(path, ("default",))

    def _sight(self, module: JavaScriptModule, node: Node) -> FunctionSighting | None:
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is None or function.type != "identifier":
            return None
        imported = module.imports.get(text_of(function))
        if imported is None or imported.specifier not in PACKAGES or imported.name not in FUNCTIONS:
            return None
        if not (_is_directed(module.root) or any(_is_directed(outer) for outer in module.functions_around(node))):
            return None
        line = node.start_point[0] + 1
        return FunctionSighting("sse", f"streams from a server action with {shorten(node)}", module.path, line)


def _is_directed(scope: Node) -> bool:
    """Whether a file or function begins with "use server"."""
    body = scope if scope.type == "program" else scope.child_by_field_name("body")
    for statement in body.named_children if body is not None else ():
        if statement.type == "comment":
            continue
        if statement.type != "expression_statement" or text_of(statement)[:1] not in "\"'":
            return False
        if text_of(statement).strip("\"'; ") == DIRECTIVE:
            return True
    return False
