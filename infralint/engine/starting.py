"""`infralint init`: a first infralint.yaml, with the streams that a project shows and why they are believed to be ones."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from infralint.model import STRENGTH, Crossing, Hop, Node, Reading, Request, Stream, Trace
from infralint.project.config import DEFAULT_GENERATION, Settings, StreamSettings, parse_settings
from infralint.text.display import visible
from infralint.text.expressions import matching
from infralint.text.lazy import lazy
from infralint.text.stream_names import is_distinctive
from infralint.text.wording import seconds
from infralint.text.writing import create_file, replace_file
from infralint.trace.crossings import crossings, topology_of
from infralint.trace.paths import samples
from infralint.trace.topology import Topology

NAME = "infralint.yaml"
_PLAIN = lazy(r"[/A-Za-z][\w/.*-]*")

_HEAD = """\
# yaml-language-server: $schema=https://raw.githubusercontent.com/infralint/infralint/main/infralint/schema.json
# What streams here, for `infralint check`. A first draft by `infralint init`: correct what it got wrong.
"""
_NONE = """\
# Nothing says what streams here, so catch-alls are assumed to. Name your streams, or write `streams: []` if nothing does.
"""
_EXAMPLE = """\
#   - path: /api/chat          # or a glob (/v1/*), or regex: ^/v[12]/chat
#     kind: sse                # or websocket
"""
_FOUND = """\
# Only these are taken to stream: add what is missing, delete what does not stream.
# Each may say more: generation: 5m, heartbeat: 20s, host: chat.example.com, session: Socket.IO
"""
_OPEN = """\
  # Open: a word in its path is all that speaks for it. Take the marks away where it streams.
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


class FoundStream(msgspec.Struct, frozen=True):
    """A stream to be written down, as the browser asks for it. name: its path or regular expression; empty where none
    leads to its hop. sighted: the stream by the path that it has where it was found.

    hops: where it was found, if its path alone would also mean hops that it does not surely pass.
    open: a word of its path is all that speaks for it, so it is written as a comment, for the user to decide.
    trace: its way.
    """

    stream: Stream
    name: str
    sighted: Stream
    regex: bool = False
    hops: tuple[str, ...] = ()
    open: bool = False
    trace: Trace | None = None

    @property
    def reason(self) -> str:
        evidence = self.stream.evidence
        is_told = evidence.where is None or evidence.because.startswith(evidence.where.path)
        where = "" if is_told else f"{evidence.where}: "
        doubt = " (delete it if nothing streams there)" if evidence.kind == "name" and not self.open else ""
        return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", f"{where}{evidence.because}{doubt}")


def entries(readings: Sequence[Reading]) -> list[FoundStream]:
    """The streams that a project gives away, each once, by the best evidence for it; assumptions are none."""
    found: dict[object, FoundStream] = {}
    topology = topology_of(readings)
    nodes = _nodes_by_hop(readings)
    every = crossings(Settings(assume="off"), readings, topology)
    for crossing in sorted(every, key=_weakness):
        if crossing.certain or crossing.stream.evidence.kind == "source":
            entry = replace(_entry(crossing, nodes), open=_is_open(crossing), trace=crossing.trace)
            found.setdefault((entry.stream.kind, entry.name or entry.stream.path, entry.stream.host), entry)
    return _within_their_hops(list(found.values()), every, readings, topology)


def _weakness(crossing: Crossing[Hop]) -> tuple[bool, int]:
    return crossing.stream.handshake_only, STRENGTH.index(crossing.stream.evidence.kind)


def _is_open(crossing: Crossing[Hop]) -> bool:
    """Whether nothing but a word that may mean anything speaks for a stream, or the code speaks against it."""
    return crossing.stream.evidence.kind == "name" and (
        bool(crossing.doubt) or not is_distinctive(crossing.stream.path)
    )


def _within_their_hops(
    found: Sequence[FoundStream], every: Iterable[Crossing[Hop]], readings: Sequence[Reading], topology: Topology
) -> list[FoundStream]:
    """The streams, each narrowed to where it was found if declaring it would mean hops that it does not surely pass."""
    settings = Settings(streams=[_declare(entry) for entry in found if entry.name], assume="off")
    declared = crossings(settings, readings, topology) if settings.streams else []
    of_all, of_sighted = _SureCrossings(every), _SureCrossings(crossing for crossing in every if not _is_open(crossing))
    of_declared = _SureCrossings(declared)
    return [
        _narrow(
            entry,
            (of_all if entry.open else of_sighted).find(entry.sighted, {entry.sighted.path, entry.name}),
            of_declared.find(entry.stream, {entry.stream.path, entry.name, f"~{entry.name}"}),
        )
        for entry in found
    ]


def _declare(entry: FoundStream) -> StreamSettings:
    path, regex = (None, entry.name) if entry.regex else (entry.name, None)
    return StreamSettings(path=path, regex=regex, kind=entry.stream.kind, host=entry.stream.host)


class _SureCrossings:
    """Where streams surely pass, as they were found or as they would be declared."""

    def __init__(self, crossed: Iterable[Crossing[Hop]]) -> None:
        self._by_stream: dict[tuple[str, str, str | None], list[Crossing[Hop]]] = {}
        for crossing in crossed:
            if crossing.certain:
                stream = crossing.stream
                self._by_stream.setdefault((stream.path, stream.kind, stream.host), []).append(crossing)

    def find(self, stream: Stream, paths: Collection[str]) -> list[Crossing[Hop]]:
        """Those of a stream of one of these paths."""
        found = (self._by_stream.get((path, stream.kind, stream.host), ()) for path in paths)
        return [crossing for crossings in found for crossing in crossings]


def _narrow(entry: FoundStream, found: Sequence[Crossing[Hop]], declared: Sequence[Crossing[Hop]]) -> FoundStream:
    """The stream with the names of its hops, if declaring it by its path alone would mean other ways than those through them."""
    passed = [crossing.hop for crossing in found]
    known = {id(hop) for hop in passed}
    others = [
        crossing.hop
        for crossing in declared
        if id(crossing.hop) not in known and known.isdisjoint(id(leg.hop) for leg in crossing.in_front)
    ]
    if not others:
        return entry
    for names in ({hop.where.path for hop in passed}, {hop.name for hop in passed}):
        if not any(hop.where.path in names or hop.name in names for hop in others):
            return replace(entry, hops=tuple(sorted(names)))
    return replace(entry, name="")


def _nodes_by_hop(readings: Iterable[Reading]) -> dict[int, list[Node]]:
    """The nodes that a hop, by its identity, leads through."""
    found: dict[int, list[Node]] = {}
    for node in (node for reading in readings for node in reading.nodes):
        for identity in {id(hop) for hop in node.hops}:
            found.setdefault(identity, []).append(node)
    return found


def _entry(crossing: Crossing[Hop], nodes: Mapping[int, Sequence[Node]]) -> FoundStream:
    """The stream by a path that leads to its hop: the one that the browser asks for, where the way from it is sure."""
    stream, trace = crossing.stream, crossing.trace
    asked, entrance = trace.stream_as_asked, trace.legs[0].hop
    if trace.anchor and not stream.path.startswith("/"):
        return FoundStream(stream, "", stream)
    if asked.path != stream.path and trace.is_certain(0) and _reaches(samples(asked.path), asked, entrance, nodes):
        return FoundStream(asked, asked.path, stream)
    if stream.path.startswith("/") and _reaches(samples(stream.path), stream, crossing.hop, nodes):
        return FoundStream(stream, stream.path, stream)
    matching_paths = _matching_paths(stream.path)
    if matching_paths and _reaches(matching_paths, stream, crossing.hop, nodes):
        return FoundStream(stream, stream.path, stream, regex=True)
    return FoundStream(stream, "/" if _reaches(["/"], stream, crossing.hop, nodes) else "", stream)


def _matching_paths(expression: str) -> list[str]:
    """Paths that a regular expression stands for; none where it is none, or none that Python reads."""
    try:
        return [] if expression.startswith("@") else [path for path in matching(expression) if path.startswith("/")]
    except re.error:
        return []


def _reaches(asked: Iterable[str], stream: Stream, hop: Hop, nodes: Mapping[int, Sequence[Node]]) -> bool:
    """Whether a stream's requests for all these paths come to a hop."""
    return all(
        any(
            match.hop is hop
            for node in nodes.get(id(hop), ())
            for match in node.route(Request(stream.kind, path, stream.host))
        )
        for path in asked
    )


def draft(found: Sequence[FoundStream]) -> str:
    """The file's text."""
    default = seconds(DEFAULT_GENERATION).replace(" min", "m").replace(" ", "")
    surely = [entry for entry in found if not entry.open]
    listed = "".join(line for entry in surely for line in _lines(entry))
    opened = "".join(line for entry in found if entry.open for line in _comment_out(entry))
    if any(entry.name for entry in surely):
        streams = f"{_FOUND}streams:\n{listed}{_OPEN if opened else ''}{opened}"
    else:
        example = opened.replace("  #", "#  ") or _EXAMPLE
        streams = _NONE + listed.replace("  #", "#") + (_OPEN.strip(" ") if opened else "") + "# streams:\n" + example
    return f"{_HEAD}\n{streams}{_TAIL.format(default=default)}"


def _comment_out(entry: FoundStream) -> Iterator[str]:
    """The lines of an entry as a comment that becomes one by taking `# ` away."""
    return (f"  # {line.removeprefix('  ')}" for line in _lines(entry))


def _lines(entry: FoundStream) -> Iterator[str]:
    stream = entry.stream
    yield f"  # {visible(entry.reason)}\n"
    if not entry.name:
        yield f"  # (no plain path leads to {visible(stream.path)} alone: name the path, host or hops that stream)\n"
        return
    yield f"  - {'regex' if entry.regex else 'path'}: {_quote(entry.name)}\n"
    if stream.kind != "sse":
        yield f"    kind: {stream.kind}\n"
    if stream.host:
        yield f"    host: {_quote(stream.host)}\n"
    if entry.hops:
        yield f"    hops: [{', '.join(map(_quote, entry.hops))}]    # where it was found; other hops take this path, too\n"
    if stream.session:
        yield f"    session: {_quote(stream.session)}\n"
    if stream.heartbeat is not None and stream.heartbeat >= 0.001:
        written = f"{stream.heartbeat:.3f}".rstrip("0").rstrip(".")
        yield f"    heartbeat: {written}s\n"


def _quote(text: str) -> str:
    """Text as YAML takes it; a JSON string is one. What UTF-8 can't hold is a question mark."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text.encode(errors="replace").decode())


def save(text: str, target: Path, over: bool) -> None:
    """Put the file in place at once, if it loads. Raises OSError, also for one that is there unless it may be written over."""
    parse_settings(text, target.name)
    if over:
        replace_file(target, text)
    else:
        create_file(target, text)
