"""Pages whose outputs are what the program prints: their examples are laid out as files and their commands are run.

A fenced block with a title is a file; a block below `<!-- insert: FILE after "TEXT" -->` is put into one; a block of the
language `console` holds commands after `$ ` and what they print; `console in=FOLDER` runs them in a copy of a folder of the
repository. Only `infralint` is run. An SVG file that they write
stands at `<!-- picture: FILE "what it shows" -->`.
"""

from __future__ import annotations

import base64
import html
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from infralint.cli import cli
from infralint.text.patterns import fresh_budget

ROOT = Path(__file__).parent.parent.parent
EPOCH = "1790000000"
"""The time that shown reports bear, in seconds since 1970."""
CLONED = ("infralint", "checks", "tests", "pyproject.toml")
"""What a clone has, for pages that change the program itself."""

_FENCE = re.compile(
    r'^(?:<!-- insert: (?P<into>\S+) after "(?P<after>[^"\n]+)" -->\n)?'
    r"(?P<fence>`{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_PICTURE = re.compile(r'^<!-- picture: (\S+) "([^"\n]+)" -->$', re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')
_COPIED = re.compile(r"console in=(\S+)")


class NotRun(ValueError):
    """A command that a page shows and that is not run, or a file that it writes outside of its folder."""


@contextmanager
def workspace(is_clone: bool = False) -> Iterator[Path]:
    """An empty folder for a page's files, called `project`; or one with what a clone of the repository has, and in it
    an empty repository `shop` to judge."""
    with tempfile.TemporaryDirectory(prefix="infralint-page-") as scratch:
        folder = Path(scratch).resolve() / ("infralint" if is_clone else "project")
        folder.mkdir()
        (folder / ".git").mkdir()
        if is_clone:
            (folder / "shop/.git").mkdir(parents=True)
            for name in CLONED:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / name, folder / name)
        yield folder


@contextmanager
def copy_of(name: str) -> Iterator[Path]:
    """A copy of a folder of the repository, under its own last name, in no repository."""
    with tempfile.TemporaryDirectory(prefix="infralint-page-") as scratch:
        yield Path(shutil.copytree(ROOT / name, Path(scratch).resolve() / Path(name).name))


def filled_in(markdown: str, folder: Path, is_clone: bool = False) -> str:
    """A page with what its commands print in that folder, after its files are laid out there, both in order."""

    def fill(block: re.Match[str]) -> str:
        info, body = block["info"].strip(), block["body"]
        if title := _TITLE.search(info):
            lay_out(folder, title[1], body)
        if block["into"]:
            insert(folder / block["into"], block["after"], body)
            return f"{block['fence']}{block['info']}\n{body}{block['fence']}"
        if not info.startswith("console"):
            return block[0]
        if copied := _COPIED.fullmatch(info):
            with copy_of(copied[1]) as copy:
                printed = transcript(body, copy)
        else:
            printed = transcript(body, folder, is_clone)
        fence = block["fence"] + "`" * ("```" in printed)
        return f"{fence}console\n{printed}{fence}"

    return _PICTURE.sub(lambda mark: picture(folder / mark[1], mark[2]), _FENCE.sub(fill, markdown))


def picture(path: Path, meaning: str) -> str:
    """An SVG file that a command of the page has written, within the page. meaning: what it shows, for who can't see it."""
    if not path.is_file():
        raise NotRun(f"no command of the page writes {path.name}")
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<div class="picture"><img alt="{html.escape(meaning)}" src="data:image/svg+xml;base64,{data}"></div>'


def lay_out(folder: Path, name: str, text: str) -> None:
    """Write one file of a page."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise NotRun(f"{name} leads out of the page's folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def insert(path: Path, after: str, text: str) -> None:
    """Put lines into a file, below the first one that holds a text. Raises NotRun where none does."""
    before, found, rest = path.read_text(encoding="utf-8").partition(after)
    if not found:
        raise NotRun(f"{path.name} has no `{after}`")
    line, _, below = rest.partition("\n")
    path.write_text(f"{before}{found}{line}\n{text}{below}", encoding="utf-8")


def transcript(body: str, folder: Path, is_clone: bool = False) -> str:
    """The commands of a block, each with what it prints."""
    commands = [line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{output(command, folder, is_clone)}" for command in commands)


def output(command: str, folder: Path, is_clone: bool = False) -> str:
    """What a command prints in a folder. Raises NotRun for anything but `infralint`."""
    name, *arguments = shlex.split(command, comments=True)
    if name != "infralint":
        raise NotRun(f"only infralint is run, not `{command}`")
    return _in_clone(arguments, folder) if is_clone else _here(arguments, folder)


def _here(arguments: list[str], folder: Path) -> str:
    """The command line, in this process."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with fresh_budget():
            done = CliRunner(env={"SOURCE_DATE_EPOCH": EPOCH}).invoke(cli, arguments, prog_name="infralint")
    finally:
        os.chdir(before)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def _in_clone(arguments: list[str], folder: Path) -> str:
    """The command line of a changed copy of the program, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(folder), "SOURCE_DATE_EPOCH": EPOCH, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "infralint", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
