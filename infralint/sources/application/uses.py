"""Where a name that a file defines is used: in it, in its package, and in all files that import it, under any name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from infralint.sources.application.imports import ImportedName
from infralint.sources.application.program import BY_CLASS, ProjectModules, exported_names, unit_of
from infralint.sources.application.syntax import Definition, SourceModule, SourceSpan, name_node, span_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

MOST_USES = 400
"""Uses of one name that are looked at."""
MOST_PASSING = 30
"""Files that pass one name on which are looked at: each does so for whoever imports it."""
DEEPEST = 30
"""Files that pass a name on, one to the next, which are followed."""


class Uses:
    """Uses of names in a project, each found out once."""

    def __init__(self, program: ProjectModules) -> None:
        self.program = program
        self._cut: set[tuple[str, str]] = set()
        self._cut_within = False
        self._depth = 0
        self._known: dict[tuple[str, str], list[tuple[SourceModule, SgNode]]] = {}
        self._known_within: dict[tuple[str, str, SourceSpan], list[tuple[SourceModule, SgNode]]] = {}
        self._members_of: dict[
            int, tuple[list[tuple[SourceModule, SgNode]], dict[str, list[tuple[SourceModule, SgNode]]]]
        ] = {}

    def within(self, module: SourceModule, name: str, function: Definition) -> list[tuple[SourceModule, SgNode]]:
        """Where a name is used in a function."""
        key = (module.path, name, function.span)
        if key not in self._known_within:
            nodes = module.identifiers_in(name, function.span)
            self._known_within[key] = [(module, node) for node in nodes if not _is_definition(module, node)]
        return self._known_within[key]

    def of(self, module: SourceModule, name: str) -> list[tuple[SourceModule, SgNode]]:
        """Where a name that a file defines is used: in it, in its package, and in all files that import it."""
        key = (unit_of(module.path), name)
        if key not in self._known:
            if self._depth > DEEPEST:
                self._cut_within = True
                return []
            self._known[key] = []
            outer, self._cut_within = self._cut_within, False
            self._depth += 1
            found = list(islice(self._find_uses(module, name), MOST_USES + 1))
            self._depth -= 1
            if len(found) > MOST_USES or self._cut_within:
                self._cut.add(key)
            self._cut_within = outer
            self._known[key] = found[:MOST_USES]
        self._cut_within |= key in self._cut
        return self._known[key]

    def is_cut(self, module: SourceModule, name: str) -> bool:
        """Whether not all uses of a name were looked at."""
        return (unit_of(module.path), name) in self._cut

    def _find_uses(self, module: SourceModule, name: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Uses of a name; those that call a member of it, of which a router has one for each of its routes, come last."""
        members = []
        if name != "default":
            for home in (module, *self.program.siblings_naming(module, name)):
                for node in home.identifiers(name):
                    if _is_definition(home, node) or self._is_of_import(home, node):
                        continue
                    if _calls_member(home, node):
                        members.append((home, node))
                    else:
                        yield home, node
        yield from self._uses_elsewhere(module, name)
        yield from members

    def _uses_elsewhere(self, module: SourceModule, name: str) -> Iterator[tuple[SourceModule, SgNode]]:
        """Uses of a name in the files that import it."""
        if module.language.name in ("rust", *BY_CLASS):
            for importer in self.program.importers(module.path, name):
                yield from (
                    (importer, node) for node in importer.identifiers(name) if not _is_definition(importer, node)
                )
            return
        exported = exported_names(self.program, module, name) if name != "default" else {"default"}
        for importer, home, outer in self._importing(module, sorted(exported)):
            yield from self._imported_uses(importer, home, outer)
        if module.language.name == "javascript" and name != "default" and not exported:
            for importer in self.program.importers(module.path, name):
                yield from self._member_uses(importer, module, name)

    def _is_of_import(self, home: SourceModule, node: SgNode) -> bool:
        """Whether a name is one of another module, `chat.register`, in a file that defines that name, too."""
        parent = node.parent()
        member = home.member(parent) if parent is not None else None
        return (
            member is not None
            and member[0].kind() in home.language.identifiers
            and span_of(member[0]) != span_of(node)
            and member[0].text() in self.program.imports(home)
        )

    def _importing(self, module: SourceModule, names: list[str]) -> Iterator[tuple[SourceModule, SourceModule, str]]:
        """The files that may import a name of a file, each with the file that it takes it from, itself or one that passes
        it on, and under which name."""
        waiting = [(module, name) for name in names]
        met = {(module.path, name) for name in names}
        for home, name in waiting:
            for importer in self.program.importers(home.path, name):
                yield importer, home, name
                for outer in self._passed_on(importer, home, name):
                    if (importer.path, outer) in met:
                        continue
                    if len(met) >= MOST_PASSING:
                        self._cut_within = True
                        return
                    met.add((importer.path, outer))
                    waiting.append((importer, outer))

    def _imported_uses(
        self, importer: SourceModule, home: SourceModule, name: str
    ) -> Iterator[tuple[SourceModule, SgNode]]:
        for local, taken in self.program.taken_from(importer, home):
            if taken == name or (taken == "*" and name == "default"):
                yield from self.of(importer, local)
            elif taken == "*":
                yield from self._members(importer, local, name)
        if name == "default" or home.language.name == "javascript":
            yield from self._required_uses(importer, home, name)

    def _members(self, importer: SourceModule, local: str, name: str) -> list[tuple[SourceModule, SgNode]]:
        """`chat.router`, where `chat` is a whole module; also where that is passed on."""
        uses = self.of(importer, local)
        known = self._members_of.get(id(uses))
        if known is None or known[0] is not uses:
            known = self._members_of[id(uses)] = uses, _members_by_name(uses)
        return known[1].get(name, [])

    def _member_uses(
        self, importer: SourceModule, home: SourceModule, name: str
    ) -> Iterator[tuple[SourceModule, SgNode]]:
        """Uses of a method or field of something else that a file exports."""
        if self.program.taken_from(importer, home):
            for node in importer.identifiers(name):
                parent = node.parent()
                if parent is not None and importer.member(parent) is not None:
                    yield importer, parent

    def _passed_on(self, importer: SourceModule, home: SourceModule, name: str) -> Iterator[str]:
        """The names under which a file exports what it takes from another."""
        if importer.language.name != "javascript":
            return
        for outer, target in self.program.exports(importer).items():
            if isinstance(target, ImportedName) and target.name == name:
                if self.program.resolve(importer.path, target.specifier) == home.path:
                    yield outer
        if any(self.program.resolve(importer.path, star) == home.path for star in self.program.stars(importer)):
            yield name

    def _required_uses(
        self, importer: SourceModule, home: SourceModule, name: str
    ) -> Iterator[tuple[SourceModule, SgNode]]:
        """`app.use("/x", require("./x"))`: used where it is loaded."""
        for call in importer.calls(frozenset({"require", "import"})):
            first = call.positional[0] if call.positional else None
            if first is None or first.kind() != "string":
                continue
            if self.program.resolve(importer.path, first.text()[1:-1]) == home.path:
                parent = call.node.parent()
                member = importer.member(parent) if parent is not None else None
                if name == "default" and not _is_taken_apart(parent):
                    yield importer, call.node
                if member is not None and member[1] == name and parent is not None:
                    yield importer, parent


def _calls_member(module: SourceModule, node: SgNode) -> bool:
    """Whether a name stands before a member of it that is called: `router.get("/x", chat)`."""
    parent = node.parent()
    member = module.member(parent) if parent is not None else None
    outer = parent.parent() if parent is not None else None
    is_owner = member is not None and span_of(member[0]) == span_of(node)
    return is_owner and outer is not None and outer.kind() in module.language.calls


def _is_taken_apart(parent: SgNode | None) -> bool:
    """Whether only parts of what is loaded are taken: `const { chat } = require("./x")`."""
    taken = parent.field("name") if parent is not None and parent.kind() == "variable_declarator" else None
    return taken is not None and taken.kind() == "object_pattern"


def _members_by_name(uses: Iterable[tuple[SourceModule, SgNode]]) -> dict[str, list[tuple[SourceModule, SgNode]]]:
    """The expressions that take something of a module, by what each takes. uses: where the module's name stands."""
    found: dict[str, list[tuple[SourceModule, SgNode]]] = {}
    for other, node in uses:
        parent = node.parent()
        member = other.member(parent) if parent is not None else None
        taken = member[1] if member is not None and span_of(member[0]) == span_of(node) else None
        if taken is not None and parent is not None:
            found.setdefault(taken, []).append((other, parent))
        if parent is not None and parent.kind() in ("attribute", "member_expression"):
            outer = parent.parent()
            further = other.member(outer) if outer is not None else None
            if further is not None and outer is not None and further[1] != taken:
                found.setdefault(further[1], []).append((other, outer))
    return found


def _is_definition(module: SourceModule, node: SgNode) -> bool:
    """Whether a name stands where it is defined or imported; in Rust, also where it is that of a method or field."""
    parent = node.parent()
    if parent is None:
        return False
    if node.kind() == "field_identifier" and module.language.name == "rust":
        return True
    kind = parent.kind()
    if kind in (
        "import_specifier",
        "import_clause",
        "dotted_name",
        "aliased_import",
        "export_specifier",
        "namespace_import",
    ):
        return True
    if kind in module.language.functions or kind in module.language.classes:
        name = name_node(parent)
        return name is not None and span_of(name) == span_of(node)
    fields = module.language.assignments.get(kind)
    target = parent.field(fields[0]) if fields and not fields[0].isdigit() else None
    return target is not None and span_of(target) == span_of(node)
