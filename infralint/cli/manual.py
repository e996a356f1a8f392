"""`infralint explain` and `infralint checks`: the manual."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import get_terminal_size

import click

from infralint import __version__
from infralint.cli.options import color_option, packs_option
from infralint.cli.projects import load_packs, unknown_check
from infralint.cli.publish import fail, is_colored
from infralint.cli.terminal import render_page
from infralint.engine.pages import page_url, table


@click.command()
@click.argument("name", metavar="CHECK")
@packs_option("Look in a folder of your own checks, too.")
@color_option("Else plain Markdown.")
def explain(name: str, packs: tuple[Path, ...], color: str) -> None:
    """Print the manual page of a check: laid out in a terminal, else its Markdown."""
    found = {check.name: check for check in load_packs(packs)}
    if name not in found:
        fail(unknown_check(name, list(found)))
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
    """List the checks."""
    found = load_packs(packs)
    if format_ == "markdown":
        click.echo(table(found))
        return
    if format_ == "json":
        rows = [{"check": check.name, "summary": check.summary, "url": page_url(check.page)} for check in found]
        click.echo(json.dumps({"infralint": __version__, "checks": rows}, indent=2, ensure_ascii=False))
        return
    width = max(len(check.name) for check in found)
    for check in found:
        click.echo(f"{check.name:<{width}}  {check.summary}")
