"""Which keys of for_each Terraform refuses because they are sensitive, and which it takes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from judging import doubts, judged

from infralint.engine.report import Report

NAMES = """\
variable "s" {
  sensitive = true
  default = { a = { name = "web", port = 80 } }
}
variable "word" {
  sensitive = true
  default = "eu"
}
locals {
  plain = { a = { name = "web", secret = var.word } }
  copy  = var.s
  none  = []
}
"""

TAKEN = [
    "toset(nonsensitive(keys(var.s)))",
    "nonsensitive(var.s)",
    "{ for k, v in local.plain : v.name => v }",
    '{ for k, v in local.plain : "${k}-${v.name}" => v.secret }',
    "{ for k in keys({ a = var.word }) : k => var.word }",
    "{ for k, v in nonsensitive(local.copy) : v.name => v }",
    "{ for i in flatten([for k, v in local.plain : [{ name = v.name, secret = v.secret }]]) : i.name => i }",
    "toset([for v in values(local.plain) : v.name])",
    "toset([for v in local.none : var.word])",
    'issensitive(var.word) ? { a = 1 } : { b = "1" }',
    "can(var.word) ? { a = 1 } : {}",
    "try(local.plain.a.zzz, local.plain)",
    "merge(local.plain, { b = { name = var.word, secret = 1 } })",
    'zipmap(["a"], [var.word])',
    'tomap({ a = var.word, b = "x" })',
    'toset([{ a = "x", b = var.word }.a])',
    "toset(keys(merge(local.plain, { b = var.word })))",
    "{ a = var.word }",
]
REFUSED = [
    "var.s",
    "local.copy",
    "toset([var.word])",
    "toset(keys(var.s))",
    'toset(["a", var.word])',
    "{ (var.word) = 1 }",
    '{ "x-${var.word}" = 1 }',
    "{ for k, v in var.s : k => v }",
    "{ for k, v in local.plain : v.secret => v }",
    '{ for k, v in local.plain : k => v if v.secret != "x" }',
    "toset([for k, v in local.plain : v.secret])",
    "toset(values({ a = var.word }))",
    "toset(nonsensitive([var.word]))",
    'toset(split(",", var.word))',
    'zipmap([var.word], ["a"])',
    'var.word == "eu" ? { a = 1 } : { b = "1" }',
    "true ? local.plain : var.s",
    'merge(var.s, { b = { name = "x", port = 1 } })',
    "try(var.s, {})",
    "toset([var.s.a.name])",
    "toset(concat(local.none, [var.word]))",
]


def refusals(report: Report) -> str:
    return "\n".join(f"{entry.where.line} {entry.message}" for entry in report.unreadable)


def balancer(expression: str) -> str:
    return (
        f'resource "aws_lb" "a" {{\n  for_each = {expression}\n  load_balancer_type = "application"\n'
        "  idle_timeout = 4000\n}\n"
    )


@pytest.mark.parametrize("expression", TAKEN)
def test_keys_that_are_no_secret_are_taken(expression: str, tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": NAMES + balancer(expression)})
    assert not report.unreadable
    assert "refuses" not in doubts(report)


@pytest.mark.parametrize("expression", REFUSED)
def test_keys_that_are_secret_are_refused(expression: str, tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": NAMES + balancer(expression)})
    assert "Terraform refuses this: it comes from var." in refusals(report)
    assert "refuses" not in doubts(report)


def test_what_a_module_is_given_stays_sensitive_in_it(tmp_path: Path) -> None:
    call = 'module "m" {\n  source = "./m"\n  given = %s\n}\n'
    inner = {"m/main.tf": 'variable "given" {}\n' + balancer("toset(var.given)")}
    report = judged(tmp_path / "refused", {"main.tf": NAMES + call % "[var.word]", **inner})
    assert "var.word, which is sensitive" in refusals(report)
    report = judged(tmp_path / "taken", {"main.tf": NAMES + call % "nonsensitive(keys(var.s))", **inner})
    assert "refuses" not in doubts(report)


def test_keys_of_what_nobody_asks_about_are_looked_at_too(tmp_path: Path) -> None:
    bucket = 'resource "aws_s3_bucket" "b" {\n  for_each = toset([var.word])\n}\n'
    report = judged(tmp_path, {"main.tf": balancer('["a"]').replace('["a"]', 'toset(["a"])') + NAMES + bucket})
    assert "var.word, which is sensitive" in refusals(report)


@pytest.mark.skipif(not shutil.which("terraform"), reason="the program is not here")
def test_terraform_says_the_same(tmp_path: Path) -> None:
    expressions = [*TAKEN, *REFUSED]
    outputs = (
        f'output "r{number}" {{\n  value = issensitive({expression})\n}}\n'
        for number, expression in enumerate(expressions)
    )
    (tmp_path / "main.tf").write_text(NAMES + "".join(outputs))
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}

    def run(*arguments: str) -> str:
        return subprocess.run(
            ["terraform", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    run("apply", "-auto-approve")
    outputs_shown = json.loads(run("output", "-json"))
    sensitive = {expression for number, expression in enumerate(expressions) if outputs_shown[f"r{number}"]["value"]}
    assert sensitive == set(REFUSED)
