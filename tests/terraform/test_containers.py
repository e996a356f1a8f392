"""App Runner and Cloud Run of Terraform: one limit for a whole response."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, generation: LENGTH}]\n"
SOCKET = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, session: chat, generation: 10m}]\n"
APP_RUNNER = 'resource "aws_apprunner_service" "chat" {\n  service_name = "chat"\n}\n'
CLOUD_RUN = """
variable "seconds" {
  default = "600s"
}
resource "google_cloud_run_v2_service" "chat" {
  name     = "chat"
  location = "europe-west1"
  template {
    SETTINGS
    containers { image = "chat" }
  }
}
"""


def test_app_runner_ends_an_answer_after_two_minutes(lint: Lint) -> None:
    [finding] = lint({"main.tf": APP_RUNNER, "infralint.yaml": SSE.replace("LENGTH", "5m")})["findings"]
    assert (finding["check"], finding["severity"]) == ("capped-stream", "error")
    assert "aws_apprunner_service.chat ends every response after 2 min" in finding["message"]
    assert "gives none more than 120 s" in finding["fix"]
    report = lint({"main.tf": APP_RUNNER, "infralint.yaml": SSE.replace("LENGTH", "100s")})
    assert (report["findings"], report["unknown"]) == ([], [])


def test_whether_app_runner_opens_websockets_is_not_told(lint: Lint) -> None:
    report = lint(
        {
            "main.tf": APP_RUNNER,
            "infralint.yaml": "streams: [{path: /ws, kind: websocket, heartbeat: 20s, generation: 60s}]\n",
        }
    )
    assert report["findings"] == []
    assert any("no WebSockets of App Runner" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", ["error capped-stream"]),
        ('timeout = "300s"', ["error capped-stream"]),
        ("timeout = var.seconds", []),
        ('timeout = "3600s"', []),
    ],
)
def test_cloud_run_ends_an_answer_after_its_timeout(settings: str, found: list[str], lint: Lint) -> None:
    files = {"main.tf": CLOUD_RUN.replace("SETTINGS", settings), "infralint.yaml": SSE.replace("LENGTH", "10m")}
    report = lint(files)
    assert [f"{finding['severity']} {finding['check']}" for finding in report["findings"]] == found
    assert [finding["fix"] for finding in report["findings"]] == ['timeout = "600s"'] * len(found)
    assert "unsupported" not in report


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ('timeout = "3600s"', True),
        ('timeout = "3600s"\n    session_affinity = false', True),
        ('timeout = "3600s"\n    session_affinity = true', False),
        ('timeout = "3600s"\n    scaling { max_instance_count = 1 }', False),
    ],
)
def test_cloud_run_keeps_a_session_only_where_it_is_told_to(settings: str, found: bool, lint: Lint) -> None:
    report = lint({"main.tf": CLOUD_RUN.replace("SETTINGS", settings), "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found
    assert problems(report, "capped-stream") == []


def test_a_websocket_ends_with_the_timeout_too(lint: Lint) -> None:
    report = lint({"main.tf": CLOUD_RUN.replace("SETTINGS", "session_affinity = true"), "infralint.yaml": SOCKET})
    assert "ends every connection after 5 min" in report["findings"][0]["message"]


def test_a_duration_that_google_refuses(lint: Lint) -> None:
    files = {"main.tf": CLOUD_RUN.replace("SETTINGS", 'timeout = "5m"'), "infralint.yaml": SSE.replace("LENGTH", "10m")}
    report = lint(files)
    assert report["findings"] == []
    assert ["a number of seconds with an s behind it" in entry["message"] for entry in report["unreadable"]] == [True]


def test_the_code_behind_it_is_the_only_one(lint: Lint) -> None:
    code = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
        '@app.get("/chat")\ndef chat():\n    return StreamingResponse(words(), media_type="text/event-stream")\n'
    )
    report = lint({"main.tf": CLOUD_RUN.replace("SETTINGS", 'timeout = "60s"'), "app/main.py": code})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "capped-stream"]
    assert "after 60 s" in finding["message"]
    assert finding["stream"]["evidence"] == "source"


OLDER = """
variable "annotations" {
  type = map(string)
}
resource "google_cloud_run_service" "chat" {
  name     = "chat"
  location = "europe-west1"
  template {
    metadata {
      annotations = ANNOTATIONS
    }
    spec {
      TIMEOUT
      containers { image = "chat" }
    }
  }
}
"""
STICKY = '{ "run.googleapis.com/sessionAffinity" = "true", "autoscaling.knative.dev/maxScale" = "10" }'


@pytest.mark.parametrize(
    ("timeout", "found"),
    [
        ("", ["error capped-stream"]),
        ("timeout_seconds = 300", ["error capped-stream"]),
        ("timeout_seconds = 3600", []),
        ("timeout_seconds = 10 * 60", []),
    ],
)
def test_the_older_resource_of_cloud_run_ends_an_answer_too(timeout: str, found: list[str], lint: Lint) -> None:
    text = OLDER.replace("TIMEOUT", timeout).replace("ANNOTATIONS", "{}")
    report = lint({"main.tf": text, "infralint.yaml": SSE.replace("LENGTH", "10m")})
    assert [f"{finding['severity']} {finding['check']}" for finding in report["findings"]] == found
    assert [finding["fix"] for finding in report["findings"]] == ["timeout_seconds = 600"] * len(found)


@pytest.mark.parametrize(
    ("annotations", "found"),
    [
        ("{}", True),
        ('{ "autoscaling.knative.dev/maxScale" = "1" }', False),
        ('{ "run.googleapis.com/sessionAffinity" = "false" }', True),
        (STICKY, False),
        (f'merge({STICKY}, {{ "run.googleapis.com/sessionAffinity" = "false" }})', True),
    ],
)
def test_annotations_say_what_the_older_resource_keeps(annotations: str, found: bool, lint: Lint) -> None:
    text = OLDER.replace("TIMEOUT", "timeout_seconds = 3600").replace("ANNOTATIONS", annotations)
    report = lint({"main.tf": text, "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found


def test_annotations_that_nobody_knows_are_could_not_tell(lint: Lint) -> None:
    text = OLDER.replace("TIMEOUT", "timeout_seconds = 3600").replace("ANNOTATIONS", "var.annotations")
    report = lint({"main.tf": text, "infralint.yaml": SOCKET})
    assert problems(report, "missing-sticky-sessions") == []
    assert any("var.annotations" in unknown["message"] for unknown in report["unknown"])
