"""The GitHub Action: its steps' commands run here as a runner would run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import write
from schemas import complaints
from test_hooks import CLEAN, SNIPPET, clone

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {one.get("name", one.get("uses")): one for one in ACTION["runs"]["steps"]}


class Runner:
    """What GitHub's runner gives a composite action: inputs, files for outputs, a folder for what is temporary."""

    def __init__(self, folder: Path, workspace: Path, action: Path) -> None:
        self.workspace = workspace
        self.files = {name: folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in self.files.values():
            path.write_text("")
        (folder / "temp").mkdir()
        given = {"RUNNER_TEMP": folder / "temp", "GITHUB_ACTION_PATH": action, **self.files}
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self.environment = {**outside, **{name: str(value) for name, value in given.items()}}

    def step(self, name: str, **inputs: str) -> tuple[int, str]:
        """Exit status and output of one step."""
        chosen = {key: one["default"] for key, one in ACTION["inputs"].items()}
        chosen |= {key.replace("_", "-"): value for key, value in inputs.items()}
        step = STEPS[name]
        own = {key: re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value) for key, value in step["env"].items()}
        variables = {key: chosen[found[1]] for key, found in own.items() if found}
        assert variables.keys() == own.keys()
        environment = {**self.environment, **self.kept("GITHUB_ENV"), **variables}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(command, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def kept(self, name: str) -> dict[str, str]:
        """What steps wrote to GITHUB_ENV or GITHUB_OUTPUT."""
        return dict(line.split("=", 1) for line in self.files[name].read_text().splitlines())


def test_the_action_is_valid() -> None:
    assert complaints("github-action.json", ACTION) == []


def test_no_input_is_ever_part_of_a_script() -> None:
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")


def test_the_report_is_uploaded_also_when_the_check_failed() -> None:
    upload = STEPS["Upload SARIF"]
    assert "!cancelled()" in upload["if"]
    assert "steps.check.outputs.sarif" in upload["with"]["sarif_file"]


def test_the_steps_install_check_annotate_and_summarize(tmp_path: Path) -> None:
    broken = CLEAN.replace("include snippets/sse.conf;", "proxy_buffering off;")
    workspace = write(tmp_path / "workspace", {"my site/nginx.conf": CLEAN, "my site/snippets/sse.conf": SNIPPET})
    write(workspace, {"old/nginx.conf": broken})
    clone(tmp_path / "action")
    runner = Runner(tmp_path, workspace, tmp_path / "action")

    status, said = runner.step("Install")
    assert status == 0, said
    assert Path(runner.kept("GITHUB_ENV")["INFRALINT"]).is_file()

    status, said = runner.step("Check")
    assert status == 1
    stop, _, rest = said.partition("\n")
    report, resumed, annotations = rest.partition(stop.replace("stop-commands::", "") + "::\n")
    assert resumed, "what quotes the repository's files stands where the runner takes no commands"
    assert "warning[short-idle-timeout] location /sse cuts the stream after 60 s" in report
    assert [line for line in report.splitlines() if line.startswith("::")] == []
    assert all(line.startswith("::") for line in annotations.splitlines())
    assert "\n::warning file=old/nginx.conf,line=4,endLine=4,col=9,endColumn=22,title=infralint%3A short-idle" in said
    outputs = runner.kept("GITHUB_OUTPUT")
    assert outputs["status"] == "1"
    assert complaints("sarif-2.1.0.json", json.loads(Path(outputs["sarif"]).read_text())) == []
    summary = runner.files["GITHUB_STEP_SUMMARY"].read_text()
    assert summary.startswith("### infralint: 1 warning\n\n| | check | where | what happens |\n")
    assert "| 🟠 warning | `short-idle-timeout` | `old/nginx.conf:4:9` | location /sse cuts" in summary

    status, said = runner.step("Check", fail_on="error", annotations="false", summary="false")
    assert (status, "::warning" in said) == (0, False)
    assert runner.files["GITHUB_STEP_SUMMARY"].read_text() == summary
    assert runner.step("Check", paths="my site\n")[0] == 0
    assert runner.step("Check", paths="my site\nold")[0] == 1
    assert runner.step("Check", args="--ignore short-idle-timeout -q")[0] == 0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"paths": "nowhere"}, "nowhere: no such file or folder"),
        ({"paths": "--help"}, "--help: no such file or folder"),
        ({"paths": "$(touch owned)"}, "$(touch owned): no such file or folder"),
        ({"args": "--select nothing"}, "no check is called nothing"),
        ({"fail_on": "sometimes"}, "Invalid value for '--fail-on'"),
    ],
)
def test_a_wrong_input_fails_with_its_reason(inputs: dict[str, str], message: str, tmp_path: Path) -> None:
    workspace = write(tmp_path / "workspace", {"nginx.conf": CLEAN, "snippets/sse.conf": SNIPPET})
    runner = Runner(tmp_path, workspace, ROOT)
    program = tmp_path / "infralint"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m infralint "$@"\n')
    program.chmod(0o755)
    runner.environment["INFRALINT"] = str(program)
    status, said = runner.step("Check", **inputs)
    assert status == 2
    assert message in said
    assert runner.kept("GITHUB_OUTPUT") == {"status": "2"}
    assert not (workspace / "owned").exists()


def test_a_repository_without_infrastructure_passes_and_is_told_so(tmp_path: Path) -> None:
    workspace = write(tmp_path / "workspace", {"README.md": "# Nothing", "docs/index.md": "# Nothing"})
    runner = Runner(tmp_path, workspace, ROOT)
    program = tmp_path / "infralint"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m infralint "$@"\n')
    program.chmod(0o755)
    runner.environment["INFRALINT"] = str(program)
    status, output = runner.step("Check")
    assert status == 0, output
    assert "Nothing to read in: ." in output
    status, output = runner.step("Check", paths="docs")
    assert status == 2
    assert "holds nothing to read" in output
