"""One architecture, written in Terraform, in CloudFormation (YAML and JSON) and as a snapshot of an account: the same
findings, whoever read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from conftest import Lint

SSE = "streams: [{path: /api/chat, generation: 2m}]\n"
LONG = "streams: [{path: /api/chat, generation: 10m}]\n"
SOCKET = "streams: [{path: /api/chat, kind: websocket, heartbeat: 20s}]\n"
HOSTED = "streams: [{path: /api/chat, host: chat.example.com}]\n"


@dataclass(frozen=True)
class Group:
    """A target group, and the rule that leads to it (none: the listener's default)."""

    name: str
    type: str = "ip"
    protocol: str = "HTTP"
    version: str = ""
    sticky: bool | None = None
    path: str = ""
    host: str = ""
    weight: int | None = None
    delay: int | None = None


@dataclass(frozen=True)
class Architecture:
    """A load balancer with one listener. answer: what its default action answers instead of forwarding."""

    family: str = "application"
    idle: int | None = None
    tcp_idle: int | None = None
    protocol: str = "HTTPS"
    groups: tuple[Group, ...] = (Group("api"),)
    answer: str = ""
    between: bool = False
    findings: tuple[str, ...] = field(default=())
    streams: str = SSE


# Terraform


def terraform(it: Architecture) -> str:
    """The architecture as a Terraform file."""
    idle = f"  idle_timeout = {it.idle}\n" if it.idle is not None else ""
    tcp = f"  tcp_idle_timeout_seconds = {it.tcp_idle}\n" if it.tcp_idle is not None else ""
    parts = [f'resource "aws_lb" "main" {{\n  load_balancer_type = "{it.family}"\n{idle}}}\n']
    parts += [terraform_group(group) for group in it.groups]
    default = [group for group in it.groups if not group.path and not group.host]
    action = terraform_action("default_action", default, it)
    parts.append(
        f'resource "aws_lb_listener" "main" {{\n  load_balancer_arn = aws_lb.main.arn\n  port = 443\n'
        f'  protocol = "{it.protocol}"\n{tcp}{action}}}\n'
    )
    parts += [terraform_rule(group, position) for position, group in enumerate(it.groups) if group.path or group.host]
    return "".join(parts)


def terraform_group(group: Group) -> str:
    version = f'  protocol_version = "{group.version}"\n' if group.version else ""
    kind = "source_ip" if group.protocol == "TCP" else "lb_cookie"
    sticky = ""
    if group.sticky is not None:
        sticky = f'  stickiness {{\n    type = "{kind}"\n    enabled = {str(group.sticky).lower()}\n  }}\n'
    if group.delay is not None:
        sticky += f"  deregistration_delay = {group.delay}\n"
    spoken = "" if group.type == "lambda" else f'  port = 80\n  protocol = "{group.protocol}"\n'
    return f'resource "aws_lb_target_group" "{group.name}" {{\n  target_type = "{group.type}"\n{spoken}{version}{sticky}}}\n'


def terraform_action(kind: str, groups: list[Group], it: Architecture | None) -> str:
    if it is not None and it.answer:
        inner = {
            "redirect": '    redirect {\n      status_code = "HTTP_301"\n      protocol = "HTTPS"\n    }\n',
            "fixed-response": '    fixed_response {\n      content_type = "text/plain"\n      status_code = "404"\n    }\n',
        }[it.answer]
        return f'  {kind} {{\n    type = "{it.answer}"\n{inner}  }}\n'
    if len(groups) == 1 and groups[0].weight is None:
        return f'  {kind} {{\n    type = "forward"\n    target_group_arn = aws_lb_target_group.{groups[0].name}.arn\n  }}\n'
    shares = "".join(
        f"      target_group {{\n        arn = aws_lb_target_group.{group.name}.arn\n        weight = {group.weight}\n      }}\n"
        for group in groups
    )
    between = (
        "      stickiness {\n        enabled = true\n        duration = 600\n      }\n" if it and it.between else ""
    )
    return f'  {kind} {{\n    type = "forward"\n    forward {{\n{shares}{between}    }}\n  }}\n'


def terraform_rule(group: Group, position: int) -> str:
    asked = (
        f'path_pattern {{ values = ["{group.path}"] }}'
        if group.path
        else f'host_header {{ values = ["{group.host}"] }}'
    )
    return (
        f'resource "aws_lb_listener_rule" "{group.name}" {{\n  listener_arn = aws_lb_listener.main.arn\n'
        f"  priority = {position + 1}\n{terraform_action('action', [group], None)}  condition {{\n    {asked}\n  }}\n}}\n"
    )


# CloudFormation


def template(it: Architecture) -> dict[str, Any]:
    """The architecture as a template."""
    attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": str(it.idle)}] if it.idle is not None else []
    listener = {
        "LoadBalancerArn": {"Ref": "LoadBalancer"},
        "Port": 443,
        "Protocol": it.protocol,
        "DefaultActions": [
            described_action([group for group in it.groups if not group.path and not group.host], it, reference)
        ],
    }
    if it.tcp_idle is not None:
        listener["ListenerAttributes"] = [{"Key": "tcp.idle_timeout.seconds", "Value": str(it.tcp_idle)}]
    resources: dict[str, Any] = {
        "LoadBalancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Type": it.family, "LoadBalancerAttributes": attributes},
        },
        "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": listener},
    }
    for position, group in enumerate(it.groups):
        properties: dict[str, Any] = {"TargetType": group.type, "TargetGroupAttributes": sticky_pairs(group)}
        if group.type != "lambda":
            properties |= {"Port": 80, "Protocol": group.protocol}
        if group.version:
            properties["ProtocolVersion"] = group.version
        resources[group.name.capitalize()] = {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": properties,
        }
        if group.path or group.host:
            resources[f"{group.name.capitalize()}Rule"] = {
                "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Properties": {
                    "ListenerArn": {"Ref": "Listener"},
                    "Priority": position + 1,
                    "Actions": [described_action([group], None, reference)],
                    "Conditions": [described_condition(group)],
                },
            }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def reference(group: Group) -> Any:
    return {"Ref": group.name.capitalize()}


def sticky_pairs(group: Group) -> list[dict[str, str]]:
    kind = "source_ip" if group.protocol == "TCP" else "lb_cookie"
    pairs = {}
    if group.sticky is not None:
        pairs = {"stickiness.enabled": str(group.sticky).lower(), "stickiness.type": kind}
    if group.delay is not None:
        pairs["deregistration_delay.timeout_seconds"] = str(group.delay)
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def described_condition(group: Group) -> dict[str, Any]:
    if group.path:
        return {"Field": "path-pattern", "PathPatternConfig": {"Values": [group.path]}}
    return {"Field": "host-header", "HostHeaderConfig": {"Values": [group.host]}}


def described_action(groups: list[Group], it: Architecture | None, refer: Callable[[Group], Any]) -> dict[str, Any]:
    """An action as AWS's API and CloudFormation describe it."""
    if it is not None and it.answer == "redirect":
        return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS"}}
    if it is not None and it.answer:
        return {"Type": it.answer, "FixedResponseConfig": {"StatusCode": "404"}}
    if len(groups) == 1 and groups[0].weight is None:
        return {"Type": "forward", "TargetGroupArn": refer(groups[0])}
    config: dict[str, Any] = {
        "TargetGroups": [{"TargetGroupArn": refer(group), "Weight": group.weight} for group in groups]
    }
    if it is not None and it.between:
        config["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": 600}
    return {"Type": "forward", "ForwardConfig": config}


def as_yaml(value: Any, indent: int = 0) -> str:
    """JSON as a person writes YAML, with `!Ref` for references."""
    pad = " " * indent
    if isinstance(value, dict) and list(value) == ["Ref"]:
        return f" !Ref {value['Ref']}\n"
    if isinstance(value, dict):
        return "\n" + "".join(f"{pad}{key}:{as_yaml(member, indent + 2)}" for key, member in value.items())
    if isinstance(value, list) and value:
        return "\n" + "".join(f"{pad}-{as_yaml(item, indent + 2)}" for item in value)
    return f" {json.dumps(value)}\n"


# A snapshot

PREFIX = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
BALANCER = f"{PREFIX}:loadbalancer/app/main/50dc6c495c0c9188"
LISTENER = f"{PREFIX}:listener/app/main/50dc6c495c0c9188/f2f7dc8efc522ab2"


def arn(group: Group) -> str:
    return f"{PREFIX}:targetgroup/{group.name}/73e2d6bc24d8a067"


def snapshot(it: Architecture) -> str:
    """The architecture as `infralint audit aws --save` keeps it."""
    default = described_action([group for group in it.groups if not group.path and not group.host], it, arn)
    rules: list[dict[str, Any]] = [
        {
            "RuleArn": f"{LISTENER}/{group.name}",
            "Priority": str(position + 1),
            "Conditions": [described_condition(group)],
            "Actions": [described_action([group], None, arn)],
        }
        for position, group in enumerate(it.groups)
        if group.path or group.host
    ]
    rules.append({"RuleArn": f"{LISTENER}/default", "Priority": "default", "Conditions": [], "Actions": [default]})
    attributes = {"idle_timeout.timeout_seconds": str(60 if it.idle is None else it.idle)}
    groups = []
    for group in it.groups:
        described = {"TargetGroupArn": arn(group), "TargetGroupName": group.name, "TargetType": group.type}
        if group.type != "lambda":
            described["Protocol"] = group.protocol
        if group.version:
            described["ProtocolVersion"] = group.version
        groups.append({**described, "LoadBalancerArns": [BALANCER]})
    region = {
        "account": "123456789012",
        "name": "eu-west-1",
        "load_balancers": [
            {"LoadBalancerArn": BALANCER, "LoadBalancerName": "main", "Type": it.family, "Scheme": "internet-facing"}
        ],
        "listeners": {
            BALANCER: [{"ListenerArn": LISTENER, "Protocol": it.protocol, "Port": 443, "DefaultActions": [default]}]
        },
        "rules": {LISTENER: rules},
        "target_groups": groups,
        "load_balancer_attributes": {BALANCER: attributes if it.family == "application" else {}},
        "listener_attributes": {LISTENER: {"tcp.idle_timeout.seconds": str(it.tcp_idle or 350)}},
        "target_group_attributes": {
            arn(group): {pair["Key"]: pair["Value"] for pair in sticky_pairs(group)} for group in it.groups
        },
    }
    return json.dumps({"regions": [region]}, indent=2)


# The same findings

IDLE = "error short-idle-timeout"
STICKY = "note missing-sticky-sessions"

ARCHITECTURES = {
    "the default of 60 s": Architecture(findings=(IDLE,)),
    "five minutes": Architecture(idle=300),
    "a socket without stickiness": Architecture(streams=SOCKET, findings=(STICKY,)),
    "a socket with stickiness switched off": Architecture(
        groups=(Group("api", sticky=False),), streams=SOCKET, findings=(STICKY,)
    ),
    "a socket with stickiness": Architecture(groups=(Group("api", sticky=True),), streams=SOCKET),
    "a function behind it": Architecture(
        idle=300, groups=(Group("api", type="lambda"),), findings=("error lambda-target",)
    ),
    "a group of gRPC": Architecture(
        groups=(Group("api", version="GRPC", sticky=True),), streams=SOCKET, findings=("error missing-upgrade-headers",)
    ),
    "a network load balancer": Architecture(
        family="network", protocol="TCP", groups=(Group("api", protocol="TCP"),), streams=LONG, findings=(IDLE,)
    ),
    "a network load balancer that waits": Architecture(
        family="network", protocol="TCP", tcp_idle=900, groups=(Group("api", protocol="TCP"),), streams=LONG
    ),
    "a network load balancer with TLS": Architecture(
        family="network", protocol="TLS", groups=(Group("api", protocol="TCP"),), streams=LONG, findings=(IDLE,)
    ),
    "a socket kept by its address": Architecture(
        family="network", protocol="TCP", groups=(Group("api", protocol="TCP", sticky=True),), streams=SOCKET
    ),
    "a target that leaves at once": Architecture(
        idle=300, groups=(Group("api", delay=5),), findings=("warning stream-cut-on-deploy",)
    ),
    "a target that may finish": Architecture(idle=300, groups=(Group("api", delay=120),)),
    "the default, which is no mistake": Architecture(idle=900, groups=(Group("api", delay=300),), streams=LONG),
    "a rule for the path": Architecture(
        idle=300,
        groups=(Group("api", type="lambda"), Group("chat", path="/api/*")),
    ),
    "a rule for another path": Architecture(
        idle=300,
        groups=(Group("api"), Group("other", type="lambda", path="/other/*")),
    ),
    "a rule that leads to a function": Architecture(
        idle=300,
        groups=(Group("api"), Group("chat", type="lambda", path="/api/*")),
        findings=("error lambda-target",),
    ),
    "a rule for the host": Architecture(
        idle=300,
        groups=(Group("api"), Group("chat", type="lambda", host="chat.example.com")),
        streams=HOSTED,
        findings=("error lambda-target",),
    ),
    "nothing but a rule": Architecture(
        answer="fixed-response", groups=(Group("chat", path="/api/*"),), findings=(IDLE,)
    ),
    "a listener that only redirects": Architecture(answer="redirect", groups=()),
    "a group that gets nothing": Architecture(
        idle=300, groups=(Group("api", weight=1), Group("old", type="lambda", weight=0))
    ),
    "two groups, and nothing between them": Architecture(
        groups=(Group("api", sticky=True, weight=1), Group("new", sticky=True, weight=1)),
        streams=SOCKET,
        findings=("warning ineffective-stickiness", "warning ineffective-stickiness"),
    ),
    "two groups, and stickiness between them": Architecture(
        groups=(Group("api", sticky=True, weight=1), Group("new", sticky=True, weight=1)), between=True, streams=SOCKET
    ),
}


def said(lint: Lint, files: dict[str, str | bytes]) -> list[str]:
    """How loud each check is, without what none can know in one of the forms."""
    report = lint(files)
    assert not report["unreadable"]
    return sorted(f"{finding['severity']} {finding['check']}" for finding in report["findings"])


@pytest.mark.parametrize("it", ARCHITECTURES.values(), ids=ARCHITECTURES)
@pytest.mark.parametrize("form", ["main.tf", "template.yaml", "template.json", "aws.json"])
def test_the_same_findings_in_every_form(form: str, it: Architecture, lint: Lint) -> None:
    write = {
        "main.tf": lambda: terraform(it),
        "template.yaml": lambda: as_yaml(template(it)),
        "template.json": lambda: json.dumps(template(it), indent=1),
        "aws.json": lambda: snapshot(it),
    }[form]
    assert said(lint, {form: write(), "infralint.yaml": it.streams}) == sorted(it.findings)


# What stands before and behind load balancers

TF_CDN = """
resource "aws_cloudfront_distribution" "cdn" {
  origin {
    origin_id   = "api"
    domain_name = "api.example.com"
    custom_origin_config {
      origin_protocol_policy = "https-only"
      READ
    }
  }
  default_cache_behavior {
    target_origin_id = "api"
    allowed_methods  = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    POLICY
  }
}
"""
CFN_CDN = """
Resources:
  Cdn:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins:
          - Id: api
            DomainName: api.example.com
            CustomOriginConfig:
              OriginProtocolPolicy: https-only
              READ
        DefaultCacheBehavior:
          TargetOriginId: api
          AllowedMethods: [DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT]
          POLICY
"""
ALL = "216adef6-5c7f-47e4-b989-5492eafa07d3"
TF_REST = """
resource "aws_api_gateway_rest_api" "api" {
  name = "api"
  endpoint_configuration { types = ["ENDPOINT"] }
}
resource "aws_api_gateway_resource" "all" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_rest_api.api.root_resource_id
  path_part   = "{proxy+}"
}
resource "aws_api_gateway_integration" "all" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  resource_id = aws_api_gateway_resource.all.id
  http_method = "ANY"
  type        = "HTTP_PROXY"
  uri         = "https://model.example.com/{proxy}"
  MODE
  TIMEOUT
}
"""
CFN_REST = """
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: api
      EndpointConfiguration: {Types: [ENDPOINT]}
  All:
    Type: AWS::ApiGateway::Resource
    Properties:
      RestApiId: !Ref Api
      ParentId: !GetAtt Api.RootResourceId
      PathPart: "{proxy+}"
  Any:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref All
      HttpMethod: ANY
      Integration:
        Type: HTTP_PROXY
        Uri: https://model.example.com/{proxy}
        MODE
        TIMEOUT
"""
TF_SECOND = """
resource "aws_apigatewayv2_api" "api" {
  name          = "api"
  protocol_type = "KIND"
}
resource "aws_apigatewayv2_integration" "chat" {
  api_id           = aws_apigatewayv2_api.api.id
  integration_type = "HTTP_PROXY"
  integration_uri  = "https://model.example.com/"
}
resource "aws_apigatewayv2_route" "chat" {
  api_id    = aws_apigatewayv2_api.api.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.chat.id}"
}
"""
CFN_SECOND = """
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: api, ProtocolType: KIND}
  Chat:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: HTTP_PROXY
      IntegrationUri: https://model.example.com/
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: $default
      Target: !Sub integrations/${Chat}
"""
TF_MESSAGES = (
    TF_SECOND.replace("KIND", "WEBSOCKET").replace(
        '"https://model.example.com/"', "aws_lambda_function.chat.invoke_arn"
    )
    + 'resource "aws_lambda_function" "chat" {\n  function_name = "chat"\n}\n'
)
CFN_MESSAGES = (
    CFN_SECOND.replace("KIND", "WEBSOCKET").replace(
        "https://model.example.com/",
        "!Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations",
    )
    + "  Function:\n    Type: AWS::Lambda::Function\n    Properties: {FunctionName: chat}\n"
)
SAM_MESSAGES = CFN_MESSAGES.replace("AWS::Lambda::Function", "AWS::Serverless::Function")
TF_URL = """
resource "aws_lambda_function" "chat" {
  function_name = "chat"
  TIMEOUT
}
resource "aws_lambda_function_url" "chat" {
  function_name      = aws_lambda_function.chat.function_name
  authorization_type = "NONE"
  MODE
}
"""
CFN_URL = """
Resources:
  Chat:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: chat
      TIMEOUT
  Url:
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: !GetAtt Chat.Arn
      AuthType: NONE
      MODE
"""
SAM_URL = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Chat:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: chat
      TIMEOUT
      FunctionUrlConfig:
        AuthType: NONE
        MODE
"""

Words = dict[str, tuple[str, str]]
BUFFERED = ("error buffered-stream", "error capped-stream")
EDGES: dict[str, tuple[tuple[str, ...], Words, str, tuple[str, ...]]] = {
    "CloudFront": ((TF_CDN, CFN_CDN), {}, SSE, ("error short-idle-timeout",)),
    "CloudFront that waits": (
        (TF_CDN, CFN_CDN),
        {"READ": ("origin_read_timeout = 120", "OriginReadTimeout: 120")},
        SSE,
        (),
    ),
    "CloudFront without a policy": ((TF_CDN, CFN_CDN), {}, SOCKET, ("error missing-upgrade-headers",)),
    "CloudFront with a policy": (
        (TF_CDN, CFN_CDN),
        {"POLICY": (f'origin_request_policy_id = "{ALL}"', f"OriginRequestPolicyId: {ALL}")},
        SOCKET,
        (),
    ),
    "a REST API": ((TF_REST, CFN_REST), {"ENDPOINT": ("REGIONAL", "REGIONAL")}, SSE, BUFFERED),
    "a REST API that streams": (
        (TF_REST, CFN_REST),
        {
            "ENDPOINT": ("REGIONAL", "REGIONAL"),
            "MODE": ('response_transfer_mode = "STREAM"', "ResponseTransferMode: STREAM"),
            "TIMEOUT": ("timeout_milliseconds = 300000", "TimeoutInMillis: 300000"),
        },
        SSE,
        (),
    ),
    "an edge-optimized one": (
        (TF_REST, CFN_REST),
        {
            "ENDPOINT": ("EDGE", "EDGE"),
            "MODE": ('response_transfer_mode = "STREAM"', "ResponseTransferMode: STREAM"),
            "TIMEOUT": ("timeout_milliseconds = 300000", "TimeoutInMillis: 300000"),
        },
        SSE,
        ("error short-idle-timeout",),
    ),
    "an HTTP API": ((TF_SECOND, CFN_SECOND), {"KIND": ("HTTP", "HTTP")}, SSE, BUFFERED),
    "a WebSocket API": ((TF_SECOND, CFN_SECOND), {"KIND": ("WEBSOCKET", "WEBSOCKET")}, SOCKET, ()),
    "a WebSocket API before functions": ((TF_MESSAGES, CFN_MESSAGES, SAM_MESSAGES), {}, "{}\n", ()),
    "a function's URL": (
        (TF_URL, CFN_URL, SAM_URL),
        {"TIMEOUT": ("timeout = 300", "Timeout: 300")},
        SSE,
        ("error buffered-stream",),
    ),
    "a URL that streams for 3 s": (
        (TF_URL, CFN_URL, SAM_URL),
        {"MODE": ('invoke_mode = "RESPONSE_STREAM"', "InvokeMode: RESPONSE_STREAM")},
        SSE,
        ("error capped-stream",),
    ),
    "a URL that streams": (
        (TF_URL, CFN_URL, SAM_URL),
        {
            "MODE": ('invoke_mode = "RESPONSE_STREAM"', "InvokeMode: RESPONSE_STREAM"),
            "TIMEOUT": ("timeout = 300", "Timeout: 300"),
        },
        "{}\n",
        (),
    ),
}


ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:chat"
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
URL_HOST = "abc.lambda-url.eu-west-1.on.aws"


def cdn(domain: str = "api.example.com", seconds: int = 30, **default: Any) -> dict[str, Any]:
    """A region with a distribution of one origin."""
    custom = {"OriginReadTimeout": seconds, "OriginProtocolPolicy": "https-only", "HTTPSPort": 443}
    item = {
        "ARN": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1",
        "Id": "E1",
        "DefaultCacheBehavior": {"TargetOriginId": "api", "AllowedMethods": {"Items": METHODS}} | default,
        "CacheBehaviors": {"Items": default.pop("behaviors", [])},
        "Origins": {"Items": [{"Id": "api", "DomainName": domain, "CustomOriginConfig": custom}]},
    }
    item["DefaultCacheBehavior"].pop("behaviors", None)
    return {"distributions": [item]}


def rest(kind: str, uri: str = "https://model.example.com/{proxy}", **integration: Any) -> dict[str, Any]:
    """A region with a REST API that takes every path."""
    method = {"methodIntegration": {"type": "HTTP_PROXY", "uri": uri, "timeoutInMillis": 29000} | integration}
    resource = {"id": "a1", "path": "/{proxy+}", "resourceMethods": {"ANY": method}}
    api = {"id": "rest1", "name": "api", "endpointConfiguration": {"types": [kind]}}
    return {"rest_apis": [api], "rest_resources": {"rest1": [resource]}, "api_stages": {"rest1": []}}


def second(kind: str, uri: str = "https://model.example.com/", **integration: Any) -> dict[str, Any]:
    """A region with an HTTP or a WebSocket API."""
    item = {"IntegrationId": "i1", "IntegrationType": "HTTP_PROXY", "IntegrationUri": uri} | integration
    return {
        "http_apis": [{"ApiId": "http1", "Name": "api", "ProtocolType": kind}],
        "api_routes": {"http1": [{"RouteKey": "$default", "Target": "integrations/i1"}]},
        "api_integrations": {"http1": [item]},
        "api_stages": {"http1": ["$default"]},
    }


def function(seconds: int, mode: str = "") -> dict[str, Any]:
    """A region with a function, and with its URL where that has a mode."""
    url = {"FunctionUrl": f"https://{URL_HOST}/", "FunctionArn": FUNCTION, "InvokeMode": mode}
    functions = [{"FunctionArn": FUNCTION, "FunctionName": "chat", "Timeout": seconds}]
    return {"functions": functions, "function_urls": {FUNCTION: [url]} if mode else {}}


STREAMED = {"timeoutInMillis": 300000, "responseTransferMode": "STREAM"}
SNAPSHOTS: dict[str, dict[str, Any]] = {
    "CloudFront": cdn(),
    "CloudFront that waits": cdn(seconds=120),
    "CloudFront without a policy": cdn(),
    "CloudFront with a policy": cdn(OriginRequestPolicyId=ALL),
    "a REST API": rest("REGIONAL"),
    "a REST API that streams": rest("REGIONAL", **STREAMED),
    "an edge-optimized one": rest("EDGE", **STREAMED),
    "an HTTP API": second("HTTP"),
    "a WebSocket API": second("WEBSOCKET"),
    "a WebSocket API before functions": second("WEBSOCKET", FUNCTION) | function(3),
    "a function's URL": function(300, "BUFFERED"),
    "a URL that streams for 3 s": function(3, "RESPONSE_STREAM"),
    "a URL that streams": function(300, "RESPONSE_STREAM"),
    "CloudFront before a URL": cdn(URL_HOST) | function(300, "RESPONSE_STREAM"),
    "CloudFront before a URL that buffers": cdn(URL_HOST, 120) | function(300, "BUFFERED"),
    "a REST API before a function": rest("REGIONAL", FUNCTION, **STREAMED) | function(60),
    "a REST API before a function that lasts": rest("REGIONAL", FUNCTION, **STREAMED) | function(300),
    "an HTTP API before a function": second("HTTP", FUNCTION) | function(300),
    "a behavior for another path": cdn(
        behaviors=[{"TargetOriginId": "api", "PathPattern": "/ws/*", "OriginRequestPolicyId": ALL}]
    ),
    "a behavior for the path": cdn(
        behaviors=[{"TargetOriginId": "api", "PathPattern": "/api/*", "OriginRequestPolicyId": ALL}]
    ),
    "a policy of the account": cdn(OriginRequestPolicyId="p1")
    | {"origin_request_policies": {"p1": {"HeaderBehavior": "none"}}},
    "headers in a cache's key": cdn(CachePolicyId="c1")
    | {
        "cache_policies": {
            "c1": {
                "HeaderBehavior": "whitelist",
                "Headers": {"Items": ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]},
            }
        }
    },
    "a cache policy of AWS": cdn(CachePolicyId="4135ea2d-6df8-44a3-9df3-4b5a84be39ad"),
    "headers that a behavior names": cdn(
        ForwardedValues={"Headers": {"Items": ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]}}
    ),
}


def with_origin(text: str, origin: str, other: str) -> str:
    """A distribution that leads to a function's URL of the same file."""
    return text.replace('"api.example.com"', origin).replace("DomainName: api.example.com", f"DomainName: {other}")


TF_URL_ORIGIN = 'replace(replace(aws_lambda_function_url.chat.function_url, "https://", ""), "/", "")'
CFN_URL_ORIGIN = "!Select [2, !Split ['/', !GetAtt Url.FunctionUrl]]"
TF_CHAIN = with_origin(TF_CDN, TF_URL_ORIGIN, "") + TF_URL
CFN_CHAIN = with_origin(CFN_CDN, "", CFN_URL_ORIGIN) + CFN_URL.replace("\nResources:\n", "")
TF_CALL = TF_REST.replace('"https://model.example.com/{proxy}"', "aws_lambda_function.chat.invoke_arn")
TF_CALL += 'resource "aws_lambda_function" "chat" {\n  function_name = "chat"\n  LIMIT\n}\n'
CFN_FUNCTION = "  Chat:\n    Type: AWS::Lambda::Function\n    Properties:\n      FunctionName: chat\n      LIMIT\n"
CFN_CALL = CFN_REST.replace("https://model.example.com/{proxy}", "!GetAtt Chat.Arn") + CFN_FUNCTION
TF_ROUTE = TF_SECOND.replace('"https://model.example.com/"', "aws_lambda_function.chat.invoke_arn")
TF_ROUTE += 'resource "aws_lambda_function" "chat" {\n  function_name = "chat"\n  LIMIT\n}\n'
CFN_ROUTE = CFN_SECOND.replace("https://model.example.com/", "!GetAtt Function.Arn") + CFN_FUNCTION.replace(
    "  Chat:", "  Function:"
)
TF_BEHAVIOR = TF_CDN.replace(
    "  default_cache_behavior {",
    """  ordered_cache_behavior {
    path_pattern             = "PATTERN"
    target_origin_id         = "api"
    allowed_methods          = ["GET", "HEAD"]
    origin_request_policy_id = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  }
  default_cache_behavior {""",
)
CFN_BEHAVIOR = CFN_CDN.replace(
    "        DefaultCacheBehavior:",
    """        CacheBehaviors:
          - PathPattern: PATTERN
            TargetOriginId: api
            AllowedMethods: [GET, HEAD]
            OriginRequestPolicyId: 216adef6-5c7f-47e4-b989-5492eafa07d3
        DefaultCacheBehavior:""",
)
TF_POLICY = TF_CDN.replace("POLICY", "origin_request_policy_id = aws_cloudfront_origin_request_policy.none.id")
TF_POLICY += """
resource "aws_cloudfront_origin_request_policy" "none" {
  headers_config { header_behavior = "none" }
}
"""
CFN_POLICY = CFN_CDN.replace("POLICY", "OriginRequestPolicyId: !Ref Nothing")
CFN_POLICY += """  Nothing:
    Type: AWS::CloudFront::OriginRequestPolicy
    Properties:
      OriginRequestPolicyConfig:
        HeadersConfig: {HeaderBehavior: none}
"""
TF_LEGACY = TF_CDN.replace(
    "POLICY", 'forwarded_values {\n      headers = ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]\n    }'
)
CFN_LEGACY = CFN_CDN.replace("POLICY", "ForwardedValues: {Headers: [Sec-WebSocket-Key, Sec-WebSocket-Version]}")
TF_KEY = TF_CDN.replace("POLICY", "cache_policy_id = aws_cloudfront_cache_policy.chat.id")
TF_KEY += """
resource "aws_cloudfront_cache_policy" "chat" {
  parameters_in_cache_key_and_forwarded_to_origin {
    headers_config {
      header_behavior = "whitelist"
      headers { items = ["Sec-WebSocket-Key", "Sec-WebSocket-Version"] }
    }
  }
}
"""
CFN_KEY = CFN_CDN.replace("POLICY", "CachePolicyId: !Ref Chat")
CFN_KEY += """  Chat:
    Type: AWS::CloudFront::CachePolicy
    Properties:
      CachePolicyConfig:
        ParametersInCacheKeyAndForwardedToOrigin:
          HeadersConfig: {HeaderBehavior: whitelist, Headers: [Sec-WebSocket-Key, Sec-WebSocket-Version]}
"""
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
TF_LONG, CFN_LONG = 'response_transfer_mode = "STREAM"', "ResponseTransferMode: STREAM"
STREAM_WORDS: Words = {
    "ENDPOINT": ("REGIONAL", "REGIONAL"),
    "MODE": (TF_LONG, CFN_LONG),
    "TIMEOUT": ("timeout_milliseconds = 300000", "TimeoutInMillis: 300000"),
}
URL_WORDS: Words = {
    "MODE": ('invoke_mode = "RESPONSE_STREAM"', "InvokeMode: RESPONSE_STREAM"),
    "TIMEOUT": ("timeout = 300", "Timeout: 300"),
}
HANDSHAKE = ("error missing-upgrade-headers",)
EDGES |= {
    "CloudFront before a URL": ((TF_CHAIN, CFN_CHAIN), URL_WORDS, SSE, ("error short-idle-timeout",)),
    "CloudFront before a URL that buffers": (
        (TF_CHAIN, CFN_CHAIN),
        {
            "TIMEOUT": ("timeout = 300", "Timeout: 300"),
            "READ": ("origin_read_timeout = 120", "OriginReadTimeout: 120"),
        },
        SSE,
        ("error buffered-stream",),
    ),
    "a REST API before a function": (
        (TF_CALL, CFN_CALL),
        STREAM_WORDS | {"LIMIT": ("timeout = 60", "Timeout: 60")},
        SSE,
        ("error capped-stream",),
    ),
    "a REST API before a function that lasts": (
        (TF_CALL, CFN_CALL),
        STREAM_WORDS | {"LIMIT": ("timeout = 300", "Timeout: 300")},
        SSE,
        (),
    ),
    "an HTTP API before a function": (
        (TF_ROUTE, CFN_ROUTE),
        {"KIND": ("HTTP", "HTTP"), "LIMIT": ("timeout = 300", "Timeout: 300")},
        SSE,
        BUFFERED,
    ),
    "a behavior for another path": (
        (TF_BEHAVIOR, CFN_BEHAVIOR),
        {"PATTERN": ("/ws/*", "/ws/*")},
        SOCKET,
        HANDSHAKE,
    ),
    "a behavior for the path": ((TF_BEHAVIOR, CFN_BEHAVIOR), {"PATTERN": ("/api/*", "/api/*")}, SOCKET, ()),
    "a policy of the account": ((TF_POLICY, CFN_POLICY), {}, SOCKET, HANDSHAKE),
    "headers in a cache's key": ((TF_KEY, CFN_KEY), {}, SOCKET, ()),
    "a cache policy of AWS": (
        (TF_CDN, CFN_CDN),
        {"POLICY": (f'cache_policy_id = "{CACHING_DISABLED}"', f"CachePolicyId: {CACHING_DISABLED}")},
        SOCKET,
        HANDSHAKE,
    ),
    "headers that a behavior names": ((TF_LEGACY, CFN_LEGACY), {}, SOCKET, ()),
}
WORDS = ("READ", "POLICY", "PATTERN", "MODE", "TIMEOUT", "LIMIT", "ENDPOINT", "KIND")


@pytest.mark.parametrize("name", EDGES)
def test_the_same_findings_before_load_balancers(name: str, lint: Lint) -> None:
    forms, words, streams, findings = EDGES[name]
    for text in forms:
        is_terraform = text.lstrip().startswith("resource")
        for word in WORDS:
            filled = words.get(word, ("", ""))
            text = text.replace(word, filled[0 if is_terraform else 1])
        name_of_file = "main.tf" if is_terraform else "template.yaml"
        other = "template.yaml" if is_terraform else "main.tf"
        files = {name_of_file: text, other: "", "aws.json": "{}", "infralint.yaml": streams}
        assert said(lint, files) == sorted(findings), text


@pytest.mark.parametrize("name", EDGES)
def test_an_account_gives_the_same_findings(name: str, lint: Lint) -> None:
    _, _, streams, findings = EDGES[name]
    region = {"account": ACCOUNT, "name": "eu-west-1", "load_balancers": []} | SNAPSHOTS[name]
    assert said(lint, {"aws.json": json.dumps({"regions": [region]}), "infralint.yaml": streams}) == sorted(findings)
