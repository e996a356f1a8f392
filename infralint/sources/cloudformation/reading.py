"""One template, read: what stands in it on the way of a stream."""

from __future__ import annotations

from infralint.model import Reading, Unknown
from infralint.project import CantRead, Project
from infralint.sources.cloudformation import sam
from infralint.sources.cloudformation.balancers import balancer_nodes
from infralint.sources.cloudformation.edges import edge_nodes
from infralint.sources.cloudformation.service_connect import connected_nodes
from infralint.sources.cloudformation.template import BadTemplate, CloudFormationTemplate
from infralint.text.lazy import lazy

_TEMPLATED = lazy(r"\{\{|\{%|<%")


def read_into(reading: Reading, project: Project, path: str) -> None:
    """Add what a template says to a reading."""
    shown = project.show(path)
    try:
        text = project.text(path)
    except CantRead as problem:
        reading.unreadable.append(project.unreadable(path, problem))
        return
    try:
        template = CloudFormationTemplate.parse(path, shown, text)
    except BadTemplate as problem:
        unreadable = project.unreadable(path, problem.message, problem.line, problem.column)
        if _TEMPLATED.search(text):
            why = "it is a template of a template, which infralint does not fill in"
            reading.unknown.append(Unknown(unreadable.where, "", why))
        else:
            reading.unreadable.append(unreadable)
        return
    if template is None:
        return
    template.resources.update(sam.expand(template))
    front = list(balancer_nodes(template))
    reading.nodes += [*front, *edge_nodes(template, front), *connected_nodes(template)]
    reading.unreadable += [project.unreadable(path, why, *place) for place, why in sorted(template.refused.items())]
    reading.unknown += template.unknown
    reading.files.append(shown)
