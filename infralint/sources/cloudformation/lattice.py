"""VPC Lattice of CloudFormation as that platform's facts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_VpcLattice.html
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from infralint.model import Node
from infralint.platforms.routing import PathKind, RouteRule
from infralint.platforms.vpc_lattice import fixed_answer, lattice_node
from infralint.sources.cloudformation.template import CloudFormationTemplate, TemplateResource
from infralint.text.yaml_places import YamlValue

LATTICE = "AWS::VpcLattice::Service"
_LISTENER = "AWS::VpcLattice::Listener"
_RULE = "AWS::VpcLattice::Rule"
_GROUP = "AWS::VpcLattice::TargetGroup"
_MATCHES: tuple[tuple[str, PathKind], ...] = (("Exact", "exact"), ("Prefix", "prefix"))


def lattice_nodes(template: CloudFormationTemplate) -> Iterator[Node]:
    """The services of a template, by what their listeners and rules ask for."""
    for service in template.of(LATTICE):
        rules = [
            rule
            for listener in template.of_parent(_LISTENER, "ServiceIdentifier", service)
            for rule in _rules(template, listener)
        ]
        if rules:
            yield lattice_node(service.name, service.where, rules, scope=template.shown)


def _rules(template: CloudFormationTemplate, listener: TemplateResource) -> Iterator[RouteRule]:
    for rule in template.of_parent(_RULE, "ListenerIdentifier", listener):
        yield _toward(template, rule, "Action", RouteRule("", *_match(template, rule.properties), where=rule.where))
    yield _toward(template, listener, "DefaultAction", RouteRule(where=listener.where))


def _toward(template: CloudFormationTemplate, resource: TemplateResource, action: str, rule: RouteRule) -> RouteRule:
    """A rule with what its action does."""
    status = template.text(resource.properties, action, "FixedResponse", "StatusCode")
    if status is not None:
        return replace(rule, answer=fixed_answer(status, resource.where))
    return replace(rule, references=_targets(template, resource, action))


def _match(template: CloudFormationTemplate, rule: YamlValue) -> tuple[str, PathKind, str]:
    """The path that a rule asks for, and what else."""
    match = template.mapping(rule, "Match", "HttpMatch")
    if match is None:
        return "/", "segments", "its Match"
    doubt = "its HeaderMatches" if template.items(match, "HeaderMatches") or match.get("Method") else ""
    for name, kind in _MATCHES:
        path = template.text(match, "PathMatch", "Match", name)
        if path is not None:
            return path, kind, doubt
    return "/", "segments", doubt or "its HttpMatch"


def _targets(template: CloudFormationTemplate, resource: TemplateResource, action: str) -> tuple[str, ...]:
    """What is registered in the target groups that an action forwards to, else the groups."""
    found: list[str] = []
    groups = {group.logical: group for group in template.of(_GROUP)}
    for share in template.items(resource.properties, action, "Forward", "TargetGroups"):
        for logical, _ in template.references(share, "TargetGroupIdentifier"):
            for target in template.items(groups[logical].properties, "Targets") if logical in groups else ():
                found += (template.address(inner) for inner, _ in template.references(target, "Id"))
            found.append(template.address(logical))
    return tuple(dict.fromkeys(found)) or (f"the targets of {resource.name}",)
