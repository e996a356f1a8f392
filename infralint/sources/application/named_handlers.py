"""Handlers that routes name by a text: `[ChatController::class, 'stream']` in Laravel.

https://laravel.com/docs/12.x/routing
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.syntax import Definition, SourceModule

if TYPE_CHECKING:
    from ast_grep_py import SgNode


def handlers_named(
    program: ProjectModules, definition: Definition, owner: str
) -> Iterator[tuple[SourceModule, SgNode]]:
    """Where a method of a class is named by a text, in the language that does so."""
    if definition.module.language.name != "php":
        return
    for path in program.sources:
        if path.endswith(".php") and "route" in path.lower() and owner.encode() in program.content(path):
            module = program.load(path)
            if module is None:
                continue
            for node in module.strings(rf"^['\"](?:[\w\\]*{owner}@)?{definition.name}['\"]$"):
                around = node.ancestors()[:3]
                if f"{owner}@" in node.text() or any(f"{owner}::class" in outer.text() for outer in around):
                    yield module, node
