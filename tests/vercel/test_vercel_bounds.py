"""What nobody writes by hand neither stops a run nor hides the rest."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from yardstick import at_most

NEXT = '{ "dependencies": { "next": "16.4.6" } }'
STREAM = 'import { streamText } from "ai";\nexport const POST = () => streamText({}).toTextStreamResponse();\n'
OTHER = {"other/vercel.json": "{}", "other/package.json": NEXT, "other/app/api/chat/route.ts": STREAM}
JUDGED = "other/app/api/chat/route.ts:2 warning serverless-stream"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{ "functions": { "api/a.js": { "maxDuration": ' + "9" * 5000 + " } } }",
            "a number of more than 1000 characters",
        ),
        ('{ "regions": ' + "[" * 3000 + " }", "nested deeper than"),
    ],
)
def test_a_vercel_json_that_can_not_be_read_is_named_and_the_rest_judged(text: str, message: str, lint: Lint) -> None:
    report = lint({"vercel.json": text, "api/a.js": "", **OTHER})
    assert message in report["unreadable"][0]["message"]
    assert report["status"] == 2
    assert JUDGED in problems(report)


def test_half_a_character_is_shown_as_what_can_not_be_shown(lint: Lint) -> None:
    report = lint(
        {"vercel.json": '{ "functions": { "api/a.js": { "maxDuration": "\\ud800" } } }', "api/a.js": "", **OTHER}
    )
    assert problems(report) == [JUDGED, "vercel.json:1 error invalid-vercel-functions"]
    assert '"maxDuration": "\N{REPLACEMENT CHARACTER}"' in report["findings"][1]["message"]


@pytest.mark.parametrize("value", ["1e999", "9" * 400])
def test_a_duration_beyond_all_numbers_can_not_be_told(value: str, lint: Lint) -> None:
    files = {
        "vercel.json": "{}",
        "package.json": NEXT,
        "app/a/route.ts": f"export const maxDuration = {value};\n{STREAM}",
    }
    report = lint({**files, **OTHER})
    assert [entry["location"]["path"] for entry in report["unknown"]] == ["app/a/route.ts"]
    assert problems(report) == [JUDGED]


def test_more_rules_than_vercel_takes_are_one_finding(lint: Lint) -> None:
    rules = ", ".join(f'"app/**/{number}*(a|b)/*.ts": {{ "maxDuration": 10 }}' for number in range(2000))
    files = {"vercel.json": f'{{ "functions": {{ {rules} }} }}', "package.json": NEXT}
    files |= {f"app/r{number}/route.ts": "export const GET = () => Response.json(1);" for number in range(50)}
    with at_most(400):
        report = lint({**files, **OTHER})
    assert problems(report) == [JUDGED, "vercel.json:1 error invalid-vercel-functions"]
    assert "has 2000 patterns: Vercel wants 1 to 50" in report["findings"][1]["message"]


@pytest.mark.parametrize(
    "entry",
    [
        '"routes": [{ "src": "(((((a{9}){99}){99}){99}){99})", "dest": "/api/chat" }]',
        '"routes": [{ "src": "/(", "dest": "/api/chat" }]',
        '"rewrites": [{ "source": "/a/(b", "destination": "/api/chat" }]',
    ],
)
def test_a_rewrite_that_can_not_be_tried_is_named(entry: str, lint: Lint) -> None:
    files = {"vercel.json": f"{{ {entry} }}", "package.json": NEXT, "infralint.yaml": "streams:\n  - path: /answers\n"}
    report = lint({**files, "app/api/chat/route.ts": STREAM})
    named = [entry["message"] for entry in report["unknown"] if entry["location"]["path"] == "vercel.json"]
    assert len(named) == 1
    assert "takes a stream can't be told" in named[0]


def test_a_route_of_the_older_form_leads_to_its_function(lint: Lint) -> None:
    files = {
        "vercel.json": '{ "routes": [{ "src": "/answers/(.+)", "dest": "/api/$1" }] }',
        "package.json": NEXT,
        "infralint.yaml": "streams:\n  - path: /answers/chat\n",
    }
    report = lint({**files, "app/api/chat/route.ts": STREAM})
    assert {finding["stream"]["path"] for finding in report["findings"]} == {"/answers/chat"}


def test_a_version_of_thousands_of_digits_is_judged_like_a_new_one(lint: Lint) -> None:
    report = lint({"package.json": '{ "dependencies": { "next": "%s" } }' % ("9" * 5000), "vercel.json": "{}", **OTHER})
    assert not report["unreadable"]
    assert JUDGED in problems(report)
