"""Listener rules: which conditions hold for which requests, and which target groups a request may meet."""

from __future__ import annotations

import pytest

from infralint.model import Address, Known, Location, Match, Request
from infralint.platforms.aws_elb import (
    LAST,
    PORT,
    PROTOCOL,
    TYPE,
    Balancer,
    BalancerNode,
    Condition,
    Listener,
    LoadBalancer,
    RewriteTransform,
    Rule,
    Share,
    TargetGroup,
    fields_of,
    node_fields,
)

HERE = Location("main.tf", 1)
STREAM = Request("sse", "/api/chat", "chat.example.com")
SOCKET = Request("websocket", "/ws", "chat.example.com")
ANYWHERE = Request("sse", "/api/chat")


@pytest.mark.parametrize(
    ("condition", "request_", "holds"),
    [
        (Condition("host-header", ("chat.example.com",)), STREAM, True),
        (Condition("host-header", ("CHAT.example.com",)), STREAM, True),
        (Condition("host-header", ("*.example.com",)), STREAM, True),
        (Condition("host-header", ("*.example.org", "chat.?xample.com")), STREAM, True),
        (Condition("host-header", ("example.com",)), STREAM, False),
        (Condition("host-header", ("example.com",)), ANYWHERE, None),
        (Condition("host-header", ("chat.example.com",)), Request("sse", "/", "chat.example.com:8443"), True),
        (Condition("host-header", (), ("^chat[.]example[.]com$",)), STREAM, True),
        (Condition("host-header", (), ("^CHAT[.]",)), STREAM, None),
        (Condition("path-pattern", ("/api/*",)), STREAM, True),
        (Condition("path-pattern", ("/API/*",)), STREAM, False),
        (Condition("path-pattern", ("*chat",)), STREAM, True),
        (Condition("path-pattern", ("/api/cha?",)), STREAM, True),
        (Condition("path-pattern", ("/api/?",)), STREAM, False),
        (Condition("path-pattern", ("/api",)), STREAM, False),
        (Condition("path-pattern", (), ("^/api/(chat|stream)$",)), STREAM, True),
        (Condition("path-pattern", (), ("^/v2/",)), STREAM, False),
        (Condition("path-pattern", (), ("(",)), STREAM, None),
        (Condition("path-pattern", reason="not known"), STREAM, None),
        (Condition("http-request-method", ("GET",)), STREAM, None),
        (Condition("http-request-method", ("GET", "POST")), STREAM, True),
        (Condition("http-request-method", ("DELETE",)), STREAM, False),
        (Condition("http-request-method", ("GET",)), SOCKET, True),
        (Condition("http-request-method", ("POST",)), SOCKET, False),
        (Condition("http-header", ("websocket",), header="Upgrade"), SOCKET, True),
        (Condition("http-header", ("WebSocket",), header="upgrade"), SOCKET, True),
        (Condition("http-header", ("h2c",), header="Upgrade"), SOCKET, False),
        (Condition("http-header", ("websocket",), header="Upgrade"), STREAM, False),
        (Condition("http-header", ("*pgrade*",), header="Connection"), SOCKET, True),
        (Condition("http-header", ("Upgrade",), header="Connection"), SOCKET, None),
        (Condition("http-header", ("keep-alive",), header="Connection"), STREAM, None),
        (Condition("http-header", ("*Mobile*",), header="User-Agent"), STREAM, None),
        (Condition("query-string", ("transport=websocket",)), SOCKET, None),
        (Condition("source-ip", ("10.0.0.0/8",)), STREAM, None),
        (Condition("source-ip", ("10.0.0.0/8", "0.0.0.0/0")), STREAM, True),
        (Condition("something-new", ("x",)), STREAM, None),
    ],
)
def test_conditions(condition: Condition, request_: Request, holds: bool | None) -> None:
    assert condition.holds(request_) is holds
    assert holds is not None or condition.doubt


def balancer(*listeners: Listener, family: str = "application", complete: bool = False) -> BalancerNode:
    names = {share.group for listener in listeners for rule in listener.rules for share in rule.shares}
    groups = {name: TargetGroup(key=name, name=name, where=HERE) for name in names}
    facts = Balancer(
        name="aws_lb.main",
        where=HERE,
        attributes={TYPE: Known(family, HERE, TYPE)},
        listeners=listeners,
        groups=groups,
        complete=complete,
        address="aws_lb.main",
        dns_name="aws_lb.main.dns_name",
    )
    return BalancerNode(**node_fields(facts, lambda way: LoadBalancer(**fields_of(way))))


def listener(*rules: Rule, port: int = 443, protocol: str = "HTTPS", unread: str = "") -> Listener:
    attributes = {PORT: Known(port, HERE, PORT), PROTOCOL: Known(protocol, HERE, PROTOCOL)}
    return Listener(f"listener {port}", rules, attributes, unread)


def to(*groups: str, path: str = "", priority: float = LAST, certain: bool = True) -> Rule:
    conditions = (Condition("path-pattern", (path,)),) if path else ()
    return Rule(priority, conditions, tuple(Share(group, certain) for group in groups))


ANSWER = Rule(1, (Condition("path-pattern", ("/api/*",)),), answer=Known("403", HERE, "fixed-response"))
MAYBE = Rule(1, (Condition("query-string", ("beta=1",)),), (Share("beta"),))


def chosen(matches: list[Match]) -> list[tuple[str, bool]]:
    return [(match.hop.group, match.certain) for match in matches if isinstance(match.hop, LoadBalancer)]


@pytest.mark.parametrize(
    ("listeners", "found"),
    [
        ([listener(to("app"))], [("app", True)]),
        ([listener(to("live", path="/api/*", priority=1), to("app"))], [("live", True)]),
        ([listener(to("app"), to("live", path="/api/*", priority=1))], [("live", True)]),
        ([listener(to("live", path="/ws*", priority=1), to("app"))], [("app", True)]),
        ([listener(MAYBE, to("app"))], [("beta", False), ("app", False)]),
        ([listener(to("a", "b"))], [("a", True), ("b", True)]),
        ([listener(to("a", certain=False))], [("a", False)]),
        (
            [listener(to("a", path="/api/*", priority=3), to("b", path="/api/*", priority=3))],
            [("a", True), ("b", False)],
        ),
        ([listener(to("app")), listener(to("app"), port=8443)], [("app", True)]),
        ([listener(to("app")), listener(to("other"), port=8443)], [("app", False), ("other", False)]),
        ([listener(to("app")), listener(Rule(answer=Known("301", HERE, "redirect")), port=80)], [("app", True)]),
        ([listener(ANSWER, to("app"))], []),
        ([listener(to("app"), unread="rules of it could not be read")], [("app", False)]),
    ],
)
def test_the_target_groups_that_a_request_may_meet(listeners: list[Listener], found: list[tuple[str, bool]]) -> None:
    assert chosen(balancer(*listeners).route(STREAM)) == found


def test_what_is_possible_has_its_reason() -> None:
    first, second = balancer(listener(MAYBE, to("app"))).route(STREAM)
    assert first.reasons == second.reasons == ("it depends on the query string: beta=1",)
    [match] = balancer(listener(to("app"), unread="its rules could not be read")).route(STREAM)
    assert match.reasons == ("its rules could not be read",)


def test_the_port_that_is_dialled_chooses_the_listener() -> None:
    node = balancer(listener(to("app")), listener(to("admin"), port=8443))
    assert node.listens == (Address("aws_lb.main.dns_name", 443), Address("aws_lb.main.dns_name", 8443))
    dialled = Request("sse", "/", to=Address("aws_lb.main.dns_name", 8443))
    assert chosen(node.route(dialled)) == [("admin", True)]
    assert node.route(Request("sse", "/", to=Address("aws_lb.main.dns_name", 22))) == []


def test_an_answer_is_no_hop() -> None:
    [match] = balancer(listener(ANSWER, to("app"))).route(STREAM)
    assert match.hop is None
    assert match.answer is not None
    assert match.answer.value == "403"


@pytest.mark.parametrize(
    ("protocol", "port", "found"), [("TCP", 443, 1), ("TCP", 7000, 1), ("TCP", 5432, 0), ("UDP", 443, 0)]
)
def test_streams_of_a_browser_go_to_ports_of_the_web(protocol: str, port: int, found: int) -> None:
    node = balancer(listener(to("app"), port=port, protocol=protocol), family="network")
    assert len(node.route(STREAM)) == found


def test_what_only_redirects_carries_nothing() -> None:
    redirect = Rule(answer=Known("301 https://#{host}/#{path}", HERE, "redirect"))
    [match] = balancer(listener(redirect, port=80, protocol="HTTP")).route(STREAM)
    assert match.hop is None


def test_what_answers_may_have_rules_elsewhere_unless_all_of_it_is_here() -> None:
    fixed = Rule(answer=Known("404", HERE, "fixed-response"))
    assert chosen(balancer(listener(fixed)).route(STREAM)) == [("", False)]
    assert chosen(balancer(listener(fixed), complete=True).route(STREAM)) == []


@pytest.mark.parametrize(
    ("rewrite", "path", "sent"),
    [
        (RewriteTransform("^/api/?(.*)$", "/$1"), "/api/chat", "/chat"),
        (RewriteTransform("^/api/(.*)", "/v2/$1"), "/api/chat", "/v2/chat"),
        (RewriteTransform("^/dp/([A-Za-z0-9]+)/?$", "/product.php?id=$1"), "/dp/12", "/product.php"),
        (RewriteTransform("^/old/", "/new/"), "/chat", "/chat"),
        (RewriteTransform("(", "/"), "/chat", None),
        (RewriteTransform(reason="it is not known"), "/chat", None),
    ],
)
def test_transforms_rewrite_the_path(rewrite: RewriteTransform, path: str, sent: str | None) -> None:
    assert rewrite.forward(path) == sent


@pytest.mark.parametrize(
    ("rewrite", "sent", "path"),
    [
        (RewriteTransform("^/api/?(.*)$", "/$1"), "/chat", "/api/chat"),
        (RewriteTransform("^/api/(.*)", "/v2/$1"), "/v2/chat", "/api/chat"),
        (RewriteTransform("^/old[.]x/(.*)", "/$1"), "/chat", "/chat"),
        (RewriteTransform("^/(.*)$", "/new/$1"), "/other", None),
    ],
)
def test_a_rewritten_path_is_followed_back_where_it_can_be(
    rewrite: RewriteTransform, sent: str, path: str | None
) -> None:
    assert rewrite.inverse(sent) == path


def test_the_request_that_goes_on() -> None:
    conditions = (Condition("path-pattern", ("/api/*",)),)
    host = RewriteTransform("^(.*)[.]example[.]com$", "$1.internal")
    rule = Rule(1, conditions, (Share("app"),), url=RewriteTransform("^/api/", "/"), host=host)
    [match] = balancer(listener(rule, to("app"))).route(STREAM)
    assert match.hop is not None
    [forward] = match.hop.request_out(STREAM)
    assert (forward.request.path, forward.request.host) == ("/chat", "chat.internal")
    assert forward.paths.inverse("/chat") == "/api/chat"
    [plain] = match.hop.request_out(Request("sse", "/other"))
    assert (plain.request.path, plain.request.to, plain.pool.references) == ("/other", None, ("app",))
