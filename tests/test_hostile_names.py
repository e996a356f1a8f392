"""Whatever reader a name comes through, and whatever it is made of, it is shown as a name in every report and picture."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import run, write
from markdown_it import MarkdownIt
from test_output_safety import STEERING, unsafe

from infralint.reporters import REPORTERS

ORDER = re.compile(r"^\s*::[A-Za-z-]+(?: [^\n]*?)?::|##\[", re.MULTILINE)
"""A command to a runner: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs"""
NAME = (
    "=zq\x1b[31m\x07\u202e\u2066\u200f\x85%0A::error::zq\n::error::zq\n##[error]zq\r<img src=zq onerror=zq>"
    "<script>zq</script>![i](http://zq/y.png)[x](http://zq)|`zq`&lt;img src=zq&gt;\u2028@zq"
)
QUOTED = json.dumps(NAME)
BELOW = json.dumps(f"/chat{NAME}")
STREAM = "streams: [{path: /chat, generation: 10m}]\n"
METADATA = f"metadata: {{name: {QUOTED}, namespace: {QUOTED}}}\n"
BACKEND = f"{{name: {QUOTED}, port: 80}}"
PROJECTS: dict[str, dict[str, str]] = {
    "settings": {
        "infralint.yaml": f"streams: [{{path: {BELOW}, host: {QUOTED}, generation: 10m}}, {{path: /x, hops: [{QUOTED}]}}]\n",
        "nginx.conf": "events {}\nhttp { server { location / { proxy_pass http://app:8000; } } }\n",
    },
    "compose": {
        "compose.yaml": f"services:\n  {QUOTED}:\n    image: {QUOTED}\n    ports: [{QUOTED}]\n    networks: [{QUOTED}]\n"
        f"    depends_on: [{QUOTED}]\n",
    },
    "an Ingress": {
        "k.yaml": f"apiVersion: networking.k8s.io/v1\nkind: Ingress\n{METADATA}spec:\n  ingressClassName: nginx\n  rules:\n"
        f"  - host: {QUOTED}\n    http: {{paths: [{{path: {BELOW}, pathType: Prefix, backend: {{service: {{name: {QUOTED},"
        f" port: {{name: {QUOTED}}}}}}}}}]}}\n  - http: {{paths: [{{path: /chat, pathType: Prefix,"
        f" backend: {{service: {{name: {QUOTED}, port: {{number: 80}}}}}}}}]}}\n",
    },
    "a route": {
        "k.yaml": f"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n{METADATA}spec:\n  hostnames: [{QUOTED}]\n"
        f"  parentRefs: [{{name: {QUOTED}}}]\n  rules:\n  - matches: [{{path: {{type: PathPrefix, value: /chat}}}}]\n"
        f"    timeouts: {{request: {QUOTED}}}\n    backendRefs: [{BACKEND}]\n",
    },
    "Terraform": {
        "main.tf": f'locals {{\n  m = {{ {QUOTED} = 1 }}\n}}\nresource "aws_lb" "a" {{\n  for_each = local.m\n'
        f'  name = each.key\n}}\nresource "aws_lb" "b" {{\n  idle_timeout = {QUOTED}\n}}\nmodule {QUOTED} {{\n'
        f"  source = {QUOTED}\n}}\n",
    },
    "manifests in Terraform": {
        "main.tf": f'resource "kubectl_manifest" "m" {{\n  yaml_body = {json.dumps("kind: Ingress, x: [" + NAME)}\n}}\n',
    },
    "SAM": {
        "template.yaml": f"Transform: AWS::Serverless-2016-10-31\nResources:\n  {QUOTED}:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{FunctionName: {QUOTED}, Handler: a.b, Runtime: python3.12, Timeout: 30,"
        f" Events: {{{QUOTED}: {{Type: HttpApi, Properties: {{Path: {BELOW}, Method: get}}}}}}}}\n",
    },
    "serverless.yml": {
        "serverless.yml": f"service: {QUOTED}\nprovider: {{name: aws, stage: {QUOTED}}}\nfunctions:\n  {QUOTED}:\n"
        f"    handler: a.b\n    url: true\n    events: [{{http: {{path: {BELOW}, method: get}}}}]\n",
    },
    "Vercel": {
        "vercel.json": json.dumps(
            {
                "functions": {f"api/{NAME}.js": {"runtime": NAME}},
                "rewrites": [{"source": f"/{NAME}(", "destination": NAME}],
            }
        ),
    },
    "cloudflared": {
        "config.yml": f"tunnel: {QUOTED}\ningress:\n - hostname: {QUOTED}\n   path: {BELOW}\n   service: http://a:80\n"
        f" - service: {QUOTED}\n",
    },
    "code": {
        "app.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
        f"@app.get({BELOW})\ndef chat():\n    return StreamingResponse(g(), media_type='text/event-stream')\n",
        "nginx.conf": "events {}\nhttp { server { location / { proxy_pass http://app:8000; } } }\n",
    },
}
PICTURES = {
    "text": ["--explain"],
    "compact": ["--compact"],
    "json": ["--format", "json"],
    "mermaid": ["--format", "mermaid"],
    "html": ["--format", "html"],
}


class _Elements(HTMLParser):
    """The elements of a page that a name has made."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.made: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        links = {value for name, value in attrs if name in ("href", "src", "onerror") and value}
        self.made += [tag] * any(value.startswith(("zq", "http://zq")) for value in links)

    def handle_data(self, data: str) -> None:
        self.made += ["script"] * (self.cdata_elem == "script" and data.strip() == "zq")


def injected(text: str, format_: str) -> list[str]:
    """What a name begins in what is printed, beside itself."""
    if format_ == "markdown":
        text = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return _Elements(text).made if format_ in ("html", "markdown") else []


def acting(text: str, format_: str) -> list[str]:
    """What in a text acts on who shows it: on a terminal, a runner, a page."""
    orders = [] if format_ == "github" else ORDER.findall(text)
    return STEERING.findall(text) + orders + injected(text, format_)


@pytest.mark.parametrize("reader", PROJECTS)
def test_a_name_is_a_name_in_every_report(reader: str, here: Path) -> None:
    write(here, {"infralint.yaml": STREAM, **PROJECTS[reader]})
    shown = ""
    for format_ in sorted(REPORTERS):
        result = run("check", "--format", format_)
        assert acting(result.stdout, format_) == []
        assert acting(result.stderr, "text") == []
        if format_ == "github":
            assert unsafe(result.stdout, format_) == []
        shown += result.stdout
    assert "zq" in shown


@pytest.mark.parametrize("reader", PROJECTS)
def test_a_name_is_a_name_in_every_picture(reader: str, here: Path) -> None:
    write(here, {"infralint.yaml": STREAM, **PROJECTS[reader]})
    for format_, options in PICTURES.items():
        result = run("trace", *options)
        assert acting(result.stdout, format_) == []
        assert acting(result.stderr, "text") == []
