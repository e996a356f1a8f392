"""Methods of controllers that routes of Beego name by a text: `web.Router("/chat", &controllers.Chat{}, "post:Stream")`.

https://pkg.go.dev/github.com/beego/beego/v2/server/web#Router
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.syntax import Call, Definition, SourceModule

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_BINDING = frozenset({"Router", "NSRouter"})
_OWN_NAMES = frozenset({"Get", "Post", "Put", "Patch", "Delete", "Head", "Options"})
"""Methods that answer where a route names none: each the HTTP method that it is called after."""


class BeegoHandlers:
    """Where a project's routes name methods of controllers."""

    def __init__(self, program: ProjectModules) -> None:
        self._program = program

    def of(self, definition: Definition, owner: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a method of a controller is named, and where its controller is for a method that answers by its own name."""
        if definition.module.language.name != "go":
            return
        for call in self._by_controller.get(owner, ()):
            controller, *named = call.positional[1:]
            if not named and definition.name in _OWN_NAMES:
                yield call.module, controller
            for node in named[:1]:
                if re.search(rf":\s*{re.escape(definition.name)}\s*(?:;|[\"`]\Z)", node.text()):
                    yield call.module, node

    @cached_property
    def _by_controller(self) -> dict[str, list[Call]]:
        """The calls that bind paths to controllers, by the types of these."""
        found: dict[str, list[Call]] = {}
        for path in self._program.sources:
            if path.endswith(".go") and b"Router(" in (content := self._program.content(path)) and b"beego" in content:
                module = self._program.load(path)
                for call in module.calls(_BINDING) if module is not None else ():
                    written = (
                        re.fullmatch(r"&?(?:\w+\.)?(\w+)\{.*\}", call.positional[1].text())
                        if call.positional[1:]
                        else None
                    )
                    if written is not None:
                        found.setdefault(written[1], []).append(call)
        return found
