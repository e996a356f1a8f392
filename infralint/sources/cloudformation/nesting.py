"""Stacks nested in others by a path: what the outer template gives for the parameters of the inner one.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html,
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from infralint.project import CantRead, Project
from infralint.sources.cloudformation.parameters import GivenParameter, GivenParameters
from infralint.sources.cloudformation.template import BadTemplate, CloudFormationTemplate, Missing, TemplateResource
from infralint.text.yaml_places import YamlValue

_SOURCES = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
"""Type of resource -> the property that says which template it is made of."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a template."""


def given_by_parents(project: Project, path: str) -> GivenParameters:
    """What the templates that a template is nested in give for its parameters."""
    nested = project.remember("cloudformation-nesting", lambda: _nested_stacks(project))
    return nested.get(path, GivenParameters())


def _nested_stacks(project: Project) -> dict[str, GivenParameters]:
    """The project paths of nested templates, with what is given for their parameters."""
    found: dict[str, GivenParameters] = {}
    for path in project.files_ending("yaml", "yml", "json", "template"):
        template = _parent(project, path)
        if template is None:
            continue
        for kind, key in _SOURCES.items():
            for stack in template.of(kind):
                child = _child(project, path, template.text(stack.properties, key))
                if child is not None:
                    given = found.setdefault(child, GivenParameters())
                    for name, value in _parameters_of(template, stack):
                        given.add(name, value)
    return found


def _parent(project: Project, path: str) -> CloudFormationTemplate | None:
    """A template that other ones may be nested in."""
    try:
        content = project.searchable(path, LARGEST)
        if not any(kind.encode() in content for kind in _SOURCES):
            return None
        return CloudFormationTemplate.parse(path, project.show(path), project.utf8_text(path))
    except (CantRead, BadTemplate):
        return None


def _child(project: Project, path: str, name: str | None) -> str | None:
    """The file of the project that a nested stack is made of; none where it lies in a bucket."""
    if not name or "://" in name:
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return target if target in project.file_set else None


def _parameters_of(template: CloudFormationTemplate, stack: TemplateResource) -> Iterator[tuple[str, GivenParameter]]:
    listed = template.mapping(stack.properties, "Parameters")
    for name in (listed.members or {}) if listed is not None else ():
        if listed is not None:
            yield name, _value(template, stack, listed, name)


def _value(template: CloudFormationTemplate, stack: TemplateResource, listed: YamlValue, name: str) -> GivenParameter:
    value = template.resolve((listed.members or {})[name])
    where = template.place_of(listed, name)
    by = f"{stack.logical} in {template.shown}"
    if isinstance(value, Missing):
        return GivenParameter(None, by, where, value.reason)
    if value is None or value.text is None:
        return GivenParameter(None, by, where, f"what {by} gives is no simple value")
    return GivenParameter(value.text, by, where)
