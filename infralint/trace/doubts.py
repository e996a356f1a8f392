"""What speaks against a stream that only a name, the configuration or nothing at all gives away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from infralint.model import STRONG, Crossing, Hop, Need, Node, Request, Stream, StreamKind
from infralint.text.wording import listing
from infralint.trace.links import Dialler, Link
from infralint.trace.paths import concrete_paths
from infralint.trace.topology import Topology
from infralint.trace.traces import arriving_request, find_front

_OPEN_ENDS = frozenset({"unknown", "leaves the project"})
"""Ends of a way behind which nobody of the project is known to stand."""


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
        self.has_code = any(node.folder is not None for node in topology.nodes)
        self.applications = [
            node for node in topology.nodes if node.folder is not None and (node.hops or not node.by_name_only)
        ]
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

    def _read_behind(self, hop: Hop, node: Node, kind: StreamKind, guessing: bool = False) -> Link | None:
        """An application that stands for all that a hop leads to, where all streams of a kind in their code are known.
        guessing: also where it is not sure what stands behind the proxies on the way."""
        if hop.origin or not self.has_code:
            return None
        links = self.topology.applications_behind(hop, node, guessing)
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
        crossing = self._with_pings(crossing)
        doubts = (self._doubt_at(hop, crossing.stream) for hop in _speaking(crossing))
        doubt = next((doubt for doubt in doubts if doubt), "") or self._doubt_of_end(crossing)
        return replace(crossing, doubt=doubt) if doubt else crossing

    def _with_pings(self, crossing: Crossing[Hop]) -> Crossing[Hop]:
        """A WebSocket at a hop that leads nobody knows where, with the pings of the code whose routes that hop takes."""
        stream = crossing.stream
        if stream.kind != "websocket" or stream.heartbeat is not None or crossing.trace.end not in _OPEN_ENDS:
            return crossing
        beats = [
            hint.heartbeat
            for node in self.applications
            for route in node.hops
            for hint in route.hints
            if hint.kind == "websocket" and self._takes_route(crossing, route)
        ]
        if not beats or not all(beats):
            return crossing
        longest = max(beat for beat in beats if beat)
        return replace(crossing, stream=replace(stream, heartbeat=longest, longest_silence=Need(2 * longest, False)))

    def _takes_route(self, crossing: Crossing[Hop], route: Hop) -> bool:
        """Whether a hop takes the requests for a route of an application, as they are asked for there."""
        node = self.topology.node_of(crossing.hop)
        requests = (Request("websocket", path, crossing.stream.host) for path in concrete_paths(route))
        return (
            route.origin
            and node is not None
            and any(match.hop is crossing.hop for request in requests for match in node.route(request))
        )

    def _doubt_of_end(self, crossing: Crossing[Hop]) -> str:
        """Why a name is not likely to mean a stream where nobody can tell who gets it: the project has no code that sends one."""
        is_open = crossing.stream.evidence.kind == "name" and crossing.trace.end == "unknown"
        if is_open and self._streams_nowhere(crossing.stream.kind):
            return "the project's code was read, and streams nothing of that kind"
        return ""

    def _streams_nowhere(self, kind: StreamKind) -> bool:
        """Whether there is code, all of it was read, and no route of it streams in that way."""
        return bool(self.applications) and all(
            node.has_all(kind) and not any(hint.kind == kind for hop in node.hops if hop.origin for hint in hop.hints)
            for node in self.applications
        )

    def _doubt_at(self, hop: Hop, stream: Stream) -> str:
        node = self.topology.node_of(hop)
        link = self.against(hop, node, stream.kind) if node is not None else None
        if link is not None:
            return _streams_nothing(link)
        if node is not None and (id(hop), stream.kind) in self.streaming:
            link = self._read_behind(hop, node, stream.kind, guessing=True)
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


class Handshakes:
    """Which locations of a server are set up for the WebSockets of a route: its other locations that lead there are not
    meant for them."""

    def __init__(self, crossings: Iterable[Crossing[Hop]]) -> None:
        self._set_up: dict[tuple[int, str], Hop] = {}
        for crossing in crossings:
            if _is_told_by_its_route(crossing) and _is_set_up_for_sockets(crossing.hop):
                self._set_up.setdefault(_server_and_route(crossing), crossing.hop)

    def weigh(self, crossing: Crossing[Hop]) -> Crossing[Hop]:
        """A crossing in doubt where the route's WebSockets come through another location of the same server."""
        if crossing.doubt or not _is_told_by_its_route(crossing) or _is_set_up_for_sockets(crossing.hop):
            return crossing
        other = self._set_up.get(_server_and_route(crossing))
        if other is None:
            return crossing
        return replace(crossing, doubt=f"{other.name} leads to the same route, and is set up for its WebSockets")


def _is_told_by_its_route(crossing: Crossing[Hop]) -> bool:
    """Whether it is a WebSocket that the code of a route gave away, on its way there: nobody says by which path clients
    open it."""
    route = crossing.trace.legs[-1].hop
    return (
        crossing.stream.kind == "websocket"
        and not crossing.hop.origin
        and any(hint.evidence is crossing.stream.evidence for hint in route.hints)
        and route.origin
    )


def _server_and_route(crossing: Crossing[Hop]) -> tuple[int, str]:
    return id(crossing.trace.legs[-1].hop), crossing.hop.scope


class Reach:
    """Which hops get requests of clients, as far as the ways from the entries tell."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._led_to: dict[tuple[int, StreamKind], frozenset[int] | None] = {}
        self._diallers: dict[int, list[Dialler]] = {}

    def weigh(self, crossing: Crossing[Hop]) -> Crossing[Hop]:
        """A crossing in doubt where its stream could only begin at a node that other nodes dial, and by other ways
        through it. What comes to the code itself first is there, whoever asks for it."""
        first = crossing.trace.legs[0].hop
        node = self._topology.node_of(first)
        if crossing.doubt or crossing.stream.evidence.kind == "declared" or node is None or first.origin:
            return crossing
        kind = crossing.stream.kind
        if crossing.stream.evidence.kind == "source":
            # The way begins here because nothing that dials the node sends it this very path.
            is_led_to = self._hops_led_to(node, kind) is None
        else:
            is_led_to = self._is_led_to(node, first, kind)
        if is_led_to or self._is_open(node, first, kind):
            return crossing
        address = self._topology.entry_address(node)
        if self._topology.is_entry(node) and address is not None:
            ports = listing([str(port) for port in self._topology.published_ports(node)], most=3)
            doubt = (
                f"of {node.name} only port {address.port} is published (as {ports}), and no request there comes here"
            )
            return replace(crossing, doubt=doubt)
        diallers = dict.fromkeys(dialler.node.name for dialler in self._other_diallers(node))
        front = listing(tuple(diallers), most=2)
        return replace(crossing, doubt=f"clients come to {node.name} through {front}, which sends nothing there")

    def _other_diallers(self, node: Node) -> list[Dialler]:
        """What dials a node, but for itself."""
        if id(node) not in self._diallers:
            self._diallers[id(node)] = [
                dialler for dialler in self._topology.diallers(node) if dialler.node is not node
            ]
        return self._diallers[id(node)]

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
        hops = self._hops_led_to(node, kind)
        return hops is None or id(hop) in hops or self._is_asked_for(node, hop, kind)

    def _hops_led_to(self, node: Node, kind: StreamKind) -> frozenset[int] | None:
        key = id(node), kind
        if key not in self._led_to:
            self._led_to[key] = self._find_led_to(node, kind)
        return self._led_to[key]

    def _find_led_to(self, node: Node, kind: StreamKind) -> frozenset[int] | None:
        """The hops of a node, by identity, to which the paths of what dials it lead; None where that can't be told."""
        found: set[int] = set()
        for dialler in self._other_diallers(node):
            paths = _tried_paths(dialler.hop)
            if not paths:
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
        for dialler in self._other_diallers(node):
            for path in paths:
                front = find_front(self._topology, dialler, Request(kind, path), node)
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
