"""What a stream needs, in seconds: how long it may be silent, and how long it takes."""

from __future__ import annotations

from infralint.model import Need
from infralint.project.config import Settings, StreamSettings, parse_duration


def needs(
    settings: Settings, stream: StreamSettings | None = None, known: float | None = None
) -> tuple[Need, Need, float | None]:
    """Longest silence, duration and heartbeat of a stream, in seconds: its own words, else the project's, else the default.

    known: seconds between the pings that its code, or the library that it uses, sends by itself.
    """
    generation = Need(*settings.default_generation)
    beat = settings.heartbeat
    silence = duration = None
    if stream is not None:
        beat = stream.heartbeat if stream.heartbeat is not None else beat
        silence, duration = stream.silence, stream.duration
        if stream.generation is not None:
            generation = Need(parse_duration(stream.generation), True)
    heartbeat = known if beat is None else parse_duration(beat)
    longest = generation if heartbeat is None else Need(2 * heartbeat, beat is not None)
    return (
        longest if silence is None else Need(parse_duration(silence), True, True),
        generation if duration is None else Need(parse_duration(duration), True),
        heartbeat,
    )
