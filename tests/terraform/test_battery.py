"""Every way a value can arrive: infralint, Terraform and the expected value agree."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import oracle
import pytest
from battery import CASES, LONG, SHORT, Case
from judging import idle, judged, places, reading

ANSWERS = json.loads(oracle.ANSWERS.read_text())
PAIRS = [pytest.param(case, value, id=oracle.key(case, value)) for case in CASES for value in (SHORT, LONG)]


def _settings(case: Case, value: int) -> dict[str, object]:
    """infralint's own way of giving what the case gives on Terraform's command line."""
    options = [one.replace("V!", str(value)) for one in case.options]
    files = [one.partition("=")[2] for one in options if one.startswith("-var-file=")]
    pairs = [one.removeprefix("-var=").partition("=") for one in options if one.startswith("-var=")]
    found: dict[str, object] = {"var_files": files, "variables": {name: text for name, _, text in pairs}}
    if case.workspace != "default":
        found["roots"] = [{"path": ".", "workspace": case.workspace}]
    return found


@pytest.mark.parametrize(("case", "value"), PAIRS)
def test_value_is_what_terraform_plans(case: Case, value: int, tmp_path: Path) -> None:
    found = reading(tmp_path, case.with_value(value), **_settings(case, value))
    assert idle(found) == [float(one) for one in ANSWERS[oracle.key(case, value)]] == [value]
    assert not found.unknown
    assert not found.unreadable


@pytest.mark.parametrize(("case", "value"), PAIRS)
def test_short_values_are_reported_and_long_ones_are_not(case: Case, value: int, tmp_path: Path) -> None:
    report = judged(tmp_path, case.with_value(value), **_settings(case, value))
    found = [place for place in places(report) if "other" not in place]
    assert len(found) >= 1 if value == SHORT else not found
    assert not report.unknown


@pytest.mark.skipif(not shutil.which("terraform"), reason="the terraform program is not here; its recorded answers are")
def test_recorded_answers_are_what_terraform_says_today() -> None:
    assert oracle.ask() == ANSWERS
