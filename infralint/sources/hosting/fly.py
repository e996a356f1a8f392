"""fly.toml: the HTTP services of an app on Fly.io.

https://fly.io/docs/reference/configuration/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from infralint.model import Location, Setting, Unreadable
from infralint.platforms.hosting import fly_node
from infralint.project import Project
from infralint.sources.hosting.settings import Found, Refused, line_place, number, quote
from infralint.text.suggestions import mistyped_for
from infralint.text.toml_places import TomlDocument

_OPTIONS = "http_options"
_SERVICES = frozenset({"http_service", "services"})


def nodes_of(project: Project, path: str) -> Iterator[Found]:
    """The app, where it has a service that speaks HTTP; what only passes bytes on is none."""
    text = project.utf8_text(path)
    document = TomlDocument(text)
    shown = project.show(path)
    app = document.tables.get("app")
    name = f"Fly.io app {app}" if isinstance(app, str) else f"the Fly.io app of {shown}"
    options = list(_http_options(document))
    if options:
        where = line_place(shown, text, document.line_of("http_service") or document.line_of("services"))
        hosts = (f"{app}.fly.dev",) if isinstance(app, str) else ()
        yield fly_node(name, where, _idle(partial(_place, document, text, shown), options), hosts, scope=shown)
    yield from _find_mistyped(document, shown)


def _find_mistyped(document: TomlDocument, shown: str) -> Iterator[Unreadable]:
    """Tables that Fly.io passes over, and that are nearly those by which it finds a service and its options."""
    service = document.tables.get("http_service")
    listed = [((), document.tables, _SERVICES), (("http_service",), service, frozenset({_OPTIONS}))]
    for path, table, known in listed:
        for key in table if isinstance(table, dict) and table.keys().isdisjoint(known) else ():
            if near := mistyped_for(key, known):
                where = Location(shown, document.line_of(*path, key))
                yield Unreadable(f"Fly.io knows no `{'.'.join((*path, key))}`; did you mean `{near}`?", where)


def _http_options(document: TomlDocument) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The options of each place where HTTP is spoken, with the name of their table."""
    service = _table(document, document.tables.get("http_service"), ("http_service",))
    if service:
        name = ("http_service", _OPTIONS)
        yield name, _table(document, service.get(_OPTIONS), name)
    for listed in _tables(document, document.tables.get("services"), ("services",)):
        for port in _tables(document, listed.get("ports"), ("services", "ports")):
            handlers = port.get("handlers", [])
            if not isinstance(handlers, list):
                line = document.line_of("services", "ports", "handlers")
                raise Refused('handlers: expected a list such as ["tls", "http"]', line)
            if "http" in handlers:
                key = ("services", "ports", _OPTIONS)
                yield key, _table(document, port.get(_OPTIONS), key)


def _table(document: TomlDocument, value: object, name: tuple[str, ...]) -> dict[str, Any]:
    """A table, empty where it is left out. Raises Refused for anything else."""
    if value is not None and not isinstance(value, dict):
        raise Refused(f"{'.'.join(name)}: expected a table", document.line_of(*name))
    return value or {}


def _tables(document: TomlDocument, value: object, name: tuple[str, ...]) -> list[dict[str, Any]]:
    """The tables of an array, or one that stands alone, which Fly.io takes, too. Raises Refused for anything else."""
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [_table(document, entry, name) for entry in found]


def _idle(
    place: Callable[[tuple[str, ...]], Location], options: list[tuple[tuple[str, ...], dict[str, Any]]]
) -> Setting[float] | None:
    """The idle timeout that all of them are given; the shortest of several."""
    found = [
        number(table["idle_timeout"], place(name), "idle_timeout", f"idle_timeout = {quote(table['idle_timeout'])}")
        for name, table in options
        if "idle_timeout" in table
    ]
    if len(found) < len(options):
        return None
    return min(found, key=lambda setting: getattr(setting, "value", -1.0))


def _place(document: TomlDocument, text: str, shown: str, name: tuple[str, ...]) -> Location:
    return line_place(shown, text, document.line_of(*name, "idle_timeout") or document.line_of(*name))
