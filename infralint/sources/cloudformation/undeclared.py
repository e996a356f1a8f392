"""Names in a template that nothing in it declares, and types and sections that do not exist: CloudFormation refuses these.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from infralint.sources.cloudformation.anatomy import dependencies_of, wrong_parts, wrong_sections
from infralint.sources.cloudformation.limits import wrong_parameters
from infralint.sources.cloudformation.mistypes import meant_property, meant_section, meant_type, names_at
from infralint.sources.cloudformation.shapes import meant_tag, why_not_called_so
from infralint.sources.cloudformation.template import HOLE, CloudFormationTemplate, function_of
from infralint.text.circles import find_circles, say_through
from infralint.text.suggestions import hint
from infralint.text.yaml_places import YamlValue

_VERSION = "2010-09-09"
_PSEUDO = tuple(
    f"AWS::{name}" for name in "AccountId NotificationARNs NoValue Partition Region StackId StackName URLSuffix".split()
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html"""
_GLOBALS = "Globals"
"""https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html"""
MOST_VALUES = 200_000
"""Values of one template that are looked at."""


def find_undeclared(template: CloudFormationTemplate) -> Iterator[tuple[YamlValue, str]]:
    """What names something undeclared, and what to say of it, where the text is a whole template and nothing adds to it.

    A macro may declare more, a module brings resources of its own, and a text without a version may be a part that
    another program joins with others.
    """
    root = template.root
    resources = root.members_of("Resources")
    has_version = root.get("AWSTemplateFormatVersion") is not None
    if _has_known_macros(root):
        yield from _mistyped_types(resources)
        for logical, body in resources.items():
            type_, properties = body.text_of("Type"), body.get("Properties")
            if properties is not None and names_at(type_, ""):
                yield from _mistyped_properties(logical, type_, properties)
        if (shared := root.get(_GLOBALS)) is not None and root.get("Transform") is not None:
            yield from _mistyped_properties(_GLOBALS, _GLOBALS, shared)
        if has_version or root.get("Transform") is not None:
            yield from wrong_sections(root)
        if has_version:
            yield from wrong_parameters(root)
    yield from _mistyped_tags(resources.values())
    is_whole = has_version and root.get("Transform") is None
    if not is_whole or any(body.text_of("Type").endswith("::MODULE") for body in resources.values()):
        return
    if any(name.startswith("Fn::") for name in resources):
        return
    yield from _mistyped_sections(root)
    yield from wrong_parts(root)
    names = _Names(template)
    for logical, body in resources.items():
        if body.members is not None and body.get("Type") is None:
            yield body, f"CloudFormation refuses {logical}: it has no Type"
        condition = body.get("Condition")
        if condition is not None and condition.text is not None:
            yield from names.missing_condition(condition)
        for value in dependencies_of(body):
            yield from names.missing_resource(value, value.text or "", "DependsOn")
        yield from names.look(body.get("Properties"))
    for output in root.members_of("Outputs").values():
        condition = output.get("Condition")
        if condition is not None and condition.text is not None:
            yield from names.missing_condition(condition)
    for key in ("Conditions", "Outputs"):
        yield from names.look(root.get(key))
    yield from _circles(root)


def _mistyped_sections(root: YamlValue) -> Iterator[tuple[YamlValue, str]]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html"""
    version = root.get("AWSTemplateFormatVersion")
    if version is not None and version.text != _VERSION:
        yield version, f"CloudFormation refuses AWSTemplateFormatVersion: it knows {_VERSION} alone"
    for name, value in (root.members or {}).items():
        if right := meant_section(name):
            at = YamlValue(root.keys.get(name, value.span))
            yield at, f"CloudFormation refuses this: a template has no section `{name}`; did you mean {right}?"


def _has_known_macros(root: YamlValue) -> bool:
    """Whether nothing but AWS's own macros works on a template: none of them gives types other names."""
    transform = root.get("Transform")
    listed = transform.items or [transform] if transform is not None else []
    return all((item.text or "").startswith("AWS::") for item in listed)


def _mistyped_types(resources: Mapping[str, YamlValue]) -> Iterator[tuple[YamlValue, str]]:
    for logical, body in resources.items():
        type_ = body.get("Type")
        if type_ is not None and (right := meant_type(type_.text or "")):
            yield type_, f"CloudFormation refuses {logical}: there is no type {type_.text}; did you mean {right}?"


def _mistyped_tags(bodies: Iterable[YamlValue]) -> Iterator[tuple[YamlValue, str]]:
    """Short forms of functions that do not exist, and are nearly those that do; `!reff` is one of `!Ref`."""
    pending, seen = [*bodies], set[int]()
    while pending and len(seen) < MOST_VALUES:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if value.tag and (right := meant_tag(value.tag)):
            yield value, f"CloudFormation refuses this: there is no function {value.tag}; did you mean {right}?"
        pending += [*(value.items or ()), *(value.members or {}).values()]


def _mistyped_properties(logical: str, type_: str, properties: YamlValue) -> Iterator[tuple[YamlValue, str]]:
    """Properties that a type does not have, and that are nearly those that it has, at any depth."""
    pending = [("", properties)]
    looks = 0
    while pending and looks < MOST_VALUES:
        place, value = pending.pop()
        looks += 1
        call = function_of(value)
        if call is not None:
            pending += [(place, branch) for branch in (call[1].items or [])[1:]] if call[0] == "Fn::If" else []
            continue
        pending += [(place, item) for item in value.items or ()]
        for name, inner in (value.members or {}).items():
            if right := meant_property(type_, place, name):
                at = YamlValue(value.keys.get(name, inner.span))
                inside = f" in {place}" if place else ""
                yield (
                    at,
                    f"CloudFormation refuses {logical}: there is no property {name}{inside}; did you mean {right}?",
                )
            elif names_at(type_, deeper := f"{place}.{name}" if place else name):
                pending.append((deeper, inner))


def _circles(root: YamlValue) -> Iterator[tuple[YamlValue, str]]:
    """Conditions and resources that wait for each other; what a condition decides about may not be there."""
    conditions = root.members_of("Conditions")
    uses = {
        name: {argument.text or "" for call, argument in _calls(body) if call == "Condition"}
        for name, body in conditions.items()
    }
    for circle in find_circles(uses):
        yield (
            conditions[circle[0]],
            f"CloudFormation refuses the condition {circle[0]}: it is made of itself{say_through(circle)}",
        )
    resources = root.members_of("Resources")
    needs = {name: set(_needs(body)) for name, body in resources.items() if body.get("Condition") is None}
    for circle in find_circles(needs):
        yield resources[circle[0]], f"CloudFormation refuses {circle[0]}: it waits for itself{say_through(circle)}"


def _needs(body: YamlValue) -> Iterator[str]:
    """The resources that another waits for, whatever the conditions."""
    yield from (value.text or "" for value in dependencies_of(body))
    properties = body.get("Properties")
    for name, argument in _calls(properties) if properties is not None else ():
        first = (argument.items or [argument])[0].text or ""
        if name == "Ref":
            yield first
        elif name == "Fn::GetAtt":
            yield first.partition(".")[0]
        elif name == "Fn::Sub":
            given = argument.items[1].members or {} if argument.items and len(argument.items) > 1 else {}
            inserted = (hole[2].strip() for hole in HOLE.finditer(first) if not hole[1])
            yield from (text.partition(".")[0] for text in inserted if text not in given)


def _calls(value: YamlValue) -> Iterator[tuple[str, YamlValue]]:
    """The functions that are called in a value, but for those within the branches of `Fn::If`."""
    pending, seen = [value], set[int]()
    while pending and len(seen) < MOST_VALUES:
        found = pending.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        call = function_of(found)
        if call is not None:
            yield call
        if call is None or call[0] != "Fn::If":
            pending += [*(found.items or ()), *(found.members or {}).values()]


class _Names:
    """What a template declares."""

    def __init__(self, template: CloudFormationTemplate) -> None:
        self.parameters = template.root.members_of("Parameters").keys()
        self.resources = template.root.members_of("Resources").keys()
        self.conditions = template.root.members_of("Conditions").keys()
        self.mappings = template.root.members_of("Mappings").keys()

    def look(self, value: YamlValue | None) -> Iterator[tuple[YamlValue, str]]:
        """What is wrong in a value, and in all that it is made of; each is looked at once, whatever aliases there are."""
        pending, seen = [value] if value is not None else [], set[int]()
        while pending and len(seen) < MOST_VALUES:
            found = pending.pop()
            if id(found) in seen:
                continue
            seen.add(id(found))
            if (call := function_of(found)) is not None:
                yield from self._of_call(found, *call)
            pending += [*(found.items or ()), *(found.members or {}).values()]

    def _of_call(self, value: YamlValue, name: str, argument: YamlValue) -> Iterator[tuple[YamlValue, str]]:
        first = (argument.items or [argument])[0]
        if why := why_not_called_so(name, argument):
            yield value, f"CloudFormation refuses this: {why}"
        elif name == "Ref" and argument.text:
            yield from self._missing_name(value, argument.text, f"!Ref {argument.text}")
        elif name == "Fn::GetAtt" and first.text:
            yield from self.missing_resource(value, first.text.partition(".")[0], "!GetAtt")
        elif name == "Fn::Sub" and first.text:
            given = argument.items[1].members or {} if argument.items and len(argument.items) > 1 else {}
            for hole in HOLE.finditer(first.text):
                inserted = hole[2].strip()
                if not hole[1] and inserted not in given:
                    yield from self._missing_name(value, inserted.partition(".")[0], f"!Sub ${{{inserted}}}")
        elif (
            name == "Fn::If" or value.tag == "!Condition"
        ) and first.text:  # `Condition:` is a property of others, too
            yield from self.missing_condition(first)
        elif name == "Fn::FindInMap" and first.text and function_of(first) is None and first.text not in self.mappings:
            yield value, f"CloudFormation refuses !FindInMap: no mapping of this template is called {first.text}"

    def _missing_name(self, value: YamlValue, name: str, words: str) -> Iterator[tuple[YamlValue, str]]:
        if name.startswith("AWS::"):
            if name not in _PSEUDO:
                yield value, f"CloudFormation refuses {words}: there is no pseudo parameter {name}{hint(name, _PSEUDO)}"
        elif name not in self.parameters and name not in self.resources:
            yield value, f"CloudFormation refuses {words}: no parameter or resource of this template is called {name}"

    def missing_resource(self, value: YamlValue, name: str, words: str) -> Iterator[tuple[YamlValue, str]]:
        """A resource that is named and not there."""
        if name and name not in self.resources:
            yield value, f"CloudFormation refuses {words}: no resource of this template is called {name}"

    def missing_condition(self, value: YamlValue) -> Iterator[tuple[YamlValue, str]]:
        """A condition that is named and not there."""
        if value.text not in self.conditions:
            yield value, f"CloudFormation refuses this: no condition of this template is called {value.text}"
