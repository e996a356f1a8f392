"""`--fix` in Terraform: literals and what is missing, as `terraform fmt` would have it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import run, write

from infralint.engine.pages import examples
from infralint.engine.registry import built_in_folder

NEEDS = "streams:\n  - path: /ws\n    kind: websocket\n    session: Socket.IO\n    generation: 10m\n"


def fix(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Fix a project, twice: the second time changes nothing. The first report."""
    write(folder, {"infralint.yaml": NEEDS, **files})
    monkeypatch.chdir(folder)
    report: dict[str, Any] = json.loads(run("check", "--fix", "--format", "json").stdout)
    after = {name: (folder / name).read_text() for name in files}
    again = json.loads(run("check", "--fix", "--format", "json").stdout)
    assert "fixed" not in again
    assert {name: (folder / name).read_text() for name in files} == after
    return report


def formatted(folder: Path) -> None:
    """`terraform fmt` would leave all files alone, where it is here to say so."""
    if terraform := shutil.which("terraform"):
        done = subprocess.run([terraform, "fmt", "-check", "-diff", "-recursive", str(folder)], capture_output=True)
        assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            'resource "aws_lb" "a" {\n  name               = "a"\n  load_balancer_type = "application" # it is\n}\n',
            'resource "aws_lb" "a" {\n  name               = "a"\n  load_balancer_type = "application" # it is\n\n'
            "  idle_timeout = 600\n}\n",
            id="missing",
        ),
        pytest.param('resource "aws_lb" "a" {}\n', 'resource "aws_lb" "a" {\n  idle_timeout = 600\n}\n', id="empty"),
        pytest.param(
            'resource "aws_lb" "a" { name = "a" }\n',
            'resource "aws_lb" "a" {\n  name = "a"\n\n  idle_timeout = 600\n}\n',
            id="one line",
        ),
        pytest.param(
            'resource "aws_lb" "a" {\n  idle_timeout = 60         # s\n  name         = "abcdefgh" # n\n}\n',
            'resource "aws_lb" "a" {\n  idle_timeout = 600        # s\n  name         = "abcdefgh" # n\n}\n',
            id="a literal, comments aligned",
        ),
        pytest.param(
            'resource "aws_lb" "a" {\n  idle_timeout = "60"\n}\n',
            'resource "aws_lb" "a" {\n  idle_timeout = 600\n}\n',
            id="a literal in quotes",
        ),
        pytest.param(
            'resource "aws_lb" "a" {\r\n  name = "a"\r\n  tags = {\r\n  }\r\n  # end\r\n}\r\n',
            'resource "aws_lb" "a" {\r\n  name = "a"\r\n  tags = {\r\n  }\r\n  # end\r\n\r\n  idle_timeout = 600\r\n}\r\n',
            id="line ends",
        ),
    ],
)
def test_an_idle_timeout(before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = fix(tmp_path, {"main.tf": before}, monkeypatch)
    assert (tmp_path / "main.tf").read_bytes().decode() == after
    assert report["findings"] == []
    formatted(tmp_path)


BEHIND = """
resource "aws_lb" "a" {
  idle_timeout = 600%s
}

resource "aws_lb_listener" "a" {
  load_balancer_arn = aws_lb.a.arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.a.arn
  }
}

resource "aws_lb_target_group" "a" {
  name = "a"
%s}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '\n  stickiness {\n    type = "lb_cookie"\n  }\n'),
        (
            '  stickiness {\n    enabled = false\n    type    = "lb_cookie"\n  }\n',
            '  stickiness {\n    enabled = true\n    type    = "lb_cookie"\n  }\n',
        ),
    ],
)
def test_stickiness(before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = fix(tmp_path, {"main.tf": BEHIND % ("", before)}, monkeypatch)
    assert (tmp_path / "main.tf").read_text() == BEHIND % ("", after)
    assert report["findings"] == []
    formatted(tmp_path)


def test_a_network_load_balancer_waits_at_its_listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        BEHIND.replace("idle_timeout = 600%s", 'load_balancer_type = "network"')
        % '  stickiness {\n    type = "source_ip"\n  }\n'
    )
    fix(tmp_path, {"main.tf": code}, monkeypatch)
    action = "    target_group_arn = aws_lb_target_group.a.arn\n  }\n"
    assert (tmp_path / "main.tf").read_text() == code.replace(action, f"{action}\n  tcp_idle_timeout_seconds = 600\n")
    formatted(tmp_path)


LEFT = {
    "a variable": (
        {"main.tf": 'variable "idle" {\n  default = 60\n}\nresource "aws_lb" "a" {\n  idle_timeout = var.idle\n}\n'},
        "is worked out elsewhere: change var.idle (main.tf:2:3)",
    ),
    "JSON": (
        {"main.tf.json": '{"resource": {"aws_lb": {"a": {"idle_timeout": 60}}}}'},
        "infralint does not write JSON",
    ),
    "too long": (
        {"main.tf": 'resource "aws_lb" "a" {\n}\n', "infralint.yaml": NEEDS.replace("10m", "2h")},
        "only a heartbeat helps",
    ),
    "TLS": (
        {
            "main.tf": BEHIND.replace("idle_timeout = 600%s", 'load_balancer_type = "network"').replace(
                "aws_lb.a.arn", 'aws_lb.a.arn\n  protocol          = "TLS"'
            )
            % ""
        },
        "a network load balancer has no stickiness for TLS",
    ),
    "a policy": (
        {
            "main.tf": 'resource "aws_elb" "a" {\n  idle_timeout = 600\n  listener {\n    lb_port     = 80\n'
            '    lb_protocol = "http"\n  }\n}\n'
        },
        "a stickiness policy is a resource of its own",
    ),
    "a registry module": (
        {"main.tf": 'module "alb" {\n  source = "terraform-aws-modules/alb/aws"\n  idle_timeout = 60\n}\n'},
        "is not written out in this project's code",
    ),
}


@pytest.mark.parametrize(("files", "why"), LEFT.values(), ids=LEFT)
def test_what_comes_from_elsewhere_is_left_alone(
    files: dict[str, str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = fix(tmp_path, files, monkeypatch)
    assert {name: (tmp_path / name).read_text() for name in files} == files
    assert any(why in one.get("not_fixed", "") for one in report["findings"]), report["findings"]


def _pages() -> list[object]:
    found = []
    for page in sorted(built_in_folder().glob("*.md")):
        for example in examples(page):
            if example.section == "Bad" and any(name.endswith(".tf") for name in example.files):
                found.append(pytest.param(example.files, id=f"{page.stem}:{example.line}"))
    return found


@pytest.mark.parametrize("files", _pages())
def test_examples_of_pages_stay_as_well_formatted_as_they_were(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, dict(files))
    if terraform := shutil.which("terraform"):
        subprocess.run([terraform, "fmt", "-recursive", str(tmp_path)], capture_output=True, check=True)
    files = {name: (tmp_path / name).read_text() for name in files}
    fix(tmp_path, files, monkeypatch)
    formatted(tmp_path)
