"""`infralint audit`: judge what is deployed, a live AWS account or a saved snapshot of one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from infralint.cli.against import Code, compare_with_code, merge_drifts, read_code
from infralint.cli.options import AuditOptions, Command, judging_options
from infralint.cli.progress import Bar
from infralint.cli.projects import choose_checks, load_packs, selectable_names, settings_for
from infralint.cli.publish import exit_status, fail, publish, say, shown_by, wanted_outputs, write
from infralint.engine import baseline
from infralint.engine.registry import Check
from infralint.engine.report import Report, order
from infralint.engine.run import judge
from infralint.engine.since import Since, compare_reports
from infralint.engine.verdicts import verdicts_of
from infralint.model import Finding, Location, Reading, Related, Unreadable
from infralint.project import Project, find_root
from infralint.reporters.account_table import rows
from infralint.reporters.outputs import Output
from infralint.sources.aws_account.client import Control
from infralint.sources.aws_account.demand import Questions, reported_resources
from infralint.sources.aws_account.fetch import fetch, fetch_more
from infralint.sources.aws_account.hops import hops, reading
from infralint.sources.aws_account.kinds import KINDS
from infralint.sources.aws_account.session import CantStart, Entrance, cant_start, iam_policy
from infralint.sources.aws_account.snapshot import BadSnapshot, Snapshot, load, save
from infralint.text.globs import matches_text
from infralint.text.lazy import lazy
from infralint.text.wording import listing, plural
from infralint.trace.crossings import crossings

FIRST_CALLS = frozenset({"elasticloadbalancing:DescribeLoadBalancers", "cloudfront:ListDistributions"})
"""What is asked first of a region: where that fails and nothing else is there, nothing could be read."""


@click.group(short_help="Judge what is deployed in AWS, live or saved.")
def audit() -> None:
    """Judge what is deployed: a live AWS account, or a saved snapshot of one."""


def audit_options(command: Command) -> Command:
    """The options that every audit has beside those of `check`."""
    for option in (
        click.option(
            "--against",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            metavar="DIR",
            help="Compare with what the Terraform in a folder says.",
        ),
        click.option(
            "--against-snapshot",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="SNAPSHOT",
            help="Say what is new, changed and gone since an earlier snapshot.",
        ),
        click.option(
            "--baseline",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Report only what this file of --write-baseline does not know.",
        ),
        click.option(
            "--write-baseline",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write down what is there today, for --baseline.",
        ),
        click.option("--mask", is_flag=True, help="Write no account numbers: account-1, account-2 instead."),
        judging_options,
    ):
        command = option(command)
    return command


def _kinds(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    """The kinds that `--include` names."""
    names = tuple(filter(None, (part.strip() for part in (text or "").split(","))))
    for name in names:
        if name not in KINDS:
            raise click.BadParameter(f"{name} is none of {listing(list(KINDS), most=len(KINDS))}")
    return names


_DAYS = lazy(r"([0-9]{1,3})d")
MOST_DAYS = 90


def _days(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int:
    """The days that `--evidence` names."""
    found = _DAYS.fullmatch(text or "0d")
    if found is None or (text is not None and not 1 <= int(found[1]) <= MOST_DAYS):
        raise click.BadParameter(f"{text} is no number of days from 1d to {MOST_DAYS}d")
    return int(found[1])


@audit.command("aws", short_help="Judge a live account; it only reads.")
@click.option("--profile", help="Profile of the AWS configuration.")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Region to read (repeat for more).")
@click.option("--all-regions", is_flag=True, help="Read every region that is enabled in the account.")
@click.option("--role-arn", "roles", multiple=True, metavar="ARN", help="Read the account of a role (repeat for more).")
@click.option(
    "--load-balancer",
    "names",
    multiple=True,
    metavar="NAME",
    help="Look at these alone: a name, an ARN, or tag:KEY=VALUE; * stands for anything.",
)
@click.option(
    "--include",
    "kinds",
    callback=_kinds,
    metavar="KIND[,KIND]",
    help="Also read distributions, APIs, functions and services: cloudfront, apigateway, lambda, ecs.",
)
@click.option(
    "--evidence",
    "evidence_days",
    callback=_days,
    metavar="DAYS",
    help="Ask CloudWatch how often what is reported has cut connections: 7d.",
)
@click.option(
    "--organization",
    default="",
    metavar="ROLE",
    help="Read every account of the organization, by a role of this name in each.",
)
@click.option("--save", type=click.Path(dir_okay=False), metavar="SNAPSHOT", help="Keep what AWS said in a file.")
@click.option("--endpoint-url", metavar="URL", help="Ask this address instead of AWS.")
@click.option("--iam-policy", is_flag=True, help="Print the least policy that this audit needs, and stop.")
@audit_options
def aws(**given: Any) -> None:
    """Judge the load balancers of a live AWS account, and what --include names. It only reads.

    Exit status: 0 clean, 1 findings, 2 something could not be read or the call was wrong.
    """
    options = AuditOptions(**given)
    if options.organization and options.roles:
        fail("--organization names the role of every account; --role-arn reads single accounts: give one of them")
    if options.iam_policy:
        evidence = bool(options.evidence_days)
        click.echo(iam_policy(options.all_regions, options.roles, options.kinds, evidence, options.organization))
        return
    project, checks = _prepare(options)
    snapshot, report = _read_account(options, project, checks)
    if options.save:
        write(_mask(save(snapshot), options), Path(options.save))
    _finish(snapshot, report, project, checks, options, options.save or "")


@audit.command("snapshot", short_help="Judge a saved account again.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@audit_options
def snapshot_command(file: Path, **given: Any) -> None:
    """Judge a snapshot again that `infralint audit aws --save` wrote."""

    options = AuditOptions(**given)
    project, checks = _prepare(options)
    snapshot = _load(file)
    report = _judge_snapshot(snapshot, project, checks, _code(project, options), _shows_ways(options))
    _finish(snapshot, report, project, checks, options, str(file))


def _load(file: Path) -> Snapshot:
    """A saved snapshot; a file that is none, or holds nothing, ends the run."""
    try:
        snapshot = load(file.read_bytes())
    except OSError as error:
        fail(f"{file}: can't be read: {error.strerror}")
    except BadSnapshot as error:
        fail(f"{file}: {error}")
    if not snapshot.holds_anything:
        fail(f"{file}: holds no load balancer, distribution, API or function URL, so that there is nothing to judge")
    return snapshot


def _prepare(options: AuditOptions) -> tuple[Project, list[Check]]:
    """The project whose infralint.yaml rules here, and the checks to run. An audit was asked for: assumptions are loud."""
    root = find_root(options.against.absolute() if options.against else Path.cwd())
    checks = load_packs(options.packs)
    settings, _ = settings_for(root, options, selectable_names(checks))
    settings = replace(settings, assume=settings.assume or "warning")
    return Project(root, settings), choose_checks(checks, settings)


def _code(project: Project, options: AuditOptions) -> Code | None:
    return read_code(project, options.against) if options.against else None


def _read_account(options: AuditOptions, project: Project, checks: Sequence[Check]) -> tuple[Snapshot, Report]:
    code = _code(project, options)
    control = Control()
    questions = Questions(project.settings, crossings, options.names, drift=options.against is not None)
    try:
        entrance = Entrance(
            options.profile, options.regions, options.endpoint_url, control, options.kinds, options.evidence_days
        )
        scans = entrance.scans(options.roles, options.all_regions, questions, options.organization)
    except CantStart as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("stopped before anything was read")

    def draw() -> None:
        callers = [caller for scan in scans for caller in scan.callers]
        left = max(caller.bucket.seconds_for(caller.planned) for caller in callers)
        calls = control.done + sum(caller.planned for caller in callers)
        bar.draw(f"{control.done} of {calls} calls, {left:.0f} s left", control.done, calls)

    bar = Bar(shown=sys.stderr.isatty() and not options.quiet)
    snapshot = fetch(scans, control, draw)
    snapshot.failures = entrance.failures
    _stop_if_nothing_was_read(snapshot)
    ways = _shows_ways(options)
    report = _judge_snapshot(snapshot, project, checks, code, ways)
    named = {hop.arn for hop in hops(snapshot)} if _wants_records(options) else set()
    if report.findings or named:
        fetch_more(scans, reported_resources(report.findings, named), control, draw)
        report = _judge_snapshot(snapshot, project, checks, code, ways)
    bar.clear()
    return snapshot, replace(report, unreadable=report.unreadable + _not_found(options.names, snapshot))


def _shows_ways(options: AuditOptions) -> bool:
    """Whether a report is asked for that shows the ways of streams."""
    return any(output.format == "html" for output in wanted_outputs(options))


def _not_found(names: Sequence[str], snapshot: Snapshot) -> list[Unreadable]:
    """What the user asked for by name and no region has."""

    names_here = {word for hop in hops(snapshot) for word in (hop.name, *hop.aliases)}
    places = listing([str(region) for region in snapshot.regions])
    return [
        Unreadable(f"no load balancer in {places} is called {name}", Location("--load-balancer"))
        for name in names
        if not any(matches_text(word, name) for word in names_here)
    ]


def _stop_if_nothing_was_read(snapshot: Snapshot) -> None:

    regions = snapshot.regions
    if any(region.holds_anything for region in regions):
        return
    firsts = [next((each for each in region.failures if each.action in FIRST_CALLS), None) for region in regions]
    first = firsts[0]
    if first is not None and all(firsts):
        if first.trouble != "failed" or len(regions) == 1:
            fail(cant_start(first))


def _judge_snapshot(
    snapshot: Snapshot, project: Project, checks: Sequence[Check], code: Code | None, with_ways: bool = False
) -> Report:
    found = reading(snapshot)
    report = judge(project, [found if code is None else compare_with_code(found, code)], checks, with_ways=with_ways)
    return replace(report, findings=sorted(map(_introduce, merge_drifts(report.findings)), key=order))


def _introduce(finding: Finding) -> Finding:
    """A finding that says which resource is meant: where it stands, who made it, its page in the console."""

    hop = finding.hop
    if hop is None or hop.resource is None:
        return finding
    resource = hop.resource
    introduction = Related(resource.introduce(hop.name), Location(resource.console or resource.identity))
    counted = [Related(resource.evidence, introduction.location)] if resource.evidence else []
    return replace(finding, related=(*finding.related, introduction, *counted))


def _finish(
    snapshot: Snapshot, report: Report, project: Project, checks: Sequence[Check], options: AuditOptions, kept: str
) -> None:
    """Write the reports and leave with the status they deserve. kept: the file that keeps the snapshot."""

    outputs = wanted_outputs(options)
    found = reading(snapshot)
    since = _compare_with_earlier(report, found, project, checks, options)
    whole, report = report, _beyond_baseline(report, project, options)
    crossed = crossings(project.settings, [found])
    shown = replace(
        shown_by(options, checks),
        taken=snapshot.taken,
        since=since,
        snapshot=kept,
        rows=tuple(rows(found.hops, crossed, whole)),
        verdicts=tuple(verdicts_of(checks, crossed, report)) if _wants_verdicts(outputs) else (),
    )
    publish(report, outputs, shown, options.color, lambda text: _mask(text, options))
    sys.exit(exit_status(report, options.strict, [project.settings.fail_on]))


def _compare_with_earlier(
    report: Report, found: Reading, project: Project, checks: Sequence[Check], options: AuditOptions
) -> Since | None:
    """What is new, changed and gone since the snapshot of --against-snapshot."""
    if options.against_snapshot is None:
        return None
    earlier = _load(options.against_snapshot)
    then = _judge_snapshot(earlier, project, checks, None)
    return compare_reports(report, then, found.hops, reading(earlier).hops, earlier.taken)


def _beyond_baseline(report: Report, project: Project, options: AuditOptions) -> Report:
    """Only what --baseline does not know; --write-baseline writes down all that is found."""
    if options.write_baseline is not None:
        if report.unreadable:
            problems = [f"{problem.where}: {problem.message}" for problem in report.unreadable]
            fail(*problems, "no baseline was written: mend this first")
        write(_mask(baseline.baseline_text(report.findings, project), options), options.write_baseline)
        known = plural(len(report.findings), "finding")
        say(f"{options.write_baseline}: {known} that later runs leave out with --baseline.", err=True)
    if options.baseline is None:
        return report
    try:
        return baseline.leave_out_known(report, baseline.load(options.baseline), os.path.relpath(options.baseline))
    except baseline.BadBaseline as error:
        fail(str(error))


def _wants_records(options: AuditOptions) -> bool:
    """Whether what passes is named with its tags, which must be asked for."""
    return any(output.format in ("csv", "ocsf") for output in wanted_outputs(options))


def _wants_verdicts(outputs: Sequence[Output]) -> bool:
    """Whether a report says what passes, too."""
    return any(output.format in ("json", "csv", "ocsf", "html") for output in outputs)


def _mask(text: str, options: AuditOptions) -> str:
    """The text without account numbers, each replaced by the same word wherever it stands."""
    if not options.mask:
        return text
    words: dict[str, str] = {}
    return re.sub(
        r"(?<![0-9A-Za-z.])[0-9]{12}(?![0-9A-Za-z.])",
        lambda found: words.setdefault(found[0], f"account-{len(words) + 1}"),
        text,
    )
