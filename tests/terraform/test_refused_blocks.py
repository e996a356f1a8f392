"""Blocks and names that Terraform refuses before it asks a provider, each as `terraform validate` 1.11.4 judges it."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import judged

LB = '\nresource "aws_lb" "main" {\n  idle_timeout = 60\n}\n'
THING = 'resource "aws_x" "b" {\n  %s\n}'
MANY = 'resource "aws_x" "b" {\n  count = 2\n}\n'
REFUSED = {
    "moved_without_to": ("moved {\n  from = aws_lb.b\n}", 1, "`moved` has no `to`"),
    "moved_with_more": (
        "moved {\n  from = aws_lb.b\n  to = aws_lb.main\n  too = 1\n}",
        4,
        "takes no `too`; did you mean `to`?",
    ),
    "moved_text": ('moved {\n  from = "aws_lb.b"\n  to = aws_lb.main\n}', 2, "an address was expected"),
    "moved_attribute": ("moved {\n  from = aws_lb.b.id\n  to = aws_lb.main\n}", 2, "TYPE.NAME"),
    "moved_variable": ("moved {\n  from = var.b\n  to = aws_lb.main\n}", 2, "TYPE.NAME"),
    "moved_to_a_module": ("moved {\n  from = aws_lb.b\n  to = module.m\n}", 1, "can't be moved to"),
    "removed_without_from": ("removed {\n  lifecycle {\n    destroy = false\n  }\n}", 1, "has no `from`"),
    "removed_one": ('removed {\n  from = aws_lb.b["x"]\n}', 2, "without a key"),
    "removed_data": ("removed {\n  from = data.aws_lb.b\n}", 2, "a resource was expected"),
    "removed_lifecycle": (
        "removed {\n  from = aws_lb.b\n  lifecycle {\n    destory = false\n  }\n}",
        4,
        "did you mean `destroy`?",
    ),
    "import_without_id": ("import {\n  to = aws_lb.main\n}", 1, "has no `id`"),
    "import_without_to": ('import {\n  id = "x"\n}', 1, "has no `to`"),
    "import_by_text": ('import {\n  to = "aws_lb.main"\n  id = "x"\n}', 2, "an address was expected"),
    "import_by_nothing": ("import {\n  to = aws_lb.main\n  id = var.x\n}", 3, "var.x is not declared"),
    "import_block": ('import {\n  to = aws_lb.main\n  id = "x"\n  x {}\n}', 4, "takes no `x`"),
    "check_without_assert": ('check "a" {\n}', 1, "check a has no block `assert`"),
    "check_without_message": (
        'check "a" {\n  assert {\n    condition = aws_lb.main.arn != ""\n  }\n}',
        2,
        "no `error_message`",
    ),
    "check_twice": (
        'check "a" {\n  assert {\n    condition = aws_lb.main.arn != ""\n    error_message = "x"\n  }\n}\n' * 2,
        7,
        "check.a is declared a second time",
    ),
    "backends": ('terraform {\n  backend "s3" {}\n}\nterraform {\n  backend "local" {}\n}', 5, "a second `backend`"),
    "backend_and_cloud": ('terraform {\n  backend "s3" {}\n  cloud {}\n}', 3, "a second `cloud`"),
    "backend_without_label": ("terraform {\n  backend {}\n}", 2, "a block `backend` has 1 label"),
    "required_providers": ("terraform {\n  required_providers {\n  }\n  required_providers {\n  }\n}", 4, "a second"),
    "provider_of_a_resource": (THING % "provider = 5", 2, "it takes a provider's name without quotes"),
    "type_with_an_attribute_twice": (
        'variable "x" {\n  type = object({ a = string, a = number })\n}',
        2,
        "attribute a twice",
    ),
    "provider_as_block": ("terraform {\n  required_providers {\n    aws {\n    }\n  }\n}", 3, "takes no blocks"),
    "provider_key": (
        'terraform {\n  required_providers {\n    aws = {\n      sorce = "x"\n    }\n  }\n}',
        4,
        "`source`?",
    ),
    "provider_version": (
        'terraform {\n  required_providers {\n    aws = {\n      version = "new"\n    }\n  }\n}',
        4,
        "~> 5.0",
    ),
    "terraform_argument": ('terraform {\n  requird_version = "1"\n}', 2, "did you mean `required_version`?"),
    "terraform_version": ('terraform {\n  required_version = ">= 1.x"\n}', 2, "a version constraint was expected"),
    "provider_twice": ('provider "aws" {}\nprovider "aws" {}', 2, 'a second provider "aws" without an alias'),
    "locals_block": ("locals {\n  x {}\n}", 2, "`locals` takes no blocks"),
    "variable_reserved": ('variable "source" {}', 1, "no variable can be called `source`"),
    "variable_name": ('variable "1a" {}', 1, "is no name"),
    "variable_sensitive": ('variable "a" {\n  sensitive = "maybe"\n}', 2, "true or false was expected"),
    "variable_sensitive_null": (
        'variable "a" {\n  sensitive = true\n  nullable = false\n  default = null\n}',
        4,
        "not nullable",
    ),
    "variable_refers": ('variable "b" {}\nvariable "a" {\n  description = var.b\n}', 3, "must be a constant"),
    "validation": ('variable "a" {\n  validation {\n    condition = var.a > 0\n  }\n}', 2, "no `error_message`"),
    "validation_of_another": (
        'variable "b" {}\nvariable "a" {\n  validation {\n    condition = var.b > 0\n    error_message = "x"\n  }\n}',
        4,
        "must refer to var.a",
    ),
    "lifecycle": (THING % "lifecycle {\n    prevent_destory = true\n  }", 3, "did you mean `prevent_destroy`?"),
    "lifecycles": (THING % "lifecycle {}\n  lifecycle {}", 3, "a second `lifecycle`"),
    "lifecycle_of_data": ('data "aws_x" "b" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}', 3, "takes no"),
    "dynamic_without_content": (
        THING % 'dynamic "x" {\n    for_each = []\n  }',
        2,
        'dynamic "x" has no block `content`',
    ),
    "dynamic_without_for_each": (THING % 'dynamic "x" {\n    content {}\n  }', 2, "has no `for_each`"),
    "dynamic_with_more": (
        THING % 'dynamic "x" {\n    for_each = []\n    each = 1\n    content {}\n  }',
        4,
        "takes no `each`",
    ),
    "count_text": (THING % 'count = "two"', 2, "a number was expected"),
    "count_negative": (THING % "count = -1", 2, "negative"),
    "for_each_list": (THING % 'for_each = ["a"]', 2, "for_each takes a map, or a set of texts"),
    "each": (THING % "x = each.key", 2, "only in a block that has `for_each`"),
    "count_index": ("locals {\n  a = count.index\n}", 2, "only in a block that has `count`"),
    "self": (THING % "x = self.id", 2, "only in a provisioner"),
    "path": ('output "b" { value = path.modul }', 1, "there is no path.modul"),
    "alone": ('output "b" { value = [main] }', 1, "`main` alone refers to nothing"),
    "alone_true": ('output "b" { value = True }', 1, "did you mean true?"),
    "all_instances": (
        MANY + 'output "b" { value = aws_x.b.id }',
        4,
        "aws_x.b has `count`: write aws_x.b[0] or aws_x.b[*]",
    ),
    "arguments": ('output "b" { value = replace("a", "b") }', 1, "replace() does not take 2 arguments"),
    "constant": ('output "b" { value = "${upper([])}" }', 1, "a text was expected"),
    "constant_in_a_call": ("locals {\n  m = {}\n  a = merge(local.m, 1 + [])\n}", 3, "a number was expected"),
    "key": ("locals {\n  a = { b = 1 }.c\n}", 2, "there is no attribute c"),
    "depends_on": (THING % "depends_on = aws_lb.main", 2, "takes a list of references"),
    "terraform_prerelease": ('terraform {\n  required_version = ">= 1.0.0, < 2.0.0-rc1"\n}', 2, "no prerelease"),
    "variable_null": ('variable "a" {\n  nullable = null\n}', 2, "can't be null"),
    "output_null": ('output "a" {\n  value = 1\n  description = null\n}', 3, "can't be null"),
    "module_version": ('module "m" {\n  source = "./../m"\n  version = "1.0"\n}', 3, "has no `version`"),
    "module_block": ('module "m" {\n  source = "./../m"\n  n {}\n}', 3, "takes no blocks; write `n = { … }`"),
    "module_input": ('module "m" {\n  source = "./../m"\n  n = "many"\n}', 3, "a number was expected"),
}
MODULE = {"m/main.tf": 'variable "n" {\n  type = number\n  default = 1\n}\noutput "o" {\n  value = var.n\n}\n'}


def test_what_terraform_refuses_is_unreadable_at_its_place_and_the_rest_is_judged(tmp_path: Path) -> None:
    files = {f"{name}/main.tf": text + LB for name, (text, _, _) in REFUSED.items()}
    report = judged(tmp_path, {**files, **MODULE})
    found = {entry.where.path.partition("/")[0]: entry for entry in report.unreadable}
    assert {name: entry.where.line for name, entry in found.items()} == {
        name: line for name, (_, line, _) in REFUSED.items()
    }
    assert len(report.unreadable) == len(REFUSED)
    assert {name: entry.message for name, entry in found.items() if REFUSED[name][2] not in entry.message} == {}
    assert {finding.location.path for finding in report.findings} == files.keys()


TAKEN = {
    "moved": "moved {\n  from = module.a[0].aws_lb.b\n  to = module.b[\"x\"].aws_lb.b[1]\n}",
    "moved_data": "moved {\n  from = data.aws_x.b\n  to = data.aws_x.c\n}",
    "removed": "removed {\n  from = module.old\n  lifecycle {\n    destroy = false\n  }\n}\nremoved {\n  from = aws_x.b\n}",
    "import": 'locals {\n  m = { a = "x" }\n}\nresource "aws_x" "b" {\n  for_each = local.m\n}\nimport {\n  for_each = local.m\n'
    "  to = aws_x.b[each.key]\n  id = each.value\n}",
    "import_by_identity": 'import {\n  to = aws_lb.main\n  identity = { id = "x" }\n}',
    "quoted_provider": 'provider "aws" {\n  alias = "w"\n}\n' + THING % 'provider = "aws.w"',
    "settings": 'terraform {\n  required_version = ">= 1.3, < 2.0+x"\n  required_providers {\n    aws = ">= 5.0.0-beta1"\n  }\n'
    '  backend "s3" {}\n}',
    "aliases": 'provider "aws" {}\nprovider "aws" {\n  alias = "a"\n}\nprovider "aws" {\n  alias = "b"\n}',
    "lifecycle": THING % 'lifecycle {\n    ignore_changes = all\n    replace_triggered_by = [aws_lb.main]\n  }',
    "provisioner": THING % 'provisioner "local-exec" {\n    when = destroy\n    on_failure = continue\n    command = self.id\n  }',
    "content_of_nothing": THING % 'dynamic "x" {\n    for_each = {}\n    content {\n      a = each.value\n    }\n  }',
    "block_of_a_provider": THING % "vpc {\n    locals {\n    }\n  }",
    "instances": MANY + 'output "b" {\n  value = [aws_x.b[*].id, aws_x.b.*.id, aws_x.b[0].id, aws_x.b, [for b in aws_x.b : b.id]]\n}',
    "depends_on": MANY + 'output "b" {\n  value = 1\n  depends_on = [aws_x.b, "aws_lb.main"]\n}',
    "attempts": 'output "b" { value = [can(tonumber("x")), try(jsondecode("{"), 1)] }',
    "branches": 'variable "x" {}\noutput "b" { value = [var.x ? 1 : 1 / 0, "%{ if var.x }${1 / 0}%{ endif }"] }',
    "body_of_a_loop": 'variable "x" {}\noutput "b" { value = [for y in var.x : tonumber("x")] }',
    "file_that_is_made_later": 'output "b" { value = file("made.json") }',
    "sensitive": 'variable "a" {\n  sensitive = "true"\n  description = 5\n}',
    "newer": "resource \"aws_x\" \"b\" {\n  lifecycle {\n    action_trigger {\n      events = [after_create]\n"
    "      actions = [action.aws_y.z]\n    }\n  }\n}",
    "outputs_of_modules": 'module "m" {\n  source = "./../m"\n  count = 0\n}\noutput "b" { value = try(module.m.o, null) }',
    "opentofu": 'output "b" { value = tofu.workspace }',
}  # fmt: skip


def test_what_terraform_takes_is_left_alone(tmp_path: Path) -> None:
    report = judged(tmp_path, {**{f"{name}/main.tf": text + LB for name, text in TAKEN.items()}, **MODULE})
    assert report.unreadable == []


def test_an_override_file_may_give_settings_again(tmp_path: Path) -> None:
    text = 'terraform {\n  backend "s3" {}\n}\nprovider "aws" {}\n'
    assert judged(tmp_path, {"main.tf": text + LB, "dev_override.tf": text}).unreadable == []


BASELESS = {
    "output": ('output "a" {\n  value = 1\n}\n', "output.a stands in an override file alone"),
    "resource": (
        'resource "aws_lb" "mian" {\n  idle_timeout = 300\n}\n',
        "aws_lb.mian stands in an override file alone",
    ),
    "data": ('data "aws_lb" "main" {\n}\n', "data.aws_lb.main stands in an override file alone"),
    "variable": ('variable "a" {\n}\n', "var.a stands in an override file alone"),
    "local": ("locals {\n  a = 1\n}\n", "local.a stands in an override file alone"),
    "moved": ("moved {\n  from = aws_lb.b\n  to = aws_lb.main\n}\n", "`moved` can't stand in an override file"),
    "import": ('import {\n  to = aws_lb.main\n  id = "x"\n}\n', "`import` can't stand in an override file"),
}


@pytest.mark.parametrize(("text", "message"), BASELESS.values(), ids=BASELESS)
def test_an_override_file_changes_only_what_another_file_declares(tmp_path: Path, text: str, message: str) -> None:
    report = judged(tmp_path, {"main.tf": LB, "dev_override.tf": text})
    assert [(entry.where.path, message in entry.message) for entry in report.unreadable] == [("dev_override.tf", True)]


def test_what_a_broken_file_may_declare_can_be_overridden(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": LB, "broken.tf": "variable {{", "dev_override.tf": BASELESS["output"][0]})
    assert [entry.where.path for entry in report.unreadable] == ["broken.tf"]


JSON = {
    "trailing comma": ('{"output": {"a": {"value": 1},}}', "JSON has no trailing comma"),
    "comment": ('{ # why\n"output": {"a": {"value": 1}}}', "expected a key in double quotes"),
    "bare key": ('{output: {"a": {"value": 1}}}', "expected a key in double quotes"),
    "equals": ('{"output" = {"a": {"value": 1}}}', "expected"),
    "name": ('{"output": {"a": {"value": NaN}}}', "expected a value"),
    "single quotes": ("{'output': {}}", "JSON knows double quotes only"),
    "number at the top": ("[1]", "expected one JSON object, or a list of them"),
}


@pytest.mark.parametrize(("text", "message"), JSON.values(), ids=JSON)
def test_json_is_strict(tmp_path: Path, text: str, message: str) -> None:
    report = judged(tmp_path, {"main.tf": LB, "more.tf.json": text})
    assert [(entry.where.path, entry.where.line, message in entry.message) for entry in report.unreadable] == [
        ("more.tf.json", 1, True)
    ]


def test_a_list_of_objects_is_json_that_terraform_takes(tmp_path: Path) -> None:
    text = '[{"output": {"a": {"value": 1}}}, {"resource": {"aws_lb": {"b": {"idle_timeout": 30}}}}]'
    report = judged(tmp_path, {"more.tf.json": text})
    assert (report.unreadable, len(report.findings) > 0) == ([], True)


def test_json_holds_the_same_blocks(tmp_path: Path) -> None:
    text = (
        '{"terraform": {"required_providers": {"//": "why these", "aws": ">= 5"}},'
        ' "variable": {"a": {"//": "x", "validation": {"condition": "${var.a > 0}", "error_message": "x"}}},'
        ' "resource": {"aws_lb": {"b": {"depends_on": ["aws_lb.main"], "lifecycle": {"prevent_destroy": true},'
        ' "provisioner": {"local-exec": {"command": "${self.id}"}}}}}, "//": {},'
        ' "check": {"c": {"data": {"http": {"p": {"url": "x"}}}, "assert": {"condition": "${data.http.p.id}"}}}}'
    )
    report = judged(tmp_path, {"main.tf": LB, "more.tf.json": text})
    assert [entry.message for entry in report.unreadable] == ["Terraform refuses this: `assert` has no `error_message`"]
