"""What there is to say of each hop of a stream's way, in the words that the terminal and the pages share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from infralint.engine.outcomes import Outcome, TracedStream, TracedWay
from infralint.engine.tracing import TraceReport
from infralint.model import (
    LENGTH,
    SEVERITIES,
    SILENCE,
    STRONG,
    UNKNOWN_RESPONSE,
    Affinity,
    Basis,
    Buffering,
    Clock,
    Effect,
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
    Upgrade,
)
from infralint.text.arns import short_name
from infralint.text.wording import listing, plural, seconds
from infralint.trace.ways import ASKED

MOST_WAYS = 6
"""Ways of one stream that are shown to who does not ask for all of them."""
State = Literal["", "error", "warning", "note", "unknown", "weakest"]
"""How a line deserves to be looked at."""

BUFFERING: Mapping[Buffering, str] = MappingProxyType(
    {
        "never": "each event goes on at once",
        "unless-chunked": "held back, unless it comes in small chunks",
        "always": "held back until a buffer is full or the answer ends",
    }
)
UPGRADE: Mapping[Upgrade, str] = MappingProxyType(
    {
        "forwarded": "the handshake goes on whole",
        "http/1.0": "goes on over HTTP/1.0",
        "half": "its Upgrade goes on, and its Connection does not",
        "dropped": "the handshake is lost",
    }
)
ARRIVING: Mapping[Upgrade, str] = MappingProxyType(
    {
        "forwarded": "Upgrade: websocket",
        "http/1.0": "Upgrade: websocket",
        "half": "Upgrade: websocket, without its Connection",
        "dropped": "without its Upgrade",
    }
)
"""What is left of a handshake, as it arrives at a hop."""
AFFINITY: Mapping[Affinity, str] = MappingProxyType(
    {
        "single": "one backend, so every request meets the same",
        "client": "each client keeps its replica",
        "address": "each address keeps its replica",
        "today": "one replica today",
        "none": "a client's requests reach several replicas",
    }
)
BASES: Mapping[Basis, str] = MappingProxyType(
    {
        "same address": "by its address",
        "reference": "by reference",
        "declared": "as infralint.yaml declares",
        "the only one": "perhaps: nothing links the two but that there is no other",
        "assumed": "perhaps: only names and folders speak for it",
    }
)
PHASES: Mapping[str, str] = MappingProxyType(
    {
        "connect": "connect",
        "first-byte": "first byte",
        "between-bytes": "silence",
        "whole-response": "length",
        "connection": "length",
    }
)
"""Phases of clocks, as people call them."""
EFFECTS: Mapping[Effect, tuple[str, str]] = MappingProxyType(
    {
        "refuses": ("refuses it", "may refuse it"),
        "holds": ("holds it back", "may hold it back"),
        "cuts": ("cuts it", "may cut it"),
        "splits": ("splits its requests", "may split its requests"),
        "cuts-on-reload": ("cuts it at a reload", "may cut it at a reload"),
        "cuts-on-deployment": ("cuts it at a deployment", "may cut it at a deployment"),
    }
)
"""What a hop does to a stream, surely and perhaps."""
TIMED: Mapping[Effect, str] = MappingProxyType(
    {
        "cuts": "cuts it after {}",
        "cuts-on-reload": "cuts it {} after a reload",
        "cuts-on-deployment": "cuts it {} after a deployment",
    }
)
"""The same where it is known when."""


class Fact(msgspec.Struct, frozen=True):
    """One thing that holds at a hop. source: where that is written, or whose default it is. needless: nobody asks for it
    unless they want everything."""

    label: str
    text: str
    source: str = ""
    state: State = ""
    needless: bool = False

    @property
    def sentence(self) -> str:
        """Both in one line."""
        return f"{self.text}: {self.source}" if self.source else self.text


def name_beside_place(leg: Leg) -> str:
    """A hop's name where its place stands beside: with its node, unless its file says that already."""
    hop = leg.hop
    is_told = leg.node in (hop.where.path, "") or hop.name.startswith(leg.node)
    return hop.name if is_told else f"{leg.node}, {hop.name}"


def request_phrase(request: Request) -> str:
    """A request on the wire: `chat.example.com/api/chat, HTTP/1.1`."""
    http = request.http
    spoken = f"HTTP/{http.value}" if isinstance(http, Known) else "in a version that is not known"
    return f"{request.host or ''}{request.path}, {spoken}{_handshake(request)}"


def _handshake(request: Request) -> str:
    if request.kind != "websocket":
        return ""
    upgrade = request.upgrade
    if isinstance(upgrade, Unknown):
        return ", and whether with its Upgrade is not known"
    return f", {ARRIVING[upgrade.value]}"


def source_phrase(setting: Setting[Any], hop: Hop, short: bool = False) -> str:
    """Where a setting comes from: the words and their place, or whose default it is; empty where the platform has none."""
    if isinstance(setting, Unknown):
        return f"{setting.why} ({setting.where})" if setting.where.path else setting.why
    if not setting.name:
        return ""
    if setting.origin == "default" and not setting.written:
        because = f", for {setting.because}" if setting.because and not short else ""
        return f"default of {hop.product} ({setting.name}){because}"
    inherited = ", inherited" if setting.origin == "inherited" else ""
    place = f" at {setting.where}" if setting.where.path else ""
    because = f" ({setting.because})" if setting.because and not short else ""
    return f"`{setting.written or setting.name}`{place}{inherited}{because}"


@lru_cache(maxsize=1024)
def facts(way: TracedWay, position: int) -> Sequence[Fact]:
    """What holds at a hop of a way, in the order in which a request meets it."""
    leg = way.trace.legs[position]
    return [
        *_resource(leg.hop),
        Fact("request", request_phrase(leg.inbound)),
        *_selection(way, position),
        *_passing(way, leg),
        *_clocks(way, position),
        *_affinity(way.stream, leg),
        *_response(leg),
    ]


def _resource(hop: Hop) -> Iterator[Fact]:
    """Where in an account a hop stands: load balancers of several regions may share a name."""
    if hop.resource is not None:
        places = filter(None, (hop.resource.region, f"account {hop.resource.account}" if hop.resource.account else ""))
        yield Fact("stands in", ", ".join(places), hop.resource.type)


def _selection(way: TracedWay, position: int) -> Iterator[Fact]:
    selection = way.selection(position)
    if selection.steps:
        yield Fact("chosen", "; ".join(step.message for step in selection.steps))
    beaten = [rival for rival in selection.rivals if rival.fits]
    if beaten:
        names = listing([rival.name for rival in beaten], most=3)
        yield Fact("beats", f"{names}: {beaten[0].reason}" if len({r.reason for r in beaten}) == 1 else names)
    leg = way.trace.legs[position]
    if not leg.match.certain:
        label = "perhaps" if _conditions(leg) == leg.match.reasons else "if"
        yield Fact(label, listing(_conditions(leg), most=3) or "it may be another one", state="unknown")


def _passing(way: TracedWay, leg: Leg) -> Iterator[Fact]:
    """Whether a stream goes through: held back, or its handshake lost."""
    if leg.hop.origin:
        yield Fact("sends", f"the stream: {way.stream.evidence.because}" if _is_witness(way.stream) else "the stream")
        return
    if way.stream.kind == "websocket":
        upgrade = leg.hop.upgrade_of(leg.inbound)
        yield _fact("upgrade", upgrade, leg.hop, UPGRADE, _UPGRADE_STATES)
    else:
        buffering = leg.hop.buffering_of(leg.arriving, leg.inbound)
        yield _fact("buffering", buffering, leg.hop, BUFFERING, _BUFFERING_STATES)


def _is_witness(stream: Stream) -> bool:
    return stream.evidence.kind == "source"


_UPGRADE_STATES: Mapping[Any, State] = MappingProxyType({"dropped": "error", "half": "error", "http/1.0": "warning"})
_BUFFERING_STATES: Mapping[Any, State] = MappingProxyType({"always": "error", "unless-chunked": "warning"})
_NO_STATES: Mapping[Any, State] = MappingProxyType({})


def _fact(label: str, setting: Setting[Any], hop: Hop, words: Mapping[Any, str], states: Mapping[Any, State]) -> Fact:
    if isinstance(setting, Unknown):
        return Fact(label, "not known", source_phrase(setting, hop), "unknown")
    return Fact(label, words[setting.value], source_phrase(setting, hop, short=True), states.get(setting.value, ""))


def clocks_of(way: TracedWay, position: int) -> list[tuple[str, Clock]]:
    """The clocks of a hop that run for the stream, those of one limit once, each with what it measures."""
    hop = way.trace.legs[position].hop
    found: dict[tuple[str, object], tuple[str, Clock]] = {}
    running = [clock for clock in hop.clocks if clock.is_about(way.stream.kind)]
    limits = {clock.phase: clock.limit for clock in running}
    for clock in running:
        alike = clock.phase == "first-byte" and limits.get("between-bytes") == clock.limit
        label = "silence" if alike else PHASES[clock.phase]
        found.setdefault((label, clock.limit), (label, clock))
    return list(found.values())


def _clocks(way: TracedWay, position: int) -> Iterator[Fact]:
    hop = way.trace.legs[position].hop
    silence, length = way.shortest(*SILENCE), way.shortest(*LENGTH)
    for label, clock in clocks_of(way, position):
        limit = clock.limit
        if isinstance(limit, Unknown):
            yield Fact(label, "not known", source_phrase(limit, hop), "unknown")
            continue
        weakest = silence if clock.phase in SILENCE else length if clock.phase in LENGTH else None
        is_weakest = len(way.trace.legs) > 1 and weakest is not None and weakest == (position, limit)
        yield Fact(
            label,
            seconds(limit.value),
            source_phrase(limit, hop),
            "weakest" if is_weakest else "",
            clock.phase == "connect",
        )


def _affinity(stream: Stream, leg: Leg) -> Iterator[Fact]:
    if leg.hop.origin:
        return
    matters = stream.kind == "websocket" or bool(stream.session) or stream.sticky
    affinity = leg.hop.affinity_of(leg.inbound)
    if isinstance(affinity, Known) and affinity.value == "single" and leg.replicas is not None:
        affinity = _behind_one_name(affinity, leg.replicas)
    fact = _fact("affinity", affinity, leg.hop, AFFINITY, _NO_STATES)
    is_plain = isinstance(affinity, Known) and affinity.value == "single" and not affinity.written
    yield Fact(fact.label, fact.text, "" if is_plain else fact.source, fact.state if matters else "", not matters)


def _behind_one_name(affinity: Known[Affinity], replicas: Setting[int]) -> Setting[Affinity]:
    """What a client meets where a hop dials one name: whoever runs several copies behind it spreads its requests."""
    if isinstance(replicas, Unknown):
        return replicas
    return replicas.with_value("none") if replicas.value > 1 else affinity


def _response(leg: Leg) -> Iterator[Fact]:
    """What the hop adds to the response, and what it takes from it."""
    before, after = leg.arriving, leg.hop.response_out(leg.arriving, leg.inbound)
    added, taken = [], []
    for name, setting in after.headers.items():
        known = before.headers.get(name)
        if known == setting or isinstance(setting, Unknown):
            continue
        place = f" ({setting.where})" if setting.where.path and setting.origin != "default" else ""
        if setting.value:
            added.append(f"{_title(name)}: {setting.value}{place}")
        elif isinstance(known, Known) and known.value:
            taken.append(f"{_title(name)}{place}")
    if added:
        yield Fact("response" if leg.hop.origin else "adds", listing(added))
    if taken:
        yield Fact("takes off", listing(taken))
    if after.framing != before.framing and isinstance(after.framing, Known):
        yield Fact("framing", after.framing.value, needless=True)
    if leg.arriving is UNKNOWN_RESPONSE and not leg.hop.origin:
        yield Fact("answer", "what comes from behind is not known", needless=True)


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def dialled_by(leg: Leg) -> str:
    """Whom a hop dials, in its own words."""
    if leg.outbound is None:
        return ""
    pool = leg.outbound.pool
    return listing([*map(str, pool.targets), *map(short_name, pool.references[:1])], "or", most=3)


def end_phrase(trace: Trace) -> str:
    """Where a way ends behind its last hop; empty where that hop sends the stream itself."""
    ending, last = trace.ending, trace.legs[-1] if trace.legs else None
    match trace.end:
        case "origin" if ending is not None:
            found = f", found {BASES[ending.basis]}" if ending.basis in STRONG else ""
            perhaps = "perhaps " if ending.basis not in STRONG else ""
            return f"{perhaps}{ending.node}, which gets {ending.request.path}{found}: {ending.reasons[0]}"
        case "origin":
            return ""
        case "answered":
            return f"{trace.end_reason}"
        case "leaves the project":
            spoken = f" as {request_phrase(last.outbound.request)}" if last and last.outbound else ""
            return f"{trace.end_reason}{spoken}: nothing that was read here listens there"
        case "loop":
            return trace.end_reason
    if ending is not None and ending.basis is None and trace.legs:
        return ending.reasons[0]
    if ending is not None:
        return f"{ending.node}, which gets {ending.request.path}: {ending.reasons[0]}"
    return trace.end_reason or "where it goes from here is not written down"


def belief_phrase(stream: Stream) -> str:
    """Why there is taken to be such a stream."""
    evidence = stream.evidence
    return f"assumed, for {evidence.because}" if evidence.kind == "assumed" else f"believed because {evidence.because}"


def needs_phrase(stream: Stream) -> str:
    """What a stream does that every hop has to bear, behind its name."""
    silence, duration = stream.longest_silence, stream.duration
    wording = "" if silence.declared or duration.declared else " (the default)"
    beat = f"; pings every {seconds(stream.heartbeat)}" if stream.heartbeat else "; no ping is known"
    if stream.handshake_only:
        return "opens with a handshake; whether anything is sent then is not known"
    return f"may be silent for {seconds(silence.seconds)}, and last {seconds(duration.seconds)}{wording}{beat}"


def headline_phrase(stream: TracedStream) -> str:
    """What becomes of a stream, and where; of one that nothing surely speaks for, under which condition."""
    way = stream.worst
    wording = verdict_phrase(way) if way is not None else stream.verdict.outcome
    is_doubtful = not stream.is_believed and stream.stream.evidence.because != ASKED
    doubt = ", if anything streams there" if is_doubtful and stream.verdict.finding is not None else ""
    return f"{wording}{doubt}"


def verdict_phrase(way: TracedWay) -> str:
    """The verdict with its hop: `breaks at hop 2 of 3, location /v2/chat`."""
    verdict, legs = way.verdict, way.trace.legs
    if verdict.position is None or not legs or verdict.outcome == "flows":
        return verdict.outcome
    where = f" at hop {verdict.position + 1} of {len(legs)}" if len(legs) > 1 else ""
    if verdict.outcome == "not served":
        where = f" behind hop {len(legs)}"
    name = legs[verdict.position].name
    return f"{verdict.outcome}{where}{',' if where else ' at'} {name}"


def summary_phrase(streams: Sequence[TracedStream]) -> str:
    """How many streams fare how."""
    if not streams:
        return "no stream"
    return f"{plural(len(streams), 'stream')}: {_outcomes_phrase(stream.verdict.outcome for stream in streams)}"


def left_out_phrase(report: TraceReport) -> str:
    """What to say of streams that are not shown; empty where all are."""
    if not report.left_out:
        return ""
    are = "is" if report.left_out == 1 else "are"
    return f"{plural(report.left_out, 'more stream')} {are} left out, none worse than these: ask for one by its path"


def _outcomes_phrase(outcomes: Iterable[Outcome]) -> str:
    """How many fare how: `2 break and 1 flows`."""
    return listing([f"{count} {_count_phrase(outcome, count)}" for outcome, count in Counter(outcomes).items()])


def ways_shown(stream: TracedStream) -> tuple[Sequence[TracedWay], str]:
    """The ways that are shown to who does not ask for all of them, the worst first, and what to say of the others."""
    if len(stream.ways) <= MOST_WAYS + 1:
        return stream.ways, ""
    rest = [way.verdict.outcome for way in stream.ways[MOST_WAYS:]]
    return stream.ways[:MOST_WAYS], f"and {len(rest)} more ways: {_outcomes_phrase(rest)}"


def _count_phrase(outcome: str, count: int) -> str:
    """An outcome as it reads behind a number."""
    many = {"breaks": "break", "flows": "flow", "not served": "are not served", "could not tell": "could not be told"}
    single = {"not served": "is not served", "could not tell": "could not be told"}
    return many.get(outcome, outcome) if count > 1 else single.get(outcome, outcome)


def severity_at(way: TracedWay, position: int) -> State:
    """The worst that is said of a hop."""
    found = [SEVERITIES.index(finding.severity) for finding in way.findings_at(position)]
    if found:
        return SEVERITIES[min(found)]
    return "unknown" if way.unknown_at(position) else ""


def effect_phrase(finding: Finding) -> str:
    """What a finding's hop does to the stream: `cuts it after 2 s`."""
    limit = finding.at.value if isinstance(finding.at, Known) else None
    if finding.effect is None:
        return "harms it"
    if finding.effect in TIMED and isinstance(limit, int | float) and math.isfinite(limit):
        return TIMED[finding.effect].format(seconds(limit))
    return EFFECTS[finding.effect][finding.severity != "error"]


def branch_phrase(way: TracedWay, number: int, count: int) -> str:
    """One of several ways: which it is, where, and what becomes of the stream there."""
    place = f" (in {way.trace.environment})" if way.trace.environment else ""
    return f"Way {number} of {count}{place}: {verdict_phrase(way)}"


def condition_phrase(way: TracedWay) -> str:
    """Under which condition a stream takes this way (`if: the host is a.test`), or why it only may (`perhaps: others here
    take such a request, too`); empty where it surely does."""
    trace = way.trace
    reasons = [reason for leg in trace.legs if not leg.match.certain for reason in _conditions(leg)]
    if trace.legs and any("." in host for host in trace.legs[0].hop.hosts):
        reasons = [*_host_asked(trace.legs[0]), *reasons]
    if trace.ending is not None and not trace.ending.certain and trace.end == "answered":
        reasons += trace.ending.reasons
    conditions = listing(tuple(dict.fromkeys((*way.way.reasons, *reasons))), most=3)
    return f"{'perhaps' if way.way.reasons else 'if'}: {conditions}" if conditions else ""


def _conditions(leg: Leg) -> tuple[str, ...]:
    """On what it hangs that a request takes a hop: where nothing says which host is asked, on that."""
    return _host_asked(leg) or leg.match.reasons


def _host_asked(leg: Leg) -> tuple[str, ...]:
    if leg.inbound.host is not None or not leg.hop.hosts:
        return ()
    return (f"the host is {listing(leg.hop.hosts, 'or', most=3)}",)


def place_of_answer(trace: Trace) -> Location | None:
    """Where the answer is written that ends a way."""
    answer = trace.ending.answer if trace.ending is not None else None
    return answer.where if answer is not None and answer.where.path else None
