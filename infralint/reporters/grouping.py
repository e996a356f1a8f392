"""Findings that are one to a reader: the same problem of several hops, at one place."""

from __future__ import annotations

from collections.abc import Iterable

from infralint.model import Finding, Known


def group_alike(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings in groups that share place, check, severity, value, need and advice, and differ by their hop alone."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_likeness(finding), []).append(finding)
    return list(groups.values())


def _likeness(finding: Finding) -> tuple[object, ...]:
    shared = (finding.location, finding.check, finding.severity, finding.fix, finding.setting, finding.related)
    if finding.hop is None:
        return (*shared, finding.message)
    stream, value = finding.stream, finding.at.value if isinstance(finding.at, Known) else None
    need = (stream.kind, stream.session, stream.longest_silence, stream.duration) if stream else ()
    return (*shared, need, repr(value))


def other_hops(group: list[Finding]) -> list[str]:
    """The hops of a group beside the first one, with their places."""
    first, *others = [f"{finding.hop.name} ({finding.hop.where})" for finding in group if finding.hop] or [""]
    return [name for name in dict.fromkeys(others) if name != first]
