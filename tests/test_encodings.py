"""Files in other encodings than they may have: each kind names them, and judges the others."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SITE = "events {}\nhttp { server { location /api/chat { proxy_pass http://app; } } }\n"
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: chat } # für alle
"""
TEMPLATE = "Resources: # für alle\n  Chat: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer }\n"
COMPOSE = "services: # für alle\n  web: { image: nginx }\n"
BALANCER = 'resource "aws_lb" "chat" {\n  name = "für alle"\n}\n'
CHART = "apiVersion: v2\nname: chat\nversion: 0.1.0\n"
STREAM = """using Microsoft.AspNetCore.Builder;
var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/tokens", async (HttpContext c) => { c.Response.ContentType = "text/event-stream"; await c.Response.WriteAsync("x"); });
"""
ENCRYPTED = "is encrypted by git-crypt; unlock the repository, or leave the file out with `exclude:`"
KINDS: dict[str, str] = {
    "nginx/nginx.conf": SITE,
    "ingress.yaml": INGRESS,
    "template.yaml": TEMPLATE,
    "compose.yaml": COMPOSE,
    "infra/main.tf": BALANCER,
    "vercel.json": '{"rewrites": []}',
    "chart/templates/ingress.yaml": INGRESS,
    "chart/values.yaml": "host: für alle\n",
}


def files_with(path: str, content: bytes) -> dict[str, str | bytes]:
    """A good nginx, the chart around a file of one, and the file."""
    chart: dict[str, str | bytes] = {"chart/Chart.yaml": CHART, "chart/templates/web.yaml": INGRESS}
    return {"site/nginx.conf": SITE, **(chart if path.startswith("chart/") else {}), path: content}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("path", KINDS)
def test_utf_16_is_named_and_the_rest_is_judged(path: str, encoding: str, lint: Lint) -> None:
    report = lint(files_with(path, KINDS[path].encode(encoding)))
    said = [(entry["location"]["path"], entry["message"]) for entry in report["unreadable"]]
    assert said == [(path, "is UTF-16, and UTF-8 is expected; save it as UTF-8")]
    assert report["status"] == 2
    assert any(problem.startswith("site/nginx.conf:2 ") for problem in problems(report))


@pytest.mark.parametrize("path", ["ingress.yaml", "template.yaml", "compose.yaml", "chart/values.yaml"])
def test_yaml_that_is_not_utf_8_is_named_with_its_line(path: str, lint: Lint) -> None:
    content = KINDS[path]
    report = lint(files_with(path, content.encode("latin-1")))
    [entry] = report["unreadable"]
    place = (entry["location"]["path"], entry["location"]["line"])
    assert place == (path, content[: content.index("ü")].count("\n") + 1)
    assert entry["message"] == "holds a byte that is not UTF-8 (0xfc); save it as UTF-8"
    assert not lint(files_with(path, content.encode()))["unreadable"]


def test_a_manifest_with_old_line_ends_is_read(lint: Lint) -> None:
    spec = "spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a}}}]}}]}\n"
    report = lint({"ingress.yaml": (INGRESS + spec).replace("\n", "\r").encode()})
    assert report["read"] == {"kubernetes": ["ingress.yaml"]}


def test_terraform_takes_other_bytes_in_comments_alone(lint: Lint) -> None:
    comment = 'resource "aws_lb" "chat" { # für "alle"\n  name = "#" // für alle\n}\n/* für\nalle */\n'.encode(
        "latin-1"
    )
    assert not lint({"main.tf": comment})["unreadable"]
    [entry] = lint({"main.tf": BALANCER.encode("latin-1")})["unreadable"]
    assert (entry["location"]["line"], entry["location"]["column"]) == (2, 12)
    assert entry["message"] == "is not valid Terraform: holds a byte that is not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (BALANCER.encode("utf-16-le"), "is UTF-16, and UTF-8 is expected; save it as UTF-8"),
        (b"\x1f\x8b\x08\x00" + b"\x93" * 40, "is binary, not text"),
        (b"\x00GITCRYPT\x00" + b"\x93" * 40, ENCRYPTED),
    ],
)
def test_terraform_that_is_no_text_is_named(content: bytes, why: str, lint: Lint) -> None:
    report = lint(files_with("infra/main.tf", content))
    assert [(entry["location"]["path"], entry["message"]) for entry in report["unreadable"]] == [("infra/main.tf", why)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_code_is_read_in_the_encodings_that_compilers_take(encoding: str, lint: Lint) -> None:
    report = lint({"chat.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>\n', "Program.cs": STREAM.encode(encoding)})
    assert report["read"] == {"application": ["Program.cs"]}
    assert not report["unreadable"]


@pytest.mark.parametrize("path", ["ingress.yaml", "compose.yaml", "infra/main.tf", "vercel.json", "nginx/nginx.conf"])
def test_a_byte_order_mark_of_utf_8_is_none_of_the_text(path: str, lint: Lint) -> None:
    report = lint(files_with(path, KINDS[path].encode("utf-8-sig")))
    marked = "it begins with a byte order mark"  # which nginx alone does not pass over
    assert [marked in entry["message"] for entry in report["unreadable"]] == [True] * path.startswith("nginx")
    assert path in str(report["read"])


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("chart/values.yaml", "hosts: [a\n", "is not YAML: did not find expected ',' or ']'"),
        ("chart/values.yaml", "- host\n", "holds no keys with values, which Helm expects here"),
        ("chart/values-prod.yaml", "hosts: [a\n", "is not YAML: did not find expected ',' or ']'"),
        ("chart/Chart.yaml", "# none yet\n", "is empty, where Helm expects the name and the version of a chart"),
        ("chart/Chart.yaml", "name: [\n", "is not YAML: did not find expected node content"),
    ],
)
def test_what_helm_can_not_read_of_a_chart_is_unreadable(path: str, content: str, message: str, lint: Lint) -> None:
    report = lint(files_with("chart/templates/other.yaml", b"") | {path: content})
    assert [(entry["location"]["path"], entry["message"]) for entry in report["unreadable"]] == [(path, message)]
    assert any(problem.startswith("site/nginx.conf:2 ") for problem in problems(report))


def test_a_helper_that_helm_can_not_parse_is_unreadable(lint: Lint) -> None:
    report = lint(files_with("chart/templates/_helpers.tpl", b'{{ define "chat.name" }}\nchat\n'))
    [entry] = report["unreadable"]
    assert entry["location"]["path"] == "chart/templates/_helpers.tpl"
    assert entry["message"].startswith("is a template that Helm refuses: a block is never closed")
    assert not lint(files_with("chart/templates/_helpers.tpl", b'{{ define "chat.name" }}chat{{ end }}\n'))[
        "unreadable"
    ]
