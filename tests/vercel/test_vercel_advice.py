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


def test_api_below_src_is_no_folder_of_functions(lint: Lint) -> None:
    """https://github.com/pmndrs/jotai/pull/1433"""
    config = '{"functions": {"src/api/*.js": {"maxDuration": 300}}}'
    report = lint({"vercel.json": config, "api/chat.js": "export default () => new Response('x');\n"})
    assert problems(report) == ["vercel.json:1 error invalid-vercel-functions"]
    assert "not below src/" in report["findings"][0]["message"]


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


HANDLER = "export const POST = () => new Response(new ReadableStream({}));\n"


def planned(lint: Lint, vercel: str, settings: str, seconds: int | None, need: int = 0) -> tuple[str, str, str]:
    """Severity, message and advice for a route of so many seconds, on the plan that infralint.yaml names."""
    duration = f"export const maxDuration = {seconds};\n" if seconds else ""
    declared = f"\nstreams: [{{ path: /chat, duration: {need}s }}]" if need else ""
    report = lint({
        "vercel.json": vercel,
        "package.json": '{ "dependencies": { "next": "16.0.0" } }',
        "infralint.yaml": f"vercel: {{ {settings} }}{declared}",
        "app/chat/route.ts": duration + HANDLER,
    })  # fmt: skip
    [finding] = report["findings"]
    return finding["severity"], finding["message"], finding["fix"]


@pytest.mark.parametrize(
    ("settings", "seconds", "most"),
    [
        ("plan: hobby, fluid: true", 301, "5 min that the Hobby plan"),
        ("plan: hobby", 600, "5 min that the Hobby plan"),
        ("plan: hobby, fluid: false", 61, "60 s that the Hobby plan"),
        ("plan: pro, fluid: false", 800, "5 min that the Pro plan"),
        ("plan: pro, fluid: true", 2000, "30 min that the Pro plan"),
        ("plan: enterprise", 1900, "30 min that the Enterprise plan"),
    ],
)
def test_more_than_the_plan_allows_is_never_enough(settings: str, seconds: int, most: str, lint: Lint) -> None:
    severity, message, _ = planned(lint, "{}", settings, seconds)
    assert severity == "error"
    assert f"is more than the {most} allows: Vercel refuses the deploy" in message


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ("plan: hobby", 300),
        ("plan: pro", 800),
        ("plan: enterprise, fluid: false", 900),
        ("fluid: true", 800),
        ("plan: pro", 300),
    ],
)
def test_what_the_plan_allows_is_enough(settings: str, seconds: int, lint: Lint) -> None:
    severity, message, advice = planned(lint, "{}", settings, seconds)
    assert (severity, advice) == ("note", "")
    assert "enough for the 2 min" in message


def test_a_duration_in_beta_is_neither_refused_nor_called_enough(lint: Lint) -> None:
    severity, message, _ = planned(lint, "{}", "plan: pro, fluid: true", 1800)
    assert severity == "note"
    assert "is in beta on the Pro plan" in message
    assert "enough" not in message


@pytest.mark.parametrize(
    ("vercel", "settings", "seconds", "need", "advice"),
    [
        ("{}", "plan: hobby, fluid: true", 60, 0, "export const maxDuration = 300;"),
        ("{}", "plan: hobby, fluid: true", 600, 0, "export const maxDuration = 300;"),
        ('{ "fluid": false }', "plan: hobby", 60, 0, '"fluid": true\nexport const maxDuration = 300;'),
        ('{ "fluid": false }', "plan: hobby", 30, 50, "export const maxDuration = 60;"),
        ("{}", "plan: pro, fluid: false", 60, 500, '"fluid": true\nexport const maxDuration = 500;'),
        ("{}", "plan: pro", 60, 500, "export const maxDuration = 500;"),
        ("{}", "plan: enterprise, fluid: false", 60, 900, "export const maxDuration = 900;"),
        ("{}", "fluid: true", 60, 900, "export const maxDuration = 900;"),
    ],
)
def test_advice_keeps_to_what_the_plan_allows(
    vercel: str, settings: str, seconds: int, need: int, advice: str, lint: Lint
) -> None:
    assert planned(lint, vercel, settings, seconds, need)[2] == advice


@pytest.mark.parametrize(
    ("settings", "seconds", "said"),
    [
        ("plan: hobby, fluid: true", 60, "longer than 5 min on the Hobby plan:"),
        ("plan: hobby, fluid: false", None, "longer than 5 min on the Hobby plan:"),
        ("plan: pro", None, "longer than 800 s on the Pro plan (30 min in beta):"),
        ("plan: hobby", 600, "longer than 5 min on the Hobby plan:"),
    ],
)
def test_where_no_duration_of_the_plan_is_enough_none_is_advised(
    settings: str, seconds: int | None, said: str, lint: Lint
) -> None:
    _, message, advice = planned(lint, "{}", settings, seconds, need=1200)
    assert said in message
    assert "needs another plan or shorter answers" in message
    assert "which would do" not in message
    assert not advice
