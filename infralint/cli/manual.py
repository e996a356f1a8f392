"""`infralint explain` and `infralint checks`: the manual."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from shutil import get_terminal_size

import click

from infralint import __version__
from infralint.cli.options import color_option, complete_check, packs_option
from infralint.cli.projects import load_packs, selectable_names, unknown_check
from infralint.cli.publish import fail, is_colored
from infralint.cli.terminal import render_page
from infralint.engine.pages import by_group, page_url, tables
from infralint.engine.registry import DEFAULT_GROUP, Check


@click.command(short_help="Print the manual page of a check.")
@click.argument("name", metavar="CHECK", shell_complete=complete_check)
@packs_option("Look in a folder of your own checks, too.")
@color_option("Else plain Markdown.")
def explain(name: str, packs: tuple[Path, ...], color: str) -> None:
    """Print the manual page of a check, laid out in a terminal, else its Markdown; of a group, its checks."""
    checks = load_packs(packs)
    found = {check.name: check for check in checks}
    if members := by_group(checks).get(name):
        click.echo(listing_of(members))
        return
    if name not in found:
        fail(unknown_check(name, selectable_names(checks)))
    page = found[name].page
    text = page.read_text(encoding="utf-8").rstrip() if page.is_file() else found[name].summary
    if is_colored(color):
        click.echo(render_page(text, min(get_terminal_size().columns, 100)), nl=False, color=True)
    else:
        click.echo(text)


@click.command("checks")
@packs_option("List a folder of your own checks, too.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "markdown", "json"]), default="text", help="What to print."
)
def checks_command(packs: tuple[Path, ...], format_: str) -> None:
    """List the checks, by group."""
    checks = load_packs(packs)
    if format_ == "markdown":
        click.echo(tables(checks))
        return
    if format_ == "json":
        rows = [
            {"check": check.name, "group": check.group, "summary": check.summary, "url": page_url(check.page)}
            for check in checks
        ]
        click.echo(json.dumps({"infralint": __version__, "checks": rows}, indent=2, ensure_ascii=False))
        return
    for group, members in by_group(checks).items():
        if group != DEFAULT_GROUP:
            click.echo(f"\n{group}: off unless selected (--select {group})")
        click.echo(listing_of(members))


def listing_of(checks: Sequence[Check]) -> str:
    """Names and what they find, one a line."""
    width = max(len(check.name) for check in checks)
    return "\n".join(f"{check.name:<{width}}  {check.summary}" for check in checks)
