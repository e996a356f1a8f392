"""`infralint trace`: a stream's way from the browser to the code that sends it, and who breaks it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from msgspec.structs import replace

from infralint.cli.options import Options, color_option, config_option, packs_option, terraform_options
from infralint.cli.projects import Asked, asked_projects, choose_checks, load_packs, selectable_names
from infralint.cli.publish import fail, is_colored, write
from infralint.cli.standins import with_plan, with_snapshot
from infralint.engine.policy import exceeds
from infralint.engine.reading import read
from infralint.engine.report import NOTHING
from infralint.engine.tracing import NoSuchNode, Question, TraceReport, trace
from infralint.model import Reading, StreamKind
from infralint.reporters.trace_text import TraceShown
from infralint.reporters.traces import TRACE_REPORTERS, render_trace
from infralint.sources.aws_account.snapshot import BadSnapshot
from infralint.text.patterns import fresh_budget


class TraceOptions(Options, frozen=True, kw_only=True):
    """The options of a trace."""

    host: str | None = None
    kind: StreamKind | None = None
    front: str = ""
    folder: str = "."
    plan: Path | None = None
    snapshot: Path | None = None
    compact: bool = False
    explain: bool = False
    output: Path | None = None


@click.command("trace", short_help="Show a stream's way, hop by hop.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--host", metavar="HOST", help="The host that the browser asks.")
@click.option("--kind", type=click.Choice(["sse", "websocket"]), help="What is opened there.  [default: what is known]")
@click.option(
    "--from", "front", default="", metavar="NODE", help="Begin at this node: a name, a path, a tag or a glob."
)
@click.option(
    "--in",
    "folder",
    default=".",
    metavar="FOLDER",
    type=click.Path(exists=True),
    help="The project, or what of it the known streams are to pass: a folder, a file.  [default: here]",
)
@click.option(
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Load balancers as a plan or state has them (terraform show -json).",
)
@click.option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Load balancers as an account has them (infralint audit aws --save).",
)
@click.option("--compact", is_flag=True, help="One line a hop.")
@click.option("--explain", is_flag=True, help="Say why it is this hop, why these values, and what would change that.")
@click.option("-v", "--verbose", is_flag=True, help="Show everything that holds at each hop.")
@click.option("--format", "format_", type=click.Choice(list(TRACE_REPORTERS)), default="text", help="What to print.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to this file.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    help="Exit with 1 from this severity on.  [default: warning]",
)
@click.option("--strict", is_flag=True, help="Exit with 2 where something could not be told.")
@click.option("--assume", type=click.Choice(["warning", "note", "off"]), help="How loud to be about what is assumed.")
@packs_option("Ask a folder of your own checks, too.")
@config_option
@click.option("--nginx-version", metavar="VERSION", help="The nginx that runs these files, such as 1.27.3.")
@terraform_options
@color_option("Colours in text.")
def trace_command(paths: tuple[str, ...], **given: Any) -> None:
    """Show the way of a stream, hop by hop, and which hop holds it, cuts it or refuses it.

    PATH is what the browser asks for: /api/chat, or a whole address. Without one, every stream that is known.

    Exit status: 0 all flows, 1 something breaks or is not served, 2 something could not be read or the call was wrong.
    """
    options = TraceOptions(**given)
    question = _question(paths, options)
    checks = load_packs(options.packs)
    [asked] = asked_projects([options.folder], options, selectable_names(checks))
    chosen = choose_checks(checks, asked.project.settings)
    asked.project.subjects = frozenset(check.subject for check in chosen)
    with fresh_budget():
        readings = _readings(asked, options)
        if not any(reading.nodes or reading.unreadable for reading in readings):
            fail(f"{options.folder}: {NOTHING}")
        question = replace(question, places=tuple(filter(None, asked.paths)))
        try:
            report = trace(asked.project, readings, chosen, question)
        except NoSuchNode as error:
            fail(f"--from: {error}")
        colored = is_colored(options.color) if options.output is None else options.color == "always"
        shown = TraceShown(options.compact, options.verbose, options.explain, colored)
        text = render_trace(options.format_, report, shown)
    if options.output is not None:
        write(text, options.output)
    else:
        click.echo(text.encode(errors="replace").decode(), nl=False, color=True)
    sys.exit(_status(report, options.strict, asked.project.settings.fail_on))


def _question(paths: Sequence[str], options: TraceOptions) -> Question:
    """What is asked; whole addresses say host and kind themselves."""
    asked: list[str] = []
    hosts = {options.host} if options.host else set()
    kinds = {options.kind} if options.kind else set()
    for path in paths:
        if "://" in path:
            try:
                address = urlsplit(path)
            except ValueError as error:
                fail(f"{path}: is no address of a web page: {error}")
            asked.append(address.path or "/")
            hosts |= {address.hostname} if address.hostname else set()
            kinds |= {"websocket"} if address.scheme in ("ws", "wss") else set()
        elif path.startswith("/"):
            asked.append(path.partition("?")[0].partition("#")[0])
        else:
            fail(f"{path}: what a browser asks for begins with / (a folder is given with --in)")
    if len(hosts) > 1 or len(kinds) > 1:
        fail("one host and one kind at a time: ask for the others by themselves")
    return Question(tuple(dict.fromkeys(asked)), next(iter(hosts), None), next(iter(kinds), None), options.front)


def _readings(asked: Asked, options: TraceOptions) -> list[Reading]:
    """What the project's files say, and what a plan and an account say instead of them."""
    readings = read(asked.project)
    if options.plan is not None:
        readings = with_plan(readings, options.plan, asked.project)
    if options.snapshot is not None:
        try:
            readings = with_snapshot(readings, options.snapshot, asked.project)
        except BadSnapshot as error:
            fail(f"{options.snapshot}: {error}")
        except OSError as error:
            fail(f"{options.snapshot}: can't be read: {error.strerror}")
    return readings


def _status(report: TraceReport, strict: bool, limit: str) -> int:
    """0: all flows; 1: something breaks, or nothing serves what was asked for; 2: not all could be read (strict: or told).

    A stream that is only assumed, or in doubt, fails no run.
    """
    outcomes = {stream.verdict.outcome for stream in report.streams}
    if report.unreadable or (strict and "could not tell" in outcomes):
        return 2
    believed = [stream for stream in report.streams if stream.is_believed]
    unserved = any(stream.verdict.outcome == "not served" for stream in believed) and limit != "never"
    return int(unserved or any(exceeds(stream.findings, limit) for stream in believed))
