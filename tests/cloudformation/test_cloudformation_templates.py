"""What a template's functions, parameters, conditions and short forms come to, and what is said of broken ones."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, problems

from infralint.sources.cloudformation.template import CloudFormationTemplate, Missing
from infralint.text.yaml_places import YamlValue

STREAM = "streams: [{path: /api/chat}]\n"


def balanced(idle: str, head: str = "", more: str = "") -> str:
    """A template with one load balancer, whose idle timeout is worked out."""
    return f"""
AWSTemplateFormatVersion: "2010-09-09"
{head}
Resources:
  LoadBalancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      LoadBalancerAttributes:
        - Key: idle_timeout.timeout_seconds
          Value: {idle}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref LoadBalancer
      Port: 443
      Protocol: HTTPS
      DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {{Port: 80, Protocol: HTTP}}
{more}
"""


PARAMETER = "Parameters:\n  Idle: {Type: Number, Default: VALUE}\n"
ENVIRONMENT = """
Parameters:
  Stage: {Type: String, Default: prod}
Mappings:
  Idle:
    prod: {Seconds: "300"}
    test: {Seconds: "30"}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, !Equals [a, a]]
  Either: !Or [!Condition IsTest, !Equals [a, b]]
"""
LONG_ENOUGH = {
    "a number": ("300", ""),
    "a text": ('"300"', ""),
    "a parameter": ("!Ref Idle", PARAMETER.replace("VALUE", "300")),
    "the long form": ("{Ref: Idle}", PARAMETER.replace("VALUE", "300")),
    "a text with a parameter": ("!Sub '${Idle}'", PARAMETER.replace("VALUE", "300")),
    "a text with names of its own": ("!Sub ['${A}0', {A: !Ref Idle}]", PARAMETER.replace("VALUE", "30")),
    "a mapping": ("!FindInMap [Idle, !Ref Stage, Seconds]", ENVIRONMENT),
    "a condition that holds": ("!If [IsProd, 300, 30]", ENVIRONMENT),
    "a condition that does not": ("!If [IsTest, 30, 300]", ENVIRONMENT),
    "conditions together": ("!If [Both, !If [Either, 30, 300], 30]", ENVIRONMENT),
    "the long form of a condition": ('{"Fn::If": [IsProd, "300", "30"]}', ENVIRONMENT),
    "joined": ("!Join ['', ['3', '00']]", ""),
    "one of a list": ("!Select [1, ['30', '300']]", ""),
    "one of a text": ("!Select [1, !Split ['-', 'a-300']]", ""),
}


@pytest.mark.parametrize(("idle", "head"), LONG_ENOUGH.values(), ids=LONG_ENOUGH)
def test_functions_are_worked_out(idle: str, head: str, lint: Lint) -> None:
    report = lint({"stack.yaml": balanced(idle, head), "infralint.yaml": STREAM})
    assert (report["findings"], report["unknown"], report["unreadable"]) == ([], [], [])


UNTOLD = {
    "a parameter without a default": ("!Ref Idle", "Parameters:\n  Idle: {Type: Number}\n", "no Default"),
    "a parameter that is looked up": (
        "!Ref Idle",
        "Parameters:\n  Idle: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /idle}\n",
        "looked up",
    ),
    "a condition of which nothing is known": (
        "!If [Big, 300, 30]",
        "Parameters:\n  Size: {Type: String}\nConditions:\n  Big: !Equals [!Ref Size, big]\n",
        "depends on the condition Big",
    ),
    "another stack": ("!ImportValue network-idle", "", "another stack exports it (network-idle)"),
    "the account": ("!Sub '${AWS::AccountId}'", "", "known where the stack is deployed"),
    "a macro": ("{'Fn::Transform': {Name: Idle}}", "", "does not work out Fn::Transform"),
    "a mapping without the key": ("!FindInMap [Idle, dev, Seconds]", ENVIRONMENT, "not in this template"),
}


@pytest.mark.parametrize(("idle", "head", "reason"), UNTOLD.values(), ids=UNTOLD)
def test_what_can_not_be_told_is_unknown(idle: str, head: str, reason: str, lint: Lint) -> None:
    report = lint({"stack.yaml": balanced(idle, head), "infralint.yaml": STREAM})
    assert report["findings"] == []
    assert reason in report["unknown"][0]["message"]


def test_both_branches_of_a_condition_may_say_the_same(lint: Lint) -> None:
    head = "Parameters:\n  Size: {Type: String}\nConditions:\n  Big: !Equals [!Ref Size, big]\n"
    report = lint({"stack.yaml": balanced("!If [Big, 300, 300]", head), "infralint.yaml": STREAM})
    assert (report["findings"], report["unknown"]) == ([], [])


def test_the_default_of_a_parameter_is_shown_with_its_place(lint: Lint) -> None:
    text = balanced("!Ref Idle", PARAMETER.replace("VALUE", "30"))
    report = lint({"stack.yaml": text, "infralint.yaml": STREAM})
    [finding] = report["findings"]
    assert "`idle_timeout.timeout_seconds: !Ref Idle` (the Default of the parameter Idle)" in finding["message"]
    lines = text.splitlines()
    assert lines[finding["location"]["line"] - 1].strip() == "Value: !Ref Idle"
    assert any(lines[related["location"]["line"] - 1].startswith("  Idle:") for related in finding["related"])


def test_what_aws_refuses_is_unreadable(lint: Lint) -> None:
    report = lint({"stack.yaml": balanced("0"), "infralint.yaml": STREAM})
    assert "AWS refuses" in report["unreadable"][0]["message"]
    assert report["status"] == 2


def test_no_value_is_as_if_it_were_left_out(lint: Lint) -> None:
    report = lint({"stack.yaml": balanced("!Ref AWS::NoValue"), "infralint.yaml": STREAM})
    assert problems(report, "short-idle-timeout") != []


def test_a_resource_whose_condition_does_not_hold_is_not_there(lint: Lint) -> None:
    text = balanced("30", ENVIRONMENT).replace(
        "LoadBalancer\n    Properties", "LoadBalancer\n    Condition: IsTest\n    Properties"
    )
    assert problems(lint({"stack.yaml": text, "infralint.yaml": STREAM}), "short-idle-timeout") == []


def test_a_rule_that_may_not_be_there_is_only_possible(lint: Lint) -> None:
    head = "Parameters:\n  Size: {Type: String}\nConditions:\n  Big: !Equals [!Ref Size, big]\n"
    rule = """
  Function:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: lambda}
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Condition: Big
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions: [{Field: path-pattern, Values: [/api/*]}]
      Actions: [{Type: forward, TargetGroupArn: !Ref Function}]
"""
    report = lint({"stack.yaml": balanced("300", head, rule), "infralint.yaml": STREAM})
    assert [finding["severity"] for finding in report["findings"] if finding["check"] == "lambda-target"] == ["warning"]


def test_rules_for_a_load_balancer_of_another_stack(lint: Lint) -> None:
    text = """
Parameters:
  ListenerArn: {Type: String}
Resources:
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: lambda}
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref ListenerArn
      Priority: 1
      Conditions: [{Field: path-pattern, Values: [/api/*]}]
      Actions: [{Type: forward, TargetGroupArn: !Ref Group}]
"""
    report = lint({"stack.yaml": text, "infralint.yaml": STREAM})
    assert [finding["check"] for finding in report["findings"]] == ["lambda-target"]
    assert any("defined elsewhere" in unknown["message"] for unknown in report["unknown"])


def test_templates_of_the_cdk_go_by_its_paths(lint: Lint) -> None:
    template = {
        "Resources": {
            "ServiceLB9C4D2F1A": {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Metadata": {"aws:cdk:path": "Api/Service/LB/Resource"},
            },
            "ServiceLBListener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "ServiceLB9C4D2F1A"},
                    "Protocol": "HTTP",
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}],
                },
            },
            "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Protocol": "HTTP"}},
        }
    }
    files = {"cdk.json": "{}", "cdk.out/Api.template.json": json.dumps(template, indent=1), "infralint.yaml": STREAM}
    report = lint(files)
    assert [finding["hop"]["name"] for finding in report["findings"]] == ["Api/Service/LB"]
    assert report["findings"][0]["fix"].startswith('"LoadBalancerAttributes"')
    assert "unsupported" not in report


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Timeout: 60}
Resources:
  Chat:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Chat:
          Type: KIND
          Properties: {Path: /api/chat, Method: post}
"""


@pytest.mark.parametrize(("kind", "api"), [("Api", "ServerlessRestApi"), ("HttpApi", "ServerlessHttpApi")])
def test_events_of_sam_make_an_api(kind: str, api: str, lint: Lint) -> None:
    report = lint({"template.yaml": SAM.replace("KIND", kind), "infralint.yaml": STREAM})
    [held] = [finding for finding in report["findings"] if finding["check"] == "buffered-stream"]
    assert [leg["hop"]["name"] for leg in held["trace"]["legs"]] == [api, "Chat"]
    function = [finding for finding in report["findings"] if finding["hop"]["name"] == "Chat"]
    assert "`Timeout: 60}`" not in function[0]["message"]
    assert "after 60 s" in function[0]["message"]


def test_an_openapi_document_in_the_template_is_read(lint: Lint) -> None:
    text = """
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        paths:
          /api/chat:
            post:
              x-amazon-apigateway-integration: {type: http_proxy, uri: "https://model.example.com/", MODE}
"""
    streaming = "timeoutInMillis: 300000, responseTransferMode: STREAM"
    files = {
        "template.yaml": text.replace("MODE", streaming).replace(
            "Body:", "EndpointConfiguration: {Types: [REGIONAL]}\n      Body:"
        )
    }
    assert lint({**files, "infralint.yaml": STREAM})["findings"] == []
    report = lint({"template.yaml": text.replace(", MODE", ""), "infralint.yaml": STREAM})
    assert {finding["check"] for finding in report["findings"]} == {"buffered-stream", "capped-stream"}


def test_a_broken_template_is_named_with_its_line(lint: Lint) -> None:
    report = lint({"stack.yaml": balanced("300") + "  - [\n", "other.yaml": balanced("30"), "infralint.yaml": STREAM})
    assert [entry["location"]["path"] for entry in report["unreadable"]] == ["stack.yaml"]
    assert problems(report, "short-idle-timeout") != []
    assert report["status"] == 2


def test_a_template_of_a_template_is_unknown(lint: Lint) -> None:
    files = {"stack.yaml": balanced("{{ idle }}{% if x %}"), "other.yaml": balanced("300"), "infralint.yaml": STREAM}
    report = lint(files)
    assert report["unreadable"] == []
    assert any("template of a template" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    "text",
    [
        "Resources: !Ref A\n",
        "Resources: {A: {Type: 'AWS::CloudFront::Distribution', Properties: !Ref B}}\n",
        "Resources: {A: {Type: 'AWS::CloudFront::Distribution', Properties: {DistributionConfig: [1]}}}\n",
        "Resources: {A: {Type: 'AWS::ElasticLoadBalancingV2::Listener', Properties: {DefaultActions: a}}}\n",
        "Resources: {A: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {LoadBalancerAttributes: {Key: a}}}}\n",
        "Resources: {A: {Type: 'AWS::ApiGateway::RestApi', Properties: {Body: {paths: {a: {b: c}}}}}}\n",
        "Resources: {A: {Type: 'AWS::Serverless::Function', Properties: {Events: [a], FunctionUrlConfig: b}}}\n",
        "Resources: {A: {Type: [a], Condition: !Ref A}, B: a, C: {Type: 'AWS::Lambda::Url'}}\n",
        "Conditions: {A: !Condition A}\nResources: {A: {Type: 'AWS::Lambda::Url', Condition: A}}\n",
        "Resources: {A: {Type: 'AWS::Lambda::Url', Properties: {InvokeMode: !Sub [], TargetFunctionArn: !Join []}}}\n",
        "Resources: {A: {Type: 'AWS::Lambda::Url', Properties: {InvokeMode: !If [], TargetFunctionArn: !GetAtt []}}}\n",
    ],
)
def test_odd_templates_are_no_fault(text: str, lint: Lint) -> None:
    report = lint({"stack.yaml": f"# AWS::Lambda::Url\n{text}", "main.tf": "locals {}\n"})
    assert [entry["message"] for entry in report["unreadable"] if "fault" in entry["message"]] == []


BALANCER = "Resources:\n  A:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n"
REFUSED = {
    "a function for all properties": (BALANCER + "    Properties: !Ref Nope\n", 4, "A.Properties: expected a mapping"),
    "a text for all properties": (BALANCER + "    Properties: none\n", 4, "A.Properties: expected a mapping"),
    "a list of properties": (BALANCER + "    Properties:\n      - Name: a\n", 5, "A.Properties: expected a mapping"),
    "a resource that is a text": (BALANCER + "  B: AWS::Lambda::Url\n", 4, "B: expected a resource with Type"),
    "a mapping for a list": (
        BALANCER + "    Properties:\n      LoadBalancerAttributes:\n        Key: a\n",
        6,
        "LoadBalancerAttributes: expected a list",
    ),
    "a text for a mapping": (
        "Resources:\n  A:\n    Type: AWS::CloudFront::Distribution\n    Properties:\n      DistributionConfig: none\n",
        5,
        "DistributionConfig: expected a mapping",
    ),
    "no mapping of resources": ("Resources:\n  - Type: AWS::Lambda::Url\n", 2, "Resources: expected a mapping"),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cloudformation_does_not_take_is_unreadable_at_its_line(
    text: str, line: int, message: str, lint: Lint
) -> None:
    name = "stack.json" if text.startswith("{") else "stack.yaml"
    report = lint({name: text, "other.yaml": balanced("30"), "infralint.yaml": STREAM})
    [entry] = report["unreadable"]
    assert (entry["location"]["path"], entry["location"]["line"]) == (name, line)
    assert message in entry["message"]
    assert report["status"] == 2
    assert problems(report, "short-idle-timeout") != []


@pytest.mark.parametrize("name", ["stack.yaml", "stack.json"])
def test_of_a_key_that_stands_twice_the_last_counts_as_for_cloudformation(name: str, lint: Lint) -> None:
    yaml = balanced("300").replace("Value: 300", "Value: 30\n          Value: 300")
    assert "Value: 30\n" in yaml
    json_text = '{"Resources": {"A": {"Type": "AWS::Lambda::Url"}, "A": {"Type": "AWS::Lambda::Url"}}}'
    report = lint({name: yaml if name.endswith("yaml") else json_text, "infralint.yaml": STREAM})
    assert report["unreadable"] == []
    assert problems(report, "short-idle-timeout") == []


@pytest.mark.parametrize(
    "more",
    [
        "  Fn::ForEach::Balancers:\n    - Name\n    - !Ref AWS::Region\n    - L${Name}: {Type: 'AWS::Lambda::Url'}\n",
        "  Made:\n    Type: AWS::Lambda::Url\n    Properties: !Transform {Name: Macro}\n",
    ],
)
def test_resources_that_are_made_at_deployment_can_not_be_told(more: str, lint: Lint) -> None:
    report = lint({"stack.yaml": balanced("300", more=more), "infralint.yaml": STREAM})
    assert report["unreadable"] == []
    assert any("not judged" in unknown["message"] for unknown in report["unknown"])


def test_references_are_kept_through_functions() -> None:
    text = (
        'Resources: {}\nA: !Select [2, !Split ["/", !GetAtt Url.FunctionUrl]]\n'
        'B: !Sub "${Api}.execute-api.${AWS::Region}.amazonaws.com"\n'
    )
    template = CloudFormationTemplate.parse("a.yaml", "a.yaml", text)
    assert template is not None
    found = {name: template.dig(template.root, name) for name in ("A", "B")}
    assert {name: value.references for name, value in found.items() if isinstance(value, Missing)} == {
        "A": (("Url", "FunctionUrl"),),
        "B": (("Api", ""),),
    }
    assert not isinstance(found["A"], YamlValue)


def test_a_chain_of_thousands_of_conditions_comes_to_an_end(lint: Lint) -> None:
    chain = "".join(f"  C{at + 1}: !Not [!Condition C{at}]\n" for at in range(2000))
    text = f"Conditions:\n{chain}  C0: !Equals [a, a]\nResources:\n"
    text += "  L: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Condition: C2000}\n"
    assert lint({"template.yaml": text})["unreadable"] == []


# CloudFront, and names by records, in front of a load balancer

INTERNAL = """
Resources:
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Scheme: internal
      LoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds, Value: "5"}]
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "404"}}]
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Actions: [{Type: forward, TargetGroupArn: !Ref Group}]
      Conditions: [CONDITION]
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Port: 80, Protocol: HTTP}
"""
DISTRIBUTION = """
  Cdn:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Aliases: [chat.example.com]
        Origins:
          - Id: api
            DomainName: !GetAtt Balancer.DNSName
            CustomOriginConfig: {OriginProtocolPolicy: http-only, OriginReadTimeout: 120}
            OriginCustomHeaders: [{HeaderName: X-Verify, HeaderValue: s3cret}]
        DefaultCacheBehavior:
          TargetOriginId: api
          ViewerProtocolPolicy: https-only
          AllowedMethods: [DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT]
          POLICY
"""
BY_HOST = "{Field: host-header, HostHeaderConfig: {Values: [chat.example.com]}}"
BY_HEADER = "{Field: http-header, HttpHeaderConfig: {HttpHeaderName: x-verify, Values: [VALUE]}}"
ALL_VIEWER = "OriginRequestPolicyId: 216adef6-5c7f-47e4-b989-5492eafa07d3"
HOSTED = "streams: [{path: /api/chat, host: chat.example.com}]\n"


@pytest.mark.parametrize(
    ("condition", "policy", "arrives"),
    [
        (BY_HOST, "", False),
        (BY_HOST, ALL_VIEWER, True),
        (BY_HEADER.replace("VALUE", "s3cret"), "", True),
        (BY_HEADER.replace("VALUE", "another"), "", False),
    ],
)
def test_what_reaches_the_origin_of_a_distribution_meets_the_rules_of_a_load_balancer(
    condition: str, policy: str, arrives: bool, lint: Lint
) -> None:
    template = INTERNAL.replace("CONDITION", condition) + DISTRIBUTION.replace("POLICY", policy)
    report = lint({"template.yaml": template, "infralint.yaml": HOSTED})
    assert [finding["hop"]["name"] for finding in report["findings"]] == (["Balancer"] if arrives else [])


@pytest.mark.parametrize(
    "target", ["ResourceRecords: [!GetAtt Balancer.DNSName]", "AliasTarget: {DNSName: !GetAtt Balancer.DNSName}"]
)
def test_a_load_balancer_is_found_behind_an_nginx_by_its_record(target: str, lint: Lint) -> None:
    record = f"""
  Record:
    Type: AWS::Route53::RecordSet
    Properties:
      Name: api.internal.example.com.
      Type: A
      {target}
"""
    nginx = (
        "server { listen 80; location / { proxy_pass http://api.internal.example.com; proxy_buffering off;"
        " proxy_read_timeout 1h; proxy_set_header Host chat.example.com; } }\n"
    )
    template = INTERNAL.replace("CONDITION", BY_HOST) + record
    report = lint({"template.yaml": template, "nginx/conf.d/default.conf": nginx, "infralint.yaml": STREAM})
    [finding] = report["findings"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["location /", "Balancer"]
