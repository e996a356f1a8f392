"""Handlers of Lambda that stream, behind what holds their answers back."""

from __future__ import annotations

import pytest
from conftest import Lint, write

CODE = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("one");
  stream.end();
});
"""
TYPED = "export const handler = awslambda.streamifyResponse(async (event, stream) => { stream.end(); });\n"
DEFAULT = "import { streamifyResponse } from 'lambda-stream';\nexport default streamifyResponse(serve);\n"
SAM = """Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Timeout: 300}
Resources:
  Chat:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/chat/
      Handler: app.handler
"""
URL = "      FunctionUrlConfig: {AuthType: NONE}\n"
EVENT = "      Events:\n        Ask: {Type: KIND, Properties: {Path: /chat, Method: post}}\n"
PLAIN = """Resources:
  Chat:
    Type: AWS::Lambda::Function
    Properties:
      Code: src/chat
      Handler: app.handler
      Timeout: 300
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Chat, AuthType: NONE}
"""
SERVERLESS = """service: chat
provider: {name: aws, timeout: 300}
functions:
  chat:
    handler: src/chat/app.handler
    EVENT
"""
SERVERLESS_URL = SERVERLESS.replace("EVENT", "url: true")
SERVERLESS_API = SERVERLESS.replace("EVENT", "events: [{httpApi: POST /chat}]")


def told(lint: Lint, name: str, text: str, code: str, path: str = "src/chat/app.js") -> list[str]:
    """The loud findings of answers that are held back."""
    report = lint({name: text, path: code})
    assert report["unreadable"] == []
    return [f"{one['severity']} {one['check']}" for one in report["findings"] if one["check"] == "buffered-stream"]


WAYS = {
    "a URL of SAM": ("template.yaml", SAM + URL),
    "an HTTP API of SAM": ("template.yaml", SAM + EVENT.replace("KIND", "HttpApi")),
    "a REST API of SAM": ("template.yaml", SAM + EVENT.replace("KIND", "Api")),
    "a URL of CloudFormation": ("template.yaml", PLAIN),
    "a URL of the Serverless Framework": ("serverless.yml", SERVERLESS_URL),
    "an HTTP API of the Serverless Framework": ("serverless.yml", SERVERLESS_API),
}


@pytest.mark.parametrize(("name", "text"), WAYS.values(), ids=WAYS)
def test_what_its_code_streams_is_held_back(name: str, text: str, lint: Lint) -> None:
    assert told(lint, name, text, CODE) == ["error buffered-stream"]


@pytest.mark.parametrize(
    ("path", "code"),
    [("src/chat/app.mjs", TYPED), ("src/chat/app.ts", TYPED), ("src/chat/app.mjs", DEFAULT)],
)
def test_handlers_are_written_in_several_ways(path: str, code: str, lint: Lint) -> None:
    assert told(lint, "template.yaml", SAM + URL, code, path) == ["error buffered-stream"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("src/chat/app.js", "exports.handler = async () => ({ statusCode: 200 });\n"),
        ("src/chat/app.js", CODE.replace("exports.handler", "exports.other")),
        ("src/chat/app.js", f"// {CODE.splitlines()[0]}\nexports.handler = serve;\n"),
        ("src/other/app.js", CODE),
    ],
)
def test_what_does_not_stream_is_left_alone(path: str, code: str, lint: Lint) -> None:
    assert told(lint, "template.yaml", SAM + URL, code, path) == []


@pytest.mark.parametrize(("name", "text"), WAYS.values(), ids=WAYS)
def test_the_finding_names_the_line_of_the_code(name: str, text: str, lint: Lint) -> None:
    report = lint({name: text, "src/chat/app.js": CODE})
    [finding] = [one for one in report["findings"] if one["check"] == "buffered-stream"]
    assert "src/chat/app.js:1 streams what it answers" in finding["stream"]["because"]


def test_a_url_that_streams_passes_it_on(lint: Lint) -> None:
    text = SAM + URL.replace("{AuthType: NONE}", "{AuthType: NONE, InvokeMode: RESPONSE_STREAM}")
    assert lint({"template.yaml": text, "src/chat/app.js": CODE})["findings"] == []


def test_code_outside_of_the_project_is_not_looked_at(lint: Lint, tmp_path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path.parent, {"outside/app.js": CODE})
    assert told(lint, "template.yaml", SAM.replace("src/chat/", "../outside/") + URL, "", "src/app.js") == []
