"""Google Cloud's Application Load Balancers of Terraform: who gets a request, and how long an answer may take."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, generation: LENGTH}]\n"
SOCKET = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, generation: 10m}]\n"
BACKEND = """
variable "scheme" {}
variable "seconds" { default = 600 }
resource "google_compute_backend_service" "api" {
  name = "api"
  SETTINGS
  backend { group = google_compute_instance_group.api.id }
}
resource "google_compute_instance_group" "api" {
  name = "api"
  zone = "europe-west1-b"
}
"""
URL_MAP = """
resource "google_compute_url_map" "main" {
  name            = "main"
  default_service = google_compute_backend_service.web.id
  host_rule {
    hosts        = ["chat.example.com"]
    path_matcher = "chat"
  }
  path_matcher {
    name            = "chat"
    default_service = google_compute_backend_service.web.id
    RULES
  }
}
resource "google_compute_backend_service" "web" {
  name                  = "web"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  timeout_sec           = 3600
  backend { group = google_compute_instance_group.api.id }
}
"""
PATH_RULE = 'path_rule {\n paths = ["/api/*"]\n service = google_compute_backend_service.api.id\n}'
STICKY = '\nsession_affinity = "GENERATED_COOKIE"'
MANAGED = 'load_balancing_scheme = "EXTERNAL_MANAGED"'
CLASSIC = 'load_balancing_scheme = "EXTERNAL"'


def backend(settings: str) -> str:
    return BACKEND.replace("SETTINGS", settings)


@pytest.mark.parametrize(
    ("settings", "length", "found"),
    [
        ("", "2m", ["main.tf:4 error capped-stream"]),
        ("", "20s", []),
        (MANAGED, "2m", ["main.tf:4 error capped-stream"]),
        ("timeout_sec = 60", "2m", ["main.tf:6 error capped-stream"]),
        ("timeout_sec = var.seconds", "2m", []),
        ("timeout_sec = 3600", "10m", []),
    ],
)
def test_an_answer_ends_after_the_backend_timeout(settings: str, length: str, found: list[str], lint: Lint) -> None:
    report = lint({"main.tf": backend(settings), "infralint.yaml": SSE.replace("LENGTH", length)})
    assert problems(report) == found
    assert [finding["fix"] for finding in report["findings"]] == ["timeout_sec = 3600"] * len(found)
    assert "unsupported" not in report


def test_a_timeout_that_nobody_knows_is_could_not_tell(lint: Lint) -> None:
    text = backend("timeout_sec = var.scheme")
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("LENGTH", "2m")})
    assert report["findings"] == []
    assert any("var.scheme" in unknown["message"] for unknown in report["unknown"])


def test_a_classic_load_balancer_ends_a_websocket_that_is_in_use(lint: Lint) -> None:
    report = lint({"main.tf": backend(f"{CLASSIC}\ntimeout_sec = 60{STICKY}"), "infralint.yaml": SOCKET})
    assert problems(report) == ["main.tf:7 error capped-stream"]
    assert "ends every connection after 60 s" in report["findings"][0]["message"]


def test_a_global_one_ends_only_silent_websockets(lint: Lint) -> None:
    report = lint({"main.tf": backend(f"{MANAGED}\ntimeout_sec = 60{STICKY}"), "infralint.yaml": SOCKET})
    assert (problems(report), report["unknown"]) == ([], [])
    rare = SOCKET.replace("20s", "50s")
    report = lint({"main.tf": backend(f"{MANAGED}\ntimeout_sec = 60{STICKY}"), "infralint.yaml": rare})
    assert problems(report, "capped-stream") == []
    assert problems(report, "short-idle-timeout") == ["main.tf:7 error short-idle-timeout"]


def test_without_a_scheme_the_life_of_a_websocket_is_could_not_tell(lint: Lint) -> None:
    report = lint({"main.tf": backend(f"timeout_sec = 60{STICKY}"), "infralint.yaml": SOCKET})
    assert problems(report) == []
    assert any("version 8 of the provider" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (PATH_RULE, True),
        ('path_rule {\n paths = ["/api/chat"]\n service = google_compute_backend_service.api.id\n}', True),
        ('path_rule {\n paths = ["/other/*"]\n service = google_compute_backend_service.api.id\n}', False),
        (
            'path_rule {\n paths = ["/api/chat"]\n service = google_compute_backend_service.web.id\n}\n' + PATH_RULE,
            False,
        ),
        (
            "route_rules {\n priority = 2\n match_rules { prefix_match = \"/api/\" }\n"
            " service = google_compute_backend_service.api.id\n}\n"
            "route_rules {\n priority = 1\n match_rules { prefix_match = \"/\" }\n"
            " service = google_compute_backend_service.web.id\n}",
            False,
        ),
        (
            "route_rules {\n priority = 1\n match_rules { full_path_match = \"/api/chat\" }\n"
            " service = google_compute_backend_service.api.id\n}",
            True,
        ),
    ],
)  # fmt: skip
def test_rules_choose_the_backend_service(rules: str, found: bool, lint: Lint) -> None:
    text = backend(f"{MANAGED}\ntimeout_sec = 30") + URL_MAP.replace("RULES", rules)
    declared = "streams: [{path: /api/chat, host: chat.example.com, generation: 2m}]\n"
    report = lint({"main.tf": text, "infralint.yaml": declared})
    assert [finding["hop"]["name"] for finding in report["findings"]] == (
        ["google_compute_backend_service.api"] if found else []
    )
    assert {finding["severity"] for finding in report["findings"]} <= {"error"}


def test_the_timeout_of_a_route_goes_before_that_of_the_service(lint: Lint) -> None:
    rule = (
        'route_rules {\n priority = 1\n match_rules { prefix_match = "/api/" }\n'
        " service = google_compute_backend_service.api.id\n route_action {\n timeout { seconds = SECONDS }\n }\n}"
    )
    text = backend(f"{MANAGED}\ntimeout_sec = 3600") + URL_MAP.replace("RULES", rule)
    declared = "streams: [{path: /api/chat, host: chat.example.com, generation: 2m}]\n"
    report = lint({"main.tf": text.replace("SECONDS", "45"), "infralint.yaml": declared})
    assert [finding["fix"] for finding in report["findings"]] == ["timeout { seconds = 3600 }"]
    report = lint({"main.tf": text.replace("SECONDS", "900"), "infralint.yaml": declared})
    assert report["findings"] == []


SERVERLESS = """
resource "google_cloud_run_v2_service" "chat" {
  name     = "chat"
  location = "europe-west1"
  template {
    timeout = "TIMEOUT"
    containers { image = "chat" }
  }
}
resource "google_compute_region_network_endpoint_group" "chat" {
  name                  = "chat"
  network_endpoint_type = "SERVERLESS"
  region                = "europe-west1"
  cloud_run { service = google_cloud_run_v2_service.chat.name }
}
resource "google_compute_backend_service" "api" {
  name        = "api"
  timeout_sec = 30
  backend { group = google_compute_region_network_endpoint_group.chat.id }
}
resource "google_compute_url_map" "main" {
  name            = "main"
  default_service = google_compute_backend_service.api.id
}
"""


def test_before_cloud_run_only_its_own_timeout_counts(lint: Lint) -> None:
    declared = SSE.replace("LENGTH", "10m")
    report = lint({"main.tf": SERVERLESS.replace("TIMEOUT", "60s"), "infralint.yaml": declared})
    assert [finding["hop"]["name"] for finding in report["findings"]] == ["google_cloud_run_v2_service.chat"]
    assert [leg["hop"]["name"] for leg in report["findings"][0]["trace"]["legs"]] == [
        "google_compute_backend_service.api",
        "google_cloud_run_v2_service.chat",
    ]
    report = lint({"main.tf": SERVERLESS.replace("TIMEOUT", "1800s"), "infralint.yaml": declared})
    assert (report["findings"], report["unknown"]) == ([], [])


def test_the_default_does_not_count_where_the_groups_are_not_known(lint: Lint) -> None:
    text = 'variable "group" {}\n' + backend("").replace("google_compute_instance_group.api.id", "var.group")
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("LENGTH", "2m")})
    assert report["findings"] == []
    assert any("its groups can't be told" in unknown["message"] for unknown in report["unknown"])


def test_a_function_behind_it_is_not_taken_for_the_only_service(lint: Lint) -> None:
    text = SERVERLESS.replace("TIMEOUT", "60s").replace(
        "cloud_run { service = google_cloud_run_v2_service.chat.name }", 'cloud_function { function = "chat" }'
    )
    report = lint({"main.tf": text, "infralint.yaml": 'streams: [{path: /chat, generation: 10m, hops: ["*.api"]}]\n'})
    assert report["findings"] == []


@pytest.mark.parametrize(
    "text",
    [
        'resource "google_compute_region_backend_service" "tcp" {\n  name = "tcp"\n  protocol = "TCP"\n}\n',
        'resource "google_compute_region_backend_service" "inner" {\n  name = "inner"\n}\n',
        'resource "google_compute_backend_service" "db" {\n  name = "db"\n  protocol = "SSL"\n}\n',
    ],
)
def test_what_only_passes_bytes_on_is_no_hop(text: str, lint: Lint) -> None:
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("LENGTH", "2m")})
    assert report["findings"] == []


def test_a_url_map_that_only_redirects_answers_by_itself(lint: Lint) -> None:
    redirect = (
        'resource "google_compute_url_map" "http" {\n  name = "http"\n'
        "  default_url_redirect { https_redirect = true }\n}\n"
    )
    report = lint({"main.tf": backend("") + redirect, "infralint.yaml": SSE.replace("LENGTH", "2m")})
    assert [finding["hop"]["name"] for finding in report["findings"]] == ["google_compute_backend_service.api"]


@pytest.mark.parametrize(("affinity", "found"), [("NONE", True), ("GENERATED_COOKIE", False), ("HTTP_COOKIE", False)])
def test_affinity(affinity: str, found: bool, lint: Lint) -> None:
    text = backend(f'{MANAGED}\ntimeout_sec = 3600\nsession_affinity = "{affinity}"')
    session = SOCKET.replace("heartbeat: 20s", "heartbeat: 20s, session: socket.io")
    report = lint({"main.tf": text, "infralint.yaml": session})
    assert bool(problems(report, "missing-sticky-sessions")) is found


@pytest.mark.parametrize(("protocol", "found"), [("HTTP", False), ("HTTPS", False), ("HTTP2", True)])
def test_websockets_go_to_backends_by_http_1(protocol: str, found: bool, lint: Lint) -> None:
    text = backend(f'{MANAGED}\ntimeout_sec = 3600\nprotocol = "{protocol}"')
    report = lint({"main.tf": text, "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-upgrade-headers")) is found


def test_the_code_behind_it_is_the_only_one(lint: Lint) -> None:
    code = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
        '@app.get("/chat")\ndef chat():\n    return StreamingResponse(words(), media_type="text/event-stream")\n'
    )
    report = lint({"main.tf": backend("timeout_sec = 60"), "app/main.py": code})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "capped-stream"]
    assert (finding["stream"]["evidence"], finding["severity"]) == ("source", "warning")


@pytest.mark.parametrize(
    ("condition", "severity"),
    [
        ('regex_match = "/api/.*"', "error"),
        ('regex_match = "/chat"', "warning"),
        ('regex_match = "/live"', ""),
        ('prefix_match = "/API"\n ignore_case = true', "error"),
        ('prefix_match = "/API"', ""),
    ],
)
def test_what_of_a_path_an_expression_has_to_fit_is_left_open(condition: str, severity: str, lint: Lint) -> None:
    rule = (
        f"route_rules {{\n priority = 1\n match_rules {{\n {condition}\n }}\n"
        " service = google_compute_backend_service.api.id\n}"
    )
    text = backend(f"{MANAGED}\n timeout_sec = 60") + URL_MAP.replace("RULES", rule)
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("LENGTH", "2m, host: chat.example.com")})
    capped = [line.split()[1] for line in problems(report) if line.endswith(" capped-stream")]
    assert capped == [severity] * bool(severity)
