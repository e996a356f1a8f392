"""The README's generated parts: a real output, and the table of checks; and the shipped JSON Schemas.

`python tests/readme.py` writes them.
"""

from __future__ import annotations

import json
import re

from conftest import run

from infralint.docs.transcripts import ROOT, output
from infralint.project.config import json_schema
from infralint.reporters.json_types import json_schema as report_schema

README = ROOT / "README.md"
SCHEMA = ROOT / "infralint/schema.json"
REPORT_SCHEMA = ROOT / "infralint/report.schema.json"
_CONSOLE = re.compile(r"(```console\n\$ infralint ([^\n]*)\n).*?(```\n)", re.DOTALL)
"""Run from the project's root."""
_CHECKS = re.compile(r"(<!-- checks: begin -->\n).*?(<!-- checks: end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """The README with its parts as they should be."""
    text = _CONSOLE.sub(lambda block: block[1] + output(f"infralint {block[2]}", ROOT) + block[3], text)
    return _CHECKS.sub(lambda block: block[1] + run("checks", "--format", "markdown").output + block[2], text)


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n")
    REPORT_SCHEMA.write_text(json.dumps(report_schema(), indent=2) + "\n")
    README.write_text(rendered(README.read_text()))
