"""Which of several entries a declared stream is meant for, by its host."""

from __future__ import annotations

import pytest
from conftest import Lint, problems, run

NAMED = """\
events {}
http { server { listen 80; server_name chat.example.com;
  location / { proxy_pass http://10.0.0.9:3000; proxy_buffering off; proxy_read_timeout 600s; } } }
"""
CATCH_ALL = "events {} http { server { listen 80 default_server; location / { proxy_pass http://10.0.0.8:PORT; } } }\n"
DECLARED = "streams:\n  - {path: /api/chat, host: chat.example.com}\n"
BALANCER = """\
resource "aws_lb" "NAME" {
  load_balancer_type = "application"
  internal           = INTERNAL
  idle_timeout       = SECONDS
}
resource "aws_lb_listener" "NAME" {
  load_balancer_arn = aws_lb.NAME.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.NAME.arn
  }
}
resource "aws_lb_target_group" "NAME" {
  port     = 8080
  protocol = "HTTP"
  vpc_id   = "vpc-1"
}
"""
RECORD = """\
resource "aws_route53_record" "chat" {
  zone_id = "Z1"
  name    = "chat.example.com"
  type    = "A"
  alias {
    name                   = aws_lb.chat.dns_name
    zone_id                = aws_lb.chat.zone_id
    evaluate_target_health = false
  }
}
"""


def balancer(name: str, internal: bool = False, seconds: int = 60) -> str:
    values = {"NAME": name, "INTERNAL": str(internal).lower(), "SECONDS": str(seconds)}
    text = BALANCER
    for word, value in values.items():
        text = text.replace(word, value)
    return text


def test_an_nginx_that_takes_whatever_comes_and_dials_another_port_is_not_meant_beside_the_one_of_the_host(
    lint: Lint,
) -> None:
    report = lint(
        {"infralint.yaml": DECLARED, "edge/nginx.conf": NAMED, "other/nginx.conf": CATCH_ALL.replace("PORT", "3")}
    )
    assert problems(report) == []
    assert "other" not in run("trace").output


def test_one_that_may_stand_in_front_of_it_may_be_meant(lint: Lint) -> None:
    report = lint(
        {"infralint.yaml": DECLARED, "edge/nginx.conf": NAMED, "other/nginx.conf": CATCH_ALL.replace("PORT", "80")}
    )
    assert {found["location"]["path"] for found in report["findings"]} == {"other/nginx.conf"}
    assert "perhaps: others here take such a request, too" in " ".join(run("trace").output.split())


@pytest.mark.parametrize(("internal", "is_judged"), [(True, False), (False, True)])
def test_a_load_balancer_inside_is_no_front_of_the_host_s_own_nginx(
    internal: bool, is_judged: bool, lint: Lint
) -> None:
    report = lint({"infralint.yaml": DECLARED, "nginx.conf": NAMED, "main.tf": balancer("jobs", internal)})
    assert any(found["location"]["path"] == "main.tf" for found in report["findings"]) is is_judged
    assert ("aws_lb.jobs" in run("trace").output) is is_judged


@pytest.mark.parametrize(("record", "judged"), [(RECORD, set()), ("", {"aws_lb.jobs"})])
def test_of_two_load_balancers_the_one_that_dns_calls_as_the_host_is_meant(
    record: str, judged: set[str], lint: Lint
) -> None:
    report = lint({"infralint.yaml": DECLARED, "main.tf": balancer("chat", seconds=300) + balancer("jobs") + record})
    assert {found["hop"]["name"] for found in report["findings"]} == judged


API = """\
events {}
http { server { listen 80; location /api/ { proxy_pass http://127.0.0.1:8000; proxy_buffering off; proxy_read_timeout 600s; } } }
"""
CHAINED = "streams: [{path: /api/chat, generation: 5m}]\nchains: [[aws_lb.chat, api/nginx.conf]]\n"


@pytest.mark.parametrize("internal", [True, False])
@pytest.mark.parametrize(("seconds", "judged"), [(600, set()), (60, {"aws_lb.chat"})])
def test_what_takes_whatever_comes_is_not_meant_beside_the_chain_that_the_user_declares(
    internal: bool, seconds: int, judged: set[str], lint: Lint
) -> None:
    balancers = balancer("chat", seconds=seconds) + balancer("billing", internal)
    files = {"main.tf": balancers, "api/nginx.conf": API, "blog/nginx.conf": CATCH_ALL.replace("PORT", "2368")}
    report = lint({"infralint.yaml": CHAINED, **files})
    assert {found["hop"]["name"] for found in report["findings"]} == judged
    assert "blog" not in run("trace").output


def test_what_has_a_location_for_the_very_path_may_be_meant_beside_a_declared_chain(lint: Lint) -> None:
    other = CATCH_ALL.replace("PORT", "2368").replace("location /", "location /api/")
    files = {"main.tf": balancer("chat", seconds=600), "api/nginx.conf": API, "other/nginx.conf": other}
    report = lint({"infralint.yaml": CHAINED, **files})
    assert {found["location"]["path"] for found in report["findings"]} == {"other/nginx.conf"}


def test_what_may_stand_in_front_of_a_declared_chain_is_judged(lint: Lint) -> None:
    chain = "streams: [{path: /api/chat, generation: 5m}]\nchains: [[edge/nginx.conf, api/nginx.conf]]\n"
    edge = API.replace("127.0.0.1:8000", "10.0.0.7")
    report = lint(
        {"infralint.yaml": chain, "edge/nginx.conf": edge, "api/nginx.conf": API, "main.tf": balancer("chat")}
    )
    assert {found["hop"]["name"] for found in report["findings"]} == {"aws_lb.chat"}
