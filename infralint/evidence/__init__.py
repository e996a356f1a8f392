"""Which streams exist, and why they are believed to: what was declared, what hops give away, what names say."""

from __future__ import annotations

from infralint.config import Settings, StreamSettings, parse_duration
from infralint.evidence.names import stream_name
from infralint.model import Evidence, Hint, Hop, Need, Stream

ASSUMED = "nothing says what streams here, and a catch-all is where a chat answer would go"


def needs(settings: Settings, stream: StreamSettings | None = None) -> tuple[Need, Need, float | None]:
    """Longest silence, duration and heartbeat of a stream, in seconds: its own words, else the project's, else the default."""
    generation = Need(*settings.default_generation)
    beat = settings.heartbeat
    silence = duration = None
    if stream is not None:
        beat = stream.heartbeat if stream.heartbeat is not None else beat
        silence, duration = stream.silence, stream.duration
        if stream.generation is not None:
            generation = Need(parse_duration(stream.generation), True)
    heartbeat = None if beat is None else parse_duration(beat)
    longest = generation if heartbeat is None else Need(2 * heartbeat, True)
    return (
        longest if silence is None else Need(parse_duration(silence), True),
        generation if duration is None else Need(parse_duration(duration), True),
        heartbeat,
    )


def declared(settings: Settings) -> list[Stream]:
    """The streams of infralint.yaml."""
    return [_declared(settings, one) for one in settings.streams or ()]


def _declared(settings: Settings, one: StreamSettings) -> Stream:
    silence, duration, heartbeat = needs(settings, one)
    path = one.path if one.path is not None else f"~{one.regex}"
    return Stream(
        kind=one.kind,
        path=path,
        evidence=Evidence("declared", f"infralint.yaml declares {path}"),
        longest_silence=silence,
        duration=duration,
        host=one.host,
        content_type=one.content_type,
        heartbeat=heartbeat,
        session=one.session,
        sticky=settings.require_sticky,
        hops=tuple(one.hops),
    )


def hints_of(hop: Hop) -> list[Hint]:
    """What a hop gives away: its configuration, else the names of its paths and its upstream.

    Functions are never judged by their names: their code is read.
    """
    if hop.hints or hop.kind in ("function", "route"):
        return list(hop.hints)
    for path in hop.paths:
        if found := stream_name(path):
            return [Hint(found.kind, Evidence("name", f"the path {path} says {found.word}", hop.where), found.session)]
    if hop.upstream and hop.assumable and (found := stream_name(hop.upstream)):
        return [
            Hint(
                found.kind, Evidence("name", f"the upstream {hop.upstream} says {found.word}", hop.where), found.session
            )
        ]
    return []


def stream_at(settings: Settings, hop: Hop, hint: Hint) -> Stream:
    """The stream that a hop's hint stands for."""
    silence, duration, heartbeat = needs(settings)
    return Stream(
        kind=hint.kind,
        path=hint.path or (hop.paths[0] if hop.paths else "/"),
        evidence=hint.evidence,
        longest_silence=silence,
        duration=duration,
        host=hop.hosts[0] if len(hop.hosts) == 1 else None,
        content_type=hint.content_type,
        heartbeat=heartbeat,
        session=hint.session,
        sticky=settings.require_sticky,
    )


def assumed_at(settings: Settings, hop: Hop) -> Stream:
    """The SSE stream that a catch-all is taken to carry."""
    return stream_at(settings, hop, Hint("sse", Evidence("assumed", ASSUMED, hop.where)))
