"""Environments of Elastic Beanstalk of Terraform: the load balancer that their settings describe.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/elastic_beanstalk_environment
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Node, Setting, Unknown
from infralint.platforms.elastic_beanstalk import environment_node, has_balancer
from infralint.sources.terraform.arguments import argument_of
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import to_text


def beanstalk_nodes(graph: Graph) -> Iterator[Node]:
    """The environments of a root that have a load balancer, as all have that are not told otherwise; workers have none."""
    for item in graph.of("aws_elastic_beanstalk_environment"):
        options = _options(item)
        untold = isinstance(item.blocks.get("setting"), Unknown)
        if item.value("tier") != "Worker" and not untold and (has_balancer(options) or not _is_single(options)):
            yield environment_node(item.address, item.where, options, **environment_of(graph))


def _is_single(options: dict[tuple[str, str], Setting[str]]) -> bool:
    return ("aws:elasticbeanstalk:environment", "EnvironmentType") in options


def _options(item: Item) -> dict[tuple[str, str], Setting[str]]:
    found: dict[tuple[str, str], Setting[str]] = {}
    for block in item.inner("setting"):
        namespace, name = block.value("namespace"), block.value("name")
        if isinstance(namespace, str) and isinstance(name, str):
            found[namespace, name] = argument_of(block, "value", "", to_text)
    return found
