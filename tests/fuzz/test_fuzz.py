"""Random inputs, always the same few: no traceback, no fault, nothing slow, no output that its reader can't read.

Thousands more: `python tests/fuzz/run.py --minutes 60`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .seeds import TARGETS, seeds
from .trials import Course, Trial, judge, make_trial

TRIALS = 25
SITE = b"events {}\nhttp { server { location /api/chat { proxy_pass http://app; } } }\n"


@pytest.mark.parametrize("target", TARGETS)
def test_random_inputs_are_judged_or_refused(target: str, tmp_path: Path) -> None:
    for number in range(TRIALS):
        assert judge(make_trial(target, f"ci-{number}"), tmp_path / "project") == [], f"{target}:ci-{number}"


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_seeds_and_changes_them(target: str) -> None:
    files = {tuple(sorted(seed.files.items())) for seed in seeds()[target]}
    assert len(files) > 2
    trials = [make_trial(target, f"{number}") for number in range(20)]
    assert len({(tuple(sorted(trial.files.items())), trial.arguments) for trial in trials}) > 15
    assert trials[0] == make_trial(target, "0")


def test_a_good_project_shows_no_failure(tmp_path: Path) -> None:
    assert judge(Trial({"nginx.conf": SITE}, ("check", ".")), tmp_path / "project") == []


@pytest.mark.parametrize(
    ("course", "kind"),
    [
        (Course(status=3), "status 3"),
        (Course(status=1, crash="Traceback\nValueError: x"), "traceback ValueError"),
        (Course(status=2, faults={"run.1": "trace"}), "fault run.1"),
        (Course(status=0, warned=["SyntaxWarning: x"]), "warning SyntaxWarning: x"),
        (Course(status=0, cpu=2.5), "slow"),
        (Course(status=0, peak=2 << 30), "memory"),
        (Course(status=1, output="a\x1b[31m"), "output unsafe in text"),
        (Course(status=1, errors="\n::error::x"), "output unsafe in text"),
    ],
)
def test_what_counts_as_a_failure(course: Course, kind: str) -> None:
    assert [name for name, _ in course.failures(Trial({}, ("check", ".")))] == [kind]
