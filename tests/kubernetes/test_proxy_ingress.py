"""Ingresses that HAProxy, Kong, Contour or Istio serves: each by its own defaults and its own annotations."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lint, problems, run, write
from test_ingress import APPLICATION, PODS, ingress, judged


def annotated_service(*annotations: str) -> str:
    lines = "".join(f"    {line}\n" for line in annotations)
    return PODS.replace("metadata: { name: api }\n", f"metadata:\n  name: api\n  annotations:\n{lines}", 1)


def test_haproxy_hangs_up_after_50_seconds_and_on_sockets_after_an_hour(lint: Lint) -> None:
    assert judged(lint, ingress(kind="haproxy")) == ["k8s/ingress.yaml:4 warning short-idle-timeout"]


@pytest.mark.parametrize("prefix", ["haproxy.org", "haproxy-ingress.github.io"])
def test_both_controllers_of_haproxy_read_their_own_annotation(prefix: str, lint: Lint) -> None:
    assert judged(lint, ingress(f'{prefix}/timeout-server: "10m"', kind="haproxy")) == []
    short = judged(lint, ingress(f'{prefix}/timeout-server: "40s"', kind="haproxy"))
    assert short == ["k8s/ingress.yaml:7 warning short-idle-timeout"]


def test_a_number_without_a_unit_is_milliseconds_to_haproxy(lint: Lint) -> None:
    found = judged(lint, ingress('haproxy.org/timeout-server: "600"', kind="haproxy"))
    assert found == ["k8s/ingress.yaml:7 warning short-idle-timeout"]


def test_the_service_decides_before_the_ingress_and_the_configmap_last(lint: Lint) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: haproxy-kubernetes-ingress }\n"
    config += 'data:\n  timeout-server: "20s"\n'
    files = {"k8s/config.yaml": config}
    assert judged(lint, ingress(kind="haproxy"), **files) == ["k8s/config.yaml:5 warning short-idle-timeout"]
    assert judged(lint, ingress('haproxy.org/timeout-server: "10m"', kind="haproxy"), **files) == []
    files["k8s/pods.yaml"] = annotated_service('haproxy.org/timeout-server: "30s"')
    found = judged(lint, ingress('haproxy.org/timeout-server: "10m"', kind="haproxy"), **files)
    assert found == ["k8s/pods.yaml:6 warning short-idle-timeout"]


@pytest.mark.parametrize("kind", ["haproxy", "kong", "contour", "istio"])
def test_annotations_of_ingress_nginx_mean_nothing_to_another_controller(kind: str, lint: Lint) -> None:
    nginx = "nginx.ingress.kubernetes.io"
    others = [
        f'{nginx}/proxy-read-timeout: "5"',
        f'{nginx}/proxy-buffering: "on"',
        f'{nginx}/proxy-http-version: "1.0"',
    ]
    assert judged(lint, ingress(*others, kind=kind)) == judged(lint, ingress(kind=kind))


def test_kong_buffers_and_hangs_up_after_a_minute(lint: Lint) -> None:
    assert judged(lint, ingress(kind="kong")) == [
        "k8s/ingress.yaml:4 warning buffered-stream",
        "k8s/ingress.yaml:4 warning short-idle-timeout",
    ]


def test_kong_reads_buffering_at_the_ingress_and_milliseconds_at_the_service(lint: Lint) -> None:
    unbuffered = ingress('konghq.com/response-buffering: "false"', kind="kong")
    patient = annotated_service('konghq.com/read-timeout: "3600000"')
    assert judged(lint, unbuffered, **{"k8s/pods.yaml": patient}) == []
    hasty = annotated_service('konghq.com/read-timeout: "3600"')
    assert judged(lint, unbuffered, **{"k8s/pods.yaml": hasty}) == ["k8s/pods.yaml:6 warning short-idle-timeout"]


def test_what_a_kongingress_decides_is_not_guessed(lint: Lint) -> None:
    text = ingress("konghq.com/override: chat", kind="kong")
    report = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS})
    assert [line for line in problems(report) if " note " not in line] == []
    assert any("KongIngress" in entry["message"] for entry in report["unknown"])


def test_contour_ends_answers_after_15_seconds_and_opens_named_sockets_alone(lint: Lint) -> None:
    assert judged(lint, ingress(kind="contour")) == [
        "k8s/ingress.yaml:4 warning capped-stream",
        "k8s/ingress.yaml:4 error missing-upgrade-headers",
    ]
    told = ['projectcontour.io/response-timeout: "infinity"', 'projectcontour.io/websocket-routes: "/live,/api"']
    assert judged(lint, ingress(*told, kind="contour")) == []
    elsewhere = ingress(told[0], 'projectcontour.io/websocket-routes: "/live"', kind="contour")
    assert judged(lint, elsewhere) == ["k8s/ingress.yaml:8 error missing-upgrade-headers"]


def test_istio_sets_no_limit_on_an_ingress(lint: Lint) -> None:
    assert judged(lint, ingress(kind="istio")) == []


@pytest.mark.parametrize(
    ("annotation", "service"),
    [
        ("", 'haproxy.org/cookie-persistence: "SERVER"'),
        ('haproxy-ingress.github.io/affinity: "cookie"', "a: b"),
    ],
)
def test_sessions_are_kept_by_a_cookie_of_haproxy(annotation: str, service: str, lint: Lint) -> None:
    declared = "streams: [{ path: /api/live, kind: websocket, session: Socket.IO, heartbeat: 25s }]\n"
    replicas = "spec:\n  replicas: 3\n  selector: { matchLabels"

    def loud(annotation: str, service: str) -> list[str]:
        pods = annotated_service(service).replace("spec:\n  selector: { matchLabels", replicas)
        text = ingress(*filter(None, [annotation]), kind="haproxy")
        files = {"infralint.yaml": declared, "k8s/pods.yaml": pods}
        return [line for line in judged(lint, text, **files) if "sticky" in line]

    assert loud(annotation, service) == []
    assert loud("", "a: b") == ["k8s/ingress.yaml:4 warning missing-sticky-sessions"]


def test_a_prefix_that_kong_takes_off_is_followed(lint: Lint) -> None:
    text = ingress("konghq.com/strip-path: 'true'", kind="kong", path="/v1")
    assert "k8s/ingress.yaml:4 warning short-idle-timeout" in judged(lint, text)


def test_a_fix_changes_the_annotation_of_the_controller(tmp_path: Path) -> None:
    text = ingress('haproxy.org/timeout-server: "40s"', kind="haproxy")
    write(tmp_path, {**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS})
    run("check", "--fix", str(tmp_path))
    assert 'haproxy.org/timeout-server: "300s"' in (tmp_path / "k8s/ingress.yaml").read_text()
