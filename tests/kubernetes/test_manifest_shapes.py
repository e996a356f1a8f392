"""Objects that Kubernetes refuses are unreadable, and never clean."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, problems

HEAD = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: chat}\n"
GOOD = "spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}\n"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("[1]", "`spec` has to be a mapping"),
        ("{rules: 5}", "`rules` has to be a list"),
        ("{rules: [5]}", "each item of `rules` has to be a mapping"),
        ("{rules: [{http: [1]}]}", "`http` has to be a mapping"),
        ("{rules: [{http: {paths: {a: 1}}}]}", "`paths` has to be a list"),
        ("{rules: [{http: {paths: [{path: /, backend: 7}]}}]}", "`backend` has to be a mapping"),
    ],
)
def test_what_kubernetes_refuses_is_unreadable(spec: str, problem: str, lint: Lint) -> None:
    report = lint({"k8s/ingress.yaml": f"{HEAD}spec: {spec}\n"})
    [unreadable] = report["unreadable"]
    assert report["status"] == 2
    assert problem in unreadable["message"]
    assert unreadable["location"]["line"] == 4


@pytest.mark.parametrize("spec", [GOOD, "spec: {rules: null}\n", "spec:\n", ""])
def test_what_kubernetes_takes_or_fills_is_read(spec: str, lint: Lint) -> None:
    assert not lint({"k8s/ingress.yaml": HEAD + spec})["unreadable"]


INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "chat"},
    "spec": {
        "ingressClassName": "nginx",
        "rules": [
            {"http": {"paths": [{"path": "/chat", "pathType": "Prefix", "backend": {"service": {"name": "chat"}}}]}}
        ],
    },
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(INGRESS),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [INGRESS]}),
        json.dumps(INGRESS).replace('"', "").replace(":", ": "),
    ],
)
def test_an_object_on_one_line_is_read(text: str, lint: Lint) -> None:
    report = lint({"k8s/ingress.yaml": text})
    assert problems(report, "short-idle-timeout")
    [unreadable] = lint({"k8s/ingress.yaml": text[:-2]})["unreadable"]
    assert unreadable["message"].startswith("is not YAML: ")
