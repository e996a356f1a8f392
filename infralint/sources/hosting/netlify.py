"""netlify.toml: what leads to a site's functions and edge functions.

https://docs.netlify.com/build/configure-builds/file-based-configuration/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.model import Location, Node
from infralint.platforms.netlify import site_node
from infralint.platforms.routing import RouteRule
from infralint.project import Project
from infralint.sources.hosting.settings import line_place
from infralint.text.toml_places import TomlDocument

_FUNCTIONS = "/.netlify/functions/"


def nodes_of(project: Project, path: str) -> Iterator[Node]:
    """The site, where its file says what leads to a function: what the functions' own code says of that is not read."""
    text = project.utf8_text(path)
    document = TomlDocument(text)
    shown = project.show(path)
    redirects = _rules(document, text, shown, "redirects", "from", "to")
    functions = [rule for rule, target in redirects if target.startswith(_FUNCTIONS)]
    edge = [rule for rule, _ in _rules(document, text, shown, "edge_functions", "path", "function")]
    if functions or edge:
        yield site_node(f"the Netlify site of {shown}", functions, edge, scope=shown)


def _rules(
    document: TomlDocument, text: str, shown: str, table: str, key: str, target: str
) -> Iterator[tuple[RouteRule, str]]:
    """The entries of an array of tables, each with what it leads to. Conditions make one possible only."""
    lines = document.lines_of(table, key)
    for position, entry in enumerate(document.tables_of(table)):
        path, to = entry.get(key), entry.get(target)
        if not isinstance(path, str) or not isinstance(to, str) or not path.startswith("/"):
            continue
        if table == "redirects" and entry.get("status", 301) not in (200, 404):
            continue
        where = line_place(shown, text, lines[position] if position < len(lines) else 0)
        yield _rule(path, entry, where), to


def _rule(path: str, entry: dict[str, Any], where: Location) -> RouteRule:
    doubt = "its conditions" if entry.get("conditions") or entry.get("query") else ""
    if path.endswith("/*"):
        return RouteRule("", path.removesuffix("*"), "prefix", doubt, where=where)
    if ":" in path or "*" in path:
        return RouteRule("", path.partition(":")[0].partition("*")[0], "prefix", doubt or "its pattern", where=where)
    return RouteRule("", path, "exact", doubt, where=where)
