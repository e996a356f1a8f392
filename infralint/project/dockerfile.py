"""Dockerfiles, as far as they tell what runs, what it is given, and where it listens.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator

import msgspec

from infralint.text.lazy import lazy

_INSTRUCTION = lazy(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_FLAG = lazy(r"^--[\w-]+(?:=\S*)?$")
_PAIR = lazy(r"([A-Za-z_]\w*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*)")
_NAME = lazy(r"\$\{?([A-Za-z_]\w*)(?::?-([^}]*))?\}?")


class Copied(msgspec.Struct, frozen=True):
    """Files that a build puts into the image. sources: relative to the build context, as written."""

    sources: tuple[str, ...]
    target: str
    line: int


class Dockerfile(msgspec.Struct, frozen=True):
    """What the last stage is made of and does. command: the words of its ENTRYPOINT and CMD, () if none says so."""

    base: str = ""
    base_line: int = 0
    copied: tuple[Copied, ...] = ()
    exposed: tuple[int, ...] = ()
    environment: dict[str, str] = {}
    command: tuple[str, ...] = ()
    command_line: int = 0
    workdir: str = "/"


def parse_dockerfile(text: str) -> Dockerfile:
    """The last stage of a Dockerfile; what an earlier one copied from the context and this one takes from it, too."""
    arguments: dict[str, str] = {}
    stages: dict[str, Dockerfile] = {}
    stage, name = Dockerfile(), ""
    for line, keyword, rest in _instructions(text):
        if keyword == "FROM":
            stages[name] = stage
            words = [word for word in rest.split() if not _FLAG.match(word)]
            base = _filled(words[0], arguments) if words else ""
            name = words[2] if len(words) > 2 and words[1].lower() == "as" else str(len(stages) - 1)
            known = stages.get(base)
            stage = known if known is not None else Dockerfile(base=base, base_line=line)
        elif keyword == "ARG":
            arguments |= {key: value.strip("\"'") for key, value in _PAIR.findall(rest)}
        else:
            stage = _extended(stage, keyword, rest, line, arguments, stages)
    return stage


def _extended(
    stage: Dockerfile, keyword: str, rest: str, line: int, arguments: dict[str, str], stages: dict[str, Dockerfile]
) -> Dockerfile:
    change = msgspec.structs.replace
    match keyword:
        case "COPY" | "ADD":
            return change(stage, copied=(*stage.copied, *_copied(rest, line, stage.workdir, stages)))
        case "EXPOSE":
            ports = [_filled(word, arguments | stage.environment).partition("/")[0] for word in rest.split()]
            return change(stage, exposed=(*stage.exposed, *(int(port) for port in ports if port.isdecimal())))
        case "ENV":
            pairs = _PAIR.findall(rest) or [tuple(rest.split(None, 1))]
            found = {pair[0]: pair[1].strip("\"'") for pair in pairs if len(pair) == 2}
            return change(stage, environment=stage.environment | found)
        case "WORKDIR":
            return change(stage, workdir=posixpath.normpath(posixpath.join(stage.workdir, rest.strip())))
        case "ENTRYPOINT":
            return change(stage, command=_words(rest), command_line=line)
        case "CMD":
            return change(stage, command=(*stage.command, *_words(rest)), command_line=line)
    return stage


def _copied(rest: str, line: int, workdir: str, stages: dict[str, Dockerfile]) -> Iterator[Copied]:
    flags = [word for word in rest.split() if _FLAG.match(word)]
    origin = next((flag.partition("=")[2] for flag in flags if flag.startswith("--from=")), "")
    words = _listed(rest) or [word for word in rest.split() if not _FLAG.match(word)]
    if len(words) < 2 or words[0].startswith("<<"):
        return
    target = posixpath.join(workdir, words[-1])
    if not origin:
        yield Copied(tuple(words[:-1]), target, line)
    elif origin in stages:
        yield from (Copied(copied.sources, target, line) for copied in stages[origin].copied)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, keyword and arguments of each instruction; lines that go on are joined, heredocs passed over."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        start, line = number, lines[number]
        number += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.rstrip().endswith("\\") and number < len(lines):
            following = lines[number]
            number += 1
            line = line.rstrip()[:-1] + (" " + following if not following.lstrip().startswith("#") else "\\")
        for word in re.findall(r"<<-?[\"']?(\w+)", line):
            while number < len(lines) and lines[number].strip() != word:
                number += 1
            number += 1
        if found := _INSTRUCTION.match(line):
            yield start + 1, found[1].upper(), found[2].strip()


def _words(text: str) -> tuple[str, ...]:
    """The words of a command, in its JSON form or as a shell splits them."""
    listed = _listed(text)
    if listed:
        return tuple(listed)
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _listed(text: str) -> list[str]:
    if not text.startswith("["):
        return []
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []


def _filled(text: str, values: dict[str, str]) -> str:
    """A text with variables by what the file says of them; others stay as they are written."""
    return _NAME.sub(lambda hole: values.get(hole[1]) or hole[2] or hole[0], text)
