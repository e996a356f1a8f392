"""JavaScript and TypeScript as text, and the kinds of their syntax nodes, as tree-sitter names them."""

from __future__ import annotations

from infralint.text.lazy import lazy

IMPORTED = lazy(
    rb"""(?:\bfrom\s*+|\bimport\s*+(?:\(\s*+)?|\brequire\s*+\(\s*+)(?:/\*[^*]{0,300}\*/\s*+)?["'`]([^"'`\n]{1,300})["'`]"""
)
"""What a file imports, by the text alone."""
LOOPS = frozenset("for_in_statement while_statement do_statement for_statement".split())
