"""What mkdocs asks while it builds the site: the checks' pages, what is generated, and what the program prints.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

from __future__ import annotations

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from infralint.docs.generators import GENERATORS, built_in_checks, section
from infralint.docs.transcripts import ROOT, filled_in, workspace
from infralint.engine.registry import DEFAULT_GROUP

_MARK = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
_SECTION = re.compile(r'^<!-- section: (\S+) "([^"]+)" -->$', re.MULTILINE)
_INDEX = (
    "# Checks\n\nWhat infralint finds. `infralint explain CHECK` prints these pages.\n\n<!-- generated: checks -->\n"
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the checks' pages under their heading."""
    by_group: dict[str, list[Any]] = {}
    for check in built_in_checks():
        by_group.setdefault(check.group, []).append({check.name: f"checks/{check.page.name}"})
    pages: list[Any] = ["checks/index.md", *by_group.pop(DEFAULT_GROUP)]
    pages += [{f"Group {group}": members} for group, members in by_group.items()]
    config.nav = [{"Checks": pages} if entry == {"Checks": []} else entry for entry in config.nav or []]
    return config


SCHEMAS = ("schema.json", "report.schema.json")
"""Of `infralint.yaml` and of the JSON report, as the package has them."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the checks' pages and the schemas from where they are."""
    files.append(File.generated(config, "checks/index.md", content=_INDEX))
    for name in SCHEMAS:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / "infralint" / name)))
    for check in built_in_checks():
        files.append(File.generated(config, f"checks/{check.page.name}", abs_src_path=str(check.page)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Fill in what is generated, and what the page's commands print. `clone: true`: they run in a copy of the program."""
    markdown = _MARK.sub(lambda mark: GENERATORS[mark[1]](), markdown)
    if "```console" in markdown:
        is_clone = bool(page.meta.get("clone"))
        with workspace(is_clone) as folder:
            markdown = filled_in(markdown, folder, is_clone)
    return _SECTION.sub(lambda mark: section(mark[1], mark[2]), markdown)
