"""Where a piece of JavaScript stands, as findings show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infralint.model import Location

if TYPE_CHECKING:
    from tree_sitter import Node


def location_of(node: Node, shown: str) -> Location:
    """The place of a node. shown: its file's path as the user would type it."""
    (line, column), (end_line, end_column) = node.start_point, node.end_point
    return Location(shown, line + 1, column + 1, end_line + 1, end_column + 1)
