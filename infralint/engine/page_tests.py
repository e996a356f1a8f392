"""The examples of a check's page, put to the test: exactly the lines that it marks are reported."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from infralint import PLATFORM_TYPES
from infralint.engine.pages import BrokenPage, Example, examples
from infralint.engine.registry import DEFAULT_GROUP, Check
from infralint.engine.run import lint
from infralint.project import Project
from infralint.project.config import BadConfig, Settings, find_config, load_settings
from infralint.text.wording import listing

SECTIONS = ("Bad", "Good")
"""The headings below which a page's examples stand: what is reported, and what is not."""


class Miss(msgspec.Struct, frozen=True):
    """Where an example is not judged as its page says. line: of the page."""

    line: int
    message: str


def missing_examples(check: Check) -> str:
    """Why a check's page proves nothing; empty where it has an example of what is reported and one of what is not.

    The page of a check that compares an account with code can have none: an example is files alone. Raises BrokenPage.
    """
    if not check.page.is_file():
        return f"there is no page {check.page.name} beside it"
    if check.subject == PLATFORM_TYPES["Drift"]:
        return ""
    sections = {example.section for example in examples(check.page)}
    missing = [section for section in SECTIONS if section not in sections]
    return f"no example stands below {listing([f'`## {section}`' for section in missing])}" if missing else ""


def find_misses(check: Check, example: Example, checks: Sequence[Check]) -> Iterator[Miss]:
    """What an example's files are not, when all of these checks judge them, of what its page says."""
    marked = {(name, line) for name, lines in example.reported.items() for line in lines}
    if example.section not in SECTIONS:
        yield Miss(example.line, "an example stands below `## Bad` (it is reported) or `## Good` (it is not)")
    elif bool(marked) != (example.section == "Bad"):
        what = "marks lines (`hl_lines`)" if marked else "marks no line (`hl_lines`)"
        yield Miss(example.line, f"this example below `## {example.section}` {what}")
    with tempfile.TemporaryDirectory(prefix="infralint-") as scratch:
        yield from _judge(check, example, checks, Path(scratch).resolve(), marked)


def _judge(
    check: Check, example: Example, checks: Sequence[Check], root: Path, marked: set[tuple[str, int]]
) -> Iterator[Miss]:
    for name, text in example.files.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise BrokenPage(f"line {example.line}: {name} leads out of the example")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        config = find_config(root)
        settings = load_settings(config, config.name, root) if config else Settings()
    except BadConfig as error:
        yield from (Miss(example.line, f"{problem.where}: {problem.message}") for problem in error.errors)
        return
    wanted = settings.select or [DEFAULT_GROUP, check.group]
    asked = [other for other in checks if other.name in wanted or other.group in wanted or other.name == check.name]
    report = lint(Project(root, settings, base=root), asked)
    for problem in report.unreadable:
        yield Miss(example.line, f"{problem.where} can't be read: {problem.message}")
    found = {
        (finding.location.path, finding.location.line): finding.message
        for finding in report.findings
        if finding.check == check.name
    }
    for name, line in sorted(marked - found.keys()):
        yield Miss(example.line, f"{name}:{line} is marked, and nothing is reported there")
    for name, line in sorted(found.keys() - marked):
        yield Miss(example.line, f"{name}:{line} is not marked, and is reported: {found[name, line]}")
