"""`runtime` and `maxDuration` of a JavaScript function, read by the rules of whoever builds it.

Next.js and Vercel's own builder read literals only, each in its own place: what `next build` 16.4
decides is recorded in tests/vercel/data/next-build.json.
https://nextjs.org/docs/app/api-reference/file-conventions/route-segment-config
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from infralint.model import Known, Location, Related, Setting, Unknown
from infralint.sources.vercel.javascript import (
    JavaScriptImport,
    JavaScriptModule,
    Modules,
    line_of,
    literal,
    pairs,
    text_of,
    unwrap,
)
from infralint.sources.vercel.places import location_of

if TYPE_CHECKING:
    from tree_sitter import Node

MAXIMUM = -1.0
"""Stands for `maxDuration: "max"` until the plan is looked at."""
EDGE = frozenset({"edge", "experimental-edge"})
RUNTIMES = EDGE | {"nodejs"}
STATEMENTS_SINCE = 15
"""The major version of Next.js since which `export const maxDuration` counts in pages/api."""
HANDLERS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Segment(msgspec.Struct, frozen=True):
    """What a file says of its function; None where it says nothing.

    misplaced: exports that set nothing where they stand. unread: what looks like a setting and is none,
    a comment say. config: keys of `export const config` and their pairs as written. statement: a
    duration that stands outside of it.
    """

    runtime: Setting[str] | None = None
    max_duration: Setting[float] | None = None
    misplaced: tuple[Known[Any], ...] = ()
    unread: tuple[Related, ...] = ()
    config: tuple[tuple[str, str], ...] = ()
    statement: str = ""


NOTHING_SAID = Segment()


class Declared(msgspec.Struct, frozen=True):
    """`export const name = value`, or a key of `export const config`."""

    name: str
    node: Node
    value: Node
    constant: bool = True


class Segments:
    """Reads segments. shown: a project path as the user would type it."""

    def __init__(self, modules: Modules, shown: Callable[[str], str]) -> None:
        self.modules = modules
        self.shown = shown

    def of_app(self, module: JavaScriptModule, bundler: str) -> Segment:
        """A file of the app router (route, page or layout): `export const` alone counts."""
        exported = exported_values(module)
        runtime = exported.get("runtime")
        if runtime and not runtime.constant and bundler != "turbopack":
            runtime = None
        return Segment(
            self._runtime(module, runtime) or self._renamed_export(module, exported, "runtime"),
            self._duration(module, _constant(exported, "maxDuration"))
            or self._renamed_export(module, exported, "maxDuration"),
            unread=tuple(self._commented_places(module)),
        )

    def of_pages(self, module: JavaScriptModule, bundler: str, major: int | None) -> Segment:
        """An API route of the pages router: `export const` (a duration: since Next.js 15) or `export const config = {…}`."""
        exported = exported_values(module)
        config = self._config(exported, bundler == "turbopack")
        exported_runtime, in_config = _constant(exported, "runtime"), config.get("runtime")
        first, second = (in_config, exported_runtime) if bundler == "turbopack" else (exported_runtime, in_config)
        statement = _constant(exported, "maxDuration")
        unread = tuple(self._commented_places(module))
        if statement and major is not None and major < STATEMENTS_SINCE:
            unread += (self._too_early(module, statement),)
            statement = None
        return Segment(
            self._runtime(module, first or second) or self._spread(module, exported, "runtime"),
            self._duration(module, statement or config.get("maxDuration"))
            or self._spread(module, exported, "maxDuration"),
            unread=unread,
            config=_written_config(config),
            statement=f"export const {text_of(statement.node)};" if statement else "",
        )

    def _too_early(self, module: JavaScriptModule, declared: Declared) -> Related:
        message = f"`{text_of(declared.node)}` sets nothing in pages/api before Next.js {STATEMENTS_SINCE}"
        return Related(f"{message}: only `export const config` is read", self.place(module, declared.node))

    def of_function(self, module: JavaScriptModule) -> Segment:
        """A plain function below `api/`: `export const config = {…}` alone counts."""
        exported = exported_values(module)
        config = self._config(exported, False)
        misplaced = (statement for name in ("runtime", "maxDuration") if (statement := exported.get(name)))
        return Segment(
            self._runtime(module, config.get("runtime")) or self._spread(module, exported, "runtime"),
            self._duration(module, config.get("maxDuration")) or self._spread(module, exported, "maxDuration"),
            tuple(
                Known(
                    literal(statement.value),
                    self.place(module, statement.node),
                    statement.name,
                    written=text_of(statement.node),
                )
                for statement in misplaced
            ),
            tuple(self._commented_places(module)),
            _written_config(config),
        )

    def _config(self, exported: dict[str, Declared], variable: bool) -> dict[str, Declared]:
        config = exported.get("config")
        if config is None or not (config.constant or variable):
            return {}
        return {key: Declared(key, value.parent or value, value) for key, value in pairs(config.value).items()}

    def _spread(self, module: JavaScriptModule, exported: dict[str, Declared], name: str) -> Unknown | None:
        """A `config` that is no plain object: what it holds can't be told."""
        config = exported.get("config")
        value = unwrap(config.value) if config else None
        if config is None or value is None:
            return None
        if value.type == "object" and not any(child.type == "spread_element" for child in value.named_children):
            return None
        why = "`config` is not a plain object, and only literals are read when the function is built"
        return Unknown(self.place(module, config.node), name, why, f"write export const config = {{ {name}: … }}")

    def _runtime(self, module: JavaScriptModule, declared: Declared | None) -> Setting[str] | None:
        if declared is None:
            return None
        value = literal(declared.value)
        if isinstance(value, str) and value in RUNTIMES:
            runtime = "edge" if value in EDGE else value
            return Known(runtime, self.place(module, declared.node), "runtime", written=text_of(declared.node))
        return self._unreadable(module, declared, '"nodejs"')

    def _duration(self, module: JavaScriptModule, declared: Declared | None) -> Setting[float] | None:
        if declared is None:
            return None
        value = literal(declared.value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 and float(value).is_integer():
            return Known(float(value), self.place(module, declared.node), "maxDuration", written=text_of(declared.node))
        if value == "max":
            return Known(MAXIMUM, self.place(module, declared.node), "maxDuration", written=text_of(declared.node))
        return self._unreadable(module, declared, "300")

    def _unreadable(self, module: JavaScriptModule, declared: Declared, example: str) -> Unknown:
        value = unwrap(declared.value)
        written = " ".join(text_of(declared.value).split())[:60]
        why = f"`{declared.name}` is set to `{written}`, and only a literal of a known value is read when the function is built"
        if value is not None and value.type == "identifier" and (found := self._constant_of(module, text_of(value))):
            why += f"; {text_of(value)} is {found}"
        in_config = declared.node.type in ("pair", "shorthand_property_identifier")
        line = f"config = {{ {declared.name}: {example} }}" if in_config else f"{declared.name} = {example}"
        return Unknown(
            self.place(module, declared.node), declared.name, why, f"write the value itself: export const {line}"
        )

    def _constant_of(self, module: JavaScriptModule, name: str, depth: int = 0) -> str:
        """`"edge" in lib/config.ts:1` for a constant of the project."""
        imported = module.imports.get(name)
        if imported is None:
            value = module.values.get(name)
            found = literal(value)
            if value is None or found is None:
                return ""
            return f"{text_of(unwrap(value))} in {self.shown(module.path)}:{line_of(value)}"
        target = self.modules.resolve(module.path, imported.specifier)
        home = self.modules.load(target) if target and depth < 4 else None
        exported = home.exports.get(imported.name) if home else None
        return self._constant_of(home, exported, depth + 1) if home and isinstance(exported, str) else ""

    def _renamed_export(self, module: JavaScriptModule, exported: dict[str, Declared], name: str) -> Unknown | None:
        """`export { runtime }`, `export { runtime } from "…"`: refused or ignored, depending on the bundler."""
        if name in exported or name not in module.exports:
            return None
        target = module.exports[name]
        node = next(
            child for child in module.root.named_children if child.type == "export_statement" and name in text_of(child)
        )
        kind = "re-exported" if isinstance(target, JavaScriptImport) else "exported by a list"
        why = f"`{name}` is {kind}: Next.js stops the build there (Turbopack) or ignores it (webpack)"
        return Unknown(self.place(module, node), name, why, f"write export const {name} = … in this file")

    def _commented_places(self, module: JavaScriptModule) -> Iterator[Related]:
        for node in module.root.named_children:
            if node.type == "comment" and (found := _setting_in(text_of(node))):
                line = line_of(node) + found[0]
                yield Related(
                    f"`{found[1]}` is a comment here and sets nothing", Location(self.shown(module.path), line)
                )

    def place(self, module: JavaScriptModule, node: Node) -> Location:
        """Where a node stands."""
        return location_of(node, self.shown(module.path))


def exported_values(module: JavaScriptModule) -> dict[str, Declared]:
    """Variables that are declared and exported in one statement, by name; the first of equal names counts."""
    found: dict[str, Declared] = {}
    for statement in module.root.named_children:
        declaration = statement.child_by_field_name("declaration") if statement.type == "export_statement" else None
        if declaration is None or declaration.type not in ("lexical_declaration", "variable_declaration"):
            continue
        constant = text_of(declaration).startswith("const")
        for child in declaration.named_children:
            name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if child.type == "variable_declarator" and name is not None and value is not None:
                for local in _names(name):
                    found.setdefault(local, Declared(local, child, value, constant))
    return found


def _names(target: Node) -> list[str]:
    if target.type == "identifier":
        return [text_of(target)]
    return [text_of(child) for child in target.named_children if child.type == "shorthand_property_identifier_pattern"]


def _constant(exported: dict[str, Declared], name: str) -> Declared | None:
    found = exported.get(name)
    return found if found and found.constant else None


def _written_config(config: dict[str, Declared]) -> tuple[tuple[str, str], ...]:
    return tuple((key, " ".join(text_of(setting.node).split())) for key, setting in config.items())


def _setting_in(comment: str) -> tuple[int, str] | None:
    """The line within a comment and the words that would set a runtime or duration, were they code."""
    for index, line in enumerate(comment.splitlines()):
        words = line.strip(" \t/*;")
        if words.startswith(("export const runtime", "export const maxDuration")) and "=" in words:
            return index, words[:60]
    return None


def handler_lines(module: JavaScriptModule, names: tuple[str, ...]) -> int:
    """The line of the first handler that a file exports; 0 for none."""
    lines = [_line(module, module.exports[name]) for name in names if name in module.exports]
    return min((line for line in lines if line), default=_export_line(module, "*") if module.stars else 0)


def _line(module: JavaScriptModule, target: str | JavaScriptImport | Node) -> int:
    if isinstance(target, str):
        return line_of(module.declared[target]) if target in module.declared else _export_line(module, target)
    return _export_line(module, target.name) if isinstance(target, JavaScriptImport) else line_of(target)


def _export_line(module: JavaScriptModule, name: str) -> int:
    found = (
        child for child in module.root.named_children if child.type == "export_statement" and name in text_of(child)
    )
    return next((line_of(value) for value in found), 0)
