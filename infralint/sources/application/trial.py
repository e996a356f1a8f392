"""Whether a parser comes to the end of a text: another process tries, for ast-grep's can't be stopped.

What tree-sitter takes to recover from errors grows with the square of their number: 12 kB of arrows take 15 seconds.
"""

from __future__ import annotations

import subprocess
import sys

SECONDS = 1
"""Of CPU that a trial may take."""

_PARSE = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
except ImportError:
    pass
from ast_grep_py import SgRoot
SgRoot(sys.stdin.buffer.read().decode("utf-8", "replace"), sys.argv[1]).root()
"""


def can_be_parsed(content: bytes, grammar: str) -> bool:
    """Whether another process parses a text in time."""
    command = [sys.executable, "-I", "-c", _PARSE.format(seconds=SECONDS), grammar]
    try:
        return subprocess.run(command, input=content, capture_output=True, timeout=10 * SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
