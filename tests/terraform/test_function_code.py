"""The code of Lambda functions that Terraform deploys: where it streams, the way to it is judged."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

HANDLER = "export const handler = awslambda.streamifyResponse(async (event, stream) => { stream.end(); });\n"
PLAIN = "export const handler = async () => ({ statusCode: 200 });\n"
URL = """\
resource "aws_lambda_function" "chat" {
  function_name = "chat"
  role          = "arn:aws:iam::123456789012:role/chat"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  filename      = FILENAME
  timeout       = 300
}
resource "aws_lambda_function_url" "chat" {
  function_name      = aws_lambda_function.chat.function_name
  authorization_type = "NONE"
}
"""
FOLDER = 'data "archive_file" "code" {\n  type        = "zip"\n  source_dir  = "${path.module}/../src"\n  output_path = "c.zip"\n}\n'
FILE = FOLDER.replace("source_dir  =", "source_file =").replace("/src", "/src/index.mjs")
PACKED = URL.replace("FILENAME", "data.archive_file.code.output_path")
WRITTEN = URL.replace("FILENAME", '"lambda.zip"')
HELD = ["infra/main.tf:9 error buffered-stream"]
GUESSED = ["infra/main.tf:9 warning buffered-stream"]


@pytest.mark.parametrize("archive", [FOLDER, FILE])
def test_the_folder_or_file_that_is_packed_says_whether_it_streams(archive: str, lint: Lint) -> None:
    files = {"infra/main.tf": PACKED + archive, "other/index.mjs": PLAIN}
    assert problems(lint({**files, "src/index.mjs": HANDLER}), "buffered-stream") == HELD
    assert problems(lint({**files, "src/index.mjs": PLAIN, "other/index.mjs": HANDLER}), "buffered-stream") == []


def test_the_only_handler_of_that_name_is_meant_where_nothing_says_what_is_packed(lint: Lint) -> None:
    files = {"infra/main.tf": WRITTEN, "src/index.mjs": HANDLER}
    assert problems(lint(files), "buffered-stream") == GUESSED
    assert problems(lint({**files, "examples/index.js": PLAIN}), "buffered-stream") == GUESSED
    assert problems(lint({**files, "other/index.js": PLAIN}), "buffered-stream") == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (URL.replace("filename      = FILENAME", 's3_bucket = "b"\n  s3_key = "jobs.zip"'), "src/index.mjs"),
        (WRITTEN, "examples/index.mjs"),
    ],
)
def test_code_that_lies_in_a_bucket_or_is_an_example_is_not_taken_for_it(text: str, path: str, lint: Lint) -> None:
    assert problems(lint({"infra/main.tf": text, path: HANDLER}), "buffered-stream") == []


def test_what_is_guessed_says_so(lint: Lint) -> None:
    report = lint({"infra/main.tf": WRITTEN, "src/index.mjs": HANDLER})
    [because] = {finding["stream"]["because"] for finding in report["findings"]}
    assert "no other file here is called as the function's handler is" in because


def test_a_handler_outside_of_the_package_is_not_taken_for_it(lint: Lint) -> None:
    files = {"jobs/infra/main.tf": WRITTEN, "package.json": "{}", "chat/src/index.mjs": HANDLER}
    assert problems(lint(files), "buffered-stream") == ["jobs/infra/main.tf:9 warning buffered-stream"]
    assert problems(lint({**files, "jobs/package.json": "{}"})) == []


def test_an_example_with_a_package_of_its_own_deploys_what_lies_in_it(lint: Lint) -> None:
    files = {"examples/chat/infra/main.tf": WRITTEN, "examples/chat/src/index.mjs": HANDLER}
    assert problems(lint(files)) == []
    found = problems(lint({**files, "examples/chat/package.json": "{}"}), "buffered-stream")
    assert found == ["examples/chat/infra/main.tf:9 note buffered-stream"]


def test_a_handler_that_two_functions_have_is_no_ones(lint: Lint) -> None:
    second = WRITTEN.partition('resource "aws_lambda_function_url"')[0].replace('"chat"', '"other"')
    assert problems(lint({"infra/main.tf": WRITTEN + second, "src/index.mjs": HANDLER}), "buffered-stream") == []


def test_an_url_that_streams_is_silent(lint: Lint) -> None:
    mode = 'authorization_type = "NONE"\n  invoke_mode        = "RESPONSE_STREAM"'
    text = WRITTEN.replace('authorization_type = "NONE"', mode)
    assert problems(lint({"infra/main.tf": text, "src/index.mjs": HANDLER})) == []
