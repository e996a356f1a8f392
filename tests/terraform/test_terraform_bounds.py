"""Texts of a few lines that mean more than fits anywhere: told as such, in no time, and the rest is judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import doubts, idle, judged, places, reading
from yardstick import at_most

YARDSTICKS = 200
"""That any input below 100 kB may take."""

LAUGHS = "locals {\n  a0 = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"  a{n} = [local.a{n - 1}, local.a{n - 1}, local.a{n - 1}, local.a{n - 1}, local.a{n - 1}]\n" for n in range(1, 13)
)
SQUARES = "locals {\n  n0 = 10\n" + "".join(f"  n{n} = local.n{n - 1} * local.n{n - 1}\n" for n in range(1, 30)) + "}\n"
ALIASES = "a: &a [x, x, x, x, x, x, x, x]\\n" + "".join(
    f"{after}: &{after} [*{name}, *{name}, *{name}, *{name}, *{name}, *{name}]\\n"
    for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)

LARGE = {
    "text by width": 'length(format("%.2000000000f", 1))',
    "text by count": 'length(format("%999999999d", 1))',
    "a list of texts by width": 'length(formatlist("%2000000000s", ["a", "b"]))',
    "indentation": 'length(indent(2000000000, "a\\nb"))',
    "a text in a text": 'length(replace(join("", [for i in range(1000) : "aaaaaaaaaa"]), "a", '
    'join("", [for i in range(1000) : "bbbbbbbbbb"])))',
    "a text repeated by join": 'length(join(join("", [for i in range(1000) : "aaaaaaaaaaaaaaaa"]), range(1000)))',
    "a product of lists": "length(setproduct(range(1000), range(1000), range(1000)))",
    "loops in loops": "length(flatten([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]))",
    "digits": "9" * 20000,
    "an exponent": "1e999999999",
    "a text with an exponent": 'tonumber("1e-999999999")',
    "a power": "pow(10, 400) + 1",
    "whole numbers in another base": f'parseint("{"z" * 9000}", 36)',
    "lists of lists as JSON": "length(jsonencode(local.a12))",
    "lists of lists compared": "local.a12 == local.a12 ? 1 : 2",
    "lists of lists flattened": "length(flatten(local.a12))",
    "lists of lists as a set": "length(toset(local.a12))",
    "numbers squared": "local.n29",
    "aliases": f'length(yamldecode("{ALIASES}")["i"])',
    "a pattern that goes back": 'length(regexall("^(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"))',
    "many patterns that go back": 'length(flatten([for i in range(900) : regexall("(x+x+)+y${i}", '
    '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]))',
    "a pattern of patterns": 'length(regexall("((((a{1,99}){1,99}){1,99}){1,99}){1,99}", "aaaaaaaaaaaaaaaaaaaa"))',
}


@pytest.mark.parametrize("expression", LARGE.values(), ids=LARGE)
def test_what_is_too_large_is_told_and_the_next_is_judged(tmp_path: Path, expression: str) -> None:
    text = f"{LAUGHS}}}\n{SQUARES}" + 'resource "aws_lb" "large" {\n  idle_timeout = ' + expression + "\n}\n"
    files = {"large/main.tf": text, "small/main.tf": 'resource "aws_lb" "small" {\n  idle_timeout = 60\n}\n'}
    with at_most(YARDSTICKS):
        report = judged(tmp_path, files)
    assert "small/main.tf:2" in places(report)
    assert not report.unreadable or "AWS refuses" in report.unreadable[0].message
    assert "large/main.tf" in doubts(report) or report.unreadable or "large/main.tf:46" in places(report)


def test_an_argument_that_takes_too_long_is_named_and_its_neighbours_are_judged(tmp_path: Path) -> None:
    text = (
        'locals {\n  a = [for a in range(1000) : [for b in range(1000) : a * b]]\n}\nresource "aws_lb" "slow" {\n'
        '  idle_timeout = length(local.a)\n}\nresource "aws_lb" "quick" {\n  idle_timeout = 60\n}\n'
    )
    found = reading(tmp_path, {"main.tf": text})
    assert 60 in idle(found)
    report = judged(tmp_path, {"main.tf": text})
    assert "main.tf:5" in doubts(report)
    assert "takes too long" in doubts(report)


@pytest.mark.parametrize("count", ['tonumber("nan")', "-1", "1.5", '"x"', "null", "1e400"])
def test_a_count_that_terraform_refuses_is_named(tmp_path: Path, count: str) -> None:
    report = judged(tmp_path, {"main.tf": f'resource "aws_lb" "m" {{\n  count = {count}\n  idle_timeout = 60\n}}\n'})
    assert "main.tf:2" in doubts(report)


def test_a_number_past_all_floats_is_one_that_aws_refuses(tmp_path: Path) -> None:
    text = 'resource "aws_lb" "m" {\n  idle_timeout = sum([1e308, 1e308])\n}\n'
    report = judged(tmp_path, {"main.tf": text})
    assert [one.where.line for one in report.unreadable] == [2]
    assert "AWS refuses" in report.unreadable[0].message


def test_half_a_character_in_a_source_is_a_module_that_is_not_here(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": 'module "alb" {\n  source = "./mod\\ud800/alb"\n}\n'})
    assert [one.where.line for one in report.unreadable] == [2]


BALANCER = 'resource "aws_lb" "m" {\n  idle_timeout = 60\n}\n'


def test_dynamic_blocks_in_each_other_are_told(tmp_path: Path) -> None:
    text = """
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.m.arn
  port = 80
  dynamic "default_action" {
    for_each = range(1024)
    content {
      type = "forward"
      dynamic "forward" {
        for_each = range(1024)
        content {}
      }
    }
  }
}
"""
    with at_most(YARDSTICKS):
        report = judged(tmp_path, {"large/main.tf": BALANCER + text, "small/main.tf": BALANCER})
    assert "small/main.tf:2" in places(report)
    [told] = [unknown for unknown in report.unknown if "takes too long to work out" in unknown.why]
    assert told.where.path.endswith("large/main.tf")


def test_of_resources_without_end_some_are_judged_and_the_last_of_them_is_told(tmp_path: Path) -> None:
    files = {
        "large/main.tf": 'module "m" {\n  source = "../m"\n  count  = 250\n}\n',
        "m/main.tf": BALANCER.replace("{", "{\n  count = 250", 1),
        "small/main.tf": BALANCER,
    }
    with at_most(YARDSTICKS):
        report = judged(tmp_path, files)
    assert "small/main.tf:2" in places(report)
    [told] = [unknown for unknown in report.unknown if "takes too long to work out" in unknown.why]
    assert "resources up to module.m[" in told.why
    assert told.where.path.endswith("m/main.tf")
    assert told.where.line == 1


def test_modules_that_call_the_next_twice_are_told_and_do_not_include_themselves(tmp_path: Path) -> None:
    calls = 'module "a" {{\n  source = "../m{next}"\n}}\nmodule "b" {{\n  source = "../m{next}"\n}}\n'
    files = {f"m{number}/main.tf": calls.format(next=number + 1) for number in range(25)}
    with at_most(YARDSTICKS):
        report = judged(tmp_path, {**files, "m25/main.tf": BALANCER, "small/main.tf": BALANCER})
    assert "small/main.tf:2" in places(report)
    assert not report.unreadable
    told = [unknown.why for unknown in report.unknown]
    assert any("takes too long to work out" in text for text in told)
    assert any("called through more than 16 modules" in text for text in told)


def test_a_long_list_of_dynamic_blocks_is_worked_out(tmp_path: Path) -> None:
    text = """
resource "aws_lb_target_group" "t" {
  port = 80
  dynamic "stickiness" {
    for_each = range(200)
    content {
      type = "lb_cookie"
    }
  }
}
"""
    report = judged(tmp_path, {"main.tf": BALANCER + text})
    assert not any("work out" in unknown.why for unknown in report.unknown)


def test_the_number_of_a_member_behind_a_splat_is_read(tmp_path: Path) -> None:
    text = "locals {\n  l = [{ n = [{ ip = 30 }] }, { n = [{ ip = 60 }] }]\n}\n"
    report = judged(tmp_path, {"main.tf": text + BALANCER.replace("60", "local.l.*.n.0.ip[1]")})
    assert not report.unreadable
    assert not report.unknown
    assert places(report)


def test_what_try_and_can_catch_is_not_refused(tmp_path: Path) -> None:
    call = 'module "sa" {\n  source = "./m"\n}\n'
    value = 'can(nofn("a")) ? 10 : try(module.sa.emails["a"], 60)'
    files = {"main.tf": call + BALANCER.replace("60", value), "m/o.tf": 'output "email" {\n  value = "x"\n}\n'}
    report = judged(tmp_path, files)
    assert not report.unreadable
    files["main.tf"] = call + BALANCER.replace("60", "try(var.nope, 60)")
    assert judged(tmp_path, files).unreadable


@pytest.mark.parametrize("first", ["var.x", "1"])
def test_long_values_that_are_read_take_no_time(tmp_path: Path, first: str) -> None:
    values = "".join(f"  a{number} = {first}{' + 1' * 495}\n" for number in range(25))
    text = f'variable "x" {{\n  default = 1\n}}\nlocals {{\n{values}}}\n{BALANCER}'
    with at_most(YARDSTICKS):
        report = judged(tmp_path, {"main.tf": text})
    assert not report.unreadable
    assert places(report)


def test_local_values_in_a_long_chain_are_followed_to_their_end(tmp_path: Path) -> None:
    def chain(last: str, name: str) -> str:
        links = "".join(f"  {name}{n} = local.{name}{n + 1}\n" for n in range(3000))
        return f"locals {{\n{links}  {name}3000 = {last}\n}}\n"

    failing = 'locals {\n  c = tonumber("y${local.a2990}")\n}\n'
    text = chain('"x"', "a") + chain("data.b.b", "b") + failing + BALANCER
    report = judged(tmp_path, {"long/main.tf": text, "short/main.tf": BALANCER})
    assert "short/main.tf:2" in places(report)
    assert any("a number was expected" in unreadable.message for unreadable in report.unreadable)
    assert not any("fault" in unreadable.message for unreadable in report.unreadable)
