"""`--evidence` and `--organization`, read over a socket from moto's server, also where AWS denies and throttles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from click.testing import Result

from aws.intercepting import InterceptingServer, Refuse
from aws.test_moto import Account
from infralint.sources.aws_account import client
from infralint.sources.aws_account.evidence import evidence_sentence
from infralint.sources.aws_account.snapshot import Region

Run = Callable[..., Result]
Stand = Callable[[Refuse], InterceptingServer]
NOTHING: Refuse = lambda operation: None  # noqa: E731
ROLE = "infralint-audit"


@pytest.fixture
def account(moto: str) -> Account:
    return Account(moto)


@pytest.fixture
def stand(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    """A server before moto's; waits between tries are short."""
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.01)
    servers: list[InterceptingServer] = []

    def stand(refuse: Refuse) -> InterceptingServer:
        servers.append(InterceptingServer(moto, refuse))
        return servers[-1]

    yield stand
    for server in servers:
        server.stop()


def audit(run: Run, url: str, *words: str, exit_code: int) -> dict[str, Any]:
    regions = ("--region", "eu-west-1")
    parsed: dict[str, Any] = json.loads(
        run("aws", "--endpoint-url", url, "--format", "json", *regions, *words, exit_code=exit_code).stdout
    )
    return parsed


def count(url: str, arn: str, metric: str, *values: float, namespace: str = "AWS/ApplicationELB") -> None:
    """What CloudWatch has counted of a load balancer, a value a day, yesterday first."""
    cloudwatch = boto3.client("cloudwatch", region_name="eu-west-1", endpoint_url=url)
    for days, value in enumerate(values, 1):
        cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "LoadBalancer", "Value": arn.partition(":loadbalancer/")[2]}],
                    "Timestamp": datetime.now(UTC) - timedelta(days=days, minutes=-5),
                    "Value": value,
                }
            ],
        )


def said_of_cloudwatch(report: dict[str, Any]) -> list[str]:
    return [
        related["message"]
        for finding in report["findings"]
        for related in finding["related"]
        if "CloudWatch" in related["message"]
    ]


def test_what_cloudwatch_counted_stands_beside_the_setting(account: Account, run: Run, moto: str) -> None:
    chat = account.balancer("chat")
    account.listener(chat, account.group("web"))
    count(moto, chat, "HTTPCode_ELB_504_Count", 12, 30)
    count(moto, chat, "TargetConnectionErrorCount", 0)
    report = audit(run, moto, "--evidence", "7d", exit_code=1)
    [sentence] = said_of_cloudwatch(report)
    expected = "HTTPCode_ELB_504_Count 42 (targets that were silent for longer than the idle timeout)"
    assert sentence == f"CloudWatch counted in 7 days: {expected}"
    assert said_of_cloudwatch(audit(run, moto, exit_code=1)) == []


def test_nothing_counted_is_said_too(account: Account, run: Run, moto: str) -> None:
    account.listener(account.balancer("chat"), account.group("web"))
    [sentence] = said_of_cloudwatch(audit(run, moto, "--evidence", "2d", exit_code=1))
    assert sentence.startswith("CloudWatch counted in 2 days: no HTTPCode_ELB_504_Count")


def test_only_what_is_reported_is_asked_for_in_one_call(account: Account, run: Run, moto: str, stand: Stand) -> None:
    for number in range(5):
        account.listener(account.balancer(f"chat-{number}"), account.group(f"web-{number}"))
    account.listener(account.balancer("patient", idle=300), account.group("patient-web"))
    server = stand(NOTHING)
    report = audit(run, server.url, "--evidence", "7d", exit_code=1)
    assert len(said_of_cloudwatch(report)) == 5
    assert server.calls["GetMetricData"] == 1
    clean = stand(NOTHING)
    audit(run, clean.url, "--evidence", "7d", "--load-balancer", "patient", exit_code=0)
    assert clean.calls["GetMetricData"] == 0


@pytest.mark.parametrize(
    ("code", "status", "words", "calls"),
    [
        ("AccessDenied", 403, "these credentials may not call cloudwatch:GetMetricData", 1),
        ("Throttling", 400, "AWS kept answering that there are too many calls", 10),
        ("InternalFailure", 500, "cloudwatch:GetMetricData failed", 3),
    ],
)
def test_evidence_that_is_not_given_takes_no_finding_away(
    code: str, status: int, words: str, calls: int, account: Account, run: Run, stand: Stand
) -> None:
    account.listener(account.balancer("chat"), account.group("web"))
    server = stand(lambda operation: (code, status) if operation == "GetMetricData" else None)
    report = audit(run, server.url, "--evidence", "7d", exit_code=2)
    assert [finding["check"] for finding in report["findings"]] == ["short-idle-timeout"]
    assert said_of_cloudwatch(report) == []
    [problem] = report["unreadable"]
    assert "what CloudWatch counted could not be read" in problem["message"]
    assert words in problem["message"]
    assert server.calls["GetMetricData"] == calls


def test_a_snapshot_keeps_what_was_counted(account: Account, run: Run, moto: str) -> None:
    chat = account.balancer("chat")
    account.listener(chat, account.group("web"))
    count(moto, chat, "HTTPCode_ELB_502_Count", 7)
    audit(run, moto, "--evidence", "7d", "--save", "today.json", exit_code=1)
    again = json.loads(run("snapshot", "today.json", "--format", "json", exit_code=1).stdout)
    expected = "CloudWatch counted in 7 days: HTTPCode_ELB_502_Count 7 (targets that closed or reset a connection)"
    assert said_of_cloudwatch(again) == [expected]


@pytest.mark.parametrize(
    ("name", "metric", "words"),
    [
        ("net/edge/1", "TCP_ELB_Reset_Count", "TCP_ELB_Reset_Count 1,200 (reset by the load balancer"),
        ("old", "BackendConnectionErrors", "BackendConnectionErrors 1,200 (connections to instances that failed)"),
        ("gwy/inspect/1", "NewFlowCount", ""),
    ],
)
def test_each_family_counts_its_own(name: str, metric: str, words: str) -> None:
    arn = f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/{name}"
    region = Region(account="123456789012", name="eu-west-1", evidence={arn: {metric: 1200}}, evidence_days=1)
    sentence = evidence_sentence(region, arn)
    assert words in sentence
    assert bool(sentence) is bool(words)


@pytest.mark.parametrize("days", ["7", "0d", "1000d", "week"])
def test_days_are_a_number_and_a_d(days: str, run: Run) -> None:
    result = run("aws", "--evidence", days, exit_code=2)
    assert "is no number of days from 1d to 90d" in result.output


def actions_of(run: Run, *words: str) -> dict[str, Any]:
    policy = json.loads(run("aws", "--iam-policy", *words, exit_code=0).output)
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_the_policy_has_what_was_chosen_and_no_more(run: Run) -> None:
    assert set(actions_of(run)) == {"ReadLoadBalancers"}
    assert actions_of(run, "--evidence", "7d")["ReadEvidence"]["Action"] == ["cloudwatch:GetMetricData"]
    chosen = actions_of(run, "--organization", ROLE)
    assert chosen["ListAccounts"]["Action"] == ["organizations:ListAccounts"]
    assert chosen["EnterAccounts"]["Resource"] == [f"arn:aws:iam::*:role/{ROLE}"]


# Organizations


@pytest.fixture
def members(moto: str) -> list[str]:
    """The numbers of two accounts beside the one that asks."""
    organizations = boto3.client("organizations", region_name="us-east-1", endpoint_url=moto)
    organizations.create_organization(FeatureSet="ALL")
    made = [organizations.create_account(Email=f"{name}@example.com", AccountName=name) for name in ("shop", "chat")]
    return [str(answer["CreateAccountStatus"]["AccountId"]) for answer in made]


def in_account(moto: str, number: str) -> Account:
    """Somebody at work in a member account."""
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=moto)
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{number}:role/{ROLE}", RoleSessionName="test")["Credentials"]
    account = Account(moto)
    session = boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name="eu-west-1",
    )
    account.elbv2 = session.client("elbv2", endpoint_url=moto)
    account.ec2 = session.client("ec2", endpoint_url=moto)
    vpc = account.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    account.vpc = vpc
    subnets = account.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    account.subnets = [subnet["SubnetId"] for subnet in subnets[:2]]
    return account


def test_every_account_of_the_organization_is_read(account: Account, run: Run, moto: str, members: list[str]) -> None:
    account.listener(account.balancer("own"), account.group("own-web"))
    there = in_account(moto, members[1])
    there.listener(there.balancer("far"), there.group("far-web"))
    report = audit(run, moto, "--organization", ROLE, exit_code=1)
    found = {(finding["hop"]["name"], finding["hop"]["resource"]["account"]) for finding in report["findings"]}
    assert found == {("own", "123456789012"), ("far", members[1])}
    assert report["unreadable"] == []


def test_what_failed_where_is_said(account: Account, run: Run, stand: Stand, members: list[str]) -> None:
    account.listener(account.balancer("own"), account.group("own-web"))
    server = stand(lambda operation: ("AccessDenied", 403) if operation == "AssumeRole" else None)
    report = audit(run, server.url, "--organization", ROLE, exit_code=2)
    assert [finding["hop"]["name"] for finding in report["findings"]] == ["own"]
    messages = sorted(problem["message"] for problem in report["unreadable"])
    assert len(messages) == 2
    for number, message in zip(sorted(members), messages, strict=True):
        assert number in message
        assert "sts:AssumeRole" in message


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDeniedException", 400, "AWS denies organizations:ListAccounts"),
        ("AWSOrganizationsNotInUseException", 400, "organizations:ListAccounts failed"),
    ],
)
def test_without_the_list_of_accounts_nothing_is_read(
    code: str, status: int, words: str, run: Run, stand: Stand, members: list[str]
) -> None:
    server = stand(lambda operation: (code, status) if operation == "ListAccounts" else None)
    result = run("aws", "--endpoint-url", server.url, "--region", "eu-west-1", "--organization", ROLE, exit_code=2)
    assert words in result.output
    assert set(server.calls) == {"ListAccounts"}


def test_a_list_that_is_throttled_is_asked_for_again(
    account: Account, run: Run, stand: Stand, members: list[str]
) -> None:
    account.listener(account.balancer("own"), account.group("own-web"))
    refusals = iter([("TooManyRequestsException", 400)] * 2)
    server = stand(lambda operation: next(refusals, None) if operation == "ListAccounts" else None)
    report = audit(run, server.url, "--organization", ROLE, exit_code=1)
    assert report["unreadable"] == []
    assert server.calls["ListAccounts"] == 3


def test_one_role_or_the_roles_of_all(run: Run) -> None:
    result = run("aws", "--organization", ROLE, "--role-arn", "arn:aws:iam::1:role/x", exit_code=2)
    assert "give one of them" in result.output
