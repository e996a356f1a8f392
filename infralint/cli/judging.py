"""Judging the projects of a call one after the other, and putting right in them what can be."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import replace

from infralint.cli.options import Options
from infralint.cli.progress import PATIENCE, Bar
from infralint.cli.projects import Asked, asked_projects, choose_checks, selectable_names, with_options
from infralint.cli.publish import fail, say
from infralint.engine import baseline
from infralint.engine.registry import Check
from infralint.engine.report import NOTHING, Report
from infralint.engine.run import lint
from infralint.model import Location, Unreadable
from infralint.project import CantRead, Project
from infralint.project.config import CONFIG_NAMES, BadConfig, Settings, parse_settings
from infralint.project.work import Work
from infralint.text.display import visible_lines
from infralint.text.wording import plural

if TYPE_CHECKING:
    from infralint.fixing import Fixes

WITH_EDITS = ("sarif", "rdjson")
"""Formats in which findings bring what puts them right."""


class Outcome(msgspec.Struct, frozen=True):
    """What a run came to: its report, the names of the checks that ran, the severities at which it fails."""

    report: Report = msgspec.field(default_factory=Report)
    ran: frozenset[str] = frozenset()
    limits: frozenset[str] = frozenset()


class Judging(msgspec.Struct, frozen=True):
    """One project that is judged: by which checks, and what is reported of it. with_ways: the way of each stream, too."""

    asked: Asked
    checks: Sequence[Check]
    options: Options
    with_ways: bool = False

    @property
    def heeds_ignores(self) -> bool:
        return not self.options.no_ignores

    def narrow(self, report: Report, project: Project) -> Report:
        """What is to be reported of the project, perhaps with edits in it: what is new, and touches the given paths."""
        report = self._new_since(report, project)
        report = self._beyond_baseline(report, project)
        return report.touching(self.asked.paths, project.shown_path(project.root))

    def judge(self, formats: AbstractSet[str]) -> Report:
        """The report on the project, after what could be put right, with what these formats show beside it."""
        project, options = self.asked.project, self.options
        changes = options.fix or options.diff
        if not changes and formats.isdisjoint(WITH_EDITS):
            report = self.narrow(lint(project, self.checks, self.heeds_ignores, self.with_ways), project)
            if "json" not in formats:
                return report
            from infralint.fixing import note_fixable

            return note_fixable(report)
        from infralint import fixing

        rules = fixing.Ruleset(self.checks, self.heeds_ignores, self.with_ways)
        if changes:
            return self._fix(fixing.find_fixes(project, rules, self.narrow))
        return fixing.propose_edits(project, rules, self.narrow)

    def _fix(self, fixes: Fixes) -> Report:
        """Put right what can be, or print the patch that would; what is left to report."""
        from infralint.fixing import render_patch, write_fixes

        project, report = self.asked.project, fixes.reported
        if self.options.fix:
            problems = write_fixes(fixes, project)
            return replace(report, unreadable=[*report.unreadable, *problems]) if problems else fixes.report
        patch, left_out = render_patch(fixes, project)
        click.echo(visible_lines(patch.decode("utf-8", "replace")) if sys.stdout.isatty() else patch, nl=False)
        left, fixed = fixes.report.findings, plural(len(fixes.report.fixed), "finding")
        say(f"Would fix {fixed} in the folder {project.root.name}, and leave {len(left)}.", err=True)
        for finding in left:
            say(f"  {finding.location}: {finding.check} is left: {finding.provenance.unfixed}", err=True)
        for problem in left_out:
            say(f"  {problem.where}: {problem.message}", err=True)
        return replace(report, unreadable=[*report.unreadable, *left_out])

    def _new_since(self, report: Report, project: Project) -> Report:
        """Only what a change touches or brings, where a revision is given."""
        if self.options.changed_since is None:
            return report
        from infralint.engine.changes import Before, NoHistory, changes_since, of_the_change

        try:
            changes = changes_since(project, self.options.changed_since)
        except NoHistory as error:
            fail(str(error))
        settings = _earlier_settings(project, changes.before, self.options)
        earlier = lint(Before(project, changes, settings), self.checks, self.heeds_ignores)
        return of_the_change(report, earlier, changes, project)

    def _beyond_baseline(self, report: Report, project: Project) -> Report:
        """Only what the baseline does not know; entries whose findings are no more are named."""
        path = self.options.baseline or baseline.find(project.root)
        if self.options.no_baseline or path is None:
            return report
        try:
            known = baseline.load(path, None if self.options.baseline else project.root)
        except baseline.BadBaseline as error:
            fail(str(error))
        ran = [check.name for check in self.checks]
        report = baseline.leave_out_known(report, known, os.path.relpath(path), ran)
        return replace(report, gone=[]) if self.options.changed_since else report


def judge_paths(paths: Sequence[str], checks: Sequence[Check], options: Options, formats: AbstractSet[str]) -> Outcome:
    """Judge the projects of the given paths, one after the other, for reports in these formats."""
    bar = Bar(shown=sys.stderr.isatty() and not options.quiet, patience=PATIENCE)
    work = Work(options.jobs or 0, bar.tell)
    projects = asked_projects(paths, options, selectable_names(checks))
    outcome = Outcome()
    for asked in projects:
        asked.project.work = work
        chosen = choose_checks(checks, asked.project.settings)
        outcome = _add_project(outcome, Judging(asked, chosen, options, "html" in formats), formats)
    report = outcome.report
    if options.allow_empty:
        # A hook names every file that was changed: of those, what holds nothing to read is no news.
        return replace(outcome, report=replace(report, idle=[])) if report.read else outcome
    if len(report.idle) == sum(len(asked.paths) for asked in projects):
        nothing = [Unreadable(_nothing_in(path), Location(path)) for path in report.idle]
        return replace(outcome, report=replace(report, unreadable=nothing, idle=[]))
    return outcome


def _nothing_in(path: str) -> str:
    """What to say of a path that holds nothing to read."""
    is_state = path.endswith((".tfstate", ".tfstate.backup"))
    return f"{NOTHING}; of a state of Terraform, give what `terraform show -json` prints" if is_state else NOTHING


def _add_project(outcome: Outcome, judging: Judging, formats: AbstractSet[str]) -> Outcome:
    """An outcome, and what one more project comes to."""
    project = judging.asked.project
    if project.tree.leftovers:
        from infralint.fixing import explain_leftovers

        for sentence in explain_leftovers(project):
            say(f"infralint: {sentence}", err=True)
    return Outcome(
        outcome.report.join(judging.judge(formats)),
        outcome.ran | {check.name for check in judging.checks},
        outcome.limits | {project.settings.fail_on},
    )


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
