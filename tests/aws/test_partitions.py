"""China and GovCloud have endpoints, ARNs and consoles of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from aws.world import World
from infralint.sources.aws_account.client import read_only_client
from infralint.sources.aws_account.hops import console_link
from infralint.sources.aws_account.snapshot import Region

PLACES = [
    ("aws", "eu-west-1", "amazonaws.com", "https://eu-west-1.console.aws.amazon.com/"),
    ("aws-cn", "cn-north-1", "amazonaws.com.cn", "https://cn-north-1.console.amazonaws.cn/"),
    ("aws-us-gov", "us-gov-west-1", "amazonaws.com", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
]


@pytest.mark.parametrize(("partition", "region", "domain", "console"), PLACES)
@pytest.mark.parametrize("service", ["elbv2", "elb"])
def test_calls_go_to_the_partition(service: str, partition: str, region: str, domain: str, console: str) -> None:
    client = read_only_client(boto3.Session(), service, region, None)
    assert client.meta.endpoint_url == f"https://elasticloadbalancing.{region}.{domain}"
    assert client.meta.partition == partition


@pytest.mark.parametrize(("partition", "region", "domain", "console"), PLACES)
def test_links_lead_to_the_partitions_console(
    partition: str, region: str, domain: str, console: str, world: World, report: Callable[..., dict[str, Any]]
) -> None:
    world.partition = partition
    world.balancer("chat", region=region)
    world.classic("old", region=region)
    found = report("--region", region, exit_code=1)
    links = {one["hop"]["name"]: one["related"][-1]["location"]["path"] for one in found["findings"]}
    assert links["chat"].startswith(f"{console}ec2/home?region={region}#LoadBalancer:loadBalancerArn=arn:{partition}:")
    assert links["old"] == f"{console}ec2/home?region={region}#LoadBalancers:search=old"
    assert {one["location"]["path"].split(":")[1] for one in found["findings"]} == {partition}


def test_a_partition_without_a_public_console_has_no_link() -> None:
    assert console_link(Region(account="1", name="us-iso-east-1", partition="aws-iso"), "arn:aws-iso:a:b:c:d") == ""
