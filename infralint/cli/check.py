"""`infralint check`: judge files and folders, put right what can be, and report."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from infralint.cache import recording
from infralint.cli.judging import judge_paths
from infralint.cli.options import Options, judging_options, terraform_options
from infralint.cli.projects import load_packs
from infralint.cli.publish import exit_status, fail, publish, shown_by, wanted_outputs
from infralint.reporters.outputs import Output
from infralint.text.patterns import fresh_budget

TIMELESS = ("text", "github", "gitlab", "markdown", "checkstyle", "junit")
"""Formats in which a report bears no date, and no edits that were tried."""


@click.command("check", short_help="Judge configuration and code: begin here.")
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@judging_options
@click.option("--nginx-version", metavar="VERSION", help="The nginx that runs these files, such as 1.27.3.")
@terraform_options
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Report only what this file does not know.  [default: .infralint-baseline.json, where there is one]",
)
@click.option("--no-baseline", is_flag=True, help="Report what the baseline knows, too.")
@click.option("--no-ignores", is_flag=True, help="Heed no ignore comments and no `accept:` entries.")
@click.option("--changed-since", metavar="REV", help="Only what a change since this git revision touches or brings.")
@click.option("--fix", is_flag=True, help="Put right in the files what can safely be put right.")
@click.option("--diff", is_flag=True, help="Print what --fix would change as a patch, and change nothing.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Work in up to N processes: Terraform roots in all, much code beside the rest.  [default: one a processor]",
)
@click.option("--no-cache", is_flag=True, help="Work everything out anew, and keep nothing for the next run.")
@click.option("--allow-empty", is_flag=True, help="Exit with 0 where there is nothing to read, as hooks want it.")
def check_command(paths: tuple[str, ...], **given: Any) -> None:
    """Judge the configuration in PATHS (files, folders, or - for standard input: nginx -T, or rendered manifests; default: here).

    Exit status: 0 clean, 1 findings, 2 something could not be read or the call was wrong.
    """
    options = Options(**given)
    if options.diff and (options.fix or options.outputs or options.format_ != "text"):
        fail("--diff prints a patch alone: leave --fix, --output and --format out")
    outputs = wanted_outputs(options)
    if not _only_reads(options, outputs, paths):
        recording.spoil()
    checks = load_packs(options.packs)
    with fresh_budget():
        outcome = judge_paths(paths or (".",), checks, options, {output.format for output in outputs})
    if not options.diff:
        ran = [check for check in checks if check.name in outcome.ran]
        publish(outcome.report, outputs, shown_by(options, ran), options.color)
    sys.exit(exit_status(outcome.report, options.strict, outcome.limits))


def _only_reads(options: Options, outputs: Sequence[Output], paths: Sequence[str]) -> bool:
    """Whether what is printed is decided by the files alone, and nothing else is done; and whether there is much to save."""
    more = options.fix or options.diff or options.changed_since or options.packs or options.no_cache
    plain = all(output.path is None and output.format in TIMELESS for output in outputs)
    return plain and not more and all(os.path.isdir(path) for path in paths)
