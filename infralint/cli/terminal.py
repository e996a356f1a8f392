"""A check's page for a terminal: bold headings, indented code, tables that fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

import msgspec
from click import style

from infralint.text.lazy import lazy

_SPAN = lazy(r"`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)]+)\)", 16)
_TITLE = lazy(r'title="([^"]*)"')


class _Block(msgspec.Struct, frozen=True):
    """Lines that belong together: `heading`, `code`, `table`, `item` or `text`. info: what stands beside a code fence."""

    kind: str
    lines: tuple[str, ...]
    info: str = ""


def render_page(page: str, width: int) -> str:
    """A page's Markdown as styled text of this width."""
    shown = ["\n".join(_block_lines(block, width)) for block in _blocks(page.splitlines())]
    return "\n\n".join(shown) + "\n"


def _blocks(lines: list[str]) -> Iterator[_Block]:
    at = 0
    while at < len(lines):
        kind = _kind(lines[at])
        end = at + 1
        if kind == "code":
            end = next((n for n in range(end, len(lines)) if lines[n].startswith("```")), len(lines))
            yield _Block(kind, tuple(lines[at + 1 : end]), lines[at])
            end += 1
        elif kind:
            while kind != "heading" and end < len(lines) and _continues(kind, lines[end]):
                end += 1
            yield _Block(kind, tuple(lines[at:end]))
        at = end


def _kind(line: str) -> str:
    for start, kind in (("```", "code"), ("#", "heading"), ("|", "table"), ("* ", "item"), ("- ", "item")):
        if line.startswith(start):
            return kind
    return "text" if line.strip() else ""


def _continues(kind: str, line: str) -> bool:
    return _kind(line) == kind or (kind == "item" and line.startswith("  "))


def _block_lines(block: _Block, width: int) -> Iterator[str]:
    if block.kind == "heading":
        yield style(
            _plain(block.lines[0].lstrip("#").strip()), bold=True, underline=block.lines[0].startswith("# ") or None
        )
    elif block.kind == "code":
        if title := _TITLE.search(block.info):
            yield f"    {style(title[1], dim=True)}"
        yield from (f"    {style(line, fg='green')}" if line else "" for line in block.lines)
    elif block.kind == "table":
        yield from _table(block.lines, width)
    elif block.kind == "item":
        yield from (_wrap(f"• {item}", width, "  ") for item in _items(block.lines))
    else:
        yield _wrap(" ".join(block.lines), width)


def _items(lines: tuple[str, ...]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if line.startswith(("* ", "- ")):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return items


def _wrap(text: str, width: int, indent: str = "") -> str:
    lines = textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return _SPAN.sub(lambda span: _style_span(*span.groups()), "\n".join(lines))


def _style_span(code: str | None, strong: str | None, label: str | None, target: str | None) -> str:
    if code:
        return style(code, fg="cyan")
    return style(strong, bold=True) if strong else f"{label} ({target})"


def _plain(text: str) -> str:
    return _SPAN.sub(lambda span: span[1] or span[2] or f"{span[3]} ({span[4]})", text)


def _table(lines: tuple[str, ...], width: int) -> Iterator[str]:
    cells = [[_plain(cell.strip()) for cell in line.strip().strip("|").split("|")] for line in lines]
    head, rows = cells[0], cells[2:]
    widths = _widths([head, *rows], width)
    yield from (style(line, bold=True) for line in _row(head, widths))
    yield style("  ".join("─" * size for size in widths), dim=True)
    for row in rows:
        yield from _row(row, widths)


def _widths(rows: list[list[str]], width: int) -> list[int]:
    """Columns as wide as their cells; the widest give way until all fit."""
    widths = [max(len(cell) for cell in column) for column in zip_longest(*rows, fillvalue="")]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(cells: list[str], widths: list[int]) -> Iterator[str]:
    wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, widths, strict=False)]
    for line in zip_longest(*wrapped, fillvalue=""):
        yield "  ".join(f"{part:<{size}}" for part, size in zip(line, widths, strict=False)).rstrip()
