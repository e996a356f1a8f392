"""Whether a parser comes to the end of a text: another process tries, for parsers can't be stopped.

What tree-sitter takes to recover from errors grows with the square of their number: 12 kB of arrows take 15 seconds,
and 20 kB of open brackets 1.5 GB.
"""

from __future__ import annotations

import sys

SECONDS = 1
"""Of CPU that a trial may take."""
MEMORY = 600_000_000
"""Bytes that a trial may take."""

_LIMITED = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
    resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
except (ImportError, ValueError, OSError):
    pass
text = sys.stdin.buffer.read()
"""
_AST_GREP = """
from ast_grep_py import SgRoot
SgRoot(text.decode("utf-8", "replace"), sys.argv[1]).root()
"""
_TREE_SITTER = """
from importlib import import_module
from tree_sitter import Language, Parser
package, _, grammar = sys.argv[1].partition(":")
Parser(Language(getattr(import_module(package), grammar)())).parse(text)
"""


def can_be_parsed(content: bytes, grammar: str) -> bool:
    """Whether another process parses a text in time. grammar: a name that ast-grep knows, or `package:function` of one
    of tree-sitter's own."""
    import subprocess

    code = _LIMITED.format(seconds=SECONDS, memory=MEMORY) + (_TREE_SITTER if ":" in grammar else _AST_GREP)
    command = [sys.executable, "-I", "-c", code, grammar]
    try:
        return subprocess.run(command, input=content, capture_output=True, timeout=10 * SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
