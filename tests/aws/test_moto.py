"""The same audit against moto's server, which knows AWS's rules better than its answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result


class Account:
    """Builds load balancers in moto as a user would."""

    def __init__(self, url: str, region: str = "eu-west-1") -> None:
        self.region = region
        self.elbv2, self.elb, self.ec2 = (
            boto3.client(name, region_name=region, endpoint_url=url) for name in ("elbv2", "elb", "ec2")
        )
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{region}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for i, zone in enumerate("ab")
        ]

    def balancer(self, name: str, type_: str = "application", idle: int | None = None) -> str:
        answer = self.elbv2.create_load_balancer(Name=name, Subnets=self.subnets, Type=type_)
        arn: str = answer["LoadBalancers"][0]["LoadBalancerArn"]
        if idle is not None:
            pair = {"Key": "idle_timeout.timeout_seconds", "Value": str(idle)}
            self.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[pair])
        return arn

    def group(self, name: str, protocol: str = "HTTP", **attributes: str) -> str:
        answer = self.elbv2.create_target_group(Name=name, Protocol=protocol, Port=80, VpcId=self.vpc)
        arn: str = answer["TargetGroups"][0]["TargetGroupArn"]
        pairs = [{"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()]
        if pairs:
            self.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs)
        return arn

    def listener(self, balancer: str, group: str, protocol: str = "HTTP", port: int = 80) -> str:
        answer = self.elbv2.create_listener(
            LoadBalancerArn=balancer,
            Protocol=protocol,
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        arn: str = answer["Listeners"][0]["ListenerArn"]
        return arn

    def rule(self, listener: str, path: str, group: str, priority: int = 1) -> None:
        self.elbv2.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )

    def targets(self, group: str, count: int) -> None:
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = self.ec2.run_instances(ImageId=image, MinCount=count, MaxCount=count)["Instances"]
        self.elbv2.register_targets(
            TargetGroupArn=group, Targets=[{"Id": one["InstanceId"], "Port": 80} for one in made]
        )


@pytest.fixture
def account(moto: str) -> Account:
    return Account(moto)


@pytest.fixture
def report(run: Callable[..., Result], moto: str) -> Callable[..., set[tuple[str, str, str]]]:
    def report(*words: str, exit_code: int) -> set[tuple[str, str, str]]:
        regions = () if "--region" in words or "--all-regions" in words else ("--region", "eu-west-1")
        output = run("aws", "--endpoint-url", moto, "--format", "json", *regions, *words, exit_code=exit_code).stdout
        found: dict[str, Any] = json.loads(output)
        assert found["unreadable"] == []
        return {(one["check"], one["severity"], one["hop"]["name"]) for one in found["findings"]}

    return report


Report = Callable[..., set[tuple[str, str, str]]]


def test_every_kind_of_load_balancer(account: Account, report: Report) -> None:
    account.listener(account.balancer("chat"), account.group("web"))
    account.listener(account.balancer("patient", idle=300), account.group("patient-web"))
    network = account.listener(account.balancer("edge", "network"), account.group("tcp", "TCP"), "TCP")
    pair = {"Key": "tcp.idle_timeout.seconds", "Value": "90"}
    account.elbv2.modify_listener_attributes(ListenerArn=network, Attributes=[pair])
    account.balancer("inspect", "gateway")
    web = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
    for name, idle in (("old", None), ("old-patient", 600)):
        account.elb.create_load_balancer(LoadBalancerName=name, Listeners=[web], AvailabilityZones=["eu-west-1a"])
        if idle:
            settings = {"ConnectionSettings": {"IdleTimeout": idle}}
            account.elb.modify_load_balancer_attributes(LoadBalancerName=name, LoadBalancerAttributes=settings)
    assert report(exit_code=1) == {("short-idle-timeout", "warning", name) for name in ("chat", "edge", "old")}


def test_rules_and_stickiness(account: Account, report: Report, home: Path) -> None:
    streams = ["{path: /ws, kind: websocket, silence: 20s}", "{path: /api/chat, silence: 90s}"]
    (home / "infralint.yaml").write_text("streams:\n" + "".join(f"  - {one}\n" for one in streams))
    listener = account.listener(account.balancer("chat"), account.group("pages"))
    loose = account.group("sockets")
    account.targets(loose, 2)
    account.rule(listener, "/ws", loose)
    account.rule(listener, "/api/*", account.group("llm"), 2)
    assert report(exit_code=1) == {
        ("missing-sticky-sessions", "note", "chat"),
        ("short-idle-timeout", "error", "chat"),
    }


@pytest.mark.parametrize("kind", ["lb_cookie", "app_cookie"])
def test_stickiness_of_each_type(kind: str, account: Account, report: Report, home: Path) -> None:
    (home / "infralint.yaml").write_text("streams:\n  - {path: /ws, kind: websocket, silence: 20s}\n")
    extra = {"stickiness__app_cookie__cookie_name": "sid"} if kind == "app_cookie" else {}
    group = account.group("web", stickiness__enabled="true", stickiness__type=kind, **extra)
    account.targets(group, 2)
    account.listener(account.balancer("chat"), group)
    assert report(exit_code=0) == set()


def test_one_target_needs_no_stickiness(account: Account, report: Report, home: Path) -> None:
    (home / "infralint.yaml").write_text("streams:\n  - {path: /ws, kind: websocket, silence: 20s}\n")
    group = account.group("web")
    account.targets(group, 1)
    account.listener(account.balancer("chat"), group)
    assert report(exit_code=0) == set()


def test_many_groups_over_several_regions(account: Account, report: Report, moto: str) -> None:
    virginia = Account(moto, "us-east-1")
    for place in (account, virginia):
        for number in range(30):
            idle = 60 if number == 29 else 300
            place.listener(
                place.balancer(f"{place.region}-{number}", idle=idle), place.group(f"{place.region}-web-{number}")
            )
    assert report("--region", "eu-west-1", "--region", "us-east-1", exit_code=1) == {
        ("short-idle-timeout", "warning", "eu-west-1-29"),
        ("short-idle-timeout", "warning", "us-east-1-29"),
    }


def test_all_regions_and_a_role(account: Account, report: Report) -> None:
    account.listener(account.balancer("chat"), account.group("web"))
    role = "arn:aws:iam::123456789012:role/audit"
    assert report("--all-regions", "--role-arn", role, exit_code=1) == {("short-idle-timeout", "warning", "chat")}
