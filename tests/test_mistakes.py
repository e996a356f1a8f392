"""Mistakes that would turn a failing project green are said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import Lint, printed, problems, run, write
from test_adoption import NGINX, git

HELD = "server { listen 80; location /chat { proxy_pass http://a; %s } }\n"


def test_a_declared_stream_that_meets_nothing_is_said(lint: Lint) -> None:
    report = lint(
        {"n.conf": HELD % "", "infralint.yaml": "streams:\n  - path: /nowhere\n    host: x.test\n    hops: [nobody]\n"}
    )
    assert report["findings"] == []
    assert "the declared stream /nowhere meets no hop" in report["unknown"][0]["message"]
    assert lint({}, "--strict")["status"] == 2


def test_a_key_that_stands_twice_is_an_error(lint: Lint) -> None:
    report = lint({"n.conf": HELD % "", "infralint.yaml": "streams:\n  - path: /a\nstreams:\n  - path: /b\n"})
    assert (report["status"], report["stderr"]) == (2, "infralint: infralint.yaml:3:1: streams: stands twice\n")


@pytest.mark.parametrize("directive", ["proxy_buffering maybe;", "proxy_read_timeout 10x;"])
def test_a_value_that_nginx_refuses_is_unreadable(directive: str, lint: Lint) -> None:
    report = lint({"n.conf": HELD % directive})
    assert "is not a value that nginx takes" in report["unreadable"][0]["message"]
    assert report["status"] == 2


def test_what_is_only_assumed_is_not_edited(lint: Lint, tmp_path: Path) -> None:
    text = 'resource "aws_lb" "x" {\n  name = "x"\n}\n'
    report = lint({"main.tf": text, "infralint.yaml": "assume: warning\n"})
    assert problems(report) == ["main.tf:1 warning short-idle-timeout"]
    assert "not fixed: nothing says that a stream goes here" in run("check", "--fix").output
    assert (tmp_path / "main.tf").read_text() == text


def test_changed_lines_of_a_file_with_any_name(lint: Lint, tmp_path: Path) -> None:
    name = "conf d/höst (1).conf"
    lint({name: NGINX})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "past")
    report = lint({name: NGINX.replace("location /sse {", "location /sse/v2 {")}, "--changed-since", "HEAD")
    assert problems(report) == [f"{name}:5 warning short-idle-timeout"]


SENT = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
"""


def test_a_streaming_file_that_can_not_be_parsed_is_named_and_the_run_is_not_clean(here: Path) -> None:
    write(here, {"requirements.txt": "fastapi\n", "app.py": SENT + "def broken(:\n  return (((\n"})
    result = run("check")
    assert ": can't be parsed as a whole, so what it streams may not be seen" in result.output
    assert "clean" not in result.output
    assert "nothing found and 1 thing could not be told" in result.output
    assert run("check", "--strict").exit_code == 2


def test_a_stream_that_meets_no_hop_and_a_module_outside_are_not_called_clean(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /chat}]\n", "main.tf": 'module "lb" {\n  source = "../alb"\n}\n'})
    result = run("check")
    assert "the declared stream /chat meets no hop that was read here" in result.output
    assert "../alb leads out of the project, which infralint does not leave" in result.output
    assert "terraform init" not in result.output
    assert result.output.endswith("nothing found and 2 things could not be told.\n")
    assert (result.exit_code, run("check", "--strict").exit_code) == (0, 2)
    assert printed("markdown").startswith("### infralint: nothing found and 2 things could not be told\n")
