"""netlify.toml: what leads to a site's functions and edge functions.

https://docs.netlify.com/build/configure-builds/file-based-configuration/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.model import Location, Unreadable
from infralint.platforms.netlify import site_node
from infralint.platforms.routing import RouteRule
from infralint.project import Project
from infralint.sources.hosting.settings import Found, Refused, line_place
from infralint.text.lazy import lazy
from infralint.text.suggestions import mistyped_for
from infralint.text.toml_places import TomlDocument

_TABLES = frozenset("build context dev edge_functions functions headers images plugins redirects template".split())
"""https://docs.netlify.com/build/configure-builds/file-based-configuration/"""
_FUNCTIONS = "/.netlify/functions/"


def nodes_of(project: Project, path: str) -> Iterator[Found]:
    """The site, where its file says what leads to a function: what the functions' own code says of that is not read."""
    text = project.utf8_text(path)
    document = TomlDocument(text)
    _refuse_shapes(document)
    shown = project.show(path)
    redirects = [
        (_rule(entry, source, line_place(shown, text, line)), target)
        for entry, line, source, target in _redirects(document)
        if _status(entry.get("status")) in (200, 404)
    ]
    functions = [rule for rule, target in redirects if target.startswith(_FUNCTIONS)]
    edge = [_rule(entry, source, line_place(shown, text, line)) for entry, line, source in _edge_functions(document)]
    if functions or edge:
        yield site_node(f"the Netlify site of {shown}", functions, edge, scope=shown)
    for key in document.tables:
        if near := mistyped_for(key, _TABLES):
            where = Location(shown, document.line_of(key))
            yield Unreadable(f"Netlify knows no `{key}`; did you mean `{near}`?", where)


def _refuse_shapes(document: TomlDocument) -> None:
    """Raises Refused at the first setting of another type than Netlify builds a site with, where it decides about no hop, too.

    https://github.com/netlify/build/blob/main/packages/config/src/validate/validations.ts
    """
    for name in ("build", "context", "functions"):
        _expect(document, dict, name)
    for name in ("base", "command", "edge_functions", "ignore", "publish"):
        _expect(document, str, "build", name)
    for name in document.tables.get("context", {}):
        _expect(document, dict, "context", name)
    functions = document.tables.get("functions", {})
    if not isinstance(functions.get("directory", {}), dict):
        _expect(document, str, "functions", "directory")
    for name, value in functions.items():
        if name not in _FUNCTION_SETTINGS:
            _expect(document, dict, "functions", name)
        for setting in _LISTS if isinstance(value, dict) else ():
            _expect(document, list, "functions", name, setting)
        if name in _LISTS and not isinstance(value, dict):
            _expect(document, list, "functions", name)
    for position, plugin in enumerate(_entries(document, "plugins")):
        if not isinstance(plugin.get("package"), str):
            line = document.line_in("plugins", position, "package")
            raise Refused("plugins: expected package, a text", line)


_TYPES: dict[type, str] = {dict: "a table", list: "a list of texts", str: "a text"}
_LISTS = ("external_node_modules", "ignored_node_modules", "included_files")
_FUNCTION_SETTINGS = frozenset(
    (*_LISTS, "deno_import_map", "directory", "memory", "node_bundler", "region", "schedule", "vcpu")
)
"""What `[functions]` sets for all functions; any other key there is the name, or a pattern for names, of some."""


def _expect(document: TomlDocument, kind: type, *path: str) -> None:
    """Raises Refused for a setting that is written, and of another type."""
    value: Any = document.tables
    for key in path:
        if key not in value:
            return
        value = value[key]
    is_right = isinstance(value, kind)
    if kind is list and is_right:
        is_right = all(isinstance(item, str) for item in value)
    if not is_right:
        raise Refused(f"{'.'.join(path)}: expected {_TYPES[kind]}", document.line_of(*path))


def _redirects(document: TomlDocument) -> Iterator[tuple[dict[str, Any], int, str, str]]:
    """The redirects, each with its line, where it leads from and where to.

    https://docs.netlify.com/manage/routing/redirects/overview#syntax-for-the-netlify-configuration-file
    """
    for position, entry in enumerate(_entries(document, "redirects")):
        source, target = entry.get("from", entry.get("origin")), entry.get("to", entry.get("destination", ""))
        line = document.line_in("redirects", position, "from")
        if not isinstance(source, str) or not isinstance(target, str):
            raise Refused("redirects: expected from and to, each a text", line)
        yield entry, line, source, target


def _edge_functions(document: TomlDocument) -> Iterator[tuple[dict[str, Any], int, str]]:
    """The declared edge functions, each with its line and its path; "" where it has a pattern instead.

    https://docs.netlify.com/build/edge-functions/declarations
    """
    for position, entry in enumerate(_entries(document, "edge_functions")):
        key = "pattern" if "pattern" in entry and "path" not in entry else "path"
        line = document.line_in("edge_functions", position, key)
        if not isinstance(entry.get("function"), str) or not isinstance(entry.get(key), str):
            raise Refused("edge_functions: expected function, and path or pattern, each a text", line)
        yield entry, line, entry[key] if key == "path" else ""


def _entries(document: TomlDocument, name: str) -> list[dict[str, Any]]:
    """An array of tables. Raises Refused for anything else."""
    found = document.tables.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Refused(f"{name}: expected tables, each under `[[{name}]]`", document.line_of(name))
    return found


def _status(value: object) -> int:
    """The status of a redirect; 301 where none is written, and for one that is no number."""
    found = _STATUS.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) if found else value if isinstance(value, int) else 301


def _rule(entry: dict[str, Any], source: str, where: Location) -> RouteRule:
    conditions = any(entry.get(key) for key in _CONDITIONS)
    doubt = "its conditions" if conditions else ""
    host, path = _split(source)
    if path.endswith("/*") and ":" not in path:
        return RouteRule(host, path.removesuffix("*"), "prefix", doubt, where=where)
    if not path or ":" in path or "*" in path:
        literal = path.partition(":")[0].partition("*")[0] or "/"
        return RouteRule(host, literal, "prefix", doubt or "its pattern", where=where)
    return RouteRule(host, path, "exact", doubt, where=where)


def _split(source: str) -> tuple[str, str]:
    """Host and path of an address that may be a path alone."""
    found = _ADDRESS.fullmatch(source)
    return (found[1], found[2] or "/") if found else ("", source)


_STATUS = lazy(r"([0-9]{3})!?")
_ADDRESS = lazy(r"https?://([^/]*)(/.*)?")
_CONDITIONS = ("conditions", "query", "params", "parameters", "excludedPath", "excludedPattern", "method", "header")
