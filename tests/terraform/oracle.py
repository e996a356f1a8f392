"""What the terraform program makes of the battery, kept in answers.json for machines without it.

`python tests/terraform/oracle.py` records anew. No provider is needed: `terraform_data` is built in.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from battery import CASES, LONG, SHORT, Case

ANSWERS = Path(__file__).with_name("answers.json")
Answers = dict[str, list[Any]]


def ask() -> Answers:
    """Case and value -> the idle timeouts that Terraform plans."""
    together = [(case, value) for case in CASES for value in (SHORT, LONG) if not case.alone]
    found = _together(together)
    for case in CASES:
        for value in (SHORT, LONG):
            if case.alone:
                found[key(case, value)] = _alone(case, value)
    return found


def key(case: Case, value: int) -> str:
    return f"{case.name} = {value}"


def _together(cases: list[tuple[Case, int]]) -> Answers:
    """One plan for all cases that can be modules of one root."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        calls = [f'module "c{number}" {{\n  source = "./c{number}"\n}}\n' for number in range(len(cases))]
        (root / "main.tf").write_text("".join(calls))
        for number, (case, value) in enumerate(cases):
            _lay(root / f"c{number}", case.with_value(value))
        planned = _plan(root)
    found: Answers = {key(case, value): [] for case, value in cases}
    for address, idle in planned:
        number = re.match(r"module\.c(\d+)\.", address)
        assert number, address
        if not address.endswith(".other"):
            found[key(*cases[int(number[1])])].append(idle)
    return found


def _alone(case: Case, value: int) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _lay(root, case.with_value(value))
        options = [one.replace("V!", str(value)) for one in case.options]
        return [idle for _, idle in _plan(root, options, case.workspace)]


def _lay(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        text = text.replace('"aws_lb"', '"terraform_data"').replace("aws_lb.", "terraform_data.")
        full.write_text(text.replace("idle_timeout", "input"), newline="")


def _plan(root: Path, options: list[str] | None = None, workspace: str = "default") -> list[tuple[str, Any]]:
    environment = {
        **os.environ,
        "TF_WORKSPACE": workspace,
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_ARGS": "-no-color",
    }
    environment.pop("TF_CLI_CONFIG_FILE", None)

    def run(*arguments: str) -> str:
        command = ["terraform", *arguments]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init", "-input=false")
    run("plan", "-input=false", "-refresh=false", "-out=plan", *(options or []))
    shown = json.loads(run("show", "-json", "plan"))
    return list(_inputs(shown["planned_values"]["root_module"]))


def _inputs(module: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for resource in module.get("resources", []):
        yield resource["address"], resource["values"]["input"]
    for child in module.get("child_modules", []):
        yield from _inputs(child)


if __name__ == "__main__":
    ANSWERS.write_text(json.dumps(ask(), indent=1, sort_keys=True) + "\n")
