"""How loud: what is said of a finding once evidence, crossing and options are weighed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from infralint.model import SEVERITIES, STRENGTH, Crossing, Finding, Hop
from infralint.project.config import Settings


def weighed(finding: Finding, crossing: Crossing[Hop], settings: Settings) -> Finding:
    """Errors need certainty; what rests on an assumption is as loud as the user lets it be."""
    evidence = crossing.stream.evidence
    if not (evidence.certain and crossing.certain):
        finding = finding.softened("warning")
    if evidence.kind == "assumed" and settings.assume == "note":
        finding = finding.softened("note")
    return finding


def one_a_cause(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a check, hop and place: the loudest, on the best evidence; it says how many streams it stands for."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        hop = finding.hop
        groups.setdefault((finding.check, hop and (hop.where, hop.name, hop.environment), finding.location), []).append(
            finding
        )
    return [_loudest(group) for group in groups.values()]


def _loudest(group: list[Finding]) -> Finding:
    best = min(group, key=_rank)
    streams = {str(one.stream) for one in group if one.stream}
    return replace(best, provenance=replace(best.provenance, streams=max(1, len(streams))))


def _rank(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), STRENGTH.index(finding.stream.evidence.kind) if finding.stream else 0


def exceeds(findings: Iterable[Finding], fail_on: str) -> bool:
    """Whether any finding is at or above the severity at which a run fails."""
    if fail_on == "never":
        return False
    limit = SEVERITIES.index(fail_on)
    return any(SEVERITIES.index(finding.severity) <= limit for finding in findings)
