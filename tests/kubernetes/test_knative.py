"""Services of Knative and Cloud Run: how long an answer may take, and the way to the code in their image."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from test_ingress import APPLICATION

SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: chat }
spec:
  template:
    metadata: { annotations: { example.com/team: chat } }
    spec:
      containers: [{ image: "ghcr.io/acme/chat-api:1", ports: [{ containerPort: 8000 }] }]
"""


def loud(lint: Lint, *lines: str, text: str = SERVICE, **files: str) -> list[str]:
    more = "".join(f"      {line}\n" for line in lines)
    report = lint({**APPLICATION, "service.yaml": text + more, **files})
    assert not report["unreadable"]
    assert not report.get("unsupported")
    return [line for line in problems(report) if " note " not in line]


def test_five_minutes_are_enough_by_default(lint: Lint) -> None:
    assert loud(lint) == []


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("timeoutSeconds: 60", "capped-stream"),
        ("idleTimeoutSeconds: 30", "short-idle-timeout"),
        ("responseStartTimeoutSeconds: 20", "short-idle-timeout"),
    ],
)
def test_its_timeouts_cut_a_stream(line: str, check: str, lint: Lint) -> None:
    assert loud(lint, line) == [f"service.yaml:9 warning {check}"]


@pytest.mark.parametrize("line", ["timeoutSeconds: 600", "idleTimeoutSeconds: 0", "idleTimeoutSeconds: 300"])
def test_longer_ones_do_not(line: str, lint: Lint) -> None:
    assert loud(lint, line) == []


def test_the_advice_names_the_most_there_is(lint: Lint) -> None:
    declared = "streams: [{ path: /api/chat, duration: 20m, silence: 20s }]\n"
    files = {**APPLICATION, "infralint.yaml": declared}
    knative = next(
        found for found in lint({**files, "service.yaml": SERVICE})["findings"] if found["severity"] != "note"
    )
    assert "timeoutSeconds: 600" in knative["fix"]
    text = SERVICE.replace("example.com/team: chat", "run.googleapis.com/cpu-throttling: 'false'")
    google = next(found for found in lint({**files, "service.yaml": text})["findings"] if found["severity"] != "note")
    assert "timeoutSeconds: 1200" in google["fix"]
    assert google["hop"]["name"] == "Cloud Run Service chat"


def test_google_ends_websockets_too_and_of_knative_that_is_not_known(lint: Lint) -> None:
    files = {"infralint.yaml": "streams: [{ path: /ws, kind: websocket, duration: 30m, heartbeat: 20s }]\n"}
    google = SERVICE.replace("example.com/team: chat", "run.googleapis.com/cpu-throttling: 'false'")
    found = problems(lint({**files, "service.yaml": google}), "capped-stream")
    assert found == ["service.yaml:3 error capped-stream"]
    longer = f"{google}      timeoutSeconds: 3600\n"
    assert problems(lint({**files, "service.yaml": longer}), "capped-stream") == []
    assert problems(lint({**files, "service.yaml": SERVICE}), "capped-stream") == []


def test_the_way_leads_to_the_code_in_its_image(lint: Lint) -> None:
    report = lint({**APPLICATION, "service.yaml": f"{SERVICE}      timeoutSeconds: 60\n"})
    warning = next(found for found in report["findings"] if found["severity"] == "warning")
    assert [leg["hop"]["platform"] for leg in warning["trace"]["legs"]] == ["knative", "application"]


def test_a_service_of_the_core_stays_one_beside_it(lint: Lint) -> None:
    """An Ingress that names it leads through Knative's own proxy."""
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: edge }\nspec:\n  ingressClassName: nginx\n"
        "  rules:\n    - http:\n        paths:\n"
        "          - { path: /, pathType: Prefix, backend: { service: { name: chat, port: { number: 80 } } } }\n"
    )
    found = loud(lint, "timeoutSeconds: 60", **{"ingress.yaml": ingress})
    assert found == ["ingress.yaml:3 warning short-idle-timeout", "service.yaml:9 warning capped-stream"]
