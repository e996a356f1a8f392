"""Which streams pass which hops, how certain that is, and where nothing is assumed."""

from __future__ import annotations

import pytest

from infralint.model import Crossing, Evidence, EvidenceKind, Hint, Hop, Node, Reading, Service
from infralint.project.config import Settings, StreamSettings
from infralint.trace.crossings import crossings, topology_of
from infralint.trace.declared import find_unmet

from .nodes import HERE, Application, proxy, route, server, service

INNER = frozenset({"inner"})


def passing(
    *nodes: Node, services: tuple[Service, ...] = (), settings: Settings | None = None
) -> list[tuple[str, str, str, bool]]:
    """What passes where: node, hop, evidence, certain; origins left out."""
    reading = Reading("test", nodes=list(nodes), services=list(services))
    found: list[Crossing[Hop]] = crossings(settings or Settings(), [reading])
    return [
        (crossing.leg.node, crossing.hop.name, crossing.stream.evidence.kind, crossing.certain)
        for crossing in found
        if not crossing.hop.origin
    ]


def declares(*paths: str) -> Settings:
    return Settings(streams=[StreamSettings(path=path) for path in paths])


def code(*hops: Hop, complete: bool = True, folder: str = "api") -> Application:
    return Application(name="api", hops=hops, folder=folder, complete=complete)


API = (service("api", context="api", ports=(8000,)),)


def test_a_declared_stream_is_followed_to_the_inner_hop() -> None:
    edge = server("edge", proxy("/api/", to="inner:8080", becomes="/v2/"))
    inner = server("inner", proxy("/v2/chat", to="app:1"), port=8080, known_as=INNER)
    assert passing(edge, inner, settings=declares("/api/chat")) == [
        ("edge", "location /api/", "declared", True),
        ("inner", "location /v2/chat", "declared", True),
    ]


def test_a_declared_stream_is_no_request_of_an_inner_node_by_itself() -> None:
    edge = server("edge", proxy("/api/", to="inner:8080", becomes="/v2/"))
    inner = server("inner", proxy("/", to="app:1"), proxy("/api/", to="b:1"), port=8080, known_as=INNER)
    assert ("inner", "location /api/", "declared", True) not in passing(edge, inner, settings=declares("/api/chat"))


def test_a_declared_stream_is_looked_for_behind_an_entry_only_where_that_does_not_answer_it() -> None:
    inner = server("inner", proxy("/chat", to="app:1"), port=8080, known_as=INNER)
    answering = server("edge", proxy("/web/", to="inner:8080"))
    assert passing(answering, inner, settings=declares("/chat")) == []
    quiet = Application(name="edge", hops=(proxy("/web/", to="inner:8080"),))
    assert passing(quiet, inner, settings=declares("/chat")) == [("inner", "location /chat", "declared", True)]


def test_a_declared_stream_that_meets_no_hop_is_said_even_where_there_is_none() -> None:
    settings, reading = declares("/chat"), Reading("test", nodes=[server("edge", proxy("/", to="a:1"))])
    assert [stream.path for stream, _ in find_unmet(settings, topology_of([]), [])] == ["/chat"]
    topology = topology_of([reading], settings)
    assert not list(find_unmet(settings, topology, crossings(settings, [reading], topology)))


def test_where_several_take_a_declared_stream_that_is_one_more_reason_for_doubt() -> None:
    edge = server("edge", proxy("/", to="web:8080"))
    inner = server("inner", proxy("/", to="x:1"), port=8080)
    other = server("other", proxy("/", to="b:1"))
    reading = Reading("test", nodes=[edge, inner, other])
    found = crossings(declares("/chat"), [reading])
    [behind] = [crossing for crossing in found if crossing.hop is inner.hops[0] and crossing.position]
    link, others = behind.reasons
    assert "but that there is no other" in link
    assert "others here take such a request" in others


def test_a_published_node_on_a_stream_s_way_is_no_other_entry_of_it() -> None:
    edge = server("edge", proxy("/", to="inner:8080"))
    inner = server("inner", proxy("/", to="app:1"), port=8080, known_as=INNER, published=True)
    assert passing(edge, inner, settings=declares("/chat")) == [
        ("edge", "location /", "declared", True),
        ("inner", "location /", "declared", True),
    ]


def test_unrelated_nodes_are_two_ways() -> None:
    reading = Reading("test", nodes=[server("one", proxy(to="a:1")), server("two", proxy(to="b:1"))])
    found = crossings(declares("/chat"), [reading])
    assert [[leg.node for leg in crossing.trace.legs] for crossing in found] == [["one"], ["two"]]


def test_a_route_of_the_code_is_carried_to_the_edge() -> None:
    edge = server("edge", proxy("/rt/", to="api:8000", becomes="/"), proxy("/", to="web:1"))
    assert passing(edge, code(route("/chat")), services=API) == [("edge", "location /rt/", "source", True)]


def test_the_only_application_makes_it_possible_not_certain() -> None:
    edge = server("edge", proxy("/rt/", to="node:8000", becomes="/"))
    assert passing(edge, code(route("/chat"))) == [("edge", "location /rt/", "source", False)]


def test_what_pings_by_itself_needs_no_more_than_twice_that() -> None:
    edge = server("edge", proxy("/", to="api:8000"))
    nodes = [edge, code(route("/ws", "websocket", heartbeat=25.0))]
    found = crossings(Settings(), [Reading("test", nodes=list(nodes), services=list(API))])
    assert {crossing.stream.longest_silence.seconds for crossing in found} == {50}


# Assumptions


def test_nothing_is_assumed_where_the_code_was_read_and_streams_nothing() -> None:
    edge = server("edge", proxy("/", to="api:8000", assumable=True))
    assert passing(edge, code(), services=API) == []
    assert passing(edge, code(complete=False), services=API) == [("edge", "location /", "assumed", True)]
    assert passing(edge, services=API) == [("edge", "location /", "assumed", True)]


def test_where_some_of_it_goes_elsewhere_the_code_is_no_witness() -> None:
    edge = server("edge", proxy("/", to="other:9", assumable=True))
    assert passing(edge, code(), services=API) == [("edge", "location /", "assumed", True)]


@pytest.mark.parametrize("basis", ["by service", "the only one"])
def test_a_name_is_doubted_where_the_code_streams_nothing(basis: str) -> None:
    services = API if basis == "by service" else ()
    edge = server("edge", proxy("/events/", to="api:8000", paths=("/events/",)))
    found = crossings(Settings(), [Reading("test", nodes=[edge, code()], services=list(services))])
    assert [(crossing.stream.evidence.kind, crossing.doubt) for crossing in found] == [
        ("name", "the code of api streams nothing there")
    ]


def test_a_stream_that_is_known_ends_assumptions_of_its_scope() -> None:
    chat = proxy("/chat", to="api:8000", scope="s")
    rest = proxy("/", to="x:1", assumable=True, scope="s")
    assert passing(server("edge", chat, rest), code(route("/chat")), services=API) == [
        ("edge", "location /chat", "source", True)
    ]


def test_upgrade_headers_alone_speak_of_their_own_hop_and_end_no_assumption() -> None:
    hint = Hint("websocket", Evidence("config", "Upgrade is set", HERE), handshake_only=True)
    edge = server("edge", proxy("/", to="inner:8080", assumable=True))
    inner = server("inner", proxy("/", to="x:1", hints=(hint,), scope="i"), port=8080, known_as=INNER)
    assert passing(edge, inner) == [
        ("inner", "location /", "config", True),
        ("edge", "location /", "assumed", True),
    ]


def test_a_name_is_not_carried_over_a_link_that_is_only_possible() -> None:
    edge = server("edge", proxy("/", to="inner:8080"))
    inner = server("inner", proxy("/ws/", to="x:1", paths=("/ws/",)), port=8080)
    assert passing(edge, inner) == [("inner", "location /ws/", "name", True)]
    inner.known_as = INNER
    assert passing(edge, inner) == [
        ("inner", "location /ws/", "name", True),
        ("edge", "location /", "name", True),
    ]


def test_nothing_streams_where_that_is_declared() -> None:
    edge = server("edge", proxy("/", to="api:8000", assumable=True))
    assert passing(edge, code(route("/chat")), services=API, settings=Settings(streams=[])) == []


def test_what_the_code_behind_streams_outweighs_a_name_and_a_leftover() -> None:
    buffered = Hint("sse", Evidence("config", "buffering is off", HERE))
    edge = server("edge", proxy("/ws/", to="api:8000", paths=("/ws/",), hints=(buffered,)))
    sockets = code(route("/ws/talk", kind="websocket", heartbeat=20))
    assert passing(edge, sockets, services=API) == [("edge", "location /ws/", "source", True)]


def test_a_setting_for_streams_still_speaks_where_code_that_was_read_in_part_opens_a_websocket() -> None:
    buffered = Hint("sse", Evidence("config", "buffering is off", HERE))
    edge = server("edge", proxy("/ws/", to="api:8000", hints=(buffered,)))
    sockets = code(route("/ws/talk", kind="websocket", heartbeat=20), complete=False)
    assert ("edge", "location /ws/", "config", True) in passing(edge, sockets, services=API)


def test_code_that_was_not_read_whole_outweighs_nothing() -> None:
    edge = server("edge", proxy("/ws/", to="api:8000", paths=("/ws/",)))
    sockets = code(route("/ws/talk", kind="websocket"), complete=False)
    assert ("edge", "location /ws/", "name", True) in passing(edge, sockets, services=API)


def test_a_location_written_for_a_path_takes_it_from_one_that_would_lead_there_too() -> None:
    edge = server(
        "edge",
        proxy("/api", to="api:8000", becomes="/", paths=("/api",)),
        proxy("/socket.io/", to="api:8000", paths=("/socket.io/",)),
    )
    sockets = code(route("/socket.io/", kind="websocket"))
    assert passing(edge, sockets, services=API) == [("edge", "location /socket.io/", "source", True)]


def test_a_location_for_everything_is_written_for_no_path() -> None:
    edge = server(
        "edge",
        proxy("/api", to="api:8000", becomes="", paths=("/api",)),
        proxy("/", to="api:8000", paths=("/",)),
    )
    assert {hop for _, hop, _, _ in passing(edge, code(route("/chat")), services=API)} == {
        "location /api",
        "location /",
    }


@pytest.mark.parametrize(
    ("heartbeat", "doubted"), [pytest.param(25, True, id="it pings"), pytest.param(None, False, id="it may be silent")]
)
def test_a_socket_that_nothing_places_leaves_ground_for_an_assumption_unless_it_pings(
    heartbeat: float | None, doubted: bool
) -> None:
    edge = server("edge", proxy("/", to="198.51.100.7:8000", assumable=True, scope="edge"))
    sockets = code(route("/ws", kind="websocket", heartbeat=heartbeat))
    found = crossings(Settings(), [Reading("test", nodes=[edge, sockets])])
    assert [bool(crossing.doubt) for crossing in found if crossing.stream.evidence.kind == "assumed"] == [doubted]


@pytest.mark.parametrize("evidence", ["name", "config"])
def test_what_is_doubted_at_its_own_hop_is_doubted_on_its_whole_way(evidence: EvidenceKind) -> None:
    hint = Hint("sse", Evidence(evidence, "it may stream", HERE), path="/mcp")
    edge = server("edge", proxy("/", to="inner:8080", assumable=True))
    inner = server("inner", proxy("/mcp", to="api:8000", hints=(hint,)), port=8080, known_as=INNER)
    found = crossings(Settings(assume="off"), [Reading("test", nodes=[edge, inner, code()], services=list(API))])
    assert {crossing.leg.node: crossing.doubt for crossing in found} == {
        "inner": "the code of api streams nothing there",
        "edge": "the code of api streams nothing there",
    }


# Routes of which only the end is known


def test_a_route_of_which_only_the_end_is_known_passes_what_leads_that_very_path_to_it() -> None:
    edge = server(
        "edge",
        proxy("/api/", to="api:8000", becomes="/"),
        proxy("/admin/", to="api:8000"),
        proxy("/", to="web:1"),
    )
    assert passing(edge, code(route("**/chat/stream")), services=API) == [("edge", "location /api/", "source", False)]


def test_a_route_of_which_only_the_end_is_known_passes_the_only_hop_in_front() -> None:
    edge = server("edge", proxy("/v1/", to="api:8000"), proxy("/", to="web:1"))
    assert passing(edge, code(route("**/chat/stream")), services=API) == [("edge", "location /v1/", "source", False)]
    both = server("edge", proxy("/v1/", to="api:8000"), proxy("/v2/", to="api:8000"))
    assert passing(both, code(route("**/chat/stream")), services=API) == []


def test_code_with_a_route_that_nothing_places_is_no_witness_against_a_stream() -> None:
    buffered = Hint("sse", Evidence("config", "buffering is off", HERE))
    edge = server("edge", proxy("/v1/", to="api:8000", hints=(buffered,)), proxy("/v2/", to="api:8000"))
    found = crossings(Settings(), [Reading("test", nodes=[edge, code(route("**/chat/stream"))], services=list(API))])
    assert [crossing.doubt for crossing in found if crossing.stream.evidence.kind == "config"] == [""]
