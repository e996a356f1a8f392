"""No name in a judged file steers a terminal, gives orders to a CI runner, or shows a secret, in any format."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import Lint, printed, run, write
from markdown_it import MarkdownIt

from infralint.reporters import REPORTERS

STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ORDERS = re.compile(r"^\s*::[a-z]|##\[", re.MULTILINE)
ODD = "\x1b[31m\x07\u202e\x85\n::error::x\n##[error]x"
SITE = """events {{}}
http {{
  server {{
    server_name "{odd}";
    location "/api/chat/{odd}" {{ proxy_pass http://app; }}
  }}
}}
"""


def unsafe(text: str, format_: str) -> list[str]:
    orders = (
        ORDERS.findall(text)
        if format_ != "github"
        else re.findall(r"^(?!::(?:error|warning|notice) file=)", text[:-1], re.M)
    )
    return STEERING.findall(text) + orders


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_odd_names_of_files_and_hops(format_: str, here: Path) -> None:
    write(
        here, {f"sites/{ODD.replace('/', '')}.conf": SITE.replace("{odd}", ODD).replace("{{", "{").replace("}}", "}")}
    )
    result = run("check", "--format", format_)
    assert result.exit_code == 1
    assert "buffered-stream" in result.stdout
    assert unsafe(result.stdout, format_) == []
    assert unsafe(result.stderr, "text") == []


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_odd_names_of_what_can_not_be_read(format_: str, here: Path) -> None:
    write(here, {f"nginx{ODD}.conf": f"server {{\n  proxy_pass http://{ODD.strip()};\n", "nginx.conf": "http {"})
    result = run("check", "--format", format_)
    assert result.exit_code == 2
    assert unsafe(result.stdout, format_) == []


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_no_password_leaves_in_a_report(format_: str, here: Path) -> None:
    address = 'set $other "https://x/?token=s3cr3tword";'
    location = f"location /api/chat {{ proxy_read_timeout 9s; proxy_pass http://shop:s3cr3tword@app; {address} }}"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ {location} }} }}\n"})
    result = run("check", "--format", format_, "--output", "sarif=report.sarif")
    assert result.exit_code == 2, "nginx takes what follows the user for a port, and refuses it"
    assert "s3cr3tword" not in result.stdout
    assert "s3cr3tword" not in (here / "report.sarif").read_text()


def test_a_machine_gets_the_names_as_they_are(here: Path) -> None:
    write(here, {f"a{ODD.replace('/', '')}.conf": SITE.replace("{odd}", "x").replace("{{", "{").replace("}}", "}")})
    report = json.loads(run("check", "--format", "json").stdout)
    assert report["findings"][0]["location"]["path"] == f"a{ODD}.conf"


def test_what_goes_wrong_with_a_call_is_shown_safely(here: Path) -> None:
    result = run("check", f"gone{ODD}")
    assert result.exit_code == 2
    assert "no such file or folder" in result.stderr
    assert unsafe(result.stderr, "text") == []


@pytest.mark.parametrize("marks", ["`", "``", "```", "` `` ", "\\`", "```` ` "])
def test_backticks_in_a_name_let_nothing_else_act_in_markdown(marks: str, here: Path) -> None:
    page = f"/api/chat/{marks}<img src=x>![i](http://x/y.png)[x](http://y){marks}"
    quoted = page.replace("\\", "\\\\")
    write(
        here, {"nginx.conf": f'events {{}}\nhttp {{ server {{ location "{quoted}" {{ proxy_pass http://app; }} }} }}\n'}
    )
    text = printed("markdown")
    assert "src=x" in text
    shown = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in shown
    assert 'href="http://y"' not in shown


COMMENTED = "events {}\nhttp { server {\n  # %s\n  location /api/chat { proxy_pass http://app; } } }\n"


@pytest.mark.parametrize(
    "order", ["##[error]x", "##vso[task.complete]x", "\n  set $x '\n  ::error::x';", "x\r::add-mask::x"]
)
def test_a_patch_holds_no_command_to_a_runner(order: str, here: Path) -> None:
    write(here, {"a.conf": COMMENTED % "Chat", "b.conf": COMMENTED % order})
    result = run("check", "--diff")
    assert result.exit_code == 2
    assert "b.conf: no patch is printed" in result.stderr
    assert "+++ b/a.conf" in result.stdout
    assert ORDERS.findall(result.stdout) == []


def test_a_name_in_a_patch_steers_nothing_and_git_takes_it(here: Path) -> None:
    name = "a\u202e##[error]\u2028.conf"
    write(here, {name: SITE.replace("{odd}", "x").replace("{{", "{").replace("}}", "}")})
    result = run("check", "--diff")
    assert unsafe(result.stdout, "text") == []
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "apply"], input=result.stdout_bytes, check=True)
    assert "proxy_buffering off;" in (here / name).read_text()


def test_a_long_name_is_not_broken_where_it_becomes_a_command(here: Path) -> None:
    write(here, {"nginx.conf": SITE.replace("{odd}", "x").replace("{{", "{").replace("}}", "}")})
    result = run("trace", f"/{'x' * 40}/::error::{'y' * 60}/::error::x")
    assert "error" in result.stdout
    assert re.findall(r"^\W*::error::", result.stdout, re.M) == []


def test_what_click_says_of_a_call_is_shown_safely(here: Path) -> None:
    for call in (["init", ODD], ["schema", ODD], ["check", "--tf-var-file", ODD], [ODD]):
        assert unsafe(run(*call).stderr, "text") == []


BALANCER = 'resource "aws_lb" "a" {\n  name = "a"\n  load_balancer_type = "application"\n  idle_timeout = %s\n}\n'
SENSITIVE = 'variable "p" {\n  sensitive = true\n  %s\n}\n'
CALL = 'module "m" {\n  source = "./m"\n}\n'
OUTPUT = 'output "o" {\n  value = var.p\n}\n'
MANIFEST = """resource "kubernetes_manifest" "i" {
  manifest = {
    apiVersion = "networking.k8s.io/v1"
    kind = "Ingress"
    metadata = {
      name = "x-${var.p}"
      annotations = { "nginx.ingress.kubernetes.io/proxy-read-timeout" = "37" }
    }
    spec = {
      ingressClassName = "nginx"
      rules = [{
        host = "${var.p}.example.com"
        http = { paths = [{ path = "/chat", backend = { service = { name = "b", port = { number = 80 } } } }] }
      }]
    }
  }
}
"""
EACH = BALANCER.replace('name = "a"', "for_each = %s") % ("%s", 60)


@pytest.mark.parametrize(
    ("files", "call"),
    [
        ({"main.tf": SENSITIVE % 'default = { s3cr3tword = "x" }' + EACH % "var.p"}, []),
        (
            {
                "main.tf": SENSITIVE % 'default = ["s3cr3tword"]'
                + "locals {\n  k = toset(var.p)\n}\n"
                + EACH % "local.k"
            },
            [],
        ),
        ({"main.tf": SENSITIVE % 'type = number\n  default = "s3cr3tword"' + BALANCER % "var.p"}, []),
        ({"main.tf": SENSITIVE % "type = number" + BALANCER % "var.p", "terraform.tfvars": 'p = "s3cr3tword"\n'}, []),
        ({"main.tf": SENSITIVE % "type = map(number)" + BALANCER % 'var.p["a"]'}, ["--tf-var", "p=s3cr3tword"]),
        ({"main.tf": SENSITIVE % 'default = "s3cr3tword"' + BALANCER % 'file("${path.module}/${var.p}")'}, []),
        (
            {
                "main.tf": 'module "m" {\n  source = "./m"\n  p = "s3cr3tword"\n}\n',
                "m/main.tf": SENSITIVE % "type = number" + BALANCER % "var.p",
            },
            [],
        ),
        (
            {
                "main.tf": SENSITIVE % 'default = ["s3cr3tword"]' + 'module "m" {\n  source = "./m"\n  k = var.p\n}\n',
                "m/main.tf": 'variable "k" {}\n' + EACH % "toset(var.k)",
            },
            [],
        ),
        (
            {
                "main.tf": CALL + BALANCER % "length(module.m.o)",
                "m/main.tf": 'output "o" {\n  value = "s3cr3tword"\n  sensitive = true\n}\n',
            },
            [],
        ),
        (
            {
                "main.tf": CALL + BALANCER % "module.m.o.s3cr3tword",
                "m/main.tf": SENSITIVE % "default = { s3cr3tword = 30 }" + OUTPUT,
            },
            [],
        ),
        (
            {"main.tf": CALL + EACH % "module.m.o", "m/main.tf": SENSITIVE % 'default = { s3cr3tword = "x" }' + OUTPUT},
            [],
        ),
        (
            {
                "main.tf": CALL.replace("./m", './m"\n  count = "1') + EACH % "module.m[0].o",
                "m/main.tf": SENSITIVE % 'default = { s3cr3tword = "x" }' + OUTPUT,
            },
            [],
        ),
    ],
)
def test_neither_the_value_nor_the_keys_of_a_sensitive_variable_are_told(
    files: dict[str, str | bytes], call: list[str], here: Path
) -> None:
    write(here, files)
    for format_ in ("text", "json", "sarif", "html"):
        result = run("check", "-v", "--format", format_, *call)
        assert result.exit_code in (0, 2), "nothing can be told of what is refused"
        assert "s3cr3tword" not in result.stdout.replace("module.m.o.s3cr3tword", "")
        assert "sensitive" in result.stdout


@pytest.mark.parametrize("manifest", ["%s", "yamldecode(jsonencode(%s))", "merge({}, %s)"])
def test_a_sensitive_part_of_a_manifest_is_left_out_and_the_rest_is_judged(manifest: str, here: Path) -> None:
    head, _, rest = MANIFEST.partition("manifest = ")
    body = rest.removesuffix("\n}\n")
    write(here, {"main.tf": SENSITIVE % 'default = "s3cr3tword"' + f"{head}manifest = {manifest % body}\n}}\n"})
    for format_ in ("text", "json", "sarif", "html"):
        assert "s3cr3tword" not in run("check", "-v", "--format", format_).stdout
    assert "Ingress x-… cuts the stream after 37 s" in printed("text")


def test_what_is_said_to_be_no_secret_is_told(here: Path) -> None:
    write(here, {"main.tf": SENSITIVE % 'default = ["eu"]' + EACH % "toset(nonsensitive(var.p))"})
    assert 'aws_lb.a["eu"] cuts the stream' in printed("text", "--assume", "warning")


HEADERS = [
    'proxy_set_header Authorization "Bearer s3cr3tword"',
    'fastcgi_param HTTP_AUTHORIZATION "Bearer s3cr3tword"',
    "proxy_set_header Authorization s3cr3tword",
    "proxy_set_header X-Api-Key s3cr3tword",
    "add_header Set-Cookie 's3cr3tword'",
]


@pytest.mark.parametrize("header", HEADERS)
def test_an_excerpt_shows_no_credentials_of_a_header(header: str, here: Path) -> None:
    write(
        here,
        {
            "nginx.conf": f"events {{}}\nhttp {{ server {{ location /api/chat {{ {header}; proxy_pass http://app; }} }} }}\n"
        },
    )
    text = printed("text")
    assert "s3cr3tword" not in text
    assert header.replace("s3cr3tword", "*" * 10) in text


def test_an_excerpt_shows_headers_that_are_no_secret(here: Path) -> None:
    lines = 'proxy_set_header Authorization $http_authorization; proxy_set_header X-Accel-Buffering "no-secret";'
    write(
        here,
        {
            "nginx.conf": f"events {{}}\nhttp {{ server {{ location /api/chat {{ {lines} proxy_pass http://app; }} }} }}\n"
        },
    )
    assert lines in printed("text")


def test_keys_that_are_no_secret_are_told_though_values_below_them_are_sensitive(here: Path) -> None:
    services = (
        "locals {\n  all = { services = { web = { key = var.p, port = 80 } } }\n}\n"
        'module "m" {\n  source = "./m"\n  services = local.all.services\n}\n'
    )
    each = EACH % "{ for name, service in var.services : name => service.port if service.port == 80 }"
    write(
        here,
        {
            "main.tf": SENSITIVE % 'default = "s3cr3tword"' + services,
            "m/main.tf": 'variable "services" {}\n' + each,
        },
    )
    text = printed("text", "--assume", "warning")
    assert 'aws_lb.a["web"] cuts the stream' in text
    assert "s3cr3tword" not in text


NO_ECHO = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Idle: {Type: String, NoEcho: true, Default: hunter2}
  Port: {Default: hunter2, Type: Number, NoEcho: "true"}
  Wait: {Type: Number, NoEcho: true, Default: "so quiet, hunter2"}
  Name:
    Type: String
    AllowedPattern: "[0-9]+"
    NoEcho: true
    Default: hunter2
Resources:
  LB:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Name: !Ref Name
      Type: !Sub "${Name}"
      IpAddressType: !Ref Wait
      LoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds, Value: !Ref Idle}]
"""
SENSITIVE_PLAN = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_lb.a",
                    "mode": "managed",
                    "type": "aws_lb",
                    "name": "a",
                    "values": {"name": "hunter2", "idle_timeout": "hunter2", "load_balancer_type": "hunter2"},
                    "sensitive_values": {"name": True, "idle_timeout": True, "load_balancer_type": True},
                },
                {
                    "address": "aws_lb_target_group.t",
                    "mode": "managed",
                    "type": "aws_lb_target_group",
                    "name": "t",
                    "values": {"port": "hunter2", "stickiness": [{"enabled": "hunter2"}], "tags": {"a": "hunter2"}},
                    "sensitive_values": {"port": True, "stickiness": [{"enabled": True}], "tags": {"a": True}},
                },
            ]
        }
    },
}
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: hunter2, b: [hunter2]}\ndata: hunter2\n"
ENVIRONMENT = {
    "compose.yaml": 'services:\n  a:\n    image: nginx\n    ports: ["80:${PW}"]\n    environment:\n'
    "      API_TOKEN: [hunter2]\n      DATABASE_URL: postgres://u:hunter2@db/x\n",
    ".env": 'PW=hunter2\nnot a line hunter2\nTOKEN="hunter2',
}


@pytest.mark.parametrize(
    "files",
    [{"t.yaml": NO_ECHO}, {"plan.json": json.dumps(SENSITIVE_PLAN)}, {"s.yaml": SECRET}, ENVIRONMENT],
    ids=["NoEcho", "plan", "Secret", "environment"],
)
def test_what_platforms_show_to_nobody_is_in_no_report(files: dict[str, str | bytes], here: Path) -> None:
    write(here, files)
    for form in sorted(REPORTERS):
        assert "hunter2" not in run("check", "--format", form).output, form
    for form in ("text", "json", "html", "mermaid", "svg"):
        assert "hunter2" not in run("trace", "/", "--format", form).output, form


def test_what_is_not_shown_is_not_judged_either(lint: Lint) -> None:
    template = NO_ECHO.replace("hunter2", "30").replace('      Type: !Sub "${Name}"\n', "")
    [entry] = [entry for entry in lint({"t.yaml": template})["unknown"] if "Idle" in entry["message"]]
    assert "the parameter Idle is NoEcho, and its value is not shown" in entry["message"]
