"""Dockerfiles, as far as they tell what runs, what it is given, and where it listens.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, product

import msgspec

from infralint.text.globs import matches_name
from infralint.text.lazy import lazy

_INSTRUCTION = lazy(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_FLAG = lazy(r"--[\w-]+(?:=\S*)?")
_PAIR = lazy(r"(?<!\w)([A-Za-z_]\w*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*)")
_VARIABLE = lazy(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^{}]*))?\}|([A-Za-z_]\w*))")
_HEREDOC = lazy(r"<<-?[\"']?(\w+)")
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
"""Others say `<<` without meaning that text follows."""
DOCKERFILES = ("Dockerfile*", "*.Dockerfile", "Containerfile*")
"""Dockerfiles by their names."""
COPIES = 1000
"""Files and folders of one stage, with those of the stages that it takes from."""

LONGEST = 16 * 1024
"""Characters of a text with its variables filled in; a longer one stays as it is written."""
LONGEST_PATH = 4096
"""Characters of a path: Linux has no longer one. https://man7.org/linux/man-pages/man3/realpath.3.html (PATH_MAX)"""


class Copied(msgspec.Struct, frozen=True):
    """Files that a build puts into the image. sources: relative to the build context, as written."""

    sources: tuple[str, ...]
    target: str
    line: int


class DockerfileValue(msgspec.Struct, frozen=True):
    """A value that ENV gives, or the default of an ARG."""

    value: str
    line: int


class Dockerfile(msgspec.Struct, frozen=True):
    """What a stage is made of and does. arguments: the file's ARGs.

    entrypoint, command: their words, () if none says so.
    """

    base: str = ""
    base_line: int = 0
    copied: tuple[Copied, ...] = ()
    exposed: tuple[int, ...] = ()
    arguments: dict[str, DockerfileValue] = {}
    environment: dict[str, DockerfileValue] = {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    workdir: str = "/"


class Instruction(msgspec.Struct, frozen=True):
    """One instruction: its line, its keyword in capitals, its arguments in one line, and as they stand on each line."""

    line: int
    keyword: str
    arguments: str
    parts: tuple[tuple[int, str], ...]

    def pairs(self, values: Mapping[str, str]) -> dict[str, DockerfileValue]:
        """What ENV or ARG gives, each with the line that says it."""
        return {
            name: DockerfileValue(_fill(value, values), line)
            for line, text in self.parts
            for name, value in pairs_of(text)
        }


def parse_dockerfile(text: str, target: str = "", arguments: Mapping[str, str] | None = None) -> Dockerfile:
    """One stage of a Dockerfile, by default the last: see stages_of."""
    stages = stages_of(text, arguments)
    return stages.get(target) or next(reversed(stages.values()), Dockerfile())


def stages_of(text: str, arguments: Mapping[str, str] | None = None) -> dict[str, Dockerfile]:
    """The stages of a Dockerfile by name or number, each with what the stage has that it is made from.

    What an earlier one copied from the context and this one takes over is among what it copies.
    arguments: what the build is called with, in place of the defaults of ARG.
    """
    return _stages_of(text, tuple((arguments or {}).items()))


@lru_cache(maxsize=64)
def _stages_of(text: str, arguments: tuple[tuple[str, str], ...]) -> dict[str, Dockerfile]:
    """Many services may run what one Dockerfile builds."""
    given = dict(arguments)
    values: dict[str, DockerfileValue] = {}
    stages: dict[str, Dockerfile] = {}
    name = ""
    for instruction in instructions(text):
        if instruction.keyword == "FROM":
            base, name = _from(instruction.arguments, _texts(values), len(stages))
            stages[name] = stages.get(base) or Dockerfile(base=base, base_line=instruction.line)
        elif instruction.keyword == "ARG":
            values |= {
                key: DockerfileValue(given.get(key, default.value), default.line)
                for key, default in instruction.pairs({}).items()
            }
            named = instruction.arguments.split()
            values |= {key: DockerfileValue(value, instruction.line) for key, value in given.items() if key in named}
        else:
            stages[name] = _extend_stage(stages.get(name) or Dockerfile(), instruction, values, stages)
    return {
        key: msgspec.structs.replace(stage, arguments=values) for key, stage in (stages or {"": Dockerfile()}).items()
    }


def _texts(values: Mapping[str, DockerfileValue]) -> dict[str, str]:
    return {name: given.value for name, given in values.items()}


def _from(arguments: str, values: Mapping[str, str], number: int) -> tuple[str, str]:
    """The base of a stage, and its own name: the one behind AS, else its number."""
    words = [word for word in arguments.split() if not _FLAG.match(word)]
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else str(number)
    return _fill(words[0], values) if words else "", name


def _extend_stage(
    stage: Dockerfile, instruction: Instruction, arguments: dict[str, DockerfileValue], stages: Mapping[str, Dockerfile]
) -> Dockerfile:
    change = msgspec.structs.replace
    rest, line = instruction.arguments, instruction.line
    values = _texts(arguments | stage.environment)
    match instruction.keyword:
        case "COPY" | "ADD":
            found = _copied_paths(rest, line, stage.workdir, values, stages)
            more = (copied for copied in found if max(map(len, (copied.target, *copied.sources))) <= LONGEST_PATH)
            return change(stage, copied=(*stage.copied, *islice(more, COPIES - len(stage.copied))))
        case "EXPOSE":
            return change(stage, exposed=(*stage.exposed, *_ports(_fill(rest, values))))
        case "ENV":
            return change(stage, environment=stage.environment | instruction.pairs(values))
        case "WORKDIR":
            workdir = posixpath.join(stage.workdir, _fill(rest.strip(), values))
            return change(stage, workdir=posixpath.normpath(workdir)) if len(workdir) <= LONGEST_PATH else stage
        case "ENTRYPOINT":
            return change(stage, entrypoint=_words(rest), command=())
        case "CMD":
            return change(stage, command=_words(rest))
    return stage


def pairs_of(arguments: str) -> Iterator[tuple[str, str]]:
    """Names and values of ENV and ARG: `NAME=value …`, or ENV's older `NAME value`."""
    found = _PAIR.findall(arguments)
    if found:
        yield from ((name, value.strip("\"'")) for name, value in found)
    elif len(words := arguments.split(None, 1)) == 2:
        yield words[0], words[1].strip("\"'")


def _ports(text: str) -> Iterator[int]:
    for word in text.split():
        number, _, protocol = word.partition("/")
        if number.isascii() and number.isdecimal() and len(number) <= 5 and protocol in ("", "tcp"):
            yield int(number)


def _copied_paths(
    rest: str, line: int, workdir: str, values: Mapping[str, str], stages: Mapping[str, Dockerfile]
) -> Iterator[Copied]:
    flags = [word for word in rest.split() if _FLAG.match(word)]
    origin = next((flag.partition("=")[2] for flag in flags if flag.startswith("--from=")), "")
    words = [word for word in rest.split() if not _FLAG.match(word)]
    words = _list_words(" ".join(words)) or words
    if len(words) < 2 or words[0].startswith("<<"):
        return
    *sources, target = _fill("\0".join(words), values).split("\0")
    target = posixpath.join(workdir, target)
    if not origin:
        yield Copied(tuple(sources), target, line)
    elif origin in stages:
        yield from _taken_over([posixpath.join("/", source) for source in sources], target, line, stages[origin])


def _taken_over(paths: list[str], target: str, line: int, stage: Dockerfile) -> Iterator[Copied]:
    """What of the context is in paths of an earlier stage: all that was copied there, or below; of a folder that was copied
    above, what lies there so. Where a path has a variable of unknown value, all may be there."""
    for path, copied in product(paths, stage.copied):
        wanted, place = _names(path), _names(copied.target)
        if "$" in path or "$" in copied.target:
            yield Copied(copied.sources, target, line)
        elif not all(matches_name(name, pattern, dots=True) for name, pattern in zip(place, wanted, strict=False)):
            continue
        elif inside := wanted[len(place) :]:
            for source in copied.sources:
                yield from (Copied((found,), target, line) for found in _found_in(source, inside))
        elif below := place[len(wanted) :]:
            folder = "/" * copied.target.endswith("/")
            yield Copied(copied.sources, posixpath.join(target, *below) + folder, line)
        else:
            yield Copied(copied.sources, target, line)


def _names(path: str) -> list[str]:
    return [name for name in posixpath.normpath(path).split("/") if name]


def _found_in(source: str, inside: list[str]) -> Iterator[str]:
    """What a path finds in a folder that a source was copied to: the source itself, a file, or what lies in it, a folder.

    Both may have wildcards.
    """
    folder, name = posixpath.split(source)
    if len(inside) == 1 and matches_name(name, inside[0], dots=True):
        yield source
    elif len(inside) == 1 and matches_name(inside[0], name, dots=True):
        yield posixpath.join(folder, inside[0])
    yield posixpath.join(source, *inside)


def instructions(text: str) -> Iterator[Instruction]:
    """Each instruction; lines that go on are joined, comments among them left out, heredocs passed over."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        start = number
        parts: list[tuple[int, str]] = []
        goes_on = True
        while goes_on and number < len(lines):
            line = lines[number]
            number += 1
            if line.lstrip().startswith("#") or (parts and not line.strip()):
                goes_on = bool(parts)
                start += not parts
                continue
            goes_on = line.rstrip().endswith("\\")
            parts.append((number, line.rstrip().removesuffix("\\")))
        found = _INSTRUCTION.fullmatch(" ".join(part for _, part in parts))
        if found is None:
            continue
        first = parts[0][1].lstrip()[len(found[1]) :].strip()
        yield Instruction(start + 1, found[1].upper(), found[2].strip(), ((parts[0][0], first), *parts[1:]))
        if found[1].upper() in _HEREDOC_KEYWORDS:
            number = _behind_heredocs(lines, number, found[2])


def _behind_heredocs(lines: list[str], number: int, arguments: str) -> int:
    """The line behind the texts that an instruction announces."""
    for word in _HEREDOC.findall(arguments):
        while number < len(lines) and lines[number].strip() != word:
            number += 1
        number += 1
    return number


def _words(text: str) -> tuple[str, ...]:
    """The words of a command, in its JSON form or as a shell splits them."""
    import shlex

    listed = _list_words(text)
    if listed:
        return tuple(listed)
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _list_words(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str]) if text.startswith("[") else []
    except (msgspec.DecodeError, RecursionError):
        return []


def _fill(text: str, values: Mapping[str, str]) -> str:
    """A text with variables by what the file says of them; others stay as they are written."""

    def value_of(hole: re.Match[str]) -> str:
        return values.get(hole[1] or hole[3]) or hole[2] or hole[0]

    length = sum(len(value_of(hole)) for hole in _VARIABLE.finditer(text))
    return _VARIABLE.sub(value_of, text) if length <= max(LONGEST, len(text)) else text
