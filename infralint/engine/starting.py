"""`infralint init`: a first infralint.yaml, with the streams that a project shows and why they are believed to be ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infralint.model import Crossing, Hop, Reading, Request, Stream
from infralint.project.config import DEFAULT_GENERATION, Settings, parse_settings
from infralint.text.expressions import matching
from infralint.text.wording import seconds
from infralint.text.writing import create_file, replace_file
from infralint.trace.crossings import crossings, samples

NAME = "infralint.yaml"
_PLAIN = re.compile(r"[/A-Za-z][\w/.*-]*")

_HEAD = """\
# yaml-language-server: $schema=https://raw.githubusercontent.com/infralint/infralint/main/infralint/schema.json
# What streams here, for `infralint check`. A first draft by `infralint init`: correct what it got wrong.
"""
_NONE = """\
# Nothing says what streams here, so catch-alls are assumed to. Name your streams, or write `streams: []` if nothing does.
# streams:
#   - path: /api/chat          # or a glob (/v1/*), or regex: ^/v[12]/chat
#     kind: sse                # or websocket
"""
_FOUND = """\
# Only these are taken to stream: add what is missing, delete what does not stream.
# Each may say more: generation: 5m, heartbeat: 20s, host: chat.example.com, session: Socket.IO
"""
_TAIL = """
# How long one answer may take: its longest silence, and its length. Unless it is said, {default} are taken, and
# what falls short is a warning; what misses a time that is said here is an error.
# generation: {default}

# The nginx that runs these files, where no image tag says it: its defaults changed in 1.29.7.
# nginx:
#   version: "1.27"

# exclude: [examples]
# fail_on: warning               # or error, note, never
"""


@dataclass(frozen=True)
class Entry:
    """A stream to be written down. name: its path or regular expression; empty where none leads to its hop."""

    stream: Stream
    name: str
    regex: bool = False

    @property
    def why(self) -> str:
        evidence = self.stream.evidence
        told = evidence.where is None or evidence.because.startswith(evidence.where.path)
        where = "" if told else f"{evidence.where}: "
        doubt = " (delete it if nothing streams there)" if evidence.kind == "name" else ""
        return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", f"{where}{evidence.because}{doubt}")


def entries(readings: Sequence[Reading]) -> list[Entry]:
    """The streams that a project gives away, each once, the best evidence first; assumptions are none."""
    found: dict[object, Entry] = {}
    every = crossings(Settings(assume="off"), readings)
    for crossing in sorted(every, key=lambda crossing: crossing.stream.handshake_only):
        if crossing.certain or crossing.stream.evidence.kind == "source":
            entry = _entry(crossing, readings)
            found.setdefault((crossing.stream.kind, entry.name or crossing.stream.path, crossing.stream.host), entry)
    return list(found.values())


def _entry(crossing: Crossing[Hop], readings: Sequence[Reading]) -> Entry:
    """The stream by a path that leads to its hop."""
    stream = crossing.stream
    if stream.path.startswith("/") and _reaches(samples(stream.path), crossing, readings):
        return Entry(stream, stream.path)
    asked = _matched(stream.path)
    if asked and _reaches(asked, crossing, readings):
        return Entry(stream, stream.path, regex=True)
    return Entry(stream, "/" if _reaches(["/"], crossing, readings) else "")


def _matched(expression: str) -> list[str]:
    """Paths that a regular expression stands for; none where it is none, or none that Python reads."""
    try:
        return [] if expression.startswith("@") else [one for one in matching(expression) if one.startswith("/")]
    except re.error:
        return []


def _reaches(asked: Iterable[str], crossing: Crossing[Hop], readings: Iterable[Reading]) -> bool:
    """Whether requests for all these paths come to the crossing's hop."""
    stream = crossing.stream
    nodes = [node for reading in readings for node in reading.nodes if any(hop is crossing.hop for hop in node.hops)]
    return all(
        any(match.hop is crossing.hop for node in nodes for match in node.route(Request(stream.kind, one, stream.host)))
        for one in asked
    )


def draft(found: Sequence[Entry]) -> str:
    """The file's text."""
    default = seconds(DEFAULT_GENERATION).replace(" min", "m").replace(" ", "")
    listed = "".join(line for entry in found for line in _lines(entry))
    named = any(entry.name for entry in found)
    streams = f"{_FOUND}streams:\n{listed}" if named else _NONE + listed.replace("  #", "#")
    return f"{_HEAD}\n{streams}{_TAIL.format(default=default)}"


def _lines(entry: Entry) -> Iterator[str]:
    stream = entry.stream
    yield f"  # {entry.why}\n"
    if not entry.name:
        yield f"  # (no plain path leads to {stream.path}: name the one that streams)\n"
        return
    yield f"  - {'regex' if entry.regex else 'path'}: {_quoted(entry.name)}\n"
    if stream.kind != "sse":
        yield f"    kind: {stream.kind}\n"
    if stream.host:
        yield f"    host: {_quoted(stream.host)}\n"
    if stream.session:
        yield f"    session: {_quoted(stream.session)}\n"
    if stream.heartbeat:
        yield f"    heartbeat: {stream.heartbeat:g}s\n"


def _quoted(text: str) -> str:
    """Text as YAML takes it; a JSON string is one."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def save(text: str, target: Path, over: bool) -> None:
    """Put the file in place at once, if it loads. Raises OSError, also for one that is there unless it may be written over."""
    parse_settings(text, target.name)
    if over:
        replace_file(target, text)
    else:
        create_file(target, text)
