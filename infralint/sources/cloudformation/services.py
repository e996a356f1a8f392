"""App Runner, Global Accelerator and Elastic Beanstalk of CloudFormation as those platforms' facts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_AppRunner.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_GlobalAccelerator.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElasticBeanstalk.html
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Node, Setting
from infralint.platforms.app_runner import app_runner_node
from infralint.platforms.elastic_beanstalk import ENVIRONMENT, environment_node, has_balancer
from infralint.platforms.global_accelerator import accelerator_node
from infralint.sources.cloudformation.template import CloudFormationTemplate, TemplateResource

APP_RUNNER = "AWS::AppRunner::Service"
ACCELERATOR = "AWS::GlobalAccelerator::Accelerator"
BEANSTALK = "AWS::ElasticBeanstalk::Environment"
_LISTENER = "AWS::GlobalAccelerator::Listener"
_ENDPOINTS = "AWS::GlobalAccelerator::EndpointGroup"


def service_nodes(template: CloudFormationTemplate) -> Iterator[Node]:
    """What of these stands in a template."""
    for resource in template.of(APP_RUNNER):
        names = (template.address(resource.logical),)
        yield app_runner_node(resource.name, resource.where, names, (), scope=template.shown)
    for resource in template.of(ACCELERATOR):
        if template.text(resource.properties, "Enabled") != "false":
            endpoints = tuple(dict.fromkeys(_endpoints(template, resource)))
            yield accelerator_node(resource.name, resource.where, endpoints, scope=template.shown)
    for resource in template.of(BEANSTALK):
        options = _options(template, resource)
        is_single = (ENVIRONMENT, "EnvironmentType") in options and not has_balancer(options)
        if template.text(resource.properties, "Tier", "Name") != "Worker" and not is_single:
            yield environment_node(resource.name, resource.where, options, scope=template.shown)


def _endpoints(template: CloudFormationTemplate, accelerator: TemplateResource) -> Iterator[str]:
    """What an accelerator's listeners lead to, by address."""
    for listener in template.of_parent(_LISTENER, "AcceleratorArn", accelerator):
        for group in template.of_parent(_ENDPOINTS, "ListenerArn", listener):
            for endpoint in template.items(group.properties, "EndpointConfigurations"):
                yield from (template.address(logical) for logical, _ in template.references(endpoint, "EndpointId"))


def _options(template: CloudFormationTemplate, resource: TemplateResource) -> dict[tuple[str, str], Setting[str]]:
    """The option settings of an environment."""
    found: dict[tuple[str, str], Setting[str]] = {}
    for item in template.items(resource.properties, "OptionSettings"):
        namespace, name = template.text(item, "Namespace"), template.text(item, "OptionName")
        if namespace and name:
            found[namespace, name] = template.setting(item, "Value", "", str)
    return found
