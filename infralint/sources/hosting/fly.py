"""fly.toml: the HTTP services of an app on Fly.io.

https://fly.io/docs/reference/configuration/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from infralint.model import Location, Node, Setting
from infralint.platforms.hosting import fly_node
from infralint.project import Project
from infralint.sources.hosting.settings import line_place, number
from infralint.text.toml_places import TomlDocument

_OPTIONS = "http_options"


def nodes_of(project: Project, path: str) -> Iterator[Node]:
    """The app, where it has a service that speaks HTTP; what only passes bytes on is none."""
    text = project.utf8_text(path)
    document = TomlDocument(text)
    shown = project.show(path)
    app = document.tables.get("app")
    name = f"Fly.io app {app}" if isinstance(app, str) else f"the Fly.io app of {shown}"
    options = list(_http_options(document))
    if options:
        where = line_place(shown, text, document.line_of("http_service") or document.line_of("services"))
        yield fly_node(name, where, _idle(partial(_place, document, text, shown), options), scope=shown)


def _http_options(document: TomlDocument) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The options of each place where HTTP is spoken, with the name of their table."""
    service = document.table("http_service")
    if service:
        yield ("http_service", _OPTIONS), document.table("http_service", _OPTIONS)
    for listed in document.tables_of("services"):
        ports = listed.get("ports")
        for port in ports if isinstance(ports, list) else ():
            if isinstance(port, dict) and "http" in (port.get("handlers") or ()):
                options = port.get(_OPTIONS)
                yield ("services", "ports", _OPTIONS), options if isinstance(options, dict) else {}


def _idle(
    place: Callable[[tuple[str, ...]], Location], options: list[tuple[tuple[str, ...], dict[str, Any]]]
) -> Setting[float] | None:
    """The idle timeout that all of them are given; the shortest of several."""
    found = [
        number(table["idle_timeout"], place(name), "idle_timeout", _quote(table["idle_timeout"]))
        for name, table in options
        if "idle_timeout" in table
    ]
    if len(found) < len(options):
        return None
    return min(found, key=lambda setting: getattr(setting, "value", -1.0))


def _place(document: TomlDocument, text: str, shown: str, name: tuple[str, ...]) -> Location:
    return line_place(shown, text, document.line_of(*name, "idle_timeout") or document.line_of(*name))


def _quote(value: object) -> str:
    return f"idle_timeout = {value}"
