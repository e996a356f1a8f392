"""Modules are judged through their callers; what nobody deploys is not blamed on anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Lint
from judging import doubts, judged, places, reading, said

MODULE = """
variable "idle" {
  type    = number
  default = 60
}

resource "aws_lb" "this" {
  name         = "web"
  idle_timeout = var.idle
}

output "arn" { value = aws_lb.this.arn }
"""
PROVIDER = 'provider "aws" {}\n'


def call(name: str, source: str = "./modules/alb", more: str = "") -> str:
    return f'module "{name}" {{\n  source = "{source}"\n  {more}\n}}\n'


def related(report: object, check: str = "short-idle-timeout") -> list[str]:
    finding = said(report, check)[0]  # type: ignore[arg-type]
    return [f"{one.location.path}:{one.location.line} {one.message}" for one in finding.related]


def test_a_default_that_the_caller_leaves_is_shown_at_both_ends(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": PROVIDER + call("web"), "modules/alb/main.tf": MODULE})
    assert places(report) == ["modules/alb/main.tf:9"]
    assert related(report) == [
        "main.tf:2 module.web is called here, without idle",
        "modules/alb/main.tf:4 var.idle has this default",
    ]
    assert "the default of var.idle, since module.web is called without it" in said(report)[0].message


def test_a_caller_that_sets_it_is_shown(tmp_path: Path) -> None:
    files = {"main.tf": PROVIDER + call("web", more="idle = 45"), "modules/alb/main.tf": MODULE}
    assert related(judged(tmp_path, files)) == ["main.tf:4 module.web is called with idle = 45"]


def test_a_caller_that_sets_enough_is_silent(tmp_path: Path) -> None:
    files = {"main.tf": PROVIDER + call("web", more="idle = 300"), "modules/alb/main.tf": MODULE}
    assert not said(judged(tmp_path, files))


def test_each_call_of_a_module_is_a_load_balancer_of_its_own(tmp_path: Path) -> None:
    calls = call("a") + call("b") + call("c", more="idle = 300")
    report = judged(tmp_path, {"main.tf": PROVIDER + calls, "modules/alb/main.tf": MODULE})
    found = {finding.hop.name: finding for finding in said(report) if finding.hop}
    assert set(found) == {"module.a.aws_lb.this", "module.b.aws_lb.this"}
    for name, finding in found.items():
        called = [place.message for place in finding.related if "is called" in place.message]
        assert called == [f"{name.removesuffix('.aws_lb.this')} is called here, without idle"]
    assert len({finding.provenance.fingerprint for finding in found.values()}) == 2


def test_callers_with_different_values_are_told_apart(tmp_path: Path) -> None:
    calls = call("a") + call("b", more="idle = 30")
    report = judged(tmp_path, {"main.tf": PROVIDER + calls, "modules/alb/main.tf": MODULE})
    assert sorted(one.at.value for one in said(report)) == [30, 60]  # type: ignore[union-attr]


def test_environments_with_different_values_are_told_apart(tmp_path: Path) -> None:
    report = judged(
        tmp_path,
        {
            "envs/dev/main.tf": PROVIDER + call("web", "../../modules/alb"),
            "envs/prod/main.tf": PROVIDER + call("web", "../../modules/alb", "idle = 90"),
            "envs/good/main.tf": PROVIDER + call("web", "../../modules/alb", "idle = 300"),
            "modules/alb/main.tf": MODULE,
        },
    )
    assert sorted((one.at.value, one.hop.environment) for one in said(report)) == [  # type: ignore[union-attr]
        (60, "envs/dev"),
        (90, "envs/prod"),
    ]


def test_roots_in_different_folders_are_different_environments(tmp_path: Path) -> None:
    text = PROVIDER + 'resource "aws_lb" "main" {\n  idle_timeout = 60\n}\n'
    found = reading(tmp_path, {"envs/dev/main.tf": text, "main.tf": text})
    assert sorted((node.environment, *(hop.environment for hop in node.hops)) for node in found.nodes) == [
        (".", "."),
        ("envs/dev", "envs/dev"),
    ]


def test_the_only_root_is_no_environment(tmp_path: Path) -> None:
    found = reading(tmp_path, {"infra/main.tf": PROVIDER + 'resource "aws_lb" "main" {}\n'})
    assert [node.environment for node in found.nodes] == [""]


def test_values_files_are_environments(tmp_path: Path) -> None:
    files = {
        "infra/main.tf": PROVIDER + 'variable "idle" {}\nresource "aws_lb" "main" {\n  idle_timeout = var.idle\n}\n',
        "infra/dev.tfvars": "idle = 60\n",
        "infra/prod.tfvars": "idle = 90\n",
    }
    roots = [{"path": "infra", "var_files": [f"{name}.tfvars"]} for name in ("dev", "prod")]
    assert [node.environment for node in reading(tmp_path, files, roots=roots).nodes] == ["dev", "prod"]


def test_roots_of_the_configuration_are_judged_once_each(tmp_path: Path) -> None:
    report = judged(
        tmp_path,
        {
            "infra/main.tf": 'variable "idle" {}\nresource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n',
            "infra/envs/dev.tfvars": "idle = 60\n",
            "infra/envs/prod.tfvars": "idle = 300\n",
        },
        roots=[{"path": "infra", "var_files": [f"envs/{name}.tfvars"]} for name in ("dev", "prod")],
    )
    assert [one.hop.environment for one in said(report)] == ["dev"]  # type: ignore[union-attr]
    assert not report.unknown


def test_values_that_wait_beside_a_root_are_named(tmp_path: Path) -> None:
    files = {"main.tf": 'variable "idle" {}\nresource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n'}
    report = judged(tmp_path, {**files, "envs/dev.tfvars": "idle = 60\n"})
    assert not said(report)
    assert "--tf-var-file with envs/dev.tfvars" in doubts(report)


LIBRARY = {
    "main.tf": 'resource "aws_lb" "this" {\n  idle_timeout = var.idle\n  load_balancer_type = var.type\n}\n',
    "variables.tf": 'variable "idle" { default = null }\nvariable "type" { default = "application" }\n',
    "outputs.tf": 'output "arn" { value = aws_lb.this.arn }\n',
    "versions.tf": 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n',
}


def test_a_library_that_nobody_calls_is_silent_on_its_inputs(tmp_path: Path) -> None:
    report = judged(tmp_path, LIBRARY)
    assert not report.findings
    assert not report.unknown


def test_a_library_that_its_examples_call_is_no_deployment(tmp_path: Path) -> None:
    example = {"examples/complete/main.tf": PROVIDER + call("alb", "../../", "idle = 20")}
    report = judged(tmp_path, {**LIBRARY, **example})
    assert not report.findings
    assert not report.unknown


def test_examples_that_are_all_there_is_are_judged(tmp_path: Path) -> None:
    report = judged(tmp_path, {"examples/web/main.tf": 'resource "aws_lb" "m" {}\n'})
    assert places(report) == ["examples/web/main.tf:1"]


def test_what_no_input_of_a_library_can_change_is_judged(tmp_path: Path) -> None:
    files = LIBRARY | {"main.tf": 'resource "aws_lb" "this" {\n  idle_timeout = 45\n}\n'}
    assert places(judged(tmp_path, files)) == ["main.tf:2"]


def test_a_folder_of_modules_is_no_deployment(tmp_path: Path) -> None:
    report = judged(tmp_path, {"modules/alb/main.tf": MODULE})
    assert not report.findings
    assert not report.unknown


def test_a_root_with_outputs_and_a_provider_is_a_deployment(tmp_path: Path) -> None:
    files = LIBRARY | {"provider.tf": PROVIDER}
    assert places(judged(tmp_path, files)) == ["main.tf:2"]


# Modules of the registry

MAPS = """
module "alb" {
  source  = "terraform-aws-modules/alb/aws"
  version = "~> 9.0"
  %s

  listeners = {
    https = {
      port     = 443
      protocol = "HTTPS"
      forward  = { target_group_key = "app" }
      rules = {
        ws = {
          actions    = [{ type = "forward", target_group_key = "ws" }]
          conditions = [{ path_pattern = { values = ["/ws/*"] } }]
        }
      }
    }
  }

  target_groups = {
    app = { port = 80 }
    ws = {
      port = 80
      %s
    }
  }
}
"""


@pytest.mark.parametrize(
    ("idle", "stickiness", "line", "sticky_line"),
    [
        ("", "", 2, 23),
        ("idle_timeout = 60", 'stickiness = { enabled = false, type = "lb_cookie" }', 5, 25),
        ("idle_timeout = 60", "stickiness = null", 5, 23),
        ("idle_timeout = null", "", 5, 23),
        ("idle_timeout = 300", 'stickiness = { type = "lb_cookie" }', 0, 0),
        ("idle_timeout = 300", 'stickiness = { enabled = true, type = "lb_cookie" }', 0, 0),
    ],
)
def test_the_map_form_of_the_well_known_module(
    tmp_path: Path, idle: str, stickiness: str, line: int, sticky_line: int
) -> None:
    report = judged(tmp_path, {"main.tf": PROVIDER.strip() + MAPS % (idle, stickiness)})
    assert places(report) == ([f"main.tf:{line}"] if line else [])
    assert places(report, "missing-sticky-sessions") == ([f"main.tf:{sticky_line}"] if sticky_line else [])
    assert not report.unknown


def test_the_next_form_of_rules(tmp_path: Path) -> None:
    text = (MAPS % ("idle_timeout = 300", "")).replace("~> 9.0", "10.2.0")
    text = text.replace('{ type = "forward", target_group_key = "ws" }', '{ forward = { target_group_key = "ws" } }')
    assert len(said(judged(tmp_path, {"main.tf": text}), "missing-sticky-sessions")) == 1


@pytest.mark.parametrize(
    ("version", "form"),
    [
        ("9.11.0", 'type = "weighted-forward", target_groups = [%s]'),
        ("10.2.0", "weighted_forward = { target_groups = [%s] }"),
    ],
)
@pytest.mark.parametrize("weight", [0, 1])
def test_the_weights_of_its_rules(tmp_path: Path, version: str, form: str, weight: int) -> None:
    groups = f'{{ target_group_key = "app", weight = 9 }}, {{ target_group_key = "ws", weight = {weight} }}'
    text = (MAPS % ("idle_timeout = 300", 'target_type = "lambda"')).replace("~> 9.0", version)
    text = text.replace('type = "forward", target_group_key = "ws"', form % groups)
    report = judged(tmp_path, {"main.tf": text, "infralint.yaml": "streams: [{path: /ws/chat}]\n"})
    assert len(said(report, "lambda-target")) == weight


@pytest.mark.parametrize("weight", [0, 1])
def test_the_weights_of_its_listeners(tmp_path: Path, weight: int) -> None:
    groups = f'{{ target_group_key = "app", weight = 9 }}, {{ target_group_key = "ws", weight = {weight} }}'
    text = MAPS % ("idle_timeout = 300", 'target_type = "lambda"')
    text = text.replace(
        'forward  = { target_group_key = "app" }', f"weighted_forward = {{ target_groups = [{groups}] }}"
    )
    report = judged(tmp_path, {"main.tf": text, "infralint.yaml": "streams: [{path: /chat}]\n"})
    assert len(said(report, "lambda-target")) == weight


LISTS = """
module "alb" {
  source  = "%s"
  %s

  target_groups = [
    { backend_port = 80 },
    { backend_port = 81, stickiness = { enabled = %s, type = "lb_cookie" } },
  ]
  https_listeners = [{ port = 443, target_group_index = 0 }]
  https_listener_rules = [{
    https_listener_index = 0
    actions              = [{ type = "forward", target_group_index = 1 }]
    conditions           = [{ path_patterns = ["/socket.io/*"] }]
  }]
}
"""


@pytest.mark.parametrize(
    "source",
    [
        "terraform-aws-modules/alb/aws",
        "registry.terraform.io/terraform-aws-modules/alb/aws",
        "git::https://github.com/terraform-aws-modules/terraform-aws-alb.git?ref=v8.7.0",
        "github.com/terraform-aws-modules/terraform-aws-alb?ref=v8.7.0",
    ],
)
def test_the_list_form_of_older_versions(tmp_path: Path, source: str) -> None:
    report = judged(tmp_path / "bad", {"main.tf": LISTS % (source, "", "false")})
    assert places(report) == ["main.tf:2"]
    assert places(report, "missing-sticky-sessions") == ["main.tf:8"]
    good = judged(tmp_path / "good", {"main.tf": LISTS % (source, "idle_timeout = 400", "true")})
    assert not good.findings
    assert not good.unknown


LISTED = LISTS % ("terraform-aws-modules/alb/aws", 'idle_timeout = 300\n  version = "8.7.0"', "true")


@pytest.mark.parametrize("kind", ["https", "http_tcp"])
def test_rules_of_either_kind_of_listener(tmp_path: Path, kind: str) -> None:
    text = LISTED.replace("https_listener", f"{kind}_listener")
    for path, found in (("/socket.io/", 0), ("/ws", 1)):
        config = {"infralint.yaml": f"streams: [{{path: {path}, kind: websocket}}]\n"}
        report = judged(tmp_path / path.strip("/"), {"main.tf": text, **config})
        assert len(said(report, "missing-sticky-sessions")) == found
        assert not report.unknown


@pytest.mark.parametrize(("weight", "found"), [("", 1), (", weight = 1", 1), (", weight = 0", 0)])
def test_weighted_rules_of_older_versions(tmp_path: Path, weight: str, found: int) -> None:
    groups = f"[{{ target_group_index = 0, weight = 2 }}, {{ target_group_index = 1{weight} }}]"
    text = LISTED.replace(
        'type = "forward", target_group_index = 1', f'type = "weighted-forward", target_groups = {groups}'
    )
    text = text.replace("{ backend_port = 81,", '{ backend_port = 81, target_type = "lambda",')
    report = judged(tmp_path, {"main.tf": text, "infralint.yaml": "streams: [{path: /socket.io/chat}]\n"})
    assert len(said(report, "lambda-target")) == found
    assert not report.unknown


def test_weighted_rules_of_older_versions_may_keep_clients_with_a_target_group(tmp_path: Path) -> None:
    groups = "[{ target_group_index = 0, weight = 2 }, { target_group_index = 1, weight = 1 }]"
    for name, sticky, found in (("a", "", 1), ("b", ", stickiness = { enabled = true, duration = 60 }", 0)):
        action = f'type = "weighted-forward", target_groups = {groups}{sticky}'
        text = LISTED.replace('type = "forward", target_group_index = 1', action)
        config = {"infralint.yaml": "streams: [{path: /socket.io/, kind: websocket}]\n"}
        assert len(said(judged(tmp_path / name, {"main.tf": text, **config}), "ineffective-stickiness")) == found


@pytest.mark.parametrize(("idle", "line"), [("", 1), ("idle_timeout = 60", 4), ("idle_timeout = 300", 0)])
def test_the_other_well_known_module(tmp_path: Path, idle: str, line: int) -> None:
    text = f'module "alb" {{\n  source = "cloudposse/alb/aws"\n  version = "1.11.1"\n  {idle}\n}}\n'
    assert places(judged(tmp_path, {"main.tf": text})) == ([f"main.tf:{line}"] if line else [])


STICKY_CONFIG = {"infralint.yaml": "streams: [{path: /ws/chat, kind: websocket}]\n"}


@pytest.mark.parametrize(
    ("text", "place", "written"),
    [
        (MAPS % ("", "target_type = null"), "target_type = null", 'stickiness = { type = "lb_cookie" }'),
        (
            MAPS % ('load_balancer_type = "network"', "target_type = null"),
            "target_type = null",
            'stickiness = { type = "source_ip" }',
        ),
        (
            'module "alb" {\n  source  = "cloudposse/alb/aws"\n  version = "2.1.0"\n}\n',
            'version = "2.1.0"',
            "stickiness = {\n  cookie_duration = 86400\n  enabled         = true\n}",
        ),
    ],
)
def test_advice_is_what_the_module_takes(tmp_path: Path, text: str, place: str, written: str) -> None:
    text = text.replace('protocol = "HTTPS"', 'protocol = "TCP"') if "network" in text else text
    found = said(judged(tmp_path, {"main.tf": text, **STICKY_CONFIG}), "missing-sticky-sessions")
    assert {one.fix for one in found} == {written}
    followed = judged(tmp_path / "b", {"main.tf": text.replace(place, f"{place}\n{written}"), **STICKY_CONFIG})
    assert not said(followed, "missing-sticky-sessions")


def test_a_target_group_of_a_module_leads_to_its_service(tmp_path: Path) -> None:
    text = (
        MAPS % ("idle_timeout = 300", "")
        + """
resource "aws_ecs_service" "ws" {
  desired_count                      = 1
  deployment_maximum_percent         = 100
  load_balancer {
    target_group_arn = module.alb.target_groups["ws"].arn
  }
}
"""
    )
    assert not said(judged(tmp_path, {"main.tf": text}), "missing-sticky-sessions")


def test_an_unknown_input_of_a_module_can_not_be_told(tmp_path: Path) -> None:
    text = 'variable "idle" {}\n' + MAPS % ("idle_timeout = var.idle", 'stickiness = { type = "lb_cookie" }')
    report = judged(tmp_path, {"main.tf": text})
    assert not said(report)
    assert "var.idle has no default" in doubts(report)


@pytest.mark.parametrize("source", ["acme/alb/aws", "git::https://example.org/terraform-aws-load-balancer.git?ref=v1"])
def test_an_unknown_load_balancer_module_can_not_be_told(tmp_path: Path, source: str) -> None:
    report = judged(tmp_path, {"main.tf": call("web", source)})
    assert f"{source} is not here" in doubts(report)
    assert "terraform init" in doubts(report)


@pytest.mark.parametrize(
    "source",
    [
        "cloudposse/lb-s3-bucket/aws",
        "acme/alb-alarms/aws",
        "terraform-aws-modules/vpc/aws",
        "terraform-aws-modules/alb/aws//modules/lb_trust_store",
        "acme/aws-load-balancer-controller/kubernetes",
        "acme/elbow/aws",
    ],
)
def test_names_that_only_look_alike_are_no_load_balancers(tmp_path: Path, source: str) -> None:
    report = judged(tmp_path, {"main.tf": call("x", source)})
    assert not report.findings
    assert not report.unknown


def test_modules_that_init_has_fetched_are_used(tmp_path: Path) -> None:
    manifest = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "web", "Dir": ".terraform/modules/web"}]}
    report = judged(
        tmp_path,
        {
            "main.tf": PROVIDER + call("web", "acme/alb/aws", "idle = 50"),
            ".terraform/modules/modules.json": json.dumps(manifest),
            ".terraform/modules/web/main.tf": MODULE,
        },
    )
    assert places(report) == [".terraform/modules/web/main.tf:9"]
    assert not report.unknown


def test_a_manifest_does_not_lead_out_of_the_project(tmp_path: Path) -> None:
    manifest = {"Modules": [{"Key": "web", "Dir": "../../outside"}]}
    report = judged(
        tmp_path / "inside",
        {"main.tf": call("web", "acme/alb/aws"), ".terraform/modules/modules.json": json.dumps(manifest)},
    )
    assert "is not here" in doubts(report)


@pytest.mark.parametrize("manifest", ['{"Modules": 1.5}', '{"Modules": true}', "[" * 100_000, '{"Modules": [5]}'])
def test_a_manifest_of_another_shape_is_as_if_init_had_not_run(tmp_path: Path, manifest: str) -> None:
    files = {"main.tf": call("web", "acme/alb/aws"), ".terraform/modules/modules.json": manifest}
    assert "is not here" in doubts(judged(tmp_path, files))


# Values from outside


def value_from(lint: Lint, *options: str) -> list[str]:
    text = 'variable "idle" {\n  type = number\n}\nresource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n'
    report = lint({"main.tf": text, "envs/dev.tfvars": "idle = 60\n", "terraform.tfvars": "idle = 300\n"}, *options)
    assert not report["unreadable"]
    return [one["message"].split(" of silence")[0].split("after ")[1] for one in report["findings"]]


def test_options_of_the_command_line(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert value_from(lint) == []
    assert value_from(lint, "--tf-var-file", "envs/dev.tfvars") == ["60 s"]
    assert value_from(lint, "--tf-var-file", "envs/dev.tfvars", "--tf-var", "idle=45") == ["45 s"]
    monkeypatch.setenv("TF_VAR_idle", "50")
    assert value_from(lint, "--tf-env") == []


def test_the_environment_counts_on_request_alone(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"main.tf": 'variable "idle" {}\nresource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n'}
    monkeypatch.setenv("TF_VAR_idle", "50")
    assert not lint(dict(files))["findings"]
    assert len(lint(dict(files), "--tf-env")["findings"]) == 1


def test_a_value_without_a_name_is_refused(lint: Lint) -> None:
    report = lint({"main.tf": 'resource "aws_lb" "m" {}\n'}, "--tf-var", "idle")
    assert report["status"] == 2
    assert "expected NAME=VALUE" in report["stderr"]


IDLE = 'variable "idle" {\n  type = number\n}\nresource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n'


@pytest.mark.parametrize(
    ("files", "options", "place", "said"),
    [
        ({}, ("--tf-var", "idel=60"), "--tf-var:0", "no root declares a variable idel; did you mean idle?"),
        ({}, ("--tf-var", "idle=soon"), "--tf-var:0", "--tf-var gives var.idle, and Terraform would refuse that value"),
        (
            {"terraform.tfvars": '\nidle = "soon"\n'},
            (),
            "terraform.tfvars:2",
            "terraform.tfvars sets var.idle, and Terraform would refuse that value",
        ),
    ],
)
def test_values_that_terraform_would_refuse_are_errors(
    files: dict[str, str], options: tuple[str, ...], place: str, said: str, lint: Lint
) -> None:
    report = lint({"main.tf": IDLE, **files}, *options)
    [problem] = report["unreadable"]
    assert f"{problem['location']['path']}:{problem['location']['line']}" == place
    assert said in problem["message"]
    assert report["status"] == 2


def test_an_option_may_be_for_one_of_several_roots(lint: Lint) -> None:
    report = lint({"a/main.tf": IDLE, "b/main.tf": IDLE.replace("idle", "other")}, "--tf-var", "other=60")
    assert report["unreadable"] == []


def test_what_a_loop_runs_over_is_shown(tmp_path: Path) -> None:
    text = 'variable "all" {\n  default = { a = 60 }\n}\n'
    text += 'resource "aws_lb" "m" {\n  for_each = var.all\n  idle_timeout = each.value\n}\n'
    report = judged(tmp_path, {"main.tf": text})
    assert related(report) == ["main.tf:5 for_each gives it", "main.tf:2 var.all has this default"]


def test_what_can_not_be_told_keeps_its_words(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": 'variable "x" {}\nresource "aws_lb" "m" {\n  idle_timeout = var.x + 1\n}\n'})
    assert "idle_timeout = var.x + 1 var.x has no default" in doubts(report)
