"""What to write instead: put where it is read, and enough once it is written."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, problems, run

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


PAGE = """
export default async function handler(request, response) {
  response.setHeader("Content-Type", "text/event-stream");
}
"""


def pages(version: str, settings: str) -> dict[str, str]:
    return {
        "vercel.json": "{}",
        "package.json": json.dumps({"dependencies": {"next": version}}),
        "pages/api/chat.ts": settings + PAGE,
    }


@pytest.mark.parametrize(
    ("version", "settings", "outcome"),
    [
        ("13.5.6", "export const maxDuration = 300;", "pages/api/chat.ts:2 warning"),
        ("^14.2.5", "export const maxDuration = 300;", "pages/api/chat.ts:2 warning"),
        ("14.2.5", "export const config = { maxDuration: 300 };", "pages/api/chat.ts:1 note"),
        ("15.0.0", "export const maxDuration = 300;", "pages/api/chat.ts:1 note"),
        ("latest", "export const maxDuration = 300;", "pages/api/chat.ts:1 note"),
        ("16.0.0", "export const config = { maxDuration: 300 };", "pages/api/chat.ts:1 note"),
    ],
)
def test_a_duration_outside_of_config_counts_below_pages_since_next_15(
    version: str, settings: str, outcome: str, lint: Lint
) -> None:
    assert problems(lint(pages(version, settings))) == [f"{outcome} serverless-stream"]


def test_a_duration_that_next_14_does_not_read_is_pointed_at(lint: Lint) -> None:
    [finding] = lint(pages("14.2.5", "export const maxDuration = 300;"))["findings"]
    assert "before Next.js 15" in finding["related"][0]["message"]
    assert finding["related"][0]["location"]["line"] == 1
    assert finding["fix"] == "export const config = { maxDuration: 300 };"


@pytest.mark.parametrize(
    ("version", "settings", "advice"),
    [
        ("14.2.5", "", "export const config = { maxDuration: 300 };"),
        ("16.4.6", "", "export const config = { maxDuration: 300 };"),
        (
            "14.2.5",
            "export const config = { maxDuration: 30, api: { bodyParser: false } };",
            "export const config = { maxDuration: 300, api: { bodyParser: false } };",
        ),
        (
            "15.1.0",
            "export const maxDuration = 30;",
            "remove `export const maxDuration = 30;`, and write\nexport const config = { maxDuration: 300 };",
        ),
        (
            "15.1.0",
            "export const config = { runtime: 'edge', regions: ['iad1'] };",
            "export const config = { runtime: \"nodejs\", regions: ['iad1'], maxDuration: 300 };",
        ),
    ],
)
def test_below_pages_the_advice_is_one_config_with_what_it_said_before(
    version: str, settings: str, advice: str, lint: Lint
) -> None:
    assert [one["fix"] for one in lint(pages(version, settings))["findings"]] == [advice]
    line = advice.rpartition("\n")[2]
    assert problems(lint(pages(version, line))) == ["pages/api/chat.ts:1 note serverless-stream"]


def test_a_value_in_config_that_is_no_literal_is_asked_for_in_config(lint: Lint) -> None:
    assert not lint(pages("15.1.0", "export const config = { maxDuration: LIMIT };"))["findings"]
    assert "export const config = { maxDuration: 300 }" in run("check", ".").stdout
