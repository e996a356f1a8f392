"""serverless.yml: functions on AWS, their URLs, and the APIs in front of them."""

from __future__ import annotations

import pytest
from conftest import Lint, Report, problems
from yardstick import at_most

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


def refused(report: Report) -> list[str]:
    return [
        f"{entry['location']['path']}:{entry['location']['line']} {entry['message']}" for entry in report["unreadable"]
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- chat\n", "1 expected a mapping with service, provider and functions"),
        ("service: chat\nprovider: [aws]\n", "2 provider: expected aws, or a mapping with its name"),
        ("service: chat\nprovider: {stage: prod}\n", "2 provider: expected aws, or a mapping with its name"),
        ("service: chat\nprovider: aws\nfunctions: 5\n", "3 functions: expected a mapping of names to functions"),
        (
            "service: chat\nprovider: aws\nfunctions: {chat: [a]}\n",
            "3 functions.chat: expected a mapping with its handler and events",
        ),
        (service("url: sure"), "10 functions.chat.url: expected true, or a mapping with invokeMode"),
        (service("events: {http: GET /chat}"), "10 functions.chat.events: expected a list of events"),
        (
            service("events: [http: ]"),
            "10 functions.chat.events: http takes a route such as `GET /chat`, or a mapping with its path",
        ),
    ],
)
def test_what_the_framework_does_not_take_is_unreadable_and_the_rest_is_judged(text: str, why: str, lint: Lint) -> None:
    files = {"serverless.yml": text, "other/serverless.yml": url("BUFFERED"), "infralint.yaml": declared()}
    report = lint(files)
    assert refused(report) == [f"serverless.yml:{why}"]
    assert problems(report, "buffered-stream") == ["other/serverless.yml:12 error buffered-stream"]


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e400", "-5", "0", "901", "1.5", "[300]", "{a: 1}"])
def test_a_timeout_that_the_framework_does_not_take_is_refused(seconds: str, lint: Lint) -> None:
    report = lint({"serverless.yml": url("RESPONSE_STREAM", seconds), "infralint.yaml": declared()})
    assert (report["findings"], report["unknown"], report["status"]) == ([], [], 2)
    assert [entry["location"]["line"] for entry in report["unreadable"]] == [10]


def test_a_timeout_that_is_not_known_here_is_could_not_tell(lint: Lint) -> None:
    report = lint({"serverless.yml": url("RESPONSE_STREAM", "${opt:seconds}"), "infralint.yaml": declared()})
    assert (report["findings"], report["unreadable"]) == ([], [])
    assert [entry["location"]["line"] for entry in report["unknown"]] == [10]


def test_a_mode_and_a_function_that_are_none_are_refused(lint: Lint) -> None:
    [entry] = lint({"serverless.yml": url("STREAMED"), "infralint.yaml": declared()})["unreadable"]
    assert "the framework takes no 'STREAMED' for invokeMode" in entry["message"]
    text = service("timeout: 300\n    url: true").replace("handler:", "handlr:")
    [entry] = lint({"serverless.yml": text})["unreadable"]
    assert "there is no key `handlr`; did you mean handler?" in entry["message"]


@pytest.mark.parametrize(
    "function",
    [
        url("${opt:mode}"),
        service("timeout: 300\n    url: ${opt:url}"),
        service("timeout: 300\n    url: ${file(url.js)}"),
    ],
)
def test_a_url_whose_mode_is_not_known_here_is_not_said_to_hold_answers(function: str, lint: Lint) -> None:
    report = lint({"serverless.yml": function, "infralint.yaml": declared()})
    assert report["findings"] == []
    assert any("invokeMode" in entry["message"] for entry in report["unknown"])


@pytest.mark.parametrize(
    ("variable", "seconds"),
    [
        ("${self:custom.list.1}", "30 s"),
        ("${self:custom.list.7, self:custom.list.1}", "30 s"),
        ("${self:custom.nothing, '30'}", "30 s"),
        ("${file(more/values.yml):seconds}", "20 s"),
        ("${file(more/values.json):seconds}", "25 s"),
    ],
)
def test_variables_reach_into_lists_and_files_from_the_services_folder_on(
    variable: str, seconds: str, lint: Lint
) -> None:
    files = {
        "serverless.yml": url("RESPONSE_STREAM", variable).replace("custom:", "custom:\n  list: [300, 30]\n  nothing:"),
        "more/values.yml": "seconds: ${file(more/deeper.yml):seconds}\n",
        "more/deeper.yml": "seconds: 20\n",
        "more/values.json": '{\n\t"seconds": 25\n}\n',
        "infralint.yaml": declared(),
    }
    (finding,) = lint(files)["findings"]
    assert seconds in finding["message"]


@pytest.mark.parametrize(
    ("variable", "why"),
    [
        ("${file(../../values.yml):a}", "names ../../values.yml, which is none of the files of this project"),
        ("${file(there/values.yml):a}", "names there/values.yml, which is none of the files of this project"),
        ("${file(round.yml):a}", "leads back to itself"),
        ("${self:custom.none}", "stands for nothing that is written here"),
        ("${opt:a}", "is known only where the service is deployed"),
    ],
)
def test_what_a_variable_does_not_lead_to_is_could_not_tell_and_why(variable: str, why: str, lint: Lint) -> None:
    files = {"serverless.yml": url("RESPONSE_STREAM", variable), "round.yml": "a: ${file(round.yml):a}\n"}
    report = lint({**files, "infralint.yaml": declared()})
    assert report["findings"] == []
    assert [why in entry["message"] for entry in report["unknown"]] == [True]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("values.yml", "a: [\n", "is not YAML"),
        ("values.json", '{"a": 5,', "is not JSON"),
        ("values.yml", b"\xff\xfe\x00", ""),
    ],
)
def test_a_broken_file_that_a_variable_names_is_unreadable_once(
    name: str, text: str | bytes, why: str, lint: Lint
) -> None:
    variable = f"${{file({name}):a}}"
    files = {"serverless.yml": url(variable, variable), "infralint.yaml": declared(), name: text}
    report = lint({**files, "b/serverless.yml": url("BUFFERED", f"${{file(../{name}):a}}")})
    assert [entry["location"]["path"] for entry in report["unreadable"]] == [name]
    assert why in report["unreadable"][0]["message"]
    assert problems(report, "buffered-stream") == ["b/serverless.yml:12 warning buffered-stream"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (service("events: ${file(events.js):chat}"), "its events can't be told: ${file(events.js):chat}"),
        (service("events: ['${opt:event}']"), "an event of it can't be told: ${opt:event}"),
        (service("events: [http: '${opt:route}']"), "a route can't be told: ${opt:route}"),
        (service("events: [htpApi: GET /chat]"), "`htpApi`, which the framework passes over; write `httpApi`"),
        ("service: a\nprovider: aws\nfuntions: {a: {handler: a.b}}\n", "passes over; write `functions`"),
        (service("evnts: [http: GET /chat]"), "`evnts`, which the framework passes over; write `events`"),
        ("service: a\nprovider: ${file(p.js)}\nfunctions: {a: {handler: a.b}}\n", "its provider can't be told"),
        ("service: a\nproviders: aws\nfunctions: {a: {handler: a.b}}\n", "names no provider"),
    ],
)
def test_what_may_hide_a_way_to_a_function_is_not_called_clean(text: str, why: str, lint: Lint) -> None:
    assert any(
        why in entry for entry in lint({"serverless.yml": text, "a/serverless.yml": url("BUFFERED")})["unfollowed"]
    )


def test_events_by_a_variable_are_followed(lint: Lint) -> None:
    text = service("events: ${self:custom.events}").replace("seconds: 120", "events: ['${self:custom.event}']")
    text = text.replace("functions:", "  event: {http: GET /chat}\nfunctions:")
    report = lint({"serverless.yml": text, "infralint.yaml": declared()})
    assert problems(report, "buffered-stream") == ["serverless.yml:7 error buffered-stream"]


def test_of_two_functions_with_one_name_the_last_counts(lint: Lint) -> None:
    body = "chat: {handler: a.b, timeout: SECONDS, url: {invokeMode: RESPONSE_STREAM}}\n"
    text = "service: chat\nprovider: aws\nfunctions: ['${file(a.yml)}', '${file(b.yml)}']\n"
    files = {"a.yml": body.replace("SECONDS", "10"), "b.yml": body.replace("SECONDS", "300")}
    assert lint({"serverless.yml": text, **files, "infralint.yaml": declared()})["findings"] == []


def test_what_stands_beside_functions_is_named_as_not_read(lint: Lint) -> None:
    text = (
        service("events: [alb: {listenerArn: a}]")
        + "resources: {Resources: {A: {Type: AWS::CloudFront::Distribution}}}\n"
    )
    assert sorted(lint({"serverless.yml": text})["unsupported"]) == [
        "CloudFormation beside functions of the Serverless Framework (serverless.yml)",
        "an Application Load Balancer in front of functions of the Serverless Framework (serverless.yml)",
    ]
    table = service("timeout: 30") + "resources: {Resources: {A: {Type: AWS::DynamoDB::Table}}}\n"
    assert "unsupported" not in lint({"serverless.yml": table})


def test_variables_that_lead_through_each_other_are_worked_out_once(lint: Lint) -> None:
    custom = 'custom:\n  M0: &m {m: *m, up: "${self:custom.M1}"}\n'
    for level in range(1, 16):
        path = f"M{level - 1}{'.m' * 300}.up"
        custom += f'  M{level}: {{m: "${{self:custom.{path}}}", up: "${{self:custom.M{level + 1}}}"}}\n'
    text = url("RESPONSE_STREAM", "${self:custom.M15.m.m.m}").replace("custom:\n", custom)
    with at_most(60):
        assert lint({"serverless.yml": text})["findings"] == []


def test_events_that_many_functions_share_are_bounded(lint: Lint) -> None:
    events = "".join(f"  - http: GET /p{number}\n" for number in range(1500))
    functions = "".join(f"  f{number}: {{handler: a.b, events: '${{self:custom.e}}'}}\n" for number in range(1000))
    text = f"service: a\nprovider: aws\ncustom:\n  e:\n{events}functions:\n{functions}"
    with at_most(100):
        report = lint({"serverless.yml": text})
    assert any("no more than 2000 routes of a service" in entry for entry in report["unfollowed"])
