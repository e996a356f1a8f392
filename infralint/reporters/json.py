"""The JSON report: one finding a hop, each with its stream's whole way. `json_types` says what each field means."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from infralint import __version__
from infralint.engine.pages import page_url
from infralint.engine.report import Judged, Report, Suppression
from infralint.engine.since import Since
from infralint.engine.verdicts import CheckVerdict
from infralint.model import (
    SEVERITIES,
    AccountResource,
    Clock,
    Finding,
    Hop,
    Known,
    Leg,
    Location,
    Request,
    Setting,
    Stream,
    Trace,
    Unknown,
)
from infralint.reporters import Shown
from infralint.reporters.json_types import (
    VERSION,
    JsonClock,
    JsonEntry,
    JsonFinding,
    JsonHop,
    JsonLeg,
    JsonLimit,
    JsonLocation,
    JsonProject,
    JsonReport,
    JsonRequest,
    JsonResource,
    JsonSetting,
    JsonSince,
    JsonStream,
    JsonSummary,
    JsonSuppression,
    JsonTrace,
    JsonUnknown,
    JsonVerdict,
)
from infralint.reporters.phrases import trace_command, unknown_message
from infralint.text.display import hide_secrets, render_json

Made = TypeVar("Made")


def render(report: Report, shown: Shown) -> str:
    """The report as JSON text; characters that would steer a terminal are escapes, as JSON allows."""
    data = msgspec.to_builtins(_Writer(shown).report(report))
    return render_json(without_secrets(data))


class _Writer(msgspec.Struct):
    """Makes the report's objects; a hop, a stream or a way that many findings share is made once."""

    shown: Shown
    made: dict[tuple[str, int], Any] = {}

    def report(self, report: Report) -> JsonReport:
        counts = Counter(finding.severity for finding in report.findings)
        urls = {check.name: page_url(check.page) for check in self.shown.checks}
        findings = {id(finding): self._finding(finding, urls.get(finding.check, "")) for finding in _all(report)}
        return JsonReport(
            version=VERSION,
            infralint=__version__,
            time=self.shown.time,
            taken=self.shown.taken,
            projects=[_project(judged) for judged in report.projects],
            checks=[check.name for check in self.shown.checks],
            summary=JsonSummary(**{severity: counts[severity] for severity in SEVERITIES}),
            findings=[findings[id(finding)] for finding in report.findings],
            suppressed=[
                msgspec.structs.replace(findings[id(suppression.finding)], suppression=_suppression(suppression))
                for suppression in report.suppressed
            ],
            fixed=[findings[id(finding)] for finding in report.fixed],
            unknown=[_unknown(unknown) for unknown in report.unknown],
            unreadable=[json_entry(unreadable.message, unreadable.where) for unreadable in report.unreadable],
            read=report.read,
            unsupported=report.seen,
            unfollowed=[str(entry) for entry in report.unfollowed],
            skipped=report.skipped,
            empty=report.idle,
            gone=report.gone,
            verdicts=[_verdict(verdict) for verdict in self.shown.verdicts],
            since=None if self.shown.since is None else self._since(self.shown.since, urls),
        )

    def _finding(self, finding: Finding, url: str) -> JsonFinding:
        provenance = finding.provenance
        return JsonFinding(
            check=finding.check,
            url=url,
            severity=finding.severity,
            message=finding.message,
            fix=finding.fix,
            location=json_location(finding.location),
            hop=self._once(finding.hop, json_hop),
            stream=self._once(finding.stream, json_stream),
            streams=[json_stream(stream) for stream in provenance.streams],
            trace=None if provenance.trace is None else self._trace(provenance.trace, finding),
            clocks=list(_limits(finding)),
            related=[json_entry(related.message, related.location) for related in finding.related],
            fingerprint=provenance.fingerprint,
            fixable=provenance.fixable,
            not_fixed=provenance.unfixed,
        )

    def _since(self, since: Since, urls: dict[str, str]) -> JsonSince:
        return JsonSince(
            earlier=since.earlier,
            new=sorted(since.new),
            changed=sorted(since.changed),
            gone=[self._finding(finding, urls.get(finding.check, "")) for finding in since.gone],
            added=list(since.added),
            removed=list(since.removed),
        )

    def _once(self, source: Any, make: Callable[[Any], Made]) -> Made | None:
        """What a function makes of an object of the model, worked out once while a report is written."""
        if source is None:
            return None
        key = make.__name__, id(source)
        if key not in self.made:
            self.made[key] = make(source)
        result: Made = self.made[key]
        return result

    def _trace(self, trace: Trace, finding: Finding) -> JsonTrace:
        provenance = finding.provenance
        return JsonTrace(
            environment=trace.environment,
            position=provenance.position,
            certain=provenance.certain,
            reasons=list(provenance.reasons),
            doubt=provenance.doubt,
            legs=self._once(trace, _legs) or [],
            command=trace_command(finding, self.shown.snapshot),
            end=trace.end,
            end_reason=trace.end_reason,
        )


def _verdict(verdict: CheckVerdict) -> JsonVerdict:
    resource = verdict.hop.resource
    return JsonVerdict(
        check=verdict.check,
        status=verdict.status,
        hop=verdict.hop.name,
        resource=None if resource is None else _resource(resource),
        findings=[finding.provenance.fingerprint for finding in verdict.findings],
        reason=verdict.reason,
    )


def _all(report: Report) -> list[Finding]:
    return [*report.findings, *(suppression.finding for suppression in report.suppressed), *report.fixed]


def _project(judged: Judged) -> JsonProject:
    """A project with its settings; what somebody hands to Terraform may be secret."""
    settings = msgspec.to_builtins(judged.settings)
    settings["terraform"]["variables"] = dict.fromkeys(settings["terraform"]["variables"], "…")
    return JsonProject(root=judged.root, config=judged.config, settings=settings)


def _suppression(suppression: Suppression) -> JsonSuppression:
    return JsonSuppression(
        kind=suppression.silence, reason=suppression.reason, location=_location_if_any(suppression.where)
    )


def json_entry(message: str, where: Location) -> JsonEntry:
    return JsonEntry(message=message, location=json_location(where))


def _unknown(unknown: Unknown) -> JsonUnknown:
    return JsonUnknown(
        message=unknown_message(unknown),
        location=json_location(unknown.where),
        remedy=unknown.remedy,
        places=unknown.places,
    )


def json_location(where: Location) -> JsonLocation:
    return JsonLocation(
        path=where.path,
        line=where.line,
        column=where.column,
        end_line=where.end_line,
        end_column=where.end_column,
    )


def _location_if_any(where: Location | None) -> JsonLocation | None:
    return None if where is None else json_location(where)


def json_hop(hop: Hop) -> JsonHop:
    return JsonHop(
        platform=hop.platform,
        kind=hop.kind,
        name=hop.name,
        variant=hop.variant,
        hosts=list(hop.hosts),
        environment=hop.environment,
        location=json_location(hop.where),
        resource=None if hop.resource is None else _resource(hop.resource),
    )


def _resource(resource: AccountResource) -> JsonResource:
    return JsonResource(
        identity=resource.identity,
        type=resource.type,
        account=resource.account,
        region=resource.region,
        tags=dict(resource.tags),
        owner=resource.owner,
        console=resource.console,
    )


def json_stream(stream: Stream) -> JsonStream:
    return JsonStream(
        kind=stream.kind,
        path=stream.path,
        host=stream.host or "",
        evidence=stream.evidence.kind,
        because=stream.evidence.because,
        location=_location_if_any(stream.evidence.where),
        silence=stream.longest_silence.seconds,
        duration=stream.duration.seconds,
        heartbeat=stream.heartbeat,
    )


def _legs(trace: Trace) -> list[JsonLeg]:
    return [json_leg(leg, trace, position) for position, leg in enumerate(trace.legs)]


def json_leg(leg: Leg, trace: Trace, position: int) -> JsonLeg:
    hop = leg.hop
    return JsonLeg(
        node=leg.node,
        hop=json_hop(hop),
        link=leg.basis,
        request=json_request(leg.inbound, is_first=leg.basis is None),
        clocks=[_clock(clock) for clock in hop.clocks if clock.is_about(trace.stream.kind)],
        buffering=json_setting(hop.buffering_of(leg.arriving, leg.inbound)),
        upgrade=json_setting(hop.upgrade_of(leg.inbound)),
        affinity=json_setting(hop.keeps_affinity),
        certain=trace.is_certain(position),
        reasons=list(trace.reasons(position)),
    )


def json_request(request: Request, is_first: bool = False) -> JsonRequest:
    """A request on the wire; of the first hop it is not said under which address a browser finds it."""
    handshake = request.upgrade if request.kind == "websocket" else None
    return JsonRequest(
        host=request.host,
        path=request.path,
        to="" if request.to is None or is_first else str(request.to),
        http=request.http.value if isinstance(request.http, Known) else None,
        upgrade=handshake.value if isinstance(handshake, Known) else None,
    )


def _limits(finding: Finding) -> Iterator[JsonLimit]:
    trace = finding.provenance.trace
    for position, limit in trace.clocks(*finding.phases) if trace is not None and finding.phases else ():
        setting = json_setting(limit)
        yield JsonLimit(
            position=position,
            seconds=None if setting.value == math.inf else setting.value,
            name=setting.name,
            origin=setting.origin,
            reason=setting.reason,
            location=setting.location,
        )


def _clock(clock: Clock) -> JsonClock:
    setting = json_setting(clock.limit)
    return JsonClock(
        phase=clock.phase,
        seconds=None if setting.value == math.inf else setting.value,
        expiry=clock.expiry,
        name=setting.name,
        origin=setting.origin,
        reason=setting.reason,
        location=setting.location,
    )


def json_setting(setting: Setting[Any]) -> JsonSetting:
    """A setting that is known, by its own or by its platform's words; or the reason why it is not."""
    if isinstance(setting, Unknown):
        return JsonSetting(value=None, reason=setting.why, location=json_location(setting.where))
    return JsonSetting(value=setting.value, **_source(setting))


def _source(setting: Known[Any]) -> dict[str, Any]:
    """Where a known setting comes from; nothing for what a platform does not have."""
    if not setting.name:
        return {}
    return {"name": setting.name, "origin": setting.origin, "location": json_location(setting.where)}


def without_secrets(data: Any) -> Any:
    """The same with stars for what looks like credentials in addresses; a text that stands often is looked at once."""
    shown: dict[str, str] = {}

    def hide(data: Any) -> Any:
        if isinstance(data, str):
            if data not in shown:
                shown[data] = hide_secrets(data)
            return shown[data]
        if isinstance(data, dict):
            return {key: hide(value) for key, value in data.items()}
        return [hide(value) for value in data] if isinstance(data, list) else data

    return hide(data)
