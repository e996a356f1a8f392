"""railway.json and railway.toml: a service on Railway.

https://docs.railway.com/reference/config-as-code
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from infralint.model import Known, Location, Setting, Unknown, Unreadable
from infralint.platforms.hosting import railway_node
from infralint.project import Project
from infralint.sources.hosting.settings import Found, Refused, count, line_place, quote
from infralint.text.json_places import JsonNode, parse_json
from infralint.text.suggestions import mistyped_for
from infralint.text.toml_places import TomlDocument

_REPLICAS = ("numReplicas", "multiRegionConfig")


def nodes_of(project: Project, path: str) -> Iterator[Found]:
    """The service that a file describes; a job that runs at fixed times is none."""
    shown = project.show(path)
    text = project.utf8_text(path)
    tables, line = _read(path, text)
    deploy = tables.get("deploy", {})
    if deploy is not None and not isinstance(deploy, dict):
        raise Refused("deploy: expected a mapping of settings", line("deploy"))
    for key in deploy if deploy and deploy.keys().isdisjoint(_REPLICAS) else ():
        if near := mistyped_for(key, _REPLICAS):
            why = f"Railway knows no `deploy.{key}`; did you mean `{near}`?"
            yield Unreadable(why, Location(shown, line("deploy", key)))
    if not (deploy or {}).get("cronSchedule"):
        setting = _replicas(tables, deploy or {}, lambda *key: line_place(shown, text, line(*key)))
        yield railway_node(f"the Railway service of {shown}", Location(shown), setting, scope=shown)


def _read(path: str, text: str) -> tuple[dict[str, Any], Callable[..., int]]:
    """A file's tables, and what gives the line of a key; 0 where that is not told."""
    if path.endswith(".toml"):
        document = TomlDocument(text)
        return document.tables, document.line_of
    tree = parse_json(text)
    if not isinstance(tree.value, dict):
        raise Refused("expected an object with build and deploy", tree.span.line, tree.span.column)

    def line(*key: str) -> int:
        node: JsonNode | None = tree
        found = 0
        for part in key:
            member = node.member(part) if node is not None else None
            found, node = (member.span.line, member.node) if member else (0, None)
        return found

    return tree.plain, line


def _replicas(tables: dict[str, Any], deploy: dict[str, Any], place: Callable[..., Location]) -> Setting[int]:
    """How many replicas there are, in all regions and in every environment.

    https://docs.railway.com/config-as-code/reference#multi-region-configuration,
    https://docs.railway.com/config-as-code/reference#setting-environment-overrides
    """
    environments = tables.get("environments")
    for name, body in environments.items() if isinstance(environments, dict) else ():
        changed = body.get("deploy") if isinstance(body, dict) else None
        if isinstance(changed, dict) and _KEYS & {*changed}:
            return Unknown(
                place("environments", name), "numReplicas", f"the environment {name} sets replicas of its own"
            )
    regions = deploy.get("multiRegionConfig")
    if regions is None:
        replicas = deploy.get("numReplicas")
        return count(replicas, place("deploy", "numReplicas"), "numReplicas", f"numReplicas: {quote(replicas)}")
    where = place("deploy", "multiRegionConfig")
    listed = [region.get("numReplicas", 1) if isinstance(region, dict) else None for region in _values(regions)]
    written = f"multiRegionConfig with {len(listed)} region{'s' if len(listed) != 1 else ''}"
    found = [count(replicas, where, "multiRegionConfig", written) for replicas in listed if replicas is not None]
    unknown = [setting for setting in found if isinstance(setting, Unknown)]
    if unknown or not found:
        return next(iter(unknown), Unknown(where, "multiRegionConfig", "`multiRegionConfig` names no region"))
    return Known(
        sum(setting.value for setting in found if isinstance(setting, Known)),
        where,
        "multiRegionConfig",
        "explicit",
        written,
    )


def _values(regions: object) -> list[object]:
    return list(regions.values()) if isinstance(regions, dict) else []


_KEYS = frozenset({"numReplicas", "multiRegionConfig"})
