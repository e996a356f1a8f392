"""Findings that are one to a reader: the same said of several hops, at one place."""

from __future__ import annotations

from infralint.model import Finding


def merged(findings: list[Finding]) -> list[list[Finding]]:
    """Findings of one check at one place, the same for several hops."""
    groups: dict[object, list[Finding]] = {}
    for one in findings:
        hop = one.hop.name if one.hop else ""
        key = (one.location, one.check, one.severity, one.message.replace(hop, "", 1), one.fix)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def message(group: list[Finding]) -> str:
    """What is said of a group, with how many more hops it holds for."""
    one = group[0]
    if len(group) == 1 or one.hop is None:
        return one.message
    return one.message.replace(one.hop.name, f"{one.hop.name} and {len(group) - 1} more", 1)
