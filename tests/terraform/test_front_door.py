"""Azure Front Door of Terraform: its clocks, what it does to WebSockets, and what is not known of event streams."""

from __future__ import annotations

import pytest
from conftest import Lint

SSE = "streams: [{path: /api/chat, host: chat.example.com, silence: 60s, generation: 100s}]\n"
SOCKET = "streams: [{path: /api/ws, kind: websocket, host: chat.example.com, HOW}]\n"
TEXT = """
resource "azurerm_cdn_frontdoor_profile" "main" {
  name     = "main"
  sku_name = "Standard_AzureFrontDoor"
  PROFILE
}
resource "azurerm_cdn_frontdoor_endpoint" "main" {
  name                     = "main"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.main.id
}
resource "azurerm_cdn_frontdoor_custom_domain" "chat" {
  name                     = "chat"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.main.id
  host_name                = "chat.example.com"
}
resource "azurerm_cdn_frontdoor_origin_group" "api" {
  name                     = "api"
  cdn_frontdoor_profile_id = azurerm_cdn_frontdoor_profile.main.id
}
resource "azurerm_cdn_frontdoor_origin" "api" {
  name                          = "api"
  cdn_frontdoor_origin_group_id = azurerm_cdn_frontdoor_origin_group.api.id
  host_name                     = azurerm_linux_web_app.api.default_hostname
}
resource "azurerm_linux_web_app" "api" {
  name            = "api"
  service_plan_id = azurerm_service_plan.api.id
}
resource "azurerm_service_plan" "api" {
  name         = "api"
  worker_count = 1
}
resource "azurerm_cdn_frontdoor_route" "api" {
  name                            = "api"
  cdn_frontdoor_endpoint_id       = azurerm_cdn_frontdoor_endpoint.main.id
  cdn_frontdoor_origin_group_id   = azurerm_cdn_frontdoor_origin_group.api.id
  cdn_frontdoor_origin_ids        = [azurerm_cdn_frontdoor_origin.api.id]
  cdn_frontdoor_custom_domain_ids = [azurerm_cdn_frontdoor_custom_domain.chat.id]
  patterns_to_match               = ["PATTERN"]
  link_to_default_domain          = false
  ROUTE
}
"""
ROUTE = "azurerm_cdn_frontdoor_route.api"


def terraform(profile: str = "", pattern: str = "/*", route: str = "") -> str:
    return TEXT.replace("PROFILE", profile).replace("PATTERN", pattern).replace("ROUTE", route)


def at_route(report: dict[str, object]) -> list[str]:
    findings = report["findings"]
    assert isinstance(findings, list)
    return sorted(finding["check"] for finding in findings if finding["hop"]["name"] == ROUTE)


def test_what_microsoft_does_not_vouch_for_is_could_not_tell(lint: Lint) -> None:
    report = lint({"main.tf": terraform(), "infralint.yaml": SSE})
    assert report["findings"] == []
    [unknown] = report["unknown"]
    assert "does not support server-sent events" in unknown["message"]
    assert "curl -N" in unknown["remedy"]
    assert "unsupported" not in report


def test_the_app_stands_behind_its_route(lint: Lint) -> None:
    report = lint({"main.tf": terraform("response_timeout_seconds = 30"), "infralint.yaml": SSE})
    [finding] = report["findings"]
    assert (finding["severity"], finding["check"]) == ("error", "short-idle-timeout")
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == [ROUTE, "azurerm_linux_web_app.api"]


@pytest.mark.parametrize(
    ("profile", "found"),
    [("", False), ("response_timeout_seconds = 30", True), ("response_timeout_seconds = 240", False)],
)
def test_an_origin_has_to_answer_in_time(profile: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": terraform(profile), "infralint.yaml": SSE})
    assert ("short-idle-timeout" in at_route(report)) is found


@pytest.mark.parametrize(
    ("route", "how", "found"),
    [
        ("", "heartbeat: 20s", []),
        ("", "silence: 10m, generation: 10m", ["short-idle-timeout"]),
        ("", "heartbeat: 20s, generation: 5h", ["capped-stream"]),
        ("cache {\n  }", "heartbeat: 20s", ["missing-upgrade-headers"]),
        ('dynamic "cache" {\n  for_each = var.cached\n content {}\n  }', "heartbeat: 20s", []),
    ],
)
def test_websockets(route: str, how: str, found: list[str], lint: Lint) -> None:
    text = terraform(route=route) + 'variable "cached" {}\n'
    report = lint({"main.tf": text, "infralint.yaml": SOCKET.replace("HOW", how)})
    assert at_route(report) == found


@pytest.mark.parametrize(
    ("pattern", "found"), [("/api/*", True), ("/api/chat", True), ("/other/*", False), ("/api/chat2", False)]
)
def test_patterns_choose_the_route(pattern: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": terraform("response_timeout_seconds = 30", pattern), "infralint.yaml": SSE})
    assert bool(at_route(report)) is found


def test_an_app_that_nothing_says_to_stream_is_not_assumed_to(lint: Lint) -> None:
    assert {finding["severity"] for finding in lint({"main.tf": terraform()})["findings"]} <= {"note"}


def test_a_profile_that_is_elsewhere_is_could_not_tell(lint: Lint) -> None:
    text = terraform().replace("azurerm_cdn_frontdoor_profile.main.id", "var.profile")
    report = lint({"main.tf": text + 'variable "profile" {}\n', "infralint.yaml": SSE})
    assert at_route(report) == []
    assert any("response_timeout_seconds" in unknown["message"] for unknown in report["unknown"])


def test_a_module_that_nobody_calls_says_nothing(lint: Lint) -> None:
    files = {"main.tf": terraform(), "examples/simple/main.tf": 'module "cdn" {\n  source = "../.."\n}\n'}
    variables = {
        "variables.tf": 'variable "name" {}\n',
        "outputs.tf": 'output "id" { value = 1 }\n',
        "README.md": "# A module\n",
    }
    report = lint({**files, **variables})
    assert report["unknown"] == []
