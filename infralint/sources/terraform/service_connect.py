"""ECS services that others reach through Service Connect, of Terraform, as that platform's facts.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service#service_connect_configuration
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.model import Address, Known, Node, Setting, Unknown
from infralint.platforms.service_connect import ConnectedPort, TimeoutWords, connected_node, port_mapping
from infralint.sources.terraform.arguments import argument_of, quiet
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.tasks import TASKS
from infralint.sources.terraform.values import plain_number

_NAMESPACES = frozenset({"aws_service_discovery_http_namespace", "aws_service_discovery_private_dns_namespace"})
_WORDS = TimeoutWords(
    request="per_request_timeout_seconds = ", idle="idle_timeout_seconds = ", block="timeout {{\n  {line}\n}}"
)


def connected_nodes(graph: Graph) -> Iterator[Node]:
    """The ports of a root's services that Service Connect leads to."""
    for service in graph.of("aws_ecs_service"):
        for configuration in service.inner("service_connect_configuration"):
            if configuration.value("enabled") is not False:
                for block in configuration.inner("service"):
                    yield connected_node(_port(graph, service, configuration, block), **environment_of(graph))


def _port(graph: Graph, service: Item, configuration: Item, block: Item) -> ConnectedPort:
    task = graph.lead(service.links.get("task_definition", ()), TASKS)
    definitions: Any = None
    if task is not None:
        given = task.get("container_definitions")
        definitions = given.value if isinstance(given, Known) else given
    name = str(block.value("port_name") or "")
    mapping = port_mapping(definitions, name, block.where)
    protocol = mapping.protocol
    request, idle = (_timeout(block, f"{kind}_timeout_seconds") for kind in ("per_request", "idle"))
    if service.silent:
        protocol = quiet(protocol, "")
        request, idle = (quiet(limit, 0.0) if limit is not None else None for limit in (request, idle))
    count = argument_of(service, "desired_count", 0, plain_number)
    return ConnectedPort(
        name=service.address,
        where=block.where,
        protocol=protocol,
        request=request,
        idle=idle,
        addresses=tuple(_addresses(graph, configuration, block, name)),
        words=_WORDS,
        balanced=service.address if _is_balanced(service, task, block, mapping.port) else "",
        count=count,
        aliases=(str(service.value("name")),) if service.value("name") else (),
    )


def _timeout(block: Item, name: str) -> Setting[float] | None:
    """A timeout that is set, in seconds."""
    for timeout in block.inner("timeout"):
        found = argument_of(timeout, name, None, plain_number)
        if isinstance(found, Unknown) or found.value is not None:
            return found
    return None


def _addresses(graph: Graph, configuration: Item, block: Item, port_name: str) -> Iterator[Address]:
    """What callers dial: the names of its aliases, else its own name in the namespace."""
    discovered = str(block.value("discovery_name") or port_name)
    namespace = graph.lead(configuration.links.get("namespace", ()), _NAMESPACES)
    zone = namespace.value("name") if namespace is not None else None
    for alias in block.inner("client_alias"):
        port = alias.value("port")
        host = alias.value("dns_name") or (f"{discovered}.{zone}" if isinstance(zone, str) else "")
        if host and isinstance(port, int | float):
            yield Address(str(host), int(port))


def _is_balanced(service: Item, task: Item | None, block: Item, port: int | None) -> bool:
    """Whether a load balancer sends to the port on which the proxy listens, too: in the network mode awsvpc, unless it is
    told another.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    """
    balanced = [balancer.value("container_port") for balancer in service.inner("load_balancer")]
    is_shared = task is not None and task.value("network_mode") == "awsvpc"
    return is_shared and block.get("ingress_port_override") is None and port is not None and port in balanced
