"""Where reports go: one on standard output, any number into files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from infralint.reporters import REPORTERS
from infralint.text.suggestions import closest

OUTPUT_HELP = "Write a report to a file: FORMAT=PATH beside what is printed (repeat), a plain PATH instead of it."


class BadOutput(ValueError):
    """An `--output` that can't be meant; says why."""


class Output(msgspec.Struct, frozen=True):
    """A report's format and its file; no file: standard output."""

    format: str
    path: Path | None = None


def parse_outputs(chosen: str, given: Sequence[str]) -> list[Output]:
    """What `--format` and all `--output`s ask for: the files first. Raises BadOutput.

    `FORMAT=PATH` writes that format there, beside what is printed; a plain path takes the place of
    standard output.
    """
    files = [_output(text, chosen) for text in given]
    for earlier, later in _pairs(files):
        if earlier.path == later.path:
            raise BadOutput(f"{later.path}: two reports can't be written to one file")
    if len(_plain(given)) > 1:
        raise BadOutput(f"{_plain(given)[1]}: say which format goes there, as in sarif={_plain(given)[1]}")
    return files if _plain(given) else [*files, Output(chosen)]


def _pairs(files: list[Output]) -> list[tuple[Output, Output]]:
    return [(earlier, later) for at, later in enumerate(files) for earlier in files[:at]]


def _plain(given: Sequence[str]) -> list[str]:
    return [text for text in given if text.partition("=")[0] not in REPORTERS]


def _output(given: str, chosen: str) -> Output:
    name, equals, path = given.partition("=")
    if equals and name in REPORTERS:
        if not path:
            raise BadOutput(f"{given}: names no file")
        return Output(name, Path(path))
    if equals and re.fullmatch("[a-z]+", name):
        raise BadOutput(f"no format is called {name}{_near(name)} (a file of that name is ./{given})")
    return Output(chosen, Path(given))


def _near(name: str) -> str:
    near = closest(name, REPORTERS)
    return f"; did you mean {near}?" if near else f"; there are {', '.join(REPORTERS)}"
