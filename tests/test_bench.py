"""The command that measures speed works: on projects so small that its figures mean nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, Path(__file__).parent / "bench/speed.py", "--small"]


def measure(*words: str) -> str:
    """What the command prints."""
    ran = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_work_is_a_row_with_its_aim_and_its_ratio() -> None:
    printed = measure("--gixy", "", "--nginx", "")
    rows = [line for line in printed.splitlines() if line.startswith("| ")][2:]
    works = {row.split(" | ")[0].strip("| ") for row in rows}
    assert {"`--version`", "one small nginx file", "a hook on one changed nginx file, 40 files"} <= works
    assert len(works) == len(rows) > 12
    for row in rows:
        _, aims, measured, seconds = (cell.strip() for cell in row.strip("|").split("|"))
        compared = [aim for aim in aims.split("; ") if " × " in aim or "above" in aim]
        assert len(compared) == (0 if measured == "–" else measured.count(";") + 1), row
        assert seconds.endswith(" MB"), row


def test_programs_that_are_missing_are_named() -> None:
    printed = measure("--gixy", "", "--nginx", "", "version")
    assert "gixy-ng is not here" in printed
    assert "nginx is not here" in printed


def test_a_profile_names_the_functions_that_took_the_time() -> None:
    printed = measure("--profile", "one small")
    assert "## one small nginx file" in printed
    assert "Ordered by: cumulative time" in printed
    assert "Ordered by: internal time" in printed
