"""AWS SAM: what its short forms stand for in CloudFormation.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from infralint.model import Location
from infralint.sources.cloudformation.template import CloudFormationTemplate, TemplateResource
from infralint.text.suggestions import mistyped_for
from infralint.text.yaml_places import YamlValue

_IMPLICIT = {"Api": "ServerlessRestApi", "HttpApi": "ServerlessHttpApi"}
"""Type of event -> the API that SAM makes where none is named."""
_EVENTS = tuple(
    "AlexaSkill Api CloudWatchEvent CloudWatchLogs Cognito DocumentDB DynamoDB EventBridgeRule HttpApi IoTRule Kinesis MQ MSK"
    " S3 SNS SQS Schedule ScheduleV2 SelfManagedKafka".split()
)
"""https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html"""
_API_KEYS = {"Api": "RestApiId", "HttpApi": "ApiId"}
_MADE = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
}
_GLOBALS = {
    "AWS::Serverless::Api": "Api",
    "AWS::Serverless::HttpApi": "HttpApi",
    "AWS::Serverless::Function": "Function",
}


class ApiEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a function that an API hands requests to. api: the API's logical id; path: "" for any."""

    api: str
    function: str
    path: str
    method: str
    properties: YamlValue
    where: Location


def expand(template: CloudFormationTemplate) -> dict[str, TemplateResource]:
    """The resources that SAM makes, by logical id; they take the place of those they are made of."""
    found: dict[str, TemplateResource] = {}
    for resource in template.of(*_MADE):
        properties = _with_globals(template, resource)
        made = replace(resource, type=_MADE[resource.type], properties=properties)
        if resource.type == "AWS::Serverless::Api":
            made = replace(made, properties=_with_endpoint(template, properties))
        found[resource.logical] = made
        if resource.type == "AWS::Serverless::Function":
            found |= _url(template, made)
    for event in _events(template):
        if event.api in _IMPLICIT.values() and event.api not in found:
            type_ = _MADE["AWS::Serverless::Api" if event.api == "ServerlessRestApi" else "AWS::Serverless::HttpApi"]
            found[event.api] = TemplateResource(
                logical=event.api,
                type=type_,
                name=event.api,
                where=event.where,
                properties=YamlValue(event.properties.span, members={}),
            )
    return found


def _with_globals(template: CloudFormationTemplate, resource: TemplateResource) -> YamlValue:
    """The properties of a resource, with those that all of its kind share.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """
    shared = template.mapping(template.root, "Globals", _GLOBALS[resource.type])
    if shared is None:
        return resource.properties
    direct = resource.properties
    return YamlValue(
        direct.span,
        members={**(shared.members or {}), **(direct.members or {})},
        keys={**shared.keys, **direct.keys},
    )


def _with_endpoint(template: CloudFormationTemplate, properties: YamlValue) -> YamlValue:
    """`EndpointConfiguration: {Type: REGIONAL}`, formerly `EndpointConfiguration: REGIONAL`, is a list of types in
    CloudFormation."""
    given = template.dig(properties, "EndpointConfiguration")
    if isinstance(given, YamlValue) and given.text is not None:
        given = YamlValue(given.span, members={"Type": given}, keys={"Type": given.span})
    configured = template.mapping(given)
    kind = (configured.members or {}).get("Type") if configured is not None else None
    if configured is None or kind is None:
        return properties
    types = YamlValue(
        configured.span,
        members={"Types": YamlValue(kind.span, items=[kind])},
        keys={"Types": configured.keys["Type"]},
    )
    return YamlValue(
        properties.span, members={**(properties.members or {}), "EndpointConfiguration": types}, keys=properties.keys
    )


def _url(template: CloudFormationTemplate, function: TemplateResource) -> dict[str, TemplateResource]:
    """`FunctionUrlConfig` makes a resource of the function's name and `Url`."""
    config = template.mapping(function.properties, "FunctionUrlConfig")
    if config is None:
        return {}
    target = YamlValue(config.span, text=function.logical, tag="!Ref")
    properties = YamlValue(
        config.span,
        members={**(config.members or {}), "TargetFunctionArn": target},
        keys={**config.keys, "TargetFunctionArn": config.span},
    )
    logical = f"{function.logical}Url"
    where = template.place_of(function.properties, "FunctionUrlConfig")
    url = TemplateResource(logical=logical, type="AWS::Lambda::Url", name=logical, where=where, properties=properties)
    return {logical: url}


def events(template: CloudFormationTemplate, api: str) -> list[ApiEvent]:
    """The events that an API hands to functions."""
    return [event for event in _events(template) if event.api == api]


def _events(template: CloudFormationTemplate) -> Iterator[ApiEvent]:
    for function in template.of("AWS::Lambda::Function", "AWS::Serverless::Function"):
        listed = template.mapping(function.properties, "Events")
        for name, event in (listed.members or {} if listed is not None else {}).items():
            kind = template.text(event, "Type")
            if kind not in _IMPLICIT or listed is None:
                if right := mistyped_for(kind or "", _EVENTS):
                    template.refuse(f"SAM has no event of the type {kind}; did you mean {right}?", event)
                continue
            properties = template.mapping(event, "Properties") or YamlValue(event.span, members={})
            referred = template.references(properties, _API_KEYS[kind])
            path = template.text(properties, "Path") or ""
            yield ApiEvent(
                api=referred[0][0] if referred else _IMPLICIT[kind],
                function=function.logical,
                path="" if path.startswith("$") else path,
                method=(template.text(properties, "Method") or "ANY").upper(),
                properties=properties,
                where=template.place_of(listed, name),
            )
