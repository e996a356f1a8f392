"""What resources, mappings and outputs of a template may say, and what they may be called.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infralint.sources.cloudformation.template import function_of
from infralint.text.suggestions import closest
from infralint.text.yaml_places import YamlValue

Complaint = tuple[YamlValue, str]
"""What is wrong, and what to say of it."""
_RESOURCE = (
    "Type Properties DependsOn Condition Metadata CreationPolicy DeletionPolicy UpdatePolicy UpdateReplacePolicy"
).split()
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-product-attribute-reference.html"""
_OUTPUT = ("Value", "Description", "Export", "Condition")
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]+")
_TYPE = re.compile(r"Custom::.+|[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9:]+")


_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
_OF_MAPPINGS = ("Parameters", "Resources", "Outputs")
"""Sections each of whose members is a mapping."""


def wrong_sections(root: YamlValue) -> Iterator[Complaint]:
    """Sections, and what stands in them, that are texts or lists where CloudFormation takes mappings alone."""
    for section in _SECTIONS:
        found = root.get(section)
        if found is not None and found.members is None and not found.is_null and not found.tag:
            yield found, f"CloudFormation refuses {section}: a mapping was expected"
        for name, body in root.members_of(section).items() if section in _OF_MAPPINGS else ():
            if body.members is None and not (body.tag or name.startswith("Fn::")):
                yield body, f"CloudFormation refuses {name}, of {section}: a mapping was expected"
    for name, body in root.members_of("Resources").items():
        type_ = body.get("Type")
        if type_ is not None and type_.items is not None:
            yield type_, f"CloudFormation refuses {name}: its Type is a list, and the name of one was expected"


def wrong_parts(root: YamlValue) -> Iterator[Complaint]:
    """What CloudFormation refuses in the sections of a whole template, whatever is in the properties."""
    parameters = root.members_of("Parameters")
    resources = root.get("Resources")
    for logical, body in root.members_of("Resources").items():
        at = YamlValue(resources.keys.get(logical, body.span)) if resources is not None else body
        if not _LOGICAL_ID.fullmatch(logical):
            yield at, f"CloudFormation refuses the logical id {logical}: it takes letters and digits"
        if logical in parameters:
            yield at, f"CloudFormation refuses {logical}: a parameter has the same name"
        yield from _wrong_resource(logical, body)
    yield from _wrong_mappings(root)
    yield from _wrong_outputs(root)


def _wrong_resource(logical: str, body: YamlValue) -> Iterator[Complaint]:
    yield from _mistyped_keys(logical, body, _RESOURCE)
    type_ = body.get("Type")
    if type_ is not None and type_.text and not _TYPE.fullmatch(type_.text):
        yield type_, f"CloudFormation refuses {logical}: {type_.text} is no type, such as AWS::Lambda::Url"
    for value in dependencies_of(body):
        if value.text is None or function_of(value) is not None:
            yield value, f"CloudFormation refuses DependsOn of {logical}: the names of resources were expected"


def dependencies_of(body: YamlValue) -> list[YamlValue]:
    """What a resource's `DependsOn` names: one, or a list."""
    depends = body.get("DependsOn")
    return depends.items or [depends] if depends is not None else []


def _wrong_mappings(root: YamlValue) -> Iterator[Complaint]:
    for name, mapping in root.members_of("Mappings").items():
        if name.startswith("Fn::"):
            continue
        for key, values in (mapping.members or {"": mapping}).items():
            if values.members is None or (function_of(values) is not None and not key.startswith("Fn::")):
                yield (
                    values,
                    f"CloudFormation refuses the mapping {name}: keys with mappings of names to values were expected",
                )
                break


def _wrong_outputs(root: YamlValue) -> Iterator[Complaint]:
    for name, output in root.members_of("Outputs").items():
        if name.startswith("Fn::"):
            continue
        yield from _mistyped_keys(f"the output {name}", output, _OUTPUT)
        if output.get("Value") is None:
            yield output, f"CloudFormation refuses the output {name}: it has no Value"


def _mistyped_keys(name: str, value: YamlValue, known: tuple[str, ...] | list[str]) -> Iterator[Complaint]:
    for key in value.members or ():
        if key not in known and (near := closest(key, known)):
            at = YamlValue(value.keys.get(key, value.span))
            yield at, f"CloudFormation refuses {name}: it takes no `{key}`; did you mean {near}?"
