"""Which streams pass which hops: what was declared, what hops give away, what is assumed, each followed along its way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from infralint.model import (
    STRONG,
    Crossing,
    Hint,
    Hop,
    Match,
    Node,
    Reading,
    Request,
    Stream,
    StreamKind,
    Trace,
)
from infralint.project.config import Settings
from infralint.project.needs import needs
from infralint.text.expressions import matching
from infralint.text.globs import matches_text
from infralint.text.wording import listing
from infralint.trace.programs import programs
from infralint.trace.streams import assumed_at, declared_streams, hints_of, stream_at
from infralint.trace.topology import Link, Topology
from infralint.trace.traces import arriving_request, find_front, traces_from, traces_through


def crossings(settings: Settings, readings: Sequence[Reading], topology: Topology | None = None) -> list[Crossing[Hop]]:
    """Every stream on every leg of its ways. topology: what was read, where it is linked already."""
    topology = topology or topology_of(readings, settings)
    found = [crossing for stream in declared_streams(settings) for crossing in _declared_crossings(topology, stream)]
    if settings.streams == []:
        return []
    hinted = [*_of_clients(settings, topology, readings), *_hinted_crossings(settings, topology)]
    witness = Witness(topology, hinted, any("sse" in reading.mentions for reading in readings))
    hinted = [witness.weigh(crossing) for crossing in hinted if not witness.knows_better(crossing)]
    reach = Reach(topology)
    hinted = [reach.weigh(crossing) for crossing in hinted]
    if settings.streams is not None:
        covered = {id(crossing.hop) for crossing in found}
        hinted = [
            crossing for crossing in hinted if crossing.stream.evidence.certain and id(crossing.hop) not in covered
        ]
    found += hinted
    if settings.streams is None and settings.assume != "off":
        found += _assumed_crossings(settings, topology, witness, found)
    return found


class Witness:
    """What the project's code says against a stream at a hop: it was read, and nothing of it streams there.

    The code behind a hop speaks of it most; where nothing links the two, code that was read and streams elsewhere, or
    nowhere, still leaves no ground to assume one. speaks_of_sse: something of the project
    has to do with SSE streams or models.
    """

    def __init__(self, topology: Topology, crossings: Iterable[Crossing[Hop]], speaks_of_sse: bool = True) -> None:
        self.topology = topology
        self.speaks_of_sse = speaks_of_sse
        found = list(crossings)
        self.origins = {
            id(hint.evidence) for node in topology.nodes for hop in node.hops if hop.origin for hint in hop.hints
        }
        self.streaming = {
            (id(crossing.hop), crossing.stream.kind) for crossing in found if self._is_of_origin(crossing)
        }
        self.applications = [node for node in topology.nodes if node.folder is not None]
        placed = {
            id(leg.hop)
            for crossing in found
            for leg in crossing.trace.legs
            if leg.hop.origin and len(crossing.trace.legs) > 1
        } | self._opened_through_proxies(found)
        self.is_accounted_for = all(
            node.complete and all(id(hop) in placed for hop in node.hops if hop.origin and _may_be_cut(hop))
            for node in self.applications
        )
        self.sockets = {
            crossing.hop.scope
            for crossing in found
            if crossing.stream.kind == "websocket" and not crossing.stream.handshake_only
        }

    def _opened_through_proxies(self, found: Iterable[Crossing[Hop]]) -> set[int]:
        """The routes, by identity, that clients open through a proxy, though nothing says whom that dials: of all
        applications one serves the very path that it sends on."""
        routes: set[int] = set()
        for crossing in found:
            sent = crossing.trace.legs[-1].outbound
            if crossing.stream.evidence.kind != "source" or crossing.trace.end == "origin" or sent is None:
                continue
            matches = [match for node in self.applications for match in node.route(sent.request)]
            if len(matches) == 1 and matches[0].hop is not None and matches[0].hop.origin:
                routes.add(id(matches[0].hop))
        return routes

    def _is_of_origin(self, crossing: Crossing[Hop]) -> bool:
        """Whether code says that it streams, or what is known of a product that runs here."""
        return crossing.stream.evidence.kind == "source" or id(crossing.stream.evidence) in self.origins

    def against(self, hop: Hop, node: Node, kind: StreamKind = "sse") -> Link | None:
        """An application that stands for all that a hop leads to, and that streams nothing of that kind there."""
        return None if (id(hop), kind) in self.streaming else self._read_behind(hop, node, kind)

    def against_any(self, hop: Hop, node: Node) -> Link | None:
        """An application that stands for all that a hop leads to, all of whose streams are known, and that sends no SSE
        there: what is assumed may be of any kind."""
        link = self.against(hop, node)
        return link if link is not None and self._read_behind(hop, node, "websocket") is not None else None

    def _read_behind(self, hop: Hop, node: Node, kind: StreamKind) -> Link | None:
        """An application that stands for all that a hop leads to, where all streams of a kind in their code are known."""
        if hop.origin:
            return None
        links = self.topology.applications_behind(hop, node)
        is_known = links and all(link.node.has_all(kind) and not _has_open_routes(link.node, kind) for link in links)
        return links[0] if is_known else None

    def knows_better(self, crossing: Crossing[Hop]) -> bool:
        """Whether the code that surely stands behind a hop says itself what of that kind streams there.

        Its routes, pings and headers are judged; a name or a header that speaks of them adds nothing.
        """
        if crossing.stream.evidence.kind not in ("name", "config") or self._is_of_origin(crossing):
            return False
        kinds = {crossing.stream.kind}
        if crossing.stream.evidence.kind == "config":
            # Buffering is switched off for WebSockets, too, though that does nothing for them.
            kinds.add("websocket")
        return any(self._knows_what_streams_at(hop, kinds, crossing.stream.kind) for hop in _speaking(crossing))

    def _knows_what_streams_at(self, hop: Hop, kinds: Iterable[StreamKind], meant: StreamKind) -> bool:
        """Whether streams of one of these kinds are known to pass a hop, and all there are of that kind and of the one
        that is meant."""
        node = self.topology.node_of(hop)
        if node is None:
            return False
        for kind in kinds:
            if (id(hop), kind) in self.streaming:
                links = [self._read_behind(hop, node, read) for read in dict.fromkeys((kind, meant))]
                if all(link is not None and link.basis in STRONG for link in links):
                    return True
        return False

    def doubt(self, hop: Hop, node: Node) -> str:
        """Why a stream that only a name or an assumption speaks for is not likely here; empty where nothing says so."""
        if (id(hop), "sse") in self.streaming or hop.origin:
            return ""
        link = self.against_any(hop, node)
        if link is not None:
            return _streams_nothing(link)
        if self.applications and self.is_accounted_for:
            return "the project's code was read, and each stream of it goes another way"
        return ""

    def weigh(self, crossing: Crossing[Hop]) -> Crossing[Hop]:
        """A crossing with the doubt that the code casts on it, where a name or the configuration is all there is for it."""
        if crossing.stream.evidence.kind not in ("name", "config") or self._is_of_origin(crossing):
            return crossing
        doubts = (self._doubt_at(hop, crossing.stream) for hop in _speaking(crossing))
        doubt = next((doubt for doubt in doubts if doubt), "")
        return replace(crossing, doubt=doubt) if doubt else crossing

    def _doubt_at(self, hop: Hop, stream: Stream) -> str:
        node = self.topology.node_of(hop)
        link = self.against(hop, node, stream.kind) if node is not None else None
        if link is not None:
            return _streams_nothing(link)
        if stream.evidence.kind == "name" and node is not None and (id(hop), stream.kind) in self.streaming:
            link = self._read_behind(hop, node, stream.kind)
            if link is not None:
                return f"the code of {link.node.name} says itself what streams there, and is judged"
        if stream.handshake_only and hop.assumable and hop.scope not in self.sockets:
            return "nothing else speaks of a WebSocket here: its headers may be a leftover"
        if stream.kind == "sse" and not self.speaks_of_sse and _is_set_up_for_sockets(hop):
            return "it is set up for a WebSocket, and nothing else speaks of an SSE stream"
        return ""


def _streams_nothing(link: Link) -> str:
    return f"the code of {link.node.name} streams nothing there"


def _speaking(crossing: Crossing[Hop]) -> Iterator[Hop]:
    """The hop that a stream crosses, and the one that gave it away."""
    yield crossing.hop
    if crossing.position != crossing.trace.anchor:
        yield crossing.trace.legs[crossing.trace.anchor].hop


def _is_set_up_for_sockets(hop: Hop) -> bool:
    """Whether the headers of a handshake are set for it."""
    return any(hint.handshake_only and hint.evidence.kind == "config" for hint in hop.hints)


def _has_open_routes(node: Node, kind: StreamKind) -> bool:
    """Whether it has a stream of a kind of whose path only the end is known."""
    hints = (hint for hop in node.hops if hop.origin for hint in hop.hints)
    return any(hint.kind == kind and hint.path.startswith("**") for hint in hints)


def _may_be_cut(hop: Hop) -> bool:
    """Whether a hop that nothing knows may cut or hold what a route sends: all but a WebSocket that pings."""
    return any(hint.kind == "sse" or hint.heartbeat is None for hint in hop.hints)


class Reach:
    """Which hops get requests of clients, as far as the ways from the entries tell."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._led_to: dict[tuple[int, StreamKind], frozenset[int] | None] = {}

    def weigh(self, crossing: Crossing[Hop]) -> Crossing[Hop]:
        """A crossing in doubt where its stream could only begin at a node that other nodes dial, and by other ways
        through it. What code streams or clients open is there, whoever asks for it."""
        first = crossing.trace.legs[0].hop
        node = self._topology.node_of(first)
        if crossing.doubt or crossing.stream.evidence.kind in ("declared", "source") or node is None or first.origin:
            return crossing
        kind = crossing.stream.kind
        if self._is_led_to(node, first, kind) or self._is_open(node, first, kind):
            return crossing
        address = self._topology.entry_address(node)
        if self._topology.is_entry(node) and address is not None:
            ports = listing([str(port) for port in self._topology.published_ports(node)], most=3)
            doubt = (
                f"of {node.name} only port {address.port} is published (as {ports}), and no request there comes here"
            )
            return replace(crossing, doubt=doubt)
        diallers = (dialler.node.name for dialler in self._topology.diallers(node) if dialler.node is not node)
        front = listing(tuple(dict.fromkeys(diallers)), most=2)
        return replace(crossing, doubt=f"clients come to {node.name} through {front}, which sends nothing there")

    def _is_open(self, node: Node, hop: Hop, kind: StreamKind) -> bool:
        """Whether clients may come to a hop of an entry; through the one port that is published, where that is known."""
        if not self._topology.is_entry(node):
            return False
        address, paths = self._topology.entry_address(node), _tried_paths(hop)
        if address is None or address.port is None or not paths:
            return True
        requests = (Request(kind, path, hop.only_host, address) for path in paths)
        return any(match.hop is hop for request in requests for match in node.route(request))

    def _is_led_to(self, node: Node, hop: Hop, kind: StreamKind) -> bool:
        """Whether what dials a node may send it requests that this hop serves."""
        key = id(node), kind
        if key not in self._led_to:
            self._led_to[key] = self._find_led_to(node, kind)
        hops = self._led_to[key]
        return hops is None or id(hop) in hops or self._is_asked_for(node, hop, kind)

    def _find_led_to(self, node: Node, kind: StreamKind) -> frozenset[int] | None:
        """The hops of a node, by identity, to which the paths of what dials it lead; None where that can't be told."""
        found: set[int] = set()
        for dialler in self._topology.diallers(node):
            paths = _tried_paths(dialler.hop) if dialler.node is not node else []
            if not paths and dialler.node is not node:
                return None
            for path in paths:
                for forward in dialler.hop.request_out(Request(kind, path, dialler.hop.only_host)):
                    if not forward.pool.targets or forward.paths.forward(path) is None:
                        return None
                    found |= {id(match.hop) for match in node.route(arriving_request(forward, dialler.to))}
        return frozenset(found)

    def _is_asked_for(self, node: Node, hop: Hop, kind: StreamKind) -> bool:
        """Whether what dials a node sends on some request for the paths of this very hop."""
        paths = _tried_paths(hop)
        for dialler in self._topology.diallers(node):
            for path in paths if dialler.node is not node else ():
                front = find_front(self._topology, dialler, Request(kind, path))
                sent = front.leg.outbound if front is not None else None
                if sent is not None and any(
                    match.hop is hop for match in node.route(arriving_request(sent, dialler.to))
                ):
                    return True
        return not paths


def _tried_paths(hop: Hop) -> list[str]:
    """Paths that a hop serves, as it is written and below that; none where they can't be told."""
    paths = concrete_paths(hop) if hop.paths else ["/"]
    return [tried for path in paths for tried in (path, f"{path.rstrip('/')}/x", f"{path}x")]


def topology_of(readings: Sequence[Reading], settings: Settings | None = None) -> Topology:
    """Every node and service that was read, linked. settings: what the user says of chains and entries."""
    nodes = programs(node for reading in readings for node in reading.nodes)
    services = [service for reading in readings for service in reading.services]
    return Topology(nodes, services, settings.chains, settings.entries) if settings else Topology(nodes, services)


def unmet(settings: Settings, topology: Topology, crossed: Iterable[Crossing[Hop]]) -> Iterator[tuple[Stream, str]]:
    """Declared streams that no hop of the project could serve: a path that is mistyped, or hops that are not here.

    Each with who answers instead (`edge/nginx.conf answers 404`), where one surely does.
    """
    met = [crossing.stream for crossing in crossed if crossing.stream.evidence.kind == "declared"]
    for stream in declared_streams(settings):
        if stream not in met:
            answers = (
                f"{node.name} answers {match.answer.value}"
                for node in topology.entry_nodes
                for match in _matches_at(topology, node, stream)
                if match.answer is not None and match.certain
            )
            yield stream, next(answers, "")


def find_unserved(crossed: Iterable[Crossing[Hop]]) -> Iterator[tuple[Stream, str, bool]]:
    """Declared streams that a hop passes on and that no way of theirs leads to the origin, each with who answers
    (`inner/nginx.conf answers 404`), or how it goes round, and whether that is sure."""
    traces: dict[int, list[Trace]] = {}
    for crossing in crossed:
        if crossing.stream.evidence.kind == "declared":
            traces.setdefault(id(crossing.stream), []).append(crossing.trace)
    for ways in traces.values():
        if all(trace.is_dead_end for trace in ways):
            ending = ways[0].ending
            because = ending.answer.because if ending is not None and ending.answer is not None else ""
            reason = f"{ways[0].end_reason}: {because}" if because else ways[0].end_reason
            yield ways[0].stream, reason, all(trace.is_sure for trace in ways)


def find_untold(crossed: Iterable[Crossing[Hop]]) -> Iterator[tuple[Stream, str]]:
    """Declared streams that surely come to where it can't be told what becomes of them, each with the reason."""
    for crossing in crossed:
        trace, ending = crossing.trace, crossing.trace.ending
        if crossing.stream.evidence.kind != "declared" or trace.end != "unknown" or crossing.position:
            continue
        if ending is None or not trace.is_certain(len(trace.legs) - 1):
            continue
        if ending.basis is None:
            yield crossing.stream, ending.reasons[0]
        elif ending.basis in STRONG:
            yield crossing.stream, f"{ending.node} gets {ending.request.path}, and {ending.reasons[0]}"


def find_undialled(settings: Settings, topology: Topology, crossed: Iterable[Crossing[Hop]]) -> Iterator[Node]:
    """Nodes that no client comes to first, and that none of the ways that are known leads through, where streams are
    declared: what dials them stands elsewhere."""
    passed = {id(crossing.hop) for crossing in crossed}
    inner = [node for node in topology.nodes if node.inner and passed.isdisjoint(id(hop) for hop in node.hops)]
    yield from inner if declared_streams(settings) else ()


def lost(settings: Settings, topology: Topology) -> Iterator[tuple[Stream, str]]:
    """Declared streams that an entry may send where nobody can tell, each with the reason."""
    streams = declared_streams(settings)
    entries = topology.entry_nodes if streams else []
    for stream in streams:
        for node in entries:
            for match in _matches_at(topology, node, stream):
                if match.hop is None and match.answer is None and match.reasons:
                    yield stream, match.reasons[-1]


def _declared_crossings(topology: Topology, stream: Stream) -> list[Crossing[Hop]]:
    """A declared stream from every node that it may come to first."""
    found = _tell_apart([_entering(topology, stream, node) for node in find_starts(topology, stream)])
    if not stream.hops:
        return found
    return [replace(crossing, certain=True) for crossing in found if is_named(crossing.hop, stream.hops)]


def find_starts(topology: Topology, stream: Stream) -> list[Node]:
    """The nodes that a stream may come to first: the entries; the others, where no entry takes it or surely answers it."""
    entries = topology.entry_nodes
    for node in entries:
        for match in _matches_at(topology, node, stream):
            if match.hop is not None or (match.answer is not None and match.certain):
                return entries
    entering = {id(node) for node in entries}
    return [node for node in topology.nodes if id(node) not in entering] or entries


def _matches_at(topology: Topology, node: Node, stream: Stream) -> Iterator[Match]:
    """What becomes of a stream's requests at a node that they come to first."""
    for path in samples(stream.path):
        yield from node.route(Request(stream.kind, path, stream.host, topology.entry_address(node)))


def _tell_apart(entering: Iterable[Sequence[Crossing[Hop]]]) -> list[Crossing[Hop]]:
    """The crossings of all entries; where several take the stream, one that takes whatever comes may not be meant.

    An entry that stands behind another one on the stream's way is no other.
    """
    taking = [crossings for crossings in entering if crossings]
    inner = {id(crossing.hop) for crossings in taking for crossing in crossings if crossing.position}
    first = [crossings for crossings in taking if id(crossings[0].trace.legs[0].hop) not in inner] or taking
    return [
        crossing
        if len(first) == 1 or is_meant(crossing.trace)
        else replace(crossing, certain=False, reasons=(*crossing.reasons, OTHERS_TAKE_IT))
        for crossings in first
        for crossing in crossings
    ]


OTHERS_TAKE_IT = "others here take such a request, too; `host:` or `hops:` of the declared stream say which is meant"


def is_meant(trace: Trace) -> bool:
    """Whether the entry of a way speaks of the stream's very host or path, rather than taking whatever comes."""
    entry = trace.legs[0].hop
    by_host = trace.stream.host is not None and trace.stream.host in entry.hosts
    return by_host or any(path.strip("/*^~= ") for path in entry.paths)


def _entering(topology: Topology, stream: Stream, node: Node) -> list[Crossing[Hop]]:
    """What a stream passes that comes to a node first; certain where every request of it would."""
    ways = []
    for path in samples(stream.path):
        request = Request(stream.kind, path, stream.host, topology.entry_address(node))
        traces = traces_from(topology, stream, node, request)
        ways.append(list(_each_hop_once(_on_legs(trace) for trace in traces if trace.legs)))
    sure = [{id(crossing.hop) for crossing in way if crossing.certain} for way in ways]
    together = _each_hop_once(ways)
    return [
        crossing if all(id(crossing.hop) in hops for hops in sure) else replace(crossing, certain=False)
        for crossing in together
    ]


def _each_hop_once(groups: Iterable[Iterable[Crossing[Hop]]]) -> Iterator[Crossing[Hop]]:
    """One crossing a hop: a certain one before a possible one, one that is served before others, the longest way first."""
    best: dict[int, Crossing[Hop]] = {}
    for group in groups:
        for crossing in group:
            known = best.get(id(crossing.hop))
            if known is None or _weight(crossing) > _weight(known):
                best[id(crossing.hop)] = crossing
    return iter(best.values())


def _weight(crossing: Crossing[Hop]) -> tuple[bool, bool, int]:
    return crossing.certain, not crossing.trace.is_dead_end, len(crossing.trace.legs)


def _on_legs(trace: Trace) -> Iterator[Crossing[Hop]]:
    """A crossing a leg of a way."""
    for position, leg in enumerate(trace.legs):
        yield Crossing(trace.stream, leg.hop, trace.is_certain(position), trace, position, trace.reasons(position))


def is_named(hop: Hop, names: Iterable[str]) -> bool:
    """Whether a hop is called by one of the names, as `hops:` of a declared stream may call it."""
    return any(
        matches_text(known_as, name)
        for name in names
        for known_as in (hop.name, *hop.hosts, hop.where.path, *hop.aliases)
    )


def _of_clients(settings: Settings, topology: Topology, readings: Sequence[Reading]) -> Iterator[Crossing[Hop]]:
    """Streams that clients of the project open, from the proxies that they come to first."""
    apart = {id(node) for reading in readings if reading.apart for node in reading.nodes}
    passing = {id(node) for node in topology.nodes if node.folder is None or not all(hop.origin for hop in node.hops)}
    entries = [node for node in topology.entry_nodes if id(node) in passing]
    deployments = [[node for node in entries if (id(node) in apart) is is_apart] for is_apart in (False, True)]
    for stream in (stream for reading in readings for stream in reading.streams):
        if stream.path.startswith("**"):
            continue
        for proxies in deployments:
            asked = [node for node in proxies if stream.host is None or stream.host in node.known_as]
            found = _tell_apart([_entering(topology, stream, node) for node in asked])
            meant = (crossing for crossing in found if len(asked) == 1 or is_meant(crossing.trace))
            yield from (_with_pings_of_origin(settings, crossing) for crossing in meant)


def _with_pings_of_origin(settings: Settings, crossing: Crossing[Hop]) -> Crossing[Hop]:
    """A client's stream with the pings of the code that sends it, the rarest where there are several: code that a name
    leads to, or that has the very route. That there is no other code is not enough.
    """
    stream, legs = crossing.stream, crossing.trace.legs
    origin = legs[-1].hop
    is_chosen = all(leg.match.certain and (leg.outbound is None or leg.outbound.certain) for leg in legs)
    is_named = all(leg.basis != "the only one" for leg in legs) or any(path.strip("/*") for path in origin.paths)
    if not is_chosen or not is_named:
        return crossing
    pings = [hint.heartbeat for hint in origin.hints if hint.kind == stream.kind and hint.heartbeat]
    if stream.heartbeat is not None or not origin.origin or not pings:
        return crossing
    silence, duration, heartbeat = needs(settings, known=max(pings))
    known = replace(stream, longest_silence=silence, duration=duration, heartbeat=heartbeat)
    return replace(crossing, stream=known, trace=replace(crossing.trace, stream=known))


def _hinted_crossings(settings: Settings, topology: Topology) -> Iterator[Crossing[Hop]]:
    """Streams that hops give away: certain there, and carried along the ways that lead through them."""
    for node in topology.nodes:
        for hop in node.hops:
            for hint in hints_of(hop):
                yield from _along(topology, stream_at(settings, hop, hint), node, hop, hint)


def _along(topology: Topology, stream: Stream, node: Node, hop: Hop, hint: Hint) -> Iterator[Crossing[Hop]]:
    """The crossings of a stream that was sighted at a hop.

    Headers that a handshake needs, and a name, speak of their own hop; a name also of what firmly stands
    before or behind it. What the configuration of a catch-all says is about some stream below it, which need not
    go on where anything else would: it speaks of what stands before.
    """
    if hint.path.startswith("**"):
        yield from _along_whatever_leads_there(topology, stream, node, hop)
        return
    for traces in _ways_of(topology, stream, node, hop, hint):
        found = list(_each_hop_once(_on_legs(trace) for trace in traces))
        crossing_of_hop = next(crossing for crossing in found if crossing.hop is hop)
        yield crossing_of_hop
        if stream.handshake_only:
            continue
        firm = stream.evidence.certain
        only_before = stream.evidence.kind == "config" and hop.assumable and not hint.path
        yield from (
            crossing
            for crossing in found
            if crossing is not crossing_of_hop
            and (firm or _is_firmly_linked(crossing))
            and not (only_before and crossing.position > crossing.trace.anchor)
        )


_PARAMETERS = ("x", "1", "0b3e1c52-8f6d-4c1f-9a57-2d8e4f6a7b90")
"""What may stand for a parameter of a path: a word, a number, a UUID."""


def _ways_of(topology: Topology, stream: Stream, node: Node, hop: Hop, hint: Hint) -> Iterator[list[Trace]]:
    """The ways of the requests that a hint stands for.

    Where locations tell words from numbers, a location that is written for one of them is written for this route:
    `/tasks/*/stream` passes `~ ^/tasks/[0-9]+/stream$`, and not the catch-all around it.
    """

    def ways(path: str) -> list[Trace]:
        return traces_through(topology, stream, node, hop, Request(stream.kind, path, stream.host))

    paths = concrete_paths(hop, hint) or ["/"]
    if "*" in hint.path and "**" not in hint.path and topology.tells_words_apart:
        each = [ways(hint.path.replace("*", word)) for word in _PARAMETERS]
        yield min(each, key=lambda traces: sum(leg.hop.assumable for trace in traces for leg in trace.legs))
    else:
        yield from map(ways, paths)


def _along_whatever_leads_there(topology: Topology, stream: Stream, node: Node, hop: Hop) -> Iterator[Crossing[Hop]]:
    """A stream of which only the end of its path is known: past the hops that would lead that very path to its route,
    else past the hop that sends all to its node, if there is one; by itself where nothing dials its node."""
    found = [
        trace
        for path in samples(stream.path.removeprefix("**"))
        for trace in traces_through(topology, stream, node, hop, Request(stream.kind, path, stream.host))
    ]
    fronts = {id(dialler.hop): dialler for dialler in topology.diallers(node)}
    traces = [trace for trace in found if trace.anchor or not fronts]
    if not traces and len(fronts) == 1:
        [front] = fronts.values()
        for path in concrete_paths(front.hop)[:1] or ["/"]:
            traces += traces_through(topology, stream, front.node, front.hop, Request(stream.kind, path, stream.host))
    for crossing in _each_hop_once(_on_legs(trace) for trace in traces):
        yield replace(crossing, certain=False, reasons=(*crossing.reasons, "the whole path of the route is not known"))


def _is_firmly_linked(crossing: Crossing[Hop]) -> bool:
    first, last = sorted((crossing.position, crossing.trace.anchor))
    return all(leg.basis in STRONG for leg in crossing.trace.legs[first + 1 : last + 1])


def _assumed_crossings(
    settings: Settings, topology: Topology, witness: Witness, known: Sequence[Crossing[Hop]]
) -> Iterator[Crossing[Hop]]:
    """Catch-alls in scopes of which nothing better is known, unless their code was read and streams nothing."""
    known_scopes = {
        crossing.hop.scope
        for crossing in known
        if crossing.stream.evidence.certain and not crossing.stream.handshake_only and _is_known_here(crossing)
    }
    named = {id(crossing.hop) for crossing in known if not crossing.stream.handshake_only}
    for node in topology.nodes:
        for hop in node.hops:
            if hop.assumable and hop.scope not in known_scopes and id(hop) not in named:
                link = witness.against_any(hop, node)
                if link is not None and link.basis in STRONG:
                    continue
                stream = assumed_at(settings, hop)
                for path in concrete_paths(hop)[:1] or ["/"]:
                    traces = traces_through(topology, stream, node, hop, Request("sse", path, stream.host))
                    trace = max(traces, key=lambda trace: len(trace.legs))
                    yield Crossing(stream, hop, True, trace, trace.anchor, doubt=witness.doubt(hop, node))


def _is_known_here(crossing: Crossing[Hop]) -> bool:
    """Whether it is known what sends the stream, and not only that a client opens one."""
    return crossing.stream.evidence.kind != "source" or any(leg.hop.origin for leg in crossing.trace.legs)


def concrete_paths(hop: Hop, hint: Hint | None = None) -> list[str]:
    """Paths of requests that a hop serves, or that a hint is about."""
    written = [hint.path] if hint is not None and hint.path else list(hop.paths[:1])
    return [path for text in written for path in _concrete(text)][:2]


def _concrete(text: str) -> list[str]:
    if text.startswith("/") and not re.search(r"[\\^$()|+\[]", text):
        return samples(text)
    try:
        return [path for path in matching(text.lstrip("~* ")) if path.startswith("/")]
    except re.error:
        return []


def samples(path: str) -> list[str]:
    """Concrete paths that a declared path, glob or regular expression (after `~`) stands for."""
    if path.startswith("~"):
        found = [text for text in matching(path[1:]) if text.startswith("/")]
        return found or ["/"]
    if "*" not in path:
        return [path]
    filled = [re.sub(r"\*+", word, path) for word in ("x", "x/y" if path.endswith("**") else "z")]
    return [text if text.startswith("/") else f"/{text}" for text in dict.fromkeys(filled)]
