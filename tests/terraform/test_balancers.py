"""What becomes of load balancers, listeners, rules, target groups and what stands behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import doubts, idle, judged, places, reading, said

from infralint.model import Request

STREAM = {"infralint.yaml": "streams: [{path: /ws/chat, kind: websocket}]\n"}


def listener(balancer: str = "aws_lb.main.arn", group: str = "app", more: str = "") -> str:
    return f"""
resource "aws_lb_listener" "main" {{
  load_balancer_arn = {balancer}
  {more}

  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.{group}.arn
  }}
}}
"""


def group(name: str = "app", body: str = "port = 80") -> str:
    return f'\nresource "aws_lb_target_group" "{name}" {{\n  {body}\n}}\n'


def rule(group: str, condition: str, name: str = "rule", more: str = "") -> str:
    return f"""
resource "aws_lb_listener_rule" "{name}" {{
  listener_arn = aws_lb_listener.main.arn
  {more}
  action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.{group}.arn
  }}
  condition {{
    {condition}
  }}
}}
"""


BALANCER = 'resource "aws_lb" "main" {\n  idle_timeout = 300\n}\n'
NETWORK = 'resource "aws_lb" "main" {\n  load_balancer_type = "network"\n}\n'
WS = 'path_pattern { values = ["/ws/*"] }'
STICKY = 'stickiness {\n    type = "lb_cookie"\n  }'


def sticky(folder: Path, text: str) -> list[str]:
    """Where sessions are lost, of a WebSocket that the configuration names."""
    report = judged(folder, {"main.tf": text})
    assert not report.unreadable
    return places(report, "missing-sticky-sessions")


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("port = 80", False),
        (STICKY, True),
        ('stickiness {\n    type = "lb_cookie"\n    enabled = true\n  }', True),
        ('stickiness {\n    type = "lb_cookie"\n    enabled = false\n  }', False),
        ('stickiness {\n    type = "lb_cookie"\n    enabled = null\n  }', True),
        ('stickiness {\n    type = "app_cookie"\n    cookie_name = "SID"\n  }', True),
        ('dynamic "stickiness" {\n    for_each = [1]\n    content { type = "lb_cookie" }\n  }', True),
        ('dynamic "stickiness" {\n    for_each = []\n    content { type = "lb_cookie" }\n  }', False),
        ('dynamic "stickiness" {\n    for_each = local.off ? [1] : []\n    content { type = "lb_cookie" }\n  }', False),
        (
            'dynamic "stickiness" {\n    for_each = [{ on = false }]\n    iterator = it\n    content {\n'
            '      type = "lb_cookie"\n      enabled = it.value.on\n    }\n  }',
            False,
        ),
        (
            'dynamic "stickiness" {\n    for_each = { a = true }\n    content {\n      type = "lb_cookie"\n'
            "      enabled = stickiness.value\n    }\n  }",
            True,
        ),
    ],
)
def test_stickiness(tmp_path: Path, body: str, kept: bool) -> None:
    text = "locals { off = false }\n" + BALANCER + listener() + group() + rule("ws", WS) + group("ws", body)
    assert bool(sticky(tmp_path, text)) != kept


def test_an_unknown_dynamic_block_is_not_an_absent_one(tmp_path: Path) -> None:
    body = 'dynamic "stickiness" {\n    for_each = var.on\n    content { type = "lb_cookie" }\n  }'
    text = 'variable "on" {}\n' + BALANCER + listener() + group() + rule("ws", WS) + group("ws", body)
    report = judged(tmp_path, {"main.tf": text})
    assert not said(report, "missing-sticky-sessions")
    assert "var.on has no default" in doubts(report)


@pytest.mark.parametrize(
    ("behind", "kept"),
    [
        (
            'resource "aws_autoscaling_group" "a" {\n  max_size = 1\n  target_group_arns = [aws_lb_target_group.ws.arn]\n}\n',
            True,
        ),
        (
            'resource "aws_autoscaling_group" "a" {\n  max_size = 4\n  target_group_arns = [aws_lb_target_group.ws.arn]\n}\n',
            False,
        ),
        (
            'resource "aws_lb_target_group_attachment" "a" {\n  target_group_arn = aws_lb_target_group.ws.arn\n'
            '  target_id = aws_instance.web.id\n}\nresource "aws_instance" "web" {}\n',
            True,
        ),
        (
            'resource "aws_lb_target_group_attachment" "a" {\n  count = 2\n  target_group_arn = aws_lb_target_group.ws.arn\n'
            '  target_id = aws_instance.web[count.index].id\n}\nresource "aws_instance" "web" {\n  count = 2\n}\n',
            False,
        ),
        (
            'variable "n" {}\nresource "aws_lb_target_group_attachment" "a" {\n  count = var.n\n'
            "  target_group_arn = aws_lb_target_group.ws.arn\n  target_id = aws_instance.web[count.index].id\n}\n"
            'resource "aws_instance" "web" {\n  count = var.n\n}\n',
            False,
        ),
        (
            'resource "aws_ecs_service" "s" {\n  desired_count = 3\n  load_balancer {\n'
            "    target_group_arn = aws_lb_target_group.ws.arn\n  }\n}\n",
            False,
        ),
    ],
)
def test_a_single_target_needs_no_stickiness(tmp_path: Path, behind: str, kept: bool) -> None:
    text = BALANCER + listener() + group() + rule("ws", WS) + group("ws") + behind
    assert bool(sticky(tmp_path, text)) != kept


def test_one_task_today_is_said(tmp_path: Path) -> None:
    service = (
        'resource "aws_ecs_service" "s" {\n  desired_count = 1\n  load_balancer {\n'
        "    target_group_arn = aws_lb_target_group.ws.arn\n  }\n}\n"
    )
    report = judged(tmp_path, {"main.tf": BALANCER + listener() + group() + rule("ws", WS) + group("ws") + service})
    finding = said(report, "missing-sticky-sessions")[0]
    assert "aws_ecs_service.s runs one task today, but two during every deployment" in finding.message
    assert finding.severity == "note"


ONE_TASK = """
resource "aws_ecs_service" "%s" {
  name                       = "%s"
  desired_count              = 1
  deployment_maximum_percent = 100
  load_balancer {
    target_group_arn = aws_lb_target_group.ws.arn
  }
}
"""
ONE_INSTANCE = """
resource "aws_autoscaling_group" "%s" {
  max_size          = 1
  target_group_arns = [%s]
}
"""
BEHIND = BALANCER + listener() + group() + rule("ws", WS) + group("ws") + 'variable "any" {}\n'


def scaling(most: object, resource_id: str, namespace: str = "ecs") -> str:
    return f"""
resource "aws_appautoscaling_target" "t" {{
  max_capacity      = {most}
  resource_id       = {resource_id}
  service_namespace = "{namespace}"
}}
"""


@pytest.mark.parametrize(
    ("more", "found"),
    [
        pytest.param("", "", id="alone"),
        pytest.param(
            scaling(10, '"service/${aws_ecs_cluster.c.name}/${aws_ecs_service.a.name}"'), "warning", id="name"
        ),
        pytest.param(scaling(10, '"service/${var.any}/a"'), "warning", id="text behind an unknown"),
        pytest.param(scaling(10, '"service/main/a"'), "warning", id="text"),
        pytest.param(scaling(10, '"service/main/other"'), "", id="another's"),
        pytest.param(scaling(10, '"service/main/${aws_ecs_service.other.id}"'), "", id="another's id"),
        pytest.param(scaling(10, "var.any"), "note", id="unknown service"),
        pytest.param(scaling("var.any", '"service/main/a"'), "note", id="unknown most"),
        pytest.param(scaling(1, '"service/main/a"'), "", id="to one"),
        pytest.param(scaling(10, '"table/a"', "dynamodb"), "", id="a table"),
        pytest.param(ONE_TASK % ("b", "b"), "warning", id="a second service"),
        pytest.param(ONE_INSTANCE % ("g", "aws_lb_target_group.ws.arn"), "warning", id="a group of instances"),
        pytest.param(ONE_INSTANCE % ("g", "aws_lb_target_group.app.arn"), "", id="instances of another target group"),
    ],
)
def test_a_service_is_alone_if_nothing_adds_to_it(tmp_path: Path, more: str, found: str) -> None:
    other = 'resource "aws_ecs_service" "other" {\n  name = var.any\n}\n'
    declared = {"infralint.yaml": "require_sticky: true\nstreams: [{path: /ws/room, kind: websocket}]\n"}
    report = judged(tmp_path, {"main.tf": BEHIND + ONE_TASK % ("a", "a") + other + more, **declared})
    assert [one.severity for one in said(report, "missing-sticky-sessions")] == ([found] if found else [])


@pytest.mark.parametrize("argument", ["lb_target_group_arn", "alb_target_group_arn"])
def test_instances_may_be_attached(tmp_path: Path, argument: str) -> None:
    attached = (
        f'resource "aws_autoscaling_attachment" "x" {{\n  {argument} = aws_lb_target_group.ws.arn\n'
        "  autoscaling_group_name = aws_autoscaling_group.%s.id\n}\n"
    )
    groups = ONE_INSTANCE % ("a", "aws_lb_target_group.ws.arn") + ONE_INSTANCE % ("b", "")
    assert not sticky(tmp_path / "again", BEHIND + groups + attached % "a")
    assert sticky(tmp_path / "another", BEHIND + groups + attached % "b")
    assert sticky(tmp_path / "unknown", BEHIND + groups + attached.replace("aws_autoscaling_group.%s.id", "var.any"))
    assert not sticky(tmp_path / "alone", BEHIND + ONE_INSTANCE % ("b", "") + attached % "b")


def test_what_shares_a_target_group_is_named(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": BEHIND + ONE_TASK % ("a", "a") + ONE_TASK % ("b", "b")})
    message = said(report, "missing-sticky-sessions")[0].message
    assert "aws_ecs_service.a and aws_ecs_service.b share its requests" in message


# Rules


def test_a_rule_takes_its_paths_and_the_default_the_rest(tmp_path: Path) -> None:
    text = BALANCER + listener() + group("app", STICKY) + rule("ws", WS) + group("ws")
    taken = judged(tmp_path, {"main.tf": text, **STREAM})
    assert [one.provenance.hop.group for one in said(taken, "missing-sticky-sessions")] == ["aws_lb_target_group.ws"]  # type: ignore[union-attr]
    other = judged(tmp_path, {"infralint.yaml": "streams: [{path: /chat, kind: websocket}]\n"})
    assert not said(other, "missing-sticky-sessions")


@pytest.mark.parametrize(
    ("condition", "host", "fires"),
    [
        ('host_header { values = ["ws.example.org"] }', "ws.example.org", True),
        ('host_header { values = ["*.example.org"] }', "WS.example.org", True),
        ('host_header { values = ["ws.example.org"] }', "www.example.org", False),
        ('path_pattern { values = ["/w?/*"] }', None, True),
        ('path_pattern { values = ["/WS/*"] }', None, False),
        ('field  = "path-pattern"\n    values = ["/ws/*"]', None, True),
    ],
)
def test_conditions(tmp_path: Path, condition: str, host: str | None, fires: bool) -> None:
    named = f", host: {host}" if host else ""
    config = {"infralint.yaml": f"streams: [{{path: /ws/chat, kind: websocket{named}}}]\n"}
    text = BALANCER + listener() + group("app", STICKY) + rule("ws", condition) + group("ws")
    report = judged(tmp_path, {"main.tf": text, **config})
    assert bool(said(report, "missing-sticky-sessions")) == fires


def test_the_rule_with_the_lower_priority_wins(tmp_path: Path) -> None:
    rules = rule("ws", WS, "late", "priority = 20") + rule(
        "app", 'path_pattern { values = ["/ws/chat"] }', "early", "priority = 5"
    )
    text = BALANCER + listener() + rules + group("app", STICKY) + group("ws")
    assert not said(judged(tmp_path, {"main.tf": text, **STREAM}), "missing-sticky-sessions")


def test_a_redirect_is_no_hop(tmp_path: Path) -> None:
    redirect = """
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  default_action {
    type = "redirect"
    redirect { status_code = "HTTP_301" }
  }
}
"""
    found = reading(tmp_path, {"main.tf": BALANCER + redirect + listener() + group("app", STICKY)})
    assert [one.name for one in found.hops] == ["aws_lb.main"]
    [node] = found.nodes
    assert [match.certain for match in node.route(Request("sse", "/"))] == [True]


def split(old: str, new: str, more: str = "") -> str:
    """A listener that shares its requests between an instance's target group and a function's."""
    return f"""
variable "share" {{}}

resource "aws_lb_listener" "main" {{
  load_balancer_arn = aws_lb.main.arn

  default_action {{
    type = "forward"
    forward {{
      target_group {{
        arn = aws_lb_target_group.old.arn
        {old}
      }}
      target_group {{
        arn = aws_lb_target_group.new.arn
        {new}
      }}
      {more}
    }}
  }}
}}
"""


@pytest.mark.parametrize(
    ("weight", "severity"),
    [
        ("weight = 0", []),
        ('weight = "0"', []),
        ("weight = 10", ["error"]),
        ("weight = null", ["error"]),
        ("", ["error"]),
        ("weight = var.share", ["warning"]),
    ],
)
def test_a_target_group_gets_requests_by_its_weight(tmp_path: Path, weight: str, severity: list[str]) -> None:
    text = BALANCER + split("weight = 100", weight) + group("old") + group("new", 'target_type = "lambda"')
    report = judged(tmp_path, {"main.tf": text, "infralint.yaml": "streams: [{path: /chat}]\n"})
    assert [one.severity for one in said(report, "lambda-target")] == severity


@pytest.mark.parametrize(
    ("weight", "more", "fires"),
    [
        ("weight = 0", "", False),
        ("weight = var.share", "", False),
        ("weight = 10", "", True),
        ("weight = 10", "stickiness {\n        duration = 60\n        enabled = true\n      }", False),
    ],
)
def test_stickiness_is_lost_between_target_groups_that_both_get_requests(
    tmp_path: Path, weight: str, more: str, fires: bool
) -> None:
    text = BALANCER + split("weight = 100", weight, more) + group("old", STICKY) + group("new", STICKY)
    found = said(judged(tmp_path, {"main.tf": text, **STREAM}), "ineffective-stickiness")
    assert bool(found) == fires
    assert all(one.fix == "stickiness {\n  enabled  = true\n  duration = 86400\n}" for one in found)


def test_between_target_groups_of_a_module_stickiness_is_an_argument(tmp_path: Path) -> None:
    text = """
module "alb" {
  source  = "terraform-aws-modules/alb/aws"
  version = "~> 9.0"
  listeners = {
    https = {
      port = 443, protocol = "HTTPS"
      weighted_forward = { target_groups = [{ target_group_key = "a" }, { target_group_key = "b" }] }
    }
  }
  target_groups = {
    a = { target_type = "ip", stickiness = { type = "lb_cookie" } }
    b = { target_type = "ip", stickiness = { type = "lb_cookie" } }
  }
}
"""
    found = said(judged(tmp_path, {"main.tf": text, **STREAM}), "ineffective-stickiness")
    assert {one.fix for one in found} == {"stickiness = { enabled = true, duration = 86400 }"}


def test_an_action_that_gives_nothing_to_any_target_group_is_no_way(tmp_path: Path) -> None:
    text = BALANCER + split("weight = 0", "weight = 0") + group("old") + group("new", 'target_type = "lambda"')
    report = judged(tmp_path, {"main.tf": text, "infralint.yaml": "streams: [{path: /chat}]\n"})
    assert not report.findings


def test_listeners_over_a_map(tmp_path: Path) -> None:
    text = """
locals {
  services = { api = { path = "/api/*", sticky = [] }, ws = { path = "/ws/*", sticky = ["lb_cookie"] } }
}
resource "aws_lb_target_group" "all" {
  for_each = local.services
  dynamic "stickiness" {
    for_each = each.value.sticky
    content { type = stickiness.value }
  }
}
resource "aws_lb_listener_rule" "all" {
  for_each     = local.services
  listener_arn = aws_lb_listener.main.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.all[each.key].arn
  }
  condition {
    path_pattern { values = [each.value.path] }
  }
}
"""
    files = {"main.tf": BALANCER + listener() + group() + text, **STREAM}
    assert not said(judged(tmp_path, files), "missing-sticky-sessions")
    other = judged(tmp_path, {"infralint.yaml": "streams: [{path: /api/ws, kind: websocket}]\n"})
    found = said(other, "missing-sticky-sessions")
    assert [one.provenance.hop.group for one in found] == ['aws_lb_target_group.all["api"]']  # type: ignore[union-attr]


# Families


@pytest.mark.parametrize(
    ("kind", "more", "value"),
    [
        ("network", 'protocol = "TCP"', 350),
        ("network", 'protocol = "TCP"\n  tcp_idle_timeout_seconds = 90', 90),
        ("network", 'protocol = "TLS"', 350),
        ("network", 'protocol = "TLS"\n  tcp_idle_timeout_seconds = 90', 350),
        ("gateway", "", 350),
        ("application", 'protocol = "HTTPS"', 60),
    ],
)
def test_each_family_has_its_own_timeout(tmp_path: Path, kind: str, more: str, value: int) -> None:
    text = f'resource "aws_lb" "main" {{\n  load_balancer_type = "{kind}"\n}}\n' + listener(more=more) + group()
    assert idle(reading(tmp_path, {"main.tf": text})) == [value]


@pytest.mark.parametrize(
    ("more", "assumed"),
    [
        ('protocol = "TCP"\n  port = 443', True),
        ('protocol = "TCP"\n  port = "8080"', True),
        ('protocol = "TCP_UDP"\n  port = 443', True),
        ('protocol = "TLS"\n  port = 7443', True),
        ('protocol = "TCP"\n  port = var.port', True),
        ('protocol = "TCP"', True),
        ('protocol = "TCP"\n  port = 5432', False),
        ('protocol = "TCP"\n  port = 22', False),
        ('protocol = "UDP"\n  port = 443', False),
    ],
)
def test_what_is_not_of_the_web_is_not_assumed_to_stream(tmp_path: Path, more: str, assumed: bool) -> None:
    text = 'variable "port" {}\nresource "aws_lb" "main" {\n  load_balancer_type = "network"\n}\n' + group()
    report = judged(tmp_path, {"main.tf": text + listener(more=more + "\n  tcp_idle_timeout_seconds = 60")})
    tls = "TLS" in more
    assert bool(said(report)) == (assumed and not tls)
    assert bool([one for one in reading(tmp_path, {}).hops if one.assumable]) == assumed


def test_a_declared_stream_may_take_a_port_of_its_own(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {\n  load_balancer_type = "network"\n}\n' + group()
    more = 'protocol = "TCP"\n  port = 7000\n  tcp_idle_timeout_seconds = 60'
    needs = "streams: [{path: /chat, silence: 90s%s}]\n"
    any_ = judged(tmp_path / "a", {"main.tf": text + listener(more=more), "infralint.yaml": needs % ""})
    assert [one.severity for one in said(any_)] == ["warning"]
    named = needs % ", hops: [aws_lb.main]"
    report = judged(tmp_path / "b", {"main.tf": text + listener(more=more), "infralint.yaml": named})
    assert [one.severity for one in said(report)] == ["error"]


def test_no_stream_goes_through_datagrams(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {\n  load_balancer_type = "network"\n}\n' + group()
    more = 'protocol = "UDP"\n  port = 443\n  tcp_idle_timeout_seconds = 60'
    files = {"main.tf": text + listener(more=more), **STREAM}
    assert not judged(tmp_path, files).findings


def test_a_listener_on_a_network_load_balancer_elsewhere_has_its_own_timeout(tmp_path: Path) -> None:
    data = 'data "aws_lb" "shared" {\n  name = "shared"\n}\n' + group()
    for port, found in ((443, ["main.tf:6"]), (5432, [])):
        more = f'protocol = "TCP"\n  port = {port}\n  tcp_idle_timeout_seconds = 60'
        text = listener("data.aws_lb.shared.arn", more=more) + data
        report = judged(tmp_path / str(port), {"main.tf": text})
        assert places(report) == found
        assert not report.unknown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('resource "aws_lb" "main" {\n  idle_timeout = 0\n}\n', "`idle_timeout = 0`: it takes 1 to 4000 s"),
        ('resource "aws_lb" "main" {\n  idle_timeout = 4001\n}\n', "`idle_timeout = 4001`: it takes 1 to 4000 s"),
        ('resource "aws_elb" "main" {\n  idle_timeout = 0\n}\n', "`idle_timeout = 0`: it takes 1 to 3600 s"),
        ('resource "aws_elb" "main" {\n  idle_timeout = 4000\n}\n', "`idle_timeout = 4000`: it takes 1 to 3600 s"),
        (
            'variable "s" {\n  default = 0\n}\nresource "aws_lb" "main" {\n  idle_timeout = var.s\n}\n',
            "`idle_timeout = var.s`, which is 0 (the default of var.s)",
        ),
        (
            NETWORK + group() + listener(more='protocol = "TCP"\n  tcp_idle_timeout_seconds = 0'),
            "`tcp_idle_timeout_seconds = 0`: it takes 60 to 6000 s",
        ),
    ],
)
def test_a_timeout_that_aws_refuses_is_no_timeout(tmp_path: Path, text: str, words: str) -> None:
    report = judged(tmp_path, {"main.tf": text})
    assert [one.message for one in report.unreadable if words in one.message]
    assert not said(report)
    assert not report.unknown


@pytest.mark.parametrize("seconds", [300, 4000])
def test_a_timeout_that_aws_takes_is_read(tmp_path: Path, seconds: int) -> None:
    report = judged(tmp_path, {"main.tf": f'resource "aws_lb" "main" {{\n  idle_timeout = {seconds}\n}}\n'})
    assert not report.unreadable
    assert not report.findings


def test_where_it_is_ignored_any_timeout_may_stand(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {\n  load_balancer_type = "network"\n  idle_timeout = 0\n}\n'
    assert not judged(tmp_path, {"main.tf": text}).unreadable


def test_a_type_that_is_not_known_decides_nothing(tmp_path: Path) -> None:
    text = 'variable "type" {}\nresource "aws_lb" "main" {\n  load_balancer_type = var.type\n  idle_timeout = 60\n}\n'
    report = judged(tmp_path, {"main.tf": text})
    assert not report.findings
    assert "var.type has no default" in doubts(report)


def test_a_classic_load_balancer(tmp_path: Path) -> None:
    text = 'resource "aws_elb" "main" {\n  name = "web"\n  %s\n  listener {\n    lb_protocol = "tcp"\n    lb_port = 80\n  }\n}\n'
    assert places(judged(tmp_path / "a", {"main.tf": text % ""})) == ["main.tf:1"]
    assert places(judged(tmp_path / "b", {"main.tf": text % "idle_timeout = 30"})) == ["main.tf:3"]
    assert not said(judged(tmp_path / "c", {"main.tf": text % "idle_timeout = 300"}))


@pytest.mark.parametrize("reference", ["aws_elb.main.id", "aws_elb.main.name", '"web"'])
def test_stickiness_of_a_classic_load_balancer_is_a_policy(tmp_path: Path, reference: str) -> None:
    elb = 'resource "aws_elb" "main" {\n  name = "web"\n  idle_timeout = 300\n}\n'
    policy = f'resource "aws_lb_cookie_stickiness_policy" "p" {{\n  name = "p"\n  load_balancer = {reference}\n  lb_port = 80\n}}\n'
    assert places(judged(tmp_path / "a", {"main.tf": elb, **STREAM}), "missing-sticky-sessions") == ["main.tf:1"]
    assert not said(judged(tmp_path / "b", {"main.tf": elb + policy, **STREAM}), "missing-sticky-sessions")


def elb(*listeners: tuple[str, object], policy: object = None) -> str:
    """A classic load balancer, and a stickiness policy for a port of it."""
    ports = "".join(
        f'  listener {{\n    lb_protocol = "{kind}"\n    lb_port = {port}\n  }}\n' for kind, port in listeners
    )
    sticky = f"  load_balancer = aws_elb.main.id\n  lb_port = {policy}\n"
    more = f'resource "aws_lb_cookie_stickiness_policy" "p" {{\n{sticky}}}\n' if policy else ""
    return f'variable "port" {{}}\nresource "aws_elb" "main" {{\n  idle_timeout = 60\n{ports}}}\n{more}'


@pytest.mark.parametrize(
    ("listeners", "assumed"),
    [
        ([("http", 8089)], True),
        ([("HTTPS", 9443)], True),
        ([("tcp", 80)], True),
        ([("ssl", 443)], True),
        ([("tcp", "var.port")], True),
        ([("tcp", 22)], False),
        ([("tcp", 5514), ("ssl", 6514)], False),
        ([("tcp", 22), ("https", 443)], True),
    ],
)
def test_a_classic_load_balancer_is_assumed_to_stream_where_it_is_of_the_web(
    tmp_path: Path, listeners: list[tuple[str, object]], assumed: bool
) -> None:
    assert len(said(judged(tmp_path, {"main.tf": elb(*listeners)}))) == assumed


@pytest.mark.parametrize(
    "listeners", [[("http", 80)], [("http", 80), ("https", 443)], [("tcp", 22), ("http", 80)]], ids=str
)
def test_websockets_through_http_listeners_of_a_classic_one_can_not_be_told(
    tmp_path: Path, listeners: list[tuple[str, object]]
) -> None:
    report = judged(tmp_path, {"main.tf": elb(*listeners), **STREAM})
    assert "only for TCP and SSL listeners" in doubts(report)
    assert len(said(report, "missing-sticky-sessions")) == 1


def test_websockets_through_tcp_listeners_of_a_classic_one_are_carried(tmp_path: Path) -> None:
    assert not judged(tmp_path, {"main.tf": elb(("tcp", 80), ("ssl", 443)), **STREAM}).unknown


@pytest.mark.parametrize(
    ("ports", "policy", "kept"),
    [
        ([80], 80, True),
        ([80], '"80"', True),
        ([80, 443], 443, False),
        ([80, 443], 8080, False),
        ([80], 8080, False),
        (["var.port"], "var.port", True),
    ],
)
def test_a_policy_keeps_the_clients_of_its_own_port(
    tmp_path: Path, ports: list[object], policy: object, kept: bool
) -> None:
    text = elb(*[("http", port) for port in ports], policy=policy)
    assert len(said(judged(tmp_path, {"main.tf": text, **STREAM}), "missing-sticky-sessions")) == (not kept)


def test_a_policy_whose_port_is_not_known_can_not_be_told(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": elb(("http", 80), ("http", 8080), policy="var.port"), **STREAM})
    assert not said(report, "missing-sticky-sessions")
    assert "it can't be told which listener aws_lb_cookie_stickiness_policy.p is for" in doubts(report)


def advice(folder: Path, text: str) -> str:
    """What to write where clients are not kept."""
    return said(judged(folder, {"main.tf": text, **STREAM}), "missing-sticky-sessions")[0].fix


@pytest.mark.parametrize(
    ("front", "behind", "written"),
    [
        ("TCP", "TCP", 'stickiness {\n  type = "source_ip"\n}'),
        ("TLS", "TCP", "a network load balancer has no stickiness for TLS"),
        ("TLS", "TLS", "a network load balancer has no stickiness for TLS"),
        ("TCP", "TLS", "a network load balancer has no stickiness for TLS"),
    ],
)
def test_advice_is_what_a_network_load_balancer_takes(tmp_path: Path, front: str, behind: str, written: str) -> None:
    text = NETWORK + listener(more=f'protocol = "{front}"') + group(body=f'protocol = "{behind}"')
    assert advice(tmp_path, text).startswith(written)


def test_a_target_group_of_one_application_load_balancer_needs_no_stickiness(tmp_path: Path) -> None:
    for kind, found in (("alb", 0), ("ip", 1)):
        text = NETWORK + listener(more='protocol = "TCP"') + group(body=f'target_type = "{kind}"\n  protocol = "TCP"')
        report = judged(tmp_path / kind, {"main.tf": text, **STREAM})
        assert len(said(report, "missing-sticky-sessions")) == found


def test_advice_for_a_classic_load_balancer_is_a_policy(tmp_path: Path) -> None:
    written = advice(tmp_path / "a", elb(("https", 443)))
    assert 'resource "aws_lb_cookie_stickiness_policy" "sticky"' in written
    assert "load_balancer = aws_elb.main.id\n  lb_port       = 443\n" in written
    assert not said(
        judged(tmp_path / "b", {"main.tf": elb(("https", 443)) + written, **STREAM}), "missing-sticky-sessions"
    )
    assert "take an application load balancer" in advice(tmp_path / "c", elb(("tcp", 80)))


# A load balancer that is somewhere else


def test_a_rule_on_a_load_balancer_elsewhere_can_not_be_told(tmp_path: Path) -> None:
    text = 'data "aws_lb_listener" "shared" {\n  port = 443\n}\n' + rule("ws", WS) + group("ws")
    text = text.replace("aws_lb_listener.main.arn", "data.aws_lb_listener.shared.arn")
    report = judged(tmp_path, {"main.tf": text})
    assert not said(report)
    assert "is defined elsewhere: data.aws_lb_listener.shared.arn is looked up when Terraform runs" in doubts(report)
    assert len(said(report, "missing-sticky-sessions")) == 1


def test_data_is_not_a_load_balancer(tmp_path: Path) -> None:
    assert not reading(tmp_path, {"main.tf": 'data "aws_lb" "main" {\n  name = "x"\n}\n'}).hops


def test_every_count_and_condition_that_switches_off_is_silent(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {\n  count = 0\n}\nresource "aws_lb" "b" {\n  for_each = {}\n}\n'
    assert not reading(tmp_path, {"main.tf": text}).hops


def test_advice_is_terraform_and_warns_of_keep_alive(tmp_path: Path) -> None:
    fix = said(judged(tmp_path, {"main.tf": 'resource "aws_lb" "main" {}\n'}))[0].fix
    assert fix.startswith("idle_timeout = 300")
    assert "uvicorn 5 s" in fix


def test_a_default_is_reported_at_the_block_that_leaves_it_out(tmp_path: Path) -> None:
    found = said(judged(tmp_path, {"main.tf": 'resource "aws_lb" "main" {\n  name = "x"\n}\n'}))[0]
    assert (found.location.line, found.location.column, found.location.end_column) == (1, 1, 25)
    assert "nothing sets idle_timeout" in found.message


def test_a_repository_without_load_balancers_is_read_and_clean(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": 'resource "aws_s3_bucket" "b" {}\n'})
    assert report.read["terraform"] == ["main.tf"]
    assert not report.findings


ANSWERS = """
resource "aws_lb_listener" "main" {
  load_balancer_arn = aws_lb.main.arn
  default_action {
    type = "%s"
    %s {}
  }
}
"""


def test_a_load_balancer_that_only_redirects_carries_no_stream(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {}\n' + ANSWERS % ("redirect", "redirect")
    assert not said(judged(tmp_path, {"main.tf": text}))
    assert not said(judged(tmp_path, {"main.tf": text, **STREAM}))


def test_a_shared_load_balancer_may_have_its_rules_elsewhere(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {}\n' + ANSWERS % ("fixed-response", "fixed_response")
    assert places(judged(tmp_path / "a", {"main.tf": text})) == ["main.tf:1"]
    assert places(judged(tmp_path / "b", {"main.tf": text, **STREAM})) == ["main.tf:1"]


def test_protocols_may_be_written_small(tmp_path: Path) -> None:
    text = NETWORK + group(body='protocol = "tls"') + listener(more='protocol = "tls"\n  port = 443')
    [small] = said(judged(tmp_path / "a", {"main.tf": text, "infralint.yaml": "streams: [{path: /, silence: 10m}]\n"}))
    assert "a TLS listener of a network load balancer always allows 350 s" in small.message
    assert not small.fix


@pytest.mark.parametrize(
    "body",
    [
        'protocol = "TCP"\n  stickiness {\n    type    = "lb_cookie"\n    enabled = false\n  }',
        'protocol = var.protocol\n  stickiness {\n    type = "lb_cookie"\n  }',
        'stickiness {\n    type = "lb_cookie"\n  }',
    ],
)
def test_stickiness_that_is_off_or_may_fit_is_not_refused(tmp_path: Path, body: str) -> None:
    text = 'variable "protocol" {}\n' + NETWORK + group(body=body) + listener()
    assert not judged(tmp_path, {"main.tf": text, **STREAM}).unreadable


def test_a_function_keeps_no_session(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": BALANCER + group(body='target_type = "lambda"') + listener(), **STREAM})
    assert {finding.check for finding in report.findings} == {"lambda-target"}


def test_a_rule_whose_actions_are_not_known_may_take_the_request(tmp_path: Path) -> None:
    unknown = """
variable "actions" {}
resource "aws_lb_listener_rule" "first" {
  listener_arn = aws_lb_listener.main.arn
  dynamic "action" {
    for_each = var.actions
    content {
      type = "forward"
    }
  }
  condition {
    path_pattern { values = ["/*"] }
  }
}
"""
    [node] = reading(tmp_path, {"main.tf": BALANCER + group() + listener() + unknown}).nodes
    [match] = node.route(Request("sse", "/chat"))
    assert not match.certain
    assert match.reasons == ("the actions of aws_lb_listener_rule.first can't be told",)


def test_a_target_group_leads_to_what_is_registered_in_it(tmp_path: Path) -> None:
    behind = """
resource "aws_ecs_service" "api" {
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_lb_target_group_attachment" "one" {
  target_group_arn = aws_lb_target_group.app.arn
  target_id        = aws_instance.one.id
}
resource "aws_instance" "one" {}
"""
    [hop] = reading(tmp_path, {"main.tf": BALANCER + group() + listener() + behind}).hops
    assert set(hop.pool.references) == {"aws_lb_target_group.app", "aws_ecs_service.api", "aws_instance.one"}


def test_the_names_by_which_others_dial_it(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "main" {\n  name = "chat"\n}\n' + group() + listener(more="port = 8443")
    [node] = reading(tmp_path, {"main.tf": text}).nodes
    assert node.known_as == {"aws_lb.main", "aws_lb.main.dns_name"}
    assert [str(address) for address in node.listens] == ["aws_lb.main.dns_name:8443"]


def test_the_aws_name_of_a_load_balancer_is_no_host(tmp_path: Path) -> None:
    files = {
        "main.tf": 'resource "aws_lb" "main" {\n  name = "chat"\n}\n' + group() + listener(more="port = 8080"),
        "nginx.conf": "server {\n  location / {\n    proxy_pass http://chat:8080;\n    proxy_buffering off;\n  }\n}\n",
        "infralint.yaml": "streams: [{path: /, silence: 50s, hops: [nginx.conf]}]\n",
    }
    traces = [finding.provenance.trace for finding in judged(tmp_path, files).findings]
    assert "same address" not in {leg.basis for trace in traces if trace for leg in trace.legs}


def test_a_transform_is_followed(tmp_path: Path) -> None:
    transform = """
  transform {
    type = "url-rewrite"
    url_rewrite_config {
      rewrite {
        regex   = "^/api/(.*)$"
        replace = "/$1"
      }
    }
  }
"""
    text = BALANCER + group() + listener() + rule("app", 'path_pattern { values = ["/api/*"] }', more=transform)
    [hop] = reading(tmp_path, {"main.tf": text}).hops
    assert [forward.request.path for forward in hop.request_out(Request("sse", "/api/chat"))] == ["/chat"]
    assert [forward.request.path for forward in hop.request_out(Request("sse", "/other"))] == ["/other"]
