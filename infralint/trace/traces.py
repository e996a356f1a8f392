"""From a stream that was sighted at a hop, or declared at the edge, to its whole ways: up to every entry, down to the origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise

import msgspec
from msgspec.structs import replace

from infralint.model import (
    NOWHERE,
    STRONG,
    UNKNOWN_RESPONSE,
    Address,
    Basis,
    End,
    Ending,
    Forward,
    Hop,
    Known,
    Leg,
    Match,
    Node,
    Request,
    Response,
    Stream,
    Trace,
    is_linked,
    is_passed,
)
from infralint.text.arns import short_name
from infralint.trace.links import Dialler
from infralint.trace.topology import Topology, Unheard

MOST_LEGS = 12
"""Hops in one way: a longer one is taken to turn in circles."""
MOST_WAYS = 64
"""Ways of one stream from one place; what is beyond is not followed."""
MOST_ASKED = 12_000
"""How often hops are asked, over all streams, what they do with a request; then few of a stream's ways are followed."""
PER_LEG = 4
"""As how many questions a leg counts that is followed: it takes as long as asking so many hops whether they stand in front."""
FEW = 4
"""Hops in front, entries and ways that are followed where many streams have many ways."""
FEW_LEGS = 3
"""How far a way is followed to the front, and as far again behind, where many streams have many ways."""


class Walk(msgspec.Struct, frozen=True):
    """How far a way was followed: its legs, and where it ended."""

    legs: tuple[Leg, ...]
    end: End
    reason: str = ""
    ending: Ending | None = None


class Front(msgspec.Struct, frozen=True):
    """A leg of a node in front of another, and the basis of the link to that one. to: where the request arrives there."""

    node: Node
    leg: Leg
    link: Basis
    to: Address | None = None


class Passage(msgspec.Struct, frozen=True):
    """The legs in front of a node, the request that arrives there, and the basis of the link to it."""

    legs: tuple[Leg, ...]
    request: Request
    link: Basis | None


def traces_from(topology: Topology, stream: Stream, node: Node, request: Request) -> list[Trace]:
    """The ways of a request that comes to a node first; one without legs where the node answers it by itself."""
    topology.hops_asked += PER_LEG
    matches = _matches(node, request)
    walks = (walk for match in matches for walk in _walk(topology, node, match, request, None, ()))
    return _limit(topology, node, (_trace(stream, walk, 0) for walk in walks))


def traces_through(topology: Topology, stream: Stream, node: Node, hop: Hop, request: Request) -> list[Trace]:
    """The ways of a request that passes a hop for certain: from every entry that leads to it, down to where it ends."""
    left_out = len(topology.fronts_left_out)
    found = _limit(topology, node, _through(topology, stream, node, hop, request))
    if found and len(topology.fronts_left_out) > left_out and found[-1].end_reason not in _MORE_WAYS.values():
        return _without_end(
            found, f"many streams have many ways here: only {FEW} of the hops in front are followed for it"
        )
    return found


def are_many(topology: Topology) -> bool:
    """Whether so many hops were asked for other streams that few are for each of the rest."""
    return topology.hops_asked > MOST_ASKED


def few_entries(topology: Topology, nodes: Sequence[Node]) -> Sequence[Node]:
    """The nodes by which a stream may come in that are asked for it: all, until many hops were asked for other streams."""
    if len(nodes) <= FEW or not are_many(topology):
        return nodes
    if topology.lists_left_out.get(id(nodes)) is not nodes:
        topology.lists_left_out[id(nodes)] = nodes
        topology.ways_left_out.update(dict.fromkeys(nodes[FEW:]))
    return nodes[:FEW]


_MORE_WAYS = {
    MOST_WAYS: f"it has more than {MOST_WAYS} ways, which is as many as are followed",
    FEW: f"many streams have many ways here: only {FEW} of its ways are followed",
}


def _limit(topology: Topology, node: Node, traces: Iterator[Trace]) -> list[Trace]:
    """So many ways as are followed; the last one stands for all that are beyond, and its end is not known."""
    most = FEW if are_many(topology) else MOST_WAYS
    found = list(islice(traces, most))
    if next(traces, None) is None:
        return found
    topology.ways_left_out[node] = None
    return _without_end(found, _MORE_WAYS[most])


def _without_end(traces: list[Trace], reason: str) -> list[Trace]:
    """Ways of which the last stands for all that are not followed, so that its end is not known."""
    last = traces[-1]
    leg = last.legs[-1] if last.legs else None
    ending = Ending(leg.node, leg.inbound, None, False, (reason,)) if leg is not None else None
    return [*traces[:-1], replace(last, end="unknown", end_reason=reason, ending=ending)]


def _through(topology: Topology, stream: Stream, node: Node, hop: Hop, request: Request) -> Iterator[Trace]:
    found = list(islice(_fronts(topology, node, hop, request, (id(hop),)), MOST_WAYS))
    for passage in _passages(topology, found, node, hop, request) or [Passage((), request, None)]:
        for walk in _walk(topology, node, Match(hop), passage.request, passage.link, passage.legs, begins=True):
            yield _trace(stream, walk, len(passage.legs))


def _passages(
    topology: Topology, ways: Sequence[tuple[Front, ...]], node: Node, hop: Hop, request: Request
) -> list[Passage]:
    """The ways to a hop that a request really takes; where it takes none of them whole, it comes to a node further in.

    An outer proxy may send every request elsewhere, as by another Host header: then its inner one has other clients.
    """
    while ways:
        passing = (_pass_through(topology, fronts, node, hop, request) for fronts in ways)
        passages = [passage for passage in passing if passage is not None]
        if passages:
            return passages
        ways = list({tuple(id(front.leg.hop) for front in way[1:]): way[1:] for way in ways if way[1:]}.values())
    return []


def _pass_through(
    topology: Topology, fronts: Sequence[Front], node: Node, hop: Hop, request: Request
) -> Passage | None:
    """The legs in front of a hop as a request passes them that comes to the first; None where one sends it elsewhere.

    What a hop sends on decides what the next one gets: the host, the version of HTTP, what is left of a handshake.
    request: what is to arrive behind them all.
    """
    legs: list[Leg] = []
    arriving, link = replace(fronts[0].leg.inbound, to=topology.entry_address(fronts[0].node)), None
    paths = [*(front.leg.inbound.path for front in fronts[1:]), request.path]
    nodes = [*(front.node for front in fronts[1:]), node]
    for front, path, behind in zip(fronts, paths, nodes, strict=True):
        match = _match_of(front.node, front.leg.hop, arriving, front.leg.match)
        arriving = _taken_in(arriving)
        sent = _sent_to(topology, front, arriving, path, behind)
        if match is None or sent is None:
            return None
        legs.append(replace(front.leg, match=match, inbound=arriving, outbound=sent, basis=link))
        link = front.link
        arriving = arriving_request(sent, front.to)
    is_served = _match_of(node, hop, arriving, Match(hop)) is not None
    return Passage(tuple(legs), _taken_in(arriving), link) if is_served else None


def _sent_to(topology: Topology, front: Front, request: Request, path: str, behind: Node) -> Forward | None:
    """What a hop makes of a request that it sends on to a node, by the link that was found; None where it goes elsewhere."""
    for sent in front.leg.hop.request_out(request):
        links = topology.links(sent.pool, front.node)
        is_told = bool(sent.pool.targets or sent.pool.references)
        is_linked = any(link.node is behind and link.to == front.to for link in links)
        arrives = sent.request.path == path or (
            sent.request.path == f"/{path}" and _is_served_doubled(replace(sent.request, path=path), behind)
        )
        if (is_linked or not is_told) and arrives:
            return sent
    return None


def _match_of(node: Node, hop: Hop, request: Request, otherwise: Match) -> Match | None:
    """How a node comes to give a request to a hop; None where it gives it to others.

    A node that is not known to listen where it is dialled is taken to get the request all the same.
    """
    return node.match_of(request, hop) or (None if node.route(request) else otherwise)


def _walk(
    topology: Topology,
    node: Node,
    match: Match,
    request: Request,
    basis: Basis | None,
    before: tuple[Leg, ...],
    begins: bool = False,
) -> Iterator[Walk]:
    """Every way on from a match, with the legs that lead to it. begins: it is where the stream was sighted, and passed
    however many stand in front."""
    if match.hop is None:
        yield _end_at_answer(node, match, request, basis, before)
    elif (is_again := _comes_again(before, match.hop, request)) is not False:
        name = before[-1].name
        reason = f"{name} sends it back to {node.name} {match.hop.name}, where it came from: it goes round in a circle"
        perhaps = Ending(node.name, request, None, False, (f"perhaps {reason}",), basis)
        forward = before[-1].outbound
        is_sent = match.certain and basis in STRONG and (forward is None or forward.certain)
        is_sure = is_again and is_sent and is_passed(before, 0, len(before) - 1)
        yield Walk(before, "loop", reason) if is_sure else Walk(before, "unknown", perhaps.reasons[0], perhaps)
    elif not begins and len(before) >= (2 * FEW_LEGS if are_many(topology) else MOST_LEGS):
        if are_many(topology):
            topology.ways_left_out[node] = None
        reason = f"it passed {len(before)} hops before, which is as far as it is followed"
        yield Walk(before, "unknown", reason, Ending(node.name, request, None, False, (reason,), basis))
    elif match.hop.origin:
        yield Walk((*before, Leg(match, match.hop, node.name, request, None, basis)), "origin")
    else:
        topology.hops_asked += PER_LEG
        for forward in match.hop.request_out(request) or (None,):
            leg = _leg(topology, node, match, match.hop, request, forward, basis)
            yield from _beyond(topology, node, forward, (*before, leg))


def _leg(
    topology: Topology,
    node: Node,
    match: Match,
    hop: Hop,
    request: Request,
    forward: Forward | None,
    basis: Basis | None = None,
) -> Leg:
    """A hop of a node, how it is chosen, what it sends on, and how many of that there are."""
    replicas = topology.replicas(forward.pool, node) if forward is not None else None
    copies = forward is not None and topology.leads_to_copies(forward.pool, node)
    return Leg(match, hop, node.name, request, forward, basis, replicas=replicas, copies=copies)


def _end_at_answer(node: Node, match: Match, request: Request, basis: Basis | None, before: tuple[Leg, ...]) -> Walk:
    """The end of a way at a node that answers by itself; it is not known where nobody knows that, or whether it comes there."""
    if match.answer is None:
        reasons = match.reasons or (_why_unserved(node, request),)
        return Walk(before, "unknown", reasons[0], Ending(node.name, request, None, False, reasons, basis))
    reason = f"{node.name} answers {match.answer.value}"
    if before and not (basis in STRONG and is_linked(before, 0, len(before) - 1)):
        reasons = (f"perhaps {reason}",)
        return Walk(before, "unknown", reasons[0], Ending(node.name, request, None, False, reasons, basis))
    return Walk(
        before, "answered", reason, Ending(node.name, request, match.answer, match.certain, match.reasons, basis)
    )


def _comes_again(before: Sequence[Leg], hop: Hop, request: Request) -> bool | None:
    """Whether a request comes to a hop as it came there before; None: perhaps, for its path only grows there."""
    visits = [leg.inbound for leg in before if leg.hop is hop]
    if any(visit.path == request.path and visit.host in (None, request.host) for visit in visits):
        return True
    lengths = [len(visit.path) for visit in (*visits, request)]
    return None if len(lengths) > 2 and all(shorter < longer for shorter, longer in pairwise(lengths)) else False


def _matches(node: Node, request: Request) -> Sequence[Match]:
    """What serves a request at a node. An answer that is the only one there, and in doubt, is none."""
    matches = node.route(request)
    if len(matches) == 1 and matches[0].answer is not None and not matches[0].certain:
        [match] = matches
        doubt = f"perhaps {node.name} answers {matches[0].answer.value}"
        return [Match(None, False, (": ".join((doubt, *match.reasons[-1:])),))]
    return matches


def _beyond(topology: Topology, node: Node, forward: Forward | None, legs: tuple[Leg, ...]) -> Iterator[Walk]:
    """Every way on from what left a hop."""
    links = topology.links(forward.pool, node) if forward is not None else []
    if forward is None or not (links or forward.pool.targets):
        yield Walk(legs, *_end_of(forward))
        return
    if not links or len(forward.pool.targets) > 1:
        yield from _elsewhere(topology, node, forward, legs, firm=any(link.basis == "declared" for link in links))
    for link in links:
        request = arriving_request(forward, link.to)
        matches = _matches(link.node, request)
        if not matches:
            reason, is_silent = _why_unserved(link.node, request), _is_silent(link.node, request)
            ending = Ending(link.node.name, request, None, False, (reason,), link.basis, is_silent)
            yield Walk(legs, "origin" if link.node.folder is not None else "unknown", link.node.name, ending)
        for match in matches:
            yield from _walk(topology, link.node, match, _taken_in(request), link.basis, legs)


def _elsewhere(topology: Topology, node: Node, forward: Forward, legs: tuple[Leg, ...], firm: bool) -> Iterator[Walk]:
    """The ends at those addresses of a pool where nothing that was read listens. firm: the user says what stands there."""
    unheard = Unheard() if firm else topology.unheard(forward.pool, node)
    for target, apart in unheard.apart:
        reason = f"{node.name} shares no network with {apart.name}, so that {target} leads nowhere"
        yield Walk(legs, "unknown", reason, Ending(apart.name, forward.request, None, False, (reason,)))
    for target, deaf in unheard.deaf:
        reason = f"{deaf.name} is not known to listen on port {target.port}, so that {target} may lead nowhere"
        yield Walk(legs, "unknown", reason, Ending(deaf.name, forward.request, None, False, (reason,)))
    if unheard.outside:
        yield Walk(legs, "leaves the project", ", ".join(map(str, unheard.outside[:3])))


def arriving_request(forward: Forward, to: Address | None) -> Request:
    """What leaves a hop as it arrives where it is sent. to: where that is."""
    to = forward.request.to or to
    return replace(forward.request, to=to, dialled=to is not None, relayed=True)


def _taken_in(request: Request) -> Request:
    """A request once a node has taken it: whether it came by TLS, or the PROXY protocol, says nothing of how it goes on."""
    if request.secure is None and request.proxied is None:
        return request
    return replace(request, secure=None, proxied=None)


def _why_unserved(node: Node, request: Request) -> str:
    """What is to be said of a node that a way comes to, and by none of whose hops it goes on."""
    if node.folder is None:
        return "nothing of it that was read serves this request"
    if _is_silent(node, request):
        return "its code was read, and streams nothing there"
    return "what its code does there is not known"


def _is_silent(node: Node, request: Request) -> bool:
    """Whether the code of an application was read, and is known to stream nothing where a request asks."""
    return node.folder is not None and node.has_all(request.kind)


def _end_of(forward: Forward | None) -> tuple[End, str]:
    """How a way ends behind a hop that names no address."""
    references = ", ".join(map(short_name, forward.pool.references[:1])) if forward is not None else ""
    unlinked = f"nothing that was read here belongs to {references}" if references else ""
    return "unknown", (forward.pool.reason if forward is not None else "") or unlinked


def _fronts(
    topology: Topology, node: Node, hop: Hop, request: Request, seen: tuple[int, ...]
) -> Iterator[tuple[Front, ...]]:
    """The legs in front of a hop, for a request as it arrives there: every way from an entry that leads to it."""
    if len(seen) >= MOST_LEGS:
        return
    asked = [
        (dialler, front)
        for dialler in _choose_diallers(topology, node, hop, len(seen))
        if id(dialler.hop) not in seen and (front := find_front(topology, dialler, request, node)) is not None
    ]
    meant = {
        (id(dialler.node), dialler.hop.hosts)
        for dialler, front in asked
        if _is_written_for(dialler.hop, front, request)
    }
    for dialler, front in asked:
        if front.leg.inbound.path != request.path and (id(dialler.node), dialler.hop.hosts) in meant:
            continue
        before = _fronts(topology, dialler.node, dialler.hop, front.leg.inbound, (*seen, id(dialler.hop)))
        further = list(islice(before, MOST_WAYS))
        yield from ((*fronts, front) for fronts in further or [()])


def _choose_diallers(topology: Topology, node: Node, hop: Hop, depth: int) -> Sequence[Dialler]:
    """The hops that may stand in front of a node: all, until many were asked for other streams."""
    diallers = topology.diallers_of(node, hop)
    if are_many(topology) and (len(diallers) > FEW or (diallers and depth >= FEW_LEGS)):
        topology.fronts_left_out.append(node)
        diallers = diallers[:FEW] if depth < FEW_LEGS else ()
    topology.hops_asked += len(diallers)
    return diallers


def _is_written_for(hop: Hop, front: Front, request: Request) -> bool:
    """Whether a hop names the very path and hands it on as it is.

    Then clients ask for it there, though another hop (`/api/`, whose prefix is taken away) would lead there, too.
    """
    names = (path.lstrip("=^~ ") for path in hop.paths)
    return front.leg.inbound.path == request.path and any(
        name.startswith("/") and name.strip("/") and request.path.startswith(name) for name in names
    )


def find_front(topology: Topology, dialler: Dialler, request: Request, behind: Node) -> Front | None:
    """A hop with the request that it would have to get, to send on this one; None where it never sends it."""
    hop = dialler.hop
    asked = Request(request.kind, request.path, hop.only_host, methods=request.methods)
    for paths in hop.path_maps(asked):
        for arriving in (request.path, f"/{request.path}"):
            path = paths.inverse(arriving)
            if path is None or (arriving != request.path and ("//" in path or not _is_served_doubled(request, behind))):
                continue
            inbound = replace(asked, path=path)
            match = _match_anywhere(topology, dialler.node, hop, inbound)
            if match is None:
                continue
            sent = next((sent for sent in hop.request_out(inbound) if sent.request.path == arriving), None)
            if sent is not None:
                leg = _leg(topology, dialler.node, match, hop, inbound, sent)
                return Front(dialler.node, leg, dialler.basis, dialler.to)
    return None


def _is_served_doubled(request: Request, behind: Node) -> bool:
    """Whether a node serves a path with two slashes in front, too, as one that takes them for one does."""
    return any(match.hop is not None for match in behind.route(replace(request, path=f"/{request.path}")))


def _match_anywhere(topology: Topology, node: Node, hop: Hop, request: Request) -> Match | None:
    """How a hop is chosen for a request: one that comes from outside, else one to an address at which others dial the node,
    as that of a server which listens on a loopback address or a socket."""
    addresses = topology.dialled_addresses(node)
    relayed = (replace(request, to=address, dialled=True, relayed=True) for address in addresses)
    matches = (node.match_of(asked, hop) for asked in chain((request,), relayed))
    return next(filter(None, matches), None)


def _trace(stream: Stream, walk: Walk, anchor: int) -> Trace:
    legs = _with_responses(walk.legs, _origin_response(stream))
    environment = next((leg.hop.environment for leg in legs if leg.hop.environment), "")
    anchor = max(0, min(anchor, len(legs) - 1))
    return Trace(stream, legs, environment, anchor, walk.end, walk.reason, walk.ending)


def _origin_response(stream: Stream) -> Response:
    """What the origin sends, as far as the stream itself tells."""
    headers = {name: Known(value, NOWHERE, name) for name, value in stream.headers.items()}
    return replace(UNKNOWN_RESPONSE, content_type=stream.content_type, headers=headers)


def _with_responses(legs: Sequence[Leg], response: Response) -> tuple[Leg, ...]:
    """The legs with the response that arrives at each, folded from the origin to the client."""
    folded: list[Leg] = []
    for leg in reversed(legs):
        if folded:
            behind = folded[-1]
            response = behind.hop.response_out(response, behind.inbound)
        folded.append(replace(leg, arriving=response))
    return tuple(reversed(folded))
