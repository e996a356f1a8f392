"""Reporters: a report as text for people or data for machines.

A reporter is a module with `render(report, shown) -> str`, imported when somebody asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from infralint.engine.registry import Check
    from infralint.engine.report import Report
    from infralint.engine.since import Since
    from infralint.engine.verdicts import CheckVerdict
    from infralint.reporters.grouping import Grouping
    from infralint.reporters.rows import Row

REPORTERS = {
    "text": "infralint.reporters.text",
    "json": "infralint.reporters.json",
    "sarif": "infralint.reporters.sarif",
    "github": "infralint.reporters.github",
    "gitlab": "infralint.reporters.gitlab",
    "junit": "infralint.reporters.junit",
    "html": "infralint.reporters.html",
    "markdown": "infralint.reporters.markdown",
    "rdjson": "infralint.reporters.rdjson",
    "checkstyle": "infralint.reporters.checkstyle",
    "csv": "infralint.reporters.csv",
    "ocsf": "infralint.reporters.ocsf",
}


class Shown(msgspec.Struct, frozen=True):
    """What a report may show beside the findings.

    checks: those that were run, with their pages. color: use it. quiet: a line a finding, no summary. verbose:
    name every file that was read. statistics: how often each check was heard. rows, taken: what was
    judged in a live account, and when it was read. time: of the report, in UTC.
    fixing: say of each finding why it was not put right.
    grouping: what findings stand together for. verdicts: of each check on each resource of an account.
    hides_suppressed: leave out what is ignored or in the baseline (text only counts it). since: an earlier snapshot, what has
    changed. snapshot: of an audit, the file that keeps what was judged, "" where none does; None: no audit.
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
    grouping: Grouping = "cause"
    verdicts: tuple[CheckVerdict, ...] = ()
    hides_suppressed: bool = False
    since: Since | None = None
    snapshot: str | None = None


def render(name: str, report: Report, shown: Shown) -> str:
    """The report in the format of this name."""
    from importlib import import_module

    if shown.hides_suppressed and name != "text":
        report = replace(report, suppressed=[])
    return str(import_module(REPORTERS[name]).render(report, shown))
