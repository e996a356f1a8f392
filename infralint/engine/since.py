"""What an audit finds that an earlier snapshot of the account did not show, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from infralint.engine.report import Report
from infralint.model import Finding, Hop


class Since(msgspec.Struct, frozen=True):
    """What has changed since an earlier snapshot.

    earlier: when that was taken, in UTC. new: findings of now, by fingerprint. changed: what was found then, by
    fingerprint, where the finding of now is of another severity or says something else. gone: findings of then.
    added, removed: resources by full name.
    """

    earlier: str
    new: frozenset[str] = frozenset()
    changed: Mapping[str, Finding] = MappingProxyType({})
    gone: tuple[Finding, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def state_of(self, finding: Finding) -> str:
        """`new`, `changed` or `same`."""
        known = finding.provenance.fingerprint
        return "new" if known in self.new else "changed" if known in self.changed else "same"


def compare_reports(
    now: Report, then: Report, hops_now: Iterable[Hop], hops_then: Iterable[Hop], earlier: str
) -> Since:
    """What is new, changed and gone between two reports of one account, judged by the same checks."""
    current, past = _by_fingerprint(now), _by_fingerprint(then)
    resources, resources_then = _identities(hops_now), _identities(hops_then)
    both = current.keys() & past.keys()
    return Since(
        earlier,
        new=frozenset(current.keys() - past.keys()),
        changed={known: past[known] for known in sorted(both) if _words(current[known]) != _words(past[known])},
        gone=tuple(finding for known, finding in past.items() if known not in current),
        added=tuple(sorted(resources - resources_then)),
        removed=tuple(sorted(resources_then - resources)),
    )


def _by_fingerprint(report: Report) -> dict[str, Finding]:
    return {finding.provenance.fingerprint: finding for finding in report.findings}


def _identities(hops: Iterable[Hop]) -> set[str]:
    return {hop.resource.identity for hop in hops if hop.resource is not None}


def _words(finding: Finding) -> tuple[str, str]:
    return finding.severity, finding.message
