"""The README's generated parts: a real output, and the table of checks; and the shipped JSON Schemas.

`python tests/readme.py` writes them.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

from conftest import run

from infralint.docs.transcripts import ROOT, output
from infralint.project.config import json_schema
from infralint.reporters.json_types import json_schema as report_schema

README = ROOT / "README.md"
SCHEMA = ROOT / "infralint/schema.json"
REPORT_SCHEMA = ROOT / "infralint/report.schema.json"
_CONSOLE = re.compile(r"(```console(?: in=(\S+))?\n\$ infralint ([^\n]*)\n).*?(```\n)", re.DOTALL)
"""Run from the project's root, or in a copy of the folder that is named."""
_CHECKS = re.compile(r"(<!-- checks: begin -->\n).*?(<!-- checks: end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """The README with its parts as they should be."""
    text = _CONSOLE.sub(lambda block: block[1] + _output(block[3], block[2]) + block[4], text)
    return _CHECKS.sub(lambda block: block[1] + run("checks", "--format", "markdown").output + block[2], text)


def _output(command: str, folder: str | None) -> str:
    """What a command prints; one that writes does so in a copy, by the folder's own name."""
    if folder is None:
        return output(f"infralint {command}", ROOT)
    with tempfile.TemporaryDirectory() as scratch:
        return output(f"infralint {command}", Path(shutil.copytree(ROOT / folder, Path(scratch) / Path(folder).name)))


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n")
    REPORT_SCHEMA.write_text(json.dumps(report_schema(), indent=2) + "\n")
    README.write_text(rendered(README.read_text()))
