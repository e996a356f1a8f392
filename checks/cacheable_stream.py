from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NginxLocation, Severity, check


@check
def cacheable_stream(crossing: Crossing[NginxLocation]) -> Iterator[Finding]:
    """A cache records a stream, and replays it to whoever asks next."""
    stream, hop = crossing.stream, crossing.hop
    # Pages and JSON are what a cache is for: that something streams here has to be more than a guess.
    if stream.kind == "websocket" or stream.evidence.kind == "assumed":
        return
    match hop.caching_of(crossing.leg.arriving, stream.methods):
        case Known("always" | "unless-forbidden" as effect) as caching:
            severity: Severity = "warning" if effect == "always" else "note"
            unless = "" if effect == "always" else ", unless it was a POST, or the answer forbids it in `Cache-Control`"
            message = (
                f"{hop.name} records the stream ({caching.because}), and replays it to whoever asks for the same address"
                f" next: they get an old answer, all of it at once{unless}"
            )
            yield Finding(severity, caching, message, f"{hop.family}_cache off;", caching.related)
