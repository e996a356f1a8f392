"""The CI snippets of the documentation: valid for the systems they are for, and their commands do what is said of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from conftest import write
from readme import ROOT
from schemas import complaints
from test_action import ACTION
from test_hooks import CLEAN, HOOKS

from infralint import __version__

GITLAB_SCHEMA = "https://gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"
TEXT = (ROOT / "infralint/docs/pages/reference/ci.md").read_text()
INSTALL = f"pip install -q https://github.com/infralint/infralint/archive/v{__version__}.zip"
SHORT = CLEAN.replace("include snippets/sse.conf;", "proxy_http_version 1.1; proxy_buffering off;")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def snippet(key: str) -> Any:
    """The YAML snippet that has this key."""
    [found] = [one for one in map(yaml.safe_load, blocks("yaml")) if key in one]
    return found


@pytest.fixture
def shell(tmp_path: Path) -> Any:
    """Runs a command line in a repository with one finding; installing is done, as `infralint` stands ready."""
    repository = write(tmp_path / "repository", {"nginx.conf": SHORT})
    for folder in (tmp_path / "bin", repository / ".infralint/bin"):
        write(folder, {"infralint": f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m infralint "$@"\n'})
        (folder / "infralint").chmod(0o755)

    def shell(command: str) -> subprocess.CompletedProcess[str]:
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["sh", "-c", command.replace(INSTALL, "true")],
            cwd=repository,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return shell


def test_every_version_is_this_one() -> None:
    versions = re.findall(r"(?:infralint@|rev: |archive/)v([\d.]+?)(?:\.zip)?['\s]", TEXT)
    assert len(versions) == 5
    assert set(versions) == {__version__}


def test_several_reports(shell: Any, tmp_path: Path) -> None:
    [command] = [one for one in blocks("") if one.startswith("infralint")]
    done = shell(command)
    assert done.returncode == 1
    assert "warning[short-idle-timeout]" in done.stdout
    assert complaints("sarif-2.1.0.json", json.loads((tmp_path / "repository/infralint.sarif").read_text())) == []
    assert (tmp_path / "repository/infralint.xml").is_file()


def test_the_formats_are_all_named() -> None:
    from infralint.reporters import REPORTERS

    assert ", ".join(f"`{name}`" for name in REPORTERS) in TEXT


def test_the_pre_commit_snippet_names_hooks() -> None:
    [repository] = snippet("repos")["repos"]
    assert {one["id"] for one in repository["hooks"]} <= HOOKS.keys()
    assert all(f"`{name}`" in TEXT for name in HOOKS)


def test_the_workflow_is_valid_and_gives_the_action_what_it_takes() -> None:
    workflow = snippet("jobs")
    # YAML 1.1 reads the key `on` as true.
    assert (
        complaints("github-workflow.json", {("on" if key is True else key): value for key, value in workflow.items()})
        == []
    )
    step = workflow["jobs"]["infralint"]["steps"][-1]
    assert step["with"].keys() <= ACTION["inputs"].keys()


def test_the_gitlab_job_is_valid_and_writes_its_report(shell: Any, tmp_path: Path) -> None:
    pipeline = snippet("infralint")
    assert complaints(GITLAB_SCHEMA, pipeline) == []
    install, check = pipeline["infralint"]["script"]
    assert install == INSTALL
    assert shell(check).returncode == 1
    report = tmp_path / "repository" / pipeline["infralint"]["artifacts"]["reports"]["codequality"]
    assert [one["check_name"] for one in json.loads(report.read_text())] == ["short-idle-timeout"]


def test_the_jenkins_stage_writes_its_report(shell: Any, tmp_path: Path) -> None:
    [stage] = blocks("groovy")
    install, check = re.findall(r"sh '(.*)'", stage)
    assert install.endswith(f".infralint/bin/{INSTALL}")
    assert shell(check).returncode == 1
    [report] = re.findall(r"junit '(.*)'", stage)
    root = ElementTree.fromstring((tmp_path / "repository" / report).read_text())
    assert len(root.findall(".//failure")) == 1


def test_the_docker_line(shell: Any) -> None:
    [line] = [one for one in blocks("") if one.startswith("docker")]
    [inner] = re.findall(r'sh -c "(.*)"', line)
    assert INSTALL in inner
    done = shell(inner)
    assert (done.returncode, "warning[short-idle-timeout]" in done.stdout) == (1, True)
