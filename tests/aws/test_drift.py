"""What the account has against what the code says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws.world import World, forward, when

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
    account(world, "200", "false")
    found = report("--against", "infra", exit_code=1)
    assert drift(found) == [
        "chat has `idle_timeout.timeout_seconds = 200`, but the code says `idle_timeout = 300`. "
        "It was changed by hand, or what the code says is not applied yet. Apply the code, or write into it what the account has",
        "chat has `stickiness.enabled = false`, but the code says `stickiness { … }`. "
        "It was changed by hand, or what the code says is not applied yet. Apply the code, or write into it what the account has",
    ]
    first = next(one for one in found["findings"] if one["check"] == "drift")
    assert first["severity"] == "warning"
    assert first["hop"]["name"] == "chat"
    assert (first["related"][0]["location"]["path"], first["related"][0]["location"]["line"]) == ("infra/main.tf", 4)


@pytest.mark.usefixtures("infra")
def test_a_short_timeout_that_the_code_has_mended_is_one_finding(world: World, report: Report) -> None:
    account(world, "60")
    findings = report("--against", "infra", exit_code=1)["findings"]
    assert [finding["check"] for finding in findings] == ["short-idle-timeout"]
    assert findings[0]["fix"].startswith("terraform apply  # infra/main.tf:4:3 says `idle_timeout = 300` already")
    assert "the code says 5 min" in [place["message"] for place in findings[0]["related"]]


@pytest.mark.usefixtures("infra")
def test_the_code_is_known_on_every_way_through_a_load_balancer(world: World, report: Report) -> None:
    """Its idle timeout is one, however many target groups it has."""
    balancer = world.balancer("chat", **{"idle_timeout.timeout_seconds": "60"})
    groups = [world.group(name, balancer, **{"stickiness.enabled": "true"}) for name in ("web", "other")]
    world.listener(balancer, groups[0], rules=[(when(path="/static/*"), forward(groups[1]))])
    findings = report("--against", "infra", exit_code=1)["findings"]
    [timeout] = [finding for finding in findings if finding["check"] == "short-idle-timeout"]
    assert timeout["fix"].startswith("terraform apply  # infra/main.tf:4:3 says `idle_timeout = 300` already")


def test_code_that_is_too_short_itself_is_to_be_changed(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace("= 300", "= 90"))
    account(world, "60")
    findings = report("--against", "infra", exit_code=1)["findings"]
    assert [finding["check"] for finding in findings] == ["short-idle-timeout"]
    assert "terraform apply" not in findings[0]["fix"]
    assert "the code says 90 s" in [place["message"] for place in findings[0]["related"]]


def test_what_the_next_apply_would_take_back_is_to_be_written_down(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace("= 300", "= 60"))
    account(world, "300")
    findings = report("--against", "infra", exit_code=1)["findings"]
    [finding] = findings
    assert finding["message"].endswith(
        ". Write into the code what the account has: the next apply sets it back to 60 s"
    )


@pytest.mark.usefixtures("infra")
@pytest.mark.parametrize("options", [["--ignore", "drift"], ["--select", "short-idle-timeout"]])
def test_drift_is_a_check_that_can_be_left_out(options: list[str], world: World, report: Report) -> None:
    account(world, "200")
    assert report("--against", "infra", *options, exit_code=0)["findings"] == []


@pytest.mark.usefixtures("infra")
def test_drift_is_a_check_that_can_be_chosen(world: World, report: Report) -> None:
    account(world, "60")
    assert len(drift(report("--against", "infra", "--select", "drift", exit_code=1))) == 1


@pytest.mark.usefixtures("infra")
def test_drift_can_be_accepted(world: World, report: Report, home: Path) -> None:
    (home / "infralint.yaml").write_text("accept: [{check: drift, hop: chat, reason: a controller sets it}]\n")
    account(world, "200")
    assert report("--against", "infra", exit_code=0)["findings"] == []


def test_what_the_code_leaves_out_is_the_default(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace("idle_timeout = 300", ""))
    account(world, "300")
    assert drift(report("--against", "infra", exit_code=1)) == [
        "chat has `idle_timeout.timeout_seconds = 300`, but the code says nothing about idle_timeout, so 60 s. "
        "It was changed by hand, or what the code says is not applied yet. "
        "Write into the code what the account has: the next apply sets it back to 60 s"
    ]


def test_what_the_code_does_not_tell_is_unknown(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace("= 300", "= var.idle") + 'variable "idle" {}\n')
    account(world, "600")
    found = report("--against", "infra", exit_code=0)
    assert drift(found) == []
    assert any("idle" in one["message"] for one in found["unknown"])


def test_a_state_leads_from_one_name_to_the_other(world: World, report: Report, infra: Path) -> None:
    (infra / "main.tf").write_text(CODE.replace('name         = "chat"', 'name_prefix  = "chat-"'))
    account(world, "200", name="chat-2026")
    arn = next(arn for arn in world.attributes if ":loadbalancer/" in arn)
    attributes = {"arn": arn, "name": "chat-2026", "access_token": "never read"}
    resource = {"mode": "managed", "type": "aws_lb", "name": "main", "instances": [{"attributes": attributes}]}
    (infra / "terraform.tfstate").write_text(json.dumps({"version": 4, "resources": [resource]}))
    assert "chat-2026 has `idle_timeout.timeout_seconds = 200`" in drift(report("--against", "infra", exit_code=1))[0]


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
    account(world, "200")
    found = report("--against", "infra", exit_code=2)
    assert len(drift(found)) == 1
    assert [one["location"]["path"] for one in found["unreadable"]] == ["infra/broken.tf"]


def test_a_folder_without_terraform_is_a_wrong_call(home: Path, audit: Callable[..., Any]) -> None:
    (home / "empty").mkdir()
    assert (
        audit("--against", "empty", exit_code=2).output
        == "infralint: empty: no load balancer stands in the Terraform here\n"
    )
