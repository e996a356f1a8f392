"""Global Accelerator and VPC Lattice of Terraform."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, silence: SILENCE, generation: LENGTH}]\n"
ACCELERATED = """
resource "aws_globalaccelerator_accelerator" "main" {
  name    = "main"
  enabled = ENABLED
}
resource "aws_globalaccelerator_listener" "main" {
  accelerator_arn = aws_globalaccelerator_accelerator.main.id
  protocol        = "TCP"
}
resource "aws_globalaccelerator_endpoint_group" "main" {
  listener_arn = aws_globalaccelerator_listener.main.id
  endpoint_configuration {
    endpoint_id = aws_lb.main.arn
    weight      = 100
  }
}
resource "aws_lb" "main" {
  name         = "main"
  idle_timeout = IDLE
}
"""
LATTICE = """
resource "aws_vpclattice_service" "api" {
  name = "api"
}
resource "aws_vpclattice_listener" "api" {
  name               = "api"
  protocol           = "HTTPS"
  service_identifier = aws_vpclattice_service.api.id
  default_action {
    forward {
      target_groups {
        target_group_identifier = aws_vpclattice_target_group.api.id
      }
    }
  }
}
resource "aws_vpclattice_target_group" "api" {
  name = "api"
  type = "ALB"
}
resource "aws_vpclattice_target_group_attachment" "api" {
  target_group_identifier = aws_vpclattice_target_group.api.id
  target {
    id = aws_lb.main.arn
  }
}
resource "aws_lb" "main" {
  name         = "main"
  internal     = true
  idle_timeout = 900
}
"""


def declared(silence: str, length: str = "10m") -> str:
    return SSE.replace("SILENCE", silence).replace("LENGTH", length)


def accelerated(enabled: str = "true", idle: str = "900") -> str:
    return ACCELERATED.replace("ENABLED", enabled).replace("IDLE", idle)


@pytest.mark.parametrize(
    ("enabled", "silence", "found"), [("true", "6m", True), ("true", "5m", False), ("false", "6m", False)]
)
def test_an_accelerator_closes_what_is_silent(enabled: str, silence: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": accelerated(enabled), "infralint.yaml": declared(silence)})
    names = [finding["hop"]["name"] for finding in report["findings"]]
    assert names == (["aws_globalaccelerator_accelerator.main"] if found else [])
    assert "unsupported" not in report


def test_the_load_balancer_stands_behind_it(lint: Lint) -> None:
    report = lint({"main.tf": accelerated(idle="30"), "infralint.yaml": declared("60s")})
    [finding] = report["findings"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == [
        "aws_globalaccelerator_accelerator.main",
        "aws_lb.main",
    ]
    assert finding["hop"]["name"] == "aws_lb.main"


@pytest.mark.parametrize(
    ("silence", "length", "checks"),
    [
        ("90s", "5m", ["short-idle-timeout"]),
        ("30s", "5m", []),
        ("30s", "15m", ["capped-stream"]),
    ],
)
def test_lattice_ends_what_is_silent_and_what_is_long(silence: str, length: str, checks: list[str], lint: Lint) -> None:
    report = lint({"main.tf": LATTICE, "infralint.yaml": declared(silence, length)})
    assert [finding["check"] for finding in report["findings"]] == checks
    assert {finding["hop"]["name"] for finding in report["findings"]} <= {"aws_vpclattice_service.api"}


def test_whether_lattice_opens_websockets_is_not_told(lint: Lint) -> None:
    socket = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, generation: 5m}]\n"
    report = lint({"main.tf": LATTICE, "infralint.yaml": socket})
    assert problems(report, "missing-upgrade-headers") == []
    assert any("WebSocket" in unknown["message"] for unknown in report["unknown"])
