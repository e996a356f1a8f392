"""Azure's Application Gateway, as annotations of Ingresses set it up."""

from __future__ import annotations

import pytest
from conftest import Lint, problems, run
from test_gateways import APPLICATION, loud, unknown


def ingress(annotation: str = "team: chat", path: str = "/api", kind: str = "Prefix") -> str:
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app\n  annotations:\n    {annotation}\n"
        "spec:\n  ingressClassName: azure-application-gateway\n  rules:\n    - http:\n        paths:\n"
        f"          - {{ path: {path}, pathType: {kind}, backend: {{ service: {{ name: api, port: {{ number: 80 }} }} }} }}\n"
    )


def test_it_hangs_up_after_30_seconds_of_silence(lint: Lint) -> None:
    assert loud(lint, ingress()) == ["4 warning short-idle-timeout"]


@pytest.mark.parametrize(("seconds", "expected"), [("20", ["6 warning short-idle-timeout"]), ("600", [])])
def test_an_annotation_says_how_long_it_waits(seconds: str, expected: list[str], lint: Lint) -> None:
    assert loud(lint, ingress(f'appgw.ingress.kubernetes.io/request-timeout: "{seconds}"')) == expected


@pytest.mark.parametrize(("seconds", "expected"), [("20", ["k8s/edge.yaml:6 error short-idle-timeout"]), ("60", [])])
def test_the_timeout_is_about_websockets_too(seconds: str, expected: list[str], lint: Lint) -> None:
    """https://github.com/MicrosoftDocs/azure-docs/issues/49622: a gateway that waits as long as from ping to ping."""
    declared = "streams: [{path: /api/chat, kind: websocket, heartbeat: 30s}]\n"
    edge = ingress(f'appgw.ingress.kubernetes.io/request-timeout: "{seconds}"')
    report = lint({"infralint.yaml": declared, "k8s/edge.yaml": edge})
    assert [line for line in problems(report) if "short-idle-timeout" in line] == expected


def test_a_timeout_that_is_no_number_is_not_guessed_at(lint: Lint) -> None:
    text = ingress("appgw.ingress.kubernetes.io/request-timeout: 10m")
    assert loud(lint, text) == []
    assert any("10m" in message for message in unknown(lint, text))


def test_whether_it_buffers_is_said_elsewhere(lint: Lint) -> None:
    text = ingress('appgw.ingress.kubernetes.io/request-timeout: "600"')
    assert any("globalConfiguration" in message for message in unknown(lint, text))


def test_a_path_takes_what_lies_below_it_with_a_star_or_as_a_prefix(lint: Lint) -> None:
    assert loud(lint, ingress(path="/api/*", kind="ImplementationSpecific")) == ["4 warning short-idle-timeout"]
    assert loud(lint, ingress(path="/api/", kind="Exact")) == []


def test_the_path_of_the_backend_is_followed(lint: Lint) -> None:
    moved = ingress('appgw.ingress.kubernetes.io/backend-path-prefix: "/api/"', "/v2/*", "ImplementationSpecific")
    assert loud(lint, moved) == ["4 warning short-idle-timeout"]


def test_the_annotation_is_written_by_fix(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": ingress()})
    assert any("short-idle-timeout" in line for line in problems(report))
    assert run("check", "--fix", ".").exit_code in (0, 1, 2)
    report = lint({})
    assert [line for line in problems(report) if "short-idle-timeout" in line] == []
