"""Which streams exist, and why they are believed to: what was declared, what hops give away, what names say."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import NAMELESS_SESSION, Evidence, Hint, Hop, Stream
from infralint.platforms.libraries import with_library
from infralint.project.config import Settings, StreamSettings
from infralint.project.needs import needs
from infralint.text.stream_names import StreamName, stream_name

ASSUMED = "nothing says what streams here, and a catch-all is where a chat answer would go"


def declared_streams(settings: Settings) -> list[Stream]:
    """The streams of infralint.yaml."""
    return [_declared_stream(settings, stream) for stream in settings.streams or ()]


def _session_of(written: StreamSettings) -> str:
    """The protocol of a stream's session; `true` only says that there is one."""
    switches = {
        "true": NAMELESS_SESSION,
        "yes": NAMELESS_SESSION,
        "on": NAMELESS_SESSION,
        "false": "",
        "no": "",
        "off": "",
    }
    return switches.get(written.session.lower(), written.session)


def _declared_stream(settings: Settings, written: StreamSettings) -> Stream:
    silence, duration, heartbeat = needs(settings, written)
    path = written.path if written.path is not None else f"~{written.regex}"
    return Stream(
        kind=written.kind,
        path=path,
        evidence=Evidence("declared", f"infralint.yaml declares {path}"),
        longest_silence=silence,
        duration=duration,
        host=written.host,
        content_type=written.content_type,
        heartbeat=heartbeat,
        session="" if written.stateless or written.transports == ["websocket"] else _session_of(written),
        sticky=settings.require_sticky,
        hops=tuple(written.hops),
        headers=_headers(written),
        methods=tuple(written.methods),
        stateless=written.stateless,
        compressed=written.compressed,
    )


def _headers(written: StreamSettings) -> dict[str, str]:
    """What a declared stream's answers carry, by lower-case name."""
    headers = {name.lower(): value for name, value in written.headers.items()}
    return {"content-encoding": "gzip", **headers} if written.compressed else headers


def hints_of(hop: Hop) -> list[Hint]:
    """What a hop gives away: its configuration, else the names of its paths and its upstream.

    Headers for a handshake alone do not say what streams, so that a name is heard beside them. Origins are
    never judged by their names: their code is read.
    """
    if hop.origin or any(not hint.handshake_only for hint in hop.hints):
        return list(hop.hints)
    return [*hop.hints, *_hints_of_names(hop)][: 1 + len(hop.hints)]


def _hints_of_names(hop: Hop) -> Iterator[Hint]:
    for path in hop.paths:
        if found := stream_name(path):
            yield _name_hint(found, Evidence("name", f"the path {path} says {found.word}", hop.where))
    if hop.upstream and hop.assumable and (found := stream_name(hop.upstream)):
        yield _name_hint(found, Evidence("name", f"the upstream {hop.upstream} says {found.word}", hop.where))


def _name_hint(name: StreamName, evidence: Evidence) -> Hint:
    return with_library(Hint(name.kind, evidence), name)


def stream_at(settings: Settings, hop: Hop, hint: Hint) -> Stream:
    """The stream that a hop's hint stands for."""
    silence, duration, heartbeat = needs(settings, known=hint.heartbeat)
    return Stream(
        kind=hint.kind,
        path=hint.path or (hop.paths[0] if hop.paths else "/"),
        evidence=hint.evidence,
        longest_silence=silence,
        duration=duration,
        host=hop.only_host,
        content_type=hint.content_type,
        heartbeat=heartbeat,
        session=hint.session,
        sticky=settings.require_sticky,
        handshake_only=hint.handshake_only,
        methods=hint.methods,
        stateless=hint.stateless,
    )


def assumed_at(settings: Settings, hop: Hop) -> Stream:
    """The SSE stream that a catch-all is taken to carry."""
    return stream_at(settings, hop, Hint("sse", Evidence("assumed", ASSUMED, hop.where)))
