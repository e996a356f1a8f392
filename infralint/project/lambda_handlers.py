"""Handlers of Lambda functions in the project: which of them stream what they answer.

https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from infralint.model import Location
from infralint.project import CantRead, Project
from infralint.project.parse_trial import can_be_parsed
from infralint.text.repetition import is_repetitive

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LANGUAGES = {"js": "javascript", "mjs": "javascript", "cjs": "javascript", "ts": "typescript", "mts": "typescript"}
"""Endings of the files of handlers that may stream, and their languages."""
_WORD = "streamifyResponse"
_NAMED = frozenset({"variable_declarator", "assignment_expression", "pair", "export_statement"})
LARGEST = 512 * 1024
"""Bytes of a handler's file."""


def find_streaming(project: Project, folder: str, handler: str) -> Location | None:
    """Where a handler's code asks Lambda to stream what it writes; None where it does not, or is not here.

    folder: of the function's code, as a project path. handler: its file without the ending, and the name that it exports.
    """
    module, _, name = handler.rpartition(".")
    for ending, language in LANGUAGES.items():
        path = posixpath.normpath(posixpath.join(folder, f"{module}.{ending}"))
        if path in project.file_set:
            return _find_call(project, path, language, name)
    return None


def _find_call(project: Project, path: str, language: str, name: str) -> Location | None:
    try:
        text = project.text(path)
    except CantRead:
        return None
    if _WORD not in text:
        return None
    content = text.encode()
    if len(content) > LARGEST:
        return None
    if is_repetitive(content) and not can_be_parsed(content, language):
        return None
    from ast_grep_py import SgRoot

    root = SgRoot(text, language).root()
    for call in (*root.find_all(pattern=f"{_WORD}($$$)"), *root.find_all(pattern=f"$A.{_WORD}($$$)")):
        if _exported_as(call) in (name, "default"):
            start = call.range().start
            return Location(project.show(path), start.line + 1, start.column + 1)
    return None


def _exported_as(call: SgNode) -> str:
    """The name under which a file gives a value away: `exports.handler = …`, `export const handler = …`."""
    around = next((node for node in call.ancestors() if node.kind() in _NAMED), None)
    if around is None:
        return ""
    if around.kind() == "export_statement":
        return "default"
    named = around.field("name") or around.field("left") or around.field("key")
    return named.text().rpartition(".")[2] if named is not None else ""
