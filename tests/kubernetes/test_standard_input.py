"""What `helm template`, `kustomize build` or `kubectl get -o yaml` print, on standard input."""

from __future__ import annotations

import json

import pytest
from conftest import run

RENDERED = """---
# Source: chat/templates/ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/proxy-buffering: "on"
    nginx.ingress.kubernetes.io/proxy-read-timeout: "20"
spec:
  ingressClassName: nginx
  rules:
    - http:
        paths:
          - path: /api/chat/stream
            pathType: Prefix
            backend: { service: { name: api, port: { number: 80 } } }
"""
LISTED = """apiVersion: v1
kind: List
items:
  - apiVersion: route.openshift.io/v1
    kind: Route
    metadata:
      name: web
      annotations: { haproxy.router.openshift.io/timeout: 10s }
    spec: { host: chat.example.com, path: /api/chat/stream, to: { name: api } }
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RENDERED, {(8, "buffered-stream"), (9, "short-idle-timeout")}),
        (LISTED, {(8, "short-idle-timeout")}),
        (RENDERED.replace('"on"', '"off"').replace('"20"', '"900"'), set()),
    ],
)
def test_rendered_manifests_are_judged_with_their_lines(text: str, expected: set[tuple[int, str]]) -> None:
    result = run("check", "--format", "json", "--ignore", "retired-controller", "-", stdin=text.encode())
    report = json.loads(result.stdout)
    found = {(finding["location"]["line"], finding["check"]) for finding in report["findings"]}
    assert found == expected
    assert {finding["location"]["path"] for finding in report["findings"]} <= {"<stdin>"}
    assert not report["unreadable"]


def test_broken_manifests_are_named_with_their_line() -> None:
    result = run("check", "-", stdin=(RENDERED + "  broken: [\n").encode())
    assert result.exit_code == 2
    assert "<stdin>:19" in result.output


def test_nginx_still_comes_through_standard_input() -> None:
    text = "server { listen 80; location /chat/stream { proxy_pass http://b; proxy_buffering on; proxy_read_timeout 9s; } }\n"
    result = run("check", "-q", "-", stdin=text.encode())
    assert "short-idle-timeout" in result.output
