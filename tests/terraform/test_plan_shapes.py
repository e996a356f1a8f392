"""Plans that terraform did not write: unreadable, with the place in them; what stands beside them is judged."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from judging import judged, places

PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_lb.web",
                    "mode": "managed",
                    "type": "aws_lb",
                    "values": {"name": "web", "idle_timeout": 60},
                }
            ],
            "child_modules": [
                {
                    "resources": [
                        {
                            "address": "module.m.aws_lb_listener_rule.r",
                            "mode": "managed",
                            "type": "aws_lb_listener_rule",
                            "values": {"listener_arn": "l", "condition": [{"path_pattern": [{"values": ["/x"]}]}]},
                        }
                    ]
                }
            ],
        }
    },
    "resource_changes": [{"address": "aws_lb.web", "change": {"after_unknown": {"arn": True}}}],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_lb.web",
                    "expressions": {"subnets": {"references": ["var.subnets"]}, "idle_timeout": {}},
                }
            ],
            "module_calls": {
                "m": {
                    "expressions": {"a": {"constant_value": 1}},
                    "module": {"outputs": {"o": {"expression": {"references": ["aws_lb.x"]}}}},
                }
            },
        }
    },
}
ROOT = ("planned_values", "root_module")
CONFIGURED = ("configuration", "root_module")
RULE = (*ROOT, "child_modules", 0, "resources", 0)
WRONG = {
    "$.planned_values:": (("planned_values",), 5),
    "$.planned_values.root_module:": (ROOT, "text"),
    "$.planned_values.root_module.resources:": ((*ROOT, "resources"), 7),
    "$.planned_values.root_module.resources[0]:": ((*ROOT, "resources", 0), None),
    "$.planned_values.root_module.resources[0].type:": ((*ROOT, "resources", 0, "type"), ["aws_lb"]),
    "$.planned_values.root_module.resources[0].address:": ((*ROOT, "resources", 0, "address"), None),
    "$.planned_values.root_module.resources[0].values:": ((*ROOT, "resources", 0, "values"), "text"),
    "$.planned_values.root_module.resources[0].values.idle_timeout:": (
        (*ROOT, "resources", 0, "values", "idle_timeout"),
        [60],
    ),
    "$.planned_values.root_module.resources[0].mode:": ((*ROOT, "resources", 0, "mode"), "manged"),
    "$.planned_values.root_module.resources[0].values.load_balancer_type:": (
        (*ROOT, "resources", 0, "values", "load_balancer_type"),
        7,
    ),
    "$.planned_values.root_module.resources[0].values.internal:": (
        (*ROOT, "resources", 0, "values", "internal"),
        "no",
    ),
    "$.planned_values.root_module.child_modules[0]:": ((*ROOT, "child_modules", 0), "text"),
    "$.planned_values.root_module.child_modules[0].resources[0].values.condition[0].path_pattern[0].values:": (
        (*RULE, "values", "condition", 0, "path_pattern", 0, "values"),
        True,
    ),
    "$.resource_changes:": (("resource_changes",), 1.5),
    "$.resource_changes[0].address:": (("resource_changes", 0, "address"), {}),
    "$.resource_changes[0].change:": (("resource_changes", 0, "change"), "text"),
    "$.configuration:": (("configuration",), "text"),
    "$.configuration.root_module.resources[0].expressions:": ((*CONFIGURED, "resources", 0, "expressions"), 1.5),
    "$.configuration.root_module.resources[0].expressions.subnets.references:": (
        (*CONFIGURED, "resources", 0, "expressions", "subnets", "references"),
        True,
    ),
    "$.configuration.root_module.resources[0].expressions.subnets.references[0]:": (
        (*CONFIGURED, "resources", 0, "expressions", "subnets", "references", 0),
        5,
    ),
    "$.configuration.root_module.module_calls:": ((*CONFIGURED, "module_calls"), "text"),
    "$.configuration.root_module.module_calls.m.module.outputs.o.expression.references:": (
        (*CONFIGURED, "module_calls", "m", "module", "outputs", "o", "expression", "references"),
        "text",
    ),
}


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    plan: Any = copy.deepcopy(PLAN)
    part = plan
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return dict(plan)


def test_values_that_are_null_are_none(tmp_path: Path) -> None:
    for name in ("planned_values", "values"):
        [entry] = judged(tmp_path, {"plan.json": json.dumps(changed((name,), None))}).unreadable
        assert f"$.{name}: expected object, got null" in entry.message


def test_a_plan_of_terraforms_is_judged(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": json.dumps(PLAN)})
    assert not report.unreadable
    assert places(report) == ["plan.json:0"]


@pytest.mark.parametrize(("place", "change"), WRONG.items(), ids=WRONG)
def test_what_terraform_does_not_write_is_named_by_its_place(
    tmp_path: Path, place: str, change: tuple[tuple[str | int, ...], object]
) -> None:
    beside = 'resource "aws_lb" "b" {\n  idle_timeout = 60\n}\n'
    report = judged(tmp_path, {"plan.json": json.dumps(changed(*change)), "tf/main.tf": beside})
    assert [one.where.path for one in report.unreadable] == ["plan.json"]
    assert f"is not what `terraform show -json` writes: {place}" in report.unreadable[0].message
    assert places(report) == ["tf/main.tf:2"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "9" * 5000])
def test_numbers_that_are_no_json_are_told(tmp_path: Path, number: str) -> None:
    text = json.dumps(PLAN).replace('"idle_timeout": 60', f'"idle_timeout": {number}')
    report = judged(tmp_path, {"plan.json": text})
    assert [one.where.path for one in report.unreadable] == ["plan.json"]


def test_other_json_is_none_of_our_business(tmp_path: Path) -> None:
    report = judged(tmp_path, {"a.json": '{"format_version": "1", "name": 5}', "main.tf": "locals {}\n"})
    assert not report.unreadable


def test_references_that_are_no_names_refer_to_nothing(tmp_path: Path) -> None:
    listener = {"address": "aws_lb_listener.l", "mode": "managed", "type": "aws_lb_listener", "values": {}}
    blocks = {"load_balancer_arn": {"references": [{"constant_value": 1}]}}
    odd = changed((*ROOT, "resources", 0), listener)
    odd["configuration"]["root_module"]["resources"][0] = {"address": "aws_lb_listener.l", "expressions": blocks}
    report = judged(tmp_path, {"plan.json": json.dumps(odd)})
    assert not report.unreadable


def test_a_plan_of_a_run_that_failed_is_judged_and_said_to_be_no_whole(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": json.dumps({**PLAN, "errored": True, "complete": False})})
    assert [entry.where.path for entry in report.unreadable] == ["plan.json"]
    assert "is the plan of a run that failed (`errored` is true)" in report.unreadable[0].message
    assert places(report) == ["plan.json:0"]


def test_a_plan_of_a_part_does_not_stand_for_the_sources_of_the_rest(tmp_path: Path) -> None:
    """`terraform plan -target`."""
    main = 'resource "aws_lb" "web" {\n  name = "web"\n}\nresource "aws_lb" "rest" {\n  idle_timeout = 30\n}\n'
    resources = PLAN["planned_values"]["root_module"]["resources"]
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}, "complete": False}
    report = judged(tmp_path, {"plan.json": json.dumps(plan), "main.tf": main})
    assert "main.tf:5" in places(report)
    assert [(entry.where.path, entry.name) for entry in report.unknown] == [("plan.json", "complete")]
    assert places(judged(tmp_path, {"plan.json": json.dumps({**plan, "complete": True})})) == ["main.tf:1"]


def test_a_plan_in_another_version_of_the_format_is_unreadable(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": json.dumps({**PLAN, "format_version": "2.0"})})
    assert [entry.where.path for entry in report.unreadable] == ["plan.json"]
    assert (
        "$.format_version: infralint reads versions 0 and 1 of the format, and this is 2.0"
        in report.unreadable[0].message
    )
