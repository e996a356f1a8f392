"""Whole stacks as found in real repositories: what is said of each, place by place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import run

FIXTURES = Path(__file__).parent.parent / "fixtures"
STACKS = sorted(path.parent for path in FIXTURES.glob("*/expected.txt"))


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_a_stack_gives_what_is_expected(stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(stack, tmp_path / stack.name)
    monkeypatch.chdir(copy)
    result = run("check", "--format", "json", ".")
    report = json.loads(result.stdout)
    found = {
        f"{one['location']['path']}:{one['location']['line']}: {one['severity']} {one['check']}"
        for one in report["findings"]
    }
    assert sorted(found) == sorted((stack / "expected.txt").read_text().splitlines())
    assert not report["unreadable"]
    loud = any(" note " not in line for line in found)
    assert result.exit_code == int(loud)


def test_there_are_clean_stacks_too() -> None:
    assert any(not (stack / "expected.txt").read_text() for stack in STACKS)
    assert {path.name for path in FIXTURES.iterdir()} == {stack.name for stack in STACKS}
