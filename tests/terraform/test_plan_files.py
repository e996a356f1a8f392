"""Plans as shells and editors leave them, and files that people take for plans."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, problems

BALANCER = {
    "address": "aws_lb.chat",
    "mode": "managed",
    "type": "aws_lb",
    "name": "chat",
    "values": {"name": "chat", "load_balancer_type": "application", "idle_timeout": 60},
}
PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {"root_module": {"resources": [BALANCER]}},
    "configuration": {"root_module": {}},
}
WRITTEN = {
    "as terraform writes it": json.dumps(PLAN).encode(),
    "by PowerShell": json.dumps(PLAN).encode("utf-16"),
    "with a byte order mark": json.dumps(PLAN).encode("utf-8-sig"),
    "laid out": json.dumps(PLAN, indent=2).replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("path", ["plan.json", "."])
def test_a_plan_in_whatever_encoding(content: bytes, path: str, lint: Lint) -> None:
    report = lint({"plan.json": content}, paths=(path,))
    assert (problems(report, "short-idle-timeout"), report["unreadable"]) == (
        ["plan.json:0 note short-idle-timeout"],
        [],
    )


@pytest.mark.parametrize("path", ["plan.json", "."])
@pytest.mark.parametrize("more", [{"configuration": {}}, {"applyable": True}, {"errored": False}])
def test_a_plan_whose_keys_are_sorted_is_read(path: str, more: dict[str, object], lint: Lint) -> None:
    files: dict[str, str | bytes] = {"plan.json": json.dumps({**PLAN, **more}, sort_keys=True)}
    assert problems(lint(files, paths=(path,)), "short-idle-timeout")


def test_other_json_with_such_keys_is_no_plan(lint: Lint) -> None:
    report = lint({"main.tf": "", "settings.json": '{"configuration": {"format": "1.0"}, "planned_values": 5}'})
    assert (report["findings"], [at for at in report["unreadable"] if at["location"]["path"] == "settings.json"]) == (
        [],
        [],
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "terraform.tfstate",
            b'{"version": 4, "lineage": "a", "resources": []}',
            "; of a state of Terraform, give what `terraform show -json` prints",
        ),
        (
            "plan.out",
            b"PK\x03\x04\x14\x00\x08",
            "is an archive, not text; of a plan of Terraform, give what `terraform show -json` prints",
        ),
        ("other.json", '{"a": 1}'.encode("utf-16"), "code of an application was expected"),
        ("plan.json", b"", "code of an application was expected"),
    ],
)
def test_what_is_taken_for_a_plan(name: str, content: bytes, message: str, lint: Lint) -> None:
    report = lint({name: content}, paths=(name,))
    [entry] = report["unreadable"]
    assert (entry["location"]["path"], report["status"]) == (name, 2)
    assert entry["message"].endswith(message)
