"""render.yaml: the web services of a blueprint on Render.

https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Location, Node, Setting
from infralint.platforms.hosting import render_node
from infralint.project import Project
from infralint.sources.hosting.settings import count
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlValue, read_yaml


def nodes_of(project: Project, path: str) -> Iterator[Node]:
    """The services of a blueprint that clients reach and that run code."""
    shown = project.show(path)
    for document in read_yaml(project.utf8_text(path)):
        services = document.get("services")
        for service in (services.items if services is not None else None) or ():
            if service.text_of("type") == "web" and "static" not in (
                service.text_of("runtime"),
                service.text_of("env"),
            ):
                name = service.text_of("name") or "a web service"
                where = Location(shown, service.span.line, service.span.column)
                yield render_node(f"Render service {name}", where, _instances(service, shown), scope=shown)


def _instances(service: YamlValue, shown: str) -> Setting[int]:
    """How many instances there may be at once."""
    for path in (("scaling", "maxInstances"), ("numInstances",)):
        value = service.get(*path)
        if value is not None:
            where = Location(shown, value.span.line, value.span.column, value.span.line, value.span.end_column)
            written = f"{path[-1]}: {value.text}"
            digits = value.text or ""
            return count(whole_number(digits) if digits.isdecimal() else digits, where, path[-1], written)
    return count(None, Location(shown, service.span.line), "numInstances", "")
