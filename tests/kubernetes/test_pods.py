"""Pods that no Deployment makes, and containers that start before the others."""

from __future__ import annotations

from conftest import Lint
from test_ingress import APPLICATION, PODS, ingress

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: api
  labels: { app: api }
  annotations: { ANNOTATION: "test" }
spec:
  containers:
    - { name: api, image: "ghcr.io/acme/chat-api:1", ports: [{ name: http, containerPort: 8000 }] }
"""
SERVICE = PODS.partition("---")[0]


def test_a_service_leads_to_a_pod_that_stands_alone(lint: Lint) -> None:
    pod = POD.replace("ANNOTATION", "example.com/team")
    report = lint({**APPLICATION, "k8s/ingress.yaml": ingress(), "k8s/pods.yaml": f"{SERVICE}---\n{pod}"})
    warning = next(found for found in report["findings"] if found["severity"] == "warning")
    assert [leg["hop"]["platform"] for leg in warning["trace"]["legs"]] == ["ingress-nginx", "application"]
    assert not report["unknown"]


def test_a_pod_of_a_charts_tests_stands_behind_no_service(lint: Lint) -> None:
    """Its labels are the chart's, but it runs once and serves nobody: its ports name nothing."""
    tester = POD.replace("ANNOTATION", "helm.sh/hook").replace("name: http, ", "")
    files = {**APPLICATION, "k8s/ingress.yaml": ingress(), "k8s/pods.yaml": f"{SERVICE}---\n{tester}"}
    assert not lint(files)["unknown"]


def test_a_sidecar_among_the_init_containers_may_name_it(lint: Lint) -> None:
    sidecar = (
        "      initContainers:\n        - { name: edge, image: 'acme/edge:1', restartPolicy: Always,"
        " ports: [{ name: web, containerPort: 80 }] }\n"
    )
    pods = PODS.replace("targetPort: http", "targetPort: web").replace(
        "      containers:\n", f"{sidecar}      containers:\n"
    )
    assert not lint({**APPLICATION, "k8s/ingress.yaml": ingress(), "k8s/pods.yaml": pods})["unknown"]
