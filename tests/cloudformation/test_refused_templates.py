"""What CloudFormation refuses before it makes anything, as its documentation has it; cfn-lint 1.58 says the same."""

from __future__ import annotations

import pytest
from conftest import Lint

STREAM = "streams: [{path: /api/chat}]\n"
VERSION = 'AWSTemplateFormatVersion: "2010-09-09"\n'
TOPIC = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n"
BALANCER = (
    "  B:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n    Properties:\n      LoadBalancerAttributes:\n"
    "        - {Key: idle_timeout.timeout_seconds, Value: 60}\n"
)


def parameter(more: str) -> str:
    return f"Parameters:\n  P:\n    Type: String\n{more}{TOPIC}{BALANCER}"


def named(name: str) -> str:
    return f"{TOPIC}    Properties:\n      TopicName: {name}\n{BALANCER}"


REFUSED = {
    "not_allowed": (parameter("    AllowedValues: [a, b]\n    Default: c\n"), 6, "'c' is none of its AllowedValues"),
    "no_match": (
        parameter('    AllowedPattern: "[a-z]+"\n    Default: a1\n'),
        6,
        "does not match its AllowedPattern [a-z]+",
    ),
    "no_match_of_escapes": (
        parameter("    AllowedPattern: '^(?:\\d{1,3}\\.){3}[\\d&^-]+$|[^\\]\\[]'\n    Default: ab\n"),
        6,
        "does not match its AllowedPattern ^(?:",
    ),
    "too_short": (
        parameter("    MinLength: 3\n    Default: ab\n"),
        6,
        "has 2 characters, which is less than MinLength, 3",
    ),
    "no_number": (parameter("    Default: four\n").replace("String", "Number"), 5, "'four' is no number"),
    "too_large": (
        parameter("    MaxValue: 3\n    Default: 4\n").replace("String", "Number"),
        6,
        "more than MaxValue, 3",
    ),
    "one_of_a_list": (
        parameter("    AllowedValues: [a, b]\n    Default: a, c\n").replace("String", "CommaDelimitedList"),
        6,
        "'c' is none",
    ),
    "no_type": (parameter("    Default: a\n").replace("    Type: String\n", ""), 4, "it has no Type"),
    "type": (parameter("").replace("String", "string"), 4, "there is no type string; did you mean String?"),
    "key": (parameter("    Defualt: a\n"), 5, "it takes no `Defualt`; did you mean Default?"),
    "default_of_a_function": (parameter("    Default: !Ref AWS::Region\n"), 5, "has to be a text or a number"),
    "conditions": (
        f"Conditions:\n  A: !Not [!Condition C]\n  C: !Not [!Condition A]\n{TOPIC}{BALANCER}",
        3,
        "itself through C",
    ),
    "equals": (f"Conditions:\n  A: !Equals [a]\n{TOPIC}{BALANCER}", 3, "Fn::Equals takes a list: two values"),
    "if": (f"Conditions:\n  A: !Equals [a, b]\n{named('!If [A, x]')}", 8, "Fn::If takes a list"),
    "join": (named('!Join ["-", [a], c]'), 6, "a separator and a list"),
    "select": (named("!Select 0"), 6, "an index and a list"),
    "attribute": (named("!GetAtt B"), 6, "the name of a resource and an attribute"),
    "sub": (named("!Sub [x]"), 6, "Fn::Sub takes a text, or"),
    "ref": (named("!Ref [B]"), 6, "Ref takes the name of"),
    "function": (named('!Jion ["-", [a]]'), 6, "did you mean Fn::Join?"),
    "pseudo_parameter": (named("!Ref AWS::Regoin"), 6, "did you mean AWS::Region?"),
    "resources": (
        f"{named('!GetAtt S.TopicName')}  S:\n    Type: AWS::SNS::Topic\n    DependsOn: T\n",
        13,
        "itself through T",
    ),
    "resource_itself": (named("!Ref T"), 4, "T: it waits for itself"),
    "properties": (
        named("x").replace("Properties:\n      Topic", "Propertes:\n      Topic"),
        5,
        "did you mean Properties?",
    ),
    "logical_id": (named("x").replace("  T:", "  T-a:"), 3, "it takes letters and digits"),
    "no_type_of_aws": (named("x").replace("AWS::SNS::Topic", "SNS::Topic"), 4, "SNS::Topic is no type"),
    "depends_on": (
        named("x").replace("    Prop", "    DependsOn: !Ref B\n    Prop", 1),
        5,
        "the names of resources were",
    ),
    "name_twice": (parameter("").replace("  P:", "  T:"), 6, "a parameter has the same name"),
    "output": (f"{TOPIC}{BALANCER}Outputs:\n  O:\n    Vlaue: x\n", 12, "did you mean Value?"),
    "output_condition": (f"{TOPIC}{BALANCER}Outputs:\n  O:\n    Condition: N\n    Value: x\n", 12, "is called N"),
    "parameters": (f"Parameters: [a]\n{TOPIC}{BALANCER}", 2, "Parameters: a mapping was expected"),
    "one_parameter": (f"Parameters:\n  P: x\n{TOPIC}{BALANCER}", 3, "P, of Parameters: a mapping was expected"),
    "sections_of_sam": (
        f"Transform: AWS::Serverless-2016-10-31\nOutputs: x\n{TOPIC}{BALANCER}",
        3,
        "Outputs: a mapping was expected",
    ),
    "an_event_of_sam": (
        f"Transform: AWS::Serverless-2016-10-31\n{TOPIC}{BALANCER}  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties:\n      Events:\n        A: {Type: Api, Properties: {Path: /, Method: get}}\n"
        "        B: {Type: HtppApi, Properties: {Path: /, Method: get}}\n",
        16,
        "SAM has no event of the type HtppApi; did you mean HttpApi?",
    ),
    "a_resource_of_sam": (
        f"Transform: AWS::Serverless-2016-10-31\n{TOPIC}{BALANCER}  X: [a]\n",
        11,
        "X, of Resources: a mapping was expected",
    ),
    "a_type": (f"{TOPIC}{BALANCER}  X:\n    Type: [a]\n", 11, "its Type is a list"),
    "attribute_of_a_balancer": (
        f"{TOPIC}{BALANCER.replace('seconds', 'second')}",
        9,
        "AWS has no attribute `idle_timeout.timeout_second`; did you mean idle_timeout.timeout_seconds?",
    ),
    "no_attribute_at_all": (f"{TOPIC}{BALANCER}        - idle_timeout\n", 10, "a mapping with Key and Value"),
    "mapping": (f"Mappings:\n  M:\n    a: b\n{TOPIC}{BALANCER}", 4, "keys with mappings of names to values"),
}


def test_what_cloudformation_refuses_is_unreadable_at_its_line_and_the_rest_is_judged(lint: Lint) -> None:
    files = {f"{name}/stack.yaml": VERSION + text for name, (text, _, _) in REFUSED.items()}
    report = lint({**files, "infralint.yaml": STREAM})
    found = [(entry["location"]["path"], entry["location"]["line"], entry["message"]) for entry in report["unreadable"]]
    for name, (_, line, words) in REFUSED.items():
        assert [place for place in found if place[:2] == (f"{name}/stack.yaml", line) and words in place[2]], (
            name,
            found,
        )
    assert report["status"] == 2
    assert {finding["location"]["path"] for finding in report["findings"]} == files.keys()


TAKEN = {
    "boolean": parameter('    AllowedValues: ["true", "false"]\n    Default: true\n'),
    "number": parameter('    AllowedValues: [1, 2]\n    Default: "1"\n').replace("String", "Number"),
    "list": parameter("    AllowedValues: [a, 'a,b', b]\n    Default: 'b,a'\n").replace("String", "CommaDelimitedList"),
    "pattern_of_java": parameter("    AllowedPattern: '\\p{Alpha}[\\w&&[^_]]*'\n    Default: a1\n"),
    "class_in_a_class": parameter("    AllowedPattern: '[a-z[0-9]]+'\n    Default: a1\n"),
    "shared_by_classes": parameter("    AllowedPattern: '[a-z&&[^q]]+'\n    Default: abc\n"),
    "flags_of_java": parameter("    AllowedPattern: '(?d)[a-z]+'\n    Default: A\n"),
    "parameter_of_a_store": parameter("    AllowedValues: [a]\n    Default: /a\n").replace(
        "String", "AWS::SSM::Parameter::Value<String>"
    ),
    "azs": named('!Select [0, !GetAZs ""]'),
    "functions": named('!Join ["-", !Split [",", !Sub ["${x}", {x: !Ref AWS::StackName}]]]'),
    "import": named("!ImportValue {'Fn::Sub': '${AWS::StackName}-x'}"),
    "condition_breaks_the_circle": "Conditions:\n  A: !Equals [!Ref AWS::Region, b]\n"
    + named("!If [A, !GetAtt S.TopicName, x]")
    + "  S:\n    Type: AWS::SNS::Topic\n    DependsOn: T\n",
    "custom": named("x").replace("AWS::SNS::Topic", "Custom::Mine"),
    "macro": "Transform: [Mine]\n" + named("!Mine x").replace("Properties:\n      Topic", "Propertes:\n      Topic"),
}


def test_what_cloudformation_takes_is_left_alone(lint: Lint) -> None:
    report = lint({f"{name}/stack.yaml": VERSION + text for name, text in TAKEN.items()})
    assert report["unreadable"] == []


def test_lists_within_the_values_of_a_rule_are_no_fault(lint: Lint) -> None:
    rule = (
        "Parameters:\n  L: {Type: String}\nResources:\n  G:\n    Type: AWS::ElasticLoadBalancingV2::TargetGroup\n"
        "    Properties: {TargetType: lambda}\n  R:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n"
        "      ListenerArn: !Ref L\n      Priority: 1\n      Actions: [{Type: forward, TargetGroupArn: !Ref G}]\n"
    )
    report = lint(
        {"a.yaml": f"{rule}      Conditions: [{{Field: path-pattern, Values: [[/api/*]]}}]\n", "infralint.yaml": STREAM}
    )
    assert not any("fault of infralint" in entry["message"] for entry in report["unreadable"])
    assert report["unknown"], report
    report = lint({"a.yaml": f"{rule}      Conditions: [{{Field: path-pattern, Values: [/api/*]}}]\n"})
    assert [finding["check"] for finding in report["findings"]] == ["lambda-target"]


ORIGIN = (
    "Resources:\n  A:\n    Type: AWS::CloudFront::Distribution\n    Properties:\n      DistributionConfig:\n"
    "        Origins: [{Id: a, DomainName: a.b, CustomOriginConfig: {OriginReadTimeout: 60}}]\n"
)
SAM = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = f"{SAM}Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties: {{Timeout: 5, Handler: a.b}}\n"
MISTYPED = [
    (VERSION + TOPIC + BALANCER.replace("Attributes:", "Attribute:"), 8, "no property LoadBalancerAttribute; did you"),
    (
        VERSION + TOPIC + BALANCER.replace("Key:", "key:"),
        9,
        "no property key in LoadBalancerAttributes; did you mean Key?",
    ),
    (
        ORIGIN.replace("ReadTimeout", "ReadTimout"),
        6,
        "OriginReadTimout in DistributionConfig.Origins.CustomOriginConfig",
    ),
    (FUNCTION.replace("Timeout", "Timout"), 5, "there is no property Timout; did you mean Timeout?"),
    (
        FUNCTION.replace("Res", "Globals: {Function: {Timout: 5}}\nRes", 1),
        2,
        "Globals: there is no property Timout in Function",
    ),
    (
        ORIGIN.replace("OriginReadTimeout: 60", "OriginReadTimeout: !ref T"),
        6,
        "there is no function !ref; did you mean !Ref?",
    ),
    (TOPIC + BALANCER.replace("Value: 60", "Value: !Subb 60"), 8, "there is no function !Subb; did you mean !Sub?"),
]


@pytest.mark.parametrize(("text", "line", "why"), MISTYPED)
def test_mistyped_properties_and_tags_are_refused(text: str, line: int, why: str, lint: Lint) -> None:
    """What properties are called is taken from AWS's own schemas, as cfn-lint 1.58 and aws-sam-translator 1.115 bring them."""
    report = lint({"template.yaml": text})
    [entry] = report["unreadable"]
    assert why in entry["message"]
    assert (entry["location"]["line"], report["status"]) == (line, 2)


@pytest.mark.parametrize(
    "text",
    [
        ORIGIN.replace("OriginReadTimeout: 60", "OriginReadTimeout: 60, BrandNewSetting: 5"),
        ORIGIN.replace("OriginReadTimeout: 60", "'Fn::If': [C, {OriginReadTimeout: 60}, !Ref AWS::NoValue]"),
        FUNCTION.replace("Timeout: 5", "Timeout: 5, Environment: {Variables: {Variable: a}}"),
        TOPIC + BALANCER.replace("Value: 60", "Value: !vault 60"),
        "Transform: [AWS::Serverless-2016-10-31, Ours]\n" + FUNCTION.replace(SAM, "").replace("Timeout", "Timout"),
        VERSION + TOPIC + BALANCER + BALANCER,
    ],
)
def test_what_aws_or_a_macro_may_take_is_not_refused(text: str, lint: Lint) -> None:
    """CloudFormation takes the last of logical ids that stand twice: https://github.com/aws-cloudformation/cfn-lint/issues/35"""
    entries = lint({"template.yaml": text, "site/nginx.conf": "events {}\n"})["unreadable"]
    assert not [entry for entry in entries if entry["location"]["path"] == "template.yaml"]


URL = (
    "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Timeout: 60, Handler: a.b}\n  U:\n"
    "    Type: AWS::Lambda::Url\n    Properties: {InvokeMode: RESPONSE_STREAM, TargetFunctionArn: !Ref F}\n"
)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (URL.replace("RESPONSE_STREAM", "STREAM"), 7, "it takes BUFFERED or RESPONSE_STREAM"),
        (URL.replace("60", "5000"), 4, "it takes 1 to 900 s"),
        (URL.replace("60", "long"), 4, "CloudFormation takes no 'long' for Timeout"),
        (TOPIC + BALANCER.replace("Value: 60", "Value: long"), 8, "CloudFormation takes no 'long'"),
        (TOPIC + BALANCER + "      Type: aplication\n", 9, "it takes application, network or gateway"),
    ],
)
def test_values_that_aws_does_not_have_are_refused_whoever_asks(text: str, line: int, why: str, lint: Lint) -> None:
    report = lint({"template.yaml": text})
    assert [why in entry["message"] for entry in report["unreadable"]] == [True]
    assert (report["unreadable"][0]["location"]["line"], report["status"]) == (line, 2)


def test_a_value_by_a_parameter_may_be_another(lint: Lint) -> None:
    text = "Parameters: {T: {Type: String, Default: long}}\n" + URL.replace("60", "!Ref T")
    assert lint({"template.yaml": text})["unreadable"] == []


def test_an_origin_that_a_distribution_has_not(lint: Lint) -> None:
    text = ORIGIN + "        DefaultCacheBehavior: {TargetOriginId: b, ViewerProtocolPolicy: allow-all}\n"
    [entry] = lint({"template.yaml": text})["unreadable"]
    assert (entry["message"], entry["location"]["line"]) == (
        "AWS refuses `TargetOriginId` b: the distribution has a",
        7,
    )
    for change in (("Id: a,", "Id: !Ref AWS::StackName,"), ("Origins:", "OriginGroups: {Items: []}\n        Origins:")):
        entries = lint({"template.yaml": text.replace(*change)})["unreadable"]
        assert not any("TargetOriginId" in entry["message"] for entry in entries)
    assert not lint({"template.yaml": text.replace("TargetOriginId: b", "TargetOriginId: a")})["unreadable"]
