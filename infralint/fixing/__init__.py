"""`--fix` and `--diff`: what edits put right, as a patch or written into the files."""

from __future__ import annotations

from infralint.fixing.files import explain_leftovers, write_fixes
from infralint.fixing.patches import render_patch
from infralint.fixing.search import Fixes, Ruleset, find_fixes, note_fixable, propose_edits

__all__ = [
    "Fixes",
    "Ruleset",
    "explain_leftovers",
    "find_fixes",
    "note_fixable",
    "propose_edits",
    "render_patch",
    "write_fixes",
]
