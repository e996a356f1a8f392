"""A stream's whole way: legs in series, from where it enters to where it is produced."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Generic, Literal

import msgspec
from msgspec.structs import replace

from infralint.model.clock import LENGTH, SILENCE, Phase
from infralint.model.node import Affinity, Forward, H_co, Hop, Match
from infralint.model.setting import Known, Setting, Unknown
from infralint.model.stream import Stream
from infralint.model.wire import UNKNOWN_RESPONSE, Buffering, Compression, Request, Response, Upgrade

Basis = Literal["same address", "reference", "declared", "the only one", "assumed"]
"""On what ground one hop is taken to stand behind another; the last two are possible, never certain."""

STRONG: frozenset[Basis] = frozenset({"same address", "reference", "declared"})

End = Literal["origin", "answered", "leaves the project", "unknown", "loop"]
"""Where a way ends: at the code that sends the stream; at a node that answers by itself; at an address outside;
where it can't be followed; nowhere, for it surely comes back to a hop that it came through, as it was there."""


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One hop on a stream's way.

    inbound: the request that came in. outbound: what goes on; None at the end. basis: how this hop was
    found from the one in front; None for the first. arriving: the response that comes from behind.
    node: the name of the node. replicas: how many stand behind the one name that it dials, where that is said. copies: all
    that it dials are copies of one proxy, which hand on to the same backends.
    """

    match: Match
    hop: Hop
    node: str
    inbound: Request
    outbound: Forward | None = None
    basis: Basis | None = None
    arriving: Response = UNKNOWN_RESPONSE
    replicas: Setting[int] | None = None
    copies: bool = False

    @property
    def name(self) -> str:
        """The hop's name, with that of its node unless it says so itself: `aws_lb.main, the default action`."""
        if self.hop.name.startswith(self.node):
            return self.hop.name
        return f"{self.node}{',' if self.hop.name.startswith('the ') else ''} {self.hop.name}"


def is_linked(legs: Sequence[Leg], first: int, last: int) -> bool:
    """Whether each of these legs, by their positions, surely stands behind the one in front."""
    return all(leg.basis in STRONG for leg in legs[first + 1 : last + 1])


def is_chosen(legs: Sequence[Leg], first: int, last: int) -> bool:
    """Whether every request takes these legs, as far as it comes to their nodes."""
    sent = (leg.outbound for leg in legs[first:last])
    return all(leg.match.certain for leg in legs[first : last + 1]) and all(
        forward.certain for forward in sent if forward is not None
    )


def is_passed(legs: Sequence[Leg], first: int, last: int) -> bool:
    """Whether what surely passes one of these legs surely passes all of them."""
    return is_linked(legs, first, last) and is_chosen(legs, first, last)


class Ending(msgspec.Struct, frozen=True, gc=False):
    """A node at which a way ends without a hop: it answers by itself, or nothing of it is known to serve the request.

    node: its name. request: as it arrives there. answer: what it says (`301 https://…`, `404`) and where that is
    written; None where nothing is known of it. basis: how it was found from the hop in front; None for the first, and for
    one that the hop in front names and can't reach. is_silent: all of it was read, and streams nothing there.
    """

    node: str
    request: Request
    answer: Known[str] | None = None
    certain: bool = True
    reasons: tuple[str, ...] = ()
    basis: Basis | None = None
    is_silent: bool = False


class Trace(msgspec.Struct, frozen=True, gc=False):
    """A stream's way through one environment, entry first.

    anchor: the position of the leg where the stream was sighted (0: at the entry). end: how it ends, and
    end_reason what is to say of that (where the way leads, or who answers). ending: the node at which it ends
    without a hop.
    """

    stream: Stream
    legs: tuple[Leg, ...]
    environment: str = ""
    anchor: int = 0
    end: End = "unknown"
    end_reason: str = ""
    ending: Ending | None = None

    @property
    def is_dead_end(self) -> bool:
        """Whether a request on this way never comes to what could send the stream: a node answers by itself, or it goes
        round in a circle."""
        return self.end in ("answered", "loop")

    @property
    def names_outsider(self) -> bool:
        """Whether its last hop names whom it sends requests on to, such as a target group, and nothing that was read is that."""
        forward = self.legs[-1].outbound if self.legs else None
        is_open = self.end == "unknown" and self.ending is None
        return is_open and forward is not None and bool(forward.pool.references) and not forward.pool.reason

    @property
    def stream_as_asked(self) -> Stream:
        """The stream by the path and the host that the browser asks for, which hops in front of where it was sighted may
        change. Of a regular expression it is one path that it stands for.
        """
        if self.anchor == 0:
            return self.stream
        asked, sighted = self.legs[0].inbound, self.legs[self.anchor].inbound
        path = _with_wildcards(asked.path, sighted.path, self.stream.path)
        return replace(self.stream, path=path, host=asked.host)

    def is_certain(self, position: int) -> bool:
        """Whether the stream surely passes the leg at a position, given that it passes the anchor."""
        if position == self.anchor:
            return self.legs[position].match.certain
        return is_passed(self.legs, *sorted((position, self.anchor)))

    @property
    def is_sure(self) -> bool:
        """Whether every request takes this way to its end, as far as its hops go."""
        forward = self.legs[-1].outbound if self.legs else None
        is_sent = self.ending is None or forward is None or forward.certain
        is_met = self.ending is None or self.ending.certain
        return is_sent and is_met and is_passed(self.legs, 0, len(self.legs) - 1)

    def reasons(self, position: int) -> tuple[str, ...]:
        """Why that is not certain."""
        if position == self.anchor:
            return tuple(dict.fromkeys(self.legs[position].match.reasons))
        first, last = sorted((position, self.anchor))
        found = [reason for at in range(first, last + 1) for reason in self.legs[at].match.reasons]
        found += [
            reason for leg in self.legs[first:last] if leg.outbound is not None for reason in leg.outbound.reasons
        ]
        for at in range(first + 1, last + 1):
            behind, front = self.legs[at], self.legs[at - 1]
            if behind.basis == "the only one":
                found.append(f"nothing links {front.node} with {behind.node} but that there is no other")
            elif behind.basis == "assumed":
                found.append(f"only names and folders speak for a way from {front.node} to {behind.node}")
        return tuple(dict.fromkeys(found))

    def clocks(self, *phases: Phase) -> list[tuple[int, Setting[float]]]:
        """The clocks of a phase on all legs, each with its position, weakest first; unknown ones last."""
        limits = [(at, leg.hop.clock(self.stream.kind, *phases)) for at, leg in enumerate(self.legs)]
        return sorted(limits, key=lambda found: found[1].value if isinstance(found[1], Known) else float("inf"))


def _with_wildcards(asked: str, sample: str, pattern: str) -> str:
    """The path that is asked for with the wildcards of the pattern that a sample was made of, as far as they are in it."""
    ends, wild = sample.split("/"), pattern.split("/")
    if not pattern.startswith("/") or "*" not in pattern or "**" in pattern or len(ends) != len(wild):
        return asked
    segments = asked.split("/")
    for back in range(1, min(len(segments), len(ends)) + 1):
        if segments[-back] != ends[-back]:
            break
        segments[-back] = wild[-back]
    return "/".join(segments)


class Crossing(msgspec.Struct, Generic[H_co], frozen=True, eq=False, gc=False):
    """What a check is asked about: one stream on one leg of its way.

    trace: the whole way; position: which leg of it this is. certain: the stream surely passes here. reasons:
    why not. doubt: what speaks against the stream, so that it is worth a note at most.
    """

    stream: Stream
    hop: H_co
    certain: bool
    trace: Trace
    position: int = 0
    reasons: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def leg(self) -> Leg:
        return self.trace.legs[self.position]

    @property
    def in_front(self) -> tuple[Leg, ...]:
        """The legs between the client and this one, the client's side first."""
        return self.trace.legs[: self.position]

    @property
    def behind(self) -> tuple[Leg, ...]:
        """The legs between this one and the origin."""
        return self.trace.legs[self.position + 1 :]

    @property
    def sent(self) -> Response:
        """What this hop makes of the response that arrives here from behind: it arrives at the hop in front."""
        if self.position:
            return self.trace.legs[self.position - 1].arriving
        return self.hop.response_out(self.leg.arriving, self.leg.inbound)

    @property
    def buffering(self) -> Setting[Buffering]:
        """Whether this hop holds back what arrives here from behind."""
        return self.hop.buffering_of(self.leg.arriving, self.leg.inbound)

    @property
    def compression(self) -> Setting[Compression]:
        """What this hop's compression makes of what arrives here from behind."""
        return self.hop.compression_of(self.leg.arriving, self.leg.inbound)

    @property
    def upgrade(self) -> Setting[Upgrade]:
        """What this hop makes of the handshake of this stream."""
        return self.hop.upgrade_of(self.leg.inbound)

    @property
    def affinity(self) -> Setting[Affinity]:
        """What keeps the client of this stream on one replica behind this hop."""
        return self.hop.affinity_of(self.leg.inbound)

    @property
    def is_handshake_mended(self) -> bool:
        """Whether a hop behind sends the handshake on whole, in whatever state this one leaves it."""
        sent = [leg.outbound.request.upgrade for leg in self.behind if leg.outbound is not None]
        return any(isinstance(upgrade, Known) and upgrade.value in ("forwarded", "http/1.0") for upgrade in sent)

    @property
    def silence(self) -> Setting[float]:
        """Seconds of silence that this hop allows this stream."""
        return self.hop.clock(self.stream.kind, *SILENCE)

    @property
    def length(self) -> Setting[float]:
        """Seconds that this stream may last here."""
        return self.hop.clock(self.stream.kind, *LENGTH)

    def perhaps_too_short(self, phases: Collection[Phase], need: float, setting: str) -> Iterator[Unknown]:
        """Clocks of some phases that would end this stream here, of which nobody can tell whether they run for it. need:
        seconds that it takes. setting: which setting of the hop is to be mended."""
        for clock in self.hop.clocks:
            limit = clock.limit
            if not clock.doubt or clock.phase not in phases or self.stream.kind not in clock.kinds:
                continue
            if isinstance(limit, Known) and limit.value < need:
                why = f"whether {limit.phrase} of {self.hop.name} ends the stream can't be told: {clock.doubt}"
                yield Unknown(limit.where, limit.name, why, self.hop.fix(setting, need))
