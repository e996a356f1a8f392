"""Elastic Beanstalk, of Terraform and of `.ebextensions`: the load balancer of an environment."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, silence: 90s, generation: 5m}]\n"
SOCKET = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, session: socket.io}]\n"
Options = dict[tuple[str, str], str]
ALB: Options = {("aws:elasticbeanstalk:environment", "LoadBalancerType"): "application"}
IDLE = ("aws:elbv2:loadbalancer", "IdleTimeout")
STICKY = ("aws:elasticbeanstalk:environment:process:default", "StickinessEnabled")
SINGLE: Options = {("aws:elasticbeanstalk:environment", "EnvironmentType"): "SingleInstance"}


def terraform(options: Options) -> dict[str, str | bytes]:
    settings = "".join(
        f'  setting {{\n    namespace = "{space}"\n    name = "{name}"\n    value = "{value}"\n  }}\n'
        for (space, name), value in options.items()
    )
    return {"main.tf": f'resource "aws_elastic_beanstalk_environment" "api" {{\n  name = "api"\n{settings}}}\n'}


def mapping(options: Options) -> dict[str, str | bytes]:
    lines = "".join(f"  {space}:\n    {name}: {value}\n" for (space, name), value in options.items())
    return {"api/.ebextensions/01.config": f"option_settings:\n{lines}"}


def listed(options: Options) -> dict[str, str | bytes]:
    lines = "".join(
        f"  - namespace: {space}\n    option_name: {name}\n    value: {value}\n"
        for (space, name), value in options.items()
    )
    return {"api/.ebextensions/01.config": f"option_settings:\n{lines}"}


WAYS = pytest.mark.parametrize("written", [terraform, mapping, listed])


@WAYS
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (ALB, True),
        ({**ALB, IDLE: "300"}, False),
        ({**ALB, IDLE: "30"}, True),
        ({("aws:elb:policies", "ConnectionSettingIdleTimeout"): "300"}, False),
        ({("aws:elb:policies", "ConnectionSettingIdleTimeout"): "20"}, True),
        (SINGLE, False),
    ],
)
def test_the_idle_timeout(written: object, options: Options, found: bool, lint: Lint) -> None:
    assert callable(written)
    report = lint({**written(options), "infralint.yaml": SSE})
    short = [finding for finding in report["findings"] if finding["check"] == "short-idle-timeout"]
    assert len(short) == int(found)
    assert all("IdleTimeout: " in finding["fix"] for finding in short)
    assert "unsupported" not in report


@pytest.mark.parametrize(
    ("more", "found"),
    [({}, True), ({STICKY: "true"}, False), ({("aws:autoscaling:asg", "MaxSize"): "1"}, False)],
)
def test_sessions_need_stickiness_on_several_instances(more: Options, found: bool, lint: Lint) -> None:
    report = lint({**mapping({**ALB, **more}), "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found


@pytest.mark.parametrize(("seconds", "found"), [("", True), ("600", False)])
def test_a_deployment_gives_streams_twenty_seconds(seconds: str, found: bool, lint: Lint) -> None:
    more = {("aws:elasticbeanstalk:environment:process:default", "DeregistrationDelay"): seconds} if seconds else {}
    report = lint({**mapping({**ALB, IDLE: "300", **more}), "infralint.yaml": SSE})
    assert bool(problems(report, "stream-cut-on-deploy")) is found


def test_a_value_that_is_no_number_is_could_not_tell(lint: Lint) -> None:
    report = lint({**mapping({**ALB, IDLE: "long"}), "infralint.yaml": SSE})
    assert problems(report, "short-idle-timeout") == []
    assert any("IdleTimeout takes no 'long'" in unknown["message"] for unknown in report["unknown"])


def test_a_worker_has_no_load_balancer(lint: Lint) -> None:
    text = 'resource "aws_elastic_beanstalk_environment" "jobs" {\n  name = "jobs"\n  tier = "Worker"\n}\n'
    assert lint({"main.tf": text, "infralint.yaml": SSE})["findings"] == []


@pytest.mark.parametrize(
    "files",
    [
        {
            "api/.ebextensions/01.config": "option_settings:\n  aws:elasticbeanstalk:container:python:\n    WSGIPath: app\n"
        },
        {"web.config": "option_settings: ["},
    ],
)
def test_what_says_nothing_of_a_load_balancer_is_no_hop(files: dict[str, str | bytes], lint: Lint) -> None:
    report = lint({**files, "infralint.yaml": SSE})
    assert report["findings"] == []
    assert not any(".config" in problem["location"]["path"] for problem in report["unreadable"])


def test_a_broken_file_is_named(lint: Lint) -> None:
    report = lint({"api/.ebextensions/01.config": "option_settings: [\n"})
    assert (report["status"], "YAML" in report["unreadable"][0]["message"]) == (2, True)
