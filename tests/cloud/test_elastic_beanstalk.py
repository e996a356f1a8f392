"""Elastic Beanstalk, of Terraform and of `.ebextensions`: the load balancer of an environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Lint, problems, run, write

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


def test_a_value_that_is_no_number_is_refused(lint: Lint) -> None:
    report = lint({**mapping({**ALB, IDLE: "long"}), "infralint.yaml": SSE})
    assert problems(report, "short-idle-timeout") == []
    assert ["IdleTimeout takes no 'long'" in entry["message"] for entry in report["unreadable"]] == [True]


def test_a_namespace_that_is_none_says_nothing_of_the_kind(lint: Lint) -> None:
    report = lint({**terraform({("environment", "LoadBalancerType"): "application"}), "infralint.yaml": SSE})
    assert report["unreadable"] == []
    assert any("nothing sets LoadBalancerType" in unknown["message"] for unknown in report["unknown"])


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


# The nginx of an instance

NODE: dict[str, str | bytes] = {
    "package.json": '{"name": "chat", "dependencies": {"express": "4", "openai": "4"}}',
    "server.js": """const express = require("express");
const OpenAI = require("openai");
const app = express();
const openai = new OpenAI();
app.post("/api/chat", async (request, response) => {
  response.setHeader("Content-Type", "text/event-stream");
  const stream = await openai.chat.completions.create({ model: "m", messages: [], stream: true });
  for await (const part of stream) response.write(`data: ${JSON.stringify(part)}\\n\\n`);
  response.end();
});
app.listen(process.env.PORT || 3000);
""",
    "Procfile": "web: node server.js\n",
    "infralint.yaml": "generation: 4m\n",
}
SHOWN = ".ebextensions/01.config"


def options(*lines: str) -> dict[str, str | bytes]:
    return {SHOWN: "option_settings:\n" + "".join(f"  {line}\n" for line in lines)}


ENVIRONMENT = options("aws:elasticbeanstalk:environment:", "  EnvironmentType: SingleInstance")


def told(report: dict[str, Any]) -> list[str]:
    return sorted(f"{finding['severity']} {finding['check']}" for finding in report["findings"])


def test_its_nginx_stands_before_the_application(lint: Lint) -> None:
    report = lint({**ENVIRONMENT, **NODE})
    assert told(report) == ["error short-idle-timeout", "warning buffered-stream"]
    [finding] = [finding for finding in report["findings"] if finding["check"] == "short-idle-timeout"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["location /", "POST /api/chat"]
    assert finding["location"]["path"] == SHOWN
    assert ".platform/nginx/conf.d/streams.conf" in finding["fix"]
    assert "unsupported" not in report


@pytest.mark.parametrize("place", [".platform", ".ebextensions"])
def test_what_its_files_say_holds_around_its_server(place: str, lint: Lint) -> None:
    lines = "proxy_buffering off;\nproxy_read_timeout 300s;\n"
    report = lint({**ENVIRONMENT, **NODE, f"{place}/nginx/conf.d/streams.conf": lines})
    assert {finding["severity"] for finding in report["findings"]} == {"note"}


def test_what_its_files_say_inside_its_server_is_a_location_of_it(lint: Lint) -> None:
    location = (
        "location /api/ {\n  proxy_pass http://127.0.0.1:8080;\n  proxy_buffering off;\n  proxy_read_timeout 20s;\n}\n"
    )
    path = ".platform/nginx/conf.d/elasticbeanstalk/api.conf"
    report = lint({**ENVIRONMENT, **NODE, path: location})
    assert [finding for finding in problems(report) if "note" not in finding] == [f"{path}:4 error short-idle-timeout"]


def test_a_file_of_the_name_of_its_location_takes_its_place(lint: Lint) -> None:
    location = (
        "location / {\n  proxy_pass http://127.0.0.1:8080;\n  proxy_buffering off;\n  proxy_read_timeout 300s;\n}\n"
    )
    report = lint({**ENVIRONMENT, **NODE, ".platform/nginx/conf.d/elasticbeanstalk/00_application.conf": location})
    assert {finding["severity"] for finding in report["findings"]} == {"note"}
    assert report["unreadable"] == []


@pytest.mark.parametrize(
    "more",
    [
        options("aws:elasticbeanstalk:environment:proxy:", "  ProxyServer: none"),
        options("aws:elasticbeanstalk:environment:proxy:", "  ProxyServer: apache"),
        {"Dockerrun.aws.json": "{}"},
        {"docker-compose.yml": "services: {}\n"},
        {"composer.json": "{}"},
    ],
)
def test_where_something_else_answers_it_is_not_there(more: dict[str, str | bytes], lint: Lint) -> None:
    assert told(lint({**ENVIRONMENT, **NODE, **more})) == []


def test_hooks_that_write_into_it_are_not_followed(lint: Lint) -> None:
    hook = "#!/bin/sh\nsed -i s/60/600/ /etc/nginx/nginx.conf\nsystemctl reload nginx\n"
    extended = {".platform/nginx/conf.d/limits.conf": "client_max_body_size 10m;\n"}
    report = lint({**ENVIRONMENT, **NODE, **extended, ".platform/hooks/postdeploy/01.sh": hook})
    assert told(report) == []
    assert any(".platform/hooks/postdeploy/01.sh" in str(entry) for entry in report["unfollowed"])
    assert told(lint({".platform/hooks/postdeploy/01.sh": "#!/bin/sh\necho done\n"})) != []


@pytest.mark.parametrize(
    "more",
    [
        'files:\n  "/etc/nginx/conf.d/proxy.conf":\n    content: |\n      proxy_read_timeout 600s;\n',
        "container_commands:\n  01:\n    command: sed -i s/60/600/ /etc/nginx/nginx.conf\n",
    ],
)
def test_what_writes_into_it_at_deployment_is_not_followed(more: str, lint: Lint) -> None:
    report = lint({**ENVIRONMENT, **NODE, ".ebextensions/02.config": more})
    assert told(report) == []
    assert any(".ebextensions/02.config" in str(entry) for entry in report["unfollowed"])


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        (("aws:elasticbeanstalk:application:environment:", "  PORT: 4000"), 4000),
        (("aws:autoscaling:asg:", "  MaxSize: 1"), 8080),
    ],
)
def test_the_application_listens_where_it_looks(settings: tuple[str, ...], port: int, lint: Lint) -> None:
    report = lint({**options(*settings), **NODE})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "short-idle-timeout"]
    assert f"127.0.0.1:{port}" in str(finding["trace"]["legs"])


def test_two_environments_of_one_repository_are_told_apart(lint: Lint) -> None:
    balanced = options("aws:elasticbeanstalk:environment:", "  LoadBalancerType: application")
    again = {f"{folder}/{path}": text for folder in ("chat", "admin") for path, text in {**balanced, **NODE}.items()}
    report = lint({**again, "infralint.yaml": "generation: 4m\n"})
    ways = {tuple(leg["hop"]["location"]["path"] for leg in finding["trace"]["legs"]) for finding in report["findings"]}
    assert ways == {(f"{folder}/{SHOWN}", f"{folder}/{SHOWN}", f"{folder}/server.js") for folder in ("chat", "admin")}
    assert {finding["severity"] for finding in report["findings"] if finding["check"] == "short-idle-timeout"} == {
        "error"
    }


def test_nothing_is_written_into_what_beanstalk_writes(here: Path) -> None:
    files = {**ENVIRONMENT, **NODE}
    write(here, files)
    result = run("check", "--fix", ".")
    assert "Elastic Beanstalk writes its nginx.conf" in result.stdout
    assert {path: (here / path).read_text() for path in files} == files
