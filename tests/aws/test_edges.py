"""Distributions, APIs, functions and services of an account: built in moto as a user would, read over a socket."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result

from aws.test_moto import Account

ALL = ("--include", "cloudfront,apigateway,lambda,ecs")
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
SSE = "streams: [{path: /api/chat, generation: 2m}]\n"
SOCKET = "streams: [{path: /api/chat, kind: websocket, heartbeat: 20s}]\n"


class Edges(Account):
    """Builds what stands around load balancers."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        names = ("cloudfront", "apigateway", "apigatewayv2", "lambda", "iam", "ecs")
        self.clients = {name: boto3.client(name, region_name=self.region, endpoint_url=url) for name in names}

    def distribution(self, domain: str, read_timeout: int = 30, methods: tuple[str, ...] = ("GET", "HEAD")) -> str:
        origin = {
            "Id": "api",
            "DomainName": domain,
            "CustomHeaders": {
                "Quantity": 1,
                "Items": [{"HeaderName": "X-Origin-Secret", "HeaderValue": "hunter2"}],
            },
            "CustomOriginConfig": {
                "HTTPPort": 80,
                "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only",
                "OriginReadTimeout": read_timeout,
            },
        }
        answer = self.clients["cloudfront"].create_distribution(
            DistributionConfig={
                "CallerReference": domain,
                "Comment": "",
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "api",
                    "ViewerProtocolPolicy": "https-only",
                    "CachePolicyId": CACHING_DISABLED,
                    "AllowedMethods": {"Quantity": len(methods), "Items": list(methods)},
                },
            }
        )
        return f"distribution {answer['Distribution']['Id']}"

    def function(self, name: str, timeout: int = 3) -> str:
        role = self.clients["iam"].create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.js", "secret code")
        made = self.clients["lambda"].create_function(
            FunctionName=name,
            Runtime="nodejs22.x",
            Role=role,
            Handler="index.handler",
            Timeout=timeout,
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"OPENAI_API_KEY": "hunter2"}},
        )
        return str(made["FunctionArn"])

    def function_url(self, name: str, mode: str = "BUFFERED") -> str:
        made = self.clients["lambda"].create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode=mode)
        return str(made["FunctionUrl"])

    def rest_api(self, name: str, function: str, millis: int = 29000) -> str:
        client = self.clients["apigateway"]
        api: str = client.create_rest_api(name=name, tags={"ManagedBy": "terraform"})["id"]
        [root] = client.get_resources(restApiId=api)["items"]
        parent = client.create_resource(restApiId=api, parentId=root["id"], pathPart="api")["id"]
        resource = client.create_resource(restApiId=api, parentId=parent, pathPart="chat")["id"]
        client.put_method(restApiId=api, resourceId=resource, httpMethod="POST", authorizationType="NONE")
        uri = f"arn:aws:apigateway:{self.region}:lambda:path/2015-03-31/functions/{function}/invocations"
        client.put_integration(
            restApiId=api,
            resourceId=resource,
            httpMethod="POST",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=uri,
            timeoutInMillis=millis,
            requestParameters={"integration.request.header.X-Key": "'hunter2'"},
        )
        return api

    def http_api(self, name: str, function: str, kind: str = "HTTP") -> str:
        client = self.clients["apigatewayv2"]
        more = {"RouteSelectionExpression": "$request.body.action"} if kind == "WEBSOCKET" else {}
        api: str = client.create_api(Name=name, ProtocolType=kind, **more)["ApiId"]
        integration = client.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        key = "$default" if kind == "WEBSOCKET" else "POST /api/chat"
        client.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}")
        return api

    def service(self, name: str, group: str, count: int) -> None:
        client = self.clients["ecs"]
        client.create_cluster(clusterName="main")
        client.register_task_definition(
            family=name,
            containerDefinitions=[
                {"name": "app", "image": "app", "memory": 128, "environment": [{"name": "KEY", "value": "hunter2"}]}
            ],
        )
        client.create_service(
            cluster="main",
            serviceName=name,
            taskDefinition=name,
            desiredCount=count,
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}],
        )


@pytest.fixture
def edges(moto: str) -> Edges:
    return Edges(moto)


Reported = dict[str, Any]


@pytest.fixture
def report(run: Callable[..., Result], moto: str) -> Callable[..., Reported]:
    def report(*words: str) -> Reported:
        result = run("aws", "--endpoint-url", moto, "--region", "eu-west-1", "--format", "json", *words)
        parsed: Reported = json.loads(result.stdout)
        return parsed

    return report


def told(report: Reported) -> set[tuple[str, str]]:
    return {(finding["check"], finding["hop"]["name"]) for finding in report["findings"]}


def test_a_distribution_before_a_load_balancer_is_one_way(
    edges: Edges, report: Callable[..., Reported], home: Path
) -> None:
    (home / "infralint.yaml").write_text(SSE)
    balancer = edges.balancer("chat", idle=300)
    edges.listener(balancer, edges.group("chat"))
    [described] = edges.elbv2.describe_load_balancers()["LoadBalancers"]
    distribution = edges.distribution(
        described["DNSName"], methods=("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    )
    found = report(*ALL)
    assert told(found) == {("short-idle-timeout", distribution)}
    [finding] = found["findings"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == [distribution, "chat"]
    assert finding["hop"]["resource"]["type"] == "CloudFront distribution"
    assert '"OriginReadTimeout": 120' in finding["fix"]
    assert found["unreadable"] == []


def test_nothing_is_asked_of_what_is_not_included(edges: Edges, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text(SSE)
    edges.distribution("origin.example.com")
    edges.http_api("http", edges.function("answers", 300))
    found = report()
    assert (found["findings"], found["unreadable"]) == ([], [])
    assert {check for check, name in told(report("--include", "apigateway")) if name == "http"} == {
        "buffered-stream",
        "capped-stream",
    }


def test_an_api_before_a_function(edges: Edges, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text(SSE)
    api = edges.rest_api("rest", edges.function("answers", 60))
    found = report(*ALL)
    assert told(found) == {("buffered-stream", "rest"), ("capped-stream", "rest"), ("capped-stream", "answers")}
    [held] = [finding for finding in found["findings"] if finding["check"] == "buffered-stream"]
    assert [leg["hop"]["name"] for leg in held["trace"]["legs"]] == ["rest", "answers"]
    assert held["hop"]["resource"]["owner"] == "Terraform"
    assert f"aws apigateway update-integration --region eu-west-1 --rest-api-id {api}" in held["fix"]
    assert "path=/responseTransferMode,value=STREAM" in held["fix"]


def test_an_http_api_streams_nothing(edges: Edges, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text(SSE)
    edges.http_api("http", edges.function("answers", 300))
    assert told(report(*ALL)) == {("buffered-stream", "http"), ("capped-stream", "http")}


def test_a_websocket_api_opens_websockets(edges: Edges, report: Callable[..., Reported], home: Path) -> None:
    (home / "infralint.yaml").write_text(SOCKET)
    edges.http_api("socket", edges.function("answers"), "WEBSOCKET")
    found = report("--include", "apigateway,ecs")
    assert (told(found), found["unreadable"]) == (set(), [])


def test_a_service_says_how_many_tasks_share_requests(
    edges: Edges, report: Callable[..., Reported], home: Path
) -> None:
    (home / "infralint.yaml").write_text("streams: [{path: /ws, kind: websocket, session: chat, heartbeat: 20s}]\n")
    balancer, group = edges.balancer("chat", idle=300), edges.group("chat")
    edges.listener(balancer, group)
    edges.service("backend", group, 3)
    [finding] = [item for item in report(*ALL)["findings"] if item["check"] == "missing-sticky-sessions"]
    assert "3 tasks of backend share its requests" in finding["message"]


def test_a_snapshot_is_judged_and_compared(
    edges: Edges, run: Callable[..., Result], report: Callable[..., Reported], home: Path
) -> None:
    (home / "infralint.yaml").write_text(SSE)
    api = edges.rest_api("rest", edges.function("answers", 60))
    edges.clients["apigateway"].create_deployment(restApiId=api, stageName="prod", variables={"key": "hunter2"})
    distribution = edges.distribution(f"{api}.execute-api.eu-west-1.amazonaws.com")
    edges.service("backend", edges.group("chat"), 2)
    options = ("--include", "cloudfront,apigateway,ecs")
    live = report(*options, "--save", "live.json")
    assert "hunter2" not in (home / "live.json").read_text()
    again = json.loads(run("snapshot", "live.json", "--format", "json").stdout)
    assert told(again) == told(live) != set()
    assert again["unreadable"] == []
    edges.clients["apigateway"].delete_rest_api(restApiId=api)
    report(*options, "--save", "later.json")
    since = run("snapshot", "later.json", "--against-snapshot", "live.json").stdout
    assert f"restapis/{api}" in since
    assert distribution in since


def test_trace_takes_them_from_a_snapshot(edges: Edges, report: Callable[..., Reported], home: Path) -> None:
    from click.testing import CliRunner

    from infralint.cli import cli

    (home / "infralint.yaml").write_text(SSE)
    api = edges.rest_api("rest", edges.function("answers", 60))
    edges.distribution(f"{api}.execute-api.eu-west-1.amazonaws.com")
    report(*ALL, "--save", "live.json")
    result = CliRunner().invoke(cli, ["trace", "/api/chat", "--snapshot", "live.json"], catch_exceptions=False)
    assert [f"{position} {name}" in result.stdout for position, name in ((2, "rest"), (3, "answers"))] == [True, True]
    assert "distribution " in result.stdout
    assert "buffered-stream" in result.stdout
