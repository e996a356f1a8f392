"""The services of one Copilot application as facts of what runs them.

https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/,
https://aws.github.io/copilot-cli/docs/manifest/rd-web-service/,
https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from infralint.model import Known, Location, Node, Reading, Setting, Unknown
from infralint.platforms import aws_elb
from infralint.platforms.app_runner import app_runner_node
from infralint.platforms.aws_elb import (
    Balancer,
    BalancerNode,
    Condition,
    ForwardedGroup,
    Listener,
    LoadBalancer,
    Rule,
    Share,
    TargetGroup,
    fields_of,
    node_fields,
    replicas_of_service,
)
from infralint.project import CantRead, Project
from infralint.text.durations import go_duration
from infralint.text.suggestions import NEARLY, closest
from infralint.text.wording import listing
from infralint.text.yaml_places import YamlProblem, YamlSpan, YamlValue, read_yaml

BALANCED = "Load Balanced Web Service"
REQUEST_DRIVEN = "Request-Driven Web Service"
_BACKEND = "Backend Service"
_ENVIRONMENT = "Environment"
_KINDS = (
    BALANCED,
    REQUEST_DRIVEN,
    _BACKEND,
    "Worker Service",
    "Static Site",
    "Scheduled Job",
    _ENVIRONMENT,
)
"""What `type` may be: https://aws.github.io/copilot-cli/docs/manifest/overview/"""
DRAINING = 60.0
"""Seconds of `http.deregistration_delay` where a manifest says nothing.

https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/#http-deregistration-delay
"""
_IDLE = aws_elb.IDLE
_PATCH = (
    "# copilot/environments/overrides/cfn.patches.yml\n- op: add\n"
    "  path: /Resources/PublicLoadBalancer/Properties/LoadBalancerAttributes\n"
    "  value: [{{Key: idle_timeout.timeout_seconds, Value: {seconds}}}]"
)


class CopilotBalancer(LoadBalancer, frozen=True, kw_only=True, eq=False):
    """The load balancer of a Copilot application."""

    platform: ClassVar[str] = "copilot"

    def fix(self, setting: str, seconds: float = 0) -> str:
        match setting:
            case "idle_timeout":
                _, value = self.longer_idle(seconds)
                return _PATCH.format(seconds=f"{value:g}")
            case "keeps_affinity":
                return "http:\n  stickiness: true"
            case "deregistration_delay":
                return f"http:\n  deregistration_delay: {self.longer_delay(seconds):g}s"
        return ""


def add_application(reading: Reading, project: Project, folder: str, manifests: list[tuple[str, YamlValue]]) -> None:
    """Add what one application has to a reading. folder: the one called `copilot`."""
    kept = [(path, manifest) for path, manifest in manifests if _is_read(reading, project, folder, path, manifest)]
    reading.files += [project.show(path) for path, _ in kept]
    for path, manifest in kept:
        for what in _unread(manifest):
            reading.see(f"{what} of AWS Copilot", project.show(path))
    balanced = [
        (path, manifest)
        for path, manifest in kept
        if manifest.text_of("type") == BALANCED and _truth(manifest.text_of("http")) is not False
    ]
    if balanced:
        reading.nodes.append(_balancer_node(reading, project, folder, balanced))
    for path, manifest in kept:
        if manifest.text_of("type") == REQUEST_DRIVEN:
            where = _place(project.show(path), manifest, "name")
            name = f"the service {_name(path, manifest)}"
            reading.nodes.append(app_runner_node(name, where, (), (), scope=project.show(path)))


def _is_read(reading: Reading, project: Project, folder: str, path: str, manifest: YamlValue) -> bool:
    """Whether a file is a manifest of Copilot's; one that Copilot refuses is noted as unreadable."""
    kind = manifest.text_of("type")
    if kind in _KINDS:
        problems = list(_find_mistakes(manifest))
        for span, why in problems:
            reading.unreadable.append(project.unreadable(path, why, span.line, span.column))
        return not problems
    if f"{folder}/.workspace" in project.file_set or closest(kind, _KINDS, NEARLY):
        value = manifest.get("type") or manifest
        why = f"type: expected {listing(_KINDS, 'or', most=9)}"
        reading.unreadable.append(project.unreadable(path, why, value.span.line, value.span.column))
    return False


def _find_mistakes(manifest: YamlValue) -> Iterator[tuple[YamlSpan, str]]:
    """What of a manifest is of another shape than Copilot takes."""
    for owner, before in ((manifest, ""), *((body, f"environments.{name}.") for name, body in _overrides(manifest))):
        http = owner.get("http")
        if http is not None and http.members is None and not http.is_null and _truth(http.text or "-") is None:
            yield http.span, f"{before}http: expected a mapping with its path, or false"
        rules = http.get("additional_rules") if http is not None else None
        if rules is not None and rules.items is None and not rules.is_null:
            yield rules.span, f"{before}http.additional_rules: expected a list of rules"
    environments = manifest.get("environments")
    if environments is not None and environments.members is None and not environments.is_null:
        yield environments.span, "environments: expected a mapping of names to what differs there"


def _unread(manifest: YamlValue) -> Iterator[str]:
    """What a manifest sets up on a stream's way that is not read."""
    kind = manifest.text_of("type")
    layers = [manifest, *(body for _, body in _overrides(manifest))]
    if kind == _ENVIRONMENT and any(_is_on(layer.get("cdn")) for layer in layers):
        yield "CloudFront"
    if kind == _BACKEND and any(_is_on(layer.get("http")) for layer in layers):
        yield "an internal Application Load Balancer"
    if kind == BALANCED and any(_is_on(layer.get("nlb")) for layer in layers):
        yield "a Network Load Balancer"


def _is_on(value: YamlValue | None) -> bool:
    """Whether a part is there that may be switched off by false."""
    return value is not None and not value.is_null and _truth(value.text or "") is not False


def _overrides(manifest: YamlValue) -> Iterable[tuple[str, YamlValue]]:
    """What each environment sets otherwise.

    https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/#environments
    """
    return manifest.members_of("environments").items()


def _elsewhere(manifest: YamlValue, *path: str) -> str:
    """The first environment that sets something otherwise than the manifest does; "" for none."""
    base = manifest.get(*path)
    for name, body in _overrides(manifest):
        value = body.get(*path)
        if value is not None and (base is None or value.text is None or value.text != base.text):
            return name
    return ""


_TRUE = frozenset("true True TRUE y Y yes Yes YES on On ON".split())
_FALSE = frozenset("false False FALSE n N no No NO off Off OFF".split())


def _truth(text: str) -> bool | None:
    """A switch, as Copilot's reader of YAML takes one; None for another text.

    https://pkg.go.dev/gopkg.in/yaml.v3#readme-compatibility
    """
    return True if text in _TRUE else False if text in _FALSE else None


def _name(path: str, manifest: YamlValue) -> str:
    return manifest.text_of("name") or path.split("/")[-2]


def _place(shown: str, owner: YamlValue, key: str) -> Location:
    """Where a key stands with its value, or what it would stand in."""
    value = (owner.members or {}).get(key)
    span = owner.keys.get(key, owner.span)
    end = value.span.end_column if value is not None and value.span.line == span.line else span.end_column
    return Location(shown, span.line, span.column, span.line, max(end, span.column + 1))


def _balancer_node(reading: Reading, project: Project, folder: str, manifests: list[tuple[str, YamlValue]]) -> Node:
    shown = project.show(manifests[0][0])
    where = _place(shown, manifests[0][1], "http")
    rules = tuple(rule for path, manifest in manifests for rule in _rules(path, manifest))
    balancer = Balancer(
        name=f"the load balancer of {project.show(folder)}",
        where=where,
        attributes={
            aws_elb.TYPE: Known("application", where, "type", "default"),
            _IDLE: _idle(reading, project, folder, manifests, where),
        },
        listeners=(Listener(f"the listener of {project.show(folder)}", rules),),
        groups={_name(path, manifest): _group(project, path, manifest) for path, manifest in manifests},
        published=True,
    )
    return BalancerNode(**node_fields(balancer, lambda way: _hop(way, shown)))


def _hop(way: ForwardedGroup, scope: str) -> CopilotBalancer:
    upstream = way.group.name if way.group is not None else ""
    return CopilotBalancer(**fields_of(way), upstream=upstream, scope=scope)


def _idle(
    reading: Reading, project: Project, folder: str, manifests: list[tuple[str, YamlValue]], where: Location
) -> Setting[float]:
    """Copilot leaves AWS's default, unless a patch of its templates says otherwise."""
    for path, manifest in manifests:
        if manifest.get("http", "alb") is not None:
            place = _place(project.show(path), manifest, "http")
            return Unknown(place, _IDLE, "`http.alb` names a load balancer that Copilot did not make")
    overrides = f"{folder}/environments/overrides/"
    files = [path for path in project.files if path.startswith(overrides)]
    for path in files:
        if path.endswith("cfn.patches.yml"):
            found = _find_patch(reading, project, path)
            if found is not None:
                return found
        elif path.endswith((".ts", ".js")):
            why = f"{project.show(path)} may change it by a program, which is not run"
            return Unknown(Location(project.show(path)), _IDLE, why)
    because = "Copilot leaves AWS's default, and no manifest can change it"
    return Known(aws_elb.ATTRIBUTES[_IDLE].default, where, _IDLE, "default", because=because)


def _find_patch(reading: Reading, project: Project, path: str) -> Setting[float] | None:
    """The idle timeout that a file of patches gives; the last one counts."""
    shown = project.show(path)
    try:
        documents = read_yaml(project.utf8_text(path))
    except (CantRead, YamlProblem) as problem:
        reading.unreadable.append(project.unreadable(path, problem))
        return Unknown(Location(shown), _IDLE, f"{shown} can't be read")
    if documents and documents[0].items is None:
        span = documents[0].span
        reading.unreadable.append(project.unreadable(path, "expected a list of patches", span.line, span.column))
        return Unknown(Location(shown), _IDLE, f"{shown} holds no list of patches")
    found: Setting[float] | None = None
    for patch in documents[0].items or () if documents else ():
        found = _patch_timeout(shown, patch) or found
    return found


def _patch_timeout(shown: str, patch: YamlValue) -> Setting[float] | None:
    """What one patch makes of the idle timeout; None where it does not touch it.

    https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/
    """
    target, operation = patch.text_of("path"), patch.text_of("op")
    if "InternalLoadBalancer" in target:
        return None
    attributes = _attributes_in(patch)
    attribute = next((item for item in attributes if item.text_of("Key") == _IDLE), None)
    place = _place(shown, patch, "path")
    if attribute is None:
        if "PublicLoadBalancer" not in target:
            return None
        if operation in ("add", "replace") and target.endswith(_WHOLE) and all(item.get("Key") for item in attributes):
            because = "this patch writes all attributes, and leaves it out"
            return Known(aws_elb.ATTRIBUTES[_IDLE].default, place, _IDLE, "default", because=because)
        reaches = operation == "remove" or target.endswith(("/Value", *_WHOLE))
        touched = reaches and ("LoadBalancerAttributes" in target or target.endswith(_WHOLE))
        return Unknown(place, _IDLE, f"`{target}` may be the idle timeout") if touched else None
    if operation not in ("add", "replace"):
        return Unknown(place, _IDLE, f"`op: {operation}` of a patch is not followed")
    where, text = _place(shown, attribute, "Value"), attribute.text_of("Value")
    if not re.fullmatch(r"[0-9]{1,4}", text):
        return Unknown(where, _IDLE, f"`Value: {text}` is no number of seconds" if text else "it has no plain `Value`")
    return Known(float(text), where, _IDLE, "explicit", f"{_IDLE}: {text}")


_WHOLE = ("/PublicLoadBalancer", "/PublicLoadBalancer/Properties", "/LoadBalancerAttributes")
"""Ends of the paths of patches that write every attribute."""


def _attributes_in(patch: YamlValue) -> list[YamlValue]:
    """The attributes that a patch writes: a list of them, one, or those of a load balancer."""
    value = patch.get("value")
    if value is None:
        return []
    listed = value.get("Properties", "LoadBalancerAttributes") or value.get("LoadBalancerAttributes") or value
    return [listed] if listed.items is None else listed.items


def _rules(path: str, manifest: YamlValue) -> Iterator[Rule]:
    """What leads to a service: its path below its aliases, and further rules of its own."""
    http = manifest.get("http")
    for part in (http, *(http.items_of("additional_rules") if http is not None else ())):
        if part is not None:
            asked = part.text_of("path") or "/"
            conditions = [*_path_condition(asked), *_host_condition(part)]
            if part is http:
                conditions += _differing(manifest)
            yield Rule(-len(asked), tuple(conditions), (Share(_name(path, manifest)),))


def _differing(manifest: YamlValue) -> Iterator[Condition]:
    """Conditions that differ by environment."""
    for key, field in (("path", "path-pattern"), ("alias", "host-header")):
        if name := _elsewhere(manifest, "http", key):
            yield Condition(field, reason=f"environments.{name} sets another {key}")


def _path_condition(path: str) -> Iterator[Condition]:
    plain = path.strip("/")
    if "${" in plain:
        yield Condition("path-pattern", reason=f"`{path}` is filled in by the environment")
    elif plain:
        yield Condition("path-pattern", (f"/{plain}", f"/{plain}/*"))


def _host_condition(part: YamlValue) -> Iterator[Condition]:
    alias = part.get("alias")
    listed = alias.items if alias is not None and alias.items is not None else [alias] if alias is not None else []
    names = tuple(name for item in listed if (name := item.text or item.text_of("name")))
    if any("${" in name for name in names):
        yield Condition("host-header", reason=f"`{names[0]}` is filled in by the environment")
    elif names:
        yield Condition("host-header", names)


def _group(project: Project, path: str, manifest: YamlValue) -> TargetGroup:
    shown = project.show(path)
    http = manifest.get("http")
    empty = YamlValue(manifest.span, members={})
    part = http if http is not None and http.members is not None else empty
    where = _place(shown, manifest, "http")
    return TargetGroup(
        key=_name(path, manifest),
        name=_name(path, manifest),
        where=where,
        attributes={
            aws_elb.STICKY: _sticky(shown, manifest, part, where),
            aws_elb.DEREGISTRATION: _draining(shown, manifest, part, where),
            aws_elb.TARGET_TYPE: Known("ip", where, "target_type", "default"),
        },
        **_replicas(shown, path, manifest),
    )


def _sticky(shown: str, manifest: YamlValue, http: YamlValue, where: Location) -> Setting[bool]:
    value = http.get("stickiness")
    name = "http.stickiness"
    if environment := _elsewhere(manifest, "http", "stickiness"):
        return Unknown(where, name, f"environments.{environment} sets another stickiness")
    if value is None or value.is_null:
        return Known(False, where, name, "default")
    place = _place(shown, http, "stickiness")
    found = _truth(value.text or "")
    if found is None:
        return Unknown(place, name, f"`stickiness: {value.text or '…'}`: true or false was expected")
    return Known(found, place, name, "explicit", f"stickiness: {value.text}")


def _draining(shown: str, manifest: YamlValue, http: YamlValue, where: Location) -> Setting[float]:
    value = http.get("deregistration_delay")
    name = "http.deregistration_delay"
    if environment := _elsewhere(manifest, "http", "deregistration_delay"):
        return Unknown(where, name, f"environments.{environment} sets another deregistration_delay")
    if value is None or value.is_null:
        return Known(DRAINING, where, name, "default")
    place = _place(shown, http, "deregistration_delay")
    text = value.text or "…"
    seconds = go_duration(text)
    if seconds is None:
        return Unknown(place, name, f"`deregistration_delay: {text}`: a duration such as 60s was expected")
    return Known(seconds, place, name, "explicit", f"deregistration_delay: {text}")


def _replicas(shown: str, path: str, manifest: YamlValue) -> dict[str, Any]:
    """How many tasks there are, where a manifest says one, and no environment says otherwise."""
    if manifest.text_of("count") != "1" or _elsewhere(manifest, "count"):
        return {}
    count = Known(1, _place(shown, manifest, "count"), "count", "explicit", "count: 1")
    return replicas_of_service(_name(path, manifest), count, stays_alone=False)
