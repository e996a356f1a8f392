"""`infralint test-checks`: run the examples of the pages of one's own checks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from infralint.cli.options import ChecksFolder
from infralint.cli.projects import load_packs
from infralint.cli.publish import fail, say
from infralint.engine.page_tests import find_misses, missing_examples
from infralint.engine.pages import BrokenPage, examples
from infralint.engine.registry import Check, built_in_folder
from infralint.text.patterns import fresh_budget
from infralint.text.wording import plural


@click.command("test-checks", short_help="Run the examples on the pages of your checks.")
@click.argument("folder", metavar="DIR", type=ChecksFolder())
@click.option("-v", "--verbose", is_flag=True, help="Name every example.")
def test_checks_command(folder: Path, verbose: bool) -> None:
    """Run the examples on the pages of the checks in DIR: exactly the marked lines must be reported.

    Exit status: 0 all are judged as their pages say, 1 some are not, 2 a page or a check can't be used.
    """
    full = Path(os.path.abspath(folder))
    is_built_in = full == built_in_folder().resolve()
    checks = load_packs(() if is_built_in else (folder,))
    asked = [check for check in checks if check.page.parent.resolve() == full.resolve()]
    counts = [_test(check, checks, verbose) for check in asked]
    passed, failed = (sum(count[index] for count in counts) for index in (0, 1))
    say(f"{plural(len(asked), 'check')} with {plural(passed + failed, 'example')}: {passed} passed, {failed} failed.")
    sys.exit(1 if failed else 0)


def _test(check: Check, checks: list[Check], verbose: bool) -> tuple[int, int]:
    """Run one page's examples, say what is wrong, and count those that passed and failed."""
    page = os.path.relpath(check.page)
    passed = failed = 0
    try:
        if reason := missing_examples(check):
            say(f"{page}: {check.name} is not tested: {reason}")
            failed += 1
        for example in examples(check.page) if check.page.is_file() else ():
            with fresh_budget():
                wrong = list(find_misses(check, example, checks))
            title = f"{example.section}: {example.heading}" if example.heading else example.section
            for miss in wrong:
                say(f"{page}:{miss.line}: {title}: {miss.message}")
            if verbose and not wrong:
                say(f"{page}:{example.line}: {title}: as marked")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    except BrokenPage as error:
        fail(f"{page}: {error}")
    return passed, failed
