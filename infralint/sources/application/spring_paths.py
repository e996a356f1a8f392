"""What Spring puts before the routes of controllers: what the properties of their application say, and `addPathPrefix`."""

from __future__ import annotations

import re
from functools import cached_property

from infralint.sources.application.paths import ROOT, UNKNOWN, Path
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.registrations import Registration
from infralint.sources.application.spring_properties import SpringProperties, home_of

_PREFIXING = frozenset({"addPathPrefix", "setPathPrefixes"})
"""Spring's methods that put a path before controllers."""


class SpringPaths:
    """The paths before the controllers of a project's applications."""

    def __init__(self, program: ProjectModules) -> None:
        self._program = program
        self._properties = SpringProperties(program)
        self._base_paths: dict[str, Path] = {}

    def before(self, registration: Registration) -> Path:
        """What the settings of an application put before all of its routes."""
        if not registration.rules.properties:
            return ROOT
        if self._is_prefixed_by_code(registration):
            return UNKNOWN
        home = home_of(registration.call.module.path)
        if home not in self._base_paths:
            self._base_paths[home] = self._properties.base_path(home)
        return self._base_paths[home]

    def _is_prefixed_by_code(self, registration: Registration) -> bool:
        """Whether code of Spring may put a prefix before a controller: before all, or those of an annotation that it has."""
        marks = self._prefixed_marks
        if not marks or "" in marks or registration.decorated is None:
            return bool(marks)
        marked = registration.call.module.marks(marks)
        return any(outer in marked for outer in registration.decorated.around())

    @cached_property
    def _prefixed_marks(self) -> frozenset[str]:
        """The annotations of controllers that code puts a prefix before, `addPathPrefix("/api", forAnnotation(Api.class))`;
        empty for all controllers. The code of one module may be that of another's program."""
        found: set[str] = set()
        for path in self._program.sources:
            if path.endswith((".java", ".kt")) and b"PathPrefix" in self._program.content(path):
                module = self._program.load(path)
                for call in module.calls(_PREFIXING) if module is not None else ():
                    text = call.positional[1].text() if len(call.positional) > 1 else ""
                    marks = set(re.findall(r"\b(\w++)(?:\.|::)class\b", text)) - {"RestController", "Controller"}
                    found |= marks or {""}
        return frozenset(found)
