"""next.config: what it says in literals, wherever its object stands; never run.

https://nextjs.org/docs/app/api-reference/config/next-config-js
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from infralint.model import Known, Location, Setting, Unknown
from infralint.platforms.nextjs import HeaderRule, Stage
from infralint.sources.vercel.destinations import Destination, rewritten_to
from infralint.sources.vercel.javascript import (
    JavaScriptModule,
    line_of,
    literal,
    nodes_around,
    pairs,
    text_of,
    unwrap,
    walk,
)
from infralint.sources.vercel.places import location_of
from infralint.sources.vercel.routes import PAGE_EXTENSIONS, UNKNOWN_BASE
from infralint.sources.vercel.texts import Texts

if TYPE_CHECKING:
    from tree_sitter import Node

STAGES: tuple[Stage, ...] = ("beforeFiles", "afterFiles", "fallback")
DEEPEST_ENTRY = 64
"""Nodes of the syntax tree around an entry that are looked at: more than a person would nest."""


class ConfiguredRewrite(msgspec.Struct, frozen=True):
    """One entry of `rewrites()` that leads to another server. reason: why it may not hold for all requests to its path."""

    source: str
    destination: Destination
    stage: Stage
    where: Location
    reason: str = ""


class NextSettings(msgspec.Struct, frozen=True):
    """A Next.js application's version and configuration. bundler: empty where it can't be told.

    base: what stands before all paths; `**` where that can't be told. rewrites_unread: the line of `rewrites` where what it
    gives is computed, 0 where it is written out. headers: what `headers()` sends; headers_unread: why not all of it is known.
    """

    major: int | None = None
    bundler: str = ""
    output: str = ""
    compress: Setting[bool] | None = None
    extensions: tuple[str, ...] = PAGE_EXTENSIONS
    base: str = ""
    rewrites: tuple[ConfiguredRewrite, ...] = ()
    rewrites_unread: int = 0
    headers: tuple[HeaderRule, ...] = ()
    headers_unread: Unknown | None = None
    config_path: str = ""
    timeout: Setting[float] | None = None


def read_next_config(module: JavaScriptModule, texts: Texts, settings: NextSettings, shown: str) -> NextSettings:
    """Settings with what a next.config says. shown: its path as the user would type it."""
    settings = replace(settings, config_path=shown, base=_base_path(module, texts))
    for node in walk(module.root):
        value = node.child_by_field_name("value") if node.type == "pair" else None
        if value is not None:
            settings = _with_setting(settings, text_of(node.child_by_field_name("key")).strip("\"'"), node, value)
    rules = list(_header_rules(module, texts, settings))
    return replace(
        settings,
        rewrites=tuple(_rewrites(module, texts, settings)),
        rewrites_unread=_computed_rewrites(module),
        headers=tuple(rule for rule, _ in rules if rule is not None),
        headers_unread=_unread_headers(module, [reason for _, reason in rules], shown),
    )


def _with_setting(settings: NextSettings, name: str, node: Node, value: Node) -> NextSettings:
    given = literal(value)
    place: Known[Any] = Known(
        None, location_of(node, settings.config_path), name, written=" ".join(text_of(node).split())[:80]
    )
    match name:
        case "output" if not settings.output:
            return replace(settings, output=_output(value))
        case "compress":
            return replace(
                settings, compress=replace(place, value=given) if isinstance(given, bool) else _unread(place)
            )
        case "proxyTimeout":
            known = isinstance(given, int | float) and not isinstance(given, bool)
            return replace(settings, timeout=replace(place, value=given / 1000) if known else _unread(place))
        case "pageExtensions" if value.type == "array":
            found = tuple(str(literal(item)) for item in value.named_children if literal(item))
            return replace(settings, extensions=found or PAGE_EXTENSIONS)
    return settings


def _unread(place: Known[Any]) -> Unknown:
    return Unknown(
        place.where,
        place.name,
        f"`{place.written}` is no literal, and nothing is run to find out",
        "write the value itself",
    )


def _output(value: Node) -> str:
    """`standalone` or `export`, also where a condition chooses it."""
    return next((word for word in ("standalone", "export") if f'"{word}"' in text_of(value).replace("'", '"')), "")


def _entries(module: JavaScriptModule, key: str) -> Iterator[tuple[dict[str, Node], Node]]:
    """Objects with a source and another key: entries of `headers()` or `rewrites()`, which are no redirects."""
    for node in walk(module.root):
        keys = pairs(node) if node.type == "object" else {}
        if {"source", key} <= keys.keys() and not keys.keys() & {"permanent", "statusCode"}:
            yield keys, node


def _base_path(module: JavaScriptModule, texts: Texts) -> str:
    """`basePath`, as a value, a shorthand or an assignment; `**` where it is computed, or one of several."""
    if b"basePath" not in (module.root.text or b"") and b"..." not in (module.root.text or b""):
        return ""
    found = set()
    for node in walk(module.root):
        value = _set_to(node, "basePath")
        if value is not None and literal(value) is not False:
            text = texts.text(module, value)
            found.add(text.value if text.is_known else UNKNOWN_BASE)
        elif node.type == "spread_element" and texts.is_mentioned(module, node.named_children[0], b"basePath"):
            found.add(UNKNOWN_BASE)
    return found.pop() if len(found) == 1 else UNKNOWN_BASE if found else ""


def _set_to(node: Node, key: str) -> Node | None:
    """What a key is set to: `key: value`, `{ key }`, `config.key = value`."""
    match node.type:
        case "pair" if text_of(node.child_by_field_name("key")).strip("\"'") == key:
            return node.child_by_field_name("value")
        case "shorthand_property_identifier" if text_of(node) == key:
            return node
        case "assignment_expression" if text_of(node.child_by_field_name("left")).endswith(f".{key}"):
            return node.child_by_field_name("right")
    return None


def _with_base_path(keys: dict[str, Node], source: str, base: str) -> str:
    """A source as it is matched: below `basePath`, unless the entry turns that off."""
    if literal(keys.get("basePath")) is False:
        return source
    return f"/:basePath*{source}" if base == UNKNOWN_BASE else base + source


def _reason(module: JavaScriptModule, keys: dict[str, Node], node: Node, base: str) -> str:
    if base == UNKNOWN_BASE and literal(keys.get("basePath")) is not False:
        return "what `basePath` comes to can't be told"
    if keys.keys() & {"has", "missing"}:
        return "it asks for more than the path (`has`, `missing`)"
    for around in nodes_around(module, node, DEEPEST_ENTRY):
        if around.type in ("method_definition", "pair"):
            break
        if around.type in ("if_statement", "ternary_expression", "binary_expression"):
            return "a condition decides whether it stands there"
    return ""


def _rewrites(module: JavaScriptModule, texts: Texts, settings: NextSettings) -> Iterator[ConfiguredRewrite]:
    for keys, node in _entries(module, "destination"):
        source = literal(keys["source"])
        if not isinstance(source, str):
            continue
        source = _with_base_path(keys, source, settings.base)
        destination = rewritten_to(texts.text(module, keys["destination"]), source)
        if destination is not None:
            where = location_of(keys["source"], settings.config_path)
            yield ConfiguredRewrite(
                source, destination, _stage(module, node), where, _reason(module, keys, node, settings.base)
            )


def _computed_rewrites(module: JavaScriptModule) -> int:
    """The line of a `rewrites` without an entry that is written out, and with a call or a name that may give some."""
    if next(_entries(module, "destination"), None) is not None:
        return 0
    for node in walk(module.root):
        name = node.child_by_field_name("name" if node.type == "method_definition" else "key")
        if node.type in ("method_definition", "pair") and text_of(name).strip("\"'") == "rewrites":
            if any(_gives_more(inner) for inner in walk(node)):
                return line_of(node)
    return 0


def _gives_more(node: Node) -> bool:
    return node.type in ("call_expression", "spread_element") or (
        node.type == "return_statement" and any(inner.type == "identifier" for inner in node.named_children)
    )


def _stage(module: JavaScriptModule, node: Node) -> Stage:
    """The list that an entry stands in; a plain list comes after the static routes."""
    for around in nodes_around(module, node, DEEPEST_ENTRY):
        key = text_of(around.child_by_field_name("key")) if around.type == "pair" else ""
        if found := next((stage for stage in STAGES if stage == key.strip("\"'")), None):
            return found
    return "afterFiles"


def _header_rules(
    module: JavaScriptModule, texts: Texts, settings: NextSettings
) -> Iterator[tuple[HeaderRule | None, str]]:
    """Entries of `headers()`, each with why it could not be read whole."""
    for keys, node in _entries(module, "headers"):
        source, listed = literal(keys["source"]), _list_of(module, keys["headers"])
        if not isinstance(source, str) or listed is None:
            yield None, "an entry of `headers()` is not written out"
            continue
        found, reason = {}, ""
        for entry in listed.named_children:
            inner = pairs(entry)
            name, value = (
                literal(inner.get("key")),
                texts.text(module, inner.get("value")) if "value" in inner else None,
            )
            if not isinstance(name, str) or value is None or not value.is_known:
                reason = "" if entry.type == "comment" else "a header of `headers()` is not written out"
                continue
            where = location_of(entry, settings.config_path)
            found[name.lower()] = Known(value.value, where, name, written=f"{name}: {value.value}")
        yield (
            HeaderRule(_with_base_path(keys, source, settings.base), found, _reason(module, keys, node, settings.base)),
            reason,
        )


def _list_of(module: JavaScriptModule, node: Node) -> Node | None:
    """A list that is written out, here or at the top of the file."""
    inner = unwrap(node)
    if inner is not None and inner.type == "identifier":
        inner = unwrap(module.values.get(text_of(inner)))
    return inner if inner is not None and inner.type == "array" else None


def _unread_headers(module: JavaScriptModule, reasons: list[str], shown: str) -> Unknown | None:
    """Why `headers()` may send more than was read."""
    reason = next((reason for reason in reasons if reason), "")
    if not reason and not reasons and re.search(rb"\bheaders\s*(?:\(\s*\)|:)", module.root.text or b""):
        reason = "`headers` is not written out"
    remedy = "write its entries out, or declare what the stream carries (`headers:` of the stream in infralint.yaml)"
    return Unknown(Location(shown), "headers", f"{reason}, and nothing is run to find out", remedy) if reason else None
