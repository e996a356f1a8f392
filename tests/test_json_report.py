"""The JSON report and its published schema: what a program can rely on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Lint, run, write
from jsonschema import Draft202012Validator

from infralint.engine.pages import HOME

ROOT = Path(__file__).parent.parent
STACKS = sorted(path.name for path in (ROOT / "fixtures").iterdir())
PUBLISHED = json.loads((ROOT / "infralint/report.schema.json").read_text())
SITE = """\
events {}
http {
    server {
        listen 80;
        server_name chat.example.com;
        # SSE
        location /chat { proxy_pass http://app; proxy_buffering off; }
        # infralint: ignore[short-idle-timeout] because the backend pings
        location /sse { proxy_pass http://app; proxy_buffering off; }
    }
}
"""


def complaints(text: str) -> list[str]:
    """What the published schema says against a report."""
    return [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(PUBLISHED).iter_errors(json.loads(text))
    ]


def closed(schema: Any) -> Any:
    """The schema in which an object may have no field that is not described."""
    if isinstance(schema, dict):
        inner = {key: closed(value) for key, value in schema.items()}
        return inner | {"additionalProperties": False} if "properties" in inner else inner
    return [closed(value) for value in schema] if isinstance(schema, list) else schema


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(PUBLISHED)
    assert json.loads(run("schema", "report").stdout) == PUBLISHED


def test_the_schema_of_the_settings_is_printed() -> None:
    schema = json.loads(run("schema", "config").stdout)
    assert schema == json.loads((ROOT / "infralint/schema.json").read_text())
    Draft202012Validator.check_schema(schema)


def test_every_field_of_the_schema_is_described_or_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = PUBLISHED["$defs"]
    assert all(kind["description"].endswith(".") for kind in kinds.values())
    assert "Finding" in kinds
    assert not [name for name in kinds if name.startswith("Json")]


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("options", [(), ("--strict",), ("--fix",)])
def test_what_is_written_fits_the_schema(
    stack: str, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "fixtures" / stack, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    text = run("check", "--format", "json", *options).stdout
    assert complaints(text) == []
    assert list(Draft202012Validator(closed(PUBLISHED)).iter_errors(json.loads(text))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"summary": {"error": -1, "warning": 0, "note": 0}},
        {"findings": [{}]},
        {"read": ["nginx.conf"]},
        {"unsupported": "Caddyfile"},
    ],
)
def test_the_schema_refuses_what_is_no_report(change: dict[str, Any], lint: Lint) -> None:
    report = lint({"nginx.conf": SITE})
    assert complaints(json.dumps(report)) == []
    assert complaints(json.dumps(report | change))


def test_a_report_says_what_was_judged_and_how(lint: Lint) -> None:
    report = lint({"nginx.conf": SITE, "infralint.yaml": "generation: 5m\n"}, "--fail-on", "error")
    assert report["time"] == "2026-09-21T14:13:20Z"
    [project] = report["projects"]
    assert (project["root"], project["config"]) == (".", "infralint.yaml")
    assert (project["settings"]["generation"], project["settings"]["fail_on"]) == ("5m", "error")
    assert "short-idle-timeout" in report["checks"]
    assert report["read"] == {"nginx": ["nginx.conf"]}


def test_a_report_of_some_checks_names_these(lint: Lint) -> None:
    assert lint({"nginx.conf": SITE}, "--select", "buffered-stream")["checks"] == ["buffered-stream"]


def test_what_is_given_to_terraform_is_not_printed(lint: Lint) -> None:
    files: dict[str, str | bytes] = {"main.tf": 'variable "token" {}\nresource "aws_lb" "a" {}\n'}
    report = lint(files, "--tf-var", "token=hunter2")
    assert "hunter2" not in json.dumps(report)
    assert report["projects"][0]["settings"]["terraform"]["variables"] == {"token": "…"}


def test_a_finding_says_where_its_manual_is_and_what_can_be_done(lint: Lint) -> None:
    finding = lint({"nginx.conf": SITE}, "--select", "short-idle-timeout")["findings"][0]
    assert finding["url"] == f"{HOME}/blob/main/checks/short_idle_timeout.md"
    assert finding["fixable"] is True
    assert "not_fixed" not in finding
    assert finding["hop"]["hosts"] == ["chat.example.com"]
    stream = finding["stream"]
    assert (stream["kind"], stream["host"], stream["path"]) == ("sse", "chat.example.com", "/chat")
    assert stream["silence"] == stream["duration"] == 120


def test_what_can_not_be_fixed_says_why(lint: Lint) -> None:
    held = SITE.replace("proxy_buffering off; }", "proxy_buffering off; proxy_read_timeout ${LATER}; }")
    compose = """\
services:
  web:
    image: nginx:1.27
    environment: {LATER: 9s}
    volumes: ["./nginx.conf:/etc/nginx/templates/nginx.conf.template"]
"""
    found = lint({"nginx.conf": held, "compose.yaml": compose}, "--select", "short-idle-timeout")["findings"]
    assert found
    assert {finding["fixable"] for finding in found} == {False}
    assert all("${LATER}" in finding["not_fixed"] for finding in found)


def test_fixable_is_what_fix_does(lint: Lint, tmp_path: Path) -> None:
    promised = lint({"nginx.conf": SITE})["findings"]
    assert {finding["fixable"] for finding in promised} == {True}
    fixed = lint({}, "--fix")
    assert {finding["fingerprint"] for finding in fixed["fixed"]} == {finding["fingerprint"] for finding in promised}
    assert fixed["findings"] == []


def test_what_is_ignored_is_there_and_marked(lint: Lint) -> None:
    settings = "accept:\n  - {hop: location /chat, check: short-idle-timeout, reason: known since May}\n"
    report = lint({"nginx.conf": SITE, "infralint.yaml": settings})
    assert report["findings"] == []
    assert report["summary"] == {"error": 0, "warning": 0, "note": 0}
    marks = {entry["hop"]["name"]: entry["suppression"] for entry in report["suppressed"]}
    assert (marks["location /sse"]["kind"], marks["location /sse"]["reason"]) == ("comment", "the backend pings")
    assert marks["location /sse"]["location"]["line"] == 8
    assert (marks["location /chat"]["kind"], marks["location /chat"]["reason"]) == ("accept", "known since May")
    assert marks["location /chat"]["location"]["path"] == "infralint.yaml"
    assert all(len(entry["fingerprint"]) == 16 for entry in report["suppressed"])


def test_what_the_baseline_knows_is_there_and_marked(lint: Lint) -> None:
    before = lint({"nginx.conf": SITE})
    run("baseline")
    after = lint({})
    assert after["findings"] == []
    marked = {entry["fingerprint"]: entry["suppression"]["kind"] for entry in after["suppressed"]}
    assert {mark: kind for mark, kind in marked.items() if kind == "baseline"} == {
        finding["fingerprint"]: "baseline" for finding in before["findings"]
    }
    assert "baseline" not in {entry["suppression"]["kind"] for entry in lint({}, "--no-baseline").get("suppressed", ())}


def test_an_ignore_moves_no_fingerprint(lint: Lint) -> None:
    server = "server { listen 80; location /sse { proxy_pass http://app; proxy_buffering off; } }\n"
    twice = f"events {{}}\nhttp {{\n{server}{server}}}\n"
    before = [finding["fingerprint"] for finding in lint({"nginx.conf": twice})["findings"]]
    assert len(set(before)) == len(before) >= 2
    ignored = twice.replace(server, f"# infralint: ignore because of this\n{server}", 1)
    after = lint({"nginx.conf": ignored})
    assert {finding["fingerprint"] for finding in after["findings"]} < set(before)


def test_what_was_seen_and_not_read_is_named(lint: Lint) -> None:
    report = lint({"nginx.conf": SITE, "Caddyfile": "example.com {\n  reverse_proxy app:80\n}\n"})
    assert any("Caddy" in kind for kind in report["unsupported"])
    assert complaints(json.dumps(report)) == []


def test_the_checks_can_be_listed_for_a_program(tmp_path: Path) -> None:
    listed = json.loads(run("checks", "--format", "json").stdout)["checks"]
    entry = next(entry for entry in listed if entry["check"] == "buffered-stream")
    assert entry["summary"].startswith("A hop holds the answer back")
    assert entry["url"] == f"{HOME}/blob/main/checks/buffered_stream.md"
    assert entry["group"] == "default"
    assert next(entry for entry in listed if entry["check"] == "missing-retry")["group"] == "application"
    shown = [line.partition("  ")[0] for line in run("checks").stdout.splitlines() if "  " in line]
    assert sorted(entry["check"] for entry in listed) == sorted(shown)


def test_reports_on_standard_input_and_on_nothing_fit_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkdir("empty")
    assert complaints(run("check", "--format", "json", "empty").stdout) == []
    assert complaints(run("check", "--format", "json", "-", stdin=SITE.encode()).stdout) == []
    write(tmp_path, {"nginx.conf": SITE, "broken.conf": "server {\n"})
    assert complaints(run("check", "--format", "json").stdout) == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ('parseint("28", 16)', "40 s"),
        ("40 + count.index", "40 s"),
        ("length([1, 2, 3]) * 10", "30 s"),
        ("range(10, 41, 15)[2]", "40 s"),
        ("80 / 2", "40 s"),
        ("1e2 / 3", "33.3333 s"),
    ],
)
def test_a_number_that_terraform_works_out_is_a_number_of_json(written: str, seconds: str, lint: Lint) -> None:
    report = lint({"main.tf": f'resource "aws_lb" "m" {{\n  count = 1\n  idle_timeout = {written}\n}}\n'})
    assert complaints(json.dumps(report)) == []
    [finding] = report["findings"]
    assert finding["check"] == "short-idle-timeout"
    assert f" after {seconds} of silence" in finding["message"]


@pytest.mark.parametrize("written", ["length([1])", "parseint('1', 2)", "length([]) + 1"])
def test_counts_that_terraform_works_out_are_numbers_of_json(written: str, lint: Lint) -> None:
    count = written.replace("'", '"')
    task = (
        f'resource "aws_ecs_service" "api" {{\n  desired_count = {count}\n  load_balancer {{\n'
        "    target_group_arn = aws_lb_target_group.api.arn\n    container_port = 80\n  }\n}\n"
    )
    group = 'resource "aws_lb_target_group" "api" {\n  deregistration_delay = length([]) + 5\n}\n'
    balancer = (
        'resource "aws_lb" "m" {\n  idle_timeout = length([1]) + 50\n}\nresource "aws_lb_listener" "l" {\n'
        '  load_balancer_arn = aws_lb.m.arn\n  default_action {\n    type = "forward"\n'
        "    target_group_arn = aws_lb_target_group.api.arn\n  }\n}\n"
    )
    report = lint({"main.tf": task + group + balancer, "infralint.yaml": "streams: [{path: /chat}]\n"})
    assert complaints(json.dumps(report)) == []
    assert "51 s" in str(report["findings"])
