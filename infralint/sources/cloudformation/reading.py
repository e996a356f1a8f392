"""One template, read: what stands in it on the way of a stream."""

from __future__ import annotations

import posixpath
from functools import partial

from infralint.model import Location, Reading, Unknown
from infralint.project import CantRead, Project
from infralint.project.lambda_handlers import find_streaming
from infralint.sources.cloudformation import sam
from infralint.sources.cloudformation.balancers import balancer_nodes
from infralint.sources.cloudformation.edges import NAMED, edge_nodes
from infralint.sources.cloudformation.lattice import lattice_nodes
from infralint.sources.cloudformation.nesting import given_by_parents
from infralint.sources.cloudformation.parameters import GivenParameters, given_by_files
from infralint.sources.cloudformation.service_connect import connected_nodes
from infralint.sources.cloudformation.services import service_nodes
from infralint.sources.cloudformation.template import BadTemplate, CloudFormationTemplate
from infralint.sources.cloudformation.undeclared import find_undeclared
from infralint.text.yaml_places import has_holes


def read_into(reading: Reading, project: Project, path: str) -> None:
    """Add what a template says to a reading."""
    shown = project.show(path)
    try:
        text = project.utf8_text(path)
    except CantRead as problem:
        reading.unreadable.append(project.unreadable(path, problem))
        return
    try:
        template = CloudFormationTemplate.parse(path, shown, text)
    except BadTemplate as problem:
        unreadable = project.unreadable(path, problem.message, problem.line, problem.column)
        if has_holes(text):
            why = "it is a template of a template, which infralint does not fill in"
            reading.unknown.append(Unknown(unreadable.where, "", why))
        else:
            reading.unreadable.append(unreadable)
        return
    if template is None:
        return
    template.given = _find_parameters(project, path, template)
    for value, why in find_undeclared(template):
        template.refuse(why, value)
    template.resources.update(sam.expand(template))
    front = list(balancer_nodes(template))
    edges = edge_nodes(template, front, partial(_find_streaming, project, path))
    nodes = [*front, *edges, *connected_nodes(template), *service_nodes(template), *lattice_nodes(template)]
    by_name = {name: node for node in nodes for name in node.known_as}
    for alias, target in template.aliases_of(NAMED):
        if (node := by_name.get(template.address(target.logical))) is not None:
            node.known_as |= {alias}
    reading.nodes += nodes
    reading.unreadable += [project.unreadable(path, why, *place) for place, why in sorted(template.refused.items())]
    reading.unknown += template.unknown
    reading.files.append(shown)


def _find_streaming(project: Project, path: str, folder: str, handler: str) -> Location | None:
    """Where a handler streams. folder: relative to the template."""
    return find_streaming(project, posixpath.join(posixpath.dirname(path), folder), handler)


def _find_parameters(project: Project, path: str, template: CloudFormationTemplate) -> GivenParameters:
    """What is given for the parameters of a template: by the stacks that it is nested in, else by files beside it."""
    by_parents = given_by_parents(project, path)
    return by_parents if by_parents.values else given_by_files(project, path, template.root.members_of("Parameters"))
