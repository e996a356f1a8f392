"""Load balancers written as Terraform and read from an account are judged the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Lint

from infralint.engine.pages import Example, examples

TWINS = [pytest.param(example, id=example.heading) for example in examples(Path(__file__).with_name("twins.md"))]


def told(report: dict[str, Any]) -> list[str]:
    """Findings as they are expected: how loud, and which check; and what could not be told."""
    found = {f"{finding['severity']} {finding['check']}" for finding in report["findings"]}
    unmet = {"unknown: meets no hop" for unknown in report["unknown"] if "meets no hop" in unknown["message"]}
    return sorted(found | unmet)


@pytest.mark.parametrize("source", ["main.tf", "aws.json"])
@pytest.mark.parametrize("example", TWINS)
def test_both_are_judged_alike(example: Example, source: str, lint: Lint) -> None:
    files = {name: example.files[name] for name in ("infralint.yaml", source)}
    report = lint(files)
    assert not report["unreadable"]
    assert told(report) == sorted(
        example.files["expected"].split("\n")[:-1] if example.files["expected"].strip() else []
    )
