"""The resources of an account as rows of a report: what each allows, and what its streams need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from infralint.engine.report import Report
from infralint.model import Crossing, Finding, Hop, Known, Location, Setting
from infralint.reporters.phrases import stream_name
from infralint.reporters.rows import Row
from infralint.sources.aws_account.hops import LiveLoadBalancer

AFFINITY = {
    "single": "one target",
    "client": "by cookie",
    "address": "by address",
    "today": "one target today",
    "none": "none",
}


def rows(hops: Iterable[Hop], crossings: Iterable[Crossing[Hop]], report: Report) -> list[Row]:
    """One row for each resource and each idle timeout of it, the ones with findings first."""
    crossed: dict[int, list[Crossing[Hop]]] = defaultdict(list)
    for crossing in crossings:
        crossed[id(crossing.hop)].append(crossing)
    found: dict[tuple[str, Location], list[LiveLoadBalancer]] = defaultdict(list)
    others: dict[tuple[str, Location], list[Hop]] = defaultdict(list)
    for hop in hops:
        if isinstance(hop, LiveLoadBalancer):
            found[hop.arn, hop.idle_timeout.where].append(hop)
        elif hop.resource is not None:
            others[hop.resource.identity, hop.where].append(hop)
    made = [
        _row(group, [crossing for hop in group for crossing in crossed[id(hop)]], report) for group in found.values()
    ]
    made += [
        _edge_row(group, [crossing for hop in group for crossing in crossed[id(hop)]], report)
        for group in others.values()
    ]
    return sorted(made, key=lambda row: (row.rank, row.name, row.place))


def _row(hops: Sequence[LiveLoadBalancer], crossed: Iterable[Crossing[Hop]], report: Report) -> Row:
    hop, findings = hops[0], _findings(hops, report)
    streams = [crossing.stream for crossing in crossed]
    listener = f"{hop.protocol} {hop.port}".strip() if hop.listener_arn else ""
    family = hop.family.value if isinstance(hop.family, Known) else "load balancer"
    return Row(
        name=hop.name,
        kind=" ".join(part for part in (family, listener) if part),
        place=f"{hop.region} {hop.account}".strip(),
        link=hop.console,
        owner=str(hop.owner or ""),
        identity=hop.arn,
        allowed=_seconds(hop.idle_timeout),
        why=_why(hop.idle_timeout),
        needed=max((stream.longest_silence.seconds for stream in streams), default=None),
        streams=tuple(dict.fromkeys(map(stream_name, streams))),
        affinity=tuple(dict.fromkeys(map(partial(_affinity, several=len(hops) > 1), hops))),
        has_affinity_judged=all(map(_is_judged, hops)),
        severities=tuple(finding.severity for finding in findings),
        checks=tuple(sorted({finding.check for finding in findings})),
    )


def _edge_row(hops: Sequence[Hop], crossed: Sequence[Crossing[Hop]], report: Report) -> Row:
    """A distribution, an API or a function: of the ways that streams take, the one that allows least."""
    resource = hops[0].resource
    if resource is None:
        raise ValueError(f"{hops[0].name} is no resource of an account")
    findings = [
        finding
        for finding in report.findings
        if finding.hop is not None and finding.hop.resource is not None and finding.hop.resource == resource
    ]
    used = [crossing.hop for crossing in crossed] or list(hops)
    least = min((hop.idle_timeout for hop in used), key=lambda setting: _seconds(setting) or 0)
    streams = [crossing.stream for crossing in crossed]
    return Row(
        name=hops[0].name,
        kind=resource.type,
        place=f"{resource.region} {resource.account}".strip(),
        link=resource.console,
        owner=resource.owner,
        identity=resource.identity,
        allowed=_seconds(least),
        why=_why(least),
        needed=max((stream.longest_silence.seconds for stream in streams), default=None),
        streams=tuple(dict.fromkeys(map(stream_name, streams))),
        severities=tuple(finding.severity for finding in findings),
        checks=tuple(sorted({finding.check for finding in findings})),
        noun=resource.type,
    )


def _findings(hops: Sequence[LiveLoadBalancer], report: Report) -> list[Finding]:
    places = {(hop.arn, hop.listener_arn) for hop in hops}
    return [
        finding
        for finding in report.findings
        if isinstance(finding.hop, LiveLoadBalancer) and (finding.hop.arn, finding.hop.listener_arn) in places
    ]


def _seconds(setting: Setting[float]) -> float | None:
    return setting.value if isinstance(setting, Known) else None


def _why(setting: Setting[float]) -> str:
    return f"{setting.name}" if isinstance(setting, Known) else setting.why


def _is_judged(hop: LiveLoadBalancer) -> bool:
    """Whether its stickiness was asked about: only where something may need it, or when the call failed."""
    return isinstance(hop.keeps_affinity, Known) or "was not asked" not in hop.keeps_affinity.why


def _affinity(hop: LiveLoadBalancer, several: bool) -> str:
    setting = hop.keeps_affinity
    unknown = "not known" if _is_judged(hop) else "not judged"
    value = AFFINITY[setting.value] if isinstance(setting, Known) else unknown
    return f"{hop.group}: {value}" if several and hop.group else value
