"""What the account has against what the code says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws.world import World

Report = Callable[..., dict[str, Any]]

CODE = """
resource "aws_lb" "main" {
  name         = "chat"
  idle_timeout = 300
}

resource "aws_lb_target_group" "web" {
  name = "web"
  stickiness {
    type = "lb_cookie"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
"""


@pytest.fixture
def infra(home: Path) -> Path:
    folder = home / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(CODE)
    return folder


def account(world: World, idle: str, sticky: str = "true", name: str = "chat") -> None:
    balancer = world.balancer(name, **{"idle_timeout.timeout_seconds": idle})
    world.listener(balancer, world.group("web", balancer, **{"stickiness.enabled": sticky}))


def drift(report: dict[str, Any]) -> list[str]:
    return [one["message"] for one in report["findings"] if one["check"] == "drift"]


@pytest.mark.usefixtures("infra")
def test_what_agrees_is_silent(world: World, report: Report) -> None:
    account(world, "300")
    assert drift(report("--against", "infra", exit_code=0)) == []


@pytest.mark.usefixtures("infra")
def test_changed_by_hand(world: World, report: Report) -> None:
    account(world, "60", "false")
    found = report("--against", "infra", exit_code=1)
    assert drift(found) == [
        "chat has `idle_timeout.timeout_seconds = 60`, but the code says `idle_timeout = 300`. "
        "It was changed by hand, or what the code says is not applied yet",
        "chat has `stickiness.enabled = false`, but the code says `stickiness { … }`. "
        "It was changed by hand, or what the code says is not applied yet",
    ]
    first = next(one for one in found["findings"] if one["check"] == "drift")
    assert first["severity"] == "warning"
    assert (first["related"][0]["location"]["path"], first["related"][0]["location"]["line"]) == ("infra/main.tf", 4)


def test_what_the_code_leaves_out_is_the_default(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace("idle_timeout = 300", ""))
    account(world, "300")
    assert drift(report("--against", "infra", exit_code=1)) == [
        "chat has `idle_timeout.timeout_seconds = 300`, but the code says nothing about idle_timeout, so 60 s. "
        "It was changed by hand, or what the code says is not applied yet"
    ]


def test_what_the_code_does_not_tell_is_unknown(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace("= 300", "= var.idle") + 'variable "idle" {}\n')
    account(world, "600")
    found = report("--against", "infra", exit_code=0)
    assert drift(found) == []
    assert any("idle" in one["message"] for one in found["unknown"])


def test_a_state_leads_from_one_name_to_the_other(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace('name         = "chat"', 'name_prefix  = "chat-"'))
    account(world, "60", name="chat-2026")
    arn = next(arn for arn in world.attributes if ":loadbalancer/" in arn)
    attributes = {"arn": arn, "name": "chat-2026", "access_token": "never read"}
    resource = {"mode": "managed", "type": "aws_lb", "name": "main", "instances": [{"attributes": attributes}]}
    (infra / "terraform.tfstate").write_text(json.dumps({"version": 4, "resources": [resource]}))
    assert "chat-2026 has `idle_timeout.timeout_seconds = 60`" in drift(report("--against", "infra", exit_code=1))[0]


@pytest.mark.usefixtures("infra")
def test_things_in_one_place_only_are_listed_apart(world: World, report: Report) -> None:
    for name in ("legacy", "other"):
        world.balancer(name, **{"idle_timeout.timeout_seconds": "300"})
    found = report("--against", "infra", exit_code=0)
    notes = {one["message"]: [other["message"] for other in one["related"]] for one in found["findings"]}
    assert notes == {
        "2 load balancers of the account can't be found in the code by name or state": ["legacy", "other"],
        "1 load balancer of the code can't be found where the audit looked": ["aws_lb.main"],
    }


def test_a_broken_file_is_told_and_the_audit_goes_on(world: World, report: Report, infra: Path) -> None:
    (infra / "broken.tf").write_text("resource {{{")
    account(world, "60")
    found = report("--against", "infra", exit_code=2)
    assert len(drift(found)) == 1
    assert [one["location"]["path"] for one in found["unreadable"]] == ["infra/broken.tf"]


def test_a_folder_without_terraform_is_a_wrong_call(home: Path, audit: Callable[..., Any]) -> None:
    (home / "empty").mkdir()
    assert (
        audit("--against", "empty", exit_code=2).output
        == "infralint: empty: no load balancer stands in the Terraform here\n"
    )
