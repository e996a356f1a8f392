"""Kubernetes' objects and releases of local charts that Terraform describes, as the manifests that they are.

https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs,
https://registry.terraform.io/providers/hashicorp/helm/latest/docs/resources/release
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from infralint.model import Location, Setting, Unfollowed, Unknown
from infralint.project.manifests import ChartRelease, GivenObject, GivenValue, copy_value, nested_value
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.hcl import Expression, FunctionCall, HclFile, ListOf, Literal, ObjectOf
from infralint.sources.terraform.items import Item, RawArgument
from infralint.sources.terraform.values import Hole, Value, is_lazy, to_text
from infralint.text.display import HOLE
from infralint.text.yaml_places import YamlProblem, read_yaml

OBJECTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "kubernetes_config_map": ("v1", "ConfigMap"),
        "kubernetes_daemonset": ("apps/v1", "DaemonSet"),
        "kubernetes_deployment": ("apps/v1", "Deployment"),
        "kubernetes_horizontal_pod_autoscaler": ("autoscaling/v2", "HorizontalPodAutoscaler"),
        "kubernetes_ingress": ("networking.k8s.io/v1", "Ingress"),
        "kubernetes_ingress_class": ("networking.k8s.io/v1", "IngressClass"),
        "kubernetes_service": ("v1", "Service"),
        "kubernetes_stateful_set": ("apps/v1", "StatefulSet"),
    }
)
"""Resource type, without the version at its end -> apiVersion and kind."""
SEALED = "Terraform writes it"
_LISTS = frozenset({"rule", "path", "container", "port"})
"""Blocks that stand for one item of a list, whose name is the plural."""
_SINGLE = frozenset({("service", "port")})
"""Blocks of such a name that are no list there, with what they stand in."""


def given_objects(graph: Graph) -> Iterator[GivenObject]:
    """The objects of a root."""
    for kind, (version, name) in OBJECTS.items():
        for item in (*graph.of(kind), *graph.of(f"{kind}_v1"), *graph.of(f"{kind}_v2")):
            if not (item.silent or item.uncertain):
                members = {"apiVersion": _text(item.where, version), "kind": _text(item.where, name)}
                inside = GivenValue(item.where, members={**members, **_members(item, "")})
                yield _object(inside, item, graph)
    for item in graph.of("kubernetes_manifest"):
        raw = item.raw.get("manifest")
        if raw is not None and not (item.silent or item.uncertain):
            yield _object(_of_raw(raw), item, graph)
    for item in graph.of("kubectl_manifest"):
        raw = item.raw.get("yaml_body")
        if raw is not None and not (item.silent or item.uncertain):
            yield from (_object(value, item, graph) for value in _in_text(raw.value, raw.where))


def _object(value: GivenValue, item: Item, graph: Graph) -> GivenObject:
    return GivenObject(value, item.where.path, graph.environment, SEALED)


def _text(where: Location, text: str) -> GivenValue:
    return GivenValue(where, text, quoted=True)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _members(item: Item, around: str) -> dict[str, GivenValue]:
    """What a block says, in Kubernetes' own words. around: the block that it stands in."""
    found = {_camel(name): value for name, setting in item.settings.items() for value in _of_setting(setting)}
    found |= {_camel(name): _of_raw(raw) for name, raw in item.raw.items()}
    for kind, blocks in item.blocks.items():
        if isinstance(blocks, Unknown):
            found[_camel(kind)] = GivenValue(blocks.where, HOLE)
            continue
        values = [GivenValue(block.where, members=_members(block, kind)) for block in blocks]
        if values and kind in _LISTS and (around, kind) not in _SINGLE:
            found[f"{_camel(kind)}s"] = GivenValue(values[0].where, items=tuple(values))
        elif values:
            found[_camel(kind)] = values[0]
    return found


def _of_setting(setting: Setting[Any]) -> Iterator[GivenValue]:
    if isinstance(setting, Unknown):
        yield GivenValue(setting.where, HOLE)
    elif setting.value is not None:
        yield _of_value(setting.value, setting.where)


def _of_raw(raw: RawArgument) -> GivenValue:
    """An argument whose parts keep their own places, where they are written out."""
    return _of_value(raw.value, raw.where, raw.expression, raw.source)


def _of_value(
    value: Value, where: Location, expression: Expression | None = None, source: HclFile | None = None
) -> GivenValue:
    written: dict[str, Expression] = {}
    elements: tuple[Expression, ...] = ()
    if isinstance(expression, ObjectOf):
        written = {str(key.value): member for key, member in expression.items if isinstance(key, Literal)}
    if isinstance(expression, ListOf) and isinstance(value, list) and len(value) == len(expression.items):
        elements = expression.items

    def inner(member: Value, part: Expression | None) -> GivenValue:
        place = source.at(part.start, part.end) if part is not None and source is not None else where
        return _of_value(member, place, part, source)

    if isinstance(value, Hole) or is_lazy(value):
        return GivenValue(where, f"{HOLE}{_resource_of(value)}")
    if isinstance(value, Mapping):
        return GivenValue(where, members={key: inner(member, written.get(key)) for key, member in value.items()})
    if isinstance(value, list):
        parts: Iterable[Expression | None] = elements or (None,) * len(value)
        return GivenValue(where, items=tuple(inner(*pair) for pair in zip(value, parts, strict=True)))
    if value is None:
        return GivenValue(where, "null")
    return GivenValue(where, to_text(value), quoted=isinstance(value, str))


def _resource_of(hole: Value) -> str:
    """The address of the resource whose attribute is not known yet; "" for another reason."""
    of = hole.of if isinstance(hole, Hole) else None
    return str(getattr(of[0], "address", "")) if of is not None else ""


def _in_text(text: Value, where: Location) -> Iterator[GivenValue]:
    """The documents of a text, all at one place."""
    if not isinstance(text, str):
        return
    try:
        yield from (copy_value(root, where) for root in read_yaml(text, allow_duplicates=True))
    except YamlProblem:
        return


# Charts


def chart_releases(graph: Graph, root: str, inside: Any) -> Iterator[ChartRelease]:
    """The releases of charts that lie in the project. root: the folder that Terraform runs in; inside: what makes a
    project path of one that is written in there, None for one outside."""
    for item in graph.of("helm_release"):
        chart = item.value("chart")
        if isinstance(chart, str) and not (item.silent or item.uncertain) and not item.value("repository"):
            folder = inside(root, chart)
            if folder is not None:
                name = item.value("name")
                namespace = item.value("namespace")
                layers = list(_layers(item, root, inside))
                yield ChartRelease(
                    folder,
                    name if isinstance(name, str) else item.address,
                    item.where.path,
                    [layer for layer in layers if not isinstance(layer, Unfollowed)],
                    namespace if isinstance(namespace, str) else "",
                    [layer for layer in layers if isinstance(layer, Unfollowed)],
                )


def _layers(item: Item, root: str, inside: Any) -> Iterator[str | GivenValue | Unfollowed]:
    """`values`, then `set`, the last one wins; why, for values that can't be worked out."""
    raw = item.raw.get("values")
    if raw is not None and isinstance(raw.value, list):
        parts = raw.expression.items if isinstance(raw.expression, ListOf) else ()
        for number, text in enumerate(raw.value):
            part = parts[number] if number < len(parts) else None
            path = _file_of(part, root, inside)
            if path:
                yield path
            else:
                place = (
                    raw.source.at(part.start, part.end) if part is not None and raw.source is not None else raw.where
                )
                yield from _in_text(text, place) if isinstance(text, str) else (_unread(item, text, place),)
    elif raw is not None and isinstance(raw.value, Hole):
        yield _unread(item, raw.value, raw.where)
    for entry in _entries(item):
        nested = nested_value(*entry)
        if nested is not None:
            yield nested


def _unread(item: Item, value: Value, where: Location) -> Unfollowed:
    because = f": {value.why}" if isinstance(value, Hole) else ""
    return Unfollowed(
        where, f"values of {item.address} can't be worked out, and its chart is read without them{because}"
    )


def _file_of(part: Expression | None, root: str, inside: Any) -> str:
    """The file whose text an expression is, where that is written out: `file("values.yaml")`."""
    if isinstance(part, FunctionCall) and part.name == "file" and len(part.arguments) == 1:
        written = part.arguments[0]
        if isinstance(written, Literal) and isinstance(written.value, str):
            return inside(root, written.value) or ""
    return ""


def _entries(item: Item) -> Iterator[tuple[str, GivenValue]]:
    """Path and value of each `set`, a block of its own before version 3 of the provider, and a list of objects since."""
    for block in (*item.inner("set"), *item.inner("set_sensitive")):
        name = block.value("name")
        value = block.settings.get("value")
        if isinstance(name, str) and value is not None:
            is_text = block.value("type") == "string"
            for given in _of_setting(value):
                yield name, _argument_value(given, is_text)
    for argument in ("set", "set_sensitive"):
        raw = item.raw.get(argument)
        for entry in (_of_raw(raw).items or ()) if raw is not None else ():
            members = entry.members or {}
            if "name" in members and "value" in members and members["name"].text:
                kind = members.get("type")
                yield (
                    members["name"].text,
                    _argument_value(members["value"], kind is not None and kind.text == "string"),
                )


def _argument_value(value: GivenValue, is_text: bool) -> GivenValue:
    """What Helm makes of the text behind `--set`: `true` and `30` are no texts unless that is said."""
    return GivenValue(value.where, re.sub(r"\\(.)", r"\1", value.text or ""), quoted=is_text)
