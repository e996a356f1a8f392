"""serverless.yml: functions on AWS, their URLs, and the APIs in front of them."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /chat, silence: 20s, generation: LENGTH}]\n"
SERVICE = """service: chat
provider:
  name: aws
  PROVIDER
custom:
  seconds: 120
functions:
  chat:
    handler: chat.handler
    FUNCTION
"""
URL = "timeout: TIMEOUT\n    url:\n      invokeMode: MODE"


def service(function: str, provider: str = "stage: prod") -> str:
    return SERVICE.replace("FUNCTION", function).replace("PROVIDER", provider)


def url(mode: str, timeout: str = "300") -> str:
    return service(URL.replace("MODE", mode).replace("TIMEOUT", timeout))


def declared(length: str = "60s") -> str:
    return SSE.replace("LENGTH", length)


@pytest.mark.parametrize("function", ["timeout: 300\n    url: true", "timeout: 300\n    url:\n      cors: true"])
def test_a_function_url_holds_answers_back_unless_it_is_told_to_stream(function: str, lint: Lint) -> None:
    report = lint({"serverless.yml": service(function), "infralint.yaml": declared()})
    assert [finding["check"] for finding in report["findings"]] == ["buffered-stream"]
    assert "invokeMode: RESPONSE_STREAM" in report["findings"][0]["fix"]
    assert lint({"serverless.yml": url("RESPONSE_STREAM"), "infralint.yaml": declared()})["findings"] == []


@pytest.mark.parametrize(
    ("timeout", "length", "found"),
    [
        ("30", "60s", ["serverless.yml:10 error capped-stream"]),
        ("${self:custom.seconds}", "60s", []),
        ("${self:custom.seconds}", "3m", ["serverless.yml:10 error capped-stream"]),
        ("${self:custom.other, 30}", "60s", ["serverless.yml:10 error capped-stream"]),
    ],
)
def test_a_function_ends_after_its_timeout(timeout: str, length: str, found: list[str], lint: Lint) -> None:
    report = lint({"serverless.yml": url("RESPONSE_STREAM", timeout), "infralint.yaml": declared(length)})
    assert problems(report) == found


@pytest.mark.parametrize(("provider", "seconds"), [("stage: prod", "6 s"), ("timeout: 20", "20 s")])
def test_what_no_function_says_the_provider_does(provider: str, seconds: str, lint: Lint) -> None:
    text = service("url:\n      invokeMode: RESPONSE_STREAM", provider)
    report = lint({"serverless.yml": text, "infralint.yaml": declared()})
    [finding] = report["findings"]
    assert (finding["check"], f"after {seconds}" in finding["message"]) == ("capped-stream", True)
    assert finding["fix"].startswith("timeout: 300")


@pytest.mark.parametrize("timeout", ["${opt:timeout, 30}", "${env:SECONDS}", "${ssm:/chat/timeout}"])
def test_variables_of_the_deployment_are_could_not_tell(timeout: str, lint: Lint) -> None:
    report = lint({"serverless.yml": url("RESPONSE_STREAM", timeout), "infralint.yaml": declared()})
    assert report["findings"] == []
    assert any("known only where the service is deployed" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    ("event", "checks"),
    [
        ("http: GET chat", {"buffered-stream", "capped-stream"}),
        ("http:\n          path: /chat\n          method: post", {"buffered-stream", "capped-stream"}),
        ("httpApi: POST /chat", {"buffered-stream", "capped-stream"}),
        ("httpApi: '*'", {"buffered-stream", "capped-stream"}),
        ("http: GET other", set()),
        ("sqs: arn:aws:sqs:eu-west-1:1:jobs", set()),
    ],
)
def test_apis_hold_answers_back(event: str, checks: set[str], lint: Lint) -> None:
    text = service(f"timeout: 300\n    events:\n      - {event}")
    report = lint({"serverless.yml": text, "infralint.yaml": declared()})
    assert {finding["check"] for finding in report["findings"]} == checks


@pytest.mark.parametrize(("endpoint", "found"), [("endpointType: REGIONAL", False), ("stage: prod", True)])
def test_a_rest_api_streams_where_it_is_told_to(endpoint: str, found: bool, lint: Lint) -> None:
    event = "http:\n          path: chat\n          method: get\n          timeoutInMillis: 300000\n"
    event += "          response:\n            transferMode: STREAM"
    text = service(f"timeout: 300\n    events:\n      - {event}", endpoint)
    silent = "streams: [{path: /chat, silence: 60s, generation: 2m}]\n"
    report = lint({"serverless.yml": text, "infralint.yaml": silent})
    assert [finding["check"] for finding in report["findings"]] == (["short-idle-timeout"] if found else [])


def test_a_websocket_event_opens_sockets(lint: Lint) -> None:
    text = service("events:\n      - websocket: $connect\n      - websocket: $default")
    declared_socket = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, generation: 10m}]\n"
    report = lint({"serverless.yml": text, "infralint.yaml": declared_socket})
    assert report["findings"] == []


def test_functions_of_another_file_are_found(lint: Lint) -> None:
    text = SERVICE.partition("functions:")[0].replace("PROVIDER", "stage: prod") + "functions: ${file(./api/all.yml)}\n"
    functions = "chat:\n  handler: chat.handler\n  timeout: 20\n  url:\n    invokeMode: RESPONSE_STREAM\n"
    report = lint({"serverless.yml": text, "api/all.yml": functions, "infralint.yaml": declared()})
    assert problems(report) == ["api/all.yml:3 error capped-stream"]


def test_functions_that_are_made_elsewhere_are_named(lint: Lint) -> None:
    text = SERVICE.partition("functions:")[0].replace("PROVIDER", "stage: prod") + "functions: ${file(./all.js):api}\n"
    report = lint({"serverless.yml": text})
    [reason] = report["unfollowed"]
    assert "${file(./all.js):api}" in reason


def test_a_part_of_a_service_is_no_service(lint: Lint) -> None:
    part = "chat:\n  handler: chat.handler\n  timeout: 20\n  url:\n    invokeMode: RESPONSE_STREAM\n"
    text = SERVICE.partition("functions:")[0].replace("PROVIDER", "stage: prod")
    whole = text + "functions:\n  - ${file(./api/serverless.yml)}\n"
    report = lint({"serverless.yml": whole, "api/serverless.yml": part, "infralint.yaml": declared()})
    assert problems(report) == ["api/serverless.yml:3 error capped-stream"]
    assert "unsupported" not in report


def test_another_provider_is_named(lint: Lint) -> None:
    text = service("url: true").replace("name: aws", "name: azure")
    report = lint({"serverless.yml": text, "infralint.yaml": declared()})
    assert report["findings"] == []
    assert report["unsupported"] == ["Serverless Framework for another provider than AWS (serverless.yml)"]


def test_a_broken_file_is_named(lint: Lint) -> None:
    report = lint({"serverless.yml": "functions: [\n"})
    assert (report["status"], "YAML" in report["unreadable"][0]["message"]) == (2, True)
