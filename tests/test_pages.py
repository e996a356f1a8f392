"""Every check's page is its manual and its test: exactly the marked lines are reported."""

from __future__ import annotations

import pytest
from conftest import Lint

from infralint.engine.pages import Example, examples
from infralint.engine.registry import DEFAULT_GROUP, Check, built_in_folder, load_checks

CHECKS = load_checks(built_in_folder())
CASES = [
    pytest.param(check, example, id=f"{check.name}:{example.line}-{example.heading or example.section}")
    for check in CHECKS
    for example in examples(check.page)
]


@pytest.mark.parametrize(("check", "example"), CASES)
def test_exactly_the_marked_lines_are_reported(check: Check, example: Example, lint: Lint) -> None:
    chosen = () if check.group == DEFAULT_GROUP else ("--select", check.group)
    report = lint(dict(example.files), *chosen)
    assert not report["unreadable"]
    reported = {name: set() for name in example.files}
    for finding in report["findings"]:
        if finding["check"] == check.name:
            reported[finding["location"]["path"]].add(finding["location"]["line"])
    assert reported == example.reported


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_page_tells_what_how_and_when_not(check: Check) -> None:
    text = check.page.read_text()
    assert text.startswith(f"# {check.name}\n")
    for heading in ("## How to fix it", "## When to ignore it", "## Bad", "## Good"):
        assert f"\n{heading}\n" in text
    assert check.summary.endswith((".", ":"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_bad_examples_are_reported_and_good_ones_are_silent(check: Check) -> None:
    for example in examples(check.page):
        assert example.section in ("Bad", "Good")
        assert any(example.reported.values()) == (example.section == "Bad"), f"line {example.line}"
