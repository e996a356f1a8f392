"""What an audit hands to other programs: records of what fails and of what passes, and what has changed since."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.compliance_status import StatusID
from schemas import complaints

from aws.world import World

Audit = Callable[..., Result]
SCHEMA = json.loads((Path(__file__).parent.parent.parent / "infralint/report.schema.json").read_text())


@pytest.fixture
def two(world: World) -> World:
    """A load balancer that is too short, and one that is fine."""
    for name, idle in (("chat", "60"), ("patient", "4000")):
        balancer = world.balancer(name, tags={"team": "=cmd", "env": "prod"}, **{"idle_timeout.timeout_seconds": idle})
        world.listener(balancer, world.group(f"{name}-web", balancer))
    return world


def table(output: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output)))


def test_a_table_has_what_fails_and_what_passes(two: World, audit: Audit) -> None:
    rows = table(audit("--format", "csv", exit_code=1).stdout)
    found = {(row["hop"], row["check"]): row for row in rows}
    assert found["chat", "short-idle-timeout"]["status"] == "fail"
    assert found["chat", "short-idle-timeout"]["severity"] == "warning"
    assert found["patient", "short-idle-timeout"]["status"] == "pass"
    assert found["patient", "short-idle-timeout"]["severity"] == ""
    for row in rows:
        assert (row["account"], row["region"], row["type"]) == (
            "123456789012",
            "eu-west-1",
            "application load balancer",
        )
        assert row["tags"] == "env=prod;team==cmd"
        assert row["resource"].startswith("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/")
        assert row["time"].endswith("+00:00") or row["time"].endswith("Z")


def test_each_load_balancer_is_named_where_all_is_asked_for(world: World, audit: Audit) -> None:
    for name, port in (("chat", 443), ("ledger", 5432)):
        balancer = world.balancer(name, "network")
        world.listener(balancer, world.group(f"{name}-web", balancer), protocol="TCP", port=port)
    printed = audit("-v").stdout
    assert (
        "good: chat (network TCP 443, eu-west-1 123456789012): it allows 350 s of silence, and 2 min are needed\n"
        in printed
    )
    assert "not judged: ledger (network TCP 5432, eu-west-1 123456789012): no stream passes it\n" in printed
    assert "ledger" not in audit().stdout


def test_one_verdict_a_check_and_resource(two: World, report: Callable[..., Any]) -> None:
    data = report(exit_code=1)
    assert not list(Draft202012Validator(SCHEMA).iter_errors(data))
    verdicts = [(verdict["hop"], verdict["check"]) for verdict in data["verdicts"]]
    assert len(set(verdicts)) == len(verdicts)
    failed = [verdict for verdict in data["verdicts"] if verdict["status"] == "fail"]
    assert [verdict["findings"] for verdict in failed] == [[finding["fingerprint"]] for finding in data["findings"]]
    assert data["taken"]
    hop = data["findings"][0]["hop"]
    assert (hop["variant"], hop["resource"]["region"], hop["resource"]["tags"]["env"]) == (
        "application",
        "eu-west-1",
        "prod",
    )


def test_what_can_not_be_told_does_not_pass(world: World, report: Callable[..., Any]) -> None:
    balancer = world.balancer("chat", **{"idle_timeout.timeout_seconds": "a while"})
    world.listener(balancer, world.group("web", balancer))
    [verdict] = [verdict for verdict in report()["verdicts"] if verdict["check"] == "short-idle-timeout"]
    assert verdict["status"] == "unknown"
    assert "a while" in verdict["reason"]


def test_what_is_accepted_is_suppressed_and_does_not_pass(two: World, audit: Audit, home: Path) -> None:
    (home / "infralint.yaml").write_text(
        "assume: warning\naccept: [{hop: chat, check: short-idle-timeout, reason: it is old}]\n"
    )
    rows = table(audit("--format", "csv", exit_code=0).stdout)
    [row] = [row for row in rows if (row["hop"], row["check"]) == ("chat", "short-idle-timeout")]
    assert (row["status"], row["reason"]) == ("suppressed", "it is old")


def test_events_are_compliance_findings_of_ocsf(two: World, audit: Audit) -> None:
    events = json.loads(audit("--format", "ocsf", exit_code=1).stdout)
    parsed = [ComplianceFinding.model_validate(event) for event in events]
    statuses = {(event.resources[0].name, event.compliance.control): event.compliance.status_id for event in parsed}
    assert statuses["chat", "short-idle-timeout"] == StatusID.Fail
    assert statuses["patient", "short-idle-timeout"] == StatusID.Pass
    assert len({event["finding_info"]["uid"] for event in events}) == len(events)
    for event in events:
        assert event["cloud"]["account"]["uid"] == "123456789012"
        assert event["cloud"]["region"] == event["resources"][0]["region"] == "eu-west-1"
        assert {"name": "env", "value": "prod"} in event["resources"][0]["tags"]
        assert event["time"] > 1_700_000_000_000
    failed = next(event for event in events if event["compliance"]["status"] == "Fail")
    assert "aws elbv2 modify-load-balancer-attributes" in failed["remediation"]["desc"]


def test_sarif_takes_no_resource_for_a_file(two: World, audit: Audit) -> None:
    log = json.loads(audit("--format", "sarif", exit_code=1).stdout)
    assert complaints("sarif-2.1.0.json", log) == []
    assert '"uri": "arn:' not in json.dumps(log)
    assert '"uri": "https:' not in json.dumps(log["runs"][0]["results"])
    [result] = log["runs"][0]["results"]
    [place] = result["locations"]
    assert "physicalLocation" not in place
    assert place["logicalLocations"][0]["name"] == "chat"
    assert place["logicalLocations"][0]["fullyQualifiedName"].startswith("arn:aws:elasticloadbalancing:")
    assert log["runs"][0]["automationDetails"]["id"].startswith("infralint-audit/")


def test_annotations_take_no_resource_for_a_file(two: World, audit: Audit) -> None:
    [line] = audit("--format", "github", exit_code=1).stdout.splitlines()
    assert line.startswith("::warning title=infralint%3A short-idle-timeout::chat cuts the stream after 60 s")
    assert "%0Aarn:aws:elasticloadbalancing:" in line


def test_sarif_of_an_account_points_to_its_terraform(two: World, audit: Audit, home: Path) -> None:
    (home / "main.tf").write_text('resource "aws_lb" "chat" {\n  name = "chat"\n  idle_timeout = 600\n}\n')
    log = json.loads(audit("--format", "sarif", "--against", ".").stdout)
    assert complaints("sarif-2.1.0.json", log) == []
    [result] = [result for result in log["runs"][0]["results"] if result["ruleId"] == "short-idle-timeout"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("main.tf", 3)


def test_sarif_of_a_snapshot_points_to_it(two: World, audit: Audit, run: Audit, home: Path) -> None:
    audit("--save", "account.json", exit_code=1)
    for log in (
        json.loads(run("snapshot", "account.json", "--format", "sarif", exit_code=1).stdout),
        json.loads(audit("--save", "again-account.json", "--format", "sarif", exit_code=1).stdout),
    ):
        assert complaints("sarif-2.1.0.json", log) == []
        [result] = log["runs"][0]["results"]
        [place] = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("account.json")
        assert place["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
        assert place["logicalLocations"][0]["name"] == "chat"


def test_sarif_names_what_could_not_be_read_by_its_region(two: World, audit: Audit) -> None:
    log = json.loads(audit("--format", "sarif", "--load-balancer", "gone", exit_code=2).stdout)
    assert complaints("sarif-2.1.0.json", log) == []
    [note] = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert note["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "--load-balancer", "kind": "resource"}]}]


def test_a_baseline_leaves_out_what_was_there(two: World, audit: Audit, home: Path) -> None:
    written = audit("--write-baseline", "known.json", exit_code=1)
    assert "known.json: 1 finding that later runs leave out with --baseline.\n" in written.stderr
    output = audit("--baseline", "known.json", exit_code=0).output
    assert "2 load balancers (1 with warnings, 1 good): clean and 1 in the baseline." in output
    old = two.balancer("late", **{"idle_timeout.timeout_seconds": "60"})
    two.listener(old, two.group("late-web", old))
    output = audit("--baseline", "known.json", exit_code=1).output
    assert "late cuts" in output
    assert "chat cuts" not in output


def test_a_baseline_says_what_is_no_more(two: World, audit: Audit, home: Path) -> None:
    audit("--write-baseline", "known.json", exit_code=1)
    two.balancers.clear() if hasattr(two, "balancers") else None
    known = json.loads((home / "known.json").read_text())
    known["findings"].append({"check": "short-idle-timeout", "path": "arn:x", "hop": "old", "fingerprint": "0" * 16})
    (home / "known.json").write_text(json.dumps(known))
    output = audit("--baseline", "known.json").output
    assert "arn:x: short-idle-timeout (old)" in output


def test_a_baseline_that_is_none_is_one_sentence(two: World, audit: Audit, home: Path) -> None:
    (home / "known.json").write_text("{}")
    assert "known.json: is not a baseline of infralint" in audit("--baseline", "known.json", exit_code=2).output


def test_what_has_changed_since_a_snapshot(two: World, audit: Audit, run: Audit, home: Path) -> None:
    audit("--save", "then.json", exit_code=1)
    then = json.loads((home / "then.json").read_text())
    [region] = then["regions"]
    for arn, attributes in region["load_balancer_attributes"].items():
        attributes["idle_timeout.timeout_seconds"] = "4000" if "/chat/" in arn else "60"
    gone = next(balancer for balancer in region["load_balancers"] if balancer["LoadBalancerName"] == "patient")
    (home / "swapped.json").write_text(json.dumps(then))
    data = json.loads(run("snapshot", "swapped.json", "--against-snapshot", "then.json", "--format", "json").stdout)
    assert not list(Draft202012Validator(SCHEMA).iter_errors(data))
    since = data["since"]
    assert since["new"] == [data["findings"][0]["fingerprint"]]
    assert [finding["hop"]["name"] for finding in since["gone"]] == ["chat"]
    assert since["added"] == since["removed"] == since["changed"] == []
    output = run("snapshot", "swapped.json", "--against-snapshot", "then.json").output
    assert ": of the findings, 1 new, 0 changed and 1 gone; of the load balancers, 0 new and 0 gone.\n" in output
    assert (
        "  new: warning[short-idle-timeout] patient (eu-west-1)\n  gone: warning[short-idle-timeout] chat (eu-west-1)\n"
        in output
    )
    region["load_balancers"].remove(gone)
    (home / "smaller.json").write_text(json.dumps(then))
    data = json.loads(run("snapshot", "smaller.json", "--against-snapshot", "then.json", "--format", "json").stdout)
    assert data["since"]["removed"] == [gone["LoadBalancerArn"]]


def test_a_longer_wait_that_is_still_too_short_has_changed(two: World, audit: Audit, run: Audit, home: Path) -> None:
    audit("--save", "then.json", exit_code=1)
    text = (home / "then.json").read_text()
    (home / "now.json").write_text(
        text.replace('"idle_timeout.timeout_seconds": "60"', '"idle_timeout.timeout_seconds": "90"')
    )
    rows = table(run("snapshot", "now.json", "--against-snapshot", "then.json", "--format", "csv").stdout)
    assert [(row["status"], row["since"]) for row in rows if row["since"]] == [("fail", "changed")]
    change = "`idle_timeout.timeout_seconds = 90`, before `idle_timeout.timeout_seconds = 60`"
    output = run("snapshot", "now.json", "--against-snapshot", "then.json").output
    assert f"  changed: warning[short-idle-timeout] chat (eu-west-1): {change}\n" in output


def test_the_same_snapshot_has_not_changed(two: World, audit: Audit, run: Audit, home: Path) -> None:
    audit("--save", "then.json", exit_code=1)
    output = run("snapshot", "then.json", "--against-snapshot", "then.json").output
    assert ": of the findings, 0 new, 0 changed and 0 gone; of the load balancers, 0 new and 0 gone.\n" in output
