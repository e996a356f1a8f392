"""Handlers that routes name by a text: `[ChatController::class, 'stream']` in PHP, `"chats#stream"` in Rails.

https://laravel.com/docs/12.x/routing, https://guides.rubyonrails.org/routing.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.syntax import Definition, SourceModule

if TYPE_CHECKING:
    from ast_grep_py import SgNode


def handlers_named(
    program: ProjectModules, definition: Definition, owner: str
) -> Iterator[tuple[SourceModule, SgNode]]:
    """Where a method of a class is named by a text, in languages that do so."""
    match definition.module.language.name:
        case "php":
            yield from _in_php(program, definition.name, owner)
        case "ruby":
            yield from _in_rails(program, definition.name, owner)


def _in_php(program: ProjectModules, method: str, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
    for path in program.sources:
        if path.endswith(".php") and "route" in path.lower() and owner.encode() in program.content(path):
            module = program.load(path)
            if module is None:
                continue
            for node in module.strings(rf"^['\"](?:[\w\\]*{owner}@)?{method}['\"]$"):
                around = node.ancestors()[:3]
                if f"{owner}@" in node.text() or any(f"{owner}::class" in outer.text() for outer in around):
                    yield module, node


def _in_rails(program: ProjectModules, action: str, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
    controller = "/".join(_underscore(part) for part in owner.split("::")).removesuffix("_controller")
    last = controller.rpartition("/")[2]
    for path in program.sources:
        if path.endswith("routes.rb") or "/routes/" in path:
            module = program.load(path)
            nodes = module.strings(rf"^['\"](?:[\w/]*/)?{last}#{action}['\"]$") if module is not None else []
            yield from ((module, node) for node in nodes if module is not None)


def _underscore(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
