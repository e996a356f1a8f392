"""What Terraform refuses before it asks any provider is unreadable, at its place; what it takes is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import doubts, judged, places, reading

from infralint.engine.report import Report

LB = '\nresource "aws_lb" "main" {\n  idle_timeout = 600\n}\n'


def refusals(report: Report) -> list[str]:
    return [f"{one.where.path}:{one.where.line} {one.message}" for one in report.unreadable]


REFUSED = {
    "a resource twice": (LB + LB, 6, "aws_lb.main is declared a second time, first at main.tf:2"),
    "a local twice": ("locals { a = 1 }\nlocals { a = 2 }" + LB, 2, "local.a is declared a second time"),
    "a variable twice": ('variable "a" {}\nvariable "a" {}' + LB, 2, "var.a is declared a second time"),
    "an output twice": ('output "a" { value = 1 }\noutput "a" { value = 2 }' + LB, 2, "output.a"),
    "a type of block": ('resourse "aws_lb" "b" {\n  idle_timeout = 30\n}' + LB, 1, "did you mean `resource`?"),
    "no second label": ('resource "aws_lb" {\n  idle_timeout = 30\n}' + LB, 1, "has 2 labels"),
    "a label too many": ('variable "a" "b" {}' + LB, 1, "has 1 label"),
    "an argument outside": ("idle_timeout = 30" + LB, 1, "`idle_timeout` can't stand outside a block"),
    "a local that is not there": (LB + "locals { a = local.idel }", 5, "local.idel is not declared"),
    "a variable that is not there": (
        'variable "idle" {}\noutput "a" { value = var.idel }' + LB,
        2,
        "did you mean var.idle?",
    ),
    "a resource that is not there": ('output "a" { value = aws_lb.mian.arn }' + LB, 1, "did you mean aws_lb.main?"),
    "data that is not there": ('output "a" { value = data.aws_lb.x.arn }' + LB, 1, "data.aws_lb.x is not declared"),
    "a module that is not there": ('output "a" { value = module.x.arn }' + LB, 1, "module.x is not declared"),
    "in a template": ('output "a" { value = "x ${var.b} y" }' + LB, 1, "var.b"),
    "in a heredoc": ('output "a" {\n  value = <<EOT\n    text\n    ${var.b}\n  EOT\n}' + LB, 4, "var.b"),
    "in a key": ('locals { m = {} }\noutput "a" { value = local.m[var.k] }' + LB, 2, "var.k"),
    "in a loop": ('output "a" { value = [for one in [1] : two.three] }' + LB, 1, "two.three"),
    "in depends_on": (LB + 'output "a" {\n  value = 1\n  depends_on = [aws_lb.b]\n}', 7, "aws_lb.b is not declared"),
    "a function": ('output "a" { value = uper("x") }' + LB, 1, "there is no function uper()"),
    "a variable's argument": ('variable "a" { defualt = 30 }' + LB, 1, "did you mean `default`?"),
    "a variable's type": ('variable "a" { type = strng }' + LB, 1, "strng is not a type"),
    "a default of another type": (
        'variable "a" {\n  type = number\n  default = "x"\n}' + LB,
        3,
        "a number was expected",
    ),
    "a default that refers": ('variable "b" {}\nvariable "a" { default = var.b }' + LB, 2, "can't stand here"),
    "a local made of itself": (LB + "locals { a = { b = local.a } }", 5, "local.a is made of itself"),
    "locals made of each other": (
        LB + "locals {\n  c = local.a\n  a = local.b\n  b = [local.a]\n}",
        7,
        "local.a is made of itself through local.b",
    ),
    "a module without a source": ('module "a" {\n  x = 1\n}' + LB, 1, "module a has no `source`"),
    "an output without a value": ('output "a" {}' + LB, 1, "output a has no `value`"),
    "count and for_each": (
        LB.replace("idle", "count = 1\n  for_each = {}\n  idle"),
        4,
        "`for_each` can't stand beside `count`",
    ),
    "a name that begins with a digit": (LB.replace("main", "1st"), 2, "`1st` is no name"),
    "an escape": ('locals { a = "\\q" }' + LB, 1, "\\q is not an escape"),
    "a block in a block on one line": ("terraform { required_providers { x = {} } }" + LB, 1, "expected ="),
    "two arguments on one line": ('variable "a" { type = string, default = "x" }' + LB, 1, "expected }"),
    "a label with a template": ('output "a${1}" {\n  value = 1\n}' + LB, 1, "a label can't hold a template"),
    "an instance of what has none": (
        LB + 'output "a" { value = aws_lb.main[0].arn }',
        5,
        "neither `count` nor `for_each`",
    ),
    "resources that need each other": (
        'resource "aws_x" "a" { y = aws_x.b.id }\nresource "aws_x" "b" { y = local.c }\nlocals { c = aws_x.a.id }' + LB,
        1,
        "aws_x.a needs itself through aws_x.b and local.c",
    ),
    "an attribute in depends_on": (
        LB + 'output "a" {\n  value = 1\n  depends_on = [aws_lb.main.arn]\n}',
        7,
        "write aws_lb.main",
    ),
    "a condition that is none": (
        'output "a" {\n  value = 1\n  precondition {\n    condition = true\n    error_message = "x"\n  }\n}' + LB,
        4,
        "must refer to something",
    ),
    "an index of no count": (
        'resource "aws_x" "a" {\n  count = 1\n  y = count.idx\n}' + LB,
        3,
        "did you mean `index`?",
    ),
    "a part of each": ('resource "aws_x" "a" {\n  for_each = {}\n  y = each.kee\n}' + LB, 3, "did you mean `key`?"),
    "changes in quotes": (
        'resource "aws_x" "a" {\n  lifecycle {\n    ignore_changes = "all"\n  }\n}' + LB,
        3,
        "without quotes",
    ),
    "a star of changes": (
        'resource "aws_x" "a" {\n  lifecycle {\n    ignore_changes = ["*"]\n  }\n}' + LB,
        3,
        "is no argument",
    ),
    "a lifecycle that varies": (
        'variable "x" {}\nresource "aws_x" "a" {\n  lifecycle {\n    create_before_destroy = var.x\n  }\n}' + LB,
        4,
        "must be a constant",
    ),
    "a trigger that is no resource": (
        'locals { x = 1 }\nresource "aws_x" "a" {\n  lifecycle {\n    replace_triggered_by = [local.x]\n  }\n}' + LB,
        4,
        "local is none",
    ),
    "a provisioner's time": (
        'resource "aws_x" "a" {\n  provisioner "local-exec" {\n    command = "x"\n    when = destoy\n  }\n}' + LB,
        4,
        "it takes create or destroy",
    ),
    "a provisioner without a command": (
        'resource "aws_x" "a" {\n  provisioner "local-exec" {\n  }\n}' + LB,
        2,
        "has no `command`",
    ),
    "a provisioner that names others": (
        'locals { x = 1 }\nresource "aws_x" "a" {\n  provisioner "local-exec" {\n    when = destroy\n    command = local.x\n'
        "  }\n}" + LB,
        5,
        "and not local.x",
    ),
    "a provisioner of old": ('resource "aws_x" "a" {\n  provisioner "chef" {\n  }\n}' + LB, 2, 'no provisioner "chef"'),
    "an alias that nobody has": (
        'provider "aws" {\n  alias = "west"\n}\nresource "aws_x" "a" {\n  provider = aws.wst\n}' + LB,
        5,
        "did you mean aws.west?",
    ),
    "an alias that varies": ('variable "x" {}\nprovider "aws" {\n  alias = var.x\n}' + LB, 3, "must be a constant"),
    "a function in a default": ('variable "a" { default = upper("x") }' + LB, 1, "no function can be called here"),
    "a function in a description": ('output "a" {\n  value = 1\n  description = upper("x")\n}' + LB, 3, "no function"),
    "a default of an attribute": (
        'variable "a" { type = object({ b = optional(number, "x") }) }' + LB,
        1,
        "has a default for b that can't be",
    ),
    "an output of a secret": ('locals { s = sensitive("x") }\noutput "a" { value = local.s }' + LB, 2, "is sensitive"),
    "a folder that is none": ('module "m" {\n  source = "modules/m"\n}' + LB, 2, 'begins with "./" or "../"'),
    "an argument of terraform_data": ('resource "terraform_data" "a" { inptu = 1 }' + LB, 1, "did you mean `input`?"),
    "state from nowhere": ('data "terraform_remote_state" "a" {}' + LB, 1, "has no `backend`"),
    "a loop with a key twice": ('locals { a = { for k in ["a", "a"] : k => 1 } }' + LB, 1, "have the same key"),
    "a loop over a number": ('output "a" { value = [for k in 5 : k] }' + LB, 1, "a number can't be looped over"),
    "a condition of a loop": ('locals { a = [for k in [1] : k if "x"] }' + LB, 1, "true or false was expected"),
    "a member of a constant": ('locals { o = { a = 1 } }\noutput "a" { value = local.o.b }' + LB, 2, "no attribute b"),
    "a count by a constant": ('locals { n = -1 }\nresource "aws_x" "a" {\n  count = local.n\n}' + LB, 3, "`count ="),
    "an output that is stored": (
        'variable "v" {\n  ephemeral = true\n  default = "a"\n}\noutput "a" { value = [var.v] }' + LB,
        5,
        "var.v is ephemeral",
    ),
    "an ephemeral output": ('output "a" {\n  value = 1\n  ephemeral = true\n}' + LB, 3, "can't be ephemeral"),
    "a file that is not here": (
        'locals { a = file("${path.module}/a.sh") }' + LB,
        1,
        "file() reads a.sh, which is not",
    ),
    "a template that is not here": ('output "a" { value = [templatefile("a.tftpl", {})] }' + LB, 1, "reads a.tftpl"),
    "an argument that is mistyped": (LB.replace("idle_timeout", "idle_timout"), 3, "`aws_lb` takes no `idle_timout`"),
    "a block that is mistyped": (
        'resource "aws_lb_target_group" "g" {\n  dynamic "stickines" {\n    for_each = [1]\n    content {}\n  }\n}'
        + LB,
        2,
        "takes no block `stickines`; did you mean `stickiness`?",
    ),
    "a name in a block": (
        'resource "aws_lb_listener" "l" {\n  default_action {\n    target_group_arm = "x"\n  }\n}' + LB,
        3,
        "`default_action` takes no `target_group_arm`",
    ),
    "a value that is mistyped": (
        'resource "aws_lambda_function_url" "u" {\n  invoke_mode = "RESPONSE_STREAMS"\n}' + LB,
        2,
        "did you mean RESPONSE_STREAM?",
    ),
    "a type of load balancer": (
        'resource "aws_lb" "b" {\n  load_balancer_type = "aplication"\n}' + LB,
        2,
        "AWS refuses `load_balancer_type =",
    ),
    "what a file of values makes of it": (
        'variable "o" {}\nresource "aws_lb" "b" {\n  idle_timeout = var.o.b\n}' + LB,
        3,
        "there is no attribute b",
    ),
    "a lone carriage return": ("locals {\r  a = 1\n}" + LB, 1, "a carriage return alone"),
    "a brace behind an argument": ('output "a" {\n  value = 1 }' + LB, 2, "expected the end of the line"),
}


@pytest.mark.parametrize(("text", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_what_terraform_refuses_is_unreadable_at_its_place(tmp_path: Path, text: str, line: int, words: str) -> None:
    found = refusals(
        judged(tmp_path, {"main.tf": text, "terraform.tfvars": "o = { a = 1 }\n" if "var.o" in text else ""})
    )
    assert len(found) == 1
    assert found[0].startswith(f"main.tf:{line} ")
    assert words in found[0]


TAKEN = {
    "arguments of older providers": 'resource "aws_autoscaling_attachment" "a" {\n  alb_target_group_arn = "x"\n}\n'
    'resource "aws_autoscaling_group" "g" {\n  tags = []\n}',
    "arguments that newer ones may have": 'resource "aws_lb" "b" {\n  brand_new = 1\n}',
    "a default that others may replace": 'variable "o" { default = { a = 1 } }\nresource "aws_lb" "b" {\n'
    "  idle_timeout = var.o.b\n}",
    "loops over constants": 'locals {\n  l = ["a", "b"]\n  a = { for k in local.l : k => upper(k) }\n  b = local.a["b"]\n}',
    "loops that may go over nothing": 'variable "l" { default = [] }\nlocals { a = [for k in var.l : 1 / 0] }',
    "ephemeral inside": 'variable "v" {\n  ephemeral = true\n}\nlocals { a = var.v }\noutput "a" { value = can(var.v) }',
    "files that may not be here": 'locals {\n  a = fileexists("a.sh") ? file("a.sh") : ""\n  b = try(file("b.sh"), "")\n'
    '  c = file("~/.ssh/id.pub")\n  d = file("key.json")\n  e = filebase64("built.zip")\n}',
    "carriage returns": "# a\rb\r\nlocals {\r\n  a = 1 /* a\rb */\r\n}",
    "loops and their names": "locals { a = [for k, v in { x = 1 } : { k = k, v = v, n = [for w in [1] : w + v] }] }",
    "locals that share one": "locals {\n  a = [local.b, local.c]\n  b = local.d\n  c = [local.d, local.b]\n  d = 1\n}",
    "a loop's own name": "locals { a = [for local in [{ a = 1 }] : local.a] }",
    "a splat": 'resource "aws_lb" "b" {\n  count = 2\n}\noutput "a" { value = aws_lb.b[*].arn }',
    "dynamic blocks": 'resource "aws_x" "b" {\n  dynamic "setting" {\n    for_each = { a = 1 }\n    iterator = one\n    content {\n'
    "      name = one.key\n      value = one.value\n    }\n  }\n}",
    "dynamic blocks in dynamic blocks": 'resource "aws_x" "b" {\n  dynamic "outer" {\n    for_each = [1]\n    content {\n'
    '      dynamic "inner" {\n        for_each = [outer.value]\n        content {\n          a = inner.value + outer.key\n        }\n'
    "      }\n    }\n  }\n}",
    "providers": 'provider "aws" {\n  alias = "west"\n}\nresource "aws_x" "b" {\n  provider = aws.west\n}',
    "changes that are ignored": 'resource "aws_x" "b" {\n  lifecycle {\n    ignore_changes = [tags.owner, policy]\n  }\n}',
    "itself": 'resource "aws_x" "b" {\n  lifecycle {\n    postcondition {\n      condition = self.id != ""\n'
    '      error_message = "x"\n    }\n  }\n}',
    "a provisioner": 'resource "null_resource" "b" {\n  provisioner "local-exec" {\n    when = destroy\n    command = self.id\n  }\n}',
    "built-in names": 'resource "aws_x" "b" {\n  for_each = toset(["a"])\n  a = each.key\n  b = path.module\n'
    "  c = terraform.workspace\n}",
    "what is gone in a provisioner": 'resource "aws_x" "b" {\n  count = 1\n  provisioner "local-exec" {\n    when = destroy\n'
    '    command = "${path.module}/x ${self.id} ${count.index}"\n  }\n}',
    "an earlier instance": 'resource "aws_x" "b" {\n  count = 2\n  y = count.index == 0 ? "" : aws_x.b[0].id\n}',
    "a key that is worked out": 'variable "k" {}\nresource "aws_x" "b" {}\noutput "a" { value = aws_x.b[var.k] }',
    "all outputs in depends_on": 'module "m" {\n  source = "a/b/c"\n  count = 1\n}\noutput "a" {\n  value = 1\n'
    "  depends_on = [module.m.o]\n}",
    "one instance of a module": 'module "m" {\n  source = "a/b/c"\n  count = 1\n}\noutput "a" {\n'
    "  value = length(module.m) > 0 ? module.m[0].o : try(module.m.o, null)\n}",
    "providers that are given": "terraform {\n  required_providers {\n    aws = {\n      configuration_aliases = [aws.east]\n"
    '    }\n  }\n}\nresource "aws_x" "b" {\n  provider = aws.east\n}',
    "a secret that is marked": 'output "a" {\n  value = sensitive("x")\n  sensitive = true\n}',
    "no secret any more": 'output "a" { value = nonsensitive(sensitive("x")) }',
    "constants of operators": 'variable "a" { default = 24 * 60 }',
    "conditions on paths": 'check "a" {\n  assert {\n    condition = path.module != ""\n    error_message = "x"\n  }\n}',
    "moved": "moved {\n  from = aws_x.old\n  to = aws_x.new\n}",
    "import": 'import {\n  to = aws_lb.main\n  id = "x"\n}',
    "a check with data of its own": 'check "up" {\n  data "http" "page" {\n    url = "x"\n  }\n  assert {\n'
    '    condition = data.http.page.status_code == 200\n    error_message = "x"\n  }\n}',
    "a function of a provider": 'output "a" { value = provider::aws::arn_parse("x") }',
    "functions of OpenTofu": 'output "a" { value = urldecode("x") }',
    "a validation": 'variable "a" {\n  default = 1\n  validation {\n    condition = var.a > 0\n    error_message = "x"\n  }\n}',
    "types of Terraform 0.11": 'variable "a" { type = "map" }',
    "a type with defaults": 'variable "a" {\n  type = object({ b = optional(number, 60) })\n  default = {}\n}',
    "settings": 'terraform {\n  required_version = "> 1"\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n'
    "      configuration_aliases = [aws.east]\n    }\n  }\n}",
    "ephemeral values": 'ephemeral "random_password" "p" {\n  length = 8\n}\nlocals { p = ephemeral.random_password.p.result }',
}


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_what_terraform_takes_is_left_alone(tmp_path: Path, text: str) -> None:
    assert not refusals(judged(tmp_path, {"main.tf": text + LB}))


def test_a_file_that_git_ignores_may_be_made(tmp_path: Path) -> None:
    text = 'locals { a = file("${path.module}/made/a.sh") }' + LB
    assert refusals(judged(tmp_path / "a", {"infra/main.tf": text}))
    assert not refusals(judged(tmp_path / "b", {"infra/main.tf": text, ".gitignore": "made/\n"}))
    assert not refusals(judged(tmp_path / "c", {"infra/main.tf": text, "infra/made/a.sh": "true\n"}))


MODULE = {
    "m/main.tf": 'variable "idle" {}\nvariable "name" { default = "x" }\noutput "arn" { value = aws_lb.b.arn }\n'
    'resource "aws_lb" "b" {\n  idle_timeout = var.idle\n}\n'
}
CALLS = {
    "an input that is not there": (
        'module "m" {\n  source = "./m"\n  idle = 600\n  idel = 1\n}',
        4,
        "has no variable `idel`",
    ),
    "no input": ('module "m" {\n  source = "./m"\n}', 1, "is called without `idle`"),
    "an output that is not there": (
        'module "m" {\n  source = "./m"\n  idle = 600\n}\noutput "a" { value = module.m.anr }',
        5,
        "module.m has no output anr; did you mean `arn`?",
    ),
    "outputs of all instances": (
        'module "m" {\n  source = "./m"\n  count = 1\n  idle = 600\n}\noutput "a" { value = "x ${module.m.arn}" }',
        6,
        "write module.m[0] or module.m[*]",
    ),
    "no files": ('module "m" {\n  source = "./n"\n}', 2, "where no Terraform files are"),
}


@pytest.mark.parametrize(("text", "line", "words"), CALLS.values(), ids=CALLS)
def test_calls_are_held_against_the_module(tmp_path: Path, text: str, line: int, words: str) -> None:
    found = refusals(judged(tmp_path, {**MODULE, "main.tf": text + "\n"}))
    assert [one for one in found if one.startswith(f"main.tf:{line} ") and words in one]


def test_a_module_that_is_not_here_may_hold_anything_whatever_it_is_called(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": 'module "edge" {\n  source = "./edge"\n}\n'})
    assert len(report.unreadable) == 1


def test_a_module_that_leads_out_of_the_project_can_not_be_told(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": 'module "edge" {\n  source = "../edge"\n}\n'})
    assert "leads out of the project" in doubts(report)


def test_a_source_that_is_worked_out_can_not_be_told(tmp_path: Path) -> None:
    text = 'variable "at" { default = "./m" }\nmodule "m" {\n  source = var.at\n  idle = 600\n}\n'
    assert "its source is worked out" in doubts(judged(tmp_path, {**MODULE, "main.tf": text + LB}))


def test_a_module_behind_a_link_that_leads_out_can_not_be_told(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text('resource "aws_lb" "b" {\n  idle_timeout = 30\n}\n')
    root = tmp_path / "root"
    root.mkdir()
    (root / "edge").symlink_to(outside)
    report = judged(root, {"main.tf": 'module "edge" {\n  source = "./edge"\n}\n'})
    assert "behind a link that leads out" in doubts(report)
    assert not places(report)


def test_names_are_not_called_missing_where_a_file_is_broken_or_left_out(tmp_path: Path) -> None:
    text = 'output "a" { value = var.b }' + LB
    assert len(judged(tmp_path / "1", {"main.tf": text, "broken.tf": "variable {{\n"}).unreadable) == 1
    left_out = {"main.tf": text, "secret.tf": 'variable "b" {}\n', "infralint.yaml": "exclude: [secret.tf]\n"}
    assert not judged(tmp_path / "2", left_out).unreadable


IGNORED = ["._main.tf", ".old.tf", "main.tf~", "#main.tf#", ".#main.tf"]


@pytest.mark.parametrize("name", IGNORED)
def test_files_that_terraform_passes_over_change_nothing(tmp_path: Path, name: str) -> None:
    report = judged(tmp_path, {"main.tf": LB, name: 'resource "aws_lb" "main" {\n  idle_timeout = 30\n'})
    assert not report.unreadable
    assert not places(report)


def test_a_file_of_opentofu_stands_for_its_namesake(tmp_path: Path) -> None:
    files = {"main.tf": LB, "main.tofu": 'resource "aws_lb" "main" {\n  idle_timeout = 30\n}\n', "b.tf": "locals {}\n"}
    report = judged(tmp_path, files)
    assert places(report) == ["main.tofu:2"]
    assert not report.unreadable


OVERRIDES = {
    "override.tf": True,
    "alb_override.tf": True,
    "override.tf.json": True,
    "a.b_override.tf": True,
    "overrides.tf": False,
    "override_alb.tf": False,
}


@pytest.mark.parametrize(("name", "overrides"), OVERRIDES.items())
def test_only_override_files_may_repeat_a_name(tmp_path: Path, name: str, overrides: bool) -> None:
    block = 'resource "aws_lb" "main" {\n  idle_timeout = 30\n}\n'
    text = '{"resource": {"aws_lb": {"main": {"idle_timeout": 30}}}}' if name.endswith(".json") else block
    report = judged(tmp_path, {"main.tf": LB, name: text})
    assert bool(report.unreadable) is not overrides
    assert bool(places(report)) is overrides


GROUP = """
resource "aws_lb" "b" {
  load_balancer_type = "FAMILY"
}
resource "aws_lb_target_group" "g" {
  protocol = "PROTOCOL"
  stickiness {
    type        = "KIND"
    cookie_name = "c"
  }
}
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.b.arn
  protocol          = "PROTOCOL"
  port              = 443
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.g.arn
  }
}
"""
STICKY = "streams:\n  - {path: /ws, kind: websocket, session: true}\n"
GROUPS = {
    ("HTTP", "lb_cookie"): "",
    ("HTTP", "app_cookie"): "",
    ("HTTP", "source_ip"): "for a target group of protocol HTTP: it takes",
    ("TCP", "lb_cookie"): "it takes source_ip",
    ("TCP", "source_ip"): "",
    ("TCP_UDP", "app_cookie"): "it takes source_ip",
    ("tcp", "lb_cookie"): "it takes source_ip",
}


@pytest.mark.parametrize("settings", [STICKY, "streams: []\n"])
@pytest.mark.parametrize(("asked", "words"), GROUPS.items(), ids=[" ".join(one) for one in GROUPS])
def test_stickiness_of_the_other_family_is_refused(
    tmp_path: Path, asked: tuple[str, str], words: str, settings: str
) -> None:
    protocol, kind = asked
    family = "application" if protocol == "HTTP" else "network"
    text = GROUP.replace("FAMILY", family).replace("PROTOCOL", protocol).replace("KIND", kind)
    found = [one for one in refusals(judged(tmp_path, {"main.tf": text, "infralint.yaml": settings})) if "AWS" in one]
    assert [one for one in found if one.startswith("main.tf:8 ") and words in one] == found
    assert bool(found) is bool(words)


TERRAGRUNT = {
    "by a path": 'terraform {\n  source = "../../modules/web"\n}\ninputs = { idle = 30 }\n',
    "by a path with a part": 'terraform {\n  source = "../..//modules/web"\n}\n',
    "by a function": 'terraform {\n  source = "${get_repo_root()}/modules/web?ref=v1"\n}\n',
    "by what can't be told": "terraform {\n  source = local.base\n}\n",
}


@pytest.mark.parametrize("text", TERRAGRUNT.values(), ids=TERRAGRUNT)
def test_what_terragrunt_deploys_has_inputs_that_are_not_told(tmp_path: Path, text: str) -> None:
    web = 'variable "idle" { default = 600 }\nresource "aws_lb" "b" {\n  idle_timeout = var.idle\n}\n'
    report = judged(tmp_path, {"modules/web/main.tf": web, "live/prod/terragrunt.hcl": text})
    assert "terragrunt.hcl" in doubts(report)
    assert not places(report)


def test_what_terragrunt_takes_from_elsewhere_says_nothing_of_a_folder(tmp_path: Path) -> None:
    web = (
        'provider "aws" {}\nvariable "idle" { default = 600 }\nresource "aws_lb" "b" {\n  idle_timeout = var.idle\n}\n'
    )
    text = 'terraform {\n  source = "git::https://example.com/modules.git//web?ref=v1"\n}\n'
    assert not doubts(judged(tmp_path, {"web/main.tf": web, "live/terragrunt.hcl": text}))


FAR = {
    'source = "acme/web-service/aws"\n  version = "1.0"\n  idle_timeout = 30': True,
    'source = "git::https://example.com/platform.git"\n  create_alb = true': True,
    'source = "acme/service/aws"\n  version = "1"\n  target_group_arn = "x"': False,
    'source = "terraform-aws-modules/vpc/aws"\n  version = "5"\n  idle_timeout = 30': False,
}


@pytest.mark.parametrize(("call", "doubted"), FAR.items(), ids=range(len(FAR)))
def test_a_module_that_is_handled_like_a_load_balancer_is_told(tmp_path: Path, call: str, doubted: bool) -> None:
    text = f'provider "aws" {{}}\nmodule "m" {{\n  {call}\n}}\n'
    assert ("may make a load balancer" in doubts(judged(tmp_path, {"main.tf": text}))) is doubted


def test_a_module_whose_outputs_are_those_of_a_load_balancer_is_told(tmp_path: Path) -> None:
    text = 'module "web" {\n  source = "acme/web/aws"\n}\noutput "dns" { value = module.web.alb_dns_name }\n'
    assert "may make a load balancer" in doubts(judged(tmp_path, {"main.tf": 'provider "aws" {}\n' + text}))


def test_other_modules_that_are_not_here_are_named_as_seen(tmp_path: Path) -> None:
    text = 'module "a" {\n  source = "acme/web/aws"\n}\nmodule "b" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n'
    assert reading(tmp_path, {"main.tf": text}).seen.keys() == {"the Terraform module acme/web/aws"}
