"""JUnit XML, as Jenkins reads it: a suite a check, a failed test a finding, and a suite of what was read.

Errors and warnings fail, notes are skipped tests with their text; a check that found nothing is one
test that passed. Names hold no line numbers, so that a test's history survives moved lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

import msgspec

from infralint.engine.report import Report
from infralint.model import Finding
from infralint.reporters import Shown
from infralint.reporters.phrases import (
    environment_phrase,
    places_of,
    stream_phrase,
    unknown_message,
    way_phrase,
    write_phrase,
)
from infralint.text.display import visible, visible_lines


class _Case(msgspec.Struct, frozen=True):
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
    yield visible(f"{finding.location}: {finding.severity}: {finding.message}")
    if environment := environment_phrase([finding]):
        yield visible(environment)
    yield from (visible(f"{related.location}: {related.message}") for related in places_of(finding))
    if finding.hop is not None:
        yield visible(f"hop: {finding.hop.name} ({finding.hop.where})")
    if stream := stream_phrase(finding):
        yield visible(f"stream: {stream}")
    if way := way_phrase(finding):
        yield visible(f"way: {way}")
    if finding.fix:
        yield f"{visible(write_phrase(finding))}:\n{visible_lines(finding.fix)}"


def _reading(report: Report) -> Iterator[_Case]:
    """What was read, what could not be read, and what could not be told."""
    broken = {unreadable.where.path for unreadable in report.unreadable}
    for unreadable in report.unreadable:
        path, text = unreadable.where.path, f"{unreadable.where}: {unreadable.message}"
        yield _Case(path, path, "error", "unreadable", unreadable.message, visible(text))
    for path in dict.fromkeys(path for paths in report.read.values() for path in paths):
        if path not in broken:
            yield _Case(path, path)
    for unknown in report.unknown:
        message = unknown_message(unknown)
        lines = filter(None, [f"{unknown.where}: {message}", unknown.remedy])
        text = "\n".join(map(visible, lines))
        name = f"{unknown.where.path}: {unknown.why}"
        yield _Case(name, unknown.where.path, "skipped", "could not tell", message, text)


def _suite(name: str, cases: list[_Case]) -> str:
    head = f'  <testsuite name={_quote(name)} {_totals(cases)} skipped="{_count_skipped(cases)}">'
    return "\n".join([head, *_write_cases(name, cases), "  </testsuite>"])


def _totals(cases: Iterable[_Case]) -> str:
    counts = Counter(case.outcome for case in cases)
    return f'tests="{counts.total()}" failures="{counts["failure"]}" errors="{counts["error"]}"'


def _count_skipped(cases: Iterable[_Case]) -> int:
    return sum(case.outcome == "skipped" for case in cases)


def _write_cases(suite: str, cases: list[_Case]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.name] += 1
        name = case.name if seen[case.name] == 1 else f"{case.name} ({seen[case.name]})"
        head = f"    <testcase classname={_quote(suite)} name={_quote(name)}"
        head += f" file={_quote(case.path)}" if case.path else ""
        if not case.outcome:
            yield f"{head}/>"
            continue
        yield f"{head}>\n      {_outcome(case)}\n    </testcase>"


def _outcome(case: _Case) -> str:
    kind = "" if case.outcome == "skipped" else f" type={_quote(case.kind)}"
    head = f"<{case.outcome} message={_quote(case.message)}{kind}"
    return f"{head}>{escape(case.body)}</{case.outcome}>" if case.body else f"{head}/>"


def _quote(text: str) -> str:
    return quoteattr(visible(text))
