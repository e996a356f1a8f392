"""What to write instead: put where it is read, and enough once it is written."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, problems

NODE = """export const config = { maxDuration: 300 };
export default async function handler(request, response) {
  response.setHeader("Content-Type", "text/event-stream");
}
"""
PYTHON = "app = FastAPI()\n\ndef chat():\n    return StreamingResponse(answer())\n"


@pytest.mark.parametrize(
    ("functions", "advice"),
    [
        ({"api/*.js": {"maxDuration": 10}}, '"functions": { "api/*.js": { "maxDuration": 300 } }'),
        ({"api/chat.js": {"maxDuration": 10}}, '"functions": { "api/chat.js": { "maxDuration": 300 } }'),
        (
            {"api/**": {"memory": 1024, "maxDuration": 10, "regions": ["fra1"]}},
            '"functions": { "api/**": { "memory": 1024, "maxDuration": 300, "regions": ["fra1"] } }',
        ),
    ],
)
def test_where_vercel_json_decides_the_advice_changes_its_rule(functions: object, advice: str, lint: Lint) -> None:
    files = {"vercel.json": json.dumps({"functions": functions}), "api/chat.js": NODE}
    report = lint(files)
    assert [one["fix"] for one in report["findings"]] == [advice]
    assert problems(lint({**files, "vercel.json": f"{{ {advice} }}"})) == ["vercel.json:1 note serverless-stream"]


def test_where_vercel_json_says_nothing_of_the_duration_the_file_is_the_place(lint: Lint) -> None:
    config = '{ "functions": { "api/*.js": { "memory": 1024 } } }'
    report = lint({"vercel.json": config, "api/chat.js": NODE.replace("300", "10")})
    assert [one["fix"] for one in report["findings"]] == ["export const config = { maxDuration: 300 };"]


def test_a_python_functions_rule_is_changed_and_no_second_one_written(lint: Lint) -> None:
    """The first rule that reaches a file takes it: Vercel refuses a narrower one after it."""
    files = {"vercel.json": '{ "functions": { "api/*.py": { "memory": 512 } } }', "api/index.py": PYTHON}
    advice = '"functions": { "api/*.py": { "memory": 512, "maxDuration": 300 } }'
    assert [one["fix"] for one in lint(files)["findings"]] == [advice]
    assert problems(lint({**files, "vercel.json": f"{{ {advice} }}"})) == ["vercel.json:1 note serverless-stream"]


@pytest.mark.parametrize(
    ("source", "use", "code"),
    [("index.js", "@vercel/node", NODE.partition("\n")[2]), ("app.py", "@vercel/python", PYTHON)],
)
def test_beside_legacy_builds_functions_is_advised_only_once_they_are_gone(
    source: str, use: str, code: str, lint: Lint
) -> None:
    config = {"builds": [{"src": source, "use": use}], "routes": [{"src": "/(.*)", "dest": source}]}
    report = lint({"vercel.json": json.dumps(config), source: code})
    first, second = report["findings"][0]["fix"].split("\n")
    assert 'remove "builds" from vercel.json' in first
    assert second == f'"functions": {{ "{source}": {{ "maxDuration": 300 }} }}'
    refused = json.dumps(config | {"functions": {source: {"maxDuration": 300}}})
    assert "vercel.json:1 error invalid-vercel-functions" in problems(lint({"vercel.json": refused, source: code}))
