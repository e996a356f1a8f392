"""Every whole stack as `infralint trace` shows it, line by line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import run

FIXTURES = Path(__file__).parent.parent / "fixtures"
SHOWN = Path(__file__).parent / "traces"
STACKS = sorted(path.parent.name for path in FIXTURES.glob("*/expected.txt"))


def shown(stack: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the terminal shows of a copy of a stack that lies in no repository."""
    monkeypatch.chdir(shutil.copytree(FIXTURES / stack, folder / stack))
    return run("trace").output


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_shown_as_it_was_read_and_found_right(
    stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(stack, tmp_path, monkeypatch) == (SHOWN / f"{stack}.txt").read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    assert sorted(path.stem for path in SHOWN.iterdir()) == STACKS


@pytest.mark.parametrize("stack", STACKS)
def test_all_but_what_is_to_be_pasted_fits_eighty_columns(stack: str) -> None:
    pasting = False
    for line in (SHOWN / f"{stack}.txt").read_text(encoding="utf-8").splitlines():
        content = line.lstrip(" │")
        pasting = content == "write:" or (pasting and line.startswith((" │        ", "      ")))
        assert pasting or len(line) <= 80, line
