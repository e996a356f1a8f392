"""Texts that JavaScript puts together: addresses with what stands in the environment, paths with the request's own.

Nothing is run: what is not written out is a hole, with the words that stand there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.vercel.javascript import (
    JavaScriptImport,
    JavaScriptModule,
    Modules,
    arguments,
    literal,
    text_of,
    unwrap,
)
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from tree_sitter import Node

HOLE, PATH, QUERY = "\0", "\1", "\2"
"""Stand in a text for what is not known; for the path of the request; for its query."""
DEEPEST = 12
LONGEST = 2000
_URL = lazy(r"([a-z]+://[^/?#]*)(.*)", re.DOTALL | re.IGNORECASE)
_OF_REQUEST = lazy(r"(?:nextUrl|url|Url|URL)\.(pathname|search)$")


class ResolvedText(msgspec.Struct, frozen=True):
    """What an expression comes to. holes: the words of what is not known. defaulted: variables of the environment
    in whose place their default stands. stripped: what is taken off the request's path where that begins with it."""

    value: str
    holes: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()
    stripped: str = ""

    def __add__(self, other: ResolvedText) -> ResolvedText:
        value = (self.value + other.value)[:LONGEST]
        stripped = self.stripped or other.stripped
        return ResolvedText(value, self.holes + other.holes, self.defaulted + other.defaulted, stripped)

    @property
    def is_known(self) -> bool:
        return HOLE not in self.value

    @property
    def is_path(self) -> bool:
        """Whether it is the request's path as it came."""
        return self.value == PATH and not self.stripped


def hole(node: Node | None) -> ResolvedText:
    """A text of which nothing is known but the words that make it."""
    return ResolvedText(HOLE, (" ".join(text_of(node).split())[:60] or "nothing",))


class Texts:
    """What expressions come to, across the files of a project."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules

    def text(self, module: JavaScriptModule, node: Node | None, depth: int = 0) -> ResolvedText:
        """What an expression comes to as a text."""
        node = unwrap(node)
        if node is None or depth > DEEPEST:
            return hole(node)
        plain = literal(node)
        if isinstance(plain, str):
            return ResolvedText(plain)
        if isinstance(plain, float | int) and not isinstance(plain, bool):
            return ResolvedText(f"{plain:g}")
        match node.type:
            case "template_string":
                return self._template(module, node, depth)
            case "binary_expression":
                return self._join(module, node, depth)
            case "identifier" | "shorthand_property_identifier":
                return self._text_of_name(module, node, depth)
            case "member_expression":
                return self._member(module, node, depth)
            case "new_expression" | "call_expression":
                return self._text_of_call(module, node, depth)
        return hole(node)

    def _template(self, module: JavaScriptModule, node: Node, depth: int) -> ResolvedText:
        found = ResolvedText("")
        for child in node.named_children:
            if child.type == "template_substitution":
                found += self.text(module, child.named_children[0] if child.named_children else None, depth + 1)
            else:
                found += ResolvedText(text_of(child))
        return found

    def _join(self, module: JavaScriptModule, node: Node, depth: int) -> ResolvedText:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        first = self.text(module, left, depth + 1)
        match text_of(node.child_by_field_name("operator")):
            case "+":
                return first + self.text(module, right, depth + 1)
            case "??" | "||" if first.is_known:
                return first
            case "??" | "||":
                default = self.text(module, right, depth + 1)
                return (
                    default
                    if not default.is_known
                    else ResolvedText(default.value, (), first.holes + default.defaulted)
                )
        return hole(node)

    def _text_of_name(self, module: JavaScriptModule, node: Node, depth: int) -> ResolvedText:
        name = text_of(node)
        for value, key in values_of(module, node):
            if not key:
                return self.text(module, value, depth + 1)
            if key in ("pathname", "search") and re.search(r"nextUrl|\burl\b|\bURL\b", text_of(value)):
                return ResolvedText(PATH if key == "pathname" else QUERY)
            if text_of(value) in ("process.env", "env"):
                return ResolvedText(HOLE, (f"process.env.{key}",))
            return hole(node)
        return self._text_of_import(module, name, depth) or hole(node)

    def _text_of_import(self, module: JavaScriptModule, name: str, depth: int) -> ResolvedText | None:
        imported = module.imports.get(name)
        target = self.modules.resolve(module.path, imported.specifier) if imported else None
        home = self.modules.load(target) if target else None
        exported = home.exports.get(imported.name) if home and imported else None
        if home is None or exported is None:
            return None
        if isinstance(exported, str):
            value = home.values.get(exported)
            return self.text(home, value, depth + 1) if value is not None else None
        return None if isinstance(exported, JavaScriptImport) else self.text(home, exported, depth + 1)

    def is_mentioned(self, module: JavaScriptModule, node: Node, word: bytes) -> bool:
        """Whether the file that a name is imported from holds a word."""
        imported = module.imports.get(text_of(node))
        target = self.modules.resolve(module.path, imported.specifier) if imported else None
        return target is not None and word in self.modules.content(target)

    def _member(self, module: JavaScriptModule, node: Node, depth: int) -> ResolvedText:
        written = text_of(node)
        if found := _OF_REQUEST.search(written):
            return ResolvedText(PATH if found[1] == "pathname" else QUERY)
        if written.endswith((".href", ".origin")):
            return self.text(module, node.child_by_field_name("object"), depth + 1)
        return hole(node)

    def _text_of_call(self, module: JavaScriptModule, node: Node, depth: int) -> ResolvedText:
        function = node.child_by_field_name("constructor" if node.type == "new_expression" else "function")
        given = arguments(node)
        match text_of(function):
            case "URL" if given:
                return self._address(module, given, depth)
            case "String" if given:
                return self.text(module, given[0], depth + 1)
        if function is None or function.type != "member_expression":
            return hole(node)
        inner = self.text(module, function.child_by_field_name("object"), depth + 1)
        method = text_of(function.child_by_field_name("property"))
        if method in ("toString", "trim"):
            return inner
        if method == "replace" and len(given) == 2:
            return self._text_of_replace(module, inner, given, depth) or hole(node)
        return hole(node)

    def _address(self, module: JavaScriptModule, given: list[Node], depth: int) -> ResolvedText:
        """`new URL(path, base)`: the path at the base's host."""
        first = self.text(module, given[0], depth + 1)
        if len(given) < 2 or _URL.match(first.value):
            return first
        base = self.text(module, given[1], depth + 1)
        found = _URL.match(base.value)
        return ResolvedText(found[1] if found else base.value.rstrip("/"), base.holes, base.defaulted) + first

    def _text_of_replace(
        self, module: JavaScriptModule, text: ResolvedText, given: list[Node], depth: int
    ) -> ResolvedText | None:
        """`"http://a/".replace(/\\/$/, "")`; `pathname.replace("/api", "")`, `pathname.replace(/^\\/api/, "")`."""
        pattern, by = given[0], self.text(module, given[1], depth + 1)
        if not by.is_known:
            return None
        if text.is_path and (prefix := _prefix_of(pattern)):
            return ResolvedText(by.value + PATH, text.holes, text.defaulted, prefix)
        if text_of(pattern) in (r"/\/$/", r"/\/+$/") and not by.value and PATH not in text.value:
            return ResolvedText(text.value.rstrip("/"), text.holes, text.defaulted)
        return None


def _prefix_of(pattern: Node) -> str:
    """The prefix that `replace` takes off: a string, or a regular expression of plain letters after `^`."""
    plain = literal(pattern)
    if isinstance(plain, str):
        return plain if plain.startswith("/") else ""
    found = re.fullmatch(r"/\^((?:\\/|[\w-])+)/", text_of(pattern))
    return found[1].replace("\\/", "/") if found else ""


def values_of(module: JavaScriptModule, name: Node) -> list[tuple[Node, str]]:
    """What a name is set to in the functions around it or at top level, and the key that is taken from that."""
    wanted = text_of(name)
    for function in module.functions_around(name):
        if found := module.assignments_of(function).get(wanted):
            return found
    return [(module.values[wanted], "")] if wanted in module.values and wanted not in module.imports else []
