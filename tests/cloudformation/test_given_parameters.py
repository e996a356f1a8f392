"""Parameters that files and outer stacks give, and resources that loops make."""

from __future__ import annotations

import json

import pytest
from cloudformation.test_cloudformation_templates import STREAM, balanced
from conftest import Lint, problems

DECLARED = "streams: [{path: /api/chat, silence: 60s, generation: 2m}]\n"
HEAD = "Parameters:\n  Idle: {Type: Number, Default: 20}\n"
BARE = "Parameters:\n  Idle: {Type: Number}\n"
SHORT = "short-idle-timeout"


def listed(**values: str) -> str:
    return json.dumps([{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("infra/prod.json", listed(Idle="300")),
        ("infra/parameters/prod.json", listed(Idle="300")),
        ("infra/prod.json", '{"Parameters": {"Idle": "300"}, "Tags": {}}'),
        ("infra/samconfig.toml", '[default.deploy.parameters]\nparameter_overrides = "Idle=300"\n'),
        ("infra/samconfig.toml", '[default.deploy.parameters]\nparameter_overrides = ["Idle=300"]\n'),
    ],
)
@pytest.mark.parametrize("head", [HEAD, BARE])
def test_a_file_of_parameters_goes_before_the_default(name: str, text: str, head: str, lint: Lint) -> None:
    report = lint({"infra/chat.yaml": balanced("!Ref Idle", head), name: text, "infralint.yaml": DECLARED})
    assert (report["findings"], report["unknown"]) == ([], [])


def test_a_short_value_is_said_with_the_file_that_gives_it(lint: Lint) -> None:
    files = {"chat.yaml": balanced("!Ref Idle", BARE), "prod.json": listed(Idle="20"), "infralint.yaml": DECLARED}
    report = lint(files)
    [finding] = report["findings"]
    assert finding["check"] == SHORT
    assert [related["location"]["path"] for related in finding["related"]] == ["prod.json"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"other.json": listed(Idle="300", Elsewhere="x")}, [SHORT]),
        ({"data.json": '{"Parameters": 1}'}, [SHORT]),
        ({"broken.json": '[{"ParameterKey": '}, [SHORT]),
        ({"elsewhere/prod.json": listed(Idle="300")}, [SHORT]),
        ({"a.json": listed(Idle="300"), "b.json": listed(Idle="300")}, []),
    ],
)
def test_only_what_belongs_to_the_template_counts(files: dict[str, str], found: list[str], lint: Lint) -> None:
    report = lint({"chat.yaml": balanced("!Ref Idle", HEAD), **files, "infralint.yaml": DECLARED})
    assert [finding["check"] for finding in report["findings"]] == found


def test_files_that_differ_are_could_not_tell(lint: Lint) -> None:
    files = {"dev.json": listed(Idle="20"), "prod.json": listed(Idle="300")}
    report = lint({"chat.yaml": balanced("!Ref Idle", HEAD), **files, "infralint.yaml": DECLARED})
    assert report["findings"] == []
    assert any("20 by dev.json and 300 by prod.json" in unknown["message"] for unknown in report["unknown"])


PARENT = """
Parameters:
  Seconds: {Type: Number, Default: 300}
Resources:
  Chat:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: PLACE
      Parameters:
        Idle: VALUE
"""


@pytest.mark.parametrize(
    ("url", "value", "found"),
    [
        ("./chat.yaml", "300", []),
        ("chat.yaml", "!Ref Seconds", []),
        ("chat.yaml", "30", [SHORT]),
        ("https://bucket.s3.amazonaws.com/chat.yaml", "300", [SHORT]),
    ],
)
def test_an_outer_stack_gives_the_parameters_of_a_nested_one(
    url: str, value: str, found: list[str], lint: Lint
) -> None:
    parent = PARENT.replace("PLACE", url).replace("VALUE", value)
    report = lint({"main.yaml": parent, "chat.yaml": balanced("!Ref Idle", HEAD), "infralint.yaml": DECLARED})
    assert [finding["check"] for finding in report["findings"]] == found


def test_what_an_outer_stack_learns_at_deployment_is_could_not_tell(lint: Lint) -> None:
    parent = PARENT.replace("PLACE", "chat.yaml").replace("VALUE", "!GetAtt Network.Outputs.Idle")
    report = lint({"main.yaml": parent, "chat.yaml": balanced("!Ref Idle", HEAD), "infralint.yaml": DECLARED})
    assert report["findings"] == []
    assert any("is given by Chat in main.yaml" in unknown["message"] for unknown in report["unknown"])


LOOP = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "chat,shop"}
  Later: {Type: CommaDelimitedList}
Resources:
  Fn::ForEach::Balancers:
    - Name
    - COLLECTION
    - Balancer${Name}:
        Type: AWS::ElasticLoadBalancingV2::LoadBalancer
        Properties:
          Name: !Ref Name
          LoadBalancerAttributes:
            - {Key: idle_timeout.timeout_seconds, Value: 20}
      Listener${Name}:
        Type: AWS::ElasticLoadBalancingV2::Listener
        Properties:
          LoadBalancerArn: !Ref Balancer${Name}
          Port: 443
          Protocol: HTTPS
          DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Port: 80, Protocol: HTTP}
"""


@pytest.mark.parametrize("collection", ["[chat, shop]", "!Ref Names", "{Ref: Names}"])
def test_a_loop_makes_a_resource_for_each_member(collection: str, lint: Lint) -> None:
    report = lint({"loop.yaml": LOOP.replace("COLLECTION", collection), "infralint.yaml": DECLARED})
    assert {finding["hop"]["name"] for finding in report["findings"]} == {"Balancerchat", "Balancershop"}
    assert report["unreadable"] == []


def test_a_loop_over_what_is_given_later_is_could_not_tell(lint: Lint) -> None:
    report = lint({"loop.yaml": LOOP.replace("COLLECTION", "!Ref Later"), "infralint.yaml": DECLARED})
    assert problems(report, SHORT) == []
    assert any("known where the stack is deployed" in unknown["message"] for unknown in report["unknown"])


def test_a_loop_that_is_written_wrong_is_no_traceback(lint: Lint) -> None:
    text = LOOP.replace("    - COLLECTION\n", "")
    report = lint({"loop.yaml": text, "infralint.yaml": STREAM})
    assert any("takes an identifier" in unknown["message"] for unknown in report["unknown"])
