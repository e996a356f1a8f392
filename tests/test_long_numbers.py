"""A number of any length, wherever one is written, is judged or refused as any other wrong value is."""

from __future__ import annotations

import pytest
from conftest import Lint
from yardstick import at_most

LONG = "9" * 5000
"""More digits than Python turns into a number unasked."""
SITE = "events {}\nhttp { server { listen 80; location /chat { proxy_pass http://app; } } }\n"
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: chat, annotations: { alb.ingress.kubernetes.io/group.order: "%s" } }
spec:
  ingressClassName: alb
  rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: chat, port: { number: %s } } } }] } }]
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: { name: chat }
spec: { selector: { app: chat }, ports: [{ port: 80, targetPort: %s }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: chat }
spec: { template: { metadata: { labels: { app: chat } }, spec: { containers: [{ name: chat, image: chat }] } } }
"""
CHART = {"Chart.yaml": "apiVersion: v2\nname: chat\nversion: 0.1.0\n", "values.yaml": f"version: 1.{LONG}.0\n"}
COMPARES = '{{ if semverCompare ">=1.%s" .Values.version }}{{ (semver .Values.version).Minor }}{{ end }}\n'
ALIAS = """Resources:
  Service:
    Type: AWS::ECS::Service
    Properties:
      ServiceConnectConfiguration:
        Enabled: true
        Services: [{ PortName: web, ClientAliases: [{ Port: "%s", DnsName: chat }] }]
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: { Name: !Select ["%s", [a, b]] }
"""
PATCH = """resources: [ingress.yaml]
patches:
  - target: { kind: Ingress }
    patch: |-
      - { op: replace, path: /spec/rules/%s/host, value: chat.example.com }
"""
VIRTUAL = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: chat }
spec: { hosts: [chat], http: [{ route: [{ destination: { host: chat, port: { number: "%s" } } }] }] }
"""
COMPOSE = """services:
  edge: { image: "nginx:1.%s", volumes: ["./nginx.conf:/etc/nginx/nginx.conf"] }
  proxy: { image: "nginxproxy/nginx-proxy:1.%s" }
  app: { image: app, environment: { VIRTUAL_HOST: a.example.com, VIRTUAL_PORT: "%s" } }
"""


@pytest.mark.parametrize(
    "files",
    [
        {"nginx.conf": SITE, "Dockerfile": f"FROM nginx:1.{LONG}\nCOPY nginx.conf /etc/nginx/\n"},
        {"nginx.conf": SITE, "Dockerfile": f"FROM nginx:{LONG}.2.{LONG}\nCOPY nginx.conf /etc/nginx/\n"},
        {"nginx.conf": SITE.replace("80", f"{LONG}-{LONG}")},
        {"nginx.conf": SITE.replace("80", "8²-9²")},
        {"nginx.conf": SITE.replace("http://app", f"http://app${LONG}")},
        {"nginx.conf": SITE.replace("http://app", "http://app$²")},
        {"nginx.conf": SITE.replace("{ proxy", f"{{ add_header Cache-Control max-age={LONG}; proxy_cache x; proxy")},
        {"nginx.conf": SITE, "compose.yaml": COMPOSE % (LONG, LONG, LONG)},
        {"ingress.yaml": INGRESS % (LONG, LONG)},
        {"service.yaml": SERVICE % LONG, "ingress.yaml": INGRESS % (1, 80)},
        {"istio.yaml": VIRTUAL % LONG},
        {"ingress.yaml": INGRESS % (1, 80), "kustomization.yaml": PATCH % LONG},
        {**CHART, "templates/ingress.yaml": COMPARES % LONG + INGRESS % (1, 80)},
        {"template.yaml": ALIAS % (LONG, LONG)},
        {"main.tf": f'resource "aws_lb" "chat" {{\n  name = var.names.{LONG}\n}}\nvariable "names" {{\n  default = ["a"]\n}}\n'},
        {"main.tf": f'resource "aws_lb" "chat" {{\n  name = regex("a{{{LONG}}}", "a")\n}}\n'},
        {"main.tf": f'module "alb" {{\n  source  = "terraform-aws-modules/alb/aws"\n  version = "{LONG}"\n}}\n'},
        {"vercel.json": f'{{"rewrites": [{{"source": "/chat", "destination": "https://app.example.com:{LONG}/chat"}}]}}'},
        {"vercel.json": f'{{"functions": {{"api/{{1..{LONG}}}.js": {{"maxDuration": {LONG}}}}}}}', "api/1.js": "export default 1\n"},
        {"requirements.txt": "fastapi\n", "Dockerfile": f"FROM python\nEXPOSE {LONG}\nCMD uvicorn app:app --port {LONG}\n"},
    ],
)  # fmt: skip
def test_a_number_that_is_too_long_is_no_fault(files: dict[str, str | bytes], lint: Lint) -> None:
    report = lint(files)
    assert "fault of infralint" not in str(report["unreadable"])
    assert report["status"] in (0, 1, 2)


@pytest.mark.parametrize(
    "number", ["1" * 47_000 + "_", "1" * 47_000 + "x", "0x" + "1" * 40_000, "1" * 20_000 + "." + "1" * 20_000]
)
def test_a_long_number_among_a_charts_values_is_read_in_time(number: str, lint: Lint) -> None:
    with at_most(200):
        report = lint(
            {
                "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
                "c/values.yaml": f"a: {number}\n",
                "c/templates/web.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata:\n"
                "  nginx.conf: |\n    # {{ .Values.a }}\n    server { location /sse { proxy_pass http://app; } }\n",
            }
        )
    assert report["unreadable"] == []
