"""Every check's page is its manual and its test: exactly the marked lines are reported."""

from __future__ import annotations

import pytest

from infralint.engine.page_tests import find_misses
from infralint.engine.pages import Example, examples
from infralint.engine.registry import Check, built_in_folder, load_checks

CHECKS = load_checks(built_in_folder())
CASES = [
    pytest.param(check, example, id=f"{check.name}:{example.line}-{example.heading or example.section}")
    for check in CHECKS
    for example in examples(check.page)
]


@pytest.mark.parametrize(("check", "example"), CASES)
def test_exactly_the_marked_lines_are_reported(check: Check, example: Example) -> None:
    assert [miss.message for miss in find_misses(check, example, CHECKS)] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_page_tells_what_how_and_when_not(check: Check) -> None:
    text = check.page.read_text()
    assert text.startswith(f"# {check.name}\n")
    for heading in ("## How to fix it", "## When to ignore it", "## Bad", "## Good"):
        assert f"\n{heading}\n" in text
    assert check.summary.endswith((".", ":"))
