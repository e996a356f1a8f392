"""Who is taken to stand behind whom, and on what ground; and who is not."""

from __future__ import annotations

import pytest

from infralint.model import Address, Match, Node, Request, Service
from infralint.trace.topology import Topology
from infralint.trace.traces import traces_from, traces_through

from .nodes import Server, application, balancer, proxy, server, service, stream


def links(front: Server, *others: Node, services: tuple[Service, ...] = ()) -> list[tuple[str, str]]:
    topology = Topology([front, *others], services)
    return [(link.node.name, link.basis) for link in topology.links(front.hops[0].pool, front)]


# Links


def test_a_name_and_a_port_that_a_node_listens_on() -> None:
    inner = server("inner", proxy(), port=8080, known_as=frozenset({"inner"}))
    assert links(server("edge", proxy(to="inner:8080")), inner) == [("inner", "same address")]
    assert links(server("edge", proxy(to="INNER:8080")), inner) == [("inner", "same address")]


def test_an_address_that_a_node_listens_on() -> None:
    inner = server("inner", proxy())
    inner.listens = (Address("10.0.0.2", 8080), Address("127.0.0.1", 9000))
    assert links(server("edge", proxy(to="10.0.0.2:8080")), inner) == [("inner", "same address")]
    assert links(server("edge", proxy(to="10.0.0.2:8081")), inner) == []


@pytest.mark.parametrize("to", ["inner:9090", "other:8080", "api.example.com:443"])
def test_another_port_or_name_is_no_link(to: str) -> None:
    inner = server("inner", proxy(), port=8080, known_as=frozenset({"inner"}))
    assert links(server("edge", proxy(to=to)), inner) == []


def test_nothing_links_two_nodes_that_only_stand_in_one_project() -> None:
    assert links(server("edge", proxy(to="backend:3000")), server("other", proxy(to="x:1"))) == []


def test_a_compose_service_names_what_it_is_built_from() -> None:
    api = application("services/api", port=8000)
    web = application("services/web", port=8000)
    services = (service("llm", context="services/api"), service("web", context="services/web"))
    assert links(server("edge", proxy(to="llm:8000")), api, web, services=services) == [
        ("application services/api", "same address")
    ]


def test_a_service_starts_an_application_on_another_port_than_its_code_says() -> None:
    """`app.run(port=5211)` in the code, `gunicorn --bind :5000` in the image; an nginx that no service runs dials it."""
    api = application("services/api", port=5211)
    services = (service("backend", context="services/api", ports=(5000,)),)
    for port in (5000, 5211):
        assert links(server("edge", proxy(to=f"backend:{port}")), api, services=services) == [
            ("application services/api", "same address")
        ]
    assert links(server("edge", proxy(to="backend:9999")), api, services=services) == []


def test_a_port_of_a_service_is_that_of_the_application_which_listens_on_it() -> None:
    api, web = application("apps/api", port=8000), application("apps/web", port=3000)
    services = (service("app", context="apps", ports=(3000, 8000, 9000)),)
    assert links(server("edge", proxy(to="app:8000")), api, web, services=services) == [
        ("application apps/api", "same address")
    ]


def test_a_port_of_a_service_is_not_that_of_the_pages_which_its_image_holds_beside_the_server() -> None:
    """The image is taken to be that of the pages, as it copies their folder; the server around them listens there."""
    whole, web = application("", port=3000), application("web", port=80)
    services = (service("relay", context="", files=frozenset({"web"}), ports=(3000,)),)
    assert links(server("edge", proxy(to="relay:3000")), whole, web, services=services) == []


def test_a_compose_service_names_the_nginx_whose_file_it_mounts() -> None:
    inner = server("inner", proxy(), port=8080, files=frozenset({"deploy/inner/nginx.conf"}))
    services = (service("gateway", files=frozenset({"deploy/inner"})),)
    assert links(server("edge", proxy(to="gateway:8080")), inner, services=services) == [("inner", "same address")]


def test_the_service_of_a_name_outdoes_another_one_that_answers_to_it() -> None:
    gateway = server("gateway", proxy(), port=8080, files=frozenset({"gateway/nginx.conf"}))
    inner = server("inner", proxy(), port=8080, known_as=frozenset({"gateway"}), files=frozenset({"inner/nginx.conf"}))
    services = (
        service("gateway", files=frozenset({"gateway/nginx.conf"})),
        service("inner", files=frozenset({"inner/nginx.conf"})),
    )
    assert links(server("edge", proxy(to="gateway:8080")), inner, gateway, services=services) == [
        ("gateway", "same address")
    ]
    assert links(server("edge", proxy(to="gateway:8080")), inner, services=services[1:]) == [("inner", "same address")]


def test_a_service_may_listen_on_more_than_what_is_written_down() -> None:
    services = (service("api", context="api", ports=(8000,)),)
    assert links(server("edge", proxy(to="api:9000")), application("api"), services=services) == [
        ("application api", "same address")
    ]
    assert links(server("edge", proxy(to="api:9000")), application("api", port=8000), services=services) == []


def test_a_service_of_ones_own_compose_project_comes_before_one_of_the_same_name_elsewhere() -> None:
    edge = server("edge", proxy(to="api:8000"), files=frozenset({"shop/nginx.conf"}))
    services = (
        service("web", files=frozenset({"shop/nginx.conf"}), group="shop"),
        service("api", context="shop/api", group="shop"),
        service("api", context="blog/api", group="blog"),
    )
    nodes = application("blog/api"), application("shop/api")
    assert links(edge, *nodes, services=services) == [("application shop/api", "same address")]
    assert len(links(server("edge", proxy(to="api:8000")), *nodes, services=services)) == 2


@pytest.mark.parametrize(
    ("command", "basis"),
    [("celery -A app worker", "assumed"), ("uvicorn admin:app", "same address"), ("", "same address")],
)
def test_a_service_that_starts_another_program_than_the_server_beside_it_is_only_assumed(
    command: str, basis: str
) -> None:
    services = (
        service("api", context="api", command="uvicorn main:app --port 8000"),
        service("other", context="api", command=command),
    )
    edge = server("edge", proxy(to="other:8000"))
    assert links(edge, application("api"), services=services) == [("application api", basis)]
    assert links(edge, application("api"), services=services[1:]) == [("application api", "same address")]


def test_a_service_that_mounts_the_whole_project_is_not_every_nginx_of_it() -> None:
    inner = server("inner", proxy(), port=8000, files=frozenset({"deploy/nginx.conf"}))
    services = (service("api", context="", files=frozenset({"", "backend"})),)
    nodes = (inner, application(""), application("backend"))
    assert links(server("edge", proxy(to="api:8000")), *nodes, services=services) == [
        ("application backend", "same address")
    ]


def test_the_name_of_a_service_that_is_no_application_here_leads_to_none() -> None:
    node = application("", port=3000)
    assert links(server("edge", proxy(to="cache:3000")), node, services=(service("cache", image="redis:8"),)) == []


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), ["the only one"]),
        ((service("cache", image="redis:8"), service("auth", image="quay.io/keycloak/keycloak")), ["the only one"]),
        ((service("jobs", image="registry.example.com/acme/platform:7", command="worker"),), ["the only one"]),
        ((service("web", image="registry.example.com/acme/site"),), []),
    ],
)
def test_the_only_application_may_run_in_the_only_service_of_an_image_that_nothing_explains(
    others: tuple[Service, ...], expected: list[str]
) -> None:
    services = (service("core", image="registry.example.com/acme/platform:7", forwards=((80, 3000),)), *others)
    found = links(server("edge", proxy(to="core:80")), application("", port=3000), services=services)
    assert [basis for _, basis in found] == expected
    assert links(server("edge", proxy(to="core:80")), application("", port=9000), services=services) == []
    two = application("", port=3000), application("other", port=3000)
    assert links(server("edge", proxy(to="core:80")), *two, services=services) == []


@pytest.mark.parametrize("image", ["ghcr.io/acme/chat:2", "acme/shop-api", "acme/api@sha256:00"])
def test_an_application_that_is_called_as_the_image_of_a_service_is_assumed(image: str) -> None:
    nodes = (application("", name="shop"), application("services/api", name="chat-server"))
    services = (service("app", image=image),)
    assert links(server("edge", proxy(to="app:3000")), *nodes, services=services) == [("chat-server", "assumed")]
    assert links(server("edge", proxy(to="other:3000")), *nodes, services=services) == []


def test_of_a_page_and_its_server_that_are_called_as_an_image_the_one_that_streams_is_meant() -> None:
    page, api = application("", name="chat"), application("server", name="chat-server")
    page.hops = ()
    services = (service("app", image="acme/chat"),)
    edge = server("edge", proxy(to="app:3000"))
    assert links(edge, page, api, services=services) == [("chat-server", "assumed")]
    page.hops = api.hops
    assert links(edge, page, api, services=services) == []


def test_another_server_of_the_same_nginx_by_its_port() -> None:
    edge = server("edge", proxy("/a", to="127.0.0.1:8081"), proxy("/b", to="x:1"))
    edge.listens = (Address("*", 80), Address("127.0.0.1", 8081))
    assert links(edge) == [("edge", "same address")]


def test_a_published_port_of_the_host() -> None:
    api = application("api", port=8000)
    services = (service("api", context="api", ports=(8000,), published=((9000, 8000),)),)
    assert links(server("edge", proxy(to="127.0.0.1:9000")), api, services=services) == [
        ("application api", "same address")
    ]
    assert links(server("edge", proxy(to="127.0.0.1:8000")), api, services=services) == []


def test_a_published_port_that_leads_to_something_else_in_the_container() -> None:
    inner = server("inner", proxy(to="127.0.0.1:3000"), port=80)
    inner.files = frozenset({"nginx.conf"})
    both = service("all", files=frozenset({"nginx.conf"}), ports=(80, 9380), published=((8080, 80), (9380, 9380)))
    edge = server("edge", proxy(to="127.0.0.1:8080"))
    assert links(edge, inner, services=(both,)) == [("inner", "same address")]
    assert links(server("edge", proxy(to="127.0.0.1:9380")), inner, services=(both,)) == []


def test_the_only_application_is_possible_and_no_more() -> None:
    assert links(server("edge", proxy(to="app:3000")), application("", port=3000)) == [("application ", "the only one")]
    assert links(server("edge", proxy(to="app:3000")), application("", port=4000)) == []
    assert links(server("edge", proxy(to="app:3000")), application("a"), application("b")) == []
    assert links(server("edge", proxy(to="api.example.com:443")), application("")) == []


def test_an_application_whose_folder_is_called_so_is_assumed() -> None:
    nodes = (application("services/backend"), application("services/frontend"))
    assert links(server("edge", proxy(to="backend:8000")), *nodes) == [("application services/backend", "assumed")]


def test_a_reference_is_one() -> None:
    service_node = server("aws_ecs_service.api", proxy(), known_as=frozenset({"aws_lb_target_group.api"}))
    assert links(server("aws_lb.main", proxy(reference="aws_lb_target_group.api")), service_node) == [
        ("aws_ecs_service.api", "reference")
    ]


def test_a_balancer_and_a_proxy_are_linked_only_where_there_is_one_of_each() -> None:
    front = balancer("aws_lb.main", "aws_lb_target_group.web")
    nginx = server("nginx", proxy(to="app:1"))
    other = server("another nginx", proxy(to="app:1"))
    assert links(front, nginx) == [("nginx", "the only one")]
    assert links(front, nginx, other) == []
    nginx.environment = "staging"
    assert links(front, nginx) == []


def test_the_balancers_of_several_environments_each_lead_to_the_only_application() -> None:
    front, other = (balancer("aws_lb.main", "aws_lb_target_group.web", environment=name) for name in ("dev", "prod"))
    assert links(front, other, application("api")) == [("application api", "the only one")]
    second = balancer("aws_lb.second", "aws_lb_target_group.web", environment="prod")
    assert links(front, second, application("api")) == []
    assert links(front, other, application("api"), application("web")) == []


def test_a_balancer_in_code_and_the_same_in_the_account_are_no_chain() -> None:
    front = balancer("aws_lb.main", "aws_lb_target_group.web")
    assert links(front, balancer("chat", "arn:group")) == []
    assert links(front, balancer("chat", "arn:group"), server("nginx", proxy(to="app:1"))) == []


def test_what_registers_in_a_target_group_is_one_destination() -> None:
    front = balancer("aws_lb.main", "aws_lb_target_group.web", "aws_ecs_service.web")
    assert links(front, application("api")) == [("application api", "the only one")]


def test_a_balancer_that_is_registered_in_a_target_group_stands_behind_it() -> None:
    front = balancer("aws_lb.edge", "aws_lb_target_group.inner", "aws_lb.inner")
    inner = balancer("aws_lb.inner", "aws_lb_target_group.web", known_as=frozenset({"aws_lb.inner"}))
    assert links(front, inner) == [("aws_lb.inner", "reference")]


def test_loopback_leads_to_no_balancer() -> None:
    assert links(server("nginx", proxy(to="127.0.0.1:8080")), balancer("aws_lb.main", "group", port=8080)) == []


def test_environments_stay_apart() -> None:
    inner = server("inner", proxy(), port=8080, known_as=frozenset({"inner"}), environment="prod")
    edge = server("edge", proxy(to="inner:8080"), environment="dev")
    assert links(edge, inner) == []
    edge.environment = "prod"
    assert links(edge, inner) == [("inner", "same address")]


# Ways


def ways(*nodes: Node, path: str = "/api/chat") -> list[tuple[str, ...]]:
    topology = Topology(nodes, ())
    return [
        (*tuple(f"{leg.node} {leg.hop.name} {leg.inbound.path}" for leg in trace.legs), trace.end)
        for trace in traces_from(topology, stream(path), nodes[0], Request("sse", path))
    ]


def test_a_path_is_carried_through_every_rewriting() -> None:
    edge = server("edge", proxy("/api/", to="inner:8080", becomes="/v2/"))
    inner = server("inner", proxy("/v2/chat", to="app:3000"), port=8080, known_as=frozenset({"inner"}))
    assert ways(edge, inner) == [
        ("edge location /api/ /api/chat", "inner location /v2/chat /v2/chat", "leaves the project")
    ]


def test_what_the_next_hop_answers_itself_ends_the_way() -> None:
    edge = server("edge", proxy("/api/", to="inner:8080", becomes="/v3/"))
    inner = server("inner", proxy("/v2/", to="app:3000"), port=8080, known_as=frozenset({"inner"}))
    assert ways(edge, inner) == [("edge location /api/ /api/chat", "answered")]


def test_a_loop_ends() -> None:
    edge = server("edge", proxy("/", to="inner:8080"), known_as=frozenset({"edge"}))
    inner = server("inner", proxy("/", to="edge:80"), port=8080, known_as=frozenset({"inner"}))
    [way] = ways(edge, inner)
    assert way[-1] == "loop"
    assert len(way) == 3


def test_a_stream_seen_inside_is_carried_to_the_edge() -> None:
    edge = server("edge", proxy("/api/", to="inner:8080", becomes="/v2/"))
    hop = proxy("/v2/chat", to="app:3000")
    inner = server("inner", hop, port=8080, known_as=frozenset({"inner"}))
    topology = Topology([edge, inner], ())
    [trace] = traces_through(topology, stream("/v2/chat"), inner, hop, Request("sse", "/v2/chat"))
    assert [(leg.node, leg.inbound.path, leg.basis) for leg in trace.legs] == [
        ("edge", "/api/chat", None),
        ("inner", "/v2/chat", "same address"),
    ]
    assert trace.anchor == 1
    assert [trace.is_certain(position) for position in (0, 1)] == [True, True]


def test_a_hop_that_never_sends_such_a_path_is_not_in_front() -> None:
    edge = server("edge", proxy("/other/", to="inner:8080", becomes="/v3/"))
    hop = proxy("/v2/chat", to="app:3000")
    inner = server("inner", hop, port=8080, known_as=frozenset({"inner"}))
    [trace] = traces_through(Topology([edge, inner], ()), stream(), inner, hop, Request("sse", "/v2/chat"))
    assert [leg.node for leg in trace.legs] == ["inner"]


def test_what_only_the_lack_of_another_links_is_never_certain_and_says_so() -> None:
    edge = server("edge", proxy("/", to="app:3000"))
    app = application("", port=3000)
    [trace] = traces_from(Topology([edge, app], ()), stream(), edge, Request("sse", "/chat"))
    assert [trace.is_certain(position) for position in (0, 1)] == [True, False]
    assert trace.reasons(1) == ("nothing links edge with application  but that there is no other",)


class Forking(Server, kw_only=True, eq=False):
    """Each of its hops may take a request."""

    def route(self, request: Request) -> list[Match]:
        return [Match(hop, False) for hop in self.hops]


def test_many_ways_are_bounded() -> None:
    layers = [
        Forking(
            name=f"n{number}",
            hops=tuple(proxy("/", to=f"n{number + 1}:80") for _ in range(4)),
            listens=(Address("*", 80),),
            known_as=frozenset({f"n{number}"}),
        )
        for number in range(40)
    ]
    traces = traces_from(Topology(layers, ()), stream(), layers[0], Request("sse", "/chat"))
    assert 0 < len(traces) <= 64
    assert all(len(trace.legs) <= 12 for trace in traces)


@pytest.mark.parametrize("to", ["container:8081", "10.0.0.7:8081", "inner.default.svc:8081", "inner.internal:8081"])
def test_the_only_node_on_a_port_may_be_meant_by_a_private_name(to: str) -> None:
    inner = server("inner", proxy(), port=8081)
    assert links(server("edge", proxy(to=to)), inner) == [("inner", "the only one")]
    assert links(server("edge", proxy(to=to)), inner, server("twin", proxy(), port=8081)) == []


def test_a_public_name_or_the_port_of_everything_tells_nothing() -> None:
    assert links(server("edge", proxy(to="api.example.com:8081")), server("inner", proxy(), port=8081)) == []
    assert links(server("edge", proxy(to="inner:80")), server("other", proxy(), port=80)) == []


def test_the_host_of_a_container() -> None:
    assert links(server("edge", proxy(to="172.17.0.1:3004")), application("")) == [("application ", "the only one")]


def test_what_is_published_is_an_entry_though_something_dials_it() -> None:
    inner = server("inner", proxy(to="app:1"), port=8080, known_as=frozenset({"inner"}))
    nodes = [server("edge", proxy(to="inner:8080")), inner]
    assert not Topology(nodes, ()).is_entry(inner)
    inner.published = True
    assert Topology(nodes, ()).is_entry(inner)
