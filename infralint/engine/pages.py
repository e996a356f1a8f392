"""A check's Markdown page: its manual, and the examples that prove it.

A fenced block whose info string has `title="nginx.conf"` is a file; `hl_lines="3 5-7"` are the
lines that the check reports in it, exactly. Blocks below one `###` heading form one project;
elsewhere each block is a project of its own. `## Bad` holds what is reported, `## Good` what is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from infralint.engine.registry import DEFAULT_GROUP, Check, built_in_folder
from infralint.text.lazy import lazy

_HEADING = lazy(r"^(#{1,6})\s+(.+?)\s*$")
_FENCE = lazy(r"^(`{3,})(\w*)[ \t]*(.*)$")
_LINES = lazy(r"(?:[0-9]{1,6}(?:-[0-9]{1,6})?(?: |$))*")
_ATTRIBUTE = lazy(r'(\w+)="([^"]*)"')


HOME = "https://github.com/infralint/infralint"


class Example(msgspec.Struct):
    """One small project: files by name, and the lines of each that are reported."""

    section: str
    heading: str
    line: int
    files: dict[str, str] = msgspec.field(default_factory=dict)
    reported: dict[str, set[int]] = msgspec.field(default_factory=dict)


class BrokenPage(ValueError):
    """A page whose examples can't be read; names the line."""


def manual(page: Path) -> str:
    """The prose of a page, without its title and examples; empty where there is no page."""
    if not page.is_file():
        return ""
    kept: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        if line in ("## Bad", "## Good"):
            break
        kept.append(line)
    return "\n".join(kept[1:] if kept and kept[0].startswith("# ") else kept).strip()


def by_group(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """Checks by their groups, the one that runs by itself first."""
    groups: dict[str, list[Check]] = {DEFAULT_GROUP: []}
    for check in checks:
        groups.setdefault(check.group, []).append(check)
    return {group: members for group, members in groups.items() if members}


def tables(checks: Iterable[Check]) -> str:
    """Checks and what they find, a Markdown table a group."""
    parts = []
    for group, members in by_group(checks).items():
        if group != DEFAULT_GROUP:
            parts.append(f"The group `{group}`, off unless selected (`--select {DEFAULT_GROUP},{group}`):")
        parts.append(table(members))
    return "\n\n".join(parts)


def table(checks: Iterable[Check]) -> str:
    """Checks and what they find, as a Markdown table that links their pages."""
    rows = [f"| {_link(check)} | {check.summary} |" for check in checks]
    return "\n".join(["| check | what it finds |", "|---|---|", *rows])


def _link(check: Check) -> str:
    name = f"`{check.name}`"
    return f"[{name}]({check.page.parent.name}/{check.page.name})" if check.page.is_file() else name


def page_url(page: Path) -> str:
    """Where the page of a built-in check stands on the web; empty for others."""
    return f"{HOME}/blob/main/checks/{page.name}" if page.parent == built_in_folder() and page.is_file() else ""


def examples(page: Path) -> list[Example]:
    """The examples of a page, in order. Raises BrokenPage."""
    found: list[Example] = []
    section = heading = ""
    for kind, line, text, body in _parts(page.read_text(encoding="utf-8")):
        if kind == "##":
            section, heading = text, ""
        elif kind == "###":
            heading = text
        elif kind == "block":
            _add(found, section, heading, line, text, body)
    return found


def _add(found: list[Example], section: str, heading: str, line: int, info: str, body: str) -> None:
    attributes = dict(_ATTRIBUTE.findall(info))
    if "title" not in attributes:
        return
    joins = bool(heading) and bool(found) and (found[-1].section, found[-1].heading) == (section, heading)
    if not joins:
        found.append(Example(section, heading, line))
    example, title = found[-1], attributes["title"]
    if title in example.files:
        raise BrokenPage(f"line {line}: {title} stands twice in one example")
    example.files[title] = body
    marked = attributes.get("hl_lines", "")
    if not _LINES.fullmatch(marked):
        raise BrokenPage(f'line {line}: `hl_lines="{marked}"` is no list of lines such as "3 5-7"')
    example.reported[title] = set(_numbers(marked))


def _numbers(text: str) -> Iterator[int]:
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _parts(text: str) -> Iterator[tuple[str, int, str, str]]:
    """Headings and fenced blocks: kind, line, heading or info string, body."""
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        if heading := _HEADING.match(lines[index]):
            yield heading[1], index + 1, heading[2], ""
        elif fence := _FENCE.match(lines[index]):
            end = next((at for at in range(index + 1, len(lines)) if lines[at].strip() == fence[1]), None)
            if end is None:
                raise BrokenPage(f"line {index + 1}: this block is never closed")
            yield "block", index + 1, fence[3], "\n".join(lines[index + 1 : end]) + "\n"
            index = end
        index += 1
