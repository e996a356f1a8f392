"""Global Accelerator and VPC Lattice of Terraform as those platforms' facts.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/globalaccelerator_endpoint_group
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpclattice_listener
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from infralint.model import Node
from infralint.platforms.global_accelerator import accelerator_node
from infralint.platforms.routing import PathKind, RouteRule
from infralint.platforms.vpc_lattice import fixed_answer, lattice_node
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item

_GROUP = "aws_vpclattice_target_group"
_MATCHES: tuple[tuple[str, PathKind], ...] = (("exact", "exact"), ("prefix", "prefix"))


def network_nodes(graph: Graph) -> Iterator[Node]:
    """The accelerators and the services of VPC Lattice of a root."""
    for item in graph.of("aws_globalaccelerator_accelerator"):
        if item.value("enabled") is not False:
            endpoints = tuple(dict.fromkeys(_endpoints(graph, item)))
            yield accelerator_node(item.address, item.where, endpoints, **environment_of(graph))
    for item in graph.of("aws_vpclattice_service"):
        rules = [rule for listener in _listeners(graph, item) for rule in _rules(graph, listener)]
        if rules:
            yield lattice_node(item.address, item.where, rules, **environment_of(graph))


def _endpoints(graph: Graph, accelerator: Item) -> Iterator[str]:
    """What an accelerator's listeners lead to, by address."""
    for listener in graph.referring("aws_globalaccelerator_listener", "accelerator_arn", accelerator):
        for group in graph.referring("aws_globalaccelerator_endpoint_group", "listener_arn", listener):
            for endpoint in group.inner("endpoint_configuration"):
                yield from (link.address for link in endpoint.links.get("endpoint_id", ()) if link.address)


def _listeners(graph: Graph, service: Item) -> list[Item]:
    return graph.referring("aws_vpclattice_listener", "service_identifier", service)


def _rules(graph: Graph, listener: Item) -> Iterator[RouteRule]:
    for item in graph.referring("aws_vpclattice_listener_rule", "listener_identifier", listener):
        yield _toward(graph, item, "action", RouteRule("", *_match(item), where=item.where))
    yield _toward(graph, listener, "default_action", RouteRule(where=listener.where))


def _toward(graph: Graph, item: Item, action: str, rule: RouteRule) -> RouteRule:
    """A rule with what its action does."""
    for block in item.inner(action):
        for fixed in block.inner("fixed_response"):
            status = fixed.value("status_code")
            return replace(
                rule, answer=fixed_answer("an unknown status" if status is None else str(status), item.where)
            )
    return replace(rule, references=_targets(graph, item, action))


def _match(rule: Item) -> tuple[str, PathKind, str]:
    """The path that a rule asks for, and what else."""
    for match in rule.inner("match"):
        for http in match.inner("http_match"):
            doubt = "its header_matches" if http.blocks.get("header_matches") or http.get("method") else ""
            for path in http.inner("path_match"):
                for named in path.inner("match"):
                    for name, kind in _MATCHES:
                        value = named.value(name)
                        if isinstance(value, str):
                            return value, kind, doubt
            return "/", "segments", doubt or "its http_match"
    return "/", "segments", "its match"


def _targets(graph: Graph, item: Item, action: str) -> tuple[str, ...]:
    """What is registered in the target groups that an action forwards to, else the groups."""
    found: list[str] = []
    for block in item.inner(action):
        for forward in block.inner("forward"):
            for shared in forward.inner("target_groups"):
                for group in graph.follow(shared, "target_group_identifier", _GROUP):
                    found += [*_find_targets(graph, group), group.address]
    return tuple(dict.fromkeys(found)) or (f"the targets of {item.address}",)


def _find_targets(graph: Graph, group: Item) -> Iterator[str]:
    for attached in graph.referring("aws_vpclattice_target_group_attachment", "target_group_identifier", group):
        for target in attached.inner("target"):
            yield from (link.address for link in target.links.get("id", ()) if link.address)
