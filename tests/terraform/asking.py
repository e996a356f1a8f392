"""What the terraform program makes of random expressions and variables: their values as JSON, None where it refuses them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from generate import Variable

BATCH = 1500
"""Expressions of one run of the program."""
SHORT = 60
"""Variables of one run: whichever of them it refuses, it is asked again about the others."""


def ask(expressions: Sequence[str]) -> list[str | None]:
    """The values of expressions."""
    found: list[str | None] = []
    for start in range(0, len(expressions), BATCH):
        found += _ask(expressions[start : start + BATCH])
    return found


def _ask(expressions: Sequence[str]) -> list[str | None]:
    tried = "".join(f"  e{number} = try(jsonencode({text}\n), null)\n" for number, text in enumerate(expressions))
    names = "".join(f"    local.e{number},\n" for number in range(len(expressions)))
    found = _outputs({"main.tf": f'locals {{\n{tried}}}\noutput "all" {{\n  value = [\n{names}  ]\n}}\n'})
    if found is not None:
        return [None if value is None else str(value) for value in found["all"]]
    if len(expressions) == 1:
        return [None]
    half = len(expressions) // 2
    return _ask(expressions[:half]) + _ask(expressions[half:])


def ask_variables(variables: Sequence[Variable]) -> list[str | None]:
    """The values that variables have."""
    found: list[str | None] = []
    for start in range(0, len(variables), SHORT):
        found += _ask_variables(variables[start : start + SHORT])
    return found


def _ask_variables(variables: Sequence[Variable]) -> list[str | None]:
    left = dict(enumerate(variables))
    while left:
        found = _values(left)
        if not isinstance(found, set):
            return [found.get(number) for number in range(len(variables))]
        assert found, "terraform refuses the root, and names no variable"
        left = {number: variable for number, variable in left.items() if number not in found}
    return [None] * len(variables)


def _values(variables: Mapping[int, Variable]) -> dict[int, str] | set[int]:
    """The variables' values, or those of them that terraform refuses."""
    root = "".join(variable.block(f"v{number}") for number, variable in variables.items())
    root += "".join(f'output "v{number}" {{\n  value = jsonencode(var.v{number})\n}}\n' for number in variables)
    values = "".join(f"v{number} = {variable.file}\n" for number, variable in variables.items() if variable.file)
    options = [f"-var=v{number}={one.option}" for number, one in variables.items() if one.option is not None]
    refused: set[int] = set()
    found = _outputs({"main.tf": root, "terraform.tfvars": values}, options, refused)
    return refused if found is None else {int(name[1:]): str(value) for name, value in found.items()}


def _outputs(
    files: Mapping[str, str], options: Sequence[str] = (), refused: set[int] | None = None
) -> dict[str, object] | None:
    """The outputs of a root; None where terraform refuses it. refused: takes the variables that it names then."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).write_text(text)
        applied = _run(folder, "apply", "-json", "-auto-approve", "-input=false", *options)
        if applied.returncode:
            for line in applied.stdout.splitlines() if refused is not None else ():
                refused |= _named(line)
            return None
        shown = json.loads(_run(folder, "output", "-json").stdout)
        return {name: one["value"] for name, one in shown.items()}


def _named(line: str) -> set[int]:
    """The variables that an error is about."""
    message = json.loads(line)
    if message.get("@level") != "error":
        return set()
    return {int(number) for number in re.findall(r"\bv(\d+)\b", json.dumps(message["diagnostic"]))}


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    return subprocess.run(
        ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
