"""ECS services that others reach through Service Connect, of CloudFormation, as that platform's facts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-serviceconnectservice.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.model import Address, Node, Setting
from infralint.platforms.service_connect import ConnectedPort, TimeoutWords, connected_node, port_mapping
from infralint.sources.cloudformation.template import CloudFormationTemplate, TemplateResource
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlValue

_TASKS = frozenset({"AWS::ECS::TaskDefinition"})
_NAMESPACES = frozenset({"AWS::ServiceDiscovery::HttpNamespace", "AWS::ServiceDiscovery::PrivateDnsNamespace"})
_YAML = TimeoutWords(request="PerRequestTimeoutSeconds: ", idle="IdleTimeoutSeconds: ", block="Timeout:\n  {line}")
_JSON = TimeoutWords(
    request='"PerRequestTimeoutSeconds": ', idle='"IdleTimeoutSeconds": ', block='"Timeout": {{{line}}}'
)


def connected_nodes(template: CloudFormationTemplate) -> Iterator[Node]:
    """The ports of a template's services that Service Connect leads to."""
    for service in template.of("AWS::ECS::Service"):
        configuration = template.mapping(service.properties, "ServiceConnectConfiguration")
        if configuration is not None and template.text(configuration, "Enabled") != "false":
            for block in template.items(configuration, "Services"):
                yield connected_node(_port(template, service, configuration, block), scope=template.shown)


def _port(
    template: CloudFormationTemplate, service: TemplateResource, configuration: YamlValue, block: YamlValue
) -> ConnectedPort:
    task = template.lead(template.references(service.properties, "TaskDefinition"), _TASKS)
    where = template.place_of(block, "PortName")
    name = template.text(block, "PortName") or ""
    mapping = port_mapping(_definitions(template, task), name, where)
    called = template.text(service.properties, "ServiceName")
    return ConnectedPort(
        name=service.name,
        where=where,
        protocol=mapping.protocol,
        request=_timeout(template, block, "PerRequestTimeoutSeconds"),
        idle=_timeout(template, block, "IdleTimeoutSeconds"),
        addresses=tuple(_addresses(template, configuration, block, name)),
        words=_JSON if template.is_json else _YAML,
        balanced=template.address(service.logical)
        if _is_balanced(template, service, task, block, mapping.port)
        else "",
        count=template.setting(service.properties, "DesiredCount", 0, int, service.where),
        aliases=(called,) if called else (),
    )


def _definitions(template: CloudFormationTemplate, task: TemplateResource | None) -> list[dict[str, Any]]:
    """The container definitions of a task, as far as their ports go."""
    containers = template.items(task.properties, "ContainerDefinitions") if task is not None else []
    return [
        {"portMappings": [_mapping(template, port) for port in template.items(container, "PortMappings")]}
        for container in containers
    ]


def _mapping(template: CloudFormationTemplate, port: YamlValue) -> dict[str, Any]:
    return {
        "name": template.text(port, "Name"),
        "containerPort": template.text(port, "ContainerPort"),
        "appProtocol": template.setting(port, "AppProtocol", "", str.lower),
    }


def _timeout(template: CloudFormationTemplate, block: YamlValue, key: str) -> Setting[float] | None:
    """A timeout that is set, in seconds."""
    timeout = template.mapping(block, "Timeout")
    return (
        template.setting(timeout, key, None, float)
        if timeout is not None and template.dig(timeout, key) is not None
        else None
    )


def _addresses(
    template: CloudFormationTemplate, configuration: YamlValue, block: YamlValue, port_name: str
) -> Iterator[Address]:
    """What callers dial: the names of its aliases, else its own name in the namespace."""
    namespace = template.lead(template.references(configuration, "Namespace"), _NAMESPACES)
    zone = (
        template.text(namespace.properties, "Name")
        if namespace is not None
        else template.text(configuration, "Namespace")
    )
    discovered = template.text(block, "DiscoveryName") or port_name
    for alias in template.items(block, "ClientAliases"):
        host = template.text(alias, "DnsName") or (f"{discovered}.{zone}" if zone else "")
        port = template.text(alias, "Port") or ""
        if host and port.isdecimal():
            yield Address(host, whole_number(port))


def _is_balanced(
    template: CloudFormationTemplate,
    service: TemplateResource,
    task: TemplateResource | None,
    block: YamlValue,
    port: int | None,
) -> bool:
    """Whether a load balancer sends to the port on which the proxy listens, too: in the network mode awsvpc, unless it is
    told another.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    """
    if task is None or port is None or template.dig(block, "IngressPortOverride") is not None:
        return False
    balancers = template.items(service.properties, "LoadBalancers")
    balanced = {template.text(balancer, "ContainerPort") for balancer in balancers}
    return template.text(task.properties, "NetworkMode") == "awsvpc" and str(port) in balanced
