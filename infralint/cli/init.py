"""`infralint init`: a first infralint.yaml."""

from __future__ import annotations

import os
from pathlib import Path

import click

from infralint.cli.publish import fail, refuse_way_out, say
from infralint.engine.reading import read
from infralint.engine.starting import NAME, draft, entries, save
from infralint.project import Project, find_root
from infralint.project.config import Settings, find_config
from infralint.reporters.phrases import way_of
from infralint.text.wording import plural


@click.command("init", short_help="Write a first infralint.yaml, with the streams found.")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over an infralint.yaml that is there.")
def init_command(folder: Path, force: bool) -> None:
    """Write an infralint.yaml with the streams that FOLDER's project shows, and why. It asks nothing."""
    root = find_root(Path(os.path.abspath(folder)))
    target, there = root / NAME, find_config(root)
    if there is not None and not force:
        fail(f"{os.path.relpath(there)} is there already; --force writes a new {NAME}")
    refuse_way_out(target, root)
    readings = read(Project(root, Settings()))
    found = entries(readings)
    try:
        save(draft(found), target, force)
    except OSError as error:
        fail(f"{os.path.relpath(target)}: can't be written: {error.strerror}")
    for entry in found:
        say(f"{entry.stream}{' (left open)' if entry.open else ''}: {entry.reason}")
        if entry.trace is not None:
            say(f"  {way_of(entry.trace)}")
    for problem in [unreadable for reading in readings for unreadable in reading.unreadable]:
        say(f"infralint: {problem.where}: {problem.message}", err=True)
    if any(entry.open for entry in found):
        say("Left open, as comments: what a word in its path alone speaks for. Take the marks away where it streams.")
    say(f"{os.path.relpath(target)}: {plural(len(found), 'stream')} found.")
