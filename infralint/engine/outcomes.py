"""What becomes of a stream on its ways: data that reports show."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from infralint.model import (
    LENGTH,
    SEVERITIES,
    SILENCE,
    Effect,
    Finding,
    Known,
    Phase,
    Selection,
    Stream,
    Trace,
    Unknown,
)
from infralint.text.wording import seconds
from infralint.trace.topology import Topology
from infralint.trace.ways import StreamWay

Outcome = Literal["breaks", "not served", "may break", "could not tell", "flows"]
OUTCOMES: tuple[Outcome, ...] = ("breaks", "not served", "may break", "could not tell", "flows")
"""What becomes of a stream, the worst first."""
_HAPPENING: tuple[Effect | None, ...] = (
    "refuses",
    "holds",
    "cuts",
    "splits",
    "cuts-on-reload",
    "cuts-on-deployment",
    None,
)
"""What happens to a stream, in the order in which it would where it may be silent for too long; where it surely is, it is
cut, whether somebody holds it or not."""
REDIRECTS = ("301", "302", "303", "307", "308")


class StreamVerdict(msgspec.Struct, frozen=True):
    """What becomes of a stream on one way.

    position: the leg to blame; None where none is. finding: what a check says there. unknown: what could not be told
    there. reason: the same in one sentence.
    """

    outcome: Outcome
    reason: str = ""
    position: int | None = None
    finding: Finding | None = None
    unknown: Unknown | None = None

    @property
    def effect(self) -> Effect | None:
        """What the hop to blame does to the stream."""
        return self.finding.effect if self.finding is not None else None

    @property
    def rank(self) -> int:
        """The worst first."""
        return OUTCOMES.index(self.outcome)


class TracedWay(msgspec.Struct, frozen=True, eq=False, dict=True):
    """One way of a stream with what the checks say of it.

    findings: of each leg, the loudest first. ignored: those that somebody lives with. unknown: what could not be told,
    by position. topology: what it leads through, among others.
    """

    way: StreamWay
    topology: Topology
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    unknown: tuple[tuple[int, Unknown], ...] = ()

    @property
    def trace(self) -> Trace:
        return self.way.trace

    @property
    def stream(self) -> Stream:
        return self.way.trace.stream

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """The worst first; where another way serves the stream, one that does not is not meant."""
        return self.verdict.outcome == "not served", self.verdict.rank, not self.way.certain

    def findings_at(self, position: int) -> list[Finding]:
        """What the checks say of one leg."""
        return [finding for finding in self.findings if finding.provenance.position == position]

    def unknown_at(self, position: int) -> list[Unknown]:
        """What could not be told of one leg."""
        return [unknown for at, unknown in self.unknown if at == position]

    @cached_property
    def verdict(self) -> StreamVerdict:
        """What becomes of the stream."""
        loud = [finding for finding in self.findings if finding.severity != "note"]
        worst = min(loud, key=self._urgency, default=None)
        if worst is not None and worst.severity == "error":
            return StreamVerdict("breaks", worst.message, worst.provenance.position, worst)
        if self.trace.is_dead_end:
            return StreamVerdict(
                "not served", self.answer, max(0, len(self.trace.legs) - 1) if self.trace.legs else None
            )
        if worst is not None:
            return StreamVerdict("may break", worst.message, worst.provenance.position, worst)
        if self.unknown:
            position, unknown = self.unknown[0]
            return StreamVerdict("could not tell", unknown.why, position, None, unknown)
        if self.trace.end == "unknown" and not self.trace.names_outsider:
            reason = self.trace.end_reason or "where it goes from there is not written down"
            return StreamVerdict("could not tell", reason, len(self.trace.legs) - 1 if self.trace.legs else None)
        ending = self.trace.ending
        if ending is not None and ending.is_silent:
            reason = f"every hop passes it on to {ending.node}: {ending.reasons[0]}"
            return StreamVerdict("could not tell", reason, len(self.trace.legs) - 1)
        return StreamVerdict("flows", self._enough())

    def _urgency(self, finding: Finding) -> tuple[Any, ...]:
        """The loudest first, then what happens to the stream first.

        A request is refused by the first hop that it comes to, an answer is held by the first that it comes back to,
        and the shortest clock is the first to run out.
        """
        position, effect = finding.provenance.position, finding.effect
        limit = finding.at.value if isinstance(finding.at, Known) and effect == "cuts" else 0
        clock = limit if isinstance(limit, int | float) else 0
        place = -position if effect == "holds" else position
        is_surely_cut = effect == "cuts" and finding.severity == "error"
        step = _HAPPENING.index("holds") - 0.5 if is_surely_cut else _HAPPENING.index(effect)
        return SEVERITIES.index(finding.severity), step, clock, place, finding.check

    @property
    def answer(self) -> str:
        """What the node at the end answers, and what a client makes of that."""
        ending = self.trace.ending
        if ending is None:
            return self.trace.end_reason
        answer = ending.answer
        if answer is None:
            return f"{ending.node} answers by itself"
        code, _, target = answer.value.partition(" ")
        because = f": {answer.because}" if answer.because else ""
        return f"{ending.node} answers {answer.value}{because}{_follow_up(self.stream, code, target)}"

    def _enough(self) -> str:
        """How much a stream that flows has to spare."""
        parts = []
        silence, length = self.shortest(*SILENCE), self.shortest(*LENGTH)
        if silence is not None:
            parts.append(f"silence up to {seconds(silence[1].value)}")
        if length is not None:
            parts.append(f"{seconds(length[1].value)} in all")
        return f"every hop passes it on, with {' and '.join(parts)}" if parts else "every hop passes it on"

    def shortest(self, *phases: Phase) -> tuple[int, Known[float]] | None:
        """The clock that runs out first of those that measure one of the phases, and the leg that has it."""
        limits = [(at, limit) for at, limit in self.trace.clocks(*phases) if isinstance(limit, Known)]
        finite = [(at, limit) for at, limit in limits if limit.value != float("inf")]
        return finite[0] if finite else None

    def selection(self, position: int) -> Selection:
        """Why the node of a leg serves the request by this hop."""
        leg = self.trace.legs[position]
        node = self.topology.node_of(leg.hop)
        return node.explain(leg.inbound, leg.hop) if node is not None else Selection()

    @property
    def end_selection(self) -> Selection:
        """Why the node at the end answers by itself."""
        ending = self.trace.ending
        node = self.topology.node_called(ending.node) if ending is not None and ending.answer is not None else None
        return node.explain(ending.request, None) if node is not None and ending is not None else Selection()


def _follow_up(stream: Stream, code: str, target: str) -> str:
    """What clients make of an answer that is no stream."""
    if code not in REDIRECTS:
        return ""
    if stream.kind == "websocket":
        return ". No browser follows a redirect when it opens a WebSocket: the connection fails"
    where = f" {target}" if target else " there"
    kept = "" if code in ("307", "308") else " (a POST becomes a GET)"
    return f". A browser asks{where} anew{kept}: connect there at once"


class TracedStream(msgspec.Struct, frozen=True, eq=False):
    """A stream with all its ways. host, path: as the browser asks. unserved: why there is no way, where there is none."""

    stream: Stream
    host: str | None
    path: str
    ways: tuple[TracedWay, ...] = ()
    unserved: str = ""

    @property
    def name(self) -> str:
        """`SSE chat.example.com/api/chat`."""
        return str(replace(self.stream, host=self.host, path=self.path))

    @property
    def worst(self) -> TracedWay | None:
        """The way that fares worst. None: no node takes the request."""
        return min(self.ways, key=lambda way: way.rank, default=None)

    @property
    def verdict(self) -> StreamVerdict:
        """What becomes of it on the worst of its ways."""
        return self.worst.verdict if self.worst is not None else StreamVerdict("not served", self.unserved)

    @property
    def is_believed(self) -> bool:
        """Whether something speaks for it, and nothing against it."""
        return self.stream.evidence.kind != "assumed" and (not self.ways or any(not way.way.doubt for way in self.ways))

    @property
    def findings(self) -> list[Finding]:
        return [finding for way in self.ways for finding in way.findings]
