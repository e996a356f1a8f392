"""Kubernetes' objects that Terraform describes."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from test_gateways import APPLICATION
from test_releases import CHART, NAME

INGRESS = (
    'variable "timeout" {{\n  default = "{seconds}"\n}}\nresource "kubernetes_ingress_v1" "chat" {{\n  metadata {{\n'
    '    name = "chat"\n    annotations = {{\n      "nginx.ingress.kubernetes.io/proxy-read-timeout" = var.timeout\n    }}\n'
    '  }}\n  spec {{\n    ingress_class_name = "nginx"\n    rule {{\n      http {{\n        path {{\n          path = "/api"\n'
    '          path_type = "Prefix"\n          backend {{\n            service {{\n              name = "api"\n'
    "              port {{\n                number = 80\n              }}\n            }}\n          }}\n        }}\n"
    "      }}\n    }}\n  }}\n}}\n"
)


def judge(lint: Lint, files: dict[str, str | bytes]) -> list[str]:
    report = lint({**APPLICATION, **files})
    assert not report["unreadable"]
    return [line for line in problems(report) if " note " not in line]


def test_an_ingress_is_judged_on_the_values_of_variables(lint: Lint) -> None:
    assert judge(lint, {"main.tf": INGRESS.format(seconds="30")}) == ["main.tf:8 warning short-idle-timeout"]
    assert judge(lint, {"main.tf": INGRESS.format(seconds="600")}) == []


def test_a_value_that_is_not_known_is_not_guessed_at(lint: Lint) -> None:
    text = INGRESS.format(seconds="30").replace('  default = "30"\n', "")
    assert judge(lint, {"main.tf": text}) == []
    report = lint({**APPLICATION, "main.tf": text})
    assert any("proxy-read-timeout" in entry["message"] or "timeout" in entry["message"] for entry in report["unknown"])


def manifest(seconds: str) -> str:
    return (
        'resource "kubernetes_manifest" "chat" {\n  manifest = {\n    apiVersion = "networking.k8s.io/v1"\n'
        '    kind       = "Ingress"\n    metadata = {\n      name = "chat"\n      annotations = {\n'
        f'        "{NAME}" = "{seconds}"\n      }}\n    }}\n    spec = {{\n      ingressClassName = "nginx"\n'
        '      rules = [{ http = { paths = [{ path = "/api", pathType = "Prefix", backend = {\n'
        '        service = { name = "api", port = { number = 80 } } } }] } }]\n    }\n  }\n}\n'
    )


def test_a_manifest_is_found_line_by_line(lint: Lint) -> None:
    assert judge(lint, {"main.tf": manifest("30")}) == ["main.tf:8 warning short-idle-timeout"]
    assert judge(lint, {"main.tf": manifest("600")}) == []


def test_a_text_of_kubectl_is_read(lint: Lint) -> None:
    text = (
        'resource "kubectl_manifest" "chat" {\n  yaml_body = <<-YAML\n    apiVersion: networking.k8s.io/v1\n    kind: Ingress\n'
        f"    metadata:\n      name: chat\n      annotations: {{ {NAME}: '30' }}\n    spec:\n      ingressClassName: nginx\n"
        "      rules: [{ http: { paths: [{ path: /api, pathType: Prefix,\n"
        "        backend: { service: { name: api, port: { number: 80 } } } }] } }]\n  YAML\n}\n"
    )
    assert judge(lint, {"main.tf": text}) == ["main.tf:2 warning short-idle-timeout"]


def test_services_and_pods_lead_to_the_application(lint: Lint) -> None:
    pods = (
        'resource "kubernetes_service_v1" "api" {\n  metadata {\n    name = "api"\n  }\n  spec {\n'
        '    selector = { app = "api" }\n    port {\n      port = 80\n      target_port = 8000\n    }\n  }\n}\n'
        'resource "kubernetes_deployment_v1" "api" {\n  metadata {\n    name = "api"\n  }\n  spec {\n    template {\n'
        '      metadata {\n        labels = { app = "api" }\n      }\n      spec {\n        container {\n          name = "api"\n'
        '          image = "acme/api:1"\n        }\n      }\n    }\n  }\n}\n'
    )
    files = {name: text for name, text in APPLICATION.items() if not name.startswith("k8s/")}
    report = lint({**files, "main.tf": INGRESS.format(seconds="30"), "pods.tf": pods})
    assert [line for line in problems(report) if " note " not in line] == ["main.tf:8 warning short-idle-timeout"]


def release(*lines: str) -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f'resource "helm_release" "chat" {{\n  name = "prod"\n  chart = "./deploy/chart"\n{body}}}\n'


KEY = r"annotations.nginx\\.ingress\\.kubernetes\\.io/proxy-read-timeout"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([f'values = [yamlencode({{ annotations = {{ "{NAME}" = "30" }} }})]'], ["main.tf:4"]),
        (["values = [", '  file("short.yaml"),', "]"], ["short.yaml:1"]),
        (["set {", f'  name = "{KEY}"', '  value = "30"', '  type = "string"', "}"], ["main.tf:6"]),
        (["set = [", f'  {{ name = "{KEY}", value = "30", type = "string" }}', "]"], ["main.tf:5"]),
        (['values = [file("short.yaml")]', f'set = [{{ name = "{KEY}", value = "900", type = "string" }}]'], []),
        (['repository = "https://charts.example.com"', 'values = [file("short.yaml")]'], []),
    ],
)
def test_a_release_gives_a_local_chart_its_values(lines: list[str], expected: list[str], lint: Lint) -> None:
    files = {**CHART, "main.tf": release(*lines)}
    if "short.yaml" in str(lines):
        files["short.yaml"] = f"annotations: {{ {NAME}: '30' }}\n"
    assert judge(lint, files) == [f"{place} warning short-idle-timeout" for place in expected]


def test_a_library_that_nobody_calls_says_nothing(lint: Lint) -> None:
    text = INGRESS.format(seconds="30").replace('  default = "30"\n', "")
    assert judge(lint, {"modules/web/main.tf": text}) == []


@pytest.mark.parametrize("values", ["[var.extra]", "var.extra", '[yamlencode({ timeout = "600" }), var.extra]'])
def test_values_that_can_not_be_worked_out_are_told(values: str, lint: Lint) -> None:
    text = 'variable "extra" {}\n' + release(f"values = {values}")
    report = lint({**APPLICATION, **CHART, "main.tf": text})
    [entry] = report["unfollowed"]
    assert entry.startswith("main.tf:5:")
    assert "values of helm_release.chat can't be worked out, and its chart is read without them: var.extra" in entry
    known = release('values = [yamlencode({ timeout = "600" })]')
    assert lint({**APPLICATION, **CHART, "main.tf": known}).get("unfollowed", []) == []


def body(text: str) -> str:
    return f'variable "extra" {{}}\nresource "kubectl_manifest" "chat" {{\n  yaml_body = {text}\n}}\n'


@pytest.mark.parametrize(
    ("text", "unfollowed", "unreadable"),
    [
        ("var.extra", ["main.tf:3:3: what kubectl_manifest.chat describes can't be worked out: var.extra"], []),
        ('"kind: ${var.extra}"', ["main.tf:3:3: what kubectl_manifest.chat describes can't be worked out"], []),
        ('"kind: [Ingress"', [], ["gives kubectl_manifest.chat a text that is no YAML, and kubectl refuses it"]),
        ('"kind: [Ingress, ${var.extra}"', ["main.tf:3:3: the YAML of kubectl_manifest.chat can't be read"], []),
        ('"kind: Secret\\ndata: ${var.extra}"', [], []),
    ],
)
def test_a_body_of_kubectl_does_not_vanish(text: str, unfollowed: list[str], unreadable: list[str], lint: Lint) -> None:
    report = lint({"main.tf": body(text) + "# Ingress\n"})
    assert [entry.startswith(start) for entry, start in zip(report.get("unfollowed", []), unfollowed, strict=True)] == [
        True for _ in unfollowed
    ]
    messages = [entry["message"] for entry in report["unreadable"]]
    assert [message.startswith(start) for message, start in zip(messages, unreadable, strict=True)] == [
        True for _ in unreadable
    ]


def test_what_is_known_of_a_text_of_kubectl_is_judged(lint: Lint) -> None:
    text = (
        "<<-YAML\n    apiVersion: networking.k8s.io/v1\n    kind: Ingress\n    metadata:\n      name: chat-${var.extra}\n"
        f"      annotations: {{ {NAME}: '30' }}\n    spec:\n      ingressClassName: nginx\n"
        "      rules: [{ http: { paths: [{ path: /api, pathType: Prefix,\n"
        "        backend: { service: { name: api, port: { number: 80 } } } }] } }]\n  YAML"
    )
    assert judge(lint, {"main.tf": body(text)}) == ["main.tf:3 warning short-idle-timeout"]


@pytest.mark.parametrize(("kind", "is_named"), [("Ingress", True), ("Secret", False)])
def test_an_object_that_may_be_there_is_named_where_it_sends_requests_on(kind: str, is_named: bool, lint: Lint) -> None:
    text = body(f'"apiVersion: v1\\nkind: {kind}"\n  count = var.extra')
    found = lint({"main.tf": text + "# Ingress\n"}).get("unfollowed", [])
    assert found == (
        ["main.tf:2:1: whether there is kubectl_manifest.chat (Ingress) can't be worked out, and it is left out"]
        if is_named
        else []
    )


def test_a_manifest_that_is_not_known_is_named(lint: Lint) -> None:
    text = 'variable "extra" {}\nresource "kubernetes_manifest" "chat" {\n  manifest = var.extra\n}\n'
    [entry] = lint({"main.tf": text})["unfollowed"]
    assert entry.startswith("main.tf:3:3: what kubernetes_manifest.chat describes can't be worked out: var.extra")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('values = ["timeout: ["]', "gives helm_release.chat a text that is no YAML, and Helm refuses it"),
        ('values = ["- timeout"]', "gives helm_release.chat a list as its values, and Helm takes a mapping alone"),
        ('values = ["timeout"]', "gives helm_release.chat a text as its values, and Helm takes a mapping alone"),
        ('values = ["", "~", null, "{}"]', ""),
    ],
)
def test_values_that_helm_refuses_are_unreadable(line: str, message: str, lint: Lint) -> None:
    report = lint({**APPLICATION, **CHART, "main.tf": release(line)})
    assert [entry["message"].startswith(message) for entry in report["unreadable"]] == ([True] if message else [])
    assert all(entry["location"]["line"] == 4 for entry in report["unreadable"])


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        (
            ["set {", "name = var.extra", 'value = "1"', "}"],
            "what a `set` with a name that is not known gives to values",
        ),
        (["set = var.extra"], "what `set` gives of helm_release.chat can't be worked out"),
        (["set = [var.extra]"], "what a `set` gives of helm_release.chat can't be worked out"),
        (['set = [{ name = "a[0].b", value = "1" }]'], "`a[0].b`, which a `set` of helm_release.chat gives"),
        (
            ['dynamic "set" {', "for_each = var.extra", "content {", 'name = "a"', 'value = "b"', "}", "}"],
            "what `set` gives",
        ),
    ],
)
def test_a_setting_that_can_not_be_worked_out_is_told(lines: list[str], start: str, lint: Lint) -> None:
    report = lint({**APPLICATION, **CHART, "main.tf": 'variable "extra" {}\n' + release(*lines)})
    [entry] = report["unfollowed"]
    assert entry.partition(": ")[2].startswith(start)
