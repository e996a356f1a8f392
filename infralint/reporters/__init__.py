"""Reporters: a report as text for people or data for machines.

A reporter is a module with `render(report, shown) -> str`, imported when somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralint.engine.registry import Check
    from infralint.engine.report import Report
    from infralint.reporters.html import Row

REPORTERS = {
    "text": "infralint.reporters.text",
    "json": "infralint.reporters.json",
    "sarif": "infralint.reporters.sarif",
    "github": "infralint.reporters.github",
    "gitlab": "infralint.reporters.gitlab",
    "junit": "infralint.reporters.junit",
    "html": "infralint.reporters.html",
}


@dataclass(frozen=True)
class Shown:
    """What a report may show beside the findings.

    checks: those that were run, with their pages. color: use it. quiet: findings alone. verbose:
    name every file that was read. statistics: how often each check was heard. rows, taken: what was
    judged in a live account, and when it was read. time: of the report, in UTC.
    fixing: say of each finding why it was not put right.
    """

    checks: tuple[Check, ...] = ()
    color: bool = False
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    rows: tuple[Row, ...] = ()
    taken: str = ""
    time: str = ""
    fixing: bool = False


def render(name: str, report: Report, shown: Shown) -> str:
    """The report in the format of this name."""
    from importlib import import_module

    return str(import_module(REPORTERS[name]).render(report, shown))
