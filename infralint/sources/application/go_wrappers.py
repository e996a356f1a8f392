"""Types of Go programs that stand around a router: `type guarded struct { group *gin.RouterGroup }`, whose method POST hands
its path on to `group.POST`, and `type Server struct { *gin.Engine }`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Parameter, Resolver, parameter_type, receiver_type
from infralint.sources.application.syntax import Call, Definition, SourceModule

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_VERBS = ("POST", "GET", "Post", "Get", "Handle", "HandleFunc")
_REGISTERING = r"\.(?:GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|Any|All|Add|Handle|HandleFunc|Method)"
_FORWARDS = _REGISTERING + r"\(\s*(?:[\w.]{1,80}\s*,\s*)?%s\s*,"


class GoWrappers:
    """Which types of a project stand around a router, and add nothing to its paths."""

    def __init__(self, program: ProjectModules, resolver: Resolver) -> None:
        self._program = program
        self._resolver = resolver

    def router_within(self, call: Call) -> SgNode | None:
        """The router that a call of the project's puts into what it returns: `guard.Group(r.Group("/x"), policy)`."""
        functions = list(self._functions(call)) if call.module.language.name == "go" else []
        if len(functions) != 1:
            return None
        (function,) = functions
        result = function.node.field("result")
        wrapper = re.fullmatch(r"\*?(\w+)", result.text()) if result is not None else None
        if wrapper is None or not self._forwards(function.module, wrapper[1]):
            return None
        body = function.node.text()
        for name, node in zip(function.parameters, call.positional, strict=False):
            if re.search(rf"\breturn\s+&?{wrapper[1]}\{{[^{{}}]*\b{re.escape(name)}\s*[,}}]", body):
                meaning = self._resolver.meaning(call.module, node)
                if isinstance(meaning, Call | Parameter):
                    return node
        return None

    def _functions(self, call: Call) -> Iterator[Definition]:
        meaning = self._resolver.meaning(call.module, call.callee)
        if isinstance(meaning, Definition):
            yield meaning
            return
        for home in (call.module, *self._program.siblings_naming(call.module, call.name)):
            yield from (found for found in home.definitions_of(call.name) if found.kind == "function")

    def _forwards(self, module: SourceModule, wrapper: str) -> bool:
        """Whether the methods of a type by which routes are made hand their path on as it is."""
        return any(self._hands_path_on(method) for name in _VERBS for method in self._methods(module, wrapper, name))

    def _hands_path_on(self, method: Definition, is_outer: bool = True) -> bool:
        for path in method.parameters:
            if re.search(_FORWARDS % re.escape(path), method.node.text()):
                return True
            passed = re.search(rf"\.(\w+)\([^()]*\b{re.escape(path)}\b", method.node.text()) if is_outer else None
            inner = self._methods(method.module, receiver_type(method), passed[1]) if passed is not None else ()
            if any(self._hands_path_on(other, False) for other in inner):
                return True
        return False

    def _methods(self, module: SourceModule, wrapper: str, name: str) -> Iterator[Definition]:
        for home in (module, *self._program.siblings_naming(module, name)):
            yield from (found for found in home.definitions_of(name) if receiver_type(found) == wrapper)

    def is_application(self, parameter: Parameter, types: frozenset[str]) -> bool:
        """Whether a parameter is an application that serves from the root, or a struct that one is embedded in. types: the
        framework's of such."""
        module, written = parameter.definition.module, parameter_type(parameter)
        if module.language.name != "go" or not types or not written:
            return False
        if written in types:
            return True
        struct = self._resolver.at_home(module, written)
        return isinstance(struct, Definition) and any(
            re.search(rf"(?m)^\s*\*\w+\.{name}\s*$", struct.node.text()) for name in types
        )
