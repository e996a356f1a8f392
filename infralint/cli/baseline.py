"""`infralint baseline`: write down what is there today."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from infralint.cli.options import Options, config_option, packs_option, terraform_options
from infralint.cli.projects import asked_projects, choose_checks, load_packs, selectable_names
from infralint.cli.publish import fail, refuse_way_out, say, write
from infralint.engine.baseline import NAME, baseline_text
from infralint.engine.run import lint
from infralint.text.wording import plural


@click.command("baseline", short_help="Report only what is new from now on.")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@config_option
@packs_option("Run a folder of your own checks, too.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False),
    help="Write to this file.  [default: .infralint-baseline.json in the project's root]",
)
@terraform_options
def baseline_command(folder: Path, output: str | None, **given: Any) -> None:
    """Write down what FOLDER's project has today, so that later runs report only what is new."""
    options = Options(**given)
    checks = load_packs(options.packs)
    [asked] = asked_projects([str(folder)], options, selectable_names(checks))
    report = lint(asked.project, choose_checks(checks, asked.project.settings))
    if report.unreadable:
        problems = [f"{problem.where}: {problem.message}" for problem in report.unreadable]
        fail(*problems, "nothing was written: mend this first")
    target = Path(output or os.path.relpath(asked.project.root / NAME))
    if not output:
        refuse_way_out(asked.project.root / NAME, asked.project.root)
    write(baseline_text(report.findings, asked.project), target)
    say(f"{target}: {plural(len(report.findings), 'finding')} that later runs leave out.")
