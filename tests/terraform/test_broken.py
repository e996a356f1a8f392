"""Input that Terraform would refuse, or that would hurt: named, and the rest is judged."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import doubts, judged, places, project, reading, said
from yardstick import at_most

from infralint.engine.registry import built_in_folder, load_checks
from infralint.engine.run import lint
from infralint.sources.terraform.hcl import HclError, HclFile, parse

GOOD = 'resource "aws_lb" "good" {\n  idle_timeout = 60\n}\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('resource "aws_lb" "bad" {\n  idle_timeout = \n}\n', 2, "expected a value"),
        ('resource "aws_lb" "bad" {\n  idle_timeout = 60\n', 1, "never closed"),
        ('resource "aws_lb" "bad" {\n  idle_timeout = 60\n  idle_timeout = 300\n}\n', 3, "set twice"),
        ('resource "aws_lb" "bad" {\n  name = "open\n}\n', 2, "never closed"),
        ('resource "aws_lb" "bad" {\n  tags = { a = 1 b = 2 }\n}\n', 2, "expected , or a new line"),
        ('resource "aws_lb" "bad" {\n  x = <<EOT\nnever\n}\n', 2, "never closed"),
        ('resource "aws_lb" "bad" {\n  x = [1, 2\n}\n', 3, "expected , or ]"),
        ('resource "aws_lb" "bad" { a = 1 b = 2 }\n', 1, "expected } behind the one argument"),
        ('resource "aws_lb" "bad" {\n  x = 1 +\n}\n', 2, "expected a value"),
        ("<<<<<<< HEAD\n" + GOOD, 1, "expected an attribute or a block"),
        ('resource "aws_lb" "bad" {\n  x = max\n  (1, 2)\n}\n', 3, "expected an attribute or a block"),
        ('resource "aws_lb" "bad" {\n  x = { a = max\n  (1, 2) }\n}\n', 3, "got ', 2) }'"),
    ],
)
def test_a_syntax_error_is_named_with_its_line_and_the_rest_is_judged(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    report = judged(tmp_path, {"bad.tf": text, "good.tf": GOOD})
    assert [(one.where.path, one.where.line) for one in report.unreadable] == [("bad.tf", line)]
    assert words in report.unreadable[0].message
    assert places(report) == ["good.tf:2"]


def test_broken_json_is_named(tmp_path: Path) -> None:
    report = judged(tmp_path, {"bad.tf.json": '{"resource": {"aws_lb": }', "good.tf": GOOD})
    assert [one.where.path for one in report.unreadable] == ["bad.tf.json"]
    assert places(report) == ["good.tf:2"]


def test_a_broken_file_of_values_is_named(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": GOOD, "terraform.tfvars": "a = \n"})
    assert [(one.where.path, one.where.line) for one in report.unreadable] == [("terraform.tfvars", 1)]


def test_what_a_broken_file_may_declare_can_not_be_told(tmp_path: Path) -> None:
    files = {"main.tf": 'resource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n', "variables.tf": "variable {{\n"}
    report = judged(tmp_path, files)
    assert not said(report)
    assert "var.idle may be declared in variables.tf, which can't be read" in doubts(report)


def test_a_module_that_includes_itself_is_named(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": GOOD + 'module "again" {\n  source = "./."\n}\n'})
    assert "module again includes itself" in report.unreadable[0].message
    assert places(report) == ["main.tf:2"]


def test_a_circle_of_modules_ends(tmp_path: Path) -> None:
    report = judged(
        tmp_path,
        {
            "a/main.tf": GOOD + 'module "b" {\n  source = "../b"\n}\n',
            "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
        },
    )
    assert "includes itself" in report.unreadable[0].message
    assert places(report) == ["a/main.tf:2"]


@pytest.mark.parametrize(
    "expression",
    [
        "local.a",
        "range(1000000000)[5]",
        "length(setproduct(range(1000), range(1000), range(1000), range(1000)))",
        "local.l4",
        "[for a in range(1024) : [for b in range(1024) : [for c in range(1024) : c]]][0][0][60]",
    ],
)
def test_expressions_that_never_end_are_not_told(tmp_path: Path, expression: str) -> None:
    doubling = "".join(f'  l{n} = "${{local.l{n - 1}}}{f"${{local.l{n - 1}}}" * 99}"\n' for n in range(1, 5))
    before = f'locals {{\n  a = local.b\n  b = local.a\n  l0 = "0123456789"\n{doubling}}}\n'
    with at_most(2000):
        report = judged(
            tmp_path, {"main.tf": before + f'resource "aws_lb" "m" {{\n  idle_timeout = {expression}\n}}\n'}
        )
        assert not said(report)
        assert report.unknown


def test_of_a_huge_count_some_are_judged(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "m" {\n  count = 1000000000\n  idle_timeout = 60\n}\n'
    found = places(judged(tmp_path, {"main.tf": text}))
    assert set(found) == {"main.tf:3"}
    assert len(found) <= 256


def test_a_slow_regular_expression_is_stopped(tmp_path: Path) -> None:
    text = f'resource "aws_lb" "m" {{\n  idle_timeout = length(regexall("(a+)+$", "{"a" * 40}!"))\n}}\n'
    with at_most(2000):
        judged(tmp_path, {"main.tf": text})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(", ")"),
        ("[", "]"),
        ("-", ""),
        ("!", ""),
        ("{ a = ", " }"),
        ("1+", ""),
        ("", "[0]"),
        ("", ".a"),
        ("(1+1)+", ""),
    ],
)
def test_deep_nesting_is_refused_without_a_crash(tmp_path: Path, before: str, after: str) -> None:
    text = f"locals {{\n  x = {before * 20_000}1{after * 20_000}\n}}\n"
    report = judged(tmp_path, {"deep.tf": text + "# aws_lb", "good.tf": GOOD})
    assert "nested deeper than infralint reads" in report.unreadable[0].message
    assert places(report) == ["good.tf:2"]


def test_a_long_chain_of_operators_is_no_nesting(tmp_path: Path) -> None:
    text = f'resource "aws_lb" "m" {{\n  idle_timeout = {"0 + " * 30}60\n}}\n'
    assert places(judged(tmp_path, {"main.tf": text})) == ["main.tf:2"]


def test_ten_thousand_resources(tmp_path: Path) -> None:
    many = "".join(
        f'resource "aws_s3_bucket" "b{index}" {{\n  bucket = "b-${{var.x}}"\n}}\n' for index in range(10_000)
    )
    with at_most(2000):
        assert places(judged(tmp_path, {"main.tf": GOOD + many})) == ["main.tf:2"]


@pytest.mark.parametrize(
    "expression",
    [
        'file("/etc/hostname")',
        'file("../secret.txt")',
        'length(file("${path.module}/../../../etc/passwd"))',
        'yamldecode(file("link.yaml")).idle',
        'length(fileset("/etc", "*"))',
        'templatefile("../t.tpl", {})',
    ],
)
def test_nothing_outside_the_project_is_read(tmp_path: Path, expression: str) -> None:
    (tmp_path / "secret.txt").write_text("61")
    (tmp_path / "outside.yaml").write_text("idle: 61")
    (tmp_path / "t.tpl").write_text("61")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.yaml").symlink_to("../outside.yaml")
    report = judged(inside, {"main.tf": f'resource "aws_lb" "m" {{\n  idle_timeout = {expression}\n}}\n'})
    assert not said(report)
    assert report.unknown


def test_a_module_outside_the_project_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(GOOD)
    inside = tmp_path / "inside"
    files = {"main.tf": GOOD + 'module "m" {\n  source = "../m"\n}\n'}
    report = judged(inside, files)
    assert places(report) == ["main.tf:2"]
    assert "leads out of the project" in doubts(report)


def test_a_module_behind_a_link_is_not_followed_out(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(GOOD)
    inside = tmp_path / "inside"
    inside.mkdir()
    os.symlink("../m", inside / "linked")
    report = judged(inside, {"main.tf": 'module "m" {\n  source = "./linked"\n}\n# aws_lb\n'})
    assert not said(report)


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    files = {
        "main.tf": 'variable "idle" {\n  type = number\n  sensitive = true\n}\nvariable "key" {}\n'
        'resource "aws_lb" "m" {\n  idle_timeout = var.idle\n}\n'
        'resource "aws_lb" "n" {\n  idle_timeout = tonumber(var.key)\n}\n',
        "terraform.tfvars": 'idle = 4711\nkey = "hunter2"\n',
    }
    report = judged(tmp_path, files)
    text = repr(report)
    assert "4711" not in text
    assert "hunter2" not in text
    assert "var.idle, which is sensitive" in doubts(report)
    assert "Terraform refuses" in doubts(report)


def test_what_terraform_refuses_is_not_called_good(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": 'resource "aws_lb" "m" {\n  idle_timeout = "soon"\n}\n'})
    assert not said(report)
    assert "a number was expected" in report.unreadable[0].message


def test_text_that_is_not_text(tmp_path: Path) -> None:
    folder = project(tmp_path, {"good.tf": GOOD})
    (tmp_path / "binary.tf").write_bytes(b"aws_lb\0\1\2")
    report = lint(folder, load_checks(built_in_folder()))
    assert [one.where.path for one in report.unreadable] == ["binary.tf"]
    assert places(report) == ["good.tf:2"]


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert places(judged(tmp_path, {"main.tf": "\ufeff" + GOOD})) == ["main.tf:2"]


def test_a_root_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = reading(tmp_path, {"main.tf": GOOD}, roots=[{"path": "infra"}])
    assert "holds no Terraform files" in found.unreadable[0].message


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='abc019 \n\t"${}%[]()=,.:?!*<>-+/#~|&\\', max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(HclError):
        parse(HclFile("x.tf", text))
