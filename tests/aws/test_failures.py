"""When AWS, the network or the user stands in the way: nothing is lost, what is missing is said, the status is 2."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from aws.world import Answer, Server, World
from infralint.sources.aws_account import client, session

Report = Callable[..., dict[str, Any]]
Audit = Callable[..., Result]

DENIED = Answer("AccessDenied", 403, "User: arn:aws:iam::123456789012:user/x is not authorized")
EXPIRED = Answer("ExpiredToken", 403, "The security token included in the request is expired")


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long between tries."""
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.02)


def two_balancers(world: World) -> None:
    for name in ("chat", "shop"):
        balancer = world.balancer(name)
        world.listener(balancer, world.group(f"{name}-web", balancer))


def names(report: dict[str, Any]) -> list[str]:
    return sorted(one["hop"]["name"] for one in report["findings"])


def messages(report: dict[str, Any]) -> str:
    return "\n".join(one["message"] for one in report["unreadable"])


@pytest.mark.usefixtures("hurry")
def test_throttled_calls_are_made_again(world: World, report: Report) -> None:
    two_balancers(world)
    bucket, refill = [3.0], [time.monotonic()]

    def throttle(*_: Any) -> Answer | None:
        with world.lock:
            now = time.monotonic()
            bucket[0] = min(3.0, bucket[0] + (now - refill[0]) * 10)
            refill[0] = now
            if bucket[0] < 1:
                return Answer("Throttling", 400, "Rate exceeded")
            bucket[0] -= 1
            return None

    world.faults = throttle
    for number in range(6):
        world.balancer(f"more-{number}")
    found = report(exit_code=1)
    assert len(found["findings"]) == 8
    assert found["unreadable"] == []


@pytest.mark.usefixtures("hurry")
def test_throttling_without_end_is_said(world: World, report: Report) -> None:
    two_balancers(world)
    world.faults = lambda region, operation, sent: (
        Answer("Throttling", 400, "Rate exceeded") if "shop" in sent.get("LoadBalancerArn", "") else None
    )
    found = report(exit_code=2)
    assert names(found) == ["chat"]
    assert "the idle timeout of shop could not be read: AWS kept answering that there are too many calls" in messages(
        found
    )
    assert [one["message"] for one in found["unknown"]] == [
        "idle_timeout.timeout_seconds: AWS kept throttling elasticloadbalancing:DescribeLoadBalancerAttributes"
    ]


@pytest.mark.parametrize(
    ("operation", "missing", "found"),
    [
        ("DescribeLoadBalancerAttributes", "the idle timeout of chat and shop", 2),
        ("DescribeTargetGroupAttributes", "the stickiness of chat-web and shop-web", 2),
        ("DescribeTargetGroups", "target groups", 4),
        ("DescribeListeners", "listeners of chat and shop", 4),
        ("DescribeRules", "listener rules of chat and shop", 4),
        ("DescribeTargetHealth", "how many targets of chat-web and shop-web are healthy", 4),
        ("DescribeTags", "tags", 4),
    ],
)
def test_one_kind_of_call_denied(
    operation: str, missing: str, found: int, world: World, report: Report, home: Path
) -> None:
    (home / "infralint.yaml").write_text("streams:\n  - {path: /ws, kind: websocket, silence: 100s}\n")
    two_balancers(world)
    world.faults = lambda region, called, sent: DENIED if called == operation else None
    result = report(exit_code=2)
    assert len(result["findings"]) == found
    assert messages(result) == (
        f"{missing} could not be read: these credentials may not call elasticloadbalancing:{operation}; "
        "allow it (`infralint audit aws --iam-policy` prints the whole policy)"
    )


def test_a_denied_call_is_not_repeated(world: World, report: Report) -> None:
    for number in range(30):
        world.balancer(f"lb-{number}")
    world.faults = lambda region, operation, sent: DENIED if operation == "DescribeLoadBalancerAttributes" else None
    found = report(exit_code=2)
    assert world.counts()["DescribeLoadBalancerAttributes"] <= 4
    assert "the idle timeout of lb-0, lb-1, lb-10, lb-11 and 26 more could not be read" in messages(found)
    assert len(found["unknown"]) == 1


def test_all_denied_is_one_sentence(world: World, audit: Audit) -> None:
    world.faults = lambda *_: DENIED
    assert audit(exit_code=2).output == (
        "infralint: AWS denies elasticloadbalancing:DescribeLoadBalancers to these credentials; "
        "`infralint audit aws --iam-policy` prints the policy it needs\n"
    )


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_credentials_that_are_no_good_are_one_sentence(code: str, world: World, audit: Audit) -> None:
    world.faults = lambda *_: Answer(code, 403, "The security token included in the request is " + code)
    output = audit(exit_code=2).output
    assert output.startswith("infralint: ")
    assert output.count("\n") == 1
    assert "log in again" in output or "does not accept the credentials" in output


def test_no_credentials_is_one_sentence(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    output = audit(exit_code=2).output
    assert output.startswith("infralint: no AWS credentials found")
    assert output.count("\n") == 1


def test_an_unknown_profile_is_one_sentence(audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    said = "infralint: no AWS profile is called nope; "
    assert audit("--profile", "nope", exit_code=2).output == f"{said}none is configured here\n"
    (home / "config").write_text("[profile dev]\nregion = eu-west-1\n[profile prod]\n")
    assert audit("--profile", "nope", exit_code=2).output == f"{said}the profiles here: dev and prod\n"
    monkeypatch.setenv("AWS_PROFILE", "nope")
    assert audit(exit_code=2).output == f"{said}the profiles here: dev and prod\n"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("echo the token service is down >&2; exit 3", "`credential_process` failed: the token service is down"),
        ("exit 3", "`credential_process` failed: it says nothing"),
        ("echo hello", "what `credential_process` prints is not JSON"),
        ("echo '[1]'", "what `credential_process` prints is not a JSON object"),
        (
            'echo \'{"Version": 1, "AccessKeyId": "a"}\'',
            "`credential_process` failed: Missing required key in response",
        ),
        (
            'echo \'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": "soon"}\'',
            "`credential_process` can't be used: Unknown string format: soon",
        ),
        (None, "`credential_process` can't be run: "),
    ],
)
def test_a_credential_process_that_fails_is_one_sentence(
    program: str | None, words: str, audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = home / "credentials.sh"
    if program is not None:
        script.write_text(f"#!/bin/sh\n{program}\n")
        script.chmod(0o755)
    (home / "config").write_text(f"[default]\ncredential_process = {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    output = audit(exit_code=2).output
    assert output.startswith(f"infralint: AWS credentials can't be had: {words}")
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    "profiles",
    [
        "[default]\ncredential_process = sleep 1000\n",
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n"
        "[profile base]\ncredential_process = sleep 1000\n",
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = middle\n"
        "[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/m\nsource_profile = base\n"
        "[profile base]\ncredential_process = sleep 1000\n",
    ],
    ids=["direct", "source-profile", "source-of-a-source"],
)
def test_a_credential_process_that_hangs_is_stopped(
    profiles: str, audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PROCESS_SECONDS", 0.2)
    (home / "config").write_text(profiles)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert audit(exit_code=2).output == (
        "infralint: AWS credentials can't be had: `credential_process` has not ended after 0.2 s, and was stopped\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--region", "eu west 1"), "Provided region_name 'eu west 1' doesn't match a supported format."),
        (("--endpoint-url", "nowhere"), "Invalid endpoint: nowhere"),
    ],
)
def test_a_region_or_an_address_that_none_can_be_is_one_sentence(
    arguments: tuple[str, ...], words: str, run: Callable[..., Result]
) -> None:
    given = arguments if "--region" in arguments else ("--region", "eu-west-1", *arguments)
    assert run("aws", *given, exit_code=2).output == f"infralint: AWS can't be asked: {words}\n"


def test_a_retry_mode_that_there_is_none_of_is_one_sentence(
    audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").write_text("[default]\nretry_mode = weird\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    output = audit(exit_code=2).output
    assert output.startswith("infralint: AWS can't be asked: Invalid value provided to")
    assert output.count("\n") == 1


def test_no_region_is_one_sentence(run: Callable[..., Result]) -> None:
    output = run("aws", exit_code=2).output
    assert output == "infralint: no region is set: give --region (repeat it for more), or --all-regions\n"


def test_boto3_missing_is_one_sentence(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert audit(exit_code=2).output == "infralint: auditing AWS needs boto3: pip install 'infralint[aws]'\n"


def test_one_region_fails_the_other_is_judged(world: World, report: Report) -> None:
    world.balancer("ireland")
    world.balancer("virginia", region="us-east-1")
    world.faults = lambda region, *_: Answer("InvalidClientTokenId", 403, "invalid") if region == "us-east-1" else None
    found = report("--region", "eu-west-1", "--region", "us-east-1", exit_code=2)
    assert names(found) == ["ireland"]
    [trouble] = found["unreadable"]
    assert trouble["location"]["path"] == "us-east-1"
    assert "load balancers could not be read: AWS does not accept the credentials" in trouble["message"]


def test_credentials_expire_in_mid_run(world: World, report: Report) -> None:
    for number in range(30):
        world.balancer(f"lb-{number:02}")
    asked: list[str] = []

    def expire(region: str, operation: str, sent: dict[str, str]) -> Answer | None:
        asked.append(operation)
        return EXPIRED if asked.count("DescribeLoadBalancerAttributes") > 10 else None

    world.faults = expire
    found = report(exit_code=2)
    assert len(found["findings"]) == 10
    assert asked.count("DescribeLoadBalancerAttributes") <= 10 + 4
    assert "AWS does not accept the credentials (The security token included in the request is expired)" in messages(
        found
    )


def test_one_role_is_denied_the_other_account_is_judged(world: World, report: Report) -> None:
    world.balancer("chat")
    good, bad = "arn:aws:iam::123456789012:role/audit", "arn:aws:iam::999999999999:role/audit"
    world.faults = lambda region, operation, sent: DENIED if sent.get("RoleArn") == bad else None
    found = report("--role-arn", bad, "--role-arn", good, exit_code=2)
    assert names(found) == ["chat"]
    assert "sts:AssumeRole" in messages(found)
    assert bad in messages(found)


def test_a_denied_role_alone_is_one_sentence(world: World, audit: Audit) -> None:
    world.faults = lambda *_: DENIED
    role = "arn:aws:iam::999999999999:role/audit"
    assert (
        audit("--role-arn", role, exit_code=2).output
        == f"infralint: AWS denies sts:AssumeRole {role} to these credentials\n"
    )


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Answer("", 200, body="<html>proxy error</html"), id="no XML"),
        pytest.param(Answer("InternalFailure", 500), id="server error"),
        pytest.param(Answer("ServiceUnavailable", 503), id="unavailable"),
        pytest.param(Answer("", 0), id="hang up"),
    ],
)
def test_broken_answers_are_asked_again(broken: Answer, world: World, report: Report) -> None:
    two_balancers(world)
    times: dict[str, int] = {}

    def fail_once(region: str, operation: str, sent: dict[str, str]) -> Answer | None:
        key = operation + sent.get("LoadBalancerArn", "")
        times[key] = times.get(key, 0) + 1
        return broken if times[key] == 1 else None

    world.faults = fail_once
    found = report(exit_code=1)
    assert names(found) == ["chat", "shop"]
    assert found["unreadable"] == []


@pytest.mark.usefixtures("hurry")
def test_answers_that_stay_broken_hide_nothing_else(world: World, report: Report) -> None:
    two_balancers(world)
    world.faults = lambda region, operation, sent: (
        Answer("InternalFailure", 500, "oops") if "/shop/" in sent.get("LoadBalancerArn", "") else None
    )
    found = report(exit_code=2)
    assert names(found) == ["chat"]
    assert "the idle timeout of shop could not be read" in messages(found)
    assert "oops" in messages(found)


@pytest.mark.usefixtures("hurry")
def test_answers_that_never_come(world: World, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    two_balancers(world)
    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    world.faults = lambda region, operation, sent: (
        Answer("", 0, delay=1) if "/shop/" in sent.get("LoadBalancerArn", "") else None
    )
    found = report(exit_code=2)
    assert names(found) == ["chat"]
    assert "the idle timeout of shop could not be read" in messages(found)


@pytest.mark.usefixtures("hurry")
def test_nobody_answers_at_all(run: Callable[..., Result], server: Server) -> None:
    server.stop()
    output = run("aws", "--endpoint-url", server.url, "--region", "eu-west-1", exit_code=2).output
    assert output.startswith("infralint: elasticloadbalancing:DescribeLoadBalancers failed: Could not connect")


def test_a_load_balancer_deleted_between_two_calls(world: World, report: Report) -> None:
    two_balancers(world)

    def delete(region: str, operation: str, sent: dict[str, str]) -> None:
        if operation == "DescribeTargetGroups":
            world.delete("shop")

    world.faults = delete
    found = report(exit_code=2)
    assert names(found) == ["chat"]
    assert messages(found) == "shop was deleted while the audit ran; run it again for the whole picture"


def test_tags_of_the_others_survive_a_deleted_load_balancer(world: World, report: Report) -> None:
    for name in ("chat", "shop"):
        world.balancer(name, tags={"ManagedBy": "terraform"})

    def delete(region: str, operation: str, sent: dict[str, str]) -> None:
        if operation == "DescribeTags":
            world.delete("shop")

    world.faults = delete
    found = report(exit_code=2)
    made = {one["hop"]["name"]: "made by Terraform" in one["related"][-1]["message"] for one in found["findings"]}
    assert made == {"chat": True, "shop": False}


def test_half_a_list_is_judged_and_said(world: World, report: Report) -> None:
    for number in range(401):
        world.balancer(f"lb-{number:03}", **{"idle_timeout.timeout_seconds": "300"})
    world.faults = lambda region, operation, sent: DENIED if sent.get("Marker") else None
    found = report("--load-balancer", "lb-0*", exit_code=2)
    assert "load balancers could not be read" in messages(found)
    assert world.counts()["DescribeLoadBalancerAttributes"] == 100


def test_a_value_that_nobody_understands_is_unknown(world: World, report: Report) -> None:
    world.balancer("chat", **{"idle_timeout.timeout_seconds": "a while"})
    found = report(exit_code=0)
    assert found["findings"] == []
    assert "which infralint does not understand" in found["unknown"][0]["message"]
    assert report("--strict", exit_code=2)["findings"] == []


def test_an_attribute_that_aws_leaves_out_has_its_default(world: World, report: Report) -> None:
    arn = world.balancer("chat")
    del world.attributes[arn]["idle_timeout.timeout_seconds"]
    [finding] = report(exit_code=1)["findings"]
    assert "after 60 s of silence: nothing sets idle_timeout.timeout_seconds" in finding["message"]


def test_stopping_keeps_what_is_there(world: World, server: Server, home: Path) -> None:
    for number in range(20):
        world.balancer(f"lb-{number:02}")
    stuck = threading.Event()

    def hang(region: str, operation: str, sent: dict[str, str]) -> Answer | None:
        if operation == "DescribeLoadBalancerAttributes" and world.counts()[operation] > 12:
            stuck.set()
            return Answer("", 0, delay=40)
        return None

    world.faults = hang
    command = [sys.executable, "-m", "infralint", "audit", "aws", "--region", "eu-west-1", "--format", "json"]
    process = subprocess.Popen(
        [*command, "--endpoint-url", server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What runs in the background of a shell ignores the signal, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert stuck.wait(20)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    found = json.loads(output)
    assert (process.returncode, errors) == (2, b"")
    assert len(found["findings"]) == 12
    assert "the audit was stopped before 8 calls" in messages(found)
    assert len(found["unknown"]) == 1


def test_broken_sessions_of_a_program_are_told(
    world: World, audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").write_text("[profile sso]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
                                 "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://example.com/start\n")  # fmt: skip
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    output = audit("--profile", "sso", exit_code=2).output
    assert output.startswith("infralint: AWS does not accept the credentials: ")
    assert output.count("\n") == 1


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_come_from_the_environment(
    name: str, world: World, server: Server, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.balancer("web", **{"idle_timeout.timeout_seconds": "300"})
    monkeypatch.setenv(name, "eu-west-1")
    output = run("aws", "--endpoint-url", server.url, exit_code=0).output
    assert "Read 1 AWS region with 1 load balancer (1 good): clean." in output
