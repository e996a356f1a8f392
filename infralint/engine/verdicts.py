"""What each check says of each resource of an account, also where it has nothing to complain of: records for auditors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from infralint.engine.registry import Check
from infralint.engine.report import Report
from infralint.model import Crossing, Finding, Hop, Unknown
from infralint.project.guard import Guard

Status = Literal["pass", "fail", "unknown", "suppressed"]
"""Nothing is wrong; something is; it can't be told; something is, and somebody decided to live with it."""


class CheckVerdict(msgspec.Struct, frozen=True):
    """One check on one resource. hop: one way through the resource. findings: those that count, or were suppressed.

    reason: why it can't be told, or why the findings are suppressed.
    """

    check: str
    hop: Hop
    status: Status
    findings: tuple[Finding, ...] = ()
    reason: str = ""


def verdicts_of(checks: Sequence[Check], crossings: Iterable[Crossing[Hop]], report: Report) -> list[CheckVerdict]:
    """A verdict for each check that has something to ask of a resource, in a stable order."""
    asked: dict[tuple[str, str], list[tuple[Check, Crossing[Hop]]]] = {}
    for crossing in crossings:
        if crossing.hop.resource is not None:
            for check in checks:
                if check.asks_for_hops(type(crossing.hop)):
                    asked.setdefault((crossing.hop.resource.identity, check.name), []).append((check, crossing))
    found = _by_subject(report.findings)
    silent = _by_subject(suppression.finding for suppression in report.suppressed)
    reasons = {id(suppression.finding): suppression.reason for suppression in report.suppressed}
    for subject in (*found, *silent):
        asked.setdefault(subject, [])
    return [
        _verdict(subject[1], questions, found.get(subject, []), silent.get(subject, []), reasons)
        for subject, questions in sorted(asked.items(), key=lambda item: item[0])
    ]


def _by_subject(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.hop is not None and finding.hop.resource is not None:
            groups.setdefault((finding.hop.resource.identity, finding.check), []).append(finding)
    return groups


def _verdict(
    name: str,
    questions: Sequence[tuple[Check, Crossing[Hop]]],
    found: Sequence[Finding],
    silent: Sequence[Finding],
    reasons: dict[int, str],
) -> CheckVerdict:
    hop = _hop(questions, [*found, *silent])
    if found:
        return CheckVerdict(name, hop, "fail", tuple(found))
    if silent:
        return CheckVerdict(name, hop, "suppressed", tuple(silent), reasons[id(silent[0])])
    reason = next(_untold(questions), None)
    return CheckVerdict(name, hop, "pass") if reason is None else CheckVerdict(name, hop, "unknown", (), reason)


def _hop(questions: Sequence[tuple[Check, Crossing[Hop]]], findings: Sequence[Finding]) -> Hop:
    return next(
        hop for hop in (*(finding.hop for finding in findings), *(crossing.hop for _, crossing in questions)) if hop
    )


def _untold(questions: Sequence[tuple[Check, Crossing[Hop]]]) -> Iterator[str]:
    """Why a check that found nothing can't tell; one that fails is among what could not be read, and can't tell either."""
    for check, crossing in questions:
        guard = Guard()
        with guard.around(crossing.hop.where, f"check {check.name} failed on {crossing.hop.name}"):
            yield from [answer.why for answer in check.function(crossing) or () if isinstance(answer, Unknown)]
        yield from (caught.message for caught in guard.caught)
