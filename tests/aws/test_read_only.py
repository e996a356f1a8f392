"""Nothing but Describe and List leaves this machine, and the printed policy is what is really called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from click.testing import Result

from aws.world import Server, World
from infralint.sources.aws_account.client import MutatingCall, only_client, read_only_client


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("modify_load_balancer_attributes", {"LoadBalancerArn": "a", "Attributes": [{"Key": "k", "Value": "v"}]}),
        ("delete_load_balancer", {"LoadBalancerArn": "a"}),
        ("create_rule", {"ListenerArn": "a", "Conditions": [], "Priority": 1, "Actions": []}),
        ("get_resource_policy", {"ResourceArn": "a"}),
    ],
)  # fmt: skip
def test_other_operations_are_refused_before_they_are_sent(
    operation: str, parameters: dict[str, object], world: World, server: Server
) -> None:
    client = read_only_client(boto3.Session(), "elbv2", "eu-west-1", server.url)
    with pytest.raises(MutatingCall, match="infralint only reads"):
        getattr(client, operation)(**parameters)
    assert world.calls == []


def test_the_client_that_takes_on_roles_can_do_nothing_else(world: World, server: Server) -> None:
    client = only_client(boto3.Session(), "sts", "eu-west-1", server.url, ("AssumeRole",))
    with pytest.raises(MutatingCall):
        client.get_caller_identity()
    assert world.calls == []


def test_the_policy_is_exactly_what_is_called(world: World, audit: Callable[..., Result], home: Path) -> None:
    (home / "infralint.yaml").write_text("streams:\n  - {path: /ws, kind: websocket}\n")
    for type_ in ("application", "network", "gateway"):
        balancer = world.balancer(type_, type_)
        world.listener(balancer, world.group(type_, balancer), protocol="HTTPS" if type_ == "application" else "TCP")
    world.classic("old")
    options = ("--all-regions", "--role-arn", "arn:aws:iam::123456789012:role/audit")
    audit(*options, exit_code=1)
    prefixes = {"DescribeRegions": "ec2", "AssumeRole": "sts"}
    called = {f"{prefixes.get(operation, 'elasticloadbalancing')}:{operation}" for operation in world.counts()}
    policy = json.loads(audit("--iam-policy", *options, exit_code=0).output)
    assert {action for statement in policy["Statement"] for action in statement["Action"]} == called


def test_the_policy_grants_no_more_than_the_options_need(run: Callable[..., Result]) -> None:
    policy = json.loads(run("aws", "--iam-policy", exit_code=0).output)
    [statement] = policy["Statement"]
    assert all(action.startswith("elasticloadbalancing:Describe") for action in statement["Action"])
