"""Azure of Terraform: application gateways, container apps and web apps."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, silence: SILENCE, generation: 10m}]\n"
SOCKET = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, session: socket.io}]\n"
GATEWAY = """
locals { settings = "api" }
variable "seconds" {}
resource "azurerm_application_gateway" "main" {
  name = "main"
  GLOBAL
  backend_address_pool {
    name  = "api"
    fqdns = FQDNS
  }
  backend_http_settings {
    name     = local.settings
    port     = 8000
    protocol = "Http"
    SETTINGS
  }
  backend_http_settings {
    name            = "web"
    port            = 80
    protocol        = "Http"
    request_timeout = 900
  }
  http_listener {
    name     = "https"
    protocol = "Https"
  }
  request_routing_rule {
    name                       = "main"
    priority                   = 1
    http_listener_name         = "https"
    backend_address_pool_name  = "api"
    ROUTING
  }
  PATHS
}
"""
OPEN = "global {\n request_buffering_enabled = true\n response_buffering_enabled = false\n}"
BASIC = 'rule_type = "Basic"\n backend_http_settings_name = local.settings'
BY_PATH = 'rule_type = "PathBasedRouting"\n url_path_map_name = "paths"'
PATHS = """
  url_path_map {
    name                               = "paths"
    default_backend_http_settings_name = "web"
    default_backend_address_pool_name  = "api"
    path_rule {
      name                       = "api"
      paths                      = ["PATH"]
      backend_http_settings_name = "api"
      backend_address_pool_name  = "api"
    }
  }
"""


def gateway(settings: str = "", top: str = OPEN, routing: str = BASIC, paths: str = "", fqdns: str = "[]") -> str:
    text = GATEWAY.replace("GLOBAL", top).replace("SETTINGS", settings).replace("ROUTING", routing)
    return text.replace("PATHS", paths).replace("FQDNS", fqdns)


@pytest.mark.parametrize(
    ("settings", "silence", "found"),
    [
        ("", "60s", ["error short-idle-timeout"]),
        ("", "20s", []),
        ("request_timeout = 20", "60s", ["error short-idle-timeout"]),
        ("request_timeout = 900", "60s", []),
    ],
)
def test_a_gateway_waits_so_long_for_the_next_byte(settings: str, silence: str, found: list[str], lint: Lint) -> None:
    report = lint({"main.tf": gateway(settings), "infralint.yaml": SSE.replace("SILENCE", silence)})
    assert [f"{finding['severity']} {finding['check']}" for finding in report["findings"]] == found
    assert [finding["fix"] for finding in report["findings"]] == ["request_timeout = 300"] * len(found)
    assert (report["unknown"], "unsupported" in report) == ([], False)


def test_a_timeout_without_a_value_is_could_not_tell(lint: Lint) -> None:
    text = gateway("request_timeout = var.seconds")
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("SILENCE", "60s")})
    assert report["findings"] == []
    assert any("var.seconds" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    ("top", "found"), [("", True), (OPEN, False), (OPEN.replace("= false", "= true"), True)]
)  # fmt: skip
def test_a_gateway_collects_answers_unless_it_is_told_not_to(top: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": gateway("request_timeout = 900", top), "infralint.yaml": SSE.replace("SILENCE", "60s")})
    assert bool(problems(report, "buffered-stream")) is found
    assert all(finding["severity"] == "warning" for finding in report["findings"])
    assert all("response_buffering_enabled = false" in finding["fix"] for finding in report["findings"])


@pytest.mark.parametrize(("path", "found"), [("/api/*", True), ("/other/*", False), ("/api/chat", True)])
def test_a_path_map_chooses_the_settings(path: str, found: bool, lint: Lint) -> None:
    text = gateway(routing=BY_PATH, paths=PATHS.replace("PATH", path))
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("SILENCE", "60s")})
    names = [finding["hop"]["name"] for finding in report["findings"]]
    assert names == (["azurerm_application_gateway.main api"] if found else [])


WEB_APP = """
resource "azurerm_service_plan" "main" {
  name = "main"
  WORKERS
}
resource "azurerm_KIND_web_app" "api" {
  name            = "api"
  service_plan_id = azurerm_service_plan.main.id
  site_config {
    SETTINGS
  }
}
"""


def web_app(kind: str, settings: str = "", workers: str = "") -> str:
    return WEB_APP.replace("KIND", kind).replace("SETTINGS", settings).replace("WORKERS", workers)


def test_a_gateway_before_a_web_app_is_one_way(lint: Lint) -> None:
    text = gateway("request_timeout = 900", fqdns="[azurerm_linux_web_app.api.default_hostname]") + web_app("linux")
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("SILENCE", "5m")})
    [finding] = report["findings"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == [
        "azurerm_application_gateway.main api",
        "azurerm_linux_web_app.api",
    ]
    assert "after 230 s of silence" in finding["message"]
    assert "send a ping" in finding["fix"]


@pytest.mark.parametrize("silence", ["60s", "200s"])
def test_app_service_lets_a_stream_be_silent_for_nearly_four_minutes(silence: str, lint: Lint) -> None:
    report = lint({"main.tf": web_app("linux"), "infralint.yaml": SSE.replace("SILENCE", silence)})
    assert (report["findings"], report["unknown"]) == ([], [])


@pytest.mark.parametrize(
    ("kind", "settings", "found"),
    [
        ("windows", "", True),
        ("windows", "websockets_enabled = true", False),
        ("linux", "", False),
    ],
)
def test_windows_opens_websockets_where_they_are_enabled(kind: str, settings: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": web_app(kind, settings), "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-upgrade-headers")) is found


def test_the_older_resource_does_not_say_which_system_it_is(lint: Lint) -> None:
    text = 'resource "azurerm_app_service" "api" {\n  name = "api"\n  site_config {\n    SETTINGS\n  }\n}\n'
    report = lint({"main.tf": text.replace("SETTINGS", ""), "infralint.yaml": SOCKET})
    assert problems(report, "missing-upgrade-headers") == []
    assert any("on Linux" in unknown["message"] for unknown in report["unknown"])
    linux = text.replace("SETTINGS", 'linux_fx_version = "PYTHON|3.11"')
    assert lint({"main.tf": linux, "infralint.yaml": SOCKET})["unknown"] == []


@pytest.mark.parametrize(("workers", "found"), [("", False), ("worker_count = 1", False), ("worker_count = 3", True)])
def test_several_instances_need_affinity(workers: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": web_app("linux", workers=workers), "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found


CONTAINER_APP = """
resource "azurerm_container_app" "api" {
  name          = "api"
  revision_mode = "Single"
  INGRESS
  template {
    REPLICAS
    container {
      name  = "api"
      image = "api"
    }
  }
}
"""
INGRESS = "ingress {\n target_port = 8000\n external_enabled = true\n}"


@pytest.mark.parametrize(
    ("ingress", "silence", "found"), [(INGRESS, "5m", True), (INGRESS, "3m", False), ("", "5m", False)]
)
def test_container_apps_end_what_is_silent_for_four_minutes(
    ingress: str, silence: str, found: bool, lint: Lint
) -> None:
    text = CONTAINER_APP.replace("INGRESS", ingress).replace("REPLICAS", "")
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("SILENCE", silence)})
    assert bool(problems(report, "short-idle-timeout")) is found


@pytest.mark.parametrize(("replicas", "found"), [("", True), ("max_replicas = 1", False), ("max_replicas = 3", True)])
def test_replicas_of_a_container_app_need_affinity(replicas: str, found: bool, lint: Lint) -> None:
    text = CONTAINER_APP.replace("INGRESS", INGRESS).replace("REPLICAS", replicas)
    report = lint({"main.tf": text, "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found
