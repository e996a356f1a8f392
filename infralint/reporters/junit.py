"""JUnit XML, as Jenkins reads it: a suite a check, a failed test a finding, and a suite of what was read.

Errors and warnings fail, notes are skipped tests with their text; a check that found nothing is one
test that passed. Names hold no line numbers, so that a test's history survives moved lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from infralint.engine.report import Report
from infralint.model import Finding
from infralint.reporters import Shown
from infralint.reporters.json import unknown_message

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Case:
    """One test. outcome: `failure`, `error`, `skipped`, or empty where it passed."""

    name: str
    path: str = ""
    outcome: str = ""
    kind: str = ""
    message: str = ""
    body: str = ""


def render(report: Report, shown: Shown) -> str:
    """The report as JUnit XML."""
    found = _by_check(report)
    names = dict.fromkeys([*(check.name for check in shown.checks), *found])
    suites = {f"infralint.{name}": found.get(name) or [_Case("no finding")] for name in names}
    suites["infralint.read"] = list(_reading(report))
    total = _totals(case for cases in suites.values() for case in cases)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="infralint" {total}>'
    return "\n".join([head, *(_suite(name, cases) for name, cases in suites.items()), "</testsuites>\n"])


def _by_check(report: Report) -> dict[str, list[_Case]]:
    suites: dict[str, list[_Case]] = {}
    for finding in report.findings:
        suites.setdefault(finding.check, []).append(_case(finding))
    return suites


def _case(finding: Finding) -> _Case:
    where = finding.location
    return _Case(
        name=": ".join([where.path, *([finding.hop.name] if finding.hop else [])]),
        path=where.path,
        outcome="skipped" if finding.severity == "note" else "failure",
        kind=finding.severity,
        message=f"{where}: {finding.message}",
        body="\n".join(_body(finding)),
    )


def _body(finding: Finding) -> Iterator[str]:
    yield f"{finding.location}: {finding.severity}: {finding.message}"
    yield from (f"{one.location}: {one.message}" for one in finding.related)
    if finding.hop is not None:
        yield f"hop: {finding.hop.name} ({finding.hop.where})"
    if finding.stream is not None:
        yield f"stream: {finding.stream}, because {finding.stream.evidence.because}"
    if finding.fix:
        yield f"write:\n{finding.fix}"


def _reading(report: Report) -> Iterator[_Case]:
    """What was read, what could not be read, and what could not be told."""
    broken = {one.where.path for one in report.unreadable}
    for one in report.unreadable:
        yield _Case(one.where.path, one.where.path, "error", "unreadable", one.message, f"{one.where}: {one.message}")
    for path in dict.fromkeys(path for paths in report.read.values() for path in paths):
        if path not in broken:
            yield _Case(path, path)
    for unknown in report.unknown:
        said = unknown_message(unknown)
        text = "\n".join(filter(None, [f"{unknown.where}: {said}", unknown.remedy]))
        yield _Case(f"{unknown.where.path}: {unknown.why}", unknown.where.path, "skipped", "could not tell", said, text)


def _suite(name: str, cases: list[_Case]) -> str:
    head = f'  <testsuite name={_quoted(name)} {_totals(cases)} skipped="{_skipped(cases)}">'
    return "\n".join([head, *_written(name, cases), "  </testsuite>"])


def _totals(cases: Iterable[_Case]) -> str:
    counts = Counter(one.outcome for one in cases)
    return f'tests="{counts.total()}" failures="{counts["failure"]}" errors="{counts["error"]}"'


def _skipped(cases: Iterable[_Case]) -> int:
    return sum(one.outcome == "skipped" for one in cases)


def _written(suite: str, cases: list[_Case]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for one in cases:
        seen[one.name] += 1
        name = one.name if seen[one.name] == 1 else f"{one.name} ({seen[one.name]})"
        head = f"    <testcase classname={_quoted(suite)} name={_quoted(name)}"
        head += f" file={_quoted(one.path)}" if one.path else ""
        if not one.outcome:
            yield f"{head}/>"
            continue
        yield f"{head}>\n      {_outcome(one)}\n    </testcase>"


def _outcome(case: _Case) -> str:
    kind = "" if case.outcome == "skipped" else f" type={_quoted(case.kind)}"
    head = f"<{case.outcome} message={_quoted(case.message)}{kind}"
    return f"{head}>{escape(_clean(case.body))}</{case.outcome}>" if case.body else f"{head}/>"


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    """Without characters that no XML file may hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
