"""Distributions, APIs, functions and services as AWS's own shapes tell of them; calls, pages and failures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result

from aws import edge_world
from aws.edge_world import EdgeWorld, behavior, distribution, distributions
from aws.world import Answer, Server
from infralint.sources.aws_account import client
from infralint.sources.aws_account.client import MutatingCall, only_client
from infralint.sources.aws_account.kinds import KINDS

ALL = ("--include", "cloudfront,apigateway,lambda,ecs")
SSE = "streams: [{path: /api/chat, generation: 2m}]\n"
SOCKET = "streams: [{path: /api/chat, kind: websocket, heartbeat: 20s}]\n"
Reported = dict[str, Any]


@pytest.fixture
def world() -> EdgeWorld:
    return EdgeWorld()


@pytest.fixture
def server(world: EdgeWorld, home: Path) -> Iterator[Server]:
    (home / "infralint.yaml").write_text(SSE)
    server = edge_world.serve(world)
    yield server
    server.stop()


def told(report: Reported) -> set[tuple[str, str]]:
    return {(finding["check"], finding["hop"]["name"]) for finding in report["findings"]}


def unreadable(report: Reported) -> list[str]:
    return [entry["message"] for entry in report["unreadable"]]


def rest_api(id_: str = "rest1", **integration: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A regional REST API with one path, and its resources."""
    api = {"id": id_, "name": "chat", "endpointConfiguration": {"types": ["REGIONAL"]}}
    method = {"httpMethod": "POST", "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST"} | integration}
    return api, {"items": [{"id": "abc", "path": "/api/chat", "resourceMethods": {"POST": method}}]}


def test_a_url_that_buffers(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    world.function("answers", 60)
    found = report("--include", "lambda", exit_code=1)
    assert told(found) == {("buffered-stream", "the URL of answers"), ("capped-stream", "answers")}
    fixes = {finding["check"]: finding["fix"] for finding in found["findings"]}
    assert "update-function-url-config --region eu-west-1 --function-name answers" in fixes["buffered-stream"]
    assert "--invoke-mode RESPONSE_STREAM" in fixes["buffered-stream"]
    assert (
        "update-function-configuration --region eu-west-1 --function-name answers --timeout 300"
        in fixes["capped-stream"]
    )


def test_a_url_that_streams_long_enough(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    world.function("answers", 300, "RESPONSE_STREAM")
    found = report("--include", "lambda", exit_code=0)
    assert (told(found), unreadable(found)) == (set(), [])


def test_a_distribution_before_a_url(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    world.function("answers", 300, "RESPONSE_STREAM")
    at = distribution("E1", "answersabc.lambda-url.eu-west-1.on.aws")
    world.says("cloudfront", "ListDistributions", distributions(at))
    found = report(*ALL, exit_code=1)
    [finding] = found["findings"]
    assert finding["check"] == "short-idle-timeout"
    names = [leg["hop"]["name"] for leg in finding["trace"]["legs"]]
    assert names == ["distribution E1", "the URL of answers", "answers"]


def test_a_behavior_that_forwards_no_handshake(world: EdgeWorld, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text(SOCKET)
    at = distribution("E1", "chat.example.com")
    world.says("cloudfront", "ListDistributions", distributions(at))
    assert told(report(*ALL)) == {("missing-upgrade-headers", "distribution E1")}
    at = distribution("E1", "chat.example.com", OriginRequestPolicyId="216adef6-5c7f-47e4-b989-5492eafa07d3")
    world.says("cloudfront", "ListDistributions", distributions(at))
    assert told(report(*ALL)) == set()


def test_policies_of_the_account(world: EdgeWorld, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text(SOCKET)
    at = distribution("E1", "chat.example.com", OriginRequestPolicyId="p1")
    world.says("cloudfront", "ListDistributions", distributions(at))
    config = {
        "Name": "handshake",
        "HeadersConfig": {
            "HeaderBehavior": "whitelist",
            "Headers": {"Quantity": 2, "Items": ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]},
        },
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    policy = {"Id": "p1", "LastModifiedTime": "2026-03-01T10:00:00Z", "OriginRequestPolicyConfig": config}
    listed = {"MaxItems": 100, "Quantity": 1, "Items": [{"Type": "custom", "OriginRequestPolicy": policy}]}
    world.says("cloudfront", "ListOriginRequestPolicies", {"OriginRequestPolicyList": listed})
    assert told(report(*ALL, exit_code=0)) == set()
    world.says("cloudfront", "ListOriginRequestPolicies", Answer("AccessDenied", 403))
    denied = report(*ALL, exit_code=2)
    assert told(denied) == set()
    assert "may not call cloudfront:ListOriginRequestPolicies" in denied["unknown"][0]["message"]


def test_a_path_of_its_own(world: EdgeWorld, report: Callable[..., Reported], home: Path) -> None:
    """The first behavior whose pattern fits decides."""
    (home / "infralint.yaml").write_text(SOCKET)
    whole = behavior(PathPattern="/api/*", OriginRequestPolicyId="216adef6-5c7f-47e4-b989-5492eafa07d3")
    for pattern, expected in (("/api/*", set()), ("/ws/*", {("missing-upgrade-headers", "distribution E1")})):
        at = distribution("E1", "chat.example.com", (whole | {"PathPattern": pattern},))
        world.says("cloudfront", "ListDistributions", distributions(at))
        assert told(report(*ALL)) == expected


def test_what_is_switched_off_or_serves_files(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    off, files = distribution("E1", "chat.example.com"), distribution("E2", "files.s3.eu-west-1.amazonaws.com")
    off["Enabled"] = False
    world.says("cloudfront", "ListDistributions", distributions(off, files))
    assert report(*ALL)["findings"] == []


def test_a_load_balancer_inside_of_a_network(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    balancer = world.balancer("chat", **{"idle_timeout.timeout_seconds": "300"})
    world.listener(balancer, world.group("api", balancer), protocol="HTTPS")
    at = distribution("E1", "internal-chat.eu-west-1.elb.amazonaws.com")
    [origin] = at["Origins"]["Items"]
    del origin["CustomOriginConfig"]
    origin["VpcOriginConfig"] = {"VpcOriginId": "vo_1", "OriginReadTimeout": 60}
    world.says("cloudfront", "ListDistributions", distributions(at))
    summary = {
        "Id": "vo_1",
        "Name": "chat",
        "Status": "Deployed",
        "CreatedTime": "2026-03-01T10:00:00Z",
        "LastModifiedTime": "2026-03-01T10:00:00Z",
        "Arn": "arn:aws:cloudfront::123456789012:vpcorigin/vo_1",
        "AccountId": "123456789012",
        "OriginEndpointArn": balancer,
    }
    whole = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 1, "Items": [summary]}
    world.says("cloudfront", "ListVpcOrigins", {"VpcOriginList": whole})
    [finding] = report(*ALL)["findings"]
    assert "60 s" in finding["message"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["distribution E1", "chat"]


def test_a_rest_api_that_streams(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    arn = world.function("answers", 300)
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations"
    api, resources = rest_api(uri=uri, timeoutInMillis=300000, responseTransferMode="STREAM")
    world.says("apigateway", "GetRestApis", {"items": [api]})
    world.says("apigateway", "GetResources", resources)
    found = report("--include", "apigateway,lambda")
    assert told(found) == {("buffered-stream", "the URL of answers")}
    del resources["items"][0]["resourceMethods"]["POST"]["methodIntegration"]["responseTransferMode"]
    assert ("buffered-stream", "chat") in told(report("--include", "apigateway,lambda"))


def test_a_variable_of_a_stage_hides_where_requests_go(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    api, resources = rest_api(
        uri="https://${stageVariables.host}/", timeoutInMillis=300000, responseTransferMode="STREAM"
    )
    world.says("apigateway", "GetRestApis", {"items": [api]})
    world.says("apigateway", "GetResources", resources)
    found = report("--include", "apigateway", exit_code=0)
    assert found["findings"] == []


LISTS = {
    "cloudfront:ListDistributions": ("cloudfront", "ListDistributions", "CloudFront distributions"),
    "apigateway:GetRestApis": ("apigateway", "GetRestApis", "REST APIs"),
    "apigateway:GetApis": ("apigatewayv2", "GetApis", "HTTP and WebSocket APIs"),
    "lambda:ListFunctions": ("lambda", "ListFunctions", "Lambda functions"),
    "ecs:ListClusters": ("ecs", "ListClusters", "ECS clusters"),
}


@pytest.mark.parametrize(("action", "service", "operation", "what"), [(key, *value) for key, value in LISTS.items()])
def test_what_is_denied_is_named_and_the_rest_is_judged(
    action: str, service: str, operation: str, what: str, world: EdgeWorld, report: Callable[..., Reported]
) -> None:
    balancer = world.balancer("chat")
    world.listener(balancer, world.group("api", balancer), protocol="HTTPS")
    world.says(service, operation, Answer("AccessDeniedException", 403))
    found = report(*ALL, exit_code=2)
    assert told(found) == {("short-idle-timeout", "chat")}
    [message] = unreadable(found)
    assert message.startswith(f"{what} could not be read: these credentials may not call {action}; allow ")
    assert "`infralint audit aws --iam-policy` prints the whole policy, with the same --include" in message


@pytest.mark.parametrize(("service", "operation"), [value[:2] for value in LISTS.values()])
def test_a_broken_answer_is_named(
    service: str, operation: str, world: EdgeWorld, report: Callable[..., Reported], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LONGEST_WAIT", 0)
    world.says(service, operation, Answer("InternalFailure", 500, body="<html>not this"))
    found = report(*ALL, exit_code=2)
    assert [operation in message for message in unreadable(found)] == [True]
    assert Counter(asked[1] for asked in world.asked)[operation] == 3


def test_a_throttled_call_is_made_again(
    world: EdgeWorld, report: Callable[..., Reported], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LONGEST_WAIT", 0)
    monkeypatch.setattr("infralint.sources.aws_account.client.TokenBucket.drain", lambda _: None)
    world.function("answers", 60)
    whole, refusals = world.answers["lambda", "ListFunctions"], iter([1, 1])
    refused = Answer("TooManyRequestsException", 429)
    world.says("lambda", "ListFunctions", lambda _: refused if next(refusals, None) else whole)
    found = report("--include", "lambda", exit_code=1)
    assert (len(found["findings"]), unreadable(found)) == (2, [])


def test_lists_are_read_to_their_end(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    first, second = distribution("E1", "one.example.com"), distribution("E2", "two.example.com")
    world.says(
        "cloudfront",
        "ListDistributions",
        lambda sent: distributions(second) if sent.get("Marker") else distributions(first, after="E1"),
    )
    one, resources = rest_api("rest1")
    two, _ = rest_api("rest2")
    two["name"] = "other"
    world.says(
        "apigateway",
        "GetRestApis",
        lambda sent: {"items": [two]} if sent.get("position") else {"items": [one], "position": "x"},
    )
    world.says("apigateway", "GetResources", resources)
    found = report(*ALL)
    held = {name for _, name in told(found)}
    assert held == {"distribution E1", "distribution E2", "chat", "other"}


def test_a_list_that_goes_in_circles(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    at = distribution("E1", "one.example.com")
    world.says("cloudfront", "ListDistributions", distributions(at, after="E1"))
    assert ["goes in circles" in message for message in unreadable(report(*ALL, exit_code=2))] == [True]


def test_integrations_that_may_not_be_read_are_unknown(world: EdgeWorld, report: Callable[..., Reported]) -> None:
    api, _ = rest_api()
    world.says("apigateway", "GetRestApis", {"items": [api]})
    world.says("apigateway", "GetResources", Answer("AccessDeniedException", 403))
    found = report("--include", "apigateway", exit_code=2)
    assert found["findings"] == []
    assert any("may not call apigateway:GetResources" in unknown["message"] for unknown in found["unknown"])


def test_the_policy_is_exactly_what_is_called(world: EdgeWorld, audit: Callable[..., Result]) -> None:
    arn = world.function("answers")
    at = distribution("E1", "chat.example.com", OriginRequestPolicyId="p1", CachePolicyId="c1")
    at["Origins"]["Items"][0]["VpcOriginConfig"] = {"VpcOriginId": "vo_1"}
    world.says("cloudfront", "ListDistributions", distributions(at))
    for name in ("OriginRequestPolicy", "CachePolicy", "VpcOrigin"):
        empty = {"MaxItems": 100, "Quantity": 0} | ({"Marker": "", "IsTruncated": False} if name == "VpcOrigin" else {})
        operation = f"List{name}s".replace("ys", "ies")
        world.says("cloudfront", operation, {f"{name}List": empty})
    api, resources = rest_api(uri=arn)
    world.says("apigateway", "GetRestApis", {"items": [api]})
    world.says("apigateway", "GetResources", resources)
    world.says("apigatewayv2", "GetApis", {"Items": [second_api()]})
    cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/main"
    world.says("ecs", "ListClusters", {"clusterArns": [cluster]})
    world.says("ecs", "ListServices", {"serviceArns": [cluster.replace("cluster", "service", 1) + "/web"]})
    audit(*ALL)
    asked = Counter((service, operation) for service, operation, _ in world.asked)
    assert asked == {
        (service.name, name): 1 for kind in KINDS.values() for service in kind.services for name in service.operations
    }
    policy = json.loads(audit("--iam-policy", *ALL, exit_code=0).output)
    granted = {action for statement in policy["Statement"] for action in statement["Action"]}
    prefixes = {"apigateway": "apigateway", "apigatewayv2": "apigateway"}
    called = {"apigateway:GET" if service in prefixes else f"{service}:{operation}" for service, operation in asked}
    assert {action for action in granted if not action.startswith("elasticloadbalancing:")} == called
    [paths] = [statement["Resource"] for statement in policy["Statement"] if statement["Sid"] == "ReadApis"]
    assert {path.partition("::/")[2] for path in paths} == {
        "restapis",
        "restapis/*/resources",
        "restapis/*/stages",
        "apis",
        "apis/*/integrations",
        "apis/*/routes",
        "apis/*/stages",
    }


def second_api(kind: str = "HTTP") -> dict[str, Any]:
    return {
        "ApiId": "http1",
        "Name": "second",
        "ProtocolType": kind,
        "RouteSelectionExpression": "$request.method $request.path",
    }


def test_nothing_is_asked_where_nothing_streams(world: EdgeWorld, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text("streams: []\n")
    world.function("answers")
    report(*ALL)
    assert world.asked == []


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("lambda", "get_function", {"FunctionName": "answers"}),
        ("lambda", "get_function_configuration", {"FunctionName": "answers"}),
        ("lambda", "invoke", {"FunctionName": "answers"}),
        ("apigateway", "get_api_keys", {}),
        ("apigateway", "delete_rest_api", {"restApiId": "a"}),
        ("cloudfront", "get_distribution_config", {"Id": "E1"}),
        ("ecs", "describe_task_definition", {"taskDefinition": "a"}),
    ],
)
def test_other_operations_are_refused_before_they_are_sent(
    service: str, operation: str, parameters: dict[str, str], world: EdgeWorld, server: Server
) -> None:
    allowed = edge_world.SERVICES[service].operations
    made = only_client(boto3.Session(), service, "eu-west-1", server.url, allowed)
    with pytest.raises(MutatingCall):
        getattr(made, operation)(**parameters)
    assert world.asked == []


def test_a_snapshot_keeps_no_secret_and_gives_the_same(
    world: EdgeWorld, run: Callable[..., Result], report: Callable[..., Reported], home: Path
) -> None:
    arn = world.function("answers", 60)
    api, resources = rest_api(uri=arn, requestParameters={"integration.request.header.X-Key": "'hunter2'"})
    world.says("apigateway", "GetRestApis", {"items": [api]})
    world.says("apigateway", "GetResources", resources)
    stage = {"stageName": "prod", "variables": {"key": "hunter2"}}
    world.says("apigateway", "GetStages", {"item": [stage]})
    world.says("cloudfront", "ListDistributions", distributions(distribution("E1", "chat.example.com")))
    live = report(*ALL, "--save", "live.json")
    text = (home / "live.json").read_text()
    assert ("hunter2" in text, "OPENAI_API_KEY" in text, '"prod"' in text) == (False, False, True)
    again = json.loads(run("snapshot", "live.json", "--format", "json").stdout)
    assert told(again) == told(live) != set()


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ('"OriginReadTimeout": 30', '"OriginReadTimeout": "30"', "distributions[0].Origins.Items[0]"),
        ('"Timeout": 60', '"Timeout": [60]', "functions[0].Timeout"),
        ('"path": "/api/chat"', '"path": 7', "rest_resources['rest1'][0]"),
    ],
)
def test_a_snapshot_of_another_shape_is_refused(
    before: str,
    after: str,
    where: str,
    world: EdgeWorld,
    run: Callable[..., Result],
    report: Callable[..., Reported],
    home: Path,
) -> None:
    world.function("answers", 60)
    api, resources = rest_api()
    world.says("apigateway", "GetRestApis", {"items": [api]})
    world.says("apigateway", "GetResources", resources)
    world.says("cloudfront", "ListDistributions", distributions(distribution("E1", "chat.example.com")))
    report(*ALL, "--save", "live.json")
    text = (home / "live.json").read_text()
    assert before in text
    (home / "live.json").write_text(text.replace(before, after))
    assert where in run("snapshot", "live.json", exit_code=2).output


def test_a_word_that_is_no_kind(run: Callable[..., Result]) -> None:
    assert "rds is none of cloudfront, apigateway, lambda and ecs" in run("aws", "--include", "rds", exit_code=2).output


def test_the_summary_and_the_page_count_what_was_judged(
    world: EdgeWorld, audit: Callable[..., Result], home: Path
) -> None:
    world.function("answers", 60)
    world.says(
        "cloudfront", "ListDistributions", distributions(distribution("E1", "chat.example.com", read_timeout=120))
    )
    output = audit(*ALL, "--output", "html=report.html", "--output", "csv=audit.csv", exit_code=1).stdout
    assert "Read 2 AWS regions with 3 resources (2 with warnings, 1 good)" in output.replace("\n", " ")
    page = (home / "report.html").read_text()
    assert "<b>3</b> resources" in page
    assert "2 min, 2 min needed" in page
    assert "no limit" in page
    rows = (home / "audit.csv").read_text().splitlines()
    passing = [row for row in rows if "distribution/E1" in row and "short-idle-timeout" in row]
    assert ["pass" in row for row in passing] == [True]
