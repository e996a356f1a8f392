"""What several reports say in the same words: the way of a stream, the stream itself, what could not be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infralint.engine.report import Report
from infralint.engine.since import Since
from infralint.model import SILENCE, STRONG, UNLIMITED, Finding, Known, Leg, Related, Setting, Stream, Trace, Unknown
from infralint.text.lazy import lazy
from infralint.text.wording import listing, plural, seconds

_MARKS = lazy("`+")
_RESOURCE = lazy(r"[a-z][a-z0-9+.-]+:(//|[a-z]+:)")
MOST_STREAMS = 4
"""Further streams of a finding that are named."""


def is_resource(path: str) -> bool:
    """Whether a place is an address or a resource's name (`https://…`, `arn:aws:…`), which is no file."""
    return _RESOURCE.match(path) is not None


def unknown_message(unknown: Unknown) -> str:
    """What could not be told, why, and in how many more places for the same reason."""
    message = f"{unknown.name}: {unknown.why}" if unknown.name and unknown.places == 1 else unknown.why
    return message if unknown.places == 1 else f"{message} (here and in {plural(unknown.places - 1, 'more place')})"


def stream_name(stream: Stream) -> str:
    """A stream as people call it; one that nothing names is no route of theirs."""
    return "an SSE stream, assumed" if stream.evidence.kind == "assumed" else str(stream)


def stream_phrase(finding: Finding) -> str:
    """The stream of a finding, why it is believed to be one and what speaks against that, with the others that it is
    about; empty where there is none."""
    if finding.stream is None:
        return ""
    others = [str(stream) for stream in finding.provenance.streams]
    also = f"; also {listing(others, most=MOST_STREAMS)}" if others else ""
    doubt = f" (in doubt: {finding.provenance.doubt})" if finding.provenance.doubt else ""
    name = _name_as_asked(finding.stream, finding.provenance.trace)
    return f"{name}, because {finding.stream.evidence.because}{doubt}{also}"


def _name_as_asked(stream: Stream, trace: Trace | None) -> str:
    """A stream as the browser asks for it, and in brackets where it is known by another path."""
    if trace is None or (asked := trace.stream_as_asked).path == stream.path:
        return str(stream)
    return f"{asked} ({stream.path} at {trace.legs[trace.anchor].node})"


def way_phrase(finding: Finding) -> str:
    """The way of a finding's stream (`browser → edge.conf location /api/ → app:3000`); empty where it has one hop."""
    trace = finding.provenance.trace
    return way_of(trace) if trace is not None and len(trace.legs) > 1 else ""


def trace_command(finding: Finding, snapshot: str | None = None) -> str:
    """The command that shows the way of a finding's stream; empty where it has none.

    snapshot: of an audit, the file that keeps what was judged; "": none does, and there is nothing to show later.
    """
    trace = finding.provenance.trace
    if trace is None or not trace.legs or snapshot == "":
        return ""
    request = trace.legs[0].inbound
    words = ["infralint", "trace", request.path]
    words += ["--host", request.host] if request.host else []
    words += ["--kind", "websocket"] if request.kind == "websocket" else []
    words += ["--snapshot", snapshot, "--from", trace.legs[0].node] if snapshot else []
    import shlex

    return shlex.join(words)


def places_of(finding: Finding) -> tuple[Related, ...]:
    """What else a finding is about; where that is time and its way has several hops, what each allows, the shortest first."""
    trace = finding.provenance.trace
    limits = trace.clocks(*finding.phases) if trace is not None and finding.phases else []
    real = [(position, limit) for position, limit in limits if isinstance(limit, Unknown) or limit.value != UNLIMITED]
    if trace is None or len(real) < 2:
        return finding.related
    chain = [Related(_limit_phrase(trace.legs[position].name, limit, finding), limit.where) for position, limit in real]
    return (*finding.related, *chain)


def _limit_phrase(name: str, limit: Setting[float], finding: Finding) -> str:
    if isinstance(limit, Unknown):
        return f"what {name} allows is not known: {limit.why}"
    time = seconds(limit.value)
    allowed = f"allows {time} of silence" if finding.phases == SILENCE else f"lets a stream last {time}"
    return f"{name} {allowed}" if limit.written else f"{name} {allowed} by default"


def way_of(trace: Trace) -> str:
    """A stream's way from the browser to where it ends; what rests on no firm link is `perhaps`."""
    return " → ".join(["browser", *map(_leg, trace.legs), *_end(trace)])


def environment_phrase(findings: Sequence[Finding]) -> str:
    """Which environments findings of one cause are about (`in the environments dev and prod`); empty where there is only
    one without a name."""
    names = [name for name in dict.fromkeys(finding.hop.environment for finding in findings if finding.hop) if name]
    noun = "environment" if len(names) == 1 else "environments"
    return f"in the {noun} {listing(names)}" if names else ""


def write_phrase(finding: Finding) -> str:
    """`write`, and where, if that is elsewhere than where the finding stands."""
    hop = finding.hop
    where = hop.fix_where(finding.setting, finding.location) if hop is not None else finding.location
    if hop is None or (where.path, where.line) == (finding.location.path, finding.location.line):
        return "write"
    return f"write in {hop.name} ({where})" if where == hop.where else f"write at {where}"


def assumption(report: Report, noun: str) -> str:
    """On what the verdicts of so many hops or resources rest, where nothing says what streams."""
    hops = plural(report.assumed, noun or "catch-all hop")
    return f"Assumed that {hops} may carry an SSE stream, because nothing here says what streams"


def since_lines(since: Since, findings: Sequence[Finding]) -> Iterator[str]:
    """What is new, changed and gone since an earlier snapshot."""
    parts = [f"{len(since.new)} new", f"{len(since.changed)} changed", f"{len(since.gone)} gone"]
    when = since.earlier[:16].replace("T", " ") or "an earlier snapshot"
    noun = (
        "load balancer"
        if all(":elasticloadbalancing:" in name for name in (*since.added, *since.removed))
        else "resource"
    )
    resources = f"{len(since.added)} new and {len(since.removed)} gone"
    yield f"Since {when}: of the findings, {listing(parts)}; of the {noun}s, {resources}."
    for finding in findings:
        if (state := since.state_of(finding)) != "same":
            before = since.changed.get(finding.provenance.fingerprint)
            yield f"  {state}: {_subject(finding)}{_change(before, finding) if before is not None else ''}"
    yield from (f"  gone: {_subject(finding)}" for finding in since.gone)
    yield from (f"  new {noun}: {name}" for name in since.added)
    yield from (f"  gone {noun}: {name}" for name in since.removed)


def _change(before: Finding, now: Finding) -> str:
    """What of a finding is another than before: its setting, its severity."""
    settings = [finding.at.phrase for finding in (before, now) if isinstance(finding.at, Known)]
    parts = [f"{settings[1]}, before {settings[0]}"] if len(set(settings)) == 2 else []
    parts += [f"{now.severity}, before {before.severity}"] if now.severity != before.severity else []
    return f": {listing(parts)}" if parts else ""


def _subject(finding: Finding) -> str:
    hop = finding.hop
    region = f" ({hop.resource.region})" if hop is not None and hop.resource is not None and hop.resource.region else ""
    return f"{finding.severity}[{finding.check}] {hop.name if hop else finding.location}{region}"


def fence(text: str) -> str:
    """Text as a Markdown block of code, whatever marks it holds."""
    longest = max(map(len, _MARKS.findall(text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}\n{text}\n{marks}"


def possible_phrases(finding: Finding) -> list[str]:
    """Why a stream may not come to the finding's hop."""
    return [f"only possible: {reason}" for reason in finding.provenance.reasons]


def _leg(leg: Leg) -> str:
    return leg.name if leg.basis is None or leg.basis in STRONG else f"perhaps {leg.name}"


def _end(trace: Trace) -> list[str]:
    """What stands behind the last hop, where something does."""
    if trace.end == "origin":
        return [] if trace.legs[-1].hop.origin else [trace.end_reason or "the application"]
    if trace.end == "unknown":
        return ["?"]
    return [trace.end_reason] if trace.end_reason else []


def verdict_without_findings(report: Report) -> str:
    """What a run that found nothing comes to: only one that had something to judge and saw everything is clean."""
    if not report.read or not report.hops:
        return "nothing was judged"
    return "nothing found" if report.unknown or report.seen or report.unfollowed else "clean"


UNFOLLOWED = "Not followed, so that what streams there is not seen"
UNSUPPORTED = "Seen, and not read yet"


def unfollowed_phrases(report: Report, most: int) -> list[str]:
    """What could not be followed, each with why; a long list is cut, and says so."""
    if len(report.unfollowed) <= most:
        return [str(entry) for entry in report.unfollowed]
    rest = len(report.unfollowed) - most + 1
    return [*map(str, report.unfollowed[: most - 1]), f"and {rest} more (`-v` names them)"]
