"""render.yaml: the web services of a blueprint on Render.

https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Location, Setting, Unfollowed, Unknown, Unreadable
from infralint.platforms.hosting import render_node
from infralint.project import Project
from infralint.sources.hosting.settings import Found, Refused, count, quote
from infralint.text.numbers import whole_number
from infralint.text.suggestions import mistyped_for
from infralint.text.yaml_places import YamlValue, read_yaml

_KINDS = frozenset("web pserv worker cron keyvalue redis workflow".split())
_LISTS = frozenset({"services", "projects", "ungrouped"})


def nodes_of(project: Project, path: str) -> Iterator[Found]:
    """The services of a blueprint that clients reach and that run code."""
    shown = project.show(path)
    for document in read_yaml(project.utf8_text(path)):
        if document.members is None:
            raise Refused("expected a mapping with services", document.span.line, document.span.column)
        for key in () if _LISTS & {*document.members} else document.members:
            if near := mistyped_for(key, _LISTS):
                where = Location(shown, document.keys[key].line, document.keys[key].column)
                yield Unreadable(f"Render knows no `{key}`; did you mean `{near}`?", where)
        for service in _services(document):
            kind = service.text_of("type")
            if kind not in _KINDS and (near := mistyped_for(kind, _KINDS) or _in_other_capitals(kind)):
                at = (service.get("type") or service).span
                why = f"Render knows no `type: {kind}`; did you mean {near}?"
                yield Unreadable(why, Location(shown, at.line, at.column))
            elif kind not in _KINDS:
                where = Location(shown, service.span.line, service.span.column)
                yield Unfollowed(
                    where, f"infralint knows no `type: {kind}` of a service" if kind else "it has no `type`"
                )
            elif kind == "web" and "static" not in (service.text_of("runtime"), service.text_of("env")):
                name = service.text_of("name") or "a web service"
                where = Location(shown, service.span.line, service.span.column)
                hosts = (f"{name}.onrender.com",) if service.text_of("name") else ()
                yield render_node(f"Render service {name}", where, _instances(service, shown), hosts, scope=shown)


def _in_other_capitals(kind: str) -> str:
    return kind.lower() if kind.lower() in _KINDS else ""


def _services(document: YamlValue) -> Iterator[YamlValue]:
    """The services of a blueprint, and of each environment of its projects.

    https://render.com/docs/blueprint-spec#projects-and-environments
    """
    yield from _mappings(document, "services")
    for name in _mappings(document, "projects"):
        for environment in _mappings(name, "environments"):
            yield from _mappings(environment, "services")
    ungrouped = document.get("ungrouped")
    yield from _mappings(ungrouped, "services") if ungrouped is not None else ()


def _mappings(owner: YamlValue, key: str) -> list[YamlValue]:
    """A list of mappings; empty where it is left out. Raises Refused for anything else."""
    value = owner.get(key)
    if value is None or value.is_null:
        return []
    if value.items is None:
        raise Refused(f"{key}: expected a list", value.span.line, value.span.column)
    for item in value.items:
        if item.members is None:
            raise Refused(f"{key}: expected a list of mappings", item.span.line, item.span.column)
    return value.items


def _instances(service: YamlValue, shown: str) -> Setting[int]:
    """How many instances there may be at once."""
    scaling = service.get("scaling")
    found = (("maxInstances", scaling.get("maxInstances")),) if scaling is not None and not scaling.is_null else ()
    for name, value in (*found, ("numInstances", service.get("numInstances"))):
        place = value if value is not None else scaling
        if place is None:
            continue
        where = Location(shown, place.span.line, place.span.column, place.span.line, place.span.end_column)
        if value is None:
            return Unknown(where, name, "`scaling` names no maxInstances")
        digits = value.text or ""
        number = whole_number(digits) if digits.isascii() and digits.isdecimal() else digits
        return count(number, where, name, f"{name}: {quote(digits)}")
    return count(None, Location(shown, service.span.line), "numInstances", "")
