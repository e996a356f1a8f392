"""`infralint check`: judge files and folders, put right what can be, and report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from infralint.cli.options import Options, judging_options, terraform_options
from infralint.cli.progress import PATIENCE, Bar
from infralint.cli.projects import Asked, asked_projects, choose_checks, load_packs, with_options
from infralint.cli.publish import exit_status, fail, publish, shown_by, wanted_outputs
from infralint.engine import baseline
from infralint.engine.changes import Before, NoHistory, changes_since, of_the_change
from infralint.engine.registry import Check
from infralint.engine.report import NOTHING, Report
from infralint.engine.run import lint
from infralint.fixing import fixes, patch, proposed, write
from infralint.model import Location, Unreadable
from infralint.project import CantRead, Project
from infralint.project.config import CONFIG_NAMES, BadConfig, Settings, parse_settings
from infralint.project.work import Lost, Work
from infralint.text.patterns import fresh_budget
from infralint.text.wording import plural


@dataclass
class Outcome:
    """What a run came to: its report, the names of the checks that ran, the severities at which it fails."""

    report: Report = field(default_factory=Report)
    ran: set[str] = field(default_factory=set)
    limits: set[str] = field(default_factory=set)


@click.command("check")
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
    help="Work out Terraform roots in up to N processes.  [default: one a processor]",
)
@click.option("--allow-empty", is_flag=True, help="Exit with 0 where there is nothing to read, as hooks want it.")
def check_command(paths: tuple[str, ...], **given: Any) -> None:
    """Judge the configuration in PATHS (files, folders, or - for nginx on standard input; default: here).

    Exit status: 0 clean, 1 findings, 2 something could not be read or the call was wrong.
    """
    options = Options(**given)
    if options.diff and (options.fix or options.outputs or options.format_ != "text"):
        fail("--diff prints a patch alone: leave --fix, --output and --format out")
    outputs = wanted_outputs(options)
    checks = load_packs(options.packs)
    with fresh_budget():
        outcome = judge_paths(paths or (".",), checks, options, any(output.format == "sarif" for output in outputs))
    if not options.diff:
        ran = [check for check in checks if check.name in outcome.ran]
        publish(outcome.report, outputs, shown_by(options, ran), options.color)
    sys.exit(exit_status(outcome.report, options.strict, outcome.limits))


def judge_paths(paths: Sequence[str], checks: Sequence[Check], options: Options, with_edits: bool) -> Outcome:
    """Judge the projects of the given paths, one after the other. with_edits: findings bring what puts them right."""
    outcome = Outcome()
    bar = Bar(shown=sys.stderr.isatty() and not options.quiet, patience=PATIENCE)
    work = Work(options.jobs or 0, bar.tell)
    projects = asked_projects(paths, options, [check.name for check in checks])
    try:
        for asked in projects:
            asked.project.work = work
            chosen = choose_checks(checks, asked.project.settings)
            outcome.ran |= {check.name for check in chosen}
            outcome.limits.add(asked.project.settings.fail_on)
            outcome.report = outcome.report.joined(_judge(asked, chosen, options, with_edits))
    except Lost as error:
        fail(str(error))
    report = outcome.report
    if len(report.idle) == sum(len(asked.paths) for asked in projects) and not options.allow_empty:
        report.unreadable = [Unreadable(NOTHING, Location(path)) for path in report.idle]
        report.idle = []
    return outcome


def _judge(asked: Asked, checks: Sequence[Check], options: Options, with_edits: bool) -> Report:
    """The report on one project: what is new, touches the given paths, and is not put right."""
    project = asked.project
    report = lint(project, checks, not options.no_ignores)
    report = _new_since(report, project, checks, options)
    report = _beyond_baseline(report, project, checks, options)
    report = report.touching(asked.paths, project.shown_path(project.root))
    if options.fix or options.diff:
        return _fixed(report, project, checks, options)
    return proposed(project, checks, report, not options.no_ignores) if with_edits else report


def _fixed(report: Report, project: Project, checks: Sequence[Check], options: Options) -> Report:
    """Put right what can be, or print the patch that would; what is left to report."""
    done = fixes(project, checks, report, not options.no_ignores)
    if options.fix:
        problems = write(done, project)
        return replace(report, unreadable=[*report.unreadable, *problems]) if problems else done.report
    click.echo(patch(done, project), nl=False)
    left = len(report.findings) - len(done.report.fixed)
    click.echo(
        f"Would fix {plural(len(done.report.fixed), 'finding')} of {project.root.name}, and leave {left}.", err=True
    )
    for finding in done.report.findings if left else ():
        if finding.provenance.unfixed:
            click.echo(f"  {finding.location}: {finding.check} is left: {finding.provenance.unfixed}", err=True)
    return report


def _new_since(report: Report, project: Project, checks: Sequence[Check], options: Options) -> Report:
    """Only what a change touches or brings, where a revision is given."""
    if options.changed_since is None:
        return report
    try:
        changes = changes_since(project, options.changed_since)
    except NoHistory as error:
        fail(str(error))
    settings = _earlier_settings(project, changes.before, options)
    earlier = lint(Before(project, changes, settings), checks, not options.no_ignores)
    return of_the_change(report, earlier, changes, project)


def _earlier_settings(project: Project, before: dict[str, bytes | None], options: Options) -> Settings:
    """The settings that ruled before a change; its defaults where there were none, or none that can be read."""
    names = (*CONFIG_NAMES, "pyproject.toml")
    if options.config or not any(name in before for name in names):
        return project.settings
    for name in names:
        content = before[name] if name in before else _content(project, name)
        if content is not None and (name != "pyproject.toml" or b"[tool.infralint" in content):
            try:
                found = parse_settings(content.decode("utf-8-sig", "replace"), name)
            except BadConfig:
                break
            return with_options(found, project.root, options)
    return with_options(Settings(), project.root, options)


def _content(project: Project, name: str) -> bytes | None:
    """What a file of the project's root holds; None where there is none that can be read."""
    try:
        return project.bytes(name)
    except CantRead:
        return None


def _beyond_baseline(report: Report, project: Project, checks: Sequence[Check], options: Options) -> Report:
    """Only what the baseline does not know; entries whose findings are no more are named."""
    path = options.baseline or baseline.find(project.root)
    if options.no_baseline or path is None:
        return report
    try:
        known = baseline.load(path, None if options.baseline else project.root)
    except baseline.BadBaseline as error:
        fail(str(error))
    found = baseline.new(report.findings, known)
    ran = {check.name for check in checks}
    gone = [] if options.changed_since else baseline.gone(report.findings, known)
    return replace(
        report,
        findings=found,
        known=len(report.findings) - len(found),
        gone=[str(entry) for entry in gone if entry.check in ran],
    )
