"""The README's generated parts: a real output, and the table of checks; and the shipped JSON Schema.

`python tests/readme.py` writes them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

from conftest import run

from infralint.config import json_schema

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SCHEMA = ROOT / "infralint/schema.json"
_CONSOLE = re.compile(r"(```console\n\$ infralint ([^\n]*)\n).*?(```\n)", re.DOTALL)
_CHECKS = re.compile(r"(<!-- checks: begin -->\n).*?(<!-- checks: end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """The README with its parts as they should be."""
    os.chdir(ROOT)
    text = _CONSOLE.sub(lambda block: block[1] + run(*shlex.split(block[2])).output + block[3], text)
    return _CHECKS.sub(lambda block: block[1] + run("checks", "--format", "markdown").output + block[2], text)


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n")
    README.write_text(rendered(README.read_text()))
