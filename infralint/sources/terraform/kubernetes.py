"""Kubernetes' objects and releases of local charts that Terraform describes, as the manifests that they are.

https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs,
https://registry.terraform.io/providers/hashicorp/helm/latest/docs/resources/release
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from infralint.model import Location, Setting, Unfollowed, Unknown, Unreadable
from infralint.project.manifests import ROUTING, ChartRelease, GivenObject, GivenValue, copy_value, nested_value
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.hcl import Expression, FunctionCall, HclFile, ListOf, Literal, ObjectOf
from infralint.sources.terraform.items import Item, RawArgument
from infralint.sources.terraform.values import Hole, Value, is_lazy, to_text
from infralint.text.display import HOLE
from infralint.text.yaml_places import NULLS, YamlProblem, read_yaml

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
_KUBECTL = "kubectl refuses it"
_HELM = "Helm refuses it"
_LISTS = frozenset({"rule", "path", "container", "port"})
"""Blocks that stand for one item of a list, whose name is the plural."""
_SINGLE = frozenset({("service", "port")})
"""Blocks of such a name that are no list there, with what they stand in."""


def given_objects(graph: Graph) -> Iterator[GivenObject | Unreadable | Unfollowed]:
    """The objects of a root, and what of them can't be told."""
    for kind, (version, name) in OBJECTS.items():
        for item in (*graph.of(kind), *graph.of(f"{kind}_v1"), *graph.of(f"{kind}_v2")):
            members = {"apiVersion": _text(item.where, version), "kind": _text(item.where, name)}
            inside = GivenValue(item.where, members={**members, **_members(item, "")})
            yield from _objects([inside], item, graph)
    for item in graph.of("kubernetes_manifest"):
        raw = item.raw.get("manifest")
        if raw is not None:
            yield from _objects([_of_raw(raw)], item, graph, raw.value)
    for item in graph.of("kubectl_manifest"):
        raw = item.raw.get("yaml_body")
        if raw is not None:
            documents = _in_text(raw, item, _KUBECTL) if isinstance(raw.value, str) else [_of_raw(raw)]
            yield from _objects(documents, item, graph, raw.value)


def _objects(
    values: Iterable[GivenValue | Unreadable | Unfollowed], item: Item, graph: Graph, written: Value = None
) -> Iterator[GivenObject | Unreadable | Unfollowed]:
    """What a resource says of a cluster. written: what it was worked out from."""
    if item.silent:
        return
    for value in values:
        if not isinstance(value, GivenValue):
            yield value
            continue
        kind = (value.members or {}).get("kind")
        if value.members is None or (kind is not None and HOLE in (kind.text or "")):
            yield Unfollowed(value.where, f"what {item.address} describes can't be worked out{_because(written)}")
        elif not item.uncertain:
            yield GivenObject(value, item.where.path, graph.environment, SEALED)
        elif kind is not None and kind.text in ROUTING:
            why = f"whether there is {item.address} ({kind.text}) can't be worked out, and it is left out"
            yield Unfollowed(item.where, why)


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


def _in_text(raw: RawArgument, item: Item, refusal: str) -> Iterator[GivenValue | Unreadable | Unfollowed]:
    """The documents of a text, all at one place; why, where it is none that can be read."""
    try:
        yield from (copy_value(root, raw.where) for root in read_yaml(raw.value, allow_duplicates=True))
    except YamlProblem as problem:
        if problem.is_content or HOLE in raw.value:
            yield Unfollowed(raw.where, f"the YAML of {item.address} can't be read: {problem.message}")
        else:
            line = f" (line {problem.line} of it)" if problem.line else ""
            yield Unreadable(
                f"gives {item.address} a text that is no YAML, and {refusal}: {problem.message}{line}", raw.where
            )


def _because(value: Value) -> str:
    return f": {value.why}" if isinstance(value, Hole) else ""


# Charts


def chart_releases(graph: Graph, root: str, inside: Any) -> Iterator[ChartRelease]:
    """The releases of charts that lie in the project. root: the folder that Terraform runs in; inside: what makes a
    project path of one that is written in there, None for one outside."""
    for item in graph.of("helm_release"):
        chart = item.value("chart")
        if isinstance(chart, str) and not item.silent and not item.value("repository"):
            folder = inside(root, chart)
            if folder is not None:
                name = item.value("name")
                namespace = item.value("namespace")
                yield ChartRelease(
                    folder,
                    name if isinstance(name, str) else item.address,
                    item.where.path,
                    list(_layers(item, root, inside)),
                    namespace if isinstance(namespace, str) else "",
                )


def _layers(item: Item, root: str, inside: Any) -> Iterator[str | GivenValue | Unreadable | Unfollowed]:
    """`values`, then `set`, the last one wins; why, for what can't be worked out."""
    raw = item.raw.get("values")
    if raw is not None and isinstance(raw.value, list):
        parts = raw.expression.items if isinstance(raw.expression, ListOf) else ()
        for number, text in enumerate(raw.value):
            part = parts[number] if number < len(parts) else None
            path = _file_of(part, root, inside)
            if path:
                yield path
                continue
            place = raw.source.at(part.start, part.end) if part is not None and raw.source is not None else raw.where
            if text is not None:
                yield from _layer(RawArgument(text, place), item)
    elif raw is not None and isinstance(raw.value, Hole):
        yield _unread(item, raw)
    yield from _settings(item)


def _layer(raw: RawArgument, item: Item) -> Iterator[GivenValue | Unreadable | Unfollowed]:
    """One of the texts of `values`."""
    for value in _in_text(raw, item, _HELM) if isinstance(raw.value, str) else (_unread(item, raw),):
        if isinstance(value, GivenValue) and value.members is None:
            is_text = value.items is None
            if not (is_text and not value.quoted and value.text in NULLS):
                shape = "a text" if is_text else "a list"
                yield Unreadable(
                    f"gives {item.address} {shape} as its values, and Helm takes a mapping alone", raw.where
                )
        else:
            yield value


def _unread(item: Item, raw: RawArgument, what: str = "values") -> Unfollowed:
    why = f"{what} of {item.address} can't be worked out, and its chart is read without them{_because(raw.value)}"
    return Unfollowed(raw.where, why)


def _file_of(part: Expression | None, root: str, inside: Any) -> str:
    """The file whose text an expression is, where that is written out: `file("values.yaml")`."""
    if isinstance(part, FunctionCall) and part.name == "file" and len(part.arguments) == 1:
        written = part.arguments[0]
        if isinstance(written, Literal) and isinstance(written.value, str):
            return inside(root, written.value) or ""
    return ""


def _settings(item: Item) -> Iterator[GivenValue | Unfollowed]:
    """Each `set`: a block of its own before version 3 of the provider, and a list of objects since."""
    for kind in ("set", "set_sensitive"):
        blocks = item.blocks.get(kind, [])
        if isinstance(blocks, Unknown):
            yield _unread(item, RawArgument(Hole(blocks.why), blocks.where), f"what `{kind}` gives")
            continue
        for block in blocks:
            members = {name: value for name, found in block.settings.items() for value in _of_setting(found)}
            yield from _setting(item, GivenValue(block.where, members=members))
        raw = item.raw.get(kind)
        if raw is not None and (given := _of_raw(raw)).items is not None:
            for entry in given.items:
                yield from _setting(item, entry)
        elif raw is not None and raw.value is not None:
            yield _unread(item, raw, f"what `{kind}` gives")


def _setting(item: Item, entry: GivenValue) -> Iterator[GivenValue | Unfollowed]:
    """One `set`, as the value that it gives a chart."""
    name, value, kind = (entry.members.get(key) if entry.members else None for key in ("name", "value", "type"))
    if name is None or value is None:
        if not entry.members:
            yield _unread(item, RawArgument(None, entry.where), "what a `set` gives")
        return
    path = name.text or ""
    nested = None
    if HOLE not in path:
        nested = nested_value(path, _argument_value(value, kind is not None and kind.text == "string"))
    if nested is not None:
        yield nested
    elif HOLE in path:
        yield _unread(item, RawArgument(None, name.where), "what a `set` with a name that is not known gives to values")
    else:
        yield Unfollowed(name.where, f"`{path}`, which a `set` of {item.address} gives, is a path that is not followed")


def _argument_value(value: GivenValue, is_text: bool) -> GivenValue:
    """What Helm makes of the text behind `--set`: `true` and `30` are no texts unless that is said."""
    return GivenValue(value.where, re.sub(r"\\(.)", r"\1", value.text or ""), quoted=is_text)
