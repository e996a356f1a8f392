"""Middleware (`middleware.ts`, since Next.js 16 `proxy.ts`) that hands requests on to another server.

https://nextjs.org/docs/app/api-reference/file-conventions/proxy
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from infralint.model import Location
from infralint.platforms.nextjs import Patterns
from infralint.sources.vercel.conditions import Test, conditions_of
from infralint.sources.vercel.destinations import Destination, sent_by_middleware
from infralint.sources.vercel.javascript import (
    JavaScriptModule,
    Modules,
    arguments,
    literal,
    pairs,
    text_of,
    unwrap,
    walk,
)
from infralint.sources.vercel.places import location_of
from infralint.sources.vercel.texts import PATH, ResolvedText, Texts

if TYPE_CHECKING:
    from tree_sitter import Node

NAMES = tuple(
    f"{folder}{name}.{ending}" for folder in ("", "src/") for name in ("middleware", "proxy") for ending in ("ts", "js")
)
ANY_PATH = "/:path*"
ALL = Patterns((ANY_PATH,))


class MiddlewareRewrite(msgspec.Struct, frozen=True):
    """One `NextResponse.rewrite(…)` to another server."""

    where: Location
    destination: Destination
    matcher: Patterns
    conditions: tuple[tuple[Test, str], ...]

    def takes(self, path: str) -> bool | None:
        """Whether it is reached for a path; None where that can't be told."""
        verdicts = (self.matcher.takes(path), *(test(path) for test, _ in self.conditions))
        return False if False in verdicts else None if None in verdicts else True

    def reasons(self, path: str) -> tuple[str, ...]:
        """Why that can't be told."""
        found = [*self.matcher.reasons(path)]
        found += [f"`{words}` decides it at {self.where}" for test, words in self.conditions if test(path) is None]
        return tuple(found)


class MiddlewareReader:
    """Reads the middleware of applications."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.texts = Texts(modules)

    def rewrites(self, folder: str) -> Iterator[MiddlewareRewrite]:
        """What an application's middleware sends to other servers, from its own file and those that it imports."""
        project = self.modules.project
        path = next((f"{folder}{name}" for name in NAMES if f"{folder}{name}" in project.file_set), None)
        module = self.modules.load(path) if path else None
        if path is None or module is None:
            return
        matcher = self._matcher(module)
        for file in (path, *self.modules.mentioned_files(path)):
            found = self.modules.load(file) if b"rewrite(" in self.modules.content(file) else None
            yield from self._in_module(found, matcher) if found is not None else ()

    def _in_module(self, module: JavaScriptModule, matcher: Patterns) -> Iterator[MiddlewareRewrite]:
        for node in walk(module.root):
            function = node.child_by_field_name("function") if node.type == "call_expression" else None
            if function is None or text_of(function) not in ("NextResponse.rewrite", "Response.rewrite"):
                continue
            given = arguments(node)
            destination = sent_by_middleware(self._address(module, given[0])) if given else None
            if destination is not None:
                where = location_of(node, self.modules.project.show(module.path))
                yield MiddlewareRewrite(where, destination, matcher, tuple(conditions_of(self.texts, module, node)))

    def _address(self, module: JavaScriptModule, node: Node) -> ResolvedText:
        """What is rewritten to; of `nextUrl.clone()`, with the host and path that are assigned to it."""
        inner = unwrap(node)
        if inner is None or inner.type != "identifier":
            return self.texts.text(module, node)
        name = text_of(inner)
        set_to = _properties(module, inner, name)
        if not set_to.keys() & {"host", "hostname", "href"}:
            return self.texts.text(module, node)
        if "href" in set_to:
            return self.texts.text(module, set_to["href"])
        scheme = ResolvedText("http://") if "protocol" not in set_to else self.texts.text(module, set_to["protocol"])
        host = self.texts.text(module, set_to.get("host", set_to.get("hostname")))
        port = ResolvedText(":") + self.texts.text(module, set_to["port"]) if "port" in set_to else ResolvedText("")
        path = self.texts.text(module, set_to["pathname"]) if "pathname" in set_to else ResolvedText(PATH)
        return ResolvedText(scheme.value.rstrip(":/") + "://") + host + port + path

    def _matcher(self, module: JavaScriptModule) -> Patterns:
        config = pairs(module.values.get("config"))
        written = unwrap(config.get("matcher"))
        if written is None:
            return ALL
        entries = written.named_children if written.type == "array" else [written]
        patterns, reason = [], ""
        for entry in entries:
            if entry.type == "comment":
                continue
            keys = pairs(entry)
            text = literal(keys.get("source", entry) if keys else entry)
            if not isinstance(text, str):
                return Patterns((ANY_PATH,), "the matcher of its middleware is not written out")
            if keys.keys() & {"has", "missing"}:
                reason = "the matcher of its middleware asks for more than the path"
            patterns.append(text)
        return Patterns(tuple(patterns), reason)


def _properties(module: JavaScriptModule, node: Node, name: str) -> dict[str, Node]:
    """What is assigned to the properties of a name in the functions around a node."""
    found = {}
    for function in module.functions_around(node):
        for below in walk(function):
            left = below.child_by_field_name("left") if below.type == "assignment_expression" else None
            right = below.child_by_field_name("right") if left is not None else None
            if left is None or right is None or left.type != "member_expression":
                continue
            if text_of(left.child_by_field_name("object")) == name:
                found[text_of(left.child_by_field_name("property"))] = right
    return found
