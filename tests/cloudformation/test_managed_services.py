"""App Runner, Global Accelerator, Elastic Beanstalk and VPC Lattice of CloudFormation."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

DECLARED = "streams: [{path: /api/chat, silence: SILENCE, generation: LENGTH}]\n"
APP_RUNNER = "Resources:\n  Chat:\n    Type: AWS::AppRunner::Service\n    Properties: {ServiceName: chat}\n"
ACCELERATED = """
Resources:
  Accelerator:
    Type: AWS::GlobalAccelerator::Accelerator
    Properties: {Name: main}
  Listener:
    Type: AWS::GlobalAccelerator::Listener
    Properties: {AcceleratorArn: !Ref Accelerator, Protocol: TCP}
  Endpoints:
    Type: AWS::GlobalAccelerator::EndpointGroup
    Properties:
      ListenerArn: !Ref Listener
      EndpointConfigurations: [{EndpointId: !Ref Balancer}]
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      LoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds, Value: IDLE}]
"""
BEANSTALK = """
Resources:
  Chat:
    Type: AWS::ElasticBeanstalk::Environment
    Properties:
      ApplicationName: chat
      OptionSettings:
        - {Namespace: aws:elasticbeanstalk:environment, OptionName: LoadBalancerType, Value: application}
        - {Namespace: aws:elbv2:loadbalancer, OptionName: IdleTimeout, Value: IDLE}
"""


def declared(silence: str, length: str) -> str:
    return DECLARED.replace("SILENCE", silence).replace("LENGTH", length)


@pytest.mark.parametrize(("length", "found"), [("5m", ["capped-stream"]), ("100s", [])])
def test_app_runner_ends_an_answer_after_two_minutes(length: str, found: list[str], lint: Lint) -> None:
    report = lint({"chat.yaml": APP_RUNNER, "infralint.yaml": declared("60s", length)})
    assert [finding["check"] for finding in report["findings"]] == found
    assert "unsupported" not in report


@pytest.mark.parametrize(
    ("silence", "idle", "found"), [("6m", "900", "Accelerator"), ("60s", "900", ""), ("60s", "30", "Balancer")]
)
def test_an_accelerator_stands_before_its_endpoint(silence: str, idle: str, found: str, lint: Lint) -> None:
    report = lint({"main.yaml": ACCELERATED.replace("IDLE", idle), "infralint.yaml": declared(silence, "10m")})
    assert [finding["hop"]["name"] for finding in report["findings"]] == ([found] if found else [])


@pytest.mark.parametrize(("idle", "found"), [("30", True), ("300", False), ("!Ref AWS::Region", False)])
def test_the_options_of_an_environment(idle: str, found: bool, lint: Lint) -> None:
    report = lint({"chat.yaml": BEANSTALK.replace("IDLE", idle), "infralint.yaml": declared("90s", "5m")})
    assert bool(problems(report, "short-idle-timeout")) is found


LATTICE = """
Resources:
  Chat:
    Type: AWS::VpcLattice::Service
    Properties: {Name: chat}
  Listener:
    Type: AWS::VpcLattice::Listener
    Properties:
      ServiceIdentifier: !Ref Chat
      Protocol: HTTPS
      DefaultAction: {FixedResponse: {StatusCode: 404}}
  Rule:
    Type: AWS::VpcLattice::Rule
    Properties:
      ServiceIdentifier: !Ref Chat
      ListenerIdentifier: !GetAtt Listener.Arn
      Priority: 10
      Match: {HttpMatch: {PathMatch: {Match: {Prefix: PATH}}}}
      Action: {Forward: {TargetGroups: [{TargetGroupIdentifier: !Ref Group, Weight: 1}]}}
  Group:
    Type: AWS::VpcLattice::TargetGroup
    Properties:
      Type: ALB
      Targets: [{Id: !Ref Balancer, Port: 80}]
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      LoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds, Value: 4000}]
"""


@pytest.mark.parametrize(
    ("silence", "length", "found"),
    [("50s", "100s", []), ("90s", "5m", ["short-idle-timeout"]), ("50s", "11m", ["capped-stream"])],
)
def test_lattice_ends_what_is_silent_and_what_is_long(silence: str, length: str, found: list[str], lint: Lint) -> None:
    report = lint({"chat.yaml": LATTICE.replace("PATH", "/api"), "infralint.yaml": declared(silence, length)})
    assert [finding["check"] for finding in report["findings"]] == found
    for finding in report["findings"]:
        assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["Chat", "Balancer"]
    assert "unsupported" not in report


def test_a_rule_for_another_path_leads_nowhere(lint: Lint) -> None:
    report = lint({"chat.yaml": LATTICE.replace("PATH", "/other"), "infralint.yaml": declared("90s", "5m")})
    assert all("Balancer" not in str(finding["trace"]) for finding in report["findings"])
