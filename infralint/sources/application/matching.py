"""Which rules speak of a call: by the packages that it comes from, and by what it is called on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from infralint.sources.application.calls import DEEPEST, first_name, last_name
from infralint.sources.application.imports import is_within, required_module
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.rulebook import CallPattern, Router, Rules, SubrouterCall
from infralint.sources.application.syntax import Call, SourceModule


class Rulebook:
    """The rules that hold in a project: by language."""

    def __init__(self, rules: Iterable[Rules]) -> None:
        self.rules = tuple(rules)

    @cached_property
    def known(self) -> dict[str, frozenset[str]]:
        """By language, the names of calls that make routers, groups and servers."""
        found: dict[str, set[str]] = {}
        for rules in self.rules:
            for shape in (*rules.routers, *rules.groups, *rules.sockets):
                found.setdefault(rules.language, set()).update(shape.call)
        return {language: frozenset(names) for language, names in found.items()}

    def of(self, module: SourceModule) -> Iterator[Rules]:
        return (rules for rules in self.rules if rules.language == module.language.name)


class RuleMatcher:
    """Tells which rules speak of a call of a project."""

    def __init__(self, program: ProjectModules, rulebook: Rulebook) -> None:
        self.program = program
        self.rulebook = rulebook
        self.resolver = Resolver(program, rulebook.known)

    def matches(self, call: Call, shape: CallPattern, rules: Rules) -> bool:
        """Whether a call is what a rule speaks of: by its packages, and by what it is called on."""
        if call.name not in shape.call:
            return False
        if shape.receiver and not {last_name(call.receiver).lower(), first_name(call)} & {*shape.receiver}:
            return False
        return not shape.source or self.is_from(call, shape.source)

    def is_from(self, call: Call, sources: tuple[str, ...]) -> bool:
        if package := required_module(call.callee if call.receiver is None else call.receiver):
            return is_within(package, sources)
        if required_module(call.node):
            return False
        imports = self.program.imports(call.module)
        first = re.match(r"[\w$@]+", call.full_name)
        imported = imports.get(first[0]) if first else None
        if imported is not None and call.receiver is not None and imported.name != "*" and imported.name != "default":
            full = f"{imported.specifier}.{imported.name}"
        else:
            full = imported.specifier if imported is not None else ""
        if imported is not None and is_within(full, sources):
            return True
        if imported is not None and imported.specifier.startswith((".", "@/", "~")):
            homes = self.program.imported_homes(call.module, imported)
            return any(mentions_any(home, sources) for home, _ in homes)
        if call.receiver is None and imported is not None:
            return False
        if call.receiver is None and call.module.definitions_of(call.name):
            return False
        if call.module.language.name in ("go", "python", "javascript"):
            return self.program.has_import_of(call.module, sources)
        return mentions_any(call.module, sources)

    def router_rules(self, call: Call) -> Rules | None:
        """The framework whose router a call is made on."""
        meaning = self.resolver.meaning(call.module, call.receiver) if call.receiver is not None else None
        group = None
        for _ in range(DEEPEST):
            if not isinstance(meaning, Call):
                break
            if found := self.router(meaning):
                return found[0]
            group = group or self.group(meaning)
            meaning = self.resolver.meaning(meaning.module, meaning.receiver) if meaning.receiver is not None else None
        return group[0] if group is not None else None

    def router(self, call: Call) -> tuple[Rules, Router] | None:
        """The rule for a call that makes a router: one that names the package before one that holds for any."""
        found = None
        for rules in self.rulebook.of(call.module):
            for shape in rules.routers:
                if (found is None or shape.source) and self.matches(call, shape, rules):
                    if shape.source:
                        return rules, shape
                    found = rules, shape
        return found

    def group(self, call: Call) -> tuple[Rules, SubrouterCall] | None:
        for rules in self.rulebook.of(call.module):
            for shape in rules.groups:
                if self.matches(call, shape, rules):
                    return rules, shape
        return None

    def is_of_group(self, call: Call) -> bool:
        """Whether a call is made on what another makes of a path: `router.route("/x").get(…)`."""
        outer = call.module.call_of(call.receiver) if call.receiver is not None else None
        return outer is not None and self.group(outer) is not None


def mentions_any(module: SourceModule, sources: Iterable[str]) -> bool:
    return any(source in module.text for source in sources)
