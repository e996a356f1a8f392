"""One record for everything that a report has to say, for tables: findings, what passes, what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

from infralint.engine.pages import page_url
from infralint.engine.report import Report, Suppression
from infralint.engine.verdicts import CheckVerdict
from infralint.model import AccountResource, Finding, Hop, Location, Severity, Unknown, Unreadable
from infralint.reporters import Shown
from infralint.reporters.phrases import stream_name, unknown_message, way_phrase

RecordStatus = Literal["fail", "pass", "unknown", "suppressed", "unreadable", "gone"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about one hop or file. time: when it was read, in UTC. reason: why it is suppressed or unknown.
    since: `new`, `changed` or `same`, where an earlier snapshot is compared."""

    status: RecordStatus
    time: str
    message: str
    location: Location
    check: str = ""
    url: str = ""
    severity: Severity | None = None
    hop: Hop | None = None
    stream: str = ""
    because: str = ""
    way: str = ""
    fix: str = ""
    reason: str = ""
    fingerprint: str = ""
    since: str = ""

    @property
    def resource(self) -> AccountResource | None:
        return self.hop.resource if self.hop else None


def records_of(report: Report, shown: Shown) -> Iterator[Record]:
    """What a report says, record by record; of an account also which check passes on which resource."""
    maker = _RecordMaker(shown.taken or shown.time, {check.name: page_url(check.page) for check in shown.checks})
    for finding in report.findings:
        record = maker.of_finding(finding)
        yield record if shown.since is None else replace(record, since=shown.since.state_of(finding))
    if shown.since is not None:
        yield from (replace(maker.of_finding(finding), status="gone") for finding in shown.since.gone)
    yield from map(maker.of_suppression, report.suppressed)
    yield from (maker.of_verdict(verdict) for verdict in shown.verdicts if verdict.status in ("pass", "unknown"))
    yield from map(maker.of_unknown, report.unknown)
    yield from map(maker.of_unreadable, report.unreadable)


class _RecordMaker(msgspec.Struct, frozen=True):
    time: str
    urls: dict[str, str]

    def of_finding(self, finding: Finding) -> Record:
        return Record(
            status="fail",
            time=self.time,
            message=finding.message,
            location=finding.location,
            check=finding.check,
            url=self.urls.get(finding.check, ""),
            severity=finding.severity,
            hop=finding.hop,
            stream=stream_name(finding.stream) if finding.stream else "",
            because=finding.stream.evidence.because if finding.stream else "",
            way=way_phrase(finding),
            fix=finding.fix,
            fingerprint=finding.provenance.fingerprint,
        )

    def of_suppression(self, suppression: Suppression) -> Record:
        reason = suppression.reason or f"kept silent by {_SILENCES[suppression.silence]}"
        return replace(self.of_finding(suppression.finding), status="suppressed", reason=reason)

    def of_verdict(self, verdict: CheckVerdict) -> Record:
        passes = verdict.status == "pass"
        return Record(
            status="pass" if passes else "unknown",
            time=self.time,
            message=f"{verdict.check} finds nothing wrong with {verdict.hop.name}"
            if passes
            else f"{verdict.check} can't tell about {verdict.hop.name}",
            location=verdict.hop.where,
            check=verdict.check,
            url=self.urls.get(verdict.check, ""),
            hop=verdict.hop,
            reason=verdict.reason,
        )

    def of_unknown(self, unknown: Unknown) -> Record:
        message = f"Could not tell {unknown_message(unknown)}"
        return Record(
            status="unknown",
            time=self.time,
            message=message,
            location=unknown.where,
            reason=unknown.why,
            fix=unknown.remedy,
        )

    def of_unreadable(self, unreadable: Unreadable) -> Record:
        return Record(status="unreadable", time=self.time, message=unreadable.message, location=unreadable.where)


_SILENCES = {"comment": "a comment", "accept": "an entry under accept:", "baseline": "the baseline"}
