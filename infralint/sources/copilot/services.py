"""The services of one Copilot application as facts of what runs them.

https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/,
https://aws.github.io/copilot-cli/docs/manifest/rd-web-service/,
https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from infralint.model import Known, Location, Node, Setting, Unknown
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
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

BALANCED = "Load Balanced Web Service"
REQUEST_DRIVEN = "Request-Driven Web Service"
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


def nodes_of(project: Project, folder: str, manifests: list[tuple[str, YamlValue]]) -> Iterator[Node]:
    """The nodes of an application. folder: the one called `copilot`."""
    balanced = [
        (path, manifest)
        for path, manifest in manifests
        if manifest.text_of("type") == BALANCED and manifest.text_of("http") != "false"
    ]
    if balanced:
        yield _balancer_node(project, folder, balanced)
    for path, manifest in manifests:
        if manifest.text_of("type") == REQUEST_DRIVEN:
            where = _place(project.show(path), manifest, "name")
            yield app_runner_node(f"the service {_name(path, manifest)}", where, (), (), scope=project.show(path))


def _name(path: str, manifest: YamlValue) -> str:
    return manifest.text_of("name") or path.split("/")[-2]


def _place(shown: str, owner: YamlValue, key: str) -> Location:
    """Where a key stands with its value, or what it would stand in."""
    value = (owner.members or {}).get(key)
    span = owner.keys.get(key, owner.span)
    end = value.span.end_column if value is not None and value.span.line == span.line else span.end_column
    return Location(shown, span.line, span.column, span.line, max(end, span.column + 1))


def _balancer_node(project: Project, folder: str, manifests: list[tuple[str, YamlValue]]) -> Node:
    shown = project.show(manifests[0][0])
    where = _place(shown, manifests[0][1], "http")
    rules = tuple(rule for path, manifest in manifests for rule in _rules(path, manifest))
    balancer = Balancer(
        name=f"the load balancer of {project.show(folder)}",
        where=where,
        attributes={
            aws_elb.TYPE: Known("application", where, "type", "default"),
            _IDLE: _idle(project, folder, where),
        },
        listeners=(Listener(f"the listener of {project.show(folder)}", rules),),
        groups={_name(path, manifest): _group(project, path, manifest) for path, manifest in manifests},
        published=True,
    )
    return BalancerNode(**node_fields(balancer, lambda way: _hop(way, shown)))


def _hop(way: ForwardedGroup, scope: str) -> CopilotBalancer:
    upstream = way.group.name if way.group is not None else ""
    return CopilotBalancer(**fields_of(way), upstream=upstream, scope=scope)


def _idle(project: Project, folder: str, where: Location) -> Setting[float]:
    """Copilot leaves AWS's default, unless a patch of its templates says otherwise."""
    overrides = f"{folder}/environments/overrides/"
    files = [path for path in project.files if path.startswith(overrides)]
    for path in files:
        if path.endswith("cfn.patches.yml"):
            found = _find_patch(project, path)
            if found is not None:
                return found
        elif path.endswith((".ts", ".js")):
            why = f"{project.show(path)} may change it by a program, which is not run"
            return Unknown(Location(project.show(path)), _IDLE, why)
    because = "Copilot leaves AWS's default, and no manifest can change it"
    return Known(aws_elb.ATTRIBUTES[_IDLE].default, where, _IDLE, "default", because=because)


def _find_patch(project: Project, path: str) -> Setting[float] | None:
    """The idle timeout that a file of patches gives."""
    try:
        pending = list(read_yaml(project.utf8_text(path)))
    except (CantRead, YamlProblem):
        return Unknown(Location(project.show(path)), _IDLE, f"{project.show(path)} can't be read")
    while pending:
        value = pending.pop()
        if value.text_of("Key") == _IDLE:
            where, text = _place(project.show(path), value, "Value"), value.text_of("Value")
            if not re.fullmatch(r"[0-9]{1,4}", text):
                return Unknown(where, _IDLE, f"`{text}` is no number of seconds")
            return Known(float(text), where, _IDLE, "explicit", f"{_IDLE}: {text}")
        pending += [*(value.items or ()), *(value.members or {}).values()]
    return None


def _rules(path: str, manifest: YamlValue) -> Iterator[Rule]:
    """What leads to a service: its path below its aliases, and further rules of its own."""
    http = manifest.get("http")
    for part in (http, *(http.items_of("additional_rules") if http is not None else ())):
        if part is not None:
            asked = part.text_of("path") or "/"
            conditions = [*_path_condition(asked), *_host_condition(part)]
            yield Rule(-len(asked), tuple(conditions), (Share(_name(path, manifest)),))


def _path_condition(path: str) -> Iterator[Condition]:
    plain = path.strip("/")
    if plain:
        yield Condition("path-pattern", (f"/{plain}", f"/{plain}/*"))


def _host_condition(part: YamlValue) -> Iterator[Condition]:
    alias = part.get("alias")
    listed = alias.items if alias is not None and alias.items is not None else [alias] if alias is not None else []
    names = tuple(name for item in listed if (name := item.text or item.text_of("name")))
    if names:
        yield Condition("host-header", names)


_SECONDS = lazy(r"([0-9]{1,6})(s|m|h)?")
_UNITS = {"s": 1, "m": 60, "h": 3600, None: 1}


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
            aws_elb.STICKY: _sticky(shown, part, where),
            aws_elb.DEREGISTRATION: _draining(shown, part, where),
            aws_elb.TARGET_TYPE: Known("ip", where, "target_type", "default"),
        },
        **_replicas(shown, path, manifest),
    )


def _sticky(shown: str, http: YamlValue, where: Location) -> Setting[bool]:
    text = http.text_of("stickiness")
    if not text:
        return Known(False, where, "http.stickiness", "default")
    place = _place(shown, http, "stickiness")
    if text not in ("true", "false"):
        return Unknown(place, "http.stickiness", f"`stickiness: {text}`: true or false was expected")
    return Known(text == "true", place, "http.stickiness", "explicit", f"stickiness: {text}")


def _draining(shown: str, http: YamlValue, where: Location) -> Setting[float]:
    text = http.text_of("deregistration_delay")
    if not text:
        return Known(DRAINING, where, "http.deregistration_delay", "default")
    place = _place(shown, http, "deregistration_delay")
    found = _SECONDS.fullmatch(text)
    if found is None:
        return Unknown(place, "http.deregistration_delay", f"`{text}` is no duration such as 60s")
    seconds = float(int(found[1]) * _UNITS[found[2]])
    return Known(seconds, place, "http.deregistration_delay", "explicit", f"deregistration_delay: {text}")


def _replicas(shown: str, path: str, manifest: YamlValue) -> dict[str, Any]:
    """How many tasks there are, where a manifest says one."""
    if manifest.text_of("count") != "1":
        return {}
    count = Known(1, _place(shown, manifest, "count"), "count", "explicit", "count: 1")
    return replicas_of_service(_name(path, manifest), count, stays_alone=False)
