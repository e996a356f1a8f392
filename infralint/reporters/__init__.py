"""Reporters: a report as text for people or data for machines.

A reporter is a module with `render(report, options) -> str`, imported when somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralint.registry import Check
    from infralint.run import Report

REPORTERS = {
    "text": "infralint.reporters.text",
    "json": "infralint.reporters.json",
    "sarif": "infralint.reporters.sarif",
    "github": "infralint.reporters.github",
    "gitlab": "infralint.reporters.gitlab",
    "junit": "infralint.reporters.junit",
}


@dataclass(frozen=True)
class Options:
    """What a report may show.

    checks: those that were run, with their pages. color: use it. quiet: findings alone. verbose:
    name every file that was read. statistics: how often each check was heard.
    """

    checks: tuple[Check, ...] = ()
    color: bool = False
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False


def render(name: str, report: Report, options: Options) -> str:
    """The report in the format of this name."""
    from importlib import import_module

    return str(import_module(REPORTERS[name]).render(report, options))
